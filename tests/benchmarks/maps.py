"""How fast are maps of many runs here, beside torch? Run it by its name: python tests/benchmarks/maps.py

1. A map of 100×100 runs over (learning rate, momentum): the heavy ball, 200 steps from one start.
2. A field of 200×200 starting points: Adam, 200 steps.

Each on the product surface and on Rosenbrock's, in float64. In torch all runs are one tensor and the gradient is
autograd's; Adam is torch.optim.Adam, and since torch.optim.SGD takes one learning rate only, the heavy ball's update is
written out, in place, with tensors of learning rates and momenta. Both sides in interleaved rounds in one process: the
median of each, and of the ratios round by round. Then each side alone in a fresh process: its first call, and what
memory it took at its peak. Without torch only our times are printed. CPU=1 measures processor time instead.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from optim_core import surfaces  # noqa: E402
from optim_core.descent import descend  # noqa: E402
from optim_core.optimizers import adam, momentum  # noqa: E402

SURFACES = {"product": surfaces.product(), "rosenbrock": surfaces.rosenbrock()}
RATES = {"product": np.linspace(0.005, 0.5, 100), "rosenbrock": np.linspace(2e-5, 2e-3, 100)}
MOMENTA = np.linspace(0, 0.99, 100)
CLOCK = time.process_time if os.environ.get("CPU") else time.perf_counter  # CPU=1: on a machine that others use, too


def field(name):
    """200×200 starting points all over the surface's window."""
    left, right, bottom, top = SURFACES[name].window
    return np.stack(np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200)), axis=-1)


def ours_map(name):
    surface, lr, mu = SURFACES[name], RATES[name][:, None, None], MOMENTA[:, None]
    return descend(momentum, surface.start, surface.grad, 200, lr=lr, mu=mu, keep="last")["w"]


def ours_field(name):
    return descend(adam, field(name), SURFACES[name].grad, 200, lr=0.1, keep="last")["w"]


def torch_loss(name, w):
    a, b = w[..., 0], w[..., 1]
    return ((1 - a * b) ** 2 if name == "product" else (1 - a) ** 2 + 100 * (b - a**2) ** 2).sum()


def torch_map(name):
    import torch

    lr, mu = torch.tensor(RATES[name])[:, None, None], torch.tensor(MOMENTA)[:, None]
    w = torch.tensor(np.tile(SURFACES[name].start, (100, 100, 1)), requires_grad=True)
    v = torch.zeros_like(w)
    for _ in range(200):
        w.grad = None
        torch_loss(name, w).backward()
        with torch.no_grad():
            v.mul_(mu).sub_(lr * w.grad)
            w.add_(v)
    return w.detach().numpy()


def torch_field(name):
    import torch

    w = torch.tensor(field(name), requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        torch_loss(name, w).backward()
        optimizer.step()
    return w.detach().numpy()


def seconds(function, name):
    start = CLOCK()
    function(name)
    return CLOCK() - start


def highest():
    """The most memory that this process ever held, in megabytes; NaN where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def fresh(side, name):
    """(milliseconds, megabytes) of the first call in a process of its own, imports not counted."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import maps; maps.once({side!r}, {name!r})"
    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def once(side, name):
    if side.startswith("torch"):
        import torch

        torch.ones(2, requires_grad=True).sum().backward()  # starts torch's own machinery
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here, where the system lets us
    before, took = highest(), seconds(globals()[side], name)
    print(json.dumps([1000 * took, highest() - before]))


def compare(kind, name, rounds, goal):
    sides = [f"ours_{kind}"] + [f"torch_{kind}"] * (find_spec("torch") is not None)
    ends = [globals()[side](name) for side in sides]  # once to warm up, and to see that both compute the same
    times = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            times[side].append(1000 * seconds(globals()[side], name))
    first = {side: fresh(side, name) for side in sides}
    median = {side: statistics.median(times[side]) for side in sides}
    row = f"{kind + ' ' + name:17}" + "".join(
        f" | {median[side]:6.1f} ms {first[side][0]:7.1f} ms {first[side][1]:5.0f} MB" for side in sides
    )
    if len(sides) == 2:
        ours, theirs = times.values()
        ratio = statistics.median(o / t for o, t in zip(ours, theirs, strict=True))
        with np.errstate(all="ignore"):
            stayed = [(np.abs(end) <= 1e6).all(-1) for end in ends]
        row += f" | {ratio:.2f} of torch; first call {first[sides[0]][0] / median[sides[1]]:.2f} of its median"
        row += f" (goal {goal}); {(stayed[0] == stayed[1]).mean():.1%} of the runs end alike"
    print(row)


if __name__ == "__main__":
    if find_spec("torch"):
        import torch

        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; numpy {np.__version__}")
        print(f"{'':17} |      ours: median, first, peak |     torch: median, first, peak |")
    else:
        print(f"numpy {np.__version__}; torch is not installed, so only our own times")
        print(f"{'':17} |      ours: median, first, peak")
    for kind, goal in (("map", 0.25), ("field", 0.5)):
        for name in SURFACES:
            compare(kind, name, 9, goal)
