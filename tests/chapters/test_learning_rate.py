"""Chapter 03: what its captions, questions and sentences say holds over the whole range of the sliders."""

import doctest
import importlib
import itertools

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, eigsh

import notebooks
from optim_core import surfaces
from optim_core.chapters.learning_rate import exercises, experiments, scenes
from optim_core.chapters.learning_rate.experiments import CASES, ETAS, RATES, USUAL
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.live import control
from optim_core.network import top_eigenvalues
from optim_core.optimizers import gd
from optim_core.scenes.board import number
from optim_core.training import training

KAPPAS = control("kappa", 100.0).stops


def last(results):
    (*_, end) = results
    return end


@pytest.mark.parametrize("name", ["experiments", "scenes"])
def test_the_examples_in_the_docstrings_run(name):
    ran = doctest.testmod(importlib.import_module(f"optim_core.chapters.learning_rate.{name}"))
    assert ran.attempted >= 3 and not ran.failed


# The U ------------------------------------------------------------------------------------------------------------


def test_one_broadcast_training_gives_what_each_rate_gives_alone():
    rates = [0.01, 1.0, 10.0]
    seen = last(experiments.many_rates(epochs=1, rates=rates, looks=5))
    net, data = experiments.digit_network(), experiments.to_train()
    for i, rate in enumerate(rates):
        end = last(training(net, data, gd, lr=rate, epochs=1, batch=64))
        assert np.isclose(net.loss(end["w"], data.X, data.y), seen["loss"][-1, i], rtol=1e-9)


def check_u(rates, loss, start):
    """The caption of a U, counted by hand."""
    words, low = scenes.u_words(rates, loss, start), [one for one in loss if one < start]
    if not low:
        same = all(one == start for one in loss)
        assert words == f"{'all stand at' if same else 'none is below'} the loss of the start, {number(start, 3)}."
        return
    best = min(rate for rate, one in zip(rates, loss, strict=True) if one == min(low))
    bad = [rate for rate, one in zip(rates, loss, strict=True) if rate > best and not one < start]
    assert words.startswith(f"the lowest loss is {scenes.size(min(low))}, at η = {number(best)}; ")
    assert experiments.best_and_cliff(rates, loss, start) == (best, bad[0] if bad else np.inf)
    if not bad:
        assert f"with all larger rates it is below the loss at the start, {number(start, 3)}, too." in words
    elif len(bad) == (rates >= bad[0]).sum():
        assert f"from η = {number(bad[0])} on it is not below" in words
    else:
        assert f"η = {number(bad[0])} is the first larger one whose loss is not below" in words


def test_the_caption_of_the_u_is_what_one_counts_by_hand_on_losses_of_every_kind():
    rng, kinds = np.random.default_rng(0), [2.3, np.nan, np.inf, 1e30, 1e-14]
    for _ in range(400):
        loss = 2.3 * 10 ** rng.normal(rng.choice([-1, 0, 1]), 0.7, len(RATES))
        loss[rng.random(len(RATES)) < rng.random()] = rng.choice(kinds)
        check_u(RATES, loss, 2.3)
        if not np.isnan(loss).all():
            assert scenes.best_rate(RATES, loss) == min(
                rate for rate, one in zip(RATES, loss, strict=True) if one == min(n for n in loss if n == n)
            )


def test_a_u_without_a_low_point_is_not_given_one():
    assert scenes.u_words(np.array([1.0, 2.0]), np.array([3.0, 9.0]), 2.3).startswith("none is below")


def test_the_usual_grid_sees_only_the_slope_and_the_wall_is_at_the_large_end():
    for seed in range(3):
        loss = experiments.after_three_epochs(seed)
        usual = loss[np.isin(RATES, USUAL)]
        assert len(usual) == 5 and (np.diff(usual) < 0).all() and usual.min() > 10 * loss.min()
        assert loss[RATES >= 63].min() > 2 * loss[0]


@pytest.mark.parametrize("batch", [64, 256, 1200])
def test_with_other_seeds_the_bottom_moves_by_one_stop_at_most(batch):
    place = {rate: i for i, rate in enumerate(RATES.tolist())}
    first = [place[rate] for rate in experiments.bottoms(batch)]
    for seed in (1, 3):
        assert max(abs(place[r] - k) for r, k in zip(experiments.bottoms(batch, seed), first, strict=True)) <= 1


def test_a_click_or_a_slider_chooses_a_rate_that_is_there():
    scene = scenes.GrowingU()
    scene.adjust(lr=0.1)
    scene.show(last(experiments.many_rates(epochs=1, looks=3)))
    scene.at(0)
    assert "all stand at the loss of the start" in scene.caption and "η = 0.1 it is 2.29" in scene.caption
    scene.at(scene.steps)
    assert "After 19 steps, 1 epoch, with" in scene.caption
    assert scene.clicked(scene.bowl.axes, 0.4, 1.0) == {"lr": 0.4}


def test_after_as_many_steps_a_larger_rate_is_ahead_with_all_digits_too():
    """Ten epochs of all 1,200 are ten steps, too few for a leap to come down; 190 are what mini-batches of 64 take."""
    for seed in (0, 1):
        seen = last(experiments.many_rates(1200, seed=seed, epochs=190, rates=[6.3, 25.0], looks=19))
        start, loss = seen["loss"][0, 0], seen["loss"]
        assert loss[1, 0] < start < loss[1, 1] and loss[-1, 1] < loss[-1, 0] / 4 and seen["at"][1] == 10


# Two directions ---------------------------------------------------------------------------------------------------


def test_which_direction_lags_is_what_a_run_shows_at_every_stop():
    etas = [0.02, *(k / 20 for k in range(1, 40)), 1.98, 1.999, 2.0, 2.02, 2.04, 2.1, 2.2]
    for kappa in KAPPAS:
        best = 2 * kappa / (kappa + 1)
        rates = np.array([*etas, best])[:, None]
        after = np.abs(descend(gd, np.ones((len(rates), 2)), surfaces.bowl(kappa).grad, 8, lr=rates)["w"][-1])
        for eta, (flat, steep) in zip(rates[:, 0].tolist(), after, strict=True):  # after 8 steps from distance 1
            words = scenes.which_lags(eta, 1 / kappa, 1.0)
            if steep > 1 + 1e-9:
                assert "takes it farther away" in words
            elif steep > 1 - 1e-9:
                assert "comes no nearer" in words
            elif np.isclose(flat, steep, rtol=1e-9, atol=1e-30):
                assert "Both directions" in words
            else:
                assert f"The {'flat' if flat > steep else 'steep'} direction is the slower one" in words
                factor = notebooks.parse_number(words.split("factor is ")[1].split(". ")[0])[0]
                assert abs(factor) == pytest.approx(max(flat, steep) ** (1 / 8), rel=1e-3)


def test_the_best_rate_named_is_the_best_of_a_grid():
    etas = np.linspace(0.002, 2.2, 1100)
    for kappa in KAPPAS:
        slowest = np.maximum(np.abs(1 - etas), np.abs(1 - etas / kappa))
        end = scenes.which_lags(1.0, 1 / kappa, 1.0).split("best constant η is ")[1].rstrip(".")
        named, factor = (notebooks.parse_number(text)[0] for text in end.split(", with the factor "))
        assert abs(etas[slowest.argmin()] - named) < 0.003 and abs(slowest.min() - factor) < 0.003


@pytest.mark.parametrize("kappa", [3.0, 10.0, 100.0, 1000.0])
def test_right_of_the_best_rate_the_slower_factor_grows_kappa_times_as_fast_as_to_the_left(kappa):
    best, h = 2 * kappa / (kappa + 1), 1e-4
    left, here, right = (max(abs(1 - eta), abs(1 - eta / kappa)) for eta in (best - h, best, best + h))
    assert (right - here) / (left - here) == pytest.approx(kappa, rel=1e-6)


def test_in_the_long_run_the_best_rate_is_ahead_and_at_first_its_half_is():
    for kappa in (20.0, 100.0, 500.0):
        bowl, rates = surfaces.bowl(kappa), np.array([[1.0], [2 * kappa / (kappa + 1)]])
        loss = bowl.loss(descend(gd, bowl.start, bowl.grad, int(8 * kappa), lr=rates)["w"])
        assert loss[5, 0] < loss[5, 1] and loss[-1, 0] > loss[-1, 1]


# Three ways to know -----------------------------------------------------------------------------------------------


def test_the_range_test_is_a_plain_loop():
    net, data = experiments.digit_network(), experiments.to_train()
    rates, losses = last(experiments.range_test(experiments.range_rate, steps=20))
    assert rates[0] == 1e-3 and np.isclose(rates[-1], 100) and np.allclose(rates[1:] / rates[:-1], rates[1] / rates[0])
    seen = last(training(net, data, gd, lr=lambda k: rates[k], steps=20, batch=64, every=20))
    assert np.array_equal(losses, seen["loss"])


def test_the_words_of_a_range_test_say_where_its_smoothed_loss_is_lowest():
    rates, rng = np.geomspace(1e-3, 100, 60), np.random.default_rng(0)
    for _ in range(20):
        losses = rng.uniform(0.1, 3, 60)
        means = [losses[max(0, k - 4) : k + 1].mean() for k in range(60)]
        words, found = scenes.range_words("ours", rates, losses, 60, 6.3), rates[int(np.argmin(means))]
        assert np.isclose(experiments.lowest(rates, losses), found)
        off = float(words.split("a factor of ")[1].split()[0])
        assert abs(off - max(found / 6.3, 6.3 / found)) < 0.006 and ("above" in words) == (found > 6.3)
    assert "has taken 10 of 60 steps" in scenes.range_words("yours", rates[:10], losses[:10], 60, 6.3)
    assert "no lowest point" in scenes.range_words("yours", 0 * rates, losses, 60, 6.3)


def test_the_first_bound_is_two_over_the_largest_eigenvalue():
    net, data = experiments.digit_network(), experiments.to_train()
    task, w = net.on(data.X[:300], data.y[:300]), net.init(0)
    u = np.random.default_rng(1).standard_normal(net.n)
    for _ in range(60):  # power iteration: an independent way to it
        u = task.hvp(w, u)
        u /= np.linalg.norm(u)
    assert np.isclose(2 / experiments.first_bound(0), u @ task.hvp(w, u), rtol=1e-3)


def test_twenty_odd_products_give_the_first_bound_to_a_per_cent_and_all_digits_take_some_130():
    net, data = experiments.digit_network(), experiments.to_train()
    task, w, calls = net.on(data.X[:300], data.y[:300]), net.init(0), []

    def product(u):
        calls.append(1)
        return task.hvp(w, u.ravel())

    H, first = LinearOperator((net.n, net.n), matvec=product, dtype=float), np.random.default_rng(0).normal(size=net.n)
    for tolerance, few, many in ((0.1, 15, 29), (0, 90, 190)):
        calls.clear()
        top = eigsh(H, 1, which="LA", v0=first, return_eigenvectors=False, tol=tolerance)[0]
        assert few <= len(calls) <= many and top == pytest.approx(2 / experiments.first_bound(0), rel=0.01)


def test_a_students_rates_run_beside_ours_only_if_a_training_can_use_them():
    def names(function):
        return list(exercises.beside(function, steps=6).args[0])

    assert names(lambda k, low, high, steps: low + k) == ["ours", "yours"]
    assert names(lambda k, low, high, steps: ____) == ["ours"]
    for wrong in (None, -0.1, np.nan, np.inf, "0.1", [0.1, 0.2], 1j):
        assert names(lambda k, low, high, steps, wrong=wrong: wrong) == ["ours"]
    assert names(lambda k, low, high, steps: 1 / (k - 3)) == ["ours"]
    end = last(exercises.beside(lambda k, low, high, steps: low, steps=6)(seed=0))
    scene = scenes.RangeTest()
    scene.show(end)
    scene.at(0)
    assert set(end["seen"]) == {"ours", "yours"} and "your rates" in scene.caption


def test_the_figure_says_why_a_students_rates_are_not_in_it():
    def said(function):
        scene = scenes.RangeTest()
        scene.show(last(exercises.beside(function, steps=6)(seed=0)))
        scene.at(0)
        return scene.caption.partition("Your rates are not shown: ")[2]

    assert (
        said(lambda k, low, high, steps: 1 / (k - 3))
        == "at step k = 0 the rate is −0.3333, and should be a finite number ≥ 0."
    )
    assert "at step k = 3 your function failed with ZeroDivisionError" in said(
        lambda k, low, high, steps: 1 / (k - 3) ** 2
    )
    assert said(lambda k, low, high, steps: None) == "at step k = 0 your function does not return a number."
    assert said(3) == "`range_rate` is not a function."
    assert not said(lambda k, low, high, steps: ____) and not said(lambda k, low, high, steps: low)


def test_the_frame_of_the_growing_u_stays_when_another_training_begins():
    scene = scenes.GrowingU()
    scene.adjust(0.1)
    (begin, *_, end) = experiments.many_rates(batch=1200, epochs=10, rates=experiments.RATES[::9], looks=5)
    named = []
    for seen in (begin, end, begin):
        scene.show(seen)
        scene.at(scene.steps)
        named.append(scene.bowl.axes.get_legend())
    assert named[0] is named[1] is named[2]


# Forks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, part", [*itertools.product(CASES, [0.25, 0.5, 0.75])])
def test_the_verdict_of_every_fork_holds_for_other_mini_batches(name, part):
    """Independent of the fork: a plain loop from its weights, whose mini-batches come from another seed."""
    case, (looks, _, _) = CASES[name], experiments.curve(name)
    seen = last(experiments.forks(name, part))
    net, data = experiments.problem(case)
    task, rng, n = net.on(data.X, data.y), np.random.default_rng(7), len(data.X)
    w, late = np.tile(looks[seen["fork"]]["w"], (3, 1)), []
    for t in range(case.steps):
        some = rng.choice(n, case.batch or n, replace=False)
        with np.errstate(all="ignore"):
            w = w - case.lr * np.array([[1 / 3], [1], [3]]) * task[some].grad(w)
        if t > 0.8 * case.steps and t % 5 == 0:
            late.append(np.nan_to_num(task.loss(w), nan=np.inf))
    best = int(np.argmin(np.mean(late, axis=0)))
    assert f"from here on η is {['too large', 'fine', 'too small'][best]}." in scenes.fork_words(seen)


def test_a_fork_speaks_of_the_next_steps_only():
    case, rates = CASES["C"], CASES["C"].lr * np.array([[1.0], [3.0]])
    losses = [loss for _, loss, _ in experiments.look_by_look(case, lr=rates, steps=2 * case.steps)]
    assert losses[case.steps][0] < losses[case.steps][1] and losses[-1][0] > losses[-1][1]


def test_what_the_questions_say_of_the_six_curves():
    runs = {name: experiments.curve(name)[1:] for name in CASES}
    assert (runs["D"][0][:10] > 10 * runs["D"][0][0]).any()  # its leap
    growth = np.diff(np.log(runs["B"][0][30:]))
    assert np.ptp(growth) < 1e-3 and growth.min() > 0  # the same factor at every step
    stuck, slope = runs["E"]
    assert stuck[-1] > 0.97 * stuck[-20] and slope[-1] > 0.9 * slope[0]
    falls = np.diff(runs["F"][0])
    assert (falls < 0).all()
    after = {name: last(experiments.forks(name))["more"] for name in "AD"}
    for more in after.values():
        assert experiments.level(more["η, all examples"][1]) < experiments.level(more["η"][1]) / 5


def test_no_rate_helps_dead_units():
    before, after, slope = experiments.dead_forks()
    assert slope == 0 and experiments.verdict(before, *after) == "neither"


def test_a_fork_goes_on_as_the_run_would_have():
    looks, losses, _ = experiments.curve("C")
    more = last(experiments.forks("C", 0.5))["more"]
    assert np.array_equal(more["η"][1][: len(losses) - 30], losses[30:])


# The edge ---------------------------------------------------------------------------------------------------------


STARTS = [(0.3, 3.0), (-4.0, -4.0), (4.0, 4.0), (0.1, 2.0), (-3.0, -0.1), (1.0, -1.0), (2.5, 0.2), (-0.5, 3.0)]


@pytest.mark.parametrize("y", [0.0, 0.05, 0.3, 0.5, 0.8, 1.0])
def test_where_runs_end_is_where_longer_runs_end(y):
    surface, starts = experiments.wide_product(y), np.array(STARTS)[:, None]
    far = descend(gd, np.repeat(starts, len(ETAS), axis=1), surface.grad, 1000, lr=ETAS[:, None], keep="last")
    later = descend(gd, np.clip(far["w"], -50, 50), surface.grad, 4000, lr=ETAS[:, None], keep="last")["w"]
    for start, gone, then in zip(STARTS, far["diverged"] > 0, later, strict=True):
        found = experiments.ends(y, start)
        rests, moves, sharp = np.isfinite(found), np.isnan(found), experiments.sharpness(surface, then)
        assert np.array_equal(gone, np.isinf(found)), start
        assert np.allclose(found[rests], sharp[rests], rtol=1e-3), start
        above = [a for a, eta in zip(found, ETAS, strict=True) if np.isfinite(a) and a > 2 / eta * (1 + 1e-6)]
        words = scenes.ends_words(ETAS, found)
        assert words.startswith(f"Of {len(ETAS)} rates {rests.sum()} come")
        assert f"to rest, {len(above) or 'none'} of them above 2/η" in words
        one = f"; {gone.sum()} diverge{'s' * int(gone.sum() == 1)}, the first at η = "
        first = one + number(ETAS[gone][0]) if gone.any() else ""
        assert first in words and ("diverge" in words) == bool(first)
        assert (f"; {moves.sum()} still move" in words) == bool(moves.any())


@pytest.mark.parametrize("y", [0.0, 0.1, 0.3, 0.6, 0.9, 1.0])
def test_whoever_is_said_to_be_at_rest_stays_and_whom_the_place_cannot_hold_leaves(y):
    """Starts on the minima of the sliders' stops, exact or but for rounding, and runs that come there."""
    surface, etas, stops = experiments.wide_product(y), np.linspace(0.01, 0.4, 14), np.arange(-200, 201) / 50
    on = [(a, b) for a in stops for b in stops if abs(a * b - y) < 1e-9]
    starts = np.array([*on[:: len(on) // 24 + 1], *STARTS, (-1.0, 1.0), (0.0, 0.0)])[:, None]
    path = descend(gd, np.repeat(starts, len(etas), axis=1), surface.grad, 2300, lr=etas[:, None])
    small = np.abs(surface.grad(path["w"][[0, 1, 30, 300]])).max(-1) < 1e-5
    seen = set()
    for k, i, j in np.argwhere(small):
        t = (0, 1, 30, 300)[k]
        said = scenes.stands(surface, path["w"][t, i, j], float(etas[j]))
        moved = np.abs(path["w"][t:, i, j] - path["w"][t, i, j]).max()
        seen.add(said)
        if said.startswith("at rest"):
            assert moved < 1e-3 or y == 0 and np.abs(path["w"][t, i, j]).max() < 0.03, (starts[i], etas[j], said)
            assert ("saddle" in said) == (surface.loss(path["w"][t, i, j]) > 0.9 * y**2 > 0)
        elif moved > 1e-14:  # else rounding keeps it, which took a step to do so
            assert moved > 1e-2 or abs(etas[j] * experiments.sharpness(surface, path["w"][t, i, j]) / 2 - 1) < 0.01
    assert "at rest, " in seen and ("at rest on a saddle, " in seen) == (y > 0)
    for w in path["w"][[0, 30, 300]][~small[[0, 2, 3]]][::9]:
        assert scenes.stands(surface, np.clip(w, -99, 99), 0.1) == ""


def test_a_run_that_lands_exactly_on_a_sharp_minimum_is_counted():
    found = experiments.ends(1.0, (2.0, -1.0))
    assert "1 of them above 2/η" in scenes.ends_words(ETAS, found) and found[ETAS == 0.25] == 8.5


def test_the_floor_is_green_exactly_where_a_small_disturbance_dies():
    for y, eta in itertools.product([0.0, 0.3, 1.0], [0.05, 0.11, 0.2, 0.4]):
        scene, surface = scenes.Edge(), experiments.wide_product(y)
        scene.show(experiments.edge_run(y, eta, (0.3, 3.0)))
        for style, dies in ((scenes.HOLDS, True), (scenes.TOO_SHARP, False)):
            for branch in scene.floor[style]:
                w = branch[np.isfinite(branch).all(-1)][::7]
                top = 2 * (w**2).sum(-1)
                w, top = w[np.abs(top * eta / 2 - 1) > 0.05], top[np.abs(top * eta / 2 - 1) > 0.05]
                if not len(w):
                    continue
                across = np.linalg.eigh(surface.hessian(w))[1][..., -1]
                moved = descend(gd, w + 1e-6 * across, surface.grad, 12, lr=eta)["w"]
                grew = np.linalg.norm(moved[-1] - w, axis=-1) > 1e-6
                assert (grew != dies).all()


@pytest.mark.parametrize("eta", [0.01, 0.05, 0.11, 0.15, 0.25, 0.4])
def test_the_caption_at_the_edge_says_where_the_run_stands(eta):
    for start in [(0.3, 3.0), (0.0, 0.0), (4.0, 4.0), (-1.0, 1.0), (1.0, 1.0)]:
        scene = scenes.Edge()
        scene.show(seen := experiments.edge_run(1.0, eta, start))
        for t in (0, 1, 150, 300):
            scene.at(t)
            gone = int(seen["path"]["diverged"])
            assert ("it diverged at step" in scene.caption) == (0 < gone <= t)
            if not 0 < gone <= t:
                w = seen["path"]["w"][t]
                assert ("at rest" in scene.caption) == (np.abs(seen["surface"].grad(w)).max() < 1e-5)
                assert "nan" not in scene.caption


def test_a_run_that_rests_on_the_saddle_is_said_to():
    scene = scenes.Edge()
    for start, word in [
        ((0.0, 0.0), "at rest on a saddle"),
        ((-1.0, 1.0), "at rest on a saddle"),
        ((1.0, 1.0), "at rest, "),
    ]:
        scene.show(experiments.edge_run(1.0, 0.1, start))
        scene.at(300)
        assert word in scene.caption


def test_the_training_at_the_edge_is_full_batch_gradient_descent_and_its_words_are_true():
    seen = last(experiments.at_the_edge(0.4, [3], steps=600, looks=20))
    net, task = experiments.chebyshev_network()
    path = descend(gd, net.init(3), task.grad, 600, lr=0.4)["w"]
    assert np.allclose(seen["loss"][:, 0], task.loss(path[seen["at"]]), rtol=1e-6)
    sharp = np.array([np.linalg.eigvalsh(task.hessian(w))[-1] for w in path[seen["at"]][::5]])
    assert np.allclose(seen["sharp"][::5, 0], sharp, rtol=1e-6)
    assert np.isclose(top_eigenvalues(task, path[0])[0], seen["sharp"][0, 0])
    part = seen["sharp"][:, 0] * 0.2
    words = scenes.training_words(seen)
    assert f"At step {seen['at'][np.argmax(part > 1)]} it was first seen above" in words
    assert f"Mean over the second half: {part[10:].mean():.2f}" in words
    gone = last(experiments.at_the_edge(1.0, [0], steps=600))
    assert f"it diverged at step {gone['diverged'][0]}" in scenes.training_words(gone)


def test_what_is_said_of_a_training_at_the_edge_is_recounted_for_sharpnesses_of_every_kind():
    rng = np.random.default_rng(0)
    for _ in range(300):
        eta, n = float(rng.choice([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0])), int(rng.integers(1, 40))
        part = rng.choice([0.3, 0.9, 1.2]) * np.exp(rng.normal(0, 0.1, n))
        at, steps = 30 * np.arange(n), int(rng.choice([30 * (n - 1), 3000]))
        seen = dict(eta=eta, steps=steps, at=at, loss=rng.random((n, 1)), sharp=part[:, None] * 2 / eta)
        words = scenes.training_words(seen | dict(diverged=np.array([0])))
        above = [t for t, p in zip(at, part, strict=True) if p > 1]
        first = f"At step {above[0]} it was first seen above 2/η." if above else "It has not been above 2/η so far."
        assert first in words and f", {part[-1]:.2f} times 2/η. " in words
        assert ("second half" in words) == (at[-1] >= steps)
        if at[-1] >= steps:
            assert f"second half: {np.mean([p for k, p in enumerate(part) if k >= n // 2]):.2f} times" in words
        assert scenes.training_words(seen | dict(diverged=np.array([7]))).endswith("it diverged at step 7.")


def test_with_the_largest_rate_every_seed_diverges():
    assert (last(experiments.at_the_edge(1.0, range(10), steps=600, looks=6))["diverged"] > 0).all()


def test_with_a_small_rate_most_seeds_have_not_arrived_at_the_edge():
    seen = last(experiments.at_the_edge(0.05, (0, 2, 4, 5, 6, 7), steps=12_000, looks=8))  # six of the ten
    assert (seen["sharp"][4:] * 0.025 < 0.95).all()
