"""The scenes of chapter 06: a race, what methods care about, circle and square, denominators, rare words, ε."""

import numpy as np

from optim_core.refuse import listed
from optim_core.scenes.board import number
from optim_core.scenes.panels import Arrows, Bars, Curves, Page, Points, Surface
from optim_core.scenes.ravine import GOAL, arrival
from optim_core.scenes.styles import Look, look

from .experiments import EPSILONS, STREAM, WORD_METHODS, WORD_RATES, bursts, longest_step, rotation, seen, word_weights

SHORT = {"gradient descent": "GD", "normalised gradient": "norm", "mean-square AdaGrad": "mean", "momentum": "mom"}
SHORT |= {"AdaGrad": "Ada", "RMSProp": "RMS", "RMSProp, μ = 0.9": "RMSμ", "AdaDelta": "Delta"}
ALONG, ACROSS = "-", (0, (2.5, 1.5))  # w₁ and w₂ of one method
WITHOUT_MEMORY = ("gradient descent", "normalised gradient", "AdaGrad", "mean-square AdaGrad", "RMSProp", "AdaDelta")
LARGE = 1e6  # a rate beyond it only says that there is next to no gradient
PLAIN, EDGE = "gradient descent, η = 1", {"edge 2/λ": 2.0}


class Race(Page):
    """Two methods in a ravine that can be turned: their paths, their losses, and the rate of each parameter.

    result: (surface, angle, {"name": path, …}, trouble), paths of `experiments.race`, and "", or what went wrong, in a
    sentence. A click on the map sets the control `sets`, the start in the valley's own coordinates (None: nothing).
    """

    alt = (
        "Left: contour map of a long valley, turned by an angle, with the path of each method. Middle: above, the loss "
        "of each, divided by the first, against the steps; below, what each step multiplied the gradient of w₁ (solid) "
        "and of w₂ (dashed) by. Right: these rates as bars, at the step that is shown."
    )
    claims = (arrival, seen)

    def __init__(self, sets="u"):
        super().__init__("map loss bars / map rates bars", widths=[4.4, 3.0, 2.2], size=(9.6, 4.5), top=0.3)
        self.sets = sets
        self.map = Surface(self, "map", numbers=False, equal=True, room=dict(left=0.6, bottom=0.54, top=0.08))
        self.loss = Curves(self, "loss", title="loss / loss at the start", log="y", ylim=(1e-9, 1e2), legend=None)
        self.loss.levels = {"a millionth": GOAL}
        limits = dict(log="y", ylim=(1e-3, 1e5))
        self.rates = Curves(self, "rates", title="rate of w₁ (solid), w₂ (dashed)", x="steps t", legend=None, **limits)
        self.bars = Bars(self, "bars", title="rates at step t", **limits, room=dict(right=0.05, bottom=0.5))

    def show(self, result):
        self.surface, self.angle, self.runs, self.trouble = result
        looks = {name: own_look(name) for name in self.runs}
        self.steps = self.map.show(self.surface, self.runs, looks=looks)
        first = self.surface.loss(next(iter(self.runs.values()))["w"][0])
        self.part = {n: self.surface.loss(path["w"]) / (first if first > 0 else 1.0) for n, path in self.runs.items()}
        self.loss.show(self.part, looks=looks)
        self.name(looks)
        lines, looks = {}, {}
        for name, path in self.runs.items():
            for k, dash in enumerate((ALONG, ACROSS)):
                lines[f"{name} w{'₁₂'[k]}"] = np.r_[path["rate"][:1, k], path["rate"][:, k]]
                looks[f"{name} w{'₁₂'[k]}"] = own_look(name)._replace(dash=dash)
        self.hessian = self.surface.hessian(self.surface.start)
        edge = {"GD's edge, 2/λ": 2 / np.linalg.eigvalsh(self.hessian)[-1]}
        self.rates.show(lines, looks=looks, levels=edge)

    def at(self, t):
        now = max(t, 1) - 1  # the rate of step t, or of the first one
        pairs = [(name, path["rate"][now, k], "₁₂"[k]) for name, path in self.runs.items() for k in (0, 1)]
        bars = {f"{SHORT.get(name, name)} w{k}": np.nan_to_num(rate, posinf=1e9) for name, rate, k in pairs}
        self.bars.show(bars, looks={bar: own_look(pair[0]) for bar, pair in zip(bars, pairs, strict=True)})
        said = " ".join(self._said(name, path, now) for name, path in self.runs.items())
        self.caption = f"Step {t} of {self.steps}, valley at {number(self.angle)}°. {said} {self.trouble}".rstrip()
        return self.moved(t)

    def _said(self, name, path, now):
        rate = path["rate"][now]
        text = f"{arrival(name, self.part[name], path)} Its rates at step {now + 1}: {rates_in_words(rate)}"
        if name in WITHOUT_MEMORY and (rate < LARGE).all():
            text += f"; times the curvature at most {number(seen(rate, self.hessian), 3)} (edge: 2)"
        return text + "."

    def clicked(self, axes, x, y):
        if axes is not self.map.axes or not self.sets:
            return {}
        return {self.sets: tuple(map(float, np.array([x, y]) @ rotation(self.angle)))}


def own_look(name):
    """The method's look; with dots for the variant that a comma names, so that it can race against the method."""
    return look(name)._replace(dash=(0, (1, 1.2)), marker=">") if "," in name else look(name)


def rates_in_words(rates):
    """Two rates for a caption; those that no gradient, or next to none, holds down are only called large.

    >>> rates_in_words(np.array([72.6, 1.32])), rates_in_words(np.array([6e10, np.nan]))
    ('72.6 and 1.32', 'beyond 10⁶ and unknown')
    """
    return " and ".join(
        "unknown" if np.isnan(rate) else number(rate, 3) if abs(rate) < LARGE else f"beyond {number(LARGE)}"
        for rate in rates
    )


def extent(steps, most):
    """From which to which number of steps a curve goes; inf: not within `most`.

    >>> extent(np.array([7.0, 7.0]), 300), extent(np.array([7.0, np.inf]), 300), extent(np.array([np.inf]), 300)
    ('7', '7 to more than 300', 'more than 300')
    """
    low, high = (number(end) if np.isfinite(end) else f"more than {most}" for end in (np.min(steps), np.max(steps)))
    return low if low == high else f"{low} to {high}"


def by_rounding(scaled):
    """What is said where a factor cancels in a method's step, and its numbers of steps differ over the factors.

    >>> by_rounding({"AdaGrad": np.array([7.0, 7.0]), "RMSProp": np.array([4.0, 6.0])})
    'But for ε and rounding a factor cancels in the step of RMSProp; jumps to and fro make its numbers differ by these.'
    """
    names = [name for name in ("AdaGrad", "RMSProp", "Adam") if len(set(scaled.get(name, ()))) > 1]
    if not names:
        return ""
    its = "its" if len(names) == 1 else "their"
    return (
        f"But for ε and rounding a factor cancels in the step of {listed(names)}; jumps to and fro make {its} numbers "
        "differ by these."
    )


class Care(Page):
    """Steps to a part of the loss against the angle of the valley, and against a factor on the loss.

    result: an `experiments.Care`. A click on the left panel sets the control `angle`, on the right one `factor`.
    """

    alt = (
        "Two panels with a curve for each method: the number of steps until the loss stays below a ten-thousandth of "
        "the first. Left: against the angle of the valley; right: against a factor on the loss, from 0.01 to 100."
    )
    claims = (extent, by_rounding)

    def __init__(self):
        super().__init__("turned scaled", size=(9.6, 3.9), top=0.3)
        shared = dict(log="y", ylim=(1, 500), legend=None, y="steps to a ten-thousandth")
        self.turned = Curves(self, "turned", x="angle of the valley, degrees", sets="angle", xlim=(0, 90), **shared)
        shared |= dict(log="xy", y="")
        self.scaled = Curves(self, "scaled", x="factor c on the loss", sets="factor", xlim=(1e-2, 1e2), **shared)

    def show(self, result):
        self.care = result
        late = {f"not within {result.most}": result.most}
        turned = {name: (result.degrees, steps) for name, steps in result.turned.items()}
        self.turned.show(turned, marks={f"{number(result.angle)}°": result.angle}, levels=late)
        scaled = {name: (result.scales, steps) for name, steps in result.scaled.items()}
        self.scaled.show(scaled, marks={f"c = {number(result.scale)}": result.scale}, levels=late)
        self.name({name: look(name) for name in result.turned})

    def at(self, t):
        turned, scaled = (
            "; ".join(f"{name} {extent(steps, self.care.most)}" for name, steps in side.items())
            for side in (self.care.turned, self.care.scaled)
        )
        self.caption = (
            f"Steps, at c = {number(self.care.scale)}, over angles {number(self.care.degrees[1])}° apart: {turned}. "
            f"At {number(self.care.angle)}°, over {len(self.care.scales)} factors c: {scaled}. "
            f"{by_rounding(self.care.scaled)}"
        ).rstrip()
        return self.moved()


def off_downhill(step, g):
    """The angle between a step and −g, in whole degrees; 45 is the most that a step with the signs of −g can be off.

    >>> off_downhill(np.array([-1.0, -1.0]), np.array([1.0, 0.2]))
    '34°'
    """
    cross, along = step[0] * -g[1] - step[1] * -g[0], -step @ g
    return f"{abs(np.degrees(np.arctan2(cross, along))):.0f}°"


class FirstSteps(Page):
    """A tilted plane: the lowest point of a circle and of a square, and where methods are after 20 steps.

    result: (degrees, {"name": w}), the direction of the gradient, which is of length 1, and where each method goes from
    the origin with η = 1, first for this direction, then for others: w of shape (21, 1 + directions, 2).
    """

    alt = (
        "Left: around a point on a tilted plane a circle and a square; one arrow leads to the lowest point of the "
        "circle, against the gradient, another to a corner of the square. Right: where five methods are after 20 steps "
        "on such planes: gradient descent and its normalised form on a circle, AdaGrad, RMSProp and Adam in the "
        "corners of a square."
    )
    claims = (off_downhill,)

    def __init__(self):
        super().__init__("first later", size=(9.6, 4.3), top=0.3)
        limits = dict(equal=True, xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        self.first = Arrows(self, "first", title="first step, η = 1", x="w₁", y="w₂", **limits)
        limits = dict(equal=True, xlim=(-30, 30), ylim=(-30, 30), legend=None)
        self.later = Points(self, "later", title="after 20 steps, every 10°", x="w₁", y="w₂", **limits)

    def show(self, result):
        self.degrees, self.runs = result
        self.g = rotation(self.degrees) @ np.array([1.0, 0.0])
        turn = np.radians(np.arange(0, 361, 5))
        reach = {"circle": (np.cos(turn), np.sin(turn)), "square": ([1, 1, -1, -1, 1], [-1, 1, 1, -1, -1])}
        level = np.array([[-3, -3], [3, 3]]) * np.array([-self.g[1], self.g[0]])
        levels = {f"level {k}": tuple((level + k * self.g).T) for k in np.arange(-1.5, 1.6, 0.5)}
        looks = dict.fromkeys(levels, Look("#c3cad3")) | dict(
            circle=look("normalised gradient"), square=look("AdaGrad")
        )
        arrows = {name: ((0, 0), tuple(self.runs[name][1, 0])) for name in ("normalised gradient", "AdaGrad")}
        arrows |= {"gradient": ((0, 0), tuple(0.6 * self.g))}
        self.first.show(arrows, curves=levels | reach, looks=looks, words=False)
        ends = {name: tuple(w[-1, 1:].T) for name, w in self.runs.items()}
        self.later.show(ends, lines={name: tuple(w[:, 0].T) for name, w in self.runs.items()}, sizes=5)
        self.name({name: look(name) for name in [*self.runs, "gradient"]}, columnspacing=1.2, handletextpad=0.5)

    def at(self, t):
        said = "; ".join(f"{name} {off_downhill(w[1, 0], self.g)}" for name, w in self.runs.items())
        self.caption = f"The gradient points to {number(self.degrees)}°. Angle between the first step and −g: {said}."
        return self.moved()


def longest(steps):
    """The longest of some steps and its number, counted from 1; of several as long, but for rounding, the first.

    >>> longest(np.array([0.5, -2.0, 2.0 + 1e-12]))
    (2.0, 2)
    """
    size = np.abs(steps)
    k = int(np.argmax(size >= size.max() * (1 - 1e-6)))
    return float(size[k]), k + 1


class Denominators(Page):
    """One weight: a stream of gradients, what three methods divide by, and how long their steps are, in η.

    result: (kind, beta, g, answer), answer of `experiments.denominators`.
    """

    alt = (
        "Three panels over 300 steps, on logarithmic axes. Left: the size of the gradients; middle: what AdaGrad, its "
        "mean form and RMSProp divide them by; right: the length of their steps in units of the learning rate."
    )
    claims = (longest_step, longest)

    def __init__(self):
        super().__init__("g root step", size=(9.6, 3.9), top=0.3)
        shared = dict(x="steps t", xlim=(0, STREAM), log="y", legend=None)
        self.g = Curves(self, "g", title="size of the gradient, |g|", ylim=(1e-3, 1e4), **shared)
        self.root = Curves(self, "root", title="divided by", ylim=(1e-4, 1e4), **shared)
        self.step = Curves(self, "step", title="length of the step / η", ylim=(1e-4, 1e2), levels={"": 1.0}, **shared)

    def show(self, result):
        self.kind, self.beta, g, self.answer = result
        t = np.arange(1, len(g) + 1)
        self.g.show({"gradient": (t, np.abs(g))})
        self.root.show({name: (t, none(one["root"])) for name, one in self.answer.items()})
        self.step.show({name: (t, np.abs(one["step"])) for name, one in self.answer.items()})
        self.name({name: look(name) for name in self.answer})

    def at(self, t):
        said = []
        for name, one in self.answer.items():
            (size, step), bound = longest(one["step"]), number(longest_step(name, self.beta, STREAM), 3)
            said.append(f"{name}: {number(size, 3)} η, at step {step} (never above {bound} η)")
        words = "; ".join(said)
        self.caption = f"Stream “{self.kind}”, β = {number(self.beta)}. The longest of {STREAM} steps: {words}."
        return self.moved()


def none(values):
    """Zeros as gaps: they have no place on a logarithmic axis.

    >>> none(np.array([0.0, 2.0]))
    array([nan,  2.])
    """
    return np.where(values > 0, values, np.nan)


def compared(learnt):
    """The excess loss of each method at its best η, and how many times another's gradient descent's is.

    >>> from optim_core.chapters.adaptive.experiments import Learnt
    >>> one, other = (Learnt(np.where(np.arange(31) == 10, low, 1.0), None) for low in (0.6, 0.2))
    >>> print(compared({"gradient descent": one, "AdaGrad": other, "Adam": other}))  # doctest: +NORMALIZE_WHITESPACE
    Excess loss at the best of 31 η: gradient descent 0.6 at η = 0.1; AdaGrad 0.2 at η = 0.1; Adam 0.2 at η = 0.1.
    Gradient descent's is 3 times AdaGrad's and 3 times Adam's.
    """
    best = {name: one.excess[one.best] for name, one in learnt.items()}
    etas = {name: number(WORD_RATES[one.best], 2) for name, one in learnt.items()}
    said = "; ".join(f"{name} {number(excess, 2)} at η = {etas[name]}" for name, excess in best.items())
    ratios = {name: number(best["gradient descent"] / best[name], 2) for name in WORD_METHODS[1:]}
    much = [f"{f'{ratio} times' if ratio != '1' else 'about as large as'} {name}'s" for name, ratio in ratios.items()]
    return f"Excess loss at the best of {len(WORD_RATES)} η: {said}. Gradient descent's is {listed(much)}."


class RareWords(Page):
    """What was learnt of frequent and of rare words, and what each η left.

    result: (exponent, frequencies, {"name": Learnt}), as `experiments.rare_words` gives them.
    """

    alt = (
        "Left: for each word how far its learnt weight is from the true one, against how often the word occurs, for "
        "each method at its best learning rate. Right: the excess loss after one pass against the learning rate; a "
        "large point marks the best of each method."
    )
    claims = (compared,)

    def __init__(self):
        super().__init__("words rates", size=(9.6, 4.0), top=0.3)
        self.words = Points(
            self, "words", title="error of each word's weight", x="share of the texts that hold the word", log="xy",
            xlim=(3e-4, 1), ylim=(1e-4, 10), legend=None,
        )  # fmt: skip
        limits = dict(log="xy", xlim=(WORD_RATES[0], WORD_RATES[-1]), legend=None)
        self.rates = Curves(self, "rates", title="excess loss after one pass", x="learning rate η", **limits)

    def show(self, result):
        self.exponent, (often, self.learnt) = result
        off = {name: np.abs(one.w[one.best] - word_weights()) for name, one in self.learnt.items()}
        self.words.show({name: (none(often), none(gap)) for name, gap in off.items()})
        dots = {name: (WORD_RATES[one.best], one.excess[one.best]) for name, one in self.learnt.items()}
        shown = {name: np.where(one.excess < 100, one.excess, np.inf) for name, one in self.learnt.items()}
        self.rates.show({name: (WORD_RATES, excess) for name, excess in shown.items()}, dots=dots)
        self.name({name: look(name) for name in self.learnt})

    def at(self, t):
        self.caption = f"a = {number(self.exponent)}. {compared(self.learnt)}"
        return self.moved()


def told(path, t):
    """How many bursts of w₂ a run has had by step t, and at which step each was farthest; or that it diverged.

    >>> w, rate = np.array([1.0, 0.01, 0.02, 2.0, 0.0]), np.array([1.0, 3.0, 99.0, 1.0])
    >>> path = dict(w=np.stack([w, w], -1), rate=np.stack([rate, rate], -1), diverged=0)
    >>> told(path, 2), told(path, 4)
    ('no burst yet', '1 burst, at step 3')
    """
    if 0 < path["diverged"] <= t:
        return f"diverged at step {int(path['diverged'])}"
    found = [step for step, _ in bursts(path["rate"][:, 1], np.abs(path["w"][:, 1])) if step <= t]
    if found:
        peaks = f"at steps {', '.join(map(str, found[:5]))}{' …' if len(found) > 5 else ''}"
        return f"{len(found)} bursts, {peaks}" if len(found) > 1 else f"1 burst, at step {found[0]}"
    return f"no burst in {t:,} steps" if t == len(path["w"]) - 1 else "no burst yet"


class LongRun(Page):
    """Three methods in a long valley with curvatures 0.005 and 1: across it, the rate there, and along it.

    result: (lr, {"name": path}) of `experiments.long_valley`.
    """

    alt = (
        "Three panels against the steps, for AdaGrad, its mean form and RMSProp. Left: how far each is from the floor, "
        "on a logarithmic axis; middle: its rate across the valley, with the edge 2/λ = 2; right: how far along the "
        "valley it is."
    )
    claims = (bursts, told)

    def __init__(self):
        super().__init__("across rate along", size=(9.6, 3.9), top=0.3)
        shared = dict(x="steps t", legend=None)
        self.across = Curves(self, "across", title="across the valley, |w₂|", log="y", ylim=(1e-8, 1e2), **shared)
        self.rate = Curves(self, "rate", title="rate of w₂", log="y", ylim=(0.1, 100), **shared)
        shared |= dict(ylim=(-105, 15), room=dict(right=0.22))
        self.along = Curves(self, "along", title="along the valley, w₁", **shared)

    def show(self, result):
        self.lr, self.runs = result
        self.steps = len(next(iter(self.runs.values()))["w"]) - 1
        self.across.show({name: np.abs(path["w"][:, 1]) for name, path in self.runs.items()})
        self.rate.show(
            {name: np.r_[path["rate"][:1, 1], path["rate"][:, 1]] for name, path in self.runs.items()}, levels=EDGE
        )
        self.along.show({name: path["w"][:, 0] for name, path in self.runs.items()})
        self.name({name: look(name) for name in self.runs})

    def at(self, t):
        said = "; ".join(f"{name}: {told(path, t)}, {self._place(path, t)}" for name, path in self.runs.items())
        self.caption = f"Step {t} of {self.steps}, η = {number(self.lr)}. {said}."
        return self.moved(t)

    def _place(self, path, t):
        one, two = path["w"][t]
        return f"now at w₁ = {place(one)}, |w₂| = {place(abs(two))}"


def place(w):
    """A coordinate for a caption; what nobody can tell from 0 is 0.

    >>> place(-46.3), place(1e-159)
    ('−46.3', '0')
    """
    return "0" if abs(w) < 1e-9 else number(w, 3)


class HiddenRate(Page):
    """AdaDelta on a constant slope, and what it leaves of the loss on a ravine for each ε.

    result: an `experiments.Hidden`. A click on the right panel sets the control `eps`.
    """

    alt = (
        "Left: how far AdaDelta and gradient descent with η = 1 have come on a constant slope, against the steps, on "
        "two logarithmic axes. Right: the part of the loss that AdaDelta leaves on a ravine after 300 steps, against "
        "epsilon; a line marks what gradient descent with η = 1 leaves."
    )
    allows = {"no claims": "how far AdaDelta is at four steps, and how far in parts of gradient descent's way"}

    def __init__(self):
        super().__init__("walked left", size=(9.6, 3.9), top=0.3)
        limits = dict(xlim=(1, 300), ylim=(1e-7, 1e6), legend=None)
        self.walked = Curves(self, "walked", title="distance on a constant slope", x="steps t", log="xy", **limits)
        limits = dict(xlim=(EPSILONS[0], EPSILONS[-1]), ylim=(1e-15, 1e1), legend=None, sets="eps")
        self.left = Curves(self, "left", title="loss left on a ravine, κ = 20", x="ε", log="xy", **limits)

    def show(self, result):
        self.hidden = result
        t = np.arange(len(result.walked))
        lines = {"AdaDelta": (t[1:], result.walked[1:]), PLAIN: (t[1:], result.plain[1:])}
        self.walked.show(lines)
        at = float(np.exp(np.interp(np.log(result.eps), np.log(EPSILONS), np.log(np.maximum(result.left, 1e-30)))))
        flat = (EPSILONS, np.full(len(EPSILONS), result.left_plain))
        self.left.show({"AdaDelta": (EPSILONS, result.left), PLAIN: flat}, dots={"AdaDelta": (result.eps, at)})
        self.name({name: look(name) for name in lines})

    def at(self, t):
        h = self.hidden
        far = listed(number(h.walked[k], 2) for k in (1, 10, 100, len(h.walked) - 1))
        part = number(h.walked[-1] / h.plain[-1], 2)
        much = "as far" if part == "1" else f"{part} times as far"
        self.caption = (
            f"ε = {number(h.eps)}, slope {number(h.slope)}. After 1, 10, 100 and {len(h.walked) - 1} steps AdaDelta is "
            f"{far} away: in the end {much} as gradient descent with η = 1."
        )
        return self.moved()
