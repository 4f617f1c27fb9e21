"""The exercises of chapter 06: adaptive rates."""

import math

import numpy as np

from optim_core.exercises import Choice, Predict, exercise
from optim_core.exercises.kinds import pair

from . import experiments

# 1. AdaGrad ----------------------------------------------------------------------------------------------------------

_W, _S, _G = np.array([2.0, -1.0]), np.array([4.0, 0.25]), np.array([0.5, -3.0])
ADAGRAD = {
    "two parameters": [
        (_W, _S, _G, 0.1, 1e-8),
        (np.array([-3.0, 0.5]), np.array([9.0, 2.0]), np.array([-2.0, 0.1]), 0.5, 1e-10),
        (np.array([1.0, 1.0]), np.array([0.01, 30.0]), np.array([0.3, 4.0]), 2.0, 1e-6),
    ],
    "one parameter, or four": [
        (np.array([1.5]), np.array([2.0]), np.array([-0.6]), 0.2, 1e-8),
        (np.arange(1.0, 5.0), np.array([1.0, 0.5, 9.0, 16.0]), np.array([0.1, -0.2, 3.0, 1.0]), 0.02, 1e-8),
    ],
    "the first step (s = 0)": [(_W, 0 * _S, _G, 0.1, 1e-8)],
    "a parameter without a gradient": [
        (_W, np.array([3.0, 0.7]), np.array([0.0, 0.4]), 0.3, 1e-8),
        (_W, np.array([0.0, 0.7]), np.array([0.0, -2.0]), 0.3, 1e-3),  # nor has it ever had one
    ],
    "a large ε": [(_W, _S, _G, 0.1, 0.5), (_W, 0.01 * _S, 0.1 * _G, 0.1, 0.1)],
}


@pair(
    "the point",
    "the sum of squares",
    cases=ADAGRAD,
    hints=[
        "Two lines: first s takes in this step's gradient, then the point moves.",
        "s grows by the square of the gradient, each parameter's by its own: `g**2` works entry by entry.",
        "The point makes a step of gradient descent in which `g` is divided by `np.sqrt(s) + eps`, with the new s.",
    ],
)
def adagrad_step(w, s, g, lr, eps):
    """One step of AdaGrad: s ← s + g², then w ← w − η g / (√s + ε).

    w: the point; s: the sum of squared gradients so far; g: the gradient; all of shape (n,); lr: η; eps: ε.
    Returns the new point and the new sum, (w, s).
    """
    s = s + g**2
    w = w - lr * g / (np.sqrt(s) + eps)
    return w, s


def _scaled(w, s, g, lr, eps):
    """The point after a step that is divided by √s + ε, and s."""
    return w - lr * g / (np.sqrt(s) + eps), s


# fmt: off
adagrad_step.mistakes += [  # what was done, the wrong step, where to look
    ("the step is divided by s itself: the root is missing",
     lambda w, s, g, lr, eps: (w - lr * g / (s + g**2 + eps), s + g**2),
     "s has the unit of g². Which function of it has the unit of g?"),
    ("no memory: s is only this step's g²",
     lambda w, s, g, lr, eps: _scaled(w, g**2, g, lr, eps),
     "Then every step is ±η, as if nothing had gone before. What of the s that came in?"),
    ("s is right, and the step is divided by this gradient's size alone",
     lambda w, s, g, lr, eps: (w - lr * g / (np.abs(g) + eps), s + g**2),
     "The root of g² is |g|: that step forgets all earlier gradients. Under the root belongs what s has collected."),
    ("the learning rate stands below the line",
     lambda w, s, g, lr, eps: (w - g / (lr * np.sqrt(s + g**2) + eps), s + g**2),
     "A larger learning rate should make a longer step."),
    ("the learning rate divides",
     lambda w, s, g, lr, eps: (w - g / (lr * (np.sqrt(s + g**2) + eps)), s + g**2),
     "A larger learning rate should make a longer step."),
    ("the step is divided by the root of the old s",
     lambda w, s, g, lr, eps: (w - lr * g / (np.sqrt(s) + eps), s + g**2),
     "First s takes in this gradient, then the step uses it. (In a first step the old s is 0.)"),
    ("s adds up |g| in place of g²",
     lambda w, s, g, lr, eps: _scaled(w, s + np.abs(g), g, lr, eps),
     "What is summed are the squares; the root comes afterwards, over the whole sum."),
    ("s adds up g in place of g²",
     lambda w, s, g, lr, eps: _scaled(w, s + g, g, lr, eps),
     "Gradients of both signs would cancel in such a sum, and a negative one has no root."),
    ("g² is taken away from s",
     lambda w, s, g, lr, eps: _scaled(w, s - g**2, g, lr, eps),
     "s only grows."),
    ("s is multiplied by g²",
     lambda w, s, g, lr, eps: _scaled(w, s * g**2, g, lr, eps),
     "s is a sum of squares."),
    ("an average of squares, 0.9 s + 0.1 g²",
     lambda w, s, g, lr, eps: _scaled(w, 0.9 * s + 0.1 * g**2, g, lr, eps),
     "That is RMSProp, the next exercise. AdaGrad forgets nothing."),
    ("ε is inside the root",
     lambda w, s, g, lr, eps: (w - lr * g / np.sqrt(s + g**2 + eps), s + g**2),
     "Some libraries have it there. Here it is added to the root, not to s."),
    ("ε is added to the weights: a pair of brackets is missing",
     lambda w, s, g, lr, eps: (w - lr * g / np.sqrt(s + g**2) + eps, s + g**2),
     "`a / b + c` is (a / b) + c. Root and ε stand together below the line."),
    ("ε is added to the learning rate: a pair of brackets is missing",
     lambda w, s, g, lr, eps: (w - (lr / np.sqrt(s + g**2) + eps) * g, s + g**2),
     "`lr / a + eps` is (lr / a) + eps. Root and ε stand together below the line."),
    ("ε is left out",
     lambda w, s, g, lr, eps: (w - lr * g / np.sqrt(s + g**2), s + g**2),
     "What happens to a parameter that has not had a gradient yet?"),
    ("the step goes up the gradient",
     lambda w, s, g, lr, eps: (w + lr * g / (np.sqrt(s + g**2) + eps), s + g**2),
     "The gradient points uphill."),
    ("the step is multiplied by the root: steep parameters get a large rate, flat ones a small one",
     lambda w, s, g, lr, eps: (w - lr * g * (np.sqrt(s + g**2) + eps), s + g**2),
     "It is the other way round: where gradients were large, the rate becomes small."),
    ("one sum for all parameters: s grows by the squared length of the gradient",
     lambda w, s, g, lr, eps: _scaled(w, s + g @ g, g, lr, eps),
     "Each parameter has a sum of its own: squares, entry by entry, and nothing added up across them."),
    ("one sum for all parameters: s grows by the length of the gradient",
     lambda w, s, g, lr, eps: _scaled(w, s + np.linalg.norm(g), g, lr, eps),
     "Each parameter has a sum of its own: of squares, entry by entry."),
    ("one sum for all parameters: s grows by the mean of the squares",
     lambda w, s, g, lr, eps: _scaled(w, s + np.mean(g**2), g, lr, eps),
     "Each parameter has a sum of its own: squares, entry by entry, and no mean across them."),
    ("s is right, but all parameters are divided by the root of its total",
     lambda w, s, g, lr, eps: (w - lr * g / (np.sqrt((s + g**2).sum()) + eps), s + g**2),
     "Then all parameters would share one rate. Each is divided by the root of its own sum."),
    ("s is right, but all parameters are divided by the root of its mean",
     lambda w, s, g, lr, eps: (w - lr * g / (np.sqrt((s + g**2).mean()) + eps), s + g**2),
     "Then all parameters would share one rate. Each is divided by the root of its own sum."),
    ("of the gradient only the sign is left: the step is lr · sign(g) / (√s + ε)",
     lambda w, s, g, lr, eps: (w - lr * np.sign(g) / (np.sqrt(s + g**2) + eps), s + g**2),
     "The rate is right. It multiplies the gradient itself."),
    ("the gradient is missing: the step is lr / (√s + ε)",
     lambda w, s, g, lr, eps: (w - lr / (np.sqrt(s + g**2) + eps), s + g**2),
     "That is the rate, and it is right. What does it multiply?"),
    ("the gradient is squared in the step, too",
     lambda w, s, g, lr, eps: (w - lr * g**2 / (np.sqrt(s + g**2) + eps), s + g**2),
     "Then the step has the same sign whichever way the gradient points. Only s takes squares."),
    ("the learning rate is left out",
     lambda w, s, g, lr, eps: (w - g / (np.sqrt(s + g**2) + eps), s + g**2),
     "Where does lr come in?"),
    ("what is kept is the root, not the sum",
     lambda w, s, g, lr, eps: (w - lr * g / (np.sqrt(s + g**2) + eps), np.sqrt(s + g**2)),
     "The point is right. But the next step adds g² to what you hand on: it has to be the sum itself."),
    ("the old s is handed on",
     lambda w, s, g, lr, eps: (w - lr * g / (np.sqrt(s + g**2) + eps), s),
     "The point is right. What is to be remembered is the new sum."),
    ("s and the point are returned in the wrong order",
     lambda w, s, g, lr, eps: _scaled(w, s + g**2, g, lr, eps)[::-1],
     "First the point, then the sum."),
    ("s is not returned",
     lambda w, s, g, lr, eps: _scaled(w, s + g**2, g, lr, eps)[0],
     "Without it the next step would begin from nothing: `return w, s`."),
    ("the step is returned in place of the point",
     lambda w, s, g, lr, eps: (-lr * g / (np.sqrt(s + g**2) + eps), s + g**2),
     "That is how far it moves. Where does it stand then?"),
]
# fmt: on

# 2. RMSProp ----------------------------------------------------------------------------------------------------------

RMSPROP = {
    "two parameters": [
        (_W, _S, _G, 0.1, 0.9, 1e-8),
        (np.array([-3.0, 0.5]), np.array([9.0, 2.0]), np.array([-2.0, 0.1]), 0.5, 0.99, 1e-10),
        (np.array([1.0, 1.0]), np.array([0.01, 30.0]), np.array([0.3, 4.0]), 2.0, 0.6, 1e-6),
    ],
    "one parameter, or four": [
        (np.array([1.5]), np.array([2.0]), np.array([-0.6]), 0.2, 0.8, 1e-8),
        (np.arange(1.0, 5.0), np.array([1.0, 0.5, 9.0, 16.0]), np.array([0.1, -0.2, 3.0, 1.0]), 0.02, 0.9, 1e-8),
    ],
    "the first step (s = 0)": [(_W, 0 * _S, _G, 0.1, 0.9, 1e-8)],
    "a parameter without a gradient": [
        (_W, np.array([3.0, 0.7]), np.array([0.0, 0.4]), 0.3, 0.95, 1e-8),
        (_W, np.array([0.0, 0.7]), np.array([0.0, -2.0]), 0.3, 0.9, 1e-3),
    ],
    "no memory (β = 0)": [(_W, _S, _G, 0.1, 0.0, 1e-8)],
    "a large ε": [(_W, _S, _G, 0.1, 0.9, 0.5), (_W, 0.01 * _S, 0.1 * _G, 0.1, 0.7, 0.1)],
}


@pair(
    "the point",
    "the average of squares",
    cases=RMSPROP,
    hints=[
        "It is AdaGrad with one change: s is an average that forgets, no longer a sum.",
        "The new s keeps the part `beta` of the old one, and takes the part `1 - beta` of this step's square.",
        "s becomes `beta` times s plus `1 - beta` times `g**2`. The step is AdaGrad's, with this s.",
    ],
)
def rmsprop_step(w, s, g, lr, beta, eps):
    """One step of RMSProp: s ← β s + (1 − β) g², then w ← w − η g / (√s + ε).

    w: the point; s: the moving average of squared gradients; g: the gradient; all of shape (n,); lr: η; beta: β;
    eps: ε. Returns the new point and the new average, (w, s).
    """
    s = beta * s + (1 - beta) * g**2
    w = w - lr * g / (np.sqrt(s) + eps)
    return w, s


def _mean(s, g, beta):
    """The moving average that RMSProp keeps."""
    return beta * s + (1 - beta) * g**2


# fmt: off
rmsprop_step.mistakes += [  # what was done, the wrong step, where to look
    ("β and 1 − β are exchanged",
     lambda w, s, g, lr, beta, eps: _scaled(w, _mean(s, g, 1 - beta), g, lr, eps),
     "β = 0.9 means that nine tenths of the old average stay."),
    ("g² comes in whole: β s + g²",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + g**2, g, lr, eps),
     "That is a fading sum, 1/(1 − β) times as large. In an average the two weights add up to 1."),
    ("nothing is forgotten: s + g², which is AdaGrad",
     lambda w, s, g, lr, beta, eps: _scaled(w, s + g**2, g, lr, eps),
     "Where does beta come in?"),
    ("the old s is kept whole: s + (1 − β) g²",
     lambda w, s, g, lr, beta, eps: _scaled(w, s + (1 - beta) * g**2, g, lr, eps),
     "Then it never forgets. Only the part beta of the old average stays."),
    ("the average is of g, not of g²",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + (1 - beta) * g, g, lr, eps),
     "What is averaged is the square: that is the S in RMS."),
    ("the average is of |g|",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + (1 - beta) * np.abs(g), g, lr, eps),
     "Root, mean, square: first the squares, then their mean, then the root."),
    ("the square of the weighted sum, (β s + (1 − β) g)²",
     lambda w, s, g, lr, beta, eps: _scaled(w, (beta * s + (1 - beta) * g) ** 2, g, lr, eps),
     "The square belongs to g alone, before the average is taken."),
    ("1 − β is squared along with g",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + ((1 - beta) * g) ** 2, g, lr, eps),
     "Mind the brackets: the square belongs to g alone."),
    ("the step is divided by s itself: the root is missing",
     lambda w, s, g, lr, beta, eps: (w - lr * g / (_mean(s, g, beta) + eps), _mean(s, g, beta)),
     "s has the unit of g². Which function of it has the unit of g?"),
    ("ε is inside the root",
     lambda w, s, g, lr, beta, eps: (w - lr * g / np.sqrt(_mean(s, g, beta) + eps), _mean(s, g, beta)),
     "Some books have it there. Here it is added to the root, not to s."),
    ("ε is added to the weights: a pair of brackets is missing",
     lambda w, s, g, lr, beta, eps: (w - lr * g / np.sqrt(_mean(s, g, beta)) + eps, _mean(s, g, beta)),
     "`a / b + c` is (a / b) + c. Root and ε stand together below the line."),
    ("ε is left out",
     lambda w, s, g, lr, beta, eps: (w - lr * g / np.sqrt(_mean(s, g, beta)), _mean(s, g, beta)),
     "What happens to a parameter that has not had a gradient yet?"),
    ("the learning rate stands below the line",
     lambda w, s, g, lr, beta, eps: (w - g / (lr * np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "A larger learning rate should make a longer step."),
    ("the learning rate divides",
     lambda w, s, g, lr, beta, eps: (w - g / (lr * (np.sqrt(_mean(s, g, beta)) + eps)), _mean(s, g, beta)),
     "A larger learning rate should make a longer step."),
    ("the step is divided by the root of the old s",
     lambda w, s, g, lr, beta, eps: (w - lr * g / (np.sqrt(s) + eps), _mean(s, g, beta)),
     "First the average takes in this gradient, then the step uses it. (In a first step the old s is 0.)"),
    ("the average is corrected for its start, s / (1 − β)",
     lambda w, s, g, lr, beta, eps: (w - lr * g / (np.sqrt(_mean(s, g, beta) / (1 - beta)) + eps), _mean(s, g, beta)),
     "The average is right. Nothing divides it: RMSProp's first steps are longer than η, a fault that Adam mends."),
    ("the step goes up the gradient",
     lambda w, s, g, lr, beta, eps: (w + lr * g / (np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "The gradient points uphill."),
    ("the step is multiplied by the root: steep parameters get a large rate, flat ones a small one",
     lambda w, s, g, lr, beta, eps: (w - lr * g * (np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "It is the other way round: where gradients were large, the rate becomes small."),
    ("one average for all parameters: of the squared length of the gradient",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + (1 - beta) * (g @ g), g, lr, eps),
     "Each parameter has an average of its own: squares, entry by entry, and nothing added up across them."),
    ("one average for all parameters: of the length of the gradient",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + (1 - beta) * np.linalg.norm(g), g, lr, eps),
     "Each parameter has an average of its own: of squares, entry by entry."),
    ("one average for all parameters: of the mean of the squares",
     lambda w, s, g, lr, beta, eps: _scaled(w, beta * s + (1 - beta) * np.mean(g**2), g, lr, eps),
     "Each parameter has an average of its own: of squares, entry by entry, with no mean across them."),
    ("the gradient is missing: the step is lr / (√s + ε)",
     lambda w, s, g, lr, beta, eps: (w - lr / (np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "That is the rate, and it is right. What does it multiply?"),
    ("the gradient is squared in the step, too",
     lambda w, s, g, lr, beta, eps: (w - lr * g**2 / (np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "Then the step has the same sign whichever way the gradient points. Only s takes squares."),
    ("the learning rate is left out",
     lambda w, s, g, lr, beta, eps: (w - g / (np.sqrt(_mean(s, g, beta)) + eps), _mean(s, g, beta)),
     "Where does lr come in?"),
    ("the step is multiplied by 1 − β, too",
     lambda w, s, g, lr, beta, eps: _scaled(w, _mean(s, g, beta), (1 - beta) * g, lr, eps),
     "The average is right. 1 − β belongs in it, and nowhere else."),
    ("the point is RMSProp's, but a sum is handed on",
     lambda w, s, g, lr, beta, eps: (_scaled(w, _mean(s, g, beta), g, lr, eps)[0], s + g**2),
     "The point is right. What is to be remembered is the average that it was made with."),
    ("β is not used: it is 0.9 in every case",
     lambda w, s, g, lr, beta, eps: _scaled(w, _mean(s, g, 0.9), g, lr, eps),
     "0.9 is usual, but beta says how much of the old average stays."),
    ("what is kept is the root, not the average of squares",
     lambda w, s, g, lr, beta, eps: (_scaled(w, _mean(s, g, beta), g, lr, eps)[0], np.sqrt(_mean(s, g, beta))),
     "The point is right. But the next step averages what you hand on with a square: it has to be s itself."),
    ("the old s is handed on",
     lambda w, s, g, lr, beta, eps: (_scaled(w, _mean(s, g, beta), g, lr, eps)[0], s),
     "The point is right. What is to be remembered is the new average."),
    ("s and the point are returned in the wrong order",
     lambda w, s, g, lr, beta, eps: _scaled(w, _mean(s, g, beta), g, lr, eps)[::-1],
     "First the point, then the average."),
    ("s is not returned",
     lambda w, s, g, lr, beta, eps: _scaled(w, _mean(s, g, beta), g, lr, eps)[0],
     "Without it the next step would begin from nothing: `return w, s`."),
    ("g² never comes in: s only fades",
     lambda w, s, g, lr, beta, eps: (w - lr * g / (np.sqrt(beta * s) + eps), beta * s),
     "An average takes in something new: the part 1 − β of g²."),
]
# fmt: on

# 3. AdaDelta ---------------------------------------------------------------------------------------------------------

_X = np.array([0.04, 0.5])
ADADELTA = {
    "two parameters": [
        (_W, _S, _X, _G, 0.9, 1e-6),
        (np.array([-3.0, 0.5]), np.array([9.0, 2.0]), np.array([0.2, 0.01]), np.array([-2.0, 0.1]), 0.8, 1e-8),
        (np.array([1.0, 1.0]), np.array([0.01, 30.0]), np.array([1.0, 0.3]), np.array([0.3, 4.0]), 0.95, 1e-4),
    ],
    "one parameter, or three": [
        (np.array([1.5]), np.array([2.0]), np.array([0.1]), np.array([-0.6]), 0.7, 1e-6),
        (np.arange(1.0, 4.0), np.array([1.0, 0.5, 9.0]), np.array([0.3, 2.0, 0.0]), np.array([0.1, -2, 3]), 0.9, 1e-3),
    ],
    "the first step (s = X = 0)": [(_W, 0 * _S, 0 * _X, _G, 0.9, 1e-6), (_W, 0 * _S, 0 * _X, _G, 0.5, 1e-2)],
    "a parameter without a gradient": [(_W, np.array([0.0, 0.7]), _X, np.array([0.0, -2.0]), 0.9, 1e-3)],
    "a large ε": [(_W, _S, _X, _G, 0.9, 0.5), (_W, 0.01 * _S, 0.1 * _X, 0.1 * _G, 0.6, 0.1)],
}


@pair(
    "the point",
    "the average s of squared gradients",
    "the average X of squared steps",
    cases=ADADELTA,
    hints=[
        "Four lines: s takes in the gradient, the step d is made, X takes in the step, the point moves against d.",
        "s and X are the same kind of average, with rho; one is of `g**2`, the other of `d**2`.",
        "In d the gradient is multiplied by the root of the *old* X and divided by the root of the *new* s; ε is "
        "inside each of the two roots.",
    ],
)
def adadelta_step(w, s, X, g, rho, eps):
    """One step of AdaDelta: s ← ρ s + (1 − ρ) g², d ← √(X + ε) / √(s + ε) · g, X ← ρ X + (1 − ρ) d², w ← w − d.

    w: the point; s, X: the moving averages of squared gradients and of squared steps; g: the gradient; all of shape
    (n,); rho: ρ; eps: ε. Returns the new point and the two new averages, (w, s, X).
    """
    s = rho * s + (1 - rho) * g**2
    d = np.sqrt(X + eps) / np.sqrt(s + eps) * g
    X = rho * X + (1 - rho) * d**2
    w = w - d
    return w, s, X


def _delta(w, s, X, g, rho, eps, d, new_s=None, new_X=None):
    """(w − d, s, X) with AdaDelta's averages, unless others are given."""
    new_s = _mean(s, g, rho) if new_s is None else new_s
    return w - d, new_s, _mean(X, d, rho) if new_X is None else new_X


def _d(s, X, g, rho, eps):
    """AdaDelta's step, before its sign."""
    return np.sqrt(X + eps) / np.sqrt(_mean(s, g, rho) + eps) * g


# fmt: off
adadelta_step.mistakes += [  # what was done, the wrong step, where to look
    ("the two averages are exchanged in the step: √(s + ε) / √(X + ε)",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(_mean(s, g, rho) + eps) / np.sqrt(X + eps) * g),
     "Think of the units: d must have the unit of w. Above the line stand past steps, below it gradients."),
    ("X takes in g² in place of d²",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_X=_mean(X, g, rho)),
     "X is the average of squared *steps*, d², not of squared gradients."),
    ("X takes in g² in place of d², and does so before the step is made",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, _d(s, _mean(X, g, rho), g, rho, eps), new_X=_mean(X, g, rho)),
     "X is the average of squared *steps*, d², not of squared gradients."),
    ("the step uses the old s",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(s + eps) * g),
     "First s takes in this gradient, then the step uses it."),
    ("X takes in this step before the step is made: d is made twice",
     lambda w, s, X, g, rho, eps: (
         w - np.sqrt(_mean(X, _d(s, X, g, rho, eps), rho) + eps) / np.sqrt(_mean(s, g, rho) + eps) * g,
         *_delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps))[1:]),
     "The averages are right. The step is made with the X that came in; the new one is for the next step."),
    ("ε is added to the roots, not inside them",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, (np.sqrt(X) + eps) / (np.sqrt(_mean(s, g, rho)) + eps) * g),
     "Here ε is inside the root, added to the average."),
    ("ε stands below the line only: from X = 0 it never moves",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(X) / np.sqrt(_mean(s, g, rho) + eps) * g),
     "In a first step X is 0. What gets it going?"),
    ("ε stands above the line only",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(_mean(s, g, rho)) * g),
     "What happens to a parameter that has not had a gradient yet?"),
    ("the roots are missing: (X + ε) / (s + ε)",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, (X + eps) / (_mean(s, g, rho) + eps) * g),
     "Both averages are of squares: each wants its root."),
    ("the root over the averages is missing above the line",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, (X + eps) / np.sqrt(_mean(s, g, rho) + eps) * g),
     "Both averages are of squares: each wants its root."),
    ("ρ and 1 − ρ are exchanged in s",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(_mean(s, g, 1 - rho) + eps) * g, _mean(s, g, 1 - rho)),
     "ρ = 0.9 means that nine tenths of the old average stay."),
    ("ρ and 1 − ρ are exchanged in X",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_X=_mean(X, _d(s, X, g, rho, eps), 1 - rho)),
     "The point and s are right. In X, too, the part ρ of the old average stays."),
    ("s is a sum that forgets nothing, as AdaGrad's",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(s + g**2 + eps) * g, s + g**2),
     "In AdaDelta s is RMSProp's: of the old average the part rho stays."),
    ("both averages are sums that forget nothing",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(s + g**2 + eps) * g, s + g**2,
         X + (X + eps) / (s + g**2 + eps) * g**2),
     "Where does rho come in?"),
    ("s averages g in place of g²",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(rho * s + (1 - rho) * g + eps) * g,
         rho * s + (1 - rho) * g),
     "What is averaged are squares."),
    ("X averages d in place of d²",
     lambda w, s, X, g, rho, eps: _delta(
         w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_X=rho * X + (1 - rho) * _d(s, X, g, rho, eps)),
     "The point and s are right. What X averages are squares, too."),
    ("X averages the squares of the weights",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_X=_mean(X, w, rho)),
     "X is the average of squared *steps*, d²: how far it moved, not where it stands."),
    ("the step goes up the gradient",
     lambda w, s, X, g, rho, eps: (w + _d(s, X, g, rho, eps), *_delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps))[1:]),
     "The gradient points uphill."),
    ("the gradient is missing in the step",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(X + eps) / np.sqrt(_mean(s, g, rho) + eps)),
     "That is the rate. What does it multiply?"),
    ("X is not updated",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_X=X),
     "The point and s are right. The next step needs to know how long this one was."),
    ("s is not handed on",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps), new_s=s),
     "The point is right. What is to be remembered is the new average."),
    ("the two averages are returned in the wrong order",
     lambda w, s, X, g, rho, eps: tuple(_delta(w, s, X, g, rho, eps, _d(s, X, g, rho, eps))[k] for k in (0, 2, 1)),
     "First the point, then s, then X."),
    ("only the point is returned",
     lambda w, s, X, g, rho, eps: w - _d(s, X, g, rho, eps),
     "The next step needs both averages: `return w, s, X`."),
    ("there is nothing above the line: RMSProp's step without η",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, g / np.sqrt(_mean(s, g, rho) + eps)),
     "The gradient is divided by its own root mean square. What gives the step its size?"),
    ("ρ and 1 − ρ are exchanged in both averages",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, _d(s, X, g, 1 - rho, eps), _mean(s, g, 1 - rho),
                                         _mean(X, _d(s, X, g, 1 - rho, eps), 1 - rho)),
     "ρ = 0.9 means that nine tenths of the old average stay."),
    ("a bracket is missing under the root: X + ε/s + ε",
     lambda w, s, X, g, rho, eps: _delta(w, s, X, g, rho, eps, np.sqrt(X + eps / _mean(s, g, rho) + eps) * g),
     "`a + b / c + d` divides b only. Which two sums are divided?"),
]
# fmt: on

# 4. How long an average remembers ------------------------------------------------------------------------------------

BETAS = {
    "usual values": [(0.9,), (0.99,), (0.999,)],
    "a short memory": [(0.1,), (0.25,), (0.5,)],
    "others": [(0.6,), (0.75,), (0.95,), (0.9999,)],
}


@exercise(
    cases=BETAS,
    hints=[
        "After k further steps a gradient's weight in the average is βᵏ times what it was.",
        "Solve βᵏ = ½ for k. k need not be a whole number.",
        "Take logarithms on both sides: k · ln β = ln ½.",
    ],
)
def half_life(beta):
    """After how many steps a gradient counts half as much in an average β s + (1 − β) g²; beta: β, 0 < β < 1.

    Returns a number; it need not be whole.
    """
    return np.log(0.5) / np.log(beta)


# fmt: off
half_life.mistakes += [  # what was done, the wrong number, where to look
    ("1/(1 − β): the mean age of what the average holds",
     lambda beta: 1 / (1 - beta),
     "A useful number as well, and 1/ln 2 = 1.44 times as long where β is near 1. For which k is βᵏ one half?"),
    ("1/β", lambda beta: 1 / beta,
     "A larger β remembers longer; 1/β becomes smaller."),
    ("half of 1/(1 − β)", lambda beta: 0.5 / (1 - beta),
     "The weights fall by the same factor at each step, not by the same amount. When is βᵏ = ½?"),
    ("the fraction is upside down: ln β / ln ½", lambda beta: np.log(beta) / np.log(0.5),
     "From k · ln β = ln ½, which of the two is divided?"),
    ("−1/ln β: the time to fall to 1/e", lambda beta: -1 / np.log(beta),
     "That is when 37 % are left. Ask when a half is."),
    ("ln 2/(1 − β): an approximation for β near 1", lambda beta: np.log(2) / (1 - beta),
     "Good for β near 1, where −ln β is about 1 − β. The exact equation is no harder: βᵏ = ½."),
    ("the time until a tenth is left", lambda beta: np.log(0.1) / np.log(beta),
     "Ask when a half is left."),
    ("the sign is wrong: a negative number of steps", lambda beta: np.log(2) / np.log(beta),
     "Both logarithms, of β and of ½, are negative."),
    ("a product of the logarithms", lambda beta: np.log(0.5) * np.log(beta),
     "From k · ln β = ln ½ follows k by a division."),
    ("rounded up to whole steps", lambda beta: math.ceil(np.log(0.5) / np.log(beta)),
     "The number need not be whole."),
    ("rounded to whole steps", lambda beta: round(np.log(0.5) / np.log(beta)),
     "The number need not be whole."),
    ("β/(1 − β): the mean age, if the newest gradient counts as age 0", lambda beta: beta / (1 - beta),
     "A mean is not a half-life. After how many steps is βᵏ one half?"),
    ("the memory of 1 − β in place of β's", lambda beta: np.log(0.5) / np.log(1 - beta),
     "The old average is multiplied by β at each step."),
    ("how long until the *average* has moved half of its way, with the newest step counted",
     lambda beta: np.log(0.5) / np.log(beta) - 1,
     "Count the steps *after* the gradient came in."),
    ("the window whose weights are spread evenly, (1 + β)/(1 − β)", lambda beta: (1 + beta) / (1 - beta),
     "That is the length of a plain mean that is as noisy as the average. Ask when βᵏ is one half."),
    ("the root mean square is halved, not the square", lambda beta: 2 * np.log(0.5) / np.log(beta),
     "The question is about the weight of g² in s, before the root is taken."),
    ("the logarithm of β/2", lambda beta: np.log(0.5 * beta),
     "After k steps it is βᵏ: k multiplies ln β. For which k is that ln ½?"),
    ("β/2", lambda beta: beta / 2, "Asked is a number of steps, k. After k steps the weight is βᵏ times what it was."),
    ("√β", lambda beta: beta**0.5,
     "Asked is a number of steps, k. It stands in the exponent: βᵏ = ½."),
    ("½/ln β: the logarithm of ½ is missing", lambda beta: 0.5 / np.log(beta),
     "Take logarithms on both sides of βᵏ = ½."),
    ("½/−ln β: the logarithm of ½ is missing", lambda beta: -0.5 / np.log(beta),
     "Take logarithms on both sides of βᵏ = ½."),
]
# fmt: on

# 5. Two ways to forget the length ------------------------------------------------------------------------------------

_AXIS = np.array([0.0, -2.0])
FIRST = {
    "normalised": [
        (g, lr, "normalised")
        for g, lr in [(np.array([3.0, 4.0]), 1.0), (np.array([-0.6, 0.1]), 0.5), (np.array([1.0, -2.0, 2.0]), 0.3)]
    ],
    "AdaGrad": [
        (g, lr, "adagrad")
        for g, lr in [(np.array([3.0, 4.0]), 1.0), (np.array([-0.6, 0.1]), 0.5), (np.array([1.0, -2.0, 2.0]), 0.3)]
    ],
    "one parameter": [(np.array([-5.0]), 0.2, "normalised"), (np.array([0.4]), 0.2, "adagrad")],
    "a tiny gradient": [(np.array([1e-5, -3e-6]), 0.4, "adagrad"), (np.array([1e-5, -3e-6]), 0.4, "normalised")],
    "a parameter without a gradient": [(_AXIS, 0.7, "normalised"), (_AXIS, 0.7, "adagrad")],
}


@exercise(
    cases=FIRST,
    hints=[
        "Both forget how long the gradient is. The question is what each of them divides by.",
        "Normalised gradient descent divides all entries by one number, the length of the whole gradient.",
        "AdaGrad divides each entry by the root of its own square: what is left of a number divided by its size?",
    ],
)
def first_step(g, lr, method):
    """The first step w₁ − w₀ of a method, from the first gradient.

    g: the gradient, shape (n,), not 0; lr: η; method: "normalised" (w ← w − η g/‖g‖) or "adagrad" (s ← s + g² from
    s = 0, w ← w − η g/√s, where a parameter without a gradient stays). Returns the step, shape (n,).
    """
    if method == "normalised":
        return -lr * g / np.linalg.norm(g)
    return -lr * np.sign(g)


def _either(normalised, adagrad):
    """A first step by two formulas in (g, η)."""
    return lambda g, lr, method: (normalised if method == "normalised" else adagrad)(g, lr)


def _unit(g, lr):
    return -lr * g / np.linalg.norm(g)


def _sign(g, lr):
    return -lr * np.sign(g)


# fmt: off
first_step.mistakes += [  # what was done, the wrong step, where to look
    ("the two methods are exchanged", _either(_sign, _unit),
     "Which of them has one length for the whole gradient, and which one for each parameter?"),
    ("AdaGrad, too, divides by the length of the whole gradient", _either(_unit, _unit),
     "That is the usual mix-up. AdaGrad has a sum of squares for each parameter of its own."),
    ("both take the sign of each entry", _either(_sign, _sign),
     "Normalised gradient descent keeps the direction: it divides all entries by the same number."),
    ("both go uphill", _either(lambda g, lr: -_unit(g, lr), lambda g, lr: -_sign(g, lr)),
     "A step goes against the gradient."),
    ("only AdaGrad's goes uphill", _either(_unit, lambda g, lr: -_sign(g, lr)),
     "Both steps go against the gradient."),
    ("the learning rate is left out", _either(lambda g, lr: _unit(g, 1), lambda g, lr: _sign(g, 1)),
     "How long is the step?"),
    ("the gradient is divided by its squared length", _either(lambda g, lr: -lr * g / (g @ g), _sign),
     "Then the step's length is η/‖g‖. It should be η."),
    ("the gradient is divided by the sum of |gᵢ|", _either(lambda g, lr: -lr * g / np.abs(g).sum(), _sign),
     "‖g‖ is the length: the root of the sum of squares."),
    ("the gradient is divided by its largest |gᵢ|", _either(lambda g, lr: -lr * g / np.abs(g).max(), _sign),
     "‖g‖ is the length: the root of the sum of squares."),
    ("the gradient is divided by the root of its *mean* square",
     _either(lambda g, lr: -lr * g / np.sqrt(np.mean(g**2)), _sign),
     "‖g‖ is the length: the root of the *sum* of squares."),
    ("plain gradient descent in both", _either(lambda g, lr: -lr * g, lambda g, lr: -lr * g),
     "Both methods divide by something. What, in each?"),
    ("AdaGrad's is a plain gradient step", _either(_unit, lambda g, lr: -lr * g),
     "In the first step s = g². What is g/√s?"),
    ("AdaGrad divides by g², without the root", _either(_unit, lambda g, lr: -lr * g / np.where(g == 0, 1, g**2)),
     "s is g², and the step divides by its root."),
    ("AdaGrad's step is g/√(g²), which is 0/0 where a gradient is 0",
     _either(_unit, lambda g, lr: -lr * g / np.sqrt(g**2)),
     "Right where g is not 0. Which function is 1, 0 or −1, as g is positive, zero or negative?"),
    ("AdaGrad's step is scaled to the length η", _either(_unit, lambda g, lr: _unit(np.sign(g), lr)),
     "Each parameter moves by η, so that the step in n parameters is √n η long."),
    ("AdaGrad's step has no sign", _either(_unit, lambda g, lr: -lr * np.ones_like(g)),
     "g/√(g²) is 1 or −1: which, depends on g. And where g is 0 the parameter stays."),
    ("the gradient is divided by the sum of its entries", _either(lambda g, lr: -lr * g / g.sum(), _sign),
     "3 and −3 would sum to 0. ‖g‖ is the length: the root of the sum of squares."),
    ("the gradient is not divided by anything in the normalised step", _either(lambda g, lr: -lr * g, _sign),
     "Then a gradient twice as long makes a step twice as long. What does it forget?"),
    ("the normalised step is a length, a single number", _either(lambda g, lr: np.full_like(g, lr), _sign),
     "A step has a direction: that of −g."),
    ("AdaGrad moves only where the gradient is positive", _either(_unit, lambda g, lr: -lr * (g > 0)),
     "Where g is negative the parameter moves, too, the other way."),
]
# fmt: on

# Sentences to judge, and the prediction ------------------------------------------------------------------------------

steep = Choice(
    "“RMS: parameters in steep directions get a large learning rate, those in flat directions a small one.” "
    "What is right?",
    {
        "a": ("So it is: steep directions offer the most to gain.",
              "The gradient alone already makes the largest steps there, up to the point of divergence."),
        "b": ("It is the other way round.",
              "Yes: the step is divided by the root mean square of the gradients, so steep means a small rate, flat a "
              "large one."),
        "c": ("Neither: all parameters share one learning rate.",
              "η is shared. What multiplies the gradient is η/√s, and each parameter has an s of its own."),
        "d": ("Flat directions are left alone.",
              "They get the largest rates of all: there √s is small."),
    },
    correct="b",
)  # fmt: skip
norm = Choice(
    "“AdaGrad divides the gradient by its norm; RMSProp is the same idea with an average.” What is wrong with it?",
    {
        "a": ("Nothing.",
              "Dividing by one norm keeps the direction. Go back to the figure of circle and square: AdaGrad's first "
              "step does not."),
        "b": ("AdaGrad divides by the norm squared.",
              "Then its steps would become longer where the slope is small, without any bound."),
        "c": ("That is normalised gradient descent. AdaGrad divides each parameter's gradient by a root of its own.",
              "Yes: one norm over all parameters and this moment only, against one root for each parameter over all "
              "steps so far."),
        "d": ("RMSProp has no average.",
              "It has: β s + (1 − β) g²."),
    },
    correct="c",
)  # fmt: skip
averages = Choice(
    "What does RMSProp keep a moving average of?",
    {
        "a": ("The squared velocity.",
              "A slip of some lecture notes. There is a velocity only in the variant with momentum, and even there s "
              "averages squared gradients."),
        "b": ("The squared gradient.",
              "Yes, for each parameter. Its root is the root mean square of the recent gradients."),
        "c": ("The gradient.",
              "That is momentum in the form of an average, or Adam's m."),
        "d": ("The variance of the gradient.",
              "A variance would subtract the square of the mean, as the centred variant does (Graves 2013). On a "
              "steady slope the variance is 0, and the mean square is not."),
    },
    correct="b",
)  # fmt: skip
conditioning = Choice(
    "“AdaGrad makes an ill-conditioned problem well-conditioned, so its speed does not depend on κ.” When is that so?",
    {
        "a": ("Always.",
              "Turn the valley by 45°: both rates become equal, and nothing is left of it."),
        "b": ("When the valley lies along an axis, that is, when each parameter has a direction of its own.",
              "Yes. Then λᵢ cancels in g/√Σg²: one path for every κ. A rate for each parameter can only stretch the "
              "axes, never turn them."),
        "c": ("When η is small enough.",
              "η changes how long it takes, aligned or not. Aligned, the path is the same for every κ, at every η."),
        "d": ("Never.",
              "Aligned it is so, up to ε: in the chapter's table the first column is the same for every κ."),
    },
    correct="b",
)  # fmt: skip
origin = Choice(
    "“An adaptive learning rate means: when the loss no longer falls, the learning rate is lowered. AdaGrad, RMSProp "
    "and others do this for you.” What is wrong with it?",
    {
        "a": ("Nothing.",
              "Look at the step functions: the loss does not even occur in them."),
        "b": ("Lowering η on a plateau is a schedule for one rate, driven by the loss. AdaGrad and RMSProp give every "
              "parameter a rate of its own, driven by its gradients.",
              "Yes: two different things, which can be combined. (And RMSProp's rates rise again as gradients fade.)"),
        "c": ("On a plateau the learning rate must be raised.",
              "Sometimes that helps, but it is not what the sentence confuses."),
        "d": ("AdaGrad comes from L2 regularization and has nothing to do with rates.",
              "A tale of its own: AdaGrad has no penalty on the weights. It measures distances with a metric made of "
              "past gradients (Duchi and others 2011)."),
    },
    correct="b",
)  # fmt: skip

turned = Predict(
    "Of the turned ravine: how many steps does AdaGrad need now?",
    lambda: experiments.turned_by_half_a_right_angle(),
    factor=2,
    why="Turned by 45°, both parameters see the same mixture of steep and flat, so both get the same rate: of a rate "
    "for each parameter nothing is left.",
)
