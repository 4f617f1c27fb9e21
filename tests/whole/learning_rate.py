"""What chapter 03 says of trainings, counted by hand."""

import math
import re

import numpy as np
from whole.counting import says, value

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


CHECK = {"GrowingU": growing_u, "RangeTest": range_test, "Forks": forks, "EdgeTraining": edge_training}
