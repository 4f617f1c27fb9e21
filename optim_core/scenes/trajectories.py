"""Paths of optimizers on a surface."""

import numpy as np

from .. import critical
from .board import number
from .panels import Curves, Page, Side, Surface


class Trajectories(Page):
    """Paths of optimizers on a surface: from above, in 3-D, and as loss curves.

    result: (surface, {"name": path, …}), paths made by `descend`, all of the same length.
    A click on the map sets the control `start`.
    """

    alt = (
        "Three views of one descent. Left: contour map of the error surface with the path of every "
        "optimizer; middle: the same surface in three dimensions; right: the loss of every optimizer against the "
        "number of steps."
    )

    def __init__(self, control="start"):
        super().__init__("map side loss", widths=[11, 9, 8], size=(9.6, 3.9))
        self.map = Surface(self, "map", sets=control)
        Side(self, "side", self.map)
        self.loss = Curves(self, "loss", title="loss L", x="steps t", legend=None, room=dict(top=0.5))

    def show(self, result):
        self.surface, self.runs = result
        self.steps = self.map.show(self.surface, self.runs)
        self._scale_losses()
        self.losses = {name: self.surface.loss(path["w"]) for name, path in self.runs.items()}
        self.loss.show(self.losses)
        self.name(self.map.looks, loc="upper right", bbox_to_anchor=(0.998, 1.005))
        self.stories = " ".join(story(name, self.surface, path) for name, path in self.runs.items())

    def _scale_losses(self):
        """Logarithmic where no loss is below zero; as high as the map."""
        low, high = self.map.map.heights.min(), self.map.map.heights.max()
        if low >= 0:
            self.loss.scale("y", "log", (1e-9, 10 ** np.ceil(np.log10(max(1e3, 2 * high)))))  # whole decades
        else:
            self.loss.scale("y", "linear", (low - 0.1 * (high - low), low + 1.1 * (high - low)))

    def at(self, t):
        t = min(t, self.steps)
        heights = ", ".join(f"{name} {_height(loss[t])}" for name, loss in self.losses.items())
        self.caption = f"Step {t} of {self.steps}. Loss: {heights}. {self.stories}"
        return self.moved(t)


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
