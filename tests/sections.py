"""What stands under each heading of a notebook: its text, the questions that its cells ask, the claims it quotes."""

import functools
import importlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import normalise

from notebooks import CLAIM, CLAIM_MARK, NOTEBOOKS
from optim_core.exercises import Choice, Predict


@dataclass
class Section:
    """What stands between two headings."""

    text: str = ""  # Markdown without the marks of claims, each line break a space
    asked: str = ""  # the questions of its cells, with their answers and what is said of each
    printed: str = ""
    claims: set = field(default_factory=set)

    def says(self, words):
        """Whether these words stand here, wherever lines break."""
        return _flat(words) in f"{self.text} {self.asked}"


def _flat(text):
    return " ".join(text.split())


def by_number():
    """The notebooks by the two digits that their names begin with."""
    return {path.stem[:2]: path for path in NOTEBOOKS}


@functools.cache
def sections(path):
    """{heading: its Section} of a notebook, in order; AssertionError where two headings are the same."""
    found, here = {}, Section()
    for cell in normalise.read(path).cells:
        if cell.cell_type == "code":
            here.asked += " " + _questions(path, cell.source)
            here.printed += "".join(output.get("text", "") for output in cell.outputs)
            continue
        for part in re.split(r"(?m)^(?=#{1,3} )", cell.source):
            if heading := re.match(r"#+ (.+)", part):
                here = Section()
                assert heading[1].strip() not in found, f"{path.name}: two headings {heading[1]!r}"
                found[heading[1].strip()] = here
            here.text += " " + _flat(CLAIM_MARK.sub("", part))
            here.claims |= {name for name, _ in CLAIM.findall(part)}
    return found


def _questions(path, source):
    """The words of the questions that a cell names: what is asked, the answers, and what is said of each."""
    room = importlib.import_module(f"optim_core.chapters.{Path(path).stem[3:]}.exercises")
    words = []
    for name in re.findall(r"\bexercises\.(\w+)", source):
        question = getattr(room, name, None)
        if isinstance(question, Choice):
            words += [question.question, *question.options.values(), *question.explanations.values()]
        elif isinstance(question, Predict):
            words += [question.question, *question.options.values(), question.why]
    return _flat(" ".join(words))
