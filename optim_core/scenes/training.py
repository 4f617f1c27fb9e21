"""The scene of the batch slider: a network in training, against updates, epochs or seconds, beside earlier runs.

for run in timed_training(net, data, gd, batch=32, lr=0.1, epochs=500, seconds=2):       # one Run, which grows
    print(run.updates[-1], run.seconds[-1], run.loss[-1])
picture = still(TrainingRuns(), run)
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import ThreadpoolController

from .. import refuse
from ..data import Data
from ..training import training
from .board import GREY, INK, STYLES, Scene, number

# On matrices so small a second thread is no gain; where other programs run, the two wait for each other.
BLAS = ThreadpoolController()
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
        with BLAS.limit(limits=1):
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
        with BLAS.limit(limits=1):
            begun = time.perf_counter()
            now = next(looks)
            spent += time.perf_counter() - begun


def _positive(name, value):
    return refuse.number(name, value, "a number > 0", lambda v: v > 0)


class TrainingRuns(Scene):
    """The loss of a training and its held-out accuracy, as it goes on, beside up to three runs before it.

    result: a Run of `timed_training`. The control `against` says what stands on the horizontal axis: "updates",
    "epochs" or "seconds"; it only draws anew. A run that was broken off before a fifth of its budget is not kept.
    """

    alt = (
        "Left: the training loss, right: the accuracy on held-out examples, both on logarithmic axes against updates, "
        "epochs or seconds of computing. A strong line is the training that runs, faint lines are earlier ones; each "
        "has its own colour, dash and marker, named with its batch size B and learning rate η at the lower left."
    )
    own_controls = ("against",)
    labels = {
        "updates": "updates",
        "epochs": "epochs: passes through the examples",
        "seconds": "seconds of computing, on this machine",
    }

    def __init__(self):
        super().__init__((9.6, 4.0))
        self.losses = self.figure.add_axes([0.065, 0.13, 0.44, 0.79], xscale="log", yscale="log", ylim=(1e-4, 30))
        self.rights = self.figure.add_axes([0.575, 0.13, 0.415, 0.79], xscale="log", yscale="log", ylim=(1, 0.008))
        self.rights.set_yticks([1 - a / 100 for a in ACCURACIES], [f"{a} %" for a in ACCURACIES])
        self.rights.minorticks_off()
        for axes, title in (
            (self.losses, "training loss"),
            (self.rights, "held-out accuracy (log scale of the errors)"),
        ):
            axes.set_title(title, fontsize=11, loc="left")
            axes.grid(alpha=0.25)
        self.level = self.mover(self.losses.axhline(1, color=GREY, lw=1, ls=":"))
        self.level_name = self.mover(
            self.losses.text(0.99, 1, "loss at the start", color=GREY, fontsize=9, ha="right", va="bottom",
                             transform=self.losses.get_yaxis_transform())
        )  # fmt: skip
        self.slots = [self._slot(i, *style) for i, style in enumerate(STYLES)]
        self.note = self.text(self.losses, va="top", zorder=9)
        self.against = "updates"
        self.forget()

    def _slot(self, i, color, dash, marker):
        """The artists of one run: its two lines, where they end, and its line in the legend."""
        style = dict(color=color, ls=dash, marker=marker, mec="white", mew=0.5)
        ends = dict(color=color, marker=marker, mec="white", ms=9, zorder=7)
        sample = self.line(self.losses, **style, ms=6, transform=self.losses.transAxes, zorder=8)
        name = self.mover(self.losses.text(0, 0, "", fontsize=9.5, va="center", color=INK, zorder=8))
        name.set_transform(self.losses.transAxes)
        return dict(
            lines=[self.line(axes, **style) for axes in (self.losses, self.rights)],
            ends=[self.line(axes, **ends) for axes in (self.losses, self.rights)],
            legend=[sample, name],
        )

    def forget(self):
        """No earlier runs."""
        self.run, self.earlier, self.places, self.frame = None, [], {}, None

    def adjust(self, against):
        """What stands on the horizontal axis."""
        self.against = against
        if self.run:
            self._set_axes()

    def show(self, run):
        if run is not self.run:
            self._begin(run)
        self._set_axes()

    def _begin(self, run):
        """The run before this one stays if it has come far enough; each keeps its place, and with it its colour."""
        if self.run and (self.run.ended or self.run.used >= 0.2):
            self.earlier.append(self.run)
        same = [(r.batch, r.lr, r.seed) == (run.batch, run.lr, run.seed) for r in self.earlier]
        self.earlier = [r for r, again in zip(self.earlier, same, strict=True) if not again][1 - len(self.slots) :]
        self.places = {id(r): self.places[id(r)] for r in self.earlier}
        free = [place for place in range(len(self.slots)) if place not in self.places.values()]
        self.run, self.places[id(run)] = run, free[0]

    def _set_axes(self):
        """Fixed for a budget, so that all runs are drawn on the same axes."""
        epochs, seconds, n = *(self.run.budget[name] for name in ("epochs", "seconds")), self.run.examples
        first, last = {
            "updates": (1, min(epochs * n, seconds / QUICKEST)),
            "epochs": (1 / n, epochs),
            "seconds": (FIRST, seconds),
        }[self.against]
        frame = (self.against, first / 1.25, last * 1.25)
        if frame != self.frame:
            self.frame = frame
            for axes in (self.losses, self.rights):
                axes.set(xlim=frame[1:], xlabel=self.labels[self.against])

    def at(self, t):
        for artist in self.moving:
            artist.set_visible(False)
        runs = [*self.earlier, self.run]
        for row, run in enumerate(reversed(runs)):
            self._place(run, row, len({r.seed for r in runs}) > 1)
        start = self.run.loss[0]
        self.level.set_ydata([start, start])
        self.level_name.set_y(start * 1.05)
        for artist in (self.level, self.level_name):
            artist.set_visible(True)
        self._say()
        return [artist for artist in self.moving if artist.get_visible()]

    def _place(self, run, row, say_seed):
        """A run's lines; the newest is drawn strongly, and its line of the legend is the first."""
        slot, x, new = self.slots[self.places[id(run)]], np.array(getattr(run, self.against)), run is self.run
        tracks = (
            np.nan_to_num(run.loss, nan=1e12, posinf=1e12).clip(1e-12, 1e12),
            np.maximum(1 - np.array(run.accuracy), 1e-12),
        )
        # On a logarithmic axis there is no 0, where each run begins: its lines begin after the first update.
        marks = np.unique(np.searchsorted(run.updates[1:], 10 ** np.arange(0, 6, 0.5)))
        marks = marks[marks < len(x) - 1].tolist()
        for line, end, y, axes in zip(slot["lines"], slot["ends"], tracks, (self.losses, self.rights), strict=True):
            line.set_data(x[1:], y[1:])
            line.set(lw=2.2 if new else 1.3, alpha=None if new else 0.55, ms=6 if new else 4.5, markevery=marks)
            line.set(visible=True, zorder=6 if new else 4)
            low, high = sorted(axes.get_ylim())
            end.set_data(x[-1:], y[-1:].clip(low, high))
            end.set(visible=new and len(x) > 1, clip_on=False)
        sample, name = slot["legend"]
        height = 0.06 + 0.07 * (len(self.earlier) - row)
        sample.set_data([0.02, 0.065, 0.11], [height] * 3)
        sample.set(lw=2.2 if new else 1.3, alpha=None if new else 0.7, markevery=[1], visible=True)
        name.set(position=(0.13, height), text=_label(run, say_seed), visible=True, fontweight="bold" if new else None)
        if new and run.diverged:
            left = x[-1] < math.sqrt(self.frame[1] * self.frame[2])
            self.note.set(position=(x[-1], self.losses.get_ylim()[1] / 1.6), ha="left" if left else "right")
            self.note.set(text=f"diverged at update {number(run.diverged)}", visible=True)

    def _say(self):
        run = self.run
        t, epochs, seconds = run.updates[-1], run.epochs[-1], run.seconds[-1]
        made = f"{number(t)} update{'s' * (t != 1)}, which are {number(epochs)} epochs and took {number(seconds, 2)} s"
        right = f"{100 * run.accuracy[-1]:.1f} % of the held-out examples are right"
        words = [
            f"{_label(run, False)}: after {made} of computing, the training loss is {_value(run.loss[-1])} "
            f"({_value(run.loss[0])} at the start), and {right}."
        ]
        if run.diverged:
            words.append(f"It diverged at update {number(run.diverged)}, and ended there.")
        elif not run.loss[-1] <= run.loss[0]:
            words.append("The loss is higher than at the start.")
        if run.ended in run.budget:
            unit = "epochs" if run.ended == "epochs" else "s of computing"
            words.append(f"It ended because its {number(run.budget[run.ended])} {unit} were used up.")
        if run.ended:
            words += self._compare()
        self.caption = " ".join(words)

    def _compare(self):
        """All runs that did not diverge, at the last place on the axis that each of them has reached."""
        runs = [run for run in (self.run, *reversed(self.earlier)) if not run.diverged]
        if len(runs) < 2:
            return []
        place = min(getattr(run, self.against)[-1] for run in runs)
        differ = {name: len({getattr(run, name) for run in runs}) > 1 for name in ("lr", "seed")}
        parts = []
        for run in runs:
            here = np.searchsorted(getattr(run, self.against), place, side="right") - 1
            parts.append(f"{_value(run.loss[here])} with {_label(run, differ['seed'], differ['lr'])}")
        unit = "s of computing" if self.against == "seconds" else self.against
        return [f"At {number(place)} {unit}, as far as all of these have come, the loss was {'; '.join(parts)}."]


def _label(run, say_seed, lr=True):
    """A run's name: batch size, learning rate, and the seed where runs differ in it."""
    parts = [f"B = {run.batch}", f"η = {number(run.lr)}" * lr, f"seed {run.seed}" * say_seed]
    return ", ".join(part for part in parts if part)


def _value(loss):
    """A loss in words."""
    return number(loss, 2) if math.isfinite(loss) else "beyond all numbers"
