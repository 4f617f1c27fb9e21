"""The browser tests need a Chromium: without one they are skipped, or fail where OPTIM_CORE_BROWSER=required."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("uses")
from lab import NOTEBOOK, Lab, NoBrowser  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("browser")


def open_lab(**options):
    """Lab(…), or the test skipped with the reason (failed, where the browser is required)."""
    try:
        return Lab(**options)
    except NoBrowser as reason:
        if os.environ.get("OPTIM_CORE_BROWSER") == "required":
            pytest.fail(f"OPTIM_CORE_BROWSER=required, but: {reason}", pytrace=False)
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def lab():
    """One JupyterLab and one browser for all notebooks."""
    with open_lab() as running:
        yield running


@pytest.fixture(scope="module")
def notebook7():
    """The same in Notebook 7."""
    with open_lab(front_end=NOTEBOOK) as running:
        yield running
