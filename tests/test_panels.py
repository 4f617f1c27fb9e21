"""Panels and styles: what a scene is composed of."""

import itertools

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import LogNorm, to_rgb

from optim_core import surfaces
from optim_core.descent import descend
from optim_core.optimizers import gd, momentum
from optim_core.scenes import styles
from optim_core.scenes.panels import (
    Arrows,
    Bars,
    Curves,
    Field,
    Histogram,
    OnCurve,
    Page,
    Points,
    Surface,
    Words,
    feet,
    tidy_limits,
)

BOWL = surfaces.bowl(kappa=10.0)
X = np.linspace(0.1, 3, 30)
WORDS = {"rests": "#4292c6", "swings": "#c9c9c9", "leaves": "#c44e16"}


def runs(lr):
    return {
        name: descend(step, BOWL.start, BOWL.grad, 40, lr=lr)
        for name, step in (("gradient descent", gd), ("heavy ball", momentum))
    }


def field(value):
    return dict(words=np.where(X[:, None] + X > value, "leaves", "rests"), ring=(value, 1.0), star=(0.2, 0.2))


# For each kind of panel: how it is made, and two things to show that must look different.
KINDS = {
    "curves": (lambda page: Curves(page, "one", log="y", levels={"floor": 0.5}),
               lambda p, v: p.show({"Adam": np.exp(-v * X), "η = 0.1": (X, v * X)}, bands={"Adam": (X, X, X + v)},
                                   marks={"edge": v}, dots={"Adam": (v, v)})),
    "surface": (lambda page: Surface(page, "one", sets="start"), lambda p, v: p.show(BOWL, runs(v / 4))),
    "surface with given levels": (lambda page: Surface(page, "one", levels=[0, 1, 2, 4, 8, 16], numbers=[2, 8]),
                                  lambda p, v: p.show(surfaces.bowl(kappa=10.0 * v), runs(0.1), downhill=10.0)),
    "on a curve": (lambda page: OnCurve(page, "one"),
                   lambda p, v: p.show((X, X**2), (X[::5], v * X[::5]), lines={"tangent": (X, v * X)},
                                       dots={"next": (v, v)})),
    "bars": (lambda page: Bars(page, "one", log="y"),
             lambda p, v: p.show({"Adam": v, "yours": 3.0}, marks={"Adam": 1})),
    "bars across": (lambda page: Bars(page, "one", across=True),
                    lambda p, v: p.show({"Adam": v, "yours": -3.0}, errors={"Adam": (v - 0.1, v + 0.1)})),
    "histogram": (lambda page: Histogram(page, "one", edges=np.linspace(0, 6, 13)),
                  lambda p, v: p.show({"a": v * X, "b": X}, marks={"here": v})),
    "field of words": (lambda page: Field(page, "one", words=WORDS, sets=("lr", "mu"), log="x"),
                       lambda p, v: p.show(X, X, lines={"theory": (X, v * X)}, **field(v))),
    "field of values": (lambda page: Field(page, "one", ramp=(colormaps["Blues"], LogNorm(0.1, 10)), bar="steps"),
                        lambda p, v: p.show(X, X, values=v * X[:, None] * X)),
    "arrows": (lambda page: Arrows(page, "one"),
               lambda p, v: p.show({"gradient": ((0, 0), (v, 1))}, curves={"bound": (X, X)})),
    "points": (lambda page: Points(page, "one"),
               lambda p, v: p.show({"a": (X, v * X), "b": (X, X)}, lines={"c": (X, X)})),
    "words": (lambda page: Words(page, "one"), lambda p, v: p.show([f"value {v}", "and more"])),
}  # fmt: skip


def pixels(page, t=None):
    """The page as it stands at time t, all artists drawn."""
    moved = page.moved(t)
    for artist in page.moving:
        artist.set_animated(False)
    page.figure.canvas.draw()
    for artist in moved:
        artist.set_animated(True)
    return np.asarray(page.figure.canvas.buffer_rgba()).copy()


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_shows_what_it_is_given_and_nothing_of_what_it_was_given_before(kind):
    make, show = KINDS[kind]
    fresh, used = Page("one"), Page("one")
    one, other = make(fresh), make(used)
    show(one, 1.0)
    show(other, 2.0)
    first, before = pixels(fresh), pixels(used)
    assert (first != before).any(), "two different things look the same"
    show(other, 1.0)
    assert (pixels(used) == first).all(), "the picture depends on what was shown before"


def test_a_line_that_grows_looks_as_if_it_had_always_been_long():
    long, grown, steps = Page("one"), Page("one"), np.arange(60.0)
    for page, lengths in ((long, [60]), (grown, [20, 60])):
        panel = Curves(page, "one", xlim=(0, 60), ylim=(0, 60))
        for n in lengths:
            panel.show(
                {"η = 0.1": (steps[:n], steps[:n]), "Adam": (steps[:n], steps[::-1][:n])}, faint=["Adam"] * (n < 60)
            )
            picture = pixels(page)
        if page is long:
            expected = picture
    assert (picture == expected).all()


def test_what_stands_back_is_paler_and_thinner():
    page = Page("one")
    panel = Curves(page, "one")
    panel.show({"a": X, "b": X}, dots={"a": (1, 1)}, faint=["a"])
    pixels(page)
    back, front = panel.artists["line a"], panel.artists["line b"]
    assert back.get_alpha() < 1 and front.get_alpha() is None and back.get_linewidth() < front.get_linewidth()
    assert panel.artists["dot a"].get_alpha() < 1


@pytest.mark.parametrize("kind", KINDS)
def test_letters_can_be_read_when_the_page_is_projected(kind):
    make, show = KINDS[kind]
    page = Page("one")
    show(make(page), 1.0)
    pixels(page)
    texts = page.figure.findobj(lambda artist: hasattr(artist, "get_fontsize"))
    small = {text.get_text(): text.get_fontsize() for text in texts if text.get_text() and text.get_fontsize() < 9}
    assert not small


@pytest.mark.parametrize("words", ["upper right", "upper left", "lower right", "lower left"])
def test_the_word_of_a_level_stands_where_it_is_told(words):
    page = Page("left")
    curves = Curves(page, "left", words=words, ylim=(0, 1))
    curves.show({"run": np.zeros(5)}, levels={"goal": 0.5})
    curves.at()
    page.figure.canvas.draw()
    box, axes = curves.artists["level word 0"].get_window_extent(), curves.axes.bbox
    assert axes.x0 < box.x0 and box.x1 < axes.x1
    assert ((box.x0 + box.x1) / 2 > (axes.x0 + axes.x1) / 2) == ("right" in words)
    assert ((box.y0 + box.y1) / 2 > (axes.y0 + axes.y1) / 2) == ("upper" in words)


def test_outer_words_of_levels_stand_between_their_lines_and_the_frame():
    page = Page("one")
    panel = Curves(page, "one", words="outer right", ylim=(-1.25, 1.25), levels={"worst": 1.0, "best": -1.0})
    panel.show({"run": np.zeros(5)})
    panel.at()
    page.figure.canvas.draw()
    worst, best = (panel.artists[f"level word {i}"].get_window_extent() for i in (0, 1))
    low, high = panel.axes.transData.transform([[0, -1.0], [0, 1.0]])[:, 1]
    assert high < worst.y0 and worst.y1 < panel.axes.bbox.y1 and best.y1 < low and best.y0 > panel.axes.bbox.y0


def test_a_level_that_is_not_in_its_panel_has_no_word_in_another_one():
    page = Page("above / one")
    panel = Curves(page, "one", log="y", levels={"the edge": 3.0})
    for y, seen in ((X, True), (X / 1000, False), (X, True)):
        panel.show({"Adam": y})
        pixels(page, 3)
        assert panel.artists["level word 0"].get_visible() == seen


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 0.0, -1.0])
def test_no_number_breaks_a_panel(value):
    page = Page("curves bars / histogram curve")
    y = np.array([1.0, value, 2.0])
    Curves(page, "curves", log="y").show({"Adam": y})
    Bars(page, "bars", log="y").show({"Adam": value})
    Histogram(page, "histogram", edges=[0, 1, 2]).show({"a": y})
    OnCurve(page, "curve").show((np.arange(3), y), (np.arange(3), y))
    pixels(page, 2)


def test_panels_stand_where_the_layout_says_and_do_not_overlap():
    page = Page("map map loss / map map bars / note . bars", widths=[2, 1, 3])
    for name in page.cells:
        Curves(page, name, title="t", x="x", y="y")
    boxes = {name: panel.axes.get_position() for name, panel in page.panels.items()}
    for (a, one), (b, other) in itertools.combinations(boxes.items(), 2):
        apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
        assert apart, f"{a} lies on {b}"
    assert boxes["map"].x1 < boxes["loss"].x0 and boxes["loss"].y0 > boxes["bars"].y1 > boxes["note"].y0
    assert boxes["loss"].x0 == boxes["bars"].x0 and boxes["map"].y1 == boxes["loss"].y1


def test_given_levels_have_the_same_grey_on_every_map_and_arrows_go_downhill_in_proportion():
    page, levels = Page("one other"), [0, 0.01, 0.1, 1, 10]
    greys, arrows = [], []
    for name, kappa in (("one", 5.0), ("other", 50.0)):
        panel = Surface(page, name, levels=levels, numbers=[0.1])
        panel.show(surfaces.bowl(kappa=kappa), downhill=3.0)
        shades, *_, quiver = panel.map.drawn
        greys.append(dict(zip(levels, shades.get_facecolors().tolist(), strict=False)))
        tails = feet(panel.surface.window).reshape(-1, 2)
        assert np.allclose(quiver.XY, tails)
        assert np.allclose(np.stack([quiver.U, quiver.V], -1), -panel.surface.grad(tails))
        arrows.append((quiver.scale * 0.85 * (tails[1, 0] - tails[0, 0]), len(panel.map.numbered())))
    assert greys[0] == greys[1] and len(greys[0]) == len(levels) - 1
    assert arrows == [(pytest.approx(3.0), 1)] * 2


def test_the_number_of_a_bar_stands_beyond_its_end_also_below_zero():
    page = Page("one")
    panel = Bars(page, "one", ylim=(-5, 5))
    panel.show({"a": 2.0, "b": -2.0, "c": 0.0}, words={"b": "less"})
    page.moved()
    words = {name: panel.artists[f"value {i}"] for i, name in enumerate("abc")}
    assert [words[name].get_va() for name in "abc"] == ["bottom", "top", "bottom"]
    assert words["a"].get_position()[1] == 2 and words["b"].get_position()[1] < -2
    assert [words[name].get_text() for name in "abc"] == ["2", "less", "0"]


def test_at_a_time_lines_over_steps_are_drawn_so_far_and_lines_over_a_parameter_whole():
    page = Page("one")
    panel = Curves(page, "one")
    panel.show({"Adam": np.arange(11.0), "bound": (X, X)})
    page.moved(4)
    assert len(panel.artists["line Adam"].get_xdata()) == 5 and len(panel.artists["line bound"].get_xdata()) == len(X)
    assert panel.artists["head Adam"].get_data() == ([4], [4.0])
    page.moved()
    assert len(panel.artists["line Adam"].get_xdata()) == 11 and not panel.artists["head Adam"].get_visible()


def test_a_click_sets_what_the_panel_says_in_real_values():
    page = Page("map field curve none")
    Surface(page, "map", sets="start")
    Field(page, "field", words=WORDS, log="x", sets=("lr", "mu"))
    Curves(page, "curve", sets="eta")
    Curves(page, "none")

    def click(name, x, y):
        return page.clicked(page.panels[name].axes, x, y)

    assert click("map", 1.0, 2.0) == {"start": (1.0, 2.0)} and click("none", 1.0, 2.0) == {}
    assert click("field", -2.0, 0.5) == pytest.approx({"lr": 0.01, "mu": 0.5}) and click("curve", 3.0, 9) == {
        "eta": 3.0
    }


def test_limits_hold_all_finite_numbers():
    rng = np.random.default_rng(0)
    for log in (False, True):
        for _ in range(50):
            values = np.exp(rng.normal(size=5) * 10)
            low, high = tidy_limits([values, [np.nan, np.inf]], log)
            assert low <= values.min() and values.max() <= high and np.isfinite([low, high]).all() and low < high
    assert tidy_limits([[1.0, 1.0]])[0] < 1 < tidy_limits([[1.0, 1.0]])[1]


# --- one method, one look ------------------------------------------------------------------------------------------


def distinct(names):
    """The looks of these names, aliases once."""
    return {styles.look(name): name for name in names}


def test_methods_that_look_alike_in_colour_differ_in_dash_and_marker():
    for (one, a), (other, b) in itertools.combinations(distinct(styles.METHODS).items(), 2):
        near = np.abs(np.subtract(to_rgb(one.color), to_rgb(other.color))).max() < 0.15
        assert not near or (one.dash != other.dash and one.marker != other.marker), f"{a} and {b}"
        assert (one.dash, one.marker) != (other.dash, other.marker), f"{a} and {b}"


def test_no_quantity_and_no_run_borrows_a_methods_colour():
    taken = {one.color for one in styles.METHODS.values()}
    for one in (*styles.QUANTITIES.values(), *styles.RUNS):
        assert one.color not in taken


def test_every_line_stands_out_from_the_page():
    def luminance(color):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    for one in (*styles.METHODS.values(), *styles.QUANTITIES.values(), *styles.RUNS, *styles.shades(8)):
        contrast = 1.05 / (luminance(one.color) + 0.05)
        assert contrast >= 3, f"{one.color}: {contrast:.2f}"


def test_shades_get_darker_and_can_be_told_apart_without_colour():
    looks = styles.shades(6)
    assert len({one.marker for one in looks}) == 6
    light = [sum(to_rgb(one.color)) for one in looks]
    assert light == sorted(light, reverse=True)


def test_a_dot_beyond_the_axes_is_not_drawn_in_another_panel():
    page = Page("one other")
    panel = Curves(page, "one", ylim=(0, 1))
    for y, there in ((0.5, True), (1.0, True), (1.2, False), (-0.1, False), (np.nan, False)):
        panel.show({"here": (X, X)}, dots={"here": (1.0, y)})
        page.moved()
        assert panel.artists["dot here"].get_visible() is there


def test_arrows_carry_their_markers_where_they_have_room():
    page, looks = Page("one"), {"a": styles.Look("#123456", marker="s"), "b": styles.Look("#123456")}
    panel = Arrows(page, "one", xlim=(-2, 2), ylim=(-2, 2))
    for length, there in ((1.0, True), (0.02, False), (0.0, False)):
        panel.show({"a": ((0.5, 0), (0.5, length)), "b": ((0, 0), (1, 1))}, looks=looks)
        page.moved()
        seen = {name for name, artist in panel.artists.items() if artist.get_visible()}
        assert seen & {"marker a", "marker b"} == ({"marker a"} if there else set())
        assert not there or panel.artists["marker a"].get_xydata().tolist() == [[0.5, length / 2]]


@pytest.mark.parametrize("w, inside", [((2.0, 2.0), True), ((-2.0, 0.5), True), ((2.1, 0.0), False), ((9, 9), False)])
def test_start_and_head_of_a_path_are_drawn_whole_at_the_edge_of_the_map_and_not_beyond_it(w, inside):
    page, surface = Page("one"), surfaces.from_formula("w1^2 + w2^2")
    panel = Surface(page, "one")
    for name, path in (("start", [w, (0.0, 0.0)]), ("head run", [(0.0, 0.0), w])):
        panel.show(surface, {"run": dict(w=np.array(path), diverged=0)})
        page.moved()
        assert panel.artists[name].get_clip_on() is not inside
        assert panel.artists[name].get_xydata().tolist() == [list(w)]


@pytest.mark.parametrize("which", ["x", "y"])
@pytest.mark.parametrize(
    "values", [[1, 2, 4, 8, 15, 16, 24, 40, 60, 120], [0.01, 0.02, 0.05, 1], [1, 2], [512, 1024, 1200]]
)
def test_words_at_ticks_stand_where_there_is_room_and_the_last_always(which, values):
    page = Page("one", size=(4.0, 3.0))
    panel = Curves(page, "one", log="xy", xlim=(1, 10), ylim=(1, 10))
    panel.ticks(which, values, 1.5)
    assert getattr(panel.axes, f"get_{which}lim")() == pytest.approx((values[0] / 1.5, values[-1] * 1.5))
    page.figure.canvas.draw()
    axis = getattr(panel.axes, f"{which}axis")
    assert axis.get_majorticklocs().tolist() == values and not len(axis.get_minorticklocs())
    words = [word for word in axis.get_ticklabels() if word.get_text()]
    assert words[-1].get_text() == f"{values[-1]:g}" and len(words) >= 2
    boxes = [word.get_window_extent() for word in words]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_what_is_timed_is_seen_as_far_as_time_has_come_and_a_ring_where_it_is_told():
    page = Page("one")
    panel = Curves(page, "one", ylim=(0, 1))
    x = np.array([0.0, 10, 20, 30])
    panel.show({"run": (x, x / 40)}, dots={"end": (30, 0.5)}, timed=True, ring=(10, 0.25), sizes={"run": 9})
    for t, points in ((0, 1), (9, 1), (10, 2), (29, 3), (30, 4), (None, 4)):
        page.moved(t)
        assert len(panel.artists["line run"].get_xdata()) == points
        seen = "dot end" in panel.artists and panel.artists["dot end"].get_visible()
        assert seen == (t is None or t >= 30)
        assert panel.artists["ring"].get_xydata().tolist() == [[10, 0.25]]
    assert panel.artists["line run"].get_markersize() == 9


def test_a_run_of_a_method_has_the_look_that_its_method_was_given():
    page, mine = Page("one"), styles.Look("#123456")
    panel = Curves(page, "one")
    panel.show({"Adam, one run": X, "Adam": X, "Lion, again": X}, looks={"Adam": mine})
    assert panel.looks == {"Adam, one run": mine, "Adam": mine, "Lion, again": styles.look("Lion")}


@pytest.mark.parametrize("steps", [0, 4])
def test_a_page_writes_what_it_says_and_draws_all_where_there_is_no_time(steps):
    class Said(Page):
        def say(self, t):
            return f"at {t}"

    page = Said("one")
    panel, page.steps = Curves(page, "one"), steps
    panel.show({"Adam": np.arange(5.0)})
    page.at(0)
    assert page.caption == "at 0" and len(panel.artists["line Adam"].get_xdata()) == (1 if steps else 5)


def test_a_legend_stands_in_its_cell():
    page = Page("one names", widths=[3, 2])
    Curves(page, "one")
    page.name({"Adam": styles.look("Adam"), "Lion": styles.look("Lion")}, within="names")
    page.figure.canvas.draw()
    box, width = page.figure.legends[0].get_window_extent(), page.figure.bbox.width
    assert 0.6 * width < box.x0 and box.x1 <= width


@pytest.mark.parametrize("loss", [-1e4, -3.0, 0.0, 0.5, 7.0, 123.0, 1e5])
def test_an_axis_of_losses_has_the_loss_in_it_and_as_much_around_it_as_ever(loss):
    panel = Surface(Page("one"), "one", equal=True)
    panel.show(BOWL)
    (low, high), (lowest, highest) = panel.losses_around(loss), panel.losses_around(0.0)
    assert low <= loss <= high and np.isclose(high - low, highest - lowest)
    assert panel.losses_around(np.nan) == (lowest, highest)
    assert panel.losses_around(loss + 1e-3 * (high - low))[0] in (low, low + (high - low) / 2)


@pytest.mark.parametrize("window", [(-2.0, 2.0, -1.0, 1.0), (-1.0, 1.0, -2.0, 2.0), (-2.0, 2.0, -2.0, 2.0)])
def test_numbers_stand_on_their_lines_also_where_units_are_equal(window):
    page, surface = Page("one . .", size=(9.6, 3.0)), surfaces.from_formula("w1^2 + w2^2")
    surface.window = window
    panel = Surface(page, "one", equal=True)
    panel.show(surface)
    page.figure.canvas.draw()
    words, to_points = panel.map.drawn[2], panel.axes.transData
    at = (words.get_transform() - to_points).transform(words.get_path().vertices)
    levels = panel.map.numbered()
    away = np.abs(surface.loss(at)[:, None] - levels).min(-1)
    assert len(at) and np.median(away / np.ptp(panel.map.levels)) < 0.03
