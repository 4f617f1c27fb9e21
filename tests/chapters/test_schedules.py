"""Chapter 08: what is particular to its exercises; what its text, captions and figures say is true."""

import itertools
import math
import random
import re

import captions
import numpy as np
import pytest

import notebooks
from optim_core import schedules, surfaces
from optim_core.chapters.schedules import exercises as chapter
from optim_core.chapters.schedules import experiments, scenes
from optim_core.descent import descend
from optim_core.optimizers import gd
from optim_core.quadratics import expected
from optim_core.scenes import still

T, GROUNDS, ETAS = experiments.T, experiments.GROUNDS, experiments.ETAS


def numbers(text):
    """The numbers in a caption."""
    return [notebooks.parse_number(one)[0] for one in captions.NUMBER.findall(text)]


def summed(rates, ground, sigma=1.0):
    """The mean loss at the end of rates (T, …): what is left of the start, and of the noise of each step, added up.

    w_T = Π (1 − η_k λ) w_0 − Σ_k η_k σ ξ_k Π_{j > k} (1 − η_j λ),  the ξ independent of one another
    """
    total = 0.0
    for lam, start, noise in zip(*ground, strict=True):
        after = np.cumprod(((1 - rates * lam) ** 2)[::-1], axis=0)[::-1]  # of the steps k, k + 1, …, T − 1
        kept = np.concatenate([after[1:], np.ones((1, *rates.shape[1:]))])
        total = total + lam / 2 * (after[0] * start**2 + ((rates * sigma * noise) ** 2 * kept).sum(0))
    return total


def spread(low, high, n=10):
    """n values from low to high, by equal factors."""
    return [float(f"{v:.3g}") for v in np.geomspace(low, high, n)]


# Exercises: they are the package's schedules -------------------------------------------------------------------------


@pytest.mark.parametrize("k, lr, tau, end", chapter.linear_rate.cases)
def test_the_linear_rate_is_the_packages(k, lr, tau, end):
    assert chapter.linear_rate.reference(k, lr, tau, end) == pytest.approx(float(schedules.linear(lr, tau, end)(k)))


@pytest.mark.parametrize("k, lr, steps, end", chapter.cosine_rate.cases)
def test_the_cosine_rate_is_the_packages(k, lr, steps, end):
    assert chapter.cosine_rate.reference(k, lr, steps, end) == pytest.approx(float(schedules.cosine(lr, steps, end)(k)))


@pytest.mark.parametrize("k, lr, steps", chapter.warmup_rate.cases)
def test_the_warm_up_is_the_packages(k, lr, steps):
    assert chapter.warmup_rate.reference(k, lr, steps) == pytest.approx(float(schedules.warmup(lr, steps)(k)))


@pytest.mark.parametrize("k, lr, steps, share", chapter.wsd_rate.cases)
def test_the_wsd_rate_is_the_packages(k, lr, steps, share):
    assert chapter.wsd_rate.reference(k, lr, steps, share) == pytest.approx(float(schedules.wsd(lr, steps, share)(k)))


@pytest.mark.parametrize("beta", [case[0] for case in chapter.natural_beta.cases])
def test_the_two_exponentials_are_one_curve(beta):
    natural = schedules.natural_exponential(0.3, beta=abs(chapter.natural_beta.reference(beta)))
    for k in (0, 1, 5, 40):
        assert float(natural(k)) == pytest.approx(float(schedules.exponential(0.3, beta)(k)), rel=1e-12)


@pytest.mark.parametrize("variance, lam", chapter.rate_for_floor.cases)
def test_a_run_with_the_rate_for_a_floor_ends_there(variance, lam):
    eta = chapter.rate_for_floor.reference(variance, lam)
    steps = int(200 / (1 - abs(1 - eta * lam)))
    loss = expected(np.full(min(steps, 40_000), eta), np.array([lam]), 0.0, 1.0)[-1]
    assert 2 * loss / lam == pytest.approx(variance, rel=1e-3)


@pytest.mark.parametrize("patience", [0, 1, 3, 10])
def test_the_plateau_rule_is_the_packages(patience):
    losses = np.exp(np.cumsum(np.random.default_rng(patience).normal(-0.02, 0.2, 120)))
    rule = schedules.on_plateau(1.0, factor=0.5, patience=patience, threshold=0.0)
    rate, best, bad = 1.0, np.inf, 0
    for k, loss in enumerate(losses):
        rate, best, bad = chapter.plateau.reference(rate, best, bad, loss, 0.5, patience)
        if rate < 1e-7:  # the package leaves out reductions by less than 1e-8
            break
        assert rate == float(rule(k, losses[: k + 1])[0])
    assert k > 5


OTHER_WAYS = [
    (chapter.natural_beta, lambda beta: math.log(1 / beta)),
    (chapter.natural_beta, lambda beta: np.log2(1 / beta) * np.log(2)),
    (chapter.linear_rate, lambda k, lr, tau, end: lr + (end - lr) * min(k / tau, 1)),
    (chapter.linear_rate, lambda k, lr, tau, end: end if k >= tau else lr - (lr - end) / tau * k),
    (chapter.linear_rate, lambda k, lr, tau, end: np.interp(k, [0, tau], [lr, end])),
    (chapter.cosine_rate, lambda k, lr, steps, end: end + (lr - end) * np.cos(np.pi * min(k, steps) / steps / 2) ** 2),
    (chapter.cosine_rate, lambda k, lr, T, end: (lr + end + (lr - end) * math.cos(min(k, T) / T * math.pi)) / 2),
    (chapter.warmup_rate, lambda k, lr, steps: lr if k >= steps else lr / (steps + 1) * (k + 1)),
    (chapter.wsd_rate, lambda k, lr, steps, share: lr * np.clip((steps - k) / (share * steps), 0, 1)),
    (chapter.wsd_rate, lambda k, lr, steps, share: np.interp(k, [(1 - share) * steps, steps], [lr, 0.0])),
    (chapter.rate_for_floor, lambda variance, lam: 2 / (1 / (lam * variance) + lam)),
    (chapter.plateau, lambda rate, best, bad, loss, factor, patience: (
        rate * (factor if loss >= best and bad >= patience else 1), min(best, loss),
        0 if loss < best or bad >= patience else bad + 1)),
]  # fmt: skip


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


UNLISTED = [  # exercise, answer, what the message must contain
    (chapter.plateau, lambda rate, best, bad, loss, factor, patience: (rate, min(loss, best), bad), "best"),
    (chapter.plateau, lambda rate, best, bad, loss, factor, patience: rate * factor, "in this order, rate, best"),
    (chapter.plateau, lambda rate, best, bad, loss, factor, patience: None, "returns nothing"),
    (
        chapter.wsd_rate,
        lambda k, lr, steps, share: 2 * chapter.wsd_rate.reference(k, lr, steps, share),
        "exactly twice",
    ),
    (chapter.natural_beta, lambda beta: -2 * np.log(beta), "exactly twice"),
    (chapter.warmup_rate, lambda k, lr: lr, "takes `(k, lr)`"),
]


@pytest.mark.parametrize(
    "ex, answer, words", UNLISTED, ids=lambda x: getattr(x, "name", x if isinstance(x, str) else "")
)
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, words):
    result = ex.check(answer)
    assert result.outcome == "incorrect" and words in result.text, result.text


def test_the_prediction_is_answered_by_more_than_ten_times():
    assert chapter.ahead.measure() == "d"


def test_what_the_questions_say_of_rates_is_true():
    for make, after in (
        (schedules.exponential, 0.017),
        (schedules.inverse_time, 0.010),
        (schedules.natural_exponential, 2e-42),
    ):
        assert float(make(1.0, beta=0.96)(100)) == pytest.approx(after, rel=0.04)
    slow, fast = (
        math.prod(1 - 0.2 * eta(k) for k in range(1000)) for eta in (lambda k: 1 / (k + 1), lambda k: 1000 / (k + 1000))
    )
    assert slow > 0.2 and fast < 1e-20
    for k in (10, 1000):
        steps = math.prod(1 - 0.2 / (j + 1) for j in range(k))
        assert steps == pytest.approx(math.exp(math.lgamma(k + 0.8) - math.lgamma(k + 1) - math.lgamma(0.8)), rel=1e-9)
    flat = experiments.tuned_losses(0, 0.5)
    assert 0.2 < flat[7] / flat[3] < 0.4  # Adam's loss with a falling η is a third of that without


# A student's schedule in the designer --------------------------------------------------------------------------------


def with_a_typo(k, lr, steps, share):
    return lr * left / steps  # noqa: F821


@pytest.mark.parametrize("function, shown, words", [
    (chapter.wsd_rate.reference, True, "c = 0.2. "), (lambda k, lr, steps, share: -lr, True, "below 0 at k = 0"),
    (with_a_typo, False, "no rate at k = 0: NameError"), (None, False, "c = 0.2. "),
    (lambda k, lr, steps, share: "no number", False, "no rate at k = 0"),
    (lambda k, lr, steps, share: lr if k < 100 else math.nan, False, "no rate at k = 100: it gives no number"),
    (lambda k, lr, steps, share: lr / (800 - k), False, "no rate at k = 800: ZeroDivisionError"),
    (lambda k: k, False, "TypeError"), (lambda k, lr, steps, share: 1e300, True, "yours: more than 10⁶"),
])  # fmt: skip
def test_the_designer_shows_a_students_schedule_if_it_can_be_run_and_says_what_is_wrong(function, shown, words):
    result = experiments.beside(function)("the river", 1.5, 0.2)
    assert list(result.rates) == (["ours", "yours"] if shown else ["ours"])
    scene = scenes.Designer()
    still(scene, result)
    assert words in scene.caption and "nan" not in scene.caption
    if function is chapter.wsd_rate.reference:
        assert np.allclose(result.rates["ours"], result.rates["yours"], rtol=1e-12)


# Noisy quadratics --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("shape, eta, cooldown", [("constant", 0.4, 1.0), ("linear", 1.5, 0.2), ("cosine", 1.2, 1.0)])
def test_the_mean_loss_is_the_mean_of_runs(ground, shape, eta, cooldown):
    place, k = GROUNDS[ground], np.arange(T)
    rates = np.array([float(v) for v in experiments.design(shape, eta, 0.0, cooldown)(k)])
    w = experiments.noisy_runs(rates[:, None], place, experiments.drawn(T, 100, len(place.start), seed=5))
    losses, mean = experiments.loss_at(w, place), experiments.mean_loss(rates, place)
    for step in (1, 100, 500, T):
        off = losses[step].mean() - mean[step]
        assert abs(off) < 5 * losses[step].std() / 10 + 1e-12


@pytest.mark.parametrize("eta", [0.02, 0.5, 1.0, 1.9, 2.0, 2.4])
@pytest.mark.parametrize("curvature, noise", [(1.0, 1.0), (0.5, 0.3)])
def test_the_floor_is_where_a_long_run_ends(eta, curvature, noise):
    end = expected(np.full(3000, eta), np.array([curvature]), 9.0, noise)
    floor = float(experiments.floor(eta, curvature, noise))
    if eta * curvature < 2:
        assert end[-1] == pytest.approx(floor, rel=1e-6)
    else:
        assert floor == np.inf and end[-1] > 2 * end[1000]


@pytest.mark.parametrize("shape", experiments.SHAPES)
@pytest.mark.parametrize("end, cooldown, warm", list(itertools.product([0.0, 0.1, 1.0], [0.0, 0.3, 1.0], [0, 60])))
def test_a_design_does_what_its_parameters_say(shape, end, cooldown, warm):
    steps = 200
    rates = experiments.design(shape, 0.8, end, cooldown, warm, steps)(np.arange(steps + 1)).astype(float)
    c = max(1, round(cooldown * (steps - warm)))
    before, falls = rates[warm : steps - c], rates[steps - c : steps]
    if len(before):
        assert np.allclose(before, 0.8)  # it keeps η₀ until the last share of the steps
        assert np.allclose(rates[:warm], 0.8 * (np.arange(warm) + 1) / (warm + 1))
    assert np.isfinite(rates).all() and rates.min() >= 0 and rates.max() <= 0.8 * (1 + 1e-12)
    if shape not in ("constant", "cyclic"):
        assert (np.diff(falls) <= 1e-12).all()
    if shape in ("linear", "cosine", "exponential", "inverse time"):
        assert rates[steps] == pytest.approx(0.8 * experiments.lowest(shape, end), abs=1e-12)


def test_a_linear_design_is_wsd():
    k = np.arange(T + 1)
    for share in (0.2, 0.5, 1.0):
        ours = experiments.design("linear", 1.5, 0.0, share)(k)
        assert np.allclose(ours, schedules.wsd(1.5, T, share)(k), atol=1e-12)


@pytest.mark.parametrize("shape", ["linear", "cosine", "cyclic"])
@pytest.mark.parametrize("end, warm", [(0.0, 0), (0.3, 0), (0.0, 60), (1.0, 500)])
def test_the_letters_name_the_warm_up_and_the_end(shape, end, warm):
    words = experiments.in_letters(shape, end, 1.0, warm)
    assert (f"{warm} steps of warm-up" in words) == (warm > 0) and (f" {end:g} η₀" in words) == (end > 0)
    for cooldown in (0.3, 1.0):
        peak = float(experiments.design(shape, 1.0, end, cooldown, warm)(warm)) if warm else 1.0
        assert ("to its lowest" in experiments.in_letters(shape, end, cooldown, warm)) == (peak < 1) or end == 1.0


@pytest.mark.parametrize("end, cooldown, warm", [(0.01, 1.0, 0), (0.2, 0.5, 100), (0.0, 0.25, 0)])
def test_the_letters_of_a_caption_are_those_of_the_curve(end, cooldown, warm):
    k, start = np.arange(T), T - max(1, round(cooldown * (T - warm)))
    for shape in ("exponential", "inverse time"):
        rates = np.array([float(v) for v in experiments.design(shape, 1.0, end, cooldown, warm)(k)])[start:]
        words = experiments.in_letters(shape, end, cooldown, warm)
        beta = float(re.search(r"β = ([\d.]+)", words)[1])
        own = schedules.exponential if shape == "exponential" else schedules.inverse_time
        curve = own(1.0, beta=beta)(np.arange(len(rates)))
        assert np.allclose(curve, rates, rtol=0.06), words
    natural = float(re.search(r"e\^\(−([\d.]+) k\)", experiments.in_letters("exponential", end, cooldown, warm))[1])
    beta = float(re.search(r"β = ([\d.]+)", experiments.in_letters("exponential", end, cooldown, warm))[1])
    assert natural == pytest.approx(-math.log(beta), abs=1.1e-4)


DICE = random.Random(8)
COLUMNS = [  # each slider of the designer at both ends and all over, in another order
    DICE.sample([*ends, *DICE.choices(within, k=16 - len(ends))], 16)
    for ends, within in (
        (experiments.SHAPES, experiments.SHAPES), (list(GROUNDS), list(GROUNDS)),
        ([0.01, 2.5], spread(0.01, 2.5)), ([0.0, 1.0], np.linspace(0, 1, 11).tolist()),
        ([0.0, 1.0], np.linspace(0, 1, 11).tolist()), ([0, 500], list(range(0, 501, 50))),
        ([0.0, 2.0], np.linspace(0, 2, 11).tolist()),
    )
]  # fmt: skip


@pytest.mark.parametrize("shape, ground, eta, end, cooldown, warm, sigma", list(zip(*COLUMNS, strict=True)))
def test_the_designers_caption_names_the_best_of_the_rates_that_were_tried(
    shape, ground, eta, end, cooldown, warm, sigma
):
    make = lambda lr: experiments.design(shape, lr, end, cooldown, warm)  # noqa: E731
    result = experiments.designed(ground, sigma, eta, {shape: make})
    for name, rates in ({"constant": np.ones(T)} | {shape: make(1.0)(np.arange(T)).astype(float)}).items():
        ends = summed(rates[:, None] * ETAS, GROUNDS[ground], sigma)
        said = scenes.best_of(result.ends[name])
        if "of them" in said:
            assert numbers(said)[1] == (ends < 1e-12).sum() > 1
            continue
        loss, best, *_ = numbers(said) if "below" not in said else (1e-13, numbers(said)[1])
        assert best in ETAS and ends[ETAS == best] <= ends.min() * (1 + 1e-9)
        assert loss == pytest.approx(ends.min(), rel=6e-3, abs=1e-12)
        assert ("largest tried" in said) == (best == 1.98) and ("smallest tried" in said) == (best == ETAS.min())


def test_the_best_rate_is_said_to_be_the_end_of_what_was_tried_only_there():
    for i, eta in enumerate(ETAS):
        ends = 0.5 + 0.25 * np.abs(np.arange(len(ETAS)) - i)
        said = scenes.best_of(ends)
        assert said.startswith("0.5 at η₀ = ") and numbers(said)[1] == pytest.approx(eta)
        assert ("largest tried" in said, "smallest tried" in said) == (i == len(ETAS) - 1, i == 0)
        low = np.where(np.arange(len(ETAS)) <= i, 9e-13, 2e-12)  # below 10⁻¹² all are equally good
        assert scenes.best_of(low).startswith(f"below 10⁻¹² at {i + 1} of them" if i else "below 10⁻¹² at η₀ = 0.0012")


def test_no_shape_wins_everywhere_and_each_ground_has_the_winner_that_the_text_names():
    winners = [min(experiments.contest(ground), key=lambda n: experiments.contest(ground)[n][1]) for ground in GROUNDS]
    assert winners == ["WSD, last half", "inverse time to 1 %", "exponential to 1 %"]


def test_the_greedy_rate_of_one_direction_is_inverse_time_and_lowers_the_loss_most():
    V, c = 25.0, 1 / 25
    for k in range(300):
        eta = 1 / (k + 1 + c)
        after = [(1 - e) ** 2 * V + e**2 for e in (eta, 0.98 * eta, 1.02 * eta)]
        assert after[0] == min(after)
        V = after[0]


# The river ---------------------------------------------------------------------------------------------------------


def test_the_constant_rate_of_run_a_is_the_best_constant():
    etas = np.arange(0.02, 1.9, 0.01)
    ends = experiments.mean_loss(np.broadcast_to(etas, (T, len(etas))), GROUNDS["the river"])[-1]
    at = experiments.mean_loss(np.full(T, 0.7), GROUNDS["the river"])[-1]
    assert at < 1.003 * ends.min()


RIVER_RATES = spread(0.02, 1.9)


def test_the_river_says_who_is_ahead_and_how_far():
    scene = scenes.River()
    for i, lr1 in enumerate(RIVER_RATES):
        for j, lr2 in enumerate([RIVER_RATES[(3 * i + 1) % 10], [0.02, 1.9, lr1][i % 3]]):
            cooldown = [0.0, 0.05, 0.2, 0.6, 1.0][(i + j) % 5]
            raft = experiments.rafted(lr1, lr2, cooldown, seed=i)
            scene.show(raft)
            falls = schedules.wsd(lr2, T, cooldown)(np.arange(T)).astype(float)
            for t in (0, 1, 10, 300, 800, 950, T):
                rates = np.stack([np.full(T, lr1), falls], -1)[:t]
                a, b = summed(rates, GROUNDS["the river"]) if t else np.full(2, 80**2 / 600 + 8.0)
                scene.at(t)
                said = scene.caption.partition("Mean loss: ")[2].partition(" From")[0]
                assert f"Step {t:,} of" in scene.caption and numbers(said)[:2] == pytest.approx([a, b], rel=6e-3)
                if ratio := re.search(r"; (.) has ([\d.,]+) times as much", said):
                    times = max(a / b, b / a)
                    assert (ratio[1] == "A") == (a > b) and numbers(ratio[2])[0] == pytest.approx(times, rel=6e-3)
                else:
                    assert "equal" in said and ("nearly" not in said or a != b) and max(a / b, b / a) < 1.0051


def test_the_distance_from_the_rivers_end_is_that_of_runs():
    for lr1, lr2, cooldown in ((0.02, 1.9, 0.0), (0.7, 1.5, 0.2), (1.9, 0.02, 1.0)):
        raft, xi = experiments.rafted(lr1, lr2, cooldown, 3), experiments.drawn(T, 200, 2, seed=8)[:, :, None]
        w = experiments.noisy_runs(raft.rates[:, None], experiments.RIVER, xi)
        assert np.allclose(np.sqrt((w[T, ..., 0] ** 2).mean(0)), raft.along[T], rtol=0.2, atol=0.05)


def test_the_loss_of_b_at_step_800_is_noise_across_the_river():
    parts = experiments.mean_loss(experiments.rafted(0.7, 1.5, 0.2, 0).rates, experiments.RIVER, split=True)
    assert parts[800, 1, 1] > 0.99 * parts[800, 1].sum()


@pytest.mark.parametrize("eta, cooldown", list(itertools.product([0.1, 0.5, 1.5, 1.9], [0.0, 0.2, 1.0])))
def test_a_branch_is_the_end_of_a_shorter_run(eta, cooldown):
    tree = experiments.branched(eta, cooldown)
    for length, (begin, losses) in tree.branches.items():
        alone = np.array([float(v) for v in schedules.wsd(eta, length, cooldown)(np.arange(length))])
        assert losses[-1] == pytest.approx(experiments.mean_loss(alone, experiments.RIVER)[-1], rel=1e-10)
        assert losses[0] == pytest.approx(tree.trunk[begin], rel=1e-10)


def test_the_branches_that_are_lower_than_the_best_cosine_are_counted():
    k, cosines = np.arange(T), []
    for n in experiments.LENGTHS:  # (1 + cos πk/n)/2
        cosines.append(summed((1 + np.cos(np.pi * k[:n, None] / n)) / 2 * ETAS, GROUNDS["the river"]).min())
    etas, cooldowns, counts = np.array(spread(0.1, 1.9)), np.linspace(0.05, 1, 20), set()
    for j, cooldown in enumerate(cooldowns):
        shapes = [np.clip((n - k[:n]) / max(1, round(cooldown * n)), 0, 1) for n in experiments.LENGTHS]
        ends = np.array([summed(shape[:, None] * etas, GROUNDS["the river"]) for shape in shapes])
        i = 7 * j % 10
        won = int((ends[:, i] < cosines).sum())
        assert scenes.lower(experiments.branched(etas[i], float(cooldown))) == f"{won} of 6"
        counts.add(won)
    assert 0 in counts and len(counts) > 2  # none at small rates


def test_at_a_small_rate_the_branches_end_above_the_trunk():
    tree = experiments.branched(0.3, 0.2)
    assert all(losses[-1] > tree.trunk[n] for n, (_, losses) in tree.branches.items())
    tree = experiments.branched(1.5, 0.2)
    assert [n for n, (_, losses) in tree.branches.items() if losses[-1] < tree.best[n]] == [100, 200, 400, 600, 800]


def test_the_best_cool_down_is_two_fifths_of_1000_steps_and_the_shortest_of_200():
    shares = np.arange(1, 21) / 20  # the slider's
    for length, best in ((1000, 0.4), (200, 0.05)):
        rates = np.array([schedules.wsd(1.5, length, c)(np.arange(length)) for c in shares]).T.astype(float)
        assert shares[np.argmin(experiments.mean_loss(rates, experiments.RIVER)[-1])] == best


def test_the_best_cosines_are_nearly_the_best():
    for length, best in experiments.best_cosines().items():
        shape = np.array([float(v) for v in schedules.cosine(1.0, length)(np.arange(length))])
        fine = experiments.mean_loss(shape[:, None] * np.linspace(0.5, 1.98, 149), experiments.RIVER)[-1].min()
        assert fine > 0.97 * best


# Warm-up ------------------------------------------------------------------------------------------------------------


PEAKS, SIGMAS = spread(0.05, 0.35), [0.02, 0.1, 0.2, 0.06, 0.14, 0.05, 0.18, 0.02, 0.12, 0.2]


@pytest.mark.parametrize("peak, sigma", list(zip(PEAKS, SIGMAS, strict=True)))
def test_the_runs_that_diverge_are_those_that_a_loop_sees_leave(peak, sigma):
    xi, k = (
        sigma * experiments.drawn(experiments.WARM_STEPS, experiments.WARM_RUNS, 2),
        np.arange(experiments.WARM_STEPS),
    )
    rates = peak * np.minimum((k[:, None] + 1) / (np.array(experiments.WARM_UPS) + 1), 1)
    w1, w2 = (np.full((len(experiments.WARM_UPS), experiments.WARM_RUNS), v) for v in experiments.WARM_START)
    left = np.zeros(w1.shape, int)  # the step at which a run was farther out than 1000
    with np.errstate(all="ignore"):  # then it runs on, to infinity
        for t, (eta, noise) in enumerate(zip(rates[..., None], xi, strict=True), 1):
            off = 2 * (w1 * w2 - 1)
            w1, w2 = w1 - eta * (off * w2 + noise[:, 0]), w2 - eta * (off * w1 + noise[:, 1])
            left[(left == 0) & ~(np.maximum(abs(w1), abs(w2)) <= 1e3)] = t
    assert ((left > 0) == ~(np.isfinite(w1) & np.isfinite(w2))).all()  # none comes back
    a, b, c = 2 * w2**2, 2 * w1**2, 4 * w1 * w2 - 2  # the Hessian
    for row, n in enumerate(experiments.WARM_UPS):
        warmed, gone, stays = experiments.warmed(n, peak, sigma), left[row, 0], left[row] == 0
        said = [scenes.diverges(warmed, t) for t in (0, max(gone - 1, 0), gone, experiments.WARM_STEPS)]
        assert {int(one.split()[0]) for one in said} == {(left[row] > 0).sum()}
        at = [int(found[1]) if (found := re.search(r"diverged at step (\d+)", one)) else 0 for one in said]
        assert at == [0, 0, gone, gone]
        if stays.any():
            a_, b_, c_ = (part[row, stays] for part in (a, b, c))
            assert warmed.ends[row] == pytest.approx(np.median((a_ + b_ + np.hypot(a_ - b_, 2 * c_)) / 2), rel=1e-6)


def test_the_sharpness_walks_down_along_two_over_eta():
    warmed = experiments.warmed(200, 0.25, 0.05)
    late = slice(110, 200)
    assert warmed.sharpness[0] == pytest.approx(24.6, abs=0.1)
    ratio = warmed.sharpness[late] * warmed.rates[late] / 2
    assert 0.75 < np.median(ratio) < 1.1 and ratio.max() < 1.6
    assert warmed.ends[experiments.WARM_UPS.index(200)] < 8


def test_with_less_noise_more_warm_ups_are_too_short_since_the_jumps_begin_later():
    for peak, n in itertools.product((0.25, 0.3, 0.35), (30, 50)):
        which = experiments.WARM_UPS.index(n)
        shares = [experiments.warmed(n, peak, sigma).shares[which] for sigma in (0.2, 0.05, 0.02)]
        assert sorted(shares) == shares
    off = {}
    for sigma in (0.05, 0.02):
        xi = sigma * experiments.drawn(experiments.WARM_STEPS, experiments.WARM_RUNS, 2)
        start = np.tile(experiments.WARM_START, (experiments.WARM_RUNS, 1))
        path = descend(gd, start, lambda w, t, xi=xi: surfaces.product().grad(w) + xi[t - 1], 100,
                       lr=schedules.warmup(0.3, 50), limit=1e3)["w"]  # fmt: skip
        off[sigma] = np.median((abs(1 - path[10:].prod(-1)) > 0.5).argmax(0))  # the first large jump across the valley
    assert off[0.02] > off[0.05]


# Plateau -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", experiments.PLATEAUS)
@pytest.mark.parametrize("patience, again", [(0, False), (2, True), (20, False), (50, True)])
def test_the_figures_plateau_is_the_packages(name, patience, again):
    place = experiments.scenery(name)
    noise = place.noise[:, :3]
    rule = schedules.on_plateau(place.lr, factor=0.5, patience=patience, threshold=place.threshold, low=place.low,
                                raise_after=experiments.STREAK if again else None)  # fmt: skip
    path = descend(gd, np.tile(place.start, (3, 1)), lambda w, t: place.surface.grad(w) + noise[t - 1], len(noise),
                   lr=rule, loss=place.surface.loss)  # fmt: skip
    losses = experiments.plateaus(name)[0][:, int(again), experiments.PATIENCES.index(patience), :3]
    assert np.allclose(losses, path["loss"], rtol=1e-9, atol=1e-20)


@pytest.fixture(scope="module")
def plateau():
    return scenes.Plateau()


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", experiments.PLATEAUS)
def test_the_plateaus_captions_name_the_best_patience(name, again, plateau):
    losses = experiments.plateaus(name)[0][-1, int(again)]
    middles = [max((sorted(row)[19] + sorted(row)[20]) / 2, 1e-12) for row in losses.tolist()]  # forty runs
    best = {n for n, middle in zip(experiments.PATIENCES, middles, strict=True) if middle == min(middles)}
    for patience in experiments.PATIENCES:
        plateau.show((name, patience, again))
        plateau.at(plateau.steps)
        said = re.search(r"\(([^)]*of the 8.*?)\)", plateau.caption)[1]
        named = {int(n) for n in numbers(said.replace("of the 8", ""))}
        assert ("the best of the 8" in said) == (patience in best) and named == best - {patience}


def test_all_patiences_that_are_equally_good_are_named():
    for middles in np.random.default_rng(0).integers(1, 4, (50, 8)):
        for i, patience in enumerate(experiments.PATIENCES):
            said = scenes.best_patience(middles, i)
            named = {int(n) for n in numbers(said.replace("of the 8", ""))}
            best = {n for n, middle in zip(experiments.PATIENCES, middles, strict=True) if (middles >= middle).all()}
            assert ("the best of the 8" in said) == (patience in best) and named == best - {patience}


def test_at_the_saddle_the_threshold_is_what_ends_an_impatient_run():
    place = experiments.scenery(experiments.PLATEAUS[2])
    noise = place.noise[:, :3]
    assert place.threshold == experiments.scenery(experiments.PLATEAUS[0]).threshold == 1e-4  # torch's
    for threshold, away in ((1e-4, False), (0.0, True)):
        for patience in (0, 2, 20):
            rule = schedules.on_plateau(place.lr, factor=0.5, patience=patience, threshold=threshold)
            path = descend(gd, np.tile(place.start, (3, 1)), lambda w, t: place.surface.grad(w) + noise[t - 1], 600,
                           lr=rule, loss=place.surface.loss)  # fmt: skip
            assert (path["loss"][-1] < 1e-6).all() == away and ((path["loss"][-1] > 0.9).all() != away)
    ends = np.median(experiments.plateaus(experiments.PLATEAUS[2])[0][-1, 0], axis=-1)
    assert [n for n, end in zip(experiments.PATIENCES, ends, strict=True) if end < 1e-6] == [50, 100, 200]


def test_without_a_lower_bound_no_loss_is_good_again_once_the_noise_has_stopped():
    place = experiments.scenery(experiments.PLATEAUS[1])
    for threshold in (0.0, place.threshold):
        rule = schedules.on_plateau(1.0, factor=0.5, patience=2, threshold=threshold, raise_after=experiments.STREAK)
        loss = descend(gd, np.tile(place.start, (20, 1)), lambda w, t: place.surface.grad(w) + place.noise[t - 1, :20],
                       600, lr=rule, loss=place.surface.loss)["loss"]  # fmt: skip
        assert (loss[150:].min(0) > loss[:150].min(0)).all()  # it stands above the best of the noisy part


# The burst ---------------------------------------------------------------------------------------------------------

WARMS, SEEDS = [0, 30, 50, 80, 100, 140, 200, 260, 330, 420, 500], (0, 4, 9)


def long_valleys(root):
    """`experiments.long_valley` of FALLS × WARMS at once: w and the rate of w₂, (steps, falls, warms, seeds)."""
    steps, lam, noise = experiments.LONG_STEPS, experiments.LONG, experiments.drawn(2000, 10, 2)[:, SEEDS]
    k, grads = np.arange(steps), []
    eta = np.array([[experiments.cure(fall, warm)(k) for warm in WARMS] for fall in experiments.FALLS], float)

    def grad(w, t):
        grads.append(lam * w + 1e-3 * np.sqrt(lam) * noise[t - 1])
        return grads[-1]

    _, step, how = experiments.ROOTS[root]
    start = np.broadcast_to(experiments.LONG_START, (*eta.shape[:2], len(SEEDS), 2))
    w = descend(step, start, grad, steps, lr=lambda k: eta[:, :, k, None, None], **how)["w"]
    return w, -np.diff(w[..., 1], axis=0) / np.array(grads)[..., 1]


@pytest.mark.parametrize("root", experiments.ROOTS)
def test_a_run_is_thrown_out_only_where_the_rate_crosses_the_edge(root):
    w, rates = long_valleys(root)
    theirs = experiments.long_valley(root, "1/√(k+1)", 50)["w"][:, SEEDS]
    assert np.array_equal(theirs, w[:, list(experiments.FALLS).index("1/√(k+1)"), WARMS.index(50)])
    for at in np.ndindex(rates.shape[1:]):
        far, rate, path = np.abs(w[(..., *at, 1)]), rates[(..., *at)], dict(w=w[(slice(None), *at)])
        rest = next(t for t, one in enumerate(far) if one < 0.1)
        farthest = far[rest:].max()
        step = far.tolist().index(farthest, rest)
        words = {t: scenes.thrown(path, t) for t in (0, rest, step, len(far) - 1)}
        assert "not come below" in words[0] and "has stayed below" in words[rest]
        assert ("has stayed below" in words[len(far) - 1]) == (farthest < 0.2)
        assert words[step] == words[len(far) - 1]  # what is to come is not told before it is there
        if farthest >= 0.2:
            assert f"(step {step:,})" in words[step] and numbers(words[step])[1] == pytest.approx(farthest, rel=0.06)
            assert (rate[rest:step] > 2).any() and root != "root of the sum"


def test_thrown_out_says_so_where_a_run_never_comes_to_rest():
    assert experiments.thrown_out(np.array([3.0, 2.0, 0.2])) is None
    assert scenes.thrown(dict(w=np.array([[0.0, 3.0], [0.0, 0.2]])), 1) == "|w₂| has not come below 0.1"


@pytest.mark.parametrize("name, root, fall, warm", experiments.CURES, ids=lambda part: str(part)[:8])
def test_a_run_is_thrown_out_where_its_rate_crosses_the_edge_at_rest(name, root, fall, warm):
    path = experiments.long_valley(root, fall, warm)
    for seed in range(experiments.LONG_SEEDS):
        run = experiments.of_seed(path, seed)
        far = abs(run["w"][:, 1])
        crosses = (run["rate"][(far < 0.1).argmax() :, 1] > 2).any()
        assert crosses == (experiments.thrown_out(far)[1] > 1)


def test_a_late_crossing_with_a_small_eta_throws_nothing_out():
    path = experiments.long_valley(experiments.CURES[5][1], "1/√(k+1)", 0)  # the moving average
    crossed = path["rate"][10:, :, 1] > 2
    assert crossed.any(axis=0).all() and crossed.argmax(axis=0).min() > 500
    assert abs(path["w"][500:, :, 1]).max() < 0.1


def test_which_schedules_cure_the_burst():
    worst = {name: max(experiments.thrown_out(far)[1] for far in abs(experiments.long_valley(*how)["w"][..., 1]).T)
             for name, *how in experiments.CURES}  # fmt: skip
    least = {name: min(experiments.thrown_out(far)[1] for far in abs(experiments.long_valley(*how)["w"][..., 1]).T)
             for name, *how in experiments.CURES}  # fmt: skip
    assert all(worst[name] < 0.2 for name in ("both", "root", "rms-exp"))
    assert all(least[name] > 1 for name in ("mean", "linear", "warm", "rms-warm", "rms-both"))
    mean = "root of the mean square"
    for fall in ("inverse time, β = 0.01", "exponential, β = 0.995"):  # fast enough alone
        assert (
            max(experiments.thrown_out(f)[1] for f in abs(experiments.long_valley(mean, fall, 0)["w"][..., 1]).T) < 0.2
        )


# The full update ---------------------------------------------------------------------------------------------------


def test_with_all_switches_the_update_is_adam_and_with_none_gradient_descent():
    from optim_core.optimizers import adam

    bowl = surfaces.bowl(100.0)
    for scaled, averaged, step, how in ((1, 1, adam, dict(beta1=0.9, beta2=0.99, eps=1e-8)), (0, 0, gd, {})):
        mine = descend(experiments.full_update, (-8.0, 4.0), bowl.grad, 50, lr=0.1, scaled=scaled, averaged=averaged)
        theirs = descend(step, (-8.0, 4.0), bowl.grad, 50, lr=0.1, **how)
        assert np.allclose(mine["w"], theirs["w"], rtol=1e-12)


def test_a_falling_rate_alone_does_not_care_about_the_angle_and_sigma_does():
    flat = experiments.tuned_losses(0, 0.5)
    for angle in (20, 45, 90):
        turned = experiments.tuned_losses(angle, 0.5)
        assert np.allclose(turned[[0, 1, 4, 5]], flat[[0, 1, 4, 5]], rtol=1e-6)
    assert experiments.tuned_losses(45, 0.5)[2] > flat[0]


@pytest.mark.parametrize("angle, sigma", [(0, 0.02), (15, 1.0), (30, 0.2), (45, 0.5), (60, 0.02), (60, 1.0)])
def test_gradient_descent_and_adam_are_tuned_to_the_best_of_the_rates_tried(angle, sigma):
    from optim_core.optimizers import adam

    noise, turn = experiments.drawn(experiments.FULL_STEPS, experiments.FULL_RUNS, 2), np.radians(angle)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    noise, bowl, start = (sigma * noise * [0.1, 1.0]) @ axes.T, surfaces.bowl(100.0, turn), axes @ [-8.0, 4.0]
    etas, cosine = experiments.FULL_ETAS[:, None, None], schedules.cosine(1.0, experiments.FULL_STEPS)
    lowest, wide = experiments.tuned_losses(angle, sigma), (len(etas), experiments.FULL_RUNS, 2)
    for step, how, which in ((gd, {}, (0, 4)), (adam, dict(beta1=0.9, beta2=0.99), (3, 7))):
        for i, lr in zip(which, (etas, lambda k: etas * cosine(k)), strict=True):
            grad = lambda w, t: bowl.grad(w) + noise[t - 1]  # noqa: E731
            path = descend(step, np.broadcast_to(start, wide), grad, experiments.FULL_STEPS, lr=lr, **how)
            ends = np.where(path["diverged"].any(-1), np.inf, bowl.loss(path["w"][-1]).mean(-1))
            assert lowest[i] == pytest.approx(ends.min(), rel=1e-6)


def test_the_switches_caption_compares_with_one_part_changed():
    names = {"the fall of η": 0, "σ": 1, "m": 2}
    for lowest in [*np.exp(np.random.default_rng(0).normal(0, 6, (40, 8))), experiments.tuned_losses(45, 0.5)]:
        for chosen, on in enumerate(experiments.SWITCHES):
            words = scenes.without(lowest, chosen)
            told = dict(re.findall(r"with(?:out)? (the fall of η|σ|m)(?: the loss is)? (.+?) times", words, re.I))
            assert set(told) == {name for name, i in names.items() if on[i] or not any(on)}
            assert words.startswith("Without" if any(on) else "With the")
            for name, text in told.items():
                other = tuple(int(v) ^ (names[name] == i) for i, v in enumerate(on))
                ratio = lowest[experiments.SWITCHES.index(other)] / lowest[chosen]
                if "than" in text or "below" in text:
                    assert ratio > 1e6 if "than" in text else ratio < 1e-12
                else:
                    assert numbers(text)[0] == pytest.approx(ratio, rel=0.06)


def test_turned_by_45_degrees_all_three_do_better_without_sigma_and_without_noise_need_m():
    for sigma in (0.04, 0.5, 1.0):
        full, no_sigma, no_m = experiments.tuned_losses(45, sigma)[[7, 5, 6]]
        assert no_sigma < full
        assert no_m < full if sigma > 0.1 else no_m > 10 * full


# Digits ------------------------------------------------------------------------------------------------------------


def test_at_small_rates_linear_is_constant_at_half_the_rate():
    *_, look = experiments.on_digits(0.2, 0)
    names = list(experiments.OVER_TIME)
    constant, linear = names.index("constant"), names.index("linear to 0")
    for losses in (look.train, look.held):
        assert losses[-1, linear, 1] == pytest.approx(losses[-1, constant, 0], rel=0.02)  # η = 0.2 against 0.1


def test_at_a_large_rate_wsd_is_constant_until_it_falls_and_the_others_are_ahead_at_once():
    *_, look = experiments.on_digits(0.2, 0)
    constant, linear, cosine, wsd = look.train[:, :, list(experiments.DIGIT_ETAS).index(2.0)].T
    assert np.allclose(wsd[:9], constant[:9], rtol=1e-12) and (wsd[9:] < constant[9:]).all()
    assert (linear[1:] < constant[1:]).all() and (cosine[1:] < constant[1:]).all()


def test_the_lowest_held_out_loss_is_found_beside_runs_that_diverged():
    for seed in range(60):
        held = np.random.default_rng(seed).lognormal(0, 3, 6)
        held[np.random.default_rng(seed).random(6) < 0.3] = [np.inf, np.nan, 1e9][seed % 3]
        at = min((value, i) for i, value in enumerate(np.where(held < 1e6, held, 2e6).tolist()))[1]
        assert f" at η = {experiments.DIGIT_ETAS[at]:g} (" in scenes.lowest(held, held) or not (held < 1e6).any()


def test_a_training_that_is_kept_comes_again_look_by_look():
    first, again = list(experiments.on_digits(0.2, 0)), list(experiments.on_digits(0.2, 0))
    assert len(first) == len(again) == experiments.EPOCHS + 1
    assert all(a is b for a, b in zip(first, again, strict=True))
