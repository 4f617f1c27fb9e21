"""The scenes of chapter 14: a block cut out, a line in weight space, shattered gradients, modes, a rescaled net."""

import numpy as np
from matplotlib.ticker import FuncFormatter

from optim_core.scenes.board import INK, number
from optim_core.scenes.panels import Bars, Curves, Page
from optim_core.scenes.styles import DASHED, DOTTED, LONG, Look, look, shades

from .experiments import STRENGTHS, half_time, loss_of, sharpness, turning_points

LOOKS = {
    "plain": Look("#a3410f", marker="s"),
    "plain, batch norm": Look("#7b3f8c", DASHED, "D"),
    "residual": Look("#5d7a1f", DOTTED, "^"),
    "residual, scaled": Look("#444444", LONG, "v"),
    "residual, batch norm": Look("#1f6f8b", marker="o"),
}
FADED = Look("#b9c3cc")


def cut(kind, whole, left):
    """What becomes of a network's accuracy without a block, in words.

    >>> cut("plain", 0.96, 0.015), cut("residual", 0.96, 0.962)
    ('the plain network falls from 96.0 % to 1.5 %', 'the residual network rises from 96.0 % to 96.2 %')
    """
    verb = "falls" if left < whole else "rises" if left > whole else "goes"
    return f"the {kind} network {verb} from {100 * whole:.1f} % to {100 * left:.1f} %"


class CutOut(Page):
    """The held-out accuracy of two trained networks after one hidden block has been deleted from each.

    result: (block, {kind: (whole, [without block 1, without block 2, …])}); block: the chosen one, from 1.
    A click on a panel sets the control `block`.
    """

    alt = (
        "Two rows of bars: the held-out accuracy of a plain and of a residual network without its first, second, … "
        "hidden block; a tick on each bar marks the accuracy of the whole network. The plain one's bars are near the "
        "floor, the residual one's near the tick."
    )
    claims = (cut,)

    def __init__(self):
        super().__init__("plain residual", size=(9.6, 3.6))
        words = dict(x="the block that is deleted", ylim=(0, 1.1), values=False)
        self.bars = {
            kind: Bars(self, kind, title=f"{kind}: share of right answers", **words) for kind in ("plain", "residual")
        }

    def show(self, result):
        self.block, self.results = result
        for kind, (whole, parts) in self.results.items():
            names = [str(k + 1) for k in range(len(parts))]
            looks = {name: LOOKS[kind] if int(name) == self.block else FADED for name in names}
            bars = dict(zip(names, parts, strict=True))
            self.bars[kind].show(bars, looks=looks, marks=dict.fromkeys(names, whole))

    def at(self, t):
        said = "; ".join(cut(kind, whole, parts[self.block - 1]) for kind, (whole, parts) in self.results.items())
        blocks = f"block {self.block} of {len(self.results['plain'][1])}"
        self.caption = f"Without {blocks}, and without training again, {said}."
        return self.moved()

    def clicked(self, axes, x, y):
        count = len(self.results["plain"][1])
        on = any(axes is panel.axes for panel in self.bars.values())
        return {"block": int(np.clip(round(x) + 1, 1, count))} if on else {}


def along(reach, losses):
    """What a curve of losses along a line does, in a sentence.

    >>> along(0.5, np.array([3.0, 1.0, 2.0, 1.5, 4.0]))[:74]
    'on this line, up to a = ±0.5, the lowest loss is 1 and the highest 3 more;'
    """
    turned = turning_points(losses)
    return (
        f"on this line, up to a = ±{number(reach)}, the lowest loss is {number(losses.min(), 3)} and the highest "
        f"{number(np.ptp(losses), 2)} more; it turns {turned} time{'s' * (turned != 1)} by more than a twentieth of "
        "that."
    )


class Line(Page):
    """The loss along a line through weight space, at the start of training; turning points and gradients by depth.

    result: (kind, depth, seed, places, losses, norms, counts): norms: {kind: log₁₀ of the gradient's norm at each
    block}; counts: {kind: (depths, turning points)} for this seed, of those that have been counted.
    """

    alt = (
        "Left: the loss along a straight line through weight space. Right: above, how often that curve turns, against "
        "the depth, for five kinds of networks; below, the norm of the gradient from the first block to the last."
    )
    claims = (along,)

    def __init__(self):
        super().__init__("line turns / line norm", widths=[6, 5], size=(9.6, 4.6), top=0.26)
        self.curve = Curves(self, "line", title="loss on 64 digits", x="along a direction d: w + a · d", legend=None)
        words = dict(title="turning points of such a curve", x="hidden blocks", legend=None)
        self.turns = Curves(self, "turns", **words, ylim=(-3, 62), xlim=(0, 34))
        words = dict(title="norm of the gradient", x="0: before the first block, 1: behind the last", legend=None)
        self.norm = Curves(self, "norm", **words, log="y", ylim=(1e-2, 1e6))
        self.name(LOOKS, columnspacing=1.0)

    def show(self, result):
        self.kind, self.depth, self.seed, self.places, self.losses, norms, counts = result
        self.curve.show({self.kind: (self.places, self.losses)}, looks=LOOKS, marks={"here training begins": 0.0})
        dots = {self.kind: (self.depth, turning_points(self.losses))}
        self.turns.show(counts, looks=LOOKS, dots=dots)
        lines = {kind: (np.linspace(0, 1, len(row)), 10.0**row) for kind, row in norms.items()}
        self.ratio = 10.0 ** (norms[self.kind][0] - norms[self.kind][-1])
        self.norm.show(lines, looks=LOOKS)

    def at(self, t):
        self.caption = (
            f"{self.kind.capitalize()}, {self.depth} hidden blocks, seed {self.seed}: "
            f"{along(self.places[-1], self.losses)} The gradient's norm before the first block, divided by "
            f"that behind the last: {number(self.ratio, 2)}."
        )
        return self.moved()


class Shattered(Page):
    """A deep network of one input, its derivative, and how far the derivative at neighbouring inputs is alike.

    result: (depth, skip, beta, x, f, slope, lags).
    """

    alt = (
        "Left: the output of a deep network against its one input, and below it its derivative. Right: the correlation "
        "of the derivative with itself at a distance, which falls from 1; a dashed line is one layer."
    )
    allows = {"no claims": "correlations at two distances"}

    def __init__(self):
        super().__init__("f lags / slope lags", widths=[6, 5], size=(9.6, 4.2))
        self.f = Curves(self, "f", title="f(x)", legend=None, xlim=(-2, 2))
        self.slope = Curves(self, "slope", title="its derivative", x="x", legend=None, xlim=(-2, 2))
        for panel in (self.f, self.slope):  # a common factor of ten would lie on the title
            panel.axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v, 3)))
        words = dict(title="how alike the derivatives are at a distance", x="distance, in 256ths of the range")
        self.lags = Curves(self, "lags", **words, legend="upper right", xlim=(0, 20), ylim=(-0.2, 1.05))

    def show(self, result):
        self.depth, self.skip, self.beta, x, f, slope, lags, one = result
        self.alike = float(lags[1]), float(lags[10])
        ours = Look("#1f6f8b")
        self.f.show({"f": (x, f)}, looks={"f": ours})
        self.slope.show({"slope": (x, slope)}, looks={"slope": ours})
        at = np.arange(len(lags))
        lines = {"this network": (at, lags), "one layer": (at, one)}
        self.lags.show(lines, looks={"this network": Look("#1f6f8b", marker="o"), "one layer": look("theory")})

    def at(self, t):
        kind = f"shortcuts, β = {number(self.beta, 3)}" if self.skip else "no shortcuts"
        self.caption = (
            f"{self.depth} layer{'s' * (self.depth != 1)}, {kind}: the derivative at the next of 256 inputs is alike "
            f"to {number(self.alike[0], 2)}, ten inputs on to {number(self.alike[1], 2)} (1: the same; 0: unrelated)."
        )
        return self.moved()


def halved(path, t):
    """Which modes are half learned by step t, and at which; once all steps are taken, also which are not.

    >>> path = np.array([[0.1, 0.1, 0.1, 0.1], [2.5, 0.9, 0.1, 0.1], [3.9, 1.8, 0.4, 0.1]])
    >>> halved(path, 1), halved(path, 2)
    ('Half learned: 4 at step 1.', 'Half learned: 4 at step 1, 2 at step 2. Not half learned in 2 steps: 1, 0.5.')
    """
    first = [np.flatnonzero(row[: t + 1] >= s / 2)[:1] for row, s in zip(path.T, STRENGTHS, strict=True)]
    done = [f"{number(s)} at step {at[0]}" for s, at in zip(STRENGTHS, first, strict=True) if len(at)]
    missing = [number(s) for s, at in zip(STRENGTHS, first, strict=True) if not len(at)]
    late = f" Not half learned in {t} steps: {', '.join(missing)}." if missing and t == len(path) - 1 else ""
    return f"Half learned: {', '.join(done) or 'none so far'}.{late}"


def formula(a0, lr):
    """At which steps the modes of two layers are half learned, as Saxe's formula has it.

    >>> formula(0.001, 0.01)
    "Saxe's formula says 104, 190, 345, 621."
    """
    return f"Saxe's formula says {', '.join(number(round(half_time(s, a0) / lr)) for s in STRENGTHS)}."


class Modes(Page):
    """How strongly a deep linear network has learned each of four directions, and its loss, against the steps.

    result: (layers, a0, lr, strengths, yours): strengths (T + 1, 4); yours: {s: time in 1/η} of a student's half-times.
    """

    alt = (
        "Above: four curves from near 0 towards their own heights, with two layers or more one after another, the "
        "strongest first; with two, dashed curves of a formula upon them. Below: the loss."
    )
    claims = (halved, formula)

    def __init__(self):
        super().__init__("modes / loss", heights=[3, 2], size=(9.6, 4.6), top=0.26)
        names = [f"strength {number(s)}" for s in STRENGTHS]
        self.looks = dict(zip(names, reversed(shades(4)), strict=True))
        words = dict(title="learned so far", y="strength", room=dict(bottom=0.25, left=0.75))
        self.modes = Curves(self, "modes", **words, ylim=(0, 4.4), legend=None)
        words = dict(x="steps t", y="loss", room=dict(left=0.75))
        self.loss = Curves(self, "loss", **words, log="y", ylim=(0.01, 30), legend=None)
        self.name(self.looks | {"Saxe's formula (two layers)": look("theory")})

    def show(self, result):
        self.layers, self.a0, self.lr, self.path, self.yours = result
        self.steps, steps = len(self.path) - 1, np.arange(len(self.path))
        lines, theory = dict(zip(self.looks, self.path.T, strict=True)), {}
        for s in STRENGTHS if self.layers == 2 else ():  # all of it from the beginning: a prediction
            theory[f"_theory {s}"] = (steps, s / (1 + (s / self.a0 - 1) * np.exp(-2 * s * steps * self.lr)))
        looks = self.looks | dict.fromkeys(theory, look("theory"))
        marks = {f"yours: {number(s)}": when / self.lr for s, when in self.yours.items()}
        self.modes.show(lines | theory, looks=looks, marks=marks)
        self.loss.show({"loss": loss_of(self.path)})

    def at(self, t):
        self.caption = (
            f"Step {t} of {self.steps}. {self.layers} layer{'s' * (self.layers != 1)}, start {number(self.a0)}, "
            f"η = {number(self.lr)}. {halved(self.path, t)} {formula(self.a0, self.lr) if self.layers == 2 else ''}"
        ).strip()
        return self.moved(t)


def unchanged(loss, trained):
    """Whether the loss of a rescaled network is that of the trained one, in words.

    >>> unchanged(0.11288, 0.11288), unchanged(0.2, 0.11288)
    ('the loss is 0.1129, as for every α', 'the loss is 0.2, in place of 0.1129')
    """
    same = abs(loss - trained) <= 1e-9 * abs(trained)  # two ways to add up differ by rounding
    return f"the loss is {number(loss, 4)}, {'as for every α' if same else f'in place of {number(trained, 4)}'}"


class Rescaled(Page):
    """One function with many weights: the first layer times α, the last divided by α, seen through slices.

    result: (alpha, places, {"as it is", "filter-normalised"}, loss, sharp, table): table: (alphas, sharpnesses).
    """

    alt = (
        "Left: the loss along one random direction through a trained network whose two layers have been rescaled; one "
        "curve for the direction as it is, one for it with the proportions of the weights. Right: the largest "
        "eigenvalue of the Hessian against the factor α, on logarithmic axes."
    )
    claims = (unchanged,)

    def __init__(self):
        super().__init__("slices sharp", size=(9.6, 3.8), top=0.28)
        words = dict(title="loss along one random direction", x="along the direction")
        self.slices = Curves(self, "slices", **words, legend=None, ylim=(0, 8))
        words = dict(title="largest eigenvalue of the Hessian", x="α", log="xy", legend=None, sets="alpha")
        self.sharp = Curves(self, "sharp", **words)
        self.looks = {"as it is": Look("#a3410f"), "filter-normalised": Look("#1f6f8b", DASHED)}
        self.name(self.looks)

    def show(self, result):
        self.alpha, places, curves, self.loss, self.lam, table = result
        self.slices.show({name: (places, curve) for name, curve in curves.items()}, looks=self.looks)
        dots = {"here": (self.alpha, self.lam)}
        self.sharp.show(
            {"λ": table}, dots=dots, looks={"λ": Look("#444444", marker="o"), "here": Look(INK, marker="o")}
        )
        self.edges = {name: curve[-1] for name, curve in curves.items()}

    def at(self, t):
        self.caption = (
            f"α = {number(self.alpha)}: {unchanged(self.loss, sharpness(1.0)[0])}; the largest eigenvalue is "
            f"{number(self.lam, 3)}. At the right end the loss is {number(self.edges['as it is'], 3)} along the "
            f"direction as it is, and {number(self.edges['filter-normalised'], 3)} filter-normalised."
        )
        return self.moved()
