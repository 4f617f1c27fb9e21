"""What the tests of losses, layers and networks share: reference data, and slopes by complex step."""

import json
from pathlib import Path

import numpy as np

DATA = np.load(Path(__file__).parent / "golden" / "networks.npz")
SPEC = json.loads(str(DATA["spec"]))


def cases(kind):
    """The cases of one kind, as (name, options, arrays by name)."""
    for k, case in enumerate(SPEC[kind]):
        yield case["name"], dict(case["options"]), {key: DATA[f"{kind}/{k}/{key}"] for key in case["arrays"]}


def close(ours, reference, tolerance=1e-12):
    """Equal up to rounding, relative to the largest entry (at least 1); inf and NaN are never close."""
    ours, reference = np.asarray(ours), np.asarray(reference)
    assert ours.shape == reference.shape
    assert np.abs(ours - reference).max(initial=0) <= tolerance * max(1.0, np.abs(reference).max(initial=0))


def slope(f, x):
    """The gradient of a real function f at x, number by number, by complex step."""
    x = np.asarray(x, dtype=float)
    g = np.empty_like(x)
    for place in np.ndindex(x.shape):
        nudged = x.astype(complex)
        nudged[place] += 1e-20j
        g[place] = f(nudged).imag / 1e-20
    return g
