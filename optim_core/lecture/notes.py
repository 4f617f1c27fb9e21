"""What the speaker reads: a printable page for each lecture, made from the notebook and from its exercises.

First the slides, with what to ask, what to do and which misconception follows; then the situations of every figure, in
the order of the menu; then what students may answer to every question and exercise, and what is said to each of them.
"""

import html
import importlib
import tempfile
import webbrowser
from pathlib import Path

from ..chapters import chapters, read
from ..exercises import Choice, Exercise, Predict
from .slides import slides

STYLE = """body { font: 12pt/1.45 sans-serif; max-width: 44em; margin: 2em auto; color: #1b1f24; }
h2 { margin: 1.6em 0 0.2em; } h3 { margin: 1.2em 0 0.2em; break-after: avoid; } section { break-inside: avoid; }
p, li { margin: 0.3em 0; } small { color: #4d5662; } .right { font-weight: bold; } @page { margin: 18mm; }"""


def notes(notebook, measured=True):
    """The notes of one lecture as a page of HTML; measured: whether predictions are measured, which takes seconds."""
    chapter, found, clock = read(Path(notebook)), slides(notebook), 0
    total = sum(slide.minutes for slide in found)
    rows = []
    for number, slide in enumerate(found, 1):
        told = "".join(f"<p>{html.escape(line)}</p>" for line in slide.notes.split("\n") if line)
        rows.append(
            f"<section><h3>{number} · {html.escape(slide.title)}</h3>"
            f"<small>from minute {clock:g}, {slide.minutes:g} min</small>{told}</section>"
        )
        clock += slide.minutes
    head = f"{chapter.number} · {html.escape(chapter.title)}"
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Notes: {head}</title><style>{STYLE}</style>'
        f"<h1>{head}</h1><p>{html.escape(chapter.question)} {len(found)} slides, {total:g} minutes.</p>{''.join(rows)}"
        f"<h2>What they may answer</h2>{''.join(answers(chapter.name, measured))}</html>"
    )


def answers(name, measured=True):
    """For every question and exercise of a chapter: what is right, what may be answered, and what it is told."""
    module = importlib.import_module(f"optim_core.chapters.{name}.exercises")
    for key, one in vars(module).items():
        if isinstance(one, Choice):
            items = [
                f"<li{' class=right' if option == one.correct else ''}>{html.escape(f'{option}) {text}')}"
                f"<br><small>{html.escape(one.explanations[option])}</small></li>"
                for option, text in one.options.items()
            ]
            yield _section(key, one.question, items)
        elif isinstance(one, Predict):
            options = "; ".join(f"{option}) {text}" for option, text in one.options.items())
            found = f"Measured: {one.measure()}. " if measured else ""
            yield _section(key, f"{one.question} {options}", [f"<li class=right>{html.escape(found + one.why)}</li>"])
        elif isinstance(one, Exercise):
            items = [f"<li>{html.escape(f'{told[0]}. {told[-1]}')}</li>" for told in one.mistakes]
            yield _section(key, (one.__doc__ or "").strip().split("\n")[0], items)


def _section(key, asked, items):
    head = f"<section><h3><code>{html.escape(key)}</code></h3><p>{html.escape(asked)}</p>"
    return f"{head}<ul>{''.join(items)}</ul></section>" if items else f"{head}</section>"


def write_notes(notebook=None):
    """Write the notes of a lecture, or of all, each to a file, and open it in the browser; the paths are printed."""
    wanted = [notebook] if notebook else [one.notebook for one in chapters() if slides(one.notebook)]
    for path in wanted:
        page = Path(tempfile.gettempdir()) / f"notes-{Path(path).stem}.html"
        page.write_text(notes(path), encoding="utf-8")
        print(page)
        webbrowser.open(page.as_uri())
