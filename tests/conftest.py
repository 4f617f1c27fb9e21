"""What every test of the suite, and every kernel that it starts, runs under; and which of two workers does what."""

import collections
import itertools
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
TESTS = str(ROOT / "tests")
if TESTS not in sys.path:  # notebooks.py and normalise.py, whatever pytest's import mode is
    sys.path.insert(0, TESTS)

from kernels import kernel_environment  # noqa: E402

PATIENCE = 300  # seconds: where a test has to stop waiting. On a busy machine it passes later, and does not fail
NOTEBOOKS = ROOT / "notebooks"

# Hypothesis looks at the clock, too: not here.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole", action="store_true", help="go over the whole of the sliders: takes an hour, see test_whole.py"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Set here, after Python has read its own PYTHONWARNINGS, so that only kernels inherit it. The process that hands
    # tests out to xdist's workers leaves it to them: its children are those workers.
    hands_out = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
    if not hands_out:
        os.environ.update(kernel_environment())
    # Kernels draw with the inline backend, as a user's do.
    os.environ.pop("MPLBACKEND", None)
    config.option.nbval_kernel_startup_timeout = PATIENCE


# --- one run of a notebook for all that is asked of it ---------------------------------------------------------------


@pytest.fixture(scope="session", params=sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def ran(request):
    """A notebook after its run in this process: backwards, since nbval runs it forwards."""
    import notebooks

    return notebooks.run(request.param, notebooks.backwards(request.param))


def after_nbval(file):
    """A last cell for a notebook that nbval runs: is what its other cells computed what its prose says?"""
    from nbformat.v4 import new_code_cell
    from nbval.plugin import IPyNbCell

    source = f"import sys\nsys.path.append({TESTS!r})\nimport notebooks\nnotebooks.compare_prose({str(file.path)!r})"
    cell = new_code_cell(source, execution_count=1)
    options = {"check": True, "check_exception": False, "skip": False}
    how = dict(name="the numbers in prose", cell_num=len(file.nb.cells), cell=cell, options=options)
    return IPyNbCell.from_parent(file, **how)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The cells of each chapter get a last one, and what takes longest comes first: no worker is left with it alone."""
    last = {item.parent: i for i, item in enumerate(items) if item.path.suffix == ".ipynb" and hasattr(item, "cell")}
    for file, i in reversed(last.items()):
        if file.path.parent == NOTEBOOKS and not config.option.keyword:  # a choice was made already
            items.insert(i + 1, after_nbval(file))
    for item in items:
        item.output_timeout = PATIENCE  # nbval's, for what a cell has sent to arrive
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: turn(item.nodeid))


# --- who does what ---------------------------------------------------------------------------------------------------


ONE_CHAPTER = re.compile(r"\[(\d\d_\w+)\]$")


def turn(nodeid: str) -> int:
    """What begins first: the browser, which is one share, then the chapters, then the many that are quick.

    >>> [turn(f"tests/{name}") for name in ("browser/test_a.py::test_b[05_c]", "test_sweep.py::test_b[05_c]", "b")]
    [0, 1, 2]
    """
    slow = "tests/browser/" in nodeid, ".ipynb::" in nodeid or ONE_CHAPTER.search(nodeid)
    return next((i for i, yes in enumerate(slow) if yes), len(slow))


def share(nodeid: str) -> str:
    """What is done by one worker, in one go: the tests of a file, or what several files ask of one run of a chapter.

    >>> share("tests/test_sweep.py::test_clicks[05_momentum]"), share("notebooks/05_momentum.ipynb::Cell 3")
    ('05_momentum', 'notebooks/05_momentum.ipynb')
    """
    chapter = ONE_CHAPTER.search(nodeid)
    return chapter[1] if chapter and "browser" not in nodeid else nodeid.split("::")[0]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Where the workers' time went."""
    if getattr(config.option, "dist", "no") == "no":  # xdist is switched off, or not there at all
        return
    seconds = collections.Counter()
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if hasattr(report, "duration"):
            seconds[share(report.nodeid)] += report.duration
    terminalreporter.section(f"{sum(seconds.values()):.0f} seconds of the workers' time")
    for name, taken in seconds.most_common(40):
        terminalreporter.write_line(f"{taken:7.1f} s {name}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """In place of xdist's loadfile, for which what is asked of one run in two files is two things."""
    if config.option.dist != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class InShares(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return share(nodeid)

    config.option.loadscopereorder = False  # the order of the collection is the one wanted: see above
    return InShares(config, log)
