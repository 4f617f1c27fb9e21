"""What chapter 08 runs: noisy quadratics, cool-downs, warm-ups, plateaus, the full update, digits."""

import functools
import warnings
from typing import NamedTuple

import numpy as np

from optim_core import schedules, surfaces
from optim_core.data import digits
from optim_core.descent import descend
from optim_core.exercises import has_blank
from optim_core.exercises.running import by_place
from optim_core.fast import kept
from optim_core.losses import cross_entropy
from optim_core.network import Linear, Network, Tanh
from optim_core.optimizers import adagrad, gd, mean_square_adagrad, rmsprop
from optim_core.quadratics import expected
from optim_core.training import training

T = 1000  # steps of the runs on quadratics


@kept
def drawn(steps, runs, n, seed=0):
    """Standard normal noise for each step of each run, (steps, runs, n): the same whenever it is asked for."""
    return np.random.default_rng(seed).standard_normal((steps, runs, n))


# ---- noisy quadratics ----


class Ground(NamedTuple):
    """½ Σ λᵢ wᵢ² with noise σᵢ in the gradient: curvatures λᵢ, starts wᵢ, noise σᵢ, each (n,)."""

    curvatures: np.ndarray
    start: np.ndarray
    noise: np.ndarray


_FIFTY = 1 / np.arange(1, 51)
GROUNDS = {
    "the river": Ground(np.array([1 / 300, 1.0]), np.array([-80.0, 4.0]), np.array([1 / 300, 1.0]) ** 0.5),
    "one direction": Ground(np.ones(1), np.array([5.0]), np.ones(1)),
    "fifty directions": Ground(_FIFTY, np.full(50, 5.0), np.full(50, 0.1**0.5)),
}


def mean_loss(rates, ground, sigma=1.0, split=False):
    """The mean loss of gradient descent with these rates (T, …) on a ground whose noise is multiplied by sigma."""
    return expected(rates, ground.curvatures, ground.start**2, sigma * ground.noise, split=split)


def noisy_runs(rates, ground, xi, sigma=1.0):
    """Runs of gradient descent with these rates: w of shape (T + 1, …, n).

    rates: (T, …); xi: the noise, (T, …, n), standard normal.
    """
    w = np.broadcast_to(ground.start, np.broadcast_shapes(np.shape(rates)[1:] + (1,), xi.shape[1:])).copy()
    path = [w]
    with np.errstate(all="ignore"):  # where η λ > 2 it grows beyond all bounds
        for eta, noise in zip(np.asarray(rates)[..., None], sigma * ground.noise * xi, strict=True):
            w = w - eta * (ground.curvatures * w + noise)
            path.append(w)
    return np.array(path)


def loss_at(w, ground):
    """½ Σ λᵢ wᵢ², (…), of points (…, n)."""
    with np.errstate(all="ignore"):
        return 0.5 * (ground.curvatures * w**2).sum(-1)


def floor(eta, curvature, noise):
    """The mean loss ½ λ V at which a constant η ends in one direction: V = η σ² / (λ (2 − ηλ)); ∞ from ηλ = 2 on.

    >>> floor(np.array([0.5, 1.0, 2.0]), 1.0, 1.0)
    array([0.16666667, 0.5       ,        inf])
    """
    eta = np.asarray(eta, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(eta * curvature < 2, eta * noise**2 / (2 * (2 - eta * curvature)), np.inf)


# ---- the schedule designer ----

SHAPES = ["constant", "linear", "cosine", "exponential", "inverse time", "step", "1/√(k+1)", "cyclic"]
LEAST = 1e-3  # curves that never reach 0 fall to this part of η₀ where an end of 0 is asked for
MANTISSAS = (1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 4, 5, 6, 7, 8.5)
ETAS = np.array([float(f"{m}e{e}") for e in (-3, -2, -1, 0) for m in MANTISSAS if 1.1e-3 < m * 10.0**e < 1.9] + [1.98])


def lowest(shape, end):
    """To which part of η₀ a shape falls when `end` is asked for: an exponential cannot reach 0.

    >>> lowest("linear", 0.0), lowest("exponential", 0.0), lowest("exponential", 0.5)
    (0.0, 0.001, 0.5)
    """
    return max(end, LEAST) if shape in ("exponential", "inverse time", "step") else end


def design(shape, eta, end=0.0, cooldown=1.0, warm=0, steps=T):
    """A schedule of one of the SHAPES that begins to fall `cooldown` of its steps before the last one.

    shape: how it falls; eta: η₀; end: to which part of η₀; cooldown: in which share of the steps after the warm-up;
    warm: steps of warm-up. `linear` with cooldown 0.2 and end 0 is WSD.

    >>> [float(design("linear", 1.0, cooldown=0.5, steps=8)(k)) for k in (0, 4, 6, 8)]
    [1.0, 1.0, 0.5, 0.0]
    """
    left = steps - warm
    c = min(max(1, round(cooldown * left)), left)
    low = lowest(shape, end)
    falling = {
        "constant": lambda: schedules.constant(eta),
        "linear": lambda: schedules.linear(eta, c, end=low * eta),
        "cosine": lambda: schedules.cosine(eta, c, end=low * eta),
        "exponential": lambda: schedules.exponential(eta, beta=low ** (1 / c)),
        "inverse time": lambda: schedules.inverse_time(eta, beta=(1 / low - 1) / c),
        "step": lambda: schedules.step(eta, every=-(-c // 4), factor=low ** (1 / 3)),
        "1/√(k+1)": lambda: schedules.inverse_sqrt(eta),
        "cyclic": lambda: schedules.cyclic(low * eta, eta, up=50),
    }[shape]()
    whole = schedules.piecewise([eta, falling], [left - c]) if c < left else falling
    return schedules.warmup(whole, warm) if warm else whole


def in_letters(shape, end, cooldown, warm, steps=T):
    """The parameters of a `design` as its formula has them, for a caption; "" where there are none.

    >>> in_letters("exponential", 0.01, 1.0, 0), in_letters("linear", 0.5, 0.2, 100)
    ('β = 0.995405, or e^(−0.00461 k)', 'τ = 180, η_τ = 0.5 η₀, after 100 steps of warm-up')
    """
    c = max(1, round(cooldown * (steps - warm)))
    low = " to its lowest" * (shape == "cyclic" and c == steps - warm)  # which is where a cycle begins
    begun = [f"after {warm} step{'s' * (warm > 1)} of warm-up{low}"] * (warm > 0)
    letters = _letters(shape, lowest(shape, end), c)
    return ", ".join(filter(None, [letters, *begun]))


def _letters(shape, low, c):
    """Of a shape that falls to the part `low` of η₀ in c steps."""
    if shape == "exponential":
        return f"β = {low ** (1 / c):.6f}, or e^(−{_three(-np.log(low) / c)} k)" if low < 1 else "β = 1"
    if shape == "inverse time":
        return f"β = {_three((1 / low - 1) / c)}"
    if shape == "step":
        return f"× {low ** (1 / 3):.3g} every {-(-c // 4)} step{'s' * (c > 4)}"
    words = {
        "linear": (f"τ = {c}", f", η_τ = {low:g} η₀"),
        "cosine": (f"half a period in {c} step{'s' * (c > 1)}", f", η_T = {low:g} η₀"),
        "cyclic": (f"50 steps up, 50 down, for {c} step{'s' * (c > 1)}", f", at least {low:g} η₀"),
    }.get(shape, ("", ""))
    return "".join(words[: 1 + (low > 0)])


def _three(value):
    """A number with three digits, as many zeros before them as it has.

    >>> _three(0.0000101), _three(0.25), _three(999.0)
    ('0.0000101', '0.25', '999')
    """
    return np.format_float_positional(value, 3, fractional=False, trim="-")


class Designed(NamedTuple):
    """What the designer shows. rates: {name: (T,)}; losses: {name: (T + 1,)}, means; parts: (T + 1, n) of the first;
    one: the loss of one noisy run; ends: {shape: mean loss at the end for each of ETAS}; best: {shape: (η₀, loss)}."""

    ground: str
    sigma: float
    eta: float
    words: str
    rates: dict
    losses: dict
    parts: np.ndarray
    one: np.ndarray
    ends: dict
    best: dict


def designed(ground, sigma, eta, schedules_, words=""):
    """Run schedules on a noisy quadratic: a `Designed`.

    schedules_: {name: function of η₀ that returns a schedule}; each is also tried at every η₀ of ETAS, beside a
    constant rate.
    """
    place, k = GROUNDS[ground], np.arange(T)
    rates = {name: np.array([float(v) for v in make(eta)(k)]) for name, make in schedules_.items()}
    parts = mean_loss(np.stack(list(rates.values()), -1), place, sigma, split=True)
    with np.errstate(all="ignore"):
        losses = dict(zip(rates, parts.sum(-1).T, strict=True))
    shapes = {name: rate / eta for name, rate in rates.items()}
    shapes.setdefault("constant", np.ones(T))
    tried = mean_loss(np.stack(list(shapes.values()), -1)[..., None] * ETAS, place, sigma)[-1]
    ends = dict(zip(shapes, tried, strict=True))
    best = {name: (float(ETAS[np.argmin(end)]), float(np.min(end))) for name, end in ends.items()}
    first = next(iter(rates.values()))
    one = noisy_runs(first[:, None], place, drawn(T, 1, len(place.start)), sigma)[:, 0]
    return Designed(ground, sigma, eta, words, rates, losses, parts[:, 0], loss_at(one, place), ends, best)


CONTEST = {  # name: (shape, end, cooldown)
    "constant": ("constant", 0.0, 1.0),
    "1/√(k+1)": ("1/√(k+1)", 0.0, 1.0),
    "inverse time to 1 %": ("inverse time", 0.01, 1.0),
    "exponential to 1 %": ("exponential", 0.01, 1.0),
    "step, × 0.1 every 250": ("step", 0.001, 1.0),
    "linear to 0": ("linear", 0.0, 1.0),
    "cosine to 0": ("cosine", 0.0, 1.0),
    "WSD, last 20 %": ("linear", 0.0, 0.2),
    "WSD, last half": ("linear", 0.0, 0.5),
}


@kept
def contest(ground):
    """The schedules of CONTEST on a ground, each at the best of ETAS: {name: (η₀, mean loss at the end)}."""
    k = np.arange(T)
    shapes = [
        [float(v) for v in design(shape, 1.0, end, cooldown)(k)] for shape, end, cooldown in CONTEST.values()
    ]  # each in proportion to η₀
    ends = mean_loss(np.array(shapes).T[..., None] * ETAS, GROUNDS[ground])[-1]
    best = np.argmin(ends, -1)
    return {name: (float(ETAS[b]), float(end[b])) for name, end, b in zip(CONTEST, ends, best, strict=True)}


def beside(function):
    """The experiment of a designer in which a student's WSD schedule runs beside ours.

    function: (k, lr, steps, share) → the rate. While it has a blank in it, or gives no number, only ours is shown.
    """
    blank = has_blank(function) or not callable(function)

    def experiment(ground, eta0, cooldown):
        makers, words = {"ours": lambda lr: schedules.wsd(lr, T, cooldown)}, f"c = {cooldown:g}"
        rates, trouble = (None, "") if blank else rates_of(function, eta0, cooldown)
        if rates is not None:
            makers["yours"] = lambda lr: lambda k: rates
        return designed(ground, 1.0, eta0, makers, ". ".join(filter(None, [words, trouble])))

    return experiment


def rates_of(function, lr, share):
    """A student's schedule at each of T steps, (T,), or None; and what is wrong with it, in a sentence, or "".

    >>> rates_of(lambda k, lr, steps, share: lr - k, 1.5, 0.2)[1]
    'Yours is below 0 at k = 2: there it is taken for 0'
    """
    rates, function = np.empty(T), by_place(function, ["k", "lr", "steps", "share"])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for k in range(T):
            try:
                value = float(function(k, lr, T, share))
            except Exception as error:
                return None, f"Yours has no rate at k = {k}: {type(error).__name__}"
            if not np.isfinite(value):
                return None, f"Yours has no rate at k = {k}: it gives {value}".replace("nan", "no number")
            rates[k] = value
    if rates.min() < 0:
        return np.maximum(rates, 0), f"Yours is below 0 at k = {np.argmax(rates < 0)}: there it is taken for 0"
    return np.minimum(rates, 1e6), ""


# ---- the river, seen; branches of one trunk ----

RIVER = GROUNDS["the river"]


@functools.cache
def river_surface():
    """The river's loss as a surface, with a window to look at it from above."""
    return surfaces.from_formula("w1**2/600 + w2**2/2", window=(-90.0, 14.0, -7.0, 7.0), start=(-80.0, 4.0))


class Rafted(NamedTuple):
    """Two runs down the river: rates (T, 2), mean losses (T + 1, 2), distances along it (T + 1, 2), one run's path."""

    rates: np.ndarray
    losses: np.ndarray
    along: np.ndarray
    path: np.ndarray


def rafted(constant, eta, cooldown, seed):
    """A: a constant η; B: another one, which falls in a straight line to 0 in the last part of 1,000 steps."""
    k = np.arange(T)
    rates = np.stack([np.full(T, float(constant)), [float(v) for v in schedules.wsd(eta, T, cooldown)(k)]], -1)
    parts = mean_loss(rates, RIVER, split=True)
    along = np.sqrt(2 * parts[..., 0] / RIVER.curvatures[0])
    return Rafted(rates, parts.sum(-1), along, noisy_runs(rates, RIVER, drawn(T, 1, 2, seed)))


LENGTHS = (100, 200, 400, 600, 800, 1000)


class Branched(NamedTuple):
    """A trunk with a constant rate and cool-downs from it: mean losses (T + 1,), and for each of LENGTHS (start, loss
    from there on), and the rates; best: the end loss of the best cosine of each length."""

    eta: float
    cooldown: float
    trunk: np.ndarray
    branches: dict
    rates: dict
    best: dict


@kept
def _branch_shapes(cooldown):
    """The trunk and, for each of LENGTHS, the rates of a WSD schedule of that length, all with η = 1: (T, branches)."""
    k = np.arange(T)
    return np.stack([np.ones(T), *(schedules.wsd(1.0, length, cooldown)(k) for length in LENGTHS)], -1).astype(float)


def branched(eta, cooldown):
    """A constant η for 1,000 steps; from it, for each length, a cool-down in a straight line to 0."""
    rates = eta * _branch_shapes(cooldown)
    losses = mean_loss(rates, RIVER)
    begins = [length - max(1, round(cooldown * length)) for length in LENGTHS]
    branches, falling = {}, {}
    for i, (length, begin) in enumerate(zip(LENGTHS, begins, strict=True), start=1):
        branches[length] = (begin, losses[begin : length + 1, i])
        falling[length] = (begin, np.append(rates[begin:length, i], 0.0))
    return Branched(eta, cooldown, losses[:, 0], branches, falling, best_cosines())


@functools.cache
def best_cosines():
    """For each of LENGTHS the loss that a cosine of that length ends with on the river, at the best of ETAS."""
    best = {}
    for length in LENGTHS:
        shape = np.array([float(v) for v in schedules.cosine(1.0, length)(np.arange(length))])
        best[length] = float(np.min(mean_loss(shape[:, None] * ETAS, RIVER)[-1]))
    return best


# ---- why warm up ----

WARM_UPS = [1, 3, 10, 20, 30, 50, 100, 200, 300, 400]
WARM_START, WARM_STEPS, WARM_RUNS = (0.2, 3.5), 600, 50


class Warmed(NamedTuple):
    """Runs on (1 − w₁w₂)² after a warm-up: the path and the sharpness of the one shown, its rates, and for each of
    WARM_UPS the share of 50 runs that diverged."""

    steps: int
    peak: float
    sigma: float
    path: dict
    sharpness: np.ndarray
    rates: np.ndarray
    shares: np.ndarray
    ends: np.ndarray


@functools.cache
def product_window():
    """The surface (1 − w₁w₂)², seen through a window that has the start in it."""
    return surfaces.from_formula("(1 - w1*w2)**2", window=(-1.5, 3.0, -1.0, 4.0), start=WARM_START)


@kept
def _warm_shapes():
    """The rates of each of WARM_UPS to a peak of 1, (steps + 1, warm-ups)."""
    k = np.arange(WARM_STEPS + 1)
    return np.stack([schedules.warmup(1.0, steps)(k) for steps in WARM_UPS], -1).astype(float)


@kept
def _warmed(peak, sigma):
    surface, xi = surfaces.product(), sigma * drawn(WARM_STEPS, WARM_RUNS, 2)
    start, rates = np.broadcast_to(WARM_START, (len(WARM_UPS), WARM_RUNS, 2)), peak * _warm_shapes()

    def grad(w, t):
        return surface.grad(w) + xi[t - 1]

    path = descend(gd, start, grad, WARM_STEPS, lr=lambda k: rates[k, :, None, None], limit=1e3)
    gone = path["diverged"]
    end = np.where(gone > 0, np.nan, np.linalg.eigvalsh(surface.hessian(path["w"][-1]))[..., -1])
    middle = [np.median(row[row == row]) if (row == row).any() else np.nan for row in end]
    return path["w"][:, :, 0], gone[:, 0], (gone > 0).mean(1), np.array(middle)


def warmed(steps, peak, sigma):
    """One of the WARM_UPS: a `Warmed`."""
    w, gone, shares, ends = _warmed(peak, sigma)
    which = WARM_UPS.index(steps)
    sharp = np.linalg.eigvalsh(surfaces.product().hessian(w[:, which]))[..., -1]
    rates = peak * _warm_shapes()[:, which]
    path = dict(w=w[:, which], diverged=gone[which])
    return Warmed(steps, peak, sigma, path, sharp, rates, shares, ends)


# ---- reduce on plateau ----

PATIENCES = [0, 2, 5, 10, 20, 50, 100, 200]
PLATEAU_RUNS = 40


class Scenery(NamedTuple):
    """Where a plateau rule is tried: surface, start, η, noise for each step, threshold, and the rate's lower bound."""

    surface: object
    start: tuple
    lr: float
    noise: np.ndarray
    threshold: float
    low: float


PLATEAUS = ["noise all the time", "noise for 150 steps", "a plateau that is no floor"]


@functools.cache
def scenery(name):
    """One of PLATEAUS."""
    xi = drawn(T, PLATEAU_RUNS, 2)
    if name == PLATEAUS[0]:
        return Scenery(surfaces.bowl(100.0), (-8.0, 4.0), 1.0, xi * [0.05, 0.5], 1e-4, 0.0)
    if name == PLATEAUS[1]:
        return Scenery(
            surfaces.bowl(20.0), (-8.0, 4.0), 1.0, xi[:600] * (np.arange(600) < 150)[:, None, None], 1e-4, 1e-2
        )
    return Scenery(surfaces.product(), (-1.5, 1.5), 0.05, xi[:600] * 1e-5, 1e-4, 0.0)


def on_plateau_gd(w, grad, t, rate=1.0, best=1e300, bad=0.0, good=0.0, *, loss, patience, streak, low, lr, threshold):
    """Gradient descent with `schedules.on_plateau(lr, factor=0.5, …)`, whose patience may be an array: many at once.

    patience, streak: arrays that broadcast over runs; streak: raise again after so many good losses, ∞ for never.
    """
    now = loss(w)[..., None]
    falls = now < best * (1 - threshold)
    best = np.where(falls, now, best)
    bad, good = np.where(falls, 0, bad + 1), np.where(falls, good + 1, 0)
    down, up = bad > patience, good >= streak
    lower = np.maximum(rate * 0.5, low)
    rate = np.where(down & (rate - lower > 1e-8), lower, np.where(up, np.minimum(rate * 2, lr), rate))
    w = w - rate * grad(w)
    return dict(w=w, rate=rate, best=best, bad=np.where(down, 0, bad), good=np.where(up, 0, good))


STREAK = 5  # good losses in a row, after which the rate is raised again


@kept
def plateaus(name):
    """All of PATIENCES, without and with raising again, forty runs each, and as many with a constant rate.

    Returns losses and rates, (steps + 1, 2, patiences, runs), and the constant's losses (steps + 1, runs).
    """
    place = scenery(name)
    steps, runs, _ = place.noise.shape

    def grad(w, t):
        return place.surface.grad(w) + place.noise[t - 1]

    patience = np.array(PATIENCES, float)[:, None, None]
    streak = np.array([np.inf, STREAK])[:, None, None, None]
    start = np.broadcast_to(place.start, (2, len(PATIENCES), runs, 2))
    how = dict(patience=patience, streak=streak, low=place.low, lr=place.lr, threshold=place.threshold)

    def step(w, grad, t, rate=place.lr, best=1e300, bad=0.0, good=0.0):
        return on_plateau_gd(w, grad, t, rate, best, bad, good, loss=place.surface.loss, **how)

    path = descend(step, start, grad, steps)
    same = descend(gd, np.broadcast_to(place.start, (runs, 2)), grad, steps, lr=place.lr)
    return place.surface.loss(path["w"]), path["rate"][..., 0], place.surface.loss(same["w"])


# ---- the burst, and its cure ----

LONG = np.array([0.005, 1.0])  # curvatures along and across
LONG_START, LONG_STEPS, LONG_NOISE = (-100.0, 3.0), 2000, 1e-3
ROOTS = {
    "root of the mean square": ("mean-square AdaGrad", mean_square_adagrad, {}),
    "moving average, β = 0.99": ("RMSProp", rmsprop, {"beta": 0.99}),
    "root of the sum": ("AdaGrad", adagrad, {}),
}
FALLS = {
    "constant": lambda steps: schedules.constant(1.0),
    "linear to 0": lambda steps: schedules.linear(1.0, steps),
    "1/√(k+1)": lambda steps: schedules.inverse_sqrt(1.0),
    "inverse time, β = 0.01": lambda steps: schedules.inverse_time(1.0, 0.01),
    "exponential, β = 0.995": lambda steps: schedules.exponential(1.0, 0.995),
}


def cure(fall, warm):
    """One of FALLS as a schedule of 2,000 steps with η₀ = 1, after `warm` steps of warm-up."""
    return schedules.warmup(FALLS[fall](LONG_STEPS - warm), warm)


LONG_SEEDS = 10
_MEAN, _MOVING, _ = ROOTS
CURES = [  # what the text compares: a name, and the arguments of `long_valley`
    ("mean", _MEAN, "constant", 0),
    ("linear", _MEAN, "linear to 0", 0),
    ("warm", _MEAN, "constant", 100),
    ("both", _MEAN, "linear to 0", 100),
    ("root", _MEAN, "1/√(k+1)", 0),
    ("rms-warm", _MOVING, "constant", 100),
    ("rms-both", _MOVING, "linear to 0", 100),
    ("rms-exp", _MOVING, "exponential, β = 0.995", 0),
]


@kept
def long_valley(root, fall, warm):
    """A long valley with a little noise, η₀ = 1, ten seeds at once.

    root: one of ROOTS, what the gradient is divided by; fall: one of FALLS; warm: steps of warm-up.
    Returns w, (steps + 1, seeds, 2), and rate, (steps, seeds, 2), what multiplied each gradient.
    """
    _, step, how = ROOTS[root]
    noise = LONG_NOISE * np.sqrt(LONG) * drawn(LONG_STEPS, LONG_SEEDS, 2)
    schedule, seen = cure(fall, warm), []

    def grad(w, t):
        seen.append(LONG * w + noise[t - 1])
        return seen[-1]

    path = descend(step, np.broadcast_to(LONG_START, (LONG_SEEDS, 2)), grad, LONG_STEPS, lr=schedule, **how)
    with np.errstate(divide="ignore", invalid="ignore"):
        return dict(w=path["w"], rate=-np.diff(path["w"], axis=0) / np.array(seen))


def of_seed(path, seed):
    """One of the runs of `long_valley`."""
    return {name: values[:, seed] for name, values in path.items()}


def thrown_out(far, rest=0.1):
    """(step, distance): the farthest that a run is from the floor after it first came nearer than `rest`; or None.

    >>> thrown_out(np.array([3.0, 0.5, 0.05, 0.2, 1.5, 0.1]))
    (4, 1.5)
    """
    near = np.flatnonzero(far < rest)
    if not len(near):
        return None
    step = near[0] + int(np.argmax(far[near[0] :]))
    return int(step), float(far[step])


# ---- the full update ----


def full_update(w, grad, t, m=0.0, v=0.0, *, lr=0.1, scaled=1.0, averaged=1.0, beta1=0.9, beta2=0.99):
    """w ← w − η_t/σ_t · m_t, with switches: where scaled is 0, σ_t = 1; where averaged is 0, m_t = g."""
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    sigma_t = np.where(scaled, np.sqrt(v / (1 - beta2**t)) + 1e-8, 1.0)
    m_t = np.where(averaged, m / (1 - beta1**t), g)
    w = w - lr / sigma_t * m_t
    return dict(w=w, m=m, v=v)


SWITCHES = [(falls, scaled, averaged) for falls in (0, 1) for scaled in (0, 1) for averaged in (0, 1)]
FULL_ETAS = np.array([float(f"{m}e{e}") for e in (-3, -2, -1, 0) for m in (1, 2, 5)] + [10.0])
FULL_STEPS, FULL_RUNS = 200, 10


class Switched(NamedTuple):
    """Eight updates in a noisy ravine: surface; ends: mean end losses, (8, η); best: for each the index of its best η;
    path: {name: path} of gradient descent and of the one chosen."""

    surface: object
    angle: float
    sigma: float
    chosen: int
    ends: np.ndarray
    best: np.ndarray
    paths: dict


@kept
def _switched(angle, sigma):
    surface = surfaces.bowl(100.0, np.radians(angle))
    turn = np.array([[np.cos(np.radians(angle)), -np.sin(np.radians(angle))],
                     [np.sin(np.radians(angle)), np.cos(np.radians(angle))]])  # fmt: skip
    noise = sigma * drawn(FULL_STEPS, FULL_RUNS, 2) * np.array([0.1, 1.0]) @ turn.T  # σ√λ along and across the valley
    falls, scaled, averaged = np.array(SWITCHES, float).T[..., None, None, None]  # each (8, 1, 1, 1)
    cosine = schedules.cosine(1.0, FULL_STEPS)
    start = turn @ np.array([-8.0, 4.0])
    path = descend(
        full_update, np.broadcast_to(start, (8, len(FULL_ETAS), FULL_RUNS, 2)),
        lambda w, t: surface.grad(w) + noise[t - 1], FULL_STEPS,
        lr=lambda k: FULL_ETAS[:, None, None] * np.where(falls, cosine(k), 1.0), scaled=scaled, averaged=averaged,
    )  # fmt: skip
    ends = surface.loss(path["w"][-1])
    ends = np.where(path["diverged"] > 0, np.inf, ends).mean(-1)
    best = np.argmin(ends, -1)
    one = [dict(w=path["w"][:, i, b, 0], diverged=path["diverged"][i, b, 0]) for i, b in enumerate(best)]
    return surface, ends, best, one


def switched(falls, scaled, averaged, angle, sigma):
    """The eight updates, tuned alike, and the path of the one with these switches: a `Switched`."""
    surface, ends, best, one = _switched(angle, sigma)
    chosen = SWITCHES.index((int(falls), int(scaled), int(averaged)))
    paths = {named(0): one[0]} | {named(chosen): one[chosen]}
    return Switched(surface, angle, sigma, chosen, ends, best, paths)


def tuned_losses(angle, sigma):
    """The mean end loss of each of SWITCHES, at the best of FULL_ETAS."""
    _, ends, best, _ = _switched(angle, sigma)
    return ends[np.arange(len(SWITCHES)), best]


METHODS = {(0, 0): "gradient descent", (0, 1): "momentum", (1, 0): "RMSProp", (1, 1): "Adam"}


def named(which):
    """What the update with these switches is called.

    >>> named(0), named(7)
    ('gradient descent', 'Adam, η falls')
    """
    falls, *rest = SWITCHES[which]
    return METHODS[tuple(rest)] + (", η falls" if falls else "")


# ---- a network on the digits ----

DIGIT_ETAS = np.array([0.1, 0.2, 0.5, 1.0, 2.0, 4.0])
EPOCHS, BATCH, EXAMPLES = 10, 16, 600
DIGIT_STEPS = EPOCHS * -(-EXAMPLES // BATCH)
OVER_TIME = {
    "constant": lambda steps: schedules.constant(1.0),
    "linear to 0": lambda steps: schedules.linear(1.0, steps),
    "cosine": lambda steps: schedules.cosine(1.0, steps),
    "WSD, c = 0.2": lambda steps: schedules.wsd(1.0, steps, 0.2),
}
_FINISHED = {}


class OnDigits(NamedTuple):
    """Trainings so far: how many labels are wrong, each with this probability; epochs done; training and held-out
    losses, (epochs + 1, schedules, η)."""

    wrong: int
    probability: float
    seed: int
    epochs: int
    train: np.ndarray
    held: np.ndarray


def on_digits(wrong, seed):
    """A network 64-32-10 on 600 digits of which a share has wrong labels, under OVER_TIME at DIGIT_ETAS, all at once.

    A generator with a look after each of ten epochs; what was trained to its end is kept, and comes at once.
    """
    looks = _FINISHED.get((wrong, seed), [])
    yield from looks
    if not looks:
        for look in _trained(wrong, seed, DIGIT_ETAS):
            looks.append(look)
            yield look
        _FINISHED[wrong, seed] = looks


def _trained(wrong, seed, etas):
    """etas: (η,) for all schedules, or (schedules, η)."""
    data, net = (
        digits(EXAMPLES, seed=seed, noise=wrong),
        Network([Linear(64, 32), Tanh(), Linear(32, 10)], cross_entropy),
    )
    replaced = int((data.y != digits(EXAMPLES, seed=seed).y).sum())
    shapes = [make(DIGIT_STEPS) for make in OVER_TIME.values()]
    etas = np.broadcast_to(etas, (len(shapes), np.shape(etas)[-1]))

    def lr(k):
        return (np.array([float(shape(k)) for shape in shapes])[:, None] * etas)[..., None]

    w = np.broadcast_to(net.init(seed), (*etas.shape, net.init(seed).size))
    train, held = [], []
    for now in training(net, data, gd, epochs=EPOCHS, batch=BATCH, seed=seed, w=w, lr=lr):
        train.append(net.loss(now["w"], data.X, data.y))
        held.append(now["test_loss"])
        yield OnDigits(replaced, wrong, seed, len(train) - 1, np.array(train), np.array(held))


def over_seeds(wrong, seeds=10):
    """The end losses of each schedule at its own best η: chosen on seed 99, measured on the seeds 0, 1, ….

    Returns the best η of each schedule, and training and held-out losses, (seeds, schedules).
    """
    *_, tuned = on_digits(wrong, 99)
    best = DIGIT_ETAS[np.argmin(tuned.held[-1], -1)]
    ends = []
    for seed in range(seeds):
        *_, look = _trained(wrong, seed, best[:, None])
        ends.append((look.train[-1, :, 0], look.held[-1, :, 0]))
    train, held = np.moveaxis(ends, 1, 0)
    return best, train, held


def larger_batches(seed, batch=8, lr=4.0, factor=5, epochs=(5, 5, 5)):
    """Softmax regression on digits with 20 % wrong labels, in three phases; between them η is divided by a factor, or
    the batch is multiplied by it, or neither is done.

    Returns {name: (losses on the training data after each epoch, updates)}.
    """
    data, net = digits(EXAMPLES, seed=seed, noise=0.2), Network([Linear(64, 10)], cross_entropy)
    ways = {"constant": (1, 1), "η smaller": (factor, 1), "batch larger": (1, factor)}
    out = {}
    for name, (smaller, larger) in ways.items():
        losses, updates, w = [], 0, net.init(seed)
        for phase, some in enumerate(epochs):
            how = dict(batch=batch * larger**phase, lr=lr / smaller**phase, seed=100 * seed + phase, w=w)
            for now in training(
                net, data._replace(X_test=data.X_test[:0], y_test=data.y_test[:0]), gd, epochs=some, **how
            ):
                if now["t"]:
                    losses.append(float(net.loss(now["w"], data.X, data.y)))
            updates, w = updates + now["t"], now["w"]
        out[name] = np.array(losses), updates
    return out
