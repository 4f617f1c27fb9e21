"""The exercises of chapter 01: one step."""

import math
from dataclasses import dataclass

import numpy as np

from optim_core.descent import descend
from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import numbers
from optim_core.exercises.running import run
from optim_core.optimizers import gd

from .experiments import steps_until

# 1. The loop -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slope:
    """The slope of a function of one weight, to try a walk on: w ↦ a·w + b·w³ + c.

    >>> grad = Slope(2.0, c=-1.0)
    >>> grad, grad(3.0)
    (w ↦ 2·w − 1, 5.0)
    """

    a: float
    b: float = 0.0
    c: float = 0.0

    def __call__(self, w):
        return self.a * w + (self.b * w**3 if self.b else 0.0) + self.c  # far out a cube overflows

    def __rmul__(self, factor):
        if np.ndim(factor):
            return self._is_a_function()
        return Slope(*(float(factor) * term for term in (self.a, self.b, self.c)))

    def __repr__(self):
        terms = [(self.a, "·w"), (self.b, "·w³"), (self.c, "")]
        text = " ".join(f"{'−' if factor < 0 else '+'} {abs(factor):g}{power}" for factor, power in terms if factor)
        return f"w ↦ {text.removeprefix('+ ')}"

    def _is_a_function(self, *_):
        raise TypeError("grad is a function of the weight: call it, as in grad(w)")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __neg__ = __getitem__ = _is_a_function


@exercise(
    cases={
        "one step": [(1.5, Slope(1.0), 0.1, 1), (-2.0, Slope(3.0), 0.2, 1)],
        "several steps": [(1.5, Slope(1.0), 0.1, 5), (-2.0, Slope(0.5), 0.4, 8), (0.7, Slope(4.0), 0.3, 3)],
        "a minimum that is not at 0": [(0.0, Slope(2.0, c=-3.0), 0.2, 4), (5.0, Slope(1.0, c=2.0), 0.5, 3)],
        "a slope that is no straight line": [(1.2, Slope(-1.0, 1.0), 0.1, 6), (0.5, Slope(0.0, 1.0), 0.9, 4)],
        "beyond the edge": [(1.0, Slope(1.0), 2.5, 4)],
        "no step at all": [(1.5, Slope(1.0), 0.1, 0)],
    },
    hints=[
        "Begin with a list that holds the start. Then repeat, as many times as `steps` says: move, and append.",
        "`grad` is a function, and its value changes as w moves: it is called anew in every round, as `grad(w)`.",
        "In the loop: `w = …`, with what chapter 00 calls the whole algorithm, and then `path.append(w)`.",
    ],
)
def walk(w, grad, lr, steps):
    """The points of gradient descent from w: the start, and where it is after each step.

    w: the start, a number; grad: the slope, a function of w; lr: η; steps: how many.
    Returns a list of steps + 1 numbers.
    """
    path = [w]
    for _ in range(steps):
        w = w - lr * grad(w)
        path.append(w)
    return path


def _walk(move, first=True, more=0):
    """A walk with another step: move(w, grad, lr, k), k = 0, 1, …; without the start, or with more steps."""

    def wrong(w, grad, lr, steps):
        path = [w]
        for k in range(steps + more):
            path.append(move(path[-1], grad, lr, k))
        return path if first else path[1:]

    return wrong


def _from_the_start(w, grad, lr, steps):
    return [w - k * lr * grad(w) for k in range(steps + 1)]


def _one_behind(w, grad, lr, steps):
    path, g = [w], grad(w)
    for _ in range(steps):
        path.append(path[-1] - lr * g)
        g = grad(path[-2])
    return path


def _right(w, grad, lr, k):
    return w - lr * grad(w)


# fmt: off
walk.mistakes += [  # what was done, the wrong walk, where to look
    ("the step goes up the slope", _walk(lambda w, grad, lr, k: w + lr * grad(w)),
     "Where the slope is positive, the loss falls to the left. Which way does your w go?"),
    ("the slope is measured once, at the start", _from_the_start,
     "As w moves, the slope changes: in which round is `grad` called?"),
    ("the slope is that of the point before", _one_behind,
     "Each step needs the slope where it begins. Which point does your `grad` get?"),
    ("the learning rate is left out", _walk(lambda w, grad, lr, k: w - grad(w)),
     "The step is not the slope itself, but η times the slope."),
    ("only the last point is returned", lambda w, grad, lr, steps: _walk(_right)(w, grad, lr, steps)[-1],
     "The figure draws every point: collect them in the list."),
    ("the start is missing", _walk(_right, first=False),
     "The points are right. The list begins with the point where no step is taken yet."),
    ("one step too many", _walk(_right, more=1),
     "The points are right. How many are there after `steps` steps, with the start?"),
    ("the last point is missing", lambda w, grad, lr, steps: _walk(_right)(w, grad, lr, steps)[:max(steps, 1)],
     "The points are right. After `steps` steps there is one point more than there are steps."),
    ("the point is kept before it moves", lambda w, grad, lr, steps: [w, *_walk(_right)(w, grad, lr, steps)[:-1]],
     "The start stands there twice, and the last point is lost: first move, then append."),
    ("the list begins empty, and the point is kept before it moves",
     lambda w, grad, lr, steps: _walk(_right)(w, grad, lr, steps)[:steps],
     "The points are right, and the last one is missing: begin with the start, then move, then append."),
    ("the last entry of the list is appended again",
     lambda w, grad, lr, steps: [w] * (steps + 1),
     "The point moves, and the list does not hear of it: append where w is now."),
    ("w itself never moves on", lambda w, grad, lr, steps: [w] + [w - lr * grad(w)] * steps,
     "You compute the next point in every round, from the same w. Does w take its value?"),
    ("the loop ends after one round", lambda w, grad, lr, steps: [w, w - lr * grad(w)] if steps else None,
     "Your `return` stands inside the loop."),
    ("w is multiplied by 1 − η times the slope", _walk(lambda w, grad, lr, k: w * (1 - lr * grad(w))),
     "The step is subtracted from w. (On ½λw² that comes to a factor 1 − ηλ; the slope does not stand in it.)"),
    ("the steps are kept, not the points",
     lambda w, grad, lr, steps: [w, *np.diff(_walk(_right)(w, grad, lr, steps)).tolist()],
     "Each step has the right length. The list is to hold where w is."),
    ("w itself takes the place of the slope", _walk(lambda w, grad, lr, k: w - lr * w),
     "That is right where the slope at w is w. In general the slope is `grad(w)`."),
    ("the slope is divided by the learning rate", _walk(lambda w, grad, lr, k: w - grad(w) / lr),
     "A larger learning rate should make a longer step."),
    ("only the sign of the slope is used", _walk(lambda w, grad, lr, k: w - lr * np.sign(grad(w))),
     "Then every step has the same length. Where it is steeper, the step is to be longer."),
    ("the size of the slope is used without its sign", _walk(lambda w, grad, lr, k: w - lr * abs(grad(w))),
     "Your w only ever goes to the left. Left of a minimum the slope is negative, and that is needed."),
    ("the step is made from 0, not from w", _walk(lambda w, grad, lr, k: -lr * grad(w)),
     "That is how far to go. From where?"),
    ("the learning rate multiplies w as well", _walk(lambda w, grad, lr, k: lr * (w - grad(w))),
     "Mind the brackets: only the slope is scaled."),
    ("the slope is measured at lr·w", _walk(lambda w, grad, lr, k: w - lr * grad(lr * w)),
     "The slope is measured where w is. The learning rate comes in once, outside."),
    ("every step is taken twice", _walk(lambda w, grad, lr, k: w - 2 * lr * grad(w)),
     "Your steps are twice as long as they should be. Is the slope taken away in two lines?"),
    ("the learning rate shrinks, as lr/(t + 1)", _walk(lambda w, grad, lr, k: w - lr / (k + 1) * grad(w)),
     "Chapter 08 is about that. Here η stays as it is."),
    ("the learning rate is multiplied by the number of the step", _walk(lambda w, grad, lr, k: w - lr * k * grad(w)),
     "Every step is η times the slope, the first like the last. What is the counter of your loop for?"),
    ("the next step is noted in place of the point", lambda w, grad, lr, steps: (
        lambda path: [w, *(-lr * grad(v) for v in path[1:])])(walk.reference(w, grad, lr, steps)),
     "A list of places is asked for: where is w after each step?"),
]
# fmt: on


def beside(function, steps=60):
    """The experiment of a figure in which a student's walk runs beside ours on ½λw²; what went wrong, in a sentence.

    function: the student's (w, grad, lr, steps) → list. While it has a blank in it only ours is shown. The experiment
    takes (eta, lam, start) and returns what `scenes.Factor` shows.

    >>> lam, lr, runs, said = beside(lambda w, grad, lr, steps: [w] * (steps + 1))(0.1, 1.0, 1.5)
    >>> list(runs), said
    (['ours', 'yours'], 'At step 1 yours is at 1.5, ours at 1.35.')
    """

    def experiment(eta, lam, start):
        ours = descend(gd, [start], lambda w: lam * w, steps, lr=eta)["w"][:, 0]
        if not callable(function) or has_blank(function):
            return lam, eta, {"ours": ours}
        ran = run(function, (float(start), Slope(lam), eta, steps))
        yours = numbers(ran.value)
        if ran.error is not None:
            return lam, eta, {"ours": ours}, f"Yours stopped with {type(ran.error).__name__} and is not shown."
        if yours is None or yours.ndim != 1 or np.iscomplexobj(yours) or not len(yours):
            return lam, eta, {"ours": ours}, "Yours returns no list of numbers and is not shown."
        return lam, eta, {"ours": ours, "yours": yours[: steps + 1]}, _compared(ours, yours)

    return experiment


def _compared(ours, yours):
    """Where two walks part, in a sentence; what is further out than a million is not compared."""
    if len(yours) != len(ours):
        return f"Yours has {len(yours)} points, ours {len(ours)}."
    apart = ~np.isclose(ours, yours, rtol=1e-6, atol=1e-12) & (np.abs(ours) <= 1e6)
    if not apart.any():
        return "Yours is on ours."
    t = int(np.argmax(apart))
    at = f"{yours[t]:.4g}".replace("-", "−") if np.isfinite(yours[t]) else "no finite number"
    return f"At step {t} yours is at {at}, ours at {ours[t]:.4g}".replace("-", "−") + "."


# 2. What is left -------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "the factor is positive": [(0.1, 1.0, 3), (0.05, 4.0, 7), (0.3, 0.5, 4), (0.2, 2.0, 2)],
        "the factor is negative": [(1.7, 1.0, 3), (0.4, 4.0, 2), (3.0, 0.5, 5)],
        "beyond the edge": [(2.5, 1.0, 3), (0.1, 25.0, 2)],
        "one step": [(0.1, 3.0, 1), (1.5, 0.8, 1)],
        "no step at all": [(0.1, 2.0, 0)],
    },
    hints=[
        "Put the slope of ½λw² into the rule, and write the next w as a number times w.",
        "The slope is λw, so the next w is w − ηλw. Take w out of it.",
        "Each step multiplies by the same number. What do `steps` of them multiply by?",
    ],
)
def part_left(lr, lam, steps):
    """Which part of the distance is left after some steps of gradient descent on ½λw²: w after them over w before.

    lr: η; lam: the curvature λ; steps: how many. Returns a number, below 0 if w is on the other side.
    """
    return (1 - lr * lam) ** steps


# fmt: off
part_left.mistakes += [  # what was done, the wrong formula, where to look
    ("each step is taken to remove the same piece", lambda lr, lam, steps: 1 - lr * lam * steps,
     "The second step takes its part of what the first one left, not of the whole."),
    ("gradient flow, e^(−ηλt)", lambda lr, lam, steps: math.exp(-lr * lam * steps),
     "That is the limit of very many very small steps. After one step, what is left?"),
    ("the sign is lost", lambda lr, lam, steps: abs(1 - lr * lam) ** steps,
     "The size is right. On which side of the minimum is w when ηλ is above 1?"),
    ("the curvature is left out", lambda lr, lam, steps: (1 - lr) ** steps,
     "The same η removes more where the parabola bends more."),
    ("the learning rate is left out", lambda lr, lam, steps: (1 - lam) ** steps,
     "How far a step goes depends on η, too."),
    ("a plus sign in the factor", lambda lr, lam, steps: (1 + lr * lam) ** steps,
     "That would be climbing: a small step should leave a little less than there was."),
    ("the part of the loss that is left", lambda lr, lam, steps: (1 - lr * lam) ** (2 * steps),
     "The loss goes with the square of the distance. Here the distance is asked for."),
    ("half the curvature", lambda lr, lam, steps: (1 - lr * lam / 2) ** steps,
     "The ½ in ½λw² is gone once you take the derivative."),
    ("twice the curvature, as for λw²", lambda lr, lam, steps: (1 - 2 * lr * lam) ** steps,
     "The slope of ½λw² is λw; the 2 of the square and the ½ cancel."),
    ("one step too many", lambda lr, lam, steps: (1 - lr * lam) ** (steps + 1),
     "The factor is right. Before the first step, everything is left."),
    ("one step too few", lambda lr, lam, steps: (1 - lr * lam) ** (steps - 1),
     "The factor is right. After one step it has come in once."),
    ("the part that is gone", lambda lr, lam, steps: 1 - (1 - lr * lam) ** steps,
     "What is gone and what is left make 1 together."),
    ("the part that one step removes, again and again", lambda lr, lam, steps: (lr * lam) ** steps,
     "ηλ is what a step takes away. What does it leave?"),
    ("ηλ is raised to the power, and then taken from 1", lambda lr, lam, steps: 1 - (lr * lam) ** steps,
     "What is multiplied again and again is what a step leaves, 1 − ηλ, in brackets."),
    ("the curvature is squared", lambda lr, lam, steps: (1 - lr * lam**2) ** steps,
     "The slope of ½λw² is λw: how often does λ stand in it?"),
    ("the learning rate is divided by the curvature", lambda lr, lam, steps: (1 - lr / lam) ** steps,
     "Where it bends more, the slope is larger, and the step longer."),
    ("the factor times the number of steps", lambda lr, lam, steps: steps * (1 - lr * lam),
     "The factor is right. Two steps multiply by it twice."),
    ("one step only", lambda lr, lam, steps: 1 - lr * lam,
     "The factor of one step is right. How do the others come in?"),
    ("the sign of the factor is turned", lambda lr, lam, steps: (lr * lam - 1) ** steps,
     "The size is right. A small step leaves w on the side where it was."),
    ("division by 1 + ηλ", lambda lr, lam, steps: (1 + lr * lam) ** -steps,
     "That rule takes the slope where the step ends. Ours takes it where the step begins."),
]
# fmt: on

# 3. The fate ------------------------------------------------------------------------------------------------------

FATES = {
    "creeps": [(0.1, 1.0), (0.02, 40.0), (3.0, 0.1), (0.7, 1.0), (0.25, 3.996), (0.5, 1.9998)],
    "arrives": [(1.0, 1.0), (0.25, 4.0), (2.0, 0.5), (4.0, 0.25)],
    "zig-zags": [(1.7, 1.0), (0.06, 20.0), (3.0, 0.5), (0.25, 4.004), (0.5, 2.0002), (0.25, 7.996), (0.5, 3.9998)],
    "swings for ever": [(2.0, 1.0), (0.5, 4.0), (0.0625, 32.0), (4.0, 0.5)],
    "diverges": [(2.1, 1.0), (0.1, 25.0), (3.0, 2.0), (0.25, 8.004), (0.5, 4.0002), (4.0, 30.0)],
}


@exercise(
    cases={f"it {word}": cases for word, cases in FATES.items()},
    hints=[
        "Everything depends on one number, the factor by which a step multiplies the distance.",
        "Between 0 and 1 it shrinks on one side, between −1 and 0 it shrinks and changes sides. What is beyond −1?",
        "With `factor = 1 - lr * lam`: two of the five answers belong to a single value of it, 0 and −1.",
    ],
)
def fate(lr, lam):
    """What becomes of gradient descent on ½λw² from a start that is not the minimum.

    lr: η > 0; lam: the curvature λ > 0.
    Returns "creeps", "arrives" (after one step), "zig-zags", "swings for ever" or "diverges".
    """
    factor = 1 - lr * lam
    if factor == 0:
        return "arrives"
    if factor == -1:
        return "swings for ever"
    if factor > 0:
        return "creeps"
    return "zig-zags" if factor > -1 else "diverges"


def _fate(first, second, at_first="arrives", at_second="swings for ever", words=("creeps", "zig-zags", "diverges")):
    """A wrong fate: of a number, with two borders and words on them, below, between and above."""

    def of(x):
        if x == first:
            return at_first
        if x == second:
            return at_second
        return words[(x > first) + (x > second)]

    return of


_times = _fate(1, 2)
_sides = _fate(1, 2, words=("zig-zags", "creeps", "diverges"))

# fmt: off
fate.mistakes += [  # what was done, the wrong function, where to look
    ("ηλ is rounded down to a whole number",
     lambda lr, lam: ("creeps", "zig-zags", "swings for ever", "diverges")[min(int(lr * lam), 3)],
     "The borders are single numbers: 1.7 is not 1, and 2.5 is not 2."),
    ("η alone decides", lambda lr, lam: _times(lr),
     "With λ = 25 even η = 0.1 diverges. What do the two come to together?"),
    ("λ alone decides", lambda lr, lam: _times(lam),
     "A steep parabola is harmless if η is small enough."),
    ("η/λ decides", lambda lr, lam: _times(lr / lam),
     "The slope is λw, and the step η times that."),
    ("both borders are half as large, as for the loss λw²", lambda lr, lam: _times(2 * lr * lam),
     "The slope of ½λw² is λw, without a 2."),
    ("both borders are twice as large", lambda lr, lam: _times(lr * lam / 2),
     "The ½ of ½λw² goes when you take the derivative."),
    ("the border itself is counted as divergence", lambda lr, lam: _fate(1, 2, at_second="diverges")(lr * lam),
     "With the factor −1, how far away is it after two steps?"),
    ("the border itself is counted as zig-zag", lambda lr, lam: _fate(1, 2, at_second="zig-zags")(lr * lam),
     "With the factor −1, does it come any nearer?"),
    ("arriving is counted as creeping", lambda lr, lam: _fate(1, 2, at_first="creeps")(lr * lam),
     "With the factor 0, how much is left after one step?"),
    ("arriving is counted as zig-zag", lambda lr, lam: _fate(1, 2, at_first="zig-zags")(lr * lam),
     "With the factor 0, is there another side to jump to?"),
    ("creeping and zig-zag are exchanged", lambda lr, lam: _sides(lr * lam),
     "A positive factor keeps w on its side."),
    ("every jump over the minimum is counted as divergence",
     lambda lr, lam: _fate(1, 2, words=("creeps", "diverges", "diverges"))(lr * lam),
     "It may land on the other side and still be nearer than before."),
    ("nothing ever diverges", lambda lr, lam: _fate(1, 2, words=("creeps", "zig-zags", "zig-zags"))(lr * lam),
     "With the factor −1.5, how far away is it after two steps?"),
    ("nothing ever zig-zags", lambda lr, lam: _fate(1, 2, words=("creeps", "creeps", "diverges"))(lr * lam),
     "With the factor −0.7, on which side is it after one step?"),
    ("the borders are not set apart", lambda lr, lam: _fate(1, 2, "zig-zags", "diverges")(lr * lam),
     "Two of the five words belong to one value of ηλ each: what happens exactly at 1, and exactly at 2?"),
    ("the two borders go to the words below them", lambda lr, lam: _fate(1, 2, "creeps", "zig-zags")(lr * lam),
     "Two of the five words belong to one value of ηλ each: what happens exactly at 1, and exactly at 2?"),
    ("only two words are used", lambda lr, lam: "diverges" if abs(1 - lr * lam) > 1 else "creeps",
     "Where the distance shrinks there are two ways to do so; and what if the factor is exactly 0, or −1?"),
    ("only converging and diverging are told apart, the border with them",
     lambda lr, lam: "creeps" if abs(1 - lr * lam) < 1 else "diverges",
     "Where the distance shrinks there are two ways to do so; and what if the factor is exactly 0, or −1?"),
    ("the words for the two borders are exchanged",
     lambda lr, lam: _fate(1, 2, "swings for ever", "arrives")(lr * lam),
     "With the factor 0, where is w after one step?"),
    ("it is counted as creeping only up to ηλ = ½", lambda lr, lam: (
        "zig-zags" if 0.5 < lr * lam < 1 else _times(lr * lam)),
     "With the factor 0.3 it goes down fast, and on one side."),
    ("the factor is 1 + ηλ", lambda lr, lam: "diverges",
     "The step goes against the slope: what is the sign in front of ηλ?"),
    ("the borders of the factor are taken for those of ηλ", lambda lr, lam: _fate(0, 1)(lr * lam),
     "Which number do you compare: ηλ, or 1 − ηλ?"),
    ("ηλ itself is taken for the factor", lambda lr, lam: (
        "arrives" if lr * lam == 0 else "creeps" if lr * lam < 1 else _fate(1, 1, at_first="swings for ever", words=(
            "creeps", "creeps", "diverges"))(lr * lam)),
     "ηλ is what a step takes away. By which number does it multiply the distance?"),
]
# fmt: on

# 4. How many steps ------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "it creeps": [(1e-3, 0.1, 1.0), (1e-6, 0.05, 4.0), (0.2, 0.3, 1.0), (1e-2, 0.02, 0.5)],
        "exactly this part is left": [(0.25, 0.5, 1.0), (0.125, 1.5, 1.0)],
        "it zig-zags": [(1e-3, 1.7, 1.0), (1e-6, 0.06, 20.0), (1e-2, 1.9, 1.0)],
        "the part is met exactly": [(1 / 16, 0.5, 1.0), (1 / 64, 1.5, 1.0)],
        "it arrives at once": [(1e-3, 0.25, 4.0), (0.1, 1.0, 1.0)],
        "it never gets there": [(1e-3, 2.0, 1.0), (1e-3, 0.1, 25.0), (0.1, 3.0, 1.0)],
    },
    hints=[
        "After t steps |1 − ηλ|ᵗ of the distance is left. For which t is that at most `part`?",
        "Take logarithms on both sides, or count in a loop. A number of steps is whole: in which direction to round?",
        "Two cases for themselves: a factor of 0, and a size of the factor of 1 or more. `math.inf` is infinity.",
    ],
)
def steps_to(part, lr, lam):
    """How many steps of gradient descent on ½λw² until at most this part of the distance is left.

    part: between 0 and 1; lr: η; lam: the curvature λ. Returns a whole number; `math.inf` if it never gets there.
    """
    factor = abs(1 - lr * lam)
    if factor >= 1:
        return math.inf
    if factor == 0:
        return 1
    return math.ceil(math.log(part) / math.log(factor))


def _steps(rounding=math.ceil, factor=lambda lr, lam: abs(1 - lr * lam), power=1):
    """A wrong count: rounded in another way, of another factor, or with a power of it."""

    def wrong(part, lr, lam):
        left = factor(lr, lam)
        if left >= 1:
            return math.inf
        return 1 if left <= 0 else rounding(math.log(part) / (power * math.log(left)))

    return wrong


def _raw(part, lr, lam):
    size = abs(1 - lr * lam)
    return math.log(part) / math.log(size) if 0 < size != 1 else 1 if size == 0 else math.inf


# fmt: off
steps_to.mistakes += [  # what was done, the wrong function, where to look
    ("rounded down", _steps(math.floor),
     "Unless `part` is met exactly, a little more than it is left after so many steps."),
    ("rounded to the nearest whole number", _steps(round),
     "Where that is down, a little more than `part` is left still."),
    ("not rounded", _steps(float),
     "A number of steps is whole."),
    ("one step too many", _steps(lambda x: math.ceil(x) + 1),
     "It is there one step earlier already. Do you count the start as a step?"),
    ("rounded down, and one more", _steps(lambda x: math.floor(x) + 1),
     "Where the logarithms divide without a remainder, the part is met exactly, and that is enough: “at most”."),
    ("the loss is counted, not the distance", _steps(power=2),
     "The loss goes with the square, and needs half as many steps. Here the distance is asked for."),
    ("twice as many, from a square root", _steps(power=0.5),
     "After t steps the factor has come in t times."),
    ("the minimum counts as never reached", lambda part, lr, lam: (
        math.inf if lr * lam == 1 else steps_until(part, 1 - lr * lam)),
     "With the factor 0, where is w after one step?"),
    ("the minimum counts as reached after no step", lambda part, lr, lam: (
        0 if lr * lam == 1 else steps_until(part, 1 - lr * lam)),
     "With the factor 0 the first step has to be taken."),
    ("every ηλ above 1 counts as never", lambda part, lr, lam: (
        math.inf if lr * lam > 1 else steps_until(part, 1 - lr * lam)),
     "A jump over the minimum may still lead nearer to it."),
    ("divergence gives a number, below 0", lambda part, lr, lam: (
        math.inf if abs(1 - lr * lam) == 1 else math.ceil(_raw(part, lr, lam))),
     "Where the distance grows, a part of it is never reached."),
    ("the border counts as one step", lambda part, lr, lam: 1 if lr * lam == 2 else steps_until(part, 1 - lr * lam),
     "With the factor −1, how much is left after any number of steps?"),
    ("gradient flow, e^(−ηλt)", lambda part, lr, lam: math.ceil(-math.log(part) / (lr * lam)),
     "That is the limit of many small steps: it knows of no zig-zag and no divergence."),
    ("η alone decides", _steps(factor=lambda lr, lam: abs(1 - lr)),
     "How much of the distance a step leaves depends on the curvature as well."),
    ("η/λ decides", _steps(factor=lambda lr, lam: abs(1 - lr / lam)),
     "The slope is λw, and the step η times that."),
    ("ηλ is taken for what is left", _steps(factor=lambda lr, lam: lr * lam),
     "ηλ is what a step takes away."),
    ("the logarithms are multiplied", lambda part, lr, lam: (
        steps_until(part, 1 - lr * lam) if abs(1 - lr * lam) >= 1 or lr * lam == 1
        else math.ceil(math.log(part) * math.log(abs(1 - lr * lam)))),
     "t·ln|1 − ηλ| = ln part: solve for t."),
    ("the count is negative", lambda part, lr, lam: -steps_until(part, 1 - lr * lam),
     "Both logarithms are below 0, so their quotient is above."),
    ("two kinds of logarithm", lambda part, lr, lam: (
        steps_until(part, 1 - lr * lam) if abs(1 - lr * lam) >= 1 or lr * lam == 1
        else math.ceil(math.log10(part) / math.log(abs(1 - lr * lam)))),
     "In the quotient both logarithms have to be of one kind; which one does not matter."),
    ("the quotient upside down", lambda part, lr, lam: (
        steps_until(part, 1 - lr * lam) if abs(1 - lr * lam) >= 1 or lr * lam == 1
        else math.ceil(math.log(abs(1 - lr * lam)) / math.log(part))),
     "A smaller part needs more steps."),
    ("every jump over the minimum counts as arriving", lambda part, lr, lam: (
        1 if 1 <= lr * lam < 2 else steps_until(part, 1 - lr * lam)),
     "A factor below 0 lands on the other side, and still some way off: its size counts."),
]
# fmt: on

# 5. Another unit --------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "larger numbers": [(0.1, 10.0), (0.03, 1000.0), (2.0, 100.0), (0.5, 1.609344)],
        "smaller numbers": [(0.1, 0.01), (3e-8, 0.001), (0.5, 0.5)],
        "the same unit": [(0.3, 1.0)],
    },
    hints=[
        "For the run to be the same, the factor of a step has to be the same. What does that say of ηλ?",
        "The curvature is the mean of x². What becomes of it when every x is `factor` times as large?",
        "λ is factor² times as large. η has to make up for that.",
    ],
)
def new_rate(lr, factor):
    """The learning rate for w · x under a squared error when every x is `factor` times as large: the run is the same.

    lr: the learning rate for x as it was. Returns the one with which every prediction w · x of the run stays the same.
    """
    return lr / factor**2


# fmt: off
new_rate.mistakes += [  # what was done, the wrong formula, where to look
    ("the rate stays the same", lambda lr, factor: lr,
     "Then ηλ would be larger by as much as λ: try kilometres and metres in the figure."),
    ("divided by the factor once", lambda lr, factor: lr / factor,
     "How does λ, the mean of x², change with x?"),
    ("multiplied by the factor", lambda lr, factor: lr * factor,
     "Larger inputs make the parabola steeper: should η grow or shrink?"),
    ("multiplied by the factor squared", lambda lr, factor: lr * factor**2,
     "The right power. But λ grows with the inputs, and ηλ has to stay."),
    ("divided by the square root", lambda lr, factor: lr / factor**0.5,
     "λ is the mean of x². Is that a root or a square?"),
    ("multiplied by the square root", lambda lr, factor: lr * factor**0.5,
     "λ is the mean of x², and ηλ has to stay the same."),
    ("divided by twice the factor", lambda lr, factor: lr / (2 * factor),
     "The square of the factor is not twice the factor."),
    ("divided by the cube", lambda lr, factor: lr / factor**3,
     "How many times does x stand in λ, the mean of x²?"),
    ("divided by the fourth power", lambda lr, factor: lr / factor**4,
     "λ is the mean of x², so it changes by the square. Is the square taken twice?"),
    ("the rate is squared, too", lambda lr, factor: (lr / factor) ** 2,
     "Mind the brackets: only the factor is squared."),
    ("the old rate is left out", lambda lr, factor: 1 / factor**2,
     "The new rate is in proportion to the old one."),
    ("upside down", lambda lr, factor: factor**2 / lr,
     "A larger old rate goes with a larger new one."),
    ("the square is taken away", lambda lr, factor: lr - factor**2,
     "ηλ is a product: what makes up for a factor in it?"),
    ("1/λ itself, with λ = factor²·lr", lambda lr, factor: 1 / (factor**2 * lr),
     "lr is the old learning rate, not a curvature."),
    ("η/4, whatever the factor", lambda lr, factor: lr / 4,
     "Right where the factor is 2. Where does the factor itself come in?"),
]
# fmt: on

# Choices ---------------------------------------------------------------------------------------------------------

ten_percent = Choice(
    "“With a learning rate of 0.1 each step removes 10 % of the error.” When is that so?",
    {
        "a": ("Always: that is what 0.1 means.", "η multiplies the slope, not the error. With λ = 25 it diverges."),
        "b": (
            "As long as it does not diverge.",
            "With λ = 0.1 it does not diverge, and a step removes 1 %.",
        ),
        "c": ("Never.", "On ½w² it is exactly so: λ = 1, and ηλ = 0.1."),
        "d": (
            "On a parabola with λ = 1. On any other a step removes the part ηλ of the distance.",
            "Yes. And of the loss the part 1 − (1 − ηλ)², 19 % here.",
        ),
    },
    correct="d",
)

oscillation = Choice(
    "“When w jumps to and fro, the run diverges.” What is right on a parabola?",
    {
        "a": ("It is so.", "For ηλ between 1 and 2 it jumps over the minimum and still comes nearer at every step."),
        "b": (
            "Jumping to and fro means ηλ > 1. It diverges only from ηλ > 2 on.",
            "Yes: the sign of 1 − ηλ says whether it jumps, the size whether it comes nearer.",
        ),
        "c": ("It jumps just when it diverges slowly.", "ηλ = 1.7 jumps, and needs 39 steps to a millionth."),
        "d": (
            "A run that jumps is always slower than one that does not.",
            "η = 1.5 jumps and needs 20 steps to a millionth on ½w²; η = 0.1 does not jump and needs 132.",
        ),
    },
    correct="b",
)

range_of_rates = Choice(
    "“A learning rate that works lies between 10⁻⁶ and 1.” What is behind this?",
    {
        "a": (
            "A habit. It fits inputs of about size 1 and a mean loss; other units move the range to anywhere.",
            "Yes: with distances in metres the best rate of our rides is below 10⁻⁷, in thousands of km above 10⁴.",
        ),
        "b": (
            "A law: above 1 gradient descent diverges.",
            "On ½λw² it converges up to 2/λ. With λ = 0.1 that is 20.",
        ),
        "c": ("A limit of floating-point numbers.", "They go far beyond: float64 to 10³⁰⁸, and down to 10⁻³⁰⁸."),
        "d": (
            "Nothing: any learning rate works if one waits long enough.",
            "Not above 2/λ. And far below 1/λ the steps may be too small for the numbers: it stands still.",
        ),
    },
    correct="a",
)

too_large = Choice(
    "The learning rate is too large. What does the run do?",
    {
        "a": ("It ends in overflow.", "On a parabola. On ln cosh w it swings between two points for ever."),
        "b": (
            "It swings between two points.",
            "It may. On a parabola it runs away; on the double well there is chaos, too.",
        ),
        "c": (
            "It depends on the function: it may diverge, go round in a cycle, or jump about without a pattern.",
            "Yes. On a parabola only the first, beyond 2/λ; where the slope stops growing, w may never run away.",
        ),
        "d": ("Its loss rises at every step.", "In chaos it rises and falls; in a cycle it comes back."),
    },
    correct="c",
)

fastest = Choice(
    "“The fastest learning rate is the largest that still converges.” And on ½λw²?",
    {
        "a": ("It is so.", "Just below 2/λ the factor is just above −1: it hardly comes nearer."),
        "b": ("The smaller, the faster.", "With a small η the factor is just below 1: it creeps."),
        "c": (
            "The fastest is 1/λ, half of the border.",
            "Yes: there the factor is 0. From there on it gets slower to both sides, equally.",
        ),
        "d": ("All that converge are equally fast.", "0.1 and 1.9 are, on ½w². Between them it is faster."),
    },
    correct="c",
)

stuck = Choice(
    "The loss has been the same for a hundred steps. Is the slope zero?",
    {
        "a": ("Yes: else w would move, and the loss with it.", "w may move between places of equal loss."),
        "b": ("No: with a slope of zero it would diverge.", "With a slope of zero nothing moves."),
        "c": ("No: at a minimum the loss would be 0.", "A minimum may lie at any height."),
        "d": (
            "Not necessarily: w may swing between two places of equal loss, or its steps may be rounded to nothing.",
            "Yes. On ½λw² with ηλ = 2 the first happens, in float16 with a small η the second.",
        ),
    },
    correct="d",
)

# Prediction ------------------------------------------------------------------------------------------------------


def steps_on_the_parabola(lr, part=1e-6):
    """How many steps of gradient descent on ½w² until the distance to the minimum is this part of what it was.

    >>> steps_on_the_parabola(0.1), steps_on_the_parabola(1.0)
    (132, 1)
    """
    w = np.abs(descend(gd, [1.0], lambda w: w, 10_000, lr=lr)["w"][:, 0])
    return int(np.argmax(w <= part))


nineteen_times = Predict(
    "On ½w², with η = 0.1, the distance to the minimum is a millionth of what it was after 132 steps. After how many "
    "with η = 1.9?",
    lambda: steps_on_the_parabola(1.9),
    factor=1.5,
    why="A step multiplies w by 1 − η: by 0.9 with η = 0.1, by −0.9 with η = 1.9. The sign differs, the size does not.",
)
