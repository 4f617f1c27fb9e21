"""The scenes of chapter 02: the second-order view of a point, the way out of a saddle, and many dimensions."""

import contourpy
import numpy as np
from matplotlib.collections import LineCollection

from optim_core import critical
from optim_core.scenes import Trajectories
from optim_core.scenes.board import BENDS, BLUE, GREEN, GREY, INK, ORANGE, PINK, SKY, Map, Scene, number

__all__ = ["Eigenvectors", "Escape", "IndexLoss", "RandomHessians", "Taylor", "Trajectories"]

CIRCLE = np.linspace(0, 2 * np.pi, 61)


class Taylor(Scene):
    """A surface and its quadratic model around a point, from above and along one direction.

    result: (surface, w, angle, s): the model is made at w; the section runs through w at `angle` (degrees), and s is a
    step along it.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map of the error surface and, on a disc around a chosen point, its contours beside those of its "
        "quadratic model. Right: a section through the point, with the true loss, its tangent and its parabola."
    )

    def __init__(self, control="w"):
        super().__init__((9.6, 3.9))
        self.control = control
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.36, 0.83]))
        self.section = self.figure.add_axes([0.52, 0.13, 0.47, 0.83])
        self.section.set(xlabel="step s along the direction", ylabel="loss", xlim=(-1.5, 1.5))
        self.section.grid(alpha=0.25)
        self.disc = self.line(self.map.axes, color=INK, lw=0.8)
        true, model = LineCollection([], colors=INK, linewidths=1.1), LineCollection([], colors=ORANGE, linewidths=1.6)
        model.set_linestyle((0, (4, 2)))
        self.true, self.model = (self.mover(self.map.axes.add_collection(lines)) for lines in (true, model))
        self.cut = self.line(self.map.axes, color=BLUE, lw=1.6)
        self.point = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8)
        self.probe = self.line(self.map.axes, "D", mfc=BLUE, mec="white", ms=8)
        self.curves = [
            self.line(self.section, color=INK, lw=2.2, label="the loss L(w + s u)"),
            self.line(self.section, color=PINK, lw=1.8, ls=":", label="tangent: L + s g·u"),
            self.line(self.section, color=ORANGE, lw=1.8, ls="--", label="parabola: L + s g·u + ½ s² uᵀHu"),
        ]
        markers = [("D", BLUE, 8, 6), ("v", PINK, 9, 5), ("s", ORANGE, 12, 4)]
        self.dots = [self.line(self.section, m, mfc=c, mec="white", ms=size, zorder=z) for m, c, size, z in markers]
        handles = [
            self.section.plot([], [], color=c.get_color(), ls=c.get_linestyle(), label=c.get_label())[0]
            for c in self.curves
        ]
        self.section.legend(handles=handles, loc="upper center", fontsize=9, framealpha=0.9)

    def show(self, result):
        self.surface, self.w, angle, self.s = result
        self.w, self.u = (
            np.asarray(self.w, dtype=float),
            np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]),
        )
        self.map.show(self.surface)
        _show_losses_around(self.surface.loss(self.w), self.section, self.map)

    def at(self, t):
        L, g, H = self.surface.loss(self.w), self.surface.grad(self.w), self.surface.hessian(self.w)

        def model(d):
            return L + d @ g + 0.5 * (d @ H * d).sum(-1)

        self._draw_disc(model)
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
            f"Around w = ({_two(self.w[0])}, {_two(self.w[1])}), "
            f"where the gradient norm is {number(np.linalg.norm(g))}. A step of s = {_two(self.s)}: "
            f"the loss is {number(true, 4)}; "
            f"the tangent says {number(tangent, 4)} (off by {number(abs(tangent - true), 2)}), "
            f"the parabola {number(parabola, 4)} (off by {number(abs(parabola - true), 2)})."
        )
        return self.moving

    def _draw_disc(self, model):
        """On a disc around the point, the same contour levels of the loss and of its model."""
        left, right, bottom, top = self.surface.window
        reach = 0.24 * min(right - left, top - bottom)
        d = np.linspace(-reach, reach, 49)
        steps = np.stack(np.meshgrid(d, d), -1)
        outside = np.linalg.norm(steps, axis=-1) > reach
        loss = np.ma.masked_where(outside, self.surface.loss(self.w + steps))
        levels = np.linspace(loss.min(), loss.max(), 7)[1:-1] if np.isfinite(loss).all() else []
        for artist, height in ((self.true, loss), (self.model, np.ma.masked_where(outside, model(steps)))):
            lines = contourpy.contour_generator(self.w[0] + d, self.w[1] + d, height)
            artist.set_segments([segment for level in levels for segment in lines.lines(level)])
        self.disc.set_data(*(self.w + reach * np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], -1)).T)

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if axes is self.map.axes else {}


def _show_losses_around(L, axes, seen):
    """Limits for axes of losses: the lower part of what the map shows or, if L is not in it, as much around L.

    They go by halves of their length, so that the axes are seldom drawn anew while the point moves.
    """
    low, high = (seen.levels[0], seen.levels[5]) if len(seen.levels) else (seen.heights.min(), seen.heights.max())
    room = 0.3 * (high - low) or 1.0
    low, high = low - room, high + room
    if np.isfinite(L) and not low <= L <= high:
        half = (high - low) / 2
        middle = half * np.round(L / half)
        low, high = middle - half, middle + half
    if (low, high) != axes.get_ylim():
        axes.set_ylim(low, high)


class Eigenvectors(Scene):
    """The Hessian at a point: eigenvectors over the map, and the loss along each of them.

    result: (surface, w, s): the Hessian is taken at w; s is a step along the eigenvectors.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map with a chosen point, the negative gradient as an arrow and the Hessian's "
        "two eigenvectors as lines. "
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
        self.point = self.line(self.map.axes, "o", mfc="none", mec=INK, ms=13, mew=1.8)
        self.probes = [self.line(self.map.axes, "D", mec="white", ms=7) for _ in "12"]
        self.curves, self.parabolas, self.dots, self.titles = [], [], [], []
        for axes in self.sections:
            axes.set(xlabel="step s", xlim=(-1.5, 1.5))
            axes.grid(alpha=0.25)
            self.curves.append(self.line(axes, color=INK, lw=2))
            self.parabolas.append(self.line(axes, lw=1.6, ls="--"))
            self.dots.append(self.line(axes, "D", mec="white", ms=8))
            self.titles.append(self.mover(axes.text(0.5, 1.04, "", transform=axes.transAxes, ha="center", fontsize=10)))
        self.sections[0].set_ylabel("loss")
        style = dict(fontsize=8, va="top", transform=self.sections[0].transAxes)
        self.sections[0].text(0.04, 0.97, "solid: the loss\ndashed: L + s g·v + ½ λ s²", **style)

    def show(self, result):
        self.surface, self.w, self.s = result
        self.w = np.asarray(self.w, dtype=float)
        self.map.show(self.surface)
        for axes in self.sections:
            _show_losses_around(self.surface.loss(self.w), axes, self.map)

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
            self.axis[i].set(color=color, linestyle="-" if sign else dash, data=ends.T)
            self.ends[i].set(
                position=self.w + 1.3 * reach * v,
                text=f"λ{'₁₂'[i]} = {number(_clean(values[i], values), 4)}",
                color=color,
                visible=True,
            )
            self.curves[i].set_data(s, self.surface.loss(self.w + s[:, None] * v))
            self.parabolas[i].set(color=color, data=(s, L + s * (g @ v) + 0.5 * values[i] * s**2))
            self.dots[i].set(markerfacecolor=color, data=([self.s], [self.surface.loss(self.w + self.s * v)]))
            self.probes[i].set(markerfacecolor=color, data=(self.w + self.s * v)[:, None])
            self.titles[i].set(text=f"λ{'₁₂'[i]} = {number(_clean(values[i], values), 4)}: bends {bend}", color=color)
        norm = np.linalg.norm(g)
        arrow = -g / norm * min(reach, norm * reach) if norm > 0 else np.zeros(2)
        self.downhill.set_data(*np.stack([self.w, self.w + arrow]).T)
        self.point.set_data(*self.w[:, None])
        self.caption = self._verdict(norm, values, critical.classify(H) if usable else None)
        return self.moving

    def _verdict(self, norm, values, kind):
        where = f"At w = ({_two(self.w[0])}, {_two(self.w[1])}) the gradient norm is {number(norm)} "
        where += "and the eigenvalues are "
        where += f"{number(_clean(values[0], values), 4)} and {number(_clean(values[1], values), 4)}. "
        if kind is None:
            return "Here the surface has no finite derivatives."
        if norm > 1e-3 * max(1.0, np.abs(values).max()):
            return (
                where + "The gradient is not zero, so this is not a critical point: there is a way straight "
                "downhill (the thin line)."
            )
        return (
            where
            + {
                "minimum": "Both are positive: a minimum.",
                "maximum": "Both are negative: a maximum.",
                "saddle": "One is negative, one positive: a saddle. The direction marked λ₁ leads down on both sides.",
                "degenerate": "One is zero and the other does not settle it: degenerate. The Hessian "
                "alone cannot tell what this point is.",
            }[kind]
        )

    def clicked(self, axes, x, y):
        """Near a known critical point a click means that point."""
        if axes is not self.map.axes:
            return {}
        left, right, bottom, top = self.surface.window
        for point in self.surface.critical_points:
            if np.abs((point["w"] - [x, y]) / [right - left, top - bottom]).max() < 0.025:
                return {self.control: tuple(point["w"].tolist())}
        return {self.control: (x, y)}


def _clean(value, values):
    """An eigenvalue, or 0 where it is only rounding beside the largest."""
    return value if abs(value) > 1e-9 * np.abs(values).max() else 0.0


def _two(value):
    """A coordinate with two decimals and a real minus sign."""
    return f"{value:.2f}".replace("-", "−")


class Escape(Scene):
    """How long a saddle holds a run that starts near it.

    result: (surface, path, distance, distances, steps, slope): the path of a run that starts at `distance` from the
    saddle's stable line, the `steps` that runs from all `distances` (in increasing order) needed to escape, and the
    steps per factor of ten that theory predicts.
    """

    alt = (
        "Left: contour map with the path of a run that comes to the saddle along its ridge and "
        "leaves along its valley. "
        "Right: the number of steps to escape against the distance of the start from the ridge, on a "
        "logarithmic axis: a straight line."
    )

    def __init__(self):
        super().__init__((9.6, 3.9))
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.36, 0.83]))
        self.law = self.figure.add_axes([0.52, 0.14, 0.465, 0.81])
        self.law.set(
            xlabel="distance of the start from the stable line",
            ylabel="steps until half of the saddle's loss is gone",
            xscale="log",
        )
        self.law.grid(alpha=0.25)
        self.theory = self.line(self.law, color=INK, ls="--", lw=1.2)
        self.path = self.line(self.map.axes, color=ORANGE, marker="o", ms=3.2, mew=0, lw=1.6)
        self.start = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8)
        self.head = self.line(self.map.axes, "o", mfc=ORANGE, mec="white", ms=9)
        self.all = self.line(self.law, "o", color=BLUE, ms=6)
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
        self.start.set_data(*points[:1].T)
        self.head.set_data(*points[-1:].T)
        self.all.set_data(self.distances, self.needed)
        mine = np.interp(np.log(self.distance), np.log(self.distances), self.needed)
        self.this.set_data([self.distance], [mine])
        slope = np.polyfit(np.log10(self.distances), self.needed, 1)[0]
        middle = len(self.distances) // 2
        self.theory.set_data(
            self.distances, self.needed[middle] - self.slope * np.log10(self.distances / self.distances[middle])
        )
        self.caption = (
            f"Step {t} of {self.steps}. A start {number(self.distance, 2)} from the stable line takes about "
            f"{mine:.0f} steps to the saddle and past it. "
            f"Every factor of ten nearer costs {-slope:.1f} steps more; the saddle's eigenvalue "
            f"predicts {self.slope:.1f} (the slope of the dashed line; its height is fitted)."
        )
        return self.moving


class RandomHessians(Scene):
    """Eigenvalues of random symmetric matrices, and how often all of them are positive.

    result: (n, eigenvalues, threshold, measured, cartoon, exact): eigenvalues (runs, n); measured: share of matrices
    whose eigenvalues all exceed the threshold for n = 1, 2, …; cartoon: what independent
    signs would give; exact: the known probabilities for n = 1, 2, 3 at threshold 0.
    """

    alt = (
        "Left: histogram of the eigenvalues of random symmetric matrices. Right: the probability "
        "that all eigenvalues are positive against "
        "the matrix size, on a logarithmic axis; it falls much faster than one half to the power n."
    )

    def __init__(self):
        super().__init__((9.6, 3.6))
        self.bars = self.figure.add_axes([0.075, 0.15, 0.395, 0.78])
        self.bars.set(xlabel="eigenvalue", ylabel="density", xlim=(-8, 8), ylim=(0, 0.3))
        self.fall = self.figure.add_axes([0.575, 0.15, 0.41, 0.78])
        self.fall.set(xlabel="matrix size n", ylabel="P(all above the threshold)", yscale="log", ylim=(1e-5, 1.5))
        self.fall.grid(alpha=0.25)
        self.edges = np.linspace(-8, 8, 65)
        self.hist = self.mover(self.bars.stairs(np.zeros(64), self.edges, fill=True, color=SKY, alpha=0.7))
        self.cut = self.mover(self.bars.axvline(0, color=INK, lw=1.4, ls="--"))
        self.line_cartoon = self.line(self.fall, color=GREY, ls=":", marker="^", ms=5)
        self.line_measured = self.line(self.fall, color=BLUE, marker="o", ms=6)
        self.line_exact = self.line(self.fall, color=ORANGE, marker="+", ms=13, mew=2, ls="")
        self.this = self.line(self.fall, "o", mfc="none", mec=INK, ms=15, mew=1.5)
        corner = dict(transform=self.fall.transAxes, ha="right", va="top")
        self.fall.text(0.98, 0.97, "▲ as if the n signs were independent", color=INK, fontsize=9, **corner)
        self.fall.text(0.75, 2e-3, "● measured", color=BLUE, fontsize=9)
        self.fall.text(0.75, 7e-4, "+ exact for n = 1, 2, 3\n   at threshold 0", color=ORANGE, fontsize=9, va="top")

    def show(self, result):
        self.n, self.eigenvalues, self.threshold, self.measured, self.cartoon, self.exact = result
        if self.fall.get_xlim()[1] != len(self.measured) + 0.5:
            self.fall.set(xlim=(0.5, len(self.measured) + 0.5), xticks=range(1, len(self.measured) + 1))

    def at(self, t):
        n, sizes = self.n, np.arange(1, len(self.measured) + 1)
        counts, _ = np.histogram(self.eigenvalues, self.edges)
        self.hist.set_data(counts / self.eigenvalues.size / np.diff(self.edges))
        self.cut.set_xdata([self.threshold, self.threshold])
        seen = np.where(self.measured > 0, self.measured, np.nan)
        self.line_measured.set_data(sizes, seen)
        self.line_cartoon.set_data(sizes, self.cartoon)
        self.line_exact.set_data(sizes[:3], self.exact)
        self.line_exact.set_visible(self.threshold == 0)
        self.this.set_data([n], [max(self.measured[n - 1], 1.2e-5)])
        runs = len(self.eigenvalues)
        hits = int(round(self.measured[n - 1] * runs))
        share, off = hits / runs, np.sqrt(max(hits, 1)) / runs
        self.caption = (
            f"{n} × {n} matrices: in {number(hits)} of {number(runs)} all eigenvalues are above "
            f"{number(self.threshold)}, a share of {share:.4f} ± {off:.4f}."
        )
        self.caption += f" Were their signs independent, it would be {self.cartoon[n - 1]:.4f}."
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
        handles = [self.axes.plot([], [], "*", mfc=GREEN, mec=INK, ms=12, label="index 0: the minimum, by theorem")[0]]
        handles += [self.axes.plot([], [], "X", mfc=ORANGE, mec="white", ms=10, label="saddle")[0]]
        self.axes.legend(handles=handles, loc="upper left", fontsize=9)
        self.names = [self.mover(self.axes.text(0, 0, "", fontsize=9, color=INK)) for _ in range(12)]
        self.note = self.figure.text(0.67, 0.9, "", va="top", fontsize=10, linespacing=1.5, family="monospace")
        self.mover(self.note)

    def show(self, result):
        self.index, self.directions, self.loss, self.labels = result
        limits = (-0.7, self.index.max() + 1.1), (0, 1.1 * self.loss.max())
        if limits != (self.axes.get_xlim(), self.axes.get_ylim()):
            self.axes.set(xlim=limits[0], ylim=limits[1])

    def at(self, t):
        lowest = self.index == 0
        self.minima.set_data(self.index[lowest], self.loss[lowest])
        self.saddles.set_data(self.index[~lowest], self.loss[~lowest])
        few = len(self.labels) <= len(self.names)  # then each point is named
        for name in self.names:
            name.set_text("")
        for name, label, i, loss in zip(self.names, self.labels, self.index, self.loss, strict=False):
            name.set(position=(i + 0.3, loss), text=label if few else "", va="center")
        rows = [
            f"{label:<11}{i:>5}  {loss:.2f}" for label, i, loss in zip(self.labels, self.index, self.loss, strict=True)
        ]
        more = [f"… and {len(rows) - 11} more"] if len(rows) > 12 else []
        self.note.set_text("\n".join(["kept       index  loss", *rows[: 11 if more else 12], *more]))
        r = np.corrcoef(self.index, self.loss)[0, 1] if len(self.index) > 1 and np.ptp(self.index) > 0 else float("nan")
        self.caption = (
            f"{len(self.index)} families of critical points in {self.directions} dimensions; "
            f"{int(lowest.sum())} of them {'has' if lowest.sum() == 1 else 'have'} no way down. "
            f"Correlation of index and loss: {r:.2f}."
        )
        return self.moving
