"""The static site in Chromium, as a visitor who has nothing installed: from the landing page to a checked exercise."""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.importorskip("jupyterlite_core", reason="the site is built with what pyproject.toml's extra `site` names")
from lab import ARTEFACTS, NoBrowser, find_chromium  # noqa: E402
from sites import Visit, older_or_real, outside  # noqa: E402

from optim_core.site.build import build  # noqa: E402
from optim_core.site.kernel import LATER, Unreachable  # noqa: E402

CHAPTER = "02_critical_points"


@pytest.fixture(scope="module", autouse=True)
def chromium():
    try:
        return find_chromium()
    except NoBrowser as reason:
        if os.environ.get("OPTIM_CORE_BROWSER") == "required":
            pytest.fail(f"OPTIM_CORE_BROWSER=required, but: {reason}", pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site with one chapter."""
    out = tmp_path_factory.mktemp("built") / "site"
    try:
        build(out, only=[CHAPTER[:2]])
    except Unreachable as reason:
        pytest.skip(f"no site without a network: {reason}")
    return out


@pytest.fixture(scope="module")
def runnable(site, tmp_path_factory):
    """A site whose compiled packages can be had here, with them."""
    try:
        return older_or_real(site, tmp_path_factory.mktemp("pyodide"))
    except Unreachable as reason:
        pytest.skip(f"Pyodide's compiled packages cannot be had: {reason}")


def without_the_later_ones(addresses):
    return {one for one in addresses if not one.rsplit("/", 1)[1].startswith((*LATER, "openblas"))}


def test_a_visitor_fetches_the_compiled_packages_from_elsewhere_and_nothing_more(site):
    """With those kept away, Python itself comes from the site; that it asks for them is all it can do."""
    with Visit(site) as visit:
        visit.page.goto(visit.url)
        visit.page.click("a.run")
        visit.page.wait_for_url("**/chapters/*.html#run")
        wanted = without_the_later_ones(outside(site))
        assert len(wanted) == 5 and len(outside(site)) == 5 + len(LATER)
        while visit.asked < wanted:
            assert not visit.page.evaluate("() => document.documentElement.dataset.done"), visit.problems
            visit.page.wait_for_timeout(100)
        assert visit.asked == wanted


def test_what_a_page_imports_is_compiled_already_and_a_chapter_can_still_show_its_source(site):
    if not shutil.which("node"):
        pytest.skip("without Node.js the packages are compiled in the visitor's browser")
    wheels = {path.name.split("-")[0]: zipfile.ZipFile(path) for path in (site / "static" / "pyodide").glob("*.whl")}
    sympy, ours = set(wheels["sympy"].namelist()), set(wheels["optim_core"].namelist())
    assert "sympy/core/add.pyc" in sympy and "sympy/core/add.py" not in sympy
    assert not [name for name in sympy if "/tests/" in name]
    sources = {name for name in ours if name.endswith(".py")}
    compiled = {
        re.sub(r"__pycache__/(\w+)\.cpython-\d+\.pyc", r"\1.py", name) for name in ours if name.endswith(".pyc")
    }
    assert sources == compiled and "optim_core/optimizers.py" in sources


def test_a_chapter_runs_in_the_page_its_slider_answers_and_a_checked_exercise_is_remembered(runnable):
    site, files, version = runnable
    with Visit(site, files) as visit:
        try:
            live = visit.run(CHAPTER)
            assert len(visit.page.workers) == 1, "the Python that was started first is the notebook's"
            presses = sorted(visit.press() for _ in range(5))
            print(
                f"\nPyodide {version}: a slider moves after {live:.1f} s; a key press takes {presses[2]:.0f} ms",
                end=" ",
            )
            notebook = json.loads((site / "files" / f"{CHAPTER}.ipynb").read_text(encoding="utf-8"))
            sources = ["".join(cell["source"]) for cell in notebook["cells"]]
            (index,) = [i for i, source in enumerate(sources) if "exercises.escape_direction.check" in source]
            for answer, reply in {
                "____": "Not attempted",
                "vectors[0]": "Incorrect",
                "vectors[:, 0]": "Correct",
            }.items():
                outputs = visit.run_cell(index, sources[index].replace("return ____", f"return {answer}"))
                text = "".join("".join(one["data"]["text/plain"]) for one in outputs)
                assert text.startswith(reply), f"{answer}: {text}"
            assert not visit.faults()
            visit.run(CHAPTER)  # the page anew, with a kernel that knows nothing
            (kept,) = visit.run_cell(index, "from optim_core.exercises import progress\nprogress.read()")
            assert re.search("'escape_direction': {[^}]*'on': '20", kept["data"]["text/plain"]), kept
        except BaseException:
            ARTEFACTS.mkdir(exist_ok=True)
            visit.page.screenshot(path=ARTEFACTS / "site-failed.png")
            raise
        assert not visit.faults()
        assert visit.asked == without_the_later_ones(outside(site))
