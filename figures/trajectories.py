"""Gradient descent and momentum on (y - w1 w2 x)²: the picture of the README."""

from pathlib import Path

from optim_core import scenes, surfaces
from optim_core.descent import descend
from optim_core.optimizers import gd, momentum


def make():
    surface, start = surfaces.product(x=1.0, y=1.0), (-1.0, 1.6)
    runs = {
        "gradient descent": descend(gd, start, surface.grad, 100, lr=0.05),
        "momentum": descend(momentum, start, surface.grad, 100, lr=0.02, mu=0.8),
    }
    return scenes.still(scenes.Trajectories(), (surface, runs))


if __name__ == "__main__":
    make().savefig(Path(__file__).with_suffix(".png"))
