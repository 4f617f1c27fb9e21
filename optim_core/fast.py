"""What is here only for speed: to the bit what plainer lines would give. Skip it at first."""

import contextlib
import functools

import numpy as np

LARGEST = float(np.finfo(float).max)

# Freed memory may go back to the system, to be fetched anew at the next step, which can take longer than the step.
# Linux's C library keeps arrays up to the size of the largest that it has seen freed: this shows it one of 28 MB.
np.empty(3_500_000)


@functools.cache
def _blas():
    """The libraries that multiply matrices in this process."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


_already = False  # whether a `one_thread` further out has seen to it


@contextlib.contextmanager
def one_thread():
    """Multiply matrices on one thread, in a `with` block or in a function: @one_thread().

    On matrices as small as here a second thread is no gain; and where other programs run, the two wait for each other,
    which can take ten times as long. Tasks, `descend` and `training` see to it themselves.
    """
    global _already
    if _already:
        yield
        return
    before, _already = [(blas, blas.get_num_threads()) for blas in _blas()], True
    try:
        for blas, _ in before:
            blas.set_num_threads(1)
        yield
    finally:
        _already = False
        for blas, threads in before:
            blas.set_num_threads(threads)


def kept(function):
    """functools.lru_cache, with answers that nobody can change for those who ask later: their arrays are read-only.

    >>> squares = kept(lambda n: np.arange(n) ** 2)
    >>> squares(3) is squares(3), squares(3).flags.writeable
    (True, False)
    """

    def still(answer):
        if isinstance(answer, np.ndarray):
            answer.flags.writeable = False
        elif isinstance(answer, (tuple, list, dict)):
            for part in answer.values() if isinstance(answer, dict) else answer:
                still(part)
        return answer

    return functools.lru_cache(maxsize=64)(
        functools.wraps(function)(lambda *args, **how: still(function(*args, **how)))
    )


def room(shape, times):
    """An empty array (times, *shape). Where runs outnumber parameters, each parameter lies contiguous, for speed."""
    *runs, n = shape
    if np.prod(runs, dtype=int) > n:
        return np.moveaxis(np.empty((times, n, *runs)), 1, -1)
    return np.empty((times, *runs, n))


def well(state, limit):
    """Whether all runs are inside the limit and finite: a look at Σw² or, where that does not settle it, the extremes.

    It says what `not _gone(…).any()` of `descent` says. A NaN makes all of them NaN. Larger arrays go straight to the
    extremes: a product of theirs would start threads.
    """
    if state["w"].size <= 10_000:
        total = 0.0
        for value in state.values():
            flat = value.ravel("K")
            total += flat.dot(flat)
        if total < min(limit * limit, LARGEST):
            return True
    for name, value in state.items():
        bound = limit if name == "w" else LARGEST
        if not (-bound <= value.min() and value.max() <= bound):
            return False
    return True


# ---- a map: many runs, of which only the end is asked for ------------------------------------------------------------


def independent(grad):
    """Whether the gradient says that each run's depends on that run's w alone, as a surface's does."""
    return getattr(getattr(grad, "__self__", None), "pointwise", False)


def last_of_each(take, gone, state, times, now, diverged, limit):
    """The last state of runs that do not depend on one another: one that left is dropped, and costs nothing more.

    It gives what the loop in `descend` gives. take(state, t, now): the state after a step; gone(state, limit): which
    runs have left.
    """
    *runs, n = state["w"].shape
    diverged, going = diverged.ravel(), np.arange(diverged.size)
    last = {name: value.reshape(-1, n) for name, value in state.items()}
    state = {name: value.copy(order="K") for name, value in last.items()}
    each = {name: value.reshape(-1, n) for name, value in now.items() if np.ndim(value) > 1}
    going, state, each = _without(diverged > 0, going, state, each)
    for t in times:
        if not going.size:
            break
        new = take(state, t, now | each)
        if not well(new, limit):
            out = gone(new, limit)
            left = np.flatnonzero(out)
            ends = {name: value[left] for name, value in new.items()}
            stays = gone(ends, LARGEST)[:, None]
            diverged[going[left]] = t
            for name, end in ends.items():
                last[name][going[left]] = np.where(stays, state[name][left], end)
            going, new, each = _without(out, going, new, each)
        state = new
    for name, value in state.items():
        last[name][going] = value
    return {name: value.reshape(*runs, n) for name, value in last.items()}, diverged.reshape(runs)


def _without(gone, going, state, each):
    """The arrays without the runs that left: those at the end take their places, in place, and the end is cut off."""
    n = going.size - np.count_nonzero(gone)
    places, movers = np.flatnonzero(gone[:n]), n + np.flatnonzero(~gone[n:])
    for array in (going, *state.values(), *each.values()):
        array[places] = array[movers]
    return going[:n], {name: a[:n] for name, a in state.items()}, {name: a[:n] for name, a in each.items()}
