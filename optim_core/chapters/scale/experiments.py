"""What chapter 09 runs: signals through deep networks, a circle and a Jacobian beside them, inputs, rounded numbers."""

from fractions import Fraction

import numpy as np
import sympy

from optim_core.data import Data, digits
from optim_core.fast import kept, one_thread
from optim_core.network import SCHEMES, Linear, Network, Tanh
from optim_core.optimizers import gd
from optim_core.surfaces import W1, W2, Surface
from optim_core.training import train

# ---- how to draw a layer's weights ----

RULES = {  # functions of (rng, n inputs, m outputs) → (W, b)
    "PyTorch": lambda rng, n, m: (SCHEMES["torch"](rng, (n, m), n, m), SCHEMES["torch"](rng, (m,), n, m)),
    "N(0, 1)": lambda rng, n, m: (rng.standard_normal((n, m)), 0.0),
    "N(0, 0.01²)": lambda rng, n, m: (rng.standard_normal((n, m)) * 0.01, 0.0),
    "std 1/n": lambda rng, n, m: (rng.standard_normal((n, m)) / n, 0.0),
    "PyTorch, no biases": lambda rng, n, m: (SCHEMES["torch"](rng, (n, m), n, m), 0.0),
    "std 1/√n": lambda rng, n, m: (rng.standard_normal((n, m)) / np.sqrt(n), 0.0),
    "Xavier": lambda rng, n, m: (SCHEMES["xavier"](rng, (n, m), n, m), 0.0),
    "He": lambda rng, n, m: (SCHEMES["he"](rng, (n, m), n, m), 0.0),
    "orthogonal": lambda rng, n, m: (SCHEMES["orthogonal"](rng, (n, m), n, m), 0.0),
}

ACTIVATIONS = {  # the function, and its derivative from its input z and its output y
    "linear": (lambda z: z, lambda z, y: np.ones_like(z)),
    "tanh": (np.tanh, lambda z, y: 1 - y**2),
    "relu": (lambda z: np.maximum(z, 0), lambda z, y: (z > 0).astype(float)),
}

# ---- signals ----


@one_thread()
def signals(rule, activation, gain=1.0, depth=20, width=128, inputs=64, seed=0):
    """What flows through a deep network before any training: all its layers are `width` wide, with no loss at the end.

        x ← φ(x W + b)                      forwards, from N(0, 1) inputs
        dx ← (dx · φ′) Wᵀ                   backwards, from N(0, 1) numbers at the last layer

    rule: one of RULES, or a function of its kind; activation: one of ACTIVATIONS; gain: a factor on W and b.
    Returns dict(x, dx), each of shape (depth + 1, inputs, width); x[0] is what goes in.

    >>> flow = signals("N(0, 1)", "linear", depth=2, width=100)
    >>> [f"{size:.0f}" for size in rms(flow["x"])], [f"{size:.0f}" for size in rms(flow["dx"])]
    (['1', '10', '101'], ['103', '10', '1'])
    """
    draw, (phi, slope) = RULES.get(rule, rule), ACTIVATIONS[activation]
    rng = np.random.default_rng([seed, width])
    x, backwards = [rng.standard_normal((inputs, width))], []
    for _ in range(depth):
        W, b = draw(rng, width, width)
        z = x[-1] @ (gain * W) + gain * b
        x.append(phi(z))
        backwards.append((slope(z, x[-1]), gain * W))
    dx = [rng.standard_normal((inputs, width))]
    for dy_dz, W in reversed(backwards):
        dx.insert(0, (dx[0] * dy_dz) @ W.T)
    return dict(x=np.array(x), dx=np.array(dx))


def rms(x, axis=(-2, -1)):
    """The root mean square over some axes, by default over inputs and units.

    >>> float(rms(np.array([[3.0, 4.0], [0.0, 0.0]])))
    2.5
    """
    return np.sqrt(np.mean(np.square(x), axis=axis))


def spread(x):
    """What differs between inputs: the root mean square, over inputs and units, of x less its mean over the inputs.

    x: shape (…, inputs, units).

    >>> float(spread(np.array([[5.0, 7.0], [5.0, 9.0]]))) == 0.5**0.5
    True
    """
    return rms(x - x.mean(-2, keepdims=True))


def alikeness(x):
    """The mean cosine between two different rows of x, (…, inputs, units), of those that are not 0; NaN without two.

    >>> float(alikeness(np.eye(3))), float(alikeness(np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]])).__round__(12))
    (0.0, 1.0)
    """
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    unit, n = np.divide(x, length, out=np.zeros_like(x), where=length > 0), (length > 0).sum((-2, -1))
    return ((unit.sum(-2) ** 2).sum(-1) - n) / np.where(n > 1, n * (n - 1), np.nan)


def idle(x, activation):
    """Which share of a layer learns nothing: tanh, of its numbers those beyond ±0.95; relu, units 0 for every input.

    A linear layer has none. x: shape (inputs, units).

    >>> idle(np.array([[0.99, 0.1], [-0.97, 0.0]]), "tanh"), idle(np.array([[0.0, 1.0], [0.0, 0.0]]), "relu")
    (0.5, 0.5)
    """
    if activation == "tanh":
        return float((np.abs(x) > 0.95).mean())
    return float((x == 0).all(0).mean()) if activation == "relu" else 0.0


def counted(x, low=-3.0, high=3.0, bins=61):
    """How the numbers of each layer are distributed: shares, shape (layers, bins); what is outside is in the last bins.

    >>> counted(np.array([[[0.0, 0.0], [9.0, 0.0]]]), bins=3)
    array([[0.  , 0.75, 0.25]])
    """
    layers = len(x)
    place = ((np.clip(x, low, high) - low) * (bins / (high - low))).astype(int).clip(0, bins - 1).reshape(layers, -1)
    flat = (place + bins * np.arange(layers)[:, None]).ravel()
    return np.bincount(flat, minlength=layers * bins).reshape(layers, bins) / place.shape[1]


@one_thread()
def through_the_default(digits_in=1000, depth=50, width=256, seed=0, dtype=float):
    """Digits after many tanh layers whose weights and biases are drawn as torch.nn.Linear draws them, (digits, width).

    dtype: the numbers to compute with; torch's own are float32.
    """
    x, rng = digits().X[:digits_in].astype(dtype), np.random.default_rng(seed)
    for _ in range(depth):
        W, b = RULES["PyTorch"](rng, x.shape[1], width)
        x = np.tanh(x @ W.astype(dtype) + b.astype(dtype))
    return x


def factors(rule, activation, width=256, depth=10, seeds=10):
    """By what a layer multiplies the root mean square of the signal: the mean factor over the layers, for each seed.

    >>> found = factors("N(0, 1)", "linear", width=64, seeds=3)
    >>> f"{found.mean():.1f}"
    '8.0'
    """
    flows = (
        rms(signals(rule, activation, depth=depth, width=width, inputs=32, seed=seed)["x"]) for seed in range(seeds)
    )
    return np.array([(sizes[-1] / sizes[0]) ** (1 / depth) for sizes in flows])


@one_thread()
def lengths(width, depth, networks=300, seed=0):
    """By what many He-initialised relu networks multiply the squared length of one input: shape (networks,).

    The input makes no difference, since each direction is as likely as any other. 0: every unit of some layer is dead.

    >>> found = lengths(64, 1)
    >>> f"{found.mean():.2f}"
    '1.00'
    """
    rng = np.random.default_rng([seed, width, depth])
    x = np.ones((networks, 1, width))
    for _ in range(depth):
        x = np.maximum(x @ (rng.standard_normal((networks, width, width)) * np.sqrt(2 / width)), 0)
    return np.square(x).sum((1, 2)) / width


# ---- a circle ----


@one_thread()
def circle(activation, gain, bias=0.0, depth=50, width=128, points=180, seed=0):
    """What becomes of a circle of inputs, and of its tangent, in a deep network with std gain/√n, biases of std `bias`.

    x(θ) = √n (cos θ e₁ + sin θ e₂), e₁ and e₂ perpendicular at random: every input has root mean square 1.
    Returns dict(x, dx), each of shape (depth + 1, points, width): the points, and dx/dθ at them.

    >>> flow = circle("tanh", 0.9, depth=3)
    >>> flow["x"].shape, bool(np.allclose(rms(flow["x"][0]), 1)), bool(np.allclose(rms(flow["dx"][0]), 1))
    ((4, 180, 128), True, True)
    """
    rng, (phi, slope) = np.random.default_rng([seed, width]), ACTIVATIONS[activation]
    plane = np.linalg.qr(rng.standard_normal((width, 2)))[0].T * np.sqrt(width)
    theta = np.arange(points) * 2 * np.pi / points
    x = [np.stack([np.cos(theta), np.sin(theta)], -1) @ plane]
    dx = [np.stack([-np.sin(theta), np.cos(theta)], -1) @ plane]
    for _ in range(depth):
        W = gain * rng.standard_normal((width, width)) / np.sqrt(width)
        z = x[-1] @ W + bias * rng.standard_normal(width)
        x.append(phi(z))
        dx.append((dx[-1] @ W) * slope(z, x[-1]))
    return dict(x=np.array(x), dx=np.array(dx))


NODES = np.linspace(-9, 9, 361)
WEIGHTS = np.exp(-(NODES**2) / 2)
WEIGHTS = WEIGHTS / WEIGHTS.sum()  # the mean of f(z), z ~ N(0, 1), is Σ weights · f(nodes)


def layer_in_theory(activation, gain, bias, q):
    """One layer of infinite width: (the mean of x² after it, by what it multiplies a small difference).

        q ← E[φ(√p z)²],   p = gain² q + bias²,   z ~ N(0, 1);     χ = gain² E[φ′(√p z)²],   the factor is √χ

    Source: Poole et al. 2016; Schoenholz et al. 2017.

    >>> [round(value, 6) for value in layer_in_theory("relu", 2.0, 0.0, 1.0)]
    [2.0, 1.414214]
    """
    p = gain**2 * q + bias**2
    if activation == "relu":  # half of a normal distribution, exactly
        return p / 2, float(gain / np.sqrt(2))
    phi, slope = ACTIVATIONS[activation]
    z = np.sqrt(p) * NODES
    y = phi(z)
    return float(WEIGHTS @ y**2), float(gain * np.sqrt(WEIGHTS @ slope(z, y) ** 2))


def in_the_long_run(activation, gain, bias, layers=2000):
    """The factor √χ on a small difference, per layer, that a very wide network settles to; below 1 order, above chaos.

    >>> f"{in_the_long_run('tanh', 0.9, 0.0):.3f}, {in_the_long_run('tanh', 2.0, 0.0):.3f}"
    '0.900, 1.167'
    """
    q, factor = 1.0, gain
    for _ in range(layers):
        before = q
        q, factor = layer_in_theory(activation, gain, bias, q)
        if activation == "relu" or abs(q - before) < 1e-12:
            break
    return factor


# ---- directions ----


@one_thread()
def jacobians(rule, activation, gain=1.0, depth=50, width=64, seed=0):
    """The derivative of each layer's output with respect to the input, at one N(0, 1) input: (depth + 1, width, width).

    >>> J = jacobians("orthogonal", "linear", depth=5)
    >>> bool(np.allclose(np.linalg.svd(J[-1], compute_uv=False), 1))
    True
    """
    rng, (phi, slope) = np.random.default_rng([seed, width]), ACTIVATIONS[activation]
    x, J = rng.standard_normal(width), [np.eye(width)]
    for _ in range(depth):
        W, b = RULES[rule](rng, width, width)
        z = x @ (gain * W) + gain * b
        x = phi(z)
        J.append((J[-1] @ (gain * W)) * slope(z, x))
    return np.array(J)


@one_thread()
def stretches(J):
    """The singular values of matrices, shape (…, n, n), in falling order: (…, n).

    >>> stretches(np.diag([0.5, 2.0]))
    array([2. , 0.5])
    """
    return np.linalg.svd(J, compute_uv=False)


def duel(scheme, lr=0.03, seeds=10, depth=30, width=32, steps=150, batch=32):
    """The accuracy on held-out digits of deep tanh networks after a short training, one for each seed.

    scheme: of `network.SCHEMES`. All seeds are trained in one call.
    """
    parts = [Linear(64, width), Tanh()] + [layer for _ in range(depth - 1) for layer in (Linear(width, width), Tanh())]
    net = Network([*parts, Linear(width, 10)])
    w = np.stack([net.init(seed, scheme) for seed in range(seeds)])
    how = dict(lr=lr, steps=steps, batch=batch, w=w, every=steps, progress=False)
    return train(net, digits(), gd, **how)["test_accuracy"][-1]


def symmetric(start, steps=400):
    """A tanh network 64-32-10 after a training on digits: (accuracy on held-out ones, rank of its first weights).

    start: "zeros", "constant" (every weight 0.1), or one of `network.SCHEMES`.
    """
    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)])
    w = net.init(0, start) if start in SCHEMES else dict(zeros=0.0, constant=0.1)[start] * net.is_weight
    found = train(net, digits(), gd, lr=0.5, steps=steps, batch=64, w=w, every=steps, progress=False)
    return float(found["test_accuracy"][-1]), int(np.linalg.matrix_rank(found["w"][: 64 * 32].reshape(64, 32)))


# ---- inputs ----

PIXELS = {"in the middle": 36, "towards the side": 34, "at the side": 33}  # places among the 64, of the fifth row
A, B, C = sympy.symbols("a b c")


def ink(pixel):
    """How much ink one pixel has, 0 … 16, over the 1200 training digits; pixel: one of PIXELS."""
    return digits(scale=False).X[:, PIXELS[pixel]]


def plane(x):
    """The mean of ½(δb + δw x)² over the inputs x, as a surface of (δb, δw): what is lost by being off the best line.

    >>> plane(np.array([-1.0, 1.0])).hessian([0, 0])
    array([[1., 0.],
           [0., 1.]])
    """
    values = {A: 1.0, B: float(np.mean(x)), C: float(np.mean(np.square(x)))}
    formula = (A * W1**2 + 2 * B * W1 * W2 + C * W2**2) / 2
    return Surface("inputs", formula, values, window=(-2, 2, -2, 2), critical_points=[((0, 0), "minimum")])


def curvatures(x):
    """The largest and the smallest curvature of `plane`.

    >>> [f"{lam:.4f}" for lam in curvatures(np.array([0.0, 1.0]))]
    ['1.3090', '0.1910']
    """
    low, high = np.linalg.eigvalsh([[1.0, np.mean(x)], [np.mean(x), np.mean(np.square(x))]])
    return float(high), float(low)


PREPARED = {  # what is done to pixels of 0 … 16, given those of the training part
    "0 … 16": lambda X, seen: X,
    "[0, 1]": lambda X, seen: X / 16,
    "[−1, 1]": lambda X, seen: X / 8 - 1,
    "centred, /16": lambda X, seen: (X - seen.mean(0)) / 16,
    "standardised": lambda X, seen: (X - seen.mean(0)) / np.where(seen.std(0) > 0, seen.std(0), 1),
}
RATES = np.array([0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])


@kept
def prepared(how, seed=0):
    """The digits, split by `seed`, with their pixels prepared as PREPARED says."""
    raw = digits(scale=False, seed=seed)
    return Data(PREPARED[how](raw.X, raw.X), raw.y, PREPARED[how](raw.X_test, raw.X), raw.y_test)


def spectrum(X):
    """The eigenvalues of XᵀX/N, with a column of ones for the biases, largest first.

    For one linear unit and half the squared error these are the curvatures; elsewhere they set their scale.

    >>> spectrum(np.array([[1.0], [-1.0]]))
    array([1., 1.])
    """
    ones = np.hstack([X, np.ones((len(X), 1))])
    return np.linalg.eigvalsh(ones.T @ ones / len(X))[::-1]


@one_thread()
def saturated(X, seed=0):
    """Which share of a first layer's 32 tanh units is beyond ±0.99 before any training, with Xavier's weights."""
    W = Network([Linear(64, 32), Tanh(), Linear(32, 10)]).init(seed, "xavier")[: 64 * 32].reshape(64, 32)
    return float((np.abs(np.tanh(X @ W)) > 0.99).mean())


def accuracies(how, seed=0, steps=200):
    """The accuracy on held-out digits after a short training of a tanh network 64-32-10, for each of RATES."""
    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)])
    w = np.tile(net.init(seed, "xavier"), (len(RATES), 1))
    options = dict(lr=RATES[:, None], steps=steps, batch=64, seed=seed, w=w, every=steps, progress=False)
    return train(net, prepared(how, seed), gd, **options)["test_accuracy"][-1]


# ---- numbers that are rounded ----

FORMATS = {  # binary digits of a number, the exponent of the smallest positive one, the largest finite one
    "float64": (53, -1074, float(np.finfo(np.float64).max)),
    "float32": (24, -149, float(np.finfo(np.float32).max)),
    "bfloat16": (8, -133, (2 - 2.0**-7) * 2.0**127),
    "float16": (11, -24, 65504.0),
}


def unit(w, kind):
    """From |w| to the next larger number of a format, its last binary digit; w: numbers of any shape.

    >>> [float(unit(1.0, kind)) for kind in ("float64", "float32", "float16")] == [2.0**-52, 2.0**-23, 2.0**-10]
    True
    """
    digits_of, smallest, _ = FORMATS[kind]
    exponent = np.frexp(w)[1]  # |w| = m 2^exponent, ½ ≤ m < 1
    return np.ldexp(1.0, np.where(w == 0, smallest, np.maximum(exponent - digits_of, smallest)))


def rounded(w, kind, rng=None):
    """The nearest number of a format, of two that are as near the even one; infinity beyond the largest.

    rng: with a generator, it is rounded up or down at random, so that it is right on average (stochastic rounding).

    >>> rounded(np.array([1.0004, 1.0006]), "float16"), float(rounded(70000.0, "float16"))
    (array([1.        , 1.00097656]), inf)
    """
    step = unit(w, kind)
    places = w / step  # exact: step is a power of two
    whole = np.rint(places) if rng is None else np.floor(places + rng.random(np.shape(w)))
    with np.errstate(over="ignore"):
        near = whole * step
    near = np.where(np.abs(near) > FORMATS[kind][2], np.copysign(np.inf, w), near)
    return near[()]


def added(first, second, kind, times=4000):
    """[a, a + b, a + b + b, …] in numbers of a format, as floats; a and b are rounded to it first.

    >>> added(1.0, 4e-4, "float16", 3), added(1.0, 2**-10, "float16", 2) - 1
    (array([1., 1., 1., 1.]), array([0.        , 0.00097656, 0.00195312]))
    """
    row = np.empty(times + 1)
    row[0], b = rounded(first, kind), rounded(second, kind)
    for k in range(times):
        total = row[k] + b  # in float64: for the shorter formats that has digits enough to be rounded once more
        row[k + 1] = total if kind == "float64" else rounded(total, kind)
        if row[k + 1] == row[k]:  # and so it stays
            row[k + 1 :] = row[k]
            break
    return row


def bits(value, top, bottom):
    """The binary digits of a Fraction, 0 or more, from 2^top down to 2^bottom, as a list of 0 and 1.

    >>> bits(Fraction(5, 2), 2, -2)
    [0, 1, 0, 1, 0]
    """
    whole = int(value / Fraction(2) ** bottom)
    return [whole >> k & 1 for k in range(top - bottom, -1, -1)]


def lowest(value):
    """The place of the last binary digit that is 1, of a Fraction whose denominator is a power of two; None for 0.

    >>> lowest(Fraction(5, 2)), lowest(Fraction(12))
    (-1, 2)
    """
    if not value:
        return None
    top = value.numerator
    return (top & -top).bit_length() - 1 - (value.denominator.bit_length() - 1)


CURES = ["none", "a copy in float32", "rounded at random"]


@kept
@one_thread()
def learned(kind, lr, cure="none", steps=1000):
    """A classifier with 65 weights that tells the digits 3 and 8 apart, trained while its weights are kept in a format.

        g = Xᵀ(σ(Xw) − y)/N                     all other numbers are float64: only the rounding of w is looked at
        w ← rounded(w − η g)                    cure "none", or rounded at random
        c ← float32(c − η g),  w = rounded(c)   cure "a copy in float32"

    Returns dict(loss, w, step, kept): (steps + 1,); (steps + 2, 65), the weights that are added to, or their copies;
    (steps + 1, 65), what is added; and the format in which it is.

    >>> loss = learned("bfloat16", 0.2, steps=500)["loss"]
    >>> int(np.argmax(loss == loss[-1])), f"{loss[-1]:.3f}"
    (382, '0.115')
    """
    X, y = _three_or_eight()
    rng = np.random.default_rng(0) if cure == "rounded at random" else None
    kept = "float32" if cure == "a copy in float32" and kind in ("bfloat16", "float16") else kind
    w, ws, steps_taken, losses = np.zeros(X.shape[1]), [], [], []
    for _ in range(steps + 1):
        z = X @ (rounded(w, kind) if kept != kind else w)
        losses.append(np.logaddexp(0, np.where(y, -z, z)).mean())
        step = -lr * (X.T @ (1 / (1 + np.exp(-z)) - y)) / len(y)
        ws.append(w)
        steps_taken.append(step)
        w = w + step if kept == "float64" else rounded(w + step, kept, rng)
    return dict(loss=np.array(losses), w=np.array([*ws, w]), step=np.array(steps_taken), kept=kept)


@kept
def _three_or_eight():
    data = digits()
    some = np.isin(data.y, (3, 8))
    return np.hstack([data.X[some], np.ones((some.sum(), 1))]), data.y[some] == 8


def stands_from(w):
    """From which row on the weights (rows, n) do not change any more; None if the last row differs from the one before.

    >>> stands_from(np.array([[0.0], [1.0], [1.0]])), stands_from(np.array([[0.0], [1.0]]))
    (1, None)
    """
    same = (w == w[-1]).all(1)
    first = len(w) - int(np.argmin(same[::-1])) if not same.all() else 0
    return first if first < len(w) - 1 else None
