"""Make networks.npz: losses, layers, networks and one training, by torch 2.13.0 in float64.

    python tests/golden/networks.py          # needs torch; the tests do not

Nothing of optim_core is used here. Weights are kept as optim_core lays them out: matrices as (inputs, outputs), the
transpose of torch's, and each network's in one flat vector.
"""

import functools
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)
ARRAYS, SPEC = {}, {"losses": [], "layers": [], "batch_norm": [], "initial": [], "networks": [], "trainings": []}


def keep(kind, name, options=None, **arrays):
    """One case: its arrays under kind/number/…, the rest in the specification."""
    k = len(SPEC[kind])
    SPEC[kind].append({"name": name, "options": options or {}, "arrays": sorted(arrays)})
    for key, value in arrays.items():
        ARRAYS[f"{kind}/{k}/{key}"] = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def leaf(value):
    return torch.as_tensor(value).clone().requires_grad_(True)


# ---- losses ----------------------------------------------------------------------------------------------------------


def a_loss(name, z, y, options=None, **torchs):
    z = leaf(z)
    function = dict(
        cross_entropy=F.cross_entropy, binary_cross_entropy=F.binary_cross_entropy_with_logits, mse=F.mse_loss
    )
    L = function[name](z, y, **torchs)
    (dz,) = torch.autograd.grad(L, z)
    keep("losses", name, options, z=z, y=y, L=L, dz=dz)


for batch, classes, size in ((7, 10, 1.0), (1, 3, 5.0), (16, 2, 30.0), (5, 4, 1e4)):
    z = size * torch.randn(batch, classes)
    labels, soft = torch.randint(classes, (batch,)), torch.softmax(torch.randn(batch, classes), 1)
    for smoothing in (0.0, 0.1, 1.0):
        a_loss("cross_entropy", z, labels, {"smoothing": smoothing}, label_smoothing=smoothing)
        a_loss("cross_entropy", z, soft, {"smoothing": smoothing}, label_smoothing=smoothing)
    a_loss("cross_entropy", z, F.one_hot(labels, classes).double())
    a_loss("binary_cross_entropy", z, torch.rand(batch, classes))
    a_loss("binary_cross_entropy", z, torch.randint(2, (batch, classes)).double())
    a_loss("mse", z, torch.randn(batch, classes))
a_loss("cross_entropy", torch.tensor([[1e300, -1e300, 0.0], [-1e300, 1e300, 1e300]]), torch.tensor([0, 2]))
a_loss("binary_cross_entropy", torch.tensor([[1e300], [-1e300], [-1e4]]), torch.tensor([[1.0], [0.0], [1.0]]))


# ---- layers ----------------------------------------------------------------------------------------------------------


def a_layer(name, function, x, options=None, **parameters):
    """Output for input x, and the gradients that a random gradient of the output becomes."""
    x, parameters = leaf(x), {key: leaf(value) for key, value in parameters.items()}
    y = function(x, **parameters)
    dy = torch.randn_like(y)
    grads = torch.autograd.grad(y, [x, *parameters.values()], dy)
    grads = {f"d_{key}": g for key, g in zip(["x", *parameters], grads, strict=True)}
    keep("layers", name, options, x=x, y=y, dy=dy, **parameters, **grads)


def weight_norm(x, V, g, b):
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(*V.shape))
    weights = {"parametrizations.weight.original0": g[:, None], "parametrizations.weight.original1": V.T, "bias": b}
    return torch.func.functional_call(layer, weights, (x,))


def instance_norm(x, gamma, beta, eps=1e-5):
    return F.instance_norm(x.reshape(len(x), len(gamma), -1), weight=gamma, bias=beta, eps=eps).reshape(x.shape)


r = torch.randn
for batch, n, m in ((6, 5, 4), (1, 3, 2), (9, 12, 7)):
    x = 2 * r(batch, n)
    a_layer("linear", lambda x, W, b: F.linear(x, W.T, b), x, W=r(n, m), b=r(m))
    a_layer("weight_norm", weight_norm, x, V=r(n, m), g=r(m), b=r(m))
    for name in ("relu", "tanh", "sigmoid"):
        a_layer(name, getattr(torch, name), x)
    a_layer("softmax", lambda x: torch.softmax(x, -1), x)
    for eps in (1e-5, 0.1):
        layer_norm = functools.partial(F.layer_norm, eps=eps)
        a_layer("layer_norm", lambda x, gamma, beta, f=layer_norm: f(x, beta.shape, gamma, beta), x, {"eps": eps},
                gamma=r(n), beta=r(n))  # fmt: skip
a_layer("instance_norm", instance_norm, r(4, 12), gamma=r(3), beta=r(3))
a_layer("instance_norm", instance_norm, r(2, 10), gamma=r(1), beta=r(1))
a_layer(
    "instance_norm",
    lambda x, gamma, beta: instance_norm(x, gamma, beta, 0.1),
    r(3, 8),
    {"eps": 0.1},
    gamma=r(2),
    beta=r(2),
)


def rnn(x, U, W, b):
    layer = nn.RNN(*U.shape, batch_first=True)
    weights = {"weight_ih_l0": U.T, "weight_hh_l0": W.T, "bias_ih_l0": b, "bias_hh_l0": 0 * b}
    return torch.func.functional_call(layer, weights, (x.reshape(len(x), -1, len(U)),))[1][0]


with torch.random.fork_rng():  # what comes below stays as it was
    torch.manual_seed(1)
    for batch, steps, n, m in ((4, 3, 2, 5), (1, 12, 1, 3), (3, 1, 4, 2)):
        a_layer("rnn", rnn, r(batch, steps * n), U=r(n, m), W=r(m, m), b=r(m))

for n, momentum, eps in ((5, 0.1, 1e-5), (3, 0.3, 1e-3), (1, 1.0, 1e-5)):
    layer = nn.BatchNorm1d(n, eps, momentum)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    for k, (train, batch) in enumerate(((True, 8), (True, 5), (True, 2), (True, 8), (False, 1), (False, 6))):
        layer.train(train)
        x = leaf(3 * r(batch, n) + 1)
        y = layer(x)
        dy = torch.randn_like(y)
        dx, dgamma, dbeta = torch.autograd.grad(y, [x, layer.weight, layer.bias], dy)
        options = {"momentum": momentum, "eps": eps, "train": train, "first": k == 0}
        grads = dict(d_x=dx, d_gamma=dgamma, d_beta=dbeta)
        running = dict(mean=layer.running_mean.clone(), var=layer.running_var.clone())
        parameters = dict(gamma=layer.weight, beta=layer.bias)
        keep("batch_norm", "batch_norm", options, x=x, y=y, dy=dy, **parameters, **grads, **running)


# ---- initial weights: of many draws, the mean, the standard deviation and the largest --------------------------------

DRAWS = {
    "normal": nn.init.normal_,
    "uniform": lambda w: nn.init.uniform_(w, -1, 1),
    "xavier": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "torch": lambda w: w,
}
for inputs, outputs in ((64, 32), (20, 50)):
    for scheme, draw in DRAWS.items():
        layers = [nn.Linear(inputs, outputs) for _ in range(200)]
        with torch.no_grad():
            W = torch.stack([draw(layer.weight) for layer in layers])
            b = torch.stack([layer.bias for layer in layers])
        bias = [b.std(), b.abs().max()] if scheme == "torch" else [0.0, 0.0]
        keep("initial", scheme, {"size": [inputs, outputs]}, weights=[W.std(), W.abs().max()], biases=bias)


# ---- networks: loss, gradient, Hessian times a vector, and eigenvalues, of a flat vector -----------------------------


class Flat:
    """Cuts a flat vector into the parameters of one layer after another."""

    def __init__(self, w):
        self.w, self.at = w, 0

    def take(self, *shape):
        size = int(np.prod(shape))
        self.at += size
        return self.w[self.at - size : self.at].reshape(shape)


def outputs(w, x, layers):
    """A network in plain torch; layers: a list of [name, sizes…]."""
    flat = w if isinstance(w, Flat) else Flat(w)
    for name, *sizes in layers:
        match name:
            case "Linear":
                x = x @ flat.take(*sizes) + flat.take(sizes[1])
            case "WeightNorm":
                V, g = flat.take(*sizes), flat.take(sizes[1])
                x = x @ (g * V / V.norm(dim=0)) + flat.take(sizes[1])
            case "BatchNorm":
                x = F.batch_norm(x, None, None, flat.take(*sizes), flat.take(*sizes), training=True)
            case "LayerNorm":
                x = F.layer_norm(x, sizes, flat.take(*sizes), flat.take(*sizes))
            case "InstanceNorm":
                x = instance_norm(x, flat.take(*sizes), flat.take(*sizes))
            case "Residual":
                x = x + outputs(flat, x, sizes[0])
            case "Relu" | "Tanh" | "Sigmoid":
                x = getattr(torch, name.lower())(x)
            case "Softmax":
                x = torch.softmax(x, -1)
    return x


NETWORKS = [
    ([["Linear", 5, 7], ["Tanh"], ["Linear", 7, 3]], "cross_entropy", {}, 11),
    ([["Linear", 4, 6], ["Relu"], ["Linear", 6, 6], ["Relu"], ["Linear", 6, 2]], "mse", {}, 9),
    ([["Linear", 5, 8], ["BatchNorm", 8], ["Tanh"], ["Linear", 8, 3]], "cross_entropy", {"smoothing": 0.1}, 12),
    ([["Linear", 4, 6], ["LayerNorm", 6], ["Sigmoid"], ["Linear", 6, 1]], "binary_cross_entropy", {}, 8),
    (
        [["Linear", 3, 5], ["Residual", [["Linear", 5, 5], ["Tanh"], ["Linear", 5, 5]]], ["Linear", 5, 2]],
        "cross_entropy",
        {},
        10,
    ),
    ([["WeightNorm", 4, 5], ["Tanh"], ["WeightNorm", 5, 3]], "cross_entropy", {}, 7),
    ([["Linear", 4, 6], ["InstanceNorm", 2], ["Tanh"], ["Linear", 6, 2]], "mse", {"half": True}, 6),
    ([["Linear", 6, 5], ["Sigmoid"], ["Linear", 5, 4], ["Softmax"]], "mse", {}, 10),
    ([["BatchNorm", 3], ["Linear", 3, 4], ["Relu"], ["BatchNorm", 4], ["Linear", 4, 3]], "cross_entropy", {}, 9),
]


def count(layers):
    """How many parameters."""
    two = {"Linear": lambda n, m: n * m + m, "WeightNorm": lambda n, m: n * m + 2 * m, "Residual": count}
    one = {"BatchNorm", "LayerNorm", "InstanceNorm"}
    return sum(2 * sizes[0] if name in one else two[name](*sizes) if name in two else 0 for name, *sizes in layers)


for layers, name, options, batch in NETWORKS:
    inputs = next(sizes[0] for _, *sizes in layers if sizes)
    n, classes = count(layers), outputs(torch.randn(count(layers)), torch.randn(batch, inputs), layers).shape[1]
    X, u = torch.randn(batch, inputs), torch.randn(n)
    y = torch.randint(classes, (batch,)) if name == "cross_entropy" else torch.rand(batch, classes)

    def loss(w, X=X, y=y, layers=layers, name=name, options=options):
        z = outputs(w, X, layers)
        if name == "cross_entropy":
            return F.cross_entropy(z, y, label_smoothing=options.get("smoothing", 0.0))
        if name == "binary_cross_entropy":
            return F.binary_cross_entropy_with_logits(z, y)
        return F.mse_loss(z, y) * (0.5 if options.get("half") else 1.0)

    w = torch.randn(3, n)  # three runs
    # Backward over backward: the forward over backward of torch.func.hessian goes wrong where the γ of a normalization
    # depends on w (torch 2.13.0; its matrix is not even symmetric).
    H = torch.stack([torch.func.jacrev(torch.func.grad(loss))(one) for one in w])
    assert (H - H.mT).abs().max() < 1e-12 * H.abs().max()
    L, g = torch.stack([loss(one) for one in w]), torch.stack([torch.func.grad(loss)(one) for one in w])
    curvature = dict(Hu=H @ u, eigenvalues=torch.linalg.eigvalsh(H))
    keep("networks", name, {"layers": layers, "loss": options}, X=X, y=y, w=w, u=u, L=L, g=g, **curvature)


# ---- a training with batch normalization: the last batch of each epoch is short --------------------------------------

for seed, (batch, mu) in enumerate(((7, 0.0), (16, 0.9))):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3))
    X, y, X_test = torch.randn(40, 4), torch.randint(3, (40,)), torch.randn(10, 4)

    def flat(model=model):
        return torch.cat([p.detach().t().reshape(-1) for p in model.parameters()])

    optimizer, start, losses = torch.optim.SGD(model.parameters(), lr=0.1, momentum=mu), flat(), []
    for _ in range(3):
        for at in range(0, 40, batch):
            optimizer.zero_grad()
            L = F.cross_entropy(model(X[at : at + batch]), y[at : at + batch])
            L.backward()
            optimizer.step()
            losses.append(L.item())
    model.eval()
    options = {"batch": batch, "mu": mu, "lr": 0.1, "epochs": 3}
    ends = dict(w=flat(), mean=model[1].running_mean, var=model[1].running_var, outputs=model(X_test))
    keep("trainings", "momentum", options, X=X, y=y, X_test=X_test, start=start, losses=losses, **ends)

path = Path(__file__).with_suffix(".npz")
np.savez_compressed(path, spec=json.dumps(SPEC), **ARRAYS)
print(f"{sum(map(len, SPEC.values()))} cases, {path.stat().st_size / 1e3:.0f} kB")
