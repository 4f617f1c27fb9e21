"""JupyterLab, or Notebook 7, in a real browser: for the browser tests, and for the author's eyes.

    python3 tests/browser/lab.py notebooks/02_critical_points.ipynb [--out DIR] [--size 1440x900]

starts a JupyterLab of its own, runs the notebook in Chromium and writes what it looks like: the whole notebook in
slices, and every live figure as it stands in windows of the given size and of 1920x1080.

Nothing of the user's is touched: JupyterLab gets a copy of the notebooks and folders of its own for settings, data and
run files, the browser an empty profile and no way off the machine: what asks for another host is stopped and recorded.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
FLAGS = [
    "--headless",
    "--no-sandbox",  # root in a container has no sandbox; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
PATIENCE = 300  # seconds until something is taken for lost: a busy machine may be slow and nothing worse
STDERR = '[data-mime-type="application/vnd.jupyter.stderr"]'
# Not ours: the kernel of the static site lies among JupyterLab's extensions, and says there that it belongs elsewhere;
# the list of keyboard shortcuts may begin before the settings have come, in a page that has nothing else to load.
KNOWN = (
    "Shared module @jupyterlite/services doesn't exist in shared scope default",
    "Cannot read properties of undefined (reading 'schema')",
)
ELSEWHERE = re.compile(r"^(https?|wss?)://(?!(127\.0\.0\.1|localhost)[:/])")


class NoBrowser(Exception):
    """No Chromium (or no playwright) on this machine; the message says what was looked for."""


class PageFault(AssertionError):
    """The page, a cell or a figure did not do what it should."""


def find_chromium() -> str:
    """The path of a Chromium or Chrome: OPTIM_CORE_CHROMIUM, the usual names, or playwright's own download."""
    named = os.environ.get("OPTIM_CORE_CHROMIUM")
    if named:
        if not shutil.which(named):
            raise NoBrowser(f"OPTIM_CORE_CHROMIUM={named} is not a program")
        return named
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
    usual = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ]
    for candidate in names + usual:
        if found := shutil.which(candidate):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("playwright is not installed (pip install playwright)") from None
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    raise NoBrowser("no Chromium or Chrome found; set OPTIM_CORE_CHROMIUM to one")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# A notebook is shown in JupyterLab, or in Notebook 7, where it has a page of its own: the module that is run, the class
# of its settings, the address of a notebook.
LAB = ("jupyterlab", "LabApp", "/lab/workspaces/{workspace}/tree/{name}?reset&token={token}")
NOTEBOOK = ("notebook", "JupyterNotebookApp", "/notebooks/{name}?token={token}")


class Lab:
    """A JupyterLab on a copy of a folder of notebooks, and a browser.

    with Lab() as lab:
        page = lab.open("02_critical_points.ipynb")
        page.run_all()
        page.figures()[0].press("η learning rate", "ArrowRight", 3)

    front_end: LAB, or NOTEBOOK for a Notebook 7.
    """

    def __init__(self, notebooks: Path = ROOT / "notebooks", size: tuple[int, int] = (1440, 900), front_end=LAB):
        self.module, self.settings, self.address = front_end
        self.chromium = find_chromium()
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            raise NoBrowser("playwright is not installed (pip install playwright)") from None
        self._sync_playwright = sync_playwright
        self.source, self.size = Path(notebooks), size

    def __enter__(self) -> Lab:
        self.folder = Path(tempfile.mkdtemp(prefix="optim-lab-"))
        self.server = self.playwright = self.browser = None
        self.windows = []
        try:
            self._start_server()
            self.playwright = self._sync_playwright().start()
            how = dict(executable_path=self.chromium, args=FLAGS, timeout=PATIENCE * 1000)
            self.browser = self.playwright.chromium.launch(**how)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc) -> None:
        for stop in (self.browser and self.browser.close, self.playwright and self.playwright.stop):
            if stop:
                stop()
        if self.server:
            self._stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_server(self) -> None:
        # served is what `python3 -m optim_core lab` serves: the folder of the notebooks, and nothing above it
        self.served = self.folder / "notebooks"
        others = shutil.ignore_patterns(".ipynb_checkpoints", ".optim_progress*")
        shutil.copytree(self.source, self.served, ignore=others)
        port, self.token = free_port(), os.urandom(12).hex()
        env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        # Warnings are errors in the cells (see tests/conftest.py), not in the server, which has warnings of its own.
        strict = env.pop("PYTHONWARNINGS", None)
        env.setdefault("OPTIM_CORE_PROGRESS", "off")
        env["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), env.get("PYTHONPATH")) if p)
        env["JUPYTER_CONFIG_PATH"] = str(ROOT)  # labconfig/: no news popup, no windowing
        env["JUPYTER_PREFER_ENV_PATH"] = "0"  # the kernel written below wins over an installed one
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                     "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"):  # fmt: skip
            env[name] = str(self.folder / name.lower())
            Path(env[name]).mkdir()
        kernel = Path(env["JUPYTER_DATA_DIR"]) / "kernels" / "python3"
        kernel.mkdir(parents=True)
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "env": {"PYTHONWARNINGS": strict} if strict else {},
        }
        (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        command = [
            *(sys.executable, "-m", self.module, "--no-browser"),
            f"--ServerApp.root_dir={self.served}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            f"--IdentityProvider.token={self.token}",
            f"--{self.settings}.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        self.log = self.folder / "server.log"
        with self.log.open("wb") as log:
            self.server = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.url = self._wait_for_server(Path(env["JUPYTER_RUNTIME_DIR"]))

    def _wait_for_server(self, runtime: Path, seconds: float = PATIENCE) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.server.poll() is not None:
                break
            for info in runtime.glob("jpserver-*.json"):
                try:
                    url = json.loads(info.read_text())["url"]
                    port = int(url.rstrip("/").rsplit(":", 1)[1].split("/")[0])
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    return f"http://127.0.0.1:{port}/"
                except (ValueError, KeyError, OSError):  # half written, or not listening yet
                    pass
            time.sleep(0.1)
        raise PageFault(f"JupyterLab did not start:\n{self.log.read_text(errors='replace')[-3000:]}")

    def _stop_server(self) -> None:
        self.server.terminate()  # SIGTERM: it stops its kernels, then itself
        try:
            self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def open(self, name: str) -> Page:
        """The notebook `name` (a path below the notebooks folder), nothing run yet.

        JupyterLab itself is loaded once, and a notebook that is closed leaves it free for the next one. While one is
        open, another gets a window, and a JupyterLab, of its own.
        """
        window = next((window for window in self.windows if not window.taken), None)
        if not window:
            self.windows.append(window := Window(self))
        return Page(window, name)


class Window:
    """A browser window with JupyterLab in it. What goes wrong there is gathered in `problems`."""

    def __init__(self, lab: Lab):
        self.problems, self.taken, self.used = [], False, False
        width, height = lab.size
        # a class of widgets may load itself from a service worker, which routes do not see: none
        self.context = lab.browser.new_context(
            viewport={"width": width, "height": height}, service_workers="block", base_url=lab.url
        )
        self.context.route(ELSEWHERE, self._stop_request)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("pageerror", lambda e: e.message in KNOWN or self.problems.append(f"page error: {e}"))
        self.page.on("console", self._console)
        self.page.on("websocket", lambda s: ELSEWHERE.match(s.url) and self.problems.append(f"request to {s.url}"))
        self.token, self.address = lab.token, lab.address

    def show(self, name: str) -> None:
        """Begin to open a notebook."""
        self.problems.clear()
        self.taken = True
        if self.used and self.address is LAB[-1]:
            self.page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path}); }", name)
        else:  # `reset`: a workspace of this window alone, not what another left open
            workspace = f"test{time.monotonic_ns()}"
            self.page.goto(self.address.format(workspace=workspace, name=name, token=self.token))
            self.used = True

    def _stop_request(self, route) -> None:
        self.problems.append(f"request outside this machine: {route.request.url}")
        route.abort()

    def _console(self, message) -> None:
        if message.type == "error" and not any(words in message.text for words in KNOWN):
            where = message.location.get("url", "")
            self.problems.append(f"console error: {message.text} {where}")


class Page:
    """One notebook in a browser window. What goes wrong in the page is gathered in `problems`."""

    def __init__(self, window: Window, name: str):
        self.name, self.window, self.page, self.problems = Path(name).stem, window, window.page, window.problems
        window.show(name)
        self._js_ready(
            """name => { const open = window.jupyterapp?.shell?.currentWidget;
                return open?.context?.path === name && open.sessionContext?.session?.kernel?.status === "idle"; }""",
            "the notebook did not open with an idle kernel",
            arg=name,
        )

    def _js_ready(self, condition: str, complaint: str, seconds: float = PATIENCE, arg=None) -> None:
        from playwright.sync_api import TimeoutError as Late

        try:
            self.page.wait_for_function(condition, arg=arg, timeout=seconds * 1000, polling=50)
        except Late:
            raise PageFault(f"{self.name}: {complaint} within {seconds:g} s\n{self._faults()}") from None

    def _faults(self) -> str:
        dialogs = [f"an open dialog: {text}" for text in self.page.locator(".jp-Dialog-content").all_inner_texts()]
        return "\n".join(self.problems + dialogs)

    def run_all(self, seconds: float = PATIENCE, to_end: bool = True, by_menu: bool = False) -> None:
        """Run every cell, top to bottom, until every widget is drawn; PageFault on an error.

        to_end: whether to wait for the results that come one by one, and until the kernel is idle; by_menu: whether to
        choose it in the menu *Run*.
        """
        self.page.evaluate(
            """() => { window.allRun = null;
                const commands = window.jupyterapp.commands, run = "notebook:run-all-cells";
                commands.commandExecuted.connect((_, {id, result}) => {
                    if (id === run) result.then(() => window.allRun = "done", e => window.allRun = String(e)); }); }"""
        )
        if by_menu:
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        else:
            self.page.evaluate('() => { window.jupyterapp.commands.execute("notebook:run-all-cells"); }')
        self._js_ready("() => window.allRun !== null", "the cells did not finish", seconds)
        if to_end:
            self.wait_idle(seconds)
            for figure in self.figures():
                figure.wait_end()
        self.fail_on_error_outputs()
        unrun = [c["source"] for c in self.cells() if c["type"] == "code" and c["source"] and not c["count"]]
        if unrun:
            raise PageFault(f"{self.name}: a cell did not run:\n{unrun[0]}")
        self._js_ready(
            """() => [...document.querySelectorAll(".jp-OutputArea-output")].every(
                    o => !/^Loading widget/.test(o.textContent.trim()))
                && [...document.querySelectorAll("img.widget-image")].every(i => !i.src || i.complete)""",
            "not every widget was drawn",
        )
        self.page.wait_for_timeout(300)  # fonts and MathJax settle
        broken = """() => [...document.querySelectorAll(".jp-Notebook img")]
            .filter(i => i.getAttribute("src") && i.complete && !i.naturalWidth).map(i => i.alt + " " + i.src)"""
        self.problems += [f"a picture is not shown: {picture}" for picture in self.page.evaluate(broken)]

    def wait_problem(self, words: str, seconds: float = PATIENCE) -> None:
        """Wait until something that went wrong was recorded in these words."""
        end = time.monotonic() + seconds
        while not any(words in problem for problem in self.problems):
            if time.monotonic() > end:
                raise PageFault(f"{self.name}: nothing with {words!r} went wrong within {seconds:g} s")
            self.page.wait_for_timeout(30)

    def wait_idle(self, seconds: float = PATIENCE) -> None:
        """Wait until the kernel has nothing to do."""
        self._js_ready(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'",
            "the kernel is not idle",
            seconds,
        )

    def cells(self) -> list[dict]:
        """What the page holds: for each cell its type, source, execution count and outputs."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => {
                const m = cell.model, outputs = [];
                for (let i = 0; i < (m.outputs?.length ?? 0); i++) outputs.push(m.outputs.get(i).toJSON());
                const source = m.sharedModel.getSource(), count = m.executionCount ?? null;
                return {type: m.type, source, count, outputs}; })"""
        )

    def fail_on_error_outputs(self) -> None:
        """PageFault with the traceback if a cell's output is an error or speaks on stderr (a warning)."""
        for i, cell in enumerate(self.cells()):
            for output in cell["outputs"]:
                text = None
                if output["output_type"] == "error":
                    text = "\n".join(output["traceback"])
                elif output.get("name") == "stderr":
                    text = output["text"] if isinstance(output["text"], str) else "".join(output["text"])
                if text:
                    text = re.sub(r"\x1b\[[\d;]*m", "", text)
                    raise PageFault(f"{self.name}: cell {i} failed:\n{cell['source']}\n{text}")
        for figure in self.figures():
            if error := figure.error():
                raise PageFault(f"{figure} shows an error:\n{error}")

    def in_kernel(self, expression: str):
        """The value of a Python expression in the notebook's kernel, if JSON can say it."""
        text = self.page.evaluate(
            """async expression => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const reply = await kernel.requestExecute({code: "", user_expressions: {it: expression}}).done;
                const it = reply.content.user_expressions.it;
                return it.status === "ok" ? it.data["text/plain"] : JSON.stringify(it.evalue);
            }""",
            expression,
        )
        return json.loads(text)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window, as after zooming: at 200 %, half as many pixels."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_timeout(300)

    def restart_kernel(self) -> None:
        """What "Restart Kernel" does, without asking."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )
        self.wait_idle()

    def figures(self) -> list[LiveFigure]:
        """The live figures of the notebook, in order."""
        count = self.page.evaluate(
            """() => { const all = [...document.querySelectorAll(".optim-live")];
                all.forEach((figure, i) => figure.setAttribute("data-live", i));
                return all.length; }"""
        )
        return [LiveFigure(self, i) for i in range(count)]

    def full_page(self, path: Path, slices: bool = False, height: int = 1600) -> list[Path]:
        """The whole notebook as one picture, or in slices `height` pixels high (`path` with -00, -01, … added)."""
        from PIL import Image

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size
        panel = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer")
        top = panel.bounding_box()["y"]
        self.page.set_viewport_size({"width": before["width"], "height": height + round(top) + 40})
        self.page.wait_for_timeout(300)
        box, total = panel.bounding_box(), panel.evaluate("p => p.scrollHeight")
        shadow = 4  # of the toolbar on the panel: it would be a line across every seam
        box |= {"y": box["y"] + shadow, "height": box["height"] - shadow}
        step, parts = int(box["height"]), []
        for y in range(shadow, total, step):
            panel.evaluate("(p, y) => p.scrollTo(0, y)", y - shadow)
            self.page.wait_for_timeout(120)
            shown = panel.evaluate("p => p.scrollTop") + shadow  # the last slice cannot scroll as far as asked
            shot = Image.open(io.BytesIO(self.page.screenshot(clip=box))).convert("RGB")
            skip = round((y - shown) * shot.height / box["height"])
            parts.append(shot.crop((0, skip, shot.width, shot.height)))
        panel.evaluate("p => p.scrollTo(0, 0)")
        self.page.set_viewport_size(before)
        self.page.wait_for_timeout(200)
        if slices:
            paths = [path.with_name(f"{path.stem}-{i:02}{path.suffix}") for i in range(len(parts))]
            for part, name in zip(parts, paths, strict=True):
                part.save(name)
            return paths
        whole = Image.new("RGB", (parts[0].width, sum(p.height for p in parts)), "white")
        y = 0
        for part in parts:
            whole.paste(part, (0, y))
            y += part.height
        whole.save(path)
        return [path]

    def close(self) -> None:
        """Shut the kernel down and close the notebook, as it is and unsaved."""
        self.problems = list(self.problems)  # what comes later is another notebook's
        self.page.evaluate(
            """async () => { const open = window.jupyterapp.shell.currentWidget;
                await open.sessionContext.shutdown(); open.dispose(); }"""
        )
        self.window.taken = False


class LiveFigure:
    """A live figure of the page: its sliders, menus and buttons by their labels, its pixels, its caption."""

    def __init__(self, page: Page, number: int):
        self.owner, self.page, self.number = page, page.page, number
        self.root = self.page.locator(f'[data-live="{number}"]').first

    def __repr__(self) -> str:
        return f"live figure {self.number} of {self.owner.name}"

    def _row(self, label: str):
        rows = self.root.locator(".widget-inline-hbox").filter(
            has=self.page.locator(".widget-label").get_by_text(label, exact=True)
        )
        if not rows.count():  # "learning rate" finds "η learning rate"
            rows = self.root.locator(".widget-inline-hbox").filter(
                has=self.page.locator(".widget-label").get_by_text(label)
            )
        if not rows.count():
            raise PageFault(f"{self}: no control labelled {label!r}; there are {self.labels()}")
        return rows.first

    def labels(self) -> list[str]:
        """The labels of all controls that have one."""
        return [t.strip() for t in self.root.locator(".widget-label").all_inner_texts() if t.strip()]

    def sliders(self, time: bool = True) -> list[str]:
        """The labels of the sliders that can be seen, with that of the time or without."""
        kind = "" if time else ":not(.optim-time)"
        rows = self.root.locator(f".widget-inline-hbox{kind}:visible").filter(has=self.page.locator(".noUi-handle"))
        return [rows.nth(i).locator(".widget-label").first.inner_text().strip() for i in range(rows.count())]

    def press(self, label: str, key: str = "ArrowRight", times: int = 1) -> None:
        """Focus the slider named `label` and press a key on it."""
        handle = self._handle(label)
        handle.scroll_into_view_if_needed()
        handle.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def _handle(self, label: str):
        return self._row(label).locator(".noUi-handle").first

    def at_end(self, label: str) -> bool:
        """Whether the slider named `label` stands at its right end."""
        handle = self._handle(label)
        return float(handle.get_attribute("aria-valuenow")) >= float(handle.get_attribute("aria-valuemax"))

    def value(self, label: str) -> str:
        """What the readout beside the slider says."""
        return self._row(label).locator(".widget-readout").first.inner_text().strip()

    def choose(self, option: str) -> None:
        """Choose an entry of whichever menu of the figure has it."""
        menu = self.root.locator("select").filter(has=self.page.locator("option").get_by_text(option, exact=True)).first
        menu.select_option(label=option)

    def options(self) -> list[list[str]]:
        """The entries of every menu of the figure."""
        return self.root.locator("select").evaluate_all("all => all.map(s => [...s.options].map(o => o.label))")

    def button(self, name: str):
        """The button whose text, title or accessible name holds `name`."""
        found = self.root.locator("button").filter(has_text=re.compile(re.escape(name), re.I))
        if not found.count():
            found = self.root.locator(f'button[title*="{name}" i], button[aria-label*="{name}" i]')
        if not found.count():
            raise PageFault(f"{self}: no button {name!r}")
        return found.first

    def play(self) -> None:
        """Press play on the time row."""
        self.root.locator(".widget-play button").first.click()

    def can_play(self) -> bool:
        """Whether the picture has a time row to play."""
        return self.root.locator(".widget-play:visible button").count() > 0

    def answers_clicks(self) -> bool:
        """Whether the pointer says, somewhere on the picture, that one can click there."""
        return self._clickable().count() > 0

    def _clickable(self):
        return self.root.locator('.optim-layers [style*="crosshair"]')

    def click(self, x: float, y: float) -> None:
        """Click on the first area that answers clicks, x and y from 0 (left, top) to 1 (right, bottom) of it."""
        area = self._clickable().first
        self.root.locator(".optim-layers").first.scroll_into_view_if_needed()
        while not (box := area.bounding_box()):  # the overlay was replaced between finding the area and measuring it
            self.page.wait_for_timeout(50)
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])

    def drawings(self) -> list[str]:
        """The SVG of all that is shown, as the browser holds it."""
        return self.root.locator(".optim-layers .widget-html-content > svg").evaluate_all(
            "all => all.map(svg => svg.outerHTML)"
        )

    def wait_changed(self, before: list[str], after: str, seconds: float = PATIENCE) -> list[str]:
        """Wait until what is drawn differs from `before`; `after` says what should have changed it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (error := self.error()):
            if (now := self.drawings()) != before:
                return now
            self.page.wait_for_timeout(30)
        reason = f"there is an error:\n{error}" if error else f"the picture did not change within {seconds:g} s"
        raise PageFault(f"{self}: after {after} {reason}\n{self.owner._faults()}")

    def running(self) -> bool:
        """Whether the figure's results come one by one, and some are still to come."""
        return self.root.evaluate("figure => figure.classList.contains('optim-running')")

    def can_stream(self) -> bool:
        """Whether the figure's results come one by one: it has a button to let them rest."""
        return self.root.locator("button:visible").filter(has_text="Pause").count() > 0

    def caption(self) -> str:
        """What the figure says of its picture."""
        return self.root.locator(".optim-caption").inner_text().strip()

    def wait_caption(self, begin: str, seconds: float = PATIENCE) -> None:
        """Wait until the caption begins with these words."""
        end = time.monotonic() + seconds
        while not self.caption().startswith(begin):
            if time.monotonic() > end:
                raise PageFault(f"{self}: no caption began with {begin!r} within {seconds:g} s\n{self.owner._faults()}")
            self.page.wait_for_timeout(30)

    def wait_end(self, seconds: float = PATIENCE) -> None:
        """Wait until no more results are to come; PageFault if they come for longer."""
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                raise PageFault(f"{self}: its results still come after {seconds:g} s\n{self.owner._faults()}")
            self.page.wait_for_timeout(30)

    def pictures_until_end(self, seconds: float = PATIENCE) -> tuple[int, float]:
        """How many pictures are drawn until no more results are to come, and how many seconds that takes."""
        self._count_pictures()
        begun = time.monotonic()
        self.wait_end(seconds)
        return self.page.evaluate("() => window.drawn.length"), time.monotonic() - begun

    def _count_pictures(self) -> None:
        self.root.evaluate(
            """figure => { const seen = window.drawn = [];
                new MutationObserver(all => {
                    if (all.some(m => [...m.addedNodes].some(n => n.tagName === "svg"))) seen.push(performance.now());
                }).observe(figure.querySelector(".optim-overlay"), {childList: true, subtree: true}); }"""
        )

    def wait_pictures(self, count: int, after: str, seconds: float = PATIENCE) -> None:
        """Wait for so many new pictures, while results come; PageFault if they do not."""
        self._count_pictures()
        complaint = f"{self}: after {after} fewer than {count} pictures came one after the other"
        self.owner._js_ready("count => window.drawn.length >= count", complaint, seconds, arg=count)

    def answer_time(self, label: str, key: str, caption: str, seconds: float = PATIENCE) -> float:
        """Milliseconds from a key press on a slider until a picture is painted whose caption begins with `caption`."""
        handle = self._handle(label)
        handle.scroll_into_view_if_needed()
        handle.focus()
        self.root.evaluate(
            """(figure, caption) => {
                const words = figure.querySelector(".optim-caption"), seen = window.answer = {};
                const painted = () => requestAnimationFrame(() => {  // before the frame; the message comes after it
                    const after = new MessageChannel();
                    after.port1.onmessage = () => seen.painted ??= performance.now();
                    after.port2.postMessage(0);
                });
                document.addEventListener("keydown", () => seen.pressed = performance.now(),
                    {capture: true, once: true});
                const watch = new MutationObserver(() => {
                    if (!seen.pressed || !words.textContent.trim().startsWith(caption)) return;
                    watch.disconnect();
                    painted();
                });
                watch.observe(words, {childList: true, subtree: true, characterData: true}); }""",
            caption,
        )
        self.page.keyboard.press(key)
        complaint = f"no picture whose caption begins with {caption!r} after {key} on {label!r}"
        self.owner._js_ready("() => window.answer.painted", f"{self}: {complaint}", seconds)
        return self.page.evaluate("() => window.answer.painted - window.answer.pressed")

    def wait_rest(self, seconds: float = PATIENCE) -> None:
        """Wait until the kernel is idle and what is drawn stays as it is for a while."""
        end, before = time.monotonic() + seconds, None
        while (now := self.drawings()) != before:
            if time.monotonic() > end:
                raise PageFault(f"{self}: its picture still changes after {seconds:g} s\n{self.owner._faults()}")
            before = now
            self.page.wait_for_timeout(300)
            self.owner.wait_idle()

    def error(self) -> str:
        """The traceback that the figure shows, "" if there is none."""
        return "\n".join(self.root.locator(STDERR).all_inner_texts())

    def text(self) -> str:
        """All the words the figure shows (labels, values, caption, errors)."""
        return self.root.inner_text()

    def unlike_its_still(self, path: Path) -> float:
        """How far the picture on the page is from the one for pages without a kernel: root mean square, of 255.

        Both are shrunk to a twelfth, so that it does not matter by how much of a pixel a letter stands elsewhere.
        """
        from PIL import Image

        still = path.with_name(f"{path.stem}-still.png")
        figure = f"__import__('optim_core.live').live.FIGURES[{self.number}]()"
        self.owner.in_kernel(f"open({str(still)!r}, 'wb').write({figure}.still())")
        for _ in range(4):  # what stands above may have grown while the picture was taken, and pushed the figure on
            self.root.locator(".optim-layers").first.screenshot(path=path)
            pictures = [Image.open(one).convert("RGB") for one in (path, still)]
            size = tuple(n // 24 for n in pictures[1].size)  # a still has two pixels where the page has one
            page, plain = (np.asarray(one.resize(size, Image.Resampling.BOX), float) for one in pictures)
            apart = float(np.sqrt(np.mean((page - plain) ** 2)))
            if apart < 8:
                break
            self.page.wait_for_timeout(500)
        return apart

    def boxes(self) -> list[tuple[str, str, float, float, float, float]]:
        """What stands in the rows of controls: its kind, its words, and its edges (left, top, right, bottom).

        A label counts as far as its words reach, a slider as long as its track.
        """
        return self.root.evaluate(
            """figure => {
                const kinds = {label: ".widget-label", track: ".noUi-target", value: ".widget-readout",
                    menu: "select", box: "input[type=checkbox]", button: "button", picture: ".optim-layers"};
                return Object.entries(kinds).flatMap(([kind, those]) => [...figure.querySelectorAll(those)]
                    .filter(one => one.checkVisibility()).map(one => {
                        let {left, top, right, bottom} = one.getBoundingClientRect();
                        if (kind === "label") {
                            const words = document.createRange();
                            words.selectNodeContents(one);
                            ({left, right} = words.getBoundingClientRect());
                        }
                        return [kind, one.textContent.trim().slice(0, 30), left, top, right, bottom];
                    })); }"""
        )

    def screenshot(self, path: Path, size: tuple[int, int] = (1440, 900)) -> Path:
        """A window of this size with the figure at the top of what is shown."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.root.evaluate("o => o.scrollIntoView({block: 'start'})")
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=str(path))
        self.page.set_viewport_size(before)
        self.page.wait_for_timeout(200)
        return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a notebook in JupyterLab in Chromium and write pictures of it.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--out", type=Path, default=ARTEFACTS)
    parser.add_argument("--size", default="1440x900", help="the browser window, WIDTHxHEIGHT")
    options = parser.parse_args()
    size = tuple(int(n) for n in options.size.split("x"))
    notebook, stem = options.notebook.resolve(), options.notebook.stem
    with Lab(notebook.parent, size) as lab:
        page, fault = lab.open(notebook.name), None
        try:
            page.run_all()
        except PageFault as error:  # the pictures help to see why
            fault = error
        written = page.full_page(options.out / f"{stem}.png", slices=True)
        for figure in page.figures():
            for width, height in dict.fromkeys([size, (1920, 1080)]):
                name = options.out / f"{stem}-figure{figure.number}-{width}x{height}.png"
                written.append(figure.screenshot(name, (width, height)))
        page.close()
    for path in written:
        print(path)
    for problem in page.problems:
        print(problem, file=sys.stderr)
    if fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
