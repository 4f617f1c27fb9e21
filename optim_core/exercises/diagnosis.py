"""In which way is an answer off? What its numbers tell when no known mistake fits them exactly.

`describe` looks at the answers to all cases at once: nothing returned, the wrong kind of thing, another shape, not a
number, a constant factor, one term of a sum, half of a known mistake, an argument that is never used, only one group of
cases.  It says what it sees and shows one case; it never shows code.
"""

import re
from fractions import Fraction

import numpy as np

from .running import run


def numbers(value):
    """`value` as an array of floats (complex only if something is imaginary), or None if it is not made of numbers.

    >>> numbers([1, 2]), numbers("two"), numbers(True)
    (array([1., 2.]), None, None)
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iufc":
            return None
        return array.astype(complex) if np.iscomplexobj(array) and array.imag.any() else array.real.astype(float)
    except Exception:  # whatever a student's object does when numpy looks at it
        return None


def one_number(value):
    """A finite float, or None.

    >>> one_number(np.array(3)), one_number([1, 2]), one_number(float("nan"))
    (3.0, None, None)
    """
    array = numbers(value)
    if array is None or array.size != 1 or np.iscomplexobj(array) or not np.isfinite(array).all():
        return None
    return float(array.item())


def close(got, expected, rtol=1e-6, atol=1e-9):
    """Are two answers the same: equal words, or numbers of one shape within rtol and atol (NaN equals NaN).

    >>> close(0.1 + 0.2, 0.3), close([1.0], 1.0), close("Saddle", "saddle")
    (True, False, False)
    """
    if isinstance(expected, str) or isinstance(got, str):
        return isinstance(got, str) and isinstance(expected, str) and str(got) == str(expected)
    a, b = numbers(got), numbers(expected)
    if a is None or b is None:
        return got is None and expected is None
    with np.errstate(all="ignore"):
        return a.shape == b.shape and np.allclose(a, b, rtol, atol, equal_nan=True)


def up_to_sign(got, expected):
    """`close`, where v and −v are the same answer, as for an eigenvector.

    >>> up_to_sign([-1.0, 2.0], [1.0, -2.0])
    True
    """
    other = numbers(expected)
    return close(got, expected) or (other is not None and close(got, -other))


def show(value, longest=100):
    """A value on one short line, the same on every machine.

    >>> show(1 / 3), show(np.eye(2)), show([np.float64(0.5), 2]), show(min), show(np.zeros((9, 9)))
    ('0.333333', '[[1, 0], [0, 1]]', '[0.5, 2]', '<built-in function min>', 'an array of shape (9, 9)')
    """
    try:
        array = None if isinstance(value, int) else numbers(value)
        if array is None:
            text = re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))
        elif array.ndim == 0:
            text = f"{array.item():.6g}"
        else:
            text = np.array2string(array + 0.0, separator=", ", formatter={"all": "{:.4g}".format})
            text = text if len(text) <= longest else f"an array of shape {array.shape}"
        text = " ".join(text.split())
    except Exception:  # a repr that raises
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= longest else text[: longest - 1] + "…"


def quoted(value):
    """`show` as code."""
    return f"`{show(value).replace('`', chr(39))}`"


def kind_of(value):
    """What a value is, in plain words.

    >>> kind_of("up"), kind_of(np.eye(2)), kind_of(None), kind_of((1, "a"))
    ("the word `'up'`", 'an array of shape (2, 2)', 'nothing (`None`)', "a tuple, `(1, 'a')`")
    """
    array = numbers(value)
    if value is None:
        return "nothing (`None`)"
    if isinstance(value, (bool, np.bool_)):
        return f"a truth value, `{bool(value)}`"
    if isinstance(value, str):
        return f"the word {quoted(str(value))}"
    for kind in (list, tuple, dict, set):
        if isinstance(value, kind):
            return f"a {kind.__name__}, {quoted(value)}"
    if array is not None:
        return f"the number {quoted(value)}" if array.ndim == 0 else f"an array of shape {array.shape}"
    if isinstance(value, np.ndarray):
        return f"an array of {'truth values' if value.dtype == bool else 'things that are not numbers'}"
    return f"a function, {quoted(value)}" if callable(value) else f"something of type {type(value).__name__}"


@np.errstate(all="ignore")
def describe(ex, function, runs, right):
    """What can be said about a wrong answer, most telling thing first. `right`: for each case, is it right?"""
    k = next((k for k, r in enumerate(runs) if r.error is not None), None)
    if k is not None:
        text = _error(ex, runs[k])
    else:
        got, want = [r.value for r in runs], ex.expected
        looks = (look(ex, got, want) for look in (_nothing, _kind, _words, _shapes, _not_finite, _numbers))
        text, k = next(filter(None, looks), (None, None))
        text = text or _argument(ex, function, runs) or _half_known(ex, runs, right) or _count(right, got, want)
        k = right.index(False) if k is None else k
        text += "\n" + _example(ex, runs[k], want[k])
    if any(r.changed for r in runs):
        text += f"\nAlso, {changed_argument(ex, runs)}"
    bad = {group for group, ok in zip(ex.groups, right, strict=True) if not ok}
    good = [group for group in dict.fromkeys(ex.groups) if group not in bad]
    if good:
        bad = [group for group in dict.fromkeys(ex.groups) if group in bad]
        text += f"\nIt is right for: {'; '.join(good)}. Not for: {'; '.join(bad)}."
    if runs[k].warned:
        text += f"\nnumpy warned: {runs[k].warned}."
    if runs[k].printed:
        text += f"\nIt printed {quoted(runs[k].printed)}."
    return text


def _example(ex, r, want):
    array = numbers(r.value)
    if array is not None and array.shape == np.shape(want):
        want = _aligned(ex, array, want)[1]
    text = f"For example `{ex.call(r.args)}` should be {quoted(want)}; yours is {quoted(r.value)}."
    remark = ex.remark(array, *r.args) if ex.remark and array is not None else None
    return f"{text} {remark}" if remark else text


def changed_argument(ex, runs):
    """A sentence on the first argument that was changed in place."""
    name = ex.arguments[next(r.changed[0] for r in runs if r.changed)]
    return (
        f"your function changes its argument `{name}` in place, and whoever called it still needs that. "
        f"Make a new array: `{name} = {name} - …` instead of `{name} -= …`, or work on `{name}.copy()`."
    )


def interrupted(ex, args):
    """What is said when the student stops the kernel during a check."""
    return f"you stopped your function while it ran as `{ex.call(args)}`. Is there a loop without an end?"


ADVICE = {  # part of an error message: what usually stands behind it
    "truth value of an array": "An `if` needs one truth value; comparing an array gives many. `np.all` or `np.any`?",
    "recursion": "Your function calls itself and never stops doing so.",
    "NoneType": "Somewhere a `None` is used as a number: is a `return` missing in a function that you call?",
    "not subscriptable": "You put `[…]` behind a single number.",
    "matmul": "`@` needs arrays whose shapes fit; for two numbers, or entry by entry, it is `*`.",
}


def _error(ex, r):
    try:
        message = " ".join(str(r.error).split())[:300]
    except Exception:  # an error that cannot even say what it is
        message = ""
    text = f"your function stopped with {type(r.error).__name__}{message and ': '}{message}"
    text += f"\nin the line `{r.line}`" if r.line else ""
    text += f"\nwhen called as `{ex.call(r.args)}`."
    advice = next((advice for part, advice in ADVICE.items() if part in message), None)
    return f"{text}\n{advice}" if advice else text


# A look takes the exercise and the answers got and wanted for every case. It returns None, or a sentence and the case
# to show with it (None: the first wrong one). Each may rely on the looks before it having found nothing.


def _nothing(ex, got, want):
    empty = [k for k, value in enumerate(got) if value is None]
    if len(empty) == len(got):
        return "your function returns nothing. Is there a `return` in its last line (not a `print`)?", None
    if empty:
        return "sometimes your function returns nothing: one of its ways through has no `return`.", empty[0]


def _kind(ex, got, want):
    for k, (value, expected) in enumerate(zip(got, want, strict=True)):
        word = isinstance(expected, str)
        if not isinstance(value, str) if word else numbers(value) is None:
            wanted = "a word" if word else "a number" if np.ndim(expected) == 0 else kind_of(expected)
            brackets = " Did you forget the brackets of a call?" if callable(value) else ""
            return f"your function returns {kind_of(value)}; {wanted} is asked for.{brackets}", k


def _words(ex, got, want):
    if not isinstance(want[0], str):
        return None
    allowed = list(dict.fromkeys(want))
    if all(g.strip(" .!").lower() == w for g, w in zip(got, want, strict=True)):
        return f"right, apart from the spelling: the words are {', '.join(map(quoted, allowed))}, exactly so.", None
    for k, word in enumerate(got):
        if word not in allowed:
            return f"{quoted(word)} is not one of the words asked for: {', '.join(map(quoted, allowed))}.", k
    if len(set(got)) == 1:
        return f"your function answers {quoted(got[0])} whatever it is given.", None
    mixed = {(g, w) for g, w in zip(got, want, strict=True) if g != w}
    g, w = min(mixed)
    if mixed == {(g, w)}:
        return f"all that is wrong is of one kind: you say {quoted(g)} where {quoted(w)} is right.", None
    if mixed == {(g, w), (w, g)}:
        return f"you have exchanged {quoted(g)} and {quoted(w)}.", None


def _shapes(ex, got, want):
    for k, (a, b) in enumerate(zip(map(numbers, got), map(numbers, want), strict=True)):
        if isinstance(want[0], str) or a.shape == b.shape:
            continue
        returns = f"your function returns {kind_of(a)}"
        if a.size == 1 and b.ndim == 0:
            return f"your function wraps its number in an array of shape {a.shape}: return the number itself.", k
        if a.size == b.size and ex.same(a.T.reshape(b.shape), b):
            return f"the numbers are right, but their shape is {a.shape} and should be {b.shape}.", k
        if b.ndim == 0 and ex.same(a.sum(), b):
            return f"{returns}. What is asked for is one number, the sum of its entries.", k
        if b.ndim == 0:
            return f"{returns} where one number is asked for: is a sum, or an `@`, missing?", k
        return f"{returns} where the shape {b.shape} is asked for.", k


def _not_finite(ex, got, want):
    for k, value in enumerate(got):
        a = numbers(value)
        if a is not None and np.isnan(a).any():
            return "something becomes NaN, not a number: 0/0, ∞ − ∞, a root or a logarithm of something negative.", k
        if a is not None and np.isinf(a).any():
            return "something becomes infinite: a division by zero, or an overflow.", k
        if np.iscomplexobj(a):
            return "some of your numbers are complex: a root of something negative?", k


def _numbers(ex, got, want):
    """What all numbers have in common; their shapes agree and everything is finite by now."""
    if isinstance(want[0], str):
        return None
    pairs = [_aligned(ex, numbers(g), numbers(w)) for g, w in zip(got, want, strict=True)]
    a, b = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    text = _one_rule(a, b) or _sum_of_terms(ex, a, b) or _rearranged(pairs)
    return text and (text, None)


def _aligned(ex, got, want):
    """Where the sign of the answer is free, take the expected answer with the sign of the student's."""
    array = None if isinstance(want, str) else numbers(want)  # a reference may answer with a list
    flip = array is not None and ex.same(-array, want) and np.vdot(got, array) < 0
    return got, -array if flip else want


FACTORS = {Fraction(1, 2): "half", Fraction(2): "twice", Fraction(3): "three times", Fraction(1, 3): "a third of"}
RULES = {
    "the square of what is expected": np.square,
    "the square root of what is expected": np.sqrt,
    "the absolute value of what is expected": np.abs,
    "1 over what is expected": np.reciprocal,
    "the logarithm of what is expected": np.log,
    "e to the power of what is expected": np.exp,
    "what is expected, rounded down": np.floor,
    "what is expected, rounded up": np.ceil,
    "what is expected, rounded to whole numbers": np.round,
} | {f"what is expected, rounded to {k} decimals": lambda b, k=k: np.round(b, k) for k in range(1, 6)}


def _one_rule(a, b):
    """Does one rule lead from every expected number in b to the student's in a?"""
    if close(a, np.full_like(a, a[0])):
        return f"your function returns {quoted(a[0])} whatever it is given."
    if close(a, -b):
        return "your numbers have the right size and the wrong sign, in every case."
    factor, offset = a @ b / (b @ b), a[0] - b[0]
    if close(a, factor * b):
        simple = FACTORS.get(Fraction(factor).limit_denominator(1000), f"{factor:.4g} times")
        return f"in every case you return exactly {simple} what is expected."
    if close(a, b + offset):
        return f"in every case your number is too {'large' if offset > 0 else 'small'} by {quoted(abs(offset))}."
    for what, rule in RULES.items():
        if close(a, rule(b)):
            return f"in every case you return {what}."
    worst = np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-9))
    if worst < 0.02:
        return (
            f"your numbers are close, within {100 * worst:.2g} %, and not equal. Is something rounded or approximated?"
        )


def _rearranged(pairs):
    """For answers that are vectors or matrices: parallel? transposed? in another order?"""
    if any(w.ndim == 0 for _, w in pairs):
        return None
    if all(close(g.T, w) for g, w in pairs):
        return "your matrices are transposed: rows and columns are exchanged."
    if all(close(np.sort(g, axis=None), np.sort(w, axis=None)) for g, w in pairs):
        return "you have the right numbers in the wrong order."
    cosines = [np.vdot(g, w) / (np.linalg.norm(g) * np.linalg.norm(w)) for g, w in pairs]
    if close(np.abs(cosines), np.ones(len(pairs))):
        way = "the right" if min(cosines) > 0 else "exactly the wrong"
        return f"your vectors point {way} way, and their length is not right."


def _sum_of_terms(ex, a, b):
    """If the answer is a sum Σ cᵢ·termᵢ, find the cᵢ and say which of them are off."""
    if not ex.terms:
        return None
    columns = np.stack([np.concatenate([np.ravel(t(*args)) for args in ex.cases]) for t in ex.terms.values()], axis=-1)
    mine, theirs = (np.linalg.lstsq(columns, y, rcond=None)[0] for y in (a, b))
    if not close(columns @ mine, a):
        return None
    found = list(zip(ex.terms, mine.round(7), theirs.round(7), strict=True))
    parts = [f"{'−' if c < 0 else '+'} {'' if abs(c) == 1 else f'{abs(c):.4g}·'}{name}" for name, c, _ in found if c]
    text = f"your numbers are exactly `{' '.join(parts).removeprefix('+ ')}`."
    for name, c, right in found:
        if c != right:
            wrong = "is missing" if not c else "does not belong there" if not right else "should have another factor"
            text += f" The term `{name}` {'has the wrong sign' if c == -right else wrong}."
    return text


def _argument(ex, function, runs):
    """Is there an argument that the answer ignores, or one that it is right without?"""
    if isinstance(ex.expected[0], str) or len(ex.arguments) == 1:
        return None

    def answers(f, k, factor):
        """The answers of f to the first cases, with argument k multiplied by a factor."""
        cases = [(*r.args[:k], factor * np.asarray(r.args[k]), *r.args[k + 1 :]) for r in runs[:8]]
        return [run(f, args).value for args in cases]

    def same(some, others):
        return all(ex.same(a, b) for a, b in zip(some, others, strict=True))

    for k, name in enumerate(ex.arguments):
        ignored = same(answers(function, k, 1.0), answers(function, k, 1.25))
        if ignored and not same(answers(ex.reference, k, 1.0), answers(ex.reference, k, 1.25)):
            return f"your answer does not change when `{name}` changes."
    for k, name in enumerate(ex.arguments):
        without = answers(ex.reference, k, 0.0)
        known = [numbers(a) for a in without]  # None where the reference itself fails without this argument
        if all(a is not None and np.isfinite(a).all() for a in known) and same(answers(function, k, 0.0), without):
            return f"your answer is right as long as `{name}` is zero. How does `{name}` come in?"


def _half_known(ex, runs, right):
    """The known mistake that reproduces most of the wrong answers, if it is a good part of them."""
    wrong = [k for k, ok in enumerate(right) if not ok]
    hits = [sum(ex.alike(runs[k], mistaken[k]) for k in wrong) for mistaken in ex.known]
    best = int(np.argmax(hits)) if hits else 0
    if hits and hits[best] >= max(3, 0.4 * len(wrong)):
        what, _, look = ex.mistakes[best]
        return f"{hits[best]} of your {len(wrong)} wrong answers are those of a known mistake: {what}.\n{look}"


def _count(right, got, want):
    """How often it is right, and on which side the wrong numbers lie."""
    text = f"your function is {f'right in {sum(right)} of {len(right)}' if any(right) else 'wrong in all'} cases"
    if not isinstance(want[0], str) and np.ndim(want[0]) == 0:
        above = {bool(numbers(g) > w) for g, w, ok in zip(got, want, right, strict=True) if not ok}
        if len(above) == 1:
            text += f", and its number is then always too {'large' if True in above else 'small'}"
    return text + "."
