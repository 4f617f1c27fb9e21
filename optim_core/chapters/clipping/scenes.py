"""The scenes of chapter 12: a cliff, gradients through time, two clippers, a bad example, a network that remembers."""

import numpy as np

from optim_core.scenes.board import INK, number
from optim_core.scenes.panels import Arrows, Curves, Histogram, Page, Surface
from optim_core.scenes.styles import DASHED, DOTTED, Look, look, shades

from .experiments import POINTS, SOLVED, THETAS, huber, huber_minimum, turned_by, two_clippers

WITHOUT, WITH = look("gradient descent"), Look("#1f6f8b", DASHED, "s")
LOOKS = {"without clipping": WITHOUT, "clipped": WITH, "yours": look("yours"), "ours": WITH}


def fell(name, w, norm, loss, t):
    """What became of a run on the cliff by step t: its largest gradient, how far that threw it, and its loss.

    At which step the loss is first below SOLVED hardly hangs on rounding. From which step on it stays there does: a run
    that has met the cliff takes its later steps by the last digits of a sum.

    >>> w, norm = np.array([[5.0, -2.0], [5.1, -2.1], [4.0, -22.0]]), np.array([1.0, 300.0, 0.1])
    >>> loss = np.array([0.4, 0.3, 1e-4])
    >>> fell("clipped", w, norm, loss, 1)
    'Clipped: longest gradient so far 300, at step 1; loss 0.3.'
    >>> fell("clipped", w, norm, loss, 2)[49:]
    'the step from there is 19.9 long; loss 0.0001, first below 0.001 at step 2.'
    """
    k, low = int(np.argmax(norm[: t + 1])), np.flatnonzero(loss[: t + 1] < SOLVED)
    text = f"{name[:1].upper() + name[1:]}: longest gradient so far {number(norm[k], 3)}, at step {k}; "
    jump = np.linalg.norm(w[k + 1] - w[k]) if k < t else 0.0
    thrown = f"the step from there is {number(jump, 3)} long; " if jump > 10 else ""
    first = f", first below {number(SOLVED)} at step {low[0]}" if len(low) else ""
    here = number(loss[t], 2) if loss[t] > 1e-9 else "below 10⁻⁹"
    return f"{text}{thrown}loss {here}{first}."


class CliffRuns(Page):
    """Gradient descent on a surface with a cliff, with and without clipping; the gradient's norm and the loss.

    result: (lr, what, surface, {name: path}): what: the clipping in words; each path has `norm`.
    A click on the map sets the control `start`.
    """

    alt = (
        "Left: contour map of the loss of a recurrent network with one unit, a plain that breaks off in a steep cliff, "
        "and the paths of gradient descent with and without clipping. Right: above the norm of the gradient, below the "
        "loss, against the steps, on logarithmic axes."
    )
    claims = (fell,)

    def __init__(self):
        super().__init__("map norm / map loss", widths=[6, 5], size=(9.6, 4.6), top=0.26)
        self.map = Surface(self, "map", numbers=False, sets="start")
        self.map.axes.set_xlabel("w", fontsize=11)
        self.map.axes.set_ylabel("b", fontsize=11, rotation=0)
        limits = dict(log="y", legend=None)
        self.norm = Curves(self, "norm", title="norm of the gradient", ylim=(1e-6, 1e6), **limits)
        levels = dict(levels={number(SOLVED): SOLVED}, words="lower left")
        self.loss = Curves(self, "loss", title="loss", x="steps t", ylim=(1e-10, 10), **levels, **limits)

    def show(self, result):
        self.lr, self.what, self.surface, self.runs = result
        self.steps = self.map.show(self.surface, self.runs, looks=LOOKS)
        self.norm.show({name: path["norm"] for name, path in self.runs.items()}, looks=LOOKS)
        self.losses = {name: self.surface.loss(path["w"]) for name, path in self.runs.items()}
        self.loss.show(self.losses, looks=LOOKS)
        self.name(self.map.looks)

    def at(self, t):
        parts = [fell(name, path["w"], path["norm"], self.losses[name], t) for name, path in self.runs.items()]
        start = f"Step {t} of {self.steps}. η = {number(self.lr)}, {self.what}. "
        self.caption = start + " ".join(parts)
        return self.moved(t)


def beside_the_end(left):
    """How large a gradient is back in time, beside the one at the end.

    >>> beside_the_end(0.042), beside_the_end(1.04)
    ('0.042 times what it is at the end', 'as large as at the end')
    """
    size = number(left, 2)
    return "as large as at the end" if size == "1" else f"{size} times what it is at the end"


def carried(left, steps):
    """What a factor over so many steps means: it vanishes, explodes or has kept its size so far.

    >>> carried(1e-6, 60), carried(2.0, 60), carried(1e4, 60)[:11]
    ('It vanishes: per step a factor of 0.794.', 'It keeps its size so far, within a factor of 10.', 'It explodes')
    """
    if 0.1 <= left <= 10:
        return "It keeps its size so far, within a factor of 10."
    return f"It {'vanishes' if left < 0.1 else 'explodes'}: per step a factor of {number(left ** (1 / steps), 3)}."


class ThroughTime(Page):
    """How large the gradient is k steps back in time, for five recurrent networks drawn at random.

    result: (gain, scheme, lines): lines, shape (seeds, T + 1): log₁₀ of ‖∂L/∂h_{T−k}‖ / ‖∂L/∂h_T‖.
    """

    allows = {"tiny numbers": "a product of many factors is what it shows", "large numbers": "and how large it gets"}
    clock = "steps back k"
    alt = (
        "The norm of the gradient, as a part of what it is at the last step, against the steps back in time, on a "
        "logarithmic axis: five lines for five random networks, and a dashed line for the gain to the power of the "
        "steps."
    )
    claims = (carried, beside_the_end)

    def __init__(self):
        super().__init__("back", size=(9.6, 3.6), top=0.26)
        words = dict(x="steps back in time k", y="‖∂L/∂h at T − k‖ / ‖∂L/∂h at T‖")
        self.back = Curves(self, "back", **words, log="y", ylim=(1e-20, 1e12), levels={"as large": 1.0}, legend=None)

    def show(self, result):
        self.gain, self.scheme, self.lines = result
        self.steps = self.lines.shape[1] - 1
        lines = {f"network {i + 1}": 10.0**line for i, line in enumerate(self.lines)}
        looks = {name: Look("#1f6f8b", marker="o") for name in lines}
        theory = {"gain to the power k": (np.arange(self.steps + 1), self.gain ** np.arange(self.steps + 1.0))}
        self.back.show(lines | theory, looks=looks | {"gain to the power k": look("theory")})
        self.name({"five networks": Look("#1f6f8b"), "gain to the power k": look("theory")})

    def at(self, t):
        left, where = 10.0 ** np.median(self.lines[:, t]), f"gain {number(self.gain)}, {self.scheme} weights"
        if t == 0:  # every line begins at 1
            self.caption = f"The last step, {where}. Press play to go back in time."
            return self.moved(t)
        self.caption = (
            f"{t} step{'s' * (t != 1)} back, {where}: the gradient is {beside_the_end(left)} "
            f"(median of five networks; from {number(10.0 ** self.lines[:, t].min(), 2)} to "
            f"{number(10.0 ** self.lines[:, t].max(), 2)}). {carried(left, t)}"
        )
        return self.moved(t)


WRONG = {
    "none": None,
    "÷ norm, θ forgotten": lambda g, theta: g / np.linalg.norm(g) if np.linalg.norm(g) > theta else g,
    "short ones made long": lambda g, theta: theta * g / max(np.linalg.norm(g), 1e-300),
    "only from above": lambda g, theta: np.minimum(g, theta),
    "‖g‖² compared with θ": lambda g, theta: theta * g / np.linalg.norm(g) if g @ g > theta else g,
}  # clippers that one meets, and should not write


def after(name, g, new):
    """A clipped gradient in words: its norm, and by how much it was turned.

    >>> after("by value", np.array([3.0, 1.0]), np.array([1.0, 1.0])), after("by norm", np.ones(2), np.ones(2))
    ('By value: norm 1.41, turned by 26.6°', 'By norm: as it was')
    """
    name = name[:1].upper() + name[1:]
    if np.array_equal(g, new):
        return f"{name}: as it was"
    angle = float(turned_by(g, new))
    turned = f"turned by {number(angle, 3)}°" if angle > 0.05 else "not turned"
    longer = ", longer than it was" if np.linalg.norm(new) > np.linalg.norm(g) * (1 + 1e-9) else ""
    return f"{name}: norm {number(np.linalg.norm(new), 3)}{longer}, {turned}"


class TwoClippers(Page):
    """A gradient, the disc and the square that clipping cuts it to, and how far clipping by value turns it.

    result: (g, theta, wrong, shares, angles): g, shape (2,); wrong: a name of WRONG; angles, (4, shares): mean angles
    for random gradients of 2, 10, 100, 1000 components, for θ as a share of their largest component.
    A click on the left-hand panel sets the control `g`.
    """

    alt = (
        "Left: a gradient as an arrow from the origin, a circle of radius θ and a square of half-side θ about it, and "
        "the gradient as it is after clipping by norm and by value. Right: by how many degrees clipping by value turns "
        "a random gradient, against θ as a part of its largest component; with two components it turns least."
    )
    claims = (after,)
    DIMENSIONS = (2, 10, 100, 1000)

    def __init__(self):
        super().__init__("plane turn", widths=[1, 1], size=(9.6, 4.6), top=0.26)
        limits = dict(xlim=(-6, 6), ylim=(-6, 6), x="g₁", y="g₂")
        self.plane = Arrows(self, "plane", **limits, room=dict(left=0.6))
        self.plane.sets = "g"
        words = dict(title="degrees that clipping by value turns", x="θ / largest component", ylim=(0, 90))
        self.turn = Curves(self, "turn", **words, log="x", legend="upper right")

    def clicked(self, axes, x, y):
        return {"g": (x, y)} if axes is self.plane.axes else {}

    def show(self, result):
        g, self.theta, self.wrong, shares, angles = result
        self.g = np.asarray(g, float)
        by_value, by_norm = two_clippers(self.g, self.theta)
        arrows = {"gradient": self.g, "by value": by_value, "by norm": by_norm}
        looks = {"gradient": look("gradient")}
        looks |= {"by value": Look("#a3410f", marker="s"), "by norm": Look("#1f6f8b", marker="o")}
        if WRONG[self.wrong]:
            arrows["wrong"] = WRONG[self.wrong](self.g, self.theta)
            looks["wrong"] = Look("#7b3f8c", marker="X")
        self.clipped = arrows
        turn, side = np.linspace(0, 2 * np.pi, 121), self.theta * np.array([-1, 1, 1, -1, -1, 1])
        curves = {"disc": (self.theta * np.cos(turn), self.theta * np.sin(turn)), "square": (side[:5], -side[1:])}
        looks |= {"disc": Look("#1f6f8b", DOTTED), "square": Look("#a3410f", DASHED)}
        shown = {name: ((0, 0), tip) for name, tip in arrows.items()}
        self.plane.show(shown, curves=curves, looks=looks, words=False)
        self.name({name: looks[name] for name in [*curves, *arrows]})
        lines = {f"{n} components": (shares, row) for n, row in zip(self.DIMENSIONS, angles, strict=True)}
        many = dict(zip(lines, shades(4), strict=True))  # the two clippers' colours are taken
        most = np.abs(self.g).max()
        here = {"this gradient": (max(self.theta / most, shares[0]), turned_by(self.g, by_value))} if most > 0 else {}
        self.turn.show(
            lines,
            dots={k: v for k, v in here.items() if v[0] <= shares[-1]},
            looks=many | {"this gradient": Look(INK, marker="o")},
        )

    def at(self, t):
        size = np.linalg.norm(self.g)
        what = f"g = ({number(self.g[0])}, {number(self.g[1])}), norm {number(size, 3)}, θ = {number(self.theta)}"
        names = {"by value": "by value", "by norm": "by norm", "wrong": f"wrong ({self.wrong})"}
        cut = [after(names[name], self.g, new) for name, new in self.clipped.items() if name != "gradient"]
        self.caption = ". ".join([what, *cut]) + "."
        return self.moved()


def stays(theta, mean, spread):
    """Where clipped SGD stays, where the loss that it follows is lowest, and how many gradients are clipped there.

    >>> stays(10.0, 1.12, 0.37).split("; ")[1]
    "the minimum of Huber's loss is at 1.12. Gradients longer than θ there, which are clipped: 5 of 50."
    """
    lowest = huber_minimum(theta)
    return (
        f"clipped SGD stays around {number(mean, 3)} (± {number(spread, 2)}); the minimum of Huber's loss is at "
        f"{number(lowest, 3)}. Gradients longer than θ there, which are clipped: "
        f"{int((np.abs(lowest - POINTS) > theta).sum())} of {len(POINTS)}."
    )


class OneBad(Page):
    """What clipping the gradient of each example does to the answer: from the mean to the median.

    result: (theta, index, means, ends): index of theta in THETAS; means: where clipped SGD stays for each of THETAS;
    ends, (steps, thetas): its last w. A click on the upper right panel sets the control `theta`.
    """

    alt = (
        "Left: histogram of fifty numbers, 45 around 0 and 5 around 13, with the answer marked. Right: above, the "
        "answer against the threshold on a logarithmic axis, an S from the median to the mean, with the answers of "
        "clipped SGD upon it; below, the loss whose gradient the clipped one is."
    )
    claims = (stays,)

    def __init__(self):
        super().__init__("data answer / data loss", widths=[5, 6], heights=[6, 5], size=(9.6, 4.4))
        words = dict(title="the examples, and where w stays", x="x")
        self.data = Histogram(self, "data", edges=np.linspace(-4, 16, 41), **words)
        levels = {"median": float(np.median(POINTS)), "mean": float(POINTS.mean())}
        words = dict(title="the answer w", x="θ", levels=levels, sets="theta", legend="upper left", words="lower right")
        self.answer = Curves(self, "answer", **words, log="x", xlim=(0.008, 600), ylim=(-0.4, 2.2))  # room for words
        words = dict(title="Huber's loss of all examples, highest = 1", x="w", legend=None)
        self.loss = Curves(self, "loss", **words, ylim=(0, 1.05))
        theta = np.geomspace(0.01, 100, 81)
        self.curve = (theta, np.array([huber_minimum(one) for one in theta]))
        self.w = np.linspace(-2, 6, 161)

    def show(self, result):
        self.theta, k, means, ends = result
        self.mean, self.minimum, self.spread = means[k], huber_minimum(self.theta), ends[:, k].std()
        self.data.show({"examples": POINTS}, marks={f"w = {number(self.mean, 2)}": self.mean}, counts=True)
        lines = {"minimum of Huber's loss": self.curve, "clipped SGD": (np.array(THETAS), means)}
        looks = {"minimum of Huber's loss": look("theory"), "clipped SGD": Look("#1f6f8b", "None", "s")}
        self.answer.show(lines, dots={"here": (self.theta, self.mean)}, looks=looks | {"here": Look(INK, marker="o")})
        height = huber(self.w[:, None] - POINTS, self.theta).sum(-1)
        self.loss.show({"loss": (self.w, height / height.max())}, marks={"": self.minimum})

    def at(self, t):
        self.caption = f"θ = {number(self.theta)}: {stays(self.theta, self.mean, self.spread)}"
        return self.moved()


def cut(norms, theta):
    """How many of a training's gradients were clipped, in a sentence.

    >>> cut(np.array([1.0, 50.0, 2.0, 0.5]), 1.0)
    'Of its gradients 50 % were clipped.'
    """
    return f"Of its gradients {number(round(100 * np.mean(norms > theta), 1))} % were clipped."


def remembers(name, norms, right):
    """How a training that must remember stands: its largest gradient, and its answers of late (half are luck).

    >>> remembers("clipped", np.array([1.0, 50.0, 2.0]), np.array([0.5, 1.0, 1.0]))
    'Clipped: largest gradient norm 50, at step 1; 83 % right over the last 3 steps.'
    """
    k, late = int(np.argmax(norms)), right[-20:]
    text = f"{name[:1].upper() + name[1:]}: largest gradient norm {number(float(norms[k]), 3)}, at step {k}; "
    return text + f"{number(round(100 * late.mean()), 3)} % right over the last {len(late)} steps."


class Remember(Page):
    """A recurrent network that must remember its first input, trained without and with clipping, as it goes on.

    result: (lr, theta, seed, {"norm", "right", "steps"}) of `remembering` with one seed.
    """

    alt = (
        "Left: the norm of the gradient, on a logarithmic axis, right: the share of right answers, both against the "
        "steps, for the same network trained without clipping and with it; the threshold is a horizontal line."
    )
    claims = (remembers, cut)

    def __init__(self):
        super().__init__("norm right", size=(9.6, 3.7), top=0.26)
        words = dict(title="norm of the gradient, before clipping", x="steps", log="y", ylim=(1e-4, 1e8))
        self.norm = Curves(self, "norm", **words, legend=None)
        words = dict(title="right answers, mean of 20 steps", x="steps", ylim=(0, 1.03))
        self.right = Curves(self, "right", **words, legend=None)
        self.name({name: LOOKS[name] for name in ("without clipping", "clipped")})

    def show(self, result):
        self.lr, self.theta, self.seed, run = result
        self.norms, self.rights, last = run["norm"][..., 0], run["right"][..., 0], run["steps"]
        means = np.array([self.rights[max(0, t - 19) : t + 1].mean(0) for t in range(len(self.rights))])
        for panel, lines in ((self.norm, self.norms), (self.right, means)):
            panel.show(dict(zip(("without clipping", "clipped"), lines.T, strict=True)), looks=LOOKS, steps=last)
        self.norm.now_levels = {"θ": self.theta}

    def at(self, t):
        done, each = len(self.norms), zip(("without clipping", "clipped"), self.norms.T, self.rights.T, strict=True)
        parts = [remembers(name, norms, right) for name, norms, right in each]
        self.caption = f"η = {number(self.lr)}, θ = {number(self.theta)}, seed {self.seed}, after {done} steps. "
        self.caption += " ".join([*parts, cut(self.norms[:, 1], self.theta)])
        return self.moved()
