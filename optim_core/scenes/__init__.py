"""Scenes: figures that are built once and whose artists then move.

A scene has

    scene.figure             the matplotlib figure, built once (no pyplot)
    scene.show(result)       take a new experiment's result; what is mere backdrop is redrawn only if it changed
    scene.at(t)              place the moving artists for time t, write scene.caption, return those artists
    scene.steps              the last time index (0: the picture has no time)
    scene.clicked(axes, x, y)    the control values that a click there sets, {} for none
    scene.alt                what the figure is, in words

so it can stand under sliders (`live.Live`), be saved as a still (`still`), or be drawn by a script in `figures/`.
What scenes are made of is in `board`; a chapter's scenes are in the file of the chapter's name.
"""

from .board import Map, Scene, View, still
from .critical_points import Eigenvectors, Escape, IndexLoss, RandomHessians, Taylor
from .losses import InitialScale, Margin, SoftmaxBars, TwoFits, TwoLosses
from .momentum import Cycle, LookAhead, Oscillator, PhaseMap, Ravine, Restart
from .trajectories import Trajectories, story

__all__ = [
    "Cycle",
    "Eigenvectors",
    "Escape",
    "IndexLoss",
    "InitialScale",
    "LookAhead",
    "Map",
    "Margin",
    "Oscillator",
    "PhaseMap",
    "RandomHessians",
    "Ravine",
    "Restart",
    "Scene",
    "SoftmaxBars",
    "Taylor",
    "Trajectories",
    "TwoFits",
    "TwoLosses",
    "View",
    "still",
    "story",
]
