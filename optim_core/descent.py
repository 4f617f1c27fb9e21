"""descend: run a step function along a gradient and keep every state.

    path = descend(momentum, w0, surface.grad, 200, lr=0.1, mu=0.9)

`path` is a dict of arrays with time on axis 0: `path["w"][t]` is where the run stood after t steps.  It can be replayed,
scrubbed, and forked at any step, bit for bit.
"""

import inspect

import numpy as np

from .optimizers import anatomy, check_names, hyper
from .refuse import numbers, refuse


def descend(step, w, grad, steps, *, start=0, limit=1e6, keep="all", **chosen):
    """Take `steps` steps from `w` and return everything that evolved, as a dict of arrays.

        state₀ = {w, v = 0, …};  state_t = step(state_{t−1}, grad, t, **hyper)        t = start+1, …, start+steps

    step: a function (w, grad, t, state…, *, hyper-parameters…), as in `optimizers`.
    w: start, shape (…, n): n parameters, any number of runs on the leading axes.
    grad: a function of w with the same shape; or of (w, t), such as a mini-batch's or a noisy gradient, which is then
        fixed for each step.
    chosen: hyper-parameters (numbers, arrays that broadcast against w, functions of the steps taken), and state to
        start from (such as v=…).
    start: steps already taken, where a run is continued: `descend(step, path["w"][k], grad, more, start=k, v=path["v"][k])`.
    limit: a run has diverged once some |wᵢ| > limit, or is not a number. It then stays at its last finite state while the
        other runs go on; no warning is printed.
    keep: "all" states, or only the "last" (arrays without the time axis, for large maps).

    Returns {"w": (steps+1, …, n), each state by its name, the same shape, "diverged": (…)}, where "diverged" is the step
    at which each run left, 0 if it never did.
    Raises ValueError for an unknown keyword, a hyper-parameter out of its range, a start that is not finite.

    >>> from optim_core.optimizers import gd
    >>> path = descend(gd, [1.0, 1.0], lambda w: w, 3, lr=np.array([[0.5], [1.5], [1e9]]))
    >>> path["w"][:, 0, 0], path["w"][:, 1, 0]
    (array([1.   , 0.5  , 0.25 , 0.125]), array([ 1.   , -0.5  ,  0.25 , -0.125]))
    >>> path["diverged"]
    array([0, 0, 1])
    """
    if not isinstance(steps, (int, np.integer)) or steps < 0:
        refuse("steps", steps, "a whole number ≥ 0")
    if keep not in ("all", "last"):
        refuse("keep", keep, '"all" or "last"')
    evolves, defaults = anatomy(step)
    state = {"w": w} | {name: chosen.pop(name, value) for name, value in evolves.items()}
    check_names(step, chosen, defaults)
    step = getattr(step, "__wrapped__", step)  # its arguments are checked here, once
    now = {name: hyper(name, value, start) for name, value in chosen.items()}
    scheduled = {name: value for name, value in chosen.items() if callable(value)}
    state = _in_one_shape(state, now)
    path = {name: _room(value.shape, steps + 1 if keep == "all" else 1, value.dtype) for name, value in state.items()}
    for name, value in state.items():
        path[name][0] = value
    diverged = np.where((np.abs(state["w"]) > limit).any(-1), start, 0)  # a fork of a run that had left stays where it is
    if start == 0 and np.abs(state["w"]).max(initial=0.0) > limit:
        refuse("w", w, f"within the limit, |w| <= {limit:g} (pass a larger limit to start further out)")

    with np.errstate(all="ignore"):
        for t in range(start + 1, start + steps + 1):
            now |= {name: hyper(name, value, t - 1) for name, value in scheduled.items()}
            new = step(**state, grad=_at(grad, t), t=t, **now)
            if new["w"].shape != state["w"].shape:
                refuse("grad(w).shape", new["w"].shape, f"that of w, {state['w'].shape}")
            state = _freeze(state, new, diverged, t, limit)
            if keep == "all":
                for name, value in state.items():
                    path[name][t - start] = value
    if keep == "last":
        path = {name: np.array(value) for name, value in state.items()}
    return path | {"diverged": diverged}


def _in_one_shape(state, now):
    """Every part of the state as an array of the shape that w, the state and the hyper-parameters have together."""
    state = {name: numbers(name, value, finite=True) for name, value in state.items()}
    if state["w"].ndim == 0:
        refuse("w", state["w"], "of shape (…, n): put a single parameter in a list")
    shapes = {name: np.shape(value) for name, value in (state | now).items()}
    try:
        shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        refuse("shapes", shapes, "such that they broadcast together: parameters on the last axis, runs on the leading ones")
    if shape[-1] != state["w"].shape[-1]:
        refuse("shapes", shapes, f"such that the last axis stays that of w, {state['w'].shape[-1]}")
    dtype = np.result_type(*state.values())
    whole = {name: _room(shape, 1, dtype)[0] for name in state}
    for name, value in state.items():
        whole[name][...] = value
    return whole


def _room(shape, times, dtype):
    """An empty array (times, *shape); where runs outnumber parameters, each parameter lies contiguous in memory."""
    *runs, n = shape
    if np.prod(runs, dtype=int) > n:
        return np.moveaxis(np.empty((times, n, *runs), dtype), 1, -1)
    return np.empty((times, *runs, n), dtype)


def takes_step(grad):
    """Whether a gradient asks for the step as well, grad(w, t), as a mini-batch's or a noisy gradient does."""
    try:
        parameters = inspect.signature(grad).parameters.values()
    except (TypeError, ValueError):  # a built-in without a signature
        return False
    required = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(required) == 2


def _at(grad, t):
    """The gradient as it is during step t, a function of w alone."""
    return (lambda w: grad(w, t)) if takes_step(grad) else grad


def _freeze(old, new, diverged, t, limit):
    """The new state, but the old one for the runs that had diverged or that are no longer finite."""
    if not diverged.any() and np.abs(new["w"]).max(initial=0.0) <= limit and all(np.isfinite(new[n]).all() for n in old):
        return {name: new[name] for name in old}
    inside = (np.abs(new["w"]) <= limit).all(-1)  # False for NaN, too
    finite = np.all([np.isfinite(new[name]).all(-1) for name in old], axis=0)
    stays = (diverged > 0) | ~finite
    diverged[(diverged == 0) & ~(inside & finite)] = t
    return {name: np.where(stays[..., None], old[name], new[name]) for name in old}
