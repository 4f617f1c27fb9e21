"""The scenes of chapter 11: softmax as bars, two losses over the same plane, a margin, the scale of the weights."""

import numpy as np

from optim_core import losses
from optim_core.scenes.board import INK, decimals, number
from optim_core.scenes.panels import Bars, Curves, Page, Surface, feet
from optim_core.scenes.styles import DASHED, DOTTED, GREY, Look
from optim_core.scenes.trajectories import height

__all__ = ["InitialScale", "Margin", "SoftmaxBars", "TwoFits", "TwoLosses"]

CROSS, SQUARED = Look("#1f6f8b", marker="o"), Look("#a3410f", DASHED, "s")
LOOKS = {
    "cross-entropy": CROSS,
    "squared error after softmax": SQUARED,
    "squared error after sigmoid": SQUARED,
    "squared error, no softmax": Look("#5d7a1f", DOTTED, "^"),
}
LOGIT, SHARE = Look(GREY), Look("#7b3f8c", marker="D")  # no loss has the colour of a logit or of a probability
SURE = 0.9  # an answer is sure when its probability is above this

# ---- words ----


def chance(log_p):
    """A probability in words, from its logarithm: never rounded to 0 or 1.

    >>> chance(np.log(0.245)), chance(-4.5e-5), chance(-200.0), chance(-1e-30)
    ('0.245', '1 − 4.5·10⁻⁵', 'less than 10⁻¹²', 'more than 1 − 10⁻¹²')
    """
    p, rest = np.exp(log_p), -np.expm1(log_p)
    if rest < 1e-12:
        return "more than 1 − 10⁻¹²"
    return "less than 10⁻¹²" if p < 1e-12 else number(p) if rest > 0.001 else f"1 − {number(rest)}"


def sure_from(p):
    """From which step to the end of the run all probabilities, (steps + 1, examples), are sure; None: they are not.

    >>> sure_from(np.array([[0.1], [0.95], [0.8], [0.92], [0.97]])), sure_from(np.array([[0.95], [0.4]]))
    (3, None)
    """
    unsure = np.flatnonzero(~(p > SURE).all(-1))
    first = int(unsure[-1]) + 1 if len(unsure) else 0
    return first if first < len(p) else None


def became(name, p, diverged, t):
    """Since when all answers of a run are sure, or that it ended early; nothing while neither has happened at step t.

    >>> became("adam", np.array([[0.1], [0.95], [0.97]]), 0, 1), became("adam", np.array([[0.1], [0.95]]), 0, 0)
    ('With adam the right answer has a probability above 0.9 from step 1 to step 2.', '')
    """
    if 0 < diverged <= t:
        return f"{name.capitalize()} left the range of numbers at step {int(diverged)}."
    what, first, steps = "the right answer has" if p.shape[-1] == 1 else "all labels have", sure_from(p), len(p) - 1
    if first is None or first > t:
        return ""
    where = f"from step {first} to" if first < steps else "at"
    return f"With {name} {what} a probability above {SURE} {where} step {steps}."


def stretched(points, slopes, lr, t):
    """How many times as long as η times the gradient the step to time t was; 0 where rounding hides that.

    >>> w, slopes = np.array([[0.0, 0.0], [0.3, 0.4]]), np.array([0.01, 0.01])
    >>> stretched(w, slopes, 0.5, 1), stretched(w, slopes, 0.5, 0)
    (np.float64(100.0), 0.0)
    """
    stride = np.linalg.norm(points[t] - points[t - 1]) if t else 0.0
    return stride / (lr * slopes[t - 1]) if stride > 1e-9 and slopes[t - 1] > 0 else 0.0


def leapt(name, times):
    """What `stretched` has found, where the step was more than a hundred times as long.

    >>> leapt("squared error", 250.0), leapt("squared error", 3.0)
    ('On squared error the last step was 250 times as long as η times the gradient.', '')
    """
    far = number(times, 2) if times < 1e8 else "more than 10⁸"
    return f"On {name} the last step was {far} times as long as η times the gradient." if times > 100 else ""


def meets(p):
    """How many labels a fit meets: gives more than ½; p: what it gives to each of them.

    >>> meets(np.array([0.9, 0.4, 0.6]))
    '2 of 3 labels'
    """
    return f"{int((p > 0.5).sum())} of {len(p)} labels"


def gradient(off, T):
    """The gradient of the cross-entropy over the logits z, of which z/T goes into the softmax; off: p − y.

    >>> gradient(np.array([-0.25, 0.25]), 1.0), gradient(np.array([-0.25, 0.25]), 2.0)
    ('p − y = (−0.25, 0.25)', '(p − y)/T, with p − y = (−0.25, 0.25)')
    """
    shown = f"p − y = ({', '.join(map(decimals, off))})"
    return shown if T == 1 else f"(p − y)/T, with {shown}"


# ---- softmax ----


class SoftmaxBars(Page):
    """Logits, the probabilities they become, and what is still missing to the target.

    result: (z, T, right): the logits of two or three classes as the network gives them, the temperature, and the index
    of the right class.
    """

    alt = (
        "Left: a bar for the logit of each class. Middle: a bar for the probability of each class; the one-hot target "
        "is a dashed outline, and an arrow leads from each probability to its target. Right: the sigmoid curve, with a "
        "point where the difference of the first two logits stands."
    )
    claims = (chance, gradient)

    def __init__(self):
        super().__init__("logits shares curve", widths=[9, 11, 9], size=(9.6, 3.5))
        self.logits = Bars(self, "logits", title="logits z", ylim=(-10.9, 10.9))
        self.logits.axes.axhline(0, color=INK, lw=0.8)
        self.shares = Bars(self, "shares", title="probabilities p, and the target", ylim=(0, 1.14))
        words = dict(title="p₁/(p₁ + p₂), a sigmoid", x="(z₁ − z₂)/T")
        self.curve = Curves(self, "curve", **words, xlim=(-10, 10), ylim=(0, 1.14), legend=None)

    def show(self, result):
        z, self.T, self.right = result
        self.z = np.asarray(z, float)
        self.log_p = losses.log_softmax(self.z / self.T)
        self.p, self.y = np.exp(self.log_p), losses.one_hot(self.right, len(self.z))
        names = [f"class\N{NO-BREAK SPACE}{i + 1}" for i in range(len(self.z))]
        for panel, values, places, one in ((self.logits, self.z, 1, LOGIT), (self.shares, self.p, 2, SHARE)):
            words = {name: decimals(value, places) for name, value in zip(names, values, strict=True)}
            panel.show(dict(zip(names, values, strict=True)), looks=dict.fromkeys(names, one), words=words)
        self.d, x = round((self.z[0] - self.z[1]) / self.T, 9) + 0.0, np.linspace(-10, 10, 201)
        here = {"here": (np.clip(self.d, -10, 10), float(losses.sigmoid([self.d])[0]))}
        self.curve.show({"σ": (x, losses.sigmoid(x))}, dots=here, looks={"σ": Look(GREY), "here": SHARE})

    def say(self, t):
        L, logits = -self.log_p[self.right], ", ".join(map(number, self.z.round(9) + 0.0))
        two = "p₁" if len(self.z) == 2 else "Of the first two classes alone, class 1 has p₁/(p₁ + p₂)"
        return (
            f"Logits ({logits}), T = {number(self.T)}: p = ({', '.join(map(decimals, self.p))}). For the right class "
            f"{self.right + 1} it is {chance(-L)}; the cross-entropy, −ln p, is {height(L)}, and its gradient is "
            f"{gradient(self.p - self.y, self.T)}. {two} = σ({number(self.d)}), which is "
            f"{chance(-np.logaddexp(0, -self.d))}."
        )

    def beside(self, t):
        for i, (p, y) in enumerate(zip(self.p, self.y, strict=True)):
            x = i + np.array([-0.43, -0.43, 0.43, 0.43])
            self.shares.line(f"target {i}", x, y * np.array([0, 1, 1, 0]), color=INK, lw=1.6, ls=DASHED, zorder=6)
            if abs(y - p) > 0.03:
                self.shares.line(f"gap {i}", [i + 0.36] * 2, [p, y], color=INK, lw=1.6, zorder=6)
                tip = dict(marker="^" if y > p else "v", ls="", color=INK, ms=8)
                self.shares.line(f"tip {i}", [i + 0.36], [y], **tip, clip_on=False, zorder=7)
        x, y = self.curve.dots["here"]
        self.curve.line("drop", [x, x, -10], [0, y, y], color=INK, lw=1, ls=":")
        if abs(self.d) > 10:
            side = "left" if self.d < 0 else "right"
            self.curve.word("beyond", 0.97 * x, 0.5, f"at {number(self.d)}", ha=side, va="center")


# ---- two losses over one plane ----


class TwoLosses(Page):
    """Two losses over the same plane, on one scale of heights, with the path of one optimizer on each.

    result: ({"name": (surface, path, p), …}, lr) for two losses; p: the probabilities that the path gives to the right
    answers, shape (steps + 1, examples); lr: the learning rate, to say how far a step led beside η times the gradient.
    control: what a click on a map sets; symbols: the names of the axes; names: those of the two losses.
    """

    claims = (chance, sure_from, became, stretched, leapt)
    allows = {"tiny numbers": "how flat a plateau is, or how sure an answer, is the lesson; below 10⁻¹² it is not said"}
    levels = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    numbers = [0.01, 0.1, 1, 5, 10, 20]
    upper = "p of the right answer"
    lower = dict(title="gradient norm", x="steps t", log="y", ylim=(1e-12, 10))
    alt_lower = "Lower right: the gradient norm of both against steps, on a logarithmic axis."

    def __init__(self, control="start", symbols=("w₁", "w₂"), names=("cross-entropy", "squared error after softmax")):
        super().__init__("one other sure / one other below", widths=[20, 20, 15], size=(9.6, 4.4))
        self.alt = (
            "Two contour maps of the same plane, with the same grey for the same loss: on the left the cross-entropy, "
            "on the right the squared error. Brown arrows show the negative gradient, on one scale for both; on each "
            "map a path begins at the same point. Upper right: the mean probability of the right answers against "
            f"steps. {self.alt_lower}"
        )
        self.maps = []
        for place, name, sign in zip(("one", "other"), names, "●■", strict=True):
            how = dict(levels=self.levels, numbers=self.numbers, sets=control, room=dict(left=0.5, bottom=0.46))
            self.maps.append(seen := Surface(self, place, title=name, **how))
            seen.axes.set_title(f"{sign} {name}", fontsize=10.5, loc="left", y=1.0, color=LOOKS[name].color)
            seen.axes.set_xlabel(symbols[0], fontsize=11)
            seen.axes.set_ylabel(symbols[1], fontsize=11, rotation=0, labelpad=3)
        self.sure = Curves(self, "sure", title=self.upper, x="steps t", ylim=(-0.03, 1.03), legend=None)
        self.below = Curves(self, "below", legend=None, **self.lower)

    def show(self, result):
        self.runs, self.lr = result
        points = [surface.grad(feet(surface.window)) for surface, _, _ in self.runs.values()]
        longest = max(np.linalg.norm(grad, axis=-1).max() for grad in points)
        for seen, (name, (surface, path, _)) in zip(self.maps, self.runs.items(), strict=True):
            self.steps = seen.show(surface, {name: path}, looks=LOOKS, downhill=longest)
        self.slopes = {name: np.linalg.norm(s.grad(path["w"]), axis=-1) for name, (s, path, _) in self.runs.items()}
        self.sure.show({name: p.mean(-1) for name, (_, _, p) in self.runs.items()}, looks=LOOKS)
        self.show_below()

    def show_below(self):
        """Fill the panel at the lower right."""
        self.below.show(self.slopes, looks=LOOKS)

    def say(self, t):
        start = ", ".join(number(v) for v in next(iter(self.runs.values()))[1]["w"][0])
        said = [f"Step {t} of {self.steps} from ({start}), η = {number(self.lr)}."]
        said += [self.fact(name, t, p) for name, (_, _, p) in self.runs.items()]
        said += [became(name, p, path["diverged"], t) for name, (_, path, p) in self.runs.items()]
        for name, (_, path, _) in self.runs.items():
            said.append(leapt(name, stretched(path["w"], self.slopes[name], self.lr, t)))
        return " ".join(filter(None, said))

    def beside(self, t):
        for seen in self.maps:  # a star that a run has reached stays in sight
            stars = [point["w"] for point in seen.surface.critical_points if point["kind"] == "minimum"]
            mark = dict(marker="*", ls="", mfc="white", mec=INK, ms=13, zorder=9)
            seen.line("stars", *np.reshape(stars, (-1, 2)).T, **mark)

    def fact(self, name, t, p):
        """What a run has come to at step t."""
        right, slope = chance(np.log(np.maximum(p[t, 0], 1e-300))), height(self.slopes[name][t], 2)
        return f"{name.capitalize()}: probability of the right class {right}, gradient norm {slope}."


class TwoFits(TwoLosses):
    """The same for the model σ(w₁x + w₂) on data, which is drawn with both fits in place of the gradient norms.

    result: (runs, lr, x, y): as for TwoLosses, and the data, x and y of shape (examples,), y being 0 or 1. An example
    whose label is not that of its side of 0 is marked as wrong.
    """

    claims = (sure_from, became, stretched, leapt, meets)
    levels = [0, 0.2, 0.3, *np.linspace(0.4, 1, 13).round(2).tolist(), 1.1, 1.2, 1.4, 1.6, 2, 3, 5, 10, 20, 50]
    numbers = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 2, 5]
    upper = "mean p of the labels"
    lower = dict(title="data and fits σ(w₁x + w₂)", x="input x", ylim=(-0.16, 1.16))
    alt_lower = "Lower right: the data and the probability that each fit gives to the label 1, against the input."

    def __init__(self):
        super().__init__(names=("cross-entropy", "squared error after sigmoid"))

    def show(self, result):
        *result, self.x, self.y = result
        self.inputs = np.linspace(min(self.x) - 1, max(self.x) + 1, 121)
        super().show(result)

    def show_below(self):
        """The fits are another picture at every step: see `at`."""

    def at(self, t):
        ends = {name: path["w"][t] for name, (_, path, _) in self.runs.items()}
        fits = {name: (self.inputs, losses.sigmoid(w[0] * self.inputs + w[1])) for name, w in ends.items()}
        self.below.show(fits, looks=LOOKS)
        return super().at(t)

    def beside(self, t):
        super().beside(t)
        dots = dict(marker="D", ls="", mfc="white", mec=INK, mew=1.6, ms=7, zorder=6)
        self.below.line("data", self.x, self.y, **dots)
        for i in np.flatnonzero((self.x > 0) != self.y):
            self.below.line(f"cross {i}", [self.x[i]], [self.y[i]], marker="x", ls="", color=INK, ms=7, mew=2, zorder=7)
            self.below.word(
                f"wrong {i}",
                self.x[i] + 0.6,
                self.y[i] + 0.11,
                "wrong",
                ha="right",
                va="bottom",
                bbox=dict(fc="white", ec="none", pad=0.5),
            )

    def fact(self, name, t, p):
        """How many labels a fit meets at step t."""
        return f"{name.capitalize()} meets {meets(p[t])}, gradient norm {height(self.slopes[name][t], 2)}."


# ---- the margin ----


class Margin(Page):
    """Two losses of one example, and their slopes, against the margin of its right class.

    result: (margins, {"name": (L, slope), …}, k): margins of shape (n,), in rising order; L and dL/dm of two losses, of
    shape (n,); k: the index of the margin that is looked at. A click sets the control `margin`.
    """

    alt = (
        "Left: cross-entropy and squared error after softmax against the margin of the right class. Far "
        "below 0 the cross-entropy rises in a straight line, the squared error is level. Right: the size of both "
        "slopes on a logarithmic axis. Far below 0 one comes close to 1, the other falls exponentially. A point on "
        "each curve."
    )
    claims = (chance,)

    def __init__(self):
        super().__init__("height slope", size=(9.6, 3.6), top=0.26)
        words = dict(x="margin m: right logit − other logit", xlim=(-12, 12), legend=None, sets="margin")
        self.height = Curves(self, "height", title="loss L", ylim=(-0.4, 12.4), **words)
        self.slope = Curves(self, "slope", title="size of the slope dL/dm", log="y", ylim=(1e-11, 10), **words)
        for panel in (self.height, self.slope):
            panel.axes.axvspan(-12, 0, color="#e3eaf1", zorder=0)

    def show(self, result):
        self.margins, self.losses, self.k = result
        for panel, which in ((self.height, 0), (self.slope, 1)):
            lines = {name: (self.margins, np.abs(both[which])) for name, both in self.losses.items()}
            dots = {name: (x[self.k], y[self.k]) for name, (x, y) in lines.items()}
            past = which and self.margins[self.k] < -np.log(2)  # who drags from the right has seen the peak by then
            panel.show(lines, dots=dots, looks=LOOKS, marks={"−ln 2": -np.log(2)} if past else {})
        self.name({name: LOOKS[name] for name in self.losses})

    def say(self, t):
        m, k = self.margins[self.k], self.k
        said = [f"{name} {number(L[k])} with slope {number(slope[k])}" for name, (L, slope) in self.losses.items()]
        right = f"Margin {number(round(m, 9) + 0.0)}, so that the right class has p = {chance(-np.logaddexp(0, -m))}: "
        return right + ", ".join(said) + "."

    def beside(self, t):
        for x, word in ((0.25, "wrong answer"), (0.75, "right answer")):
            self.height.word(word, x, 0.93, word, color=GREY, ha="center", transform="axes")


# ---- the scale of the initial weights ----


def gone(diverged, updates):
    """That a run has diverged by now, and at which update.

    >>> gone(57, 200), gone(57, 40), gone(0, 200)
    (' (diverged at update 57)', '', '')
    """
    return f" (diverged at update {int(diverged)})" if 0 < diverged <= updates else ""


class InitialScale(Page):
    """Accuracy against the scale of the initial weights, and against updates, for some losses.

    result: (lr, sigmas, k, updates, {"name": (accuracy, diverged), …}): the learning rate; standard deviations of the
    initial weights, shape (scales,); the index of the one that is looked at; the numbers of updates at which the
    accuracy was taken, shape (looks,); accuracy of shape (looks, scales), diverged of shape (scales,), as in `descend`.
    A click on the left-hand panel sets the control `std`.
    """

    alt = (
        "Left: accuracy on held-out digits against the standard deviation of the initial weights, a line for each "
        "loss. Right: accuracy against the number of updates, for one of these standard deviations."
    )
    claims, clock = (gone,), "update t"

    def __init__(self):
        super().__init__("across along", widths=[6, 5], size=(9.6, 3.9), top=0.26)
        words = dict(ylim=(0, 1.02), levels={"guessing": 0.1}, legend=None)
        across = dict(title="after so many updates", x="s: standard deviation of the initial weights", log="x")
        self.across = Curves(self, "across", y="right answers, held-out digits", **across, **words, sets="std")
        self.along = Curves(self, "along", title="from weights of this s", x="updates", **words)

    def show(self, result):
        self.lr, self.sigmas, self.k, self.updates, self.runs = result
        self.across.ticks("x", self.sigmas, 1.4)
        self.along.scale("x", "linear", (0, self.updates[-1]))
        self.steps = int(self.updates[-1])
        self.name({name: LOOKS[name] for name in self.runs})

    def at(self, t):
        sigma, t = self.sigmas[self.k], int(np.searchsorted(self.updates, t, "right")) - 1  # the last look until then
        accuracy = {name: one for name, (one, _) in self.runs.items()}
        across = {name: (np.asarray(self.sigmas), one[t]) for name, one in accuracy.items()}
        self.across.show(across, looks=LOOKS, marks={f"s = {number(sigma)}": sigma})
        along = {name: (self.updates[: t + 1], one[: t + 1, self.k]) for name, one in accuracy.items()}
        self.along.show(along, looks=LOOKS)
        said = [
            f"{name} {100 * one[t, self.k]:.0f}\N{NO-BREAK SPACE}%{gone(diverged[self.k], self.updates[t])}"
            for name, (one, diverged) in self.runs.items()
        ]
        first = f"After {self.updates[t]} updates with η = {number(self.lr)} from weights of s = {number(sigma)}: "
        self.caption = first + ", ".join(said) + "."
        return self.moved()
