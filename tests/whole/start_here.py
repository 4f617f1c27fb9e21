"""What chapter 00 says of gradient descent on surfaces, by paths followed step by step and by where they go on to."""

import functools

import numpy as np
from whole import critical_points as product
from whole.counting import fields, wrote
from whole.walks import follows, settles, walk


def himmelblau(w):
    """The gradient of (w₁² + w₂ − 11)² + (w₁ + w₂² − 7)²."""
    x, y = w[..., 0], w[..., 1]
    a, b = x * x + y - 11, x + y * y - 7
    return np.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b], -1)


def rosenbrock(w):
    """The gradient of (1 − w₁)² + 100 (w₂ − w₁²)²."""
    x, y = w[..., 0], w[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], -1)


LOSSES = {
    "product": lambda x, y: (1 - x * y) ** 2,
    "himmelblau": lambda x, y: (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2,
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
}
SLOPES = {"product": product.slope, "himmelblau": himmelblau, "rosenbrock": rosenbrock}
MIDDLES = {
    "product": (0, 0, 2.5),
    "himmelblau": (0, 0, 5),
    "rosenbrock": (0, 1, 2),
}  # of the maps, and half their width


def trajectories(values, seen, caption, t):
    """Where the run stands, and what becomes of it."""
    lr, start, name = values["lr"], values["start"], values.get("surface", "product")
    slope, path = SLOPES[name], seen[1]["gradient descent"]
    w, last = path["w"], 200 if "surface" in values else 100
    step, steps, eta, loss, story = fields(r"Step # of #, η = #\. Loss: gradient descent (\S+|\w+ \S+)\. (.*)", caption)
    gone, steps = follows(path, slope, lr), int(steps)
    assert tuple(w[0]) == tuple(start) and len(w) == last + 1 and list(seen[1]) == ["gradient descent"]
    assert int(step) == t <= steps <= last and steps % 25 == 0 and wrote(eta, lr, 6)
    assert np.abs(w[steps:] - w[-1]).max() <= 2e-3 * MIDDLES[name][2], (
        "it still moves after the last step that is shown"
    )
    height = LOSSES[name](*w[t].tolist())
    assert loss == "above 10⁶" if height > 1e6 else loss == "below 10⁻¹²" if height < 1e-12 else wrote(loss, height)
    norm = np.linalg.norm(slope(w), axis=-1)
    if gone:
        assert story == f"Gradient descent diverged at step {gone}."
    elif norm[-1] > 1e-4:
        form = rf"Gradient descent is still moving after {last} steps \(gradient norm #\)\."
        assert wrote(fields(form, story)[0], norm[-1], 2)
    else:
        rested(story, name, w, settles(norm <= 1e-4), norm, lr)


def rested(story, name, w, arrived, norm, lr):
    """Assert that a sentence names the kind of place where a run has come to rest, or that it will go on from there."""
    if name == "product":
        there = product.place(1.0, 1.0, w[-1])
    else:
        there = kind(name, *w[-1].tolist())
    stays = goes_on(name, tuple(w[-1]), lr) < product.NEAR
    if norm[0] == 0:
        at = "on" if there == "the valley floor" else "at"
        assert story == f"Gradient descent stands still: it started {at} {there}, where the gradient is zero." and stays
    elif arrived == 0:
        assert story == "Gradient descent started where the gradient norm is below 10⁻⁴ already."
    elif there == "a saddle" and not stays:
        assert story == f"Gradient descent came close to a saddle {after(arrived)}, and will leave it."
    else:
        x, y, half = MIDDLES[name]
        off = np.abs(w[-1] - [x, y]).max()
        while half < np.abs(w[0] - [x, y]).max():  # who starts outside sees more of it
            half *= 2
        away = "" if off <= half else ", outside the picture,"
        assert story == f"Gradient descent arrived at {there}{away} {after(arrived)}." and stays


def after(steps):
    return f"after {steps} step{'s' * (steps > 1)}"


@functools.cache
def kind(name, x, y):
    """What kind of point the slope vanishes at near (x, y), by Newton's method and differences of the slope."""
    w, h = np.array([x, y]), 1e-5
    for _ in range(20):
        H = np.array([(SLOPES[name](w + step) - SLOPES[name](w - step)) / (2 * h) for step in h * np.eye(2)])
        w = w - np.linalg.solve(H, SLOPES[name](w))
    assert np.abs(w - [x, y]).max() < 0.01 and np.linalg.norm(SLOPES[name](w)) < 1e-6
    low, high = np.linalg.eigvalsh((H + H.T) / 2)
    return "a minimum" if low > 0 else "a maximum" if high < 0 else "a saddle"


@functools.cache
def goes_on(name, w, lr):
    """How far a run gets from w in 4,000 steps more."""
    points = walk(SLOPES[name], w, 4000, lr)[0]
    return np.abs(points - points[0]).max()


CHECK = {"Trajectories": trajectories}
COUNT = {"Trajectories": 500}
