"""What the figures of chapter 07 run: streams of gradients, rare news, decay under noise, first steps, the arena."""

import functools
import inspect

import numpy as np

from optim_core import data, surfaces
from optim_core.descent import descend
from optim_core.gradients import l2
from optim_core.network import Linear, Network, Tanh
from optim_core.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    anatomy,
    gd,
    momentum,
    nadam,
    nesterov,
    normalized_gd,
    projected,
    radam,
    rmsprop,
    uncorrected_adam,
)
from optim_core.refuse import refuse
from optim_core.training import minibatches

# ---- 1. Streams of gradients that do not care where the weight is ----------------------------------------------------

LENGTH = 500  # steps of a stream
SPIKE = 250  # the step at which the lonely spike comes
STREAMS = {
    "constant": lambda t, rng: np.ones(len(t)),
    "plus, minus": lambda t, rng: np.where(t % 2, 1.0, -1.0),
    "noise": lambda t, rng: rng.standard_normal(len(t)),
    "one in fifty": lambda t, rng: np.where(t % 50, 0.0, 1.0),
    "a lonely spike": lambda t, rng: np.where(t == SPIKE, 1.0, 0.0),
    "silence, then a slope": lambda t, rng: np.where(t < SPIKE, 0.0, 1.0),
}
FOLLOWERS = {
    "Adam without correction": uncorrected_adam,
    "Nadam": nadam,
    "RAdam": radam,
    "AMSGrad": amsgrad,
}


def stream(name, size=1.0, length=LENGTH):
    """The gradients of steps 1, 2, …, `length`: one of STREAMS, times `size`.

    >>> stream("plus, minus", 2.0, length=4).tolist()
    [2.0, -2.0, 2.0, -2.0]
    """
    return size * STREAMS[name](np.arange(1, length + 1), np.random.default_rng(0))


def follow(step, gradients, **chosen):
    """What an optimizer makes of a stream of gradients, with η = 1: {"step": its steps downhill, and its state}.

    gradients: shape (T,); the steps have shape (T,), positive where w falls, and each state has shape (T + 1,).

    >>> follow(adam, np.ones(3))["step"].round(6).tolist()
    [1.0, 1.0, 1.0]
    """

    def alone(w, grad, t, *state, **chosen):  # from 0 each time: added to a large w, a small step is rounded
        return step(0 * w, grad, t, *state, **chosen)

    alone.__signature__ = inspect.signature(step)
    path = descend(alone, [0.0], lambda w, t: gradients[t - 1] + 0 * w, len(gradients), lr=1.0, limit=1e300, **chosen)
    seen = {name: value[..., 0] for name, value in path.items() if name != "diverged"}
    return seen | dict(w=np.cumsum(seen["w"]), step=-seen["w"][1:])


# ---- 2. Does it come to rest? ----------------------------------------------------------------------------------------

SIGMAS = [float(f"{m}e{d}") for d in range(-6, 2) for m in (1, 3)] + [100.0]
SETTLING, WATCHED, CROWD = 1000, 200, 8  # steps, the last of which are watched; runs for each σ


def settled(lr, beta2):
    """Runs on ½w² from w = 3 with noise of the sizes SIGMAS in the gradient: {name: w of shape (steps + 1, σ, runs)}.

    All methods see the same noise.
    """
    return _settled(lr, beta2)[0]


def overhang(lr, beta2):
    """How many times Adam's v̂ is the mean square of the gradients, both in the last steps of `settled`, (σ,).

    >>> overhang(0.1, 0.9).round(1)[[8, -1]], overhang(0.1, 0.99).round(1)[[8, -1]]  # σ = 0.01 and 100
    (array([1., 1.]), array([1.4, 1. ]))
    """
    return _settled(lr, beta2)[1]


@functools.lru_cache(maxsize=64)
def _settled(lr, beta2):
    noise = np.random.default_rng(0).standard_normal((SETTLING, len(SIGMAS), CROWD, 1)) * np.reshape(SIGMAS, (-1, 1, 1))
    start = np.full((len(SIGMAS), CROWD, 1), 3.0)

    def grad(w, t):
        return w + noise[t - 1]

    steps = {"gradient descent": (gd, {}), "RMSProp": (rmsprop, dict(beta=0.9)), "Adam": (adam, dict(beta2=beta2))}
    runs = {name: descend(step, start, grad, SETTLING, lr=lr, **own) for name, (step, own) in steps.items()}
    w, v, last = runs["Adam"]["w"], runs["Adam"]["v"], np.arange(SETTLING - WATCHED, SETTLING)
    v_hat = v[last + 1].mean(axis=(2, 3)) / (1 - beta2 ** (last + 1.0))[:, None]  # (steps, σ)
    over = v_hat.mean(axis=0) / ((w[last] + noise[last]) ** 2).mean(axis=(0, 2, 3))
    return {name: path["w"][..., 0] for name, path in runs.items()}, over


def floors(runs):
    """How far from the minimum the runs of `settled` stay: the root mean square of w in the last steps."""
    return {name: np.sqrt((w[-WATCHED:] ** 2).mean(axis=(0, 2))) for name, w in runs.items()}


# ---- 3. News that comes rarely ---------------------------------------------------------------------------------------

GAPS = [3, 4, 5, 7, 10, 14, 20, 30, 40, 60, 80, 100]
MEMORIES = [0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999]
ROUNDS = 4000  # steps
WALKERS = {
    "Adam, β₁ = 0": (adam, 0.0),
    "Adam, β₁ = 0.9": (adam, 0.9),
    "AMSGrad, β₁ = 0": (amsgrad, 0.0),
    "AMSGrad, β₁ = 0.9": (amsgrad, 0.9),
}


def news(gap):
    """The gradient (w, t) → +1.2 (P − 1) once in P steps, in the first of them, and −1 in the others; P = gap.

    The sum over P steps is 0.2 (P − 1) > 0, so on average the loss rises with w, and w = −1 is the best place. gap: an
    array that broadcasts against w.
    """
    gap = np.asarray(gap)
    return lambda w, t: np.where((t - 1) % gap == 0, 1.2 * (gap - 1), -1.0) + 0 * w


@functools.cache
def rare_news(step, beta1):
    """All walks of an optimizer on rare news, shape (steps + 1, gaps, memories): from 0, within [−1, 1], η = 0.5/√t."""
    gap, beta2 = np.array(GAPS)[:, None, None], np.array(MEMORIES)[:, None]
    start, rate = np.zeros((len(GAPS), len(MEMORIES), 1)), lambda k: 0.5 / np.sqrt(k + 1)
    return descend(projected(step, -1.0, 1.0), start, news(gap), ROUNDS, lr=rate, beta1=beta1, beta2=beta2)["w"][..., 0]


def rests_at(walks):
    """Where walks (steps + 1, gaps, …) are in the mean of the last quarter of their rounds, in whole rounds."""
    ends = []
    for i, gap in enumerate(GAPS):
        last = gap * max(ROUNDS // gap // 4, 1)
        ends.append(walks[-last:, i].mean(axis=0))
    return np.array(ends)


# ---- 4. Decay, inside the gradient and outside it --------------------------------------------------------------------

NOISES = np.geomspace(0.003, 100, 19)


@functools.lru_cache(maxsize=64)
def left_over(lr, decay, steps=300, seeds=8):
    """What is left of weights that began at 1 and see nothing but noise of the sizes NOISES and a decay: {name: (19,)}.

    Every noise is also run with all its signs turned, and the mean of all runs is taken: what the noise does by itself
    cancels, and what is left is the decay.
    """
    noise = np.random.default_rng(0).standard_normal((steps, seeds, len(NOISES))) * NOISES
    start, both = np.ones((2, seeds, len(NOISES))), np.array([1.0, -1.0])[:, None, None]

    def grad(w, t):
        return both * noise[t - 1] + 0 * w

    runs = {
        "gradient descent, with L2": descend(gd, start, l2(grad, decay), steps, lr=lr, keep="last"),
        "Adam + L2": descend(adam, start, l2(grad, decay), steps, lr=lr, keep="last"),
        "AdamW": descend(adamw, start, grad, steps, lr=lr, decay=decay, keep="last"),
    }
    return {name: path["w"].mean(axis=(0, 1)) for name, path in runs.items()}


# ---- 5. The first steps ----------------------------------------------------------------------------------------------


def rectification(t, beta2):
    """RAdam's factor r after t steps, 0 where it does not divide by √v̂ yet (ρ ≤ 5).

    >>> rectification(np.array([5, 6, 1000]), 0.999).round(3).tolist()
    [0.0, 0.026, 0.645]
    """
    t = np.asarray(t, float)
    end = 2 / (1 - beta2) - 1
    rho = end - 2 * t * beta2**t / (1 - beta2**t)
    with np.errstate(all="ignore"):
        r = np.sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho))
    return np.where(rho > 5, r, 0.0)


def warm_up(t, beta2):
    """The factor after t steps of a linear warm-up over 2/(1 − β₂) steps.

    >>> warm_up(np.array([1, 10, 30]), 0.9).tolist()
    [0.05, 0.5, 1.0]
    """
    return np.minimum(t / round(2 / (1 - beta2)), 1.0)


@functools.lru_cache(maxsize=16)
def first_rates(beta2, seed=0, runs=1000):
    """1/√v̂ after the steps `at`, when every gradient is a draw from N(0, 1): (at, (len(at), runs)).

    The last of `at` is 5/(1 − β₂) steps on, when v̂ has forgotten its start.
    """
    last = int(5 / (1 - beta2))
    at = np.unique([*np.geomspace(1, last, 40).astype(int), 20])
    rng, v, seen = np.random.default_rng(seed), np.zeros(runs), []
    for t in range(1, last + 1):
        v = beta2 * v + (1 - beta2) * rng.standard_normal(runs) ** 2
        if t in at:
            seen.append(1 / np.sqrt(v / (1 - beta2**t)))
    return at, np.array(seen)


@functools.lru_cache(maxsize=1)
def resumed(lr=0.03, before=500, after=50, seeds=10):
    """The training losses after a stop, by what is kept: {what: array (after + 1, networks)}.

    "all": w, m, v and t; "w": the weights only; "w-t": the weights and t.

    >>> {what: loss.shape for what, loss in resumed().items()}
    {'all': (51, 10), 'w': (51, 10), 'w-t': (51, 10)}
    """
    net, seen = Network([Linear(64, 16), Tanh(), Linear(16, 10)]), data.digits()
    task = net.on(seen.X, seen.y)
    grad = minibatches(task, 32)
    w = np.stack([net.init(seed) for seed in range(seeds)])
    stopped = descend(adam, w, grad, before, keep="last", lr=lr)
    whole, w = {name: stopped[name] for name in ("w", "m", "v")}, {"w": stopped["w"]}
    kept = {"all": (whole, before), "w": (w, 0), "w-t": (w, before)}
    return {
        what: descend(adam, **state, grad=grad, steps=after, start=t, lr=lr, loss=task.loss)["loss"]
        for what, (state, t) in kept.items()
    }


# ---- 6. The arena ----------------------------------------------------------------------------------------------------

RATES = np.geomspace(1e-4, 10**1.5, 12)  # each √10 times the one before
SEEDS, STARTS, GOAL, MOST = 10, 8, 1e-3, 300
CONTESTANTS = {
    "gradient descent": gd,
    "momentum": momentum,
    "Nesterov": nesterov,
    "normalised gradient": normalized_gd,
    "AdaGrad": adagrad,
    "RMSProp": rmsprop,
    "AdaDelta": adadelta,
    "Adam": adam,
    "AMSGrad": amsgrad,
    "Nadam": nadam,
    "RAdam": radam,
    "AdaMax": adamax,
}
OWN_NUMBERS = {"RMSProp": dict(beta=0.9)}  # all others keep their defaults
GROUNDS = {
    "ravine": surfaces.bowl(kappa=100.0),
    "turned": surfaces.bowl(kappa=100.0, angle=np.pi / 4),
    "Rosen-\nbrock": surfaces.rosenbrock(),
    "Beale": surfaces.beale(),
    "Himmel-\nblau": surfaces.himmelblau(),
    "product": surfaces.product(),
    "Stybl.-\nTang": surfaces.styblinski_tang(),
}
DIGITS = ["digits,\ntrain", "digits,\nheld out"]
TASKS = [*GROUNDS, *DIGITS]
RANKED = {"the seven surfaces": list(GROUNDS), "digits, training loss": DIGITS[:1], "digits, held-out loss": DIGITS[1:]}


def starts(surface, seed):
    """Where the runs of one seed start, drawn evenly from the surface's window: STARTS to tune on, and as many others
    to be ranked on; shape (2, STARTS, 2)."""
    left, right, bottom, top = surface.window
    return np.random.default_rng([seed, 7]).uniform([left, bottom], [right, top], (2, STARTS, 2))


def needed(step, surface, w, rates, **own):
    """The steps that each run takes until it stays at the goal: shape (rates, …) for starts w of shape (…, 2).

    The goal: a loss of at most GOAL times the first; on Styblinski and Tang's surface, whose minima differ in height,
    a gradient of at most 0.01. A run that has not got there after MOST steps counts MOST + 1.

    >>> bowl = surfaces.bowl(kappa=1.0)
    >>> needed(gd, bowl, np.array([[1.0, 1.0]]), np.array([0.5, 1.0, 9.0]))[:, 0].tolist()
    [5, 1, 301]
    """
    rates = rates.reshape(-1, *[1] * w.ndim)
    path = descend(step, w, surface.grad, MOST, lr=rates, **own)
    if surface.name == "styblinski_tang":
        far = ~(np.linalg.norm(surface.grad(path["w"]), axis=-1) <= 0.01)
    else:
        loss = surface.loss(path["w"])
        far = ~(loss <= GOAL * loss[0])
    steps = len(far) - np.argmax(far[::-1], axis=0)  # after the last moment at which it was far
    steps = np.where(far.any(axis=0), steps, 0)
    return np.where(path["diverged"] > 0, MOST + 1, steps)


def on_surfaces(step, **own):
    """{task: log of the steps needed, to tune on and to be ranked on: shape (2, seeds, rates)}: means over the starts,
    so that e to that power is a geometric mean."""
    results = {}
    for task, surface in GROUNDS.items():
        w = np.stack([starts(surface, seed) for seed in range(SEEDS)])  # (seeds, 2, starts, 2)
        steps = needed(step, surface, w, RATES, **own)  # (rates, seeds, 2, starts)
        results[task] = np.log(np.maximum(steps, 1)).mean(axis=-1).transpose(2, 1, 0)
    return results


def on_digits(step, **own):
    """{task: the loss at the end, to tune on and to be ranked on: shape (2, seeds, rates)}, for the two digits tasks.

    A seed is another split of the data, other initial weights and another order of the batches. 600 digits to train
    on; 57 steps are three epochs. A rate is chosen with one start of the weights; ranked is the run with that rate from
    another start; one that diverged is the worst. "held out": chosen by the loss on 300 digits that no run trains on,
    ranked by that on 300 others.
    """
    net = Network([Linear(64, 16), Tanh(), Linear(16, 10)])
    training, held_out = [], []
    for seed in range(SEEDS):
        some = data.digits(train=600, seed=seed)
        task = net.on(some.X, some.y)
        w = np.stack([net.init(2 * seed), net.init(2 * seed + 1)])  # (2, weights): to tune, to be ranked
        path = descend(step, w, minibatches(task, 32, seed), 57, lr=RATES[:, None, None], keep="last", **own)
        w, gone = path["w"], path["diverged"] > 0  # (rates, 2, weights), (rates, 2)
        training.append(np.where(gone, np.inf, task.loss(w)).T)
        parts = [net.on(some.X_test[part], some.y_test[part], train=False) for part in (slice(300), slice(300, 600))]
        held_out.append([np.where(gone[:, k], np.inf, part.loss(w[:, k])) for k, part in enumerate(parts)])
    return dict(zip(DIGITS, (np.swapaxes(part, 0, 1) for part in (training, held_out)), strict=True))


@functools.cache
def contest(step, **own):
    """All that the arena measures of one optimizer: {task: (2, seeds, rates)}, what is smaller is better."""
    results = on_surfaces(step, **own) | on_digits(step, **own)
    return {task: np.nan_to_num(values, nan=1e9, posinf=1e9) for task, values in results.items()}


@functools.cache
def arena():
    """The contest of all CONTESTANTS: {name: {task: (2, seeds, rates)}}. It takes about ten seconds."""
    return {name: contest(step, **OWN_NUMBERS.get(name, {})) for name, step in CONTESTANTS.items()}


def entered(function):
    """The arena with a student's step in it, if it can run: ({name: results}, what is wrong with the step, or "").

    function: (w, grad, t, state…, *, lr) → dict of w and the state, as in `optimizers`.
    """
    from optim_core.exercises import has_blank

    if has_blank(function):
        return arena(), ""
    try:
        evolves, chosen = anatomy(function)
        if "lr" not in chosen:
            refuse("lr", "missing", "a hyper-parameter behind the star: (w, grad, t, …, *, lr=0.01)")
        return arena() | {"yours": contest(function)}, ""
    except Exception as error:  # whatever a student's function does
        return arena(), f"{type(error).__name__}: {error}"


@functools.cache
def drawn(budget, seed):
    """Which of the RATES somebody with so many tries gets: `budget` of them by lot, the same for all optimizers."""
    return np.sort(np.random.default_rng([seed, 5]).permutation(len(RATES))[:budget])


def scores(results, budget):
    """The scores of one optimizer, each at the rate that was best where it was tuned: {task: (seeds,)}."""
    tried, out = np.array([drawn(budget, seed) for seed in range(SEEDS)]), {}  # (seeds, budget)
    for task, (tune, rank) in results.items():
        best = np.argmin(np.take_along_axis(tune, tried, axis=1), axis=1)[:, None]
        rates = np.take_along_axis(tried, best, axis=1)
        out[task] = np.take_along_axis(rank, rates, axis=1)[:, 0]
    return out


def ranks(values):
    """The ranks of values along axis 0, from 1 for the smallest; equal ones share the mean of their ranks.

    >>> ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    values = np.asarray(values)
    smaller = (values[None] < values[:, None]).sum(axis=1)
    equal = (values[None] == values[:, None]).sum(axis=1)
    return smaller + (equal + 1) / 2


def mean_ranks(each, tasks):
    """The mean rank over some tasks of each optimizer in each seed, {name: (seeds,)}; each: {name: its `scores`}."""
    rank = np.mean([ranks(np.round([one[task] for one in each.values()], 9)) for task in tasks], axis=0)
    return dict(zip(each, rank, strict=True))


def agreement(ranked):
    """How far the seeds agree: the mean of Spearman's correlation over all pairs of seeds; ranked: {name: (seeds,)}.

    >>> agreement({"a": np.array([1.0, 1.0]), "b": np.array([2.0, 2.0]), "c": np.array([3.0, 3.0])})
    1.0
    """
    order = np.corrcoef(ranks(np.array(list(ranked.values()))).T)
    return float(order[np.triu_indices(len(order), 1)].mean())


def arena_with(function):
    """The experiment of a figure of the arena in which a student's optimizer takes part; see `entered`."""
    entries, note = entered(function)
    return lambda tasks, budget: (entries, budget, tasks, note)


@functools.cache
def by_budget():
    """For 1, 2, … tries, {what is ranked: ({name: mean ranks, (budgets,)}, agreement, (budgets,))}."""
    budgets = range(1, len(RATES) + 1)
    each = [{name: scores(results, budget) for name, results in arena().items()} for budget in budgets]
    out = {}
    for ranked, tasks in RANKED.items():
        ranked_so = [mean_ranks(one, tasks) for one in each]
        means = {name: np.array([one[name].mean() for one in ranked_so]) for name in CONTESTANTS}
        out[ranked] = means, np.array([agreement(one) for one in ranked_so])
    return out
