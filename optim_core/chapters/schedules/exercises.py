"""The exercises of chapter 08: schedules."""

import math

import numpy as np

from optim_core.exercises import Choice, Predict, exercise
from optim_core.exercises.kinds import Pair
from optim_core.refuse import listed

from . import experiments

# 1. One curve, two letters ---------------------------------------------------------------------------------------


@exercise(
    cases={
        "usual values": [(0.96,), (0.9,), (0.99,), (0.98,)],
        "fast, and very slow": [(0.5,), (0.1,), (0.9995,)],
        "no decay at all": [(1.0,)],
    },
    hints=[
        "After one step the two have to agree: βᵏ and e^(−γk) for k = 1.",
        "Solve e^(−γ) = β for γ. Which function undoes the exponential?",
        "γ has to be above 0 for a β below 1: mind the sign. `np.log` is the natural logarithm.",
    ],
)
def natural_beta(beta):
    """The γ for which the natural exponential η₀ e^(−γk) is the curve of the exponential η₀ βᵏ.

    beta: β, in (0, 1].
    Returns a number ≥ 0.
    """
    return -np.log(beta)


# fmt: off
natural_beta.mistakes += [  # what was done, the wrong formula, where to look
    ("the same number for both", lambda beta: beta,
     "With γ = β = 0.96 the rate is multiplied by e^(−0.96) = 0.383 in every step."),
    ("1 − β", lambda beta: 1 - beta,
     "Close for β near 1, where ln β ≈ β − 1. At β = 0.5 it is far off."),
    ("the sign is lost: ln β", lambda beta: np.log(beta),
     "The minus stands in the exponent already: with a negative γ the rate would grow."),
    ("e^(−β)", lambda beta: np.exp(-beta),
     "That is what the natural exponential multiplies with if γ is β. Which γ makes it multiply with β?"),
    ("1/β", lambda beta: 1 / beta,
     "After one step there has to stand β = e^(−γ): a power is undone by a logarithm."),
    ("1/β − 1", lambda beta: 1 / beta - 1,
     "That is the β of an inverse time that agrees after one step, and only there."),
    ("1 − e^(−β)", lambda beta: 1 - np.exp(-beta),
     "After one step there has to stand β = e^(−γ). Solve for γ."),
    ("a logarithm to the base 10", lambda beta: -np.log10(beta),
     "The base of the natural exponential is e; so is that of its logarithm."),
    ("a logarithm to the base 2", lambda beta: -np.log2(beta),
     "That is the number of halvings in a step. The base here is e."),
    ("−1/ln β", lambda beta: -1 / np.log(beta) if beta < 1 else np.inf,
     "That is the number of steps in which the rate falls to 1/e: one over the γ asked for."),
    ("the half-life, ln ½/ln β", lambda beta: np.log(0.5) / np.log(beta),
     "That is after how many steps half is left. e^(−γ) = β: what is γ?"),
    ("ln(1 − β)", lambda beta: np.log(1 - beta) if beta < 1 else -np.inf,
     "What stays after a step is β, not 1 − β."),
    ("−ln(1 − β)", lambda beta: -np.log(1 - beta) if beta < 1 else np.inf,
     "What stays after a step is β, not 1 − β."),
    ("−β ln β", lambda beta: -beta * np.log(beta),
     "The slope of βᵏ at k = 1 is β ln β. It is the exponents that have to agree."),
    ("e^β", lambda beta: np.exp(beta), "After one step β is left, so e^(−γ) = β: what undoes the exponential?"),
    ("1/ln β", lambda beta: 1 / np.log(beta),
     "e^(−γ) = β: −γ is ln β itself, not one over it."),
    ("1/(1 − β)", lambda beta: 1 / (1 - beta),
     "That is over how many steps an average looks back. e^(−γ) = β: what is γ?"),
]
# fmt: on

# 2. A rate for a floor -------------------------------------------------------------------------------------------


@exercise(
    cases={
        "λ = 1": [(0.1, 1.0), (1.0, 1.0), (0.01, 1.0)],
        "other curvatures": [(0.5, 2.0), (0.1, 0.25), (3.0, 0.5), (0.02, 10.0)],
        "a wide floor": [(50.0, 1.0), (8.0, 3.0)],
    },
    hints=[
        "At the floor a step changes the variance no more: V = (1 − ηλ)²V + η². Solve for η.",
        "Expand the square. V drops out on both sides, and every term that is left has a factor η.",
        "2λV = η(1 + λ²V).",
    ],
)
def rate_for_floor(variance, lam):
    """The constant η at which gradient descent on ½λw² ends with this variance of w; the noise has variance 1.

    variance: V > 0; lam: λ > 0. The floor is V = η/(λ(2 − ηλ)).
    Returns η, a number.
    """
    return 2 * lam * variance / (1 + lam**2 * variance)


# fmt: off
rate_for_floor.mistakes += [  # what was done, the wrong formula, where to look
    ("the floor itself, with V for η", lambda variance, lam: variance / (lam * (2 - variance * lam)),
     "That is V for a given η. Solve it for η."),
    ("the floor of small rates: 2λV", lambda variance, lam: 2 * lam * variance,
     "V ≈ η/(2λ) holds for small ηλ only. What becomes of the 2 − ηλ below the line?"),
    ("2V/λ", lambda variance, lam: 2 * variance / lam,
     "The floor has λ below the line: on the other side it multiplies."),
    ("λV", lambda variance, lam: lam * variance,
     "V λ (2 − ηλ) = η: the η stands on both sides, and the 2 stays."),
    ("without the 2", lambda variance, lam: lam * variance / (1 + lam**2 * variance),
     "V λ (2 − ηλ) = η: where does the 2 go?"),
    ("1 + λV in place of 1 + λ²V", lambda variance, lam: 2 * lam * variance / (1 + lam * variance),
     "Both factors of λ multiply V: λ · λ."),
    ("a minus: 1 − λ²V",
     lambda variance, lam: 2 * lam * variance / (1 - lam**2 * variance) if lam**2 * variance != 1 else np.inf,
     "−ηλ²V goes to the other side of the equation, where it is added."),
    ("λ is lost: 2V/(1 + V)", lambda variance, lam: 2 * variance / (1 + variance),
     "Right for λ = 1."),
    ("1 + V below the line", lambda variance, lam: 2 * lam * variance / (1 + variance),
     "Right for λ = 1. In V λ (2 − ηλ) = η the V has two factors of λ beside η."),
    ("V is the mean loss, not the variance", lambda variance, lam: 4 * variance / (1 + 2 * lam * variance),
     "The loss is ½λV. Here V is the variance of w itself."),
    ("V is a standard deviation", lambda variance, lam: 2 * lam * variance**2 / (1 + lam**2 * variance**2),
     "V is the variance already: no square is needed."),
    ("the edge 2/λ", lambda variance, lam: 2 / lam + 0 * variance,
     "There the floor is infinite."),
    ("upside down", lambda variance, lam: (1 + lam**2 * variance) / (2 * lam * variance),
     "That is 1/η: a larger V needs a larger η."),
    ("V stands in the place of η below the line: λV(2 − λV)",
     lambda variance, lam: variance * lam * (2 - variance * lam),
     "V λ (2 − ηλ) = η: the η in the bracket is the one that is looked for. Bring both to one side."),
    ("η is left out: Vλ(2 − λ), or 2λV − λ²V", lambda variance, lam: variance * lam * (2 - lam),
     "V λ (2 − ηλ) = η: the η stands on both sides. Bring both to one side."),
]
# fmt: on

# 3. Linear to τ --------------------------------------------------------------------------------------------------

_LINEAR = {
    "on the way": [(0, 0.1, 100, 0.0), (50, 0.1, 100, 0.0), (30, 0.4, 40, 0.1), (7, 2.0, 10, 0.5), (1, 0.2, 3, 0.05)],
    "at τ": [(100, 0.1, 100, 0.0), (40, 0.4, 40, 0.1), (3, 0.2, 3, 0.05)],
    "after τ": [(150, 0.1, 100, 0.0), (95, 0.4, 40, 0.1), (11, 2.0, 10, 0.5), (1000, 0.2, 3, 0.05)],
    "a rate that rises": [(20, 0.1, 80, 0.5), (200, 0.1, 80, 0.5)],
}


@exercise(
    cases=_LINEAR,
    hints=[
        "How much of the way is done after k of τ steps? And after more than τ?",
        "done = min(k, τ)/τ goes from 0 to 1 and stays there.",
        "A mixture: the part 1 − done of the first rate and the part done of the last one.",
    ],
)
def linear_rate(k, lr, tau, end):
    """The rate that falls in a straight line from lr to end in τ steps, and then stays.

    k: steps already taken, 0, 1, …; lr: the first rate; tau: τ, a whole number ≥ 1; end: the last rate.
    Returns a number.
    """
    done = min(k, tau) / tau
    return (1 - done) * lr + done * end


def _line(k, lr, tau, end):
    return lr + (end - lr) * k / tau


# fmt: off
linear_rate.mistakes += [  # what was done, the wrong formula, where to look
    ("the line goes on after τ", _line,
     "After τ the rate stays. With end = 0 yours gets negative, and the steps go uphill."),
    ("0 after τ", lambda k, lr, tau, end: _line(k, lr, tau, end) if k < tau else 0.0,
     "After τ the rate is end, not 0."),
    ("the line goes on after τ, but not below 0", lambda k, lr, tau, end: max(_line(k, lr, tau, end), 0.0),
     "After τ the rate stays at end; 0 is no end unless end is 0."),
    ("the first rate again after τ", lambda k, lr, tau, end: _line(k, lr, tau, end) if k <= tau else lr,
     "After τ the rate stays where it has come to."),
    ("the two ends are exchanged", lambda k, lr, tau, end: _line(min(k, tau), end, tau, lr),
     "For k = 0 it has to be lr."),
    ("end is a part of lr", lambda k, lr, tau, end: _line(min(k, tau), lr, tau, end * lr),
     "Here end is a rate itself, not a share of the first one. (torch's LinearLR has a share.)"),
    ("it falls by end", lambda k, lr, tau, end: lr - min(k, tau) / tau * end,
     "It falls to end, so by lr − end."),
    ("it falls to 0, and end is added", lambda k, lr, tau, end: (1 - min(k, tau) / tau) * lr + end,
     "For k = 0 that is lr + end. Only a part of end comes in on the way."),
    ("it falls to 0 and never looks at end", lambda k, lr, tau, end: (1 - min(k, tau) / tau) * lr,
     "Where does end come in?"),
    ("it falls to 0 and then jumps to end", lambda k, lr, tau, end: lr * (1 - k / tau) if k < tau else end,
     "After τ yours is right. On the way it is to fall to end, not to 0."),
    ("it falls towards 0 and stops at end", lambda k, lr, tau, end: max(lr * (1 - k / tau), end),
     "It gets to end too early: the line leads from lr to end in τ steps, not from lr to 0."),
    ("max(…, end) keeps it at end", lambda k, lr, tau, end: max(_line(k, lr, tau, end), end),
     "Right as long as the rate falls. Where end is above lr it is to rise, and yours is at end at once."),
    ("max in place of min", lambda k, lr, tau, end: _line(max(k, tau), lr, tau, end),
     "It is to go on until τ and then stop: which of k and τ counts, the smaller or the larger?"),
    ("whole numbers are divided: a single step at τ", lambda k, lr, tau, end: _line(min(k // tau, 1), lr, 1, end),
     "`//` throws the fraction away, and the fraction is the way."),
    ("one step ahead", lambda k, lr, tau, end: _line(min(k + 1, tau), lr, tau, end),
     "k counts the steps already taken: the first step has k = 0, and the rate lr."),
    ("it arrives one step early", lambda k, lr, tau, end: _line(min(k, tau - 1), lr, tau - 1, end),
     "There are τ steps from lr to end: at k = τ it has arrived."),
    ("it falls by a constant factor", lambda k, lr, tau, end: lr * (max(end, 1e-12) / lr) ** (min(k, tau) / tau),
     "That is exponential. In a straight line every step takes away the same amount."),
    ("k and τ are exchanged in the fraction", lambda k, lr, tau, end: _line(tau / max(k, 1), lr, 1, end),
     "How much of the way is done after k of τ steps?"),
    ("inverse time up to τ, and then end", lambda k, lr, tau, end: lr / (1 + k / tau) if k < tau else end,
     "That is a curve, at half of lr when it comes to τ. In a straight line every step takes away the same amount."),
    ("half a cosine in place of a line", lambda k, lr, tau, end: (
        end + (lr - end) * (1 + np.cos(np.pi * min(k, tau) / tau)) / 2),
     "That is the next exercise. In a straight line every step takes away the same amount."),
]
# fmt: on

# 4. Cosine -------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "on the way": [
            (0, 0.1, 100, 0.0),
            (25, 0.1, 100, 0.0),
            (50, 0.4, 80, 0.1),
            (3, 2.0, 10, 0.5),
            (1, 1.0, 3, 0.2),
        ],
        "at the end": [(100, 0.1, 100, 0.0), (80, 0.4, 80, 0.1)],
        "after it": [(130, 0.1, 100, 0.0), (150, 0.4, 80, 0.1), (17, 2.0, 10, 0.5)],
    },
    hints=[
        "The cosine goes from 1 to −1 while its angle goes from 0 to π. What does ½(1 + cos) do?",
        "The angle after k of T steps is πk/T, and it stays at π after them.",
        "The swing is lr − end, and it stands on end: for k = 0 the whole has to be lr.",
    ],
)
def cosine_rate(k, lr, steps, end):
    """The rate that falls from lr to end along half a period of the cosine in T steps, and then stays.

    k: steps already taken, 0, 1, …; lr: the first rate; steps: T, a whole number ≥ 1; end: the last rate.
    Returns a number.
    """
    angle = np.pi * min(k, steps) / steps
    return end + (lr - end) * (1 + np.cos(angle)) / 2


def _half(angle, lr, end):
    return end + (lr - end) * (1 + np.cos(angle)) / 2


# fmt: off
cosine_rate.mistakes += [  # what was done, the wrong formula, where to look
    ("it rises again after T", lambda k, lr, steps, end: _half(np.pi * k / steps, lr, end),
     "The cosine goes on; the schedule is to stay at end. (torch's CosineAnnealingLR does rise again.)"),
    ("0 after T", lambda k, lr, steps, end: _half(np.pi * k / steps, lr, end) if k <= steps else 0.0,
     "After T the rate is end."),
    ("the first rate again after T", lambda k, lr, steps, end: _half(np.pi * k / steps, lr, end) if k < steps else lr,
     "After T the rate stays at end."),
    ("it falls towards 0 and stops at end",
     lambda k, lr, steps, end: max(end, lr * (1 + np.cos(np.pi * min(k, steps) / steps)) / 2),
     "It gets to end too early: the swing is lr − end, and it stands on end."),
    ("the cosine alone, times lr", lambda k, lr, steps, end: lr * np.cos(np.pi * min(k, steps) / steps),
     "The cosine goes from 1 to −1: lift it and halve it, and let it swing between lr and end."),
    ("without the ½", lambda k, lr, steps, end: end + (lr - end) * (1 + np.cos(np.pi * min(k, steps) / steps)),
     "1 + cos goes from 2 to 0: at k = 0 yours is twice too far from end."),
    ("without the 1", lambda k, lr, steps, end: end + (lr - end) * np.cos(np.pi * min(k, steps) / steps) / 2,
     "The cosine alone goes below 0. Lift it first."),
    ("a quarter of a period", lambda k, lr, steps, end: end + (lr - end) * np.cos(np.pi * min(k, steps) / steps / 2),
     "That falls to end as well, but with a full slope at the end. Here it is half a period, from 1 to −1."),
    ("a whole period", lambda k, lr, steps, end: _half(2 * np.pi * min(k, steps) / steps, lr, end),
     "After T steps yours is back at lr: the angle is to go from 0 to π, not to 2π."),
    ("degrees", lambda k, lr, steps, end: _half(180.0 * min(k, steps) / steps, lr, end),
     "`np.cos` takes radians: half a period is π."),
    ("without π", lambda k, lr, steps, end: _half(min(k, steps) / steps, lr, end),
     "With an angle of 1 the cosine is .54. Half a period is an angle of π."),
    ("lr in place of lr − end", lambda k, lr, steps, end: end + lr * (1 + np.cos(np.pi * min(k, steps) / steps)) / 2,
     "For k = 0 that is end + lr."),
    ("end is not added", lambda k, lr, steps, end: (lr - end) * (1 + np.cos(np.pi * min(k, steps) / steps)) / 2,
     "The swing is right. It stands on end."),
    ("it never looks at end", lambda k, lr, steps, end: lr * (1 + np.cos(np.pi * min(k, steps) / steps)) / 2,
     "Where does end come in?"),
    ("a sine", lambda k, lr, steps, end: end + (lr - end) * (1 + np.sin(np.pi * min(k, steps) / steps)) / 2,
     "The sine is 0 at both ends of half a period."),
    ("it rises: 1 − cos", lambda k, lr, steps, end: _half(np.pi * min(k, steps) / steps, end, lr),
     "For k = 0 it has to be lr."),
    ("one step ahead", lambda k, lr, steps, end: _half(np.pi * min(k + 1, steps) / steps, lr, end),
     "k counts the steps already taken: the first step has k = 0, and the rate lr."),
    ("it arrives one step early", lambda k, lr, steps, end: _half(np.pi * min(k, steps - 1) / (steps - 1), lr, end),
     "At k = T it has arrived, not at k = T − 1."),
    ("a straight line", lambda k, lr, steps, end: lr + (end - lr) * min(k, steps) / steps,
     "That is the exercise before. Along a cosine it falls slowly at first and at last, and fast in between."),
    ("the bare cosine between −1 and 1, from lr on: neither lifted nor halved",
     lambda k, lr, steps, end: end + (lr - end) * np.cos(np.pi * min(k, steps) / steps),
     "The cosine ends at −1, below end. What brings 1 … −1 to 1 … 0?"),
]
# fmt: on

# 5. Warm-up ------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "rising": [(0, 1.0, 3), (1, 1.0, 3), (2, 1.0, 3), (0, 0.5, 9), (4, 0.5, 9), (8, 0.5, 9), (0, 0.2, 1)],
        "after it": [(3, 1.0, 3), (9, 0.5, 9), (10, 0.5, 9), (400, 0.5, 9), (1, 0.2, 1), (2, 0.2, 1)],
    },
    hints=[
        "Three steps of warm-up to a rate of 1: .25, .5, .75, and then 1. What is step k's share?",
        "The share is (k + 1)/(steps + 1): the first step already moves, and the last one of the warm-up is not at the "
        "peak yet.",
        "And it stops at 1: `min(…, 1)`.",
    ],
)
def warmup_rate(k, lr, steps):
    """The rate that rises in equal stairs, from lr/(steps + 1) in the first step, to lr, and then stays.

    k: steps already taken, 0, 1, …; lr: the rate after the warm-up; steps: how many steps it has, ≥ 1.
    Returns a number: for steps = 3 the rates are ¼, ½, ¾ and 1 times lr, and lr from then on.
    """
    share = (k + 1) / (steps + 1)
    return lr * min(share, 1)


# fmt: off
warmup_rate.mistakes += [  # what was done, the wrong formula, where to look
    ("the first step is 0: k/steps", lambda k, lr, steps: lr * min(k / steps, 1),
     "With a rate of 0 the first step does nothing."),
    ("the peak comes a step early: (k + 1)/steps", lambda k, lr, steps: lr * min((k + 1) / steps, 1),
     "For steps = 3 the third step has ¾, not 1."),
    ("the first step is 0: k/(steps + 1)", lambda k, lr, steps: lr * min(k / (steps + 1), 1),
     "The stairs have the right height. The first step is to be on the first of them, not below it."),
    ("the first step is 0, and the peak comes a step early: np.linspace(0, lr, steps)",
     lambda k, lr, steps: lr * min(k / max(steps - 1, 1), 1) if k < steps else lr,
     "`np.linspace` counts its two ends, 0 and lr. Neither belongs to the warm-up."),
    ("min with lr in place of a product", lambda k, lr, steps: min(lr, (k + 1) / (steps + 1)),
     "The share is of lr, so it multiplies it; yours is right for lr = 1 only."),
    ("it goes on rising", lambda k, lr, steps: lr * (k + 1) / (steps + 1),
     "After the warm-up the rate stays at lr."),
    ("max in place of min", lambda k, lr, steps: lr * max((k + 1) / (steps + 1), 1),
     "It is to stop at 1: which counts, the smaller or the larger?"),
    ("upside down: (steps + 1)/(k + 1)", lambda k, lr, steps: lr * max((steps + 1) / (k + 1), 1),
     "That falls to lr from above. It is to rise to it from below."),
    ("it falls", lambda k, lr, steps: lr * max(1 - k / (steps + 1), 0),
     "Warm-up is the rise. The fall is decay, another schedule."),
    ("it rises and then falls",
     lambda k, lr, steps: lr * min((k + 1) / (steps + 1), 1, max(2 - (k + 1) / (steps + 1), 0)),
     "Warm-up is the rise alone; then the rate stays."),
    ("constant", lambda k, lr, steps: lr + 0.0 * k,
     "The first steps are to be smaller."),
    ("the square of the share", lambda k, lr, steps: lr * min((k + 1) / (steps + 1), 1) ** 2,
     "The stairs are equal: ¼, ½, ¾."),
    ("0 after the warm-up", lambda k, lr, steps: lr * (k + 1) / (steps + 1) if k < steps else 0.0,
     "After the warm-up training begins in earnest."),
    ("small all the time: lr/(steps + 1)", lambda k, lr, steps: lr / (steps + 1),
     "Only the first step is that small."),
    ("one stair: 0 until the warm-up is over", lambda k, lr, steps: lr * min((k + 1) // (steps + 1), 1),
     "`//` throws the fraction away, and the fraction is the warm-up."),
    ("the share is added, not multiplied", lambda k, lr, steps: lr + min((k + 1) / (steps + 1), 1),
     "It is a share of lr."),
    ("by a constant factor: lr^(1 − share) …", lambda k, lr, steps: lr * 0.01 ** (1 - min((k + 1) / (steps + 1), 1)),
     "The stairs are equal in height, not by factors."),
    ("it falls from lr to 0", lambda k, lr, steps: lr * max(0, 1 - k / max(steps, 1)),
     "A warm-up begins low and *rises* to lr; then it stays."),
    ("a part of the stairs that are left: lr/(steps + 1 − k)",
     lambda k, lr, steps: lr / (steps + 1 - k) if k < steps else lr,
     "That is ¼, ⅓, ½, 1 for steps = 3. How many of the stairs are climbed, the first one included?"),
    ("a curve that comes near lr, 1 − e^(−(k + 1)/(steps + 1))",
     lambda k, lr, steps: lr * (1 - np.exp(-(k + 1) / (steps + 1))),
     "The stairs are equal: ¼, ½, ¾, 1. A curve that comes near lr never arrives."),
    ("a curve that comes near lr, 1 − e^(−k/steps)", lambda k, lr, steps: lr * (1 - np.exp(-k / max(steps, 1))),
     "The stairs are equal: ¼, ½, ¾, 1. And in the first step, k = 0, the rate is not 0."),
]
# fmt: on

# 6. WSD ----------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "before the fall": [(0, 1.0, 100, 0.2), (79, 1.0, 100, 0.2), (3, 0.4, 10, 0.5)],
        "where it begins": [(80, 1.0, 100, 0.2), (5, 0.4, 10, 0.5)],
        "falling": [
            (81, 1.0, 100, 0.2),
            (90, 1.0, 100, 0.2),
            (7, 0.4, 10, 0.5),
            (60, 2.0, 90, 0.75),
            (99, 1.0, 100, 0.2),
        ],
        "all of it falls": [(0, 0.5, 40, 1.0), (13, 0.5, 40, 1.0)],
        "at the end": [(100, 1.0, 100, 0.2), (10, 0.4, 10, 0.5)],
    },
    hints=[
        "The fall takes share·T steps. How many steps are left after k of T?",
        "While more than share·T steps are left the rate is lr; then it is in proportion to the steps that are left.",
        "lr times the smaller of 1 and (steps left)/(steps of the fall).",
    ],
)
def wsd_rate(k, lr, steps, share):
    """The rate that stays at lr and falls in a straight line to 0 in the last part of T steps.

    k: steps already taken, from 0 to T; lr: the rate before the fall; steps: T; share: the part of T that falls, in
    (0, 1].
    Returns a number.
    """
    left = steps - k
    return lr * min(1, left / (share * steps))


# fmt: off
wsd_rate.mistakes += [  # what was done, the wrong formula, where to look
    ("max in place of min", lambda k, lr, steps, share: lr * max(1, (steps - k) / (share * steps)),
     "Yours begins far above lr. It is never to be more than lr."),
    ("nothing keeps it at lr", lambda k, lr, steps, share: lr * (steps - k) / (share * steps),
     "Before the fall more than share·T steps are left, and the fraction is above 1."),
    ("the fall takes the part 1 − share",
     lambda k, lr, steps, share: lr * min(1, (steps - k) / max((1 - share) * steps, 1e-9)),
     "share is the part that falls, not the part that stays."),
    ("it falls from the start", lambda k, lr, steps, share: lr * (steps - k) / steps,
     "That is share = 1. Before the last share·T steps the rate stays."),
    ("it jumps down to the line that leads from lr to 0 in all T steps",
     lambda k, lr, steps, share: lr if steps - k > share * steps else lr * (1 - k / steps),
     "The line begins where the fall begins, at lr: it leads to 0 in share·T steps."),
    ("after where the fall begins it rises from 0",
     lambda k, lr, steps, share: lr if steps - k > share * steps else lr * (k - (1 - share) * steps) / (share * steps),
     "Yours counts the steps since the fall began. The rate goes with the steps that are left."),
    ("it drops to 0 where the fall begins", lambda k, lr, steps, share: lr if steps - k > share * steps else 0.0,
     "A straight line leads down, not a cliff."),
    ("it drops to a tenth where the fall begins",
     lambda k, lr, steps, share: lr if steps - k > share * steps else lr / 10,
     "That is a stair. Here it falls in a straight line to 0."),
    ("a warm-up: it rises in the first part", lambda k, lr, steps, share: lr * min(1, k / (share * steps)),
     "That is the other end of the run. What counts is how many steps are left."),
    ("share is not multiplied by T", lambda k, lr, steps, share: lr * min(1, (steps - k) / share),
     "share is a part of the steps: the fall takes share·T of them."),
    ("it falls to share·lr", lambda k, lr, steps, share: lr * max(min(1, (steps - k) / (share * steps)), share),
     "It falls to 0."),
    ("1 − √ in place of a line",
     lambda k, lr, steps, share: lr * (1 - math.sqrt(max(0, 1 - (steps - k) / (share * steps)))),
     "A cool-down that is used, too. Here it is a straight line."),
    ("half a cosine in place of a line",
     lambda k, lr, steps, share: lr * (1 - math.cos(math.pi * min(1, (steps - k) / (share * steps)))) / 2,
     "A cool-down that is used, too. Here it is a straight line."),
    ("an exponential in place of a line",
     lambda k, lr, steps, share: lr * math.exp(min(0, (steps - k) / (share * steps) - 1)),
     "In a straight line every step takes away the same amount, and it ends at 0; an exponential never gets there."),
    ("the square of the line", lambda k, lr, steps, share: lr * min(1, (steps - k) / (share * steps)) ** 2,
     "In a straight line every step takes away the same amount."),
    ("it arrives a step early", lambda k, lr, steps, share: lr * min(1, max(steps - 1 - k, 0) / (share * steps)),
     "After k steps T − k are left; at k = T the rate is 0, not before."),
    ("it rises in the last part", lambda k, lr, steps, share: lr * max(0, 1 - (steps - k) / (share * steps)),
     "Upside down: the more steps are left, the larger the rate."),
    ("whole numbers are divided", lambda k, lr, steps, share: lr * min(1, (steps - k) // (share * steps)),
     "`//` throws the fraction away, and the fraction is the fall."),
    ("it falls in the first part, and then stays at lr",
     lambda k, lr, steps, share: lr * (1 - k / (share * steps)) if k < share * steps else lr,
     "First it stays, and then it falls: it is the last part that leads to 0."),
    ("it falls to 0 in the first part, and then stays at lr",
     lambda k, lr, steps, share: lr * (1 - k / (share * steps)) if k <= share * steps else lr,
     "First it stays, and then it falls: it is the last part that leads to 0."),
]
# fmt: on

# 7. Reduce on plateau ---------------------------------------------------------------------------------------------


class Watch(Pair):
    """An exercise whose answer is (rate, best, bad): of a wrong one it is said which parts are right."""

    def _halves(self, got, *args):
        want = np.array(self.reference(*args), dtype=float)
        if got.shape != (3,):
            return None
        right = [name for name, a, b in zip(self.names, got, want, strict=True) if abs(a - b) <= 1e-9 * max(1, abs(b))]
        if right and len(right) < 3:
            wrong = [name for name in self.names if name not in right]
            return f"Here {listed(right)} {'are' if len(right) > 1 else 'is'} right, and {listed(wrong)} " + (
                "are not." if len(wrong) > 1 else "is not."
            )


def _watch(**how):
    return lambda reference: Watch(reference, ("rate", "best", "bad"), **how)


@_watch(
    cases={
        "a good loss": [(0.1, 2.0, 0, 1.5, 0.5, 3), (0.4, 2.0, 3, 1.0, 0.1, 3), (0.4, 1.0, 7, 0.5, 0.5, 2)],
        "a bad loss, and patience left": [
            (0.1, 2.0, 0, 2.5, 0.5, 3),
            (0.1, 2.0, 2, 3.0, 0.5, 3),
            (0.3, 1.0, 1, 4.0, 0.1, 5),
        ],
        "as good as the best": [(0.1, 2.0, 1, 2.0, 0.5, 3), (0.2, 1.0, 3, 1.0, 0.5, 3)],
        "patience has run out": [(0.1, 2.0, 3, 2.5, 0.5, 3), (0.8, 1.0, 2, 5.0, 0.1, 2), (0.5, 1.0, 0, 3.0, 0.25, 0)],
    },
    hints=[
        "Two cases: the loss is below the best so far (a good one), or it is not.",
        "Good: it is the new best, and the count of bad ones starts anew. Bad: the count rises by one.",
        "Once the count is *more than* patience the rate is multiplied by factor, and the count starts anew.",
    ],
)
def plateau(rate, best, bad, loss, factor, patience):
    """One look of reduce-on-plateau: the rate, the best loss so far and the bad losses in a row, after a new loss.

    rate: η; best: the lowest loss so far; bad: how many losses in a row were not below it; loss: the new one;
    factor: what η is multiplied by once more than `patience` losses in a row were bad.
    Returns (rate, best, bad).
    """
    if loss < best:
        best, bad = loss, 0
    else:
        bad = bad + 1
    if bad > patience:
        rate, bad = rate * factor, 0
    return rate, best, bad


def _watched(rate, best, bad, loss, factor, patience, *, cut=None, good=None, out=lambda bad, patience: bad > patience,
             better=lambda loss, best: loss < best, count=lambda bad: bad + 1):  # fmt: skip
    """The rule with one of its parts changed."""
    if better(loss, best):
        best, bad = good(loss, best, bad) if good else (loss, 0)
    else:
        bad = count(bad)
    if out(bad, patience):
        rate, best, bad = cut(rate, best, loss, factor, bad) if cut else (rate * factor, best, 0)
    return rate, best, bad


def _other(**changed):
    return lambda rate, best, bad, loss, factor, patience: _watched(rate, best, bad, loss, factor, patience, **changed)


# fmt: off
plateau.mistakes += [  # what was done, the wrong rule, where to look
    ("the rate falls as soon as there are `patience` bad losses", _other(out=lambda bad, patience: bad >= patience),
     "Patience 3 bears three bad losses; the fourth is one too many."),
    ("the rate falls only when the count equals patience", _other(out=lambda bad, patience: bad == patience),
     "It falls when the count gets larger than patience."),
    ("a good loss does not start the count anew", _other(good=lambda loss, best, bad: (loss, bad)),
     "Bad losses count in a row: a good one between them begins a new row."),
    ("after a cut the count goes on", _other(cut=lambda rate, best, loss, factor, bad: (rate * factor, best, bad)),
     "Then the next bad loss would cut again: after a cut the count starts anew."),
    ("the best loss is not kept", _other(good=lambda loss, best, bad: (best, 0)),
     "The next loss is compared with the best so far, this one included."),
    ("after a cut the new loss is taken for the best",
     _other(cut=lambda rate, best, loss, factor, bad: (rate * factor, loss, 0)),
     "The best so far stays the best, whatever the rate is."),
    ("a loss as good as the best counts as good", _other(better=lambda loss, best: loss <= best),
     "On a plateau the loss stays the same. Good is what is below the best."),
    ("good and bad are exchanged", _other(better=lambda loss, best: loss > best),
     "A good loss is a low one."),
    ("the rate is divided by the factor", _other(cut=lambda rate, best, loss, factor, bad: (rate / factor, best, 0)),
     "With a factor of ½ that doubles it."),
    ("the factor is subtracted", _other(cut=lambda rate, best, loss, factor, bad: (rate - factor, best, 0)),
     "A factor multiplies. Yours can get below 0."),
    ("the rate becomes the factor", _other(cut=lambda rate, best, loss, factor, bad: (factor, best, 0)),
     "The rate is multiplied by the factor."),
    ("the rate is multiplied by 1 − factor",
     _other(cut=lambda rate, best, loss, factor, bad: (rate * (1 - factor), best, 0)),
     "A factor of 0.1 leaves a tenth."),
    ("the rate falls with every bad loss, whatever the patience", _other(out=lambda bad, patience: bad > 0),
     "Patience is how many bad losses in a row are borne."),
    ("the rate never falls", _other(out=lambda bad, patience: False),
     "Once more than patience losses in a row were bad, it is multiplied by factor."),
    ("every loss is taken for the best",
     lambda rate, best, bad, loss, factor, patience: (
         lambda out: (out[0], loss, out[2]))(_watched(rate, best, bad, loss, factor, patience)),
     "A bad loss is compared with the best so far, and leaves it as it is."),
    ("the new loss is not counted: only earlier ones are",
     lambda rate, best, bad, loss, factor, patience: (
         (rate * factor, min(best, loss), 0) if bad > patience else _watched(rate, best, bad, loss, factor, 10**6)),
     "First the new loss is counted, then the count is compared with patience."),
]
# fmt: on

# The prediction ---------------------------------------------------------------------------------------------------


def _who():
    raft = experiments.rafted(0.7, 1.5, 0.2, 0)
    a, b = raft.losses[-1]
    return "a" if a * 2 < b else "d" if a > 10 * b else "c" if a > 2 * b else "b"


ahead = Predict(
    "Two runs in a long valley with noise, 1,000 steps each. A keeps the constant η that is best for 1,000 steps. B "
    "has one twice as large, and after 800 steps its mean loss is nearly three times A's. In the last 200 steps B's η "
    "falls in a straight line to 0. Whose mean loss is lower after 1,000 steps?",
    _who,
    options={
        "a": "A's: its η is the best one, and B lost too much",
        "b": "both are within a factor of two",
        "c": "B's, by 2 to 10 times",
        "d": "B's, by more than 10 times",
    },
    why="After 800 steps B was much farther along the valley than A, and its noise hid it. The last 200 steps took the "
    "noise away; the way that B had made stayed.",
)

# Sentences --------------------------------------------------------------------------------------------------------

rises = Choice(
    "Which sentence about warm-up is right?",
    {
        "a": (
            "In warm-up the learning rate first rises and then falls.",
            "The rise is warm-up. What falls afterwards is decay, another schedule; either can be had alone.",
        ),
        "b": (
            "It is only good for Adam, whose averages start at 0.",
            "The runs of this chapter that diverge without it are gradient descent's: no average is in them.",
        ),
        "c": (
            "While η is small the run can walk to a flatter place, where the full η is stable.",
            "So it does in the figure: the sharpness follows 2/η down (Gilmer and others 2022).",
        ),
        "d": (
            "It makes the loss fall faster in its first steps.",
            "In its first steps it makes η smaller. What it gains, it gains later.",
        ),
    },
    correct="c",
)

stuck = Choice(
    "The training loss has stood still for many steps. What follows?",
    {
        "a": (
            "η is too large: halve it.",
            "At a noise floor, yes. On the plateau beside a saddle the same advice ended the run.",
        ),
        "b": (
            "η is too small: double it.",
            "In a flat valley, yes. At a noise floor the loss gets worse.",
        ),
        "c": (
            "The gradient is zero.",
            "At a noise floor the gradients of single steps are as large as the noise, and the loss stands still.",
        ),
        "d": (
            "Nothing yet: a noise floor, a saddle and a flat valley look alike in the loss.",
            "Change η for some steps and look: at a noise floor, or where the run jumps between two walls, a smaller "
            "one lowers the loss soon; on a flat stretch it does not.",
        ),
    },
    correct="d",
)

decays = Choice(
    "“A typical decay rate is β = 0.96, for inverse time, exponential and natural exponential decay.” What is wrong?",
    {
        "a": (
            "Nothing: the three are the same for small β.",
            "The exponential one falls for β below 1, and the smaller β is the faster; for the other two it is the "
            "reverse.",
        ),
        "b": (
            "The same β means three things: after 100 steps the rate is 0.017, 0.010 and 2·10⁻⁴² of the first.",
            "0.96 is for the exponential one; the natural exponential of the same curve has 0.0408.",
        ),
        "c": (
            "It should be 0.98, as in × 0.98 per epoch.",
            "That is another choice of the same kind, and the three would still be three different curves.",
        ),
        "d": (
            "Only inverse time needs another β; the two exponentials are one curve.",
            "β = 0.96 in the natural one multiplies the rate by 0.383 in every step.",
        ),
    },
    correct="b",
)

conditions = Choice(
    "Robbins and Monro (1951) ask for Σ ηₖ = ∞ and Σ ηₖ² < ∞. What does that tell us about a run of 1,000 steps?",
    {
        "a": (
            "Cosine and WSD must not be used: they end at 0, so their sum is finite.",
            "The conditions are about infinitely many steps. In 1,000 both did well.",
        ),
        "b": (
            "Nothing about its speed: they are about what happens in the end, after infinitely many steps.",
            "η = 1/(k + 1) meets both, and on w²/10 has got no further than 0.054 after a million steps.",
        ),
        "c": (
            "1/k is the best schedule.",
            "It meets both conditions; so does 1000/(k + 1000), and on w²/10 only that one gets anywhere.",
        ),
        "d": (
            "A constant η diverges.",
            "It does not settle. It ends in a cloud about the minimum, and that may be good enough.",
        ),
    },
    correct="b",
)

combine = Choice(
    "“Learning-rate scheduling also gives two methods that combine Adam and SGD with momentum.” What is right?",
    {
        "a": (
            "A schedule says how η changes with k; which direction is taken is another part of η_t/σ_t · m_t.",
            "Adam and SGD with momentum differ in σ_t. Changing from one to the other during training is SWATS "
            "(Keskar and Socher 2017).",
        ),
        "b": (
            "Warm-up is the combination: first SGD, then Adam.",
            "Warm-up changes η alone. RAdam does begin with plain momentum, but that is no schedule of η.",
        ),
        "c": (
            "With a schedule the two become the same method.",
            "σ_t divides each coordinate by its own number; no common η_t can do that.",
        ),
        "d": (
            "Adam needs no schedule, since its rates adapt.",
            "In the figure of the full update, as it opens, Adam's loss with a falling η is a third of that without.",
        ),
    },
    correct="a",
)
