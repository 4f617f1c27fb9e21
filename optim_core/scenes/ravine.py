"""Paths on a long, narrow valley, and when each of them arrives."""

import numpy as np

from .board import GREY, INK, STYLES, Map, Scene, number
from .trajectories import Trajectories

GOAL = 1e-6  # a run has arrived when its loss is this part of the loss it began with


class Ravine(Trajectories):
    """Paths on a surface from above, and each loss divided by the loss it began with.

    result: (surface, {"name": path, …}), at most four paths made by `descend`, all of the same length.
    A click on the map sets the control `start` (or another; None: nothing).
    """

    alt = (
        "Left: contour map of a long, narrow valley with the path of every optimizer. Right: the loss of each, divided "
        "by the loss at the start, against the number of steps, on a logarithmic axis; a line marks one millionth."
    )

    def __init__(self, control="start"):
        Scene.__init__(self, (9.6, 3.9))
        self.control, self.named = control, None
        self.map = Map(self.figure.add_axes([0.06, 0.13, 0.52, 0.768]))
        self.curve = self.figure.add_axes([0.645, 0.13, 0.335, 0.768], yscale="log", ylim=(1e-11, 1e3))
        self.curve.set_xlabel("steps t")
        self.curve.set_title("loss / loss at the start", fontsize=10, loc="left", y=1.0)
        self.curve.grid(alpha=0.25)
        self.curve.axhline(GOAL, color=GREY, lw=1.2, ls="-.")
        self.curve.text(0.99, 0.37, "a millionth", transform=self.curve.transAxes, color=GREY, fontsize=9, ha="right")
        self.start = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
        self.now = self.mover(self.curve.axvline(0, color=GREY, lw=1, ls=":"))
        self.paths, self.curves, self.heads, self.labels = [], [], [], []
        for color, dash, marker in STYLES:
            style = dict(color=color, ls=dash, lw=1.6)
            self.paths.append(self.line(self.map.axes, **style, marker=marker, ms=3.2, mew=0, zorder=4))
            self.heads.append(self.line(self.map.axes, marker=marker, ls="", mfc=color, mec="white", ms=9, zorder=7))
            self.curves.append(self.line(self.curve, **style))
            self.labels.append(self.text(self.map.axes, color=color, zorder=9))

    def show(self, result):
        self.surface, self.runs = result
        self.map.show(self.surface)
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            self.legend(self.curve, self.named, loc="upper left", ncols=4, bbox_to_anchor=(0.05, 1.01))
        self.tracks = []
        for path in self.runs.values():
            loss = self.surface.loss(path["w"])
            part = loss / loss[0] if loss[0] > 0 else loss
            self.tracks.append((self.map.drawable(path["w"]), part, path))
        steps = len(self.tracks[0][0]) - 1
        if steps != self.steps:
            self.steps = steps
            self.curve.set_xlim(0, max(steps, 1))
        self.stories = [arrival(name, part, path) for name, (_, part, path) in zip(self.runs, self.tracks, strict=True)]

    def clicked(self, axes, x, y):
        return super().clicked(axes, x, y) if self.control else {}

    def at(self, t):
        t = min(t, self.steps)
        self.now.set_xdata([t, t])
        self.start.set_data(*self.tracks[0][0][:1].T)
        for artist in (*self.paths, *self.heads, *self.curves, *self.labels):
            artist.set_visible(False)
        for (points, part, path), line, head, curve, label in zip(
            self.tracks, self.paths, self.heads, self.curves, self.labels, strict=False
        ):
            line.set_data(*points[: t + 1].T)
            head.set_data(*points[t : t + 1].T)
            curve.set_data(np.arange(t + 1), np.clip(part[: t + 1], 1e-30, 1e30))
            for artist in (line, head, curve):
                artist.set_visible(True)
            self._say_where_it_left(label, points, path, t)
        parts = "; ".join(f"{name}: {number(p[t], 2)}" for name, (_, p, _) in zip(self.runs, self.tracks, strict=True))
        self.caption = f"Step {t} of {self.steps}. Left of the first loss: {parts}. " + " ".join(self.stories)
        return [artist for artist in self.moving if artist.get_visible()]


def arrival(name, part, path):
    """From which step on a run's loss, as a part of the first, stays below a millionth: one sentence.

    >>> from optim_core import surfaces; from optim_core.descent import descend; from optim_core.optimizers import gd
    >>> bowl = surfaces.bowl(kappa=10)
    >>> path = descend(gd, bowl.start, bowl.grad, 100, lr=1.0)
    >>> arrival("gradient descent", bowl.loss(path["w"]) / bowl.loss(path["w"][0]), path)
    'Gradient descent stays below a millionth from step 60 on.'
    """
    name, steps = name[0].upper() + name[1:] if name[0].isascii() else name, len(part) - 1  # μ stays μ
    if path["diverged"]:
        return f"{name} diverged at step {int(path['diverged'])}."
    above = np.flatnonzero(~(part <= GOAL))
    if not len(above):
        return f"{name} starts at the minimum."
    if above[-1] < steps:
        return f"{name} stays below a millionth from step {above[-1] + 1} on."
    if part[steps // 2 :].max() > part[: steps // 2].max():
        return f"{name} climbs."
    if len(above) <= steps:
        return f"{name} dips below a millionth at step {np.argmax(part <= GOAL)}, but has not stayed there yet."
    return f"{name} has not reached a millionth after {steps} steps."
