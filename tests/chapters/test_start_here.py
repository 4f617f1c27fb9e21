"""Chapter 00: what its exercise and its question say is true."""

import json
from pathlib import Path

import numpy as np
import pytest

from optim_core import descent, optimizers, surfaces
from optim_core.chapters.start_here.exercises import START, direction, gd_step
from optim_core.chapters.start_here.scenes import Trajectories


def test_the_step_of_chapter_00_is_the_step_of_the_package():
    surface, w = surfaces.himmelblau(), np.array([1.0, -0.5])
    path = descent.descend(optimizers.gd, w, surface.grad, 1, lr=0.01)
    assert np.array_equal(path["w"][1], gd_step.reference(w, surface.grad(w), 0.01))


def test_the_first_step_of_chapter_00_goes_down_the_slope():
    key = direction.measure()
    g = surfaces.product().grad(np.array(START))
    words = direction.options[key]
    assert ("right" in words) == (g[0] < 0) and ("up" in words) == (g[1] < 0)


# What the student sees first ------------------------------------------------------------------------------------

NOTEBOOK = json.loads((Path(__file__).parents[2] / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8"))
CELLS = [("".join(cell["source"]), cell["cell_type"]) for cell in NOTEBOOK["cells"]]


def test_a_living_figure_stands_before_the_first_long_paragraph():
    first = next(i for i, (text, kind) in enumerate(CELLS) if kind == "code" and "Live(" in text)
    paragraphs = [one for text, kind in CELLS[:first] if kind == "markdown" for one in text.split("\n\n")]
    assert first <= 3 and max(len(one.split()) for one in paragraphs) < 50


STARTS = [(1.5, -0.5), (-1.0, 1.6), (-1.0, 0.5), (0.5, 1.5), (-1.5, 1.5)]  # of the figures and their situations


@pytest.mark.parametrize("start", STARTS)
def test_no_run_that_the_figures_begin_with_is_hidden_behind_a_peak(start):
    surface, scene = surfaces.product(), Trajectories()
    scene.show((surface, {"gradient descent": descent.descend(optimizers.gd, start, surface.grad, 100, lr=0.1)}))
    scene.at(scene.steps)
    shown = scene.side.artists["front gradient descent"].get_xydata()
    assert np.isfinite(shown).all(), "a part of the path is behind the surface"


def test_the_view_can_be_turned_and_stays_so():
    surface, scene = surfaces.product(), Trajectories()
    result = surface, {"gradient descent": descent.descend(optimizers.gd, (1.5, -0.5), surface.grad, 50, lr=0.1)}
    seen = []
    for across in (-120, -60, -120):
        scene.adjust(across=across)
        scene.show(result)
        scene.at(scene.steps)
        seen.append(scene.side.artists["front gradient descent"].get_xydata().copy())
    assert np.array_equal(seen[0], seen[2]) and not np.array_equal(seen[0], seen[1], equal_nan=True)


def test_the_goals_of_the_chapter_can_be_reached_with_its_sliders():
    surface, w = surfaces.product(), np.stack(np.meshgrid(*[np.arange(-125, 126, 10) / 50] * 2), -1).reshape(-1, 2)
    path = descent.descend(optimizers.gd, w[surface.loss(w) > 1], surface.grad, 60, lr=0.2)["w"]
    assert (np.linalg.norm(surface.grad(path[9:]), axis=-1) < 1e-4).all(0).any()
    hills = surfaces.himmelblau()
    w = np.stack(np.meshgrid(np.arange(-4.0, 5.0, 2.0), np.arange(-4.0, 5.0, 2.0)), -1).reshape(-1, 2)
    ends = descent.descend(optimizers.gd, w, hills.grad, 200, lr=0.01)["w"][-1]
    minima = [point["w"] for point in hills.critical_points if point["kind"] == "minimum"]
    assert all((np.linalg.norm(ends - one, axis=-1) < 1e-2).any() for one in minima)
