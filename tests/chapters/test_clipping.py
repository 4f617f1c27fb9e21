"""Chapter 12: what its figures, captions and questions say is true."""

import itertools
import math

import numpy as np
import pytest

import notebooks
from optim_core.chapters.clipping import exercises, experiments, scenes
from optim_core.chapters.clipping.experiments import POINTS, Cliff
from optim_core.descent import descend
from optim_core.gradients import clip_norm
from optim_core.live import control
from optim_core.optimizers import gd
from optim_core.scenes.board import number


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_the_gradient_on_the_cliff_is_the_slope_of_its_loss(steps):
    cliff, rng = Cliff(steps), np.random.default_rng(0)
    points = rng.uniform((3, -4), (7, -1), (40, 2))
    for k in range(2):
        step = np.zeros(2)
        step[k] = 1e-6
        slope = (cliff.loss(points + step) - cliff.loss(points - step)) / 2e-6
        assert np.allclose(cliff.grad(points)[:, k], slope, atol=1e-5, rtol=1e-4)
    assert np.allclose(cliff.grad(points), [cliff.grad(point) for point in points], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("lr", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("theta", [0.02, 1.0, 100.0])
def test_a_clipped_run_never_steps_further_than_lr_theta(lr, theta):
    for start in ((5.6, -2.4), (6.2, -3.2), (3.0, -4.0), (7.0, -1.0)):
        _, runs = experiments.on_the_cliff(lr, start, {"clipped": lambda grad: clip_norm(grad, theta)}, 60)
        steps = np.linalg.norm(np.diff(runs["clipped"]["w"], axis=0), axis=-1)
        assert steps.max() <= lr * theta * (1 + 1e-12)


RATES, THETAS = control("lr", (0.5, 0.01, 1.0)).stops, control("theta", 1.0).stops


def every(values, k):
    """Every k-th of them, and the last."""
    return [*values[:-1:k], values[-1]]


@pytest.mark.parametrize("length", [1, 5, 50])
def test_what_is_said_of_a_run_on_the_cliff_is_what_it_did_so_far(length):
    """Without clipping and with seven thresholds, ten rates, starts at the corners and between; found by a loop."""
    cliff, corners = Cliff(length), [(3.0, -4.0), (7.0, -4.0), (3.0, -1.0), (7.0, -1.0), (5.6, -2.4), (6.2, -3.2)]
    lr = np.array(every(RATES, 5))[:, None, None]
    for k, theta in enumerate([np.inf, *every(THETAS, 16)]):
        starts = np.array([corners[k % 6], corners[(k + 4) % 6], (5.5, -2.6)])
        runs = descend(gd, np.tile(starts, (len(lr), 1, 1)), clip_norm(cliff.grad, theta), 150, lr=lr)["w"]
        norms, losses = np.linalg.norm(cliff.grad(runs), axis=-1), cliff.loss(runs)
        for at in np.ndindex(runs.shape[1:3]):
            w, norm, loss = (part[(slice(None), *at)] for part in (runs, norms, losses))
            longest, when, first = -1.0, 0, None
            for t in range(151):
                if norm[t] > longest:
                    longest, when = norm[t], t
                if first is None and loss[t] < 0.001:
                    first = t
                if t not in (0, 1, 18, 19, 90, 150):
                    continue
                said = scenes.fell("clipped", w, norm, loss, t)
                assert f"longest gradient so far {number(longest, 3)}, at step {when};" in said
                assert ("first below 0.001 at step" in said) == (first is not None)
                assert first is None or said.endswith(f"first below 0.001 at step {first}.")
                step = math.dist(w[when], w[when + 1]) if when < t else 0.0
                assert step <= float(lr[at[0]].item()) * theta * (1 + 1e-9)
                assert (f"the step from there is {number(step, 3)} long" in said) == (step > 10)


def test_what_is_said_of_the_cliff_does_not_hang_on_the_last_digit():
    """Starts that differ by rounding meet the same gradient and get below 0.001 at the same step.

    When their loss is below it for good differs: from step 146, or not within 150.
    """
    rng, clippers = np.random.default_rng(0), {"plain": None, "cut": lambda grad: clip_norm(grad, 1.0)}
    said = set()
    for _ in range(6):
        start = np.array([5.6, -2.4]) * (1 + rng.uniform(-3e-15, 3e-15, 2))
        cliff, runs = experiments.on_the_cliff(0.5, start, clippers)
        low, norm = np.flatnonzero(cliff.loss(runs["cut"]["w"]) < experiments.SOLVED), runs["plain"]["norm"]
        said.add((int(low[0]), int(norm.argmax()), round(float(norm.max()))))
    assert said == {(66, 18, 26421)}


@pytest.mark.parametrize("gain", [0.3, 1.0, 1.2, 2.0, 3.0])
def test_the_gradient_back_through_time_is_what_differences_say(gain):
    steps, units, batch = 6, 32, 8
    line = experiments.back_through_time(gain, steps, seeds=1)[0]
    rng = np.random.default_rng([0, 12])
    W = gain * rng.standard_normal((units, units)) / np.sqrt(units)
    U, x = rng.normal(size=(units, units)) / np.sqrt(units), 0.2 * rng.normal(size=(steps, batch, units))
    dh = rng.normal(size=(batch, units))

    def end(h):  # Σ dh · h_T, from h_0
        for t in range(steps):
            h = np.tanh(x[t] @ U + h @ W)
        return (dh * h).sum()

    slope = np.zeros((batch, units))
    for i, j in np.ndindex(batch, units):
        step = np.zeros((batch, units))
        step[i, j] = 1e-6
        slope[i, j] = (end(step) - end(-step)) / 2e-6
    assert np.log10(np.linalg.norm(slope) / np.linalg.norm(dh)) == pytest.approx(line[-1], abs=1e-5)


def test_one_network_lies_above_the_dashed_line_as_its_largest_eigenvalue_is_large():
    lines = experiments.back_through_time(0.3, 60)[:, -1] / 60 - np.log10(0.3)  # log₁₀ of the factor per step, over 0.3
    rho = [np.log10(np.abs(np.linalg.eigvals(experiments.drawn(seed)[0])).max()) for seed in range(5)]
    assert np.argmax(lines) == np.argmax(rho) == 0 and lines[0] > 0.05
    assert np.allclose(lines, rho, atol=0.035)  # after many steps the largest eigenvalue decides, but for the slopes


GAINS = [0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 2.5, 3.0]


@pytest.mark.parametrize("scheme", ["inverse_sqrt", "orthogonal"])
def test_what_vanishes_and_explodes_is_said_over_all_gains(scheme):
    """It does so in most of the five networks; and ‖W‖ᵏ bounds it, as no slope of tanh is above 1."""
    most = np.median([np.linalg.norm(experiments.drawn(seed, scheme)[0], 2) for seed in range(5)])
    for gain, length in itertools.product(GAINS, (5, 60, 100)):
        lines = 10.0 ** experiments.back_through_time(gain, length, scheme)
        for k in {1, 2, 5, length // 2, length}:
            word = scenes.carried(float(np.median(lines[:, k])), k)
            assert word.startswith("It vanishes") == ((lines[:, k] < 0.1).sum() >= 3)
            assert word.startswith("It explodes") == ((lines[:, k] > 10).sum() >= 3)
            if (gain * most) ** k < 0.1:
                assert word.startswith("It vanishes"), (gain, k)
            if gain * most <= 1:
                assert not word.startswith("It explodes"), (gain, k)
            if "per step" in word:
                each = notebooks.parse_number(word.split("factor of ")[1].rstrip("."))[0]
                assert each == pytest.approx(np.median(lines[:, k] ** (1 / k)), rel=0.006)


def test_a_gradient_is_told_as_a_part_of_the_last_one_or_as_large():
    for left in [*np.geomspace(1e-60, 1e20, 1601), *np.linspace(0.9, 1.1, 401)]:
        said = scenes.beside_the_end(float(left))
        if said == "as large as at the end":
            assert 0.9949 <= left <= 1.0501
        else:
            told = notebooks.parse_number(said.removesuffix(" times what it is at the end"))[0]
            assert told != 1 and told == pytest.approx(left, rel=0.0501)


def by_angle(g, new):
    """By how many degrees one vector of the plane is turned to another, and their lengths."""
    (a, b), (c, d) = g, new
    turn = math.degrees(abs(math.atan2(b, a) - math.atan2(d, c))) % 360
    return min(turn, 360 - turn), math.hypot(a, b), math.hypot(c, d)


@pytest.mark.parametrize("wrong", scenes.WRONG)
def test_what_is_said_after_clipping_is_what_angle_and_length_say(wrong):
    for x, y, theta in itertools.product(range(-5, 6), range(-5, 6), every(control("theta", (2.0, 0.1, 6.0)).stops, 5)):
        g, size = np.array([x, y], float), math.hypot(x, y)
        cases = dict(zip(("by value", "by norm"), experiments.two_clippers(g, theta), strict=True))
        if scenes.WRONG[wrong]:
            cases = dict(wrong=scenes.WRONG[wrong](g, theta))
        else:
            assert ("as it was" in scenes.after("", g, cases["by value"])) == (max(abs(x), abs(y)) <= theta)
            assert ("as it was" in scenes.after("", g, cases["by norm"])) == (size <= theta)
        for name, new in cases.items():
            said = scenes.after(name, g, new)
            turn, before, length = by_angle(g, new)
            if "as it was" in said:
                assert tuple(new) == (x, y)
                continue
            assert f"norm {number(length, 3)}" in said and ("longer than it was" in said) == (length > before + 1e-6)
            assert ("not turned" in said) == (turn <= 0.05)
            assert turn <= 0.05 or f"turned by {number(turn, 3)}°" in said
            assert name != "by norm" or (length == pytest.approx(theta) and "not turned" in said)
            assert name != "by value" or turn < 45


def test_the_answer_of_clipped_sgd_is_said_at_every_threshold():
    """It stays within three standard errors (from 30 blocks) of the loss's minimum, which a grid finds."""
    means, ends = experiments.clipped_sgd()
    grid = np.linspace(-1, 3, 2001)
    r = np.abs(grid[:, None] - POINTS)
    for k, theta in enumerate(experiments.THETAS):
        blocks = ends[:, k].reshape(30, -1).mean(1)
        height = (np.minimum(r, theta) * (r - np.minimum(r, theta) / 2)).sum(-1)
        lowest = grid[height <= height.min() + 1e-9 * theta]
        said = scenes.stays(theta, means[k], ends[:, k].std())
        at = notebooks.parse_number(said.split("loss is at ")[1].split(". ")[0])[0]
        assert at == pytest.approx(lowest.mean(), abs=0.0061)
        assert abs(means[k] - lowest.mean()) < 3 * blocks.std(ddof=1) / 30**0.5 + 0.002
        assert said.endswith(f"clipped: {sum(abs(at - x) > theta for x in POINTS)} of 50.")
    assert experiments.huber_minimum(1e-4) == pytest.approx(np.median(POINTS))


def test_what_is_said_of_a_network_that_must_remember_is_what_its_rows_say():
    *_, run = experiments.remembering(5.0, 0.01, range(10), steps=25)
    rng = np.random.default_rng(0)
    rows = [(run["norm"][:, i, k], run["right"][:, i, k]) for i in (0, 1) for k in range(10)]
    rows += [
        (np.exp(3 * rng.normal(size=n)), rng.integers(0, 33, n) / 32) for n in (1, 5, 19, 20, 21, 300) for _ in range(9)
    ]
    for norms, right in rows:
        late = right[max(0, len(right) - 20) :]
        said = scenes.remembers("clipped", norms, right)
        when = next(t for t, norm in enumerate(norms) if all(norm >= other for other in norms))
        assert f"largest gradient norm {number(norms[when], 3)}, at step {when};" in said
        assert said.endswith(f" {round(100 * sum(late) / len(late))} % right over the last {len(late)} steps.")
        for theta in every(THETAS, 9):
            share = 100 * sum(norm > theta for norm in norms) / len(norms)
            told = notebooks.parse_number(scenes.cut(norms, theta).split("gradients ")[1].split(" %")[0])[0]
            assert told == pytest.approx(share, abs=0.0501)


def test_hubers_minimum_is_between_median_and_mean_and_nothing_near_is_lower():
    for theta in experiments.THETAS:
        w = experiments.huber_minimum(theta)
        low, here, high = (experiments.huber(w + d - experiments.POINTS, theta).sum() for d in (-1e-3, 0, 1e-3))
        assert here <= low + 1e-9 and here <= high + 1e-9
    assert experiments.huber_minimum(1e3) == pytest.approx(experiments.POINTS.mean())


def test_a_student_s_clipper_that_fails_is_said_in_the_caption_and_the_figure_stays():
    def fails(g, theta):
        return g if np.linalg.norm(g) < 0.05 else undefined  # noqa: F821

    for function in (fails, lambda g, theta: g[:1], lambda g, theta: None, lambda g, theta: g / 0):
        _, what, surface, runs = exercises.beside(function)(lr=0.5, theta=1.0, start=(5.5, -2.6))
        scene = scenes.CliffRuns()
        scene.show((0.5, what, surface, runs))
        scene.at(10)
        assert np.isfinite(runs["ours"]["w"]).all()
    _, what, _, runs = exercises.beside(fails)(lr=0.5, theta=1.0, start=(5.5, -2.6))
    assert "yours failed" in what and "NameError" in what
    assert list(exercises.beside(lambda g, theta: ____)(0.5, 1.0, (5.5, -2.6))[3]) == ["ours"]  # noqa: F821


def test_clipping_cuts_the_steps_on_cosh_as_published():
    for start in (3.0, 6.0, 8.0):
        plain, cut = experiments.cosh_steps(start)
        assert cut <= math.ceil(start) + 3 and plain > 2 * cut
