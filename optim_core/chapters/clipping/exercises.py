"""The exercises of chapter 12: clipping."""

from dataclasses import dataclass

import numpy as np

from optim_core.data import digits
from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import numbers
from optim_core.exercises.kinds import repair
from optim_core.exercises.running import run
from optim_core.gradients import clip_norm as package_clip_norm
from optim_core.network import Linear, Network, Tanh
from optim_core.optimizers import adam
from optim_core.training import train

from .experiments import Cliff, on_the_cliff

_rng = np.random.default_rng(12)

# 1. By value ---------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "a component that is too large": [(np.array([3.0, 0.5]), 1.0), (np.array([0.2, 7.0, -1.0]), 2.0)],
        "one that is too far below zero": [(np.array([-3.0, 0.5]), 1.0), (np.array([-9.0, 8.0, -0.1, 0.3]), 0.5)],
        "nothing to clip": [(np.array([0.3, -0.4]), 1.0), (np.array([0.0, 0.0]), 0.1)],
        "exactly at the threshold": [(np.array([2.0, -2.0, 1.0]), 2.0)],
        "many components": [(_rng.normal(size=n).round(2) * 3, theta) for n, theta in ((5, 1.5), (6, 10.0), (8, 0.25))],
    },
    hints=[
        "Each component by itself: what is above θ becomes θ, what is below −θ becomes −θ.",
        "`np.minimum(g, theta)` does the upper half, `np.maximum(…, -theta)` the lower.",
        "`np.clip(g, low, high)` does both.",
    ],
)
def clip_value(g, theta):
    """The gradient with each component cut to the interval from −θ to θ.

    g: the gradient, shape (n,); theta: the threshold θ > 0. Returns an array of the same shape.
    """
    return np.clip(g, -theta, theta)


# fmt: off
clip_value.mistakes += [  # what was done, the wrong formula, where to look
    ("cut from above only", lambda g, theta: np.minimum(g, theta),
     "A component of −100 explodes as well as one of 100."),
    ("cut from below only", lambda g, theta: np.maximum(g, -theta),
     "That stops what is below −θ. And what is above θ?"),
    ("the two limits exchanged", lambda g, theta: np.clip(g, theta, -theta),
     "`np.clip` takes the lower limit first."),
    ("all components to ±θ", lambda g, theta: theta * np.sign(g),
     "Small components should stay as they are."),
    ("all components to ±θ as soon as one is too large",
     lambda g, theta: theta * np.sign(g) if np.abs(g).max() > theta else g,
     "Each component is asked for itself: a small one stays as it is beside a large one."),
    ("the sign is lost", lambda g, theta: np.minimum(np.abs(g), theta),
     "The size is right. Which way did the component point?"),
    ("cut by norm, not by value", lambda g, theta: g * np.minimum(1, theta / max(np.linalg.norm(g), 1e-300)),
     "This shortens the whole vector. By value, each component is treated by itself."),
    ("scaled by the largest component", lambda g, theta: g * np.minimum(1, theta / max(np.abs(g).max(), 1e-300)),
     "This keeps the direction. By value, only what is too large is cut."),
    ("everything divided by θ", lambda g, theta: g / theta,
     "Cut it, do not scale it: a component within the limits stays as it is."),
    ("what is too large becomes 0", lambda g, theta: np.where(np.abs(g) <= theta, g, 0.0),
     "Cut to the limit, not away: a steep slope still points somewhere."),
    ("cut at θ²", lambda g, theta: np.clip(g, -theta**2, theta**2),
     "θ is compared with a component, not with its square."),
    ("cut between 0 and θ", lambda g, theta: np.clip(g, 0, theta),
     "Negative components are allowed, down to −θ."),
    ("squashed by tanh", lambda g, theta: theta * np.tanh(g / theta),
     "A smooth relative of clipping. It changes small components, too, if only a little."),
    ("θ is taken away from what is too large", lambda g, theta: np.where(np.abs(g) > theta, g - theta, g),
     "Cut *to* θ, not *by* θ: −100 would become −101."),
    ("the rest of a division by θ", lambda g, theta: g % theta,
     "`%` leaves what a division leaves over. Larger components become θ, or −θ."),
    ("θ in place of −θ for what is too far below", lambda g, theta: np.where(np.abs(g) > theta, theta, g),
     "The size is right. Which way did the component point?"),
]
# fmt: on

# 2. By norm ----------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "a gradient that is too long": [(np.array([3.0, 4.0]), 1.0), (np.array([10.1, 0.0]), 10.0),
                                        (np.array([-6.0, 2.0, 3.0]), 2.0)],
        "a short one": [(np.array([0.3, 0.4]), 1.0), (np.array([0.5, -0.5, 0.1]), 10.0)],
        "between θ and θ²": [(np.array([1.5, 1.5]), 4.0), (np.array([0.6, 0.0]), 0.5), (np.array([2.1, 0.0]), 4.0)],
        "several runs, one in each row": [(np.array([[3.0, 4.0], [0.1, 0.2], [-8.0, 6.0]]), 1.0),
                                          (_rng.normal(size=(2, 3, 4)).round(2) * 3, 2.0)],
        "a gradient of zero": [(np.zeros(3), 1.0)],
    },
    hints=[
        "Compute the norm. If it is larger than θ, multiply g by θ/‖g‖; else leave g alone.",
        "Both cases in one line: the factor is the smaller one of 1 and θ/‖g‖.",
        "`np.linalg.norm(g, axis=-1, keepdims=True)` is the norm of each row, in a shape that fits g. Mind 0/0.",
    ],
)  # fmt: skip
def clip_norm(g, theta):
    """The gradient, shortened to the norm θ where it is longer.

    g: the gradients, shape (…, n), one for each run; theta: the threshold θ > 0. Returns an array of the same shape.
    """
    norm = np.linalg.norm(g, axis=-1, keepdims=True)
    return g * np.minimum(1, theta / np.maximum(norm, 1e-300))


def _norm(g, axis=-1):
    return np.maximum(np.linalg.norm(g, axis=axis, keepdims=True), 1e-300)


# fmt: off
clip_norm.mistakes += [
    ("θ is forgotten: divided by the norm", lambda g, theta: np.where(_norm(g) > theta, g / _norm(g), g),
     "A gradient of norm 10.1 becomes one of norm 1, although θ is 10. Multiply by θ, too."),
    ("the squared norm is compared with θ", lambda g, theta: np.where(_norm(g)**2 > theta, theta * g / _norm(g), g),
     "With θ = 4 a gradient of norm 2.1 would become longer, 4. Compare the norm itself."),
    ("short ones are made long", lambda g, theta: theta * g / _norm(g),
     "Every gradient gets the norm θ. One that is shorter should stay as it is."),
    ("one norm for all runs", lambda g, theta: g * np.minimum(1, theta / max(np.linalg.norm(g), 1e-300)),
     "Right for one run. With several, each row has a norm of its own: `axis=-1`."),
    ("the sum of sizes in place of the norm",
     lambda g, theta: g * np.minimum(1, theta / np.maximum(np.abs(g).sum(-1, keepdims=True), 1e-300)),
     "√(g₁² + g₂² + …), not |g₁| + |g₂| + …"),
    ("the largest component in place of the norm",
     lambda g, theta: g * np.minimum(1, theta / np.maximum(np.abs(g).max(-1, keepdims=True), 1e-300)),
     "√(g₁² + g₂² + …) is at least as large as any one component."),
    ("each component cut by itself", lambda g, theta: np.clip(g, -theta, theta),
     "That is clipping by value; it turns the gradient. By norm, one factor multiplies all components."),
    ("max where min is meant", lambda g, theta: g * np.maximum(1, theta / _norm(g)),
     "This makes short gradients longer and leaves long ones. The factor should be at most 1."),
    ("multiplied by ‖g‖/θ", lambda g, theta: np.where(_norm(g) > theta, g * _norm(g) / theta, g),
     "The factor is upside down: a long gradient becomes longer."),
    ("a smooth relative, θ/(θ + ‖g‖)", lambda g, theta: g * theta / (theta + _norm(g)),
     "It shortens every gradient, and none to θ. One that is not longer than θ should stay as it is."),
    ("θ subtracted from the norm",
     lambda g, theta: np.where(_norm(g) > theta, g * (_norm(g) - theta) / _norm(g), g),
     "The new norm should be θ, not ‖g‖ − θ."),
    ("the direction is turned round", lambda g, theta: -g * np.minimum(1, theta / _norm(g)),
     "The length is right. Clipping does not change where the gradient points; the minus sign is the step's."),
    ("the norm squared in the factor", lambda g, theta: g * np.minimum(1, theta / _norm(g) ** 2),
     "Divide by the norm once: the result then has the norm θ."),
    ("the mean square in place of the sum",
     lambda g, theta: g * np.minimum(1, theta / np.maximum(np.sqrt((g**2).mean(-1, keepdims=True)), 1e-300)),
     "The norm adds the squares up; the root mean square is √n times smaller."),
    ("what is too long becomes 0", lambda g, theta: np.where(np.linalg.norm(g, axis=-1, keepdims=True) > theta, 0, g),
     "Shortened to the norm θ, not thrown away: its direction still says something."),
    ("the sum of the components in place of the norm", lambda g, theta: g * np.minimum(1, theta / np.where(
        g.sum(-1, keepdims=True) == 0, 1e-300, np.abs(g.sum(-1, keepdims=True)))),
     "3 and −3 sum to 0. First square each, then add, then the root."),
    ("one factor for all runs, that of the longest", lambda g, theta: g * min(1, theta / max(
        np.max(np.linalg.norm(g, axis=-1)), 1e-300)),
     "Each run is shortened, or not, by itself: a factor for each row."),
    ("as soon as one run is too long all get the norm θ", lambda g, theta: (
        g * theta / np.maximum(np.linalg.norm(g, axis=-1, keepdims=True), 1e-300)
        if np.max(np.linalg.norm(g, axis=-1)) > theta else g),
     "`any` asks about all runs at once. Each row is longer than θ, or not, by itself: a factor for each."),
]
# fmt: on


def beside(function, theta_name="θ"):
    """The experiment of a figure in which a student's clipper runs on the cliff beside ours.

    function: (g, theta) → g. While it has a blank in it only ours is shown; where it fails, a gradient stays as it is,
    and the caption says with which error.
    """

    def experiment(lr, theta, start):
        trouble = []

        def wrap(grad):
            def clipped(w):
                g = grad(w)
                ran = run(function, (g.copy(), theta))
                new = numbers(ran.value)
                if ran.error is not None or new is None or new.shape != g.shape or np.iscomplexobj(new):
                    trouble.append(type(ran.error).__name__ if ran.error else "an answer of another shape")
                    return g
                return new

            return clipped

        clippers = {"ours": lambda grad: package_clip_norm(grad, theta)}
        if callable(function) and not has_blank(function):
            clippers["yours"] = wrap
        surface, runs = on_the_cliff(lr, start, clippers)
        what = f"{theta_name} = {theta:g}"
        return lr, what + (f" (yours failed {len(trouble)} times: {trouble[0]})" if trouble else ""), surface, runs

    return experiment


# 3. A threshold that moves -------------------------------------------------------------------------------------------


@exercise(
    cases={
        "before the first step": [([], 2.0), ([], 0.5)],
        "after one step": [([3.0], 2.0)],
        "after several": [([1.0, 3.0, 50.0], 2.0), ([2.0, 2.0, 2.0, 2.0], 1.5), ([0.1, 0.4, 0.7], 10.0),
                          ([5.0, 1.0, 3.0, 0.5], 1.0)],
        "after very many": [([9.0] + [1.0] * 150 + [2.0] * 49, 3.0)],
    },
    hints=[
        "It is a multiple of the mean of the norms so far. And if there are none yet, nothing should be clipped.",
        "Which number is larger than every norm? Python calls it `np.inf` or `float('inf')`.",
        "`np.inf if len(norms) == 0 else multiple * np.mean(norms)`",
    ],
)  # fmt: skip
def next_theta(norms, multiple):
    """The threshold for the next gradient: a multiple of the mean norm of the gradients before it.

    norms: a list of the norms so far, before clipping, which may be empty; multiple: a number > 0.
    """
    return np.inf if len(norms) == 0 else multiple * np.mean(norms)


# fmt: off
next_theta.mistakes += [
    ("0 before the first step", lambda norms, multiple: multiple * np.mean(norms) if len(norms) else 0.0,
     "With θ = 0 the first gradient is cut to nothing. With nothing to compare with, clip nothing."),
    ("the multiple alone before the first step",
     lambda norms, multiple: multiple * (np.mean(norms) if len(norms) else 1),
     "Who says that the first gradient has a norm near 1? With nothing to compare with, clip nothing."),
    ("the median", lambda norms, multiple: multiple * np.median(norms) if len(norms) else np.inf,
     "A sensible choice, but here the mean is asked for."),
    ("the largest so far", lambda norms, multiple: multiple * max(norms) if len(norms) else np.inf,
     "One explosion would raise the threshold for ever."),
    ("the last one", lambda norms, multiple: multiple * norms[-1] if len(norms) else np.inf,
     "All norms so far count."),
    ("the last one, divided by how many there are",
     lambda norms, multiple: multiple * norms[-1] / len(norms) if len(norms) else np.inf,
     "All norms are added up first. Is the sum set back to 0 in each round?"),
    ("the sum", lambda norms, multiple: multiple * sum(norms) if len(norms) else np.inf,
     "The sum grows with every step; the mean does not."),
    ("the multiple is added", lambda norms, multiple: multiple + np.mean(norms) if len(norms) else np.inf,
     "A multiple multiplies."),
    ("divided by the multiple", lambda norms, multiple: np.mean(norms) / multiple if len(norms) else np.inf,
     "A multiple of 2 should allow twice the mean norm."),
    ("the multiple is left out", lambda norms, multiple: np.mean(norms) if len(norms) else np.inf,
     "That would clip every gradient above the mean. Where does the multiple come in?"),
    ("the first is left out of the mean",
     lambda norms, multiple: multiple * np.mean(norms[1:]) if len(norms) > 1 else np.inf,
     "The first norm counts as well."),
    ("divided by one step more",
     lambda norms, multiple: multiple * sum(norms) / (len(norms) + 1) if len(norms) else np.inf,
     "As many norms as there are, so many to divide by."),
    ("1 before the first step", lambda norms, multiple: multiple * np.mean(norms) if len(norms) else 1.0,
     "Who says that 1 is large for a gradient? With nothing to compare with, clip nothing."),
    ("a fading average that begins at 0, 0.9 and 0.1", lambda norms, multiple: multiple * sum(
        0.1 * 0.9**k * n for k, n in enumerate(norms[::-1])) if len(norms) else np.inf,
     "All norms so far count alike. (And an average that begins at 0 is too small at first.)"),
    ("the root mean square",
     lambda norms, multiple: multiple * np.sqrt(np.mean(np.square(norms))) if len(norms) else np.inf,
     "One long gradient counts for much in a mean of squares. Norms are no squares: their plain mean is asked for."),
    ("the smallest so far", lambda norms, multiple: multiple * min(norms) if len(norms) else np.inf,
     "One gentle step would lower the threshold for ever."),
]
# fmt: on

# 4. The loss behind it -----------------------------------------------------------------------------------------------


@exercise(
    cases={
        "small residuals": [(0.5, 1.0), (-0.3, 1.0), (0.0, 2.0), (-1.5, 2.0)],
        "large ones": [(3.0, 1.0), (-4.0, 1.0), (10.0, 2.0), (-0.5, 0.1), (1.5, 1.0), (-3.0, 2.0)],
        "exactly θ": [(1.0, 1.0), (-2.0, 2.0)],
        "several at once": [(np.array([-5.0, -1.0, 0.2, 1.0, 7.0]), 1.5), (np.linspace(-3, 3, 7), 0.5)],
    },
    hints=[
        "Up to θ the slope is r, so the loss is r²/2. Beyond, the slope is θ or −θ: a straight line.",
        "The two pieces must meet at |r| = θ, where the first is θ²/2. The line is θ|r| plus a constant: which one?",
        "`np.where(abs(r) <= theta, r * r / 2, theta * abs(r) - theta**2 / 2)`",
    ],
)
def loss_behind(r, theta):
    """The loss whose derivative is the clipped residual, min(max(r, −θ), θ), and which is 0 at r = 0.

    r: a residual, a number or an array; theta: θ > 0.
    """
    return np.where(np.abs(r) <= theta, r * r / 2, theta * np.abs(r) - theta**2 / 2)


def _behind(
    small=lambda r, t: r * r / 2, large=lambda r, t: t * np.abs(r) - t**2 / 2, inner=lambda r, t: np.abs(r) <= t
):
    return lambda r, theta: np.where(inner(r, theta), small(r, theta), large(r, theta))


# fmt: off
loss_behind.mistakes += [
    ("the parabola is cut at its top, θ²/2", _behind(large=lambda r, t: t**2 / 2 + 0 * r),
     "A flat loss has the slope 0: large residuals would not pull at all. Clipped, they pull with θ."),
    ("0 for large residuals", _behind(large=lambda r, t: 0 * r),
     "The loss would jump back to 0 at |r| = θ. Its slope there is θ, and so it goes on."),
    ("the line without its constant", _behind(large=lambda r, t: t * np.abs(r)),
     "At |r| = θ the loss jumps from θ²/2 to θ². Which constant joins the pieces?"),
    ("the constant is added, not subtracted", _behind(large=lambda r, t: t * np.abs(r) + t**2 / 2),
     "At |r| = θ the line should be at θ²/2, and θ·θ is already more."),
    ("θ² in the constant, without the half", _behind(large=lambda r, t: t * np.abs(r) - t**2),
     "At |r| = θ this is 0; the parabola is θ²/2 there."),
    ("r² without the half", _behind(small=lambda r, t: r * r),
     "The derivative of r² is 2r; asked for is r."),
    ("absolute value throughout", lambda r, theta: np.abs(r) + 0.0,
     "Its slope is 1 or −1 everywhere. The clipped residual is small for small r."),
    ("θ|r| throughout", lambda r, theta: theta * np.abs(r),
     "Its slope is θ or −θ even for small r, where the clipped residual is r."),
    ("the parabola throughout", lambda r, theta: r * r / 2 + 0.0,
     "That is the loss without clipping."),
    ("the two pieces exchanged", _behind(inner=lambda r, t: np.abs(r) > t),
     "Which piece belongs to small residuals?"),
    ("the clipped residual itself", lambda r, theta: np.clip(r, -theta, theta) + 0.0,
     "That is the derivative. Asked for is the loss."),
    ("without the absolute value in the line", _behind(large=lambda r, t: t * r - t**2 / 2),
     "For large negative r the loss would be negative, and fall without end."),
    ("without the absolute value in the test", _behind(inner=lambda r, t: r <= t),
     "−100 is below θ, too. Compare |r| with θ."),
    ("the smaller of r²/2 and θ|r|", lambda r, theta: np.minimum(r * r / 2, theta * np.abs(r)),
     "The two meet at |r| = 2θ only. The slope of r²/2 is θ at |r| = θ already: there the line has to begin."),
    ("a slope of 1 in place of θ: |r| − ½", lambda r, theta: np.where(
        np.abs(r) <= theta, r * r / 2, np.abs(r) - 0.5),
     "Right for θ = 1. Beyond θ the clipped residual is θ, and so is the slope."),
    ("r² and θ|r|: the half and the constant are missing", lambda r, theta: np.abs(r) * np.minimum(np.abs(r), theta),
     "The derivative of r² is 2r; asked for is r. And which constant joins the line to r²/2 at |r| = θ?"),
    ("half of r times the clipped residual", lambda r, theta: 0.5 * r * np.clip(r, -theta, theta),
     "Its slope beyond θ is θ/2. The line has the slope θ, and begins at θ²/2."),
    ("a smooth relative, θ²(√(1 + r²/θ²) − 1)", lambda r, theta: theta**2 * (np.sqrt(1 + (r / theta) ** 2) - 1),
     "Its slope tends to θ and never is r. Up to θ the clipped residual is r itself."),
    ("ln cosh r, a smooth relative", lambda r, theta: np.log(np.cosh(r)),
     "Its slope is tanh r. Up to θ the clipped residual is r itself, and beyond it is θ."),
]
# fmt: on

# 5. All layers at once -----------------------------------------------------------------------------------------------


@exercise(
    cases={
        "too long together": [(np.array([3.0, 4.0]), 1.0), (np.array([6.0, 2.0, 3.0]), 3.5),
                              (np.array([0.6, 0.8, 0.5]), 1.0), (np.array([2.0, 1.0, 2.0, 4.0]), 2.5)],
        "short enough together": [(np.array([0.3, 0.4]), 1.0), (np.array([1.0, 0.0]), 2.0),
                                  (np.array([0.5, 0.5, 0.5, 0.5]), 1.5)],
        "tiny": [(np.array([3e-5, 4e-5]), 1e-5), (np.array([3e-5, 4e-5]), 1e-4)],
        "one layer": [(np.array([5.0]), 2.0), (np.array([0.5]), 2.0)],
    },
    hints=[
        "One factor for all layers: else the direction of the whole step changes.",
        "The norm of everything together: the squares of all entries add up, and so do the squares of the norms.",
        "`min(1, theta / np.sqrt(sum(n**2 for n in norms)))`",
    ],
)  # fmt: skip
def common_factor(norms, theta):
    """The one factor for the gradients of all layers, such that together their norm is at most θ.

    norms: the norms of each layer's gradient, an array, not all of them 0; theta: θ > 0. Returns a number.
    """
    return min(1, theta / np.sqrt(sum(n**2 for n in norms)))


# fmt: off
common_factor.mistakes += [
    ("the norms are added", lambda norms, theta: min(1, theta / sum(norms)),
     "Norms do not add up; their squares do."),
    ("the largest norm", lambda norms, theta: min(1, theta / max(norms)),
     "The norm of everything together is at least that of the largest part."),
    ("the last norm alone", lambda norms, theta: min(1, theta / (norms[-1] or 1e-300)),
     "All norms count. Is the sum set back to 0 in each round?"),
    ("the mean norm", lambda norms, theta: min(1, theta / np.mean(norms)),
     "One norm over all entries, as if they were one long vector."),
    ("the smallest norm", lambda norms, theta: min(1, theta / max(min(norms), 1e-300)),
     "All layers count, the long ones most."),
    ("the squared norm", lambda norms, theta: min(1, theta / sum(n**2 for n in norms)),
     "The root is missing."),
    ("also enlarges", lambda norms, theta: theta / np.sqrt(sum(n**2 for n in norms)),
     "Where they are short enough together, nothing should change: the factor is then 1."),
    ("max where min is meant", lambda norms, theta: max(1, theta / np.sqrt(sum(n**2 for n in norms))),
     "The factor is at most 1."),
    ("the norms are added; and also enlarges", lambda norms, theta: theta / np.sum(norms),
     "Norms do not add up; their squares do. And where they are short enough together, nothing should change."),
    ("the largest norm; and also enlarges", lambda norms, theta: theta / np.max(norms),
     "One norm of everything together. And where that is short enough, nothing should change: the factor is then 1."),
    ("the mean norm; and also enlarges", lambda norms, theta: theta / np.mean(norms),
     "One norm of everything together. And where that is short enough, nothing should change: the factor is then 1."),
    ("θ is forgotten", lambda norms, theta: min(1, 1 / np.sqrt(sum(n**2 for n in norms))),
     "The new norm should be θ, not 1."),
    ("upside down", lambda norms, theta: min(1, np.sqrt(sum(n**2 for n in norms)) / theta),
     "The longer the gradient, the smaller the factor."),
    ("θ is shared out among the layers", lambda norms, theta: min(1, theta / (np.sqrt(len(norms)) * max(norms))),
     "One norm for everything together; the number of layers does not come in."),
    ("the root mean square", lambda norms, theta: min(1, theta / np.sqrt(np.mean(np.square(norms)))),
     "The squares add up; no mean is taken."),
    ("the norms are multiplied", lambda norms, theta: min(1, theta / max(np.prod(norms), 1e-300)),
     "The squares of all entries add up, and so do the squares of the norms."),
    ("the root of the sum of the norms", lambda norms, theta: min(1, theta / np.sqrt(np.sum(norms))),
     "Square each norm first; then add, then the root."),
    ("θ itself where it is too long", lambda norms, theta: 1 if np.linalg.norm(norms) < theta else theta,
     "A factor makes the norm θ: what has the norm N is multiplied by θ/N."),
    ("at most θ in place of at most 1", lambda norms, theta: min(theta, theta / np.linalg.norm(norms)),
     "Where they are short enough together nothing changes: the factor is then 1."),
    ("the factors of all layers multiplied",
     lambda norms, theta: np.prod(np.minimum(1, theta / np.maximum(norms, 1e-300))),
     "Each of them would shorten a layer that is clipped by itself. Here one norm of everything is compared with θ."),
    ("a factor for each layer", lambda norms, theta: np.minimum(1, theta / np.maximum(norms, 1e-300)),
     "Then the layers would be shortened by different parts. One factor for all: one norm of everything together."),
]
# fmt: on

# 6. A repair ---------------------------------------------------------------------------------------------------------


def descend_clipped_as_given(grad, w, lr, theta, steps):
    """The loop with its fault: it clips, and then steps with something else."""
    path = [w]
    for _ in range(steps):
        g = grad(w)
        clipped = g * min(1, theta / np.linalg.norm(g))
        w = w - lr * g  # noqa: F841
        path.append(w)
        del clipped
    return np.array(path)


@dataclass(frozen=True)
class Slope:
    """The gradient on the cliff, as a function that can be compared and printed."""

    def __call__(self, w):
        return Cliff().grad(w)

    def __repr__(self):
        return "the gradient on the cliff"


_CLIFF = Slope()


def _cases():
    return {
        "where gradients are long": [(_CLIFF, np.array([5.5, -2.6]), 0.5, 1.0, 20),
                                     (_CLIFF, np.array([6.2, -3.2]), 0.5, 0.01, 30)],
        "where they are short": [(_CLIFF, np.array([5.0, -1.5]), 0.5, 1.0, 5)],
        "no step": [(_CLIFF, np.array([5.0, -1.5]), 0.5, 1.0, 0)],
    }  # fmt: skip


@repair(
    descend_clipped_as_given,
    cases=_cases(),
    hints=[
        "Print the norm of what is subtracted from w. Is it ever above lr · θ?",
        "The clipped gradient is computed. Is it used?",
        "`w = w - lr * clipped`",
    ],
)
def descend_clipped(grad, w, lr, theta, steps):
    """Gradient descent with the gradient clipped to the norm θ: the points, shape (steps + 1, n).

    grad: a function of w; w: the start; lr: η; theta: θ.
    """
    path = [w]
    for _ in range(steps):
        g = grad(w)
        clipped = g * min(1, theta / np.linalg.norm(g))
        w = w - lr * clipped
        path.append(w)
    return np.array(path)


def _loop(step):
    """The path of step(w, g, lr, theta) → new w."""

    def walk(grad, w, lr, theta, steps):
        path = [w]
        for _ in range(steps):
            w = step(w, grad(w), lr, theta)
            path.append(w)
        return np.array(path)

    return walk


def _clip(g, theta):
    return g * min(1, theta / max(np.linalg.norm(g), 1e-300))


# fmt: off
descend_clipped.mistakes += [
    ("the step is clipped in place of the gradient", _loop(lambda w, g, lr, t: w - _clip(lr * g, t)),
     "θ is for the gradient: the longest step is then lr · θ, not θ."),
    ("the weights are clipped", _loop(lambda w, g, lr, t: _clip(w - lr * g, t)),
     "w may be far from 0; it is the gradient that must not be too long."),
    ("each component is clipped", _loop(lambda w, g, lr, t: w - lr * np.clip(g, -t, t)),
     "That is clipping by value; it turns the step."),
    ("every gradient gets the length θ", _loop(lambda w, g, lr, t: w - lr * t * g / max(np.linalg.norm(g), 1e-300)),
     "Where the slope is gentle the step should be as short as before."),
    ("the norm is compared squared",
     _loop(lambda w, g, lr, t: w - lr * (t * g / np.linalg.norm(g) if g @ g > t else g)),
     "With θ below 1 gradients between θ and √θ are not clipped; with θ above 1 some are made longer."),
    ("the clipped gradient is divided by θ", _loop(lambda w, g, lr, t: w - lr * _clip(g, t) / t),
     "Clipped, it has the norm θ. Divided by θ it would have the norm 1, whatever θ is."),
    ("uphill", _loop(lambda w, g, lr, t: w + lr * _clip(g, t)),
     "The gradient is clipped. Which way does descent go?"),
    ("the learning rate is left out", _loop(lambda w, g, lr, t: w - _clip(g, t)),
     "A clipped gradient is still a gradient: lr times it is the step."),
    ("θ is forgotten in the factor",
     _loop(lambda w, g, lr, t: w - lr * (g / np.linalg.norm(g) if np.linalg.norm(g) > t else g)),
     "The clipped gradient should have the norm θ, not 1."),
    ("the sum of sizes in place of the norm",
     _loop(lambda w, g, lr, t: w - lr * g * min(1, t / max(np.abs(g).sum(), 1e-300))),
     "√(g₁² + g₂² + …), not |g₁| + |g₂| + …"),
]
# fmt: on

# Choices -------------------------------------------------------------------------------------------------------------

interval = Choice(
    "“Clip the gradient when its norm is larger or smaller than an interval.” What is wrong with it?",
    {
        "a": ("Nothing.", "Making short gradients longer would keep every run from coming to rest."),
        "b": ("Only long gradients are clipped; short ones stay as they are.",
              "Yes: near a minimum the gradient is short, and it should be."),
        "c": ("Only short gradients are clipped.", "A short gradient makes a short step: nothing can be thrown far."),
        "d": ("The norm must be squared first.", "Then a gradient of norm 2.1 would be made longer for θ = 4."),
    },
    correct="b",
)  # fmt: skip

which = Choice(
    "A gradient is (100, 1), and θ = 1. Clipped by norm it is about (1, 0.01), clipped by value it is (1, 1). What "
    "follows?",
    {
        "a": ("By value is better: it keeps the second component.",
              "It keeps it at the price of the direction: the second weight now moves as far as the first."),
        "b": ("By norm keeps the direction; by value turns the step by 44°.",
              "Yes. By value treats the two weights as if their slopes were alike."),
        "c": ("They are the same up to a factor.", "(1, 0.01) and (1, 1) do not point the same way."),
        "d": ("Neither is a descent direction.",
              "Both have a positive product with the gradient, so a small step against either goes down."),
    },
    correct="b",
)  # fmt: skip

vanishing = Choice(
    "Sixty steps back in time the gradient is a trillionth of what it is at the end. What does clipping do about it?",
    {
        "a": ("It cures it: the threshold keeps gradients from becoming too small.",
              "A threshold only cuts what is long."),
        "b": ("Nothing. What happened early cannot be heard in it, however long it is.",
              "Yes. Even scaled up it would speak of the last few steps only."),
        "c": ("It cures it if θ is small enough.", "Then all gradients are cut, and within each the proportions stay."),
        "d": ("It makes it worse.", "It changes the length of the whole, not what it is made of."),
    },
    correct="b",
)  # fmt: skip

scale = Choice(
    "“Use θ = 1, or θ = 10.” What do these numbers mean for a network of yours?",
    {
        "a": ("They suit every network: norms are always of this size.",
              "Sum the loss over the batch in place of the mean, and every norm is as many times larger."),
        "b": ("Little, until you have looked at the norms of its gradients.",
              "Yes: a norm has the unit of the loss. Look at the norms of some hundred steps, then choose."),
        "c": ("θ = 1 is safe, θ = 10 is fast.", "Only beside norms that happen to lie between the two."),
        "d": ("The larger the network, the smaller θ.", "Norms may grow with the size, and θ must grow with them."),
    },
    correct="b",
)  # fmt: skip

# Predictions ---------------------------------------------------------------------------------------------------------

NET = Network([Linear(64, 32), Tanh(), Linear(32, 10)])
THRESHOLDS = {"none": None, "1": 1.0, "0.001": 1e-3, "10⁻⁶": 1e-6}


def accuracies(step, lr, theta, seeds=10, updates=200):
    """Held-out accuracies after 200 updates of 64 digits, gradients clipped to θ (None: not), one for each seed."""
    w = np.stack([NET.init(seed, "xavier") for seed in range(seeds)])
    wrap = None if theta is None else lambda grad: package_clip_norm(grad, theta)
    return train(NET, digits(), step, lr=lr, steps=updates, w=w, wrap=wrap, progress=False)["test_accuracy"][-1]


def _adam_clipped():
    """Which option is true of Adam with gradients cut to the norm 10⁻⁶."""
    plain, cut = (float(np.median(accuracies(adam, 0.01, theta, seeds=3))) for theta in (None, 1e-6))
    return "a" if cut < 0.3 else "b" if cut < plain - 0.1 else "c" if abs(cut - plain) <= 0.02 else "d"


adam_clipped = Predict(
    "You train on the digits with Adam, η = 0.01, and clip every gradient to the norm 10⁻⁶, a millionth. What happens?",
    _adam_clipped,
    options={
        "a": "It learns nothing: the steps are too small",
        "b": "It learns, but far more slowly",
        "c": "Nearly the same as without clipping",
        "d": "It learns better than without clipping",
    },
    why="Adam divides its step by the size of the gradients: a factor that is common to all of them cancels.",
)
