"""Scenes: figures that are built once and whose artists then move.

A scene has

    scene.figure             the matplotlib figure, built once (no pyplot)
    scene.show(result)       take a new experiment's result; what is mere backdrop is redrawn only if it changed. Under
                             sliders also a result that may come next, and then the one before again
    scene.at(t)              place the moving artists for time t, write scene.caption, return those artists
    scene.steps              the last time index (0: the picture has no time)
    scene.clicked(axes, x, y)    the control values that a click there sets, {} for none
    scene.alt                what the figure is, in words

and, where it has them,

    scene.clock              what its time counts, beside the slider; "step t" unless it says otherwise
    scene.own_controls       names of controls that only say how the same result is drawn: no experiment takes them
    scene.adjust(**values)   takes what they are set to, before `show` and whenever one moves
    scene.forget()           a scene that keeps earlier results forgets them (reset)
    scene.claims             the functions that decide what its caption derives; a test asks each of them
    scene.allows             what tests/captions.py refuses and this caption needs: {"tiny numbers": the reason, …}

so it can stand under sliders (`live.Live`), be saved as a still (`still`), or be drawn by a script in `figures/`.
What scenes are made of is in `board`. Here are the scenes that several chapters share, without any chapter's content; a
chapter's own are in `chapters/<name>/scenes.py`.
"""

from .board import Map, Scene, View, still
from .noise import NoiseFloor
from .ravine import Ravine
from .training import TrainingRuns, timed_training
from .trajectories import Trajectories, story

__all__ = [
    "Map",
    "NoiseFloor",
    "Ravine",
    "Scene",
    "TrainingRuns",
    "Trajectories",
    "View",
    "still",
    "story",
    "timed_training",
]
