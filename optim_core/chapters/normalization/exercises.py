"""The exercises of chapter 10: normalization."""

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import one_number
from optim_core.exercises.kinds import pair
from optim_core.exercises.running import run

from .experiments import along_rays, evaluated, forgotten

_rng = np.random.default_rng(10)

# 1. Batch normalization in both modes --------------------------------------------------------------------------------

_X = _rng.normal(size=(4, 3)).round(2) * [1.0, 3.0, 0.5] + [0.0, 2.0, -1.0]
_GAMMA, _BETA = np.array([1.5, -0.5, 2.0]), np.array([0.3, -1.0, 0.0])
_MEAN, _VAR = np.array([0.2, 1.0, -0.5]), np.array([0.8, 4.0, 0.3])
_ONES, _NULL = np.ones(3), np.zeros(3)


@exercise(
    cases={
        "training": [(_X, _GAMMA, _BETA, _MEAN, _VAR, True, 1e-5), (_X[:2], _GAMMA, _BETA, _MEAN, _VAR, True, 0.1),
                     (_X, _ONES, _NULL, _NULL, _ONES, True, 1e-5)],
        "training with features that hardly vary": [(1e-3 * _X, _GAMMA, _BETA, _MEAN, _VAR, True, 1e-5)],
        "evaluation": [(_X, _GAMMA, _BETA, _MEAN, _VAR, False, 1e-5), (_X, _ONES, _NULL, _MEAN, _VAR, False, 0.1)],
        "evaluation of a single example": [(_X[:1], _GAMMA, _BETA, _MEAN, _VAR, False, 1e-5)],
    },
    hints=[
        "Two modes. In training, take mean and variance of this batch, over the examples, which are axis 0; in "
        "evaluation, take the running ones.",
        "The variance in x̂ is divided by B, as `x.var(0)` is.",
        "`m, v = (x.mean(0), x.var(0)) if train else (mean, var)`, then γ x̂ + β, where x̂ has √(v + ε) below.",
    ],
)  # fmt: skip
def batch_norm(x, gamma, beta, mean, var, train, eps):
    """Batch normalization: y = γ x̂ + β, in training or in evaluation.

    x: (examples, features); gamma, beta, mean, var: (features,), the last two running statistics; train: True or False;
    eps: ε. Returns an array of the shape of x.
    """
    m, v = (x.mean(0), x.var(0)) if train else (mean, var)
    return gamma * (x - m) / np.sqrt(v + eps) + beta


def _bn(
    taken=lambda x, mean, var, train: (x.mean(0), x.var(0)) if train else (mean, var),
    out=lambda x, m, v, g, b, eps: g * (x - m) / np.sqrt(v + eps) + b,
):
    """Batch normalization with one of its lines replaced."""

    def wrong(x, gamma, beta, mean, var, train, eps):
        return out(x, *taken(x, mean, var, train), gamma, beta, eps)

    return wrong


def _unbiased(x):
    return x.var(0) * len(x) / max(len(x) - 1, 1)


# fmt: off
batch_norm.mistakes += [
    ("training and evaluation are swapped", _bn(lambda x, m, v, t: (m, v) if t else (x.mean(0), x.var(0))),
     "The batch's own mean belongs to training; in evaluation the running ones are used."),
    ("the batch's statistics in both modes", _bn(lambda x, m, v, t: (x.mean(0), x.var(0))),
     "In evaluation, one example must not depend on which others are there."),
    ("the running statistics in both modes", _bn(lambda x, m, v, t: (m, v)),
     "In training, mean and variance come from this batch."),
    ("the running mean in evaluation, with the batch's variance",
     _bn(lambda x, m, v, t: (x.mean(0), x.var(0)) if t else (m, x.var(0))),
     "Evaluation needs both: the running mean and the running variance."),
    ("ε is missing", _bn(out=lambda x, m, v, g, b, eps: g * (x - m) / np.sqrt(v) + b),
     "A feature that hardly varies would be blown up: ε stands below the root."),
    ("ε is added after the root", _bn(out=lambda x, m, v, g, b, eps: g * (x - m) / (np.sqrt(v) + eps) + b),
     "ε is added to the variance, before the root."),
    ("the root is missing", _bn(out=lambda x, m, v, g, b, eps: g * (x - m) / (v + eps) + b),
     "Divided by the variance, the result has not variance 1. Divide by its root."),
    ("B − 1 in the variance of x̂", _bn(lambda x, m, v, t: (x.mean(0), _unbiased(x)) if t else (m, v)),
     "x̂ is divided by the spread of this very batch: with B, not B − 1."),
    ("over the features, not over the batch",
     _bn(lambda x, m, v, t: (x.mean(1, keepdims=True), x.var(1, keepdims=True)) if t else (m, v)),
     "That is layer normalization. Over the batch is axis 0."),
    ("one mean for all features", _bn(lambda x, m, v, t: (x.mean(), x.var()) if t else (m, v)),
     "Each feature has a mean and a variance of its own: axis 0."),
    ("β is scaled too", _bn(out=lambda x, m, v, g, b, eps: g * ((x - m) / np.sqrt(v + eps) + b)),
     "First γ x̂, and then β is added."),
    ("γ before the mean is taken out", _bn(out=lambda x, m, v, g, b, eps: (g * x - m) / np.sqrt(v + eps) + b),
     "First x̂, and γ multiplies it."),
    ("the mean is not subtracted", _bn(out=lambda x, m, v, g, b, eps: g * x / np.sqrt(v + eps) + b),
     "x̂ has mean 0."),
    ("γ and β are left out", _bn(out=lambda x, m, v, g, b, eps: (x - m) / np.sqrt(v + eps)),
     "After x̂ come the scale and the shift that are learned."),
    ("β is left out", _bn(out=lambda x, m, v, g, b, eps: g * (x - m) / np.sqrt(v + eps)),
     "After the scale comes the shift."),
    ("in training the running statistics, moved a little towards the batch",
     lambda x, gamma, beta, mean, var, train, eps: batch_norm.reference(
         x, gamma, beta, *((0.9 * mean + 0.1 * x.mean(0), 0.9 * var + 0.1 * x.var(0)) if train else (mean, var)),
         False, eps),
     "What runs along is for evaluation. In training x̂ is made with this batch's own mean and variance."),
    ("in training the batch's mean, with the running variance",
     lambda x, gamma, beta, mean, var, train, eps: batch_norm.reference(
         x, gamma, beta, x.mean(0) if train else mean, var, False, eps),
     "The variance comes from the same place as the mean: in training from this batch."),
]
# fmt: on

# 2. What runs along --------------------------------------------------------------------------------------------------


@pair(
    "the mean",
    "the variance",
    cases={
        "a batch of four": [(_MEAN, _VAR, _X, 0.1), (_NULL, _ONES, _X, 0.3)],
        "a batch of two": [(_MEAN, _VAR, _X[:2], 0.1)],
        "only the newest counts": [(_MEAN, _VAR, _X, 1.0)],
        "nothing is taken over": [(_MEAN, _VAR, _X, 0.0)],
    },
    hints=[
        "Each is an average that keeps the part 1 − α of itself and takes the part α from this batch.",
        "The running variance is to estimate that of all data, so it is divided by B − 1: `x.var(0, ddof=1)`.",
        "`(1 - alpha) * mean + alpha * x.mean(0)`, and likewise for the variance.",
    ],
)  # fmt: skip
def running(mean, var, x, alpha):
    """The running mean and variance after a batch, (mean, var).

    mean, var: (features,), as they were; x: the batch, (examples, features), at least two; alpha: its share.
    """
    return (1 - alpha) * mean + alpha * x.mean(0), (1 - alpha) * var + alpha * x.var(0, ddof=1)


def _run(mean=lambda m, x, a: (1 - a) * m + a * x.mean(0), var=lambda v, x, a: (1 - a) * v + a * _unbiased(x)):
    return lambda m, v, x, alpha: (mean(m, x, alpha), var(v, x, alpha))


# fmt: off
running.mistakes += [
    ("the running variance is forgotten", _run(var=lambda v, x, a: v + 0.0),
     "Two averages run along: the mean, and the variance."),
    ("the running mean is forgotten", _run(mean=lambda m, x, a: m + 0.0),
     "Two averages run along: the mean, and the variance."),
    ("B in the variance", _run(var=lambda v, x, a: (1 - a) * v + a * x.var(0)),
     "The running one estimates the variance of all data: there it is B − 1."),
    ("α and 1 − α are swapped",
     _run(lambda m, x, a: a * m + (1 - a) * x.mean(0), lambda v, x, a: a * v + (1 - a) * _unbiased(x)),
     "α is the share of this batch. (Keras names the other share.)"),
    ("the old part is kept whole", _run(lambda m, x, a: m + a * x.mean(0), lambda v, x, a: v + a * _unbiased(x)),
     "What comes in must push something out: the two shares add up to 1."),
    ("only this batch", _run(lambda m, x, a: x.mean(0), lambda v, x, a: _unbiased(x)),
     "Then evaluation would use the last batch alone. An average over many is steadier."),
    ("the standard deviation in place of the variance",
     _run(var=lambda v, x, a: (1 - a) * v + a * np.sqrt(_unbiased(x))),
     "It is the variance that is averaged; the root is taken when it is used."),
    ("one number for all features", lambda m, v, x, a: ((1 - a) * m + a * x.mean(), (1 - a) * v + a * x.var()),
     "Each feature has its own: over the examples, axis 0."),
    ("the mean square in place of the variance", _run(var=lambda v, x, a: (1 - a) * v + a * (x**2).mean(0)),
     "The variance is about the mean of the batch."),
    ("the variance about the running mean",
     lambda m, v, x, a: ((1 - a) * m + a * x.mean(0), (1 - a) * v + a * ((x - m) ** 2).sum(0) / (len(x) - 1)),
     "The variance is about the mean of the batch itself."),
    ("mean and variance exchanged", lambda m, v, x, a: ((1 - a) * v + a * _unbiased(x), (1 - a) * m + a * x.mean(0)),
     "Return the mean first."),
    ("the variance about the new running mean", lambda mean, var, x, alpha: (
        (1 - alpha) * mean + alpha * x.mean(0),
        (1 - alpha) * var + alpha * ((x - (1 - alpha) * mean - alpha * x.mean(0)) ** 2).mean(0)),
     "The variance of a batch is about the batch's own mean, and is divided by B − 1."),
    ("the variance about the new running mean, divided by B − 1", lambda mean, var, x, alpha: (
        (1 - alpha) * mean + alpha * x.mean(0), (1 - alpha) * var + alpha * (
            (x - (1 - alpha) * mean - alpha * x.mean(0)) ** 2).sum(0) / (len(x) - 1)),
     "The variance of a batch is about the batch's own mean. Is the running mean overwritten before it is used?"),
    ("the variance about the old running mean, divided by B", lambda mean, var, x, alpha: (
        (1 - alpha) * mean + alpha * x.mean(0), (1 - alpha) * var + alpha * ((x - mean) ** 2).mean(0)),
     "The variance of a batch is about the batch's own mean, and is divided by B − 1."),
]
# fmt: on

# 3. Which axes -------------------------------------------------------------------------------------------------------

_BLOCKS = [_rng.normal(size=(4, 3, 5)).round(2) * 2 + 1, _rng.normal(size=(2, 3, 4)).round(2) - 3]


@exercise(
    cases={
        "batch norm": [(x, "batch") for x in _BLOCKS],
        "layer norm": [(x, "layer") for x in _BLOCKS],
        "instance norm": [(x, "instance") for x in _BLOCKS],
        "numbers that hardly differ": [(5 + 1e-3 * _BLOCKS[0], kind) for kind in ("batch", "layer", "instance")],
    },
    hints=[
        "Which numbers share a mean? In batch norm those of one channel, in layer norm those of one example, in "
        "instance norm those of one channel of one example.",
        "The axes that are averaged are those that are *not* named: of (examples, channels, positions) = (0, 1, 2).",
        "batch: `(0, 2)`, layer: `(1, 2)`, instance: `2`; and `keepdims=True` in mean and std.",
    ],
)
def normalise(x, kind):
    """x with mean 0 and variance 1 over the axes of its kind (without ε).

    x: (examples, channels, positions); kind: "batch", "layer" or "instance". Returns an array of the same shape.
    """
    axes = {"batch": (0, 2), "layer": (1, 2), "instance": (2,)}[kind]
    return (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)


_AXES = {"batch": (0, 2), "layer": (1, 2), "instance": (2,)}


def _over(batch=(0, 2), layer=(1, 2), instance=(2,), by=lambda x, a: x.std(a, keepdims=True), less=True):
    def wrong(x, kind):
        axes = dict(batch=batch, layer=layer, instance=instance)[kind]
        return (x - (x.mean(axes, keepdims=True) if less else 0)) / by(x, axes)

    return wrong


# fmt: off
normalise.mistakes += [
    ("batch norm over the examples alone", _over(batch=(0,)),
     "All positions of a channel count in batch norm: an image has one mean for each channel."),
    ("batch norm over examples and channels", _over(batch=(0, 1)),
     "Batch norm keeps the channels apart."),
    ("batch norm over everything", _over(batch=(0, 1, 2)),
     "Each channel has a mean of its own in batch norm."),
    ("layer norm over the channels alone", _over(layer=(1,)),
     "All that belongs to one example counts in layer norm: channels and positions."),
    ("layer norm over everything", _over(layer=(0, 1, 2)),
     "Layer norm keeps the examples apart."),
    ("instance norm over channels and positions", _over(instance=(1, 2)),
     "That is layer norm. Instance norm keeps the channels apart, too. (An `… or 'instance'` behind an `if` is always "
     "true: a word that is not empty is.)"),
    ("instance norm over examples and positions", _over(instance=(0, 2)),
     "That is batch norm. Instance norm keeps the examples apart, too."),
    ("batch and layer norm are exchanged", _over(batch=(1, 2), layer=(0, 2)),
     "Which of the two averages over the batch?"),
    ("the root is missing", _over(by=lambda x, a: x.var(a, keepdims=True)),
     "Divide by the standard deviation, not by the variance."),
    ("one spread for everything", _over(by=lambda x, a: x.std()),
     "The means are those of each set; the spread, too: over the same axes."),
    ("one mean for everything", lambda x, kind: (x - x.mean()) / x.std(_AXES[kind], keepdims=True),
     "The spreads are those of each set; the mean, too: over the same axes."),
    ("only the mean is taken out", _over(by=lambda x, a: 1.0),
     "The mean is 0 now. And the variance should be 1."),
    ("the mean is not subtracted", _over(less=False),
     "The spread is right. And the mean should be 0."),
    ("divided by n − 1", _over(by=lambda x, a: x.std(a, keepdims=True, ddof=1)),
     "The variance within the set should be exactly 1: divide by n."),
    ("divided by the length", _over(by=lambda x, a: np.sqrt((x * x).sum(a, keepdims=True))),
     "That is what weight norm does with a column. Here: the standard deviation."),
    ("everything over everything", _over((0, 1, 2), (0, 1, 2), (0, 1, 2)),
     "One mean for all: the kind should say which numbers share one."),
    ("layer and instance norm are exchanged", _over(layer=(2,), instance=(1, 2)),
     "Which of the two keeps the channels apart?"),
    ("the axes that are kept, in place of those that are averaged over", _over(batch=(1,), layer=(0,), instance=(0, 1)),
     "Batch norm has one mean for each channel: it is taken over all the other axes."),
    ("divided by the root of the mean square", _over(by=lambda x, a: np.sqrt((x * x).mean(a, keepdims=True))),
     "The standard deviation is about the mean: the mean is taken away before the square."),
]
# fmt: on

# 4. Folded away ------------------------------------------------------------------------------------------------------

_FOLD = [(_rng.normal(size=m).round(2), _rng.uniform(0.5, 2, m).round(2), _rng.normal(size=m).round(2),
          _rng.normal(size=m).round(2), _rng.uniform(0.2, 3, m).round(2), eps)
         for m, eps in ((3, 1e-5), (4, 0.1), (2, 1e-3))]  # fmt: skip


@pair(
    "the factor",
    "the bias",
    cases={
        "several outputs": _FOLD,
        "one output": [(np.array([0.5]), np.array([3.0]), np.array([1.0]), np.array([0.2]), np.array([0.25]), 0.01)],
        "no bias before it": [(np.zeros(3), *_FOLD[0][1:])],
    },
    hints=[
        "In evaluation mean and variance are fixed numbers. Write γ (xW + b − mean)/√(var + ε) + β as (xW) · s + b′.",
        "s = γ/√(var + ε): one number for each output. What is left, without x, is b′.",
        "`s, (b - mean) * s + beta`",
    ],
)
def fold(b, gamma, beta, mean, var, eps):
    """The s and b′ with which (x W) · s + b′ is what x W + b and batch normalization after it give in evaluation.

    b, gamma, beta, mean, var: (outputs,); eps: ε. Returns (s, b′), each (outputs,): the layer with weights W · s.
    """
    s = gamma / np.sqrt(var + eps)
    return s, (b - mean) * s + beta


def _folded(s=lambda g, v, e: g / np.sqrt(v + e), b=lambda b, s, beta, mean: (b - mean) * s + beta):
    def wrong(bias, gamma, beta, mean, var, eps):
        scale = s(gamma, var, eps)
        return scale, b(bias, scale, beta, mean)

    return wrong


# fmt: off
fold.mistakes += [
    ("the mean is not subtracted", _folded(b=lambda b, s, beta, mean: b * s + beta),
     "Batch normalization subtracts the running mean, too."),
    ("the mean is added", _folded(b=lambda b, s, beta, mean: (b + mean) * s + beta),
     "x̂ is what comes in *minus* the mean."),
    ("the bias is not scaled", _folded(b=lambda b, s, beta, mean: b - mean * s + beta),
     "b comes before the normalization: it is divided, too."),
    ("the mean is not scaled", _folded(b=lambda b, s, beta, mean: b * s - mean + beta),
     "The mean is subtracted before it is divided."),
    ("β is scaled too", _folded(b=lambda b, s, beta, mean: (b - mean + beta) * s),
     "β is added last."),
    ("β is left out", _folded(b=lambda b, s, beta, mean: (b - mean) * s),
     "Batch normalization ends with a shift."),
    ("the old bias is left out", _folded(b=lambda b, s, beta, mean: beta - mean * s),
     "In training the batch's mean takes b away again; in evaluation the mean is a fixed number, and b counts."),
    ("the bias stays as it was", _folded(b=lambda b, s, beta, mean: b + 0 * s),
     "The factor is right. Put x = 0: what comes out of both layers?"),
    ("the root is missing", _folded(lambda g, v, e: g / (v + e)),
     "x̂ is divided by the root of the variance."),
    ("ε is missing", _folded(lambda g, v, e: g / np.sqrt(v)),
     "In evaluation, too, it is √(var + ε)."),
    ("ε is added after the root", _folded(lambda g, v, e: g / (np.sqrt(v) + e)),
     "ε is added to the variance, before the root."),
    ("γ is left out", _folded(lambda g, v, e: 1 / np.sqrt(v + e)),
     "The learned scale belongs to it."),
    ("upside down", _folded(lambda g, v, e: np.sqrt(v + e) / g),
     "γ multiplies, and √(var + ε) divides."),
]
# fmt: on

# 5. The effective rate -----------------------------------------------------------------------------------------------


@exercise(
    cases={
        "two weights": [(3.0, np.array([3.0, 4.0])), (0.1, np.array([0.3, -0.4])), (1.0, np.array([-1.0, 0.6]))],
        "short weights": [(0.5, np.array([0.1, 0.2])), (2.0, np.array([0.01, 0.0]))],
        "many": [(0.3, np.array([1.0, -2.0, 3.0, 0.5])), (10.0, np.array([5.0, 1.0, -1.0]))],
        "of length 1": [(0.7, np.array([0.6, 0.8]))],
    },
    hints=[
        "Weights a times as long have a gradient 1/a as long. And how far does a step turn them, if it is as long?",
        "The angle is about the length of the step over the length of w, and the step is η times a gradient that is "
        "1/‖w‖ times that on the unit circle: ‖w‖ comes in twice.",
        "`lr / (w @ w)`",
    ],
)
def effective_rate(lr, w):
    """The learning rate that would turn weights of length 1 by as much, for a loss that is the same along each ray.

    lr: η; w: the weights, shape (n,), not all 0. Returns a number.
    """
    return lr / (w @ w)


# fmt: off
effective_rate.mistakes += [
    ("divided by ‖w‖ once", lambda lr, w: lr / np.sqrt(w @ w),
     "The gradient is shorter by ‖w‖; and the same step turns longer weights less, by ‖w‖ once more."),
    ("multiplied by ‖w‖²", lambda lr, w: lr * (w @ w), "Longer weights are turned less, not more."),
    ("multiplied by ‖w‖", lambda lr, w: lr * np.sqrt(w @ w), "Longer weights are turned less, not more."),
    ("divided by the sum of sizes", lambda lr, w: lr / np.abs(w).sum(), "The length is √(w₁² + w₂² + …), and squared."),
    ("divided by the squared sum of sizes", lambda lr, w: lr / np.abs(w).sum() ** 2,
     "The sizes 3 and 4 make the length 5, and not 7: square each, then add."),
    ("divided by the mean square", lambda lr, w: lr / np.mean(w * w),
     "The squares add up; their number does not come in."),
    ("each weight by itself", lambda lr, w: lr / np.where(w == 0, np.inf, w * w),
     "One number for the whole vector: its squared length."),
    ("the root of η", lambda lr, w: np.sqrt(lr) / (w @ w), "The step is proportional to η."),
    ("one too many below", lambda lr, w: lr / (1 + w @ w), "With weights of length 1 it should be η."),
    ("divided by the largest weight squared", lambda lr, w: lr / np.max(w * w), "All weights make the length."),
    ("η as it is", lambda lr, w: lr + 0 * w.sum(), "Then long and short weights would be turned alike."),
    ("divided by ‖w‖³", lambda lr, w: lr / (w @ w) ** 1.5,
     "Once for the shorter gradient, once for the angle: twice in all."),
    ("divided by ‖w‖⁴", lambda lr, w: lr / (w @ w) ** 2, "w @ w is ‖w‖² already."),
    ("w₁w₂ in place of squares", lambda lr, w: lr / (abs(np.prod(w)) or np.inf),
     "The squared length is a sum of squares."),
    ("divided by the variance of the weights", lambda lr, w: lr / np.var(w),
     "The length is measured from 0, and not from the mean of the weights; and the squares add up."),
    ("the squared sum", lambda lr, w: lr / (w.sum() ** 2 or np.inf), "Square each weight first, then add."),
]
# fmt: on


def beside(function):
    """The experiment of a figure in which a student's effective rate runs beside ours along a path on the rays."""

    def experiment(lr, decay, start):
        unit, path = along_rays(lr, decay, start)
        if not callable(function) or has_blank(function):
            return lr, decay, unit, path, (None, " Yours has a blank in it still.")
        line, trouble = np.full(len(path["w"]), np.nan), ""
        for t, w in enumerate(path["w"]):
            ran = run(function, (lr, w.copy()))
            value = one_number(ran.value)
            if ran.error is not None or value is None or np.iscomplexobj(value):
                trouble = f" Yours fails: {type(ran.error).__name__ if ran.error else 'not a number'}."
            else:
                line[t] = value
        with np.errstate(invalid="ignore"):
            off = np.abs(line / path["rate"] - 1)
        same = not trouble and np.nanmax(off, initial=0.0) < 1e-6
        return lr, decay, unit, path, (line, trouble or f" Yours is {'the same' if same else 'another line'}.")

    return experiment


# Choices -------------------------------------------------------------------------------------------------------------

bias = Choice(
    "Batch normalization follows a linear layer. What does the bias of that layer do in training?",
    {
        "a": ("It shifts the outputs, as always.", "The batch's mean moves along with it, and is subtracted."),
        "b": ("It learns more slowly.", "It does not learn at all: its gradient is 0."),
        "c": ("Nothing: the batch's mean takes it away again.",
              "Yes. Its gradient is 0, and β does its work; many leave the bias out."),
        "d": ("It changes the variance.", "A shift of all examples changes no variance."),
    },
    correct="c",
)  # fmt: skip

test_time = Choice(
    "“At test time, batch normalization uses the mean that was accumulated over the batches.” What is missing?",
    {
        "a": ("Nothing.", "With the test batch's own variance, an answer would still depend on its companions."),
        "b": ("The variance: both are running averages from training.", "Yes: running mean and running variance."),
        "c": ("γ and β are left out at test time.", "They were learned for just this layer; they stay."),
        "d": ("It uses the mean of the test batch.", "Then a single digit would have no answer."),
    },
    correct="b",
)  # fmt: skip

decay = Choice(
    "Weight decay acts on weights that batch normalization follows. What does it change?",
    {
        "a": ("It makes the function simpler, as it does elsewhere.",
              "Weights half as long give the same function: the normalization divides by their length."),
        "b": ("Nothing, since the length has no effect.", "On the function it has none. On the next step it has."),
        "c": ("It makes the outputs smaller.", "In training the outputs have variance γ² all the same (but for ε)."),
        "d": ("The effective learning rate: shorter weights are turned further.",
              "Yes: η/‖w‖² grows as ‖w‖ shrinks (van Laarhoven 2017)."),
    },
    correct="d",
)  # fmt: skip

layer_norm_mode = Choice(
    "Which of the four behaves differently in training and in evaluation?",
    {
        "a": ("Batch norm.", "Yes: it alone averages over examples, and needs running statistics without them."),
        "b": ("Layer norm.", "It uses the numbers of one example, which are the same in both modes."),
        "c": ("All but weight norm.", "Layer and instance norm use one example alone: nothing to remember."),
        "d": ("Weight norm.", "It divides weights, and weights do not depend on the batch."),
    },
    correct="a",
)  # fmt: skip

# A prediction --------------------------------------------------------------------------------------------------------


def _one_class():
    """Which option is true of digits shown one class at a time in training mode."""
    assert evaluated().mean() > 0.95
    share = float(forgotten(None, True).mean())
    return "a" if share > 0.95 else "b" if share > 0.8 else "c" if share > 0.3 else "d"


one_class = Predict(
    "A network with batch normalization gets 97 % of the held-out digits right. Then somebody forgets to switch it to "
    "evaluation mode, and shows it the same digits class by class: all zeros in one batch, then all ones, and so on. "
    "How many are right?",
    _one_class,
    options={
        "a": "As many as before",
        "b": "About 90 %",
        "c": "About half of them",
        "d": "Hardly more than by guessing, 10 %",
    },
    why="In training mode the batch's own mean is subtracted: in a batch of sevens, what makes them sevens.",
)
