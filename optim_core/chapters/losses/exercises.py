"""The exercises of chapter 11: losses."""

import math

import numpy as np

from optim_core import losses
from optim_core.exercises import Choice, Predict, exercise
from optim_core.exercises.kinds import repair

from . import experiments
from .experiments import few_digits, few_pixels, gradient_norms, three_clouds

# 1. A softmax that cannot overflow --------------------------------------------------------------------------------


def _logits(*shapes, seed=0, scale=2.0):
    """Random logits, one case for each shape."""
    rng = np.random.default_rng(seed)
    return [(scale * rng.normal(size=shape)).round(2) for shape in shapes]


@exercise(
    cases={
        "one row of logits": [
            (np.array([2.0, 1.0, 0.0]),),
            (np.array([0.0, 0.0]),),
            (np.array([-1.0, 3.0, -2.0, 0.5]),),
            (np.array([0.1, 0.2, 0.3]),),
        ],
        "several rows": [(z,) for z in _logits((2, 3), (4, 4), (3, 2), (2, 2, 3))],
        "logits around 1000": [(np.array([1000.0, 1001.0, 998.0]),), (np.array([[1e4, 1e4 - 2.0], [2e4, 2e4 + 1.0]]),)],
        "logits around −1000": [(np.array([-1000.0, -1001.0, -998.0]),)],
        "rows of different size": [(np.array([[1000.0, 1002.0], [-1000.0, -1001.0], [0.0, 1.0]]),)],
        "logits far apart": [(np.array([2000.0, 0.0, -2000.0]),), (np.array([-3000.0, 0.0, 1.0]),)],
    },
    hints=[
        "Softmax does not change when the same number is added to all logits. Which number makes every exponent ≤ 0?",
        "Take the largest logit of each row away first. `z.max(axis=-1, keepdims=True)` has shape (…, 1).",
        "Then `e = np.exp(…)`, and each row divided by its own sum, with `keepdims=True` again.",
    ],
)
def softmax(z):
    """Logits to probabilities.

    z: shape (…, classes), any real numbers, however large. Returns probabilities of the same shape; each row sums to 1.
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _share(e):
    """Each row divided by its own sum."""
    return e / e.sum(axis=-1, keepdims=True)


def _top(z):
    return z.max(axis=-1, keepdims=True)


# fmt: off
softmax.mistakes += [  # what was done, the wrong formula, where to look
    ("no shift before the exponential", lambda z: _share(np.exp(z)),
     "Right for small logits. e^1000 overflows and e^−1000 is 0; take the row's largest logit away first."),
    ("the sum runs over all rows", lambda z: np.exp(z - _top(z)) / np.exp(z - _top(z)).sum(),
     "Every row is a distribution of its own: it should sum to 1 by itself."),
    ("one distribution over all rows together", lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
     "Every row is a distribution of its own: largest logit and sum are to be taken along the last axis."),
    ("the sum runs down the columns", lambda z: np.exp(z - _top(z)) / np.exp(z - _top(z)).sum(axis=0),
     "Classes lie on the last axis, examples on those before: sum along the last."),
    ("shift and sum run down the columns", lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0),
     "Classes lie on the last axis, examples on those before."),
    ("the shift is the largest logit of all rows", lambda z: _share(np.exp(z - z.max())),
     "A row far below it becomes 0/0. Each row needs its own largest logit."),
    ("`keepdims=True` is missing", lambda z: np.exp(z - z.max(axis=-1)) / np.exp(z - z.max(axis=-1)).sum(axis=-1),
     "Without it the row's number loses its axis, and numpy pairs it with columns."),
    ("`keepdims=True` is missing in the sum", lambda z: np.exp(z - _top(z)) / np.exp(z - _top(z)).sum(axis=-1),
     "Without it the row's sum loses its axis, and numpy pairs it with columns."),
    ("softmax applied twice", lambda z: _share(np.exp(_share(np.exp(z - _top(z))))),
     "The second one takes probabilities for logits and squeezes them together."),
    ("a sigmoid for each logit", lambda z: np.where(z > 0, 1, np.exp(-abs(z))) / (1 + np.exp(-abs(z))),
     "Each is between 0 and 1, and yet they do not share 1 between them."),
    ("the sum is missing", lambda z: np.exp(z - _top(z)),
     "The largest is 1 in each row. Probabilities sum to 1."),
    ("no shift, and no sum", lambda z: np.exp(z),
     "Two things are missing: the shift, and dividing by the sum."),
    ("the logits divided by their sum, without exponentials", lambda z: _share(z),
     "Logits may be negative, and their sum may be 0. The exponential makes them positive."),
    ("the shift is the mean", lambda z: _share(np.exp(z - z.mean(axis=-1, keepdims=True))),
     "Logits far above the mean still overflow. Nothing lies above the largest."),
    ("the shift is the smallest logit", lambda z: _share(np.exp(z - z.min(axis=-1, keepdims=True))),
     "Then every exponent is ≥ 0, the wrong way round."),
    ("the largest logit is added", lambda z: _share(np.exp(z + _top(z))),
     "Take it away: the exponents should become ≤ 0."),
    ("a division by the largest logit", lambda z: _share(np.exp(z / _top(z))),
     "Softmax ignores a shift, not a scale: subtract."),
    ("the minus signs of another formula", lambda z: _share(np.exp(z.min(axis=-1, keepdims=True) - z)),
     "The largest logit should get the largest probability."),
    ("the logarithm of the answer", lambda z: z - _top(z) - np.log(np.exp(z - _top(z)).sum(axis=-1, keepdims=True)),
     "That is log-softmax."),
    ("all or nothing: 1 for the largest logit", lambda z: (z == _top(z)) / (z == _top(z)).sum(axis=-1, keepdims=True),
     "That is the limit of temperature 0. Softmax is soft."),
]
# fmt: on

# 2. Cross-entropy from logits -------------------------------------------------------------------------------------


def _targets(*labels, classes):
    return np.eye(classes)[list(labels)]


_rng = np.random.default_rng(2)
_batches = [
    (np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]), _targets(0, 1, classes=3)),
    (np.array([[0.0, 0.0]]), _targets(1, classes=2)),
    *((_rng.normal(size=(n, k)).round(2), np.eye(k)[_rng.integers(k, size=n)]) for n, k in [(3, 4), (5, 3), (4, 2)]),
    *((3 * _rng.normal(size=(n, k)).round(2), np.eye(k)[_rng.integers(k, size=n)]) for n, k in [(2, 5), (6, 6)]),
]
_soft = [(np.array([[1.0, -1.0, 0.5], [0.2, 0.1, 0.0]]), np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]]))]
_far = [
    (np.array([[1000.0, 998.0], [0.0, 1.0]]), _targets(1, 0, classes=2)),
    (np.array([[0.0, 2000.0, 0.0], [-1500.0, 0.0, 3.0]]), _targets(0, 0, classes=3)),
    (np.array([[-2000.0, -2001.0, -1999.0]]), _targets(1, classes=3)),
    (np.array([[0.0, 60.0], [0.0, 50.0], [0.0, 45.0]]), _targets(0, 0, 0, classes=2)),
]


@exercise(
    cases={"ordinary logits": _batches, "targets that are not 0 or 1": _soft, "large logits": _far},
    hints=[
        "log p = z − log Σ e^z: the logarithm undoes the exponential of the numerator, so never take log(softmax).",
        "With m the largest logit of the row, log Σ e^z = m + log Σ e^(z − m).",
        "The loss of one example is −Σ y·log p over its classes; average over the examples.",
    ],
)
def cross_entropy(z, y):
    """The cross-entropy of a batch, from logits.

    z: logits, shape (n, classes), however large; y: targets, shape (n, classes), each row one-hot or probabilities.
    Returns the mean over the n examples of −Σ y·log softmax(z), a number.
    """
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -(y * log_p).sum(axis=-1).mean()


def _log_p(z):
    z = z - _top(z)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _p(z):
    return np.exp(_log_p(z))


def _with_epsilon(eps):
    return lambda z, y: -(y * np.log(_p(z) + eps)).sum(axis=-1).mean()


# fmt: off
cross_entropy.mistakes += [  # what was done, the wrong formula, where to look
    ("the sum over the examples instead of their mean", lambda z, y: -(y * _log_p(z)).sum(),
     "Twice as many examples should not double the loss."),
    ("the mean over examples and classes", lambda z, y: -(y * _log_p(z)).mean(),
     "Over the classes it is a sum: all but one term of it are 0."),
    ("the minus sign is missing", lambda z, y: (y * _log_p(z)).sum(axis=-1).mean(),
     "Logarithms of probabilities are negative; a loss is not."),
    ("the minus sign is missing, and the mean", lambda z, y: (y * _log_p(z)).sum(),
     "Logarithms of probabilities are negative; a loss is not. And it is averaged over the examples."),
    ("one number for each example", lambda z, y: -(y * _log_p(z)).sum(axis=-1),
     "Those are the examples' losses; the batch has their mean."),
    ("softmax applied twice", lambda z, y: -(y * _log_p(_p(z))).sum(axis=-1).mean(),
     "z is already what softmax takes. A second softmax squeezes everything together."),
    ("the logarithm of a softmax that has rounded to 0", lambda z, y: -(y * np.log(_p(z))).sum(axis=-1).mean(),
     "Right for small logits. For large ones p becomes 0, and log(0) is −∞. Simplify log softmax(z) on paper first."),
    ("no shift: the exponential overflows",
     lambda z, y: -(y * (z - np.log(np.exp(z).sum(axis=-1, keepdims=True)))).sum(axis=-1).mean(),
     "Right for small logits. Take the row's largest logit away first; and simplify log softmax(z) on paper, so that "
     "no log(0) can come up."),
    *((f"{eps:g} added inside the logarithm", _with_epsilon(eps),
       f"That hides log(0): an answer that is wrong by 2000 gets the loss {-math.log(eps):.1f}, and no gradient.")
      for eps in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)),
    ("target and prediction exchanged", lambda z, y: -(_p(z) * np.log(y)).sum(axis=-1).mean(),
     "That takes the logarithm of the target, which is full of zeros. The target weighs, log p is weighed."),
    ("0 and 1 exchanged in the target", lambda z, y: -((1 - y) * _log_p(z)).sum(axis=-1).mean(),
     "One-hot has its 1 at the right class. Yours weighs the wrong ones."),
    ("the normalisation is missing", lambda z, y: -(y * z).sum(axis=-1).mean(),
     "Raising all logits would then lower the loss. log p = z − log Σ e^z."),
    ("the logarithm of the logits", lambda z, y: -(y * np.log(z)).sum(axis=-1).mean(),
     "Logits are not probabilities: they can be negative. softmax has to come in between."),
    ("the likeliest class instead of the right one", lambda z, y: -_log_p(z).max(axis=-1).mean(),
     "That asks how sure the network is, not whether it is right. Where does y come in?"),
    ("only the class with the largest target counts",
     lambda z, y: -_log_p(z)[np.arange(len(z)), y.argmax(axis=-1)].mean(),
     "Right where the target is one-hot. A target may share its 1 between classes: weigh each log p with its y."),
    ("base 2", lambda z, y: -(y * _log_p(z)).sum(axis=-1).mean() / np.log(2),
     "That counts in bits. Here the natural logarithm is used, `np.log`."),
    ("base 10", lambda z, y: -(y * _log_p(z)).sum(axis=-1).mean() / np.log(10),
     "Here the natural logarithm is used, `np.log`."),
    ("also the logarithms of 1 − p, as if each class were a yes or no of its own",
     lambda z, y: -(y * _log_p(z) + (1 - y) * np.log1p(-_p(z))).sum(axis=-1).mean(),
     "That belongs to independent outputs with a sigmoid each. Here the classes share the probability 1."),
    ("the squared error after softmax", lambda z, y: ((_p(z) - y) ** 2).sum(axis=-1).mean(),
     "That is the other loss of this chapter."),
    ("one minus the right probability", lambda z, y: (1 - (y * _p(z)).sum(axis=-1)).mean(),
     "It is bounded, and flat where the answer is badly wrong. The logarithm is missing."),
    ("the logarithm of the mean probability", lambda z, y: -np.log((y * _p(z)).sum(axis=-1).mean()),
     "First the logarithm of each example, then the mean."),
    ("log(1 + p) where log p belongs", lambda z, y: -(y * np.log1p(_p(z))).sum(axis=-1).mean(),
     "The 1 avoids log(0) and changes the loss everywhere else."),
]
# fmt: on

# 3. Its gradient --------------------------------------------------------------------------------------------------


@exercise(
    cases={"ordinary logits": _batches, "targets that are not 0 or 1": _soft, "large logits": _far},
    hints=[
        "For one example ∂L/∂z = ∂/∂z [log Σ e^z − Σ y z]. What is the derivative of log Σ e^z?",
        "It is softmax: e^z over its sum. And Σ y = 1.",
        "The loss is a mean over n examples, so each example's gradient comes divided by n = len(z).",
    ],
    terms={
        "p/n": lambda z, y: _p(z) / len(z),
        "y/n": lambda z, y: y / len(z),
        "p": lambda z, y: _p(z),
        "y": lambda z, y: y,
        "p·y": lambda z, y: _p(z) * y,
        "p²": lambda z, y: _p(z) ** 2,
        "z·y": lambda z, y: z * y,
    },
)
def cross_entropy_grad(z, y):
    """The gradient of the cross-entropy with respect to the logits.

    z: logits, shape (n, classes), however large; y: targets, shape (n, classes), rows that sum to 1.
    Returns ∂L/∂z, shape (n, classes), where L is the mean over the n examples.
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return (p - y) / len(z)


def _through_softmax(z, dp):
    """A gradient with respect to p, carried back to the logits z."""
    p = _p(z)
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


# fmt: off
cross_entropy_grad.mistakes += [  # what was done, the wrong formula, where to look
    ("the mean is forgotten", lambda z, y: _p(z) - y,
     "The loss is a mean over the examples, so the gradient of each comes divided by their number."),
    ("a division by the number of all entries", lambda z, y: (_p(z) - y) / z.size,
     "The mean is over the examples, `len(z)`; over the classes it is a sum."),
    ("a division by the number of classes", lambda z, y: (_p(z) - y) / z.shape[-1],
     "Examples lie on the first axis: divide by how many of those there are."),
    ("brackets: only y is divided", lambda z, y: _p(z) - y / len(z),
     "`p - y / n` divides y alone."),
    ("y − p: the sign", lambda z, y: (y - _p(z)) / len(z),
     "That is the way downhill. The gradient points uphill."),
    ("y − p, and the mean is forgotten", lambda z, y: y - _p(z),
     "That is the way downhill, and the mean over the examples is missing."),
    ("no shift: the exponential overflows", lambda z, y: (_share(np.exp(z)) - y) / len(z),
     "Right for small logits. Take the row's largest logit away before the exponential."),
    ("no shift, and the mean is forgotten", lambda z, y: _share(np.exp(z)) - y,
     "e^2000 overflows, and the mean over the examples is missing."),
    ("softmax applied twice", lambda z, y: (_p(_p(z)) - y) / len(z),
     "z is already what softmax takes."),
    ("z in place of p", lambda z, y: (z - y) / len(z),
     "That is the gradient of a squared error. The derivative of log Σ e^z is softmax(z)."),
    ("0 and 1 exchanged in the target", lambda z, y: (_p(z) - (1 - y)) / len(z),
     "One-hot has its 1 at the right class. Yours pushes the wrong ones up."),
    ("the target is left out", lambda z, y: _p(z) / len(z),
     "Without y every class would be pushed down, the right one too."),
    ("only the right class gets a gradient", lambda z, y: y * (_p(z) - y) / len(z),
     "The wrong classes are pushed down as well, each by its own p."),
    ("the gradient with respect to p", lambda z, y: -y / _p(z) / len(z),
     "That is one link of the chain. Carry it through softmax, back to the logits."),
    ("p(1 − p) once more, the slope of a sigmoid", lambda z, y: (_p(z) - y) * _p(z) * (1 - _p(z)) / len(z),
     "The logarithm cancels just this factor: that is the point of the cross-entropy."),
    ("the gradient of the squared error after softmax", lambda z, y: _through_softmax(z, 2 * (_p(z) - y)) / len(z),
     "That is the loss whose gradient vanishes where the answer is badly wrong."),
    ("p − y carried through softmax a second time", lambda z, y: _through_softmax(z, _p(z) - y) / len(z),
     "p − y is already the gradient with respect to the logits."),
    ("a factor 2, as if something were squared", lambda z, y: 2 * (_p(z) - y) / len(z),
     "Nothing is squared in −Σ y log p."),
    ("summed over the classes", lambda z, y: (_p(z) - y).sum(axis=-1) / len(z),
     "Both p and y sum to 1, so this is always 0. Keep the axis of the classes."),
    ("averaged over the examples", lambda z, y: (_p(z) - y).mean(axis=0),
     "Every example has logits of its own, and a gradient for them: the shape is that of z."),
    ("the loss itself", lambda z, y: -(y * _log_p(z)).sum(axis=-1).mean(),
     "That is how wrong it is. The question is how this changes with each logit."),
]
# fmt: on

# 4. Two classes are one sigmoid -----------------------------------------------------------------------------------


@exercise(
    cases={
        "ordinary logits": [
            (1.0, 0.0),
            (0.0, 1.0),
            (0.3, 0.3),
            (2.0, -1.0),
            (-1.5, -0.5),
            (3.0, 5.0),
            (-2.0, 4.0),
        ],
        "both large": [(1000.0, 999.0), (2000.0, 2003.0), (-1000.0, -1002.0)],
        "far apart": [(40.0, -40.0), (-20.0, 15.0), (0.0, 30.0)],
    },
    hints=[
        "Divide the numerator and the denominator of e^z₁/(e^z₁ + e^z₂) by e^z₁.",
        "What is left is 1/(1 + e^something). The something depends on one number only.",
        "That number is the difference of the logits: only it matters, because softmax ignores a common shift.",
    ],
)
def first_of_two(z1, z2):
    """The probability that softmax gives to the first of two classes, with a single exponential.

    z1, z2: the two logits, numbers, however large. Returns σ(d) = 1/(1 + e^−d) for the right d.
    """
    return 1 / (1 + np.exp(z2 - z1))


def _sigmoid(d):
    return 1 / (1 + np.exp(-d))


# fmt: off
first_of_two.mistakes += [  # what was done, the wrong formula, where to look
    ("the second class's probability", lambda z1, z2: _sigmoid(z2 - z1),
     "σ grows with its argument, and p₁ should grow with z₁."),
    ("the sigmoid of the first logit alone", lambda z1, z2: _sigmoid(z1),
     "Then the second logit would not matter. A sigmoid of z₁ is softmax of (z₁, 0)."),
    ("the sigmoid of the second logit alone", lambda z1, z2: _sigmoid(z2),
     "Both logits matter, through one number."),
    ("the sum of the logits", lambda z1, z2: _sigmoid(z1 + z2),
     "Adding the same to both must change nothing."),
    ("the ratio of the logits", lambda z1, z2: _sigmoid(np.divide(z1, z2)),
     "A ratio of exponentials is the exponential of a difference."),
    ("half the difference", lambda z1, z2: _sigmoid((z1 - z2) / 2),
     "e^z₁/e^z₂ = e^(z₁ − z₂), without a ½."),
    ("twice the difference", lambda z1, z2: _sigmoid(2 * (z1 - z2)),
     "e^z₁/e^z₂ = e^(z₁ − z₂), without a 2. (σ and tanh differ by that factor.)"),
    ("tanh in place of σ", lambda z1, z2: np.tanh(z1 - z2),
     "It runs from −1 to 1: σ(d) = (1 + tanh(d/2))/2."),
    ("softmax written out, without a shift", lambda z1, z2: np.exp(z1) / (np.exp(z1) + np.exp(z2)),
     "Right for small logits; e^1000 overflows. Divide both by e^z₁ on paper: one exponential is left."),
    ("two sigmoids, divided by their sum", lambda z1, z2: _sigmoid(z1) / (_sigmoid(z1) + _sigmoid(z2)),
     "Softmax divides exponentials by their sum."),
    ("the difference itself", lambda z1, z2: z1 - z2,
     "That is the right number. Now the sigmoid of it."),
    ("e to the difference, without the 1 +", lambda z1, z2: np.exp(z1 - z2),
     "Those are the odds p₁/p₂. The probability is p₁/(p₁ + p₂)."),
    ("the logarithm of the probability", lambda z1, z2: -np.log1p(np.exp(z2 - z1)),
     "That is minus the cross-entropy. The probability itself is asked for."),
    ("a minus where the 1 + should be", lambda z1, z2: np.divide(1, 1 - np.exp(z2 - z1)),
     "p₁ = e^z₁/(e^z₁ + e^z₂): the denominator is a sum."),
    ("all or nothing", lambda z1, z2: 1.0 * (z1 > z2),
     "That is the decision. The probability says how clear it is."),
]
# fmt: on

# 5–7. Three training loops, each with a fault ---------------------------------------------------------------------


def _course(mine, right):
    """How a wrong loop's losses run, beside those of the right one."""
    if mine.shape == right.shape:
        runs = (", ".join(f"{L:.3g}" for L in seen[[0, 1, 2, -1]]) for seen in (mine, right))
        return "Your losses at the steps 0, 1, 2 and 29 are {}; they should be {}.".format(*runs)


def _loop(step, data=few_digits, before=True):
    """A loop over step(X, W, y), which returns a loss and its slope by X W; before: the loss of which W is noted."""

    def loop(lr):
        X, y = data()
        W, seen = np.zeros((X.shape[1], y.max() + 1)), []
        for _ in range(30):
            L, dz = step(X, W, y)
            W = W - lr * X.T @ dz
            seen.append(L if before else step(X, W, y)[0])
        return np.array(seen)

    return loop


def _right(X, W, y):
    return losses.cross_entropy(X @ W, y)


def _twice(X, W, y):
    return losses.cross_entropy(losses.softmax(X @ W), y)


def _twice_with_its_derivative(X, W, y):
    L, dp = _twice(X, W, y)
    return L, losses.softmax_grad(X @ W, dp)


@repair(
    _loop(_twice),
    cases={"gentle steps": [(0.1,), (0.3,)], "longer steps": [(1.0,), (2.0,)]},
    hints=[
        "Print `p.max()` and then `losses.softmax(p).max()`. How sure can this network ever be?",
        "What does `losses.cross_entropy` take, logits or probabilities? `help(losses.cross_entropy)` says.",
        "It takes logits and has the softmax inside: hand it `X @ W`.",
    ],
    remark=lambda mine, lr: _course(mine, train_one.reference(lr)),
)
def train_one(lr):
    """Train a linear classifier on 200 digits; return the loss before each of 30 steps."""
    X, y = experiments.few_digits()
    W, seen = np.zeros((64, 10)), []
    for _ in range(30):
        L, dz = losses.cross_entropy(X @ W, y)
        W = W - lr * X.T @ dz
        seen.append(L)
    return np.array(seen)


def _sigmoids(X, W, y):
    return losses.cross_entropy(losses.sigmoid(X @ W), y)


def _thrice(X, W, y):
    return losses.cross_entropy(losses.softmax(losses.softmax(X @ W)), y)


# fmt: off
train_one.mistakes += [  # what was done, the wrong loop, where to look
    ("softmax is still applied twice, now with its derivative", _loop(_twice_with_its_derivative),
     "The gradient fits the loss now, and the loss is still the wrong one: it cannot fall below 1.46."),
    ("a sigmoid in place of the softmax", _loop(_sigmoids),
     "It squeezes the logits just as softmax did. `cross_entropy` takes any real numbers."),
    ("softmax applied three times", _loop(_thrice),
     "Each one squeezes further. How many does `cross_entropy` have inside?"),
    ("the gradient is right, and the loss still has softmax twice", _loop(lambda *a: (_twice(*a)[0], _right(*a)[1])),
     "The loss you record is still too high."),
    ("the loss is right, and the gradient still has softmax twice", _loop(lambda *a: (_right(*a)[0], _twice(*a)[1])),
     "The steps you take are still too short."),
    ("a second division by the number of examples", _loop(lambda *a: (_right(*a)[0], _right(*a)[1] / 200)),
     "`cross_entropy` has taken the mean already."),
    ("the gradient of the sum in place of the mean", _loop(lambda *a: (_right(*a)[0], _right(*a)[1] * 200)),
     "`cross_entropy` has taken the mean already, and that was right."),
    ("the loss after each step", _loop(_right, before=False),
     "The repair is right. The loss is asked for before each step, as the loop did it."),
    ("the sign of the step turned round", _loop(lambda *a: (_right(*a)[0], -_right(*a)[1])),
     "Now it climbs. The minus was right."),
]
# fmt: on


def _summed(X, W, y):
    """The mean loss, and the gradient of the sum."""
    return _right(X, W, y)[0], losses.softmax(X @ W) - losses.one_hot(y, 3)


@repair(
    _loop(_summed, three_clouds),
    cases={"gentle steps": [(0.03,), (0.05,)], "longer steps": [(0.1,), (0.2,)]},
    hints=[
        "Try lr = 0.0005: then it learns. By which factor is its gradient too long?",
        "The loss is a mean over 200 points. Is `dz` the gradient of that mean?",
        "∂L/∂z = (p − y)/n with n = len(X).",
    ],
    remark=lambda mine, lr: _course(mine, train_two.reference(lr)),
)
def train_two(lr):
    """Train a linear classifier on three clouds of points; return the loss before each of 30 steps."""
    X, y = experiments.three_clouds()
    W, seen = np.zeros((2, 3)), []
    for _ in range(30):
        L, _ = losses.cross_entropy(X @ W, y)
        dz = (losses.softmax(X @ W) - losses.one_hot(y, 3)) / len(X)
        W = W - lr * X.T @ dz
        seen.append(L)
    return np.array(seen)


def _scaled(factor):
    """The right loss, with its gradient times a factor."""
    return _loop(lambda *a: (_right(*a)[0], factor * _right(*a)[1]), three_clouds)


def _normalised(X, W, y):
    L, dz = _right(X, W, y)
    return L, dz / np.linalg.norm(dz)


# fmt: off
train_two.mistakes += [  # what was done, the wrong loop, where to look
    ("a division by the number of classes", _scaled(200 / 3),
     "Smaller, and still not the mean: it is over the points, and there are 200."),
    ("a division by the number of inputs", _scaled(200 / 2),
     "Smaller, and still not the mean: it is over the points, and there are 200."),
    ("a division by the number of points and of classes", _scaled(1 / 3),
     "Over the classes it is a sum; only the examples are averaged."),
    ("a division by 100", _scaled(2), "Close. How many examples are there? Ask `len(X)`."),
    ("a division by 1000", _scaled(1 / 5), "Do not guess the factor: the loss is a mean over `len(X)` examples."),
    ("a division by the square root of the number of examples", _scaled(np.sqrt(200)),
     "The mean divides by their number. (A root of n belongs to standard deviations.)"),
    ("the mean is taken twice", _scaled(1 / 200),
     "Once is enough."),
    ("the sign turned round, with the mean", _scaled(-1),
     "The mean is right now. p − y points uphill, and the step takes it away."),
    ("the sign turned round", _scaled(-200),
     "Uphill is not the cure: p − y points uphill, and the step takes it away. How long is it?"),
    ("the loss summed, too, instead of the gradient averaged",
     _loop(lambda *a: (200 * _right(*a)[0], 200 * _right(*a)[1]), three_clouds),
     "Loss and gradient fit together now, and the steps are as much too long as before."),
    ("the gradient divided by its length", _loop(_normalised, three_clouds),
     "That tames the steps and hides the fault."),
    ("the loss after each step", _loop(_right, three_clouds, before=False),
     "The repair is right. The loss is asked for before each step, as the loop did it."),
]
# fmt: on


def _broken_three(lr):
    X, y = experiments.few_pixels()
    Y, W, seen = losses.one_hot(y, 10), np.zeros((64, 10)), []
    for _ in range(30):
        p = losses.softmax(X @ W)
        seen.append(-(Y * np.log(p)).sum(-1).mean())
        W = W - lr * X.T @ (p - Y) / len(X)
    return np.array(seen)


@repair(
    _broken_three,
    cases={"the pixels as they are": [(0.1,), (0.3,), (1.0,), (2.0,)]},
    hints=[
        "The weights are finite all the time: only the loss goes wrong. Print `p.min()` in the loop.",
        "e^−800 is 0 to a computer, log(0) is −∞, and 0·(−∞) is not a number.",
        "Never take the logarithm of a softmax: `losses.log_softmax(z)` and `losses.cross_entropy(z, y)` avoid it.",
    ],
    remark=lambda mine, lr: _course(mine, train_three.reference(lr)),
)
def train_three(lr):
    """Train a linear classifier on 200 digits with pixels 0 … 16; return the loss before each of 30 steps."""
    X, y = experiments.few_pixels()
    Y, W, seen = losses.one_hot(y, 10), np.zeros((64, 10)), []
    for _ in range(30):
        z = X @ W
        seen.append(-(Y * losses.log_softmax(z)).sum(-1).mean())
        W = W - lr * X.T @ (losses.softmax(z) - Y) / len(X)
    return np.array(seen)


def _recording(loss):
    """The right steps, with another loss noted: loss(p, Y)."""

    def step(X, W, y):
        with np.errstate(all="ignore"):
            return loss(losses.softmax(X @ W), losses.one_hot(y, 10)), _right(X, W, y)[1]

    return _loop(step, few_pixels)


# fmt: off
train_three.mistakes += [  # what was done, the wrong loop, where to look
    *((f"{eps:g} added inside the logarithm",
       _recording(lambda p, Y, eps=eps: -(Y * np.log(p + eps)).sum(-1).mean()),
       f"No more NaN, and no more truth: an answer that is wrong by 800 is recorded as {-math.log(eps):.1f}.")
      for eps in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-30, 1e-300)),
    ("only the right class's logarithm", _recording(lambda p, Y: -np.log(p[Y == 1]).mean()),
     "That avoids 0·(−∞). Where the right class itself has p = 0 it is still log(0)."),
    ("NaN counted as 0", _recording(lambda p, Y: -np.nan_to_num(Y * np.log(p)).sum(-1).mean()),
     "That replaces what is not known by what looks good, and ∞ by the largest number there is."),
    ("NaN counted as 0 and ∞ as well",
     _recording(lambda p, Y: -np.nan_to_num(Y * np.log(p), neginf=0.0).sum(-1).mean()),
     "That replaces what is not known by what looks good: the worst answers count as perfect."),
    ("target and prediction exchanged", _recording(lambda p, Y: -(p * np.log(Y)).sum(-1).mean()),
     "Now the logarithm of the target is taken, and that is full of zeros."),
    ("the pixels are scaled", _loop(_right),
     "A good idea in itself, and it hides the fault: the loss fails again as soon as the logits grow."),
    ("the loss after each step", _loop(_right, few_pixels, before=False),
     "The repair is right. The loss is asked for before each step, as the loop did it."),
    ("the sum over the examples", _loop(lambda X, W, y: (len(X) * _right(X, W, y)[0], _right(X, W, y)[1]), few_pixels),
     "No NaN any more. The loss was a mean over the examples, and that was right."),
    ("softmax applied twice", _loop(lambda X, W, y: (_twice(X, W, y)[0], _right(X, W, y)[1]), few_pixels),
     "`cross_entropy` and `log_softmax` take logits, not p."),
    ("softmax applied twice, in the gradient too", _loop(_twice, few_pixels),
     "`cross_entropy` takes logits, not p."),
]
# fmt: on

# Choices ----------------------------------------------------------------------------------------------------------

adds_a_layer = Choice(
    "“With `CrossEntropyLoss`, PyTorch adds a softmax layer to your network.” What is wrong with that?",
    {
        "a": ("Nothing.", "Look at the network's outputs during training: are they positive, and do they sum to 1?"),
        "b": (
            "The softmax is inside the loss; the network's outputs stay logits.",
            "Yes: the loss is log-softmax followed by the negative log-likelihood. End the network in logits, and "
            "apply softmax yourself when you want to see probabilities.",
        ),
        "c": (
            "It adds a sigmoid, not a softmax.",
            "It adds nothing to the network. (And a sigmoid belongs to BCEWithLogitsLoss, again inside the loss.)",
        ),
        "d": (
            "You must add the softmax layer yourself.",
            "Then softmax would be applied twice, and the loss of ten classes could not fall below 1.46.",
        ),
    },
    correct="b",
)

widens = Choice(
    "“Softmax widens the gaps between the scores.” Compared with dividing the scores by their sum, when is that so?",
    {
        "a": (
            "Always: e^z grows faster than z.",
            "Take the scores 0.1, 0.2, 0.3. Divided by their sum they are 0.17, 0.33, 0.50; softmax gives 0.30, 0.33, "
            "0.37.",
        ),
        "b": (
            "Never: it brings all scores between 0 and 1.",
            "With the scores 1, 2, 3 the first two shares are 0.09 and 0.24; divided by the sum they would be 0.17 and "
            "0.33: the ratio has grown.",
        ),
        "c": (
            "When the largest score is above 1.",
            "The scores 101, 102, 103 give the same probabilities as 1, 2, 3: where they stand does not matter.",
        ),
        "d": (
            "It depends on the scale: only differences of logits count, large ones are sharpened and small ones "
            "flattened.",
            "Yes: p₁/p₂ = e^(z₁ − z₂). Multiply all logits by 10, or lower the temperature, and the gaps widen; shift "
            "them, and nothing happens.",
        ),
    },
    correct="d",
)

stuck = Choice(
    "A ten-class network gets 97 % of its training examples right, and its training loss stands at 1.48. What do you "
    "suspect?",
    {
        "a": (
            "The learning rate is too small.",
            "Then the accuracy would lag as well. And why near ln(e + 9) − 1 = 1.461, of all numbers?",
        ),
        "b": (
            "The network ends in softmax, and the loss has one inside.",
            "Yes: a perfect network then reaches −ln(e/(e + 9)) = 1.461 and nothing below. The order of the classes "
            "survives the second softmax, so the accuracy looks good.",
        ),
        "c": (
            "The labels are shuffled.",
            "Then the accuracy would be near 10 %, unless the network has learnt them by heart.",
        ),
        "d": (
            "The loss is summed instead of averaged.",
            "Then it would depend on how many examples there are, and fall towards 0 all the same.",
        ),
    },
    correct="b",
)

rescue = Choice(
    "Adam gets the squared error off the plateau. What has it changed?",
    {
        "a": ("The error surface: it is less flat.", "The surface is the loss. Adam only walks on it."),
        "b": (
            "The gradient: it is larger.",
            "The gradient norm under the figure is the same tiny number at the start.",
        ),
        "c": (
            "The step: the gradient is divided by its own recent size, so it has a length of about η.",
            "Yes, in each coordinate, as long as the gradient is well above ε. In a network that size is one number "
            "per weight, over all examples together: an example on its plateau does not become visible among the "
            "others.",
        ),
        "d": (
            "The start: momentum carries it over.",
            "There is no momentum before the first step, and that one is long already.",
        ),
    },
    correct="c",
)

squares = Choice(
    "“Squared error is the wrong loss for classification.” What remains of that?",
    {
        "a": ("All of it.", "Networks have been trained with it to about the same accuracy (Hui and Belkin 2021)."),
        "b": (
            "Behind a softmax or sigmoid it is flat where the answer is badly wrong; on the raw outputs it is not.",
            "Yes. Without the softmax it is the loss of a regression on the targets, and has no plateau. And behind a "
            "softmax it costs little where the initial weights are small enough and the learning rate fits.",
        ),
        "c": ("It is wrong for more than two classes only.", "The plateau is there with two classes: you saw it."),
        "d": (
            "It is wrong for regression, too.",
            "For regression it is the natural choice: its gradient grows with the error.",
        ),
    },
    correct="b",
)

# Predictions ------------------------------------------------------------------------------------------------------


def _who_moves():
    cross_entropy, squared = (norm > 0.1 for norm in gradient_norms())
    return {(True, True): "a", (True, False): "b", (False, True): "c"}.get((bool(cross_entropy), bool(squared)), "d")


sure_and_wrong = Predict(
    "Two classes, the first is right, and the logits are (−10, 10): the network is sure, and wrong. One step of "
    "gradient descent with η = 1. Which loss moves the logits by more than 0.1?",
    _who_moves,
    options={
        "a": "both: the answer could hardly be more wrong",
        "b": "the cross-entropy only",
        "c": "the squared error only: errors are squared",
        "d": "neither: softmax has saturated",
    },
    why="The cross-entropy's gradient is p − y, as large as the error. The squared error's has the slope of softmax "
    "as a factor, and that is nearly 0 where softmax is sure, right or wrong.",
)


def _lowest():
    """The loss of a perfect network that ends in softmax, when the loss applies softmax again."""
    p = losses.softmax(1e4 * np.eye(10)[:1])
    return float(losses.cross_entropy(p, [0])[0])


floor = Predict(
    "A network for ten classes ends in softmax, and its loss applies softmax again before the logarithm. At last it "
    "gives the right class p = 1 every time. What is its loss?",
    _lowest,
    tolerance=0.1,
    why="The second softmax sees the logits (1, 0, …, 0) and gives the right class e/(e + 9) = 0.23 at most: the loss "
    "stays at ln(e + 9) − 1.",
)
