"""One method, one look: the colour, dash and marker of each optimizer in the whole collection, and those of quantities.

    look("Adam")                    Look(color='#332288', dash='-', marker='P')
    look("Adam, β₂ = 0.9")          the same: what follows a comma says which run of the method it is
    look("η = 0.1", 0)              no method: the first of the looks for runs that only differ in a number
    shades(5)                       five looks in a row, from light to dark, for runs that have an order

The colours of the methods are Okabe and Ito's and Tol's, the light ones darkened until a line stands out. Two methods
whose colours are hard to tell apart differ in dash and marker. What is no method (a direction, a bound, the loss)
has colours that no method has.
"""

from typing import NamedTuple

from matplotlib import colormaps
from matplotlib.colors import to_hex

BLUE, ORANGE, GREEN, PINK, SKY, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#b8548f", "#2a87b5", "#222222", "#6b7280"
INDIGO, WINE, OLIVE, AMBER, PLUM = "#332288", "#882255", "#8a8a2a", "#b7791f", "#9a4fb0"
SOLID, DASHED, DOTTED, DASHDOT = "-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1, 1.5))
LONG, TWO_DOTS, LOOSE = (0, (9, 2)), (0, (5, 1.2, 1, 1.2, 1, 1.2)), (0, (3, 2.5))


class Look(NamedTuple):
    """How a line is drawn."""

    color: str
    dash: object = SOLID
    marker: str = ""

    @property
    def line(self):
        """As keywords of matplotlib's `plot`."""
        return dict(color=self.color, ls=self.dash)

    @property
    def point(self):
        """As keywords of a marker without a line."""
        return dict(marker=self.marker or "o", ls="", mfc=self.color, mec="white")

    def size(self, size):
        """That of its marker where other markers have `size`: a star's five points fill less of it."""
        return 1.6 * size if self.marker == "*" else size


METHODS = {
    "gradient descent": Look(ORANGE, SOLID, "o"),
    "heavy ball": Look(BLUE, DASHED, "s"),
    "Nesterov": Look(GREEN, DOTTED, "^"),
    "normalised gradient": Look(GREY, DASHDOT, "p"),
    "sign descent": Look(GREY, DOTTED, "H"),
    "AdaGrad": Look(PINK, DASHDOT, "D"),
    "mean-square AdaGrad": Look(PINK, DOTTED, "d"),
    "RMSProp": Look(AMBER, DASHED, "v"),
    "AdaDelta": Look(OLIVE, TWO_DOTS, "<"),
    "Adam": Look(INDIGO, SOLID, "P"),
    "Adam without correction": Look(INDIGO, DOTTED, "h"),
    "Adam + L2": Look(INDIGO, DASHDOT, "8"),
    "AdamW": Look(PLUM, DASHED, "X"),
    "AMSGrad": Look(WINE, SOLID, "*"),
    "Nadam": Look(SKY, LONG, ">"),
    "RAdam": Look(WINE, DASHED, "o"),
    "AdaMax": Look(PLUM, LOOSE, "<"),
    "Lion": Look(AMBER, LONG, "d"),
    "Muon": Look(GREEN, SOLID, "D"),
    "schedule-free": Look(SKY, SOLID, "s"),
    "SAM": Look(OLIVE, SOLID, "X"),
    "averaged": Look(BLUE, DOTTED, "o"),
    "ours": Look(GREY, SOLID, "8"),
    "yours": Look("#e0007f", DASHED, "*"),
}
METHODS["momentum"] = METHODS["heavy ball"]
METHODS["GD"] = METHODS["SGD"] = METHODS["gradient descent"]

# What is no method: none of these colours is in the table above.
QUANTITIES = {
    "loss": Look(INK, SOLID),
    "training": Look(INK, SOLID, "o"),
    "held out": Look("#00798c", DASHED, "D"),
    "steep direction": Look("#8c2d04", SOLID, "^"),
    "flat direction": Look("#01665e", DASHED, "p"),
    "gradient": Look("#5b3a1e", SOLID, ""),
    "theory": Look(INK, LOOSE),
    "bound": Look("#7a8190", DASHDOT),
    "noise": Look("#8f5cc4", DOTTED),
}

# Runs that differ in a number only.
RUNS = [
    Look("#1f6f8b", SOLID, "o"),
    Look("#a3410f", DASHED, "s"),
    Look("#5d7a1f", DOTTED, "^"),
    Look("#7b3f8c", DASHDOT, "D"),
    Look("#444444", LONG, "v"),
    Look("#9c7436", TWO_DOTS, "P"),
]


RING = dict(marker="o", ls="", mfc="none", mec=INK, mew=1.8, clip_on=False)  # around what is looked at


def look(name, number=0):
    """The look of a method or a quantity; of any other name, the one for the run with this number.

    >>> look("Adam").marker, look("Adam, η = 0.1").marker, look("steep direction").color, look("η = 0.1", 1).marker
    ('P', 'P', '#8c2d04', 's')
    """
    for known in (METHODS, QUANTITIES):
        for key in (name, name.split(",")[0].strip()):
            if key in known:
                return known[key]
    return RUNS[number % len(RUNS)]


def shades(count):
    """Looks for `count` runs in a row, from light to dark; dash and marker change too.

    >>> [one.marker for one in shades(3)]
    ['o', 's', '^']
    """
    ramp, markers = colormaps["cividis"], "os^DvP<>"
    dashes = [SOLID, DASHED, DOTTED, DASHDOT]
    places = [0.6 * (1 - i / max(count - 1, 1)) for i in range(count)]
    return [Look(to_hex(ramp(place)), dashes[i % 4], markers[i % 8]) for i, place in enumerate(places)]
