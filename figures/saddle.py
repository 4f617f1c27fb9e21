"""The saddle of (1 - w1 w2)²: its eigenvectors on the map, and the loss along each of them."""

from pathlib import Path

from optim_core import scenes, surfaces
from optim_core.chapters.critical_points.scenes import Eigenvectors


def make():
    return scenes.still(Eigenvectors(), (surfaces.product(), (0.0, 0.0), 0.7))


if __name__ == "__main__":
    make().savefig(Path(__file__).with_suffix(".png"))
