"""Pictures of surfaces: every shade, line, number and curve stands where its value says."""

import itertools

import numpy as np
import pytest
from matplotlib.path import Path

from optim_core import scenes, surfaces
from optim_core.descent import descend
from optim_core.optimizers import gd, momentum, nesterov
from optim_core.scenes import board, trajectories
from optim_core.scenes.ravine import arrival

every_surface = pytest.mark.parametrize(
    "surface", [make() for make in surfaces.SURFACES.values()], ids=lambda s: s.name
)


def shown(surface, across=-62):
    scene = scenes.Scene()
    seen = board.Map(scene.figure.add_axes([0.1, 0.1, 0.35, 0.8]))
    seen.show(surface)
    view = board.View(scene.figure.add_axes([0.5, 0.1, 0.4, 0.8]), across)
    view.show(seen)
    return seen, view


def inside(path, w):
    """Whether an odd number of the path's outlines goes around w: the inner ones are holes."""
    return sum(Path(outline).contains_point(w) for outline in path.to_polygons()) % 2 == 1


@every_surface
def test_a_place_has_the_shade_of_its_height(surface):
    seen, _ = shown(surface)
    shades, scale = seen.drawn[0], board.HEIGHTS(np.linspace(0, 1, len(seen.levels) - 1))
    rng, (left, right, bottom, top) = np.random.default_rng(0), surface.window
    cell = np.ptp(seen.heights) / 100  # as far as a straight line over one cell of the grid may be off
    for w in rng.uniform([left, bottom], [right, top], (200, 2)):
        L = np.clip(surface.loss(w), seen.levels[0], seen.levels[-1])
        if np.abs(L - seen.levels).min() > cell:
            covers = [k for k, path in enumerate(shades.get_paths()) if inside(path, w)]
            expected = scale[np.searchsorted(seen.levels, L) - 1]
            assert np.allclose(shades.get_facecolors()[covers[-1]], expected), (w, L)


@every_surface
def test_a_number_stands_on_a_line_of_its_height(surface):
    seen, _ = shown(surface)
    words, to_points = seen.drawn[2], seen.axes.transData
    boxes = [Path(part).get_extents() for part in words.get_path().to_polygons(closed_only=False)]
    assert boxes, "no line has a number"
    from_points = words.get_transform() - to_points
    middles = from_points.transform([(box.p0 + box.p1) / 2 for box in boxes])
    left, right, bottom, top = surface.window
    assert ((middles > [left, bottom]) & (middles < [right, top])).all(), "a number is cut at the edge"
    reach = 0.06 * np.array([right - left, top - bottom])  # half a word: each letter has a middle of its own
    for middle in middles:
        around = surface.loss(middle + reach * np.random.default_rng(0).uniform(-1, 1, (400, 2)))
        assert any(around.min() <= level <= around.max() for level in seen.numbered())


@every_surface
@pytest.mark.parametrize("across", [-170, -118, -62, 10, 45, 90, 150])
def test_the_view_from_any_side_shows_the_same_surface(surface, across):
    seen, view = shown(surface, across)
    mesh = np.asarray(view.drawn[0].get_coordinates())
    columns, rows = (slice(None, None, 5 if towards > 0 else -5) for towards in view.near[:2])
    w1, w2 = np.meshgrid(seen.w1[columns], seen.w2[rows])
    w = np.stack([w1, w2], -1)
    front, back = view.lift(seen, w.reshape(-1, 2), surface.loss(w.reshape(-1, 2)))
    lifted = np.where(np.isnan(front), back, front).T.reshape(w.shape)
    there = np.isfinite(lifted).all(-1)
    assert there.any() and np.allclose(lifted[there], mesh[there])
    outside = view.lift(seen, np.array([[99.0, 0.0]]), np.array([0.0]))
    assert np.isnan(outside).all(), "outside the frame nothing is shown"


def test_the_surface_hides_what_lies_behind_it():
    def hidden(surface, *points):
        seen, view = shown(surface)
        points = np.array(points)
        return view._behind(seen, points, surface.loss(points)).tolist()

    spike = (0.9, -0.6), (1.5, -0.5)  # on the way to the eye stands the corner w₁ = 2.5, w₂ = -2.5, the highest of all
    assert hidden(surfaces.product(), *spike, (-1.0, 1.6), (-1.0, -1.0), (0.0, -2.4)) == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert hidden(surfaces.product(x=0.0), *spike) == [False, False], "a plane hides nothing"
    assert not any(hidden(surfaces.from_formula("-(w1^2 + w2^2)"), (0.0, 0.0), (0.5, -0.9), (1.2, -2.2)))


def test_a_line_that_goes_behind_the_surface_has_no_gap():
    seen, view = shown(surfaces.product())
    points = np.linspace([-1.0, 1.6], [1.5, -0.5], 60)
    front, back = view.lift(seen, points, seen.surface.loss(points))
    seen_ones, hidden_ones = np.isfinite(front[0]), np.isfinite(back[0])
    assert (seen_ones | hidden_ones).all() and 0 < seen_ones.sum() < 60
    changes = np.flatnonzero(np.diff(seen_ones.astype(int)) != 0)
    assert len(changes) and all(hidden_ones[k] and hidden_ones[k + 1] for k in changes)


def test_higher_is_higher_on_the_page_and_nearer_is_larger():
    view = shown(surfaces.bowl())[1]
    below, above = view._seen(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 1.0]]))
    assert above[1] > below[1] and np.isclose(above[0], below[0])
    corners = view._seen(np.array([[0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1]], float))  # w2 = 1 is at the back
    assert np.ptp(corners[2:, 1]) > np.ptp(corners[:2, 1])


def test_contour_lines_have_the_height_of_their_level():
    x, y, w = np.linspace(-2, 2, 41), np.linspace(-1, 1, 21), surfaces.product()
    heights = w.loss(np.stack(np.meshgrid(x, y), -1))
    heights[:, x > 1] = np.nan
    lines = board.level_lines(x, y, heights, [0.5, 2.0])
    points = lines[:, np.isfinite(lines[0])].T
    assert len(points) > 50 and points[:, 0].max() <= 1
    assert np.abs(w.loss(points)[:, None] - [0.5, 2.0]).min(-1).max() < 0.02
    assert board.level_lines(x, y, heights, [99.0]).shape == (2, 0)


# ---- what became of a run, against a run twenty times as long ------------------------------------------------------

STARTS = np.array([(-1.0, 1.0), (-2.5, 2.5), (-1.0, 1.02), (0.02, -0.02), (0, 0), (0.0, 1.0), (-1.0, 1.6), (2.5, 2.5),
                   (1.5, -0.5), (-0.5, 0.04), (0.02, 0.02)])  # fmt: skip
RATES = np.array([1e-4, 0.05, 0.24, 0.36, 1.0, 10.0])[:, None, None]


@pytest.mark.parametrize("mu", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("x, y", [(1.0, 1.0), (-2.0, 2.0), (0.05, 0.05), (0.5, 0.0), (2.0, -0.05), (0.0, 1.0)])
def test_the_story_of_a_run_is_how_it_goes_on(x, y, mu):
    surface = surfaces.product(x, y)
    path, later = (descend(momentum, STARTS, surface.grad, steps, lr=RATES, mu=mu, keep=keep)
                   for steps, keep in ((200, "all"), (4000, "last")))  # fmt: skip
    for i, j in np.ndindex(path["diverged"].shape):
        said = trajectories.story("It", surface, {"w": path["w"][:, i, j], "diverged": path["diverged"][i, j]})
        end, gone = later["w"][i, j], later["diverged"][i, j]
        if "valley floor" in said:
            assert not gone and surface.loss(end) < 1e-6, said
        elif "will leave" in said:
            assert gone or np.abs(end).max() > 0.02, said
        elif "saddle" in said:
            assert not gone and np.abs(end).max() < 0.01, said
        elif "flat to second order" in said:
            assert not gone and np.linalg.norm(surface.grad(end)) < 1e-3, said
            moved = np.abs(end - path["w"][-1, i, j]).max() > 0.02
            assert "in one direction" in said or not moved or "may go on creeping" in said, said
        else:
            assert "diverged" in said or "still moving" in said or "below 10⁻⁴ already" in said, said


@pytest.mark.parametrize("x", [0.05, -0.1, 0.15, 0.3, 1.0])
def test_a_run_that_ends_on_the_minima_is_said_to_wherever_they_lie_and_the_map_shows_them_if_it_shows_the_place(x):
    scene = trajectories.Trajectories()
    for y, start in itertools.product((-2.0, 0.5, 2.0), [(-1.0, 1.6), (2.5, 2.5), (4.0, -3.0)]):
        surface = surfaces.product(x, y)
        path = descend(gd, start, surface.grad, 2000, lr=0.5)
        scene.show((surface, {"it": path}))
        w, map = path["w"][-1], scene.map.map
        ends = not path["diverged"] and np.linalg.norm(surface.grad(w)) < 1e-4 and surface.loss(w) < 1e-6
        assert ("valley floor" in scene.stories) == ends, scene.stories
        assert ("outside the picture" in scene.stories) == bool(ends and not map.inside(w)), scene.stories
        if ends and map.inside(w):
            assert np.min([np.hypot(*(curve - w).T).min() for curve in map.surface.valleys]) < 0.1


def test_near_a_point_that_is_known_its_own_hessian_counts():
    for w in ((0.0, 0.0), (0.01, 0.01), (0.03, -0.02)):  # nowhere but at 0 is the monkey's Hessian 0
        assert trajectories.where(surfaces.monkey_saddle(), np.array(w)) == "a place that is flat to second order"


@pytest.mark.parametrize("x, y", [(0.05, 1.0), (0.05, 0.05), (0.0, 0.0), (0.1, 2.0), (2.0, 0.0)])
def test_a_place_is_called_flat_in_the_directions_in_which_the_loss_hardly_changes(x, y):
    surface = surfaces.product(x, y)
    for w in np.stack(np.meshgrid([-6.0, -2.5, 0.0, 3.0, 4.5], [-4.5, 0.0, 2.5, 4.5]), -1).reshape(-1, 2):
        said = trajectories.where(surface, w)
        turn = np.linspace(0, np.pi, 181)
        side = 0.1 * np.stack([np.cos(turn), np.sin(turn)], -1)
        bend = np.abs(surface.loss(w + side) + surface.loss(w - side) - 2 * surface.loss(w)) / 0.01
        if said == "a place that is flat to second order":
            assert bend.max() < 2e-3 + 0.1 * x**2
        elif said.endswith("in one direction"):
            assert bend.max() > 9e-4 and bend.min() < 0.05 * bend.max()


def test_a_saddle_is_left_where_the_start_is_not_exactly_on_the_line_that_leads_into_it():
    surface = surfaces.product()
    for beside, words in ((0.0, "arrived at a saddle after"), (1e-9, "came close to a saddle after")):
        path = descend(gd, np.array([-1.0, 1.0]) + beside, surface.grad, 100, lr=0.05)
        assert words in trajectories.story("it", surface, path)
        assert trajectories.rests(surface, path["w"][-1]) == (beside == 0)


@pytest.mark.parametrize("name, steps", [("product", 100), ("himmelblau", 200), ("rosenbrock", 200), ("bowl", 200)])
def test_the_story_on_any_surface_is_how_it_goes_on_and_names_the_place_by_the_slope_around_it(name, steps):
    surface, lrs = surfaces.SURFACES[name](), np.array([1e-4, 1e-3, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0])[:, None]
    left, right, bottom, top = surface.window
    starts = np.stack(np.meshgrid(np.linspace(left, right, 11), np.linspace(bottom, top, 11)), -1).reshape(-1, 1, 2)
    starts = np.concatenate([starts, [[point["w"]] for point in surface.critical_points]])
    path = descend(gd, starts, surface.grad, steps + 600, lr=lrs)
    for i, j in np.ndindex(path["diverged"].shape):
        w, gone = path["w"][:, i, j], int(path["diverged"][i, j])
        said = trajectories.story("it", surface, dict(w=w[: steps + 1], diverged=gone if gone <= steps else 0))
        slope = np.linalg.norm(surface.grad(w[: steps + 1]), axis=-1)
        place = next((word for word in ("valley floor", "minimum", "saddle", "maximum") if word in said), "")
        if 0 < gone <= steps:
            assert said == f"It diverged at step {gone}."
        elif "still moving" in said:
            assert slope[-1] > 1e-4
        elif "stands still" in said:
            assert (w == w[0]).all() and slope[0] == 0 and place
        elif "already" not in said:
            first = steps + 1
            while first > 0 and slope[first - 1] <= 1e-4:
                first -= 1
            assert f"after {first} step" in said and place
            assert gone == 0 and np.abs(w[steps:] - w[steps]).max() < 0.02, said
        if place:  # is it lower, or as low, all around?
            assert place in trajectories.where(surface, w[steps])
            around = w[steps] + 1e-2 * np.array([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 73)])
            up = surface.loss(around) - surface.loss(w[steps])
            expected = {"minimum": up.min() > 0, "saddle": up.min() < 0 < up.max(), "maximum": up.max() < 0}
            assert expected.get(place, up.min() > -1e-6), said


@pytest.mark.parametrize("kappa", [1.0, 3.0, 10.0, 100.0, 1000.0])
@pytest.mark.parametrize("start", [(-8.0, 4.0), (10.0, 0.0), (0.02, 0.02), (0.0, 0.0)])
def test_when_a_run_in_a_ravine_arrives_is_what_one_counts_and_who_climbs_goes_on_to(kappa, start):
    ravine, etas = surfaces.bowl(kappa), np.array([0.02, 0.2, 1, 1.5, 1.9, 2, 2.02, 2.5, 3, 3.6, 3.8, 3.96, 4])[:, None]
    mus, runs = np.array([0, 0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99])[:, None, None], []
    for step, given in ((gd, {}), (momentum, dict(mu=mus)), (nesterov, dict(mu=mus))):
        path = descend(step, start, ravine.grad, 700, lr=etas, **given)
        runs += zip(ravine.loss(path["w"]).reshape(701, -1).T, path["diverged"].ravel(), strict=True)
    for loss, gone in runs:
        part, gone, below = loss / (loss[0] or 1.0), int(gone), 301
        said = arrival("μ = 1", part[:301], dict(diverged=gone if gone <= 300 else 0))
        while below > 0 and part[below - 1] <= 1e-6:
            below -= 1
        if 0 < gone <= 300:
            assert said == f"μ = 1 diverged at step {gone}."
        elif below <= 300:
            end = f"is below a millionth from step {below} to the end."
            assert said == f"μ = 1 {end if loss[0] else 'starts at the minimum.'}"
        elif "climbs" in said:
            assert part[300] > 1 and (gone or part[301:].max() > 1.001 * part[:301].max())
        else:
            first = next((t for t in range(301) if part[t] <= 1e-6), None)
            dips = f"dips below a millionth at step {first}, but has not stayed there yet."
            assert said == f"μ = 1 {dips if first is not None else 'has not reached a millionth after 300 steps.'}"


def test_the_time_ends_soon_after_the_last_run_stands_still():
    scene, surface = scenes.Trajectories(), surfaces.product()
    for lr, steps in ((0.05, 75), (1e-3, 300), (0.4, 25)):
        scene.show((surface, {"gd": descend(gd, [-1.0, 1.6], surface.grad, 300, lr=lr)}, f"η = {lr}"))
        scene.at(scene.steps)
        assert scene.steps == steps and f", η = {lr}. " in scene.caption
        assert scene.loss.axes.get_xlim() == (0, steps)
