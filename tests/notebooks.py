"""Notebooks as tests see them: their cells, and a run of them in this process.

A run in process is quicker than a kernel, can be repeated in any order, and leaves its figures and numbers in reach of
a test. What a kernel would add (magics, top-level await) no notebook of the course uses.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import linecache
import math
import os
import re
import unicodedata
import warnings
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import normalise

NOTEBOOKS = sorted(normalise.NOTEBOOKS.glob("*.ipynb"))
TEXT = ("text/plain", "text/html", "text/latex", "text/markdown")


class CellFailed(AssertionError):
    """A cell raised (or warned); the message names notebook, cell, order and source."""


@dataclass
class Run:
    """What a run left behind, by cell index of the notebook."""

    path: Path
    namespace: dict = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)  # cell -> its text outputs
    shown: list = field(default_factory=list)  # keeps displayed objects alive, as a page would
    claims: dict[str, float] = field(default_factory=dict)
    figures: list[tuple[int, object]] = field(default_factory=list)  # (cell, live figure)


@contextlib.contextmanager
def strict_warnings():
    """Warnings as kernels.WARNINGS makes them: what a cell should not warn of is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in (RuntimeWarning, UserWarning, FutureWarning):
            warnings.simplefilter("error", category)
        warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
        yield


@contextlib.contextmanager
def _inside(folder: Path):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def code_cells(notebook) -> list[int]:
    """The indices of the code cells."""
    return [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def run(path: Path, order: list[int] | None = None) -> Run:
    """Run the code cells of a notebook, top to bottom or in `order`, in a fresh namespace; CellFailed if one fails."""
    import matplotlib

    matplotlib.use("agg")
    notebook = normalise.read(path)
    order = code_cells(notebook) if order is None else order
    result = Run(Path(path), {"__name__": "__main__"})
    with _inside(Path(path).resolve().parent), strict_warnings(), _own_claims() as claims:
        for i in order:
            before = live_figures()
            try:
                result.printed[i] = _execute(notebook.cells[i].source, f"<{Path(path).name} cell {i}>", result)
            except (Exception, SystemExit) as error:
                told = f"{type(error).__name__}: {error}"
                if isinstance(error, Warning):
                    told = "a warning, which is an error here: " + told
                ran = "" if order == sorted(order) else f" (cells run in the order {order})"
                source = notebook.cells[i].source
                raise CellFailed(f"{result.path.name}, cell {i}{ran}: {told}\n\n{source}") from error
            result.claims.update(claims)
            result.figures += [(i, f) for f in live_figures() if not any(f is b for b in before)]
    return result


def _execute(source: str, filename: str, result: Run) -> str:
    """Run one cell, show the value of its last expression as a front end would, and return its text outputs."""
    tree = ast.parse(source, filename)  # plain Python: a magic is a SyntaxError here
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    # tracebacks and inspect.getsource find the cell's lines
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        exec(compile(tree, filename, "exec"), result.namespace)
        if last is not None:
            value = eval(compile(last, filename, "eval"), result.namespace)
            if value is not None and not source.rstrip().endswith(";"):
                result.shown.append(value)
                print("\n".join(str(text) for text in shown(value).values()))
    if err.getvalue():
        raise AssertionError(f"the cell writes to stderr: {err.getvalue()[:500]}")
    return out.getvalue()


def shown(value) -> dict[str, str]:
    """What a front end without pictures shows of `value`: every text form it offers. An error in one is raised."""
    forms = {"text/plain": repr(value)}
    if isinstance(value, type):
        return forms
    methods = {"text/html": "_repr_html_", "text/latex": "_repr_latex_", "text/markdown": "_repr_markdown_"}
    for mime, name in methods.items():
        form = getattr(value, name, None)
        if callable(form) and (text := form()) is not None:
            forms[mime] = text
    if callable(bundle := getattr(value, "_repr_mimebundle_", None)):
        data = bundle()
        data = data[0] if isinstance(data, tuple) else data
        forms.update({mime: text for mime, text in (data or {}).items() if mime in TEXT})
    return forms


@contextlib.contextmanager
def _own_claims():
    """The table of claims, empty for this run; afterwards it is as it was."""
    if importlib.util.find_spec("optim_core.exercises") is None:
        yield {}
        return
    from optim_core.exercises import CLAIMS

    before = dict(CLAIMS)
    CLAIMS.clear()
    try:
        yield CLAIMS
    finally:
        CLAIMS.clear()
        CLAIMS.update(before)


def live_figures() -> list:
    """The live figures that are alive in this process."""
    if importlib.util.find_spec("optim_core.live") is None:
        return []
    from optim_core import live

    figures = [f() if isinstance(f, weakref.ref) else f for f in live.FIGURES]
    return [f for f in figures if f is not None]


# --- numbers in prose ----------------------------------------------------------------------------------------------

CLAIM = re.compile(r"<!--c:([\w.-]+)-->(.*?)<!--/c-->", re.S)
CLAIM_MARK = re.compile(r"<!--\s*(?:c:|/c).*?-->", re.S)
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
NUMBER = re.compile(
    r"""(?P<sign>[-+]?)
        (?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)? | \d+(?:\.\d*)? | \.\d+)
        (?:e(?P<e>[-+]?\d+) | [×·*]10\^(?P<power>[-+]?\d+))?
        (?P<percent>%?)""",
    re.X,
)


def quoted(notebook) -> list[tuple[int, str, str]]:
    """(cell, claim's name, the digits shown) for every number of the prose that is tied to a cell."""
    found = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            found += [(i, m[1], m[2].strip()) for m in CLAIM.finditer(cell.source)]
            marks = len(CLAIM_MARK.findall(cell.source))
            if marks != 2 * len(CLAIM.findall(cell.source)):
                raise AssertionError(f"cell {i}: a <!--c:name--> without its <!--/c-->, or the reverse:\n{cell.source}")
    return found


def parse_number(text: str) -> tuple[float, float]:
    """The number that prose shows, and the weight of its last digit.

    >>> parse_number("66 %"), parse_number("−3.1·10⁻⁴")
    ((0.66, 0.01), (-0.00031, 1e-05))
    """
    plain = re.sub(r"(10)([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", lambda m: m[1] + "^" + m[2].translate(SUPERSCRIPT), text)
    plain = unicodedata.normalize("NFKC", plain).replace("\N{MINUS SIGN}", "-").replace("&minus;", "-")
    plain = re.sub(
        r"(?<=\d)\s(?=\d{3}(\D|$))", "", plain
    )  # 12 000: a thin space (NFKC makes it a plain one) between thousands
    plain = re.sub(r"\s+", "", plain).strip("*_`")
    plain = re.sub(r"^([-+]?)10\^", r"\g<1>1×10^", plain)  # 10⁻³ alone shows one digit: 1·10⁻³
    match = NUMBER.fullmatch(plain)
    if not match:
        raise ValueError(f"{text!r} is not a number as prose shows one")
    digits = match["digits"].replace(",", "")
    exponent = int(match["e"] or match["power"] or 0)
    if match["percent"]:
        exponent -= 2
    places = len(digits.partition(".")[2])
    return float(f"{match['sign']}{digits}e{exponent}"), 10.0 ** (exponent - places)


def agrees(value: float, text: str) -> bool:
    """Whether `value` rounds to the digits that prose shows."""
    number, digit = parse_number(text)
    return math.isfinite(value) and abs(value - number) <= digit / 2 * (1 + 1e-9)


# --- pictures ------------------------------------------------------------------------------------------------------

MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<link>[^)\s]+)[^)]*\)")
HTML_IMAGE = re.compile(r"<img\b(?P<attributes>[^>]*)>", re.I)


def images(markdown: str) -> list[tuple[str, str]]:
    """(link, alternative text) of every picture in a piece of Markdown."""
    found = [(m["link"], m["alt"].strip()) for m in MARKDOWN_IMAGE.finditer(markdown)]
    for m in HTML_IMAGE.finditer(markdown):
        attributes = dict(re.findall(r"""(\w+)\s*=\s*["']([^"']*)["']""", m["attributes"]))
        found.append((attributes.get("src", ""), attributes.get("alt", "").strip()))
    return found
