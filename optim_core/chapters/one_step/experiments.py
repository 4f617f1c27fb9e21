"""What chapter 01 runs: steps on functions of one weight, fares by distance, numbers that end."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from optim_core.data import digits
from optim_core.descent import descend
from optim_core.optimizers import gd
from optim_core.refuse import refuse

# ---- functions of one weight ----


class Curve(NamedTuple):
    """A function of one weight, entry by entry: its formula, its loss f, its slope f′, its curvature f″."""

    formula: str
    loss: Callable
    slope: Callable
    bend: Callable


CURVES = {  # at a minimum of the first three the curvature is 1
    "parabola": Curve("½w²", lambda w: 0.5 * w**2, lambda w: 1.0 * w, lambda w: 1.0 + 0 * w),
    "double well": Curve(
        "⅛(w² − 1)²",
        lambda w: (w**2 - 1) ** 2 / 8,
        lambda w: 0.5 * w * (w * w - 1),
        lambda w: 0.5 * (3 * w**2 - 1),
    ),
    "soft V": Curve(
        "ln cosh w",
        lambda w: np.logaddexp(w, -w) - math.log(2),
        np.tanh,
        lambda w: 1 - np.tanh(w) ** 2,
    ),
    "V": Curve("|w|", np.abs, np.sign, lambda w: 0.0 * w),
}


# ---- the factor of a step on a parabola ----


def fate(factor):
    """What becomes of a distance that each step multiplies by this factor, one of five words.

    A factor within 1e-9 of 0 or −1 is taken for it: 0.1·10 is 1 on paper.

    >>> [fate(1 - lr) for lr in (0.1, 1.0, 1.7, 2.0, 2.1)]
    ['creeps', 'arrives', 'zig-zags', 'swings for ever', 'diverges']
    """
    if abs(factor) < 1e-9:
        return "arrives"
    if abs(factor + 1) < 1e-9:
        return "swings for ever"
    if abs(factor) > 1:
        return "diverges"
    return "creeps" if factor > 0 else "zig-zags"


def steps_until(part, factor):
    """How many steps until |factor|ᵗ is at most `part`, below 1; infinitely many if |factor| is not below 1.

    A power that is `part` on paper counts as reached: 0.1⁶ is a millionth.

    >>> steps_until(1e-6, 0.9), steps_until(1e-6, -0.9), steps_until(1e-6, 0.0), steps_until(1e-6, -1.0)
    (132, 132, 1, inf)
    """
    size = abs(factor)
    if size >= 1:
        return math.inf
    return math.ceil(math.log(part) / math.log(size) - 1e-9) if size > 1e-9 else 1


# ---- one step on any function ----


def gain(curve, w, lr):
    """By how much one step lowers the loss, and by how much the tangent says it will: (fall, promise).

    >>> fall, promise = gain(CURVES["parabola"], 1.5, 0.6)
    >>> f"{fall:.4f} of {promise:.4f}"
    '0.9450 of 1.3500'
    """
    slope = curve.slope(w)
    return float(curve.loss(w) - curve.loss(w - lr * slope)), float(lr * slope**2)


@functools.lru_cache(maxsize=512)
def safe(curve, w, largest=100.0):
    """Up to which learning rate every single step from w lowers the loss; infinity if up to `largest`.

    A scan in steps of 0.1 %, then bisection. Where the slope is 0 no step does anything: 0.

    >>> f"{safe(CURVES['parabola'], 1.5):.4f}, {safe(CURVES['soft V'], 1.8):.4f}, {safe(CURVES['V'], 0.3):.4f}"
    '2.0000, 3.8023, 0.6000'
    """
    if curve.slope(w) == 0:
        return 0.0

    def falls(lr):
        return curve.loss(w - lr * curve.slope(w)) < curve.loss(w)

    etas = np.geomspace(1e-3, largest, 12_000)
    rises = np.flatnonzero(~falls(etas))
    if not len(rises):
        return math.inf
    low, high = etas[max(rises[0] - 1, 0)], etas[rises[0]]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) else (low, middle)
    return float(low)


# ---- where it goes in the long run ----

LONG = 1000  # steps of a run
LATE = 128  # of which the last ones are looked at
RATES = np.linspace(0.02, 4, 399)[:, None]  # the stops of the slider, and one between any two of them


@functools.lru_cache(maxsize=64)
def diagram(name, w0):
    """The last LATE of LONG points of gradient descent from w0, for each of RATES: shape (LATE, rates), NaN if it left.

    name: of one of CURVES.

    >>> rests = diagram("parabola", 1.5)[-1]  # RATES go up by 0.01
    >>> bool(abs(rests[98]) < 1e-9), bool(abs(rests[198]) == 1.5), bool(np.isnan(rests[208]))
    (True, True, True)
    """
    path = descend(gd, np.full(RATES.shape, w0), CURVES[name].slope, LONG, lr=RATES)
    points = np.where(path["diverged"] > 0, np.nan, path["w"][-LATE:, :, 0])
    points.flags.writeable = False
    return points


def cycle(points, longest=32, tolerance=1e-6):
    """How many points the end of a run goes round, 1 if it rests; None if no cycle of at most `longest` is seen.

    points: the last ones of a run, at least twice `longest`; a cycle has closed when every one of them lies within
    `tolerance` of the one a round before.

    >>> cycle(np.zeros(64)), cycle(np.tile([1.0, -1.0], 32)), cycle(np.arange(64.0))
    (1, 2, None)
    """
    points = np.asarray(points)
    if len(points) < 2 * longest:
        refuse("len(points)", len(points), f"at least {2 * longest}, twice the longest cycle")
    rounds = (k for k in range(1, longest + 1) if np.abs(points[k:] - points[:-k]).max() <= tolerance)
    return next(rounds, None)


def drifts(points):
    """Whether each jump of a run is smaller than the one before, or each larger: it is on its way to somewhere.

    >>> drifts(0.9 ** np.arange(64)), drifts(np.sin(np.arange(64.0)))
    (True, False)
    """
    growth = np.diff(np.abs(np.diff(points)))
    return bool((growth < 0).all() or (growth > 0).all())


def doublings(count=5):
    """The learning rates at which the cycle of the double well ⅛(w² − 1)² doubles: 1 point to 2, 2 to 4, ….

    At each of them the cycle of n points that was there is about to lose its hold: one round, started a little beside
    it, comes back as far beside it on the other side. The slope of n steps with respect to their start is −1. Two
    equations, for η and a point of the cycle, solved by Newton's method with derivatives by complex step.
    Returns `count` rates in rising order.

    >>> [round(eta, 6) for eta in doublings(3)]
    [2.0, 2.472136, 2.576064]
    """

    def equations(lr, w, n):
        """[how far from closed the cycle is, the slope of a round + 1]"""
        start, slope = w, 1.0
        for _ in range(n):
            slope = slope * (1 - lr * CURVES["double well"].bend(w))
            w = w - lr * CURVES["double well"].slope(w)
        return np.array([w - start, slope + 1])

    found = []
    for k in range(count):
        lr, w = _guess(found, 2**k)
        for _ in range(50):
            value = equations(lr, w, 2**k)
            by_lr, by_w = (equations(lr + a, w + b, 2**k).imag / 1e-30 for a, b in ((1e-30j, 0), (0, 1e-30j)))
            lr, w = np.array([lr, w]) - np.linalg.solve(np.stack([by_lr, by_w], -1), value)
        found.append(float(lr))
    return found


def _guess(found, n):
    """About where a cycle of n points doubles, and a point of it: a run at a rate a little below."""
    lr = 1.99 if n == 1 else 2.47 if n == 2 else found[-1] + (found[-1] - found[-2]) / 4.75
    w = descend(gd, [1.2], CURVES["double well"].slope, 4096, keep="last", lr=lr)["w"]
    return lr, float(w[0])


# ---- the same forty taxi rides in other units ----

_rng = np.random.default_rng(1)
KILOMETRES = _rng.uniform(1, 9, 40).round(1)  # made up, with a fare of 2 a kilometre
FARES = (2 * KILOMETRES + _rng.normal(0, 1.5, 40)).round(2)
UNITS = {  # how many of it are a kilometre
    "kilometres": 1.0,
    "miles": 1 / 1.609344,
    "metres": 1000.0,
    "thousands of km": 0.001,
    "own root mean square": 1 / float(np.sqrt(np.mean(KILOMETRES**2))),
}


def fares(unit, total=False):
    """The curvature λ and the loss of fare = w · distance, for the forty rides with distances in this unit.

    The loss is (wx − y)²/2, its mean over the rides, or the sum of all if `total`. Returns (λ, loss, slope), the last
    two functions of w, shape (…, 1); loss answers with shape (…).

    >>> lam, loss, slope = fares("kilometres")
    >>> round(lam, 2), round(fares("metres")[0] / lam), round(fares("kilometres", total=True)[0] / lam)
    (30.24, 1000000, 40)
    """
    x, factor = KILOMETRES * UNITS[unit], len(FARES) if total else 1
    lam, both = factor * float(np.mean(x * x)), factor * float(np.mean(x * FARES))

    def loss(w):
        return factor * ((w * x - FARES) ** 2).mean(axis=-1) / 2

    def slope(w):
        return lam * w - both

    return lam, loss, slope


@functools.cache
def valleys(steps, total=False):
    """{unit: (rates, losses)}: the loss after so many steps from w = 0 for 321 rates from 1e-10 to 1e6, in every unit.

    >>> rates, losses = valleys(10)["metres"]
    >>> low = rates[losses < 1]
    >>> f"{low[0]:.0e} to {low[-1]:.0e}"
    '8e-09 to 6e-08'
    """
    rates, found = np.geomspace(1e-10, 1e6, 321), {}
    for unit in UNITS:
        _, loss, slope = fares(unit, total)
        w = descend(gd, np.zeros((321, 1)), slope, steps, keep="last", lr=rates[:, None], limit=1e300)["w"]
        found[unit] = (rates, loss(w))
    return found


# ---- numbers that a computer has ----


def keeps(kind, lr, steps=1100):
    """Gradient descent from 1 on ½w², all in numbers of one floating-point type, and its loss ½·w·w.

    kind: "float16", "float32" or "float64"; lr: η, which becomes a number of this type first. Stops early, three steps
    after the first w that is no number. Returns (w, loss), arrays of the type over the steps.

    >>> w, loss = keeps("float16", 3.0)
    >>> w[8:10].tolist(), loss[8:10].tolist(), w[15:18].tolist()
    ([256.0, -512.0], [32768.0, inf], [-32768.0, inf, nan])
    """
    number = getattr(np, kind)
    w, lr, half, path, left = number(1), number(lr), number(0.5), [], 3
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        while len(path) <= steps and left:
            path.append((w, half * w * w))
            left -= bool(np.isnan(w))
            w = w - lr * w
    w, loss = np.array(path, dtype=number).T
    return w, loss


def ends(w, loss):
    """At which step a run in floating-point numbers does something for the first time: {what: step}, only what happens.

    "loss", "w": it is infinite; "nan": w is not a number any more; "still": w is the same after the step, for ever, and
    is not 0; "zero": w is exactly 0.
    w, loss: arrays over the steps, of one floating-point type.

    >>> w, loss = np.float16([4, 1e4, np.inf]), np.float16([8, np.inf, np.inf])
    >>> ends(w, loss), ends(np.float16([1, 1]), np.float16([0.5, 0.5]))
    ({'loss': 1, 'w': 2}, {'still': 0})
    """
    same = np.append(w[1:] == w[:-1], False) & (w != 0) & np.isfinite(w)
    found = {"loss": np.isinf(loss), "w": np.isinf(w), "nan": np.isnan(w), "still": same, "zero": w == 0}
    return {what: int(np.argmax(where)) for what, where in found.items() if where.any()}


def gap(w):
    """From a number to the next smaller in size of its type, as a float.

    >>> gap(np.float16(1)) == 2**-11, gap(np.float32(1)) == 2**-24
    (True, True)
    """
    return abs(float(w) - float(np.nextafter(w, w * 0)))


# ---- is the slope right? ----


def backpropagated(X, y, W1, b1, W2, b2, forget=False):
    """The loss of a network with one hidden layer, and its slope in every weight: (loss, (dW1, db1, dW2, db2)).

    X: (n, inputs); y: (n, outputs). The loss is the mean of ½‖z − y‖². forget: leave the slope of tanh out, a mistake.

    >>> loss, slopes = backpropagated(np.ones((1, 1)), 0.0, *np.full((4, 1, 1), 0.5))
    >>> round(float(loss), 4), [round(float(slope.item()), 4) for slope in slopes]
    (0.3879, [0.185, 0.185, 0.6708, 0.8808])
    """
    hidden = np.tanh(X @ W1 + b1)  # forwards; it is kept for the way back
    z = hidden @ W2 + b2
    loss = ((z - y) ** 2).sum(-1).mean() / 2
    dz = (z - y) / len(X)  # backwards: the slope of the loss in each z
    dhidden = dz @ W2.T
    da = dhidden if forget else dhidden * (1 - hidden**2)  # the slope of tanh is 1 − tanh²
    return loss, (X.T @ da, da.sum(0), hidden.T @ dz, dz.sum(0))


def small_network(seed, kind="float64"):
    """Random weights 64-16-10 of a floating-point type: [W1, b1, W2, b2]."""
    rng, shapes = np.random.default_rng(seed), [(64, 16), (16,), (16, 10), (10,)]
    return [(rng.standard_normal(shape) * 64**-0.5).astype(kind) for shape in shapes]


def hundred_digits(kind="float64"):
    """A hundred digits and their one-hot labels, in a floating-point type."""
    examples = digits(train=100)
    return examples.X.astype(kind), np.eye(10, dtype=kind)[examples.y]


def slopes_differ(h, forget=False, seed=0, kind="float64"):
    """How far the slope by backpropagation is from (L(w + hu) − L(w − hu))/2h along a random unit vector u, in parts.

    >>> slopes_differ(1e-5) < 1e-8 < 1e-2 < slopes_differ(1e-5, forget=True)
    True
    """
    (X, y), weights, u = hundred_digits(kind), small_network(seed, kind), small_network(seed + 1)
    length = math.sqrt(sum((part**2).sum() for part in u))
    u, h = [(part / length).astype(kind) for part in u], np.dtype(kind).type(h)

    def loss(h):
        return backpropagated(X, y, *(w + h * part for w, part in zip(weights, u, strict=True)))[0]

    _, slopes = backpropagated(X, y, *weights, forget)
    along = sum((slope * part).sum() for slope, part in zip(slopes, u, strict=True))
    return abs(float((loss(h) - loss(-h)) / (2 * h) / along) - 1)


@functools.lru_cache(maxsize=4)
def learned_by(forget, lr=0.3, steps=200):
    """The losses of gradient descent with the right way back, or with the forgetful one: steps + 1 numbers."""
    (X, y), weights, losses = hundred_digits(), small_network(0), []
    for _ in range(steps + 1):
        loss, slopes = backpropagated(X, y, *weights, forget)
        losses.append(float(loss))
        weights = [w - lr * slope for w, slope in zip(weights, slopes, strict=True)]
    return losses
