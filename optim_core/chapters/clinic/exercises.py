"""The exercises, diagnoses, questions and predictions of chapter 15."""

import math

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.kinds import pair
from optim_core.exercises.running import run
from optim_core.exercises.values import numbers

from . import experiments
from .experiments import CAUSES, KNOBS, PATIENTS, percent, recipe, treated

# Diagnoses -----------------------------------------------------------------------------------------------------------


class Explained(dict):
    """Explanations by key, each made when it is first asked for: {key: function without arguments}."""

    def __init__(self, makers):
        super().__init__(dict.fromkeys(makers))
        self.makers = makers

    def __getitem__(self, key):
        if super().__getitem__(key) is None:
            self[key] = self.makers[key]()
        return super().__getitem__(key)

    def values(self):
        """All of them, made."""
        return [self[key] for key in self]


class Diagnosis(Choice):
    """Which cause a patient has, with the reason: a Choice whose explanations are measured when they are asked for.

    letter: of PATIENTS; others: causes that are wrong; remarks: {cause: a sentence more}. Of a wrong one it is said how
    it would show, what is measured in its place, and what its knob does.
    """

    def __init__(self, letter, *others, remarks=None):
        self.letter, self.true, self.remarks = letter, PATIENTS[letter][0], remarks or {}
        place = list(PATIENTS).index(letter) * 3 % (len(others) + 1)  # of the right one among the options
        self.causes = dict(zip("abcdefgh", [*others[:place], self.true, *others[place:]], strict=False))
        options = {key: (f"{_capital(CAUSES[c].says)}: {CAUSES[c].shows}", "") for key, c in self.causes.items()}
        correct = next(key for key, cause in self.causes.items() if cause == self.true)
        super().__init__(f"Patient {letter}: what is wrong, and what shows it?", options, correct=correct)
        self.explanations = Explained({key: lambda c=cause: self.explain(c) for key, cause in self.causes.items()})

    def explain(self, cause):
        """What is said to somebody who names this cause."""
        chart, says = treated(self.letter), CAUSES[cause]
        shows, measured = says.sign(chart)
        more = f" {self.remarks[cause]}" if cause in self.remarks else ""
        turned = f"The knob “{says.knob}”: {knob_does(self.letter, says.knob)}"
        if cause != self.true and says.knob == CAUSES[self.true].knob:
            turned += " The right knob, for another reason."
        if cause == self.true:
            return f"Yes. {_capital(measured)}.{more} {turned} In its recipe: `{experiments.faulty_line(self.letter)}`."
        if shows:
            return f"That does show: {measured}.{more} {turned}"
        return f"It does not show. Measured: {measured}.{more} {turned}"


def knob_does(letter, knob):
    """What turning a knob does to a patient, in a sentence."""
    before = treated(letter)
    if KNOBS[knob](recipe(letter)) == recipe(letter):
        return "there is nothing to turn; it stands as in the healthy training."
    after = treated(letter, knob)
    parts = [f"{percent(one.right[-1])} right with a loss of {np.mean(one.loss[-20:]):.2f}" for one in (after, before)]
    return f"{parts[0]}, in place of {parts[1]}."


def _capital(text):
    """With a capital, where the first letter is a Latin one."""
    return text[0].upper() + text[1:] if text[0].isascii() else text


GAP = "Several causes share this sign, so it decides nothing: look at what only one of them predicts."
patient_a = Diagnosis("A", "slow", "init", "schedule", "decay")
patient_b = Diagnosis("B", "fit", "rate", "labels", "slow")
patient_c = Diagnosis("C", "init", "decay", "rate", "schedule", remarks={
    "rate": "But ask why: the curvature of the first layer grows with the square of its inputs.",
})  # fmt: skip
patient_d = Diagnosis("D", "shift", "norm", "labels", "slow")
patient_e = Diagnosis("E", "slow", "labels", "schedule", "init")
patient_f = Diagnosis("F", "init", "inputs", "clip", "schedule")
patient_g = Diagnosis("G", "norm", "few", "slow", "rate")
patient_h = Diagnosis("H", "inputs", "decay", "clip", "slow")
patient_i = Diagnosis("I", "slow", "order", "fit", "shift", remarks={"fit": GAP})
patient_j = Diagnosis("J", "inputs", "order", "softmax", "dropout")
patient_k = Diagnosis("K", "clip", "slow", "decay", "init")
patient_l = Diagnosis("L", "fit", "shift", "labels", "dropout", remarks={"fit": GAP})
patient_m = Diagnosis("M", "fit", "norm", "labels", "dropout", remarks={"fit": GAP})


# 1. Dead units -------------------------------------------------------------------------------------------------------


def _hidden(seed, n, units, dead=(), quiet=()):
    H = np.maximum(np.random.default_rng(seed).normal(size=(n, units)).round(2), 0)
    H[:, list(dead)] = 0.0
    H[list(quiet)] = 0.0
    return H


@exercise(
    cases={
        "some are dead": [(_hidden(0, 6, 5, dead=(1,)),), (_hidden(1, 8, 4, dead=(0, 3)),)],
        "none is dead": [(_hidden(2, 9, 3),)],
        "one that hardly ever answers": [(np.vstack([np.zeros((39, 3)), [[0.2, 0.0, 1.5]]]),)],
        "an example for which all rest": [(_hidden(3, 7, 4, dead=(2,), quiet=(0, 4)),)],
        "all are dead": [(np.zeros((3, 4)),)],
    },
    hints=[
        "A unit that is 0 for one example rests. Dead is one that is 0 for *every* example.",
        "`H == 0` says for each example and unit whether it is 0. First go over the examples, then over the units.",
        "`.all(axis=0)` goes over the examples; the share of True is a mean.",
    ],
)
def dead_share(H):
    """The share of units that are 0 for every example.

    H: what rectified units give, shape (examples, units).
    """
    return np.all(H == 0, axis=0).mean()


# fmt: off
dead_share.mistakes += [
    ("units that are 0 for *some* example", lambda H: (H == 0).any(axis=0).mean(),
     "A unit that rests now and then is healthy; a dead one never answers."),
    ("the share of all zeros", lambda H: (H == 0).mean(),
     "A third to a half of the answers of a healthy rectified layer are 0. Ask each unit over all examples first."),
    ("examples for which all units are 0", lambda H: (H == 0).all(axis=1).mean(),
     "You went over the units first. Axis 0 holds the examples."),
    ("the share of living units", lambda H: 1 - (H == 0).all(axis=0).mean(),
     "That is 1 minus what is asked for."),
    ("a number in place of a share", lambda H: (H == 0).all(axis=0).sum(),
     "Divide by the number of units, or take the mean."),
    ("divided by the number of examples", lambda H: (H == 0).all(axis=0).sum() / len(H),
     "`len(H)` is the number of examples; a share of the units is asked for."),
    ("only the first example", lambda H: (H[0] == 0).mean(),
     "One example does not tell: the unit may answer to another."),
    ("units that are never 0, or below 0, throughout", lambda H: (H != 0).all(axis=0).mean(),
     "Dead is a unit that is *always* 0. (What rectified units give is never below.)"),
    ("one True or False for the layer", lambda H: float((H == 0).all()),
     "Each unit is dead or not; give the share of those that are."),
    ("examples for which some unit is 0", lambda H: (H == 0).any(axis=1).mean(),
     "Over the examples it must be *all*, and axis 0 holds the examples."),
    ("for each unit the share of its zeros", lambda H: (H == 0).mean(axis=0),
     "A unit counts as dead only if that share is 1; and how many of the units are?"),
    ("the share of all numbers that are not 0", lambda H: (H != 0).mean(),
     "Ask each unit over all examples first: is it 0 for *every* one?"),
    ("the examples are gone through as if they were units", lambda H: (H == 0).all(axis=1).sum() / H.shape[1],
     "A loop over H goes through its rows, the examples. The units are its columns: `H.T`."),
    ("units that stay below 1", lambda H: (H < 1).all(axis=0).mean(),
     "A small answer is an answer, too. Dead is a unit that is exactly 0 for every example."),
    ("units whose mean is below 0.1", lambda H: (H.mean(axis=0) < 0.1).mean(),
     "A small answer is an answer, too, and so is one that is seldom given. Dead is a unit that never answers."),
    ("units that are 0 for more than half of the examples", lambda H: ((H == 0).mean(axis=0) > 0.5).mean(),
     "A healthy rectified unit rests about as often. Dead is one that never answers."),
]
# fmt: on

# 2. Both parts alike -------------------------------------------------------------------------------------------------

_rng = np.random.default_rng(15)
_A, _B = (_rng.normal(size=(5, 3)) * [1, 2, 5] + [0, 1, 3]).round(2), (_rng.normal(size=(4, 3)) * 3 + 2).round(2)
_C, _D = (_rng.normal(size=(2, 2)) + 4).round(2), (_rng.normal(size=(6, 2)) - 1).round(2)


@pair(
    "the training part",
    "the held-out part",
    cases={
        "parts of the same size": [(_A[:4], _B), (_B[:2], _C[:1].repeat(2, 0).repeat(2, 1)[:, :3])],
        "more held out": [(_C[:, :2], _D[:2])],
        "far apart": [(_A[1:5] + 100, _B - 100)],
    },
    hints=[
        "Whatever is measured to prepare the data is measured on the training part alone, and used on both.",
        "`m, s = X.mean(axis=0), X.std(axis=0)`: a number for each feature.",
        "`return (X - m) / s, (X_test - m) / s`",
    ],
)
def alike(X, X_test):
    """Both parts prepared alike: each feature minus its mean, divided by its standard deviation, both of X.

    X: the training part, (examples, features); X_test: the held-out part, as many. Returns both, prepared.
    """
    mean, std = X.mean(axis=0), X.std(axis=0)
    return (X - mean) / std, (X_test - mean) / std


def _std(X, axis=0, ddof=0):
    return (X - X.mean(axis=axis, keepdims=True)) / X.std(axis=axis, ddof=ddof, keepdims=True)


def _both(X, X_test):
    Z = np.concatenate([X, X_test])
    return (X - Z.mean(0)) / Z.std(0), (X_test - Z.mean(0)) / Z.std(0)


# fmt: off
alike.mistakes += [
    ("each part with its own mean and standard deviation", lambda X, T: (_std(X), _std(T)),
     "Then the same picture has other numbers in the two parts. Measure on the training part, use it on both."),
    ("mean and standard deviation of both parts together", _both,
     "The held-out part stands for what nobody has seen yet: nothing may be measured on it."),
    ("the held-out part is left as it was", lambda X, T: (_std(X), T),
     "That is patient M, and worse: the network would see inputs of another size. (If your code does divide it: is X "
     "still the old X by then?)"),
    ("the mean is not subtracted from the held-out part", lambda X, T: (_std(X), T / X.std(0)),
     "That is patient M: the inputs of the two parts have other means."),
    ("the held-out part is not divided", lambda X, T: (_std(X), T - X.mean(0)),
     "Divide it too, by the training part's standard deviation."),
    ("nothing is divided", lambda X, T: (X - X.mean(0), T - X.mean(0)),
     "After the mean comes the division by the standard deviation."),
    ("no mean is subtracted", lambda X, T: (X / X.std(0), T / X.std(0)),
     "First subtract each feature's mean."),
    ("one mean and one standard deviation for all features",
     lambda X, T: ((X - X.mean()) / X.std(), (T - X.mean()) / X.std()),
     "Each feature has its own: `axis=0`."),
    ("divided by the variance", lambda X, T: ((X - X.mean(0)) / X.var(0), (T - X.mean(0)) / X.var(0)),
     "The standard deviation is the root of the variance."),
    ("measured on the held-out part", lambda X, T: ((X - T.mean(0)) / T.std(0), _std(T)),
     "Measure on X, the training part."),
    ("n − 1 in the standard deviation",
     lambda X, T: (_std(X, ddof=1), (T - X.mean(0)) / X.std(0, ddof=1)),
     "numpy's `std` divides by n, and so does the task."),
    ("the two parts exchanged", lambda X, T: ((T - X.mean(0)) / X.std(0), _std(X)),
     "Return the training part first."),
    ("stretched to run from 0 to 1", lambda X, T: tuple(
        (A - X.min(0)) / (X.max(0) - X.min(0)) for A in (X, T)),
     "A possible preparation. Here: less the mean, divided by the standard deviation."),
]
# fmt: on

# 3. Trials, evenly over the decades ----------------------------------------------------------------------------------


@exercise(
    cases={
        "the ends": [(0.0, 1e-4, 1.0), (1.0, 1e-4, 1.0), (0.0, 0.05, 5.0), (1.0, 0.05, 5.0)],
        "in between": [(0.5, 1e-4, 1.0), (0.25, 1e-4, 1.0), (0.7, 0.05, 5.0), (0.4, 2.0, 1000.0), (0.9, 1e-3, 10.0)],
    },
    hints=[
        "Half of the trials should lie below the *geometric* middle of the range: between 0.0001 and 1 that is 0.01.",
        "log(low) + u (log(high) − log(low)) runs evenly over the logarithm. Then undo the logarithm.",
        "`low * (high / low) ** u`",
    ],
)
def spread_over_decades(u, low, high):
    """A number between low and high, evenly spread over its logarithm as u is over [0, 1].

    u: a number from 0 to 1; 0 < low < high. At u = 0 it is low, at u = 1 it is high.
    """
    return low * (high / low) ** u


# fmt: off
spread_over_decades.mistakes += [
    ("evenly over the range itself", lambda u, a, b: a + u * (b - a),
     "Then nine of ten trials lie in the highest decade, and none in the lowest ones."),
    ("the logarithm is not undone", lambda u, a, b: np.log(a) + u * (np.log(b) - np.log(a)),
     "What is even is the logarithm; a rate is asked for."),
    ("high and low exchanged", lambda u, a, b: b * (a / b) ** u,
     "At u = 0 it should be low."),
    ("low times high^u", lambda u, a, b: a * b**u,
     "At u = 1 that is low · high."),
    ("high^u alone", lambda u, a, b: b**u,
     "At u = 0 that is 1, not low."),
    ("base 10 on one side, base e on the other",
     lambda u, a, b: np.exp(np.log10(a) + u * (np.log10(b) - np.log10(a))),
     "Whichever logarithm you take, undo the same one."),
    ("a quadratic grid", lambda u, a, b: a + u**2 * (b - a),
     "That puts more trials low, but not the same number into each decade."),
    ("the harmonic way", lambda u, a, b: 1 / (1 / a + u * (1 / b - 1 / a)),
     "That is even in 1/η, not in log η: nearly all trials lie in the lowest decade."),
    ("u decades above low", lambda u, a, b: a * 10**u,
     "The range has log₁₀(high/low) decades, not one."),
    ("the difference in place of the ratio", lambda u, a, b: a * (b - a + 1) ** u,
     "From low to high it takes the *factor* high/low."),
    ("divided in place of multiplied", lambda u, a, b: (b / a) ** u / a,
     "Begin at low, and multiply."),
    ("the logarithm to base 10 is not undone", lambda u, a, b: np.log10(a) + u * (np.log10(b) - np.log10(a)),
     "What is even is the logarithm; a rate is asked for: 10 to the power of it."),
    ("the logarithm of high − low", lambda u, a, b: np.exp(np.log(a) + u * (b - a)),
     "Both ends want their logarithm: log(high) − log(low)."),
    ("low · ln(high/low) · u", lambda u, a, b: a * np.log(b / a) * u,
     "ln(high/low) is how long the way is, on the logarithmic scale: go the part u of it, and undo the logarithm."),
    ("the logarithm of an even spread", lambda u, a, b: np.log(a + u * (b - a)),
     "First the logarithms of low and high, then evenly between *them*, and at last the logarithm undone."),
    ("low and high are taken for exponents of 10", lambda u, a, b: 10 ** (a + u * (b - a)),
     "low and high are numbers themselves; their logarithms are what lies on the straight line."),
]
# fmt: on

# 4. What the best of k is worth --------------------------------------------------------------------------------------


@exercise(
    cases={
        "a few scores": [([1.0, 2.0, 3.0], 2), ([0.5, 0.9, 0.2, 0.7], 3), ([0.3, 0.3, 0.8], 2)],
        "one trial": [([0.1, 0.4, 0.7, 0.95], 1)],
        "all of them": [([0.6, 0.2, 0.9], 3)],
        "twenty": [(np.random.default_rng(4).beta(2, 2, 20).round(3).tolist(), 5)],
    },
    hints=[
        "Sort the scores. The i-th is the best of k if it is drawn and the other k − 1 are among the i − 1 below it.",
        "There are C(i − 1, k − 1) such draws, of C(n, k) in all: `math.comb`.",
        "`sum(s * math.comb(i, k - 1) for i, s in enumerate(sorted(scores))) / math.comb(n, k)`: i counts from 0.",
    ],
)
def expected_best(scores, k):
    """The mean of the best of k scores, over all ways to draw k of them without replacement.

    scores: n numbers, in any order; k: 1 ≤ k ≤ n.
    """
    n = len(scores)
    return sum(s * math.comb(i, k - 1) for i, s in enumerate(sorted(scores))) / math.comb(n, k)


def _weighted(weight, total=None, order=sorted):
    def wrong(scores, k):
        n = len(scores)
        w = [weight(i, n, k) for i in range(n)]
        return float(np.dot(order(scores), w)) / (total(n, k) if total else 1.0)

    return wrong


# fmt: off
expected_best.mistakes += [
    ("the best of all", lambda s, k: max(s),
     "With k of n trials one does not always draw the best."),
    ("the mean", lambda s, k: float(np.mean(s)),
     "That is right for k = 1 only: one keeps the best."),
    ("the mean of the k best", lambda s, k: float(np.mean(sorted(s)[-k:])),
     "Nobody knows the k best beforehand; the k trials are drawn."),
    ("the best of the first k", lambda s, k: max(s[:k]),
     "That is one draw. Asked for is the mean over all of them."),
    ("drawn with replacement", _weighted(lambda i, n, k: ((i + 1) / n) ** k - (i / n) ** k),
     "Close. But nobody runs the same trial twice: without replacement it is C(i − 1, k − 1)/C(n, k)."),
    ("sorted from the best down", _weighted(lambda i, n, k: math.comb(i, k - 1), math.comb, lambda s: sorted(s)[::-1]),
     "That is the expected *worst*: count those that lie below."),
    ("not sorted", _weighted(lambda i, n, k: math.comb(i, k - 1), math.comb, list),
     "Which scores lie below the i-th? Sort them first."),
    ("C(i, k) in place of C(i − 1, k − 1)", _weighted(lambda i, n, k: math.comb(i + 1, k), math.comb),
     "The i-th itself is drawn for certain; k − 1 are to be chosen."),
    ("counted from 1 too often", _weighted(lambda i, n, k: math.comb(i + 1, k - 1), math.comb),
     "Counted from 0, the place of a score already says how many lie below."),
    ("divided by n!/(n − k)!, which counts every order of the k trials",
     lambda scores, k: expected_best.reference(scores, k) / math.factorial(k),
     "A draw of k trials is a set; `math.comb(n, k)` counts those."),
    ("not divided by the number of draws", _weighted(lambda i, n, k: math.comb(i, k - 1)),
     "Divide by C(n, k), the number of all draws."),
    ("a quantile", lambda s, k: float(np.quantile(s, k / (k + 1))),
     "That is one point of the distribution; the exact mean is a weighted sum."),
    ("the best times k/n", lambda s, k: max(s) * k / len(s),
     "For k = 1 it should be the mean of all scores."),
    ("C(i − 1, k − 1) with i counted from 0", lambda scores, k: sum(
        math.comb(i - 1, k - 1) * s for i, s in enumerate(sorted(scores)) if i) / math.comb(len(scores), k),
     "Counted from 0, the i-th score has i below it: k − 1 of *these* are drawn with it."),
    ("divided by n to the power k", lambda scores, k: sum(
        math.comb(i, k - 1) * s for i, s in enumerate(sorted(scores))) / len(scores) ** k,
     "n to the power k counts draws with replacement, in their order. Here there are C(n, k)."),
    ("every multiset of k counts once", lambda scores, k: sum(
        math.comb(i + k - 1, k - 1) * s for i, s in enumerate(sorted(scores))) / math.comb(len(scores) + k - 1, k),
     "No score is drawn twice: the draws are without replacement."),
    ("the k-th best", lambda s, k: sorted(s)[-k], "With k = 1 that is the best of all. The more trials, the better."),
]
# fmt: on


def beside(function):
    """The experiment of a figure in which a student's expected best runs beside ours, and beside many draws."""

    def experiment(scores, seed):
        n, some = scores, np.random.default_rng([seed, 1]).permutation(experiments.random_trials()[1][:60])
        scores = some[:n].tolist()
        drawn = np.random.default_rng([seed, 2]).permuted(np.tile(scores, (300, 1)), axis=1)
        curves = {"ours": np.array([expected_best.reference(scores, k) for k in range(1, n + 1)])}
        curves["drawn"] = np.maximum.accumulate(drawn, axis=1).mean(0)
        trouble = ""
        if callable(function) and not has_blank(function):
            runs = [run(function, (list(scores), k)) for k in range(1, n + 1)]
            mine = [numbers(one.value) if one.error is None else None for one in runs]
            fits = [v is not None and np.ndim(v) == 0 and not np.iscomplexobj(v) for v in mine]
            failed = next((one.error for one in runs if one.error is not None), None)
            if any(fits):
                values = [float(v) if ok else np.nan for v, ok in zip(mine, fits, strict=True)]
                curves["yours"] = np.clip(np.array(values), -1e6, 1e6)
            if failed is not None:
                trouble = f"Yours stopped with {type(failed).__name__}: {' '.join(str(failed).split())}."
            elif not all(fits) and not any(has_blank(one.value) for one in runs):
                trouble = "Yours is not shown where it returns no number."
        return n, seed, curves, trouble

    return experiment


# 5. How many trials --------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "the best twentieth": [(0.05, 0.95), (0.05, 0.5), (0.05, 0.99)],
        "rarer": [(0.01, 0.95), (0.002, 0.9)],
        "common": [(0.5, 0.9), (0.9, 0.5), (0.25, 0.95)],
        "exactly as sure": [(0.5, 0.75), (0.5, 0.875)],  # powers of two: no rounding
    },
    hints=[
        "All k trials miss the best share with the probability (1 − share)ᵏ.",
        "Set (1 − share)ᵏ ≤ 1 − sure and take logarithms; mind the direction of ≤ when you divide by a number below 0.",
        "`math.ceil(math.log(1 - sure) / math.log(1 - share))`",
    ],
)
def trials_needed(share, sure):
    """The least number of random trials of which at least one is among the best `share`, with probability ≥ `sure`.

    share, sure: between 0 and 1. Returns a whole number ≥ 1.
    """
    return math.ceil(math.log(1 - sure) / math.log(1 - share))


# fmt: off
trials_needed.mistakes += [
    ("rounded down", lambda p, q: math.floor(math.log(1 - q) / math.log(1 - p)),
     "With that many the probability is still below what is asked for."),
    ("not rounded", lambda p, q: math.log(1 - q) / math.log(1 - p),
     "There is no half trial: the least whole number that is enough."),
    ("1/share", lambda p, q: math.ceil(1 / p),
     "After 1/share trials one expects one hit *on average*; for a small share, a third of the time there is none."),
    ("sure/share", lambda p, q: math.ceil(q / p),
     "Probabilities of hits do not add up: two trials may both hit."),
    ("share and sure exchanged", lambda p, q: math.ceil(math.log(1 - p) / math.log(1 - q)),
     "(1 − share)ᵏ ≤ 1 − sure."),
    ("log of share in place of log of 1 − share", lambda p, q: math.ceil(math.log(1 - q) / math.log(p)),
     "A trial *misses* with the probability 1 − share."),
    ("log of sure in place of log of 1 − sure", lambda p, q: math.ceil(math.log(q) / math.log(1 - p)),
     "All trials may miss with the probability 1 − sure at most."),
    ("both complements forgotten", lambda p, q: math.ceil(math.log(q) / math.log(p)),
     "That asks that *all* of k trials hit."),
    ("rounded down, plus 2", lambda p, q: math.floor(math.log(1 - q) / math.log(1 - p)) + 2,
     "One more than needed: the least number is asked for."),
    ("the approximation −log(1 − sure)/share", lambda p, q: math.ceil(-math.log(1 - q) / p),
     "That takes log(1 − share) for −share, which is good for small shares only."),
    ("a negative number", lambda p, q: -math.ceil(math.log(1 - q) / math.log(1 - p)),
     "Both logarithms are below 0; their ratio is above 0."),
    ("rounded down, and one more", lambda p, q: math.floor(math.log(1 - q) / math.log(1 - p)) + 1,
     "Where the logarithms divide without a remainder, so many trials are enough: “at least”."),
    ("log of sure in place of log of 1 − sure, and rounded down",
     lambda p, q: math.floor(math.log(q) / math.log(1 - p)),
     "Two things: all trials may *miss* with the probability 1 − sure at most; and a part of a trial is a trial."),
    ("the probability of a hit in `sure` trials", lambda p, q: 1 - (1 - p) ** q,
     "`sure` is the probability that is asked for. Set 1 − (1 − share)ᵏ to it and solve for k."),
    ("rounded to the nearest whole number", lambda p, q: round(math.log(1 - q) / math.log(1 - p)),
     "Half of the time so many are not quite enough."),
    ("both complements forgotten, and rounded down", lambda p, q: math.floor(math.log(q) / math.log(p)),
     "That asks that *all* of k trials hit; and a part of a trial is a trial."),
]
# fmt: on

# Choices -------------------------------------------------------------------------------------------------------------

first_look = Choice(
    "A training that somebody hands you does not learn. What do you do first?",
    {
        "a": ("Lower η by a factor of 10.", "That is a treatment before the diagnosis. Of the thirteen patients "
              "it cures one."),
        "b": ("Run the same code on 16 examples, and see whether it can learn them by heart.",
              "Yes. It takes seconds, and it halves the question: if it cannot, the fault is in the inputs' size, the "
              "network, the loss or the step; if it can, in the rest of the data, or in how one measures."),
        "c": ("Try other seeds.", "Worth it when results scatter. A fault in the code stays with every seed, though "
              "its numbers scatter, as the seed slider of the ward shows."),
        "d": ("Start a random search over all knobs.", "A search over the values of the knobs cannot repair a line of "
              "code, and hides it under luck."),
    },
    correct="b",
)  # fmt: skip

held_out = Choice(
    "You tried 400 settings, and the best got 97.6 % of the held-out digits right. What do you report?",
    {
        "a": ("97.6 %.", "It is the largest of 400 numbers with noise in them; part of it is luck with these digits."),
        "b": ("The mean of all 400.", "Nobody will use the other 399."),
        "c": ("97.6 % minus the standard deviation of the 400.", "That says how much the settings differ, and nothing "
              "of the luck of the best."),
        "d": ("What this setting gets on other digits, which chose nothing.",
              "Yes: three parts, one to train, one to choose by, one to report."),
    },
    correct="d",
)  # fmt: skip

which = Choice(
    "A new task, an afternoon, and a network that nobody has trained before. Which optimizer first?",
    {
        "a": ("Adam with its default η = 0.001, and no tuning.", "In the figure above it gets 88 % right, and "
              "98 % with another η. A default is somebody else's tuning."),
        "b": ("Whatever won the last published comparison.", "On its tasks, with its budget of tuning. Both are "
              "others than yours."),
        "c": ("Adam with η tuned over some decades; later SGD with momentum and a schedule, with as many trials.",
              "Yes. Adam has one knob to begin with, and makes the baseline. Whether the other passes it has to be "
              "measured; here, with eight trials each, it did not."),
        "d": ("SGD without momentum, as it has the fewest knobs.", "One knob fewer, and here no worse. Where "
              "the curvatures differ more it is slow: that is what momentum is for."),
    },
    correct="c",
)  # fmt: skip

# Predictions ---------------------------------------------------------------------------------------------------------


def _at_ln_10():
    """Which of three faults end at ln 10: the option's key."""
    stands = [abs(np.mean(treated(letter).loss[-20:]) - np.log(10)) < 0.01 for letter in "CFH"]
    return "d" if all(stands) else "abc"[int(np.argmax(stands))] if sum(stands) == 1 else "none"


alike_curves = Predict(
    "The loss of a network with ten classes stands at 2.303 = ln 10, what it costs to guess. Which of these faults has "
    "it?",
    _at_ln_10,
    options={
        "a": "The inputs are pixels from 0 to 255",
        "b": "The weight decay is λ where λ/n was meant",
        "c": "All weights start at 0",
        "d": "It may be any of the three: the curve ends alike",
    },
    why="The loss says that the network answers without looking at its input. It does not say why: that takes other "
    "measurements.",
)

needed = Predict(
    "Three knobs are tried on a grid of 4 × 4 × 4 = 64 settings. How many settings drawn at random do as well, on "
    "average?",
    lambda: "a" if matching(4) < 16 else "b" if matching(4) <= 48 else "c" if matching(4) <= 80 else "d",
    options={
        "a": "ten or so",
        "b": "about half as many",
        "c": "as many, 64",
        "d": "more: chance wastes some of them",
    },
    why="On the grid each knob has only 4 values, however many trials there are; at random each trial has a new one. "
    "Where one knob matters most, that is what counts.",
)


def matching(side):
    """How many random trials reach on average what a grid of side³ reaches on average over its places."""
    k, mean, *_, rows = experiments.best_by_trials()
    goal = next(row[1] for row in rows if row[0] == side**3)
    return int(k[np.argmax(mean >= goal)])
