"""What the figures and questions of chapter 04 run: a wave, decks that are dealt, and digits."""

import functools
import timeit

import numpy as np

from optim_core.data import Data, digits
from optim_core.network import Linear, Network, Tanh
from optim_core.optimizers import gd
from optim_core.slices import two_weights
from optim_core.training import batch_at, minibatches, training


@functools.cache
def wavy():
    """The loss of a line w₁x + w₂ on 64 points about a wave, y = x + sin 2x, which come in the order of their x."""
    x = np.linspace(-2, 2, 64)[:, None]
    return two_weights(x, x + np.sin(2 * x) + np.random.default_rng(0).normal(0, 0.3, x.shape))


@functools.cache
def dealt(n, batches, order):
    """Which of n examples so many mini-batches in a row hold, for sizes 1, 2, 4, … n: {B: indices, (batches, B)}.

    n must be a power of 2, so that no mini-batch is short. order: as in `training.batch_at`.
    """
    sizes = [2**k for k in range(n.bit_length())]
    return {B: np.stack([batch_at(t, n, B, order=order) for t in range(1, batches + 1)]) for B in sizes}


def digit_network(width=32):
    """The network of this chapter: 64-32-10 with tanh and cross-entropy."""
    return Network([Linear(64, width), Tanh(), Linear(width, 10)])


def until(net, data, target, batch, lr, seed=0, most=3000):
    """Gradient descent on mini-batches until the loss of all training data is at most `target`.

    Returns the weights then, and how many updates that took; None where `most` were not enough. The loss is looked at
    after every fifth update. seed: of the initial weights and of the mini-batches.
    """
    train_on = Data(data.X, data.y)
    for now in training(net, train_on, gd, lr=lr, batch=batch, seed=seed, steps=most, every=5):
        if net.loss(now["w"], data.X, data.y) <= target:
            return now["w"], now["t"]


@functools.cache
def losses_by_epoch(lr, batch, epochs=10, inits=5):
    """The loss of all 1200 digits at the start and after each epoch, for several initial weights, (epochs+1, inits)."""
    net, data = digit_network(), Data(*digits()[:2])
    w = np.stack([net.init(seed) for seed in range(inits)])
    looks = training(net, data, gd, lr=lr, batch=batch, epochs=epochs, w=w)
    return np.array([net.loss(now["w"], data.X, data.y) for now in looks])


@functools.cache
def seconds_per_update(width, batch):
    """How long one update of the network 64-width-10 takes on this machine: the shortest of three tries."""
    net, data = digit_network(width), digits()
    w, grad, times = net.init(0), minibatches(net.on(data.X, data.y), batch), max(1, min(20, 2000 // batch))
    return min(timeit.repeat(lambda: w - 0.1 * grad(w, 1), number=times, repeat=3)) / times


def epochs_of_256():
    """After how many epochs mini-batches of 256 with η = 0.5 have brought the loss to 0.1."""
    return until(digit_network(), digits(), 0.1, batch=256, lr=0.5)[1] / 5
