"""The scenes of chapter 03: a U that grows, two directions, range tests, forks of six curves, and two edges."""

import numpy as np

from optim_core.scenes import trajectories
from optim_core.scenes.board import number
from optim_core.scenes.panels import Curves, Page, Surface, tidy_limits
from optim_core.scenes.styles import DASHDOT, DASHED, DOTTED, GREY, INK, SOLID, Look, look

from .experiments import USUAL, best_and_cliff, holds, level, lowest, smoothed, verdict

CHOSEN, BEST, FAINT = Look("#a3410f", DASHED, "s"), Look("#1f6f8b", SOLID, "*"), Look("#c3c8cf", SOLID)
GRID = "0.1, 0.01, … 10⁻⁵"


def dot(panel, name, x, y, style, ms=9):
    """A point of a panel, in this style; beyond the frame it stands at its edge."""
    low, high = sorted(panel.axes.get_ylim())
    panel.line(f"point {name}", [x], [np.clip(y, low, high)], **style.point, ms=ms, zorder=7, clip_on=False)


def size(value, digits=2):
    """A loss or a length for a caption; what is beyond all use as a number is only bounded.

    >>> size(0.25), size(204.0), size(3.2e13), size(1e-20), size(0.0)
    ('0.25', '204', 'above 10⁸', 'below 10⁻¹²', '0')
    """
    if not value <= 1e8:
        return "above 10⁸"
    return "below 10⁻¹²" if 0 < value < 1e-12 else number(value, 3 if 100 <= value < 999.5 else digits)


def plain(page):
    """No minor ticks: they take longest to draw, and a decade is enough."""
    for panel in page.panels.values():
        panel.axes.minorticks_off()


def bare(style):
    """The same look without a marker, for a line of many points."""
    return style._replace(marker="")


def shown(page):
    """The artists of a page that can be seen now."""
    return [artist for artist in page.moving if artist.get_visible()]


def across(panel, last):
    """An axis of steps from 0 to this one."""
    panel.limit("x", (0.0, float(last)))


# ---- the U that grows ----


def u_words(rates, losses, start):
    """What a U says: its lowest point, and where its cliff is.

    >>> u_words(np.array([0.1, 1.0, 10.0]), np.array([2.0, 0.5, 7.0]), 2.3)
    'the lowest loss is 0.5, at η = 1; from η = 10 on it is not below the loss at the start, 2.3.'
    >>> u_words(np.array([0.1, 1.0]), np.array([2.3, 2.3]), 2.3)
    'all stand at the loss of the start, 2.3.'
    """
    if not (losses < start).any():
        where = "all stand at" if (losses == start).all() else "none is below"
        return f"{where} the loss of the start, {number(start, 3)}."
    best, cliff = best_and_cliff(rates, losses, start)
    text = f"the lowest loss is {size(losses[rates == best][0])}, at η = {number(best)}; "
    beyond = losses[rates >= cliff]
    if not len(beyond):
        return text + f"with all larger rates it is below the loss at the start, {number(start, 3)}, too."
    if (beyond < start).any():
        return (
            text
            + f"η = {number(cliff)} is the first larger one whose loss is not below that at the start, "
            + f"{number(start, 3)}."
        )
    return text + f"from η = {number(cliff)} on it is not below the loss at the start, {number(start, 3)}."


class GrowingU(Page):
    """The loss of many learning rates in one training, while it goes on: across all rates, and along the steps.

    result: what `experiments.many_rates` gives; shown is its last look up to step t. The control `lr`, one of the
    rates, says whose learning curve is drawn strongly; a click on the U sets it.
    """

    alt = (
        "Left: the training loss of every learning rate at this moment, both axes logarithmic, with the loss at the "
        "start as a level and a star at the lowest; fainter lines show it after one and three epochs. Right: the "
        "learning curves of all rates against epochs, with the best one and the chosen one drawn strongly."
    )
    claims = (best_and_cliff, u_words)
    own_controls = ("lr",)

    def __init__(self):
        super().__init__("bowl curves", widths=[11, 10], size=(9.6, 4.2))
        words = dict(title="training loss now, for every learning rate", x="learning rate η", sets="lr")
        frame = dict(ylim=(1e-4, 1e3))
        self.bowl = Curves(self, "bowl", **words, **frame, log="xy", xlim=(7e-6, 140), legend="lower left")
        words = dict(title="and how it came there", x="epochs", legend="upper right")
        self.curves = Curves(self, "curves", **words, **frame, log="y")
        self.lr = None
        plain(self)

    def adjust(self, lr):
        self.lr = lr

    def show(self, result):
        self.seen, self.steps = result, int(result["at"][-1])

    def at(self, step):
        rates, at, loss, epoch = (self.seen[name] for name in ("rates", "at", "loss", "epoch"))
        t = int(at.searchsorted(step, side="right")) - 1
        now, start, usual = loss[t], loss[0, 0], np.isin(rates, USUAL)
        best, mine = int(np.nanargmin(now)), int(np.argmin(np.abs(np.log(rates / self.lr))))
        lines, looks, none = {}, {}, np.full(len(rates), np.nan)
        for n, dash in ((1, DOTTED), (3, DASHED)):  # named before they are there: the legend, and so the frame, stay
            word = f"after {n} epoch{'s' * (n > 1)}"
            then = loss[at.searchsorted(n * epoch)] if n * epoch < at[t] else none
            lines[word], looks[word] = (rates, then), Look(GREY, dash, "")
        lines |= {"now": (rates, now), GRID: (rates[usual], now[usual])}
        self.bowl.show(
            lines, looks=looks | {"now": Look(INK, SOLID, ""), GRID: Look("#b7791f", "", "D")}, levels={"": start}
        )
        named = {"the best now": (best, BEST), "the chosen one": (mine, CHOSEN)}
        tracks = {f"_{i}": (at[: t + 1] / epoch, loss[: t + 1, i]) for i in range(len(rates))}
        tracks |= {name: tracks[f"_{i}"] for name, (i, _) in named.items()}
        across(self.curves, self.seen["epochs"])
        self.curves.show(
            tracks, looks=dict.fromkeys(tracks, FAINT) | {name: bare(one) for name, (_, one) in named.items()}
        )
        self.caption = f"{self._when(int(at[t]), epoch)} {u_words(rates, now, start)} "
        self.caption += f"With the chosen η = {number(rates[mine])} it is {size(now[mine], 3)}."
        self.moved()
        self.bowl.word("start", 1.1e-5, 1.35 * start, f"loss at the start, {number(start)}", color=GREY)
        dot(self.bowl, "mine", rates[mine], now[mine], CHOSEN)
        if t:
            dot(self.bowl, "best", rates[best], now[best], BEST, ms=15)
        return shown(self)

    def _when(self, t, epoch):
        batches = "all 1,200 digits in every step" if epoch == 1 else f"mini-batches of {self.seen['batch']}"
        return (
            f"After {number(t)} step{'s' * (t != 1)}, {number(t / epoch, 2)} epoch{'s' * (t != epoch)}, with {batches}:"
        )


# ---- two directions ----


def which_lags(eta, flat, steep):
    """Which direction of a quadratic is the slower one at this η, and which η would be the best.

    >>> print(which_lags(1.0, 0.01, 1.0))  # doctest: +NORMALIZE_WHITESPACE
    The flat direction is the slower one: its factor is 0.99. In the long run the best constant η is 1.98, with the
    factor 0.9802.
    """
    down, up = 1 - eta * flat, 1 - eta * steep
    if np.isclose(abs(down), abs(up), rtol=0, atol=1e-12):
        text = f"Both directions have a factor of size {number(abs(up), 4)}."
    else:
        slow, factor = ("flat", down) if abs(down) > abs(up) else ("steep", up)
        text = f"The {slow} direction is the slower one: its factor is {number(factor, 4)}."
    if abs(up) > 1 + 1e-12:
        text = f"The steep direction has the factor {number(up, 4)}: every step takes it farther away."
    elif abs(up) >= 1 - 1e-12:
        text = "The steep direction has the factor −1: it jumps to and fro and comes no nearer."
    best, rate = 2 / (flat + steep), (steep - flat) / (steep + flat)
    return text + f" In the long run the best constant η is {number(best, 4)}, with the factor {number(rate, 4)}."


class TwoDirections(Page):
    """Gradient descent in a ravine; the factor per step in its two directions for every η; the loss in each of them.

    result: (surface, eta, path), a `surfaces.bowl` of angle 0 and a path of `gd` on it. A click on the factors sets the
    control `eta`.
    """

    alt = (
        "Left: contour map of a long, narrow valley with the path of gradient descent. Right, above: the size of the "
        "factor per step against the learning rate, in the steep and in the flat direction, two V's; the best rate is "
        "marked. Right, below: the loss, its two parts and the length of the gradient against the steps."
    )
    claims = (which_lags,)

    def __init__(self):
        super().__init__("map rates / map parts", widths=[8, 7], size=(9.6, 4.7), top=0.26)
        self.map = Surface(self, "map", numbers=False, equal=True)
        words = dict(title="factor per step, |1 − ηλ|", x="learning rate η", sets="eta", legend=None)
        self.rates = Curves(self, "rates", **words, xlim=(0, 2.25), ylim=(0, 1.3))
        frame = dict(log="y", ylim=(1e-8, 1e6), legend=None)
        self.parts = Curves(self, "parts", title="loss and gradient", x="steps t", **frame)
        self.looks = {"steep direction": look("steep direction"), "flat direction": look("flat direction")}
        self.looks |= {"whole loss": Look(INK, SOLID, "o"), "length of the gradient": Look("#a06cd5", DOTTED, "D")}
        self.name(self.looks, columnspacing=1.6)
        plain(self)

    def show(self, result):
        surface, self.eta, self.path = result
        self.steps = self.map.show(surface, {"gradient descent": self.path})
        self.flat, self.steep = np.linalg.eigvalsh(surface.hessian([0.0, 0.0]))
        w, etas = self.path["w"], np.linspace(0, 2.25, 226)
        curvatures = {"steep direction": self.steep, "flat direction": self.flat}
        lines = {name: (etas, np.abs(1 - etas * c)) for name, c in curvatures.items()}
        self.slower = (etas, np.max([y for _, y in lines.values()], axis=0))
        self.now = {name: abs(1 - self.eta * c) for name, c in curvatures.items()}
        self.rates.show(lines, looks=self.looks, marks={"best": 2 / (self.flat + self.steep)}, levels={"": 1.0})
        self.loss, self.slope = surface.loss(w), np.linalg.norm(surface.grad(w), axis=-1)
        parts = {"whole loss": self.loss, "length of the gradient": self.slope}
        parts |= {name: c * along**2 / 2 for (name, c), along in zip(curvatures.items(), w.T[::-1], strict=True)}
        self.parts.show(parts, looks=self.looks)

    def at(self, t):
        text = f"Step {t} of {self.steps}, η = {number(self.eta, 4)}, κ = {number(self.steep / self.flat)}: loss "
        text += f"{size(self.loss[t])} ({number(self.loss[0], 2)} at the start), length of the gradient "
        text += f"{size(self.slope[t])} ({number(self.slope[0], 2)} at the start). "
        gone = int(self.path["diverged"])
        text += f"It diverged at step {gone}. " if gone else ""
        self.caption = text + which_lags(self.eta, self.flat, self.steep)
        self.moved(t)
        self.rates.line("slower", *self.slower, color="#9aa3af", lw=6, alpha=0.45, zorder=3)
        for name, factor in self.now.items():
            dot(self.rates, name, self.eta, factor, self.looks[name])
        return shown(self)


# ---- three ways to know ----


def best_rate(rates, losses):
    """The rate with the lowest loss; what overflowed to NaN has none.

    >>> best_rate(np.array([0.1, 1.0, 10.0]), np.array([2.0, 0.5, np.nan]))
    1.0
    """
    return float(rates[np.nanargmin(losses)])


def range_words(name, rates, losses, steps, best):
    """What one range test says so far: where its smoothed loss is lowest, and how far that is from `best`.

    >>> range_words("ours", np.array([0.1, 1.0, 10.0]), np.array([2.0, 0.5, 90.0]), 3, 2.0)
    'The test with our rates, 3 steps from 0.1 to 10, is lowest at η = 1, a factor of 2.00 below the best.'
    """
    whose = {"ours": "our", "yours": "your"}[name]
    if len(rates) < steps:
        now = f", at η = {number(rates[-1], 2)}" if len(rates) else ""
        return f"The test with {whose} rates has taken {len(rates)} of {steps} steps{now}."
    found = lowest(rates, losses)
    text = f"The test with {whose} rates, {steps} steps from {number(rates[0], 2)} to {number(rates[-1], 2)}, "
    if not found > 0:
        return text + "has no lowest point above η = 0."
    off = found / best
    far = f"a factor of {max(off, 1 / off):.2f} {'above' if off > 1 else 'below'} the best"
    return text + f"is lowest at η = {number(found, 2)}, {far}."


class RangeTest(Page):
    """Range tests, the U that they are to find, and the bound 2/λ_max; beside it the rate of every step.

    result: what `experiments.range_tests` gives.
    """

    alt = (
        "Left: loss against learning rate, both logarithmic: the U of many whole trainings, and a run whose rate grows "
        "from step to step, its losses smoothed; their lowest points are marked, and a vertical line at two over the "
        "largest curvature at the start. Right: the learning rate of each step of the test, on a logarithmic axis."
    )
    claims = (best_rate, range_words)

    def __init__(self):
        super().__init__("losses rates", widths=[9, 5], size=(9.6, 4.0))
        words = dict(title="loss against learning rate", x="learning rate η", legend="upper left")
        self.losses = Curves(self, "losses", **words, log="xy", xlim=(8e-4, 125), ylim=(1e-2, 1e3))
        words = dict(title="learning rate of each step of the test", x="steps k", legend=None)
        self.rates = Curves(self, "rates", **words, log="y", ylim=(8e-4, 125))
        self.looks = {"whole trainings": Look(INK, SOLID, "*"), "range test, ours": Look("#1f6f8b", DASHED, "o")}
        self.looks["range test, yours"] = look("yours")
        plain(self)

    def show(self, result):
        self.seen, (rates, losses), self.bound, self.length = (result[n] for n in ("seen", "u", "bound", "steps"))
        self.seed, self.trouble = result["seed"], result["trouble"]
        self.best = best_rate(rates, losses)
        self.points = {"whole trainings": (self.best, np.nanmin(losses))}
        lines = {"whole trainings": (rates, losses)}
        for name, (x, y) in self.seen.items():
            lines[f"range test, {name}"] = (x, smoothed(y))
            if lowest(x, y) > 0:
                self.points[f"range test, {name}"] = (lowest(x, y), np.nanmin(smoothed(y)))
        bared = {name: bare(one) for name, one in self.looks.items()}
        self.losses.show(lines, looks=bared, marks={"2/λ_max": self.bound})
        steps = {f"range test, {name}": x for name, (x, _) in self.seen.items()}
        self.rates.show(steps, looks=bared, steps=self.length - 1)

    def at(self, t):
        self.caption = (
            f"Random seed {self.seed}. Of whole trainings of three epochs the one with η = {number(self.best)} "
        )
        self.caption += f"is the best; 2/λ_max at the initial weights is {number(self.bound, 3)}. "
        runs = [range_words(name, *run, self.length, self.best) for name, run in self.seen.items()]
        self.caption += " ".join(filter(None, [*runs, self.trouble]))
        self.moved()
        for name, (x, y) in self.points.items():
            dot(self.losses, name, x, y, self.looks[name], ms=15 if name == "whole trainings" else 9)
        return shown(self)


# ---- six learning curves, and the fork test ----

# What is seen of each curve and its forks.
FRAMES = {"A": (1e-2, 10), "B": (1e-2, 1e8), "C": (1e-2, 10), "D": (1e-3, 1e2), "E": (1e-2, 10), "F": (1, 10)}


class Case(Curves):
    """A learning curve to choose: a click sets the control `curve` to its letter."""

    def clicked(self, x, y):
        return {"curve": self.letter}


def fork_words(seen):
    """What a fork test says, in words: where it was stopped, where the four continuations stand, and the verdict.

    >>> steps, ends = np.arange(5), {"η/3": 1.5, "η": 1.0, "3η": 0.5, "η, all examples": 1.0}
    >>> more = {label: (steps, np.full(5, end)) for label, end in ends.items()}
    >>> seen = dict(name="F", curves={"F": (steps, 2.0 * np.ones(5))}, fork=1, norm=np.ones(5), more=more)
    >>> fork_words(seen).split(". ")[-1]
    'By the lowest of η/3, η and 3η, from here on η is too small.'
    """
    steps, losses = seen["curves"][seen["name"]]
    k, more = seen["fork"], {label: y for label, (_, y) in seen["more"].items()}
    before, norm, first = level(losses[: k + 1]), seen["norm"][k], seen["norm"][0]
    text = f"Curve {seen['name']}, stopped at step {steps[k]}: loss {size(before)} (all losses here are means of "
    text += f"five looks), length of the gradient {size(norm)}, at the start {number(first, 2)}. "
    taken, left = len(more["η"]) - 1, len(losses) - 1
    text += f"After {number(seen['more']['η'][0][-1] - steps[k])} more steps: "
    text += "; ".join(f"{label}: {size(level(y))}" for label, y in more.items()) + ". "
    if taken < left:
        return text + "It goes on."
    judged = verdict(before, *(level(more[label]) for label in ("η/3", "η", "3η")))
    said = "none of η/3, η and 3η helps" if judged == "neither" else f"from here on η is {judged}"
    return text + f"By the lowest of η/3, η and 3η, {said}."


class Forks(Page):
    """Six learning curves; one of them is stopped and goes on in four ways.

    result: what `experiments.forks` gives. A click on a curve sets the control `curve`.
    """

    alt = (
        "Left: six small learning curves, A to F, on logarithmic axes against their steps; a frame marks the chosen "
        "one. Right: the chosen one up to the fork, and from there four continuations: with a third of the learning "
        "rate, with the same, with three times as much, and with the same and all examples in every step."
    )
    claims = (verdict, fork_words)

    def __init__(self):
        super().__init__("A B C fork / D E F fork", widths=[4, 4, 4, 9], size=(9.6, 4.5), top=0.26)
        self.cases = {}
        for letter in "ABCDEF":
            place = dict(title=letter, room=dict(left=0.46, right=0.06))
            self.cases[letter] = Case(self, letter, log="y", legend=None, **place)
            self.cases[letter].letter = letter
        words = dict(title="the fork test", x="steps t", legend=None, room=dict(left=0.6))
        self.fork = Curves(self, "fork", **words, log="y")
        styles = [("run", INK, SOLID, ""), ("η/3", "#1f6f8b", DASHED, "s"), ("η", "#5d7a1f", SOLID, "o"),
                  ("3η", "#a3410f", DOTTED, "^"), ("η, all examples", "#7b3f8c", DASHDOT, "D")]  # fmt: skip
        self.looks = {name: Look(*style) for name, *style in styles}
        self.name(self.looks, columnspacing=1.6)
        plain(self)

    def show(self, result):
        self.seen, name, k = result, result["name"], result["fork"]
        for letter, (steps, losses) in result["curves"].items():
            across(self.cases[letter], steps[-1])
            self.cases[letter].show({"loss": (steps, losses)})
        steps, losses = result["curves"][name]
        lines = {"run": (steps[: k + 1], losses[: k + 1])}
        lines |= {label: (x, cut(y, FRAMES[name][1])) for label, (x, y) in result["more"].items()}
        across(self.fork, 1.75 * steps[-1])
        self.fork.limit("y", FRAMES[name])
        self.fork.show(lines, looks={label: bare(self.looks[label]) for label in lines}, marks={"": steps[k]})
        self.stop = steps[k]

    def at(self, t):
        self.moved()
        case = self.cases[self.seen["name"]]
        box = dict(color=self.looks["3η"].color, lw=2.5, transform=case.axes.transAxes, clip_on=False)
        case.line("frame", [0, 1, 1, 0, 0], [0, 0, 1, 1, 0], **box)
        for label, (x, y) in self.fork.lines.items():
            if label != "run" and np.isfinite(y[-1]):
                dot(self.fork, label, x[-1], y[-1], self.looks[label], ms=7)
        below = self.fork.axes.get_xaxis_transform()
        self.fork.word("fork", self.stop, 0.02, "fork ", ha="right", color=GREY, transform=below)
        self.caption = fork_words(self.seen)
        return shown(self)


def cut(losses, ceiling):
    """A curve up to the first point that lies above the ceiling; NaN beyond it.

    >>> cut(np.array([1.0, 50.0, 900.0, 2.0]), 40.0)
    array([ 1., 50., nan, nan])
    """
    above = np.flatnonzero(~(losses <= ceiling))
    return np.where(np.arange(len(losses)) > (above[0] if len(above) else len(losses)), np.nan, losses)


# ---- the edge on a surface ----

HOLDS, TOO_SHARP = Look("#009E73", SOLID, ""), Look("#b3261e", (0, (2, 1)), "")
TOP = 40.0  # of the axis of where it ends


def stands(surface, w, eta):
    """Where a run of this η with next to no gradient is: at rest, on a saddle, or at a place that cannot hold it.

    >>> from optim_core import surfaces; surface = surfaces.product(y=0.3)
    >>> # 3 · 0.1 is 0.3, but for rounding; the sharpness there is 18
    >>> stands(surface, np.array([3.0, 0.1]), 0.1), stands(surface, np.array([3.0, 0.1]), 0.2)
    ('at rest, ', 'beside a minimum too sharp to hold it, ')
    """
    g, (low, top) = surface.grad(w), np.linalg.eigvalsh(surface.hessian(w))
    if np.abs(g).max() >= 1e-5:
        return ""
    if low < -1e-3:
        return "at rest on a saddle, " if trajectories.rests(surface, w) else "beside a saddle that it will leave, "
    return "at rest, " if holds(w, g, top, eta) else "beside a minimum too sharp to hold it, "


def edge_words(seen, t):
    """Where the run stands at step t, its sharpness and 2/η, and what became of the other rates."""
    path, sharp, eta, surface = seen["path"], seen["sharp"], seen["eta"], seen["surface"]
    w, gone = path["w"], int(path["diverged"])
    text = f"From ({number(w[0, 0], 3)}, {number(w[0, 1], 3)}) with η = {number(eta, 3)}, 2/η = {number(2 / eta, 3)}; "
    text += f"step {t} of {len(w) - 1}: "
    if gone and t >= gone:
        text += f"it diverged at step {gone}. "
    else:
        text += f"{stands(surface, w[t], eta)}sharpness {number(sharp[t], 3)}"
        text += f" ({number(sharp[0], 3)} at the start). " if t else ". "
    return text + ends_words(seen["etas"], seen["ends"])


def ends_words(etas, ends):
    """How many of the runs with other rates came to rest, and whether any of them rests above 2/η.

    >>> ends_words(np.array([0.1, 0.2, 0.3]), np.array([5.0, 4.0, np.inf]))
    'Of 3 rates 2 come to rest, none of them above 2/η; 1 diverges, the first at η = 0.3.'
    """
    rests, gone = np.isfinite(ends), np.isinf(ends)
    above = int((ends[rests] > 2 / etas[rests] * (1 + 1e-6)).sum())
    come = "comes" if rests.sum() == 1 else "come"
    text = f"Of {len(etas)} rates {rests.sum()} {come} to rest, {above or 'none'} of them above 2/η"
    if gone.any():
        text += f"; {gone.sum()} diverge{'s' if gone.sum() == 1 else ''}, the first at η = {number(etas[gone][0], 3)}"
    moving = len(etas) - rests.sum() - gone.sum()
    return text + (f"; {moving} still {'moves' if moving == 1 else 'move'} after 1,000 steps." if moving else ".")


class Edge(Page):
    """A run on (y − w₁w₂)²: its path, its sharpness against 2/η as it goes, and where every other η would end.

    result: what `experiments.edge_run` gives. A click on the map sets the control `start`, one on the ends `eta`.
    """

    alt = (
        "Left: contour map with the path of gradient descent; the curve of minima is green where it is flat enough for "
        "this learning rate, and red and dashed where it is too sharp. Right, above: the sharpness along the path "
        "against the steps, and a level at two over the learning rate. Right, below: the sharpness where runs with "
        "other learning rates end, under the curve of two over the learning rate."
    )
    claims = (holds, stands, ends_words)

    def __init__(self):
        super().__init__("map sharp / map ends", widths=[8, 8], size=(9.6, 4.8), top=0.26)
        self.map = Surface(self, "map", sets="start", numbers=False, equal=True)
        self.sharp = Curves(self, "sharp", title="sharpness on the way", x="steps t", legend=None)
        words = dict(title="sharpness where it ends, for every η", x="learning rate η", sets="eta", legend=None)
        self.ends = Curves(self, "ends", **words, xlim=(0, 0.405), ylim=(0, TOP))
        self.name({"minima that hold the run": HOLDS, "minima too sharp for this η": TOO_SHARP, "2/η": look("bound")})

    def show(self, result):
        self.seen, eta, sharp = result, result["eta"], result["sharp"]
        self.steps = self.map.show(result["surface"], {"gradient descent": result["path"]})
        self.floor = {HOLDS: [], TOO_SHARP: []}
        for branch in floor(result["y"]):
            holds = (2 * (branch**2).sum(-1) < 2 / eta)[:, None]
            self.floor[HOLDS].append(np.where(holds, branch, np.nan))
            self.floor[TOO_SHARP].append(np.where(holds, np.nan, branch))
        self.sharp.limit("y", tidy_limits([np.minimum(sharp, 6 / eta), [2 / eta]], margin=0.12))
        self.sharp.show({"sharpness": sharp}, looks={"sharpness": Look(INK, SOLID, "o")}, levels={"": 2 / eta})
        self.ends.show({"2/η": (result["etas"], 2 / result["etas"])}, looks={"2/η": look("bound")})

    def at(self, t):
        self.moved(t)
        for style, branches in self.floor.items():
            for i, branch in enumerate(branches):
                self.map.line(f"floor {style.dash} {i}", *branch.T, **style.line, lw=3.5, zorder=3)
        etas, ends, eta = (self.seen[name] for name in ("etas", "ends", "eta"))
        gone, row = etas[np.isinf(ends)], 0.93 * TOP
        self.ends.line("rests", etas, np.where(np.isinf(ends), np.nan, ends), ls="", marker=".", ms=3.5, color=INK)
        self.ends.line("gone", gone, np.full(len(gone), row), ls="", marker="x", ms=4, color=TOO_SHARP.color)
        if len(gone):
            self.ends.word("gone word", gone[-1], 0.85 * TOP, "diverges", ha="right", va="top", color=TOO_SHARP.color)
        self.sharp.word("bound", 0.99, 2 / eta, f"2/η = {number(2 / eta, 3)}", ha="right", va="bottom", color=GREY,
                        transform=self.sharp.axes.get_yaxis_transform())  # fmt: skip
        here = float(np.interp(eta, etas, np.where(np.isinf(ends), row, ends)))
        if np.isfinite(here):
            dot(self.ends, "now", eta, here, look("gradient descent"))
        self.caption = edge_words(self.seen, t)
        return shown(self)


def floor(y, reach=4.0):
    """The minima of (y − w₁w₂)² within |wᵢ| ≤ reach: two branches of a hyperbola, or for y = 0 the two axes."""
    if abs(y) < 1e-12:
        line = np.linspace(-reach, reach, 161)
        return [np.stack([line, 0 * line], -1), np.stack([0 * line, line], -1)]
    w1 = np.geomspace(abs(y) / reach, reach, 161)
    return [np.stack([side * w1, side * y / w1], -1) for side in (1, -1)]


# ---- the edge in a network ----


def training_words(seen):
    """How far a training has come, its loss, its sharpness in parts of 2/η; at its end, that of its second half.

    >>> seen = dict(at=np.array([0, 10]), loss=np.ones((2, 1)), sharp=np.array([[3.0], [5.0]]), diverged=[0])
    >>> training_words(seen | dict(eta=0.5, steps=10)).split("times 2/η. ")[1]
    'At step 10 it was first seen above 2/η. Mean over the second half: 1.25 times 2/η.'
    """
    at, loss, sharp, eta = seen["at"], seen["loss"][:, 0], seen["sharp"][:, 0], seen["eta"]
    gone, part = int(seen["diverged"][0]), sharp * eta / 2
    text = (
        f"η = {number(eta, 3)}, 2/η = {number(2 / eta, 3)}; after {number(at[-1])} of {number(seen['steps'])} steps: "
    )
    if gone:
        return text + f"it diverged at step {gone}."
    text += f"loss {size(loss[-1])}, sharpness {number(sharp[-1], 3)}, {part[-1]:.2f} times 2/η. "
    above = np.flatnonzero(part > 1)
    text += (
        f"At step {at[above[0]]} it was first seen above 2/η." if len(above) else "It has not been above 2/η so far."
    )
    if at[-1] >= seen["steps"]:
        text += f" Mean over the second half: {part[len(part) // 2 :].mean():.2f} times 2/η."
    return text


class EdgeTraining(Page):
    """Loss and sharpness of a network while it trains, and the level 2/η.

    result: what `experiments.at_the_edge` gives, for one seed.
    """

    alt = (
        "Above: the training loss of a small network on a logarithmic axis against the steps. Below: the largest "
        "eigenvalue of its Hessian, the sharpness, and a level at two over the learning rate."
    )
    claims = (training_words,)

    def __init__(self):
        super().__init__("loss / sharp", size=(9.6, 4.4))
        place = dict(legend=None, room=dict(right=0.25))
        self.loss = Curves(self, "loss", title="training loss", log="y", ylim=(1e-5, 10), **place)
        self.sharp = Curves(
            self, "sharp", title="sharpness: the largest eigenvalue of the Hessian", x="steps t", **place
        )
        plain(self)

    def show(self, result):
        self.seen, at, self.top = result, result["at"], 2 / result["eta"]
        self.sharp.limit("y", (0.0, 1.7 * self.top))
        for panel, name in ((self.loss, "loss"), (self.sharp, "sharp")):
            across(panel, at[-1] if result["diverged"][0] else result["steps"])
            levels = {"": self.top} if name == "sharp" else {}
            panel.show({name: (at, result[name][:, 0])}, looks={name: Look(INK, SOLID, "")}, levels=levels)

    def at(self, t):
        self.caption = training_words(self.seen)
        self.moved()
        place = dict(color=GREY, va="bottom", transform=self.sharp.axes.get_yaxis_transform())
        self.sharp.word("bound", 0.01, self.top, f"2/η = {number(self.top, 3)}", **place)
        return shown(self)
