"""What the figures and questions of chapter 03 run: many rates at once, range tests, forks, and runs at the edge."""

import functools
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from optim_core import surfaces
from optim_core.data import Data, chebyshev, digits
from optim_core.descent import descend
from optim_core.losses import cross_entropy, mse
from optim_core.network import Linear, Network, Relu, Tanh, top_eigenvalues
from optim_core.optimizers import gd
from optim_core.training import training

USUAL = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # the grid that one is told to try
# And a finer one, which goes on to the right: five rates for every factor of ten.
RATES = np.array([1e-5, 1e-4, *(float(f"{m}e{d}") for d in (-3, -2, -1, 0, 1) for m in (1, 1.6, 2.5, 4, 6.3)), 100.0])


# On matrices so small a second thread is no gain; where other programs run, the two wait for each other.
BLAS = ThreadpoolController()


def one_thread(make):
    """The same generator; each of its results is computed on one thread."""

    @functools.wraps(make)
    def maker(*args, **how):
        results = make(*args, **how)
        while True:
            with BLAS.limit(limits=1):
                result = next(results, None)
            if result is None:
                return
            yield result

    return maker


def digit_network():
    """The network of this chapter: 64-32-10 with tanh and cross-entropy, 2,410 weights."""
    return Network([Linear(64, 32), Tanh(), Linear(32, 10)], cross_entropy)


def to_train(scale=True, seed=0):
    """1200 digits to train on, without a test part."""
    return Data(*digits(scale=scale, seed=seed)[:2])


# ---- many learning rates in one training ----


@one_thread
def many_rates(batch=64, scale=True, seed=0, epochs=10, rates=RATES, looks=60):
    """One training of as many networks as there are rates, all from the same weights and with the same mini-batches.

    A generator that gives, at about `looks` moments, all that was seen so far, as a dict of rates, (R,); at, (k,), the
    steps taken; loss, (k, R), of all training examples; batch; epoch, the steps in an epoch; epochs, those to come.
    """
    net, data = digit_network(), to_train(scale, seed)
    task, epoch = net.on(data.X, data.y), -(-len(data.X) // batch)
    every, at, losses = max(1, epochs * epoch // looks), [], []
    how = dict(lr=np.reshape(rates, (-1, 1)), batch=batch, seed=seed, epochs=epochs, every=every)
    for now in training(net, data, gd, **how):
        at.append(now["t"])
        losses.append(task.loss(now["w"]))
        so_far = dict(rates=np.array(rates), at=np.array(at), loss=np.array(losses))
        yield so_far | dict(batch=batch, epoch=epoch, epochs=epochs)


def best_and_cliff(lrs, losses, start):
    """The learning rate with the lowest loss, and the first larger one that ended no lower than it began.

    lrs: learning rates in rising order, shape (n,); losses: the loss that each run ended with, NaN or inf where it
    overflowed; start: the loss that all runs began with. A run is bad unless its loss is below start.
    Returns (best, cliff); cliff is inf where no larger rate is bad.

    >>> best, cliff = best_and_cliff(np.array([0.1, 1.0, 10.0]), np.array([2.0, 0.5, np.nan]), 2.3)
    >>> float(best), float(cliff)
    (1.0, 10.0)
    """
    best = np.nanargmin(losses)
    bad = ~(losses < start)
    bad[:best] = False
    cliff = lrs[np.argmax(bad)] if bad.any() else np.inf
    return lrs[best], cliff


@functools.cache
def after_three_epochs(seed=0, scale=True):
    """The loss of every rate in RATES after three epochs of mini-batches of 64, 57 steps, shape (R,)."""
    (*_, last) = many_rates(seed=seed, scale=scale, epochs=3, looks=3)
    return last["loss"][-1]


@functools.cache
def bottoms(batch, seed=0, epochs=(1, 3, 10)):
    """The best of RATES after each of these numbers of epochs, by the loss of all training examples."""
    (*_, seen) = many_rates(batch=batch, seed=seed, epochs=max(epochs), looks=max(epochs))
    return [float(RATES[np.nanargmin(seen["loss"][seen["at"].searchsorted(n * seen["epoch"])])]) for n in epochs]


@functools.cache
@BLAS.wrap(limits=1)
def held_out(seed=0, epochs=10):
    """The share of right answers on the other 597 digits, for every rate of RATES, after so many epochs of B = 64."""
    (*_, end) = training(digit_network(), digits(seed=seed), gd, lr=RATES[:, None], epochs=epochs, batch=64, seed=seed)
    return end["test_accuracy"]


# ---- three ways to know ----


def range_rate(k, low, high, steps):
    """The learning rate of step k = 0 … steps − 1 of a range test: it grows by the same factor at every step.

    low: the first rate; high: the last one, that of step steps − 1.
    """
    return low * (high / low) ** (k / (steps - 1))


@one_thread
def range_test(rate, seed=0, steps=100, low=1e-3, high=100.0, batch=64, pieces=25):
    """One run whose learning rate grows from low to high: a generator of (rates, losses), each (steps so far,).

    rate: a function (k, low, high, steps) of the steps taken, such as `range_rate`; the losses are those of the
    mini-batches, before each step. The run ends where its loss is no longer finite.
    """
    net, data = digit_network(), to_train(seed=seed)
    seen = np.zeros(0)
    how = dict(batch=batch, seed=seed, steps=steps, every=-(-steps // pieces))
    for now in training(net, data, gd, lr=lambda k: rate(k, low, high, steps), **how):
        seen = np.concatenate([seen, now["loss"]])
        yield np.array([rate(k, low, high, steps) for k in range(len(seen))], dtype=float), seen


def range_tests(runs, seed, steps, trouble=""):
    """Range tests one after the other, {name: rate}, beside what they are to tell: a generator of what was seen so far.

    A dict of seen, {name: (rates, losses)}; u, (rates, losses), the loss of every rate after three epochs; bound,
    2/λ_max there where they begin; steps, those of a whole test; seed; trouble, why one is missing, or "".
    """
    truth, seen = dict(u=(RATES, after_three_epochs(seed)), bound=first_bound(seed), steps=steps, seed=seed), {}
    truth["trouble"] = trouble
    for name, rate in runs.items():
        for now in range_test(rate, seed, steps):
            seen = seen | {name: now}
            yield truth | dict(seen=seen)


def smoothed(losses, over=5):
    """The mean of each loss and the up to `over` − 1 before it.

    >>> smoothed(np.array([4.0, 2.0, 0.0]), over=2)
    array([4., 3., 1.])
    """
    sums = np.concatenate([[0.0], np.cumsum(losses)])
    end = np.arange(1, len(losses) + 1)
    begin = np.maximum(end - over, 0)
    return (sums[end] - sums[begin]) / (end - begin)


def lowest(rates, losses):
    """The rate at which the smoothed loss of a range test is lowest; NaN before there is any."""
    if not np.isfinite(losses).any():
        return np.nan
    return float(rates[np.nanargmin(smoothed(losses))])


@functools.cache
@BLAS.wrap(limits=1)
def first_bound(seed=0):
    """2/λ_max at the initial weights, for the loss of the first 300 of the digits."""
    net, data = digit_network(), to_train(seed=seed)
    return 2 / top_eigenvalues(net.on(data.X[:300], data.y[:300]), net.init(seed))[0]


# ---- six learning curves, and the fork test ----


class Case(NamedTuple):
    """A training to diagnose: on mini-batches of `batch` (None: all) for `steps`, looked at every `every` steps."""

    lr: float
    batch: int | None
    steps: int
    every: int = 1
    linear: bool = False  # a linear model with squared loss on pixels 0 … 1, not centred; else the digits network


CASES = {
    "A": Case(1.0, 4, 300, every=5),
    "B": Case(0.95, None, 60, linear=True),
    "C": Case(4.0, 64, 60),
    "D": Case(16.0, 64, 60),
    "E": Case(0.8736, None, 100, linear=True),
    "F": Case(0.02, 64, 60),
}
FORKS = {"η/3": 1 / 3, "η": 1.0, "3η": 3.0}


def problem(case, seed=0):
    """The network and the data of a case."""
    if not case.linear:
        return digit_network(), to_train(seed=seed)
    data = to_train(scale=False, seed=seed)
    return Network([Linear(64, 10)], mse), Data(data.X / 16, np.eye(10)[data.y])


@one_thread
def look_by_look(case, seed=0, *, lr=None, batch=-1, steps=None, resume=None):
    """Train a case and measure all examples at every look: a generator of (look, loss, gradient norm)."""
    net, data = problem(case, seed)
    task = net.on(data.X, data.y)
    how = dict(lr=case.lr if lr is None else lr, batch=case.batch if batch == -1 else batch, every=case.every)
    for now in training(net, data, gd, steps=case.steps if steps is None else steps, seed=seed, resume=resume, **how):
        yield now, task.loss(now["w"]), np.linalg.norm(task.grad(now["w"]), axis=-1)


@functools.cache
def curve(name, seed=0):
    """The run of a case: looks, losses (k,), gradient norms (k,)."""
    looks, losses, norms = zip(*look_by_look(CASES[name], seed), strict=True)
    return looks, np.array(losses), np.array(norms)


def steps_and_losses(name, seed=0):
    """The learning curve of a case: the steps of its looks and its losses then, two arrays (k,)."""
    looks, losses, _ = curve(name, seed)
    return np.array([now["t"] for now in looks]), losses


def forks(name, part=0.5, seed=0):
    """The fork test: the run of a case stops after this part of it and goes on from there in four ways.

    With η/3, η and 3η, and with η and all examples in every step; each for as many steps as the whole run has.
    A generator that gives, as they grow, a dict of name; curves, {name: (steps, losses)} of all six runs; norm, (k,),
    that of the gradient in this one; fork, the place in it where it was stopped; more, {"η/3": (steps, losses), …}.
    """
    case, (looks, _, norms) = CASES[name], curve(name, seed)
    fork = round(part * (len(looks) - 1))
    seen = dict(name=name, curves={n: steps_and_losses(n, seed) for n in CASES}, norm=norms, fork=fork)
    here = looks[fork]
    rates = case.lr * np.array(list(FORKS.values()))[:, None]
    three = look_by_look(case, seed, lr=rates, steps=here["t"] + case.steps, resume=here)
    whole = look_by_look(case, seed, batch=None, steps=here["t"] + case.steps, resume=here)
    at, many, one = [], [], []
    for (now, loss, _), (_, alone, _) in zip(three, whole, strict=True):
        at.append(now["t"])
        many.append(np.broadcast_to(loss, 3))
        one.append(alone)
        lines = dict(zip(FORKS, np.array(many).T, strict=True)) | {"η, all examples": np.array(one)}
        yield seen | dict(more={label: (np.array(at), line) for label, line in lines.items()})


def level(losses, last=5):
    """Where a noisy curve stands: the mean of its last losses.

    >>> level([9.0, 1.0, 3.0], last=2)
    2.0
    """
    return float(np.mean(losses[-last:]))


def verdict(before, slower, same, faster):
    """What a fork test says of the learning rate: "too small", "fine", "too large" or "neither".

    before: the loss where the run was stopped; slower, same, faster: where it stands after going on with η/3, η and 3η.
    The lowest of the three decides; a loss that is not finite is the worst. "neither" where none of the three came
    below 0.98 · before: then the learning rate is not what is wrong.

    >>> verdict(1.0, 0.4, 0.5, np.inf), verdict(1.0, 1.2, 0.99, 1.1)
    ('too large', 'neither')
    """
    after = [loss if np.isfinite(loss) else np.inf for loss in (slower, same, faster)]
    if not min(after) < 0.98 * before:
        return "neither"
    return ("too large", "fine", "too small")[int(np.argmin(after))]


@BLAS.wrap(limits=1)
def dead_forks(lr=1.0, epochs=3, seed=0):
    """A network none of whose hidden units is ever active: 64-32-10 with relu, and biases of −5 there.

    Returns its loss after so many epochs with lr; those after as many more with lr/3, lr and 3 lr; and the length of
    the gradient of its hidden weights.
    """
    net, data = Network([Linear(64, 32), Relu(), Linear(32, 10)], cross_entropy), to_train(seed=seed)
    w, task, hidden = net.init(seed), net.on(data.X, data.y), slice(0, 64 * 32)
    w[64 * 32 : 65 * 32] = -5.0
    (*_, half) = training(net, data, gd, lr=lr, epochs=epochs, w=w, seed=seed)
    (*_, end) = training(
        net, data, gd, lr=lr * np.array([[1 / 3], [1], [3]]), epochs=2 * epochs, resume=half, seed=seed
    )
    return float(task.loss(half["w"])), task.loss(end["w"]), float(np.linalg.norm(task.grad(half["w"])[hidden]))


# ---- the edge of stability ----


def sharpness(surface, w):
    """The largest eigenvalue of the Hessian at points (…, 2).

    >>> sharpness(surfaces.bowl(kappa=4), np.array([[1.0, 2.0], [0.0, 0.0]]))
    array([1., 1.])
    """
    return np.linalg.eigvalsh(surface.hessian(w))[..., -1]


@functools.lru_cache(maxsize=32)
def wide_product(y=1.0):
    """(y − w₁w₂)², seen from −4 to 4."""
    narrow = surfaces.product(y=float(y))
    known = [(point["w"], point["kind"]) for point in narrow.critical_points]
    here = dict(window=(-4, 4, -4, 4), start=(0.3, 3.0), critical_points=known)
    return surfaces.Surface(narrow.name, narrow.formula, narrow.parameters, **here)


ETAS = np.arange(5, 201) / 500  # the rates whose ends are shown: 0.01, 0.012, … 0.4


def edge_run(y, eta, start, steps=300):
    """A run on (y − w₁w₂)², and where runs with other rates end: a dict of surface, y, eta, path, etas, and

    sharp: the largest eigenvalue of the Hessian along the path, (steps + 1,), NaN once it has diverged.
    ends: that where each of etas leads in 1000 steps, inf where it diverges, NaN where it has not come to rest.
    """
    surface = wide_product(y)
    path = descend(gd, start, surface.grad, steps, lr=eta)
    sharp = sharpness(surface, path["w"])
    if path["diverged"]:
        sharp[int(path["diverged"]) :] = np.nan
    return dict(surface=surface, y=y, eta=eta, path=path, sharp=sharp, etas=ETAS, ends=ends(y, tuple(start)))


def holds(w, g, sharp, eta):
    """Whether a place w, (…, 2), of next to no gradient holds a run: it is flat enough for η, or no step moves it.

    >>> w, g = np.array([[3.0, 0.1]]), np.array([[1e-16, 3e-15]])
    >>> holds(w, g, 18.0, 0.1), holds(w, g, 18.0, 0.2), holds(w, 0 * g, 18.0, 0.2)
    (array([ True]), array([False]), array([ True]))
    """
    return (sharp <= 2 / eta) | (w - np.expand_dims(eta, -1) * g == w).all(-1)


@functools.lru_cache(maxsize=64)
def ends(y, start):
    """The sharpness where each rate of ETAS leads from `start`; see `edge_run`."""
    surface = wide_product(y)
    far = descend(gd, start, surface.grad, 1000, lr=ETAS[:, None], keep="last")
    with np.errstate(all="ignore"):
        g = surface.grad(far["w"])
    rests = (far["diverged"] == 0) & (np.abs(g).max(-1) < 1e-5)
    w = np.where(rests[:, None], far["w"], 0.0)
    sharp = sharpness(surface, w)
    rests &= holds(w, g, sharp, ETAS)
    return np.where(far["diverged"] > 0, np.inf, np.where(rests, sharp, np.nan))


def chebyshev_network(width=20):
    """1-width-width-1 with tanh, and half the mean squared error, on 20 points of T₄."""
    net = Network([Linear(1, width), Tanh(), Linear(width, width), Tanh(), Linear(width, 1)], mse, half=True)
    data = chebyshev()
    return net, net.on(data.X, data.y)


@one_thread
def at_the_edge(eta, seeds=(0,), steps=3000, looks=100):
    """Full-batch gradient descent on T₄ from several initial weights: a generator that gives what was seen so far.

    A dict of eta; steps, those to come in all; at, (k,), those taken; loss, (k, seeds); sharp, (k, seeds), the largest
    eigenvalue of the Hessian; diverged, (seeds,), the step at which each run left, 0 if it did not. It ends when all
    runs have left.
    """
    net, task = chebyshev_network()
    w, every = np.stack([net.init(seed) for seed in seeds]), max(1, steps // looks)
    diverged, at, losses, sharp = np.zeros(len(seeds), int), [], [], []
    for t in range(0, steps + 1, every):
        if t:
            path = descend(gd, w, task.grad, every, start=t - every, keep="last", lr=eta, diverged=diverged, limit=1e3)
            w, diverged = path["w"], path["diverged"]
        at.append(t)
        losses.append(np.where(diverged > 0, np.nan, task.loss(w)))
        sharp.append([np.nan if gone else top_eigenvalues(task, one)[0] for one, gone in zip(w, diverged, strict=True)])
        so_far = dict(at=np.array(at), loss=np.array(losses), sharp=np.array(sharp))
        yield dict(eta=eta, steps=steps, diverged=diverged) | so_far
        if diverged.all():
            return
