"""Slices: a plane through a network's weights has the interface and the derivatives of a surface."""

import numpy as np
import pytest
from reference import close, slope

from optim_core import critical, gradients
from optim_core.data import blobs, line
from optim_core.descent import descend
from optim_core.losses import binary_cross_entropy, cross_entropy
from optim_core.network import BatchNorm, Linear, Network, Relu, Tanh
from optim_core.optimizers import gd
from optim_core.slices import filter_normalised, over_two_weights, slice2d, two_weights
from optim_core.surfaces import bowl

DATA = blobs(n=30, noise=2.0)
NET = Network([Linear(2, 5), Tanh(), Linear(5, 3)])
TASK, W = NET.on(DATA.X, DATA.y), NET.init(0)
D1, D2 = filter_normalised(NET, W, seed=1), filter_normalised(NET, W, seed=2)
LINE = line(n=40)

SURFACES = {
    "two directions": slice2d(TASK, W, D1, D2),
    "two weights of many": over_two_weights(TASK, W, 3, 12),
    "a line": two_weights(LINE.X, LINE.y),
    "a logit": two_weights(LINE.X, (LINE.y > 0) * 1.0, binary_cross_entropy),
    "a mini-batch": two_weights(LINE.X, LINE.y)[:5],
}
each = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)


@each
def test_a_slice_has_what_a_surface_has(surface):
    known = [name for name in dir(bowl()) if not name.startswith("_")]
    missing = {name for name in known if not hasattr(surface, name)} - {"formula", "parameters", "pointwise"}
    assert not missing
    left, right, bottom, top = surface.window
    assert left <= surface.start[0] <= right and bottom <= surface.start[1] <= top
    s = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    assert surface.loss(s).shape == (3, 4) and surface.grad(s).shape == (3, 4, 2)
    assert surface.hessian(s).shape == (3, 4, 2, 2)


@each
def test_slopes_and_curvatures_are_those_of_the_loss(surface):
    for s in np.random.default_rng(0).uniform(-1, 1, (3, 2)):
        close(surface.grad(s), slope(surface.loss, s))
        close(surface.hessian(s), gradients.hessian(surface.grad, s))


def test_the_origin_of_a_slice_is_the_network():
    surface = SURFACES["two directions"]
    assert surface.loss([0.0, 0.0]) == TASK.loss(W)
    assert np.isclose(surface.loss([0.5, -2.0]), TASK.loss(W + 0.5 * D1 - 2 * D2), rtol=1e-14)
    close(surface.hessian([0.0, 0.0])[0, 1], D1 @ TASK.hessian(W) @ D2, 1e-12)


def test_the_coordinates_over_two_weights_are_the_weights():
    surface = SURFACES["two weights of many"]
    assert surface.start.tolist() == W[[3, 12]].tolist()
    assert np.isclose(surface.loss(surface.start), TASK.loss(W), rtol=1e-14)
    moved = W.copy()
    moved[[3, 12]] = 0.3, -0.7
    assert np.isclose(surface.loss([0.3, -0.7]), TASK.loss(moved), rtol=1e-14)
    close(surface.grad([0.3, -0.7]), TASK.grad(moved)[[3, 12]])


def test_a_filter_normalised_direction_has_the_lengths_of_the_weights_and_leaves_the_rest():
    net = Network([Linear(6, 4), BatchNorm(4), Relu(), Linear(4, 3)])
    w = net.init(3)
    d = filter_normalised(net, w, seed=0)
    assert (d[~net.is_weight] == 0).all()
    for layer, here in ((0, net.places[0]), (3, net.places[3])):
        W, D = (net.layers[layer].arrays(v[here])["W"] for v in (w, d))
        close(np.linalg.norm(D, axis=0), np.linalg.norm(W, axis=0))


def test_filter_normalised_slices_do_not_see_the_scale_of_a_relu_network():
    net = Network([Linear(2, 6), Relu(), Linear(6, 3)])
    task, w = net.on(DATA.X, DATA.y), net.init(0)
    w[~net.is_weight] = 0
    scaled = np.concatenate([10 * w[:12], w[12:18], w[18:36] / 10, w[36:]])
    planes = [slice2d(task, v, *(filter_normalised(net, v, seed) for seed in (1, 2))) for v in (w, scaled)]
    s = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    close(planes[0].loss(s), planes[1].loss(s), 1e-12)


def test_a_large_grid_is_computed_in_parts():
    s = np.random.default_rng(0).uniform(-1, 1, (150, 150, 2))
    surface = SURFACES["two directions"]
    assert TASK.at_once < 150 * 150
    assert (surface.loss(s)[::50, ::50] == surface.loss(s[::50, ::50])).all()


def test_the_line_ends_in_its_known_minimum():
    surface = SURFACES["a line"]
    (known,) = surface.critical_points
    assert known["kind"] == "minimum" and np.abs(surface.grad(known["w"])).max() < 1e-13
    path = descend(gd, surface.start, surface.grad, 500, lr=0.2)
    close(path["w"][-1], known["w"], 1e-10)
    (found,) = critical.find(surface)
    close(found["w"], known["w"], 1e-10)


def test_points_on_one_spot_leave_a_valley_of_minima():
    (known,) = two_weights([[2.0], [2.0]], [[1.0], [3.0]]).critical_points
    surface = two_weights([[2.0], [2.0]], [[1.0], [3.0]])
    assert known["kind"] == critical.classify(surface.hessian(known["w"])) == "degenerate"


def test_mini_batch_surfaces_jitter_about_that_of_all_data():
    surface, s = SURFACES["a line"], np.array([0.7, -0.2])
    batches = np.random.default_rng(0).permutation(40).reshape(8, 5)
    small = [surface[batch] for batch in batches]
    close(np.mean([one.loss(s) for one in small]), surface.loss(s), 1e-13)
    close(np.mean([one.grad(s) for one in small], axis=0), surface.grad(s), 1e-13)
    assert np.std([one.loss(s) for one in small]) > 0.01
    assert all(one.window == surface.window for one in small)


def test_the_two_weight_models_are_what_their_formulas_say():
    X, y, (a, b) = LINE.X[:, 0], LINE.y[:, 0], (0.4, -1.2)
    assert np.isclose(SURFACES["a line"].loss([a, b]), np.mean((a * X + b - y) ** 2), rtol=1e-14)
    p = 1 / (1 + np.exp(-(a * X + b)))
    assert np.isclose(SURFACES["a logit"].loss([a, b]), -np.mean(np.log(np.where(y > 0, p, 1 - p))), rtol=1e-14)
    assert SURFACES["a line"].latex == r"\frac{1}{40} \sum_s (w_1 x_s + w_2 - y_s)^2"
    assert SURFACES["a logit"].latex == r"\frac{1}{40} \sum_s -\log p(y_s \mid w_1 x_s + w_2)"


BAD = {
    "directions of another network": lambda: slice2d(TASK, W, D1[:3], D2[:3]),
    "directions of two lengths": lambda: slice2d(TASK, W, D1, D2[:3]),
    "NaN in a direction": lambda: slice2d(TASK, W, D1, D2 * np.nan),
    "an empty window": lambda: slice2d(TASK, W, D1, D2, window=(1, -1, 0, 1)),
    "a start in words": lambda: slice2d(TASK, W, D1, D2, start=("here", "there")),
    "the same weight twice": lambda: over_two_weights(TASK, W, 3, 3),
    "a weight beyond the last": lambda: over_two_weights(TASK, W, 0, NET.n),
    "a weight in words": lambda: over_two_weights(TASK, W, "first", 1),
    "weights of many networks": lambda: over_two_weights(TASK, np.stack([W, W]), 0, 1),
    "proportions of another network": lambda: filter_normalised(NET, W[:5]),
    "two inputs for one line": lambda: two_weights(DATA.X, DATA.y[:, None]),
    "points in space": lambda: SURFACES["a line"].loss([1.0, 2.0, 3.0]),
    "a loss of classes for one output": lambda: two_weights(LINE.X, [1] * 40, cross_entropy),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(call):
    with pytest.raises(ValueError, match=r"^[\w., ]+ = .*: must be .+"):
        call()
