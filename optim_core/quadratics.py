"""Momentum on a quadratic: what theory says of a pair (η, μ), what runs of all pairs say, and when to forget; noise.

On a quadratic each eigen-direction, of curvature λ, goes its own way, and only the product ηλ counts there. Two methods
are known by name: "heavy ball" (`optimizers.momentum`) and "Nesterov" (`optimizers.nesterov`).  With ∇L = λw, and v in
step t written as w_t − w_{t−1}, both are recursions over two steps, and w_t = σᵗ solves them for two numbers σ:

    heavy ball:  w_{t+1} = (1 + μ − ηλ) w_t − μ w_{t−1}                      σ² − (1 + μ − ηλ) σ + μ = 0
    Nesterov:    w_{t+1} = (1 + μ)(1 − ηλ) w_t − μ (1 − ηλ) w_{t−1}          σ² − (1 + μ)(1 − ηλ) σ + μ (1 − ηλ) = 0

The run converges if both |σ| < 1, by the larger |σ| a step in the end; it swings if they are complex.  All the formulas
below follow: σ = −1 gives `boundary`, a double root `critical_damping`, and `optimum` makes the largest |σ| of all λ as
small as it can be.
"""

import functools

import numpy as np

from .descent import descend
from .fast import kept
from .optimizers import anatomy, optimizer
from .refuse import flag, number, numbers, ranged, refuse, whole

HEAVY_BALL, NESTEROV = "heavy ball", "Nesterov"


def _known(method):
    if not isinstance(method, str) or method not in (HEAVY_BALL, NESTEROV):
        refuse("method", method, f'"{HEAVY_BALL}" or "{NESTEROV}"')
    return method


def _ranged(name, value, allowed, holds):
    """A number as it is, or an array of such, or a refusal."""
    array = ranged(name, value, allowed, holds)
    return array.item() if array.ndim == 0 else array


def _from_zero(name, value):
    return _ranged(name, value, "≥ 0", lambda v: v >= 0)


# ---- what theory says of one pair ----


def roots(eta, mu):
    """The two roots σ of the heavy ball, by which it multiplies in the end, largest |σ| first; eta: ηλ.

        σ² − (1 + μ − ηλ) σ + μ = 0          σ = m ± √(m² − μ),   m = (1 + μ − ηλ)/2

    >>> roots(0.04, 0.64).round(3)  # a double root
    array([0.8+0.j, 0.8+0.j])
    """
    eta, mu = _from_zero("eta", eta), np.asarray(_from_zero("mu", mu), dtype=complex)
    middle, spread = (1 + mu - eta) / 2, np.sqrt(((1 + mu - eta) / 2) ** 2 - mu)
    both = np.stack([middle + spread, middle - spread], -1)
    return np.take_along_axis(both, np.argsort(-np.abs(both), axis=-1), -1)


def boundary(method, mu):
    """The ηλ at which a method with momentum μ stops converging on a quadratic with curvature λ.

        heavy ball: 2 (1 + μ)                Nesterov: 2 (1 + μ) / (1 + 2μ)

    At it a root of the recursion is −1: the run jumps from side to side for ever.

    >>> boundary("heavy ball", 0.9), round(boundary("Nesterov", 0.9), 3)
    (3.8, 1.357)
    """
    mu = _from_zero("mu", mu)
    return 2 * (1 + mu) / (1 + 2 * mu if _known(method) == NESTEROV else 1)


def optimum(method, kappa):
    """The constant (η λ_max, μ) with the fastest rate on quadratics of condition number κ.

        heavy ball: η λ_max = (2√κ / (√κ + 1))²,   μ = ((√κ − 1) / (√κ + 1))²
        Nesterov:   η λ_max = 4κ / (3κ + 1),        μ = (√(3κ+1) − 2) / (√(3κ+1) + 2)

    Source: Polyak 1964; Lessard, Recht & Packard 2016, Proposition 1.

    >>> [round(float(x), 4) for x in optimum("heavy ball", 100.0)]
    [3.3058, 0.6694]
    """
    kappa = _ranged("kappa", kappa, "≥ 1", lambda v: v >= 1)
    if _known(method) == NESTEROV:
        root = np.sqrt(3 * kappa + 1)
        return 4 * kappa / (3 * kappa + 1), (root - 2) / (root + 2)
    root = np.sqrt(kappa)
    return (2 * root / (root + 1)) ** 2, ((root - 1) / (root + 1)) ** 2


def critical_damping(method, eta):
    """The μ at which one direction comes to rest fastest, its two roots in one; eta: η times its curvature, ηλ.

        heavy ball: (1 − √(ηλ))²                Nesterov: (1 − √(ηλ)) / (1 + √(ηλ))

    For ηλ ≤ 1 it comes to rest without crossing over. For 1 < ηλ < 4 the heavy ball's double root, 1 − √(ηλ), is
    negative: no μ is faster, but the run jumps from side to side; from 4 on none converges. Nesterov's polynomial has
    no double root with μ ≥ 0 for ηλ > 1: the negative number that the formula gives there is no momentum.

    >>> critical_damping("heavy ball", 0.04).round(3)
    np.float64(0.64)
    """
    root = np.sqrt(_from_zero("eta", eta))
    return (1 - root) / (1 + root) if _known(method) == NESTEROV else (1 - root) ** 2


# ---- what runs of all pairs say ----


def _plain(phases):
    """Check the arguments, and write them in one way, by which an answer that is kept is found again."""

    @functools.wraps(phases)
    def checked(step, kappa, start=(-8.0, 4.0), steps=200):
        anatomy(step)
        kappa = number("kappa", kappa, "a number ≥ 1", lambda v: v >= 1)
        start = numbers("start", start, last=2, finite=True, real=True)
        if start.ndim != 1 or whole("steps", steps, 40) % 40:
            refuse("start, steps", (start.tolist(), steps), "two numbers, and a multiple of 40")
        return phases(step, kappa, tuple(start.tolist()), steps)

    return checked


@_plain
@kept
def phases(step, kappa, start=(-8.0, 4.0), steps=200):
    """How far from the minimum of a ravine the runs of 100 × 100 pairs (η, μ) come in each quarter of their steps.

    step: `momentum` or `nesterov`; the distance is max |wᵢ|.
    Returns (etas, mus, far), far of shape (4, 100, 100): quarter, μ, η. Kept, so that asking again costs nothing.

    >>> from optim_core.optimizers import momentum
    >>> etas, mus, far = phases(momentum, kappa=10.0, steps=40)
    >>> etas[24], mus[50], far[:, 50, 24].round(3).tolist()
    (np.float64(1.0), np.float64(0.5), [8.0, 0.532, 0.004, 0.001])
    """
    curvatures, w, v, far = np.array([1 / kappa, 1.0]), start, 0.0, []
    etas, mus = np.linspace(0.04, 4, 100), np.linspace(0, 0.99, 100)
    pairs = dict(lr=etas[:, None], mu=mus[:, None, None])  # shapes (100, 1) and (100, 1, 1): 100 × 100 runs
    for k in range(0, steps, 10):  # ten steps at a time, to save memory
        path = descend(step, w, lambda w: curvatures * w, 10, start=k, v=v, **pairs)
        w, v = path["w"][-1], path["v"][-1]
        far.append(np.abs(path["w"]).max(axis=(0, -1)))
    return etas, mus, np.reshape(far, (4, -1, 100, 100)).max(axis=1)


def fates(far, steps):
    """What became of runs on a quadratic, and how many steps those that converge take for a factor of ten.

    far: how far from the minimum each run came in each quarter of its steps, shape (4, …).
    Returns (words, pace). Of the words the first that is true: "diverged", beyond 1e6 in any quarter; "converged", in
    the last quarter below 1 % of the first; "growing", in the last quarter farther than in the second; else "bounded".
    pace: steps for a factor of ten, at the rate at which the distance fell from the second quarter to the last, which
    are half of all steps apart; inf if it did not fall.

    >>> words, pace = fates([[9.0, 9.0, 9.0], [0.9, 5.0, 20.0], [0.09, 4.0, 60.0], [0.009, 3.0, 180.0]], steps=200)
    >>> words.tolist(), pace[0].round(3)
    (['converged', 'bounded', 'growing'], np.float64(50.0))
    """
    far, steps = ranged("far", far, "≥ 0", lambda v: v >= 0), whole("steps", steps, 1)
    if far.shape[:1] != (4,):
        refuse("far.shape", far.shape, "(4, …), a row for each quarter of the steps")
    with np.errstate(all="ignore"):
        factor = np.where(far[1] > 0, far[3] / far[1], 0.0)  # over half of all steps
        pace = np.where(factor < 1, steps / 2 / -np.log10(factor), np.inf)
    words = np.where(far[3] < 1e-2 * far[0], "converged", np.where(factor > 1, "growing", "bounded"))
    return np.where(far.max(axis=0) > 1e6, "diverged", words), pace


# ---- a momentum that rises, and is forgotten in time ----


def restarting(w, grad, t, v=0.0, k=0.0, *, lr=1.0, low=0.0, high=1.0, restart=1.0):
    """Nesterov's method with a momentum that rises with every step, and begins again when the velocity points uphill.

        μ ← k/(k + 3), but not below low or above high            k: steps since the last restart
        g ← ∇L(w + μ v);  v ← μ v − η g;  w ← w + v               η = lr
        if g·v > 0: v ← 0, k ← 0; else k ← k + 1                  where restart is 1; where it is 0, never

    high = 0 is gradient descent, low = high a constant momentum. w, v, k, grad(w): shape (…, n).
    Source: O'Donoghue & Candès 2015, the gradient scheme.

    >>> path = descend(restarting, [1.0, 1.0], lambda w: np.array([0.01, 1.0]) * w, 100)
    >>> [t for t in range(1, 101) if path["k"][t, 0] == 0]  # the steps that ended with k = 0: there it forgot
    [37, 74]
    """
    mu = np.clip(k / (k + 3), low, high)
    g = grad(w + mu * v)
    v = mu * v - lr * g
    w = w + v
    again = restart * ((g * v).sum(axis=-1, keepdims=True) > 0)  # 1 where the velocity points uphill
    return dict(w=w, v=(1 - again) * v, k=(1 - again) * (k + 1))


restarting = optimizer(restarting)  # here, and not above it, so that `source` shows the equation alone


# ---- noise, and a learning rate that falls ----


@np.errstate(all="ignore")  # where ηλ > 2 for long, the mean loss is infinite
def expected(etas, curvatures, squares, noise, *, split=False):
    """The mean loss of gradient descent with noise on a quadratic, exactly and for any schedule: no run, no seed.

        wᵢ ← wᵢ − ηₖ (λᵢ wᵢ + σᵢ ξ)                    ξ: noise of mean 0 and variance 1, new in every step
        Vᵢ ← (1 − ηₖ λᵢ)² Vᵢ + ηₖ² σᵢ²                 Vᵢ: the mean of wᵢ²; ξ knows nothing of wᵢ
        L = ½ Σᵢ λᵢ Vᵢ

    etas: the rates of the steps, (T, …): one schedule, or many at once; such as cosine(0.1, T)(np.arange(T)).
    curvatures, squares, noise: λ, V before the first step, and σ, each a number or an array (…, n).
    Returns L before the first step and after each, (T + 1, …); with split=True the part ½ λᵢ Vᵢ of each direction, on a
    last axis. Single runs scatter about this mean. With a constant η, Vᵢ ends at η σᵢ²/(λᵢ (2 − η λᵢ)).
    Source: the noisy quadratic of Schaul, Zhang & LeCun 2013, "No more pesky learning rates".

    >>> expected([0.5, 0.5, 0.0], curvatures=[1.0], squares=4.0, noise=[1.0])
    array([2.     , 0.625  , 0.28125, 0.28125])
    """
    etas, noise = _from_zero("etas", etas), ranged("noise", noise, "≥ 0", lambda v: v >= 0)
    lam, V = _from_zero("curvatures", curvatures), _from_zero("squares", squares)
    if np.ndim(etas) == 0:
        refuse("etas", etas, "the rates of the steps, (T, …)")
    etas = np.asarray(etas)[..., None]
    try:
        V = np.broadcast_to(V, np.broadcast_shapes(etas.shape[1:], np.shape(lam), np.shape(V), noise.shape))
    except ValueError:
        refuse("shapes", [np.shape(a) for a in (etas[..., 0], lam, V, noise)], "such that they broadcast, etas[k] too")
    parts = [lam * V / 2]
    for eta in etas:
        V = (1 - eta * lam) ** 2 * V + eta**2 * noise**2
        parts.append(lam * V / 2)
    return np.array(parts if flag("split", split) else [part.sum(-1) for part in parts])
