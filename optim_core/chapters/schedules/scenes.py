"""The scenes of chapter 08: the river, a designer, branches, warm-up, plateau, burst, the full update, digits."""

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from optim_core.refuse import listed
from optim_core.scenes.board import brief, number
from optim_core.scenes.panels import Bars, Curves, Page, Surface
from optim_core.scenes.styles import (
    DASHDOT,
    DASHED,
    DOTTED,
    LONG,
    LOOSE,
    QUANTITIES,
    SOLID,
    TWO_DOTS,
    Look,
    look,
    shades,
)

from . import experiments
from .experiments import ETAS, LENGTHS, PATIENCES, SWITCHES, WARM_UPS, T

# One look for each schedule in this chapter.
LOOKS = {
    "constant": Look("#444444", LONG, "v"),
    "linear": Look("#1f6f8b", SOLID, "o"),
    "cosine": Look("#a3410f", DASHED, "s"),
    "WSD": Look("#5d7a1f", DASHDOT, "D"),
    "exponential": Look("#9c7436", TWO_DOTS, "P"),
    "inverse time": Look("#7b3f8c", DOTTED, "^"),
    "step": Look("#3b5bab", DASHDOT, "<"),
    "1/√(k+1)": Look("#a8436b", LOOSE, ">"),
    "cyclic": Look("#6d6a00", SOLID, "X"),
    "warm-up": Look("#00706b", SOLID, "h"),
    "A": Look("#444444", LONG, "v"),
    "B": Look("#5d7a1f", DASHDOT, "D"),
}
LOOKS["linear to 0"] = LOOKS["linear"]
RUN = Look("#a9b1bb", SOLID)  # one noisy run, behind its mean


def drawn_as(name):
    """The look of a schedule, by the part of its name before a comma; else that of a method or a quantity."""
    return LOOKS.get(name) or LOOKS.get(name.split(",")[0].strip()) or look(name)


def said(value, digits=3):
    """A loss for a caption: numbers that nobody needs are words.

    >>> said(0.02208), said(np.inf), said(1e-18)
    ('0.0221', 'more than 10⁶', 'below 10⁻¹²')
    """
    if not value <= 1e6:
        return "more than 10⁶"
    return "below 10⁻¹²" if value < 1e-12 else brief(value, digits)


def percent(share):
    """A share for a caption.

    >>> percent(0.2), percent(0.905)
    ('20 %', '90 %')
    """
    return f"{100 * share:.0f} %"


# ---- the river ----


def ahead(a, b):
    """Which of two losses is lower, and how many times, to finish a sentence.

    >>> ahead(0.37, 0.022), ahead(0.5, 1.5), ahead(1.0, 1.0)
    ('; A has 16.8 times as much.', '; B has 3 times as much.', '; equal.')
    """
    if abs(a - b) <= 1e-9 * max(a, b):
        return "; equal."
    name, ratio = ("A", a / b) if a > b else ("B", b / a)
    return f"; {name} has {brief(ratio)} times as much." if ratio >= 1.005 else "; nearly equal."


class River(Page):
    """Two runs down a long valley with noise: their paths, their mean losses, and how far each is from its end.

    result: an `experiments.Rafted`.
    """

    alt = (
        "Above: contour map of a long narrow valley with one noisy path for each of two runs. Below left: the mean "
        "loss of both against the steps, on a logarithmic axis; right: how far each is from the end of the valley."
    )
    claims = (ahead,)
    THIN = 5  # the paths are drawn with every fifth step

    def __init__(self):
        super().__init__("map map map / rate loss along", heights=[1.0, 1.15], size=(9.6, 5.0), top=0.3)
        self.map = Surface(self, "map", numbers=False, room=dict(left=0.62, bottom=0.5, top=0.05))
        shared = dict(x="steps k", legend=None, xlim=(0, T))
        self.rate = Curves(self, "rate", title="η(k)", ylim=(0, 2), **shared)
        self.loss = Curves(self, "loss", title="mean loss", log="y", ylim=(1e-2, 1e2), **shared)
        shared["room"] = dict(right=0.25)
        self.along = Curves(self, "along", title="distance from the river's end", ylim=(0, 82), **shared)
        self.steps = T

    def show(self, result):
        self.raft = result
        names = "AB"
        self.looks = {name: LOOKS[name] for name in names}
        paths = {n: dict(w=result.path[:: self.THIN, i], diverged=0) for i, n in enumerate(names)}
        self.map.show(experiments.river_surface(), paths, looks=self.looks)
        self.rate.show({n: (np.arange(T), result.rates[:, i]) for i, n in enumerate(names)}, looks=self.looks)
        for panel, curves in ((self.loss, result.losses), (self.along, result.along)):
            panel.show({n: curves[:, i] for i, n in enumerate(names)}, looks=self.looks)  # up to the step that is shown
        legend = {"A: constant η": LOOKS["A"], "B: another η, which falls in the last part c": LOOKS["B"]}
        self.name(legend)

    def at(self, t):
        r = self.raft
        (a, b), (far_a, far_b) = r.losses[t], r.along[t]
        self.caption = (
            f"Step {t:,} of {T:,}, η = {number(r.rates[0, 0])} (A) and {number(r.rates[0, 1])} (B). Mean loss: A "
            f"{said(a)}, B {said(b)}{ahead(a, b)} From the river's end (root mean square): A {said(far_a)}, B "
            f"{said(far_b)}."
        )
        for artist in self.moving:
            artist.set_visible(False)
        for panel, now in ((self.map, t // self.THIN), (self.rate, None), (self.loss, t), (self.along, t)):
            panel.at(now)
        return [artist for artist in self.moving if artist.get_visible()]


# ---- the designer ----


def best_of(ends):
    """The lowest of the end losses (ETAS,), and at which η₀, for a caption.

    Where it is the end of what was tried, that is said; what is below 10⁻¹² is all equally low.

    >>> best_of(abs(ETAS - 0.1) + 0.25), best_of(2.23 - ETAS), best_of(0 * ETAS)
    ('0.25 at η₀ = 0.1', '0.25 at η₀ = 1.98, the largest tried', 'below 10⁻¹² at 40 of them')
    """
    if (low := (ends < 1e-12).sum()) > 1:
        return f"{said(0.0)} at {low} of them"
    eta = ETAS[np.argmin(ends)]
    edge = ", the largest tried" if eta == ETAS[-1] else ", the smallest tried" if eta == ETAS[0] else ""
    return f"{said(np.min(ends))} at η₀ = {number(eta, 3)}{edge}"


class Designer(Page):
    """A schedule, what it does to the mean loss on a noisy quadratic, and what it would do from every other η₀.

    result: an `experiments.Designed`. A click on the right panel sets the control `eta0`.
    """

    alt = (
        "Left: the learning rate against the steps. Middle: the mean loss against the steps, exactly, with one noisy "
        "run behind it and, where there are one or two directions, the loss of each and the floor of the present rate. "
        "Right: the mean loss at the end against the first learning rate, for this shape and for a constant rate."
    )
    claims = (best_of,)
    GOAL, OWN, FLOOR = 0.03, "this schedule", "floor of the present η"

    def __init__(self):
        super().__init__("rate loss ends", widths=[2.6, 3.6, 3.2], size=(9.6, 4.1), top=0.3)
        shared = dict(x="steps k", xlim=(0, T), legend=None)
        self.rate = Curves(self, "rate", title="η(k) / η₀", ylim=(0, 1.05), **shared)
        limits = dict(log="y", ylim=(1e-4, 1e3), words="lower left")
        self.loss = Curves(self, "loss", title="mean loss; one run (grey)", **limits, **shared)
        limits = dict(log="xy", xlim=(0.001, 2.5), ylim=(3e-4, 1e2), legend=None, sets="eta0")
        self.ends = Curves(self, "ends", title=f"mean loss after {T:,} steps", x="first learning rate η₀", **limits)

    def show(self, result):
        self.d = d = result
        alone, n = len(d.rates) == 1, d.parts.shape[1]
        names = {name: self.OWN if alone else name for name in d.rates}
        looks = {"_one run": RUN, self.OWN: LOOKS["linear"], "constant": LOOKS["constant"]}
        self.rate.show({names[name]: (np.arange(T), rate / d.eta) for name, rate in d.rates.items()}, looks=looks)
        lines = {"_one run": d.one}
        if alone and n == 2:
            lines |= {"flat direction": d.parts[:, 0], "steep direction": d.parts[:, 1]}
        if alone and n <= 2:
            ground = experiments.GROUNDS[d.ground]
            rates = next(iter(d.rates.values()))
            lines[self.FLOOR] = experiments.floor(rates, ground.curvatures[-1], d.sigma * ground.noise[-1])
            looks[self.FLOOR] = QUANTITIES["theory"]
        lines |= {names[name]: loss for name, loss in d.losses.items()}
        goal = {f"goal: {self.GOAL}": self.GOAL} if d.ground == "the river" else {}
        self.loss.show({name: (np.arange(len(y)), y) for name, y in lines.items()}, looks=looks, levels=goal)
        dots = {names[name]: (d.eta, float(np.clip(loss[-1], 3e-4, 1e2))) for name, loss in d.losses.items()}
        ends = {names.get(name, name): (ETAS, end) for name, end in d.ends.items()}
        self.ends.show(ends, looks=looks, dots=dots)
        legend = [*names.values(), "constant", *(name for name in lines if name in (*QUANTITIES, self.FLOOR))]
        self.name({name: looks.get(name) or look(name) for name in legend}, columnspacing=1.2)

    def at(self, t):
        d, *rest = self.d, *list(self.d.losses)[1:]
        first = next(iter(d.losses))
        text = f"{d.ground[0].upper() + d.ground[1:]}, noise × {number(d.sigma)}: {first}, η₀ = {number(d.eta)}"
        text += f", {d.words}. " if d.words else ". "
        text += f"Mean loss at the end: {said(d.losses[first][-1])}"
        text += "".join(f"; {name}: {said(d.losses[name][-1])}" for name in rest) + ". "
        constant = f"; for a constant η: {best_of(d.ends['constant'])}" if first != "constant" else ""
        text += f"Best of {len(ETAS)} η₀ below the edge for {first}: {best_of(d.ends[first])}{constant}."
        self.caption = text
        moved = self.moved()
        self.loss.artists["line _one run"].set_linewidth(0.6)
        return moved


# ---- branches ----


def lower(branched):
    """At how many of the lengths the branch ends lower than the best cosine.

    >>> lower(experiments.branched(1.5, 0.2))
    '5 of 6'
    """
    won = [branched.branches[n][1][-1] < branched.best[n] for n in LENGTHS]
    return f"{sum(won)} of {len(won)}"


class Branches(Page):
    """One run with a constant rate, and cool-downs that leave it at different lengths.

    result: an `experiments.Branched`.
    """

    alt = (
        "Left: the learning rates, a constant line with ramps that leave it towards 0. Right: the mean loss on a "
        "logarithmic axis: a trunk, branches that leave it, and for comparison a line through the losses that the best "
        "cosine of each length ends with."
    )
    claims = (lower,)
    TRUNK, COSINES = "trunk: constant η", "best cosine of each length"

    def __init__(self):
        super().__init__("rate loss", widths=[2.5, 4], size=(9.6, 4.2), top=0.3)
        shared = dict(x="steps k", xlim=(0, T + 15), legend=None)
        self.rate = Curves(self, "rate", title="η(k)", ylim=(0, 2.1), **shared)
        self.loss = Curves(self, "loss", title="mean loss on the river", log="y", ylim=(1e-2, 1e2), **shared)

    def show(self, result):
        self.b = b = result
        ramps = dict(zip((f"_{n}" for n in LENGTHS), shades(len(LENGTHS)), strict=True))
        ramps = {name: one._replace(color=LOOKS["WSD"].color, dash=SOLID, marker="") for name, one in ramps.items()}
        looks = {self.TRUNK: LOOKS["constant"], self.COSINES: LOOKS["cosine"]} | ramps
        rates = {f"_{n}": (at + np.arange(len(y)), y) for n, (at, y) in b.rates.items()}
        self.rate.show({self.TRUNK: (np.arange(T), np.full(T, b.eta))} | rates, looks=looks)
        lines = {self.TRUNK: (np.arange(T + 1), b.trunk)}
        lines |= {f"_{n}": (at + np.arange(len(y)), y) for n, (at, y) in b.branches.items()}
        lines[self.COSINES] = (np.array(LENGTHS), np.array([b.best[n] for n in LENGTHS]))
        self.loss.show(lines, looks=looks)
        self.name({n: looks[n] for n in (self.TRUNK, self.COSINES)} | {"cool-downs": ramps[f"_{LENGTHS[0]}"]})

    def at(self, t):
        b = self.b
        told = ", ".join(f"{said(b.branches[n][1][-1], 2)} ({said(b.best[n], 2)})" for n in LENGTHS)
        self.caption = (
            f"η = {number(b.eta)}, cool-down in the last {percent(b.cooldown)}. Mean loss after "
            f"{', '.join(f'{n:,}' for n in LENGTHS)} steps (in brackets the best of {len(ETAS)} cosines of that length)"
            f": {told}. The branch is lower in {lower(b)}; the trunk ends at {said(b.trunk[-1])}."
        )
        return self.moved()


# ---- warm-up ----


def diverges(warmed, t):
    """How many of the fifty runs diverge; then of the one that is shown, at which step, once t has come there.

    >>> diverges(experiments.warmed(1, 0.25, 0.05), 600)
    '50 of 50 runs diverge within 600 steps. This one diverged at step 5.'
    """
    runs, share = experiments.WARM_RUNS, warmed.shares[WARM_UPS.index(warmed.steps)]
    text = f"{round(share * runs)} of {runs} runs diverge within {len(warmed.sharpness) - 1} steps. This one"
    if 0 < (gone := int(warmed.path["diverged"])) <= t:
        return f"{text} diverged at step {gone}."
    return f"{text}: sharpness {number(warmed.sharpness[t], 3)}, 2/η {number(2 / warmed.rates[t], 3)}."


class WarmUp(Page):
    """A run on (1 − w₁w₂)² from a steep place, its sharpness against 2/η, and how many of fifty such runs diverge.

    result: an `experiments.Warmed`. A click on the right panel sets the control `warm`.
    """

    alt = (
        "Left: contour map of a curved valley whose sides are steep far from the origin, with one noisy path. Middle: "
        "the sharpness of that run, and the curve 2/η, which falls while the learning rate is warmed up. Right: the "
        "share of fifty runs that diverge against the steps of warm-up, on a logarithmic axis."
    )
    claims = (diverges,)
    EDGE = "2/η(k)"

    def __init__(self):
        super().__init__("map sharp share", widths=[3.2, 3.4, 2.8], size=(9.6, 3.9))
        self.map = Surface(self, "map", numbers=False)
        self.sharp = Curves(self, "sharp", title="sharpness λ_max", x="steps t", ylim=(0, 40), legend="upper right")
        limits = dict(log="x", xlim=(1, 500), ylim=(-0.03, 1.05), legend=None, sets="warm")
        self.share = Curves(self, "share", title="share of runs that diverge", x="warm-up steps N", **limits)

    def show(self, result):
        self.w = w = result
        surface = experiments.product_window()
        self.map.show(surface, {"gradient descent": w.path})
        self.steps = len(w.sharpness) - 1
        gone = int(w.path["diverged"]) or self.steps
        looks = {"sharpness": LOOKS["warm-up"], self.EDGE: QUANTITIES["theory"]}
        with np.errstate(divide="ignore"):
            self.sharp.show(
                {"sharpness": w.sharpness[: gone + 1], self.EDGE: 2 / w.rates}, looks=looks, steps=self.steps
            )
        line = {"diverge": (np.array(WARM_UPS), w.shares)}
        at = (w.steps, w.shares[WARM_UPS.index(w.steps)])
        self.share.show(line, looks={"diverge": LOOKS["warm-up"]}, dots={"diverge": at})

    def at(self, t):
        w, i = self.w, WARM_UPS.index(self.w.steps)
        text = f"Step {t} of {self.steps}, warm-up of {w.steps} step{'s' * (w.steps > 1)} to η = {number(w.peak)}, "
        text += f"noise {number(w.sigma)}. {diverges(w, t)}"
        if w.shares[i] < 1:
            text += f" Those that last end at a sharpness of {number(w.ends[i], 3)} (median); 2/η ends at "
            text += f"{number(2 / w.peak, 3)}."
        self.caption = text
        return self.moved(t)


# ---- plateau ----


def best_patience(middles, i):
    """Which of PATIENCES end lowest, beside the i-th, in words; middles: median losses at the end, (PATIENCES,).

    >>> best_patience(np.array([4, 3, 2, 1, 2, 3, 4, 5]), 0), best_patience(np.array([4, 3, 2, 1, 2, 3, 4, 5]), 3)
    ('best patience of the 8: 10', 'the best of the 8')
    >>> best_patience(np.array([4, 1, 2, 1, 1, 3, 4, 5]), 4)
    'the best of the 8, as are patiences 2 and 10'
    """
    ends = np.maximum(middles, 1e-12)  # below that `said` tells no difference
    best = [one for one, end in zip(PATIENCES, ends, strict=True) if end == ends.min()]
    if ends[i] > ends.min():
        return f"best patience of the {len(ends)}: {listed(best, 'or')}"
    others = [one for one in best if one != PATIENCES[i]]
    verb = "as is patience" if len(others) == 1 else "as are patiences"
    return f"the best of the {len(ends)}" + (f", {verb} {listed(others)}" if others else "")


class Plateau(Page):
    """A rate that is halved when the loss stops falling: one run, and what forty runs end with for each patience.

    result: (name, patience, again), of `experiments.PLATEAUS` and `PATIENCES`; again: whether the rate is raised again.
    """

    alt = (
        "Left above: the loss of one run with a constant rate and of one whose rate is halved on a plateau, on a "
        "logarithmic axis; below: that rate. Right: the median loss of forty runs at the end against the patience, "
        "without and with raising the rate again, and a line for the constant rate."
    )
    claims = (best_patience,)
    LOWERED, RAISED, SAME = "halved on a plateau", "and raised again", "constant"
    OWN = {LOWERED: Look("#1f6f8b", SOLID, "o"), RAISED: Look("#a3410f", DASHED, "s"), SAME: LOOKS["constant"]}
    LIMITS = {  # of loss, rate and end loss
        experiments.PLATEAUS[0]: ((1e-6, 1e2), (3e-9, 3), (1e-4, 1)),
        experiments.PLATEAUS[1]: ((1e-24, 1e3), (3e-3, 3), (1e-24, 10)),
        experiments.PLATEAUS[2]: ((1e-18, 1e2), (3e-9, 0.3), (1e-15, 10)),
    }

    def __init__(self):
        super().__init__("loss ends / rate ends", widths=[5, 4], heights=[1.25, 1], size=(9.6, 4.4), top=0.3)
        self.loss = Curves(self, "loss", title="loss of one run", log="y", legend=None)
        self.rate = Curves(self, "rate", title="its rate η", x="steps k", log="y", legend=None)
        limits = dict(x="patience", log="y", legend=None, xlim=(-0.3, len(PATIENCES) - 0.7))
        self.ends = Curves(self, "ends", title="median loss at the end, forty runs", **limits)
        self.ends.axes.set_xticks(range(len(PATIENCES)), PATIENCES)

    def show(self, result):
        self.scenery, self.patience, self.again = result
        for panel, limits in zip((self.loss, self.rate, self.ends), self.LIMITS[self.scenery], strict=True):
            panel.scale("y", "log", limits)
        losses, rates, same = experiments.plateaus(self.scenery)
        i, mine = PATIENCES.index(self.patience), self.RAISED if self.again else self.LOWERED
        self.one, self.rates = losses[:, int(self.again), i, 0], rates[:, int(self.again), i, 0]
        self.loss.show({self.SAME: np.maximum(same[:, 0], 1e-24), mine: np.maximum(self.one, 1e-24)}, looks=self.OWN)
        self.rate.show({mine: self.rates}, looks=self.OWN)
        self.steps = len(self.one) - 1
        self.middles = np.median(losses[-1], -1)  # (2, patiences)
        self.same, x = float(np.median(same[-1])), np.arange(len(PATIENCES))
        lines = {
            name: (x, np.maximum(row, 1e-24))
            for name, row in zip((self.LOWERED, self.RAISED), self.middles, strict=True)
        }
        lines[self.SAME] = (np.array([-0.3, len(PATIENCES) - 0.7]), np.full(2, max(self.same, 1e-24)))
        dots = {mine: (i, max(self.middles[int(self.again), i], 1e-24))}
        self.ends.show(lines, looks=self.OWN, dots=dots)
        self.name(self.OWN)

    def at(self, t):
        middles, i = self.middles[int(self.again)], PATIENCES.index(self.patience)
        how = f"raised after {experiments.STREAK} good losses in a row" if self.again else "not raised again"
        self.caption = (
            f"{self.scenery[0].upper() + self.scenery[1:]}; patience {self.patience}, {how}. Step {t:,} of "
            f"{self.steps:,}: loss {said(self.one[t])}, η = {brief(self.rates[t])}. Median of 40 "
            f"runs at the end: {said(middles[i])} ({best_patience(middles, i)}); constant η: {said(self.same)}."
        )
        return self.moved(t)

    def clicked(self, axes, x, y):
        if axes is not self.ends.axes:
            return {}
        return {"patience": PATIENCES[int(np.clip(round(x), 0, len(PATIENCES) - 1))]}


# ---- the burst ----


def thrown(path, t, rest=0.1):
    """What has become of |w₂| of a path by step t after it first came below `rest`, in words for a caption.

    >>> thrown(dict(w=np.array([[0.0, 3.0], [0.0, 0.05], [0.0, 1.5]])), 2)
    'since |w₂| first came below 0.1 it has been thrown out to 1.5 at the farthest (step 2)'
    """
    far = experiments.thrown_out(np.abs(path["w"][: t + 1, 1]), rest)
    if far is None:
        return f"|w₂| has not come below {rest:g}"
    step, distance = far
    if distance < 2 * rest:
        return f"since |w₂| first came below {rest:g} it has stayed below {2 * rest:g}"
    far = f"{number(distance, 2)} at the farthest (step {step:,})"
    return f"since |w₂| first came below {rest:g} it has been thrown out to {far}"


class Burst(Page):
    """A long valley: across it, the rate there, and along it, with a constant η and under a schedule.

    result: (root, fall, warm, plain, path): names of `experiments.ROOTS` and `FALLS`, the steps of warm-up, and paths
    of `experiments.long_valley` with a constant rate and with the schedule.
    """

    alt = (
        "Three panels against the steps. Left: how far two runs are from the floor of a valley, on a logarithmic axis; "
        "middle: what multiplies the gradient across the valley, with the edge 2/λ = 2; right: how far along the "
        "valley they are. One run has a constant learning rate, the other follows a schedule."
    )
    claims = (thrown,)
    PLAIN, OWN = "constant η = 1", "the schedule chosen"
    LOOKS = {PLAIN: LOOKS["constant"], OWN: LOOKS["linear"]}

    def __init__(self):
        super().__init__("across rate along", size=(9.6, 3.9), top=0.3)
        shared = dict(x="steps t", legend=None)
        self.across = Curves(self, "across", title="across the valley, |w₂|", log="y", ylim=(1e-6, 1e1), **shared)
        title = "rate of w₂: η_t/σ_t; line: 2/λ"
        self.rate = Curves(self, "rate", title=title, log="y", ylim=(1e-3, 1e2), levels={"": 2.0}, **shared)
        shared |= dict(ylim=(-105, 15), room=dict(right=0.22))
        self.along = Curves(self, "along", title="along the valley, w₁", **shared)

    def show(self, result):
        self.root, self.fall, self.warm, self.plain, self.path = result
        runs = {self.PLAIN: self.plain, self.OWN: self.path}
        self.steps = len(self.path["w"]) - 1
        self.across.show({name: np.abs(path["w"][:, 1]) for name, path in runs.items()}, looks=self.LOOKS)
        rates = {name: np.r_[path["rate"][:1, 1], path["rate"][:, 1]] for name, path in runs.items()}
        self.rate.show(rates, looks=self.LOOKS)
        self.along.show({name: path["w"][:, 0] for name, path in runs.items()}, looks=self.LOOKS)
        self.name(self.LOOKS)

    @property
    def _schedule(self):
        return self.fall + (f", after {self.warm} steps of warm-up" if self.warm else "")

    def at(self, t):
        runs = (("Constant η", self.plain), (self._schedule[0].upper() + self._schedule[1:], self.path))
        method = experiments.ROOTS[self.root][0]
        told = [f"{name}: {thrown(path, t)}; w₁ is at {place(path['w'][t, 0])}" for name, path in runs]
        self.caption = f"Step {t:,} of {self.steps:,}, divided by the {self.root} ({method}). {'. '.join(told)}."
        return self.moved(t)


def place(w):
    """A coordinate for a caption.

    >>> place(-46.31), place(1e-4)
    ('−46.3', '0')
    """
    return "0" if abs(w) < 5e-3 else brief(w)


# ---- the full update ----


def without(lowest, chosen):
    """How many times as large the loss is with one part off that is on, or, if none is, with one on.

    lowest: the losses of SWITCHES, (8,); chosen: which of them.

    >>> without(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), 6)
    'Without the fall of η the loss is 0.43 times as large, without σ 0.71 times.'
    >>> without(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), 0)
    'With the fall of η the loss is 5 times as large, with σ 3 times, with m 2 times.'
    """
    switches, names = np.array(SWITCHES[chosen]), ("the fall of η", "σ", "m")
    told = []
    for i, name in enumerate(names):
        if switches[i] or not switches.any():
            other = SWITCHES.index(tuple((switches ^ (np.arange(3) == i)).tolist()))
            ratio = lowest[other] / lowest[chosen]
            near = f"{ratio:.2f}"  # 1.02, not 1 times
            told.append((name, f"{near if said(ratio, 2) == '1' else said(ratio, 2)} times"))
    word, parts = "without" if switches.any() else "with", [f"{name} {times}" for name, times in told]
    first = f"{word.capitalize()} {told[0][0]} the loss is {told[0][1]} as large"
    return ", ".join([first, *(f"{word} {part}" for part in parts[1:])]) + "."


class Switches(Page):
    """Eight optimizers, one for each set of switches in η_t/σ_t · m_t, each at its best η, in a noisy ravine.

    result: an `experiments.Switched`.
    """

    alt = (
        "Left: contour map of a ravine with two noisy paths: gradient descent, and the update with the chosen parts. "
        "Middle: eight bars on a logarithmic axis, the mean loss at the end for each set of switches. Right: that loss "
        "against the learning rate, for gradient descent and for the chosen one."
    )
    claims = (without,)
    ROWS = ["η · g", "η · m", "η/σ · g", "η/σ · m", "η_t · g", "η_t · m", "η_t/σ · g", "η_t/σ · m"]

    def __init__(self):
        super().__init__("map bars / rates bars", widths=[5, 4], heights=[1.35, 1], size=(9.6, 4.7))
        self.map = Surface(self, "map", numbers=False, equal=True)
        limits = dict(log="x", xlim=(1e-5, 1e1), room=dict(left=0.85, right=0.2))
        self.bars = Bars(self, "bars", across=True, title="mean loss at the end, each at its best η", **limits)
        limits = dict(log="xy", xlim=(1e-3, 10), ylim=(1e-5, 1e3), legend=None)
        self.rates = Curves(self, "rates", title="mean loss at the end against η", x="η", **limits)

    def show(self, result):
        self.s = s = result
        self.looks = {name: own_look(name) for name in s.paths}
        self.steps = self.map.show(s.surface, s.paths, looks=self.looks)
        lowest = [float(np.clip(s.ends[i, b], 1e-5, 10)) for i, b in enumerate(s.best)]
        colours = {row: own_look(experiments.named(i)) for i, row in enumerate(self.ROWS)}
        faint = {
            row: one._replace(color=one.color if i == s.chosen else "#c3c9d1")
            for i, (row, one) in enumerate(colours.items())
        }
        self.bars.show(dict(zip(self.ROWS, lowest, strict=True)), looks=faint)
        lines = {
            experiments.named(i): (experiments.FULL_ETAS, np.where(np.isfinite(s.ends[i]), s.ends[i], 1e30))
            for i in (0, s.chosen)
        }
        self.rates.show(lines, looks=self.looks)

    def at(self, t):
        s = self.s
        lowest = s.ends[np.arange(8), s.best]
        falls, scaled, averaged = SWITCHES[s.chosen]
        parts = [word for on, word in ((falls, "η falls"), (scaled, "σ is on"), (averaged, "m is on")) if on]
        text = f"Valley at {number(s.angle)}°, noise {number(s.sigma)}: {', '.join(parts) or 'all parts off'}"
        text += f" ({experiments.named(s.chosen)}). " if parts else ", which is gradient descent. "
        text += f"Mean loss after {experiments.FULL_STEPS} steps at the best of {len(experiments.FULL_ETAS)} η, "
        text += f"{number(experiments.FULL_ETAS[s.best[s.chosen]])}: {said(lowest[s.chosen])}. "
        text += without(lowest, s.chosen)
        self.caption = text.strip()
        self.moved(t)
        box = dict(boxstyle="round,pad=0.2", facecolor="white", edgecolor="none", alpha=0.85)
        for i, (name, one) in enumerate(self.looks.items()):  # words that move, not a legend that is drawn anew
            place = dict(transform="axes", va="top", ha="right", bbox=box)
            self.map.word(f"named {i}", 0.985, 0.975 - 0.13 * i, name, color=one.color, **place)
        return [artist for artist in self.moving if artist.get_visible()]


def own_look(name):
    """The method's look; dotted where its η falls."""
    return look(name)._replace(dash=DOTTED) if "," in name else look(name)


# ---- digits ----


def lowest(held, train):
    """Of the held-out losses at DIGIT_ETAS the lowest and its η, and the training loss there, for a caption.

    >>> lowest(np.array([3.0, 2.0, 1.0, 0.5, 0.9, np.inf]), np.arange(6.0)), lowest(np.ones(6), np.ones(6))
    ('0.5 at η = 1 (training 3)', '1 at every η (training 1)')
    """
    held = capped(held)
    best = np.argmin(held)
    where = f"η = {number(experiments.DIGIT_ETAS[best])}" if np.ptp(held) > 1e-12 else "every η"
    return f"{said(held[best])} at {where} (training {said(train[best])})"


def capped(losses):
    """Losses that can be drawn: what is not finite is far above."""
    return np.nan_to_num(np.minimum(losses, 1e6), nan=1e6, posinf=1e6)


class Digits(Page):
    """A network on the digits under four schedules: the loss epoch by epoch, and against η.

    result: an `experiments.OnDigits`, which grows. The control `lr` says which η the left panel shows.
    """

    alt = (
        "Left: the training loss of a network under four schedules against the epochs, at one learning rate. Middle: "
        "the training loss now against the learning rate; right: the held-out loss against the learning rate."
    )
    claims = (lowest,)
    own_controls = ("lr",)
    LIMITS = {  # of the three panels, for each share of wrong labels
        0.0: ((1e-3, 3), (1e-3, 3), (0.08, 3)),
        0.2: ((0.3, 3), (0.3, 3), (0.3, 3)),
        0.4: ((0.6, 6), (0.6, 6), (0.6, 6)),
    }

    def __init__(self):
        super().__init__("time train held", size=(9.6, 4.0), top=0.3)
        limits = dict(log="y", x="epochs", xlim=(0, experiments.EPOCHS), legend=None)
        self.time = Curves(self, "time", title="training loss at the marked η", **limits)
        shared = dict(log="xy", x="η", xlim=(0.09, 4.5), legend=None, sets="lr")
        self.train = Curves(self, "train", title="training loss now", **shared)
        self.held = Curves(self, "held", title="held-out loss now", **shared)
        for panel in (self.time, self.train, self.held):
            axis = panel.axes.yaxis
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
            axis.set_minor_locator(NullLocator())
        self.lr, self.r = 1.0, None

    def adjust(self, lr):
        self.lr = lr
        if self.r:
            self.show(self.r)

    def show(self, result):
        self.r = result
        names = list(experiments.OVER_TIME)
        self.looks = {name: drawn_as(name) for name in names}
        at = list(experiments.DIGIT_ETAS).index(self.lr)
        epochs = np.arange(len(result.train))
        for panel, limits in zip((self.time, self.train, self.held), self.LIMITS[result.probability], strict=True):
            panel.scale("y", "log", limits)
        self.time.show({n: (epochs, capped(result.train[:, i, at])) for i, n in enumerate(names)}, looks=self.looks)
        for panel, losses in ((self.train, result.train), (self.held, result.held)):
            lines = {n: (experiments.DIGIT_ETAS, capped(losses[-1, i])) for i, n in enumerate(names)}
            panel.show(lines, looks=self.looks, marks={f"η = {number(self.lr)}": self.lr})
        self.name(self.looks)

    def at(self, t):
        r = self.r
        rows = zip(experiments.OVER_TIME, r.held[-1], r.train[-1], strict=True)
        told = "; ".join(f"{name}, {lowest(held, train)}" for name, held, train in rows)
        each = f" (each with probability {percent(r.probability)})" * (r.probability > 0)
        self.caption = (
            f"Epoch {r.epochs} of {experiments.EPOCHS}, {r.wrong} of {experiments.EXAMPLES} labels wrong{each}, seed "
            f"{r.seed}. Lowest held-out loss now: {told}."
        )
        return self.moved()
