"""The scenes of chapter 05: the map of every (η, μ), a damped oscillator, look-ahead, cycles, restarts."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from optim_core import critical
from optim_core.quadratics import NESTEROV, boundary, critical_damping, fates, optimum, roots
from optim_core.scenes import Ravine
from optim_core.scenes.board import INK, arrow, brief, number
from optim_core.scenes.panels import Arrows, Curves, Field, OnCurve, Page, Surface
from optim_core.scenes.styles import DASHDOT, DASHED, DOTTED, Look, look

__all__ = ["Cycle", "LookAhead", "Oscillator", "PhaseMap", "Ravine", "Restart"]

HEAVY, STAR = look("heavy ball"), Look("#b8860b", "None", "*")

# ---- every (η, μ) at once ----

SPEED = LinearSegmentedColormap.from_list("speed", ["#08306b", "#2171b5", "#6baed6", "#c6dbef", "#eff6ff"])
PACE = LogNorm(3, 100)  # steps for a factor of ten
FATES = {"converged": "#4292c6", "bounded": "#c9c9c9", "growing": "#f6c99f", "diverged": "#c44e16"}
BEST, EDGE, RIDGE = "best in the long run", "theory's edge", "flat direction critical"


def became(far, diverged):
    """What became of one run on a quadratic; far: how far from the minimum it was after each step.

    >>> became(0.9 ** np.arange(201), 0)
    'converged, 22 steps for every factor of ten'
    >>> became(2.0 ** np.arange(21), 20)
    'diverged at step 20'
    """
    if diverged:
        return f"diverged at step {diverged}"
    steps = len(far) - 1
    quarters = [far[k * steps // 4 : (k + 1) * steps // 4 + 1].max() for k in range(4)]
    fate, pace = fates(quarters, steps)
    if fate == "converged":
        return f"converged, {brief(pace, 2)} steps for every factor of ten"
    if fate == "bounded":
        far = f"at most {brief(100 * quarters[3] / far[0], 2)} % of its first distance away"
        return f"bounded, neither at rest nor growing: over the last {steps // 4} steps {far}"
    return f"growing: over the last {steps // 4} of {steps} steps farther out than over the second {steps // 4}"


def rate(method, eta, mu):
    """The larger |σ| of one direction: what a step leaves of the distance in the end; eta: ηλ.

    >>> rate("heavy ball", 0.04, 0.64).round(3), rate("Nesterov", 1.0, 0.9).round(3)
    (np.float64(0.8), np.float64(0.0))
    """
    if method == NESTEROV:  # σ² − (1 + μ)(1 − ηλ) σ + μ(1 − ηλ) = 0
        middle = (1 + mu) * (1 - eta) / 2
        return np.abs(middle + np.array([1, -1]) * np.sqrt(middle**2 - mu * (1 - eta) + 0j)).max()
    return np.abs(roots(eta, mu)[0])


def lags(method, eta, mu, kappa):
    """Which of a ravine's two directions is slower in the end: takes at least half as many steps again; λ_max = 1.

    >>> for method, eta, mu in (("heavy ball", 1.0, 0.2), ("heavy ball", 3.18, 0.6), ("Nesterov", 1.0, 0.9)):
    ...     print(lags(method, eta, mu, 100.0))
    the flat direction lags behind
    the steep direction lags behind
    the flat direction lags behind
    """
    flat, steep = (-np.log(max(rate(method, eta * lam, mu), 1e-300)) for lam in (1 / kappa, 1.0))  # e-folds a step
    if max(flat, steep) <= 1.5 * max(min(flat, steep), 0.0) or flat == steep:
        return "neither direction lags behind"
    return f"the {'flat' if flat < steep else 'steep'} direction lags behind"


class PhaseMap(Page):
    """What becomes of every pair (η, μ) on a ravine; and the run of one pair, with its loss split in two directions.

    result: (surface, method, eta, mu, path, phases); method: "heavy ball" or "Nesterov"; path: the run of (eta, mu);
    phases: (etas, mus, far), where far, shape (4, mus, etas), is how far from the minimum, in max |wᵢ|, the run of each
    pair came in each quarter of as many steps. The surface is a quadratic with λ_max = 1 and its minimum at 0.
    A click on the map of pairs sets the controls `eta` and `mu`; one on the star sets them to the optimum.
    """

    alt = (
        "Left: map of learning rate (across) against momentum (up); colour and texture say how fast the run of each "
        "pair converges, or that it is merely bounded, grows or diverged; a dashed line is the boundary that theory "
        "predicts, a star the optimum. Right: the path of the chosen pair on the ravine, and below it the loss in the "
        "steep and in the flat direction."
    )
    claims = (became, lags, boundary, optimum)

    def __init__(self):
        super().__init__("pairs map / pairs parts", heights=[10, 9], size=(9.6, 5.0))
        words = dict(x="learning rate η  (the steep direction has λ = 1)", y="momentum μ")
        colours = dict(words=FATES, ramp=(SPEED, PACE), ramped="converged", bar="converged: steps for a factor of ten")
        self.pairs = Field(self, "pairs", **words, **colours, legend="lower right", sets=("eta", "mu"))
        self.map = Surface(self, "map", numbers=False)
        self.parts = Curves(self, "parts", x="steps t", y="loss", log="y", ylim=(1e-12, 1e6), legend="upper right")

    def show(self, result):
        surface, self.method, self.eta, self.mu, path, (etas, mus, far) = result
        self.steps = self.map.show(surface, {self.method: path})
        values, vectors = critical.eigen(surface.hessian([0.0, 0.0]))
        self.kappa, self.far = float(values[-1] / values[0]), np.abs(path["w"]).max(-1)
        self.diverged = int(path["diverged"])
        flat, steep = (0.5 * values * (path["w"] @ vectors) ** 2).T  # the loss in each eigen-direction
        self.parts.show({"loss": flat + steep, "steep direction": steep, "flat direction": flat})
        fate, pace = fates(far, self.steps)
        self.best = tuple(map(float, optimum(self.method, self.kappa)))
        up, across = np.linspace(0, 1, 51), np.linspace(0, self.best[0], 101)
        ridge = (across, critical_damping(self.method, across / self.kappa))
        lines = {EDGE: (boundary(self.method, up), up), RIDGE: ridge, BEST: ([], [])}
        looks = {EDGE: look("theory"), RIDGE: Look(INK, DOTTED), BEST: STAR}
        here = dict(ring=(self.eta, self.mu), star=self.best)
        self.pairs.show(etas, mus, words=fate, values=pace, lines=lines, looks=looks, **here)

    def at(self, t):
        text = f"Step {t} of {self.steps}. η = {number(self.eta, 4)}, μ = {number(self.mu, 4)}, {self.method}: "
        text += became(self.far, self.diverged)
        if not self.diverged:
            text += f"; {lags(self.method, self.eta, self.mu, self.kappa)}"
        edge, (eta, mu) = boundary(self.method, self.mu), self.best
        text += f". At this μ theory allows η below {number(edge, 4)}; for κ = {number(self.kappa)} the best pair ★ is "
        self.caption = text + f"η = {number(eta, 4)}, μ = {number(mu, 4)}."
        return self.moved(t)

    def clicked(self, axes, x, y):
        eta, mu = self.best
        on_star = axes is self.pairs.axes and abs(x - eta) < 0.09 and abs(y - mu) < 0.025
        return dict(eta=eta, mu=mu) if on_star else super().clicked(axes, x, y)


# ---- one direction: a damped oscillator ----


def damping(eta, mu):
    """What a heavy ball does in one direction, in a word, and why; eta: ηλ.

    >>> damping(0.04, 0.5)[0], damping(0.04, 0.64)[0], damping(0.04, 0.95)[0], damping(4.0, 1.0)[0]
    ('over-damped', 'critically damped', 'under-damped', 'unstable')
    """
    sigma, rest, edge = roots(eta, mu), float(critical_damping("heavy ball", eta)), 2 * (1 + mu)
    if eta > edge + 1e-9 or (mu == 1 and eta >= 4 - 1e-9):
        return "unstable", "it moves farther and farther away"
    if abs(eta - edge) <= 1e-9:
        return "at the edge", "in the end it jumps from side to side, always as far"
    if abs(mu - rest) <= 1e-9:
        return "critically damped", "no other μ comes to rest faster at this η"
    if abs(sigma[0].imag) > 1e-9:
        period = number(2 * np.pi / abs(np.angle(sigma[0])), 3)
        if mu == 1:
            return "undamped", f"no friction, so it keeps its swing, one period in {period} steps"
        return "under-damped", f"it swings, one period in {period} steps; each step leaves the part √μ of the swing"
    if sigma[0].real < 0:
        return "over-damped, jumping", "it jumps from side to side, in the end less far each time"
    return "over-damped", "friction wins: in the end it creeps to the bottom from one side"


def shrinks(eta, mu):
    """How fast a heavy ball comes to rest in one direction: the factor per step, and steps for a factor of ten.

    >>> shrinks(0.04, 0.64)
    'Factor per step |σ| = 0.8 (10.3 steps for a factor of ten)'
    """
    size = abs(roots(eta, mu)[0])
    steps = f" ({brief(np.log(10) / -np.log(size))} steps for a factor of ten)" if 1e-9 < size < 1 - 1e-9 else ""
    return f"Factor per step |σ| = {number(round(size, 9), 4)}{steps}"


def quickest(eta):
    """At which μ a heavy ball comes to rest fastest in one direction; eta: ηλ.

    >>> quickest(0.04), quickest(4.0)
    ('critical damping ★ is at μ = (1 − √(ηλ))² = 0.64', 'from ηλ = 4 on no μ brings it to rest')
    """
    if eta >= 4 - 1e-9:
        return "from ηλ = 4 on no μ brings it to rest"
    digits = 4 if eta < 3.9 else 5  # there it comes close to the edge
    return f"critical damping ★ is at μ = (1 − √(ηλ))² = {number(float(critical_damping('heavy ball', eta)), digits)}"


class Oscillator(Page):
    """The heavy ball in one eigen-direction: a ball in a bowl, its position over time, and how fast it comes to rest.

    result: (eta, mu, path), the path (T + 1, 1) of the heavy ball on ½w², so that η stands for ηλ.
    A click on the right-hand panel sets the control `mu`; one on its star sets it to critical damping.
    """

    alt = (
        "Left: a ball in a parabola, with its velocity as an arrow. Middle: its position against the steps. Right: the "
        "factor by which a step shrinks the distance, against momentum: it falls to a lowest point, critical damping, "
        "and rises from there as the square root of the momentum."
    )
    claims = (damping, shrinks, quickest)
    REACH = 1.7

    def __init__(self):
        super().__init__("bowl wave decay", widths=[5, 7, 5], size=(9.6, 3.6))
        window = dict(xlim=(-self.REACH, self.REACH), ylim=(-0.12, 1.5))
        self.bowl = OnCurve(self, "bowl", title="loss ½w²; arrow: 3 × velocity", x="w", **window)
        self.wave = Curves(self, "wave", title="w  (dashed: ±c |σ|ᵗ)", x="steps t", ylim=(-1.7, 1.7), legend=None)
        limits = dict(xlim=(0, 1), ylim=(0, 1.5), legend=None, sets="mu")
        self.decay = Curves(self, "decay", title="factor per step |σ|", x="momentum μ", **limits)

    def show(self, result):
        self.eta, self.mu, self.path = result
        self.w, self.v = (np.clip(self.path[name][:, 0], -1e3, 1e3) for name in "wv")
        self.steps, sigma = len(self.w) - 1, roots(self.eta, self.mu)
        self.rest, mus, t = float(critical_damping("heavy ball", self.eta)), np.linspace(0, 1, 201), np.arange(61)
        tube = abs(sigma[0]) ** t * np.max(np.abs(self.w[:61]) / abs(sigma[0]) ** t) if sigma[0].imag else np.nan * t
        lines = {"heavy ball": self.w, "_above": (t, tube), "_below": (t, -tube)}
        self.wave.show(lines, looks={"_above": look("theory"), "_below": look("theory")})
        here, star = ((x, abs(roots(self.eta, x)[0])) for x in (self.mu, self.rest))
        dots, curve = {"★": star, "here": here}, (mus, np.abs(roots(self.eta, mus)[:, 0]))
        self.decay.show({"|σ|": curve}, dots=dots, looks={"|σ|": HEAVY, "★": STAR, "here": Look(INK, marker="o")})

    def at(self, t):
        x = np.linspace(-self.REACH, self.REACH, 81)
        w, v = self.w[t], self.v[t]
        velocity = arrow((w, w**2 / 2), (w + 3 * v, w**2 / 2), 0.14)
        looks = {"velocity": Look(INK), "ball": HEAVY}
        self.bowl.show((x, x**2 / 2), lines={"velocity": velocity}, dots={"ball": (w, w**2 / 2)}, looks=looks)
        kind, why = damping(self.eta, self.mu)
        self.caption = (
            f"Step {t} of {self.steps}. Friction 1 − μ = {number(1 - self.mu, 2)}, spring ηλ = {number(self.eta)}: "
            f"{kind}; {why}. {shrinks(self.eta, self.mu)}; {quickest(self.eta)}."
        )
        return self.moved(t)

    def beside(self, t):
        self.decay.word("kind", 0.5, 0.03, damping(self.eta, self.mu)[0], ha="center", va="bottom", fontsize=10)

    def clicked(self, axes, x, y):
        near = axes is self.decay.axes and abs(x - self.rest) < 0.03 and abs(y - abs(1 - np.sqrt(self.eta))) < 0.08
        return {"mu": self.rest} if near else super().clicked(axes, x, y)


# ---- the look-ahead ----


def pushes(carry, there, here):
    """How the two pushes of a step differ, and what that does along the velocity.

    carry: μv; there, here: −η times the gradient at the look-ahead point, and at the point itself.

    >>> pushes(np.array([1.0, 0.0]), np.array([-0.5, 0.0]), np.array([-0.3, 0.0])).partition(". ")[2]
    'The look-ahead gradient brakes: along the velocity the step is shorter by 20 % of μv.'
    """
    size, apart = np.linalg.norm(carry), np.linalg.norm(there - here)
    if size == 0 or apart <= 1e-9 * np.linalg.norm(here):
        return "There is no carried velocity, so Nesterov and the heavy ball both make the step of gradient descent."
    brake = (there - here) @ carry / size**2
    verb, more = ("brakes", "shorter") if brake < 0 else ("pushes on", "longer")
    text = f"The two pushes differ by {number(apart, 2)}. The look-ahead gradient {verb}: "
    part = brief(100 * abs(brake), 2 if abs(brake) < 1 else 3)
    return text + f"along the velocity the step is {more} by {part} % of μv."


class LookAhead(Page):
    """One step of Nesterov taken apart, and beside it the heavy ball's step from the same point with the same velocity.

    result: (surface, path, lr, mu), a path of `nesterov` with this learning rate and momentum.
    A click on the map sets the control `start`.
    """

    alt = (
        "Left: contour map with the path of Nesterov's method. Right: the next step, enlarged: an arrow for the "
        "momentum, and from its tip two arrows against the gradient, one taken at the look-ahead point and one at the "
        "present point."
    )
    claims = (pushes,)
    LOOKS = {
        "momentum μv": Look(INK),
        "Nesterov: −η∇L(w + μv)": look("Nesterov"),
        "heavy ball: −η∇L(w)": HEAVY,
        "level line through w": look("bound"),
    }

    def __init__(self, control="start"):
        super().__init__("map next", widths=[17, 10], size=(9.6, 4.0), top=0.26)
        self.map = Surface(self, "map", sets=control)
        self.next = Arrows(self, "next", title="the next step, enlarged", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
        self.next.axes.set(xticks=[], yticks=[])
        self.name(self.LOOKS)

    def show(self, result):
        self.surface, self.path, self.lr, self.mu = result
        self.steps = self.map.show(self.surface, {"Nesterov": self.path})

    def at(self, t):
        w, v = self.path["w"][t], self.path["v"][t]
        carry = self.mu * v
        there, here = (-self.lr * self.surface.grad(point) for point in (w + carry, w))
        ends = np.stack([0 * w, carry, carry + there, carry + here])  # (4, 2): w, look-ahead, Nesterov, heavy ball
        middle, reach = (ends.max(0) + ends.min(0)) / 2, np.ptp(ends, axis=0).max() / 2
        self.unit = reach if reach > 1e-300 else 1.0
        self.ends = (ends - middle) / self.unit  # fills the frame
        g = self.surface.grad(w)  # the level line through w runs at right angles to the gradient
        along = np.array([-g[1], g[0]]) / max(np.linalg.norm(g), 1e-300)
        level = (self.ends[0] + np.array([[-3.5], [3.5]]) * along).T
        arrows = zip(list(self.LOOKS)[:3], [(0, 1), (1, 2), (1, 3)], strict=True)
        arrows = {name: (self.ends[a], self.ends[b]) for name, (a, b) in arrows}
        self.next.show(arrows, curves={"level line through w": level}, looks=self.LOOKS, words=False)
        text = f"From step {t} to {t + 1}, η = {number(self.lr)}, μ = {number(self.mu)}; "
        text += f"the enlarged arrows span {number(2 * self.unit, 2)}. "
        gone = int(self.path["diverged"])
        ended = gone and t >= gone - 1
        self.caption = text + (f"The run diverged at step {gone}." if ended else pushes(carry, there, here))
        return self.moved(t)

    def beside(self, t):
        ahead = self.map.map.drawable(self.path["w"][t] + self.mu * self.path["v"][t])
        ring = dict(marker="o", ls="", mfc="none", mec=INK, mew=1.6)
        self.map.line("ahead", *ahead[:, None], **ring, ms=8, zorder=8)
        self.next.line("w", *self.ends[:1].T, marker="o", ls="", mfc=INK, mec=INK, ms=7, zorder=6)
        self.next.line("ahead", *self.ends[1:2].T, **ring, ms=11, zorder=6)


# ---- when the heavy ball never arrives ----


def ending(name, x, diverged=0):
    """Where a one-dimensional run is in the end: at 0, going round a few points, or still on its way; one sentence.

    >>> ending("heavy ball", np.tile([1.0, -1.0], 50)), ending("gradient descent", 0.5 ** np.arange(30))
    ('Heavy ball goes round: 1, −1.', 'Gradient descent is within 0.01 of the minimum from step 7 on.')
    """
    name = name[:1].upper() + name[1:]
    if diverged:
        return f"{name} diverged at step {diverged}."
    far = np.flatnonzero(~(np.abs(x) < 1e-2))
    if not len(far) or far[-1] < len(x) - 5:
        return f"{name} is within 0.01 of the minimum from step {far[-1] + 1 if len(far) else 0} on."
    for period in range(2, 9):
        if np.allclose(x[-period:], x[-2 * period : -period], rtol=0, atol=1e-9):
            return f"{name} goes round: {', '.join(number(v, 4) for v in x[-period:])}."
    return f"{name} is still moving after {len(x) - 1} steps."


def restless(ends):
    """Which runs have not come to rest at 0; ends: the last w and v of each, (runs, 1). Who flies past does not rest.

    >>> restless(dict(w=np.array([[0.0], [1e-9], [0.52]]), v=np.array([[0.0], [0.2], [0.0]])))
    array([False,  True,  True])
    """
    return ~(np.hypot(ends["w"], ends["v"])[:, 0] < 1e-3)


STRIP = "x   (blue: starts that have not come to rest)"


class Cycle(Page):
    """A function of one variable, three methods on it, and from which starts the heavy ball has not come to rest.

    result: (slope, {"name": path, …}, starts, ends, steps): slope is f′, a function of x with f′(0) = 0; the paths, one
    of them the "heavy ball", have shape (T + 1, 1); ends is what `descend` keeps as "last" after so many steps of the
    heavy ball from each of `starts`; then words for the caption, if any.
    A click on the left-hand panel sets the control `x0`.
    """

    alt = (
        "Left: a convex function of one variable with the positions of three methods, a shaded stretch where it bends "
        "less, and a strip that marks the starts from which the heavy ball has not come to rest. Right: the positions "
        "against the steps."
    )
    claims = (ending, restless)

    def __init__(self):
        super().__init__("bowl wave", size=(9.6, 3.9))
        self.bowl = OnCurve(self, "bowl", title="f(x);  shaded: curvature 1, elsewhere 25", x=STRIP, sets="x0")
        self.wave = Curves(self, "wave", title="x", x="steps t", ylim=(-4, 5), legend="upper right", heads=False)

    def show(self, result):
        slope, self.runs, self.starts, self.ends, self.many, *words = result
        self.words = "".join(f", {word}" for word in words)
        x = np.linspace(-5, 5, 1001)
        rises = (slope(x)[1:] + slope(x)[:-1]) / 2 * np.diff(x)
        f = np.concatenate([[0.0], np.cumsum(rises)])
        self.curve = (x, f - f[500])
        self.x = {name: np.clip(path["w"][:, 0], -1e3, 1e3) for name, path in self.runs.items()}
        self.wave.show(self.x)
        self.steps = len(self.x["heavy ball"]) - 1

    def loss(self, x):
        """f at x, the integral of the slope from 0; NaN outside the frame."""
        return np.interp(x, *self.curve, left=np.nan, right=np.nan)

    def at(self, t):
        dots = {name: (x[t], self.loss(x[t])) for name, x in self.x.items()}
        hops = self.x["heavy ball"][max(0, t - 3) : t + 1]
        self.bowl.show(self.curve, dots=dots, lines={"heavy ball": (hops, self.loss(hops))})
        said = " ".join(ending(name, path["w"][:, 0], int(path["diverged"])) for name, path in self.runs.items())
        share = round(100 * np.mean(restless(self.ends)))
        self.caption = (
            f"Step {t} of {self.steps}{self.words}. {said} After {self.many} steps of the heavy ball, {share} % of the "
        )
        self.caption += "starts between −5 and 5 have not come to rest (marked on the x axis)."
        return self.moved(t)

    def beside(self, t):
        low, high = self.bowl.axes.get_ylim()
        self.bowl.area("bend", np.array([1.0, 2.0]), [low, low], [high, high], facecolor=INK, alpha=0.12)
        marked = self.starts[restless(self.ends)]
        style = dict(color=HEAVY.color, marker="|", ms=9, mew=1.1, ls="")
        self.bowl.line("restless", marked, np.full(len(marked), 0.4 * low), **style)


# ---- restarts ----


def arrives(loss, goal):
    """From which step on a loss stays below the goal, in words.

    >>> arrives(np.array([1.0, 0.1, 0.2, 0.05]), 0.15), arrives(np.array([1.0, 0.5]), 0.15)
    ('3', 'more than 1')
    """
    above = np.flatnonzero(~(loss <= goal))
    last = above[-1] + 1 if len(above) else 0
    return str(last) if last < len(loss) else f"more than {len(loss) - 1}"


def restarts(mu):
    """The steps at which a momentum that rises with every step began again at 0.

    >>> restarts(np.array([0, 0.25, 0.4, 0, 0.25]))
    array([3])
    """
    return np.flatnonzero(np.diff(mu) < 0) + 1


class Restart(Page):
    """Losses of four methods against the steps, and the momentum that each of them used.

    result: (losses, momenta), both of shape (T + 1, 4); names: what the four are; the last one is restarted;
    then words for the caption, if any.
    """

    alt = (
        "Top: the losses of four methods against the steps on a logarithmic axis. Bottom: the momentum that each used; "
        "the restarted one is a saw-tooth."
    )
    claims = (arrives, restarts)

    def __init__(self, names, goal=1e-8):
        super().__init__("fall / memory", heights=[5, 3], size=(9.6, 4.6), top=0.26)
        looks = look("gradient descent"), look("Nesterov"), Look("#7b3f8c", DASHDOT), Look("#1f6f8b", DASHED)
        self.looks, self.goal = dict(zip(names, looks, strict=True)), goal
        levels = {f"a loss of {number(goal)}": goal}
        fixed = dict(log="y", ylim=(1e-12, 1e2), levels=levels, words="upper left", legend=None)
        room = dict(left=0.78, right=0.22)  # of both, whose numbers are not as long
        self.fall = Curves(self, "fall", y="loss", **fixed, room=room | dict(bottom=0.2))
        self.fall.axes.tick_params(labelbottom=False)
        self.memory = Curves(self, "memory", x="steps", y="μ", ylim=(-0.06, 1.06), legend=None, room=room)
        self.name(self.looks)

    def show(self, result):
        self.loss, self.mu, *words = result
        self.words = "".join(f"{word}. " for word in words)
        for panel, arrays in ((self.fall, self.loss), (self.memory, self.mu)):
            panel.show(dict(zip(self.looks, arrays.T, strict=True)), looks=self.looks)

    def at(self, t):
        said = "; ".join(
            f"{name}: {arrives(loss, self.goal)}" for name, loss in zip(self.looks, self.loss.T, strict=True)
        )
        teeth = len(restarts(self.mu[:, -1]))
        often = f"restarted {teeth} time{'s' * (teeth != 1)}" if teeth else "never restarted"
        self.caption = (
            f"{self.words}Steps until the loss stays below {number(self.goal)}. {said[0].upper() + said[1:]}. In these "
        )
        self.caption += f"{len(self.loss) - 1} steps the last one was {often}."
        return self.moved()
