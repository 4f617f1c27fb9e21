"""Scenes: figures that are built once and whose artists then move.

A scene has

    scene.figure             the matplotlib figure, built once (no pyplot)
    scene.show(result)       take a new experiment's result; what is mere backdrop is redrawn only if it changed
    scene.at(t)              place the moving artists for time t, write scene.caption, return those artists
    scene.steps              the last time index (0: the picture has no time)
    scene.clicked(axes, x, y)    the control values that a click there sets, {} for none
    scene.alt                what the figure is, in words

so it can stand under sliders (`live.Live`), be saved as a still (`still`), or be drawn by a script in `figures/`.
"""

import contourpy
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.figure import Figure

from . import critical

# Okabe and Ito's colours, safe for the colour-blind; every line has a dash and a marker of its own as well.
BLUE, ORANGE, GREEN, PINK, SKY, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#222222", "#6b7280"
STYLES = [(ORANGE, "-", "o"), (BLUE, (0, (5, 1.5)), "s"), (GREEN, (0, (1.5, 1.5)), "^"), (PINK, (0, (6, 1.5, 1, 1.5)), "D")]
HEIGHTS = LinearSegmentedColormap.from_list("heights", ["#ffffff", "#e3eaf1", "#b9c7d6", "#8a9bb0"])
MARKS = {"minimum": ("*", 13), "maximum": ("^", 9), "saddle": ("X", 9), "degenerate": ("P", 9)}
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


def still(scene, result, t=None):
    """The scene's figure as it stands for a result at time t (default: the end), to save or to show without sliders."""
    scene.show(result)
    for artist in scene.at(scene.steps if t is None else t):
        artist.set_animated(False)
    return scene.figure


# ---- a surface, seen from above and from the side ---------------------------------------------------------------------


class Map:
    """A surface from above: heights as shades, contour lines, and its known critical points."""

    def __init__(self, axes):
        self.axes, self.drawn, self.shown = axes, [], None
        axes.set_xlabel("w₁", fontsize=11)
        axes.set_ylabel("w₂", fontsize=11, rotation=0, labelpad=8)

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
            lines = self.axes.contour(self.w1, self.w2, clipped, self.levels[:-1], colors="#7c8ba1", linewidths=0.5, zorder=1)
            self.drawn = [shades, lines]
        for curve in surface.valleys:
            self.drawn += self.axes.plot(*np.transpose(curve), color="white", lw=4, zorder=1.5)
            self.drawn += self.axes.plot(*np.transpose(curve), color=GREEN, lw=1.4, zorder=1.6)
        for point in surface.critical_points:
            marker, size = MARKS[point["kind"]]
            style = dict(markersize=size, markerfacecolor="white", markeredgecolor=INK, linestyle="", zorder=3)
            self.drawn += self.axes.plot(*point["w"], marker, **style)
        return True

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
    low, high = np.nanmin(L), np.nanpercentile(L, 96)
    L = np.nan_to_num(L, nan=np.nanmax(L))
    if high - low <= 1e-12 * max(1.0, abs(high)):
        return w1, w2, L, []
    return w1, w2, L, low + (high - low) * np.linspace(0, 1, 15) ** 2.2


class View:
    """A surface from the side, in 3-D; `lift` places points on it."""

    def __init__(self, axes):
        self.axes, self.drawn = axes, None
        axes.set_xlabel("w₁", labelpad=-13)
        axes.set_ylabel("w₂", labelpad=-13)
        axes.set_zlabel("L", labelpad=-15)
        axes.tick_params(labelbottom=False, labelleft=False, labelright=False)
        axes.view_init(elev=38, azim=-62)
        axes.set_box_aspect((1, 1, 0.75), zoom=1.15)

    def show(self, seen):
        """Draw what a `Map` shows."""
        if self.drawn is not None:
            self.drawn.remove()
        self.low, self.high = (seen.levels[0], seen.levels[-1]) if len(seen.levels) else (seen.heights.min() - 1, seen.heights.max() + 1)
        z = np.clip(seen.heights, self.low, self.high)[::3, ::3]
        bands = BoundaryNorm(seen.levels, HEIGHTS.N) if len(seen.levels) else None
        style = dict(cmap=HEIGHTS, norm=bands, linewidth=0.25, edgecolor="#94a3b8", rstride=1, cstride=1, alpha=0.9, antialiased=True)
        self.drawn = self.axes.plot_surface(*np.meshgrid(seen.w1[::3], seen.w2[::3]), z, **style)
        left, right, bottom, top = seen.surface.window
        self.axes.set(xlim=(left, right), ylim=(bottom, top), zlim=(self.low, self.high))

    def lift(self, seen, points, loss):
        """(w₁, w₂, L) of the points inside the frame, NaN for the others."""
        hidden = ~seen.inside(points) | (loss > self.high * 1.0001)
        return np.where(hidden[..., None], np.nan, np.concatenate([points, loss[..., None]], -1)).T


# ---- trajectories -----------------------------------------------------------------------------------------------------


class Trajectories(Scene):
    """Paths of optimizers on a surface: from above, in 3-D, and as loss curves.

    result: (surface, {"name": path, …}), at most four paths made by `descend`, all of the same length.
    A click on the map sets the control `start`.
    """

    alt = (
        "Three views of one descent. Left: contour map of the error surface with the path of every optimizer; middle: the same "
        "surface in three dimensions; right: the loss of every optimizer against the number of steps."
    )

    def __init__(self, control="start"):
        super().__init__((9.6, 3.9))
        self.control, self.named = control, None
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.335, 0.825]))
        self.view = View(self.figure.add_axes([0.40, 0.06, 0.29, 0.94], projection="3d"))
        self.curve = self.figure.add_axes([0.755, 0.13, 0.22, 0.74])
        self.curve.set_xlabel("steps t")
        self.curve.set_title("loss L", fontsize=10, loc="left")
        self.curve.grid(alpha=0.25)
        self.start = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
        self.now = self.mover(self.curve.axvline(0, color=GREY, lw=1, ls=":"))
        self.paths, self.views, self.curves, self.heads, self.labels = [], [], [], [], []
        for color, dash, marker in STYLES:
            style = dict(color=color, ls=dash, lw=1.6)
            dots = dict(marker=marker, ms=3.2, mew=0)
            self.paths.append(self.line(self.map.axes, **style, **dots, zorder=4))
            self.heads.append(self.line(self.map.axes, marker=marker, ls="", mfc=color, mec="white", ms=9, zorder=7))
            self.views.append(self.mover(self.view.axes.plot([], [], [], **style, zorder=9)[0]))
            self.curves.append(self.line(self.curve, **style))
            self.labels.append(self.text(self.map.axes, color=color, zorder=9))

    def show(self, result):
        self.surface, self.runs = result
        if self.map.show(self.surface):
            self.view.show(self.map)
            self._scale_losses()
        if list(self.runs) != self.named:
            self._legend()
        self.tracks = [(self.map.drawable(p["w"]), self.surface.loss(p["w"]), p) for p in self.runs.values()]
        steps = len(self.tracks[0][0]) - 1
        if steps != self.steps:
            self.steps = steps
            self.curve.set_xlim(0, max(steps, 1))
        self.stories = [story(name, self.surface, path) for name, path in self.runs.items()]

    def _scale_losses(self):
        low, high = self.map.heights.min(), self.map.heights.max()
        if low >= 0:
            self.curve.set(yscale="log", ylim=(1e-9, max(1e2, 2 * high)))
        else:
            self.curve.set(yscale="linear", ylim=(low - 0.1 * (high - low), low + 1.1 * (high - low)))

    def _legend(self):
        self.named = list(self.runs)
        styles = [dict(color=c, ls=d, marker=m, ms=5) for c, d, m in STYLES]
        handles = [self.curve.plot([], [], label=name, **style)[0] for name, style in zip(self.named, styles, strict=False)]
        self.figure.legends.clear()
        self.figure.legend(handles=handles, loc="upper right", ncols=2, fontsize=9, frameon=False, bbox_to_anchor=(0.998, 1.005))

    def at(self, t):
        t = min(t, self.steps)
        self.now.set_xdata([t, t])
        self.start.set_data(*self.tracks[0][0][:1].T)
        for artists in zip(self.paths, self.heads, self.views, self.curves, self.labels, strict=True):
            for artist in artists:
                artist.set_visible(False)
        tracks = zip(self.tracks, self.paths, self.heads, self.views, self.curves, self.labels, strict=False)
        for (points, loss, path), line, head, lifted, curve, label in tracks:
            line.set_data(*points[: t + 1].T)
            head.set_data(*points[t : t + 1].T)
            lifted.set_data_3d(*self.view.lift(self.map, points[: t + 1], loss[: t + 1]))
            curve.set_data(np.arange(t + 1), np.clip(loss[: t + 1], 1e-30 if self.curve.get_yscale() == "log" else None, 1e30))
            for artist in (line, head, lifted, curve):
                artist.set_visible(True)
            self._say_where_it_left(label, points, path, t)
        heights = ", ".join(f"{name} {loss[t]:.3g}" for name, (_, loss, _) in zip(self.runs, self.tracks, strict=True))
        self.caption = f"Step {t} of {self.steps}: loss {heights}. " + " ".join(self.stories)
        return [artist for artist in self.moving if artist.get_visible()]

    def _say_where_it_left(self, label, points, path, t):
        """Where a path has left the frame, a label at the border says so, and when the run diverged."""
        outside = np.flatnonzero(~self.map.inside(points[: t + 1]))
        label.set_visible(len(outside) > 0 and not self.map.inside(points[t]))
        if len(outside):
            left, right, bottom, top = self.surface.window
            x, y = np.clip(points[outside[0]], [left, bottom], [right, top])
            ha, va = "right" if x > (left + right) / 2 else "left", "top" if y > (bottom + top) / 2 else "bottom"
            gone = int(path["diverged"])
            label.set(position=(x, y), ha=ha, va=va)
            label.set_text(f"diverged at step {gone}" if 0 < gone <= t else f"out of the picture at step {outside[0]}")

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if axes is self.map.axes else {}


def story(name, surface, path):
    """What became of one run, in one sentence derived from its path.

    >>> from optim_core import surfaces; from optim_core.descent import descend; from optim_core.optimizers import gd
    >>> bowl = surfaces.bowl(kappa=2)
    >>> story("gradient descent", bowl, descend(gd, [1.0, 1.0], bowl.grad, 100, lr=0.5))
    'Gradient descent arrived at a minimum after 31 steps.'
    """
    name, w, steps = name[:1].upper() + name[1:], path["w"], len(path["w"]) - 1
    if path["diverged"]:
        return f"{name} diverged at step {int(path['diverged'])}."
    slope = np.linalg.norm(surface.grad(w), axis=-1)
    if slope[-1] > 1e-4:
        return f"{name} is still moving after {steps} steps (gradient norm {slope[-1]:.2g})."
    arrived = int(np.flatnonzero(slope > 1e-4)[-1]) + 1 if (slope > 1e-4).any() else 0
    H = surface.hessian(w[-1])
    kind = critical.classify(H, 1e-3) if np.abs(H).max() > 1e-3 else "degenerate"
    place = {"degenerate": "a place that is flat to second order"}.get(kind, f"a {kind}")
    if kind == "degenerate" and surface.valleys and surface.loss(w[-1]) < 1e-6:
        place = "the valley floor"
    if arrived == 0:
        return f"{name} stands still: it started at {place}, where the gradient is zero."
    return f"{name} arrived at {place} after {arrived} steps."


# ---- the second-order view ----------------------------------------------------------------------------------------------


class Taylor(Scene):
    """A surface and its quadratic model around a point, from above and along one direction.

    result: (surface, w, angle, s): the model is made at w; the section runs through w at `angle` (degrees), s is a step along it.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map of the error surface with, dashed, the contours of its quadratic model around a chosen point. "
        "Right: a section through the point, with the true loss, its tangent and its parabola."
    )

    def __init__(self, control="w"):
        super().__init__((9.6, 3.9))
        self.control = control
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.36, 0.83]))
        self.section = self.figure.add_axes([0.52, 0.13, 0.47, 0.83])
        self.section.set(xlabel="step s along the direction", ylabel="loss", xlim=(-1.5, 1.5))
        self.section.grid(alpha=0.25)
        self.model = self.mover(self.map.axes.add_collection(LineCollection([], colors=ORANGE, linestyles="--", linewidths=1.3)))
        self.cut = self.line(self.map.axes, color=BLUE, lw=1.6)
        self.point = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8)
        self.probe = self.line(self.map.axes, "D", mfc=BLUE, mec="white", ms=8)
        self.curves = [
            self.line(self.section, color=BLUE, lw=2.2, label="the loss L(w + s u)"),
            self.line(self.section, color=GREEN, lw=1.6, ls=":", label="tangent: L + s g·u"),
            self.line(self.section, color=ORANGE, lw=1.8, ls="--", label="parabola: L + s g·u + ½ s² uᵀHu"),
        ]
        markers = [("D", BLUE), ("v", GREEN), ("s", ORANGE)]
        self.dots = [self.line(self.section, m, mfc=c, mec="white", ms=8) for m, c in markers]
        handles = [self.section.plot([], [], color=c.get_color(), ls=c.get_linestyle(), label=c.get_label())[0] for c in self.curves]
        self.section.legend(handles=handles, loc="upper center", fontsize=9, framealpha=0.9)

    def show(self, result):
        self.surface, self.w, angle, self.s = result
        self.w, self.u = np.asarray(self.w, dtype=float), np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        if self.map.show(self.surface):
            self.section.set_ylim(*_frame(self.map))

    def at(self, t):
        L, g, H = self.surface.loss(self.w), self.surface.grad(self.w), self.surface.hessian(self.w)

        def model(d):
            return L + d @ g + 0.5 * (d @ H * d).sum(-1)

        grid = np.stack(np.meshgrid(self.map.w1[::3], self.map.w2[::3]), -1)
        lines = contourpy.contour_generator(self.map.w1[::3], self.map.w2[::3], model(grid - self.w))
        levels = [*self.map.levels, L] if len(self.map.levels) else []
        self.model.set_segments([segment for level in levels for segment in lines.lines(level)])
        s = np.linspace(-1.5, 1.5, 121)
        along, self_s = s[:, None] * self.u, np.array([self.s])
        shown = [self.surface.loss(self.w + along), L + s * (g @ self.u), model(along)]
        there = self_s[:, None] * self.u
        values = [self.surface.loss(self.w + there), L + self_s * (g @ self.u), model(there)]
        for curve, dot, line, value in zip(self.curves, self.dots, shown, values, strict=True):
            curve.set_data(s, line)
            dot.set_data(self_s, value)
        self.cut.set_data(*(self.w + along).T)
        self.point.set_data(*self.w[:, None])
        self.probe.set_data(*(self.w + there).T)
        true, tangent, parabola = (float(v[0]) for v in values)
        self.caption = (
            f"Around w = ({self.w[0]:.2f}, {self.w[1]:.2f}), where the gradient norm is {np.linalg.norm(g):.3g}. A step of s = {self.s:.2f}: "
            f"the loss is {true:.4g}; the tangent says {tangent:.4g} (off by {abs(tangent - true):.2g}), "
            f"the parabola {parabola:.4g} (off by {abs(parabola - true):.2g})."
        )
        return self.moving

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if axes is self.map.axes else {}


def _frame(seen):
    """Limits for an axis of losses that show what the map shows, in its lower half."""
    low, high = (seen.levels[0], seen.levels[7]) if len(seen.levels) else (seen.heights.min(), seen.heights.max())
    room = 0.3 * (high - low) or 1.0
    return low - room, high + room


class Eigenvectors(Scene):
    """The Hessian at a point: eigenvectors over the map, and the loss along each of them.

    result: (surface, w, s): the Hessian is taken at w; s is a step along the eigenvectors.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map with a chosen point, the negative gradient as an arrow and the Hessian's two eigenvectors as lines. "
        "Right: the loss along each eigenvector, with the parabola that the eigenvalue predicts."
    )

    def __init__(self, control="w"):
        super().__init__((9.6, 3.9))
        self.control = control
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.36, 0.83]))
        self.sections = [self.figure.add_axes([x, 0.13, 0.205, 0.75]) for x in (0.51, 0.785)]
        self.axis = [self.line(self.map.axes, lw=2.4) for _ in "12"]
        self.ends = [self.text(self.map.axes, ha="center", va="center") for _ in "12"]
        self.downhill = self.line(self.map.axes, color=INK, lw=1.4, marker="o", ms=3, markevery=[1])
        self.point = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8)
        self.probes = [self.line(self.map.axes, "D", mec="white", ms=7) for _ in "12"]
        self.curves, self.parabolas, self.dots, self.titles = [], [], [], []
        for axes in self.sections:
            axes.set(xlabel="step s", xlim=(-1.5, 1.5))
            axes.grid(alpha=0.25)
            self.curves.append(self.line(axes, color=INK, lw=2))
            self.parabolas.append(self.line(axes, lw=1.6, ls="--"))
            self.dots.append(self.line(axes, "D", mec="white", ms=8))
            self.titles.append(self.mover(axes.text(0.5, 1.04, "", transform=axes.transAxes, ha="center", fontsize=10)))
        self.sections[0].set_ylabel("loss (dashed: L + s g·v + ½ λ s²)")

    def show(self, result):
        self.surface, self.w, self.s = result
        self.w = np.asarray(self.w, dtype=float)
        if self.map.show(self.surface):
            for axes in self.sections:
                axes.set_ylim(*_frame(self.map))

    def at(self, t):
        L, g, H = self.surface.loss(self.w), self.surface.grad(self.w), self.surface.hessian(self.w)
        usable = np.isfinite(H).all() and np.isfinite(g).all()
        values, vectors = critical.eigen(H if usable else np.zeros((2, 2)))
        left, right, bottom, top = self.surface.window
        reach = 0.16 * min(right - left, top - bottom)
        s = np.linspace(-1.5, 1.5, 121)
        for i, sign in enumerate(critical.signs(values)):
            color, dash, bend = BENDS[int(sign)]
            v = vectors[:, i]
            v = v * np.sign(v[np.abs(v).argmax()])
            ends = self.w + reach * np.array([[-1], [1]]) * v
            self.axis[i].set(color=color, linestyle=dash, data=ends.T)
            self.ends[i].set(position=self.w + 1.3 * reach * v, text=f"λ = {_short(values[i])}", color=color, visible=True)
            self.curves[i].set_data(s, self.surface.loss(self.w + s[:, None] * v))
            self.parabolas[i].set(color=color, data=(s, L + s * (g @ v) + 0.5 * values[i] * s**2))
            self.dots[i].set(markerfacecolor=color, data=([self.s], [self.surface.loss(self.w + self.s * v)]))
            self.probes[i].set(markerfacecolor=color, data=(self.w + self.s * v)[:, None])
            self.titles[i].set(text=f"λ{'₁₂'[i]} = {_short(values[i])}: bends {bend}", color=color)
        norm = np.linalg.norm(g)
        arrow = -g / norm * min(reach, norm * reach) if norm > 0 else np.zeros(2)
        self.downhill.set_data(*np.stack([self.w, self.w + arrow]).T)
        self.point.set_data(*self.w[:, None])
        self.caption = self._verdict(norm, values, critical.classify(H) if usable else None)
        return self.moving

    def _verdict(self, norm, values, kind):
        where = f"At w = ({self.w[0]:.2f}, {self.w[1]:.2f}) the gradient norm is {norm:.3g} and the eigenvalues are "
        where += f"{_short(values[0])} and {_short(values[1])}. "
        if kind is None:
            return "Here the surface has no finite derivatives."
        if norm > 1e-3 * max(1.0, np.abs(values).max()):
            return where + "The gradient is not zero, so this is not a critical point: there is a way straight downhill (the thin line)."
        return where + {
            "minimum": "Both are positive: a minimum.",
            "maximum": "Both are negative: a maximum.",
            "saddle": "One is negative: a saddle. The dashed direction leads down.",
            "degenerate": "One is zero and the other does not settle it: degenerate. The Hessian alone cannot tell what this point is.",
        }[kind]

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if axes is self.map.axes else {}


def _short(value):
    """A number in four digits, with a real minus sign and without −0.

    >>> _short(-2.0), _short(1e-17), _short(0.39936)
    ('−2', '0', '0.3994')
    """
    return f"{0.0 if abs(value) < 1e-10 else value:.4g}".replace("-", "−")


class Escape(Scene):
    """How long a saddle holds a run that starts near it.

    result: (surface, path, distance, distances, steps, slope): the path of a run that starts at `distance` from the saddle's stable line,
    the `steps` that runs from all `distances` (in increasing order) needed to escape, and the steps per factor of ten that theory predicts.
    """

    alt = (
        "Left: contour map with the path of a run that comes to the saddle along its ridge and leaves along its valley. "
        "Right: the number of steps to escape against the distance of the start from the ridge, on a logarithmic axis: a straight line."
    )

    def __init__(self):
        super().__init__((9.6, 3.9))
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.36, 0.83]))
        self.law = self.figure.add_axes([0.52, 0.14, 0.465, 0.81])
        self.law.set(xlabel="distance of the start from the stable line", ylabel="steps to escape", xscale="log")
        self.law.grid(alpha=0.25)
        self.theory = self.line(self.law, color=GREY, ls="--", lw=1.2)
        self.path = self.line(self.map.axes, color=ORANGE, marker="o", ms=3.2, mew=0, lw=1.6)
        self.head = self.line(self.map.axes, "o", mfc=ORANGE, mec="white", ms=9)
        self.all = self.line(self.law, "o-", color=BLUE, ms=5, lw=1)
        self.this = self.line(self.law, "D", mfc=ORANGE, mec="white", ms=11)

    def show(self, result):
        surface, self.run, self.distance, self.distances, self.needed, self.slope = result
        self.map.show(surface)
        self.steps = len(self.run["w"]) - 1
        limits = (self.distances[0] / 2, self.distances[-1] * 2), (0, 50 * np.ceil(self.needed.max() / 50 + 0.2))
        if limits != (self.law.get_xlim(), self.law.get_ylim()):
            self.law.set(xlim=limits[0], ylim=limits[1])

    def at(self, t):
        points = self.map.drawable(self.run["w"][: t + 1])
        self.path.set_data(*points.T)
        self.head.set_data(*points[-1:].T)
        self.all.set_data(self.distances, self.needed)
        mine = np.interp(np.log(self.distance), np.log(self.distances), self.needed)
        self.this.set_data([self.distance], [mine])
        slope = np.polyfit(np.log10(self.distances), self.needed, 1)[0]
        middle = len(self.distances) // 2
        self.theory.set_data(self.distances, self.needed[middle] - self.slope * np.log10(self.distances / self.distances[middle]))
        self.caption = (
            f"Step {t} of {self.steps}. A start {self.distance:.1e} from the stable line takes about {mine:.0f} steps to leave the saddle. "
            f"Every factor of ten nearer costs {-slope:.1f} steps more; the saddle's eigenvalue predicts {self.slope:.1f} (dashed)."
        )
        return self.moving


# ---- many dimensions ------------------------------------------------------------------------------------------------------


class RandomHessians(Scene):
    """Eigenvalues of random symmetric matrices, and how often all of them are positive.

    result: (n, eigenvalues, threshold, measured, exact): eigenvalues (runs, n); measured: share of matrices whose eigenvalues all exceed the
    threshold for n = 1, 2, …; exact: the known probabilities for n = 1, 2, 3 at threshold 0.
    """

    alt = (
        "Left: histogram of the eigenvalues of random symmetric matrices. Right: the probability that all eigenvalues are positive against "
        "the matrix size, on a logarithmic axis; it falls much faster than one half to the power n."
    )

    def __init__(self):
        super().__init__((9.6, 3.6))
        self.bars = self.figure.add_axes([0.075, 0.15, 0.395, 0.78])
        self.bars.set(xlabel="eigenvalue", ylabel="share", xlim=(-8, 8), ylim=(0, 0.4))
        self.fall = self.figure.add_axes([0.575, 0.15, 0.41, 0.78])
        self.fall.set(xlabel="number of directions n", ylabel="P(all above the threshold)", yscale="log", ylim=(1e-5, 1.5))
        self.fall.grid(alpha=0.25)
        self.edges = np.linspace(-8, 8, 65)
        self.hist = self.mover(self.bars.stairs(np.zeros(64), self.edges, fill=True, color=SKY, alpha=0.7))
        self.cut = self.mover(self.bars.axvline(0, color=INK, lw=1.4, ls="--"))
        self.line_cartoon = self.line(self.fall, color=GREY, ls=":", marker="^", ms=5)
        self.line_measured = self.line(self.fall, color=BLUE, marker="o", ms=6)
        self.line_exact = self.line(self.fall, color=ORANGE, marker="x", ms=10, mew=2, ls="")
        self.this = self.line(self.fall, "o", mfc="none", mec=INK, ms=15, mew=1.5)
        self.fall.text(4.1, 0.09, "cartoon: ½ⁿ, as if the\nsigns were independent", color=GREY, fontsize=9)
        self.fall.text(0.75, 2e-3, "● measured", color=BLUE, fontsize=9)
        self.fall.text(0.75, 7e-4, "✕ exact for n = 1, 2, 3\n    at threshold 0", color=ORANGE, fontsize=9, va="top")

    def show(self, result):
        self.n, self.eigenvalues, self.threshold, self.measured, self.exact = result
        if self.fall.get_xlim()[1] != len(self.measured) + 0.5:
            self.fall.set(xlim=(0.5, len(self.measured) + 0.5), xticks=range(1, len(self.measured) + 1))

    def at(self, t):
        n, sizes = self.n, np.arange(1, len(self.measured) + 1)
        counts, _ = np.histogram(self.eigenvalues, self.edges)
        self.hist.set_data(counts / self.eigenvalues.size / np.diff(self.edges))
        self.cut.set_xdata([self.threshold, self.threshold])
        seen = np.where(self.measured > 0, self.measured, np.nan)
        self.line_measured.set_data(sizes, seen)
        self.line_cartoon.set_data(sizes, 0.5**sizes)
        self.line_exact.set_data(sizes[:3], self.exact)
        self.line_exact.set_visible(self.threshold == 0)
        self.this.set_data([n], [max(self.measured[n - 1], 1.2e-5)])
        runs = len(self.eigenvalues)
        hits = int(round(self.measured[n - 1] * runs))
        self.caption = (
            f"{n} × {n} matrices: in {hits} of {runs} all eigenvalues are above {_short(self.threshold)}, a share of {self.measured[n - 1]:.4f}. "
            f"Independent signs would give ½^{n} = {0.5**n:.4f}."
        )
        return [artist for artist in self.moving if artist.get_visible()]


class IndexLoss(Scene):
    """Critical points of a network: the loss against the index, the share of directions that lead down.

    result: (index, directions, loss, labels): index counts negative eigenvalues out of `directions`.
    """

    alt = "Scatter plot of critical points: the more of the Hessian's eigenvalues are negative, the higher the loss."

    def __init__(self):
        super().__init__((9.6, 3.6))
        self.axes = self.figure.add_axes([0.08, 0.15, 0.55, 0.8])
        self.axes.set(xlabel="index: how many eigenvalues are negative", ylabel="loss at the critical point")
        self.axes.grid(alpha=0.25)
        self.minima = self.line(self.axes, "*", mfc=GREEN, mec=INK, ms=16)
        self.saddles = self.line(self.axes, "X", mfc=ORANGE, mec="white", ms=10)
        handles = [self.axes.plot([], [], "*", mfc=GREEN, mec=INK, ms=12, label="minimum (index 0)")[0]]
        handles += [self.axes.plot([], [], "X", mfc=ORANGE, mec="white", ms=10, label="saddle")[0]]
        self.axes.legend(handles=handles, loc="upper left", fontsize=9)
        self.note = self.figure.text(0.67, 0.9, "", va="top", fontsize=10, linespacing=1.5, family="monospace")
        self.mover(self.note)

    def show(self, result):
        self.index, self.directions, self.loss, self.labels = result
        limits = (-0.7, self.index.max() + 0.7), (0, 1.1 * self.loss.max())
        if limits != (self.axes.get_xlim(), self.axes.get_ylim()):
            self.axes.set(xlim=limits[0], ylim=limits[1])

    def at(self, t):
        lowest = self.index == 0
        self.minima.set_data(self.index[lowest], self.loss[lowest])
        self.saddles.set_data(self.index[~lowest], self.loss[~lowest])
        rows = [f"{label:<10} {i:>3}   {loss:.2f}" for label, i, loss in zip(self.labels, self.index, self.loss, strict=True)]
        more = [f"… and {len(rows) - 11} more"] if len(rows) > 12 else []
        self.note.set_text("\n".join(["kept       index  loss", *rows[: 11 if more else 12], *more]))
        r = np.corrcoef(self.index, self.loss)[0, 1] if len(self.index) > 1 and np.ptp(self.index) > 0 else float("nan")
        self.caption = (
            f"{len(self.index)} families of critical points in {self.directions} dimensions; {int(lowest.sum())} of them a minimum. "
            f"Correlation of index and loss: {r:.2f}."
        )
        return self.moving
