"""Live figures: a scene under sliders; and questions with buttons.

    Live(scene, experiment, lr=0.1, mu=0.9, start=(-1.0, 1.6), presets={"it diverges": {"lr": 1.0}})

A slider runs `experiment(**values)` and hands its result to the scene; the time slider only asks the scene for another
moment of the same result. An experiment that takes longer than a moment is a generator: `stream` says how its results
are shown while they come, and `ahead` how the next stop's picture is there before it is asked for. This is the only
part of the package that knows of ipywidgets: the widgets are made in `controls`, the figure is drawn and sent in
`figure`, with what is in `pen`; `questions` has the buttons of `ask`, and
`summary`, what was answered so far.
"""

from .controls import CONTROLS, Control, control
from .figure import FIGURES, Live
from .questions import Ask, ask, summary

__all__ = ["CONTROLS", "FIGURES", "Ask", "Control", "Live", "ask", "control", "summary"]
