"""Chapter 14: what its figures and captions say is true."""

import numpy as np
import pytest

from optim_core.chapters.architecture import exercises, experiments, scenes
from optim_core.chapters.architecture.experiments import KINDS, STRENGTHS
from optim_core.exercises import has_blank


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


def test_the_caption_of_the_modes_says_when_each_is_half_learned():
    for layers in (1, 2, 3, 4):
        for a0 in (1e-6, 1e-3, 0.1):
            scene, path = scenes.Modes(), experiments.modes(layers, a0, 0.01)
            scene.show((layers, a0, 0.01, path, {}))
            for t in (0, 100, 800):
                scene.at(t)
                for s, row in zip(STRENGTHS, path.T, strict=True):
                    said = f"{s:g} at step {np.argmax(row >= s / 2)}"
                    assert (said in scene.caption) is bool((row[: t + 1] >= s / 2).any())  # not before it happens
                assert ("Not half learned" in scene.caption) is bool(t == 800 and min(path[-1] / STRENGTHS) < 0.5)


def test_a_students_half_times_are_marked_where_they_are_numbers():
    right = exercises.beside(exercises.half_time.reference)(1e-3, 0.01)[-1]
    assert right == pytest.approx({s: experiments.half_time(s, 1e-3) for s in STRENGTHS})
    for wrong in (lambda s, a0: "soon", lambda s, a0: 1 / 0, lambda s, a0: -1.0, lambda s, a0: ____):  # noqa: F821
        experiment = exercises.beside(wrong)
        assert experiment(1e-3, 0.01)[-1] == {} and bool(experiment.trouble) is not has_blank(wrong), "it says why"
