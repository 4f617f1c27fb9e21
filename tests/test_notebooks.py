"""Every notebook is committed as it should be, runs in any order, and says in prose what its cells compute."""

import functools
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import normalise
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks
from optim_core.__main__ import SUITE

ROOT = Path(__file__).resolve().parents[1]
every_notebook = pytest.mark.parametrize("path", notebooks.NOTEBOOKS, ids=lambda p: p.stem)
LONGEST_CELL = 16  # lines
START = "00"  # the notebook that only introduces may be short


@functools.cache
def from_top_to_bottom(path: Path) -> notebooks.Run:
    return notebooks.run(path)


# --- what is committed ---------------------------------------------------------------------------------------------


@every_notebook
def test_notebook_is_committed_normalised(path):
    found = normalise.problems(path)
    assert not found, f"run: python3 tests/normalise.py notebooks/{path.name}\n" + "\n".join(found)


@every_notebook
def test_code_cells_are_short(path):
    for i, cell in enumerate(normalise.read(path).cells):
        if cell.cell_type == "code":
            lines = cell.source.count("\n") + 1
            assert lines <= LONGEST_CELL, f"{path.name}, cell {i} has {lines} lines:\n{cell.source}"


@every_notebook
def test_notebook_has_the_length_of_a_chapter(path):
    cells = normalise.read(path).cells
    fewest = 5 if path.name.startswith(START) else 20
    assert fewest <= len(cells) <= 35, f"{path.name} has {len(cells)} cells"


@every_notebook
def test_notebook_opens_with_its_title_and_imports_in_one_cell(path):
    cells = normalise.read(path).cells
    assert cells[0].cell_type == "markdown" and cells[0].source.startswith("# "), f"{path.name} has no title"
    first, *rest = notebooks.code_cells(normalise.read(path))
    assert "import" in cells[first].source
    for i in rest:
        late = [line for line in cells[i].source.splitlines() if line.startswith(("import ", "from "))]
        assert not late, f"{path.name}, cell {i} imports {late}: the first code cell is where imports belong"


@every_notebook
def test_no_cell_switches_a_check_off(path):
    for i, cell in enumerate(normalise.read(path).cells):
        tags = cell.metadata.get("tags", [])
        off = [t for t in tags if "nbval" in t.lower() or t == "raises-exception"]
        off += [line for line in cell.source.splitlines() if cell.cell_type == "code" and "NBVAL" in line]
        assert not off, f"{path.name}, cell {i}: {off} hides its output from the comparison"


@every_notebook
def test_no_cell_leans_on_pyplots_current_figure(path):
    for i in notebooks.code_cells(normalise.read(path)):
        source = normalise.read(path).cells[i].source
        for forbidden in ("pyplot", "plt.", "%matplotlib"):
            assert forbidden not in source, f"{path.name}, cell {i} uses {forbidden}:\n{source}"


# --- what it does --------------------------------------------------------------------------------------------------


@every_notebook
def test_notebook_runs_from_top_to_bottom(path):
    from_top_to_bottom(path)


@every_notebook
def test_pictures_that_cells_show_have_alternative_text(path):
    for value in from_top_to_bottom(path).shown:
        bare = hasattr(value, "savefig") or hasattr(value, "_repr_svg_")
        assert not bare, f"{path.name} shows {value!r} without words for it: put it under Live or into figures/"


@every_notebook
def test_numbers_in_prose_are_what_the_cells_compute(path):
    claims = from_top_to_bottom(path).claims
    quoted = notebooks.quoted(normalise.read(path))
    for cell, name, text in quoted:
        where = f"{path.name}, cell {cell}: <!--c:{name}-->{text}"
        assert name in claims, f"{where}: no cell says claim({name!r}, …); there are {sorted(claims)}"
        assert notebooks.agrees(claims[name], text), f"{where}: the cell computes {claims[name]!r}"
    unused = set(claims) - {name for _, name, _ in quoted}
    assert not unused, f"{path.name}: no prose quotes the claims {sorted(unused)}"


def shuffled_orders(path: Path) -> list[list[int]]:
    """Three orders to run the cells in: the first (imports), then the others backwards, and twice at random."""
    first, *rest = notebooks.code_cells(normalise.read(path))
    orders = [rest[::-1]]
    dice = random.Random(path.name)
    for _ in range(2):
        orders.append(dice.sample(rest, len(rest)))
    return [[first, *order] for order in orders]


@every_notebook
@pytest.mark.parametrize("which", [0, 1, 2], ids=["backwards", "shuffled", "shuffled again"])
def test_cells_give_the_same_in_any_order(path, which):
    in_order = from_top_to_bottom(path)
    order = shuffled_orders(path)[which]
    again = notebooks.run(path, order)
    for i in order:
        assert again.printed[i] == in_order.printed[i], (
            f"{path.name}, cell {i} shows something else when the cells run in the order {order}"
        )
    assert again.claims == in_order.claims


# --- the tests' own instruments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "digit"),
    [
        ("0.0066", 0.0066, 1e-4),
        (".56", 0.56, 1e-2),
        ("−1.50", -1.5, 1e-2),
        ("66 %", 0.66, 1e-2),
        ("2.5%", 0.025, 1e-3),
        ("3.1·10⁻⁴", 3.1e-4, 1e-5),
        ("3 × 10⁶", 3e6, 1e6),
        ("10⁻³", 1e-3, 1e-3),
        ("2e-42", 2e-42, 1e-42),
        ("12,345.6", 12345.6, 0.1),
        ("12 000", 12000.0, 1),
        ("12\N{THIN SPACE}000", 12000.0, 1),
        ("12\N{NARROW NO-BREAK SPACE}000", 12000.0, 1),
        ("**42**", 42.0, 1),
    ],
)
def test_numbers_are_read_as_prose_shows_them(text, number, digit):
    assert notebooks.parse_number(text) == pytest.approx((number, digit), rel=1e-12)


@pytest.mark.parametrize("text", ["", "about 3", "1.2.3", "1-2", "12,34", "%", "3 or 4"])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(ValueError, match="not a number"):
        notebooks.parse_number(text)


@pytest.mark.parametrize(
    ("value", "text", "right"),
    [
        (0.00664, "0.0066", True),
        (0.00666, "0.0066", False),
        (0.125, "0.13", True),
        (0.125, "0.12", True),
        (0.1151, "0.11", False),
        (0.6649, "66 %", True),
        (66.0, "66 %", False),
        (-3.149e-4, "−3.1·10⁻⁴", True),
        (3.149e-4, "−3.1·10⁻⁴", False),
        (1014.4, "1,014", True),
        (1014.6, "1,014", False),
        (float("nan"), "1", False),
        (float("inf"), "1", False),
    ],
)
def test_a_claim_is_compared_to_the_digits_shown(value, text, right):
    assert notebooks.agrees(value, text) is right


def test_a_claim_mark_that_is_not_closed_is_refused():
    notebook = new_notebook(cells=[new_markdown_cell("It is <!--c:a-->1<!--/c--> and <!--c:b-->2.")])
    with pytest.raises(AssertionError, match="without its"):
        notebooks.quoted(notebook)


def written(folder: Path, *sources: str, name: str = "small.ipynb") -> Path:
    """A notebook of these code cells, not run."""
    notebook = new_notebook(cells=[new_code_cell(s) for s in sources], metadata=normalise.METADATA)
    path = folder / name
    nbformat.write(notebook, path)
    return path


def test_a_cell_that_needs_a_later_one_fails_out_of_order_and_is_named(tmp_path):
    path = written(tmp_path, "import math", "a = math.pi", "b = 2 * a")
    assert notebooks.run(path).namespace["b"] > 6
    with pytest.raises(notebooks.CellFailed, match=r"cell 2 \(cells run in the order \[0, 2, 1\]\): NameError.*'a'"):
        notebooks.run(path, [0, 2, 1])


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np; np.log(np.zeros(1))",
        "import warnings; warnings.warn('old', DeprecationWarning)",
        "import sys; print('oh', file=sys.stderr)",
        "class Shy:\n    def _repr_html_(self): raise RuntimeError('no picture')\nShy()",
        "%time 1",
    ],
    ids=["overflow", "deprecation", "stderr", "broken repr", "magic"],
)
def test_a_run_in_process_is_strict(source, tmp_path):
    with pytest.raises(notebooks.CellFailed, match="small.ipynb, cell 1"):
        notebooks.run(written(tmp_path, "1", source))


def test_normalised_is_a_fixed_point_and_drops_what_changes(tmp_path):
    pixels = {
        "image/png": "iVBOR",
        "text/plain": "Live()",
        "application/vnd.jupyter.widget-view+json": {"model_id": "1f"},
    }
    cell = new_code_cell(
        "2 + 2",
        execution_count=7,
        metadata={"execution": {"iopub.execute_input": "2020"}, "tags": ["t"], "collapsed": True},
        outputs=[
            new_output("stream", name="stdout", text="a\n"),
            new_output("stream", name="stdout", text="b\n"),
            new_output("display_data", data={"image/png": "iVBOR"}),
            new_output("execute_result", data=pixels, metadata={"needs": "x"}, execution_count=7),
        ],
    )
    notebook = new_notebook(
        cells=[new_markdown_cell("# The first words of it"), cell], metadata={"widgets": {"state": {}}}
    )
    clean = normalise.clean(notebook)
    assert clean.metadata == normalise.METADATA
    assert [c.id for c in clean.cells] == ["the-first-words-of-it", "2-2"]
    assert clean.cells[1].metadata == {"tags": ["t"]} and clean.cells[1].execution_count == 1
    assert [o.output_type for o in clean.cells[1].outputs] == ["stream", "execute_result"]
    assert clean.cells[1].outputs[0].text == "a\nb\n"
    assert clean.cells[1].outputs[1].data == {"text/plain": "Live()"}
    path = tmp_path / "n.ipynb"
    path.write_text(normalise.dumps(clean), encoding="utf-8")
    assert normalise.problems(path) == []
    assert normalise.dumps(normalise.clean(normalise.read(path))) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda nb: nb.cells[1].update(execution_count=None), "cell 1, execution_count is None, not 1"),
        (lambda nb: nb.cells[1].metadata.update(execution={"started": "2020"}), "execution is not committed"),
        (lambda nb: nb.cells[1].outputs[0].data.update({"image/png": "iVBOR"}), "image/png is not committed"),
        (lambda nb: nb.cells[1].outputs[0].data.update({"image/svg+xml": "<svg/>"}), r"cell 1 shows image/svg\+xml"),
        (
            lambda nb: nb.cells[1].outputs.append(new_output("stream", name="stderr", text="W")),
            "cell 1 writes to stderr: W",
        ),
        (
            lambda nb: nb.cells[1].outputs[0].data.update({"text/plain": "<f at 0x7f12345678>"}),
            "prints a memory address",
        ),
        (
            lambda nb: nb.cells[1].outputs[0].data.update({"text/plain": "/home/ann/x.py"}),
            "prints a path of this machine",
        ),
        (lambda nb: nb.metadata.update(widgets={}), "widgets is not committed"),
        (lambda nb: nb.cells[0].update(id="1a2b3c4d"), "cell 0, id is '1a2b3c4d', not 'title'"),
        (lambda nb: nb.cells.append(new_code_cell("")), "cell 2 is empty"),
    ],
)
def test_what_is_not_normalised_is_refused_by_name(spoil, complaint, tmp_path):
    result = new_output("execute_result", data={"text/plain": "4"}, execution_count=1)
    cells = [new_markdown_cell("# Title"), new_code_cell("2 + 2", outputs=[result])]
    notebook = normalise.clean(new_notebook(cells=cells))
    path = tmp_path / "n.ipynb"
    path.write_text(normalise.dumps(notebook), encoding="utf-8")
    assert normalise.problems(path) == []
    spoil(notebook)
    path.write_text(normalise.dumps(notebook), encoding="utf-8")
    assert len(found := normalise.problems(path)) >= 1
    assert any(re.search(complaint, f) for f in found), found


NBVAL = [*(option for option in SUITE if "nbval" in option), "-p", "tests.conftest", "-p", "no:cacheprovider", "-q"]


def nbval(path: Path, *more: str) -> str:
    """What pytest says of a notebook under the options the suite runs the course's notebooks with."""
    command = [sys.executable, "-m", "pytest", *NBVAL, *more, "-c", str(ROOT / "pyproject.toml"), str(path)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}  # conftest has to set it
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600).stdout
    return re.sub(r"\x1b\[[\d;]*m", "", said)


@pytest.mark.parametrize("more", [(), ("-n", "1", "--dist", "loadfile")], ids=["alone", "xdist"])
def test_warnings_of_a_cell_fail_under_nbval(more, tmp_path):
    warns = "import warnings\nwarnings.warn('x', {}, stacklevel=1)"
    kinds = ["RuntimeWarning", "UserWarning", "FutureWarning", "DeprecationWarning"]
    path = written(
        tmp_path, "a = 1", *(warns.format(k) for k in kinds), "import numpy as np\nnp.float64(1) / 0", "a = a"
    )
    notebook = normalise.read(path)
    for cell in notebook.cells:
        cell.execution_count = 1
    nbformat.write(notebook, path)
    said = nbval(path, *more)
    assert "5 failed, 2 passed" in said, said
    for kind in kinds:
        assert f"{kind}: x" in said


def test_a_normalised_notebook_passes_strict_nbval_and_a_changed_output_does_not(tmp_path):
    source = "import ipywidgets\nfrom IPython.display import display, Image\n"
    source += "display(Image(data=b'\\x89PNG', format='png'))\nprint(1 / 3)\nipywidgets.VBox([ipywidgets.IntSlider()])"
    path = written(tmp_path, source, "2 + 2")
    assert normalise.problems(path) != []
    path.write_text(normalise.dumps(normalise.clean(normalise.run(path))), encoding="utf-8")
    assert normalise.problems(path) == []
    committed = path.read_text(encoding="utf-8")
    assert "iVBOR" not in committed and "model_id" not in committed
    assert "2 passed" in nbval(path)
    path.write_text(committed.replace("0.3333333333333333", "0.3333333333333334"), encoding="utf-8")
    assert "1 failed, 1 passed" in nbval(path)
