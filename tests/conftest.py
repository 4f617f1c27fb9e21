"""What every test of the suite, and every kernel that it starts, runs under."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = str(ROOT / "tests")
if TESTS not in sys.path:  # notebooks.py and normalise.py, whatever pytest's import mode is
    sys.path.insert(0, TESTS)

from kernels import kernel_environment  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    # Set here, after Python has read its own PYTHONWARNINGS, so that only kernels inherit it. The process that hands
    # tests out to xdist's workers leaves it to them: its children are those workers.
    hands_out = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
    if not hands_out:
        os.environ.update(kernel_environment())
    # Kernels draw with the inline backend, as a user's do.
    os.environ.pop("MPLBACKEND", None)
