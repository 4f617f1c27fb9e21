"""Chapter 04: what is particular to its exercises; what its questions and figures say is true, on other seeds too."""

import itertools
import math
import re

import numpy as np
import pytest
from scipy.stats import spearmanr

from notebooks import parse_number
from optim_core.chapters.batches import exercises as chapter
from optim_core.chapters.batches import experiments, scenes
from optim_core.chapters.batches.exercises import Sampler, as_batches, batch_variance, epoch, epoch_mean
from optim_core.chapters.batches.scenes import (
    along,
    farthest,
    late_ends,
    laws,
    on_its_way,
    prices,
    square_about,
)
from optim_core.data import Data, digits
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.live.controls import CONTROLS, stops
from optim_core.network import top_eigenvalues
from optim_core.optimizers import gd
from optim_core.scenes import still
from optim_core.scenes.board import number
from optim_core.scenes.noise import ended, floor, late, no_floor, state
from optim_core.training import ORDERS, batch_at, minibatches, training

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
    (batch_variance, lambda variance, B, N: 0.0, "returns `0` in every case"),
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


GRID = np.linspace(-3, 3, 101)


def test_the_ellipses_are_level_lines_of_the_mini_batch():
    seen = experiments.wavy()[[3, 40, 60]]
    w = np.array([0.3, -0.2])
    low, rings = scenes.sees(seen, w, GRID, GRID, [0.5, 2.0])
    assert np.abs(seen.grad(low)).max() < 1e-12
    points = rings[:, np.isfinite(rings[0])].T
    assert len(points) > 50 and np.abs(seen.loss(points)[:, None] - [0.5, 2.0]).min(-1).max() < 0.01
    assert scenes.sees(seen, w, GRID, GRID, [-1.0])[1].shape == (2, 0)


def test_the_lines_of_a_single_example_are_straight():
    seen = experiments.wavy()[[10]]
    w = np.array([0.3, -0.2])
    low, rings = scenes.sees(seen, w, GRID, GRID, [1.0])
    assert seen.loss(low) == pytest.approx(0, abs=1e-20)
    assert (low - w) @ [-seen.grad(w)[1], seen.grad(w)[0]] == pytest.approx(0)  # the nearest: straight downhill
    points = rings[:, np.isfinite(rings[0])].T
    assert len(points) >= 20 and np.allclose(seen.loss(points), 1.0, atol=0.01)


def stillness(scene, *result, t=0):
    still(scene, result, t)
    return scene.caption


def cloud(order, B, w=(0.0, 1.0), t=0):
    surface, scene = experiments.wavy(), scenes.MiniBatches()
    g = np.stack([surface[[i]].grad(np.array(w)) for i in range(64)])
    caption = stillness(scene, order, surface, w, B, experiments.dealt(64, 256, order), g, t=t)
    return scene, caption, g


@pytest.mark.parametrize("order, measured", [("shuffled", "0 σ²"), ("replacement", "0.0")])
def test_the_cloud_says_what_was_measured_and_what_the_law_is(order, measured):
    scene, caption, _ = cloud(order, 64)
    assert scenes.spreads(scene.variance[64], laws(64, 64)) in caption
    assert f"over all 256: {measured}" in caption and "theory: 0 from the deck and 0.016 with replacement" in caption
    for B, measured in scene.variance.items():
        assert measured == pytest.approx(laws(64, B)[scene.law_now], rel=0.3, abs=1e-12)


@pytest.mark.parametrize("t", [1, 40, 256])
def test_the_angle_between_a_mini_batch_and_all_data_is_that_of_its_examples(t):
    _, caption, g = cloud("shuffled", 8, t=t)
    mine, all_ = g[batch_at(t, 64, 8)].mean(0), g.mean(0)
    degrees = np.degrees(np.angle(complex(*mine) / complex(*all_)))
    assert f"points {abs(degrees):.0f}° away" in scenes.turned(mine, all_) and scenes.turned(mine, all_) in caption


@pytest.mark.parametrize("n", [2, 4, 6])
def test_the_laws_are_those_of_all_mini_batches_that_there_are(n):
    g = np.random.default_rng(n).normal(size=(n, 2))
    for B in range(1, n + 1):
        ways = {"from the deck": itertools.combinations(range(n), B)}
        ways |= {"with replacement": itertools.product(range(n), repeat=B)} if n**B < 5000 else {}
        for how, rows in ways.items():
            assert laws(n, B)[how] == pytest.approx(scenes.varies(g[list(rows)].mean(1), g), abs=1e-12)


def test_angles_and_variances_are_those_of_the_examples_at_every_batch_size_all_over_the_map():
    surface = experiments.wavy()
    w = np.stack(np.meshgrid(np.linspace(-1.8, 4.1, 9), np.linspace(-2.9, 3.0, 9)), -1).reshape(-1, 2)
    each = np.stack([surface[[i]].grad(w) for i in range(64)], axis=1)  # (81 points, 64 examples, 2)
    for order, B in itertools.product(ORDERS, [1, 2, 4, 8, 16, 32, 64]):
        rows = experiments.dealt(64, 256, order)[B]
        for k, g in enumerate(each):
            means, full = g[rows].mean(1), g.mean(0)
            measured = ((means - full) ** 2).mean(0).sum() / g.var(0).sum()
            said = scenes.spreads(scenes.varies(means, g), laws(64, B))
            numbers = [parse_number(one)[0] for one in re.findall(r"[\d.·⁻⁰-⁹]+(?= σ²| from| with)", said)]
            expected = [0 if measured < 1e-12 else measured, (64 - B) / 63 / B, 1 / B]
            assert numbers == pytest.approx(expected, rel=0.05), said
            t = 37 * k % 256
            (a, b), (c, d) = means[t], full
            degrees = abs(np.degrees(np.arctan2(a * d - b * c, a * c + b * d)))
            said = scenes.turned(means[t], full)
            assert abs(float(re.search(r"points (\d+)° away", said)[1]) - degrees) < 0.51


def test_neighbours_are_no_fair_sample():
    scene, _, _ = cloud("fixed", 8)
    assert scene.variance[8] > 3 * laws(64, 8)["from the deck"]


@pytest.mark.parametrize("order, B", [("shuffled", 8), ("shuffled", 64), ("replacement", 8), ("replacement", 64)])
def test_the_ellipse_is_two_standard_deviations_of_the_law_that_holds(order, B):
    scene, _, g = cloud(order, B)
    ring = scene.ring.T - g.mean(0)
    means = g[experiments.dealt(64, 256, order)[B]].mean(1) - g.mean(0)
    for along_ in (np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.6, 0.8])):
        spread = np.sqrt(((means @ along_) ** 2).mean())
        assert (ring @ along_).max() == pytest.approx(2 * spread, rel=0.2, abs=1e-12)


def test_the_number_at_the_time_slider_is_that_of_the_mini_batch():
    scene, caption, _ = cloud("shuffled", 8, t=256)
    assert scene.steps == 256 and "Mini-batch 256 of 256" in caption
    assert "press play" in cloud("shuffled", 8, t=0)[1]


def test_where_mini_batches_agree_about_the_way():
    surface = experiments.wavy()
    w = np.stack(np.meshgrid(np.linspace(-1.8, 4.1, 40), np.linspace(-2.9, 3.0, 40)), -1).reshape(-1, 2)
    each, far = np.stack([surface[[i]].grad(w) for i in range(64)]), w - surface.critical_points[0]["w"]
    downhill = (each * surface.grad(w)).sum(-1) > 0
    assert downhill.all(0).mean() < 0.3  # at most places some single example points backwards
    assert np.linalg.norm(far[~downhill.all(0)], axis=-1).max() > 3  # also far away
    straight = np.stack([surface[[i]].grad(np.array([1.2, 3.0])) for i in range(64)])
    assert (straight[:, 1] > 0).all() and (straight @ surface.grad(np.array([1.2, 3.0])) > 0).all()
    eight = each[experiments.dealt(64, 256, "shuffled")[8]].mean(1)
    assert ((eight * surface.grad(w)).sum(-1) > 0)[:, np.linalg.norm(far, axis=-1) >= 2].all()
    slices = each.reshape(8, 8, *each.shape[1:]).mean(1)  # in the order of the data
    assert not ((slices * surface.grad(w)).sum(-1) > 0)[:, np.linalg.norm(far, axis=-1) >= 2].all()


@pytest.mark.parametrize("eta, lam, B", [(0.2, 1.0, 1), (1.5, 1.0, 4), (0.5, 2.0, 1), (0.9, 0.4, 16)])
def test_the_floor_is_where_the_noise_leads(eta, lam, B):
    rng = np.random.default_rng(3)
    x = np.zeros(20_000)
    for _ in range(100):
        x = x - eta * (lam * x + rng.standard_normal(x.shape) / B**0.5)
    assert (x**2).mean() == pytest.approx(floor(eta, lam, B), rel=0.05)


def every_stop(name, low, high):
    return np.array(stops(CONTROLS[name], low, high), float)


def test_what_the_mean_of_x_squared_is_made_of_is_told_at_every_stop_of_the_sliders():
    """The mean of x and its variance followed step by step, each for itself, against what decides the caption."""
    grid = np.meshgrid(every_stop("eta", 0.02, 2.5), every_stop("lam", 0.2, 2.0), every_stop("batch", 1, 256))
    eta, lam, B = (axis.ravel() for axis in grid)
    x, variance, start, noise = np.full(eta.shape, 3.0), np.zeros(eta.shape), 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, 401):
            x, before, variance = (1 - eta * lam) * x, variance, (1 - eta * lam) ** 2 * variance + eta**2 / B
            if t > 300:
                start, noise = start + x**2 / 100, noise + variance / 100
        ever = ~(variance - before <= 0.99 * eta**2 / B)  # even the last step has added all of its noise
    V = eta**2 / B / np.where(ever, 1, 1 - (1 - eta * lam) ** 2)  # what a step adds, and what it takes away
    lacks = 1 - noise / V
    expected = np.where((lacks > 0.05) & (V > 9), "adding up", "noisy")
    expected[start > noise] = "together"
    expected[np.maximum(start / V, lacks) <= 0.05] = "forgotten"
    expected[ever] = "no floor"
    said = [state(*at, 400) for at in zip(eta, lam, B, strict=True)]
    assert said == expected.tolist() and len(set(said)) == 5
    words = {
        "noisy": "the rest is what is left of the start",
        "together": "that is the larger part",
        "adding up": "has not yet added up",
        "forgotten": "The start is forgotten",
        "no floor": "no floor. A step",
    }
    for i in {said.index(one) for one in words} | set(range(0, len(said), 97)):
        caption = ended(eta[i], lam[i], int(B[i]), 400, start[i] + noise[i], noise[i])
        assert [one for one, text in words.items() if text in caption] == [said[i]] and no_floor(
            eta[i], lam[i]
        ) == ever[i]
        if not ever[i]:
            both = re.search(r"mean of x² is (\S+), theory's floor (\S+)\. ", caption).groups()
            assert [parse_number(one)[0] for one in both] == pytest.approx([start[i] + noise[i], V[i]], rel=6e-3)
        if said[i] in ("noisy", "together"):
            assert parse_number(re.search(r"variance (?:of the runs )?is (?:only )?([^ ,]+[^ ,.])", caption)[1])[0] == (
                pytest.approx(noise[i], rel=6e-3)
            )


@pytest.mark.parametrize(
    "eta, lam, batch, word",
    [
        (0.2, 1.0, 1, "the noise of 1 example is"),
        (0.02, 0.2, 256, "not forgotten yet: that is the larger part"),
        (2.22, 0.9, 1, "has not yet added up to its floor"),
        (2.0, 1.0, 1, "leaves all of what was there"),
        (2.5, 2.0, 1, "no floor. A step leaves 4 times what was there"),
    ],
)
def test_the_floors_caption_says_where_the_run_is(eta, lam, batch, word):
    noise = np.random.default_rng(0).standard_normal((400, 100, 1)) / batch**0.5
    x = descend(gd, np.full((100, 1), 3.0), lambda x, t: lam * x + noise[t - 1], 400, lr=eta)["w"][:, :, 0]
    scene = scenes.NoiseFloor()
    assert word in stillness(scene, eta, lam, batch, x, t=400)
    assert scene.end == pytest.approx((late(x) ** 2).mean())  # what is plotted is the mean of x², as the title says
    assert "mean of x²" in scene.floor.axes.get_title(loc="left")


def test_times_are_told_in_words_and_the_fit_finds_both_prices():
    sizes = np.array([1, 2, 4, 8, 16, 32])
    scene, seconds = scenes.EpochTime(), 1e-4 + 2e-6 * np.array([1, 2, 4, 8, 16, 32])
    caption = stillness(scene, 32, sizes, seconds, 100, 32)
    assert scenes.costs(32, 100, seconds[-1], seconds[0]) in caption
    assert "from 32 examples takes 160 µs, and an epoch (4 updates) 660 µs" in caption
    assert prices(sizes, seconds) == pytest.approx([1e-4, 2e-6])
    assert "1 example takes 100 µs" in stillness(scene, 32, sizes, seconds, 100, 1)
    assert "an epoch (1 update)" in stillness(scene, 32, sizes, seconds, 32, 32)


@pytest.mark.parametrize("critical, fixed, each", [(64, 6e-5, 5e-7), (1000, 1e-3, 1e-6), (20, 1e-5, 1e-5)])
def test_the_best_batch_by_the_clock_is_halfway_between_two_borders(critical, fixed, each):
    B = np.geomspace(1e-3, 1e6, 100_001)
    time = (1 + critical / B) * (fixed + each * B)
    assert B[np.argmin(time)] == pytest.approx(np.sqrt(critical * fixed / each), rel=1e-3)


def test_the_quickest_batch_is_that_with_the_lowest_product():
    needed, seconds = [[400, 500], [100, 110], [60, 70]], np.array([1e-4, 2e-4, 1e-3])
    caption = stillness(scenes.TimeToTarget(), (4, 16, 64), needed, seconds, 64)
    assert "65 updates (mean of the seeds) of 1 ms are 65 ms" in caption and "B = 16, 21 ms" in caption
    assert scenes.quickest((4, 16, 64), np.mean(needed, 1) * seconds) in caption


def orders(batch, lr, start=(-1.2, 2.1), steps=640):
    surface = experiments.wavy()
    runs = {
        order: descend(gd, np.tile(start, (16, 1)), experiments.many_minibatches(surface.task, batch, order, 16, steps),
                       steps, lr=lr)
        for order in ORDERS
    }  # fmt: skip
    return batch, lr, surface, runs, 64 // batch


def test_runs_side_by_side_see_the_mini_batches_of_their_seed():
    _, _, surface, runs, _ = orders(4, 0.04)
    for order in ORDERS:
        for seed in (0, 5):
            alone = descend(gd, [-1.2, 2.1], minibatches(surface.task, 4, seed, order), 640, lr=0.04)
            assert np.array_equal(runs[order]["w"][:, seed], alone["w"])


@pytest.mark.parametrize(
    "lr, start", [(0.005, (-1.2, 2.1)), (0.01, (1.2, 0.0)), (0.04, (-1.2, 2.1)), (0.5, (4.1, 3.0))]
)
@pytest.mark.parametrize("batch", [1, 8, 64])
def test_what_is_left_of_the_start_goes_on_falling_and_what_is_not_stays(batch, lr, start):
    """A run four times as long is the judge."""
    steps = 640
    *_, surface, runs, epoch = orders(batch, lr, start, 4 * steps)
    for order, path in runs.items():
        some = scenes.excess(surface, path["w"])
        now, later = late_ends(some[: steps + 1], epoch).mean(), late_ends(some, epoch).mean()
        if path["diverged"].any() or now <= 1e-12:
            continue
        if on_its_way(surface, np.array(start), lr, late_ends(np.arange(steps + 1), epoch), now):
            assert later < 0.75 * now, order
        else:
            assert later > 0.4 * now, order


def test_what_is_left_of_the_start_is_what_a_run_without_noise_has_left():
    """Gradient descent at every learning rate of the slider, and what may have been measured beside it."""
    surface, rates = experiments.wavy(), every_stop("lr", 0.005, 0.5)
    starts = np.stack(np.meshgrid(np.linspace(-1.8, 4.1, 3), np.linspace(-2.9, 3.0, 3)), -1).reshape(-1, 2)
    path = descend(gd, starts, surface.grad, 640, lr=rates[:, None, None])["w"]
    left = scenes.excess(surface, path)[320:].mean(0)
    for (i, j), share in itertools.product(np.ndindex(left.shape), (0.3, 1.9, 2.1, 10.0)):
        late = share * left[i, j]  # what is measured, as a multiple of what is left
        if left[i, j] > 1e-20:
            assert on_its_way(surface, starts[j], rates[i], range(320, 641), late) == (late > 1e-12 and share < 2), (
                rates[i],
                starts[j],
            )


@pytest.mark.parametrize("batch", [1, 2, 4, 8, 16, 32, 64])
def test_shuffled_and_fixed_take_the_same_steps_where_a_mini_batch_holds_all_data_only(batch):
    surface, start = experiments.wavy(), (-1.2, 2.1)
    for lr in (0.005, 0.04, 0.5):
        grads = [experiments.many_minibatches(surface.task, batch, order, 2, 64) for order in ("shuffled", "fixed")]
        excess = [scenes.excess(surface, descend(gd, np.tile(start, (2, 1)), g, 64, lr=lr)["w"]) for g in grads]
        assert scenes.same_steps(*excess) == (batch == 64)


def test_with_a_large_rate_the_fixed_order_stands_lowest_at_the_ends_of_epochs_and_leaps_between():
    *_, surface, runs, epoch = orders(4, 0.5)
    excess = {order: scenes.excess(surface, path["w"]) for order, path in runs.items()}
    ends = {order: late_ends(some, epoch).mean() for order, some in excess.items()}
    assert 5 * ends["fixed"] < min(ends["shuffled"], ends["replacement"]) and excess["fixed"][320:].max() > 100


@pytest.mark.parametrize("batch, lr", [(1, 0.4), (1, 0.45), (4, 3.0), (8, 0.1)])
def test_how_many_runs_diverged_in_the_orders_figure_is_counted_from_their_paths(batch, lr):
    *_, runs, _ = orders(batch, lr)
    caption, said = stillness(scenes.Orders(), *orders(batch, lr), t=200), scenes.lost(runs)
    assert said in caption and bool(said) == (lr > 0.1)
    for name, path in runs.items():
        frozen = (path["w"][-1] == path["w"][-2]).all(-1)  # where it was as it left the range of numbers
        first = [int((path["w"][:, r] != path["w"][-1, r]).any(-1).sum()) for r in np.flatnonzero(frozen)]
        told = re.search(rf"{name}: (\d+) of {len(frozen)} runs diverged, the first at update ([\d,]+)", said, re.I)
        assert bool(told) == bool(first)
        if told:
            assert (int(told[1]), int(told[2].replace(",", ""))) == (len(first), min(first))


def test_all_of_the_data_at_once_have_no_order():
    caption = stillness(scenes.Orders(), *orders(64, 0.04), t=640)
    assert "Shuffled and fixed take the same steps." in caption
    assert "shuffled below 10⁻¹², fixed below 10⁻¹²" in caption
    assert "same steps" not in stillness(scenes.Orders(), *orders(32, 0.04), t=640)


def test_the_farthest_is_the_same_up_and_down():
    base = np.array([[2.0], [1.0]])
    assert farthest(1.25 * base, base) == pytest.approx(farthest(0.8 * base, base)) == pytest.approx(1.25)
    base, short = experiments.losses_by_epoch(0.1, 10), experiments.losses_by_epoch(1.6, 160)
    assert (short / base).max() < 1.02 < 1.05 < farthest(short, base)  # it is below that the run is off, at k = 16


@pytest.mark.parametrize("k, crosses", [(1, None), (8, False), (24, False), (40, True), (120, False)])
def test_what_is_said_of_k_times_the_batch_is_what_its_losses_say(k, crosses):
    base, sharp = experiments.losses_by_epoch(0.1, 10), experiments.sharpness_by_epoch()
    scaled, same = (experiments.losses_by_epoch(lr, 10 * k) for lr in (0.1 * k, 0.1))
    both = ((1, k), k, 0, np.array([base, scaled]), np.array([base, same]), sharp) if k > 1 else (
        (1,), k, 0, base[None], base[None], sharp)  # fmt: skip
    caption = stillness(scenes.LinearScaling(), *both)
    ends = [(losses[-1] / base[-1]).mean() for losses in (scaled, same)]
    over = sum(2 / (0.1 * k) < s for s in sharp)
    crossing = {0: "always below", len(sharp): "always above"}.get(over, "at times above")
    assert caption == scenes.follows(k, 0, 10, *ends, farthest(scaled, base), crossing)
    assert crosses is None or ("at times above" in caption) == crosses
    assert (k == 1) == ("base setting itself" in caption)


@pytest.mark.parametrize("k", [1, 2, 4, 8, 15, 16, 24, 40, 60, 120])
def test_the_numbers_of_larger_steps_are_counted_again_one_by_one(k):
    rng, ks = np.random.default_rng(k), [1, 2, 4, 8, 15, 16, 24, 40, 60, 120]
    scaled, same = np.exp(rng.normal(size=(2, 10, 11, 5)))
    sharp, scene = rng.uniform(0.1, 1.5, 11), scenes.LinearScaling()
    base, i = scaled[0], ks.index(k)
    for warm in (0, 2, 4, 6):
        scene.show((ks, k, warm, scaled, same, sharp))
        if k == 1:
            assert "base setting itself" in scene.caption and ("changes nothing" in scene.caption) == (warm > 0)
            continue
        pairs = [(a, b) for a, b in zip(scaled[i].ravel(), base.ravel(), strict=True)]
        expected = [
            np.mean([scaled[i, -1, r] / base[-1, r] for r in range(5)]),
            max(max(a / b, b / a) for a, b in pairs),
        ]
        expected += [np.mean([same[i, -1, r] / base[-1, r] for r in range(5)])]
        said = re.search(
            r"loss is (\S+) times .* factor of (\S+) at most\), with the same η (\S+) times", scene.caption
        )
        assert [parse_number(one)[0] for one in said.groups()] == pytest.approx(expected, rel=6e-3)
        assert f"k = {k}{f', warm-up over {warm} epochs' if warm else ''}." in scene.caption
    assert farthest(scaled[i], base) == pytest.approx(max(max(a / b, b / a) for a, b in zip(
        scaled[i].ravel(), base.ravel(), strict=True)))  # fmt: skip


@pytest.mark.parametrize("k", [1, 2, 4, 8, 15, 16, 24, 40, 60, 120])
def test_above_the_bound_gradient_descent_on_a_parabola_of_that_curvature_climbs(k):
    rng, lr = np.random.default_rng(k), 0.1 * k
    for sharp in (*rng.uniform(0.2, 0.6, (20, 11)), *rng.uniform(0, 2.2 / lr, (20, 11))):
        x = np.ones(11)
        for _ in range(3):
            x = x - lr * sharp * x
        grown = int((np.abs(x) > 1).sum())
        assert scenes.crosses(sharp, lr).startswith({0: "always below", len(x): "always above"}.get(grown, "at times"))


@pytest.mark.parametrize("n", [64, 1200])
def test_what_an_update_and_an_epoch_cost_is_counted_again(n):
    rng = np.random.default_rng(n)
    for B in [2**k for k in range(11) if 2**k < n] + [n]:
        one = 10 ** rng.uniform(-6, 0)
        now = one * rng.uniform(0.5, 2 * B)
        said, updates = scenes.costs(B, n, now, one), sum(1 for _ in range(0, n, B))
        seconds = [
            parse_number(a)[0] * {"µs": 1e-6, "ms": 1e-3, "s": 1}[b] for a, b in re.findall(r"(\S+) (µs|ms|s)\b", said)
        ]
        assert seconds == pytest.approx([now, now * updates], rel=0.06), said
        assert f"({updates:,} update{'s' * (updates > 1)})" in said
        times = re.search(r"examples? in (?:(\S+) times )?the time of one", said)
        assert (times is None) == (B == 1)
        assert times is None or parse_number(times[1] or "1")[0] == pytest.approx(now / one, rel=0.06)


def test_no_other_size_reaches_the_target_sooner():
    rng, sizes = np.random.default_rng(0), experiments.SIZES
    for _ in range(200):
        seconds = 10 ** rng.uniform(-5, 1, len(sizes))
        best = int(re.search(r"B = (\d+)", scenes.quickest(sizes, seconds))[1])
        assert all(seconds[sizes.index(best)] <= other for other in seconds)


@pytest.mark.parametrize("against, x", [("η/B", 0.025), ("η", 0.1), ("B", 4)])
def test_places_are_ordered_by_what_was_chosen(against, x):
    assert along(against, 4, 0.1) == x
    rng = np.random.default_rng(0)
    places = {pair: rng.uniform(0.1, 0.2, (3, 2)) for pair in experiments.PLACES}
    scene, pairs = scenes.Places(), list(places)
    caption = stillness(scene, against, places)
    assert f"Against {against}. {scenes.ends_of(scene.means)} {scenes.ordered(against, scene.means)}" == caption
    means = [scene.means[pair][0] for pair in pairs]
    rho = spearmanr([along(against, *pair) for pair in pairs], means).statistic
    loud = spearmanr(
        *zip(*((along(against, *pair), scene.means[pair][0]) for pair in pairs if pair[0] < 600), strict=True)
    )
    said = f"Rank correlation: {number(float(rho), 2)}; without B = 600: {number(float(loud.statistic), 2)}."
    assert caption.endswith(said)
    assert scene.sharp.groups["B = 4"][0][0] == x
    sharp = {pair: places[pair][0].mean() for pair in pairs}
    flat, steep = min(pairs, key=sharp.get), max(pairs, key=sharp.get)
    for (B, lr), word in ((flat, "flattest place on average"), (steep, "sharpest")):
        assert f"{word}: B = {B}, η = {lr:g}" in caption


# The chapter's numbers, elsewhere ---------------------------------------------------------------------------------


def test_updates_to_the_target_are_alike_from_16_to_all_on_other_seeds():
    net, data = experiments.digit_network(), digits()
    for seed in (5, 6):
        some = [experiments.until(net, data, 0.1, batch=B, lr=0.5, seed=seed)[1] for B in (16, 64, 256)]
        assert max(some) < 1.15 * min(some)
        assert experiments.until(net, data, 0.1, batch=4, lr=0.5, seed=seed)[1] > 1.3 * min(some)


def test_linear_scaling_holds_where_the_batch_divides_the_data_and_fails_at_the_full_batch():
    base = experiments.losses_by_epoch(0.1, 10)
    assert [farthest(experiments.losses_by_epoch(0.1 * k, 10 * k), base) - 1 for k in (8, 24, 40)] > [0.01, 0.05, 0.1]
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


def test_counted_in_epochs_the_larger_batch_may_be_first_at_the_same_rate():
    net, data = experiments.digit_network(), digits()
    updates = {B: experiments.until(net, data, 0.1, B, 2.0, seed=7, every=25)[1] for B in (16, 256)}
    assert updates[16] / 75 < updates[256] / 5  # as at a small η
    assert experiments.until(net, data, 0.1, 4, 2.0, seed=7, every=100, most=1500) is None  # after 5 epochs


def test_one_example_at_a_time_bears_a_small_rate_only():
    net, (X, y, *_) = experiments.digit_network(), digits()
    rates = np.array([0.1, 0.5, 1.0])[:, None]
    looks = training(net, Data(X, y), gd, lr=rates, batch=1, seed=5, w=np.stack([net.init(5)] * 3), epochs=3, every=300)
    loss = np.array([net.loss(now["w"], X, y) for now in looks])
    assert (loss[:, 0] < 0.1).any() and loss[:, 1].min() > 0.1 and np.median(loss[3:, 2]) > loss[0, 2]


def test_a_warm_up_gains_nothing_in_these_ten_epochs():
    for k in (60, 120):
        plain, warm = (experiments.losses_by_epoch(0.1 * k, 10 * k, warm=w)[-1].mean() for w in (0, 4))
        assert warm > 1.05 * plain
    sharp = experiments.sharpness_by_epoch()
    assert sharp.argmin() == 0


def test_a_warm_up_rises_in_equal_steps_from_the_base_rate():
    net, data = experiments.digit_network(), Data(*digits()[:2])
    rate = [0.1 + 0.9 * t / 4 for t in range(4)] + [1.0] * 2
    how = dict(lr=lambda t: rate[t], batch=600, epochs=3, w=np.stack([net.init(0)]))
    mine = [net.loss(now["w"], data.X, data.y)[0] for now in training(net, data, gd, **how)]
    assert mine == pytest.approx(experiments.losses_by_epoch(1.0, 600, epochs=3, inits=1, warm=2)[:, 0])


def test_with_the_same_noise_batches_of_any_size_stop_about_as_sharp_on_another_seed():
    net, few = experiments.digit_network(), digits(train=600)
    task = net.on(few.X, few.y)

    def sharp(B, lr):
        return top_eigenvalues(task, experiments.until(net, few, 0.03, B, lr, seed=8)[0])[0]

    quiet = [sharp(B, lr) for B, lr in ((4, 0.1), (16, 0.4), (64, 1.6))]
    assert max(quiet) < 1.15 * min(quiet)
    assert sharp(16, 4.0) < 0.8 * min(quiet)  # louder
    assert sharp(600, 8.0) < 0.85 * sharp(600, 1.0)  # and a large η without noise


def test_the_tuned_rate_is_not_at_the_edge_of_those_tried():
    best = {experiments.tuned(B, seed=3)[1] for B in (16, 1200)}
    assert min(experiments.RATES) < min(best) and max(best) < max(experiments.RATES)


@pytest.mark.parametrize("w", [(-1.8, -2.9), (4.1, 3.0), (1.18, 0.02), (1.2, 3.0), (0.0, 1.2)])
def test_the_square_holds_all_single_gradients_and_the_origin(w):
    g = np.append(np.stack([experiments.wavy()[[i]].grad(np.array(w)) for i in range(64)]), [[0.0, 0.0]], 0)
    limits = square_about(g)
    assert (limits[:, 0] < g.min(0)).all() and (g.max(0) < limits[:, 1]).all()
    assert np.ptp(limits, axis=1) == pytest.approx(np.ptp(limits[0]))
    assert np.ptp(limits[0]) < 2.5 * np.ptp(g, axis=0).max()
