"""The scenes of chapter 05: a ravine, the map of every (η, μ), a damped oscillator, look-ahead, cycles, restarts."""

import numpy as np
from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_rgb
from matplotlib.patches import Patch

from optim_core import critical
from optim_core.quadratics import boundary, critical_damping, fates, optimum, roots
from optim_core.scenes import Ravine
from optim_core.scenes.board import BLUE, GREEN, GREY, INK, ORANGE, PINK, STYLES, Map, Scene, arrow, number

__all__ = ["Cycle", "LookAhead", "Oscillator", "PhaseMap", "Ravine", "Restart"]

# ---- every (η, μ) at once ----

SPEED = LinearSegmentedColormap.from_list("speed", ["#08306b", "#2171b5", "#6baed6", "#c6dbef", "#eff6ff"])
PACE = LogNorm(3, 100)  # steps for a factor of ten
FATES = {
    "converged": "#4292c6",
    "bounded": "#c9c9c9",
    "growing": "#f6c99f",
    "diverged": "#c44e16",
}


class Plain(Map):
    """A map without numbers on its contour lines: it is small, and drawn anew with every κ."""

    def numbered(self):
        return []


class PhaseMap(Scene):
    """What becomes of every pair (η, μ) on a ravine; and the run of one pair, with its loss split in two directions.

    result: (surface, method, eta, mu, path, phases); method: "heavy ball" or "Nesterov"; path: the run of (eta, mu);
    phases: (etas, mus, far), where far, shape (4, mus, etas), is how far from the minimum, in max |wᵢ|, the run of each
    pair came in each quarter of as many steps. The surface is a quadratic with λ_max = 1 and its minimum at 0.
    A click on the map of pairs sets the controls `eta` and `mu`; one on the star sets them to the optimum.
    """

    alt = (
        "Left: map of learning rate (across) against momentum (up); colour says how fast the run of each pair "
        "converges, or that it is merely bounded, grows or diverged; a dashed line is the boundary that theory "
        "predicts, a star the optimum. Right: the path of the chosen pair on the ravine, and below it the loss in the "
        "steep and in the flat direction."
    )

    def __init__(self):
        super().__init__((9.6, 5.0))
        self.phases, self.method = None, None
        self.plane = self.figure.add_axes([0.065, 0.235, 0.415, 0.66])
        self.plane.set(xlim=(0, 4.02), ylim=(-0.005, 1.0), ylabel="momentum μ")
        self.plane.set_xlabel("learning rate η  (the steep direction has λ = 1)")
        self.image = self.plane.imshow(np.zeros((2, 2, 3)), origin="lower", aspect="auto", interpolation="none")
        self.edge = self.plane.plot([], [], color=INK, lw=1.8, ls="--")[0]
        dark = [patheffects.withStroke(linewidth=4, foreground=INK)]
        self.ridge = self.plane.plot([], [], color="white", lw=2.2, ls=(0, (1, 1.6)), path_effects=dark)[0]
        self.best = self.plane.plot([], [], "*", mfc="#ffd92f", mec=INK, ms=17, zorder=5)[0]
        drawn = {self.edge: "theory's edge", self.ridge: "flat direction critical", self.best: "best in the long run"}
        self.plane.legend(
            drawn.keys(), drawn.values(), loc="lower right", fontsize=8.5, framealpha=0.92, handlelength=2.4
        ).set_zorder(4)
        patches = [Patch(facecolor=color, edgecolor=GREY, label=fate) for fate, color in FATES.items()]
        self.figure.legend(
            handles=patches, loc="upper left", ncols=4, fontsize=9, frameon=False, bbox_to_anchor=(0.05, 1.005),
            columnspacing=1.2, handlelength=1.2, handletextpad=0.5,
        )  # fmt: skip
        bar = self.figure.add_axes([0.065, 0.075, 0.415, 0.03], xscale="log", xlim=(PACE.vmin, PACE.vmax), yticks=[])
        ramp = np.geomspace(PACE.vmin, PACE.vmax, 129)
        bar.pcolormesh(ramp, [0, 1], ramp[None, :-1], norm=PACE, cmap=SPEED, shading="flat")
        bar.set_xticks([3, 10, 30, 100], ["3", "10", "30", "100"], fontsize=8)
        bar.minorticks_off()
        bar.set_title("converged: steps for every factor of ten", fontsize=9, loc="left", y=1.0, pad=3)
        self.map = Plain(self.figure.add_axes([0.575, 0.495, 0.405, 0.4666]))
        self.map.axes.set(xticks=[-10, -5, 5, 10])
        self.map.axes.xaxis.labelpad = -11
        self.parts = self.figure.add_axes([0.575, 0.105, 0.405, 0.3], yscale="log", ylim=(1e-12, 1e6))
        self.parts.set(xlabel="steps t", ylabel="loss")
        self.parts.grid(alpha=0.25)
        self.ring = self.line(self.plane, "o", mfc="none", mec="white", ms=17, mew=4, zorder=8)
        self.cross = self.line(self.plane, "o", mfc="none", mec=INK, ms=17, mew=2, zorder=9)
        self.track = self.line(self.map.axes, color=BLUE, lw=1.3, marker="s", ms=3, mew=0, zorder=4)
        self.head = self.line(self.map.axes, "s", mfc=BLUE, mec="white", ms=9, zorder=7)
        self.lines = [
            self.line(self.parts, color=GREY, lw=3.5, alpha=0.45),
            self.line(self.parts, color=ORANGE, lw=1.7),
            self.line(self.parts, color=GREEN, lw=1.9, ls="--"),
        ]
        self.now = self.mover(self.parts.axvline(0, color=GREY, lw=1, ls=":"))
        names = ["whole loss", "steep direction", "flat direction"]
        handles = [
            self.parts.plot([], [], color=a.get_color(), ls=a.get_linestyle(), lw=a.get_linewidth(), label=name)[0]
            for a, name in zip(self.lines, names, strict=True)
        ]
        handles[0].set_alpha(self.lines[0].get_alpha())
        self.parts.legend(handles=handles, loc="upper right", ncols=3, fontsize=8, framealpha=0.9, columnspacing=1.2)

    def show(self, result):
        self.surface, method, self.eta, self.mu, self.path, phases = result
        self.map.show(self.surface)
        values, vectors = critical.eigen(self.surface.hessian([0.0, 0.0]))
        self.curvatures = values
        self.kappa = values[-1] / values[0]
        along = self.path["w"] @ vectors  # (T + 1, 2): the coordinate in each eigen-direction, flat first
        split = np.clip(0.5 * values * along**2, 1e-30, 1e30)
        self.split = [split.sum(-1), split[:, 1], split[:, 0]]
        if len(along) - 1 != self.steps:
            self.steps = len(along) - 1
            self.parts.set_xlim(0, self.steps)
        if phases is not self.phases or method != self.method:
            self.phases, self.method = phases, method
            self._paint()

    def _paint(self):
        etas, mus, far = self.phases
        fate, pace = fates(far, self.steps)
        colours = SPEED(PACE(np.clip(pace, PACE.vmin, PACE.vmax)))[..., :3]
        for word in ("bounded", "growing", "diverged"):
            colours[fate == word] = to_rgb(FATES[word])
        self.image.set_data(colours)
        half = [(x[1] - x[0]) / 2 for x in (etas, mus)]
        extent = [etas[0] - half[0], etas[-1] + half[0], mus[0] - half[1], mus[-1] + half[1]]
        if list(self.image.get_extent()) != extent:
            self.image.set_extent(extent)
        curve = np.linspace(0, 1, 51)
        self.edge.set_data(boundary(self.method, curve), curve)
        best = optimum(self.method, self.kappa)
        eta = np.linspace(0, best[0], 101)  # where the flat direction is critically damped
        self.ridge.set_data(eta, critical_damping(self.method, eta / self.kappa))
        self.best.set_data(*np.transpose([best]))

    def at(self, t):
        for mark in (self.ring, self.cross):
            mark.set_data([self.eta], [self.mu])
        shown = min(t, int(self.path["diverged"]) or t) + 1  # a run that diverged stands still: nothing more to draw
        points = self.map.drawable(self.path["w"][:shown])
        self.track.set_data(*points.T)
        self.head.set_data(*points[-1:].T)
        for line, part in zip(self.lines, self.split, strict=True):
            line.set_data(np.arange(shown), part[:shown])
        self.now.set_xdata([t, t])
        self.caption = self._verdict(t)
        return self.moving

    def _quarters(self, values):
        """The quarters of a run, time on the last axis, each with the moment before it."""
        n = self.steps // 4
        return [np.asarray(values)[..., k * n : (k + 1) * n + 1] for k in range(4)]

    def _verdict(self, t):
        far = [np.max(part) for part in self._quarters(np.abs(self.path["w"]).max(-1))]
        fate, pace = fates(far, self.steps)
        text = f"Step {t} of {self.steps}. η = {number(self.eta, 4)}, μ = {number(self.mu, 4)}, {self.method}: {fate}"
        if fate == "diverged":
            text += f" at step {int(self.path['diverged'])}"
        elif fate == "converged":
            text += f", {number(pace, 2)} steps for every factor of ten"
        elif fate == "bounded":
            left = number(100 * far[3] / far[0], 2)
            text += f": after {self.steps} steps neither at rest nor growing, with {left} % of its first distance left"
        if fate in ("converged", "bounded"):
            _, (steep, flat) = fates(
                [np.sqrt(np.max(part, axis=1)) for part in self._quarters(self.split[1:])], self.steps
            )
            slow = (
                "the flat direction"
                if flat > 1.5 * steep
                else "the steep direction"
                if steep > 1.5 * flat
                else "neither"
            )
            text += f"; {slow} lags behind"
        edge, best = boundary(self.method, self.mu), optimum(self.method, self.kappa)
        text += f". At this μ theory allows η below {number(edge, 4)}; "
        return (
            text
            + f"for κ = {number(self.kappa)} the best pair ★ is η = {number(best[0], 4)}, μ = {number(best[1], 4)}."
        )

    def clicked(self, axes, x, y):
        if axes is not self.plane:
            return {}
        best = optimum(self.method, self.kappa)
        on_star = abs(x - best[0]) < 0.09 and abs(y - best[1]) < 0.025
        return dict(zip(("eta", "mu"), map(float, best) if on_star else (x, y), strict=True))


# ---- one direction: a damped oscillator ----


class Oscillator(Scene):
    """The heavy ball in one eigen-direction: a ball in a bowl, its position over time, and how fast it comes to rest.

    result: (eta, mu, path), the path (T + 1, 1) of the heavy ball on ½w², so that η stands for ηλ.
    A click on the right-hand panel sets the control `mu`; one on its star sets it to critical damping.
    """

    alt = (
        "Left: a ball in a parabola, with its velocity as an arrow. Middle: its position against the steps. Right: the "
        "factor by which a step shrinks the distance, against momentum: it falls to a lowest point, critical damping, "
        "and rises from there as the square root of the momentum."
    )

    def __init__(self):
        super().__init__((9.6, 3.6))
        self.bowl = self.figure.add_axes([0.045, 0.15, 0.235, 0.77], xlim=(-1.7, 1.7), ylim=(-0.12, 1.5), xlabel="w")
        self.wave = self.figure.add_axes([0.345, 0.15, 0.33, 0.77], ylim=(-1.7, 1.7), xlabel="steps t")
        self.decay = self.figure.add_axes([0.745, 0.15, 0.235, 0.77], xlim=(0, 1), ylim=(0, 1.5), xlabel="momentum μ")
        self.decay.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        titles = ["loss ½w²; arrow: 3 × velocity", "w  (dashed: ±c |σ|ᵗ)", "factor per step |σ|"]
        for axes, title in zip((self.bowl, self.wave, self.decay), titles, strict=True):
            axes.set_title(title, fontsize=10, loc="left", y=1.0)
            axes.grid(alpha=0.25)
        w = np.linspace(-1.7, 1.7, 81)
        self.bowl.plot(w, w**2 / 2, color=GREY, lw=1.5)
        self.wave.axhline(0, color=GREY, lw=1)
        self.decay.axhline(1, color=INK, lw=1, ls=":")
        self.ball = self.line(self.bowl, "o", mfc=BLUE, mec="white", ms=14)
        self.speed = self.line(self.bowl, color=INK, lw=2)
        self.tube = [self.line(self.wave, color=ORANGE, lw=1.2, ls="--") for _ in range(2)]
        self.trace = self.line(self.wave, color=BLUE, lw=1.3, marker="o", ms=3.5, mew=0)
        self.dot = self.line(self.wave, "o", mfc=BLUE, mec="white", ms=10)
        self.curve = self.line(self.decay, color=BLUE, lw=2)
        self.rest = self.line(self.decay, "*", mfc="#ffd92f", mec=INK, ms=16)
        self.here = self.line(self.decay, "o", mfc="white", mec=INK, ms=10, mew=2)
        self.word = self.text(self.decay, color=INK, ha="center", va="bottom")

    def show(self, result):
        self.eta, self.mu, self.path = result
        if len(self.path["w"]) - 1 != self.steps:
            self.steps = len(self.path["w"]) - 1
            self.wave.set_xlim(0, self.steps)

    def at(self, t):
        w, v = (np.clip(self.path[name][:, 0], -1e3, 1e3) for name in "wv")
        self.ball.set_data([w[t]], [w[t] ** 2 / 2])
        self.speed.set_data(*arrow((w[t], w[t] ** 2 / 2), (w[t] + 3 * v[t], w[t] ** 2 / 2), 0.14))
        self.trace.set_data(np.arange(t + 1), w[: t + 1])
        self.dot.set_data([t], [w[t]])
        mus = np.linspace(0, 1, 201)
        self.curve.set_data(mus, np.abs(roots(self.eta, mus)[:, 0]))
        rest = critical_damping("heavy ball", self.eta)
        self.rest.set_data([rest], [np.abs(roots(self.eta, rest)[0])])
        sigma = roots(self.eta, self.mu)
        size, rings = abs(sigma[0]), abs(sigma[0].imag) > 1e-7
        self.here.set_data([self.mu], [size])
        for side, line in zip((-1, 1), self.tube, strict=True):  # no oscillation, no envelope
            steps = np.arange(self.steps + 1)
            reach = np.max(np.abs(w) / size**steps) if rings else np.nan
            line.set_data(steps, side * reach * size**steps)
            line.set_visible(rings)
        word, self.caption = self._verdict(t, sigma, rest)
        self.word.set(text=word, position=(0.5, 0.03), visible=True)
        return [artist for artist in self.moving if artist.get_visible()]

    def _verdict(self, t, sigma, rest):
        size, friction = abs(sigma[0]), 1 - self.mu
        word, why = "over-damped", "friction wins, and it creeps to the bottom without swinging through"
        if size > 1 + 1e-9:
            word, why = "unstable", "every step takes it farther away"
        elif abs(self.mu - rest) <= 0.005:
            word, why = "critically damped", "the quickest way to rest at this η"
        elif abs(sigma[0].imag) > 1e-7:
            period = 2 * np.pi / abs(np.angle(sigma[0]))
            word, why = (
                "under-damped",
                f"it swings, one period in {number(period, 3)} steps; each step leaves the part √μ of the swing",
            )
            if self.mu == 1:
                word, why = "undamped", f"no friction, so it swings for ever, one period in {number(period, 3)} steps"
        elif sigma[0].real < 0:
            word, why = "alternating", "it jumps from side to side, less far each time"
        steps = f" ({number(np.log(10) / -np.log(size), 3)} steps for a factor of ten)" if 0 < size < 1 - 1e-9 else ""
        text = f"Step {t} of {self.steps}. Friction 1 − μ = {number(friction, 2)}, spring ηλ = {number(self.eta)}: "
        text += f"{word}; {why}. Factor per step {number(size, 4)}{steps}; "
        return word, text + f"critical damping ★ is at μ = (1 − √(ηλ))² = {number(rest, 4)}."

    def clicked(self, axes, x, y):
        if axes is not self.decay:
            return {}
        rest = float(critical_damping("heavy ball", self.eta))
        on_star = abs(x - rest) < 0.03 and abs(y - abs(1 - np.sqrt(self.eta))) < 0.08
        return {"mu": rest if on_star else x}


# ---- the look-ahead ----


class LookAhead(Scene):
    """One step of Nesterov taken apart, and beside it the heavy ball's step from the same point with the same velocity.

    result: (surface, path, lr, mu), a path of `nesterov` with this learning rate and momentum.
    A click on the map sets the control `start`.
    """

    alt = (
        "Left: contour map with the path of Nesterov's method. Right: the next step, enlarged: an arrow for the "
        "momentum, and from its tip two arrows against the gradient, one taken at the look-ahead point and one at the "
        "present point."
    )

    def __init__(self, control="start"):
        super().__init__((9.6, 4.3))
        self.control = control
        self.map = Map(self.figure.add_axes([0.06, 0.2, 0.53, 0.71]))
        self.zoom = self.figure.add_axes([0.645, 0.245, 0.308, 0.308 * 9.6 / 4.3], xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
        self.zoom.set(xticks=[], yticks=[])
        self.zoom.set_title("the next step, enlarged", fontsize=10, loc="left", y=1.0, pad=4)
        self.track = self.line(self.map.axes, color=GREEN, lw=1.4, ls=STYLES[2][1], marker="^", ms=3.5, mew=0)
        self.ahead = self.line(self.map.axes, "o", mfc="none", mec=PINK, ms=8, mew=1.8)
        self.head = self.line(self.map.axes, "^", mfc=GREEN, mec="white", ms=10)
        self.level = self.line(self.zoom, color=GREY, lw=1, ls=":")
        marks = [("o", INK, INK, 8), ("o", "white", PINK, 11), ("^", GREEN, GREEN, 6), ("s", BLUE, BLUE, 5)]
        self.points = [self.line(self.zoom, m, mfc=face, mec=edge, ms=ms, mew=1.8) for m, face, edge, ms in marks]
        kinds = [
            (INK, "-", "momentum μv, from w to the look-ahead point"),
            (GREEN, "-", "Nesterov: −η ∇L(w + μv)"),
            (BLUE, (0, (4, 1.5)), "heavy ball: −η ∇L(w)"),
        ]
        self.arrows = [self.line(self.zoom, color=color, ls=dash, lw=2.2) for color, dash, _ in kinds]
        kinds.append((GREY, ":", "level line through w"))
        handles = [self.zoom.plot([], [], color=c, ls=d, lw=2, label=label)[0] for c, d, label in kinds]
        ring = dict(marker="o", ls="", mfc="none", mec=PINK, ms=8, mew=1.8)
        handles.insert(1, self.zoom.plot([], [], label="look-ahead point w + μv", **ring)[0])
        self.figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.635, -0.015),
            fontsize=8.5,
            frameon=False,
            labelspacing=0.3,
        )

    def show(self, result):
        self.surface, self.path, self.lr, self.mu = result
        self.map.show(self.surface)
        self.steps = len(self.path["w"]) - 2

    def at(self, t):
        w, v = self.path["w"][t], self.path["v"][t]
        carry = self.mu * v
        there, here = -self.lr * self.surface.grad(w + carry), -self.lr * self.surface.grad(w)
        points = self.map.drawable(self.path["w"][: t + 1])
        self.track.set_data(*points.T)
        self.head.set_data(*points[-1:].T)
        self.ahead.set_data(*self.map.drawable(w + carry)[:, None])
        ends = np.stack([0 * w, carry, carry + there, carry + here])  # (4, 2): w, look-ahead, Nesterov, heavy ball
        middle, reach = (ends.max(0) + ends.min(0)) / 2, np.ptp(ends, axis=0).max() / 2
        unit = reach if reach > 1e-300 else 1.0
        shown = (ends - middle) / unit  # fills the frame
        for artist, end in zip(self.points, shown, strict=True):
            artist.set_data(*end[:, None])
        for line, tail, tip in zip(self.arrows, (0, 1, 1), (1, 2, 3), strict=True):
            line.set_data(*arrow(shown[tail], shown[tip], 0.16))
        g = self.surface.grad(w)  # the level line through w runs at right angles to the gradient
        along = np.array([-g[1], g[0]]) / max(np.linalg.norm(g), 1e-300)
        self.level.set_data(*(shown[0] + np.array([[-3.5], [3.5]]) * along).T)
        self.caption = self._verdict(t, carry, there, here, 2 * unit)
        return self.moving

    def _verdict(self, t, carry, there, here, width):
        text = f"From step {t} to {t + 1}; the enlarged arrows span {number(width, 2)}. "
        if self.path["diverged"] and t >= int(self.path["diverged"]) - 1:
            return text + f"The run diverged at step {int(self.path['diverged'])}."
        size = np.linalg.norm(carry)
        if size <= 1e-12 * width:
            return text + "There is no velocity: Nesterov and the heavy ball both make the step of gradient descent."
        brake = (there - here) @ carry / size**2
        text += f"The two pushes differ by {number(np.linalg.norm(there - here), 2)}. The look-ahead gradient "
        text += f"{'brakes' if brake < 0 else 'pushes on'}: along the velocity Nesterov's step is "
        return text + f"{'shorter' if brake < 0 else 'longer'} by {number(abs(brake) * 100, 2)} % of μv."

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if axes is self.map.axes else {}


# ---- when the heavy ball never arrives ----


class Cycle(Scene):
    """A function of one variable, three methods on it, and which starts of the heavy ball never come to rest.

    result: (slope, {"name": path, …}, starts, ends): slope is f′, a function of x with f′(0) = 0; the paths, one of
    them the "heavy ball", have shape (T + 1, 1); ends are where it is after many steps from each of `starts`.
    A click on the left-hand panel sets the control `x0`.
    """

    alt = (
        "Left: a convex function of one variable with the positions of three methods, and below it a strip that marks "
        "the starts from which the heavy ball never comes to rest. Right: the positions against the steps."
    )

    def __init__(self):
        super().__init__((9.6, 3.9))
        self.bowl = self.figure.add_axes([0.065, 0.13, 0.41, 0.78], xlim=(-5, 5), xlabel="x")
        self.bowl.set_title("f(x)", fontsize=10, loc="left", y=1.0)
        self.wave = self.figure.add_axes([0.545, 0.13, 0.43, 0.78], ylim=(-4, 5), xlabel="steps t")
        self.wave.set_title("x", fontsize=10, loc="left", y=1.0)
        self.wave.grid(alpha=0.25)
        self.graph = self.line(self.bowl, color=GREY, lw=1.6)
        self.strip = self.line(self.bowl, color=BLUE, marker="|", ms=9, mew=1.1, ls="")
        self.bowl.text(0.5, 0.085, "starts that never rest (heavy ball)", transform=self.bowl.transAxes, color=BLUE,
                       fontsize=9, ha="center")  # fmt: skip
        self.hops = self.line(self.bowl, color=BLUE, lw=1, ls=STYLES[1][1], alpha=0.8)
        self.waves, self.balls = [], []
        for color, dash, marker in STYLES[:3]:
            self.waves.append(self.line(self.wave, color=color, ls=dash, lw=1.5, marker=marker, ms=3.5, mew=0))
            self.balls.append(self.line(self.bowl, marker=marker, ls="", mfc=color, mec="white", ms=11))
        self.named = None

    def show(self, result):
        slope, self.runs, self.starts, self.ends = result
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            styles = [dict(color=c, ls=d, marker=m, ms=5) for c, d, m in STYLES]
            handles = [self.wave.plot([], [], label=n, **s)[0] for n, s in zip(self.named, styles, strict=False)]
            self.wave.legend(handles=handles, loc="upper right", fontsize=9, framealpha=0.9)
        x = np.linspace(-5, 5, 1001)
        rises = (slope(x)[1:] + slope(x)[:-1]) / 2 * np.diff(x)
        f = np.concatenate([[0.0], np.cumsum(rises)])
        self.curve, height = (x, f - f[500]), np.ptp(f)
        if self.bowl.get_ylim() != (-0.2 * height, 1.05 * height):
            self.bowl.set_ylim(-0.2 * height, 1.05 * height)
        steps = len(next(iter(self.runs.values()))["w"]) - 1
        if steps != self.steps:
            self.steps = steps
            self.wave.set_xlim(0, steps)

    def loss(self, x):
        """f at x, the integral of the slope from 0; NaN outside the frame."""
        return np.interp(x, *self.curve, left=np.nan, right=np.nan)

    def at(self, t):
        self.graph.set_data(*self.curve)
        restless = self.starts[~(np.abs(self.ends) < 1e-3)]
        low = self.bowl.get_ylim()[0]
        self.strip.set_data(restless, np.full(len(restless), 0.75 * low))
        for path, wave, ball in zip(self.runs.values(), self.waves, self.balls, strict=True):
            x = np.clip(path["w"][:, 0], -1e3, 1e3)
            wave.set_data(np.arange(t + 1), x[: t + 1])
            ball.set_data(x[t : t + 1], self.loss(x[t : t + 1]))
        heavy = np.clip(self.runs["heavy ball"]["w"][:, 0], -1e3, 1e3)
        hops = heavy[max(0, t - 3) : t + 1]
        self.hops.set_data(hops, self.loss(hops))
        share = len(restless) / len(self.starts)
        self.caption = f"Step {t} of {self.steps}. " + " ".join(_rest(name, path) for name, path in self.runs.items())
        self.caption += f" Of the starts between −5 and 5 the heavy ball never rests from {100 * share:.0f} %."
        return self.moving

    def clicked(self, axes, x, y):
        return {"x0": x} if axes is self.bowl else {}


def _rest(name, path):
    """Where a one-dimensional run ends: at 0, in a cycle of a few points, or somewhere else; one sentence."""
    name, x = name[:1].upper() + name[1:], path["w"][:, 0]
    if path["diverged"]:
        return f"{name} diverged at step {int(path['diverged'])}."
    far = np.flatnonzero(~(np.abs(x) < 1e-2))
    if not len(far) or far[-1] < len(x) - 5:
        return f"{name} is within 0.01 of the minimum from step {far[-1] + 1 if len(far) else 0} on."
    for period in range(2, 9):
        if np.allclose(x[-period:], x[-2 * period : -period], rtol=0, atol=1e-3):
            places = ", ".join(number(v, 4) for v in x[-period:])
            return f"{name} goes round for ever: {places}."
    return f"{name} is still moving."


# ---- restarts ----


class Restart(Scene):
    """Losses of four methods against the steps, and the momentum that each of them used.

    result: (losses, momenta), both of shape (T + 1, 4); names: what the four are.
    """

    alt = (
        "Top: the losses of four methods against the steps on a logarithmic axis. Bottom: the momentum that each used; "
        "the restarted one is a saw-tooth."
    )

    def __init__(self, names, goal=1e-8):
        super().__init__((9.6, 4.4))
        self.names, self.goal = names, goal
        self.fall = self.figure.add_axes([0.075, 0.4, 0.9, 0.57], yscale="log", ylim=(1e-12, 1e2), ylabel="loss")
        self.fall.tick_params(labelbottom=False)
        self.fall.axhline(goal, color=GREY, lw=1.2, ls="-.")
        self.memory = self.figure.add_axes([0.075, 0.11, 0.9, 0.24], ylim=(-0.06, 1.06), xlabel="steps", ylabel="μ")
        for axes in (self.fall, self.memory):
            axes.grid(alpha=0.25)
        self.losses = [self.line(self.fall, color=c, ls=d, lw=1.8) for c, d, _ in STYLES]
        self.momenta = [self.line(self.memory, color=c, ls=d, lw=1.6) for c, d, _ in STYLES]
        styles = zip(names, STYLES, strict=True)
        handles = [self.fall.plot([], [], color=c, ls=d, lw=1.8, label=name)[0] for name, (c, d, _) in styles]
        self.fall.legend(handles=handles, loc="upper right", fontsize=9, framealpha=0.9, ncols=2)

    def show(self, result):
        self.loss, self.mu = result
        for axes in (self.fall, self.memory):
            if axes.get_xlim() != (0, len(self.loss) - 1):
                axes.set_xlim(0, len(self.loss) - 1)

    def at(self, t):
        steps = np.arange(len(self.loss))
        for i, (fall, memory) in enumerate(zip(self.losses, self.momenta, strict=True)):
            fall.set_data(steps, np.clip(self.loss[:, i], 1e-30, 1e30))
            memory.set_data(steps, self.mu[:, i])
        below = self.loss <= self.goal
        first = [
            str(n) if any_ else f"more than {len(steps) - 1}"
            for n, any_ in zip(below.argmax(0), below.any(0), strict=True)
        ]
        said = "; ".join(f"{name}: {n}" for name, n in zip(self.names, first, strict=True))
        teeth = np.flatnonzero(np.diff(self.mu[:, 3]) < -0.1)
        often = (
            f" The last one was restarted {len(teeth)} times." if len(teeth) else " The last one was never restarted."
        )
        goal = number(self.goal).removeprefix("1·")
        self.caption = f"Steps until the loss is first below {goal}. {said[0].upper() + said[1:]}.{often}"
        return self.moving
