"""What chapter 08 says of noisy runs and trainings, counted by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import fields, says, value

from optim_core.chapters.schedules import experiments
from optim_core.chapters.schedules.experiments import DIGIT_ETAS, ETAS, PATIENCES
from optim_core.data import digits

T = 1000


# ---- digits ----


@functools.cache
def wrong_labels(probability, seed):
    """How many of the 600 labels are not those of the same digits without wrong ones."""
    some, clean = digits(600, seed=seed, noise=probability), digits(600, seed=seed)
    return int((some.y != clean.y).sum())


def digits_(values, seen, caption, t):
    """Of each schedule the lowest held-out loss of this epoch, its η, and the training loss there."""
    epoch, wrong, probability, seed, *told = fields(
        r"Epoch (\d+) of 10, (\d+) of 600 labels wrong(?: \(each with probability (\S+) %\))?, seed (\d+)\. Lowest "
        r"held-out loss now: constant, (.*); linear to 0, (.*); cosine, (.*); WSD, c = 0\.2, (.*)\.",
        caption,
    )
    assert int(epoch) == len(seen.held) - 1 == len(seen.train) - 1 and int(seed) == values["seed"]
    assert int(wrong) == wrong_labels(values["wrong"], values["seed"])
    assert float(probability or 0) == 100 * values["wrong"] and probability != "0"
    for words, held, train in zip(told, seen.held[-1].tolist(), seen.train[-1].tolist(), strict=True):
        low, where, there = fields(r"(.*?) at (every η|η = \S+) \(training (.*)\)", words)
        best = min(range(6), key=lambda i: (held[i] if held[i] <= 1e6 else math.inf, i))
        assert says(low, held[best], 3) and says(there, train[best], 3)
        if where == "every η":
            assert max(held) - min(held) < 1e-9
        else:
            assert value(where)[0] == DIGIT_ETAS[best] and len(seen.held) > 1


# ---- branches ----


def ends(rates, start=(-80.0, 4.0), curvatures=(1 / 300, 1.0)):
    """The mean loss at the end on the river, of rates (T, …): what is left of the start, and of each step's noise.

    w_T = Π (1 − η_k λ) w_0 − Σ_k η_k σ ξ_k Π_{j > k} (1 − η_j λ), with ξ independent of one another and σ² = λ.
    """
    total = 0.0
    for lam, w in zip(curvatures, start, strict=True):
        after = np.cumprod(((1 - rates * lam) ** 2)[::-1], axis=0)[::-1]
        later = np.concatenate([after[1:], np.ones((1, *rates.shape[1:]))])
        total = total + lam / 2 * (after[0] * w**2 + lam * (rates**2 * later).sum(0))
    return total


@functools.cache
def best_cosine(n):
    """The lowest end of the cosines of n steps from each of ETAS."""
    return ends((1 + np.cos(np.pi * np.arange(n)[:, None] / n)) / 2 * ETAS).min()


def branches(values, seen, caption, t):
    """Each branch's end, and the best cosine's of its length, from sums over the steps; how many are lower."""
    eta, share, told, low, trunk = fields(
        r"η = (\S+), cool-down in the last (\S+) %\. Mean loss after 100, 200, 400, 600, 800, 1,000 steps \(in "
        r"brackets the best of 40 cosines of that length\): (.*)\. The branch is lower in (\d) of 6; "
        r"the trunk ends at (\S+)\.",
        caption,
    )
    assert len(ETAS) == 40 and says(eta, values["eta0"], 3) and says(share, 100 * values["cooldown"])
    lower = 0
    for words, n in zip(told.split(", "), (100, 200, 400, 600, 800, 1000), strict=True):
        falling = max(1, round(values["cooldown"] * n))
        rates = values["eta0"] * np.clip((n - np.arange(n)) / falling, 0, 1)
        branch, cosine = fields(r"(\S+) \((\S+)\)", words)
        assert says(branch, ends(rates), 2) and says(cosine, best_cosine(n), 2)
        lower += ends(rates) < best_cosine(n)
    assert int(low) == lower and says(trunk, ends(np.full(T, values["eta0"])), 3)


# ---- the burst ----

ROOTS = {
    "root of the mean square": "mean-square AdaGrad",
    "moving average, β = 0.99": "RMSProp",
    "root of the sum": "AdaGrad",
}
FALLS = {
    "constant": lambda k, n: 1.0,
    "linear to 0": lambda k, n: 1 - k / n,
    "1/√(k+1)": lambda k, n: 1 / math.sqrt(k + 1),
    "inverse time, β = 0.01": lambda k, n: 1 / (1 + 0.01 * k),
    "exponential, β = 0.995": lambda k, n: 0.995**k,
}


@functools.lru_cache(maxsize=4)
def valley(root, fall, warm):
    """Ten runs in the long valley, step by step: w, (2001, 10, 2)."""
    lam, w, total = np.array([0.005, 1.0]), np.tile([-100.0, 3.0], (10, 1)), 0.0
    noise, path = 1e-3 * np.sqrt(lam) * experiments.drawn(2000, 10, 2), [w]
    for k in range(2000):
        g = lam * w + noise[k]
        if root == "moving average, β = 0.99":
            total = 0.99 * total + 0.01 * g**2
            divided = g / (np.sqrt(total) + 1e-8)
        else:
            total = total + g**2
            divided = g / (np.sqrt(total / (k + 1 if "mean" in root else 1)) + 1e-10)
        eta = (k + 1) / (warm + 1) if k < warm else FALLS[fall](k - warm, 2000 - warm)
        w = w - eta * divided
        path.append(w)
    return np.array(path)


def burst(values, seen, caption, t):
    """How far two runs have been thrown out by now, after they first came near, and where they are along the valley."""
    root, fall, warm, seed = (values[name] for name in ("root", "fall", "warm", "seed"))
    begun = f", after {warm} steps of warm-up" if warm else ""
    both = fields(
        rf"Step {t:,} of 2,000, divided by the {re.escape(root)} \({ROOTS[root]}\)\. "
        rf"Constant η: (.*); w₁ is at (\S+)\. {re.escape(fall[0].upper() + fall[1:] + begun)}: (.*); w₁ is at (\S+)\.",
        caption,
    )
    for (thrown, along), path, own in zip((both[:2], both[2:]), seen[3:], (("constant", 0), (fall, warm)), strict=True):
        mine = valley(root, *own)[:, seed]
        assert np.allclose(path["w"], mine, rtol=1e-6, atol=1e-7)
        far, x = np.abs(path["w"][: t + 1, 1]).tolist(), path["w"][t, 0]
        assert along == "0" if abs(x) < 5e-3 else says(along, x, 3)
        near = [step for step, one in enumerate(far) if one < 0.1]
        if not near:
            assert thrown == "|w₂| has not come below 0.1"
        elif (top := max(far[near[0] :])) < 0.2:
            assert thrown == "since |w₂| first came below 0.1 it has stayed below 0.2"
        else:
            begin = r"since \|w₂\| first came below 0\.1 it has been thrown out to "
            distance, step = fields(begin + r"(\S+) at the farthest \(step (\S+)\)", thrown)
            assert says(distance, top, 2) and far[int(value(step)[0])] == top and value(step)[0] >= near[0]


# ---- plateau ----


@functools.cache
def halved(ground):
    """Forty runs for each patience, without and with raising, whose rate is halved on a plateau: losses and rates.

    Each (steps + 1, 2, 8, 40); and the losses of forty runs with the same rate all the time, (steps + 1, 40).
    """
    place, many = experiments.scenery(ground), (2, len(PATIENCES), 40)
    patience, raises = np.reshape(PATIENCES, (8, 1)), np.array([False, True])[:, None, None]
    w, same = np.broadcast_to(place.start, (*many, 2)), np.broadcast_to(place.start, (40, 2))
    rate, best, bad, good = np.full(many, place.lr), np.full(many, np.inf), np.zeros(many), np.zeros(many)
    losses, rates, plain = [place.surface.loss(w)], [rate], [place.surface.loss(same)]
    for noise in place.noise:
        better = losses[-1] < best * (1 - 1e-4)
        best = np.where(better, losses[-1], best)
        bad, good = np.where(better, 0, bad + 1), np.where(better, good + 1, 0)
        half, tired, well = np.maximum(rate / 2, place.low), bad > patience, raises & (good >= 5)
        lowered = tired & (rate - half > 1e-8)
        rate = np.where(lowered, half, np.where(well, np.minimum(2 * rate, place.lr), rate))
        bad, good = np.where(tired, 0, bad), np.where(well, 0, good)
        w = w - rate[..., None] * (place.surface.grad(w) + noise)
        same = same - place.lr * (place.surface.grad(same) + noise)
        losses.append(place.surface.loss(w))
        rates.append(rate)
        plain.append(place.surface.loss(same))
    return np.array(losses), np.array(rates), np.array(plain)


def middle(losses):
    """The median of forty."""
    one, other = sorted(losses)[19:21]
    return (one + other) / 2


def series(words, link):
    """Words with commas, and a link before the last."""
    return f" {link} ".join([", ".join(words[:-1])] * (len(words) > 1) + words[-1:])


def plateau(values, seen, caption, t):
    """A run's loss and rate, and which patience ends lowest, from runs that follow the rule step by step."""
    ground, patience, again = (values[name] for name in ("ground", "patience", "again"))
    losses, rates, same = halved(ground)
    how = r"raised after 5 good losses in a row" if again else "not raised again"
    loss, rate, end, which, constant = fields(
        rf"{ground[0].upper() + ground[1:]}; patience {patience}, {how}\. Step {t:,} of {len(losses) - 1:,}: "
        r"loss (.*), η = (\S+)\. Median of 40 runs at the end: (.*?) \((.*)\); "
        r"constant η: (\S+|more than \S+|below \S+)\.",
        caption,
    )
    i, j = int(again), PATIENCES.index(patience)
    assert says(loss, losses[t, i, j, 0], 3) and says(rate, rates[t, i, j, 0], 3)
    middles = [middle(row) for row in losses[-1, i].tolist()]
    assert says(end, middles[j], 3) and says(constant, middle(same[-1].tolist()), 3)
    lowest = max(min(middles), 1e-12)
    best = [one for one, end in zip(PATIENCES, middles, strict=True) if end <= lowest]
    others = [str(one) for one in best if one != patience]
    if patience in best:
        verb = "as is patience" if len(others) == 1 else "as are patiences"
        assert which == "the best of the 8" + (f", {verb} {series(others, 'and')}" if others else "")
    else:
        assert which == f"best patience of the 8: {series(others, 'or')}"


CHECK = {"Digits": digits_, "Branches": branches, "Burst": burst, "Plateau": plateau}
COUNT = {"Burst": 8000}  # all of them
