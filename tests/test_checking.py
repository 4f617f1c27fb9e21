"""How answers are checked: wrong ones that nobody listed, blanks, choices, predictions, claims."""

import inspect
import itertools
import linecache
import math
import re
import subprocess
import sys
import textwrap
import time
import warnings
from decimal import Decimal
from enum import Enum
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optim_core.chapters.critical_points import exercises as critical_points
from optim_core.chapters.critical_points.exercises import classify, escape_direction, escape_steps, quadratic_model
from optim_core.chapters.losses.exercises import first_of_two, softmax
from optim_core.chapters.start_here import exercises as start_here
from optim_core.chapters.start_here.exercises import gd_step
from optim_core.exercises import (
    CLAIMS,
    Choice,
    Exercise,
    Predict,
    Result,
    ____,
    claim,
    edits,
    exercise,
    has_blank,
    up_to_sign,
    values,
)
from optim_core.exercises.blank import Blank
from optim_core.exercises.errors import advice
from optim_core.exercises.kinds import pair


def found(kind):
    """All exercises, choices or predictions of the chapters, by name."""
    objects = {**vars(critical_points), **vars(start_here)}
    return {name: thing for name, thing in objects.items() if isinstance(thing, kind)}


EXERCISES, CHOICES = found(Exercise), found(Choice)


def each(objects):
    return pytest.mark.parametrize("name", objects)


# What stands behind an error --------------------------------------------------------------------------------------

THINGS = {  # what gives it: made anew for each question
    "zip": lambda: zip([1], [2], strict=True),
    "map": lambda: map(abs, [1]),
    "filter": lambda: filter(None, [1]),
    "enumerate": lambda: enumerate([1]),
    "generator": lambda: (k for k in [1]),
    "reversed": lambda: reversed(np.ones(2)),
    "reversed list": lambda: reversed([1]),
    "None": lambda: [2, 1].sort(),
    "a function": lambda: max,
    "a method": lambda: np.ones(2).mean,
    "a set": lambda: {1.0, 2.0},
    "a number of numpy": lambda: np.float64(1.5),
    "a number": lambda: 1.5,
}
MISUSED = {
    "x[0]": lambda x: x[0],
    "len(x)": len,
    "reversed(x)": reversed,
    "x * 2.0": lambda x: x * 2.0,
    "np.sqrt(x)": np.sqrt,
}


@each([(thing, use) for thing in THINGS for use in MISUSED])
def test_only_a_number_is_called_one_where_code_stops(name):
    thing, use = name
    try:
        MISUSED[use](THINGS[thing]())
    except (TypeError, AttributeError, IndexError) as error:
        said = advice(error, str(error), f"for k in {use}:", ["x"]) or ""
    else:
        return
    many = thing not in ("None", "a function", "a method", "a set", "a number", "a number of numpy")
    assert ("`list(…)`" in said) == many
    assert "number" in thing or not re.search(r"single number|a number is one", said)
    if "number" in thing and use in ("x[0]", "len(x)"):
        assert not said or re.search(r"single number|a number is one", said)


# Answers that are right in another way ----------------------------------------------------------------------------


def by_loops(L, g, H, d):
    total = L
    for i in range(len(d)):
        total += g[i] * d[i]
        for j in range(len(d)):
            total += H[i][j] * d[i] * d[j] / 2
    return total


def by_counting(eigenvalues):
    largest = max(abs(x) for x in eigenvalues)
    up = sum(x > 1e-9 * largest for x in eigenvalues)
    down = sum(x < -1e-9 * largest for x in eigenvalues)
    print("up", up, "down", down)
    if up and down:
        return np.str_("saddle")
    return "minimum" if up == len(eigenvalues) else "maximum" if down == len(eigenvalues) else "degenerate"


def by_eig(hessian):
    values, vectors = np.linalg.eig(hessian)
    return list(-vectors[:, np.argmin(values)])


OTHER_WAYS = [
    (quadratic_model, by_loops),
    (quadratic_model, lambda L, g, H, d: np.array(L + np.dot(g, d) + np.einsum("i,ij,j", d, H, d) / 2)),
    (quadratic_model, lambda *a: a[0] + (a[1] + a[2] @ a[3] / 2) @ a[3] + 0j),
    (classify, by_counting),
    (escape_direction, by_eig),
    (escape_direction, lambda hessian: np.linalg.svd(hessian - 50 * np.eye(len(hessian)))[2][0]),
    (escape_steps, lambda d, r, lr, lam: (math.log2(r) - math.log2(d)) / math.log2(1 + lr * abs(lam))),
    (gd_step, lambda w, g, lr: [wi - lr * gi for wi, gi in zip(w, g, strict=True)]),
    (gd_step, np.vectorize(lambda w, g, lr: w - lr * g)),
]


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer, capsys):
    assert ex.check(answer).outcome == "correct"
    assert capsys.readouterr().out == ""


# Wrong answers that nobody listed ---------------------------------------------------------------------------------


def first_index(L, g, H, d):
    return L + g[0] * d[0] + g[1] * d[1] + g[2] * d[2]


def in_place(w, g, lr):
    w -= lr * g
    return w


def in_place_and_uphill(w, g, lr):
    w += 3 * lr * g
    return w


def printing(w, g, lr):
    print(w - lr * g)


def endless(w, g, lr):
    return endless(w, g, lr)


def one_way_without_return(eigenvalues):
    if np.all(eigenvalues > 0):
        return "minimum"
    if np.all(eigenvalues < 0):
        return "maximum"


def bare_if(eigenvalues):
    if eigenvalues > 0:
        return "minimum"
    return "saddle"


def exactly_two(eigenvalues):
    a, b = eigenvalues
    return "minimum" if a > 0 and b > 0 else "maximum" if a < 0 and b < 0 else "saddle"


def sorting(eigenvalues):
    eigenvalues.sort()
    return classify.reference(eigenvalues)


def swapped(eigenvalues):
    word = classify.reference(eigenvalues)
    return {"degenerate": "saddle", "saddle": "degenerate"}.get(word, word)


def right(ex):
    """The right answer, to be spoilt."""
    return ex.reference


Q, C, E, S, G = (right(ex) for ex in (quadratic_model, classify, escape_direction, escape_steps, gd_step))

UNLISTED = [  # exercise, answer, what the message must contain
    (quadratic_model, lambda L, g, H, d: 2 * Q(L, g, H, d), "exactly twice what is expected"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) / 2, "exactly half what is expected"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) * 0.7, "exactly 0.7 times what is expected"),
    (quadratic_model, lambda L, g, H, d: -Q(L, g, H, d), "the right size and the wrong sign, in every case"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) - 2, "in every case your number is too small by `2`"),
    (quadratic_model, lambda L, g, H, d: L - g @ d + d @ H @ d, "The term `gᵀd` has the wrong sign"),
    (quadratic_model, lambda L, g, H, d: L - g @ d + d @ H @ d, "exactly `L − gᵀd + dᵀHd`"),
    (quadratic_model, lambda L, g, H, d: L + g @ d + d @ H @ d / 6, "`dᵀHd` should have another factor"),
    (
        quadratic_model,
        lambda L, g, H, d: L + g @ d + 0.5 * d @ d,
        "known mistake: the length of d in place of the bend",
    ),
    (quadratic_model, lambda L, g, H, d: 0.5 * d @ H @ d, "The term `L` is missing. The term `gᵀd` is missing."),
    (quadratic_model, lambda L, g, H, d: L + g @ d + d @ d * np.linalg.det(H), "wrong in all cases"),
    (quadratic_model, lambda L, g, H, d: abs(Q(L, g, H, d)), "the absolute value of what is expected"),
    (quadratic_model, lambda L, g, H, d: round(Q(L, g, H, d), 2), "rounded to 2 decimals"),
    (
        quadratic_model,
        lambda L, g, H, d: Q(L, g, H, d) * (1 + 1e-3 * np.sin(L)),
        "differ from the right ones by 0.096 % at most",
    ),
    (quadratic_model, lambda L, g, H, d: np.array([Q(L, g, H, d)]), "wraps its number in an array of shape (1,)"),
    (quadratic_model, lambda L, g, H, d: L / len(d) + g * d + d * (H @ d) / 2, "one number, the sum of its entries"),
    (quadratic_model, lambda L, g, H, d: [L, g @ d], "where one number is asked for"),
    (quadratic_model, lambda L, g, H, d: None, "returns nothing. Is there a `return`"),
    (quadratic_model, lambda L, g, H, d: "2.0", "the word `'2.0'`; a number is asked for"),
    (quadratic_model, lambda L, g, H, d: True, "a truth value, `True`; a number is asked for"),
    (quadratic_model, lambda L, g, H, d: np.dot, "Did you forget the brackets of a call?"),
    (quadratic_model, lambda L, g, H, d: {"loss": 1.0}, "returns a dict"),
    (quadratic_model, lambda L, g, H, d: np.log(L), "NaN, not a number"),
    (quadratic_model, lambda L, g, H, d: np.log(L), "your code never uses `g`, `H` and `d`"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) / np.float64(0), "infinite: a division by zero"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) + 1j, "complex"),
    (quadratic_model, lambda L, g, H, d: 4.2, "returns `4.2` in every case"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) + (d @ d) ** 2, "always too large"),
    (quadratic_model, lambda L, g, H: L, "takes `(L, g, H)`; it is called with `(L, g, H, d)`"),
    (quadratic_model, lambda L, g, d, H: Q(L, g, H, d), "in the order `(L, g, H, d)`"),
    (quadratic_model, 3.0, "wants the function itself, `quadratic_model` without brackets"),
    (quadratic_model, first_index, "IndexError: index 2 is out of bounds"),
    (quadratic_model, first_index, "when called as `quadratic_model(L=1, g=[1, 2], H=[[2, 1], [1, 4]], d=[1, -1])`"),
    (quadratic_model, first_index, "`return L + g[0] * d[0] + g[1] * d[1] + g[2] * d[2]`"),
    (classify, bare_if, "An `if` needs one truth value"),
    (classify, bare_if, "in the line `if eigenvalues > 0:`"),
    (classify, one_way_without_return, "one of its ways through has no `return`"),
    (classify, exactly_two, "too many values to unpack"),
    (
        classify,
        exactly_two,
        "It is right for: two eigenvalues, none zero; a loss on a tiny or huge scale. Not for: more",
    ),
    (classify, sorting, "changes its argument `eigenvalues` in place"),
    (classify, swapped, "you have exchanged `'degenerate'` and `'saddle'`"),
    (classify, lambda e: C(e).capitalize(), "right, apart from the spelling"),
    (classify, lambda e: C(e) + " ", "right, apart from the spelling"),
    (classify, lambda e: C(e)[:3], "`'min'` is not one of the words"),
    (classify, lambda e: "local " + C(e), "`'local minimum'` is not one of the words"),
    (classify, lambda e: "saddle", "answers `'saddle'` in every case"),
    (classify, lambda e: np.all(e > 0), "a truth value, `True`; a word is asked for"),
    (classify, lambda e: [C(e)], "returns one thing, and it is in brackets"),
    (
        classify,
        lambda e: "saddle" if C(e) == "maximum" else C(e),
        "where `'maximum'` is right you say `'saddle'`, in every such case",
    ),
    (classify, lambda e: "minimum" if e.mean() > 0 else "saddle", "one like it: the sum of the eigenvalues decides"),
    (
        classify,
        lambda e: "minimum" if min(e) >= 0 else "maximum" if max(e) < 0 else "saddle",
        "zero counts as positive",
    ),
    (classify, lambda e: "minimum" if min(e) > 0 else "maximum" if max(e) <= 0 else "saddle", "Not for: a zero beside"),
    (escape_direction, lambda H: 2 * E(H), "exactly twice what is expected"),
    (escape_direction, lambda H: 2 * E(H), "It has length 2, and curvature -2 along it"),
    (
        escape_direction,
        lambda H: E(H) * (1 + len(H) + H[0, 0] ** 2),
        "your vectors point the right way, and their length",
    ),
    (escape_direction, lambda H: np.linalg.eigh(H), "a tuple, `EighResult"),
    (escape_direction, lambda H: E(H)[:, None], "the numbers are right, but their shape is (2, 1) and should be (2,)"),
    (escape_direction, lambda H: np.abs(E(H)), "with all signs made positive"),
    (escape_direction, lambda H: E(H).round(2), "rounded to 2 decimals"),
    (escape_direction, lambda H: E(H)[:2], "is right and ends too early: 2 of 3 entries"),
    (escape_direction, lambda H: E(H)[0], "the first part of what is asked for, and not the rest"),
    (escape_direction, lambda H: np.linalg.svd(H)[0][:, 0] * 3, "It has length 3, and curvature"),
    (
        escape_direction,
        lambda H: H[0] + 1,
        "It has length 1.414, and curvature 2 along it; the most negative there is -2",
    ),
    (escape_steps, lambda u, r, lr, e: (r / u) ** (1 / (1 - lr * e)), "wrong in all cases"),
    (escape_steps, lambda u, r, lr, e: math.log2(r / u) / math.log(1 - lr * e), "exactly 1.443 times"),
    (escape_steps, lambda u, r, lr, e: int(S(u, r, lr, e)), "rounded down"),
    (escape_steps, lambda u, r, lr, e: round(S(u, r, lr, e)), "rounded to whole numbers"),
    (
        escape_steps,
        lambda u, r, lr, e: math.log(r / u) / math.log(1 + 3 * lr),
        "the growth per step that your numbers speak of is `1 + 3·lr`",
    ),
    (escape_steps, lambda u, r, lr, e: 1 / S(u, r, lr, e), "1 over what is expected"),
    (escape_steps, lambda u, r, lr, e: S(u, r, lr, e) + 10 * u, "too large by `10·distance`"),
    (escape_steps, lambda u, r, lr, e: math.log(r - u) / math.log(1 - lr * e), "too small"),
    (escape_steps, lambda u, r, lr, e: math.log(u - r), "ValueError"),
    (gd_step, in_place, "your answers are right, but your function changes its argument `w` in place"),
    (gd_step, in_place_and_uphill, "Also, your function changes its argument `w` in place"),
    (gd_step, printing, "(not a `print`)"),
    (gd_step, printing, "It printed `'[0.95 2.1 ]'`"),
    (gd_step, endless, "RecursionError"),
    (gd_step, endless, "calls itself and never stops"),
    (gd_step, lambda w, g, lr: w - 2 * lr * g, "exactly `w − 2·lr·g`"),
    (gd_step, lambda w, g, lr: w - 0.1 * g, "The term `lr·g` is missing. The term `g` does not belong there."),
    (gd_step, lambda w, g, lr: w, "The term `lr·g` is missing"),
    (gd_step, lambda w, g, lr: w - lr * g[0], "right in 2 of 9 cases"),
    (gd_step, lambda w, g, lr: w - np.exp(g), "your code never uses `lr`"),
    (gd_step, lambda w, g, lr: np.sum(w - lr * g), "where the shape (2,) is asked for"),
    (gd_step, lambda w, g, lr: (w - lr * g, g), "returns 2 things, and number 1 of them is right"),
    (gd_step, lambda w, g, lr: exit(), "SystemExit"),
    (gd_step, lambda w, g, lr: w - lr * gradient, "NameError: name 'gradient' is not defined"),  # noqa: F821
    (gd_step, lambda w, g, lr: w - lr * print(), "is a `return` missing in a function that you call?"),
    (gd_step, lambda lr, g, w: w - lr * g, "is called in the order `(w, g, lr)`"),
    (gd_step, lambda: 1, "takes `()`; it is called with `(w, g, lr)`"),
    (gd_step, len, "takes `(obj)`; it is called with `(w, g, lr)`"),
]


@pytest.mark.parametrize(
    "ex, answer, expected", UNLISTED, ids=lambda x: getattr(x, "name", x if isinstance(x, str) else "")
)
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected, capsys, monkeypatch):
    monkeypatch.setattr(edits, "tree_of", lambda function: None)  # from its numbers alone
    result = ex.check(answer)
    assert result.outcome == "incorrect"
    assert expected in result.text
    assert capsys.readouterr().out == ""


def test_a_reference_that_fails_without_an_argument_does_not_stop_the_diagnosis():
    def digits(n):  # numpy's own words for n = 0, and for anything that is not whole
        return float(len(np.binary_repr(n)))

    @exercise(cases={"all": [(n, k) for n, k in [(3, 1), (5, 2), (9, 4), (300, 3)]]}, hints=["Which n?"])
    def scaled(n, k):
        return digits(n) * k

    result = scaled.check(lambda n, k: digits(n) + k**3)
    assert result.outcome == "incorrect" and "For example `scaled(n=" in result.text


def test_a_reference_may_answer_with_a_list():
    @exercise(cases={"all": [(1.0,), (2.0,), (5.0,)]}, hints=["Which way?"], same=up_to_sign)
    def direction(x):
        return [x, -2 * x]

    for right in (direction.reference, lambda x: np.array([x, -2 * x]), lambda x: [-x, 2 * x]):
        assert direction.check(right).outcome == "correct"
    for sign in (1, -1):
        result = direction.check(lambda x, sign=sign: [sign * x, sign * x])
        shown = "[1, -2]" if sign < 0 else "[-1, 2]"
        assert result.outcome == "incorrect" and f"should be `{shown}`" in result.text


def test_a_transposed_matrix_is_told_so():
    @exercise(cases={"all": [(np.arange(k, k + 4.0).reshape(2, 2),) for k in range(3)]}, hints=[])
    def double(A):
        return 2 * A

    assert "rows and columns are exchanged" in double.check(lambda A: 2 * A.T).text
    assert "the right numbers in the wrong order" in double.check(lambda A: 2 * A[::-1]).text


# Whatever happens, the notebook goes on ---------------------------------------------------------------------------


def raises(*args):
    raise RuntimeError("not today")


class Hostile:
    """An object that raises at every look."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    __repr__ = __eq__ = __bool__ = __len__ = __iter__ = __array__ = __float__ = raises
    __hash__ = None


class Shy(Exception):
    __str__ = raises


endless_list = []
endless_list.append(endless_list)

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=8)
    | st.sampled_from(["minimum", "Saddle", b"saddle", object(), len, int, ..., 10**400, Fraction(1, 3), endless_list])
    | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    | hnp.arrays(float, (2,))
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers=st.lists(anything, min_size=1, max_size=3), name=st.sampled_from(sorted(EXERCISES)))
def test_whatever_a_function_returns_the_check_answers_and_never_says_correct(answers, name):
    ex, turn = EXERCISES[name], itertools.cycle(answers)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = ex.check(lambda *args: next(turn))
    assert result.outcome == ("not attempted yet" if has_blank(answers) else "incorrect") or ... in answers
    assert result.text and not re.search(r"0x[0-9a-f]{9}", repr(result))  # no address; a text may say 0x
    assert result._repr_html_().startswith("<div")


@each(EXERCISES)
def test_an_object_that_refuses_to_be_looked_at_is_an_incorrect_answer(name):
    for returned in (Hostile, lambda: [Hostile()], lambda: {"a": Hostile()}, lambda: (1.0, Hostile()), lambda: Hostile):
        assert EXERCISES[name].check(lambda *args, returned=returned: returned()).outcome == "incorrect"


@pytest.mark.parametrize(
    "error", [Shy(), KeyError("lr"), SystemExit(), MemoryError(), StopIteration(), GeneratorExit()]
)
def test_any_exception_is_shown_with_the_arguments(error):
    def fails(w, g, lr):
        raise error

    result = gd_step.check(fails)
    assert type(error).__name__ in result.text and "`gd_step(w=[1, 2], g=[0.5, -1], lr=0.1)`" in result.text


def test_the_line_shown_is_the_students_own_and_not_the_librarys():
    def helper(v):
        return np.linalg.solve(np.zeros((2, 2)), v)

    def fails(w, g, lr):
        return w - helper(g)

    text = gd_step.check(fails).text
    assert "LinAlgError" in text and "in the line `return np.linalg.solve(np.zeros((2, 2)), v)`" in text


def test_a_stopped_kernel_ends_the_check_at_once():
    calls = []

    def loops(w, g, lr):
        calls.append(w)
        raise KeyboardInterrupt

    assert "Is there a loop without an end?" in gd_step.check(loops).text and len(calls) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nobody says how much memory there is")
def test_a_list_that_grows_without_end_ends_by_itself():
    for grows in ("np.ones(2**28)", "[w] * 2**28"):  # at once what a loop needs seconds for
        text = gd_step.check(defined(f"def gd_step(w, g, lr):\n    return {grows}\n")).text
        assert f"it asked for more than there is reason for\nin the line `return {grows}`" in text
        assert "Is there a loop without an end, in which something grows?" in text
    assert np.ones(2**28).size == 2**28  # only while it runs


def test_a_student_cannot_change_the_cases():
    def spoils(L, g, H, d):
        g[:], H[:], d[:] = 0, 0, 0
        return 0.0

    quadratic_model.check(spoils)
    assert quadratic_model.check(quadratic_model.reference).outcome == "correct"


def test_numpys_warnings_stay_inside_the_check():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="raise"):
            result = gd_step.check(lambda w, g, lr: w - lr * g + 0 * np.log(-1.0) / np.zeros(1))
    assert result.outcome == "incorrect" and "numpy warned" in result.text


# What was typed, and what is nearly a number -----------------------------------------------------------------------

READ = {
    "40": 40, " 40 ": 40, "+5": 5, "-3": -3, "−3": -3, "–3": -3, "—3": -3, "1,000": 1000, "12,000": 12000,
    "1,234,567.5": 1234567.5, "1 000": 1000, "12\u202f345": 12345, "1'000": 1000, "1,5": 1.5, "0,5": 0.5,
    "0,125": 0.125, ",5": 0.5, ".5": 0.5, "5.": 5, "1e3": 1000, "1.5e-3": 0.0015, "1.5·10³": 1500,
    "1.5×10⁻³": 0.0015, "2 x 10^4": 20000, "10**4": 10000, "10³": 1000, "½": 0.5, "2½": 2.5, "-¼": -0.25, "1/4": 0.25,
    "≈ 40": 40, "~40": 40, "about 40": 40, "ca. 7": 7, "40 steps": 40, "40 epochs.": 40, "1e5 steps": 1e5,
    "40 or so": 40, "3.7*16": 59.2, "≈ 3.7 · 16 epochs": 59.2, "√16": 4, "sqrt(2)": 2**0.5, "2·3²": 18, "2^10": 1024,
    "ln(100)/ln(10)": 2, "log(100)/log(10)": 2, "ln(1 + 9/e)": math.log(1 + 9 / math.e), "e^(-1)": 1 / math.e,
    "(1/2)/2": 0.25, "2*π": 2 * math.pi,
    "50 %": 0.5, "50%": 0.5, "12 per cent": 0.12, "forty": 40, "ten steps": 10, "about a hundred": 100,
    "2 thousand": 2000, "1k": 1000, "1.5 million steps": 1.5e6, "η=1": 1, "lr = -0.5": -0.5, "a dozen": 12,
}  # fmt: skip
UNREAD = [
    "",
    "many",
    "one third",
    "2 thirds",
    "ten or twenty",
    "two hundred",
    "16x",
    "10 times",
    "x10",
    "5 m",
    "3 1/2",
    "3-4",
    "> 100",
    "10-20",
    "2 - 3 steps",
    "log(5)",
    "e",
    "(-8)^0.5",
    "9**9**9",
    "abs(3)*2",
    "ln(2, 3)*2",
    "x*2",
    "about 4 times 3.7",
    "1,2,3",
    "1_000",
    "1/0",
    "nan",
    "inf",
    "1e400",
    "η",
]


@pytest.mark.parametrize("text", READ)
def test_a_number_is_read_as_people_type_it(text):
    assert values.typed(text) == pytest.approx(READ[text], rel=1e-12)


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_surely_a_number_is_none_and_the_student_is_told(text):
    assert values.typed(text) is None
    said = prediction(factor=2).commit(text)
    assert said.outcome == "not attempted yet"
    assert said.text.startswith(f"`{text}` is not understood." if text else "commit to a number")


def test_per_cent_are_what_the_question_asks_for():
    for question, number in (("How many percent?", 50), ("What % is left?", 50), ("Which share?", 0.5)):
        p = Predict(question, lambda: 1, factor=2)
        p.commit("50 %")
        assert p.prediction == number


@pytest.mark.parametrize(("question", "text", "said"), [
    ("How many per cent are right?", "0.55", "is 55 meant?"), ("How many per cent are right?", "½", "is 50 meant?"),
    ("How many steps does it take?", "50 %", "of what?"),
 ("How many steps does it take?", "10 to 20", "one number"),
])  # fmt: skip
def test_a_prediction_that_may_mean_another_number_is_not_locked(question, text, said):
    p = Predict(question, lambda: 1, factor=2)
    result = p.commit(text)
    assert result.outcome == "not attempted yet" and said in result.text and p.prediction is None
    for sure, number in (("0.55 %", 0.55),) if "cent" in question else (("20", 20),):
        p.commit(sure)
        assert p.prediction == number


@pytest.mark.parametrize(
    "text", ["10", "10 times", "x10", "10x", "×10", "a factor of 10", "factor 10", "10-fold", "ten times"]
)
def test_a_factor_is_read_as_people_type_it(text):
    p = Predict("By which factor is it larger?", lambda: 10, factor=2)
    p.commit(text)
    assert p.prediction == 10


@pytest.mark.parametrize("array", [
    lambda x: x.astype(np.float32), lambda x: [Fraction(v) for v in x.tolist()],
    lambda x: [Decimal(v) for v in x.tolist()],
    lambda x: tuple(x), lambda x: dict(enumerate(x.tolist())).values(), lambda x: x + 0j, lambda x: np.matrix(x).A1,
])  # fmt: skip
def test_numbers_of_every_kind_are_numbers(array):
    assert gd_step.check(lambda w, g, lr: array(w - lr * g)).outcome == "correct"
    assert gd_step.check(lambda w, g, lr: array(w - 1.01 * lr * g)).outcome == "incorrect"


class Kind(str, Enum):  # noqa: UP042 (a StrEnum prints its value, this does not)
    UP, DOWN = "minimum", "maximum"


def test_a_word_may_be_wrapped():
    for wrapped in (Kind.UP, np.str_("minimum"), np.array("minimum"), np.where(True, "minimum", "maximum")):
        assert values.word(wrapped) == "minimum" and values.close(wrapped, "minimum")
    assert values.word(np.array(["minimum"])) is None and not values.close(Kind.DOWN, "minimum")


def test_values_that_differ_are_shown_in_digits_that_differ():
    assert values.apart(1 + 1e-9, 1.0) == "should be `1`; yours is `1.000000001`"
    assert values.apart([1.0, 0.9 + 1e-7], [1.0, 0.9]) == "should be `[1, 0.9]`; yours is `[1, 0.9000001]`"
    assert values.apart(np.arange(50.0) ** 1.001, np.arange(50.0)).startswith(
        "first differs at `[2]`, which should be `2`"
    )
    far = np.eye(9) + np.outer(np.arange(9) == 4, np.arange(9) == 7) * 1e-3
    assert values.apart(far, np.eye(9)) == "differs most at `[4, 7]`, which should be `0`; yours is `0.001`"


# One change of the code -------------------------------------------------------------------------------------------


def defined(source, name="gd_step", **names):
    """The function that a cell with this source defines, where Python finds its lines."""
    file = f"<cell {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {"np": np, "math": math} | names
    exec(compile(source, file, "exec"), space)
    return space[name]


CHANGES = {
    "return w - lr * g / 2": "`/ 2` is too much in `return w - lr * g / 2`",
    "return w - (lr + 1) * g": "`+ 1` is too much",
    "return w - 0.1 * g": "the number `0.1` is not what belongs there",
    "return w - lr * w": "`w` is not what belongs there",
    "return w - lr + g": "",
    "return (w - lr) * g": "the brackets are not where they belong in `(w - lr) * g`",
    "return w - np.exp(lr) * g": "`np.exp(…)` around `lr` is too much",
    "return w - lr * g.mean()": "`.mean(…)` after `g` is too much",
    "return g - lr * w": "`w` and `g` are exchanged in your code",
    "step = lr * g\n    w = w - step\n    w = w - step\n    return w": "the line `w = w - step` is too much",
    "w = w.copy()\n    for i in range(len(w) - 1):\n        w[i] -= lr * g[i]\n    return w": "`- 1` is too much",
    "w = w.copy()\n    for i in range(len(w)):\n        w[i] -= lr * g[i]\n        return w": "stands inside the loop",
    "w = w + 0 * g\n    w *= lr * g\n    return w": "the operation in `w *= lr * g` is the wrong one",
    "return np.array([w[i] - lr * g[i] for i in range(len(w))])[::-1][::1]": "the `-` before `1` is too much",
}


@pytest.mark.parametrize("body", CHANGES)
def test_the_place_where_one_change_makes_it_right_is_named(body):
    text = gd_step.check(defined(f"def gd_step(w, g, lr):\n    {body}\n")).text
    assert CHANGES[body] in text
    assert ("With one change at that place all 9 cases are right." in text) == bool(CHANGES[body])


SHORTENED = {  # answers that have nothing to do with the mistake in the list, and what is said of them
    "np.clip(g, -1, 1)\n    return g": ["what `np.clip(g, -1, 1)` gives is not kept", "returns `g` as it was given"],
    "g.clip(-theta, theta)\n    return g": ["what `g.clip(-theta, theta)` gives is not kept"],
    "g * 0.5\n    return g": ["what `g * 0.5` gives is not kept", "returns `g` as it was given, in every case"],
    "for x in g:\n        x = min(x, theta)\n    return g": ["returns `g` as it was given, in every case"],
    "if g > theta:\n        return theta\n    return g": ["Entry by entry it is `np.where(…, this, that)`"],
    "return np.minimum(g, theta), g > theta": ["returns 2 things, and number 1 of them is right: return it alone"],
    "return g, theta * g": ["returns 2 things where one is asked for: an array of shape (2,)"],
    "return np.stack([g, np.minimum(g, theta)])": ["number 2 of them is right"],
    "return [np.minimum(g, theta), g]": ["returns 2 things, and number 1 of them is right: return it alone"],
    "return np.stack([g - 1, np.minimum(g, theta) - g + 1])": ["the sum of its rows"],
}


@pytest.mark.parametrize("body", SHORTENED)
def test_what_is_given_back_thrown_away_or_too_much_is_told_so(body):
    def cut(g, theta):
        """Each component, at most θ."""
        return np.minimum(g, theta)

    some = [(np.array([3.0, 0.5]), 1.0), (np.array([-1.0, 4.0, 2.0]), 2.0), (np.array([0.2, 0.3]), 0.1)]
    ex = Exercise(cut, cases={"": [*some, (np.array([7.0, 8.0, -1.0]), 3.0)]}, hints=[])
    ex.mistakes.append(("divided by θ", lambda g, theta: g / theta, "Cut it, do not scale it."))
    text = ex.check(defined(f"def cut(g, theta):\n    {body}\n", "cut")).text
    assert all(said in text for said in SHORTENED[body]) and "known mistake" not in text
    assert "a sum, a mean or a largest" not in text


def test_what_changes_something_by_being_called_is_kept():
    lines = "path = [w]\n    path.append(g)", "np.copyto(w.copy(), g)", "np.multiply(g, lr, out=g.copy())"
    for line in (*lines, "np.multiply(g, lr, g.copy())", "np.clip(g, 0, 1, g.copy())", "np.nan_to_num(g, copy=False)"):
        text = gd_step.check(defined(f"def gd_step(w, g, lr):\n    {line}\n    return w + lr * g\n")).text
        assert "is not kept" not in text


def test_a_question_in_brackets_takes_entries_out():
    def relu(z):
        """Each number, or 0."""
        return np.maximum(z, 0)

    ex = Exercise(relu, cases={"": [(np.array([[1.0, -2.0], [3.0, -0.5]]),), (np.array([-1.0, 4.0, 0.2]),)]}, hints=[])
    assert "without those that are 0, and without their places" in ex.check(lambda z: z[z > 0]).text
    assert "without those" not in ex.check(lambda z: z[z > 1]).text


def test_a_return_in_the_loop_is_told_where_no_round_leaves_nothing():
    def total(n):
        """1 + 2 + … + n."""
        return n * (n + 1) // 2

    ex = Exercise(total, cases={"": [(4,), (0,), (1,), (7,)]}, hints=[])
    body = "s = 0\n    for k in range(n):\n        s = s + k\n        return s"
    text = ex.check(defined(f"def total(n):\n    {body}\n", "total")).text
    assert text.startswith("`return s` stands inside the loop") and "where there is no round, nothing" in text


def test_rows_that_are_all_the_same_are_told_so():
    def walk(w, steps):
        """Halved again and again."""
        return np.array([w / 2**k for k in range(steps + 1)])

    some = [(np.array([8.0, 1.0]), 3), (np.array([1.0, -2.0]), 5), (np.array([3.0, 0.5]), 2)]
    ex = Exercise(walk, cases={"": some}, hints=[])
    source = "w = w.copy()\n    path = [w]\n    for _ in range(steps):\n        w /= 2\n        path.append(w)"
    text = ex.check(defined(f"def walk(w, steps):\n    {source}\n    return np.array(path)\n", "walk")).text
    assert "all rows of your answer are the same. A list to which one array is appended" in text
    text = ex.check(defined("def walk(w, steps):\n    return np.tile(w, (steps + 1, 1))\n", "walk")).text
    assert "all rows of your answer are the same." in text and "appended" not in text


def test_of_what_is_no_number_nothing_is_said_as_if_it_were_one():
    def half_time(s, a):
        """A logarithm."""
        return np.log(s / a - 1) / s

    some = [(4.0, 0.1), (2.0, 0.01), (1.0, 0.1), (0.5, 0.2), (2.0, 0.5), (3.0, 0.4)]
    ex = Exercise(half_time, cases={"": some}, hints=[])
    text = ex.check(lambda s, a: np.log(s / (a - 1)) / s).text  # NaN in every case, whatever `a` is
    assert "NaN" in text and "stayed the same" not in text
    ex = Exercise(lambda n: n**-0.5, cases={"": [(1,), (4,), (9,), (16,)]}, hints=[])
    text = ex.check(lambda n: np.sqrt(1 / n - 1)).text  # 0 in the one case in which it is a number
    assert "NaN" in text and "in every case" not in text and "0 times" not in text


def test_a_lambda_is_found_among_others():
    some = [lambda w, g, lr: w * 0 + lr, lambda w, g, lr: w - lr * g * 2, lambda w, g, lr: w]
    assert "`* 2` is too much in `w - lr * g * 2`" in gd_step.check(some[1]).text


def test_two_faults_are_told_apart_where_one_change_leaves_a_known_mistake():
    source = "def softmax(z):\n    return np.exp(z) / np.exp(z).sum()\n"
    text = softmax.check(defined(source, "softmax")).text
    assert text.startswith("two things: `np.exp(z).sum()` in `return np.exp(z) / np.exp(z).sum()`: along which axis")
    assert "With that changed your numbers are those of a known mistake: no shift before the exponential" in text


SWAPPED = {  # two faults in `lr / (w @ w)`, one of which is a matter of order or of a sign
    "np.sqrt(w @ w) / lr": True,
    "(1 + lr) / np.sqrt(w @ w)": False,  # something is left out, and nothing more is right then
}


@pytest.mark.parametrize("body", SWAPPED)
def test_two_faults_of_which_one_puts_nothing_in_and_leaves_nothing_out_are_told_apart(body):
    def rate(lr, w):
        """A number over a squared length."""
        return lr / (w @ w)

    some = [(0.5, np.array([1.0, 2.0])), (2.0, np.array([0.1, 0.3])), (3.0, np.array([3.0, 4.0])), (1.0, np.ones(3))]
    ex = Exercise(rate, cases={"": some}, hints=[])
    ex.mistakes.append(("divided by the length once", lambda lr, w: lr / np.sqrt(w @ w), "Squared."))
    text = ex.check(defined(f"def rate(lr, w):\n    return {body}\n", "rate")).text
    assert ("two things: " in text) == ("stand in the wrong order around `/`" in text) == SWAPPED[body]


def test_a_turned_comparison_is_no_second_fault():
    def bent(r, theta):
        """A parabola, and a line beyond."""
        return np.where(abs(r) <= theta, r * r / 2, theta * abs(r) - theta**2 / 2)

    ex = Exercise(bent, cases={"": [(r, theta) for r in (-3.0, 0.2, 1.0, 2.5) for theta in (0.5, 1.5)]}, hints=[])
    ex.mistakes.append(("a line throughout", lambda r, theta: theta * abs(r), "And for small r?"))
    body = "np.where(abs(r) <= theta, r * r / 2 + theta**2 / 2, theta * abs(r))"
    text = ex.check(defined(f"def bent(r, theta):\n    return {body}\n", "bent")).text
    assert "too large by `0.5·theta²`" in text and "the comparison" not in text


@pytest.mark.parametrize(
    "body, place, known",
    [
        ("1 / 1 + np.exp(z1 - z2)", "the brackets are not where they belong in", "the probability of the second class"),
        ("1 / (1 - np.exp(z1 - z2))", "the sign before `np.exp(z1 - z2)`", "the probability of the second class"),
    ],
)
def test_a_sign_or_brackets_are_no_less_a_fault_if_the_other_one_leaves_nothing_right(body, place, known):
    text = first_of_two.check(defined(f"def first_of_two(z1, z2):\n    return {body}\n", "first_of_two")).text
    assert f"two things: {place}" in text and f"a known mistake: {known}" in text
    assert "is too much" not in text  # a part of it left out leads to another mistake, and away from this one


def test_of_several_things_at_once_none_is_called_right():
    def area(a, b, c):
        """Two squares and a strip."""
        return a**2 + b**2 + c

    ex = Exercise(area, cases={"": [(1.0, 2.0, 0.5), (2.0, 5.0, 3.0), (3.0, 1.5, 1.0), (0.7, 7.0, 2.0)]}, hints=[])
    ex.mistakes += [
        ("no first square", lambda a, b, c: b**2 + c, "The second square is right. Yours is too small. Where is a?"),
        ("no second square", lambda a, b, c: a**2 + c, "The first square is right. What of b?"),
    ]
    assert "The first square is right." in ex.check(lambda a, b, c: a**2 + c).text
    text = ex.check(lambda a, b, c: float(str(c))).text  # both, and in no way that one change cures
    assert "two known mistakes at once: no first square; and no second square.\nWhere is a? What of b?" in text
    for factor in (-1, 3):
        text = ex.check(lambda a, b, c, factor=factor: factor * float(str(a**2 + c))).text
        assert "no second square" in text and "What of b?" in text and "is right" not in text


def test_a_part_that_stands_in_the_place_of_another_is_named():
    def step(w, v, lr):
        """The next point, and what moved it."""
        return w**3 - np.exp(v) * lr, np.exp(v) * lr

    cases = [(1.0, 0.5, 0.1), (2.0, -1.0, 0.2), (0.3, 3.0, 0.7), (-1.0, 0.4, 0.05)]
    ex = pair("the point", "the velocity, v", cases={"": cases}, hints=[])(step)
    ex.mistakes.append(("in the wrong order", lambda w, v, lr: step(w, v, lr)[::-1], "First the point."))
    text = ex.check(lambda w, v, lr: (math.sin(w), w**3 - np.exp(v) * lr)).text
    assert "the velocity, v: yours is the point." in text and "wrong order" not in text


def test_a_number_of_steps_that_is_one_off_a_known_mistake_is_told_so():
    def rounds(n, k):
        """How many boxes of k for n things."""
        return -(-n // k)

    ex = Exercise(rounds, cases={"": [(9, 2), (20, 3), (31, 4), (50, 7), (5, 5)]}, hints=[])
    ex.mistakes.append(("things and boxes exchanged", lambda n, k: n * k, "Which is divided?"))
    text = ex.check(defined("def rounds(n, k):\n    return sum(k for _ in range(n)) + 1\n", "rounds")).text
    assert "1 more than those of a known mistake: things and boxes exchanged" in text or "`+ 1` is too much" in text


def test_a_half_that_is_rounded_to_nothing_is_named():
    source = "def quadratic_model(L, g, H, d):\n    return L + g @ d + 1 // 2 * d @ H @ d\n"
    text = quadratic_model.check(defined(source, "quadratic_model")).text
    assert text.startswith("`1 // 2` is 0") and "the bend dᵀHd is left out" in text


def test_what_leaves_out_something_computed_is_no_second_fault():
    def average(x):
        """The mean."""
        return sum(x) / len(x)

    some = [([1.0, 3.0, 2.0],), ([7.0, 1.0, 4.0],), ([5.0, 1.0, 0.5, 4.0],), ([0.3],)]
    ex = Exercise(average, cases={"": some}, hints=[])
    ex.mistakes.append(("the last one", lambda x: x[-1], "All of them count."))
    source = "def average(x):\n    m = 0.0\n    for n in x:\n        m = 0.9 * m + 0.1 * n\n    return m\n"
    assert "two things" not in ex.check(defined(source, "average")).text  # with n returned, m is never looked at


def test_a_mistake_that_ignores_an_argument_is_no_second_fault():
    def choices(n, k):
        """In how many ways."""
        return math.comb(n, k)

    ex = Exercise(choices, cases={"": [(3, 1), (4, 3), (10, 3), (6, 1), (5, 0)]}, hints=[])
    ex.mistakes.append(("n, whatever k is", lambda n, k: n, "Where does k come in?"))
    text = ex.check(defined("def choices(n, k):\n    return 2**n\n", "choices")).text
    assert "two things" not in text and "your code never uses `k`" in text


def test_an_error_that_is_explained_is_not_explained_again_by_leaving_out_its_line():
    source = "def softmax(z):\n    m = max(z, 0 * z)\n    return math.exp(z - m) / np.exp(z - m).sum()\n"
    text = softmax.check(defined(source, "softmax", math=math)).text
    assert "`np.maximum`" in text and "two things" not in text
    source = "def gd_step(w, g, lr):\n    return w - lr * math.fabs(g) * np.sign(g)\n"
    assert "Functions of `math` take one number" in gd_step.check(defined(source, math=math)).text


def test_in_a_tuple_of_axes_no_sum_is_missing():
    def spread(x):
        """The spread of each channel."""
        return x.std(axis=2)

    x = np.random.default_rng(0).normal(size=(4, 3, 5))
    ex = Exercise(spread, cases={"": [(x,), (2 * x,), (x[:2],)]}, hints=[])
    text = ex.check(defined("def spread(x):\n    return x.std(axis=(0, 1, 2))\n", "spread")).text
    assert "is missing" not in text


@pytest.mark.parametrize("factor, said", [(0.5, "divided by `2·√b`"), (2.0, "divided by `½·√b`"), (-1.0, "`−√b`")])
def test_a_divisor_is_told_with_its_number(factor, said):
    def scaled(a, b):
        """A number times another."""
        return a * a

    ex = Exercise(scaled, cases={"": [(1.5, 2.0), (2.0, 3.0), (3.0, 5.0), (0.7, 7.0), (4.0, 0.3)]}, hints=[])
    assert said in ex.check(lambda a, b: factor * a * a / np.sqrt(b)).text


def test_a_known_mistake_with_the_other_sign_is_called_so():
    def half(a, b):
        """A mean."""
        return (a + b) / 2

    ex = Exercise(half, cases={"": [(1.0, 2.0), (2.0, 5.0), (3.0, 1.5), (0.7, 7.0)]}, hints=[])
    ex.mistakes.append(("the larger one", max, "Half of both together."))
    text = ex.check(lambda a, b: min(-a, -b)).text
    assert "a known mistake, with the other sign: the larger one" in text and "1 times" not in text


def test_the_search_ends_where_a_changed_loop_would_not():
    source = "def gd_step(w, g, lr):\n    k = 0\n    while k < 3:\n        k = k + 1\n    return w - k * lr * g\n"
    begin = time.thread_time()
    assert "`k *` is too much" in gd_step.check(defined(source)).text
    assert time.thread_time() - begin < 5


def test_code_that_reaches_outside_is_run_on_the_cases_only():
    kept, made = np.zeros(2), []
    for line in ("kept[0] += 1", "made.extend([1])\n    global kept", "open"):
        source = f"def gd_step(w, g, lr):\n    {line}\n    return w - 2 * lr * g\n"
        if "global" in line:
            source = source.replace("made.extend([1])\n    global kept", "global made\n    made = [*made, 1]")
        function = defined(source, kept=kept, made=made)
        assert "place" not in gd_step.check(function).text
    assert kept[0] == len(gd_step.cases)


def test_the_search_does_not_touch_the_function_or_its_cell():
    function = defined("def gd_step(w, g, lr=0.5):\n    return w - lr * g / 2\n")
    before = function.__code__, function.__defaults__, dict(function.__globals__)
    gd_step.check(function)
    assert (function.__code__, function.__defaults__, dict(function.__globals__)) == before


def test_a_function_without_a_source_is_judged_by_its_numbers():
    space = {}
    exec("def gd_step(w, g, lr):\n    return w - 2 * lr * g\n", space)
    assert "exactly `w − 2·lr·g`" in gd_step.check(space["gd_step"]).text


@exercise(
    cases={"some": [(8.0, 1), (3.0, 2), (1.5, 3)], "none": [(5.0, 0)], "large": [(1e6, 5)]},
    hints=["Halve it.", "And again."],
)
def halved(x, n):
    """x, halved n times."""
    return x / 2**n


ONE_PLACE = {  # what is wrong in one place, and what is said of it
    "return (x / 2) ** n": "the brackets are not where they belong in `(x / 2) ** n`",
    "return 0 if n >= 0 else x / 2**n": "the two sides of `else` are exchanged",
    "return np.minimum(x / 2**n, n)": "`np.minimum(…)` around `x / 2**n` is too much",
    "return np.exp2(-n * x)": "the brackets of `np.exp2(…)` do not end where they should",
    "path = []\n    for _ in range(n):\n        path = [path[0] / 2]\n    return path[0]": "`[]` is empty at first",
    "y = x\n    for _ in range(n):\n        if y < -9:\n            y = y / 2\n    return y": "asks for the opposite",
    "h = 1\n    y = x / h\n    for _ in range(n):\n        h = 2 * h\n    return y": "stands at the wrong place",
    "y = x\n    for _ in range(n):\n        y = x / 2\n    return y": "`x` is not what belongs there",
    "m, e = np.frexp(x)\n    return np.ldexp(float(e), int(m) - n)": "the names in `m, e = np.frexp(x)`",
}  # fmt: skip


@pytest.mark.parametrize("body", ONE_PLACE)
def test_every_kind_of_change_is_tried(body):
    text = halved.check(defined(f"def halved(x, n):\n    {body}\n", "halved")).text
    assert ONE_PLACE[body] in text and "With one change at that place all 5 cases are right." in text


def test_the_place_that_is_named_is_the_one_closest_to_the_answer():
    @exercise(cases={"all": [(2.0, 3.0), (0.5, 4.0), (3.0, 1.5), (1.2, 2.2)]}, hints=["Of what?"])
    def total(x, y):
        return np.tanh(x) * y

    source = "def total(x, y):\n    a = np.tanh(x)\n    b = a\n    return b\n"
    text = total.check(defined(source, "total")).text
    assert "at `b` a factor or a divisor is missing in `return b`" in text


def test_how_many_there_are_is_told_from_how_many_rows():
    @exercise(
        cases={"all": [(np.arange(1.0 * n * k).reshape(n, k) ** 1.5,) for n, k in [(2, 3), (4, 2), (3, 3), (5, 1)]]},
        hints=["Rows."],
    )
    def per_row(X):
        """The sum of all entries, over the number of rows."""
        return X.sum() / len(X)

    text = per_row.check(defined("def per_row(X):\n    return X.sum() / X.size\n", "per_row")).text
    assert "`X.size` counts all numbers" in text and "all 4 cases are right" in text


def test_in_a_sum_a_term_may_be_missing_and_in_a_question_nothing_is():
    @exercise(cases={"all": [(5, 2), (6, 3), (4, 1), (9, 4)]}, hints=["Count."])
    def ways(n, k):
        return sum(math.comb(i, k - 1) for i in range(n))

    text = ways.check(defined("def ways(n, k):\n    return sum(math.comb(i, k) for i in range(n))\n", "ways")).text
    assert "at `k` a term is missing" in text
    source = "def ways(n, k):\n    if n < 0:\n        return 0\n    return sum(math.comb(i, k) for i in range(n + 1))\n"
    assert "`n < 0`" not in ways.check(defined(source, "ways")).text


def test_the_same_fault_in_two_places_is_told_of_both():
    source = "def gd_step(w, g, lr):\n    a = 2 * w\n    b = 2 * g\n    return a - lr * b\n"
    assert "`2 *` is too much in `a = 2 * w`. So it is with `2 * g`." in gd_step.check(defined(source)).text


def test_a_change_that_grows_without_end_is_given_up():
    source = """def gd_step(w, g, lr):
    seen = []
    for k in range(40):
        seen.append(w)
        w = w - lr * g / 30
    return np.array(seen)[-1]
"""
    begin = time.thread_time()
    assert gd_step.check(defined(source)).outcome == "incorrect"
    assert time.thread_time() - begin < 5


def test_a_module_that_was_not_imported_is_named_and_what_comes_then():
    source = "def gd_step(w, g, lr):\n    return [a - math.prod([lr, b]) for a, b in zip(w, g)]\n"
    function = defined(source)
    assert gd_step.check(function).outcome == "correct"
    del function.__globals__["math"]
    assert "write `import math` first. Then it is correct." in gd_step.check(function).text
    function = defined(source.replace("a -", "a +"))
    del function.__globals__["math"]
    assert "write `import math` first. Then: your numbers are those of a known mistake" in gd_step.check(function).text


def test_infinity_is_no_fault_where_it_is_right():
    @exercise(cases={"all": [(0.0,), (1.0,), (2.0,), (4.0,)]}, hints=["Upside down."])
    def upside_down(x):
        return 1 / x if x else math.inf

    text = upside_down.check(lambda x: 1 / (x + 0.5) if x else math.inf).text
    assert "infinite" not in text and "yours is `inf`" not in text
    text = upside_down.check(lambda x: 1 / x if x and x != 2 else math.inf).text
    assert "in 1 of 4 cases yours is infinite where a number is asked for" in text


@exercise(cases={"all": [(2.0, 3.0), (0.5, 4.0), (3.0, 1.5), (1.2, 2.2), (5.0, 0.7)]}, hints=["Squares."])
def energy(m, v):
    """Half of m v²."""
    return m * v**2 / 2


SHOULD = "with twice `{}` the answer should be {} what it was"
REACTS = [
    (lambda m, v: m * np.exp(v), SHOULD.format("v", "4 times") + ", in every case; yours is not."),
    (lambda m, v: v**1.5 / m**3, SHOULD.format("m", "twice") + "; yours is then 0.125 times what it was."),
    (lambda m, v: np.random.default_rng(int(m * v)).normal(m * v**2 / 2, 1), "your function draws random numbers"),
]


@pytest.mark.parametrize("answer, said", REACTS)
def test_what_cannot_be_named_is_told_how_it_should_react(answer, said, monkeypatch):
    monkeypatch.setattr(edits, "tree_of", lambda function: None)
    assert said in energy.check(answer).text


def test_a_half_known_mistake_is_named_only_if_it_explains_more_than_the_right_answer():
    words = "minimum maximum saddle degenerate".split()
    for n in (1, 2, 5):  # few answers are wrong, and wrong in a way of their own
        count = itertools.count()
        text = classify.check(lambda e, n=n, c=count: C(e) if next(c) > n else words[next(c) % 4]).text
        assert "known mistake" not in text or "in 50 of 50" in text


@pair(
    "the difference",
    "the mean",
    cases={"some": [(np.arange(k, k + 4.0).reshape(2, 2) ** 1.5,) for k in range(1, 6)]},
    hints=["First the mean.", "Then subtract it."],
)
def centred(X):
    """X less its mean, and the mean: two things of different shapes."""
    return X - X.mean(), X.mean()


centred.mistakes.append(("the mean is added", lambda X: (X + X.mean(), X.mean()), "Take it away."))


@pytest.mark.parametrize(
    "answer, said",
    [
        (lambda X: [X - np.mean(X), np.float32(np.mean(X))], "agrees on all 5 cases"),
        (lambda X: (X + X.mean(), X.mean()), "your numbers are those of a known mistake: the mean is added."),
        (lambda X: (X - X.mean(), X.sum()), "the difference is right.\nthe mean: in every case you return"),
        (lambda X: (X + X.mean(), X.sum()), "the difference: your numbers are those of a known mistake"),
        (lambda X: X - X.mean(), "asked for are, in this order, the difference and the mean"),
        (lambda X: (X.values, 1.0), "AttributeError: 'numpy.ndarray' object has no attribute 'values'"),
    ],
)  # fmt: skip
def test_parts_of_different_shapes_are_judged_one_by_one(answer, said):
    assert said in centred.check(answer).text


def test_an_argument_is_changed_only_if_it_is():
    from optim_core.exercises.running import run

    ragged = [np.array([1.0, np.nan]), np.array([2.0])]
    unchanged = [(np.array([np.nan, 1.0]),), (ragged,), ({"a": ragged},), (np.random.default_rng(0),), (float("nan"),)]
    for args in unchanged:
        assert run(lambda x: x, args).changed == ()

    def changes(x):
        x[-1][...] = 7.0

    for args in [(ragged,), (np.ones((2, 2)),)]:
        assert run(changes, args).changed == (0,)


# The blank --------------------------------------------------------------------------------------------------------

BLANKS = [
    "3 * ____ ** 2 - 1 / ____ @ ____",
    "np.eye(2) @ ____ + np.ones(2)",
    "-abs(____) // 2",
    "divmod(____, 2)",
    "____(1, key=2)[3].real.T",
    "np.sqrt(____) + np.linalg.eigh(____)[1][:, 0]",
    "np.where(____ > 0, 1, 2)",
    "np.array([1.0, ____])",
    "np.array([1.0, ____]) * 2 + np.ones(2)",
    "round(____, 2)",
    "[1, {'a': ____}]",
]


@pytest.mark.parametrize("expression", BLANKS)
def test_a_blank_spreads_through_an_expression(expression):
    assert has_blank(eval(expression))


def test_a_blank_can_stand_in_any_statement():
    source = """
        ____.x = ____[0] = 3
        del ____[0]
        if ____ or ____ == 1 or ____ != 1 or ____ < 1 or 1 in ____:
            raise AssertionError("a blank is false")
        for x in ____:
            raise AssertionError("a blank is empty")
        with ____ as y:
            total = sum(____) + len(list(____)) + len(range(____))
        text = f"{____:.3f} {____!r} {____}"
        values = math.sqrt(____), np.zeros(____), np.arange(5)[____:], {____: 1}
    """
    space = {"____": ____, "np": np, "math": math}
    exec(textwrap.dedent(source), space)
    assert space["text"] == "____ ____ ____" and space["total"] == 0


def test_a_blank_shows_as_itself_and_hides_nothing_from_displays():
    assert repr(____) == str(____) == "____"
    assert not any(hasattr(____, name) for name in ("_repr_html_", "_ipython_display_", "__array__", "__len__"))


def test_a_blank_is_found_wherever_it_hides():
    def in_a_default(w, g, lr=____):
        return w - lr * g

    def never_reached(w, g, lr):
        if lr > 100:
            return ____
        return w - lr * g

    def inside(w, g, lr):
        return (lambda: w - ____ * g)()

    def helper(w):
        return ____ * w

    def by_a_helper(w, g, lr):
        return helper(w)

    def by_a_name(w, g, lr):
        return w - lr * g if other else 0

    def among_others(w, g, lr):
        return [w, other]

    other = ____
    cells = (in_a_default, never_reached, inside, by_a_helper, by_a_name, among_others, ____, ..., lambda w, g, lr: ...)
    for cell in cells:
        if cell is in_a_default:
            assert gd_step.check(lambda w, g, lr: in_a_default(w, g)).outcome == "not attempted yet"
        else:
            assert gd_step.check(cell).outcome == "not attempted yet"


def test_a_blank_of_another_exercise_does_not_disturb_this_one():
    before = Blank.uses
    ____ + 1
    assert Blank.uses > before and gd_step.check(gd_step.reference).outcome == "correct"


# Choices and predictions ------------------------------------------------------------------------------------------


def test_a_key_may_be_written_as_people_write_it():
    q = CHOICES["contours"]
    assert {q.answer(key).outcome for key in ("b", "B", " b ", "b)", "(b)", "b.")} == {"correct"}


def test_a_choice_shows_its_question_and_its_options():
    q = Choice("Is 1 < 2?", {"a": ("yes", "Count."), "b": ("no", "Count again.")}, correct="a")
    assert repr(q) == "Is 1 < 2?\n  a) yes\n  b) no"
    assert "Is 1 &lt; 2?" in q._repr_html_()
    with pytest.raises(ValueError, match="correct = 'c': must be one of a, b"):
        Choice("?", {"a": ("yes", ""), "b": ("no", "")}, correct="c")


def prediction(**how):
    return Predict("How many?", lambda: 50, **how)


@pytest.mark.parametrize(
    "how, value, outcome, words",
    [
        (dict(factor=2), 50, "correct", "Exactly."),
        (dict(factor=2), 30, "correct", "Close enough: too low by a factor 1.67."),
        (dict(factor=2), 99, "correct", "Close enough: too high by a factor 1.98."),
        (dict(factor=2), 50.01, "correct", "As good as exactly."),
        (dict(factor=2), 5000, "incorrect", "Too high by a factor 100."),
        (dict(factor=2), -50, "incorrect", "Too low by 100."),
        (dict(factor=2), 0, "incorrect", "Too low by 50."),
        (dict(tolerance=5), 45, "correct", "Close enough: too low by 5."),
        (dict(tolerance=5), 44, "incorrect", "Too low by 6."),
        (dict(tolerance=5), 49.085786, "correct", "Close enough: too low by 0.914."),
        (dict(tolerance=5), np.float64(56.5), "incorrect", "Too high by 6.5."),
        (dict(tolerance=0), 50, "correct", "Exactly."),
    ],
)
def test_a_number_is_judged_by_its_factor_or_its_distance(how, value, outcome, words):
    p = prediction(why="Of {measured}.", **how)
    assert p.commit(value).outcome == "committed"
    assert p.reveal() == Result(outcome, f"you predicted {value:.6g}; measured: 50. {words} Of 50.")


def test_a_prediction_comes_before_the_measurement_and_stays():
    p = prediction(factor=2)
    assert p.reveal().outcome == p.commit().outcome == p.commit(float("nan")).outcome == "not attempted yet"
    assert p.commit("many").outcome == p.commit(True).outcome == "not attempted yet"
    p.commit(10)
    assert p.commit(20).text == "your prediction is 20. Now reveal."
    assert p.reveal().outcome == "incorrect"
    assert p.commit(50) == Result("already revealed", "your prediction was 20, and it stays.")
    assert p.commit(20).outcome == "committed" and p.reveal().outcome == "incorrect"


def test_an_unmeasured_prediction_has_measured_nothing():
    calls = []
    p = Predict("?", lambda: calls.append(1) or "a", options={"a": "yes", "b": "no"})
    p.reveal(), p.commit("B")
    assert calls == []
    assert p.reveal().text == "you predicted b) no; measured: a) yes."
    assert calls == [1]


@pytest.mark.parametrize("how", [{}, dict(factor=2, tolerance=1), dict(options={"a": "x"}, factor=2)])
def test_a_prediction_is_judged_in_one_way(how):
    with pytest.raises(ValueError, match="exactly one of options, factor and tolerance"):
        prediction(**how)


# Results, claims, imports -----------------------------------------------------------------------------------------


def test_a_result_says_its_outcome_in_words_and_escapes_what_it_quotes():
    r = Result("incorrect", "`a < b` & <script>")
    assert repr(r) == "Incorrect: `a < b` & <script>"
    assert "<b>Incorrect:</b> <code>a &lt; b</code> &amp; &lt;script&gt;" in r._repr_html_()
    colours = {
        re.search("#[0-9A-F]{6}|#888888", Result(o, "")._repr_html_())[0] for o in ("correct", "incorrect", "hint 1")
    }
    assert len(colours) == 3


@pytest.fixture
def claims():
    before = dict(CLAIMS)
    CLAIMS.clear()
    yield CLAIMS
    CLAIMS.clear()
    CLAIMS.update(before)


@pytest.mark.parametrize("value", [0.0066, 3, np.float64(2.5), np.array(7), np.array([1e-300])])
def test_a_claim_is_kept_as_a_number_and_may_be_repeated(claims, value):
    assert claim("final-loss", value) is None
    claim("final-loss", float(np.ravel(value)[0]) * (1 + 1e-12))
    assert claims == {"final-loss": float(np.ravel(value)[0])}


NOTHING = [lambda: np.arange(3)[7], lambda: min([]), lambda: np.array([]).max(), lambda: 1 // 0, lambda: math.nan]


@pytest.mark.parametrize("value", [math.nan, math.inf, "3", None, True, [1, 2], 1j, *NOTHING])
def test_a_claim_without_one_finite_number_is_a_sentence_and_the_cell_goes_on(claims, value):
    with pytest.warns(
        UserWarning, match='^the text quotes a number as "x"; this cell now (computes|has none:) .'
    ) as said:
        claim("x", value)
    assert claims == {} and "\n" not in str(said[0].message)


def test_a_claim_may_be_computed_when_it_is_asked_for_and_a_slip_in_it_is_no_experiment(claims):
    claim("x", lambda: 3)
    assert claims == {"x": 3.0}
    with pytest.raises(NameError):
        claim("y", lambda: not_there)  # noqa: F821


@pytest.mark.parametrize("name", ["", "two words", "a<b", None, 3])
def test_the_name_of_a_claim_fits_into_the_comment_that_quotes_it(claims, name):
    with pytest.raises(ValueError, match="name = "):
        claim(name, 1.0)


def test_another_number_under_the_same_name_is_refused_where_warnings_are_errors(claims):
    claim("steps", 48)
    with pytest.warns(UserWarning, match='the text quotes 48 as "steps"; this cell now computes 49'):
        claim("steps", 49)
    assert claims == {"steps": 48.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            claim("steps", 49)


def test_the_exercises_need_neither_widgets_nor_pictures():
    code = (
        "import sys, optim_core.exercises, optim_core.exercises.kinds;"
        "print([m for m in ('matplotlib', 'ipywidgets', 'IPython', 'scipy', 'sympy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_everything_public_is_documented():
    from optim_core import exercises

    for name in set(exercises.__all__) - {"CLAIMS", "____"}:
        assert inspect.getdoc(getattr(exercises, name)), name


# What is said of a fault of Python's, from the code ------------------------------------------------------------------

IN_PLACE = {  # what stands in the function, and what is advised
    "x /= 2\n    return x": "`x = x / …` instead of `x /= …`",
    "x[:] = x / 2\n    return x": "`x[:] = x / 2` changes it: work on `x.copy()`.",
    "y = x\n    y /= 2\n    return y": "Work on `x.copy()`.",
}


@exercise(cases={"all": [(np.array([1.0, k]),) for k in (2.0, 3.0, 4.0)]}, hints=["Half."])
def halves(x):
    return x / 2


@pytest.mark.parametrize("body", IN_PLACE)
def test_what_changes_an_argument_is_told_from_the_code(body):
    text = halves.check(defined(f"def halves(x):\n    {body}\n", "halves")).text
    assert "changes its argument `x` in place" in text and IN_PLACE[body] in text


def test_two_arguments_that_are_one_array_are_not_one_for_the_student():
    one = np.zeros(2)
    ex = Exercise(lambda x, y: x + 1 + y, cases={"": [(one, one)] * 3}, hints=[])

    def added(x, y):
        x += 1
        return x + y

    text = ex.check(added).text
    assert "your answers are right" in text and "its argument `x` in place" in text


def test_a_question_whose_answer_no_longer_matters_is_not_called_the_fault():
    @exercise(cases={"all": [(np.array([k, -1.0, 0.5 * k]), 1.0) for k in (2.0, -3.0, 0.25, 4.0)]}, hints=["Clip."])
    def clipped(g, theta):
        return np.clip(g, -theta, theta)

    clipped.mistakes.append(("all to the limit", lambda g, theta: theta * np.sign(g), "Small ones stay."))
    source = (
        "def clipped(g, theta):\n    if np.abs(g).max() > theta:\n        return theta * np.sign(g)\n    return g\n"
    )
    text = clipped.check(defined(source, "clipped")).text  # −theta in the question makes it the mistake, always
    assert "two things" not in text and "sign of `theta`" not in text
    source = "def clipped(g, theta):\n    if g[0] >= 0:\n        return np.clip(g, -theta, theta)\n"
    text = clipped.check(defined(source, "clipped")).text
    assert "returns nothing" in text and "With one change" not in text


def test_a_word_beside_or_is_always_true():
    @exercise(cases={"all": [("a", 1.0), ("b", 2.0), ("c", 3.0)]}, hints=["Which?"])
    def chosen(kind, x):
        return x if kind in ("a", "b") else -x

    source = "def chosen(kind, x):\n    return x if kind == 'a' or 'b' else -x\n"
    assert "`kind == 'a' or 'b'` is always true: `'b'` alone" in chosen.check(defined(source, "chosen")).text


def test_a_name_that_is_never_read_is_told():
    source = "def halves(x):\n    y = x / 2\n    return x\n"
    assert "`y` is never read" in halves.check(defined(source, "halves")).text
    assert "never read" not in halves.check(defined(source.replace("return x", "return 2 * y"), "halves")).text


def test_the_place_is_the_one_of_several_that_are_alike():
    @exercise(cases={"all": [(np.array([1.0, k, 4.0]), np.array([k, 1.0])) for k in (2.0, 3.0, 5.0)]}, hints=["x"])
    def scaled(x, y):
        return (y - x.mean()) / x.std()

    source = "def scaled(x, y):\n    return (y - x.mean()) / y.std()\n"
    assert "the second `y` is not what belongs there" in scaled.check(defined(source, "scaled")).text
    source = "def scaled(x, y):\n    return (y - y.mean()) / y.std()\n"
    assert "With one change at that place" not in scaled.check(defined(source, "scaled")).text


def test_a_comma_before_three_digits_is_asked_about_where_the_number_is_to_be_exact():
    p = Predict("What is its loss?", lambda: 1.461, tolerance=0.1)
    assert p.commit("1,461").text == "`1,461` may be 1461 or 1.461. Commit to one of them." and p.prediction is None
    assert p.commit("1,46").outcome == "committed" and p.prediction == 1.46
    steps = Predict("How many steps?", lambda: 1000, factor=2)
    assert steps.commit("1,000").outcome == "committed" and steps.prediction == 1000
    assert "To which base?" in p.commit("log(e + 9) - 1").text
