"""The scenes of chapter 13: degrees, double descent, knobs, two decays, shrink or stop, dropout, averages, grokking."""

import numpy as np

from optim_core.scenes.board import brief, many, number
from optim_core.scenes.panels import Curves, Histogram, Page, Points
from optim_core.scenes.styles import SOLID, Look, look, shades

from . import experiments
from .experiments import DEGREES, GRID, LENGTH, MEMBERS, PENALTIES, SCALES, TIMES, N, kept_by_ridge, kept_by_stopping

SEEN, NEW = look("training"), look("held out")
WITHOUT_SEEN, WITHOUT_NEW = Look("#9aa3ad", SOLID), Look("#9aa3ad", NEW.dash)
MOMENTS = {"lowest": Look("#b7791f", "", "*"), "patience over": Look("#b7791f", "", "X")}


def percent(part):
    """A share for a caption.

    >>> percent(0.0487), percent(0.5), percent(1.0)
    ('4.9 %', '50 %', '100 %')
    """
    return f"{100 * part:.1f}".removesuffix(".0") + " %"


def small(value):
    """An error for a caption; how far below 10⁻¹² it is, rounding decides.

    >>> small(3.1e-29), small(0.0912)
    ('below 10⁻¹²', '0.0912')
    """
    return "below 10⁻¹²" if value < 1e-12 else number(value)


def lowest(new):
    """The degree with the lowest error on new points; of degrees that differ by a millionth of it, or less, the first.

    >>> lowest(np.array([0.5, 0.2, 0.2 * (1 - 1e-9), 0.3]))
    'The lowest of all degrees on new points: 0.2, degree 1.'
    """
    off = np.sqrt(new)
    best = int(np.argmax(off <= off.min() * (1 + 5e-7) + 1e-13))
    return f"The lowest of all degrees on new points: {small(new[best])}, degree {best}."


class Degrees(Page):
    """A polynomial through noisy points, and the error of each degree on the points and on new ones.

    result: (degree, n, noise, lam, answer), answer of `experiments.polynomials`. A click on the right sets `degree`.
    """

    alt = (
        "Left: points about a curve, the true curve, and the polynomial fitted to the points. Right: against the "
        "degree, on a logarithmic axis, the mean squared error on the points and on new ones."
    )
    claims = (lowest,)

    def __init__(self):
        super().__init__("fit error", size=(9.6, 4.1), top=0.2)
        self.fit = Points(self, "fit", x="x", y="y", ylim=(-2.5, 2.5), xlim=(-1.05, 1.05), legend=None)
        self.looks = {"points": SEEN, "truth, sin(3x)": look("theory"), "the fit": NEW._replace(dash=SOLID)}
        self.name({name: one._replace(dash="" if name == "points" else one.dash) for name, one in self.looks.items()})
        self.error = Curves(
            self, "error", title="mean squared error", x="degree d", log="y", ylim=(1e-3, 1e3), xlim=(0, 15),
            legend="upper left", sets="degree", words="lower right",
        )  # fmt: skip

    def show(self, result):
        self.degree, self.n, self.noise, self.lam, ((x, y), fits, self.seen, self.new) = result
        lines = {"truth, sin(3x)": (GRID, experiments.truth(GRID)), "the fit": (GRID, fits[self.degree])}
        self.fit.show({"points": (x, y)}, lines=lines, looks=self.looks, sizes=6)
        lines = {"on the points": (DEGREES, np.maximum(self.seen, 1e-40)), "on new points": (DEGREES, self.new)}
        looks = {"on the points": SEEN, "on new points": NEW}
        levels = {"noise, σ²": self.noise**2} if self.noise else {}
        dots = {"on new points": (self.degree, self.new[self.degree])}
        bottom = min(1e-3, self.noise**2 / 10) or 1e-24  # without noise the errors fall until rounding
        self.error.scale("y", "log", (bottom, 1e3 if self.noise else 1e6))  # room for the legend
        self.error.show(lines, looks=looks, dots=dots, levels=levels)

    def at(self, t):
        self.caption = (
            f"Degree {self.degree}, {self.n} points, σ = {number(self.noise)}, λ = {number(self.lam)}. Mean squared "
            f"error on the points {small(self.seen[self.degree])}, on new points {small(self.new[self.degree])}. "
            f"{lowest(self.new)}"
        )
        return self.moved()


def found(p, wrong):
    """Sentences about a curve of errors: the lowest below p = n, the highest from there on, the lowest above n.

    >>> found(np.array([100, 160, 200, 400]), np.array([0.1, 0.2, 0.8, 0.05]))
    ['lowest below p = n: 10 % (p = 100);', 'highest from there on: 80 % (p = 200);', 'lowest above: 5 % (p = 400).']
    """
    few = np.flatnonzero(p < N)
    low = few[np.argmin(wrong[few])]
    said = [f"lowest below p = n: {percent(wrong[low])} (p = {number(p[low])});"]
    if p[-1] <= N:
        return [*said, "no p above n yet."]
    high, many = low + np.argmax(wrong[low:]), np.flatnonzero(p > N)
    end = many[np.argmin(wrong[many])]
    peak = f"highest from there on: {percent(wrong[high])} (p = {number(p[high])});"
    peak = peak if wrong[high] > wrong[low] else "not higher from there on;"
    return [*said, peak, f"lowest above: {percent(wrong[end])} (p = {number(p[end])})."]


class DoubleDescent(Page):
    """Held-out errors of least squares on random features, and the size of the weights, against their number.

    result: (lam, noise, sweep), a Sweep of `experiments.random_features`, which may not be finished yet.
    """

    alt = (
        "Left: the share of held-out digits and of training digits that are wrong, against the number of features on "
        "a logarithmic axis; a dotted vertical line marks as many features as examples. Right: the norm of the weights."
    )
    claims = (found,)

    def __init__(self):
        super().__init__("wrong norm", widths=[3, 2], size=(9.6, 4.0))
        shared = dict(x="features p", xlim=(5, 4000))
        words = dict(title="share of digits that are wrong", legend="upper left")
        self.wrong = Curves(self, "wrong", log="x", ylim=(0, 1), **words, **shared)
        self.norm = Curves(self, "norm", title="‖W‖", log="xy", ylim=(0.1, 1e4), legend=None, **shared)

    def show(self, result):
        self.lam, self.noise, sweep = result
        k, self.p = PENALTIES.index(self.lam), np.array(sweep.p)
        self.held, seen, norm = (np.array(part)[:, k] for part in (sweep.wrong, sweep.seen, sweep.norm))
        lines, looks = {"held out": (self.p, self.held), "training": (self.p, seen)}, {}
        sizes = {"held out": (self.p, norm)}
        if self.lam:
            lines["held out, λ = 0"] = (self.p, np.array(sweep.wrong)[:, 0])
            sizes["held out, λ = 0"] = (self.p, np.array(sweep.norm)[:, 0])
            looks = {"held out, λ = 0": WITHOUT_NEW}
        self.wrong.show(lines, looks=looks, marks={f"p = n = {N}": N})
        self.norm.show(sizes, looks=looks, marks={"p = n": N})

    def at(self, t):
        said = " ".join(found(self.p, self.held))
        self.caption = (
            f"λ = {number(self.lam)}, each label wrong with probability {percent(self.noise)}. Held out: {said}"
        )
        return self.moved()


def missed(run, best):
    """Whether a lower held-out loss came after all: the lowest of the whole training, and what is right there.

    >>> from types import SimpleNamespace as Run
    >>> missed(Run(t=[0, 20, 40, 60], test_loss=[3.0, 2.0, 2.5, 1.0], right=[0.1, 0.5, 0.5, 0.625]), best=1)
    '; the lowest held-out loss came later, at step 60: 62.5 % right'
    >>> missed(Run(t=[0, 20], test_loss=[2.0, 2.5], right=[0.5, 0.5]), best=0)
    ''
    """
    low = int(np.argmin(run.test_loss))
    if low <= best:
        return ""
    return f"; the lowest held-out loss came later, at step {run.t[low]}: {percent(run.right[low])} right"


def stops(run, patience):
    """When patience ends a training, and what it then answers, or that it has not run out yet.

    >>> from types import SimpleNamespace as Run
    >>> run = Run(t=[0, 20, 40, 60], test_loss=[3.0, 2.0, 2.5, 2.6], right=[0.1, 0.5, 0.5, 0.6])
    >>> stops(run, 1)
    'With a patience of 1 look it ends at step 40, with the weights of step 20: 50 % right.'
    >>> stops(run, 5)
    'A patience of 5 looks has not run out; the lowest held-out loss so far is at step 20: 50 % right.'
    """
    (best, end), looks = experiments.stopped_at(run.test_loss, patience), f"{patience} look{'s' * (patience > 1)}"
    then = f"step {run.t[best]}: {percent(run.right[best])} right"
    if end - best < patience:
        return f"A patience of {looks} has not run out; the lowest held-out loss so far is at {then}."
    return f"With a patience of {looks} it ends at step {run.t[end]}, with the weights of {then}{missed(run, best)}."


class Knobs(Page):
    """A network on 100 digits with L2, dropout and early stopping, beside the same without.

    result: (words, patience, with, without): two Trainings, the first of which may not be finished yet.
    """

    alt = (
        "Left: cross-entropy on training and held-out digits against the steps, right: the share that is right; with "
        "the chosen settings, and in grey without any. A cross marks where patience ends the training, a star "
        "the lowest held-out loss until then."
    )
    claims = (stops, missed)

    def __init__(self):
        super().__init__("loss right", size=(9.6, 4.1), top=0.3)
        shared = dict(x="steps t", xlim=(0, LENGTH), legend=None)
        self.loss = Curves(self, "loss", title="cross-entropy", log="y", ylim=(1e-2, 10), **shared)
        self.right = Curves(self, "right", title="share of right answers", ylim=(0, 1.02), **shared)
        looks = {"training": SEEN, "held out": NEW, "training, plain": WITHOUT_SEEN, "held out, plain": WITHOUT_NEW}
        self.name(looks | MOMENTS, columnspacing=1.2)

    def show(self, result):
        self.words, self.patience, self.run, without = result
        looks = {"training, plain": WITHOUT_SEEN, "held out, plain": WITHOUT_NEW}
        pairs = (self.loss, "loss", "test_loss"), (self.right, "seen", "right")
        self.best, self.end = experiments.stopped_at(self.run.test_loss, self.patience)
        self.ran_out = self.end - self.best >= self.patience
        for panel, seen, new in pairs:
            lines = {name: (part.t, getattr(part, which)) for name, part, which in [
                ("training, plain", without, seen), ("held out, plain", without, new),
                ("training", self.run, seen), ("held out", self.run, new),
            ]}  # fmt: skip
            ends = {"patience over": (self.run.t[self.end], getattr(self.run, new)[self.end])} if self.ran_out else {}
            panel.show(lines, looks=looks | MOMENTS, dots=ends)

    def beside(self, t):
        star, now = dict(**MOMENTS["lowest"].point, ms=16, zorder=8, clip_on=False), [self.run.t[self.best]]
        self.loss.line("lowest", now, [self.run.test_loss[self.best]], **star)
        self.right.line("lowest", now, [self.run.right[self.best]], **star)

    def at(self, t):
        run = self.run
        size = number(run.size[-1]) if run.size[-1] > 1e-3 else "below 0.001"
        self.caption = (
            f"{self.words}. Step {run.t[-1]}: right on training digits {percent(run.seen[-1])}, on held-out ones "
            f"{percent(run.right[-1])}, ‖W₁‖ {'' if size[0] == 'b' else '= '}{size}. {stops(run, self.patience)}"
        )
        return self.moved()


def spread(values):
    """Two standard errors of the mean.

    >>> spread(np.array([1.0, 3.0, 1.0, 3.0])).round(3)
    np.float64(1.155)
    """
    return 2 * np.std(values, ddof=1) / np.sqrt(len(values))


def two(value):
    """A number with two decimals for a caption.

    >>> two(0.739), two(-0.012), two(0.0012)
    ('0.74', '−0.01', '0')
    """
    text = f"{value:.2f}".replace("-", "−")
    return text if text.strip("−0.") else "0"


def with_spread(values):
    """The mean and two standard errors, which are left out where two decimals do not show them.

    >>> with_spread(np.array([0.3, 0.4, 0.3, 0.4])), with_spread(np.array([0.64, 0.641]))
    ('0.35 ± 0.06', '0.64')
    """
    error = spread(values)
    return two(values.mean()) + (f" ± {two(error)}" if error >= 0.01 else "")


def alone(lr, decay):
    """What the decay of each step, without any gradient, leaves of a weight of 1, in a sentence.

    >>> alone(0.005, 0.1)
    'After 600 steps the decay alone leaves 0.74.'
    """
    left = (1 - lr * decay) ** experiments.ROUNDS
    return f"After {experiments.ROUNDS} steps the decay alone leaves {two(left) if left > 0.005 else 'less than 0.01'}."


class Decays(Page):
    """Two weights whose gradients are nothing but noise, with L2 in Adam's gradient and with decay outside of it.

    result: (lr, decay, sigma, runs), runs of `experiments.two_weights`.
    """

    alt = (
        "Two panels, one for each weight, against the steps: the mean of 50 runs of Adam with L2 and of AdamW, with a "
        "band from the 10th to the 90th percentile, and the curve that the decay alone would follow."
    )
    claims = (alone, with_spread)

    def __init__(self):
        super().__init__("first second", size=(9.6, 4.0), top=0.3)
        shared = dict(x="steps t", xlim=(0, experiments.ROUNDS), ylim=(-0.2, 1.3), legend=None)
        self.sides = [Curves(self, name, title=f"w{k}", **shared) for name, k in (("first", "₁"), ("second", "₂"))]
        self.name({name: look(name) for name in ("Adam + L2", "AdamW")} | {"(1 − ηλ)ᵗ": look("theory")})

    def show(self, result):
        self.lr, self.decay, self.sigma, self.runs = result
        t = np.arange(experiments.ROUNDS + 1)
        for k, side in enumerate(self.sides):
            lines = {"(1 − ηλ)ᵗ": (t, (1 - self.lr * self.decay) ** t)}
            lines |= {name: (t, w[..., k].mean(1)) for name, w in self.runs.items()}
            bands = {name: (t, *np.percentile(w[..., k], [10, 90], axis=1)) for name, w in self.runs.items()}
            side.show(lines, bands=bands, looks={"(1 − ηλ)ᵗ": look("theory")})

    def at(self, t):
        means = {name: [with_spread(w[-1, :, k]) for k in (0, 1)] for name, w in self.runs.items()}
        ends = [f"{name} w₁ = {first}, w₂ = {second}" for name, (first, second) in means.items()]
        first, second = map(number, self.sigma)
        self.caption = (
            f"η = {number(self.lr)}, λ = {number(self.decay)}; noise {first} in the gradient of w₁, {second} of w₂. "
            f"{alone(self.lr, self.decay)} Means of {experiments.RUNS} runs, ± two standard errors (if 0.01 or more): "
            f"{'; '.join(ends)}."
        )
        return self.moved()


def largest_gap(t, c):
    """The largest distance of 1 − (1 − x/t)ᵗ and x/(x + c) over x = ηht from 0 to t, and the x where it is.

    >>> gap, x = largest_gap(1e6, 1.0)
    >>> round(gap, 3), round(x, 2)
    (0.204, 2.51)
    """
    x = np.geomspace(1e-4, min(t, 1000.0), 12001)
    gap = np.abs(kept_by_stopping(x / t, 1.0, t) - kept_by_ridge(x, c))
    return float(gap.max()), float(x[gap.argmax()])


def best_of(stopped, shrunk):
    """With which t and which λ of all that were tried the fewest held-out digits are wrong.

    >>> best_of(np.linspace(0.3, 0.1, 61), np.linspace(0.2, 0.4, 61))
    'the best t gets 10 % of the held-out digits wrong, at t = 10⁶; the best λ 20 %, at 1/(ηλ) = 1'
    """
    when, how = (brief(TIMES[wrong.argmin()], 2) for wrong in (stopped, shrunk))
    low, least = percent(stopped.min()), percent(shrunk.min())
    return f"the best t gets {low} of the held-out digits wrong, at t = {when}; the best λ {least}, at 1/(ηλ) = {how}"


class ShrinkOrStop(Page):
    """What a penalty and what early stopping leave of each direction, and what both do on digits.

    result: (t, c, noise, answer), answer of `experiments.stopping`; λ = c/(ηt). A click on the right sets `stop`.
    """

    alt = (
        "Left: the part of each direction that is learnt, against its curvature on a logarithmic axis: two curves that "
        "rise with it, the more alike the nearer λ is to half of 1/(ηt). Right: the share of wrong "
        "held-out digits against the steps after which one stops, and with the penalty that belongs to them."
    )
    claims = (largest_gap, best_of)

    def __init__(self):
        super().__init__("part wrong", size=(9.6, 4.0), top=0.3)
        self.part = Curves(
            self, "part", title="part of a direction that is learnt", x="its curvature h / h_max", log="x",
            xlim=(1e-6, 1), ylim=(0, 1.02), legend=None,
        )  # fmt: skip
        self.wrong = Curves(
            self, "wrong", title="held-out digits that are wrong", x="steps t, or c/(ηλ)", log="x", xlim=(1, 1e6),
            ylim=(0, 0.5), legend=None, sets="stop",
        )  # fmt: skip
        self.looks = {"stopped after t steps": look("gradient descent"), "penalty λ": look("noise")}
        self.name(self.looks)

    def show(self, result):
        self.t, self.c, self.noise, (_, self.stopped, self.shrunk) = result
        h = np.geomspace(1e-6, 1, 301)
        parts = kept_by_stopping(h, 1.0, self.t), kept_by_ridge(h, self.c / self.t)
        self.part.show({name: (h, part) for name, part in zip(self.looks, parts, strict=True)}, looks=self.looks)
        lines = dict(zip(self.looks, [(TIMES, self.stopped), (TIMES * self.c, self.shrunk)], strict=True))
        at = [np.interp(np.log(self.t), np.log(x), y) for x, y in lines.values()]
        ends = [(x[0], x[-1]) for x, _ in lines.values()]  # no dot where no λ was tried
        places = zip(self.looks, at, ends, strict=True)
        dots = {name: (self.t, y) for name, y, (low, high) in places if 0.999 * low <= self.t <= 1.001 * high}
        self.wrong.show(lines, looks=self.looks, dots=dots)

    def at(self, t):
        gap, where = largest_gap(self.t, self.c)
        self.caption = (
            f"t = {number(self.t)}, λ = {number(self.c)}/(ηt). The two parts differ most, by {gap:.2f}, at ηht = "
            f"{number(where, 2)}. Each label wrong with probability {percent(self.noise)}: "
            f"{best_of(self.stopped, self.shrunk)}."
        )
        return self.moved()


def leaves(p, left, lam):
    """What inverted dropout has left of weights whose features differ in size, and what L2 leaves of the same.

    >>> leaves(0.5, np.array([0.49, 0.5, 0.51]), 1.0)
    'Inverted dropout leaves 0.5 of each weight (1 − p = 0.5); L2 with λ = 1 leaves 0.0099 to 0.99.'
    """
    shrunk = " to ".join(number(kept_by_ridge(h, lam), 2) for h in SCALES[[0, -1]] ** 2)
    left = f"Inverted dropout leaves {number(np.mean(left), 2)} of each weight (1 − p = {number(1 - p, 2)})"
    return f"{left}; L2 with λ = {number(lam)} leaves {shrunk}."


class Dropping(Page):
    """One unit's sum under many masks, and what dropout and L2 leave of weights whose features differ in size.

    result: (p, rule, sums, lam, kept): sums of `experiments.masked_sums`, kept of `experiments.trained_with_dropout`.
    """

    alt = (
        "Left: histogram of the sum that one unit sees in training, over 4,000 masks, with lines at its mean and at "
        "the sum without dropout. Right: the part of each weight that is left, against the size of its feature: with "
        "dropout the same for all, with L2 a curve that rises."
    )
    claims = (leaves,)

    def __init__(self):
        super().__init__("sums kept", size=(9.6, 4.0))
        self.sums = Histogram(
            self, "sums", edges=np.linspace(-30, 150, 181), title="what one unit sums up to in training", x="sum",
        )  # fmt: skip
        self.kept = Curves(
            self, "kept", title="part of a weight that is left", x="size of its feature, ‖xⱼ‖", log="x",
            xlim=(0.085, 12), ylim=(0, 1.5), legend="upper left",
        )  # fmt: skip

    def show(self, result):
        self.p, self.rule, sums, self.lam, self.left = result
        self.mean, self.std, self.test = float(sums.mean()), float(sums.std()), float(experiments.unit().sum())
        marks = {"at test": self.test}
        if abs(self.mean - self.test) > 3:  # else the two lines would lie on each other
            marks["mean in training"] = self.mean
        self.sums.scale("x", "linear", (-30, 60 if sums.max() < 60 else 150))
        self.sums.show({"sum": sums}, looks={"sum": look("noise")}, marks=marks)
        h = np.geomspace(0.1, 10, 101)
        lines = {"1 − p": (h, 0 * h + 1 - self.p), "trained with dropout": (SCALES, self.left)}
        lines["L2: h/(h + λ), h = ‖xⱼ‖²"] = (h, kept_by_ridge(h**2, self.lam))
        looks = {"1 − p": look("theory"), "trained with dropout": look("noise")._replace(dash="", marker="o")}
        self.kept.show(lines, looks=looks)

    def at(self, t):
        self.caption = (
            f"p = {number(self.p)}, {self.rule}. The sum is {number(self.mean, 3)} ± {number(self.std, 2)} in training "
            f"and {number(self.test)} at test. {leaves(self.p, self.left, self.lam)}"
        )
        return self.moved()


class Averages(Page):
    """The mean of M networks: its squared error beside the formula, and its accuracy beside that of averaged weights.

    result: (M, differ, wrong, ensemble), an `experiments.Ensemble`. A click sets `members`.
    """

    alt = (
        "Left: the squared error of the mean of M networks against M, with a band from the "
        "10th to the 90th percentile, the curve of the formula and its limit. "
        "Right: the accuracy of the mean of their probabilities, and of one network with the mean of their weights."
    )
    allows = {"no claims": "σ², ρ and shares as measured, and what the formula makes of them"}

    def __init__(self):
        super().__init__("error right", size=(9.6, 4.0))
        shared = dict(x="networks M", xlim=(0.5, MEMBERS + 0.5), sets="members")
        self.error = Curves(self, "error", y="squared error of the mean", legend="upper right", **shared)
        self.right = Curves(self, "right", y="share of right answers", ylim=(0, 1.02), legend="lower left", **shared)

    def show(self, result):
        self.M, self.differ, self.wrong, self.all = result
        count, one = np.arange(1, MEMBERS + 1), self.all
        formula = experiments.of_the_mean(one.variance, one.rho, count)
        mean, low, high = one.brier
        lines = {"M of the 16, mean and 10–90 %": (count, mean), "ρσ² + (1 − ρ)σ²/M": (count, formula)}
        looks = {"M of the 16, mean and 10–90 %": NEW, "ρσ² + (1 − ρ)σ²/M": look("theory")}
        bands = {"M of the 16, mean and 10–90 %": (count, low, high)}
        dots = {name: (self.M, y[self.M - 1]) for name, (_, y) in lines.items()}
        self.error.scale("y", "linear", (0.0, 1.35 * float(high.max())))
        limit = {"its limit ρσ²": (count, np.full(MEMBERS, one.rho * one.variance))}
        self.error.show(lines | limit, looks=looks | dict.fromkeys(limit, look("bound")), bands=bands, dots=dots)
        lines = {"mean of probabilities": (count, one.right), "mean of weights": (count, one.averaged)}
        looks = {"mean of probabilities": NEW, "mean of weights": look("averaged")}
        self.right.show(lines, looks=looks, dots={name: (self.M, y[self.M - 1]) for name, (_, y) in lines.items()})

    def at(self, t):
        one, k = self.all, self.M - 1
        formula = experiments.of_the_mean(one.variance, one.rho, self.M)
        self.caption = (
            f"{self.M} of 16 networks that differ in {self.differ}; each label wrong with probability "
            f"{percent(self.wrong)}. σ² = {number(one.variance)}, ρ = {number(one.rho, 2)}. Squared error of the mean "
            f"{number(one.brier[0, k])} (formula {number(formula)}). Right: mean of probabilities "
            f"{percent(one.right[k])}, mean of weights {percent(one.averaged[k])}."
        )
        return self.moved()


class Late(Page):
    """Accuracy in training and on held-out digits on a logarithmic time axis, for several λ at once, and ‖w‖.

    result: (scale, lr, grown), a Grown of `experiments.growing` with one seed, which may not be finished yet.
    """

    alt = (
        "Left: against the steps on a logarithmic axis, the share of right answers in training, thin lines, and on "
        "held-out digits, strong ones, for three values of λ. Right: the norm of all weights."
    )
    allows = {"no claims": "the shares of right answers after so many steps"}

    def __init__(self):
        super().__init__("right norm", widths=[3, 2], size=(9.6, 4.1), top=0.3)
        shared = dict(x="steps t", log="x", xlim=(1, 2000), legend=None)
        words = dict(title="share of right answers: held out (training: grey)")
        self.right = Curves(self, "right", ylim=(0, 1.02), **words, **shared)
        self.norm = Curves(self, "norm", title="‖w‖", ylim=(1, 100), **(shared | dict(log="xy")))
        self.runs = {f"λ = {number(d)}": one for d, one in zip(experiments.GROK_DECAYS, shades(3), strict=True)}
        self.name(self.runs)

    def show(self, result):
        self.scale, self.lr, grown = result
        self.t, t = grown.t[-1], grown.t[1:]  # step 0 has no place on a logarithmic axis
        self.seen, self.right_, size = (np.array(part)[..., 0].T for part in (grown.seen, grown.right, grown.size))
        looks = self.runs | {f"_{name}": Look("#b3bac3", one.dash) for name, one in self.runs.items()}
        lines = {f"_{name}": (t, line[1:]) for name, line in zip(self.runs, self.seen, strict=True)}
        lines |= {name: (t, line[1:]) for name, line in zip(self.runs, self.right_, strict=True)}
        self.right.show(lines, looks=looks)
        self.norm.show({name: (t, line[1:]) for name, line in zip(self.runs, size, strict=True)}, looks=self.runs)

    def at(self, t):
        said = "; ".join(
            f"{name}: {percent(self.seen[k, -1])} of the training digits, {percent(self.right_[k, -1])} of the others"
            for k, name in enumerate(self.runs)
        )
        start = "A usual start" if self.scale == 1 else f"Start {number(self.scale)} times as large"
        when = f"After {many(self.t, 'step')}" if self.t else "Before the first step"
        self.caption = f"{start}, η = {number(self.lr)}. {when} these are right: {said}."
        return self.moved()


class Sums(Page):
    """What one unit sums up to under our dropout and under a student's.

    result: (p, {"ours": sums, "yours": sums}, trouble), from `experiments.beside`.
    """

    alt = "Histograms of the sum that one unit sees in training, over 2,000 masks, with our dropout and with yours."
    allows = {"no claims": "means and standard deviations"}

    def __init__(self):
        super().__init__("sums", size=(9.6, 3.4))
        edges = np.linspace(-30, 60, 91)
        self.sums = Histogram(self, "sums", edges=edges, title="sum in training", x="sum", legend="upper left")

    def show(self, result):
        self.p, self.all, self.trouble = result
        self.sums.show(self.all, marks={"at test": float(experiments.unit().sum())})

    def at(self, t):
        said = "; ".join(f"{name} {number(v.mean())} ± {number(v.std(), 2)}" for name, v in self.all.items())
        self.caption = f"p = {number(self.p)}. The sum in training: {said}. {self.trouble}".rstrip()
        return self.moved()
