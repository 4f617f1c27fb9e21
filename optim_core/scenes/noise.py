"""Runs on a parabola with a noisy gradient, and the floor at which they end."""

import numpy as np

from .board import brief, many, number
from .panels import Curves, Page
from .styles import look

ONE, ALL, THEORY = look("gradient descent"), look("noise")._replace(dash="-", marker="s"), look("theory")


def late(x):
    """The last quarter of the steps of runs (T + 1, …), the last step among them."""
    return x[-(len(x) // 4) :]


def floor(eta, lam, B):
    """The variance at which gradient descent on ½ λ x² ends when its gradient has the variance 1/B.

        V = (1 − ηλ)² V + η²/B   ⇒   V = η / (B λ (2 − ηλ))        for 0 < ηλ < 2

    >>> floor(np.array([0.1, 1.0, 1.5]), 1.0, 1).round(4)
    array([0.0526, 1.    , 3.    ])
    """
    return eta / (B * lam * (2 - eta * lam))


def no_floor(eta, lam):
    """Whether the noise adds up for ever: from ηλ = 2 on a step keeps all of it, or more.

    >>> no_floor(1.9, 1.0), no_floor(2.0, 1.0)
    (False, True)
    """
    return not eta * lam < 2 - 1e-9


def left(eta, lam, steps):
    """The part of the start's square that is left without noise, in the mean over the last quarter of so many steps.

    >>> left(1.0, 1.0, 400), round(float(left(0.02, 0.2, 400)), 3)
    (np.float64(0.0), 0.062)
    """
    return ((1 - eta * lam) ** (2 * late(np.arange(steps + 1)))).mean()


def state(eta, lam, B, steps, start=3.0):
    """What the mean of x² over the last quarter of so many steps is made of, for runs from `start`.

    In E x² = V + (start² − V)(1 − ηλ)²ᵗ the start's part is start²(1 − ηλ)²ᵗ, and all the rest is noise. "forgotten":
    the start's part, and what the noise lacks of V, are 5 % of V at most; "together": the start's is the larger part;
    "adding up": the noise lacks more, and V lies above the start; "noisy": the noise's is the larger part, and some of
    the start is left; "no floor": see `no_floor`.

    >>> state(0.2, 1.0, 1, 400), state(0.02, 0.2, 256, 400), state(0.02, 0.6, 1, 400)
    ('forgotten', 'together', 'noisy')
    >>> state(2.22, 0.9, 1, 400), state(2.0, 1.0, 1, 400)
    ('adding up', 'no floor')
    """
    if no_floor(eta, lam):
        return "no floor"
    V, part = floor(eta, lam, B), left(eta, lam, steps)
    if part * max(1, start**2 / V) <= 0.05:
        return "forgotten"
    if part * start**2 > (1 - part) * V:
        return "together"
    return "adding up" if part > 0.05 and V > start**2 else "noisy"


def ended(eta, lam, B, steps, end, spread):
    """Where runs from x = 3 are in the end: the mean of x², measured and by theory, and why they differ if they do.

    >>> ended(0.2, 1.0, 4, 400, 0.027, 0.027).split("floor ")[1]
    '0.0278. The start is forgotten; the noise of 4 examples is what is left.'
    """
    kept, now = abs(1 - eta * lam), state(eta, lam, B, steps)
    if now == "no floor":
        part = "all of" if kept < 1 + 1e-9 else f"{number(kept, 3 if kept >= 1.005 else 4)} times"
        text = f"from ηλ = 2 on there is no floor. A step leaves {part} what was there, so no noise is lost, and adds"
        return text + " its own."
    text = f"over the last quarter the mean of x² is {brief(end)}, theory's floor {brief(floor(eta, lam, B))}. "
    if now == "forgotten":
        return text + f"The start is forgotten; the noise of {many(B, 'example')} is what is left."
    text += f"A step leaves {number(kept)} of what was there"
    if now == "adding up":
        return text + ": the noise has not yet added up to its floor."
    text += ", and the start is not forgotten yet: "
    if now == "noisy" or end <= 2 * spread:  # where both are nearly equal, chance may tip the balance
        return text + f"the variance of the runs is {brief(spread)}, the rest is what is left of the start."
    return text + f"that is the larger part, and the variance of the runs is {brief(spread)}."


class NoiseFloor(Page):
    """Many runs on a parabola with a noisy gradient: one of them, where all are now, and how far out they end up.

    result: (eta, lam, B, x): learning rate, curvature, batch size; x, shape (T + 1, runs), are runs on ½ λ x² whose
    gradient has the variance 1/B, all from one start. A click on the right-hand panel sets the control `eta`.
    """

    alt = (
        "Left: the position of one run on a parabola against the steps; below η = 2/λ it falls towards zero and then "
        "jitters about it, mostly within a band that theory predicts. Middle: how all runs are spread now, and "
        "theory's bell curve. Right: the mean of x² with which they end, against the learning rate, on a logarithmic "
        "axis."
    )
    claims = (no_floor, state, ended)

    def __init__(self):
        super().__init__("trace spread floor", widths=[20, 8, 14], size=(9.6, 3.9), top=0.26)
        self.trace = Curves(self, "trace", title="x of one run", x="steps t", legend=None, lw=1.1)
        words = dict(title="all runs, now", room=dict(left=0.15, bottom=0.5))
        self.spread = Curves(self, "spread", xlim=(0, 1.15), legend=None, **words)
        self.spread.axes.set_xticks([])
        self.spread.axes.tick_params(labelleft=False)
        words = dict(title="mean of x² at the end", x="learning rate η", xlim=(0, 2.6), ylim=(1e-5, 1e4))
        self.floor = Curves(self, "floor", log="y", legend=None, sets="eta", **words)
        self.name({"one run": ONE, "all runs": ALL, "theory: V = η/(Bλ(2 − ηλ)), and ±2√V": THEORY})

    def show(self, result):
        self.eta, self.lam, self.B, self.x = result
        self.steps = len(self.x) - 1
        self.law = np.nan if no_floor(self.eta, self.lam) else floor(self.eta, self.lam, self.B)
        self.end = float((late(self.x) ** 2).mean())
        widest = np.nan_to_num(2.5 * np.sqrt(self.law), nan=20)
        self.reach = next((r for r in (5, 10, 20, 50) if r >= widest), 100)
        for panel in (self.trace, self.spread):
            panel.scale("y", "linear", (-self.reach, self.reach))
        band, t = 2 * np.sqrt(self.law), np.arange(self.steps + 1)
        edges = {"_above": (t[[0, -1]], np.full(2, band)), "_below": (t[[0, -1]], np.full(2, -band))}
        self.trace.show({"one run": self.x[:, 0]} | edges, looks={"one run": ONE, "_above": THEORY, "_below": THEORY})
        etas = 2 / self.lam * np.append(np.linspace(0.002, 0.99, 150), 1 - np.geomspace(0.01, 1e-5, 30))
        lines, dots = (
            {"theory": (etas, floor(etas, self.lam, self.B))},
            {"all": (self.eta, np.clip(self.end, 1e-5, 1e4))},
        )
        edge = {"2/λ": 2 / self.lam} if 2 / self.lam < 2.6 else {}
        self.floor.show(lines, dots=dots, marks=edge, looks={"theory": THEORY, "all": ALL})

    def at(self, t):
        edges, y = np.linspace(-self.reach, self.reach, 61), np.linspace(-self.reach, self.reach, 201)
        counts = np.histogram(self.x[t], edges)[0]
        bars = (np.concatenate([[0], np.repeat(counts, 2), [0]]) / max(counts.max(), 1), np.repeat(edges, 2))
        lines = {"all": bars, "theory": (np.exp(-(y**2) / (2 * self.law)), y)}
        self.spread.show(lines, looks={"all": ALL._replace(marker=""), "theory": THEORY})
        self.caption = f"Step {t} of {self.steps}. η = {number(self.eta)}, λ = {number(self.lam)}, B = {self.B}: "
        self.caption += ended(self.eta, self.lam, self.B, self.steps, self.end, float(late(self.x).var(-1).mean()))
        return self.moved(t)

    def beside(self, t):
        far = np.flatnonzero(~(np.abs(self.x[: t + 1, 0]) < self.reach))
        if len(far) and abs(self.x[t, 0]) >= self.reach:
            words = f"out of the picture at step {far[0]}"
            self.trace.word("gone", 0.98, 0.96, words, ha="right", va="top", color=ONE.color, transform="axes")
