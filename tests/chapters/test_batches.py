"""Chapter 04: what is particular to its exercises; what its questions and figures say is true, on other seeds too."""

import itertools
import math
import re

import numpy as np
import pytest

from optim_core.chapters.batches import exercises as chapter
from optim_core.chapters.batches import experiments, scenes
from optim_core.chapters.batches.exercises import Sampler, as_batches, batch_variance, epoch, epoch_mean
from optim_core.chapters.batches.scenes import ellipses
from optim_core.data import digits
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.optimizers import gd
from optim_core.scenes import still
from optim_core.scenes.noise import floor
from optim_core.training import ORDERS, batch_at, minibatches

# Right in another way ---------------------------------------------------------------------------------------------


def in_place(n, size, rng):
    deck = np.arange(n)
    rng.shuffle(deck)
    return [deck[k : k + size] for k in range(0, n, size)]


def one_by_one(n, size, rng):
    left, batches = list(rng.permutation(n)), []
    while left:
        batches.append(left[:size])
        left = left[size:]
    return batches


def as_a_generator(n, size, rng):
    deck = np.argsort(rng.random(n))
    for k in range(math.ceil(n / size)):
        yield deck[k * size : (k + 1) * size]


OTHER_WAYS = [
    (epoch, in_place),
    (epoch, one_by_one),
    (epoch, as_a_generator),
    (epoch, lambda n, size, rng: np.split(rng.permutation(n), range(size, n, size))),
    (epoch, lambda n, size, rng: tuple(rng.choice(n, n, replace=False)[k : k + size] for k in [0]) if size >= n else
     [d[k : k + size] for d in [rng.choice(n, n, replace=False)] for k in range(0, n, size)]),
    (epoch, lambda n, size, rng: [b.astype(float) for b in epoch.reference(n, size, rng)]),
    (epoch_mean, lambda means, sizes: np.average(means, weights=sizes)),
    (epoch_mean, lambda means, sizes: means @ sizes / sum(sizes)),
    (epoch_mean, lambda means, sizes: np.repeat(means, sizes).mean()),
    (batch_variance, lambda variance, B, N: variance * (N / B - 1) / (N - 1)),
]  # fmt: skip


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


# Wrong answers that nobody listed ---------------------------------------------------------------------------------


def never_twice(n, size, rng):
    for _ in range(100_000_000):
        raise KeyboardInterrupt


def twice_the_first(n, size, rng):
    deck = rng.permutation(n)
    deck[-1] = deck[0]
    return [deck[k : k + size] for k in range(0, n, size)]


def last_first(n, size, rng):
    return epoch.reference(n, size, rng)[::-1]


UNLISTED = [  # exercise, answer, what the message must contain
    (epoch, lambda n, size, rng: None, "returns nothing (`None`). A list of arrays of whole numbers is asked for"),
    (epoch, lambda n, size, rng: rng.permutation(n), "of shape (50,). A list of arrays of whole numbers is asked for"),
    (epoch, lambda n, size, rng: "deck", "the word `'deck'`. A list of arrays"),
    (epoch, lambda n, size, rng: [], "some examples never come"),
    (epoch, lambda n, size, rng: [["a"]], "A list of arrays of whole numbers is asked for"),
    (epoch, lambda n, size, rng: [rng.random(size)], "A list of arrays of whole numbers is asked for"),
    (epoch, lambda n, size: [], "takes `(n, size)`; it is called with `(n, size, rng)`"),
    (epoch, lambda size, n, rng: [], "it is called in the order `(n, size, rng)`"),
    (epoch, lambda n, size, rng: rng.deal(n), "no attribute 'deal'"),
    (epoch, lambda n, size, rng: rng.permutation(n)[size], "A list of arrays of whole numbers is asked for"),
    (epoch, lambda n, size, rng: [rng.permutation(n)[1:]], "some examples never come"),
    (epoch, lambda n, size, rng: [*epoch.reference(n, size, rng), np.array([0])], "more than once in an epoch"),
    (
        epoch,
        lambda n, size, rng: [b - 1 for b in epoch.reference(n, size, rng)],
        "there is one called -1: the 50 are called 0 to 49",
    ),
    (epoch, lambda n, size, rng: epoch.reference(n, max(size // 2, 1), rng), "the sizes are"),
    (epoch, twice_the_first, "some examples never come"),
    (epoch, last_first, "the sizes are [10, 20, 20] and should be [20, 20, 10]"),
    (epoch, never_twice, "you stopped your function while it ran as `epoch(n=50, size=20, rng=rng)`"),
    (epoch_mean, lambda means, sizes: 2 * epoch_mean.reference(means, sizes), "exactly twice what is expected"),
    (epoch_mean, lambda means, sizes: means * sizes, "nothing is added up"),
    (epoch_mean, lambda means, sizes: np.median(means), "the median of the means"),
    (epoch_mean, lambda means, sizes: means.max(), "stands for 64 examples, the last for 8"),
    (batch_variance, lambda variance, B, N: variance, "times `B`: with replacement, and 0 where B = N"),
    (batch_variance, lambda variance, B, N: 0.0, "whatever it is given"),
    (batch_variance, lambda variance, B, N: -batch_variance.reference(variance, B, N), "the wrong sign"),
    (batch_variance, lambda variance, B, N: variance * (N - B) / B / N**2, "It is right for: all of the data (B = N)"),
]


@pytest.mark.parametrize("ex, answer, expected", UNLISTED, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected):
    result = ex.check(answer)
    assert result.outcome == "incorrect"
    assert expected in result.text


def test_a_blank_among_the_mini_batches_is_not_attempted_yet():
    assert epoch.check(lambda n, size, rng: [____]).outcome == "not attempted yet"
    blank = ____
    assert epoch.check(lambda n, size, rng: [blank + 1 for _ in range(3)]).outcome == "not attempted yet"


def test_what_counts_as_mini_batches():
    assert as_batches([[], [1]])[0].size == 0
    assert as_batches([np.array([[1, 2]])]) is None and as_batches([[1.5]]) is None and as_batches(3) is None
    assert isinstance(epoch, Sampler)


# What the formulas and the questions say is true ------------------------------------------------------------------


def test_the_variance_is_that_of_all_mini_batches_that_there_are():
    values = np.random.default_rng(1).normal(size=8)
    for B in range(1, 9):
        means = [np.mean(some) for some in itertools.combinations(values, B)]
        assert batch_variance.reference(values.var(), B, 8) == pytest.approx(np.var(means), abs=1e-15)
        what, factor, _ = next(m for m in batch_variance.mistakes if m[0].startswith("1 − B/N"))
        assert factor(values.var(ddof=1), B, 8) == pytest.approx(np.var(means), abs=1e-15)  # as its message says


def test_the_mean_over_an_epoch_is_that_of_all_its_examples():
    losses = np.random.default_rng(2).uniform(size=50)
    dealt = [losses[k : k + 20] for k in range(0, 50, 20)]
    means, sizes = np.array([b.mean() for b in dealt]), np.array([len(b) for b in dealt])
    assert epoch_mean.reference(means, sizes) == pytest.approx(losses.mean())


def test_only_one_batch_size_is_within_the_budget():
    question, within = chapter.budget.question.replace(",", ""), []
    rows = re.findall(r"B = (\d+): (\d+) updates of ([\d.]+) ms", question)
    assert [B for B, _, _ in rows] == list(chapter.budget.options.values())
    for (key, why), (_, updates, ms) in zip(chapter.budget.explanations.items(), rows, strict=True):
        seconds = int(updates) * float(ms) / 1000
        assert f"{updates} × {ms} ms = {seconds:.1f} s" in why
        within += [key] * (seconds <= 2.5)
    assert within == [chapter.budget.correct]


def test_the_predictions_are_measured():
    assert chapter.same_rate.measure() == pytest.approx(52, rel=0.05)
    _, updates = experiments.until(experiments.digit_network(), digits(), 0.1, batch=16, lr=0.5)
    assert f"after {updates / 75:.1f} epochs" in chapter.same_rate.question
    assert chapter.all_of_them.measure() == "c" and chapter.all_of_them.options["c"] == "0"


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_of_an_epoch_drawn_with_replacement_about_a_third_never_comes(share):
    never = [1 - len(np.unique(np.random.default_rng(s).integers(300, size=300))) / 300 for s in range(50)]
    assert np.mean(never) == pytest.approx(np.exp(-1), abs=0.01)


# What the figures are made of -------------------------------------------------------------------------------------


def test_the_points_of_the_wave_come_in_order_and_its_minimum_is_known():
    surface = experiments.wavy()
    assert surface.task.X.shape == (64, 1) and (np.diff(surface.task.X[:, 0]) > 0).all()
    (point,) = surface.critical_points
    assert point["kind"] == "minimum" and np.abs(surface.grad(point["w"])).max() < 1e-12


@pytest.mark.parametrize("order", ORDERS)
def test_the_mini_batches_of_the_figure_are_those_of_training(order):
    rows = experiments.dealt(16, 40, order)
    assert list(rows) == [1, 2, 4, 8, 16] and all(r.shape == (40, B) for B, r in rows.items())
    assert all(np.array_equal(rows[4][t - 1], batch_at(t, 16, 4, order=order)) for t in (1, 7, 40))


def test_a_training_that_does_not_get_there_says_so():
    assert experiments.until(experiments.digit_network(), digits(), 0.1, batch=16, lr=0.01, most=20) is None
    w, t = experiments.until(experiments.digit_network(), digits(), 1.0, batch=16, lr=0.5)
    assert experiments.digit_network().loss(w, *digits()[:2]) <= 1.0 and t % 5 == 0


def test_the_ellipses_are_level_lines_of_the_mini_batch():
    seen = experiments.wavy()[[3, 40, 60]]
    w = np.array([0.3, -0.2])
    H = seen.hessian(w)
    low = w - np.linalg.solve(H, seen.grad(w))
    heights = np.array([0.5, 2.0])
    rings = ellipses(H, low, heights).T.reshape(2, -1, 2)[:, :-1]
    assert np.allclose(seen.loss(rings), seen.loss(low) + heights[:, None])
    assert ellipses(H, low, np.array([])).shape == (2, 0)


def test_the_lines_of_a_single_example_are_straight():
    seen = experiments.wavy()[[10]]
    w = np.array([0.3, -0.2])
    H = seen.hessian(w)
    low = w - np.linalg.pinv(H, rcond=1e-9, hermitian=True) @ seen.grad(w)
    assert seen.loss(low) == pytest.approx(0, abs=1e-20)
    points = ellipses(H, low, np.array([1.0]))[:, :-1].T
    near = points[np.abs(points - low).max(-1) < 100]
    assert len(near) >= 2 and np.allclose(seen.loss(near), 1.0, atol=0.05)


def stillness(scene, *result, t=0):
    still(scene, result, t)
    return scene.caption


def test_the_cloud_says_what_was_measured_and_what_the_law_is():
    surface, w = experiments.wavy(), np.array([0.0, 1.0])
    g = np.stack([surface[[i]].grad(w) for i in range(64)])
    for order, shown in {
        "shuffled": "over all 256: 0 σ²; theory says 0 w",
        "replacement": "σ²; theory says 0 w",
    }.items():
        scene = scenes.MiniBatches()
        caption = stillness(scene, surface, w, 64, experiments.dealt(64, 256, order), g)
        assert shown in caption
        law = np.array([1 / B if order == "replacement" else (64 - B) / 63 / B for B in scene.sizes])
        assert np.allclose(scene.variance, law, rtol=0.3, atol=1e-12)
    fixed = scenes.MiniBatches()
    stillness(fixed, surface, w, 8, experiments.dealt(64, 256, "fixed"), g)
    assert fixed.variance[3] > 3 * (64 - 8) / 63 / 8  # neighbours are no fair sample


@pytest.mark.parametrize("eta, lam, B", [(0.2, 1.0, 1), (1.5, 1.0, 4), (0.5, 2.0, 1), (0.9, 0.4, 16)])
def test_the_floor_is_where_the_noise_leads(eta, lam, B):
    rng = np.random.default_rng(3)
    x = np.zeros(20_000)
    for _ in range(100):
        x = x - eta * (lam * x + rng.standard_normal(x.shape) / B**0.5)
    assert (x**2).mean() == pytest.approx(floor(eta, lam, B), rel=0.05)


@pytest.mark.parametrize(
    "eta, batch, word", [(0.2, 1, "the noise of 1 example is"), (0.02, 256, "not forgotten"), (2.1, 1, "no floor")]
)
def test_the_floors_caption_says_where_the_run_is(eta, batch, word):
    noise = np.random.default_rng(0).standard_normal((400, 100, 1)) / batch**0.5
    x = descend(gd, np.full((100, 1), 3.0), lambda x, t: x + noise[t - 1], 400, lr=eta)["w"][:, :, 0]
    assert word in stillness(scenes.NoiseFloor(), eta, 1.0, batch, x, t=400)


def test_times_are_told_in_words_and_the_fit_finds_both_prices():
    sizes = np.array([1, 2, 4, 8, 16, 32])
    scene = scenes.EpochTime()
    caption = stillness(scene, sizes, 1e-4 + 2e-6 * sizes, 100, 32)
    assert "from 32 examples takes 160 µs, and an epoch of 100 examples 510 µs" in caption
    assert (scene.fixed, scene.each) == pytest.approx((1e-4, 2e-6))
    assert "1 example takes 100 µs" in stillness(scene, sizes, 1e-4 + 2e-6 * sizes, 100, 1)


def test_a_run_that_diverges_is_said_to_in_the_orders_figure():
    surface = experiments.wavy()
    runs = {order: descend(gd, surface.start, minibatches(surface.task, 4, 0, order), 200, lr=3.0) for order in ORDERS}
    assert "diverged at update" in stillness(scenes.Orders(), surface, runs, 16, t=200)


# The chapter's numbers, elsewhere ---------------------------------------------------------------------------------


def test_updates_to_the_target_are_alike_from_16_to_all_on_other_seeds():
    net, data = experiments.digit_network(), digits()
    for seed in (5, 6):
        some = [experiments.until(net, data, 0.1, batch=B, lr=0.5, seed=seed)[1] for B in (16, 64, 256)]
        assert max(some) < 1.15 * min(some)
        assert experiments.until(net, data, 0.1, batch=4, lr=0.5, seed=seed)[1] > 1.3 * min(some)


def test_linear_scaling_holds_where_the_batch_divides_the_data_and_fails_at_the_full_batch():
    base = experiments.losses_by_epoch(0.1, 10)
    for k, most in ((8, 0.03), (15, 0.05), (24, 0.1)):
        assert np.abs(experiments.losses_by_epoch(0.1 * k, 10 * k) / base - 1)[1:].max() < most
    short = experiments.losses_by_epoch(1.6, 160)[-1] / base[-1]
    assert (short < 0.975).all()  # eight updates an epoch where there should be seven and a half
    assert (experiments.losses_by_epoch(12.0, 1200)[-1] > 10 * base[-1]).all()


def test_reshuffling_beats_replacement_at_the_ends_of_epochs_on_other_seeds():
    surface = experiments.wavy()
    best = surface.critical_points[0]["w"]
    above = {}
    for order in ORDERS:
        ends = [descend(gd, best, minibatches(surface.task, 4, s, order), 480, lr=0.02)["w"][160::16] for s in (7, 8)]
        above[order] = surface.loss(np.stack(ends)).mean() - surface.loss(best)
    assert 5 * above["shuffled"] < min(above["fixed"], above["replacement"])
