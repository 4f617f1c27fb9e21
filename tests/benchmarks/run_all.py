"""How long *Run All* takes for each chapter, as a student starts it: in a kernel of its own, with the usual threads.

    python3 tests/benchmarks/run_all.py [notebooks/05_momentum.ipynb …] [--slowest 3]

From the start of the kernel until the last cell is done, in seconds, and with it the slowest cells. Nothing of the
suite's environment is set: neither one thread for BLAS nor warnings as errors. Ends with 1 if a chapter takes longer
than GOAL.
"""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import normalise  # noqa: E402  (tests/ is no package)
from nbclient import NotebookClient  # noqa: E402

GOAL = 60  # seconds, on an idle machine with two cores


def run_all(path):
    """(seconds from the kernel's start to the end, [(seconds, cell)] slowest first)."""
    taken, begun = {}, {}

    def begins(cell, cell_index):
        begun[cell_index] = time.perf_counter()

    def ends(cell, cell_index, execute_reply):
        taken[cell_index] = time.perf_counter() - begun[cell_index]

    client = NotebookClient(
        normalise.read(path),
        kernel_name="python3",
        timeout=None,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        extra_arguments=["--Application.log_level=40"],
        store_widget_state=False,
        on_cell_execute=begins,
        on_cell_executed=ends,
    )
    start = time.perf_counter()
    client.execute()
    return time.perf_counter() - start, sorted(((s, i) for i, s in taken.items()), reverse=True)


def main():
    parser = argparse.ArgumentParser(description="How long Run All takes for each chapter, as a student starts it.")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(normalise.NOTEBOOKS.glob("*.ipynb")))
    parser.add_argument("--slowest", type=int, default=3, help="so many of the slowest cells are named")
    options, slow = parser.parse_args(), 0
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.pop(name, None)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    print(f"{'':24}{'s':>6}   slowest cells")
    for path in options.notebooks:
        seconds, cells = run_all(path)
        slow += seconds > GOAL
        named = "  ".join(f"[{i}] {s:.1f}" for s, i in cells[: options.slowest])
        print(f"{path.stem:24}{seconds:6.1f}   {named}", flush=True)
    print(f"{slow} chapters take more than {GOAL} s")
    sys.exit(slow > 0)


if __name__ == "__main__":
    main()
