"""Paths of optimizers on a surface."""

import numpy as np

from .. import critical
from .board import many, number, reaching
from .panels import Curves, Page, Side, Surface

STEEP = 1e-4  # a run has arrived once the gradient norm stays below
FLAT = "a place that is flat to second order"


def tidy(steps):
    """So many steps and a little more: a multiple of 25, so that the axis is seldom drawn anew.

    >>> tidy(0), tidy(26), tidy(46)
    (25, 50, 75)
    """
    return 25 * max(1, int(np.ceil(1.15 * steps / 25)))


def height(loss, digits=3):
    """A loss for the caption; what is smaller or larger than anything one can see is not spelled out.

    >>> height(0.0312), height(1e-31), height(-1e30)
    ('0.0312', 'below 10⁻¹²', 'below −10⁶')
    """
    if abs(loss) > 1e6:
        return "above 10⁶" if loss > 0 else "below −10⁶"
    return "below 10⁻¹²" if abs(loss) < 1e-12 else number(loss, digits)


def moves(surface, path):
    """The last step of a path that one could see on the map, or in which the gradient is not small yet."""
    if path["diverged"]:
        return int(path["diverged"])
    left, right, bottom, top = surface.window
    w, seen = path["w"], 1e-3 * max(right - left, top - bottom)
    moving = (np.abs(w - w[-1]).max(-1) > seen) | (np.linalg.norm(surface.grad(w), axis=-1) > STEEP)
    return int(np.flatnonzero(moving)[-1]) + 1 if moving.any() else 0


def rests(surface, w):
    """Whether a run close to a saddle is exactly on the line that leads into it: its gradient has no part along the way
    out, not even in the last bit. (Else each step makes that part larger.)

    >>> from optim_core import surfaces
    >>> surface = surfaces.product()
    >>> rests(surface, np.array([1e-6, -1e-6])), rests(surface, np.array([1e-6, -2e-6]))
    (True, False)
    """
    return bool(abs(surface.grad(w) @ critical.escape_direction(surface.hessian(w))) < 1e-16)


def where(surface, w):
    """What kind of place a run has arrived at, its gradient being small; a known critical point is known.

    >>> from optim_core import surfaces
    >>> surface = surfaces.product()
    >>> where(surface, np.array([0.0, 0.0])), where(surface, np.array([2.0, 0.5]))
    ('a saddle', 'the valley floor')
    """
    if surface.valleys and surface.loss(w) < 1e-6:
        return "the valley floor"
    left, right, bottom, top = surface.window
    near = 0.05 * np.array([right - left, top - bottom])
    known = [p for p in surface.critical_points if (np.abs(p["w"] - w) < near).all()]
    H = surface.hessian(known[0]["w"] if len(known) == 1 else w)  # near a point that is known, its own
    if len(known) == 1:
        kind = known[0]["kind"]
    else:
        kind = critical.classify(H, 1e-3) if np.abs(H).max() > 1e-3 else "degenerate"
    flat = FLAT + " in one direction" * bool(np.abs(H).max() > 1e-3)
    return flat if kind == "degenerate" else f"a {kind}"


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
    if slope[-1] > STEEP:
        return f"{name} is still moving after {steps} steps (gradient norm {number(slope[-1], 2)})."
    arrived = int(np.flatnonzero(slope > STEEP)[-1]) + 1 if (slope > STEEP).any() else 0
    place, after = where(surface, w[-1]), f"after {many(arrived, 'step')}"
    if arrived == 0 and slope[0] == 0:
        at = "on" if place == "the valley floor" else "at"
        return f"{name} stands still: it started {at} {place}, where the gradient is zero."
    if arrived == 0:
        return f"{name} started where the gradient norm is below 10⁻⁴ already."
    if place == "a saddle" and not rests(surface, w[-1]):
        return f"{name} came close to a saddle {after}, and will leave it."
    if place == FLAT and slope[-1]:  # beside it the loss may fall, only slowly
        return f"{name} came to {place} {after}, and may go on creeping."
    left, right, bottom, top = surface.window
    seen = left <= w[-1, 0] <= right and bottom <= w[-1, 1] <= top
    return f"{name} arrived at {place}{'' if seen else ', outside the picture,'} {after}."


class Trajectories(Page):
    """Paths of optimizers on a surface: from above, in 3-D, and as loss curves.

    result: (surface, {"name": path, …}), paths made by `descend`, all of the same length; or (surface, paths, words),
    where the words say with which learning rate and the like. The last part, in which all paths stand still, is left
    out. A click on the map sets the control `start`; a control `across` turns the view from the side.
    """

    own_controls = ("across",)

    alt = (
        "Three views of one descent. Left: contour map of the error surface with the path of every "
        "optimizer; middle: the same surface in three dimensions; right: the loss of every optimizer against the "
        "number of steps."
    )
    claims = (story, where, rests)

    def __init__(self, control="start"):
        super().__init__("map side loss", widths=[11, 9, 8], size=(9.6, 3.9))
        self.map = Surface(self, "map", sets=control)
        self.side = Side(self, "side", self.map)
        self.loss = Curves(self, "loss", title="loss L", x="steps t", legend=None, room=dict(top=0.5))

    def show(self, result):
        self.surface, self.runs, *words = result
        seen = self.surface
        for path in self.runs.values():  # whoever starts outside sees more of it
            seen = reaching(seen, path["w"][0])
        self.words, length = "".join(f", {word}" for word in words), self.map.show(seen, self.runs)
        self._scale_losses()
        self.losses = {name: self.surface.loss(path["w"]) for name, path in self.runs.items()}
        self.steps = min(length, tidy(max((moves(self.surface, path) for path in self.runs.values()), default=0)))
        self.loss.show({name: loss[: self.steps + 1] for name, loss in self.losses.items()}, steps=self.steps)
        self.name(self.map.looks, loc="upper right", bbox_to_anchor=(0.998, 1.005))
        self.stories = " ".join(story(name, seen, path) for name, path in self.runs.items())

    def adjust(self, across=None):
        """Turn the view from the side: `across`, in degrees, is where one looks from."""
        if across is not None:
            self.side.view.turn(across)

    def _scale_losses(self):
        """Logarithmic where no loss is below zero; as high as the map."""
        low, high = self.map.map.heights.min(), self.map.map.heights.max()
        if low >= 0:
            self.loss.scale("y", "log", (1e-9, 10 ** np.ceil(np.log10(max(1e3, 2 * high)))))  # whole decades
        else:
            self.loss.scale("y", "linear", (low - 0.1 * (high - low), low + 1.1 * (high - low)))

    def at(self, t):
        t = min(t, self.steps)
        heights = ", ".join(f"{name} {height(loss[t])}" for name, loss in self.losses.items())
        self.caption = f"Step {t} of {self.steps}{self.words}. Loss: {heights}. {self.stories}"
        return self.moved(t)
