"""Small data sets, split into what to train on and what to hold out.

    data = digits(train=1200, seed=0)           # data.X, data.y, data.X_test, data.y_test

Of `chebyshev` nothing is held out: X_test and y_test are empty.
"""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .refuse import flag, generator, number, refuse, whole

DIGITS = Path(__file__).with_name("digits.csv.gz")


class Data(NamedTuple):
    """Examples X, (examples, features), with labels y, (examples,), or targets, (examples, outputs); and a test set."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray = np.empty((0, 0))
    y_test: np.ndarray = np.empty(0)


def _split(X, y, train, seed):
    """A random choice of `train` examples to train on; the others are the test part."""
    order = generator([seed, 0]).permutation(len(X))
    return Data(X[order[:train]], y[order[:train]], X[order[train:]], y[order[train:]])


@functools.cache
def _load_digits():
    table = np.loadtxt(DIGITS, delimiter=",")
    return table[:, :64], table[:, 64].astype(int)


def digits(train=1200, seed=0, scale=True, noise=0.0):
    """1797 handwritten digits of 8×8 pixels, as 64 numbers each, with labels 0 … 9.

    train: how many to train on; the other 1797 − train are the test part. scale: pixels 0 … 16 are divided by 16, then
    each pixel's mean over the training part is subtracted from both parts; False leaves them as they are.
    noise: the share of wrong labels in the training part: each label is, with this probability, replaced by one of the
    nine others. The test part keeps its own.
    Source: Alpaydin & Kaynak 1998, test set (UCI Machine Learning Repository, CC BY 4.0), as scikit-learn's load_digits
    has it; the file lies beside this one, so that a page in the browser need not fetch scikit-learn.

    >>> data = digits(train=1500)
    >>> data.X.shape, data.X_test.shape, bool(abs(data.X.mean(0)).max() < 1e-12)
    ((1500, 64), (297, 64), True)
    """
    X, y = _load_digits()
    if whole("train", train, 1) > len(X):
        refuse("train", train, f"a whole number from 1 to {len(X)}")
    data = _split(X, y, train, whole("seed", seed, 0))
    noise, rng = number("noise", noise, "in [0, 1]", lambda v: 0 <= v <= 1), generator([seed, 9])
    wrong, others = rng.random(train) < noise, rng.integers(1, 10, train)
    data = data._replace(y=np.where(wrong, (data.y + others) % 10, data.y))
    if not flag("scale", scale):
        return data
    mean = data.X.mean(0) / 16
    return data._replace(X=data.X / 16 - mean, X_test=data.X_test / 16 - mean)


def moons(n=200, noise=0.1, seed=0):
    """Two interleaved half circles in the plane, labels 0 and 1; n points to train on and n to test.

    noise: the standard deviation of what is added to each coordinate. Equals scikit-learn's make_moons, shuffled.

    >>> data = moons(n=100)
    >>> data.X.shape, data.X_test.shape, sorted(set(data.y.tolist()))
    ((100, 2), (100, 2), [0, 1])
    """
    return _made("make_moons", n, seed, noise=_noise(noise))


def circles(n=200, noise=0.1, seed=0):
    """A small circle within a large one, labels 1 and 0; n points to train on and n to test.

    noise: as in `moons`. Equals scikit-learn's make_circles with factor=0.5, shuffled.

    >>> data = circles(n=100, noise=0.0)
    >>> [set(np.hypot(*data.X[data.y == label].T).round(6).tolist()) for label in (0, 1)]
    [{1.0}, {0.5}]
    """
    return _made("make_circles", n, seed, noise=_noise(noise), factor=0.5)


def blobs(n=200, noise=1.0, seed=0, classes=3):
    """Round clouds of points in the plane, one for each class; n points to train on and n to test.

    noise: the standard deviation of a cloud in each coordinate; centres are drawn from the square |xᵢ| ≤ 10.
    To the bit scikit-learn's make_blobs, which takes seconds to import, and a page in the browser many more to fetch.

    >>> data = blobs(n=100, classes=4)
    >>> data.X.shape, data.X_test.shape, sorted(set(data.y.tolist()))
    ((100, 2), (100, 2), [0, 1, 2, 3])
    """
    n, noise, classes, rng = whole("n", n, 1), _noise(noise), whole("classes", classes, 1), _numpy_random(seed)
    centres = rng.uniform(-10, 10, (classes, 2))
    sizes = [len(part) for part in np.array_split(range(2 * n), classes)]  # as equal as can be, the first ones larger
    X = np.concatenate([rng.normal(c, noise, (size, 2)) for c, size in zip(centres, sizes, strict=True)])
    y, order = np.repeat(np.arange(classes), sizes), np.arange(2 * n)
    rng.shuffle(order)
    return _split(X[order], y[order], n, seed)


def _noise(noise):
    return number("noise", noise, "a number ≥ 0", lambda v: v >= 0)


def _made(maker, n, seed, **options):
    import sklearn.datasets

    n, rng = whole("n", n, 1), _numpy_random(seed)
    X, y = getattr(sklearn.datasets, maker)(n_samples=2 * n, random_state=rng, **options)[:2]
    return _split(X, y, n, seed)


def _numpy_random(seed):
    """The generator that scikit-learn draws from."""
    if whole("seed", seed, 0) >= 2**32:
        refuse("seed", seed, "a whole number below 2³²")
    return np.random.RandomState(seed)


def line(n=50, slope=2.0, intercept=-1.0, noise=0.3, seed=0):
    """Points about a line, y = slope · x + intercept + noise · N(0, 1) with x ~ N(0, 1); n to train on and n to test.

    >>> data = line(n=3, noise=0.0)
    >>> bool(np.allclose(data.y, 2 * data.X - 1)), data.y.shape
    (True, (3, 1))
    """
    n, noise = whole("n", n, 1), _noise(noise)
    rng = generator(whole("seed", seed, 0))
    x = rng.standard_normal((2 * n, 1))
    y = number("slope", slope) * x + number("intercept", intercept) + noise * rng.standard_normal((2 * n, 1))
    return Data(x[:n], y[:n], x[n:], y[n:])


def chebyshev(n=20, degree=4):
    """n evenly spaced points of the Chebyshev polynomial T_degree on [−1, 1], T₄(x) = 8x⁴ − 8x² + 1; no test part.

        T_k(cos θ) = cos kθ

    Small, smooth and hard enough: on it gradient descent reaches the edge of stability within seconds.
    Source: Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge of stability".

    >>> chebyshev(n=5).y[:, 0].round(3).tolist()
    [1.0, -0.5, 1.0, -0.5, 1.0]
    """
    X = np.linspace(-1, 1, whole("n", n, 2))[:, None]
    y = np.cos(whole("degree", degree, 0) * np.arccos(X))
    return Data(X, y)


def words(n=1000, features=30, exponent=1.0, noise=0.3, seed=0):
    """Features that are rare, like the words of a text: 0 or 1, feature j = 1, 2, … is 1 with probability ½/j^exponent.

        y = X w* + noise · N(0, 1),   w* = (1, −1, 1, −1, …)          n examples to train on and n to test

    exponent: 0, all features are as frequent; 1, the frequencies of words in texts (Zipf 1949). X: (n, features),
    y: (n, 1), for a linear model without a bias.

    >>> data = words(n=3, features=4, noise=0.0)
    >>> bool(np.array_equal(data.y, data.X @ [[1], [-1], [1], [-1]])), words(exponent=2.0).X.mean(0)[:3].round(2)
    (True, array([0.51, 0.14, 0.06]))
    """
    n, features, noise = whole("n", n, 1), whole("features", features, 1), _noise(noise)
    rng, rank = generator(whole("seed", seed, 0)), np.arange(1, features + 1)
    often = 0.5 * rank ** -number("exponent", exponent, "a number ≥ 0", lambda v: v >= 0)
    X = (rng.random((2 * n, features)) < often).astype(float)
    y = X @ np.where(rank % 2, 1.0, -1.0)[:, None] + noise * rng.standard_normal((2 * n, 1))
    return Data(X[:n], y[:n], X[n:], y[n:])


def wilson(n=50, share=0.6, seed=0):
    """Two classes, y = ±1, that a linear model can learn without an error; but AdaGrad and Adam learn them by heart.

        xᵢ = (yᵢ, 1, 1; 0 … 0, block i, 0 … 0)           block i: (1, 0, 0, 0, 0) if yᵢ = 1, (1, 1, 1, 1, 1) if yᵢ = −1

    The first feature is the answer; the next two are always there; and each example has five features that no other
    has, the held-out ones too. y = 1 with the probability `share`; it should prevail. On squared errors from w = 0,
    gradient descent relies on the first feature. Steps that are as long in all features, as sign(g) is, end where all
    |wⱼ| = ¼; of a new example such a model says ¼ (y + 2) > 0, that is, 1 of all of them.
    X: (n, 3 + 10 n), y: (n, 1); n examples to train on and n to test.
    Source: Wilson et al. 2017, "The marginal value of adaptive gradient methods in machine learning", section 3.3.

    >>> data = wilson(n=2, seed=1)
    >>> data.y.ravel().tolist(), data.X[:, :13].astype(int).tolist()
    ([1.0, -1.0], [[1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [-1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]])
    """
    n, rng = whole("n", n, 1), generator(whole("seed", seed, 0))
    share = number("share", share, "in [0, 1]", lambda v: 0 <= v <= 1)
    y = np.where(rng.random(2 * n) < share, 1.0, -1.0)
    own = np.where(y[:, None] > 0, [1.0, 0, 0, 0, 0], 1.0)  # (examples, 5)
    blocks = (np.eye(2 * n)[:, :, None] * own[:, None]).reshape(2 * n, -1)
    X = np.column_stack([y, np.ones((2 * n, 2)), blocks])
    return Data(X[:n], y[:n, None], X[n:], y[n:, None])
