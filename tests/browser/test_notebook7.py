"""Notebook 7 in Chromium, where a notebook stands alone in its page: a chapter is worked through as a student does."""

import sys
from pathlib import Path

import normalise
from nbformat.v4 import new_code_cell

from notebooks import NOTEBOOKS, code_cells

sys.path.insert(0, str(Path(__file__).parent))
from uses import (  # noqa: E402
    DOT,
    MANY,
    QUESTION,
    a_kernel_that_is_gone_is_said_once,
    keys_stay_in_the_figure,
    moves_a_slider,
    names_are_said,
    opened,
)

EXERCISE = "exercises.escape_direction.check"


def test_a_chapter_is_worked_through(notebook7):
    (path,) = [path for path in NOTEBOOKS if path.stem == "02_critical_points"]
    notebook = normalise.read(path)
    kept = {*code_cells(notebook)[:3]} | {i for i, cell in enumerate(notebook.cells) if EXERCISE in cell.source}
    chapter = [cell for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown" or i in kept]
    notebook.cells = [*chapter, new_code_cell(DOT + MANY), new_code_cell(QUESTION)]
    with opened(notebook7, notebook, path.name) as page:
        page.run_all(by_menu=True)
        figure, made_up = page.figures()
        moves_a_slider(figure, "η learning rate")
        figure.wait_rest()
        before = figure.drawings()
        figure.click(0.4, 0.6)
        figure.wait_changed(before, "a click on the map")
        a_question_is_answered(page.page.locator(".optim-ask").first)
        an_exercise_is_checked(page.page.locator(".jp-CodeCell", has_text=EXERCISE))
        page.fail_on_error_outputs()
        keys_stay_in_the_figure(page, made_up)
        names_are_said(page, made_up)
        a_kernel_that_is_gone_is_said_once(page, made_up)
    assert not page.problems, "\n".join(page.problems)


def a_question_is_answered(question) -> None:
    question.get_by_role("radio").first.check()
    question.get_by_role("button").click()
    question.get_by_text("Correct").or_(question.get_by_text("Incorrect")).first.wait_for()


def an_exercise_is_checked(cell) -> None:
    keyboard = cell.page.keyboard
    for answer, reply in {"vectors[0]": "Incorrect", "vectors[:, 0]": "Correct"}.items():
        cell.locator(".cm-line", has_text="return ").click()
        keyboard.press("End")
        keyboard.press("Shift+Home")  # to the first letter of the line
        keyboard.insert_text(f"return {answer}")
        keyboard.press("Shift+Enter")
        cell.locator(".jp-OutputArea").get_by_text(reply).first.wait_for()
