"""Chapter 10: what its figures, captions and questions say is true."""

import itertools

import numpy as np
import pytest

import notebooks
from optim_core.chapters.normalization import exercises, experiments, scenes
from optim_core.exercises import ____
from optim_core.layers import batch_norm, instance_norm, layer_norm, weight_norm
from optim_core.live import control
from optim_core.scenes.board import number


@pytest.mark.parametrize("spread", [1.0, 3.0, 100.0])
@pytest.mark.parametrize("mean", [0.0, 1.0, 5.0])
def test_a_fit_is_least_squares_with_a_feature_and_a_bias(spread, mean):
    z = np.repeat([-1.0, 1.0], 5)  # mean 0, spread 1
    X = np.stack([mean + spread * z, np.ones(10)], -1)
    fit = experiments.Fit(spread, mean)
    assert np.allclose(fit.H, X.T @ X / 10)
    assert fit.condition == pytest.approx(np.linalg.cond(X) ** 2, rel=1e-6)
    u = np.array([0.3, -2.0])
    assert fit.loss(u) == pytest.approx(((X @ u) ** 2).mean() / 2)
    assert np.allclose(fit.grad(u), X.T @ (X @ u) / 10)


def test_a_feature_is_round_once_it_is_centred_and_rescaled_and_only_then():
    for spread, mean in itertools.product([1.0, 2.0, 100.0], [0.0, 0.5, 5.0]):
        for centre, rescale in itertools.product([False, True], repeat=2):
            fit = experiments.Fit(*experiments.prepared(spread, mean, centre, rescale))
            round_ = (centre or mean == 0) and (rescale or spread == 1)
            assert (fit.condition < 1 + 1e-9) == round_


STOPS = {name: control(name, 1.0).stops for name in ("spread", "mean", "gamma", "offset")}
BOXES = list(itertools.product([False, True], repeat=2))


def every(values, k):
    """Every k-th of them, and the last."""
    return [*values[:-1:k], values[-1]]


def test_arrived_says_when_the_loss_is_a_millionth():
    """All boxes over spreads, means and starts: a step leaves 1 − ηλ of a direction, so the loss is known."""
    for (spread, mean), boxes in itertools.product(
        itertools.product(every(STOPS["spread"], 5), every(STOPS["mean"], 10)), BOXES
    ):
        start = [(2.0, 2.4), (-3.0, 3.0), (0.02, 0.0), (0.0, -3.0)][round(7 * spread + 10 * mean) % 4]
        _, surface, runs = experiments.fitted(spread, mean, *boxes, start)
        loss = surface.loss(runs["gradient descent"]["w"])
        parts, (values, vectors) = loss / loss[0], np.linalg.eigh(surface.H)
        left = (1 - 2 / values.sum() * values) ** np.arange(101)[:, None] * (vectors.T @ start)
        exact = (values * left**2).sum(-1) / (values * left[0] ** 2).sum()
        there = np.flatnonzero(exact <= 1e-6)
        for t in (0, 1, 5, 20, 60, 99, 100):
            said = scenes.arrived(parts, t)
            if len(there) and there[0] <= t:
                assert said == f"A millionth is reached at step {there[0]}."
            else:
                assert said == ("A millionth is not reached within 100 steps." if t == 100 else "")
    assert scenes.arrived(np.zeros(101), 3).startswith("The start is the minimum")


def test_no_constant_rate_is_better_than_the_best_one():
    for spread, mean in itertools.product(every(STOPS["spread"], 4), every(STOPS["mean"], 5)):
        for boxes in BOXES:
            fit = experiments.Fit(*experiments.prepared(spread, mean, *boxes))
            values = np.linalg.eigvalsh(fit.H)
            rates = np.linspace(0, 2 / values[-1], 2001)[1:]
            worst = np.abs(1 - rates * values[:, None]).max(
                0
            )  # of the two directions, what a step leaves of the slower
            said = notebooks.parse_number(scenes.best_rate(fit.low, fit.high).split(" = ")[-1].rstrip("."))[0]
            assert said == pytest.approx(rates[worst.argmin()], rel=0.006)


def test_the_block_is_normalised_as_the_layers_do():
    x = experiments.block()
    examples, channels, positions = x.shape
    flat = x.reshape(examples, -1)
    columns = np.moveaxis(x, 1, 2).reshape(-1, channels)  # every position of every example is an example
    by_batch = batch_norm(columns, 2.0, 0.5, eps=0.0)[0].reshape(examples, positions, channels)
    assert np.allclose(experiments.normalised(x, "batch", 2.0, 0.5), np.moveaxis(by_batch, 2, 1))
    assert np.allclose(experiments.normalised(x, "layer").reshape(flat.shape), layer_norm(flat, eps=0.0)[0])
    by_instance = instance_norm(flat, np.ones(channels), np.zeros(channels), eps=0.0)[0]
    assert np.allclose(experiments.normalised(x, "instance").reshape(flat.shape), by_instance)
    W = weight_norm(np.eye(examples), flat, np.full(flat.shape[1], 2.0))[0]
    assert np.allclose(experiments.normalised(x, "weight", 2.0).reshape(flat.shape), W)


@pytest.mark.parametrize("kind", experiments.KINDS)
def test_the_frame_holds_the_cells_that_move_the_chosen_one(kind):
    x, d = experiments.block().reshape(4, 15), 1e-6
    for row, column in ((0, 0), (2, 7), (3, 14)):
        moves = np.zeros((4, 15), bool)
        for i, j in np.ndindex(4, 15):
            nudged = x.copy()
            nudged[i, j] += d
            change = experiments.normalised(nudged.reshape(4, 3, 5), kind) - experiments.normalised(
                x.reshape(4, 3, 5), kind
            )
            moves[i, j] = abs(change.reshape(4, 15)[row, column]) > 1e-12
        framed = np.zeros((4, 15), bool)
        framed[experiments.together(kind, row, column)] = True
        assert (moves == framed).all()
    assert scenes.touched(kind) == (45 if kind in ("batch", "weight") else 0)


def by_hand(x, kind, gamma, offset):
    """The block normalised by loops, and for each cell the set that it is normalised with, as (4, 15) truth values."""
    y, sets, flat = np.empty((4, 15)), np.zeros((4, 15, 4, 15), bool), x.reshape(4, 15)
    for i, j in np.ndindex(4, 15):
        for k, m in np.ndindex(4, 15):
            row, channel = k == i, m // 5 == j // 5
            sets[i, j, k, m] = dict(batch=channel, layer=row, instance=row and channel, weight=m == j)[kind]
        some = flat[sets[i, j]].tolist()
        if kind == "weight":
            y[i, j] = gamma * flat[i, j] / sum(v * v for v in some) ** 0.5
        else:
            middle = sum(some) / len(some)
            y[i, j] = offset + gamma * (flat[i, j] - middle) / (sum((v - middle) ** 2 for v in some) / len(some)) ** 0.5
    return y, sets


@pytest.mark.parametrize("kind", experiments.KINDS)
def test_what_is_said_of_the_block_is_what_loops_find(kind):
    """All rows and columns, row 1 doubled or not, γ and β at both ends and between."""
    results = {}
    for doubled, gamma, offset in itertools.product((False, True), every(STOPS["gamma"], 10), (-2.0, 0.7, 2.0)):
        x = experiments.block() * np.array([1.0 + doubled, 1, 1, 1])[:, None, None]
        y, sets = by_hand(x, kind, gamma, offset)
        results[doubled, gamma, offset] = y[1:]
        for row, column in itertools.product(range(4), range(0, 15, 1 + 2 * (gamma > 0))):
            before, after = x.reshape(4, 15)[sets[row, column]], y[sets[row, column]]
            said = scenes.of_the_set(kind, before, after, gamma)
            if kind == "weight":
                assert f"The column is {number(np.hypot.reduce(before), 3)} long" in said
                assert f"and {number(gamma)} after, which is g = γ = {number(gamma)}." in said
            else:
                assert said.startswith(f"{dict(batch=20, layer=15, instance=5)[kind]} numbers share")
                assert said.endswith(f" before, {number(offset)} and {number(gamma)} after (β and γ).")
    for (doubled, gamma, offset), rows in results.items():
        if not doubled:
            assert scenes.touched(kind, gamma) == (abs(results[True, gamma, offset] - rows) > 1e-9).sum()


def test_the_unit_is_the_same_along_each_ray_and_its_gradient_is_its_slope():
    unit, rng = experiments.Unit(), np.random.default_rng(0)
    for w in rng.normal(size=(20, 2)):
        assert unit.loss(7 * w) == pytest.approx(float(unit.loss(w)), rel=1e-12)
        g = unit.grad(w)
        assert np.allclose(unit.grad(7 * w), g / 7) and abs(g @ w) < 1e-12
        slopes = [(unit.loss(w + e) - unit.loss(w - e)) / 2e-6 for e in 1e-6 * np.eye(2)]
        assert np.allclose(g, slopes, atol=1e-7)
    assert np.isfinite(unit.loss([0.0, 0.0])) and (unit.grad([0.0, 0.0]) == 0).all()


def test_the_norm_never_falls_without_decay_and_grows_as_pythagoras_says():
    for lr, start in itertools.product((0.1, 3.0, 30.0, 3000.0), ((-1.0, 0.6), (2.0, 2.0), (-4.0, 3.0))):
        unit, path = experiments.along_rays(lr, 0.0, start)
        g = np.array([unit.grad(w) for w in path["w"][:-1]])
        square = path["size"] ** 2
        assert np.allclose(square[1:], square[:-1] + lr**2 * (g**2).sum(-1), rtol=1e-9)
        assert (np.diff(path["size"]) >= -1e-9 * path["size"][:-1]).all()


RATES, DECAYS = control("lr", (3.0, 0.1, 3000.0)).stops, control("decay", (0.0, 0.0, 0.1)).stops


def test_the_edge_decides_on_the_unit_circle():
    angle, low, h = experiments.best_ray()
    unit, aside = experiments.Unit(), np.array([np.cos(angle + 1e-4), np.sin(angle + 1e-4)])
    for lr, decay in itertools.product(every(RATES, 4), DECAYS):
        edge = experiments.edge(lr, decay)
        assert edge == 0 if lr * decay >= 1 else edge == 2 / h or decay > 0
        for rate in (0.9 * edge, 0.97 * edge, 1.03 * edge, 1.1 * edge, 50 * edge) if edge else (1e-6, 1e-3, 1.0, 10.0):
            w = np.sqrt(lr / rate) * aside  # η/‖w‖² = rate
            after = w - lr * (unit.grad(w) + decay * w)
            turned = abs(np.arctan2(after[1], after[0]) - angle)
            said = scenes.against(rate, edge)
            assert said.startswith("below" if turned < 1e-4 else "above" if edge else "and with ηλ ≥ 1"), (lr, decay)
    assert unit.loss(np.array([np.cos(angle), np.sin(angle)])) == pytest.approx(low)


def counted_bursts(above):
    """The steps at which a loss is above 0.05, that has been below 0.001 since it was above 0.05 for the last time."""
    found = []
    for t in np.flatnonzero(above > 0.05):
        last = [k for k in range(t) if above[k] > 0.05]
        if (above[last[-1] + 1 if last else 0 : t] < 1e-3).any():
            found.append(int(t))
    return found


def test_what_is_said_of_a_run_across_the_rays_is_what_it_did_so_far():
    """Rates and decays, ends included: diverged, burst so many times, or how far above the minimum it ends."""
    unit, low = experiments.Unit(), experiments.best_ray()[1]
    for lr, decay in itertools.product(every(RATES, 12), every(DECAYS, 2)):
        start = [(-1.0, 0.6), (-4.0, 3.0), (5.0, 4.0), (0.1, -0.1)][round(10 * lr + 100 * decay) % 4]
        _, path = experiments.along_rays(lr, decay, start)
        w, gone, t = np.array(start), 0, 0
        while not gone and lr * decay > 2 and (t := t + 1) <= 200:  # else a step throws it less far than the last
            w = w - lr * (unit.grad(w) + decay * w)
            gone = t * bool(np.abs(w).max() > 1e6)
        above = np.maximum(path["loss"] - low, 1e-12)
        for t in (0, 1, 20, 60, 199, 200):
            said, many = scenes.bursting(above, t, int(path["diverged"])), counted_bursts(above[: t + 1])
            if 0 < gone <= t:
                assert said == f"The run diverged at step {gone}."
            elif many:
                times = {1: "once", 2: "twice"}.get(len(many), f"{len(many)} times")
                assert said == f"The loss has burst {times}, first at step {many[0]}." and decay > 0
            else:
                end = "within 10⁻³ of" if path["loss"][-1] - low <= 1e-3 else "more than 10⁻³ above"
                assert said == (f"The run ends {end} the minimum." if t == 200 else "")


@pytest.mark.parametrize(("lr", "decay"), [(3.0, 0.02), (1.0, 0.02), (3.0, 0.05), (3.0, 0.0)])
def test_bursts_come_where_the_rate_has_passed_the_edge_and_need_decay(lr, decay):
    _, path = experiments.along_rays(lr, decay, (-4.0, 3.0))
    above = np.maximum(path["loss"] - experiments.best_ray()[1], 1e-12)
    found = scenes.bursts(above)
    assert bool(found) == (decay > 0) and found == counted_bursts(above)
    for t in found:
        assert path["rate"][max(0, t - 20) : t].max() > experiments.edge(lr, decay)


@pytest.mark.parametrize(("lr", "decay"), [(0.1, 0.0), (0.3, 0.0), (3.0, 0.02), (3000.0, 0.0), (3000.0, 0.1)])
def test_the_edge_stands_in_the_panel_of_the_rate_and_nowhere_else(lr, decay):
    scene, edge = scenes.Rays(), experiments.edge(lr, decay)
    scene.show((lr, decay, *experiments.along_rays(lr, decay, (-1.0, 0.6)), None))
    scene.at(scene.steps)
    word = scene.rate.artists.get("level word 0")
    low, high = scene.rate.axes.get_ylim()
    assert bool(word and word.get_visible()) == (edge > 0) and (low <= edge <= high or not edge)
    assert ("the edge (1 − ηλ)·2/h" in scene.caption) == (edge > 0)


def test_what_is_far_out_stays_slow_without_weight_decay():
    low = experiments.best_ray()[1]
    for lr in (0.1, 0.3):
        above = {}
        for far in (1.0, 4.0):
            _, path = experiments.along_rays(lr, 0.0, (-1.0 * far, 0.6 * far))
            above[far] = path["loss"] - low
        assert above[1.0][-1] < 1e-3 < above[4.0][-1]
        _, path = experiments.along_rays(lr, 0.1, (-4.0, 2.4), steps=600)  # and with it, it comes back
        assert (path["loss"] - low).min() < 1e-3


def test_a_larger_rate_works_with_batch_norm_once_there_is_time():
    how = dict(updates=300, seeds=2, rates=(3.0,), gains=(1.0,))
    assert (
        experiments.rates_that_work("batch", **how).sum() == 2 and experiments.rates_that_work("none", **how).sum() == 0
    )


def test_a_run_that_starts_at_the_minimum_is_said_to():
    scene = scenes.Preparation()
    for start, said in (((0.0, 0.0), True), ((0.1, 0.0), False)):
        scene.show(((5.0, 1.0, False, False), *experiments.fitted(5.0, 1.0, False, False, start)))
        scene.at(3)
        assert ("The start is the minimum" in scene.caption) == said


def test_weights_before_batch_norm_have_no_length_if_epsilon_is_zero():
    for a in (0.1, 3.0, 10.0):
        change, ratio, along = experiments.invariance(a)
        assert abs(change) < 1e-12 and ratio == pytest.approx(a, rel=1e-9) and abs(along) < 1e-12


def test_evaluation_and_one_class_at_a_time_over_ten_seeds():
    right, wrong = experiments.evaluated(), experiments.forgotten(None, True)
    assert len(right) == 10 and right.min() > 0.95 and wrong.max() < 0.2
    means = [experiments.forgotten(size).mean() for size in experiments.SIZES]
    assert (np.diff(means) > 0).all()


def test_companions_include_the_digit_itself_and_evaluation_needs_none():
    for alike in (False, True):
        label, together, alone = experiments.companions(5, 8, alike, draws=3)
        again = experiments.companions(5, 64, alike, draws=3)
        assert together.shape == (3, 10) and again[0] == label and np.array_equal(again[2], alone)


def test_a_student_s_rate_that_fails_is_said_and_the_figure_stays():
    for function, said in (
        (lambda lr, w: undefined, "NameError"),  # noqa: F821
        (lambda lr, w: w, "not a number"),
        (lambda lr, w: ____, "blank"),
        (lambda lr, w: lr / (w @ w), "the same"),
        (lambda lr, w: lr / np.linalg.norm(w), "another"),
    ):
        result = exercises.beside(function)(lr=3.0, decay=0.02, start=(-1.0, 0.6))
        scene = scenes.Rays()
        scene.show(result)
        scene.at(10)
        assert said in scene.caption
