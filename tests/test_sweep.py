"""Every slider of every live figure at its ends, every preset, fifty random combinations, start to end: all draw."""

import functools
import itertools
import math
import random
import re
import xml.etree.ElementTree as ElementTree
from contextlib import contextmanager
from inspect import signature
from pathlib import Path

import layers
import nbformat
import normalise
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import notebooks

widgets = pytest.importorskip("ipywidgets")
COMBINATIONS = 50
PIECES = 15  # of results that come one by one, this many are waited for: the same number shows the same picture


@functools.cache
def run_of(path: Path) -> notebooks.Run:
    return notebooks.run(path)


def with_live_figures() -> list[Path]:
    """The notebooks that make live figures (their source says so: nothing is run to list the tests)."""
    return [p for p in notebooks.NOTEBOOKS if any("live" in c.source.lower() for c in normalise.read(p).cells)]


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
    caption = live.caption
    assert isinstance(caption, str) and caption.strip(), "the caption is empty"
    for nonsense in ("nan", "None", "inf ", "array(", "np.float", "{", "}"):
        assert nonsense not in caption, f"the caption says {nonsense!r}: {caption}"
    assert not live.errors, f"the figure notes errors: {live.errors}"
    return now


@functools.lru_cache(maxsize=256)
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
    options = getattr(hand(part), "options", [False, True])
    return [option[1] if isinstance(option, tuple) else option for option in options]


def ends(part) -> list:
    """A slider's two ends, all entries of a menu, both states of a box."""
    all_stops = stops(part)
    return all_stops if part is hand(part) else [all_stops[0], all_stops[-1]]


def any_value(part, dice: random.Random):
    return dice.choice(stops(part))


@contextmanager
def telling(path, cell, live, what):
    """Failures inside say which figure of which cell, and what was done to it."""
    try:
        yield
    except Exception as error:
        where = f"{path.name}, cell {cell}, {live!r}: {what}\nwith {live.values}, time {live.time}"
        raise AssertionError(f"{where}\n{type(error).__name__}: {error}") from error


def figures_of(path):
    """(cell, live figure, its first pictures) for each, put back to how it began, with warnings as errors."""
    for cell, live in run_of(path).figures:
        with notebooks.strict_warnings():
            with telling(path, cell, live, "as it begins"):
                live.errors.clear()
                live.reset()
                begin = look(live)
            yield cell, live, begin
            live.errors.clear()
            live.reset()


every_live_notebook = pytest.mark.parametrize("path", with_live_figures(), ids=lambda p: p.stem)


@every_live_notebook
def test_both_ends_of_every_slider_draw_different_pictures(path):
    for cell, live, _ in figures_of(path):
        for name, control in live.controls.items():
            for i, part in enumerate(parts(control)):
                seen = []
                for value in ends(part):
                    with telling(path, cell, live, f"{name}{[i] if i else ''} = {value!r}"):
                        live.reset()
                        hand(part).value = value
                        seen.append(look(live))
                with telling(path, cell, live, f"{name} over {ends(part)}"):
                    if any(a == b for a, b in itertools.pairwise(seen)):
                        raise AssertionError("the picture is the same")


@every_live_notebook
def test_every_preset_draws_and_is_chosen_from_the_menu(path):
    for cell, live, begin in figures_of(path):
        if not live.presets:
            continue
        menu = next(w for w in tree(live) if set(live.presets) <= set(getattr(w, "options", ())))
        for label, values in live.presets.items():
            with telling(path, cell, live, f"the preset {label!r}"):
                live.reset()
                initial = live.values
                menu.value = label
                now = look(live)
                for name, value in (values(**initial) if callable(values) else values).items():
                    shown = live.controls[name].value
                    same = shown == value or all(
                        math.isclose(a, b, rel_tol=1e-9) for a, b in zip(flat(shown), flat(value), strict=True)
                    )
                    assert same, f"{name} is {shown!r}, not {value!r}: outside the slider's range?"
                if now == begin and live.values != initial:
                    raise AssertionError("the picture is the same as before")


def flat(value) -> list[float]:
    return [float(v) for v in (value if isinstance(value, (tuple, list)) else [value])]


@every_live_notebook
def test_random_combinations_draw(path):
    for cell, live, before in figures_of(path):
        dice = random.Random(f"{path.name} {cell}")
        for _ in range(COMBINATIONS):
            chosen = {name: tuple(any_value(p, dice) for p in parts(c)) for name, c in live.controls.items()}
            values = {name: v if len(v) > 1 else v[0] for name, v in chosen.items()}
            with telling(path, cell, live, f"set(**{values})"):
                last, said = live.values, live.caption
                live.set(**values)
                now = look(live)
                if now == before and live.caption == said and live.values != last:
                    raise AssertionError(f"picture and caption are the same as with {last}")
                before = now


@every_live_notebook
def test_every_moment_draws_and_start_differs_from_end(path):
    for cell, live, _ in figures_of(path):
        steps, seen = live.scene.steps, []
        for t in [] if not steps else sorted({0, 1, steps // 2, steps - 1, steps}):
            with telling(path, cell, live, f"time {t} of {steps}"):
                live.time = t
                seen.append(look(live))
        if steps:
            with telling(path, cell, live, f"time 0 against time {steps}"):
                if seen[0] == seen[-1]:
                    raise AssertionError("the picture is the same")


@every_live_notebook
def test_clicks_all_over_the_picture_draw_and_set_the_point(path):
    for cell, live, _ in figures_of(path):
        points = [name for name, control in live.controls.items() if len(parts(control)) > 1]
        moved = set()
        for x, y in itertools.product([0.01, 0.2, 0.35, 0.5, 0.65, 0.8, 0.99], [0.01, 0.3, 0.5, 0.7, 0.99]):
            with telling(path, cell, live, f"a click at ({x}, {y}) of the picture"):
                before = live.values
                live.click(x, y)
                look(live)
                moved |= {name for name in points if live.values[name] != before[name]}
        with telling(path, cell, live, "clicks all over the picture"):
            assert not points or moved, f"no click sets any of {points}"


@every_live_notebook
def test_the_picture_made_ahead_is_the_one_that_comes_and_leaves_the_figure_as_it_was(path):
    for cell, live, begin in figures_of(path):
        for name, control in live.controls.items():
            for i, part in enumerate(parts(control)):
                with telling(path, cell, live, f"one stop further on {name}{[i] if i else ''}"):
                    live.reset()
                    here = stops(part).index(part.value)
                    new = here + 1 if here < len(stops(part)) - 1 else here - 1
                    value = control.value
                    further = stops(part)[new] if part is control else (*value[:i], stops(part)[new], *value[i + 1 :])
                    live._known.pictures.clear()
                    live._look_ahead(live._ticket, {name: further})
                    assert look(live) == begin and live.values[name] == value, "it shows"
                    ahead = live._known.find(live.values | {name: further}, live._moment())
                    assert ahead or live._stream, "none was made"
                    live.set(**{name: further})
                    if ahead and (*ahead.layers, ahead.caption) != (*look(live), live.caption):
                        raise AssertionError("another picture came")


@every_live_notebook
def test_results_that_come_one_by_one_come_to_an_end(path):
    for cell, live, begin in figures_of(path):
        if live.running:
            with telling(path, cell, live, "run to its end"):
                live.finish()
                if look(live) == begin:
                    raise AssertionError("the picture is the same as near the beginning")


@every_live_notebook
def test_reset_goes_back_to_the_first_picture(path):
    for cell, live, begin in figures_of(path):
        values = live.values
        dice = random.Random(path.name)
        for name, control in live.controls.items():
            for part in parts(control):
                with telling(path, cell, live, f"{name}, then reset"):
                    hand(part).value = any_value(part, dice)
        with telling(path, cell, live, "reset"):
            live.reset()
            assert live.values == values
            if look(live) != begin:
                raise AssertionError("the picture is not the first one")


# --- faults planted in a small figure, each seen by the test that looks for it --------------------------------------

SMALL = """\
import math
from matplotlib.figure import Figure
from optim_core.live import Live

class Dot:
    alt, caption, steps, seen = "A dot.", "", 0, 0
    def __init__(self):
        self.figure = Figure((2, 1))
        self.axes = self.figure.add_axes([0.2, 0.2, 0.7, 0.7], xlim=(0, 9), ylim=(0, 9))
        self.dot = self.axes.plot([], [], "o", animated=True)[0]
    def show(self, result):
        self.result, self.steps, self.seen = result, 8, self.seen + 1
    def at(self, t):
        lr, (x, y) = self.result
        self.dot.set_data([x + t / 2], [y + lr])
        self.caption = f"The dot is at step {t}."
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
                            "random", "UserWarning: w"),
    "a slider that moves nothing": ("y + lr]", "y]", "both_ends", "lr over .*picture is the same"),
    "no caption": ('f"The dot is at step {t}."', '""', "random", "the caption is empty"),
    "a number that is none in the caption": ("step {t}", "step {math.nan}", "moment", "the caption says 'nan'"),
    "a preset beyond the slider": ('{"lr": 1.5}', '{"lr": 5.0}', "preset", "'far'.*lr is 2.0, not 5.0"),
    "a preset that changes nothing to see": ("y + lr]", "y + (lr > 1.7)]", "preset", "the picture is the same"),
    "time stands still": ("x + t / 2", "x", "moment", "time 0 against time 8"),
    "a click that raises": ('return {"start"', 'return 1 / (x < 5) and {"start"', "clicks",
                            "a click at .*ZeroDivisionError"),
    "a click that sets nothing": ('return {"start": (x, y)}', "return {}", "clicks", "no click sets any of"),
    "a picture that remembers": ("y + lr]", "y + lr + self.seen / 20]", "test_reset", "is not the first one"),
    "a picture that depends on the one before": ("y + lr]", "y + lr + self.seen / 20]", "ahead", "it shows|another"),
}  # fmt: skip


# The same with results that come one by one.
STREAM = SMALL.replace(
    "    return lr, start\n", "    for k in range(40):\n        yield lr, (start[0], start[1] + k / 20)\n"
)
STREAM_FAULTS = {
    "a later result raises": ("yield lr,", "yield 1 / (k < 9 or lr < 2.0) and lr,", "both_ends",
                              "lr = 2.0.*ZeroDivisionError"),
    "a later result warns": ("yield lr,", "import warnings; k > 30 and warnings.warn('w'); yield lr,", "to_an_end",
                             "run to its end.*UserWarning: w"),
    "results that stand still": ("start[1] + k / 20", "start[1]", "to_an_end", "the same as near the beginning"),
}  # fmt: skip


@pytest.mark.parametrize("source", [SMALL, STREAM], ids=["one result", "one by one"])
def test_a_figure_without_faults_passes_the_sweep(source, tmp_path):
    path = small_notebook(tmp_path, source)
    for test in sweep_tests().values():
        test(path)


@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_the_sweep_sees_in_a_stream(fault, tmp_path):
    right, wrong, test, complaint = STREAM_FAULTS[fault]
    assert STREAM.count(right) == 1
    fails(small_notebook(tmp_path, STREAM.replace(right, wrong)), test, complaint)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_sweep_sees(fault, tmp_path):
    right, wrong, test, complaint = FAULTS[fault]
    assert SMALL.count(right) == 1
    fails(small_notebook(tmp_path, SMALL.replace(right, wrong)), test, complaint)


def fails(path: Path, test: str, complaint: str) -> None:
    """Run the test whose name holds `test`, and see it complain."""
    test = next(function for name, function in sweep_tests().items() if test in name)
    with pytest.raises(AssertionError) as caught:
        test(path)
    assert re.search(complaint, str(caught.value), re.S), caught.value
    assert "small.ipynb, cell 0, Live(Dot: lr, start)" in str(caught.value)


def small_notebook(folder: Path, source: str) -> Path:
    path = folder / "small.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=[new_code_cell(source)])), encoding="utf-8")
    return path


def sweep_tests() -> dict:
    """The tests above by name: they take a notebook's path."""
    return {n: f for n, f in globals().items() if n.startswith("test_") and list(signature(f).parameters) == ["path"]}
