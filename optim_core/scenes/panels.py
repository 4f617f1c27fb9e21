"""Panels: what a scene is composed of. A scene lays them out by name, says what each shows, and writes the caption.

    class Race(Page):
        alt = "Left: … Right: …"

        def __init__(self):
            super().__init__("map loss", widths=[3, 2])
            self.map = Surface(self, "map", sets="start")
            self.loss = Curves(self, "loss", title="loss", x="steps t", log="y", levels={"a millionth": 1e-6})

        def show(self, result):
            surface, runs = result
            self.steps = self.map.show(surface, runs)
            self.loss.show({name: surface.loss(path["w"]) for name, path in runs.items()})

        def say(self, t):
            return f"Step {t} of {self.steps}. …"

A panel builds its artists when a name first appears, and moves them from then on; its limits depend on what it shows
and on nothing that was shown before. `panel.at(t)` places it at time t; `page.moved(t)` does so for all and returns
their artists. Letters are at least 9 points, so that they can be read when the page is projected.
"""

import numpy as np
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from .board import BEHIND, SUPERSCRIPT, Map, Scene, View, arrow, number
from .styles import GREY, INK, RING, look

TINY, HUGE = 1e-30, 1e30  # what a logarithmic axis takes


class Page(Scene):
    """A scene whose panels have names and places.

    layout: names in rows, as in "map loss / map rates"; one name in several cells is one large place, "." is empty.
    widths, heights: of columns and rows, in parts; size: inches; top: inches kept free above, for a legend of the page.
    """

    def __init__(self, layout, *, widths=None, heights=None, size=(9.6, 4.0), top=0.0):
        super().__init__(size)
        rows = [row.split() for row in layout.replace("\n", "/").split("/") if row.strip()]
        (columns,) = {len(row) for row in rows}
        x = np.concatenate([[0], np.cumsum(widths or [1] * columns)]) / np.sum(widths or [1] * columns)
        y = np.concatenate([[0], np.cumsum(heights or [1] * len(rows))]) / np.sum(heights or [1] * len(rows))
        self.cells, self.panels = {}, {}
        for name in dict.fromkeys(name for row in rows for name in row if name != "."):
            i = [k for k, row in enumerate(rows) if name in row]
            j = [k for k in range(columns) if any(row[k] == name for row in rows)]
            self.cells[name] = (x[j[0]], x[j[-1] + 1], y[i[0]], y[i[-1] + 1])  # left, right, top, bottom; from the top
        self.top = top

    def place(self, name, left=0.62, right=0.12, bottom=0.5, top=0.32):
        """The place of a panel in parts of the figure, with these inches kept free around it."""
        width, height = self.figure.get_size_inches()
        x0, x1, y0, y1 = self.cells[name]
        usable = height - self.top
        box = [x0 * width + left, usable * (1 - y1) + bottom, x1 * width - right, usable * (1 - y0) - top]
        return [box[0] / width, box[1] / height, (box[2] - box[0]) / width, (box[3] - box[1]) / height]

    def at(self, t):
        """Write the caption for time t, and place all panels: whole where the picture has no time."""
        self.caption = self.say(t)
        return self.moved(t if self.steps else None)

    def say(self, t):
        """The caption at time t, unless `show` has written it or `at` does."""
        return self.caption

    def moved(self, t=None):
        """Place all panels at time t; the artists that moved."""
        for artist in self.moving:
            artist.set_visible(False)
        for panel in self.panels.values():
            panel.at(t)
        self.beside(t)
        return [artist for artist in self.moving if artist.get_visible()]

    def beside(self, t):
        """Place what a scene shows in its panels beside what they show themselves."""

    def clicked(self, axes, x, y):
        for panel in self.panels.values():
            if axes is panel.axes:
                return panel.clicked(x, y)
        return {}

    def name(self, looks, within=None, **place):
        """A legend above the panels, or in the cell `within`: {name: Look}; made anew only if it is another one."""
        if looks != getattr(self, "_named", None):
            self._named = dict(looks)
            self.figure.legends.clear()
            x, y, _, height = self.place(within, left=0.2, top=0, bottom=0) if within else (0.05, 1.005, 0, 0)
            where = dict(loc="upper left", ncols=1 if within else len(looks), bbox_to_anchor=(x, y + height)) | place
            self.figure.legend(handles=_handles(looks), fontsize=9.5, frameon=False, handlelength=3, **where)


def _looks(names, looks):
    """The look of each name: among those given, before the comma if not as it stands; else from `styles`."""
    looks = looks or {}
    return {name: looks.get(name) or looks.get(name.split(",")[0]) or look(name, i) for i, name in enumerate(names)}


def _handles(looks):
    edge = dict(mec="white", mew=0.5, lw=1.8)
    return [Line2D([], [], **one.line, marker=one.marker, ms=one.size(6), **edge, label=n) for n, one in looks.items()]


class Panel:
    """One place of a page, with its axes.

    title: above, at the left; x, y: the labels; log: "x", "y" or "xy"; xlim, ylim: fixed limits (else what is shown
    decides); sets: the control that a click sets to its x, or two of them for (x, y); equal: one unit is as long across
    as up; room: inches kept free, as in room=dict(left=0.8); grid: whether to draw one.
    """

    def __init__(
        self, page, name, *, title="", x="", y="", log="", xlim=None, ylim=None, sets=None, equal=False, room=None,
        grid=True,
    ):  # fmt: skip
        free = dict(
            top=0.32 if title else 0.14, left=(0.78 if "y" in log else 0.62) if y else 0.56, bottom=0.5 if x else 0.28
        ) | (room or {})
        self.page, self.sets, self.log = page, sets, log
        self.axes = page.figure.add_axes(page.place(name, **free))
        self.axes.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
        self.axes.set_xlabel(x, fontsize=10)
        self.axes.set_ylabel(y, fontsize=10)
        self.axes.set_title(title, fontsize=10.5, loc="left", y=1.0)
        self.axes.tick_params(labelsize=9)
        if equal:
            self.axes.set_aspect("equal", adjustable="box")
        if grid:
            self.axes.grid(alpha=0.25)
        self.fixed = dict(x=xlim, y=ylim)
        for which, limits in self.fixed.items():
            if limits:
                self._limit(which, limits)
            axis = getattr(self.axes, f"{which}axis")
            if which in log:
                axis.set_major_formatter(FuncFormatter(lambda v, _: decade(v)))  # mathtext takes three times as long
                axis.set_minor_formatter(NullFormatter())
            else:
                axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        self.axes.autoscale(False)  # limits are set by what is shown, never by an artist that happens to be added
        self.artists, self.styles = {}, {}
        page.panels[name] = self

    def at(self, t=None):
        """Place what it shows at time t (None: all of it)."""

    def clicked(self, x, y):
        """The control values that a click at (x, y) sets."""
        if self.sets is None:
            return {}
        if isinstance(self.sets, str):
            return {self.sets: x}
        return {control: value for control, value in zip(self.sets, (x, y), strict=True) if control}

    # What panels are made of: artists by name, made once and invisible until they are placed

    def line(self, name, x, y, **style):
        """A line or markers through (x, y), found again by its name."""
        if name not in self.artists:
            self.artists[name] = self.page.mover(self.axes.plot([], [])[0])
        line = self._styled(name, dict(lw=1.8, zorder=4) | style)
        line.set_data(_drawable(x, "x" in self.log), _drawable(y, "y" in self.log))
        line.set_visible(True)
        return line

    def area(self, name, x, low, high, **style):
        """A band between two curves."""
        if name not in self.artists:
            self.artists[name] = self.page.mover(self.axes.add_patch(Polygon([[0, 0]], lw=0)))
        low, high = (_drawable(edge, "y" in self.log) for edge in (low, high))
        band = self._styled(name, dict(alpha=0.22, zorder=2) | style)
        band.set_xy(np.concatenate([np.stack([x, high], -1), np.stack([x, low], -1)[::-1]]))
        band.set_visible(True)

    def word(self, name, x, y, text, **style):
        """A text at (x, y) of the data, or of the axes with transform="axes"."""
        if name not in self.artists:
            self.artists[name] = self.page.mover(self.axes.text(0, 0, "", fontsize=9, clip_on=False))
        if style.get("transform") == "axes":
            style["transform"] = self.axes.transAxes
        word = self._styled(name, dict(zorder=8) | style)
        word.set(position=(x, y), text=text, visible=True)

    def _styled(self, name, style):
        """The artist of that name, in this style; setting a style takes longer than moving, and it seldom changes."""
        if style != self.styles.get(name):
            self.styles[name] = style
            self.artists[name].set(**style)
        return self.artists[name]

    def scale(self, which, scale, limits):
        """A logarithmic or a linear axis, with fixed limits."""
        self.log = self.log.replace(which, "") + which * (scale == "log")
        if getattr(self.axes, f"get_{which}scale")() != scale:
            getattr(self.axes, f"set_{which}scale")(scale)
            if scale == "log":
                getattr(self.axes, f"{which}axis").set_major_formatter(FuncFormatter(lambda v, _: decade(v)))
        self.limit(which, limits)

    def limit(self, which, limits):
        """Limits of an axis that stay, whatever is shown; None: what is shown next decides."""
        self.fixed[which] = limits
        self._limit(which, limits)

    def ticks(self, which, values, margin=None):
        """These numbers at the ticks of a logarithmic axis and no others; a word without room is left out.

        margin: the axis goes on by this factor on both sides (None: it stays as long as it is).
        """
        if margin:
            self.scale(which, "log", (values[0] / margin, values[-1] * margin))
        low, high = getattr(self.axes, f"get_{which}lim")()
        inches = self.axes.bbox.size["xy".index(which)] / self.page.figure.dpi
        gaps = [*(inches * np.diff(np.log10(values)) / np.log10(high / low)), np.inf]
        words = [f"{value:g}" for value in values]
        least = [0.18 if which == "y" else 0.05 + 0.07 * len(word) for word in words]  # inches
        words = [word if gap > room else "" for word, gap, room in zip(words, gaps, least, strict=True)]
        getattr(self.axes, f"set_{which}ticks")(values, words)
        self.axes.minorticks_off()

    def _limit(self, which, limits):
        if limits and tuple(limits) != getattr(self.axes, f"get_{which}lim")():
            getattr(self.axes, f"set_{which}lim")(*limits)

    def _fit(self, which, arrays, least=0.0):
        """Limits around all finite numbers, at whole decades or tidy numbers; nothing where they are fixed."""
        if not self.fixed[which]:
            self._limit(which, tidy_limits(arrays, which in self.log, least))


def _drawable(values, log):
    """Numbers that a renderer has room for; what is not finite leaves a gap."""
    values = np.asarray(values, dtype=float)
    with np.errstate(invalid="ignore"):
        return np.clip(values, TINY if log else -HUGE, HUGE)


def decade(value):
    """A power of ten for the tick of a logarithmic axis.

    >>> decade(0.01), decade(100.0), decade(1e-6)
    ('0.01', '100', '10⁻⁶')
    """
    return number(value) if 0.009 < value < 1001 else f"10{str(round(np.log10(value))).translate(SUPERSCRIPT)}"


def tidy_limits(arrays, log=False, margin=0.05):
    """Limits around all finite numbers of some arrays: whole decades on a logarithmic axis, else with a margin.

    >>> tidy_limits([[0.02, 3.0], [float("inf")]], log=True), tidy_limits([[0.0, 10.0]], margin=0.1)
    ((0.01, 10.0), (-1.0, 11.0))
    """
    values = np.concatenate([np.ravel(np.asarray(one, float)) for one in arrays] or [np.zeros(0)])
    values = values[np.isfinite(values) & (np.abs(values) < HUGE)]
    if log:
        values = values[values > TINY]
        if not len(values):
            return 0.1, 10.0
        low, high = (float(np.round(np.log10(v), 9)) for v in (values.min(), values.max()))
        low, high = np.floor(low), np.ceil(high)
        return float(10.0**low), float(10.0 ** max(high, low + 1))
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = margin * (high - low) if high > low else 0.5 * max(abs(high), 1.0)
    return low - room, high + room


class Curves(Panel):
    """Named lines over steps, or over a parameter.

    levels: {word: y} horizontal lines, marks: {word: x} vertical ones, both also in `show`; legend: where the names
    stand inside ("upper right", …), or None; heads: mark the moment t on each line; lw: the lines' width; points: mark
    the points of lines that have few; words: where at its line the word of a level stands, "upper", "lower" or "outer"
    (on the side that is nearer to the frame), "right" or "left".
    """

    def __init__(
        self, page, name, *, levels=None, legend="best", heads=True, lw=1.8, points=True, words="upper right", **panel
    ):
        super().__init__(page, name, **panel)
        self.words = words
        self.levels, self.place, self.heads, self.named = levels or {}, legend, heads, None
        self.lw, self.points = lw, points
        self.lines, self.bands, self.dots, self.marks, self.faint = {}, {}, {}, {}, ()

    def show(
        self, lines, *, looks=None, bands=None, dots=None, levels=None, marks=None, steps=None, faint=(), sizes=None,
        ring=None, timed=False,
    ):  # fmt: skip
        """Take what is to be seen.

        lines: {name: y} over the steps 0, 1, …, or {name: (x, y)}; looks: {name: Look}, else `styles.look`;
        bands: {name: (x, low, high)}, in the colour of the line of that name; dots: {name: (x, y)}, the present one;
        steps: the last step, where lines are over steps (else the length of the longest); faint: the names of lines
        and dots that stand back; sizes: {name: points} for markers larger than others; ring: (x, y), around the place
        that is looked at; timed: lines {name: (x, y)} and dots are seen as far as time has come, x ≤ t.
        """
        over_steps = [name for name, line in lines.items() if not isinstance(line, tuple)]
        self.lines = {n: (np.arange(len(y)), y) if n in over_steps else y for n, y in lines.items()}
        self.over_steps, self.bands, self.dots = set(over_steps), bands or {}, dots or {}
        self.looks = _looks(lines, looks)
        self.dot_looks = _looks(self.dots, looks)
        self.now_levels, self.marks, self.faint = self.levels | (levels or {}), marks or {}, tuple(faint)
        self.sizes, self.ring, self.timed = sizes or {}, ring, timed
        x = [line[0] for line in self.lines.values()] + [band[0] for band in self.bands.values()]
        y = [line[1] for line in self.lines.values()] + [edge for band in self.bands.values() for edge in band[1:]]
        if over_steps and not self.fixed["x"] and "x" not in self.log:
            last = steps or max((len(line[0]) - 1 for line in self.lines.values()), default=1)
            self._limit("x", (0, max(last, 1)))
        else:
            self._fit("x", x, 0.0)
        self._fit("y", y, 0.05)
        self._name()

    def _name(self):
        """The legend, made anew only where names or looks differ."""
        named = {n: one for n, one in self.looks.items() if not n.startswith("_")}
        if self.place and named != self.named:
            self.named = named
            self.axes.legend(
                handles=_handles(named), loc=self.place, fontsize=9, framealpha=0.9, handlelength=2.6, borderpad=0.3
            ).set_zorder(7)

    def at(self, t=None):
        bottom, top = sorted(self.axes.get_ylim())
        for i, (word, y) in enumerate(self.now_levels.items()):
            self.line(f"level {i}", [0, 1], [y, y], **look("bound").line, lw=1.2, transform=self._across, zorder=3)
            halo = dict(boxstyle="round,pad=0.1", facecolor="white", edgecolor="none", alpha=0.75)
            side = "left" if "left" in self.words else "right"
            under = "lower" in self.words or ("outer" in self.words and y - bottom < top - y)
            gap = ScaledTranslation(0, (-2 if under else 2) / 72, self.page.figure.dpi_scale_trans)
            place = dict(ha=side, va="top" if under else "bottom", transform=self._across + gap)
            if bottom <= y <= top:  # else it would stand in another panel
                self.word(f"level word {i}", 0.01 if side == "left" else 0.99, y, word, color=GREY, bbox=halo, **place)
        for i, (word, x) in enumerate(self.marks.items()):
            self.line(f"mark {i}", [x, x], [0, 1], **look("bound").line, lw=1.2, transform=self._up, zorder=3)
            self.word(f"mark word {i}", x, 0.98, f" {word}", color=GREY, ha="left", va="top", transform=self._up)
        for name, (x, low, high) in self.bands.items():
            self.area(f"band {name}", x, low, high, facecolor=self.looks[name].color)
        for name, (x, y) in self.lines.items():
            style, timed = self.looks[name], t is not None and name in self.over_steps
            shown = slice(None, np.searchsorted(x, t, "right") if timed or (self.timed and t is not None) else None)
            few = self.points and not timed and len(x) < 40 or style.dash == "None"
            few = dict(marker=style.marker if few else "None", ms=self.sizes.get(name, 4.5), mec="white", mew=0.5)
            weight = dict(lw=0.65 * self.lw, alpha=0.5) if name in self.faint else dict(lw=self.lw, alpha=None)
            self.line(f"line {name}", x[shown], y[shown], **style.line, **few, **weight)
            if timed and self.heads and t < len(y) and bottom <= y[t] <= top:
                self.line(f"head {name}", [t], [y[t]], **style.point, ms=7, zorder=6, clip_on=False)
        if t is not None and self.over_steps:
            self.line("now", [t, t], [0, 1], color=GREY, lw=1, ls=":", transform=self._up, zorder=3)
        for name, (x, y) in self.dots.items():
            style, faint = self.dot_looks[name], name in self.faint
            weight = dict(ms=style.size(7 if faint else 10), alpha=0.6 if faint else None)
            late = self.timed and t is not None and x > t
            if bottom <= y <= top and not late:  # one that has left the frame would stand in another panel
                self.line(f"dot {name}", [x], [y], **style.point, **weight, zorder=7, clip_on=False)
        if self.ring is not None:
            self.line("ring", *np.reshape(self.ring, (2, 1)), **RING, ms=15, zorder=8)

    @property
    def _across(self):
        return self.axes.get_yaxis_transform()

    @property
    def _up(self):
        return self.axes.get_xaxis_transform()


class Surface(Panel):
    """An error surface from above, with the paths of runs. A click sets the control `sets` to the point.

    levels: those of the contour lines, the same for every surface, so that maps can be compared; numbers: whether lines
    say how high they are, or the levels whose lines do.
    """

    def __init__(self, page, name, *, numbers=True, levels=None, **panel):
        super().__init__(page, name, grid=False, **(dict(room=dict(left=0.52, bottom=0.46, top=0.14)) | panel))
        self.map = Map(self.axes, levels)
        if numbers is not True:
            self.map.numbered = lambda: numbers or []
        self.runs, self.points = {}, {}

    def show(self, surface, runs=None, *, looks=None, downhill=None):
        """Take a surface and {name: path}, paths from `descend`; returns the last step.

        downhill: if given, arrows stand for −∇L, in proportion, and one of this norm is nearly as long as their grid
        is wide; what is too short for an arrow is a dot.
        """
        self.surface, self.runs, self.changed = surface, runs or {}, self.map.show(surface)
        if downhill and self.changed:
            foot = feet(surface.window)
            style = dict(angles="xy", scale_units="xy", width=0.006, minlength=0.6, zorder=0.9)  # under numbers
            wide = 0.85 * (foot[0, 1, 0] - foot[0, 0, 0])
            tails, tips = (np.moveaxis(part, -1, 0) for part in (foot, -surface.grad(foot)))
            arrows = self.axes.quiver(*tails, *tips, scale=downhill / wide, color=look("gradient").color, **style)
            self.map.drawn.append(arrows)
        self.points = {name: self.map.drawable(np.asarray(path["w"])) for name, path in self.runs.items()}
        self.looks = _looks(self.runs, looks)
        return max((len(points) - 1 for points in self.points.values()), default=0)

    def at(self, t=None):
        for name, points in self.points.items():
            style, last = self.looks[name], len(points) - 1 if t is None else min(t, len(points) - 1)
            dots = dict(marker=style.marker, ms=3.2, mew=0)
            self.line(f"path {name}", *points[: last + 1].T, **style.line, **dots, lw=1.6)
            whole = dict(clip_on=not self.map.inside(points[last]))  # at the edge, too
            self.line(f"head {name}", *points[last : last + 1].T, **style.point, ms=9, zorder=7, **whole)
            self._left(name, points[: last + 1], self.runs[name], style.color)
        if self.points:
            start = next(iter(self.points.values()))[0]
            whole = dict(clip_on=not self.map.inside(start))
            self.line("start", *start[:, None], **RING | dict(mfc="white") | whole, ms=9, zorder=6)

    def _left(self, name, points, path, color):
        """Where a path has left the frame, a word at the border says so, and at which step the run diverged."""
        outside, t = np.flatnonzero(~self.map.inside(points)), len(points) - 1
        if not len(outside) or self.map.inside(points[t]):
            return
        left, right, bottom, top = self.surface.window
        x, y = np.clip(points[outside[0]], [left, bottom], [right, top])
        ha, va = "right" if x > (left + right) / 2 else "left", "top" if y > (bottom + top) / 2 else "bottom"
        gone = int(path.get("diverged", 0))
        text = f"diverged at step {gone}" if 0 < gone <= t else f"out of the picture at step {outside[0]}"
        box = dict(boxstyle="round,pad=0.25", facecolor="white", edgecolor="#d1d5db", alpha=0.9)
        self.word(f"left {name}", x, y, text, ha=ha, va=va, color=color, bbox=box, zorder=9)

    def part(self, share):
        """A length on the map: so much of the window's shorter side."""
        left, right, bottom, top = self.surface.window
        return share * min(right - left, top - bottom)

    def losses_around(self, loss):
        """Limits for an axis of losses: the lower part of what is shown or, if `loss` is not in it, as much around it.

        They go by halves of their length, so that the axis is seldom drawn anew while a point moves.
        """
        levels, heights = self.map.levels, self.map.heights
        low, high = (levels[0], levels[5]) if len(levels) else (heights.min(), heights.max())
        room = 0.3 * (high - low) or 1.0
        low, high = float(low - room), float(high + room)
        half = (high - low) / 2
        middle = (low + high) / 2 if low <= loss <= high or not np.isfinite(loss) else half * np.round(loss / half)
        return float(middle - half), float(middle + half)

    def clicked(self, x, y):
        return {self.sets: (x, y)} if self.sets else {}


def feet(window, each_way=9):
    """A grid of points in a window, (each_way, each_way, 2), where arrows begin.

    >>> feet((0.0, 2.0, 0.0, 4.0), 2).tolist()
    [[[0.5, 1.0], [1.5, 1.0]], [[0.5, 3.0], [1.5, 3.0]]]
    """
    left, right, bottom, top = window
    shares = (np.arange(each_way) + 0.5) / each_way
    return np.stack(np.meshgrid(left + (right - left) * shares, bottom + (top - bottom) * shares), -1)


class Side(Panel):
    """The surface of a `Surface` panel from the side, with the same paths."""

    def __init__(self, page, name, seen):
        super().__init__(page, name, grid=False, room=dict(left=0.05, right=0.05, bottom=0.05, top=0.05))
        self.view, self.seen, self.shown = View(self.axes), seen, None

    def at(self, t=None):
        if (self.seen.map.shown, self.view.across) != self.shown:
            self.shown = (self.seen.map.shown, self.view.across)
            self.view.show(self.seen.map)
        for name, points in self.seen.points.items():
            style, last = self.seen.looks[name], len(points) if t is None else t + 1
            front, back = self.view.lift(self.seen.map, points[:last], self.seen.surface.loss(points[:last]))
            self.line(f"front {name}", *front, **style.line, zorder=9)
            self.line(f"back {name}", *back, **style.line, zorder=9, **BEHIND)
            hidden = np.isnan(front[0, -1])
            self.line(f"head {name}", *(back if hidden else front)[:, -1:], **style.point, ms=7, zorder=10)


class OnCurve(Panel):
    """A function of one variable, a point that hops along it, and other curves beside it."""

    def show(self, curve, hops=None, *, lines=None, looks=None, dots=None):
        """curve: (x, y); hops: (x, y) of the point at each step; lines, dots: {name: (x, y)} beside it, in `looks`."""
        self.curve, self.hops, self.beside, self.dots = curve, hops, lines or {}, dots or {}
        names = [*self.beside, *(name for name in self.dots if name not in self.beside)]
        self.looks = _looks(names, looks)
        self._fit("x", [curve[0]], 0.0)
        self._fit("y", [curve[1]], 0.08)

    def at(self, t=None):
        self.line("curve", *self.curve, **look("loss").line, lw=2, zorder=3)
        for name, (x, y) in self.beside.items():
            self.line(f"line {name}", x, y, **self.looks[name].line, zorder=4)
        if self.hops is not None:
            x, y = (np.asarray(part)[: None if t is None else t + 1] for part in self.hops)
            style = look("gradient descent")
            self.line("hops", x, y, **style.line, marker=style.marker, ms=4, lw=1.3, zorder=5)
            self.line("start", x[:1], y[:1], marker="o", ls="", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
            self.line("head", x[-1:], y[-1:], **style.point, ms=10, zorder=7)
        for name, (x, y) in self.dots.items():
            self.line(f"dot {name}", [x], [y], **self.looks[name].point, ms=10, zorder=7)


class Bars(Panel):
    """One bar for each name; on a logarithmic axis they stand on its lower end. Its number stands at its end."""

    def __init__(self, page, name, *, across=False, values=True, **panel):
        super().__init__(page, name, grid=False, **panel)
        self.across, self.values, self.bars, self.named = across, values, {}, None
        self.axes.grid(alpha=0.25, axis="x" if across else "y")

    def show(self, bars, *, looks=None, marks=None, errors=None, words=None):
        """bars: {name: value}; marks: {name: value}, a tick across a bar; errors: {name: (low, high)}.

        words: {name: text} at the ends of bars in place of their numbers.
        """
        self.bars, self.marks, self.errors, self.words = bars, marks or {}, errors or {}, words or {}
        self.looks = _looks(bars, looks)
        along, names = ("x", "y") if self.across else ("y", "x")
        ends = [*bars.values(), *self.marks.values(), *(e for pair in self.errors.values() for e in pair)]
        if not self.fixed[along]:
            low, high = tidy_limits([ends if along in self.log else [0.0, *ends]], along in self.log, 0.12)
            self._limit(along, (low, high) if along in self.log or low < -0.2 * high else (0.0, high))
        if list(bars) != self.named:
            self.named = list(bars)
            self._limit(names, (len(bars) - 0.4, -0.6) if self.across else (-0.6, len(bars) - 0.4))
            words = self.named if self.across else [name.replace(" ", "\n") for name in self.named]
            getattr(self.axes, f"set_{names}ticks")(range(len(bars)), words)

    def at(self, t=None):
        along = "x" if self.across else "y"
        low, high = getattr(self.axes, f"get_{along}lim")()
        foot = low if along in self.log else 0.0
        for i, (name, value) in enumerate(self.bars.items()):
            end = float(np.clip(np.nan_to_num(value, nan=foot, posinf=high, neginf=low), low, high))
            corners = np.array([[i - 0.36, foot], [i + 0.36, foot], [i + 0.36, end], [i - 0.36, end]])
            key = f"bar {i}"
            if key not in self.artists:
                self.artists[key] = self.page.mover(self.axes.add_patch(Polygon([[0, 0]], lw=0.8, ec="white")))
            self.artists[key].set(xy=corners[:, ::-1] if self.across else corners, facecolor=self.looks[name].color)
            self.artists[key].set_visible(end != foot)  # its white edge would cover the axis
            if self.values:
                under = value < foot and not self.across
                at = (end, i) if self.across else (i, end - 0.015 * (high - low) * under)
                place = dict(ha="left", va="center") if self.across else dict(ha="center", va="bottom")
                place |= dict(va="top") if under else {}
                text = self.words.get(name, number(value, 3))
                self.word(f"value {i}", *at, (" " if self.across else "") + text, **place)
            for kind, ends in (("mark", [self.marks.get(name)] * 2), ("error", self.errors.get(name, (None, None)))):
                if ends[0] is not None:
                    side = np.array([i - 0.4, i + 0.4]) if kind == "mark" else np.array([i, i])
                    place = (ends, side) if self.across else (side, ends)
                    self.line(f"{kind} {i}", *place, color=INK, lw=2 if kind == "mark" else 1.3, zorder=6)


class Histogram(Panel):
    """How numbers are distributed: the density over `edges`, for each name."""

    def __init__(self, page, name, *, edges, legend="best", **panel):
        super().__init__(page, name, **(dict(xlim=(edges[0], edges[-1])) | panel))
        self.edges, self.place, self.named = np.asarray(edges, float), legend, None

    def show(self, samples, *, looks=None, marks=None, counts=False):
        """samples: {name: numbers}; marks: {word: x}; counts: numbers in each bin in place of the density."""
        self.looks = _looks(samples, looks)
        self.marks, self.heights = marks or {}, {}
        for name, values in samples.items():
            values = np.ravel(values)
            number_in, _ = np.histogram(values[np.isfinite(values)], self.edges)
            self.heights[name] = number_in if counts else number_in / max(values.size, 1) / np.diff(self.edges)
        tallest = max((h.max() for h in self.heights.values()), default=1.0)
        self._limit("y", self.fixed["y"] or (0.0, 1.1 * float(tallest) or 1.0))
        if self.place and len(self.looks) > 1 and self.looks != self.named:
            self.named = dict(self.looks)
            self.axes.legend(handles=_handles(self.looks), loc=self.place, fontsize=9, framealpha=0.9)

    def at(self, t=None):
        x = np.repeat(self.edges, 2)
        for name, heights in self.heights.items():
            y = np.concatenate([[0], np.repeat(heights, 2), [0]])
            style = self.looks[name]
            if len(self.heights) == 1:
                self.area(f"fill {name}", x, 0 * y, y, facecolor=style.color, alpha=0.45)
            self.line(f"line {name}", x, y, **style.line, lw=1.5)
        up, low, high = self.axes.get_xaxis_transform(), *self.axes.get_xlim()
        for i, (word, at) in enumerate(self.marks.items()):
            # where the next mark is near, the word stands to the left of its own
            left = any(0 < other - at < (high - low) / 3 for other in self.marks.values())
            self.line(f"mark {i}", [at, at], [0, 1], color=INK, lw=1.4, ls="--", transform=up, zorder=6)
            side = dict(ha="right" if left else "left", va="top")
            self.word(f"mark word {i}", at, 0.97, f"{word} " if left else f" {word}", **side, transform=up)


class Field(Panel):
    """A map over two numbers: of words, each with its colour and its texture, or of values in the colours of a ramp.

    words: {word: colour}, named above the map; ramp: (colormap, norm) for values, and `bar` what they mean; ramped: the
    word whose cells show their value; legend: where the names of lines stand. On a logarithmic axis the cells are laid
    out evenly in the logarithm. A click sets `sets`, to real values.
    """

    TEXTURES = [None, (1, 4), (-1, 4), (0, 3), (1, 2)]  # slope and distance of darker lines; None: plain

    def __init__(self, page, name, *, words=None, ramp=None, bar="", ramped="", legend=None, log="", **panel):
        free = dict(top=0.36 if words else 0.58)  # room for what the colours mean
        if words and ramp:
            free["bottom"] = 1.18
        super().__init__(page, name, grid=False, **(panel | dict(room=free | panel.get("room", {}))))
        self.words, self.ramp, self.ramped, self.decades = words or {}, ramp, ramped, log
        self.ring, self.star, self.curves, self.extent, self.place, self.named = None, None, {}, None, legend, None
        self.image = self.axes.imshow(np.zeros((2, 2, 3)), origin="lower", aspect="auto", interpolation="none")
        for which in log:
            axis = getattr(self.axes, f"{which}axis")
            axis.set_major_formatter(FuncFormatter(lambda v, _: number(10.0**v)))
        if self.words:
            patches = [Patch(facecolor=c, edgecolor=GREY, label=w) for w, c in self.words.items()]
            legend = self.axes.legend(
                handles=patches, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(patches), fontsize=9,
                frameon=False, handlelength=1.2, columnspacing=1.0, handletextpad=0.4, borderpad=0.1,
            )  # fmt: skip
            self.axes.legend_ = None  # the names of lines are the axes' own legend
            self.axes.add_artist(legend)
        if ramp:
            self._draw_bar(bar)

    def _draw_bar(self, words):
        """What the colours mean, in a bar: above the map, at its right; where words stand there, below."""
        cmap, norm = self.ramp
        inch = 1 / (self.page.figure.get_figheight() * self.axes.get_position().height)
        place = [0, -0.92 * inch, 1, 0.12 * inch] if self.words else [0.5, 1 + 0.08 * inch, 0.5, 0.12 * inch]
        bar = self.axes.inset_axes(place)
        bar.imshow(cmap(np.linspace(0, 1, 128))[None, :, :3], aspect="auto", extent=[0, 1, 0, 1])
        ticks = np.geomspace(norm.vmin, norm.vmax, 3) if isinstance(norm, LogNorm) else [norm.vmin, norm.vmax]
        bar.set_xticks(np.linspace(0, 1, len(ticks)), [number(tick, 2) for tick in ticks], fontsize=9)
        bar.set(yticks=[])
        bar.tick_params(length=0, pad=1, top=not self.words, labeltop=not self.words, labelbottom=bool(self.words))
        bar.set_title(words, fontsize=9, y=1.0, pad=2 if self.words else 13, loc="left")

    def show(self, xs, ys, *, words=None, values=None, ring=None, star=None, lines=None, looks=None):
        """Cells (len(ys), len(xs)) of words or values; ring, star: (x, y) now and at best; lines: {name: (x, y)}."""
        self._paint(words, values)
        place = (self._along("x", xs), self._along("y", ys))
        half = [(axis[-1] - axis[0]) / (2 * (len(axis) - 1)) if len(axis) > 1 else 0.5 for axis in place]
        extent = [place[0][0] - half[0], place[0][-1] + half[0], place[1][0] - half[1], place[1][-1] + half[1]]
        if extent != self.extent:
            self.extent = extent
            self.image.set_extent(extent)
            for which, low, high in (("x", *extent[:2]), ("y", *extent[2:])):
                self._limit(which, (low, high))
                if which in self.decades:
                    whole = np.arange(np.ceil(low), np.floor(high) + 1)
                    if len(whole):
                        getattr(self.axes, f"{which}axis").set_major_locator(FixedLocator(whole))
        self.ring, self.star, self.curves = ring, star, lines or {}
        self.looks = _looks(self.curves, looks)
        if self.place and self.looks != self.named:
            self.named = dict(self.looks)
            self.axes.legend(handles=_handles(self.looks), loc=self.place, fontsize=9, framealpha=0.92).set_zorder(7)

    def _paint(self, words, values):
        if values is not None:
            cmap, norm = self.ramp
            colours = cmap(norm(np.clip(np.nan_to_num(values, nan=norm.vmax), norm.vmin, norm.vmax)))[..., :3]
        else:
            colours = np.zeros((*np.shape(words), 3))
        row, column = np.indices(colours.shape[:2])
        for i, (word, colour) in enumerate(self.words.items()):
            if words is None or (word == self.ramped and values is not None):
                continue
            at, texture = np.asarray(words) == word, self.TEXTURES[i % len(self.TEXTURES)]
            colours[at] = to_rgb(colour)
            if texture:
                colours[at & ((column + texture[0] * row) % texture[1] == 0)] *= 0.86
        self.image.set_data(colours)

    def _along(self, which, values):
        return np.log10(values) if which in self.decades else np.asarray(values, float)

    def at(self, t=None):
        for name, (x, y) in self.curves.items():
            at = (self._along("x", x), self._along("y", y))
            self.line(f"under {name}", *at, color="white", lw=3.6, zorder=4)
            self.line(f"line {name}", *at, **self.looks[name].line, zorder=5)
        if self.star is not None:
            x, y = self._along("x", self.star[0]), self._along("y", self.star[1])
            self.line("star", [x], [y], marker="*", ls="", mfc="#ffd92f", mec=INK, ms=17, zorder=6)
        if self.ring is not None:
            x, y = self._along("x", self.ring[0]), self._along("y", self.ring[1])
            for key, colour, width in (("halo", "white", 4), ("ring", INK, 2)):
                self.line(
                    key, [x], [y], marker="o", ls="", mfc="none", mec=colour, ms=15, mew=width, zorder=8, clip_on=False
                )

    def clicked(self, x, y):
        return super().clicked(*(10.0**v if w in self.decades else v for w, v in (("x", x), ("y", y))))


class Arrows(Panel):
    """Arrows by name, each with its marker half-way, and curves around them; one unit is as long across as up."""

    def __init__(self, page, name, **panel):
        super().__init__(page, name, **(dict(equal=True) | panel))

    def show(self, arrows, *, curves=None, looks=None, words=True):
        """arrows: {name: (tail, tip)}; curves: {name: (x, y)}; words: whether each arrow is named at its tip."""
        self.arrows, self.curves, self.words = arrows, curves or {}, words
        self.looks = _looks([*arrows, *self.curves], looks)
        for which, k in (("x", 0), ("y", 1)):
            ends = [point[k] for pair in arrows.values() for point in pair]
            self._fit(which, [ends, *(curve[k] for curve in self.curves.values())], 0.15)

    def at(self, t=None):
        barb = 0.05 * np.ptp(self.axes.get_xlim())
        for name, (x, y) in self.curves.items():
            self.line(f"curve {name}", x, y, **self.looks[name].line, lw=1.5, zorder=3)
        for name, (tail, tip) in self.arrows.items():
            style, ends = self.looks[name], np.array([tail, tip], float)
            self.line(f"arrow {name}", *arrow(*ends, barb), **style.line | dict(ls="-"), lw=2.2)
            if style.marker and np.linalg.norm(ends[1] - ends[0]) > 1.5 * barb:  # a dash would break the head
                self.line(f"marker {name}", *ends.mean(0)[:, None], **style.point, ms=style.size(6.5), zorder=4.5)
            if self.words:
                side = "left" if tip[0] >= tail[0] else "right"
                self.word(f"word {name}", *tip, f" {name} ", color=self.looks[name].color, ha=side, va="bottom")


class Points(Panel):
    """Groups of points by name."""

    def __init__(self, page, name, *, legend="best", **panel):
        super().__init__(page, name, **panel)
        self.place, self.named = legend, None

    def show(self, groups, *, looks=None, lines=None, sizes=5.5):
        """groups: {name: (x, y)}; lines: {name: (x, y)} through them."""
        self.groups, self.beside, self.sizes = groups, lines or {}, sizes
        names = [*groups, *(name for name in self.beside if name not in groups)]
        self.looks = _looks(names, looks)
        for which, k in (("x", 0), ("y", 1)):
            self._fit(which, [pair[k] for pair in (*groups.values(), *self.beside.values())], 0.06)
        named = {n: one for n, one in self.looks.items() if not n.startswith("_")}
        if self.place and len(named) > 1 and named != self.named:
            self.named = named
            self.axes.legend(handles=_handles(named), loc=self.place, fontsize=9, framealpha=0.9)

    def at(self, t=None):
        for name, (x, y) in self.beside.items():
            self.line(f"line {name}", x, y, **self.looks[name].line, zorder=3)
        for name, (x, y) in self.groups.items():
            self.line(f"points {name}", x, y, **self.looks[name].point | dict(mew=0.5), ms=self.sizes, zorder=5)


class Words(Panel):
    """Lines of text, evenly spaced: a table beside a picture."""

    def __init__(self, page, name, *, size=10, **panel):
        super().__init__(page, name, grid=False, **(dict(room=dict(left=0.1, right=0.05, bottom=0.1)) | panel))
        self.axes.set_axis_off()
        self.size, self.rows = size, []

    def show(self, rows):
        """rows: texts, from above."""
        self.rows = list(rows)

    def at(self, t=None):
        text = "\n".join(self.rows)
        style = dict(va="top", fontsize=self.size, family="monospace", linespacing=1.5, transform="axes")
        self.word("rows", 0, 1, text, **style)
