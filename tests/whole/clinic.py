"""What chapter 15 says of trainings, counted by hand."""

import functools
import itertools
import math
import re

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal
from scipy.special import log_softmax, softmax
from scipy.stats import ttest_ind
from whole.counting import says, value

from optim_core.chapters.clinic import experiments
from optim_core.scenes.board import number


def mean_and_spread(words, shares):
    """Whether "97.0 ± 0.4 %" are the mean of some shares and their spread, with n − 1."""
    mean = sum(shares) / len(shares)
    spread = (sum((one - mean) ** 2 for one in shares) / (len(shares) - 1)) ** 0.5
    said = re.fullmatch(r"(\d+\.\d) ± (\S+) %", words).groups()
    return says(said[0], 100 * mean) and (says(said[1], 100 * spread) if len({*shares}) > 1 else said[1] == "0")


def beat(values, seen, caption, t):
    """Means and spreads over the seeds, Welch's t of the two at the end, and runs that no longer move."""
    lr, mu, plan, losses, right, gone = seen
    assert (lr, mu, plan) == (values["lr"], values["mu"], values["plan"])
    mine, adam, steps, end = re.fullmatch(
        rf"Momentum, η = {re.escape(number(lr))}, μ = {re.escape(number(mu))}, {plan}, after (\d+) steps: "
        r"(.*?) of the held-out digits right \(mean ± standard deviation of five seeds\); "
        r"Adam with η = 0\.03, at the end: (.*?)\. (.*)", caption,
    ).group(2, 3, 1, 4)  # fmt: skip
    best = experiments.baseline(0.03)[1]
    assert mean_and_spread(mine, right) and mean_and_spread(adam, best) and int(steps) == 20 * (len(losses) - 1)
    verdict, count = re.fullmatch(r"(.*?\.)(?: Diverged: (\d) of 5\.)?", end).groups()
    if int(steps) < 200:
        assert verdict == "It is still training."
    else:
        apart = ttest_ind(right, best, equal_var=False).statistic
        ahead = "Momentum" if apart > 2 else "Adam" if apart < -2 else None
        words = f"{ahead} is ahead by more than two standard errors."
        assert verdict == (words if ahead else "Five seeds do not tell the two apart.")
    assert int(count or 0) == gone
    if len(losses) > 2:  # who has left the range stays where it was
        assert gone >= sum(losses[-1] == losses[-2])
        assert gone <= sum((losses[-1] == losses[-2]) | (losses[-1] != losses[-1]) | (losses[-1] > 1))


SLIP = 1e-9


class Hand:
    """A network as plain matrices: what comes out, and the gradient, at the weights w.

    training: batch normalization takes the batch's own mean and variance, and dropout draws what it drops.
    """

    def __init__(self, chart, running=None, training=False, seed=0, step=0):
        self.net, self.running, self.training, self.seed, self.step = chart.net, running, training, seed, step

    def layers(self, w, X, on=None):
        """The layers one after another: name, what goes in, and what the way back needs; on: which units pass."""
        depth = len(self.net.layers)
        for i, (layer, here) in enumerate(zip(self.net.layers, self.net.places, strict=True)):
            name, part, x, more = layer.equation.__name__, w[here], X, None
            if name == "linear":
                n, m = layer.size
                X, more = x @ part[: n * m].reshape(n, m) + part[n * m :], part[: n * m].reshape(n, m)
            elif name == "relu":
                more = x > 0 if on is None else on
                X = x * more
            elif name == "dropout" and self.training:
                drawn = np.random.default_rng([self.seed, depth - i, self.step]).random(x.shape[-2:])
                more = (drawn >= 0.5) * 2.0
                X = x * more
            elif name == "batch_norm":
                m, v = self.running[i].values() if not self.training else (x.mean(-2), x.var(-2))
                m, s = m[..., None, :] if self.training else m, np.sqrt(v + 1e-5)
                s = s[..., None, :] if self.training else s
                gamma, beta = np.split(part, 2)
                X, more = gamma * (x - m) / s + beta, (gamma, (x - m) / s, s)
            elif name == "softmax":
                X = more = softmax(x, -1)
            yield name, x, more
        yield "end", X, None

    def outputs(self, w, X):
        (*_, (_, z, _)) = self.layers(w, X)
        return z

    def gradient(self, w, X, y, on=None):
        """Of the cross-entropy, layer by layer from the last to the first."""
        *layers, (_, z, _) = self.layers(w, X, on)
        d, parts = (softmax(z, -1) - np.eye(10)[y]) / len(y), []
        for name, x, more in reversed(layers):
            if name == "linear":
                parts[:0] = [(x.T @ d).ravel(), d.sum(0)]
                d = d @ more.T
            elif name == "batch_norm":
                gamma, xhat, s = more
                parts[:0] = [(d * xhat).sum(0), d.sum(0)]
                d = gamma * d
                d = (d - d.mean(0) - xhat * (d * xhat).mean(0) if self.training else d) / s
            elif name == "softmax":
                d = more * (d - (more * d).sum(-1, keepdims=True))
            elif more is not None:
                d = d * more
        return np.concatenate(parts)


def answers(chart, X, k=-1, asked=0):
    """The class for each row, asked as this training asks: if in training mode, then twenty by twenty."""
    w, training = chart.w[k], chart.recipe.test["train"]
    if not training:
        return Hand(chart, chart.running[k]).outputs(w, X).argmax(-1)
    batches = [X[b : b + 20] for b in range(0, len(X), 20)]
    step = [asked + (len(one) < 20 and len(X) > 20) for one in batches]  # what is left over draws anew
    return np.concatenate([Hand(chart, None, True, 1000, s).outputs(w, one).argmax(-1)
                           for one, s in zip(batches, step, strict=True)])  # fmt: skip


def top_curvature(chart, k):
    """The largest eigenvalue of the Hessian on fifty digits, by Lanczos' method, from differences of gradients."""
    hand, w, (X, y) = Hand(chart, chart.running[k]), chart.w[k], chart.some
    X, y = X[:50], y[:50]
    on = next(x > 0 for name, x, _ in hand.layers(w, X) if name == "relu")  # no unit switches on the way
    basis, diagonal, beside = [np.random.default_rng(1).normal(size=w.size)], [], []
    basis[0] /= np.linalg.norm(basis[0])
    e = 1e-4 / max(1, np.abs(X).max())
    top = [np.inf, np.inf]
    while len(basis) < 200 and abs(top[-1] - top[-2]) > 1e-6 * abs(top[-1]) or len(top) < 20:
        v = basis[-1]
        u = (hand.gradient(w + e * v, X, y, on) - hand.gradient(w - e * v, X, y, on)) / (2 * e)
        diagonal.append(u @ v)
        for _ in range(2):
            u = u - np.array(basis).T @ (np.array(basis) @ u)
        beside.append(np.linalg.norm(u))
        top.append(eigvalsh_tridiagonal(diagonal, beside[:-1])[-1])
        if beside[-1] < 1e-10:
            break
        basis.append(u / beside[-1])
    return top[-1]


@functools.lru_cache(2)
def alone(chart, shaken=0.0):
    """Gradient descent by the same recipe on sixteen digits and nothing else: the last loss, and the share right."""
    r, (X, y), net, n = chart.recipe, chart.some, chart.net, len(chart.data.X)
    X, y, w, gone, running = X[:16], y[:16], r.init(net, chart.seed) * (1 + shaken), False, [{} for _ in net.layers]
    for t in range(1, 201):
        hand, before = Hand(chart, None, True, chart.seed, t), w
        g = hand.gradient(w, X, y)
        for i in (i for i, layer in enumerate(net.layers) if layer.equation.__name__ == "batch_norm"):
            mean, var = running[i].values() if running[i] else (0.0, 1.0)
            x = [x for _, x, _ in hand.layers(w, X)][i]
            running[i] = dict(mean=0.9 * mean + 0.1 * x.mean(0), var=0.9 * var + 0.1 * x.var(0, ddof=1))
        length = np.linalg.norm(g)
        g = g * min(1, r.clip / length) if length else g
        new = w - (r.lr(t - 1) if callable(r.lr) else r.lr) * (g + r.decay(n) * net.is_weight * w)
        w, gone = w if gone else new, gone or not np.abs(new).max() <= 1e6
    loss = -log_softmax(hand.outputs(before, X), -1)[np.arange(16), y].mean()
    return loss, np.mean(Hand(chart, running).outputs(w, X).argmax(-1) == y)


def told(words, number):
    """Whether a short number says this one; 0 is 0, and what is tiny has a bound."""
    if words in ("0", "below 10⁻⁹"):
        return number == 0 if words == "0" else 0 < abs(number) < SLIP
    return says(words, number, 2 if abs(number) < 9.95 else None)


def share(words, part):
    """Whether "97 %" is this share; all are all, and none are none."""
    return says(words, 100 * part) and (words == "100 %") <= (part == 1) and (words == "0 %") <= (part == 0)


def ward(values, seen, caption, t):
    """Where both trainings stand, and the evidence that is asked for, from the weights and the digits."""
    letter, knob, seed, sick, turned = seen
    assert (letter, knob, seed) == (values["patient"], values["knob"], values["seed"])
    first, now = rf"Patient {letter} after (\d+) steps, seed {seed}: (.*?)\. ", "No knob is turned. Evidence"
    if turned:
        now = rf"With the knob “{re.escape(knob)}”: (.*?)\. Evidence with it"
    steps, *stand, words = re.fullmatch(f"{first}{now}, {values['evidence']}: (.*)\\.", caption).groups()
    assert int(steps) == len(sick.loss) == 10 * (len(sick.t) - 1)
    for chart, said in zip([sick, turned], stand, strict=False):
        loss, right, end = re.fullmatch(
            r"(?:loss (.*), )?(.* %) of the held-out digits right(?:, diverged in step (\d+))?", said
        ).groups()
        assert says(loss, np.mean(chart.loss[-20:]), 3) if chart.loss else loss is None
        assert share(right, np.mean(answers(chart, chart.data.X_test) == chart.data.y_test))
        left = [k for k, w in enumerate(chart.w) if np.abs(w).max() > 1e6 or end and 10 * k >= int(end)]
        assert end == (f"{end}" if left else None) and (not left or 10 * left[0] - 10 < int(end) <= 10 * left[0])
        assert all(np.array_equal(chart.w[k], chart.w[-1]) for k in left)
    EVIDENCE[values["evidence"]](turned or sick, words)


def over_looks(measured, right=told, names=("W₁ ", "W₂ ")):
    """A check of evidence that goes from the first look to the last; measured: chart, look → a value for each name."""

    def check(chart, words):
        looks = [0, len(chart.t) - 1] if len(chart.t) > 1 else [0]
        pattern = ", ".join(name + ("from (.*) to (.*)" if len(looks) > 1 else "(.*)") for name in names)
        said = re.fullmatch(pattern + " at the start" * (len(looks) == 1), words).groups()
        found = [end for ends in zip(*(measured(chart, k) for k in looks), strict=True) for end in ends]
        for word, end in zip(said, found, strict=True):
            assert right(word, end), f"{word} is {end}"

    return check


def matrices(chart, vector):
    return [np.sqrt((vector[here] ** 2).sum()) for here, _ in chart.net.matrices]


def right_answers(chart, k):
    (X, y), data = chart.some, chart.data
    return [np.mean(answers(chart, X, k) == y), np.mean(answers(chart, data.X_test, k) == data.y_test)]


def slopes(chart, k):
    return matrices(chart, Hand(chart, chart.running[k]).gradient(chart.w[k], *chart.some))


def moves(chart, k):
    before, after = (chart.w[k - 1], chart.w[k]) if k else (chart.w[0], chart.w[1])
    return [length / 10 for length in matrices(chart, after - before)]


def step_length(chart, words):
    if len(chart.t) == 1:
        assert words == "no step has been taken yet"
    else:
        over_looks(moves)(chart, words)


def eta_times_sharpness(chart, k):
    lr = chart.recipe.lr
    return [(lr(10 * k) if callable(lr) else lr) * top_curvature(chart, k)]


def hidden(chart, words):
    said = re.fullmatch(r"(.* %) of the units are dead, above 0 for none of (\d+) digits", words).groups()
    z = next(x for name, x, _ in Hand(chart, chart.running[-1]).layers(chart.w[-1], chart.some[0]) if name == "relu")
    dead = [not any(one > 0 for one in unit) for unit in z.T.tolist()]
    assert share(said[0], sum(dead) / 32) and int(said[1]) == len(z) == min(200, len(chart.data.X))


def on_purpose(chart, words):
    loss, right = re.fullmatch(
        r"in step 200 with them alone the loss is (.*), and after it (.* %) are right", words
    ).groups()
    found = alone(chart)
    if not (told(loss, found[0]) and share(right, found[1])):  # where it depends on rounding nothing can be said
        again = alone(chart, 1e-12)
        assert abs(again[0] - found[0]) > 1e-3 * found[0], f"by hand the loss is {found[0]}, and {found[1]} are right"


def change(chart, words):
    names = "asked again", "in other company", "alone"
    several = " of the held-out digits get another answer than at first"
    said = re.fullmatch(", ".join(f"{name} (.* %)" for name in names) + several, words).groups()
    X, once = chart.data.X_test[::3], answers(chart, chart.data.X_test[::3])
    order, other, training = np.random.default_rng(15).permutation(len(X)), once.copy(), chart.recipe.test["train"]
    other[order] = answers(chart, X[order])
    hand = Hand(chart, None if training else chart.running[-1], training, 1000, 5000)
    twice = hand.outputs(chart.w[-1], np.stack([X, X], 1))[:, 0].argmax(-1)
    for word, now in zip(said, [answers(chart, X, asked=9000), other, twice], strict=True):
        assert share(word, np.mean(now != once))


def by_class(chart, words):
    said = re.fullmatch(r"the most frequent answer is given to (.* %) of the digits", words)[1]
    given = answers(chart, chart.data.X_test).tolist()
    assert share(said, max(map(given.count, range(10))) / len(given))


def mean_and_width(chart, words):
    said = re.fullmatch(
        ", ".join(f"{what} {part} (.*)" for part in ("training", "held out") for what in ("mean", "spread")), words
    ).groups()
    for (mean, spread), X in zip([said[:2], said[2:]], [chart.data.X, chart.data.X_test], strict=True):
        middle = X.sum() / X.size
        assert told(mean, 0 if abs(middle) < SLIP else middle)
        assert told(spread, (((X - middle) ** 2).sum() / X.size) ** 0.5)


def labels_in_batches(chart, words):
    r, y = chart.recipe, chart.data.y.tolist()
    if len(chart.t) == 1:
        assert words == "no batch has been drawn yet"
        return
    size, mean = re.fullmatch(r"a batch of (\d+) holds (\d+\.\d) different labels on average", words).groups()
    epoch, decks, held = -(-len(y) // r.batch), {}, []
    for step in range(chart.t[-1]):
        e, k = divmod(step, epoch)
        deck = decks.setdefault(e, range(len(y)) if r.order == "fixed"
                                else np.random.default_rng([chart.seed, e]).permutation(len(y)))  # fmt: skip
        held.append(len({y[i] for i in deck[k * r.batch : (k + 1) * r.batch]}))
    assert int(size) == min(r.batch, len(y)) and says(mean, sum(held) / len(held))


def alike(chart, words):
    said, n = re.fullmatch(r"(.* %) of (\d+) have the label of the picture most like them", words).groups()
    pixels, y, low, high = np.rint(chart.pictures * 16 / 255).astype(int), chart.data.y, 0, 0
    for i in range(min(200, len(y))):
        far = ((pixels - pixels[i]) ** 2).sum(1)
        far[i] = far.max() + 1
        same = y[far == far.min()] == y[i]  # of several pictures that are as near any may be the one
        low, high = low + same.all(), high + same.any()
    n, few = int(n), min(200, len(y))
    assert n == few and any(share(said, k / n) for k in range(low, high + 1))


EVIDENCE = {
    "right in training and held out": over_looks(right_answers, share, ("training ", "held out ")),
    "gradient norm by layer": over_looks(slopes),
    "weight norm by layer": over_looks(lambda chart, k: matrices(chart, chart.w[k])),
    "length of a step by layer": step_length,
    "η × sharpness": over_looks(eta_times_sharpness, names=[""]),
    "what goes into the hidden units": hidden,
    "16 digits, learned on purpose": on_purpose,
    "asked again, in other company, alone": change,
    "answers by class": by_class,
    "inputs: mean and spread": mean_and_width,
    "classes in a batch": labels_in_batches,
    "pictures and labels": alike,
}


def best_of(scores, k):
    """Mean and standard deviation of the best of k of these scores, over all ways to choose them: Σ ∆s P(best ≥ s)."""
    s, n = sorted(scores), len(scores)
    below = [math.comb(i, k) / math.comb(n, k) for i in range(n + 1)]  # P(best is among the i lowest)
    mean, square = (sum(s[i] ** p * (below[i + 1] - below[i]) for i in range(n)) for p in (1, 2))
    return mean, math.sqrt(max(square - mean**2, 0))


def search(values, seen, caption, t):
    """Different values of the knob, the best of these trials, and what is to be expected of as many of either kind."""
    way, k, knob, x, right, _ = seen
    assert (way, k, knob) == (values["way"], values["trials"], values["knob"]) and len(x) == len(right) == k
    count, best, drawn, laid = re.fullmatch(
        rf"{k} trials, {way}: they try (\d+) values of {knob}; the best gets (\S+) % right\. On average the best of "
        rf"{k} gets (\S+) % if drawn at random, (\S+) % on a grid\.", caption,
    ).groups()  # fmt: skip
    column = sorted(np.log(x[:, ["η", "λ", "gain"].index(knob)]).tolist())
    assert int(count) == 1 + sum(b - a > 1e-6 for a, b in itertools.pairwise(column))
    assert says(best, 100 * max(right)) and says(drawn, 100 * best_of(experiments.random_trials()[1].tolist(), k)[0])
    assert says(laid, 100 * np.mean([max(one) for one in experiments.grids(round(k ** (1 / 3)))[1]]))
    assert value(laid)[0] < value(drawn)[0]  # as the alternative text has it


def best_of_some(values, seen, caption, t):
    """The mean of the best of half of the scores, by theory, and the mean of 300 draws not far from it."""
    n, seed = values["scores"], values["seed"]
    ours, drawn = re.fullmatch(
        rf"{n} scores, seed {seed}\. Best of {n // 2}: ours (\S+); drawn (\S+)\.", caption
    ).groups()  # fmt: skip
    some = np.random.default_rng([seed, 1]).permutation(experiments.random_trials()[1][:60])[:n]
    mean, spread = best_of(some.tolist(), n // 2)
    assert says(ours, mean) and says(drawn, seen[2]["drawn"][n // 2 - 1])
    assert abs(value(drawn)[0] - mean) < 0.0005 + 4 * spread / math.sqrt(300)


CHECK = {"Beat": beat, "Ward": ward, "Search": search, "BestOf": best_of_some}
