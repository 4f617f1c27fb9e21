"""What chapter 14 runs: deep networks with and without shortcuts, cut, sliced, differentiated, and trained."""

import functools

import numpy as np

from optim_core.data import digits
from optim_core.network import BatchNorm, Linear, Network, Parallel, Relu, Residual, top_eigenvalues
from optim_core.optimizers import gd
from optim_core.slices import filter_normalised
from optim_core.training import train

WIDTH = 32
DEPTHS = (2, 4, 8, 16, 32)
KINDS = ["plain", "plain, batch norm", "residual", "residual, scaled", "residual, batch norm"]


def block(kind, depth):
    """The layers of one hidden block: 32 features in, 32 out."""
    if kind.startswith("plain"):
        return [Linear(WIDTH, WIDTH), *([BatchNorm(WIDTH)] if "norm" in kind else []), Relu()]
    inside = [*([BatchNorm(WIDTH)] if "norm" in kind else []), Relu(), Linear(WIDTH, WIDTH)]
    return [Residual(*inside, scale=1 / np.sqrt(depth) if "scaled" in kind else 1.0)]


@functools.lru_cache(maxsize=64)
def deep(kind, depth):
    """A network for the digits with `depth` hidden blocks of one kind between a first and a last linear layer."""
    hidden = [layer for _ in range(depth) for layer in block(kind, depth)]
    return Network([Linear(64, WIDTH), *hidden, Linear(WIDTH, 10)])


@functools.cache
def few_digits(n=64):
    """The first digits to train on: inputs and labels."""
    data = digits()
    return data.X[:n], data.y[:n]


# ---- cut one out ----


@functools.cache
def trained(kind, depth=10, seed=0, steps=400):
    """Weights of a network after so many updates of 64 digits at the best of three learning rates, and that rate."""
    net, data, best = deep(kind, depth), digits(), None
    scale = 0.5 if kind.startswith("residual") else 1.0
    for lr in (0.03, 0.1, 0.3):
        end = train(net, data, gd, lr=lr, steps=steps, w=net.init(seed, "he", scale=scale), progress=False)
        right = float(end["test_accuracy"][-1])
        if best is None or right > best[1]:
            best = (end["w"], right, lr)
    return best


def without(kind, depth, w, *blocks):
    """Held-out accuracy of a network without these hidden blocks (counted from 0), everything else as it was."""
    net, data = deep(kind, depth), digits()
    each = len(block(kind, depth))
    gone = {1 + k * each + i for k in blocks for i in range(each)}
    kept = [i for i in range(len(net.layers)) if i not in gone]
    small = Network([net.layers[i] for i in kept])
    flat = np.concatenate([w[net.places[i]] for i in kept])
    return float(small.accuracy(flat, data.X_test, data.y_test))


@functools.cache
def cut_out(kind, depth=10, seed=0):
    """(accuracy of the whole, accuracies without each hidden block)."""
    w, right, _ = trained(kind, depth, seed)
    return right, [without(kind, depth, w, k) for k in range(depth)]


# ---- a line through weight space ----


@functools.lru_cache(maxsize=512)
def along_a_line(kind, depth, seed, reach=0.5, points=81):
    """The loss on 64 digits along a filter-normalised direction, from weights at their start: (places, losses)."""
    net, (X, y) = deep(kind, depth), few_digits()
    w = net.init(seed, "he")
    places = np.linspace(-reach, reach, points)
    line = w + places[:, None] * filter_normalised(net, w, seed + 1000)
    return places, net.on(X, y).loss(line)


def turning_points(losses, share=0.05):
    """How often a curve turns from falling to rising or back, each time by more than this share of its range.

    Smaller turns are left out: there are the more of them, the closer the points stand at which the curve is asked.

    >>> turning_points([3.0, 1.0, 2.0, 1.5, 4.0]), turning_points([3.0, 1.0, 2.0, 1.9, 4.0])
    (3, 1)
    """
    least, low, high, way, turns = share * np.ptp(losses), losses[0], losses[0], 0, 0
    for loss in losses:
        low, high = min(low, loss), max(high, loss)  # since the last turn
        if way >= 0 and loss < high - least:
            turns, way, low = turns + (way > 0), -1, loss
        elif way <= 0 and loss > low + least:
            turns, way, high = turns + (way < 0), 1, loss
    return turns


def turns_by_depth(seed, reach=0.5):
    """A stream of {kind: (depths so far, how often such a curve turns)}, with one curve more each time."""
    turns = {kind: [] for kind in KINDS}
    for depth in DEPTHS:
        for kind in KINDS:
            turns[kind].append(turning_points(along_a_line(kind, depth, seed, reach)[1]))
            if all(turns.values()):
                yield {name: (np.array(DEPTHS[: len(row)]), np.array(row)) for name, row in turns.items()}


# ---- shattered gradients ----


@functools.lru_cache(maxsize=256)
def shattered(depth, skip, beta, seed, width=100, points=256):
    """A ReLU network of one input: (x, f(x), f′(x)), and the correlation of f′ with itself at lags 0 … 20.

    skip: whether each layer has a shortcut; beta: the factor on what the layer adds to it.
    """
    rng, x = np.random.default_rng([seed, depth]), np.linspace(-2, 2, points)
    first, shift = rng.normal(size=(2, width))
    h, dh = np.outer(x, first) + shift, np.broadcast_to(first, (points, width))  # dh: the derivative of h by x
    for _ in range(depth):
        W = rng.normal(size=(width, width)) * np.sqrt(2 / width)
        a, da = np.maximum(h, 0) @ W, (dh * (h > 0)) @ W
        h, dh = (h + beta * a, dh + beta * da) if skip else (a, da)
    out = rng.normal(size=width) / np.sqrt(width)
    f, slope = h @ out, dh @ out
    centred = slope - slope.mean()
    lags = np.array([np.mean(centred[: points - k] * centred[k:]) for k in range(21)]) / max(
        np.mean(centred**2), 1e-300
    )
    return x, f, slope, lags


# ---- one mode after the other ----

STRENGTHS = (4.0, 2.0, 1.0, 0.5)


@functools.lru_cache(maxsize=128)
def modes(layers, a0, lr, steps=800):
    """A deep linear network on a map with four directions, from an aligned start: strengths (steps + 1, 4).

    Every layer is diagonal, with a₀^(1/layers) on it; a mode's strength is the product of its entries.
    """
    a, s, path = np.full(4, a0 ** (1 / layers)), np.array(STRENGTHS), []  # all layers are alike, and stay so
    for _ in range(steps + 1):
        path.append(a**layers)
        a = a + lr * (s - a**layers) * a ** (layers - 1)
    return np.array(path)


def loss_of(strengths):
    """½ Σ (s − strength)² over the modes, for strengths (…, 4)."""
    return 0.5 * ((np.array(STRENGTHS) - strengths) ** 2).sum(-1)


def half_time(s, a0):
    """When a mode of strength s is half learned by two layers: ln(s/a₀ − 1)/(2s), in units of 1/η (Saxe and others)."""
    return np.log(s / a0 - 1) / (2 * s)


# ---- depth on trial, and branches ----

RATES = (0.01, 0.03, 0.1, 0.3)


@functools.cache
def losses_by_depth(kind, depth, seeds=3):
    """Training loss of a deep network after 200 updates, for each seed."""
    return [best_loss(deep(kind, depth), seed) for seed in range(seeds)]


def best_loss(net, seed, steps=200):
    """The training loss on 400 digits after so many updates of 64, at the best of four learning rates."""
    data, w = digits(), np.stack([net.init(seed, "he")] * len(RATES))
    end = train(net, data, gd, lr=np.array(RATES)[:, None], steps=steps, w=w, seed=seed, progress=False)
    return float(np.nanmin(net.on(data.X[:400], data.y[:400]).loss(end["w"])))


def branches(depths):
    """A network with a Parallel of plain chains of these depths between a first and a last layer."""
    chains = [[layer for _ in range(depth) for layer in block("plain", depth)] for depth in depths]
    return Network([Linear(64, WIDTH), Parallel(*chains), Linear(WIDTH, 10)])


@functools.cache
def branch_losses(depths, seeds=3):
    """Training loss of a network of branches after 200 updates, for each seed."""
    return [best_loss(branches(depths), seed) for seed in range(seeds)]


@functools.lru_cache(maxsize=256)
def gradient_norms(kind, depth, seed):
    """log₁₀ of the gradient's norm before each hidden block, and behind the last, at the start of training."""
    net, (X, y) = deep(kind, depth), few_digits()
    dx = net.on(X, y).layers_at(net.init(seed, "he"))["dx"]
    each = len(block(kind, depth))
    return np.log10([np.linalg.norm(dx[1 + k * each]) for k in range(depth + 1)])


# ---- what a slice hides ----


@functools.cache
def small_net(seed=0, steps=300):
    """A trained network 64-16-10 with ReLU, and its weights."""
    net = Network([Linear(64, 16), Relu(), Linear(16, 10)])
    return net, train(net, digits(), gd, lr=0.3, steps=steps, w=net.init(seed, "he"), progress=False)["w"]


def rescaled(net, w, alpha):
    """The same function with other weights: the first layer times α, the last divided by α."""
    w = w.copy()
    first, last = net.places[0], net.places[2]
    w[first] = w[first] * alpha
    w[last.start : last.start + 160] = w[last.start : last.start + 160] / alpha
    return w


@functools.cache
def sharpness(alpha):
    """(loss, largest Hessian eigenvalue) of the rescaled network on 400 digits."""
    net, w = small_net()
    data = digits()
    task, w = net.on(data.X[:400], data.y[:400]), rescaled(net, w, alpha)
    return float(task.loss(w)), float(top_eigenvalues(task, w, 1)[0])


@functools.lru_cache(maxsize=64)
def curves_through(alpha, points=61, reach=1.0):
    """The loss along one random direction through the rescaled network: as it is, and filter-normalised."""
    net, w = small_net()
    data = digits()
    task, w = net.on(data.X[:400], data.y[:400]), rescaled(net, w, alpha)
    g = np.random.default_rng(7).normal(size=net.n) * net.is_weight
    places, found = np.linspace(-reach, reach, points), {}
    plain = g / np.linalg.norm(g) * np.linalg.norm(small_net()[1])
    for name, d in {"as it is": plain, "filter-normalised": filter_normalised(net, w, 7)}.items():
        found[name] = task.loss(w + places[:, None] * d)
    return places, found
