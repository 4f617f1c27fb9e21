"""Kinds of exercises that ask for more than one answer: two things at once, and a loop to repair."""

import functools

import numpy as np

from . import NOT_ATTEMPTED, Exercise, Result
from .running import run
from .values import close


class Pair(Exercise):
    """An exercise whose answer is two things at once, (first, second): said of a wrong one is which half is right."""

    def __init__(self, reference, names, **how):
        super().__init__(reference, remark=self._halves, parts=names, **how)
        self.names = names

    @functools.cached_property
    def expected(self):
        return [np.array(run(self.reference, args).value) for args in self.cases]

    def _halves(self, got, *args):
        want = np.array(self.reference(*args))
        if got.shape != want.shape:
            return None
        right = [close(a, b) for a, b in zip(got, want, strict=True)]
        if any(right) and not all(right):
            return f"Here {self.parts[right.index(True)]} is right, and {self.parts[right.index(False)]} is not."


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
        return super()._judge(function)


def repair(broken, **how):
    """Decorator: makes the solution below it a Repair of `broken`."""
    return lambda reference: Repair(reference, broken=broken, **how)
