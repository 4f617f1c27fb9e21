"""The exercises of chapter 14: architecture."""

import functools
import math

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import one_number
from optim_core.exercises.running import run

from . import experiments

_rng = np.random.default_rng(14)


def _vectors(*shapes):
    return tuple(_rng.normal(size=shape).round(2) for shape in shapes)


# 1. A residual block, forward and back -------------------------------------------------------------------------------


@exercise(
    cases={
        "a block and its shortcut": [(*_vectors((2, 3), (2, 3)), 0.5), (*_vectors((1, 4), (1, 4)), 2.0)],
        "one example": [(*_vectors(3, 3), 0.1), (*_vectors(5, 5), -1.5)],
        "a block that passes nothing back": [(_vectors(3)[0], np.zeros(3), 0.7), (_vectors(5)[0], np.zeros(5), 1.2)],
        "β = 1": [(*_vectors(4, 4), 1.0)],
    },
    hints=[
        "y = x + β f(x): x reaches y on two ways. So the gradient comes back on two ways.",
        "Through the block it comes back as `through`, times β. What comes back along the shortcut?",
        "`dy + beta * through`",
    ],
)
def back_to_x(dy, through, beta):
    """The gradient at x of a residual block y = x + β f(x).

    dy: the gradient at y; through: what f gives back for dy, its transposed derivative times dy, of the same shape;
    beta: β, a number.
    """
    return dy + beta * through


# fmt: off
back_to_x.mistakes += [  # what was done, the wrong formula, where to look
    ("β is added", lambda dy, through, beta: dy + beta + through, "β multiplies f(x), and so what comes through f."),
    ("the shortcut is forgotten", lambda dy, through, beta: beta * through,
     "That is a plain layer. x also goes straight to y, with the slope 1."),
    ("the block is forgotten", lambda dy, through, beta: dy + 0.0 * beta,
     "That is the shortcut alone. What came through the block counts as well."),
    ("β is forgotten", lambda dy, through, beta: dy + through,
     "The block's part of y is β f(x)."),
    ("β is on the shortcut", lambda dy, through, beta: beta * dy + through,
     "The shortcut passes x as it is; β stands before f."),
    ("β is on both ways", lambda dy, through, beta: beta * (dy + through),
     "The shortcut passes x as it is; β stands before f."),
    ("dy counts twice", lambda dy, through, beta: 2 * dy + beta * through,
     "One shortcut, one dy."),
    ("the two are multiplied", lambda dy, through, beta: dy * beta * through,
     "Two ways to y: their slopes add up. Factors belong to one way after another."),
    ("dy is multiplied by 1 + what comes through", lambda dy, through, beta: dy * (1 + beta * through),
     "`through` holds dy already: the block has been applied to it."),
    ("subtracted", lambda dy, through, beta: dy - beta * through,
     "y = x + β f(x), a sum."),
    ("β is squared", lambda dy, through, beta: dy + beta**2 * through,
     "Once through the block, one factor β."),
    ("divided by β", lambda dy, through, beta: dy + through / beta,
     "Forward the block is multiplied by β; so is what comes back through it."),
]
# fmt: on

# 2. The gradient at the first layer ----------------------------------------------------------------------------------


def _net(layers, n):
    """Matrices and slopes of so many layers of n units, and a gradient at their output."""
    slopes = _rng.choice([0.25, 0.5, 1.0, 0.75], size=(layers, n))
    return _rng.normal(size=(layers, n, n)).round(2), slopes, _rng.normal(size=n).round(2)


@exercise(
    cases={
        "two layers": [_net(2, 3), _net(2, 2)],
        "one layer": [_net(1, 3)],
        "many layers": [_net(4, 2), _net(3, 4), _net(5, 3)],
    },
    hints=[
        "Go through the layers from the last to the first. What does each of them do to dy?",
        "The activation's slope multiplies dy entry by entry, then it goes back through the matrix.",
        "`for W, slope in zip(Ws[::-1], slopes[::-1]): dy = (dy * slope) @ W.T`",
    ],
)
def first_gradient(Ws, slopes, dy):
    """The gradient at the input of a plain network whose layer l does x ← φ(x W_l).

    Ws: the matrices, first layer first, (layers, n, n), each (inputs, outputs); slopes: φ′ at what each layer's
    activation got, (layers, n); dy: the gradient at the output, (n,).
    """
    for W, slope in zip(Ws[::-1], slopes[::-1], strict=True):
        dy = (dy * slope) @ W.T
    return dy


def _back(layer, order=reversed, skip=0):
    def walk(Ws, slopes, dy):
        pairs = list(zip(order(Ws), order(slopes), strict=True))
        for W, slope in pairs[: len(pairs) - skip]:
            dy = layer(dy, W, slope)
        return dy

    return walk


# fmt: off
first_gradient.mistakes += [
    ("the matrices are not transposed", _back(lambda dy, W, slope: (dy * slope) @ W),
     "Backwards it goes from outputs to inputs: `dy @ W.T`. (Of a vector `W.T @ dy` is `dy @ W`, forwards.)"),
    ("first layer first", _back(lambda dy, W, slope: (dy * slope) @ W.T, order=list),
     "Back means: the last layer is the first that dy meets."),
    ("the slope after the matrix", _back(lambda dy, W, slope: (dy @ W.T) * slope),
     "Forward the activation came last in its layer; so backward it comes first."),
    ("the slopes are forgotten", _back(lambda dy, W, slope: dy @ W.T),
     "Each activation multiplies dy by its slope."),
    ("the slopes are squared", _back(lambda dy, W, slope: (dy * slope**2) @ W.T),
     "Once through each activation, one factor."),
    ("the last step is missing", _back(lambda dy, W, slope: (dy * slope) @ W.T, skip=1),
     "Asked for is the gradient at the input, before the first matrix."),
    ("the slopes are added", _back(lambda dy, W, slope: (dy + slope) @ W.T),
     "A chain multiplies."),
    ("divided by the slopes", _back(lambda dy, W, slope: (dy / slope) @ W.T),
     "Times the slope: where an activation is flat nothing comes back."),
    ("a shortcut around each layer", _back(lambda dy, W, slope: dy + (dy * slope) @ W.T),
     "That is a residual network. This one is plain."),
    ("the slope of the mean", _back(lambda dy, W, slope: (dy * slope.mean()) @ W.T),
     "Each unit has a slope of its own."),
    ("only one layer, the last", lambda Ws, slopes, dy: (dy * slopes[-1]) @ Ws[-1].T,
     "Now the same for all layers, from the last to the first."),
    ("only one layer, the first", lambda Ws, slopes, dy: (dy * slopes[0]) @ Ws[0].T,
     "dy belongs to the output: the last layer is the first that it meets, and all others follow."),
    ("the last layer's slopes for all layers", lambda Ws, slopes, dy: functools.reduce(
        lambda d, W: (d * slopes[-1]) @ W.T, reversed(list(Ws)), dy),
     "Each layer has slopes of its own."),
    ("the gradient of a matrix", lambda Ws, slopes, dy: (dy * slopes[-1]).T @ dy,
     "Asked for is the gradient at the *input*: it goes on through `W.T`."),
]
# fmt: on

# 3. How much a block may add -----------------------------------------------------------------------------------------


@exercise(
    cases={
        "few blocks": [(1,), (4,), (2,)],
        "many": [(16,), (50,), (100,), (1000,)],
    },
    hints=[
        "A block y = x + β f(x), with f(x) as large as x and unrelated to it, multiplies the variance by 1 + β².",
        "L blocks multiply it by (1 + β²) to the power L. For which power of L, as β², is that just below e?",
        "(1 + 1/L)^L is below e, and tends to it. So β² = 1/L.",
    ],
)
def block_scale(L):
    """The largest power of L that, as β, keeps the variance below e times what it was: L blocks y = x + β f(x).

    f(x) has the variance of x, and is not correlated with it. L: how many blocks, a whole number ≥ 1.
    """
    return 1 / np.sqrt(L)


# fmt: off
block_scale.mistakes += [
    ("1/ln L", lambda L: 1 / np.log(L),
     "(1 + β²)^L has to stay below e. Take logarithms: L ln(1 + β²), which is about Lβ², below 1."),
    ("1/L", lambda L: 1 / L,
     "That keeps the variance, and more than needed: (1 + 1/L²) to the power L hardly grows. Variances go with β²."),
    ("√L", lambda L: np.sqrt(L), "The more blocks, the less may each of them add."),
    ("1, whatever L is", lambda L: 1.0, "Each block would double the variance: 2 to the power L."),
    ("1/2, whatever L is", lambda L: 0.5, "Each block would multiply the variance by 1.25: for 50 blocks by 70,000."),
    ("1/√(2L)", lambda L: 1 / np.sqrt(2 * L), "That allows √e. Asked for is e."),
    ("2 to the power −L", lambda L: 2.0**-L, "The blocks would add next to nothing."),
    ("e to the power −1/L", lambda L: np.exp(-1 / L), "1 + β² should be about e to the power 1/L, so β² about 1/L."),
    ("1/√(L + 1)", lambda L: 1 / np.sqrt(L + 1), "As many blocks as there are: L."),
    ("the fourth root", lambda L: L**-0.25, "β² = 1/L; one root is enough."),
    ("√(e^(1/L) − 1)", lambda L: np.sqrt(np.expm1(1 / L)),
     "With that it is e times what it was, and no less. A power of L is asked for; the two hardly differ for many."),
    ("√(e^(1/L)) − 1", lambda L: np.sqrt(np.exp(1 / L)) - 1, "From 1 + β² = e^(1/L) it would be √(e^(1/L) − 1)."),
    ("1/(2L)", lambda L: 1 / (2 * L), "(1 + β²)^L: it is β², not β, that is about 1/L. "
     "(`L**-1 / 2` is this, too: the power comes first. In brackets, `L ** (-1 / 2)`, it is another number.)"),
    ("1/ln(L + 1)", lambda L: 1 / np.log(L + 1),
     "(1 + β²)^L has to stay below e. Take logarithms: L ln(1 + β²), which is about Lβ², below 1."),
    ("e to the power 1/L", lambda L: np.exp(1 / L), "1 + β² = e^(1/L) would be exactly e. What is β, and roughly?"),
    ("e to the power 1/L, minus 1", lambda L: np.exp(1 / L) - 1,
     "That is the β² of exactly e. β is its root; and the power of L that stays below is asked for."),
    ("√(e/L)", lambda L: np.sqrt(np.e / L), "With one block that would be 1 + e. (1 + β²)^L is below e for β² = 1/L."),
    ("e/L", lambda L: np.e / L, "With one block the variance would grow by 1 + e². Variances go with β²: β is a root."),
]
# fmt: on

# 4. When a mode is half learned --------------------------------------------------------------------------------------


@exercise(
    cases={
        "from a small start": [(4.0, 1e-3), (2.0, 1e-3), (1.0, 1e-3), (0.5, 1e-3)],
        "from a tiny one": [(1.0, 1e-8), (3.0, 1e-6)],
        "from a large one": [(4.0, 0.5), (1.0, 0.1)],
    },
    hints=[
        "The strength obeys a(t) = s / (1 + (s/a₀ − 1) e^(−2st)). When is it s/2?",
        "When the second term in the denominator is 1: (s/a₀ − 1) e^(−2st) = 1.",
        "`np.log(s / a0 - 1) / (2 * s)`",
    ],
)
def half_time(s, a0):
    """The time at which a mode of strength s, which starts at a₀, is half learned: a(t) = s/(1 + (s/a₀ − 1) e^(−2st)).

    Time is counted in steps times η. Source: Saxe, McClelland & Ganguli 2014.
    """
    return np.log(s / a0 - 1) / (2 * s)


# fmt: off
half_time.mistakes += [
    ("without the 2", lambda s, a0: np.log(s / a0 - 1) / s, "The exponent is −2st: two layers learn at once."),
    ("the −1 is lost", lambda s, a0: np.log(s / a0) / (2 * s), "Close for small starts. At a(t) = s/2 it is s/a₀ − 1."),
    ("multiplied by 2s", lambda s, a0: np.log(s / a0 - 1) * 2 * s, "A strong mode is fast: divide by 2s."),
    ("logarithm to base 10", lambda s, a0: np.log10(s / a0 - 1) / (2 * s), "Asked for is the natural one."),
    ("logarithm to base 2", lambda s, a0: np.log2(s / a0 - 1) / (2 * s), "Asked for is the natural one."),
    ("s and a₀ exchanged", lambda s, a0: np.log(abs(a0 / s - 1)) / (2 * s), "s/a₀: how far there is to go."),
    ("+1 in place of −1", lambda s, a0: np.log(s / a0 + 1) / (2 * s), "(s/a₀ − 1) e^(−2st) = 1; solve for t."),
    ("1/s alone", lambda s, a0: 1 / s + 0 * a0, "The start counts: the smaller it is, the longer nothing is seen."),
    ("the half-time of one layer", lambda s, a0: np.log(2) / s + 0 * a0,
     "One layer learns at one rate from the first step on. With two the start counts: where is a₀?"),
    ("s is missing in the logarithm", lambda s, a0: np.log(1 / a0 - 1) / (2 * s), "s/a₀ − 1."),
    ("the sign is wrong", lambda s, a0: -np.log(s / a0 - 1) / (2 * s), "Time runs forward."),
    ("divided by 2s²", lambda s, a0: np.log(s / a0 - 1) / (2 * s**2), "The exponent has s to the first power."),
]
# fmt: on


def beside(function):
    """The experiment of a figure that marks a student's half-times on the modes of two layers.

    `experiment.trouble` is a sentence on what of them cannot be shown, or "".
    """

    def experiment(a0, lr):
        yours, experiment.trouble = {}, ""
        if callable(function) and not has_blank(function):
            for s in experiments.STRENGTHS:
                ran = run(function, (s, a0))
                when = one_number(ran.value)
                if ran.error is not None:
                    what = " ".join(str(ran.error).split())
                    experiment.trouble = f"Yours stopped with {type(ran.error).__name__}: {what}."
                elif when is None:
                    experiment.trouble = "Yours is not shown where it returns no number."
                elif 0 <= when <= 800 * lr:
                    yours[s] = float(when)
                else:
                    experiment.trouble = f"Yours is not shown where it is not between 0 and {800 * lr:g}."
        return 2, a0, lr, experiments.modes(2, a0, lr), yours

    experiment.trouble = ""
    return experiment


# 5. Ways through a residual network ----------------------------------------------------------------------------------


@exercise(
    cases={
        "short networks": [(3, 0), (3, 1), (3, 2), (3, 3), (1, 1)],
        "longer ones": [(10, 5), (10, 1), (20, 3), (54, 2), (12, 0)],
    },
    hints=[
        "At each block a way goes through it or around it. How many ways are there in all?",
        "2 to the power L. Of these, k blocks out of L are gone through: choose which.",
        "`math.comb(L, k)`",
    ],
)
def ways(L, k):
    """How many of the ways through L residual blocks go through exactly k of them, and around the others.

    L: how many blocks there are; k: how many of them are gone through, a whole number from 0 to L. Returns a whole one.
    """
    return math.comb(L, k)


# fmt: off
ways.mistakes += [
    ("L times k", lambda L, k: L * k, "Which k of the L? The number of choices."),
    ("2 to the power k", lambda L, k: 2**k, "All ways are 2 to the power L. How many of them go through k blocks?"),
    ("the order counts", lambda L, k: math.perm(L, k), "The blocks come in a fixed order; only which ones matters."),
    ("a share in place of a number", lambda L, k: math.comb(L, k) / 2**L, "That is a part; asked is a number."),
    ("one block too few", lambda L, k: math.comb(max(L - 1, 0), k), "All L blocks can be chosen from."),
    ("up to k blocks", lambda L, k: sum(math.comb(L, i) for i in range(k + 1)), "Exactly k, not at most."),
    ("k factorial", lambda L, k: math.factorial(k), "How many choices of k out of L?"),
    ("L to the power k", lambda L, k: L**k, "No block is gone through twice."),
    ("all ways alike", lambda L, k: 2**L / (L + 1), "Most ways have about L/2 blocks; few have none or all."),
    ("L choose k + 1", lambda L, k: math.comb(L, k + 1), "For k = 0 there is one way: around everything."),
    ("L!/k!", lambda L, k: math.factorial(L) // math.factorial(k),
     "The order of the chosen does not matter, and neither does that of the others: L!/(k! (L − k)!)"),
    ("2 to the power L − k", lambda L, k: 2 ** (L - k),
     "All ways are 2 to the power L. How many of them go through k?"),
    ("L divided by k", lambda L, k: L // k if k else 1, "The number of choices of k blocks out of L."),
    ("the factorials end one too early", lambda L, k: math.factorial(max(L - 1, 0)) / (
        math.factorial(max(k - 1, 0)) * math.factorial(max(L - k - 1, 0))),
     "`range(1, n)` ends with n − 1: to n it is `range(1, n + 1)`."),
    ("L/k! · (L − k)!: a pair of brackets is missing",
     lambda L, k: math.factorial(L) / math.factorial(k) * math.factorial(L - k),
     "`a / b * c` multiplies by c. Both factorials are divided by."),
    ("0 for k = 0", lambda L, k: math.comb(L, k) if k else 0, "There is one way around all blocks."),
    ("L, whatever k is", lambda L, k: L, "That is right for k = 1. In how many ways can k blocks be chosen?"),
    ("L + k − 1 choose k, with repetition", lambda L, k: math.comb(max(L + k - 1, 0), k),
     "No block is gone through twice: choose k of the L, without repetition."),
]
# fmt: on

# Choices -------------------------------------------------------------------------------------------------------------

cure = Choice(
    "“Residual networks train better because the gradient vanishes in plain ones.” What did you see here?",
    {
        "a": ("It is so: in the plain network the first layers get no gradient.",
              "With He's rule the gradient at the first block is mostly within a factor of ten of the last."),
        "b": ("It does not vanish; but around the start the loss of a deep plain network is nearly flat.",
              "Yes. All inputs have come to look alike (chapter 09), and there is little to tell them apart by."),
        "c": ("The gradient explodes in plain networks.",
              "It does in plain networks with batch normalization. Without it, it stays within a factor of ten or so."),
        "d": ("Residual networks have fewer weights.", "Block for block they have as many."),
    },
    correct="b",
)  # fmt: skip

fair = Choice(
    "A plain network fails when a layer is deleted, a residual one loses a few per cent. What does that show?",
    {
        "a": ("That the residual network does not need its layers.", "One can be spared; without every "
              "second one the network above gets a third wrong."),
        "b": ("That a residual block adds a little to what is there, and the next ones can do without it.",
              "Yes. It is no fair fight, though: the plain one was never trained to have its layers exchanged."),
        "c": ("That the plain network was badly trained.", "It had nearly as many right answers as the other."),
        "d": ("That deleting is a way of training.", "Nothing was trained after it."),
    },
    correct="b",
)  # fmt: skip

slices = Choice(
    "Two networks compute the same function. Along a random direction one looks sharp, the other flat. What follows?",
    {
        "a": ("The flat one generalises better.", "They give the same answers to everything."),
        "b": ("Nothing, unless the directions have the proportions of the weights.",
              "Yes: rescaling two layers makes any minimum look as sharp as you like."),
        "c": ("The sharp one is not at a minimum.", "Its loss is the same, and its function is the same."),
        "d": ("One of the two slices is computed wrongly.", "Both are right. They ask different questions."),
    },
    correct="b",
)  # fmt: skip

plateau = Choice(
    "A loss stands still for a hundred steps, falls suddenly, and stands still again. What may be behind it?",
    {
        "a": ("The learning rate changes by itself.", "It was constant in the figure."),
        "b": ("Directions of the data are learned one after the other, each slow at first.",
              "Yes: a mode begins the slower the less there is of it, and strong ones come first."),
        "c": ("It is caught in local minima, and escapes.", "A linear network has no local minima but global ones."),
        "d": ("The data have changed.", "They were the same all the time."),
    },
    correct="b",
)  # fmt: skip

# Prediction ----------------------------------------------------------------------------------------------------------


def _cut_plain():
    """Which option is true of a plain network of ten hidden layers after one of them was deleted."""
    whole, parts = experiments.cut_out("plain")
    mean = float(np.mean(parts))
    return "a" if mean > whole - 0.05 else "b" if mean > 0.5 else "c" if mean > 0.3 else "d"


deleted = Predict(
    "A plain network of ten hidden layers gets 96 % of the held-out digits right. You delete one hidden layer, any of "
    "them, and do not train again. How many are right, on average over the ten layers?",
    _cut_plain,
    options={
        "a": "about as many as before",
        "b": "between a half and nine tenths",
        "c": "about a third",
        "d": "a tenth or so: guessing",
    },
    why="Each layer of a plain network expects just what the one before it gives. A residual one expects nearly x.",
)
