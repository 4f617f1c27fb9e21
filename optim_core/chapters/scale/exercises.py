"""The exercises of chapter 09: scale and initialization."""

import functools
import itertools
import math

import numpy as np

from optim_core.exercises import CORRECT, INCORRECT, Choice, Predict, Result, close, exercise, has_blank
from optim_core.exercises.diagnosis import one_number
from optim_core.exercises.kinds import Repair, pair
from optim_core.exercises.running import by_place, run
from optim_core.exercises.values import numbers

from . import experiments

# 1. What a layer does to sizes ------------------------------------------------------------------------------------


@pair(
    "forwards",
    "backwards",
    cases={
        "a linear layer, as many out as in": [(100, 100, 0.01, False), (64, 64, 0.02, False)],
        "a linear layer, more or fewer out": [(64, 16, 0.01, False), (50, 200, 0.03, False)],
        "a layer with relu": [(100, 100, 0.02, True), (64, 16, 0.01, True), (50, 200, 0.03, True)],
    },
    hints=[
        "z = Σ xᵢ wᵢ, and the w are independent of each other with mean 0: the variance of a sum is a sum. Of how many "
        "terms?",
        "Each of the n terms has the variance var · mean(x²). Backwards, dxᵢ = Σ dzⱼ wᵢⱼ: how many terms has that sum?",
        "z is as often above 0 as below, so relu keeps half of the mean of z². Backwards it lets half of the gradients "
        "through.",
    ],
)
def ratios(n, m, var, relu):
    """By what a layer x → φ(x W), n features to m, multiplies mean squares: forwards and backwards, two numbers.

    n, m: how many features go in and come out; var: the variance of each weight, whose mean is 0; relu: True
    if φ is relu, False if there is none. Forwards: mean y² over mean x², y = φ(x W). Backwards: mean dx² over mean dy²,
    the gradients with respect to x and to y.
    """
    half = 0.5 if relu else 1.0
    return n * var * half, m * var * half


def _ratios(forwards, backwards, half=0.5, half_back=None):
    """A wrong pair: two functions of (n, m, var), and what relu multiplies each of them by."""

    def wrong(n, m, var, relu):
        on = half if relu else 1.0
        back = half_back if half_back is not None and relu else on
        return forwards(n, m, var) * on, backwards(n, m, var) * back

    return wrong


# fmt: off
ratios.mistakes += [  # what was done, the wrong pair, where to look
    ("the two are exchanged", _ratios(lambda n, m, v: m * v, lambda n, m, v: n * v),
     "Forwards each unit sums over what goes in. Over what does a gradient sum on its way back?"),
    ("both count the inputs", _ratios(lambda n, m, v: n * v, lambda n, m, v: n * v),
     "A feature gets its gradient from all units that it goes into. How many are they?"),
    ("both count the outputs", _ratios(lambda n, m, v: m * v, lambda n, m, v: m * v),
     "Each unit sums over what goes in. How many terms has this sum?"),
    ("relu is left out", _ratios(lambda n, m, v: n * v, lambda n, m, v: m * v, half=1.0),
     "relu makes every negative z a 0. What part of the mean of z² is left? (`relu` is True or False, and no word.)"),
    ("relu halves the signal and not the gradient",
     _ratios(lambda n, m, v: n * v, lambda n, m, v: m * v, half_back=1.0),
     "Where z is negative the derivative of relu is 0: no gradient comes through there."),
    ("relu halves the gradient and not the signal",
     _ratios(lambda n, m, v: n * v, lambda n, m, v: m * v, half=1.0, half_back=0.5),
     "Half of the z are negative and become 0. What part of the mean of z² is left?"),
    ("relu doubles", _ratios(lambda n, m, v: n * v, lambda n, m, v: m * v, half=2.0),
     "The factor 2 is what the weights will need to make up for relu. What does relu itself do?"),
    ("relu takes the root of a half", _ratios(lambda n, m, v: n * v, lambda n, m, v: m * v, half=0.5**0.5),
     "That is the factor on the root mean square. Here mean squares are asked for."),
    ("root mean squares in place of mean squares",
     _ratios(lambda n, m, v: (n * v) ** 0.5, lambda n, m, v: (m * v) ** 0.5, half=0.5**0.5),
     "Right for sizes. Mean squares are their squares."),
    ("var is taken for a standard deviation", _ratios(lambda n, m, v: n * v**2, lambda n, m, v: m * v**2),
     "`var` is a variance already: it is not squared again."),
    ("the number of terms comes in by its root", _ratios(lambda n, m, v: n**0.5 * v, lambda n, m, v: m**0.5 * v),
     "The standard deviation of a sum grows with √n. And its variance?"),
    ("the number of terms is left out", _ratios(lambda n, m, v: v, lambda n, m, v: v),
     "That is one term of the sum. How many are there?"),
    ("the mean of inputs and outputs in both",
     _ratios(lambda n, m, v: (n + m) / 2 * v, lambda n, m, v: (n + m) / 2 * v),
     "Glorot's compromise has this mean in it. What it is a compromise between is asked here."),
    ("the number of terms is squared", _ratios(lambda n, m, v: n**2 * v, lambda n, m, v: m**2 * v),
     "If all terms were the same, their sum would be n times one of them, and its square n². Independent terms?"),
    ("the backward factor is upside down", _ratios(lambda n, m, v: n * v, lambda n, m, v: 1 / (m * v)),
     "On the way back the same weights multiply, and are summed. They do not divide."),
]
# fmt: on

# 2. He's rule ------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "relu": [(64, True), (256, True), (10, True), (1000, True)],
        "tanh": [(64, False), (256, False), (10, False), (1000, False)],
        "one input": [(1, True), (1, False)],
    },
    hints=[
        "Exercise 1 has the factor on the mean square, forwards. Which variance makes it 1?",
        "Linear: n · var = 1. With relu: n · var/2 = 1. For small numbers tanh is nearly linear.",
        "The variance is 1/n, with relu 2/n. Asked for is its root.",
    ],
)
def init_std(n_in, relu):
    """The standard deviation of the weights with which a layer keeps the size of the signal.

    n_in: features that go in; relu: True, or False for tanh, which is taken to be linear. Returns a number.
    """
    return np.sqrt((2 if relu else 1) / n_in)


def _std(with_relu, with_tanh):
    """A wrong rule: two functions of n."""
    return lambda n_in, relu: with_relu(n_in) if relu else with_tanh(n_in)


# fmt: off
init_std.mistakes += [  # what was done, the wrong rule, where to look
    ("the variance", _std(lambda n: 2 / n, lambda n: 1 / n),
     "That is the variance, 1/n or 2/n. The standard deviation is its root: take it for std, and layers of 100 "
     "shrink the signal tenfold."),
    ("half the variance, as `** 1 / 2` gives it", _std(lambda n: 1 / n, lambda n: 1 / (2 * n)),
     "A power comes first: `a ** 1 / 2` is a, divided by 2. The root is `a ** 0.5`, or `a ** (1 / 2)`."),
    ("1/n for both", _std(lambda n: 1 / n, lambda n: 1 / n),
     "That is a variance, and relu is left out of it. Which std belongs to it, and what does relu need?"),
    ("√n, which makes it grow", _std(lambda n: n**0.5, lambda n: n**0.5),
     "With weights of std 1 a sum of n terms is √n times as large. The weights have to make up for that."),
    ("relu like tanh", _std(lambda n: n**-0.5, lambda n: n**-0.5),
     "Right for tanh. relu makes half of the numbers 0: what part of the mean square is left? (`relu` is True or "
     "False, and no word.)"),
    ("tanh like relu", _std(lambda n: (2 / n) ** 0.5, lambda n: (2 / n) ** 0.5),
     "Right for relu. Near 0 tanh is linear: it halves nothing."),
    ("the two are exchanged", _std(lambda n: n**-0.5, lambda n: (2 / n) ** 0.5),
     "Which of the two makes half of the numbers 0, and needs larger weights for it?"),
    ("the 2 outside of the root", _std(lambda n: 2 * n**-0.5, lambda n: n**-0.5),
     "relu halves the mean *square*. What is that for the size?"),
    ("the 2 on the wrong side", _std(lambda n: (2 * n) ** -0.5, lambda n: n**-0.5),
     "relu loses half of it: the weights have to be larger than without it, not smaller."),
    ("half the size for relu", _std(lambda n: 0.5 * n**-0.5, lambda n: n**-0.5),
     "relu loses half of the mean square: the weights have to be larger than without it, not smaller."),
    ("√2 divided by n", _std(lambda n: 2**0.5 / n, lambda n: 1 / n),
     "The root belongs to the whole fraction, n too."),
    ("the limit of a uniform distribution", _std(lambda n: (6 / n) ** 0.5, lambda n: (3 / n) ** 0.5),
     "Between −a and a the standard deviation is a/√3. You return the a."),
    ("PyTorch's default", _std(lambda n: (3 * n) ** -0.5, lambda n: (3 * n) ** -0.5),
     "U(−1/√n, 1/√n) has this std. It does not keep the size."),
    ("upside down", _std(lambda n: (n / 2) ** 0.5, lambda n: n**0.5),
     "More inputs make a larger sum, so they need smaller weights."),
    ("a normal distribution in a uniform one's limits", _std(lambda n: (2 / (3 * n)) ** 0.5, lambda n: (3 * n) ** -0.5),
     "The 3 belongs to uniform distributions. Asked for is the standard deviation itself."),
    ("the root of the wrong thing, 1/√(n + 1)", _std(lambda n: (2 / (n + 1)) ** 0.5, lambda n: (n + 1) ** -0.5),
     "The bias begins at 0 and adds nothing: how many terms are summed?"),
    ("5/3 for tanh", _std(lambda n: (2 / n) ** 0.5, lambda n: 5 / 3 * n**-0.5),
     "torch's `calculate_gain` has this 5/3, to make up for the flat ends of tanh. Here it is taken to be linear."),
    ("the variance, and the two are exchanged", _std(lambda n: 1 / n, lambda n: 2 / n),
     "The standard deviation is the root of the variance. And which of the two makes half of the numbers 0?"),
    ("√2·√n", _std(lambda n: (2 * n) ** 0.5, lambda n: n**0.5),
     "More inputs make a larger sum, so they need smaller weights."),
]
# fmt: on


def beside(function):
    """The experiment of a figure in which weights of a student's standard deviation stand beside ours.

    function: the student's (n_in, relu) → std. While it has a blank in it only ours is shown. The experiment
    takes (activation, depth, width, seed) and returns what `scenes.Compared` shows.

    >>> activation, width, runs, said = beside(lambda n_in, relu: n_in**-0.5)("tanh", 3, 16, 0)
    >>> list(runs), said
    (['ours', 'yours'], 'Yours draws with std 0.25, as ours does.')
    """

    def flow(std, activation, depth, width, seed):
        def draw(rng, n, m):
            return rng.standard_normal((n, m)) * std, 0.0

        return experiments.signals(draw, activation, depth=depth, width=width, seed=seed)["x"]

    def experiment(activation, depth, width, seed):
        ours = float(init_std.reference(width, activation == "relu"))
        runs = {"ours": flow(ours, activation, depth, width, seed)}
        if not callable(function) or has_blank(function):
            return activation, width, runs, "Yours has a blank in it."
        ran = run(function, (width, activation == "relu"))
        std = one_number(ran.value)
        if ran.error is not None:
            return activation, width, runs, f"Yours stopped with {type(ran.error).__name__} and is not shown."
        if std is None or not 0 <= std < 1e6:
            return activation, width, runs, "Yours returns no number from 0 to a million and is not shown."
        runs["yours"] = flow(std, activation, depth, width, seed)
        word = ", as ours does." if math.isclose(std, ours, rel_tol=1e-6) else f", ours with {ours:.3g}."
        return activation, width, runs, f"Yours draws with std {std:.3g}{word}"

    return experiment


# 3. Glorot's rule -------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "as many out as in": [(100, 100), (64, 64)],
        "fewer out": [(64, 10), (256, 16), (300, 1)],
        "more out": [(2, 50), (10, 640)],
    },
    hints=[
        "Forwards n_in · var should be 1, backwards n_out · var. The compromise: their mean is 1. Which variance?",
        "var = 2/(n_in + n_out). And which variance has a number that is equally likely anywhere between −a and a?",
        "The mean of x² over −a … a is a²/3. Set a²/3 equal to the variance, and solve for a.",
    ],
)
def uniform_limit(n_in, n_out):
    """The a for weights from U(−a, a), so that n_in · var and n_out · var are 1 on average: Glorot's rule.

    n_in, n_out: features that go in and come out. Returns a number above 0.
    """
    return np.sqrt(6 / (n_in + n_out))


# fmt: off
uniform_limit.mistakes += [  # what was done, the wrong formula, where to look
    ("the standard deviation as the limit", lambda n, m: (2 / (n + m)) ** 0.5,
     "With this std right, how far does a uniform distribution have to reach? Further than its std."),
    ("the whole width in place of half of it", lambda n, m: (24 / (n + m)) ** 0.5,
     "From −a to a the width is 2a, and the variance (2a)²/12."),
    ("the variance itself", lambda n, m: 2 / (n + m),
     "That is the variance of each weight. Which a gives it?"),
    ("the sum of the two factors is 1", lambda n, m: (3 / (n + m)) ** 0.5,
     "Their mean is to be 1: (n_in · var + n_out · var)/2."),
    ("no root", lambda n, m: 6 / (n + m),
     "a²/3 is the variance, so a is a root."),
    ("no root: half of 6/(n_in + n_out)", lambda n, m: 3 / (n + m),
     "a²/3 is the variance, so a is a root. (`a ** 1 / 2` is none: it is a, divided by 2.)"),
    ("the inputs only, as in He's rule", lambda n, m: (6 / n) ** 0.5,
     "That keeps relu's signal forwards. Where does n_out come in?"),
    ("the inputs only", lambda n, m: (3 / n) ** 0.5,
     "That keeps the signal forwards, with n_in · var = 1. And backwards?"),
    ("the outputs only", lambda n, m: (3 / m) ** 0.5,
     "That keeps the gradient backwards, with n_out · var = 1. And forwards?"),
    ("the product in place of the sum", lambda n, m: (6 / (n * m)) ** 0.5,
     "The mean of n_in · var and n_out · var is var · (n_in + n_out)/2."),
    ("the geometric mean of inputs and outputs", lambda n, m: (3 / (n * m) ** 0.5) ** 0.5,
     "A compromise as well, but not Glorot's: he takes the ordinary mean of n_in and n_out."),
    ("the mean of the two right limits", lambda n, m: ((3 / n) ** 0.5 + (3 / m) ** 0.5) / 2,
     "The mean is taken of n_in · var and n_out · var, not of two limits."),
    ("the mean of the two right variances", lambda n, m: (1.5 / n + 1.5 / m) ** 0.5,
     "The mean is taken of n_in · var and n_out · var, not of 1/n_in and 1/n_out."),
    ("roots added up", lambda n, m: 6**0.5 / (n**0.5 + m**0.5),
     "√(n_in + n_out) is not √n_in + √n_out."),
    ("PyTorch's limit", lambda n, m: n**-0.5,
     "nn.Linear draws from U(−1/√n_in, 1/√n_in). Its variance is a third of 1/n_in."),
    ("the root over 6 only", lambda n, m: 6**0.5 / (n + m),
     "The root belongs to the whole fraction."),
    ("relu's factor as well", lambda n, m: (12 / (n + m)) ** 0.5,
     "Glorot's rule is for activations that are linear near 0; relu's factor 2 is He's."),
    ("1/√(n_in + n_out)", lambda n, m: (n + m) ** -0.5,
     "Two things are left out: the mean of the two has a 2, and the variance of U(−a, a) is a²/3."),
]
# fmt: on

# 4. Four faults in four lines -------------------------------------------------------------------------------------


def weights_as_given(n, m, relu, seed):
    """Initial weights as students find them, with their faults."""
    rng = np.random.default_rng(seed)
    W = np.tile(rng.standard_normal((n, 1)), m)
    gain = 1 if relu else 2
    return W * gain / m


class AnyDraw(Repair):
    """Initial weights to repair. Whoever draws other numbers than we do, from the right distribution, is right, too."""

    def _judge(self, function):
        result = super()._judge(function)
        if result.outcome == INCORRECT and callable(function) and _as_good(by_place(function, self.arguments)):
            return Result(CORRECT, f"`{self.name}` draws other numbers than ours, of the right shape and size.")
        return result


def _as_good(function):
    """Does it draw weights of the right shape and size, no two units alike, the same for one seed only?"""
    for n, m, relu in ((400, 100, True), (400, 100, False), (100, 300, True)):
        W, again, other = (numbers(run(function, (n, m, relu, seed)).value) for seed in (7, 7, 8))
        if W is None or W.shape != (n, m) or not np.isfinite(W).all():
            return False
        size = np.sqrt((2 if relu else 1) / n)
        with np.errstate(all="ignore"):
            alike = np.abs(np.corrcoef(W.T) - np.eye(m)).max()  # NaN where a unit's weights are all the same
        if not close(W, again) or close(W, other) or not alike < 0.6:
            return False
        if abs(W.std() / size - 1) > 0.02 or abs(W.mean()) > 0.03 * size:  # 30,000 numbers or more
            return False
    return True


@functools.partial(
    AnyDraw,
    broken=weights_as_given,
    cases={
        "as many out as in": [(6, 6, True, 0), (6, 6, False, 1)],
        "fewer out": [(8, 3, True, 2), (8, 3, False, 3)],
        "more out": [(3, 8, True, 4), (3, 8, False, 5)],
    },
    hints=[
        "Print `weights(4, 3, False, 0)`. What do its columns have in common? Each column is one unit.",
        "The last line gives the weights their size. Is it a variance or a standard deviation? Of inputs or outputs?",
        "`rng.standard_normal((n, m))` gives each unit its own weights. The size is that of exercise 2.",
    ],
)
def weights(n, m, relu, seed):
    """The first weights of a layer from n features to m, shape (n, m); relu: True, or False for tanh."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n, m))
    gain = 2 if relu else 1
    return W * np.sqrt(gain / n)


FAULTS = {  # what it is, where to look
    "alike": ("all units get the same weights",
              "Units that begin alike get the same gradient and stay alike. Does each column have numbers of its own?"),
    "side": ("the size follows from the outputs",
             "Each unit sums over what goes in. In a square layer nobody notices; look at 8 → 3."),
    "root": ("a variance stands where a standard deviation belongs",
             "Multiplying by s gives a standard deviation of s. What is 1/n?"),
    "gain": ("tanh gets the factor of relu",
             "Which of the two makes half of the numbers 0?"),
}  # fmt: skip


def _weights(faults):
    def wrong(n, m, relu, seed):
        rng = np.random.default_rng(seed)
        W = np.tile(rng.standard_normal((n, 1)), m) if "alike" in faults else rng.standard_normal((n, m))
        gain = 2 if bool(relu) != ("gain" in faults) else 1
        size = gain / (m if "side" in faults else n)
        return W * (size if "root" in faults else np.sqrt(size))

    return wrong


def _drawn(size, gains=(2, 1)):
    """Weights with the right draw, and a size that is a function of (gain, n, m)."""

    def wrong(n, m, relu, seed):
        return np.random.default_rng(seed).standard_normal((n, m)) * size(gains[not relu], n, m)

    return wrong


weights.mistakes += [
    ("; ".join(FAULTS[fault][0] for fault in left), _weights(left), FAULTS[left[0]][1])
    for count in (1, 2, 3)
    for left in itertools.combinations(FAULTS, count)
]
# fmt: off
weights.mistakes += [  # what was done, the wrong function, where to look
    ("every weight is 0", lambda n, m, relu, seed: np.zeros((n, m)),
     "Then every unit does the same, and all gradients but the last layer's biases' are 0."),
    ("every weight is the same number", lambda n, m, relu, seed: np.full((n, m), 0.1),
     "Units that begin alike get the same gradient and stay alike."),
    ("the size is left out: N(0, 1)", _drawn(lambda gain, n, m: 1.0),
     "A sum of n such terms is √n times as large as one."),
    ("a fixed size of 0.01", _drawn(lambda gain, n, m: 0.01),
     "That is right for one width only. The size has to follow from n."),
    ("no factor for relu", _drawn(lambda gain, n, m: n**-0.5),
     "relu makes half of the numbers 0: what part of the mean square is left?"),
    ("the factor 2 for tanh as well", _drawn(lambda gain, n, m: (2 / n) ** 0.5),
     "Right for relu. Near 0 tanh is linear: it halves nothing."),
    ("the factor outside of the root", _drawn(lambda gain, n, m: gain / n**0.5),
     "relu halves the mean square. What does that mean for the size?"),
    ("Glorot's size with the factor of relu", _drawn(lambda gain, n, m: (2 * gain / (n + m)) ** 0.5),
     "A compromise between forwards and backwards. Here the signal forwards is asked for, as in exercise 2."),
    ("Glorot's size", _drawn(lambda gain, n, m: (2 / (n + m)) ** 0.5),
     "A compromise between forwards and backwards, for tanh. Here the signal forwards is asked for, as in exercise 2."),
    ("a uniform draw whose limit is the standard deviation", lambda n, m, relu, seed: (
        np.random.default_rng(seed).uniform(-1, 1, (n, m)) * ((2 if relu else 1) / n) ** 0.5),
     "Between −a and a the standard deviation is a/√3."),
    ("a uniform draw between 0 and 1", lambda n, m, relu, seed: (
        np.random.default_rng(seed).random((n, m)) * ((2 if relu else 1) / n) ** 0.5),
     "All weights are then positive. Their mean is to be 0, and their size that of exercise 2."),
    ("divided by the factor", _drawn(lambda gain, n, m: (1 / (gain * n)) ** 0.5),
     "relu loses half: its weights have to be larger, not smaller."),
]
# fmt: on

# 5. Inputs ---------------------------------------------------------------------------------------------------------

_SEEN = np.array([[0.0, 4.0, 7.0], [2.0, 8.0, 7.0], [10.0, 3.0, 7.0], [4.0, 5.0, 7.0]])
_NEW = np.array([[1.0, 9.0, 7.0], [12.0, 2.0, 7.0]])


@exercise(
    cases={
        "the examples it was measured on": [(_SEEN[:, :2], _SEEN[:, :2]), (1000 * _SEEN[:, :2], 1000 * _SEEN[:, :2])],
        "new examples": [(_NEW[:, :2], _SEEN[:, :2]), (_NEW[:1, :2], _SEEN[:, :2])],
        "features that vary little": [(k * _NEW[:, :2], k * _SEEN[:, :2]) for k in (0.1, 1e-4)],
        "an example far out": [(np.array([[80.0, -40.0]]), _SEEN[:, :2])],
        "a feature that never changes": [(_SEEN, _SEEN), (_NEW, _SEEN)],
        "a feature that changes later": [(_NEW + [0.0, 0.0, 2.0], _SEEN)],
    },
    families=[
        (
            "{x} is added to the std",
            lambda answers: 2.0 / answers[-1][0, 2],  # 2 above a mean whose std is 0
            lambda eps: lambda X, seen: (X - seen.mean(0)) / (seen.std(0) + eps),
            "That is a common way, and what was constant and changes later becomes huge. Only a std of 0 is an "
            "exception: divide by 1 there.",
        )
    ],
    hints=[
        "Mean and standard deviation of each feature, that is of each column: `axis=0`. Of which array?",
        "At test time there may be a single example; and what is learned belongs to the training part's units. So both "
        "come from `seen`.",
        "Where the standard deviation is 0, divide by 1: `np.where(std > 0, std, 1)`.",
    ],
)
def standardise(X, seen):
    """X with each feature shifted and scaled as it has to be for mean 0 and std 1 over the training examples `seen`.

    X: (examples, features), training or test examples; a feature that is constant in `seen` is only shifted.
    Returns an array of the shape of X.
    """
    std = seen.std(axis=0)
    return (X - seen.mean(axis=0)) / np.where(std > 0, std, 1)


def _whole(std):
    return np.where(std > 0, std, 1)


# fmt: off
standardise.mistakes += [  # what was done, the wrong function, where to look
    ("by the examples' own mean and std", lambda X, seen: (X - X.mean(0)) / _whole(X.std(0)),
     "A single test example would become 0. Which examples did the network learn with?"),
    ("by the mean and std of both parts together",
     lambda X, seen: (X - np.vstack([seen, X]).mean(0)) / _whole(np.vstack([seen, X]).std(0)),
     "Then the training inputs would depend on the test part. Measure on `seen` only."),
    ("only shifted", lambda X, seen: X - seen.mean(0),
     "The mean is 0 now. The standard deviation?"),
    ("divided by the range, the largest minus the smallest",
     lambda X, seen: (X - seen.mean(0)) / _whole(np.ptp(seen, axis=0)),
     "Then the range is 1. Asked for is a std of 1."),
    ("divided by the largest size", lambda X, seen: (X - seen.mean(0)) / _whole(np.abs(seen).max(0)),
     "That brings the sizes to 1 at most. Asked for is a std of 1."),
    ("only scaled", lambda X, seen: X / _whole(seen.std(0)),
     "The standard deviation is 1 now. The mean?"),
    ("divided by the variance", lambda X, seen: (X - seen.mean(0)) / _whole(seen.var(0)),
     "Divided by its variance a feature has the standard deviation 1/std."),
    ("row by row", lambda X, seen: (X - X.mean(1, keepdims=True)) / _whole(X.std(1, keepdims=True)),
     "That takes the features of one example together, each in a unit of its own. Columns are features: `axis=0`."),
    ("one mean and one std for all features", lambda X, seen: (X - seen.mean()) / seen.std(),
     "Each feature has a mean and a std of its own: `axis=0`."),
    ("one mean and one std for all features, those of `X`", lambda X, seen: (X - X.mean()) / X.std(),
     "Each feature has a mean and a std of its own, `axis=0`; and the examples to measure them on are `seen`."),
    ("one std for all features, that of `X`", lambda X, seen: (X - seen.mean(0)) / X.std(),
     "Each feature has a std of its own, `axis=0`; and the examples to measure it on are `seen`."),
    ("one mean for all features", lambda X, seen: (X - seen.mean()) / _whole(seen.std(0)),
     "The mean, too: each feature has one of its own, `axis=0`."),
    ("one std for all features", lambda X, seen: (X - seen.mean(0)) / seen.std(),
     "The std, too: each feature has one of its own, `axis=0`."),
    ("a constant feature becomes NaN", lambda X, seen: (X - seen.mean(0)) / seen.std(0),
     "Where a feature never changes its std is 0, and 0/0 is no number."),
    ("a std is taken for 1 where `X` does not change, in place of `seen`",
     lambda X, seen: (X - seen.mean(0)) / np.where(X.std(0) > 0, seen.std(0), 1),
     "A single new example does not change at all. Whether a feature ever changes is to be seen in `seen`."),
    ("a small number added to the std", lambda X, seen: (X - seen.mean(0)) / (seen.std(0) + 1e-3),
     "That is a common way, and it makes all features a little smaller. Here only a std of 0 is an exception."),
    ("scaled to [0, 1]", lambda X, seen: (X - seen.min(0)) / _whole(np.ptp(seen, axis=0)),
     "That puts smallest and largest in place. Asked for are mean 0 and std 1."),
    ("scaled to [−1, 1]", lambda X, seen: 2 * (X - seen.min(0)) / _whole(np.ptp(seen, axis=0)) - 1,
     "That puts smallest and largest in place. Asked for are mean 0 and std 1."),
    ("first divided, then shifted", lambda X, seen: X / _whole(seen.std(0)) - seen.mean(0),
     "After the division the mean has changed, too. Mind the brackets."),
    ("the test part is left as it was", lambda X, seen: X if X is not seen and X.shape != seen.shape
     else standardise.reference(X, seen),
     "The network has learned with prepared inputs. It needs new ones prepared in the same way."),
    ("the std with n − 1", lambda X, seen: (X - seen.mean(0)) / _whole(seen.std(0, ddof=1)),
     "Both are in use; `seen.std(axis=0)`, which divides by n, is meant here."),
    ("the mean is added", lambda X, seen: (X + seen.mean(0)) / _whole(seen.std(0)),
     "Then the mean is twice what it was."),
    ("a std below 1 is taken for 1", lambda X, seen: (X - seen.mean(0)) / np.maximum(seen.std(0), 1),
     "Only a std of 0 is an exception: what varies little is to vary by 1 as well."),
    ("the examples' own mean, the std of `seen`", lambda X, seen: (X - X.mean(0)) / _whole(seen.std(0)),
     "A single test example would become 0. Both come from `seen`."),
    ("the mean of `seen`, the examples' own std", lambda X, seen: (X - seen.mean(0)) / _whole(X.std(0)),
     "Test examples would be measured in units that the network has not learned with."),
    ("by the median", lambda X, seen: (X - np.median(seen, 0)) / _whole(seen.std(0)),
     "The mean is to be 0, not the median."),
    ("multiplied by the std", lambda X, seen: (X - seen.mean(0)) * _whole(seen.std(0)),
     "A feature that varies ten times as much would vary a hundred times as much then."),
    ("divided by the root of the mean square", lambda X, seen: (
        (X - seen.mean(0)) / np.sqrt(np.where((seen**2).mean(0) == 0, 1, (seen**2).mean(0)))),
     "The std is about the mean: the mean is taken away before the square."),
    ("scaled to [0, 1]; and a constant feature becomes NaN",
     lambda X, seen: (X - seen.min(0)) / (seen.max(0) - seen.min(0)),
     "That puts smallest and largest in place. Asked for are mean 0 and std 1; where the std is 0, only the shift."),
]
# fmt: on

# 6. The last digit -------------------------------------------------------------------------------------------------


def _precisely(got, expected):
    """Equal within rounding, however small the numbers are."""
    return close(got, expected, rtol=1e-9, atol=0.0)


@exercise(
    cases={
        "a power of two": [(1.0, 11), (4.0, 8), (2.0**20, 24), (2.0**53, 53)],
        "between two of them": [(3.0, 11), (1000.0, 8), (1e10, 24), (1e10, 53), (1e16, 53), (7.9, 11), (1.1, 8)],
        "below 1": [(0.3, 8), (0.09, 11)],
        "negative": [(-3.0, 11), (-1000.0, 24)],
    },
    same=_precisely,
    hints=[
        "Written in binary, a = ±1.… · 2^e. With `digits` digits in all, how many stand behind the point?",
        "digits − 1 of them stand behind the point, so the last one is worth 2^(e − (digits − 1)).",
        "e is the largest power with 2^e ≤ |a|: `np.floor(np.log2(abs(a)))`.",
    ],
)
def spacing(a, digits):
    """From |a| to the next larger number that has `digits` binary digits in all: what its last digit is worth.

    a: not 0; digits: 8 in bfloat16, 11 in float16, 24 in float32, 53 in float64. Returns a number above 0.
    """
    return 2.0 ** (np.floor(np.log2(abs(a))) - (digits - 1))


# fmt: off
spacing.mistakes += [  # what was done, the wrong formula, where to look
    ("a times the spacing at 1", lambda a, digits: abs(a) * 2.0 ** (1 - digits),
     "Between 2 and 4 all numbers are equally far apart. What does yours say at 2 and at 3.9?"),
    ("a, with its sign, times the spacing at 1", lambda a, digits: a * 2.0 ** (1 - digits),
     "Between 2 and 4 all numbers are equally far apart; and a distance has no sign."),
    ("the spacing at 1, whatever a is", lambda a, digits: 2.0 ** (1 - digits),
     "Larger numbers have their last digit further to the left."),
    ("half of it", lambda a, digits: 2.0 ** (np.floor(np.log2(abs(a))) - digits),
     "That is the largest error of rounding. The last of `digits` digits stands digits − 1 places behind the first."),
    ("twice of it", lambda a, digits: 2.0 ** (np.floor(np.log2(abs(a))) - digits + 2),
     "The first digit stands at 2^e. Where does the second one stand, and where the last?"),
    ("rounded up", lambda a, digits: 2.0 ** (np.ceil(np.log2(abs(a))) - (digits - 1)),
     "The first digit of 3 stands at 2¹, since 2² is more than 3."),
    ("rounded to the nearest", lambda a, digits: 2.0 ** (np.round(np.log2(abs(a))) - (digits - 1)),
     "The first digit of 3 stands at 2¹, since 2² is more than 3."),
    ("the logarithm to base e", lambda a, digits: 2.0 ** (np.floor(np.log(abs(a))) - (digits - 1)),
     "How many times 2 goes into a: that is the logarithm to base 2."),
    ("the logarithm to base 10", lambda a, digits: 2.0 ** (np.floor(np.log10(abs(a))) - (digits - 1)),
     "The digits are binary: how many times does 2 go into a?"),
    ("powers of ten", lambda a, digits: 10.0 ** (np.floor(np.log10(abs(a))) - (digits - 1)),
     "The digits are binary: each place is worth twice the one to its right."),
    ("NaN for negative a", lambda a, digits: 2.0 ** (np.floor(np.log2(a)) - (digits - 1)),
     "−3 has the same digits as 3. The logarithm of a negative number is none."),
    ("truncated towards 0", lambda a, digits: 2.0 ** (np.trunc(np.log2(abs(a))) - (digits - 1)),
     "Right from 1 on. For 0.3 the first digit stands at 2⁻², and not at 2⁻¹."),
    ("the sign of the exponent", lambda a, digits: 2.0 ** (digits - 1 - np.floor(np.log2(abs(a)))),
     "More digits make a smaller last digit."),
    ("the value of the first digit", lambda a, digits: 2.0 ** np.floor(np.log2(abs(a))),
     "That is the first digit. The last one stands digits − 1 places further to the right."),
    ("always 53 digits", lambda a, digits: 2.0 ** (np.floor(np.log2(abs(a))) - 52),
     "Shorter formats have fewer digits."),
]
# fmt: on

# Choices ---------------------------------------------------------------------------------------------------------

uniform_sentence = Choice(
    "“Uniform initialization gives every weight the same value, from a range.” What is wrong with it?",
    {
        "a": ("Nothing.", "With the same value for all, all units of a layer would stay copies of one."),
        "b": (
            "Every value in the range is equally likely. The weights are different from each other.",
            "Yes. That they differ is the point: it breaks the symmetry.",
        ),
        "c": ("The range has to be from 0 to 1.", "It is around 0: U(−a, a). Else the mean of a sum would grow."),
        "d": ("It should say: the same variance as N(0, 1).", "U(−a, a) has the variance a²/3, whatever a is."),
    },
    correct="b",
)

sum_of_n = Choice(
    "Weights from N(0, 1), inputs of size 1, n of them, no activation. The outputs have the standard deviation …",
    {
        "a": ("n", "If all terms were equal. Independent ones cancel in part: their variances add up."),
        "b": ("1", "One term has that. They are n."),
        "c": ("1/√n", "That is what the weights should have."),
        "d": ("√n", "Yes: variance n, standard deviation √n. With 256 inputs 16 times as large, in each layer."),
    },
    correct="d",
)

notation = Choice(
    "A slide lists “N(0, 1/n), N(0, 1/√n), Xavier: N(0, √2/(n_in + n_out))”. The second number of N is the variance. "
    "Then …",
    {
        "a": (
            "only the first is a rule of this chapter. Xavier has the variance 2/(n_in + n_out).",
            "Yes. As standard deviations: 1/√n, and √(2/(n_in + n_out)). The list mixes the two, and puts a root where "
            "none belongs.",
        ),
        "b": ("all three are right.", "Variance 1/√n lets a layer of 256 multiply mean squares by 16."),
        "c": ("only the third is right.", "√2 over the sum is neither Xavier's variance nor his standard deviation."),
        "d": ("the first shrinks signals.", "With variance 1/n they keep their size. With *std* 1/n they would not."),
    },
    correct="a",
)

default = Choice(
    "What does PyTorch's `nn.Linear(n, m)` do unless told otherwise (version 2)?",
    {
        "a": ("He's rule for relu: its code says `kaiming_uniform_`.", "With a = √5, which makes it another rule."),
        "b": ("Xavier's rule.", "That is `xavier_uniform_`, which has to be called."),
        "c": (
            "Weights and biases from U(−1/√n, 1/√n): std 1/√(3n), which keeps no signal of many layers.",
            "Yes: it multiplies a linear signal by 1/√3 in each layer, with relu by 1/√6.",
        ),
        "d": ("Weights from N(0, 1/√n), biases 0.", "It is uniform, and the biases are drawn as well."),
    },
    correct="c",
)

saturation = Choice(
    "Twenty tanh layers of 128 with weights from N(0, 1): 87 % of all numbers are beyond ±0.95. The gradients on their "
    "way back …",
    {
        "a": ("vanish: saturated units have derivatives near 0.", "Most have. Look at the figure: it grows."),
        "b": (
            "grow: the few units that are not saturated let through weights that are √128 times too large.",
            "Yes, more than 10⁷-fold. Saturated units and vanishing gradients are two things: the weights count, too.",
        ),
        "c": ("keep their size.", "Look at the figure: what is the line of the gradient?"),
        "d": ("are exactly 0.", "1 − y² is small, and 0 only where y rounds to ±1."),
    },
    correct="b",
)

minus_one = Choice(
    "“Scale inputs to [−1, 1], since that is where tanh is non-linear.” What is right?",
    {
        "a": ("It is so.", "tanh is nearly linear around 0, and saturates further out."),
        "b": ("Inputs have to lie where tanh is linear, or nothing is learned.", "A net of linear units is linear."),
        "c": (
            "Any range does, for the weights can make up for it.",
            "They can, in the end. Gradient descent needs longer to get there: κ counts.",
        ),
        "d": (
            "Inputs near 0 keep units from saturating, and a mean of 0 makes the surface rounder.",
            "Yes: range and conditioning are the reasons. A range alone does not make the mean 0.",
        ),
    },
    correct="d",
)

standing = Choice(
    "In bfloat16 a loss no longer falls, and the gradient is not 0. Which of these cannot help?",
    {
        "a": (
            "Checking again whether the gradient is computed right.",
            "Yes, it cannot: the steps are right, and lost in the sum, since each is below half of a last digit.",
        ),
        "b": ("A larger η.", "It can: steps get longer, and more of them reach half of a last digit."),
        "c": ("A copy of the weights in float32, to which the steps are added.", "It can: that has 16 digits more."),
        "d": ("Rounding up or down at random.", "It can: a step of a tenth of a digit then moves it one time in ten."),
    },
    correct="a",
)

# Prediction ------------------------------------------------------------------------------------------------------


def _what_is_left():
    x = experiments.through_the_default()
    size, differs = experiments.rms(x), experiments.spread(x)
    if size < 1e-6:
        return "a"
    if size > 0.5:
        return "d"
    return "b" if differs > 0.1 * size else "c"


what_is_left = Predict(
    "A thousand different digits go through 50 layers of 256 tanh units, whose weights and biases are drawn as PyTorch "
    "draws them if nobody says otherwise. What comes out of the last layer?",
    _what_is_left,
    options={
        "a": "numbers that are 0 for all purposes: the signal has vanished",
        "b": "numbers of about 0.04, different from digit to digit",
        "c": "numbers of about 0.04, the same for all digits",
        "d": "numbers near −1 and 1: the units are saturated",
    },
    why="The biases keep the numbers alive. Of the digits nothing is left.",
)
