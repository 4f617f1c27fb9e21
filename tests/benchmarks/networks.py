"""How fast are small networks here, beside torch?

    python tests/benchmarks/networks.py          # without torch it prints our times alone

1. Fifty networks 64-32-10 with fifty learning rates on the digits, 200 steps, batch 64: in one call here, one after
   another in torch.
2. The exact Hessian of a network 64-10-10 (760 weights) on all 1797 digits: here, and by torch.func.hessian.

Both in float64, in interleaved rounds; medians. Memory is what a process of its own grows by, at the most. torch gets
one thread for the first, because it is slower with more, and all it likes for the second.
"""

import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from optim_core.data import digits  # noqa: E402
from optim_core.network import Linear, Network, Tanh  # noqa: E402
from optim_core.optimizers import gd  # noqa: E402
from optim_core.training import batch_at, train  # noqa: E402

DATA = digits(train=1797)
RATES = np.geomspace(0.01, 1.0, 50)
STEPS, BATCH = 200, 64


def ours_fifty():
    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)])
    result = train(net, DATA, gd, w=net.init(0), lr=RATES[:, None], steps=STEPS, batch=BATCH, progress=False)
    return result["w"]


def torch_fifty():
    import torch

    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)])
    X, y, start = torch.tensor(DATA.X), torch.tensor(DATA.y), net.init(0)
    parts = start[:2048].reshape(64, 32).T, start[2048:2080], start[2080:2400].reshape(32, 10).T, start[2400:]
    batches = [torch.tensor(batch_at(t, len(X), BATCH, 0)) for t in range(1, STEPS + 1)]
    ends, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    for lr in RATES:
        model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10)).double()
        with torch.no_grad():
            for parameter, part in zip(model.parameters(), parts, strict=True):
                parameter.copy_(torch.tensor(part.copy()))
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        for i in batches:
            loss = torch.nn.functional.cross_entropy(model(X[i]), y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        ends.append(np.concatenate([p.detach().numpy().T.ravel() for p in model.parameters()]))
    torch.set_num_threads(threads)
    return np.array(ends)


def ours_hessian():
    net = Network([Linear(64, 10), Tanh(), Linear(10, 10)])
    return net.hessian(net.init(0), DATA.X, DATA.y)


def torch_hessian():
    import torch

    w = torch.tensor(Network([Linear(64, 10), Tanh(), Linear(10, 10)]).init(0))
    X, y = torch.tensor(DATA.X), torch.tensor(DATA.y)

    def loss(w):
        hidden = torch.tanh(X @ w[:640].reshape(64, 10) + w[640:650])
        return torch.nn.functional.cross_entropy(hidden @ w[650:750].reshape(10, 10) + w[750:], y)

    return torch.func.hessian(loss)(w).numpy()


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peak(name):
    """Megabytes by which a fresh process grows while it computes `name` (in peak, imports not counted)."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import networks; networks.grow({name!r})"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def grow(name):
    if name.startswith("torch"):
        import torch

        torch.func.grad(lambda w: (w * w).sum())(torch.ones(2))
    before = highest()
    globals()[name]()
    print(highest() - before)


def highest():
    """The most memory that this process ever held, in megabytes; NaN where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def compare(title, name, rounds, goal):
    sides = [f"ours_{name}"] + [f"torch_{name}"] * (find_spec("torch") is not None)
    results = {side: globals()[side]() for side in sides}  # once to warm up, and to see that both compute the same
    times = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            times[side].append(seconds(globals()[side]))
    print(title)
    for side in sides:
        print(f"  {side:15} {statistics.median(times[side]):8.3f} s   peak memory +{peak(side):.0f} MB")
    if len(sides) == 2:
        a, b = (results[side] for side in sides)
        ratio = statistics.median(t / o for o, t in zip(*times.values(), strict=True))
        print(f"  {ratio:.1f} times faster than torch (the goal: {goal}); largest difference {np.abs(a - b).max():.1e}")


if __name__ == "__main__":
    if find_spec("torch"):
        import torch

        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; numpy {np.__version__}")
    else:
        print(f"numpy {np.__version__}; torch is not installed, so only our own times")
    compare("Fifty networks with fifty learning rates", "fifty", rounds=3, goal=5)
    compare("The exact Hessian of a 64-10-10 network on 1797 digits", "hessian", rounds=5, goal=4)
