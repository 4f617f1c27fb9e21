"""One way to say no: name the argument, show the value, say what is allowed."""

import contextlib
import inspect

import numpy as np


def refuse(name, value, allowed):
    """Raise the ValueError that every public function raises for a bad argument.

    >>> refuse("lr", -0.1, "a number ≥ 0")
    Traceback (most recent call last):
    ValueError: lr = -0.1: must be a number ≥ 0
    """
    shown = np.array2string(value, threshold=6) if isinstance(value, np.ndarray) else repr(value)
    shown = " ".join(shown.split())
    raise ValueError(f"{name} = {shown if len(shown) < 120 else shown[:117] + '…'}: must be {allowed}") from None


def listed(things, link="and"):
    """Several things in words.

    >>> listed([0, 2, 50], "or"), listed(["w"])
    ('0, 2 or 50', 'w')
    """
    *front, last = map(str, things)
    return f"{', '.join(front)} {link} {last}" if front else last


def numbers(name, value, last=None, finite=False, real=False):
    """`value` as an array of floats, or a refusal. Complex numbers stay complex, unless `real` refuses them.

    last: the length that the last axis must have; finite: refuse inf and NaN.

    >>> numbers("w", [1, 2], last=2)
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):  # lists of unequal lengths
        refuse(name, value, "numbers in a regular array")
    kind = array.dtype.kind
    if kind not in "buifc" or (real and kind == "c"):  # bool, unsigned and signed integer, float, complex
        refuse(name, value, "real numbers" if real else "numbers")
    if last is not None and (array.ndim == 0 or array.shape[-1] != last):
        refuse(f"{name}.shape", array.shape, f"(…, {last})")
    if kind not in "fc" or array.dtype.itemsize < (16 if kind == "c" else 8):  # bytes of a complex, of a float
        array = array.astype(complex if kind == "c" else float)
    if finite and not np.isfinite(array).all():
        refuse(name, value, "finite numbers")
    return array


def number(name, value, allowed="a finite number", holds=lambda v: True):
    """`value` as a Python float, or a refusal; `holds` is what must be true of it, `allowed` says so in words.

    >>> number("kappa", 10, "a number ≥ 1", lambda v: v >= 1)
    10.0
    """
    try:
        array = numbers(name, value, finite=True, real=True)
    except ValueError:  # no finite real numbers: say what this one may be
        refuse(name, value, allowed)
    if array.ndim or not holds(array):
        refuse(name, value, allowed)
    return float(array)


def ranged(name, value, allowed, holds, finite=True):
    """`value` as a number or an array of numbers, not empty, for all of which `holds` is true; or a refusal.

    >>> ranged("mu", [0.5, 0.9], "in [0, 1]", lambda v: (v >= 0) & (v <= 1))
    array([0.5, 0.9])
    """
    array = numbers(name, value, finite=finite, real=True)
    if array.size == 0 or not np.all(holds(array)):
        refuse(name, value, allowed)
    return array


def interval(low, high):
    """The ends of an interval, or of many, as arrays, ∞ included; or a refusal of ends in the wrong order.

    >>> interval(-1, np.inf)
    (array(-1.), array(inf))
    """
    ends = {"low": low, "high": high}
    low, high = (ranged(name, end, "numbers", lambda v: ~np.isnan(v), finite=False) for name, end in ends.items())
    try:
        rising = np.all(low <= high)
    except ValueError:  # shapes that do not go together
        rising = False
    return (low, high) if rising else refuse("low", low, f"≤ high = {high}")


def whole(name, value, low):
    """`value` as an int of at least `low`, or a refusal.

    >>> whole("runs", 3, 1)
    3
    """
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < low:
        refuse(name, value, f"a whole number ≥ {low}")
    return int(value)


def flag(name, value):
    """True or False, or a refusal: "no" would count as true.

    >>> flag("train", False)
    False
    """
    return bool(value) if isinstance(value, (bool, np.bool_)) else refuse(name, value, "True or False")


def made(name, value, kind, allowed):
    """`value`, if it is of this kind (a class, or several), or a refusal.

    >>> made("name", "a slice", str, "a text")
    'a slice'
    """
    return value if isinstance(value, kind) else refuse(name, value, allowed)


def window(value):
    """(w1_min, w1_max, w2_min, w2_max) as four floats, or a refusal.

    >>> window((-2, 2, -1, 3))
    (-2.0, 2.0, -1.0, 3.0)
    """
    try:
        left, right, bottom, top = (number("window", edge) for edge in value)
        good = 0 < right - left < np.inf and 0 < top - bottom < np.inf
    except (TypeError, ValueError):  # not four numbers
        good = False
    if not good:
        refuse("window", value, "(w1_min, w1_max, w2_min, w2_max) with min < max")
    return left, right, bottom, top


def generator(seed):
    """A numpy Generator from a seed (a whole number ≥ 0, or a list of such), or the Generator that was given.

    None, from which numpy makes other numbers every time, is refused: what is random here can be repeated.

    >>> generator(0).integers(10)
    np.int64(8)
    """
    if seed is not None:
        with contextlib.suppress(TypeError, ValueError):
            return np.random.default_rng(seed)
    refuse("seed", seed, "a whole number ≥ 0, or a numpy Generator")


def asks(name, function, most=2):
    """How many arguments a function asks for (those without a default); one that asks for more than `most` is refused.

    >>> asks("grad", lambda w: w), asks("grad", lambda w, t: w)
    (1, 2)
    """
    if not callable(function):
        refuse(name, function, "a function")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in without a signature
        return 1
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in places)
    if required > most:
        refuse(name, function, f"a function of at most {most} arguments")
    return max(required, 1)


def spread(name, value, shape):
    """`value` broadcast to a shape, or a refusal.

    >>> spread("seed", np.arange(2), (3, 2)).shape
    (3, 2)
    """
    try:
        return np.broadcast_to(value, shape)
    except ValueError:
        refuse(f"{name}.shape", np.shape(value), f"one that broadcasts to {shape}")


def like(name, value, shape, own=2, of="the outputs"):
    """`value` as an array that broadcasts against `shape` and has its last `own` axes itself, or a refusal.

    >>> like("dy", np.ones((3, 2)), (5, 3, 2)).shape
    (3, 2)
    """
    value = value if isinstance(value, np.ndarray) and value.dtype.kind in "fc" else numbers(name, value)
    if value.shape != shape:
        pairs = zip(value.shape[::-1], shape[::-1], strict=False)
        fits = len(value.shape) >= own and all(a == b or (k >= own and 1 in (a, b)) for k, (a, b) in enumerate(pairs))
        return value if fits else refuse(f"{name}.shape", value.shape, f"that of {of}, {shape}")
    return value
