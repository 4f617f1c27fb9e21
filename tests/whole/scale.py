"""What chapter 09 says of deep networks, of inputs and of numbers that are rounded, counted by hand."""

import functools
import math
from fractions import Fraction

import numpy as np
from scipy.optimize import brentq
from whole.counting import brief, fields, says, value, wrote

from optim_core.chapters.scale import experiments
from optim_core.data import digits


def size(x):
    """The root mean square, where squares may be too small or too large for a float."""
    most = float(np.max(np.abs(x)))
    return most * math.sqrt(np.mean((x / most) ** 2)) if most else 0.0


def share(words, part):
    """Whether words say a share in whole per cents, and that it is neither none nor all where it is neither."""
    if part in (0, 1) or words in ("none", "all"):
        return words == {0: "none", 1: "all"}.get(part)
    if part < 0.01 or part > 0.99:
        return words == ("less than 1 %" if part < 0.01 else "more than 99 %")
    return abs(float(fields("# %", words)[0]) - 100 * part) <= 0.5 + 1e-9


def signals(values, seen, caption, t):
    """What becomes of each of the three sizes, and what one layer has: inputs compared pair by pair."""
    x, dx, activation, rule = seen["flow"]["x"], seen["flow"]["dx"], values["activation"], values["rule"]
    head, rest = caption.split(". Signal: ")
    signal, rest = rest.split(". What differs between inputs: ")
    differs, rest = rest.split(". Gradient, going back: ")
    back, layer = rest.split(". Layer ")
    gain, depth, s, width = fields(rf"{activation}, {rule_as_written(rule)}, g = #, # layer(s?) of #", head)
    assert says(gain, values["gain"], 3) and bool(s) == (values["depth"] > 1)
    assert [value(words)[0] for words in (depth, width)] == [values["depth"], values["width"]]
    assert x.shape == dx.shape == (values["depth"] + 1, 64, values["width"])

    def changed(words, before, after):
        return (
            words == "nothing at the end" if after == 0 else says(*fields("multiplied by #", words), after / before, 2)
        )

    apart = [size(one - one.mean(0)) for one in (x[0], x[-1])]
    assert changed(signal, size(x[0]), size(x[-1])) and changed(back, size(dx[-1]), size(dx[0]))
    if any(not one.any() for one in x):  # a layer of zeros: no later one knows of the inputs
        assert differs == "nothing at the end"
    elif apart[1] < 1e-14 * size(x[-1]):
        assert differs == "in the end less than float64 can hold"
    else:
        assert changed(differs, *apart)
    if rule == "orthogonal" and activation == "linear":  # turned and made g times as long
        for words in (signal, differs, back):
            assert says(*fields("multiplied by #", words), values["gain"] ** values["depth"], 2)
    of_the_layer(layer, x[t], t, activation)


def rule_as_written(rule):
    return rule.replace("(", r"\(").replace(")", r"\)").replace(".", r"\.")


def of_the_layer(words, x, t, activation):
    at, words = words.split(", the inputs: ") if t == 0 else words.split(": ", 1)
    assert value(at)[0] == t
    if t:
        rms, words = words.split("; ", 1)
        assert says(*fields("root mean square (.*)", rms), size(x), 2)
    if t and activation == "tanh":
        part, words = words.split("; ")
        assert share(*fields(r"saturated, beyond ±0\.95: (.*)", part), np.mean(abs(x) > 0.95))
    if t and activation == "relu":
        part, words = words.split("; ")
        assert share(*fields("units that are 0 for all 64 inputs: (.*)", part), np.mean([not one.any() for one in x.T]))
    rows = [one / size(one) for one in x if one.any()]
    if len(rows) < 2:
        assert words == ("all inputs but one have become 0." if rows else "every input has become 0.")
        return
    left, cosine, _ = fields(r"mean cosine between (inputs|the \d+ inputs that are left): (above 0\.9999|#)\.", words)
    assert left == ("inputs" if len(rows) == 64 else f"the {len(rows)} inputs that are left")
    both = np.array(rows) @ np.array(rows).T / x.shape[1]
    mean = np.mean(both[~np.eye(len(rows), dtype=bool)])
    if mean > 0.9999:
        assert cosine == "above 0.9999" or (cosine == "0.9999" and mean < 0.9999 + 1e-12)
    else:
        assert abs(value(cosine)[0] - mean) <= (0.00005 if mean > 0.99 else 0.005) + 1e-9


def circle(values, seen, caption, t):
    """The layer's size and stretch, the angle of what began 30° apart, and what theory says of very wide networks."""
    activation, gain, bias = (values[name] for name in ("activation", "gain", "bias"))
    x, dx = seen[3]["x"][t], seen[3]["dx"][t]
    at, depth, what, g, b, large, stretch, *angles, regime = fields(
        r"Layer # of #\. (\w+), g = #, σ_b = #: size #, stretch #; inputs that began 30° apart are at "
        r"(?:#|less than 0\.1)° \(by their mean cosine\), two of them, ● and ★, at (?:#|less than 0\.1)°\. (.*)",
        caption,
    )
    assert [value(at)[0], value(depth)[0]] == [t, 50] and what == activation
    assert says(g, gain, 4) and says(b, bias, 3) and says(large, size(x), 2) and says(stretch, size(dx), 2)
    u = x / np.sqrt((x**2).sum(-1, keepdims=True))
    apart = np.linalg.norm(u - np.roll(u, -15, axis=0), axis=-1)  # chords: 2 sin of half the angle
    for told, chord in zip(angles, (math.sqrt(np.mean(apart**2)), apart[0]), strict=True):
        angle = math.degrees(2 * math.asin(chord / 2))
        if told is None:
            assert angle < 0.05001
        else:
            assert abs(float(told) - angle) <= (0.05 if angle < 9.95 else 0.5) + 1e-4
    factor = settled(activation, gain, bias)
    if activation == "relu":
        (by,) = fields(r"In a very wide network each relu layer multiplies small differences by g/√2 = #\.", regime)
    elif abs(factor - 1) < 5e-4:
        assert regime == (
            "The edge of chaos, to three digits: in a very wide network small differences neither grow nor shrink."
        )
        return
    else:
        word, by = fields(
            r"(Order|Chaos): in a very wide network a small difference is, in the long run, multiplied by # in every "
            r"layer\.",
            regime,
        )
        assert word == ("Order" if factor < 1 else "Chaos")
    assert says(by, factor, 4 if abs(factor - 1) < 5e-3 else 3) and (activation == "relu" or value(by)[0] != 1)


@functools.cache
def settled(activation, gain, bias):
    """The factor √χ where the mean square of a very wide network's signal stays as it is: by bisection."""
    if activation == "relu":
        return gain / math.sqrt(2)
    z = np.linspace(-10, 10, 4001)
    weights = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
    after = lambda q: weights @ np.tanh(np.sqrt(gain**2 * q + bias**2) * z) ** 2  # noqa: E731
    stays = brentq(lambda q: after(q) - q, 1e-9, 1.0, xtol=1e-15) if bias or gain > 1 else 0.0
    return gain * math.sqrt(weights @ np.cosh(np.sqrt(gain**2 * stays + bias**2) * z) ** -4.0)


def directions(values, seen, caption, t):
    """Stretches from the Jacobian itself: its norms, and the trace of its products in place of singular values."""
    told = fields(
        rf"Layer # of #\. {values['activation']}, {rule_as_written(values['rule'])}, g = #, # units\. (.*)", caption
    )
    assert [value(told[k])[0] for k in (0, 1, 3)] == [t, 50, 64] and says(told[2], values["gain"], 3)
    J = jacobians(**values)[t]
    assert np.allclose(np.linalg.norm(J, 2), seen[3][t, 0], rtol=1e-9)
    if not J.any():
        assert told[4] == "No direction comes through: the output does not depend on the input here."
        return
    most, rms, above, n, left, many = fields(
        r"The most stretched direction: × #; root mean square: × #; above a tenth of the largest: # of #\. "
        r"It is as if # (direction was|directions were) left\.",
        told[4],
    )
    scaled = J / np.linalg.norm(J, 2)
    square = scaled @ scaled.T
    assert says(most, np.linalg.norm(J, 2), 2) and says(rms, math.sqrt(64) * size(J), 2)
    count = np.trace(square) ** 2 / np.trace(square @ square)
    assert abs(float(left) - count) <= (0.05 if count < 9.95 else 0.5) + 1e-6
    assert (left == "1") == many.endswith("was") and value(n)[0] == 64
    assert value(above)[0] == (np.linalg.eigvalsh(square) > 0.01).sum()
    if values["rule"] == "orthogonal" and values["activation"] == "linear":
        assert says(most, values["gain"] ** t, 2) and above == left == "64"


@functools.lru_cache(maxsize=2)
def jacobians(rule, activation, gain, seed):
    return experiments.jacobians(rule, activation, gain, seed=seed)


def inputs(values, seen, caption, t):
    """Both curvatures from the trace and the determinant; the steps counted; the run along the flat direction."""
    told = fields(
        rf"Step # of 40, η = 1/λ_max\. The pixel {values['pixel']}, \(ink − #\)/#: mean #\. λ_max = #, λ_min = #: "
        r"κ = #\. Gradient descent diverges above η = #; with η = 1/λ_max the flat direction needs # steps? to 1 %\.",
        caption,
    )
    x = (experiments.ink(values["pixel"]) - values["subtract"]) / values["divide"]
    assert value(told[0])[0] == t and says(told[1], values["subtract"], 3) and says(told[2], values["divide"], 3)
    assert abs(value(told[3])[0] - np.mean(x)) <= (0.05 if abs(np.mean(x)) > 9.99 else 0.005) + 1e-9
    trace, determinant = 1 + np.mean(x**2), np.var(x)
    high = (trace + math.sqrt(trace**2 - 4 * determinant)) / 2
    low = determinant / high
    assert says(told[4], high, 3) and says(told[5], low, 3) and says(told[6], high / low, 3)
    assert says(told[7], 2 / high, 2)
    w, needed = 1 - low / high, value(told[8])[0]
    assert w**needed <= 0.01 * (1 + 1e-6) and (needed == 1 or w ** (needed - 1) > 0.01 * (1 - 1e-6))
    assert ("1 step to" in caption) == (needed == 1)
    path = seen[5]["w"]
    flat = np.array([np.mean(x), low - 1]) if abs(np.mean(x)) > 1e-9 else np.array([0.0, 1.0])
    along = path @ flat / np.linalg.norm(flat)
    assert path.shape == (41, 2) and np.allclose(along, along[0] * w ** np.arange(41), atol=1e-9)


def compared(values, seen, caption, t):
    """The size of the last layer of a network drawn and passed through here, beside that of the inputs."""
    activation, depth, width = (values[name] for name in ("activation", "depth", "width"))
    layers, s, units, end = fields(
        rf"{activation}, # layer(s?) of # units\. Signal, ours: (.*)\. Yours has a blank in it\.", caption
    )
    assert [int(layers), int(units), s] == [depth, width, "s" * (depth > 1)]
    dice = np.random.default_rng([values["seed"], width])
    first = x = dice.standard_normal((64, width))
    for _ in range(depth):
        z = x @ dice.standard_normal((width, width)) * math.sqrt((2 if activation == "relu" else 1) / width)
        x = z * (z > 0) if activation == "relu" else np.tanh(z)
    if not x.any():
        assert end == "nothing at the end"
    else:
        assert brief(*fields("multiplied by #", end), size(x) / size(first), 2)


SHORT = {"float64": (52, -1074, 1023), "float32": (23, -149, 127), "bfloat16": (7, -133, 127), "float16": (10, -24, 15)}


def last_place(x, kind):
    """What the last binary digit of a number of a format counts; of a Fraction, not negative."""
    places, least, _ = SHORT[kind]
    if not x:
        return Fraction(2) ** least
    power = x.numerator.bit_length() - x.denominator.bit_length()
    power -= Fraction(2) ** power > x
    return Fraction(2) ** max(power - places, least)


def nearest(x, kind):
    """The number of a format nearest to a Fraction, or infinity."""
    last, (places, _, most) = last_place(x, kind), SHORT[kind]
    found = round(x / last) * last  # of two as near, Python takes the even one
    return found if found <= Fraction(2) ** most * (2 - Fraction(1, 2**places)) else math.inf


@functools.lru_cache(200)
def all_sums(a, b, kind):
    """a and b in a format, and what comes of 4,000 additions, in exact fractions; it ends where nothing changes."""
    a, b = nearest(Fraction(a), kind), nearest(Fraction(b), kind)
    row = [a]
    while len(row) < 4001 and (len(row) < 2 or row[-1] != row[-2]):
        row.append(math.inf if math.inf in (row[-1], b) else nearest(row[-1] + b, kind))
    return a, b, row


def sums(values, seen, caption, t):
    """One addition in exact fractions: what of b is lost; and after which addition nothing moves any more."""
    kind, a, b = values["kind"], values["first"], values["second"]
    _, step, row = all_sums(a, b, kind)
    still = len(row) - 2 if row[-1] == row[-2] else None  # after so many additions it is where it stays
    assert [float(w) for w in row] == seen[3][: len(row)].tolist() and (seen[3][len(row) :] == float(row[-1])).all()
    form = r"(.*?): a = #, b = #\. (Addition|Before addition) # of 4,000\. (.*)"
    name, first, second, when, k, said = fields(form, caption)
    assert name == kind and wrote(first, a) and wrote(second, b)
    assert value(k)[0] == max(t, 1) and (when == "Addition") == (t > 0)
    w, after = (row[min(k, len(row) - 1)] for k in (max(t, 1) - 1, max(t, 1)))
    if math.inf in (w, step, after):
        (end,) = fields(f"{kind} ends at #: what is larger is infinite\\.", said)
        assert wrote(end, {"float64": 1.797693e308, "float16": 65504.0}.get(kind, 3.4e38))
        return
    if step == 0:
        assert said == f"b is so small that it is 0 in {kind}."
        return
    if w + step == after:
        total, way = fields(r"The sum # is exact\.(?: (.*))?", said)
        assert wrote(total, float(after), 6)
    else:
        gap, part, what, share, way = fields(
            r"The next number above w is # away, and b is # times that: the (sum is w again, all of b is lost|"
            r"stored sum is too (?:large|small) by (.*?) of b)\.(?: (.*))?",
            said,
        )
        apart = last_place(w, kind)
        times = float(step / apart)
        assert wrote(gap, float(apart)) and (says(part, times) if 1e-5 <= times < 1e-4 else brief(part, times, 2))
        if after == w:
            assert what.startswith("sum is w again")
        else:
            off = (after - w - step) / step
            assert what.startswith(f"stored sum is too {'large' if off > 0 else 'small'} by")
            if share == "less than 0.01 %":
                assert abs(off) < 1e-4
            else:
                assert abs(off) >= 1e-4 and brief(*fields("# %", share), float(100 * abs(off)), 2)
    if math.inf in row:
        assert not way
    elif still is None:
        assert way == "After 4,000 additions it still moves."
    elif not still:
        assert way == "No addition moves w."
    else:
        at, stands = fields(r"After addition # w stands still at #\.", way)
        assert value(at)[0] == still and wrote(stands, float(row[-1]), 6)


@functools.cache
def three_or_eight():
    """The digits 3 and 8 with a 1 behind their pixels, and whether each is an 8."""
    data = digits()
    X = np.array([[*x, 1.0] for x, label in zip(data.X, data.y, strict=True) if label in (3, 8)])
    return X, np.array([label == 8 for label in data.y if label in (3, 8)])


def shortened(w, kind, dice=None):
    """Numbers in a format, by numpy's own where there is one; dice: what is added, in last digits, before cutting."""
    if kind == "float64":
        return w
    if dice is None and kind in ("float16", "float32"):
        return w.astype(kind).astype(float)
    places, least, _ = SHORT[kind]
    last = 2.0 ** np.maximum(np.floor(np.log2(np.maximum(np.abs(w), 1e-300))) - places, least)
    return (np.round(w / last) if dice is None else np.floor(w / last + dice)) * last


def rounding(values, seen, caption, t):
    """Every step of the training from the one before; who stays in this one; since when nobody moves."""
    kind, lr, cure, run = *(values[name] for name in ("kind", "lr", "cure")), seen[3]
    copies = cure == "a copy in float32" and kind in ("bfloat16", "float16")
    kept, w, (X, y) = "float32" if copies else kind, run["w"], three_or_eight()
    dice = np.random.default_rng(0).random((1001, 65)) if cure == "rounded at random" else None
    used = shortened(w, kind)
    z = used[:-1] @ X.T
    step = -lr * ((1 / (1 + np.exp(-z)) - y) @ X) / len(y)
    assert w.shape == (1002, 65) and not w[0].any() and np.allclose(step, run["step"], rtol=1e-7, atol=1e-12)
    assert np.array_equal(w[1:], shortened(w[:-1] + run["step"], kept, dice))
    loss = np.log1p(np.exp(np.where(y, -z, z))).mean(-1)
    none = (copies or cure == "none" or (cure == "rounded at random" and kind != "float64")) - 1
    form = rf"Step # of 1,000\. {kind}, η = #, cure: {cure}{', without effect here' if none else ''}\. Loss #\. Of # "
    form += r"(weights|copies) with a gradient, # (stays?) as they are"
    form += rf", and of the {kind} weights made from them #\.(.*)" if copies else r"()\.(.*)"
    at, rate, height, many, what, stay, verb, rests, rest = fields(form, caption)
    assert (
        value(at)[0] == t and wrote(rate, lr) and wrote(height, loss[t]) and what == ("copies" if copies else "weights")
    )
    moved = run["step"][t] != 0
    assert int(many) == moved.sum() and int(stay) == ((w[t + 1] == w[t]) & moved).sum()
    assert (verb == "stays") == (stay == "1")
    assert not copies or int(rests) == ((used[t + 1] == used[t]) & moved).sum()
    last = max((k + 1 for k in range(1001) if (w[k] != w[k + 1]).any()), default=0)  # the step that is the last to move
    if last <= 1000 and t >= last:
        since, stands = fields(r" From step # on no weight moves any more, and the loss stands at #\.", rest)
        assert value(since)[0] == last and wrote(stands, loss[-1]) and np.ptp(loss[last:]) < 1e-12
    else:
        assert rest == (" The last step still moves some weight." if last > 1000 and t == 1000 else "")


CHECK = {
    "Signals": signals,
    "Circle": circle,
    "Directions": directions,
    "Inputs": inputs,
    "Sum": sums,
    "Rounded": rounding,
    "Compared": compared,
}
COUNT = {"Sum": 600, "Rounded": 400, "Compared": 400}
