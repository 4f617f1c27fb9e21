"""Answers that nobody had foreseen: wrong ones, of which something true and telling is said, and right ones.

They were written from the tasks alone, without a look at the lists of known mistakes. `wild/<chapter>.py` has them as
data: what stands in the function, the kind of reply, and words that must be in it.
"""

import importlib
import linecache
import math
import textwrap

import numpy as np
import pytest
from test_exercises import CHAPTERS, EXERCISES, imported

from optim_core.chapters.adam import exercises as adam
from optim_core.chapters.adaptive import experiments as adaptive
from optim_core.exercises import edits
from optim_core.exercises.steps import as_step

ROOMS = {name: importlib.import_module(f"wild.{name}") for name in CHAPTERS if importlib.util.find_spec(f"wild.{name}")}
WRONG = [(room, *one) for room, data in ROOMS.items() for one in data.WRONG]
RIGHT = [(room, *one) for room, data in ROOMS.items() for one in data.RIGHT]


def typed(room, name, body):
    """The exercise, and the function that somebody typed into its cell: a body, or what is returned."""
    ex = EXERCISES[room, name]
    body = body.strip("\n")
    body = body if "\n" in body or "return" in body else f"return {body}"
    source = f"def {ex.name}({', '.join(ex.arguments)}):\n{textwrap.indent(body, '    ')}\n"
    file = f"<cell {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)  # where Python finds its lines
    space = imported(ex)
    exec(compile(source, file, "exec"), space)
    return ex, space[ex.name]


def kind(text):
    """Which kind of reply it is: a known mistake, one place in the code, or what else is to be seen."""
    return "known" if "known mistake" in text else "place" if "With one change at" in text else "seen"


@pytest.mark.parametrize("room, name, body, expected, said", WRONG, ids=[f"{one[0]}.{one[1]}" for one in WRONG])
def test_of_a_wrong_answer_something_telling_is_said(room, name, body, expected, said, monkeypatch):
    ex, function = typed(room, name, body)
    if expected != "seen":  # a slow machine shall find it, too
        monkeypatch.setattr(edits, "PATIENCE", 10.0)
    result = ex.check(function)
    assert result.outcome == "incorrect"
    assert said in result.text and kind(result.text) == expected, result.text


@pytest.mark.parametrize("room, name, body", RIGHT, ids=[f"{one[0]}.{one[1]}" for one in RIGHT])
def test_an_unusual_right_answer_is_right(room, name, body):
    ex, function = typed(room, name, body)
    function.__globals__.setdefault("math", math)
    assert ex.check(function).outcome == "correct", ex.check(function).text


FORMS = {  # of what a step returns; and arguments that are taken by name only
    "a list": lambda parts: list(parts),
    "rows": lambda parts: np.stack(parts),
    "lists": lambda parts: tuple(part.tolist() for part in parts),
    "32 bits": lambda parts: tuple(part.astype(np.float32) for part in parts),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_check_takes_for_right_runs_in_the_figure_beside_ours(form):
    def adagrad(w, s, *, g, lr, eps):
        return FORMS[form](EXERCISES["adaptive", "adagrad_step"].reference(w, s, g, lr, eps))

    def adam_step(w, m, v, g, *, t, lr, beta1, beta2, eps):
        return FORMS[form](EXERCISES["adam", "adam_step"].reference(w, m, v, g, t, lr, beta1, beta2, eps))

    def heavy_ball(w, v, grad, *, lr, mu):
        return FORMS[form](EXERCISES["momentum", "heavy_ball"].reference(w, v, grad, lr, mu))

    for room, name, function in (("adaptive", "adagrad_step", adagrad), ("adam", "adam_step", adam_step)):
        assert EXERCISES[room, name].check(function).outcome == "correct"
    *_, runs, trouble = adaptive.beside(adagrad)(6.0, 100.0, 45)
    assert trouble == "" and np.allclose(runs["yours"]["w"], runs["AdaGrad"]["w"], rtol=1e-3, atol=1e-3)
    _, _, runs, _, _, note = adam.beside(adam_step)("noise", 1.0, 0.9, 0.999)
    assert note == "" and "yours" in runs
    new = as_step(heavy_ball)(np.ones(2), lambda w: w, 1, np.zeros(2), lr=0.1, mu=0.5)
    assert np.allclose(new["w"], 0.9) and np.allclose(new["v"], -0.1)
