"""The scenes of chapter 14: a block cut out, a line in weight space, shattered gradients, modes, a rescaled net."""

import numpy as np
from matplotlib.ticker import FuncFormatter

from optim_core.scenes.board import INK, number
from optim_core.scenes.panels import Bars, Curves, Page
from optim_core.scenes.styles import DASHED, DOTTED, LONG, Look, look, shades

from .experiments import STRENGTHS, half_time, loss_of, turning_points

LOOKS = {
    "plain": Look("#a3410f", marker="s"),
    "plain, batch norm": Look("#7b3f8c", DASHED, "D"),
    "residual": Look("#5d7a1f", DOTTED, "^"),
    "residual, scaled": Look("#444444", LONG, "v"),
    "residual, batch norm": Look("#1f6f8b", marker="o"),
}
FADED = Look("#b9c3cc")


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
        said = "; ".join(
            f"the {kind} network falls from {100 * whole:.1f} % to {100 * parts[self.block - 1]:.1f} %"
            for kind, (whole, parts) in self.results.items()
        )
        self.caption = (
            f"Without block {self.block} of {len(self.results['plain'][1])}, and without training again, {said}."
        )
        return self.moved()

    def clicked(self, axes, x, y):
        count = len(self.results["plain"][1])
        on = any(axes is panel.axes for panel in self.bars.values())
        return {"block": int(np.clip(round(x) + 1, 1, count))} if on else {}


class Line(Page):
    """The loss along a line through weight space, at the start of training; turning points and gradients by depth.

    result: (kind, depth, seed, places, losses, norms, counts): norms: {kind: log₁₀ of the gradient's norm at each
    block}; counts: {kind: (depths, turning points)} for this seed, of those that have been counted.
    """

    alt = (
        "Left: the loss along a straight line through weight space. Right: above, how often that curve turns, against "
        "the depth, for five kinds of networks; below, the norm of the gradient from the first block to the last."
    )

    def __init__(self):
        super().__init__("line turns / line norm", widths=[6, 5], size=(9.6, 4.6), top=0.26)
        self.curve = Curves(self, "line", title="loss on 64 digits", x="along a direction d: w + a · d", legend=None)
        words = dict(title="turning points of such a curve", x="hidden blocks", legend=None)
        self.turns = Curves(self, "turns", **words, ylim=(0, 62), xlim=(0, 34))
        words = dict(title="norm of the gradient", x="block, first to last", legend=None, log="y", ylim=(1e-2, 1e6))
        self.norm = Curves(self, "norm", **words)
        self.name(LOOKS, columnspacing=1.0)

    def show(self, result):
        self.kind, self.depth, self.seed, self.places, self.losses, norms, counts = result
        self.curve.show({self.kind: (self.places, self.losses)}, looks=LOOKS, marks={"here training begins": 0.0})
        self.turned = turning_points(self.losses)
        dots = {self.kind: (self.depth, self.turned)}
        self.turns.show(counts, looks=LOOKS, dots=dots)
        lines = {kind: (np.linspace(0, 1, len(row)), 10.0**row) for kind, row in norms.items()}
        self.ratio = 10.0 ** (norms[self.kind][0] - norms[self.kind][-1])
        self.norm.show(lines, looks=LOOKS)

    def at(self, t):
        self.caption = (
            f"{self.kind[0].upper()}{self.kind[1:]}, {self.depth} hidden blocks, seed {self.seed}: on this line, up to "
            f"a = ±{number(self.places[-1])}, the lowest loss is {number(self.losses.min(), 3)} and the highest "
            f"{number(np.ptp(self.losses), 2)} more; it turns {self.turned} time{'s' * (self.turned != 1)} by more "
            f"than a twentieth of that. The gradient at the first block is {number(self.ratio, 2)} times as long as "
            f"at the last."
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


class Modes(Page):
    """How strongly a deep linear network has learned each of four directions, and its loss, against the steps.

    result: (layers, a0, lr, strengths, yours): strengths (T + 1, 4); yours: {s: time in 1/η} of a student's half-times.
    """

    alt = (
        "Above: four curves that rise one after another, each from near 0 to its own height, with dashed curves of a "
        "formula upon them; below: the loss, which falls in steps from a small start of two layers or more."
    )

    def __init__(self):
        super().__init__("modes / loss", heights=[3, 2], size=(9.6, 4.6), top=0.26)
        names = [f"strength {number(s)}" for s in STRENGTHS]
        self.looks = dict(zip(names, reversed(shades(4)), strict=True))
        self.modes = Curves(
            self,
            "modes",
            title="learned so far",
            y="strength",
            ylim=(0, 4.4),
            legend=None,
            room=dict(bottom=0.25, left=0.75),
        )
        self.loss = Curves(
            self, "loss", x="steps t", y="loss", log="y", ylim=(0.01, 30), legend=None, room=dict(left=0.75)
        )
        self.name(self.looks | {"Saxe's formula (two layers)": look("theory")})

    def show(self, result):
        self.layers, self.a0, self.lr, path, self.yours = result
        self.steps, t = len(path) - 1, np.arange(len(path)) * self.lr
        lines, theory = dict(zip(self.looks, path.T, strict=True)), {}
        if self.layers == 2:
            for s in STRENGTHS:
                with np.errstate(over="ignore"):
                    theory[f"_theory {s}"] = s / (1 + (s / self.a0 - 1) * np.exp(-2 * s * t))
        looks = self.looks | dict.fromkeys(theory, look("theory"))
        marks = {f"yours: {number(s)}": when / self.lr for s, when in self.yours.items()}
        self.modes.show(lines | theory, looks=looks, marks=marks)
        self.loss.show({"loss": loss_of(path)})
        self.halves = [
            int(np.argmax(row >= s / 2)) if (row >= s / 2).any() else None
            for row, s in zip(path.T, STRENGTHS, strict=True)
        ]

    def at(self, t):
        halves = dict(zip(STRENGTHS, self.halves, strict=True))
        parts = [f"{number(s)} at step {half}" for s, half in halves.items() if half is not None and half <= t]
        missing = [number(s) for s, half in halves.items() if half is None and t == self.steps]
        text = f"Step {t} of {self.steps}. {self.layers} layer{'s' * (self.layers != 1)}, start {number(self.a0)}, "
        text += f"η = {number(self.lr)}. Half learned: {', '.join(parts) or 'none so far'}."
        if missing:
            text += f" Not half learned in {self.steps} steps: {', '.join(missing)}."
        if self.layers == 2:
            text += f" Saxe's formula says {', '.join(str(round(half_time(s, self.a0) / self.lr)) for s in STRENGTHS)}."
        self.caption = text
        return self.moved(t)


class Rescaled(Page):
    """One function with many weights: the first layer times α, the last divided by α, seen through slices.

    result: (alpha, places, {"as it is", "filter-normalised"}, loss, sharp, table): table: (alphas, sharpnesses).
    """

    alt = (
        "Left: the loss along one random direction through a trained network whose two layers have been rescaled; one "
        "curve for the direction as it is, one for it with the proportions of the weights. Right: the largest "
        "eigenvalue of the Hessian against the factor α, on logarithmic axes."
    )

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
            f"α = {number(self.alpha)}: the loss is {number(self.loss, 4)}, as for every α; the largest eigenvalue is "
            f"{number(self.lam, 3)}. At the right end the loss is {number(self.edges['as it is'], 3)} along the "
            f"direction as it is, and {number(self.edges['filter-normalised'], 3)} filter-normalised."
        )
        return self.moved()
