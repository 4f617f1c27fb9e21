"""Paths of optimizers on a surface."""

import numpy as np

from .. import critical
from .board import BEHIND, GREY, INK, STYLES, Map, Scene, View, number


class Trajectories(Scene):
    """Paths of optimizers on a surface: from above, in 3-D, and as loss curves.

    result: (surface, {"name": path, …}), at most four paths made by `descend`, all of the same length.
    A click on the map sets the control `start`.
    """

    alt = (
        "Three views of one descent. Left: contour map of the error surface with the path of every "
        "optimizer; middle: the same "
        "surface in three dimensions; right: the loss of every optimizer against the number of steps."
    )

    def __init__(self, control="start"):
        super().__init__((9.6, 3.9))
        self.control, self.named = control, None
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.335, 0.825]))
        self.view = View(self.figure.add_axes([0.40, 0.06, 0.29, 0.94]))
        self.curve = self.figure.add_axes([0.755, 0.13, 0.22, 0.74])
        self.curve.set_xlabel("steps t")
        self.curve.set_title("loss L", fontsize=10, loc="left", y=1.0)
        self.curve.grid(alpha=0.25)
        self.start = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
        self.start3d = self.line(self.view.axes, "o", mfc="white", mec=INK, ms=6, mew=1.5, zorder=10)
        self.now = self.mover(self.curve.axvline(0, color=GREY, lw=1, ls=":"))
        self.paths, self.views, self.hidden, self.curves, self.heads, self.labels = [], [], [], [], [], []
        for color, dash, marker in STYLES:
            style = dict(color=color, ls=dash, lw=1.6)
            dots = dict(marker=marker, ms=3.2, mew=0)
            self.paths.append(self.line(self.map.axes, **style, **dots, zorder=4))
            self.heads.append(self.line(self.map.axes, marker=marker, ls="", mfc=color, mec="white", ms=9, zorder=7))
            self.views.append(self.line(self.view.axes, **style, zorder=9))
            self.hidden.append(self.line(self.view.axes, **style, zorder=9, **BEHIND))
            self.curves.append(self.line(self.curve, **style))
            self.labels.append(self.text(self.map.axes, color=color, zorder=9))

    def show(self, result):
        self.surface, self.runs = result
        if self.map.show(self.surface):
            self.view.show(self.map)
            self._scale_losses()
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            self.legend(self.curve, self.named, loc="upper right", ncols=2, bbox_to_anchor=(0.998, 1.005))
        self.tracks = [(self.map.drawable(p["w"]), self.surface.loss(p["w"]), p) for p in self.runs.values()]
        self.lifted = [self.view.lift(self.map, points, loss) for points, loss, _ in self.tracks]
        steps = len(self.tracks[0][0]) - 1
        if steps != self.steps:
            self.steps = steps
            self.curve.set_xlim(0, max(steps, 1))
        self.stories = [story(name, self.surface, path) for name, path in self.runs.items()]

    def _scale_losses(self):
        low, high = self.map.heights.min(), self.map.heights.max()
        if low >= 0:
            top = 10 ** np.ceil(np.log10(max(1e3, 2 * high)))  # whole decades, so that it seldom changes
            scale, limits = "log", (1e-9, top)
        else:
            scale, limits = "linear", (low - 0.1 * (high - low), low + 1.1 * (high - low))
        if (self.curve.get_yscale(), self.curve.get_ylim()) != (scale, limits):
            self.curve.set(yscale=scale, ylim=limits)

    def at(self, t):
        t = min(t, self.steps)
        self.now.set_xdata([t, t])
        self.start.set_data(*self.tracks[0][0][:1].T)
        front, back = (at[:, :1] for at in self.lifted[0])
        self.start3d.set_data(*np.where(np.isnan(front), back, front))
        self.start3d.set_alpha(BEHIND["alpha"] if np.isnan(front).all() else None)
        for artists in zip(self.paths, self.heads, self.views, self.hidden, self.curves, self.labels, strict=True):
            for artist in artists:
                artist.set_visible(False)
        shown = zip(self.paths, self.heads, self.views, self.hidden, self.curves, self.labels, strict=True)
        for (points, loss, path), (front, back), (line, head, lifted, hidden, curve, label) in zip(
            self.tracks, self.lifted, shown, strict=False
        ):
            line.set_data(*points[: t + 1].T)
            head.set_data(*points[t : t + 1].T)
            lifted.set_data(*front[:, : t + 1])
            hidden.set_data(*back[:, : t + 1])
            curve.set_data(
                np.arange(t + 1), np.clip(loss[: t + 1], 1e-30 if self.curve.get_yscale() == "log" else None, 1e30)
            )
            for artist in (line, head, lifted, hidden, curve):
                artist.set_visible(True)
            self._say_where_it_left(label, points, path, t)
        heights = ", ".join(
            f"{name} {_height(loss[t])}" for name, (_, loss, _) in zip(self.runs, self.tracks, strict=True)
        )
        self.caption = f"Step {t} of {self.steps}. Loss: {heights}. " + " ".join(self.stories)
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


def _height(loss):
    """A loss for the caption; what is smaller than anything one can see is not spelled out."""
    return "below 10⁻¹²" if abs(loss) < 1e-12 else number(loss)


def story(name, surface, path):
    """What became of one run, in one sentence derived from its path.

    >>> from optim_core import surfaces
    >>> from optim_core.descent import descend
    >>> from optim_core.optimizers import gd
    >>> bowl = surfaces.bowl(kappa=2)
    >>> story("gradient descent", bowl, descend(gd, [1.0, 1.0], bowl.grad, 100, lr=0.5))
    'Gradient descent arrived at a minimum after 30 steps.'
    """
    name, w, steps = name[:1].upper() + name[1:], path["w"], len(path["w"]) - 1
    if path["diverged"]:
        return f"{name} diverged at step {int(path['diverged'])}."
    slope = np.linalg.norm(surface.grad(w), axis=-1)
    if slope[-1] > 1e-4:
        return f"{name} is still moving after {steps} steps (gradient norm {number(slope[-1], 2)})."
    arrived = int(np.flatnonzero(slope > 1e-4)[-1]) + 1 if (slope > 1e-4).any() else 0
    H = surface.hessian(w[-1])
    kind = critical.classify(H, 1e-3) if np.abs(H).max() > 1e-3 else "degenerate"
    place = {"degenerate": "a place that is flat to second order"}.get(kind, f"a {kind}")
    if kind == "degenerate" and surface.valleys and surface.loss(w[-1]) < 1e-6:
        place = "the valley floor"
    if arrived == 0:
        return f"{name} stands still: it started at {place}, where the gradient is zero."
    return f"{name} arrived at {place} after {arrived} steps."
