"""What chapter 01 says of steps on functions of one weight, in fractions, closed forms and loops of its own."""

import functools
import math
import re
from fractions import Fraction

import numpy as np
from whole.counting import brief, fields, value, wrote

from optim_core.chapters.one_step.experiments import FARES, KILOMETRES


def exact(one):
    """What a slider shows, as a fraction: 0.1 is a tenth.

    >>> exact(0.1), exact(0.30000000000000004)
    (Fraction(1, 10), Fraction(3, 10))
    """
    return Fraction(f"{one:.12g}")


def signed(words, one):
    """Whether some words are this number to three digits, or 0 where it is only rounding."""
    return words == "0" if abs(one) < 1e-12 else brief(words, float(one))


# ---- the factor ----


def factor(values, seen, caption, t):
    """The factor and what follows of it, exactly; and that the run is its powers."""
    eta, lam, start = (exact(values[name]) for name in ("eta", "lam", "start"))
    f = 1 - eta * lam
    step, one, two, said, words = fields(r"Step # of 60\. η = #, λ = #: the factor 1 − ηλ is #\. (.*)", caption)
    assert int(step) == t and wrote(one, float(eta)) and wrote(two, float(lam)) and signed(said, f)
    for w in seen[2].values():
        powers = float(start) * float(f) ** np.arange(61.0)
        good = np.abs(powers) < 1e6
        assert len(w) == 61 and np.allclose(w[good], powers[good], rtol=1e-9, atol=1e-12)
    if start == 0:
        assert words == "It starts at the minimum: the slope is 0, and no step moves it."
        return
    part, rest = fields(r"A step takes away # % of the distance(.*)", words)
    assert signed(part, 100 * eta * lam)
    if f == 0:
        assert rest == ": it arrives in one step."
    elif f == -1:
        assert rest == ", twice what there is: it lands as far on the other side, and swings for ever."
    elif abs(f) > 1:
        how, by = re.fullmatch(
            r", more than twice what there is: it diverges, (tenfold every )?(\S*?)(?: steps|-fold at each step)\.",
            rest,
        ).groups()
        tenfold = math.log(10) / math.log(-f)
        assert bool(how) == (tenfold > 1.5) and rest.endswith("steps." if how else "step.")
        assert abs(value(by)[0] - tenfold) <= (0.05 if tenfold < 9.95 else 0.5) + 1e-9 if how else signed(by, -f)
    else:
        does = ": it creeps" if f > 0 else ", more than there is: it zig-zags"
        steps = fields(rf"{does}\. A millionth is left after # steps?\.", rest)[0]
        needed = int(value(steps)[0])
        assert value(steps)[1] == 1 and abs(f) ** needed <= Fraction(1, 10**6) < abs(f) ** (needed - 1)
        assert rest.endswith("steps." if needed > 1 else "step.")


# ---- a step taken apart ----

FUNCTIONS = {
    "parabola": ("½w²", lambda w: w * w / 2, lambda w: w),
    "double well": ("⅛(w² − 1)²", lambda w: (w * w - 1) ** 2 / 8, lambda w: w * (w * w - 1) / 2),
    "soft V": ("ln cosh w", lambda w: abs(w) + math.log1p(math.exp(-2 * abs(w))) - math.log(2), math.tanh),
    "V": ("|w|", abs, lambda w: 1.0 * (w > 0) - 1.0 * (w < 0)),
}


def level(function, w):
    """The first point downhill from w that is as high as w; a step that stays short of it lowers the loss."""
    if function == "double well" and abs(w) < math.sqrt(2):
        return math.copysign(math.sqrt(2 - w * w), w)
    return -w  # the others are even, and have one valley; a step across the low hill of the double well, too


def apart(values, seen, caption, t):
    """One step, what it was to bring and what it brings, and the largest η by the point that is as high."""
    function, w, eta = values["function"], values["w"], values["eta"]
    formula, f, slope = FUNCTIONS[function]
    form = rf"{re.escape(formula)} at w = #, η = #\. (.*)"
    at, rate, words = fields(form, caption)
    assert signed(at, w) and wrote(rate, eta)
    g = slope(w)
    if g == 0:
        assert words == "The slope is 0: whatever η is, the step is 0."
        return
    form = (
        r"The slope is #, the step #\. The tangent promises a fall of #; (.*?)\. One step with any η (?:below #|up to "
    )
    steep, step, promised, came, below = fields(form + r"100) lowers the loss\.", words)
    fall, promise = f(w) - f(w - eta * g), eta * g * g
    assert signed(steep, g) and signed(step, -eta * g) and wrote(promised, promise)
    if abs(fall) <= 1e-9 * promise:
        assert came == "the loss stays as it is"
    elif fall < 0:
        assert about(fields("the loss rises by #", came)[0], -fall)
    else:
        said, part, more = fields("it is #, (?:# % of that|a little more than promised)(, more than promised)?", came)
        assert about(said, fall)
        if part:
            assert about(part, 100 * fall / promise)
        else:
            assert abs(100 * fall / promise - 100) <= 0.5
        if abs(fall / promise - 1) > 1e-8:
            assert ("more than promised" in came) == (fall > promise) and (more is None or part)
    most = abs((w - level(function, w)) / g)
    if most > 100:
        assert below is None
    else:
        assert about(below, most) or abs(value(below)[0] - most) < 1e-7 * most


def about(words, one):
    """Whether some words are this number to three digits; a difference of two losses has lost some of its own."""
    return wrote(words, one) or abs(value(words)[0] - one) <= 0.5 * value(words)[1] + 1e-14


# ---- beyond the edge ----


@functools.lru_cache
def run(function, eta, w, steps):
    """The points of gradient descent, up to the first beyond a million."""
    slope, path = FUNCTIONS[function][2], [w]
    while len(path) <= steps and abs(path[-1]) <= 1e6:
        path.append(path[-1] - eta * slope(path[-1]))
    return np.array(path)


def edge(values, seen, caption, t):
    """How a run ends by its last 128 points, each step checked; and by going on for 10,000 more that it ends so."""
    function, eta, start = values["function"], values["eta"], values["start"]
    formula, _, slope = FUNCTIONS[function]
    rate, at, words = fields(rf"{re.escape(formula)}, η = #, from w = #: (.*)", caption)
    assert wrote(rate, eta) and signed(at, start)
    w, gone = seen[2]["w"][:, 0], int(seen[2]["diverged"])
    assert w[0] == start and len(w) == 1001
    for k in range(1000 if not gone else gone - 1):
        assert abs(w[k + 1] - (w[k] - eta * slope(w[k]))) <= 1e-14 * (1 + eta) * max(1, abs(w[k]) ** 3)
    if gone:
        assert words == f"it diverges; at step {gone} it is further out than a million."
        mine = run(function, eta, start, 1000)
        if function != "double well" or len(mine) < 60:
            assert len(mine) - 1 == gone
        assert (np.abs(w[:gone]) <= 1e6).all() and abs(w[gone - 1] - eta * slope(w[gone - 1])) > 1e6
        return
    last = w[-128:]
    if (w == start).all():
        assert words == "the slope at the start is 0, so no step moves it." and abs(slope(start)) < 1e-15
        return
    on = run(function, eta, float(w[-1]), 10_000)
    closes = [k for k in range(1, 33) if np.abs(last[k:] - last[:-k]).max() <= 1e-6]
    if words.startswith("it comes to rest"):
        rests = fields("it comes to rest at w = #\\.", words)[0]
        assert closes[0] == 1 and signed(rests, round(w[-1], 4)) and np.abs(on - w[-1]).max() < 1e-3
    elif words.startswith("it ends in a cycle"):
        points, low, high = fields("it ends in a cycle of # points, from # to #\\.", words)
        n = int(points)
        assert closes[0] == n > 1 and signed(low, last.min()) and signed(high, last.max())
        assert len(on) == 10_001 and np.abs(on[n:] - on[:-n]).max() < 1e-4
        assert all(np.abs(on[k:] - on[:-k]).max() > 1e-6 for k in range(1, n))
    else:
        form = (
            "after 1,000 steps (it is still on its way|no cycle of up to 32 points is to be seen); the last 128 points "
        )
        what, low, high = fields(form + "lie between # and #\\.", words)
        jumps = np.abs(np.diff(last))
        on_its_way = (np.diff(jumps) < 0).all() or (np.diff(jumps) > 0).all()
        assert not closes and signed(low, last.min()) and signed(high, last.max())
        assert (what == "it is still on its way") == on_its_way


# ---- units ----

PER_KILOMETRE = {"kilometres": 1.0, "miles": 1 / 1.609344, "metres": 1e3, "thousands of km": 1e-3}


def units(values, seen, caption, t):
    """w by its closed form, from sums over the forty rides."""
    unit, loss, lr = values["unit"], values["loss"], values["lr"]
    times = PER_KILOMETRE.get(unit) or 1 / math.sqrt(sum(x * x for x in KILOMETRES) / 40)
    x, parts = [times * one for one in KILOMETRES], 40 if loss == "mean" else 1
    lam = sum(a * a for a in x) / parts
    goal = sum(a * y for a, y in zip(x, FARES, strict=True)) / parts / lam
    form = rf"Step # of 10\. Unit: {unit}; the {loss} of the losses\. η = #, λ = #: ηλ = #, and the line ([\w ]+)\. "
    form += r"Now (?:w = #|\|w\| is above 10⁸)\. The best η here is 1/λ = #\."
    step, rate, curvature, both, does, w, best = fields(form, caption)
    assert (
        int(step) == t and wrote(rate, lr) and wrote(curvature, lam) and brief(both, lr * lam) and wrote(best, 1 / lam)
    )
    f = 1 - lr * lam
    now = goal * (-math.expm1(t * math.log1p(-lr * lam)) if f > 0 else 1 - f**t)
    assert abs(now) > 1e8 * (1 - 1e-9) if w is None else signed(w, now)
    assert (
        math.isclose(seen[3]["w"][t, 0], now, rel_tol=1e-9, abs_tol=1e-15) and w is None or abs(now) < 1e8 * (1 + 1e-9)
    )
    if abs(lr * lam - 0.001) > 1e-12:
        assert (does == "hardly moves") == (lr * lam < 0.001)
    if does == "hardly moves":
        assert 1 - f**10 < 0.01
    elif abs(f) < 1e-9:
        assert does == "is in its place after one step"
    elif abs(f + 1) < 1e-9:
        assert does == "swings to and fro for ever"
    else:
        words = "is thrown out" if f < -1 else "swings into its place" if f < 0 else "creeps to its place"
        assert does == words


# ---- how a number ends ----

BITS = {"float16": (11, -24), "float32": (24, -149), "float64": (53, -1074)}  # of the mantissa; the smallest power of 2


def spacing(kind, w):
    """From a number to the next one nearer to 0, by its exponent."""
    mantissa, exponent = math.frexp(abs(w))
    bits, least = BITS[kind]
    return 2.0 ** max(exponent - bits - (mantissa == 0.5), least)


@functools.lru_cache
def rounded(kind, lr):
    """w after each step of w ← w − ηw on ½w² from 1, and the losses, every number of this type; until w is none."""
    one, w, losses = getattr(np, kind), [getattr(np, kind)(1)], []
    with np.errstate(all="ignore"):
        while True:
            losses.append(one(0.5) * w[-1] * w[-1])
            if len(w) > 1100 or np.isnan(w[-1]):
                return np.array(w), np.array(losses)
            w.append(w[-1] - one(lr) * w[-1])


def ends(values, seen, caption, t):
    """What happens first to a run in numbers of one type, by the run itself, and the gaps by their exponents."""
    kind, lr = values["kind"], values["lr"]
    w, loss = rounded(kind, lr)
    step, last, rate, words = fields(rf"Step # of #\. {kind}, η = #\. (.*)", caption)
    assert value(step)[0] == t and value(last)[0] == len(seen[2]) - 1 and wrote(rate, lr)
    assert np.array_equal(seen[2][: len(w)], w, equal_nan=True)
    first = {name: int(np.argmax(now)) if now.any() else None for name, now in {
        "loss": np.isinf(loss), "w": np.isinf(w), "nan": np.isnan(w), "zero": w == 0,
        "still": np.append((w[1:] == w[:-1]) & (w[1:] != 0) & np.isfinite(w[1:]), False)}.items()}  # fmt: skip
    if first["w"] is not None:
        form = "The loss is infinite from step # on, w from step # on, and at step # w is not a number any more: ∞ − ∞."
        assert fields(form, words) == tuple(str(first[name]) for name in ("loss", "w", "nan"))
    elif first["still"] is not None:
        here = float(w[first["still"]])
        form = (
            r"At w = # the slope is as large, and (?:the step asked for is # of a gap(?:, as a (\w+) half of one)?: it "
        )
        form += rf"rounds to nothing|η itself is 0 in {kind}), and w stands still from step # on, for ever\."
        at, part, half, since = fields(form, words)
        assert wrote(at, here) and value(since)[0] == first["still"]
        mine = getattr(np, kind)(lr)
        if part is None:
            assert mine == 0
        else:
            share = float(mine) * (abs(here) / spacing(kind, here))
            assert wrote(part, share, 2 if share < 0.49 else 4) and half == (kind if share > 0.5 else None)
            assert float(mine * abs(w[first["still"]])) <= spacing(kind, here) / 2
    elif first["zero"] is not None:
        assert words == f"From step {first['zero']} on w is exactly 0."
    elif first["loss"] is not None:
        assert words == f"The loss is infinite from step {first['loss']} on; w is not yet after 1,100 steps."
    else:
        form = r"After # steps \|w\| = #, the loss #; (it swings for ever|it still moves)\."
        steps, size, height, what = fields(form, words)
        assert value(steps)[0] == 1100 and wrote(size, abs(float(w[-1])), 6) and wrote(height, float(loss[-1]))
        assert (what == "it swings for ever") == (w[-1] == w[-3])


CHECK = {"Factor": factor, "Apart": apart, "Edge": edge, "Units": units, "Ends": ends}
