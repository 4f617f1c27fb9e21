"""Buttons in front of a question: `ask(Choice(…))`, `ask(Predict(…))`."""

import html
import re

import ipywidgets as widgets

from . import page


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

    def __repr__(self):
        return repr(self.question)

    def _repr_mimebundle_(self, **kwargs):
        """The widget; where there is no kernel, the question in words."""
        return super()._repr_mimebundle_(**kwargs) | {"text/html": self.question._repr_html_()}

    def _forget(self, change):
        """Another answer is chosen: what was said about the last one goes."""
        self.result.value = ""

    def _answer(self, button):
        given = [] if self.input.value in (None, "") else [self.input.value]
        if not self._predicts:
            said = [self.question.answer(*given)]
        else:
            said = [self.question.commit(*given)]
            if said[0].outcome == "already revealed":  # the cell was run again: what was said then, and why it stays
                said.append(self.question.reveal())
            elif said[0].outcome == "committed":
                said = [self.question.reveal()]
            self.input.disabled = self.button.disabled = self.question.revealed
        words = "".join(one._repr_html_() for one in said)
        self.result.value = f'<div role="status" aria-live="polite">{words}</div>'


def ask(question):
    """Buttons in front of a question: choose or type, commit, and only then read the explanation."""
    return Ask(question)


def _inline(text):
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text, quote=False)).replace("\n", "<br>")
