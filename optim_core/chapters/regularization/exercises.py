"""The exercises of chapter 13: regularization."""

import numpy as np

from optim_core.exercises import Choice, Predict, exercise
from optim_core.exercises.kinds import pair, repair

from . import experiments

# 1. L2 in the gradient -------------------------------------------------------------------------------------------

_G, _W = np.array([0.5, -1.0, 2.0, 0.3]), np.array([2.0, -3.0, 0.5, 4.0])

L2_CASES = {
    "weights only": [(_G, _W, 0.1, 10, np.ones(4)), (_G, _W, 3.0, 50, np.ones(4)), (-_G, -_W, 0.5, 1, np.ones(4))],
    "with biases": [(_G, _W, 0.1, 10, np.array([1.0, 1, 1, 0])), (_W, _G, 2.0, 100, np.array([0.0, 1, 0, 1]))],
    "with a factor for each layer": [
        (_G, _W, 1.0, 20, np.array([3.0, 3, 0.5, 0])),
        (_W, _G, 0.7, 5, np.array([0.0, 2, 2, 10])),
    ],
    "no penalty": [(_G, _W, 0.0, 10, np.ones(4))],
}


@exercise(
    cases=L2_CASES,
    hints=[
        "The loss has got a second part, λ/(2n) Σ wᵢ². What is its derivative with respect to one wᵢ?",
        "The derivative of wᵢ² is 2wᵢ, and the 2 goes with that below the line.",
        "`each` multiplies the penalty of each parameter: 1 for a weight, 0 for a bias, 3 where a layer is to get "
        "three times as much.",
    ],
    terms={
        "g": lambda g, w, lam, n, each: g,
        "λ/n·a·w": lambda g, w, lam, n, each: lam / n * each * w,
        "λ·a·w": lambda g, w, lam, n, each: lam * each * w,
        "λ/n·a·sign(w)": lambda g, w, lam, n, each: lam / n * each * np.sign(w),
        "λ·a·sign(w)": lambda g, w, lam, n, each: lam * each * np.sign(w),
        "λ/n·a·w²": lambda g, w, lam, n, each: lam / n * each * w**2,
    },
)
def l2_gradient(g, w, lam, n, each):
    """The gradient of the mean loss on n examples plus λ/(2n) Σ aᵢ wᵢ².

    g: the gradient of the mean loss, without the penalty, shape (k,); w: the parameters; lam: λ; n: the examples;
    each: aᵢ, a factor for each parameter, 0 for a bias.
    Returns an array of shape (k,).
    """
    return g + lam / n * each * w


# fmt: off
l2_gradient.mistakes += [  # what was done, the wrong formula, where to look
    ("λ without n", lambda g, w, lam, n, each: g + lam * each * w,
     "The penalty is λ/(2n): with more examples it weighs less, as the loss is a mean."),
    ("2λ/n", lambda g, w, lam, n, each: g + 2 * lam / n * each * w,
     "The derivative of w² brings a 2. Below the line of the penalty stands another."),
    ("λ/(2n), the factor of the penalty itself", lambda g, w, lam, n, each: g + lam / (2 * n) * each * w,
     "That is the penalty's factor. Its derivative has another: that of w² is 2w."),
    ("the biases are not spared", lambda g, w, lam, n, each: g + lam / n * w,
     "Where does `each` come in? A bias has the factor 0."),
    ("the factors of the layers are lost", lambda g, w, lam, n, each: g + lam / n * (each > 0) * w,
     "`each` is not only yes or no: a layer may have three times the penalty."),
    ("a minus", lambda g, w, lam, n, each: g - lam / n * each * w,
     "A step goes against the gradient. Which sign makes a weight smaller?"),
    ("the penalty itself in place of its derivative", lambda g, w, lam, n, each: g + lam / (2 * n) * each * w**2,
     "That is the penalty of each weight. What is its slope?"),
    ("w² in place of w", lambda g, w, lam, n, each: g + lam / n * each * w**2,
     "The derivative of w² is linear in w: a negative weight has to be pushed up."),
    ("the sign of w: an L1 penalty", lambda g, w, lam, n, each: g + lam / n * each * np.sign(w),
     "That is the slope of |w|. All weights then shrink by the same amount, not by the same part."),
    ("|w| in place of w", lambda g, w, lam, n, each: g + lam / n * each * np.abs(w),
     "A negative weight has to be pushed up: the sign of w counts."),
    ("λ n in place of λ/n", lambda g, w, lam, n, each: g + lam * n * each * w,
     "With more examples the penalty weighs less in a mean, not more."),
    ("the factors the other way round", lambda g, w, lam, n, each: g + lam / n * (1 - each) * w,
     "`each` is 1 for what is to shrink and 0 for what is spared."),
    ("the gradient is shrunk in place of the weights", lambda g, w, lam, n, each: g * (1 + lam / n * each),
     "The slope of the penalty depends on w, not on g."),
    ("only the penalty", lambda g, w, lam, n, each: lam / n * each * w,
     "The gradient of the loss is still there: the derivative of a sum is a sum."),
    ("the loss is divided by n again", lambda g, w, lam, n, each: (g + lam * each * w) / n,
     "g is the gradient of the mean already. Only the penalty is divided by n."),
    ("the factors squared", lambda g, w, lam, n, each: g + lam / n * each**2 * w,
     "In Σ aᵢ wᵢ² the factor is not squared. What happens to it in the derivative?"),
    ("λ/n and the factors are added to w", lambda g, w, lam, n, each: g + lam / n + each * w,
     "Three factors of one term: λ/n, aᵢ and wᵢ are multiplied."),
    ("the sum over all parameters is added to each", lambda g, w, lam, n, each: g + lam / n * np.sum(each * w),
     "In the derivative with respect to one wᵢ the other terms of the sum are constants. (`@` sums; `*` does not.)"),
    ("λ n/2: a pair of brackets is missing", lambda g, w, lam, n, each: g + lam / 2 * n * each * w,
     "`a / 2 * n` multiplies by n; below the line it is `a / (2 * n)`. And what factor has the derivative?"),
    ("the whole penalty, one number, is added to each",
     lambda g, w, lam, n, each: g + lam / (2 * n) * np.sum(each * w**2),
     "That is how large the penalty is. Asked for is its derivative, another one for each wᵢ."),
]
# fmt: on

# 2. Dropout ------------------------------------------------------------------------------------------------------

_U = np.array([[0.05, 0.3, 0.62, 0.91], [0.77, 0.12, 0.49, 0.2]])
_X = np.array([[1.0, 2.0, -3.0, 4.0], [0.5, -1.0, 2.0, 8.0]])


@exercise(
    cases={
        "half are dropped": [(_X, _U, 0.5), (-_X, 1 - _U, 0.5)],
        "few are dropped": [(_X, _U, 0.1), (_X, 1 - _U, 0.25)],
        "most are dropped": [(_X, _U, 0.6), (_X, 1 - _U, 0.8), (_X, _U, 0.9)],
        "none is dropped": [(_X, _U, 0.0)],
        "the smallest u": [
            (_X[0], np.array([0.0, 0.25, 0.5, 0.75]), 0.25),
            (_X[0], np.array([0.0, 0.0, 0.5, 0.9]), 0.0),
        ],
    },
    hints=[
        "u lies evenly between 0 and 1. With which comparison is a number dropped in a share p of all cases?",
        "`u >= p` holds with probability 1 − p; times x it is x or 0.",
        "What is left has the mean (1 − p)x. With what must it be multiplied to have the mean x?",
    ],
)
def dropout(x, u, p):
    """Inverted dropout in training: each number is dropped where u < p; the mean stays what it was.

    x: an array; u: of its shape, uniform in [0, 1); p: the probability to drop, 0 ≤ p < 1.
    Returns an array of the shape of x.
    """
    return x * (u >= p) / (1 - p)


# fmt: off
dropout.mistakes += [  # what was done, the wrong formula, where to look
    ("p is the share that is kept", lambda x, u, p: x * (u < p) / (p if p else 1),
     "p is the probability to drop. (The first paper's p is the probability to keep.)"),
    ("kept and dropped are exchanged", lambda x, u, p: x * (u < p) / (1 - p),
     "Where u < p a number is dropped. With p = 0 all of yours are gone."),
    ("nothing is scaled", lambda x, u, p: x * (u >= p),
     "The mean is then (1 − p)x in training, and x at test: the next layer would see other sizes."),
    ("divided by p", lambda x, u, p: x * (u >= p) / (p if p else 1),
     "For p = 0.1 that is ten times too large. Which share is left over?"),
    ("times 1 − p", lambda x, u, p: x * (u >= p) * (1 - p),
     "What is left is too small already. (1 − p is the factor at test, if nothing is scaled in training.)"),
    ("times p", lambda x, u, p: x * (u >= p) * p,
     "With p = 0 nothing is dropped, and yours gives 0."),
    ("times 1 + p", lambda x, u, p: x * (u >= p) * (1 + p),
     "Close for a small p. What times 1 − p is 1?"),
    ("one number decides for a whole row", lambda x, u, p: x * (u[..., :1] >= p) / (1 - p),
     "Each number has its own u."),
    ("the mean of the whole array decides", lambda x, u, p: x * (np.mean(u) >= p) / (1 - p),
     "Each number has its own u."),
    ("scaled, and nothing is dropped", lambda x, u, p: x / (1 - p),
     "Where does u come in?"),
    ("nothing happens, as at test", lambda x, u, p: 1.0 * x,
     "That is dropout at test. In training numbers are dropped."),
    ("multiplied with u itself", lambda x, u, p: x * u * (u >= p) / (1 - p),
     "u only decides whether x stays; it is no factor."),
    ("> in place of ≥", lambda x, u, p: x * (u > p) / (1 - p),
     "u can be 0, and with p = 0 nothing may be dropped."),
    ("scaled to the root: 1/√(1 − p)", lambda x, u, p: x * (u >= p) / np.sqrt(1 - p),
     "That keeps the mean of the squares. Here the mean itself is to stay."),
    ("scaled by the share that happened to stay",
     lambda x, u, p: x * (u >= p) / max(np.mean(u >= p), 1e-12),
     "In one mask the share that stays is seldom 1 − p. The expected share counts, or examples depend on each other."),
    ("multiplied with u, and scaled", lambda x, u, p: x * u / (1 - p),
     "u only decides: each number is dropped or kept whole. `u >= p` is True or False."),
    ("kept and dropped are exchanged, and times p", lambda x, u, p: np.where(u < p, x, 0) * p,
     "Two things: where u < p a number is dropped; and what is left is made *larger*, so that the mean stays."),
    ("kept and dropped are exchanged, and nothing is scaled", lambda x, u, p: np.where(u < p, x, 0),
     "Two things: where u < p a number is dropped; and what is left is made larger, so that the mean stays."),
    ("p is the share that is kept: dropped where u < 1 − p, and divided by p",
     lambda x, u, p: np.where(u < 1 - p, 0, x / p) if p else np.zeros_like(x),
     "p is the probability to drop. (The first paper's p is the probability to keep.)"),
    ("the other end is dropped: u > 1 − p", lambda x, u, p: np.where(u > 1 - p, 0, x / (1 - p)),
     "As many are dropped, and others. Here it is where u < p."),
]
# fmt: on

# 3. Early stopping -----------------------------------------------------------------------------------------------


def _stop(losses, patience, better=lambda new, old: new < old, late=0, since_rise=False):
    best, waited = 0, 0
    for k, loss in enumerate(losses):
        if k == 0 or better(loss, losses[best]):
            best, waited = k, 0
        elif since_rise and loss < losses[k - 1]:
            waited = 0
        else:
            waited += 1
        if waited >= patience + late:
            return best, k
    return best, len(losses) - 1


@pair(
    "the best look",
    "the last look",
    cases={
        "one valley": [([5.0, 4.0, 3.0, 4.0, 5.0, 6.0, 7.0], 2), ([3.0, 2.0, 2.5, 2.6, 2.7, 2.8], 3)],
        "a second valley": [
            ([5.0, 3.0, 4.0, 3.5, 2.0, 6.0, 7.0, 8.0], 3),
            ([5.0, 3.0, 4.0, 3.5, 3.8, 1.0, 9.0], 2),
            ([5.0, 4.0, 6.0, 5.0, 6.0, 5.5, 7.0, 1.0], 4),
        ],
        "an equal loss": [([3.0, 2.0, 2.0, 2.0, 2.0, 1.0], 3), ([2.0, 2.0, 2.0, 0.5], 1)],
        "a loss that falls by little": [([0.3, 0.2999, 0.2998, 0.2998, 0.2997, 0.3, 0.31], 2)],
        "patience never runs out": [([5.0, 4.0, 3.0, 2.0], 2), ([5.0, 4.0, 3.0, 3.5], 2), ([1.0], 1)],
        "at once": [([1.0, 2.0, 3.0, 4.0], 1), ([1.0, 2.0, 3.0, 4.0, 0.5], 3)],
    },
    hints=[
        "Go through the losses. Remember where the lowest one so far stands.",
        "If k − best is as large as the patience, it is over: return at once.",
        "If it never comes to that, the last look is the last of all.",
    ],
)
def stopped(losses, patience):
    """Which look's weights to keep, and at which look to stop: early stopping with patience.

    losses: held-out losses at the looks 0, 1, 2, …; patience: stop once so many looks in a row brought no new lowest.
    Returns (best, last), two indices: the first of the lowest looks until then, and the look at which it stops, or the
    last one.
    """
    best = 0
    for k, loss in enumerate(losses):
        if loss < losses[best]:
            best = k
        if k - best >= patience:
            return best, k
    return best, len(losses) - 1


def _stop_in_all(losses, patience):
    """It stops once so many looks in all were no better."""
    best, bad = 0, 0
    for k, loss in enumerate(losses[1:], 1):
        best, bad = (k, bad) if loss < losses[best] else (best, bad + 1)
        if bad >= patience:
            return best, k
    return best, len(losses) - 1


# fmt: off
stopped.mistakes += [  # what was done, the wrong function, where to look
    ("it stops at the first rise", lambda losses, patience: _stop(losses, 1),
     "One look that is no better is not enough: `patience` of them in a row are."),
    ("one look too late", lambda losses, patience: _stop(losses, patience, late=1),
     "With a patience of 1 the first look that brings nothing new is the last."),
    ("one look too early", lambda losses, patience: _stop(losses, max(patience - 1, 1)),
     "Count the looks without a new lowest: with a patience of 2 there have to be two."),
    ("an equal loss counts as better", lambda losses, patience: _stop(losses, patience, lambda a, b: a <= b),
     "A loss that only repeats the lowest is no new lowest: patience goes on running out."),
    ("it never stops", lambda losses, patience: (int(np.argmin(losses)), len(losses) - 1),
     "That is the lowest of all, and it takes the whole training to know it. Where does `patience` come in?"),
    ("the best of all looks, also of those after the stop",
     lambda losses, patience: (int(np.argmin(losses)), stopped.reference(losses, patience)[1]),
     "After the stop there are no more looks: what comes later cannot be kept."),
    ("the last look is kept",
     lambda losses, patience: (stopped.reference(losses, patience)[1],) * 2,
     "One goes back to the weights of the best look. The last one is worse by its very definition."),
    ("counted from the last fall, not from the lowest",
     lambda losses, patience: _stop(losses, patience, since_rise=True),
     "A loss that falls, but not below the lowest so far, brings nothing new: the count goes on."),
    ("the two are exchanged",
     lambda losses, patience: stopped.reference(losses, patience)[::-1],
     "First the look to keep, then the look at which it stops."),
    ("counted from 1", lambda losses, patience: tuple(k + 1 for k in stopped.reference(losses, patience)),
     "The first look has the number 0."),
    ("the look before the stop is kept",
     lambda losses, patience: (max((last := stopped.reference(losses, patience)[1]) - 1, 0), last),
     "The best look may lie further back."),
    ("how long it waited, in place of the last look",
     lambda losses, patience: (stopped.reference(losses, patience)[0], patience),
     "Asked for is the look at which it stops."),
    ("the lowest loss, in place of where it stands",
     lambda losses, patience: (losses[stopped.reference(losses, patience)[0]], stopped.reference(losses, patience)[1]),
     "Asked for is the index of the look, not its loss."),
    ("the largest loss", lambda losses, patience: _stop(losses, patience, lambda a, b: a > b),
     "A loss is better when it is lower."),
    ("the count does not begin anew at a new lowest", lambda losses, patience: _stop_in_all(losses, patience),
     "Looks *in a row* are counted: a new lowest sets the count back to 0."),
    ("the number of looks in place of the last one, where it never stops",
     lambda losses, patience: (
         (r := stopped.reference(losses, patience))[0], r[1] if r[1] - r[0] >= patience else len(losses)),
     "Looks are counted from 0: the last of n looks is n − 1."),
]
# fmt: on

# 4. Early stopping as a penalty ----------------------------------------------------------------------------------


@exercise(
    cases={
        "small rates": [(0.1, 100), (0.01, 1000), (0.001, 50)],
        "others": [(0.5, 10), (2.0, 4), (0.3, 7), (0.05, 3)],
        "one step": [(0.1, 1), (0.7, 1)],
    },
    hints=[
        "In a direction of curvature h, t steps have learnt 1 − (1 − ηh)ᵗ. For a small h that is about … times h.",
        "A penalty leaves h/(h + λ). For a small h that is about h/λ.",
        "The two are to be equal for small h: ηt = 1/λ.",
    ],
)
def matching_lambda(lr, steps):
    """The λ whose penalty ½λ‖w‖² leaves, of directions of very small curvature, what so many steps have learnt.

    lr: η; steps: t ≥ 1.
    Returns a number.
    """
    return 1 / (lr * steps)


# fmt: off
matching_lambda.mistakes += [  # what was done, the wrong formula, where to look
    ("upside down: ηt", lambda lr, steps: lr * steps,
     "More steps are less of a penalty."),
    ("η is lost: 1/t", lambda lr, steps: 1 / steps,
     "Half the rate with the same steps learns half as much. Where is η?"),
    ("t is lost: 1/η", lambda lr, steps: 1 / lr,
     "Right for one step. What do more steps change?"),
    ("η/t", lambda lr, steps: lr / steps,
     "With a larger η more is learnt: is that more of a penalty, or less?"),
    ("t/η", lambda lr, steps: steps / lr,
     "With more steps more is learnt: is that more of a penalty, or less?"),
    ("2/(ηt)", lambda lr, steps: 2 / (lr * steps),
     "The penalty is ½λ‖w‖² and its slope λw: no 2 is left over."),
    ("1/(2ηt)", lambda lr, steps: 1 / (2 * lr * steps),
     "The penalty is ½λ‖w‖² and its slope λw: no 2 is left over."),
    ("a root: 1/√(ηt)", lambda lr, steps: 1 / np.sqrt(lr * steps),
     "For a small h both parts are proportional to h. Compare ηt h with h/λ."),
    ("e^(−ηt)", lambda lr, steps: np.exp(-lr * steps),
     "That is what is left to learn where h = 1. Here h is very small."),
    ("(1 − η)ᵗ", lambda lr, steps: (1 - lr) ** steps,
     "That is what is left to learn where h = 1. Here h is very small."),
    ("1 − (1 − η)ᵗ", lambda lr, steps: 1 - (1 - lr) ** steps,
     "That is what is learnt where h = 1. Set it equal to h/(h + λ), for a very small h."),
    ("exact for h = 1 only",
     lambda lr, steps: (1 - lr) ** steps / (1 - (1 - lr) ** steps),
     "There the two parts are equal at h = 1. Asked for are directions of very small curvature."),
    ("a square: 1/(ηt)²", lambda lr, steps: 1 / (lr * steps) ** 2,
     "For a small h both parts are proportional to h. Compare ηt h with h/λ."),
    ("a step is counted too many: 1/(η(t + 1))", lambda lr, steps: 1 / (lr * (steps + 1)),
     "(1 − ηh)ᵗ is about 1 − tηh: after t steps, t of them count."),
]
# fmt: on

# 5. AdamW, to be repaired ----------------------------------------------------------------------------------------


def _adam(lr, lam, change, corrected=True):
    """Adam on noise, 12 steps; change(w, g, step, m_hat, v_hat, lr, lam) → the new w."""
    w, m, v, seen = np.ones(2), np.zeros(2), np.zeros(2), []
    for t in range(1, 13):
        g = experiments.noisy_gradient(t)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = (m / (1 - 0.9**t), v / (1 - 0.999**t)) if corrected else (m, v)
        w = change(w, g, lr * m_hat / (np.sqrt(v_hat) + 1e-8), m_hat, v_hat, lr, lam)
        seen.append(w)
    return np.array(seen)


def _noted(lr, lam, note):
    """Plain Adam; note(w) is what is noted of the new w, which goes on as it is."""
    return note(_adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step))


def adam_decay_as_given(lr, lam):
    """Adam with the decay in the gradient, where v̂ divides it."""
    return _within(lr, lam, lambda w, g, lam: g + lam * w, lambda w, g, lam: g + lam * w, 0.0)


def _within(lr, lam, for_m, for_v, outside):
    """Adam whose averages see something else than g; `outside`: how much of ηλw is subtracted outside as well."""
    w, m, v, seen = np.ones(2), np.zeros(2), np.zeros(2), []
    for t in range(1, 13):
        g = experiments.noisy_gradient(t)
        m = 0.9 * m + 0.1 * for_m(w, g, lam)
        v = 0.999 * v + 0.001 * for_v(w, g, lam) ** 2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + 1e-8) - outside * lr * lam * w
        seen.append(w)
    return np.array(seen)


@repair(
    adam_decay_as_given,
    cases={"usual": [(0.01, 0.5), (0.005, 2.0)], "large": [(0.1, 1.0), (0.05, 5.0)], "small": [(0.001, 0.1)]},
    hints=[
        "Which lines see λ? Everything that goes into m and v is divided by √v̂ in the end.",
        "The gradient alone goes into the two averages. Where is the one line in which w changes?",
        "Shrink w by the part ηλ, in the line that takes the step, outside the fraction.",
    ],
)
def adam_decay(lr, lam):
    """Twelve steps of AdamW from (1, 1), with gradients that are noise: decoupled decay, w shrinks by ηλw.

    lr: η; lam: λ.
    Returns the points, shape (12, 2).
    """
    w, m, v, seen = np.ones(2), np.zeros(2), np.zeros(2), []
    for t in range(1, 13):
        g = experiments.noisy_gradient(t)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - lr * (m_hat / (np.sqrt(v_hat) + 1e-8) + lam * w)
        seen.append(w)
    return np.array(seen)


# fmt: off
adam_decay.mistakes += [  # what was done, the wrong loop, where to look
    ("the decay is left out", lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step),
     "That is plain Adam. The weights are to shrink, only not by way of the averages."),
    ("the decay goes into m, and not into v",
     lambda lr, lam: _within(lr, lam, lambda w, g, lam: g + lam * w, lambda w, g, lam: g, 0.0),
     "What is in m is still divided by √v̂."),
    ("the decay goes into v, and not into m",
     lambda lr, lam: _within(lr, lam, lambda w, g, lam: g, lambda w, g, lam: g + lam * w, 0.0),
     "There it only makes the steps shorter; no weight shrinks by it."),
    ("the decay is added after the averages, and divided by √v̂",
     lambda lr, lam: _adam(lr, lam, lambda w, g, s, m, v, lr, lam: w - lr * (m + lam * w) / (np.sqrt(v) + 1e-8)),
     "It is divided by √v̂ after all: close the fraction before it."),
    ("λ without η",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lam * w),
     "The decay of a step is ηλw. Without η a λ of 1 leaves nothing of w."),
    ("the weights grow",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step + lr * lam * w),
     "Which sign makes a weight smaller?"),
    ("the new weights shrink, not the old ones",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: (w - step) * (1 - lr * lam)),
     "Then a part of the step itself is taken back. The decay is that of the w with which the step began."),
    ("all is divided by 1 + ηλ", lambda lr, lam: _adam(
        lr, lam, lambda w, g, step, m, v, lr, lam: (w - step) / (1 + lr * lam)),
     "For a small ηλ that is nearly it. AdamW takes ηλw away, of the w with which the step began."),
    ("the decay is outside, and in the gradient as well",
     lambda lr, lam: _within(lr, lam, lambda w, g, lam: g + lam * w, lambda w, g, lam: g + lam * w, 1.0),
     "Now the weights shrink twice. Do the averages still see λ?"),
    ("η²: the decay is multiplied by η twice",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr**2 * lam * w),
     "The decay of a step is ηλw, with one η."),
    ("the sign of w: an L1 decay",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam * np.sign(w)),
     "All weights then shrink by the same amount. They are to shrink by the same part."),
    ("the decay is not multiplied by w",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam),
     "That pushes all weights down, the negative ones away from 0. They are to shrink by the same part."),
    ("twice as much decay",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - 2 * lr * lam * w),
     "Here λ itself is the decay: a step takes away the part ηλ."),
    ("half as much decay",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam / 2 * w),
     "Here λ itself is the decay: a step takes away the part ηλ."),
    ("the gradient is decayed, not the weights",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam * g),
     "It is the weights that are to shrink: λ times w, not λ times g."),
    ("the first average is decayed, not the weights",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam * m),
     "It is the weights that are to shrink: λ times w, not λ times m̂."),
    ("the decay is only noted, and w goes on without it",
     lambda lr, lam: _noted(lr, lam, lambda w: w - lr * lam * w),
     "It is w itself that is to shrink, in every step: the next step begins where this one has ended."),
    ("the averages are not corrected any more",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lr * lam * w, corrected=False),
     "The averages begin at 0: m̂ and v̂ were right as they stood. Only the place of the decay is to change."),
    ("the averages are not corrected any more; and λ without η",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: w - step - lam * w, corrected=False),
     "The averages begin at 0: m̂ and v̂ were right as they stood. And the decay of a step is ηλw."),
    ("the new weights times 1 − λ, without η",
     lambda lr, lam: _adam(lr, lam, lambda w, g, step, m, v, lr, lam: (1 - lam) * (w - step)),
     "The decay of a step is ηλw, of the w with which the step began. Without η a λ of 1 leaves nothing of w."),
]
# fmt: on

# 6. An ensemble --------------------------------------------------------------------------------------------------

_RNG = np.random.default_rng(6)
_Z = 2 * _RNG.standard_normal((3, 4, 5))


def _softmax(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _votes(z):
    return np.eye(z.shape[-1])[z.argmax(-1)].mean(0)


@exercise(
    cases={
        "three networks": [(_Z,), (3 * _Z[:, :2],)],
        "two that disagree": [(np.array([[[4.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]]),)],
        "one network": [(_Z[:1],)],
        "as many examples as networks": [(_Z[:, :3, :3],)],
        "large logits": [(np.array([[[800.0, 0.0, 1.0]], [[0.0, -900.0, 1.0]]]),)],
    },
    hints=[
        "What are the three axes, and which two belong to one answer of one network?",
        "First each network's probabilities, a softmax over the classes; subtract the largest logit before `np.exp`.",
        "Then the mean of them over the networks, axis 0.",
    ],
)
def ensemble(logits):
    """The probabilities that an ensemble gives: the mean of its members' probabilities.

    logits: shape (members, examples, classes).
    Returns an array of shape (examples, classes), whose rows sum to 1.
    """
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).mean(axis=0)


# fmt: off
ensemble.mistakes += [  # what was done, the wrong formula, where to look
    ("softmax of the mean logits", lambda logits: _softmax(logits.mean(0)),
     "A member that is very sure then outvotes the others. (It is the geometric mean of the probabilities, rescaled.)"),
    ("the sum in place of the mean", lambda logits: _softmax(logits).sum(0),
     "The rows then sum to the number of members."),
    ("a vote: each member's first choice", lambda logits: _votes(logits),
     "A vote throws away how sure each member is."),
    ("the largest probability in place of the mean", lambda logits: _softmax(logits).max(0),
     "The rows no longer sum to 1."),
    ("the median in place of the mean", lambda logits: np.median(_softmax(logits), 0),
     "For two members the same. For three the rows no longer sum to 1."),
    ("the first member alone", lambda logits: _softmax(logits)[0],
     "Right for one network."),
    ("the last member alone, divided by how many there are", lambda logits: _softmax(logits)[-1] / len(logits),
     "All members are added up first. Is the sum set back to 0 in each round?"),
    ("the last member alone", lambda logits: _softmax(logits)[-1],
     "Right for one network. What becomes of the other members?"),
    ("the mean over the examples", lambda logits: _softmax(logits).mean(1),
     "Which axis counts the members?"),
    ("softmax over the members", lambda logits: _softmax(logits, 0).mean(0),
     "Probabilities belong to the classes of one example: which axis is that?"),
    ("softmax over the examples", lambda logits: _softmax(logits, 1).mean(0),
     "Probabilities belong to the classes of one example: which axis is that?"),
    ("softmax over everything", lambda logits: _softmax(logits.reshape(1, -1)).reshape(logits.shape).mean(0),
     "Each example of each member sums to 1 for itself."),
    ("the mean logits, without softmax", lambda logits: logits.mean(0),
     "Asked for are probabilities."),
    ("the logarithm of the mean", lambda logits: np.log(np.maximum(_softmax(logits).mean(0), 1e-300)),
     "The probabilities themselves are asked for."),
    ("softmax twice", lambda logits: _softmax(_softmax(logits)).mean(0),
     "These are probabilities already after the first softmax."),
    ("the geometric mean, not rescaled",
     lambda logits: np.exp(np.log(np.maximum(_softmax(logits), 1e-300)).mean(0)),
     "The rows no longer sum to 1, and one member that says 0 decides alone."),
    ("the exponentials are not divided by their sum", lambda logits: np.exp(logits).mean(0),
     "Probabilities: for each network and each example they sum to 1 over the classes."),
    ("the mean of the exponentials, divided by its sum", lambda logits: (
        lambda e: e / e.sum(-1, keepdims=True))(np.exp(logits).mean(0)),
     "Then a network with large logits counts more. First each network's probabilities, then their mean."),
    ("a sigmoid for each class", lambda logits: (1 / (1 + np.exp(-logits))).mean(0),
     "The rows do not sum to 1: the classes share one probability. Softmax, over the classes."),
    ("the mean of the logarithms of the probabilities", lambda logits: np.log(_softmax(logits)).mean(0),
     "Asked for are probabilities, and their mean."),
    ("the mean of the logarithms of the probabilities, by an exponential that overflows",
     lambda logits: (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).mean(0),
     "Asked for are probabilities, and their mean. And subtract the largest logit before `np.exp`."),
    ("powers of 2 in place of e", lambda logits: (lambda e: e / e.sum(-1, keepdims=True))(np.exp2(
        logits - logits.max(-1, keepdims=True))).mean(0),
     "Softmax has base e."),
    ("the members are not averaged", lambda logits: _softmax(logits),
     "That is an answer of each network. Their mean is asked for: over which axis?"),
    ("softmax of the summed logits", lambda logits: _softmax(logits.sum(0)),
     "A sum makes the members surer than any of them is. The mean is taken of their probabilities."),
    ("the exponentials are averaged before they are divided",
     lambda logits: (e := np.exp(logits - logits.max(-1, keepdims=True)).mean(0)) / e.sum(-1, keepdims=True),
     "Each member's numbers have to sum to 1 first: then take the mean."),
    ("the first choice of the mean, as a 1 among zeros",
     lambda logits: np.eye(logits.shape[-1])[_softmax(logits).mean(0).argmax(-1)],
     "That is what it decides for. Asked for is how sure it is: the mean itself."),
]
# fmt: on

# 7. Gradient penalty ---------------------------------------------------------------------------------------------


@exercise(
    cases={
        "usual": [(4.0, 10.0), (1.0, 10.0), (0.5, 5.0)],
        "a weak penalty": [(4.0, 1.0), (3.0, 0.5), (10.0, 0.1)],
        "a strong one": [(2.0, 1000.0)],
        "the two points are one": [(0.0, 10.0)],
    },
    hints=[
        "At the maximum the derivative with respect to w is 0.",
        "The derivative of (w − 1)² is 2(w − 1).",
        "d = 2λ(w − 1). Solve for w.",
    ],
)
def best_slope(distance, lam):
    """The slope w for which w·d − λ(w − 1)² is largest.

    distance: d ≥ 0, between a real and a made point; lam: λ > 0, the weight of the gradient penalty.
    Returns a number.
    """
    return 1 + distance / (2 * lam)


# fmt: off
best_slope.mistakes += [  # what was done, the wrong formula, where to look
    ("1, whatever the distance", lambda distance, lam: 1.0,
     "The penalty pulls the slope towards 1; the first term pulls it up. Where do the two balance?"),
    ("without the 2", lambda distance, lam: 1 + distance / lam,
     "The derivative of (w − 1)² is 2(w − 1)."),
    ("2d/λ", lambda distance, lam: 1 + 2 * distance / lam,
     "d = 2λ(w − 1): on which side does the 2 end up?"),
    ("a minus", lambda distance, lam: 1 - distance / (2 * lam),
     "A larger slope parts the two points further: the first term pulls it up."),
    ("the 1 is lost", lambda distance, lam: distance / (2 * lam),
     "That is how far it is above 1."),
    ("upside down", lambda distance, lam: 1 + lam / (2 * distance) if distance else np.inf,
     "A stronger penalty keeps the slope nearer to 1."),
    ("λ above the line", lambda distance, lam: 1 + lam * distance / 2,
     "A stronger penalty keeps the slope nearer to 1."),
    ("4λ in place of 2λ", lambda distance, lam: 1 + distance / (4 * lam),
     "The derivative of (w − 1)² is 2(w − 1), and there is no other 2."),
    ("a root", lambda distance, lam: 1 + np.sqrt(distance / (2 * lam)),
     "The derivative of a square is linear: no root is left."),
    ("a square", lambda distance, lam: 1 + (distance / (2 * lam)) ** 2,
     "d = 2λ(w − 1) is linear in w."),
    ("the value in place of the slope", lambda distance, lam: distance + distance**2 / (4 * lam),
     "That is how large the whole becomes. At which w?"),
    ("the larger of 1 and d/(2λ)", lambda distance, lam: max(1.0, distance / (2 * lam)),
     "The two add up: the penalty is 0 at w = 1, and d pulls from there."),
    ("a root: 1 + √(d/λ)", lambda distance, lam: 1 + np.sqrt(distance / lam),
     "d = 2λ(w − 1) is linear in w: no root comes in."),
    ("the derivative at d in place of the w at which it is 0",
     lambda distance, lam: distance - 2 * lam * (distance - 1),
     "The derivative with respect to w is d − 2λ(w − 1). For which w is it 0?"),
    ("looked for below 10 only", lambda distance, lam: min(1 + distance / (2 * lam), 10.0),
     "With a weak penalty the best slope lies further out. It can be computed exactly: where is the derivative 0?"),
    ("1 + 2λd", lambda distance, lam: 1 + 2 * lam * distance,
     "d = 2λ(w − 1): on which side do the 2 and the λ end up?"),
]
# fmt: on

# Questions -------------------------------------------------------------------------------------------------------

through_all = Predict(
    "15 points about a curve, with noise σ = 0.3. A polynomial of degree 14 passes through all of them; one of "
    "degree 4 does not. By which factor is the first one's mean squared error on new points larger, in the "
    "median of 200 draws of the noise?",
    experiments.ratio_of_errors,
    factor=2,
    why="Between the points, and most of all near the ends, the polynomial that meets each of them swings far off.",
)

threshold = Predict(
    "Least squares on 200 digits with p random features. p = 80 features get 12.8 % of the held-out digits wrong. With "
    "p = 200, as many as there are digits, all training digits are met exactly. How many per cent of the held-out ones "
    "are wrong?",
    experiments.at_the_threshold,
    tolerance=15,
    why="With p = n there is just one W that meets all digits, and it has to be huge. With more features there are "
    "many, and the shortest of them is short again.",
)

later = Predict(
    "After 421 steps a network with λ = 0.1 has 99 % of its training digits right, and 55 % of the held-out ones. "
    "It is trained on. How many per cent of the held-out ones are right after 2,000 steps?",
    experiments.held_out_late,
    tolerance=7,
    why="The training digits are learnt; the decay goes on, and takes away what the start had put into the weights.",
)

torch_decay = Choice(
    "In a paper: mean loss on n = 1,000 examples plus λ/(2n) Σ w², λ = 0.5, gradient descent. Which `weight_decay` "
    "does `torch.optim.SGD` need for the same steps?",
    {
        "a": ("0.5", "`weight_decay` is what is multiplied with w and added to the gradient. Here that is λ/n."),
        "b": ("0.00025", "That is λ/(2n). The derivative of w² brings a 2."),
        "c": ("0.0005", "Yes: the gradient of the penalty is λ/n · w, and torch adds `weight_decay` · w."),
        "d": ("it depends on the learning rate", "In SGD the decay is part of the gradient, and η multiplies both."),
    },
    correct="c",
)

gap = Choice(
    "Training 100 %, held out 88 %, clean labels, few examples. You raise λ until training falls to 93 %. Then …",
    {
        "a": ("Held-out accuracy has gone up by about 7 %.", "The gap gets smaller; that alone helps nobody. It may "
              "close from above."),
        "b": ("The gap is smaller. Whether held-out digits gain has to be measured.", "Yes. On the clean digits "
              "of this chapter no λ of the table gains a whole per cent; with wrong labels it gains several."),
        "c": ("Nothing: λ only acts at the start of training.", "It acts in every step; training accuracy just fell "
              "because of it."),
        "d": ("The network has too few weights.", "It met all training digits before λ was raised."),
    },
    correct="b",
)  # fmt: skip

at_test = Choice(
    "Somebody forgets to switch (inverted) dropout with p = 0.5 off at test. What happens?",
    {
        "a": ("The outputs are twice as large as they should be.", "Inverted dropout keeps the mean, masks on."),
        "b": ("Nothing, as the mean of each number is the same.", "The mean of a sum is the same; each single answer "
              "has the noise of a mask in it, and what is not linear shifts."),
        "c": ("The answers get noisy: another one each time, and mostly worse.", "Yes. Averaged over many masks they "
              "are a kind of ensemble; a single one is not."),
        "d": ("The outputs are half as large as they should be.", "That would happen with masks and no scaling."),
    },
    correct="c",
)  # fmt: skip

mean_of_weights = Choice(
    "Ten networks, trained from ten different starts, each 90 % right. You take the mean of their *weights*. The one "
    "network that results is …",
    {
        "a": ("as a rule much worse than each of them", "Yes: hidden unit 3 of one network has nothing to do "
              "with unit 3 of another. Their answers can be averaged, or weights along one and the same run."),
        "b": ("as good as the mean of their answers", "Only where the answer is linear in the weights."),
        "c": ("better than each of them", "That may hold for weights of one run, or of runs with a common start."),
        "d": ("exactly 90 % right", "There is no law that says so; the figure shows far less."),
    },
    correct="a",
)  # fmt: skip

peak = Choice(
    "Least squares with as many features as examples does badly on new ones. Which of these can help?",
    {
        "a": ("only fewer features", "More of them may help as well: the error falls again beyond the peak."),
        "b": ("fewer features, more features, or some L2", "Yes: the first two lead away from the peak, λ levels it."),
        "c": ("more training, until the loss is 0", "At the peak the training error is 0 already."),
        "d": ("fewer examples, always", "It moves the peak, and so it can help right there. Away from the peak "
              "fewer examples are no help."),
    },
    correct="b",
)  # fmt: skip
