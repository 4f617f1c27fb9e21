"""What a notebook's metadata says of its slides, and which of its words each of them shows."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from ..refuse import refuse

ALLOWED = {"slide", "shows", "notes", "minutes"}
COMMENT = re.compile(r"<!--.*?-->", re.S)
ITEM = re.compile(r"(?:[-*]|\d+\.) +")
PART = " … "  # between the first and the last words of a part of a block


class Slide(NamedTuple):
    """One slide: its title, what is on it (see `part`), and what the speaker has to know."""

    title: str
    parts: list
    notes: str
    minutes: float
    words: int  # on it, its title included; a formula counts as one


def slides(path):
    """The slides of the notebook at `path`, in the order of their first cells; an empty list if it has none."""
    return slides_of(json.loads(Path(path).read_text(encoding="utf-8"))["cells"])


def slides_of(cells):
    """The slides that a notebook's cells make; ValueError if what the metadata names is not there.

    >>> words = {"cell_type": "markdown", "source": "# Title", "metadata": {"lecture": {"slide": "Why?", "minutes": 2}}}
    >>> figure = {"cell_type": "code", "source": "Live(scene)", "metadata": {"lecture": {"slide": "Why?"}}}
    >>> [(slide.title, len(slide.parts), slide.minutes) for slide in slides_of([words, figure])]
    [('Why?', 2, 2)]
    """
    found = {}
    for number, cell in enumerate(cells):
        for entry in entries(cell):
            if "skip" not in entry:
                found.setdefault(entry["slide"], []).append((number, cell, entry))
    return [_slide(title, shown) for title, shown in found.items()]


def entries(cell):
    """What a cell's metadata says of slides: a list of entries, each {"slide": …} or {"skip": …}."""
    given = cell["metadata"].get("lecture", [])
    given = given if isinstance(given, list) else [given]
    for entry in given:
        if set(entry) != {"skip"} and not {"slide"} <= set(entry) <= ALLOWED:
            refuse("lecture", entry, f"a slide with some of {', '.join(sorted(ALLOWED))}, or skip alone")
    return given


def _slide(title, shown):
    parts = [part(number, cell, entry.get("shows")) for number, cell, entry in shown]
    told = [entry for _, _, entry in shown if "notes" in entry or "minutes" in entry]
    if len(told) > 1:
        refuse(f"the slide {title!r}", "notes or minutes in two cells", "one of its entries with both")
    notes, minutes = (told[0].get("notes", ""), told[0].get("minutes", 0)) if told else ("", 0)
    words = count(title) + sum(count(text) for one in parts for text in one.pop("text"))
    return Slide(title, parts, notes, minutes, words)


def part(number, cell, shows=None):
    """What a slide shows of a cell, for the browser: {"cell": number, "blocks": […]} or {"cell": …, "outputs": […]}.

    A block is {"block": its number, and if need be "item": of a list, "from": and "to": the first and last words}.
    None for all blocks or outputs. "text" holds the words in Markdown, for counting.
    """
    if cell["cell_type"] != "markdown":
        return {"cell": number, "outputs": shows, "text": []}
    if shows is None:
        return {"cell": number, "blocks": None, "text": blocks(source(cell))}
    found = [place(source(cell), words, f"cell {number}") for words in shows]
    return {"cell": number, "blocks": [one for one, _ in found], "text": [text for _, text in found]}


def place(text, words, where="the cell"):
    """Where in a Markdown text a block begins with these words, or holds "first … last": the place, and its text.

    >>> place("# A\\n\\nOne. Two is here. Three.\\n\\n- first\\n- second", "second")
    ({'block': 2, 'item': 1}, 'second')
    >>> place("# A\\n\\nOne. Two is here. Three.", "Two … here.")
    ({'block': 1, 'from': 'Two', 'to': 'here.'}, 'Two is here.')
    """
    first, _, last = (tidy(one) for one in words.partition(PART))
    if last and "$" in first + last:
        refuse(f"shows of {where}", words, "a part that begins and ends with words: the page finds it by their letters")
    hits = []
    for number, block in enumerate(blocks(text)):
        pieces = items(block) if ITEM.match(block) else [block]
        for item, piece in enumerate(pieces):
            piece, at = tidy(piece), {"block": number} | ({"item": item} if ITEM.match(block) else {})
            if last and first in piece:
                begin = piece.index(first)
                after = begin + len(first)  # words may both begin and end the part
                if last in piece[after:]:
                    end = piece.index(last, after) + len(last)
                    hits.append((at | {"from": first, "to": last}, piece[begin:end]))
            elif not last and piece.lstrip("*# ").startswith(first.lstrip("*# ")):
                hits.append((at, piece))
    if len(hits) != 1:
        refuse(f"shows of {where}", words, f"words that one block of the cell begins with or holds, not {len(hits)}")
    return hits[0]


def blocks(text):
    """A Markdown text's headings, paragraphs, lists and formulas, one by one, as a browser gets them."""
    found = []
    for block in filter(None, re.split(r"\n\s*\n", text.strip())):
        words, item, rest = block.partition("\n- ") if not ITEM.match(block) else (block, "", "")
        found += [words, item.strip("\n") + rest] if item else [words]  # a list may follow a paragraph at once
    return found


def items(block):
    """The items of a list."""
    return [ITEM.sub("", item, count=1) for item in re.split(r"\n(?=(?:[-*]|\d+\.) )", block)]


def tidy(text):
    """A Markdown text without comments, and with single spaces."""
    return " ".join(COMMENT.sub("", text).split())


def count(text):
    """How many words a Markdown text has for the eye; a formula counts as one.

    >>> count("- **Two** words"), count("$$v \\\\leftarrow w$$")
    (2, 1)
    """
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " formula ", tidy(text))
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def source(cell):
    """A cell's source as one string."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def outline(cells):
    """What the browser recognises the cells by: "code", or the first letters of a Markdown cell."""
    kinds = []
    for cell in cells:
        words = re.sub(r"\$.*", "", re.sub(r"[*`#]|\[|\]\([^)]*\)", "", tidy(source(cell)[:400])))
        letters = "".join(letter for letter in words if letter.isalnum())[:24]
        kinds.append(letters if cell["cell_type"] == "markdown" else "code")
    return kinds
