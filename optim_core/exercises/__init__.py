"""Exercises: fill in code, choose, predict; and say what a wrong answer has in common with a known mistake.

    exercise.check(student_function)        correct, incorrect or not attempted yet
    exercise.hint(), exercise.solution()    a ladder of hints; the solution when it is asked for
    choice.answer("b")                      an explanation for every option
    predict.commit(50), predict.reveal()    the prediction first, the measurement after it

This module knows nothing about widgets: `live.ask(question)` puts buttons in front of a Choice or a Predict.
`kinds` has exercises of two answers and of repairs, `steps` a student's step of an optimizer in a live figure. A
chapter's exercises are in `chapters/<name>/exercises.py`.
"""

import functools
import html
import inspect
import math
import re
import textwrap
import warnings
from dataclasses import dataclass, replace

import numpy as np

from . import diagnosis, edits, progress
from .blank import Blank, ____, has_blank
from .running import by_place, run
from .values import close, kind_of, numbers, one_number, show, typed, up_to_sign

__all__ = ["____", "CLAIMS", "Choice", "Exercise", "Predict", "Result", "claim", "close", "has_blank", "up_to_sign"]

CORRECT, INCORRECT, NOT_ATTEMPTED = "correct", "incorrect", "not attempted yet"
COLOURS = {CORRECT: "#0072B2", INCORRECT: "#D55E00"}  # safe for the colour-blind; the word comes first in any case


@dataclass(frozen=True)
class Result:
    """What a check says: `outcome` is "correct", "incorrect", "not attempted yet" or "hint 1 of 3"; `text` is the rest.

    note: a quiet sentence on the student's progress, after the text; before it, if nothing was attempted

    >>> Result("correct", "All 12 cases agree.")
    Correct: All 12 cases agree.
    """

    outcome: str
    text: str
    note: str = ""

    def __repr__(self):
        said = [f"{self.outcome.capitalize()}: {self.text}", *filter(None, [self.note])]
        return "\n".join(said[::-1] if self.outcome == NOT_ATTEMPTED else said)

    def _repr_html_(self):
        text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(self.text, quote=False))
        border = f"border-left: 4px solid {COLOURS.get(self.outcome, '#888888')}"
        before, after = ("", quiet(self.note)) if self.outcome != NOT_ATTEMPTED else (quiet(self.note), "")
        return (
            f'<div style="{border}; padding: 2px 10px; white-space: pre-wrap">'
            f"{before}<b>{self.outcome.capitalize()}:</b> {text}{after}</div>"
        )


def quiet(sentence):
    """A sentence on the student's progress as HTML, smaller than what it stands beside; "" for none."""
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(sentence, quote=False))
    return f'<div style="font-size: 0.9em; opacity: 0.75">{text}</div>' if text else ""


def _remembered(task, result):
    """The result of an exercise or a question, noted if it is correct; if not attempted, with the day it was solved."""
    if result.outcome == CORRECT:
        return replace(result, note=progress.record(task))
    if result.outcome == NOT_ATTEMPTED and (entry := progress.recall(task)):
        return replace(result, note=f"Solved on {progress.day(entry)}.")
    return result


class Exercise:
    """A function to write. Decorate the solution with `exercise(…)`, then list the mistakes it should recognise.

    cases: {what these cases have in common: [arguments, …]}; the student's function runs on all of them
    hints: from a nudge to nearly everything
    same(got, expected): are two answers equal? `close` (numbers, arrays, words) unless told otherwise
    terms: {name: function of the arguments}; answers that are a sum of these are taken apart term by term
    remark(got, *arguments): a sentence about one wrong answer, an array, or None
    parts: names of the parts of an answer that is several things at once, in their order
    families: mistakes with a number of the student's own in them, [(what, with "{x}" in it; guess(answers to all cases)
        of that number; make(number), the wrong function; where to look), …]
    readings: {what can be read out of an answer: (function of the answer and the arguments, terms as above)}
    .mistakes: a list of (what was done, the wrong function, where to look)

    >>> @exercise(cases={"small numbers": [(1.0, 2.0), (3.0, 5.0)]}, hints=["What is the area of a rectangle?"])
    ... def area(a, b):
    ...     return a * b
    >>> area.mistakes.append(("adding the sides", lambda a, b: a + b, "A sum of lengths is a length."))
    >>> area.check(lambda a, b: a * ____)
    Not attempted yet: replace each `____` in `area` and run the cell again.
    >>> area.check(lambda a, b: b + a)
    Incorrect: your numbers are those of a known mistake: adding the sides.
    A sum of lengths is a length.
    >>> area.check(lambda a, b: b * a)
    Correct: `area` agrees on all 2 cases.
    >>> area.hint()
    Hint 1 of 1: What is the area of a rectangle?
    """

    steps = False

    def __init__(
        self, reference, *, cases, hints, same=close, terms=None, remark=None, parts=(), readings=None, families=()
    ):
        self.reference, self.name = reference, reference.__name__
        self.hints, self.same, self.terms, self.remark = list(hints), same, terms or {}, remark
        self.parts, self.readings, self.families = parts, readings or {}, families
        self.groups = [group for group, some in cases.items() for _ in some]
        self.cases = [args for some in cases.values() for args in some]
        self.arguments = list(inspect.signature(reference).parameters)
        self.mistakes, self._hints_given = [], 0
        self.__doc__ = reference.__doc__

    @functools.cached_property
    def expected(self):
        """The reference's answer to every case."""
        return [run(self.reference, args).value for args in self.cases]

    @functools.cached_property
    def known(self):
        """The runs of every known mistake: a list, over mistakes, of lists, over cases."""
        return [[run(wrong, args) for args in self.cases] for _, wrong, _ in self.mistakes]

    @functools.cached_property
    def answered(self):
        """Known mistakes that come to an answer in every case: {number: (its answers, the share that is right)}."""
        ran = {k: runs for k, runs in enumerate(self.known) if all(map(edits.answered, runs))}
        return {k: ([self.seen_of(r) for r in runs], self.score(runs)) for k, runs in ran.items()}

    def check(self, function):
        """Judge a student's function on every case. Returns a Result, whatever the function does or returns."""
        try:
            result = self._judge(function)
        except KeyboardInterrupt:
            return Result(INCORRECT, "you stopped the check before it was done.")
        except Exception:  # an object that refuses to be looked at
            return Result(INCORRECT, "your function returns something that cannot be compared with the answer.")
        return _remembered(self, result)

    def glance(self, function, k):
        """The answer of a function in case k, in a hurry: asked of many functions in a row, inside `running.quiet`."""
        return edits.call(function, self.cases[k])

    def agree(self, seen, goal):
        """Are two answers the same?"""
        return self.same(seen, goal)

    def seen_of(self, ran):
        """The answer in a run."""
        return ran.value

    def score(self, runs):
        """Which share of the answers is right, in all cases; of several things at once each counts."""
        right = []
        for r, want in zip(runs, self.expected, strict=True):
            several = self.parts and r.error is None and np.shape(numbers(r.value)) == np.shape(want)
            pairs = zip(r.value, want, strict=True) if several else [(r.value, want)]
            right += [r.error is None and self.same(mine, its) for mine, its in pairs]
        return sum(right) / len(right)

    def look(self, function, args):
        """What is to be seen of a function on one case: a Run, here; its first part must be one where it is a tuple."""
        return run(function, args)

    def _looks(self, function):
        """What is seen on every case; or the Result, if the function has blanks, cannot be called or was stopped."""
        unattempted = Result(NOT_ATTEMPTED, f"replace each `____` in `{self.name}` and run the cell again.")
        if has_blank(function):
            return unattempted
        if complaint := self._cannot_call(function):
            return Result(INCORRECT, complaint)
        uses, looks = Blank.uses, []
        function = by_place(function, self.arguments)
        for args in self.cases:
            looks.append(self.look(function, args))
            ran = looks[-1][0] if isinstance(looks[-1], tuple) else looks[-1]
            if isinstance(ran.error, (KeyboardInterrupt, MemoryError)):
                return Result(INCORRECT, diagnosis.interrupted(self, ran))
            if has_blank(ran.value):
                return unattempted
        return unattempted if Blank.uses > uses else looks

    def _judge(self, function):
        runs = self._looks(function)
        if isinstance(runs, Result):
            return runs
        function = by_place(function, self.arguments)
        right = [r.error is None and self.same(r.value, want) for r, want in zip(runs, self.expected, strict=True)]
        if all(right):
            if any(r.changed for r in runs):
                changed = diagnosis.changed_argument(self, runs, function)
                return Result(INCORRECT, f"your answers are right, but {changed}")
            return Result(CORRECT, f"`{self.name}` agrees on all {len(runs)} cases.")
        for (what, _, look), mistaken in zip(self.mistakes, self.known, strict=True):
            if all(self.alike(mine, theirs) for mine, theirs in zip(runs, mistaken, strict=True)):
                text = f"your {self.answers} are those of a known mistake: {what}.\n{look}"
                first = [diagnosis.loose(function), diagnosis.thrown_away(function)]
                last = diagnosis.unread(function, getattr(self, "broken", None))
                return Result(INCORRECT, "\n".join(filter(None, [*first, text, last])))
        return Result(INCORRECT, self.describe(function, runs, right))

    def describe(self, function, runs, right):
        """What is said of an answer that is wrong, and no known mistake."""
        return diagnosis.describe(self, function, runs, right)

    def hint(self):
        """The next hint; after the last one, where the solution is."""
        if self._hints_given == len(self.hints):
            return Result("no more hints", "`.solution()` in place of `.hint()` prints the solution.")
        self._hints_given += 1
        return Result(f"hint {self._hints_given} of {len(self.hints)}", self.hints[self._hints_given - 1])

    def solution(self):
        """Print the source of the solution."""
        source = textwrap.dedent(inspect.getsource(self.reference))
        print(source[re.search(r"^def ", source, re.M).start() :].rstrip())

    def call(self, args):
        """A call as it would be written: `area(a=1, b=2)`."""
        return f"{self.name}({', '.join(f'{n}={show(a)}' for n, a in zip(self.arguments, args, strict=True))})"

    @property
    def answers(self):
        """What its answers are called."""
        return "words" if isinstance(self.expected[0], str) else "numbers"

    def alike(self, mine, theirs):
        """Did two runs come to the same: equal answers, or the same error?"""
        if mine.error is not None or theirs.error is not None:
            return type(mine.error) is type(theirs.error) and str(mine.error) == str(theirs.error)
        return self.same(mine.value, theirs.value)

    def _cannot_call(self, function):
        """What is wrong with the function before it is even called, or None."""
        wanted = ", ".join(self.arguments)
        if not callable(function):
            return (
                f"`check` wants the function itself, `{self.name}` without brackets behind it; it was given "
                f"{kind_of(function)}."
            )
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):  # functions written in C do not tell
            return None
        parameters = signature.parameters.values()
        only = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in self.arguments]
        try:
            signature.bind(*(a for a in self.arguments if a not in only), **dict.fromkeys(only))
        except TypeError:
            takes = str(signature.replace(return_annotation=signature.empty)).replace(", /", "")
            return f"your function takes `{takes}`; it is called with `({wanted})`."
        names = [p.name for p in parameters if p.name not in only]
        names += [name for name in self.arguments if name in only]
        if names != self.arguments and sorted(names) == sorted(self.arguments):
            return f"your function takes `({', '.join(names)})`; it is called in the order `({wanted})`."

    def __repr__(self):
        return f"Exercise {self.name}({', '.join(self.arguments)}): {inspect.getdoc(self.reference).splitlines()[0]}"


def exercise(**how):
    """Decorator: makes the solution below it an Exercise; the keywords are Exercise's."""
    return lambda reference: Exercise(reference, **how)


class Choice:
    """One question, several answers, one of them right; each says why.

    options: {key: (text, explanation)}; after that, `.options` is {key: text}

    >>> q = Choice("2 + 2?", {"a": ("3", "That is 1 + 2."), "b": ("4", "Yes, two pairs.")}, correct="b")
    >>> q.answer("a"), q.answer("b"), q.answer(____)
    (Incorrect: a) 3. That is 1 + 2., Correct: b) 4. Yes, two pairs., Not attempted yet: choose one of a, b.)
    """

    def __init__(self, question, options, *, correct):
        self.question, self.correct = question, correct
        self.options = {key: text for key, (text, _) in options.items()}
        self.explanations = {key: why for key, (_, why) in options.items()}
        if correct not in options:
            raise ValueError(f"correct = {correct!r}: must be one of {', '.join(options)}")

    def answer(self, key=____):
        """Judge the option with this key (capitals and a bracket behind it do not matter)."""
        key = _key(key, self.options)
        if key is None:
            return _remembered(self, Result(NOT_ATTEMPTED, f"choose one of {', '.join(self.options)}."))
        outcome = CORRECT if key == self.correct else INCORRECT
        return _remembered(self, Result(outcome, f"{key}) {_sentence(self.options[key])} {self.explanations[key]}"))

    def __repr__(self):
        return "\n".join([self.question, *(f"  {key}) {text}" for key, text in self.options.items())])

    def _repr_html_(self):
        return f'<div style="white-space: pre-wrap">{html.escape(repr(self), quote=False)}</div>'


class Predict:
    """A prediction to commit to, and the measurement that answers it.

    measure(): runs the experiment; returns a number, or the key of one of the options
    options: {key: text} for a prediction by choice; without them a number is asked for
    factor: a number counts as right within this factor of the measurement; or tolerance: within ± this
    why: what to think about it; {measured} in it stands for the measurement

    >>> p = Predict("How many legs has a spider?", lambda: 8, tolerance=0.5, why="An insect has six.")
    >>> p.reveal()
    Not attempted yet: commit to a prediction first, then reveal.
    >>> p.commit(6)
    Committed: your prediction is 6. Now reveal.
    >>> p.reveal()
    Incorrect: you predicted 6; measured: 8. Too low by 2. An insect has six.
    """

    def __init__(self, question, measure, *, options=None, factor=None, tolerance=None, why=""):
        self.question, self.measure, self.options = question, measure, options or {}
        self.factor, self.tolerance, self.why = factor, tolerance, why
        self.prediction, self.revealed, self.since = None, False, ""  # since: the day, if it is of an earlier kernel
        if [bool(options), factor is not None, tolerance is not None].count(True) != 1:
            raise ValueError("a Predict needs exactly one of options, factor and tolerance")

    def commit(self, value=____):
        """Note the prediction, a key or a number, also as text (see `values.typed`). Once revealed, it stays."""
        self.recall()
        given, value = value, self._read(value)
        if unsure := self._unsure(given, value):
            return Result(NOT_ATTEMPTED, unsure)
        if value is None:
            several = isinstance(given, str) and len(re.findall(r"\d+", given)) > 1
            wanted = f"one of {', '.join(self.options)}" if self.options else "one number" if several else "a number"
            said = f"`{given}` is not understood. " if isinstance(given, str) and given.strip() else ""
            if said and not self.options and typed(re.sub(r"\blog\b", "ln", given)) is not None:
                said += "To which base? Write `ln` or `log10`. "
            return Result(NOT_ATTEMPTED, f"{said}{'C' if said else 'c'}ommit to {wanted}; a guess is enough.")
        if self.revealed and value != self.prediction:
            return Result("already revealed", f"your prediction was {self._mine()}, and it stays.")
        if value != self.prediction:
            self.prediction, self.since = value, ""
        note = progress.record(self, value=value)
        return Result("committed", f"your prediction is {_sentence(self._say(value))} Now reveal.", note)

    def recall(self):
        """Take up a prediction that was made before this kernel began; the day, in words, or ""."""
        if self.prediction is None and (entry := progress.recall(self)):
            self.prediction = self._read(entry.get("value"))  # None, if it is none of the options any more
            if self.prediction is not None:
                self.since, self.revealed = progress.day(entry), "right" in entry
        return self.since

    def _read(self, value):
        """The key or the number that is meant, or None."""
        if self.options:
            return _key(value, self.options)
        factor = re.search(r"\bfactor|[Hh]ow many times", self.question) is not None
        return typed(value, self._percent, factor) if isinstance(value, str) else one_number(value)

    @property
    def _percent(self):
        """Does the question ask for per cent?"""
        return re.search(r"[Hh]ow many per ?cent|[Ww]hat %", self.question) is not None

    def _unsure(self, given, value):
        """Is a share given where per cent are asked for, or per cent where something else is? What is said then."""
        if self.options or not isinstance(given, str) or value is None:
            return None
        marked = re.search(r"%|per ?cent", given) is not None
        share = re.search(r"%|per ?cent|share|part\b|fraction|probab|chance", self.question)
        comma = re.fullmatch(r"\D*([1-9]\d{0,2}),(?!000)(\d{3})\D*", given)  # 1,000 is a thousand
        if comma and self.tolerance is not None and self.tolerance < 1:  # so large, and so exact?
            whole, decimals = comma.groups()
            return f"`{given}` may be {whole}{decimals} or {whole}.{decimals}. Commit to one of them."
        if self._percent and not marked and 0 < abs(value) < 1:
            much = f"is {100 * value:.3g} meant?"
            return f"`{given}` would be less than one per cent: {much} Commit to a number of per cent."
        return f"`{given}` of what? Commit to a number; a guess is enough." if marked and not share else None

    def reveal(self):
        """Measure, and compare with the prediction."""
        self.recall()
        if self.prediction is None:
            return Result(NOT_ATTEMPTED, "commit to a prediction first, then reveal.")
        measured, self.revealed = self.measure(), True
        right, verdict = self._judge(self.prediction, measured)
        why = self.why.replace("{measured}", self._say(measured))
        text = f"you predicted {self._mine()}; measured: {_sentence(self._say(measured))} {verdict} {why}"
        note = progress.record(self, value=self.prediction, right=bool(right))
        return Result(CORRECT if right else INCORRECT, re.sub(" +", " ", text).strip(), note)

    def _judge(self, mine, measured):
        """Is the prediction right, and a sentence on how far off it is."""
        if self.options:
            return mine == measured, ""
        if mine == measured:
            return True, "Exactly."
        right, off = abs(mine - measured) <= (self.tolerance or 0), f"by {show(abs(mine - measured), 3)}"
        if self.factor and mine * measured > 0:
            ratio = max(mine / measured, measured / mine)
            right, off = ratio <= self.factor, f"by a factor {ratio:.3g}"
            if off.endswith(" 1"):
                return right, "As good as exactly."
        return right, f"{'Close enough: t' if right else 'T'}oo {'high' if mine > measured else 'low'} {off}."

    def _mine(self):
        """The prediction in words, with its day if it is of an earlier kernel."""
        return self._say(self.prediction) + (f" (on {self.since})" if self.since else "")

    def _say(self, value):
        return f"{value}) {self.options[value]}" if self.options else show(value)

    def __repr__(self):
        return "\n".join([self.question, *(f"  {key}) {text}" for key, text in self.options.items())])

    _repr_html_ = Choice._repr_html_


def _key(answer, options):
    """The option a student means: "B", " b) " and "(b)" are "b"; None if it is none of them."""
    plain = re.sub(r"[\s().]", "", answer).lower() if isinstance(answer, str) else None
    return next((key for key in options if str(key).lower() == plain), None)


def _sentence(text):
    return text if text[-1:] in ".!?" else text + "."


CLAIMS = {}


def claim(name, value):
    """Register a number that the prose quotes: `<!--c:name-->0.0066<!--/c-->`; a test compares the digits shown.

    value: one finite number, or a function that computes it, where another experiment may have none to give.

    Raises ValueError for a name that is not made of letters, digits, - and _. Warns when there is no such number, or
    another one than before: the prose speaks of the first, and the first stays. A student who changes the cell sees one
    line and the cell goes on; the notebooks' tests turn warnings into errors.

    >>> claim("answer", 42)
    >>> CLAIMS.pop("answer")
    42.0
    """
    if not (isinstance(name, str) and re.fullmatch(r"[\w-]+", name)):
        raise ValueError(f"name = {name!r}: must be made of letters, digits, - and _")
    now = "computes"
    if callable(value):
        try:
            value = value()
        except (ArithmeticError, LookupError, ValueError) as error:  # an index that is not there, the least of nothing
            now, value = "has none:", error
    number = one_number(value)
    if number is None:
        text = f'the text quotes a number as "{name}"; this cell now {now} {show(value)}'
        warnings.warn(text, UserWarning, stacklevel=2)
    elif not math.isclose(CLAIMS.setdefault(name, number), number, rel_tol=1e-9, abs_tol=1e-15):
        text = f'the text quotes {CLAIMS[name]:.6g} as "{name}"; this cell now computes {number:.6g}'
        warnings.warn(text, UserWarning, stacklevel=2)
