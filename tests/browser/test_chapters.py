"""Every notebook, opened in JupyterLab in Chromium, run and used: a slider by keyboard, a click, play."""

import sys
from pathlib import Path

import nbformat
import normalise
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notebooks import NOTEBOOKS

sys.path.insert(0, str(Path(__file__).parent))
from lab import ARTEFACTS, PageFault  # noqa: E402

SIZES = [(1440, 900), (1920, 1080)]


def looks_like_its_still(figure, folder) -> None:
    apart = figure.unlike_its_still(folder / f"{figure.number}.png")
    assert apart < 8, f"{figure}: apart from the still by {apart:.1f} of 255; the browser shows something else"


def moves_a_slider(figure, label) -> None:
    before, value = figure.drawings(), figure.value(label)
    key = "ArrowLeft" if figure.at_end(label) else "ArrowRight"
    figure.press(label, key, 3)
    figure.wait_changed(before, f"three presses of {key} on the slider {label!r}")
    assert figure.value(label) != value, f"{figure}: the slider {label!r} does not show its new value"


def answers_a_click(figure) -> None:
    before = figure.drawings()
    figure.click(0.27, 0.71)
    figure.wait_changed(before, "a click on the surface")


def plays(figure) -> None:
    before = figure.drawings()
    figure.play()
    first = figure.wait_changed(before, "pressing play")
    figure.wait_changed(first, "pressing play and waiting")
    figure.play()  # pause


def streams(figure) -> None:
    """Pictures come by themselves, and a slider ends the run that they come from."""
    label = figure.sliders()[0]
    figure.press(label, "End")
    figure.press(label, "Home")
    figure.wait_pictures(3, f"Home on the slider {label!r}")
    assert figure.running(), f"{figure}: its run was over before it could be interrupted"
    said, before = figure.caption(), figure.value(label)
    figure.press(label, "ArrowRight")
    figure.wait_pictures(3, f"ArrowRight on the slider {label!r}")
    after = figure.caption()
    assert f" {before}," in f"{said}," and f" {figure.value(label)}," in f"{after},", (said, after)
    figure.wait_end()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_lives_in_the_browser(path, lab, tmp_path):
    page = lab.open(path.name)
    try:
        page.run_all()
        page.full_page(ARTEFACTS / f"{path.stem}.png")
        for figure in page.figures():
            for width, height in SIZES:
                figure.screenshot(
                    ARTEFACTS / f"{path.stem}-figure{figure.number}-{width}x{height}.png", (width, height)
                )
            controls = [label for label in figure.sliders() if label != "step t"]
            settled = not figure.can_stream()  # else the one may be further than the other
            if settled:
                looks_like_its_still(figure, tmp_path)
            for label in dict.fromkeys((controls[0], controls[-1])):
                moves_a_slider(figure, label)
                if settled:
                    figure.wait_rest()
                    looks_like_its_still(figure, tmp_path)
            if figure.answers_clicks():
                answers_a_click(figure)
            if figure.can_play():
                plays(figure)
            if figure.can_stream():
                streams(figure)
            page.wait_idle()
            page.fail_on_error_outputs()
    finally:
        page.close()
    assert not page.problems, f"{path.name}:\n" + "\n".join(page.problems)


def opened(lab, *cells):
    """A page with a small notebook of these cells, in the same JupyterLab."""
    nbformat.write(new_notebook(cells=list(cells), metadata=normalise.METADATA), lab.served / "small.ipynb")
    return lab.open("small.ipynb")


def test_what_goes_wrong_in_the_page_is_recorded(lab):
    page = opened(
        lab,
        new_markdown_cell("![a picture that is not there](nowhere.png)"),
        new_code_cell("from IPython.display import HTML, Javascript"),
        new_code_cell('HTML(\'<img alt="far away" src="https://example.org/far.png">\')'),
        new_code_cell("Javascript('setTimeout(() => { throw new Error(\"planted\") })')"),
    )
    try:
        page.run_all()
        page.page.wait_for_timeout(500)
    finally:
        page.close()
    assert "request outside this machine: https://example.org/far.png" in page.problems
    assert any("page error" in problem and "planted" in problem for problem in page.problems)
    assert any("a picture that is not there" in problem for problem in page.problems)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("1 / 0", "ZeroDivisionError"), ("import sys; print('beware', file=sys.stderr)", "beware")],
    ids=["error", "stderr"],
)
def test_a_cell_that_fails_is_reported_with_its_text(lab, source, complaint):
    page = opened(lab, new_code_cell("a = 1"), new_code_cell(source))
    try:
        with pytest.raises(PageFault, match=f"cell 1 failed(?s:.*){complaint}"):
            page.run_all()
    finally:
        page.close()
