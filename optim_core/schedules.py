"""Learning-rate schedules: functions of the steps already taken, k = 0, 1, …; the first step uses schedule(0).

    path = descend(momentum, w0, surface.grad, 200, lr=cosine(0.1, steps=200), mu=linear(0.5, 50, end=0.9))

Any hyper-parameter may be a schedule, and any function of k is one: `lambda k: 0.1 / (1 + k)`.  They compose:
`warmup(cosine(0.1, 200), 10)`, `piecewise([0.1, cosine(0.1, 100)], [50])`.  A schedule of (k, losses), such as
on_plateau, is handed the losses of w₀ … w_k, which `descend` measures with its `loss=`.

Rates and β may be arrays that broadcast over runs: `exponential(np.array([[0.1], [0.3]]))` is two runs.  k may be an
array of whole numbers, to draw a schedule, say: schedule(np.arange(200)) is the array of the 200 rates.
"""

import functools
from collections.abc import Iterable

import numpy as np

from .refuse import asks, made, number, numbers, ranged, refuse, whole


def _rate(name, value):
    """A number ≥ 0 or an array of such, as an array: numpy's powers of a number are then those in a larger one."""
    return ranged(name, value, "≥ 0", lambda v: v >= 0)


def _counting(make):
    """Let the schedules that `make` makes refuse a k that is no number of steps, and answer an array of such."""

    @functools.wraps(make)
    def maker(*rates, **more):
        schedule = make(*rates, **more)

        def at(k, *losses):
            if isinstance(k, np.ndarray) and k.ndim and k.size:
                return np.array([at(one, *losses) for one in k])
            return schedule(whole("k", k[()] if isinstance(k, np.ndarray) else k, 0), *losses)

        return (lambda k, losses: at(k, losses)) if asks("schedule", schedule) == 2 else lambda k: at(k)

    return maker


def reader(name, value):
    """A number, a schedule of k or a schedule of (k, losses), read as a function of (k, losses).

    >>> reader("lr", inverse_time(0.1, 1.0))(3, None)
    np.float64(0.025)
    """
    if not callable(value):
        value = _rate(name, value)
        return lambda k, losses: value
    return value if asks(name, value) == 2 else lambda k, losses: value(k)


@_counting
def constant(lr):
    """η_k = lr.

    >>> constant(0.1)(50)
    array(0.1)
    """
    lr = _rate("lr", lr)
    return lambda k: lr


@_counting
def inverse_time(lr, beta):
    """η_k = lr / (1 + β k), with β = beta.

    Falls like 1/k: slowly enough to get anywhere (Σ η_k = ∞), fast enough to average the noise away (Σ η_k² < ∞). These
    are the conditions of Robbins & Monro 1951.

    >>> inverse_time(0.1, beta=1.0)(9).round(4)
    np.float64(0.01)
    """
    lr, beta = _rate("lr", lr), _rate("beta", beta)
    return lambda k: lr / (1 + beta * k)


@_counting
def exponential(lr, beta=0.96):
    """η_k = lr · β^k, with β = beta. Equals torch's ExponentialLR.

    >>> exponential(0.1)(100).round(6)
    np.float64(0.001687)
    """
    lr, beta = _rate("lr", lr), _rate("beta", beta)
    return lambda k: lr * beta**k


@_counting
def natural_exponential(lr, beta=0.0408):
    """η_k = lr · e^(−β k), with β = beta.

    β = 0.0408 gives the curve of 0.96^k, since e^(−0.0408) = 0.96. β = 0.96 itself would kill the rate, × 0.383 a step.

    >>> natural_exponential(0.1)(100).round(6), natural_exponential(0.1, beta=0.96)(100).round(6)
    (np.float64(0.001691), np.float64(0.0))
    """
    lr, beta = _rate("lr", lr), _rate("beta", beta)
    return lambda k: lr * np.exp(-beta * k)


@_counting
def step(lr, every, factor=0.1):
    """η_k = lr · factor^⌊k/every⌋: a stair. Equals torch's StepLR.

    >>> [float(step(0.1, every=30, factor=0.5)(k)) for k in (29, 30, 60)]
    [0.1, 0.05, 0.025]
    """
    lr, every, factor = _rate("lr", lr), whole("every", every, 1), _rate("factor", factor)
    return lambda k: lr * factor ** (k // every)


@_counting
def linear(lr, tau, end=0.0):
    """η_k = (1 − k/τ) lr + (k/τ) end up to k = τ, then constant.

    Source: Goodfellow, Bengio & Courville 2016, section 8.3.1. Equals torch's LinearLR. Raises a rate as well: momentum
    from 0.5 to 0.9 is linear(0.5, 100, end=0.9).

    >>> [float(linear(0.1, tau=100, end=0.001)(k)) for k in (0, 50, 100, 5000)]
    [0.1, 0.0505, 0.001, 0.001]
    """
    lr, tau, end = _rate("lr", lr), whole("tau", tau, 1), _rate("end", end)

    def schedule(k):
        done = np.minimum(k, tau) / tau
        return (1 - done) * lr + done * end

    return schedule


@_counting
def cosine(lr, steps, end=0.0):
    """η_k = end + ½ (lr − end)(1 + cos(π k/steps)) up to k = steps, then constant.

    Source: Loshchilov & Hutter 2017 (SGDR), without its restarts. torch's CosineAnnealingLR rises again after T_max.

    >>> [float(cosine(0.1, steps=100)(k).round(4)) for k in (0, 50, 100, 150)]
    [0.1, 0.05, 0.0, 0.0]
    """
    lr, steps, end = _rate("lr", lr), whole("steps", steps, 1), _rate("end", end)
    return lambda k: end + (lr - end) * (1 + np.cos(np.pi * np.minimum(k, steps) / steps)) / 2


@_counting
def wsd(lr, steps, cooldown=0.2):
    """Warm-up, stable, decay, without the warm-up: constant, then in a straight line to 0 at k = steps.

        η_k = lr                             for k < T − c               T = steps, c = cooldown · T
        η_k = (1 − (k − (T − c))/c) lr       up to k = T, then 0

    cooldown: the share of the steps in which it falls, in [0, 1]; 1 is linear(lr, steps). Until the fall begins nothing
    depends on T: one constant run is the trunk, and a cool-down from any point of it is the end of a shorter run.
    `warmup(wsd(0.1, 190), 10)` has all three parts.
    Source: Hu et al. 2024 (MiniCPM), who name it and fall exponentially; the line: Hägele et al. 2024.

    >>> [float(wsd(0.1, steps=100)(k).round(4)) for k in (0, 80, 90, 100, 150)]
    [0.1, 0.1, 0.05, 0.0, 0.0]
    """
    lr, steps = _rate("lr", lr), whole("steps", steps, 1)
    c = max(1, steps * number("cooldown", cooldown, "in [0, 1]", lambda v: 0 <= v <= 1))  # 1: falls at the last step

    def schedule(k):
        done = np.clip((k - (steps - c)) / c, 0, 1)
        return (1 - done) * lr

    return schedule


@_counting
def inverse_sqrt(lr):
    """η_k = lr / √(k + 1): the rate of the regret bounds of gradient descent, Adam and AMSGrad (AdaGrad has its own √).

    Regret: by how much the losses met at w₀, w₁, …, each step's its own, exceed in sum those of the best constant w.
    Here Σ η_k² = ∞ (see `inverse_time`): under noise w need not settle. But on convex losses the average regret of
    gradient descent within a bounded region falls to 0, whatever the losses are (Zinkevich 2003).

    >>> inverse_sqrt(0.1)(99)
    np.float64(0.01)
    """
    lr = _rate("lr", lr)
    return lambda k: lr / np.sqrt(k + 1)


@_counting
def cyclic(low, high, up, down=None):
    """From low to high in `up` steps, back in `down` (as many unless given), and again: a triangle wave.

    Source: Smith 2017, section 3.1. Equals torch's CyclicLR in its mode "triangular".

    >>> [float(cyclic(0.0, 1.0, up=2, down=4)(k)) for k in range(8)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0, 0.5]
    """
    low, high, up = _rate("low", low), _rate("high", high), whole("up", up, 1)
    down = up if down is None else whole("down", down, 1)

    def schedule(k):
        k = k % (up + down)
        height = np.where(k <= up, k / up, (up + down - k) / down)  # 0 at the bottom, 1 at the top
        return low + (high - low) * height

    return schedule


@_counting
def piecewise(values, boundaries):
    """values[0] before step boundaries[0], then values[1] before boundaries[1], …, and the last one from then on.

    values: numbers or schedules, one more than there are boundaries. Each schedule counts from where it begins.
    Equals torch's SequentialLR; with numbers only, MultiStepLR.

    >>> [float(piecewise([0.1, linear(0.01, 10)], [5])(k)) for k in (4, 5, 10)]
    [0.1, 0.01, 0.005]
    """
    for name, given in (("values", values), ("boundaries", boundaries)):
        made(name, given, Iterable, "a list")
    values, boundaries = list(values), [whole("boundaries", b, 1) for b in boundaries]
    if len(values) != len(boundaries) + 1 or boundaries != sorted(set(boundaries)):
        refuse("boundaries", boundaries, f"rising, and one fewer than the {len(values)} values")
    pieces = [reader("values", v) for v in values]
    starts = [0, *boundaries]

    def schedule(k, losses=None):
        i = int(np.searchsorted(boundaries, k, side="right"))
        return pieces[i](k - starts[i], None if losses is None else losses[starts[i] :])

    return _with_losses(schedule, values)


@_counting
def warmup(schedule, steps, start=None):
    """Rise in equal stairs to schedule(0) for `steps` steps, then the schedule from its beginning.

        η_k = schedule(0) · (s + (1 − s) k/steps) for k < steps;   η_k = schedule(k − steps) from k = steps on

    schedule: a schedule, or a number; start: s, the share of schedule(0) that the first step uses. Unless given it is
    1/(steps + 1), so that the shares are (k + 1)/(steps + 1). Equals torch's SequentialLR of
    LinearLR(start_factor=start, total_iters=steps) and the schedule. Some libraries start at 0, which wastes the first
    step, or reach the peak a step sooner.
    Source: Goyal et al. 2017, section 2.2.

    >>> [float(warmup(1.0, steps=3)(k)) for k in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    read, steps = reader("schedule", schedule), whole("steps", steps, 0)
    if start is None:
        start = 1 / (steps + 1)
    start = number("start", start, "in [0, 1]", lambda v: 0 <= v <= 1)

    def warm(k, losses=None):
        if k >= steps:
            return read(k - steps, None if losses is None else losses[steps:])
        share = start + (1 - start) * k / steps
        return read(0, None if losses is None else losses[:1]) * share

    return _with_losses(warm, [schedule])


def _with_losses(schedule, parts):
    """`schedule` as a function of (k, losses) if one of its parts looks at the losses, of k alone if none does."""
    if any(callable(part) and asks("schedule", part) == 2 for part in parts):
        return lambda k, losses: schedule(k, losses)
    return lambda k: schedule(k)


@_counting
def on_plateau(lr, factor=0.1, patience=10, threshold=1e-4, low=0.0, raise_after=None):
    """Multiply the rate by `factor` when the loss has stopped falling; raise it again when it falls well.

        a loss is good if it is < best · (1 − threshold), else bad; best: the last good one, ∞ before the first loss
        more than `patience` bad ones in a row:   η ← max(factor · η, low)
        `raise_after` good ones in a row:         η ← min(η / factor, lr)        (None: never)

    The rate is a function of the losses of w₀ … w_k, which descend measures if told how: lr=on_plateau(0.1),
    loss=surface.loss. Each run has a rate of its own: a loss of shape (…) makes a rate of shape (…, 1). To go on from
    step k, pass losses=path["loss"] as well.
    Without raise_after it equals torch's ReduceLROnPlateau fed with the same losses: its patience, too, counts *more
    than* so many bad ones, and it leaves out reductions by less than 1e-8.

    >>> schedule = on_plateau(0.1, factor=0.5, patience=1, raise_after=2)
    >>> losses = np.array([3.0, 2.0, 2.0, 2.0, 1.0, 0.9])
    >>> [float(schedule(k, losses[: k + 1])[0]) for k in range(6)]  # [0]: of the only run
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.1]
    """
    lr, low, patience = _rate("lr", lr), _rate("low", low), whole("patience", patience, 0)
    number("threshold", threshold, "in [0, 1)", lambda v: 0 <= v < 1)
    number("factor", factor, "in (0, 1)", lambda v: 0 < v < 1)
    streak = np.inf if raise_after is None else whole("raise_after", raise_after, 1)

    def read(loss, rate, best, bad, good):
        """One more loss, shape (…, 1)."""
        falls = loss < best * (1 - threshold)
        best = np.where(falls, loss, best)
        bad, good = np.where(falls, 0, bad + 1), np.where(falls, good + 1, 0)
        lower, higher = np.maximum(rate * factor, low), np.minimum(rate / factor, lr)
        down, up = bad > patience, good >= streak
        rate = np.where(down & (rate - lower > 1e-8), lower, np.where(up, higher, rate))
        return rate, best, np.where(down, 0, bad), np.where(up, 0, good)

    # What has been read so far: the rate depends on the losses alone, this only spares reading them all at every step.
    memory = {"losses": np.empty(0), "state": None}

    def schedule(k, losses):
        if losses is None:
            refuse("losses", losses, "given to on_plateau: descend(…, loss=surface.loss) hands them over")
        losses = np.atleast_1d(numbers("losses", losses, real=True))[: k + 1]
        if len(losses) < k + 1:
            refuse("losses", losses, f"the losses of w₀ … w_{k}, {k + 1} of them")
        known = memory["losses"]
        if memory["state"] is None or not np.array_equal(losses[: len(known)], known, equal_nan=True):
            known, memory["state"] = losses[:0], (lr, np.inf, 0, 0)
        for loss in losses[len(known) :]:
            memory["state"] = read(loss[..., None], *memory["state"])
        memory["losses"] = losses.copy()
        return memory["state"][0]

    return schedule


SCHEDULES = {
    schedule.__name__: schedule
    for schedule in (
        *(constant, inverse_time, exponential, natural_exponential, step, linear, cosine, wsd, inverse_sqrt, cyclic),
        *(piecewise, warmup, on_plateau),
    )
}
