"""The live figure: what happens when a slider moves, and how the picture gets to the browser.

What is seen lies in three layers of SVG, one over the other, each sent only when it changed:

    ground   shades, contours, whatever else stands in the axes      when the surface changes
    frame    axes, ticks, labels, legends                            when limits or words change
    overlay  what `scene.at` moved                                   at every move

A new ground comes in one message with all that lies on it; it goes to a layer of its own when something moves over it.
The work is done inside the slider's own message. While the kernel is busy with one value the browser holds the later
ones back and then sends only the last, so that dragging never builds a queue. An experiment that takes longer gives
its results one by one: see `stream`. What was shown a moment ago, or comes next, is there at once: see `ahead`.
"""

import base64
import html
import json
import math
import re
import threading
import time
import traceback
import weakref
import zlib
from contextlib import contextmanager, suppress

import ipywidgets as widgets
import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.spines import Spine
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from ..refuse import refuse
from ..scenes.board import own_style
from . import page, pen
from .ahead import AFTER, QUICK, Known, Picture
from .controls import Slider, control, spoken
from .stream import PERIOD, REST, STILL, WORK, Stream, is_stream, later

try:
    from ipyevents import Event
except ImportError:  # then the picture cannot be clicked, and its sliders do the same
    Event = None

FIGURES = []  # weak references to all live figures, in the order they were made
LOCK = threading.RLock()  # JupyterLab runs callbacks on other threads than cells, and matplotlib expects one at a time
NO_PRESET = "—"
PIXELS = (AxesImage, QuadMesh)
PAGE = 100  # pixels of the page for an inch of the figure
LETTER = 7.3  # and for a letter of the caption, where it is smallest
BARS = 150  # pixels of the window's height for JupyterLab's own bars
ROW, WORDS_ROOM = 28, 72  # and, times as many as the figure is larger, for a row of controls, for three lines of words
LABEL = 13  # size of a control's letters
SLIDER = 80  # pixels that a slider keeps for itself beside its label and its number: else there are fewer columns
GAP = 12  # between two columns

# What a screen reader says at a change: the control that moved (a slider's element knows only the number of its stop)
# and the caption, which everybody reads.
WORDS = '<div role="status" aria-live="polite"><span class="optim-spoken">{}</span>{}</div>'
SILENT = "<div>{}</div>"  # the caption while results come one by one: the words beside it speak when they begin and end


class Live(widgets.VBox):
    """A scene under sliders.

    scene: see `scenes`; experiment: a function of the controls, by name, whose result goes to `scene.show`. It may be
        asked for the next stop of a slider before the slider is there. A generator of results is shown as they come,
        until it ends or a control moves, which begins anew; `finish` waits for its end. Its attribute `trouble`, if it
        has one, is a sentence that goes under the figure: on an error of a student's function. What a control in
        `scene.own_controls` is set to goes to the scene alone, and nothing is computed again.
    controls: name=initial value, see `control`; ranges and labels come from CONTROLS.
    presets: {"what one sees": {control: value, …}}; what a preset does not name goes back to its initial value. In
        place of the inner dict, a function of the controls, by name, that returns one: what that leaves out stays, and
        the situation has a button of its own.
    scale: pixels per pixel of the page; 2 is sharp on every screen.

    .controls[name].value is one control, .values all of them, .set(lr=0.1, mu=0.5) sets several at once, .reset() goes
    back to the start, .time is the moment shown, .caption what the picture says, .errors what went wrong so far,
    .running whether results are still to come.
    """

    def __init__(self, scene, experiment, *, presets=None, scale=2, **controls):
        self.scene, self.experiment, self.result, self.errors, self._failure = scene, experiment, None, [], ""
        self.controls = {name: control(name, given) for name, given in controls.items()}
        self.initial, self.presets = self.values, dict(presets or {})
        for label, values in self.presets.items():
            if not callable(values):
                self._check_names(values, f"presets[{label!r}]")
        self.scale, self._quiet, self._said, self._lines, self._frame, self._places = scale, False, "", 1, [], []
        self._framed = weakref.WeakSet()  # what was ever in the frame: axes that were hidden may be shown again
        self._own = frozenset(getattr(scene, "own_controls", ()))
        self._stream, self._ticket, self._waits = None, 0, False  # only the newest ticket has something to do
        self._known, self._svg, self._seconds = Known(), ["", "", ""], 0.0  # seconds: what the last picture took
        self._shown = ("", "", "")  # what the browser shows, layer by layer
        figure = scene.figure
        self._size = PAGE * figure.get_size_inches()  # in pixels of the page
        figure.set_dpi(PAGE * scale)
        self._canvas = FigureCanvasAgg(figure)
        with LOCK, own_style():
            self._canvas.draw()
        figure.set_layout_engine("none")  # if it had one, it has done its work
        figure.stale = True
        width, height = self._size  # as wide as the page allows, if what belongs to it still fits in the window
        super().__init__(self._build(), layout=dict(width="100%", margin="2px 0"))
        self.add_class("optim-live")
        self._fit()
        for one in self.controls.values():
            one.observe(self._on_control, "value")
        with LOCK:
            self._recompute(to_end=True)
        FIGURES.append(weakref.ref(self))

    def __repr__(self):
        return f"Live({type(self.scene).__name__}: {', '.join(self.controls)})"

    # What a cell can ask and do

    @property
    def values(self):
        """The controls' values by name."""
        return {name: one.value for name, one in self.controls.items()}

    def set(self, **values):
        """Set several controls; the experiment runs once. Values outside a slider's range go to its end."""
        self._check_names(values, "set")
        self._apply(values, NO_PRESET)

    def reset(self):
        """Everything back to how it began, and what the scene remembers of other runs forgotten."""
        with LOCK:
            if hasattr(self.scene, "forget"):
                self.scene.forget()
            self._apply(self.initial, NO_PRESET, to_end=True)

    @property
    def running(self):
        """Whether the experiment gives its results one by one, and some are still to come."""
        return self._stream is not None and not self._stream.ended

    def finish(self, pieces=math.inf):
        """Take all results that are still to come (or until there are so many `pieces`), and show the last one."""
        with LOCK:
            if self.running:
                self._advance(pieces=pieces)

    @property
    def time(self):
        """The time index that is shown, from 0 to scene.steps."""
        return self._time.value

    @time.setter
    def time(self, t):
        self._time.value = t

    @property
    def state(self):
        """What a lecture needs to show the figure as it is now: the scene's name, the values, the time, as JSON."""
        values = {name: getattr(one, "value", None) for name, one in self.controls.items()}
        time = None if self.time == self._time.max else self.time
        return json.dumps(
            dict(figure=kebab(type(self.scene).__name__), values=values, t=time), ensure_ascii=False, default=str
        )

    @property
    def caption(self):
        """What the picture shows now, in words; and what the experiment says of a student's function that failed."""
        return " ".join(filter(None, [self.scene.caption, self._failure]))

    def still(self):
        """The picture as PNG bytes, `scale` times its size on the page.

        If results come one by one, it shows what half a second of work gives, or more if they have come further.
        """
        with LOCK:
            if self.running and self._stream.worked < STILL:
                with suppress(Exception):  # it is shown under the figure
                    self._advance(STILL - self._stream.worked)
            with own_style():
                self._canvas.draw()
                for artist in (*self._frame, *self._moved):
                    artist.draw(self._canvas.renderer)
            return pen.png(np.asarray(self._canvas.buffer_rgba()))

    def svg_layers(self):
        """What the browser shows, from the ground up: three pieces of SVG of one size, one to lie on the other."""
        return list(self._svg)

    def _repr_mimebundle_(self, **kwargs):
        """The live widget, and a still picture for pages without a kernel."""
        data = super()._repr_mimebundle_(**kwargs) | {"image/png": base64.b64encode(self.still()).decode()}
        width, height = map(int, self._size)
        about = dict(width=width, height=height, alt=self.scene.alt, caption=self.caption)
        return data, {"image/png": about}

    # How it is built

    def _build(self):
        wide = dict(width="100%")
        self._ground, self._axes, self._overlay = self._layers = [widgets.HTML() for _ in range(3)]
        for layer in self._layers:
            layer.add_class("optim-layer")
        self._overlay.add_class("optim-overlay")
        layers = widgets.GridBox(self._layers, layout=wide)
        layers.add_class("optim-layers")
        if Event:
            self._event = Event(source=self._overlay, watched_events=["click"])
            self._event.on_dom_event(self._on_click)
        self._words = widgets.HTML(layout=wide)
        self._words.add_class("optim-caption")
        self._heard = widgets.HTML()
        self._heard.add_class("optim-spoken")
        self._trouble = widgets.Output()
        self._style, self._rows = widgets.HTML(layout=dict(display="none")), self._controls_in_rows()
        return [self._style, self._rows, layers, self._time_row(), self._words, self._heard, self._trouble]

    def _fit(self):
        """How large the figure gets, and how many columns its controls have: as many as leave every slider a length."""
        (width, height), columns, (*cells, _) = self._size, self._columns, self._rows.children
        letters = [[_letters(getattr(cell, "description", "")) for cell in cells[k::columns]] for k in range(columns)]
        labels = [max(column, default=0) + 10 for column in letters]
        needed = {n: n * (max(labels) + SLIDER + 4 * LABEL + 24) + (n - 1) * GAP for n in range(2, columns + 1)}
        base = max(width, needed[columns])  # the width from which all grows
        # As wide as the page allows, if what belongs to the figure still fits in the window.
        besides = (ROW * (math.ceil(len(self._rows.children) / columns) + 1) + WORDS_ROOM) / base
        self.layout.max_width = f"max({width:.0f}px, calc((100vh - {BARS}px) / {height / width + besides:.4f}))"
        rules = [f"> * {{ --optim-u: max(1px, 100cqw / {base:.0f}); }}"]
        rules += [f".optim-layers {{ aspect-ratio: {width:.0f} / {height:.0f}; }}"]
        rules += [f".optim-rows {{ grid-template-columns: repeat({columns}, minmax(0, 1fr)); }}"]
        for k, label in enumerate(labels, 1):
            rules += [f".optim-rows > :nth-child({columns}n + {k}) {{ --optim-label: {label / LABEL:.1f}em; }}"]
        for n in range(columns, 1, -1):  # fewer by one where there is no room for n
            fewer = f".optim-rows {{ grid-template-columns: repeat({n - 1}, minmax(0, 1fr)); }}"
            fewer += f" FIGURE .optim-rows > :nth-child(n) {{ --optim-label: {max(labels) / LABEL:.1f}em; }}"
            fewer += " FIGURE .optim-gap { display: none; }"
            fewer += f" FIGURE .optim-first {{ grid-column-start: {1 if n > 2 else 'auto'}; }}"
            rules += [f"@container optim (max-width: {needed[n]:.0f}px) {{ FIGURE {fewer} }}"]
        rules = "".join(rule if rule.startswith("@") else f"FIGURE {rule}" for rule in rules)
        own = f"optim-{zlib.crc32(rules.encode()):08x}"  # figures of one shape share their rules
        self.add_class(own)
        self._style.value = page.head(rules.replace("FIGURE", f".{own}"))

    def _controls_in_rows(self):
        """The controls in columns, the button in the last one."""
        self._menu = widgets.Dropdown(
            options=[NO_PRESET, *self.presets], description="situation", tooltip="", layout=dict(width="auto")
        )
        self._menu.observe(self._on_menu, "value")
        groups = [[self._menu]] if self.presets else []
        for one in self.controls.values():
            parts = getattr(one, "sliders", [one])
            groups.append([part.widget if isinstance(part, Slider) else part for part in parts])
        self._columns = 2 if sum(map(len, groups)) == 3 else 3  # with the button that comes after them
        cells = _in_rows(groups, self._columns)
        for cell in cells:
            if hasattr(cell, "description"):
                cell.style.description_width = "var(--optim-label)"
        for first, *others in groups:
            if others:
                first.add_class("optim-first")
        reset = widgets.Button(
            description="Reset", icon="undo", tooltip="back to how it began", layout=dict(width="7.7em")
        )
        reset.on_click(lambda _: self.reset())
        self._pause = widgets.Button(layout=dict(width="7.7em", display="none"))
        self._pause.on_click(lambda _: self._on_pause())
        last = "auto / -2 / auto / -1"  # the last column, however many there are
        place = dict(justify_content="flex-end", flex_flow="row wrap", grid_area=last)
        corner = widgets.HBox([*self._snaps(), self._pause, reset], layout=place)
        rows = widgets.GridBox([*cells, corner], layout=dict(width="100%", grid_gap=f"0 {GAP}px"))
        rows.add_class("optim-rows")
        return rows

    def _snaps(self):
        """A button for each situation that depends on how the sliders stand, such as the best values for this κ."""
        for label, preset in self.presets.items():
            if callable(preset):
                button = widgets.Button(description=label, tooltip=label, layout=dict(width="auto"))
                button.on_click(lambda _, label=label: self._to_preset(label))
                yield button

    def _time_row(self):
        clock = getattr(self.scene, "clock", "step t")
        self._time = widgets.IntSlider(0, min=0, max=0, description=clock, tooltip="", layout=dict(flex="1 1 220px"))
        self._time.add_class("optim-time")
        self._time.style.description_width = f"{max(4, 0.6 * len(clock)):g}em"
        self._play = widgets.Play(0, min=0, max=0, interval=40, show_repeat=False)
        widgets.jslink((self._time, "value"), (self._play, "value"))  # in the browser, without the kernel
        back, forth = (
            widgets.Button(icon=f"step-{way}ward", tooltip=f"one step {way}ward", layout=dict(width="2.8em"))
            for way in ("back", "for")
        )
        back.on_click(lambda _: self._step(-1))
        forth.on_click(lambda _: self._step(1))
        self._time.observe(self._on_time, "value")
        place = dict(width="100%", flex_flow="row wrap", display="none")
        self._row = widgets.HBox([self._play, back, forth, self._time], layout=place)
        return self._row

    # What happens when something is moved

    def _on_control(self, change):
        with LOCK:  # before asking whether it is quiet: another thread may be in the middle of setting several
            if not self._quiet:
                self._said = spoken(change["owner"])
                moved = next(name for name, one in self.controls.items() if one is change["owner"])
                self._apply({}, NO_PRESET, moved={moved})
                if hasattr(change["owner"], "beyond") and moved not in self._own:
                    self._look_further(moved, change["old"])

    def _on_menu(self, change):
        with LOCK:
            if not self._quiet and change["new"] != NO_PRESET:
                self._to_preset(change["new"])

    def _to_preset(self, label):
        with LOCK:
            with self._watched():
                values = self._preset(label)
            self._said = ""  # the menu has said it itself
            self._apply(values, label)

    def _preset(self, label):
        """The values that a preset sets, as things stand."""
        preset = self.presets[label]
        if not callable(preset):
            return self.initial | preset
        values = preset(**self.values)
        self._check_names(values, f"presets[{label!r}]")
        return values

    def _on_time(self, change):
        with LOCK:
            if not self._quiet:
                with self._watched():
                    self._draw()

    def _step(self, by):
        self.time = min(max(self.time + by, 0), self._time.max)

    def _on_click(self, event):
        """A click, in pixels of the page from the corner of the picture, however large the page shows it."""
        x = (event["clientX"] - event["boundingRectLeft"]) / event["boundingRectWidth"]
        y = (event["clientY"] - event["boundingRectTop"]) / event["boundingRectHeight"]
        self.click(x, y)

    def click(self, x, y):
        """Do what a click does; x and y from 0 (left, top) to 1 (right, bottom) of the picture."""
        at, values = np.array([x, 1 - y]) * self.scene.figure.bbox.size, {}
        with LOCK, self._watched():
            for axes in self.scene.figure.axes:
                if axes.bbox.contains(*at):
                    pointer = tuple(map(float, axes.transData.inverted().transform(at)))
                    values = self.scene.clicked(axes, *pointer)
                    break
        if values:
            chosen = {name: self.controls[name] for name in values}
            self.set(**{n: c.tidy(values[n], pointer) if hasattr(c, "tidy") else values[n] for n, c in chosen.items()})

    def _check_names(self, values, where):
        for name in values:
            if name not in self.controls:
                refuse(where, name, f"one of the controls {', '.join(self.controls)}")

    def _apply(self, values, preset, to_end=False, moved=None):
        """Set the controls and the menu in one go, then run the experiment once, or only draw if that will do."""
        with LOCK:
            with self._silently():
                for name, value in values.items():
                    self.controls[name].value = value
                self._menu.value = preset
            moved = set(values) if moved is None else moved
            if moved and moved <= self._own:
                with self._watched():
                    self._adjust()
                    self._draw()
            else:
                self._recompute(to_end)

    @contextmanager
    def _silently(self):
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @contextmanager
    def _watched(self):
        """Show under the figure what goes wrong, and keep it; a cell or a test that caused it fails as well."""
        try:
            with own_style(), np.errstate(under="ignore"):  # a student's np.seterr(all="raise") is for their own
                yield
            if self._trouble.outputs:
                self._trouble.outputs = ()
        except Exception as error:
            self.errors.append(error)
            self._trouble.outputs = ()
            self._trouble.append_stderr(traceback.format_exc())
            self._show_state()
            raise

    def _adjust(self):
        """Tell the scene how to show what it has."""
        if self._own:
            self.scene.adjust(**{name: value for name, value in self.values.items() if name in self._own})

    def _recompute(self, to_end=False):
        """Run the experiment and show its result, or the first ones of many."""
        with self._watched():
            self._ticket += 1  # what the last experiment has not given yet is no longer asked for
            if self._stream:
                self._stream.close()
            self._stream, begun = None, time.perf_counter()
            self._send_known(to_end)
            result = self._experiment(self.values)
            self._adjust()
            if not is_stream(result):
                self._take(result, to_end)
                self._show_state()
                self._seconds = time.perf_counter() - begun
                self._known.keep(self.values, self._moment(), self._picture)
                return
        self._stream, self._waits = Stream(result), False
        comes_by_itself = self._later(PERIOD)  # if not, what is shown must not depend on how fast this machine is
        self._advance(WORK / 2 if comes_by_itself else 0.0, to_end=to_end)

    def _experiment(self, values):
        """The result for these values of the controls."""
        return self.experiment(**{name: value for name, value in values.items() if name not in self._own})

    def _moment(self, to_end=False):
        """The time that is shown, or None for the end, wherever that is."""
        return None if to_end or self.time == self._time.max else self.time

    def _take(self, result, to_end=False, silent=False):
        """Show a result; the time stays at the end if it was there."""
        self.result, self._failure = result, getattr(self.experiment, "trouble", "")
        self.scene.show(result)
        steps, to_end = self.scene.steps, to_end or self.time == self._time.max
        if steps != self._time.max:
            with self._silently():
                self._time.max = self._play.max = steps
                self._play.step = max(1, round(steps / 200))
                self._row.layout.display = "flex" if steps else "none"
        with self._silently():
            self._time.value = self._play.value = steps if to_end else min(self.time, steps)
        self._draw(silent)

    # What is there before it is asked for

    @property
    def _picture(self):
        return Picture(tuple(self._svg), self.caption)

    def _send_known(self, to_end):
        """Show what is known of the controls as they are, before it is made again."""
        picture = self._known.find(self.values, self._moment(to_end))
        if picture:
            self._put(picture)
            time.sleep(0.0005)  # the thread that sends it comes first

    def _look_further(self, name, old):
        """After a rest, make the picture of the stop after this one, for a control that comes from `old`."""
        value = self.controls[name].beyond(old)
        alike = not self._stream and not hasattr(self.scene, "forget")  # one result gives one picture
        if value is not None and alike and self._seconds < QUICK:
            later(AFTER, self._look_ahead, self._ticket, {name: value})

    def _look_ahead(self, ticket, values):
        """Make the picture that these values would give, and keep it; the scene goes back to what it shows."""
        # What goes wrong will be shown when it is asked for.
        with LOCK, suppress(Exception), own_style(), np.errstate(under="ignore"):
            values, moment = self.values | values, self._moment()
            if ticket != self._ticket or self._known.find(values, moment):
                return
            result = self._experiment(values)
            if is_stream(result):
                return
            try:
                self.scene.show(result)
                self._render(self.scene.steps if moment is None else min(moment, self.scene.steps))
                self._known.keep(values, moment, self._picture)
            finally:
                self.scene.show(self.result)
                self._draw()

    # What happens when results come one by one

    def _advance(self, seconds=0.0, pieces=1, to_end=False):
        """Take results for so long, and until there are so many, and show the last of them."""
        stream = self._stream
        with self._watched():
            first = not stream.pieces
            try:
                if stream.take(seconds, pieces):
                    self._take(stream.result, to_end, silent=not (first or stream.ended))
                elif stream.ended:
                    self._say(self.caption)
            except BaseException:  # Ctrl-C in a cell that waits for the end, too
                stream.close()
                raise
            finally:
                self._show_state()

    def _later(self, seconds):
        """Ask the loop of this thread for the next results; what was asked for before lapses."""
        self._ticket += 1
        return later(seconds, self._on_ticket, self._ticket)

    def _on_ticket(self, ticket):
        """The next results, and the ones after them; whatever goes wrong is shown under the figure and kept."""
        with LOCK:
            if ticket != self._ticket or not self.running or self._waits:
                return
            begun = time.perf_counter()
            with suppress(Exception):
                self._advance(WORK)
            if self.running:
                self._later(max(REST, PERIOD - (time.perf_counter() - begun)))

    def _on_pause(self):
        with LOCK:
            self._waits = self.running and not self._waits
            self._show_state()
            if self.running and not self._waits:
                self._later(0)

    def _show_state(self):
        """The button that lets the results rest, and come again."""
        if self._stream:
            self._pause.layout.display = None
        self._waits = self._waits and self.running
        self._pause.description, self._pause.icon = ("Go on", "play") if self._waits else ("Pause", "pause")
        self._pause.tooltip = "let it go on" if self._waits else "let it rest"
        self._pause.disabled = not self.running
        (self.add_class if self.running and not self._waits else self.remove_class)("optim-running")

    # How it is drawn

    def _draw(self, silent=False):
        """Show the scene as it is now."""
        self._render(self.time)
        self._put(self._picture, silent)

    def _put(self, picture, silent=False):
        """Send a picture: of its layers those that differ from what the browser shows."""
        ground, shown = picture.layers[0], self._shown[0]
        if ground not in (shown, self._ground.value) and shown:  # in one message, so that all is painted at once
            self._overlay.value = "".join(picture.layers)
        elif picture.layers != self._shown:
            for layer, svg in zip(self._layers, picture.layers, strict=True):
                layer.value = svg
        self._shown = picture.layers
        lines = math.ceil(len(picture.caption) * LETTER / self._size[0])
        if lines > self._lines:  # what is below the figure does not jump up and down with the length of its caption
            self._lines = lines
            self._words.layout.min_height = f"calc({1.45 * lines:.2f} * var(--optim-words) + 6px)"
        self._say(picture.caption, silent)

    def _render(self, t):
        """Move the artists, and write each layer that is no longer what it was."""
        figure = self.scene.figure
        moved = self.scene.at(t)
        # An image would cover the lines that stand on it: one that changes is part of the ground.
        self._moved = sorted((a for a in moved if not isinstance(a, PIXELS)), key=lambda artist: artist.zorder)
        for artist in moved:
            if artist.get_animated() == isinstance(artist, PIXELS):
                artist.set_animated(not artist.get_animated())
                figure.stale = True
        if figure.stale:
            self._draw_ground()
        if self._frame_changed():
            self._draw_frame()
        strokes = pen.Pen(figure, self.scale)
        strokes.parts.append(self._targets)
        for artist in self._moved:
            artist.draw(strokes)
        figure.stale = False  # drawing itself may say otherwise; from here on a change does
        self._svg[2] = strokes.svg(f'role="img" aria-label="{html.escape(self.scene.alt)}"')

    def _say(self, caption, silent=False):
        """The caption, on the page and to a screen reader, which would never end if it read out each of many."""
        words, caption = html.escape(self._said), html.escape(caption)
        if self.time == 0 and self.scene.steps and not (self._stream or self._failure):
            # A lecture, which begins here, does not show what will come of it: see lecture.css.
            now, stop, then = caption.partition(". ")
            caption = f'{now}{stop}<span class="optim-outcome">{then}</span>'
        said = SILENT.format(caption) if self._stream else WORDS.format(words, caption)
        self._words.value = f'<div data-state="{html.escape(self.state)}">{said}</div>'
        if not silent:
            self._heard.value = WORDS.format(words, caption) if self._stream else ""

    def _draw_ground(self):
        """What neither moves nor frames: surfaces, contours, and words that stand among them."""
        figure, before = self.scene.figure, (self._frame, self._places)
        self._frame = [artist for artist in _frame(figure, self._framed) if artist not in self._moved]
        self._framed.update(self._frame)
        for artist in self._frame:
            artist.set_animated(True)  # so that matplotlib leaves it out
        legends = [artist for artist in self._frame if isinstance(artist, Legend)]
        labels = [artist.label for artist in self._frame if isinstance(artist, Axis)]
        self._inside = [*labels, *(text for legend in legends for text in legend.get_texts())]
        strokes = pen.Pen(figure, self.scale)
        figure.draw(strokes)
        self._places = [axes.get_position().bounds for axes in figure.axes]
        self._frame_stale = (self._frame, self._places) != before
        self._svg[0] = strokes.svg()
        self._targets = "".join(pen.target(a.bbox, figure, self.scale) for a in figure.axes if self._clickable(a))

    def _frame_changed(self):
        """Whether axes or words are not what was sent; limits that are set anew to what they were do not count."""
        watched = [*self._frame, *self._inside]
        if not self._frame_stale and any(artist.stale for artist in watched):
            self._frame_stale = [_looks(artist) for artist in watched] != self._sent
            for artist in watched:  # as it was: need not be asked again
                artist.stale = False
        return self._frame_stale

    def _draw_frame(self):
        """Axes, ticks, labels, legends: slow to draw and seldom different."""
        strokes = pen.Pen(self.scene.figure, self.scale)
        for artist in self._frame:
            artist.draw(strokes)
        self._svg[1] = strokes.svg()
        watched, self._frame_stale = [*self._frame, *self._inside], False
        for artist in watched:
            artist.stale = False
        self._sent = [_looks(artist) for artist in watched]

    def _clickable(self, axes):
        middle = axes.transData.inverted().transform(axes.bbox.get_points().mean(0))
        return bool(self.scene.clicked(axes, *map(float, middle)))


def _looks(artist):
    """What an artist of the frame looks like, in a form that can be compared."""
    if isinstance(artist, Axis):
        places, words = (
            artist.get_majorticklocs(),
            artist.get_major_formatter().format_ticks(artist.get_majorticklocs()),
        )
        limits = (artist.get_scale(), *artist.get_view_interval(), *places, *artist.get_minorticklocs())
        return limits, words, artist.get_tick_params(), artist.get_tick_params("minor"), artist.get_visible()
    if isinstance(artist, Text):
        font = artist.get_color(), artist.get_fontproperties(), artist.get_alpha(), artist.get_rotation()
        return artist.get_text(), artist.get_position(), font, artist.get_visible()
    return artist.stale


def kebab(name):
    """A scene's name in an address.

    >>> kebab("PhaseMap")
    'phase-map'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def _letters(text):
    """How wide a label is, in pixels of the page: the widest font in use is matplotlib's own, of JupyterLab's size."""
    return TextPath((0, 0), text, size=13).get_extents().width if text else 0


def _in_rows(groups, columns):
    """The cells of a grid, row by row, so that no group is broken over two rows."""
    cells, groups = [], list(groups)
    while groups:
        room = columns - len(cells) % columns
        fits = next((group for group in groups if len(group) <= room), None)
        if fits is None:
            cells += [_gap() for _ in range(room)]
        else:
            groups.remove(fits)
            cells += fits
    return cells


def _gap():
    gap = widgets.Box()
    gap.add_class("optim-gap")
    return gap


def _frame(figure, known):
    """The artists around the data: axis, spines, titles, legends; those already `known` may be animated."""
    frame = [*figure.texts, *figure.legends]
    for axes in figure.axes:
        if axes.get_visible():
            kinds = (Axis, Spine, Text, Legend) if axes.axison else (Text, Legend)
            around = [a for a in axes.get_children() if isinstance(a, kinds) and a not in axes.texts]
            frame += sorted(around, key=lambda artist: artist.zorder)
    return [artist for artist in frame if artist in known or not artist.get_animated()]
