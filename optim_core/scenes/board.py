"""What every scene is made of: a figure whose artists move, a surface from above, a surface from the side."""

import contextlib
import copy
import functools

import contourpy
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

# Okabe and Ito's colours, safe for the colour-blind; every line has a dash and a marker of its own as well.
BLUE, ORANGE, GREEN, PINK, SKY, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#222222", "#6b7280"
STYLES = [
    (ORANGE, "-", "o"),
    (BLUE, (0, (5, 1.5)), "s"),
    (GREEN, (0, (1.5, 1.5)), "^"),
    (PINK, (0, (6, 1.5, 1, 1.5)), "D"),
]
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#ffffff", "#e3eaf1", "#b9c7d6", "#8a9bb0"])
BEHIND = dict(alpha=0.3)  # what the surface hides shows through it
MARKS = {"minimum": ("*", 13), "maximum": ("^", 9), "saddle": ("X", 9), "degenerate": ("P", 9)}
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BENDS = {1: (BLUE, "-", "up"), -1: (ORANGE, (0, (4, 1.5)), "down"), 0: (GREY, (0, (1, 1.5)), "not at all")}


# What a picture looks like is the course's, whatever a matplotlibrc says: a style of the user's own is for their plots.
OURS = {name: value for name, value in dict.items(matplotlib.rcParamsDefault) if not name.startswith("backend")}


@contextlib.contextmanager
def own_style():
    """matplotlib as it comes, inside; the user's settings again afterwards.

    (`matplotlib.rc_context` does the same and checks each of some 300 values, which takes longer than a move does.)
    """
    before = dict.copy(matplotlib.rcParams)
    dict.update(matplotlib.rcParams, OURS)
    try:
        yield
    finally:
        dict.update(matplotlib.rcParams, before)


class InOwnStyle(type):
    """Makes a scene, with all that its __init__ and those of its panels draw, in the style of the course."""

    def __call__(cls, *arguments, **more):
        with own_style(), np.errstate(under="ignore"):
            return super().__call__(*arguments, **more)


class Scene(metaclass=InOwnStyle):
    """A figure of `size` inches; the scenes below add axes and artists."""

    alt, caption, steps = "", "", 0

    def __init__(self, size=(9.6, 4.0)):
        self.figure = Figure(figsize=size, dpi=100)
        FigureCanvasAgg(self.figure)
        self.moving = []

    def clicked(self, axes, x, y):
        """The control values that a click at data coordinates (x, y) of `axes` sets."""
        return {}

    def mover(self, artist):
        """An artist that moves: animated, so that it stays out of the backdrop."""
        artist.set_animated(True)
        self.moving.append(artist)
        return artist

    def line(self, axes, *args, **style):
        """A line that moves, empty at first."""
        return self.mover(axes.plot([], [], *args, **style)[0])

    def text(self, axes, **style):
        """A text in a white box that moves."""
        box = dict(boxstyle="round,pad=0.25", facecolor="white", edgecolor="#d1d5db", alpha=0.9)
        return self.mover(axes.text(0, 0, "", fontsize=9, bbox=box, clip_on=False, visible=False, **style))

    def legend(self, axes, names, **place):
        """Name up to four paths, in the order of STYLES, in a legend outside the axes."""
        styles = [dict(color=c, ls=d, marker=m, ms=5) for c, d, m in STYLES]
        handles = [axes.plot([], [], label=name, **style)[0] for name, style in zip(names, styles, strict=False)]
        self.figure.legends.clear()
        self.figure.legend(handles=handles, fontsize=9, frameon=False, handlelength=3, **place)


def number(value, digits=3):
    """A number for a caption: few digits, a real minus sign, powers of ten as powers.

    >>> number(-2.0), number(0.39936, 4), number(4.93e-32), number(1e-6), number(2048), number(2048.3)
    ('−2', '0.3994', '4.93·10⁻³²', '10⁻⁶', '2,048', '2,050')
    """
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.{digits}g}"
    if "e" in text and 1 <= abs(value) < 1e6:  # 1,230 is read more easily than 1.23·10³
        text = f"{float(text):,.0f}"
    mantissa, _, power = text.partition("e")
    tens = "10" + str(int(power)).translate(SUPERSCRIPT) if power else ""
    if tens and mantissa == "1":
        return tens
    tens = tens and "·" + tens
    return (mantissa + tens).replace("-", "−")


def brief(value, digits=3):
    """`number`, with no more than so many digits of a whole number either.

    >>> brief(1234.0), brief(0.11112), brief(99.7, 2), brief(1.96e-5)
    ('1,230', '0.111', '100', '1.96·10⁻⁵')
    """
    return number(float(f"{value:.{digits}g}"), digits)


def decimals(value, places=2):
    """A number with so many decimals and a real minus sign; what rounds to 0 has no sign.

    >>> decimals(0.6), decimals(-1.25, 1), decimals(-0.001)
    ('0.60', '−1.2', '0.00')
    """
    return f"{round(float(value), places) + 0.0:.{places}f}".replace("-", "−")


def many(count, what):
    """A number of things, one of them in the singular.

    >>> many(1, "update"), many(0.04, "epoch"), many(1500, "update")
    ('1 update', '0.04 epochs', '1,500 updates')
    """
    words = number(count)
    return f"{words} {what}{'s' * (words != '1')}"


def arrow(tail, tip, barb):
    """A line (2, 5) from tail to tip with an open head whose barbs have length `barb`, less on a short arrow."""
    tail, tip = np.asarray(tail, float), np.asarray(tip, float)
    length = np.linalg.norm(tip - tail)
    if not length > 1e-9:
        return np.repeat(tail[:, None], 5, axis=1)
    back = (tail - tip) / length * min(barb, 0.6 * length)
    side = 0.5 * np.array([-back[1], back[0]])
    return np.stack([tail, tip, tip + back + side, tip, tip + back - side], axis=-1)


def still(scene, result, t=None):
    """The scene's figure as it stands for a result at time t (default: the end), to save or to show without sliders."""
    with own_style():
        scene.show(result)
        for artist in scene.at(scene.steps if t is None else t):
            artist.set_animated(False)
    return scene.figure


# ---- a surface, seen from above and from the side ----


def reaching(surface, w):
    """The surface through a window that is doubled about its middle until w is in it.

    >>> from optim_core import surfaces
    >>> reaching(surfaces.monkey_saddle(), (0.0, 1.5)).window, reaching(surfaces.monkey_saddle(), (0.0, 5.0)).window
    ((-1.5, 1.5, -1.5, 1.5), (-6.0, 6.0, -6.0, 6.0))
    """
    middle, half = (np.array(surface.window).reshape(2, 2) @ side for side in ([0.5, 0.5], [-0.5, 0.5]))
    times = np.max(np.abs(w - middle) / half)
    if not 1 < times < np.inf:
        return surface
    more = copy.copy(surface)
    half = half * 2.0 ** np.ceil(np.log2(times))
    more.window = tuple(np.stack([middle - half, middle + half], -1).ravel().tolist())
    return more


class Map:
    """A surface from above: heights as shades, contour lines, and its known critical points.

    levels: those of the contour lines, if they shall be the same for every surface.
    """

    def __init__(self, axes, levels=None):
        self.axes, self.drawn, self.shown, self.fixed = axes, [], None, levels
        axes.set_xlabel("w₁", fontsize=11)
        axes.set_ylabel("w₂", fontsize=11, rotation=0, labelpad=8)
        axes.set_title("", y=1.0)  # a fixed height: else each drawing measures all labels to find one
        for axis in (axes.xaxis, axes.yaxis):  # few and short: no number pushes w₂ out of the figure
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))

    def show(self, surface):
        """Draw the surface; returns False if it stands there already."""
        key = (repr(surface), surface.window)
        if key == self.shown:
            return False
        self.shown, self.surface = key, surface
        for artist in self.drawn:
            artist.remove()
        self.w1, self.w2, self.heights, self.levels = heights(surface)
        self.levels = self.levels if self.fixed is None else self.fixed
        look_at(self.axes, surface.window)
        self.drawn = []
        if len(self.levels):
            self.drawn = contours(self.axes, self.w1, self.w2, self.heights, self.levels, self.numbered())
        for curve in surface.valleys:
            self.drawn += self.axes.plot(*np.transpose(curve), color="white", lw=4, zorder=1.5)
            self.drawn += self.axes.plot(*np.transpose(curve), color=GREEN, lw=1.4, zorder=1.6)
        for point in surface.critical_points:
            marker, size = MARKS[point["kind"]]
            style = dict(markersize=size, markerfacecolor="white", markeredgecolor=INK, linestyle="", zorder=5)
            self.drawn += self.axes.plot(*point["w"], marker, **style)
        return True

    def numbered(self):
        """The levels whose lines say how high they are."""
        return self.levels[2:-1:3]

    def inside(self, points):
        """Which of the points (…, 2) lie in the frame."""
        left, right, bottom, top = self.surface.window
        x, y = points[..., 0], points[..., 1]
        return (x >= left) & (x <= right) & (y >= bottom) & (y <= top)

    def drawable(self, points):
        """Points far outside, drawn nearer but in the same direction: a renderer has no room for 1e300."""
        left, right, bottom, top = self.surface.window
        middle, reach = np.array([left + right, bottom + top]) / 2, 50 * max(right - left, top - bottom)
        away = points - middle
        distance = np.abs(away).max(-1, keepdims=True)
        return middle + away * (reach / np.maximum(distance, reach))


def heights(surface, points=101):
    """The surface's heights over its window, and contour levels that lie denser near the bottom.

    Returns (w1, w2, L, levels), L of shape (points, points); no levels where the surface is flat.
    """
    left, right, bottom, top = surface.window
    w1, w2 = np.linspace(left, right, points), np.linspace(bottom, top, points)
    L = surface.loss(np.stack(np.meshgrid(w1, w2), -1))
    L = np.where(np.isfinite(L), L, np.nan)
    if not np.isfinite(L).any():
        return w1, w2, np.zeros_like(L), []
    low, top = np.nanmin(L), np.nanmax(L)
    high = min(top, low + 4 * (np.nanpercentile(L, 96) - low))  # a few spikes must not flatten the rest
    L = np.nan_to_num(L, nan=top)
    if high - low <= 1e-12 * max(1.0, abs(high)):
        return w1, w2, L, []
    levels = low + (high - low) * np.linspace(0, 1, 17) ** 2.2
    inner = levels[1:-1]
    digits = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(inner), 1e-3 * (high - low)))) - 1)
    return w1, w2, L, np.unique([low, *(np.round(inner / digits) * digits), high])  # two digits each, fit to be written


def contours(axes, x, y, L, levels, numbered):
    """Heights as shades of grey with lines between them, and a number on the lines of some levels: a list of artists.

    Each shade covers all that lies higher, and the next one covers it again: so there are no seams between them, and
    the edge of a shade is a contour line.
    """
    traced = contourpy.contour_generator(x, y, np.clip(L, levels[0], levels[-1]), fill_type="OuterCode")
    paths, colors = [], []
    for level, color in zip(levels[:-1], HEIGHTS(np.linspace(0, 1, len(levels) - 1)), strict=True):
        points, codes = traced.filled(level, np.inf)
        if points:
            paths.append(Path(np.concatenate(points), np.concatenate(codes)))
            colors.append(color)
    shades = PathCollection(paths, facecolors=colors, edgecolors="#7c8ba1", linewidths=0.5, zorder=0)
    words = _words(axes, [(number(level, 2), line) for level in numbered for line in _longest(traced.lines(level))])
    place = dict(transform=Affine2D().scale(1 / 72) + axes.get_figure().dpi_scale_trans)  # from points
    halo = PathPatch(words, facecolor="none", edgecolor="#f3f6f9", linewidth=2.5, zorder=1, **place)
    numbers = PathPatch(words, facecolor=INK, linewidth=0, zorder=1.1, **place)
    return [axes.add_collection(shades, autolim=False), axes.add_artist(halo), axes.add_artist(numbers)]


def _longest(lines):
    return sorted(lines, key=len)[-2:]


def _words(axes, lines):
    """Texts, each set along the straightest part of its line (n, 2), as one path in points on the page."""
    points = 72 / axes.get_figure().dpi
    to_points = axes.transData + Affine2D().scale(points)
    corners = axes.bbox.get_points() * points
    feet, words = [], []
    for text, line in lines:
        word, width = _word(text)
        at = to_points.transform(line)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(at, axis=0).T))])
        middle = np.linspace(width, max(along[-1] - width, width), 40)
        spots = [[np.interp(middle + d * width, along, x) for x in at.T] for d in (-0.5, 0, 0.5)]
        before, here, after = np.moveaxis(spots, 1, -1)  # each (40, 2)
        free = ((here > corners[0] + [width, 10]) & (here < corners[1] - [width, 10])).all(-1)
        for foot in feet:  # not on top of another
            free &= np.hypot(*(here - foot).T) > 1.5 * width
        if free.any() and along[-1] > 2 * width:
            straight = np.hypot(*(after - before).T) / width - 0.2 * abs(middle / along[-1] - 0.3)
            best = np.argmax(np.where(free, straight, -np.inf))
            dx, dy = after[best] - before[best]
            angle = np.arctan2(dy, dx)
            angle -= np.pi * np.round(angle / np.pi)  # words are read from left to right
            feet.append(here[best])
            words.append(Affine2D().rotate(angle).translate(*here[best]).transform_path(word))
    return Path.make_compound_path(*words)


@functools.cache
def _word(text, size=8.5):
    """A short text as a path around (0, 0), and its width, in points."""
    path = TextPath((0, 0), text, size=size)
    box = path.get_extents()
    return Path(path.vertices - (box.p0 + box.p1) / 2, path.codes), box.width


def look_at(axes, window):
    """Set the limits of axes, unless they are these already: then there is nothing to draw anew."""
    left, right, bottom, top = window
    if (*axes.get_xlim(), *axes.get_ylim()) != window:
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.apply_aspect()  # numbers are set along lines before the first drawing, which would do it


def level_lines(x, y, heights, levels):
    """The contour lines of heights (len(y), len(x)) at these levels, as one line (2, m) with gaps; NaN lies outside.

    >>> level_lines([0.0, 1.0], [0.0, 1.0], [[0.0, 1.0], [0.0, 1.0]], [0.25, 0.5])[0]
    array([0.25, 0.25,  nan, 0.5 , 0.5 ])
    """
    traced = contourpy.contour_generator(x, y, np.ma.masked_invalid(heights))
    lines = [piece for level in levels for line in traced.lines(level) for piece in (line, [[np.nan, np.nan]])]
    return np.concatenate(lines[:-1] or [np.empty((0, 2))]).T


class View:
    """A surface from the side, in 3-D, in ordinary axes; `lift` places points on it.

    across: where one looks from, in degrees: 0 from where w₁ is large, −90 from where w₂ is small. `turn` changes it.
    """

    DEEP = np.radians(38)  # how high above the plane one looks from
    TALL = 0.75  # as high as this part of a side of the base

    def __init__(self, axes, across=-118):
        self.axes, self.drawn, self.across = axes, [], None
        width, height = axes.get_figure().get_size_inches() * axes.get_position().size
        axes.set(xlim=(-0.75, 0.75), ylim=(-0.75 * height / width, 0.75 * height / width))
        axes.set_axis_off()
        self.turn(across)

    def turn(self, across):
        """Look from there; what is shown must be shown again."""
        self.across, turned = across, np.radians(across)
        level = np.array([np.cos(turned), np.sin(turned)])
        self.right = np.array([-level[1], level[0], 0])
        self.up = np.array([*(-np.sin(self.DEEP) * level), np.cos(self.DEEP)])
        self.near = np.array([*(np.cos(self.DEEP) * level), np.sin(self.DEEP)])

    def _draw_box(self):
        """The edges of the base, those at the back, and the names of the axes, along the edges in front."""
        front = (self.near[:2] > 0).astype(int)  # the corner that is nearest
        back = 1 - front
        corners = np.array([[front[0], back[1]], back, [back[0], front[1]]])  # seen behind the surface, side by side
        base = np.array([front, corners[0], back, corners[2], front])
        edges = [np.insert(base, 2, 0, axis=-1), np.insert(corners, 2, 1, axis=-1)]
        edges += [np.insert([corner, corner], 2, [0, 1], axis=-1) for corner in corners]
        for edge in edges:
            self.drawn += self.axes.plot(*self._seen(edge).T, color="#b6bfca", lw=0.8, zorder=0)
        beside = np.where(front, 1.12, -0.12)
        for name, foot in (("w₁", (0.5, beside[1], 0)), ("w₂", (beside[0], 0.5, 0))):
            style = dict(ha="center", va="center", fontsize=10)
            self.drawn.append(self.axes.text(*self._seen(np.array(foot)), name, **style))

    def _seen(self, cube):
        """Where points (…, 3) of the unit cube are seen, (…, 2): nearer ones a little larger."""
        centred = (cube - 0.5) * [1, 1, self.TALL]
        return np.stack([centred @ self.right, centred @ self.up], -1) / (1 - 0.2 * centred @ self.near)[..., None]

    def _cube(self, points, loss, window):
        """Points (…, 2) with these losses in the unit cube, (…, 3)."""
        left, right, bottom, top = window
        flat = (points - [left, bottom]) / [right - left, top - bottom]
        return np.concatenate([flat, ((loss - self.low) / (self.high - self.low))[..., None]], -1)

    def show(self, seen):
        """Draw what a `Map` shows."""
        for artist in self.drawn:
            artist.remove()
        self.low, self.high = (
            (seen.levels[0], seen.levels[-1]) if len(seen.levels) else (seen.heights.min() - 1, seen.heights.max() + 1)
        )
        # From the back to the front, so that what is nearer covers what is behind it.
        across, deep = (slice(None, None, 5 if towards > 0 else -5) for towards in self.near[:2])
        w1, w2, L = seen.w1[across], seen.w2[deep], np.clip(seen.heights, self.low, self.high)[deep, across]
        mesh = self._seen(self._cube(np.stack(np.meshgrid(w1, w2), -1), L, seen.surface.window))
        middle = (L[1:, 1:] + L[1:, :-1] + L[:-1, 1:] + L[:-1, :-1]) / 4
        band = np.searchsorted(seen.levels[1:-1], middle, side="right") / max(len(seen.levels) - 2, 1)
        style = dict(facecolors=HEIGHTS(band).reshape(-1, 4), edgecolors="#94a3b8", linewidths=0.25, antialiased=True)
        self.drawn = [self.axes.add_collection(QuadMesh(mesh, alpha=0.9, zorder=1, **style), autolim=False)]
        self._draw_box()
        for curve in seen.surface.valleys:
            front, back = self.lift(seen, curve, seen.surface.loss(curve))
            self.drawn += self.axes.plot(*back, color=GREEN, lw=1.4, zorder=8, **BEHIND)
            self.drawn += self.axes.plot(*front, color=GREEN, lw=1.4, zorder=8)

    def lift(self, seen, points, loss):
        """Where points (n, 2) with these losses are seen: two arrays (2, n), NaN outside the frame.

        The first has the points that one sees, NaN where the surface stands in front; the second has the others, and
        one point more at both ends of each gap.
        """
        outside = ~seen.inside(points) | (loss > self.high + 1e-4 * abs(self.high))
        at = np.where(outside[..., None], np.nan, self._seen(self._cube(points, loss, seen.surface.window))).T
        behind = self._behind(seen, points, loss)
        padded = np.concatenate([[False], behind, [False]])
        return np.where(behind, np.nan, at), np.where(padded[:-2] | behind | padded[2:], at, np.nan)

    def _behind(self, seen, points, loss):
        """Which points the surface hides: on the way to the eye there is a place where it is higher."""
        cube = self._cube(points, np.clip(loss, self.low, self.high), seen.surface.window)
        sight = self.near / [1, 1, self.TALL] - 0.2 * (cube - 0.5)  # from each point towards the eye
        way = np.linspace(0.02, 1.5, 60)[:, None]  # the first bit would meet the surface that the point stands on
        x, y, height = np.moveaxis(cube[:, None] + way * sight[:, None], -1, 0)  # each (n, 60)
        over = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        column, row = (np.rint(np.clip(at, 0, 1) * (len(w) - 1)).astype(int) for at, w in ((x, seen.w1), (y, seen.w2)))
        ground = (np.clip(seen.heights, self.low, self.high) - self.low) / (self.high - self.low)
        return (over & (ground[row, column] > height + 0.01)).any(-1)
