"""One letter means one thing: on the sliders of a chapter, and in all chapters where the field shares it."""

import ast
from collections import defaultdict

import normalise
import pytest

from notebooks import LIVE, NOTEBOOKS
from optim_core.chapters import guide
from optim_core.live.controls import CONTROLS

# Letters that mean the same wherever they stand: those of the methods, as the package's arguments have them.
SHARED = {
    "η": "learning rate",
    "μ": "momentum",
    "β₁": "averaging, mean",
    "β₂": "averaging, square",
    "κ": "condition number",
    "ε": "epsilon",
    "B": "batch size",
    "δ": "distance",
    "γ": "learned scale",
}
# Two words for one thing: w are the weights wherever they stand, and λ multiplies the weights in the step (13 says by
# which n the two differ).
ALIKE = {"start": "point", "penalty": "weight decay"}


def sliders(notebook):
    """The names of the table of controls that the live figures of a notebook have."""
    found = set()
    for cell in normalise.read(notebook).cells:
        if cell.cell_type == "code" and LIVE.search(cell.source):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Live", "dict"):
                    found |= {keyword.arg for keyword in node.keywords} & set(CONTROLS)
    return found


def meanings(names):
    """{letter: the words it stands for} of some controls."""
    found = defaultdict(set)
    for name in names:
        control = CONTROLS[name]
        if control.symbol:
            found[control.symbol].add(ALIKE.get(control.label, control.label))
    return dict(found)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_on_the_sliders_of_a_chapter_a_letter_stands_for_one_thing(notebook):
    twice = {letter: words for letter, words in meanings(sliders(notebook)).items() if len(words) > 1}
    assert not twice, f"{notebook.stem}: {twice}"


@pytest.mark.parametrize("letter", SHARED)
def test_a_letter_of_the_field_stands_for_the_same_in_every_chapter(letter):
    used = set().union(*(sliders(notebook) for notebook in NOTEBOOKS))
    assert meanings(used)[letter] == {SHARED[letter]}


def test_sliders_of_one_thing_have_one_letter_and_the_glossary_has_its_name():
    english = {term.english for term in guide.TERMS}
    for letter, words in SHARED.items():
        same = {control.symbol.rstrip("₀₁₂") for control in CONTROLS.values() if control.label == words}
        assert same == {letter} or same == {letter.rstrip("₀₁₂")}, (letter, same)
    assert {"learning rate", "momentum", "condition number", "batch size", "weight decay"} <= english


def test_a_letter_that_stands_for_two_things_would_be_seen():
    assert meanings(["theta", "angle", "lr", "eta"]) == {
        "θ": {"clipping threshold", "angle in degrees"},
        "η": {"learning rate"},
    }
