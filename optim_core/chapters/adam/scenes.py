"""The scenes of chapter 07: streams of gradients, rare news, decay under noise, the first steps, the arena."""

import functools

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from optim_core.refuse import listed
from optim_core.scenes.board import brief, number
from optim_core.scenes.panels import Curves, Field, Page, Panel
from optim_core.scenes.styles import INK, QUANTITIES, Look, look

from . import experiments

# ---- streams of gradients ----

AVERAGES = {
    "m̂": Look("#005f73", (0, (5, 1.5))),
    "√v̂": Look("#ae2012", (0, (6, 1.5, 1, 1.5))),
    "m": Look("#0a9396", (0, (1.5, 1.5))),
    "√v": Look("#bb6b00", (0, (1, 2.5))),
    "_zero": QUANTITIES["bound"],
    "_room": Look(INK),
}


def lengths(steps):
    """The first, the longest and the last step of a run, in words; what is not above 10⁻⁹ counts as none.

    A step counts as the longest if no other is a thousandth longer: which of many equal ones leads by a rounding, or by
    what ε takes away, is nobody's question. Only where v has forgotten what m remembers can m̂/√v̂ pass a million.

    >>> lengths(np.array([1.0, -3.0, 0.5])), lengths(np.zeros(4)), lengths(np.array([1.0, -1.0, 0.9999]))
    ('first 1, longest 3 at step 2, last 0.5', 'no step above 10⁻⁹', 'every step 1')
    """
    size = np.abs(steps)
    if not size.max() > 1e-9:
        return "no step above 10⁻⁹"
    first, most, last = (number(float(v) if v > 1e-9 else 0.0, 3) for v in (size[0], size.max(), size[-1]))
    if size.min() >= 0.999 * size.max():
        return f"every step {most}"
    at = int(np.argmax(size >= 0.999 * size.max())) + 1
    if size.max() > 1e6:
        last = "more than a million" if size[-1] > 1e6 else last
        return f"first {first}, more than a million at step {at}, where v has forgotten what m remembers, last {last}"
    if at > 1 and size[-1] == size.max():
        return f"first {first}, longest the last, {last}"
    return f"first {first}, longest {most} at step {at}, last {last}"


class Streams(Page):
    """What optimizers make of a stream of gradients.

    result: (g, size, runs, beta1, beta2, note): gradients (T,), their size, {name: what `experiments.follow` gives},
    with Adam among them, and what is wrong with a student's step, or "".
    """

    alt = (
        "Left: the gradients of five hundred steps, with Adam's two corrected averages, against the step on a "
        "logarithmic axis. Right: the steps of each optimizer, divided by the learning rate."
    )
    claims = (lengths,)

    def __init__(self):
        super().__init__("gradient steps", size=(9.6, 3.9))
        words = dict(x="step t", log="x", xlim=(1, experiments.LENGTH))
        room = words | dict(room=dict(left=0.75))
        title = "gradient / its size, and Adam's averages"
        self.gradient = Curves(self, "gradient", title=title, legend="upper left", **words)
        self.taken = Curves(self, "steps", title="step / η  (above 0: downhill)", legend="upper right", **room)
        self.taken.axes.yaxis.set_major_formatter(lambda value, _: number(value))

    def show(self, result):
        g, self.size, self.runs, self.beta1, self.beta2, self.note = result
        t = np.arange(1, len(g) + 1)
        adam = next(run for name, run in self.runs.items() if name in ("Adam", "ours"))
        m_hat = adam["m"][1:] / (1 - self.beta1**t)
        v_hat = adam["v"][1:] / (1 - self.beta2**t)
        lines = {"gradient": (t, g / self.size), "m̂": (t, m_hat / self.size), "√v̂": (t, np.sqrt(v_hat) / self.size)}
        if "Adam without correction" in self.runs:
            lines |= {"m": (t, adam["m"][1:] / self.size), "√v": (t, np.sqrt(adam["v"][1:]) / self.size)}
        steps = {name: (t, run["step"]) for name, run in self.runs.items()}
        for panel, shown in ((self.gradient, lines), (self.taken, steps)):
            highest, lowest = (pick([pick(y) for _, y in shown.values()]) for pick in (np.max, np.min))
            room = 1.5 * highest + max(-lowest, 0.0)  # for a legend, whose height is a share of the whole axis
            ends = [above(room), np.nan, -above(-lowest)]  # they seldom change
            ground = {"_zero": (t[[0, -1]], np.zeros(2)), "_room": (t[[0, 0, 0]], ends)}
            panel.show(ground | shown, looks=AVERAGES)

    def at(self, t):
        told = "; ".join(f"{name}: {lengths(run['step'])}" for name, run in self.runs.items())
        self.caption = (
            f"β₁ = {number(self.beta1)}, β₂ = {number(self.beta2)}, gradients of size {number(self.size)}. Steps, "
            f"in units of η: {told}."
        )
        if self.note:
            self.caption += f" Your step did not run: {self.note}"
        return self.moved()


def above(value):
    """The next of the numbers 1, 1.5, 2, 3, 5 times a power of ten, 0 for what is not above 0.

    >>> above(1.6), above(0.7), above(5.2), above(-3.0)
    (2.0, 1.0, 10.0, 0.0)
    """
    if not value > 0:
        return 0.0
    ten = 10.0 ** np.floor(np.log10(value))
    return float(next(k * ten for k in (1, 1.5, 2, 3, 5, 10, 15) if k * ten >= value * (1 - 1e-9)))


# ---- does it come to rest? ----


def on_the_way(name, lr, sigma, steps=experiments.SETTLING - experiments.WATCHED):
    """Whether a run of `experiments.settled` was, after so many steps, not yet where its noise would keep it.

    Without noise a step leaves the part 1 − η of the way from w = 3, and 1 − η/σ where it is divided by √v̂ ≈ σ. It is
    on its way while that is more than what theory says the noise makes of w.

    >>> on_the_way("Adam", 0.03, 30.0), on_the_way("Adam", 0.1, 30.0), on_the_way("gradient descent", 0.02, 1e-6)
    (True, False, True)
    """
    if name == "gradient descent":
        left, floor = 3 * np.abs(1 - lr) ** steps, sigma * np.sqrt(lr / (2 - lr))
    else:
        left, floor = 3 * np.exp(-steps * lr / sigma), np.sqrt(lr * sigma / 2)
    return bool(left > floor)


def remembers(lr, beta2, sigma):
    """Whether Adam's v̂ still holds the large gradients of the way, so that a longer run lies farther out.

    Adam stays about σ √(η/2√v̂) away. Where v̂ is over four times the mean square of the gradients that come in, it will
    fall to that, and the distance will rise by more than 4^¼.

    >>> remembers(0.1, 0.999, 1e-6), remembers(0.1, 0.9, 1e-6), remembers(0.1, 0.999, 10.0)
    (True, False, False)
    """
    return bool(experiments.overhang(lr, beta2)[experiments.SIGMAS.index(sigma)] > 4)


class Rest(Page):
    """Runs on a parabola with noise in the gradient, and how far from the minimum they stay.

    result: (runs, lr, beta2, sigma), runs as `experiments.settled` gives them. A click on the right sets `sigma`.
    """

    alt = (
        "Left: the distance from the minimum, in the middle of eight runs, against the steps, for gradient descent, "
        "RMSProp and Adam, on a logarithmic axis. Right: how far they stay from the minimum, against the size of the "
        "noise, on logarithmic axes; the lines of gradient descent and Adam cross where the noise is 1."
    )
    claims = (on_the_way, remembers)

    def __init__(self):
        super().__init__("walk floor", size=(9.6, 3.9))
        words = dict(x="steps t", log="y", ylim=(1e-9, 1e5), legend="upper right")  # a legend above all lines
        self.walk = Curves(self, "walk", title="|w|, the middle of eight runs", **words)
        words = dict(x="size σ of the noise", log="xy", ylim=(1e-9, 1e5), legend=None, sets="sigma")
        self.floor = Curves(self, "floor", title="|w| in the last 200 steps (root mean square)", **words)

    def show(self, result):
        runs, self.lr, self.beta2, self.sigma = result
        self.here = experiments.SIGMAS.index(self.sigma)
        self.steps = experiments.SETTLING
        self.walk.show({name: np.median(np.abs(w[:, self.here]), axis=-1) for name, w in runs.items()})
        self.floors = experiments.floors(runs)
        lines = {name: (experiments.SIGMAS, values) for name, values in self.floors.items()}
        self.floor.show(lines, marks={"": self.sigma})

    def clicked(self, axes, x, y):
        if axes is not self.floor.axes:
            return {}
        return {"sigma": min(experiments.SIGMAS, key=lambda sigma: abs(np.log(sigma / max(x, 1e-9))))}

    def at(self, t):
        far = {name: values[self.here] / self.lr for name, values in self.floors.items()}
        told = ", ".join(f"{name} {brief(value, 2)} η" for name, value in far.items())
        self.caption = (
            f"Step {t} of {self.steps}. η = {number(self.lr)}, β₂ = {number(self.beta2)}, noise σ = "
            f"{number(self.sigma)}. Root mean square of w in the last {experiments.WATCHED} steps: {told}."
        )
        if late := [name for name in far if on_the_way(name, self.lr, self.sigma)]:
            self.caption += f" Still on the way in from w = 3: {listed(late)}."
        if remembers(self.lr, self.beta2, self.sigma):
            self.caption += " Adam's v̂ still remembers the way from w = 3: a longer run lies farther out."
        return self.moved(t)


# ---- rare news ----

WHERE = LinearSegmentedColormap.from_list("where", ["#2166ac", "#d1e5f0", "#f7f7f7", "#fddbc7", "#b2182b"])


class Grid(Field):
    """A map of values over two lists of numbers, each with a row or a column of its own; a click sets both."""

    def __init__(self, page, name, columns, rows, **field):
        super().__init__(page, name, **field)
        self.columns, self.rows = columns, rows
        self.axes.set_xticks(range(len(columns)), [f"{v:g}" for v in columns], rotation=60)
        self.axes.set_yticks(range(len(rows)), [f"{v:g}" for v in rows])

    def show(self, values, ring, lines=None, looks=None):
        """values: (rows, columns); ring: the numbers of a column and a row; lines: {name: (x, y)} in such numbers."""
        at = (self.columns.index(ring[0]), self.rows.index(ring[1]))
        across, up = range(len(self.columns)), range(len(self.rows))
        lines = {
            name: (np.interp(x, self.columns, across), np.interp(y, self.rows, up))
            for name, (x, y) in (lines or {}).items()
        }
        super().show(np.array(across), np.array(up), values=values, ring=at, lines=lines, looks=looks)

    def clicked(self, x, y):
        i, j = (int(np.clip(round(v), 0, len(of) - 1)) for v, of in ((x, self.columns), (y, self.rows)))
        return dict(zip(self.sets, (self.columns[i], self.rows[j]), strict=True))


def side(end):
    """What a place between the best point, −1, and the worst, +1, is called.

    >>> side(-0.97), side(0.5), side(0.99)
    ('at the best point', 'on the wrong side', 'at the worst point')
    """
    if abs(end) > 0.9:
        return "at the best point" if end < 0 else "at the worst point"
    return "on the right side" if end < 0 else "on the wrong side"


def wrong_side(ends):
    """In how many squares of the map the weight ends nearer to the worst point than to the best.

    >>> wrong_side(np.array([[-1.0, 0.2], [0.9, -0.1]]))
    '2 of 4 squares'
    """
    return f"{(ends > 0).sum()} of {ends.size} squares"


class RareNews(Page):
    """Where an optimizer ends if the gradient is +1.2 (P − 1) once in P steps and −1 else, over β₂ and P.

    result: (walks, gap, beta2, method), walks as `experiments.rare_news` gives them. A click sets `beta2` and `gap`.
    """

    alt = (
        "Left: map of where the weight ends, over β₂ across and P, how rarely news comes, upwards: blue near the best "
        "point −1, red near the worst point +1. A line marks P = 1/(1 − β₂). Right: the walk of one pair."
    )
    claims = (side, wrong_side)

    def __init__(self):
        super().__init__("map walk", widths=[11, 9], size=(9.6, 4.2))
        words = dict(x="β₂", y="news once in P steps", sets=("beta2", "gap"), room=dict(bottom=0.75))
        ramp = (WHERE, Normalize(-1, 1))
        self.map = Grid(self, "map", experiments.MEMORIES, experiments.GAPS, ramp=ramp, bar="w at the end", **words)
        levels = {"the worst point": 1.0, "the best point": -1.0}
        words = dict(x="step t", title="w, from 0", ylim=(-1.25, 1.25), room=dict(bottom=0.75, right=0.25))
        self.walk = Curves(self, "walk", levels=levels, words="outer right", legend=None, heads=False, **words)

    def show(self, result):
        walks, self.gap, self.beta2, self.method = result
        self.ends = experiments.rests_at(walks)
        self.at_pair = experiments.GAPS.index(self.gap), experiments.MEMORIES.index(self.beta2)
        gaps = np.array(experiments.GAPS, float)
        memory = {"P = 1/(1 − β₂)": (1 - 1 / gaps, gaps)}
        self.map.show(self.ends, (self.beta2, self.gap), memory, {"P = 1/(1 − β₂)": QUANTITIES["theory"]})
        self.walk.show({self.method: walks[(slice(None), *self.at_pair)]}, steps=experiments.ROUNDS)

    def at(self, t):
        end = self.ends[self.at_pair]
        memory = f"{number(1 / (1 - self.beta2))} steps" if self.beta2 else "one step"
        self.caption = (
            f"{self.method}, β₂ = {number(self.beta2)} (memory of {memory}), news once in {self.gap} steps: "
            f"in the last quarter of {number(experiments.ROUNDS)} steps the mean of w is "
            f"{number(round(float(end), 2) + 0.0, 2)}, {side(end)}. In the whole map it is on the wrong side of 0 in "
            f"{wrong_side(self.ends)}."
        )
        return self.moved()


# ---- decay ----


def part(left):
    """What is left of 1, to three decimals; that it is 0 or 1 is not said of what only rounds to it.

    >>> part(0.74082), part(2e-5), part(0.99994), part(1.0)
    ('0.741', 'nearly 0', 'nearly 1', '1')
    """
    words = number(round(float(left), 3) + 0.0)
    return f"nearly {words}" if words in ("0", "1") and abs(left - round(left)) > 1e-9 else words


class Decay(Page):
    """How much of a weight a decay leaves, against the size of the gradients' noise.

    result: (noises, {name: what is left}, lr, decay, steps).
    """

    alt = (
        "What is left of weights that began at 1, against the size of the noise in their gradients on a logarithmic "
        "axis: gradient descent and AdamW leave the same of all; Adam with L2 leaves less where the noise is small and "
        "more where it is large, if there is a decay."
    )
    allows = {"no claims": "what is left at both ends of the axis, and the value of a formula"}

    def __init__(self):
        super().__init__("left", size=(9.6, 3.9))
        words = dict(x="size σ of the noise in the gradient", y="what is left of the weight")
        self.left = Curves(self, "left", log="x", ylim=(-0.1, 1.15), legend="upper left", words="lower left", **words)

    def show(self, result):
        noises, self.left_over, self.lr, self.decay, self.steps_run = result
        lines = {name: (noises, values) for name, values in self.left_over.items()}
        self.left.show(lines, levels={"e^(−ηλT)": np.exp(-self.lr * self.decay * self.steps_run)})

    def at(self, t):
        ends = {name: [part(v) for v in w[[0, -1]]] for name, w in self.left_over.items()}
        told = "; ".join(f"{name}: {low} at the left end, {high} at the right" for name, (low, high) in ends.items())
        kept = part(np.exp(-self.lr * self.decay * self.steps_run))
        self.caption = (
            f"η = {number(self.lr)}, λ = {number(self.decay)}, T = {self.steps_run} steps: e^(−ηλT) = {kept}. What is "
            f"left: {told}."
        )
        return self.moved()


# ---- the first steps ----


def half_way(beta2, factor=experiments.rectification):
    """The first step at which a factor (t, β₂), as RAdam's, is at least one half.

    >>> half_way(0.999), half_way(0.9), half_way(0.9, experiments.warm_up)
    (556, 11, 10)
    """
    return int(np.argmax(factor(np.arange(1, int(20 / (1 - beta2))), beta2) >= 0.5)) + 1


class FirstSteps(Page):
    """How much 1/√v̂ varies in the first steps, and what RAdam and a warm-up do about it.

    result: (at, rates, beta2) as `experiments.first_rates` gives them.
    """

    alt = (
        "Left: the middle and the band from the 5th to the 95th percentile of one over the root of v-hat against the "
        "step, on logarithmic axes; the band is wide at first and narrows. Right: RAdam's factor r, the measured ratio "
        "of spreads, and a linear warm-up over 2/(1 − β₂) steps."
    )
    claims = (half_way,)

    MEASURED, WARM = "measured: spread at the end / now", "linear warm-up over 2/(1 − β₂) steps"
    LOOKS = {MEASURED: Look(INK, (0, (1, 1.5)), "o"), WARM: QUANTITIES["theory"], "middle": look("Adam")}

    def __init__(self):
        super().__init__("band factor", size=(9.6, 3.9))
        title = "1/√v̂ for gradients from N(0, 1): middle, 5–95 %"
        self.band = Curves(self, "band", x="step t", log="xy", xlim=(1, 1e4), ylim=(0.3, 30), title=title, legend=None)
        words = dict(
            title="factor on the step", x="step t", log="x", xlim=(1, 1e4), ylim=(-0.05, 1.55), legend="upper left"
        )
        self.factor = Curves(self, "factor", **words)

    def show(self, result):
        self.times, rates, self.beta2 = result
        self.low, middle, self.high = np.percentile(rates, [5, 50, 95], axis=1)
        bands = {"middle": (self.times, self.low, self.high)}
        self.band.show({"middle": (self.times, middle)}, looks=self.LOOKS, bands=bands)
        spread, known = rates.std(axis=1), self.times >= 6
        every = np.unique(np.geomspace(1, self.times[-1], 200).astype(int))
        r = experiments.rectification(every, self.beta2)
        lines = {
            "RAdam": (every, np.where(r > 0, r, np.nan)),  # before its formula has an answer there is no factor
            self.MEASURED: (self.times[known], spread[-1] / spread[known]),
            self.WARM: (every, experiments.warm_up(every, self.beta2)),
        }
        self.factor.show(lines, looks=self.LOOKS)

    def at(self, t):
        first, then = ((self.high / self.low)[self.times == k][0] for k in (1, 20))
        self.caption = (
            f"β₂ = {number(self.beta2)}. The 95th percentile of 1/√v̂ is {number(first, 2)} times the 5th after the "
            f"first step, {number(then, 2)} times after the 20th. RAdam's r reaches one half at "
            f"step {number(half_way(self.beta2))}, the warm-up over {number(round(2 / (1 - self.beta2)))} steps at "
            f"{number(half_way(self.beta2, experiments.warm_up))}."
        )
        return self.moved()


# ---- the arena ----

BEST = LinearSegmentedColormap.from_list("best", ["#6baed6", "#deebf7", "#ffffff"])


@functools.cache
def letters(text, size=9):
    """A text as a path that begins at (0, 0), its width, and how high its middle lies, in points."""
    path = TextPath((0, 0), text, size=size)
    box = path.get_extents()
    return path, box.width, (box.y0 + box.y1) / 2


class Table(Panel):
    """A table of numbers, shaded by the rank in their column: the darker, the better; a row for each name.

    All its words are one path: so many texts would take too long to move.
    """

    def __init__(self, page, name, columns, **panel):
        super().__init__(page, name, grid=False, **panel)
        self.columns, self.rows = columns, {}
        self.axes.set_xlim(-0.5, len(columns) - 0.5)
        self.axes.set_xticks(range(len(columns)), columns, fontsize=9)
        self.axes.set_yticks([])
        self.axes.xaxis.tick_top()
        self.axes.tick_params(length=0)
        self.image = page.mover(self.axes.imshow(np.zeros((2, 2, 3)), aspect="auto", interpolation="none", zorder=0))
        place = Affine2D().scale(1 / 72) + page.figure.dpi_scale_trans  # from points on the page
        words = PathPatch(Path(np.zeros((1, 2))), facecolor=INK, lw=0, transform=place, clip_on=False, zorder=8)
        self.words = page.mover(self.axes.add_artist(words))

    def show(self, rows, ranks):
        """rows: {name: texts, one for each column}; ranks: (rows, columns)."""
        if len(rows) != len(self.rows):
            self.axes.set_ylim(len(rows) - 0.5, -0.5)
        self.rows = rows
        shades = BEST((np.asarray(ranks) - 1) / max(len(rows) - 1, 1))[..., :3]
        self.image.set(data=shades, extent=(-0.5, len(self.columns) - 0.5, len(rows) - 0.5, -0.5))

    def at(self, t=None):
        width, height = 72 * self.page.figure.get_size_inches()
        left, bottom, right, top = (self.axes.get_position().extents * [width, height, width, height]).tolist()
        across, down = (right - left) / len(self.columns), (top - bottom) / len(self.rows)
        parts = []
        for j, (name, texts) in enumerate(self.rows.items()):
            for i, text in enumerate((name, *texts)):
                path, wide, high = letters(text)
                middle = left + (i - 0.5) * across - wide / 2
                x, y = middle if i else left - 5 - wide, top - (j + 0.5) * down - (high if i else 3)
                parts.append(Path(path.vertices + [x, y], path.codes))
        self.words.set_path(Path.make_compound_path(*parts))
        for artist in (self.image, self.words):
            artist.set_visible(True)


class Strip(Panel):
    """A row for each name: small marks for single values, and a large one for their mean."""

    def show(self, rows, looks=None):
        """rows: {name: values}."""
        if len(rows) != len(getattr(self, "rows", ())):
            self.axes.set_ylim(len(rows) - 0.5, -0.5)
            self.axes.set_yticks(range(len(rows)), [""] * len(rows))
        self.rows = rows
        self.looks = {name: look(name) for name in rows}

    def at(self, t=None):
        for i, (name, values) in enumerate(self.rows.items()):
            style = self.looks[name]
            marks = dict(ls="", marker="|", ms=11, mew=1.4, color=style.color)
            self.line(f"each {i}", values, np.full(len(values), float(i)), **marks)
            self.line(f"mean {i}", [np.mean(values)], [float(i)], **style.point, ms=style.size(10), zorder=6)


def leads(ranks):
    """Who has the lowest mean rank, and who the next, in words; those with equal ones are named together.

    ranks: {name: (seeds,)}.

    >>> leads({"Adam": np.array([2.0, 2.5]), "Nadam": np.array([1.0, 2.0]), "momentum": np.array([3.0, 3.0])})
    'first Nadam (mean rank 1.5), then Adam (2.2)'
    """
    means = {name: round(float(values.mean()), 9) for name, values in ranks.items()}
    told = [([name for name in means if means[name] == mean], mean) for mean in sorted(set(means.values()))[:2]]
    (first, best), *rest = [(listed(names), mean) for names, mean in told]
    return f"first {first} (mean rank {best:.1f})" + "".join(f", then {names} ({mean:.1f})" for names, mean in rest)


class Arena(Page):
    """Every optimizer on every task, tuned with K tries: the scores, and the ranks over the seeds.

    result: (entries, budget, ranked, note): {name: results} as `experiments.arena` gives them, the tries, which of
    `experiments.RANKED` the ranks are over, and what is wrong with a student's step, or "".
    """

    alt = (
        "Left: a table with a row for each optimizer and a column for each task: the steps needed on seven surfaces, "
        "the training and held-out loss on the digits; the better in its column, the darker. Right: the rank of each "
        "optimizer, a mark for each of ten seeds and a large one for their mean."
    )
    claims = (leads, experiments.agreement)

    def __init__(self):
        super().__init__("table ranks", widths=[7, 3], size=(9.6, 4.9))
        self.table = Table(self, "table", experiments.TASKS, room=dict(left=1.45, top=0.55, right=0.05))
        words = dict(xlim=(0.5, 13.5), x="rank (1 is best)", title="rank, ten seeds", room=dict(left=0.1, top=0.55))
        self.strip = Strip(self, "ranks", **words)
        self.strip.axes.set_xticks(range(1, 14, 3))

    def show(self, result):
        entries, self.budget, self.ranked, self.note = result
        scores = {name: experiments.scores(results, self.budget) for name, results in entries.items()}
        self.ranks = experiments.mean_ranks(scores, experiments.RANKED[self.ranked])
        order = sorted(entries, key=lambda name: (self.ranks[name].mean(), name))
        middles = np.median([[scores[name][task] for task in experiments.TASKS] for name in order], axis=-1)
        rows = {name: [in_words(task, v) for task, v in zip(experiments.TASKS, row, strict=True)]
                for name, row in zip(order, middles, strict=True)}  # fmt: skip
        self.table.show(rows, experiments.ranks(np.round(middles, 9)))
        self.strip.show({name: self.ranks[name] for name in order})
        self.agreed = experiments.agreement(self.ranks)

    def at(self, t):
        tries = "One try" if self.budget == 1 else f"{self.budget} tries"
        self.caption = (
            f"{tries} each, ranked on {self.ranked}: {leads(self.ranks)}. The seeds agree with a mean rank correlation "
            f"of {two(self.agreed)}"
            f"{' (1: the same order in all, 0: no more than by chance)' if self.agreed < 0.995 else ''}."
        )
        if "yours" in self.ranks:
            self.caption += f" Yours: {self.ranks['yours'].mean():.1f}."
        if self.note:
            self.caption += f" Your step did not run: {self.note}"
        return self.moved()


def two(value):
    """A number with two decimals, a real minus sign, and no −0.00.

    >>> two(-0.001), two(-0.35)
    ('0.00', '−0.35')
    """
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")


def in_words(task, mean):
    """A cell of the arena's table: steps (a dash where no run arrived), or a loss.

    >>> in_words("Beale", np.log(93.4)), in_words("Beale", np.log(301)), in_words(experiments.DIGITS[0], 0.0291)
    ('93', '—', '0.029')
    """
    if task in experiments.GROUNDS:
        steps = np.exp(mean)
        return f"{steps:.0f}" if steps < experiments.MOST + 0.5 else "—"
    return f"{mean:.3f}" if mean < 10 else "> 10"


class Budget(Page):
    """The mean rank of each optimizer against the number of tries it was tuned with; one of them stands out.

    result: (ranks, ranked, method, agreed): {name: (budgets,)}, which of `experiments.RANKED` they are over, the one
    that stands out, and how far the seeds agree, (budgets,).
    """

    alt = (
        "Left: the mean rank of each optimizer, best on top, against the number of learning rates it was tuned with; "
        "the lines cross. Right: how far ten seeds agree on the order."
    )
    allows = {"no claims": "mean ranks and correlations with 1, 4 and 12 tries, as both panels show them"}

    def __init__(self):
        super().__init__("ranks agree", widths=[13, 7], size=(9.6, 4.6))
        words = dict(x="tries K", xlim=(1, 12))
        title = "mean rank over ten seeds (1 is best)"
        self.lines = Curves(self, "ranks", **words, title=title, ylim=(12.6, 0.6), legend=None, room=dict(right=1.42))
        title = "correlation of the seeds' orders"
        self.agree = Curves(self, "agree", **words, title=title, ylim=(-0.2, 1.05), legend=None)
        self.lines.axes.set_yticks(range(1, 13))
        for panel in (self.lines, self.agree):
            panel.axes.set_xticks(range(1, 13))

    def show(self, result):
        self.ranks, self.ranked, self.method, self.agreed = result
        tries = np.arange(1, len(self.agreed) + 1)
        self.lines.show({name: (tries, values) for name, values in self.ranks.items()})
        self.agree.show({"agreement": (tries, self.agreed)}, looks={"agreement": QUANTITIES["theory"]})
        self.names = dict(zip(self.ranks, apart([values[-1] for values in self.ranks.values()]), strict=True))

    def at(self, t):
        moved = self.moved()
        for name, y in self.names.items():
            chosen = name == self.method
            self.lines.word(f"name {name}", 12.25, y, name, color=look(name).color, va="center",
                            weight="bold" if chosen else "normal")  # fmt: skip
            self.lines.artists[f"line {name}"].set(lw=3.6 if chosen else 1.2, alpha=1.0 if chosen else 0.55,
                                                   zorder=6 if chosen else 4)  # fmt: skip
        rank, last = self.ranks[self.method], len(self.agreed)
        self.caption = (
            f"{self.method[0].upper() + self.method[1:]} on {self.ranked}: mean rank {rank[0]:.1f} with one try, "
            f"{rank[3]:.1f} with four, {rank[-1]:.1f} with all {last}. The orders of two seeds correlate by "
            f"{two(self.agreed[0])} with one try and {two(self.agreed[-1])} with all {last}, on average."
        )
        return [artist for artist in self.moving if artist.get_visible()] or moved


def apart(heights, least=0.85):
    """The heights, moved as little as needed so that words written there do not overlap.

    >>> apart([1.0, 1.2, 5.0], least=1.0)
    [0.6, 1.6, 5.0]
    """
    order = np.argsort(heights, kind="stable")
    placed = np.array(heights, float)[order]
    for _ in range(200):
        gap = np.diff(placed)
        tight = gap < least - 1e-9
        if not tight.any():
            break
        push = np.where(tight, (least - gap) / 2, 0.0)
        placed[:-1] -= push
        placed[1:] += push
    out = np.empty_like(placed)
    out[order] = placed
    return [float(v) for v in out.round(6)]
