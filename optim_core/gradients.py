"""Gradient in, gradient out: clipping, L2, noise and SAM wrap a gradient; and second derivatives by complex step.

    path = descend(momentum, w0, clip_norm(noisy(surface.grad, 0.1, seed=0), 1.0), 200, lr=0.1)

The order of the wrappers is the order of the computation, read from the inside: here noise first, then clipping.  A
gradient of w gives a gradient of w; one of (w, t), such as a mini-batch's, gives one of (w, t).  Parameters are on the
last axis, runs on the leading ones, and every number may be an array that broadcasts: θ of shape (50, 1) is fifty runs.
"""

import numpy as np

from .refuse import asks, interval, numbers, ranged, refuse, spread, whole


def _changed(grad, change, needs_step=False, real=False, **own):
    """The gradient change(w, g, t), where g is grad's: a function of w, or of (w, t) if one of the two needs t.

    own: the arrays of the wrapper by name, which must broadcast to w; real: whether w may not be complex.
    """
    takes_step = asks("grad", grad) == 2

    def changed(w, t=None):
        array = numbers("w", w, real=real)
        if array.size == 0 or (needs_step and array.ndim == 0):
            refuse("w.shape", array.shape, "(…, n), and not empty")
        for name, value in own.items():
            if np.ndim(value):
                spread(name, value, array.shape)
        return change(array, np.asarray(grad(w, t) if takes_step else grad(w)), t)

    if takes_step or needs_step:
        return lambda w, t: changed(w, whole("t", t, 1))
    return lambda w: changed(w)


def clip_value(grad, low, high):
    """Cut each component of the gradient to an interval, which may be lopsided.

        gᵢ ← min(max(gᵢ, a), b)              a = low, b = high

    This turns the gradient: large components lose, small ones do not. Raises ValueError unless low ≤ high.
    Source: Mikolov 2012; see Pascanu, Mikolov & Bengio 2013, section 3.1. Equals torch's clip_grad_value_(b), a = −b.

    >>> clip_value(lambda w: w, -1.0, 1.0)(np.array([3.0, -0.5]))
    array([ 1. , -0.5])
    """
    low, high = interval(low, high)
    return _changed(grad, lambda w, g, t: np.clip(g, low, high), low=low, high=high)


def clip_norm(grad, theta, eps=0.0):
    """Shorten a gradient that is longer than θ to the length θ; its direction stays.

        g ← g · min(1, θ / (‖g‖ + ε))        θ = theta, ε = eps

    ‖g‖ is over all parameters of a run, the last axis. theta: a number > 0, commonly 1 or 10; or `running(2.0)`, twice
    the mean norm so far, which gives a gradient of (w, t).
    Source: Pascanu, Mikolov & Bengio 2013, Algorithm 1. torch's clip_grad_norm_ has ε = 1e-6.

    >>> clip_norm(lambda w: w, 1.0)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    eps = ranged("eps", eps, "≥ 0", lambda v: v >= 0)
    moving = callable(theta)
    if not moving:
        theta = ranged("theta", theta, "> 0, or running(multiple)", lambda v: v > 0, finite=False)

    def clipped(w, g, t):
        norm = np.hypot.reduce(g, axis=-1, keepdims=True)  # √(g₁² + g₂² + …), without overflow
        with np.errstate(all="ignore"):
            return g * np.minimum(1, (theta(norm, t) if moving else theta) / (norm + eps))

    return _changed(grad, clipped, needs_step=moving, real=True, theta=0.0 if moving else theta, eps=eps)


def running(multiple):
    """A threshold for clip_norm that moves: a multiple of the mean norm of the gradients before this step.

        θ_t = c · (‖g₁‖ + … + ‖g_{t−1}‖) / (t − 1)        c = multiple

    Where no step came before, or all gradients before were 0, nothing is clipped: θ = ∞. The norms are those before
    clipping, each run's its own. They are remembered by step, so a replay from the first step, or from any step of the
    run just made, sees the same thresholds; a step too far ahead is refused.
    Source: Pascanu, Mikolov & Bengio 2013, section 3.2 (half to ten times the average norm).

    >>> gradient = clip_norm(lambda w: w, running(2.0))
    >>> [float(gradient(np.array([size]), t)[0]) for t, size in enumerate([1.0, 3.0, 50.0], start=1)]
    [1.0, 2.0, 4.0]
    """
    multiple = ranged("multiple", multiple, "> 0", lambda v: v > 0)
    sums = [0.0]  # of the norms of the first 0, 1, 2, … steps

    def theta(norm, t):
        if t > len(sums):
            refuse("t", t, f"at most {len(sums)}: this gradient was not asked for the steps before")
        sums[t:] = [sums[t - 1] + norm]  # what a run before this one saw later is forgotten
        return np.where(sums[t - 1] > 0, multiple * sums[t - 1] / (t - 1), np.inf)

    return theta


def l2(grad, lam, only=1.0):
    """The gradient of the loss plus the penalty ½ λ Σ wᵢ².

        g ← g + λ w                          λ = lam

    For the penalty λ/(2n) Σ wᵢ² on n examples pass lam=λ/n. only: a mask of the parameters to penalise, such as
    network.is_weight, which spares the biases. Equals torch's weight_decay=lam in all optimizers but AdamW; for gd the
    same as decay outside the gradient (`optimizers.decoupled`), for Adam not.
    Source: Goodfellow, Bengio & Courville 2016, section 7.1.1.

    >>> l2(lambda w: 0 * w, 0.5, only=[True, False])(np.array([2.0, 2.0]))
    array([1., 0.])
    """
    lam, only = (ranged(*p, "≥ 0", lambda v: v >= 0) for p in dict(lam=lam, only=only).items())
    return _changed(grad, lambda w, g, t: g + lam * only * w, lam=lam, only=only)


def sam(grad, rho):
    """The gradient where the loss is highest nearby: sharpness-aware minimization.

        g ← ∇L(w + ρ g/‖g‖)                  ρ = rho

    To first order, w + ρ g/‖g‖ is the highest point of the ball of radius ρ about w; so the steps lower the worst loss
    nearby, and a minimum narrower than ρ does not hold them. Twice the price: two gradients a step, of one mini-batch.
    ‖g‖ is over all parameters of a run, the last axis; where g is exactly 0, it is ∇L(w).
    Source: Foret, Kleiner, Mobahi & Neyshabur 2021, Algorithm 1. Libraries: equals optax.contrib.sam with sgd inside.

    >>> sam(lambda w: w, 5.0)(np.array([3.0, 4.0]))  # of ½‖w‖², at twice the distance
    array([6., 8.])
    """
    rho, takes_step = ranged("rho", rho, "≥ 0", lambda v: v >= 0), asks("grad", grad) == 2

    def ahead(w, g, t):
        norm = np.hypot.reduce(g, axis=-1, keepdims=True)
        with np.errstate(all="ignore"):
            w = w + rho * g / np.where(norm > 0, norm, 1)
        return np.asarray(grad(w, t) if takes_step else grad(w))

    return _changed(grad, ahead, real=True, rho=rho)


def noisy(grad, sigma, seed):
    """The gradient with normal noise in every component, a stand-in for a mini-batch's.

        gᵢ ← gᵢ + σ ξᵢ,  ξᵢ ~ N(0, 1)        σ = sigma

    A gradient of (w, t): the noise follows from (seed, t) alone, so a replay sees the same. With one seed all runs see
    the same noise, and differ only by what you chose; seed=np.arange(50) gives each of fifty runs its own.

    >>> gradient, w = noisy(lambda w: w, 0.1, seed=0), np.ones(2)
    >>> np.array_equal(gradient(w, 1), gradient(w, 1)), np.array_equal(gradient(w, 1), gradient(w, 2))
    (True, False)
    """
    sigma = ranged("sigma", sigma, "≥ 0", lambda v: v >= 0)
    seeds = ranged("seed", seed, "whole and ≥ 0, or an array of such", lambda v: (v >= 0) & (v == v // 1)).astype(int)

    def noised(w, g, t):
        spread("seed", seeds, w.shape[:-1])
        noise = [np.random.default_rng((s, t)).standard_normal(w.shape[-1]) for s in seeds.flat]
        return g + sigma * np.reshape(noise, (*seeds.shape, w.shape[-1]))

    return _changed(grad, noised, needs_step=True, real=True, sigma=sigma)


def hvp(grad, w, u):
    """The Hessian times a vector, exact to rounding, for the price of one gradient in complex numbers.

        H(w) u = Im ∇L(w + i h u) / h        h = 1e-20

    Why: Taylor's ∇L(w + i h u) = ∇L(w) + i h H u − h² (…) − i h³ (…) + … has the imaginary part h H u, but for h³ (…),
    which is lost in rounding. Nothing is subtracted, so h may be as small as one likes. Complex numbers make a gradient
    three to six times as dear, in the networks and surfaces here.
    w, u: shape (…, n). grad must take complex w: no abs, no comparison but of real parts.
    Source: Squire & Trapp 1998, for gradients; Pearlmutter 1994 for the product.

    >>> hvp(lambda w: w**3, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 3., 12.])
    """
    if asks("grad", grad) == 2:
        refuse("grad", grad, "a function of w alone: fix the step, lambda w: grad(w, 1)")
    w, u = numbers("w", w, finite=True, real=True), numbers("u", u, finite=True, real=True)
    if w.ndim == 0:
        refuse("w", w, "of shape (…, n): put a single parameter in a list")
    if u.shape[-1:] != w.shape[-1:]:
        refuse("u.shape", u.shape, f"(…, {w.shape[-1]}), as w has")
    shape = max(w.shape, u.shape, key=len)
    g = np.asarray(grad(spread("w", w, shape) + 1e-20j * spread("u", u, shape)))
    if not np.iscomplexobj(g) or g.shape != shape:
        refuse("grad(w)", g, f"complex where w is complex, of shape {shape}; does this one drop the imaginary part?")
    return g.imag / 1e-20


def hessian(grad, w):
    """The matrix of second derivatives, exact to rounding, for the price of n gradients in complex numbers.

        H(w)ᵢⱼ = ∂gᵢ/∂wⱼ, shape (…, n, n)     for w of shape (…, n); see `hvp` for what grad must be

    >>> grad = lambda w: w * w[..., ::-1] ** 2  # of L = ½ w₁² w₂²: (w₁ w₂², w₂ w₁²), as w[..., ::-1] is (w₂, w₁)
    >>> hessian(grad, np.array([1.0, 2.0]))
    array([[4., 4.],
           [4., 1.]])
    """
    w = np.atleast_1d(numbers("w", w, finite=True, real=True))
    if w.shape[-1] == 0:
        refuse("w.shape", w.shape, "(…, n), and not empty")
    return np.stack([hvp(grad, w, unit) for unit in np.eye(w.shape[-1])], axis=-1)
