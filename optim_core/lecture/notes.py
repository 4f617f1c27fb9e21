"""What the speaker reads: a printable page for each lecture, made from the notebook's metadata."""

import html
import tempfile
import webbrowser
from pathlib import Path

from ..chapters import chapters, read
from .slides import slides

STYLE = """body { font: 12pt/1.45 sans-serif; max-width: 44em; margin: 2em auto; color: #1b1f24; }
h2 { margin: 1.2em 0 0.2em; break-after: avoid; } section { break-inside: avoid; } p { margin: 0.3em 0; }
small { color: #4d5662; } @page { margin: 18mm; }"""


def notes(notebook):
    """The notes of one lecture as a page of HTML: every slide with its minutes and what to say and do."""
    chapter, found, clock = read(Path(notebook)), slides(notebook), 0
    total = sum(slide.minutes for slide in found)
    rows = []
    for number, slide in enumerate(found, 1):
        told = "".join(f"<p>{html.escape(line)}</p>" for line in slide.notes.split("\n") if line)
        rows.append(
            f"<section><h2>{number} · {html.escape(slide.title)}</h2>"
            f"<small>from minute {clock:g}, {slide.minutes:g} min</small>{told}</section>"
        )
        clock += slide.minutes
    head = f"{chapter.number} · {html.escape(chapter.title)}"
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Notes: {head}</title><style>{STYLE}</style>'
        f"<h1>{head}</h1><p>{html.escape(chapter.question)} {len(found)} slides, {total:g} minutes.</p>{''.join(rows)}"
        "</html>"
    )


def write_notes(notebook=None):
    """Write the notes of a lecture, or of all, to a file and open it in the browser; its path is printed."""
    wanted = [notebook] if notebook else [one.notebook for one in chapters() if slides(one.notebook)]
    for path in wanted:
        page = Path(tempfile.gettempdir()) / f"notes-{Path(path).stem}.html"
        page.write_text(notes(path), encoding="utf-8")
        print(page)
        webbrowser.open(page.as_uri())
