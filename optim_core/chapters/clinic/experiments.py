"""What chapter 15 runs: sick trainings and what one measures of them, a search over three knobs, a baseline to beat."""

import functools
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from optim_core.data import Data, digits
from optim_core.fast import kept, one_thread
from optim_core.gradients import clip_norm, l2
from optim_core.network import BatchNorm, Dropout, Linear, Network, Relu, Softmax, top_eigenvalues
from optim_core.optimizers import adam, gd, momentum
from optim_core.schedules import constant, cosine, linear, natural_exponential
from optim_core.training import batch_at, train, training

STEPS, LOOK = 300, 10  # of a training, and from one look to the next

# ---- the stages of a training: the healthy ones, and under each the faulty ones ----


def all_digits(seed):
    """1,200 digits to train on and 597 held out, pixels 0 … 255 as in an image file."""
    data = digits(seed=seed, scale=False)
    return data._replace(X=data.X * (255 / 16), X_test=data.X_test * (255 / 16))


def sixty_digits(seed):
    """The same, but only 60 to train on."""
    data = all_digits(seed)
    return data._replace(X=data.X[:60], y=data.y[:60])


def as_read(data):
    """Picture i belongs to label i."""
    return data


def a_row_lost(data):
    """The first picture is taken for a heading and skipped; the labels are not."""
    return data._replace(X=data.X[1:], y=data.y[:-1])


def folder_by_folder(data):
    """First all pictures of the folder 0, then all of the folder 1, …"""
    order = np.argsort(data.y, kind="stable")
    return data._replace(X=data.X[order], y=data.y[order])


def scaled(data):
    """Pixels are divided by 255, and each pixel's mean over the training part is subtracted from both parts."""
    mean = data.X.mean(0) / 255
    return data._replace(X=data.X / 255 - mean, X_test=data.X_test / 255 - mean)


def untouched(data):
    """Pixels as they come."""
    return data


def scaled_once(data):
    """The mean is subtracted from the training part; somebody forgot the other one."""
    return data._replace(X=data.X / 255 - data.X.mean(0) / 255, X_test=data.X_test / 255)


def he(net, seed):
    """He's initial weights."""
    return net.init(seed, "he")


def zeros(net, seed):
    """All weights start at 0, so that no unit is preferred."""
    return net.init(seed, "he", scale=0.0)


def shared(n):
    """The decay λ/n, for a penalty λ/(2n) Σ w² beside a mean of n losses."""
    return 0.3 / n


def not_shared(n):
    """λ, as in a text that has the sum of the losses in place of their mean."""
    return 0.3


def strong(n):
    """A decay that is no longer negligible, and not yet absurd."""
    return 0.03


LAYERS = (Linear(64, 32), Relu(), Linear(32, 10))


class Recipe(NamedTuple):
    """A training, stage by stage. As it stands here nothing is wrong with it."""

    load: object = all_digits
    pair: object = as_read
    prepare: object = scaled
    layers: tuple = LAYERS
    init: object = he
    lr: object = 0.3
    batch: int = 64
    order: str = "shuffled"
    clip: float = np.inf  # θ: longer gradients are shortened to it
    decay: object = shared
    test: dict = dict(train=False)  # how the network is asked for answers


# Letter → (what is wrong, the one stage where it is; what else this training has of its own is no fault).
PATIENTS = {
    "A": ("clip", dict(clip=0.001)),  # meant: 1
    "B": ("order", dict(order="fixed"), dict(pair=folder_by_folder, batch=8)),
    "C": ("inputs", dict(prepare=untouched)),
    "D": ("few", dict(load=sixty_digits)),
    "E": ("softmax", dict(layers=(*LAYERS, Softmax())), dict(lr=3.0)),  # cross_entropy has a softmax of its own
    "F": ("decay", dict(decay=not_shared)),
    "G": ("dropout", dict(test=dict(train=True)), dict(layers=(*LAYERS[:2], Dropout(0.5), LAYERS[2]))),
    "H": ("init", dict(init=zeros)),
    "I": ("labels", dict(pair=a_row_lost)),
    "J": ("rate", dict(lr=15.0)),  # meant: 0.15
    "K": ("schedule", dict(lr=natural_exponential(0.3, 0.96))),  # meant: exponential, and a factor for each epoch
    "L": ("norm", dict(test=dict(train=True)), dict(layers=(LAYERS[0], BatchNorm(32), *LAYERS[1:]))),
    "M": ("shift", dict(prepare=scaled_once)),
}


def recipe(letter):
    """The Recipe of a patient; of "healthy", the one without a fault."""
    if letter == "healthy":
        return Recipe()
    _, fault, *own = PATIENTS[letter]
    return Recipe()._replace(**fault, **(own[0] if own else {}))


def times(lr, factor):
    """A learning rate or a schedule, times a factor."""
    return (lambda k: factor * lr(k)) if callable(lr) else factor * lr


def _logits(layers):
    return layers[:-1] if layers[-1].equation is Softmax().equation else layers


def _divided(decay):
    return decay if decay(1000) < 0.01 else lambda n: decay(n) / n


KNOBS = {  # what one may turn: Recipe → Recipe
    "nothing": lambda r: r,
    "η ÷ 10": lambda r: r._replace(lr=times(r.lr, 0.1)),
    "η × 10": lambda r: r._replace(lr=times(r.lr, 10.0)),
    "η constant": lambda r: r._replace(lr=float(r.lr(0)) if callable(r.lr) else r.lr),
    "clipping off": lambda r: r._replace(clip=np.inf),
    "λ ÷ n": lambda r: r._replace(decay=_divided(r.decay)),
    "λ = 0.03": lambda r: r._replace(decay=strong),
    "He's initial weights": lambda r: r._replace(init=he),
    "inputs scaled, both parts alike": lambda r: r._replace(prepare=scaled),
    "shuffled batches": lambda r: r._replace(order="shuffled"),
    "pictures and labels paired anew": lambda r: r._replace(pair=as_read if r.pair is a_row_lost else r.pair),
    "all 1,200 digits": lambda r: r._replace(load=all_digits),
    "no softmax before the loss": lambda r: r._replace(layers=_logits(r.layers)),
    "evaluation mode at test": lambda r: r._replace(test=dict(train=False)),
}


# ---- a training, and what is written down of it ----


@dataclass(eq=False)
class Chart:
    """A training so far, with an entry for each look at it: t, weights, running statistics, shares of right answers.

    loss: of every mini-batch, an entry for each step; seen, right: the share of right answers in training, held out.
    diverged: the step at which it left the range of numbers and stopped, 0 if it did not.
    """

    recipe: Recipe
    seed: int
    net: Network
    data: Data
    pictures: np.ndarray  # the training part before it was prepared, for the eye
    t: list = field(default_factory=list)
    w: list = field(default_factory=list)
    running: list = field(default_factory=list)
    loss: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    right: list = field(default_factory=list)
    diverged: int = 0
    notes: dict = field(default_factory=dict)  # what was measured already

    @property
    def few(self):
        """Which training digits to measure on, from all classes: two hundred, or all if they are fewer."""
        return np.random.default_rng([self.seed, 15]).permutation(len(self.data.X))[:200]

    @property
    def size(self):
        """How many digits a mini-batch has."""
        return min(self.recipe.batch, len(self.data.X))

    @property
    def some(self):
        """These digits, (X, y)."""
        return self.data.X[self.few], self.data.y[self.few]

    def answers(self, X, k=-1, asked=0):
        """The class for each row of X, asked as this training asks: in training mode in batches of 20, in order."""
        if not self.recipe.test["train"]:
            return self._in_company(X, k, asked)
        whole = len(X) // 20 * 20  # all full batches at once, on a leading axis
        parts = [X[:whole].reshape(-1, 20, X.shape[-1]), X[whole:]]
        return np.concatenate([self._in_company(p, k, asked + i).ravel() for i, p in enumerate(parts) if p.size])

    def _in_company(self, X, k, asked):
        """The classes for one batch X, shape (…, batch, pixels); `asked` decides what dropout drops, if it is on."""
        y = np.zeros(X.shape[:-1], dtype=int)  # answers do not depend on it
        task = self.net.on(X, y, running=self.running[k], seed=1000, step=asked, **self.recipe.test)
        return task.forward(self.w[k])[0].argmax(-1)

    def rate(self, k):
        """η at look k."""
        return float(self.recipe.lr(self.t[k]) if callable(self.recipe.lr) else self.recipe.lr)


def made(recipe, seed):
    """A Chart with the network and the data of a recipe, and nothing in it yet; the held-out part goes by folders."""
    raw = recipe.pair(recipe.load(seed))
    data = recipe.prepare(raw)
    by_class = np.argsort(data.y_test, kind="stable")
    data = data._replace(X_test=data.X_test[by_class], y_test=data.y_test[by_class])
    return Chart(recipe, seed, Network(list(recipe.layers)), data, raw.X)


def watch(recipe, seed=0, steps=STEPS, every=LOOK):
    """Train by a recipe: a stream of the same Chart, which grows by `every` steps each time."""
    chart = made(recipe, seed)
    net, data, n = chart.net, Data(chart.data.X, chart.data.y), len(chart.data.X)
    X, y = chart.some
    looks = training(
        net, data, gd, lr=recipe.lr, batch=recipe.batch, order=recipe.order, steps=steps, every=every, seed=seed,
        w=recipe.init(net, seed),
        wrap=lambda grad: l2(clip_norm(grad, recipe.clip), recipe.decay(n), only=net.is_weight),
    )  # fmt: skip
    for now in looks:
        chart.t.append(now["t"])
        chart.w.append(now["w"])
        chart.running.append(now["running"])
        chart.loss.extend(now["loss"].tolist())
        chart.diverged = int(now["diverged"])
        with one_thread():
            chart.seen.append(float((chart.answers(X) == y).mean()))
            chart.right.append(float((chart.answers(chart.data.X_test) == chart.data.y_test).mean()))
        yield chart


@functools.lru_cache(16)
def _begun(seed):
    """The healthy training with this seed: its Chart after the first look, and the stream that makes it grow."""
    stream = watch(recipe("healthy"), seed)
    return next(stream), stream


def healthy(seed=0, steps=STEPS):
    """The Chart of the healthy training, for so many steps at least: it trains no further than it is asked for."""
    chart, stream = _begun(seed)
    while chart.t[-1] < steps:
        if next(stream, None) is None:  # somebody interrupted it
            _begun.cache_clear()
            return healthy(seed, steps)
    return chart


@functools.lru_cache(128)
def treated(letter, knob="nothing", seed=0):
    """The whole training of a patient with one knob turned."""
    (*_, chart) = watch(KNOBS[knob](recipe(letter)), seed)
    return chart


def ward(letter, knob, seed):
    """A stream of (patient, the same with the knob turned, or None): what the figure shows while both train."""
    sick = watch(recipe(letter), seed)
    if knob == "nothing":
        for chart in sick:
            yield chart, None
    else:
        yield from zip(sick, watch(KNOBS[knob](recipe(letter)), seed), strict=True)


# ---- evidence: what one can ask of a training; each takes a Chart and a look k ----


def measured(chart, measure, every=1, last=True):
    """A measure at every so-manyth look, and at the last: (steps, {name: values}). Nothing is measured twice."""
    looks = [k for k in range(len(chart.t)) if k % every == 0 or last and k == len(chart.t) - 1]
    notes = chart.notes if len(chart.t) > 1 else {}  # how long a step is at look 0 is known from the second look on
    for k in looks:
        if (measure, k) not in notes:
            notes[measure, k] = measure(chart, k)
    values = [notes[measure, k] for k in looks]
    return np.array(chart.t)[looks], {name: np.array([v[name] for v in values]) for name in values[0]}


def by_layer(chart, vector):
    """The norm of each weight matrix's part of a vector: {"W₁": …, "W₂": …}."""
    places = chart.net.matrices
    return {f"W{'₁₂₃₄'[i]}": float(np.linalg.norm(vector[here])) for i, (here, _) in enumerate(places)}


def _task(chart, k):
    return chart.net.on(*chart.some, train=False, running=chart.running[k])


def gradient_norm(chart, k):
    """The norm of the gradient in each layer, before any clipping or decay."""
    return by_layer(chart, _task(chart, k).grad(chart.w[k]))


def weight_norm(chart, k):
    """The norm of each layer's weights."""
    return by_layer(chart, chart.w[k])


def step_length(chart, k):
    """How far each layer's weights moved since the last look, per step."""
    before = max(k - 1, 0)
    moved = chart.w[k] - chart.w[before] if k else chart.w[min(1, len(chart.w) - 1)] - chart.w[0]
    return by_layer(chart, moved / LOOK)


def sharpness(chart, k):
    """η times the largest eigenvalue of the Hessian, on 50 digits."""
    X, y = chart.some
    task = chart.net.on(X[:50], y[:50], train=False, running=chart.running[k])
    return {"η × sharpness": chart.rate(k) * float(top_eigenvalues(task, chart.w[k])[0])}


def hidden(chart, k=-1):
    """What goes into the rectified units, (digits, units): a unit for which all of it is below 0 is dead."""
    relu = next(i for i, layer in enumerate(chart.net.layers) if layer.equation is Relu().equation)
    return _task(chart, k).layers_at(chart.w[k])["x"][relu]


def dead_share(chart, k=-1):
    """The share of hidden units that give 0 for each of the digits that are measured on."""
    return float((hidden(chart, k) <= 0).all(0).mean())


def accuracies(chart, k):
    """The share of right answers, on digits of the training part and on held-out ones."""
    return {"training": chart.seen[k], "held out": chart.right[k]}


def classes_in_batches(chart):
    """How many different labels each mini-batch has, (steps,)."""
    r, n = chart.recipe, len(chart.data.X)
    return np.array(
        [len(set(chart.data.y[batch_at(t, n, r.batch, chart.seed, r.order)])) for t in range(1, chart.t[-1] + 1)]
    )


def answers_that_change(chart):
    """The share of held-out digits whose answer changes: asked again, among other digits, and alone.

    Alone: a batch of one, or rather of the same digit twice, as the variance of one digit does not exist.
    """
    X = chart.data.X_test[::3]  # 199 digits
    first, mixed = chart.answers(X), np.random.default_rng(15).permutation(len(X))
    among = np.empty(len(X), dtype=int)
    among[mixed] = chart.answers(X[mixed])
    alone = chart._in_company(np.stack([X, X], axis=1), -1, 5000)[:, 0]
    ways = {"asked again": chart.answers(X, asked=9000), "in other company": among, "alone": alone}
    return {name: float((answers != first).mean()) for name, answers in ways.items()}


def neighbours_agree(chart):
    """The share of 200 training digits whose label is that of the nearest other picture."""
    X, y = chart.data.X, chart.data.y
    few = np.arange(len(X))[:200]
    far = (X[few] ** 2).sum(1)[:, None] - 2 * X[few] @ X.T + (X**2).sum(1)
    far[few, few] = np.inf
    return float((y[far.argmin(1)] == y[few]).mean())


def predicted(chart):
    """The share of each class among the answers to the held-out digits."""
    return np.bincount(chart.answers(chart.data.X_test), minlength=10) / len(chart.data.X_test)


def inputs(chart):
    """Mean and standard deviation of the inputs, in training and held out."""
    parts, whats = {"training": chart.data.X, "held out": chart.data.X_test}, {"mean": np.mean, "spread": np.std}
    return {f"{what} {name}": round(float(f(X)), 12) for name, X in parts.items() for what, f in whats.items()}


def one_batch(chart, examples=16, steps=200):
    """The same recipe on 16 digits and nothing else, on purpose: (losses, share right at the end)."""
    asked = ("one batch", examples, steps)
    if asked not in chart.notes:
        recipe, n, net = chart.recipe, len(chart.data.X), chart.net
        X, y = (part[:examples] for part in chart.some)
        wrap = lambda grad: l2(clip_norm(grad, recipe.clip), recipe.decay(n), only=net.is_weight)  # noqa: E731
        how = dict(lr=recipe.lr, batch=None, steps=steps, every=steps, w=recipe.init(net, chart.seed), wrap=wrap)
        last = train(net, Data(X, y), gd, progress=False, seed=chart.seed, **how)
        right = net.accuracy(last["w"], X, y, running=last["running"])
        chart.notes[asked] = last["loss"], float(right)
    return chart.notes[asked]


# ---- a search over three knobs ----

SPACE = {"η": (1e-3, 10.0), "λ": (1e-6, 0.1), "gain": (0.05, 5.0)}  # of gradient descent, decay, initial weights
DRAWN, OFFSETS, SIDES = 400, 6, (2, 3, 4)  # random trials; grids of 2³, 3³, 4³, each at six places
SMALL = Network([Linear(64, 16), Relu(), Linear(16, 10)])


def settings(u):
    """Points of the unit cube, (trials, 3), as (η, λ, gain), each evenly spread over its logarithm.

    >>> settings(np.array([[0.0, 0.5, 1.0]])).round(6).tolist()
    [[0.001, 0.000316, 5.0]]
    """
    low, high = np.array(list(SPACE.values())).T
    return low * (high / low) ** u


def grid(side, offset):
    """A grid of side³ points in the unit cube, shifted by offset, (3,) in [0, 1), of its spacing."""
    axes = [(np.arange(side) + o) / side for o in offset]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)


@functools.cache
def halves(train_part=1200, seed=0):
    """The digits twice: with half of the held-out ones, to choose by, and with the other half, to report."""
    data = digits(train=train_part, seed=seed)
    parts = (slice(None, 297), slice(297, None))
    return [data._replace(X_test=data.X_test[part], y_test=data.y_test[part]) for part in parts]


def tried(u, seed=0):
    """The share of right answers of every trial, on the half to choose by and on the other one: two arrays (trials,).

    100 updates of gradient descent, batches of 64, network 64-16-10; all trials are runs of one training.
    """
    choose, report = halves()
    lr, lam, gain = settings(u).T[:, :, None]
    w = SMALL.init(seed, "he") * np.where(SMALL.is_weight, gain, 1.0)
    wrap = lambda grad: l2(grad, lam, only=SMALL.is_weight)  # noqa: E731
    last = train(SMALL, choose, gd, lr=lr, steps=100, every=100, w=w, wrap=wrap, progress=False, seed=seed)
    return last["test_accuracy"][-1], SMALL.accuracy(last["w"], report.X_test, report.y_test)


@kept
def random_trials():
    """DRAWN points drawn at random from the unit cube, and how they did: (u, chosen by, reported)."""
    u = np.random.default_rng(2012).random((DRAWN, 3))
    return u, *tried(u)


@kept
def grids(side):
    """Grids at OFFSETS random places: (u (OFFSETS, side³, 3), right (OFFSETS, side³), on the half to choose by)."""
    rng = np.random.default_rng([2012, side])
    u = np.stack([grid(side, rng.random(3)) for _ in range(OFFSETS)])
    return u, tried(u.reshape(-1, 3))[0].reshape(OFFSETS, -1)


def best_of(scores, k):
    """The mean of the best of k trials, over all choices of k from these scores without replacement; exact.

        Σᵢ s₍ᵢ₎ C(i − 1, k − 1) / C(n, k)          s₍₁₎ ≤ … ≤ s₍ₙ₎: the i-th is best if the others are below it

    >>> best_of([1.0, 2.0, 3.0], 2).round(6)  # {1, 2}, {1, 3}, {2, 3}
    np.float64(2.666667)
    """
    s, n = np.sort(scores), len(scores)
    share = np.array([math.comb(i, k - 1) for i in range(n)], float) / float(math.comb(n, k))
    return s @ share


def quantile_of_best(scores, k, q):
    """What the best of k trials reaches with the probability 1 − q: P(best ≤ s₍ᵢ₎) = C(i, k)/C(n, k).

    >>> quantile_of_best([1.0, 2.0, 3.0], 2, 0.5)
    np.float64(3.0)
    """
    s, n = np.sort(scores), len(scores)
    below = np.array([math.comb(i + 1, k) for i in range(n)], float) / float(math.comb(n, k))
    return s[np.searchsorted(below, q)]


@kept
def best_by_trials(most=100):
    """What the best of k trials reaches: (k, mean, 10 %, 90 %) for k = 1 … most drawn at random, and rows for grids.

    A row is (side³, mean, least, most) over the places where the grid was laid.
    """
    _, scores, _ = random_trials()
    k = np.arange(1, most + 1)
    mean = np.array([best_of(scores, one) for one in k.tolist()])
    low, high = (np.array([quantile_of_best(scores, one, q) for one in k.tolist()]) for q in (0.1, 0.9))
    best = {side: grids(side)[1].max(1) for side in SIDES}
    return k, mean, low, high, [(side**3, b.mean(), b.min(), b.max()) for side, b in best.items()]


def search(way, k, seed):
    """k trials, drawn at random or on a grid: their settings (k, 3) and how they did (k,)."""
    if way == "random":
        u, right, _ = random_trials()
        few = np.random.default_rng([seed, 3]).permutation(DRAWN)[:k]
        return settings(u[few]), right[few]
    u, right = grids(round(k ** (1 / 3)))
    return settings(u[seed]), right[seed]


def among_the_best(k, share):
    """The probability that at least one of k random trials is among the best `share`: 1 − (1 − share)ᵏ.

    >>> among_the_best(60, 0.05).round(3)
    np.float64(0.954)
    """
    return 1 - (1 - np.float64(share)) ** k


def explained(u, scores, bins=8):
    """For each knob the share of the scores' variance that lies between `bins` parts of its range."""
    part = np.minimum((np.asarray(u) * bins).astype(int), bins - 1)
    total, mean = ((scores - scores.mean()) ** 2).sum(), scores.mean()
    between = [
        sum((scores[p == b].mean() - mean) ** 2 * (p == b).sum() for b in range(bins) if (p == b).any()) for p in part.T
    ]
    return dict(zip(SPACE, np.array(between) / total, strict=True))


# ---- a baseline, and what it takes to beat it ----

NET, UPDATES = Network(list(LAYERS)), 200
PLANS = {
    "η constant": constant,
    "cosine to 0": lambda lr: cosine(lr, UPDATES),
    "line to 0": lambda lr: linear(lr, UPDATES),
}


def five(step, seeds=range(5), data=None, **how):
    """A stream of looks at the same training from several seeds at once, every 20 of UPDATES steps."""
    data, w = data or halves()[1], np.stack([NET.init(seed, "he") for seed in seeds])
    yield from training(NET, data, step, w=w, steps=UPDATES, every=20, seed=seeds[0], **how)


@functools.cache
def baseline(lr):
    """Adam with this η, all else at its defaults: (held-out losses (looks, seeds), right at the end (seeds,))."""
    looks = list(five(adam, lr=lr))
    return np.array([look["test_loss"] for look in looks]), looks[-1]["test_accuracy"]


TRIES, TUNING, FRESH = 8, range(100, 103), range(10)
METHODS = {  # name: (step, what is drawn for each of TRIES trials, plan)
    "Adam": (adam, dict(lr=(1e-4, 1.0)), "η constant"),
    "Adam, cosine": (adam, dict(lr=(1e-4, 1.0)), "cosine to 0"),
    "momentum": (momentum, dict(lr=(1e-3, 10.0), mu=(0.5, 0.99)), "η constant"),
    "momentum, cosine": (momentum, dict(lr=(1e-3, 10.0), mu=(0.5, 0.99)), "cosine to 0"),
}


def trials(name, tries=TRIES, seed=0):
    """The same number of random settings for each method: η evenly over its logarithm, and so 1 − μ."""
    rng, (_, ranges, _) = np.random.default_rng([seed, 15]), METHODS[name]
    drawn = {}
    for knob, (low, high) in ranges.items():
        u = rng.random(tries)
        drawn[knob] = low * (high / low) ** u if knob == "lr" else 1 - (1 - low) * ((1 - high) / (1 - low)) ** u
    return [dict(zip(drawn, one, strict=True)) for one in zip(*(v.tolist() for v in drawn.values()), strict=True)]


@functools.cache
def tuned(name):
    """The best of TRIES settings by the held-out loss of three seeds, and what it gives on other digits and ten seeds.

    Returns dict(setting, loss (10,), right (10,)).
    """
    step, _, plan = METHODS[name]
    choose, report = halves()

    def run(setting, data, seeds):
        *_, last = five(step, seeds, data, **setting | dict(lr=PLANS[plan](setting["lr"])))
        return last

    settings = trials(name)
    found = [np.mean(run(one, choose, TUNING)["test_loss"]) for one in settings]
    best = settings[int(np.nanargmin(found))]
    last = run(best, report, FRESH)
    return dict(setting=best, loss=last["test_loss"], right=last["test_accuracy"])


# ---- what is wrong: how each cause shows, and the knob that treats it ----


class Cause(NamedTuple):
    """A diagnosis: what it says, how it would show, the knob that treats it, and whether it shows in a Chart."""

    says: str
    shows: str
    knob: str
    sign: object  # Chart → (does it show?, what was measured, in words)


def percent(share):
    """A share in words; nearly all are not all, and hardly any are not none.

    >>> percent(0.9732), percent(1.0), percent(0.0), percent(199 / 200)
    ('97 %', '100 %', '0 %', '99.5 %')
    """
    whole = f"{100 * share:.0f}"
    return f"{100 * share:.1f} %" if whole in ("0", "100") and 0 < share < 1 else f"{whole} %"


def short(value):
    """A number in words, of two digits; of a huge or a tiny one only a bound.

    >>> short(0.0123), short(87507.2), short(2.5e-6), short(1e-30), short(0.0), short(1e13)
    ('0.012', '87,507', '2.5·10⁻⁶', 'below 10⁻⁹', '0', 'above 10⁸')
    """
    if value > 1e8:
        return "above 10⁸"
    if abs(value) >= 10:
        return f"{value:,.0f}".replace("-", "−")
    if 0 < abs(value) < 1e-9:
        return "below 10⁻⁹"
    digits, _, power = f"{value:.2g}".replace("-", "−").partition("e−")
    return f"{digits}·10⁻{'⁰¹²³⁴⁵⁶⁷⁸⁹'[int(power)]}" if power else digits


def _clip(c):
    step = np.linalg.norm(c.w[1] - c.w[0]) / LOOK
    g = np.mean([np.linalg.norm(_task(c, k).grad(c.w[k])) for k in (0, 1)])
    ratio = step / (c.rate(0) * g)
    return ratio < 0.05, f"in the first ten steps a step is {short(ratio)} times as long as η‖g‖"


def _order(c):
    kinds = classes_in_batches(c).mean()
    return kinds < 2, f"a batch of {c.size} holds {kinds:.1f} different labels on average"


def _inputs(c):
    size = float(c.data.X.std())
    return size > 2, f"the inputs have the standard deviation {short(size)}"


def _fit(c):
    gap = c.seen[-1] - c.right[-1]
    return gap > 0.06, f"right are {percent(c.seen[-1])} in training and {percent(c.right[-1])} of the held-out digits"


def _few(c):
    n = len(c.data.X)
    return _fit(c)[0] and n < 200, f"{_fit(c)[1]}, with {n:,} digits to train on"


def _softmax(c):
    losses, right = one_batch(c)
    return right == 1 and losses[-1] > 1, (
        f"trained on 16 digits alone, on purpose, it gets {percent(right)} of them right, at a loss of {losses[-1]:.2f}"
    )


def _decay(c):
    first, last = (weight_norm(c, k)["W₁"] for k in (0, -1))
    return last < 0.1 * first, f"‖W₁‖ goes from {short(first)} to {short(last)}"


def _dropout(c):
    changed = answers_that_change(c)["asked again"]
    return changed > 0.02, f"asked again, {percent(changed)} of the held-out digits get another answer"


def _norm(c):
    changed = answers_that_change(c)
    return changed["in other company"] > 0.05 and changed["asked again"] == 0, (
        f"asked again, {percent(changed['asked again'])} of the answers change; asked in other company, "
        f"{percent(changed['in other company'])}"
    )


def _init(c):
    first = weight_norm(c, 0)["W₁"]
    return first == 0, f"‖W₁‖ is {short(first)} at the start"


def _labels(c):
    agree = neighbours_agree(c)
    said = f"of {len(c.few)} training digits {percent(agree)} have the label of the picture that is most like them"
    return agree < 0.5, said


def _rate(c):
    top = max(sharpness(c, k)["η × sharpness"] for k in (0, 1, 5))
    return top > 2, f"η × sharpness reaches {short(top)} in the first 50 steps"


def _slow(c):
    first, usual = (sharpness(one, 0)["η × sharpness"] for one in (c, healthy(c.seed, 0)))
    return first < usual / 10, f"η × sharpness begins at {short(first)} (in the healthy training at {short(usual)})"


def _schedule(c):
    steps = [np.linalg.norm(c.w[k] - c.w[k - 1]) / LOOK for k in (1, len(c.w) - 1)]
    first, last = (np.linalg.norm(_task(c, k).grad(c.w[k])) for k in (0, -1))
    return steps[1] < 1e-3 * steps[0] and last > 0.1 * first, (
        f"a step has the length {short(steps[0])} at first and {short(steps[1])} at the end, the gradient "
        f"{short(first)} and {short(last)}"
    )


def _shift(c):
    train_mean, test_mean = float(c.data.X.mean()), float(c.data.X_test.mean())
    apart = abs(train_mean - test_mean) / c.data.X.std()
    return apart > 0.3, (
        f"the means of the inputs, in training and held out, are {short(apart)} standard deviations apart"
    )


def faulty_line(letter):
    """The one stage of a patient's recipe that differs from the healthy one, as it is written.

    >>> faulty_line("A"), faulty_line("C")
    ('clip=0.001', 'prepare=untouched')
    """
    ((name, value),) = PATIENTS[letter][1].items()
    if name == "layers":
        value = [layer.equation.__name__ for layer in value]
    if name == "lr" and callable(value):
        value = "natural_exponential(0.3, beta=0.96)"
    return f"{name}={getattr(value, '__name__', value)}"


ALIKE, MODE = "inputs scaled, both parts alike", "evaluation mode at test"
CAUSES = {
    "rate": Cause("η is too large", "η × sharpness stands above 2 early on", "η ÷ 10", _rate),
    "slow": Cause("η is too small", "η × sharpness begins at less than a tenth of the healthy training's",
                  "η × 10", _slow),
    "schedule": Cause("the schedule has stopped the training", "steps become short, and gradients do not",
                      "η constant", _schedule),
    "clip": Cause("gradients are clipped far too short", "from the first one on, steps are far shorter than η‖g‖",
                  "clipping off", _clip),
    "decay": Cause("the weight decay is far too strong", "the weights shrink to nearly nothing", "λ ÷ n", _decay),
    "fit": Cause("it overfits, and needs more decay", "many more answers are right in training than held out",
                 "λ = 0.03", _fit),
    "few": Cause("it overfits, as it has too few examples", "many more answers are right in training than held "
                 "out, and the examples can be counted on one page", "all 1,200 digits", _few),
    "init": Cause("the initial weights are all 0", "‖W₁‖ is 0 at the start", "He's initial weights", _init),
    "inputs": Cause("the inputs are far too large", "their standard deviation is far above 1", ALIKE, _inputs),
    "shift": Cause("the held-out part is prepared in another way", "its inputs have another mean", ALIKE, _shift),
    "order": Cause("the batches are not shuffled", "a batch holds one label, or two", "shuffled batches", _order),
    "labels": Cause("the labels belong to other pictures", "pictures that are alike have different labels",
                    "pictures and labels paired anew", _labels),
    "softmax": Cause("a softmax stands before a loss that has its own", "a few digits can be learned by heart, and "
                     "the loss still stops above 1", "no softmax before the loss", _softmax),
    "dropout": Cause("dropout is left on at test", "the same digit, asked twice, gets two answers", MODE, _dropout),
    "norm": Cause("batch normalization is left in training mode at test", "an answer depends on which digits "
                  "are asked with it", MODE, _norm),
}  # fmt: skip
