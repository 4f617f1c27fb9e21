"""Chapter 00: what its exercise and its question say is true."""

import numpy as np

from optim_core import descent, optimizers, surfaces
from optim_core.chapters.start_here.exercises import START, direction, gd_step


def test_the_step_of_chapter_00_is_the_step_of_the_package():
    surface, w = surfaces.himmelblau(), np.array([1.0, -0.5])
    path = descent.descend(optimizers.gd, w, surface.grad, 1, lr=0.01)
    assert np.array_equal(path["w"][1], gd_step.reference(w, surface.grad(w), 0.01))


def test_the_first_step_of_chapter_00_goes_down_the_slope():
    key = direction.measure()
    g = surfaces.product().grad(np.array(START))
    words = direction.options[key]
    assert ("right" in words) == (g[0] < 0) and ("up" in words) == (g[1] < 0)
