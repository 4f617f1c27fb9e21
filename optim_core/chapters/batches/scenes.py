"""The scenes of chapter 04: what a mini-batch sees, orders of the data, the noise floor, larger steps, times."""

import numpy as np

from optim_core.scenes import NoiseFloor, TrainingRuns, timed_training
from optim_core.scenes.board import BLUE, GREEN, GREY, INK, ORANGE, STYLES, Map, Scene, arrow, number

__all__ = ["EpochTime", "LinearScaling", "MiniBatches", "NoiseFloor", "Orders", "TrainingRuns", "timed_training"]

CIRCLE = np.linspace(0, 2 * np.pi, 73)


def ellipses(H, middle, heights):
    """The lines on which ½ (w − middle)ᵀ H (w − middle) has these heights, as one line (2, points) with gaps.

    H: symmetric, positive semidefinite, (2, 2); along a direction without curvature the lines go on beyond any frame.
    """
    values, vectors = np.linalg.eigh(H)
    values = np.maximum(values, 1e-6 * values[-1])
    rings = np.sqrt(2 * np.asarray(heights)[:, None, None] / values) * np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], -1)
    rings = middle + rings @ vectors.T
    return np.concatenate([np.append(ring, [[np.nan, np.nan]], 0) for ring in rings] or [np.empty((0, 2))]).T


class Flat(Map):
    """A map without numbers on its contour lines, over which other contour lines are drawn."""

    def _number(self, lines):
        pass


class MiniBatches(Scene):
    """What each mini-batch sees of a surface, the cloud of their gradients at one point, and how wide that cloud is.

    result: (surface, w, B, rows, g): a quadratic, as `two_weights` makes it for mse; a point; the size of the
    mini-batches to look at; rows[b], shape (batches, b), says which examples each batch of size b holds, for several b;
    g, shape (N, 2), is the gradient of each example at w. The time is the number of the mini-batch, from 0.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map of the loss over two weights, in grey for all data, in orange dashes for one mini-batch, "
        "with an arrow against the gradient of each. Middle: the gradients of many mini-batches at the chosen point, "
        "a cloud about the gradient of all data. Right: the variance of that cloud against the batch size, measured "
        "and by theory with and without replacement, on logarithmic axes."
    )
    step = 0.25  # the arrows are a step with this learning rate

    def __init__(self):
        super().__init__((9.6, 4.3))
        self.reach = None
        self.map = Flat(self.figure.add_axes([0.055, 0.12, 0.37, 0.79]))
        self.map.axes.set_title("loss: all data in grey, this mini-batch in orange", fontsize=10, loc="left")
        self.cloud = self.figure.add_axes([0.5, 0.39, 0.232, 0.52])
        self.cloud.set_title("gradients at ○", fontsize=10, loc="left")
        self.cloud.set_xlabel("∂L/∂w₁", fontsize=9, labelpad=1)
        self.cloud.set_ylabel("∂L/∂w₂", fontsize=9, labelpad=-2)
        self.cloud.axhline(0, color=GREY, lw=0.8)
        self.cloud.axvline(0, color=GREY, lw=0.8)
        self.law = self.figure.add_axes([0.805, 0.12, 0.18, 0.79], xscale="log", yscale="log", ylim=(4e-3, 4))
        self.law.set_title("variance / σ²", fontsize=10, loc="left")
        self.law.set_xlabel("batch size B")
        self.law.grid(alpha=0.25)
        self.rings = self.line(self.map.axes, color=ORANGE, lw=1.2, ls=(0, (4, 1.5)), zorder=3)
        self.low = self.line(self.map.axes, "D", mfc=ORANGE, mec="white", ms=8, zorder=6)
        self.here = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
        self.down = self.line(self.map.axes, color=INK, lw=3.2, zorder=5)
        self.guess = self.line(self.map.axes, color=ORANGE, lw=1.8, zorder=5.5)
        self.dots = self.line(self.cloud, "s", mfc=BLUE, mec="none", ms=3.6, alpha=0.55, zorder=3)
        self.ring = self.line(self.cloud, color=GREEN, lw=1.8, ls=STYLES[2][1], zorder=4)
        self.truth = self.line(self.cloud, "P", mfc=INK, mec="white", ms=10, zorder=5)
        self.now = self.line(self.cloud, "D", mfc=ORANGE, mec="white", ms=8, zorder=6)
        self.lines = [
            self.line(self.law, color=GREEN, lw=1.8, ls=STYLES[2][1]),
            self.line(self.law, color=GREY, lw=1.8, ls="--"),
        ]
        self.measured = self.line(self.law, "s", mfc=BLUE, mec="white", ms=7, zorder=5)
        self.nothing = self.line(self.law, "v", mfc=BLUE, mec="white", ms=9, zorder=5, clip_on=False)
        self.chosen = self.line(self.law, "o", mfc="none", mec=ORANGE, ms=15, mew=2, zorder=6, clip_on=False)
        self._legend()

    def _legend(self):
        styles = [
            dict(marker="P", mfc=INK, mec="white", ms=9, ls="", label="all data"),
            dict(marker="D", mfc=ORANGE, mec="white", ms=8, ls="", label="this mini-batch"),
            dict(marker="s", mfc=BLUE, mec="none", ms=4, ls="", alpha=0.55, label="other mini-batches"),
            dict(marker="s", mfc=BLUE, mec="white", ms=8, ls="", label="variance, measured"),
            dict(color=GREEN, lw=1.8, ls=STYLES[2][1], label="theory, without replacement"),
            dict(color=GREY, lw=1.8, ls="--", label="theory, with replacement"),
        ]
        handles = [self.cloud.plot([], [], **style)[0] for style in styles]
        place = dict(loc="lower left", bbox_to_anchor=(0.487, -0.015), frameon=False)
        self.figure.legend(handles=handles, fontsize=8.5, labelspacing=0.25, handlelength=2.2, **place)

    def show(self, result):
        self.surface, w, self.B, rows, g = result
        self.w, self.rows, n = np.asarray(w, float), rows, len(g)
        self.map.show(self.surface)
        self.full, sizes = g.mean(0), np.array(sorted(rows))
        means = {b: g[rows[b]].mean(1) for b in rows}  # (batches, 2)
        one = ((g - self.full) ** 2).sum(-1).mean() or 1.0
        self.variance = np.array([((means[b] - self.full) ** 2).sum(-1).mean() / one for b in sizes])
        self.sizes, self.n = sizes, n
        self.means = means[self.B]
        values, vectors = np.linalg.eigh(np.cov(g.T, bias=True) * self._laws(self.B)[0])
        turn = np.stack([np.cos(CIRCLE), np.sin(CIRCLE)], -1) * np.sqrt(np.maximum(values, 0))
        self.two_sigma = self.full + 2 * turn @ vectors.T
        self.steps = len(self.means) - 1
        widest = 1.05 * np.abs(g).max()
        reach = next(s * 10.0**k for k in range(-9, 99) for s in (1, 1.5, 2, 3, 4, 6, 8) if s * 10.0**k >= widest)
        if reach != self.reach:
            self.reach = reach
            self.cloud.set(xlim=(-reach, reach), ylim=(-reach, reach))
        if self.law.get_xlim() != (sizes[0] / 1.5, sizes[-1] * 1.5):
            self.law.set_xlim(sizes[0] / 1.5, sizes[-1] * 1.5)
            self.law.set_xticks(sizes, [str(b) for b in sizes], fontsize=8)
            self.law.minorticks_off()

    def _laws(self, B):
        """The variance of a mini-batch's gradient, as a part of σ², without and with replacement."""
        return (self.n - B) / (self.n - 1) / B, 1 / B

    def at(self, t):
        seen, g = self.surface[self.rows[self.B][t]], self.means[t]
        H = seen.hessian(self.w)
        low = self.w - np.linalg.pinv(H, rcond=1e-9, hermitian=True) @ g  # its minimum, or the nearest of them
        levels = self.map.levels[1:-1:2] - seen.loss(low)
        self.rings.set_data(*ellipses(H, low, levels[levels > 0]))
        self.low.set_data(*low[:, None])
        self.here.set_data(*self.w[:, None])
        self.down.set_data(*arrow(self.w, self.w - self.step * self.full, 0.22))
        self.guess.set_data(*arrow(self.w, self.w - self.step * g, 0.22))
        self.dots.set_data(*self.means.T)
        self.ring.set_data(*self.two_sigma.T)
        self.truth.set_data(*self.full[:, None])
        self.now.set_data(*g[:, None])
        B = np.geomspace(self.sizes[0], self.sizes[-1], 200)[:-1]
        for line, law in zip(self.lines, self._laws(B), strict=True):
            line.set_data(B, law)
        bottom, top = self.law.get_ylim()
        gone = self.variance < bottom
        self.measured.set_data(self.sizes[~gone], self.variance[~gone])
        self.nothing.set_data(self.sizes[gone], np.full(gone.sum(), bottom * 1.15))
        k = list(self.sizes).index(self.B)
        self.chosen.set_data([self.B], [np.clip(self.variance[k], bottom * 1.15, top)])
        self.caption = self._verdict(t, g, k)
        return self.moving

    def _verdict(self, t, g, k):
        n, lengths = len(self.rows[self.B]), np.linalg.norm(g) * np.linalg.norm(self.full)
        text = f"Mini-batch {t + 1} of {n}, of {self.B} example{'s' * (self.B > 1)}. "
        if lengths > 0:
            angle = np.degrees(np.arccos(np.clip(g @ self.full / lengths, -1, 1)))
            text += f"Its gradient points {angle:.0f}° away from that of all data. "
        measured = "0" if self.variance[k] < 1e-12 else number(self.variance[k], 2)
        without, with_ = (number(law, 2) for law in self._laws(self.B))
        text += f"The variance over all {n}: {measured} σ²; theory says {without} without replacement, "
        return text + f"{with_} with it."

    def clicked(self, axes, x, y):
        return {"w": (x, y)} if axes is self.map.axes else {}


class Orders(Scene):
    """Runs that see the same data in different orders: their paths, and how far above the minimum the loss is.

    result: (surface, {"name": path, …}, k): a surface with one known minimum; at most four paths made by `descend`, of
    the same length; the number of updates in an epoch. A click on the map sets the control `start`.
    """

    alt = (
        "Left: contour map of the loss of all data with the path of each run. Right: how far the loss of all data is "
        "above its minimum, against the number of updates, on a logarithmic axis; a marker at the end of each epoch, "
        "and at the right border a bar at the mean of the last of them."
    )

    def __init__(self):
        super().__init__((9.6, 4.0))
        self.named, self.epoch = None, None
        self.map = Flat(self.figure.add_axes([0.06, 0.13, 0.4, 0.76]))
        self.curve = self.figure.add_axes([0.54, 0.13, 0.44, 0.76], yscale="log", ylim=(1e-6, 1e2))
        self.curve.set_xlabel("updates")
        self.curve.set_title("loss of all data − its minimum", fontsize=10, loc="left")
        self.curve.grid(alpha=0.25)
        self.start = self.line(self.map.axes, "o", mfc="white", mec=INK, ms=9, mew=1.8, zorder=6)
        self.now = self.mover(self.curve.axvline(0, color=GREY, lw=1, ls=":"))
        self.paths, self.heads, self.curves, self.ends, self.bars = [], [], [], [], []
        for color, dash, marker in STYLES:
            self.bars.append(self.line(self.curve, color=color, lw=4, zorder=6, solid_capstyle="butt", clip_on=False))
            self.paths.append(self.line(self.map.axes, color=color, ls=dash, lw=1.2, zorder=4))
            self.heads.append(self.line(self.map.axes, marker=marker, ls="", mfc=color, mec="white", ms=9, zorder=7))
            self.curves.append(self.line(self.curve, color=color, ls=dash, lw=0.9, alpha=0.75))
            self.ends.append(self.line(self.curve, marker=marker, ls="", mfc=color, mec="white", ms=7, zorder=5))

    def show(self, result):
        self.surface, self.runs, self.epoch = result
        self.map.show(self.surface)
        if list(self.runs) != self.named:
            self.named = list(self.runs)
            styles = [dict(color=c, ls=d, marker=m, ms=6) for c, d, m in STYLES]
            handles = [self.curve.plot([], [], label=n, **s)[0] for n, s in zip(self.named, styles, strict=False)]
            self.figure.legends.clear()
            place = dict(loc="upper left", bbox_to_anchor=(0.05, 1.015), frameon=False)
            self.figure.legend(handles=handles, ncols=4, fontsize=9, **place)
        lowest = self.surface.loss(self.surface.critical_points[0]["w"])
        self.excess = [np.clip(self.surface.loss(p["w"]) - lowest, 1e-30, 1e30) for p in self.runs.values()]
        self.tracks = [self.map.drawable(path["w"]) for path in self.runs.values()]
        self.steps = len(self.tracks[0]) - 1
        if self.curve.get_xlim()[1] != 1.02 * self.steps:
            self.curve.set_xlim(0, 1.02 * self.steps)

    def at(self, t):
        self.now.set_xdata([t, t])
        self.start.set_data(*self.tracks[0][:1].T)
        for artist in (*self.paths, *self.heads, *self.curves, *self.ends, *self.bars):
            artist.set_visible(False)
        done = np.arange(0, t + 1, self.epoch)
        every = done[:: max(1, len(done) // 40)]  # not more markers than one can tell apart
        each = zip(self.tracks, self.excess, self.paths, self.heads, self.curves, self.ends, strict=False)
        for points, excess, path, head, curve, ends in each:
            path.set_data(*points[: t + 1].T)
            head.set_data(*points[t : t + 1].T)
            curve.set_data(np.arange(t + 1), excess[: t + 1])
            ends.set_data(every, excess[every])
            for artist in (path, head, curve, ends):
                artist.set_visible(True)
        if t == self.steps:  # and what the ends of the last epochs come to on average
            for bar, excess in zip(self.bars, self.excess, strict=False):
                bar.set_data([self.steps, 1.05 * self.steps], [excess[self._late()[0]].mean()] * 2)
                bar.set_visible(True)
        self.caption = self._verdict(t)
        return [artist for artist in self.moving if artist.get_visible()]

    def _late(self):
        """The ends of the epochs in the last quarter of the run, and in the quarter before it."""
        ends = np.arange(0, self.steps + 1, self.epoch)
        quarter = max(len(ends) // 4, 1)
        return ends[-quarter:], ends[-2 * quarter : -quarter]

    def _verdict(self, t):
        text = f"Update {t} of {self.steps}, epoch {t // self.epoch} done. "
        gone = [f"{name} diverged at update {int(p['diverged'])}" for name, p in self.runs.items() if p["diverged"]]
        if gone:
            return f"{text}{'; '.join(gone)}."
        late, before = self._late()
        means = [(name, e[late].mean(), e[before].mean()) for name, e in zip(self.runs, self.excess, strict=True)]
        facts = [f"{name} {number(now, 2)}" for name, now, _ in means]
        falling = [name for name, now, earlier in means if now < 0.5 * earlier]
        text += f"Above the minimum at the ends of the last quarter of the epochs, on average: {', '.join(facts)}."
        return text + (f" Still falling: {', '.join(falling)}." if falling else "")

    def clicked(self, axes, x, y):
        return {"start": (x, y)} if axes is self.map.axes else {}


class LinearScaling(Scene):
    """Losses against epochs for one batch size, for one k times as large, and for that with k times the learning rate.

    result: (ks, k, scaled, same): the factors tried and the one to look at; the losses of all data, shape
    (factors, epochs + 1, runs), with the learning rate scaled by each factor and with the same for all; ks[0] = 1.
    """

    alt = (
        "Left: loss of all data against epochs, on a logarithmic axis, in three bundles of runs: the base setting, the "
        "batch k times as large with the same learning rate, and both k times as large. Right: the loss after the last "
        "epoch, divided by the base setting's, against k, on logarithmic axes; a third line is the largest ratio on "
        "the way with both k times as large."
    )
    names = ["base (k = 1)", "batch × k, η × k", "batch × k, η the same"]
    farthest = "η × k, farthest off on the way"

    def __init__(self):
        super().__init__((9.6, 4.0))
        self.ks = None
        self.fall = self.figure.add_axes([0.07, 0.13, 0.5, 0.72], yscale="log", ylim=(0.05, 50), xlabel="epochs")
        self.ratio = self.figure.add_axes([0.66, 0.13, 0.325, 0.72], xscale="log", yscale="log", ylim=(0.7, 200))
        self.fall.set_title("loss of all data", fontsize=10, loc="left", pad=4)
        self.ratio.set_title("loss / base, after the last epoch", fontsize=10, loc="left", pad=4)
        self.ratio.set_xlabel("k")
        self.ratio.axhline(1, color=GREY, lw=3.5, alpha=0.45)
        for axes in (self.fall, self.ratio):
            axes.grid(alpha=0.25)
        looks = [dict(color=GREY, ls="-", lw=5, alpha=0.45)]
        looks += [dict(color=c, ls=d, marker=m, ms=5, lw=1.4) for c, d, m in STYLES[:2]]
        self.curves = [self.line(self.fall, **look) for look in looks]
        self.ends = [self.line(self.ratio, **look) for look in looks[1:]]
        self.worst = self.line(self.ratio, color=GREEN, ls=STYLES[2][1], marker=STYLES[2][2], ms=5, lw=1.4)
        looks.append(dict(color=GREEN, ls=STYLES[2][1], marker=STYLES[2][2], ms=5, lw=1.4))
        self.here = self.mover(self.ratio.axvline(1, color=INK, lw=1, ls=":"))
        names = [*self.names, self.farthest]
        handles = [self.fall.plot([], [], label=name, **look)[0] for name, look in zip(names, looks, strict=True)]
        place = dict(loc="upper left", bbox_to_anchor=(0.06, 1.015), frameon=False)
        self.figure.legend(handles=handles, ncols=4, fontsize=9, handlelength=3, **place)

    def show(self, result):
        ks, self.k, self.scaled, self.same = result
        if self.ks is None or not np.array_equal(ks, self.ks):
            self.ks = np.asarray(ks)
            self.ratio.set_xlim(0.8, self.ks[-1] * 1.25)
            roomy = [True, *(self.ks[1:] > 1.3 * self.ks[:-1])]  # no two labels over each other
            labels = [str(k) if room else "" for k, room in zip(self.ks, roomy, strict=True)]
            self.ratio.set_xticks(self.ks, labels, fontsize=8.5)
            self.ratio.minorticks_off()
            self.fall.set_xlim(0, self.scaled.shape[1] - 1)

    def at(self, t):
        i = list(self.ks).index(self.k)
        bundles = self.scaled[0], self.scaled[i], self.same[i]
        epochs = np.append(np.arange(self.scaled.shape[1]), np.nan)
        for line, losses in zip(self.curves, bundles, strict=True):  # all runs in one line, with gaps
            drawn = [np.append(np.clip(run, 1e-9, 1e9), np.nan) for run in losses.T]
            line.set_data(np.tile(epochs, len(drawn)), np.concatenate(drawn))
        self.ratios = [losses[:, -1] / self.scaled[0, -1] for losses in (self.scaled, self.same)]  # (factors, runs)
        for line, ratio in zip(self.ends, self.ratios, strict=True):
            line.set_data(self.ks, np.clip(ratio.mean(-1), 1e-9, 1e9))
        off = (self.scaled / self.scaled[0]).max((1, 2))  # the highest ratio at any look
        self.worst.set_data(self.ks, np.clip(off, 1e-9, 1e9))
        self.here.set_xdata([self.k, self.k])
        scaled, same = (number(ratio[i].mean(), 4) for ratio in self.ratios)
        rounds = len(epochs) - 2
        if i == 0:
            self.caption = f"k = 1 is the base setting itself: {rounds} epochs, a line for each run."
            return self.moving
        self.caption = f"After {rounds} epochs, k = {self.k}: with the learning rate scaled the loss is {scaled} times "
        self.caption += f"the base setting's, with the same learning rate {same} times (means of all runs)."
        return self.moving


class EpochTime(Scene):
    """How long an update and an epoch take on this machine, against the batch size.

    result: (sizes, seconds, n, B): batch sizes; the measured seconds of one update with each; the number of examples;
    the batch size to look at, one of sizes.
    """

    alt = (
        "Left: seconds for one update against the batch size; right: seconds for one epoch, both measured on this "
        "machine, on logarithmic axes. The time of an update is level for small batches and then rises in proportion "
        "to the batch size; that of an epoch falls and then is level. A dashed line is a fixed cost for each update "
        "and a cost for each example."
    )

    def __init__(self):
        super().__init__((9.6, 3.7))
        self.update = self.figure.add_axes([0.075, 0.15, 0.4, 0.74], ylim=(1e-5, 1))
        self.whole = self.figure.add_axes([0.575, 0.15, 0.4, 0.74], ylim=(2e-4, 20))
        self.sizes = None
        self.dots, self.fits, self.marks = [], [], []
        for axes, what in ((self.update, "seconds for an update"), (self.whole, "seconds for an epoch")):
            axes.set(xscale="log", yscale="log", xlabel="batch size B")
            axes.set_title(what, fontsize=10, loc="left")
            axes.grid(alpha=0.25)
            self.fits.append(self.line(axes, color=GREEN, lw=1.8, ls="--"))
            self.dots.append(self.line(axes, color=BLUE, marker="s", ms=7, lw=0.8, mec="white"))
            self.marks.append(self.line(axes, "o", mfc="none", mec=ORANGE, ms=17, mew=2.2, zorder=6))
        handles = [
            self.update.plot([], [], "s", mfc=BLUE, mec="white", ms=7, label="measured here")[0],
            self.update.plot([], [], color=GREEN, lw=1.8, ls="--", label="fixed cost + B × cost of an example")[0],
        ]
        self.update.legend(handles=handles, loc="upper left", fontsize=9)

    def show(self, result):
        sizes, self.seconds, self.n, self.B = result
        if self.sizes is None or not np.array_equal(sizes, self.sizes):
            self.sizes = np.asarray(sizes)
            for axes in (self.update, self.whole):
                axes.set_xlim(self.sizes[0] / 1.4, self.sizes[-1] * 1.4)
                roomy = self.sizes[:-1] * 1.5 < self.sizes[1:]  # no two labels over each other
                labels = [str(b) if room else "" for b, room in zip(self.sizes, [*roomy, True], strict=True)]
                axes.set_xticks(self.sizes, labels, fontsize=8)
                axes.minorticks_off()

    def at(self, t):
        seconds, updates = np.asarray(self.seconds), self.n / self.sizes
        weights = np.stack([1 / seconds, self.sizes / seconds], -1)  # least squares of relative errors
        self.fixed, self.each = np.maximum(np.linalg.lstsq(weights, np.ones(len(seconds)), rcond=None)[0], 0)
        fit = self.fixed + self.each * self.sizes
        k = list(self.sizes).index(self.B)
        for i, factor in enumerate((1, updates)):
            self.dots[i].set_data(self.sizes, seconds * factor)
            self.fits[i].set_data(self.sizes, fit * factor)
            self.marks[i].set_data([self.B], [(seconds * factor)[k]])
        more = seconds[k] / seconds[0]
        self.caption = f"On this machine an update from {self.B} example{'s' * (self.B > 1)} takes "
        self.caption += f"{_time(seconds[k])}, and an epoch of {self.n} examples {_time(seconds[k] * updates[k])}."
        if self.B > 1:
            self.caption += f" That is {self.B} examples in {number(more, 2)} times the time of one."
        return self.moving


def _time(seconds):
    """A time in the unit that suits it.

    >>> _time(3.2e-5), _time(0.0123), _time(2.0)
    ('32 µs', '12 ms', '2 s')
    """
    for unit, name in ((1e-6, "µs"), (1e-3, "ms"), (1, "s")):
        if seconds < 999.5 * unit or name == "s":
            return f"{number(float(f'{seconds / unit:.2g}'), 2)} {name}"
