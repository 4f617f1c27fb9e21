"""The picture that latency.py measures, under a live figure and under ipywidgets.interact, drawn by the same lines.

A 200×200 contour, three paths of 200 steps, their loss curves on a second axes; 9×4 in.
"""

import time

import numpy as np

from optim_core import optimizers, surfaces
from optim_core.descent import descend

STYLES = {"gradient descent": "tab:red", "momentum": "tab:orange", "Nesterov": "tab:purple"}
START, STEPS = (-8.0, 4.0), 200
seconds = []  # how long the experiment took, each time that it ran


def experiment(lr, mu, kappa):
    """The surface, and three paths on it: gradient descent is momentum with μ = 0, so that two of them are one call."""
    start = time.perf_counter()
    surface = surfaces.bowl(kappa, 0.4)
    two = descend(optimizers.momentum, START, surface.grad, STEPS, lr=lr, mu=np.array([[0.0], [mu]]))["w"]
    third = descend(optimizers.nesterov, START, surface.grad, STEPS, lr=lr, mu=mu)["w"]
    seconds.append(time.perf_counter() - start)
    return surface, [two[:, 0], two[:, 1], third]


class Picture:
    """A scene on a given figure."""

    alt, steps = "A contour map with three paths, and their loss curves.", STEPS

    def __init__(self, figure):
        self.figure, self.shown, self.contours = figure, None, None
        self.map, self.curve = figure.subplots(1, 2)
        self.map.set(xlabel="w1", ylabel="w2", xlim=(-10, 10), ylim=(-6, 6))
        self.curve.set(xlabel="steps", ylabel="loss", yscale="log", xlim=(0, STEPS), ylim=(1e-9, 1e2))
        self.moving = []
        for name, colour in STYLES.items():
            self.moving += self.map.plot([], [], "o-", ms=3, lw=1.5, color=colour, label=name)
            self.moving += self.curve.plot([], [], lw=1.5, color=colour)
        self.map.legend(loc="upper right")

    def show(self, result):
        surface, self.paths = result
        if repr(surface) != self.shown:
            self.shown, self.surface = repr(surface), surface
            if self.contours:
                self.contours.remove()
            w1, w2 = np.meshgrid(np.linspace(-10, 10, 200), np.linspace(-6, 6, 200))
            self.contours = self.map.contourf(w1, w2, np.sqrt(surface.loss(np.stack([w1, w2], -1))), 20, cmap="Blues")

    def at(self, t):
        for path, line, curve in zip(self.paths, self.moving[::2], self.moving[1::2], strict=True):
            w = path[: t + 1]
            line.set_data(*np.clip(w, -1e3, 1e3).T)
            curve.set_data(np.arange(len(w)), np.clip(self.surface.loss(w), 1e-12, 1e12))
        self.caption = f"Step {t} of {STEPS}."
        return self.moving

    def clicked(self, axes, x, y):
        return {}
