"""What chapter 11 says of runs, counted by hand."""

import functools
import math
import re

import numpy as np
from scipy.special import softmax
from whole.counting import fields, says, wrote
from whole.walks import settles

from optim_core.chapters.losses.experiments import digit_networks
from optim_core.data import digits
from optim_core.scenes.board import decimals, number
from optim_core.training import batch_at


@functools.lru_cache(200)
def trained(loss, lr, s):
    """The network 64-32-10 by hand: right answers at every tenth of 200 updates, and at which one it left, if it did.

    A run has left where some weight is above a million; it stays there.
    """
    data, w = digits(), s * digit_networks()["cross-entropy"].init(seed=0, scheme="normal")
    W1, b1, W2, b2 = (np.array(part) for part in np.split(w, [64 * 32, 65 * 32, 65 * 32 + 320]))
    W1, W2, right, gone = W1.reshape(64, 32), W2.reshape(32, 10), [], 0
    for t in range(201):
        if t:
            some = batch_at(t, 1200, 64)
            X, Y = data.X[some], np.eye(10)[data.y[some]]
            h = np.tanh(X @ W1 + b1)
            z = h @ W2 + b2
            p = softmax(z, -1) if loss != "squared error, no softmax" else z
            d = p - Y if loss == "cross-entropy" else 2 * (p - Y)
            if loss == "squared error after softmax":
                d = p * (d - (d * p).sum(-1, keepdims=True))
            d = d / len(X)
            dh = d @ W2.T * (1 - h * h)
            if not gone:
                W1, b1, W2, b2 = W1 - lr * X.T @ dh, b1 - lr * dh.sum(0), W2 - lr * h.T @ d, b2 - lr * d.sum(0)
                gone = t * (not max(np.abs(part).max() for part in (W1, b1, W2, b2)) <= 1e6)
        if t % 10 == 0:
            right.append(np.mean((np.tanh(data.X_test @ W1 + b1) @ W2 + b2).argmax(-1) == data.y_test))
    return np.array(right), gone


def initial_scale(values, seen, caption, t):
    """Right answers at the last look until now, from networks trained by hand."""
    lr, scales, k, updates, runs = seen
    assert (lr, scales[k]) == (values["lr"], values["std"]) and updates.tolist() == [*range(0, 201, 10)]
    look = t // 10
    said = re.fullmatch(
        rf"After {10 * look} updates with η = {number(lr)} from weights of s = {number(scales[k])}: "
        + ", ".join(rf"{name}\s(\d+)\s%(?: \(diverged at update (\d+)\))?" for name in runs) + r"\.", caption,
    ).groups()  # fmt: skip
    for i, (name, (accuracy, diverged)) in enumerate(runs.items()):
        percent, end = said[2 * i : 2 * i + 2]
        right, gone = trained(name, lr, scales[k])
        assert np.abs(right - accuracy[:, k]).max() < 0.002, f"{name}: {right} by hand, {accuracy[:, k]}"
        assert gone == diverged[k] and end == (f"{gone}" if 0 < gone <= 10 * look else None)
        assert says(percent, 100 * accuracy[look, k])


STEPS = {  # (m, v, gradient, t, η) → the new (m, v) and what is added to w
    "gradient descent": lambda m, v, g, t, lr: (m, v, -lr * g),
    "momentum": lambda m, v, g, t, lr: (0.9 * m - lr * g, v, 0.9 * m - lr * g),
    "Adam": lambda m, v, g, t, lr: (
        m := 0.9 * m + 0.1 * g,
        v := 0.999 * v + 0.001 * g * g,
        -lr * m / (1 - 0.9**t) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8),
    ),
}


def of_margin(name, d):
    """The probability of the right class, what is missing to 1, and the slope dL/dd, where d = z₁ − z₂."""
    p, q = (1 / (1 + math.exp(-d)), 1 / (1 + math.exp(d))) if abs(d) < 700 else (float(d > 0), float(d < 0))
    return p, q, -q if name == "cross-entropy" else -4 * p * q * q


def probability(words, p, q):
    """Whether some words say this probability, or how little is missing."""
    if words == "less than 10⁻¹²":
        return p < 1e-12
    if words == "more than 1 − 10⁻¹²":
        return q < 1.01e-12
    if words.startswith("1 − "):  # what is missing is known as well as p is
        return q < 0.00101 and any(says(words[4:], q + slip, 3) for slip in (-2e-16, 0.0, 2e-16))
    return says(words, p, 3) and q > 0.00099


def two_losses(values, seen, caption, t):
    """Both paths number by number; since when the answer is sure; and steps far longer than η times the gradient."""
    (runs, lr), z = seen, values["z"]
    first = f"Step {t} of 200 from ({number(z[0])}, {number(z[1])}), η = {number(lr)}. "
    assert caption.startswith(first) and lr == values["lr"]
    rest, ends, leaps = caption.removeprefix(first), "", ""
    for name in ("cross-entropy", "squared error after softmax"):
        path, m, v, ds = [z], [0.0, 0.0], [0.0, 0.0], [z[0] - z[1]]
        for step in range(1, 201):
            slope, w = of_margin(name, ds[-1])[2], list(path[-1])
            for i, g in enumerate((slope, -slope)):
                m[i], v[i], move = STEPS[values["optimizer"]](m[i], v[i], g, step, lr)
                w[i] += move
            path.append(tuple(w))
            ds.append(w[0] - w[1])
        given = runs[name][1]["w"]
        assert np.allclose(path, given, rtol=1e-6, atol=1e-6) and not runs[name][1]["diverged"]
        ds = (given[:, 0] - given[:, 1]).tolist()
        p, q, slope = of_margin(name, ds[t])
        begin = f"{name.capitalize()}: probability of the right class "
        words = re.match(re.escape(begin) + r"(.*?), gradient norm (.*?)\.(?: |$)", rest)
        assert probability(words[1], p, q)
        norm = math.sqrt(2) * abs(slope)
        assert norm < 1e-12 if words[2] == "below 10⁻¹²" else norm > 0.99e-12 and says(words[2], norm, 2)
        rest = rest[words.end() :]
        sure = [of_margin(name, d)[0] > 0.9 for d in ds]
        since = 201 - next((k for k, one in enumerate(sure[::-1]) if not one), 201)
        if since <= min(t, 200):
            where = f"from step {since} to step 200" if since < 200 else "at step 200"
            ends += f"With {name} the right answer has a probability above 0.9 {where}. "
        if t:
            before = math.sqrt(2) * abs(of_margin(name, ds[t - 1])[2]) * lr
            stride = math.dist(given[t], given[t - 1])
            if stride > 1e-9 and before and stride / before > 100:
                leaps += f"On {name} the last step was (.*) times as long as η times the gradient. "
                far = stride / before
                said = re.search(rf"On {name} the last step was (.*?) times as long as", rest)[1]
                assert far >= 0.99e8 if said == "more than 10⁸" else says(said, far, 2)
    assert re.fullmatch((ends + leaps).rstrip(), rest)


def fixed(words, ones):
    """Whether some words are these numbers with two decimals, but for a last digit that rounding decides."""
    said = words.split(", ")
    return len(said) == len(ones) and all(
        one in {decimals(x + k * 1e-12) for k in (-1, 0, 1)} for one, x in zip(said, ones, strict=True)
    )


def softmax_bars(values, seen, caption, t):
    """Each probability from differences of logits alone, what is missing to 1, −ln p, its gradient, and the sigmoid."""
    right, classes = int(values["right"][6]) - 1, int(values["right"][-1])
    z, T = [values[f"z{i}"] + values["shift"] for i in range(1, classes + 1)], values["temperature"]
    others = [sum(math.exp((b - a) / T) for j, b in enumerate(z) if j != i) for i, a in enumerate(z)]
    p = [1 / (1 + one) for one in others]
    form = r"Logits \((.*?)\), T = #: p = \((.*?)\)\. For the right class # it is (.*?); the cross-entropy, −ln p, is "
    form += r"(.*?), and its gradient is (\(p − y\)/T, with )?p − y = \((.*?)\)\. "
    form += r"(p₁|Of the first two classes alone, class 1 has p₁/\(p₁ \+ p₂\)) = σ\(#\), which is (.*)\."
    logits, heat, shares, one, chance, loss, by_T, off, which, d, first = fields(form, caption)
    assert logits == ", ".join(number(round(a, 9) + 0.0) for a in z) and wrote(heat, T) and int(one) == right + 1
    assert fixed(shares, p) and probability(chance, p[right], others[right] / (1 + others[right]))
    L = math.log1p(others[right])
    assert loss == "below 10⁻¹²" if L < 1e-12 else wrote(loss, L)
    assert (by_T is not None) == (T != 1) and fixed(off, [a - (i == right) for i, a in enumerate(p)])
    up = [a + 1e-6 * (i == right) for i, a in enumerate(z)]  # by differences: the gradient has the factor 1/T
    slope = (math.log1p(sum(math.exp((b - up[right]) / T) for j, b in enumerate(up) if j != right)) - L) / 1e-6
    assert abs(slope - (p[right] - 1) / T) < 1e-4 * (1 + 1 / T**2)
    gap = (z[0] - z[1]) / T
    assert wrote(d, round(gap, 9) + 0.0) and (which == "p₁") == (classes == 2)
    assert probability(first, 1 / (1 + math.exp(-gap)), 1 / (1 + math.exp(gap)))


FIVE = np.array([-2.0, -1.0, 1.0, 2.0, 6.0])


def of_fit(name, signs, w):
    """The probabilities of five labels, and the gradient; (…, 5) and (…, 2), without overflow."""
    m = signs * (w[..., :1] * FIVE + w[..., 1:])
    e = np.exp(-np.abs(m))
    p, q = np.where(m > 0, 1, e) / (1 + e), np.where(m > 0, e, 1) / (1 + e)
    slope = (-q if name == "cross-entropy" else -4 * p * q * q) * signs / 5
    return m, p, np.stack([(slope * FIVE).sum(-1), slope.sum(-1)], -1)


def obeys(path, g, optimizer, lr):
    """Assert that each state of a path comes of the one before, g being the gradients there.

    Step by step: where theory's slope is 0, Adam makes of its last digits a step that can be seen.
    """

    def same(one, other):
        return np.allclose(one, other, rtol=1e-9, atol=1e-12)

    w, g, v = path["w"], g[:-1], path.get("v")
    step = np.diff(w, axis=0)
    if optimizer == "gradient descent":
        assert same(step, -lr * g)
    elif optimizer == "momentum":
        assert same(v[1:], 0.9 * v[:-1] - lr * g) and same(step, v[1:]) and not v[0].any()
    else:
        m, t = path["m"], np.arange(1, len(w))[:, None]
        assert same(m[1:], 0.9 * m[:-1] + 0.1 * g) and same(v[1:], 0.999 * v[:-1] + 0.001 * g * g)
        assert same(step, -lr * m[1:] / (1 - 0.9**t) / (np.sqrt(v[1:] / (1 - 0.999**t)) + 1e-8))
        assert not m[0].any() and not v[0].any()


def two_fits(values, seen, caption, t):
    """Both paths from the derivatives by the margin; how many labels are met, since when all are sure, and leaps."""
    runs, lr, x, y = seen
    labels = [0, 0, 1, 1, int(values["labels"] == "all labels are right")]
    assert lr == values["lr"] and list(x) == list(FIVE) and list(y) == labels
    signs, names = 2.0 * np.array(labels) - 1, ("cross-entropy", "squared error after sigmoid")
    assert tuple(runs) == names
    form = r"Step # of 200 from \(#, #\), η = #\. "
    form += r"Cross-entropy meets # of 5 labels, gradient norm (.*?)\. "
    form += r"Squared error after sigmoid meets # of 5 labels, gradient norm (.*?)\.(?: ((?:With|On) .*))?"
    step, *start, rate, met, norm, met_too, norm_too, rest = fields(form, caption)
    assert int(step) == t and wrote(rate, lr) and all(map(wrote, start, values["start"]))
    ends = leaps = ""
    for name, many, size in zip(names, (met, met_too), (norm, norm_too), strict=True):
        path = runs[name][1]
        assert (path["w"][0] == values["start"]).all() and not path["diverged"]
        margins, p, g = of_fit(name, signs, path["w"])
        obeys(path, g, values["optimizer"], lr)
        assert (margins[t] > 1e-12).sum() <= int(many) <= (margins[t] > -1e-12).sum()
        norms = np.linalg.norm(g, axis=-1)
        assert size == "below 10⁻¹²" if norms[t] < 1e-12 else wrote(size, norms[t], 2)
        since = settles((p > 0.9).all(-1))
        if since is not None and since <= t:
            where = f"from step {since} to step 200" if since < 200 else "at step 200"
            ends += f"With {name} all labels have a probability above 0.9 {where}. "
        stride = math.dist(path["w"][t], path["w"][t - 1]) if t else 0
        if stride > 1e-9 and stride > 100 * lr * norms[t - 1]:
            said = re.search(rf"On {name} the last step was (.*?) times as long", caption)[1]
            far = stride / (lr * norms[t - 1])
            assert far >= 0.99e8 if said == "more than 10⁸" else wrote(said, far, 2)
            leaps += f"On {name} the last step was {said} times as long as η times the gradient. "
    assert (rest or "") == (ends + leaps).rstrip()


def margin(values, seen, caption, t):
    """The probability, both losses and both slopes of a margin, and the slopes by differences of the losses."""
    m = values["margin"]
    losses = {"cross-entropy": lambda m: math.log1p(math.exp(-m)), "squared": lambda m: 2 / (1 + math.exp(m)) ** 2}
    form = "Margin #, so that the right class has p = (.*?): cross-entropy # with slope #, squared error after softmax "
    at, chance, *four = fields(form + r"# with slope #\.", caption)
    assert at == number(round(m, 9) + 0.0)
    assert probability(chance, 1 / (1 + math.exp(-m)), 1 / (1 + math.exp(m)))
    for name, loss, slope in zip(losses, four[::2], four[1::2], strict=True):
        L, by_m = losses[name], of_margin(name, m)[2]
        assert wrote(loss, L(m)) and wrote(slope, by_m)
        assert math.isclose((L(m + 1e-4) - L(m - 1e-4)) / 2e-4, by_m, rel_tol=1e-5)


CHECK = {
    "SoftmaxBars": softmax_bars,
    "TwoLosses": two_losses,
    "Margin": margin,
    "TwoFits": two_fits,
    "InitialScale": initial_scale,
}
COUNT = {"SoftmaxBars": 1000, "TwoFits": 400}
