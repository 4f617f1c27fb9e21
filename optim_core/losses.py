"""Losses: how wrong a network's outputs are, and which way each output should move.

    L, dz = cross_entropy(z, y)

z, the outputs, has shape (…, batch, classes): examples on axis −2, classes on the last, runs on any axes before. L is
the mean over the batch, shape (…), and dz = ∂L/∂z has the shape of z.  Outputs are *logits*, any real numbers: softmax
and sigmoid stand inside the loss, where they meet the logarithm that undoes them.  Nothing overflows, because every
exponential that is taken has an exponent ≤ 0.
Complex z is welcome (for derivatives by complex step), which is why comparisons look at the real part.
"""

import functools

import numpy as np

from .refuse import flag, like, number, numbers, refuse, whole

# ---- from logits to probabilities ------------------------------------------------------------------------------------


@np.errstate(invalid="ignore")  # a logit of ∞ gives NaN
def softmax(z):
    """Logits to probabilities: positive, and summing to one over the last axis.

        pᵢ = e^(zᵢ − m) / Σⱼ e^(zⱼ − m),   m = max z

    The shift m cancels in the fraction; it only keeps e^z from overflowing. `softmax(z / T)` has temperature T: a small
    T sharpens, a large one flattens. Source: Goodfellow, Bengio & Courville 2016, section 6.2.2.3.

    >>> softmax([0.0, np.log(3.0)]), softmax([1000.0, 1000.0])
    (array([0.25, 0.75]), array([0.5, 0.5]))
    """
    z = _logits(z)
    e = np.exp(z - _max(z))
    return e / e.sum(-1, keepdims=True)


@np.errstate(invalid="ignore")
def softmax_grad(z, dp):
    """A gradient dp with respect to p = softmax(z), carried back to z: ∂pᵢ/∂zⱼ = pᵢ (δᵢⱼ − pⱼ).

    >>> softmax_grad([0.0, np.log(3.0)], [1.0, 0.0])
    array([ 0.1875, -0.1875])
    """
    p = softmax(z)
    dp = like("dp", dp, p.shape, own=1, of="z")
    return p * (dp - (dp * p).sum(-1, keepdims=True))


@np.errstate(invalid="ignore")
def log_softmax(z):
    """log p, without ever taking the logarithm of a probability that has rounded to zero.

        log pᵢ = (zᵢ − m) − log Σⱼ e^(zⱼ − m),   m = max z

    >>> log_softmax([0.0, 1e4])
    array([-10000.,      0.])
    """
    z = _logits(z)
    z = z - _max(z)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def sigmoid(z):
    """One logit to one probability: the first of softmax((z, 0)).

        σ(z) = 1/(1 + e^−z) = e^z/(1 + e^z)             whichever has the exponent ≤ 0

    >>> sigmoid([-1e4, 0.0, 1e4])
    array([0. , 0.5, 1. ])
    """
    z = numbers("z", z)  # of any shape, a single number too
    e = _exp_minus_abs(z)
    return np.where(z.real > 0, 1.0, e) / (1 + e)


def sigmoid_grad(z, ds):
    """A gradient ds with respect to σ(z), carried back to z: σ′ = σ(z) σ(−z), at most ¼ and nearly 0 for large |z|.

    >>> sigmoid_grad([0.0, 3.0], [1.0, 1.0]).round(3)
    array([0.25 , 0.045])
    """
    z = numbers("z", z)
    return like("ds", ds, z.shape, own=0, of="z") * sigmoid(z) * sigmoid(-z)


def _logits(z):
    z = z if isinstance(z, np.ndarray) and z.dtype.kind in "fc" else numbers("z", z)
    return z if z.ndim and z.shape[-1] else refuse("z.shape", z.shape, "(…, classes)")


def _max(z):
    return z.real.max(-1, keepdims=True)


def _exp_minus_abs(z):
    return np.exp(np.where(z.real > 0, -z, z))


# ---- targets ---------------------------------------------------------------------------------------------------------


def one_hot(y, classes):
    """Labels 0 … classes−1 as rows that are 1 at the label and 0 elsewhere, shape (…, classes).

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    numbers("y", y)
    y, classes = np.asarray(y), whole("classes", classes, 1)
    if y.dtype.kind not in "iu" or not ((0 <= y) & (y < classes)).all():
        refuse("y", y, f"integer labels from 0 to {classes - 1}")
    return np.eye(classes)[y]


def _classes(y, shape):
    """Targets for cross_entropy: labels, one-hot rows, or rows of probabilities."""
    numbers("y", y, finite=True, real=True)
    if np.shape(y)[-2:] != shape[-2:]:
        y = _fit(np.asarray(y), shape[:-1], 1, f"{shape[:-1]} for labels, {shape} for probabilities")
        return one_hot(y, shape[-1])
    y = _values(y, shape)
    if not ((y >= 0).all() and (np.abs(y.sum(-1) - 1) < 1e-6).all()):
        refuse("y", y, "labels, or rows of probabilities ≥ 0 that sum to 1")
    return y / y.sum(-1, keepdims=True)  # 1 to the last digit, as the gradient takes for granted


def _values(y, shape, low=-np.inf, high=np.inf):
    """Targets of the outputs' own shape."""
    y = _fit(numbers("y", y, finite=True, real=True), shape, 2, f"that of the outputs z, {shape}")
    return y if ((y >= low) & (y <= high)).all() else refuse("y", y, f"in [{low}, {high}]")


def _fit(y, shape, own, allowed):
    """y, if it broadcasts to this shape and has its last `own` axes itself (runs may share targets), or a refusal."""
    padded = (1,) * (len(shape) - y.ndim) + y.shape
    fits = len(padded) == len(shape) and all(a in (1, b) for a, b in zip(padded, shape, strict=True))
    return y if fits and y.shape[-own:] == shape[-own:] else refuse("y.shape", y.shape, allowed)


def loss(targets):
    """Let a loss check its arguments once; `targets(y, shape)` makes what you may write for y an array that fits z."""

    def decorate(equation):
        @functools.wraps(equation)
        def checked(z, y, **options):
            z = numbers("z", z, finite=True)
            if z.ndim < 2 or z.size == 0:
                refuse("z.shape", z.shape, "(…, batch, classes), and not empty")
            return equation(z, targets(y, z.shape), **options)

        checked.targets = targets
        return checked

    return decorate


# ---- the losses: value, and gradient directly beneath ----------------------------------------------------------------


@loss(_classes)
def cross_entropy(z, y, *, smoothing=0.0):
    """The surprise at the right answer, −log p, for classes that exclude each other.

        L = −mean over the batch of Σᵢ yᵢ log softmax(z)ᵢ
        ∂L/∂z = (softmax(z) − y)/batch                  never flat while the answer is wrong

    z: logits (…, batch, classes); softmax stands inside, do not apply it before. y: labels (…, batch), or one-hot rows
    or probabilities (…, batch, classes). smoothing: s mixes "any class" into y, which becomes (1 − s) y + s/classes.
    Raises ValueError for labels out of range, rows of y that do not sum to 1, shapes that do not fit.
    Source: Goodfellow, Bengio & Courville 2016, section 6.2.2; smoothing: Szegedy et al. 2016, section 7.
    Libraries: equals torch's cross_entropy (smoothing is its label_smoothing).

    >>> L, dz = cross_entropy([[0.0, 0.0], [0.0, 1e4]], [1, 1])
    >>> print(L, dz.tolist())
    0.34657359027997264 [[0.25, -0.25], [0.0, 0.0]]
    """
    s = number("smoothing", smoothing, "in [0, 1]", lambda s: 0 <= s <= 1)
    y = (1 - s) * y + s / z.shape[-1]
    log_p = log_softmax(z)
    L = (y * -log_p).sum((-2, -1)) / z.shape[-2]
    dz = (np.exp(log_p) - y) / z.shape[-2]
    return L, dz


@loss(functools.partial(_values, low=0, high=1))
def binary_cross_entropy(z, y):
    """The surprise at the right answer, where each output says yes or no by itself.

        L = −mean of [y log σ(z) + (1 − y) log(1 − σ(z))] = mean of [max(z, 0) − z y + log(1 + e^−|z|)]
        ∂L/∂z = (σ(z) − y)/count

    The step between: −log σ(z) = log(1 + e^−z) and −log(1 − σ(z)) = log(1 + e^z) = z + log(1 + e^−z), together
    log(1 + e^−z) + (1 − y) z; and log(1 + e^−z) = max(−z, 0) + log(1 + e^−|z|), with max(−z, 0) + z = max(z, 0).
    z: logits (…, batch, outputs); y: probabilities, often just 0 and 1, of the same shape. The mean is over the batch
    and the outputs. Libraries: equals torch's binary_cross_entropy_with_logits.

    >>> L, dz = binary_cross_entropy([[0.0], [1e4]], [[1], [1]])
    >>> print(L, dz.tolist())
    0.34657359027997264 [[-0.25], [0.0]]
    """
    L = (np.where(z.real > 0, z, 0) - z * y + np.log1p(_exp_minus_abs(z))).mean((-2, -1))
    dz = (sigmoid(z) - y) / (z.shape[-2] * z.shape[-1])
    return L, dz


@loss(_values)
def mse(z, y, *, half=False):
    """The mean squared error.

        L = mean of (z − y)²,   ∂L/∂z = 2 (z − y)/count            half=True: both times ½

    z, y: shape (…, batch, outputs). The mean is over the batch *and* the outputs, as torch's mse_loss takes it; many
    texts sum over the outputs, or put a ½ in front that cancels the 2.

    >>> L, dz = mse([[1.0, 2.0]], [[1.0, 0.0]])
    >>> print(L, dz.tolist())
    2.0 [[0.0, 2.0]]
    """
    scale = 0.5 if flag("half", half) else 1.0
    L = scale * ((z - y) * (z - y)).mean((-2, -1))
    dz = scale * 2 * (z - y) / (z.shape[-2] * z.shape[-1])
    return L, dz
