"""The exercises of chapter 03: learning rate."""

import functools

import numpy as np

from optim_core.exercises import Choice, Exercise, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import close, numbers
from optim_core.exercises.kinds import Pair
from optim_core.exercises.running import run

from . import experiments


class Overflows:
    """An exercise with NaN among its arguments, which is not equal to itself: yet nobody has changed it."""

    def look(self, function, args):
        ran, seen = super().look(function, args), []
        if ran.changed:
            run(lambda *mine: (seen.extend(mine), function(*mine)), args)
            ran.changed = tuple(k for k in ran.changed if not close(seen[k], args[k], 0, 0))
        return ran


class OverflowingPair(Overflows, Pair):
    """Two answers at once, from arguments of which some are NaN."""


class Overflowing(Overflows, Exercise):
    """One answer, from arguments of which some are NaN."""


# 1. The rate of a range test -------------------------------------------------------------------------------------

range_rate = exercise(
    cases={
        "the first step": [(0, 0.001, 10.0, 50), (0, 0.5, 8.0, 5), (0, 2.0, 3.0, 12)],
        "the last step": [(49, 0.001, 10.0, 50), (4, 0.5, 8.0, 5), (11, 2.0, 3.0, 12)],
        "in between": [(1, 0.001, 10.0, 50), (7, 0.001, 10.0, 50), (2, 0.5, 8.0, 5), (5, 2.0, 3.0, 12)],
        "two steps only": [(0, 0.1, 10.0, 2), (1, 0.1, 10.0, 2)],
    },
    hints=[
        "Multiplied by the same factor at every step, low has become high after steps − 1 of them.",
        "So low · q^(steps − 1) = high for the factor q of one step. What is q, and what is the rate after k steps?",
        "q = (high/low) to the power 1/(steps − 1), and the rate of step k is low · qᵏ.",
    ],
)(experiments.range_rate)


def _share(k, steps):
    """How much of the way is done."""
    return k / (steps - 1)


# fmt: off
range_rate.mistakes += [  # what was done, the wrong function, where to look
    ("the rate grows by the same amount at every step, not by the same factor",
     lambda k, low, high, steps: low + (high - low) * _share(k, steps),
     "From 0.001 to 10 in 50 steps of 0.2: the first step jumps over everything below 0.2."),
    ("e to the power of what lies on a straight line between low and high",
     lambda k, low, high, steps: np.exp(low + (high - low) * _share(k, steps)),
     "low and high are rates; it is their *logarithms* that lie on a straight line."),
    ("the last step does not arrive at high: k is divided by steps",
     lambda k, low, high, steps: low * (high / low) ** (k / steps),
     "From step 0 to the last one, steps − 1, how many times is the rate multiplied?"),
    ("the first step is not low: k + 1 is divided by steps",
     lambda k, low, high, steps: low * (high / low) ** ((k + 1) / steps),
     "k counts from 0, and step 0 is to have the rate low."),
    ("the whole range is one step too far: k + 1 is divided by steps − 1",
     lambda k, low, high, steps: low * (high / low) ** ((k + 1) / (steps - 1)),
     "Put k = 0 in: is it low?"),
    ("the whole factor high/low at every step",
     lambda k, low, high, steps: low * (high / low) ** k,
     "The factor high/low is for the whole test, not for one step of it."),
    ("one step already leads from low to high: k is not in the exponent",
     lambda k, low, high, steps: low * (high / low) ** (1 / (steps - 1)),
     "That is the rate of step 1. Where does k come in?"),
    ("the range is walked downwards, from high to low",
     lambda k, low, high, steps: high * (low / high) ** _share(k, steps),
     "Step 0 is to have the rate low: begin where nothing can break."),
    ("low is forgotten in front",
     lambda k, low, high, steps: (high / low) ** _share(k, steps),
     "At k = 0 a power is 1. It should be low there."),
    ("high in place of the ratio high/low",
     lambda k, low, high, steps: low * high ** _share(k, steps),
     "At the last step this is low · high. By what must low be multiplied to give high?"),
    ("the exponent is upside down",
     lambda k, low, high, steps: low * (high / low) ** ((steps - 1) / k),
     "At k = 0 the exponent should be 0, at the last step 1."),
    ("only the share of the way is returned",
     lambda k, low, high, steps: _share(k, steps),
     "That is the exponent. What is raised to it?"),
    ("a logarithm to base 10 is undone with e",
     lambda k, low, high, steps: low * np.exp(_share(k, steps) * np.log10(high / low)),
     "np.exp undoes np.log; 10 ** x undoes np.log10."),
    ("a natural logarithm is undone with 10",
     lambda k, low, high, steps: low * 10 ** (_share(k, steps) * np.log(high / low)),
     "10 ** x undoes np.log10; np.exp undoes np.log."),
    ("low and high are taken for exponents of 10",
     lambda k, low, high, steps: 10 ** (low + (high - low) * _share(k, steps)),
     "low and high are rates, not powers of ten."),
    ("the logarithm of the rate is returned",
     lambda k, low, high, steps: np.log(low) + _share(k, steps) * np.log(high / low),
     "The right line, on a logarithmic axis. Undo the logarithm at the end."),
    ("the same with a logarithm to base 10",
     lambda k, low, high, steps: np.log10(low) + _share(k, steps) * np.log10(high / low),
     "The right line, on a logarithmic axis. Undo the logarithm at the end."),
    ("the rate grows with the square of the step",
     lambda k, low, high, steps: low + (high - low) * _share(k, steps) ** 2,
     "A power of k is not a constant factor: compare the first steps with each other."),
    ("low is added to the power, not multiplied by it",
     lambda k, low, high, steps: low + (high / low) ** _share(k, steps),
     "At k = 0 this is low + 1."),
    ("the ratio is multiplied by the share of the way, not raised to it",
     lambda k, low, high, steps: low * (high / low) * _share(k, steps),
     "A constant factor at each step makes a power."),
]
# fmt: on


def beside(function, steps=100):
    """The experiment of the figure in which a range test with the student's rates runs beside ours.

    function: the student's (k, low, high, steps) → rate. While it has a blank in it only ours is shown; so it is where
    it gives no rates that a training can use (finite numbers, none below 0), and the caption says why.
    """
    runs, trouble = {"ours": experiments.range_rate}, "" if has_blank(function) else _trouble(function, steps)
    if not has_blank(function) and not trouble:
        runs["yours"] = function

    return functools.partial(experiments.range_tests, runs, steps=steps, trouble=trouble)


def _trouble(function, steps, low=1e-3, high=100.0):
    """Why gradient descent cannot take the rates of a function at every step of a range test; "" if it can.

    >>> _trouble(lambda k, low, high, steps: low - k, 5)
    'Your rates are not shown: at step k = 1 the rate is −0.999, and should be a finite number ≥ 0.'
    """
    if not callable(function):
        return "Your rates are not shown: `range_rate` is not a function."
    for k in range(steps):
        ran = run(function, (k, low, high, steps))
        if ran.error is not None:
            what = f"your function failed with {type(ran.error).__name__}: {' '.join(str(ran.error).split())}."
        else:
            rate = numbers(ran.value)
            if rate is None or rate.shape != () or np.iscomplexobj(rate):
                what = "your function does not return a number."
            elif np.isfinite(rate) and rate >= 0:
                continue
            else:
                shown = f"{float(rate):.4g}".replace("-", "−")
                what = f"the rate is {shown}, and should be a finite number ≥ 0."
        return f"Your rates are not shown: at step k = {k} {what}"
    return ""


# 2. The best constant rate of a quadratic ------------------------------------------------------------------------


@exercise(
    cases={
        "two curvatures": [(np.array([0.01, 1.0]),), (np.array([3.0, 0.5]),), (np.array([25.0, 4.0]),)],
        "more than two": [
            (np.array([0.2, 5.0, 1.0]),),
            (np.array([2.0, 0.1, 0.7, 1.1]),),
            (np.array([7.0, 6.0, 0.3, 6.5, 2.0]),),
        ],
        "one only": [(np.array([4.0]),)],
        "all the same": [(np.array([0.5, 0.5, 0.5]),)],
    },
    hints=[
        "Each direction has its own factor |1 − ηλ|. The slowest one is the one with the largest factor.",
        "Two can be the slowest: the flattest, 1 − ηλ_min, and the steepest, ηλ_max − 1. At the best η they agree.",
        "Solve 1 − ηλ_min = ηλ_max − 1 for η.",
    ],
)
def best_rate(curvatures):
    """The constant learning rate at which gradient descent on a quadratic is fastest in its slowest direction.

    curvatures: the eigenvalues of the Hessian, all above 0, in any order, shape (n,).
    """
    return 2 / (np.min(curvatures) + np.max(curvatures))


# fmt: off
best_rate.mistakes += [
    ("1/λ_max, which brings the steepest direction to rest in one step", lambda c: 1 / np.max(c),
     "The flattest direction would like it larger, and the steepest can bear it."),
    ("2/λ_max, the edge itself", lambda c: 2 / np.max(c),
     "There the steepest direction has the factor −1: it never comes to rest."),
    ("2/λ_min, the edge of the flattest direction", lambda c: 2 / np.min(c),
     "What is the factor of the steepest direction then?"),
    ("1/λ_min, which brings the flattest direction to rest in one step", lambda c: 1 / np.min(c),
     "What is the factor of the steepest direction then?"),
    ("the mean of all curvatures in place of the mean of the two ends", lambda c: 1 / np.mean(c),
     "Only the slowest direction counts. Which two can be the slowest?"),
    ("the sum of all curvatures in place of the sum of the two ends", lambda c: 2 / np.sum(c),
     "With more than two directions the sum holds some that are never the slowest."),
    ("1 in place of 2 above λ_min + λ_max", lambda c: 1 / (np.min(c) + np.max(c)),
     "Solve 1 − ηλ_min = ηλ_max − 1 once more: what is 1 + 1?"),
    ("the difference in place of the sum", lambda c: 2 / (np.max(c) - np.min(c)),
     "Watch the sign when both η come to one side: 1 − ηλ_min = ηλ_max − 1."),
    ("the edge of every direction by itself, 2/λ", lambda c: 2 / c,
     "One η has to do for all directions. Which two of them decide?"),
    ("the best rate of every direction by itself, 1/λ", lambda c: 1 / c,
     "One η has to do for all directions. Which two of them decide?"),
    ("the first and the last curvature, as if they were sorted", lambda c: 2 / (c[0] + c[-1]),
     "They come in any order."),
    ("the geometric mean of the two ends", lambda c: 1 / np.sqrt(np.min(c) * np.max(c)),
     "Where two straight lines meet there is no root."),
    ("the mean of the best rates of all directions", lambda c: np.mean(1 / c),
     "A mean does not protect the steepest direction: what is its factor?"),
    ("the denominator alone, a mean curvature", lambda c: (np.min(c) + np.max(c)) / 2,
     "η has the unit of one over a curvature."),
    ("the mean in place of the smallest curvature", lambda c: 2 / (np.max(c) + np.mean(c)),
     "The slowest on the flat side is the flattest, not an average one."),
    ("the factor of the slowest direction in place of the rate",
     lambda c: (np.max(c) - np.min(c)) / (np.max(c) + np.min(c)),
     "(κ − 1)/(κ + 1) is how fast it goes. Asked is the η at which it does."),
    ("the two smallest curvatures", lambda c: 2 / (np.sort(c)[0] + np.sort(c)[min(1, len(c) - 1)]),
     "What is the factor of the steepest direction then?"),
    ("the middle curvature decides", lambda c: 1 / np.median(c),
     "A direction in the middle is never the slowest."),
    ("the product in place of the sum", lambda c: 2 / (np.min(c) * np.max(c)),
     "Solve 1 − ηλ_min = ηλ_max − 1 for η: no product comes in."),
    ("the heavy ball's best rate, 4/(√λ_min + √λ_max)²",
     lambda c: 4 / (np.sqrt(np.min(c)) + np.sqrt(np.max(c))) ** 2,
     "That is for momentum. Plain gradient descent has no roots: 1 − ηλ_min = ηλ_max − 1."),
    ("2/(κ + 1): the rate in units of 1/λ_min", lambda c: 2 / (np.max(c) / np.min(c) + 1),
     "κ has no unit, and η has that of 1/λ: where does λ_min itself come in?"),
]
# fmt: on

# 3. Reading a U --------------------------------------------------------------------------------------------------

_LRS = np.array([0.001, 0.01, 0.1, 1.0, 10.0, 100.0])
_NAN, _INF = np.nan, np.inf

best_and_cliff = OverflowingPair(
    experiments.best_and_cliff,
    ("the best rate", "the cliff"),
    cases={
        "a U as it should be": [
            (_LRS, np.array([2.2, 1.9, 0.8, 0.1, 5.0, 70.0]), 2.3),
            (_LRS[:4], np.array([0.9, 0.4, 0.6, 3.0]), 1.0),
            (np.array([0.2, 0.3, 0.5, 0.7]), np.array([0.5, 0.2, 0.1, 1.7]), 0.6),
        ],
        "a run that ends where it began": [
            (_LRS, np.array([2.2, 1.9, 0.8, 0.1, 2.3, 70.0]), 2.3),
            (_LRS[:3], np.array([1.0, 0.5, 1.0]), 1.0),
        ],
        "runs that overflowed": [
            (_LRS, np.array([2.2, 1.9, 0.8, 0.1, _NAN, _NAN]), 2.3),
            (_LRS, np.array([2.2, 1.9, 0.8, 0.1, 1.1, _INF]), 2.3),
            (_LRS[:5], np.array([1.5, 0.3, _INF, _NAN, _NAN]), 2.0),
        ],
        "no cliff within the grid": [
            (_LRS[:4], np.array([2.2, 1.9, 0.8, 0.1]), 2.3),
            (_LRS[:5], np.array([2.2, 1.9, 0.1, 0.3, 0.9]), 2.3),
        ],
        "a rise that is no cliff yet": [(_LRS, np.array([2.2, 1.2, 0.1, 0.9, 1.8, 4.0]), 2.3)],
        "a bad run also at the slow end": [
            (_LRS, np.array([2.31, 2.2, 0.9, 0.2, 2.1, 9.0]), 2.3),
            (_LRS, np.array([_NAN, 2.2, 0.1, 0.2, 2.9, 1.0]), 2.3),
        ],
    },
    hints=[
        "A loss that overflowed may be NaN. argmin would choose it, and no comparison with it is true. What skips it?",
        "A run is good if its loss is below start, and bad otherwise: `bad = ~(losses < start)` counts a NaN as bad.",
        "Only rates beyond the best one can be the cliff: call the others good, and take the first bad one, if any.",
    ],
)


def _first(places):
    return places[0]


def _u(best=np.nanargmin, bad=lambda L, s: ~(L < s), beyond=True, pick=_first, none=lambda lr: np.inf, value=None):
    """A way to read a U, made of its parts."""

    def read(lrs, losses, start):
        b, wrong = best(losses), bad(losses, start).copy()
        if beyond:
            wrong[: b + 1 if beyond == "after" else b] = False
        at = np.flatnonzero(wrong)
        cliff = lrs[pick(at)] if len(at) else none(lrs)
        return (value or (lambda lrs, losses, b: lrs[b]))(lrs, losses, b), cliff

    return read


def _rise(losses, start):
    return np.concatenate([[False], ~(np.diff(losses) < 0)])


# fmt: off
best_and_cliff.mistakes += [
    ("a NaN is taken for the lowest loss", _u(best=np.argmin),
     "np.argmin takes a NaN for the smallest. np.nanargmin skips it."),
    ("the highest loss is taken for the best", _u(best=np.nanargmax),
     "The best run is the one with the lowest loss."),
    ("positions in the grid in place of rates",
     lambda lrs, L, s: (np.nanargmin(L), *(np.flatnonzero(~(L < s) & (np.arange(len(L)) >= np.nanargmin(L))).tolist()
                                           or [np.inf])[:1]),
     "The places are right. Look up which rates stand there: lrs[…]."),
    ("the lowest loss in place of the rate that has it", _u(value=lambda lrs, L, b: L[b]),
     "The cliff is right. Asked is the rate: lrs at the place of the lowest loss."),
    ("a run that overflowed counts as good", _u(bad=lambda L, s: L >= s),
     "NaN > start is false. Ask for what is good, and turn it round."),
    ("only runs that overflowed count as bad", _u(bad=lambda L, s: ~np.isfinite(L)),
     "The best rate is right. A finite loss above start is bad, too."),
    ("only NaN counts as bad", _u(bad=lambda L, s: np.isnan(L)),
     "The best rate is right. A loss above start is bad as well, and so is inf."),
    ("bad runs on the slow side count", _u(beyond=False),
     "The best rate is right. Only rates larger than the best one can be the cliff."),
    ("every rise of the loss is taken for the cliff", _u(bad=_rise, beyond="after"),
     "The best rate is right. A loss may rise again and still be far below where it began."),
    ("the last good rate in place of the first bad one",
     lambda lrs, L, s: (_u()(lrs, L, s)[0], lrs[max(np.searchsorted(lrs, _u()(lrs, L, s)[1]) - 1, 0)]),
     "The best rate is right. The cliff is the first rate that is bad."),
    ("the last bad rate in place of the first one", _u(pick=lambda x: x[-1]),
     "The best rate is right. The cliff is where the bad ones begin."),
    ("the largest rate where there is no cliff", _u(none=lambda lrs: lrs[-1]),
     "If nothing is bad, the cliff lies beyond the grid: inf."),
    ("NaN where there is no cliff", _u(none=lambda lrs: np.nan),
     "If nothing is bad, the cliff lies beyond the grid: inf."),
    ("the first rate where there is no cliff: argmax of an array without True is 0", _u(none=lambda lrs: lrs[0]),
     "Ask first whether any run is bad: bad.any()."),
    ("good and bad are exchanged", _u(bad=lambda L, s: L < s),
     "The best rate is right. A run is bad if its loss is not below start."),
    ("the limit is the lowest loss times ten, not the loss at the start",
     _u(bad=lambda L, s: ~(10 * np.nanmin(L) > L)),
     "The best rate is right. Bad is a run that ends no lower than it began."),
    ("there is never a cliff", lambda lrs, L, s: (lrs[np.nanargmin(L)], np.inf),
     "The best rate is right. Which larger rates ended no lower than they began?"),
    ("the cliff is simply the largest rate", lambda lrs, L, s: (lrs[np.nanargmin(L)], lrs[-1]),
     "The best rate is right. The cliff is the first larger rate that is bad, and not every grid has one."),
    ("cliff and best in the wrong order", lambda lrs, L, s: _u()(lrs, L, s)[::-1],
     "First the best rate, then the cliff."),
    ("a run that overflowed, or that ends where it began, counts as good", _u(bad=lambda L, s: L > s),
     "A run is bad *unless* its loss is below start: NaN > start is false, and so is start > start."),
    ("the best rate where there is no cliff: argmax of an array without True is 0",
     lambda lrs, L, s: (_u()(lrs, L, s)[0], min(_u()(lrs, L, s)[1], np.inf) if np.isfinite(_u()(lrs, L, s)[1])
                        else _u()(lrs, L, s)[0]),
     "Ask first whether any of the larger rates is bad: bad.any()."),
    ("a run that overflowed is given the loss 0, the best there is",
     lambda lrs, L, s: _u()(lrs, np.nan_to_num(L), s),
     "`nan_to_num` makes a 0 of NaN, which is the lowest loss of all. It should be the highest."),
]
# fmt: on

# 4. From a Hessian to the largest rate ---------------------------------------------------------------------------


@exercise(
    cases={
        "one direction": [(np.array([[4.0]]),), (np.array([[0.5]]),)],
        "along the axes": [(np.diag([1.0, 10.0]),), (np.diag([3.0, 0.2, 7.0]),)],
        "turned": [
            (np.array([[2.0, 1.0], [1.0, 3.0]]),),
            (np.array([[5.0, -2.0], [-2.0, 1.5]]),),
            (np.array([[2.0, 0.5, 0.0], [0.5, 1.0, -1.0], [0.0, -1.0, 4.0]]),),
        ],
        "with a direction that bends down": [
            (np.array([[1.0, 2.0], [2.0, 1.0]]),),
            (np.array([[-6.0, 1.0], [1.0, 2.0]]),),
            (np.array([[0.0, -2.0], [-2.0, 0.0]]),),
        ],
    },
    hints=[
        "When η grows, one direction of the quadratic diverges first. Which?",
        "The eigenvalues are the curvatures; `np.linalg.eigvalsh(hessian)` gives them. The largest sets the limit.",
        "In one direction |1 − ηλ| < 1 means η < 2/λ. Where it bends down there is no limit to keep to.",
    ],
)
def largest_rate(hessian):
    """The η below which gradient descent on a quadratic comes nearer in every direction that bends up.

    hessian: a symmetric matrix, shape (n, n), with at least one eigenvalue above 0.
    """
    return 2 / np.linalg.eigvalsh(hessian).max()


# fmt: off
largest_rate.mistakes += [
    ("1 in place of 2", lambda H: 1 / np.linalg.eigvalsh(H).max(),
     "1/λ brings the steepest direction to rest in one step. It still converges up to where 1 − ηλ is −1."),
    ("the trace, the sum of all eigenvalues", lambda H: 2 / np.trace(H),
     "Not all curvatures together: the largest one alone."),
    ("the largest entry of the matrix", lambda H: 2 / np.max(H),
     "The entries depend on the axes, the curvatures do not: eigenvalues are asked for."),
    ("the largest entry on the diagonal", lambda H: 2 / np.max(np.diag(H)),
     "The diagonal has the curvatures along the axes. Between the axes it may bend up more."),
    ("the first entry of the matrix", lambda H: 2 / H[0, 0],
     "That is the curvature along the first axis only."),
    ("the Frobenius norm, a root of the sum of squares", lambda H: 2 / np.linalg.norm(H),
     "Not all curvatures together: the largest one alone."),
    ("the eigenvalue that is largest in size, whatever its sign", lambda H: 2 / np.abs(np.linalg.eigvalsh(H)).max(),
     "A direction that bends down sets no limit, however much it bends."),
    ("the smallest eigenvalue", lambda H: 2 / np.linalg.eigvalsh(H).min(),
     "The steepest direction diverges first, not the flattest."),
    ("the smallest eigenvalue in size", lambda H: 2 / np.abs(np.linalg.eigvalsh(H)).min(),
     "The steepest direction diverges first, not the flattest."),
    ("the determinant", lambda H: 2 / np.linalg.det(H),
     "The determinant is the product of all eigenvalues. One of them decides."),
    ("the mean of the eigenvalues", lambda H: 2 / np.linalg.eigvalsh(H).mean(),
     "An average does not diverge. The steepest direction does."),
    ("the eigenvalue over 2, upside down", lambda H: np.linalg.eigvalsh(H).max() / 2,
     "The steeper, the smaller must η be."),
    ("the eigenvalue itself", lambda H: np.linalg.eigvalsh(H).max(),
     "That is the curvature. Which η makes 1 − ηλ equal to −1?"),
    ("the root of the eigenvalue", lambda H: 2 / np.sqrt(np.linalg.eigvalsh(H).max()),
     "A root comes in with momentum. Here 1 − ηλ = −1."),
    ("the best rate, with the smallest eigenvalue as well",
     lambda H: 2 / (np.linalg.eigvalsh(H).max() + np.linalg.eigvalsh(H).min()),
     "That would be the fastest. Asked is the edge, where the steepest direction has the factor −1."),
    ("the largest sum of sizes in a row, a bound for the eigenvalue", lambda H: 2 / np.abs(H).sum(1).max(),
     "That is safe, but not the edge: the largest eigenvalue may be smaller."),
    ("the singular values' sum", lambda H: 2 / np.linalg.norm(H, "nuc"),
     "Not all curvatures together: the largest one alone."),
]
# fmt: on

# 5. The verdict of a fork test -----------------------------------------------------------------------------------

verdict = Overflowing(
    experiments.verdict,
    cases={
        "all finite": [
            (1.0, 0.4, 0.6, 3.0),
            (1.0, 0.9, 0.5, 0.8),
            (2.26, 2.24, 2.2, 2.05),
            (0.5, 0.05, 0.2, 0.4),
            (0.5, 0.4, 0.2, 0.05),
            (0.5, 0.4, 0.05, 0.2),
            (0.02, 0.011, 0.009, 0.017),
            (3.0, 2.0, 2.5, 1.0),
            (10.0, 6.0, 5.5, 8.0),
            (0.2, 0.1975, 0.1965, 0.1985),
            (1.0, 1.5, 0.98, 2.0),
            (1.0, 0.97, 0.975, 0.99),  # forks that differ by less than two per cent
            (1.0, 0.99, 0.975, 0.97),
        ],
        "a fork that overflowed": [
            (1.0, 0.4, np.nan, np.nan),
            (1.0, 0.8, 0.5, np.nan),
            (2.0, 0.3, np.inf, np.nan),
            (2.0, np.nan, np.nan, 0.5),
        ],
        "nothing helps": [
            (2.3, 2.3, 2.31, 2.3),
            (2.3, 2.29, 2.28, 2.27),
            (0.6, 0.61, 0.7, np.nan),
            (0.5, 1.0, 2.0, 3.0),
        ],
        "all overflowed": [(1.0, np.nan, np.inf, np.nan)],
        "a loss below 0.01, or far above 1": [(0.004, 0.001, 0.002, 0.003), (400.0, 390.0, 300.0, 100.0)],
    },
    hints=[
        "A fork that overflowed is the worst of all: put inf in its place before you compare.",
        "Then find the lowest of the three. If even that is not below 0.98 · before, the answer is “neither”.",
        "If slower is the lowest, the rate was too large; if faster is, too small; if same is, fine.",
    ],
)


_WORDS = ("too large", "fine", "too small")


def _fork(words=_WORDS, least=lambda b: 0.98 * b, bad=np.inf, pick=np.argmin, never=False, take=(0, 1, 2)):
    """A way to judge a fork, made of its parts."""

    def judge(before, slower, same, faster):
        after = [x if np.isfinite(x) or bad is None else bad for x in (slower, same, faster)]
        after = [after[i] if i in take else np.inf for i in range(3)]
        if not never and not min(after) < least(before):
            return "neither"
        return words[int(pick(after))]

    return judge


def _against_same(before, *forks):
    slower, same, faster = (x if np.isfinite(x) else np.inf for x in forks)
    if min(slower, faster) < 0.98 * same:
        return "too large" if slower < faster else "too small"
    return "fine" if same < 0.98 * before else "neither"


# fmt: off
verdict.mistakes += [
    ("“too large” and “too small” are exchanged", _fork(("too small", "fine", "too large")),
     "If the slower fork wins, the rate was too large."),
    ("the highest loss wins", _fork(pick=np.argmax),
     "The best fork is the one with the lowest loss. (And inf is not a win.)"),
    ("a fork that overflowed is taken for the lowest", _fork(bad=-np.inf),
     "NaN and inf are the worst that a fork can do."),
    ("never “neither”", _fork(never=True),
     "If even the best of the three has hardly fallen, the learning rate is not what is wrong."),
    ("the limit is 0.98 itself, not 0.98 · before", _fork(least=lambda b: 0.98),
     "Compared with what it was: a loss of 0.004 may stand still, too."),
    ("the limit is before − 0.02", _fork(least=lambda b: b - 0.02),
     "Two per cent of what it was, not 0.02."),
    ("the limit is before, not 0.98 · before", _fork(least=lambda b: b),
     "A fall of less than two per cent does not count."),
    ("the limit is 0.5 · before", _fork(least=lambda b: 0.5 * b),
     "A fall of two per cent is enough: 0.98 · before."),
    ("“neither” is called “fine”",
     lambda b, s, m, f: {"neither": "fine"}.get(_fork()(b, s, m, f), _fork()(b, s, m, f)),
     "Where nothing helps, the rate is not fine: something else is wrong."),
    ("the run with the same rate is left out", _fork(take=(0, 2)),
     "Three runs compete. If `same` is the lowest, the rate is fine."),
    ("the faster run is left out", _fork(take=(0, 1)),
     "Three runs compete. If `faster` is the lowest, the rate was too small."),
    ("the slower run is left out", _fork(take=(1, 2)),
     "Three runs compete. If `slower` is the lowest, the rate was too large."),
    ("“fine” as soon as the same rate goes down",
     lambda b, s, m, f: "fine" if m < 0.98 * b else _fork()(b, s, m, f),
     "It may go down and another one go down further."),
    ("“too small” as soon as the faster rate goes down",
     lambda b, s, m, f: "too small" if f < 0.98 * b else _fork()(b, s, m, f),
     "It may go down and another one go down further."),
    ("“too large” as soon as the slower rate goes down",
     lambda b, s, m, f: "too large" if s < 0.98 * b else _fork()(b, s, m, f),
     "It may go down and another one go down further."),
    ("the slower rate is compared with the same one only; if it is better, the faster one is not looked at",
     lambda b, s, m, f: "too large" if s < m and _fork()(b, s, m, f) != "neither" else _fork()(b, s, m, f),
     "The faster one may be better still: take the lowest of all three."),
    ("“neither” unless the same rate goes down", lambda b, s, m, f: (
        _fork()(b, s, m, f) if m < 0.98 * b else "neither"),
     "One of the three is enough: the lowest of them, whichever it is."),
    ("“neither” unless all three go down", lambda b, s, m, f: (
        _fork()(b, s, m, f) if max(s, m, f) < 0.98 * b else "neither"),
     "One of the three is enough: the lowest of them."),
    ("“neither” as soon as one of three finite losses does not go down", lambda b, s, m, f: (
        "neither" if s > 0.98 * b or m > 0.98 * b or f > 0.98 * b else _WORDS[int(np.argmin([s, m, f]))]),
     "One of the three is enough: the lowest of them. “Neither” is for when *none* goes down."),
    ("any fork that overflowed means “too large”", lambda b, s, m, f: (
        _fork()(b, s, m, f) if np.isfinite([s, m, f]).all() else "too large"),
     "What overflowed has lost. Which of the others is the lowest?"),
    ("the slower and the faster rate are compared with the same one only", lambda b, s, m, f: (
        "too large" if s < m else "too small" if f < m else "fine" if m < 0.98 * b else "neither"),
     "Take the lowest of all three; and first ask whether it is below 0.98 · before."),
    ("the slower and the faster rate have to be two per cent below the same one", _against_same,
     "The lowest of the three wins, by however little. It is `before` that the two per cent are of."),
    ("three falling in a row, three rising in a row, or a valley: all else is “neither”", lambda b, s, m, f: (
        "too large" if s < m < f else "fine" if s > m < f else "too small" if s > m > f else "neither"),
     "The lowest of the three decides, however the two others stand. “Neither” asks for 0.98 · before."),
    ("the limit is 0.02 · before", _fork(least=lambda b: 0.02 * b),
     "A fall *of* two per cent leaves 0.98 · before."),
]
# fmt: on

# Six learning curves ---------------------------------------------------------------------------------------------

WORDS = {  # what a curve may be, and by what one would know it
    "a": ("η is too small", "Then 3η would end lowest."),
    "b": ("η is good", "Then neither η/3 nor 3η would end lower than η."),
    "c": ("η is too large, but the run survives", "Then its first steps would leap far above the loss at the start."),
    "d": ("η is too large: it diverges", "Then the loss would grow by the same factor at every step."),
    "e": ("a noise floor: small batches keep the loss up", "That falls at first, and then jumps about one height."),
    "f": ("a plateau that is no critical point", "That is flat, without noise, and its gradient stays long."),
}


def _diagnosis(letter, right, why, look):
    """The question about one of the six curves: `look` says where to look to anybody who chose a wrong word."""
    options = {key: (word, why if key == right else f"{sign} {look}") for key, (word, sign) in WORDS.items()}
    return Choice(f"Curve {letter}: what is it?", options, correct=right)


curves = {
    "A": _diagnosis("A", "e",
        "Yes: it fell quickly, and since then jumps about one height. η/3 sinks at once, and so does the same η with "
        "all examples in every step: it is the noise of four examples that keeps it up.",
        "Compare the fork η with the fork η, all examples: what differs between the two is only the noise."),
    "B": _diagnosis("B", "d",
        "Yes: on the logarithmic axis it rises in a straight line, by the same factor at every step. The cure is an "
        "earlier state and a smaller η.",
        "Read the axis: which power of ten does the loss reach?"),
    "C": _diagnosis("C", "b",
        "Yes: it falls from the first step on, and of the forks neither η/3 nor 3η ends lower.",
        "Fork it. Which of η/3, η and 3η ends lowest?"),
    "D": _diagnosis("D", "c",
        "Yes: in its first steps it leapt to more than ten times the loss at the start, and it came down late. "
        "η/3 is ahead of it at every fork.",
        "Compare its first steps with the loss at the start. Then fork it."),
    "E": _diagnosis("E", "f",
        "Yes: the loss stands still and the gradient does not vanish. In one direction the run jumps from wall to "
        "wall of the error surface. η/3 sets it free.",
        "Every example is in every step: there is no noise. And how long is the gradient, beside the first one?"),
    "F": _diagnosis("F", "a",
        "Yes: it goes down in nearly a straight line, and the larger η is, the faster: 3η ends lowest.",
        "Fork it. Which of η/3, η and 3η ends lowest?"),
}  # fmt: skip

# Sentences -------------------------------------------------------------------------------------------------------

wall = Choice(
    "“As you lower the learning rate the loss falls, until it suddenly rises steeply.” What is wrong?",
    {
        "a": ("Nothing.", "Look at the U again: at which end is it steep?"),
        "b": (
            "The wall is at the large end. Towards small η the loss rises gently.",
            "Yes: too large by a factor of ten may be a catastrophe, too small by a factor of ten is slow.",
        ),
        "c": ("Both ends are equally steep.", "In the figure one end is a slope over decades, the other a cliff."),
        "d": (
            "The loss does not depend on η if you train long enough.",
            "A longer training moves the bottom of the U and deepens it; the wall stays.",
        ),
    },
    correct="b",
)

typical = Choice(
    "“A learning rate lies between 1 and 10⁻⁶; begin with 0.1 or 0.01.” What does this chapter say?",
    {
        "a": (
            "0.01 is the safe choice: it cannot be far off.",
            "On the digits, after three epochs, the loss at 0.01 has hardly moved.",
        ),
        "b": (
            "It is right for every network, but not for quadratics.",
            "The best η of the digits network lies above 1.",
        ),
        "c": (
            "There is no such range: scale the inputs, and another η is best.",
            "Yes: η has a unit. A range is a habit for one kind of inputs, losses and initial weights. Measure.",
        ),
        "d": (
            "The range is right; only within it does one have to search.",
            "The bottom of the U on the digits is not in it.",
        ),
    },
    correct="c",
)

stuck = Choice(
    "“The loss has not moved for 100 steps: the gradient must be zero.” What can be said?",
    {
        "a": ("It is right: steps are η times the gradient.", "Steps may be large and cancel: think of curve E."),
        "b": (
            "It is a saddle, since minima have loss zero.",
            "A loss that stands still says nothing about the kind of place, not even that it is a critical point.",
        ),
        "c": (
            "Not without a look at the gradient: the run may jump from wall to wall.",
            "Yes: on a ravine at η = 1.999 the loss stands still while the gradient stays large.",
        ),
        "d": ("η is too small.", "That is one cause of several. A fork tells them apart."),
    },
    correct="c",
)

lower = Choice(
    "“The loss is stuck at 0.3: lower the learning rate.” Is that the thing to do?",
    {
        "a": ("Yes, always.", "If η is too small already, or the units are dead, that helps nothing."),
        "b": (
            "Fork first: go on for a while with η/3, η and 3η. If none of them helps, look elsewhere.",
            "Yes. A noise floor and walls ask for a smaller η, a slow run for a larger one, dead units for neither.",
        ),
        "c": ("No, raise it: that leaves local minima.", "Try it on curve A or D."),
        "d": ("Train longer.", "For curve F that would do in the end. For curve E it would take very long."),
    },
    correct="b",
)

edge = Choice(
    "“With η above 2/λ_max gradient descent diverges.” Where is that so?",
    {
        "a": (
            "Everywhere: λ_max is the largest curvature.",
            "On (1 − w₁w₂)² the curvature changes on the way: many runs that begin above 2/η converge.",
        ),
        "b": (
            "On a quadratic. On other surfaces it only cannot stay at a minimum as sharp as that.",
            "Yes: it may be thrown out and come to rest where the surface is flatter.",
        ),
        "c": ("Nowhere.", "On a quadratic it is exactly so, for nearly every start."),
        "d": (
            "On networks only.",
            "The network on T₄ trained for thousands of steps with its sharpness at 2/η and, for a while, above.",
        ),
    },
    correct="b",
)

# Prediction ------------------------------------------------------------------------------------------------------


def _best_after_three_epochs():
    losses = experiments.after_three_epochs()
    return float(experiments.RATES[np.nanargmin(losses)])


best_on_digits = Predict(
    "The digits network is trained for three epochs with mini-batches of 64: 57 steps. Which learning rate gives the "
    "lowest training loss?",
    _best_after_three_epochs,
    factor=2.5,
    why="The usual 0.1 and 0.01 are habits from other networks. The figure shows where they stand here.",
)
