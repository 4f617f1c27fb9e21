"""What chapter 03 says of trainings, counted by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import fields, says, value, wrote
from whole.walks import follows

from optim_core.chapters.learning_rate.experiments import RATES
from optim_core.scenes.board import number


def growing_u(values, seen, caption, t):
    """The lowest of all losses now, and the first larger rate that is not below the start."""
    now, start = seen["loss"][seen["at"] <= t][-1], seen["loss"][0, 0]
    step, epochs = re.match(r"After ([\d,]+) steps?, ([\d.,]+) epochs?, with", caption).groups()
    assert value(step)[0] == seen["at"][seen["at"] <= t][-1] and says(epochs, value(step)[0] / seen["epoch"])
    assert (f"mini-batches of {values['batch']}" in caption) == (values["batch"] < 1200)
    chosen = re.search(r"With the chosen η = (\S+) it is (.*)\.$", caption)
    i = int(np.argmin(np.abs(np.log(RATES / value(chosen[1])[0]))))
    assert math.isclose(RATES[i], values["lr"], rel_tol=1e-6) and says(chosen[2], now[i])
    below = [k for k, loss in enumerate(now) if loss < start]
    if not below:
        assert ("all stand at" if all(loss == start for loss in now) else "none is below") in caption
        return
    best = min(below, key=lambda k: now[k])
    low, rate = re.search(r"the lowest loss is (.*?), at η = (.*?);", caption).groups()
    assert says(low, now[best]) and rate == number(RATES[best])
    not_below = [k for k in range(best + 1, len(now)) if k not in below]
    if not not_below:
        assert "with all larger rates it is below the loss at the start" in caption
    elif not_below == [*range(not_below[0], len(now))]:
        assert f"from η = {number(RATES[not_below[0]])} on it is not below" in caption
    else:
        assert f"η = {number(RATES[not_below[0]])} is the first larger one whose loss is not below" in caption


def range_test(values, seen, caption, t):
    """The best of the whole trainings, the lowest of the smoothed losses of the test, and how far apart they are."""
    rates, losses = seen["u"]
    best = min((loss, rate) for rate, loss in zip(rates, losses, strict=True) if loss == loss)[1]
    assert f"the one with η = {number(best)} is the best" in caption and f"Random seed {values['seed']}." in caption
    for name, (tried, noisy) in seen["seen"].items():
        whose = {"ours": "our", "yours": "your"}[name]
        words = re.search(rf"The test with {whose} rates.*?(?=The test|$)", caption)[0]
        if len(tried) < seen["steps"]:
            assert f"has taken {len(tried)} of {seen['steps']} steps" in words
            continue
        means = [np.mean(noisy[max(0, k - 4) : k + 1]) for k in range(len(noisy))]
        lowest = tried[means.index(min(means))]
        said, factor, side = re.search(
            r"is lowest at η = (.*?), a factor of (.*?) (above|below) the best", words
        ).groups()
        assert says(said, lowest) and says(factor, max(lowest / best, best / lowest))
        assert side == ("above" if lowest > best else "below")


def forks(values, seen, caption, t):
    """Where the run was stopped, where its four continuations stand, and which of three rates is the lowest."""
    steps, losses = seen["curves"][values["curve"]]
    k, more = round(values["fork"] * (len(steps) - 1)), {name: y for name, (_, y) in seen["more"].items()}
    begin = (
        rf"Curve {values['curve']}, stopped at step {steps[k]}: loss (.*?) \(all .*\), length of the gradient (.*?), "
    )
    before, norm, first = re.match(begin + r"at the start (.*?)\. ", caption).groups()
    assert says(before, np.mean(losses[max(0, k - 4) : k + 1]))
    assert says(norm, seen["norm"][k]) and says(first, seen["norm"][0])
    on, ends = re.search(r"\. After ([\d,]+) more steps?: (.*?)\. (?=It|By)", caption).groups()
    assert value(on)[0] == seen["more"]["η"][0][-1] - steps[k]
    stands = dict(part.rsplit(": ", 1) for part in ends.split("; "))
    assert set(stands) == set(more) == {"η/3", "η", "3η", "η, all examples"}
    means = {name: float(np.mean(y[-5:])) for name, y in more.items()}
    assert all(says(stands[name], mean) for name, mean in means.items())
    if len(more["η"]) < len(losses):
        assert caption.endswith("It goes on.")
        return
    three = {name: mean if math.isfinite(mean) else math.inf for name, mean in means.items() if "all" not in name}
    lowest = min(three, key=three.get)
    helps = three[lowest] < 0.98 * np.mean(losses[max(0, k - 4) : k + 1])
    words = {"η/3": "from here on η is too large", "η": "from here on η is fine", "3η": "from here on η is too small"}
    assert caption.endswith(f"{words[lowest] if helps else 'none of η/3, η and 3η helps'}.")


def edge_training(values, seen, caption, t):
    """When the sharpness is first seen above 2/η, and its mean over the looks of the second half."""
    eta, at, sharp = values["eta"], seen["at"], seen["sharp"][:, 0]
    assert caption.startswith(f"η = {number(eta, 3)}, 2/η = {number(2 / eta, 3)}; after {number(at[-1])} of ")
    if seen["diverged"][0]:
        assert caption.endswith(f"it diverged at step {seen['diverged'][0]}.")
        return
    loss, now, part = re.search(r"loss (.*?), sharpness (.*?), (\S+) times 2/η\.", caption).groups()
    assert says(loss, seen["loss"][-1, 0]) and says(now, sharp[-1]) and says(part, sharp[-1] / (2 / eta))
    above = [step for step, one in zip(at, sharp, strict=True) if one > 2 / eta]
    words = f"At step {above[0]} it was first seen above 2/η." if above else "It has not been above 2/η so far."
    assert words in caption and ("second half" in caption) == (at[-1] == seen["steps"])
    if at[-1] == seen["steps"]:
        late = [one / (2 / eta) for step, one in zip(at, sharp, strict=True) if step >= seen["steps"] / 2]
        assert says(re.search(r"second half: (\S+) times", caption)[1], np.mean(late))


def size(words, one, digits=2):
    """Whether some words say this loss or length as the captions of runs on surfaces do."""
    if not abs(one) < 1e8 * (1 + 1e-9) or words == "above 10⁸":
        return words == "above 10⁸" and one > 1e8 * (1 - 1e-9)
    if words == "below 10⁻¹²":
        return 0 < one < 1e-12 * (1 + 1e-9)
    return wrote(words, one, 3 if 99.5 <= one < 1000 else digits) or wrote(words, one, digits)


def two_directions(values, seen, caption, t):
    """Loss and gradient by the powers of the two factors; which of these is the larger, and of which η it is least."""
    eta, lam = values["eta"], (1 / values["kappa"], 1.0)
    form = r"Step # of 100, η = #, κ = #: loss (.*?) \(# at the start\), length of the gradient (.*?) \(# at the "
    form += (
        r"start\)\. (?:It diverged at step #\. )?(.*?) In the long run the best constant η is #, with the factor #\."
    )
    step, rate, kappa, loss, first, norm, start, gone, words, best, least = fields(form, caption)
    assert int(step) == t and wrote(rate, eta, 4) and wrote(kappa, values["kappa"])
    factors = [1 - eta * one for one in lam]
    with np.errstate(over="ignore", under="ignore"):
        w = np.array([-8.0, 4.0]) * np.array(factors) ** np.arange(101.0)[:, None]
    left = np.flatnonzero((np.abs(w) > 1e6).any(-1))
    assert gone == (str(left[0]) if len(left) else None)
    now = min(t, left[0]) if len(left) else t
    for k, said, other in ((now, loss, norm), (0, first, start)):
        g = w[k] * lam
        assert size(said, (w[k] * g).sum() / 2) and size(other, math.hypot(*g))
    flat, steep = np.abs(factors)
    if steep > 1 + 1e-9:
        said = fields("The steep direction has the factor #: every step takes it farther away\\.", words)[0]
        assert wrote(said, factors[1], 4)
    elif steep > 1 - 1e-9:
        assert words == "The steep direction has the factor −1: it jumps to and fro and comes no nearer."
    elif abs(flat - steep) < 1e-9:
        assert wrote(fields("Both directions have a factor of size #\\.", words)[0], steep, 4)
    else:
        which, said = fields("The (flat|steep) direction is the slower one: its factor is #\\.", words)
        assert which == ("flat" if flat > steep else "steep")
        assert wrote(said, factors[which == "steep"], 4) or abs(value(said)[0] - factors[which == "steep"]) < 1e-12
    assert wrote(best, 2 / sum(lam), 4) and wrote(least, (lam[1] - lam[0]) / sum(lam), 4)
    for near in (0.99, 1.01):  # at another η one of the two factors is larger
        assert max(abs(1 - near * 2 / sum(lam) * one) for one in lam) > (lam[1] - lam[0]) / sum(lam)


RATES_OF_EDGE = np.arange(5, 201) / 500


def product_run(y, w, eta, steps):
    """Where gradient descent on (y − w₁w₂)² is after so many steps for many η; beyond a million it stays."""
    a, b, eta = (np.broadcast_to(one, np.shape(eta)).astype(float) for one in (*w, eta))
    with np.errstate(all="ignore"):
        for _ in range(steps):
            r = 2 * eta * (y - a * b)
            further, stays = (a + r * b, b + r * a), (np.abs(a) > 1e6) | (np.abs(b) > 1e6)
            a, b = np.where(stays, a, further[0]), np.where(stays, b, further[1])
    return a, b


def steepness(y, a, b):
    """The largest part of the gradient of (y − w₁w₂)², and its Hessian's two eigenvalues."""
    mean, half = a * a + b * b, np.hypot(b * b - a * a, 4 * a * b - 2 * y)
    return np.maximum(np.abs(a), np.abs(b)) * np.abs(2 * (y - a * b)), mean - half, mean + half


@functools.lru_cache
def becomes(y, start):
    """What becomes of each rate in 1,000 steps: gone, rests, moves; several where the start's last digit decides."""
    possible = [set() for _ in RATES_OF_EDGE]
    for last in (0.0, 3e-16, -3e-16):
        a, b = product_run(y, (start[0] * (1 + last), start[1]), RATES_OF_EDGE, 1000)
        with np.errstate(all="ignore"):
            g, _, top = steepness(y, a, b)
        for k, eta in enumerate(RATES_OF_EDGE):
            if max(abs(a[k]), abs(b[k])) > 1e6:
                possible[k].add("gone")
            elif not g[k] < 1e-5:
                possible[k].add("moves")
            elif top[k] <= 2 / eta * (1 + 1e-9):
                possible[k].add("rests")
            else:
                possible[k] |= {"moves"} if g[k] * eta > 4e-16 else {"rests", "moves"}  # no step moves it any more
            if abs(g[k] - 1e-5) < 1e-12:
                possible[k] |= {"moves", "rests"}
    return possible


def edge(values, seen, caption, t):
    """Where a run stands and whether it will stay, by going on; and what becomes of 196 other rates."""
    y, eta, start = values["y"], values["eta"], values["start"]
    form = (
        r"From \(#, #\) with η = #, 2/η = #; step # of 300: (?:it diverged at step #|([\w ,]*?)sharpness #(?: \(# at "
    )
    *at, rate, bound, step, gone, stands, sharp, first, others = fields(form + r"the start\))?)\. (.*)", caption)
    assert all(wrote(words, one) for words, one in zip(at, start, strict=True)) and int(step) == t
    assert wrote(rate, eta) and wrote(bound, 2 / eta)
    path = seen["path"]
    left = follows(path, lambda w: -2 * (y - w[..., :1] * w[..., 1:]) * w[..., ::-1], eta)
    if left and t >= left:
        assert gone == str(left)
    else:
        a, b = path["w"][t]
        g, low, top = steepness(y, a, b)
        assert wrote(sharp, top)
        assert (first is None) == (t == 0) and (not t or wrote(first, steepness(y, *start)[2]))
        one, two = float(a), float(b)
        for _ in range(20_000):
            r = 2 * eta * (y - one * two)
            one, two = one + r * two, two + r * one
        stays = abs(one - a) < 0.05 and abs(two - b) < 0.05
        if g >= 1e-5:
            assert stands == ""
        elif low < -1e-3:
            assert stands == ("at rest on a saddle, " if stays else "beside a saddle that it will leave, ")
        else:
            assert stands == ("at rest, " if stays else "beside a minimum too sharp to hold it, ")
    possible, ends = becomes(y, tuple(start)), seen["ends"]
    mine = ["gone" if np.isinf(one) else "moves" if np.isnan(one) else "rests" for one in ends]
    assert all(one in some for one, some in zip(mine, possible, strict=True)), "other rates end otherwise"
    high = sum(one > 2 / rate * (1 + 1e-6) for one, rate in zip(ends, RATES_OF_EDGE, strict=True) if np.isfinite(one))
    rest, many, moving = (mine.count(fate) for fate in ("rests", "gone", "moves"))
    words = f"Of 196 rates {rest} come{'s' * (rest == 1)} to rest, {high or 'none'} of them above 2/η"
    if many:
        least = number(RATES_OF_EDGE[mine.index("gone")])
        words += f"; {many} diverge{'s' * (many == 1)}, the first at η = {least}"
    if moving:
        words += f"; {moving} still move{'s' * (moving == 1)} after 1,000 steps"
    assert others == words + "."


CHECK = {
    "GrowingU": growing_u,
    "TwoDirections": two_directions,
    "RangeTest": range_test,
    "Forks": forks,
    "Edge": edge,
    "EdgeTraining": edge_training,
}
COUNT = {"Edge": 600}
