"""Chapter 11: repairs, questions and figures say what is true, and its numbers hold elsewhere."""

import functools
import itertools
import math
import re

import cells
import numpy as np
import pytest

from notebooks import parse_number, plain_digits
from optim_core import critical, losses
from optim_core.chapters.losses import exercises as chapter
from optim_core.chapters.losses import experiments, scenes
from optim_core.chapters.losses.exercises import (
    cross_entropy,
    cross_entropy_grad,
    first_of_two,
    softmax,
    train_one,
    train_three,
    train_two,
)
from optim_core.chapters.losses.experiments import five_points, squared_error
from optim_core.data import digits
from optim_core.descent import descend
from optim_core.exercises.running import run
from optim_core.optimizers import adam, gd, momentum
from optim_core.scenes import still
from optim_core.surfaces import from_formula

REPAIRS = [train_one, train_two, train_three]
each_repair = pytest.mark.parametrize("ex", REPAIRS, ids=lambda ex: ex.name)


define = functools.partial(cells.define, losses=losses, experiments=experiments)


# Repairs ----------------------------------------------------------------------------------------------------------


@each_repair
def test_the_message_about_a_loop_as_it_was_given_does_not_name_the_fault(ex):
    assert not re.search("softmax|mean|log", ex.check(ex.broken).text)


def same_but_tidier(lr):
    X, y = experiments.three_clouds()
    W, seen, Y = np.zeros((2, 3)), [], losses.one_hot(y, 3)
    for _ in range(30):
        seen.append(losses.cross_entropy(X @ W, y)[0])
        W = W - X.T @ (losses.softmax(X @ W) - Y) * lr
    return seen


def test_a_loop_that_is_only_written_differently_is_not_attempted():
    assert train_two.check(same_but_tidier).outcome == "not attempted yet"


def test_the_symptoms_are_those_that_the_notebook_names():
    assert all(1.46 < L for lr in (1.0, 5.0, 100.0) for L in run(train_one.broken, (lr,)).value)
    jumps = run(train_two.broken, (0.1,)).value
    assert jumps[-10:].max() > 40 and jumps[-10:].min() < 15 and np.sign(np.diff(jumps[-10:])).min() == -1
    lost = run(train_three.broken, (1.0,)).value
    assert np.isfinite(lost[:2]).all() and np.isnan(lost[2:]).all()


@each_repair
def test_the_repaired_loop_learns(ex):
    for args in ex.cases:
        seen = ex.reference(*args)
        assert np.isfinite(seen).all() and seen[-1] < seen[0] - 0.2


# Right in another way ---------------------------------------------------------------------------------------------


def by_log_softmax(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


def example_by_example(z, y):
    total = 0.0
    for row, target in zip(z, y, strict=True):
        top = max(row)
        log_sum = top + math.log(sum(math.exp(v - top) for v in row))
        total += sum(t * (log_sum - v) for v, t in zip(row, target, strict=True))
    return total / len(z)


def through_log_softmax(lr):
    X, y = experiments.few_digits()
    W, seen = np.zeros((64, 10)), []
    for _ in range(30):
        L, dz = losses.cross_entropy(np.log(losses.softmax(X @ W)), y)  # ln p are logits of p, too
        W -= lr * X.T @ dz
        seen.append(L)
    return seen


def the_packages_own(data):
    def loop(lr):
        X, y = data()
        W, seen = np.zeros((X.shape[1], y.max() + 1)), []
        for _ in range(30):
            L, dz = losses.cross_entropy(X @ W, y)
            W, seen = W - lr * X.T @ dz, [*seen, L]
        return tuple(seen)

    return loop


OTHER_WAYS = [
    (softmax, by_log_softmax),
    (softmax, losses.softmax),
    (softmax, lambda z: np.exp(z - z.max(-1)[..., None]) / np.exp(z - z.max(-1)[..., None]).sum(-1)[..., None]),
    (cross_entropy, example_by_example),
    (cross_entropy, lambda z, y: losses.cross_entropy(z, y)[0]),
    (cross_entropy, lambda z, y: (np.logaddexp.reduce(z, axis=1) - (y * z).sum(1)).sum() / len(y)),
    (cross_entropy_grad, lambda z, y: losses.cross_entropy(z, y)[1]),
    (cross_entropy_grad, lambda z, y: (by_log_softmax(z) / len(z) - y / len(z)).tolist()),
    (first_of_two, lambda z1, z2: math.exp(-np.logaddexp(0, z2 - z1))),
    (first_of_two, lambda z1, z2: (1 + math.tanh((z1 - z2) / 2)) / 2),
    (first_of_two, lambda z1, z2: losses.softmax([z1, z2])[0]),
    (train_one, through_log_softmax),
    (train_one, the_packages_own(experiments.few_digits)),
    (train_two, the_packages_own(experiments.three_clouds)),
    (train_three, the_packages_own(experiments.few_pixels)),
]


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


# Wrong answers that nobody listed ---------------------------------------------------------------------------------


def in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def with_labels(z, y):
    p = losses.softmax(z)
    p[range(len(z)), y] -= 1
    return p / len(z)


def averaged_over_examples(lr):
    X, y = experiments.three_clouds()
    W = np.zeros((2, 3))
    return W - lr * X.T @ (losses.softmax(X @ W) - losses.one_hot(y, 3)).mean(axis=0)


def scaled_loop(factor):
    """The loop with p − y times a factor, in place of its mean."""

    def loop(lr):
        X, y = experiments.three_clouds()
        W, seen = np.zeros((2, 3)), []
        for _ in range(30):
            L, dz = losses.cross_entropy(X @ W, y)
            W = W - lr * factor * len(X) * X.T @ dz
            seen.append(L)
        return np.array(seen)

    return loop


S, C, G, F = (ex.reference for ex in (softmax, cross_entropy, cross_entropy_grad, first_of_two))

UNLISTED = [  # exercise, answer, what the message must contain
    (softmax, in_place, "changes its argument `z` in place"),
    (softmax, lambda z: S(z).round(3), "rounded to 3 decimals"),
    (softmax, lambda z: S(z).sum(-1), "where the shape (3,) is asked for"),
    (softmax, lambda z: np.exp(np.clip(z, -700, 700)) / np.exp(np.clip(z, -700, 700)).sum(-1, keepdims=True),
     "known mistake: large logits are cut off, at both ends"),
    (softmax, lambda z: 2.0**z / (2.0**z).sum(-1, keepdims=True), "multiplied by 0.6931, and without a shift"),
    (softmax, lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), "axis 1 is out of bounds"),
    (softmax, lambda z: 2 * S(z), "exactly twice what is expected"),
    (cross_entropy, lambda z, y: losses.cross_entropy(z, y), "returns 2 things, and number 1 of them is right"),
    (cross_entropy, lambda z, y: C(z, y) / 2, "exactly half what is expected"),
    (cross_entropy, lambda z, y: C(z, y) + 1, "too large by `1`"),
    (cross_entropy, lambda z, y: C(z, y) * len(z), "in every case you return what is expected, times `len(z)`"),
    (cross_entropy, lambda z, y: -C(z, y), "the right size and the wrong sign"),
    (cross_entropy, lambda z, y: C(z, y) / np.log(2), "a logarithm to base 2?"),
    (cross_entropy, lambda z, y: ((z - y) ** 2).mean(), "divided by `z.shape[-1]`: the squared error of the logits"),
    (cross_entropy, lambda z, y: C(z / 2, y), "`/ 2` is too much in `C(z / 2, y)`"),
    (cross_entropy, lambda z, y: C(np.clip(z, -50, 50), y), "It is right for: ordinary logits"),
    (cross_entropy, lambda z, y: print(C(z, y)), "(not a `print`)"),
    (cross_entropy_grad, with_labels, "arrays used as indices must be of integer"),
    (cross_entropy_grad, lambda z, y: G(z, y).T, "rows and columns are exchanged"),
    (cross_entropy_grad, lambda z, y: (losses.softmax(z) + y) / len(z), "the sign before `y` is wrong"),
    (cross_entropy_grad, lambda z, y: losses.softmax(z) - y, "what is expected, times `len(z)`"),
    (cross_entropy_grad, lambda z, y: (losses.softmax(z) - y) / z.size, "divided by `z.shape[-1]`"),
    (cross_entropy_grad, lambda z, y: z - y, "a known mistake, times `len(z)`: z in place of p"),
    (cross_entropy_grad, lambda z, y: G(z, y) * 3, "exactly three times what is expected"),
    (cross_entropy_grad, lambda z, y: np.sign(G(z, y)), "the sign of what is expected"),
    (first_of_two, lambda z1, z2: losses.softmax([z1, z2]), "number 1 of them is right"),
    (first_of_two, lambda z1, z2: losses.sigmoid([z1 - z2]), "wraps its number in an array of shape (1,)"),
    (first_of_two, lambda z1, z2: 1 / (1 + np.exp(-abs(z1 - z2))), "`abs(…)` around `z1 - z2` is too much"),
    (first_of_two, lambda z1, z2: 1 / (1 + np.exp(z1 - z2)), "the probability of the second class"),
    (first_of_two, lambda z1, z2: math.exp(z1) / (math.exp(z1) + math.exp(z2)), "OverflowError"),
    (first_of_two, lambda z1: z1, "takes `(z1)`; it is called with `(z1, z2)`"),
    (train_one, lambda lr: train_one.reference(lr)[-1], "the last part of what is asked for, and not the rest"),
    (train_one, lambda lr: None, "returns nothing. Is there a `return`"),
    (train_one, lambda lr: train_one.reference(lr / 2), "Your losses at the steps 0, 1, 2 and 29 are 2.3, 2.29"),
    (train_two, averaged_over_examples, "mismatch in its core dimension"),
    (train_two, lambda lr: train_two.reference(lr / 2), "they should be 1.1, 1.06, 1.03, 0.803"),
    (train_two, scaled_loop(1 / 3), "each step is 66.67 times as long as it should be"),
    (train_two, scaled_loop(-1.0), "each step is -200 times as long as it should be"),
    (train_three, lambda lr: train_three.reference(lr)[:20], "right and ends too early: 20 of 30 entries"),
    (train_three, lambda lr: np.nan_to_num(train_three.broken(lr)), "NaN counted as 0, in the mean"),
]  # fmt: skip


@pytest.mark.parametrize(
    "ex, answer, expected", UNLISTED, ids=lambda x: getattr(x, "name", x if isinstance(x, str) else "")
)
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected):
    result = ex.check(answer)
    assert result.outcome == "incorrect"
    assert expected in result.text


# What the questions say is true -----------------------------------------------------------------------------------


def test_only_the_cross_entropy_moves_a_network_that_is_sure_and_wrong():
    assert chapter.sure_and_wrong.measure() == "b"
    large, small = experiments.gradient_norms()
    assert large == pytest.approx(math.sqrt(2)) and small < 1e-7


@pytest.mark.parametrize("k", [2, 3, 10, 100])
def test_softmax_twice_has_a_floor(k):
    floor = math.log(math.e + k - 1) - 1
    for sure in (1.0, 10.0, 1e4):
        L, _ = losses.cross_entropy(losses.softmax(sure * np.eye(k)), np.arange(k))
        assert L >= floor - 1e-12
    assert L == pytest.approx(floor)
    if k == 10:
        assert chapter.floor.measure() == pytest.approx(floor) and 1.461 <= floor < 1.4615


def test_the_numbers_that_the_question_about_gaps_quotes():
    z = np.array([0.1, 0.2, 0.3])
    assert np.allclose(z / z.sum(), [0.17, 0.33, 0.50], atol=0.005)
    assert np.allclose(losses.softmax(z), [0.30, 0.33, 0.37], atol=0.005)
    assert np.allclose(losses.softmax([1.0, 2, 3])[:2], [0.09, 0.24], atol=0.005)
    assert np.allclose(losses.softmax([101.0, 102, 103]), losses.softmax([1.0, 2, 3]))


def test_softmax_sharpens_scores_above_the_temperature_and_evens_out_those_below():
    rng = np.random.default_rng(3)
    for T in (0.1, 1.0, 5.0):
        for above in (True, False):
            low, high = np.sort(T * (1 + rng.random((200, 2)) * 20) ** (1 if above else -1), axis=-1).T
            ours = losses.softmax(np.stack([high, low], -1) / T)[:, 0]
            shares = high / (high + low)
            assert (ours >= shares - 1e-12).all() if above else (ours <= shares + 1e-12).all()
    assert np.allclose([1.5 / 1.6, losses.softmax([1.5, 0.1])[0]], [0.94, 0.80], atol=0.005)


# The chapter's formulas, and its numbers in other places -----------------------------------------------------------


def squared_after_softmax(z, y):
    return ((losses.softmax(z) - y) ** 2).sum((-2, -1))


def test_the_gradient_of_the_squared_error_after_softmax_is_the_chapters_formula():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(1, 4)), np.eye(4)[:1]
    p = losses.softmax(z)
    formula = 2 * p * ((p - y) - (p * (p - y)).sum(-1, keepdims=True))
    nudged = squared_after_softmax(z + 1e-20j * np.eye(4)[:, None], y).imag / 1e-20
    assert np.allclose(formula[0], nudged, atol=1e-14)
    assert np.allclose(losses.softmax_grad(z, squared_error(p, y)[1]), formula)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_where_all_probabilities_are_alike_the_squared_error_has_two_kths_of_the_gradient(k):
    z, y = np.zeros((1, k)), np.eye(k)[:1]
    p = losses.softmax(z)
    assert np.allclose(losses.softmax_grad(z, 2 * (p - y)), 2 / k * (p - y))


def test_squared_error_is_mse_summed_over_the_classes_and_takes_labels():
    rng = np.random.default_rng(1)
    p, y = rng.random((2, 5, 10)), rng.integers(10, size=5)
    L, dp = squared_error(p, y)
    M, dm = losses.mse(p, np.broadcast_to(losses.one_hot(y, 10), p.shape))
    assert np.allclose(L, 10 * M) and np.allclose(dp, 10 * dm) and L.shape == (2,)
    with pytest.raises(ValueError, match="y = "):
        squared_error(p, y + 5)


@functools.cache
def two_logits():
    return from_formula("log(1 + exp(w2 - w1))"), from_formula("2 / (1 + exp(w1 - w2))^2")


@pytest.mark.parametrize("start", [(-3.0, 4.0), (0.0, 0.0), (5.0, -2.0)])
def test_the_two_formulas_are_the_two_losses(start):
    z, y = np.array([start]), np.eye(2)[:1]
    cross, squared = two_logits()
    assert cross.loss(start) == pytest.approx(losses.cross_entropy(z, y)[0])
    assert squared.loss(start) == pytest.approx(squared_after_softmax(z, y))
    assert np.allclose(squared.grad(start), losses.softmax_grad(z, 2 * (losses.softmax(z) - y)))


@pytest.mark.parametrize("a, norm, steps, slow", [(5, 2.6e-4, 55, 2776), (10, 1.2e-8, 60, None)])
def test_the_plateau_costs_what_was_measured_before(a, norm, steps, slow):
    cross, squared = two_logits()
    start = np.array([-a, a], dtype=float)
    assert np.linalg.norm(cross.grad(start)) == pytest.approx(math.sqrt(2), rel=1e-3)
    assert np.linalg.norm(squared.grad(start)) == pytest.approx(norm, rel=0.03)
    w = descend(gd, start, cross.grad, 100, lr=1.0)["w"]
    assert np.argmax(cross.loss(w) < 0.01) == steps
    w = descend(gd, start, squared.grad, 4000, lr=1.0)["w"]
    below = squared.loss(w) < 0.01
    assert np.argmax(below) == slow if slow else not below.any()


@pytest.mark.parametrize("m, lr", [(-8, 1.0), (-8, 0.5), (-9, 2.0)])
def test_crossing_the_plateau_takes_exp_of_the_margin_over_eight_eta(m, lr):
    _, squared = two_logits()
    w = descend(gd, [m / 2, -m / 2], squared.grad, 2000, lr=lr)["w"]
    crossed = np.argmax(w[:, 0] > w[:, 1])
    assert crossed == pytest.approx(math.exp(-m) / (8 * lr), rel=0.05)


@pytest.mark.parametrize("a, length", [(3, 1.0), (8, 1.0), (10, 0.45), (13, 0.0)])
def test_adams_first_step_is_eta_until_the_gradient_is_as_small_as_epsilon(a, length):
    _, squared = two_logits()
    w = descend(adam, [-float(a), float(a)], squared.grad, 1, lr=1.0)["w"]
    assert np.abs(w[1] - w[0]) == pytest.approx([length, length], abs=0.03)


# Five points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [True, False])
def test_the_losses_of_five_points_are_those_of_the_package(wrong):
    x, y, pair = five_points(wrong)
    w = np.array([0.7, -1.2])
    z = (w[0] * x + w[1])[:, None]
    assert pair["cross-entropy"].loss(w) == pytest.approx(losses.binary_cross_entropy(z, y[:, None])[0])
    p = losses.sigmoid(z)
    both = squared_error(np.hstack([p, 1 - p]), 1 - y)[0]
    assert pair["squared error after sigmoid"].loss(w) == pytest.approx(both)


def test_on_five_points_only_the_cross_entropy_is_convex():
    grid = np.stack(np.meshgrid(np.linspace(-6, 6, 41), np.linspace(-4, 8, 41)), -1)
    for wrong in (True, False):
        _, _, pair = five_points(wrong)
        lowest = {name: critical.eigen(s.hessian(grid))[0].min() for name, s in pair.items()}
        assert lowest["cross-entropy"] > -1e-12 and lowest["squared error after sigmoid"] < -0.1


def test_the_critical_points_of_five_points():
    _, _, pair = five_points(True)
    kinds = {name: sorted(p["kind"] for p in s.critical_points) for name, s in pair.items()}
    assert kinds == {"cross-entropy": ["minimum"], "squared error after sigmoid": ["minimum", "saddle", "saddle"]}
    assert all(not s.critical_points for s in five_points(False)[2].values())


def test_a_wrong_label_moves_the_cross_entropy_and_the_squared_error_can_give_it_up():
    x, y, pair = five_points(True)
    starts = np.stack(np.meshgrid(np.linspace(-5, 5, 6), np.linspace(-3, 7, 6)), -1)
    met = {}
    for name, surface in pair.items():
        w = descend(gd, starts, surface.grad, 3000, lr=0.5, keep="last")["w"][..., None]
        met[name] = ((2 * y - 1) * (w[..., 0, :] * x + w[..., 1, :]) > 0).sum(-1)
    assert set(met["cross-entropy"].ravel()) == {3}
    assert set(met["squared error after sigmoid"].ravel()) >= {3, 4} and met["squared error after sigmoid"].max() == 4


# Digits -----------------------------------------------------------------------------------------------------------


def test_the_gap_depends_on_the_initial_scale_and_on_the_learning_rate_with_other_seeds_too():
    cross, after_softmax, raw = experiments.digit_networks().values()
    unit = np.stack([cross.init(seed, "normal") for seed in (11, 12, 13)])
    sigma, lr = np.array([[1.0, 0.1], [0.1, 1.0]]).T[..., None, None]
    percent = [
        experiments.percent_right(net, gd, w=sigma * unit, lr=lr, seed=7).mean(-1)
        for net in (cross, after_softmax, raw)
    ]
    assert percent[0][0] - percent[1][0] > 30  # large weights, small steps
    assert abs(percent[0][1] - percent[1][1]) < 1.5 and percent[0][1] > 95  # small weights, larger steps: no gap
    assert abs(percent[2][0] - percent[0][0]) < 10 and percent[2][1] < 20  # without softmax: no plateau; it diverges


def test_a_start_from_cross_entropy_frees_the_squared_error():
    cross = experiments.digit_networks()["cross-entropy"]
    percent = experiments.well_started(np.stack([cross.init(seed, "normal") for seed in (11, 12, 13)]))
    assert percent["second-half"] > percent["alone"] + 8 and percent["second-half"] > percent["half"]
    assert percent["through"] > percent["second-half"]


def test_near_zero_the_three_losses_pull_the_weights_the_same_way_and_not_as_hard():
    data, nets = digits(), experiments.digit_networks()
    for seed in (11, 12, 13):
        w = 0.01 * nets["cross-entropy"].init(seed, "normal")
        cross, after_softmax, raw = (net.grad(w, data.X, data.y)[net.is_weight] for net in nets.values())
        for other, factor in ((after_softmax, 1 / 5), (raw, 2.0)):
            assert np.linalg.norm(other - factor * cross) < 0.01 * np.linalg.norm(factor * cross)


def test_tiny_weights_slow_the_losses_behind_a_softmax_and_not_the_other():
    nets = experiments.digit_networks()
    unit = np.stack([nets["cross-entropy"].init(seed, "normal") for seed in (11, 12, 13)])
    scale = np.array([0.01, 0.1, 0.2])[:, None, None]
    cross, after_softmax, raw = (
        experiments.percent_right(net, gd, w=scale * unit, lr=0.1).mean(-1) for net in nets.values()
    )
    assert cross[0] < cross[1:].max() - 20 and after_softmax[0] < after_softmax[1:].max() - 40
    assert raw[0] > raw[1:].max() - 2


# Figures ----------------------------------------------------------------------------------------------------------


def caption(scene, result, t=None):
    still(scene, result, t)
    return scene.caption


def test_the_bars_say_the_loss_and_its_gradient():
    said = caption(scenes.SoftmaxBars(), ([2.0, 1.0, 0.0], 1.0, 1))
    assert "p = (0.67, 0.24, 0.09)" in said and "−ln p, is 1.41" in said and "(0.67, −0.76, 0.09)" in said
    two = caption(scenes.SoftmaxBars(), ([2.2, 0.0], 1.0, 0))
    assert "p = (0.90, 0.10)" in two and "p₁ = σ(2.2), which is 0.9." in two
    assert "(p − y)/T, with p − y = " in caption(scenes.SoftmaxBars(), ([2.0, 1.0, 0.0], 2.0, 0))


def test_no_probability_that_a_caption_names_is_rounded_to_0_or_1():
    scene = scenes.SoftmaxBars()
    for z, T in itertools.product([(2.0, 1.0, 0.0), (10.0, -10.0, 0.0), (-10.0, 10.0)], [0.05, 0.1, 1.0, 20.0]):
        for right in range(len(z)):
            scene.show((z, T, right))
            scene.at(0)
            p, L = re.search(r"it is (.*?); the cross-entropy, −ln p, is (.*?), and", scene.caption).groups()
            exact = float(-losses.log_softmax(np.array(z) / T)[right])
            assert p not in ("0", "1") and L != "0"
            if exact < 1e-12:
                assert (p, L) == ("more than 1 − 10⁻¹²", "below 10⁻¹²")
            else:
                assert parse_number(L)[0] == pytest.approx(exact, rel=5e-3)
            if "than" not in p:  # 1 − … or the number itself: its logarithm is the loss that stands beside it
                rest = parse_number(p.removeprefix("1 − "))[0]
                loss = -math.log1p(-rest) if p.startswith("1 − ") else -math.log(rest)
                assert loss == pytest.approx(exact, rel=5e-3)


def test_a_probability_in_words_is_the_probability_however_small_it_or_its_rest_is():
    for log_p in -np.geomspace(1e-18, 700, 500):
        said, rest = scenes.chance(log_p), -math.expm1(log_p)
        if "than" in said:
            assert rest < 1e-12 if said == "more than 1 − 10⁻¹²" else said == "less than 10⁻¹²" and log_p < -27.6
        else:
            value, exact = (said.removeprefix("1 − "), rest) if said.startswith("1 − ") else (said, math.exp(log_p))
            assert parse_number(value)[0] == pytest.approx(exact, rel=6e-3) and value not in ("0", "1")


@pytest.mark.parametrize("T", [0.05, 0.2, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_gradient_and_the_sigmoid_of_the_bars_are_those_of_the_logits(classes, T):
    """The gradient by complex step, all over the sliders; a shift by c only adds to all logits."""
    scene = scenes.SoftmaxBars()
    for z in itertools.product([-10.0, -4.3, 0.0, 0.7, 10.0], repeat=classes):
        nudged, top = np.array(z) / T + 1e-20j / T * np.eye(classes), max(z) / T
        normaliser, two = np.log(np.exp(nudged - top).sum(-1)) + top, np.exp((np.array(z[:2]) - max(z[:2])) / T)
        for right in range(classes):
            scene.show((z, T, right))
            caption = scene.say(0)
            slope = (normaliser - nudged[:, right]).imag / 1e-20
            said = re.search(r"its gradient is (\(p − y\)/T, with )?p − y = \((.*?)\)\. ", caption)
            assert (said[1] is None) == (T == 1) and scenes.gradient(scene.p - scene.y, T) in caption
            assert [parse_number(one)[0] for one in said[2].split(", ")] == pytest.approx(slope * T, abs=0.0051)
            first = two[0] / two.sum()
            value = caption.rpartition("which is ")[2][:-1]
            if "than" in value:
                assert min(first, 1 - first) < 1e-12
            else:
                number = parse_number(value.removeprefix("1 − "))[0]
                assert (1 - number if value.startswith("1 − ") else number) == pytest.approx(first, rel=6e-3)
            assert ("Of the first two" in caption) == (classes == 3)


def test_a_point_beyond_the_sigmoids_axis_stands_at_its_end_and_says_where_it_is():
    scene = scenes.SoftmaxBars()
    still(scene, ([5.0, -5.0], 0.1, 0))
    assert scene.curve.artists["dot here"].get_xdata() == [10] and not scene.curve.artists["dot here"].get_clip_on()
    assert scene.curve.artists["beyond"].get_text() == "at 100"


@pytest.mark.parametrize("classes", [2, 3])
def test_only_classes_that_are_there_have_bars(classes):
    scene = scenes.SoftmaxBars()
    still(scene, ([1.0, 2.0, 3.0], 1.0, 2))
    still(scene, ([1.0, 2.0, 3.0][:classes], 1.0, 1))
    for panel in (scene.logits, scene.shares):
        seen = [name for name, one in panel.artists.items() if name.startswith("bar") and one.get_visible()]
        assert len(seen) == len(panel.axes.get_xticks()) == classes


def logit_runs(step, start, steps=100, lr=1.0):
    runs = {}
    formulas = {"cross-entropy": "log(1 + exp(w2 - w1))", "squared error after softmax": "2 / (1 + exp(w1 - w2))^2"}
    for name, formula in formulas.items():
        surface = from_formula(formula, window=(-12, 12, -12, 12))
        path = descend(step, start, surface.grad, steps, lr=lr)
        runs[name] = surface, path, losses.softmax(path["w"])[:, :1]
    return runs, lr


def fitted(wrong, step, start, steps=200, lr=0.5):
    x, y, pair = five_points(wrong)
    runs = {}
    for name, surface in pair.items():
        path = descend(step, start, surface.grad, steps, lr=lr)
        runs[name] = surface, path, losses.sigmoid((2 * y - 1) * (path["w"] @ [x, np.ones(5)]))
    return runs, lr, x, y


def test_the_maps_of_two_losses_share_heights_and_arrows():
    scene = scenes.TwoLosses("z", ("z₁", "z₂"))
    scene.show(logit_runs(gd, (-10.0, 10.0)))
    shades = [seen.map.drawn[0] for seen in scene.maps]
    arrows = [next(artist for artist in seen.map.drawn if hasattr(artist, "scale")) for seen in scene.maps]
    of_height = [dict(zip(scene.levels, one.get_facecolors().tolist(), strict=False)) for one in shades]
    assert all(of_height[0][level] == color for level, color in of_height[1].items())
    assert arrows[0].scale == arrows[1].scale
    assert scene.clicked(scene.maps[1].axes, 1.0, -2.0) == {"z": (1.0, -2.0)}
    assert not scene.clicked(scene.sure.axes, 1, 0.5)


def test_the_maps_say_who_arrived_when_and_how_far_adam_stepped():
    said = caption(scenes.TwoLosses(), logit_runs(gd, (-10.0, 10.0)))
    assert said.startswith("Step 100 of 100 from (−10, 10), η = 1.")
    assert "With cross-entropy the right answer has a probability above 0.9 from step 15 to step 100." in said
    assert "probability of the right class 2.06·10⁻⁹, gradient norm 1.2·10⁻⁸" in said and "With squared" not in said
    said = caption(scenes.TwoLosses(), logit_runs(adam, (-10.0, 10.0)), 1)
    assert re.search(r"On squared error after softmax the last step was [\d.]+·10⁷ times as long as η times", said)


def test_a_caption_tells_nothing_before_it_has_happened():
    scene = scenes.TwoLosses()
    scene.show(logit_runs(gd, (-10.0, 10.0)))
    for t in range(0, 101, 5):
        scene.at(t)
        assert ("a probability above 0.9 from step 15 to step 100." in scene.caption) == (t >= 15)


@pytest.mark.parametrize("step", [gd, momentum, adam])
def test_the_largest_rate_of_the_five_points_still_comes_to_rest_and_beyond_two_over_lambda_it_does_not(step):
    x, y, pair = five_points(True)
    surface = pair["cross-entropy"]
    starts = np.stack(np.meshgrid(np.linspace(-6, 6, 7), np.linspace(-4, 8, 7)), -1).reshape(-1, 2)
    w = descend(step, starts, surface.grad, 200, lr=0.8, keep="last")["w"]
    assert (((2 * y - 1) * (w @ [x, np.ones(5)]) > 0).sum(-1) == 3).all()
    assert np.linalg.norm(surface.grad(w), axis=-1).max() < 2e-3
    edge = 2 / np.linalg.eigvalsh(surface.hessian(surface.critical_points[0]["w"])).max()
    w = descend(gd, starts, surface.grad, 2000, lr=1.02 * edge, keep="last")["w"]
    assert 0.8 < edge and np.linalg.norm(surface.grad(w), axis=-1).min() > 0.01


STARTS = [(a, b) for a in (-12.0, -5.0, 0.0, 7.5, 12.0) for b in (-12.0, -1.0, 4.0, 12.0)]


@pytest.mark.parametrize("step", [gd, momentum, adam])
def test_since_when_an_answer_is_sure_agrees_with_the_logits_and_with_a_run_ten_times_as_long(step):
    for formula in ("log(1 + exp(w2 - w1))", "2 / (1 + exp(w1 - w2))^2"):
        surface = from_formula(formula)
        for lr in (0.01, 0.3, 3.0):
            w = descend(step, np.array(STARTS), surface.grad, 2000, lr=lr)["w"]
            margin = w[..., 0] - w[..., 1]
            p = losses.sigmoid(margin)
            for k in range(len(STARTS)):
                above = margin[:, k] > math.log(9)  # p > 0.9 is odds of more than nine to one
                first = scenes.sure_from(p[:201, k : k + 1])
                assert first == next((t for t in range(201) if above[t:201].all()), None)
                assert first is None or above[first:].all()  # it stays so afterwards, too


@pytest.mark.parametrize("step", [gd, momentum, adam])
@pytest.mark.parametrize("wrong", [True, False])
def test_what_a_fit_has_come_to_is_what_its_margins_say_at_any_time(wrong, step):
    x, y, pair = five_points(wrong)
    starts = np.stack(np.meshgrid([-6.0, -2.0, 1.0, 6.0], [-4.0, 0.0, 3.0, 8.0]), -1).reshape(-1, 2)
    for surface in pair.values():
        for lr in (0.01, 0.8):
            w = descend(step, starts, surface.grad, 200, lr=lr)["w"]
            margin = (2 * y - 1) * (w @ [x, np.ones(5)])  # (201, starts, 5)
            p, above = losses.sigmoid(margin), (margin > math.log(9)).all(-1)
            for k in range(len(starts)):
                since = next((t for t in range(201) if above[t:, k].all()), None)
                for t in (0, 1, 100, 200):
                    met = sum(m > 0 for m in margin[t, k])
                    assert scenes.meets(p[t, k]) == f"{met} of 5 labels"
                    said = scenes.became("fit", p[:, k], 0, t)
                    where = f"from step {since} to step 200" if since != 200 else "at step 200"
                    told = f"With fit all labels have a probability above 0.9 {where}."
                    assert said == (told if since is not None and since <= t else "")


def test_that_a_run_left_the_range_of_numbers_is_said_from_that_step_on():
    p = np.full((201, 1), 0.5)
    for left, t in itertools.product((0, 1, 57, 200), (0, 1, 56, 57, 200)):
        said = scenes.became("adam", p, left, t)
        assert said == (f"Adam left the range of numbers at step {left}." if 0 < left <= t else "")


def test_a_leap_is_told_where_it_is_more_than_a_hundred_times_the_gradients_step():
    for times in np.geomspace(1e-3, 1e12, 200):
        said = re.search(r"was (more than )?(\S+) times as long", scenes.leapt("adam", times))
        assert (said is None) == (times <= 100)
        if said:
            assert times >= 1e8 if said[1] else parse_number(said[2])[0] == pytest.approx(times, rel=0.06)


@pytest.mark.parametrize("step", [gd, momentum, adam])
def test_how_far_a_step_led_is_one_for_gradient_descent_and_what_adam_divides_by(step):
    cross, squared = two_logits()
    for surface in (cross, squared):
        for start in STARTS:
            w = descend(step, start, surface.grad, 30, lr=0.3)["w"]
            slopes = np.linalg.norm(surface.grad(w), axis=-1)
            for t in (1, 2, 30):
                times = scenes.stretched(w, slopes, 0.3, t)
                moved = np.linalg.norm(w[t] - w[t - 1])
                if step is gd and moved > 1e-9:
                    assert times == pytest.approx(1, rel=1e-4)
                if step is adam and t == 1 and moved > 1e-9:  # η g/(|g| + ε) in each coordinate
                    each = slopes[0] / math.sqrt(2)
                    assert times == pytest.approx(1 / (each + 1e-8), rel=1e-4)
    assert scenes.stretched(w, slopes, 0.3, 0) == 0


def test_what_is_too_small_to_tell_is_not_spelled_out():
    scene = scenes.TwoLosses()
    for step, lr, start in [(adam, 3.0, (12.0, -12.0)), (momentum, 3.0, (-12.0, 12.0)), (gd, 0.01, (-12.0, 12.0))]:
        scene.show(logit_runs(step, start, 200, lr))
        for t in (0, 1, 200):
            scene.at(t)
            powers = re.findall(r"10⁻(\S+?)[ .,]", scene.caption)
            assert all(int(plain_digits(power)) <= 12 for power in powers)


def test_another_pair_of_surfaces_replaces_the_maps():
    scene = scenes.TwoFits()
    for wrong in (True, False, True):
        result = fitted(wrong, gd, (-4.0, 4.0), 50)
        scene.show(result)
        scene.at(50)
        assert [seen.map.surface for seen in scene.maps] == list(five_points(wrong)[2].values())
        assert re.search(r"Cross-entropy meets \d of 5 labels", scene.caption)
        marked = [one for name, one in scene.below.artists.items() if name.startswith("wrong") and one.get_visible()]
        assert len(marked) == wrong


def test_a_star_that_a_run_has_reached_stays_in_sight():
    scene = scenes.TwoFits()
    still(scene, fitted(True, gd, (-2.0, 2.0)))
    for seen in scene.maps:
        star, head = seen.artists["stars"], next(one for name, one in seen.artists.items() if name.startswith("head"))
        near = np.hypot(star.get_xdata() - head.get_xdata(), star.get_ydata() - head.get_ydata())
        assert (
            near.min() < 0.1 and star.get_zorder() > head.get_zorder() and star.get_markersize() > head.get_markersize()
        )


def margins(k):
    m = np.linspace(-12, 12, 241)
    p = losses.softmax(np.stack([m, 0 * m], -1))[:, 0]
    squared = 2 * (1 - p) ** 2, -4 * p * (1 - p) ** 2
    return m, {"cross-entropy": (-np.log(p), p - 1), "squared error after softmax": squared}, k


def test_the_margin_is_told_with_both_slopes():
    said = caption(scenes.Margin(), margins(20))
    assert "Margin −10, so that the right class has p = 4.54·10⁻⁵" in said
    assert "cross-entropy 10 with slope −1, squared error after softmax 2 with slope −0.000182" in said


@pytest.mark.parametrize("k", range(0, 241, 40))
def test_the_steepest_place_is_marked_once_it_is_passed_and_is_where_it_is(k):
    scene, result = scenes.Margin(), margins(k)
    scene.show(result)
    m, (_, slope) = result[0], result[1]["squared error after softmax"]
    assert list(scene.slope.marks) == (["−ln 2"] if k <= np.abs(slope).argmax() else [])
    assert abs(m[np.abs(slope).argmax()] + np.log(2)) < 0.05 and not scene.height.marks


@pytest.mark.parametrize("k", [0, 60, 120, 197, 240])
def test_both_points_stay_in_their_panels_wherever_the_margin_is(k):
    scene = scenes.Margin()
    still(scene, margins(k))
    for panel in (scene.height, scene.slope):
        low, high = panel.axes.get_ylim()
        assert all(low < y < high for _, y in panel.dots.values())


def test_a_diverged_training_is_told_with_its_update():
    accuracy = np.linspace(0.1, 0.9, 11)[:, None] * [1.0, 0.5]
    none, later = np.array([0, 0]), np.array([0, 57])
    runs = {"cross-entropy": (accuracy, none), "squared error, no softmax": (accuracy, later)}
    result = 0.3, [0.1, 1.0], 1, np.arange(0, 201, 20), runs
    late, early = (caption(scenes.InitialScale(), result, t).replace("\N{NO-BREAK SPACE}", " ") for t in (200, 40))
    assert late.startswith("After 200 updates with η = 0.3 from weights of s = 1: cross-entropy 45 %, ")
    assert late.endswith("no softmax 45 % (diverged at update 57).")
    assert early.startswith("After 40 updates") and "diverged" not in early


def test_a_training_that_diverges_has_done_so_from_that_update_on():
    for update, diverged in itertools.product(range(0, 201, 20), (0, 1, 20, 57, 199, 200)):
        assert (scenes.gone(diverged, update) != "") == (diverged in range(1, update + 1))
        assert scenes.gone(diverged, update) in ("", f" (diverged at update {diverged})")


@pytest.mark.parametrize("data", [experiments.few_digits, experiments.few_pixels, experiments.three_clouds])
def test_what_a_repair_does_to_its_data_harms_no_other(data):
    X, y = (part.copy() for part in data())
    spoilt = data()
    for part in spoilt:
        part //= 16 if part.dtype.kind == "i" else 16.0
    for part, before in zip(data(), (X, y), strict=True):
        assert np.array_equal(part, before)
