"""The scenes of chapter 01: the factor of a step, a step taken apart, beyond the edge, units, how a number ends."""

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import PowerNorm
from matplotlib.ticker import FuncFormatter

from optim_core.scenes.board import brief, number
from optim_core.scenes.panels import Curves, Field, OnCurve, Page, Points
from optim_core.scenes.styles import DASHDOT, GREY, INK, LONG, QUANTITIES, Look, look

from .experiments import FARES, KILOMETRES, LATE, RATES, UNITS, cycle, drifts, ends, fate, gain, gap, safe, steps_until

GD, THEORY, LOSS = look("gradient descent"), look("theory"), look("loss")
TANGENT = Look(QUANTITIES["steep direction"].color, DASHDOT)
BOWL = Look(QUANTITIES["flat direction"].color, LONG)


def signed(value, digits=3):
    """A number for a caption, without the residue of rounding: what is below 1e-12 is 0.

    >>> signed(1 - 1.7), signed(1e-17)
    ('−0.7', '0')
    """
    return brief(0.0 if abs(value) < 1e-12 else value, digits)


def inside(run, reach):
    """A run up to its first point further out than `reach`, that one included.

    >>> inside(np.array([1.0, -3.0, 9.0, -27.0]), 5.0)
    array([ 1., -3.,  9.])
    """
    out = np.flatnonzero(~(np.abs(run) <= reach))
    return run[: out[0] + 1] if len(out) else run


# ---- the factor ----

ZONES = [(0, 1, "#eef3f7", "creeps"), (-1, 0, "#f6f0e4", "zig-zags"), (-2.4, -1, "#f7e6e0", "diverges")]


def part(lr, lam, start):
    """What a step of gradient descent on ½λw² takes away, and what follows: one or two sentences.

    >>> part(0.1, 1.0, 1.5)
    'A step takes away 10 % of the distance: it creeps. A millionth is left after 132 steps.'
    >>> part(1.7, 1.0, 1.5)
    'A step takes away 170 % of the distance, more than there is: it zig-zags. A millionth is left after 39 steps.'
    >>> part(2.1, 1.0, 1.5)
    'A step takes away 210 % of the distance, more than twice what there is: it diverges, tenfold every 24 steps.'
    """
    if start == 0:
        return "It starts at the minimum: the slope is 0, and no step moves it."
    factor, text = 1 - lr * lam, f"A step takes away {signed(100 * lr * lam)} % of the distance"
    word = fate(factor)
    if word == "arrives":
        return f"{text}: it arrives in one step."
    if word == "swings for ever":
        return f"{text}, twice what there is: it lands as far on the other side, and swings for ever."
    if word == "diverges":
        tenfold = math.log(10) / math.log(-factor)
        grows = f"tenfold every {number(round(tenfold, int(tenfold < 10)))} steps"
        grows = grows if tenfold > 1.5 else f"{signed(-factor)}-fold at each step"
        return f"{text}, more than twice what there is: it diverges, {grows}."
    more = ", more than there is: it zig-zags" if word == "zig-zags" else ": it creeps"
    steps = steps_until(1e-6, factor)
    return f"{text}{more}. A millionth is left after {number(steps)} {'steps' if steps > 1 else 'step'}."


class Factor(Page):
    """Gradient descent on ½λw²: hops on the parabola, w against the steps, and the factor 1 − ηλ of a step.

    result: (lam, lr, {name: w}), each w an array (T + 1,); the first run is drawn on the parabola as well. A fourth
    entry, if there is one, is a sentence for the caption. A click on the right-hand panel sets the control `eta`.
    names: where in the middle panel the runs are named ("upper right", …), None for nowhere.
    """

    alt = (
        "Left: a parabola with the points of gradient descent hopping along it. Middle: w against the steps, between "
        "two dashed curves, the first distance times the size of the factor again and again. Right: the factor of a "
        "step, 1 − ηλ, as a falling line over η; it crosses zones with the names creeps, zig-zags and diverges, and a "
        "dot marks the present η."
    )
    claims = (fate, steps_until, part)

    def __init__(self, names=None):
        super().__init__("bowl wave factor", widths=[2.5, 3.2, 2.6], size=(9.6, 3.9))
        self.bowl = OnCurve(self, "bowl", title="loss ½λw²", x="w", xlim=(-3.3, 3.3))
        self.wave = Curves(self, "wave", title="w", x="steps t", ylim=(-3.6, 3.6), legend=names)
        self.line = Curves(
            self, "factor", title="factor 1 − ηλ", x="learning rate η", xlim=(0, 4), ylim=(-2.4, 1.15), sets="eta",
            legend=None,
        )  # fmt: skip
        for low, high, colour, word in ZONES:
            self.line.axes.axhspan(low, high, color=colour, zorder=0)
            self.line.axes.text(3.92, (low + high) / 2, word, fontsize=9.5, ha="right", va="center", color=INK)
        for y, word in ((0, "arrives"), (-1, "swings for ever")):
            self.line.axes.axhline(y, color=GREY, lw=1, zorder=1)
            self.line.axes.text(3.92, y, word, fontsize=9, ha="right", va="bottom", color=INK)

    def show(self, result):
        self.lam, self.lr, self.runs, *said = result
        self.said, w = " ".join(said), next(iter(self.runs.values()))
        self.start, self.steps, self.factor = float(w[0]), len(w) - 1, 1 - self.lr * self.lam
        top = max(6.0, 0.55 * self.lam * self.start**2)
        x = np.linspace(-1, 1, 81) * min(3.3, math.sqrt(2 * top / self.lam))
        seen = inside(w, 1e3)
        self.bowl.limit("y", (-0.06 * top, 1.05 * top))
        self.bowl.show((x, self.lam * x**2 / 2), (seen, self.lam * seen**2 / 2))
        t = np.linspace(0, self.steps, 6 * self.steps + 1)
        tube = np.abs(self.start) * np.exp(np.minimum(t * math.log(max(abs(self.factor), 1e-9)), 7))
        lines = {name: inside(run, 12.0) for name, run in self.runs.items()}
        lines |= {"_above": (t, tube), "_below": (t, -tube)}
        self.wave.show(lines, looks=dict.fromkeys(("_above", "_below"), THEORY), steps=self.steps)
        etas = np.array([0, 4])
        dot = (self.lr, float(np.clip(self.factor, -2.4, 1.15)))
        self.line.show({"_": (etas, 1 - etas * self.lam)}, looks={"_": THEORY}, dots={"gradient descent": dot})

    def at(self, t):
        self.caption = (
            f"Step {t} of {self.steps}. η = {number(self.lr)}, λ = {number(self.lam)}: the factor 1 − ηλ is "
            f"{signed(self.factor)}. {part(self.lr, self.lam, self.start)} {self.said}".strip()
        )
        return self.moved(t)


# ---- a step taken apart ----


def verdict(curve, w, lr):
    """What the tangent promises of a step, what comes of it, and up to which η a step from here lowers the loss.

    >>> from optim_core.chapters.one_step.experiments import CURVES
    >>> print(verdict(CURVES["parabola"], 1.5, 0.6))  # doctest: +NORMALIZE_WHITESPACE
    The slope is 1.5, the step −0.9. The tangent promises a fall of 1.35; it is 0.945, 70 % of that. One step with any η
    below 2 lowers the loss.
    """
    slope = float(curve.slope(w))
    if slope == 0:
        return "The slope is 0: whatever η is, the step is 0."
    fall, promise = gain(curve, w, lr)
    text = f"The slope is {signed(slope)}, the step {signed(-lr * slope)}. "
    text += f"The tangent promises a fall of {number(promise)}; "
    if abs(fall) <= 1e-9 * promise:
        text += "the loss stays as it is. "
    elif fall < 0:
        text += f"the loss rises by {number(-fall)}. "
    else:
        part, more = number(100 * fall / promise), fall > promise * (1 + 1e-9)
        share = f"{part} % of that" + ", more than promised" * more
        text += f"it is {number(fall)}, {'a little more than promised' if more and part == '100' else share}. "
    most = safe(curve, w)
    return text + f"One step with any η {f'below {number(most)}' if most < math.inf else 'up to 100'} lowers the loss."


class Apart(Page):
    """One step on a function of one weight: the tangent, the parabola of curvature 1/η, and the loss for every η.

    result: (curve, w, lr), a `Curve`, a point and a learning rate. A click on the left sets the control `w`, one on the
    right the control `eta`.
    """

    alt = (
        "Left: a function of one weight with the present point, the tangent there, and a parabola through the point "
        "whose lowest place is where the step leads. Right: the loss after one step against the learning rate; beside "
        "it a straight falling line, what the tangent promises, and another, half of the promise, on which the lowest "
        "point of the parabola moves."
    )
    claims = (safe, verdict)

    def __init__(self):
        super().__init__("curve fall", widths=[5, 4], size=(9.6, 4.2), top=0.28)
        self.curve = OnCurve(self, "curve", title="one step", x="w", xlim=(-3, 3), sets="w")
        self.fall = Curves(
            self, "fall", title="the loss after one step with η", x="learning rate η", xlim=(0, 4), sets="eta",
            legend=None,
        )  # fmt: skip
        names = {"loss": LOSS, "tangent: the promise": TANGENT, "parabola of curvature 1/η": BOWL}
        self.name(names | {"its lowest point: half of the promise": Look(BOWL.color, "", "v")})

    def show(self, result):
        self.f, self.w, self.lr = result
        slope, here = float(self.f.slope(self.w)), float(self.f.loss(self.w))
        top = max(0.3, 1.5 * here)
        low, bottom = -0.75 * top, here - self.lr * slope**2 / 2  # the lowest point is seen up to η = 2/λ on a parabola
        for panel in (self.curve, self.fall):
            panel.limit("y", (low, top))
        x, ends = np.linspace(-3, 3, 241), np.array([self.w, self.w - self.lr * slope])
        tangent = here + slope * (x - self.w)
        self.curve.show(
            (x, self.f.loss(x)),
            (ends, self.f.loss(ends)),
            lines={"tangent": (x, tangent), "bowl": (x, tangent + (x - self.w) ** 2 / (2 * self.lr))},
            looks={"tangent": TANGENT, "bowl": BOWL, "bottom": Look(BOWL.color, marker="v")},
            dots={"bottom": (ends[1], bottom)},
        )
        etas = np.linspace(0, 4, 401)
        promise, after = etas * slope**2, self.f.loss(self.w - etas * slope)
        lines = {"the loss": (etas, after), "the tangent's promise": (etas, here - promise)}
        lines["half of it"] = (etas, here - promise / 2)
        looks = {"the loss": LOSS, "the tangent's promise": TANGENT, "half of it": BOWL}
        looks["bottom"] = Look(BOWL.color, marker="v")
        dots = {"gradient descent": (self.lr, float(np.clip(self.f.loss(ends[1]), low, top)))}
        dots["bottom"] = (self.lr, float(max(bottom, low)))
        self.fall.show(lines, looks=looks, levels={"before the step": here}, dots=dots)

    def at(self, t):
        self.caption = f"{self.f.formula} at w = {signed(self.w)}, η = {number(self.lr)}. "
        self.caption += verdict(self.f, self.w, self.lr)
        return self.moved()


# ---- beyond the edge ----


def outcome(path):
    """What became of a run of one weight, as far as its steps can tell.

    >>> from optim_core.descent import descend; from optim_core.optimizers import gd
    >>> from optim_core.chapters.one_step.experiments import CURVES
    >>> for lr in (0.5, 2.2, 2.7):
    ...     print(outcome(descend(gd, [0.5], CURVES["double well"].slope, 1000, lr=lr)))
    it comes to rest at w = 1.
    it ends in a cycle of 2 points, from 0.815 to 1.12.
    after 1,000 steps no cycle of up to 32 points is to be seen; the last 128 points lie between 0.511 and 1.19.
    """
    if path["diverged"]:
        return f"it diverges; at step {int(path['diverged'])} it is further out than a million."
    w, last = path["w"][:, 0], path["w"][-LATE:, 0]
    low, high = signed(last.min()), signed(last.max())
    if (w == w[0]).all():
        return "the slope at the start is 0, so no step moves it."
    points = cycle(last)
    if points == 1:
        return f"it comes to rest at w = {signed(float(np.round(last[-1], 4)))}."
    if points:
        return f"it ends in a cycle of {points} points, from {low} to {high}."
    word = "it is still on its way" if drifts(last) else "no cycle of up to 32 points is to be seen"
    return f"after {number(len(w) - 1)} steps {word}; the last {LATE} points lie between {low} and {high}."


class Edge(Page):
    """Where gradient descent on a function of one weight is in the long run, for every η at once.

    result: (curve, lr, path, late): the run of this η, from `descend`, at least LATE steps; and the last points of the
    runs for all of RATES, as `diagram` gives them. Clicks set the controls `start` (left) and `eta` (right).
    """

    alt = (
        "Left: a function of one weight with the last points of a run on it. Right: for every learning rate the points "
        "among which the run of that rate ends up: one point, two, four, or a whole band; nothing where the run "
        "diverges. A dash-dotted line marks η = 2, the other vertical line the present η."
    )
    claims = (cycle, drifts, outcome)
    EDGES = np.linspace(-2.6, 2.6, 301)

    def __init__(self):
        super().__init__("curve all", widths=[4, 5], size=(9.6, 4.0))
        self.curve = OnCurve(self, "curve", title="where it ends up", x="w", xlim=(-2.6, 2.6), sets="start")
        self.all = Field(
            self, "all", title="the same for every η", x="learning rate η  (dash-dotted: 2)", y="w", sets="eta",
            ramp=(colormaps["Greys"], PowerNorm(0.25, 0, LATE)), bar=f"of the last {LATE} points",
        )  # fmt: skip
        self.late = None

    def show(self, result):
        self.f, self.lr, self.path, late = result
        w = self.path["w"][:, 0]
        last = inside(w, 2.6) if self.path["diverged"] else w[-LATE:]  # up to where it leaves the picture
        x = np.linspace(-2.6, 2.6, 261)
        reach = np.clip(np.abs(last).max(), 1.5, 2.6)
        top = 1.2 * float(self.f.loss(x)[np.abs(x) <= reach].max())
        self.curve.limit("y", (-0.08 * top, top))
        dots = {f"point {k}": (v, float(self.f.loss(v))) for k, v in enumerate(last[-16:])}
        hops = {"gradient descent": (last[-40:], self.f.loss(last[-40:]))}
        self.curve.show((x, self.f.loss(x)), lines=hops, looks=dict.fromkeys(dots, GD), dots=dots)
        ends = self.EDGES[[0, -1]]
        lines = {"gradient descent": ([self.lr] * 2, ends), "bound": ([2, 2], ends)}
        if late is not self.late:
            self.late = late
            seen = [np.histogram(column[np.isfinite(column)], self.EDGES)[0] for column in late.T]
            middles = (self.EDGES[1:] + self.EDGES[:-1]) / 2
            self.all.show(RATES[:, 0], middles, values=np.stack(seen, -1), lines=lines)
        self.all.curves = lines

    def at(self, t):
        self.caption = f"{self.f.formula}, η = {number(self.lr)}, from w = {signed(float(self.path['w'][0, 0]))}: "
        self.caption += outcome(self.path)
        return self.moved()


# ---- units ----


def becomes(times):
    """What gradient descent on one quadratic does, from ηλ; below 0.001 ten steps go less than 1 % of the way.

    >>> becomes(1e-6), becomes(0.01), becomes(1.0), becomes(2.5)
    ('hardly moves', 'creeps to its place', 'is in its place after one step', 'is thrown out')
    """
    if times < 0.001:
        return "hardly moves"
    words = {
        "creeps": "creeps to its place",
        "arrives": "is in its place after one step",
        "zig-zags": "swings into its place",
        "swings for ever": "swings to and fro for ever",
        "diverges": "is thrown out",
    }
    return words[fate(1 - times)]


def best(lam):
    """The η that brings gradient descent to the lowest point of a quadratic of curvature λ in one step: no other does.

    >>> best(4.0)
    0.25
    """
    return 1 / lam


class Units(Page):
    """The same fares against distances in a unit, and the loss after some steps for every η, in every unit.

    result: (unit, loss, lr, path, lam, curves): "mean" or "sum"; the run, a path of `descend` with its loss; the
    curvature in this unit; and {unit: (etas, losses)}, the loss after as many steps for every η. A click on the right
    sets the control `lr`.
    """

    allows = {"large numbers": "in metres λ is a thousand million"}
    alt = (
        "Left: forty fares against distances, with the line that the run has found so far. Right: the loss after the "
        "run against the learning rate, on logarithmic axes, a curve for each unit: always the same valley, shifted."
    )
    claims = (becomes, best)

    def __init__(self):
        super().__init__("rides curves", widths=[4, 5], size=(9.6, 4.2), top=0.28)
        self.rides = Points(self, "rides", title="fare y against distance x", x="x", legend=None, ylim=(-4, 26))
        self.curves = Curves(
            self, "curves", title="loss after the run", x="learning rate η", log="xy", xlim=(1e-10, 1e6),
            ylim=(0.3, 1e4), sets="lr", legend=None,
        )  # fmt: skip
        for axis in (self.curves.axes.xaxis, self.curves.axes.yaxis):  # mathtext would take longer than all the rest
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        self.curves.axes.minorticks_off()
        self.name({unit: look("", i) for i, unit in enumerate(UNITS)})

    def show(self, result):
        self.unit, self.loss, self.lr, self.path, self.lam, curves = result
        self.steps = len(self.path["w"]) - 1
        self.rides.axes.set_xlabel(f"x (unit: {self.unit})", fontsize=10)
        looks = {unit: look("", i) for i, unit in enumerate(UNITS)}
        dot = {self.unit: (self.lr, float(np.clip(self.path["loss"][-1], 0.3, 1e4)))}
        self.curves.show(curves, looks=looks, marks={"": self.lr}, dots=dot)

    def at(self, t):
        w, size = float(self.path["w"][t, 0]), UNITS[self.unit]
        line = {"gradient descent": (np.array([0, 9.5 * size]), np.clip([0, w * 9.5 * size], -1e3, 1e3))}
        self.rides.show({"rides": (KILOMETRES * size, FARES)}, lines=line, looks={"rides": Look(INK, "", "o")})
        now = "|w| is above 10⁸" if abs(w) > 1e8 else f"w = {signed(w)}"
        self.caption = (
            f"Step {t} of {self.steps}. Unit: {self.unit}; the {self.loss} of the losses. "
            f"η = {number(self.lr)}, λ = {number(self.lam)}: "
            f"ηλ = {brief(self.lr * self.lam)}, and the line {becomes(self.lr * self.lam)}. "
            f"Now {now}. The best η here is 1/λ = {number(best(self.lam))}."
        )
        return self.moved(t)


# ---- how a number ends ----


def ending(kind, lr, w, loss):
    """How a run in floating-point numbers ends, or that it has not yet.

    >>> from optim_core.chapters.one_step.experiments import keeps
    >>> ending("float16", 3.0, *keeps("float16", 3.0))
    'The loss is infinite from step 9 on, w from step 16 on, and at step 17 w is not a number any more: ∞ − ∞.'
    >>> print(ending("float16", 2e-4, *keeps("float16", 2e-4)))  # doctest: +NORMALIZE_WHITESPACE
    At w = 1 the slope is as large, and the step asked for is 0.41 of a gap: it rounds to nothing, and w stands still
    from step 0 on, for ever.
    """
    found, steps = ends(w, loss), number(len(w) - 1)
    if "w" in found:
        text = f"The loss is infinite from step {found['loss']} on, w from step {found['w']} on"
        return text + f", and at step {found['nan']} w is not a number any more: ∞ − ∞."
    if "still" in found:
        at, lr = w[found["still"]], float(w.dtype.type(lr))
        part = lr * (abs(float(at)) / gap(at))
        half = f", as a {kind} half of one" if part > 0.5 else ""  # the product is rounded, too
        word = f"the step asked for is {number(part, 2 if part < 0.49 else 4)} of a gap{half}: it rounds to nothing"
        text = f"At w = {number(float(at))} the slope is as large, and {word if lr else f'η itself is 0 in {kind}'}"
        return text + f", and w stands still from step {found['still']} on, for ever."
    if "zero" in found:
        return f"From step {found['zero']} on w is exactly 0."
    if "loss" in found:
        return f"The loss is infinite from step {found['loss']} on; w is not yet after {steps} steps."
    moves = "it swings for ever" if w[-1] == w[-3] else "it still moves"
    return f"After {steps} steps |w| = {number(abs(float(w[-1])), 6)}, the loss {number(float(loss[-1]))}; {moves}."


class Ends(Page):
    """Gradient descent on ½w² in floating-point numbers: where they end above, and where a step is too small for them.

    result: (kind, lr, w, loss): the name of the numbers' type, η, and arrays over the steps, as `keeps` gives them.
    """

    alt = (
        "Left: w and the loss against the steps, both as powers of ten, with a line at the largest number of the type. "
        "Right: the numbers next to w as ticks on a line, the place that a step asks for, and the tick that it gets."
    )
    claims = (ends, ending)
    allows = {
        "tiny numbers": "float64 ends at 5·10⁻³²⁴, and where a run meets that end is the lesson",
        "large numbers": "and at 10³⁰⁸: a run on its way there is told by how far it has come",
    }

    def __init__(self):
        super().__init__("growth numbers", widths=[4, 5], size=(9.6, 3.8))
        self.growth = Curves(self, "growth", title="w and loss, as powers of ten", x="steps t", legend="center right")
        self.near = Points(
            self, "numbers", title="the numbers nearest to w",
            x="distance from w, in gaps; 0 lies to the left (further off: at the edge)",
            xlim=(-4.6, 2.6), ylim=(-0.8, 1.5), legend="upper right", grid=False,
        )  # fmt: skip
        self.near.axes.set_yticks([])

    def show(self, result):
        self.kind, self.lr, self.w, self.loss = result
        self.steps, top = len(self.w) - 1, float(np.log10(float(np.finfo(self.kind).max)))
        lines = {"|w|": tens(self.w), "loss": tens(self.loss)}
        high = max(np.max(line, initial=-400) for line in lines.values())
        self.growth.limit("y", (-0.1 * top, 1.4 * top) if high > top / 3 else None)
        levels = {f"largest {self.kind}": top} if high > top / 3 else {}
        self.growth.show(lines, looks={"|w|": GD, "loss": LOSS}, levels=levels, steps=self.steps)

    def at(self, t):
        w = self.w[t]
        seen = bool(np.isfinite(w)) and w != 0
        name = f"numbers of {self.kind}"
        looks = {
            "w": Look(INK, "", "o"),
            "w − ηw": Look(BOWL.color, "", "v"),
            "what it becomes": Look(GD.color, "", "^"),
        }
        nothing = dict.fromkeys(looks, ([], [])), ([], [])
        points, ticks = around(w, w.dtype.type(self.lr)) if seen else nothing
        self.near.show(points, lines={name: ticks}, looks=looks | {name: Look(GREY)}, sizes=10)
        self.caption = f"Step {t} of {self.steps}. {self.kind}, η = {number(self.lr)}. "
        self.caption += ending(self.kind, self.lr, self.w, self.loss)
        self.moved(t)
        if not seen:
            word = "w is 0" if w == 0 else "w is infinite" if np.isinf(w) else "w is not a number"
            self.near.word("none", 0.5, 0.5, word, transform="axes", ha="center", fontsize=11)
        return [artist for artist in self.moving if artist.get_visible()]


def around(w, lr):
    """What a step makes of w, in gaps: ({name: ([x], [y])}, the numbers next to it as ticks). 0 lies to the left.

    w, lr: numbers of one floating-point type. What is further away than 4.5 gaps is put there.

    >>> points, _ = around(np.float16(1), np.float16(0.001))
    >>> points["w − ηw"][0], points["what it becomes"][0]
    ([-2.048828125], [-2.0])
    """
    unit = gap(w)
    with np.errstate(over="ignore"):
        got = float(w - lr * w)
    places = {"w": (0.0, 0.0), "w − ηw": (-float(lr) * (abs(float(w)) / unit), 0.45)}
    places["what it becomes"] = (float(np.sign(w)) * (got - float(w)) / unit, -0.45)
    x = np.repeat(neighbours(w) / unit, 3)
    x[2::3] = np.nan
    points = {name: ([max(place, -4.5)], [row]) for name, (place, row) in places.items()}
    return points, (x, np.tile([-0.3, 0.3, np.nan], len(x) // 3))


def tens(values):
    """log₁₀ of the size of numbers, up to the first that is 0, infinite or no number at all.

    >>> tens(np.array([100.0, -0.1, np.inf, 1.0]))
    array([ 2., -1.])
    """
    out = np.flatnonzero(~np.isfinite(values) | (values == 0))
    return np.log10(np.abs(values[: out[0] if len(out) else None]).astype(float))


def neighbours(w, below=5, above=3):
    """The numbers of its type next to w as distances from it, in the direction away from 0.

    >>> neighbours(np.float16(1)) * 2**11
    array([-5., -4., -3., -2., -1.,  0.,  2.,  4.,  6.])
    """
    row, low, high = [w], w, w
    for _ in range(below):
        low = np.nextafter(low, w * 0)
        row.insert(0, low)
    for _ in range(above):
        high = np.nextafter(high, w * np.inf)
        row.append(high)
    return np.sign(float(w)) * (np.array(row, float) - float(w))
