"""The scene of the batch slider: a network in training, against updates, epochs or seconds, beside earlier runs.

for run in timed_training(net, data, gd, batch=32, lr=0.1, epochs=500, seconds=2):       # one Run, which grows
    print(run.updates[-1], run.seconds[-1], run.loss[-1])
picture = still(TrainingRuns(), run)
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np

from .. import refuse
from ..data import Data
from ..training import training
from .board import many, number
from .panels import HUGE, Curves, Page
from .styles import RUNS

MOST = 4  # runs on one page
PIECE = 0.015  # seconds from one look to the next, at most, if an update does not take longer
QUICKEST = 2e-5  # seconds for an update, on a fast machine: where the axis of updates ends
FIRST = 5e-5  # and where the axis of seconds begins
ACCURACIES = [0, 50, 80, 90, 95, 98, 99]  # per cent


@dataclass(eq=False)
class Run:
    """One training, with an entry for each look at it.

    updates: how many steps were taken; seconds: of computing, without the looks; loss: on all examples to train on;
    accuracy: on the held-out ones. budget: {"epochs": …, "seconds": …}; ended: which of them is used up, or "diverged",
    or "" while it goes on; diverged: at which update.
    """

    batch: int
    lr: float
    seed: int
    examples: int
    budget: dict
    updates: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    diverged: int = 0
    ended: str = ""

    @property
    def epochs(self):
        """How many passes through the examples the updates are."""
        return [t / math.ceil(self.examples / self.batch) for t in self.updates]

    @property
    def used(self):
        """The part of the budget that is used up."""
        return max(getattr(self, name)[-1] / most for name, most in self.budget.items())


def timed_training(net, data, step, *, batch, lr, seed=0, epochs=500, seconds=2.0, **more):
    """`training` with a stopwatch: a generator that gives the same Run again and again, as it grows.

    net, data, step, batch, lr, seed, more: as in `training`. It ends after so many epochs, or once its updates have
    taken so many seconds, or when it diverges. The looks come after 0, 1, 2, … updates, later at longer distances; the
    watch stands still while they measure the losses and while they are drawn.

    >>> from optim_core.data import digits; from optim_core.losses import cross_entropy
    >>> from optim_core.network import Linear, Network; from optim_core.optimizers import gd
    >>> net = Network([Linear(64, 10)], cross_entropy)
    >>> for run in timed_training(net, digits(), gd, batch=500, lr=0.5, epochs=2): pass
    >>> run.updates, [round(epoch, 2) for epoch in run.epochs], run.ended
    ([0, 1, 2, 3, 4, 5, 6], [0.0, 0.33, 0.67, 1.0, 1.33, 1.67, 2.0], 'epochs')
    """
    budget = dict(epochs=_positive("epochs", epochs), seconds=_positive("seconds", seconds))
    if len(data.X_test) == 0:
        refuse.refuse("data", "without a test part", "one with examples to hold out")
    run = Run(refuse.whole("batch", batch, 1), refuse.number("lr", lr), seed, len(data.X), budget)
    train_on, how = Data(data.X, data.y), dict(batch=run.batch, lr=run.lr, seed=seed) | more
    last = math.ceil(budget["epochs"] * math.ceil(run.examples / run.batch))
    (now,) = training(net, train_on, step, steps=0, **how)
    spent = 0.0
    while True:
        mode = dict(train=False, running=now["running"])
        run.updates.append(now["t"])
        run.seconds.append(spent)
        run.loss.append(float(net.loss(now["w"], data.X, data.y, **mode)))
        run.accuracy.append(float(net.accuracy(now["w"], data.X_test, data.y_test, **mode)))
        run.diverged = int(now["diverged"])
        used_up = [name for name in budget if getattr(run, name)[-1] >= budget[name]]
        run.ended = "diverged" if run.diverged else (used_up or [""])[0]
        yield run
        if run.ended:
            return
        in_time = max(1, int(PIECE * now["t"] / spent)) if spent else 1
        k = min(1 + now["t"] // 12, 200, in_time, last - now["t"])
        looks = training(net, train_on, step, steps=now["t"] + k, every=k, resume=now, **how)
        next(looks)  # where it stood
        begun = time.perf_counter()
        now = next(looks)
        spent += time.perf_counter() - begun


def _positive(name, value):
    return refuse.number(name, value, "a number > 0", lambda v: v > 0)


def first_at(losses, target):
    """The first look at which a loss is at most the target; None if there is none.

    >>> first_at([2.3, 0.2, 0.09, 0.12], 0.1), first_at([2.3, float("nan")], 0.1)
    (2, None)
    """
    return next((k for k, loss in enumerate(losses) if loss <= target), None)


def _label(run, say_seed, lr=True):
    """A run's name: batch size, learning rate, and the seed where runs differ in it."""
    parts = [f"B = {run.batch}", f"η = {number(run.lr)}" * lr, f"seed {run.seed}" * say_seed]
    return ", ".join(part for part in parts if part)


def _value(loss):
    """A loss in words."""
    return number(loss, 2) if math.isfinite(loss) else "beyond all numbers"


def climbed(run):
    """Whether a training stands higher than it began; a loss beyond all numbers does.

    >>> run = Run(32, 0.1, 0, 1200, {})
    >>> run.loss = [2.3, 0.2]; climbed(run)
    False
    >>> run.loss = [2.3, float("nan")]; climbed(run)
    True
    """
    return not run.loss[-1] <= run.loss[0]


def why_ended(run):
    """Which budget of a training is used up, in a sentence; "" while it goes on, and where it diverged.

    >>> why_ended(Run(32, 0.1, 0, 1200, dict(epochs=1, seconds=2.0), ended="epochs"))
    'It ended because its 1 epoch was used up.'
    """
    if run.ended not in run.budget:
        return ""
    most = run.budget[run.ended]
    return f"It ended because its {many(most, run.ended[:-1])} {'was' if most == 1 else 'were'} used up."


def common(runs, against):
    """The last place on an axis that all of these runs have come to, and the number of the look of each by then.

    >>> common([Run(32, 0.1, 0, 1200, {}, updates=[0, 1, 5]), Run(8, 0.1, 0, 1200, {}, updates=[0, 2, 4])], "updates")
    (4, [1, 2])
    """
    place = min(getattr(run, against)[-1] for run in runs)
    return place, [int(np.searchsorted(getattr(run, against), place, side="right")) - 1 for run in runs]


class TrainingRuns(Page):
    """The loss of a training and its held-out accuracy, as it goes on, beside up to three runs before it.

    result: a Run of `timed_training`. The control `against` says what stands on the horizontal axis: "updates",
    "epochs" or "seconds"; it only draws anew. A run that was broken off before a fifth of its budget is not kept.
    target: a loss that is marked; the caption says where on that axis each run is first seen there.
    """

    alt = (
        "Left: the training loss, right: the accuracy on held-out examples, both on logarithmic axes against updates, "
        "epochs or seconds of computing. A strong line is the training that runs, faint lines are earlier ones; each "
        "has its own colour and dash, and a marker where it stands, named with its batch size B and learning rate η."
    )
    claims = (first_at, climbed, why_ended, common)
    own_controls = ("against",)
    labels = {
        "updates": "updates",
        "epochs": "epochs: passes through the examples",
        "seconds": "seconds of computing, on this machine",
    }

    def __init__(self, target=None):
        super().__init__("losses rights", size=(9.6, 4.0))
        self.target = target
        words = dict(log="xy", x="updates", points=False)  # whatever it is, there is room for it
        self.losses = Curves(self, "losses", title="training loss", ylim=(1e-4, 30), legend="lower left", **words)
        words |= dict(title="held-out accuracy (log scale of the errors)", ylim=(1, 0.008), legend=None)
        self.rights = Curves(self, "rights", **words)
        self.rights.axes.set_yticks([1 - a / 100 for a in ACCURACIES], [f"{a} %" for a in ACCURACIES])
        self.rights.axes.minorticks_off()
        self.against = "updates"
        self.forget()

    def forget(self):
        """No earlier runs."""
        self.run, self.earlier, self.places = None, [], {}

    def adjust(self, against):
        """What stands on the horizontal axis."""
        self.against = against

    def show(self, run):
        if run is not self.run:
            self._begin(run)

    def _begin(self, run):
        """The run before this one stays if it has come far enough; each keeps its place, and with it its look."""
        if self.run and (self.run.ended or self.run.used >= 0.2):
            self.earlier.append(self.run)
        same = [(r.batch, r.lr, r.seed) == (run.batch, run.lr, run.seed) for r in self.earlier]
        self.earlier = [r for r, again in zip(self.earlier, same, strict=True) if not again][1 - MOST :]
        self.places = {id(r): self.places[id(r)] for r in self.earlier}
        free = [place for place in range(MOST) if place not in self.places.values()]
        self.run, self.places[id(run)] = run, free[0]

    def at(self, t):
        runs = [self.run, *reversed(self.earlier)]
        seeds = len({run.seed for run in runs}) > 1
        named = {_label(run, seeds): run for run in runs}
        looks = {name: RUNS[self.places[id(run)]] for name, run in named.items()}
        limits, faint = self._limits(), [*named][1:]
        for panel in (self.losses, self.rights):
            panel.scale("x", "log", limits)
            panel.axes.set_xlabel(self.labels[self.against], fontsize=10)
            lines = {name: self._track(run, panel is self.losses) for name, run in named.items()}
            low, high = sorted(panel.axes.get_ylim())
            ends = {name: (x[-1], np.clip(y[-1], low, high)) for name, (x, y) in lines.items() if len(x)}
            levels = {"loss at the start": self.run.loss[0]} | (
                {number(self.target): self.target} if self.target else {}
            )
            levels = levels if panel is self.losses else {}
            panel.show(lines, looks=looks, dots=ends, levels=levels, faint=faint)
        self.caption = " ".join(self._said())
        return self.moved()

    def beside(self, t):
        if self.run.diverged:
            left, x = math.sqrt(np.prod(self._limits())), getattr(self.run, self.against)[-1]
            place = dict(
                ha="left" if x < left else "right", va="top", bbox=dict(facecolor="white", edgecolor="#d1d5db")
            )
            self.losses.word("note", x, 20, f" diverged at update {number(self.run.diverged)} ", **place)

    def _limits(self):
        """Fixed for a budget, so that all runs are drawn on the same axes."""
        epochs, seconds, n = self.run.budget["epochs"], self.run.budget["seconds"], self.run.examples
        last = dict(updates=min(epochs * n, seconds / QUICKEST), epochs=epochs, seconds=seconds)[self.against]
        return dict(updates=1, epochs=1 / n, seconds=FIRST)[self.against] / 1.25, last * 1.25

    def _track(self, run, losses):
        """What is drawn of a run: on a logarithmic axis there is no 0, so its line begins after the first update."""
        y = np.nan_to_num(run.loss, nan=HUGE, posinf=HUGE) if losses else 1 - np.array(run.accuracy)
        return np.array(getattr(run, self.against))[1:], np.clip(y, 1e-12, 1e12)[1:]

    def _said(self):
        """The caption, sentence by sentence."""
        run = self.run
        t, epochs, seconds = run.updates[-1], run.epochs[-1], run.seconds[-1]
        yield (
            f"{_label(run, False)}: after {many(t, 'update')} ({many(epochs, 'epoch')}, {number(seconds, 2)} s of "
            f"computing) the training loss is {_value(run.loss[-1])} ({_value(run.loss[0])} at the start), and "
            f"{100 * run.accuracy[-1]:.1f} % of the held-out examples are right."
        )
        if run.diverged:
            yield f"It diverged at update {number(run.diverged)}, and ended there."
        elif climbed(run):
            yield "The loss is higher than at the start."
        if why := why_ended(run):
            yield why
        if run.ended:
            yield from self._arrivals() if self.target else self._compare()

    def _arrivals(self):
        """Where on the axis each run is first seen at the target."""
        runs, parts = [self.run, *reversed(self.earlier)], []
        differ = {name: len({getattr(run, name) for run in runs}) > 1 for name in ("lr", "seed")}
        for run in runs:
            k = first_at(run.loss, self.target)
            place = "not" if k is None else f"after {self._amount(getattr(run, self.against)[k])}"
            parts.append(f"{place} with {_label(run, differ['seed'], differ['lr'])}")
        yield f"First seen at a loss of {number(self.target)}: {'; '.join(parts)}."

    def _amount(self, place):
        return f"{number(place, 2)} s of computing" if self.against == "seconds" else many(place, self.against[:-1])

    def _compare(self):
        """All runs that did not diverge, at the last place on the axis that each of them has reached."""
        runs = [run for run in (self.run, *reversed(self.earlier)) if not run.diverged]
        if len(runs) < 2:
            return
        place, looks = common(runs, self.against)
        differ = {name: len({getattr(run, name) for run in runs}) > 1 for name in ("lr", "seed")}
        parts = [
            f"{_value(run.loss[look])} with {_label(run, differ['seed'], differ['lr'])}"
            for run, look in zip(runs, looks, strict=True)
        ]
        yield f"At {self._amount(place)}, as far as all of these have come, the loss was {'; '.join(parts)}."
