"""JupyterLab in Chromium: one notebook used in every way, each chapter with all its figures, what goes wrong in a page.

One JupyterLab and one window serve them all; each notebook is opened once. Of the chapters, cells without a figure are
left out here: nbval runs them.
"""

import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import normalise
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notebooks import LIVE, NOTEBOOKS, code_cells

sys.path.insert(0, str(Path(__file__).parent))
from lab import ARTEFACTS, PageFault  # noqa: E402


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
    labels = [label for label in figure.sliders() if label != "step t"]
    return list(dict.fromkeys((labels[0], labels[-1])))


# --- one notebook, in every way --------------------------------------------------------------------------------------


def test_the_first_notebook_is_used_in_every_way(lab, tmp_path):
    path = NOTEBOOKS[0]
    with opened(lab, normalise.read(path), path.name) as page:
        page.run_all()
        (figure,) = page.figures()
        looks_like_its_still(figure, tmp_path)
        for label in first_and_last_slider(figure):
            moves_a_slider(figure, label)
            figure.wait_rest()
            looks_like_its_still(figure, tmp_path)
        before = figure.drawings()
        figure.click(0.27, 0.71)
        before = figure.wait_changed(before, "a click on the surface")
        _, situation, *_ = figure.options()[0]
        figure.choose(situation)
        before = figure.wait_changed(before, f"choosing {situation!r}")
        figure.play()
        before = figure.wait_changed(before, "pressing play")
        figure.wait_changed(before, "pressing play and waiting")
        figure.play()  # pause
        figure.button("Reset").click()
        figure.wait_rest()
        looks_like_its_still(figure, tmp_path)
        for width, height in [(960, 540), (1920, 1080)]:
            figure.screenshot(tmp_path / "figure.png", (width, height))
        page.fail_on_error_outputs()
    assert not page.problems, "\n".join(page.problems)


STREAM = """\
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

def experiment(lr):
    for k in range(10**9):
        time.sleep(0.01)
        yield lr, k

Live(Dot(), experiment, lr=(0.5, [0.25, 0.5, 1.0, 2.0]))
"""


def test_results_come_by_themselves_and_a_slider_ends_the_run_that_they_come_from(lab):
    with opened(lab, made_of(new_code_cell(STREAM))) as page:
        page.run_all(to_end=False)
        (figure,) = page.figures()
        (label,) = figure.sliders()
        figure.wait_pictures(3, "running the cell")
        figure.press(label, "ArrowRight")
        figure.wait_caption("At η = 1: ")
        figure.wait_pictures(3, "ArrowRight on the slider")
        assert figure.caption().startswith("At η = 1: ") and figure.value(label) == "1" and figure.running()
        figure.button("Pause").click()
        figure.wait_rest()
        assert not figure.running()
        page.fail_on_error_outputs()
    assert not page.problems, "\n".join(page.problems)


# --- every chapter ---------------------------------------------------------------------------------------------------


def with_figures_only(path):
    """A notebook's words, imports and live figures, and how many cells with figures it has."""
    notebook = normalise.read(path)
    first, *_ = code_cells(notebook)
    showing = [i for i in code_cells(notebook) if LIVE.search(notebook.cells[i].source)]
    notebook.cells = [c for i, c in enumerate(notebook.cells) if c.cell_type == "markdown" or i in (first, *showing)]
    return notebook, len(showing)


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda p: p.stem)
def test_every_figure_of_a_chapter_lives_in_the_browser(path, lab, tmp_path):
    notebook, showing = with_figures_only(path)
    with opened(lab, notebook, path.name) as page:
        page.run_all(to_end=False)
        figures = page.figures()
        assert len(figures) >= showing > 0, f"{path.name}: {len(figures)} figures appear, of {showing}"
        for figure in figures:
            assert figure.drawings() and figure.caption(), f"{figure} is empty"
            if not figure.can_stream():  # else the one may be further than the other
                looks_like_its_still(figure, tmp_path)
        for label in first_and_last_slider(figures[0]):
            moves_a_slider(figures[0], label)
        page.fail_on_error_outputs()
    assert not page.problems, f"{path.name}:\n" + "\n".join(page.problems)


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_what_goes_wrong_in_the_page_is_recorded(lab):
    cells = (
        new_markdown_cell("![a picture that is not there](nowhere.png)"),
        new_code_cell("from IPython.display import HTML, Javascript"),
        new_code_cell('HTML(\'<img alt="far away" src="https://example.org/far.png">\')'),
        new_code_cell("Javascript('setTimeout(() => { throw new Error(\"planted\") })')"),
    )
    with opened(lab, made_of(*cells)) as page:
        page.run_all()
        page.wait_problem("planted")
        page.wait_problem("far.png")
    assert "request outside this machine: https://example.org/far.png" in page.problems
    assert any("page error" in problem and "planted" in problem for problem in page.problems)
    assert any("a picture that is not there" in problem for problem in page.problems)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("1 / 0", "ZeroDivisionError"), ("import sys; print('beware', file=sys.stderr)", "beware")],
    ids=["error", "stderr"],
)
def test_a_cell_that_fails_is_reported_with_its_text(lab, source, complaint):
    with opened(lab, made_of(new_code_cell("a = 1"), new_code_cell(source))) as page:
        with pytest.raises(PageFault, match=f"cell 1 failed(?s:.*){complaint}"):
            page.run_all()
