"""The exercises of chapter 00: start here."""

import numpy as np

from optim_core import surfaces
from optim_core.descent import descend
from optim_core.exercises import Choice, Predict, exercise
from optim_core.optimizers import gd

_rng = np.random.default_rng(0)


@exercise(
    cases={
        "two weights": [
            (np.array([1.0, 2.0]), np.array([0.5, -1.0]), 0.1),
            (np.array([-1.0, 0.5]), np.array([-1.5, 3.0]), 0.2),
            *((_rng.normal(size=2).round(2), _rng.normal(size=2).round(2), lr) for lr in (0.01, 0.3, 1.5)),
        ],
        "other numbers of weights": [
            (_rng.normal(size=n).round(2), _rng.normal(size=n).round(2), lr)
            for n, lr in ((1, 0.5), (3, 0.05), (5, 2.0))
        ],
        "a gradient of zero": [(np.array([1.0, -2.0]), np.zeros(2), 0.1)],
    },
    hints=[
        "The gradient points uphill. Which way do you want to go?",
        "The learning rate scales the gradient: the step is `lr * g`. Do you add it to `w` or take it away?",
    ],
    terms={
        "w": lambda w, g, lr: w,
        "lr·g": lambda w, g, lr: lr * g,
        "g": lambda w, g, lr: g,
        "lr": lambda w, g, lr: lr + 0 * w,
        "lr·w": lambda w, g, lr: lr * w,
        "g·w": lambda w, g, lr: g * w,
        "g/lr": lambda w, g, lr: g / lr,
        "lr²·g": lambda w, g, lr: lr**2 * g,
        "1": lambda w, g, lr: 1 + 0 * w,
    },
)
def gd_step(w, g, lr):
    """One step of gradient descent.

    w: the weights, shape (n,); g: the gradient of the loss at w, shape (n,); lr: the learning rate, a number.
    Returns the weights after the step, shape (n,).
    """
    return w - lr * g


# fmt: off
gd_step.mistakes += [  # what was done, the wrong formula, where to look
    ("a plus sign", lambda w, g, lr: w + lr * g,
     "The gradient points uphill, so you climb. Descent goes the other way."),
    ("the learning rate is left out", lambda w, g, lr: w - g,
     "The step is not the gradient, but the gradient times `lr`."),
    ("a plus sign, and no learning rate", lambda w, g, lr: w + g,
     "The gradient points uphill, and the step is `lr` times as long as it."),
    ("the step without the start", lambda w, g, lr: -lr * g,
     "That is how far to go. Where do you arrive, if you start at `w`?"),
    ("the uphill step alone", lambda w, g, lr: lr * g,
     "Two things to look at: which way, and from where?"),
    ("a division by the learning rate", lambda w, g, lr: w - g / lr,
     "A larger learning rate should make a longer step."),
    ("step and start exchanged", lambda w, g, lr: lr * g - w,
     "Take the step away from `w`, not `w` from the step."),
    ("the learning rate multiplies everything", lambda w, g, lr: lr * (w - g),
     "Brackets: only the gradient is scaled, the start stays where it is."),
    ("the step is multiplied by w", lambda w, g, lr: w * (1 - lr * g),
     "The gradient already says how steep it is at `w`; take `lr * g` away, not a part of `w`."),
    ("the learning rate is subtracted", lambda w, g, lr: w - lr - g,
     "It is a factor in front of the gradient."),
    ("only the sign of the gradient is used", lambda w, g, lr: w - lr * np.sign(g),
     "The step is also longer where it is steeper."),
    ("the gradient is divided by its length", lambda w, g, lr: w - lr * g / np.linalg.norm(g),
     "Then every step is equally long. In plain gradient descent steep places give long steps."),
]
# fmt: on
contours = Choice(
    "A map has contour lines at equal steps of the loss. At one place they lie very close together. What follows?",
    {
        "a": ("The loss is high there.", "How high it is, the colour says. Lines can be close together at any height."),
        "b": (
            "The loss is steep there.",
            "Yes: a short way crosses many lines, so the loss changes fast. The gradient is long.",
        ),
        "c": ("There is a minimum.", "At a minimum the gradient is zero and the lines lie far apart."),
        "d": ("The loss is flat there.", "It is the other way round: in flat country the next line is far away."),
    },
    correct="b",
)

START = (-1.0, 0.5)


def _quadrant():
    """Where the first step of gradient descent goes, as the key of an option."""
    path = descend(gd, np.array(START), surfaces.product().grad, 1, lr=0.1)
    right, up = path["w"][1] - path["w"][0] > 0
    return {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[bool(right), bool(up)]


direction = Predict(
    f"On the surface (1 − w₁w₂)² gradient descent starts at (−{-START[0]:g}, {START[1]:g}). "
    "Which way does it take its first step?",
    _quadrant,
    options={
        "a": "to the right and up",
        "b": "to the right and down",
        "c": "to the left and up",
        "d": "to the left and down",
    },
    why="A step goes straight down the slope, at a right angle to the contour line. It cannot know where a minimum is.",
)
