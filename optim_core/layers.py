"""Layers: what flows forward, and beneath it what flows back.

    y, backward = linear(x, W, b)
    backward(dy)  →  {"x": ∂L/∂x, "W": ∂L/∂W, "b": ∂L/∂b}            for dy = ∂L/∂y

x has shape (…, batch, features): examples on axis −2, features on the last, runs on any axes before. Parameters carry
the same runs on their leading axes, or none: W of shape (…, inputs, outputs), b, γ and β of shape (…, features).
*Before the star, what flows; after the star, what you choose.*  Layers remember nothing: batch normalization's running
statistics go in by name and come out by name, and dropout's mask is a function of (seed, step).
Complex numbers are welcome (for derivatives by complex step): squares are (x − m)², never |x − m|².
"""

import functools

import numpy as np

from . import losses
from .refuse import asks, flag, generator, like, number, numbers, refuse, whole


def _T(A):
    """The transpose of each matrix in a stack."""
    return A.swapaxes(-1, -2)


def _row(name, p, features, of="x"):
    """Parameters (…, features) as (…, 1, features), so that every example of the batch meets the same ones."""
    p = np.atleast_1d(numbers(name, p))
    if p.shape[-1] not in (1, features):
        refuse(f"{name}.shape", p.shape, f"(…, {features}), for the {features} features of {of}")
    return p[..., None, :]


def _batch(x):
    """x as an array of shape (…, batch, features), or a refusal."""
    x = x if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else numbers("x", x)
    return x if x.ndim >= 2 and 0 not in x.shape[-2:] else refuse("x.shape", x.shape, "(…, batch, features), not empty")


def layer(equation):
    """Let a layer check what flows: x forward, and dy, of the shape of y, back. Overflow gives inf, silently."""

    @functools.wraps(equation)
    @np.errstate(all="ignore")
    def checked(x, *parameters, **options):
        y, backward, *after = equation(_batch(x), *parameters, **options)

        @np.errstate(all="ignore")
        def checked_backward(dy):
            return backward(like("dy", dy, y.shape))

        return y, checked_backward, *after

    checked.bare = equation  # for networks, which check what flows in once
    return checked


# ---- linear, and the functions between -------------------------------------------------------------------------------


@layer
def linear(x, W, b=0.0):
    """Every output is a weighted sum of the inputs, plus a bias.

        y = x W + b                          x: (…, batch, inputs), W: (…, inputs, outputs), b: (…, outputs)

    Libraries: torch's Linear keeps the transpose, weight = Wᵀ.

    >>> y, backward = linear([[1.0, 2.0]], W=[[3.0], [4.0]], b=[5.0])
    >>> y, backward(np.array([[1.0]]))["W"].tolist()
    (array([[16.]]), [[1.0], [2.0]])
    """
    W = numbers("W", W)
    if W.ndim < 2 or W.shape[-2] != x.shape[-1]:
        refuse("W.shape", W.shape, f"(…, {x.shape[-1]}, outputs) for x of shape {x.shape}")
    y = x @ W + _row("b", b, W.shape[-1], "y = x W")

    def backward(dy, to_x=True):  # a network's first layer has nothing before it that wants to know
        return dict(x=dy @ _T(W) if to_x else None, W=_T(x) @ dy, b=dy.sum(-2))

    return y, backward


@layer
def relu(x):
    """y = max(x, 0): slope 1 where x > 0, else 0 (at the kink too, as in torch).

    >>> y, backward = relu([[-1.0, 0.0, 3.0]])
    >>> y.tolist(), backward(np.ones((1, 3)))["x"].tolist()
    ([[0.0, 0.0, 3.0]], [[0.0, 0.0, 1.0]])
    """
    y = np.where(x.real > 0, x, 0)

    def backward(dy):
        return dict(x=np.where(x.real > 0, dy, 0))

    return y, backward


@layer
def tanh(x):
    """y = tanh x: slope 1 − y², which is 1 at the origin and nearly 0 beyond |x| ≈ 3.

    >>> y, backward = tanh([[0.0, 3.0]])
    >>> y.round(3).tolist(), backward(np.ones((1, 2)))["x"].round(3).tolist()
    ([[0.0, 0.995]], [[1.0, 0.01]])
    """
    y = np.tanh(x)

    def backward(dy):
        return dict(x=(1 - y * y) * dy)

    return y, backward


@layer
def sigmoid(x):
    """y = σ(x) = 1/(1 + e^−x): slope σ(x) σ(−x), at most ¼.

    >>> y, backward = sigmoid([[0.0, 3.0]])
    >>> y.round(3).tolist(), backward(np.ones((1, 2)))["x"].round(3).tolist()
    ([[0.5, 0.953]], [[0.25, 0.045]])
    """
    y = losses.sigmoid(x)

    def backward(dy):
        return dict(x=losses.sigmoid_grad(x, dy))

    return y, backward


@layer
def softmax(x):
    """Probabilities from logits, as a layer: for mse, since cross_entropy has its own softmax inside.

    >>> softmax([[0.0, np.log(3.0)]])[0].tolist()
    [[0.25, 0.75]]
    """
    y = losses.softmax(x)

    def backward(dy):
        return dict(x=losses.softmax_grad(x, dy))

    return y, backward


# ---- normalization ---------------------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def standardise(x, axis, eps=0.0):
    """Mean 0 and variance 1 along one axis. Returns x̂, its backward, and the mean and variance that were taken out.

        x̂ = (x − m)/s,   m = mean x,   s = √(mean (x − m)² + ε)
        dx = (dx̂ − mean dx̂ − x̂ · mean(dx̂ x̂))/s          m and s move along with x

    Why, for n numbers along the axis: ∂m/∂xⱼ = 1/n, and from s² = mean (x − m)² + ε follows ∂s/∂xⱼ = x̂ⱼ/n. So
    ∂x̂ᵢ/∂xⱼ = (δᵢⱼ − 1/n − x̂ᵢ x̂ⱼ/n)/s, and dxⱼ = Σᵢ dx̂ᵢ ∂x̂ᵢ/∂xⱼ is the line above. So dx
    has no part along 1 and, if ε = 0, none along x̂: shifting x changes nothing, nor does scaling it.

    >>> standardise(np.array([1.0, 2.0, 3.0]), axis=-1)[0].round(4)
    array([-1.2247,  0.    ,  1.2247])
    """
    x = numbers("x", x)
    if x.ndim == 0 or not -x.ndim <= whole("axis", axis, -x.ndim) < x.ndim or x.shape[axis] == 0:
        refuse("axis", axis, f"one of x, of shape {x.shape}, that is not empty")
    m = x.mean(axis, keepdims=True)
    v = ((x - m) * (x - m)).mean(axis, keepdims=True)  # divided by n, not by n − 1
    s = np.sqrt(v + number("eps", eps, "a number ≥ 0", lambda e: e >= 0))
    xhat = (x - m) / s

    def backward(d):
        return (d - d.mean(axis, keepdims=True) - xhat * (d * xhat).mean(axis, keepdims=True)) / s

    return xhat, backward, m, v


@layer
def batch_norm(x, gamma=1.0, beta=0.0, mean=0.0, var=1.0, *, train=True, momentum=0.1, eps=1e-5):
    """Each feature gets mean 0 and variance 1 over the batch, then a scale γ and a shift β that are learned.

        training:    x̂ = (x − m)/√(v + ε)                        m, v: mean and variance of this batch, by feature
                     mean ← (1 − α) mean + α m                   running statistics, α = momentum
                     var ← (1 − α) var + α v B/(B − 1)           B: examples in the batch
        evaluation:  x̂ = (x − mean)/√(var + ε)
        y = γ x̂ + β
        dγ = Σ dy x̂,   dβ = Σ dy,   dx̂ = γ dy                   sums over the batch; from dx̂ to dx as in `standardise`,
                                                                 in evaluation dx = dx̂/√(var + ε)

    x: (…, B, features); gamma, beta, mean, var: (…, features). Returns y, backward, and the running statistics as
    dict(mean, var), to be passed in again with the next batch and in evaluation. In training the examples influence
    each other through m and v, and the scale of a weight matrix before this layer has no effect (if ε = 0).
    Raises ValueError for a batch of one in training: it has no variance.
    Source: Ioffe & Szegedy 2015, algorithms 1 and 2.
    Libraries: equals torch's BatchNorm1d, which too divides by B in x̂, and by B − 1 in the running variance.

    >>> x = np.array([[1.0], [3.0]])
    >>> y, backward, running = batch_norm(x, eps=0.0)
    >>> y.tolist(), running["mean"].round(3), running["var"].round(3)
    ([[-1.0], [1.0]], array([0.2]), array([1.1]))
    >>> batch_norm(x, **running, train=False)[0].round(3).tolist()
    [[0.763], [2.67]]
    """
    B, n = x.shape[-2:]
    gamma, beta, mean, var = (_row(*p, n) for p in dict(gamma=gamma, beta=beta, mean=mean, var=var).items())
    number("momentum", momentum, "in [0, 1]", lambda a: 0 <= a <= 1)
    if flag("train", train) and B < 2:
        refuse("x.shape", x.shape, "a batch of at least two examples in training; one has no variance")
    if train:
        xhat, xhat_backward, m, v = standardise(x, -2, eps)
        mean = (1 - momentum) * mean + momentum * m
        var = (1 - momentum) * var + momentum * v * B / (B - 1)
    else:
        number("eps", eps, "a number ≥ 0", lambda e: e >= 0)
        s = np.sqrt(var + eps)
        xhat, xhat_backward = (x - mean) / s, lambda d: d / s
    y = gamma * xhat + beta

    def backward(dy):
        return dict(x=xhat_backward(gamma * dy), gamma=(dy * xhat).sum(-2), beta=dy.sum(-2))

    return y, backward, dict(mean=mean[..., 0, :], var=var[..., 0, :])


@layer
def layer_norm(x, gamma=1.0, beta=0.0, *, eps=1e-5):
    """Each example gets mean 0 and variance 1 over its features, whatever else is in the batch.

        x̂ = (x − m)/√(v + ε),   y = γ x̂ + β              m, v: mean and variance of one example, over its features

    The same in training and evaluation. x: (…, batch, features); gamma, beta: (…, features).
    Source: Ba, Kiros & Hinton 2016. Libraries: equals torch's LayerNorm(features).

    >>> layer_norm([[0.0, 2.0], [10.0, 30.0]], eps=0.0)[0].tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    gamma, beta = (_row(*p, x.shape[-1]) for p in dict(gamma=gamma, beta=beta).items())
    xhat, xhat_backward, _, _ = standardise(x, -1, eps)
    y = gamma * xhat + beta

    def backward(dy):
        return dict(x=xhat_backward(gamma * dy), gamma=(dy * xhat).sum(-2), beta=dy.sum(-2))

    return y, backward


@layer
def instance_norm(x, gamma, beta, *, eps=1e-5):
    """Each channel of each example gets mean 0 and variance 1 over its positions (an image's pixels, say).

        x̂ = (x − m)/√(v + ε),   y = γ x̂ + β              m, v: mean and variance of one channel of one example

    x: (…, batch, channels · positions), all positions of the first channel first; gamma, beta: (…, channels), and their
    length says how many channels there are. The same in training and evaluation.
    Source: Ulyanov, Vedaldi & Lempitsky 2016. Libraries: equals torch's InstanceNorm1d(channels, affine=True) on
    (batch, channels, positions); its running statistics, which are off by default there, are left out here.

    >>> instance_norm([[0.0, 2.0, 10.0, 30.0]], gamma=[1.0, 2.0], beta=[0.0, 0.0], eps=0.0)[0].tolist()
    [[-1.0, 1.0, -2.0, 2.0]]
    """
    channels = np.atleast_1d(numbers("gamma", gamma)).shape[-1]
    gamma, beta = (
        _row(*p, channels, "gamma")[..., None] for p in dict(gamma=gamma, beta=beta).items()
    )  # (…, 1, channels, 1)
    if channels == 0 or x.shape[-1] % channels:
        refuse("x.shape", x.shape, f"(…, batch, channels · positions) for the {channels} channels of gamma")
    xhat, xhat_backward, _, _ = standardise(x.reshape(*x.shape[:-1], channels, -1), -1, eps)
    y = gamma * xhat + beta

    def backward(dy):
        dy = dy.reshape(*dy.shape[:-1], channels, -1)
        dx = xhat_backward(gamma * dy).reshape(*dy.shape[:-2], -1)
        return dict(x=dx, gamma=(dy * xhat).sum((-3, -1)), beta=dy.sum((-3, -1)))

    return y.reshape(*y.shape[:-2], -1), backward


@layer
def weight_norm(x, V, g, b=0.0):
    """A linear layer whose weights are written as a length times a direction, one pair for each output.

        W = g V/‖V‖,   y = x W + b                       ‖V‖: the length of each column of V;  g: (…, outputs)
        dg = dW · V/‖V‖,   dV = (dW − dg V/‖V‖) g/‖V‖    orthogonal to V: the direction turns, g alone sets the length

    Source: Salimans & Kingma 2016, equations 2 and 3. Libraries: torch's weight_norm(Linear), transposed.

    >>> y, backward = weight_norm([[1.0, 1.0]], V=[[3.0], [4.0]], g=[10.0])
    >>> y, backward(np.array([[1.0]]))["g"]
    (array([[14.]]), array([1.4]))
    """
    V = numbers("V", V)
    if V.ndim < 2 or V.shape[-2] != x.shape[-1]:
        refuse("V.shape", V.shape, f"(…, {x.shape[-1]}, outputs) for x of shape {x.shape}")
    g = _row("g", g, V.shape[-1], "V")
    length = np.sqrt((V * V).sum(-2, keepdims=True))
    U = V / length  # unit columns
    y, linear_backward = linear(x, g * U, b)

    def backward(dy):
        d = linear_backward(dy)
        dW = d.pop("W")
        dg = (dW * U).sum(-2)
        return d | dict(V=(dW - dg[..., None, :] * U) * g / length, g=dg)

    return y, backward


# ---- dropout, residual -----------------------------------------------------------------------------------------------


@layer
def dropout(x, *, p=0.5, train=True, seed=0, step=0):
    """In training each number is dropped with probability p, and those that stay are scaled up to keep the mean.

        y = x · mask,   mask = 0 with probability p, else 1/(1 − p)              evaluation: y = x

    p: the probability to *drop*, 0 ≤ p < 1. seed, step: the mask is drawn from these alone, and runs share it, so that
    a training can be replayed; count the step up in between. seed may be a list of whole numbers.
    Source: Srivastava et al. 2014, there with the scaling in evaluation; libraries scale in training ("inverted").

    >>> dropout([[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]], p=0.5)[0].tolist()
    [[2.0, 0.0, 0.0, 0.0, 2.0, 2.0]]
    """
    number("p", p, "in [0, 1)", lambda p: 0 <= p < 1)
    seed = seed if isinstance(seed, (list, tuple, np.ndarray)) else [seed]
    seed, step = [whole("seed", s, 0) for s in seed], whole("step", step, 0)
    kept = generator([*seed, step]).random(x.shape[-2:]) >= p
    mask = kept / (1 - p) if flag("train", train) else 1.0
    y = x * mask

    def backward(dy):
        return dict(x=dy * mask)

    return y, backward


@layer
def residual(x, block):
    """A block of layers learns what to add to its input.

        y = x + f(x),   dx = dy + f′(x)ᵀ dy              block: x → (f(x), backward), such as tanh

    However small f′ is, dy arrives at x undiminished. Source: He et al. 2016, "Deep residual learning".

    >>> y, backward = residual([[0.0]], tanh)
    >>> backward(np.array([[1.0]]))["x"]
    array([[2.]])
    """
    asks("block", block, most=1)
    f, block_backward = block(x)
    y = x + f

    def backward(dy):
        d = block_backward(dy)
        return d | dict(x=dy + d["x"])

    return y, backward


# ---- recurrent -------------------------------------------------------------------------------------------------------


@layer
def rnn(x, U, W, b=0.0):
    """One tanh layer, used again at every time step, whose output h comes back as an input at the next.

        h₀ = 0,   h_t = tanh(x_t U + h_{t−1} W + b),   y = h_T
        dh_T = dy, and back through time, for t = T, …, 1:
        da = dh_t (1 − h_t²),   dx_t = da Uᵀ,   dh_{t−1} = da Wᵀ,   dU += x_tᵀ da,   dW += h_{t−1}ᵀ da,   db += Σ da

    So dh₀ has gone through W T times: it vanishes or explodes like a power of W, but for the slopes 1 − h_t² ≤ 1.
    x: (…, batch, T · inputs), all inputs of the first time step first; U: (…, inputs, units), W: (…, units, units),
    b: (…, units). y: (…, batch, units). backward(dy) has also h, ∂L/∂h₀ … ∂L/∂h_T, (…, batch, T + 1, units).
    Source: Elman 1990; backpropagation through time Werbos 1990. Libraries: torch's RNN has two biases, which add up.

    >>> y, backward = rnn([[0.01, 0.0, 0.0]], U=[[1.0]], W=[[2.0]])  # three times
    >>> y.round(3).tolist(), backward(np.array([[1.0]]))["h"].round(2).ravel().tolist()
    ([[0.04]], [7.98, 3.99, 2.0, 1.0])
    """
    U, W = numbers("U", U), numbers("W", W)
    if U.ndim < 2 or 0 in U.shape[-2:] or x.shape[-1] % U.shape[-2]:
        refuse("U.shape", U.shape, f"(…, inputs, units), with x of shape (…, batch, T · inputs), here {x.shape}")
    units = U.shape[-1]
    if W.shape[-2:] != (units, units):
        refuse("W.shape", W.shape, f"(…, {units}, {units}) for U of shape {U.shape}")
    x, b = x.reshape(*x.shape[:-1], -1, U.shape[-2]), _row("b", b, units, "U")
    steps = range(x.shape[-2])
    h = [np.zeros((*x.shape[:-2], units))]
    for t in steps:
        h.append(np.tanh(x[..., t, :] @ U + h[t] @ W + b))

    def backward(dy):
        dh, dx, dU, dW, db = [dy + 0 * h[-1]], [], 0.0, 0.0, 0.0
        for t in reversed(steps):
            da = dh[0] * (1 - h[t + 1] * h[t + 1])
            dx, dh = [da @ _T(U), *dx], [da @ _T(W), *dh]
            dU, dW, db = dU + _T(x[..., t, :]) @ da, dW + _T(h[t]) @ da, db + da.sum(-2)
        return dict(x=np.concatenate(dx, -1), U=dU, W=dW, b=db, h=np.stack(dh, -2))

    return h[-1], backward
