"""Run notebooks and write them back as they are committed; or say what is not as it should be.

    python3 tests/normalise.py [notebook ...]            runs and rewrites them (all of notebooks/ unless named)
    python3 tests/normalise.py --check [notebook ...]    runs nothing, changes nothing, lists what is not normalised

Kept are the text outputs, which nbval compares and a reader on GitHub sees. Left out is what changes from one run to
the next or what nobody can review: pixels, widget state and views, timestamps, versions, random ids. Execution counts
run 1, 2, 3, …: nbval does not compare a cell whose count is null.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
KEPT_TEXT = ("text/plain", "text/html", "text/latex", "text/markdown")
PIXELS = ("image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json")  # what nbval does not compare
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {  # without a version; the others tell `nbconvert --to script` that a script is a .py
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
KEPT_METADATA = ("tags", "lecture")  # of a cell: what nbval does with it, and which slides of the lecture it is on
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8}")  # JupyterLab's, nbformat's
# What differs from run to run or from machine to machine must not be printed by a cell.
UNSTABLE = {
    "a memory address": re.compile(r"\bat 0x[0-9a-f]{6,}"),
    "a path of this machine": re.compile(r"(?<![\w.])/(home|Users|root|tmp|work|opt)/\w|\b[A-Z]:\\\\?\w"),
}


class NotNormal(Exception):
    """An output that cannot be committed at all; the message names the cell."""


def slug(source: str, taken: set[str]) -> str:
    """A cell id made of the cell's first words: it says what the cell is, and stays when others come and go."""
    plain = re.sub(r"<!--.*?-->|\$[^$]*\$", " ", source)
    words = re.findall(r"[a-z0-9]+", plain.lower())
    base = "-".join(words[:6])[:48].strip("-") or "cell"
    name, n = base, 1
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    return name


def name_cells(nb) -> None:
    """Give a telling id to every cell that has none, or one that a program made up."""
    taken = {cell.id for cell in nb.cells if "id" in cell and not RANDOM_ID.fullmatch(cell.id)}
    for cell in nb.cells:
        if "id" not in cell or RANDOM_ID.fullmatch(cell.id):
            cell.id = slug(cell.source, taken)
            taken.add(cell.id)


def clean_outputs(cell, where: str) -> list:
    """The outputs of a cell as they are committed: text only, no metadata, streams joined."""
    kept = []
    for output in cell.outputs:
        kind = output.output_type
        if kind == "error":
            raise NotNormal(f"{where} ends in an error: {output.ename}: {output.evalue}")
        if kind == "stream":
            if output.name != "stdout":
                raise NotNormal(f"{where} writes to {output.name}: {output.text.strip()[:300]}")
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(copy.deepcopy(output))
            continue
        strange = set(output.data) - set(KEPT_TEXT) - set(PIXELS)
        if strange:
            raise NotNormal(f"{where} shows {', '.join(sorted(strange))}, which nbval compares and nobody can review")
        data = {mime: output.data[mime] for mime in KEPT_TEXT if mime in output.data}
        if data:
            output = copy.deepcopy(output)
            output.data, output.metadata = data, {}
            kept.append(output)
    text = "\n".join(str(o.get("text", "")) + str(o.get("data", "")) for o in kept)
    for what, pattern in UNSTABLE.items():
        if found := pattern.search(text):
            raise NotNormal(f"{where} prints {what}: …{text[max(0, found.start() - 60) : found.end() + 20]}…")
    return kept


def clean(notebook):
    """The notebook as it is committed. Nothing is run; NotNormal if an output cannot be committed."""
    nb = copy.deepcopy(notebook)
    nb.metadata, nb.nbformat, nb.nbformat_minor = nbformat.from_dict(METADATA), 4, 5
    name_cells(nb)
    count = 0
    for i, cell in enumerate(nb.cells):
        where = f"cell {i}"
        cell.source = cell.source.rstrip()
        if not cell.source:
            raise NotNormal(f"{where} is empty")
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in KEPT_METADATA and v}
        if cell.pop("attachments", None):
            raise NotNormal(f"{where} has a picture pasted into it; pictures belong in figures/")
        if cell.cell_type == "code":
            count += 1
            cell.outputs = clean_outputs(cell, where)
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return nb


def dumps(nb) -> str:
    """The text of the file: sorted keys, one space of indentation, one newline at the end."""
    return nbformat.writes(nb).rstrip("\n") + "\n"


def read(path: Path):
    """The notebook at `path`; nothing is added to it (nbformat would invent ids)."""
    return nbformat.from_dict(_joined(json.loads(Path(path).read_text(encoding="utf-8"))))


def _joined(raw: dict) -> dict:
    """Sources and texts as one string each: the file has them as lists of lines."""
    raw = copy.deepcopy(raw)

    def join(holder, key):
        if isinstance(holder.get(key), list):
            holder[key] = "".join(holder[key])

    for cell in raw.get("cells", []):
        join(cell, "source")
        for output in cell.get("outputs", []):
            join(output, "text")
            for mime in output.get("data", {}):
                join(output["data"], mime)
    return raw


def problems(path: Path) -> list[str]:
    """What keeps the file from being normalised, a sentence each; empty if nothing does."""
    text = Path(path).read_text(encoding="utf-8")
    nb = read(path)
    try:
        wanted = clean(nb)
    except NotNormal as reason:
        return [str(reason)]
    if text == dumps(wanted):
        return []
    found = list(_differences(nb, wanted, ""))
    return found[:20] or ["the file's layout (indentation, order of keys, last newline) differs"]


def _differences(have, want, where: str):
    if isinstance(have, dict) and isinstance(want, dict):
        for key in have.keys() - want.keys():
            yield f"{where or 'the notebook'}: {key} is not committed"
        for key in want.keys() - have.keys():
            yield f"{where or 'the notebook'}: {key} is missing, not {want[key]!r}"
        for key in have.keys() & want.keys():
            inside = f"{where}, {key}" if where else key
            yield from _differences(have[key], want[key], inside)
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for i, (a, b) in enumerate(zip(have, want, strict=True)):
            yield from _differences(a, b, f"cell {i}" if where == "cells" else f"{where} {i}")
    elif have != want:
        yield f"{where} is {_short(have)}, not {_short(want)}"


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def run(path: Path, seconds: int = 600):
    """Execute a notebook in its own folder, warnings of its cells being errors; the notebook with its outputs."""
    from kernels import kernel_environment
    from nbclient import NotebookClient

    os.environ.update(kernel_environment())
    os.environ.pop("MPLBACKEND", None)
    nb = read(path)
    nb.metadata, nb.nbformat, nb.nbformat_minor = nbformat.from_dict(METADATA), 4, 5
    for cell in nb.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in KEPT_METADATA and v}
    name_cells(nb)
    how = dict(timeout=seconds, kernel_name="python3", store_widget_state=False, record_timing=False)
    quiet = ["--Application.log_level=40"]  # the kernel's remarks on its own transport
    resources = {"metadata": {"path": str(Path(path).resolve().parent)}}
    return NotebookClient(nb, resources=resources, extra_arguments=quiet, **how).execute()


def main() -> int:
    parser = argparse.ArgumentParser(description="Run notebooks and write them back as they are committed.")
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="say what is not normalised; run and change nothing")
    options = parser.parse_args()
    failed = False
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        if options.check:
            found = problems(path)
        else:
            try:
                path.write_text(dumps(clean(run(path))), encoding="utf-8", newline="\n")
                found = []
            except Exception as reason:  # the notebook stays as it was; the next is still run
                found = [re.sub(r"\x1b\[[\d;]*m", "", str(reason))]
        for problem in found:
            print(f"{path.name}: {problem}", file=sys.stderr)
        failed |= bool(found)
    if not options.check and not failed:
        write_maps()
    return int(failed)


def write_maps() -> None:
    """The map of the chapters, in the README, and the ways into them, in the first notebook, follow the notebooks."""
    sys.path.insert(0, str(ROOT))
    from optim_core.chapters import with_table
    from optim_core.chapters.guide import with_guide

    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    for path in sorted(NOTEBOOKS.glob("00_*.ipynb")):
        notebook = read(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = with_guide(cell.source)
        if dumps(notebook) != path.read_text(encoding="utf-8"):
            path.write_text(dumps(notebook), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
