"""The exercises of chapter 05: momentum."""

import numpy as np

from optim_core.exercises import Choice, Predict
from optim_core.exercises.kinds import Pair, pair
from optim_core.exercises.steps import Slope

from . import experiments

# 1. The heavy ball -----------------------------------------------------------------------------------------------

_W, _V = np.array([2.0, -1.0]), np.array([0.5, 0.25])
STEPS = {
    "two parameters": [
        (_W, _V, Slope((1.0, 4.0)), 0.1, 0.9),
        (np.array([-3.0, 0.5]), np.array([0.2, -1.0]), Slope((2.0, 0.5)), 0.3, 0.5),
        (np.array([1.0, 1.0]), np.array([-0.4, 0.3]), Slope((0.1, 8.0)), 0.05, 0.99),
    ],
    "one parameter, or five": [
        (np.array([1.5]), np.array([-0.6]), Slope((3.0,)), 0.2, 0.7),
        (np.arange(1.0, 6.0), np.array([0.1, -0.2, 0.3, 0.0, 1.0]), Slope((1.0, 2.0, 0.5, 4.0, 3.0)), 0.02, 0.8),
    ],
    "a gradient that is no straight line": [
        (_W, _V, Slope((1.0, -1.0), 0.5), 0.1, 0.9),
        (np.array([0.5, -2.0]), np.array([1.0, 0.5]), Slope((0.0, 1.0), 1.0), 0.04, 0.6),
    ],
    "the first step (v = 0)": [(_W, 0 * _V, Slope((1.0, 4.0)), 0.1, 0.9)],
    "no momentum (μ = 0)": [(_W, _V, Slope((1.0, 4.0)), 0.1, 0.0)],
}

TERMS = {
    "w": lambda w, v, grad, lr, mu: w,
    "v": lambda w, v, grad, lr, mu: v,
    "mu·v": lambda w, v, grad, lr, mu: mu * v,
    "lr·grad(w)": lambda w, v, grad, lr, mu: lr * grad(w),
    "grad(w)": lambda w, v, grad, lr, mu: grad(w),
    "mu·lr·grad(w)": lambda w, v, grad, lr, mu: mu * lr * grad(w),
    "mu·grad(w)": lambda w, v, grad, lr, mu: mu * grad(w),
    "lr·v": lambda w, v, grad, lr, mu: lr * v,
    "mu²·v": lambda w, v, grad, lr, mu: mu**2 * v,
    "lr·grad(w + mu·v)": lambda w, v, grad, lr, mu: lr * grad(w + mu * v),
    "grad(w + mu·v)": lambda w, v, grad, lr, mu: grad(w + mu * v),
    "lr·grad(w − mu·v)": lambda w, v, grad, lr, mu: lr * grad(w - mu * v),
    "lr·grad(w + v)": lambda w, v, grad, lr, mu: lr * grad(w + v),
    "mu·lr·grad(w + mu·v)": lambda w, v, grad, lr, mu: mu * lr * grad(w + mu * v),
}


@pair(
    "the point",
    "the velocity",
    cases=STEPS,
    terms=TERMS,
    hints=[
        "Two lines: first the velocity changes, then the point moves with it.",
        "The velocity keeps the part mu of itself and gets a push against the gradient, of lr times its size.",
        "`grad` is a function: `grad(w)` is the gradient at w. The push is `- lr * grad(w)`.",
    ],
)
def heavy_ball(w, v, grad, lr, mu):
    """One step of the heavy ball: v ← μ v − η ∇L(w), then w ← w + v.

    w, v: the point and the velocity, shape (n,); grad: the gradient, a function of w; lr: η; mu: μ.
    Returns the new point and the new velocity, (w, v).
    """
    v = mu * v - lr * grad(w)
    w = w + v
    return w, v


def _moved(w, v):
    """Where the point is after a step v, and v."""
    return w + v, v


def _ahead(w, v, grad, lr, mu):
    """Where the point is after a step that is made anew from v, as Nesterov makes his velocity; and v."""
    return w + mu * v - lr * grad(w + mu * v), v


# fmt: off
heavy_ball.mistakes += [  # what was done, the wrong step, where to look
    ("an average in place of the sum: the gradient is weighted with 1 − μ",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - (1 - mu) * lr * grad(w)),
     "That is another convention, with a step 1 − μ times as long. Here the push is the whole lr·grad(w)."),
    ("the average of the gradients, with η outside",
     lambda w, v, grad, lr, mu: (w - lr * (mu * v + (1 - mu) * grad(w)), mu * v + (1 - mu) * grad(w)),
     "That is the form with β and 1 − β, as in Adam. Here v is a step: it has η and its sign inside, and no 1 − μ."),
    ("the push goes up the gradient",
     lambda w, v, grad, lr, mu: _moved(w, mu * v + lr * grad(w)),
     "The gradient points uphill; the push is against it."),
    ("a velocity that points uphill and is then subtracted",
     lambda w, v, grad, lr, mu: (w - (mu * v + lr * grad(w)), mu * v + lr * grad(w)),
     "Some books write it so, and with their v the path is the same. Here v is the step itself: w moves by +v."),
    ("the learning rate outside the velocity, as torch has it",
     lambda w, v, grad, lr, mu: (w - lr * (mu * v + grad(w)), mu * v + grad(w)),
     "With torch's v the path is the same while lr is constant. Here v is a step: lr and the minus are inside it."),
    ("the learning rate multiplies the whole velocity",
     lambda w, v, grad, lr, mu: (w + lr * (mu * v - grad(w)), mu * v - grad(w)),
     "With your v the path is the same while lr is constant. Here v is a step: lr belongs to the gradient alone."),
    ("the point moves against its velocity",
     lambda w, v, grad, lr, mu: (w - (mu * v - lr * grad(w)), mu * v - lr * grad(w)),
     "The velocity is right. The point moves with it, not against it."),
    ("the point moves with the old velocity",
     lambda w, v, grad, lr, mu: (w + v, mu * v - lr * grad(w)),
     "First the velocity changes, then the point moves with the new one."),
    ("the point moves first, and the gradient is taken where it arrives",
     lambda w, v, grad, lr, mu: (w + v, mu * v - lr * grad(w + v)),
     "The gradient is taken at w as it came in, and the point moves with the new velocity."),
    ("the old velocity is kept whole: μ is left out",
     lambda w, v, grad, lr, mu: _moved(w, v - lr * grad(w)),
     "Without friction it would never come to rest: only the part mu of the velocity stays."),
    ("1 − μ in place of μ",
     lambda w, v, grad, lr, mu: _moved(w, (1 - mu) * v - lr * grad(w)),
     "μ = 0.9 means that nine tenths of the velocity stay, not that they go."),
    ("the velocity is forgotten: that is gradient descent",
     lambda w, v, grad, lr, mu: _moved(w, -lr * grad(w)),
     "Where does the old velocity come in?"),
    ("μ multiplies the gradient as well",
     lambda w, v, grad, lr, mu: _moved(w, mu * (v - lr * grad(w))),
     "Only the old velocity is multiplied by mu; the push comes in full."),
    ("μ is applied twice, to the new velocity too",
     lambda w, v, grad, lr, mu: (w + mu * (mu * v - lr * grad(w)), mu * v - lr * grad(w)),
     "The point moves by the whole new velocity."),
    ("the gradient step is made twice",
     lambda w, v, grad, lr, mu: (w + mu * v - 2 * lr * grad(w), mu * v - lr * grad(w)),
     "The push is already in the velocity."),
    ("the point makes a plain gradient step; its velocity is not used",
     lambda w, v, grad, lr, mu: (w - lr * grad(w), mu * v - lr * grad(w)),
     "The velocity is right. The point should move with it."),
    ("the learning rate is left out",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - grad(w)),
     "The push is lr times the gradient."),
    ("the gradient at the look-ahead point, which is Nesterov's method",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + mu * v)),
     "That is the next exercise. The heavy ball takes the gradient where it is."),
    ("the point and the velocity are returned in the wrong order",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w))[::-1],
     "First the point, then the velocity."),
    ("the velocity is not returned",
     lambda w, v, grad, lr, mu: w + mu * v - lr * grad(w),
     "Without it the next step would have nothing to remember: `return w, v`."),
    ("the old velocity is returned",
     lambda w, v, grad, lr, mu: (w + mu * v - lr * grad(w), v),
     "The point is right. The next step needs the new velocity."),
    ("only the velocity is returned",
     lambda w, v, grad, lr, mu: mu * v - lr * grad(w),
     "The point has to move as well: `return w, v`."),
    ("the point moves by μ times the old velocity and a gradient step, and the velocity only shrinks",
     lambda w, v, grad, lr, mu: (w + mu * v - lr * grad(w), mu * v),
     "The point is right. The velocity is the step that it made, with the gradient in it."),
    ("the point makes a plain gradient step, and the velocity only shrinks",
     lambda w, v, grad, lr, mu: (w - lr * grad(w), mu * v),
     "The gradient belongs into the velocity, and the point moves with that."),
]
# fmt: on

# 2. Nesterov -----------------------------------------------------------------------------------------------------


@pair(
    "the point",
    "the velocity",
    cases=STEPS,
    terms=TERMS,
    hints=[
        "It is the heavy ball with one change. Where is the gradient taken?",
        "Before looking at the gradient, ask where the velocity alone would lead: by mu·v from w.",
        "The gradient is `grad(…)` of that look-ahead point; the point itself still moves from w.",
    ],
)
def nesterov_step(w, v, grad, lr, mu):
    """One step of Nesterov's method: v ← μ v − η ∇L(w + μ v), then w ← w + v.

    w, v: the point and the velocity, shape (n,); grad: the gradient, a function of w; lr: η; mu: μ.
    Returns the new point and the new velocity, (w, v).
    """
    v = mu * v - lr * grad(w + mu * v)
    w = w + v
    return w, v


# fmt: off
nesterov_step.mistakes += [  # what was done, the wrong step, where to look
    ("the gradient at the old point, which is the heavy ball",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w)),
     "Nesterov looks ahead: the gradient is taken where the velocity is about to lead."),
    ("the look-ahead goes the wrong way, to w − μv",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w - mu * v)),
     "In our convention the point moves by +v: that is where to look."),
    ("the look-ahead goes the whole velocity, to w + v",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + v)),
     "Only the part mu of the velocity survives; look where that leads."),
    ("the gradient is taken at μv, without w",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(mu * v)),
     "The look-ahead point is reached from w."),
    ("μv is added to the gradient, not to the point where it is taken",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * (grad(w) + mu * v)),
     "Mind the brackets: the sum belongs inside `grad(…)`."),
    ("the look-ahead is a gradient step",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w - lr * grad(w))),
     "Look ahead along the velocity: it needs no gradient of its own."),
    ("the look-ahead is the heavy ball's next point",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + mu * v - lr * grad(w))),
     "Look ahead along the velocity alone: one gradient a step is enough."),
    ("the point moves on from the look-ahead point",
     lambda w, v, grad, lr, mu: (w + mu * v + (mu * v - lr * grad(w + mu * v)), mu * v - lr * grad(w + mu * v)),
     "μv is in the new velocity already. The point moves from w; the look-ahead is only for the gradient."),
    ("the point moves by μv − η∇L(w + μv), reckoned anew from the new v, not by v",
     lambda w, v, grad, lr, mu: _ahead(w, mu * v - lr * grad(w + mu * v), grad, lr, mu),
     "The velocity is right, and it is the whole step: what is left to do with it?"),
    ("the point moves by μv − ηg, reckoned anew from the new v, not by v",
     lambda w, v, grad, lr, mu: (
         w + mu * (mu * v - lr * grad(w + mu * v)) - lr * grad(w + mu * v), mu * v - lr * grad(w + mu * v)),
     "The velocity is right, and it is the whole step: what is left to do with it?"),
    ("torch's form, whose point is the look-ahead point itself",
     lambda w, v, grad, lr, mu: (w + mu * (mu * v - lr * grad(w)) - lr * grad(w), mu * v - lr * grad(w)),
     "A right method, in other variables: its w is our w + μv. Exercise 4 translates; here w is the point itself."),
    ("an average in place of the sum: the gradient is weighted with 1 − μ",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - (1 - mu) * lr * grad(w + mu * v)),
     "The place of the gradient is right. Here the push is the whole of lr times it."),
    ("the push goes up the gradient",
     lambda w, v, grad, lr, mu: _moved(w, mu * v + lr * grad(w + mu * v)),
     "The place of the gradient is right; the push is against it."),
    ("a velocity that points uphill and is then subtracted",
     lambda w, v, grad, lr, mu: (w - (mu * v + lr * grad(w - mu * v)), mu * v + lr * grad(w - mu * v)),
     "Some books write it so, and with their v the path is the same. Here v is the step itself: w moves by +v."),
    ("the point moves against its velocity",
     lambda w, v, grad, lr, mu: (w - (mu * v - lr * grad(w + mu * v)), mu * v - lr * grad(w + mu * v)),
     "The velocity is right. The point moves with it."),
    ("the point moves with the old velocity",
     lambda w, v, grad, lr, mu: (w + v, mu * v - lr * grad(w + mu * v)),
     "First the velocity changes, then the point moves with the new one."),
    ("the old velocity is kept whole: μ is left out before it",
     lambda w, v, grad, lr, mu: _moved(w, v - lr * grad(w + mu * v)),
     "The place of the gradient is right. Only the part mu of the velocity stays."),
    ("the velocity is forgotten",
     lambda w, v, grad, lr, mu: _moved(w, -lr * grad(w + mu * v)),
     "The place of the gradient is right. Where does the old velocity come in?"),
    ("μ multiplies the gradient as well",
     lambda w, v, grad, lr, mu: _moved(w, mu * (v - lr * grad(w + mu * v))),
     "The place of the gradient is right. Only the old velocity is multiplied by mu."),
    ("the learning rate is left out",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - grad(w + mu * v)),
     "The push is lr times the gradient."),
    ("the point and the velocity are returned in the wrong order",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + mu * v))[::-1],
     "First the point, then the velocity."),
    ("the velocity is not returned",
     lambda w, v, grad, lr, mu: w + mu * v - lr * grad(w + mu * v),
     "Without it the next step would have nothing to remember: `return w, v`."),
    ("the old velocity is returned",
     lambda w, v, grad, lr, mu: (w + mu * v - lr * grad(w + mu * v), v),
     "The point is right. The next step needs the new velocity."),
    ("torch's update to the letter, with its buffer in place of the velocity",
     lambda w, v, grad, lr, mu: (w - lr * (grad(w) + mu * (mu * v + grad(w))), mu * v + grad(w)),
     "A right method, in other variables: torch's buffer has no η and points uphill, and its w is our w + μv. "
     "Exercise 4 "
     "translates; here v is the step itself and w the point."),
    ("the gradient step is made from the look-ahead point, and the velocity is that of the heavy ball",
     lambda w, v, grad, lr, mu: (w + mu * v - lr * grad(w + mu * v), mu * v - lr * grad(w)),
     "The point is right. The velocity is the step that it made."),
    ("Nesterov's own form of 1983: a gradient step, and then on along the last two points",
     lambda w, v, grad, lr, mu: ((1 + mu) * (w - lr * grad(w)) - mu * w, v),
     "There the velocity is a difference of points. Here it comes in as v: the gradient is taken at w + μv."),
    ("the point moves on by μv once more at the end",
     lambda w, v, grad, lr, mu: (w + (1 + mu) * (mu * v - lr * grad(w + mu * v)), mu * v - lr * grad(w + mu * v)),
     "The look-ahead is only for the gradient. The point itself moves by v."),
    ("the gradient is taken at the look-ahead point and at the old one, and averaged",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * (grad(w) + grad(w + mu * v)) / 2),
     "One gradient a step, at the look-ahead point."),
    ("the look-ahead goes by lr·v",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + lr * v)),
     "Only the part mu of the velocity survives; look where that leads."),
    ("the look-ahead goes by μ²v",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + mu**2 * v)),
     "Only the part mu of the velocity survives; look where that leads."),
    ("the look-ahead goes by μ alone, without the velocity",
     lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(w + mu)),
     "Ask where the velocity would lead: by mu·v from w."),
    ("μv is added to the velocity a second time, and not to the point where the gradient is taken",
     lambda w, v, grad, lr, mu: _moved(w, 2 * mu * v - lr * grad(w)),
     "Mind the brackets: the look-ahead belongs inside `grad(…)`."),
    ("the gradient at μw + v", lambda w, v, grad, lr, mu: _moved(w, mu * v - lr * grad(mu * w + v)),
     "The look-ahead point is w and a part of v: which of the two does μ belong to?"),
]
# fmt: on

# 3. From the sum to the average ----------------------------------------------------------------------------------


def travelled(rate, memory, fresh, steps=50):
    """How far a point goes in `steps` steps when the gradient is 1: m ← memory·m + fresh, w ← w − rate·m."""
    w = m = 0.0
    for _ in range(steps):
        m = memory * m + fresh
        w -= rate * m
    return w


class Settings(Pair):
    """A Pair of a rate and a memory; of a wrong one it is said where it leads, too."""

    def _halves(self, got, lr, mu):
        if got.shape != (2,):
            return None
        alpha, beta = got
        ours, theirs = travelled(lr, mu, 1.0), travelled(alpha, beta, 1 - beta)
        text = f"Under a gradient of 1, 50 steps of ours go to {ours:.4g}; with your numbers theirs go to {theirs:.4g}."
        return " ".join(filter(None, [super()._halves(got, lr, mu), text]))


def _settings(**how):
    return lambda reference: Settings(reference, ("alpha", "beta"), **how)


@_settings(
    cases={
        "usual values": [(0.1, 0.9), (0.01, 0.99), (0.01, 0.9), (0.2, 0.6), (1.0, 0.3), (0.05, 0.95)],
        "no momentum": [(0.1, 0.0), (0.7, 0.0)],
        "a long memory, small steps": [(1e-4, 0.999), (2e-5, 0.98)],
    },
    hints=[
        "Write both with a constant gradient: how long does a step become in each?",
        "Ours forgets the part 1 − mu in a step. What does theirs have to forget in a step, to remember equally long?",
        "If beta is right, m is always the same multiple of our v. Which one, and what must alpha make up for?",
    ],
)
def to_average(lr, mu):
    """Our settings in the average's convention: the (alpha, beta) that walk the same path.

    Ours: v ← μ v − η g, w ← w + v. Theirs: m ← β m + (1 − β) g, w ← w − α m. Both begin with v = m = 0.
    Returns (alpha, beta), two numbers.
    """
    alpha = lr / (1 - mu)
    beta = mu
    return alpha, beta


# fmt: off
to_average.mistakes += [  # what was done, the wrong formula, where to look
    ("the same numbers in both conventions", lambda lr, mu: (lr, mu),
     "Then their steps would be only 1 − β times as long: an average of gradients is smaller than their sum."),
    ("η is multiplied by 1 − μ", lambda lr, mu: (lr * (1 - mu), mu),
     "The right factor on the wrong side: their m is smaller than a sum, so their rate has to be larger."),
    ("1 − μ in place of μ for β", lambda lr, mu: (lr / (1 - mu), 1 - mu),
     "The rate is right. In `m ← β m + …` the β is the part that stays, as μ is in ours."),
    ("the same rate, and 1 − μ for β", lambda lr, mu: (lr, 1 - mu),
     "In both conventions the first factor is the part that stays. Then compare the steps."),
    ("α and β in the wrong order", lambda lr, mu: (mu, lr / (1 - mu)),
     "First the rate alpha, then the memory beta."),
    ("η is divided by μ", lambda lr, mu: (lr / mu, mu),
     "It is the fresh gradient that has another factor: 1 − β in theirs, 1 in ours."),
    ("η is multiplied by μ", lambda lr, mu: (lr * mu, mu),
     "It is the fresh gradient that has another factor: 1 − β in theirs, 1 in ours."),
    ("η is divided by 1 + μ", lambda lr, mu: (lr / (1 + mu), mu),
     "1 + μ + μ² + … is a geometric series. What is its sum?"),
    ("η is multiplied by 1 + μ", lambda lr, mu: (lr * (1 + mu), mu),
     "1 + μ is only the beginning of 1 + μ + μ² + …"),
    ("η itself is left out", lambda lr, mu: (1 / (1 - mu), mu),
     "A rate in proportion to ours: where is lr?"),
    ("a negative rate", lambda lr, mu: (-lr / (1 - mu), mu),
     "Their minus sign stands in `w ← w − α m` already."),
    ("η is divided by (1 − μ)²", lambda lr, mu: (lr / (1 - mu) ** 2, mu),
     "The factor 1 − β comes in once a step, not twice."),
    ("η is divided by √(1 − μ)", lambda lr, mu: (lr / np.sqrt(1 - mu), mu),
     "A root belongs to the noise of an average. For the path itself compare a constant gradient."),
    ("1 − μ comes from η instead", lambda lr, mu: (lr / (1 - lr), mu),
     "How long a step becomes is a matter of the memory, mu."),
    ("η is multiplied by 10, whatever μ is", lambda lr, mu: (10 * lr, mu),
     "That is right for μ = 0.9. By what is it multiplied for μ = 0.99?"),
    ("η is multiplied by 100, whatever μ is", lambda lr, mu: (100 * lr, mu),
     "That is right for μ = 0.99. By what is it multiplied for μ = 0.9?"),
    ("only the rate is returned", lambda lr, mu: lr / (1 - mu),
     "Two numbers are asked for: `return alpha, beta`."),
]
# fmt: on

# 4. From torch's variables to ours -------------------------------------------------------------------------------

_rng = np.random.default_rng(5)


@pair(
    "the point",
    "the velocity",
    cases={
        "two parameters": [
            (np.array([1.0, -2.0]), np.array([3.0, 0.5]), 0.1, 0.9),
            (np.array([0.5, 0.5]), np.array([-4.0, 2.0]), 0.05, 0.5),
            (np.array([-3.0, 1.0]), np.array([10.0, -7.0]), 0.01, 0.99),
        ],
        "three or more parameters": [
            tuple(_rng.normal(size=n).round(2) for _ in range(2)) + (lr, mu)
            for n, lr, mu in ((3, 0.2, 0.8), (4, 0.02, 0.95), (6, 0.5, 0.3))
        ],
        "before the first step (b = 0)": [(np.array([1.0, 2.0]), np.zeros(2), 0.1, 0.9)],
        "no momentum (μ = 0)": [(np.array([1.0, 2.0]), np.array([-1.0, 4.0]), 0.1, 0.0)],
    },
    terms={
        "θ": lambda theta, buf, lr, mu: theta,
        "b": lambda theta, buf, lr, mu: buf,
        "lr·b": lambda theta, buf, lr, mu: lr * buf,
        "mu·b": lambda theta, buf, lr, mu: mu * buf,
        "lr·mu·b": lambda theta, buf, lr, mu: lr * mu * buf,
        "lr·mu²·b": lambda theta, buf, lr, mu: lr * mu**2 * buf,
        "lr²·b": lambda theta, buf, lr, mu: lr**2 * buf,
        "lr²·mu·b": lambda theta, buf, lr, mu: lr**2 * mu * buf,
        "lr·θ": lambda theta, buf, lr, mu: lr * theta,
        "mu·θ": lambda theta, buf, lr, mu: mu * theta,
        "lr·mu·θ": lambda theta, buf, lr, mu: lr * mu * theta,
        "b/lr": lambda theta, buf, lr, mu: buf / lr,
        "mu·b/lr": lambda theta, buf, lr, mu: mu * buf / lr,
    },
    hints=[
        "b is a sum of gradients, without η and pointing uphill; v is a sum of steps. So v is a multiple of b.",
        "θ is our look-ahead point, w + μv. You know θ, μ and, from the first hint, v.",
        "`v = -lr * buf`, and then solve θ = w + μv for w.",
    ],
)
def from_torch(theta, buf, lr, mu):
    """Our point and velocity from the state of torch.optim.SGD(nesterov=True), at a constant learning rate.

    torch: g = ∇L(θ), b ← μ b + g, θ ← θ − η (g + μ b). Its θ is our look-ahead point w + μv; b has no η in it.
    theta, buf: θ and b, shape (n,). Returns (w, v).
    """
    v = -lr * buf
    w = theta - mu * v
    return w, v


# fmt: off
from_torch.mistakes += [  # what was done, the wrong formula, where to look
    ("θ itself is taken for our point", lambda q, b, lr, mu: (q, -lr * b),
     "The velocity is right. torch's θ is the look-ahead point: where is the point that looks ahead?"),
    ("the look-ahead is added once more", lambda q, b, lr, mu: (q - mu * lr * b, -lr * b),
     "The velocity is right. θ = w + μv already; solve for w."),
    ("the whole velocity is taken back, not the part μ", lambda q, b, lr, mu: (q + lr * b, -lr * b),
     "The velocity is right. The look-ahead goes by μv, so only that much is taken back."),
    ("the velocity has the wrong sign", lambda q, b, lr, mu: (q - mu * lr * b, lr * b),
     "b is a sum of gradients and points uphill; v is a step and points downhill."),
    ("the velocity has the wrong sign, the point is right", lambda q, b, lr, mu: (q + mu * lr * b, lr * b),
     "b is a sum of gradients and points uphill; v is a step and points downhill."),
    ("the learning rate is left out", lambda q, b, lr, mu: (q + mu * b, -b),
     "b has no η in it, v has: v is a step."),
    ("the learning rate and the sign are left out: b is taken for v", lambda q, b, lr, mu: (q - mu * b, b),
     "b is a sum of gradients, v a sum of steps: each gradient makes a step of −η times itself."),
    ("the learning rate is left out of the point only", lambda q, b, lr, mu: (q + mu * b, -lr * b),
     "The velocity is right. Take back μ times the velocity, not μ times the buffer."),
    ("the buffer is divided by the learning rate", lambda q, b, lr, mu: (q + mu * b / lr, -b / lr),
     "A step is η times a gradient."),
    ("an average is assumed: a factor 1 − μ", lambda q, b, lr, mu: (q + mu * lr * (1 - mu) * b, -lr * (1 - mu) * b),
     "b is a sum (with torch's default, dampening = 0); no 1 − μ comes in."),
    ("the velocity is multiplied by μ", lambda q, b, lr, mu: (q + mu * lr * b, -mu * lr * b),
     "The point is right. μ is for the look-ahead; the velocity is the whole of −ηb."),
    ("a step is made instead of taken back", lambda q, b, lr, mu: (q - lr * b, -lr * b),
     "The velocity is right. Nothing moves here: w is where the look-ahead started, θ − μv."),
    ("the point and the velocity are returned in the wrong order", lambda q, b, lr, mu: (-lr * b, q + mu * lr * b),
     "First the point, then the velocity."),
    ("the velocity is not returned", lambda q, b, lr, mu: q + mu * lr * b,
     "Two things are asked for: `return w, v`."),
]
# fmt: on

# Choices ---------------------------------------------------------------------------------------------------------

average = Choice(
    "“The velocity is a moving average of the gradients.” Take v ← μv − ηg and let the gradient g stay the same. What "
    "does v come to?",
    {
        "a": ("−ηg", "That would be an average: one with a factor 1 − μ before the fresh gradient. Ours has none."),
        "b": ("−ηg/(1 − μ)", "Yes: a sum, with fading weights 1, μ, μ², …, that add up to 1/(1 − μ)."),
        "c": ("−ηg(1 − μ)", "Shorter than a single push? Each step adds another −ηg to what is left."),
        "d": (
            "It grows without end.",
            "It would for μ = 1. For μ < 1 a part of it is lost at each step, and loss and gain come to agree.",
        ),
    },
    correct="b",
)

knobs = Choice(
    "“Momentum and learning rate are two separate knobs.” You raise μ from 0.9 to 0.99 and leave η. What happens?",
    {
        "a": (
            "The steps keep their length; they only get smoother.",
            "They would if the velocity were an average. Add up the weights: 10 for μ = 0.9, 100 for μ = 0.99.",
        ),
        "b": (
            "Where the gradient hardly changes the steps become ten times as long.",
            "Yes: η/(1 − μ) is ten times as large. The η that a quadratic allows hardly grows, from 3.8/λ to 3.98/λ.",
        ),
        "c": (
            "The steps become ten times as short.",
            "1 − μ is ten times smaller, and it stands in the denominator.",
        ),
        "d": (
            "It diverges unless η is made ten times smaller.",
            "On a quadratic the range of η is 2(1 + μ)/λ: it even grows. What changes is how long it swings.",
        ),
    },
    correct="b",
)

sentence = Choice(
    "Which of these sentences is right?",
    {
        "a": (
            "Momentum adds the previous step to the gradient.",
            "To the negative gradient, times η: added to the gradient it would lead uphill.",
        ),
        "b": (
            "The velocity is the sum of all past gradients.",
            "A discounted sum: the gradient of k steps ago counts −ημᵏ. Equal weights would never come to rest.",
        ),
        "c": (
            "Momentum is a second-order method: it uses the change of the gradient.",
            "It sees gradients only, never a curvature. (Its recursion is of second order in time: another matter.)",
        ),
        "d": (
            "A step is the part μ of the last step, and −η times the gradient.",
            "Yes. That is the whole method.",
        ),
    },
    correct="d",
)

no_friction = Choice(
    "“With μ = 1 the ball simply obeys the equation of motion.” What does the heavy ball do on a parabola then?",
    {
        "a": ("It converges fastest.", "Fastest is critical damping, and that needs friction: μ = (1 − √(ηλ))² < 1."),
        "b": (
            "It swings for ever: |σ| = 1, while ηλ < 4.",
            "Yes: friction is 1 − μ = 0. Nothing is lost at a step, so nothing comes to rest.",
        ),
        "c": (
            "It diverges for every η.",
            "The two roots have the product μ = 1 and, for ηλ < 4, both have size 1: no growth, no decay.",
        ),
        "d": ("It is gradient descent.", "That is μ = 0: no memory at all."),
    },
    correct="b",
)

escape = Choice(
    "“Momentum carries you out of local minima.” What can be said for sure?",
    {
        "a": (
            "With enough momentum it leaves every local minimum.",
            "Nobody has shown that. And a ball that left every minimum would leave the best one too.",
        ),
        "b": (
            "It never leaves a local minimum: the gradient there is zero.",
            "It may well roll through a shallow dip: a velocity does not need a gradient to move.",
        ),
        "c": (
            "It may roll through a shallow one or out of a good one; what is proved is speed in ravines.",
            "Yes. There is no guarantee of escape. What momentum is known for is ill-conditioning: κ becomes √κ.",
        ),
        "d": (
            "It leaves bad minima and stays in good ones.",
            "A ball does not know which is which. Where it stops depends on its speed and on the walls.",
        ),
    },
    correct="c",
)

# Prediction ------------------------------------------------------------------------------------------------------

best_settings = Predict(
    "A ravine with κ = 100. With the η that suits it best gradient descent needs 267 steps until the loss is a "
    "millionth of what it was. How many does the heavy ball need, with the η and μ that suit it best?",
    experiments.heavy_ball_at_its_best,
    factor=1.5,
    why="Not half, not a third: with memory the cost grows like √κ, not like κ. The chapter shows why.",
)
