"""Optimizers, each one a pure step function that reads like its equation.

Before the star stands what evolves, with the value it starts from; after the star, what you choose:

    def momentum(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):

`w` holds the parameters on its last axis and runs on the leading ones; `grad` is a function of `w`, and g in the
formulas is ∇L(w) before the step; `t` counts the steps 1, 2, ….  The new state comes back by name, so that `descend`
(or a loop of your own) can hand it to the next step.  Everything broadcasts: `lr` of shape (50, 1) is fifty runs, `lr`
of shape (2,) one learning rate per parameter.  Any hyper-parameter may be a function of the steps already taken, t − 1.

All raise ValueError for an unknown keyword, a hyper-parameter out of its range, a gradient of another shape than w.
A new optimizer is one function here, its name in OPTIMIZERS, and a row in TABLE of tests/test_optimizers.py.
"""

import functools
import inspect

import numpy as np

from .refuse import asks, interval, numbers, refuse, whole
from .schedules import reader

# What a hyper-parameter may be, by its name.
ALLOWED = {
    "lr": (lambda v: v >= 0, "a number ≥ 0"),
    "mu": (lambda v: (v >= 0) & (v <= 1), "in [0, 1]"),
    "eps": (lambda v: v >= 0, "a number ≥ 0"),
    "lr_rest": (lambda v: v >= 0, "a number ≥ 0"),
    "decay": (lambda v: v >= 0, "a number ≥ 0"),
    "momentum_decay": (lambda v: v >= 0, "a number ≥ 0, or None"),
}
ALLOWED |= dict.fromkeys(["beta", "rho", "beta1", "beta2"], (lambda v: (v >= 0) & (v < 1), "in [0, 1)"))
ALLOWED |= dict.fromkeys(["low", "high", "restart"], (np.isfinite, "a finite number"))  # of `quadratics.restarting`


def anatomy(step):
    """Split a step function's arguments at the star: what evolves, and what you choose.

    Returns (state, chosen), two dicts name → default value.

    >>> anatomy(momentum)
    ({'v': 0.0}, {'lr': 0.01, 'mu': 0.9})
    """
    words = "a function of (w, grad, t, state…, *, hyper-parameters…)"
    try:
        parameters = list(inspect.signature(step).parameters.values())
    except (TypeError, ValueError):
        refuse("step", step, words)
    if [p.name for p in parameters[:3]] != ["w", "grad", "t"]:
        refuse("step", getattr(step, "__name__", step), words)
    state = {p.name: p.default for p in parameters[3:] if p.kind is p.POSITIONAL_OR_KEYWORD}
    chosen = {p.name: p.default for p in parameters[3:] if p.kind is p.KEYWORD_ONLY}
    return state, chosen


def hyper(name, value, taken=0, losses=None):
    """A hyper-parameter's value after `taken` steps: a number, an array, or what a schedule says, checked.

    One number, too, comes as an array: numpy's results are then, to the last bit, those for the same number in a larger
    array.

    >>> hyper("lr", lambda k: 0.1 / (1 + k), 4)
    array(0.02)
    """
    if callable(value):
        value = reader(name, value)(taken, losses)
    allowed, words = ALLOWED.get(name, (np.isfinite, "finite"))
    if isinstance(value, (bool, str, type(None))):
        if name in ALLOWED and not (value is None and "None" in words):
            refuse(name, value, words)
        return value  # a switch of your own step function
    value = numbers(name, value, real=True)
    if not (allowed(value) & np.isfinite(value)).all():
        refuse(name, value, words)
    return value


def check_given(values):
    """Refuse what a step function has no default for, and nobody has given; values: name → value."""
    for name, value in values.items():
        if value is inspect.Parameter.empty:
            refuse(name, "nothing", "given, since the step function has no default for it")


def check_names(step, names, chosen):
    """Refuse hyper-parameters that `step` does not have."""
    unknown = [name for name in names if name not in chosen]
    if unknown:
        step = getattr(step, "__name__", "the step function")
        refuse(unknown[0], names[unknown[0]], f"left out: {step} takes {', '.join(chosen) or 'none'}")


def by_step(grad):
    """The function t → gradient during step t, which is a function of w alone, and made sure to have the shape of w."""
    at_step = asks("grad", grad) == 2

    def at(t):
        def gradient(w):
            g = np.asarray(grad(w, t) if at_step else grad(w))
            if g.shape != w.shape or g.dtype.kind not in "fiub":
                refuse("grad(w)", g, f"numbers of the shape of w, {w.shape}")
            return g

        return gradient

    return at


def check_shapes(shapes, n):
    """The shape (…, n) to which arrays broadcast, or a refusal if they do not, or are empty; shapes: name → shape."""
    try:
        shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        shape = ()
    if shape[-1:] != (n,) or 0 in shape:
        refuse("shapes", shapes, f"such that they broadcast: the {n} parameters on the last axis, runs before it")
    return shape


EQUATIONS = {}  # a checked step function → the bare one, which `descend` calls: it checks the arguments once itself


def optimizer(step):
    """Let hyper-parameters be numbers, arrays or functions of the steps taken, and refuse what makes no sense.

    >>> @optimizer
    ... def own(w, grad, t, *, lr=0.1):
    ...     return dict(w=w - lr * grad(w))
    >>> own([1.0], lambda w: w, t=2, lr=lambda k: 0.5 / (1 + k))
    {'w': array([0.75])}
    """
    evolves, defaults = anatomy(step)

    @functools.wraps(step)
    def checked(w, grad, t, *state, **given):
        if len(state) > len(evolves):
            refuse("state", state, f"at most {len(evolves)} parts: {', '.join(evolves) or 'none'}")
        state = dict(zip(evolves, state, strict=False)) | {n: given.pop(n) for n in evolves if n in given}
        check_names(step, given, defaults)
        taken = whole("t", t, 1) - 1
        check_given(evolves | state | defaults | given)
        w, *parts = (numbers(name, value, real=True) for name, value in ({"w": w} | evolves | state).items())
        if w.ndim == 0:
            refuse("w", w, "of shape (…, n): put a single parameter in a list")
        with np.errstate(all="ignore"):
            given = {name: hyper(name, value, taken) for name, value in (defaults | given).items()}
            named = {"w": w} | dict(zip(evolves, parts, strict=True)) | given
            check_shapes({name: np.shape(value) for name, value in named.items()}, w.shape[-1])
            return step(w, by_step(grad)(t), t, *parts, **given)

    EQUATIONS[checked] = step
    return checked


# ---- one learning rate for all parameters ----------------------------------------------------------------------------


@optimizer
def gd(w, grad, t, *, lr=0.01):
    """Gradient descent: one step against the gradient.

        w ← w − η ∇L(w)                      η = lr

    On a quadratic with eigenvalue λ each step multiplies the distance to the minimum by 1 − ηλ, so it converges for
    0 < η < 2/λ. w, grad(w): shape (…, n). Equals torch.optim.SGD.
    Source: Cauchy 1847, "Méthode générale pour la résolution des systèmes d'équations simultanées".

    >>> gd(np.array([1.0, 2.0]), lambda w: 2 * w, t=1, lr=0.1)["w"]
    array([0.8, 1.6])
    """
    w = w - lr * grad(w)
    return dict(w=w)


@optimizer
def momentum(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):
    """The heavy ball: a velocity remembers past gradients, and the point moves with the velocity.

        v ← μ v − η ∇L(w)                    η = lr, μ = mu
        w ← w + v                            v: velocity, starts at 0

    The velocity is a discounted *sum* of past gradients: while the gradient stays the same, the step grows towards
    η/(1 − μ) times the gradient. μ = 0 is gradient descent. w, v, grad(w): shape (…, n).
    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
    Libraries: torch.optim.SGD keeps η outside the velocity (v = −η · buf); the same path while η is constant.

    >>> one = momentum(np.array([1.0]), lambda w: w, t=1, lr=0.1, mu=0.5)
    >>> two = momentum(**one, grad=lambda w: w, t=2, lr=0.1, mu=0.5)
    >>> one["w"], two["w"]
    (array([0.9]), array([0.76]))
    """
    v = mu * v - lr * grad(w)
    w = w + v
    return dict(w=w, v=v)


@optimizer
def nesterov(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):
    """Nesterov's accelerated gradient: the heavy ball, with the gradient taken where the velocity is about to lead.

        v ← μ v − η ∇L(w + μ v)              η = lr, μ = mu
        w ← w + v                            v: velocity, starts at 0

    At the look-ahead point w + μv the gradient already sees what the old velocity will do, and brakes it before it
    overshoots. μ = 0 is gradient descent. w, v, grad(w): shape (…, n).
    Source: Nesterov 1983; in this form Sutskever, Martens, Dahl & Hinton 2013, section 2.
    Libraries: the parameters of torch's SGD(nesterov=True) are the look-ahead points w + μv, not w.

    >>> one = nesterov(np.array([1.0]), lambda w: w, t=1, lr=0.1, mu=0.5)
    >>> two = nesterov(**one, grad=lambda w: w, t=2, lr=0.1, mu=0.5)
    >>> one["w"], two["w"]
    (array([0.9]), array([0.765]))
    """
    v = mu * v - lr * grad(w + mu * v)
    w = w + v
    return dict(w=w, v=v)


@optimizer
def ema_momentum(w, grad, t, m=0.0, *, lr=0.01, beta=0.9):
    """Momentum with an *average* of past gradients in place of their sum.

        m ← β m + (1 − β) ∇L(w)              η = lr, β = beta
        w ← w − η m                          m: exponential moving average of the gradient, starts at 0

    The same path as `momentum` with mu = β and lr = (1 − β)η: under a constant gradient the step tends to η g, not to
    η g/(1 − β). So a learning rate means little without the name of the convention. w, m, grad(w): shape (…, n).
    Source: the first half of Kingma & Ba 2015, Algorithm 1.
    Libraries: not torch's SGD(dampening=β), which leaves its first step undamped.

    >>> ema_momentum(np.array([1.0]), lambda w: w, t=1, lr=0.1, beta=0.9)["w"]
    array([0.99])
    """
    m = beta * m + (1 - beta) * grad(w)
    w = w - lr * m
    return dict(w=w, m=m)


@optimizer
def normalized_gd(w, grad, t, *, lr=0.01):
    """Gradient descent that keeps the direction of the gradient and forgets its length.

        w ← w − η g / ‖g‖                    η = lr

    Every step is η long, however steep or flat the place; so with a constant η it never settles. Where the gradient is
    exactly 0 it stays. ‖g‖ is over all parameters, the last axis; AdaGrad divides each by a norm of its own.
    w, grad(w): shape (…, n).
    Source: Hazan, Levy & Shalev-Shwartz 2015, "Beyond convexity".

    >>> normalized_gd(np.array([3.0, 4.0]), lambda w: 100 * w, t=1, lr=1.0)["w"]
    array([2.4, 3.2])
    """
    g = grad(w)
    norm = np.hypot.reduce(g, axis=-1, keepdims=True)  # √(g₁² + g₂² + …), without overflow
    w = w - lr * g / np.where(norm > 0, norm, 1)
    return dict(w=w)


@optimizer
def schedule_free(w, grad, t, z=0.0, *, lr=1.0, beta=0.9):
    """Schedule-free gradient descent: w is an average of all z so far, and the gradient is taken between the two.

        y ← (1 − β) z + β w                  η = lr, β = beta
        z ← z − η ∇L(y)                      z: the fast point, starts at w
        w ← (1 − 1/t) w + z/t                w: the mean of z₁ … z_t, called x in the paper; evaluate this one

    A constant η does what a falling one does elsewhere, and no last step need be known beforehand. β = 0 is gradient
    descent with the mean of its points beside it (`training.averaged`); the nearer β is to 1, the more the gradient is
    that of the mean. w, z, grad(w): shape (…, n); before the first step z counts as w, whatever it is.
    Source: Defazio et al. 2024, "The road less scheduled", equations 2 to 4, there with 1/(t + 1): w₀ counts, too.
    Libraries: equals optax.contrib.schedule_free_sgd, whose parameters are y, while η is constant.

    >>> one = schedule_free(np.array([1.0]), lambda w: w, t=1, lr=0.5, beta=0.5)
    >>> two = schedule_free(**one, grad=lambda w: w, t=2, lr=0.5, beta=0.5)
    >>> one["w"], two["z"], two["w"]
    (array([0.5]), array([0.25]), array([0.375]))
    """
    z = w if t == 1 else z
    y = (1 - beta) * z + beta * w
    z = z - lr * grad(y)
    w = (1 - 1 / t) * w + z / t
    return dict(w=w, z=z)


# ---- the sign alone --------------------------------------------------------------------------------------------------


@optimizer
def sign_gd(w, grad, t, *, lr=0.01):
    """Gradient descent that keeps the sign of each component of the gradient and forgets its size.

        w ← w − η sign(g)                    η = lr;  sign(0) = 0

    The steepest way down if a step is as long as its largest component; gradient descent takes the steepest for the
    usual length (see `normalized_gd`). It is Adam with β₁ = β₂ = 0. w, grad(w): shape (…, n).
    Source: Bernstein et al. 2018, "signSGD"; the sign of the gradient first in Rprop, Riedmiller & Braun 1993.

    >>> sign_gd(np.array([3.0, -4.0]), lambda w: 100 * w, t=1, lr=0.5)["w"]
    array([ 2.5, -3.5])
    """
    w = w - lr * np.sign(grad(w))
    return dict(w=w)


@optimizer
def lion(w, grad, t, m=0.0, *, lr=0.0001, beta1=0.9, beta2=0.99, decay=0.0):
    """Lion: the sign of a mixture of momentum and gradient, found by a search through programs.

        u ← sign(β₁ m + (1 − β₁) g)          η = lr, β₁ = beta1, β₂ = beta2, λ = decay
        m ← β₂ m + (1 − β₂) g                m: average of gradients, starts at 0, remembers longer than u
        w ← w − η (u + λ w)

    Every component moves by η in every step; the paper advises an η three to ten times smaller than AdamW's. With decay
    no weight can stay beyond 1/λ: there λ w outweighs u. w, m, grad(w): shape (…, n).
    Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms", Algorithm 2.
    Libraries: equals optax.lion, whose decay is 0.001 unless told otherwise.

    >>> lion(np.array([1.0, -200.0]), lambda w: w, t=1, lr=0.1)["w"]
    array([   0.9, -199.9])
    """
    g = grad(w)
    u = np.sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    w = w - lr * (u + decay * w)
    return dict(w=w, m=m)


# ---- a learning rate of its own for each parameter -------------------------------------------------------------------


@optimizer
def adagrad(w, grad, t, s=0.0, *, lr=0.01, eps=1e-10):
    """AdaGrad: each coordinate's step is divided by the root of the sum of all its squared gradients.

        s ← s + g²                           η = lr, ε = eps
        w ← w − η g / (√s + ε)               s: sum of squares, starts at 0

    Coordinates with large gradients get a small learning rate, those with small or rare gradients a large one. No step
    exceeds η. Under a constant gradient step t is η/√t, about 2η√t in all: it only slows down.
    w, s, grad(w): shape (…, n).
    Source: Duchi, Hazan & Singer 2011, Figure 1, diagonal form (there δ for ε).
    Libraries: equals torch; optax starts s at 0.1 and puts ε inside the root.

    >>> adagrad(np.array([1.0, 1.0]), lambda w: w * np.array([100.0, 0.01]), t=1, lr=0.1)["w"]
    array([0.9, 0.9])
    """
    g = grad(w)
    s = s + g**2
    w = w - lr * g / (np.sqrt(s) + eps)
    return dict(w=w, s=s)


@optimizer
def mean_square_adagrad(w, grad, t, s=0.0, *, lr=0.01, eps=1e-10):
    """AdaGrad with the root of the *mean* square in place of the sum.

        s ← s + g²                           η = lr, ε = eps
        σ ← √(s / t)                         s: sum of squares, starts at 0
        w ← w − η g / (σ + ε)

    The same path as `adagrad` with η√t for η, so its steps do not shrink. After a flat stretch σ is small, and the
    first large gradient makes a step of many η: a burst, which `adagrad` never shows. w, s, grad(w): shape (…, n).
    Source: lectures that speak of "the root mean square of the gradients"; the paper (see `adagrad`) has the sum.

    >>> one = mean_square_adagrad(np.array([0.0]), lambda w: w + 10, t=100, s=99 * 0.01**2, lr=0.1)
    >>> one["w"].round(3)  # after 99 gradients of 0.01 one of 10: a step of 10 η
    array([-1.])
    """
    g = grad(w)
    s = s + g**2
    sigma = np.sqrt(s / t)
    w = w - lr * g / (sigma + eps)
    return dict(w=w, s=s)


@optimizer
def rmsprop(w, grad, t, s=0.0, b=0.0, *, lr=0.01, beta=0.99, mu=0.0, eps=1e-8):
    """RMSProp: AdaGrad that forgets, so that it neither stops nor remembers a steep place for ever.

        s ← β s + (1 − β) g²                 η = lr, β = beta, μ = mu, ε = eps
        b ← μ b + g / (√s + ε)               s: moving average of squares, b: velocity, both start at 0
        w ← w − η b                          without momentum (μ = 0), b is this step's g / (√s + ε)

    s starts at 0, so the first step is η/√(1 − β): 10η for β = .99, 3.2η for the textbook's β = .9. With a constant η
    it never settles but ends in a cycle of amplitude η/2 around the minimum. w, s, b, grad(w): shape (…, n).
    Source: Tieleman & Hinton 2012, Coursera lecture 6.5; with momentum Graves 2013 (see centered_rmsprop).
    Libraries: equals torch. Textbooks use β = .9 and η = .001.

    >>> rmsprop(np.array([1.0, 1.0]), lambda w: w * np.array([100.0, 0.01]), t=1, lr=0.1, beta=0.75)["w"].round(6)
    array([0.8, 0.8])
    """
    g = grad(w)
    s = beta * s + (1 - beta) * g**2
    b = mu * b + g / (np.sqrt(s) + eps)
    w = w - lr * b
    return dict(w=w, s=s, b=b)


@optimizer
def centered_rmsprop(w, grad, t, s=0.0, m=0.0, b=0.0, *, lr=0.01, beta=0.99, mu=0.0, eps=1e-8):
    """RMSProp divided by the standard deviation of the gradient instead of its root mean square.

        s ← β s + (1 − β) g²                 η = lr, β = beta, μ = mu, ε = eps
        m ← β m + (1 − β) g                  s, m: moving averages of squares and of gradients, start at 0
        b ← μ b + g / (√(s − m²) + ε)        b: velocity, starts at 0
        w ← w − η b

    Where the gradient hardly changes, s − m² is small and steps are large; where rounding puts it below 0, it is 0.
    w, s, m, b, grad(w): shape (…, n).
    Source: Graves 2013, "Generating sequences with recurrent neural networks": there ε is inside the root, η inside b.
    Libraries: equals torch's RMSprop(centered=True), which does not cut off, and so may give NaN.

    >>> centered_rmsprop(np.array([1.0]), lambda w: 3 * w, t=1, lr=0.1, beta=0.5)["w"].round(6)
    array([0.8])
    """
    g = grad(w)
    s = beta * s + (1 - beta) * g**2
    m = beta * m + (1 - beta) * g
    b = mu * b + g / (np.sqrt(np.maximum(s - m**2, 0)) + eps)
    w = w - lr * b
    return dict(w=w, s=s, m=m, b=b)


@optimizer
def adadelta(w, grad, t, s=0.0, X=0.0, *, lr=1.0, rho=0.9, eps=1e-6):
    """AdaDelta: RMSProp whose learning rate is the root mean square of its own past steps.

        s ← ρ s + (1 − ρ) g²                 ρ = rho, ε = eps, η = lr
        d ← √(X + ε) / √(s + ε) · g          s, X: moving averages of g² and of d², start at 0
        X ← ρ X + (1 − ρ) d²
        w ← w − η d

    η = 1 in the paper: there is no learning rate to choose, but ε takes its place, since the first step is √(ε/(1 − ρ))
    whatever the gradient is (.00316 for the numbers here). w, s, X, grad(w): shape (…, n).
    Source: Zeiler 2012, Algorithm 1 (s is E[g²], X is E[Δx²]).
    Libraries: equals torch; X accumulates the step before η.

    >>> adadelta(np.array([1.0, 1.0]), lambda w: w * np.array([100.0, 1.0]), t=1)["w"].round(5)
    array([0.99684, 0.99684])
    """
    g = grad(w)
    s = rho * s + (1 - rho) * g**2
    d = np.sqrt(X + eps) / np.sqrt(s + eps) * g
    X = rho * X + (1 - rho) * d**2
    w = w - lr * d
    return dict(w=w, s=s, X=X)


# ---- Adam and its family ---------------------------------------------------------------------------------------------


@optimizer
def adam(w, grad, t, m=0.0, v=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: averages of the gradient and of its square, corrected for having started at 0.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps
        v ← β₂ v + (1 − β₂) g²               m, v: moving averages, start at 0
        m̂ = m / (1 − β₁ᵗ)
        v̂ = v / (1 − β₂ᵗ)
        w ← w − η m̂ / (√v̂ + ε)

    The corrections make the first step η·sign(g). Scaling the loss changes nothing (but for ε); turning the coordinates
    does. w, m, v, grad(w): shape (…, n).
    Source: Kingma & Ba 2015, Algorithm 1.
    Libraries: equals torch and optax. Some books put ε inside the root.

    >>> adam(np.array([1.0, -200.0]), lambda w: w, t=1, lr=0.1)["w"]
    array([   0.9, -199.9])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return dict(w=w, m=m, v=v)


@optimizer
def uncorrected_adam(w, grad, t, m=0.0, v=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam without its bias correction: what the two hats are for.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps
        v ← β₂ v + (1 − β₂) g²               m, v: moving averages, start at 0
        w ← w − η m / (√v + ε)

    Both averages start too small, but √v more so: the first step is (1 − β₁)/√(1 − β₂) η = 3.16η, and under a constant
    gradient the steps rise to 6.57η at t = 12. w, m, v, grad(w): shape (…, n).
    Source: Kingma & Ba 2015, section 6.4.

    >>> uncorrected_adam(np.array([1.0]), lambda w: w, t=1, lr=0.1)["w"].round(4)
    array([0.6838])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    w = w - lr * m / (np.sqrt(v) + eps)
    return dict(w=w, m=m, v=v)


@optimizer
def adamw(w, grad, t, m=0.0, v=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    """Adam with decoupled weight decay: the weights shrink outside the gradient, so no average ever sees it.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps, λ = decay
        v ← β₂ v + (1 − β₂) g²               m, v: moving averages, start at 0
        m̂ = m / (1 − β₁ᵗ)
        v̂ = v / (1 − β₂ᵗ)
        w ← w − η (m̂ / (√v̂ + ε) + λ w)

    With L2 in the gradient (`gradients.l2`) Adam would divide the decay by √v̂, too, and weights with large gradients
    would hardly shrink. decay may be an array: 0.01 * network.is_weight spares the biases. Shapes: as adam.
    Source: Loshchilov & Hutter 2019, Algorithm 2: w ← w − η_t (α m̂ / (√v̂ + ε) + λ w), with a schedule's factor η_t
    and the learning rate α. There α does not multiply λ: it is this function with lr = η_t α and decay = λ/α.
    Libraries: equals torch and optax.

    >>> adamw(np.array([1.0]), lambda w: 0 * w, t=1, lr=0.1, decay=0.5)["w"]
    array([0.95])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * (m_hat / (np.sqrt(v_hat) + eps) + decay * w)
    return dict(w=w, m=m, v=v)


@optimizer
def amsgrad(w, grad, t, m=0.0, v=0.0, v_max=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """AMSGrad: Adam that never forgets the largest v.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps
        v ← β₂ v + (1 − β₂) g²               m, v, v_max: start at 0
        v_max ← max(v_max, v)
        w ← w − η m̂ / (√v̂_max + ε)           m̂ = m / (1 − β₁ᵗ), v̂_max = v_max / (1 − β₂ᵗ)

    Mends the examples where Adam, which forgets a rare large gradient, walks to the worst point. In the paper, without
    bias correction, the effective learning rate η/√v_max never rises. Here it is η √(1 − β₂ᵗ)/√v_max, and while v_max
    stays the same it rises from step to step, towards η/√v_max: after a large first gradient to 1/√(1 − β₂) = 31.6
    times what it was in that step. Shapes: as adam.
    Source: Reddi, Kale & Kumar 2018, Algorithm 2 (without bias correction).
    Libraries: equals torch, whose correction comes after the maximum; optax corrects before it.

    >>> amsgrad(np.array([1.0]), lambda w: w, t=1, lr=0.1)["w"]
    array([0.9])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    v_max = np.maximum(v_max, v)
    m_hat = m / (1 - beta1**t)
    v_hat = v_max / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return dict(w=w, m=m, v=v, v_max=v_max)


@optimizer
def nadam(w, grad, t, m=0.0, v=0.0, p=1.0, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=None):
    """NAdam: Adam that looks one step of momentum ahead, as Nesterov does.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps, ψ = momentum_decay
        v ← β₂ v + (1 − β₂) g²               m, v: start at 0
        p ← p μ_t                            p: the product μ₁ ⋯ μ_t, starts at 1
        m̂ = μ_{t+1} m / (1 − p μ_{t+1}) + (1 − μ_t) g / (1 − p)
        v̂ = v / (1 − β₂ᵗ)
        w ← w − η m̂ / (√v̂ + ε)

    With momentum_decay=None μ_t = β₁ and p = β₁ᵗ: m̂ is Adam's as at the next step, with the newest gradient standing in
    for the one to come (but divided by this step's 1 − p). The first step is (1 + 2β₁)/(1 + β₁) η, 1.47η for β₁ = .9.
    Else μ_t = β₁ (1 − ½ · 0.96^(tψ)) warms the momentum up. Shapes: as adam.
    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".
    Libraries: None equals optax's nadam; torch's default is ψ = 0.004, and its ψ = 0 means μ = β₁/2.

    >>> nadam(np.array([1.0]), lambda w: w, t=1, lr=0.1, beta1=0.5)["w"].round(4)  # a first step of 4/3 η
    array([0.8667])
    """

    def mu(t):
        return beta1 if momentum_decay is None else beta1 * (1 - 0.5 * np.power(0.96, t * momentum_decay))

    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    p = p * mu(t)
    m_hat = mu(t + 1) * m / (1 - p * mu(t + 1)) + (1 - mu(t)) * g / (1 - p)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return dict(w=w, m=m, v=v, p=p)


@optimizer
def radam(w, grad, t, m=0.0, v=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """RAdam: Adam that does not divide by √v̂ until enough gradients stand behind it, a warm-up that sets itself.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps
        v ← β₂ v + (1 − β₂) g²               m, v: start at 0
        m̂ = m / (1 − β₁ᵗ)
        ρ∞ = 2/(1 − β₂) − 1
        ρ = ρ∞ − 2t β₂ᵗ/(1 − β₂ᵗ)             how many gradients v's average is worth
        r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))
        w ← w − η m̂ r √(1 − β₂ᵗ)/(√v + ε)    if ρ > 5
        w ← w − η m̂                          else: momentum

    The fewer gradients stand behind v̂, the more 1/√v̂ varies with their noise. r < 1 shortens the step so that it varies
    as it will with ρ∞ gradients, and rises to 1. For ρ ≤ 4 the variance of 1/v̂, on which r is built, is infinite; and
    as ρ is an approximation, the authors' code and torch wait for ρ > 5. With β₂ = .999 the first five steps are plain
    momentum; with β₂ ≤ 2/3 all are, as ρ < ρ∞ ≤ 5. Shapes: as adam.
    Source: Liu et al. 2020, Algorithm 2.
    Libraries: equals torch (ε added before the correction of v); the paper has ρ > 4 and no ε.

    >>> radam(np.array([2.0]), lambda w: w, t=1, lr=0.1)["w"]
    array([1.8])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
    rectified = r * np.sqrt(1 - beta2**t) / (np.sqrt(v) + eps)
    w = w - lr * m_hat * np.where(rho > 5, rectified, 1)
    return dict(w=w, m=m, v=v)


@optimizer
def adamax(w, grad, t, m=0.0, u=0.0, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """AdaMax: Adam with the largest recent |g| in place of the root mean square.

        m ← β₁ m + (1 − β₁) g                η = lr, β₁ = beta1, β₂ = beta2, ε = eps
        u ← max(β₂ u, |g| + ε)               m, u: start at 0
        w ← w − η m̂ / u                      m̂ = m / (1 − β₁ᵗ)

    u needs no correction: a maximum does not start too small. Shapes: as adam.
    Source: Kingma & Ba 2015, Algorithm 2 (without ε).
    Libraries: equals torch and optax.

    >>> adamax(np.array([1.0, -200.0]), lambda w: w, t=1, lr=0.1)["w"]
    array([   0.9, -199.9])
    """
    g = grad(w)
    m = beta1 * m + (1 - beta1) * g
    u = np.maximum(beta2 * u, np.abs(g) + eps)
    m_hat = m / (1 - beta1**t)
    w = w - lr * m_hat / u
    return dict(w=w, m=m, u=u)


# ---- wrappers around a step, and the table ---------------------------------------------------------------------------


def decoupled(step):
    """The optimizer that takes `step`'s step and shrinks the weights beside it.

        w ← step(w) − η λ w                  η = lr, λ = decay, a new keyword, 0.01 unless given

    L2 stands around the gradient and is seen by every average of it; this stands around the step and is seen by none.
    decoupled(adam) is adamw; decoupled(momentum) is SGDW; for gd the two places make no difference.
    decay: a number ≥ 0, or an array that broadcasts, such as 0.01 * network.is_weight.
    Source: Loshchilov & Hutter 2019, Algorithms 1 and 2.

    >>> decoupled(gd)(np.array([1.0]), lambda w: 0 * w, t=1, lr=0.1, decay=0.5)["w"]
    array([0.95])
    """
    evolves, chosen = anatomy(step)
    if "lr" not in chosen or "decay" in chosen:
        refuse("step", step, "a step function with lr, and without a decay of its own")
    equation = EQUATIONS.get(step, step)

    def decayed(w, grad, t, *state, lr, decay, **rest):
        rest |= dict(zip(evolves, state, strict=False))
        new = equation(w=w, grad=grad, t=t, lr=lr, **rest)
        return new | dict(w=new["w"] - lr * decay * w)

    signature = inspect.signature(step)
    extra = inspect.Parameter("decay", inspect.Parameter.KEYWORD_ONLY, default=0.01)
    decayed.__signature__ = signature.replace(parameters=[*signature.parameters.values(), extra])
    decayed.__name__ = f"decoupled_{getattr(step, '__name__', 'step')}"
    decayed.__doc__ = f"w ← step(w) − η λ w, where step is {getattr(step, '__name__', step)}, η = lr and λ = decay."
    return optimizer(decayed)


def projected(step, low, high):
    """The optimizer that takes `step`'s step and, where that leads out of a box, goes back to its edge.

        w ← min(max(step(w), a), b)          a = low, b = high: numbers, or arrays that broadcast

    The rest of the state never hears of it. Problems stated on an interval, such as those of regret, need it; a run
    that diverges, too, comes back, so use it nowhere else.
    Source: Zinkevich 2003; the projection of Reddi, Kale & Kumar 2018 in one dimension.

    >>> projected(gd, -1.0, 1.0)(np.array([0.5, 0.5]), lambda w: np.array([30.0, 3.0]), t=1, lr=0.1)["w"]
    array([-1. ,  0.2])
    """
    anatomy(step)  # refuses what is no step function
    low, high = interval(low, high)
    equation = EQUATIONS.get(step, step)

    def kept(w, grad, t, *state, **rest):
        new = equation(w, grad, t, *state, **rest)
        return new | dict(w=np.clip(new["w"], low, high))

    kept.__signature__ = inspect.signature(step)
    kept.__name__ = f"projected_{getattr(step, '__name__', 'step')}"
    kept.__doc__ = f"w ← min(max(step(w), {low}), {high}), where step is {getattr(step, '__name__', step)}."
    return optimizer(kept)


OPTIMIZERS = {
    step.__name__: step
    for step in (
        *(gd, momentum, nesterov, normalized_gd, adagrad, rmsprop, centered_rmsprop, adadelta),
        *(adam, adamw, amsgrad, nadam, radam, adamax, schedule_free, sign_gd, lion),
        *(ema_momentum, mean_square_adagrad, uncorrected_adam),  # to learn from
    )
}
