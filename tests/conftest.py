"""What every test of the suite, and every kernel that it starts, runs under."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = str(ROOT / "tests")
if TESTS not in sys.path:  # notebooks.py and normalise.py, whatever pytest's import mode is
    sys.path.insert(0, TESTS)

# A deprecation counts where it is the notebook's own line that calls; the libraries below deal with theirs.
# (A blanket "error" would also end the kernel's own start on Python 3.13.)
WARNINGS = "error::RuntimeWarning,error::UserWarning,error::FutureWarning,error::DeprecationWarning:__main__"


def kernel_environment() -> dict[str, str]:
    """The environment variables that make a kernel strict: what a cell should not warn of is an error."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "PYTHONWARNINGS": WARNINGS,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        # one thread a kernel: the workers share the cores, and sums are added up in the same order everywhere
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    }


def pytest_configure(config: pytest.Config) -> None:
    # Set here, after Python has read its own PYTHONWARNINGS, so that only kernels inherit it. The process that hands
    # tests out to xdist's workers leaves it to them: its children are those workers.
    hands_out = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
    if not hands_out:
        os.environ.update(kernel_environment())
    # Kernels draw with the inline backend, as a user's do.
    os.environ.pop("MPLBACKEND", None)
