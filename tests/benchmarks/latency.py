"""From a slider's key press to the painted picture, in JupyterLab in Chromium: live figure against ipywidgets.interact.

    python3 tests/benchmarks/latency.py [--rounds 40]

Both show the same picture, made by the same lines (contour.py, and the scene of chapter 02), in one notebook of one
session, and take turns. `interact` draws a fresh figure each time, as teaching notebooks do. "Painted" is the end of
the frame with the last picture that the key press led to: an image that is decoded, or an SVG that is in the page.

Keys are pressed as somebody presses them who looks at each picture: stop after stop, some in one direction, then some
in the other, with a rest between them. "live" is the figure as it is, which has often made the next picture in that
rest (see live/ahead.py); "unknown" is the same with what it knows hidden from it while the key is pressed.

Then a slider is dragged fast over its whole length: how long after the last move is the last picture there, and how
many of the positions on the way were drawn?
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "browser"))

from lab import Lab  # noqa: E402  (tests/ is no package)

SETUP = f"""\
import sys
sys.path.insert(0, {str(HERE)!r})
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import FloatLogSlider, FloatSlider, interact
from optim_core import live, scenes, surfaces
from optim_core.descent import descend
from optim_core.optimizers import gd, momentum
import contour
from matplotlib.figure import Figure

def forgotten(figure):
    figure.kept = dict(figure._known.pictures)
    figure._known.pictures.clear()

def remembered(figure):
    figure._known.pictures.update(figure.kept)"""

CELLS = [
    SETUP,
    """\
def draw(lr, mu, kappa):
    picture = contour.Picture(plt.figure(figsize=(9, 4), dpi=100))
    picture.show(contour.experiment(lr, mu, kappa))
    picture.at(contour.STEPS)
    plt.show()
interact(draw, lr=FloatLogSlider(0.3, min=-2, max=0.3, step=0.02), mu=FloatSlider(0.8, min=0, max=0.99, step=0.01),
    kappa=FloatLogSlider(10, min=0, max=2, step=0.02)); None""",
    """\
live.Live(contour.Picture(Figure((9, 4))), contour.experiment,
    lr=(0.3, 0.01, 2.0), mu=0.8, kappa=(10.0, 1.0, 100.0))""",
    """\
def paths(lr, mu, x, y):
    surface = surfaces.product(x, y)
    start = (-1.0, 1.6)
    return surface, {"gradient descent": descend(gd, start, surface.grad, 200, lr=lr),
                     "momentum": descend(momentum, start, surface.grad, 200, lr=lr, mu=mu)}
def draw(lr, mu, x, y):
    display(scenes.still(scenes.Trajectories(), paths(lr, mu, x, y)))
interact(draw, lr=FloatLogSlider(0.05, min=-3, max=0, step=0.02), mu=FloatSlider(0.8, min=0, max=0.99, step=0.01),
    x=FloatSlider(1.0, min=-2, max=2, step=0.05), y=FloatSlider(1.0, min=-2, max=2, step=0.05)); None""",
    """\
live.Live(scenes.Trajectories(), paths, lr=(0.05, 0.001, 1.0), mu=0.8, x=1.0, y=1.0)""",
]
# What is measured: name -> (cell of interact, its label; cell of the live figure, its label)
ROWS = {
    "contour, μ moves the paths": (1, "mu", 2, "μ momentum"),
    "contour, κ changes the surface": (1, "kappa", 2, "κ condition number"),
    "chapter 02, μ moves the paths": (3, "mu", 4, "μ momentum"),
    "chapter 02, x changes the surface": (3, "x", 4, "x input"),
}

WATCH = """() => {
    // In `window.seen`: when the slider was touched (keys and pointer moves), and when a picture was painted.
    const seen = window.seen = {touched: [], painted: []};
    const painted = () => requestAnimationFrame(() => {   // before the frame is painted; the message comes after it
        const after = new MessageChannel();
        after.port1.onmessage = () => seen.painted.push(performance.now());
        after.port2.postMessage(0);
    });
    document.addEventListener("keydown", e => seen.touched.push(performance.now()), true);
    document.addEventListener("pointermove", e => e.buttons && seen.touched.push(performance.now()), true);
    document.addEventListener("load", e => {
        if (e.target.tagName === "IMG") e.target.decode().then(painted, () => {});
    }, true);
    new MutationObserver(all => {
        const added = all.flatMap(m => [...m.addedNodes]);
        if (added.some(n => n.tagName === "svg" && n.closest(".optim-layers"))) painted();
    }).observe(document.body, {childList: true, subtree: true});
}"""


def notebook() -> str:
    cells = [
        dict(cell_type="code", id=f"cell{i}", metadata={}, execution_count=None, outputs=[], source=source)
        for i, source in enumerate(CELLS)
    ]
    kernel = dict(name="python3", display_name="Python 3", language="python")
    return json.dumps(dict(cells=cells, metadata=dict(kernelspec=kernel), nbformat=4, nbformat_minor=5))


def slider(page, cell, label):
    """The handle of the slider with this label in this cell."""
    rows = page.locator(".jp-CodeCell").nth(cell).locator(".widget-inline-hbox")
    return rows.filter(has=page.get_by_text(label, exact=True)).locator(".noUi-handle").first


def rest(page):
    """Wait until nothing has been painted for a while and the kernel is idle."""
    page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle"
            && performance.now() - Math.max(...seen.touched, ...seen.painted, 0) > 300""",
        polling=20,
    )


def press(page, cell, label, key):
    """Milliseconds from a key press on a slider to the last picture painted."""
    slider(page, cell, label).focus()
    page.wait_for_timeout(100)
    rest(page)
    page.evaluate("() => { seen.touched.length = seen.painted.length = 0; }")
    page.keyboard.press(key)
    page.wait_for_function("() => seen.painted.length > 0", polling=20)
    rest(page)
    return page.evaluate("() => seen.painted.at(-1) - seen.touched[0]")


def drag(notebook, cell, label, moves=80):
    """Drag a slider over its whole length, a move every few milliseconds."""
    page = notebook.page
    handle = slider(page, cell, label)
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.keyboard.press("Home")
    rest(page)
    before = notebook.in_kernel("len(contour.seconds)")
    box = handle.bounding_box()
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("() => { seen.touched.length = seen.painted.length = 0; }")
    page.mouse.move(track["x"] + track["width"] - 2, y, steps=moves)
    page.mouse.up()
    rest(page)
    seen = page.evaluate("() => seen")
    return dict(
        events=len(seen["touched"]),
        seconds=(seen["touched"][-1] - seen["touched"][0]) / 1000,
        drawn=notebook.in_kernel("len(contour.seconds)") - before,
        late=seen["painted"][-1] - seen["touched"][-1],
    )


def main():
    parser = argparse.ArgumentParser(
        description="Latency of live figures against ipywidgets.interact, in a real browser."
    )
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "latency.ipynb").write_text(notebook(), encoding="utf-8")
        with Lab(Path(folder)) as lab:
            notebook_page = lab.open("latency.ipynb")
            notebook_page.run_all()
            page = notebook_page.page
            page.evaluate(WATCH)
            print(f"medians of {options.rounds}, from key press to painted picture, in ms\n")
            print(f"{'':36}{'interact':>10}{'live':>8}{'':12}{'unknown':>8}")
            for name, (theirs, their_label, ours, our_label) in ROWS.items():
                times = {"interact": [], "live": [], "unknown": []}
                for i in range(options.rounds + 2):
                    key = ("ArrowLeft", "ArrowRight")[i // 8 % 2]
                    for side in times:
                        cell, label = (theirs, their_label) if side == "interact" else (ours, our_label)
                        if side == "unknown":
                            notebook_page.in_kernel("len([forgotten(figure()) for figure in live.FIGURES])")
                        taken = press(page, cell, label, key)
                        if side == "unknown":
                            notebook_page.in_kernel("len([remembered(figure()) for figure in live.FIGURES])")
                        if i >= 2:  # the first two warm up
                            times[side].append(taken)
                slow, fast, cold = (statistics.median(taken) for taken in times.values())
                ratios = (f"  (1 : {slow / one:.1f})" for one in (fast, cold))
                print(f"{name:36}{slow:10.0f}{fast:8.0f}{next(ratios):12}{cold:8.0f}{next(ratios)}", flush=True)
            own = notebook_page.in_kernel("1e3 * sorted(contour.seconds)[len(contour.seconds) // 2]")
            print(f"\nof which the contour's experiment itself takes {own:.0f} on both sides")
            pulled = [drag(notebook_page, 2, "μ momentum") for _ in range(5)]
            print("\nfive fast drags of a live slider over its whole length:")
            for one in pulled:
                print("  {events} moves in {seconds:.2f} s, {drawn} drawn; the last {late:.0f} ms later".format(**one))
            if notebook_page.problems:
                sys.exit("\n".join(notebook_page.problems))


if __name__ == "__main__":
    main()
