"""The exercises of chapter 07: Adam."""

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.kinds import pair
from optim_core.exercises.running import by_place
from optim_core.exercises.steps import read

from . import experiments


def as_step(function):
    """A student's (w, m, v, g, t, lr, beta1, beta2, eps) → (w, m, v) as a step for `descend`; None if blank."""
    if has_blank(function) or not callable(function):
        return None

    function = by_place(function, ["w", "m", "v", "g", "t", "lr", "beta1", "beta2", "eps"])

    def step(w, grad, t, m=0.0, v=0.0, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        new = function(w.copy(), m.copy(), v.copy(), grad(w), t, lr, beta1, beta2, eps)
        return read(new, w, w="the point", m="the average m", v="the average v")

    return step


def beside(function):
    """The experiment of a figure in which a student's Adam runs beside ours on a stream of gradients.

    function: as for `as_step`. While it has a blank in it, only ours is shown; where it cannot run, too, with a note.
    """
    step = as_step(function)

    def experiment(stream, size, beta1, beta2):
        gradients, betas, note = experiments.stream(stream, size), dict(beta1=beta1, beta2=beta2), ""
        runs = {"ours": experiments.follow(experiments.adam, gradients, **betas)}
        if step is not None:
            try:
                runs["yours"] = experiments.follow(step, gradients, **betas)
            except Exception as error:  # whatever a student's function does
                note = f"{type(error).__name__}: {error}"
        return gradients, size, runs, beta1, beta2, note

    return experiment


# 1. Adam -------------------------------------------------------------------------------------------------------------

_W, _M, _V, _G = np.array([2.0, -1.0]), np.array([0.3, -0.2]), np.array([0.5, 0.04]), np.array([1.5, -0.4])
ADAM = {
    "in the middle of a run": [
        (_W, _M, _V, _G, 3, 0.1, 0.9, 0.99, 1e-8),
        (np.array([-3.0, 0.5]), np.array([-1.0, 2.0]), np.array([4.0, 9.0]), np.array([0.5, 3.0]), 7, 0.02, 0.8, 0.95,
         1e-8),
        (_W, np.array([0.1, 0.6]), np.array([0.2, 1.0]), np.array([-2.0, 0.7]), 12, 0.3, 0.5, 0.9, 1e-8),
    ],
    "one parameter, or three": [
        (np.array([1.5]), np.array([-0.6]), np.array([0.8]), np.array([0.9]), 5, 0.2, 0.7, 0.9, 1e-8),
        (np.arange(1.0, 4.0), np.array([0.1, -0.2, 0.3]), np.array([0.5, 2.0, 0.1]), np.array([1.0, 0.3, -0.2]), 2,
         0.05, 0.9, 0.999, 1e-8),
    ],
    "the first step (t = 1, m = v = 0)": [(_W, 0 * _M, 0 * _V, _G, 1, 0.1, 0.9, 0.99, 1e-8)],
    "a parameter without a gradient": [
        (_W, _M, _V, np.array([0.0, -0.4]), 4, 0.1, 0.9, 0.99, 1e-8),
        (_W, np.array([0.0, 0.2]), np.array([0.0, 0.3]), np.array([0.0, 1.0]), 4, 0.1, 0.9, 0.99, 1e-3),  # nor ever had
    ],
    "a large ε": [(_W, _M, _V, _G, 3, 0.1, 0.9, 0.99, 0.5), (_W, _M, 0.01 * _V, 0.1 * _G, 2, 0.1, 0.9, 0.99, 0.1)],
}  # fmt: skip


@pair(
    "the point",
    "m",
    "v",
    cases=ADAM,
    hints=[
        "Two averages, two corrections, one step: five lines, in the order of the algorithm.",
        "`m` keeps the part beta1 of itself and takes 1 − beta1 of the gradient; `v` likewise, with beta2 and g².",
        "An average that began at 0 has, after t steps, weights that add up to 1 − βᵗ only. Divide by that, in new "
        "names: the corrected averages are for this step; `m` and `v` go on as they are.",
    ],
)
def adam_step(w, m, v, g, t, lr, beta1, beta2, eps):
    """One step of Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − η m̂/(√v̂ + ε).

    w: the point; m, v: the averages so far; g: the gradient; all of shape (n,); t: 1 in the first step; lr: η;
    beta1, beta2, eps: β₁, β₂, ε. m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ), with the new m and v.
    Returns the new point and the new averages, (w, m, v).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
    return w, m, v


def _adam(
    m=lambda m, g, b: b * m + (1 - b) * g,
    v=lambda v, g, b: b * v + (1 - b) * g**2,
    m_hat=lambda m, b, t: m / (1 - b**t),
    v_hat=lambda v, b, t: v / (1 - b**t),
    step=lambda m_hat, v_hat, lr, eps: lr * m_hat / (np.sqrt(v_hat) + eps),
    back=lambda w, m, v, old: (w, m, v),
):
    """Adam with one of its lines replaced."""
    new_m, new_v = m, v

    def wrong(w, m, v, g, t, lr, beta1, beta2, eps):
        old = (w, m, v)
        m, v = new_m(m, g, beta1), new_v(v, g, beta2)
        w = w - step(m_hat(m, beta1, t), v_hat(v, beta2, t), lr, eps)
        return back(w, m, v, old)

    return wrong


def _unrooted(w, m, v, g, t, lr, beta1, beta2, eps):
    """Adam whose m̂ has a root too."""
    _, m, v = adam_step.reference(w, m, v, g, t, lr, beta1, beta2, eps)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * np.sign(m_hat) * np.sqrt(np.abs(m_hat)) / (np.sqrt(v_hat) + eps), m, v


def _from(w, m, v, g, t, lr, beta1, beta2, eps, old_m=False, old_v=False, raw=False):
    """Adam whose step uses the old m, the old v, or the gradient itself."""
    _, new_m, new_v = adam_step.reference(w, m, v, g, t, lr, beta1, beta2, eps)
    m_hat = (g if raw else m if old_m else new_m) / (1 if raw else 1 - beta1**t)
    v_hat = (v if old_v else new_v) / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), new_m, new_v


def _before_the_correction(w, m, v, g, t, lr, beta1, beta2, eps):
    _, m, v = adam_step.reference(w, m, v, g, t, lr, beta1, beta2, eps)
    return w - lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps), m, v


def _v_of_m(w, m, v, g, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _one_beta(which):
    """Adam that corrects both averages with β₁ (0) or with β₂ (1)."""

    def wrong(w, m, v, g, t, lr, beta1, beta2, eps):
        _, m, v = adam_step.reference(w, m, v, g, t, lr, beta1, beta2, eps)
        part = 1 - (beta1, beta2)[which] ** t
        return w - lr * (m / part) / (np.sqrt(v / part) + eps), m, v

    return wrong


def _keeps_the_hats(w, m, v, g, t, lr, beta1, beta2, eps):
    w, m, v = adam_step.reference(w, m, v, g, t, lr, beta1, beta2, eps)
    return w, m / (1 - beta1**t), v / (1 - beta2**t)


# fmt: off
adam_step.mistakes += [  # what was done, the wrong step, where to look
    ("the corrections multiply in place of dividing",
     _adam(m_hat=lambda m, b, t: m * (1 - b**t), v_hat=lambda v, b, t: v * (1 - b**t)),
     "The averages are too small at first. Does multiplying with a number below 1 make them larger?"),
    ("the corrections divide by 1 − β, whatever t is",
     _adam(m_hat=lambda m, b, t: m / (1 - b), v_hat=lambda v, b, t: v / (1 - b)),
     "That is right for the first step only. What do the weights of the average add up to after t steps?"),
    ("the corrections count one step too many: βᵗ⁺¹",
     _adam(m_hat=lambda m, b, t: m / (1 - b ** (t + 1)), v_hat=lambda v, b, t: v / (1 - b ** (t + 1))),
     "t is 1 in the first step, not 0: it needs no + 1."),
    ("the corrections count one step too few: βᵗ⁻¹",
     _adam(m_hat=lambda m, b, t: m / (1 - b ** (t - 1)), v_hat=lambda v, b, t: v / (1 - b ** (t - 1))),
     "At t = 1 you divide by 0. How many gradients are in the new m?"),
    ("there is no correction",
     _adam(m_hat=lambda m, b, t: m, v_hat=lambda v, b, t: v),
     "Both averages start at 0. What is needed before they can be used in the first step?"),
    ("only v is corrected",
     _adam(m_hat=lambda m, b, t: m),
     "m started at 0 as well."),
    ("only m is corrected",
     _adam(v_hat=lambda v, b, t: v),
     "v started at 0 as well."),
    ("the corrections divide by βᵗ in place of 1 − βᵗ",
     _adam(m_hat=lambda m, b, t: m / b**t, v_hat=lambda v, b, t: v / b**t),
     "βᵗ is the weight that still lies on the start, 0. The gradients have the rest."),
    ("the corrections divide by 1 − βt: a product in place of a power",
     _adam(m_hat=lambda m, b, t: m / (1 - b * t), v_hat=lambda v, b, t: np.abs(v / (1 - b * t))),
     "After t steps the start has been multiplied with β t times."),
    ("the corrections divide by 1 − βt, a product in place of a power, which is soon below 0",
     _adam(m_hat=lambda m, b, t: m / (1 - b * t), v_hat=lambda v, b, t: v / (1 - b * t)),
     "After t steps the start has been multiplied with β t times: how small is that?"),
    ("the root is missing",
     _adam(step=lambda m_hat, v_hat, lr, eps: lr * m_hat / (v_hat + eps)),
     "v̂ has the unit of g². Which function of it has the unit of g?"),
    ("ε stands inside the root",
     _adam(step=lambda m_hat, v_hat, lr, eps: lr * m_hat / np.sqrt(v_hat + eps)),
     "Some books write it so. Algorithm 1 of the paper, torch and this course have it outside."),
    ("ε is added to the weights: a bracket is missing",
     _adam(step=lambda m_hat, v_hat, lr, eps: lr * m_hat / np.where(v_hat > 0, np.sqrt(v_hat), np.inf) + eps),
     "What is divided by what? ε belongs below the line, with √v̂."),
    ("ε is added to √v before the correction, as TensorFlow does",
     _before_the_correction,
     "The paper's shorter form (end of section 2) has another ε for it. Here √v̂ comes first, then + eps."),
    ("there is no ε",
     _adam(step=lambda m_hat, v_hat, lr, eps: lr * m_hat / np.sqrt(v_hat)),
     "What happens to a weight whose gradient has always been 0?"),
    ("v averages m², not g²",
     _v_of_m,
     "v is about the single gradients, so that it knows how much they vary. m has smoothed that away."),
    ("both corrections use β₁",
     _one_beta(0),
     "Each average is corrected with the β that made it."),
    ("both corrections use β₂",
     _one_beta(1),
     "Each average is corrected with the β that made it."),
    ("v averages the gradient, not its square",
     _adam(v=lambda v, g, b: b * v + (1 - b) * g, v_hat=lambda v, b, t: np.abs(v / (1 - b**t))),
     "Under the root has to be something that a change of sign in the gradient does not change."),
    ("v averages |g| in place of g²",
     _adam(v=lambda v, g, b: b * v + (1 - b) * np.abs(g)),
     "The root comes afterwards: what is averaged are squares."),
    ("the whole of (1 − β₂)g is squared in v",
     _adam(v=lambda v, g, b: b * v + ((1 - b) * g) ** 2),
     "Only the gradient is squared; its weight 1 − β₂ is not."),
    ("β₁ and β₂ are exchanged",
     lambda w, m, v, g, t, lr, beta1, beta2, eps: adam_step.reference(w, m, v, g, t, lr, beta2, beta1, eps),
     "β₁ belongs to the mean of the gradient, m; β₂ to the mean of its square, v."),
    ("1 − β₁ is left out: m is a sum",
     _adam(m=lambda m, g, b: b * m + g),
     "That is the velocity of the last chapter. Adam's m is an average: its weights add up to 1 in the end."),
    ("1 − β₂ is left out: v is a sum",
     _adam(v=lambda v, g, b: b * v + g**2),
     "v is an average: its weights add up to 1 in the end."),
    ("1 − β is left out in both averages",
     _adam(m=lambda m, g, b: b * m + g, v=lambda v, g, b: b * v + g**2),
     "Both are averages: the new gradient comes in with the part that the old average gives up."),
    ("β and 1 − β are exchanged in both averages",
     _adam(m=lambda m, g, b: (1 - b) * m + b * g, v=lambda v, g, b: (1 - b) * v + b * g**2),
     "β = 0.9 means that nine tenths of the old average stay."),
    ("the corrected averages are kept as the new m and v",
     _keeps_the_hats,
     "The correction is for this step's use. The next step goes on from m and v as they were averaged."),
    ("the step goes up the gradient",
     _adam(step=lambda m_hat, v_hat, lr, eps: -lr * m_hat / (np.sqrt(v_hat) + eps)),
     "The gradient points uphill."),
    ("the gradient itself stands above the line, in place of m̂",
     lambda *a: _from(*a, raw=True),
     "That is RMSProp, with a correction. Which average smooths the direction?"),
    ("m̂ has a root too",
     _unrooted,
     "m̂ has the unit of g as it is."),
    ("the step uses the old m",
     lambda *a: _from(*a, old_m=True),
     "First m takes in this gradient, then the step uses it."),
    ("the step uses the old v",
     lambda *a: _from(*a, old_v=True),
     "First v takes in this gradient, then the step uses it."),
    ("the answers come in the order w, v, m",
     _adam(back=lambda w, m, v, old: (w, v, m)),
     "First the point, then m, then v."),
    ("the old averages are returned",
     _adam(back=lambda w, m, v, old: (w, *old[1:])),
     "The point is right. The next step needs the new averages."),
    ("the learning rate is left out",
     _adam(step=lambda m_hat, v_hat, lr, eps: m_hat / (np.sqrt(v_hat) + eps)),
     "How long is a step when the gradient never changes? It should be lr."),
    ("all parameters share one v",
     _adam(v=lambda v, g, b: b * v + (1 - b) * np.mean(g**2)),
     "Each parameter has a v of its own: `g**2` works entry by entry."),
    ("only the point is returned",
     _adam(back=lambda w, m, v, old: w),
     "Without m and v the next step would have nothing to remember: `return w, m, v`."),
]
# fmt: on

# 2. Nadam ------------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "in the middle of a run": [
            (_M, _G, 3, 0.9),
            (np.array([-1.0, 2.0]), np.array([0.5, 3.0]), 7, 0.8),
            (np.array([0.4]), np.array([-0.9]), 2, 0.6),
            (np.array([0.1, -0.2, 0.3]), np.array([1.0, 0.3, -0.2]), 20, 0.95),
        ],
        "the first step (t = 1)": [(0.1 * _G, _G, 1, 0.9), (0.5 * _G, _G, 1, 0.5)],
        "a gradient of 0": [(_M, 0 * _G, 4, 0.9)],
        "no momentum (β₁ = 0)": [(_G, _G, 5, 0.0)],
    },
    hints=[
        "Two terms: what the momentum will bring in the next step, and what the gradient brings now.",
        "In the next step β₁ of today's m will be left, and there will be t + 1 gradients in it: that tells how it is "
        "corrected. The gradient comes in with its usual weight and today's correction.",
        "The first term is `beta1 * m` over 1 − β₁ to the power t + 1; the second has `(1 - beta1) * g` over 1 − β₁ᵗ.",
    ],
    terms={
        "the momentum's term": lambda m, g, t, beta1: beta1 * m / (1 - beta1 ** (t + 1)),
        "the gradient's term": lambda m, g, t, beta1: (1 - beta1) * g / (1 - beta1**t),
    },
)
def nadam_mhat(m, g, t, beta1):
    """Nadam's m̂: β₁ m/(1 − β₁ᵗ⁺¹) + (1 − β₁) g/(1 − β₁ᵗ), the average that Adam will have a step later, nearly.

    m: the average, this step's gradient already in it; g: the gradient; both of shape (n,); t: 1 in the first step.
    Returns m̂, of shape (n,).
    """
    return beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)


# fmt: off
nadam_mhat.mistakes += [  # what was done, the wrong average, where to look
    ("Adam's m̂", lambda m, g, t, b: m / (1 - b**t), "That has no look ahead in it: how will m be in the next step?"),
    ("both terms are corrected with t", lambda m, g, t, b: (b * m + (1 - b) * g) / (1 - b**t),
     "The momentum's term belongs to the next step: how many gradients will it hold then?"),
    ("both terms are corrected with t + 1", lambda m, g, t, b: (b * m + (1 - b) * g) / (1 - b ** (t + 1)),
     "The gradient's term belongs to this step."),
    ("the two corrections are exchanged", lambda m, g, t, b: b * m / (1 - b**t) + (1 - b) * g / (1 - b ** (t + 1)),
     "Which of the two terms looks a step ahead?"),
    ("there is no correction", lambda m, g, t, b: b * m + (1 - b) * g,
     "Both terms began at 0, and are too small at first."),
    ("the gradient's term is not corrected", lambda m, g, t, b: b * m / (1 - b ** (t + 1)) + (1 - b) * g,
     "The momentum's term is right."),
    ("the momentum's term is not corrected", lambda m, g, t, b: b * m + (1 - b) * g / (1 - b**t),
     "The gradient's term is right."),
    ("β₁ and 1 − β₁ are exchanged", lambda m, g, t, b: (1 - b) * m / (1 - b ** (t + 1)) + b * g / (1 - b**t),
     "β₁ is what is left of the average, 1 − β₁ what the gradient brings."),
    ("β₁ is left out before m", lambda m, g, t, b: m / (1 - b ** (t + 1)) + (1 - b) * g / (1 - b**t),
     "In the next step only a part of today's m will be left."),
    ("1 − β₁ is left out before g", lambda m, g, t, b: b * m / (1 - b ** (t + 1)) + g / (1 - b**t),
     "The gradient comes in with its usual weight."),
    ("the gradient's term is left out", lambda m, g, t, b: b * m / (1 - b ** (t + 1)),
     "The gradient of the next step is not known. What stands in for it?"),
    ("the corrections multiply", lambda m, g, t, b: b * m * (1 - b ** (t + 1)) + (1 - b) * g * (1 - b**t),
     "The terms are too small at first: does that make them larger?"),
    ("the corrections divide by 1 − β₁", lambda m, g, t, b: b * m / (1 - b) + g,
     "That forgets t: the correction fades in the course of the run."),
    ("the second term is taken away", lambda m, g, t, b: b * m / (1 - b ** (t + 1)) - (1 - b) * g / (1 - b**t),
     "Both terms point uphill; the minus comes later, in the step."),
    ("β₁² before m", lambda m, g, t, b: b * b * m / (1 - b ** (t + 1)) + (1 - b) * g / (1 - b**t),
     "One step ahead, so m is multiplied once."),
    ("the gradient is taken into m once more",
     lambda m, g, t, b: b * (b * m + (1 - b) * g) / (1 - b ** (t + 1)) + (1 - b) * g / (1 - b**t),
     "This step's gradient is in m already."),
    ("the gradient's term is corrected with t − 1",
     lambda m, g, t, b: b * m / (1 - b ** (t + 1)) + (1 - b) * g / (1 - b ** (t - 1)),
     "At t = 1 you divide by 0."),
    ("the gradient's term is divided by 1 − β₁, whatever t is", lambda m, g, t, b: b * m / (1 - b ** (t + 1)) + g,
     "That is the whole gradient, also late in the run. What do the weights add up to after t steps?"),
    ("the momentum's term is corrected with t + 2",
     lambda m, g, t, b: b * m / (1 - b ** (t + 2)) + (1 - b) * g / (1 - b**t),
     "One step ahead, not two."),
    ("the corrections divide by 1 − β₁t: a product in place of a power",
     lambda m, g, t, beta1: beta1 * m / (1 - beta1 * (t + 1)) + (1 - beta1) * g / (1 - beta1 * t),
     "After t steps β₁ has come in t times, as a factor each: β₁ᵗ."),
    ("both terms are corrected one step too early: with t and t − 1",
     lambda m, g, t, beta1: beta1 * m / (1 - beta1**t) + (1 - beta1) * g / (1 - beta1 ** (t - 1)),
     "At t = 1 the gradient has come in once. And the momentum's term belongs to the step after this one."),
]
# fmt: on

# 3. AMSGrad ----------------------------------------------------------------------------------------------------------

_MAX = np.array([0.2, 0.9])


@pair(
    "v",
    "v_max",
    "the root",
    cases={
        "in the middle of a run": [
            (_V, _MAX, _G, 3, 0.99),
            (np.array([4.0, 9.0]), np.array([5.0, 9.0]), np.array([0.5, 4.0]), 7, 0.9),
            (np.array([1.0, 0.1, 0.3]), np.array([1.0, 0.4, 0.3]), np.array([-2.0, 0.2, 0.1]), 12, 0.95),
            (np.array([0.8]), np.array([0.9]), np.array([0.7]), 4, 0.8),
        ],
        "v rises above all before": [
            (_V, _V, 10 * _G, 5, 0.9),
            (np.array([0.1]), np.array([0.2]), np.array([3.0]), 2, 0.5),
        ],
        "v falls": [(_V, _V, 0.1 * _G, 5, 0.9), (np.array([2.0]), np.array([3.0]), np.array([0.0]), 9, 0.99)],
        "the first step (t = 1, v = v_max = 0)": [(0 * _V, 0 * _V, _G, 1, 0.99)],
    },
    hints=[
        "Three lines: v as in Adam, then the largest v so far, then the root of that, corrected.",
        "`np.maximum` takes the larger of two arrays entry by entry.",
        "v goes on as in Adam, and `v_max` remembers. The correction comes after the maximum: divide v_max by 1 − β₂ᵗ.",
    ],
)
def amsgrad_root(v, v_max, g, t, beta2):
    """AMSGrad's denominator: v ← β₂v + (1 − β₂)g², v_max ← max(v_max, v), and √(v_max/(1 − β₂ᵗ)).

    v, v_max, g: shape (n,); t: 1 in the first step. Returns the new v, the new v_max, and the root.
    """
    v = beta2 * v + (1 - beta2) * g**2
    v_max = np.maximum(v_max, v)
    root = np.sqrt(v_max / (1 - beta2**t))
    return v, v_max, root


def _v(v, g, b):
    return b * v + (1 - b) * g**2


def _ams(v_max, root=lambda v, top, t, b: np.sqrt(top / (1 - b**t)), back=lambda v, top, root: (v, top, root)):
    """AMSGrad with another maximum, root, or answer."""

    def wrong(v, old, g, t, beta2):
        new = _v(v, g, beta2)
        top = v_max(v, new, old, g, t, beta2)
        return back(new, top, root(new, top, t, beta2))

    return wrong


def _right_max(v, new, old, g, t, b):
    return np.maximum(old, new)


def _turned_round(v, v_max, g, t, beta2):
    v = (1 - beta2) * v + beta2 * g**2
    v_max = np.maximum(v_max, v)
    return v, v_max, np.sqrt(v_max / (1 - beta2**t))


# fmt: off
amsgrad_root.mistakes += [  # what was done, the wrong answer, where to look
    ("the maximum is taken before v takes in this gradient", _ams(lambda v, new, old, g, t, b: np.maximum(old, v)),
     "First v changes; then the new v is compared."),
    ("the smaller of the two is kept", _ams(lambda v, new, old, g, t, b: np.minimum(old, new)),
     "What should never be forgotten is the largest."),
    ("the maximum is over the parameters", _ams(lambda v, new, old, g, t, b: np.full_like(new, new.max())),
     "Each parameter has a largest v of its own: over time, not over its neighbours."),
    ("v goes on from the maximum",
     _ams(_right_max, back=lambda v, top, root: (top, top, root)),
     "The average itself goes on as in Adam; only v_max remembers."),
    ("the correction comes before the maximum",
     _ams(lambda v, new, old, g, t, b: np.maximum(old, new / (1 - b**t)), lambda v, top, t, b: np.sqrt(top)),
     "That is optax's order, another path. Here v_max keeps the largest v as it was averaged."),
    ("there is no correction", _ams(_right_max, lambda v, top, t, b: np.sqrt(top)),
     "That is the paper's form. Here, as in torch, the maximum is corrected like Adam's v."),
    ("the root is missing", _ams(_right_max, lambda v, top, t, b: top / (1 - b**t)),
     "v_max has the unit of g²."),
    ("the maximum is that of g²", _ams(lambda v, new, old, g, t, b: np.maximum(old, g**2)),
     "What is compared is the average v, not a single square."),
    ("v is added to v_max", _ams(lambda v, new, old, g, t, b: old + new),
     "That grows without end, as in AdaGrad. A maximum stays where it is when v is smaller."),
    ("the root is that of v, as in Adam", _ams(_right_max, lambda v, top, t, b: np.sqrt(v / (1 - b**t))),
     "v and v_max are right. Which of the two should hold the step small?"),
    ("v_max fades", _ams(lambda v, new, old, g, t, b: np.maximum(b * old, new)),
     "That is AdaMax's idea. AMSGrad never forgets."),
    ("the maximum is not updated", _ams(lambda v, new, old, g, t, b: old),
     "When v is larger than anything before, v_max has to follow."),
    ("the correction divides by 1 − β₂", _ams(_right_max, lambda v, top, t, b: np.sqrt(top / (1 - b))),
     "That is right for the first step only."),
    ("the correction counts one step too many: β₂ᵗ⁺¹",
     _ams(_right_max, lambda v, top, t, b: np.sqrt(top / (1 - b ** (t + 1)))),
     "t is 1 in the first step, and there is one square in v then."),
    ("the correction is outside the root", _ams(_right_max, lambda v, top, t, b: np.sqrt(top) / (1 - b**t)),
     "It is v that is too small by 1 − β₂ᵗ, not its root."),
    ("the answers come in the order v_max, v, root", _ams(_right_max, back=lambda v, top, root: (top, v, root)),
     "First v, then v_max, then the root."),
    ("β₂ and 1 − β₂ are exchanged", _turned_round,
     "β₂ is what is left of the average, 1 − β₂ what the square brings."),
    ("only the root is returned", _ams(_right_max, back=lambda v, top, root: root),
     "The next step needs v and v_max: `return v, v_max, root`."),
    ("v adds up all squares, as AdaGrad's does",
     lambda v, v_max, g, t, beta2: (v + g**2, np.maximum(v_max, v + g**2),
                                    np.sqrt(np.maximum(v_max, v + g**2) / (1 - beta2**t))),
     "v is an average that forgets: β₂ v + (1 − β₂) g²."),
]
# fmt: on

# 4. AdamW ------------------------------------------------------------------------------------------------------------

_ROOT = np.array([0.6, 4.0])


@exercise(
    cases={
        "two parameters": [
            (_W, _M, _ROOT, 0.1, 0.5),
            (np.array([-3.0, 0.5]), np.array([-1.0, 2.0]), np.array([4.0, 0.3]), 0.02, 0.1),
            (np.array([1.0, -1.0]), np.array([0.2, 0.2]), np.array([1.5, 1.5]), 0.3, 0.25),
        ],
        "one parameter, or four": [
            (np.array([1.5]), np.array([-0.6]), np.array([0.8]), 0.2, 0.3),
            (np.arange(1.0, 5.0), np.array([0.1, -0.2, 0.0, 1.0]), np.array([0.5, 2.0, 7.0, 0.1]), 0.05, 0.7),
        ],
        "no gradient, only decay": [(_W, 0 * _M, _ROOT, 0.1, 0.5), (_W, 0 * _M, 100 * _ROOT, 0.5, 0.2)],
        "no decay": [(_W, _M, _ROOT, 0.1, 0.0)],
    },
    hints=[
        "Two movements at once: Adam's step, and a step towards 0.",
        "The decay takes from w the part lr·decay of itself, whatever the gradients were: no root divides it.",
        "Both movements are multiplied with lr and start from the same old w: `w - lr * (… + …)`.",
    ],
    terms={
        "Adam's step": lambda w, m_hat, root, lr, decay: -lr * m_hat / root,
        "the decay": lambda w, m_hat, root, lr, decay: -lr * decay * w,
        "w": lambda w, m_hat, root, lr, decay: w,
    },
)
def adamw_update(w, m_hat, root, lr, decay):
    """AdamW's last line: w ← w − η (m̂/root + λ w), where root is √v̂ + ε.

    w, m_hat, root: shape (n,); lr: η; decay: λ. Returns the new w.
    """
    return w - lr * (m_hat / root + decay * w)


# fmt: off
adamw_update.mistakes += [  # what was done, the wrong update, where to look
    ("the decay is divided by the root as well", lambda w, m, r, lr, d: w - lr * (m + d * w) / r,
     "That is nearly what L2 in the gradient does: weights with large gradients would hardly shrink."),
    ("lr is not on the decay", lambda w, m, r, lr, d: w - lr * m / r - d * w,
     "In torch, and here, the decay is multiplied with lr: a schedule then slows both."),
    ("the decay is left out", lambda w, m, r, lr, d: w - lr * m / r, "That is Adam. Where is decay used?"),
    ("the weights grow", lambda w, m, r, lr, d: w - lr * (m / r - d * w), "Decay moves w towards 0."),
    ("the decay acts on the new w, after the step", lambda w, m, r, lr, d: (w - lr * m / r) * (1 - lr * d),
     "Close, but another method: both movements start from the same old w."),
    ("the decay multiplies w by e^(−ηλ)", lambda w, m, r, lr, d: w * np.exp(-lr * d) - lr * m / r,
     "That is what many short steps come to. One step takes the part lr·decay of w."),
    ("the decay takes the sign of w", lambda w, m, r, lr, d: w - lr * (m / r + d * np.sign(w)),
     "That is the derivative of |w|. What is taken away should be in proportion to w."),
    ("lr is squared on the decay", lambda w, m, r, lr, d: w - lr * (m / r + lr * d * w),
     "One lr is enough: it stands before the bracket."),
    ("half the decay", lambda w, m, r, lr, d: w - lr * (m / r + d * w / 2),
     "The half belongs to the penalty ½λw², whose derivative has none. Here nothing is differentiated."),
    ("decay is added without w", lambda w, m, r, lr, d: w - lr * (m / r + d),
     "A weight should lose in proportion to its size."),
    ("only the decay is left", lambda w, m, r, lr, d: w - lr * d * w, "Where is Adam's step?"),
    ("twice the decay", lambda w, m, r, lr, d: w - lr * (m / r + 2 * d * w),
     "The 2 comes from a penalty λw². Here nothing is differentiated."),
    ("the penalty ½λw² is subtracted, not its derivative", lambda w, m, r, lr, d: w - lr * (m / r + d * w**2 / 2),
     "A square would pull a negative weight further down. The decay is in proportion to w."),
    ("decay times w² in place of w", lambda w, m, r, lr, d: w - lr * (m / r + d * w**2),
     "A square would pull a negative weight further down. The decay is in proportion to w."),
    ("m̂ is multiplied with the root", lambda w, m, r, lr, d: w - lr * (m * r + d * w),
     "A large root should make the step short."),
    ("the decay is divided by the mean root", lambda w, m, r, lr, d: w - lr * (m / r + d * w / r.mean()),
     "The decay should not know of any gradient."),
    ("the decay is added to the root", lambda w, m, r, lr, d: w - lr * m / (r + d * w),
     "The decay is a movement of its own, beside Adam's step."),
    ("the step goes uphill", lambda w, m, r, lr, d: w + lr * (m / r - d * w),
     "The decay is right. m̂ points uphill."),
    ("only the change is returned", lambda w, m, r, lr, d: -lr * (m / r + d * w), "The new w is asked for."),
    ("lr is left out", lambda w, m, r, lr, d: w - (m / r + d * w), "Both movements are lr times something."),
    ("w is multiplied by the decay", lambda w, m_hat, root, lr, decay: decay * w - lr * m_hat / root,
     "With no decay nothing would be left of w. The decay is what is taken away: the part η·decay of w."),
]
# fmt: on

# 5. What K tries are worth -------------------------------------------------------------------------------------------


@exercise(
    cases={
        "three losses": [
            (np.array([3.0, 1.0, 2.0]), 1),
            (np.array([3.0, 1.0, 2.0]), 2),
            (np.array([0.5, 4.0, 0.1]), 5),
        ],
        "more losses": [
            (np.array([2.3, 0.4, 0.9, 0.1, 7.0]), 3),
            (np.array([2.0, 1.5, 1.1, 0.2, 0.7, 3.0, 9.0, 0.3]), 4),
            (np.array([1.0, 5.0, 2.0]), 9),
        ],
        "equal losses": [(np.array([2.0, 1.0, 1.0, 3.0]), 2), (np.array([2.0, 2.0]), 3)],
        "one loss": [(np.array([0.7]), 4)],
    },
    hints=[
        "Sort the losses. The best of K tries is the i-th smallest if no try was better, and not all were worse.",
        "The chance that K tries, each free to hit any of the n, all come out at the i-th smallest or worse is "
        "((n − i)/n)^K, counted from i = 0.",
        "Take the difference of two such chances, for i and for i + 1: that is the weight of the i-th smallest loss.",
    ],
)
def expected_best(losses, K):
    """The mean of the smallest loss that somebody finds who tries K of these settings at random, with repetition.

    losses: shape (n,), one for each setting, in any order; K: a whole number ≥ 1. Returns a number.
    With the losses sorted, s₀ ≤ s₁ ≤ …: Σ sᵢ [((n − i)/n)^K − ((n − i − 1)/n)^K].
    """
    s, n = np.sort(losses), len(losses)
    i = np.arange(n)
    return np.sum(s * (((n - i) / n) ** K - ((n - i - 1) / n) ** K))


def _weighted(losses, K, weight):
    s, n = np.sort(losses), len(losses)
    return np.sum(s * weight(np.arange(n), n, K))


def _without_repetition(losses, K):
    from math import comb

    s, n = np.sort(losses), len(losses)
    K = min(K, n)
    return sum(s[i] * comb(n - i - 1, K - 1) for i in range(n)) / comb(n, K)


# fmt: off
expected_best.mistakes += [  # what was done, the wrong number, where to look
    ("the smallest loss of all", lambda losses, K: losses.min(), "Nobody is sure to hit the best one in K tries."),
    ("the mean of all losses", lambda losses, K: losses.mean(), "That is right for K = 1. More tries help."),
    ("the mean divided by K", lambda losses, K: losses.mean() / K, "K tries do not make a loss K times smaller."),
    ("the best of the first K", lambda losses, K: losses[:K].min(),
     "Which K are tried is left to chance: average over it."),
    ("the largest of K in place of the smallest",
     lambda losses, K: _weighted(losses, K, lambda i, n, K: ((i + 1) / n) ** K - (i / n) ** K),
     "Your weights prefer the large losses: the more tries, the worse."),
    ("the losses are not sorted",
     lambda losses, K: np.sum(losses * (((len(losses) - np.arange(len(losses))) / len(losses)) ** K
                                        - ((len(losses) - np.arange(len(losses)) - 1) / len(losses)) ** K)),
     "The weights belong to the smallest, the second smallest, and so on."),
    ("the tries do not repeat", _without_repetition,
     "Each try here is free to hit any setting, also one tried before."),
    ("the chances are not subtracted from one another",
     lambda losses, K: _weighted(losses, K, lambda i, n, K: ((n - i) / n) ** K),
     "These are chances of “the i-th or worse”, more than 1 together. What is the chance of exactly the i-th?"),
    ("a quantile, 1/(K + 1)", lambda losses, K: np.quantile(losses, 1 / (K + 1)),
     "A rule of thumb. An exact mean is asked for."),
    ("the (n/K)-th smallest", lambda losses, K: np.sort(losses)[max(len(losses) // K - 1, 0)],
     "Another rule of thumb. An exact mean is asked for."),
    ("one try too few: K − 1",
     lambda losses, K: _weighted(losses, K - 1, lambda i, n, K: ((n - i) / n) ** K - ((n - i - 1.0) / n) ** K),
     "All K tries count. Test it at K = 1: then it must be the mean."),
    ("one try too many: K + 1",
     lambda losses, K: _weighted(losses, K + 1, lambda i, n, K: ((n - i) / n) ** K - ((n - i - 1) / n) ** K),
     "Test it at K = 1: then it must be the mean."),
    ("only the smallest loss counts",
     lambda losses, K: losses.min() * (1 - (1 - 1 / len(losses)) ** K),
     "That is what the smallest one contributes. And if it was not hit?"),
    ("the smallest if it is hit, else the mean",
     lambda losses, K: losses.min() * (1 - (1 - 1 / len(losses)) ** K) + losses.mean() * (1 - 1 / len(losses)) ** K,
     "If the smallest is missed, the best may still be the second smallest."),
    ("the mean of the K smallest", lambda losses, K: np.sort(losses)[:K].mean(),
     "That gets worse with more tries. What counts is the best of K tries, which may all be bad ones."),
    ("the median", lambda losses, K: np.median(losses), "K does not occur in it."),
    ("the product of K in place of a power",
     lambda losses, K: _weighted(losses, K, lambda i, n, K: K * (n - i) / n - K * (n - i - 1) / n),
     "K independent tries: their chances are multiplied."),
]
# fmt: on

# Questions -----------------------------------------------------------------------------------------------------------

parts = Choice(
    "“Adam is RMSProp plus momentum.” What is missing in this sentence?",
    {
        "a": (
            "Nothing.",
            "Then the first steps would be wrong: both averages start at 0, and only one of them is under a root.",
        ),
        "b": (
            "Adam uses second derivatives as well.",
            "v averages the squares of first derivatives. No curvature is seen.",
        ),
        "c": (
            "The bias correction; and m averages gradients, where momentum sums up.",
            "Yes. With 1 − β₁ in m, η means the same for every β₁; and on a constant slope uncorrected steps begin at "
            "3 η and rise to nearly 7 η.",
        ),
        "d": (
            "Adam has one learning rate for all parameters.",
            "It has one η, and for each parameter a √v̂ of its own to divide it by. So has RMSProp.",
        ),
    },
    correct="c",
)

bound = Choice(
    "“No step of Adam is longer than η.” With the usual β₁ = 0.9, β₂ = 0.999:",
    {
        "a": (
            "False: after a long silence one gradient can make a step of nearly 3.16 η.",
            "Yes: (1 − β₁)/√(1 − β₂), whatever its size. If it then stays, the steps grow further, to 6.6 η.",
        ),
        "b": (
            "True: m̂ can never be larger than √v̂.",
            "After a silence m rises by a tenth of g, √v by a thirty-second part of |g|: v remembers longer.",
        ),
        "c": (
            "False: there is no bound at all.",
            "There is one: no stream of gradients makes a step longer than 7.27 η.",
        ),
        "d": (
            "True for the first step only; later ones are shorter.",
            "The first step is η long. But what of a gradient that comes after a thousand zeros?",
        ),
    },
    correct="a",
)

fails = Choice(
    "“Adam does not converge, and AMSGrad mends that” (after Reddi and others 2018). What have you seen?",
    {
        "a": (
            "With β₂ = 0.999 Adam fails wherever news is rare.",
            "In the map it failed nowhere at β₂ = 0.999, up to news once in a hundred steps.",
        ),
        "b": (
            "AMSGrad is faster than Adam on the digits.",
            "In the arena the two can hardly be told apart.",
        ),
        "c": (
            "Adam fails because of its momentum.",
            "The counterexample has β₁ = 0: no momentum at all.",
        ),
        "d": (
            "With β₁ = 0 Adam walks to the worst point where news is rarer than its memory, 1/(1 − β₂), reaches.",
            "Yes: in the map the border lies near P = 1/(1 − β₂). It is a reason for a β₂ close to 1.",
        ),
    },
    correct="d",
)

decay = Choice(
    "“weight_decay in Adam is L2 regularisation.” What differs?",
    {
        "a": (
            "Nothing: the derivative of ½λw² is λw.",
            "For gradient descent, nothing. But Adam divides the gradient by √v̂, and λw is then divided with it.",
        ),
        "b": (
            "With L2 in the gradient, weights with large gradients are decayed less.",
            "Yes: λw is divided by √v̂. In AdamW every weight loses the part ηλ a step, whatever its gradients.",
        ),
        "c": (
            "With L2 in the gradient, weights with large gradients are decayed more.",
            "Above the line stands λw, below it √v̂: what does a large √v̂ do to it?",
        ),
        "d": (
            "The decay of AdamW does not depend on the learning rate.",
            "In the paper's formula η's constant part is left out, but a schedule multiplies both. In torch it is ηλ.",
        ),
    },
    correct="b",
)

combine = Choice(
    "“Adam and SGD with momentum: combine them, and you get the two best methods.” Which sentence is right?",
    {
        "a": ("Adam already is that combination.", "Adam has momentum, but every step of it is divided by √v̂."),
        "b": (
            "RAdam switches from Adam to SGD.",
            "In its first few steps it does without √v̂, and then goes over to Adam: rather the other way round.",
        ),
        "c": (
            "SWATS begins with Adam and goes on with SGD; RAdam is about Adam's first steps.",
            "Yes. Adam against SGD is a comparison, SWATS (Keskar & Socher 2017) a combination. RAdam is another "
            "matter: a warm-up that sets itself (Liu and others 2020).",
        ),
        "d": (
            "SGD generalises better, so one should always end with it.",
            "There are problems where it does, and problems where no difference is seen: this chapter has both.",
        ),
    },
    correct="c",
)

constants = Choice(
    "A book prints: “Adam: β₂ = 0.99, ε = e⁻⁷ to e⁻¹⁰.” What is meant, and what does the paper say?",
    {
        "a": (
            "ε = 10⁻⁷ to 10⁻¹⁰; the paper has β₂ = 0.999 and ε = 10⁻⁸, outside the root.",
            "Yes. Programs write 10⁻⁷ as 1e-7; the e is not 2.718.",
        ),
        "b": (
            "e is 2.718…, so ε lies between 0.0009 and 0.00005.",
            "Then ε would rule wherever gradients are below a thousandth, and they would not be scaled up.",
        ),
        "c": (
            "ε stands inside the root, so it is the square of that.",
            "Some books write it so. Algorithm 1 of the paper has it outside.",
        ),
        "d": (
            "β₂ = 0.99 and 0.999 are the same in practice.",
            "They remember about 100 and 1,000 steps. On rare news that decides.",
        ),
    },
    correct="a",
)

# Prediction ----------------------------------------------------------------------------------------------------------


def _first_step_without_correction():
    step = experiments.follow(experiments.uncorrected_adam, experiments.stream("constant", length=1))["step"][0]
    return "a" if step < 0.9 else "b" if step < 1.1 else "c" if step < 10 else "d"


first_step = Predict(
    "Adam keeps two averages, m of the gradient and v of its square, and steps by η m/√v. Both start at 0, so at first "
    "both are far too small. Without a correction, how long is the first step?",
    _first_step_without_correction,
    options={
        "a": "too short: a tenth of η, since m is a tenth of g",
        "b": "about η: the two errors cancel",
        "c": "too long: about 3 η",
        "d": "too long: about 30 η",
    },
    why="m is 0.1 g, and √v is √0.001 |g| = 0.032 |g|: smaller still. v remembers longer, so it starts further behind.",
)
