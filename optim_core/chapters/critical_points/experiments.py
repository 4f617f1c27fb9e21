"""What the questions of chapter 02 run: gradient descent beside the antidiagonal."""

import numpy as np

from optim_core import critical, surfaces
from optim_core.descent import descend
from optim_core.optimizers import gd

LR = 0.05


def beside_the_line(offset, steps):
    """Gradient descent on (1 − w₁w₂)² from a point `offset` beside the antidiagonal, and the surface."""
    surface = surfaces.product()
    w = np.array([-1.0, 1.0]) + offset / np.sqrt(2)  # (1, 1)/√2 is the escape direction
    return descend(gd, w, surface.grad, steps, lr=LR), surface


def where_it_ends():
    """Where gradient descent from the antidiagonal ends, as the key of an option."""
    path, surface = beside_the_line(0.0, 2000)
    if path["diverged"]:
        return "c"
    return "b" if critical.classify(surface.hessian(path["w"][-1])) == "saddle" else "a"


def steps_to_leave(offset):
    """Steps of gradient descent from `offset` beside the line until half of the saddle's loss is gone."""
    path, surface = beside_the_line(offset, 2000)
    return int(np.argmax(surface.loss(path["w"]) < 0.5))
