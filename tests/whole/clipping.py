"""What chapter 12 says of a network that must remember, of clipped SGD and of gradients back in time, by hand."""

import functools

import numpy as np
from whole.counting import fields, says, value

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


CHECK = {"Remember": remember, "OneBad": one_bad, "ThroughTime": through_time}
COUNT = {"Remember": 1000}
