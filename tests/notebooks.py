"""Notebooks as tests see them: their cells, and a run of them in this process.

nbval runs each notebook in a kernel, from top to bottom. In this process only those cells run whose figures the tests
look at, and those that might change what another cell uses; backwards, so that a cell which leans on what another one
did is found, whichever of the two stands above. That a cell uses no name of another one is read from its source. What
a kernel would add (magics, top-level await) no notebook of the course uses.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import itertools
import json
import linecache
import math
import re
import subprocess
import symtable
import sys
import tempfile
import unicodedata
import warnings
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import normalise

NOTEBOOKS = sorted(normalise.NOTEBOOKS.glob("*.ipynb"))
TEXT = normalise.KEPT_TEXT
LIVE = re.compile(r"\bLive\(")  # in the source of a cell that shows a live figure


class CellFailed(AssertionError):
    """A cell raised (or warned); the message names notebook, cell, order and source."""


@dataclass
class Run:
    """What a run left behind, by cell index of the notebook."""

    path: Path
    namespace: dict = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)  # cell -> what it prints
    pieces: dict[int, list[dict]] = field(default_factory=dict)  # cell -> what it shows: each piece by MIME type
    shown: list = field(default_factory=list)  # keeps displayed objects alive, as a page would
    claims: dict[str, float] = field(default_factory=dict)
    figures: list[tuple[int, object]] = field(default_factory=list)  # (cell, live figure), in the notebook's order
    cell: int = -1  # the one that runs

    def display(self, *values) -> None:
        """In place of IPython's: note every text form that a kernel would send of these values."""
        from IPython.core.formatters import DisplayFormatter

        for value in values:
            self.shown.append(value)
            forms, _ = DisplayFormatter().format(value)
            self.pieces[self.cell].append({mime: text for mime, text in forms.items() if mime in TEXT})


@contextlib.contextmanager
def strict_warnings():
    """Warnings as kernels.WARNINGS makes them: what a cell should not warn of is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in (RuntimeWarning, UserWarning, FutureWarning):
            warnings.simplefilter("error", category)
        warnings.filterwarnings("error", category=DeprecationWarning, module="__main__")
        yield


def code_cells(notebook) -> list[int]:
    """The indices of the code cells."""
    return [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def backwards(path: Path) -> list[int]:
    """The cells to run in this process: the first, which has the imports; then others, the last one first.

    Those are the cells with a live figure, and those that use what the first cell made itself, such as a dict: one of
    them might change it for the others. What the first cell imports none of them changes (`leaning`).
    """
    notebook = normalise.read(path)
    first, *rest = code_cells(notebook)
    made = names(notebook.cells[first].source)
    shared = made["bound"] - made["imported"]
    chosen = [i for i in rest if LIVE.search(source := notebook.cells[i].source) or names(source)["used"] & shared]
    return [first, *chosen[::-1]]


def names(source: str) -> dict[str, set[str]]:
    r"""The names that a cell binds (and which of them it imports), and those that it uses without having bound them.

    >>> {kind: sorted(found) for kind, found in names("import a\nb = a.c(lambda d: d + e)").items()}
    {'bound': ['a', 'b'], 'imported': ['a'], 'used': ['a', 'e']}
    """

    def inner(table):
        yield table
        for child in table.get_children():
            yield from inner(child)

    whole = symtable.symtable(source, "cell", "exec")
    symbols = whole.get_symbols()
    return {
        "bound": {s.get_name() for s in symbols if s.is_assigned() or s.is_imported() or s.is_namespace()},
        "imported": {s.get_name() for s in symbols if s.is_imported()},
        "used": {
            symbol.get_name()
            for table in inner(whole)
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is whole or symbol.is_global())
        },
    }


def leaning(path: Path) -> list[str]:
    """The cells that use a name of another cell than the first, or change what the first one gave to all; in words."""
    notebook = normalise.read(path)
    first, *rest = code_cells(notebook)
    begin = notebook.cells[first].source
    given, found = names(begin)["bound"], []
    modules = {name for name in names(begin)["imported"] if not name.isupper()}
    for i in rest:
        source = notebook.cells[i].source
        found += [f"cell {i} gives {name} another meaning" for name in sorted(names(source)["bound"] & given)]
        found += [f"cell {i} {what}" for what in _changes(ast.parse(source), given, modules)]
    with tempfile.TemporaryDirectory() as folder:
        for i in rest:
            Path(folder, f"cell {i}.py").write_text(f"{begin}\n\n{notebook.cells[i].source}\n", encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821", folder]
        said = subprocess.run([*command, "--output-format", "json"], capture_output=True, text=True, encoding="utf-8")
        found += [f"{Path(one['filename']).stem}: {one['message']}" for one in json.loads(said.stdout)]
    return found


CHANGING = {"add", "append", "clear", "discard", "extend", "fill", "insert", "pop", "remove", "reverse", "setdefault"}
CHANGING |= {"seed", "shuffle", "sort", "update"}


def _changes(tree: ast.AST, given: set[str], modules: set[str]):
    """What in a piece of code changes an object that one of the given names stands for, in words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            targets = [node.func]
        else:
            targets = []
        for target in targets:
            inner = target
            while isinstance(inner, ast.Attribute | ast.Subscript):
                inner = inner.value
            if inner is target or not isinstance(inner, ast.Name) or inner.id not in given:
                continue
            calls_module = isinstance(node, ast.Call) and target.value is inner and inner.id in modules
            if not calls_module:  # np.sort changes nothing
                yield f"changes what {inner.id} is for all: {ast.unparse(node)}"


def run(path: Path, order: list[int] | None = None) -> Run:
    """Run the code cells of a notebook, top to bottom or in `order`, in a fresh namespace; CellFailed if one fails."""
    import matplotlib

    matplotlib.use("agg")
    notebook = normalise.read(path)
    order = code_cells(notebook) if order is None else order
    result = Run(Path(path), {"__name__": "__main__"})
    own_display = mock.patch("IPython.display.display", result.display)
    with contextlib.chdir(Path(path).resolve().parent), strict_warnings(), own_display, _own_claims() as claims:
        for i in order:
            before = live_figures()
            try:
                _execute(notebook.cells[i].source, i, result)
            except (Exception, SystemExit) as error:
                told = f"{type(error).__name__}: {error}"
                if isinstance(error, Warning):
                    told = "a warning, which is an error here: " + told
                ran = "" if order == sorted(order) else f" (cells run in the order {order})"
                source = notebook.cells[i].source
                raise CellFailed(f"{result.path.name}, cell {i}{ran}: {told}\n\n{source}") from error
            result.claims.update(claims)
            result.figures += [(i, f) for f in live_figures() if not any(f is b for b in before)]
    result.figures.sort(key=lambda figure: figure[0])
    return result


def _execute(source: str, i: int, result: Run) -> None:
    """Run cell `i`, show the value of its last expression, and keep what it printed."""
    filename = f"<{result.path.name} cell {i}>"
    tree = ast.parse(source, filename)  # plain Python: a magic is a SyntaxError here
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    # tracebacks and inspect.getsource find the cell's lines
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    out, err = io.StringIO(), io.StringIO()
    result.cell, result.pieces[i] = i, []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        exec(compile(tree, filename, "exec"), result.namespace)
        if last is not None:
            value = eval(compile(last, filename, "eval"), result.namespace)
            if value is not None and not source.rstrip().endswith(";"):
                result.display(value)
    if err.getvalue():
        raise AssertionError(f"the cell writes to stderr: {err.getvalue()[:500]}")
    result.printed[i] = out.getvalue()


def unlike_committed(ran: Run) -> list[str]:
    """The cells that print or show something else than the file says, each in a sentence."""
    differs = []
    for i, cell in enumerate(normalise.read(ran.path).cells):
        if i in ran.printed:
            streams = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            pieces = [dict(output.data) for output in cell.outputs if output.output_type != "stream"]
            if ran.printed[i] != streams:
                differs.append(f"cell {i} prints\n{ran.printed[i]}\nand committed is\n{streams}")
            if (shown := [piece for piece in ran.pieces[i] if piece]) != pieces:
                differs.append(f"cell {i} shows\n{shown}\nand committed is\n{pieces}")
    return differs


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
CLAIM_MARK = re.compile(r"<!--\s*(?:c:|/c\b).*?-->", re.S)
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


def plain_digits(superscripts: str) -> str:
    """Superscript digits and signs as plain ones."""
    return superscripts.translate(SUPERSCRIPT)


def parse_number(text: str) -> tuple[float, float]:
    """The number that prose shows, and the weight of its last digit.

    >>> parse_number("66 %"), parse_number("−3.1·10⁻⁴")
    ((0.66, 0.01), (-0.00031, 1e-05))
    """
    plain = re.sub(r"(10)([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)", lambda m: m[1] + "^" + plain_digits(m[2]), text)
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


def compare_prose(path: Path, claims: dict[str, float] | None = None) -> None:
    """AssertionError unless the prose of a notebook says what its cells computed.

    claims: those of a run of some of its cells; without, those made in this process, by a run of all of them.
    """
    whole = claims is None
    if whole:
        from optim_core.exercises import CLAIMS as claims
    named = set()
    for cell, name, text in quoted(normalise.read(path)):
        where = f"{Path(path).name}, cell {cell}: <!--c:{name}-->{text}"
        if whole:
            assert name in claims, f"{where}: no cell says claim({name!r}, …); there are {sorted(claims)}"
        if name in claims:
            assert agrees(claims[name], text), f"{where}: the cell computes {claims[name]!r}"
        named.add(name)
    unused = sorted(set(claims) - named)
    assert not unused, f"{Path(path).name}: no prose quotes the claims {unused}"


# --- what prose leans on -------------------------------------------------------------------------------------------

YEAR = r"(?:1[6-9]|20)\d\d"
NAME = r"[A-ZÀ-Þ][\w'’-]*[^\W\d_]"
CITATION = re.compile(rf"({NAME}?)(?:['’]s)?(?:,? and others|(?:, {NAME})* and {NAME})?,? \(?({YEAR})\b(?!,\d)")
NO_NAMES = ("In", "Since", "Until", "By", "From", "Before", "After", "Around", "Of", "And", "May", "March", "June")
POINTS_OUT = re.compile(
    r"\?|\b(figure|picture|map|panel|below|slider|situation|caption|menu|click|drag|press|choose|move)", re.I
)
CHAPTER = re.compile(r"\b[Cc]hapters? (\d\d)(?: and (\d\d))?\b")


def prose(notebook) -> str:
    """All Markdown of a notebook, without its comments."""
    return CLAIM_MARK.sub("", "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown"))


def uncited_and_unlisted(text: str) -> tuple[list[str], list[str]]:
    r"""The sources of a notebook's list that its prose does not cite, and the citations that are not in the list.

    A citation is a name and a year: Polyak 1964, (Goujaud, Taylor and Dieuleveut 2025), what Polyak published in 1964.

    >>> uncited_and_unlisted("As Goh (2017) says.\n## Sources\n- G. Goh: Why. 2017.\n- B. Polyak: Some. 1964.")
    (['B. Polyak: Some. 1964.'], [])
    """
    before, _, after = text.partition("## Sources\n")
    sources = re.findall(r"^- (.+)", after, re.M)
    uncited = []
    for source in sources:
        first, year = re.split(r"[,:]| and ", source)[0].split()[-1], re.findall(YEAR, source)[-1:]
        if not year or not re.search(rf"\b{re.escape(first)}\b[^;]{{0,80}}?\b{year[0]}\b", before):
            uncited.append(source)
    cited = [m for m in CITATION.finditer(before) if m[1] not in NO_NAMES]
    unlisted = [m[0] for m in cited if not any(re.sub("['’]s$", "", m[1]) in s and m[2] in s for s in sources)]
    return uncited, unlisted


def lost_links(path: Path) -> list[str]:
    """What a notebook links to, or calls a chapter, and is not there."""
    text, folder = prose(normalise.read(path)), Path(path).parent
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    lost = [f"the link {link}" for link in links if not (folder / link).exists()]
    for number in filter(None, itertools.chain.from_iterable(CHAPTER.findall(text))):
        if not any(folder.glob(f"{number}_*.ipynb")):
            lost.append(f"chapter {number}")
    return lost


def unannounced_figures(notebook) -> list[int]:
    """The cells with a live figure of which the cell above does not say what to look for.

    What it says stands after its last heading: a question, or what to do with the figure. An exercise says it itself,
    in its first line.
    """
    found = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and LIVE.search(cell.source) and not cell.source.startswith("#"):
            above = notebook.cells[i - 1]
            last = re.split(r"^#+ .*$", above.source, flags=re.M)[-1]
            if above.cell_type != "markdown" or not POINTS_OUT.search(last):
                found.append(i)
    return found


# --- pictures ------------------------------------------------------------------------------------------------------

BARE_PICTURE = re.compile(r"<(Figure size|matplotlib\.|PIL\.|IPython\.core\.display\.(SVG|Image))")  # as text
MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<link>[^)\s]+)[^)]*\)")
HTML_IMAGE = re.compile(r"<img\b(?P<attributes>[^>]*)>", re.I)


def images(markdown: str) -> list[tuple[str, str]]:
    """(link, alternative text) of every picture in a piece of Markdown."""
    found = [(m["link"], m["alt"].strip()) for m in MARKDOWN_IMAGE.finditer(markdown)]
    for m in HTML_IMAGE.finditer(markdown):
        attributes = dict(re.findall(r"""(\w+)\s*=\s*["']([^"']*)["']""", m["attributes"]))
        found.append((attributes.get("src", ""), attributes.get("alt", "").strip()))
    return found
