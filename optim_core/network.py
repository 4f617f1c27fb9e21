"""A network is a list of layers on one flat vector of weights; put on data, it is a loss like any other.

    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)], cross_entropy)
    w = net.init(seed=0)                                    # shape (n,); leading axes, if any, are runs
    task = net.on(X, y)                                     # task.loss(w), .grad(w), .hvp(w, u), .hessian(w)
    path = descend(adam, w, task.grad, 100, lr=0.01)
    critical.classify(task.hessian(path["w"][-1]))

`layers` holds the equations, such as `layers.linear`; a capital, such as `Linear(64, 32)`, is an equation together with
the shapes of its parameters, by which it finds them in the flat vector.
"""

import functools
import inspect
import math
from dataclasses import dataclass, replace

import numpy as np

from . import layers
from .fast import one_thread
from .gradients import hvp
from .losses import binary_cross_entropy, cross_entropy
from .refuse import asks, flag, generator, made, number, numbers, refuse, whole

ON_DATA = "a network on data, as net.on(X, y) makes it"  # what a task is, in refusals
AT_ONCE = 2_000_000  # how many numbers to hold at a time, where many runs would need more


def orthogonal(rng, shape, n, m):
    """A matrix (n, m) whose columns (or, if they are fewer, rows) are orthonormal, any such as likely as any other.

        G = Q R,   G ~ N(0, 1);   W = Q · sign(diag R)          without the signs, Q depends on how QR is computed

    Nothing that passes a square one changes its length; one that makes m > n or m < n features keeps it for the n or m
    directions that it can keep. Source: Saxe, McClelland & Ganguli 2014; the signs: Mezzadri 2007.
    rng: a numpy Generator; shape: (n, m), as all SCHEMES take it.
    Libraries: equals torch.nn.init.orthogonal_ in law, transposed.

    >>> W = orthogonal(np.random.default_rng(0), (3, 2), 3, 2)
    >>> bool(np.allclose(W.T @ W, np.eye(2)))
    True
    """
    Q, R = np.linalg.qr(rng.standard_normal((max(n, m), min(n, m))))
    W = Q * np.sign(np.diag(R))
    return W if n >= m else W.T


# How to draw a weight matrix: functions of (rng, shape, n inputs, m outputs).
SCHEMES = {
    "normal": lambda rng, shape, n, m: rng.standard_normal(shape),  # outputs √n times as large as the inputs
    "uniform": lambda rng, shape, n, m: rng.uniform(-1, 1, shape),
    "inverse_sqrt": lambda rng, shape, n, m: rng.standard_normal(shape) / np.sqrt(n),  # as large as the inputs
    "xavier": lambda rng, shape, n, m: rng.uniform(-1, 1, shape) * np.sqrt(6 / (n + m)),  # variance 2/(n + m)
    "xavier_normal": lambda rng, shape, n, m: rng.standard_normal(shape) * np.sqrt(2 / (n + m)),
    "he": lambda rng, shape, n, m: rng.standard_normal(shape) * np.sqrt(2 / n),  # variance 2/n, since relu halves it
    "he_uniform": lambda rng, shape, n, m: rng.uniform(-1, 1, shape) * np.sqrt(6 / n),
    "orthogonal": orthogonal,  # keeps every length, not only the mean one
    "torch": lambda rng, shape, n, m: rng.uniform(-1, 1, shape) / np.sqrt(n),  # its Linear's default, biases too
}


class Layer:
    """An equation of `layers` with the shapes of its parameters, in the order in which they lie in the flat vector.

    size: (inputs, outputs), None where any will do; running: what it carries from batch to batch, with initial values;
    options: keywords of the equation.
    """

    def __init__(self, equation, size=None, running=None, options=None, **shapes):
        if not callable(equation):
            refuse("equation", equation, "a function (x, parameters…) → (y, backward), such as those of `layers`")
        if size is not None and len(made("size", size, (tuple, list), "(inputs, outputs), or None")) != 2:
            refuse("size", size, "(inputs, outputs), or None")
        for name, given in (("running", running), ("options", options)):
            if given is not None:
                made(name, given, dict, "a dict")
        self.equation, self.running, self.options = equation, dict(running or {}), dict(options or {})
        self.bare = getattr(equation, "bare", equation)
        self.size = size if size is None else tuple(whole("size", n, 1) for n in size)
        self.shapes, self.places, self.matrices, self.n = shapes, {}, [], 0
        for name, shape in shapes.items():
            here = slice(self.n, self.n + math.prod(whole("size", n, 1) for n in shape))
            self.places[name], self.n = here, here.stop
            if len(shape) == 2:  # weights come as matrices; biases, scales and shifts do not
                self.matrices.append((here, shape))
        takes = inspect.signature(equation).parameters
        for name in (*shapes, *self.running, *self.options):
            if name not in takes:
                refuse(name, "given", f"left out: {equation.__name__} takes {', '.join(takes)}")
        self.modes = [name for name in ("train", "seed", "step") if name in takes]
        self.mixes = "train" in self.modes  # in training, an example's output depends on the batch that it is in

    def __repr__(self):
        return f"{self.equation.__name__}({', '.join(f'{name}{shape}' for name, shape in self.shapes.items())})"

    def arrays(self, w):
        """The numbers of the flat vector by name, such as {"W": (…, inputs, outputs), "b": (…, outputs)}."""
        return {name: w[..., here].reshape(*w.shape[:-1], *self.shapes[name]) for name, here in self.places.items()}

    def forward(self, w, x, running, mode):
        """y, backward, and the running statistics after this batch; backward(dy) → {"x": dx, "w": [flat parts]}."""
        now = {name: mode[name] for name in self.modes}
        y, backward, *after = self.bare(x, **self.arrays(w), **running, **self.options, **now)

        def flat_backward(dy, to_x=True):
            d = backward(dy, to_x=False) if not to_x and self.bare is layers.linear.bare else backward(dy)
            return dict(
                x=d["x"],
                w=[d[name].reshape(*dy.shape[:-2], here.stop - here.start) for name, here in self.places.items()],
            )

        return y, flat_backward, after[0] if after else {}

    def draw(self, rng, scheme, scale):
        """Initial parameters: weights by the scheme (with "torch" b too), γ = 1, g = ‖V‖, the rest 0."""
        parts = {name: np.full(shape, float(name == "gamma")) for name, shape in self.shapes.items()}
        for name, part in parts.items():
            if part.ndim == 2 or (name == "b" and scheme == "torch"):
                fans = part.shape if part.ndim == 2 else self.size  # what goes in, and what comes out
                parts[name] = scale * SCHEMES[scheme](rng, part.shape, *fans)
        if "g" in parts:
            parts["g"] = np.linalg.norm(parts["V"], axis=0)  # so that W = V
        return np.concatenate([np.empty(0), *(part.ravel() for part in parts.values())])


def Linear(n, m):
    """y = x W + b, from n features to m.

    >>> Linear(2, 3), Linear(2, 3).n
    (linear(W(2, 3), b(3,)), 9)
    """
    n, m = whole("n", n, 1), whole("m", m, 1)
    return Layer(layers.linear, (n, m), W=(n, m), b=(m,))


def WeightNorm(n, m):
    """y = x W + b with W = g V/‖V‖, from n features to m.

    >>> WeightNorm(2, 3)
    weight_norm(V(2, 3), g(3,), b(3,))
    """
    n, m = whole("n", n, 1), whole("m", m, 1)
    return Layer(layers.weight_norm, (n, m), V=(n, m), g=(m,), b=(m,))


def _eps(eps):
    return number("eps", eps, "a number ≥ 0", lambda e: e >= 0)


def BatchNorm(n, *, momentum=0.1, eps=1e-5):
    """Batch normalization of n features; `momentum` is the share of the newest batch in the running statistics.

    eps: ε, as in `layers.batch_norm`, and so in the next two.

    >>> BatchNorm(2), BatchNorm(2).running
    (batch_norm(gamma(2,), beta(2,)), {'mean': 0.0, 'var': 1.0})
    """
    n, momentum = whole("n", n, 1), number("momentum", momentum, "in [0, 1]", lambda a: 0 <= a <= 1)
    running, options = dict(mean=0.0, var=1.0), dict(momentum=momentum, eps=_eps(eps))
    return Layer(layers.batch_norm, (n, n), running, options, gamma=(n,), beta=(n,))


def LayerNorm(n, *, eps=1e-5):
    """Layer normalization of n features.

    >>> LayerNorm(2)
    layer_norm(gamma(2,), beta(2,))
    """
    n = whole("n", n, 1)
    return Layer(layers.layer_norm, (n, n), options=dict(eps=_eps(eps)), gamma=(n,), beta=(n,))


def InstanceNorm(channels, *, eps=1e-5):
    """Instance normalization of features that are (channels, positions).

    >>> InstanceNorm(2)
    instance_norm(gamma(2,), beta(2,))
    """
    channels = whole("channels", channels, 1)
    return Layer(layers.instance_norm, options=dict(eps=_eps(eps)), gamma=(channels,), beta=(channels,))


def Dropout(p=0.5):
    """Dropout with probability p to drop.

    >>> Dropout(0.2).options
    {'p': 0.2}
    """
    return Layer(layers.dropout, options=dict(p=number("p", p, "in [0, 1)", lambda p: 0 <= p < 1)))


def Rnn(inputs, units, steps):
    """A recurrent tanh layer: from `steps` times `inputs` features, those of the first time step first, to `units`.

    >>> Rnn(1, 4, steps=10), Rnn(1, 4, steps=10).size
    (rnn(U(1, 4), W(4, 4), b(4,)), (10, 4))
    """
    inputs, units, steps = whole("inputs", inputs, 1), whole("units", units, 1), whole("steps", steps, 1)
    return Layer(layers.rnn, (steps * inputs, units), U=(inputs, units), W=(units, units), b=(units,))


Relu, Tanh, Sigmoid, Softmax = (
    functools.partial(Layer, function) for function in (layers.relu, layers.tanh, layers.sigmoid, layers.softmax)
)


class Chain:
    """Layers one after another, each with its place in one flat vector."""

    def __init__(self, parts):
        if not isinstance(parts, (list, tuple)) or not all(isinstance(layer, (Layer, Chain)) for layer in parts):
            refuse("layers", parts, "a list of layers, such as [Linear(2, 3), Tanh(), Linear(3, 1)]")
        self.layers, self.places, self.matrices, self.n = list(parts), [], [], 0
        for layer in self.layers:
            here = slice(self.n, self.n + layer.n)
            self.matrices += [(slice(self.n + a.start, self.n + a.stop), shape) for a, shape in layer.matrices]
            self.places.append(here)
            self.n = here.stop
        sizes = [layer.size for layer in self.layers if layer.size]
        self.size = self.joined(sizes) if sizes else None
        self.width = sum(getattr(layer, "width", max(layer.size)) for layer in self.layers if layer.size)
        self.running = [layer.running for layer in self.layers]
        self.mixes = any(layer.mixes for layer in self.layers)

    def __repr__(self):
        return f"{type(self).__name__}({self.layers})"

    def joined(self, sizes):
        """(inputs, outputs) of layers of these sizes together."""
        for (_, outputs), (inputs, _) in zip(sizes, sizes[1:], strict=False):
            if inputs != outputs:
                refuse("layers", f"…{outputs}) and then ({inputs}…", "such that each takes what the one before gives")
        return sizes[0][0], sizes[-1][1]

    def through(self, k, w, x, running, mode):
        """One pass through layer k alone."""
        # Each dropout has its own seed, counted from the end: so the later part of a network keeps its masks.
        mode = mode | dict(seed=[*mode["seed"], len(self.layers) - k])
        return self.layers[k].forward(w[..., self.places[k]], x, running[k], mode)

    def forward(self, w, x, running, mode):
        """Like a layer's."""
        backwards, after = [], []
        for k in range(len(self.layers)):
            x, backward, now = self.through(k, w, x, running, mode)
            backwards.append(backward)
            after.append(now)

        def chain_backward(dy, to_x=True):
            flat = []
            for k, backward in reversed(list(enumerate(backwards))):
                last = k == 0 and not to_x and isinstance(self.layers[0], Layer)
                d = backward(dy, to_x=False) if last else backward(dy)
                dy = d["x"]
                flat = d["w"] + flat
            return dict(x=dy, w=flat)

        return x, chain_backward, after

    def draw(self, rng, scheme, scale):
        """Like a layer's."""
        return np.concatenate([np.empty(0), *(layer.draw(rng, scheme, scale) for layer in self.layers)])


class Residual(Chain):
    """y = x + β f(x), where f is a chain of layers and β = scale: Residual(Linear(32, 32), Tanh()).

    With scale=1/√L, L blocks of unit gain let the variance of x grow e-fold; with scale=1, 2^L-fold.

    >>> Network([Residual(Linear(2, 2), Tanh()), Linear(2, 1)])
    Network([Residual([linear(W(2, 2), b(2,)), tanh()]), linear(W(2, 1), b(1,))])
    """

    def __init__(self, *parts, scale=1.0):
        super().__init__(parts)
        self.scale = number("scale", scale)
        if self.size and self.size[0] != self.size[1]:
            refuse("Residual", self.size, "layers that give as many features as they take")

    def forward(self, w, x, running, mode):
        f, backward, after = super().forward(w, x, running, mode)
        block = self.scale * f, lambda dy: backward(self.scale * dy)
        # `layers.residual` takes a block x → (f(x), backward): here f has been computed. bare: without its checks.
        return *layers.residual.bare(x, lambda x: block), after


class Parallel(Chain):
    """y = (f₁(x) + … + f_K(x))/√K, each f a list of layers: Parallel([Linear(32, 32), Relu()], [Linear(32, 32)]).

    √K keeps the variance of a sum of K independent branches that of one. [] is the branch y = x.
    Source: branches Szegedy et al. 2015 (Inception), who put them side by side in place of adding them.

    >>> Parallel([Linear(2, 2)], [])
    Parallel([Chain([linear(W(2, 2), b(2,))]), Chain([])])
    """

    def __init__(self, *branches):
        if not branches:
            refuse("branches", branches, "at least one list of layers")
        super().__init__([Chain(branch) if isinstance(branch, (list, tuple)) else branch for branch in branches])

    def joined(self, sizes):
        keeps = sizes[0][0] == sizes[0][1]  # as do branches of no size of their own, such as [] and [Tanh()]
        if len(set(sizes)) > 1 or not (keeps or len(sizes) == len(self.layers)):
            refuse("branches", sizes, "from as many features to as many, all of them")
        return sizes[0]

    def forward(self, w, x, running, mode):
        passes = [self.through(k, w, x, running, mode) for k in range(len(self.layers))]
        y, backwards, after = zip(*passes, strict=True)
        root = np.sqrt(len(y))

        def backward(dy):
            d = [branch_backward(dy / root) for branch_backward in backwards]
            return dict(x=sum(branch["x"] for branch in d), w=[flat for branch in d for flat in branch["w"]])

        return sum(y) / root, backward, list(after)


class Network(Chain):
    """A list of layers and a loss, as functions of one flat vector w of shape (…, n), whose leading axes are runs.

    loss: cross_entropy, binary_cross_entropy, mse, or a function of your own (outputs, targets) → (L, ∂L/∂outputs);
    options: keywords of the loss, such as smoothing=0.1. Of n numbers, `is_weight`, shape (n,), is True for the weights
    and False for the biases and the scales and shifts of normalizations.
    Raises ValueError for layers whose sizes do not fit together.

    >>> net = Network([Linear(2, 3), Tanh(), Linear(3, 1)])
    >>> net.n, net.is_weight[:9].tolist()
    (13, [True, True, True, True, True, True, False, False, False])
    """

    def __init__(self, parts, loss=cross_entropy, **options):
        super().__init__(parts)
        if self.size is None:
            refuse("layers", parts, "a list with at least one layer of known size, such as Linear(2, 1)")
        asks("loss", loss)
        for name in options:
            if name not in inspect.signature(loss).parameters:
                refuse(name, options[name], f"left out: {loss.__name__} does not take it")
        self.targets = getattr(loss, "targets", lambda y, shape: numbers("y", y))  # checks the targets, in `on`,
        self.measure = functools.partial(getattr(loss, "__wrapped__", loss), **options)  # and so this need not
        self.is_weight = np.zeros(self.n, dtype=bool)
        for here, _ in self.matrices:
            self.is_weight[here] = True

    def init(self, seed=0, scheme="torch", scale=1.0):
        """Initial weights, shape (n,), from a seed or a numpy Generator.

        scheme: one of SCHEMES; scale: a factor on what it draws (a gain). Biases are 0, except with "torch"; γ = 1,
        β = 0, and g = ‖V‖, so that weight normalization starts with W = V. For several runs:
        np.stack([net.init(seed) for seed in range(runs)]).
        Source: "xavier" Glorot & Bengio 2010 (the normalized initialization); "he" He et al. 2015.
        """
        if not isinstance(scheme, str) or scheme not in SCHEMES:
            refuse("scheme", scheme, f"one of {', '.join(SCHEMES)}")
        return self.draw(generator(seed), scheme, number("scale", scale))

    def on(self, X, y, *, train=True, running=None, seed=0, step=0):
        """The network on data: a Task, whose loss and derivatives are functions of w alone.

        X: shape (batch, inputs), or (…, batch, inputs) if each run has data of its own; y: what the loss takes.
        train: batch normalization uses the batch, and dropout drops by (seed, step). With train=False dropout rests,
        and batch normalization uses `running`: the statistics that training gave.
        Raises ValueError for shapes that do not fit, an empty batch, numbers that are not finite, unknown labels.
        """
        X = numbers("X", X, last=self.size[0], finite=True, real=True)
        if X.ndim < 2 or X.size == 0:
            refuse("X.shape", X.shape, f"(…, batch, {self.size[0]}), and not empty")
        Y = self.targets(y, (*X.shape[:-1], self.size[1]))
        if running is None and not flag("train", train) and _statistics(self.running):
            refuse("running", None, 'the running statistics of training, as in train(…)["running"]')
        running = self.running if running is None else running
        if not _alike(running, self.running):
            refuse("running", running, 'the running statistics of training, as in train(…)["running"]')
        return Task(
            self, self.measure, X, Y, flag("train", train), running, whole("seed", seed, 0), whole("step", step, 0)
        )

    def loss(self, w, X, y, **mode):
        """L(w) on data, shape (…) for w of shape (…, n); `mode` as in `on`."""
        return self.on(X, y, **mode).loss(w)

    def grad(self, w, X, y, **mode):
        """∇L(w) on data, shape (…, n)."""
        return self.on(X, y, **mode).grad(w)

    def hvp(self, w, u, X, y, **mode):
        """The Hessian on data times u, shape (…, n)."""
        return self.on(X, y, **mode).hvp(w, u)

    def hessian(self, w, X, y, **mode):
        """The Hessian on data, shape (…, n, n)."""
        return self.on(X, y, **mode).hessian(w)

    def accuracy(self, w, X, y, train=False, **mode):
        """The share of right answers, shape (…), in evaluation mode unless told otherwise."""
        return self.on(X, y, train=train, **mode).accuracy(w)


def _alike(running, own):
    """Whether two sets of running statistics are those of the same layers."""
    if isinstance(own, dict):
        return isinstance(running, dict) and running.keys() == own.keys()
    return isinstance(running, list) and len(running) == len(own) and all(map(_alike, running, own))


def _statistics(running):
    """All running statistics in one list."""
    return [a for part in running for a in (part.values() if isinstance(part, dict) else _statistics(part))]


@dataclass(frozen=True, eq=False, repr=False)
class Task:
    """A network on data: a loss of w with its derivatives, so that what works on a surface works here unchanged.

    task[i] is the same task on the examples i: a mini-batch. For the gradient of each example by itself, make examples
    runs: net.on(X[:, None], y[:, None]).grad(w) has shape (examples, n).
    """

    net: Chain
    measure: object
    X: np.ndarray
    Y: np.ndarray
    train: bool
    running: list
    seed: int
    step: int

    def __getitem__(self, examples):
        try:
            some = replace(self, X=self.X[..., examples, :], Y=self.Y[..., examples, :])
        except (IndexError, ValueError, TypeError):  # no places at all, or some beyond the last example
            some = None
        if some is None or some.X.ndim != self.X.ndim or some.X.size == 0:
            refuse("examples", examples, f"a list of places among the {self.X.shape[-2]} examples, from 0, or a slice")
        return some

    @property
    def mode(self):
        return dict(train=self.train, seed=[self.seed], step=self.step)

    @np.errstate(all="ignore")
    def forward(self, w):
        """The outputs, backward, and the running statistics after this batch."""
        w = np.ascontiguousarray(numbers("w", w, last=self.net.n))
        return self.net.forward(w, self.X, self.running, self.mode)

    @np.errstate(all="ignore")
    def layers_at(self, w):
        """What flows at w: x = [X, after layer 1, …, after the last], and dx, the loss's gradient with respect to each.

        x[k], dx[k]: shape (…, batch, features) for w of shape (…, n).
        """
        w, x, backwards = np.ascontiguousarray(numbers("w", w, last=self.net.n)), [self.X], []
        for k in range(len(self.net.layers)):
            y, backward, _ = self.net.through(k, w, x[-1], self.running, self.mode)
            x, backwards = [*x, y], [*backwards, backward]
        dx = [self.measure(x[-1], self.Y)[1]]
        for backward in reversed(backwards):
            dx = [backward(dx[0])["x"], *dx]
        return dict(x=x, dx=dx)

    def value_and_grad(self, w):
        """L(w), ∇L(w), and the running statistics after this batch: one pass forward and one back."""
        with np.errstate(all="ignore"):  # a run that diverges overflows: inf and NaN are the right answers there
            z, backward, running = self.forward(w)
            L, dz = self.measure(z, self.Y)
            return L, np.concatenate(backward(dz, to_x=False)["w"], -1), running

    def loss(self, w):
        """L(w), shape (…) for w of shape (…, n)."""
        return self._of_outputs(lambda z: self.measure(z, self.Y)[0], w)

    def grad(self, w):
        """∇L(w), shape (…, n)."""
        return self._in_parts(lambda w: self.value_and_grad(w)[1], w)

    def hvp(self, w, u):
        """The Hessian times u, shape (…, n): Im ∇L(w + ihu)/h, exact to rounding, as in `gradients.hvp`."""
        return hvp(self.grad, w, u)

    @one_thread()
    def hessian(self, w):
        """The matrix of second derivatives, shape (…, n, n).

        Layer by layer, from the first to the last: what stands before a layer only makes its input x, and its own
        parameters act through the layers from it on. So the network that begins with this layer, put on x, gives the
        rows of its parameters from the diagonal block to the right; by symmetry their transposes are the columns below.

            H = [ H₁₁   H₁₂   H₁₃ ]      layers 1, 2, 3 give the first row of blocks,
                [ H₁₂ᵀ  H₂₂   H₂₃ ]      layers 2, 3, put on what layer 1 gives, the second from H₂₂ on,
                [ H₁₃ᵀ  H₂₃ᵀ  H₃₃ ]      layer 3 the last block
        """
        w = numbers("w", w, last=self.net.n, real=True)
        if self.X.ndim > 2:
            refuse("X.shape", self.X.shape, "(batch, inputs), without runs, for a Hessian")
        if w.ndim > 1:
            return np.array([self.hessian(one) for one in w]).reshape(*w.shape, w.shape[-1])
        H, x = np.zeros((w.size, w.size)), self.X
        for k, here in enumerate(self.net.places):
            rest = replace(self, net=Chain(self.net.layers[k:]), X=x, running=self.running[k:])
            w_rest = w[here.start :]
            if self.net.layers[k].n:
                rows = rest._first_rows(w_rest)
                H[here, here.start :], H[here.start :, here] = rows, rows.T
            x = rest.net.through(0, w_rest, x, rest.running, self.mode)[0]
        return H

    def _first_rows(self, w):
        """The rows of the Hessian that belong to the first layer.

        For one example, moving Wᵢⱼ by h moves output j of a linear layer by h xᵢ, just as moving bⱼ by h xᵢ would. So
        for this example ∂²L/∂Wᵢⱼ∂w = xᵢ ∂²L/∂bⱼ∂w: a complex step for each bⱼ, with the examples kept apart as runs,
        and a product with xᵀ give all rows. Where examples influence each other: a complex step for each row.
        """
        first, n = self.net.layers[0], len(w)
        if getattr(first, "equation", None) is not layers.linear or (self.train and self.net.mixes):
            return self.hvp(w, np.eye(first.n, n))
        B, (inputs, outputs) = len(self.X), first.size
        nudges = np.zeros((outputs, 1, n), dtype=complex)
        nudges[:, 0, first.places["b"]] = 1e-20j * np.eye(outputs)
        rows = np.zeros((inputs + 1, outputs, n))  # in the order of the flat vector: W, then b
        for some in np.array_split(np.arange(B), math.ceil(B * outputs * n / AT_ONCE)):
            alone = replace(self, X=self.X[some, None, :], Y=self.Y[some, None, :])
            d = alone.grad(w + nudges).imag / 1e-20  # (outputs, examples, n)
            rows[:-1] += np.tensordot(self.X[some], d, axes=(0, 1)) / B
            rows[-1] += d.sum(1) / B
        return rows.reshape(-1, n)

    @property
    def classifies(self):
        """Whether the outputs choose: between classes, or yes or no.

        With the two cross-entropies they do. With another loss the targets tell: rows of one 1, the rest 0.
        """
        loss, Y = self.measure.func, self.Y
        if loss is binary_cross_entropy.__wrapped__:
            return True
        if Y.ndim < 2 or Y.shape[-1] < 2:
            return False
        return loss is cross_entropy.__wrapped__ or bool(((Y == 0) | (Y == 1)).all() and (Y.sum(-1) == 1).all())

    def accuracy(self, w):
        """The share of right answers, shape (…): the largest output, or the sign of each for binary_cross_entropy."""
        if not self.classifies:
            refuse("accuracy", "of a regression", "asked of a network that chooses between classes")
        if self.measure.func is binary_cross_entropy.__wrapped__:
            return self._of_outputs(lambda z: ((z > 0) == (self.Y > 0.5)).mean((-2, -1)), w)
        return self._of_outputs(lambda z: (z.argmax(-1) == self.Y.argmax(-1)).mean(-1), w)

    def _of_outputs(self, f, w):
        with np.errstate(all="ignore"):
            return self._in_parts(lambda w: f(self.forward(w)[0]), w)

    @one_thread()
    def _in_parts(self, f, w):
        """f(w), some runs at a time where they are many, so that memory stays bounded."""
        w = numbers("w", w, last=self.net.n)
        own = self.X.ndim > 2 or any(np.ndim(a) > 1 for a in _statistics(self.running))  # runs have their own data
        return f(w) if own else in_parts(f, w, self.at_once)

    @property
    def at_once(self):
        """How many runs keep the numbers of a pass within some ten megabytes."""
        return max(1, AT_ONCE // max(self.X.shape[-2] * self.net.width, self.net.n))


def in_parts(f, w, most):
    """f(w) for w of shape (…, n), at most `most` runs at a time."""
    rows = w.reshape(-1, w.shape[-1])
    if len(rows) <= most:
        return f(w)
    out = np.concatenate([f(rows[k : k + most]) for k in range(0, len(rows), most)])
    return out.reshape(*w.shape[:-1], *out.shape[1:])


@one_thread()
def top_eigenvalues(task, w, k=1):
    """The k largest eigenvalues of a task's Hessian at w, largest first, without making the Hessian.

        λ₁ = max uᵀH u over unit vectors u: Lanczos' iteration, which needs products H u only

    The first is the *sharpness*: gradient descent is stable where it is below 2/η. w: shape (n,); 1 ≤ k < n.
    Source: scipy.sparse.linalg.eigsh (ARPACK), always from the same first vector.

    >>> from optim_core.losses import mse
    >>> task = Network([Linear(1, 1)], mse, half=True).on([[1.0], [3.0]], [[0.0], [0.0]])       # H = [[5, 2], [2, 1]]
    >>> top_eigenvalues(task, np.zeros(2)).round(6)
    array([5.828427])
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    made("task", task, Task, ON_DATA)
    w = numbers("w", w, last=task.net.n, finite=True, real=True)
    if w.ndim != 1 or not whole("k", k, 1) < w.size:
        refuse("k", k, f"less than the number of weights, with w of shape (n,), not {w.shape}")
    H = LinearOperator((w.size, w.size), matvec=lambda u: task.hvp(w, u.ravel()), dtype=float)
    first = np.random.default_rng(0).standard_normal(w.size)
    return eigsh(H, k, which="LA", v0=first, return_eigenvectors=False)[::-1]
