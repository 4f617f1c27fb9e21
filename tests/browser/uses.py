"""What several tests do in a page, whatever shows it: small notebooks, a slider moved, what a figure must keep."""

from contextlib import contextmanager

import nbformat
import normalise
import pytest
from lab import ARTEFACTS
from nbformat.v4 import new_notebook


@contextmanager
def opened(lab, notebook, name="small.ipynb"):
    """A page with this notebook; a picture of it is kept if something fails, and nothing may go wrong in the page."""
    nbformat.write(notebook, lab.served / name)
    page = lab.open(name)
    try:
        yield page
    except BaseException:
        ARTEFACTS.mkdir(exist_ok=True)
        page.page.screenshot(path=ARTEFACTS / f"{page.name}-failed.png")
        raise
    finally:
        page.close()


def made_of(*cells):
    return new_notebook(cells=list(cells), metadata=normalise.METADATA)


def looks_like_its_still(figure, folder) -> None:
    apart = figure.unlike_its_still(folder / f"{figure.number}.png")
    assert apart < 8, f"{figure}: apart from the still by {apart:.1f} of 255; the browser shows something else"


def moves_a_slider(figure, label) -> None:
    before, value = figure.drawings(), figure.value(label)
    key = "ArrowLeft" if figure.at_end(label) else "ArrowRight"
    figure.press(label, key, 3)
    figure.wait_changed(before, f"three presses of {key} on the slider {label!r}")
    assert figure.value(label) != value, f"{figure}: the slider {label!r} does not show its new value"


def first_and_last_slider(figure) -> list[str]:
    labels = figure.sliders(time=False)
    return list(dict.fromkeys((labels[0], labels[-1])))


DOT = """\
import time
from matplotlib.figure import Figure
from optim_core.live import Live

class Dot:
    alt, caption, steps = "A dot.", "", 0
    def __init__(self):
        self.figure = Figure((4, 2))
        self.axes = self.figure.add_axes([0.2, 0.2, 0.7, 0.7], xlim=(0, 3), ylim=(0, 9))
        self.dot = self.axes.plot([], [], "o", animated=True)[0]
    def show(self, result):
        self.result = result
    def at(self, t):
        lr, k = self.result
        self.dot.set_data([lr], [k / 100 % 9])
        self.caption = f"At η = {lr:g}: result {k}."
        return [self.dot]
    def clicked(self, axes, x, y):
        return {}
"""
MANY = """
def experiment(lr, mu, start, beta2, method, averaged, members):
    return lr, members

class Moving(Dot):
    steps = 40

presets = {"small steps": {"lr": 0.1}, "large steps": {"lr": 1.0}, "as large as it goes": lambda **now: {"lr": 2.0}}
several = dict(method=["gradient descent", "momentum"], averaged=True, members=8)
Live(Moving(), experiment, presets=presets, lr=0.5, mu=0.9, beta2=0.999, start=(-1.0, 1.6), **several)
"""
QUESTION = """
from optim_core.exercises import Choice
from optim_core.live import ask
options = {"a": ("It falls.", "No."), "b": ("It swings.", "Yes."), "c": ("It rests.", "No.")}
ask(Choice("What does it do?", options, correct="b"))
"""


def keys_stay_in_the_figure(page, figure) -> None:
    def kinds():
        return [cell["type"] for cell in page.cells()]

    before, keyboard = kinds(), page.page.keyboard
    value = figure.value("η learning rate")
    for key in ("b", "m", "a", "x", "ArrowDown", "ArrowUp", "ArrowRight"):  # "x" cuts a cell away
        figure.press("η learning rate", key)
        page.page.wait_for_timeout(50)
        focused = figure.root.evaluate("figure => figure.contains(document.activeElement)")
        assert kinds() == before and focused, f"{key} on a slider reaches the notebook"
    assert figure.value("η learning rate") != value, "the arrow key moves the slider"
    menu = figure.root.locator("select").first
    menu.focus()
    for situation in ("small steps", "large steps"):
        keyboard.press("ArrowDown")
        page.page.wait_for_timeout(50)
        assert menu.evaluate("menu => menu.value") == situation
    figure.wait_caption("At η = 1:")
    choices = page.page.locator(".optim-ask").last.locator("input")
    choices.nth(0).focus()
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    assert choices.evaluate_all("all => all.map(one => one.checked)") == [False, True, False]
    assert choices.nth(1).evaluate("one => one === document.activeElement") and kinds() == before
    choices.nth(1).press("Escape")  # and this one is the notebook's: one can leave
    page.page.wait_for_function("() => !document.activeElement.closest('.optim-ask')")


def names_are_said(page, figure) -> None:
    for label in figure.sliders():
        handle = figure.root.get_by_role("slider", name=label, exact=True)
        assert handle.get_attribute("aria-valuetext") == figure.value(label), f"{label}: said is not what is seen"
    figure.press("μ momentum", "ArrowLeft", 3)
    figure.wait_rest()
    said = figure.root.get_by_role("slider", name="μ momentum").get_attribute("aria-valuetext")
    assert said == figure.value("μ momentum") == "0.87"
    for name in ("play or pause", "back to step 0", "one step backward", "one step forward"):
        assert figure.root.get_by_role("button", name=name, exact=True).get_attribute("title") == name
    assert page.page.get_by_role("radiogroup", name="What does it do?").get_by_role("radio").count() == 3
    assert figure.root.locator("[title=null]:visible").count() == 0, "a tooltip says null"


def a_kernel_that_is_gone_is_said_once(page, figure) -> None:
    """A mark for each figure and each question, and the picture stays as it is."""
    picture = figure.root.locator(".optim-layers svg").first
    before = picture.bounding_box()
    assert marks(page) == []
    page.restart_kernel()
    page.page.wait_for_function("() => document.querySelector('.optim-live.jupyter-widgets-disconnected')")
    said, ours = marks(page), page.page.locator(".optim-live, .optim-ask").count()
    assert len(said) == ours > 1 and all("run this cell again" in one for one in said)
    now = picture.bounding_box()
    assert (now["width"], now["height"]) == pytest.approx((before["width"], before["height"]), abs=1)


def marks(page) -> list[str]:
    """What stands before widgets that have lost their kernel."""
    return page.page.evaluate(
        """() => [...document.querySelectorAll(".jupyter-widgets-disconnected")].map(one => getComputedStyle(one,
            "::before")).filter(mark => mark.display !== "none").map(mark => mark.content)"""
    )
