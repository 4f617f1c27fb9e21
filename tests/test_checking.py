"""How answers are checked: wrong ones that nobody listed, blanks, choices, predictions, claims."""

import inspect
import itertools
import math
import re
import subprocess
import sys
import textwrap
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optim_core.chapters.critical_points import exercises as critical_points
from optim_core.chapters.critical_points.exercises import classify, escape_direction, escape_steps, quadratic_model
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
    exercise,
    has_blank,
    up_to_sign,
)
from optim_core.exercises.blank import Blank


def found(kind):
    """All exercises, choices or predictions of the chapters, by name."""
    objects = {**vars(critical_points), **vars(start_here)}
    return {name: thing for name, thing in objects.items() if isinstance(thing, kind)}


EXERCISES, CHOICES = found(Exercise), found(Choice)


def each(objects):
    return pytest.mark.parametrize("name", objects)


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
    up = sum(x > 1e-7 * largest for x in eigenvalues)
    down = sum(x < -1e-7 * largest for x in eigenvalues)
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
        "The term `dᵀHd` is missing. The term `dᵀd` does not",
    ),
    (quadratic_model, lambda L, g, H, d: 0.5 * d @ H @ d, "The term `L` is missing. The term `gᵀd` is missing."),
    (quadratic_model, lambda L, g, H, d: L + g @ d + d @ d * np.linalg.det(H), "right as long as `H` is zero"),
    (quadratic_model, lambda L, g, H, d: abs(Q(L, g, H, d)), "the absolute value of what is expected"),
    (quadratic_model, lambda L, g, H, d: round(Q(L, g, H, d), 2), "rounded to 2 decimals"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) * (1 + 1e-3 * np.sin(L)), "close, within 0.096 %"),
    (quadratic_model, lambda L, g, H, d: np.array([Q(L, g, H, d)]), "wraps its number in an array of shape (1,)"),
    (quadratic_model, lambda L, g, H, d: L / len(d) + g * d + d * (H @ d) / 2, "one number, the sum of its entries"),
    (quadratic_model, lambda L, g, H, d: [L, g @ d], "where one number is asked for"),
    (quadratic_model, lambda L, g, H, d: None, "returns nothing. Is there a `return`"),
    (quadratic_model, lambda L, g, H, d: "2.0", "the word `'2.0'`; a number is asked for"),
    (quadratic_model, lambda L, g, H, d: True, "a truth value, `True`; a number is asked for"),
    (quadratic_model, lambda L, g, H, d: np.dot, "Did you forget the brackets of a call?"),
    (quadratic_model, lambda L, g, H, d: {"loss": 1.0}, "returns a dict"),
    (quadratic_model, lambda L, g, H, d: np.log(L), "NaN, not a number"),
    (quadratic_model, lambda L, g, H, d: np.log(L), "numpy warned: invalid value encountered in log"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) / np.float64(0), "infinite: a division by zero"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) + 1j, "complex"),
    (quadratic_model, lambda L, g, H, d: 4.2, "returns `4.2` whatever it is given"),
    (quadratic_model, lambda L, g, H, d: Q(L, g, H, d) + (d @ d) ** 2, "right as long as `d` is zero"),
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
    (classify, lambda e: "saddle", "answers `'saddle'` whatever it is given"),
    (classify, lambda e: np.all(e > 0), "a truth value, `True`; a word is asked for"),
    (classify, lambda e: [C(e)], "returns a list, `['minimum']`; a word is asked for"),
    (classify, lambda e: "saddle" if C(e) == "maximum" else C(e), "you say `'saddle'` where `'maximum'` is right"),
    (classify, lambda e: "minimum" if e.mean() > 0 else "saddle", "known mistake: the sum of the eigenvalues decides"),
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
    (escape_direction, lambda H: np.abs(E(H)), "the absolute value of what is expected"),
    (escape_direction, lambda H: E(H).round(2), "rounded to 2 decimals"),
    (escape_direction, lambda H: E(H)[:2], "of shape (2,) where the shape (3,) is asked for"),
    (escape_direction, lambda H: E(H)[0], "where the shape (2,) is asked for"),
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
        "does not change when `eigenvalue` changes",
    ),
    (escape_steps, lambda u, r, lr, e: 1 / S(u, r, lr, e), "1 over what is expected"),
    (escape_steps, lambda u, r, lr, e: S(u, r, lr, e) + 10 * u, "the distance is 1.01, not 1"),
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
    (gd_step, lambda w, g, lr: w - lr * g[0], "right as long as `g` is zero"),
    (gd_step, lambda w, g, lr: w - np.exp(g), "does not change when `lr` changes"),
    (gd_step, lambda w, g, lr: np.sum(w - lr * g), "where the shape (2,) is asked for"),
    (gd_step, lambda w, g, lr: (w - lr * g, g), "shape (2, 2) where the shape (2,) is asked for"),
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
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected, capsys):
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
    assert result.text and repr(result) and "0x" not in repr(result)
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
        (dict(factor=2), 5000, "incorrect", "Too high by a factor 100."),
        (dict(factor=2), -50, "incorrect", "Too low by 100."),
        (dict(factor=2), 0, "incorrect", "Too low by 50."),
        (dict(tolerance=5), 45, "correct", "Close enough: too low by 5."),
        (dict(tolerance=5), 44, "incorrect", "Too low by 6."),
        (dict(tolerance=5), np.float64(56.5), "incorrect", "Too high by 6.5."),
        (dict(tolerance=0), 50, "correct", "Exactly."),
    ],
)
def test_a_number_is_judged_by_its_factor_or_its_distance(how, value, outcome, words):
    p = prediction(why="Of {measured}.", **how)
    assert p.commit(value).outcome == "committed"
    assert p.reveal() == Result(outcome, f"you predicted {value:g}; measured: 50. {words} Of 50.")


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


@pytest.mark.parametrize("value", [math.nan, math.inf, "3", None, True, [1, 2], 1j])
def test_a_claim_is_one_finite_number(claims, value):
    with pytest.raises(ValueError, match="value = .*: must be one finite number"):
        claim("x", value)
    assert claims == {}


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
