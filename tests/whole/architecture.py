"""What chapter 14 says of networks and trainings, counted by hand."""

import functools
import itertools
import math
import re

import numpy as np
from scipy.integrate import quad
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import log_softmax, softmax
from whole.counting import fields, says, wrote

from optim_core.chapters.architecture import experiments
from optim_core.data import digits
from optim_core.scenes.board import number
from optim_core.slices import filter_normalised


def passed(kind, depth, w, X, left_out=None):
    """What goes into each of the blocks and comes out of the last, the outputs, and the way back, by plain matrices.

    The way back: from ∂L/∂outputs to ∂L/∂(what goes into the first block), ∂L/∂(what comes out of the last).
    """
    w, before = iter(w.tolist()), kind.startswith("residual")  # where the norm and the ReLU stand
    scale = depth**-0.5 if "scaled" in kind else 1.0

    def matrix(n, m):
        return np.array([next(w) for _ in range(n * m)]).reshape(n, m), np.array([next(w) for _ in range(m)])

    def normalised(x, gamma, beta):
        s = np.sqrt(x.var(0) + 1e-5)
        xhat = (x - x.mean(0)) / s
        return gamma * xhat + beta, lambda d: gamma * (d - d.mean(0) - xhat * (d * xhat).mean(0)) / s

    first, b = matrix(64, 32)
    h, ways = X @ first + b, []
    for k in range(depth):
        gamma, W, b = None, None, None
        if before and "norm" in kind:
            gamma, beta = (np.array([next(w) for _ in range(32)]) for _ in "γβ")
        W, b = matrix(32, 32)
        if not before and "norm" in kind:
            gamma, beta = (np.array([next(w) for _ in range(32)]) for _ in "γβ")
        if k == left_out:
            continue
        x, back = (h, None) if before else (h @ W + b, None)
        if gamma is not None:
            x, back = normalised(x, gamma, beta)
        on = x > 0
        if before:
            h = h + scale * (x * on @ W + b)
            ways.append(lambda d, W=W, on=on, back=back: d + scale * (back or np.array)(d @ W.T * on))
        else:
            h = x * on
            ways.append(lambda d, W=W, on=on, back=back: (back or np.array)(d * on) @ W.T)
    last, b = matrix(32, 10)

    def way_back(d):
        behind = d = d @ last.T
        for way in reversed(ways):
            d = way(d)
        return d, behind

    return h @ last + b, way_back


@functools.lru_cache(400)
def on_the_line(kind, depth, seed, reach):
    """The loss at both ends, in the middle and at two more of 81 places, {place: loss}; and how the gradient grows."""
    net, (X, y) = experiments.deep(kind, depth), experiments.few_digits()
    w, losses = net.init(seed, "he"), {}
    d = filter_normalised(net, w, seed + 1000)
    for k in (0, 13, 40, 57, 80):
        z, _ = passed(kind, depth, w + (k - 40) / 40 * reach * d, X)
        losses[k] = -log_softmax(z, -1)[np.arange(64), y].mean()
    z, way_back = passed(kind, depth, w, X)
    before, behind = way_back((softmax(z, -1) - np.eye(10)[y]) / 64)
    return losses, np.sqrt((before**2).sum() / (behind**2).sum())


def zigzag(losses, least):
    """How often the longest path among these points goes up and down by more than `least` each time, and turns."""
    up, down = np.zeros(len(losses), int), np.zeros(len(losses), int)  # legs of the longest that ends there
    for k in range(1, len(losses)):
        rise = losses[k] - losses[:k]
        up[k] = max(up[:k].max(), 1 + down[:k][rise > least].max(initial=-1))
        down[k] = max(down[:k].max(), 1 + up[:k][-rise > least].max(initial=-1))
    return max(0, *(up - 1), *(down - 1))


def line(values, seen, caption, t):
    """The loss by plain matrices, its turns as the longest zigzag, and the gradient's norm by the chain rule."""
    kind, depth, seed, places, losses, _, counts = seen
    assert (kind, depth, seed, places[-1]) == tuple(values[name] for name in ("kind", "depth", "seed", "reach"))
    reach = re.escape(number(values["reach"]))
    low, more, turns, s, ratio = re.fullmatch(
        rf"{kind.capitalize()}, {depth} hidden blocks, seed {seed}: on this line, up to a = ±{reach}, the lowest loss "
        r"is (.*) and the highest (.*) more; it turns (\d+) time(s?) by more than a twentieth of that\. The gradient's "
        r"norm before the first block, divided by that behind the last: (.*)\.", caption,
    ).groups()  # fmt: skip
    by_hand, growth = on_the_line(kind, depth, seed, values["reach"])
    assert np.allclose(list(by_hand.values()), losses[list(by_hand)], rtol=1e-6) and says(ratio, growth, 2)
    assert says(low, min(losses), 3) and says(more, max(losses) - min(losses), 2)
    assert int(turns) == zigzag(losses, (max(losses) - min(losses)) / 20) and (s == "s") == (turns != "1")
    counted = dict(zip(*counts[kind], strict=True)) if values["reach"] == 0.5 else {}
    assert counted.get(depth, int(turns)) == int(turns)


def cut_out(values, seen, caption, t):
    """The held-out digits that are right, with all blocks and without one, by plain matrices."""
    data = digits()
    first = f"Without block {values['block']} of 10, and without training again, "
    assert caption.startswith(first)
    for kind, words in zip(("plain", "residual"), caption.removeprefix(first).rstrip(".").split("; "), strict=True):
        verb, *said = re.fullmatch(rf"the {kind} network (\w+) from (\S+) % to (\S+) %", words).groups()
        w = experiments.trained(kind, 10, 0)[0]
        whole, left = (
            int((passed(kind, 10, w, data.X_test, out)[0].argmax(-1) == data.y_test).sum())
            for out in (None, values["block"] - 1)
        )
        assert verb == ("falls" if left < whole else "rises" if left > whole else "goes")
        assert says(said[0], 100 * whole / 597) and says(said[1], 100 * left / 597)


@functools.lru_cache(100)
def product(layers, a0, lr, steps=800):
    """What four directions have learned, step by step, of a deep linear network of whole matrices, all trained."""
    target, W, path = np.diag([4, 2, 1, 0.5]), [a0 ** (1 / layers) * np.eye(4)] * layers, []
    for _ in range(steps + 1):
        chain = functools.reduce(np.matmul, W)
        path.append(np.diag(chain))
        ahead = [functools.reduce(np.matmul, W[:k], np.eye(4)) for k in range(layers)]
        behind = [functools.reduce(np.matmul, W[k + 1 :], np.eye(4)) for k in range(layers)]
        W = [w - lr * a.T @ (chain - target) @ b.T for w, a, b in zip(W, ahead, behind, strict=True)]
    return np.array(path)


def modes(values, seen, caption, t):
    """The first steps at which half is learned, from whole matrices; Saxe's times as integrals of the slope."""
    layers, a0, lr, path, _ = seen
    assert layers == values.get("layers", 2) and (a0, lr) == (values["a0"], values["lr"])
    half, late, saxe = re.fullmatch(
        rf"Step {t} of 800\. {layers} layers?, start {number(a0)}, η = {number(lr)}\. Half learned: (.*?)\."
        r"(?: Not half learned in 800 steps: (.*?)\.)?(?: Saxe's formula says (.*)\.)?", caption,
    ).groups()  # fmt: skip
    assert ("1 layer," in caption) == (layers == 1)
    by_hand, done, missing = product(layers, a0, lr), [], []
    assert np.allclose(by_hand, path, atol=1e-9)
    if layers > 1:  # one after another, the strongest first, as the alternative text has it
        first = [(row >= s / 2).argmax() or 801 for row, s in zip(path.T, (4, 2, 1, 0.5), strict=True)]
        assert all(a < b or b == 801 for a, b in itertools.pairwise(first))
    for k, s in enumerate((4, 2, 1, 0.5)):
        first = next((step for step in range(t + 1) if by_hand[step, k] >= s / 2), None)
        if first is None:
            missing.append(f"{s}")
        else:
            done.append(f"{s} at step {first}")
    assert half == (", ".join(done) or "none so far") and late == (", ".join(missing) or None if t == 800 else None)
    assert (saxe is None) == (layers != 2)
    if saxe:  # ȧ = 2 a (s − a), from a₀ to s/2
        for word, s in zip(saxe.split(", "), (4, 2, 1, 0.5), strict=True):
            time = quad(lambda x, s=s: 1 / (2 * (s - math.exp(x))), math.log(a0), math.log(s / 2))[0]  # x = ln a
            assert says(word, time / lr)


@functools.lru_cache(64)
def slopes_of(depth, skip, beta, seed):
    """The outputs of a ReLU network at 256 inputs, and their slopes carried back from the output."""
    dice, x = np.random.default_rng([seed, depth]), np.linspace(-2, 2, 256)
    first, shift = dice.normal(size=(2, 100))
    h, layers = x[:, None] * first + shift, []
    for _ in range(depth):
        W, on = math.sqrt(1 / 50) * dice.normal(size=(100, 100)), h > 0
        layers.append((W, on))
        h = (h if skip else 0) + (beta if skip else 1) * (h * on) @ W
    back = np.tile(dice.normal(size=100) / 10, (256, 1))
    f = (h * back).sum(-1)
    for W, on in reversed(layers):
        back = (back if skip else 0) + (beta if skip else 1) * (back @ W.T) * on
    return f, back @ first


def shattered(values, seen, caption, t):
    """How alike slopes at a distance are, from derivatives carried back, pair by pair."""
    depth, skip, beta, seed = (values[name] for name in ("depth", "shortcuts", "branch", "seed"))
    f, slope = slopes_of(depth, skip, beta, seed)
    assert np.allclose(f, seen[4], rtol=1e-6, atol=1e-9 * np.abs(f).max()) and seen[:3] == (depth, skip, beta)
    assert np.allclose(slope, seen[5], rtol=1e-6, atol=1e-9 * np.abs(slope).max())
    layers, s, kind, factor, near, far = fields(
        r"# layer(s?), (no shortcuts|shortcuts, β = #): the derivative at the next of 256 inputs is alike to #, ten "
        r"inputs on to # \(1: the same; 0: unrelated\)\.",
        caption,
    )
    assert int(layers) == depth and (s == "s") == (depth > 1) and kind.startswith("no") == (not skip)
    assert not factor or wrote(factor, beta)
    off = [one - sum(slope) / 256 for one in slope]
    power = sum(one * one for one in off) / 256
    for words, lag in ((near, 1), (far, 10)):
        both = [a * b for a, b in zip(off, off[lag:], strict=False)]
        assert wrote(words, sum(both) / len(both) / power, 2)


def small(w, X, y):
    """The parts of a network 64-16-10 with ReLU, what its hidden units do, its probabilities, and its loss."""
    W1, b1, W2, b2 = np.split(w, [1024, 1040, 1200])
    W1, W2 = W1.reshape(64, 16), W2.reshape(16, 10)
    z = X @ W1 + b1
    out = np.maximum(z, 0) @ W2 + b2
    return W1, W2, z, softmax(out, -1), -log_softmax(out, -1)[np.arange(len(y)), y].mean()


@functools.cache
def seen_through(alpha):
    """The loss of the rescaled network, the largest eigenvalue from derivatives by hand, and two losses beside it."""
    data, w = digits(), experiments.small_net()[1].copy()
    X, y = data.X[:400], data.y[:400]
    length = math.sqrt((w * w).sum())
    w[:1040], w[1040:1200] = w[:1040] * alpha, w[1040:1200] / alpha
    _, W2, z, p, loss = small(w, X, y)
    h, on, d = np.maximum(z, 0), z > 0, (p - np.eye(10)[y]) / 400

    def bend(v):
        """The Hessian times v: how the gradient changes along v."""
        V1, c1, V2, c2 = np.split(v.ravel(), [1024, 1040, 1200])
        V1, V2 = V1.reshape(64, 16), V2.reshape(16, 10)
        dh = (X @ V1 + c1) * on
        out = dh @ W2 + h @ V2 + c2
        dp = p * (out - (p * out).sum(-1, keepdims=True)) / 400
        back = (dp @ W2.T + d @ V2.T) * on
        return np.concatenate([(X.T @ back).ravel(), back.sum(0), (dh.T @ d + h.T @ dp).ravel(), dp.sum(0)])

    top = eigsh(LinearOperator((1210, 1210), matvec=bend, dtype=float), k=1, which="LA", v0=np.ones(1210), tol=1e-8)
    g = np.random.default_rng(7).normal(size=1210)
    g[1024:1040] = g[1200:] = 0
    ends, dice, filters = [small(w + g / np.linalg.norm(g) * length, X, y)[4]], np.random.default_rng(7), 0 * w
    for here, shape in ((slice(0, 1024), (64, 16)), (slice(1040, 1200), (16, 10))):
        W, noise = w[here].reshape(shape), dice.standard_normal(shape)
        filters[here] = (noise * np.sqrt((W * W).sum(0) / (noise * noise).sum(0))).ravel()
    return loss, top[0][0], *ends, small(w + filters, X, y)[4]


def rescaled(values, seen, caption, t):
    """The loss for every α, the curvature by a Hessian of our own, and the losses at the end of both directions."""
    form = r"α = #: the loss is #, as for every α; the largest eigenvalue is #\. At the right end the loss is # along "
    alpha, loss, top, plain, filtered = fields(form + r"the direction as it is, and # filter-normalised\.", caption)
    by_hand = seen_through(values["alpha"])
    assert wrote(alpha, values["alpha"]) and wrote(loss, by_hand[0], 4)
    assert math.isclose(by_hand[0], seen_through(1.0)[0], rel_tol=1e-9)
    assert says(top, by_hand[1], 3) and wrote(plain, by_hand[2]) and wrote(filtered, by_hand[3])


CHECK = {"CutOut": cut_out, "Line": line, "Shattered": shattered, "Modes": modes, "Rescaled": rescaled}
COUNT = {"Shattered": 400}
