"""What the figures and questions of chapter 04 run: a wave, decks that are dealt, and digits."""

import functools
import timeit
from dataclasses import replace

import numpy as np

from optim_core.data import Data, digits
from optim_core.fast import kept
from optim_core.network import Linear, Network, Tanh, top_eigenvalues
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


@kept
def dealt_to(seeds, n, size, order, steps):
    """Which of n examples each of so many runs sees at each step, shape (steps, seeds, size); size divides n."""
    if order == "replacement":
        runs = [[batch_at(t, n, size, seed, order) for t in range(1, steps + 1)] for seed in range(seeds)]
        return np.stack(runs, axis=1)
    epochs = -(-steps * size // n)  # a whole deck at a time, dealt out
    decks = [[batch_at(epoch, n, n, seed, order) for epoch in range(1, epochs + 1)] for seed in range(seeds)]
    return np.moveaxis(np.reshape(decks, (seeds, -1, size)), 0, 1)[:steps]


def many_minibatches(task, size, order, seeds=16, steps=640):
    """`minibatches` for runs side by side, each with its own seed 0, 1, …: a function grad(w, t), w: (seeds, n).

    steps: how many there are.
    """
    rows = dealt_to(seeds, len(task.X), size, order, steps)

    def grad(w, t):
        return replace(task, X=task.X[rows[t - 1]], Y=task.Y[rows[t - 1]]).grad(w)  # X: (seeds, size, inputs)

    return grad


def digit_network(width=32):
    """The network of this chapter: 64-32-10 with tanh and cross-entropy."""
    return Network([Linear(64, width), Tanh(), Linear(width, 10)])


def until(net, data, target, batch, lr, seed=0, most=3000, every=5):
    """Gradient descent on mini-batches until the loss of all training data is at most `target`.

    Returns the weights then, and how many updates that took; None where `most` were not enough. The loss is looked at
    after every so many updates. seed: of the initial weights and of the mini-batches.
    """
    train_on = Data(data.X, data.y)
    for now in training(net, train_on, gd, lr=lr, batch=batch, seed=seed, steps=most, every=every):
        if net.loss(now["w"], data.X, data.y) <= target:
            return now["w"], now["t"]


RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SIZES = (4, 16, 64, 256, 1200)


@kept
def tuned(batch, seed=0, target=0.1, most=2000):
    """The fewest updates in which one of RATES brings the loss of all 1200 digits to the target, and that rate.

    All rates are trained side by side, until the first is there. (With mini-batches of 4, where that takes hundreds of
    updates, the loss is looked at after every fifth.)
    """
    net, data = digit_network(), Data(*digits()[:2])
    w, rates = np.stack([net.init(seed)] * len(RATES)), np.array(RATES)[:, None]
    every = 5 if batch < 16 else 1
    for now in training(net, data, gd, lr=rates, batch=batch, w=w, seed=seed, steps=most, every=every):
        loss = net.loss(now["w"], data.X, data.y)
        if (loss <= target).any():
            return now["t"], RATES[np.nanargmin(loss)]


@kept
def losses_by_epoch(lr, batch, epochs=10, inits=5, warm=0):
    """The loss of all 1200 digits at the start and after each epoch, for several initial weights, (epochs+1, inits).

    warm: over so many epochs the learning rate rises to lr, in equal steps from the base setting's 0.1.
    """
    net, data = digit_network(), Data(*digits()[:2])
    w, ramp = np.stack([net.init(seed) for seed in range(inits)]), warm * -(-len(data.X) // batch)

    def rising(t):
        return 0.1 + (lr - 0.1) * min(t / ramp, 1)

    looks = training(net, data, gd, lr=rising if warm else lr, batch=batch, epochs=epochs, w=w)
    return np.array([net.loss(now["w"], data.X, data.y) for now in looks])


@kept
def sharpness_by_epoch(lr=0.1, batch=10, epochs=10):
    """λ_max of the Hessian of the loss of all 1200 digits, at the start and after each epoch of one run."""
    net, data = digit_network(), Data(*digits()[:2])
    task, looks = net.on(data.X, data.y), training(net, data, gd, lr=lr, batch=batch, epochs=epochs)
    return np.array([top_eigenvalues(task, now["w"])[0] for now in looks])


# The runs whose ends are compared: batch size, learning rate. In each row of three or two, η/B is the same.
PLACES = (
    *((4, 0.1), (16, 0.4), (64, 1.6)),
    *((16, 1.0), (64, 4.0)),
    *((4, 0.4), (16, 1.6), (64, 6.4)),
    *((4, 1.0), (16, 4.0)),
    *((600, 1.0), (600, 4.0), (600, 8.0)),
)


@kept
def place(batch, lr, seeds=5):
    """Where runs on 600 digits are once the loss is below 0.03, (3, seeds): λ_max, right test digits, updates taken."""
    net, few = digit_network(), digits(train=600)
    task = net.on(few.X, few.y)
    ends, updates = zip(*(until(net, few, 0.03, batch, lr, seed) for seed in range(seeds)), strict=True)
    sharp = [top_eigenvalues(task, w)[0] for w in ends]
    return np.array([sharp, [net.accuracy(w, few.X_test, few.y_test) for w in ends], updates])


@functools.cache
def seconds_per_update(width, batch):
    """How long one update of the network 64-width-10 takes on this machine: the shortest of three tries."""
    net, data = digit_network(width), digits()
    w, grad, times = net.init(0), minibatches(net.on(data.X, data.y), batch), max(1, min(20, 2000 // batch))
    return min(timeit.repeat(lambda: w - 0.1 * grad(w, 1), number=times, repeat=3)) / times


def epochs_of_256():
    """After how many epochs mini-batches of 256 with η = 0.5 have brought the loss to 0.1."""
    return until(digit_network(), digits(), 0.1, batch=256, lr=0.5)[1] / 5
