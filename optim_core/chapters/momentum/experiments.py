"""What the questions of chapter 05 run: the best settings on a ravine."""

import numpy as np

from optim_core import surfaces
from optim_core.descent import descend
from optim_core.optimizers import momentum


def fewest_steps(step, most, **tried):
    """The fewest steps until the loss on a ravine with κ = 100 stays below a millionth, over all settings tried.

    tried: hyper-parameters as arrays that broadcast, as for `descend`; most: how many steps each of them gets.
    """
    bowl = surfaces.bowl(kappa=100.0)
    loss = descend(step, bowl.start, bowl.grad, most, loss=bowl.loss, **tried)["loss"]
    above = loss > 1e-6 * loss[0]
    return int((most + 1 - np.argmax(above[::-1], axis=0)).min())


def heavy_ball_at_its_best():
    """The fewest steps of the heavy ball over 5,000 pairs (η, μ)."""
    return fewest_steps(momentum, 100, lr=np.arange(1, 101)[:, None] / 25, mu=np.arange(50)[:, None, None] / 50)
