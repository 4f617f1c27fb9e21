"""What chapter 09 says of signals, of a circle, of directions and of inputs in deep networks, counted by hand."""

import functools
import math

import numpy as np
from scipy.optimize import brentq
from whole.counting import fields, says, value

from optim_core.chapters.scale import experiments


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


CHECK = {"Signals": signals, "Circle": circle, "Directions": directions, "Inputs": inputs}
