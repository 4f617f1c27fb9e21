"""The lecture: a chapter's own cells as slides, in the hall.

    python3 -m optim_core lecture momentum     from the terminal: in the browser, everything running

    from optim_core.lecture import lecture     in a notebook: the open notebook becomes slides, and a notebook again
    lecture()

Which cells make which slide stands in the notebook, as metadata of its cells (JupyterLab: the property inspector):

    {"lecture": {"slide": "Swinging", "shows": ["How fast does it come to rest"], "minutes": 3,
                 "notes": "What to ask, what to do with the sliders, which misconception follows."}}

    slide    the slide's title; cells with the same title make one slide. A list of such entries puts a cell on several.
    shows    of a Markdown cell: the paragraphs, items of a list or formulas that begin with these words, or, with
             "first words … last words", a part of one; of a code cell: the numbers of its outputs, from 1. Without it
             all is shown, or the figure alone, if the cell has one.
    notes, minutes  for the speaker; one entry of a slide has them
    skip     in place of all these, for a figure: why it is on no slide

`slides` reads them, `notes` has what the speaker reads, `server` is the command. What the browser does with slides is
in lecture.js and lecture.css, for JupyterLab, Notebook 7, Voila and JupyterLite alike.
"""

from .slides import Slide, slides, slides_of
from .stage import begin, lecture

__all__ = ["Slide", "begin", "lecture", "slides", "slides_of"]
