"""Paths on a long, narrow valley, and when each of them arrives."""

import numpy as np

from .panels import Curves, Page, Surface
from .trajectories import height

GOAL = 1e-6  # a run has arrived when its loss is this part of the loss it began with


def arrival(name, part, path):
    """From which step to the end a run's loss, as a part of the first, is below a millionth: one sentence.

    >>> from optim_core import surfaces; from optim_core.descent import descend; from optim_core.optimizers import gd
    >>> bowl = surfaces.bowl(kappa=10)
    >>> path = descend(gd, bowl.start, bowl.grad, 100, lr=1.0)
    >>> arrival("gradient descent", bowl.loss(path["w"]) / bowl.loss(path["w"][0]), path)
    'Gradient descent is below a millionth from step 60 to the end.'
    """
    name, steps = name[0].upper() + name[1:] if name[0].isascii() else name, len(part) - 1  # μ stays μ
    if path["diverged"]:
        return f"{name} diverged at step {int(path['diverged'])}."
    above = np.flatnonzero(~(part <= GOAL))
    if not len(above):
        return f"{name} starts at the minimum."
    if above[-1] < steps:
        return f"{name} is below a millionth from step {above[-1] + 1} to the end."
    if part[steps // 2 :].max() > 1.01 * part[: steps // 2].max() and part[-1] > 1:  # a burst that is over is no climb
        return f"{name} climbs."
    if len(above) <= steps:
        return f"{name} dips below a millionth at step {np.argmax(part <= GOAL)}, but has not stayed there yet."
    return f"{name} has not reached a millionth after {steps} steps."


class Ravine(Page):
    """Paths on a surface from above, and each loss divided by the loss it began with.

    result: (surface, {"name": path, …}), paths made by `descend`, all of the same length; or (surface, paths, words …),
    where the words say with which learning rate and the like.
    A click on the map sets the control `start` (or another; None: nothing).
    """

    alt = (
        "Left: contour map of a long, narrow valley with the path of every optimizer. Right: the loss of each, divided "
        "by the loss at the start, against the number of steps, on a logarithmic axis; a line marks one millionth."
    )
    claims = (arrival,)

    def __init__(self, control="start"):
        super().__init__("map loss", widths=[8, 5], size=(9.6, 3.9), top=0.24)
        self.map = Surface(self, "map", sets=control, room=dict(left=0.66, bottom=0.46, top=0.14))
        words = dict(title="loss / loss at the start", x="steps t")
        levels = {"a millionth": GOAL}
        self.loss = Curves(self, "loss", **words, log="y", ylim=(1e-11, 1e3), levels=levels, legend=None)

    def show(self, result):
        surface, self.runs, *words = result
        self.words = "".join(f", {word}" for word in words)
        self.steps = self.map.show(surface, self.runs)
        losses = {name: surface.loss(path["w"]) for name, path in self.runs.items()}
        self.parts = {name: loss / loss[0] if loss[0] > 0 else loss for name, loss in losses.items()}
        self.loss.show(self.parts)
        self.name(self.map.looks)
        self.stories = " ".join(arrival(name, self.parts[name], path) for name, path in self.runs.items())

    def at(self, t):
        t = min(t, self.steps)
        left = "; ".join(f"{name}: {height(part[t], 2)}" for name, part in self.parts.items())
        self.caption = f"Step {t} of {self.steps}{self.words}. Left of the first loss: {left}. {self.stories}"
        return self.moved(t)
