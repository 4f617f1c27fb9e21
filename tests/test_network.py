"""Networks: losses, gradients and Hessians equal torch's; and what is known of them holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import cases, close, slope

from optim_core import critical, gradients, losses, network, optimizers
from optim_core.data import chebyshev, digits
from optim_core.descent import descend
from optim_core.losses import binary_cross_entropy, cross_entropy, mse
from optim_core.network import (
    SCHEMES,
    BatchNorm,
    Dropout,
    InstanceNorm,
    LayerNorm,
    Linear,
    Network,
    Parallel,
    Relu,
    Residual,
    Rnn,
    Sigmoid,
    Tanh,
    WeightNorm,
    top_eigenvalues,
)

rng = np.random.default_rng(0)
quick = settings(max_examples=25, deadline=None)


def built(layers):
    """The network that tests/golden/networks.py writes down as a list of [name, sizes…]."""
    return [
        Residual(*built(sizes[0])) if name == "Residual" else getattr(network, name)(*sizes) for name, *sizes in layers
    ]


NETWORKS = [
    (Network(built(options["layers"]), getattr(losses, name), **options["loss"]), a)
    for name, options, a in cases("networks")
]
NAMES = [
    "tanh",
    "relu",
    "batch norm",
    "layer norm",
    "residual",
    "weight norm",
    "instance norm",
    "softmax, mse",
    "two batch norms",
]
golden = pytest.mark.parametrize("net, a", NETWORKS, ids=NAMES)


# ---- torch -----------------------------------------------------------------------------------------------------------


@golden
def test_loss_and_gradient_are_those_of_torch_for_all_runs_at_once(net, a):
    task = net.on(a["X"], a["y"])
    close(task.loss(a["w"]), a["L"])
    close(task.grad(a["w"]), a["g"], 1e-11)


@golden
def test_curvature_is_that_of_torch(net, a):
    task = net.on(a["X"], a["y"])
    close(task.hvp(a["w"], a["u"]), a["Hu"], 1e-10)
    close(critical.eigen(task.hessian(a["w"]))[0], a["eigenvalues"], 1e-10)


@pytest.mark.parametrize(
    "scheme, options, a", [pytest.param(*case, id=f"{case[0]}-{k}") for k, case in enumerate(cases("initial"))]
)
def test_initial_weights_are_spread_as_those_of_torch(scheme, options, a):
    inputs, outputs = options["size"]
    net = Network([Linear(inputs, outputs)])
    w = np.stack([net.init(seed, scheme) for seed in range(200)])
    for numbers, (std, largest) in ((w[:, net.is_weight], a["weights"]), (w[:, ~net.is_weight], a["biases"])):
        assert abs(numbers.mean()) <= 5 * std / np.sqrt(numbers.size)
        assert abs(numbers.std() - std) <= 0.02 * std
        if "normal" not in scheme and scheme != "he":  # a uniform distribution ends where it ends
            assert abs(np.abs(numbers).max() - largest) <= 0.01 * largest


# ---- derivatives -----------------------------------------------------------------------------------------------------

X, LABELS = rng.standard_normal((7, 4)), np.array([0, 1, 2, 0, 1, 2, 0])
ZOO = {
    "linear only": Network([Linear(4, 3)]),
    "deep": Network([Linear(4, 5), Tanh(), Linear(5, 4), Sigmoid(), Linear(4, 3)], smoothing=0.1),
    "relu, mean squared error": Network([Linear(4, 6), Relu(), Linear(6, 3)], mse),
    "batch norm": Network([Linear(4, 5), BatchNorm(5), Tanh(), Linear(5, 3)]),
    "batch norm first": Network([BatchNorm(4), Linear(4, 3)]),
    "dropout": Network([Dropout(0.3), Linear(4, 6), Tanh(), Dropout(0.5), Linear(6, 3)]),
    "residual": Network([Linear(4, 5), Residual(Linear(5, 5), Tanh(), Residual(LayerNorm(5))), Linear(5, 3)]),
    "residual with batch norm and dropout": Network(
        [Residual(Dropout(0.2), Linear(4, 4), BatchNorm(4)), Linear(4, 3)], binary_cross_entropy
    ),
    "scaled residual": Network([Linear(4, 5), Residual(Linear(5, 5), Tanh(), scale=0.3), Linear(5, 3)]),
    "parallel": Network(
        [Parallel([Linear(4, 5), Tanh(), Linear(5, 4)], Linear(4, 4), []), Parallel([Dropout(), Linear(4, 3)])]
    ),
    "parallel with batch norm": Network(
        [Linear(4, 5), Parallel([BatchNorm(5), Tanh()], [Tanh()], [Residual(Linear(5, 5))]), Linear(5, 3)], mse
    ),
    "recurrent": Network([Rnn(2, 5, steps=2), Linear(5, 3)]),
    "weight norm": Network([WeightNorm(4, 6), Tanh(), InstanceNorm(2), Linear(6, 3)]),
}
zoo = pytest.mark.parametrize("net", ZOO.values(), ids=ZOO)


def on_toy_data(net, **mode):
    labels = net.measure.func is cross_entropy.__wrapped__
    return net.on(X, LABELS if labels else np.abs(np.sin(np.arange(21.0))).reshape(7, 3), **mode)


@zoo
def test_gradient_is_the_slope_of_the_loss(net):
    task, w = on_toy_data(net), net.init(1, "inverse_sqrt")
    close(task.grad(w), slope(task.loss, w))


@zoo
@pytest.mark.parametrize("train", [True, False])
def test_hessian_is_that_of_complex_steps_in_all_directions(net, train):
    running = None if train else on_toy_data(net).value_and_grad(net.init(2))[2]
    task, w = on_toy_data(net, train=train, running=running), net.init(1, "inverse_sqrt")
    H = task.hessian(w)
    close(H, gradients.hessian(task.grad, w), 1e-12)
    close(H @ np.arange(net.n), task.hvp(w, np.arange(net.n)), 1e-11)
    assert np.abs(H).max() > 0.01


def test_the_hessian_knows_that_batch_norm_mixes_the_examples():
    net = Network([Linear(4, 5), BatchNorm(5), Tanh(), Linear(5, 3)])
    task, w, u = net.on(X, LABELS), net.init(0), np.linspace(-1, 1, 53)
    try:
        H = task.hessian(w)
    except ValueError:  # examples one by one have no variance
        H = np.zeros((53, 53))
    close(H @ u, task.hvp(w, u))


def test_hessian_does_not_depend_on_how_the_examples_are_cut_up():
    net = Network([Linear(64, 8), Tanh(), Linear(8, 10)])  # 610 weights by 1797 examples: in two parts
    data, w, u = digits(train=1797), net.init(0), np.linspace(-1, 1, 610)
    task = net.on(data.X, data.y)
    close(task.hessian(w) @ u, task.hvp(w, u), 1e-12)


@zoo
def test_a_batch_of_networks_equals_each_alone(net):
    task, w = on_toy_data(net), np.stack([net.init(seed) for seed in range(6)]).reshape(2, 3, -1)
    L, g = task.loss(w), task.grad(w)
    assert L.shape == (2, 3) and g.shape == w.shape
    for run in np.ndindex(2, 3):
        assert L[run] == task.loss(w[run]) and (g[run] == task.grad(w[run])).all()


def test_many_runs_are_computed_in_parts_with_the_same_result():
    net = Network([Linear(4, 3)])
    task, w = on_toy_data(net), rng.standard_normal((100_000, 15))
    assert task.at_once < len(w)
    few = task.grad(w[::9999])
    assert (task.grad(w)[::9999] == few).all() and task.loss(w).shape == (100_000,)


def test_examples_as_runs_give_the_gradient_of_each_example():
    net, w = ZOO["deep"], ZOO["deep"].init(0)
    each = net.on(X[:, None], LABELS[:, None]).grad(w)
    assert each.shape == (7, net.n)
    close(each.mean(0), net.grad(w, X, LABELS))
    close(each[3], net.grad(w, X[3:4], LABELS[3:4]))


def test_each_run_may_have_its_own_data():
    net, w = ZOO["deep"], np.stack([ZOO["deep"].init(seed) for seed in range(2)])
    both = net.on(np.stack([X, 2 * X]), np.stack([LABELS, LABELS[::-1]]))
    for k, alone in enumerate((net.on(X, LABELS), net.on(2 * X, LABELS[::-1]))):
        assert both.loss(w)[k] == alone.loss(w[k]) and (both.grad(w)[k] == alone.grad(w[k])).all()


def test_the_networks_own_methods_are_the_tasks():
    net, w = ZOO["deep"], ZOO["deep"].init(0)
    task = net.on(X, LABELS)
    assert net.loss(w, X, LABELS) == task.loss(w)
    assert net.accuracy(w, X, LABELS) == task.accuracy(w)
    assert (net.grad(w, X, LABELS) == task.grad(w)).all()
    assert (net.hvp(w, w, X, LABELS) == task.hvp(w, w)).all()
    assert (net.hessian(w, X, LABELS) == task.hessian(w)).all()


# ---- the flat vector -------------------------------------------------------------------------------------------------


def test_weights_are_told_from_biases_scales_and_shifts():
    net = Network([Linear(3, 2), BatchNorm(2), Residual(Linear(2, 2)), WeightNorm(2, 1)])
    where = "WWWWWW bb γγββ WWWW bb VV g b".replace(" ", "")
    assert net.is_weight.tolist() == [letter in "WV" for letter in where]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_initial_network_has_zero_biases_unit_scales_and_columns_of_their_length(scheme):
    net = Network([Linear(3, 40), BatchNorm(40), WeightNorm(40, 2)])
    w = net.init(0, scheme, scale=0.5)
    b, gamma, beta = w[120:160], w[160:200], w[200:240]
    assert (gamma == 1).all() and (beta == 0).all() and (b == 0).all() == (scheme != "torch")
    V, g = w[240:320].reshape(40, 2), w[320:322]
    close(g, np.linalg.norm(V, axis=0))
    assert (w[:120] == 0.5 * net.init(0, scheme)[:120]).all() and (net.init(1, scheme) != w).any()


@pytest.mark.parametrize(
    "scheme, relu, ratio",
    [
        ("normal", False, 16.0),
        ("inverse_sqrt", False, 1.0),
        ("torch", False, 0.577),
        ("he", True, 1.0),
        ("inverse_sqrt", True, 0.707),
    ],
)
def test_signals_keep_grow_or_fade_by_a_known_factor_a_layer(scheme, relu, ratio):  # width 256, ten layers
    net = Network([layer for _ in range(10) for layer in (Linear(256, 256), *([Relu()] * relu))], mse)
    w = net.init(0, scheme)
    w[~net.is_weight] = 0
    x = np.random.default_rng(1).standard_normal((50, 256))
    z = net.on(x, x).forward(w)[0]
    assert abs(((z**2).mean() / (x**2).mean()) ** (1 / 20) - ratio) < 0.05 * ratio


def test_orthogonal_weights_keep_all_lengths_they_can_and_have_no_favourite_direction():
    for n, m in ((5, 5), (7, 4), (4, 7)):
        few, many = sorted((n, m))
        w = np.stack([SCHEMES["orthogonal"](np.random.default_rng(seed), (n, m), n, m) for seed in range(2000)])
        W = w if n >= m else w.swapaxes(1, 2)
        close(W.swapaxes(1, 2) @ W, np.broadcast_to(np.eye(few), (2000, few, few)), 1e-14)
        assert np.abs(w.mean(0)).max() < 5 / np.sqrt(2000 * many)  # not so without the signs
        assert np.abs((w**2).mean(0) - 1 / many).max() < 0.15 / many


def test_through_fifty_orthogonal_layers_every_direction_keeps_its_length_and_through_gaussian_ones_few_do():
    net, x = Network([Linear(32, 32) for _ in range(50)], mse), np.eye(32)
    task = net.on(x, x)
    singular = {}
    for scheme in ("orthogonal", "inverse_sqrt"):
        w = net.init(0, scheme)
        singular[scheme] = np.linalg.svd(task.layers_at(w)["x"][-1], compute_uv=False)
    close(singular["orthogonal"], np.ones(32), 1e-12)
    assert (singular["inverse_sqrt"] < 1e-3).sum() > 16 and singular["inverse_sqrt"][0] > 1


def test_a_recurrent_layer_is_drawn_by_what_goes_into_a_unit_at_one_step():
    net = Network([Rnn(4, 50, steps=30), Linear(50, 1)])
    w = np.stack([net.init(seed, "inverse_sqrt") for seed in range(20)])
    U, W = w[:, :200], w[:, 200:2700]
    assert U.std() == pytest.approx(1 / np.sqrt(4), rel=0.05) and W.std() == pytest.approx(1 / np.sqrt(50), rel=0.05)
    W = net.init(0, "orthogonal")[200:2700].reshape(50, 50)
    close(W.T @ W, np.eye(50), 1e-13)


def test_a_recurrent_network_learns_to_remember_a_sign():
    net, source = Network([Rnn(1, 8, steps=10), Linear(8, 1)], binary_cross_entropy), np.random.default_rng(0)
    y = source.integers(0, 2, (200, 1)).astype(float)
    X = np.hstack([2 * y - 1, 0.2 * source.standard_normal((200, 9))])
    task, w = net.on(X, y), net.init(0, "inverse_sqrt")
    path = descend(optimizers.adam, w, gradients.clip_norm(task.grad, 1.0), 200, lr=0.02)
    assert task.accuracy(w) < 0.9 and task.accuracy(path["w"][-1]) > 0.97


# ---- what flows ------------------------------------------------------------------------------------------------------


@zoo
def test_what_flows_through_the_layers_is_what_the_network_makes_of_it(net):
    w, task = np.stack([net.init(seed) for seed in range(3)]), on_toy_data(net)
    runs, flow = task.layers_at(w), task.layers_at(w[1])
    assert flow["x"][0] is task.X and np.array_equal(flow["x"][-1], task.forward(w[1])[0])
    close(flow["dx"][-1], net.measure(flow["x"][-1], task.Y)[1])
    for k in range(len(net.layers)):  # as if the network began with this layer
        x, rest = flow["x"][k], network.Chain(net.layers[k:])

        def loss(x, k=k, rest=rest):
            out = rest.forward(w[1, net.places[k].start :], x, task.running[k:], task.mode)[0]
            return net.measure(out, task.Y)[0]

        close(flow["dx"][k], slope(loss, x), 1e-11)
        assert np.array_equal(runs["dx"][k][1], flow["dx"][k]) and runs["dx"][k].shape == (3, *x.shape)
        assert np.array_equal(np.broadcast_to(runs["x"][k], (3, *x.shape))[1], x)


def test_a_parallel_of_one_branch_is_the_branch_and_equal_branches_add_up_by_the_root_of_their_number():
    chain = [Linear(4, 5), Tanh(), Linear(5, 3)]
    alone, one, four = (Network(parts) for parts in (chain, [Parallel(chain)], [Parallel(*4 * [chain])]))
    w = alone.init(0)
    assert np.array_equal(alone.grad(w, X, LABELS), one.grad(w, X, LABELS))
    close(four.on(X, LABELS).forward(np.tile(w, 4))[0], 2 * alone.on(X, LABELS).forward(w)[0])
    assert four.n == 4 * alone.n and four.is_weight.tolist() == 4 * alone.is_weight.tolist()


def test_a_parallel_with_an_empty_branch_is_a_residual_over_the_root_of_two():
    f = [Linear(4, 4), Tanh()]
    both = [Network([part, Linear(4, 3)]) for part in (Parallel([], f), Residual(*f))]
    w = both[0].init(0)
    x, y = (net.on(X, LABELS).layers_at(w)["x"][1] for net in both)
    close(np.sqrt(2) * x, y)


def test_scaled_blocks_keep_the_variance_and_unscaled_ones_double_it():
    growth = {}
    for scale in (1.0, 1 / np.sqrt(50)):
        net = Network([Residual(Linear(64, 64), scale=scale) for _ in range(50)], mse)
        x = np.random.default_rng(1).standard_normal((100, 64))
        growth[scale] = (net.on(x, x).layers_at(net.init(0, "inverse_sqrt"))["x"][-1] ** 2).mean()
    assert growth[1.0] == pytest.approx(2.0**50, rel=0.9) and growth[1 / np.sqrt(50)] == pytest.approx(np.e, rel=0.1)


# ---- known of networks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [0.3, 3.0])
def test_with_batch_norm_the_scale_of_the_weights_has_no_effect(a):
    net = Network([Linear(4, 5), BatchNorm(5, eps=0.0), Tanh(), Linear(5, 3)])
    task, w = net.on(X, LABELS), net.init(0)
    scaled = w.copy()
    scaled[:20] *= a  # W before the normalization
    assert np.isclose(task.loss(scaled), task.loss(w), rtol=1e-14)  # L(aW) = L(W)
    g = task.grad(w)
    assert abs(g[:20] @ w[:20]) < 1e-15  # ⟨W, ∇L⟩ = 0
    close(task.grad(scaled)[:20] * a, g[:20], 1e-13)  # ‖∇L(aW)‖ = ‖∇L(W)‖/a


def test_sharpness_is_not_a_property_of_the_function():  # Dinh et al. 2017: W₁ → αW₁, W₂ → W₂/α
    data = digits(train=300)
    net = Network([Linear(64, 8), Relu(), Linear(8, 10)])
    task, w = net.on(data.X, data.y), net.init(0, "he")
    sharp = []
    for alpha in (1.0, 10.0, 100.0):
        scaled = np.concatenate([alpha * w[:520], w[520:600] / alpha, w[600:]])
        assert np.isclose(task.loss(scaled), task.loss(w), rtol=1e-13)
        sharp.append(top_eigenvalues(task, scaled)[0])
    assert sharp[1] > 5 * sharp[0] and sharp[2] > 90 * sharp[1]


def test_l2_equals_decay_for_gd_and_spares_the_biases():
    net = ZOO["deep"]
    task, w, lr, lam = net.on(X, LABELS), ZOO["deep"].init(0), 0.1, 0.3
    penalised = optimizers.gd(w, gradients.l2(task.grad, lam, only=net.is_weight), t=1, lr=lr)["w"]
    decayed = optimizers.gd(w, task.grad, t=1, lr=lr)["w"] - lr * lam * net.is_weight * w
    close(penalised, decayed, 1e-15)
    assert (penalised == optimizers.gd(w, task.grad, t=1, lr=lr)["w"]).tolist() == (~net.is_weight).tolist()


def test_top_eigenvalues_are_those_of_the_hessian():
    net = ZOO["deep"]
    task, w = net.on(X, LABELS), ZOO["deep"].init(0)
    close(top_eigenvalues(task, w, 3), critical.eigen(task.hessian(w))[0][::-1][:3], 1e-10)


def test_optimizers_and_critical_points_take_a_network_like_a_surface():
    data = chebyshev()
    net = Network([Linear(1, 4), Tanh(), Linear(4, 1)], mse, half=True)
    task, w = net.on(data.X, data.y), np.stack([net.init(seed) for seed in range(3)])
    path = descend(optimizers.adam, w, task.grad, 200, lr=0.01)
    assert path["w"].shape == (201, 3, 13)
    assert (task.loss(path["w"][-1]) < task.loss(w)).all()
    assert set(critical.classify(task.hessian(path["w"][-1]))) <= {"minimum", "saddle"}


def test_gradient_descent_ends_at_the_edge_of_stability():  # Cohen et al. 2021, a smaller network than theirs
    data = chebyshev()
    net = Network([Linear(1, 20), Tanh(), Linear(20, 20), Tanh(), Linear(20, 1)], mse, half=True)
    task, lr = net.on(data.X, data.y), 0.2
    path = descend(optimizers.gd, net.init(0), task.grad, 3000, lr=lr)
    sharpness = np.array([top_eigenvalues(task, path["w"][t])[0] for t in (0, *range(1500, 3000, 150))])
    assert sharpness[0] < 0.8 * 2 / lr
    assert 0.95 < sharpness[1:].mean() / (2 / lr) < 1.05
    L = task.loss(path["w"])
    assert (np.diff(L[1500:]) > 0).any() and L[-1] < 0.5 * L[1500]  # it rises at times, and falls all the same


def test_accuracy_is_asked_in_evaluation_mode():
    net, w = ZOO["dropout"], ZOO["dropout"].init(0)
    assert net.accuracy(w, X, LABELS) == net.on(X, LABELS, train=False).accuracy(w)


def test_accuracy_counts_right_answers():
    net = Network([Linear(2, 2)])
    w = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])  # the larger of two inputs wins
    assert net.accuracy(w, [[2.0, 1.0], [0.0, 1.0], [3.0, 4.0], [1.0, 0.0]], [0, 1, 0, 0]) == 0.75
    yes = Network([Linear(1, 1)], binary_cross_entropy)
    assert yes.accuracy([1.0, 0.0], [[2.0], [-1.0], [3.0]], [[1.0], [0.0], [0.0]]) == 2 / 3


def test_outputs_choose_between_classes_if_the_loss_or_the_targets_say_so():
    rows = np.eye(3)[LABELS]
    soft, other = 0.8 * rows + 0.1, np.where(rows == 1, 2.0, 0.0)
    for loss, y, yes in (
        (cross_entropy, LABELS, True),
        (cross_entropy, soft / soft.sum(-1, keepdims=True), True),
        (binary_cross_entropy, soft, True),
        (mse, rows, True),
        (mse, soft, False),
        (mse, other, False),
        (mse, 1 - rows, False),
        (mse, X[:, :3], False),
        (lambda z, y: mse(z, y), rows, True),
        (lambda z, y: mse(z, y[:, None] + 0 * z), LABELS, False),
    ):
        task = Network([Linear(4, 3)], loss).on(X, y)
        assert task.classifies is yes
        if not yes:
            with pytest.raises(ValueError, match=r"^accuracy = .*chooses between classes$"):
                task.accuracy(np.zeros(15))
    w = Network([Linear(4, 3)]).init(0)
    known = [Network([Linear(4, 3)], loss).accuracy(w, X, y) for loss, y in ((cross_entropy, LABELS), (mse, rows))]
    assert known[0] == known[1]


@quick
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_dropouts_masks_differ_from_layer_to_layer_and_from_step_to_step(seed, step):
    net = Network([Linear(8, 8), Dropout(), Residual(Dropout()), Dropout()], mse)
    eye = np.concatenate([np.eye(8).ravel(), np.zeros(8)])

    def kept(step):
        return net.on(np.ones((20, 8)), np.ones((20, 8)), seed=seed, step=step).forward(eye)[0]

    assert (kept(step) == kept(step)).all() and (kept(step) != kept(step + 1)).any()
    # 1 → 0 or 2; then x + mask·x is ×1 or ×3; then 0 or ×2: all of them occur only if the masks differ
    assert set(np.unique(kept(step))) == {0.0, 4.0, 12.0}


# ---- refusals --------------------------------------------------------------------------------------------------------

NET = Network([Linear(4, 3)])
NORMED = Network([Linear(4, 3), BatchNorm(3)])
BAD = {
    "layers that do not fit": lambda: Network([Linear(4, 3), Linear(4, 3)]),
    "a layer without its brackets": lambda: Network([Linear(4, 3), Tanh]),
    "a loss in words": lambda: Network([Linear(4, 3)], "mse"),
    "no layers": lambda: Network([]),
    "layers without a size": lambda: Network([Tanh()]),
    "a size of nothing": lambda: Linear(0, 3),
    "a size in words": lambda: Linear("four", 3),
    "no time at all": lambda: Rnn(1, 3, steps=0),
    "a residual that changes the size": lambda: Residual(Linear(4, 3)),
    "a residual scaled in words": lambda: Residual(Linear(3, 3), scale="half"),
    "no branches": lambda: Parallel(),
    "branches of different sizes": lambda: Parallel([Linear(4, 3)], [Linear(4, 2)]),
    "a branch that keeps beside one that does not": lambda: Parallel([Linear(4, 3)], []),
    "a branch that is no layer": lambda: Parallel(Tanh),
    "flow with the weights of another network": lambda: NET.on(X, LABELS).layers_at(np.ones(3)),
    "dropping everything": lambda: Dropout(1.0),
    "an unknown option": lambda: Network([Linear(4, 3)], mse, smoothing=0.1),
    "an unknown scheme": lambda: NET.init(0, "glorot"),
    "a seed in words": lambda: NET.init("one"),
    "a scale in words": lambda: NET.init(0, scale="large"),
    "examples of another width": lambda: NET.on(X[:, :2], LABELS),
    "one example without a batch": lambda: NET.on(X[0], LABELS[0]),
    "an empty batch": lambda: NET.on(X[:0], LABELS[:0]),
    "NaN in the data": lambda: NET.on(X * np.nan, LABELS),
    "strings": lambda: NET.on([["a"] * 4], [0]),
    "labels out of range": lambda: NET.on(X, LABELS + 1),
    "a label too few": lambda: NET.on(X, LABELS[:-1]),
    "a negative step": lambda: NET.on(X, LABELS, step=-1),
    "weights of another network": lambda: NET.loss(np.ones(3), X, LABELS),
    "weights in words": lambda: NET.grad(["a"] * 15, X, LABELS),
    "a batch of one under batch norm": lambda: NORMED.on(X[:1], LABELS[:1]).loss(NORMED.init(0)),
    "evaluation without running statistics": lambda: NORMED.on(X, LABELS, train=False),
    "the accuracy of a line": lambda: Network([Linear(4, 1)], mse).accuracy(np.ones(5), X, X[:, :1]),
    "as many top eigenvalues as weights": lambda: top_eigenvalues(NET.on(X, LABELS), NET.init(0), 15),
    "the top eigenvalues of many networks": lambda: top_eigenvalues(NET.on(X, LABELS), np.ones((2, 15))),
    "a Hessian with data by run": lambda: NET.on(np.stack([X, X]), LABELS).hessian(NET.init(0)),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(call):
    with pytest.raises(ValueError, match=r"^[\w.]+ = .*: must be .+"):
        call()
