"""What the figures, questions and exercises of chapter 11 run: data, networks, and a loss to compare with."""

import functools

import numpy as np

from optim_core import critical, losses, surfaces
from optim_core.data import blobs, digits
from optim_core.network import Linear, Network, Softmax, Tanh
from optim_core.optimizers import gd
from optim_core.training import train


@losses.loss(losses.cross_entropy.targets)
def squared_error(p, y):
    """The squared error, summed over the classes, as cross_entropy is: L = mean over the batch of Σ (pᵢ − yᵢ)².

    p: outputs, shape (…, batch, classes); y: labels, or rows of the same shape. Returns L and ∂L/∂p. `losses.mse` takes
    the mean over the classes as well, and is smaller by their number.

    >>> squared_error([[0.5, 0.5]], [0])
    (np.float64(0.5), array([[-1.,  1.]]))
    """
    d = p - y
    return (d * d).sum(-1).mean(-1), 2 * d / p.shape[-2]


def digit_networks():
    """The network 64-32-10 with three losses, by name; the weights mean the same in each."""
    layers = [Linear(64, 32), Tanh(), Linear(32, 10)]
    return {
        "cross-entropy": Network(layers, losses.cross_entropy),
        "squared error after softmax": Network([*layers, Softmax()], squared_error),
        "squared error, no softmax": Network(layers, squared_error),
    }


def percent_right(net, step, *, steps=200, **how):
    """Train on 1200 digits; return the share of right answers on the 597 others in percent, shape of the runs."""
    return 100 * train(net, digits(), step, steps=steps, progress=False, **how)["test_accuracy"][-1]


def well_started(w):
    """Golik, Doetsch and Ney's experiment in small, at η = 0.3: the squared error after softmax, begun in two ways.

    w: initial weights, shape (seeds, weights). Returns percents right, the mean over the seeds: after 200 updates with
    the cross-entropy ("half") and 200 more with the squared error ("second-half"); after 400 with the squared error
    "alone"; after 400 with the cross-entropy all "through".
    """
    cross, squared, _ = digit_networks().values()
    half = train(cross, digits(), gd, steps=200, w=w, lr=0.3, progress=False)
    percents = {
        "half": 100 * half["test_accuracy"][-1],
        "second-half": percent_right(squared, gd, w=half["w"], lr=0.3),
        "alone": percent_right(squared, gd, w=w, lr=0.3, steps=400),
        "through": percent_right(cross, gd, w=w, lr=0.3, steps=400),
    }
    return {name: percent.mean() for name, percent in percents.items()}


def untrained(w):
    """How the network with softmax begins on the training digits, for weights of shape (seeds, weights).

    Returns its largest probability, on average ("sure"), and the percent of its answers that are right ("by-chance").
    """
    net, data = digit_networks()["cross-entropy"], digits()
    p = losses.softmax(net.on(data.X, data.y).forward(w)[0])
    return {"sure": p.max(-1).mean(), "by-chance": 100 * net.accuracy(w, data.X, data.y).mean()}


@functools.cache
def five_points(wrong=True):
    """Five examples x with labels y, the last of them wrong or not; and two losses of the model σ(w₁x + w₂) on them.

    Returns x, y and {"name": surface}. With the margin m = ±(w₁x + w₂), positive where the label is met, the losses are
    the means of log(1 + e^−m) and of 2/(1 + e^m)², the squared error of both classes.
    """
    x, y = np.array([-2.0, -1.0, 1.0, 2.0, 6.0]), np.array([0, 0, 1, 1, 0 if wrong else 1])
    x.flags.writeable = y.flags.writeable = False  # the same arrays at every call
    margins = [f"({sign} * ({a} * w1 + w2))" for sign, a in zip(2 * y - 1, x, strict=True)]
    pair = {"cross-entropy": "log(1 + exp(-{}))", "squared error after sigmoid": "2 / (1 + exp({}))^2"}
    for name, term in pair.items():
        mean = f"({' + '.join(term.format(m) for m in margins)}) / 5"
        pair[name] = surfaces.from_formula(mean, window=(-6, 6, -4, 8), start=(-4.0, 4.0))
        pair[name].critical_points = critical.find(pair[name])
    return x, y, pair


@functools.cache
def _few(scale):
    data = digits(train=200, scale=scale)
    return data.X, data.y


def few_digits():
    """200 handwritten digits, scaled and centred: X of shape (200, 64), and their labels y from 0 to 9.

    The arrays are new at every call, here and below: what is done to them harms nobody.
    """
    X, y = _few(scale=True)
    return X.copy(), y.copy()


def few_pixels():
    """The same digits with their pixels as they are, 0 to 16."""
    X, y = _few(scale=False)
    return X.copy(), y.copy()


def three_clouds():
    """200 points of three clouds that overlap: X of shape (200, 2), and their labels y from 0 to 2."""
    data = blobs(n=200, noise=2.0, seed=0)
    return data.X, data.y


def gradient_norms(z=(-10.0, 10.0)):
    """Norms of the gradients of the cross-entropy and of the squared error after softmax; the first class is right."""
    z, y = np.array([z]), np.eye(len(z))[:1]
    p = losses.softmax(z)
    return np.linalg.norm(p - y), np.linalg.norm(losses.softmax_grad(z, 2 * (p - y)))
