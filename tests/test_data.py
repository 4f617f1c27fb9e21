"""Data: the same split for the same seed, nothing in both parts, and what the docstrings say about each set."""

import numpy as np
import pytest

from optim_core import data
from optim_core.data import blobs, chebyshev, circles, digits, line, moons


def test_digits_are_split_without_overlap_and_scaled_by_the_training_part():
    raw, scaled = digits(train=1000, seed=3, scale=False), digits(train=1000, seed=3)
    assert raw.X.shape == (1000, 64) and raw.X_test.shape == (797, 64)
    assert raw.X.min() == 0 and raw.X.max() == 16 and set(raw.y) == set(range(10))
    everything = np.vstack([raw.X, raw.X_test])
    original = data._load_digits()[0]
    assert sorted(map(bytes, everything)) == sorted(map(bytes, original))
    mean = raw.X.mean(0) / 16
    assert np.abs(scaled.X - (raw.X / 16 - mean)).max() < 1e-15
    assert np.abs(scaled.X_test - (raw.X_test / 16 - mean)).max() < 1e-15


def test_labels_stay_with_their_digits():
    part, (X, y) = digits(train=900, seed=1, scale=False), data._load_digits()
    label = {row.tobytes(): target for row, target in zip(X, y, strict=True)}
    assert all(label[row.tobytes()] == target for row, target in zip(part.X, part.y, strict=True))


@pytest.mark.parametrize("make", [digits, moons, circles, blobs, line])
def test_a_seed_makes_the_same_data_and_another_seed_other_data(make):
    assert all(np.array_equal(a, b) for a, b in zip(make(seed=4), make(seed=4), strict=True))
    assert not np.array_equal(make(seed=4).X, make(seed=5).X)


@pytest.mark.parametrize("make, classes", [(moons, 2), (circles, 2), (blobs, 3)])
def test_small_sets_have_points_in_the_plane_and_labels(make, classes):
    some = make(n=31, seed=2)
    assert some.X.shape == some.X_test.shape == (31, 2) and some.y.shape == some.y_test.shape == (31,)
    assert set(some.y) <= set(range(classes))


def test_circles_are_told_apart_by_their_radius():
    some = circles(n=50, noise=0.0)
    assert np.allclose(np.linalg.norm(some.X, axis=1), np.where(some.y == 1, 0.5, 1.0))


def test_chebyshev_points_lie_on_the_polynomial():
    some = chebyshev()
    x = some.X[:, 0]
    assert some.X.shape == some.y.shape == (20, 1) and len(some.X_test) == 0
    assert np.allclose(some.y[:, 0], 8 * x**4 - 8 * x**2 + 1, atol=1e-14)
    assert np.allclose(chebyshev(7, degree=2).y, 2 * chebyshev(7).X ** 2 - 1, atol=1e-14)


def test_the_line_is_what_least_squares_finds():
    some = line(n=4000, slope=1.5, intercept=0.5, noise=0.2)
    found = np.linalg.lstsq(np.hstack([some.X, np.ones_like(some.X)]), some.y[:, 0])[0]
    assert np.abs(found - [1.5, 0.5]).max() < 0.02


BAD = {
    "more digits than there are": lambda: digits(train=1798),
    "no digits": lambda: digits(train=0),
    "half a digit": lambda: digits(train=0.5),
    "digits in words": lambda: digits(train="all"),
    "a negative seed": lambda: digits(seed=-1),
    "no moons": lambda: moons(n=0),
    "negative noise": lambda: circles(noise=-0.1),
    "no classes": lambda: blobs(classes=0),
    "a slope in words": lambda: line(slope="steep"),
    "one point of a polynomial": lambda: chebyshev(n=1),
    "half a degree": lambda: chebyshev(degree=0.5),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\S+ = .*: must be .+"):
        call()
