"""The scenes of chapter 09: signals, a circle, directions, inputs, sums in rounded numbers, training in them."""

import functools
import math
from fractions import Fraction

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import PowerNorm, hsv_to_rgb, to_hex
from matplotlib.ticker import FuncFormatter

from optim_core.fast import one_thread
from optim_core.scenes.board import brief, many, number
from optim_core.scenes.panels import Curves, Field, Histogram, Page, Points, Surface
from optim_core.scenes.styles import DASHDOT, DASHED, DOTTED, GREY, INK, QUANTITIES, Look, look

from .experiments import (
    FORMATS,
    alikeness,
    bits,
    counted,
    curvatures,
    idle,
    in_the_long_run,
    lowest,
    rms,
    rounded,
    spread,
    stands_from,
    unit,
)

SIGNAL = Look("#1f6f8b", marker="o")
DIFFERENCE = Look("#a3410f", DASHED, "s")
BACK = Look(QUANTITIES["gradient"].color, DOTTED, "^")
TINY, HUGE = 1e-29, 1e29  # what is beyond is told in words and not drawn
ROUNDING = 1e-14  # a difference that is a smaller part of the numbers is float64's rounding, and not the network's
NOW = Look(GREY, DOTTED)
DEPTH = dict.fromkeys(("large numbers", "tiny numbers"), "what depth makes of sizes is the subject")


def drawn(values):
    """Numbers for a logarithmic axis; what is beyond it leaves a gap.

    >>> drawn(np.array([1.0, 0.0, 1e-40]))
    array([ 1., nan, nan])
    """
    values = np.asarray(values, float)
    return np.where((values > TINY) & (values < HUGE), values, np.nan)


def two(value):
    """A number for a caption with two digits that count.

    >>> two(1706.07), two(0.0444), two(1.17e-5)
    ('1,700', '0.044', '1.2·10⁻⁵')
    """
    return brief(value, 2)


def times(before, after):
    """How a size changes, in words.

    >>> times(1.0, 0.16), times(2.0, 2e8), times(1.0, 0.0)
    ('multiplied by 0.16', 'multiplied by 10⁸', 'nothing at the end')
    """
    return f"multiplied by {two(after / before)}" if after > 0 else "nothing at the end"


def percent(share):
    """A share for a caption: whole percents, and what is neither none nor all is said to be so.

    >>> percent(0.0), percent(0.004), percent(0.876), percent(0.999)
    ('none', 'less than 1 %', '88 %', 'more than 99 %')
    """
    if share in (0, 1):
        return "all" if share else "none"
    if share < 0.01 or share > 0.99:
        return "less than 1 %" if share < 0.01 else "more than 99 %"
    return f"{100 * share:.0f} %"


# ---- signals ----


class Logarithmic(Curves):
    """Curves on a logarithmic axis with ticks at whole decades only: small ones would take longer to draw than all."""

    def __init__(self, page, name, **panel):
        super().__init__(page, name, log="y", **panel)
        self.axes.minorticks_off()


def differing(x):
    """What differs between inputs in each layer, as `spread` has it; NaN where float64's rounding is as large.

    From a layer on that is 0 for every input nothing differs, whatever is added to it afterwards.

    >>> differing(np.array([[[1.0], [3.0]], [[1.0], [1.0 + 4e-16]], [[1.0], [1.0]], [[0.0], [0.0]], [[0.1], [0.1]]]))
    array([ 1., nan, nan,  0.,  0.])
    """
    found = spread(x)
    blind = np.logical_or.accumulate(~x.any((-2, -1)))
    return np.where(blind, 0.0, np.where(found < ROUNDING * rms(x), np.nan, found))


def of_the_depth(signal, difference, back):
    """What becomes of three sizes, each an array over the layers, from one end to the other.

    >>> of_the_depth(np.array([1.0, 0.5]), np.array([1.0, 0.1]), np.array([3.0, 1.0]))
    'Signal: multiplied by 0.5. What differs between inputs: multiplied by 0.1. Gradient, going back: multiplied by 3.'
    >>> of_the_depth(np.array([1.0, 0.5]), np.array([1.0, np.nan]), np.array([3.0, 1.0])).split(". ")[1]
    'What differs between inputs: in the end less than float64 can hold'
    """
    lost = "in the end less than float64 can hold"
    differs = lost if np.isnan(difference[-1]) else times(difference[0], difference[-1])
    return (
        f"Signal: {times(signal[0], signal[-1])}. What differs between inputs: {differs}. "
        f"Gradient, going back: {times(back[-1], back[0])}."
    )


def of_the_layer(t, x, activation, cosine):
    """What is to be said of one layer: its size, its idle units, and how alike the inputs that are left have become.

    >>> print(of_the_layer(3, np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]), "relu", 1.0)[32:])
    units that are 0 for all 3 inputs: 50 %; mean cosine between the 2 inputs that are left: above 0.9999.
    """
    text = f"Layer {t}: root mean square {two(rms(x))}; " if t else "Layer 0, the inputs: "
    if activation == "tanh" and t:
        text += f"saturated, beyond ±0.95: {percent(idle(x, activation))}; "
    if activation == "relu" and t:
        text += f"units that are 0 for all {len(x)} inputs: {percent(idle(x, activation))}; "
    left = int(np.any(x, axis=-1).sum())  # a row of zeros has no direction
    if left < 2:
        return f"{text}every input has become 0." if left == 0 else f"{text}all inputs but one have become 0."
    close = "above 0.9999" if cosine > 0.9999 else number(round(float(cosine), 4 if cosine > 0.99 else 2), 4)
    inputs = "inputs" if left == len(x) else f"the {left} inputs that are left"
    return f"{text}mean cosine between {inputs}: {close if close != '−0' else '0'}."


class Signals(Page):
    """How large a signal and its gradient are in each layer, and how the layer's numbers are distributed.

    result: dict(rule, activation, gain, flow), flow as `signals` gives it. The time is the layer.
    """

    clock = "layer"
    alt = (
        "Left: on a logarithmic axis, against the layer, the root mean square of the signal, that of what differs "
        "between inputs, and that of the gradient on its way back. Right, above: how the numbers of every layer are "
        "distributed, a column for each layer, darker where there are more. Right, below: the histogram of one layer."
    )
    claims = (of_the_depth, of_the_layer)
    EDGES = np.linspace(-3, 3, 62)
    allows = DEPTH

    def __init__(self):
        super().__init__("sizes map / sizes hist", widths=[5, 5], heights=[5, 4], size=(9.6, 4.6), top=0.26)
        self.sizes = Logarithmic(self, "sizes", title="root mean square", x="layer", legend=None)
        ramp = (colormaps["Greys"], PowerNorm(0.4, 0, 0.6))
        self.map = Field(self, "map", y="value", ramp=ramp, bar="share of the numbers")
        self.hist = Histogram(self, "hist", edges=self.EDGES, x="value (beyond ±3: at the border)", title=" ")
        self.looks = {"signal": SIGNAL, "what differs between inputs": DIFFERENCE, "gradient, going back": BACK}
        self.name(self.looks)

    def show(self, result):
        self.rule, self.activation, self.gain = (result[name] for name in ("rule", "activation", "gain"))
        self.x, dx = result["flow"]["x"], result["flow"]["dx"]
        self.steps, layers = len(self.x) - 1, np.arange(len(self.x))
        self.measured = dict(zip(self.looks, (rms(self.x), differing(self.x), rms(dx)), strict=True))
        self.cosines = alikeness(self.x)
        self.sizes.show({name: (layers, drawn(line)) for name, line in self.measured.items()}, looks=self.looks)
        middles = (self.EDGES[1:] + self.EDGES[:-1]) / 2
        self.map.show(layers, middles, values=counted(self.x).T)

    def at(self, t):
        share = np.histogram(self.x[t].clip(-3, 3), self.EDGES)[0].max() / self.x[t].size / np.diff(self.EDGES)[0]
        self.hist.limit("y", (0, next(top for top in (0.6, 1.5, 4, 11) if share < top)))
        ends = {"": -0.95, " ": 0.95} if self.activation == "tanh" else {}
        self.hist.show({"signal": self.x[t].clip(-3, 3)}, looks=self.looks, marks=ends)
        self.hist.axes.set_title("the layer that is marked" if t else "the inputs", fontsize=10.5, loc="left", y=1.0)
        self.sizes.marks = {"": t}
        self.map.curves, self.map.looks = {"now": ([t, t], [-3, 3])}, {"now": NOW}
        width = self.x.shape[-1]
        self.caption = (
            f"{self.activation}, {self.rule}, g = {number(self.gain)}, {self.steps} layer{'s' * (self.steps > 1)} of "
            f"{width}. "
            f"{of_the_depth(*self.measured.values())} {of_the_layer(t, self.x[t], self.activation, self.cosines[t])}"
        )
        return self.moved(t)


class Compared(Page):
    """The size of a signal by layer for several ways to draw the weights, and the last layer's numbers.

    result: (activation, width, {name: x}), x of shape (layers, inputs, units); a fourth entry is a sentence.
    """

    alt = (
        "Left: the root mean square of the signal against the layer, on a logarithmic axis, a line for each way to "
        "draw the weights. Right: the histogram of the last layer's numbers, for each of them."
    )
    claims = (times,)
    allows = DEPTH

    def __init__(self):
        super().__init__("sizes hist", widths=[5, 4], size=(9.6, 3.6))
        self.sizes = Logarithmic(self, "sizes", title="root mean square of the signal", x="layer", legend="best")
        words = dict(x="value (beyond ±3: at the border)", title="the last layer")
        self.hist = Histogram(self, "hist", edges=Signals.EDGES, **words)

    def show(self, result):
        activation, width, runs, *said = result
        sizes = {name: rms(x) for name, x in runs.items()}
        self.sizes.show({name: (np.arange(len(size)), drawn(size)) for name, size in sizes.items()})
        self.hist.show({name: x[-1].clip(-3, 3) for name, x in runs.items()})
        ends = "; ".join(f"{name}: {times(size[0], size[-1])}" for name, size in sizes.items())
        depth = len(next(iter(sizes.values()))) - 1
        self.caption = " ".join([f"{activation}, {many(depth, 'layer')} of {width} units. Signal, {ends}.", *said])

    def at(self, t):
        return self.moved()


# ---- a circle ----

APART = 30  # degrees between the two inputs that are marked


def cosines(x, apart=APART):
    """The mean cosine between points that began `apart` degrees from each other; x: (layers, points, width).

    >>> theta = np.radians(np.arange(0, 360, 2))
    >>> f"{cosines(np.stack([np.cos(theta), np.sin(theta)], -1)[None])[0]:.4f}"
    '0.8660'
    """
    other = np.roll(x, -round(apart * x.shape[1] / 360), axis=1)
    lengths = np.linalg.norm(x, axis=-1) * np.linalg.norm(other, axis=-1)
    return ((x * other).sum(-1) / np.maximum(lengths, 1e-300)).mean(-1)


def degrees(cosine):
    """The angle that has this cosine, for a caption.

    >>> degrees(0.0), degrees(0.9999), degrees(1.0)
    ('90°', '0.8°', 'less than 0.1°')
    """
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return f"{number(round(angle, int(angle < 9.95)))}°" if angle >= 0.05 else "less than 0.1°"


@functools.lru_cache(maxsize=256)
def regime(activation, gain, bias):
    """What theory says of very wide and very deep networks of this kind, in a sentence or two.

    >>> regime("tanh", 0.9, 0.0)
    'Order: in a very wide network a small difference is, in the long run, multiplied by 0.9 in every layer.'
    >>> regime("tanh", 2.0, 0.0)
    'Chaos: in a very wide network a small difference is, in the long run, multiplied by 1.17 in every layer.'
    """
    factor = in_the_long_run(activation, gain, bias)
    by = number(float(f"{factor:.4g}" if abs(factor - 1) < 5e-3 else f"{factor:.3g}"), 4)  # never 1 for what is not
    if activation == "relu":
        return f"In a very wide network each relu layer multiplies small differences by g/√2 = {by}."
    if abs(factor - 1) < 5e-4:
        return "The edge of chaos, to three digits: in a very wide network small differences neither grow nor shrink."
    word = "Order" if factor < 1 else "Chaos"
    return f"{word}: in a very wide network a small difference is, in the long run, multiplied by {by} in every layer."


class Circle(Page):
    """What becomes of a circle of inputs: its picture in one layer, its size and stretch, and the angle of two inputs.

    result: (activation, gain, bias, flow), flow as `circle` gives it. The time is the layer.
    """

    clock = "layer"
    alt = (
        "Left: the points of a circle of inputs as they lie in one layer, seen in the plane in which they lie widest, "
        "coloured by their angle on the circle; two inputs that began 30 degrees apart are marked. Right, above: the "
        "root mean square of the points and of their derivative along the circle, on a logarithmic axis, by layer. "
        "Right, below: the mean cosine between inputs that began 30 degrees apart."
    )
    claims = (regime, degrees)
    ARCS = 12
    allows = DEPTH

    def __init__(self):
        super().__init__("plane sizes / plane cosine", widths=[4.6, 5], size=(9.6, 4.6), top=0.26)
        self.plane = Points(
            self, "plane", legend=None, equal=True, title="the circle in this layer", grid=False, room=dict(left=0.72)
        )
        words = dict(title="size, and stretch along the circle", legend=None)
        self.sizes = Logarithmic(self, "sizes", **words, levels={"": 1.0})
        self.name({"size": SIGNAL, "stretch": DIFFERENCE}, bbox_to_anchor=(0.52, 1.005))
        self.cosine = Curves(
            self, "cosine", title="mean cosine of inputs that began 30° apart", x="layer", ylim=(-0.15, 1.08),
            legend=None,
        )  # fmt: skip
        for axis in (self.plane.axes.xaxis, self.plane.axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        self.arcs = {f"_{k}": Look(to_hex(hsv_to_rgb((k / self.ARCS, 0.75, 0.75)))) for k in range(self.ARCS)}
        self.arcs |= {"one": Look(INK, "", "o"), "other": Look(INK, "", "*")}

    def show(self, result):
        self.activation, self.gain, self.bias, flow = result
        self.x, self.steps, layers = flow["x"], len(flow["x"]) - 1, np.arange(len(flow["x"]))
        self.size, self.stretch, self.cos = rms(self.x), rms(flow["dx"]), cosines(self.x)
        self.sizes.show(
            {"size": (layers, drawn(self.size)), "stretch": (layers, drawn(self.stretch))},
            looks={"size": SIGNAL, "stretch": DIFFERENCE},
        )
        self.cosine.show({"_cosine": (layers, self.cos)}, looks={"_cosine": Look("#5d7a1f")})

    def at(self, t):
        seen = widest(self.x[t])
        reach = tidy(1.12 * np.abs(seen).max())
        self.plane.limit("x", (-reach, reach))
        self.plane.limit("y", (-reach, reach))
        around = np.concatenate([seen, seen[:1]])
        each = len(seen) // self.ARCS
        arcs = {f"_{k}": around[each * k : each * (k + 1) + 1].T for k in range(self.ARCS)}
        marked = {"one": seen[:1].T, "other": seen[each : each + 1].T}
        self.plane.show(marked, lines=arcs, looks=self.arcs, sizes=11)
        self.sizes.marks = self.cosine.marks = {"": t}
        two_of_them = self.x[t, [0, each]] / np.linalg.norm(self.x[t, [0, each]], axis=-1, keepdims=True)
        self.caption = (
            f"Layer {t} of {self.steps}. {self.activation}, g = {number(self.gain, 4)}, σ_b = {number(self.bias)}: "
            f"size {two(self.size[t])}, stretch {two(self.stretch[t])}; inputs that began {APART}° apart are at "
            f"{degrees(self.cos[t])} (by their mean cosine), two of them, ● and ★, at "
            f"{degrees(two_of_them.prod(0).sum())}. {regime(self.activation, self.gain, self.bias)}"
        )
        return self.moved(t)


@one_thread()
def widest(x):
    """Points (points, width) in the plane in which they lie widest, about their mean, in units of √width.

    The plane is turned so that the first wave around the circle stands upright: it does not jump from layer to layer.

    >>> theta = np.radians(np.arange(0, 360, 2))
    >>> ring = np.stack([np.cos(theta), np.sin(theta), 0 * theta], -1) * 3**0.5
    >>> bool(np.allclose(widest(ring), np.stack([np.cos(theta), np.sin(theta)], -1)))
    True
    """
    centred = x - x.mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    flat = centred @ vectors[:, -2:] / math.sqrt(x.shape[1])
    theta = np.arange(len(x)) * 2 * np.pi / len(x)
    left, _, right = np.linalg.svd(flat.T @ np.stack([np.cos(theta), np.sin(theta)], -1))
    return flat @ (left @ right)


def tidy(value):
    """The next of 1, 2, 5, 10, … above a number.

    >>> tidy(1.2), tidy(0.03)
    (2.0, 0.05)
    """
    power = math.floor(math.log10(max(value, 1e-30)))
    return next(float(f"{m}e{power}") for m in (1, 2, 5, 10) if m * 10.0**power >= value)


# ---- directions ----


def of_the_stretches(s):
    """What singular values, in falling order, say of a network: how large on average, and how many directions count.

    The number that count is (Σs²)²/Σs⁴: n if all are equal, 1 if one is alone.

    >>> of_the_stretches(np.array([2.0, 2.0, 0.0, 0.0]))
    'The most stretched direction: × 2; root mean square: × 1.4; above a tenth of the largest: 2 of 4. It is as if 2 directions were left.'
    """  # noqa: E501
    if s[0] == 0:
        return "No direction comes through: the output does not depend on the input here."
    scaled = s / s[0]
    left = (scaled**2).sum() ** 2 / (scaled**4).sum()
    count = number(float(f"{left:.1f}")) if left < 9.95 else f"{left:.0f}"
    return (
        f"The most stretched direction: × {two(s[0])}; root mean square: × {two(rms(s, -1))}; "
        f"above a tenth of the largest: {int((scaled > 0.1).sum())} of {len(s)}. "
        f"It is as if {count} {'direction was' if count == '1' else 'directions were'} left."
    )


class Directions(Page):
    """By what a network stretches each direction of its input: the singular values of its Jacobian, layer by layer.

    result: (rule, activation, gain, s), s of shape (depth + 1, n), each row in falling order. The time is the layer.
    """

    clock = "layer"
    alt = (
        "Left: the singular values of the derivative of one layer's output with respect to the input, in falling "
        "order, on a logarithmic axis. Right: the largest, the root mean square and the median of them against the "
        "layer."
    )
    claims = (of_the_stretches,)
    allows = DEPTH

    def __init__(self):
        super().__init__("values layers", widths=[5, 5], size=(9.6, 4.0))
        self.values = Logarithmic(
            self, "values", title="stretch of each direction", x="direction, from the most stretched on",
            ylim=(1e-10, 1e10), legend=None, levels={"1: kept": 1.0},
        )  # fmt: skip
        self.layers = Logarithmic(self, "layers", title="over the layers", x="layer", ylim=(1e-10, 1e10),
                             legend="lower left")  # fmt: skip

    def show(self, result):
        self.rule, self.activation, self.gain, self.s = result
        self.steps, self.n = len(self.s) - 1, self.s.shape[1]
        t = np.arange(self.steps + 1)
        self.many = {"largest": self.s[:, 0], "root mean square": rms(self.s, -1), "median": np.median(self.s, axis=1)}
        looks = {"largest": DIFFERENCE, "root mean square": SIGNAL, "median": Look("#5d7a1f", DASHDOT, "^")}
        self.layers.show(
            {name: (t, within(line, self.s[:, 0] * 1e-14)) for name, line in self.many.items()}, looks=looks
        )
        self.layers.heads = False

    def at(self, t):
        s = self.s[t]
        self.values.show({"_s": (np.arange(1, self.n + 1), within(s, s[0] * 1e-14))}, looks={"_s": SIGNAL})
        self.layers.marks = {"": t}
        self.caption = (
            f"Layer {t} of {self.steps}. {self.activation}, {self.rule}, g = {number(self.gain)}, {self.n} units. "
            f"{of_the_stretches(s)}"
        )
        return self.moved(t)


def within(values, least=0.0):
    """Numbers for an axis from 1e-10 to 1e10; what is outside it, or below `least`, leaves a gap.

    >>> within(np.array([1.0, 1e-12]))
    array([ 1., nan])
    """
    return np.where((values >= np.maximum(least, 1e-10)) & (values <= 1e10), values, np.nan)


# ---- inputs ----


def shape(high, low):
    """What two curvatures say of a bowl and of gradient descent on it.

    >>> shape(4.0, 1.0)
    'λ_max = 4, λ_min = 1: κ = 4. Gradient descent diverges above η = 0.5; with η = 1/λ_max the flat direction needs 17 steps to 1 %.'
    """  # noqa: E501
    kappa = high / low
    steps = 1 if kappa < 1 + 1e-9 else math.ceil(math.log(0.01) / math.log1p(-1 / kappa) - 1e-9)
    return (
        f"λ_max = {brief(high)}, λ_min = {brief(low)}: "
        f"κ = {brief(kappa)}. Gradient descent diverges above η = {two(2 / high)}; with "
        f"η = 1/λ_max the flat direction needs {number(steps)} {'steps' if steps > 1 else 'step'} to 1 %."
    )


class Inputs(Page):
    """One input and a constant: the surface of their two weights, and its condition number for every shift.

    result: (pixel, c, s, raw, surface, path): the raw inputs, the surface of the prepared ones, (raw − c)/s, and a run
    of gradient descent on it with η = 1/λ_max. A click on the lower right sets the control `subtract`.
    """

    alt = (
        "Left: the error surface of the weight of one input and of the constant, from above, with a run of gradient "
        "descent. Right, above: the histogram of the prepared input. Right, below: the condition number of the surface "
        "against what is subtracted from the input, lowest at its mean; a dot marks the present one."
    )
    claims = (shape,)

    def __init__(self):
        super().__init__("map hist / map kappa", widths=[4.6, 5], size=(9.6, 4.6))
        self.map = Surface(self, "map", equal=True)
        self.map.axes.set_xlabel("δb, of the constant", fontsize=10)
        self.map.axes.set_ylabel("δw, of the input", fontsize=10, rotation=90, labelpad=2)
        self.hist = Histogram(self, "hist", edges=np.linspace(-16.5, 16.5, 67), title="the input as prepared")
        self.kappa = Logarithmic(
            self, "kappa", title="condition number κ", x="c, subtracted from the ink", xlim=(0, 16),
            ylim=(1, 1e4), sets="subtract", legend=None,
        )  # fmt: skip

    def show(self, result):
        self.pixel, self.c, self.s, self.raw, self.surface, self.path = result
        self.high, self.low = curvatures((self.raw - self.c) / self.s)
        self.steps = self.map.show(self.surface, {"gradient descent": self.path})
        reach = tidy(max(abs(self.c), 16 - self.c) / self.s)
        self.hist.edges = (np.arange(-0.5, 17) - self.c) / self.s  # a bar for each of 0, 1, … 16
        self.hist.limit("x", (-1.05 * reach, 1.05 * reach))
        self.hist.show({"input": (self.raw - self.c) / self.s}, looks={"input": SIGNAL}, marks={"mean": self.mean})
        shifts = np.linspace(0, 16, 65)
        curve = [np.divide(*curvatures((self.raw - c) / self.s)) for c in shifts]
        self.kappa.show(
            {"_κ": (shifts, curve)}, looks={"_κ": SIGNAL}, marks={"mean of the ink": float(self.raw.mean())},
            dots={"now": (self.c, self.high / self.low)},
        )  # fmt: skip

    @property
    def mean(self):
        return float((self.raw - self.c).mean() / self.s)

    def at(self, t):
        self.caption = (
            f"Step {t} of {self.steps}, η = 1/λ_max. The pixel {self.pixel}, "
            f"(ink − {number(self.c)})/{number(self.s)}: mean {number(round(self.mean, 2))}. "
            f"{shape(self.high, self.low)}"
        )
        return self.moved(t)


# ---- sums ----

CELLS = {"1": "#27425f", "0": "#cfd9e4", "beyond the sum's last digit": "#e08a4f", "no digit": "#ffffff"}


class Digits(Field):
    """The binary digits of one addition, place by place: w, b, their exact sum, and the sum that is stored."""

    TEXTURES = [None]  # the colours differ in brightness, and in a texture digits would be hard to read
    ROWS = ["w", "b", "exact sum", "stored"]

    def __init__(self, page, name, **panel):
        super().__init__(page, name, words=CELLS, **panel)
        self.axes.set_yticks(range(4), self.ROWS[::-1])
        for edge in (0.5, 1.5, 2.5):
            self.axes.axhline(edge, color="white", lw=4)

    def span(self, *ends):
        """Show the places that these numbers need; if one of them is infinite, no digit will stand there."""
        self.finite = bool(np.isfinite(ends).all())
        ends = [Fraction(end) for end in ends if end and np.isfinite(end)]
        self.top = max([end.numerator.bit_length() - end.denominator.bit_length() + 1 for end in ends], default=1)
        self.bottom = min([self.top - 24, *map(lowest, ends)])
        marks = np.unique(np.linspace(self.top, self.bottom, 7).round().astype(int))
        self.axes.set_xticks(-marks, [f"2{str(m).translate(UP)}" for m in marks])
        self.extent = None

    def fill(self, w, b, after, kind):
        """Write the addition w + b, and what numbers of this format make of it."""
        words = self.written(w, b, after, kind)[::-1]
        self.show(-np.arange(self.top, self.bottom - 1, -1), np.arange(4), words=words)

    def written(self, w, b, after, kind):
        """What stands in each place of the four rows: words of CELLS."""
        if not self.finite:
            return np.full((4, self.top - self.bottom + 1), "no digit", dtype=object)
        exact = Fraction(w) + Fraction(b)
        table = np.array([bits(Fraction(v), self.top, self.bottom) for v in (w, b, exact, after)])
        words = np.where(table == 1, "1", "0").astype(object)
        last = int(np.round(np.log2(unit(after, kind))))  # the place of the sum's last digit
        beyond = np.arange(self.top, self.bottom - 1, -1) < last
        words[1, beyond & (table[1] == 1)] = words[2, beyond & (table[2] == 1)] = "beyond the sum's last digit"
        words[0, beyond & (table[0] == 0)] = "no digit"
        words[3, beyond] = "no digit"
        return words


def of_the_sum(w, b, after, kind):
    """What one addition loses, in a sentence; w, b and after are numbers of the format.

    >>> of_the_sum(1e10, 1e-10, 1e10, "float64")
    'The next number above w is 1.91·10⁻⁶ away, and b is 0.000052 times that: the sum is w again, all of b is lost.'
    >>> of_the_sum(1.0, 2.0, 3.0, "float16")
    'The sum 3 is exact.'
    """
    if not np.isfinite([w, b, after]).all():
        return f"{kind} ends at {number(FORMATS[kind][2])}: what is larger is infinite."
    if b == 0:
        return f"b is so small that it is 0 in {kind}."
    if Fraction(w) + Fraction(b) == Fraction(after):
        return f"The sum {number(after, 6)} is exact."
    gap = float(unit(w, kind))
    part = b / gap
    size = f"{part:.6f}".rstrip("0") if 1e-5 <= part < 1e-4 else two(part)
    text = f"The next number above w is {number(gap)} away, and b is {size} times that"
    if after == w:
        return f"{text}: the sum is w again, all of b is lost."
    error = float(Fraction(after) - Fraction(w) - Fraction(b))
    return f"{text}: the stored sum is too {'large' if error > 0 else 'small'} by {percent_of(abs(error) / b)} of b."


def percent_of(share):
    """A share in per cent with two digits, down to a hundredth of a per cent.

    >>> percent_of(0.953), percent_of(1e-9)
    ('95 %', 'less than 0.01 %')
    """
    return f"{two(100 * share)} %" if share >= 1e-4 else "less than 0.01 %"


def of_the_way(row, b):
    """After which addition a sum stands still for ever, and where; row: w over the additions.

    >>> of_the_way(np.array([1.0, 1.0, 1.0]), 4e-4)
    'No addition moves w.'
    >>> from optim_core.chapters.scale.experiments import added
    >>> of_the_way(added(0.0, 1e-3, "float16"), 1e-3)
    'After addition 3,070 w stands still at 4.'
    """
    if not np.isfinite(row).all() or b == 0:
        return ""
    still = np.flatnonzero(row[1:] == row[:-1])
    if not len(still):
        return f"After {number(len(row) - 1)} additions it still moves."
    if not still[0]:
        return "No addition moves w."
    return f"After addition {number(int(still[0]))} w stands still at {number(row[-1], 6)}."


class Sum(Page):
    """Adding b to w again and again in numbers of one format: the binary digits of one addition, and the way of w.

    result: (kind, a, b, row): the format, the two numbers, and w over the additions, as `added` gives it. The time is
    the addition.
    """

    clock = "additions"
    alt = (
        "Above: the binary digits of w, of b, of their exact sum and of the sum that is stored, one below the other, "
        "place by place; those places of b that lie beyond the last digit of the stored sum are marked. Below: what "
        "has been added to w against the number of additions, exactly and in numbers of the format."
    )
    claims = (of_the_sum, of_the_way)
    allows = dict.fromkeys(("large numbers", "tiny numbers"), "numbers of very different size are what is added")

    def __init__(self):
        super().__init__("bits / way", heights=[4, 4], size=(9.6, 4.6))
        self.bits = Digits(self, "bits", room=dict(left=0.95, right=0.2, bottom=0.34))
        self.way = Curves(
            self, "way", title="what has been added to a", x="additions", legend="upper left", heads=False,
            room=dict(left=0.95, right=0.2),
        )  # fmt: skip
        self.way.axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))

    def show(self, result):
        self.kind, self.a, self.b, self.row = result
        self.steps = len(self.row) - 1
        self.w0, self.step = float(rounded(self.a, self.kind)), float(rounded(self.b, self.kind))
        self.bits.span(self.w0, self.step, self.row[-1])
        k = np.arange(len(self.row))
        exact, got = k * self.b, np.where(np.isfinite(self.row), self.row, np.nan) - min(self.w0, HUGE)
        reach = 1.08 * max(exact[-1], np.max(got[np.isfinite(got)], initial=0.0)) or 1.0
        self.way.limit("y", (-0.04 * reach, reach))
        looks = {"exactly": look("theory"), self.kind: SIGNAL}
        self.way.show({"exactly": (k, exact), self.kind: (k, got)}, looks=looks)

    def at(self, t):
        k = max(t, 1) - 1  # the addition that leads to time t; at the beginning the first
        self.bits.fill(self.row[k], self.step, self.row[k + 1], self.kind)
        self.way.marks = {"": t}
        self.caption = (
            f"{self.kind}: a = {number(self.a)}, b = {number(self.b)}. {'Addition' if t else 'Before addition'} "
            f"{number(k + 1)} of {number(self.steps)}. "
            f"{of_the_sum(self.row[k], self.step, self.row[k + 1], self.kind)} "
            f"{of_the_way(self.row, self.step)}"
        ).strip()
        return self.moved(t)


UP = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# ---- training ----


def of_no_use(cure, kind):
    """That a cure is none for a format: a copy that is no longer, or rounding where nothing is rounded.

    >>> of_no_use("a copy in float32", "float32"), of_no_use("a copy in float32", "float16")
    (', without effect here', '')
    """
    digits = FORMATS[kind][0]
    cures = {"none": True, "a copy in float32": digits < FORMATS["float32"][0], "rounded at random": digits < 53}
    return "" if cures[cure] else ", without effect here"


def of_the_step(n, stay, kept, kind, rests):
    """How many of n weights with a gradient stay in a step; with a copy, how many copies, and weights made from them.

    >>> of_the_step(62, 58, "bfloat16", "bfloat16", 58)
    'Of 62 weights with a gradient, 58 stay as they are.'
    >>> of_the_step(62, 0, "float32", "bfloat16", 56)
    'Of 62 copies with a gradient, 0 stay as they are, and of the bfloat16 weights made from them 56.'
    """
    of = "weights" if kept == kind else "copies"
    text = f"Of {n} {of} with a gradient, {stay} {'stays' if stay == 1 else 'stay'} as they are"
    return f"{text}." if kept == kind else f"{text}, and of the {kind} weights made from them {rests}."


def of_the_rest(still, loss, t):
    """Whether and from when on training stands still; nothing before it is known at step t.

    >>> of_the_rest(None, np.array([0.7, 0.1]), 1), of_the_rest(1, np.array([0.7, 0.1, 0.1]), 0)
    ('The last step still moves some weight.', '')
    >>> of_the_rest(1, np.array([0.7, 0.1, 0.1]), 2)
    'From step 1 on no weight moves any more, and the loss stands at 0.1.'
    """
    if still is not None and t >= still:
        stands = f"no weight moves any more, and the loss stands at {number(float(loss[-1]))}."
        return f"From step {number(still)} on {stands}"
    return "The last step still moves some weight." if still is None and t == len(loss) - 1 else ""


class Rounded(Page):
    """Training with weights that are kept in short numbers: each weight's step against the weight, and the loss.

    result: (kind, lr, cure, run, exact): runs as `learned` gives them, the second one with float64.
    """

    alt = (
        "Left: a point for each weight, its size across and the size of its step up, both on logarithmic axes, with "
        "the staircase of half a last digit: a step below it is rounded to nothing, unless at random. Right: the "
        "loss against the steps, on a logarithmic axis, with weights in this format and in float64."
    )
    claims = (of_no_use, of_the_step, of_the_rest)

    def __init__(self):
        super().__init__("steps loss", widths=[5, 5], size=(9.6, 4.0))
        self.points = Points(
            self, "steps", title="each weight's step", x="|w|", y="|step|", log="xy", xlim=(1e-4, 10),
            ylim=(1e-9, 1), legend="upper left",
        )  # fmt: skip
        self.points.axes.minorticks_off()
        self.loss = Logarithmic(
            self, "loss", title="loss", x="steps t", ylim=(1e-3, 1), legend="lower left", room=dict(right=0.25)
        )

    def show(self, result):
        self.kind, self.lr, self.cure, self.run, exact = result
        self.steps = len(self.run["loss"]) - 1
        looks = {"float64": look("theory"), self.kind: SIGNAL}
        lines = {"float64": exact["loss"]} | {self.kind: self.run["loss"]}
        looks["float64"] = looks["float64"] if len(lines) > 1 else SIGNAL
        self.loss.show(lines, looks=looks, steps=self.steps)
        self.still = stands_from(self.run["w"])

    def at(self, t):
        w, step, kept = self.run["w"][t], self.run["step"][t], self.run["kept"]
        seen = step != 0
        x, y = np.abs(w[seen]).clip(1.2e-4, None), np.abs(step[seen]).clip(1.2e-9, None)
        grid = np.geomspace(1e-4, 10, 400)
        half = f"half a last digit of {kept}"
        stays = (self.run["w"][t + 1] == w)[seen]
        groups = {"the weight moves": (x[~stays], y[~stays]), "it stays": (x[stays], y[stays])}
        looks = {"the weight moves": Look(SIGNAL.color, marker="o"), "it stays": Look(DIFFERENCE.color, marker="X")}
        looks[half] = look("theory")
        self.points.show(groups, looks=looks, lines={half: (grid, unit(grid, kept) / 2)}, sizes=6)
        stay = int(stays.sum())
        short = rounded(self.run["w"][t : t + 2], self.kind)  # what the network computes with
        rests = int((short[0] == short[1])[seen].sum())
        self.caption = (
            f"Step {number(t)} of {number(self.steps)}. {self.kind}, η = {number(self.lr)}, "
            f"cure: {self.cure}{of_no_use(self.cure, self.kind)}. "
            f"Loss {number(float(self.run['loss'][t]), 3)}. {of_the_step(len(x), stay, kept, self.kind, rests)} "
            f"{of_the_rest(self.still, self.run['loss'], t)}"
        ).strip()
        return self.moved(t)
