"""What chapter 07 says of runs that come to rest and of the arena, counted by hand."""

import functools

import numpy as np
from scipy.stats import rankdata, spearmanr
from whole.counting import fields, says

from optim_core.chapters.adam import experiments

# ---- does it come to rest? ----

SIGMAS = np.array(experiments.SIGMAS)


@functools.cache
def figures_noise():
    """The noise of the figure, (1000, σ, 8)."""
    return np.random.default_rng(0).standard_normal((1000, 17, 8)) * SIGMAS[:, None]


@functools.lru_cache(maxsize=4)
def by_hand(lr, beta2):
    """From w = 3 with the noise of the figure, step by step: {name: w, (1001, σ, 8)}."""
    return {name: walk(name, 3.0, figures_noise(), lr, beta2) for name in ("gradient descent", "RMSProp", "Adam")}


def walk(name, start, noise, lr, beta2):
    """One method on ½w² from a start with this noise (T, …): w, (T + 1, …)."""
    w, m, v = np.full(noise.shape[1:], start), 0.0, 0.0
    path = [w]
    for t, xi in enumerate(noise, start=1):
        g = w + xi
        if name == "Adam":
            m, v = 0.9 * m + 0.1 * g, beta2 * v + (1 - beta2) * g**2
            g = m / (1 - 0.9**t) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)
        elif name == "RMSProp":
            v = 0.9 * v + 0.1 * g**2
            g = g / (np.sqrt(v) + 1e-8)
        w = w - lr * g
        path.append(w)
    return np.array(path)


@functools.lru_cache(maxsize=4)
def of_the_start(name, lr, beta2):
    """What is left of the start after 800 steps, and how far runs are spread by the noise, for each σ: twice (17,).

    Each noise also comes with its signs turned: then what it does by itself cancels in the mean.
    """
    half = np.random.default_rng(1).standard_normal((800, 17, 30)) * SIGMAS[:, None]
    w = walk(name, 3.0, np.concatenate([half, -half], axis=-1), lr, beta2)[-1]
    return np.abs(w.mean(-1)), w.std(-1)


@functools.lru_cache(maxsize=4)
def excess(lr, beta2):
    """How many times Adam's v̂ is the mean square of the gradients, in the last 200 of the figure's steps, (17,)."""
    w, noise = by_hand(lr, beta2)["Adam"], figures_noise()
    v, ratios, squares = 0.0, [], (w[:-1] + noise) ** 2
    for t, square in enumerate(squares, start=1):
        v = beta2 * v + (1 - beta2) * square
        ratios.append(v / (1 - beta2**t))
    return np.mean(ratios[800:], axis=(0, 2)) / squares[800:].mean(axis=(0, 2))


@functools.lru_cache(maxsize=4)
def long_run(lr, beta2):
    """The root mean square of Adam's w in the second half of 4,000 steps, (17,)."""
    noise = np.random.default_rng(1).standard_normal((4000, 17, 8)) * SIGMAS[:, None]
    return np.sqrt((walk("Adam", 3.0, noise, lr, beta2)[2001:] ** 2).mean(axis=(0, -1)))


def rest(values, seen, caption, t):
    """Root mean squares; who has not lost the start, from many other runs; whether Adam lies farther out later."""
    lr, beta2, sigma = (values[name] for name in ("lr", "beta2", "sigma"))
    runs, i = seen[0], SIGMAS.tolist().index(sigma)
    now, eta, beta, noise, *far, late, remembers = fields(
        r"Step (\d+) of 1000\. η = (\S+), β₂ = (\S+), noise σ = (\S+)\. Root mean square of w in the last 200 steps: "
        r"gradient descent (\S+) η, RMSProp (\S+) η, Adam (\S+) η\.(?: Still on the way in from w = 3: (.*?)\.)?"
        r"( Adam's v̂ still remembers the way from w = 3: a longer run lies farther out\.)?",
        caption,
    )
    assert int(now) == t and says(eta, lr, 3) and says(beta, beta2, 3) and says(noise, sigma, 3)
    late = late.split(" and ") if late else []
    for (name, w), words in zip(runs.items(), far, strict=True):
        assert np.allclose(w[:60, i], by_hand(lr, beta2)[name][:60, i], rtol=1e-6, atol=1e-9)
        assert says(words, float(np.sqrt((w[801:, i] ** 2).mean())) / lr, 2)
        if name == "gradient descent":
            assert (name in late) == (3 * (1 - lr) ** 800 > sigma * np.sqrt(lr / (2 - lr)))
        elif sigma >= 1:
            left, spread = (both[i] for both in of_the_start(name, lr, beta2 if name == "Adam" else 0))
            assert left > 0.6 * spread if name in late else left < 1.3 * spread, (name, left, spread)
        else:  # with less noise they are quicker, and go about the minimum in step
            assert name not in late and (w[:801, i].min(0) <= 2 * np.sqrt((w[801:, i] ** 2).mean(0))).all()
    ratio = np.sqrt((runs["Adam"][801:, i] ** 2).mean()) / long_run(lr, beta2)[i]
    assert "Adam" in late or (ratio < 0.95 if remembers else 0.55 < ratio), ratio
    assert sigma >= 1 or ratio < 1.6, ratio
    over = excess(lr, beta2)[i]
    assert (remembers is not None) == (over > 4), over


# ---- the arena ----


@functools.cache
def ranked(tasks, budget):
    """{name: mean rank over some tasks in each seed, (10,)} where each has `budget` rates by lot, the same for all."""
    entries, total = experiments.arena(), 0.0
    *surfaces, train, held = next(iter(entries.values()))
    names = {"the seven surfaces": surfaces, "digits, training loss": [train], "digits, held-out loss": [held]}[tasks]
    lots = [np.random.default_rng([seed, 5]).permutation(12)[:budget].tolist() for seed in range(10)]
    for task in names:
        got = []
        for results in entries.values():
            tune, rank = results[task]
            best = [min(lot, key=lambda k, one=one: (one[k], k)) for lot, one in zip(lots, tune.tolist(), strict=True)]
            got.append([one[k] for one, k in zip(rank.tolist(), best, strict=True)])
        total = total + rankdata(np.round(got, 9), axis=0)  # halves: so equal means are equal to the last bit
    return dict(zip(entries, total / len(names), strict=True))


def agree(ranks):
    """The mean of Spearman's correlations of all pairs of seeds."""
    table = spearmanr(np.array(list(ranks.values()))).statistic
    return float(np.mean([table[i, j] for i in range(10) for j in range(i)]))


def arena(values, seen, caption, t):
    """Who has the lowest and the next mean rank, of ranks that scipy gives, and how far the seeds agree."""
    tasks, budget = values["tasks"], values["budget"]
    tries, first, best, then, second, rho, what = fields(
        rf"(One try|\d+ tries) each, ranked on {tasks}: first (.*?) \(mean rank (\S+)\), then (.*?) \((\S+)\)\. "
        r"The seeds agree with a mean rank correlation of (\S+?)"
        r"( \(1: the same order in all, 0: no more than by chance\))?\.",
        caption,
    )
    assert tries == ("One try" if budget == 1 else f"{budget} tries")
    means, agreed = {name: float(of.mean()) for name, of in ranked(tasks, budget).items()}, agree(ranked(tasks, budget))
    levels = sorted({round(mean, 8) for mean in means.values()})
    for names, words, level in ((first, best, levels[0]), (then, second, levels[1])):
        assert names.split(" and ") == [name for name, mean in means.items() if abs(mean - level) < 1e-7]
        assert says(words, level) and words.count(".") == 1
    assert says(rho, agreed) and (what is None) == (agreed >= 0.995)


def budget_(values, seen, caption, t):
    """The mean ranks with 1, 4 and 12 tries, and how far the seeds agree."""
    name, tasks = values["method"], values["tasks"]
    one, four, all_, rho, end = fields(
        rf"{name[0].upper() + name[1:]} on {tasks}: mean rank (\S+) with one try, (\S+) with four, (\S+) with all 12\. "
        r"The orders of two seeds correlate by (\S+) with one try and (\S+) with all 12, on average\.",
        caption,
    )
    for words, tries in ((one, 1), (four, 4), (all_, 12)):
        assert says(words, float(ranked(tasks, tries)[name].mean())) and words.count(".") == 1
    assert says(rho, agree(ranked(tasks, 1))) and says(end, agree(ranked(tasks, 12)))


COUNT = {"Rest": 5000}  # all of them
CHECK = {"Rest": rest, "Arena": arena, "Budget": budget_}
