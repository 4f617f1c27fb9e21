"""From a key press to the painted picture, for every slider of every live figure of the chapters, in Chromium.

    python3 tests/benchmarks/chapters.py [notebooks/05_momentum.ipynb …] [--presses 10]

The median of the presses, in ms, to the last picture that each led to (and for a figure that streams also to the
first). A slider that a chapter's student drags should answer within 150 ms.
"""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

from lab import Lab  # noqa: E402  (tests/ is no package)
from latency import WATCH, rest  # noqa: E402

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
GOAL = 150


def press(page, handle, key):
    """Milliseconds from a key press to the first and to the last picture painted."""
    handle.focus()
    page.wait_for_timeout(60)
    rest(page)
    page.evaluate("() => { seen.touched.length = seen.painted.length = 0; }")
    page.keyboard.press(key)
    try:
        page.wait_for_function("() => seen.painted.length > 0", polling=20, timeout=5000)
    except Exception:  # a picture that is the same is not sent anew
        return None
    rest(page)
    return page.evaluate("() => [seen.painted[0] - seen.touched[0], seen.painted.at(-1) - seen.touched[0]]")


def main():
    parser = argparse.ArgumentParser(description="How fast every slider of the chapters answers, in a real browser.")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(NOTEBOOKS.glob("[0-9]*.ipynb")))
    parser.add_argument("--presses", type=int, default=10)
    options, slow = parser.parse_args(), 0
    print(f"{'':52}{'first':>8}{'last':>8} ms")
    with Lab(NOTEBOOKS) as lab:
        for path in options.notebooks:
            notebook = lab.open(path.name)
            notebook.run_all()
            notebook.page.evaluate(WATCH)
            for figure in notebook.figures():
                for label in figure.sliders():
                    handle = figure._handle(label)
                    handle.scroll_into_view_if_needed()
                    keys = ["ArrowLeft" if figure.at_end(label) else "ArrowRight"]
                    keys.append({"ArrowLeft": "ArrowRight", "ArrowRight": "ArrowLeft"}[keys[0]])
                    taken = [press(notebook.page, handle, keys[i % 2]) for i in range(options.presses + 2)][2:]
                    taken = [one for one in taken if one]
                    if taken:
                        first, last = (statistics.median(times) for times in zip(*taken, strict=True))
                        slow += first > GOAL
                        print(f"{path.stem:22} {figure.number} {label:27}{first:8.0f}{last:8.0f}", flush=True)
            notebook.close()
    print(f"{slow} sliders take more than {GOAL} ms to their first picture")
    sys.exit(slow > 0)


if __name__ == "__main__":
    main()
