"""Sliders, menus and boxes to tick, from one table of what a name stands for."""

import math
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import traitlets

from ..refuse import refuse


class Control(NamedTuple):
    """What a name stands for: its letter, its words, and the stops of its slider."""

    symbol: str
    label: str
    low: float
    high: float
    step: float | None = 0.01  # an int for whole numbers
    scale: str = "linear"  # or "log", "decades" (1, 2, 5, 10, …), "powers" of two


CONTROLS = {
    "lr": Control("η", "learning rate", 1e-4, 10, scale="log"),
    "eta": Control("η", "learning rate", 0.02, 4, 0.02),  # where λ_max = 1
    "mu": Control("μ", "momentum", 0, 0.99),
    "beta": Control("β", "averaging", 0, 0.999, 0.001),
    "beta1": Control("β₁", "averaging, mean", 0, 0.999, 0.001),
    "beta2": Control("β₂", "averaging, square", 0, 0.999, 0.001),
    "rho": Control("ρ", "averaging", 0, 0.999, 0.001),
    "eps": Control("ε", "epsilon", 1e-10, 1, scale="decades"),
    "decay": Control("λ", "weight decay", 0, 1),
    "lam": Control("λ", "curvature", 0.1, 4, 0.1),
    "theta": Control("θ", "clipping threshold", 0.01, 100, scale="log"),
    "sigma": Control("σ", "noise", 0, 2, 0.02),
    "std": Control("s", "initial weights", 0.01, 2, scale="decades"),
    "temperature": Control("T", "temperature", 0.05, 20, scale="log"),
    "p": Control("p", "drop probability", 0, 0.95),
    "kappa": Control("κ", "condition number", 1, 1000, scale="log"),
    "angle": Control("θ", "angle in degrees", 0, 180, 1),
    "across": Control("", "turn the view", -175, -5, 5),  # degrees; 0 would look from where w₁ is large
    "x": Control("x", "input", -2, 2, 0.05),
    "y": Control("y", "target", -2, 2, 0.05),
    "s": Control("s", "step", -1.5, 1.5),
    "w": Control("w", "point", -2.5, 2.5, 0.02),
    "start": Control("w", "start", -2.5, 2.5, 0.02),
    "z": Control("z", "start", -12, 12, 0.5),
    "z1": Control("z₁", "logit", -5, 5, 0.1),
    "z2": Control("z₂", "logit", -5, 5, 0.1),
    "z3": Control("z₃", "logit", -5, 5, 0.1),
    "shift": Control("c", "added to all", -5, 5, 0.1),
    "x0": Control("x₀", "start", -5, 5, 0.02),
    "distance": Control("δ", "distance", 1e-12, 1, scale="decades"),
    "threshold": Control("c", "threshold", -1, 1, 0.02),
    "n": Control("n", "dimensions", 1, 10, 1),
    "steps": Control("", "steps", 10, 500, 10),
    "k": Control("k", "times as large", 1, 128, scale="powers"),
    "batch": Control("B", "batch size", 1, 256, scale="powers"),
    "depth": Control("l", "layers", 1, 20, 1),
    "width": Control("m", "units per layer", 1, 256, scale="powers"),
    "seed": Control("", "random seed", 0, 99, 1),
    "fork": Control("", "fork after this part", 0, 1, 0.25),
    "lr1": Control("η₁", "learning rate", 1e-3, 100, scale="log"),  # of the first of two methods
    "lr2": Control("η₂", "learning rate", 1e-3, 100, scale="log"),
    "u": Control("u", "start in the valley", -10, 10, 0.5),  # u₁ along it, u₂ across: the start turns with it
    "factor": Control("c", "factor on the loss", 1e-2, 1e2, scale="log"),
    "height": Control("h", "height", 1, 1000, scale="decades"),
    "slope": Control("g", "slope", 1e-3, 1e3, scale="decades"),
    "exponent": Control("a", "how unequal", 0, 2, 0.1),
    "size": Control("g", "size of gradients", 1e-12, 1e4, scale="decades"),
    "gap": Control("P", "news once in", 3, 100, 1),
    "budget": Control("K", "tries", 1, 12, 1),
    "eta0": Control("η₀", "learning rate", 0.01, 2.5, scale="log"),  # where a schedule begins to fall, λ_max = 1
    "end": Control("", "η at the end / η₀", 0, 1, 0.01),
    "cooldown": Control("c", "falling part", 0, 1, 0.05),  # of the steps
    "warm": Control("N", "warm-up steps", 0, 500, 10),
    "warm_epochs": Control("", "warm-up epochs", 0, 6, 2),
    "patience": Control("", "patience", 0, 200, 1),
    "again": Control("", "raise η again", 0, 1, 1),  # a box to tick, like the three below
    "falls": Control("", "η_t falls", 0, 1, 1),
    "scaled": Control("", "divide by σ_t", 0, 1, 1),
    "averaged": Control("", "average: m_t", 0, 1, 1),
    "wrong": Control("", "share of wrong labels", 0, 1, 0.1),
    "branch": Control("β", "block times", 0.05, 1, 0.05),  # what a block adds to its shortcut
    "alpha": Control("α", "first layer times", 0.1, 10, scale="log"),
    "a0": Control("a₀", "at the start", 1e-6, 0.1, scale="decades"),
    "gain": Control("g", "gain", 0.1, 3, 0.05),  # on every weight that a rule has drawn
    "bias": Control("σ_b", "std of biases", 0, 0.5, 0.01),
    "subtract": Control("c", "subtracted", 0, 16, 0.5),
    "divide": Control("s", "divided by", 1, 16, 0.5),
    "first": Control("a", "first number", 1e-4, 1e16, scale="decades"),
    "second": Control("b", "added each time", 1e-12, 1e4, scale="decades"),
    "degree": Control("d", "degree", 0, 15, 1),
    "samples": Control("n", "points", 5, 60, 1),
    "penalty": Control("λ", "penalty", 0, 100),
    "stop": Control("t", "stop after steps", 1, 1e6, scale="decades"),
    "match": Control("c", "λ times ηt", 0.1, 10, scale="decades"),
    "noise1": Control("σ₁", "noise of w₁", 0.01, 100, scale="decades"),
    "noise2": Control("σ₂", "noise of w₂", 0.01, 100, scale="decades"),
    "first_layer": Control("", "λ times, layer 1", 0, 10, 0.5),
    "biases": Control("", "biases too", 0, 1, 1),
    "members": Control("M", "networks", 1, 16, 1),
    "start_scale": Control("s", "start times", 1, 10, 1),
    "spread": Control("s", "spread of the feature", 1, 100, scale="log"),
    "mean": Control("m", "mean of the feature", 0, 5, 0.1),
    "centre": Control("", "subtract the mean", 0, 1, 1),  # a box to tick, like the next and `doubled`, `alike`
    "rescale": Control("", "divide by the spread", 0, 1, 1),
    "row": Control("", "row", 1, 4, 1),  # of a block of numbers
    "column": Control("", "column", 1, 15, 1),
    "doubled": Control("", "double row 1", 0, 1, 1),
    "gamma": Control("γ", "learned scale", 0, 3, 0.1),
    "offset": Control("β", "learned shift", -2, 2, 0.1),
    "example": Control("", "digit", 0, 29, 1),
    "alike": Control("", "companions of its class", 0, 1, 1),
    "horizon": Control("T", "planned steps", 10, 600, 10),
    "radius": Control("ρ", "radius", 0, 1, 0.02),  # of the ball in which SAM looks
    "products": Control("k", "Newton–Schulz steps", 0, 10, 1),
}
MANTISSAS = {
    "log": (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.2, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9),
    "decades": (1, 2, 5),
}


def stops(what, low, high):
    """The numbers that a slider from low to high stops at: tidy ones, in even steps of its scale.

    >>> stops(CONTROLS["eps"], 0.01, 1.0), stops(CONTROLS["batch"], 1, 100)
    ([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0], [1, 2, 4, 8, 16, 32, 64, 100])
    """
    if what.scale == "powers":
        number, inner = int, [2**k for k in range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)]
    elif what.scale in MANTISSAS:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        number, inner = float, [float(f"{m}e{d}") for d in decades for m in MANTISSAS[what.scale]]
    else:
        step = what.step
        if step is None or (step < 1 and not 10 <= (high - low) / step <= 1000):  # another range wants another step
            step = float(f"1e{math.floor(math.log10((high - low) / 50))}")
        number = int if isinstance(step, int) else float
        inner = [float(f"{k * step:.10g}") for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [number(v) for v in (low, *(v for v in inner if low < v < high), high)]


class Slider(traitlets.HasTraits):
    """A slider with tidy stops. Its value is always exactly what stands beside it.

    (ipywidgets' own sliders round what they are given to the grid of their steps when they are first shown, and send
    that back: what runs would not be what the notebook says.) A value between two stops becomes a stop; beyond an end,
    it is the end.
    """

    value = traitlets.Any(allow_none=False)

    def __init__(self, name, value, numbers, description):
        self.name, self.stops, self._placing = name, numbers, False
        self.min, self.max = numbers[0], numbers[-1]
        # in even steps, as many decimals at every stop as the finest needs; by factors, as many as each one needs
        self._decimals = max(len(f"{v:.10g}".partition(".")[2]) for v in numbers) if _even(numbers) else None
        self.widget = widgets.SelectionSlider(
            options=self._options(), description=description, tooltip="", layout=dict(width="auto")
        )
        self.widget.add_class("optim-stops")
        self.widget.observe(self._moved, "value")
        super().__init__()
        self.value = value

    def tidy(self, value, pointer):
        """A value that a click is to set: the nearest stop if it is where the pointer was, else exactly what it is."""
        return min(self.stops, key=lambda stop: abs(stop - value)) if value in pointer else value

    def beyond(self, old):
        """The value one stop further, for somebody who comes from `old`; None at the end."""
        rising = self.value > old
        further = [stop for stop in self.stops if (stop > self.value if rising else stop < self.value)]
        return (min if rising else max)(further, default=None)

    def _show(self, value):
        even = self._decimals is not None and value in self.stops
        text = f"{value:.{self._decimals}f}" if even else f"{value:.4g}"
        return text.replace("e-0", "e-").replace("-", "−")

    def _options(self, *extra):
        return [(self._show(v), v) for v in sorted({*self.stops, *extra})]

    @traitlets.validate("value")
    def _allowed(self, proposal):
        value = proposal["value"]
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)) or value != value:
            refuse(self.name, value, f"a number from {self.min:g} to {self.max:g}")
        whole = isinstance(self.min, int)
        return min(max(round(value) if whole else float(value), self.min), self.max)

    @traitlets.observe("value")
    def _place(self, change):
        """The slider follows the value."""
        if change["new"] == self.widget.value:
            return
        self._placing = True
        try:
            with self.widget.hold_sync():
                if change["new"] not in (value for _, value in self.widget.options):
                    self.widget.options = self._options(change["new"])
                self.widget.value = change["new"]
        finally:
            self._placing = False

    def _moved(self, change):
        if not self._placing:
            self.value = change["new"]


def _even(numbers):
    """Whether stops go from 0 or below in equal steps, but for the first and the last.

    >>> _even([-1, 0, 1, 2]), _even([0, 0.1, 1, 10, 100])
    (True, False)
    """
    gaps = np.diff(numbers[1:-1] if len(numbers) > 3 else numbers)
    return bool(numbers[0] <= 0 and np.ptp(gaps) < 0.01 * max(gaps))


class Point(traitlets.HasTraits):
    """Two sliders that are one value, (w₁, w₂); setting the value moves both and is noticed once."""

    value = traitlets.Any(allow_none=False)

    def __init__(self, name, sliders):
        self.name, self.sliders, self._placing = name, sliders, False
        super().__init__(value=tuple(slider.value for slider in sliders))
        for slider in sliders:
            slider.observe(self._moved, "value")

    def tidy(self, value, pointer):
        """As for a slider, for both of them."""
        return tuple(slider.tidy(v, pointer) for slider, v in zip(self.sliders, value, strict=True))

    def beyond(self, old):
        """As for a slider, if only one of them moved."""
        moved = [i for i in (0, 1) if self.value[i] != old[i]]
        further = [slider.beyond(old[i]) if [i] == moved else slider.value for i, slider in enumerate(self.sliders)]
        return None if len(moved) == 2 or None in further else tuple(further)

    @traitlets.validate("value")
    def _allowed(self, proposal):
        if np.shape(proposal["value"]) != (2,):
            refuse(self.name, proposal["value"], "two numbers, (w1, w2)")
        return tuple(slider._allowed({"value": v}) for slider, v in zip(self.sliders, proposal["value"], strict=True))

    @traitlets.observe("value")
    def _place(self, change):
        self._placing = True
        try:
            for slider, value in zip(self.sliders, change["new"], strict=True):
                slider.value = value
        finally:
            self._placing = False

    def _moved(self, change):
        if not self._placing:
            self.value = tuple(slider.value for slider in self.sliders)


def control(name, given):
    """The control for a name: a slider, two for a point, a menu for a list, a box to tick for True or False.

    given: the initial value, or (value, low, high), or (value, [every stop]); a point is (w₁, w₂), or
        ((w₁, w₂), (low₁, high₁), (low₂, high₂)).

    >>> control("lr", 0.1).value, control("lr", (0.1, 0.01, 1.0)).max, control("start", (0.5, -1.0)).value
    (0.1, 1.0, (0.5, -1.0))
    """
    what = CONTROLS.get(name)
    if isinstance(given, widgets.Widget):
        return given
    style = dict(description=what.label if what else name, tooltip="", layout=dict(width="auto"))
    if isinstance(given, bool):
        return widgets.Checkbox(given, indent=False, **style)
    if isinstance(given, list):
        return widgets.Dropdown(options=given, **style)
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], list):
        value, numbers = given
        if value not in numbers or sorted(set(numbers)) != numbers:
            refuse(name, given, "(value, [stops in rising order, with the value among them])")
        return Slider(name, value, numbers, f"{what.symbol} {what.label}".strip() if what else name)
    value, *limits = given if isinstance(given, tuple) and len(given) == 3 else (given,)
    if what is None:
        if not limits:
            refuse(name, value, "a name of live.CONTROLS, or come with its range: (value, low, high)")
        what = Control(name, "", *np.ravel(limits)[[0, -1]], step=1 if isinstance(value, int) else None)
    low, high = limits or (what.low, what.high)
    if np.ndim(value) == 0:
        return _slider(name, what, what.symbol, value, low, high)
    if np.shape(value) != (2,):
        refuse(name, value, "a number, or a point (w1, w2)")
    ranges = (low, high) if np.ndim(low) else ((low, high), (low, high))
    both = zip("₁₂", value, ranges, strict=True)
    return Point(name, [_slider(name, what, what.symbol + i, one, *limits) for i, one, limits in both])


def _slider(name, what, symbol, value, low, high):
    if not low < high:
        refuse(f"the range of {name}", (low, high), "(low, high), low first")
    if what.scale != "linear" and low <= 0:
        refuse(f"the range of {name}", (low, high), "above 0: its slider goes by factors")
    if not (isinstance(value, (int, float, np.number)) and low <= value <= high):
        refuse(name, value, f"a number from {low:g} to {high:g}")
    return Slider(name, value, stops(what, low, high), f"{symbol} {what.label}".strip())


def spoken(one):
    """A control and its value, in words."""
    if hasattr(one, "sliders"):
        return " ".join(spoken(part) for part in one.sliders)
    if isinstance(one, Slider):
        return f"{one.widget.description} {one.widget.label}."
    return f"{one.description} {getattr(one, 'label', one.value)}."
