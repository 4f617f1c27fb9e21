"""Chapter 14: what its figures and captions say is true."""

import numpy as np
import pytest

from optim_core.chapters.architecture import exercises, experiments, scenes
from optim_core.chapters.architecture.experiments import KINDS, STRENGTHS


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


@pytest.mark.parametrize("skip, beta", [(False, 1.0), (True, 1.0), (True, 0.14)])
@pytest.mark.parametrize("depth", [1, 5, 50])
def test_the_derivative_that_is_drawn_is_the_slope_of_what_is_drawn(depth, skip, beta):
    x, f, slope, lags = experiments.shattered(depth, skip, beta, 0, points=20_001)  # so fine that kinks are few
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
            scene.at(5)
            for s, row in zip(STRENGTHS, path.T, strict=True):
                if (row >= s / 2).any():
                    assert f"{s:g} at step {np.argmax(row >= s / 2)}" in scene.caption
                else:
                    assert "Not half learned" in scene.caption


def test_a_students_half_times_are_marked_where_they_are_numbers():
    right = exercises.beside(exercises.half_time.reference)(1e-3, 0.01)[-1]
    assert right == pytest.approx({s: experiments.half_time(s, 1e-3) for s in STRENGTHS})
    for wrong in (lambda s, a0: "soon", lambda s, a0: 1 / 0, lambda s, a0: -1.0, lambda s, a0: ____):  # noqa: F821
        assert exercises.beside(wrong)(1e-3, 0.01)[-1] == {}
