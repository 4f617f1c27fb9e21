"""The scenes of chapter 15: the ward, a search over three knobs, a baseline to beat."""

from typing import NamedTuple

import numpy as np

from optim_core.scenes.board import number
from optim_core.scenes.panels import Bars, Curves, Histogram, Page, Panel, Points
from optim_core.scenes.styles import DASHED, DOTTED, GREY, INK, SOLID, Look, look

from . import experiments
from .experiments import STEPS, measured, percent, short

HEALTHY, SICK, TURNED = Look("#9aa1ac", DOTTED), Look("#a3410f", DASHED, "s"), Look("#1f6f8b", SOLID, "o")
LAYER = {"W₁": Look("#5d7a1f", SOLID, "^"), "W₂": Look("#7b3f8c", DASHED, "D")}


class Pictures(Panel):
    """Twelve digits in a row of pictures, each with the label that it has in the data above it."""

    def __init__(self, page, name, **panel):
        super().__init__(page, name, grid=False, **panel)
        self.axes.set_axis_off()
        self.axes.set(xlim=(0, 4), ylim=(3, 0))
        self.image = page.mover(
            self.axes.imshow(np.zeros((30, 40)), cmap="Greys", aspect="auto", extent=(0, 4, 3, 0), interpolation="none")
        )
        self.axes.set(xlim=(0, 4), ylim=(3, 0))

    def show(self, X, labels):
        """X: (12, 64) pixels, of any scale; labels: (12,)."""
        sheet, self.labels = np.zeros((30, 40)), labels
        X = (X - X.min()) / (np.ptp(X) or 1)
        for i, x in enumerate(X):
            row, column = divmod(i, 4)
            sheet[10 * row + 2 : 10 * row + 10, 10 * column + 1 : 10 * column + 9] = x.reshape(8, 8)
        self.image.set_data(sheet)
        self.image.set_clim(0, 1)

    def at(self, t=None):
        self.image.set_visible(True)
        for i, label in enumerate(self.labels):
            row, column = divmod(i, 4)
            self.word(f"label {i}", column + 0.5, row + 0.17, str(label), ha="center", va="bottom", fontsize=10.5)


class Evidence(NamedTuple):
    """Something to ask of a training: the panel that shows it, what the panel is to show, and what it says."""

    panel: str
    title: str
    shown: object  # Chart → (what to show, keywords)
    words: object  # Chart → a phrase


FLOOR = 1.4e-6  # where a logarithmic axis draws what is 0


def over_looks(panel, title, measure, every=1, **more):
    """Evidence that is measured at every look, beside the healthy training's in grey."""

    def shown(chart):
        lines, looks = {}, dict(LAYER)
        for mark, one in (("_healthy ", experiments.healthy(chart.seed, chart.t[-1])), ("", chart)):
            t, values = measured(one, measure, every, last=not mark)  # only of the patient is the last one read out
            lines |= {mark + name: (t, np.maximum(v, FLOOR)) for name, v in values.items()}
            looks |= {mark + name: HEALTHY for name in values if mark}
        return (lines,), dict(looks=looks) | more

    def words(chart):
        _, values = measured(chart, measure, every)
        say = percent if measure is experiments.accuracies else short
        names = {name: name + " " if len(values) > 1 else "" for name in values}
        if len(chart.t) == 1:
            if measure is experiments.step_length:
                return "no step has been taken yet"
            return ", ".join(f"{names[name]}{say(v[0])}" for name, v in values.items()) + " at the start"
        return ", ".join(f"{names[name]}from {say(v[0])} to {say(v[-1])}" for name, v in values.items())

    return Evidence(panel, f"{title} (grey: healthy)", shown, words)


def _purpose(chart):
    lines = {}
    for name, one in (("_healthy", experiments.healthy(chart.seed, 0)), ("loss on 16 digits", chart)):
        losses, _ = experiments.one_batch(one)
        lines[name] = (np.arange(1, len(losses) + 1), losses)
    return (lines,), dict(looks={"_healthy": HEALTHY})


def _purpose_words(chart):
    losses, right = experiments.one_batch(chart)
    loss = f"in step {len(losses)} with them alone the loss is {short(losses[-1])}"
    return f"{loss}, and after it {percent(right)} are right"


def _hidden(chart):
    return ({"hidden units": np.clip(experiments.hidden(chart), -9.9, 9.9)},), {}


def _answers(chart):
    true = np.bincount(chart.data.y_test, minlength=10) / len(chart.data.y_test)
    share = experiments.predicted(chart)
    names = [str(c) for c in range(10)]
    looks = {name: Look("#5b6b7a") for name in names}
    return (dict(zip(names, share, strict=True)),), dict(marks=dict(zip(names, true, strict=True)), looks=looks)


def _bars(measure):
    def shown(chart):
        bars = measure(chart)
        return (bars,), dict(looks={name: LAYER["W₂" if "held" in name else "W₁"] for name in bars})

    return shown


def _listed(measure, say):
    return lambda chart: ", ".join(f"{name} {say(value)}" for name, value in measure(chart).items())


def _classes(chart):
    counts = experiments.classes_in_batches(chart)
    return ({"classes": (np.arange(1, len(counts) + 1), counts)},), {}


def _classes_words(chart):
    counts = experiments.classes_in_batches(chart)
    if not len(counts):
        return "no batch has been drawn yet"
    return f"a batch of {chart.size} holds {counts.mean():.1f} different labels on average"


COUNTED = experiments.dead_share, experiments.predicted, experiments.neighbours_agree, experiments.one_batch
SEVERAL = "of the held-out digits get another answer than at first"
EVIDENCE = {
    "right in training and held out": over_looks("share", "share right", experiments.accuracies),
    "gradient norm by layer": over_looks("log", "norm of the gradient", experiments.gradient_norm),
    "weight norm by layer": over_looks("log", "norm of the weights", experiments.weight_norm),
    "length of a step by layer": over_looks("log", "mean move for a step", experiments.step_length),
    "η × sharpness": over_looks("log", "η × sharpness", experiments.sharpness, 10, levels={"2": 2.0}),
    "what goes into the hidden units": Evidence(
        "histogram", "z of the hidden units (beyond ±10: at the edge)", _hidden,
        lambda c: f"{percent(experiments.dead_share(c))} of the units are dead, above 0 for none of "
                  f"{len(c.few)} digits",
    ),
    "16 digits, learned on purpose": Evidence(
        "alone", "loss on 16 digits alone (grey: healthy)", _purpose, _purpose_words
    ),
    "asked again, in other company, alone": Evidence(
        "shares", "share of answers that change", _bars(experiments.answers_that_change),
        lambda c: f"{_listed(experiments.answers_that_change, percent)(c)} {SEVERAL}",
    ),
    "answers by class": Evidence(
        "answers", "share of each class among the answers (tick: true)", _answers,
        lambda c: f"the most frequent answer is given to {percent(experiments.predicted(c).max())} of the digits",
    ),
    "inputs: mean and spread": Evidence(
        "bars", "mean and standard deviation of the inputs", _bars(experiments.inputs),
        _listed(experiments.inputs, lambda v: short(v if abs(v) > 1e-9 else 0.0)),
    ),
    "classes in a batch": Evidence("count", "different labels in each batch", _classes, _classes_words),
    "pictures and labels": Evidence(
        "pictures", "twelve training digits, with their labels",
        lambda c: ((c.pictures[c.few[:12]], c.data.y[c.few[:12]]), {}),
        lambda c: f"{percent(experiments.neighbours_agree(c))} of {len(c.few)} have the label of the picture most "
                  "like them",
    ),
}  # fmt: skip


def result_of(chart):
    """What one sees first of a training: its loss, the mean of the last 20 batches, the share right, its end if early.

    >>> from types import SimpleNamespace as Chart
    >>> result_of(Chart(loss=[2.5, 2.3], right=[0.1], diverged=0))
    'loss 2.4, 10 % of the held-out digits right'
    >>> result_of(Chart(loss=[1e9], right=[0.1], diverged=1))
    'loss above 10⁸, 10 % of the held-out digits right, diverged in step 1'
    """
    mean = np.mean(chart.loss[-20:]) if chart.loss else 0.0
    loss = f"loss {number(mean, 3) if mean <= 1e8 else 'above 10⁸'}, " if chart.loss else ""
    end = f", diverged in step {chart.diverged}" if chart.diverged else ""
    return f"{loss}{percent(chart.right[-1])} of the held-out digits right{end}"


class Ward(Page):
    """A patient in training, as it is and with one knob turned, beside a healthy one; and what is asked of it.

    result: (letter, knob, seed, sick, turned): two Charts, which may still grow; turned is None if no knob is.
    """

    alt = (
        "Left: above, the loss of every mini-batch on a logarithmic axis with a line at ln 10; below, the share of "
        "held-out digits that are right, against the steps: for the patient, for the same training with one knob "
        "turned, and for a healthy one. Right: the evidence that is asked for."
    )
    claims = (*COUNTED, experiments.answers_that_change, experiments.classes_in_batches, result_of)
    own_controls = ("evidence",)
    LOOKS = {"healthy": HEALTHY, "patient": SICK, "with the knob turned": TURNED}

    def __init__(self):
        super().__init__("loss evidence / right evidence", widths=[1, 1], heights=[5, 4], size=(9.6, 4.9), top=0.28)
        across, curves = dict(xlim=(0, STEPS)), dict(legend=None, heads=False)
        words = dict(title="loss of each batch (line: ln 10)", log="y", ylim=(1e-3, 100), levels={"": np.log(10)})
        self.loss = Curves(self, "loss", **words, **across, **curves)
        self.right = Curves(
            self, "right", title="held out: share right", x="steps t", ylim=(0, 1.02), **across, **curves
        )
        self.asked, self.kinds, steps = next(iter(EVIDENCE)), {}, dict(x="steps t", title=" ")
        shown = dict(self.panels)
        for kind, make in {
            "log": lambda on: Curves(self, on, log="y", ylim=(1e-6, 1e8), legend="lower left", **steps),
            "alone": lambda on: Curves(self, on, log="y", ylim=(1e-3, 100), legend=None, **steps),
            "share": lambda on: Curves(self, on, ylim=(0, 1.02), legend="center right", **steps),
            "count": lambda on: Curves(self, on, ylim=(0, 10.5), legend=None, **steps),
            "bars": lambda on: Bars(self, on, title=" ", room=dict(bottom=0.6)),
            "answers": lambda on: Bars(self, on, title=" ", values=False, room=dict(bottom=0.6)),
            "shares": lambda on: Bars(self, on, title=" ", ylim=(0, 1.1), room=dict(bottom=0.6)),
            "histogram": lambda on: Histogram(self, on, edges=np.linspace(-10, 10, 81), title=" ", x="z"),
            "pictures": lambda on: Pictures(self, on, title=" "),
        }.items():
            self.kinds[kind] = make("evidence")
        self.panels = shown
        self.name(self.LOOKS)

    def adjust(self, evidence):
        """Which evidence is asked for."""
        self.asked = evidence

    def show(self, result):
        self.letter, self.knob, self.seed, self.sick, self.turned = result
        healthy = experiments.healthy(self.seed, self.sick.t[-1])  # as far as the patient is
        charts = {"healthy": healthy, "patient": self.sick}
        if self.turned:
            charts["with the knob turned"] = self.turned
        losses = {name: (np.arange(1, len(chart.loss) + 1), np.array(chart.loss)) for name, chart in charts.items()}
        self.loss.show(losses, looks=self.LOOKS)
        rights = {name: (np.array(chart.t), np.array(chart.right)) for name, chart in charts.items()}
        self.right.show(rights, looks=self.LOOKS)

    def at(self, t):
        chart, asked = self.turned or self.sick, EVIDENCE[self.asked]
        for kind, panel in self.kinds.items():
            panel.axes.set_visible(kind == asked.panel)
        panel = self.kinds[asked.panel]
        self.panels = {"loss": self.loss, "right": self.right, "evidence": panel}
        what, how = asked.shown(chart)
        panel.show(*what, **how)
        panel.axes.set_title(asked.title, fontsize=10.5, loc="left", y=1.0)
        self.caption = (
            f"Patient {self.letter} after {self.sick.t[-1]} steps, seed {self.seed}: {result_of(self.sick)}. "
            + (f"With the knob “{self.knob}”: {result_of(self.turned)}. " if self.turned else "No knob is turned. ")
            + f"Evidence{' with it' * bool(self.turned)}, {self.asked}: {asked.words(chart)}."
        )
        return self.moved()


def found(x, right, knob):
    """How many values of a knob some trials tried, and what the best of them got; x: (k, 3), right: (k,).

    >>> found(np.array([[1.0, 0.1, 1.0], [3.0, 0.1, 1.0]]), np.array([0.9, 0.5]), "λ")
    'they try 1 value of λ; the best gets 90.0 % right'
    """
    values = len(np.unique(np.log(x[:, list(experiments.SPACE).index(knob)]).round(9)))
    return f"they try {values} value{'s' * (values > 1)} of {knob}; the best gets {100 * right.max():.1f} % right"


class Search(Page):
    """Trials of a search against one of its knobs; and the best of k trials, drawn at random or on a grid.

    result: (way, k, knob, settings (k, 3), right (k,), rows): rows of `best_by_trials`.
    """

    alt = (
        "Left: the share of right answers of every trial against one knob: on a grid they stand in a few columns, "
        "drawn at random they fill the axis. Right: the errors of the best of k trials against k: the mean and a band "
        "for random trials, and marks for grids, which lie above the line."
    )
    claims = (found,)

    def __init__(self):
        super().__init__("trials best", size=(9.6, 4.1), top=0.28)
        self.trials = Points(self, "trials", log="x", ylim=(0, 1.02), y="share right", legend=None, title=" ")
        self.best = Curves(
            self, "best", log="xy", xlim=(1, 100), ylim=(0.01, 1.0), x="trials k", title="share wrong, best of k",
            legend=None,
        )  # fmt: skip
        self.looks = {"all random trials": HEALTHY._replace(marker="o"), "random": look("", 0), "grid": look("", 1)}
        self.name(self.looks)

    def show(self, result):
        self.way, self.k, self.knob, self.x, self.right, self.rows = result
        column = list(experiments.SPACE).index(self.knob)
        u, every, _ = experiments.random_trials()
        groups = {
            "all random trials": (experiments.settings(u)[:, column], every),
            self.way: (self.x[:, column], self.right),
        }
        self.trials.scale("x", "log", experiments.SPACE[self.knob])
        self.trials.show(groups, looks=self.looks, sizes=4)
        self.trials.axes.set_title(f"{self.k} trials, against {self.knob}", fontsize=10.5, loc="left", y=1.0)
        k, mean, low, high, grids = self.rows
        side, *of_grid = np.array(grids).T
        lines = {"random": (k, 1 - mean), "grid": (side, 1 - of_grid[0])}
        bands = {"random": (k, 1 - high, 1 - low), "grid": (side, 1 - of_grid[2], 1 - of_grid[1])}
        self.best.show(lines, bands=bands, looks=self.looks, dots={self.way: (self.k, 1 - self.right.max())})

    def at(self, t):
        k, mean, *_, grids = self.rows
        of_grid = {int(row[0]): row[1] for row in grids}
        self.caption = (
            f"{self.k} trials, {self.way}: {found(self.x, self.right, self.knob)}. On average the best of {self.k} "
            f"gets {100 * mean[self.k - 1]:.1f} % if drawn at random, {100 * of_grid[self.k]:.1f} % on a grid."
        )
        return self.moved()


def said(right):
    """Mean and standard deviation of shares in words.

    >>> said(np.array([0.97, 0.99])), said(np.array([0.97, 0.97]))
    ('98.0 ± 1.4 %', '97.0 ± 0 %')
    """
    return f"{100 * right.mean():.1f} ± {f'{100 * right.std(ddof=1):.1f}' if np.ptp(right) else 0} %"


def verdict(mine, other):
    """Whether two sets of runs can be told apart: their means differ by more than two standard errors.

    >>> verdict(np.array([0.97, 0.99]), np.array([0.96, 0.98]))
    'Five seeds do not tell the two apart.'
    """
    error = np.sqrt(mine.var(ddof=1) / len(mine) + other.var(ddof=1) / len(other))
    gap = mine.mean() - other.mean()
    if abs(gap) <= 2 * error:
        return "Five seeds do not tell the two apart."
    return f"{'Momentum' if gap > 0 else 'Adam'} is ahead by more than two standard errors."


class Beat(Page):
    """Momentum with a schedule, five seeds, against Adam: held-out loss as it trains, and the share right at the end.

    result: (lr, mu, plan, losses, right, diverged): losses (looks, seeds) so far, right (seeds,), how many diverged.
    """

    alt = (
        "Left: the held-out loss of momentum, the mean of five seeds, against the steps, beside Adam with its default "
        "rate and with a tuned one. Right: bars of the share of held-out digits that are wrong, with the range of the "
        "seeds."
    )
    claims = (verdict,)

    def __init__(self):
        super().__init__("loss right", widths=[5, 4], size=(9.6, 4.0), top=0.28)
        self.loss = Curves(
            self, "loss", log="y", xlim=(0, experiments.UPDATES), ylim=(0.01, 100), x="steps t", title="held-out loss",
            legend=None, heads=False,
        )  # fmt: skip
        wrong = dict(title="share wrong, and its range (to 0.2)", xlim=(0, 0.2), room=dict(left=1.25, right=0.25))
        self.wrong = Bars(self, "right", across=True, values=False, **wrong)
        looks = look("Adam")._replace(dash=DOTTED), look("Adam")
        names = {f"Adam, η = {number(lr)}": one for lr, one in zip(ADAMS, looks, strict=True)}
        self.looks = names | {"momentum": look("momentum")}
        self.name(self.looks)

    def show(self, result):
        self.lr, self.mu, self.plan, losses, self.mine, self.gone = result
        known = [experiments.baseline(lr) for lr in ADAMS]
        every = dict(zip(self.looks, [*(k[0] for k in known), losses], strict=True))
        ends = dict(zip(self.looks, [*(k[1] for k in known), self.mine], strict=True))
        self.step, self.adam = 20 * (len(losses) - 1), ends[list(self.looks)[1]]
        self.loss.show({n: (20 * np.arange(len(v)), v.mean(1)) for n, v in every.items()}, looks=self.looks)
        wrong = {n: 1 - v for n, v in ends.items()}
        ranges = {n: (v.min(), min(v.max(), 0.2)) for n, v in wrong.items() if v.min() < 0.2}
        self.wrong.show({n: v.mean() for n, v in wrong.items()}, looks=self.looks, errors=ranges)

    def at(self, t):
        self.caption = (
            f"Momentum, η = {number(self.lr)}, μ = {number(self.mu)}, {self.plan}, after {self.step} steps: "
            f"{said(self.mine)} of the held-out digits right (mean ± standard deviation of five seeds); Adam with "
            f"η = {number(ADAMS[1])}, at the end: {said(self.adam)}. "
            + (verdict(self.mine, self.adam) if self.step == experiments.UPDATES else "It is still training.")
            + (f" Diverged: {self.gone} of 5." if self.gone else "")
        )
        return self.moved()


ADAMS = (0.001, 0.03)  # the default of libraries; the best of those tried in the notebook


class BestOf(Page):
    """The expected best of k trials: ours, a student's, and a count over many draws.

    result: (n, curves): {name: (n,)} over k = 1 … n.
    """

    alt = "The expected best of k trials against k: ours and yours, beside the mean over many random draws."
    allows = {"no claims": "the height of each curve in its middle, and what is wrong with a student's function"}

    def __init__(self):
        super().__init__("best", size=(9.6, 3.6))
        self.looks = {"ours": Look(INK), "drawn": Look(GREY, DOTTED)}
        self.best = Curves(self, "best", x="trials k", y="best of k", ylim=(0, 1.2), legend="lower right", heads=False)

    def show(self, result):
        self.n, self.seed, self.curves, self.trouble = result
        k = np.arange(1, self.n + 1)
        self.best.show(
            {n: (k, v) for n, v in self.curves.items()}, looks={"ours": Look(INK), "drawn": Look(GREY, DOTTED)}
        )

    def at(self, t):
        half = self.n // 2
        words = "; ".join(f"{name} {v[half - 1]:.3f}" for name, v in self.curves.items() if np.isfinite(v[half - 1]))
        self.caption = f"{self.n} scores, seed {self.seed}. Best of {half}: {words}. {self.trouble}".rstrip()
        return self.moved()
