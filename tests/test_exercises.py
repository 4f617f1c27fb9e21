"""The exercises, choices and predictions of all chapters: what must be true of each of them, whoever wrote it."""

import ast
import functools
import importlib
import inspect
import itertools
import json
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from cells import looks, positions, same, source_of

from optim_core.chapters import chapters
from optim_core.exercises import Choice, Exercise, Predict, ____
from optim_core.exercises.kinds import Repair

CHAPTERS = {chapter.name: chapter for chapter in chapters()}
ROOMS = {name: importlib.import_module(f"optim_core.chapters.{name}.exercises") for name in CHAPTERS}


def found(kind):
    """Everything of a kind that the chapters' exercises have, under (chapter, its name there)."""
    things = {(room, name): thing for room, module in ROOMS.items() for name, thing in vars(module).items()}
    return {where: thing for where, thing in things.items() if isinstance(thing, kind)}


EXERCISES, CHOICES, PREDICTIONS = found(Exercise), found(Choice), found(Predict)
CHAPTER = {id(ex): room for (room, _), ex in EXERCISES.items()}  # an Exercise → its chapter


def each(objects):
    return pytest.mark.parametrize("one", objects.values(), ids=[".".join(where) for where in objects])


def code_cells(chapter):
    cells = json.loads(chapter.notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@functools.cache
def imports(room):
    """The first cell of a chapter's notebook, without what is no import."""
    first = ast.parse(code_cells(CHAPTERS[room])[0])
    first.body = [node for node in first.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return compile(first, "<first cell>", "exec")


def imported(ex):
    """The names that a student's cell can use: what the first cell of the exercise's notebook imports."""
    space = {}
    exec(imports(CHAPTER[id(ex)]), space)
    return space


def written(ex, source):
    """The function that a cell of the exercise's notebook with this source defines; no other names help it."""
    space = imported(ex)
    exec(compile(source, "<cell>", "exec"), space)
    return space[ex.name]


# Every chapter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
def test_a_chapter_has_an_exercise_a_choice_and_a_prediction(room):
    for kind, objects in dict(Exercise=EXERCISES, Choice=CHOICES, Predict=PREDICTIONS).items():
        assert any(where == room for where, _ in objects), f"chapters/{room}/exercises.py has no {kind}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_notebook_asks_everything_that_its_chapter_has(room):
    code = "\n".join(code_cells(CHAPTERS[room]))
    asked = set(re.findall(r"\bexercises\.(\w+)", code))
    unasked = {name for where, name in (*EXERCISES, *CHOICES, *PREDICTIONS) if where == room} - asked
    assert not unasked, f"no cell of {CHAPTERS[room].notebook.name} asks exercises.{', exercises.'.join(unasked)}"


# Exercises --------------------------------------------------------------------------------------------------------


@each(EXERCISES)
def test_the_solution_is_correct_as_it_stands_and_as_it_is_printed(one, capsys):
    assert one.check(one.reference).outcome == "correct"
    source = source_of(one, capsys)
    assert source.startswith(f"def {one.name}(")
    assert one.check(written(one, source)).outcome == "correct"


@each(EXERCISES)
def test_the_solution_raises_nothing_and_warns_of_nothing(one):
    for look in (one.look(one.reference, args) for args in one.cases):
        ran = look[0] if isinstance(look, tuple) else look
        assert ran.error is None and not ran.changed
        assert ran.warned in ("", "overflow encountered in exp")  # 1/(1 + e^2000) is 0, as it should be


@each(EXERCISES)
def test_every_known_mistake_is_told_by_its_own_message(one):
    for what, wrong, look in one.mistakes:
        result = one.check(wrong)
        told = f"those of a known mistake: {what}.\n{look}"
        assert result.outcome == "incorrect" and told in result.text, f"{what!r} is told: {result}"


@each(EXERCISES)
def test_no_two_mistakes_look_alike_and_none_looks_right(one):
    seen = {what: looks(one, wrong) for what, wrong, _ in one.mistakes} | {"": looks(one, one.reference)}
    assert len(seen) == len(one.mistakes) + 1, "two mistakes have the same name"
    assert len(one.mistakes) >= 9, f"{one.name} knows {len(one.mistakes)} mistakes, and should know at least 9"
    for (what, mine), (other, theirs) in itertools.combinations(seen.items(), 2):
        alike = all(same(one, a, b) for a, b in zip(mine, theirs, strict=True))
        assert not alike, f"{what!r} gives what {other or 'the solution'!r} gives"


@each(EXERCISES)
def test_no_message_shows_the_solution(one, capsys):
    tree = ast.parse(source_of(one, capsys))
    lines = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.Return)]
    answer = max((ast.unparse(value) for value in lines if not isinstance(value, ast.Constant)), key=len)
    wrong = [wrong for _, wrong, _ in one.mistakes] + [lambda *args: 0.123, lambda *args: args[0]]
    for text in [one.check(function).text for function in wrong]:
        assert answer not in text


@each(EXERCISES)
def test_the_hints_come_one_by_one_and_then_name_the_solution(one, monkeypatch):
    monkeypatch.setattr(one, "_hints_given", 0)
    given_out = [one.hint() for _ in range(len(one.hints) + 2)]
    assert [hint.text for hint in given_out[: len(one.hints)]] == one.hints
    assert len({*one.hints}) == len(one.hints) >= 2
    assert given_out[0].outcome == f"hint 1 of {len(one.hints)}"
    assert all("`.solution()`" in hint.text for hint in given_out[len(one.hints) :])


@each({where: ex for where, ex in EXERCISES.items() if not isinstance(ex, Repair)})
def test_a_blank_in_any_position_is_not_attempted_yet(one, capsys):
    blanked = list(positions(source_of(one, capsys)))
    assert len(blanked) >= 5
    for source in blanked:
        assert one.check(written(one, source)).outcome == "not attempted yet", source


@each({where: ex for where, ex in EXERCISES.items() if isinstance(ex, Repair)})
def test_a_loop_as_it_was_given_is_not_attempted_and_the_message_does_not_name_the_fault(one):
    for function in (one.broken, lambda *args: ____):
        result = one.check(function)
        assert result.outcome == "not attempted yet"
        assert not any(look in result.text for _, _, look in one.mistakes)


WHATEVER = [None, True, 0.5, 1e308, -1e308, 1e-320, 10**400, np.float32(2), np.inf, np.nan, Fraction(1, 2), 1j, "p"]
WHATEVER += [
    b"x",
    (),
    (1, 2),
    [],
    [None],
    [[1.0], [2.0, np.nan]],
    {1},
    {"p": 1},
    len,
    np.array("a"),
    np.ones((3, 0, 2)),
]


@each(EXERCISES)
def test_whatever_is_returned_the_check_says_more_than_no(one):
    for value in WHATEVER:
        result = one.check(lambda *args, value=value: value)
        assert result.outcome == "incorrect" and "cannot be compared" not in result.text, value
        assert len(result.text) > 20 and "0x" not in result.text


@each(EXERCISES)
def test_an_exercise_says_what_it_takes_and_what_it_returns(one):
    assert inspect.getdoc(one.reference).count("\n") >= (0 if isinstance(one, Repair) else 2)
    assert one.name in repr(one)


# Choices and predictions ------------------------------------------------------------------------------------------


@each(CHOICES)
def test_every_option_has_its_own_explanation_and_only_one_is_right(one):
    results = {key: one.answer(key) for key in one.options}
    assert [key for key, result in results.items() if result.outcome == "correct"] == [one.correct]
    assert all(one.explanations[key] in result.text for key, result in results.items())
    assert len({*one.explanations.values()}) == len({*one.options.values()}) == len(one.options) >= 4


@each(CHOICES)
def test_a_choice_without_an_answer_is_not_attempted_yet(one):
    for empty in (____, None, "", "z", 7, ["a"], np.array(["a", "b"])):
        assert one.answer().outcome == one.answer(empty).outcome == "not attempted yet"


def test_the_right_answer_is_not_always_the_same_letter():
    letters = [choice.correct for choice in CHOICES.values()]
    most = max(letters.count(letter) for letter in letters)
    assert most <= len(letters) / 2 + 3 * math.sqrt(len(letters)) / 2


@each(PREDICTIONS)
def test_a_prediction_is_asked_before_it_is_measured(one):
    assert one.prediction is None and not one.revealed
    assert one.commit().outcome == one.reveal().outcome == "not attempted yet"
    assert one.question[-1:] in "?." and len(one.why) > 20
    assert not one.options or len({*one.options.values()}) == len(one.options) >= 3
