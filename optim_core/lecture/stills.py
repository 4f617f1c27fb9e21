"""`python3 -m optim_core stills`: every live figure of the chapters as a picture for somebody's own slides.

05_momentum-1-ravine.png, .svg      the first figure of chapter 05, as it stands when its cell has run
"""

import argparse
import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path

from ..chapters import chapters
from ..live import FIGURES
from ..live.figure import kebab
from .stage import notebook_of

WIDTH = 1920  # pixels of a PNG; a live figure is drawn for two pixels where the page has one, and is 960 wide there


def stills(notebook, folder):
    """Write every live figure of a notebook into `folder`, as PNG and as SVG; returns the paths.

    Run are the notebook's first code cell, which has the imports, and the cells with a figure.
    """
    notebook, written, kept = Path(notebook), [], []
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {"__name__": "__main__"}
    for number, code in enumerate(sources):
        if number == 0 or "Live(" in code:
            before = len(FIGURES)
            with contextlib.chdir(notebook.parent), contextlib.redirect_stdout(io.StringIO()):
                kept.append(run(code, names))
            for figure in [one() for one in FIGURES[before:]]:
                figure.finish(pieces=300)
                name = f"{notebook.stem}-{len(written) // 2 + 1}-{kebab(type(figure.scene).__name__)}"
                written += write(figure, Path(folder) / name)
    return written


def run(code, names):
    """Run a cell; its last expression's value is what keeps a figure alive."""
    tree, shown = ast.parse(code), None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        shown = ast.Expression(tree.body.pop().value)
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(shown, "<cell>", "eval"), names) if shown else None


def write(figure, path):
    """A live figure as path.png and path.svg; their paths."""
    path.parent.mkdir(parents=True, exist_ok=True)
    png, svg = path.with_name(path.name + ".png"), path.with_name(path.name + ".svg")
    png.write_bytes(figure.still())
    layers = figure.svg_layers()
    head = re.match(r"<svg[^>]*>", layers[0])[0]
    svg.write_text(head + "".join(layers) + "</svg>\n", encoding="utf-8")
    return [png, svg]


def main(arguments=None):
    """Read the command line, and write the stills."""
    about = f"Every live figure as SVG, and as PNG, {WIDTH} pixels wide."
    parser = argparse.ArgumentParser(prog="python3 -m optim_core stills", description=about)
    parser.add_argument("chapter", nargs="?", default="", help="its name or number (all of them unless named)")
    parser.add_argument("--out", type=Path, default=Path("stills"), help="the folder (stills)")
    options = parser.parse_args(arguments)
    try:
        wanted = [notebook_of(options.chapter)] if options.chapter else [one.notebook for one in chapters()]
    except ValueError as error:
        sys.exit(str(error))
    for notebook in wanted:
        for path in stills(notebook, options.out.resolve()):
            print(path)


if __name__ == "__main__":
    main()
