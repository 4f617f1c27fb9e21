"""Chapter 02: what its exercises, questions and figures say is true."""

import itertools
import math
import re

import numpy as np
import pytest
from scipy.stats import binom

import notebooks
from optim_core import critical, descent, optimizers, surfaces
from optim_core.chapters.critical_points import exercises as chapter
from optim_core.chapters.critical_points import experiments, scenes
from optim_core.chapters.critical_points.exercises import classify, escape_direction, escape_steps, quadratic_model
from optim_core.chapters.critical_points.scenes import Eigenvectors, Escape, IndexLoss, RandomHessians, Taylor
from optim_core.live.controls import CONTROLS, stops

every_surface = pytest.mark.parametrize(
    "surface", [make() for make in surfaces.SURFACES.values()], ids=lambda s: s.name
)
STOPS = np.round(np.arange(-250, 251) / 50, 2)  # of the sliders of w, from −5 to 5


def test_the_classifier_and_the_escape_direction_are_those_of_the_package():
    for (eigenvalues,) in classify.cases:
        assert classify.reference(eigenvalues) == critical.classify(np.diag(eigenvalues))
    for (hessian,) in escape_direction.cases:
        assert escape_direction.same(escape_direction.reference(hessian), critical.escape_direction(hessian))


def test_the_quadratic_model_misses_the_loss_by_the_third_order_only():
    surface, w, d = surfaces.rosenbrock(), np.array([-0.5, 0.8]), np.array([0.6, -0.8])
    at = surface.loss(w), surface.grad(w), surface.hessian(w)
    misses = [abs(quadratic_model.reference(*at, s * d) - surface.loss(w + s * d)) for s in (1e-1, 1e-2, 1e-3)]
    orders = np.log10(np.array(misses[:-1]) / misses[1:])
    assert np.all(np.abs(orders - 3) < 0.1)


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-8])
def test_the_escape_law_counts_the_steps_of_gradient_descent(distance):
    def hill(u):
        return np.array([-2.0, 2.0]) * u

    path = descent.descend(optimizers.gd, np.array([distance, 0.0]), hill, 400, lr=0.05)
    measured = int(np.argmax(path["w"][:, 0] >= 1))
    assert measured == math.ceil(escape_steps.reference(distance, 1.0, 0.05, -2.0))


def test_on_the_antidiagonal_gradient_descent_ends_at_the_saddle():
    assert chapter.antidiagonal.measure() == "b"
    assert chapter.antidiagonal.options["b"] == "at the saddle"


@pytest.mark.parametrize("degrees", [10, 30, 75])
def test_rounding_pushes_a_run_off_the_stable_line_unless_the_surface_lies_in_its_symmetry(degrees):
    surface, turn = surfaces.product(), np.radians(degrees)
    R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def leaves_at(R):
        w = descent.descend(
            optimizers.gd, np.array([-1.0, 1.0]) @ R.T, lambda w: surface.grad(w @ R) @ R.T, 600, lr=0.05
        )
        return int(np.argmax(surface.loss(w["w"] @ R) < 0.5))

    assert 300 < leaves_at(R) < 500 and leaves_at(np.eye(2)) == 0


@pytest.mark.parametrize("closer", [10, 100, 1000])
def test_starting_closer_costs_the_logarithm_more_steps(closer):
    more = experiments.steps_to_leave(1e-2 / closer) - experiments.steps_to_leave(1e-2)
    assert abs(more - math.log(closer) / math.log(1 + 2 * experiments.LR)) <= 1.5


def test_the_prediction_of_the_steps_is_the_measured_difference():
    p = chapter.more_steps
    assert p.measure() == experiments.steps_to_leave(1e-4) - experiments.steps_to_leave(1e-2)
    assert "= 48.3" in p.why


def test_the_eigenvalues_that_the_choices_quote():
    surface = surfaces.product()
    assert np.allclose(critical.eigen(surface.hessian(np.array([1.0, 1.0])))[0], [0, 4])
    assert np.allclose(critical.eigen(surface.hessian(np.zeros(2)))[0], [-2, 2])
    w = np.array([2.0, 0.5])
    assert np.allclose(critical.eigen(surface.hessian(w))[0], [0, 2 * w @ w])


def test_the_chance_of_three_positive_eigenvalues_that_a_choice_quotes():
    positive = (critical.eigen(critical.goe(3, runs=40_000, seed=1))[0] > 0).all(-1).mean()
    assert abs(positive - 0.0249) < 4 * math.sqrt(0.0249 / 40_000)
    assert "in 2.5% of cases, not in 12.5%" in chapter.independent_signs.explanations["c"]


@every_surface
def test_the_loss_at_every_known_critical_point_is_in_the_panels(surface):
    scene, one = Eigenvectors(), Taylor()
    for point in surface.critical_points:
        L = surface.loss(point["w"])
        scene.show((surface, point["w"], 0.0))
        one.show((surface, point["w"], 30.0, 0.0))
        for panel in (*scene.sections, one.section):
            low, high = panel.axes.get_ylim()
            assert low < L < high, f"{surface.name}: {point}"


def test_limits_stay_while_the_point_moves_a_little():
    scene = Taylor()
    limits = set()
    for w1 in np.linspace(1.8, 2.0, 21):
        scene.show((surfaces.product(), (w1, -2.0), 30.0, 0.0))
        limits.add(scene.section.axes.get_ylim())
    assert len(limits) < 6


# What the figures show and say, over the whole range of their sliders -------------------------------------------------


@every_surface
def test_a_point_is_called_critical_where_the_gradient_vanishes_and_nowhere_else(surface):
    w = np.stack(np.meshgrid(STOPS, STOPS), -1).reshape(-1, 2)
    w = np.concatenate([w, *(point["w"][None] for point in surface.critical_points), *surface.valleys])
    norm, (values, _) = np.linalg.norm(surface.grad(w), axis=-1), critical.eigen(surface.hessian(w))
    known = [np.abs(w - point["w"]).max(-1) for point in surface.critical_points]
    if surface.valleys:
        known.append(np.abs(np.prod(w, -1) - 1))
    assert np.array_equal(scenes.critical_here(norm, values), np.min(known, axis=0) < 1e-9)


@every_surface
def test_what_is_said_of_a_critical_point_is_what_it_is_known_to_be(surface):
    scene = Eigenvectors()
    for point in surface.critical_points:
        scene.show((surface, point["w"], 0.5))
        scene.at(0)
        assert scenes.second_order(0.0, scene.values) in scene.caption
        assert point["kind"] in scene.caption and "One is zero, and one" not in scene.caption
        lines = [panel.artists["title"].get_text() for panel in scene.sections]
        signs = critical.signs(critical.eigen(surface.hessian(point["w"]))[0])
        words = {1: "bends up", -1: "bends down", 0: "level to second order"}
        assert [words[sign] in line for sign, line in zip(signs, lines, strict=True)] == [True, True]


@every_surface
def test_eigenvectors_stand_at_a_right_angle_on_the_page_and_the_point_on_the_map(surface):
    scene = Eigenvectors()
    for w in ((5.0, -5.0), (0.3, 0.7), (-5.0, 0.0), tuple(surface.critical_points[0]["w"])):
        scene.show((surface, w, 0.5))
        scene.at(0)
        a, b = (np.diff(scene.map.axes.transData.transform(scene.map.artists[f"axis {i}"].get_xydata()), axis=0)[0]
                for i in (0, 1))  # fmt: skip
        assert abs(a @ b) < 1e-6 * np.linalg.norm(a) * np.linalg.norm(b), (w, a, b)
        left, right, bottom, top = scene.surface.window
        assert left <= w[0] <= right and bottom <= w[1] <= top


def test_what_tangent_and_parabola_miss_is_what_the_polynomial_says():
    surface, s = surfaces.product(), np.array([-1.5, -0.7, -0.01, 0.0, 0.3, 0.8, 1.5])
    stops, angles = np.round(np.linspace(-2.5, 2.5, 11), 2), [*range(0, 180, 15), 1, 52, 180]
    seen = set()
    for w1, w2, angle in itertools.product(stops, stops, angles):
        u1, u2 = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        a, b, c = 1 - w1 * w2, -(w1 * u2 + w2 * u1), -u1 * u2  # the loss along the line is (a + b s + c s²)²
        cubic = 2 * b * c * s**3 + c**2 * s**4
        off = np.abs(np.stack([(b**2 + 2 * a * c) * s**2 + cubic, cubic], -1))
        terms = scenes.expansion(surface, np.array([w1, w2]))
        values = zip(*(term(s[:, None] * [u1, u2]).tolist() for term in terms.values()), strict=True)
        for (tangent, parabola), three in zip(off, values, strict=True):
            said, apart = scenes.misses(*three), abs(tangent - parabola)
            for miss, words in zip((tangent, parabola), re.findall(r"\((.*?)\)", said), strict=True):
                if miss < 1e-14:
                    assert words == "exact", said
                elif miss > 1e-9:
                    assert notebooks.parse_number(words.removeprefix("off by "))[0] == pytest.approx(miss, rel=0.06)
            if apart > 1e-9:
                expected = f": the {'tangent' if tangent < parabola else 'parabola'} is nearer."
            elif apart < 1e-14:
                expected = ": both miss it by the same amount." if tangent > 1e-9 else "(exact)."
            else:
                continue
            seen.add(expected)
            assert said.endswith(expected), (w1, w2, angle, said)
    assert len(seen) == 4


@every_surface
def test_around_a_point_the_loss_goes_where_the_verdict_says(surface):
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    for point in surface.critical_points:
        w, L = point["w"], surface.loss(point["w"])
        values, vectors = critical.eigen(surface.hessian(w))
        values = np.where(critical.signs(values) == 0, 0.0, values)
        said = scenes.second_order(float(np.linalg.norm(surface.grad(w))), values)
        around = surface.loss(w + 1e-3 * np.stack([np.cos(turn), np.sin(turn)], -1)) - L
        up, down = (around > 0).all(), (around < 0).all()
        assert ("a minimum" in said) <= up and ("a maximum" in said) <= down
        assert ("a saddle" in said) <= (not up and not down) and ("settle" in said) <= (0 in values)
        if "falls on both sides" in said:
            assert (surface.loss(w + np.outer([-1e-3, 1e-3], vectors[:, 0])) < L).all()
        assert sum(word in said for word in ("a minimum", "a maximum", "a saddle", "degenerate")) == 1


@every_surface
def test_where_the_arrow_points_the_loss_falls(surface):
    w = np.stack(np.meshgrid(STOPS[::10], STOPS[::10]), -1).reshape(-1, 2)
    g, (values, _) = surface.grad(w), critical.eigen(surface.hessian(w))
    w, g, values = (part[~scenes.critical_here(np.linalg.norm(g, axis=-1), values)] for part in (w, g, values))
    step = 0.1 / np.abs(values).max(-1, keepdims=True).clip(1)
    assert (surface.loss(w - step * g / np.linalg.norm(g, axis=-1, keepdims=True).clip(1)) < surface.loss(w)).all()
    said = scenes.second_order(float(np.linalg.norm(g[0])), values[0])
    assert said.endswith("this is no critical point: the loss falls where the arrow points.")


def escape(distance, lr):
    """As the notebook runs it, but for the counts, which come from plain steps written out."""
    surface, beside = surfaces.product(), np.array([1.0, 1.0]) / np.sqrt(2)
    distances, steps = np.append(np.logspace(-12, 0, 13), [distance, distance / 10]), []
    for one in distances:
        (a, b), t = -1 + one * beside * [1, 1] + [0, 2], 0
        while (1 - a * b) ** 2 >= 0.5:
            r = 1 - a * b
            a, b, t = a + lr * 2 * r * b, b + lr * 2 * r * a, t + 1
        steps.append(t)
    path = descent.descend(optimizers.gd, np.array([-1.0, 1.0]) + distance * beside, surface.grad, steps[-2], lr=lr)
    return surface, path, lr, distances, np.array(steps), np.log(10) / np.log(1 + 2 * lr)


@pytest.mark.parametrize("lr", [0.02, 0.05, 0.2])
def test_the_law_of_escape_holds_near_the_saddle_and_its_diamond_stays_on_the_axes(lr):
    scene = Escape()
    for distance in (1e-12, 1e-6, 1e-3, 0.05, 0.2, 0.5, 1.0):
        result = escape(distance, lr)
        scene.show(result)
        scene.at(scene.steps)
        *_, steps, slope = result
        assert scenes.leaves(distance, *steps[-2:].tolist(), slope) in scene.caption
        assert f"after {steps[-2]} step" in scene.caption and f"after {steps[-1]}: " in scene.caption
        if distance <= 1e-3:
            assert abs(steps[-1] - steps[-2] - slope) <= 1
        x, y = scene.law.artists["dot here"].get_data()
        assert scene.law.artists["dot here"].get_visible() and (x[0], y[0]) == (distance, steps[-2])
        assert scene.law.axes.get_xlim()[1] > distance
        assert surfaces.product().loss(result[1]["w"][-1]) < 0.5


def test_near_the_saddle_a_factor_of_ten_costs_what_the_eigenvalue_says_at_every_stop_of_both_sliders():
    """On the saddle's own axes, w = (−1, 1) + u (1, 1)/√2, in plain numpy."""
    rates, deltas = (np.array(stops(CONTROLS[name], *ends)) for name, ends in
                     (("lr", (0.02, 0.2)), ("distance", (1e-12, 1.0))))  # fmt: skip
    both = np.stack([deltas, deltas / 10])
    for lr in rates:
        a, b = -1 + both / np.sqrt(2), 1 + both / np.sqrt(2)
        steps = np.zeros(both.shape, int)
        while (inside := (1 - a * b) ** 2 >= 0.5).any():
            r = 1 - a * b
            a, b = np.where(inside, [a + lr * 2 * r * b, b + lr * 2 * r * a], [a, b])
            steps += inside
        slope = np.log(10) / np.log(1 + 2 * lr)
        for delta, (needed, nearer) in zip(deltas, steps.T.tolist(), strict=True):
            said = scenes.leaves(float(delta), needed, nearer, slope)
            found = re.search(
                r"δ = (\S+) half .* after (\d+) step.*δ = (\S+) after (\d+): that is (\d+) more.*predicts (\S+) more",
                said,
            )
            numbers = [notebooks.parse_number(one)[0] for one in found.groups()]
            assert numbers == pytest.approx([delta, needed, delta / 10, nearer, nearer - needed, slope], rel=6e-3)
            assert delta > 1e-3 or abs(nearer - needed - slope) <= 1.5


@pytest.mark.parametrize("runs", [1_000, 100_000])
def test_a_share_is_written_to_the_digits_that_are_known(runs):
    for hits in {0, *range(1, 40), *np.linspace(40, runs, 200).astype(int).tolist()}:
        said = scenes.share_words(hits, runs)
        if hits == 0:  # so many runs without a hit are likely (5 %) up to this probability, and not above
            bound = float(re.search(r"hardly above (\S+)\.$", said)[1])
            assert (1 - bound) ** runs == pytest.approx(0.05, rel=0.01) and "none of" in said
            continue
        assert f"in {'all of the ' if hits == runs else f'{hits:,} of '}{runs:,} matrices" in said
        assert ("too few to tell" in said) == (hits < scenes.FEW)
        if scenes.FEW <= hits < runs:
            share, off = re.search(r"a share of (\S+) ± (\S+)\.$", said).groups()
            deviation = binom.std(runs, hits / runs) / runs
            assert float(off) == pytest.approx(deviation, rel=0.5) and float(share) == pytest.approx(
                hits / runs, abs=float(off)
            )
            assert len(off.lstrip("0.")) <= 2 and len(share) == len(off)


def test_the_counted_shares_are_the_known_ones_and_a_shift_moves_the_eigenvalues():
    exact = [1 / 2, (2 - math.sqrt(2)) / 4, (math.pi - 2 * math.sqrt(2)) / (4 * math.pi)]
    for n, expected in enumerate(exact, start=1):
        H = critical.goe(n, runs=20_000, seed=n)
        share = (np.linalg.eigvalsh(H) > 0).all(-1).mean()
        assert abs(share - expected) < 4 * math.sqrt(expected / 20_000)
        minors = np.stack([np.linalg.det((H + np.eye(n))[:, :k, :k]) for k in range(1, n + 1)])
        assert (np.linalg.eigvalsh(H) + 1 > 0).all(-1).sum() == (minors > 0).all(0).sum()  # Sylvester


def test_what_a_handful_of_hits_says_may_be_far_off_and_is_not_drawn():
    draws = np.random.default_rng(0).poisson([[scenes.FEW / 10], [scenes.FEW]], (2, 100_000))
    off = np.abs(draws / draws.mean(-1, keepdims=True) - 1)
    assert (off[1] < 1 / 3).mean() > 0.65 and (off[0] < 1 / 3).mean() < 0.4  # near the share, and not
    scene, values = RandomHessians(), np.zeros((100_000, 4))
    for last in (scenes.FEW - 1, scenes.FEW):
        scene.show((4, -1.0, values, np.array([20_000, 2_600, 158, last]), np.full(4, 0.1), []))
        scene.at(0)
        drawn = scene.share.artists["line measured"].get_ydata()
        assert np.isfinite(drawn).sum() == 3 + (last == scenes.FEW)
        assert ("too few" in scene.caption) == (last < scenes.FEW)


def test_one_eigenvalue_is_not_compared_with_independent_signs():
    scene, values = RandomHessians(), np.array([[1.0], [-1.0]])
    scene.show((1, 0.0, values, np.array([1, 0]), np.array([0.5, 0.25]), [0.5, 0.1464, 0.0249]))
    scene.at(0)
    assert "independent" not in scene.caption


VARIANCES = ([4, 2, 1, 0.5], [5, 4, 3, 2, 1], [8, 4, 2, 1, 0.5])


@pytest.mark.parametrize("hidden", [1, 2, 3, 4])
@pytest.mark.parametrize("variances", VARIANCES, ids=str)
def test_the_ways_down_are_exchanges_and_unused_units_and_every_point_is_named(variances, hidden):
    net, m = critical.LinearAutoencoder(variances, hidden), len(variances)
    kept, w = zip(*net.critical_points(), strict=True)
    index = (critical.signs(critical.eigen(net.hessian(np.array(w)))[0]) < 0).sum(-1)
    loss = net.loss(np.array(w))
    exchanges = [sum(variances[j] > variances[i] for i in S for j in range(m) if j not in S) for S in kept]
    assert index.tolist() == [e + (hidden - len(S)) * (m - len(S)) for e, S in zip(exchanges, kept, strict=True)]
    assert [S for S, i in zip(kept, index, strict=True) if i == 0] == [tuple(range(hidden))]
    scene = IndexLoss()
    scene.show((", ".join(map(str, variances)), hidden, len(w[0]), kept, index, loss))
    scene.at(0)
    names = sorted("".join(str(i + 1) for i in S) or "none" for S in kept)
    written = [artist.get_text() for key, artist in scene.points.artists.items() if key.startswith("name")]
    assert sorted(" | ".join(written).replace(" ", "").split("|")) == names
    rows = [word for row in scene.table.rows[1:] for word in row.split()]
    assert sorted(rows[::3]) == names
    assert scenes.no_way_down(index) in scene.caption and "1 of them has index 0" in scene.caption
    assert f"Variances {', '.join(map(str, variances))}" in scene.caption
    for artist in scene.points.page.moving:
        artist.set_animated(False)
    scene.figure.canvas.draw()
    frame, star = scene.points.axes.bbox, scene.points.artists["star"]
    x, y = scene.points.axes.transData.transform(star.get_xydata()[0])
    assert min(x - frame.x0, y - frame.y0) > star.get_markersize() / 2, "the star is cut"
    boxes = [a.get_window_extent() for k, a in scene.points.artists.items() if k.startswith("name")]
    assert all(box.x1 < frame.x1 + 12 for box in boxes)


# Local and global, and what a share of positive eigenvalues hangs on ----------------------------------------------


def test_as_many_as_have_no_negative_eigenvalue_have_no_way_down():
    rng = np.random.default_rng(0)
    for lowest in range(6):
        index = rng.permutation([0] * lowest + [1, 2, 5])
        said = scenes.no_way_down(index)
        assert said.startswith(f"{lowest} of them {'has' if lowest == 1 else 'have'} ")


def test_of_the_minima_of_one_surface_one_is_global_and_no_hessian_says_which():
    surface = surfaces.styblinski_tang()
    minima = [point["w"] for point in surface.critical_points if point["kind"] == "minimum"]
    losses = surface.loss(np.array(minima))
    assert len(minima) == 4 and (losses < losses.min() + 1).sum() == 1
    assert (np.linalg.eigvalsh(surface.hessian(np.array(minima))) > 1).all()


@pytest.mark.parametrize("zero", [1e-4, 1e-3, 1e-2])
def test_the_share_of_positive_eigenvalues_hangs_on_when_one_looks_and_on_what_is_zero(zero):
    (positive, with_zeros), (positive_later, with_zeros_later) = (
        experiments.shares(steps, seeds=5, zero=zero) for steps in (0, 1000)
    )
    assert max(positive, positive_later) < 0.5 < with_zeros < with_zeros_later - 0.05
