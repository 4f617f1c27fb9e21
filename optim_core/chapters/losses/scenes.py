"""The scenes of chapter 11: softmax as bars, two losses over the same plane, and the scale of the initial weights."""

import numpy as np

from optim_core import losses
from optim_core.scenes.board import BLUE, GREEN, GREY, INK, MARKS, ORANGE, STYLES, Map, Scene, contours, look_at, number

__all__ = ["InitialScale", "Margin", "SoftmaxBars", "TwoFits", "TwoLosses"]

CLASSES = np.arange(3)


class SoftmaxBars(Scene):
    """Three logits, the probabilities they become, and what is still missing to the target.

    result: (z, T, right, present): the logits of three classes as the network gives them, the temperature, the index of
    the right class, and how many of the classes there are (3, or 2: the third is left out).
    """

    alt = (
        "Left: a bar for the logit of each class. Middle: a bar for the probability of each class; the one-hot target "
        "is an outline, and an arrow leads from each probability to its target. Right: the sigmoid curve, with a "
        "point where the difference of the first two logits stands."
    )

    def __init__(self):
        super().__init__((9.6, 3.5))
        self.logits = self.figure.add_axes([0.05, 0.16, 0.25, 0.73], xlim=(-0.6, 2.6), ylim=(-10.5, 10.5))
        self.shares = self.figure.add_axes([0.355, 0.16, 0.315, 0.73], xlim=(-0.6, 2.6), ylim=(-0.05, 1.13))
        self.curve = self.figure.add_axes([0.745, 0.16, 0.245, 0.73], xlim=(-10, 10), ylim=(0, 1.13))
        titles = ["logits z", "probabilities p, and the target", "the first two: sigmoid"]
        for axes, title in zip((self.logits, self.shares, self.curve), titles, strict=True):
            axes.set_title(title, fontsize=11, loc="left", y=1.0)
            axes.grid(axis="y", alpha=0.25)
        self.shares.axhline(0, color=INK, lw=0.8)
        for axes in (self.logits, self.shares):
            axes.set_xticks(CLASSES, [f"class {i + 1}" for i in CLASSES])
        self.logits.axhline(0, color=INK, lw=0.8)
        self.logits.set_yticks(range(-10, 11, 5))
        x = np.linspace(-10, 10, 201)
        self.curve.plot(x, losses.sigmoid(x), color=GREY, lw=1.6)
        self.curve.set_xlabel("(z₁ − z₂)/T")
        self.curve.text(-9.5, 1.05, "p₁/(p₁ + p₂)", va="center", fontsize=10)
        self.z_bars = self._bars(self.logits, BLUE)
        self.p_bars = self._bars(self.shares, ORANGE)
        self.targets = self._bars(self.shares, "none", edgecolor=INK, lw=1.6, ls=(0, (3, 1.5)), width=0.8)
        self.gaps = [self.line(self.shares, color=INK, lw=1.6, zorder=4) for _ in CLASSES]
        self.tips = [self.line(self.shares, ls="", color=INK, ms=8, zorder=5) for _ in CLASSES]
        self.z_texts = [self.text(self.logits, ha="center", va="center", zorder=6) for _ in CLASSES]
        self.p_texts = [self.text(self.shares, ha="center", va="bottom", zorder=6) for _ in CLASSES]
        self.drop = self.line(self.curve, color=INK, lw=1, ls=":")
        self.point = self.line(self.curve, "D", mfc=ORANGE, mec="white", ms=10, zorder=5)

    def _bars(self, axes, color, width=0.6, **style):
        return [self.mover(bar) for bar in axes.bar(CLASSES, 0, width, facecolor=color, **style)]

    def show(self, result):
        self.z, self.T, self.right, self.present = result
        self.z = np.asarray(self.z, dtype=float)

    def at(self, t):
        n, T = self.present, self.T
        p = losses.softmax(self.z[:n] / T)
        y = losses.one_hot(self.right, n)
        for i in CLASSES:
            here = i < n
            for artist in self._column(i):
                artist.set_visible(bool(here))
            if here:
                self._place(i, p[i], y[i])
        d = (self.z[0] - self.z[1]) / T
        share = float(losses.softmax(self.z[:2] / T)[0])
        x = np.clip(d, -10, 10)
        self.point.set_data([x], [share])
        self.drop.set_data([x, x, -10], [0, share, share])
        self._say(p, y, d, share)
        return [artist for artist in self.moving if artist.get_visible()]

    def _column(self, i):
        groups = (self.z_bars, self.p_bars, self.targets, self.gaps, self.tips, self.z_texts, self.p_texts)
        return [group[i] for group in groups]

    def _place(self, i, p, y):
        z = self.z[i]
        self.z_bars[i].set_height(z)
        self.z_texts[i].set(position=(i, z + (0.9 if z >= 0 else -0.9)), text=_short(z, 1))
        self.p_bars[i].set_height(p)
        self.targets[i].set_height(y)
        self.p_texts[i].set(position=(i - 0.02, p + 0.02), text=_short(p, 2))
        gap = y - p
        self.gaps[i].set_data([i + 0.36, i + 0.36], [p, y])
        self.tips[i].set_data([i + 0.36], [y])
        self.tips[i].set_marker("^" if gap > 0 else "v")
        self.gaps[i].set_visible(abs(gap) > 0.03)
        self.tips[i].set_visible(abs(gap) > 0.03)

    def _say(self, p, y, d, share):
        right, T = self.right, self.T
        L = float(-losses.log_softmax(self.z[: len(p)] / T)[right])
        gradient = ", ".join(_short(g, 2) for g in p - y)
        over = "" if T == 1 else f", divided by T = {number(T)}"
        two = "p₁" if len(p) == 2 else "Of the first two classes, class 1 has the share p₁/(p₁ + p₂)"
        self.caption = (
            f"p = ({', '.join(_short(v, 2) for v in p)}). The right class {right + 1} has {number(p[right])}, so the "
            f"cross-entropy is −ln {number(p[right])} = {number(L)}, and its gradient is p − y = ({gradient}){over}. "
            f"{two} = {number(share)} = σ({number(d)})."
        )


def _short(value, decimals):
    """A number with so many decimals, a real minus sign, and no −0.00."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


class SharedMap(Map):
    """A map that can be compared with another: one grey for one loss, lines at the same `levels`, arrows on one scale.

    The arrows are −∇L.
    """

    def __init__(self, axes, symbols, levels, labelled):
        super().__init__(axes)
        self.surface, self.levels, self.labelled = None, levels, labelled
        axes.set_xlabel(symbols[0], fontsize=11)
        axes.set_ylabel(symbols[1], fontsize=11, rotation=0, labelpad=4)

    def show(self, surface, longest, points=101):
        """Draw the surface; `longest` is the gradient norm that gets the longest arrow."""
        self.surface = surface
        for artist in self.drawn:
            artist.remove()
        left, right, bottom, top = surface.window
        x, y = np.linspace(left, right, points), np.linspace(bottom, top, points)
        L = surface.loss(np.stack(np.meshgrid(x, y), -1))
        look_at(self.axes, surface.window)
        self.drawn = [*contours(self.axes, x, y, L, self.levels, self.labelled), self._arrows(surface, longest)]
        for point in surface.critical_points:
            marker, size = MARKS[point["kind"]]
            mark = dict(markersize=size, markerfacecolor="white", markeredgecolor=INK, linestyle="", zorder=3)
            self.drawn += self.axes.plot(*point["w"], marker, **mark)

    def _arrows(self, surface, longest):
        foot = arrow_feet(surface)
        down = -surface.grad(foot)
        step = foot[0, 1, 0] - foot[0, 0, 0]
        style = dict(angles="xy", scale_units="xy", scale=longest / (0.85 * step), width=0.006, minlength=0.6)
        return self.axes.quiver(*np.moveaxis(foot, -1, 0), *np.moveaxis(down, -1, 0), color=GREEN, zorder=2, **style)


def arrow_feet(surface, each_way=9):
    """A grid of points in the surface's window, (each_way, each_way, 2), where arrows begin."""
    left, right, bottom, top = surface.window
    shares = (np.arange(each_way) + 0.5) / each_way
    return np.stack(np.meshgrid(left + (right - left) * shares, bottom + (top - bottom) * shares), -1)


class TwoLosses(Scene):
    """Two losses over the same plane, on one scale of heights, with the path of one optimizer on each.

    result: ({"name": (surface, path, p), …}, lr) for two losses; p: the probabilities that the path gives to the right
    answers, shape (steps+1, examples); lr: the learning rate, to say how far a step led beside η times the gradient.
    control: what a click on a map sets; symbols: the names of the axes.
    """

    levels = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]
    labelled = [0.01, 0.1, 1, 5, 10, 20]
    upper, lower = "probability of the right answer", "gradient norm"
    alt_lower = "Lower right: the gradient norm of both against steps, on a logarithmic axis."

    def __init__(self, control="start", symbols=("w₁", "w₂")):
        super().__init__((9.6, 4.3))
        self.control, self.named = control, None
        self.alt = (
            "Two contour maps of the same plane, with the same grey for the same loss: on the left the cross-entropy, "
            "on the right the squared error. Green arrows show the negative gradient, on one scale for both; on each "
            "map a path begins at the same point. Upper right: the mean probability of the right answers against "
            f"steps. {self.alt_lower}"
        )
        places = [[0.055, 0.115, 0.3, 0.8], [0.4, 0.115, 0.3, 0.8]]
        self.maps = [SharedMap(self.figure.add_axes(p), symbols, self.levels, self.labelled) for p in places]
        self.maps[1].axes.set_ylabel("")
        self.sure = self._panel([0.775, 0.61, 0.205, 0.305], self.upper, "steps t")
        self.sure.set_ylim(-0.03, 1.03)
        self.below = self._panel([0.775, 0.115, 0.205, 0.32], self.lower, "steps t")
        self.now = self.mover(self.sure.axvline(0, color=GREY, lw=1, ls=":"))
        self.paths, self.heads, self.starts, self.sureness, self.lows = [], [], [], [], []
        for seen, (color, dash, marker) in zip(self.maps, STYLES[:2], strict=True):
            style = dict(color=color, ls=dash, lw=1.8)
            self.paths.append(self.line(seen.axes, **style, marker=marker, ms=3.6, mew=0, zorder=5))
            self.starts.append(self.line(seen.axes, "o", mfc="white", mec=INK, ms=13, mew=1.8, zorder=6))
            self.heads.append(self.line(seen.axes, marker=marker, ls="", mfc=color, mec="white", ms=8, zorder=7))
            end = dict(marker=marker, markevery=[-1], ms=7, mec="white")  # as on the map that the line belongs to
            self.sureness.append(self.line(self.sure, **style, **end))
            self.lows.append(self.line(self.below, **style, **end))
        self._prepare_lower()

    def _panel(self, place, title, label):
        axes = self.figure.add_axes(place)
        axes.set_title(title, fontsize=9.5, loc="left", y=1.0)
        axes.set_xlabel(label, fontsize=9, labelpad=1)
        axes.tick_params(labelsize=9)
        axes.grid(alpha=0.25)
        return axes

    def _prepare_lower(self):
        self.below.set(yscale="log", ylim=(1e-10, 10), yticks=[1e-9, 1e-6, 1e-3, 1])

    def show(self, result):
        self.runs, self.lr = result
        surfaces = [surface for surface, _, _ in self.runs.values()]
        if any(seen.surface is not surface for seen, surface in zip(self.maps, surfaces, strict=True)):
            longest = max(np.linalg.norm(s.grad(arrow_feet(s)), axis=-1).max() for s in surfaces)
            for seen, surface in zip(self.maps, surfaces, strict=True):
                seen.show(surface, longest)
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            for seen, name, sign, (color, *_) in zip(self.maps, self.named, "●■", STYLES[:2], strict=True):
                seen.axes.set_title(f"{sign} {name}", fontsize=11, loc="left", y=1.0, color=color)
        self.tracks = [
            (seen.drawable(path["w"]), np.linalg.norm(surface.grad(path["w"]), axis=-1), p)
            for seen, (surface, path, p) in zip(self.maps, self.runs.values(), strict=True)
        ]
        steps = len(self.tracks[0][0]) - 1
        if steps != self.steps:
            self.steps = steps
            self._set_time_axes(max(steps, 1))
        self.stories = [_story(name, path, p) for name, (_, path, p) in self.runs.items()]

    def _set_time_axes(self, steps):
        self.sure.set_xlim(0, steps)
        self.below.set_xlim(0, steps)

    def at(self, t):
        t = min(t, self.steps)
        self.now.set_xdata([t, t])
        for k, (points, _, p) in enumerate(self.tracks):
            self.paths[k].set_data(*points[: t + 1].T)
            self.starts[k].set_data(*points[:1].T)
            self.heads[k].set_data(*points[t : t + 1].T)
            self.sureness[k].set_data(np.arange(t + 1), p[: t + 1].mean(-1))
        self._draw_lower(t)
        facts = [self._fact(name, t, *track) for name, track in zip(self.runs, self.tracks, strict=True)]
        said = [f"Step {t} of {self.steps}.", *facts, *self.stories, *self._stretched(t)]
        self.caption = " ".join(filter(None, said))
        return self.moving

    def _draw_lower(self, t):
        for line, (_, slope, _) in zip(self.lows, self.tracks, strict=True):
            line.set_data(np.arange(t + 1), np.maximum(slope[: t + 1], 1e-30))

    def _fact(self, name, t, points, slope, p):
        right = f"probability of the right class {number(p[t, 0])}"
        return f"{_upper(name)}: {right}, gradient norm {number(slope[t], 2)}."

    def _stretched(self, t):
        """How much further than η times the gradient the last step led, where that is worth saying."""
        for name, (points, slope, _) in zip(self.runs, self.tracks, strict=True):
            if t and slope[t - 1] > 0:
                ratio = np.linalg.norm(points[t] - points[t - 1]) / (self.lr * slope[t - 1])
                if ratio > 100:
                    yield f"On {name} the last step was {number(ratio, 2)} times as long as η times the gradient."

    def clicked(self, axes, x, y):
        return {self.control: (x, y)} if any(axes is seen.axes for seen in self.maps) else {}


class TwoFits(TwoLosses):
    """The same for the model σ(w₁x + w₂) on data, which is drawn with both fits in place of the gradient norms.

    result: (runs, lr, x, y): as for TwoLosses, and the data, x and y of shape (examples,), y being 0 or 1.
    """

    levels = [0, 0.2, 0.3, *np.linspace(0.4, 1, 13).round(2).tolist(), 1.1, 1.2, 1.4, 1.6, 2, 3, 5, 10, 20, 50]
    labelled = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 2, 5]
    upper, lower = "mean probability of the labels", "data and fits σ(w₁x + w₂)"
    alt_lower = "Lower right: the data and the probability that each fit gives to the label 1, against the input."

    def _prepare_lower(self):
        self.below.set(ylim=(-0.14, 1.14), yticks=[0, 0.5, 1])
        self.below.set_xlabel("input x", fontsize=9, labelpad=1)
        self.dots = self.line(self.below, "D", mfc="white", mec=INK, ms=7, mew=1.6, zorder=6)

    def show(self, result):
        *result, x, self.y = result
        if not self.named or not np.array_equal(x, self.x):
            self.x, self.inputs = x, np.linspace(min(x) - 1, max(x) + 1, 121)
            self.below.set_xlim(self.inputs[0], self.inputs[-1])
        super().show(result)

    def _set_time_axes(self, steps):
        self.sure.set_xlim(0, steps)

    def _draw_lower(self, t):
        self.dots.set_data(self.x, self.y)
        for line, (_, path, _) in zip(self.lows, self.runs.values(), strict=True):
            w1, w2 = path["w"][t]
            line.set_data(self.inputs, losses.sigmoid(w1 * self.inputs + w2))

    def _fact(self, name, t, points, slope, p):
        met = int((p[t] > 0.5).sum())
        return f"{_upper(name)} meets {met} of {p.shape[-1]} labels, gradient norm {number(slope[t], 2)}."


def _upper(name):
    return name[:1].upper() + name[1:]


def _story(name, path, p):
    """Since when the right answers are sure, or that the run ended early; nothing if neither is so."""
    if path["diverged"]:
        return f"{_upper(name)} left the range of numbers at step {int(path['diverged'])}."
    what = "the right answer has" if p.shape[-1] == 1 else "all labels have"
    sure = (p > 0.9).all(-1)
    if not sure[-1]:
        return ""
    since = int(np.flatnonzero(~sure)[-1]) + 1 if not sure.all() else 0
    return f"With {name} {what} more than 0.9 from step {since} on."


class Margin(Scene):
    """Two losses of one example, and their slopes, against the margin of its right class.

    result: (margins, {"name": (L, slope), …}, k): margins of shape (n,), in rising order; L and dL/dm of two losses, of
    shape (n,); k: the index of the margin that is looked at.
    """

    alt = (
        "Left: cross-entropy and squared error after softmax against the margin of the right class. For negative "
        "margins the cross-entropy rises in a straight line, the squared error is level. Right: the size of both "
        "slopes on a logarithmic axis. For negative margins one stays at 1, the other falls exponentially. A point on "
        "each curve."
    )

    def __init__(self):
        super().__init__((9.6, 3.4))
        self.height = self.figure.add_axes([0.06, 0.16, 0.4, 0.75], ylim=(-0.3, 12.3))
        self.slope = self.figure.add_axes([0.575, 0.16, 0.405, 0.75], ylim=(1e-6, 10), yscale="log")
        self.height.set_title("loss L", fontsize=11, loc="left", y=1.0)
        self.slope.set_title("size of the slope dL/dm", fontsize=11, loc="left", y=1.0)
        self.height.text(-0.4, 11.8, "wrong answer", va="top", ha="right", fontsize=9, color=GREY)
        self.height.text(0.4, 11.8, "right answer", va="top", fontsize=9, color=GREY)
        self.slope.axvline(-np.log(2), color=GREY, lw=1, ls=":")
        self.slope.text(-np.log(2) - 0.2, 4, "m = −ln 2", ha="right", fontsize=9, color=GREY)
        self.named, self.curves, self.points = None, [], []
        for axes in (self.height, self.slope):
            axes.set_xlabel("margin m: logit of the right class − logit of the other", fontsize=9)
            axes.grid(alpha=0.25)
            axes.axvspan(-100, 0, color="#e3eaf1", zorder=0)
            self.curves.append([self.line(axes, color=color, ls=dash, lw=2.2) for color, dash, _ in STYLES[:2]])
            styles = [dict(marker=marker, mfc=color, mec="white", ms=10) for color, _, marker in STYLES[:2]]
            self.points.append([self.line(axes, **style, ls="", zorder=5) for style in styles])

    def show(self, result):
        self.margins, self.losses, self.k = result
        limits = self.margins[0], self.margins[-1]
        if limits != self.height.get_xlim():
            self.height.set_xlim(limits)
            self.slope.set_xlim(limits)
        if list(self.losses) != self.named:
            self.named = list(self.losses)
            styles = [dict(color=c, ls=d, marker=m, ms=7, lw=2.2) for c, d, m in STYLES[:2]]
            handles = [self.height.plot([], [], label=n, **s)[0] for n, s in zip(self.named, styles, strict=True)]
            self.height.legend(handles=handles, loc="upper right", bbox_to_anchor=(1.0, 0.88), fontsize=9)

    def at(self, t):
        m, k, said = self.margins, self.k, []
        for i, (name, (L, slope)) in enumerate(self.losses.items()):
            for values, curves, points in zip((L, np.abs(slope)), self.curves, self.points, strict=True):
                curves[i].set_data(m, values)
                points[i].set_data(m[k : k + 1], values[k : k + 1])
            said.append(f"{name} {number(L[k])} with slope {number(slope[k])}")
        p = losses.softmax([m[k], 0.0])[0]
        self.caption = (
            f"Margin {number(m[k])}, so that the right class has the probability {number(p)}: {', '.join(said)}."
        )
        return self.moving


class InitialScale(Scene):
    """Accuracy against the scale of the initial weights, and against updates, for some losses.

    result: (sigmas, k, updates, {"name": (accuracy, diverged), …}): standard deviations of the initial weights, shape
    (scales,); the index of the one that is looked at; the numbers of updates at which the accuracy was taken, shape
    (looks,); accuracy of shape (looks, scales), diverged of shape (scales,), as in `descend`. At most four losses.
    """

    alt = (
        "Left: accuracy on held-out digits against the standard deviation of the initial weights, a line for each "
        "loss. Right: accuracy against the number of updates, for one of these standard deviations."
    )

    def __init__(self):
        super().__init__((9.6, 3.9))
        self.across = self.figure.add_axes([0.065, 0.13, 0.45, 0.74], xscale="log", ylim=(0, 1.02))
        self.along = self.figure.add_axes([0.6, 0.13, 0.375, 0.74], ylim=(0, 1.02))
        self.across.set_xlabel("s: standard deviation of the initial weights")
        self.across.set_ylabel("accuracy on held-out digits")
        self.along.set_xlabel("updates")
        for axes in (self.across, self.along):
            axes.grid(alpha=0.25)
            axes.axhline(0.1, color=GREY, lw=1, ls=":")
        self.along.text(0.99, 0.03, "guessing: 0.1", transform=self.along.transAxes, ha="right", fontsize=9, color=GREY)
        self.here = self.mover(self.across.axvline(1, color=GREY, lw=1.4, ls="--"))
        self.named, self.sigmas = None, None
        self.scales = [self.line(self.across, color=c, ls=d, marker=m, ms=7, lw=1.8) for c, d, m in STYLES]
        self.curves = [self.line(self.along, color=c, ls=d, marker=m, ms=5, lw=1.8) for c, d, m in STYLES]

    def show(self, result):
        sigmas, self.k, self.updates, self.runs = result
        if self.sigmas is None or not np.array_equal(sigmas, self.sigmas):
            self.sigmas = np.asarray(sigmas)
            self.across.set_xlim(self.sigmas[0] / 1.4, self.sigmas[-1] * 1.4)
            self.across.set_xticks(self.sigmas, [f"{s:g}" for s in self.sigmas], minor=False)
            self.across.minorticks_off()
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            styles = [dict(color=c, ls=d, marker=m, ms=6) for c, d, m in STYLES]
            handles = [self.along.plot([], [], label=n, **s)[0] for n, s in zip(self.named, styles, strict=False)]
            self.figure.legends.clear()
            self.figure.legend(handles=handles, loc="upper center", ncols=4, frameon=False, bbox_to_anchor=(0.5, 1.01))
        self.steps = int(self.updates[-1])
        if self.along.get_xlim()[1] != self.updates[-1]:
            self.along.set_xlim(0, self.updates[-1])

    def at(self, t):
        sigma, t = self.sigmas[self.k], int(np.searchsorted(self.updates, t, "right")) - 1  # the last look until then
        self.here.set_xdata([sigma, sigma])
        for artist in (*self.scales, *self.curves):
            artist.set_visible(False)
        for (accuracy, _), scales, curve in zip(self.runs.values(), self.scales, self.curves, strict=False):
            scales.set_data(self.sigmas, accuracy[t])
            curve.set_data(self.updates[: t + 1], accuracy[: t + 1, self.k])
            scales.set_visible(True)
            curve.set_visible(True)
        said = [self._say(name, t, *run) for name, run in self.runs.items()]
        self.caption = f"After {self.updates[t]} updates from weights of s = {number(sigma)}: {', '.join(said)}."
        return [artist for artist in self.moving if artist.get_visible()]

    def _say(self, name, t, accuracy, diverged):
        gone = int(diverged[self.k])
        left = f" (diverged at update {gone})" if 0 < gone <= self.updates[t] else ""
        return f"{name} {100 * accuracy[t, self.k]:.0f}\N{NO-BREAK SPACE}%{left}"
