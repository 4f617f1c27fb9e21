"""What chapter 08 says of schedules, noisy runs and trainings, counted by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import fields, says, value, wrote

from optim_core.chapters.schedules import experiments
from optim_core.chapters.schedules.experiments import DIGIT_ETAS, ETAS, PATIENCES, WARM_UPS
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


# ---- the river ----


def squares(rates, curvatures, start, noise):
    """The mean of w² after rates (T, …), as `ends` has it, for each direction: (…, n)."""
    found = []
    for lam, w, sigma in zip(curvatures, start, noise, strict=True):
        after = np.cumprod(((1 - rates * lam) ** 2)[::-1], axis=0)[::-1]
        after = np.concatenate([after, np.ones((1, *rates.shape[1:]))])  # what the steps from k on leave
        found.append(after[0] * w**2 + sigma**2 * (rates**2 * after[1:]).sum(0))
    return np.stack(found, -1)


def falls_to_zero(eta, share):
    """η_k = η until the last part of 1,000 steps, which is one step at least, and then a straight line to 0."""
    c = max(1, share * T)
    return eta * np.clip((T - np.arange(T)) / c, 0, 1)


def river(values, seen, caption, t):
    """Both runs' mean losses and distances, from sums over the steps, and whose loss is how many times the other's."""
    now, one, two, a, b, which, far_a, far_b = fields(
        r"Step # of 1,000, η = # \(A\) and # \(B\)\. Mean loss: A #, B #; (.*)\. "
        r"From the river's end \(root mean square\): A #, B #\.",
        caption,
    )
    assert value(now)[0] == t and wrote(one, values["lr1"]) and wrote(two, values["lr2"])
    losses = []
    constant = np.full(T, float(values["lr1"]))
    both = (constant, a, far_a), (falls_to_zero(values["lr2"], values["cooldown"]), b, far_b)
    for (rates, loss, far), drawn in zip(both, seen.rates.T, strict=True):
        assert np.allclose(rates, drawn, rtol=1e-9, atol=1e-12)
        V = squares(rates[:t], (1 / 300, 1.0), (-80.0, 4.0), ((1 / 300) ** 0.5, 1.0))
        losses.append(V[0] / 600 + V[1] / 2)
        assert says(loss, losses[-1], 3) and says(far, math.sqrt(V[0]), 3)
    low, high = sorted(losses)
    if which == "equal":
        assert high / low - 1 < 1e-8
    elif which == "nearly equal":
        assert 1e-10 < high / low - 1 < 0.0051
    else:
        name, times = fields("([AB]) has # times as much", which)
        assert losses["AB".index(name)] == high and says(times, high / low, 3) and high / low > 1.0049


# ---- the designer ----

GROUNDS = {  # curvatures, start, noise
    "the river": ((1 / 300, 1.0), (-80.0, 4.0), ((1 / 300) ** 0.5, 1.0)),
    "one direction": ((1.0,), (5.0,), (1.0,)),
    "fifty directions": (tuple(1 / i for i in range(1, 51)), (5.0,) * 50, (0.1**0.5,) * 50),
}


FORMULAS = {  # η over η₀, j steps after it began to fall, of c steps in which it falls to the part `low`
    "constant": lambda j, c, low: 1.0,
    "linear": lambda j, c, low: (1 - j / c) + j / c * low,
    "cosine": lambda j, c, low: low + (1 - low) / 2 * (1 + math.cos(math.pi * j / c)),
    "exponential": lambda j, c, low: low ** (j / c),
    "inverse time": lambda j, c, low: 1 / (1 + (1 / low - 1) * j / c),
    "step": lambda j, c, low: low ** (j // math.ceil(c / 4) / 3),
    "1/√(k+1)": lambda j, c, low: 1 / math.sqrt(j + 1),
    "cyclic": lambda j, c, low: low + (1 - low) * (1 - abs(j % 100 - 50) / 50),
}


@functools.lru_cache(maxsize=64)
def formed(shape, end, cooldown, warm):
    """The rates of a shape by the formula of the text, over η₀, (T,); in how many steps it falls, and to which part."""
    left = T - warm
    c = min(max(1, round(cooldown * left)), left)
    low = max(end, 1e-3) if shape in ("exponential", "inverse time", "step") else end
    rates = []
    for k in range(left):
        j = k - (left - c)  # steps since it began to fall
        if j < 0:
            rates.append(1.0)
        else:
            rates.append(FORMULAS[shape](j, c, low))
    return np.array([rates[0] * (k + 1) / (warm + 1) for k in range(warm)] + rates), c, low


@functools.lru_cache(maxsize=256)
def everywhere(ground, sigma, shape, end=0.0, cooldown=1.0, warm=0):
    """The mean loss at the end for each of ETAS."""
    lam, w, noise = GROUNDS[ground]
    if shape == "constant" and not warm:  # a geometric series
        q = (1 - np.outer(ETAS, lam)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            V = q**T * np.square(w) + np.outer(ETAS**2, np.square(noise)) * sigma**2 * (1 - q**T) / (1 - q)
    else:
        V = squares(formed(shape, end, cooldown, warm)[0][:, None] * ETAS, lam, w, [sigma * one for one in noise])
    return (V * lam).sum(-1) / 2


def lowest_of(words, ends):
    """Assert that some words say the lowest of what each of ETAS ends with, and where that is."""
    if none := re.fullmatch(r"below 10⁻¹² at (\d+) of them", words):
        assert 1 < int(none[1]) == sum(end < 1e-12 for end in ends)
        return
    low, where, edge = fields(r"(\S+|below \S+) at η₀ = #(?:, the (largest|smallest) tried)?", words)
    assert sum(end < 1e-12 for end in ends) < 2 and says(low, max(min(ends), 1e-30), 3)
    i = int(np.abs(ETAS - value(where)[0]).argmin())
    assert wrote(where, ETAS[i]) and ends[i] <= min(ends) * (1 + 1e-9)
    assert edge == {0: "smallest", 39: "largest"}.get(i)


def designer(values, seen, caption, t):
    """What the parameters are by the formulas; the end, and the best of all η₀, from sums over the steps."""
    ground, eta, shape = values["ground"], values["eta0"], values.get("shape", "ours")
    wsd = shape == "ours"  # beside a student's that is not written yet
    how = ("linear", 0.0, values["cooldown"], 0) if wsd else (shape, *(values[n] for n in ("end", "cooldown", "warm")))
    sigma, (rates, c, low) = values.get("sigma", 1.0), formed(*how)
    loudness, one, words, end, best, constant = fields(
        rf"{ground[0].upper() + ground[1:]}, noise × #: {re.escape(shape)}, η₀ = #(?:, (.*?))?\. "
        rf"Mean loss at the end: (\S+|more than \S+|below \S+)\. Best of 40 η₀ below the edge for {re.escape(shape)}: "
        rf"(.*?){'()' if shape == 'constant' else '; for a constant η: (.*)'}\.",
        caption,
    )
    assert wrote(loudness, sigma) and wrote(one, eta) and len(ETAS) == 40 and max(ETAS) < 2
    assert words == f"c = {values['cooldown']:g}" if wsd else letters(words or "", *how, c, low)
    assert np.allclose(next(iter(seen.rates.values())), eta * rates, rtol=1e-9, atol=1e-12)
    lam, w, noise = GROUNDS[ground]
    with np.errstate(all="ignore"):
        V = squares(eta * rates, lam, w, [sigma * one for one in noise])
        beyond = 2 * np.cumsum(np.log(np.abs(1 - eta * rates))).max() > 700  # of all numbers, on the way
    loss = math.inf if beyond else float((V * lam).sum() / 2)
    assert says(end, max(loss, 1e-30), 3)  # a step with ηλ = 1 leaves nothing at all
    lowest_of(best, everywhere(ground, sigma, *how).tolist())
    if shape != "constant":
        lowest_of(constant, everywhere(ground, sigma, "constant").tolist())


def letters(words, shape, end, cooldown, warm, c, low):
    """Whether some words say the parameters of a shape: those whose formula has this fall in c steps."""
    begun = f"after {warm} step{'s' * (warm > 1)} of warm-up"
    begun += " to its lowest" * (shape == "cyclic" and c == T - warm)  # a cycle begins there
    if warm:
        assert words.endswith(begun), f"{words} does not end with {begun}"
        words = words.removesuffix(begun).removesuffix(", ")
    if shape in ("exponential", "inverse time") and low == 1:
        return words == {"exponential": "β = 1", "inverse time": "β = 0"}[shape]
    if shape == "exponential":
        beta, gamma = fields(r"β = #, or e\^\(−# k\)", words)
        assert abs(value(beta)[0] ** c / low - 1) < 0.002 and value(beta)[0] < 1
        return says(gamma, -math.log(low) / c, 3)
    if shape == "inverse time":
        return says(fields("β = #", words)[0], (1 / low - 1) / c, 3)
    if shape == "step":
        times, every, many = fields("× # every # (steps?)", words)
        stairs = formed(shape, end, cooldown, warm)[0][T - c :]
        assert many == "step" + "s" * (every != "1") and int(every) == (c + 3) // 4
        return wrote(times, low ** (1 / 3)) and math.isclose(stairs[-1], low ** ((c - 1) // int(every) / 3))
    steps = f"{c} step{'s' * (c > 1)}"
    expected, least = {
        "linear": (f"τ = {c}", f", η_τ = {low:g} η₀"),
        "cosine": (f"half a period in {steps}", f", η_T = {low:g} η₀"),
        "cyclic": (f"50 steps up, 50 down, for {steps}", f", at least {low:g} η₀"),
    }.get(shape, ("", ""))
    return words == expected + least * (low > 0)


# ---- warm-up ----


@functools.lru_cache(maxsize=512)
def fifty(peak, sigma):
    """Fifty runs on (1 − w₁w₂)² from (0.2, 3.5) after each warm-up: when each left, (10, 50), and the sharpness at its
    end."""
    rates = np.array([[min(k + 1, n + 1) / (n + 1) for n in WARM_UPS] for k in range(600)]) * peak
    noise = np.random.default_rng(0).standard_normal((600, 50, 2)) * sigma
    x, y = np.full((10, 50), 0.2), np.full((10, 50), 3.5)
    left = np.zeros((10, 50), int)
    with np.errstate(all="ignore"):
        for k in range(600):
            rate, error = rates[k][:, None], 1 - x * y
            gx, gy = -2 * error * y + noise[k, :, 0], -2 * error * x + noise[k, :, 1]
            x, y = x - rate * gx, y - rate * gy
            left[(left == 0) & ~((np.abs(x) <= 1e3) & (np.abs(y) <= 1e3))] = k + 1
        return left, sharpness(x, y)


def sharpness(x, y):
    """The larger eigenvalue of the Hessian of (1 − xy)²: of 2y², 4xy − 2, 2x²."""
    return x * x + y * y + np.sqrt((x * x - y * y) ** 2 + (4 * x * y - 2) ** 2)


def warm_up(values, seen, caption, t):
    """How many of fifty runs leave, by runs of its own; the one shown is checked step by step."""
    n, peak, sigma = values["warm"], values["lr"], values["sigma"]
    now, steps, eta, noise, gone, told = fields(
        r"Step # of 600, warm-up of # steps? to η = #, noise #\. # of 50 runs diverge within 600 steps\. This one(.*)",
        caption,
    )
    assert int(now) == t and int(steps) == n and wrote(eta, peak) and wrote(noise, sigma)
    assert ("of 1 step to" in caption) == (n == 1)
    left, ends = fifty(peak, sigma)
    left, ends = left[WARM_UPS.index(n)], ends[WARM_UPS.index(n)]
    assert int(gone) == (left > 0).sum(), f"there are {(left > 0).sum()}"
    rates = [peak * min(k + 1, n + 1) / (n + 1) for k in range(601)]
    w, when = seen.path["w"], int(seen.path["diverged"])
    last = when - 1 if when else 600
    x, y = w[:last].T
    xi = np.random.default_rng(0).standard_normal((600, 50, 2))[:last, 0] * sigma
    g = np.stack([-2 * (1 - x * y) * y, -2 * (1 - x * y) * x], -1) + xi
    assert np.allclose(w[1 : last + 1], w[:last] - np.array(rates[:last])[:, None] * g, rtol=1e-9, atol=1e-12)
    assert when == left[0] and tuple(w[0]) == (0.2, 3.5)
    here, rest = re.fullmatch(r"(.*?)\.((?: Those.*)?)", told).groups()
    if when and when <= t:
        assert here == f" diverged at step {when}"
    else:
        sharp, edge = fields(": sharpness #, 2/η #", here)
        assert wrote(sharp, sharpness(*w[t])) and wrote(edge, 2 / rates[t])
    if (left > 0).all():
        assert rest == ""
    else:
        end, edge = fields(r" Those that last end at a sharpness of # \(median\); 2/η ends at #\.", rest)
        assert wrote(end, np.median(ends[left == 0])) and wrote(edge, 2 / peak)


# ---- the full update ----

RATES = [float(f"{m}e{d}") for d in (-3, -2, -1, 0) for m in (1, 2, 5)] + [10.0]


@functools.cache
def eight(angle, sigma):
    """The lowest mean loss of each of eight updates and the η of it: {(falls, scaled, averaged): (loss, η)}."""
    turn = math.radians(angle)
    c, s = math.cos(turn), math.sin(turn)
    along, across = np.array([c, s]), np.array([-s, c])
    noise = np.random.default_rng(0).standard_normal((200, 10, 2))
    H = np.outer(along, along) / 100 + np.outer(across, across)
    etas, found = np.array(RATES)[:, None, None], {}
    for falls, scaled, averaged in [(i > 3, i % 4 > 1, i % 2 > 0) for i in range(8)]:
        w, m, v = np.tile(-8 * along + 4 * across, (13, 10, 1)), 0.0, 0.0
        gone = np.zeros((13, 10), bool)
        with np.errstate(all="ignore"):
            for k in range(200):
                xi = sigma * (0.1 * noise[k, :, :1] * along + noise[k, :, 1:] * across)
                g = w @ H + xi
                m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
                step = m / (1 - 0.9 ** (k + 1)) if averaged else g
                if scaled:
                    step = step / (np.sqrt(v / (1 - 0.99 ** (k + 1))) + 1e-8)
                w = w - etas * ((1 + math.cos(math.pi * k / 200)) / 2 if falls else 1.0) * step
                gone |= ~(np.abs(w) <= 1e6).all(-1)
            loss = np.where(gone, np.inf, (w @ H * w).sum(-1) / 2).mean(-1).tolist()
        found[falls, scaled, averaged] = min(loss), RATES[loss.index(min(loss))]
    return found


def switches(values, seen, caption, t):
    """The best of 13 η, and what each part that is on brings, from runs of its own."""
    on = tuple(bool(values[name]) for name in ("falls", "scaled", "averaged"))
    angle, sigma, found = values["angle"], values["sigma"], eight(values["angle"], values["sigma"])
    turned, noise, parts, name, eta, low, told = fields(
        r"Valley at #°, noise #: (.*?)(?: \((.*?)\)|, which is gradient descent)?\. Mean loss after 200 steps at the "
        r"best of 13 η, #: (\S+)\. (.*)\.",
        caption,
    )
    assert float(turned) == angle and wrote(noise, sigma)
    words = [word for word, one in zip(("η falls", "σ is on", "m is on"), on, strict=True) if one]
    assert parts == (", ".join(words) or "all parts off") and (name is None) == (not any(on))
    method = {(0, 0): "gradient descent", (0, 1): "momentum", (1, 0): "RMSProp", (1, 1): "Adam"}[on[1:]]
    assert name in (None, method + ", η falls" * on[0]) and ("which is" in caption) == (not any(on))
    loss, best = found[on]
    assert wrote(eta, best) and says(low, loss, 3)
    first = True
    for i, part in enumerate(("the fall of η", "σ", "m")):
        if on[i] or not any(on):
            other = found[tuple(one != (j == i) for j, one in enumerate(on))][0]
            form = f"{'without' if any(on) else 'with'} {part}( the loss is)? (.*? times)( as large)?(?:, (.*))?"
            form = form[0].upper() + form[1:] if first else form
            is_, times, large, told = re.fullmatch(form, told).groups()
            assert (is_ is not None) == (large is not None) == first
            assert says(times, other / loss, 2 if not 0.95 < other / loss < 1.05 else None) and times != "1 times"
            first = False
    assert told is None


CHECK = {
    "Digits": digits_,
    "Branches": branches,
    "Burst": burst,
    "Plateau": plateau,
    "River": river,
    "Designer": designer,
    "WarmUp": warm_up,
    "Switches": switches,
}
COUNT = {"Burst": 8000, "River": 2000, "WarmUp": 1500, "Switches": 1500}  # of Burst all
