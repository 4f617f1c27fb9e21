"""The exercises of chapter 02: critical points."""

import math

import numpy as np

from optim_core.exercises import Choice, Predict, exercise, up_to_sign

from .experiments import LR, steps_to_leave, where_it_ends

# 1. The quadratic model ------------------------------------------------------------------------------------------


def _models(sizes, flat=False, seed=0):
    """Random (L, g, H, d) with a symmetric H; flat: g = 0."""
    rng = np.random.default_rng(seed)
    for n in sizes:
        L, g, A, d = (rng.normal(size=shape).round(2) for shape in [(), n, (n, n), n])
        yield float(L), 0 * g if flat else g, A + A.T, d


@exercise(
    cases={
        "two parameters": [
            (1.0, np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([1.0, -1.0])),
            (0.5, np.array([-1.0, 0.5]), np.array([[0.0, -2.0], [-2.0, 0.0]]), np.array([2.0, 1.0])),
            *_models([2] * 8),
        ],
        "three or five parameters": [*_models([3] * 6 + [5] * 6, seed=1)],
        "a critical point (g = 0)": [*_models([2, 2, 3], flat=True, seed=2)],
    },
    hints=[
        "Three terms: the height here, the slope along d, and the bend along d.",
        "In one dimension it is `L + g·d + ½·h·d²`. With vectors, g·d becomes a dot product, and h·d² becomes dᵀHd.",
        "numpy writes the dot product of two vectors as `g @ d`, and dᵀHd as `d @ H @ d`.",
    ],
    terms={
        "L": lambda L, g, H, d: L,
        "gᵀd": lambda L, g, H, d: g @ d,
        "dᵀHd": lambda L, g, H, d: d @ H @ d,
        "gᵀHd": lambda L, g, H, d: g @ H @ d,
        "gᵀHg": lambda L, g, H, d: g @ H @ g,
        "gᵀg": lambda L, g, H, d: g @ g,
        "dᵀd": lambda L, g, H, d: d @ d,
        "Σgᵢ": lambda L, g, H, d: g.sum(),
        "Σdᵢ": lambda L, g, H, d: d.sum(),
        "Σ(Hd)ᵢ": lambda L, g, H, d: (H @ d).sum(),
        "ΣHᵢᵢdᵢ²": lambda L, g, H, d: np.diag(H) @ d**2,
        "ΣHᵢⱼdⱼ²": lambda L, g, H, d: (H @ d**2).sum(),
        "1": lambda L, g, H, d: 1.0,
    },
)
def quadratic_model(L, g, H, d):
    """What the loss would be at distance d from here, if it were a parabola.

    L: the loss here, a number; g: the gradient here, shape (n,); H: the Hessian here, shape (n, n); d: shape (n,).
    Returns L + gᵀd + ½ dᵀHd, a number.
    """
    return L + g @ d + 0.5 * d @ H @ d


# fmt: off
quadratic_model.mistakes += [  # what was done, the wrong formula, where to look
    ("only the entries of H on and above its diagonal",
     lambda L, g, H, d: L + g @ d + 0.5 * d @ np.triu(H) @ d,
     "dᵀHd has all pairs i, j, each off-diagonal one twice."),
    ("H is taken to be its trace times the identity", lambda L, g, H, d: L + g @ d + 0.5 * np.trace(H) * (d @ d),
     "How it bends depends on the direction: dᵀHd."),
    ("H is taken to be its determinant times the identity",
     lambda L, g, H, d: L + g @ d + 0.5 * np.linalg.det(H) * (d @ d),
     "How it bends depends on the direction: dᵀHd."),
    ("H is taken to be the sum of its entries times the identity",
     lambda L, g, H, d: L + g @ d + 0.5 * H.sum() * (d @ d),
     "How it bends depends on the direction: dᵀHd."),
    ("H is taken to be its largest eigenvalue times the identity",
     lambda L, g, H, d: L + g @ d + 0.5 * np.linalg.eigvalsh(H)[-1] * (d @ d),
     "It bends so much along one eigenvector only. In any direction it is dᵀHd."),
    ("the inverse of H", lambda L, g, H, d: L + g @ d + 0.5 * d @ np.linalg.inv(H) @ d,
     "The inverse leads to Newton's step. The model has H itself."),
    ("the dot product of the slope is a product of lengths",
     lambda L, g, H, d: L + np.linalg.norm(g) * np.linalg.norm(d) + 0.5 * d @ H @ d,
     "That is gᵀd only where d points along g: the angle between them is missing."),
    ("the dot product of the slope is a product of sums", lambda L, g, H, d: L + g.sum() * d.sum() + 0.5 * d @ H @ d,
     "gᵀd pairs each gᵢ with its own dᵢ."),
    ("the square of the slope in place of the bend", lambda L, g, H, d: L + g @ d + 0.5 * (g @ d) ** 2,
     "Where does H come in?"),
    ("the bend is squared", lambda L, g, H, d: L + g @ d + 0.5 * (d @ H @ d) ** 2,
     "dᵀHd already has d twice."),
    ("the length of d in place of the bend", lambda L, g, H, d: L + g @ d + 0.5 * d @ d,
     "Where does H come in?"),
    ("the size of the slope", lambda L, g, H, d: L + abs(g @ d) + 0.5 * d @ H @ d,
     "Downhill the slope gᵀd is negative, and lowers the model."),
    ("the size of the bend", lambda L, g, H, d: L + g @ d + 0.5 * abs(d @ H @ d),
     "Along a negative eigenvalue it bends down, and that is what makes a saddle."),
    ("the lowest value of the model, where its slope is zero",
     lambda L, g, H, d: L - 0.5 * g @ np.linalg.solve(H, g),
     "Asked for is its value at d, any d."),
    ("half of both d and the bend", lambda L, g, H, d: L + 0.5 * g @ d + d @ H @ d,
     "The slope comes in full, the bend with a ½."),
    ("gᵀHd is added to the bend", lambda L, g, H, d: L + g @ d + g @ H @ d + 0.5 * d @ H @ d,
     "Three terms: the height, the slope gᵀd, the bend ½ dᵀHd."),
    ("the ½ is missing", lambda L, g, H, d: L + g @ d + d @ H @ d,
     "Try it on f(x) = x²: there f″ = 2, and only with the ½ does the model give x² back."),
    ("the ½ stands before both terms", lambda L, g, H, d: L + 0.5 * (g @ d + d @ H @ d),
     "Only the bend has a ½; the slope comes in full: f(x) = x has the model x."),
    ("the slope gᵀd is left out", lambda L, g, H, d: L + 0.5 * d @ H @ d,
     "That is right at a critical point only. Everywhere else the first order counts most."),
    ("the bend dᵀHd is left out", lambda L, g, H, d: L + g @ d,
     "Yours is a plane. Where in it does H come in?"),
    ("L itself is left out", lambda L, g, H, d: g @ d + 0.5 * d @ H @ d,
     "Yours is the change of the loss. The model starts from the height here: set d = 0."),
    ("the slope has a minus sign", lambda L, g, H, d: L - g @ d + 0.5 * d @ H @ d,
     "Descent steps along −g; the model has +gᵀd, for any d, uphill or downhill."),
    ("the bend has a minus sign", lambda L, g, H, d: L + g @ d - 0.5 * d @ H @ d,
     "A positive eigenvalue bends up: along its eigenvector the model must bend up, too."),
    ("d comes once only in the bend", lambda L, g, H, d: L + g @ d + 0.5 * H @ d,
     "The second order is quadratic: a d on each side of H, so that one number comes out."),
    ("d comes once only in the bend, and is then summed", lambda L, g, H, d: L + g @ d + 0.5 * (H @ d).sum(),
     "The second order is quadratic: a d on each side of H."),
    ("the bend is gᵀHd, with g on one side of H", lambda L, g, H, d: L + g @ d + 0.5 * g @ H @ d,
     "Between slope and bend, letters got mixed: H stands between two d."),
    ("`*` where `@` is needed", lambda L, g, H, d: L + g * d + 0.5 * d * H * d,
     "`*` multiplies entry by entry and leaves a whole array. A dot product sums: `@`."),
    ("`*` between g and d", lambda L, g, H, d: L + g * d + 0.5 * d @ H @ d,
     "`g * d` is an array; its sum, `g @ d`, is the slope along d."),
    ("H multiplied entry by entry and then summed", lambda L, g, H, d: L + g @ d + 0.5 * np.sum(d * H * d),
     "`d * H * d` pairs Hᵢⱼ with dⱼ twice; dᵀHd pairs it with dᵢ and dⱼ."),
    ("only the diagonal of H is used", lambda L, g, H, d: L + g @ d + 0.5 * np.diag(H) @ d**2,
     "The off-diagonal entries say how one slope changes with the other parameter."),
    ("only the first two parameters are used", lambda L, g, H, d: L + g[:2] @ d[:2] + 0.5 * d[:2] @ H[:2, :2] @ d[:2],
     "d can have any length: use `@`, which runs over all of it."),
    ("H is taken to be its norm times the identity", lambda L, g, H, d: L + g @ d + 0.5 * np.linalg.norm(H) * (d @ d),
     "How it bends depends on the direction: dᵀHd."),
    ("the square of the length of Hd in place of the bend", lambda L, g, H, d: L + g @ d + 0.5 * (H @ d) @ (H @ d),
     "A d stands on each side of H, and H comes in once: dᵀHd."),
    ("the slope of the model in place of its height", lambda L, g, H, d: g + H @ d,
     "That is where the model leads up, at d: its gradient. Asked is its height there, one number."),
]
# fmt: on

# 2. The classifier -----------------------------------------------------------------------------------------------


def _spectra(table):
    return [(np.array(row.split(), float),) for row in table.split(",")]


@exercise(
    cases={
        "two eigenvalues, none zero": _spectra("2 3, -1 -4, -2 2, 3 -1, 0.01 5, -0.01 -5, -4 1, -0.01 5"),
        "more eigenvalues, none zero": _spectra(
            "1 2 3, -1 -2 -3, 1 2 -3, -1 -2 4, 2 -1 3, -2 5 -3, 0.5 4 2 1, -3 -1 -0.1 -2, -1 4 2 1, 4 2 -7 1 3"
        ),
        "a zero beside eigenvalues of one sign": _spectra("0 2, -2 0, 1 0 3, 0 -1 -4"),
        "a zero beside eigenvalues of both signs": _spectra("0 1 -1, 2 -3 0, -1 0 0 3"),
        "nothing but zeros": _spectra("0 0, 0 0 0"),
        "a zero that rounding has spoilt": _spectra("4e-16 2, -4e-16 2, -2 4e-16, -2 -4e-16, 1e-5 1e12, 3 -2e-16 1"),
        "just above and just below the border of 1e-9": _spectra(
            "1 1e-9, 1 -1e-9, 2e-9 1, -2e-9 -1, 1 -2e-9, 5e-10 1, 8e-10 1, 1 1 1 2e-9, -3 2e-9, -3 -1 -2e-9, 1 2e-9 "
            "-1, 1 1.5e-9 1 1"
        ),
        "a loss on a tiny or huge scale": _spectra("2e-20 1e-20, -2e-20 1e-20, -1e-20 -3e-20, 2e12 3e12, -2e12 5e12"),
    },
    hints=[
        "First decide what counts as zero: computed eigenvalues are never exactly 0. Compare |λ| with the largest |λ|.",
        "Which answers are proofs? All positive; all negative; one of each sign. Whatever is left is degenerate.",
        "A zero does not undo a proof: one positive and one negative eigenvalue are a saddle whatever the others are.",
        "`zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()`, then `np.all`, `np.any` on the rest.",
    ],
)
def classify(eigenvalues):
    """Which kind of critical point has a Hessian with these eigenvalues?

    eigenvalues: shape (n,), any n ≥ 2, in any order. As zero counts |λ| ≤ 1e-9 times the largest |λ|.
    Returns "minimum", "maximum", "saddle", or "degenerate" where the signs prove none of them.
    """
    zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
    up, down = (eigenvalues > 0) & ~zero, (eigenvalues < 0) & ~zero
    if np.all(up):
        return "minimum"
    if np.all(down):
        return "maximum"
    if np.any(up) and np.any(down):
        return "saddle"
    return "degenerate"


def _zeros(e):
    """Which eigenvalues count as zero."""
    return np.abs(e) <= 1e-9 * np.abs(e).max()


def _word(minimum, maximum, saddle):
    """The first of the three that is true, or degenerate."""
    return "minimum" if minimum else "maximum" if maximum else "saddle" if saddle else "degenerate"


# A wrong answer here is a rule about the signs s, a way to decide which eigenvalues e are zero, or both:
# fmt: off
_RULES = [
    ("", lambda s: _word(all(s > 0), all(s < 0), any(s > 0) and any(s < 0)), ""),  # the right one
    ("zero counts as positive, and as negative (≥ and ≤)", lambda s: _word(all(s >= 0), all(s <= 0), True),
     "With eigenvalues 0 and 2 the loss may rise, fall or stay level along the zero: x⁴, −x⁴ and 0 all have it."),
    ("whatever is neither a minimum nor a maximum is called a saddle", lambda s: _word(all(s > 0), all(s < 0), True),
     "A saddle needs a proof too: a positive eigenvalue and a negative one."),
    ("a zero makes everything degenerate", lambda s: _word(all(s > 0), all(s < 0), all(s != 0)),
     "Take 0, 1, −1: up in one direction, down in another. What does the zero change about that?"),
    ("minimum and maximum exchanged", lambda s: _word(all(s < 0), all(s > 0), any(s > 0) and any(s < 0)),
     "A positive eigenvalue bends up, like x². Is the middle of a cup its lowest place or its highest?"),
    ("`any` where `all` is needed", lambda s: _word(any(s > 0), any(s < 0), False),
     "A single positive eigenvalue is no proof of a minimum: every direction has to bend up."),
    ("only the first two eigenvalues are looked at",
     lambda s: _word(all(s[:2] > 0), all(s[:2] < 0), any(s[:2] > 0) and any(s[:2] < 0)),
     "A million parameters have a million eigenvalues, and one negative among them can make the saddle."),
    ("only the first and the last eigenvalue are looked at",
     lambda s: _word(s[0] > 0 and s[-1] > 0, s[0] < 0 and s[-1] < 0, s[0] * s[-1] < 0),
     "These come in any order, and the one that decides may stand in between."),
    ("they are taken to be sorted: the first for the smallest, the last for the largest",
     lambda s: _word(s[0] > 0, s[-1] < 0, s[0] < 0 < s[-1]),
     "They come in any order."),
    ("the determinant decides, their product, and then the sign of the first",
     lambda s: _word(np.prod(s) > 0 and s[0] > 0, np.prod(s) > 0 and s[0] < 0, np.prod(s) < 0),
     "That is a rule for two of them. What is the product of −1, −2 and −3, and what of −1, −1 and 1?"),
]
_ZEROS = [
    ("", lambda e: np.where(np.abs(e) <= 1e-9 * np.abs(e).max(), 0, np.sign(e)), ""),  # the right one
    ("no tolerance for zero", np.sign,
     "A computed zero comes out as 4e-16 or −4e-16. Call |λ| zero when it is tiny beside the largest |λ|."),
    ("a fixed tolerance for zero", lambda e: np.where(np.abs(e) <= 1e-9, 0, np.sign(e)),
     "Multiply the loss by 1e-20: its shape is the same, your answers are not. Compare |λ| with the largest |λ|."),
]
_MORE_ZEROS = [  # other tolerances: (what was done, the largest |λ| that counts as zero, where to look)
    ("a tolerance larger than 1e-9 times the largest |λ|", lambda e: 1e-6 * np.abs(e).max(),
     "Beside 1, an eigenvalue of 2e-9 is not zero here."),
    ("a tolerance smaller than 1e-9 times the largest |λ|", lambda e: 1e-12 * np.abs(e).max(),
     "Beside 1, an eigenvalue of 5e-10 counts as zero here."),
    ("a fixed tolerance for zero, and larger than 1e-9", lambda e: 1e-6,
     "Multiply the loss by 1e-20: its shape is the same, your answers are not. Compare |λ| with the largest |λ|."),
    ("a fixed tolerance for zero, much larger than 1e-9", lambda e: 1e-3,
     "Multiply the loss by 1e-20: its shape is the same, your answers are not. Compare |λ| with the largest |λ|."),
    ("a fixed tolerance for zero, and smaller than 1e-9", lambda e: 1e-12,
     "Multiply the loss by 1e-20: its shape is the same, your answers are not. Compare |λ| with the largest |λ|."),
    ("the mean of all |λ| in place of the largest", lambda e: 1e-9 * np.abs(e).mean(),
     "Tiny means tiny beside the largest |λ|."),
    ("the sum of all |λ| in place of the largest", lambda e: 1e-9 * np.abs(e).sum(),
     "Tiny means tiny beside the largest |λ|."),
    ("the largest λ in place of the largest |λ|", lambda e: 1e-9 * e.max(),
     "Of −3 and 2e-9 the largest is tiny. Take the sizes first, then the largest of them."),
    ("the length of the vector of eigenvalues in place of the largest |λ|", lambda e: 1e-9 * np.linalg.norm(e),
     "Tiny means tiny beside the largest |λ|."),
    ("the first |λ| in place of the largest", lambda e: 1e-9 * np.abs(e[0]),
     "They come in any order: the first may be the tiny one."),
    ("`<` where `≤` is asked for", lambda e: 1e-9 * np.abs(e).max() * (1 - 1e-12),
     "|λ| = 1e-9 times the largest counts as zero, too."),
]
# fmt: on
for _what, _rule, _look in _RULES:
    for _what2, _sign, _look2 in _ZEROS:
        if _what or _what2:
            _both = " and ".join(filter(None, [_what, _what2])), " ".join(filter(None, [_look, _look2]))
            classify.mistakes.append((_both[0], lambda e, rule=_rule, sign=_sign: rule(sign(e)), _both[1]))

for _what, _most, _look in _MORE_ZEROS:
    classify.mistakes.append(
        (_what, lambda e, most=_most: _RULES[0][1](np.where(np.abs(e) <= most(e), 0, np.sign(e))), _look)
    )

classify.mistakes += [
    (
        "the sum of the eigenvalues decides",
        lambda e: _word(np.sum(e) > 0, np.sum(e) < 0, True),
        "−1 and 5 sum to something positive, and still one direction leads down. Look at each sign.",
    ),
    (
        "the signs of determinant and trace decide",
        lambda e: _word(np.prod(e) > 0 and np.sum(e) > 0, np.prod(e) > 0 and np.sum(e) < 0, np.prod(e) < 0),
        "With two eigenvalues that is enough. With −1, −2 and 4 the product is positive, and it is a saddle.",
    ),
    (
        "the first and the last eigenvalue decide, as if they were sorted",
        lambda e: _word(e[0] > 0 and not _zeros(e).any(), e[-1] < 0 and not _zeros(e).any(), e[0] < 0 < e[-1]),
        "They come in any order: `np.all` and `np.any` ask about each.",
    ),
    (
        "one eigenvalue below zero makes a saddle of all that is no maximum",
        lambda e: _word(
            np.all(e > 0) and not _zeros(e).any(), np.all(e < 0) and not _zeros(e).any(), np.any((e < 0) & ~_zeros(e))
        ),
        "Take −1 and 0: down on one line, and what the zero does is not known. A saddle needs a positive one, too.",
    ),
]


# 3. The way out --------------------------------------------------------------------------------------------------


def _hessians(*sizes, seed=0):
    """Random symmetric matrices with eigenvalues −1, … and others of both signs; some bend up more than down."""
    rng = np.random.default_rng(seed)
    for k, n in enumerate(sizes):
        Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
        values = np.linspace(-1.0, 3.0 if k % 2 else 0.6, n) + 0.1 * rng.random(n)
        A = ((Q * values) @ Q.T).round(3)
        yield ((A + A.T) / 2,)


def _about(v, hessian):
    """Length and curvature of a wrong direction."""
    length = np.linalg.norm(v)
    if v.shape != (len(hessian),) or not 0 < length < np.inf:
        return None
    along, lowest = v @ hessian @ v / length**2, np.linalg.eigvalsh(hessian)[0]
    return f"It has length {length:.4g}, and curvature {along:.4g} along it; the most negative there is {lowest:.4g}."


@exercise(
    cases={
        "two parameters": [
            (np.array([[0.0, -2.0], [-2.0, 0.0]]),),
            (np.array([[1.0, 0.0], [0.0, -2.0]]),),
            (np.array([[-1.0, 0.0], [0.0, 3.0]]),),
            (np.array([[2.0, 2.0], [2.0, -1.0]]),),
            *_hessians(2, 2, 2, 2),
        ],
        "three or more parameters": [*_hessians(3, 3, 4, 4, 6, seed=1)],
        "a maximum": [(np.array([[-3.0, 1.0], [1.0, -2.0]]),), (np.diag([-1.0, -5.0, -2.0]),)],
    },
    hints=[
        "Along a unit eigenvector the loss bends with its eigenvalue. You want the smallest one, the most negative.",
        "`values, vectors = np.linalg.eigh(hessian)` sorts the eigenvalues, smallest first.",
        "The eigenvectors are the columns of `vectors`: `vectors[:, k]` belongs to `values[k]`.",
    ],
    same=up_to_sign,
    remark=_about,
)
def escape_direction(hessian):
    """The direction of length 1 in which the loss bends down most.

    hessian: symmetric, shape (n, n), with at least one negative eigenvalue.
    Returns the unit eigenvector of the most negative eigenvalue, shape (n,); v and −v are both right.
    """
    values, vectors = np.linalg.eigh(hessian)  # eigenvalues in rising order, eigenvectors in the columns
    return vectors[:, 0]


def _eigenvector(hessian, index):
    """The unit eigenvector that `index`, a function of the eigenvalues, chooses."""
    values, vectors = np.linalg.eigh(hessian)
    return vectors[:, index(values)]


def _unit(v):
    return v / np.linalg.norm(v)


# fmt: off
escape_direction.mistakes += [  # what was done, the wrong formula, where to look
    ("the second row of `eigh`'s matrix", lambda H: np.linalg.eigh(H)[1][1],
     "The eigenvectors are its columns, and Python counts from 0."),
    ("the last eigenvector but one", lambda H: np.linalg.eigh(H)[1][:, -2],
     "`eigh` sorts from small to large: the most negative comes first."),
    ("the right vector with all signs made positive", lambda H: np.abs(np.linalg.eigh(H)[1][:, 0]),
     "Its entries may have different signs, and then these decide where it leads."),
    ("the signs of the right vector only", lambda H: np.sign(np.linalg.eigh(H)[1][:, 0]),
     "How far along each axis matters, too."),
    ("the sum of all eigenvectors that lead down",
     lambda H: np.linalg.eigh(H)[1][:, np.linalg.eigh(H)[0] < 0].sum(axis=1),
     "One of them leads down most, and it has length 1 by itself."),
    ("the sum of all eigenvectors that lead down, with length 1",
     lambda H: _unit(np.linalg.eigh(H)[1][:, np.linalg.eigh(H)[0] < 0].sum(axis=1)),
     "Each leads down, but one of them most. The sum is a way between them."),
    ("the sum of all eigenvectors, with length 1", lambda H: _unit(np.linalg.eigh(H)[1].sum(axis=1)),
     "Each belongs to another eigenvalue. Which of them do you want?"),
    ("the sum of the eigenvectors, each times its eigenvalue, with length 1",
     lambda H: _unit(np.linalg.eigh(H)[1] @ np.linalg.eigh(H)[0]),
     "Each belongs to another eigenvalue. Which of them do you want?"),
    ("all eigenvectors that lead down", lambda H: np.linalg.eigh(H)[1][:, np.linalg.eigh(H)[0] < 0],
     "One of them leads down most: it is one column."),
    ("the rows of `eigh`'s matrix where an eigenvalue is negative",
     lambda H: np.linalg.eigh(H)[1][np.linalg.eigh(H)[0] < 0],
     "The eigenvectors are its columns; and only one is asked for."),
    ("the sum of all eigenvectors", lambda H: np.linalg.eigh(H)[1].sum(axis=1),
     "Each belongs to another eigenvalue. Which of them do you want?"),
    ("the sum of the eigenvectors, each times its eigenvalue", lambda H: np.linalg.eigh(H)[1] @ np.linalg.eigh(H)[0],
     "Each belongs to another eigenvalue. Which of them do you want?"),
    ("the first two eigenvectors, added", lambda H: np.linalg.eigh(H)[1][:, :2].sum(axis=1),
     "One of them leads down most, and it has length 1 by itself."),
    ("the first column of the Hessian", lambda H: H[:, 0],
     "That is how the slope changes along the first axis. You want an eigenvector."),
    ("the first column of the Hessian, with length 1", lambda H: H[:, 0] / np.linalg.norm(H[:, 0]),
     "That is how the slope changes along the first axis. You want an eigenvector."),
    ("the first row of `np.linalg.eig`'s matrix", lambda H: np.linalg.eig(H)[1][0],
     "Eigenvectors are columns; and `eig` returns its eigenvalues in no order. `eigh`, for symmetric H, sorts them."),
    ("the first left vector of `svd`", lambda H: np.linalg.svd(H)[0][:, 0],
     "Singular values are sizes, |λ|, largest first: a steep wall has a large one, too."),
    ("the last left vector of `svd`", lambda H: np.linalg.svd(H)[0][:, -1],
     "Singular values are sizes, |λ|: the smallest belongs to the flattest direction, not to the way down."),
    ("the direction of all ones", lambda H: np.ones(len(H)) / np.sqrt(len(H)),
     "The Hessian decides where it goes down. Where does it come in?"),
    ("the first axis", lambda H: np.eye(len(H))[0],
     "The Hessian decides where it goes down. Where does it come in?"),
    ("the row of `eigh`'s matrix with the lowest curvature",
     lambda H: min(np.linalg.eigh(H)[1], key=lambda v: v @ H @ v),
     "The idea is right. A loop over a matrix goes through its rows; the eigenvectors are the columns."),
    ("the largest entry made 1", lambda H: np.linalg.eigh(H)[1][:, 0] / np.abs(np.linalg.eigh(H)[1][:, 0]).max(),
     "The direction is right. Its length √(Σvᵢ²) should be 1, and it already was."),
    ("divided by the eigenvalue", lambda H: np.linalg.eigh(H)[1][:, 0] / np.linalg.eigh(H)[0][0],
     "The direction is right. Its length should be 1, and it already was."),
    ("the smallest entry of each parameter", lambda H: np.linalg.eigh(H)[1].min(axis=1),
     "That takes each entry from another eigenvector. One column is asked for."),
    ("the eigenvector of the largest eigenvalue", lambda H: _eigenvector(H, np.argmax),
     "That one bends up most. `eigh` sorts from small to large."),
    ("a row of `eigh`'s matrix instead of a column", lambda H: np.linalg.eigh(H)[1][0],
     "`vectors[0]` mixes the first entries of all eigenvectors."),
    ("the last row of `eigh`'s matrix", lambda H: np.linalg.eigh(H)[1][-1],
     "The eigenvectors are its columns, and the most negative comes first."),
    ("the eigenvalue largest in size", lambda H: _eigenvector(H, lambda e: np.argmax(np.abs(e))),
     "A large positive eigenvalue is a wall, not a way out. Do not take |λ|."),
    ("the eigenvalue smallest in size", lambda H: _eigenvector(H, lambda e: np.argmin(np.abs(e))),
     "Smallest means most negative here, not nearest to zero: leave the | | away."),
    ("the negative eigenvalue nearest to zero", lambda H: _eigenvector(H, lambda e: np.sum(e < 0) - 1),
     "It leads down, but slowest of all: take the most negative one."),
    ("the second eigenvector", lambda H: np.linalg.eigh(H)[1][:, 1],
     "Python counts from 0: the first column is `[:, 0]`."),
    ("the first column of `np.linalg.eig`", lambda H: np.linalg.eig(H)[1][:, 0],
     "`eig` returns its eigenvalues in no order. `eigh`, for symmetric H, sorts them."),
    ("the eigenvector times its eigenvalue", lambda H: np.linalg.eigh(H)[0][0] * np.linalg.eigh(H)[1][:, 0],
     "The direction is right. Its length should be 1, and it already was."),
    ("the most negative eigenvalue itself", lambda H: np.linalg.eigh(H)[0][0],
     "That is how much it bends; the question is where: its eigenvector."),
    ("all eigenvalues", lambda H: np.linalg.eigh(H)[0],
     "Those say how much it bends; the question is where: one eigenvector."),
    ("all eigenvectors", lambda H: np.linalg.eigh(H)[1],
     "Each column is one. Which of them belongs to the most negative eigenvalue?"),
    ("the axis with the most negative diagonal entry", lambda H: np.eye(len(H))[np.argmin(np.diag(H))],
     "(1 − w₁w₂)² is flat along both axes at the origin, and falls between them: the way out need not be an axis."),
]
# fmt: on

# 4. The price of the way out -------------------------------------------------------------------------------------


def _after(k, distance, reach, lr, eigenvalue):
    """Where a wrong number of steps leads."""
    if k.ndim == 0 and np.isfinite(k):
        there = distance * (1 - lr * eigenvalue) ** k
        return f"After that many steps of gradient descent the distance is {there:.3g}, not {reach:g}."


@exercise(
    cases={
        "the saddle of (1 − w₁w₂)², λ = −2, up to distance 1": [
            (1e-2, 1.0, 0.05, -2.0),
            (1e-4, 1.0, 0.05, -2.0),
            (1e-6, 1.0, 0.01, -2.0),
            (0.3, 1.0, 0.2, -2.0),
        ],
        "another curvature": [(1e-3, 1.0, 0.1, -0.5), (2e-2, 1.0, 0.03, -7.0), (1e-8, 1.0, 0.25, -1.2)],
        "another distance to reach": [(1e-3, 0.5, 0.1, -2.0), (1e-2, 4.0, 0.07, -3.0), (5e-5, 0.2, 0.02, -0.8)],
    },
    hints=[
        "Along the eigenvector the gradient is λu. What does one step u ← u − lr·λ·u multiply u by?",
        "After k steps u = distance·(1 − lr·λ)ᵏ. Set that equal to reach.",
        "Take the logarithm on both sides and solve for k.",
    ],
    remark=_after,
    readings={
        "the growth per step": (
            lambda k, distance, reach, lr, eigenvalue: (reach / distance) ** (1 / k),
            {
                "1": lambda u, r, lr, e: 1.0,
                "lr·|λ|": lambda u, r, lr, e: lr * abs(e),
                "lr": lambda u, r, lr, e: lr,
                "|λ|": lambda u, r, lr, e: abs(e),
                "lr·λ²": lambda u, r, lr, e: lr * e**2,
                "(lr·λ)²": lambda u, r, lr, e: (lr * e) ** 2,
                "lr²·|λ|": lambda u, r, lr, e: lr**2 * abs(e),
                "|λ|/lr": lambda u, r, lr, e: abs(e) / lr,
                "lr/|λ|": lambda u, r, lr, e: lr / abs(e),
                "lr·|λ|·reach": lambda u, r, lr, e: lr * abs(e) * r,
                "lr·|λ|·distance": lambda u, r, lr, e: lr * abs(e) * u,
            },
        ),
        "the logarithm of the growth per step": (
            lambda k, distance, reach, lr, eigenvalue: np.log(reach / distance) / k,
            {
                "1": lambda u, r, lr, e: 1.0,
                "lr·|λ|": lambda u, r, lr, e: lr * abs(e),
                "lr": lambda u, r, lr, e: lr,
                "|λ|": lambda u, r, lr, e: abs(e),
                "log|λ|": lambda u, r, lr, e: np.log(abs(e)),
                "log lr": lambda u, r, lr, e: np.log(lr),
                "1/(1 + lr·|λ|)": lambda u, r, lr, e: 1 / (1 + lr * abs(e)),
            },
        ),
    },
)
def escape_steps(distance, reach, lr, eigenvalue):
    """How many steps of gradient descent lead away from a saddle?

    distance: how far along the escape direction the start is from the saddle; reach: how far it has to get;
    eigenvalue: the curvature in that direction, negative. Returns the number of steps, not rounded.
    """
    growth = 1 - lr * eigenvalue  # each step multiplies the distance by this, more than 1
    return np.log(reach / distance) / np.log(growth)


# fmt: off
escape_steps.mistakes += [  # what was done, the wrong formula, where to look
    ("1 + lr·λ as the growth", lambda u, r, lr, e: np.log(r / u) / np.log(1 + lr * e),
     "λ is negative: with a plus the distance would shrink. The step is u − lr·λ·u."),
    ("distance and reach exchanged", lambda u, r, lr, e: np.log(u / r) / np.log(1 - lr * e),
     "Your count is negative: the logarithm of a number below 1. Which one is larger?"),
    ("lr·|λ| where the logarithm of the growth belongs", lambda u, r, lr, e: np.log(r / u) / (-lr * e),
     "log(1 + x) is nearly x for small x only."),
    ("lr·λ where the logarithm of the growth belongs", lambda u, r, lr, e: np.log(r / u) / (lr * e),
     "λ is negative, and log(1 + x) is nearly x for small x only."),
    ("the learning rate is left out", lambda u, r, lr, e: np.log(r / u) / np.log(1 - e),
     "A step moves by lr times the gradient."),
    ("the curvature is left out", lambda u, r, lr, e: np.log(r / u) / np.log(1 + lr),
     "A sharper saddle lets go faster: the gradient along the direction is λ·u."),
    ("a distance divided by a step", lambda u, r, lr, e: (r - u) / (-lr * e * u),
     "The steps are not equal: near the saddle they are tiny, and each is longer than the last."),
    ("no logarithm of reach/distance", lambda u, r, lr, e: r / u / np.log(1 - lr * e),
     "k is an exponent: growthᵏ = reach/distance."),
    ("a division by the growth, without logarithms", lambda u, r, lr, e: r / u / (1 - lr * e),
     "k is an exponent: growthᵏ = reach/distance."),
    ("a division by the growth instead of its logarithm", lambda u, r, lr, e: np.log(r / u) / (1 - lr * e),
     "k·log(growth) = log(reach/distance): solve this for k."),
    ("logarithms to two different bases", lambda u, r, lr, e: np.log10(r / u) / np.log(1 - lr * e),
     "Any base will do, as long as it is the same above and below."),
    ("reach is left out, as if it were 1", lambda u, r, lr, e: -np.log(u) / np.log(1 - lr * e),
     "The distance grows from `distance` to `reach`."),
    ("the number is rounded up", lambda u, r, lr, e: np.ceil(np.log(r / u) / np.log(1 - lr * e)),
     "Your formula is right. Leave the number as it is: the law is easier to see so."),
]
# fmt: on

# Choices ---------------------------------------------------------------------------------------------------------

all_positive = Choice(
    "“A minimum is where all eigenvalues of the Hessian are positive.” What does this rule find on (1 − w₁w₂)²?",
    {
        "a": ("Every minimum.", "Compute the eigenvalues at (1, 1): they are 0 and 4, and 0 is not positive."),
        "b": (
            "Not one of its minima.",
            "Yes. At each of them the eigenvalues are 0 and 2(w₁² + w₂²): along the valley w₁w₂ = 1 the loss does not "
            "change. All positive proves a minimum; a minimum need not have it.",
        ),
        "c": (
            "The minima and also the saddle.",
            "The saddle at the origin has the eigenvalues −2 and 2: not all positive.",
        ),
        "d": (
            "Only the two nearest to the origin.",
            "(1, 1) is one of these, and its eigenvalues are 0 and 4. Is 0 positive?",
        ),
    },
    correct="b",
)

_goe3 = (math.pi - 2 * math.sqrt(2)) / (
    4 * math.pi
)  # the chance that all three eigenvalues of a Gaussian 3×3 matrix are positive

independent_signs = Choice(
    "“If an eigenvalue is positive with probability p, then all n are with probability pⁿ.” What is wrong with that?",
    {
        "a": ("Nothing.", "It would be right for n coins. Are the eigenvalues of one matrix thrown one by one?"),
        "b": (
            "The probabilities add up, so it is n·p.",
            "Then it could exceed 1. For independent events they multiply.",
        ),
        "c": (
            "The signs are not independent: eigenvalues of one matrix repel each other.",
            f"Yes. In a random symmetric 3×3 matrix (Gaussian entries) p = ½, and all are positive in {_goe3:.1%} of "
            f"cases, not in {1 / 8:.1%}. (And a network's Hessian is not a random matrix.)",
        ),
        "d": ("p should be ½.", "In a random symmetric matrix it is ½, and pⁿ is still wrong for every n above 1."),
    },
    correct="c",
)

escape_cost = Choice(
    "“At a saddle, compute the Hessian's eigenvectors and follow that of the most negative eigenvalue.” The catch?",
    {
        "a": ("None: that costs no more than a gradient.", "A gradient has n numbers. How many has a Hessian?"),
        "b": (
            "With n weights the Hessian has n² entries, and its eigenvectors take on the order of n³ operations.",
            "Yes: out of reach for a million weights. Products Hu find the direction without either, and each of them "
            "costs about as much as another gradient or two.",
        ),
        "c": (
            "The sign of an eigenvector is arbitrary, so half of the time you step uphill.",
            "At the saddle both signs lead down: ½λs² does not care about the sign of s.",
        ),
        "d": (
            "A network's Hessian is not symmetric, so the eigenvectors may be complex.",
            "∂²L/∂wᵢ∂wⱼ = ∂²L/∂wⱼ∂wᵢ for a smooth loss: every Hessian is symmetric, its eigenvectors are real.",
        ),
    },
    correct="b",
)

# Predictions -----------------------------------------------------------------------------------------------------

antidiagonal = Predict(
    f"Gradient descent on (1 − w₁w₂)² starts at (−1, 1), on the line w₁ = −w₂, learning rate {LR}. Where does it end?",
    where_it_ends,
    options={"a": "at a minimum", "b": "at the saddle", "c": "it runs away"},
    why="On that line the gradient points along the line, so the ball never leaves it, and the lowest place on it is "
    "the saddle at the origin. The smallest push to one side changes everything.",
)

more_steps = Predict(
    f"Start at (−1, 1), pushed 0.01 off the line, learning rate {LR}. After some steps half of the saddle's loss is "
    "gone. Now the push is 100 times smaller, 0.0001. How many more steps does it take?",
    lambda: steps_to_leave(1e-4) - steps_to_leave(1e-2),
    factor=2,
    why=f"Near the saddle every step multiplies the distance from the line by 1 + {LR}·2 = {1 + 2 * LR}, and log 100 / "
    f"log {1 + 2 * LR} = {math.log(100) / math.log(1 + 2 * LR):.1f}. The wait grows with log(1/distance) only.",
)
