"""descend: run a step function along a gradient and keep every state.

    path = descend(momentum, w0, surface.grad, 200, lr=0.1, mu=0.9)

`path` is a dict of arrays with time on axis 0: `path["w"][t]` is where the run stood after t steps.  It can be
replayed, scrubbed, and forked at any step, bit for bit.
"""

import functools

import numpy as np

from . import fast
from .fast import LARGEST
from .optimizers import EQUATIONS, anatomy, by_step, check_given, check_names, check_shapes, hyper
from .refuse import asks, numbers, ranged, refuse, spread, whole
from .schedules import reader


def descend(step, w, grad, steps, *, start=0, limit=1e6, keep="all", loss=None, losses=None, diverged=None, **chosen):
    """Take `steps` steps from `w` and return everything that evolved, as a dict of arrays.

        state₀ = {w, v = 0, …};  state_t = step(state_{t−1}, grad, t, **hyper)        t = start+1, …, start+steps

    step: a function (w, grad, t, state…, *, hyper-parameters…), as in `optimizers`.
    w: start, shape (…, n): n parameters, any number of runs on the leading axes.
    grad: a function of w with the same shape; or of (w, t), such as a mini-batch's or a noisy gradient, which is then
        fixed for each step.
    chosen: hyper-parameters (numbers, arrays that broadcast against w, functions of the steps taken), and state to
        start from (such as v=…).
    limit: a run has diverged once some |wᵢ| > limit, or its state is not finite. It then stays at its last finite state
        while the other runs go on; no warning is printed.
    keep: "all" states, or only the "last" (arrays without the time axis: for large maps, a run for each point).
    loss: a function of w to be measured at every state, and handed to schedules that look at the losses.
    start: steps already taken. descend(step, path["w"][k], grad, more, start=k, v=path["v"][k]) goes on from step k,
        bit for bit; pass losses=path["loss"] too where a schedule looks at them, and diverged=path["diverged"] where
        runs may have left before.

    Returns {"w": (steps+1, …, n), each state by its name, the same shape, "diverged": (…)}, where "diverged" is the
    step at which each run left, 0 if it never did; and "loss": (steps+1, …) where it was asked for.
    Raises ValueError for an unknown keyword, a hyper-parameter out of its range, a start that is not finite, and a
    gradient, loss or step that answers in the wrong shape.

    >>> from optim_core.optimizers import gd
    >>> path = descend(gd, [1.0, 1.0], lambda w: w, 3, lr=np.array([[0.5], [1.5], [1e9]]))
    >>> path["w"][:, 0, 0], path["w"][:, 1, 0]
    (array([1.   , 0.5  , 0.25 , 0.125]), array([ 1.   , -0.5  ,  0.25 , -0.125]))
    >>> path["diverged"]
    array([0, 0, 1])
    """
    end = whole("start", start, 0) + whole("steps", steps, 0)
    if not isinstance(keep, str) or keep not in ("all", "last"):
        refuse("keep", keep, '"all" or "last"')
    limit = _limit(limit)
    state, chosen = _arguments(step, w, chosen)
    schedules = {name: reader(name, value) for name, value in chosen.items() if callable(value)}
    looking = [name for name in schedules if asks(name, chosen[name]) == 2]
    equation, at = EQUATIONS.get(step, step), by_step(grad)

    def take(state, t, now):
        """One step."""
        return _answer(equation(**state, grad=at(t), t=t, **now), state)

    with np.errstate(all="ignore"), fast.one_thread():
        seen = _losses_so_far(loss, losses, state["w"], start, looking)
        now = {name: hyper(name, value, start, seen) for name, value in chosen.items()}
        state, now = _in_one_shape(state, now)
        diverged = _left_before(diverged, state["w"], start, limit)
        well = not diverged.any()
        if keep == "last" and not schedules and diverged.ndim and fast.independent(grad):  # the same, faster
            path, diverged = fast.last_of_each(take, _gone, state, range(start + 1, end + 1), now, diverged, limit)
            return path | {"diverged": diverged} | ({} if loss is None else {"loss": _measure(loss, path["w"])})

        # With keep="last" path stays empty until the end.
        path = {name: fast.room(value.shape, end - start + 1) for name, value in state.items() if keep == "all"}
        if loss is not None:
            seen = _longer(seen, end + 1, diverged.shape)
        for t in range(start, end + 1):  # the round t = start takes no step, and keeps the state to start from
            if t > start:
                # A schedule sees the losses of w₀ … w_{t−1}, or None if nobody asked for any.
                now |= {name: hyper(name, read(t - 1, loss and seen[:t])) for name, read in schedules.items()}
                new = take(state, t, now)
                well = well and fast.well(new, limit)
                state = new if well else _freeze(state, new, diverged, t, limit)
            for name, values in path.items():
                values[t - start] = state[name]
            if loss is not None and (path or looking or t == end):  # what nobody will look at is not measured
                seen[t] = _measure(loss, state["w"])

    if keep == "last":
        path = {name: np.array(value) for name, value in state.items()}
    if loss is not None:
        path["loss"] = seen[start:] if keep == "all" else seen[end]
    return path | {"diverged": diverged}


# ---- before the first step -------------------------------------------------------------------------------------------


def _limit(limit):
    limit = numbers("limit", limit, real=True)
    if limit.ndim or not limit > 0:
        refuse("limit", limit, "a number > 0")
    return min(float(limit), LARGEST)


def _arguments(step, w, chosen):
    """The state to start from, as arrays, and the hyper-parameters as they were given, or their defaults."""
    evolves, defaults = anatomy(step)
    state = {"w": w} | {name: chosen.pop(name, value) for name, value in evolves.items()}
    check_names(step, chosen, defaults)
    chosen = defaults | chosen
    check_given(state | chosen)
    state = {name: numbers(name, value, finite=True, real=True) for name, value in state.items()}
    if state["w"].ndim == 0 or state["w"].size == 0:
        refuse("w.shape", state["w"].shape, "(…, n), and not empty: put a single parameter in a list")
    return state, chosen


def _in_one_shape(state, now):
    """Every part of the state as an array of the shape that w, the state and the hyper-parameters have together.

    A hyper-parameter that differs from run to run is written out, too; this only for speed: numpy is fastest where all
    arrays lie alike.
    """
    shapes = {name: np.shape(value) for name, value in (state | now).items()}
    shape = check_shapes(shapes, state["w"].shape[-1])

    def whole(value):
        out = fast.room(shape, 1)[0]
        out[...] = value
        return out

    now = {name: whole(value) if np.ndim(value) > 1 else value for name, value in now.items()}
    return {name: whole(value) for name, value in state.items()}, now


def _left_before(diverged, w, start, limit):
    """The step at which each run has already left, 0 for those that go on."""
    outside = (np.abs(w) > limit).any(-1)
    if start == 0 and outside.any():
        refuse("w", w, f"within the limit, |w| <= {limit:g} (pass a larger limit to start further out)")
    known = 0 if diverged is None else diverged
    known = ranged("diverged", known, "whole and ≥ 0", lambda v: (v >= 0) & (v == v // 1)).astype(int)
    known = spread("diverged", known, outside.shape)
    return np.where((known > 0) & (known <= start), known, np.where(outside, start, 0))


def _losses_so_far(loss, losses, w, start, looking):
    """The losses of w₀ … w_start, or None if nobody asked for any; NaN for those that nobody has measured."""
    if loss is None:
        if looking:
            refuse("loss", loss, f"a function of w, since the schedule of {looking[0]} looks at the losses")
        return None
    if asks("loss", loss) != 1:
        refuse("loss", loss, "a function of w alone")
    if losses is None:
        if looking and start:
            refuse("losses", losses, f'path["loss"] of the run that goes on: the schedule of {looking[0]} looks at it')
        losses = np.full((start, *w.shape[:-1]), np.nan)
    losses = numbers("losses", losses, real=True)
    losses = losses[:start] if losses.ndim else losses
    if losses.shape != (start, *w.shape[:-1]):
        refuse("losses.shape", losses.shape, f"{(start, *w.shape[:-1])}, a loss for each step taken and each run")
    return np.concatenate([losses, _measure(loss, w)[None]])


def _longer(seen, times, runs):
    """The same losses, for all runs and with room for those to come."""
    out = np.full((times, *runs), np.nan)
    np.moveaxis(out[: len(seen)], 0, -1)[...] = np.moveaxis(seen, 0, -1)
    return out


# ---- at every step ---------------------------------------------------------------------------------------------------


def _measure(loss, w):
    """The loss of each run."""
    value = numbers("loss(w)", loss(w), real=True)
    if value.shape != w.shape[:-1]:
        refuse("loss(w).shape", value.shape, f"that of the runs, {w.shape[:-1]}")
    return value


def _answer(new, old):
    """What the step function returned, if it is a state like the one it was given."""
    if not isinstance(new, dict) or new.keys() != old.keys():
        refuse("the step's answer", new, f"a dict of {', '.join(old)}")
    for name, value in new.items():
        if getattr(value, "shape", None) != old[name].shape:
            new[name] = spread(f"{name} after the step", numbers(name, value), old[name].shape).copy()
    return new


def _gone(state, limit):
    """Which runs are outside the limit, or not finite; a NaN is not inside."""
    inside = [np.abs(value) <= (limit if name == "w" else LARGEST) for name, value in state.items()]
    return ~functools.reduce(np.logical_and, [part.all(-1) for part in inside])


def _freeze(old, new, diverged, t, limit):
    """The new state, but the old one for the runs that had diverged or that are no longer finite."""
    stays, leaves = diverged > 0, (diverged == 0) & _gone(new, limit)
    if leaves.any():
        stays = stays | (leaves & _gone(new, LARGEST))
        diverged[leaves] = t
    return {name: np.where(stays[..., None], old[name], new[name]) for name in old}
