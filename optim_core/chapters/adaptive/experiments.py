"""What the figures and questions of chapter 06 run."""

import functools
from typing import NamedTuple

import numpy as np

from optim_core import optimizers, surfaces
from optim_core.data import digits, words
from optim_core.descent import descend
from optim_core.exercises import has_blank
from optim_core.exercises.running import by_place
from optim_core.exercises.steps import read
from optim_core.exercises.steps import trouble as stopped
from optim_core.losses import cross_entropy
from optim_core.network import Linear, Network, Tanh
from optim_core.refuse import refuse
from optim_core.training import train

METHODS = {
    "gradient descent": optimizers.gd,
    "momentum": optimizers.momentum,
    "normalised gradient": optimizers.normalized_gd,
    "AdaGrad": optimizers.adagrad,
    "mean-square AdaGrad": optimizers.mean_square_adagrad,
    "RMSProp": optimizers.rmsprop,
    "RMSProp, μ = 0.9": optimizers.rmsprop,
    "AdaDelta": optimizers.adadelta,
    "Adam": optimizers.adam,
}


# ---- a valley that can be turned ----


class Valleys(NamedTuple):
    """Quadratics L = c · ½ wᵀ H w of two weights, each turned and scaled in its own way, and their starts.

    H: (runs, 2, 2), with the scale c in it; start: (runs, 2).
    """

    H: np.ndarray
    start: np.ndarray

    def grad(self, w):
        """∇L = H w, shape (…, 2)."""
        return self.H[..., 0] * w[..., :1] + self.H[..., 1] * w[..., 1:]

    def loss(self, w):
        """L, shape (…)."""
        return 0.5 * (w * self.grad(w)).sum(-1)


def valleys(kappa, degrees=0.0, scale=1.0, start=(-8.0, 4.0)):
    """A valley of condition number κ for each angle and each factor on the loss; the starts turn with them.

    degrees, scale: numbers or arrays that broadcast to the shape (runs,).

    >>> one = valleys(100.0, [0.0, 90.0])
    >>> one.start.round(6).tolist(), one.loss(one.start).round(6).tolist()
    ([[-8.0, 4.0], [-4.0, -8.0]], [8.32, 8.32])
    """
    degrees, scale = np.broadcast_arrays(np.atleast_1d(np.asarray(degrees, float)), np.asarray(scale, float))
    turn = rotation(degrees)
    H = scale[:, None, None] * (turn @ np.diag([1 / kappa, 1.0]) @ np.swapaxes(turn, -1, -2))
    return Valleys((H + np.swapaxes(H, -1, -2)) / 2, turn @ np.asarray(start, float))


def rotation(degrees):
    """The matrix that turns the plane by an angle, shape (…, 2, 2).

    >>> rotation(90.0).tolist()
    [[0.0, -1.0], [1.0, 0.0]]
    """
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    cos = np.where(np.mod(degrees, 180) == 90, 0.0, cos)  # right angles are exact: AdaGrad would see a turn of 1e-16
    sin = np.where(np.mod(degrees, 180) == 0, 0.0, sin)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def steps_until(loss, part):
    """The step from which each run's loss stays at or below this part of its first; inf where it does not.

    loss: shape (T + 1, …runs).

    >>> steps_until(np.array([[8.0, 8.0], [0.5, 9.0], [2.0, 9.0], [0.1, 0.9]]), 0.125).tolist()
    [3.0, 3.0]
    """
    above = ~(loss <= part * loss[0])
    last = len(loss) - np.argmax(above[::-1], axis=0)
    return np.where(above[-1], np.inf, np.where(above.any(axis=0), last, 0))


def turned_by_half_a_right_angle():
    """The steps of AdaGrad with η = 6 to a millionth of the loss, in the ravine of κ = 100 turned by 45°."""
    ravine = valleys(100.0, 45.0)
    path = descend(optimizers.adagrad, ravine.start, ravine.grad, 1000, lr=6.0, loss=ravine.loss)
    return int(steps_until(path["loss"], 1e-6)[0])


def turned(kappa, degrees, u):
    """A ravine turned by an angle, in a square window, and the point u, given along and across it: (surface, start).

    >>> surface, start = turned(100.0, 45.0, (-8.0, 4.0))
    >>> start.round(2).tolist(), surface.loss(start).round(6)
    ([-8.49, -2.83], np.float64(8.32))
    """
    surface = surfaces.bowl(kappa, np.arctan2(rotation(degrees)[1, 0], rotation(degrees)[0, 0]))
    surface.window = (-10, 10, -10, 10)
    return surface, rotation(degrees) @ np.asarray(u, float)


ETAS = sorted(
    {round(m * 10.0**k, 6) for k in range(-3, 2) for m in (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9)}
    | {1.9, 1.96, 1.98, 1.99, 100.0}
)


def best_rate(name, kappa, degrees, u, beta=0.9, steps=400):
    """The η of ETAS with which a method stays below a millionth of the loss soonest; if none, that ends lowest."""
    ravine, step = valleys(kappa, degrees, start=u), METHODS[name]
    given = settings(name, lr=np.array(ETAS)[:, None], beta=beta)
    path = descend(step, ravine.start, ravine.grad, steps, **given)
    loss, stays = ravine.loss(path["w"]), path["diverged"] == 0
    needed, end = (np.where(stays, each, np.inf) for each in (steps_until(loss, 1e-6), loss[-1]))
    return ETAS[int(needed.argmin() if np.isfinite(needed).any() else end.argmin())]


def best_rates(method, rival, kappa, angle, u, **_):
    """The best η of the two methods of a race, as controls: a situation."""
    return {f"lr{k}": best_rate(name, kappa, angle, u) for k, name in ((1, method), (2, rival))}


def beside(function, steps=200):
    """The experiment of a figure in which a student's AdaGrad runs beside ours, in a ravine that can be turned.

    function: (w, s, g, lr, eps) → (w, s). While it has a blank in it only ours is shown; if it stops with an error, or
    returns what is no point and sum, a sentence says so.
    """

    def experiment(lr, kappa, angle):
        surface, start = turned(kappa, angle, (-8.0, 4.0))
        runs, trouble = race(surface, start, {"AdaGrad": lr}, steps), ""
        if callable(function) and not has_blank(function):
            try:
                path = descend(_as_step(function), start, surface.grad, steps, lr=lr)
                with np.errstate(all="ignore"):
                    rate = -np.diff(path["w"], axis=0) / surface.grad(path["w"][:-1])
                runs["yours"] = path | {"rate": rate}
            except Exception as error:  # whatever a student's function does: said under the figure
                trouble = stopped(function, error)
        return surface, angle, runs, trouble

    return experiment


def _as_step(function):
    """A student's function as a step that `descend` can run."""
    function = by_place(function, ["w", "s", "g", "lr", "eps"])

    def step(w, grad, t, s=0.0, *, lr=0.01, eps=1e-10):
        return read(function(w.copy(), s.copy(), grad(w), float(lr), float(eps)), w, w="the point", s="the sum")

    return step


def race(surface, start, runs, steps, **hyper):
    """Run methods from one start: {"name": path}, each path with the rate of every parameter, path["rate"], (T, n).

    runs: {"name of METHODS": η}; hyper: other hyper-parameters, for the methods that have them.
    """
    paths = {}
    for name, lr in runs.items():
        given = settings(name, lr=lr, **hyper)
        path = descend(METHODS[name], start, surface.grad, steps, **given)
        paths[name] = path | {"rate": rates(name, path, surface.grad(path["w"]), **given)}
    return paths


def settings(name, **hyper):
    """Of some hyper-parameters those that a method of METHODS has, and what belongs to its name.

    >>> settings("gradient descent", lr=0.1, beta=0.9), settings("RMSProp, μ = 0.9", lr=0.1, beta=0.9)
    ({'lr': 0.1}, {'lr': 0.1, 'beta': 0.9, 'mu': 0.9})
    """
    has = optimizers.anatomy(METHODS[name])[1]
    return {key: value for key, value in hyper.items() if key in has} | ({"mu": 0.9} if "μ = 0.9" in name else {})


def rates(name, path, g, *, lr, **hyper):
    """What each step multiplied the gradient by, parameter by parameter; with momentum, its memory of the gradient.

        gradient descent, momentum: η            normalised: η/‖g‖           AdaGrad, RMSProp: η/(√s + ε)
        AdaDelta: η √(X + ε)/√(s + ε)            mean-square AdaGrad: η/(√(s/t) + ε)      Adam: η/(√v̂ + ε)

    path: of `descend`; g: the gradients at path["w"], (T + 1, …, n). Returns (T, …, n): step t stands at t − 1. Where
    all gradients so far are 0, the number is 0/0 or infinite.

    >>> w = np.array([[4.0, 0.1]])
    >>> path = descend(optimizers.adagrad, w, lambda w: w, 1, lr=0.5)
    >>> rates("AdaGrad", path, path["w"], lr=0.5).round(3)
    array([[[0.125, 5.   ]]])
    """
    hyper = optimizers.anatomy(METHODS[name])[1] | hyper
    t = np.arange(1, len(g)).reshape(-1, *[1] * (g.ndim - 1))
    with np.errstate(all="ignore"):
        if name in ("gradient descent", "momentum"):
            return np.full_like(g[:-1], lr)
        if name == "normalised gradient":
            norm = np.linalg.norm(g[:-1], axis=-1, keepdims=True)
            return np.broadcast_to(lr / np.where(norm > 0, norm, 1), g[:-1].shape)
        if name == "AdaDelta":
            return lr * np.sqrt(path["X"][:-1] + hyper["eps"]) / np.sqrt(path["s"][1:] + hyper["eps"])
        if name == "Adam":
            return lr / (np.sqrt(path["v"][1:] / (1 - hyper["beta2"] ** t)) + hyper["eps"])
        s = path["s"][1:] / t if name == "mean-square AdaGrad" else path["s"][1:]
        return lr / (np.sqrt(s) + hyper["eps"])


def seen(rate, H):
    """The largest curvature as a step with these rates meets it: the largest eigenvalue of diag(rate)·H.

    On a quadratic a step w ← w − rate·g cannot raise the loss while it is below 2, and above 2 it can. For one rate it
    is η λ_max. rate: (…, n), each ≥ 0; H: (n, n), symmetric, with no negative eigenvalue.

    >>> seen(np.array([[0.5, 0.5], [70.0, 0.5]]), np.diag([0.01, 1.0])).round(6)
    array([0.5, 0.7])
    """
    root = np.sqrt(np.maximum(rate, 0))
    return np.linalg.eigvalsh(root[..., :, None] * H * root[..., None, :])[..., -1]


# ---- what a method cares about ----


class Care(NamedTuple):
    """Steps of each method against the angle of the valley, and against a factor on the loss; inf: not in time."""

    degrees: np.ndarray
    scales: np.ndarray
    turned: dict
    scaled: dict
    angle: float
    scale: float
    part: float
    most: int


DEGREES, SCALES = np.arange(0.0, 91.0, 3.0), np.logspace(-2, 2, 33)


def care(runs, kappa, angle, scale, part=1e-4, most=300):
    """How many steps methods take until the loss stays below a part of the first, turned and scaled.

    runs: {"name of METHODS": dict of hyper-parameters}; angle, scale: of the curve that goes over the other one.
    """
    degrees = np.concatenate([DEGREES, np.full(len(SCALES), angle)])
    scales = np.concatenate([np.full(len(DEGREES), scale), SCALES])
    ravine, answer = valleys(kappa, degrees, scales), {}
    for name, given in runs.items():
        path = descend(METHODS[name], ravine.start, ravine.grad, most, **given)
        answer[name] = np.where(path["diverged"] > 0, np.inf, steps_until(ravine.loss(path["w"]), part))
    n = len(DEGREES)
    turned, scaled = ({name: steps[side] for name, steps in answer.items()} for side in (slice(n), slice(n, None)))
    return Care(DEGREES, SCALES, turned, scaled, angle, scale, part, most)


# ---- what the denominator remembers ----

STREAMS = ["flat, then a wall", "constant", "fading", "one spike", "one in fifty", "noise"]
STREAM = 300  # steps


def stream(kind, height=100.0, seed=0):
    """300 gradients of one weight.

    "flat, then a wall": 1/height for 150 steps, then 1; "constant": 1; "fading": 1/t; "one spike": 1, once height;
    "one in fifty": 1 at every 50th step, else 0; "noise": normal, of mean 0 and variance 1.

    >>> [float(stream(kind)[149:151].sum()) for kind in ("flat, then a wall", "constant", "one in fifty")]
    [1.01, 2.0, 1.0]
    """
    t = np.arange(1, STREAM + 1)
    if kind == "constant":
        return np.ones(STREAM)
    if kind == "fading":
        return 1 / t
    if kind == "flat, then a wall":
        return np.where(t <= 150, 1 / height, 1.0)
    if kind == "one spike":
        return np.where(t == 151, height, 1.0)
    if kind == "one in fifty":
        return np.where(t % 50 == 0, 1.0, 0.0)
    if kind == "noise":
        return np.random.default_rng(seed).standard_normal(STREAM)
    refuse("kind", kind, f"one of {', '.join(STREAMS)}")


def denominators(g, beta):
    """What three methods divide by, and the steps they make in units of η, on a stream of gradients g, shape (T,).

    Returns {"name": dict(root=(T,), step=(T,))} for AdaGrad, its mean form, and RMSProp; a step against the gradient
    counts as positive where the gradient is. Where all gradients so far are 0, the step is 0.

    >>> denominators(np.ones(100), 0.9)["AdaGrad"]["step"][[0, 99]]
    array([1. , 0.1])
    """
    t = np.arange(1, len(g) + 1)
    methods = {
        "AdaGrad": (optimizers.adagrad, dict(eps=1e-10), lambda s: s),
        "mean-square AdaGrad": (optimizers.mean_square_adagrad, dict(eps=1e-10), lambda s: s / t),
        "RMSProp": (optimizers.rmsprop, dict(eps=1e-10, beta=beta), lambda s: s),
    }
    answer = {}
    for name, (step, given, inside) in methods.items():
        path = descend(step, [0.0], lambda w, t: np.full_like(w, g[t - 1]), len(g), lr=1.0, **given)
        answer[name] = dict(root=np.sqrt(inside(path["s"][1:, 0])), step=-np.diff(path["w"][:, 0]))
    return answer


def longest_step(name, beta, t):
    """No step number ≤ t of this method is longer than so many η, whatever the gradients are.

        AdaGrad: 1           mean form: √t           RMSProp: 1/√(1 − β)

    since this step's g² is in s: with weight 1, 1/t and 1 − β.

    >>> [round(longest_step(name, 0.99, t=400), 6) for name in ("AdaGrad", "mean-square AdaGrad", "RMSProp")]
    [1.0, 20.0, 10.0]
    """
    return {"AdaGrad": 1.0, "mean-square AdaGrad": t**0.5, "RMSProp": (1 - beta) ** -0.5}[name]


# ---- a long valley: stall, burst, cycle ----

LONG = np.array([0.005, 1.0])  # the curvatures
FORMS = ["AdaGrad", "mean-square AdaGrad", "RMSProp"]


class LongValley(NamedTuple):
    """½ (0.005 w₁² + w₂²)."""

    def grad(self, w):
        """∇L, shape (…, 2)."""
        return LONG * w


def long_valley(lr, beta, steps=1000):
    """AdaGrad, its mean form and RMSProp on ½ (0.005 w₁² + w₂²) from (−100, 3), as `race` returns them."""
    return race(LongValley(), [-100.0, 3.0], dict.fromkeys(FORMS, lr), steps, beta=beta)


def bursts(rate, distance, edge=2.0):
    """The bursts of one direction: [(step, distance), …], the farthest point of each.

    rate: what each step multiplied the gradient by, (T,); distance: |w| after 0 … T steps. Where the rate is above the
    edge 2/λ the distance grows. Such a stretch is a burst if it makes the distance a hundred times as large, and larger
    than a thousandth of the first.

    >>> bursts(np.array([1.9, 2.5, 13.0, 1.0]), np.array([1.0, 0.01, 0.015, 0.18, 0.0]))
    []
    >>> bursts(np.array([1.9, 2.5, 99.0, 1.0]), np.array([1.0, 0.01, 0.015, 1.5, 0.0]))
    [(3, 1.5)]
    """
    over = np.concatenate([[False], rate > edge, [False]]).astype(int)
    found = []
    for begin, end in zip(np.flatnonzero(np.diff(over) == 1), np.flatnonzero(np.diff(over) == -1), strict=True):
        peak = begin + int(np.argmax(distance[begin : end + 1]))
        if distance[peak] > max(100 * distance[begin], 1e-3 * distance[0]):
            found.append((int(peak), float(distance[peak])))
    return found


# ---- rare features ----


WORD_RATES = np.geomspace(1e-2, 10, 31)
WORD_METHODS = ["gradient descent", "AdaGrad", "Adam"]


class Learnt(NamedTuple):
    """What one pass over some texts taught at each η: the excess loss (rates,) and the weights (rates, features)."""

    excess: np.ndarray
    w: np.ndarray

    @property
    def best(self):
        """Which η left the smallest excess loss."""
        return int(np.nanargmin(self.excess))


def learn_words(method, exponent, noise=0.3, seed=0, batch=10):
    """One pass over 1,000 texts of 30 words in mini-batches, from w = 0, at each of 31 learning rates.

    exponent, noise, seed: of `data.words`. The excess loss is ½ mean (x·(w − w*))² over 1,000 texts that were held out:
    what is lost above the noise. Returns a Learnt.
    """
    data, truth = words(exponent=exponent, noise=noise, seed=seed), word_weights()
    order, y = np.random.default_rng([seed, 1]).permutation(len(data.y)), data.y[:, 0]

    def grad(w, t):
        now = order[(t - 1) * batch : t * batch]
        return (w @ data.X[now].T - y[now]) @ data.X[now] / batch

    start, steps = np.zeros(len(truth)), len(order) // batch
    path = descend(METHODS[method], start, grad, steps, lr=WORD_RATES[:, None], keep="last")
    off = (path["w"] - truth) @ data.X_test.T
    return Learnt(np.where(path["diverged"] > 0, np.inf, 0.5 * np.mean(off**2, axis=-1)), path["w"])


def word_weights(features=30):
    """The true weights of `data.words`: 1, −1, 1, −1, …

    >>> word_weights(3)
    array([ 1., -1.,  1.])
    """
    return np.where(np.arange(features) % 2, -1.0, 1.0)


def rare_words(exponent, noise, seed):
    """How often each word occurs, and what each method of WORD_METHODS learnt of the words: {"name": Learnt}."""
    often = words(exponent=exponent, noise=noise, seed=seed).X.mean(axis=0)
    return often, {name: learn_words(name, exponent, noise, seed) for name in WORD_METHODS}


# ---- AdaDelta's ε ----


@functools.cache
def digits_by_epsilon(epsilons, steps, seed):
    """Held-out accuracy of a 64-32-10 network on the digits, trained by AdaDelta with each ε, shape (epsilons,)."""
    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)], cross_entropy)
    w = np.tile(net.init(seed=seed), (len(epsilons), 1))
    how = dict(steps=steps, every=steps, batch=64, seed=seed, progress=False)
    eps = np.array(epsilons)[:, None]
    return train(net, digits(seed=seed), optimizers.adadelta, eps=eps, w=w, **how)["test_accuracy"][-1]


EPSILONS = np.logspace(-12, 0, 25)


class Hidden(NamedTuple):
    """AdaDelta on a constant slope and on a ravine, against gradient descent with η = 1.

    walked, plain: how far each has come on the slope after 0, 1, … steps; left, left_plain: the part of the loss that
    is left on the ravine after as many steps, for each of EPSILONS.
    """

    eps: float
    slope: float
    walked: np.ndarray
    plain: np.ndarray
    left: np.ndarray
    left_plain: float


def hidden_rate(eps, slope, kappa=20.0, steps=300):
    """AdaDelta with this ε on a constant slope, and with every ε on a ravine of this κ."""

    def walk(step, **given):
        return -descend(step, [0.0], lambda w: np.full_like(w, slope), steps, limit=1e12, **given)["w"][:, 0]

    ravine = valleys(kappa)
    runs = dict(keep="last", loss=ravine.loss)
    left = descend(optimizers.adadelta, ravine.start, ravine.grad, steps, eps=EPSILONS[:, None], **runs)["loss"]
    plain = descend(optimizers.gd, ravine.start, ravine.grad, steps, lr=1.0, **runs)["loss"]
    first = ravine.loss(ravine.start)[0]
    walked, by_gd = walk(optimizers.adadelta, eps=eps), walk(optimizers.gd, lr=1.0)
    return Hidden(eps, slope, walked, by_gd, left / first, float(plain[0] / first))
