"""Buttons in front of a question: `ask(Choice(…))`, `ask(Predict(…))`; and what was answered so far: `summary()`."""

import html
import re
import weakref
from dataclasses import replace

import ipywidgets as widgets

from ..exercises import progress, quiet
from . import page

ASKED = weakref.WeakSet()  # every Ask that is alive


class Ask(widgets.VBox):
    """A question of `exercises`, a Choice or a Predict, to answer with the mouse; made by `ask`."""

    def __init__(self, question):
        self.question = question
        self._predicts = hasattr(question, "commit")
        if question.options:
            options = [(f"{key}) {text}", key) for key, text in question.options.items()]
            self.input = widgets.RadioButtons(options=options, value=None, layout=dict(width="auto"))
        else:
            self.input = widgets.Text(placeholder="a number", layout=dict(width="12em"))
        self.button = widgets.Button(
            description="Commit and reveal" if self._predicts else "Check", layout=dict(width="max-content")
        )
        self.button.on_click(self._answer)
        self.input.observe(self._forget, "value")
        self.result = widgets.HTML(layout=dict(min_height="2.2em"))
        text = widgets.HTML(f"{page.head()}<b>{_inline(question.question)}</b>")
        super().__init__([text, self.input, self.button, self.result], layout=dict(max_width="960px"))
        self.add_class("optim-ask")
        self._remind()
        ASKED.add(self)

    def __repr__(self):
        return repr(self.question)

    def _remind(self):
        """What was answered before this kernel began: a prediction stands in its field, locked; a tick is there."""
        if self._predicts and self.question.recall():
            mine = self.question.prediction
            self.input.value = mine if self.question.options else f"{mine:.12g}"
            self.input.disabled, self.button.description = True, "Reveal"
            self.result.value = quiet(f"Your prediction is from {self.question.since}.")
        elif not self._predicts and (entry := progress.recall(self.question)):
            self.result.value = quiet(f"✓ Solved on {progress.day(entry)}.")

    def _repr_mimebundle_(self, **kwargs):
        """The widget; where there is no kernel, the question in words."""
        return super()._repr_mimebundle_(**kwargs) | {"text/html": self.question._repr_html_()}

    def begin(self):
        """As nobody has answered it before: for a lecture, in which what a lecturer once answered is not shown."""
        if self._predicts and self.question.since:
            self.question.prediction, self.question.revealed, self.question.since = None, False, ""
            self.input.value = None if self.question.options else ""
            self.input.disabled = self.button.disabled = False
            self.button.description = "Commit and reveal"
        self.result.value = ""

    def _forget(self, change):
        """Another answer is chosen: what was said about the last one goes."""
        self.result.value = ""

    def _answer(self, button):
        given = [] if self.input.value in (None, "") else [self.input.value]
        if not self._predicts:
            said = [self.question.answer(*given)]
        elif self.input.disabled:  # a prediction of an earlier kernel
            said = [self.question.reveal()]
            self.button.disabled = True
        else:
            said = [self.question.commit(*given)]
            if said[0].outcome == "already revealed":  # the cell was run again: what was said then, and why it stays
                said.append(self.question.reveal())
            elif said[0].outcome == "committed":
                shown = self.question.reveal()
                said = [replace(shown, note=said[0].note or shown.note)]
            self.input.disabled = self.button.disabled = self.question.revealed
        words = "".join(one._repr_html_() for one in said)
        self.result.value = f'<div role="status" aria-live="polite">{words}</div>'


def ask(question):
    """Buttons in front of a question: choose or type, commit, and only then read the explanation."""
    return Ask(question)


class Summary(widgets.HTML):
    """What was predicted and solved, chapter by chapter; made by `summary`."""

    def __init__(self):
        super().__init__(f"{page.head()}{_table(progress.counts()) if progress.is_on() else OFF}{KEPT}")
        self.add_class("optim-ask")

    def __repr__(self):
        return "What you predicted and solved, chapter by chapter."

    def _repr_mimebundle_(self, **kwargs):
        """The widget; where there is no kernel, what it is."""
        return super()._repr_mimebundle_(**kwargs) | {"text/html": f"<p>{self!r}</p>"}


OFF = "<p>Nothing is remembered here: it is switched off, or this is a lecture.</p>"
KEPT = quiet(
    f"It is kept in the file {progress.NAME} beside the notebooks; nothing leaves this machine. After "
    '`from optim_core.exercises import progress`, `progress.export("progress.csv")` writes a table for an instructor, '
    "and `progress.reset()` forgets it all."
)


def _table(counts):
    """The counts of the chapters that were begun as HTML."""
    cells = [("chapter", "predicted", "solved")]
    for chapter, (predicted, guesses, solved, others) in counts.items():
        cells.append((progress.title(chapter), f"{predicted} of {guesses}", f"{solved} of {others}"))
    wide = '<td style="padding-right: 2em">'
    rows = [f"<tr>{''.join(f'{wide}{cell}</td>' for cell in row)}</tr>" for row in cells]
    return f"<table>{''.join(rows)}</table>" if counts else "<p>Nothing predicted or solved yet.</p>"


def summary():
    """What you predicted and solved so far, in the chapters that you began."""
    return Summary()


def _inline(text):
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text, quote=False)).replace("\n", "<br>")
