"""Muon takes torch's path; what it makes of a matrix is what is said of it."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import close

from optim_core import muon, optimizers
from optim_core.data import blobs
from optim_core.descent import descend
from optim_core.losses import mse
from optim_core.muon import CLASSIC, QUICK
from optim_core.network import BatchNorm, Linear, Network, Residual, Tanh
from optim_core.training import train

GOLDEN = np.load(Path(__file__).parent / "golden" / "muon.npz")
CASES = json.loads(str(GOLDEN["spec"]))["cases"]
quick = settings(max_examples=25, deadline=None)
rng = np.random.default_rng(0)


def mlp(*sizes, loss=mse):
    pairs = zip(sizes, sizes[1:], strict=False)
    return Network([part for n, m in pairs for part in (Linear(n, m), Tanh())][:-1], loss)


def turned(n, seed):
    return muon.orthogonalise(np.random.default_rng(seed).standard_normal((n, n)))


# ---- torch -----------------------------------------------------------------------------------------------------------


def test_a_training_by_muon_is_that_of_torch():
    ours = dict(lr="lr", momentum="mu", weight_decay="decay")
    for k, case in enumerate(CASES):
        net, path = mlp(*case["sizes"]), GOLDEN[f"{k}/path"]
        chosen = {ours[name]: value for name, value in case["muon"].items()}
        chosen |= {"lr_rest" if name == "lr" else name: value for name, value in case["adam"].items()}
        task = net.on(GOLDEN[f"{k}/X"], GOLDEN[f"{k}/y"])
        w = descend(muon.muon(net, muon.newton_schulz), path[0], task.grad, len(path) - 1, **chosen)["w"]
        close(w, path, 1e-11)


@pytest.mark.parametrize("name", ["square", "wide", "tall"])
def test_a_matrix_is_orthogonalised_as_torch_does_it(name):
    close(muon.newton_schulz(GOLDEN[f"{name}/G"]), GOLDEN[f"{name}/X"], 2e-15)


def test_the_defaults_are_those_of_torch():
    assert inspect.signature(muon.muon).parameters["direction"].default is muon.newton_schulz
    evolves, chosen = optimizers.anatomy(muon.muon(mlp(2, 2)))
    assert evolves == dict(m=0.0, v=0.0)
    assert chosen == dict(lr=0.001, mu=0.95, decay=0.1, lr_rest=0.001, beta2=0.999, eps=1e-8)


# ---- what becomes of a matrix ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3), (1, 5), (2, 3, 4, 5)])
def test_the_orthogonal_factor_has_singular_values_one_and_is_shampoos_step(shape):
    G = np.random.default_rng(1).standard_normal(shape)
    W = muon.orthogonalise(G)
    close(np.linalg.svd(W, compute_uv=False), np.ones((*shape[:-2], min(shape[-2:]))), 1e-14)
    root = W.swapaxes(-1, -2) @ G if shape[-2] >= shape[-1] else W @ G.swapaxes(-1, -2)
    close(root, root.swapaxes(-1, -2), 1e-13)  # G = W · (a symmetric matrix without negative eigenvalues)
    assert (np.linalg.eigvalsh(root) > 0).all()
    if len(shape) == 2 and min(shape) > 1:
        U, S, Vt = np.linalg.svd(G, full_matrices=False)
        left, right = (U * S**-0.5) @ U.T, (Vt.T * S**-0.5) @ Vt  # (G Gᵀ)^(−¼) and (Gᵀ G)^(−¼)
        close(left @ G @ right, W, 1e-12)


def test_directions_that_a_matrix_does_not_have_stay_zero():
    a, b = rng.standard_normal((2, 4, 1))
    one = muon.orthogonalise(a @ b.T)
    close(one, a @ b.T / np.linalg.norm(a) / np.linalg.norm(b), 1e-14)
    assert (muon.orthogonalise(np.zeros((3, 2))) == 0).all() and (muon.newton_schulz(np.zeros((3, 2))) == 0).all()


def test_what_is_not_finite_gives_nan_and_leaves_the_other_matrices_alone():
    G = rng.standard_normal((3, 2, 2))
    bad = G.copy()
    bad[1, 0, 0] = np.inf
    for factor in (muon.orthogonalise, muon.newton_schulz):
        assert np.isnan(factor(bad)[1]).any() and np.array_equal(factor(bad)[[0, 2]], factor(G)[[0, 2]])


def test_muons_coefficients_lift_small_singular_values_and_never_settle_and_the_classic_ones_settle_at_one():
    s = np.geomspace(0.01, 1, 2000)

    def after(steps, coefficients, x=s):
        a, b, c = coefficients
        for _ in range(steps):
            x = a * x + b * x**3 + c * x**5
        return x

    five = after(5, QUICK)
    assert (round(five.min(), 3), round(five.max(), 3)) == (0.682, 1.134)
    assert after(5, CLASSIC).min() < 0.25 and after(5, CLASSIC).max() == pytest.approx(1)
    assert np.abs(after(14, CLASSIC) - 1).max() < 1e-9 and np.abs(after(14, QUICK) - 1).max() > 0.1
    s = np.array([0.1, np.sqrt(0.02), 0.4, 0.9])  # of a matrix with ‖G‖ = 1
    ours = muon.newton_schulz(turned(4, 1) @ np.diag(s) @ turned(4, 2))
    close(np.linalg.svd(ours, compute_uv=False), np.sort(after(5, QUICK, s))[::-1], 1e-13)


@quick
@given(seed=st.integers(0, 10**6), size=st.floats(1e-3, 1e3))
def test_turning_inputs_and_outputs_turns_the_step_and_scaling_changes_nothing(seed, size):
    G = np.random.default_rng(seed).standard_normal((5, 3))
    Q, R = turned(5, seed + 1), turned(3, seed + 2)
    for factor in (muon.newton_schulz, muon.orthogonalise):
        close(factor(Q @ G @ R), Q @ factor(G) @ R, 1e-11)
        close(factor(size * G), factor(G), 1e-11)
    close(muon.newton_schulz(G, 40, CLASSIC), muon.orthogonalise(G), 1e-9)
    assert np.abs(np.sign(Q @ G @ R) - Q @ np.sign(G) @ R).max() > 0.1  # sign descent does not turn


def test_a_stack_of_matrices_is_each_alone_bit_for_bit():
    G = rng.standard_normal((4, 3, 7, 5))
    for factor in (muon.newton_schulz, muon.orthogonalise, lambda G: muon.newton_schulz(G.swapaxes(-1, -2))):
        together = factor(G)
        assert all((together[i, j] == factor(G[i, j])).all() for i in range(4) for j in range(3))


# ---- the step --------------------------------------------------------------------------------------------------------

NET = Network([Linear(4, 6), BatchNorm(6), Tanh(), Residual(Linear(6, 6)), Linear(6, 2)])
START = np.stack([NET.init(seed) for seed in range(3)])


def test_a_first_step_has_the_spectral_norm_of_its_rate_in_every_matrix():
    g = np.random.default_rng(3).standard_normal(NET.n)
    step = muon.muon(NET, muon.orthogonalise)(np.zeros(NET.n), lambda w: g, t=1, lr=0.1, lr_rest=0.02)["w"]
    for here, (n, k) in NET.matrices:
        s = np.linalg.svd(step[here].reshape(n, k), compute_uv=False)
        close(s, np.full(min(n, k), 0.1 * np.sqrt(max(1, k / n))), 1e-13)
    close(step[~NET.is_weight], -0.02 * np.sign(g[~NET.is_weight]), 1e-7)


def test_of_all_steps_of_its_spectral_norm_muons_lowers_the_loss_most():
    G, others = rng.standard_normal((5, 3)), muon.orthogonalise(rng.standard_normal((500, 5, 3)))
    falls = (muon.orthogonalise(G) * G).sum()
    assert ((others * G).sum((-2, -1)) < falls).all()
    close(falls, np.linalg.svd(G, compute_uv=False).sum(), 1e-13)


def test_with_other_directions_it_is_momentum_and_sign_descent():
    net, grad = mlp(3, 3), lambda w: w * np.linspace(1, 2, 12)
    w, how = np.linspace(-1, 1, 12), dict(lr=0.05, decay=0.0, lr_rest=0.0)
    signs = descend(muon.muon(net, np.sign), w, grad, 20, mu=0.0, **how)["w"]
    assert np.array_equal(signs[:, :9], descend(optimizers.sign_gd, w, grad, 20, lr=0.05)["w"][:, :9])
    assert (signs[:, 9:] == w[9:]).all()  # lr_rest = 0: biases stay
    plain = descend(muon.muon(net, lambda U: U), w, grad, 20, mu=0.0, **how)["w"]
    close(plain[:, :9], descend(optimizers.gd, w, grad, 20, lr=0.05)["w"][:, :9], 1e-15)


def test_what_is_no_matrix_takes_adams_step_without_decay():
    task = NET.on(rng.standard_normal((20, 4)), rng.integers(0, 2, 20))
    rest = ~NET.is_weight
    still = lambda w, t: np.where(NET.is_weight, 0, task.grad(w))  # noqa: E731
    ours = descend(muon.muon(NET), START, still, 15, lr=0.0, mu=0.9, decay=0.5, lr_rest=0.01)["w"]
    adam = descend(optimizers.adam, START, still, 15, lr=0.01)["w"]
    close(ours[..., rest], adam[..., rest], 1e-14)
    assert (ours[..., NET.is_weight] == START[..., NET.is_weight]).all()


def test_decay_shrinks_matrices_alone():
    path = descend(muon.muon(NET), np.ones(NET.n), lambda w: 0 * w, 3, lr=0.1, decay=0.5)["w"][-1]
    close(path, np.where(NET.is_weight, 0.95**3, 1.0), 1e-15)


def test_runs_together_are_each_alone_and_a_fork_goes_on_bit_for_bit():
    task = NET.on(rng.standard_normal((20, 4)), rng.integers(0, 2, 20))
    step, lr = muon.muon(NET), np.array([[0.01], [0.05], [0.1]])
    path = descend(step, START, task.grad, 12, lr=lr)
    for i in range(3):
        assert np.array_equal(path["w"][:, i], descend(step, START[i], task.grad, 12, lr=lr[i])["w"])
    fork = descend(step, path["w"][5], task.grad, 7, start=5, lr=lr, m=path["m"][5], v=path["v"][5])
    assert np.array_equal(fork["w"], path["w"][5:])


def test_muon_learns_the_weak_first_where_gradient_descent_learns_the_strong():
    strengths = np.array([4.0, 2.0, 1.0, 0.5])
    net, eye = Network([Linear(4, 8), Linear(8, 4)], lambda z, y: mse(z, y, half=True)), np.eye(4)
    still = np.where(net.is_weight, 1.0, 0.0)  # without biases: the two-layer linear network of Saxe and others
    task, w = net.on(eye, np.diag(strengths)), 0.02 * rng.standard_normal(net.n) * still
    order = {}
    for name, step, chosen in (
        ("gd", optimizers.gd, dict(lr=0.02 * 16)),
        ("muon", muon.muon(net), dict(lr=0.05, mu=0.9, decay=0.0, lr_rest=0.0)),
    ):
        path = descend(step, w, lambda w: task.grad(w) * still, 400, **chosen)["w"]
        product = path[:, :32].reshape(-1, 4, 8) @ path[:, 40:72].reshape(-1, 8, 4)
        learned = product[:, range(4), range(4)] > strengths / 2
        order[name] = learned.argmax(0)
    assert (np.diff(order["gd"]) > 0).all() and order["gd"][-1] > 4 * order["gd"][0]
    assert order["muon"][0] == order["muon"].max() and order["muon"][-1] < 0.5 * order["muon"][0]


def test_train_takes_muon_like_any_other_optimizer():
    data, net = blobs(n=60, noise=0.5), Network([Linear(2, 16), Tanh(), Linear(16, 3)])
    result = train(net, data, muon.muon(net), lr=0.05, decay=0.0, lr_rest=0.01, epochs=20, batch=20)
    assert result["test_accuracy"][0] < 0.7 and result["test_accuracy"][-1] > 0.95


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: muon.orthogonalise([1.0, 2.0]), r"G.shape = \(2,\)"),
        (lambda: muon.newton_schulz(np.empty((0, 2))), "G.shape"),
        (lambda: muon.newton_schulz([["a"]]), "G"),
        (lambda: muon.newton_schulz(np.eye(2), steps=-1), "steps"),
        (lambda: muon.newton_schulz(np.eye(2), coefficients=(1.0, 2.0)), "coefficients"),
        (lambda: muon.newton_schulz(np.eye(2), eps=-1.0), "eps"),
        (lambda: muon.muon([Linear(2, 2)]), "net"),
        (lambda: muon.muon(NET, "exact"), "direction"),
        (lambda: muon.muon(NET)(START, lambda w: w, 1, lr_rest=-1.0), "lr_rest"),
        (lambda: muon.muon(NET)(START, lambda w: w, 1, lr="fast"), "lr"),
    ],
)
def test_bad_arguments_get_one_clear_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
