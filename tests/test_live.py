"""Live figures as the kernel sees them: what runs when, what is sent, what a click means, how an error shows."""

import asyncio
import base64
import gc
import io
import re
import threading
import time
import warnings
import xml.etree.ElementTree as ElementTree
from collections import Counter
from types import SimpleNamespace
from unittest import mock

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

pytest.importorskip("ipywidgets")

import layers

from optim_core import live, surfaces
from optim_core.descent import descend
from optim_core.exercises import Choice, Predict
from optim_core.live import ahead, controls, figure, pen, stream
from optim_core.optimizers import gd
from optim_core.scenes.trajectories import Trajectories


class Dots:
    """A contour, a line that moves over it, a second axes; and a note of everything that was asked of it."""

    alt = 'A "dotted" line & a contour.'

    def __init__(self):
        self.figure = Figure((6, 3))
        self.map, self.curve = self.figure.subplots(1, 2)
        self.map.set(xlim=(-2, 2), ylim=(-1, 1), xlabel="w1")
        self.curve.set(xlim=(0, 10), ylim=(0, 1))
        self.line = self.map.plot([], [], "o--", animated=True)[0]
        self.tall, self.contours, self.steps, self.shown, self.busy = None, None, 0, 0, False

    def show(self, result):
        self.shown += 1
        self.lr, self.start, tall, self.steps = result
        if tall != self.tall:
            self.tall = tall
            if self.contours:
                self.contours.remove()
            x, y = np.meshgrid(np.linspace(-2, 2, 20), np.linspace(-1, 1, 20))
            self.contours = self.map.contourf(x, y, tall * x**2 + y**2)

    def at(self, t):
        assert not self.busy, "two threads draw at once"
        self.busy = True
        time.sleep(0.001)
        self.line.set_data([self.start[0], self.start[0] + t * self.lr / 10], [self.start[1]] * 2)
        self.caption = f"Step {t} of {self.steps}: lr < {self.lr:g} & more."
        self.busy = False
        return [self.line]

    def clicked(self, axes, x, y):
        return {"start": (x, y)} if axes is self.map else {}


RANGES = dict(lr=0.1, start=((0.5, 0.0), (-2.0, 2.0), (-1.0, 1.0)), tall=(1.0, 0.0, 4.0), steps=(10, 0, 50))
PRESETS = {"fast and far": {"lr": 1.0, "start": (-1.5, 0.5)}, "flat": {"tall": 0.0}}


class Runs(list):
    """An experiment that remembers what it was called with."""

    def __call__(self, lr, start, tall, steps):
        self.append(dict(lr=lr, start=start, tall=tall, steps=steps))
        if lr == 0.7:
            raise ZeroDivisionError("lr is 0.7")
        return lr, start, tall, steps


def make(**more):
    return live.Live(Dots(), Runs(), presets=PRESETS, **RANGES | more)


class Sent:
    """How often each layer was sent while the block ran."""

    LAYERS = dict(ground="_ground", frame="_axes", overlay="_overlay")

    def __init__(self, shown):
        self.shown = shown

    def __enter__(self):
        self.counts = dict.fromkeys(self.LAYERS, 0)
        self.undo = []
        for name, attribute in self.LAYERS.items():
            layer = getattr(self.shown, attribute)

            def count(change, name=name):
                self.counts[name] += 1

            layer.observe(count, "value")
            self.undo.append((layer, count))
        return self.counts

    def __exit__(self, *_):
        for layer, count in self.undo:
            layer.unobserve(count, "value")


def visible(shown):
    return layers.visible(shown._ground.value, shown._axes.value, shown._overlay.value)


def event(shown, axes, x, y, size=1.0):
    """What ipyevents sends for a click at data coordinates, on a page that shows the picture `size` times as large."""
    canvas = shown.scene.figure.bbox.size
    across, up = axes.transData.transform((x, y)) / canvas
    width, height = size * 600, size * 300
    return dict(
        boundingRectLeft=40.5,
        boundingRectTop=7.0,
        boundingRectWidth=width,
        boundingRectHeight=height,
        clientX=40.5 + across * width,
        clientY=7.0 + (1 - up) * height,
    )


# ---- what runs when ------------------------------------------------------------------------------------------------


def walk(widget):
    """A widget and all that is in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def test_a_preset_sets_its_controls_and_runs_the_experiment_once():
    shown = make()
    shown.experiment.clear()
    shown._menu.value = "fast and far"
    assert shown.experiment == [dict(lr=1.0, start=(-1.5, 0.5), tall=1.0, steps=10)]
    assert shown.values == shown.experiment[0]


def test_a_preset_puts_back_what_it_does_not_name():
    shown = make()
    shown.set(lr=0.5, steps=20)
    shown._menu.value = "flat"
    assert shown.values == shown.initial | {"tall": 0.0}


def test_moving_a_slider_leaves_the_preset():
    shown = make()
    shown._menu.value = "flat"
    shown.controls["lr"].widget.index += 1  # as the browser does
    assert shown._menu.value == figure.NO_PRESET
    assert shown.values["tall"] == 0.0


def test_a_preset_that_depends_on_the_sliders_has_a_button():
    """The best values for what is set now are one click away, and what they leave out stays."""
    shown = live.Live(Dots(), Runs(), presets={"twice": lambda lr, **_: {"lr": 2 * lr}}, **RANGES)
    shown.set(lr=0.25, tall=0.5)
    (button,) = [b for b in walk(shown) if getattr(b, "description", "") == "twice"]
    button.click()
    assert (shown.values["lr"], shown.values["tall"], shown._menu.value) == (0.5, 0.5, "twice")


def test_a_preset_with_an_unknown_control_is_refused_when_the_figure_is_made():
    with pytest.raises(ValueError, match=r"presets\['odd'\] = 'momentum'.*lr, start, tall, steps"):
        live.Live(Dots(), Runs(), presets={"odd": {"momentum": 1}}, **RANGES)


def test_a_point_is_one_change():
    shown = make()
    shown.experiment.clear()
    shown.controls["start"].value = (1.0, -0.5)
    assert [run["start"] for run in shown.experiment] == [(1.0, -0.5)]
    shown.controls["start"].value = np.array([1.0, 0.5])
    assert shown.values["start"] == (1.0, 0.5)
    with pytest.raises(ValueError, match="start = .*two numbers"):
        shown.controls["start"].value = (1.0, 2.0, 3.0)
    shown.experiment.clear()
    shown.controls["start"].sliders[1].widget.index += 1
    assert len(shown.experiment) == 1 and shown.experiment[-1]["start"][0] == 1.0


def test_set_runs_once_and_stays_within_the_ranges():
    shown = make()
    shown.experiment.clear()
    shown.set(lr=99.0, start=(-7, 7), steps=20)
    assert len(shown.experiment) == 1
    assert shown.values == dict(lr=10.0, start=(-2.0, 1.0), tall=1.0, steps=20)


def test_set_refuses_a_name_that_is_no_control():
    with pytest.raises(ValueError, match="set = 'mu': must be one of the controls lr, start, tall, steps"):
        make().set(mu=0.5)


def test_reset_goes_back_to_how_it_began():
    shown = make()
    first, words = shown._overlay.value, shown.caption
    shown._menu.value = "fast and far"
    shown.time = 3
    shown.experiment.clear()
    shown.reset()
    assert len(shown.experiment) == 1
    assert (shown.values, shown.time, shown._menu.value) == (shown.initial, 10, figure.NO_PRESET)
    assert (shown._overlay.value, shown.caption) == (first, words)


# ---- time ----------------------------------------------------------------------------------------------------------


def test_time_begins_at_the_end_and_only_indexes():
    shown = make()
    assert shown.time == 10
    shown.experiment.clear()
    before = shown.scene.shown
    for t in (0, 4, 9):
        shown.time = t
        assert shown.caption.startswith(f"Step {t} of 10")
    assert shown.experiment == [] and shown.scene.shown == before


def test_time_stays_at_the_end_of_a_path_of_another_length():
    shown = make()
    shown.set(steps=40)
    assert shown.time == 40
    shown.time = 15
    shown.set(steps=30)
    assert shown.time == 15
    shown.set(steps=12)
    assert shown.time == 12 and shown.caption.startswith("Step 12 of 12")


def test_the_time_row_is_hidden_when_the_picture_has_no_time():
    shown = make(steps=(0, 0, 50))
    assert shown._row.layout.display == "none"
    shown.set(steps=5)
    assert shown._row.layout.display == "flex"


def test_step_buttons_stop_at_both_ends():
    shown = make()
    play, back, forth, _ = shown._row.children
    forth.click()
    assert shown.time == 10
    back.click()
    assert shown.time == 9
    shown.time = 0
    back.click()
    assert shown.time == 0 and play.max == 10


# ---- what is sent --------------------------------------------------------------------------------------------------


def test_only_the_overlay_is_sent_when_the_path_moves():
    shown = make()
    with Sent(shown) as counts:
        shown.set(lr=0.5)
        shown.time = 3
    assert counts == dict(ground=0, frame=0, overlay=2)


def test_nothing_is_sent_when_nothing_changes():
    shown = make()
    with Sent(shown) as counts:
        shown.set(lr=0.1)
    assert counts == dict(ground=0, frame=0, overlay=0)


def test_a_new_surface_comes_in_one_message_with_all_that_lies_on_it():
    shown = make()
    with Sent(shown) as counts:
        shown.set(tall=2.0)
        shown.set(tall=3.0)
    assert counts == dict(ground=0, frame=0, overlay=2)
    other = make(tall=(3.0, 0.0, 4.0))
    assert visible(shown) == visible(other) == [layer.value for layer in other._layers]


def test_a_new_surface_goes_to_its_own_layer_when_something_moves_over_it():
    shown = make()
    shown.set(tall=2.0)
    with Sent(shown) as counts:
        shown.set(lr=0.2)
    assert counts == dict(ground=1, frame=0, overlay=1)
    with Sent(shown) as counts:
        shown.set(lr=0.3)
        shown.time = 2
    assert counts == dict(ground=0, frame=0, overlay=2)


def test_the_surface_before_is_still_in_its_layer():
    shown = make()
    before = visible(shown)
    shown.set(tall=2.0)
    with Sent(shown) as counts:
        shown.set(tall=1.0)
    assert counts == dict(ground=0, frame=0, overlay=1) and visible(shown) == before


CHANGES = {
    "limits": lambda scene: scene.map.set_xlim(-3, 3),
    "scale": lambda scene: scene.curve.set(ylim=(0.1, 1), yscale="log"),
    "title": lambda scene: scene.curve.set_title("loss"),
    "label": lambda scene: scene.map.set_xlabel("w₁"),
    "colour of a label": lambda scene: scene.map.xaxis.label.set_color("red"),
    "ticks": lambda scene: scene.curve.set_xticks([0, 5]),
    "words at ticks": lambda scene: scene.curve.set_xticks([0, 5, 10], ["now", "then", "later"]),
    "colour of ticks": lambda scene: scene.curve.tick_params(labelcolor="red"),
    "grid": lambda scene: scene.curve.grid(True),
    "axis": lambda scene: scene.curve.xaxis.set_visible(False),
    "spine": lambda scene: scene.map.spines["top"].set_visible(False),
    "legend": lambda scene: scene.figure.legend(handles=[scene.line], labels=["a line"]),
    "note": lambda scene: scene.figure.text(0.5, 0.9, "a note"),
    "position": lambda scene: scene.map.set_position([0.1, 0.2, 0.3, 0.5]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_frame_is_sent_when_axes_or_words_change(change):
    shown = make()
    before = visible(shown)[1]
    change(shown.scene)
    shown.set(lr=0.2)
    assert visible(shown)[1] != before


def test_the_frame_is_not_drawn_again_for_limits_that_stay_what_they_were(monkeypatch):
    shown = make()
    drawn = []
    monkeypatch.setattr(shown, "_draw_frame", lambda: drawn.append(1))
    for lr in (0.2, 0.3):
        shown.scene.map.set(xlim=(-2, 2), ylim=(-1, 1))
        shown.scene.curve.set(yscale="linear", ylim=(0, 1))
        shown.scene.map.text(0, lr, "a note among the contours")
        shown.set(lr=lr)
    assert drawn == []
    shown.scene.curve.set(ylim=(0.1, 1), yscale="log")
    shown.set(lr=0.4)
    assert drawn == [1]


def test_an_artist_that_goes_from_the_frame_leaves_the_picture():
    shown = make()
    without = shown._axes.value
    note = shown.scene.figure.text(0.5, 0.9, "a note")
    shown.set(lr=0.2)
    note.remove()
    shown.set(lr=0.3)
    assert shown._axes.value == without


def test_axes_that_were_hidden_come_back_whole():
    shown = make()
    before = [layer.value for layer in shown._layers]
    for there in (False, True):
        shown.scene.curve.set_visible(there)
        shown._draw()
        assert ([layer.value for layer in shown._layers] == before) is there


def test_an_artist_that_begins_to_move_leaves_the_ground():
    shown = make()
    before = visible(shown)[0]
    extra = shown.scene.map.axhline(0.5, color="black", lw=8)
    shown.set(lr=0.2)
    with_line = visible(shown)[0]
    at = shown.scene.at
    shown.scene.at = lambda t: [*at(t), extra]
    shown.set(lr=0.3)
    assert with_line != before and visible(shown)[0] == before
    assert "#000000" in visible(shown)[2]


def test_an_image_that_changes_is_drawn_with_the_ground():
    shown = make()
    picture = shown.scene.curve.imshow(np.zeros((2, 2)), vmin=0, vmax=1, extent=(0, 10, 0, 1), aspect="auto")
    at = shown.scene.at
    shown.scene.at = lambda t: [*at(t), picture]
    shown.set(lr=0.2)
    before = visible(shown)[0]
    picture.set_data(np.ones((2, 2)))
    shown.time = 2
    assert visible(shown)[0] != before


def test_every_layer_is_the_size_of_the_figure():
    for scale in (1, 2):
        shown = make(scale=scale)
        for layer in (shown._ground, shown._axes, shown._overlay):
            root = ElementTree.fromstring(layer.value)
            assert (root.get("width"), root.get("height")) == ("600", "300")


def test_everything_of_the_figure_stands_in_one_layer_and_no_more():
    """Ground, frame and overlay together are what matplotlib would draw at once."""
    shown, plain = make(), Dots()
    plain.show(Runs()(**shown.initial))
    plain.at(plain.steps)
    plain.line.set_animated(False)
    plain.figure.set_dpi(200)
    strokes = pen.Pen(plain.figure, 2)
    plain.figure.draw(strokes)

    def shapes(*svgs):
        roots = [ElementTree.fromstring(svg) for svg in svgs]
        return Counter((e.get("d"), e.get("fill")) for root in roots for e in root.iter() if e.tag.endswith("path"))

    layers = (shown._ground.value, shown._axes.value, shown._overlay.value)
    assert shapes(*layers) == shapes(strokes.svg()) and all(map(shapes, layers))


def test_the_time_is_called_what_it_counts():
    class Layers(Dots):
        clock = "layer"

    assert make()._time.description == "step t"
    assert live.Live(Layers(), Runs(), **RANGES)._time.description == "layer"


def test_the_picture_speaks_to_screen_readers():
    shown = make()
    root = ElementTree.fromstring(shown._overlay.value)
    assert (root.get("role"), root.get("aria-label")) == ("img", Dots.alt)
    shown.set(lr=0.2)
    assert 'role="status"' in shown._words.value and "lr &lt; 0.2 &amp; more." in shown._words.value
    shown.controls["lr"].value = 0.5
    assert "η learning rate 0.5" in shown._words.value


def test_the_room_for_the_caption_grows_and_does_not_shrink():
    shown = make()
    at, long = shown.scene.at, "word " * 100

    def height():
        return float(re.match(r"calc\(([\d.]+) \*", shown._words.layout.min_height or "calc(0 *")[1])  # in letters

    before = height()
    shown.scene.at = lambda t: (at(t), setattr(shown.scene, "caption", long if t == 3 else "short"))[0]
    shown.time = 3
    grown = height()
    shown.time = 2
    assert height() == grown > before


# ---- clicks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [1.0, 0.7, 1.5])
def test_a_click_on_the_map_sets_the_point_under_it(scale, size):
    shown = make(scale=scale)
    for point in [(-1.5, 0.74), (0.0, 0.0), (1.98, -0.98)]:
        shown._on_click(event(shown, shown.scene.map, *point, size))
        assert shown.values["start"] == pytest.approx(point, abs=0.011)


def test_a_click_sets_the_nearest_stops_and_runs_once():
    shown = make()
    shown.experiment.clear()
    shown._on_click(event(shown, shown.scene.map, 1.2345, 0.5011))
    assert len(shown.experiment) == 1
    assert all(v in s.stops for v, s in zip(shown.values["start"], shown.controls["start"].sliders, strict=True))


def test_what_a_scene_means_exactly_is_not_rounded_to_a_stop():
    shown = make()
    shown.scene.clicked = lambda axes, x, y: {"start": (x, 0.123456), "lr": 1 / 3}
    shown._on_click(event(shown, shown.scene.map, 1.2345, 0.5))
    assert shown.values["start"] == (shown.controls["start"].sliders[0].value, 0.123456)
    assert shown.values["start"][0] in shown.controls["start"].sliders[0].stops and shown.values["lr"] == 1 / 3


def test_a_click_beside_the_map_does_nothing():
    shown = make()
    shown.experiment.clear()
    shown._on_click(event(shown, shown.scene.curve, 5.0, 0.5))
    shown.click(0.001, 0.001)
    assert shown.experiment == []


def test_axes_that_can_be_clicked_have_a_crosshair():
    rects = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"[^>]*crosshair', make()._overlay.value)
    box = Dots().map.bbox
    assert len(rects) == 1
    expected = 10 * np.array([box.x0, 300 - box.y1, box.width, box.height])
    assert np.array(rects[0], float) == pytest.approx(expected, abs=1)


def test_without_ipyevents_the_figure_works_and_cannot_be_clicked(monkeypatch):
    monkeypatch.setattr(figure, "Event", None)
    shown = make()
    shown.set(start=(1.0, 0.0))
    assert shown.values["start"] == (1.0, 0.0)


# ---- results that come one by one ------------------------------------------------------------------------------------


class Pieces:
    """An experiment that gives its results one by one, each after some milliseconds of work; and a note of each."""

    def __init__(self, many=12, work=0.004, fail_at=None, error=ZeroDivisionError):
        self.many, self.work, self.fail_at, self.error = many, work, fail_at, error
        self.given, self.closed = [], []  # (lr, k) for each result; the lr of each run that ended

    def __call__(self, lr, start, tall, steps):
        try:
            for k in range(self.many):
                if k == self.fail_at:
                    raise self.error(f"piece {k}")
                time.sleep(self.work)
                self.given.append((lr, k))
                yield lr, (start[0], k / 100), tall, steps
        finally:
            self.closed.append(lr)


def streaming(*, presets=PRESETS, **how):
    """A figure whose results come one by one."""
    return live.Live(Dots(), Pieces(**how), presets=presets, **RANGES)


async def until(condition, seconds=300.0):
    """Let the loop run until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.005)


def test_without_a_loop_the_first_result_is_shown_and_finish_takes_the_others():
    shown = streaming()
    assert shown.running and shown.experiment.given == [(0.1, 0)] and shown.scene.start == (0.5, 0.0)
    time.sleep(0.1)
    assert len(shown.experiment.given) == 1
    before = shown._overlay.value
    shown.finish()
    assert not shown.running and shown.experiment.given == [(0.1, k) for k in range(12)]
    assert shown.scene.start == (0.5, 0.11) and shown._overlay.value != before
    assert shown.scene.shown == 2, "what lies between was not drawn"
    shown.finish()
    assert len(shown.experiment.given) == 12 and shown.experiment.closed == [0.1]


def test_finish_takes_as_many_as_asked_for():
    shown = streaming()
    shown.finish(pieces=5)
    assert len(shown.experiment.given) == 5 and shown.running
    shown.finish(pieces=5)
    assert len(shown.experiment.given) == 5
    shown.finish(pieces=99)
    assert len(shown.experiment.given) == 12 and not shown.running


def test_in_a_loop_results_come_by_themselves_and_other_callbacks_in_between():
    async def cell():
        shown, ticks = streaming(many=60), 0
        begun, first = time.monotonic(), shown._overlay.value
        while shown.running:
            await asyncio.sleep(0.001)
            ticks += 1
        return shown, first, ticks, time.monotonic() - begun

    shown, first, ticks, seconds = asyncio.run(cell())
    assert shown.experiment.given == [(0.1, k) for k in range(60)]
    assert shown._overlay.value != first and shown.scene.start == (0.5, 0.59)
    assert 4 <= shown.scene.shown <= 2 + seconds / stream.PERIOD, "more pictures than a browser can show"
    assert ticks >= shown.scene.shown - 1, "the kernel was never free"  # the first is drawn before the loop turns


CHANGES_OF_A_RUN = {
    "slider": lambda shown: setattr(shown.controls["lr"].widget, "index", shown.controls["lr"].widget.index + 1),
    "set": lambda shown: shown.set(lr=0.5),
    "preset": lambda shown: setattr(shown._menu, "value", "fast and far"),
    "reset": lambda shown: shown.reset(),
    "click": lambda shown: shown.click(0.3, 0.5),
}


@pytest.mark.parametrize("change", CHANGES_OF_A_RUN.values(), ids=CHANGES_OF_A_RUN)
def test_a_change_ends_what_runs_at_once_and_begins_anew(change):
    async def cell():
        shown = streaming(many=10_000)
        await until(lambda: len(shown.experiment.given) > 20)
        change(shown)
        assert shown.experiment.closed == [0.1] and shown.experiment.given[-1][1] < 10
        since, lr = len(shown.experiment.given), shown.values["lr"]
        await until(lambda: len(shown.experiment.given) > since + 20)
        assert [k for _, k in shown.experiment.given[since:]] == list(
            range(shown.experiment.given[since][1], shown.experiment.given[-1][1] + 1)
        ), "two runs give results at the same time"
        assert {run for run, _ in shown.experiment.given[since:]} == {lr} and shown.scene.lr == lr
        shown._on_pause()

    asyncio.run(cell())


def test_a_slider_of_another_thread_ends_what_a_cell_began_and_goes_on_in_its_own_loop():
    """As in JupyterLab, whose callbacks run in a thread, and a loop, of their own."""
    where = []

    async def moved(shown):
        shown.experiment.many = 100
        shown.set(lr=0.5)
        await until(lambda: not shown.running)

    async def cell():
        shown = streaming(many=10**6)
        at = shown.scene.at
        shown.scene.at = lambda t: (where.append((shown.scene.lr, threading.current_thread())), at(t))[1]
        await until(lambda: len(shown.experiment.given) > 20)
        subshell = threading.Thread(target=lambda: asyncio.run(moved(shown)))
        subshell.start()
        await until(lambda: not subshell.is_alive())
        return shown, subshell

    shown, subshell = asyncio.run(cell())
    assert shown.experiment.closed == [0.1, 0.5] and shown.experiment.given[-1] == (0.5, 99) and not shown.errors
    assert {thread for lr, thread in where if lr == 0.5} == {subshell}
    assert {thread for lr, thread in where if lr == 0.1} == {threading.main_thread()}


def test_a_loop_that_ends_first_leaves_no_noise(capfd, caplog):
    async def cell():
        return streaming(many=1000)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = asyncio.run(cell())
        assert shown.running
        shown.finish()
        shown = asyncio.run(cell())
        del shown
        gc.collect()
    assert capfd.readouterr() == ("", "") and not caplog.records


@pytest.mark.filterwarnings("error")
def test_what_goes_wrong_later_is_shown_and_kept_and_breaks_nothing():
    async def cell():
        shown = streaming(fail_at=8)
        await until(lambda: not shown.running)
        await asyncio.sleep(0.1)
        assert [str(error) for error in shown.errors] == ["piece 8"]
        assert "ZeroDivisionError: piece 8" in shown._trouble.outputs[0]["text"]
        assert len(shown.experiment.given) == 8 and "optim-running" not in shown._dom_classes
        shown.experiment.fail_at = None
        shown.set(lr=0.5)
        await until(lambda: not shown.running)
        assert shown._trouble.outputs == () and len(shown.errors) == 1 and shown.scene.lr == 0.5

    asyncio.run(cell())


def test_what_goes_wrong_at_first_or_in_finish_reaches_the_cell():
    with pytest.raises(ZeroDivisionError, match="piece 0"):
        streaming(fail_at=0)
    shown = streaming(fail_at=3)
    with pytest.raises(ZeroDivisionError, match="piece 3"):
        shown.finish()
    assert not shown.running and len(shown.errors) == 1
    shown.experiment.fail_at = 0
    with pytest.raises(ZeroDivisionError, match="piece 0"):
        shown.set(lr=0.3)
    assert not shown.running and "optim-running" not in shown._dom_classes


def test_ctrl_c_ends_a_finish_and_the_figure_goes_on_working():
    shown = streaming(fail_at=3, error=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        shown.finish()
    assert not shown.running and not shown.errors
    shown.experiment.fail_at = None
    shown.set(lr=0.5)
    shown.finish()
    assert shown.experiment.given[-1] == (0.5, 11)


def test_a_stream_gives_at_least_one_result():
    with pytest.raises(ValueError, match="experiment = .*one that gives at least one"):
        streaming(many=0)


def test_a_screen_reader_hears_the_beginning_and_the_end_only():
    async def cell():
        shown, heard, seen = streaming(many=60, presets=None), [], []
        await until(lambda: not shown.running)
        shown._heard.observe(lambda change: heard.append(change["new"]), "value")
        shown._words.observe(lambda change: seen.append(change["new"]), "value")
        at = shown.scene.at

        def counted(t):
            moved = at(t)
            shown.scene.caption = f"Result {len(shown.experiment.given)}."
            return moved

        shown.scene.at = counted
        shown.controls["lr"].value = 0.5
        await until(lambda: not shown.running)
        return heard, seen

    heard, seen = asyncio.run(cell())
    assert len(heard) == 2 and len(seen) > 3
    assert all("η learning rate 0.5" in words and 'role="status"' in words for words in heard)
    assert "Result 120." in heard[-1] and "Result 120." in seen[-1]
    assert not any("aria-live" in words or "role=" in words for words in seen)


def test_pause_lets_the_results_rest_and_go_on():
    async def cell():
        shown = streaming(many=100)
        button = shown._pause
        assert button.layout.display is None and not button.disabled and button.description == "Pause"
        await until(lambda: len(shown.experiment.given) > 10)
        button.click()
        assert button.description == "Go on" and "optim-running" not in shown._dom_classes
        given = len(shown.experiment.given)
        await asyncio.sleep(0.2)
        assert len(shown.experiment.given) == given
        for _ in range(4):
            button.click()
        assert len(shown.experiment.given) == given
        button.click()
        assert button.description == "Pause" and "optim-running" in shown._dom_classes
        await until(lambda: not shown.running)
        assert button.disabled and shown.experiment.given == [(0.1, k) for k in range(100)]

    asyncio.run(cell())


def test_a_figure_without_a_stream_has_no_pause():
    assert make()._pause.layout.display == "none"


def test_an_experiment_may_give_one_result_here_and_many_there():
    pieces = Pieces()

    def experiment(**values):
        return pieces(**values) if values["lr"] > 0.5 else tuple(values.values())

    shown = live.Live(Dots(), experiment, **RANGES)
    assert not shown.running and 'role="status"' in shown._words.value
    shown.set(lr=1.0)
    assert shown.running
    shown.set(lr=0.5)
    assert not shown.running and pieces.closed == [1.0] and 'role="status"' in shown._words.value
    assert shown._heard.value == "" and shown._pause.disabled and "optim-running" not in shown._dom_classes


def test_the_picture_for_a_page_without_a_kernel_shows_half_a_second_of_work(monkeypatch):
    watch = SimpleNamespace(now=0.0, perf_counter=lambda: watch.now)  # a clock that knows of the pieces' work alone
    monkeypatch.setattr(stream, "time", watch)
    monkeypatch.setattr(time, "sleep", lambda seconds: setattr(watch, "now", watch.now + seconds))
    quick, slow = streaming(), streaming(many=10_000)
    for shown in (quick, slow):
        shown._repr_mimebundle_()
    assert not quick.running and slow.running
    assert stream.STILL <= slow._stream.worked < stream.STILL + 0.005
    given = len(slow.experiment.given)
    slow.still()
    assert len(slow.experiment.given) == given, "once is enough"
    failing = streaming(fail_at=3)
    assert failing.still().startswith(b"\x89PNG") and len(failing.errors) == 1


class Tinted(Dots):
    """A scene with a control of its own, and a memory."""

    own_controls = ("colour",)
    forgotten = 0

    def adjust(self, colour):
        self.line.set_color(colour)

    def forget(self):
        self.forgotten += 1


def test_a_control_of_the_scene_draws_anew_and_computes_nothing():
    pieces, colours = Pieces(), ["#ff0000", "#00ff00"]
    presets = {"green, the same run": lambda **now: {"colour": "#00ff00"}, "green": {"colour": "#00ff00"}}
    shown = live.Live(Tinted(), pieces, presets=presets, **RANGES, colour=colours)
    assert "#ff0000" in shown._overlay.value
    shown.finish(pieces=3)
    given, drawn, said = list(pieces.given), shown.scene.shown, []
    for change in (
        lambda: setattr(shown.controls["colour"], "value", "#00ff00"),
        lambda: shown.set(colour="#ff0000"),
        lambda: setattr(shown._menu, "value", "green, the same run"),
    ):
        before = shown._overlay.value
        change()
        assert shown._overlay.value != before
        assert pieces.given == given and shown.running and shown.scene.shown == drawn and not pieces.closed
        said.append("colour #00ff00." in shown._heard.value)
        assert "colour #00ff00." not in shown._words.value
    assert said[0] and not said[-1], "a slider that moved, and not the one before a situation was chosen"
    shown._menu.value = "green"  # sets all controls, and so begins anew
    assert pieces.closed == [0.1] and shown.scene.forgotten == 0
    shown.reset()
    assert shown.scene.forgotten == 1 and "#ff0000" in shown._overlay.value


# ---- what goes wrong -----------------------------------------------------------------------------------------------


def test_an_exception_reaches_the_setter_and_is_shown_and_kept():
    shown = make()
    with pytest.raises(ZeroDivisionError, match="lr is 0.7"):
        shown.controls["lr"].value = 0.7
    assert [type(error) for error in shown.errors] == [ZeroDivisionError]
    assert "lr is 0.7" in shown._trouble.outputs[0]["text"]
    shown.controls["lr"].value = 0.5
    assert shown._trouble.outputs == () and len(shown.errors) == 1


def test_an_exception_in_the_scene_or_in_a_click_is_shown_too():
    shown = make()
    shown.scene.clicked = lambda axes, x, y: 1 / 0
    with pytest.raises(ZeroDivisionError):
        shown.click(0.3, 0.5)
    shown.scene.at = lambda t: 1 / 0
    with pytest.raises(ZeroDivisionError):
        shown.time = 2
    assert len(shown.errors) == 2 and "ZeroDivisionError" in shown._trouble.outputs[0]["text"]


def test_threads_take_turns():
    shown = make()
    failed = []

    def work(values):
        try:
            for value in values:
                shown.set(lr=value)
                shown.time = int(10 * value)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=([0.1 * k, 0.2 * k, 0.3 * k],)) for k in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and not shown.errors


def test_a_slider_that_moves_while_a_cell_sets_others_is_not_lost():
    shown = make()
    threads = []

    def move_another(change):  # in the middle of set(), as the browser may
        threads.append(threading.Thread(target=lambda: setattr(shown.controls["tall"], "value", 2.0)))
        threads[-1].start()
        time.sleep(0.05)

    shown.controls["lr"].observe(move_another, "value")
    shown.set(lr=0.2, steps=20)
    threads[0].join()
    assert shown.experiment[-1] == shown.values == dict(lr=0.2, start=(0.5, 0.0), tall=2.0, steps=20)


def test_all_ends_of_all_sliders_draw_without_a_warning():
    shown = live.Live(
        Dots(),
        lambda **v: (v["lr"], v["start"], v["tall"], v["steps"]),
        **RANGES | {"lr": (0.1, 1e-4, 1e4), "tall": (1.0, -4.0, 4.0)},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for lr in (1e-4, 1e4):
            for start in [(-2.0, -1.0), (2.0, 1.0)]:
                for tall in (-4.0, 0.0, 4.0):
                    for steps in (0, 50):
                        shown.set(lr=lr, start=start, tall=tall, steps=steps)
                        assert all(ElementTree.fromstring(layer) for layer in visible(shown))
    assert not shown.errors


# ---- in a notebook ---------------------------------------------------------------------------------------------------


def test_the_text_of_a_figure_is_the_same_in_every_run():
    assert repr(make()) == repr(make()) == "Live(Dots: lr, start, tall, steps)"


def test_a_page_without_a_kernel_gets_a_still_picture():
    shown = make()
    data, metadata = shown._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    image.load()
    assert image.size == (1200, 600)
    assert metadata["image/png"] == {"width": 600, "height": 300, "alt": shown.scene.alt, "caption": shown.caption}
    assert data["text/plain"] == repr(shown) and "application/vnd.jupyter.widget-view+json" in data
    colours = image.convert("RGB").getcolors(1 << 20)
    assert any(colour == (31, 119, 180) for _, colour in colours), "what moves is in the still, too"


def test_a_still_does_not_change_what_is_sent_afterwards():
    shown = make()
    shown.still()
    with Sent(shown) as counts:
        shown.set(lr=0.5)
    assert counts == dict(ground=0, frame=0, overlay=1)


def test_the_register_holds_all_figures_in_order_and_keeps_none_alive():
    before = len(live.FIGURES)
    first, second = make(), make()
    assert [reference() for reference in live.FIGURES[before:]] == [first, second]


def trajectories(lr, start):
    surface = surfaces.product()
    return surface, {"gradient descent": descend(gd, start, surface.grad, 40, lr=lr)}


def test_a_matplotlibrc_of_the_users_does_not_reach_a_figure():
    def used():
        shown = live.Live(Trajectories(), trajectories, lr=0.1, start=(-1.0, 1.6))
        shown.controls["lr"].value, shown.time = 0.2, 7
        shown.click(0.2, 0.4)
        return shown._shown, shown.caption, shown.still()

    strange = {"font.size": 24, "text.usetex": True, "axes.facecolor": "red", "lines.linewidth": 9, "axes.grid": False}
    strange |= {"axes.unicode_minus": False, "axes.formatter.limits": [-1, 1], "font.family": ["serif"]}
    plain = used()
    with matplotlib.rc_context(strange):
        assert used() == plain
        assert {name: matplotlib.rcParams[name] for name in strange} == strange, "and theirs stay theirs"


def test_a_students_seterr_does_not_make_a_small_number_an_error():
    def experiment(lr, start):
        surface, runs = trajectories(lr, start)
        assert (np.array([1e-200]) ** 2 * lr).item() == 0.0
        return surface, runs

    with np.errstate(all="raise"):
        shown = live.Live(Trajectories(), experiment, lr=0.1, start=(-1.0, 1.6))
        shown.controls["lr"].value = 0.2
        assert np.geterr()["under"] == "raise" and not shown.errors


def test_a_figure_with_a_layout_engine_is_laid_out_once():
    scene = Dots()
    scene.figure.set_layout_engine("constrained")
    shown = live.Live(scene, Runs(), **RANGES)
    assert (
        shown.scene.figure.get_layout_engine() is None or not shown.scene.figure.get_layout_engine().adjust_compatible
    )
    place = scene.map.get_position().bounds
    shown.set(tall=3.0)
    assert scene.map.get_position().bounds == place


def test_making_a_second_live_figure_of_one_scene_does_not_change_its_size():
    scene = Dots()
    sizes = [live.Live(scene, Runs(), **RANGES)._size.tolist() for _ in range(2)]
    assert sizes == [[600.0, 300.0]] * 2 and scene.figure.dpi == 200


# ---- controls --------------------------------------------------------------------------------------------------------


def test_every_control_of_the_table_makes_a_slider_whose_ends_are_its_range():
    for name, what in live.CONTROLS.items():
        slider = live.control(name, what.low)
        assert (slider.value, slider.min, slider.max) == (what.low, what.low, what.high)
        assert slider.stops == sorted(set(slider.stops)), name
        assert slider.stops == [0, 1] or 4 <= len(slider.stops) <= 1001, name  # a box to tick, or a slider
        labels = [label for label, _ in slider.widget.options]
        assert len(set(labels)) == len(labels) and max(map(len, labels)) <= 7, name


def test_what_a_slider_says_is_what_it_is():
    for name in ("lr", "mu", "x", "kappa", "n"):
        slider = live.control(name, live.CONTROLS[name].low)
        for label, value in slider.widget.options:
            assert float(label.replace("−", "-")) == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_a_value_between_two_stops_is_kept_exactly():
    slider = live.control("lr", 0.0123)
    assert slider.value == slider.widget.value == 0.0123 and slider.widget.label == "0.0123"
    slider.value = 1 / 3
    assert slider.value == 1 / 3 and slider.widget.label == "0.3333"
    slider.widget.index += 1
    assert slider.value == 0.35


def test_a_slider_beyond_its_end_stays_at_the_end_and_refuses_what_is_no_number():
    slider = live.control("mu", 0.5)
    slider.value = 7
    assert slider.value == 0.99
    for bad in ("0.5", float("nan"), True):
        with pytest.raises(ValueError, match="mu = .*must be a number from 0 to 0.99"):
            slider.value = bad
    assert slider.value == 0.99


def test_menus_boxes_and_widgets_are_controls_too():
    assert live.control("surface", ["bowl", "beale"]).value == "bowl"
    assert live.control("shuffle", True).value is True
    menu = live.control("rule", [("Adam", 1), ("SGD", 2)])
    assert live.control("anything", menu) is menu
    assert live.control("clicks", (3, 0, 9)).stops == list(range(10))


def test_a_slider_may_be_told_every_stop():
    slider = live.control("k", (8, [1, 8, 15, 120]))
    assert slider.stops == [1, 8, 15, 120] and slider.value == 8


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("lr", 99.0, "lr = 99.0: must be a number from 0.0001 to 10"),
        ("lr", (0.5, 1.0, 0.1), "the range of lr = .*low first"),
        ("lr", (0.5, 0.0, 1.0), "the range of lr = .*above 0"),
        ("lr", "fast", "lr = 'fast': must be a number"),
        ("nonsense", 1.0, r"nonsense = 1.0: must be a name of live.CONTROLS, or come with its range"),
        ("start", (1.0, 9.0), "start = 9.0: must be a number from -2.5 to 2.5"),
        ("start", np.zeros(4), "start = .*must be a number, or a point"),
        ("k", (3, [1, 8, 15]), r"k = \(3, .*with the value among them"),
    ],
)
def test_a_control_that_cannot_be_made_says_why(name, given, complaint):
    with pytest.raises(ValueError, match=complaint):
        live.control(name, given)


def test_the_two_sliders_of_a_point_stand_side_by_side():
    a, b, c, d, e = (object() for _ in range(5))
    assert figure._in_rows([[a], [b], [c, d], [e]], 3) == [a, b, e, c, d]
    cells = figure._in_rows([[a, b], [c, d]], 3)
    assert cells[:2] == [a, b] and cells[3:] == [c, d]


# ---- what is there before it is asked for ----------------------------------------------------------------------------


class Watched(Runs):
    """An experiment that notes what the browser shows when it begins."""

    def __init__(self):
        self.layers = []

    def __call__(self, **values):
        if hasattr(self, "shown"):
            self.layers.append(visible(self.shown))
        return super().__call__(**values)


def watched(**more):
    experiment = Watched()
    experiment.shown = live.Live(Dots(), experiment, **RANGES | more)
    return experiment.shown


def state(shown):
    """All that one can see or ask of a figure."""
    return visible(shown), shown.caption, shown.values, shown.time, shown.result


def stepped(shown, name, *places, rest=True):
    """Move a slider over these places; then, in the rest after it, do what was put off until then."""
    put_off, quick = [], figure.QUICK and float("inf")  # on any machine

    def later(seconds, call, *arguments):
        put_off.append((seconds, call, arguments))
        return True

    with mock.patch.object(figure, "later", later), mock.patch.object(figure, "QUICK", quick):
        for place in places:
            shown.controls[name].widget.index = place
    for seconds, call, arguments in put_off:
        if rest and seconds == ahead.AFTER:
            call(*arguments)
    return shown


@pytest.mark.parametrize("change", [{"lr": 0.5}, {"tall": 3.0}, {"steps": 20}, {"start": (1.0, 0.5)}])
def test_what_was_shown_before_is_there_before_the_experiment_begins(change):
    shown = watched()
    first = state(shown)
    shown.set(**change)
    other = state(shown)
    assert first[0] != other[0]
    shown.reset()
    assert shown.experiment.layers[-1] == first[0] and state(shown) == first
    shown.set(**change)
    assert shown.experiment.layers[-1] == other[0] and state(shown) == other


def test_what_is_known_at_another_moment_is_not_what_is_shown():
    shown = watched()
    shown.set(lr=0.5)
    shown.time = 3
    at_three = state(shown)
    shown.set(lr=0.1)
    assert shown.experiment.layers[-1] == at_three[0]
    shown.set(lr=0.5)
    assert state(shown) == at_three


def test_what_is_known_wrongly_is_put_right():
    shown, other = watched(), make(lr=0.9, tall=(3.0, 0.0, 4.0))
    right = state(shown)
    shown.set(lr=0.5)
    wrong = ahead.Picture(tuple(visible(other)), "Wrong.")
    shown._known.keep(shown.initial, None, wrong)
    shown.set(lr=0.1)
    assert shown.experiment.layers[-1] == list(wrong.layers)
    assert state(shown) == right and "Wrong" not in shown._words.value


def test_only_the_last_pictures_are_kept():
    shown = watched()
    for tall in np.linspace(0, 4, ahead.KEPT + 10):
        shown.set(tall=tall)
    assert len(shown._known.pictures) == ahead.KEPT


@pytest.mark.parametrize("places, further", [([4, 5], 6), ([7, 5], 4), ([99, 100], None), ([1, 0], None)])
def test_in_a_rest_the_picture_of_the_next_stop_is_made(places, further):
    shown = watched(lr=(0.5, [k / 100 for k in range(101)]))
    stops = shown.controls["lr"].stops
    with Sent(shown) as counts:
        stepped(shown, "lr", *places)
    assert counts["overlay"] == 2, "more was sent than the two pictures asked for"
    asked = [values["lr"] for values in shown.experiment]
    wanted = [0.5, *(stops[place] for place in places)] + ([] if further is None else [stops[further]])
    assert asked == wanted and shown.values["lr"] == stops[places[-1]] and shown.scene.lr == stops[places[-1]]
    if further is not None:
        shown.controls["lr"].widget.index = further
        assert shown.experiment.layers[-1] == state(shown)[0]


def test_looking_ahead_changes_nothing_that_one_can_see_or_ask():
    shown = watched()
    shown.set(tall=2.0, lr=0.3)
    shown.time = 4
    before, still = state(shown), shown.still()
    for values in ({"tall": 3.0}, {"steps": 30}, {"steps": 2}, {"start": (-1.0, 0.2)}):
        shown._look_ahead(shown._ticket, values)
        assert state(shown) == before and shown.still() == still
    with Sent(shown) as counts:
        shown.time = 5
        shown.time = 4
    assert state(shown) == before and counts == dict(ground=0, frame=0, overlay=2)


def test_the_two_sliders_of_a_point_are_looked_ahead_one_at_a_time():
    shown = watched()
    point = shown.controls["start"]
    here = point.value
    point.value = (here[0] + 0.02, here[1])
    assert point.beyond(here) == (pytest.approx(here[0] + 0.04), here[1])
    point.value = (here[0], here[1] - 0.02)
    assert point.beyond(here) == (here[0], pytest.approx(here[1] - 0.04))
    point.value = (here[0] + 0.02, here[1] + 0.02)
    assert point.beyond(here) is None


def test_who_moves_on_at_once_is_not_kept_waiting():
    assert len(stepped(watched(), "lr", 4, 5, 6, 7, rest=False).experiment) == 5
    assert len(stepped(watched(), "lr", 4, 5, 6, 7).experiment) == 6, "more than the last one's next was made"


def test_in_a_loop_the_next_picture_comes_by_itself(monkeypatch):
    async def hand(shown):
        shown.controls["lr"].widget.index = 4
        await until(lambda: len(shown.experiment) == 3)

    monkeypatch.setattr(figure, "QUICK", float("inf"))
    shown = watched()
    asyncio.run(hand(shown))
    assert shown.experiment[-1]["lr"] in shown.controls["lr"].stops[3:6:2] and shown.experiment[1] == shown.values


def test_what_takes_long_is_not_made_unasked(monkeypatch):
    monkeypatch.setattr(figure, "QUICK", 0.0)
    assert len(stepped(watched(), "lr", 4, 5).experiment) == 3


def test_what_goes_wrong_ahead_is_shown_when_it_is_asked_for():
    shown = watched(lr=(0.5, [k / 10 for k in range(11)]))
    before = len(stepped(shown, "lr", 6).experiment)
    assert before == 3 and shown.experiment[-1]["lr"] == 0.7, "0.7 was not tried"
    assert not shown.errors and not shown._trouble.outputs and shown.scene.lr == 0.6
    with pytest.raises(ZeroDivisionError):
        shown.controls["lr"].value = 0.7
    assert shown.errors and shown._trouble.outputs


def test_a_scene_that_keeps_earlier_results_is_shown_no_others():
    shown = watched()
    shown.scene.forget = lambda: None
    assert len(stepped(shown, "lr", 4, 5).experiment) == 3


def test_results_that_come_one_by_one_are_not_begun_ahead():
    shown = streaming(many=3)
    shown.finish()
    stepped(shown, "lr", 4)
    assert {lr for lr, _ in shown.experiment.given} == {0.1, shown.controls["lr"].stops[4]}


# ---- the pen ---------------------------------------------------------------------------------------------------------


def drawn(plot, scale=1):
    """The SVG elements of one artist on axes that fill a picture of 200×100 pixels and run from 0 to 2 and 0 to 1."""
    canvas = Figure((2, 1), dpi=100 * scale)
    artist = plot(canvas.add_axes([0, 0, 1, 1], xlim=(0, 2), ylim=(0, 1)))
    strokes = pen.Pen(canvas, scale)
    artist.draw(strokes)
    root = ElementTree.fromstring(strokes.svg())
    return [element for element in root.iter() if element.tag.endswith("path")]


def numbers(element):
    """The points (n, 2) of a path; behind an `l` they are steps from the one before."""
    points, here = [], np.zeros(2)
    for letter, digits in re.findall(r"([A-Za-z])([^A-Za-z]*)", element.get("d")):
        for point in np.array(re.findall(r"-?\d+", digits), float).reshape(-1, 2):
            here = here + point if letter == "l" else point
            points.append(here)
    return np.array(points)


@pytest.mark.parametrize("scale", [1, 2])
def test_a_line_is_drawn_where_its_data_are(scale):
    (path,) = drawn(lambda axes: axes.plot([0, 1, 2], [1, 0.25, 0.5], color="#0072B2", lw=1.44)[0], scale)
    assert numbers(path).tolist() == [[0, 0], [1000, 750], [2000, 500]]  # tenths of a pixel, y downwards
    assert (path.get("stroke"), path.get("fill"), path.get("stroke-width")) == ("#0072b2", "none", "20")


def test_a_gap_in_the_data_is_a_gap_in_the_line():
    (path,) = drawn(lambda axes: axes.plot([0, 0.5, 1, 1.5, 2], [0, 1, np.nan, 1, 0])[0])
    assert path.get("d").count("M") == 2 and "nan" not in path.get("d")


def test_a_line_to_far_outside_ends_at_the_edge():
    (path,) = drawn(lambda axes: axes.plot([0, 1e12], [0.5, 1e12])[0])
    assert np.abs(numbers(path)).max() < 3000


def test_markers_stand_on_their_points_and_the_same_place_is_marked_once():
    (path,) = drawn(lambda axes: axes.plot([0.5, 0.5, 0.5, 1.5], [0.5] * 4, "s", ms=7.2, mew=0)[0])
    assert re.findall(r"M(\d+) (\d+)", path.get("d")) == [("500", "500"), ("1500", "500")]
    outlines = re.findall(r"m(-?\d+) (-?\d+)", path.get("d"))
    assert set(outlines) == {("-50", "50")}  # a square of 7.2 points is 10 pixels wide


def test_markers_outside_the_picture_are_left_out():
    assert drawn(lambda axes: axes.plot([-5, 9, np.nan], [0.5, 0.5, 0.5], "o")[0]) == []


def test_dashes_alpha_and_fill_are_written():
    (path,) = drawn(lambda axes: axes.plot([0, 1], [0, 1], ls="--", lw=0.72, alpha=0.5)[0])
    assert path.get("stroke-dasharray") == "37 16" and path.get("stroke-opacity") == "0.5"
    (bar,) = drawn(lambda axes: axes.bar(1, 0.5, color="#D55E00", alpha=0.25)[0])
    assert (bar.get("fill"), bar.get("fill-opacity")) == ("#d55e00", "0.25")
    assert numbers(bar)[:, 1].min() == 500


def test_a_cloud_of_points_is_drawn():
    (path,) = drawn(lambda axes: axes.scatter(np.linspace(0, 2, 50), np.linspace(0, 1, 50)))
    assert path.get("d").count("M") == 50
    several = drawn(lambda axes: axes.scatter([0.5, 1.5], [0.5, 0.5], c=["red", "blue"]))
    assert [element.get("fill") for element in several] == ["#ff0000", "#0000ff"]


def test_words_become_outlines_so_that_every_machine_shows_the_same():
    (path,) = drawn(lambda axes: axes.text(0.5, 0.5, "λ = −2"))
    assert path.get("fill") == "#000000" and path.get("d").count("Z") >= 4
    assert 490 <= numbers(path)[:, 0].min() <= 520


def test_what_lies_in_axes_is_cut_at_their_edge():
    canvas = Figure((2, 1), dpi=100)
    axes = canvas.add_axes([0.25, 0.2, 0.5, 0.6], xlim=(0, 1), ylim=(0, 1))
    strokes = pen.Pen(canvas)
    axes.plot([-1, 2], [0.5, 0.5])[0].draw(strokes)
    axes.plot([-1, 2], [0.5, 0.5], clip_on=False)[0].draw(strokes)
    root = ElementTree.fromstring(strokes.svg())
    inner, free = root
    assert [inner.get(k) for k in ("x", "y", "width", "height", "viewBox")] == [
        "500",
        "200",
        "1000",
        "600",
        "500 200 1000 600",
    ]
    assert free.tag.endswith("path")


def test_a_mesh_covers_what_lies_behind_it():
    def mesh(axes):
        x, y = np.meshgrid([0, 1, 2], [0, 0.5, 1])
        return axes.pcolormesh(x, y, [[0, 1], [2, 3]], cmap="gray", edgecolors="red", linewidth=0.72)

    quads = drawn(mesh)
    assert [quad.get("fill") for quad in quads] == ["#000000", "#555555", "#aaaaaa", "#ffffff"]
    assert numbers(quads[1]).tolist() == [[1000, 1000], [2000, 1000], [2000, 500], [1000, 500]]


@pytest.mark.parametrize("interpolation", ["none", "nearest"])
@pytest.mark.parametrize("scale", [1, 2])
def test_an_image_stands_where_its_data_are(interpolation, scale):
    canvas = Figure((2, 1), dpi=100 * scale)
    axes = canvas.add_axes([0, 0, 1, 1])
    image = np.zeros((2, 4, 3), np.uint8)
    image[0, 0] = 255  # white where both are smallest
    axes.imshow(image, origin="lower", extent=(0, 1, 0, 1), aspect="auto", interpolation=interpolation)
    axes.set(xlim=(0, 2), ylim=(0, 2))
    strokes = pen.Pen(canvas, scale)
    axes.images[0].draw(strokes)
    (element,) = (e for e in ElementTree.fromstring(strokes.svg()).iter() if e.tag.endswith("image"))
    data = element.get("href").removeprefix("data:image/png;base64,")
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))
    a, b, c, d, e, f = map(float, re.findall(r"[-\d.e]+", element.get("transform").removeprefix("matrix")))
    rows, columns = np.nonzero(pixels > 128)
    left, right = a * columns.min() + e, a * (columns.max() + 1) + e
    bottom, top = d * rows.min() + f, d * (rows.max() + 1) + f
    assert b == c == 0 and np.allclose([left, right, bottom, top], [0, 250, 1000, 750], atol=6)  # y downwards
    assert (element.get("width"), element.get("height")) == tuple(map(str, pixels.shape[::-1]))


def test_a_png_holds_the_pixels():
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[5:15, 10:20] = (255, 0, 0, 128)
    assert (np.asarray(Image.open(io.BytesIO(pen.png(pixels)))) == pixels).all()


# ---- questions -------------------------------------------------------------------------------------------------------


def test_a_choice_is_explained_only_after_it_is_made():
    question = Choice("2 + 2?", {"a": ("3", "That is 1 + 2."), "b": ("4", "Yes.")}, correct="b")
    asked = live.ask(question)
    assert asked.input.value is None and asked.result.value == ""
    asked.button.click()
    assert "Not attempted" in asked.result.value
    asked.input.value = "a"
    assert asked.result.value == ""
    asked.button.click()
    assert "Incorrect" in asked.result.value and "That is 1 + 2." in asked.result.value
    asked.input.value = "b"
    asked.button.click()
    assert "<b>Correct:</b>" in asked.result.value and 'role="status"' in asked.result.value


TYPED = [("6", 6), (" 7.5", 7.5), ("7,5", 7.5), ("−3", -3), ("1,000", 1000), ("½", 0.5), ("≈ 40 legs", 40), ("–3", -3)]


@pytest.mark.parametrize(("typed", "number"), TYPED)
def test_a_prediction_is_committed_before_it_is_measured_and_then_stays(typed, number):
    measured = []
    asked = live.ask(Predict("How many legs?", lambda: measured.append(8) or 8, tolerance=0.5))
    asked.button.click()
    assert "Not attempted" in asked.result.value and not measured
    asked.input.value = "many"
    asked.button.click()
    assert "<code>many</code> is not understood. Commit to a number" in asked.result.value and not measured
    assert not asked.input.disabled
    asked.input.value = typed
    asked.button.click()
    assert measured == [8] and asked.question.prediction == number
    assert asked.input.disabled and asked.button.disabled and "measured: 8" in asked.result.value


def test_a_question_that_is_answered_says_so_when_its_cell_runs_again():
    question = Predict("How many legs?", lambda: 8, tolerance=0.5)
    first = live.ask(question)
    first.input.value = "6"
    first.button.click()
    again = live.ask(question)
    again.input.value = "8"
    again.button.click()
    assert "your prediction was 6, and it stays." in again.result.value
    assert "you predicted 6; measured: 8" in again.result.value and again.input.disabled
    unread = live.ask(question)
    unread.input.value = "a few"
    unread.button.click()
    assert "is not understood" in unread.result.value and "measured" not in unread.result.value


def test_a_prediction_can_be_a_choice():
    asked = live.ask(Predict("Which?", lambda: "b", options={"a": "this", "b": "that"}))
    asked.input.value = "b"
    asked.button.click()
    assert "Correct" in asked.result.value


def test_a_question_is_text_where_there_is_no_kernel():
    question = Choice("Is <x> < 2?", {"a": ("yes", "…"), "b": ("no", "…")}, correct="a")
    asked = live.ask(question)
    assert repr(asked) == repr(question)
    data = asked._repr_mimebundle_()
    assert data["text/html"] == question._repr_html_() and data["text/plain"].startswith("Is <x> < 2?")
    assert "&lt;x&gt;" in asked.children[0].value
    assert controls.spoken(live.control("shuffle", True)) == "shuffle True."
