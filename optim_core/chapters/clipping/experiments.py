"""What chapter 12 runs: a cliff, gradients through time, two clippers, a bad example, a network that must remember."""

import functools
import math

import numpy as np

from optim_core.data import Data
from optim_core.descent import descend
from optim_core.gradients import clip_norm, clip_value
from optim_core.losses import cross_entropy
from optim_core.network import SCHEMES, Linear, Network, Rnn
from optim_core.optimizers import gd

# ---- the cliff ----


class Cliff:
    """The loss of a recurrent network with one unit, as a surface of its two weights (Pascanu and others 2013, Fig. 6).

        x₀ = ½,   x_t = w σ(x_{t−1}) + b,   L = (σ(x_T) − 0.7)²,   T = 50 unless told otherwise

    A point is (w, b). It can be drawn as a surface, and `grad` and `loss` take arrays (…, 2).

    >>> cliff = Cliff()
    >>> cliff.loss([5.6, -2.4]).round(3), cliff.grad([5.6, -2.4]).round(3)
    (np.float64(0.062), array([0.032, 0.034]))
    """

    window, start, valleys, critical_points = (3.0, 7.0, -4.0, -1.0), (5.6, -2.4), (), ()

    def __init__(self, steps=50):
        self.steps = steps

    def __repr__(self):
        return f"Cliff({self.steps})"

    def state(self, point):
        """x_T, and its derivatives by w and b, carried forward with it."""
        w, b = np.moveaxis(np.asarray(point, float), -1, 0)
        x, dw, db = 0.5 + 0 * w, 0.0 * w, 0.0 * w
        with np.errstate(all="ignore"):
            for _ in range(self.steps):
                s = 1 / (1 + np.exp(-x))
                slope = w * s * (1 - s)
                x, dw, db = w * s + b, s + slope * dw, 1 + slope * db
        return x, dw, db

    def loss(self, point):
        """(σ(x_T) − 0.7)², shape (…)."""
        with np.errstate(over="ignore", under="ignore"):
            return (1 / (1 + np.exp(-self.state(point)[0])) - 0.7) ** 2

    def grad(self, point):
        """Shape (…, 2); one point is computed with Python's own numbers, ten times as fast."""
        if np.ndim(point) == 1:
            return np.array(self._one(*map(float, point)))
        x, dw, db = self.state(point)
        with np.errstate(over="ignore", invalid="ignore"):
            s = 1 / (1 + np.exp(-x))
            outer = 2 * (s - 0.7) * s * (1 - s)
            return np.nan_to_num(np.stack([outer * dw, outer * db], -1), posinf=0.0, neginf=0.0)

    def _one(self, w, b):
        x, dw, db = 0.5, 0.0, 0.0
        for _ in range(self.steps):
            s = _sigmoid(x)
            slope = w * s * (1 - s)
            x, dw, db = w * s + b, s + slope * dw, 1 + slope * db
        s = _sigmoid(x)
        outer = 2 * (s - 0.7) * s * (1 - s)
        return outer * dw, outer * db


def _sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


SOLVED = 1e-3  # a loss below this counts as solved


def on_the_cliff(lr, start, clippers, steps=150, length=50):
    """Gradient descent on the cliff, once for each clipper: (surface, {name: path}).

    clippers: {name: a function of the gradient function, or None for none}. Each path has `norm`, ‖g‖ at its points.
    """
    cliff, runs = Cliff(length), {}
    for name, clip in clippers.items():
        path = descend(gd, start, clip(cliff.grad) if clip else cliff.grad, steps, lr=lr)
        runs[name] = path | dict(norm=np.array([math.hypot(*cliff.grad(w)) for w in path["w"]]))
    return cliff, runs


# ---- back through time ----


def drawn(seed, scheme="inverse_sqrt", units=32):
    """The recurrent weights W of a network, for a gain of 1, and the generator that goes on from there: (W, rng)."""
    rng = np.random.default_rng([seed, 12])
    return SCHEMES[scheme](rng, (units, units), units, units), rng


@functools.lru_cache(maxsize=256)
def back_through_time(gain, steps, scheme="inverse_sqrt", seeds=5, units=32, batch=8):
    """log₁₀ ‖∂L/∂h_{T−k}‖ / ‖∂L/∂h_T‖ for k = 0 … T in a tanh RNN, shape (seeds, T + 1).

    W is `gain` times what the scheme draws; the inputs have the standard deviation 0.2; ∂L/∂h_T is normal.
    """
    lines = []
    for seed in range(seeds):
        W, rng = drawn(seed, scheme, units)
        W = gain * W
        U, x = rng.normal(size=(units, units)) / np.sqrt(units), 0.2 * rng.normal(size=(steps, batch, units))
        h, slopes = np.zeros((batch, units)), []
        for t in range(steps):
            h = np.tanh(x[t] @ U + h @ W)
            slopes.append(1 - h * h)
        dh = rng.normal(size=(batch, units))
        norms = [np.linalg.norm(dh)]
        for slope in reversed(slopes):
            dh = (dh * slope) @ W.T
            norms.append(np.linalg.norm(dh))
        lines.append(np.log10(np.maximum(norms, 1e-300) / norms[0]))
    return np.array(lines)


# ---- by value or by norm ----


def two_clippers(g, theta):
    """The gradient g cut to the square |gᵢ| ≤ θ, and shortened to the disc ‖g‖ ≤ θ."""
    g = np.asarray(g, float)
    return clip_value(lambda w: g, -theta, theta)(g), clip_norm(lambda w: g, theta)(g)


def turned_by(g, other):
    """The angle between two vectors (…, n), in degrees; 0 if one of them is 0."""
    size = np.linalg.norm(g, axis=-1) * np.linalg.norm(other, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.clip((g * other).sum(-1) / size, -1, 1)
    return np.degrees(np.arccos(np.where(size > 0, cosine, 1.0)))


@functools.lru_cache(maxsize=4)
def angles_by_dimension(shares, dimensions=(2, 10, 100, 1000), runs=400):
    """How far clipping by value turns a random gradient: mean angle, shape (dimensions, shares).

    shares: θ as parts of the largest component. The gradients have a few large components and many small ones:
    z · e^{1.5 z′}, with z and z′ normal.
    """
    rng, rows = np.random.default_rng(0), []
    for n in dimensions:
        g = rng.normal(size=(runs, n)) * np.exp(1.5 * rng.normal(size=(runs, n)))
        most = np.abs(g).max(-1, keepdims=True)
        rows.append([float(turned_by(g, np.clip(g, -s * most, s * most)).mean()) for s in shares])
    return np.array(rows)


# ---- one bad example ----

_rng = np.random.default_rng(0)
POINTS = np.concatenate([_rng.normal(size=45), _rng.normal(12, 1, size=5)])  # 45 examples alike, and 5 bad ones
THETAS = [float(f"{m}e{d}") for d in (-2, -1, 0, 1) for m in (1, 2, 5)] + [100.0]


def huber(r, theta):
    """Huber's loss of a residual: r²/2 up to θ, and a straight line beyond (Huber 1964)."""
    return np.where(np.abs(r) <= theta, r * r / 2, theta * np.abs(r) - theta**2 / 2)


def huber_minimum(theta, x=POINTS):
    """The w with the smallest Σ huber(w − xᵢ): where the clipped residuals add up to 0, found by halving.

    Where the sum is 0 on a whole stretch, as between the two in the middle for a small θ, it is the middle of that.

    >>> round(huber_minimum(0.1, x=np.array([0.0, 1.0])), 6)
    0.5
    """
    low, high = np.full(2, x.min()), np.full(2, x.max())  # for both ends of the stretch
    for _ in range(60):
        middle = (low + high) / 2
        above = np.clip(middle[:, None] - x, -theta, theta).sum(-1) > 1e-9 * theta * np.array([-1, 1])
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return float((low + high).mean() / 2)


@functools.cache
def clipped_sgd(steps=20_000, last=15_000):
    """Where SGD on ½(w − xᵢ)² with one example a step stays if each gradient is clipped to θ.

    Returns (means, ends): the mean of w over the last steps for each of THETAS, and those w, (last, thetas).
    """
    theta, rng = np.array(THETAS), np.random.default_rng(1)
    lr = np.where(theta >= 1, 0.02, 0.004 / theta)
    w, path = np.zeros(len(THETAS)), []
    for i in rng.integers(0, len(POINTS), steps):
        w = w - lr * np.clip(w - POINTS[i], -theta, theta)
        path.append(w)
    ends = np.array(path[-last:])
    return ends.mean(0), ends


# ---- a network that must remember ----


def reminders(step, batch=32, steps=40, noise=0.2):
    """Sequences whose first input is ±1 and all others noise, and which of the two it was: fresh ones for each step."""
    rng = np.random.default_rng([1, step])
    y = rng.integers(0, 2, batch)
    x = noise * rng.normal(size=(batch, steps))
    x[:, 0] = 2 * y - 1
    return Data(x, y)


REMEMBER = Network([Rnn(1, 16, 40), Linear(16, 2)], cross_entropy)


def remembering(lr, theta, seeds, steps=300, gain=1.5, every=5):
    """Train without and with clipping, side by side, from the same weights for each seed.

    Yields dicts that grow: norm, ‖g‖ before clipping, and right, the share of right answers, each with a row
    (2, seeds) for each step; steps: how many there will be. What has become infinite stays where it was.
    """
    w = np.stack([[REMEMBER.init(seed, "inverse_sqrt", scale=gain) for seed in seeds]] * 2)  # (2, seeds, n)
    most, norm, right = np.array([math.inf, theta])[:, None, None], [], []
    for t in range(steps):
        data = reminders(t)
        g = REMEMBER.on(data.X, data.y).grad(w)
        size = np.linalg.norm(g, axis=-1, keepdims=True)
        norm.append(size[..., 0])
        right.append(REMEMBER.accuracy(w, data.X, data.y))
        new = w - lr * g * np.minimum(1, most / np.maximum(size, 1e-300))
        w = np.where(np.isfinite(new).all(-1, keepdims=True), new, w)
        if t % every == every - 1 or t == steps - 1:
            yield dict(norm=np.array(norm), right=np.array(right), steps=steps)


@functools.cache
@np.errstate(under="ignore")
def solved_of(lr, theta, seeds=10):
    """How many seeds end with more than 95 % right over the last 20 steps: (without, with clipping)."""
    *_, end = remembering(lr, theta, range(seeds), every=300)
    return tuple(int(n) for n in (end["right"][-20:].mean(0) > 0.95).sum(-1))


def share_in_words(count):
    """A count of ten, as exactly as every processor finds it: exploding runs hang on the last digit of a sum.

    >>> share_in_words(10), share_in_words(7), share_in_words(2)
    ('nine or ten', 'six to eight', 'at most five')
    """
    return "nine or ten" if count >= 9 else "six to eight" if count >= 6 else "at most five"


# ---- a narrow valley with walls that get steeper ----


def cosh_steps(start, goal=1e-3, most=100_000):
    """Steps to |w| < goal on cosh w: gradient descent with the largest safe constant η, and clipped with η = θ = 1.

    The largest curvature on the way is cosh(w₀); η = 0.95 · 2/cosh(w₀). Returns (plain, clipped).
    """
    found = []
    for lr, theta in ((1.9 / math.cosh(start), math.inf), (1.0, 1.0)):
        w, t = start, 0
        while abs(w) >= goal and t <= most:
            g = math.sinh(w)
            w, t = w - lr * max(-theta, min(theta, g)), t + 1
        found.append(t)
    return tuple(found)
