"""Runs on a parabola with a noisy gradient, and the floor at which they end."""

import numpy as np

from .board import BLUE, GREY, INK, ORANGE, Scene, number


class NoiseFloor(Scene):
    """Many runs on a parabola with a noisy gradient: one of them, where all are now, and how wide they end up.

    result: (eta, lam, B, x): learning rate, curvature, batch size; x, shape (T + 1, runs), are runs on ½ λ x² whose
    gradient has the variance 1/B. A click on the right-hand panel sets the control `eta`.
    """

    alt = (
        "Left: the position of one run on a parabola against the steps; it falls towards zero and then jitters "
        "about it within a band that theory predicts. Middle: how all runs are spread now, and theory's bell curve. "
        "Right: the variance they end with, against the learning rate, on a logarithmic axis."
    )

    def __init__(self):
        super().__init__((9.6, 3.9))
        self.trace = self.figure.add_axes([0.055, 0.14, 0.4, 0.75], ylim=(-5, 5), xlabel="steps t")
        self.spread = self.figure.add_axes([0.475, 0.14, 0.15, 0.75], ylim=(-5, 5), xlim=(0, 1.15))
        self.floor = self.figure.add_axes([0.71, 0.14, 0.275, 0.75], yscale="log", ylim=(1e-5, 1e2), xlim=(0, 2.6))
        self.trace.set_title("x of one run", fontsize=10, loc="left")
        self.spread.set_title("all runs, now", fontsize=10, loc="left")
        self.floor.set_title("variance at the end (click: η)", fontsize=10, loc="left")
        self.floor.set_xlabel("learning rate η")
        self.spread.set(xticks=[], yticklabels=[])
        for axes in (self.trace, self.spread, self.floor):
            axes.grid(alpha=0.25)
        self.reach = 5
        self.run = self.line(self.trace, color=ORANGE, lw=1)
        self.gone = self.text(self.trace, color=ORANGE, va="center", zorder=7)
        self.band = [self.line(self.trace, color=INK, lw=1.6, ls="--") for _ in range(2)]
        self.now = self.mover(self.trace.axvline(0, color=GREY, lw=1, ls=":"))
        self.bars = self.line(self.spread, color=BLUE, lw=1.4, drawstyle="steps")
        self.bell = self.line(self.spread, color=INK, lw=1.6, ls="--")
        self.theory = self.line(self.floor, color=INK, lw=1.6, ls="--")
        self.wall = self.mover(self.floor.axvline(0, color=ORANGE, lw=1.6, ls=":"))
        self.edge = self.text(self.floor, color=ORANGE, ha="center", va="top", zorder=7)
        self.measured = self.line(self.floor, "s", mfc=BLUE, mec="white", ms=10, zorder=5, clip_on=False)
        handles = [
            self.floor.plot(
                [], [], color=INK, ls="--", lw=1.6, label="theory: η/(Bλ(2 − ηλ)), and ±2 standard deviations"
            )[0],
            self.floor.plot([], [], "s", mfc=BLUE, mec="white", ms=8, label="measured")[0],
        ]
        place = dict(loc="upper right", bbox_to_anchor=(0.995, 1.01), ncols=2, frameon=False)
        self.figure.legend(handles=handles, fontsize=8.5, **place)

    def show(self, result):
        self.eta, self.lam, self.B, self.x = result
        self.steps = len(self.x) - 1
        if self.trace.get_xlim()[1] != self.steps:
            self.trace.set_xlim(0, self.steps)
        self.stable = self.eta * self.lam < 2
        self.law = floor(self.eta, self.lam, self.B) if self.stable else np.inf
        late = self.x[-len(self.x) // 4 :]
        self.end = (late**2).mean()
        widest = 2.5 * np.sqrt(self.law) if self.stable else 0
        reach = next((r for r in (5, 10, 20, 50) if r >= widest), 100)
        if reach != self.reach:
            self.reach = reach
            for axes in (self.trace, self.spread):
                axes.set_ylim(-reach, reach)
        self.left = np.inf  # of the start's square, by then
        if self.stable:
            self.left = abs(1 - self.eta * self.lam) ** (2 * len(self.x[: -len(late)]))

    def at(self, t):
        x, reach = self.x[: t + 1, 0], self.reach
        far = np.flatnonzero(~(np.abs(x) < 3 * reach))  # from there on there is nothing to see of it
        self.run.set_data(np.arange(t + 1), np.where(np.arange(t + 1) > (far[0] if len(far) else t), np.nan, x))
        self.gone.set_visible(len(far) > 0)
        if len(far):
            self.gone.set(text=f"out of the picture from step {far[0]} on", position=(far[0] + 12, 0.8 * reach))
        self.now.set_xdata([t, t])
        band = 2 * np.sqrt(self.law) if self.stable else np.nan
        for line, side in zip(self.band, (-1, 1), strict=True):
            line.set_data([0, self.steps], [side * band] * 2)
        edges, y = np.linspace(-reach, reach, 61), np.linspace(-reach, reach, 201)
        counts = np.histogram(self.x[t], edges)[0]
        self.bars.set_data(np.append(counts, counts[-1:]) / max(counts.max(), 1), edges)
        self.bell.set_data(np.exp(-(y**2) / (2 * self.law)) if self.stable else np.full(201, np.nan), y)
        etas = np.linspace(0.005, 2 / self.lam, 200)[:-1]
        self.theory.set_data(etas, floor(etas, self.lam, self.B))
        self.wall.set_xdata([2 / self.lam] * 2)
        self.edge.set(text="2/λ", position=(min(2 / self.lam, 2.42), 3e-5), visible=2 / self.lam < 2.6)
        self.measured.set_data([self.eta], [np.clip(self.end, 1e-5, 1e2)])
        self.caption = self._verdict(t)
        return [artist for artist in self.moving if artist.get_visible()]

    def _verdict(self, t):
        text = f"Step {t} of {self.steps}, ηλ = {number(self.eta * self.lam, 3)}. "
        if not self.stable:
            return text + "From ηλ = 2 on there is no floor: every step makes the noise of all steps before it larger."
        measured = number(min(self.end, 1e300), 3)
        text += f"Mean of x² over the last quarter: {measured}; theory's floor: {number(self.law, 3)}. "
        if self.left * 9 > 0.05 * self.law:
            return text + "They differ because the start is not forgotten yet: so small a step takes its time."
        return text + f"The start is forgotten; the noise of {self.B} example{'s' * (self.B > 1)} is what is left."

    def clicked(self, axes, x, y):
        return {"eta": x} if axes is self.floor else {}


def floor(eta, lam, B):
    """The variance at which gradient descent on ½ λ x² ends when its gradient has the variance 1/B.

        V = (1 − ηλ)² V + η²/B   ⇒   V = η / (B λ (2 − ηλ))        for 0 < ηλ < 2

    >>> floor(np.array([0.1, 1.0, 1.5]), 1.0, 1).round(4)
    array([0.0526, 1.    , 3.    ])
    """
    return eta / (B * lam * (2 - eta * lam))
