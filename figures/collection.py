"""Three living figures as they stand: the picture of the README.

Every pair (learning rate, momentum) on a ravine, and the run of one of them; two methods beside a saddle; and a run
that is thrown out where the valley is too narrow for its η, and rests where it is wider.
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from optim_core import scenes, surfaces
from optim_core.chapters.learning_rate import experiments
from optim_core.chapters.learning_rate.scenes import Edge
from optim_core.chapters.momentum.scenes import PhaseMap
from optim_core.descent import descend
from optim_core.optimizers import gd, momentum
from optim_core.quadratics import phases

WIDTH, GAP = 1920, 30  # in pixels


def figures():
    """The scenes, the first one for the upper row."""
    eta, mu = 2.2, 0.72  # near the star and a little calmer
    bowl = surfaces.bowl(kappa=100.0)
    path = descend(momentum, (-8.0, 4.0), bowl.grad, 200, lr=eta, mu=mu)
    yield scenes.still(PhaseMap(), (bowl, "heavy ball", eta, mu, path, phases(momentum, 100.0)))
    surface, start = surfaces.product(), (-1.0, 1.6)
    runs = {
        "gradient descent": descend(gd, start, surface.grad, 100, lr=0.05),
        "momentum": descend(momentum, start, surface.grad, 100, lr=0.02, mu=0.8),
    }
    yield scenes.still(scenes.Trajectories(), (surface, runs))
    yield scenes.still(Edge(), experiments.edge_run(1.0, 0.15, (0.2, 3.5)))


def picture(figure, width):
    """A figure as an image of this width."""
    figure.set_dpi(width / figure.get_size_inches()[0])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def make():
    above, *below = figures()
    first = picture(above, WIDTH)
    row = [picture(one, (WIDTH - GAP) // 2) for one in below]
    whole = Image.new("RGB", (first.width, first.height + GAP + max(one.height for one in row)), "white")
    whole.paste(first, (0, 0))
    for k, one in enumerate(row):
        whole.paste(one, (k * (WIDTH + GAP) // 2, first.height + GAP))
    return whole


if __name__ == "__main__":
    make().quantize(256, dither=Image.Dither.NONE).save(Path(__file__).with_suffix(".png"), optimize=True)
