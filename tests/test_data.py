"""Data: the same split for the same seed, nothing in both parts, and what the docstrings say about each set."""

import numpy as np
import pytest

from optim_core import data, optimizers, schedules
from optim_core.data import blobs, chebyshev, circles, digits, line, moons, wilson, words
from optim_core.descent import descend


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


def test_the_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    (X, y), (theirs, labels) = data._load_digits(), load_digits(return_X_y=True)
    assert np.array_equal(X, theirs) and np.array_equal(y, labels) and y.dtype.kind == "i"


@pytest.mark.parametrize(
    "n, classes, noise, seed", [(100, 3, 1.0, 0), (7, 4, 0.5, 1), (2, 9, 0.0, 5), (50, 1, 2.0, 2**32 - 1)]
)
def test_the_blobs_are_those_of_scikit_learn(n, classes, noise, seed):
    from sklearn.datasets import make_blobs

    X, y = make_blobs(2 * n, centers=classes, cluster_std=noise, random_state=seed)
    ours, theirs = data.blobs(n, noise, seed, classes), data._split(X, y, n, seed)
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one, other)


def test_labels_stay_with_their_digits():
    part, (X, y) = digits(train=900, seed=1, scale=False), data._load_digits()
    label = {row.tobytes(): target for row, target in zip(X, y, strict=True)}
    assert all(label[row.tobytes()] == target for row, target in zip(part.X, part.y, strict=True))


def test_wrong_labels_are_as_many_as_asked_for_wrong_and_in_the_training_part_only():
    clean, noisy = data.digits(seed=2), data.digits(seed=2, noise=0.2)
    wrong = clean.y != noisy.y
    assert np.array_equal(clean.X, noisy.X) and np.array_equal(clean.y_test, noisy.y_test)
    assert 0.17 < wrong.mean() < 0.23 and noisy.y.dtype == clean.y.dtype
    assert set(noisy.y) == set(range(10))
    by = (noisy.y[wrong] - clean.y[wrong]) % 10
    assert set(by) == set(range(1, 10)) and np.bincount(by)[1:].max() < 3 * np.bincount(by)[1:].min()
    assert (data.digits(noise=1.0).y != data.digits().y).all()


def test_a_label_that_is_wrong_at_some_noise_is_wrong_at_more():
    clean, some, more = (data.digits(noise=share) for share in (0.0, 0.1, 0.3))
    assert (some.y[some.y != clean.y] == more.y[some.y != clean.y]).all()


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_words_are_as_rare_as_their_rank_says_and_a_linear_model_explains_them(exponent):
    some = words(n=4000, features=6, exponent=exponent, noise=0.1, seed=1)
    assert set(some.X.ravel()) == {0.0, 1.0} and some.X.shape == some.X_test.shape == (4000, 6)
    often = 0.5 / np.arange(1, 7) ** exponent
    assert (np.abs(some.X.mean(0) - often) < 5 * np.sqrt(often / 4000)).all()
    found, squares, *_ = np.linalg.lstsq(some.X, some.y[:, 0])
    assert np.abs(found - [1, -1, 1, -1, 1, -1]).max() < 0.1
    assert np.sqrt(squares[0] / 4000) == pytest.approx(0.1, rel=0.05)


def test_wilsons_examples_have_the_answer_two_ones_and_features_of_their_own():
    some = data.wilson(n=40, seed=1)
    X, y = np.vstack([some.X, some.X_test]), np.vstack([some.y, some.y_test])[:, 0]
    assert X.shape == (80, 3 + 5 * 80) and (X[:, 0] == y).all() and (X[:, 1:3] == 1).all()
    assert (X[:, 3:].sum(0) <= 1).all()  # no feature beyond the third is shared
    assert (X[:, 3:].sum(1) == np.where(y > 0, 1, 5)).all()
    assert (X[:, 3:].reshape(80, 80, 5).any(-1) == np.eye(80, dtype=bool)).all()  # block i is example i's
    many = data.wilson(n=300, share=0.8)
    assert np.mean([many.y, many.y_test]) == pytest.approx(2 * 0.8 - 1, abs=0.1)


def test_adaptive_steps_learn_wilsons_examples_by_heart_and_gradient_descent_learns_the_rule():
    some = wilson(n=50, seed=2)
    for name, lr in (("gd", 0.1), ("adagrad", schedules.linear(0.1, 2000)), ("adam", schedules.linear(0.01, 2000))):
        error = lambda w: some.X @ w - some.y[:, 0]  # noqa: E731
        step, start = optimizers.OPTIMIZERS[name], np.zeros(some.X.shape[1])
        w = descend(step, start, lambda w: error(w) @ some.X / 50, 2000, keep="last", lr=lr)["w"]  # noqa: B023
        assert np.abs(error(w)).max() < 1e-6
        right = (np.sign(some.X_test @ w) == some.y_test[:, 0]).mean()
        if name == "gd":
            assert right == 1
        else:
            assert right == (some.y_test > 0).mean() and np.abs(np.abs(w[some.X.any(0)]) - 0.25).max() < 1e-4


@pytest.mark.parametrize("make", [digits, moons, circles, blobs, line, words, wilson])
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
    "more than all labels wrong": lambda: digits(noise=1.5),
    "no words": lambda: words(n=0),
    "no features": lambda: words(features=0),
    "words that grow more frequent": lambda: words(exponent=-1.0),
    "more than everyone": lambda: wilson(share=1.2),
    "no examples": lambda: wilson(n=0),
    "half a degree": lambda: chebyshev(degree=0.5),
}


@pytest.mark.parametrize("call", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(call):
    with pytest.raises(ValueError, match=r"^\S+ = .*: must be .+"):
        call()
