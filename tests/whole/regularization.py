"""What chapter 13 says of its fits and trainings, counted by hand."""

import functools

import numpy as np
from whole.counting import fields, says, value, wrote

from optim_core.chapters.regularization import experiments
from optim_core.data import digits
from optim_core.losses import one_hot


def share(words, part):
    """Whether some words are so many per cent, to a tenth of one."""
    return abs(float(words) - 100 * part) <= 0.05 + 1e-9


def knobs(values, seen, caption, t):
    """Patience counted back from each look; what it missed; what the last look saw."""
    run = seen[2]
    lam, first, biases, p, wrong, now, right, held, size, some, told = fields(
        r"λ = (\S+) \(first layer × ([\d.]+)(, biases as well)?\), p = (\S+), "
        r"each label wrong with probability (\d+) %\. "
        r"Step #: right on training digits # %, on held-out ones # %, ‖W₁‖ (?:= #|below 0\.001)\. "
        r"(With a|A) patience of (.*)\.",
        caption,
    )
    assert [float(lam), float(first), bool(biases), float(p), float(wrong) / 100] == [
        values[name] for name in ("penalty", "first_layer", "biases", "p", "wrong")
    ]
    assert run.t == [20 * k for k in range(len(run.t))] and value(now)[0] == run.t[-1]
    assert share(right, run.seen[-1]) and share(held, run.right[-1])
    assert says(size, run.size[-1], 3) if size else run.size[-1] <= 1e-3
    losses, patience = run.test_loss, values["patience"]
    looks, told = told.split(" look", 1)
    assert looks == str(patience) and told.startswith("s") == (patience > 1)
    told = told.removeprefix("s")
    lows = [min(losses[: k + 1]) for k in range(len(losses))]
    ends = [k for k in range(patience, len(losses)) if lows[k] == lows[k - patience]]
    best = losses.index(min(losses[: ends[0] + 1] if ends else losses))
    assert (some == "With a") == bool(ends)
    if not ends:
        at, right = fields(r" has not run out; the lowest held-out loss so far is at step #: # % right", told)
    else:
        end, at, right, later, then = fields(
            r" it ends at step #, with the weights of step #: # % right"
            r"(?:; the lowest held-out loss came later, at step #: # % right)?",
            told,
        )
        low = losses.index(min(losses))
        assert value(end)[0] == run.t[ends[0]] and bool(later) == (low > ends[0])
        assert not later or (value(later)[0] == run.t[low] and share(then, run.right[low]))
    assert value(at)[0] == run.t[best] and share(right, run.right[best])


def late(values, seen, caption, t):
    """Which shares are right after the last step that was looked at."""
    grown = seen[2]
    part = r"λ = {}: # % of the training digits, # % of the others"
    start, lr, when, steps, *told = fields(
        r"(A usual start|Start \d+ times as large), η = #\. (After # steps?|Before the first step) these are right: "
        + "; ".join(part.format(lam) for lam in ("0", r"0\.1", r"0\.3"))
        + r"\.",
        caption,
    )
    if values["start_scale"] == 1:
        assert start == "A usual start"
    else:
        assert start == f"Start {values['start_scale']} times as large"
    assert (value(steps)[0] if steps else 0) == grown.t[-1] and when.endswith("s") == (steps not in (None, "1"))
    assert says(lr, values["lr"], 3)
    for k in range(3):
        assert share(told[2 * k], grown.seen[-1][k, 0]) and share(told[2 * k + 1], grown.right[-1][k, 0])


def double_descent(values, seen, caption, t):
    """The lowest error below p = n, the highest from there on, the lowest above, each of the first that has it."""
    sweep, k = seen[2], [0.0, 0.01, 0.1, 1.0, 10.0, 100.0].index(values["penalty"])
    lam, wrong, low, p_low, none, high, p_high, no_higher, end, p_end = fields(
        r"λ = #, each label wrong with probability # %\. "
        r"Held out: lowest below p = n: # % \(p = #\); (?:(no p above n yet)|"
        r"(?:highest from there on: # % \(p = #\)|(not higher from there on)); lowest above: # % \(p = #\))\.",
        caption,
    )
    assert says(lam, values["penalty"], 3) and share(wrong, values["wrong"])
    errors = [(p, held[k]) for p, held in zip(sweep.p, sweep.wrong, strict=True)]
    least, at = min((error, p) for p, error in errors if p < 200)
    assert share(low, least) and value(p_low)[0] == at
    above = [(error, p) for p, error in errors if p > 200]
    assert bool(none) == (not above)
    if above:
        most, where = min((-error, p) for p, error in errors if p >= at)
        assert bool(no_higher) == (-most <= least)
        assert no_higher or (share(high, -most) and value(p_high)[0] == where)
        assert share(end, min(above)[0]) and value(p_end)[0] == min(above)[1]
    for p in {sweep.p[-1], at} - {p for p in sweep.p if p > 400 or not values["penalty"]}:
        held = [held for q, held in errors if q == p]
        assert abs(held[0] - held_out(p, values["penalty"], values["wrong"])) < 2e-3


@functools.cache
def drawn(wrong, p):
    """Features of 200 digits and of the held-out ones, with the labels of both."""
    data, V = digits(200, 0, noise=wrong), np.random.default_rng([0, 1])
    V = V.standard_normal((4000 if p <= 400 else p, 64)).T / 4
    return *(np.maximum(X @ V[:, :p], 0) for X in (data.X, data.X_test)), data.y, data.y_test


@functools.cache
def held_out(p, lam, wrong):
    """The share of held-out digits that ridge on p features gets wrong: from its normal equations."""
    A, B, y, y_test = drawn(wrong, p)
    W = np.linalg.solve(A.T @ A + lam * np.eye(p), A.T @ one_hot(y, 10))
    return np.mean((B @ W).argmax(-1) != y_test)


def shrink_or_stop(values, seen, caption, t):
    """The largest gap over two grids of directions; the best of all tried; that of λ from its own equations."""
    stop, c = values["stop"], values["match"]
    steps, match, gap, where, wrong, best_t, at, best_lam, how = fields(
        r"t = #, λ = #/\(ηt\)\. The two parts differ most, by #, at ηht = #\. Each label wrong with probability # %: "
        r"the best t gets # % of the held-out digits wrong, at t = #; the best λ # %, at 1/\(ηλ\) = #\.",
        caption,
    )
    assert says(steps, stop, 3) and says(match, c, 3) and share(wrong, values["wrong"])

    def apart(x):
        return np.abs(1 - (1 - x / stop) ** stop - x / (x + c))

    x = np.unique(np.concatenate([np.linspace(0, min(stop, 30), 20001), np.geomspace(1e-6, stop, 20001)]))
    most, said = apart(x).max(), value(where)[0]
    assert abs(float(gap) - most) <= 0.005 + 1e-6 and said == float(f"{said:.2g}")
    assert says(where, x[apart(x).argmax()], 2) or apart(min(said, stop)) > most - 1e-5
    times = [10 ** (k / 10) for k in range(61)]
    for told, place, errors in ((best_t, at, seen[3][1]), (best_lam, how, seen[3][2])):
        least, when = min(zip(errors, times, strict=True))
        assert share(told, least) and says(place, when, 2)
    assert abs(float(best_lam) / 100 - by_ridge(values["wrong"], min(zip(errors, range(61), strict=True))[1])) < 2e-3


@functools.cache
def by_ridge(wrong, k):
    """The share of held-out digits that ridge on 1000 features gets wrong with 1/(ηλ) = 10^(k/10), η = 1/h_max."""
    data = digits(200, 0, noise=wrong)
    V = np.random.default_rng([0, 1]).standard_normal((1000, 64)).T / 4
    A, B = np.maximum(data.X @ V, 0), np.maximum(data.X_test @ V, 0)
    lam = np.linalg.norm(A, 2) ** 2 / 10 ** (k / 10)
    C = np.linalg.solve(A @ A.T + lam * np.eye(200), one_hot(data.y, 10))
    return np.mean((B @ A.T @ C).argmax(-1) != data.y_test)


def dropping(values, seen, caption, t):
    """The sum's mean and spread in theory and as drawn; each weight's part; that of L2 by least squares."""
    p, lam, sums, left = values["p"], values["decay"], seen[2], seen[4]
    told, rule, mean, std, test, part, stays, weak, low, high = fields(
        r"p = #, (.*?)\. The sum is # ± # in training and # at test\. "
        r"Inverted dropout leaves # of each weight \(1 − p = #\); "
        r"L2 with λ = # leaves # to #\.",
        caption,
    )
    assert says(told, p, 3) and rule == values["rule"] and says(stays, 1 - p, 2) and says(weak, lam, 3)
    assert says(mean, np.mean(sums), 3) and says(std, np.std(sums), 2) and test == "10"
    each = 0.2 + 0.6 * np.random.default_rng(0).standard_normal(50)
    each += (10 - each.sum()) / 50
    factor = {"i": 1 / (1 - p), "n": 1.0, "d": 1 / p}[rule[0]]
    spread = factor * np.sqrt(p * (1 - p) * (each**2).sum())
    assert abs(np.mean(sums) - factor * (1 - p) * 10) < 4 * spread / 4000**0.5 and abs(np.std(sums) / spread - 1) < 0.06
    assert np.abs(left - value(part)[0]).max() < 0.03 and np.abs(left - (1 - p)).max() < 0.03
    assert says(part, np.mean(left), 2)
    for words, size in ((low, 0.1), (high, 10.0)):
        (one,) = np.linalg.lstsq(np.array([[size], [lam**0.5]]), np.array([size, 0.0]))[0]
        assert says(words, one, 2)


def averages(values, seen, caption, t):
    """σ², ρ, errors and shares of the sixteen, trained anew and counted member by member."""
    M, differ, one = values["members"], values["differ"], seen[3]
    count, what, wrong, variance, rho, error, formula, right, averaged = fields(
        r"# of 16 networks that differ in (.*?); each label wrong with probability # %\. "
        r"σ² = #, ρ = #\. Squared error of the mean # "
        r"\(formula #\)\. Right: mean of probabilities # %, mean of weights # %\.",
        caption,
    )
    assert value(count)[0] == M and what == differ and share(wrong, values["wrong"])
    p, of_weights, y = sixteen(differ, values["wrong"])
    off = (p - one_hot(y, 10)).transpose(1, 0, 2)  # (examples, members, classes)
    both = np.mean([each @ each.T for each in off], axis=0)  # products of two members' errors
    own, pairs = np.mean(np.diag(both)), np.mean(both[~np.eye(16, dtype=bool)])
    assert says(variance, own, 3) and says(rho, pairs / own, 2)
    assert says(formula, own / M + (1 - 1 / M) * pairs, 3)
    assert says(error, one.brier[0, M - 1], 3) and abs(one.brier[0, M - 1] / (own / M + (1 - 1 / M) * pairs) - 1) < 0.03
    assert share(right, np.mean(p[:M].mean(0).argmax(-1) == y)) and share(averaged, of_weights[M - 1])


@functools.cache
def sixteen(differ, wrong):
    """Probabilities of sixteen networks for the held-out digits, and what is right with the mean of M of their weights.

    Trained without the package's networks; only the first weights are drawn by it.
    """
    from optim_core.network import Linear, Network, Tanh

    net, data, rng = Network([Linear(64, 32), Tanh(), Linear(32, 10)]), digits(100, 0, noise=wrong), [0, 5]
    some = np.random.default_rng(rng).integers(100, size=(16, 100))
    if differ == "initial weights":
        some[:] = np.arange(100)
    w = np.stack([net.init([0, 0 if differ == "examples" else m + 1]) for m in range(16)])
    V, a, W, b = (part.reshape(16, *shape) for part, shape in zip(
        np.split(w, np.cumsum([64 * 32, 32, 320]), axis=1), [(64, 32), (1, 32), (32, 10), (1, 10)], strict=True
    ))  # fmt: skip
    X, Y = data.X[some], one_hot(data.y[some], 10)

    def answers(X, V, a, W, b):
        h = np.tanh(X @ V + a)
        e = np.exp(h @ W + b)
        return h, e / e.sum(-1, keepdims=True)

    for _ in range(100):
        h, p = answers(X, V, a, W, b)
        d = (p - Y) / 100
        back = (d @ W.swapaxes(1, 2)) * (1 - h**2)
        W, b = W - h.swapaxes(1, 2) @ d, b - d.sum(1, keepdims=True)
        V, a = V - X.swapaxes(1, 2) @ back, a - back.sum(1, keepdims=True)
    X, y = data.X_test[:600], data.y_test[:600]
    means = [answers(X, *(part[:M].mean(0) for part in (V, a, W, b)))[1] for M in range(1, 17)]
    return answers(X, V, a, W, b)[1], [np.mean(p.argmax(-1) == y) for p in means], y


def decays(values, seen, caption, t):
    """Adam with the decay in its gradient and outside of it, step by step from the same noise."""
    lr, lam, sigma = values["lr"], values["decay"], np.array([values["noise1"], values["noise2"]])
    some = r"#(?: ± #)?"
    told = fields(
        r"η = #, λ = #; noise # in the gradient of w₁, # of w₂\. After 600 steps the decay alone leaves (#|less than "
        r"0\.01)\. Means of 50 runs, ± two standard errors \(if 0\.01 or more\): "
        rf"Adam \+ L2 w₁ = {some}, w₂ = {some}; AdamW w₁ = {some}, w₂ = {some}\.",
        caption,
    )
    assert all(says(words, x, 3) for words, x in zip(told[:4], (lr, lam, *sigma), strict=True))
    alone, means = 1.0, told[6:]
    for _ in range(600):
        alone -= lr * lam * alone
    assert abs(float(told[5]) - alone) <= 0.005001 if told[5] else alone <= 0.005001
    ends = np.concatenate([one[-1].T for one in seen[3].values()])  # (4, 50)
    assert np.allclose(ends, by_adam(lr, lam, *sigma), rtol=1e-6, atol=1e-9)
    for k, end in enumerate(ends):
        mean, error = end.sum() / 50, 2 * np.sqrt(((end - end.mean()) ** 2).sum() / 49 / 50)
        assert abs(value(means[2 * k])[0] - mean) <= 0.005001
        assert (
            abs(float(means[2 * k + 1]) - error) <= 0.005001 and error > 0.0099 if means[2 * k + 1] else error < 0.0101
        )


def by_adam(lr, lam, *sigma):
    """The last w₁ and w₂ of 50 runs, with L2 and then with decoupled decay, (4, 50)."""
    noise, ends = np.random.default_rng(0).standard_normal((600, 50, 2)) * sigma, []
    for inside, outside in ((lam, 0.0), (0.0, lam)):
        w, m, v = np.ones((50, 2)), 0.0, 0.0
        for t, g in enumerate(noise, start=1):
            g = g + inside * w
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - lr * outside * w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        ends += [*w.T]
    return np.array(ends)


def degrees(values, seen, caption, t):
    """Each degree fitted anew, with rows for the penalty; its errors; the first of the best."""
    degree, n, sigma, lam = (values[name] for name in ("degree", "samples", "sigma", "penalty"))
    *told, low, best = fields(
        r"Degree #, # points, σ = #, λ = #\. Mean squared error on the points (#|below 10⁻¹²), on new points "
        r"(#|below 10⁻¹²)\. The lowest of all degrees on new points: (#|below 10⁻¹²), degree #\.".replace(
            "(#|", "(?:#|"
        ),
        caption,
    )
    assert all(says(words, x, 3) for words, x in zip(told[:4], (degree, n, sigma, lam), strict=True))
    x, grid = np.linspace(-1, 1, n), np.linspace(-1, 1, 201)
    y = np.sin(3 * x) + sigma * np.random.default_rng(0).standard_normal(n)
    on, new = [], []
    for d in range(16):
        A, B = (np.polynomial.legendre.legvander(at, d) for at in (x, grid))
        rows = np.sqrt(lam) * np.eye(d + 1)[1:]
        w = np.linalg.pinv(np.vstack([A, rows]) if lam else A) @ (np.append(y, np.zeros(d)) if lam else y)
        on.append(np.mean((A @ w - y) ** 2))
        new.append(np.mean((B @ w - np.sin(3 * grid)) ** 2) + sigma**2)

    def said(words, error):
        return says(words, error, 3) if words else error < 1.001e-12

    assert said(told[4], on[degree]) and said(told[5], new[degree]) and said(low, new[int(best)])
    assert all(new[int(best)] <= error * (1 + 2e-6) + 1e-24 for error in new)
    assert all(new[int(best)] < error * (1 - 5e-7) for error in new[: int(best)])


def sums(values, seen, caption, t):
    """Mean and spread of what is left of the unit's sum, mask by mask, and that theory has about the same."""
    p, numbers = values["p"], experiments.unit()
    said, mean, spread = fields(r"p = #\. The sum in training: ours # ± #\.", caption)  # a blank in the student's
    left = [sum(x / (1 - p) for x, u in zip(numbers, row, strict=True) if u >= p)
            for row in np.random.default_rng(1).random((2000, len(numbers)))]  # fmt: skip
    off = np.sqrt(sum((one - sum(left) / 2000) ** 2 for one in left) / 2000)
    assert wrote(said, p) and wrote(mean, sum(left) / 2000)
    assert wrote(spread, off, 2) or (spread == "0" and off < 1e-12)
    theory = np.sqrt(p / (1 - p) * sum(x * x for x in numbers))
    assert (
        abs(sum(left) / 2000 - sum(numbers)) < 4 * theory / np.sqrt(2000) + 1e-9 and abs(off - theory) <= 0.1 * theory
    )


CHECK = {
    "Degrees": degrees,
    "DoubleDescent": double_descent,
    "Knobs": knobs,
    "Decays": decays,
    "ShrinkOrStop": shrink_or_stop,
    "Dropping": dropping,
    "Averages": averages,
    "Late": late,
    "Sums": sums,
}
COUNT = {"Knobs": 2400}
