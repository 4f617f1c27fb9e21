"""The scenes of chapter 04: what a mini-batch sees, orders of the data, the noise floor, larger steps, times, ends."""

import numpy as np

from optim_core.scenes import NoiseFloor, TrainingRuns, timed_training
from optim_core.scenes.board import INK, arrow, brief, level_lines, many, number
from optim_core.scenes.panels import Curves, Page, Points, Surface
from optim_core.scenes.styles import DASHED, RING, RUNS, SOLID, Look, look
from optim_core.scenes.trajectories import height

__all__ = [
    "EpochTime", "LinearScaling", "MiniBatches", "NoiseFloor", "Orders", "Places", "TimeToTarget", "TrainingRuns",
    "timed_training",
]  # fmt: skip

HERE, MEASURED = Look(INK, "None", "D"), RUNS[0]._replace(dash="None", marker="s")


# ---- what a mini-batch sees ----


def sees(seen, w, x, y, levels):
    """What a mini-batch with this quadratic loss sees from w: its minimum, the nearest of them, and its level lines.

    x, y: the grid on which the lines of these levels are traced, as one line (2, points) with gaps.
    """
    H = seen.hessian(w)
    low = w - np.linalg.pinv(H, rcond=1e-9, hermitian=True) @ seen.grad(w)
    d = np.stack(np.meshgrid(x, y), -1) - low
    return low, level_lines(x, y, seen.loss(low) + 0.5 * (d @ H * d).sum(-1), levels)


def laws(n, B):
    """The variance of a mini-batch's gradient as a part of σ², by theory, for each way to draw it from n examples.

    >>> laws(64, 64)
    {'from the deck': 0.0, 'with replacement': 0.015625}
    """
    return {"from the deck": (n - B) / (n - 1) / B, "with replacement": 1 / B}


def square_about(points):
    """Limits (x, y) of a square that holds all points, (n, 2), with a margin; they change in steps only.

    >>> square_about(np.array([[0.0, 0.0], [-9.0, 5.0]])).tolist()
    [[-12.0, 4.0], [-4.0, 12.0]]
    """
    low, high = points.min(0), points.max(0)
    reach = 2.0 ** (np.ceil(2 * np.log2(0.7 * max((high - low).max(), 1e-9))) / 2)
    middle = np.round((low + high) / reach) * reach / 2
    return np.stack([middle - reach, middle + reach], -1)


def varies(means, g):
    """The mean squared distance of mini-batches' gradients from that of all, as a part of σ², that of single ones.

    >>> varies(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0], [-2.0, 0.0]]))
    0.25
    """
    one = ((g - g.mean(0)) ** 2).sum(-1).mean() or 1.0
    return float(((means - g.mean(0)) ** 2).sum(-1).mean() / one)


def two_sigma(g, part):
    """The ellipse, (2, points), two standard deviations from the mean, where variances are this part of those of g."""
    values, vectors = np.linalg.eigh(part * np.cov(g.T, bias=True))
    turn = np.linspace(0, 2 * np.pi, 73)
    return g.mean(0)[:, None] + 2 * vectors * np.sqrt(np.maximum(values, 0)) @ [np.cos(turn), np.sin(turn)]


def turned(g, full):
    """By how much a mini-batch's gradient points another way than that of all data, in a sentence.

    >>> turned(np.array([0.0, 2.0]), np.array([1.0, 0.0])), turned(np.zeros(2), np.ones(2))
    ('Its gradient points 90° away from that of all data.', 'One of the two gradients is 0.')
    """
    lengths = np.linalg.norm(g) * np.linalg.norm(full)
    if lengths <= 1e-12:
        return "One of the two gradients is 0."
    angle = np.degrees(np.arccos(np.clip(g @ full / lengths, -1, 1)))
    return f"Its gradient points {angle:.0f}° away from that of all data."


def spreads(measured, told):
    """How much the gradients of mini-batches vary, measured and by each law, in units of σ².

    >>> spreads(1e-17, laws(64, 64))
    '0 σ²; theory: 0 from the deck and 0.016 with replacement.'
    """
    told = " and ".join(f"{number(law, 2)} {how}" for how, law in told.items())
    return f"{'0' if measured < 1e-12 else number(measured, 2)} σ²; theory: {told}."


SEEN = {
    "all data": Look(INK, SOLID, "P"),
    "this mini-batch": Look("#a3410f", DASHED, "D"),
    "all mini-batches": MEASURED,
    "theory: from the deck": look("theory"),
    "theory: with replacement": look("bound"),
}


class Law(Curves):
    """The variance of the gradients of mini-batches, as a part of σ², against their size."""

    def __init__(self, page, name):
        words = dict(title="variance / σ²", x="batch size B", log="xy", ylim=(4e-3, 4))
        super().__init__(page, name, legend=None, **words)

    def fill(self, n, variance, B):
        """What was measured, {B: variance}, with n examples; a ring at B; what lies lower stands at the axis's foot."""
        (sizes, found), foot = np.array(sorted(variance.items())).T, self.fixed["y"][0]
        seen, fine, low = np.maximum(found, 1.2 * foot), np.geomspace(1, n, 200)[:-1], found < foot
        lines = {f"theory: {how}": (fine, law) for how, law in laws(n, fine).items()}
        lines |= {"all mini-batches": (sizes[~low], seen[~low]), "none": (sizes[low], seen[low])}
        self.ticks("x", sizes, 1.5)
        looks, points = SEEN | {"none": MEASURED._replace(marker="v")}, {"all mini-batches": 7, "none": 9}
        self.show(lines, looks=looks, sizes=points, ring=(B, seen[sizes == B][0]))


class MiniBatches(Page):
    """What each mini-batch sees of a surface, the cloud of their gradients at one point, and how wide that cloud is.

    result: (order, surface, w, B, rows, g): a quadratic, as `two_weights` makes it for mse; a point; the size of the
    mini-batches to look at; rows[b], shape (batches, b), says which examples each batch of size b holds, for several b;
    g, shape (N, 2), is the gradient of each example at w. Step t sees mini-batch number t; t = 0 none yet.
    A click on the map sets the control `w`.
    """

    alt = (
        "Left: contour map of the loss over two weights, in grey for all data, in dashes for one mini-batch, "
        "with an arrow against the gradient of each. Middle: the gradients of many mini-batches at the chosen point, "
        "a cloud about the gradient of all data. Right: the variance of that cloud against the batch size, measured "
        "and by theory with and without replacement, on logarithmic axes."
    )
    claims, clock = (turned, spreads), "mini-batch"
    ORDERS = dict(shuffled="from the deck", fixed="in the order of the data", replacement="with replacement")
    step = 0.25  # the arrows are a step with this learning rate

    def __init__(self):
        super().__init__("map cloud law / map names law", widths=[41, 31, 24], heights=[17, 9], size=(9.6, 4.3))
        self.map = Surface(self, "map", numbers=False, sets="w", equal=True)
        words = dict(title="gradients at ○", x="∂L/∂w₁", y="∂L/∂w₂", equal=True)
        self.cloud = Points(self, "cloud", legend=None, **words)
        for through_zero in (self.cloud.axes.axhline, self.cloud.axes.axvline):
            through_zero(0, color="#b6bac2", lw=1.8)
        self.law = Law(self, "law")
        self.name(SEEN, within="names", labelspacing=0.3)

    def show(self, result):
        order, self.surface, w, self.B, rows, g = result
        self.w, self.rows = np.asarray(w, float), rows[self.B]
        self.full, self.means, self.steps = g.mean(0), g[self.rows].mean(1), len(self.rows)
        self.variance = {b: varies(g[rows[b]].mean(1), g) for b in rows}
        self.drawn, self.told = self.ORDERS[order], laws(len(g), self.B)
        self.law_now = "with replacement" if order == "replacement" else "from the deck"
        self.ring = two_sigma(g, self.told[self.law_now])
        self.map.show(self.surface)
        for which, limits in zip("xy", square_about(np.append(g, [[0.0, 0.0]], 0)), strict=True):
            self.cloud.scale(which, "linear", tuple(limits))
        self.cloud.show({"all mini-batches": self.means.T}, looks=SEEN, sizes=2.8)
        self.law.fill(len(g), self.variance, self.B)

    def say(self, t):
        n, size = self.steps, many(self.B, "example")
        text = f"{n} mini-batches of {size}; press play."
        if t:
            text = f"Mini-batch {t} of {n}, of {size} ({self.drawn}). {turned(self.means[t - 1], self.full)}"
        return f"{text} The variance over all {n}: {spreads(self.variance[self.B], self.told)}"

    def beside(self, t):
        self.map.line("here", *self.w[:, None], **RING | dict(mfc="white"), ms=9, zorder=8)
        self.cloud.line("here", *self.full[:, None], **SEEN["all data"].point, ms=11, zorder=8)
        self.cloud.line("ring", *self.ring, **SEEN[f"theory: {self.law_now}"].line, zorder=7)
        self.map.line("down", *arrow(self.w, self.w - self.step * self.full, 0.22), color=INK, lw=3.2, zorder=6)
        if t:
            style, g, grid = SEEN["this mini-batch"], self.means[t - 1], self.map.map
            low, rings = sees(self.surface[self.rows[t - 1]], self.w, grid.w1, grid.w2, grid.levels[1:-1:2])
            self.map.line("rings", *rings, **style.line, lw=1.2, zorder=3)
            self.map.line("low", *low[:, None], **style.point, ms=8, zorder=7)
            self.map.line("guess", *arrow(self.w, self.w - self.step * g, 0.22), color=style.color, lw=1.8, zorder=6.5)
            self.cloud.line("now", *g[:, None], **style.point, ms=8, zorder=9)


# ---- orders of the data ----


def excess(surface, w):
    """How far a surface's loss at w is above that of its one minimum."""
    return np.clip(surface.loss(w) - surface.loss(surface.critical_points[0]["w"]), 1e-30, 1e30)


def late_ends(values, epoch):
    """Those of values (T + 1, …) at the ends of the epochs in the second half of a run.

    >>> late_ends(np.arange(9), epoch=2)
    array([6, 8])
    """
    ends = values[::epoch]
    return ends[len(ends) // 2 + 1 :]


def on_its_way(surface, start, lr, times, late):
    """Whether half of what is measured, or more, is what gradient descent without noise has left of the start.

    late: the mean excess after these numbers of steps, from `start` with learning rate lr.
    """
    values, vectors = np.linalg.eigh(surface.hessian(start))
    far = (start - surface.critical_points[0]["w"]) @ vectors
    left = (0.5 * values * far**2 * (1 - lr * values) ** (2 * np.reshape(times, (-1, 1)))).sum(-1).mean()
    return bool(late > 1e-12 and left >= 0.5 * late)


def same_steps(one, other):
    """Whether two orders lead the same way, but for rounding: losses above the minimum, in the same shape.

    >>> same_steps(np.array([2.0, 0.5]), np.array([2.0, 0.5 + 1e-9])), same_steps(np.array([2.0]), np.array([2.1]))
    (True, False)
    """
    return np.allclose(one, other, rtol=1e-6, atol=1e-12)


def lost(paths):
    """How many of the runs of each order diverged, and when the first of them did; nothing if none has.

    >>> lost({"shuffled": dict(diverged=np.array([0, 7, 0, 12])), "fixed": dict(diverged=np.zeros(4))})
    'Shuffled: 2 of 4 runs diverged, the first at update 7.'
    """
    gone = {name: path["diverged"][path["diverged"] > 0] for name, path in paths.items()}
    said = "; ".join(
        f"{name}: {len(at)} of {paths[name]['diverged'].size} runs diverged, the first at update {number(at.min())}"
        for name, at in gone.items()
        if len(at)
    )
    return said and f"{said}.".capitalize()


class Orders(Page):
    """Runs that see the same data in different orders: their paths, and how far above the minimum the loss is.

    result: (batch, lr, surface, {"order": path, …}, k): a quadratic surface; paths made by `descend`, with w of shape
    (T + 1, runs, 2), a run for each seed; the number of updates in an epoch. A click on the map sets `start`.
    """

    alt = (
        "Left: contour map of the loss of all data with one path for each order. Right: how far the loss of all data "
        "is above its minimum, against the number of updates, on a logarithmic axis: faint for one run, strong for the "
        "mean of all runs at the ends of epochs, and in the end a marker at the mean of the last half of them."
    )
    claims, clock = (lost, on_its_way, same_steps), "update t"

    def __init__(self):
        super().__init__("map fall", widths=[10, 11], size=(9.6, 4.2), top=0.26)
        self.map = Surface(self, "map", numbers=False, sets="start", equal=True)
        words = dict(title="loss of all data − its minimum", x="updates", log="y", ylim=(1e-6, 1e2))
        self.fall = Curves(self, "fall", legend=None, **words)

    def show(self, result):
        self.batch, self.lr, self.surface, self.paths, self.epoch = result
        runs = {name: dict(w=path["w"][:, 0], diverged=path["diverged"][0]) for name, path in self.paths.items()}
        self.steps = self.map.show(self.surface, runs)
        self.name(self.map.looks)
        self.excess = {name: excess(self.surface, path["w"]) for name, path in self.paths.items()}  # (T + 1, runs)
        self.late = {name: late_ends(some, self.epoch).mean() for name, some in self.excess.items()}
        self.fall.scale("x", "linear", (0, self.steps))
        times = np.arange(self.steps + 1)
        lines = {f"{name}, one run": (times, some[:, 0]) for name, some in self.excess.items()}
        means = {name: (times[:: self.epoch], some[:: self.epoch].mean(-1)) for name, some in self.excess.items()}
        dots = {name: (self.steps, late) for name, late in self.late.items() if late > 1e-6}
        self.fall.show(lines | means, looks=self.map.looks, faint=lines, dots=dots, timed=True)

    def say(self, t):
        text = f"Update {t} of {self.steps}, B = {self.batch}, η = {number(self.lr)}. "
        if gone := lost(self.paths):
            return text + gone
        runs, times = self.excess["shuffled"].shape[1], late_ends(np.arange(self.steps + 1), self.epoch)
        facts = ", ".join(f"{name} {height(late, 2)}" for name, late in self.late.items())
        text += f"Above the minimum at the ends of the last {len(times)} epochs, mean of {runs} runs: {facts}."
        start = self.paths["shuffled"]["w"][0, 0]
        on = [n for n, late in self.late.items() if on_its_way(self.surface, start, self.lr, times, late)]
        text += f" Half of that or more is still left of the start: {', '.join(on)}." if on else ""
        same = same_steps(self.excess["shuffled"], self.excess["fixed"])
        return text + " Shuffled and fixed take the same steps." * same


# ---- k times the batch, k times the learning rate ----


def farthest(losses, base):
    """The largest factor, up or down, by which losses differ from those of the base run at the same look.

    >>> farthest(np.array([1.0, 0.8]), np.array([1.0, 1.0]))
    1.25
    """
    return float(np.exp(np.abs(np.log(np.clip(losses, 1e-30, 1e30) / base)).max()))


def crosses(sharp, lr):
    """How the curvatures λ_max that were measured lie beside the bound of this learning rate.

    >>> [crosses(np.array([0.3, 0.5]), lr) for lr in (0.1, 5.0, 8.0)]
    ['always below', 'at times above', 'always above']
    """
    above = sharp > 2 / lr
    return "always above" if above.all() else "at times above" if above.any() else "always below"


def factor(times, digits):
    """A factor with so many digits, also where it is nearly 1.

    >>> factor(0.96341, 4), factor(1.00003, 4)
    ('0.9634', '1.000')
    """
    words = number(times, digits)
    return f"{1:.{digits - 1}f}" if words == "1" else words


def follows(k, warm, epochs, scaled, same, off, crossing):
    """What became of k times the batch: final losses in those of the base run, with k times η and with the same η.

    off: the farthest on the way; crossing: how the base run's λ_max compares with 2/(η × k), see `crosses`.
    """
    if k == 1:
        text = f"k = 1{f', where a warm-up over {warm} epochs changes nothing' if warm else ''}. This is the base "
        return text + f"setting itself: B = 10, η = 0.1, {epochs} epochs, a line for each run."
    return f"k = {k}{f', warm-up over {warm} epochs' if warm else ''}. " + (
        f"After {epochs} epochs with η × k = {number(0.1 * k)} the loss is {factor(scaled, 4)} times the base run's "
        f"(on the way off by a factor of {factor(off, 3)} at most), with the same η {factor(same, 4)} times (means of "
        f"all runs). At the start and after each epoch the base run's λ_max is {crossing} 2/(η × k)."
    )


class LinearScaling(Page):
    """Losses against epochs for one batch size, for one k times as large, and for that with k times the learning rate.

    result: (ks, k, warm, scaled, same, sharp): the factors tried, the one to look at, the epochs of warm-up; the losses
    of all data, shape (factors, epochs + 1, runs), with the learning rate scaled by each factor and with the same for
    all; ks[0] = 1, with the learning rate 0.1; sharp: λ_max at the looks of the base run.
    """

    alt = (
        "Left: loss of all data against epochs, on a logarithmic axis, in three bundles of runs: the base setting, the "
        "batch k times as large with the same learning rate, and both k times as large; below it the largest curvature "
        "on the way of the base run, and the bound 2 over the scaled learning rate. Right: the loss after the last "
        "epoch, divided by the base setting's, against k, on logarithmic axes; a third line is how far off the scaled "
        "runs are at most on the way, up or down."
    )
    claims = (farthest, crosses, follows)
    LOOKS = {
        "base (k = 1)": look("bound")._replace(dash=SOLID),
        "batch × k, η × k": RUNS[0],
        "batch × k, η the same": RUNS[1],
        "η × k, farthest off on the way": RUNS[2],
    }

    def __init__(self):
        super().__init__("fall ratio / sharp ratio", widths=[5, 4], heights=[3, 2], size=(9.6, 5.0), top=0.26)
        self.fall = Curves(self, "fall", title="loss of all data", log="y", ylim=(0.05, 50), legend=None)
        words = dict(title="λ_max of the base run, and 2/(η × k)", x="epochs", ylim=(0.1, 30))
        self.sharp = Curves(self, "sharp", log="y", legend=None, **words)
        words = dict(title="loss / loss of the base run", x="k", log="xy", ylim=(0.7, 500))
        self.ratio = Curves(self, "ratio", legend=None, room=dict(left=0.6), **words)
        self.name(self.LOOKS)

    def show(self, result):
        ks, k, warm, scaled, same, sharp = result
        self.base, i, epochs, (_, *names) = scaled[0], list(ks).index(k), np.arange(len(sharp)), self.LOOKS
        bundles = zip(names, (scaled[i], same[i]), strict=False)
        lines = {f"{name} {r}": (epochs, run) for name, some in bundles for r, run in enumerate(some.T)}
        self.fall.show(lines, looks={name: self.LOOKS[name.rpartition(" ")[0]] for name in lines})
        self.sharp.show({"steep direction": (epochs, sharp)}, levels={"": 20 / k})
        ends = [(losses[:, -1] / self.base[-1]).mean(-1) for losses in (scaled, same)]
        ends.append(np.array([farthest(losses, self.base) for losses in scaled]))
        lines = {name: (ks, end) for name, end in zip(names, ends, strict=True)}
        self.ratio.ticks("x", ks, 1.25)
        self.ratio.show(lines, looks=self.LOOKS, levels={"": 1.0}, marks={"": k})
        self.caption = follows(k, warm, len(sharp) - 1, *(end[i] for end in ends), crosses(sharp, 0.1 * k))

    def beside(self, t):
        runs = np.pad(self.base, ((0, 1), (0, 0)), constant_values=np.nan)  # in one line, with gaps
        epochs, style = np.tile(np.arange(len(runs)), runs.shape[1]), self.LOOKS["base (k = 1)"].line
        self.fall.line("base", epochs, runs.T.ravel(), **style, lw=6, alpha=0.5, zorder=3)


# ---- what an update costs, and how many are needed ----


def duration(seconds):
    """A time in the unit that suits it.

    >>> duration(3.2e-5), duration(0.0123), duration(2.0)
    ('32 µs', '12 ms', '2 s')
    """
    unit, name = next((u, n) for u, n in ((1e-6, "µs"), (1e-3, "ms"), (1, "s")) if seconds < 999.5 * u or u == 1)
    return f"{brief(seconds / unit, 2)} {name}"


def prices(sizes, seconds):
    """The fixed price of an update and the price of an example: least squares of the relative errors, neither below 0.

    >>> prices(np.array([1, 10]), np.array([3.0, 12.0])).round(9)
    array([2., 1.])
    """
    parts = np.stack([1 / seconds, sizes / seconds], -1)
    return np.maximum(np.linalg.lstsq(parts, np.ones(len(seconds)), rcond=None)[0], 0)


def costs(B, n, now, one):
    """What an update from B of n examples costs, and an epoch; now: its seconds; one: those of an update with B = 1.

    >>> costs(8, 1200, 1.01e-4, 1e-4)
    'an update from 8 examples takes 100 µs, and an epoch (150 updates) 15 ms. That is 8 examples in the time of one.'
    """
    size, updates, times = many(B, "example"), -(-n // B), number(now / one, 2)
    text = f"an update from {size} takes {duration(now)}, and an epoch ({many(updates, 'update')}) "
    text += f"{duration(now * updates)}."
    return text + (f" That is {size} in {'' if times == '1' else f'{times} times '}the time of one." if B > 1 else "")


def quickest(sizes, seconds):
    """The size with which the target is reached soonest.

    >>> quickest([4, 16, 64], [0.2, 0.02, 0.03])
    'Quickest of these on this machine: B = 16, 20 ms.'
    """
    k = int(np.argmin(seconds))
    return f"Quickest of these on this machine: B = {sizes[k]}, {duration(seconds[k])}."


class OverSizes(Page):
    """Panels side by side over the batch size, on logarithmic axes: `titles` says which, {name: (title, ylim)}."""

    titles, looks, sets = {}, {}, None

    def __init__(self):
        super().__init__(" ".join(self.titles), size=(9.6, 3.8), top=0.26)
        words = dict(x="batch size B", log="xy", legend=None, sets=self.sets)
        self.over = [Curves(self, name, title=title, ylim=ylim, **words) for name, (title, ylim) in self.titles.items()]
        self.name(self.looks)

    def fill(self, sizes, lines, B):
        """Lines over the sizes, {name: line} for each panel, and a point at B on the first of each."""
        for panel, some in zip(self.over, lines, strict=True):
            panel.ticks("x", sizes, 1.5)
            here = {"B now": (B, next(iter(some.values()))[list(sizes).index(B)])}
            points = {name: 7 for name in some if self.looks[name].dash == "None"}
            lines = {name: (sizes, line) for name, line in some.items()}
            panel.show(lines, looks=self.looks, dots=here, sizes=points)


class EpochTime(OverSizes):
    """How long an update and an epoch take on this machine, against the batch size.

    result: (width, sizes, seconds, n, B): units of the network; batch sizes; the measured seconds of one update with
    each; the number of examples; the batch size to look at, one of sizes.
    """

    alt = (
        "Left: seconds for one update against the batch size; right: seconds for one epoch, both measured on this "
        "machine, on logarithmic axes. The time of an update is level for small batches and then rises in proportion "
        "to the batch size; that of an epoch falls and then is level. A dashed line is a fixed cost for each update "
        "and a cost for each example."
    )
    claims = (costs,)
    titles = {"update": ("seconds for an update", (1e-5, 1)), "whole": ("seconds for an epoch", (1e-4, 10))}
    looks = {"measured here": MEASURED, "fixed cost + B × cost of an example": look("theory"), "B now": HERE}

    def show(self, result):
        width, sizes, seconds, n, B = result
        sizes, seconds = np.asarray(sizes), np.asarray(seconds)
        fixed, each = prices(sizes, seconds)
        both = dict(zip(self.looks, (seconds, fixed + each * sizes), strict=False))
        updates = (np.ones(len(sizes)), np.ceil(n / sizes))
        self.fill(sizes, [{name: line * times for name, line in both.items()} for times in updates], B)
        now = seconds[list(sizes).index(B)]
        self.caption = f"On this machine, with {number(width)} units, {costs(B, n, now, seconds[0])}"


class TimeToTarget(OverSizes):
    """Updates needed to a target, with the learning rate tuned for each batch size, the time of each, their product.

    result: (sizes, needed, seconds, B): batch sizes; the updates needed, shape (sizes, seeds); the seconds of one
    update, measured on this machine; the batch size to look at. A click sets the control `batch`.
    """

    alt = (
        "Three panels against the batch size, on logarithmic axes. Left: the updates needed to a loss of 0.1, which "
        "fall like one over the batch size at first, and then level off. Middle: the time of an update, level at first "
        "and then rising. Right: their product, the time to the target, with its lowest point between."
    )
    claims = (quickest,)
    sets = "batch"
    titles = {
        "needed": ("updates needed, η tuned", (5, 1000)),
        "each": ("seconds for an update", (1e-5, 0.1)),
        "product": ("product: seconds to the target", (1e-4, 1)),
    }
    looks = {"measured": RUNS[0], "perfect scaling: like 1/B": look("theory"), "B now": HERE}

    def show(self, result):
        sizes, needed, each, B = result
        k, sizes, needed, each = list(sizes).index(B), np.asarray(sizes), np.mean(needed, axis=1), np.asarray(each)
        time, scaling = needed * each, {"perfect scaling: like 1/B": needed[0] * sizes[0] / sizes}
        self.fill(sizes, [{"measured": needed} | scaling, {"measured": each}, {"measured": time}], B)
        self.caption = f"B = {B}: {number(round(float(needed[k])))} updates (mean of the seeds) of {duration(each[k])} "
        self.caption += f"are {duration(time[k])} of computing. {quickest(sizes, time)}"


# ---- where runs end ----


def along(against, B, lr):
    """What stands on the axis for a batch size and a learning rate.

    >>> along("η/B", 4, 1.0), along("η", 4, 1.0), along("B", 4, 1.0)
    (0.25, 1.0, 4)
    """
    return {"η/B": lr / B, "η": lr, "B": B}[against]


def ends_of(means):
    """The flattest and the sharpest of the places {(B, η): (λ_max, share right, updates)}."""
    flat, steep = (
        f"B = {B}, η = {number(lr)}, with λ_max = {number(means[B, lr][0], 2)} and {100 * means[B, lr][1]:.1f} % right"
        for B, lr in (choose(means, key=lambda pair: means[pair][0]) for choose in (min, max))
    )
    return f"The flattest place on average: {flat}; the sharpest: {steep}."


def ordered(against, means):
    """How far λ_max follows what stands on the axis: their rank correlation, of all pairs and without the noiseless.

    >>> means = {(4, 0.1): [0.3], (4, 0.4): [0.2], (16, 6.4): [0.1], (600, 1.0): [0.4], (600, 8.0): [0.25]}
    >>> ordered("η/B", means), ordered("η", means)
    ('Rank correlation: −0.9; without B = 600: −1.', 'Rank correlation: −0.3; without B = 600: −1.')
    """
    said = []
    for pairs in (list(means), [pair for pair in means if pair[0] < 600]):
        both = np.array([(along(against, *pair), means[pair][0]) for pair in pairs])
        below, equal = (both[:, None] > both).sum(1), (both[:, None] == both).sum(1)
        said.append(number(float(np.corrcoef((below + equal / 2).T)[0, 1]), 2))  # equal ones share their ranks
    return f"Rank correlation: {said[0]}; without B = 600: {said[1]}."


class Places(Page):
    """How sharp the places are where runs stop, and how well they do on test digits, for several (B, η).

    result: (against, {(B, lr): array}): against: "η/B", "η" or "B", what stands on the horizontal axis of the left; the
    arrays, shape (3, seeds), are those of `experiments.place`: λ_max, the share of right test digits, the updates.
    """

    alt = (
        "Left: the largest curvature where runs stopped against the chosen quantity, on logarithmic axes: a marker at "
        "the mean, a line from the lowest to the highest of the seeds, another marker for each batch size. Right: the "
        "share of right test digits against that curvature: the flattest places do worst."
    )
    claims = (ends_of, ordered)
    SIZES = (4, 16, 64, 600)
    LIMITS = {"η/B": (1e-3, 1), "η": (0.05, 20), "B": (2, 1200)}

    def __init__(self):
        super().__init__("sharp right", size=(9.6, 4.0), top=0.26)
        words = dict(log="xy", ylim=(0.05, 0.5), title="λ_max where the runs stopped", x="η/B")  # room for its label
        self.sharp = Points(self, "sharp", legend=None, **words)
        words = dict(title="right on test digits, percent", x="λ_max where the runs stopped", log="x")
        self.right = Points(self, "right", legend=None, xlim=(0.08, 0.3), ylim=(94.5, 97.2), **words)
        self.sharp.ticks("y", [0.05, 0.1, 0.2, 0.5])
        self.right.ticks("x", [0.08, 0.1, 0.15, 0.2, 0.3])
        self.looks = {f"B = {B}": RUNS[i]._replace(dash=SOLID) for i, B in enumerate(self.SIZES)}
        self.name({name: one._replace(dash="None") for name, one in self.looks.items()} | {"2/η": look("bound")})

    def show(self, result):
        self.against, places = result
        self.means, left, right, lines = {pair: ends.mean(-1) for pair, ends in places.items()}, {}, {}, {}
        for name, B in zip(self.looks, self.SIZES, strict=True):
            mine = [pair for pair in places if pair[0] == B]
            x = [along(self.against, *pair) for pair in mine]
            sharp, share, _ = np.transpose([self.means[pair] for pair in mine])
            left[name], right[name] = (x, sharp), (sharp, 100 * share)
            ends = [[places[pair][0].min(), places[pair][0].max(), np.nan] for pair in mine]
            lines[name] = (np.repeat(x, 3), np.ravel(ends))
        eta = np.geomspace(0.1, 20, 50)
        lines |= {"2/η": (eta, 2 / eta)} if self.against == "η" else {}
        self.sharp.scale("x", "log", self.LIMITS[self.against])
        self.sharp.axes.set_xlabel(self.against, fontsize=10)
        self.sharp.show(left, looks=self.looks | {"2/η": look("bound")}, lines=lines, sizes=8)
        self.right.show(right, looks=self.looks, sizes=8)

    def say(self, t):
        return f"Against {self.against}. {ends_of(self.means)} {ordered(self.against, self.means)}"
