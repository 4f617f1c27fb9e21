"""In which way is an answer off? What its numbers tell when no known mistake fits them exactly.

`describe` looks at the answers to all cases at once: an error, nothing returned, the wrong kind of thing, another
shape, not a number; a rule that all numbers follow; one place in the code where a change makes everything right; a term
of a sum, an argument that is never used, two known mistakes at once, most of a known mistake, only one group of cases.
It says what it has seen in every case, and shows the most telling one; it never shows code that would be right.
"""

import dis
import functools
import importlib
import inspect
import itertools
import re
import types
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ..refuse import listed
from . import edits, rules
from .errors import advice
from .running import Run, quiet, run
from .values import apart, close, extent, kind_of, numbers, one_number, quoted, show, up_to_sign, word

__all__ = ["apart", "close", "describe", "kind_of", "numbers", "one_number", "quoted", "show", "up_to_sign", "word"]


def describe(ex, function, runs, right, score=None):
    """What can be said about a wrong answer, most telling thing first.

    right: for each case, is it right? score: the share of what is right; an exercise that judges otherwise gives it.
    """
    with quiet(), np.errstate(all="ignore"):
        return _described(ex, function, runs, right, ex.score(runs) if score is None else score)


def _described(ex, function, runs, right, score):
    k = next((k for k, r in enumerate(runs) if r.error is not None), None)
    if k is not None:
        if text := _import_missing(ex, function, runs[k].error):
            return text
        there = place(ex, function, right, score, two=False) or _where_it_runs(ex, runs, right)
        lines = [_error(ex, function, runs, k), there]
    else:
        got, want = [r.value for r in runs], ex.expected
        looks = (_nothing, _kind, _words, _shapes)
        seen = next(filter(None, (look(function, ex, got, want) for look in looks)), None)
        text, k = _in_the_code(ex, function, right, score, seen) if seen else _answers(ex, function, runs, right, score)
        k = telling(ex, runs, right) if k is None else k
        lines = [text, _example(ex, runs[k], want[k])]
    lines = [loose(function), thrown_away(function), *lines]
    if any(r.changed for r in runs):
        lines.append(f"Also, {changed_argument(ex, runs, function)}")
    lines += [unread(function, getattr(ex, "broken", None)), _groups(ex, right)]
    if runs[k].warned and not run(ex.reference, ex.cases[k]).warned:
        lines.append(f"numpy warned: {runs[k].warned}.")
    if runs[k].printed:
        lines.append(f"It printed {quoted(runs[k].printed)}.")
    return "\n".join(filter(None, lines))


def _groups(ex, right):
    """Which groups of cases are right, which are not, and which are in some cases; nothing where none is right."""
    seen = {group: set() for group in ex.groups}
    for group, ok in zip(ex.groups, right, strict=True):
        seen[group].add(bool(ok))
    how = {"It is right for": {True}, "Not for": {False}, "Only in some cases for": {True, False}}
    found = {words: [group for group, was in seen.items() if was == which] for words, which in how.items()}
    if not found["It is right for"]:
        return None
    return " ".join(f"{words}: {'; '.join(groups)}." for words, groups in found.items() if groups)


def telling(ex, runs, right):
    """The case to show: of those that are wrong the first that is plainly so; the simplest come first.

    Of several things at once those that are mostly wrong are to be wrong in it, as far as there is such a case.
    """
    want = ex.expected

    def bad_parts(k):
        a, b = numbers(runs[k].value), numbers(want[k])
        if not ex.parts or a is None or b is None or np.shape(a) != np.shape(b):
            return [True] * len(ex.parts)
        return [not close(mine, its) for mine, its in zip(a, b, strict=True)]

    def off(k):
        a, b = numbers(runs[k].value), numbers(want[k])
        if a is None or b is None or a.shape != b.shape or not np.isfinite(a).all():
            return np.inf
        return np.max(np.abs(a - b), initial=0) / max(np.max(np.abs(b), initial=0), 1e-9)

    wrong = [k for k, ok in enumerate(right) if not ok]
    parts = np.array([bad_parts(k) for k in wrong])
    most = (parts & (parts.mean(0) >= 0.5)).sum(1) if ex.parts else np.zeros(len(wrong))
    wrong = [k for k, count in zip(wrong, most, strict=True) if count == max(most)]
    offs = [off(k) for k in wrong]
    offs = np.nan_to_num(offs, nan=1.0, posinf=1.0)  # infinite where a number is wanted, or the other way round
    return next(k for k, d in zip(wrong, offs, strict=True) if d >= 0.1 * min(max(offs), 1.0))


def _example(ex, r, want):
    array = numbers(r.value)
    if array is not None and word(want) is None and array.shape == np.shape(want):
        want = _aligned(ex, array, want)
    text = f"For example `{ex.call(r.args)}` {apart(r.value, want)}."
    remark = ex.remark(array, *r.args) if ex.remark and array is not None else None
    return f"{text} {remark}" if remark else text


def in_general(look):
    """What to look at, without what holds of this mistake alone: what is right, and what "yours" does or is.

    >>> in_general("The velocity is right. Your point moves against it. The point moves with it.")
    'The point moves with it.'
    """
    alone = r"^Yours?\b|^(?!.*\b(whether|where)\b).*\b(is|are) right\.$"
    return " ".join(one for one in re.split(r"(?<=[.?!])\s+", look) if not re.search(alone, one))


def changed_argument(ex, runs, function):
    """A sentence on the arguments that `function` has changed in place."""
    told = sorted({k for r in runs for k in r.changed})
    names = [f"`{ex.arguments[k]}`" for k in told]
    which = f"its argument {names[0]}" if len(names) == 1 else f"its arguments {listed(names)}"
    how, line = edits.written_to(function, told[0])
    name = line and re.match(r"\w+", line)[0]
    if how in edits.OPERATIONS:
        cure = f"Make a new array: `{name} = {name} {how} …` instead of `{name} {how}= …`, or work on `{name}.copy()`."
    elif how == "sort":
        cure = f"`{line}` sorts it where it stands; `np.sort({name})` gives a new array."
    else:
        cure = f"{f'`{line}` changes it: work' if line else 'Work'} on {names[0][:-1]}.copy()`."
    return f"your function changes {which} in place, and whoever called it still needs that. {cure}"


def interrupted(ex, r):
    """What is said when the student stops the kernel during a check, or the function would fill the memory."""
    if isinstance(r.error, MemoryError):
        where = f"\nin the line `{r.line}`" if r.line else ""
        text = f"your function stopped with MemoryError: it asked for more than there is reason for{where}"
        return f"{text}\nwhen called as `{ex.call(r.args)}`.\nIs there a loop without an end, in which something grows?"
    return (
        f"you stopped your function while it ran as `{ex.call(r.args)}`. Is there a loop without an end? "
        "Or one through more things than can be gone through?"
    )


def thrown_away(function):
    """What is said of something that is calculated and not kept, or None."""
    text = edits.thrown_away(function)
    return text and f"what `{text}` gives is not kept: it changes nothing. Is an `=`, or a `return`, missing?"


def unread(function, given=None):
    """What is said of names that are never read, or None; given: a loop that may have had them already."""
    before = edits.unread(given) if given else []
    names = [f"`{name}`" for name in edits.unread(function) if name not in before]
    are = "is" if len(names) == 1 else "are"
    return f"{listed(names)} {are} never read: what is noted there is lost." if names else None


def loose(function):
    """What is said of a comparison that is not the one that was meant, or of `1 // 2`; or None."""
    if naught := edits.naught(function):
        when = f" as soon as `{naught[1]}` is larger than 1" if naught[1] else ""
        return f"`{naught[0]}` is 0{when}: `//` leaves whole numbers only."
    if so := edits.always_so(function):
        return f"`{so[0]}` is always true: `{so[1]}` alone counts as true. A comparison is needed on both sides."
    if truth := edits.truth_compared(function):
        return f"in `{truth}` a True or a False is compared with a number: the comparison belongs inside the brackets."
    text = edits.loose(function)
    first = "`&` or `|` comes first: it binds more tightly than a comparison, around which brackets are missing"
    return text and f"in `{text}` the {first}."


MODULES = {name: name for name in "math cmath random statistics itertools functools operator".split()} | {"np": "numpy"}


def _import_missing(ex, function, error):
    """Where only an `import` is missing: what it would be with it; or None."""
    name, own = getattr(error, "name", None), inspect.unwrap(function)
    if not isinstance(error, NameError) or name not in MODULES or not inspect.isfunction(own):
        return None
    space = {**own.__globals__, name: importlib.import_module(MODULES[name])}
    made = types.FunctionType(own.__code__, space, own.__name__, own.__defaults__, own.__closure__)
    made.__kwdefaults__ = own.__kwdefaults__
    line = f"import {MODULES[name]}{' as np' if name == 'np' else ''}"
    result = ex.check(made)
    then = "Then it is correct." if result.outcome == "correct" else f"Then: {result.text}"
    return f"`{name}` is a module, and nothing here has imported it: write `{line}` first. {then}"


def _error(ex, function, runs, k):
    """What is said of an error."""
    r, message = runs[k], ""
    try:
        message = " ".join(str(r.error).split())[:300]
    except Exception:  # an error that cannot even say what it is
        pass
    text = f"your function stopped with {type(r.error).__name__}{message and ': '}{message}"
    text += f"\nin the line `{r.line}`" if r.line else ""
    text += f"\nwhen called as `{ex.call(r.args)}`."
    hint = _comma(function) if "tuple" in message else None
    hint = hint or advice(r.error, message, r.line, ex.arguments)
    return f"{text}\n{hint}" if hint else text


def _where_it_runs(ex, runs, right):
    """What is said of the cases without an error, if these are wrong: a known mistake, or one of them."""
    ran = [k for k, r in enumerate(runs) if r.error is None]
    if all(right[k] for k in ran):
        return None
    k = telling(ex, runs, [ok or r.error is not None for ok, r in zip(right, runs, strict=True)])
    shown = f"Where it runs it is not right either. {_example(ex, runs[k], ex.expected[k])}"
    if len(ran) < 4:
        return shown
    if family := _family(ex, runs):
        return f"Where it runs, {family}"
    for (what, _, look), mistaken in zip(ex.mistakes, ex.known, strict=True):
        if not isinstance(mistaken[0], Run):
            return shown
        if all(ex.alike(runs[k], mistaken[k]) for k in ran):
            return f"Where it runs, your {ex.answers} are those of a known mistake: {what}.\n{look}"
    return shown


def place(ex, function, right, score, two=True):
    """The place in the code where one change makes everything right; or makes it a known mistake, if two is true."""
    text, known = edits.one_change(function, ex, right, score, two)
    if text is None:
        return None
    if known is None:
        where = "each such place" if text.endswith("and so wherever it stands.") else "that place"
        return f"{text}\nWith one change at {where} all {len(right)} cases are right."
    what, wrong, look = ex.mistakes[known]
    if len(_never_loaded(wrong, ex.arguments)) > len(_never_loaded(ex.reference, ex.arguments)):
        return None  # what ignores an argument is reached from nearly everywhere, by leaving things out
    if np.ndim(ex.expected[0]) == 0 and np.ndim(getattr(ex.known[known][0], "value", 0)):
        return None  # several numbers where one is asked for: what is missing first leads to one
    kind = edits.Likely if isinstance(text, edits.Likely) else str
    with_that = f"With that changed your {ex.answers} are those of a known mistake: {what}."
    return kind(f"two things: {text}\n{with_that}\n{in_general(look)}".strip())


class Seen(NamedTuple):
    """What a look at the answers has found: a sentence, and what it leaves open.

    case: the one to show with it (None: the most telling one); guess: how the sentence ends where nothing is found in
    the code; settled: nothing is left to say; two: a change in the code may be one of two faults; reshaped: all numbers
    are right.
    """

    text: str
    case: int | None = None
    guess: str = ""
    settled: bool = False
    two: bool = True
    reshaped: bool = False


def _in_the_code(ex, function, right, score, seen):
    """What was seen of the answers, and what is found in the code beside it; and the case to show."""
    there = None
    if not seen.settled:
        there = place(ex, function, right, score, seen.two) or _unused(ex, function) or _overwritten(ex, function)
    if there and "a largest is missing" in there and seen.reshaped:
        there = None  # a sum over an axis of one entry takes it away, but nothing is to be added up
    text = seen.text if there or not seen.guess else f"{seen.text.removesuffix('.')}{seen.guess}"
    return "\n".join(filter(None, [text, there])), seen.case


# A look takes the function, the exercise, and the answers got and wanted for every case. It returns None, or what it
# has seen. Each may rely on the looks before it having found nothing.


def _nothing(function, ex, got, want):
    empty = [k for k, value in enumerate(got) if value is None]
    if len(empty) == len(got):
        return Seen("your function returns nothing. Is there a `return` in its last line (not a `print`)?")
    if empty and (inside := edits.returns_in_loop(function)):
        where = f"`{inside}` stands inside the loop, which therefore ends in its first round"
        return Seen(f"{where}; and where there is no round, nothing is returned.", empty[0], settled=True)
    if empty:
        how = "returns `None`" if edits.returns_none(function) else "has no `return`"
        text = f"sometimes your function returns nothing: one of its ways through {how}."
        return Seen(text, empty[0], two=False)  # what lacks a way out is not mended by a sign


def _kind(function, ex, got, want):
    for k, (value, expected) in enumerate(zip(got, want, strict=True)):
        wants_word = word(expected) is not None
        if word(value) is None if wants_word else numbers(value) is None:
            if ex.parts and not wants_word:
                return Seen(missing_part(ex, value, expected), k)
            if right_part := _right_part(function, ex, got, want):
                return Seen(right_part, k, settled=True)
            wanted = "a word" if wants_word else "a number" if np.ndim(expected) == 0 else kind_of(expected)
            brackets = " Did you forget the brackets of a call?" if callable(value) else ""
            return Seen(f"your function returns {kind_of(value)}; {wanted} is asked for.{brackets}", k)


def _comma(function):
    """What is said of a comma at the end of a line that makes it a tuple; or None."""
    line = edits.lone_comma(function)
    return line and f"The comma at the end of `{line}` makes a tuple of it."


def _right_part(function, ex, got, want):
    """One of several things that are returned is what is asked for."""
    if all(isinstance(value, (tuple, list)) and len(value) == len(got[0]) for value in got):
        for j in range(len(got[0])):
            if all(ex.same(value[j], its) for value, its in zip(got, want, strict=True)):
                which = "it is in brackets" if len(got[0]) == 1 else f"number {j + 1} of them is right"
                things = "one thing" if len(got[0]) == 1 else f"{len(got[0])} things"
                text = f"your function returns {things}, and {which}: return it alone."
                return " ".join(filter(None, [text, _comma(function)]))
    return None


def missing_part(ex, value, expected):
    """Which part of several is of the wrong kind."""
    if not isinstance(value, (tuple, list)) or len(value) != len(ex.parts):
        return f"your function returns {_counted(value)}; {_asked_for(ex)}"
    for name, mine, its in zip(ex.parts, value, expected, strict=True):
        array = numbers(mine)
        if array is None:
            brackets = " Did you forget the brackets of a call?" if callable(mine) else ""
            return f"{name} that your function returns is {kind_of(mine)}; {kind_of(its)} is asked for.{brackets}"
        if array.shape != np.shape(its):
            return f"{name} that your function returns is {kind_of(mine)}; asked for is {kind_of(its)}."
    return f"your function returns {kind_of(value)}; {_asked_for(ex)}"


def _counted(value):
    """What is returned where several things are asked for: of a tuple, how many things."""
    return f"{len(value)} things" if isinstance(value, tuple) and len(value) > 1 else kind_of(value)


def _asked_for(ex):
    """What is asked for where it is several things."""
    return f"asked for are, in this order, {listed(ex.parts)}."


def _parts_there(ex, got, want):
    """Where what is returned is rightly a part, which one is missing; where all are there, what is too much."""
    pieces = [value if isinstance(value, tuple) else (value,) for value in got]
    if len({len(piece) for piece in pieces}) > 1:
        return None
    alike = [[all(map(ex.same, mine, its)) for its in zip(*want, strict=True)] for mine in zip(*pieces, strict=True)]
    there = [row.index(True) if any(row) else None for row in alike]
    names = [*ex.parts]
    if None not in there and there == sorted(set(there)):
        missing = listed([name for j, name in enumerate(names) if j not in there])
        returned = listed([names[j] for j in there])
        return f"your function returns {returned}, rightly, and not {missing}; {_asked_for(ex)}"
    if [j for j in there if j is not None] == list(range(len(names))):
        extra = listed([f"number {i + 1}" for i, j in enumerate(there) if j is None])
        return f"your function returns {len(there)} things. {extra.capitalize()} is too much: {_asked_for(ex)}"
    return None


def _words(function, ex, got, want):
    if word(want[0]) is None:
        return None
    got, allowed = list(map(word, got)), list(dict.fromkeys(want))
    if all(g.strip(" .!").lower() == w for g, w in zip(got, want, strict=True)):
        return Seen(f"right, apart from the spelling: the words are {', '.join(map(quoted, allowed))}, exactly so.")
    for k, said in enumerate(got):
        if said not in allowed:
            return Seen(f"{quoted(said)} is not one of the words asked for: {', '.join(map(quoted, allowed))}.", k)
    if len(set(got)) == 1:
        return Seen(f"your function answers {quoted(got[0])} in every case.")
    wrong = {(g, w) for g, w in zip(got, want, strict=True) if g != w}
    if len(wrong) == 2 and {(w, g) for g, w in wrong} == wrong:
        g, w = min(wrong)
        if all(mine != its for mine, its in zip(got, want, strict=True) if its in (g, w)):
            return Seen(f"you have exchanged {quoted(g)} and {quoted(w)}.")


PARTS = {"the first part": 0, "the last part": -1, "the first two parts": slice(0, 2), "all but the last": slice(0, -1)}


def _picked(function):
    """What is said of square brackets with a question or a range in them, if there are some."""
    what, found = edits.picked(function)
    alone = "A single number picks it alone."
    return what and f" In `{found}` a {what} may pick any number of entries, even if it is one only. {alone}"


def _shapes(function, ex, got, want):
    """The shapes of all answers; what is said of one holds for all that have the wrong shape."""
    if word(want[0]) is not None:
        return None
    pairs = [
        (k, a, b)
        for k, (a, b) in enumerate(zip(map(numbers, got), map(numbers, want), strict=True))
        if a.shape != b.shape
    ]
    if not pairs:
        return None
    k, a, b = pairs[0]
    several = isinstance(got[k], tuple) and not ex.parts and len(got[k]) > 1
    one = np.ndim(a) == 0
    returns = f"your function returns {f'{len(got[k])} things' if several else kind_of(a) if one else extent(got[k])}"
    if all(isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) for value in got):
        if all(np.ndim(its) == 0 and len(value) == its for value, its in zip(got, want, strict=True)):
            return Seen(f"your function returns {kind_of(got[k])}: asked for is how many there are in it.", k)
    if all(a.shape == b.T.shape and ex.same(a.T, b) for _, a, b in pairs) and a.ndim > 1:
        return Seen(f"the numbers are right, but rows and columns are exchanged: {a.shape} in place of {b.shape}.", k)
    if ex.parts and (a.ndim != b.ndim or len(a) != len(b)):
        if all(a.size == b.size and a.ndim > b.ndim and ex.same(a.reshape(b.shape), b) for _, a, b in pairs):
            why = _comma(function) or f"`{show(got[k])}` has a pair of brackets too many."
            return Seen(f"the numbers are right, but not their shape. {why}", k)
        if text := _parts_there(ex, got, want):
            return Seen(text, k)
        return Seen(f"your function returns {_counted(got[k])}; {_asked_for(ex)}", k)
    if all(a.size == 1 and b.ndim == 0 for _, a, b in pairs):
        if all(ex.same(a.item(), b) for _, a, b in pairs):
            text = f"your function wraps its number in {extent(got[k])}: return the number itself.{_picked(function)}"
            return Seen(" ".join(filter(None, [text, _comma(function)])), k, reshaped=True)
    elif all(a.size == b.size and ex.same(a.reshape(b.shape), b) for _, a, b in pairs):
        text = f"the numbers are right, but their shape is {a.shape} and should be {b.shape}.{_picked(function)}"
        return Seen(text, k, reshaped=True)
    elif all(a.ndim == b.ndim + 1 > 1 and ex.same(a.sum(0), b) for _, a, b in pairs):
        return Seen(f"{returns}. What is asked for is {kind_of(b)}, the sum of its rows.", k)
    elif all(b.ndim == 0 and ex.same(a.sum(), b) for _, a, b in pairs):
        return Seen(f"{returns}. What is asked for is one number, the sum of its entries.", k)
    elif all(b.ndim == 0 and ex.same(a.mean(), b) for _, a, b in pairs):
        return Seen(f"{returns}. What is asked for is one number, the mean of its entries.", k)
    elif all(a.ndim == b.ndim == 1 and len(a) < len(b) and ex.same(a, b[: len(a)]) for _, a, b in pairs):
        return Seen(f"what your function returns is right and ends too early: {len(a)} of {len(b)} entries.", k)
    elif all(a.ndim == b.ndim == 1 and len(a) > len(b) and ex.same(a[: len(b)], b) for _, a, b in pairs):
        return Seen(
            f"what your function returns is right and goes on too long: {len(a)} entries in place of {len(b)}.", k
        )
    if all(a.ndim == 1 and b.ndim and ex.same(a, b[b != 0]) for _, a, b in pairs):
        gone = "`x[…]` with a question in it takes entries out; with `np.where` the others stay, as 0"
        return Seen(f"{returns}: the right numbers, without those that are 0, and without their places. {gone}.", k)
    if right_part := _right_part(function, ex, [list(np.atleast_1d(numbers(g))) for g in got], want):
        return Seen(right_part, k, settled=True)
    for which in (-1, 0):
        if all(a.ndim == b.ndim + 1 and a.size > 0 and ex.same(a[which], b) for _, a, b in pairs):
            row = "entry" if b.ndim == 0 else "row" if isinstance(got[k], np.ndarray) else "part"
            return Seen(f"{returns}: its {'last' if which else 'first'} {row} is what is asked for, alone.", k)
    for what, part in PARTS.items():
        if all(b.ndim and ex.same(a, b[part]) for _, a, b in pairs):
            return Seen(f"{returns}: {what} of what is asked for, and not the rest.", k)
    if several:
        return Seen(f"{returns} where one is asked for: {kind_of(b)}.", k)
    if b.ndim == 0:
        arrays = any(np.ndim(arg) for args in ex.cases for arg in args)
        text = f"{returns} where one number is asked for"
        if arrays:
            return Seen(f"{text}.", k, guess=": is a sum, or an `@`, missing?")
        return Seen(f"{text}: which of its entries is it?", k)
    if a.ndim == b.ndim == 1 and not isinstance(got[k], np.ndarray):
        return Seen(f"{returns} where {len(b)} are asked for.", k)
    return Seen(f"{returns} where the shape {b.shape} is asked for.", k)


# Answers of the right kind and shape ------------------------------------------------------------------------------


def _answers(ex, function, runs, right, score):
    """A sentence on wrong answers that have the right kind and shape, and the case to show (None: the most telling)."""
    if word(ex.expected[0]) is not None:
        there = place(ex, function, right, score)
        lines = [] if isinstance(there, edits.Likely) else [there]  # few words: what is likely may be an accident
        if not any(lines):
            lines = [_half_known(ex, runs, right), _confused(ex, runs)]
            lines = lines if any(lines) else [there]
            lines = lines if any(lines) else [_never_said(ex, runs), _count(ex, runs, right)]
        return "\n".join(filter(None, lines)), None
    got = [numbers(r.value) for r in runs]
    want = [_aligned(ex, g, numbers(w)) for g, w in zip(got, ex.expected, strict=True)]
    finite = [_finite_as(g, w) or ok for g, w, ok in zip(got, want, right, strict=True)]
    sure = [k for k, ok in enumerate(finite) if ok and np.isfinite(got[k]).all() and np.isfinite(want[k]).all()]
    some = _Some(ex, sure)
    mine, its = [got[k] for k in sure], [want[k] for k in sure]
    enough = len(sure) == len(runs) or len(sure) > 2  # for a rule
    wrong_too, family = enough and any(not right[k] for k in sure), _family(ex, runs)
    if family:
        return family, None
    if drawn := _draws(ex, function, runs):  # of such numbers no rule says anything
        return "\n".join(filter(None, [_unused(ex, function), _overwritten(ex, function), drawn])), None
    if given := _given_back(ex, runs):
        return (wrong_too and _terms_and_readings(some, mine, its)) or given, None
    lines = [_rule(some, mine, its) if wrong_too else None, place(ex, function, right, score)]
    if lines[0] and "all rows of your answer are the same" in lines[0] and edits.appends(function):
        lines[0] += (
            " A list to which one array is appended again and again holds that one array many times, as it is in the "
            "end: change it by `w = w - …` and not by `w -= …`, or append a copy."
        )
    likely = isinstance(lines[1], edits.Likely) and not lines[0] and lines.pop()
    if not any(lines):
        lines.append(
            (wrong_too and _terms_and_readings(some, mine, its))
            or (_known_and_more(ex, sure, got, want) if wrong_too else None)
            or likely
            or (_each(some, rules.straight, mine, its) if wrong_too and mine else None)
            or _unused(ex, function)
            or _known_part(ex, runs, right)
            or _overwritten(ex, function)
            or _exchanged(ex, function)
            or _part_of_the_data(ex, runs)
            or _ignored(ex, function, runs)
            or _half_known(ex, runs, right)
            or (wrong_too and rules.near(mine, its))
            or (_reacts(ex, function, sure) if wrong_too else None)
        )
    if len(sure) < len(runs):  # what is rightly infinite was not looked at either
        lines = [line and line.replace("in every case", "wherever it is finite") for line in lines]
    if all(finite):
        return "\n".join(filter(None, lines)) or _count(ex, runs, right), None
    bad = [k for k, ok in enumerate(finite) if not ok]
    often = f"in {len(bad)} of {len(runs)} cases " if len(bad) < len(runs) else ""
    allowed = any(np.isinf(w).any() for w in want)  # infinity is an answer here, elsewhere
    lines.append(f"{often}{_not_finite(got[bad[0]], allowed)}")
    return "\n".join(filter(None, lines)), None if any(lines[:-1]) else bad[0]


def _each(some, rule, got, want):
    """A rule for all numbers; of several things for each that is wrong."""
    parts = [(f"{name}: ", [g[k] for g in got], [w[k] for w in want]) for k, name in enumerate(some.parts)]
    pairs = parts or [("", got, want)]
    said = [(name, rule(mine, its)) for name, mine, its in pairs if not rules.all_close(mine, its)]
    return "\n".join(f"{name}{text}" for name, text in said if text)


def _given_back(ex, runs):
    """Is it an argument that is returned, as it was?"""
    for k, name in enumerate(ex.arguments):
        values = [numbers(r.args[k]) for r in runs]
        if all(v is not None and v.ndim and ex.same(r.value, v) for r, v in zip(runs, values, strict=True)):
            return f"your function returns `{name}` as it was given, in every case."
    return None


def _family(ex, runs):
    """A known kind of mistake with a number of the student's own in it."""
    for what, guess, make, look in ex.families:
        try:
            x = float(guess([numbers(r.value) for r in runs]))
            wrong = make(x)
        except (TypeError, ValueError, ZeroDivisionError, FloatingPointError, IndexError):
            continue
        if np.isfinite(x) and all(ex.alike(r, run(wrong, r.args)) for r in runs if r.error is None):
            return f"your numbers are those of a known mistake: {what.format(x=f'{x:.4g}')}.\n{look}"
    return None


def _confused(ex, runs):
    """Which word stands in which word's place, if that is all that is wrong."""
    pairs = [(word(r.value), want) for r, want in zip(runs, ex.expected, strict=True)]
    wrong = {(g, w) for g, w in pairs if g != w}
    if len(wrong) == 1:
        (g, w) = wrong.pop()
        often, all_ = pairs.count((g, w)), sum(its == w for _, its in pairs)
        often = "in every such case" if often == all_ else f"in {often} of {rules.cases(all_)}"
        return f"all that is wrong: where {quoted(w)} is right you say {quoted(g)}, {often}."
    return None


def _finite_as(got, want):
    """Is everything a number that should be one?"""
    return not np.iscomplexobj(got) and bool(np.all(np.isfinite(got) | (got == want)))


def _never_said(ex, runs):
    """Which words are never said, and which of two is said most often in place of the other."""
    pairs = [(word(r.value), want) for r, want in zip(runs, ex.expected, strict=True)]
    missing = [quoted(w) for w in dict.fromkeys(ex.expected) if w not in {g for g, _ in pairs}]
    if missing:
        return f"in none of the {len(runs)} cases do you say {listed(missing)}."
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    g, w = max(wrong, key=wrong.count)
    return f"most often wrong: you say {quoted(g)} where {quoted(w)} is right, in {rules.cases(wrong.count((g, w)))}."


class _Some:
    """An exercise with some of its cases only, for rules that look at those."""

    def __init__(self, ex, which):
        self.ex, self.cases, self.arguments = ex, [ex.cases[k] for k in which], ex.arguments
        self.parts, self.terms, self.readings, self.steps = ex.parts, ex.terms, ex.readings, ex.steps
        self.expected = [ex.expected[k] for k in which]

    @functools.cached_property
    def quantities(self):
        """What its arguments offer as a factor or a term."""
        return rules.quantities(self)


def _not_finite(a, infinity_allowed=False):
    if np.isnan(a).any():
        return "something becomes NaN, not a number: 0/0, ∞ − ∞, a root or a logarithm of something negative."
    if np.isinf(a).any() and infinity_allowed:
        return "yours is infinite where a number is asked for."
    if np.isinf(a).any():
        return "something becomes infinite: a division by zero, or an overflow."
    return "some of your numbers are complex: a root of something negative?"


def _rule(some, got, want):
    """A rule for all numbers, or for each of the parts."""
    if not got:
        return None
    if some.parts:
        said = []
        for k, name in enumerate(some.parts):
            mine, its = [g[k] for g in got], [w[k] for w in want]
            if rules.all_close(mine, its):
                said.append(f"{name} is right.")
            else:
                said.append(_one(some, mine, its) and f"{name}: {_one(some, mine, its)}")
        if not all(said):
            said = [text for text in said if text and not text.endswith(" is right.")]
        return "\n".join(said)
    return _one(some, got, want)


def _one(some, got, want):
    return (
        rules.one_rule(got, want)
        or rules.depends(some, got, want)
        or (some.steps and rules.course(got, want))
        or rules.rearranged(got, want)
    )


def _aligned(ex, got, want):
    """Where the sign of the answer is free, the expected answer with the sign of the student's."""
    array = numbers(want)
    flip = array is not None and ex.same(-array, want) and np.vdot(got, array) < 0
    return -array if flip else array if array is not None else want


def _terms_and_readings(some, got, want):
    """An answer taken apart into terms; or something that can be read out of it and is such a sum."""
    if not got:
        return None
    parts = [(f"{name}: ", lambda x, k=k: x[k]) for k, name in enumerate(some.parts)] or [("", lambda x: x)]
    said = []
    for name, of in parts:
        mine, its = [of(g) for g in got], [of(w) for w in want]
        if not rules.all_close(mine, its):
            text = rules.sum_of_terms(some.terms, some.cases, mine, its)
            said.append(text and f"{name}{text}")
    if any(said):
        return "\n".join(filter(None, said))
    for name, (read, terms) in some.readings.items():
        mine, its = (
            [np.asarray(read(a, *args), float) for a, args in zip(side, some.cases, strict=True)]
            for side in (got, want)
        )
        if not all(np.isfinite(m).all() and np.isfinite(w).all() for m, w in zip(mine, its, strict=True)):
            continue
        columns = rules.columns(terms, some.cases, its)
        c = rules.coefficients(columns, rules.flat(mine))
        if c is not None and np.count_nonzero(c) < len(rules.flat(mine)):
            return f"{name} that your numbers speak of is `{rules.spelled(terms, c.round(7))}` in every case."
    return None


def _known_and_more(ex, sure, all_got, all_want):
    """A known mistake with a factor, or with the rest not finite; or two known mistakes at once."""
    known, got, want = [], [all_got[k] for k in sure], [all_want[k] for k in sure]
    for (what, _, look), mistaken in zip(ex.mistakes, ex.known, strict=True):
        arrays = [numbers(mistaken[k].value) if mistaken[k].error is None else None for k in sure]
        if all(
            a is not None and a.shape == w.shape and np.isfinite(a).all() for a, w in zip(arrays, want, strict=True)
        ):
            known.append((what, look, arrays))
    if len(got) < 3:
        return None
    a, b, some = rules.flat(got), rules.flat(want), _Some(ex, sure)
    for what, look, arrays in known:
        if len(sure) < len(all_got) and rules.all_close(got, arrays) and not rules.all_close(arrays, want):
            rest = [k for k in range(len(all_got)) if k not in sure]
            where = "where they" if not any(np.isfinite(all_got[k]).all() for k in rest) else "where the right ones"
            return f"{where} are finite, your numbers are those of a known mistake: {what}.\n{look}"
    accident, multiples = None, []
    for what, look, arrays in known:
        k = rules.flat(arrays)
        factor = a @ k / (k @ k) if k.any() else 0.0
        if factor and close(a, factor * k):
            if abs(factor - 1) < 1e-5:
                return f"your numbers are nearly those of a known mistake: {what}.\n{look}"
            if abs(factor + 1) < 1e-5:
                return f"your numbers are those of a known mistake, with the other sign: {what}.\n{in_general(look)}"
            if 0.01 <= abs(factor) <= 100:  # beyond that it is an accident
                simple = close(float(Fraction(factor).limit_denominator(12)), factor)
                more = f"\n{in_general(look)}" if simple else ""  # what follows from a mistake may not from e times it
                text = f"your numbers are {rules.times(factor)} those of a known mistake: {what}.{more}"
                if rules.is_telling(factor):
                    multiples.append((not simple, len(rules.times(factor)), len(multiples), text))
                accident = accident or text
        if np.ptp(k) > 0 and (abs(off := a[0] - k[0]) == 1) and np.all(a - k == off) and np.all(b == np.round(b)):
            side = "1 more" if off > 0 else "1 less"
            return f"your numbers are {side} than those of a known mistake: {what}.\n{in_general(look)}".strip()
        if factor := rules.plain_factor(some, got, arrays):
            return f"your numbers are those of a known mistake, {factor}: {what}.\n{in_general(look)}"
    if multiples:
        return min(multiples)[-1]
    table = np.array([rules.flat(arrays) for _, _, arrays in known])
    for k, (one, look1, _) in enumerate(known[:-1]):
        x, y = table[k], table[k + 1 :]  # y: each of the later ones
        sums = rules.equal_rows(x + y - b, a)
        products = rules.equal_rows(x * y / b, a) if np.all(b) else np.zeros_like(sums)
        for j in np.flatnonzero(sums | products):
            if sums[j] or not rules.is_product(some, got):
                two, look2, _ = known[k + 1 + j]
                looks = " ".join(dict.fromkeys(filter(None, map(in_general, (look1, look2)))))
                return f"your numbers are those of two known mistakes at once: {one}; and {two}.\n{looks}"
    return accident


def _known_part(ex, runs, right):
    """Of several things one that is as in a known mistake, though the others are not."""
    if not ex.parts or not all(
        np.shape(numbers(r.value)) == np.shape(w) for r, w in zip(runs, ex.expected, strict=True)
    ):
        return None
    said = {}  # what is said: of which parts
    for j, name in enumerate(ex.parts):
        if all(close(r.value[j], w[j]) for r, w in zip(runs, ex.expected, strict=True)):
            continue
        if other := _other_part(ex, runs, j):
            said.setdefault(f"yours is {other}.", []).append(name)
            continue
        for (what, _, look), mistaken in zip(ex.mistakes, ex.known, strict=True):
            same = [
                m.error is None and np.shape(numbers(m.value)) == np.shape(r.value) and close(r.value[j], m.value[j])
                for r, m in zip(runs, mistaken, strict=True)
            ]
            if all(same):
                more = "" if re.search(r"\b(is|are) right\b", look) else f"\n{look}"  # which need not be true here
                said.setdefault(f"your numbers are those of a known mistake: {what}.{more}", []).append(name)
                break
    return "\n".join(f"{listed(names)}: {text}" for text, names in said.items())


def _other_part(ex, runs, j):
    """The name of another part, if that is what stands in the place of part j."""
    for i, name in enumerate(ex.parts):
        if i != j and all(close(r.value[j], w[i]) for r, w in zip(runs, ex.expected, strict=True)):
            return name
    return None


def _draws(ex, function, runs):
    """Does it draw random numbers, where an exact answer is asked for; or others each time, in spite of a seed?"""
    if "seed" in ex.arguments and not ex.same(run(function, ex.cases[0]).value, runs[0].value):
        return "called twice with the same `seed` your function gives other numbers: it does not draw by that seed."
    own = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_names", ())
    if {"random", "default_rng"} & set(own) and not {"rng", "seed"} & set(ex.arguments):
        return "your function draws random numbers: asked for is what follows exactly from what it is given."
    return None


def _reacts(ex, function, sure):
    """How the answer changes when one of the arguments does, where it should change in another way."""
    for k, name in enumerate(ex.arguments):
        values = [numbers(args[k]) for args in ex.cases]
        if any(v is None or v.size == 0 or np.iscomplexobj(v) for v in values) or len(sure) < 3:
            continue
        small = all(np.all((v >= 0) & (v <= 1)) for v in values)  # it may be a share, which must stay below 1
        if small and isinstance(ex.cases[0][k], (int, np.integer)):
            continue
        times = 0.5 if small else 2
        pairs = []
        for case in sure:
            args = list(ex.cases[case])
            args[k] = type(args[k])(args[k] * times) if np.ndim(args[k]) == 0 else np.asarray(args[k]) * times
            mine, its = (run(f, tuple(args)).value for f in (function, ex.reference))
            before, after = numbers(run(function, ex.cases[case]).value), numbers(mine)
            wanted, then = numbers(ex.expected[case]), numbers(its)
            if any(a is None or a.shape != wanted.shape for a in (before, after, then)):
                break
            if np.all((wanted == 0) & (before == 0)):
                continue
            pairs.append((before, after, wanted, then))
        else:
            if said := _ratio(name, times, pairs):
                return said
    return None


def _ratio(name, times, pairs):
    """What is said of answers before and after an argument is made `times` as large: (mine, mine, right, right)."""
    if len(pairs) < 3:
        return None
    b, a, w, t = (rules.flat(side) for side in zip(*pairs, strict=True))
    if not np.isfinite([b, a, w, t]).all() or not np.any(b) or not np.any(w):
        return None
    mine, its = b @ a / (b @ b), w @ t / (w @ w)
    much = "twice" if times == 2 else "half"
    if close(t, its * w):
        should = "should stay as it is" if close(its, 1.0) else f"should be {rules.times(its)} what it was"
        if close(a, mine * b) and not close(mine, its):
            yours = "stays as it is" if close(mine, 1.0) else f"is then {rules.times(mine)} what it was"
            return f"with {much} `{name}` the answer {should}; yours {yours}."
        if not close(a, mine * b):
            return f"with {much} `{name}` the answer {should}, in every case; yours is not." if "be" in should else None
    if all(x.size == 1 for side in pairs for x in side):
        right_way, my_way = np.sign(t - w), np.sign(a - b)
        if np.all(right_way == right_way[0]) and right_way[0] and np.all(my_way == -right_way[0]):
            ways = ("larger", "smaller") if right_way[0] > 0 else ("smaller", "larger")
            return (
                f"with {much} `{name}` the answer should be {ways[0]} than before; yours is {ways[1]}, in every case."
            )
    return None


def _exchanged(ex, function):
    """Would it be right if two arguments came in the other order?"""
    for j, k in itertools.combinations(range(len(ex.arguments)), 2):
        order = list(range(len(ex.arguments)))
        order[j], order[k] = k, j

        def swapped(*args, order=order):
            return function(*(args[i] for i in order))

        with quiet():
            if all(ex.agree(ex.glance(swapped, case), ex.expected[case]) for case in range(len(ex.cases))):
                wanted = ", ".join(ex.arguments)
                one, two = ex.arguments[j], ex.arguments[k]
                return (
                    f"it is called as `({wanted})`; your function would be right if `{one}` and `{two}` were exchanged."
                )
    return None


SUBSETS = {
    "the first": slice(0, 1),
    "the last": slice(-1, None),
    "all but the last": slice(0, -1),
    "all but the first": slice(1, None),
    "the first two": slice(0, 2),
}


def _part_of_the_data(ex, runs):
    """Is it the right answer to a part of the data only: the first row, all but the last …?"""
    if np.ndim(ex.expected[0]):
        return None
    for what, part in SUBSETS.items():
        seen = []
        for r in runs:
            arrays = [a for a in r.args if np.ndim(a)]
            if len({len(a) for a in arrays}) != 1:  # no data, or not of one length
                return None
            if len(arrays[0][part]) in (0, len(arrays[0])):
                continue
            less = (_cut(a, part) if np.ndim(a) else a for a in r.args)
            answer = run(ex.reference, tuple(less))
            seen.append(answer.error is None and ex.same(r.value, answer.value))
        if len(seen) >= 3 and all(seen):
            return f"your answer is right for a part of the data: as if there were {what} of it only."
    return None


def _cut(a, part):
    """A part of the rows; of a square matrix that of the columns, too."""
    a = np.asarray(a)
    return a[part, part] if a.ndim == 2 and a.shape[0] == a.shape[1] else a[part]


def _never_loaded(function, names):
    """Which arguments does the code of a function not even mention? Places of them."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS) or "locals" in code.co_names:
        return []
    own = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    used = {
        i.argval
        for i in dis.get_instructions(code)
        if i.opname.startswith(("LOAD", "DELETE")) and isinstance(i.argval, str)
    }
    cells = set(code.co_cellvars)
    return [k for k, name in enumerate(own[: len(names)]) if name not in used and name not in cells]


def _unused(ex, function):
    """Are there arguments that the code does not even mention, and that the right answer needs?"""
    needed = set(range(len(ex.arguments))) - set(_never_loaded(ex.reference, ex.arguments))
    unused = [ex.arguments[k] for k in _never_loaded(function, ex.arguments) if k in needed]
    if hidden := [name for name in unused if edits.counts_with(function, name)]:
        return f"the `{hidden[0]}` that is handed in is never used: your loop has a `{hidden[0]}` of its own."
    return f"your code never uses {listed([f'`{name}`' for name in unused])}." if unused else None


def _overwritten(ex, function):
    """Are there arguments, of those that are needed, whose value the code throws away?"""
    needed = set(range(len(ex.arguments))) - set(_never_loaded(ex.reference, ex.arguments))
    own = edits.own_names(function)
    if gone := [f"`{name}`" for name in edits.overwritten(function) if own.index(name) in needed]:
        return f"your code gives {listed(gone)} another value before it has looked at what was given."
    return None


def _ignored(ex, function, runs):
    """Is there an argument that the answer does not depend on?"""
    if len(ex.arguments) == 1:
        return None
    rng = np.random.default_rng(0)
    for k, name in enumerate(ex.arguments):
        finite = [r for r in runs[:6] if numbers(r.value) is None or np.isfinite(numbers(r.value)).all()]
        tried = [(r, other) for r in finite for other in _others(r.args[k], rng)]
        if len(tried) < 6:
            continue
        same = changes = 0
        for r, other in tried:
            args = (*r.args[:k], other, *r.args[k + 1 :])
            mine, its = run(function, args), run(ex.reference, args)
            if mine.error is not None or not ex.same(mine.value, r.value):
                break
            same += 1
            changes += its.error is None and not ex.same(its.value, run(ex.reference, r.args).value)
        rest = ((r, other) for r in runs[6:] if r.error is None for other in [*_others(r.args[k], rng)][:1])
        if (
            same == len(tried)
            and changes >= len(tried) / 3
            and all(ex.same(run(function, (*r.args[:k], other, *r.args[k + 1 :])).value, r.value) for r, other in rest)
        ):  # not in arrays of another shape either, say
            own = f" Your loop has a `{name}` of its own." if edits.counts_with(function, name) else ""
            return f"your answer stayed the same however `{name}` was changed ({same} tries).{own}"
    return None


def _others(value, rng):
    """Other values of an argument, of the same type and shape."""
    if isinstance(value, (bool, str)) or callable(value):
        return
    if isinstance(value, (int, np.integer)):
        yield from (type(value)(other) for other in (value + 1, value + 5, 3 * value + 1, value // 2) if other != value)
    elif isinstance(value, (float, np.floating)):
        yield from (value * 1.25 + 0.1, value * 0.5, -value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fi" and value.size:
        yield value[::-1].copy() if value.ndim == 1 else value[::-1, ::-1].copy()
        for _ in range(3):
            changed = value.copy()
            place = tuple(rng.integers(n) for n in value.shape)
            changed[place] += value.dtype.type(rng.integers(1, 4))
            yield changed


def _half_known(ex, runs, right):
    """The known mistake that most answers agree with, if these are most of the wrong ones, too."""
    cases, wrong = range(len(runs)), [k for k, ok in enumerate(right) if not ok]
    best, hits = None, 0
    most = 0.7 if ex.answers == "words" else 0.6  # of a few words many agree by chance
    for (what, _, look), mistaken in zip(ex.mistakes, ex.known, strict=True):
        same = [ex.alike(runs[k], mistaken[k]) for k in cases]
        if (
            sum(same) > max(hits, sum(right))  # more like this mistake than like the right answer
            and sum(same) >= most * len(runs)
            and sum(same[k] for k in wrong) >= max(2, 0.6 * len(wrong))
            and (ex.answers == "words" or not _one_for_all([runs[k].value for k in wrong if same[k]]))
        ):
            best, hits = (what, look), sum(same)
    if best:
        what, look = best
        known = f"in {hits} of {len(runs)} cases your answer is that of a known mistake, or of one like it: {what}."
        return f"{known}\n{in_general(look)}".strip()


def _one_for_all(answers):
    """Is it the same number each time? Two functions may well agree in that."""
    return len(answers) > 1 and all(np.ndim(a) == 0 and close(a, answers[0]) for a in answers)


def _count(ex, runs, right):
    """How often it is right, and on which side the wrong numbers lie."""
    text = f"your function is {f'right in {sum(right)} of {len(right)}' if any(right) else 'wrong in all'} cases"
    if word(ex.expected[0]) is None and np.ndim(ex.expected[0]) == 0:
        above = {
            bool(np.all(numbers(r.value) > w)) for r, w, ok in zip(runs, ex.expected, right, strict=True) if not ok
        }
        if len(above) == 1:
            its = "otherwise its number is" if any(right) else "its number is always"
            text += f", and {its} too {'large' if True in above else 'small'}"
    return text + "."
