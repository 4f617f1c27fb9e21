"""The exercises of chapter 16: after Adam."""

import functools

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, has_blank
from optim_core.exercises.diagnosis import numbers
from optim_core.exercises.kinds import pair
from optim_core.exercises.running import run
from optim_core.exercises.steps import Slope
from optim_core.exercises.values import close
from optim_core.muon import newton_schulz as package_newton_schulz

from .experiments import STRENGTHS, half_times, modes

A, B, C = 3.4445, -4.7750, 2.0315

# 1. Lion -------------------------------------------------------------------------------------------------------------


def _arrays(*rows):
    return [np.array(row, float) for row in rows]


@pair(
    "the point",
    "the average",
    cases={
        "the first step": [(*_arrays([1.0, -2.0], [0, 0], [0.3, -5.0]), 0.1, 0.9, 0.99, 0.0)],
        "the gradient has turned": [(*_arrays([1.0, -2.0], [1.0, 1.0], [-0.5, -20.0]), 0.1, 0.9, 0.99, 0.0),
                                    (*_arrays([0.5, 2.0], [0.2, -0.1], [-1.0, 3.0]), 0.01, 0.9, 0.8, 0.0),
                                    (*_arrays([0.5, 2.0], [1.0, -1.0], [-12.0, 15.0]), 0.05, 0.9, 0.95, 0.0),
                                    (*_arrays([0.5, 2.0], [30.0, -40.0], [-1.0, 2.0]), 0.05, 0.9, 0.95, 0.0)],
        "with decay": [(*_arrays([8.0, -3.0, 0.5], [0.1, 0.2, -0.3], [1.0, 1.0, 1.0]), 0.1, 0.9, 0.99, 0.5),
                       (*_arrays([8.0, -3.0, 0.5], [0.1, 0.2, -0.3], [-1.0, 1.0, 1.0]), 0.2, 0.8, 0.9, 0.1)],
        "nothing to go by": [(*_arrays([1.0, 2.0], [0, 0], [0, 0]), 0.1, 0.9, 0.99, 0.1)],
    },
    hints=[
        "Three lines, in the order of the equation. The first mixes the old m with g, and keeps the sign.",
        "`u = np.sign(beta1 * m + (1 - beta1) * g)`. Then m changes, with the other β.",
        "The last line: `w = w - lr * (u + decay * w)`",
    ],
)  # fmt: skip
def lion_step(w, m, g, lr, beta1, beta2, decay):
    """One step of Lion: u ← sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g, w ← w − η (u + λ w).

    w, m, g: shape (n,); lr: η; beta1, beta2: β₁, β₂; decay: λ. Returns the new point and the new average, (w, m).
    """
    u = np.sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    w = w - lr * (u + decay * w)
    return w, m


def _lion(u=lambda m, g, b1, b2: np.sign(b1 * m + (1 - b1) * g), m_=lambda m, g, b1, b2: b2 * m + (1 - b2) * g,
          w_=lambda w, u, lr, lam: w - lr * (u + lam * w)):  # fmt: skip
    return lambda w, m, g, lr, b1, b2, lam: (w_(w, u(m, g, b1, b2), lr, lam), m_(m, g, b1, b2))


# fmt: off
lion_step.mistakes += [
    ("β₁ and β₂ are exchanged", _lion(lambda m, g, b1, b2: np.sign(b2 * m + (1 - b2) * g),
                                      lambda m, g, b1, b2: b1 * m + (1 - b1) * g),
     "β₁ mixes the direction of this step; β₂ says how long m remembers."),
    ("the sign of m alone", _lion(lambda m, g, b1, b2: np.sign(m)),
     "At the first step m is 0. The new gradient has a say in the direction, too."),
    ("the sign of g alone", _lion(lambda m, g, b1, b2: np.sign(g)),
     "That is sign descent. Where does m come in?"),
    ("m is updated before u", _lion(lambda m, g, b1, b2: np.sign(b1 * (b2 * m + (1 - b2) * g) + (1 - b1) * g)),
     "The direction is made of the old m; m changes after that."),
    ("the sign of the new m", _lion(lambda m, g, b1, b2: np.sign(b2 * m + (1 - b2) * g)),
     "The direction has a mixture of its own, with β₁."),
    ("where the mixture is 0 its sign is taken for −1",
     _lion(lambda m, g, b1, b2: np.where(b1 * m + (1 - b1) * g > 0, 1.0, -1.0)),
     "What has no gradient and no memory stays, but for the decay: the sign of 0 is 0."),
    ("where the mixture is 0 its sign is taken for 1",
     _lion(lambda m, g, b1, b2: np.where(b1 * m + (1 - b1) * g >= 0, 1.0, -1.0)),
     "What has no gradient and no memory stays, but for the decay: the sign of 0 is 0."),
    ("the mixture is divided by its size",
     _lion(lambda m, g, b1, b2: (b1 * m + (1 - b1) * g) / np.abs(b1 * m + (1 - b1) * g)),
     "Where the mixture is 0 that is 0/0. The sign of 0 is 0."),
    ("1 and 0 in place of 1 and −1: where the mixture is negative, nothing moves",
     _lion(lambda m, g, b1, b2: 1.0 * (b1 * m + (1 - b1) * g > 0)),
     "A component with a negative mixture has to move, too: the other way."),
    ("no (1 − β₁) before g", _lion(lambda m, g, b1, b2: np.sign(b1 * m + g)),
     "A weighted mean has weights that add up to 1."),
    ("no (1 − β₂) before g", _lion(m_=lambda m, g, b1, b2: b2 * m + g),
     "m is an average: its weights add up to 1."),
    ("no sign", _lion(lambda m, g, b1, b2: b1 * m + (1 - b1) * g),
     "Every component moves by the same η. What makes it so?"),
    ("m is not changed", _lion(m_=lambda m, g, b1, b2: m),
     "Without its second line Lion forgets every gradient."),
    ("m is updated with β₁", _lion(m_=lambda m, g, b1, b2: b1 * m + (1 - b1) * g),
     "m has a β of its own, which remembers longer."),
    ("the decay is left out", _lion(w_=lambda w, u, lr, lam: w - lr * u),
     "λ w is part of the step."),
    ("the decay without η", _lion(w_=lambda w, u, lr, lam: w - lr * u - lam * w),
     "η multiplies both, u and λ w."),
    ("the step goes uphill", _lion(w_=lambda w, u, lr, lam: w + lr * (u + lam * w)),
     "Down is against u."),
    ("the decay pushes outwards", _lion(w_=lambda w, u, lr, lam: w - lr * (u - lam * w)),
     "Decay makes weights smaller."),
    ("β₁ and 1 − β₁ are exchanged in u", _lion(lambda m, g, b1, b2: np.sign((1 - b1) * m + b1 * g)),
     "β₁ = 0.9 means that nine tenths of the mixture are m."),
    ("the two signs are mixed, not the sign of the mixture taken", _lion(
        lambda m, g, b1, b2: b1 * np.sign(m) + (1 - b1) * np.sign(g)),
     "First mix m and g, then take the sign: u is 1 or −1."),
    ("divided by the size of g, as in Adam, in place of a sign", _lion(
        lambda m, g, b1, b2: (b1 * m + (1 - b1) * g) / np.sqrt(g**2 + 1e-8)),
     "Every component moves by the same η: u is the *sign* of the mixture."),
    ("the mixture is scaled to length 1, in place of a sign", _lion(
        lambda m, g, b1, b2: (b1 * m + (1 - b1) * g) / np.linalg.norm(b1 * m + (1 - b1) * g)),
     "Then long components move further than short ones. With the sign of each, all move by η."),
    ("u is kept in place of the average", _lion(m_=lambda m, g, b1, b2: np.sign(b1 * m + (1 - b1) * g)),
     "The point is right. m has a line of its own: an average of the gradients, with β₂."),
    ("the decay is put into the gradient", lambda w, m, g, lr, b1, b2, lam: (
        w - lr * np.sign(b1 * m + (1 - b1) * (g + lam * w)), b2 * m + (1 - b2) * (g + lam * w)),
     "That is L2: the sign would swallow its size. The decay stands beside u, in the last line."),
]
# fmt: on

# 2. Newton–Schulz ----------------------------------------------------------------------------------------------------

_rng = np.random.default_rng(16)


@exercise(
    cases={
        "no step": [(np.array([[3.0, 0.0], [0.0, 4.0]]), 0)],
        "one step": [(np.array([[3.0, 0.0], [0.0, 4.0]]), 1), (np.array([[1.0, 2.0], [0.5, -1.0]]), 1)],
        "five steps": [(np.array([[3.0, 0.0], [0.0, 0.01]]), 5), (_rng.normal(size=(3, 3)).round(2), 5)],
        "seven steps": [(np.array([[2.0, 1.0], [0.0, 3.0]]), 7)],
        "more columns than rows": [(_rng.normal(size=(2, 4)).round(2), 3)],
        "more rows than columns": [(_rng.normal(size=(4, 2)).round(2), 2)],
    },
    same=functools.partial(close, rtol=1e-5, atol=2e-5),  # for a norm + 1e-7, as Muon's code has it
    hints=[
        "First divide G by its norm, √(Σ Gᵢⱼ²): `np.linalg.norm(G)`. Then repeat one line for X.",
        "With `S = X @ X.T` the line is a X + (b S + c S²) X. All products are matrix products, `@`.",
        "`X = a * X + (b * S + c * S @ S) @ X`",
    ],
)
def newton_schulz(G, steps):
    """X ← G/‖G‖, then `steps` times S ← X Xᵀ and X ← a X + (b S + c S²) X with Muon's a, b, c. ‖G‖² = Σ Gᵢⱼ².

    G: a matrix that is not 0; steps: how often. Returns X, the shape of G.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G / np.linalg.norm(G)
    for _ in range(steps):
        S = X @ X.T
        X = a * X + (b * S + c * S @ S) @ X
    return X


def _schulz(start=np.linalg.norm, line=lambda X, S: A * X + (B * S + C * S @ S) @ X, end=lambda X, G: X):
    def wrong(G, steps):
        X = G / start(G)
        with np.errstate(all="ignore"):
            for _ in range(steps):
                X = line(X, X @ X.T)
        return end(X, G)

    return wrong


# fmt: off
newton_schulz.mistakes += [
    ("G is not divided by its norm", _schulz(lambda G: 1.0),
     "Only singular values up to about 1.26 stay: larger ones explode."),
    ("divided by the largest singular value", _schulz(lambda G: np.linalg.norm(G, 2)),
     "That would do, but it is dear: it takes what the iteration is to avoid. Use √(Σ Gᵢⱼ²)."),
    ("divided by the largest entry", _schulz(lambda G: np.abs(G).max()),
     "A matrix with entries of at most 1 may have larger singular values."),
    ("b and c are exchanged", _schulz(line=lambda X, S: A * X + (C * S + B * S @ S) @ X),
     "b belongs to X Xᵀ, c to its square."),
    ("the square of X Xᵀ is missing", _schulz(line=lambda X, S: A * X + B * S @ X),
     "The polynomial has three terms: a s + b s³ + c s⁵."),
    ("X Xᵀ squared entry by entry", _schulz(line=lambda X, S: A * X + (B * S + C * S**2) @ X),
     "The square of a matrix is the product `@` with itself; `**2` squares each entry."),
    ("a X is missing", _schulz(line=lambda X, S: (B * S + C * S @ S) @ X),
     "The first term, a X, is what lifts small values."),
    ("one step only", lambda G, steps: newton_schulz.reference(G, 1),
     "Repeat it `steps` times."),
    ("one step too many", lambda G, steps: newton_schulz.reference(G, steps + 1),
     "For steps = 0 the answer is G/‖G‖."),
    ("scaled back by ‖G‖", _schulz(end=lambda X, G: X * np.linalg.norm(G)),
     "The length of G is to be forgotten."),
    ("the sign of each entry", lambda G, steps: np.sign(G) + 0.0,
     "That is the square's answer, not the matrix's."),
    ("the classic coefficients", _schulz(line=lambda X, S: 1.875 * X + (-1.25 * S + 0.375 * S @ S) @ X),
     "These converge to 1, slowly for small values. Asked for are Muon's."),
    ("powers of each entry in place of matrix products", _schulz(line=lambda X, S: A * X + B * X**3 + C * X**5),
     "a s + b s³ + c s⁵ is what happens to each *singular value*. For the matrix the products are `@`: X Xᵀ X."),
    ("(X Xᵀ)² is only X Xᵀ", _schulz(line=lambda X, S: A * X + (B * S + C * S) @ X),
     "c belongs to the square, the matrix product of X Xᵀ with itself."),
    ("X is scaled anew in each step", lambda G, steps: functools.reduce(
        lambda X, _: _schulz()(X, 1), range(steps), G),
     "Scale once, before the loop. In it, scaling would undo what the line has done to the sizes."),
    ("the cubic of Newton and Schulz, 1.5 X − 0.5 X Xᵀ X", _schulz(line=lambda X, S: 1.5 * X - 0.5 * S @ X),
     "The classic one converges, but slowly where s is small. Here the square of X Xᵀ comes in, and Muon's numbers."),
    ("S is made of G in each step", lambda G, steps: functools.reduce(
        lambda X, _: A * X + (B * G @ G.T + C * G @ G.T @ G @ G.T) @ X, range(steps), G / np.linalg.norm(G)),
     "S is that of the present X, which was scaled: S ← X Xᵀ, anew in each step."),
]
# fmt: on


def beside(function):
    """The experiment of a figure in which a student's Newton–Schulz runs beside ours.

    While it has a blank in it only ours is shown; so it is where it fails, and the caption says why.
    """
    s = np.geomspace(1e-3, 0.9999, 181)
    matrices = [np.diag([np.sqrt(1 - one**2), one]) for one in s]  # of norm 1

    def experiment(products):
        curves, trouble = {"ours": package_newton_schulz(np.stack(matrices), products)[:, 1, 1]}, ""
        if not has_blank(function):
            after, trouble = _second_values(function, matrices, products)
            curves |= {"yours": after} if len(after) == len(s) and np.isfinite(after).any() else {}
        return products, s, curves, trouble

    return experiment


def _second_values(function, matrices, products):
    """What a student's iteration makes of the second singular values, and what is wrong with it, or ""."""
    after = []
    for G in matrices:
        if not callable(function):
            return after, "Yours is not a function."
        ran = run(function, (G.copy(), products))
        X = numbers(ran.value)
        if ran.error is not None:
            return after, f"Yours failed with {type(ran.error).__name__}: {' '.join(str(ran.error).split())}."
        if X is None or X.shape != (2, 2) or np.iscomplexobj(X):
            return after, "Yours failed: it should return an array of real numbers, of the shape of G."
        after.append(np.clip(X[1, 1], -1e6, 1e6) if np.isfinite(X[1, 1]) else np.nan)
    lost = int(np.isnan(after).sum())
    return np.array(after), f"Yours is no finite number for {lost} of {len(after)} values." if lost else ""


# 3. Schedule-free ----------------------------------------------------------------------------------------------------

_SLOPE, _BENT = Slope((1.0, 4.0)), Slope((2.0, 1.0), 0.5)


@pair(
    "the average",
    "the fast point",
    cases={
        "the first step": [(*_arrays([1.0, -2.0], [1.0, -2.0]), _SLOPE, 1, 0.1, 0.9)],
        "later": [(*_arrays([1.0, -2.0], [0.5, 0.3]), _SLOPE, 2, 0.1, 0.9),
                  (*_arrays([0.2, 0.4], [-0.5, 1.0]), _BENT, 5, 0.2, 0.8),
                  (*_arrays([0.2, 0.4], [-0.5, 1.0]), _SLOPE, 100, 0.05, 0.9)],
        "the gradient at z alone": [(*_arrays([1.0, 1.0], [0.0, 2.0]), _BENT, 3, 0.1, 0.0)],
    },
    hints=[
        "Three points: y, where the gradient is taken, between z and w; z, which steps; w, the mean of all z.",
        "`y = (1 - beta) * z + beta * w`, then `z = z - lr * grad(y)`.",
        "The mean of t points from that of t − 1: `w = (1 - 1 / t) * w + z / t`, with the new z.",
    ],
)  # fmt: skip
def schedule_free_step(w, z, grad, t, lr, beta):
    """One step of schedule-free descent: y ← (1 − β) z + β w, z ← z − η ∇L(y), w ← (1 − 1/t) w + z/t.

    w, z: the average and the fast point, shape (n,); grad: a function; t: 1 at the first step; lr: η; beta: β.
    Returns the new average and the new fast point, (w, z).
    """
    y = (1 - beta) * z + beta * w
    z = z - lr * grad(y)
    w = (1 - 1 / t) * w + z / t
    return w, z


def _free(at=lambda w, z, b: (1 - b) * z + b * w, new=lambda z, y, g, lr: z - lr * g,
          mean=lambda w, z, t, old: (1 - 1 / t) * w + z / t):  # fmt: skip
    def wrong(w, z, grad, t, lr, beta):
        y = at(w, z, beta)
        after = new(z, y, grad(y), lr)
        return mean(w, after, t, z), after

    return wrong


# fmt: off
schedule_free_step.mistakes += [
    ("the gradient at the average w", _free(lambda w, z, b: w),
     "It is taken at y, between z and w."),
    ("the gradient at z", _free(lambda w, z, b: z),
     "That is plain averaging. Here it is taken at y, between z and w."),
    ("β on the wrong point", _free(lambda w, z, b: b * z + (1 - b) * w),
     "y is near the average w when β is near 1."),
    ("the step is taken from y", _free(new=lambda z, y, g, lr: y - lr * g),
     "Only the gradient is taken at y; z moves from where it was."),
    ("the step is taken from w", lambda w, z, grad, t, lr, b: (lambda n: ((1 - 1 / t) * w + n / t, n))(
        w - lr * grad((1 - b) * z + b * w)),
     "z moves from where z was."),
    ("the mean takes the old z", _free(mean=lambda w, z, t, old: (1 - 1 / t) * w + old / t),
     "The step comes first: the new z enters the mean."),
    ("1/(t + 1) in the mean", _free(mean=lambda w, z, t, old: (1 - 1 / (t + 1)) * w + z / (t + 1)),
     "That counts the start as a first point. After one step the mean of one point is that point: its share is 1/t."),
    ("an exponential average with β", lambda w, z, grad, t, lr, b: (lambda n: (b * w + (1 - b) * n, n))(
        z - lr * grad((1 - b) * z + b * w)),
     "Every z counts the same: the share of the new one is 1/t."),
    ("the weights of the mean are exchanged", _free(mean=lambda w, z, t, old: w / t + (1 - 1 / t) * z),
     "At t = 100 one new point among a hundred has the share 1/100."),
    ("the answer is z twice", _free(mean=lambda w, z, t, old: z),
     "Return the mean first, then z."),
    ("uphill", _free(new=lambda z, y, g, lr: z + lr * g),
     "Down is against the gradient."),
    ("the mean is not changed", _free(mean=lambda w, z, t, old: w),
     "The last line moves w towards the new z."),
    ("y enters the mean, not z", lambda w, z, grad, t, lr, b: (
        lambda y: ((1 - 1 / t) * w + y / t, z - lr * grad(y)))((1 - b) * z + b * w),
     "y is only where the gradient is taken. The mean is that of the z."),
]
# fmt: on

# 4. SAM --------------------------------------------------------------------------------------------------------------


@exercise(
    cases={
        "a valley": [(_SLOPE, np.array([1.0, -2.0]), 0.1), (_SLOPE, np.array([0.3, 0.4]), 1.0)],
        "where curvature changes": [(_BENT, np.array([1.0, 2.0]), 0.5), (_BENT, np.array([-1.0, 0.2]), 0.2)],
        "radius 0": [(_BENT, np.array([1.0, 2.0]), 0.0)],
        "a long gradient": [(Slope((50.0, 20.0, 1.0)), np.array([1.0, 2.0, 3.0]), 0.05)],
        "a short gradient": [(_SLOPE, np.array([0.003, -0.001]), 0.1)],
    },
    hints=[
        "Two gradients: one to find the steepest way up, one at the point that lies ρ further that way.",
        "The way up with length 1 is `g / np.linalg.norm(g)`.",
        "`g = grad(w)`, then `return grad(w + rho * g / np.linalg.norm(g))`",
    ],
)
def sam_gradient(grad, w, rho):
    """SAM's gradient: that at w + ρ g/‖g‖, where g = ∇L(w).

    grad: the gradient, a function of w; w: shape (n,), where ∇L(w) ≠ 0; rho: the radius ρ ≥ 0. Returns shape (n,).
    """
    g = grad(w)
    return grad(w + rho * g / np.linalg.norm(g))


def _unit(g):
    return g / np.linalg.norm(g)


# fmt: off
sam_gradient.mistakes += [
    ("down in place of up", lambda grad, w, rho: grad(w - rho * _unit(grad(w))),
     "SAM looks at the *worst* point nearby, which is uphill."),
    ("g is not scaled to length 1", lambda grad, w, rho: grad(w + rho * grad(w)),
     "The point lies at the distance ρ, however long g is."),
    ("the gradient at w", lambda grad, w, rho: grad(w),
     "That is the first of the two. Asked for is the one further up."),
    ("the mean of both gradients", lambda grad, w, rho: (grad(w) + grad(w + rho * _unit(grad(w)))) / 2,
     "The first gradient only shows the way; it does not enter the step."),
    ("the sign in place of the direction", lambda grad, w, rho: grad(w + rho * np.sign(grad(w))),
     "That is the highest point of a square. Here it is a ball: divide by the norm."),
    ("the answer has length 1", lambda grad, w, rho: _unit(grad(w + rho * _unit(grad(w)))),
     "Only the first gradient is scaled."),
    ("the point in place of the gradient there", lambda grad, w, rho: w + rho * _unit(grad(w)),
     "You have the point. Take the gradient there."),
    ("twice up", lambda grad, w, rho: (lambda p: grad(p + rho * _unit(grad(p))))(w + rho * _unit(grad(w))),
     "One step up, of length ρ."),
    ("along w, not along g", lambda grad, w, rho: grad(w + rho * _unit(w)),
     "Up is along the gradient."),
    ("the difference of the two", lambda grad, w, rho: grad(w + rho * _unit(grad(w))) - grad(w),
     "Asked for is the gradient up there, whole."),
    ("divided by the squared norm", lambda grad, w, rho: (lambda g: grad(w + rho * g / (g @ g)))(grad(w)),
     "Then the distance is ρ/‖g‖; divide by the norm once."),
    ("ρ is added to every weight", lambda grad, w, rho: grad(w + rho),
     "That goes in one direction, whatever the gradient. Up is along g: ρ g/‖g‖."),
    ("divided by the length of w", lambda grad, w, rho: grad(w + rho * grad(w) / np.linalg.norm(w)),
     "The way up gets length 1 when g is divided by *its own* length."),
    ("divided by the sum of |gᵢ|", lambda grad, w, rho: (lambda g: grad(w + rho * g / np.abs(g).sum()))(grad(w)),
     "‖g‖ is the length: the root of the sum of squares."),
    ("divided by the largest |gᵢ|", lambda grad, w, rho: (lambda g: grad(w + rho * g / np.abs(g).max()))(grad(w)),
     "‖g‖ is the length: the root of the sum of squares."),
    ("ρ g/‖g‖ is added to the gradient, not to the point", lambda grad, w, rho: grad(w) + rho * _unit(grad(w)),
     "The gradient at w gets longer by ρ, and that is all. The point moves first; then the gradient is taken there."),
]
# fmt: on

# 5. Constant, then down ----------------------------------------------------------------------------------------------


@exercise(
    cases={
        "while it is constant": [(0, 0.1, 100, 0.2), (50, 0.1, 100, 0.2), (10, 2.0, 40, 0.5)],
        "at the knee": [(80, 0.1, 100, 0.2), (20, 2.0, 40, 0.5)],
        "as it falls": [(81, 0.1, 100, 0.2), (90, 0.1, 100, 0.2), (99, 0.1, 100, 0.2), (30, 2.0, 40, 0.5)],
        "at the end": [(100, 0.1, 100, 0.2), (40, 2.0, 40, 0.5)],
        "falling all the time": [(25, 0.4, 100, 1.0), (0, 0.4, 100, 1.0)],
    },
    hints=[
        "The last c·T steps are the fall. How many steps are left at step k, as a share of these?",
        "(T − k)/(c T) is 1 at the knee and 0 at the end. Before the knee it is above 1: there the rate is lr.",
        "`lr * min(1, (steps - k) / (cooldown * steps))`",
    ],
)
def wsd_rate(k, lr, steps, cooldown):
    """The learning rate after k of T steps: lr, then in a straight line to 0 at k = T.

    k: steps taken, from 0 to T; lr: η; steps: T; cooldown: c, the share of the steps in which it falls, 0 < c ≤ 1.
    """
    return lr * min(1, (steps - k) / (cooldown * steps))


# fmt: off
wsd_rate.mistakes += [
    ("falls from the start", lambda k, lr, T, c: lr * max(0, 1 - k / T),
     "It stays at η until the last part begins."),
    ("grows before the knee", lambda k, lr, T, c: lr * max(0, (T - k) / (c * T)),
     "Before the knee it is η, not more."),
    ("cooldown taken as the constant part", lambda k, lr, T, c: lr * np.clip((T - k) / max((1 - c) * T, 1e-9), 0, 1),
     "c is the share of the steps in which it falls."),
    ("cooldown taken as a number of steps", lambda k, lr, T, c: lr * np.clip((T - k) / c, 0, 1),
     "c is a share: the fall takes c·T steps."),
    ("drops to 0 at the knee", lambda k, lr, T, c: lr * (k < T - c * T),
     "It falls in a straight line, not at once."),
    ("stays at lr", lambda k, lr, T, c: lr,
     "In the last part it falls."),
    ("a cosine in place of a line",
     lambda k, lr, T, c: lr * (1 + np.cos(np.pi * np.clip((k - T + c * T) / (c * T), 0, 1))) / 2,
     "A straight line is asked for; it differs from the cosine but for its middle and its ends."),
    ("an exponential in place of a line", lambda k, lr, T, c: lr * np.exp(-np.clip((k - T + c * T) / (c * T), 0, 1)),
     "A straight line is asked for, and it ends at 0; an exponential never gets there."),
    ("rises instead of falling", lambda k, lr, T, c: lr * np.clip((k - T + c * T) / (c * T), 0, 1),
     "1 minus that."),
    ("the share without lr", lambda k, lr, T, c: np.clip((T - k) / (c * T), 0, 1),
     "Multiply by η."),
    ("one step late", lambda k, lr, T, c: lr * np.clip((T - k + 1) / (c * T), 0, 1),
     "At k = T it is 0."),
    ("one step early", lambda k, lr, T, c: lr * np.clip((T - k - 1) / (c * T), 0, 1),
     "At the knee it is still η."),
    ("jumps at the knee to the line from lr to 0 over all steps", lambda k, lr, T, c: (
        lr if k < T - c * T else lr * (T - k) / T),
     "At the knee the rate is still η: the line leads to 0 in c·T steps, not in T."),
    ("multiplied once by the share in the last part", lambda k, lr, T, c: lr if k < T - c * T else lr * c,
     "In the last part it goes on falling, step by step, to 0."),
    ("an exponential after the knee", lambda k, lr, T, c: lr if k < T - c * T else lr * np.exp(-(k - T + c * T)),
     "In a straight line every step takes away the same amount, and at T nothing is left."),
    ("a warm-up in the first part", lambda k, lr, T, c: lr * min(1, k / (c * T)),
     "It is constant from the first step on; the *last* part is another."),
    ("the part that stays is the length of the fall", lambda k, lr, T, c: (
        lr if k < T - c * T else lr * (T - k) / (T - c * T)),
     "The fall takes c·T steps."),
    ("a root that falls at once after the knee", lambda k, lr, T, c: lr * (
        1 - np.sqrt(np.clip((k - T + c * T) / (c * T), 0, 1))),
     "A cool-down that is used, too. Here it is a straight line."),
    ("the root of the line", lambda k, lr, T, c: lr * np.sqrt(np.clip((T - k) / (c * T), 0, 1)),
     "A straight line is asked for, without a root."),
    ("falls in the first part, and then stays at η",
     lambda k, lr, T, c: lr * (1 - k / (c * T)) if k < c * T else lr,
     "First it stays, and then it falls: it is the last part that leads to 0."),
    ("falls to 0 in the first part, and then stays at η",
     lambda k, lr, T, c: lr * (1 - k / (c * T)) if k <= c * T else lr,
     "First it stays, and then it falls: it is the last part that leads to 0."),
    ("half of η in the last part", lambda k, lr, T, c: lr if k < (1 - c) * T else lr / 2,
     "That is a stair. Here it falls in a straight line to 0."),
]
# fmt: on

# Choices -------------------------------------------------------------------------------------------------------------

rates = Choice(
    "Adam worked with η = 0.001. You change to Muon. Which η?",
    {
        "a": ("0.001 again: η is η.", "Adam's η is about how far one weight moves; Muon's is the spectral norm of the "
              "step of a whole matrix. They have different units."),
        "b": ("It must be tuned anew: it measures something else.",
              "Yes. In the race they differ, and nothing says that the ratio holds for another network."),
        "c": ("Ten times smaller, as with Lion.", "That advice is for Lion beside AdamW, whose steps both count per "
              "weight."),
        "d": ("Any: its steps have singular values near 1 whatever the gradient, so η does not matter.",
              "Just because the gradient's size is forgotten, η alone decides how long the steps are."),
    },
    correct="b",
)  # fmt: skip

plan = Choice(
    "You do not know yet how long you can train. Which of these needs T before it starts?",
    {
        "a": ("Cosine.", "Yes: its η at every step depends on T. Stopped earlier, it has not come down."),
        "b": ("Constant, then to 0.", "Not at first: until the fall begins nothing depends on T. You may decide late."),
        "c": ("Schedule-free.", "It has a constant η. You may stop at any step, and take w."),
        "d": ("The mean of all points.", "It is there at every step."),
    },
    correct="a",
)  # fmt: skip

scale = Choice(
    "In the race of this chapter two methods lie within each other's spread over ten seeds. What follows?",
    {
        "a": ("They are equally good everywhere.", "Here, on these digits, with this budget. Elsewhere is not shown."),
        "b": ("The one with the higher mean is better.", "Other seeds might well turn it round."),
        "c": ("On this task this experiment does not tell them apart.",
              "Yes. More seeds, a harder task or a longer training might."),
        "d": ("The race was unfair to one of the two.", "They had the same budget. Being alike is no unfairness."),
    },
    correct="c",
)  # fmt: skip

# Prediction ----------------------------------------------------------------------------------------------------------


def _first_under_muon():
    """Which option is true of Muon: which strength is half learned first."""
    times = np.median([half_times(modes("Muon", 0.05, seed)) for seed in range(3)], axis=0)
    spread = (times.max() - times.min()) / times.max()
    return "c" if spread < 0.1 else {4.0: "a", 0.5: "b"}.get(float(STRENGTHS[np.argmin(times)]), "d")


first = Predict(
    "A linear network of two layers has to learn four directions, of strength 4, 2, 1 and ½. Gradient descent learns "
    "the strongest first and the weakest last. Muon makes all singular values of its step (nearly) equal. Which is "
    "half learned first?",
    _first_under_muon,
    options={
        "a": "The strongest, 4, as with gradient descent",
        "b": "The weakest, ½",
        "c": "All at the same step",
        "d": "One of the two in the middle",
    },
    why="All directions grow at about the same speed; so the shortest way, to ½, is done first.",
)
