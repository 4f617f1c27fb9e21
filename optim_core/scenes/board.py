"""What every scene is made of: a figure whose artists move, a surface from above, a surface from the side."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.figure import Figure

# Okabe and Ito's colours, safe for the colour-blind; every line has a dash and a marker of its own as well.
BLUE, ORANGE, GREEN, PINK, SKY, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#222222", "#6b7280"
STYLES = [
    (ORANGE, "-", "o"),
    (BLUE, (0, (5, 1.5)), "s"),
    (GREEN, (0, (1.5, 1.5)), "^"),
    (PINK, (0, (6, 1.5, 1, 1.5)), "D"),
]
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#ffffff", "#e3eaf1", "#b9c7d6", "#8a9bb0"])
MARKS = {"minimum": ("*", 13), "maximum": ("^", 9), "saddle": ("X", 9), "degenerate": ("P", 9)}
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BENDS = {1: (BLUE, "-", "up"), -1: (ORANGE, (0, (4, 1.5)), "down"), 0: (GREY, (0, (1, 1.5)), "not at all")}


class Scene:
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
        self.figure.legend(handles=handles, fontsize=9, frameon=False, **place)


def number(value, digits=3):
    """A number for a caption: few digits, a real minus sign, powers of ten as powers.

    >>> number(-2.0), number(0.39936, 4), number(4.93e-32), number(1e-6), number(2048)
    ('−2', '0.3994', '4.93·10⁻³²', '10⁻⁶', '2,048')
    """
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.{digits}g}"
    mantissa, _, power = text.partition("e")
    tens = "10" + str(int(power)).translate(SUPERSCRIPT) if power else ""
    if tens and mantissa == "1":
        return tens
    tens = tens and "·" + tens
    return (mantissa + tens).replace("-", "−")


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
    scene.show(result)
    for artist in scene.at(scene.steps if t is None else t):
        artist.set_animated(False)
    return scene.figure


# ---- a surface, seen from above and from the side ----


class Map:
    """A surface from above: heights as shades, contour lines, and its known critical points."""

    def __init__(self, axes):
        self.axes, self.drawn, self.shown = axes, [], None
        axes.set_xlabel("w₁", fontsize=11)
        axes.set_ylabel("w₂", fontsize=11, rotation=0, labelpad=8)
        axes.set_title("", y=1.0)  # a fixed height: else each drawing measures all labels to find one

    def show(self, surface):
        """Draw the surface; returns False if it stands there already."""
        key = (repr(surface), surface.window)
        if key == self.shown:
            return False
        self.shown, self.surface = key, surface
        for artist in self.drawn:
            artist.remove()
        self.w1, self.w2, self.heights, self.levels = heights(surface)
        left, right, bottom, top = surface.window
        self.axes.set(xlim=(left, right), ylim=(bottom, top))
        self.drawn = []
        if len(self.levels):
            clipped = np.clip(self.heights, self.levels[0], self.levels[-1])
            bands = BoundaryNorm(self.levels, HEIGHTS.N)  # equal steps of shade, however unequal the levels
            shades = self.axes.contourf(self.w1, self.w2, clipped, self.levels, cmap=HEIGHTS, norm=bands, zorder=0)
            lines = self.axes.contour(
                self.w1, self.w2, clipped, self.levels[:-1], colors="#7c8ba1", linewidths=0.5, zorder=1
            )
            self._number(lines)
            self.drawn = [shades, lines]
        for curve in surface.valleys:
            self.drawn += self.axes.plot(*np.transpose(curve), color="white", lw=4, zorder=1.5)
            self.drawn += self.axes.plot(*np.transpose(curve), color=GREEN, lw=1.4, zorder=1.6)
        for point in surface.critical_points:
            marker, size = MARKS[point["kind"]]
            style = dict(markersize=size, markerfacecolor="white", markeredgecolor=INK, linestyle="", zorder=5)
            self.drawn += self.axes.plot(*point["w"], marker, **style)
        return True

    def _number(self, lines):
        """Write the height on every third contour line."""
        style = dict(fontsize=8.5, colors=INK, inline_spacing=2, fmt=lambda level: number(level, 2))
        lines.clabel(self.levels[2:-1:3], **style)

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


def heights(surface, points=121):
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


class View:
    """A surface from the side, in 3-D; `lift` places points on it."""

    def __init__(self, axes):
        self.axes, self.drawn = axes, []
        axes.set_xlabel("w₁", labelpad=-13)
        axes.set_ylabel("w₂", labelpad=-13)
        axes.set(xticks=[], yticks=[], zticks=[])
        axes.view_init(elev=38, azim=-62)
        axes.set_box_aspect((1, 1, 0.75), zoom=1.15)

    def show(self, seen):
        """Draw what a `Map` shows."""
        for artist in self.drawn:
            artist.remove()
        self.low, self.high = (
            (seen.levels[0], seen.levels[-1]) if len(seen.levels) else (seen.heights.min() - 1, seen.heights.max() + 1)
        )
        z = np.clip(seen.heights, self.low, self.high)[::5, ::5]
        bands = BoundaryNorm(seen.levels, HEIGHTS.N) if len(seen.levels) else None
        style = dict(
            cmap=HEIGHTS,
            norm=bands,
            linewidth=0.25,
            edgecolor="#94a3b8",
            rstride=1,
            cstride=1,
            alpha=0.9,
            antialiased=True,
        )
        self.drawn = [self.axes.plot_surface(*np.meshgrid(seen.w1[::5], seen.w2[::5]), z, **style)]
        for curve in seen.surface.valleys:
            floor = seen.surface.loss(curve)
            self.drawn += self.axes.plot(*curve.T, floor, color=GREEN, lw=1.4, zorder=8)
        left, right, bottom, top = seen.surface.window
        self.axes.set(xlim=(left, right), ylim=(bottom, top), zlim=(self.low, self.high))

    def lift(self, seen, points, loss):
        """(w₁, w₂, L) of the points inside the frame, NaN for the others."""
        hidden = ~seen.inside(points) | (loss > self.high * 1.0001)
        return np.where(hidden[..., None], np.nan, np.concatenate([points, loss[..., None]], -1)).T
