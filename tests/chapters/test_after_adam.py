"""Chapter 16: what its figures, captions and questions say is true."""

import itertools
import re

import captions
import numpy as np
import pytest

import notebooks
from optim_core.chapters.after_adam import exercises, experiments, scenes
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.muon import orthogonalise
from optim_core.optimizers import gd, schedule_free


def test_shampoo_without_memory_is_the_orthogonal_factor():
    rng = np.random.default_rng(0)
    for _ in range(20):
        G = rng.normal(size=(4, 4))
        assert np.allclose(experiments.shampoo_once(G), orthogonalise(G), atol=1e-8)


@pytest.mark.parametrize("method", ["Shampoo", "SOAP"])
@pytest.mark.parametrize("kappa", [1.1, 100.0, 1000.0])
@pytest.mark.parametrize("lr", [0.01, 0.1, 1.0])
def test_shampoo_and_soap_do_not_see_the_angle_of_a_valley(method, kappa, lr):
    angles = [0, 5, 45, 90, 137, 180]
    losses = experiments.valley_loss(experiments.in_the_valley(method, kappa, angles, lr), kappa, angles)
    assert np.allclose(losses, losses[:, :1], rtol=1e-4, atol=1e-8)


def test_the_coordinate_wise_methods_do_see_it():
    for method in ("sign descent", "Lion", "Adam"):
        left = experiments.valley_loss(experiments.in_the_valley(method, 100.0, [0, 45], 0.1)[-1], 100.0, [0, 45])
        assert left[1] > 50 * left[0]


def test_the_first_step_of_shampoo_has_the_length_that_its_equation_says():
    w = experiments.in_the_valley("Shampoo", 10.0, [30], 0.1, steps=1)[:, 0]
    assert np.linalg.norm(w[1] - w[0]) == pytest.approx(0.1, rel=1e-3)  # (g gᵀ)^(−½) g is g/‖g‖


@pytest.mark.parametrize(("beta", "average"), [(0.0, False), (0.0, True), (0.9, True), (0.5, True)])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_expected_losses_are_the_mean_of_many_runs(beta, average, noise):
    lam, eta, runs = experiments.LAMBDAS, 0.4, 800
    sigma = noise * np.sqrt(lam)
    rng = np.random.default_rng(5)
    path = descend(
        schedule_free if average else gd,
        np.ones((runs, len(lam))),
        lambda w, t: lam * w + sigma * rng.normal(size=w.shape),
        12,
        lr=eta,
        **(dict(beta=beta) if average else {}),
    )["w"]
    found = (path**2 @ lam).mean(-1) / 2
    want = experiments.expected(np.full((12, 1), eta), noise, beta, average)[:, 0]
    assert np.allclose(found, want, rtol=0.06 if noise else 1e-9)


def test_the_largest_rates_are_below_what_diverges():
    for name, largest, beyond in (("constant η", 1.9, 2.05), ("averaged", 1.9, 2.05), ("schedule-free", 4.0, 20.5)):
        beta = experiments.KEPT.get(name, 0.0)
        long = experiments.expected(np.full((600, 2), [largest, beyond]), 0.1, beta, name in experiments.KEPT)
        assert experiments.tries(name)[-1] == largest and long[-1, 0] < 1 < 1e3 < long[-1, 1]


def planned(T, noise):
    """{name: the lowest expected losses at step T, by η}, without the recursion of `expected` where there is a plan.

    E w_T² = Π a_k² + Σ_k kick_k² Π_{j > k} a_j²  with  a = 1 − ηλ,  kick = η σ √λ.
    """
    k, lam, found = np.arange(T), experiments.LAMBDAS, {}
    shapes = {"constant η": np.ones(T), "cosine to T": (1 + np.cos(np.pi * k / T)) / 2,
              "constant, then to 0 at T": np.clip((T - k) / max(1, round(0.2 * T)), 0, 1)}  # fmt: skip
    for name, shape in shapes.items():
        eta = (shape[:, None] * experiments.RATES)[..., None]
        after = np.cumprod(((1 - eta * lam) ** 2)[::-1], axis=0)[::-1]
        kept = np.concatenate([after[1:], np.ones((1, *after.shape[1:]))])
        found[name] = ((after[0] + noise**2 * (eta**2 * lam * kept).sum(0)) @ lam) / 2
    for name in experiments.KEPT:
        found[name] = experiments.without_plan(noise)[name][T]
    return found


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3, 1.0])
def test_each_plan_gets_its_best_rate_and_the_caption_names_the_lowest_as_the_text_says(noise):
    for T in (10, 20, 30, 50, 80, 120, 190, 300, 450, 600):
        (runs, rates), every = experiments.horizon(T, noise), planned(T, noise)
        for name, losses in every.items():
            assert runs[name][T] == pytest.approx(losses.min(), rel=1e-9)
            assert losses[experiments.tries(name) == rates[name]] == pytest.approx(losses.min(), rel=1e-9)
        least = {name: losses.min() for name, losses in every.items()}
        ranked = sorted(least, key=least.get)
        assert scenes.lowest({name: run[T] for name, run in runs.items()}) == f"Lowest: {ranked[0]}."
        assert ranked[0] == ("schedule-free" if noise < 0.2 else "averaged")
        assert noise or ranked[-1] == "averaged"
        always = experiments.horizon(600, noise)[0]["schedule-free"][T]  # planned for the end of the figure
        assert always < 1.35 * least["cosine to T"]


def test_no_method_ends_in_the_turned_valley_by_the_luck_of_round_numbers():
    for lr in (0.03, 0.1, 0.3, 1.0):
        for method in ("sign descent", "Lion"):
            w = experiments.in_the_valley(method, 100.0, [0], lr)[-1]
            assert experiments.valley_loss(w, 100.0, [0])[0] > 1e-9


def test_gradient_descent_learns_the_strong_first_and_muon_the_weak():
    for seed in range(10):
        slow = experiments.half_times(experiments.modes("gradient descent", 0.05, seed))
        muon = experiments.half_times(experiments.modes("Muon", 0.05, seed))
        assert (np.diff(slow) > 0).all() and (np.diff(muon) < 0).all()
        assert "first: strength 4; last: strength 0.5" in scenes.order(slow, 250)
        assert "first: strength 0.5; last: strength 4" in scenes.order(muon, 250)
    assert scenes.order(np.full(4, np.inf), 250) == "No strength is half learned by step 250."


def first_and_last(times, t):
    """What `order` has to say, found by looking through all steps: first, last, and those that are late."""
    halves = {step: {s for s, when in zip((4, 2, 1, 0.5), times, strict=True) if when == step} for step in range(t + 1)}
    seen = [some for some in halves.values() if some]
    late = {4, 2, 1, 0.5}.difference(*seen)
    return (seen[0], set() if late else seen[-1], late) if seen else (set(), set(), {4, 2, 1, 0.5})


def told(words):
    """The same, read from a caption."""
    if words == "All are half learned at the same step.":
        return {4, 2, 1, 0.5}, {4, 2, 1, 0.5}, set()
    if words.startswith("No strength"):
        return set(), set(), {4, 2, 1, 0.5}
    first, last = (
        {float(n) for n in re.findall(r"[\d.]*\d", part)} for part in re.findall(r"strengths? ([^;]*)", words)
    )
    return (first, set(), last) if "not by" in words else (first, last, set())


def test_the_order_of_the_strengths_is_found_by_looking_through_all_steps():
    for times in itertools.product([1, 2, 3, np.inf], repeat=4):
        for t in (0, 1, 2, 3, 250):
            assert told(scenes.order(np.array(times), t)) == first_and_last(times, t)
    ties, seeds = 0, itertools.cycle(range(10))
    for lr, method in itertools.product(np.geomspace(0.005, 0.1, 10).round(4), ["gradient descent", "Adam", "Muon"]):
        shares = experiments.modes(method, lr, next(seeds))
        times = [next((t for t, share in enumerate(mode) if share >= 0.5), np.inf) for mode in shares.T.tolist()]
        for t in (0, 5, 10, 30, 100, 250):
            assert told(scenes.order(experiments.half_times(shares), t)) == first_and_last(times, t)
        ties += len(set(times)) < 4
    assert ties  # Adam learns two at once


@pytest.mark.parametrize("method", ["gradient descent", "Adam", "Muon"])
def test_the_figure_of_the_modes_tells_nothing_before_it_has_happened(method):
    scene, shares = scenes.Modes(), experiments.modes(method, 0.05, 3)
    scene.show((method, 0.05, shares))
    for t in (0, 5, 12, 20, 60, 250):
        scene.at(t)
        reached = (shares[: t + 1] >= 0.5).any(0)
        bars = dict(zip(scene.half.bars, reached, strict=True))
        assert all((scene.half.bars[name] > 0) == seen for name, seen in bars.items())
        assert all(scene.half.words[name].startswith("not") != seen for name, seen in bars.items())
        assert ("last" in scene.caption) == reached.all() and ("No strength" in scene.caption) == (not reached.any())


@pytest.mark.parametrize("g1", np.linspace(-2, 2, 11).tolist())
def test_no_step_on_the_circle_or_the_square_lowers_the_loss_more(g1):
    turn = np.linspace(0, 2 * np.pi, 7201)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    for g2 in np.linspace(-2, 2, 11):
        g = np.array([g1, g2])
        most = [(-g @ steps).max() for steps in (circle, circle / np.abs(circle).max(0))]
        said = [notebooks.parse_number(one)[0] for one in captions.NUMBER.findall(scenes.lowers(g))]
        assert said == pytest.approx(most, rel=6e-3, abs=1e-9)


def test_the_directions_are_kept_where_the_longest_axes_stay_and_each_value_stands_for_its_own():
    """v, which G stretches most, has an angle with tan 2φ = 2 g₁·g₂/(|g₁|² − |g₂|²), of the columns; then D v ∥ G v."""
    seen = {name: set() for name in experiments.DIRECTIONS}
    for kappa, angle in itertools.product(np.geomspace(1.5, 1000, 10), range(0, 181, 5)):
        G = experiments.gradient_matrix(kappa, angle)
        phi = np.arctan2(2 * G[:, 0] @ G[:, 1], (G[:, 0] ** 2 - G[:, 1] ** 2).sum()) / 2
        v, across = np.array([np.cos(phi), np.sin(phi)]), np.array([-np.sin(phi), np.cos(phi)])
        for name, make in experiments.DIRECTIONS.items():
            D = make(G)
            off = [abs((G @ x)[0] * (D @ x)[1] - (G @ x)[1] * (D @ x)[0]) / np.linalg.norm(G @ x) for x in (v, across)]
            said = scenes.made_of("it", G, D)
            kept = said.endswith("The directions are kept.")
            assert kept == (max(off) < 1e-5), (name, kappa, angle, off)
            seen[name].add(kept)
            told = [notebooks.parse_number(one)[0] for one in captions.NUMBER.findall(said)]
            a, b = np.linalg.norm(D @ v), np.linalg.norm(D @ across)  # what becomes of each axis
            lengths = [a, b] if kept else [np.linalg.norm(D, 2), np.linalg.norm(D, -2)]
            assert told == pytest.approx([1, 1 / kappa, *lengths], rel=6e-3, abs=1e-8), (name, kappa, angle)
    assert seen.pop("sign of each entry") >= {False} and set(map(str, seen.values())) == {"{True}"}


@pytest.mark.parametrize("products", range(11))
def test_the_span_of_newton_schulz_is_that_of_the_polynomial(products):
    s = np.geomspace(0.01, 1, 50_001)  # the last is exactly 1
    for _ in range(products):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    _, before, curves, _ = exercises.beside(lambda G, steps: ____)(products)
    said = [notebooks.parse_number(one) for one in captions.NUMBER.findall(scenes.spans(before, curves["ours"]))]
    for (number, digit), true in zip(said, (s.min(), s.max()), strict=True):
        assert number == pytest.approx(true, abs=max(digit, 2e-3 * true))
    if products == 5:
        assert 0.68 < s.min() and s.max() < 1.14


@pytest.mark.parametrize("lr", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("radius", [0.1, 0.3, 0.6])
def test_sam_ends_over_a_flatter_floor_than_gradient_descent(lr, radius):
    for start in ((1.8, 0.9), (-2.0, -0.6), (1.0, 0.3)):
        runs = experiments.along_the_floor(lr, radius, start)
        assert experiments.sharpness(runs["SAM"]["w"][-1]) < experiments.sharpness(runs["gradient descent"]["w"][-1])
    same = experiments.along_the_floor(lr, 0.0)
    assert np.array_equal(same["SAM"]["w"], same["gradient descent"]["w"])


@pytest.mark.parametrize("radius", [0.1, 0.3, 0.6])
def test_sam_drifts_along_the_floor_by_about_eta_rho_squared_times_w(radius):
    for x in (0.5, 1.0, 1.6):
        w = experiments.along_the_floor(0.1, radius, (x, 0.01), steps=12)["SAM"]["w"][:, 0]
        drift = (w[8] - w[12]) / 4
        assert 0.95 < drift / (0.1 * radius**2 * w[10]) < 1.4


def test_sharpness_is_the_largest_eigenvalue_on_the_floor():
    for x in (-2.0, 0.0, 1.3):
        largest = np.linalg.eigvalsh(experiments.FLOOR.hessian([x, 0.0])).max()
        assert experiments.sharpness([x, 0.7]) == pytest.approx(largest)


def test_the_figure_says_why_a_student_s_iteration_is_not_in_it():
    def fails(G, steps):
        return G if steps < 2 else undefined  # noqa: F821

    said = {}
    for name, function in dict(
        fails=fails, flat=lambda G, steps: G[:1], none=lambda G, steps: None, lost=lambda G, steps: G * np.nan, no=3
    ).items():
        scene = scenes.Singular()
        scene.show(exercises.beside(function)(products=5))
        scene.at(0)
        assert "ours from 0.68" in scene.caption and "yours from" not in scene.caption
        said[name] = scene.caption.partition("Yours ")[2]
    assert said["fails"] == "failed with NameError: name 'undefined' is not defined."
    assert said["flat"] == said["none"] and "of the shape of G" in said["flat"]
    assert said["lost"] == "is no finite number for 181 of 181 values." and said["no"] == "is not a function."


def test_a_student_s_iteration_stands_beside_ours_unless_it_has_a_blank():
    assert list(exercises.beside(lambda G, steps: ____)(5)[2]) == ["ours"]  # noqa: F821
    _, _, curves, trouble = exercises.beside(exercises.newton_schulz.reference)(5)
    assert np.allclose(curves["ours"], curves["yours"]) and not trouble
    *_, curves, trouble = exercises.beside(lambda G, steps: G * np.where(G[1, 1] < 0.5, 2.0, np.inf))(5)
    assert "yours" in curves and "no finite number for" in trouble


def test_the_race_is_tuned_on_other_digits_and_seeds_than_it_reports():
    tune, report = experiments._parts()
    assert len(tune.X_test) + len(report.X_test) == 597
    assert not set(map(bytes, tune.X_test)) & set(map(bytes, report.X_test))
    assert not set(experiments.TUNING) & set(experiments.FRESH)
    assert {len(rates) for _, rates, _ in experiments.RACE.values()} == {4}
