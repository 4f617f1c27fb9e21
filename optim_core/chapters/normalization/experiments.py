"""What chapter 10 runs: a feature's scale, a block that is normalised, a unit's rays, companions, learning rates."""

import functools
import math

import numpy as np

from optim_core.data import digits
from optim_core.descent import descend
from optim_core.fast import kept
from optim_core.losses import sigmoid
from optim_core.network import BatchNorm, LayerNorm, Linear, Network, Tanh
from optim_core.optimizers import gd
from optim_core.training import train

# ---- a feature and a bias ----


class Fit:
    """Least squares with one feature and a bias, as a surface whose origin is its minimum.

        L = ½ mean (x w + b − y)²,   x of mean m and standard deviation s:   H = [[s² + m², m], [m, 1]]

    A point is (w − w*, b − b*). Which y it is does not matter: it moves the minimum, and not the shape.

    >>> round(Fit(2.0, 0.0).condition, 6), round(Fit(1.0, 3.0).condition, 1)
    (4.0, 119.0)
    """

    window, start, valleys = (-3.0, 3.0, -3.0, 3.0), (2.0, 2.4), ()
    critical_points = (dict(w=(0.0, 0.0), kind="minimum"),)

    def __init__(self, spread, mean):
        self.spread, self.mean = spread, mean
        self.H = np.array([[spread**2 + mean**2, mean], [mean, 1.0]])
        trace, det = np.trace(self.H), spread**2  # det H = s²
        self.high = float(trace + math.sqrt(max(trace**2 - 4 * det, 0.0))) / 2
        self.low = det / self.high
        self.condition = self.high / self.low

    def __repr__(self):
        return f"Fit({self.spread}, {self.mean})"

    def loss(self, w):
        """½ uᵀHu, shape (…)."""
        w = np.asarray(w, float)
        return ((w @ self.H) * w).sum(-1) / 2

    def grad(self, w):
        """Hu, shape (…, 2)."""
        return np.asarray(w, float) @ self.H


def prepared(spread, mean, centre, rescale):
    """The spread and the mean of a feature once its mean is subtracted, and it is divided by its spread, or not.

    >>> prepared(10.0, 5.0, False, True), prepared(10.0, 5.0, True, False)
    ((1.0, 0.5), (10.0, 0.0))
    """
    mean = 0.0 if centre else mean
    return (1.0, mean / spread) if rescale else (spread, mean)


def fitted(spread, mean, centre, rescale, start, steps=100):
    """The surface, and gradient descent on it with its best constant rate, 2/(λ_min + λ_max)."""
    surface = Fit(*prepared(spread, mean, centre, rescale))
    lr = 2 / (surface.low + surface.high)
    return lr, surface, {"gradient descent": descend(gd, start, surface.grad, steps, lr=lr)}


# ---- who shares a mean ----

EXAMPLES, CHANNELS, POSITIONS = 4, 3, 5
AXES = {"batch": (0, 2), "layer": (1, 2), "instance": (2,)}  # of x of shape (examples, channels, positions)
KINDS = [*AXES, "weight"]


@kept
def block():
    """A block of numbers of shape (4, 3, 5): four examples, three channels, five positions."""
    rng = np.random.default_rng(2)
    means, stds = rng.normal(size=(EXAMPLES, CHANNELS, 1)), rng.uniform(0.3, 1.2, (1, CHANNELS, 1))
    return means + stds * rng.normal(size=(EXAMPLES, CHANNELS, POSITIONS))


def normalised(x, kind, gamma=1.0, offset=0.0):
    """The block normalised: γ x̂ + β over the axes of its kind; as weights, γ times each column over its length."""
    if kind == "weight":  # the 4 rows are inputs, the 15 columns are outputs
        return gamma * x / np.sqrt((x * x).sum(0, keepdims=True))
    axes = AXES[kind]
    m = x.mean(axes, keepdims=True)
    return gamma * (x - m) / np.sqrt(((x - m) ** 2).mean(axes, keepdims=True)) + offset


def together(kind, row, column):
    """Which cells of the block, laid out as (4, 15), are normalised together with one: rows and columns, from 0.

    >>> together("instance", 1, 7)
    (slice(1, 2, None), slice(5, 10, None))
    """
    channel = column // POSITIONS * POSITIONS
    channel = slice(channel, channel + POSITIONS)
    rows = {"batch": slice(0, EXAMPLES), "weight": slice(0, EXAMPLES)}.get(kind, slice(row, row + 1))
    columns = {"layer": slice(0, CHANNELS * POSITIONS), "weight": slice(column, column + 1)}.get(kind, channel)
    return rows, columns


# ---- rays ----


class Unit:
    """The loss of one unit with batch normalization, as a surface of its two weights; it is the same along each ray.

        z = x · w,   ẑ = (z − mean z)/std z over all 60 examples,   L = mean log(1 + exp(−3 ẑ y)),   y = ±1

    A point is w; at w = 0, where ẑ is not defined, it is taken to be 0.

    >>> unit = Unit()
    >>> unit.loss([2.0, 1.0]).round(6) == unit.loss([20.0, 10.0]).round(6)
    np.True_
    """

    window, start, valleys, critical_points = (-5.0, 5.0, -4.0, 4.0), (-1.0, 0.6), (), ()

    def __init__(self):
        rng = np.random.default_rng(1)
        self.y = 2.0 * rng.integers(0, 2, 60) - 1
        self.X = np.stack([self.y + rng.normal(size=60), 0.3 * self.y + 2 * rng.normal(size=60)], -1)
        self.X = self.X - self.X.mean(0)
        self.C = self.X.T @ self.X / 60  # so that the variance of z is wᵀCw

    def __repr__(self):
        return "Unit()"

    def loss(self, w):
        """Shape (…) for w of shape (…, 2)."""
        w = np.asarray(w, float)
        z, s = w @ self.X.T, np.sqrt(((w @ self.C) * w).sum(-1))[..., None]
        return np.logaddexp(0, -3 * self.y * z / np.where(s > 0, s, 1.0)).mean(-1)

    def grad(self, w):
        """Shape (2,) for w of shape (2,)."""
        w = np.asarray(w, float)
        s = math.sqrt(max(float(w @ self.C @ w), 0.0))
        if s == 0 or not math.isfinite(s):
            return np.zeros(2)
        xhat = self.X @ w / s
        d = -3 * self.y * sigmoid(-3 * self.y * xhat)
        return self.X.T @ (d - d.mean() - xhat * (d * xhat).mean()) / (60 * s)


@functools.cache
def best_ray():
    """The angle of the lowest ray, the loss there, and h, the curvature of the loss along the unit circle there."""
    unit, at = Unit(), lambda a: np.stack([np.cos(a), np.sin(a)], -1)
    angles = np.linspace(-np.pi, np.pi, 2001)
    for width in (1e-2, 1e-4, 1e-6):
        best = angles[unit.loss(at(angles)).argmin()]
        angles = np.linspace(best - width, best + width, 401)
    d = 1e-3
    below, here, above = unit.loss(at(best + np.array([-d, 0, d])))
    return float(best), float(here), float((below - 2 * here + above) / d**2)


def edge(lr, decay):
    """The rate η/‖w‖² below which the lowest ray is stable, (1 − ηλ) 2/h; 0 where no rate is.

    A small angle φ to that ray is an arc of ‖w‖φ. A step makes it (1 − ηλ) ‖w‖φ − η hφ/‖w‖, and ‖w‖ (1 − ηλ) ‖w‖: so
    φ ← φ (1 − h η/‖w‖²/(1 − ηλ)).

    >>> f"{edge(3.0, 0.0):.2f}, {edge(3.0, 0.02):.2f}", edge(30.0, 0.1)
    ('1.27, 1.19', 0.0)
    """
    return max(1 - lr * decay, 0.0) * 2 / best_ray()[2]


def along_rays(lr, decay, start, steps=200):
    """Gradient descent with weight decay λ on the loss of the unit: a path with loss, size ‖w‖, and rate η/‖w‖²."""
    unit = Unit()
    with np.errstate(over="ignore", invalid="ignore"):
        path = descend(gd, start, lambda w: unit.grad(w) + decay * w, steps, lr=lr)
        size = np.linalg.norm(path["w"], axis=-1)
        rate = lr / np.maximum(size, 1e-150) ** 2
    return unit, path | dict(loss=unit.loss(path["w"]), size=size, rate=rate)


# ---- companions ----

NET = Network([Linear(64, 32), BatchNorm(32), Tanh(), Linear(32, 10)])
SIZES = (2, 4, 8, 16, 32, 64)


@functools.cache
def trained(seeds=10):
    """Ten networks with batch normalization after ten epochs: their weights and their running statistics."""
    w = np.stack([NET.init(seed, "xavier") for seed in range(seeds)])
    end = train(NET, digits(), gd, lr=0.3, epochs=10, batch=64, w=w, progress=False)
    return end["w"], end["running"]


def evaluated():
    """Accuracy on the held-out digits in evaluation mode, one for each network."""
    data, (w, running) = digits(), trained()
    return NET.on(data.X_test, data.y_test, train=False, running=running).accuracy(w)


@functools.cache
def forgotten(size, alike=False):
    """Accuracy on the held-out digits in training mode, in batches of `size`: mixed, or each of one class.

    size: a number, or None for all digits of a class, or all digits, at once. One for each network.
    """
    data, (w, _) = digits(), trained()
    order = np.random.default_rng(0).permutation(len(data.y_test))
    groups = [order[data.y_test[order] == k] for k in range(10)] if alike else [order]
    right, n = 0.0, 0
    for group in groups:
        for k in range(0, len(group), size or len(group)):
            some = group[k : k + (size or len(group))]
            if len(some) > 1:  # one alone has no variance
                right = right + len(some) * NET.on(data.X_test[some], data.y_test[some]).accuracy(w)
                n += len(some)
    return right / n


def companions(example, size, alike, draws=30):
    """The outputs for one held-out digit in training mode, beside different companions, and in evaluation mode.

    Returns (label, outputs of shape (draws, 10), outputs of shape (10,)) of the first network.
    """
    data, (w, running) = digits(), trained()
    w, running = w[0], [{name: values[0] for name, values in layer.items()} for layer in running]
    rng = np.random.default_rng([example, size, int(alike)])
    pool = np.delete(np.arange(len(data.y_test)), example)
    pool = pool[data.y_test[pool] == data.y_test[example]] if alike else pool
    several = [np.append(example, rng.choice(pool, size - 1, replace=size - 1 > len(pool))) for _ in range(draws)]
    together = np.array([NET.on(data.X_test[some], data.y_test[some]).forward(w)[0][0] for some in several])
    alone = NET.on(data.X_test[[example]], data.y_test[[example]], train=False, running=running).forward(w)[0][0]
    return int(data.y_test[example]), together, alone


# ---- learning rates and initial weights ----

RATES, GAINS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), (0.25, 1.0, 4.0)
NORMS = {"none": lambda n: [], "batch": lambda n: [BatchNorm(n)], "layer": lambda n: [LayerNorm(n)]}


def deep(norm, layers=4, width=16):
    """A tanh network with `layers` hidden layers, normalised before each tanh or not."""
    sizes = [64] + [width] * layers
    hidden = [[Linear(n, m), *NORMS[norm](m), Tanh()] for n, m in zip(sizes, sizes[1:], strict=False)]
    return Network([layer for one in hidden for layer in one] + [Linear(width, 10)])


@functools.cache
def rates_that_work(norm, goal=0.5, seeds=10, updates=60, rates=RATES, gains=GAINS):
    """Of some rates, how many bring the training loss below `goal` in some updates of 32 digits: (seeds, gains)."""
    net, data = deep(norm), digits()
    w = np.stack([[[net.init(seed, "xavier", scale=gain)] * len(rates) for gain in gains] for seed in range(seeds)])
    lr = np.array(rates)[:, None]
    end = train(net, data, gd, lr=lr, steps=updates, every=updates, batch=32, w=w, progress=False)
    return (net.on(data.X[:400], data.y[:400]).loss(end["w"]) < goal).sum(-1)


# ---- how even the loss is along the gradient ----

REACH = (0.5, 1.0, 2.0, 4.0)  # along the gradient, in steps of η


@functools.cache
def evenness(norm, lr, seeds=10, updates=20):
    """Along the gradient of each of the first updates: (range of the loss, largest change of the gradient), (seeds,).

    As Santurkar and others measure it: at w − cηg for several c, with the loss of the batch. Means over updates.
    """
    net, data = deep(norm, width=32), digits()
    w = np.stack([net.init(seed, "xavier") for seed in range(seeds)])
    order, spans, changes = np.random.default_rng(0).permutation(1200), [], []
    for t in range(updates):
        some = order[np.arange(64 * t, 64 * t + 64) % 1200]
        task = net.on(data.X[some], data.y[some])
        g = task.grad(w)
        ahead = np.stack([w - c * lr * g for c in REACH])
        losses = task.loss(ahead)
        spans.append(losses.max(0) - losses.min(0))
        changes.append(np.linalg.norm(task.grad(ahead) - g, axis=-1).max(0))
        w = w - lr * g
    return np.mean(spans, 0), np.mean(changes, 0)


def invariance(factor, eps=0.0):
    """What becomes of loss and gradient when the weights before batch normalization are `factor` times as large.

    Returns (L(aw) − L(w), ‖∇L(w)‖/‖∇L(aw)‖, ⟨w, ∇L(w)⟩) for those weights; the biases before it are 0.
    """
    net, data = Network([Linear(64, 32), BatchNorm(32, eps=eps), Tanh(), Linear(32, 10)]), digits()
    W, w = slice(0, 64 * 32), net.init(0, "xavier")
    task, longer = net.on(data.X[:200], data.y[:200]), w.copy()
    longer[W] *= factor
    g, after = task.grad(w)[W], task.grad(longer)[W]
    return float(task.loss(longer) - task.loss(w)), float(np.linalg.norm(g) / np.linalg.norm(after)), float(w[W] @ g)
