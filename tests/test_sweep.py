"""Every live figure of every chapter: each slider at both ends, every situation, some combinations, moments, clicks.

All of them must draw, warn of nothing, and say what is so. What a figure costs here is counted, not timed: two pictures
for a slider, one for a situation, COMBINATIONS, a few moments and clicks.
"""

import itertools
import math
import random
import re
import weakref
import xml.etree.ElementTree as ElementTree
from contextlib import contextmanager
from functools import lru_cache
from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import captions
import layers
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import notebooks

widgets = pytest.importorskip("ipywidgets")
COMBINATIONS = 4  # each slider is at each of its ends in one of them
PIECES = 5  # of results that come one by one, this many are waited for: the same number shows the same picture
# Known and not mended yet: take them out when they are.
BETWEEN_STOPS = {
    ("05_momentum", "at the edge", "lr", 1.35),
}
IDLE = {  # a slider that moves nothing as the figure begins
    ("06_adaptive", "Race", "beta"),
    ("14_architecture", "Shattered", "branch"),  # there are no shortcuts yet
    ("15_clinic", "Ward", "knob"),  # most have nothing to treat in the first patient
}
BEGIN = weakref.WeakKeyDictionary()  # live figure -> its first pictures


def tree(widget) -> list:
    """The widget and all widgets in it."""
    return [widget, *itertools.chain.from_iterable(tree(child) for child in getattr(widget, "children", ()))]


def pictures(live) -> tuple:
    """The layers as the browser shows them, each an SVG."""
    box = next(w for w in tree(live) if "optim-layers" in getattr(w, "_dom_classes", ()))
    return tuple(layers.visible(*(w.value for w in tree(box) if hasattr(w, "value"))))


def look(live) -> tuple:
    """The pictures, after making sure that they are valid and that the figure says what it shows."""
    live.finish(PIECES)
    width, height = (round(v / live.scale) for v in live.scene.figure.bbox.size)  # in pixels of the page
    for picture in (now := pictures(live)):
        check_picture(picture, width, height)
    assert live.scene.alt.strip(), "the scene has no alternative text"
    assert any('role="img" aria-label="' in picture for picture in now), "a screen reader finds no picture"
    wrong = captions.problems(live)
    assert not wrong, "\n".join(wrong)
    assert not live.errors, f"the figure notes errors: {live.errors}"
    return now


@lru_cache(maxsize=256)
def check_picture(picture: str, width: int, height: int) -> None:
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg") and (root.get("width"), root.get("height")) == (f"{width}", f"{height}")
    words = ("aria-label", "href")  # and the bytes of an image
    for attribute in (v for e in root.iter() for k, v in e.attrib.items() if k not in words):
        assert "nan" not in attribute and "inf" not in attribute, f"the drawing has a coordinate {attribute!r}"


def parts(control) -> list:
    """The sliders of a control: two for a point, else itself (a menu, a box to tick, one slider)."""
    return list(getattr(control, "sliders", [control]))


def hand(part):
    """The widget that a hand moves: a slider of the course has one, a menu and a box are widgets themselves."""
    return getattr(part, "widget", part)


def stops(part) -> list:
    """All values that a hand can set, in order."""
    if hasattr(part, "stops"):
        return list(part.stops)
    options = getattr(hand(part), "options", [False, True])
    return [option[1] if isinstance(option, tuple) else option for option in options]


def ends(part) -> list:
    """A slider's two ends, all entries of a menu, both states of a box."""
    all_stops = stops(part)
    return all_stops if part is hand(part) else [all_stops[0], all_stops[-1]]


def flat(value) -> list:
    return list(value) if isinstance(value, (tuple, list)) else [value]


@contextmanager
def telling(ran, cell, live, what):
    """Failures inside say which figure of which cell, and what was done to it."""
    try:
        yield
    except Exception as error:
        where = f"{ran.path.name}, cell {cell}, {live!r}: {what}\nwith {live.values}, time {live.time}"
        raise AssertionError(f"{where}\n{live.caption}\n{type(error).__name__}: {error}") from error


def figures(ran):
    """(cell, live figure, its first pictures) for each, as it began, with warnings as errors; reset brings it back."""
    for cell, live in ran.figures:
        with notebooks.strict_warnings():
            if live not in BEGIN:
                with telling(ran, cell, live, "as it begins"):
                    live.errors.clear()
                    live.reset()
                    BEGIN[live] = look(live)
            before = live._ticket, live.values, live.time
            yield cell, live, BEGIN[live]
            if (live._ticket, live.values, live.time) == before:  # nothing was done to it
                continue
            with telling(ran, cell, live, "reset"):
                live.errors.clear()
                live.reset()
                assert live.values == live.initial
                if look(live) != BEGIN[live]:
                    raise AssertionError("the picture is not the first one")


def test_panels_above_each_other_over_the_same_steps_begin_and_end_at_the_same_place(ran):
    """So a step of the one stands above the same step of the other."""
    for cell, live, _ in figures(ran):
        for one, other in itertools.combinations(live.scene.figure.axes, 2):
            a, b = (axes.get_position() for axes in (one, other))
            if one.get_xlim() == other.get_xlim() and min(a.x1, b.x1) - max(a.x0, b.x0) > min(a.width, b.width) / 2:
                with telling(ran, cell, live, "panels above each other"):
                    shares = (a.x0, a.x1), (b.x0, b.x1)  # of the figure's width
                    assert np.allclose(*shares, atol=0.004), f"they begin and end at {shares}"


def test_no_two_lines_of_a_legend_differ_by_colour_alone(ran):
    for cell, live, _ in figures(ran):
        for legend in [*live.scene.figure.legends, *(axes.get_legend() for axes in live.scene.figure.axes)]:
            lines = legend.get_lines() if legend else []
            looks = [(str(line.get_marker()), line._unscaled_dash_pattern, line.get_linewidth()) for line in lines]
            alike = [line.get_label() for line, one in zip(lines, looks, strict=True) if looks.count(one) > 1]
            with telling(ran, cell, live, "its legend"):
                assert not alike, f"these look the same without colour: {alike}"


def test_both_ends_of_every_slider_draw_different_pictures(ran):
    """And the far end's, made ahead while the near end's is shown, is the one that comes then."""
    for cell, live, _ in figures(ran):
        back = {}  # what the last slider is put back to, in one go with the first move of the next
        for name, control in live.controls.items():
            for i, part in enumerate(parts(control)):
                seen = []
                for value in ends(part):
                    begin = live.initial[name]
                    further = value if part is control else (*begin[:i], value, *begin[i + 1 :])
                    with telling(ran, cell, live, f"{name}{[i] if i else ''} = {value!r}"):
                        computes = name not in live._own  # else only the scene is told, and nothing is made ahead
                        looks_ahead = bool(seen) and part is not hand(part) and i == 0 and computes
                        ahead = made_ahead(live, {name: further}) if looks_ahead else None
                        if seen:
                            hand(part).value = value
                        else:
                            live.set(**back | {name: further})
                        seen.append(look(live))
                        if looks_ahead and not live._stream:
                            assert ahead, "no picture was made ahead"
                            if (*ahead.layers, ahead.caption) != (*seen[-1], live.caption):
                                raise AssertionError("another picture came than was made ahead")
                with telling(ran, cell, live, f"{name} over {ends(part)}"):
                    idle = (ran.path.stem, type(live.scene).__name__, name) in IDLE
                    if not idle and any(a == b for a, b in itertools.pairwise(seen)):
                        raise AssertionError("the picture is the same")
                back = {name: begin}


def made_ahead(live, values):
    """The picture that a figure makes of a stop ahead, or None; meanwhile it must go on showing what it shows."""
    before = pictures(live), live.values, live.caption
    live._known.pictures.clear()
    live._look_ahead(live._ticket, values)
    assert (pictures(live), live.values, live.caption) == before, "it shows that it looks ahead"
    return live._known.find(live.values | values, live._moment())


def test_every_situation_can_be_set_by_hand_and_is_chosen_from_the_menu(ran):
    for cell, live, begin in figures(ran):
        between = [found for found in between_stops(live) if (ran.path.stem, *found) not in BETWEEN_STOPS]
        with telling(ran, cell, live, "its beginning and its situations"):
            assert not between, f"nobody can set this by hand, it is no stop of its slider: {between}"
        if not live.presets:
            continue
        menu = next(w for w in tree(live) if set(live.presets) <= set(getattr(w, "options", ())))
        for label, preset in live.presets.items():
            with telling(ran, cell, live, f"the situation {label!r}"):
                before = live.values
                expected = before | preset(**before) if callable(preset) else live.initial | preset
                menu.value = label
                now = look(live)
                for name, value in expected.items():
                    shown = live.controls[name].value
                    same = shown == value or all(map(math.isclose, flat(shown), flat(value)))
                    assert same, f"{name} is {shown!r}, not {value!r}: outside the slider's range?"
                if now == begin and live.values != live.initial:
                    raise AssertionError("the picture is the same as before")


def between_stops(live):
    """(situation, control, value) where a value of few digits lies between the stops of its slider.

    A value of many digits is a point that is meant exactly (a critical point, 1/9), and no slider could stop there.
    """
    for label, preset in ({"the beginning": live.initial} | live.presets).items():
        for name, value in ({} if callable(preset) else preset).items():
            for part, one in zip(parts(live.controls[name]), flat(value), strict=True):
                if one not in stops(part) and one == float(f"{one:.3g}"):
                    yield label, name, one


def test_combinations_draw(ran):
    for cell, live, before in figures(ran):
        dice = random.Random(f"{ran.path.name} {cell}")
        columns = {name: [column(part, dice) for part in parts(c)] for name, c in live.controls.items()}
        for k in range(COMBINATIONS):
            values = {name: tuple(one[k] for one in both) for name, both in columns.items()}
            values = {name: v if len(v) > 1 else v[0] for name, v in values.items()}
            with telling(ran, cell, live, f"set(**{values})"):
                last, said = live.values, live.caption
                live.set(**values)
                now = look(live)
                if now == before and live.caption == said and live.values != last:
                    raise AssertionError(f"picture and caption are the same as with {last}")
                before = now


def column(part, dice: random.Random) -> list:
    """What a slider is set to in each of the combinations: once to each end."""
    values = [*(stops(part)[i] for i in (0, -1)), *dice.choices(stops(part), k=COMBINATIONS - 2)]
    return dice.sample(values, COMBINATIONS)


def test_moments_draw_and_start_differs_from_end(ran):
    for cell, live, _ in figures(ran):
        steps, seen = live.scene.steps, []
        for t in sorted({0, 1, steps // 2, steps}) if steps else []:
            with telling(ran, cell, live, f"time {t} of {steps}"):
                live.time = t
                seen.append(look(live))
        if steps:
            with telling(ran, cell, live, f"time 0 against time {steps}"):
                if seen[0] == seen[-1]:
                    raise AssertionError("the picture is the same")


def test_clicks_draw_and_set_the_point(ran):
    for cell, live, _ in figures(ran):
        size = live.scene.figure.bbox.size
        boxes = [axes.bbox.get_points() / size for axes in live.scene.figure.axes]
        places = [box[0] + (box[1] - box[0]) * at for box in boxes for at in ([0.5, 0.5], [0.92, 0.1])]
        points = [name for name, control in live.controls.items() if len(parts(control)) > 1]
        moved = set()
        for x, y in [(0.005, 0.995), *places]:
            with telling(ran, cell, live, f"a click at ({x:.2f}, {1 - y:.2f}) of the picture"):
                before = live.values
                live.click(x, 1 - y)
                look(live)
                moved |= {name for name in points if live.values[name] != before[name]}
        with telling(ran, cell, live, "clicks all over the picture"):
            assert not points or moved, f"no click sets any of {points}"


def test_results_that_come_one_by_one_come_to_an_end(ran):
    for cell, live, begin in figures(ran):
        if live.running:
            with telling(ran, cell, live, "run to its end"):
                live.finish()
                if look(live) == begin:
                    raise AssertionError("the picture is the same as near the beginning")


# --- faults planted in a small figure, each seen by the test that looks for it --------------------------------------

SMALL = """\
import math
from matplotlib.figure import Figure
from optim_core.live import Live

class Dot:
    alt, caption, steps, seen = "A dot.", "", 0, 0
    allows = {"no claims": "where the dot is"}
    def __init__(self):
        self.figure = Figure((2, 1))
        self.axes = self.figure.add_axes([0.2, 0.2, 0.7, 0.7], xlim=(0, 9), ylim=(0, 9))
        self.dot = self.axes.plot([], [], "o", animated=True)[0]
    def show(self, result):
        self.result, self.steps, self.seen = result, 8, self.seen + 1
    def at(self, t):
        lr, (x, y) = self.result
        self.dot.set_data([x + t / 2], [y + lr])
        self.caption = f"At η = {lr}, from x = {x}, the dot is at step {t}."
        return [self.dot]
    def clicked(self, axes, x, y):
        return {"start": (x, y)}

def experiment(lr, start):
    return lr, start

figure = Live(Dot(), experiment, lr=(0.5, 0.1, 2.0), start=((1.0, 1.0), (0, 3), (0, 3)), presets={"far": {"lr": 1.5}})
figure
"""
FAULTS = {
    "an end of a slider raises": ("return lr,", "return 1 / (lr - 2.0),", "both_ends", "lr = 2.0.*ZeroDivisionError"),
    "a combination warns": ("return lr,", "import warnings; lr > 1 < start[0] and warnings.warn('w'); return lr,",
                            "combinations", "UserWarning: w"),
    "a slider that moves nothing": ("y + lr]", "y]", "both_ends", "lr over .*picture is the same"),
    "no caption": ('f"At η = {lr}, from x = {x}, the dot is at step {t}."', '""', "combinations",
                   "the caption is empty"),
    "a number that is none in the caption": ("step {t}", "step {math.nan}", "moment", "the caption says 'nan'"),
    "a preset beyond the slider": ('{"lr": 1.5}', '{"lr": 5.12345}', "situation", "lr is 2.0, not 5.12345"),
    "a preset between two stops": ('{"lr": 1.5}', '{"lr": 1.55}', "situation", r"no stop .*'far', 'lr', 1.55\)"),
    "a preset that changes nothing to see": ("y + lr]", "y + (lr > 1.7)]", "situation", "the picture is the same"),
    "time stands still": ("x + t / 2", "x", "moment", "time 0 against time 8"),
    "a click that raises": ('return {"start"', 'return 1 / (x < 5) and {"start"', "clicks",
                            "a click at .*ZeroDivisionError"),
    "a click that sets nothing": ('return {"start": (x, y)}', "return {}", "clicks", "no click sets any of"),
    "a picture that remembers": ("y + lr]", "y + lr + self.seen / 20]", "combinations", "is not the first one"),
    "a picture that depends on those before": ("y + lr]", "y + lr + self.seen / 20]", "both_ends", "it shows|another"),
    "a caption that says nothing of the sliders": ("At η = {lr}, from x = {x}, the", "The", "moments",
                                                   "names no slider's value"),
    "panels one above the other that are not as wide": (
        "self.figure = Figure((2, 1))",
        "self.figure = Figure((2, 1)); self.figure.add_axes([0.1, 0, 0.8, 0.1], xlim=(0, 9))",
        "above_each_other", "they begin and end at"),
    "a caption with a fault": ("dot is at", "dot dot is at", "combinations", "the caption has 'dot dot'"),
}  # fmt: skip


CAPTIONS = {  # a caption, and what is wrong with it
    "At η = 0.1, from (0.00, −1.20), the loss is 2·10⁻⁶ after 1 step and 0 after 12.": None,
    "Gradient descent arrived after 3 steps. Heavy ball diverged at step 9.": None,
    "Of 1,200 examples 12 % are left; the loss is 0.05, 10⁻⁹ of what it was.": None,
    "A share of 0.0000 ± 0.0001.": "says 0.0000",
    "The eigenvalues are 0.0 and 2.": "says 0.0,",
    "At x = 0.0.": "says 0.0,",
    "It ends at −0.": "says −0",
    "It ends at (0.10, -0.00).": "says -0.00",
    "Shorter by 1.3·10² %.": "says '10² %'",
    "Left of the first loss: 8.1·10¹⁰.": "so large that it only says: it exploded",
    "Off by 3.081·10⁻³³.": "so small that it may be rounding",
    "The the ball rests.": "has 'The the'",
    "It takes 1 steps.": "has '1 steps'",
    "The loss is 2 .": "has ' .'",
    "The loss is 2..": "has '..'",
    "It is at None.": "says 'None'",
    "Nesterov arrived after 3 steps. Nesterov diverged at step 9.": "that it arrived and that it diverged",
    "The ball always rests and never moves.": "says 'always' and 'never' in one breath",
    "The ball never rests.": "the scene lists no claim",
    "It goes round for ever.": "the scene lists no claim",
}  # fmt: skip


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_captions_faults_are_named(caption):
    found, expected = captions.wrong(caption), CAPTIONS[caption]
    assert bool(found) == bool(expected) and (expected or "") in "\n".join(found), found


def test_a_slider_at_zero_may_be_written_as_it_is():
    zero, other = SimpleNamespace(value=(0.0, 1.0)), SimpleNamespace(value=(0.5, 1.0))
    assert captions.wrong("At x = 0.00 the loss is 1.", controls=dict(x=zero)) == []
    assert "says 0.00" in captions.wrong("At x = 0.00 the loss is 1.", controls=dict(x=other))[0]
    assert "says 0.00" in captions.wrong("The loss is 0.00 at 1.", controls=dict(x=zero))[0]


def rests():
    """A claim that is named here."""


def test_a_scene_may_say_what_it_needs_to():
    class Scene:
        allows = {"tiny numbers": "for the test", "no claims": "it reads off"}

    assert captions.wrong("Off by 3·10⁻³³.", Scene()) == []
    assert len(captions.wrong("Off by 3·10³³.", Scene())) == 1
    Scene.allows = {}
    assert "neither lists its claims nor says that it has none" in captions.wrong("It rests.", Scene())[0]
    Scene.claims = (rests,)
    assert captions.wrong("It never rests.", Scene()) == []
    name = "x" + 8 * "y"  # it stands in no test, not even here
    Scene.claims = (type(rests)(rests.__code__, {"__name__": __name__}, name),)
    untested, unused = captions.wrong("It never rests.", Scene())
    assert f"leans on the claim {name}, which no test names" in untested
    assert f"leans on {name}, which the scene does not use" in unused
    Scene.allows = {"anything": "no"}
    with pytest.raises(AssertionError, match=r"Scene.allows: \['anything'\] are not all of"):
        captions.wrong("It rests.", Scene())


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("At η = 0.1.", True),
        ("At η = 0.10.", True),
        ("At η = 0.2.", False),
        ("10⁻⁶ away.", True),
        ("10⁻⁵ away.", False),
        ("From (−8.00, 4.00).", True),
        ("By Adam.", True),
        ("Adagrad: step 100 of 100.", False),
    ],
)
def test_a_caption_names_a_value(caption, names):
    values = dict(lr=0.1, distance=1e-6, start=(-8.0, 4.0), method="Adam")
    assert captions.names_a_value(caption, {name: SimpleNamespace(value=one) for name, one in values.items()}) is names


# The same with results that come one by one.
STREAM = SMALL.replace(
    "    return lr, start\n", "    for k in range(40):\n        yield lr, (start[0], start[1] + k / 20)\n"
)
STREAM_FAULTS = {
    "a later result raises": ("yield lr,", "yield 1 / (k < 3 or lr < 2.0) and lr,", "both_ends",
                              "lr = 2.0.*ZeroDivisionError"),
    "a later result warns": ("yield lr,", "import warnings; k > 30 and warnings.warn('w'); yield lr,", "to_an_end",
                             "run to its end.*UserWarning: w"),
    "results that stand still": ("start[1] + k / 20", "start[1]", "to_an_end", "the same as near the beginning"),
}  # fmt: skip


@pytest.mark.parametrize("source", [SMALL, STREAM], ids=["one result", "one by one"])
def test_a_figure_without_faults_passes_the_sweep(source, tmp_path):
    ran = small(tmp_path, source)
    for test in sweep_tests().values():
        test(ran)


@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_the_sweep_sees_in_a_stream(fault, tmp_path):
    right, wrong, test, complaint = STREAM_FAULTS[fault]
    assert STREAM.count(right) == 1
    fails(small(tmp_path, STREAM.replace(right, wrong)), test, complaint)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_sweep_sees(fault, tmp_path):
    right, wrong, test, complaint = FAULTS[fault]
    assert SMALL.count(right) == 1
    fails(small(tmp_path, SMALL.replace(right, wrong)), test, complaint)


def fails(ran, test: str, complaint: str) -> None:
    """Run the test whose name holds `test`, and see it complain."""
    test = next(function for name, function in sweep_tests().items() if test in name)
    with pytest.raises(AssertionError) as caught:
        test(ran)
    assert re.search(complaint, str(caught.value), re.S), caught.value
    assert "small.ipynb, cell 0, Live(Dot: lr, start)" in str(caught.value)


def small(folder: Path, source: str) -> notebooks.Run:
    """A notebook of one cell, after its run."""
    path = folder / "small.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=[new_code_cell(source)])), encoding="utf-8")
    return notebooks.run(path)


def sweep_tests() -> dict:
    """The tests above by name: they take a run of a notebook."""
    return {n: f for n, f in globals().items() if n.startswith("test_") and list(signature(f).parameters) == ["ran"]}
