"""Make muon.npz: trainings of a small network by torch 2.13.0's Muon, with Adam for its biases, in float64.

    python tests/golden/muon.py          # needs torch; the tests do not

torch.optim.Muon rounds its matrices to bfloat16; here that is left out, so that what is compared is the algorithm.
Nothing of optim_core is used: a network is written out again, its weights in one flat vector as W₁, b₁, W₂, b₂, …, each
W (inputs, outputs).
"""

import json
from pathlib import Path

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.Tensor.bfloat16 = torch.Tensor.clone

STEPS = 50
CASES = [
    dict(sizes=[3, 5, 2], muon=dict(lr=0.02, momentum=0.95, weight_decay=0.1), adam=dict(lr=0.003)),
    dict(sizes=[4, 4, 6, 2], muon=dict(lr=0.01, momentum=0.9, weight_decay=0.0), adam=dict(lr=0.01)),
    dict(sizes=[3, 8, 1], muon=dict(), adam=dict()),
    dict(sizes=[6, 3, 3], muon=dict(lr=0.03, momentum=0.5, weight_decay=1.0), adam=dict(lr=0.03, beta2=0.9, eps=1e-3)),
]


def flat(layers):
    return np.concatenate([part.detach().numpy() for W, b in layers for part in (W.T.flatten(), b)])


def train(case, seed, noise=0.0):
    """X, y, and the flat weights before the first step and after each."""
    rng = np.random.default_rng(seed)
    sizes = case["sizes"]
    X, y = (torch.tensor(rng.standard_normal((12, n))) for n in (sizes[0], sizes[-1]))
    layers = [
        [torch.tensor(rng.standard_normal(shape) / np.sqrt(n), requires_grad=True) for shape in ((m, n), (m,))]
        for n, m in zip(sizes, sizes[1:], strict=False)
    ]
    adam = dict(case["adam"])
    betas = (case["muon"].get("momentum", 0.95), adam.pop("beta2", 0.999))
    optimizers = [
        torch.optim.Muon([W for W, _ in layers], **case["muon"]),
        torch.optim.Adam([b for _, b in layers], betas=betas, **adam),
    ]
    path = [flat(layers)]
    for _ in range(STEPS):
        x = X
        for k, (W, b) in enumerate(layers):
            x = x @ W.T + b
            x = torch.tanh(x) if k + 1 < len(layers) else x
        loss = ((x - y) ** 2).mean()
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        with torch.no_grad():
            for W, b in layers:
                W += noise * torch.randn_like(W)
                b += noise * torch.randn_like(b)
        path.append(flat(layers))
    return X.numpy(), y.numpy(), np.array(path)


def chaotic(case, seed):
    """Whether noise of 1e-12 after every step moves any weight by more than 1e-9."""
    return np.abs(train(case, seed, noise=1e-12)[2] - train(case, seed)[2]).max() > 1e-9


if __name__ == "__main__":
    arrays = {}
    for k, case in enumerate(CASES):
        X, y, path = next(train(case, seed) for seed in range(k, 1000, 10) if not chaotic(case, seed))
        arrays |= {f"{k}/X": X, f"{k}/y": y, f"{k}/path": path}
    rng = np.random.default_rng(9)
    for name, shape in dict(square=(5, 5), wide=(3, 7), tall=(7, 3)).items():
        G = rng.standard_normal(shape)
        arrays[f"{name}/G"] = G
        arrays[f"{name}/X"] = torch.optim._muon._zeropower_via_newtonschulz(
            torch.tensor(G), (3.4445, -4.7750, 2.0315), 5, 1e-7
        ).numpy()
    target = Path(__file__).with_suffix(".npz")
    spec = json.dumps(dict(cases=CASES, made_with=dict(torch=torch.__version__.split("+")[0])))
    np.savez_compressed(target, spec=spec, **arrays)
    print(f"{len(CASES)} trainings: {target.stat().st_size / 1e3:.0f} kB")
