"""One way to say no: name the argument, show the value, say what is allowed."""

import numpy as np


def refuse(name, value, allowed):
    """Raise the ValueError that every public function raises for a bad argument.

    >>> refuse("lr", -0.1, "a number ≥ 0")
    Traceback (most recent call last):
    ValueError: lr = -0.1: must be a number ≥ 0
    """
    shown = np.array2string(value, threshold=6) if isinstance(value, np.ndarray) else repr(value)
    raise ValueError(f"{name} = {shown if len(shown) < 120 else shown[:117] + '…'}: must be {allowed}")


def numbers(name, value, last=None, finite=False):
    """`value` as an array of floats (complex stays complex), or a refusal; `last` is the length of its last axis.

    >>> numbers("w", [1, 2], last=2)
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
    except ValueError:  # lists of unequal lengths
        refuse(name, value, "numbers in a regular array")
    if array.dtype.kind not in "buifc":
        refuse(name, value, "numbers")
    if last is not None and (array.ndim == 0 or array.shape[-1] != last):
        refuse(f"{name}.shape", array.shape, f"(…, {last})")
    if array.dtype.kind not in "fc" or array.dtype.itemsize < 8:
        array = array.astype(float)
    if finite and not np.isfinite(array).all():
        refuse(name, value, "finite numbers")
    return array
