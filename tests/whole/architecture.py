"""What chapter 14 says of networks and trainings, counted by hand."""

import functools
import itertools
import math
import re

import numpy as np
from scipy.integrate import quad
from scipy.special import log_softmax, softmax
from whole.counting import says

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


CHECK = {"Line": line, "CutOut": cut_out, "Modes": modes}
