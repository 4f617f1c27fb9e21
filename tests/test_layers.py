"""Layers: equal to torch's, forward and backward, with exact derivatives; and what each of them is known for."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import cases, close, slope

from optim_core import layers

quick = settings(max_examples=30, deadline=None)
rng = np.random.default_rng(0)


# ---- torch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, options, a", [pytest.param(*case, id=f"{case[0]}-{k}") for k, case in enumerate(cases("layers"))]
)
def test_forward_and_backward_are_those_of_torch(name, options, a):
    parameters = {key: a[key] for key in a if "d_" + key in a}
    y, backward = getattr(layers, name)(**parameters, **options)
    close(y, a["y"])
    d = backward(a["dy"])
    assert d.keys() - {"h"} == parameters.keys()  # h: what a recurrent layer tells beside
    for key in parameters:
        close(d[key], a["d_" + key])


def test_batch_norm_and_its_running_statistics_are_those_of_torch():
    running, first = {}, 0
    for _, options, a in cases("batch_norm"):
        if options.pop("first"):  # a new layer, as it starts
            running, first = {}, first + 1
        y, backward, running = layers.batch_norm(a["x"], a["gamma"], a["beta"], **running, **options)
        close(y, a["y"])
        for key, value in backward(a["dy"]).items():
            close(value, a["d_" + key], 1e-11)
        close(running["mean"], a["mean"])
        close(running["var"], a["var"])
    assert first == 3


# ---- derivatives -----------------------------------------------------------------------------------------------------

r = rng.standard_normal
LAYERS = {
    "linear": (layers.linear, dict(x=r((4, 3)), W=r((3, 2)), b=r(2))),
    "relu": (layers.relu, dict(x=r((4, 3)))),
    "tanh": (layers.tanh, dict(x=r((4, 3)))),
    "sigmoid": (layers.sigmoid, dict(x=r((4, 3)))),
    "softmax": (layers.softmax, dict(x=r((4, 3)))),
    "batch_norm": (layers.batch_norm, dict(x=r((4, 3)), gamma=r(3), beta=r(3))),
    "batch_norm in evaluation": (
        functools.partial(layers.batch_norm, mean=r(3), var=r(3) ** 2, train=False),
        dict(x=r((4, 3)), gamma=r(3), beta=r(3)),
    ),
    "layer_norm": (layers.layer_norm, dict(x=r((4, 3)), gamma=r(3), beta=r(3))),
    "instance_norm": (layers.instance_norm, dict(x=r((4, 6)), gamma=r(2), beta=r(2))),
    "weight_norm": (layers.weight_norm, dict(x=r((4, 3)), V=r((3, 2)), g=r(2), b=r(2))),
    "rnn": (layers.rnn, dict(x=r((4, 6)), U=r((2, 3)), W=r((3, 3)), b=r(3))),
    "dropout": (layers.dropout, dict(x=r((4, 3)))),
    "residual": (functools.partial(layers.residual, block=layers.tanh), dict(x=r((4, 3)))),
    "a residual of two layers": (
        functools.partial(layers.residual, block=lambda x: layers.linear(x, np.eye(3) * 2)),
        dict(x=r((4, 3))),
    ),
}


def test_every_layer_has_its_row_here():
    made = {name for name, layer in vars(layers).items() if hasattr(layer, "bare")}
    missing = made - {getattr(layer, "func", layer).__name__ for layer, _ in LAYERS.values()}
    assert not missing and len(made) > 10, f"LAYERS in this file has no row for {missing}"


@pytest.mark.parametrize("name", LAYERS)
def test_backward_is_the_slope_of_forward(name):
    layer, arguments = LAYERS[name]
    y, backward, *_ = layer(**arguments)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    d = backward(dy)
    for key, value in arguments.items():
        close(d[key], slope(lambda v, key=key: (dy * layer(**arguments | {key: v})[0]).sum(), value))


@pytest.mark.parametrize("name", LAYERS)
def test_each_run_gives_what_it_gives_alone(name):
    layer, arguments = LAYERS[name]
    runs = {key: np.stack([value, 2 * value, value - 1]) for key, value in arguments.items()}
    y, backward, *_ = layer(**runs)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    d = backward(dy)
    for k in range(3):
        alone, alone_backward, *_ = layer(**{key: value[k] for key, value in runs.items()})
        assert (y[k] == alone).all()
        for key, value in alone_backward(dy[k]).items():
            assert (d[key][k] == value).all()


@pytest.mark.parametrize("name", LAYERS)
def test_runs_may_share_the_input_or_the_parameters(name):
    layer, arguments = LAYERS[name]
    y = layer(**arguments)[0]
    for shared in ({"x"}, arguments.keys() - {"x"}):
        runs = {key: value if key in shared else np.stack([value] * 2) for key, value in arguments.items()}
        if shared and len(arguments) > 1:
            assert (layer(**runs)[0] == y).all() and layer(**runs)[0].shape == (2, *y.shape)


# ---- normalization ---------------------------------------------------------------------------------------------------


@quick
@given(st.integers(2, 30), st.integers(0, 1000))
def test_batch_norm_gives_each_feature_mean_zero_and_variance_one(batch, seed):
    x = 5 + 3 * np.random.default_rng(seed).standard_normal((batch, 4))
    y = layers.batch_norm(x, eps=0.0)[0]
    close(y.mean(0), np.zeros(4))
    close((y**2).mean(0), np.ones(4))


def test_layer_norm_does_to_examples_what_batch_norm_does_to_features():
    x = r((6, 5))
    close(layers.layer_norm(x)[0], layers.batch_norm(x.T)[0].T)


def test_instance_norm_with_one_channel_is_layer_norm():
    x = r((6, 5))
    close(layers.instance_norm(x, gamma=[1.0], beta=[0.0])[0], layers.layer_norm(x)[0])


@pytest.mark.parametrize("eps, tolerance", [(0.0, 1e-14), (1e-5, 1e-3)])
@pytest.mark.parametrize("a", [0.5, 3.0, 10.0])
def test_batch_norm_undoes_the_scale_of_what_comes_in(a, eps, tolerance):
    x = r((8, 3))
    assert np.abs(layers.batch_norm(a * x, eps=eps)[0] - layers.batch_norm(x, eps=eps)[0]).max() < tolerance


def test_the_running_statistics_approach_those_of_the_data():
    data, running = np.random.default_rng(0), {}
    for _ in range(500):
        *_, running = layers.batch_norm(4 + 3 * data.standard_normal((64, 2)), **running)
    assert np.abs(running["mean"] - 4).max() < 0.2 and np.abs(running["var"] - 9).max() < 0.7
    y = layers.batch_norm(4 + 3 * data.standard_normal((10_000, 2)), **running, train=False)[0]
    assert np.abs(y.mean(0)).max() < 0.1 and np.abs(y.std(0) - 1).max() < 0.05


def test_the_running_variance_is_unbiased_even_for_tiny_batches():
    data, seen = np.random.default_rng(0), []
    for _ in range(4000):
        seen.append(layers.batch_norm(data.standard_normal((2, 5)), momentum=1.0)[2]["var"])
    assert abs(np.mean(seen) - 1) < 0.05  # dividing by B instead of B − 1 would give ½


def test_in_evaluation_an_example_does_not_depend_on_the_others():
    x = r((5, 3))
    running = dict(mean=r(3), var=r(3) ** 2)
    y = layers.batch_norm(x, **running, train=False)[0]
    assert (layers.batch_norm(x[:1], **running, train=False)[0] == y[:1]).all()
    assert np.abs(layers.batch_norm(x[:2])[0] - layers.batch_norm(x)[0][:2]).max() > 0.01


def test_evaluation_leaves_the_running_statistics_and_training_leaves_its_arguments():
    mean, var = np.ones(3), np.full(3, 2.0)
    after = layers.batch_norm(r((5, 3)), mean=mean, var=var, train=False)[2]
    assert (after["mean"] == 1).all() and (after["var"] == 2).all()
    layers.batch_norm(r((5, 3)), mean=mean, var=var)
    assert (mean == 1).all() and (var == 2).all()


def test_weight_norm_keeps_directions_and_lengths_apart():
    x, V, g = r((4, 3)), r((3, 2)), np.array([2.0, 0.5])
    y, backward = layers.weight_norm(x, V, g)
    d = backward(r((4, 2)))
    close((d["V"] * V).sum(0), np.zeros(2))
    close(layers.weight_norm(x, 7 * V, g)[0], y)
    close(layers.weight_norm(x, V, 7 * g)[0], 7 * y)


# ---- dropout, residual -----------------------------------------------------------------------------------------------


@quick
@given(st.floats(0.05, 0.8), st.integers(0, 1000))
def test_dropout_drops_the_share_p_and_keeps_the_mean(p, seed):
    y = layers.dropout(np.ones((100, 100)), p=p, seed=seed)[0]
    close(np.unique(y), [0.0, 1 / (1 - p)])
    assert abs((y == 0).mean() - p) < 0.025
    assert abs(y.mean() - 1) < 0.025 / (1 - p)


def test_dropout_rests_in_evaluation_and_with_p_zero():
    x = r((5, 4))
    for y, backward in (layers.dropout(x, p=0.5, train=False), layers.dropout(x, p=0.0)):
        assert (y == x).all() and (backward(x)["x"] == x).all()


def test_dropouts_mask_follows_from_seed_and_step_alone():
    x = np.ones((6, 7))
    masks = {key: layers.dropout(x, seed=key[0], step=key[1])[0] for key in [(0, 0), (0, 1), (1, 0), ((0, 3), 1)]}
    assert (layers.dropout(x, seed=0, step=1)[0] == masks[0, 1]).all()
    assert len({mask.tobytes() for mask in masks.values()}) == len(masks)


def test_dropout_lets_no_gradient_through_what_it_dropped():
    y, backward = layers.dropout(np.ones((6, 7)))
    assert (backward(np.ones((6, 7)))["x"] == y).all() and 0 < (y == 0).sum() < y.size


def test_dropout_in_linear_regression_is_an_l2_penalty_that_knows_the_data():
    # E‖y − (X·mask)w‖² = ‖y − Xw‖² + p/(1 − p) Σⱼ ‖xⱼ‖² wⱼ²        (Wager, Wang & Liang 2013)
    X, w, p = r((20, 5)), r(5), 0.3
    y = X @ w + r(20)
    losses = [((y - layers.dropout(X, p=p, step=t)[0] @ w) ** 2).sum() for t in range(4000)]
    expected = ((y - X @ w) ** 2).sum() + p / (1 - p) * ((X**2).sum(0) * w**2).sum()
    assert abs(np.mean(losses) - expected) < 4 * np.std(losses) / np.sqrt(len(losses))
    assert abs(expected - ((y - X @ w) ** 2).sum()) > 20 * np.std(losses) / np.sqrt(len(losses))


def test_a_residual_lets_the_gradient_through_a_dead_block():
    _, backward = layers.residual(-np.ones((2, 3)), layers.relu)
    assert (backward(np.full((2, 3), 5.0))["x"] == 5).all()


# ---- recurrent -------------------------------------------------------------------------------------------------------


def test_a_recurrent_layer_of_one_step_is_linear_and_tanh():
    x, U, W, b = r((4, 3)), r((3, 2)), r((2, 2)), r(2)
    y, backward = layers.rnn(x, U, W, b)
    z, linear_backward = layers.linear(x, U, b)
    h, tanh_backward = layers.tanh(z)
    close(y, h)
    dy = r(y.shape)
    d, expected = backward(dy), linear_backward(tanh_backward(dy)["x"])
    for ours, theirs in (("x", "x"), ("U", "W"), ("b", "b")):
        close(d[ours], expected[theirs])
    assert (d["W"] == 0).all()


def test_the_gradient_of_every_state_is_the_slope_with_respect_to_it():
    x, U, W, b = r((2, 3, 2)), r((2, 4)), r((4, 4)), r(4)
    y, backward = layers.rnn(x.reshape(2, 6), U, W, b)
    dy = r(y.shape)

    def loss(h, t):
        for k in range(t, 3):
            h = np.tanh(x[:, k] @ U + h @ W + b)
        return (dy * h).sum()

    h = np.zeros((2, 4))
    for t in range(4):
        close(backward(dy)["h"][:, t], slope(lambda h, t=t: loss(h, t), h))
        h = np.tanh(x[:, t] @ U + h @ W + b) if t < 3 else h


@pytest.mark.parametrize("gain, low, high", [(0.5, 0, 1e-12), (1.0, 1e-3, 1e3), (3.0, 1e4, np.inf)])
def test_back_through_time_a_gradient_vanishes_or_explodes(gain, low, high):
    g = np.random.default_rng(2)
    W = gain * g.standard_normal((32, 32)) / np.sqrt(32)
    _, backward = layers.rnn(0.1 * g.standard_normal((20, 60)), g.standard_normal((1, 32)), W)
    size = np.linalg.norm(backward(g.standard_normal((20, 32)))["h"], axis=(0, 2))
    assert low < size[0] / size[-1] < high


# ---- refusals --------------------------------------------------------------------------------------------------------

BAD = {
    "a batch of one in training": (layers.batch_norm, dict(x=np.ones((1, 3)))),
    "an empty batch": (layers.batch_norm, dict(x=np.empty((0, 3)))),
    "no batch at all": (layers.tanh, dict(x=np.ones(3))),
    "strings": (layers.relu, dict(x=[["a"]])),
    "ragged rows": (layers.sigmoid, dict(x=[[1.0], [1.0, 2.0]])),
    "weights that do not fit": (layers.linear, dict(x=np.ones((2, 3)), W=np.ones((4, 5)))),
    "a vector of weights": (layers.linear, dict(x=np.ones((2, 3)), W=np.ones(3))),
    "a bias for another number of outputs": (layers.linear, dict(x=np.ones((2, 3)), W=np.ones((3, 4)), b=np.ones(5))),
    "weights in words": (layers.linear, dict(x=np.ones((2, 3)), W=[["a"]] * 3)),
    "a γ for another number of features": (layers.batch_norm, dict(x=np.ones((2, 3)), gamma=np.ones(4))),
    "a running mean of other features": (layers.batch_norm, dict(x=np.ones((2, 3)), mean=np.ones(4), train=False)),
    "a running variance of other features": (layers.batch_norm, dict(x=np.ones((2, 3)), var=np.ones(4))),
    "a β in words": (layers.layer_norm, dict(x=np.ones((2, 3)), beta="a")),
    "directions that do not fit": (layers.weight_norm, dict(x=np.ones((2, 3)), V=np.ones((4, 5)), g=np.ones(5))),
    "dropping everything": (layers.dropout, dict(x=np.ones((2, 3)), p=1.0)),
    "dropping less than nothing": (layers.dropout, dict(x=np.ones((2, 3)), p=-0.1)),
    "a probability in words": (layers.dropout, dict(x=np.ones((2, 3)), p="half")),
    "a seed in words": (layers.dropout, dict(x=np.ones((2, 3)), seed="one")),
    "a negative step": (layers.dropout, dict(x=np.ones((2, 3)), step=-1)),
    "channels that do not divide the features": (
        layers.instance_norm,
        dict(x=np.ones((2, 5)), gamma=[1, 1], beta=[0, 0]),
    ),
    "a recurrent matrix that is not square": (
        layers.rnn,
        dict(x=np.ones((2, 4)), U=np.ones((2, 3)), W=np.ones((3, 2))),
    ),
    "times that do not divide the features": (
        layers.rnn,
        dict(x=np.ones((2, 5)), U=np.ones((2, 3)), W=np.ones((3, 3))),
    ),
    "a recurrent bias of other units": (
        layers.rnn,
        dict(x=np.ones((2, 4)), U=np.ones((2, 3)), W=np.ones((3, 3)), b=np.ones(4)),
    ),
    "a negative ε": (layers.layer_norm, dict(x=np.ones((2, 5)), eps=-1.0)),
    "a momentum beyond 1": (layers.batch_norm, dict(x=np.ones((2, 5)), momentum=1.5)),
}


@pytest.mark.parametrize("layer, arguments", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(layer, arguments):
    with pytest.raises(ValueError, match=r"^\S+ = .*: must be .+"):
        layer(**arguments)
