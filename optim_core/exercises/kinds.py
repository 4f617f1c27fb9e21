"""Kinds of exercises that ask for more than one answer: two things at once, and a loop to repair."""

import functools
from dataclasses import replace

import numpy as np

from . import CORRECT, INCORRECT, NOT_ATTEMPTED, Exercise, Result, diagnosis, edits
from .running import run
from .values import close


class Pair(Exercise):
    """An exercise whose answer is two things at once, (first, second): said of a wrong one is which half is right.

    Where the parts have different shapes, as a matrix and a number, each of them is judged as an exercise of its own.
    """

    def __init__(self, reference, names, **how):
        super().__init__(reference, remark=self._halves, parts=names, **how)
        self.names = names
        self.ragged = any(len({np.shape(part) for part in want}) > 1 for want in self._answers)
        if self.ragged:
            self.one, self.same = self.same, self._together

    @functools.cached_property
    def _answers(self):
        return [run(self.reference, args).value for args in self.cases]

    @functools.cached_property
    def expected(self):
        return self._answers if self.ragged else [np.array(value) for value in self._answers]

    def _together(self, got, want):
        """Are all parts the same?"""
        several = isinstance(got, (tuple, list)) and len(got) == len(want)
        return several and all(self.one(mine, its) for mine, its in zip(got, want, strict=True))

    def describe(self, function, runs, right):
        """Of parts that have different shapes each is described by itself."""
        if not self.ragged:
            return super().describe(function, runs, right)
        for r, want in zip(runs, self.expected, strict=True):
            if r.error is not None:
                break
            if not isinstance(r.value, (tuple, list)) or len(r.value) != len(want):
                return f"{diagnosis.missing_part(self, r.value, want)} It was called as `{self.call(r.args)}`."
        said = []
        for k, name in enumerate(self.parts):
            alone = Exercise(_only(self.reference, k), cases={"": self.cases}, hints=(), same=self.one)
            alone.name, alone.arguments, alone.groups = self.name, self.arguments, self.groups
            alone.mistakes = [(what, _only(wrong, k), look) for what, wrong, look in self.mistakes]
            result = alone.check(_only(function, k))
            said.append(f"{name}{' is right.' if result.outcome == CORRECT else f': {result.text}'}")
            if runs[0].error is not None or any(r.error is not None for r in runs):
                return result.text
        return "\n".join(said)

    def _halves(self, got, *args):
        want = np.array(self.reference(*args))
        if got.shape != want.shape:
            return None
        right = [close(a, b) for a, b in zip(got, want, strict=True)]
        if any(right) and not all(right):
            return f"Here {self.parts[right.index(True)]} is right, and {self.parts[right.index(False)]} is not."


def _only(function, k):
    """A function that returns part k of what another returns."""
    return lambda *args: function(*args)[k]


def pair(*names, **how):
    """Decorator: makes the solution below it a Pair; the keywords are Exercise's."""
    return lambda reference: Pair(reference, names, **how)


class Repair(Exercise):
    """A loop with a fault: students get `broken` and repair it. What still does as `broken` does is not attempted."""

    steps = True  # its answers are what a loop notes, step by step: the first entries may be right by themselves

    def __init__(self, reference, *, broken, **how):
        super().__init__(reference, **how)
        self.broken = broken

    @functools.cached_property
    def as_given(self):
        """The runs of the loop as it was given."""
        return [run(self.broken, args) for args in self.cases]

    def _judge(self, function):
        if callable(function) and all(
            self.alike(run(function, args), given) for args, given in zip(self.cases, self.as_given, strict=True)
        ):
            return Result(
                NOT_ATTEMPTED,
                f"`{self.name}` still gives exactly the numbers that it gave before: if you have changed something, "
                "the "
                "fault is elsewhere. Find it.",
            )
        result = super()._judge(function)
        line = edits.changed_again(function, edits.given(self.reference)) if result.outcome == INCORRECT else None
        if line:
            more = f"your code changes the data: `{line}`. The fault is in the loop."
            return replace(result, text=f"{more}\n{result.text}")
        return result


def repair(broken, **how):
    """Decorator: makes the solution below it a Repair of `broken`."""
    return lambda reference: Repair(reference, broken=broken, **how)
