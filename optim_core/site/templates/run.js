// "Run it here": JupyterLite starts in a frame out of sight and takes the place of the stills as soon as a figure can be
// moved; until then the stills stay where they are, to be read. Cells run one after the other, each when it is nearly in
// sight and nobody is moving a slider: Python in a page does one thing at a time, and a long cell would make it wait.
"use strict";
{
  const frame = document.getElementById("live"), button = document.getElementById("run");
  const state = document.getElementById("state"), AHEAD = 1.5, REST = 700;  // windows; milliseconds
  let begun = 0, touched = 0;
  const wait = time => new Promise(done => setTimeout(done, time));
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(0) + " s";
  const until = async (what, test) => {
    for (let found; ; await wait(100)) {
      if ((found = test())) return found;
      state.textContent = what + " (" + seconds() + "). The first time some 40 megabytes are fetched; read on meanwhile.";
    }
  };
  const opened = () => {
    const open = frame.contentWindow?.jupyterapp?.shell?.currentWidget;
    return open?.context?.path === frame.dataset.notebook && open.context.isReady ? open : null;
  };

  const execute = async (cell, kernel) => {  // as JupyterLab does, but without moving the page or the caret
    cell.model.trusted = true;
    cell.outputArea.model.clear();
    cell.outputArea.future = kernel.requestExecute({code: cell.model.sharedModel.getSource(), stop_on_error: true});
    const reply = await cell.outputArea.future.done;
    cell.model.executionCount = reply.content.execution_count;
    return reply.content.status;
  };

  const run = async () => {
    if (begun) return;
    begun = performance.now();
    button.hidden = true;
    frame.classList.add("starting");
    frame.src = frame.dataset.app + "?path=" + encodeURIComponent(frame.dataset.notebook);
    // Python takes longest: it starts while the page is still being built, and the notebook finds it by this path.
    const services = await until("The page opens", () => {
      const one = frame.contentWindow?.jupyterapp?.serviceManager;
      return one?.sessions.isReady && one.kernelspecs.specs?.kernelspecs.python ? one : null;
    });
    const path = frame.dataset.notebook;
    try {
      const first = await services.sessions.startNew({path, name: path, type: "notebook", kernel: {name: "python"}});
      first.dispose();  // the connection, not what runs: widgets belong to the first that is there, the notebook's
    } catch (error) {
      console.warn(error);  // then the notebook starts it, later
    }
    const open = await until("The notebook opens", opened);
    const kernel = await until("Python starts", () => {
      const one = open.sessionContext?.session?.kernel;
      return one?.status === "idle" ? one : null;
    });
    const page = frame.contentDocument, live = document.documentElement.dataset;
    for (const kind of ["pointerdown", "pointermove", "keydown", "input"]) {
      page.addEventListener(kind, event => {
        if (kind !== "pointermove" || event.buttons) touched = performance.now();
      }, true);
    }
    const appears = () => {
      if (live.live || !page.querySelector(".optim-live .noUi-handle, .optim-live select")) return;
      live.live = Math.round(performance.now() - begun);
      frame.classList.remove("starting");
      document.body.classList.add("is-live");
    };
    const cells = [...open.content.widgets].filter(cell => cell.model.type === "code");
    const before = cells.map(cell => cell.model.executionCount);
    for (const [i, cell] of cells.entries()) {
      const near = () => cell.node.getBoundingClientRect().top < (1 + AHEAD) * page.defaultView.innerHeight;
      while (live.live && (!near() || performance.now() - touched < REST)) {
        state.textContent = "Live since " + (live.live / 1000).toFixed(0) + " s. Further cells run when you come to them.";
        await wait(100);
      }
      if (cell.isDisposed || cell.model.executionCount !== before[i]) continue;  // somebody was quicker
      const looks = setInterval(appears, 100);
      if (live.live) state.textContent = "Cell " + (i + 1) + " of " + cells.length + " runs.";
      else state.textContent = "The first cells run (" + seconds() + ").";
      const status = await execute(cell, kernel);
      await wait(50);  // what a slider sent meanwhile comes first
      clearInterval(looks);
      appears();
      if (status !== "ok") {
        state.textContent = "Cell " + (i + 1) + " stopped with an error; the others run by Shift + Enter.";
        live.failed = i + 1;
        break;
      }
    }
    if (!live.live) {  // a chapter without a figure, or an error before the first one
      frame.classList.remove("starting");
      document.body.classList.add("is-live");
    }
    if (!live.failed) state.textContent = "All cells have run. What you change stays in this browser.";
    live.done = Math.round(performance.now() - begun);
  };

  button.addEventListener("click", event => {
    event.preventDefault();
    run();
  });
  if (location.hash === "#run") run();
}
