"""One room for each chapter, named like its notebook: notebooks/05_momentum.ipynb has chapters/momentum/.

    scenes.py        its pictures; those that it shares with other chapters are named there, too
    exercises.py     its exercises, questions and predictions
    experiments.py   what its figures and exercises run, where that is more than a cell

A new chapter is a folder and a notebook; the map in the README and in the first notebook, the lecture and the tests
find it. It needs 20 to 35 cells that begin with the lines that `read` wants, a `Predict`, a `Choice` and an `Exercise`,
each asked in a cell, situations for every figure, and a lecture (see `lecture`) of 20 to 45 minutes with two figures.
What the captions of its figures say is counted by hand in tests/whole/<name>.py.

A notebook says `from optim_core.chapters.momentum import exercises, scenes`. Chapters never import each other, and
nothing else of the package imports one: what two of them need moves down, to `scenes`, `exercises` or the mathematics.
Beside the rooms stands `guide`: the glossary, the problems and the paths that the first notebook shows.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


class Chapter(NamedTuple):
    """What the first cell of a notebook says, and what its file is called."""

    number: str
    name: str  # of the folder here
    title: str
    question: str
    notebook: Path
    after: tuple = ()  # the numbers of the chapters that it needs: those linked in its first cell's "You need …"


def chapters(notebooks=NOTEBOOKS):
    """Every chapter in the order of its number, from the notebooks that are there.

    Raises ValueError for a notebook whose first cell does not begin with `# NN · Title` and `**Its question?**`.

    >>> print(chapters()[0].title, "|", chapters()[0].question)
    Start here | How do I read an error surface?
    """
    return [read(path) for path in sorted(Path(notebooks).glob("[0-9][0-9]_*.ipynb"))]


def read(notebook):
    """The Chapter of one notebook."""
    number, name = notebook.stem.split("_", 1)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    words = "".join(cells[0]["source"] if cells else "")
    first = re.match(r"# (\d\d) · (.+)\n\n\*\*(.+)\*\*\n", words + "\n")
    if not first or first[1] != number:
        raise ValueError(f"{notebook.name}: must begin with the lines # {number} · Title and **Its question?**")
    needs = "".join(re.findall(r"^You need .*", words, re.M))
    after = tuple(sorted({one for one in re.findall(r"\]\((\d\d)_", needs) if one != number}))
    return Chapter(number, name, first[2], first[3], notebook, after)


def table(notebooks=NOTEBOOKS, folder="notebooks/"):
    """The map of the chapters, a line for each; folder: where they lie, seen from the page that shows it."""
    rows = [
        f"| [{c.number} · {c.title}]({folder}{c.notebook.name}) | {c.question} | {', '.join(c.after)} |"
        for c in chapters(notebooks)
    ]
    return "\n".join(["| chapter | question | builds on |", "|---|---|---|", *rows])


def with_table(text, notebooks=NOTEBOOKS, folder="notebooks/"):
    """A text with the map between its two marks made anew; one without marks as it is."""
    return between(text, "chapters", table(notebooks, folder))


def between(text, mark, made):
    """A text with what stands between <!-- mark --> and <!-- /mark --> put in anew; one without them as it is.

    >>> between("<!-- a -->\\nold\\n<!-- /a -->", "a", "new")
    '<!-- a -->\\nnew\\n<!-- /a -->'
    """
    before, begin, rest = text.partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"\n<!-- /{mark} -->")
    return f"{before}{begin}{made}{end}{after}" if begin and end else text
