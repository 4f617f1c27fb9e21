"""What the kernel does for a lecture: send the slides to the page, put the figures to their beginning, open a state."""

import json
import math
import os
import time
from pathlib import Path

from IPython.display import HTML, display
from matplotlib.text import Text

from ..chapters import chapters
from ..exercises import progress
from ..live import FIGURES
from ..live.figure import LOCK, kebab
from ..live.questions import ASKED
from ..refuse import refuse
from .slides import outline, slides_of

HERE = Path(__file__).resolve().parent
AROUND, ROW = 17, 3.6  # of the window's height, in hundredths: words around a figure, a row of its sliders
WIDE = 160  # as wide, in the same unit, a figure has to be if letters of 9 points are to be read from the last row


def lecture(notebook=None):
    """Turn the open notebook into slides; Esc, or the button on the page, turns them back.

    notebook: its path, where the kernel cannot know it (JupyterLab and Jupyter Notebook tell it).

    The hall starts fresh: what you answered earlier is not shown, and what is answered until the kernel restarts is not
    remembered.
    """
    named = notebook or os.environ.get("JPY_SESSION_NAME") or os.environ.get("__vsc_ipynb_file__")
    if not named:
        refuse("notebook", notebook, "the path of the open notebook: this page does not say which one it is")
    path = next((p for p in (Path(named), Path(Path(named).name)) if p.exists()), None)
    if path is None:
        refuse("notebook", str(named), "a notebook that is there")
    progress.paused = True  # the hall's answers are not the lecturer's, nor the lecturer's the hall's
    for question in list(ASKED):
        question.begin()
    begin()
    display(HTML(page(json.loads(path.read_text(encoding="utf-8")), fresh=True)))


def page(notebook, fresh=False):
    """What a page needs to show a notebook as slides: style, script, and the slides, as HTML.

    fresh: whether the slides begin by themselves, if the page gets this within a minute (and not from a saved file).
    """
    cells, found = notebook["cells"], slides_of(notebook["cells"])
    if not found:
        refuse("notebook", "one without slides", "one whose cells have lecture metadata: see optim_core.lecture")
    told = dict(slides=[slide._asdict() for slide in found], outline=outline(cells), title=title(cells))
    told["made"] = round(time.time()) if fresh else 0
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("lecture.css", "lecture.js"))
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<div class="optim-lecture-data" data-lecture="{escaped(data)}"></div>\n'
        f"<style>{style}</style>\n<script>{script}</script>"
    )


def escaped(text):
    """A text inside an attribute's double quotes."""
    return text.replace("&", "&amp;").replace('"', "&quot;")


def title(cells):
    """The first heading of a notebook."""
    text = "".join(cells[0]["source"]) if cells else ""
    return text.lstrip("# ").split("\n")[0]


def begin(figure="", situation="", **values):
    """Every figure at its first step; and one figure, `Name` or `name-2`, in a situation or with these values.

    Returns what is wrong with the figure, the situation or the values, in a sentence; "" if nothing is.
    """
    there = named_figures()
    for one in there.values():
        enlarge(one)
        if one.time and not one._stream:  # results that come one by one are a film of their own
            one.time = 0
    if not (figure or situation or values):
        return ""
    try:
        chosen = _chosen(there, figure, situation)
        if situation:
            chosen._to_preset(situation)
        step = values.pop("t", None)
        if values:
            chosen.set(**{name: _value(chosen, name, value) for name, value in values.items()})
        if step is not None:
            chosen.time = int(step)
        return ""
    except ValueError as error:
        return str(error)


def enlarge(figure, least=10):
    """Small letters get `least` points in a figure that is tall or has many sliders: it cannot be as wide as others."""
    width, height = figure.scene.figure.get_size_inches()
    controls = sum(len(getattr(one, "sliders", [one])) for one in figure.controls.values()) + bool(figure.presets) + 1
    left = 100 - AROUND - ROW * math.ceil(controls / 4)
    if left * width / height < WIDE:
        figure.add_class("optim-large-letters")
        for text in figure.scene.figure.findobj(Text):
            text.set_fontsize(max(least, text.get_fontsize()))
        with LOCK:
            figure._draw()


def named_figures():
    """The live figures by name: `phase-map`, and `ravine`, `ravine-2` … where several show the same scene."""
    found = {}
    for figure in filter(None, (one() for one in FIGURES)):
        name, number = kebab(type(figure.scene).__name__), 1
        while (full := name if number == 1 else f"{name}-{number}") in found:
            number += 1
        found[full] = figure
    return found


def _chosen(there, figure, situation):
    """The figure of that name; without a name, the first that has the situation."""
    if figure:
        return there.get(kebab(figure)) or refuse("figure", figure, f"one of {', '.join(there)}")
    for one in there.values():
        if situation in one.presets:
            return one
    known = [label for one in there.values() for label in one.presets]
    return refuse("situation", situation, f"one of {', '.join(known)}")


def _value(figure, name, text):
    """What an address says of a control, as the control wants it: a number, a point (w₁, w₂), a word of a menu."""
    if name not in figure.controls:
        refuse(name, text, f"of one of the controls {', '.join(figure.controls)}")
    now = figure.controls[name].value
    try:
        if isinstance(now, bool):
            return str(text).lower() in ("1", "true", "yes")
        if isinstance(now, tuple):
            return tuple(float(part) for part in str(text).strip("()").split(","))
        return float(text) if isinstance(now, int | float) else text
    except ValueError:
        return refuse(name, text, "a number")


def notebook_of(chapter):
    """The path of a chapter's notebook, by name or number: "momentum", "05", "05_momentum"."""
    for one in chapters():
        if str(chapter) in (one.name, one.number, one.notebook.stem, one.notebook.name):
            return one.notebook
    return refuse("chapter", chapter, f"one of {', '.join(one.name for one in chapters())}")


def arrive(html, **state):
    """The last cell of a lecture that Voila shows: the figures as the address wants them, then the slides."""
    wrong = begin(**state)
    display(HTML(html + f'<div class="optim-lecture-said">{escaped(wrong)}</div>'))
