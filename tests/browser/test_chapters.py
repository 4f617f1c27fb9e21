"""JupyterLab in Chromium: one notebook used in every way, each chapter with all its figures, what goes wrong in a page.

One JupyterLab and one window serve them all; each notebook is opened once. Of the chapters, cells without a figure are
left out here: nbval runs them.
"""

import itertools
import sys
from pathlib import Path

import normalise
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from notebooks import LIVE, NOTEBOOKS, code_cells

sys.path.insert(0, str(Path(__file__).parent))
from lab import PageFault  # noqa: E402
from uses import (  # noqa: E402
    DOT,
    MANY,
    QUESTION,
    a_kernel_that_is_gone_is_said_once,
    first_and_last_slider,
    keys_stay_in_the_figure,
    looks_like_its_still,
    made_of,
    marks,
    moves_a_slider,
    names_are_said,
    opened,
)

# --- one notebook, in every way --------------------------------------------------------------------------------------


def test_the_first_notebook_is_used_in_every_way(lab, tmp_path):
    path = NOTEBOOKS[0]
    with opened(lab, normalise.read(path), path.name) as page:
        page.run_all()
        figure, *_ = page.figures()
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


STREAM = """
def experiment(lr):
    for k in range(10**9):
        time.sleep(0.01)
        yield lr, k

Live(Dot(), experiment, lr=(0.5, [0.25, 0.5, 1.0, 2.0]))
"""


def test_results_come_by_themselves_and_a_slider_ends_the_run_that_they_come_from(lab):
    with opened(lab, made_of(new_code_cell(DOT + STREAM))) as page:
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


# --- the page around a figure: its size, its keyboard, its kernel ----------------------------------------------------


def fits_together(figure, window) -> None:
    """Every slider has a length, no control lies on another, and nothing is wider than the figure."""
    boxes, (x, y, width, height) = figure.boxes(), figure.root.bounding_box().values()
    sliders = [box for box in boxes if box[0] == "track"]
    assert len(sliders) == 7, "six of the figure, and the time"
    for kind, words, left, top, right, bottom in boxes:
        assert kind != "track" or right - left >= 45, f"{window}: a slider is {right - left:.0f} pixels long"
        inside = x - 1 <= left and right <= x + width + 1 and y - 1 <= top and bottom <= y + height + 1
        assert inside, f"{window}: the {kind} {words!r} reaches out of the figure"
    for a, b in itertools.combinations(boxes, 2):
        apart = a[4] <= b[2] + 1 or b[4] <= a[2] + 1 or a[5] <= b[3] + 1 or b[5] <= a[3] + 1
        assert apart, f"{window}: the {a[0]} {a[1]!r} lies on the {b[0]} {b[1]!r}"


def letters(figure, those):
    return figure.root.locator(those).first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")


def test_a_figure_fits_its_page_keeps_its_keys_and_says_when_its_kernel_is_gone(lab):
    code = [new_code_cell(DOT + MANY), new_code_cell(QUESTION)]
    cells = [new_markdown_cell("before"), *code, new_markdown_cell("after")]
    with opened(lab, made_of(*cells)) as page:
        page.run_all()
        (figure,) = page.figures()
        at_every_zoom(page, figure)
        keys_stay_in_the_figure(page, figure)
        names_are_said(page, figure)
        a_kernel_that_is_gone_is_said_once(page, figure)
        page.run_all()
        assert marks(page) == []
    assert not page.problems, "\n".join(page.problems)


def at_every_zoom(page, figure) -> None:
    small, picture = letters(figure, ".widget-label"), figure.root.locator(".optim-layers")
    for window in [(720, 450), (960, 540), (1200, 700), (1440, 900), (1920, 1080), (3840, 2160)]:
        page.resize(*window)
        fits_together(figure, window)
        drawn, whole = picture.bounding_box(), figure.root.bounding_box()
        assert abs(drawn["width"] - 2 * drawn["height"]) < 2, f"{window}: the picture is not in its proportions"
        assert whole["height"] < max(window[1], 700) or window[0] < 1440, f"{window}: higher than the window"
    assert drawn["width"] > 0.6 * 3840, "on a large screen a figure is a large part of it"
    for those in (".widget-label", ".widget-readout", ".optim-caption .widget-html-content"):
        assert letters(figure, those) > 2 * small, f"on a large screen the letters of {those} are small"
    page.resize(1440, 900)


def test_a_notebook_becomes_slides_and_a_notebook_again(lab):
    measure = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
    state = "JSON.parse(document.querySelector('[data-state]').dataset.state)"
    notebook = normalise.read(next(path for path in NOTEBOOKS if path.stem == "05_momentum"))
    notebook.cells = [*notebook.cells[:6], new_code_cell("from optim_core.lecture import lecture\nlecture('05.ipynb')")]
    with opened(lab, notebook, "05.ipynb") as page:
        page.run_all()
        window, wrong = page.page, []
        window.wait_for_function("() => document.body.classList.contains('optim-lecture')")
        window.set_viewport_size(dict(width=1920, height=1080))
        for number in range(window.evaluate("() => optimLecture.slides.length")):
            window.evaluate("number => optimLecture.show(number)", number)
            window.wait_for_timeout(200)
            wrong += [f"slide {number + 1}: {fault}" for fault in window.evaluate(measure)]
        assert not wrong, "\n".join(wrong)
        window.keyboard.press("2")  # a situation; behind the slides it is the notebook's own figure
        window.wait_for_function(f"() => {state}.values.mu > 0.9")
        window.evaluate("() => optimLecture.leave()")
        window.set_viewport_size(dict(width=1440, height=900))
        assert window.locator(".optim-stage, .optim-off, .optim-cut, .optim-above, .optim-beside").count() == 0
        assert window.locator(".jp-Cell:visible").count() > 2 and window.locator("#jp-top-panel").is_visible()
        moves_a_slider(page.figures()[0], "κ condition number")  # at step 0 no path shows η
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
