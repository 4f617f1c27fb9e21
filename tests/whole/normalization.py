"""What chapter 10 says of runs, of blocks and of batches, counted by hand."""

import functools
import itertools
import math
import re

import numpy as np
from whole.counting import fields, says, wrote

from optim_core.chapters.normalization.experiments import block, trained
from optim_core.data import digits
from optim_core.scenes.board import number


def preparation(values, seen, caption, t):
    """The condition number and the loss from the eigenvalues alone, and when it has come down to a millionth."""
    (spread, mean, centre, rescale), _, _, runs = seen
    given = [values[name] for name in ("spread", "mean", "centre", "rescale")]
    assert [spread, mean, centre, rescale] == given
    done = {(0, 0): "as it is", (1, 0): "minus its mean", (0, 1): "over its spread"}
    done = done.get((centre, rescale), "minus its mean, over its spread")
    s, m = (1.0 if rescale else spread), 0.0 if centre else mean / spread if rescale else mean
    kappa, rate, rest = re.fullmatch(
        rf"A feature with spread {re.escape(number(spread))} and mean {re.escape(number(mean))}, {done}: κ = (.*?)\. "
        rf"Its best constant rate is η = 2/\(λ_min \+ λ_max\) = (.*?)\. Step {t} of 100(.*)\.", caption,
    ).groups()  # fmt: skip
    high = np.linalg.eigvalsh([[s * s + m * m, m], [m, 1.0]])[1]
    low = s * s / high  # the determinant is s²: more exact than a difference
    assert says(kappa, high / low, 3) and says(rate, 2 / (low + high), 3)

    def left(step):
        """Of the loss at the start: at this rate 1 − ηλ is as large for both directions, with another sign."""
        return ((high - low) / (high + low)) ** (2 * step)

    if not any(values["start"]):
        assert rest == ". The start is the minimum: the loss is 0 from the beginning"
        return
    words, end = re.fullmatch(r": (.*?) of the loss at the start is left(?:\. (.*))?", rest).groups()
    now = left(t)
    assert words == "all" if t == 0 else now < 1.01e-12 if words == "less than 10⁻¹²" else says(words, now, 2)
    step = next((k for k in range(t + 1) if left(k) <= 1e-6), None)
    if end and end.startswith("A millionth is reached at step"):
        assert end == f"A millionth is reached at step {step}"
    else:
        assert step is None and end == ("A millionth is not reached within 100 steps" if t == 100 else None)


def outputs(X, w, running=None):
    """The network 64-32-10 with batch normalization before tanh, by plain matrices, at the weights w."""
    W1, b1, gamma, beta, W2, b2 = np.split(w, np.cumsum([2048, 32, 32, 32, 320]))
    z = X @ W1.reshape(64, 32) + b1
    mean, var = (z.mean(0), z.var(0)) if running is None else (running["mean"][0], running["var"][0])
    return np.tanh(gamma * (z - mean) / np.sqrt(var + 1e-5) + beta) @ W2.reshape(32, 10) + b2


def companions(values, seen, caption, t):
    """Right answers and spread of thirty batches by plain matrices, and what evaluation mode answers."""
    example, size, alike, label, draws, _ = seen
    assert (example, size, alike) == tuple(values[name] for name in ("example", "batch", "alike"))
    data, (w, running) = digits(), trained()
    label = int(data.y_test[example])
    a, beside = "an" if label == 8 else "a", f"{size - 1} companion{'' if size == 2 else 's'}"
    beside += " of its own class" if alike else " at random"
    right, spread, answer = re.fullmatch(
        rf"Held-out digit no\. {example}, {a} {label}, in a batch of {size}, beside {beside}: "
        rf"(\d+) of 30 draws answer {label}; the outputs spread by (.*?)\. Evaluation mode answers (\d)\.", caption,
    ).groups()  # fmt: skip
    others = [k for k in range(len(data.y_test)) if k != example and (not alike or data.y_test[k] == label)]
    dice, by_hand = np.random.default_rng([example, size, int(alike)]), []
    for _ in range(30):
        some = dice.choice(others, size - 1, replace=size - 1 > len(others))
        by_hand.append(outputs(data.X_test[[example, *some]], w[0])[0])
    assert np.allclose(by_hand, draws)
    assert int(right) == sum(one.argmax() == label for one in by_hand)
    spreads = [math.sqrt(sum((x - sum(xs) / 30) ** 2 for x in xs) / 30) for xs in zip(*by_hand, strict=True)]
    assert says(spread, sum(spreads) / 10, 2)
    assert int(answer) == outputs(data.X_test[[example]], w[0], running[1])[0].argmax()


def of_block(x, kind, gamma, offset):
    """The block normalised cell by cell, in lists: {(row, column): (value, the cells of its set)}, from 1."""
    cells = {(r, c): x[r - 1, (c - 1) // 5, (c - 1) % 5] for r, c in itertools.product(range(1, 5), range(1, 16))}
    alike = {
        "batch": lambda one, other: (one[1] - 1) // 5 == (other[1] - 1) // 5,
        "layer": lambda one, other: one[0] == other[0],
        "instance": lambda one, other: one[0] == other[0] and (one[1] - 1) // 5 == (other[1] - 1) // 5,
        "weight": lambda one, other: one[1] == other[1],
    }[kind]
    after = {}
    for one, value in cells.items():
        group = [other for other in cells if alike(one, other)]
        numbers = [cells[other] for other in group]
        mean = sum(numbers) / len(numbers)
        size = math.sqrt(sum((v - mean) ** 2 for v in numbers) / len(numbers))
        after[one] = gamma * (value - mean) / size + offset, group
        if kind == "weight":
            after[one] = gamma * value / math.hypot(*numbers), group
    return cells, after


@functools.cache
def changed(kind, gamma):
    """How many results of rows 2 to 4 another row 1 changes; β moves all of them alike."""
    x = block()
    plain, double = (of_block(np.concatenate([k * x[:1], x[1:]]), kind, gamma, 0.0)[1] for k in (1, 2))
    return sum(abs(plain[one][0] - double[one][0]) > 1e-9 for one in plain if one[0] > 1)


def rounded(words, one):
    """Whether some words are this number with two decimals at most, but for a last digit that rounding decides."""
    return words in {number(round(one + k * 1e-9, 2) + 0.0) for k in (-1, 0, 1)}


def blocks(values, seen, caption, t):
    """Mean and spread, or length, of the cells that belong together, before and after, and what doubling changes."""
    kind, row, column, doubled, gamma, beta = (
        values[name] for name in ("kind", "row", "column", "doubled", "gamma", "offset")
    )
    x = block()
    cells, after = of_block(np.concatenate([(1 + doubled) * x[:1], x[1:]]), kind, gamma, beta)
    group = after[row, column][1]
    sizes = [(np.mean(some), np.std(some), math.hypot(*some))
             for some in ([cells[one] for one in group], [after[one][0] for one in group])]  # fmt: skip
    form = rf"{kind.capitalize()} norm, row #, column #: (.*) Row 1 is (doubled|as it was); doubling it changes "
    r, c, what, state, many = fields(form + r"(none|#) of the 45 results in the other rows\.", caption)[:5]
    assert (int(r), int(c), state) == (row, column, "doubled" if doubled else "as it was")
    assert many == (str(changed(kind, gamma)) if changed(kind, gamma) else "none")
    if kind == "weight":
        said = r"read as weights, a row is an input and a column an output\. The column is # long before and # after, "
        before, then, g = fields(said + r"which is g = γ = #\. β does not touch weights\.", what)
        assert wrote(before, sizes[0][2]) and wrote(then, sizes[1][2]) and wrote(g, gamma)
        assert math.isclose(sizes[1][2], gamma, abs_tol=1e-9)
        return
    n, *four = fields(r"# numbers share a mean and a spread: # and # before, # and # after \(β and γ\)\.", what)
    assert int(n) == len(group) and all(map(rounded, four, [*sizes[0][:2], *sizes[1][:2]]))
    assert math.isclose(sizes[1][0], beta, abs_tol=1e-9) and math.isclose(sizes[1][1], gamma, abs_tol=1e-9)


@functools.cache
def sixty():
    """The centred examples of the unit, and their labels."""
    rng = np.random.default_rng(1)
    y = 2.0 * rng.integers(0, 2, 60) - 1
    X = np.stack([y + rng.normal(size=60), 0.3 * y + 2 * rng.normal(size=60)], -1)
    return X - X.mean(0), y


def of_angle(a):
    """The loss of the unit on the ray of each angle, and its derivative by the angle."""
    (X, y), a = sixty(), np.asarray(a, float)[..., None]
    z, dz = np.cos(a) * X[:, 0] + np.sin(a) * X[:, 1], -np.sin(a) * X[:, 0] + np.cos(a) * X[:, 1]
    s = np.sqrt((z * z).mean(-1, keepdims=True))
    e = 3 * y * z / s
    turn = dz / s - z * (z * dz).mean(-1, keepdims=True) / s**3
    return np.logaddexp(0, -e).mean(-1), (-3 * y * turn / (1 + np.exp(e))).mean(-1)


@functools.cache
def lowest():
    """The lowest loss of all rays, where the derivative changes its sign, and the curvature h there."""
    angles = np.linspace(-math.pi, math.pi, 3000)
    middle = angles[of_angle(angles)[0].argmin()]
    low, high = middle - 0.01, middle + 0.01
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if of_angle(middle)[1] > 0 else (middle, high)
    return float(of_angle(middle)[0]), float(np.diff(of_angle([middle - 1e-4, middle + 1e-4])[1])[0] / 2e-4)


def rays(values, seen, caption, t):
    """Each step by the derivative over the angle; loss, size and rate, on which side of the edge, and the bursts."""
    lr, decay, _, path, mine = seen
    assert (lr, decay) == (values["lr"], values["decay"])
    w, gone, (least, h) = path["w"], int(path["diverged"]), lowest()
    assert (w[0] == values["start"]).all() and len(w) == 201
    size = np.hypot(*w.T)
    loss, turn = of_angle(np.arctan2(w[:, 1], w[:, 0]))
    loss = np.where(size > 0, loss, math.log(2))  # at the origin ẑ is taken to be 0
    with np.errstate(all="ignore"):
        g = np.where(size > 0, turn / size * [-w[:, 1] / size, w[:, 0] / size], 0.0).T
        then = w - lr * (g + decay * w)
    good = slice(0, gone or 200)
    scale = np.abs(w[good]).max(-1, keepdims=True) * (1 + lr * decay) + lr * np.abs(g[good]).max(-1, keepdims=True)
    assert (np.abs(w[1:][good] - then[good]) <= 1e-9 * scale).all(), "the path is another one"
    out = ~(np.abs(w) <= 1e6).all(-1)
    assert not out[: gone or 201].any() and (not gone or out[gone] and (w[gone:] == w[gone]).all())
    form = r"Step # of 200, η = #, λ = #: the loss is (?:(within 10⁻⁹ of)|# above) its minimum; ‖w‖ is (.*?), "
    form += r"η/‖w‖² is (.*?), (?:(above|below) the edge \(1 − ηλ\)·2/h = #|and with ηλ ≥ 1 no rate is stable)\.(.*)"
    step, eta, lam, at, above, far, fast, side, edge, end = fields(form, caption)
    assert int(step) == t and wrote(eta, lr) and wrote(lam, decay)
    high = loss - least
    assert high[t] < 1.01e-9 if at else wrote(above, high[t]) or (high[t] < 1e-8 and says(above, high[t], 2))
    rate = lr / size[t] ** 2 if size[t] else math.inf
    assert (
        far == "beyond a million" if size[t] > 1e6 else far == "below 10⁻⁶" if size[t] < 1e-6 else wrote(far, size[t])
    )
    assert fast == "beyond a million" if rate > 1e6 else fast == "below 10⁻⁹" if rate < 1e-9 else wrote(fast, rate)
    border = (1 - lr * decay) * 2 / h
    assert (side is None) == (border <= 1e-12)
    if side:
        assert says(edge, border, 3) and (side == "above" if rate > border * 1.0001 else rate < border * 1.0001)
        assert side == "above" or rate <= border * 1.0001
    settled, bursts = False, []
    for k, one in enumerate(high[: t + 1]):
        if settled and one > 0.05:
            bursts.append(k)
            settled = False
        settled = settled or one < 1e-3
    if 0 < gone <= t:
        said = f" The run diverged at step {gone}."
    elif bursts:
        times = {1: "once", 2: "twice"}.get(len(bursts), f"{len(bursts)} times")
        said = f" The loss has burst {times}, first at step {bursts[0]}."
    else:
        ends = "within 10⁻³ of" if high[-1] <= 1e-3 else "more than 10⁻³ above"
        said = f" The run ends {ends} the minimum." * (t == 200)
    assert end == said + " Yours has a blank in it still." * (mine is not None)


CHECK = {"Preparation": preparation, "Block": blocks, "Companions": companions, "Rays": rays}
COUNT = {"Block": 600, "Rays": 400}
