"""The heavy ball on a ravine: what becomes of every pair (learning rate, momentum), and the run of the best pair."""

from pathlib import Path

from optim_core import scenes, surfaces
from optim_core.chapters.momentum.scenes import PhaseMap
from optim_core.descent import descend
from optim_core.optimizers import momentum
from optim_core.quadratics import optimum, phases


def make():
    kappa, surface = 100.0, surfaces.bowl(kappa=100.0)
    eta, mu = optimum("heavy ball", kappa)
    path = descend(momentum, (-8.0, 4.0), surface.grad, 200, lr=eta, mu=mu)
    return scenes.still(PhaseMap(), (surface, "heavy ball", eta, mu, path, phases(momentum, kappa)))


if __name__ == "__main__":
    make().savefig(Path(__file__).with_suffix(".png"))
