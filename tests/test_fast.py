"""What is there for speed: networks are trained on one thread, and what is kept stays as it is.

(The quick ways of `descend` are compared with the plain ones in test_descent.)
"""

import inspect

import numpy as np
import pytest

from optim_core import fast, quadratics, training
from optim_core.data import blobs
from optim_core.descent import descend
from optim_core.network import Chain, Linear, Network, Tanh, top_eigenvalues
from optim_core.optimizers import gd, momentum

DATA, NET = blobs(n=30), Network([Linear(2, 4), Tanh(), Linear(4, 3)])


class Blas:
    """A library that multiplies matrices, on as many threads as it was told."""

    def __init__(self, threads):
        self.threads = threads

    def get_num_threads(self):
        return self.threads

    def set_num_threads(self, threads):
        self.threads = threads


@pytest.fixture
def blas(monkeypatch):
    """The libraries of a user with seven threads, and one with two."""
    libraries = [Blas(7), Blas(2)]
    monkeypatch.setattr(fast, "_blas", lambda: libraries)
    return libraries


def threads(libraries):
    return [library.threads for library in libraries]


def test_the_library_that_numpy_multiplies_with_is_found_and_obeys():
    assert fast._blas()
    with fast.one_thread():
        assert [blas.get_num_threads() for blas in fast._blas()] == [1] * len(fast._blas())


def test_one_thread_is_for_the_block_alone_even_if_it_ends_in_an_error(blas):
    with fast.one_thread():
        assert threads(blas) == [1, 1]
        with fast.one_thread():
            assert threads(blas) == [1, 1]
        assert threads(blas) == [1, 1]
    assert threads(blas) == [7, 2]
    with pytest.raises(KeyboardInterrupt), fast.one_thread():
        raise KeyboardInterrupt
    assert threads(blas) == [7, 2]


def test_gradients_of_a_path_and_of_a_training_are_taken_on_one_thread_and_yours_come_back(blas):
    seen = []

    def step(w, grad, t, *, lr=0.1):
        seen.append(threads(blas))
        return gd(w, grad, t, lr=lr)

    descend(step, [1.0], lambda w: w, 3)
    assert threads(blas) == [7, 2]
    for _ in training.training(NET, DATA, step, steps=4, every=2):
        assert threads(blas) == [7, 2]  # between two looks the kernel is the user's
    assert seen == 7 * [[1, 1]]


def test_losses_gradients_hessians_sharpness_and_held_out_data_are_computed_on_one_thread(blas, monkeypatch):
    seen, forward = [], Chain.forward

    def watched(self, *arguments):
        seen.append(threads(blas))
        return forward(self, *arguments)

    monkeypatch.setattr(Chain, "forward", watched)
    task = NET.on(DATA.X, DATA.y)
    w, by_ten = NET.init(0), training.minibatches(task, 10)
    for look in (
        *(lambda: task.loss(w), lambda: task.accuracy(w), lambda: task.hessian(w), lambda: top_eigenvalues(task, w)),
        *(lambda: by_ten(w, 1), lambda: training.train(NET, DATA, momentum, steps=2, lr=0.1)),
    ):
        seen.clear()
        look()
        assert seen and all(now == [1, 1] for now in seen)
    assert threads(blas) == [7, 2]


def test_what_is_kept_is_computed_once_and_cannot_be_changed():
    calls = []

    @fast.kept
    def answer(n):
        """In words."""
        calls.append(n)
        return {"one": np.arange(n), "more": [np.ones(n), (np.zeros(n), "text", 3.0)]}

    first = answer(3)
    assert answer(3) is first and calls == [3] and answer.__doc__ == "In words."
    assert list(inspect.signature(answer).parameters) == ["n"]
    assert not any(array.flags.writeable for array in (first["one"], first["more"][0], first["more"][1][0]))


def test_the_decks_of_a_training_and_the_map_of_all_pairs_cannot_be_changed_for_others():
    batch = training.batch_at(1, 30, 10)
    for array in (batch, *quadratics.phases(momentum, 10.0, steps=40)):
        with pytest.raises(ValueError, match="read-only"):
            array += 1
