"""The scenes of chapter 16: lengths of steps, four modes, a turned valley, runs without a horizon, a valley's floor."""

import numpy as np

from optim_core.refuse import listed
from optim_core.scenes.board import INK, number
from optim_core.scenes.panels import Arrows, Bars, Curves, Page, Surface
from optim_core.scenes.styles import DASHDOT, DASHED, DOTTED, GREY, Look, look, shades
from optim_core.surfaces import bowl

from .experiments import FLOOR, LONGEST, METHODS, STRENGTHS, half_times, sharpness


def lowers(g):
    """By how much −g/‖g‖, the step on the circle, and −sign(g), that on the square, lower a loss to first order.

    >>> lowers(np.array([3.0, -4.0]))
    'To first order the step on the circle lowers the loss by 5, that on the square by 7.'
    """
    text = f"To first order the step on the circle lowers the loss by {number(np.linalg.norm(g))}, that on the square "
    return f"{text}by {number(np.abs(g).sum())}."


def made_of(word, G, D):
    """What is made of G's singular values in D, one for one where it keeps their directions, and whether it does.

    It does if Uᵀ D V is diagonal, for G = U S Vᵀ.

    >>> made_of("it", np.diag([1.0, 0.5]), np.diag([0.7, 1.1]))
    'of the singular values 1 and 0.5 it makes 0.7 and 1.1. The directions are kept.'
    >>> made_of("it", np.eye(2) / [1, 2], np.ones((2, 2)))
    'of the singular values 1 and 0.5 it makes 2 and 0. The directions are not kept.'
    """
    U, was, Vt = np.linalg.svd(G)
    inside = U.T @ D @ Vt.T
    kept = np.abs(inside - np.diag(np.diag(inside))).max() < 1e-6
    now = np.abs(np.diag(inside)) if kept else np.linalg.svd(D)[1]
    a, b, c, d = (number(v + 0.0) for v in np.round([*was, *now], 9))
    text = f"of the singular values {a} and {b} {word} makes {c} and {d}. "
    return text + f"The directions are {'' if kept else 'not '}kept."


class Lengths(Page):
    """What is steepest depends on how a step's length is measured: for a vector, and for a matrix.

    result: (g, kappa, angle, G, word, D): g, shape (2,); G and D: a matrix and what a method makes of it, (2, 2).
    A click on the left-hand panel sets the control `g`.
    """

    alt = (
        "Left: a gradient, a circle and a square about the origin, and the steepest step that ends on each: against "
        "the gradient on the circle, at a corner of the square. Right: the ellipse that the gradient matrix makes of a "
        "circle, and what the chosen method makes of it."
    )
    claims = (lowers, made_of)

    def __init__(self):
        super().__init__("plane matrix", size=(9.6, 4.6), top=0.26)
        limits = dict(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
        self.plane = Arrows(self, "plane", title="a vector: g and two steps", x="w₁", y="w₂", **limits)
        limits = dict(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        self.matrix = Arrows(
            self, "matrix", title="a matrix: its image of the circle", x="output 1", y="output 2", **limits
        )

    def clicked(self, axes, x, y):
        return {"g": (x, y)} if axes is self.plane.axes else {}

    def show(self, result):
        g, self.kappa, self.angle, self.G, self.word, self.D = result
        self.g, turn = np.asarray(g, float), np.linspace(0, 2 * np.pi, 121)
        circle = np.array([np.cos(turn), np.sin(turn)])
        side = np.array([-1, 1, 1, -1, -1])
        norm = np.linalg.norm(self.g)
        steps = {"gradient g": self.g, "on the circle": -self.g / (norm or 1), "on the square": -np.sign(self.g)}
        gd, sign = look("gradient descent"), look("sign descent")
        looks = {"gradient g": look("gradient"), "on the circle": gd, "on the square": sign}
        looks |= {"circle": Look(gd.color, DOTTED), "square": Look(sign.color, DASHED)}
        curves = {"circle": tuple(circle), "square": (side, np.array([-1, -1, 1, 1, -1]))}
        self.plane.show({n: ((0, 0), tip) for n, tip in steps.items()}, curves=curves, looks=looks, words=False)
        looks |= {"G": look("gradient"), "made of G": look("Muon"), "_unit": Look(GREY, DOTTED)}
        pairs = {"G": self.G, "made of G": self.D}
        shapes = {n: tuple(M @ circle) for n, M in pairs.items()} | {"_unit": tuple(circle)}
        Vt = np.linalg.svd(self.G)[2]
        arrows = {f"{n} {k}": ((0, 0), M @ Vt[k]) for n, M in pairs.items() for k in (0, 1)}
        arm = {f"{n} {k}": looks[n] for n in pairs for k in (0, 1)}
        self.matrix.show(arrows, curves=shapes, looks=looks | arm, words=False)
        named = {n: looks[n] for n in ("on the circle", "on the square", "made of G")}
        self.name({"gradient g, matrix G": look("gradient")} | named)

    def at(self, t):
        self.caption = (
            f"g = ({number(self.g[0])}, {number(self.g[1])}). {lowers(self.g)} Right, κ = {number(self.kappa)}, turned "
            f"by {number(self.angle)}°: {made_of(f'“{self.word}”', self.G, self.D)}"
        )
        return self.moved()


def order(times, t):
    """Which strength is half learned first, and which last or not yet by step t.

    >>> order(np.array([40, 23, 18, 12]), 250), order(np.array([5, 5, 5, 5]), 250)
    ('Half learned first: strength 0.5; last: strength 4.', 'All are half learned at the same step.')
    >>> order(np.array([50, 50, 90, np.inf]), 100)
    'Half learned first: strengths 4 and 2; not by step 100: strength 0.5.'
    """
    late = STRENGTHS[times > t]
    if len(late) == len(times):
        return f"No strength is half learned by step {t}."
    if not np.ptp(times):
        return "All are half learned at the same step."
    first, last = (strengths(STRENGTHS[times == when]) for when in (times.min(), times.max()))
    end = f"not by step {t}: {strengths(late)}" if len(late) else f"last: {last}"
    return f"Half learned first: {first}; {end}."


def strengths(which):
    """Some strengths in words.

    >>> strengths([4.0]), strengths([4.0, 2.0, 0.5])
    ('strength 4', 'strengths 4, 2 and 0.5')
    """
    return f"strength{'s' * (len(which) > 1)} {listed(map(number, which))}"


class Modes(Page):
    """How much of each of four strengths a linear network has learned, step by step.

    result: (method, lr, share), share: (steps + 1, 4).
    """

    alt = (
        "Four curves, one for each strength of a linear map, show the learned share against the steps. Right: bars of "
        "the step at which half of each strength is learned, once it is."
    )
    claims = (order,)

    def __init__(self):
        super().__init__("share half", widths=[5, 3], size=(9.6, 4.0), top=0.26)
        title = "learned share of the strengths 4, 2, 1 and ½ (line: all of it)"
        words = dict(title=title, x="steps t", y="share", ylim=(-0.2, 1.6), levels={"": 1.0})
        self.share = Curves(self, "share", **words, legend=None)
        self.half = Bars(self, "half", title="half of each is learned at step", xlim=(0, 300), across=True)

    def show(self, result):
        self.method, self.lr, self.shares = result
        self.steps = len(self.shares) - 1
        self.looks = {f"strength {number(s)}": one for s, one in zip(STRENGTHS, shades(4), strict=True)}
        self.share.show(dict(zip(self.looks, self.shares.T, strict=True)), looks=self.looks)
        self.times = half_times(self.shares)
        self.name(self.looks)

    def at(self, t):
        seen = {number(s): when for s, when in zip(STRENGTHS, self.times, strict=True)}
        late = "not yet" if t < self.steps else f"not by {t}"
        words = {n: number(when) if when <= t else late for n, when in seen.items()}
        looks = dict(zip(seen, self.looks.values(), strict=True))
        self.half.show({n: when if when <= t else 0.0 for n, when in seen.items()}, looks=looks, words=words)
        shares = [number(round(100 * share)) for share in self.shares[t].tolist()]
        parts = ", ".join(f"{share} % of {number(s)}" for share, s in zip(shares, STRENGTHS, strict=True))
        method = self.method[0].upper() + self.method[1:]
        self.caption = f"{method}, η = {number(self.lr)}, step {t} of {self.steps}: learned {parts}. "
        self.caption += order(self.times, t)
        return self.moved(t)


SHAPES = {"Shampoo": Look("#01665e", DASHED, "s"), "SOAP": Look("#8c2d04", DOTTED, "^")}


class Turned(Page):
    """Three methods in a valley that can be turned, and what is left of the loss at each angle.

    result: (kappa, angle, lr, paths, losses, angles, left): {name: path (steps + 1, 2)}, {name: (steps + 1,)} and
    {name: (angles,)}. A click on the lower right panel sets the control `angle`.
    """

    alt = (
        "Left: a long valley from above, turned by an angle, with the paths of three methods. Right: above, the loss "
        "against the steps; below, the loss that is left against the angle: level for Shampoo and SOAP; that "
        "of the others changes with the angle."
    )
    allows = {"no claims": "the loss of each method at the step that is shown"}

    def __init__(self):
        super().__init__("map loss / map left", widths=[5, 5], size=(9.6, 4.7), top=0.26)
        self.map = Surface(self, "map", numbers=False, room=dict(left=0.75, bottom=0.46))
        limits = dict(log="y", legend=None, ylim=(1e-8, 10))
        self.loss = Curves(self, "loss", title="loss", x="steps t", **limits)
        words = dict(title="loss that is left after 100 steps", x="angle in degrees", xlim=(0, 180), sets="angle")
        self.left = Curves(self, "left", **words, **limits, heads=False)

    def show(self, result):
        self.kappa, self.angle, self.lr, paths, self.losses, angles, left = result
        looks = {name: SHAPES.get(name) or look(name) for name in METHODS}
        self.surface = bowl(self.kappa, np.radians(self.angle))
        self.surface.window = (-3.2, 3.2, -2.8, 2.8)
        self.steps = self.map.show(self.surface, {n: dict(w=w) for n, w in paths.items()}, looks=looks)
        self.loss.show(self.losses, looks=looks)
        self.left.show({n: (angles, v) for n, v in left.items()}, looks=looks, marks={"now": self.angle})
        self.name({n: looks[n] for n in paths})

    def at(self, t):
        left = "; ".join(f"{n} {small(loss[t])}" for n, loss in self.losses.items())
        self.caption = (
            f"Valley turned by {number(self.angle)}°, κ = {number(self.kappa)}, η from {number(self.lr)} to 0. "
            f"Loss at step {t} of {self.steps}: {left}."
        )
        return self.moved(t)


def small(loss):
    """A loss for a caption; what is below 10⁻¹⁰ is no different from 0 here.

    >>> small(0.0123), small(1e-30)
    ('0.012', 'below 10⁻¹⁰')
    """
    return number(loss, 2) if loss >= 1e-10 else "below 10⁻¹⁰"


PLANNED = {
    "constant η": Look(GREY, DOTTED),
    "cosine to T": Look("#1f6f8b", DASHED),
    "constant, then to 0 at T": Look("#a3410f", DASHDOT),
    "averaged": look("averaged"),
    "schedule-free": look("schedule-free"),
}


def lowest(losses):
    """Who is lowest.

    >>> lowest({"a": 1.0, "b": 0.5})
    'Lowest: b.'
    """
    return f"Lowest: {min(losses, key=losses.get)}."


class Horizon(Page):
    """Runs that were planned for T steps, and runs that were not, on a noisy quadratic.

    result: (T, noise, runs, rates): {name: expected losses}, {name: η}. A click sets the control `horizon`.
    """

    alt = (
        "The expected loss of five runs against the steps, on logarithmic axes, with a mark at the planned step T: "
        "those with a falling learning rate stay from there on where they are, the two averages go on falling."
    )
    claims = (lowest,)

    def __init__(self):
        super().__init__("loss", size=(9.6, 4.4), top=0.26)
        words = dict(x="steps t", y="expected loss", sets="horizon", legend=None, heads=False)
        self.loss = Curves(self, "loss", log="xy", xlim=(1, LONGEST), ylim=(1e-4, 10), **words)

    def show(self, result):
        self.T, self.noise, self.runs, self.rates = result
        lines = {n: (np.arange(1, len(v)), v[1:]) for n, v in self.runs.items()}
        self.loss.show(lines, looks=PLANNED, marks={"T": self.T})
        self.name(PLANNED)

    def at(self, t):
        parts = "; ".join(f"{n} {number(v[self.T])} (η {number(self.rates[n])})" for n, v in self.runs.items())
        self.caption = f"Noise σ = {number(self.noise)}. Loss at the planned step T = {self.T}: {parts}. "
        self.caption += lowest({n: v[self.T] for n, v in self.runs.items()})
        return self.moved()


class Floor(Page):
    """Gradient descent and SAM on a valley whose floor is all minima, narrow at the sides and wide in the middle.

    result: (lr, radius, runs). A click on the map sets the control `start`.
    """

    alt = (
        "Left: a valley from above, whose level floor is narrow at both sides and wide in the middle. Gradient descent "
        "comes down to the floor and stays about there; SAM, with a radius above 0, goes on along it to the middle. "
        "Right: the loss and, below, the sharpness of the floor under each run, against the steps."
    )
    allows = {"no claims": "the loss and the sharpness under both runs at the step that is shown"}

    def __init__(self):
        super().__init__("map loss / map sharp", widths=[6, 5], size=(9.6, 4.5), top=0.26)
        self.map = Surface(self, "map", numbers=False, sets="start", room=dict(left=0.75, bottom=0.46))
        self.loss = Curves(self, "loss", title="loss", log="y", ylim=(1e-12, 10), legend=None)
        self.sharp = Curves(self, "sharp", title="sharpness below", x="steps t", ylim=(0, 5.2), legend=None)

    def show(self, result):
        self.lr, self.radius, self.runs = result
        self.steps = self.map.show(FLOOR, self.runs)
        self.losses = {n: FLOOR.loss(p["w"]) for n, p in self.runs.items()}
        self.sharps = {n: sharpness(p["w"]) for n, p in self.runs.items()}
        self.loss.show(self.losses)
        self.sharp.show(self.sharps)
        self.name(self.map.looks)

    def at(self, t):
        parts = [f"{n}: loss {small(self.losses[n][t])}, sharpness {number(self.sharps[n][t])}" for n in self.runs]
        self.caption = f"η = {number(self.lr)}, ρ = {number(self.radius)}, step {t} of {self.steps}. "
        self.caption += f"{'; '.join(parts)}.".replace("gradient", "Gradient", 1)
        return self.moved(t)


def spans(s, after, low=0.01):
    """From where to where the values after go, for those before from `low` on; s: the values before, rising.

    >>> spans(np.array([0.0, 0.02, 0.5, 1.0]), np.array([0.0, 0.2, 1.2, 0.7]))
    'from 0.1 to 1.2'
    """
    known = np.isfinite(after)
    values = np.append(after[known & (s >= low)], np.interp(low, s[known], after[known]))
    return f"from {number(values.min())} to {number(values.max())}"


class Singular(Page):
    """What becomes of a singular value under Newton–Schulz: ours, and a student's.

    result: (steps, s, curves, trouble): {name: (len(s),)}; what is wrong with the student's, or "".
    """

    alt = (
        "The singular value after some steps of Newton–Schulz against the one before, on a logarithmic axis: with no "
        "step a straight line; after five a wavy plateau around 1, which falls off for values below a five hundredth."
    )
    claims = (spans,)

    def __init__(self):
        super().__init__("out", size=(9.6, 3.7))
        words = dict(x="singular value before / ‖G‖", y="after", xlim=(1e-3, 1), ylim=(0, 1.6))
        self.out = Curves(self, "out", **words, log="x", levels={"exact": 1.0}, legend="upper left", words="upper left")

    def show(self, result):
        self.taken, self.s, self.curves, self.trouble = result
        self.out.show({n: (self.s, v) for n, v in self.curves.items()}, looks={"ours": Look(INK)})

    def at(self, t):
        parts = [f"{name} {spans(self.s, v)}" for name, v in self.curves.items() if np.isfinite(v).any()]
        self.caption = f"Values from 0.01 to 1 after {self.taken} step{'' if self.taken == 1 else 's'}: "
        self.caption += f"{'; '.join(parts)}.{self.trouble and ' ' + self.trouble}"
        return self.moved()
