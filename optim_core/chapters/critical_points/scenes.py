"""The scenes of chapter 02: the second-order view of a point, the way out of a saddle, and many dimensions."""

import itertools

import numpy as np

from optim_core import critical
from optim_core.scenes import Trajectories
from optim_core.scenes.board import arrow, decimals, level_lines, many, number, reaching
from optim_core.scenes.panels import Curves, Histogram, Page, Points, Surface, Words
from optim_core.scenes.styles import DASHED, DOTTED, GREY, INK, RING, SOLID, Look, look, shades

__all__ = ["Eigenvectors", "Escape", "IndexLoss", "RandomHessians", "Taylor", "Trajectories"]

REACH = 1.5  # how far a section goes, the range of the slider s
ALONG = np.linspace(-REACH, REACH, 121)
UP, DOWN, LEVEL = Look("#00798c", SOLID, "^"), Look("#b3125b", DASHED, "v"), Look("#7a8190", DOTTED, "o")
BOX = dict(boxstyle="round,pad=0.2", fc="white", ec="#d1d5db")  # about a word on the map
BENDS = {1: (UP, "bends up"), -1: (DOWN, "bends down"), 0: (LEVEL, "level to second order")}


def expansion(surface, w):
    """The loss around w, its tangent and its parabola: three functions of the step d, shape (…, 2)."""
    L, g, H = surface.loss(w), surface.grad(w), surface.hessian(w)
    return {
        "loss": lambda d: surface.loss(w + d),
        "tangent": lambda d: L + d @ g,
        "parabola": lambda d: L + d @ g + 0.5 * (d @ H * d).sum(-1),
    }


def sections(terms, v):
    """The terms of an expansion along a direction, for `Curves`."""
    return {name: (ALONG, term(ALONG[:, None] * v)) for name, term in terms.items()}


def place(w):
    """A point as its sliders show it.

    >>> place((0.6, -0.4))
    '(0.60, −0.40)'
    """
    return f"({decimals(w[0])}, {decimals(w[1])})"


# ---- the quadratic model ----


def height(loss):
    """A loss for a caption; what is only rounding is 0.

    >>> height(0.45184), height(3e-33), height(-16.0)
    ('0.4518', '0', '−16')
    """
    return number(loss, 4) if abs(loss) > 1e-12 else "0"


def misses(loss, tangent, parabola):
    """By how much tangent and parabola miss the loss, and which of them is the nearer one.

    >>> misses(0.25, 1.0, 0.5)
    'The tangent says 1 (off by 0.75), the parabola 0.5 (off by 0.25): the parabola is nearer.'
    >>> misses(1.0, 1.0, 1.0)
    'The tangent says 1 (exact), the parabola 1 (exact).'
    """
    seen = 1e-12 * max(1.0, abs(loss), abs(tangent), abs(parabola))  # less than that is rounding
    one, other = (off if off > seen else 0.0 for off in (abs(tangent - loss), abs(parabola - loss)))
    far = [f"off by {number(off, 2)}" if off else "exact" for off in (one, other)]
    text = f"The tangent says {height(tangent)} ({far[0]}), the parabola {height(parabola)} ({far[1]})"
    if abs(one - other) <= seen:
        return text + (": both miss it by the same amount." if one else ".")
    return text + f": the {'tangent' if one < other else 'parabola'} is nearer."


class Taylor(Page):
    """A surface and its quadratic model around a point, from above and along one direction.

    result: (surface, w, angle, s): the model is made at w; the section runs through w at `angle` (degrees), and s is a
    step along it. A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map of the error surface and, on a disc around a chosen point, its contours beside those of its "
        "quadratic model. Right: a section through the point, with the true loss, its tangent and its parabola."
    )
    claims = (misses,)
    LOOKS = {
        "loss": Look(INK, SOLID, "D"),
        "tangent": Look("#7b3f8c", DOTTED, "v"),
        "parabola": Look("#1f6f8b", DASHED, "s"),
    }

    def __init__(self, control="w"):
        super().__init__("map section", widths=[9, 11], size=(9.6, 4.2), top=0.28)
        self.map = Surface(self, "map", sets=control, equal=True)
        self.section = Curves(self, "section", x="step s along u", y="loss", xlim=(-REACH, REACH), legend=None)
        formulas = ["the loss L(w + s u)", "tangent L + s g·u", "parabola L + s g·u + ½ s² uᵀHu"]
        self.name(dict(zip(formulas, self.LOOKS.values(), strict=True)))

    def show(self, result):
        self.surface, w, self.angle, self.s = result
        self.w, turn = np.asarray(w, float), np.radians(self.angle)
        self.u, self.terms = np.array([np.cos(turn), np.sin(turn)]), expansion(self.surface, self.w)
        self.map.show(self.surface)
        self.section.scale("y", "linear", self.map.losses_around(self.surface.loss(self.w)))
        self.values = {name: float(term(self.s * self.u)) for name, term in self.terms.items()}
        dots = {name: (self.s, value) for name, value in self.values.items()}
        self.section.show(sections(self.terms, self.u), looks=self.LOOKS, dots=dots)

    def say(self, t):
        norm, loss = height(np.linalg.norm(self.surface.grad(self.w))), height(self.values["loss"])
        text = f"Around w = {place(self.w)}, where the gradient norm is {norm}; u at {number(self.angle)}°. A step of "
        return text + f"s = {decimals(self.s)}: the loss is {loss}. {misses(**self.values)}"

    def beside(self, t):
        """On a disc around the point, the same contour levels of the loss and of its model."""
        reach, circle = self.map.part(0.24), np.linspace(0, 2 * np.pi, 61)
        d = np.linspace(-reach, reach, 49)
        steps = np.stack(np.meshgrid(d, d), -1)
        steps[np.linalg.norm(steps, axis=-1) > reach] = np.nan
        loss = self.terms["loss"](steps)
        levels = np.linspace(np.nanmin(loss), np.nanmax(loss), 7)[1:-1]
        for name, heights, width in (("loss", loss, 1.1), ("parabola", self.terms["parabola"](steps), 1.7)):
            lines = level_lines(self.w[0] + d, self.w[1] + d, heights, levels)
            self.map.line(name, *lines, **self.LOOKS[name].line, lw=width)
        self.map.line("disc", *(self.w + reach * np.stack([np.cos(circle), np.sin(circle)], -1)).T, color=INK, lw=0.8)
        self.map.line("cut", *(self.w + ALONG[:, None] * self.u).T, color=GREY, lw=1.6)
        self.map.line("w", *self.w[:, None], **RING | dict(mfc="white"), ms=9, zorder=6)
        self.map.line("probe", *(self.w + self.s * self.u)[:, None], **self.LOOKS["loss"].point, ms=8, zorder=7)


# ---- eigenvalues and eigenvectors ----


def critical_here(norm, values):
    """Whether a gradient of this norm (…), beside these eigenvalues (…, n), is zero but for digits nobody wrote."""
    return norm <= 1e-6 * np.maximum(1.0, np.abs(values).max(-1))


def second_order(norm, values):
    """What gradient norm and eigenvalues (smallest first, 0 for rounding) say about a point in the plane.

    >>> second_order(0.0, np.array([-2.0, 2.0]))[:72]
    'the gradient is zero, and the eigenvalues are −2 and 2: one is negative,'
    >>> second_order(0.0, np.array([0.0, 0.0]))[48:]
    'and 0. Both are zero: degenerate. The Hessian alone cannot tell what this point is.'
    """
    pair = f"the eigenvalues are {number(values[0], 4)} and {number(values[1], 4)}"
    if not critical_here(norm, values):
        text = f"the gradient norm is {number(norm)}, and {pair}. The gradient is not zero, so this is no critical "
        return text + "point: the loss falls where the arrow points."
    zeros = "One is zero, and one alone does not settle it" if values.any() else "Both are zero"
    kinds = {
        "minimum": ": both are positive, a minimum.",
        "maximum": ": both are negative, a maximum.",
        "saddle": ": one is negative, one is positive, a saddle. Along λ₁ the loss falls on both sides.",
        "degenerate": f". {zeros}: degenerate. The Hessian alone cannot tell what this point is.",
    }
    return f"the gradient is zero, and {pair}" + kinds[critical.classify(np.diag(values))]


class Eigenvectors(Page):
    """The Hessian at a point: eigenvectors over the map, and the loss along each of them.

    result: (surface, w, s): the Hessian is taken at w; s is a step along the eigenvectors. Where w lies beyond the
    surface's window the map shows more of it. A click on the map sets the control `w`, near a known critical point to
    that point.
    """

    alt = (
        "Left: contour map with a chosen point, the negative gradient as an arrow and the Hessian's two eigenvectors "
        "as lines at a right angle. Right: the loss along each eigenvector, with the parabola that the eigenvalue "
        "predicts."
    )
    claims = (critical_here, second_order)

    def __init__(self, control="w"):
        super().__init__("map first second", widths=[10, 6, 6], size=(9.6, 4.2), top=0.28)
        self.map = Surface(self, "map", sets=control, equal=True)
        frame = dict(title=" ", x="step s", legend=None, xlim=(-REACH, REACH), room=dict(left=0.5))
        self.sections = [Curves(self, name, **frame) for name in ("first", "second")]
        names = {"the loss along v": look("loss"), "its parabola L + s g·v + ½ λ s²": Look(GREY, DASHED)}
        self.name(names, loc="upper right", bbox_to_anchor=(0.998, 1.005))

    def show(self, result):
        surface, w, self.s = result
        self.w, self.surface = np.asarray(w, float), reaching(surface, w)
        self.map.show(self.surface)
        self.g, H, terms = surface.grad(self.w), surface.hessian(self.w), expansion(surface, self.w)
        self.usable, limits = bool(np.isfinite([*H, self.g]).all()), self.map.losses_around(surface.loss(self.w))
        values, vectors = critical.eigen(H if self.usable else np.zeros((2, 2)))
        signs, self.rows = critical.signs(values), []
        self.values = np.where(signs == 0, 0.0, values)
        for panel, value, sign, v in zip(self.sections, self.values, signs, vectors.T, strict=True):
            v, (bend, word) = v * np.sign(v[np.abs(v).argmax()]), BENDS[int(sign)]
            self.rows.append((panel, value, v, bend, word))
            looks = {"loss": look("loss"), "parabola": Look(bend.color, DASHED), "here": bend}
            lines, here = sections(terms, v), (self.s, float(terms["loss"](self.s * v)))
            panel.scale("y", "linear", limits)
            panel.show({name: lines[name] for name in ("loss", "parabola")}, looks=looks, dots={"here": here})

    def say(self, t):
        usable, norm = self.usable, np.linalg.norm(self.g)
        said = second_order(norm, self.values) if usable else "the surface has no finite derivatives."
        return f"At w = {place(self.w)} {said}"

    def beside(self, t):
        (_, right, _, top), reach, norm = self.surface.window, self.map.part(0.16), np.linalg.norm(self.g)
        for i, (section, value, v, bend, word) in enumerate(self.rows):
            text, style = f"λ{'₁₂'[i]} = {number(value, 4)}", dict(ha="center", color=bend.color)
            self.map.line(f"axis {i}", *(self.w + reach * np.array([[-1], [1]]) * v).T, **bend.line, lw=2.4)
            self.map.line(f"probe {i}", *(self.w + self.s * v)[:, None], **bend.point, ms=8, zorder=7)
            end = 1.3 * reach * v * (1 if (self.w + 1.3 * reach * v < [right, top]).all() else -1)  # within the map
            self.map.word(f"end {i}", *(self.w + end), text, **style, va="center", bbox=BOX)
            section.word("title", 0.5, 1.03, f"{text}: {word}", **style, transform="axes", fontsize=10)
        if self.usable and not critical_here(norm, self.values):
            tip = self.w - self.g / norm * reach * max(0.4, min(1, norm))  # never hidden in the ring
            self.map.line("downhill", *arrow(self.w, tip, 0.25 * reach), color=INK, lw=1.5, zorder=5)
        self.map.line("w", *self.w[:, None], **RING, ms=13, zorder=6)

    def clicked(self, axes, x, y):
        left, right, bottom, top = self.surface.window
        for point in self.surface.critical_points if axes is self.map.axes else ():
            if np.abs((point["w"] - [x, y]) / [right - left, top - bottom]).max() < 0.025:
                x, y = map(float, point["w"])
        return super().clicked(axes, x, y)


# ---- the way out of a saddle ----


def leaves(distance, needed, nearer, slope):
    """How long a run takes to leave the saddle, and one that starts ten times nearer; slope: theory's difference.

    >>> "gone after 44 steps, from δ = 0.001 after 69" in leaves(1e-2, 44, 69, 24.16)
    True
    """
    text = f"From δ = {number(distance)} half of the saddle's loss is gone after {many(needed, 'step')}, from δ = "
    text += f"{number(distance / 10)} after {nearer}: that is {nearer - needed} more. "
    return text + f"Near the saddle the eigenvalue predicts {number(slope, 3)} more for every factor of ten (dashed)."


class Escape(Page):
    """How long a saddle holds a run that starts near it.

    result: (surface, path, lr, distances, steps, slope): distances of starts from the saddle's stable line, the `steps`
    that each of them takes to leave, and those for a factor of ten that theory predicts. The last two starts stand for
    themselves: that of `path`, and one ten times nearer.
    """

    alt = (
        "Left: contour map with the path of a run that comes to the saddle along its ridge and leaves along its "
        "valley. Right: the number of steps to escape against the distance of the start from the ridge, on a "
        "logarithmic axis: a straight line, but for its last decade."
    )
    claims = (leaves,)

    def __init__(self):
        super().__init__("map law", widths=[9, 11], size=(9.6, 4.2))
        self.map = Surface(self, "map", equal=True)
        words = dict(x="distance δ of the start from the stable line", y="steps until half the saddle's loss is gone")
        self.law = Curves(self, "law", **words, log="x", xlim=(5e-13, 2), legend="upper right")

    def show(self, result):
        surface, path, self.lr, distances, steps, slope = result
        self.steps = self.map.show(surface, {"gradient descent": path})
        law, counts, here = distances[:-2], steps[:-2], (float(distances[-2]), int(steps[-2]))
        self.law_words = leaves(*here, int(steps[-1]), slope)
        middle = len(steps) // 2
        lines = {
            "measured": (law, counts),
            "theory's slope": (law, counts[middle] - slope * np.log10(law / law[middle])),
        }
        looks = {"measured": look("gradient descent"), "theory's slope": look("theory"), "here": Look(INK, marker="D")}
        self.law.scale("y", "linear", (0, 50 * np.ceil(counts.max() / 50 + 0.2)))
        self.law.show(lines, looks=looks, dots={"here": here})

    def say(self, t):
        return f"Step {t} of {self.steps}, η = {number(self.lr)}. {self.law_words}"


# ---- many dimensions ----


FEW = 10  # so many hits tell a share to a third of it, in two of three draws


def share_words(hits, runs):
    """In how many of the runs something came out, and what that says of its probability.

    >>> print(share_words(2527, 100_000))
    all eigenvalues are positive in 2,527 of 100,000 matrices, a share of 0.0253 ± 0.0005.
    >>> print(share_words(0, 100_000))
    all eigenvalues are positive in none of 100,000 matrices, so the probability is hardly above 0.00003.
    """
    text = "all eigenvalues are positive in "
    if hits == 0:  # with three or more expected, none has a probability below e⁻³, 5 %
        return text + f"none of {runs:,} matrices, so the probability is hardly above {3 / runs:.5f}."
    if hits < FEW:
        return text + f"{hits} of {runs:,} matrices, too few to tell the share."
    if hits == runs:
        return text + f"all of the {runs:,} matrices."
    share, off = hits / runs, np.sqrt(hits * (1 - hits / runs)) / runs  # a standard error of a count
    digits = max(0, -int(np.floor(np.log10(off))))
    return text + f"{hits:,} of {runs:,} matrices, a share of {share:.{digits}f} ± {off:.{digits}f}."


class RandomHessians(Page):
    """Eigenvalues of random symmetric matrices, and how often all of them are positive.

    result: (n, shift, eigenvalues, hits, coins, exact): eigenvalues (runs, n), each already moved by `shift`; hits: in
    how many of the runs all are positive, for n = 1, 2, …; coins: what the share would be with independent signs;
    exact: the known probabilities for n = 1, 2, 3 without a shift.
    """

    alt = (
        "Left: histogram of the eigenvalues of random symmetric matrices, with a line at zero. Right: the share of the "
        "matrices all of whose eigenvalues are positive against their size, on a logarithmic axis; it falls much "
        "faster than it would if the signs were independent."
    )
    claims = (share_words,)
    COINS = "as if the n signs were independent"
    LOOKS = {"measured": Look("#1f6f8b", SOLID, "o"), COINS: LEVEL, "exact": Look("#a3410f", "None", "P")}

    def __init__(self):
        super().__init__("spectrum share", widths=[9, 11], size=(9.6, 3.9), top=0.28)
        words = dict(title="the eigenvalues", x="eigenvalue, shifted by c", ylim=(0, 0.3), legend=None)
        self.spectrum = Histogram(self, "spectrum", edges=np.linspace(-8, 8, 65), **words)
        words = dict(title="share with all n positive", x="size n of the matrix", legend=None)
        self.share = Curves(self, "share", **words, log="y", ylim=(1e-5, 2))
        self.name(self.LOOKS)

    def show(self, result):
        self.n, self.shift, eigenvalues, self.hits, self.coins, exact = result
        self.runs, sizes = len(eigenvalues), np.arange(1, len(self.hits) + 1)
        self.spectrum.show({"measured": eigenvalues}, looks=self.LOOKS, marks={"0": 0.0})
        share = np.where(self.hits >= FEW, self.hits / self.runs, np.nan)  # fewer would stand there by luck
        lines = {"measured": (sizes, share), self.COINS: (sizes, self.coins)}
        lines |= {"exact": (sizes[:3], exact)} if self.shift == 0 else {}
        self.share.scale("x", "linear", (0.6, len(sizes) + 0.4))
        self.share.show(lines, looks=self.LOOKS, sizes={"exact": 11}, ring=(self.n, share[self.n - 1]))

    def say(self, t):
        text = f"n = {self.n}, c = {number(self.shift)}: {share_words(self.hits[self.n - 1], self.runs)}"
        coins = f" If their {self.n} signs were independent, the share would be {number(self.coins[self.n - 1], 3)}."
        return text + coins * (self.n > 1)


def no_way_down(index):
    """How many of the critical points with these indices have no direction that leads down.

    >>> no_way_down(np.array([0, 1, 3])), no_way_down(np.array([0, 0, 1]))
    ('1 of them has index 0, no way down', '2 of them have index 0, no way down')
    """
    lowest = int((index == 0).sum())
    return f"{lowest} of them {'has' if lowest == 1 else 'have'} index 0, no way down"


class IndexLoss(Page):
    """Critical points of a network: the loss against the index, the number of directions that lead down.

    result: (variances, hidden, directions, kept, index, loss): for each point the principal directions that it keeps,
    counted from 0, and the index: how many of its eigenvalues, as many as `directions`, are negative.
    """

    alt = (
        "Left: scatter plot of critical points, each named by the directions that it keeps: the loss tends to "
        "rise with the number of the Hessian's negative eigenvalues. Right: the same points as a table."
    )
    claims = (no_way_down,)

    def __init__(self):
        super().__init__("points table", widths=[13, 7], size=(9.6, 4.4), top=0.28)
        words = dict(x="index: how many eigenvalues are negative", y="loss at the critical point", legend=None)
        words["title"] = "each point is named by the directions that it keeps: 12 keeps 1 and 2"
        self.points, self.table = Points(self, "points", **words), Words(self, "table", size=9)

    def show(self, result):
        self.variances, self.hidden, self.directions, kept, self.index, self.loss = result
        sizes, names = np.array([len(S) for S in kept]), ["".join(str(i + 1) for i in S) or "none" for S in kept]
        looks = dict(zip(("keeps none", "one", "two", "three", "four"), shades(5), strict=True))
        groups = {name: sizes == k for k, name in enumerate(looks) if (sizes == k).any()}
        self.points.scale("x", "linear", (-0.06 * self.index.max(), 1.16 * self.index.max()))  # room for the names
        self.points.show({name: (self.index[at], self.loss[at]) for name, at in groups.items()}, looks=looks, sizes=8)
        self.name({name: looks[name]._replace(dash="None") for name in groups})
        rows, self.places = list(zip(names, self.index.tolist(), self.loss.round(9).tolist(), strict=True)), {}
        for name, *at in rows:
            self.places.setdefault(tuple(at), []).append(name)
        half = len(rows) if len(rows) <= 16 else -(-len(rows) // 2)
        lines = [f"{n:<4}{i:>6}{L:>6.2f}" for n, i, L in rows]
        columns = [["kept index  loss", *lines[k : k + half]] for k in range(0, len(rows), half)]
        self.table.show(["   ".join(row) for row in itertools.zip_longest(*columns, fillvalue="")])

    def say(self, t):
        r = number(np.corrcoef(self.index, self.loss)[0, 1])
        text = f"Variances {self.variances}, {many(self.hidden, 'hidden unit')}: {len(self.index)} families of "
        text += f"critical points in {self.directions} dimensions; {no_way_down(self.index)}. "
        return text + f"Correlation of index and loss: {r}."

    def beside(self, t):
        rows, reach, least = np.array(list(self.places)), 0.35 * self.index.max(), self.index == 0
        for i, ((x, y), names) in enumerate(self.places.items()):
            beyond = (np.abs(rows[:, 1] - y) < 0.05 * np.ptp(self.loss)) & (rows[:, 0] > x) & (rows[:, 0] < x + reach)
            side = "right" if x and beyond.any() else "left"  # away from the point beside it
            self.points.word(f"name {i}", x, y, f"    {' | '.join(names)}    ", va="center", ha=side)
        star = dict(marker="*", ls="", mfc="#ffd92f", mec=INK, ms=17, zorder=6)
        self.points.line("star", self.index[least], self.loss[least], **star)
