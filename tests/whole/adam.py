"""What chapter 07 says of streams, walks, decay and the arena, counted by hand."""

import functools
import math
import re

import numpy as np
from scipy.stats import rankdata, spearmanr
from whole.counting import fields, says, value, wrote

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


# ---- streams ----


def streamed(name, size):
    """The 500 gradients of a stream."""
    noise = np.random.default_rng(0).standard_normal(500).tolist()
    of = {
        "constant": lambda t: 1.0,
        "plus, minus": lambda t: 1.0 if t % 2 else -1.0,
        "noise": lambda t: noise[t - 1],
        "one in fifty": lambda t: 0.0 if t % 50 else 1.0,
        "a lonely spike": lambda t: float(t == 250),
        "silence, then a slope": lambda t: float(t >= 250),
    }[name]
    return [size * of(t) for t in range(1, 501)]


def taken(name, gradients, beta1, beta2):
    """The steps downhill of one method with η = 1, each by itself: no weight is there to round them."""
    m = v = largest = 0.0
    steps, eps, end = [], 1e-8, 2 / (1 - beta2) - 1
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        first, second = 1 - beta1**t, 1 - beta2**t
        largest = max(largest, v)
        if name == "Adam without correction":
            step = m / (math.sqrt(v) + eps)
        elif name == "Nadam":
            hat = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / first
            step = hat / (math.sqrt(v / second) + eps)
        elif name == "AMSGrad":
            step = m / first / (math.sqrt(largest / second) + eps)
        elif name == "RAdam":
            rho = end - 2 * t * beta2**t / second
            step = m / first
            if rho > 5:
                step *= math.sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho) * second)
                step /= math.sqrt(v) + eps
        else:
            step = m / first / (math.sqrt(v / second) + eps)
        steps.append(step)
    return steps


def streams(values, seen, caption, t):
    """The first, the longest and the last step of each method, by a loop of its own."""
    beside, gradients = values.get("beside"), streamed(values["stream"], values["size"])
    names = ["Adam", beside] if beside else ["ours"]  # beside a student's that is not written yet
    beta1, beta2, size, *told = fields(
        r"β₁ = #, β₂ = #, gradients of size #\. Steps, in units of η: "
        + "; ".join(f"{name}: (.*?)" for name in names)
        + r"\.",
        caption,
    )
    assert wrote(beta1, values["beta1"]) and wrote(beta2, values["beta2"]) and wrote(size, values["size"])
    assert list(seen[2]) == names and np.allclose(seen[0], gradients, rtol=1e-12, atol=0)
    for name, words in zip(names, told, strict=True):
        long_(words, [abs(step) for step in taken(name, gradients, values["beta1"], values["beta2"])])


def long_(words, steps):
    """Assert that some words say how long the first, the longest and the last of some steps are."""
    top, near = max(steps), 1e-7
    if words == "no step above 10⁻⁹":
        assert top <= 1e-9 * (1 + near)
        return
    assert top > 1e-9 * (1 - near)
    if found := re.fullmatch("every step (.*)", words):
        assert wrote(found[1], top) and min(steps) >= 0.999 * top * (1 - near)
        return
    assert min(steps) < 0.999 * top * (1 + near)
    if words.startswith("first") and "longest the last" in words:
        first, last = fields("first #, longest the last, #", words)
        assert steps[-1] >= top * (1 - near)
    else:
        first, longest, at, why, last = fields(
            r"first #, (?:longest #|more than a million) at step #(, where v has forgotten what m remembers)?, "
            r"last (?:#|more than a million)",
            words,
        )
        assert (top > 1e6) == (longest is None) == (why is not None)
        assert longest is None or wrote(longest, top)
        at = int(at)
        assert steps[at - 1] >= 0.999 * top * (1 - near) and max(steps[: at - 1], default=0) < 0.999 * top * (1 + near)
    for said, step in ((first, steps[0]), (last, steps[-1])):
        assert step > 1e6 if said is None else said == "0" if step <= 1e-9 else wrote(said, step), f"{said}: {step}"


# ---- rare news ----

GAPS, MEMORIES = np.array(experiments.GAPS)[:, None], np.array(experiments.MEMORIES)


@functools.cache
def news_ends(walker):
    """The mean of w in the whole rounds of P steps that the last 1,000 of 4,000 hold, for each P and β₂."""
    method, beta1 = walker.split(", β₁ = ")
    beta1 = float(beta1)
    w, m, v, largest, late = np.zeros((12, 14)), 0.0, 0.0, 0.0, []
    for t in range(1, 4001):
        g = np.where(t % GAPS == 1, 1.2 * (GAPS - 1), -1.0)
        m, v = beta1 * m + (1 - beta1) * g, MEMORIES * v + (1 - MEMORIES) * g * g
        largest = np.maximum(largest, v) if method == "AMSGrad" else v
        w = w - 0.5 / math.sqrt(t) * m / (1 - beta1**t) / (np.sqrt(largest / (1 - MEMORIES**t)) + 1e-8)
        w = np.minimum(np.maximum(w, -1), 1)
        late.append(w)
    late = np.array(late)
    return np.array([late[4000 - 1000 // P * P :, i].mean(0) for i, (P,) in enumerate(GAPS.tolist())])


def rare_news(values, seen, caption, t):
    """Where the walk ends, and how many of the map's do on the wrong side, by walks of its own."""
    walker, beta2, gap = (values[name] for name in ("walker", "beta2", "gap"))
    beta, memory, once, end, side, wrong = fields(
        rf"{walker}, β₂ = # \(memory of (?:one step|# steps)\), news once in # steps: in the last quarter of 4,000 "
        r"steps the mean of w is #, (.*?)\. In the whole map it is on the wrong side of 0 in # of 168 squares\.",
        caption,
    )
    ends = news_ends(walker)
    here = float(ends[experiments.GAPS.index(gap), experiments.MEMORIES.index(beta2)])
    assert wrote(beta, beta2) and int(once) == gap and ends.shape == (12, 14)
    assert (memory is None) == (beta2 == 0) and (not memory or wrote(memory, 1 / (1 - beta2)))
    assert abs(value(end)[0] - here) <= 0.005 + 1e-9
    place = ("at the best point", "on the right side", "on the wrong side", "at the worst point")
    assert side == place[(here >= -0.9) + (here >= 0) + (here > 0.9)]
    assert int(wrong) == sum(one > 0 for row in ends.tolist() for one in row)


# ---- decay ----


def decay(values, seen, caption, t):
    """What is left of a weight: by the powers of 1 − ηλ, and for Adam with L2 by runs of its own, at both ends."""
    lr, lam, names = values["lr"], values["decay"], ("gradient descent, with L2", r"Adam \+ L2", "AdamW")
    eta, rate, kept, *told = fields(
        r"η = #, λ = #, T = 300 steps: e\^\(−ηλT\) = (.*?)\. What is left: "
        + "; ".join(f"{name}: (.*?) at the left end, (.*?) at the right" for name in names)
        + r"\.",
        caption,
    )
    assert wrote(eta, lr) and wrote(rate, lam) and part(kept, math.exp(-300 * lr * lam))
    assert (seen[0][0], seen[0][-1]) == (0.003, 100.0)
    power = (1 - lr * lam) ** 300
    for words, left in zip(told, [power, power, *with_l2(lr, lam), power, power], strict=True):
        assert part(words, left), f"{words}: {left}"


def part(words, left):
    """Whether some words say a part, to three decimals: 0 and 1 are said of nothing and of all alone.

    >>> part("0.741", 0.7408), part("nearly 0", -2e-4), part("0", 2e-4), part("1", 0.9998)
    (True, True, False, False)
    """
    if words in ("0", "1"):
        return abs(left - int(words)) < 1e-9
    if words in ("nearly 0", "nearly 1"):
        return 1e-10 < abs(left - int(words[-1])) < 0.0005 + 1e-9
    return abs(value(fields("#", words)[0])[0] - left) <= 0.0005 + 1e-9


@functools.lru_cache(maxsize=4)
def with_l2(lr, lam):
    """What Adam with L2 leaves of 1 in 300 steps, under the least and the loudest noise of the figure."""
    noise = np.random.default_rng(0).standard_normal((300, 8, 19))[..., [0, -1]] * [0.003, 100.0]
    w, m, v = np.ones((2, 8, 2)), 0.0, 0.0
    for t in range(1, 301):
        g = np.array([noise[t - 1], -noise[t - 1]]) + lam * w
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w.mean((0, 1)).tolist()


# ---- the first steps ----


def first_steps(values, seen, caption, t):
    """How wide the band is, from the draws themselves; where r and the warm-up reach one half, step by step."""
    beta2 = values["beta2"]
    beta, first, then, half, over, middle = fields(
        r"β₂ = #\. The 95th percentile of 1/√v̂ is # times the 5th after the first step, # times after the 20th\. "
        r"RAdam's r reaches one half at step #, the warm-up over # steps at #\.",
        caption,
    )
    assert wrote(beta, beta2)
    squares = np.random.default_rng(0).standard_normal((20, 1000)) ** 2
    for words, t in ((first, 1), (then, 20)):
        weights = (1 - beta2) * beta2 ** np.arange(t)[::-1] / (1 - beta2**t)
        rates = sorted((1 / np.sqrt(weights @ squares[:t])).tolist())
        low, high = (rates[k] + part * (rates[k + 1] - rates[k]) for k, part in ((49, 0.95), (949, 0.05)))
        assert says(words, high / low, 2)
    end, t, r = 2 / (1 - beta2) - 1, 0, 0.0
    while r < 0.5:
        t += 1
        rho = end - 2 * t * beta2**t / (1 - beta2**t)
        r = math.sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho)) if rho > 5 else 0.0
    assert value(half)[0] == t and value(half)[1] == 1
    steps = value(over)[0]
    assert abs(steps - 2 / (1 - beta2)) < 1e-6 and value(middle)[0] == math.ceil(steps / 2)


COUNT = {"Rest": 5000, "RareNews": 400, "Decay": 400, "Streams": 900}  # of Rest all of them
CHECK = {
    "Streams": streams,
    "Rest": rest,
    "RareNews": rare_news,
    "Decay": decay,
    "FirstSteps": first_steps,
    "Arena": arena,
    "Budget": budget_,
}
