"""Pictures of surfaces: every shade, line, number and curve stands where its value says."""

import numpy as np
import pytest
from matplotlib.path import Path

from optim_core import scenes, surfaces
from optim_core.scenes import board

every_surface = pytest.mark.parametrize(
    "surface", [make() for make in surfaces.SURFACES.values()], ids=lambda s: s.name
)


def shown(surface):
    scene = scenes.Scene()
    seen = board.Map(scene.figure.add_axes([0.1, 0.1, 0.35, 0.8]))
    seen.show(surface)
    view = board.View(scene.figure.add_axes([0.5, 0.1, 0.4, 0.8]))
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
def test_the_view_from_the_side_shows_the_same_surface(surface):
    seen, view = shown(surface)
    mesh = np.asarray(view.drawn[0].get_coordinates())
    w1, w2 = np.meshgrid(seen.w1[::5], seen.w2[::-5])
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
