"""What the kernels run under that the tests and `normalise.py` start."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A deprecation counts where it is the notebook's own line that calls; the libraries below deal with theirs.
# (A blanket "error" would also end the kernel's own start on Python 3.13.)
WARNINGS = "error::RuntimeWarning,error::UserWarning,error::FutureWarning,error::DeprecationWarning:__main__"


def kernel_environment() -> dict[str, str]:
    """The environment variables that make a kernel strict: what a cell should not warn of is an error."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "PYTHONWARNINGS": WARNINGS,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "OPTIM_CORE_PROGRESS": "off",  # what a student has answered on this machine changes no output
        # one thread a kernel: the workers share the cores, and sums are added up in the same order everywhere
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    }
