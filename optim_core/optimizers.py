"""Optimizers, each one a pure step function that reads like its equation.

Before the star stands what evolves, with the value it starts from; after the star, what you choose:

    def momentum(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):

`w` holds the parameters on its last axis and runs on the leading ones, `grad` is a function of `w`, and `t` counts the
steps 1, 2, ….  The new state comes back by name, so that `descend` (or a loop of your own) can hand it to the next step.
Everything broadcasts: `lr` of shape (50, 1) is fifty runs, `lr` of shape (2,) one learning rate per parameter.
"""

import functools
import inspect

import numpy as np

from .refuse import refuse

# What a hyper-parameter may be, by its name.
ALLOWED = {
    "lr": (lambda v: v >= 0, "a number ≥ 0"),
    "mu": (lambda v: (v >= 0) & (v <= 1), "in [0, 1]"),
    "eps": (lambda v: v >= 0, "a number ≥ 0"),
    "decay": (lambda v: v >= 0, "a number ≥ 0"),
    "momentum_decay": (lambda v: v >= 0, "a number ≥ 0, or None"),
} | dict.fromkeys(["beta", "rho", "beta1", "beta2"], (lambda v: (v >= 0) & (v < 1), "in [0, 1)"))


def anatomy(step):
    """Split a step function's arguments at the star: what evolves, and what you choose.

    Returns (state, chosen), two dicts name → default value.

    >>> anatomy(momentum)
    ({'v': 0.0}, {'lr': 0.01, 'mu': 0.9})
    """
    parameters = list(inspect.signature(step).parameters.values())
    if [p.name for p in parameters[:3]] != ["w", "grad", "t"]:
        refuse("step", getattr(step, "__name__", step), "a function of (w, grad, t, state…, *, hyper-parameters…)")
    state = {p.name: p.default for p in parameters[3:] if p.kind is p.POSITIONAL_OR_KEYWORD}
    chosen = {p.name: p.default for p in parameters[3:] if p.kind is p.KEYWORD_ONLY}
    return state, chosen


def hyper(name, value, taken):
    """A hyper-parameter's value after `taken` steps: a number, an array, or what a schedule says, checked.

    >>> hyper("lr", lambda k: 0.1 / (1 + k), 4)
    0.02
    """
    value = value(taken) if callable(value) else value
    if value is None or isinstance(value, bool):
        return value
    try:
        value = value if isinstance(value, float) else np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        refuse(name, value, "a number, an array of numbers, or a function of the steps taken")
    allowed, words = ALLOWED.get(name, (np.isfinite, "a finite number"))
    if not np.all(allowed(value) & np.isfinite(value)):
        refuse(name, value, words)
    return value


def check_names(step, names, chosen):
    """Refuse hyper-parameters that `step` does not have."""
    unknown = [name for name in names if name not in chosen]
    if unknown:
        refuse(unknown[0], names[unknown[0]], f"left out: {step.__name__} takes {', '.join(chosen) or 'none'}")


def optimizer(step):
    """Let every hyper-parameter be a number, an array or a function of the steps taken, and refuse what makes no sense."""
    evolves, defaults = anatomy(step)

    @functools.wraps(step)
    def checked(w, grad, t, *state, **given):
        state = dict(zip(evolves, state, strict=False)) | {n: given.pop(n) for n in list(given) if n in evolves}
        check_names(step, given, defaults)
        given = {name: hyper(name, value, t - 1) for name, value in given.items()}
        return step(np.asarray(w), grad, t, **state, **given)

    return checked


@optimizer
def gd(w, grad, t, *, lr=0.01):
    """Gradient descent: one step against the gradient.

        w ← w − η ∇L(w)                      η = lr

    w, grad(w): shape (…, n). Equals torch.optim.SGD. On a quadratic with eigenvalue λ each step multiplies the distance
    to the minimum by 1 − ηλ, so it converges for 0 < η < 2/λ.
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

    The gradient at the look-ahead point w + μv brakes a velocity that is about to overshoot. μ = 0 is gradient descent.
    w, v, grad(w): shape (…, n).
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
