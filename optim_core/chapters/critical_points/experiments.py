"""What chapter 02 runs beside its figures: gradient descent beside the antidiagonal, a network's eigenvalues."""

import numpy as np

from optim_core import critical, surfaces
from optim_core.data import chebyshev
from optim_core.descent import descend
from optim_core.losses import mse
from optim_core.network import Linear, Network, Tanh
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


def shares(steps, seeds=20, zero=1e-3):
    """Eigenvalues of a small network's Hessian after so many steps of gradient descent, by their signs.

    1-10-10-1 with tanh, 141 weights, on 20 points of T₄. zero: what is below this part of the largest counts as none.
    Returns the shares that are clearly positive and not clearly negative, the medians over the seeds.
    """
    data = chebyshev()
    net = Network([Linear(1, 10), Tanh(), Linear(10, 10), Tanh(), Linear(10, 1)], loss=mse)
    w = np.stack([net.init(seed=seed, scheme="xavier") for seed in range(seeds)])
    w = descend(gd, w, net.on(data.X, data.y).grad, steps, lr=0.1, keep="last")["w"]
    signs = critical.signs(critical.eigen(np.stack([net.hessian(one, data.X, data.y) for one in w]))[0], tol=zero)
    return np.median((signs > 0).mean(axis=-1)), np.median((signs >= 0).mean(axis=-1))


def minimum_ratios():
    """What the text quotes of `shares`: before training, and after it."""
    found = {}
    for steps in (0, 1000):
        found[f"positive-{steps}"], found[f"not-negative-{steps}"] = shares(steps)
    return found


def counts(all_up, exact):
    """What the text quotes of random matrices that have all eigenvalues positive.

    all_up: how many of each size 1 … 5, as they are and moved up by 1, shape (2, 5); exact: by theory, for 1, 2, 3.
    """
    falls = dict(zip(["fall3", "fall4", "fall5"], all_up[0, 1:4] / all_up[0, 2:], strict=True))
    return falls | {"up": all_up[1, 4] / all_up[0, 4], "few": all_up[0, 4], "goe2": exact[1], "goe3": exact[2]}
