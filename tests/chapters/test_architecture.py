"""Chapter 14: what its figures and captions say is true."""

import numpy as np
import pytest

from optim_core.chapters.architecture import exercises, experiments, scenes
from optim_core.chapters.architecture.experiments import KINDS, STRENGTHS
from optim_core.exercises import has_blank
from optim_core.scenes.board import number


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "norm" not in kind])
def test_a_network_without_a_block_is_the_network_of_one_block_less(kind):
    net, w = experiments.deep(kind, 3), experiments.deep(kind, 3).init(0, "he")
    right = experiments.without(kind, 3, w, 1)
    each = len(experiments.block(kind, 3))
    first, last = net.places[: 1 + each], net.places[1 + 2 * each :]
    flat = np.concatenate([w[place] for place in (*first, *last)])
    data = experiments.digits()
    layers = [*net.layers[: 1 + each], *net.layers[1 + 2 * each :]]
    assert right == experiments.Network(layers).accuracy(flat, data.X_test, data.y_test)


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_what_is_said_of_a_cut_is_so_at_every_block(kind):
    """Which of the held-out digits are right, with all blocks and without each: from a forward pass of our own.

    Networks after a tenth of their training: what is said hangs on the accuracies alone.
    """
    net, data = experiments.deep(kind, 10), experiments.digits()
    w = experiments.train(net, data, experiments.gd, lr=0.1, steps=40, w=net.init(0, "he", scale=0.7), progress=False)[
        "w"
    ]
    whole = net.accuracy(w, data.X_test, data.y_test)
    parts = [experiments.without(kind, 10, w, k) for k in range(10)]
    first, *blocks, last = np.split(w, [2080 + 1056 * k for k in range(11)])  # (64 + 1)·32, ten times (32 + 1)·32
    right = []
    for gone in (None, *range(10)):
        h = data.X_test @ first[:2048].reshape(64, 32) + first[2048:]
        for k, one in enumerate(blocks):
            W, b = one[:1024].reshape(32, 32), one[1024:]
            if k != gone:
                h = np.maximum(h @ W + b, 0) if kind == "plain" else h + np.maximum(h, 0) @ W + b
        right.append(np.mean((h @ last[:320].reshape(32, 10) + last[320:]).argmax(-1) == data.y_test))
    for left, own in zip(parts, right[1:], strict=True):
        verb = "falls" if own < right[0] else "rises" if own > right[0] else "goes"
        assert scenes.cut(kind, whole, left) == (
            f"the {kind} network {verb} from {100 * right[0]:.1f} % to {100 * own:.1f} %"
        )
    assert " rises from " in scenes.cut(kind, whole, whole + 0.01) and " goes from " in scenes.cut(kind, whole, whole)


def turns_by_pairs(losses, least):
    """Turns by taking away, again and again, the two neighbouring extremes that are least apart, if that is ≤ least."""
    inner = zip(losses[:-2], losses[1:-1], losses[2:], strict=True)
    ends = [losses[0], *(b for a, b, c in inner if (b - a) * (c - b) < 0), losses[-1]]
    while len(ends) > 2 and min(steps := np.abs(np.diff(ends))) <= least:
        k = int(np.argmin(steps))
        if k == 0:
            ends = ends[1:]
        elif k == len(steps) - 1:
            ends = ends[:-1]
        else:
            ends = ends[:k] + ends[k + 2 :]
    return len(ends) - 2


def test_what_is_said_of_a_curve_on_the_line_is_what_pairs_of_extremes_say():
    """Curves that are drawn at random, from smooth to noise, and those of shallow networks, at every reach."""
    rng = np.random.default_rng(0)
    curves = [np.convolve(rng.normal(size=81 + k), np.ones(k + 1), "valid") for k in range(40) for _ in range(5)]
    curves += [experiments.along_a_line(kind, 2, 0, reach)[1] for kind in KINDS for reach in (0.005, 0.05, 0.5)]
    for losses in curves:
        low, high = min(losses.tolist()), max(losses.tolist())
        turned = turns_by_pairs(losses.tolist(), 0.05 * (high - low))
        said = scenes.along(0.5, losses)
        assert f"the lowest loss is {number(low, 3)} and the highest {number(high - low, 2)} more" in said
        assert f"it turns {turned} time{'' if turned == 1 else 's'} by more" in said


def test_turning_points_are_counted():
    x = np.linspace(0, 2 * np.pi, 200)
    assert [experiments.turning_points(np.sin(k * x)) for k in (1, 2, 5)] == [2, 4, 10]
    assert experiments.turning_points(x) == 0 and experiments.turning_points(np.ones(9)) == 0
    wave = x + 0.1 * np.sin(20 * x)  # its small waves, a fiftieth of its range, are no turns
    assert experiments.turning_points(wave) == 0 < experiments.turning_points(wave, share=0.001)


@pytest.mark.parametrize("kind", KINDS)
def test_as_many_turns_are_counted_on_the_figures_points_as_on_closer_ones(kind):
    depth, reach = (32, 0.005) if kind == "plain, batch norm" else (16, 0.5)  # what the text says of each
    for seed in range(2):
        few, many = (
            experiments.turning_points(experiments.along_a_line(kind, depth, seed, reach, points)[1])
            for points in (81, 161)
        )
        assert abs(few - many) <= 2, seed
    noise = [experiments.along_a_line("plain, batch norm", 32, 0, points=points)[1] for points in (81, 161)]
    assert experiments.turning_points(noise[1]) > 1.8 * experiments.turning_points(noise[0])  # not resolved


def test_the_turns_of_the_figure_come_one_by_one_and_are_those_of_its_curves(monkeypatch):
    monkeypatch.setattr(experiments, "DEPTHS", (2, 4))
    every = list(experiments.turns_by_depth(3))
    assert len(every) == len(KINDS) + 1 and all(list(turns) == KINDS for turns in every)
    for kind, (depths, turns) in every[-1].items():
        curves = [experiments.along_a_line(kind, depth, 3)[1] for depth in (2, 4)]
        assert depths.tolist() == [2, 4] and turns.tolist() == [experiments.turning_points(c) for c in curves]


@pytest.mark.parametrize("skip, beta", [(False, 1.0), (True, 1.0), (True, 0.14)])
@pytest.mark.parametrize("depth", [1, 5, 50])
def test_the_derivative_that_is_drawn_is_the_slope_of_what_is_drawn(depth, skip, beta):
    x, f, slope, lags = experiments.shattered(depth, skip, beta, 0, points=4_001)  # so fine that kinks are few
    between = np.diff(f) / np.diff(x)
    same = np.isclose(slope[1:], slope[:-1], rtol=1e-9)  # no kink in between
    assert same.any() and np.isclose(between[same], slope[1:][same], rtol=1e-5).mean() > 0.9
    assert lags[0] == pytest.approx(1) and (lags <= 1 + 1e-9).all()


@pytest.mark.parametrize("a0", [1e-6, 1e-3, 0.1])
def test_two_layers_learn_their_modes_when_saxes_formula_says(a0):
    path = experiments.modes(2, a0, 0.002, 10_000)
    for s, row in zip(STRENGTHS, path.T, strict=True):
        assert 0.002 * np.argmax(row >= s / 2) == pytest.approx(experiments.half_time(s, a0), rel=0.01, abs=0.005)
        assert exercises.half_time.reference(s, a0) == experiments.half_time(s, a0)


def test_the_modes_are_gradient_descent_on_their_loss():
    a0, lr, layers = 0.05, 0.01, 3
    a = a0 ** (1 / layers)
    for s, row in zip(STRENGTHS, experiments.modes(layers, a0, lr, 1).T, strict=True):
        slope = (0.5 * (s - (a + 1e-6) ** layers) ** 2 - 0.5 * (s - (a - 1e-6) ** layers) ** 2) / 2e-6
        assert row[1] == pytest.approx((a - lr * slope / layers) ** layers, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 2.0, 10.0])
def test_a_rescaled_network_is_the_same_function_and_another_sharpness(alpha):
    (loss, sharp), (as_trained, before) = experiments.sharpness(alpha), experiments.sharpness(1.0)
    assert loss == pytest.approx(as_trained, rel=1e-12) and sharp > before


@pytest.mark.parametrize("L", [1, 4, 50, 1000])
def test_scaled_blocks_keep_the_variance_below_e(L):
    beta = exercises.block_scale.reference(L)
    assert (1 + beta**2) ** L < np.e and (1 + (1.3 * beta) ** 2) ** L > min(np.e, 1 + 1.69 - 1e-9) - 1e-9


STARTS, RATES = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1], [0.005, 0.01, 0.02]


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_when_each_mode_is_half_learned_is_said_at_every_stop(layers):
    """By gradient descent on every entry of every layer; with one layer also by the geometric series."""
    start, lr = np.array(STARTS)[:, None, None], np.array(RATES)[:, None]  # (starts, rates, modes)
    entries = np.repeat(np.broadcast_to(start ** (1 / layers), (6, 3, 4))[None], layers, axis=0)
    own = []
    for _ in range(801):
        own.append(entries.prod(0))
        others = np.array([np.delete(entries, k, axis=0).prod(0) for k in range(layers)])
        entries = entries + lr * (np.array(STRENGTHS) - own[-1]) * others
    for i, j in np.ndindex(6, 3):
        path = experiments.modes(layers, STARTS[i], RATES[j])
        for t in (0, 1, 100, 400, 799, 800):
            said, missing = scenes.halved(path, t), []
            for k, s in enumerate(STRENGTHS):
                at = next((n for n in range(t + 1) if own[n][i, j, k] >= s / 2), None)
                if layers == 1 and at:
                    assert (
                        (s - STARTS[i]) * (1 - RATES[j]) ** at <= s / 2 < (s - STARTS[i]) * (1 - RATES[j]) ** (at - 1)
                    )
                assert (f"{s:g} at step {at}" in said) == (at is not None)
                missing += [f"{s:g}"] * (at is None)
            assert ("none so far" in said) == (len(missing) == 4)
            late = f" Not half learned in 800 steps: {', '.join(missing)}."
            assert said.endswith(late) if missing and t == 800 else "Not half" not in said


@pytest.mark.parametrize("a0", STARTS)
@pytest.mark.parametrize("lr", RATES)
def test_at_the_steps_of_saxes_formula_its_curve_is_at_half_height(a0, lr):
    said = scenes.formula(a0, lr).removeprefix("Saxe's formula says ").removesuffix(".").split(", ")
    for step, s in zip((int(one.replace(",", "")) for one in said), STRENGTHS, strict=True):
        before, after = (s / (1 + (s / a0 - 1) * np.exp(-2 * s * lr * (step + half))) for half in (-0.51, 0.51))
        assert before < s / 2 < after


def test_the_loss_is_said_to_be_as_for_every_alpha_if_it_is():
    """At every stop, from a forward pass of our own; and a network whose last layer stays as it was is another."""
    (net, w), data = experiments.small_net(), experiments.digits()
    for alpha in (0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0):
        losses = []
        for last in (alpha, 1.0):
            W, b, V, c = np.split(w, np.cumsum([64 * 16, 16, 16 * 10]))
            hidden = np.maximum(data.X[:400] @ (alpha * W).reshape(64, 16) + alpha * b, 0)
            z = hidden @ (V / last).reshape(16, 10) + c
            losses.append(np.mean(np.log(np.exp(z).sum(-1)) - z[np.arange(400), data.y[:400]]))
        other = experiments.rescaled(net, w, alpha)
        assert losses[0] == pytest.approx(float(net.loss(other, data.X[:400], data.y[:400])), rel=1e-12)
        trained = experiments.sharpness(1.0)[0]
        assert scenes.unchanged(losses[0], trained) == f"the loss is {trained:.4g}, as for every α"
        assert ("as for every" in scenes.unchanged(losses[1], trained)) == (alpha == 1)


def test_a_students_half_times_are_marked_where_they_are_numbers():
    right = exercises.beside(exercises.half_time.reference)(1e-3, 0.01)[-1]
    assert right == pytest.approx({s: experiments.half_time(s, 1e-3) for s in STRENGTHS})
    for wrong in (lambda s, a0: "soon", lambda s, a0: 1 / 0, lambda s, a0: -1.0, lambda s, a0: ____):  # noqa: F821
        experiment = exercises.beside(wrong)
        assert experiment(1e-3, 0.01)[-1] == {} and bool(experiment.trouble) is not has_blank(wrong), "it says why"
