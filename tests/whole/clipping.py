"""What chapter 12 says of runs on a cliff, of clippers, of clipped SGD and of gradients back in time, by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import fields, says, value, wrote

from optim_core.chapters.clipping.experiments import POINTS, drawn


def remember(values, seen, caption, t):
    """Each training's largest gradient and its late answers; how many were clipped; until then both are the same."""
    lr, theta, seed, run = *(values[name] for name in ("lr", "theta", "seed")), seen[3]
    told = fields(
        r"η = #, θ = #, seed #, after # steps\. "
        r"Without clipping: largest gradient norm #, at step #; # % right over the last # steps\. "
        r"Clipped: largest gradient norm #, at step #; # % right over the last # steps\. "
        r"Of its gradients # % were clipped\.",
        caption,
    )
    assert says(told[0], lr, 3) and says(told[1], theta, 3)
    steps = len(run["norm"])
    assert [value(words)[0] for words in told[2:4]] == [seed, steps] and steps % 5 == 0 and steps <= run["steps"] == 300
    for k in (0, 1):
        most, at, right, late = told[4 + 4 * k : 8 + 4 * k]
        norms, answers = ([row[k][0] for row in run[name]] for name in ("norm", "right"))
        assert says(most, max(norms), 3) and value(at)[0] == norms.index(max(norms))
        assert value(late)[0] == min(20, steps)
        assert abs(float(right) - 100 * sum(answers[-20:]) / len(answers[-20:])) <= 0.5 + 1e-9
    clipped = [norm > theta for norm in run["norm"][:, 1, 0]]
    assert abs(float(told[12]) - 100 * sum(clipped) / steps) <= 0.05 + 1e-9
    same = clipped.index(True) + 1 if any(clipped) else steps
    assert np.array_equal(run["norm"][:same, 0], run["norm"][:same, 1])
    assert not any(clipped) or same == steps or not np.array_equal(run["norm"][same, 0], run["norm"][same, 1])


def one_bad(values, seen, caption, t):
    """Clipped SGD run again, the minimum from the corners of its slope, and the residuals beyond θ."""
    told = fields(
        r"θ = #: clipped SGD stays around # \(± #\); the minimum of Huber's loss is at #\. Gradients longer than θ "
        r"there, which are clipped: # of #\.",
        caption,
    )
    theta = values["theta"]
    corners = np.sort(np.concatenate([POINTS - theta, POINTS + theta]))  # between two of them the slope is straight
    slopes = np.clip(corners[:, None] - POINTS, -theta, theta).sum(-1)
    flat = corners[np.abs(slopes) < 1e-9 * theta]
    lowest = np.mean(flat[[0, -1]]) if len(flat) else np.interp(0.0, slopes, corners)
    path = by_hand(theta)
    assert says(told[0], theta, 3) and says(told[1], np.mean(path), 3) and says(told[2], np.std(path), 2)
    assert says(told[3], lowest, 3)
    halves = np.mean(path[:7500]), np.mean(path[7500:])
    assert abs(halves[0] - halves[1]) < 2 * np.std(path), "it does not stay there"
    assert [value(words)[0] for words in told[4:]] == [sum(abs(lowest - x) > theta for x in POINTS), len(POINTS)]


@functools.cache
def by_hand(theta):
    """The last 15,000 of 20,000 w of SGD, one number of POINTS a step."""
    w, path, lr = 0.0, [], 0.02 if theta >= 1 else 0.004 / theta
    for i in np.random.default_rng(1).integers(0, len(POINTS), 20_000):
        w -= lr * max(-theta, min(theta, w - POINTS[i]))
        path.append(w)
    return path[5000:]


def through_time(values, seen, caption, t):
    """The median, the least and the largest of five; no larger than the weights allow; what the median means."""
    if t == 0:
        gain, weights = fields(r"The last step, gain #, (\w+) weights\. Press play to go back in time\.", caption)
        assert says(gain, values["gain"], 3) and weights == values["weights"]
        return
    steps, gain, weights, left, least, most, verdict, factor = fields(
        r"# steps? back, gain #, (\w+) weights: the gradient is (?:# times what it is|as large as) at the end "
        r"\(median of five networks; from # to #\)\. "
        r"It (vanishes|explodes|keeps its size so far, within a factor of 10)(?:: per step a factor of #)?\.",
        caption,
    )
    assert value(steps)[0] == t and (" steps " in caption) == (t > 1)
    assert says(gain, values["gain"], 3) and weights == values["weights"]
    sizes = sorted(10.0 ** line[t] for line in seen[2])
    assert len(sizes) == 5 and len(seen[2][0]) == values["length"] + 1
    assert all(says(words, size, 2) for words, size in zip((least, left or "1", most), sizes[::2], strict=True))
    reach = [(values["gain"] * norm) ** t * (1 + 1e-9) for norm in largest(weights)]
    assert all(10.0 ** line[t] <= most for line, most in zip(seen[2], reach, strict=True))
    if 0.1 <= sizes[2] <= 10:
        assert verdict.startswith("keeps") and not factor
    else:
        assert verdict == ("vanishes" if sizes[2] < 1 else "explodes")
        assert says(factor, np.exp(np.log(sizes[2]) / t), 3)


@functools.cache
def largest(weights):
    """The largest singular value of each network's weights for a gain of 1: no vector gets longer by more."""
    scheme = {"Gaussian": "inverse_sqrt", "orthogonal": "orthogonal"}[weights]
    return [np.linalg.norm(drawn(seed, scheme)[0], 2) for seed in range(5)]


def cliff(w, length):
    """Loss and gradient of the recurrent unit at points (…, 2), the gradient carried back from the last step."""
    w, b = w[..., 0], w[..., 1]
    xs = [0.5 + 0 * w]
    for _ in range(length):
        xs.append(w / (1 + np.exp(-xs[-1])) + b)
    s = [1 / (1 + np.exp(-x)) for x in xs]
    back, by_w, by_b = 2 * (s[-1] - 0.7) * s[-1] * (1 - s[-1]), 0.0, 0.0
    for one in s[-2::-1]:
        by_w, by_b = by_w + back * one, by_b + back
        back = back * w * one * (1 - one)
    return (s[-1] - 0.7) ** 2, np.stack([by_w, by_b], -1)


def cliff_runs(values, seen, caption, t):
    """Each step of both runs by the gradient here; the longest so far, how far it threw the run, the loss, and solved.

    Step by step: a run that has met the cliff goes on by the last digits of a sum.
    """
    lr, _, _, runs = seen
    length, moving = values.get("length", 50), "×" in values.get("threshold", "")
    what = f"θ = {values['theta']:g}" + " × the mean norm so far" * moving + f", length {length}" * ("length" in values)
    first = f"Step {t} of 150. η = "
    rate = re.match(rf"{first}(.*?), {re.escape(what)}\. ", caption)
    assert lr == values["lr"] and wrote(rate[1], lr)
    rest = caption[rate.end() :]
    for name, path in runs.items():
        w = path["w"]
        assert (w[0] == values["start"]).all() and len(w) == 151 and not path["diverged"]
        with np.errstate(all="ignore"):
            loss, g = cliff(w, length)
        norm = np.hypot(*g.T)
        assert np.allclose(norm, path["norm"], rtol=1e-6, atol=1e-12)
        theta = np.full(150, values["theta"] if name != "without clipping" else math.inf)
        if moving and name == "clipped":
            sums = np.cumsum(norm)[:149]
            theta = np.concatenate([[math.inf], values["theta"] * sums / np.arange(1, 150)])
        push = lr * g[:-1] * np.minimum(1, theta / np.maximum(norm[:-1], 1e-300))[:, None]
        assert np.allclose(w[1:], w[:-1] - push, rtol=1e-9, atol=1e-9 + 1e-6 * np.abs(push)), f"{name} goes elsewhere"
        form = rf"{name.capitalize()}: longest gradient so far #, at step #; (?:the step from there is # long; )?"
        form += r"loss (below 10⁻⁹|#)(?:, first below 0\.001 at step #)?\.(?: (.*))?"
        longest, at, thrown, height, _, solved, rest = fields(form, rest)
        k = int(at)
        assert k <= t and wrote(longest, norm[: t + 1].max()) and norm[k] >= norm[: t + 1].max() * (1 - 1e-9)
        assert (norm[:k] < norm[k] * (1 + 1e-9)).all()
        far = math.dist(w[k], w[k + 1]) if k < t else 0.0
        assert (thrown is not None) == (far > 10) and (not thrown or wrote(thrown, far))
        assert height == "below 10⁻⁹" if loss[t] < 1e-9 else wrote(height, loss[t], 2)
        low = np.flatnonzero(loss[: t + 1] < 1e-3)
        assert solved == (str(low[0]) if len(low) else None)
    assert not rest and len(runs) == 1 + ("threshold" in values)


WRONG = {  # what each does to a gradient whose angle is kept, as (size, θ) → size; the other one cuts a component
    "÷ norm, θ forgotten": lambda size, theta: 1.0 if size > theta else size,
    "short ones made long": lambda size, theta: theta if size else 0.0,
    "‖g‖² compared with θ": lambda size, theta: theta if size**2 > theta else size,
}


def two_clippers(values, seen, caption, t):
    """Lengths and angles of the gradient clipped in two or three ways, as points of the plane."""
    g, theta, wrong = values["g"], values["theta"], values["clipper"]
    size, angle = math.hypot(*g), math.atan2(g[1], g[0])
    cut = {"By value": [min(max(one, -theta), theta) for one in g], "By norm": (min(size, theta), angle)}
    if wrong != "none":
        below = [one if one < theta else theta for one in g]
        cut[f"Wrong ({wrong})"] = (WRONG[wrong](size, theta), angle) if wrong in WRONG else below
    form = r"g = \(#, #\), norm #, θ = #\. " + r"\. ".join(f"{re.escape(name)}: (.*?)" for name in cut) + r"\."
    *at, norm, threshold, words = (*(got := fields(form, caption))[:4], got[4:])
    assert all(map(wrote, at, g)) and wrote(norm, size) and wrote(threshold, theta)
    for said, (name, new) in zip(words, cut.items(), strict=True):
        if isinstance(new, list):
            new = math.hypot(*new), math.atan2(new[1], new[0])
        turned = abs(math.degrees(new[1] - angle)) if new[0] else 0.0
        turned = min(turned, 360 - turned)
        if abs(new[0] - size) < 1e-9 and turned < 1e-6:
            assert said == "as it was"
            continue
        length, longer, degrees = fields(r"norm #(, longer than it was)?, (?:not turned|turned by #°)", said)
        assert wrote(length, new[0]) and (longer is not None) == (new[0] > size)
        assert turned < 0.0501 if degrees is None else turned > 0.0499 and wrote(degrees, turned)
        assert name != "By norm" or (degrees is None and new[0] <= size)
        assert name != "By value" or turned < 45


CHECK = {
    "CliffRuns": cliff_runs,
    "TwoClippers": two_clippers,
    "ThroughTime": through_time,
    "Remember": remember,
    "OneBad": one_bad,
}
COUNT = {"CliffRuns": 400, "TwoClippers": 1000, "Remember": 1000}
