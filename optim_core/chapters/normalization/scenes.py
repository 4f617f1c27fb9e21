"""The scenes of chapter 10: a feature's scale, a block that is normalised, a unit's rays, companions in a batch."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize

from optim_core.scenes.board import INK, number
from optim_core.scenes.panels import Curves, Field, Page, Points, Surface
from optim_core.scenes.styles import Look, look

from . import experiments
from .experiments import CHANNELS, EXAMPLES, POSITIONS, best_ray, block, edge, normalised, together

MILLIONTH = 1e-6


def small(value, least=1e-9):
    """A number for a caption, or that it is below what is worth telling apart.

    >>> small(0.25), small(3e-13)
    ('0.25', 'below 10⁻⁹')
    """
    return number(value, 3) if value >= least else f"below {number(least)}"


def best_rate(low, high):
    """The constant learning rate with which the slower of a bowl's two directions is fastest, in a sentence.

    >>> best_rate(1.0, 4.0)
    'Its best constant rate is η = 2/(λ_min + λ_max) = 0.4.'
    """
    return f"Its best constant rate is η = 2/(λ_min + λ_max) = {number(2 / (low + high), 3)}."


def arrived(parts, t, goal=MILLIONTH):
    """When a falling loss, as a part of the first one, has come down to a millionth; nothing before it is known at t.

    >>> arrived(np.array([1.0, 1e-3, 1e-7]), 2), arrived(np.array([1.0, 0.5]), 1), arrived(np.array([1.0, 1e-7]), 0)
    ('A millionth is reached at step 2.', 'A millionth is not reached within 1 step.', '')
    """
    if not parts.any():
        return "The start is the minimum: the loss is 0 from the beginning."
    there, steps = np.flatnonzero(parts[: t + 1] <= goal), len(parts) - 1
    if len(there):
        return f"A millionth is reached at step {there[0]}."
    return f"A millionth is not reached within {steps} step{'s' * (steps > 1)}." if t == steps else ""


class Preparation(Page):
    """Gradient descent on a feature and a bias, before or after the feature is centred and divided by its spread.

    result: ((spread, mean, centre, rescale), lr, Fit, {name: path}). A click on the map sets the control `start`.
    """

    alt = (
        "Left: contour map of a least-squares loss over the weight of a feature and the bias, an ellipse around the "
        "minimum that is the narrower the larger the condition number, and the path of gradient descent. Right: the "
        "loss as a part of the first one against the steps, on a logarithmic axis."
    )
    claims = (best_rate, arrived)

    def __init__(self):
        super().__init__("map loss", widths=[1, 1], size=(9.6, 4.4))
        self.map = Surface(self, "map", numbers=False, sets="start", room=dict(left=0.8, bottom=0.5, top=0.14))
        self.map.axes.set_xlabel("weight w − w*", fontsize=11)
        self.map.axes.set_ylabel("bias b − b*", fontsize=11, rotation=90)
        words = dict(title="loss / loss at the start", x="steps t", log="y", ylim=(1e-12, 10), legend=None)
        self.loss = Curves(self, "loss", **words, levels={"a millionth": MILLIONTH}, words="upper left")

    def show(self, result):
        self.given, _, self.surface, runs = result
        self.steps = self.map.show(self.surface, runs)
        loss = self.surface.loss(next(iter(runs.values()))["w"])
        self.parts = loss / loss[0] if loss[0] > 0 else np.zeros(len(loss))
        self.loss.show({"gradient descent": self.parts})

    def at(self, t):
        spread, mean, centre, rescale = self.given
        done = ["as it is", "minus its mean", "over its spread", "minus its mean, over its spread"]
        self.caption = (
            f"A feature with spread {number(spread)} and mean {number(mean)}, {done[centre + 2 * rescale]}: "
            f"κ = {number(self.surface.condition, 3)}. {best_rate(self.surface.low, self.surface.high)} Step {t} of "
        )
        left = (number(self.parts[t], 2) if self.parts[t] > 1e-12 else "less than 10⁻¹²") if t else "all"
        left = f"{self.steps}: {left} of the loss at the start is left. " if self.parts.any() else f"{self.steps}. "
        self.caption = (self.caption + left + arrived(self.parts, t)).strip()
        return self.moved(t)


SHOWN = (colormaps["RdBu_r"], Normalize(-3, 3))
SET = {"set": Look(INK), **{f"_{k}": Look("#9aa3af") for k in range(1, CHANNELS)}}


def tidy(value):
    """A number with two decimals at most, and no −0.

    >>> tidy(-1e-17), tidy(0.98765)
    ('0', '0.99')
    """
    return number(round(float(value), 2) + 0.0, 3)


def of_the_set(kind, before, after, gamma):
    """What the numbers that are normalised together have in common, before and after.

    >>> of_the_set("layer", np.array([1.0, 3.0]), np.array([-2.0, 2.0]), 2.0)
    '2 numbers share a mean and a spread: 2 and 1 before, 0 and 2 after (β and γ).'
    """
    if kind == "weight":
        length = [number(float(np.sqrt((v * v).sum())), 3) for v in (before, after)]
        return (
            f"read as weights, a row is an input and a column an output. The column is {length[0]} long before and "
            f"{length[1]} after, which is g = γ = {number(gamma)}. β does not touch weights."
        )
    first, then = (f"{tidy(part.mean())} and {tidy(part.std())}" for part in (before, after))
    return f"{before.size} numbers share a mean and a spread: {first} before, {then} after (β and γ)."


def touched(kind, gamma=1.0):
    """How many of the results in rows 2 to 4 change if all numbers of row 1 are doubled.

    >>> [touched(kind) for kind in ("batch", "layer", "instance", "weight")], touched("batch", 0.0)
    ([45, 0, 0, 45], 0)
    """
    x = block()
    doubled = x * np.where(np.arange(EXAMPLES) == 0, 2.0, 1.0)[:, None, None]
    return int((np.abs(normalised(doubled, kind, gamma) - normalised(x, kind, gamma))[1:] > 1e-9).sum())


class Block(Page):
    """A block of numbers before and after it is normalised, with the numbers that share a mean framed.

    result: (kind, row, column, doubled, gamma, offset), rows and columns from 1. A click sets `row` and `column`.
    """

    alt = (
        "Two blocks of coloured cells, each four rows by fifteen columns in three groups of five: above before, below "
        "after normalising. A frame in both surrounds the cells whose mean and spread are taken together with those of "
        "the chosen cell, which has a ring."
    )
    claims = (of_the_set, touched)

    def __init__(self):
        super().__init__("before / after", size=(9.6, 5.0))
        room = dict(left=0.7, bottom=0.42)
        self.fields = {
            name: Field(self, name, ramp=SHOWN, bar="value", title=f"{name} normalising", y="row", x=x, room=room)
            for name, x in (("before", "column"), ("after", "column"))
        }
        for field in self.fields.values():
            field.axes.set_xticks([1, 5, 6, 10, 11, 15])
            field.axes.set_yticks([1, 2, 3, 4])

    def clicked(self, axes, x, y):
        row, column = int(np.clip(round(y), 1, EXAMPLES)), int(np.clip(round(x), 1, CHANNELS * POSITIONS))
        return dict(row=row, column=column) if any(axes is one.axes for one in self.fields.values()) else {}

    def show(self, result):
        self.kind, self.row, self.column, self.doubled, self.gamma, self.offset = result
        x = block() * np.where(np.arange(EXAMPLES) == 0, 1.0 + self.doubled, 1.0)[:, None, None]
        cells = dict(before=x, after=normalised(x, self.kind, self.gamma, self.offset))
        self.cells = {name: values.reshape(EXAMPLES, -1) for name, values in cells.items()}
        self.set = together(self.kind, self.row - 1, self.column - 1)
        rows, columns = self.set
        left, right, low, high = columns.start + 0.55, columns.stop + 0.45, rows.start + 0.55, rows.stop + 0.45
        lines = {"set": ([left, right, right, left, left], [low, low, high, high, low])}
        lines |= {f"_{k}": ([k * POSITIONS + 0.5] * 2, [0.5, EXAMPLES + 0.5]) for k in range(1, CHANNELS)}
        across, up = np.arange(1, CHANNELS * POSITIONS + 1), np.arange(1, EXAMPLES + 1)
        for name, field in self.fields.items():
            field.show(across, up, values=self.cells[name], ring=(self.column, self.row), lines=lines, looks=SET)

    def at(self, t):
        before, after = (self.cells[name][self.set] for name in ("before", "after"))
        row_1, others = "doubled" if self.doubled else "as it was", (EXAMPLES - 1) * CHANNELS * POSITIONS
        self.caption = (
            f"{self.kind.capitalize()} norm, row {self.row}, column {self.column}: "
            f"{of_the_set(self.kind, before, after, self.gamma)} Row 1 is {row_1}; doubling it changes "
            f"{touched(self.kind, self.gamma) or 'none'} of the {others} results in the other rows."
        )
        return self.moved()


def against(rate, edge):
    """Where an effective rate stands, seen from the edge of stability; edge 0: there is none.

    >>> against(0.3, 1.27), against(0.3, 0.0)
    ('below the edge (1 − ηλ)·2/h = 1.27', 'and with ηλ ≥ 1 no rate is stable')
    """
    if not edge:
        return "and with ηλ ≥ 1 no rate is stable"
    return f"{'above' if rate > edge else 'below'} the edge (1 − ηλ)·2/h = {number(edge, 3)}"


def bursts(above, low=1e-3, high=0.05):
    """At which steps a loss that was below `low` has risen above `high` again.

    >>> bursts(np.array([1.0, 1e-4, 0.01, 0.2, 0.3, 1e-5, 0.1]))
    [3, 6]
    """
    found, settled = [], False
    for t, value in enumerate(above):
        if settled and value > high:
            found.append(t)
        settled = value < low or (settled and value <= high)
    return found


def bursting(above, t, diverged=0):
    """What a run did up to step t: whether it diverged, or its loss has burst, and, at the end, whether it came down.

    >>> bursting(np.array([1.0, 1e-4, 1e-9]), 2), bursting(np.array([1.0, 0.5]), 1), bursting(np.array([1.0, 1e-4]), 0)
    ('The run ends within 10⁻³ of the minimum.', 'The run ends more than 10⁻³ above the minimum.', '')
    """
    if 0 < diverged <= t:
        return f"The run diverged at step {diverged}."
    if steps := bursts(above[: t + 1]):
        times = {1: "once", 2: "twice"}.get(len(steps), f"{len(steps)} times")
        return f"The loss has burst {times}, first at step {steps[0]}."
    end = "within 10⁻³ of" if above[-1] <= 1e-3 else "more than 10⁻³ above"
    return f"The run ends {end} the minimum." if t == len(above) - 1 else ""


class Rays(Page):
    """Gradient descent on the loss of one unit with batch normalization: its path, its loss, its size and its rate.

    result: (lr, decay, Unit, path, yours): yours: None, or a line for the effective rate and what to say of it.
    A click on the map sets the control `start`.
    """

    alt = (
        "Left: map of the loss over two weights; every contour is a ray from the origin, and a path of gradient "
        "descent moves across the rays. Right, against the steps, on logarithmic axes: how far the loss is "
        "above its minimum, the norm of the weights, and the effective rate with the edge of stability as a level."
    )
    claims = (against, bursting)

    def __init__(self):
        super().__init__("map loss / map size / map rate", widths=[1, 1], size=(9.6, 5.2))
        self.map = Surface(self, "map", numbers=False, sets="start")
        kept = dict(log="y", legend=None)
        self.loss = Curves(self, "loss", title="loss above its minimum", ylim=(1e-10, 10), **kept)
        self.size = Curves(self, "size", title="‖w‖", **kept)
        self.rate = Curves(self, "rate", title="effective rate η/‖w‖²", x="steps t", words="upper left", **kept)

    def show(self, result):
        self.lr, self.decay, unit, self.path, yours = result
        self.steps = self.map.show(unit, {"gradient descent": self.path})
        self.above = np.maximum(self.path["loss"] - best_ray()[1], 1e-12)
        self.loss.show({"gradient descent": self.above})
        self.size.show({"gradient descent": self.path["size"]})
        line, self.said = yours or (None, "")
        self.edge = edge(self.lr, self.decay)
        rates = {"gradient descent": self.path["rate"]} | ({"yours": line} if line is not None else {})
        self.rate.show(rates, levels={"edge": self.edge} if self.edge else {})
        self.rate._fit("y", [*rates.values(), [self.edge]])  # so that the edge is seen, however small the rate is

    def at(self, t):
        size, rate = self.path["size"][t], self.path["rate"][t]
        far = "beyond a million" if size > 1e6 else small(size, 1e-6)
        fast = "beyond a million" if rate > 1e6 else small(rate)
        self.caption = (
            f"Step {t} of {self.steps}, η = {number(self.lr)}, λ = {number(self.decay)}: the loss is "
            f"{'within 10⁻⁹ of' if self.above[t] < 1e-9 else small(self.above[t]) + ' above'} its minimum; "
            f"‖w‖ is {far}, η/‖w‖² is {fast}, {against(rate, self.edge)}. "
        ) + " ".join(filter(None, [bursting(self.above, t, int(self.path["diverged"])), self.said.strip()]))
        self.caption = self.caption.strip()
        return self.moved(t)


MODES = {"training mode": Look("#1f6f8b", "None", "o"), "evaluation mode": Look(INK, "None", "D")}
BATCHES = {"mixed batches": look("", 0), "one class at a time": look("", 1)}


class Companions(Page):
    """The outputs for one digit beside different companions, and how many digits are right in batches of each size.

    result: (example, size, alike, label, outputs (draws, 10), outputs in evaluation mode (10,)).
    """

    alt = (
        "Left: the ten outputs of a network for one digit, a column of dots for each, one dot for each batch that the "
        "digit was in, and a diamond for evaluation mode. Right: the share of right answers against the size of the "
        "batch, for mixed batches, rising towards that of evaluation mode, and for batches of one class, near a tenth."
    )
    allows = {"no claims": "how many draws answer what, and how far the outputs spread"}

    def __init__(self):
        super().__init__("outputs right", widths=[6, 5], size=(9.6, 4.2), top=0.26)
        words = dict(title="outputs for this digit", x="class", ylim=(-9, 16), xlim=(-0.6, 9.6))
        self.outputs = Points(self, "outputs", legend=None, **words)
        self.outputs.axes.set_xticks(range(10))
        level = {"evaluation mode": float(experiments.evaluated().mean())}
        words = dict(
            title="right answers, mean of ten networks", x="batch size B", legend="center right", words="upper left"
        )
        self.right = Curves(self, "right", log="x", **words, ylim=(0, 1.08), xlim=(1.7, 75), levels=level)
        self.right.axes.set_xticks(experiments.SIZES, [str(size) for size in experiments.SIZES])
        right = [np.array([experiments.forgotten(b, k).mean() for b in experiments.SIZES]) for k in (False, True)]
        self.lines = {name: (np.array(experiments.SIZES), y) for name, y in zip(BATCHES, right, strict=True)}
        self.name(MODES)

    def show(self, result):
        self.example, self.size, self.alike, self.label, self.seen, self.alone = result
        draws = len(self.seen)
        across = np.arange(10) + np.linspace(-0.25, 0.25, draws)[:, None]
        groups = {"training mode": (across.ravel(), self.seen.ravel()), "evaluation mode": (np.arange(10), self.alone)}
        self.outputs.show(groups, looks=MODES)
        name = list(BATCHES)[int(self.alike)]
        here = (self.size, self.lines[name][1][experiments.SIZES.index(self.size)])
        self.right.show(self.lines, dots={"here": here}, looks=BATCHES | {"here": Look(INK, marker="o")})

    def at(self, t):
        answers = self.seen.argmax(-1)
        a = "an" if self.label == 8 else "a"
        beside = f"{self.size - 1} companion{'s' * (self.size > 2)}"
        self.caption = (
            f"Held-out digit no. {self.example}, {a} {self.label}, in a batch of {self.size}, beside {beside} "
            f"{'of its own class' if self.alike else 'at random'}: {int((answers == self.label).sum())} of "
            f"{len(answers)} draws answer {self.label}; the outputs spread by {number(self.seen.std(0).mean(), 2)}. "
            f"Evaluation mode answers {int(self.alone.argmax())}."
        )
        return self.moved()
