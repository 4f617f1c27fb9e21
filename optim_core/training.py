"""Training: mini-batches, held-out data, and when to stop.

    result = train(net, digits(), adam, lr=0.01, epochs=20, batch=64)
    for now in training(net, digits(), adam, lr=0.01, epochs=20, batch=64):             # the same, look by look
        print(now["t"], now["test_accuracy"])

Which examples a step sees, and which numbers dropout drops, follow from (seed, step) alone, and everything that evolves
is in `now`, by name: so a training can be taken up from any look at it, and goes on bit for bit as it would have.
Runs are the leading axes of the weights: `lr` of shape (50, 1) trains fifty networks in one call.
"""

import inspect
import math
from dataclasses import replace

import numpy as np

from .descent import descend
from .fast import kept, one_thread
from .network import ON_DATA, Network, Task
from .optimizers import EQUATIONS, anatomy, optimizer
from .refuse import asks, flag, made, number, numbers, refuse, whole

ORDERS = ("shuffled", "fixed", "replacement")


def batch_at(t, n, size=None, seed=0, order="shuffled"):
    """Which of the examples 0 … n−1 the step t = 1, 2, … sees.

    An epoch is one pass through the deck of n examples, dealt out `size` at a time: ⌈n/size⌉ steps, the last of which
    may get fewer. size=None: all examples, in order.
    order: "shuffled", the deck is shuffled anew for each epoch; "fixed", the order of the data; "replacement", no deck:
    each batch is drawn from all n, whatever came before.

    >>> [batch_at(t, n=5, size=2, seed=1).tolist() for t in (1, 2, 3, 4)]
    [[4, 0], [1, 2], [3], [1, 4]]
    """
    t, n, seed = whole("t", t, 1), whole("n", n, 1), whole("seed", seed, 0)
    if not isinstance(order, str) or order not in ORDERS:
        refuse("order", order, f"one of {', '.join(ORDERS)}")
    if size is None:
        return np.arange(n)
    epoch, k = divmod(t - 1, math.ceil(n / whole("size", size, 1)))
    if order == "replacement":
        return np.random.default_rng([seed, t, 1]).integers(n, size=size)
    deck = _shuffled(n, seed, epoch) if order == "shuffled" else np.arange(n)
    return deck[k * size : (k + 1) * size]


@kept
def _shuffled(n, seed, epoch):
    return np.random.default_rng([seed, epoch]).permutation(n)


def minibatches(task, size, seed=0, order="shuffled"):
    """The gradient of the mini-batch that step t sees, a function grad(w, t), as `descend` takes it.

        path = descend(adam, w, minibatches(task, 64), 1000, lr=0.01)

    size, seed, order: as in `batch_at`. Running statistics stay as they are; `training` carries them along.

    >>> from optim_core.losses import mse; from optim_core.network import Linear
    >>> task = Network([Linear(1, 1)], mse).on([[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]])
    >>> grad = minibatches(task, 2, order="fixed")
    >>> [grad(np.zeros(2), t).tolist() for t in (1, 2, 3)]  # the third begins the second epoch
    [[-3.0, -4.0], [-20.0, -10.0], [-3.0, -4.0]]
    """
    made("task", task, Task, ON_DATA)
    batch_at(1, task.X.shape[-2], size, seed, order)  # refuses what makes no sense before the first step does

    def grad(w, t):
        return replace(task[batch_at(t, task.X.shape[-2], size, seed, order)], seed=seed, step=t).grad(w)

    return grad


def averaged(step, beta=None, after=0):
    """The same optimizer, and beside it an average of the weights it passes, which evolves by the name `average`.

        after step `after`, with k = t − after:
        a ← a + (w − a)/k                                beta=None: the mean of them all
        a ← a + (w − a) (1 − β)/(1 − βᵏ)                 an exponential average, mostly of the last 1/(1 − β) steps

    At a constant learning rate mini-batches end in a cloud about the minimum; the average lies closer to it. Until step
    `after`, a = w (before the first step a = 0). As it wraps the step, it works in `descend` and in `train` alike:
    averaged(adam, beta=0.99).
    Source: Polyak & Juditsky 1992; for networks Izmailov et al. 2018. Libraries: torch's AveragedModel starts its
    exponential average at the first w, and has no 1 − βᵏ.

    >>> from optim_core.optimizers import gd
    >>> descend(averaged(gd), [1.0], lambda w: w, 2, lr=0.5)["average"].ravel()          # w: 1, ½, ¼
    array([0.   , 0.5  , 0.375])
    """
    if beta is not None:
        number("beta", beta, "in [0, 1)", lambda b: 0 <= b < 1)
    whole("after", after, 0)
    anatomy(step)  # refuses what is no step function
    equation = EQUATIONS.get(step, step)

    def with_average(w, grad, t, average=0.0, *state, **rest):
        new = equation(w, grad, t, *state, **rest)
        k = max(t - after, 1)
        rate = 1 / k if beta is None else (1 - beta) / (1 - beta**k)
        return new | dict(average=average + rate * (new["w"] - average))

    parameters = list(inspect.signature(step).parameters.values())
    parameters.insert(3, inspect.signature(with_average).parameters["average"])
    with_average.__signature__ = inspect.Signature(parameters)  # where descend reads what evolves
    with_average.__name__ = f"averaged_{step.__name__}"
    with_average.__doc__ = f"{step.__name__}, and an average of its weights beside it."
    return optimizer(with_average)


def training(
    net, data, step, *, epochs=10, steps=None, batch=64, order="shuffled", seed=0, w=None,
    wrap=None, every=None, resume=None, **options,
):  # fmt: skip
    """Train, and look at it every so often: a generator of dicts, the first before any step was taken.

    net: a Network; data: a Data, whose test part may be empty; step: an optimizer.
    epochs, or steps: how long; batch, order: as in `batch_at`; w: where to start, by default net.init(seed).
    wrap: what stands around the gradient, a function of it: lambda grad: clip_norm(grad, 1.0).
    every: the steps from one look to the next, by default an epoch; resume: a look to go on from.
    options: what `descend` takes, the hyper-parameters, state to start from (such as v=…), limit, and loss, such as
    loss=net.on(X, y).loss for a schedule that looks at the losses.

    Each look has t, the steps taken; w and the rest of the optimizer's state, by name; running, the running statistics;
    diverged, as in `descend`; loss, that of each mini-batch since the last look, shape (k, …); measured, what a `loss`
    of yours was at every step so far; test_loss and test_accuracy, in evaluation mode, None without a test part,
    and test_accuracy also where the network does not choose between classes.

    >>> from optim_core import data, losses, network, optimizers
    >>> net = network.Network([network.Linear(1, 1)], losses.mse)
    >>> looks = training(net, data.line(noise=0.0), optimizers.gd, lr=0.1, epochs=2, batch=10)
    >>> [(now["t"], float(now["test_loss"].round(3))) for now in looks]
    [(0, 3.262), (5, 0.559), (10, 0.101)]
    """
    options = {name: value for name, value in options.items() if name != "loss" or value is not None}
    _check(net, data, resume, options)
    now = resume or dict(t=0, w=net.init(seed) if w is None else w, running=None, diverged=None)
    task = net.on(data.X, data.y, running=now["running"], seed=seed)
    n, running, seen = task.X.shape[-2], task.running, {}
    epoch = math.ceil(n / (n if batch is None else whole("batch", batch, 1)))
    every = epoch if every is None else whole("every", every, 1)
    epochs = whole("epochs", epochs, 0)
    steps = epochs * epoch if steps is None else whole("steps", steps, 0)

    def grad(w, t):
        nonlocal running  # within one step: the mini-batch's gradient, and on the way its loss and running statistics
        some = replace(task[batch_at(t, n, batch, seed, order)], running=running, step=t)
        loss, g, after = some.value_and_grad(w)
        if t not in seen:  # a gradient that is asked for twice in a step, as by `sam`: the first is the step's
            seen[t], running = loss, after
        return g

    if wrap is not None:
        asks("wrap", wrap, most=1)
        grad = wrap(grad)
    state = {"w": now["w"]} | {name: now[name] for name in anatomy(step)[0] if name in now}
    t, k, diverged, measured = now["t"], 0, now["diverged"], now.get("measured")
    keep = "all" if "loss" in options else "last"
    while True:  # in the first round k = 0: descend takes no step, and gives the state in the shape that runs need
        options |= dict(start=t, steps=k, losses=measured, diverged=diverged)
        path = descend(step, grad=grad, keep=keep, **state, **options)
        diverged = path.pop("diverged")
        if "loss" in options:
            measured = np.concatenate([measured[:t], path.pop("loss")]) if t else path.pop("loss")
        state = {name: values[-1] if keep == "all" else values for name, values in path.items()}
        options = {name: value for name, value in options.items() if name not in state}
        t, loss = t + k, np.array(list(seen.values()))
        look = dict(t=t, steps=steps, running=running, diverged=diverged, measured=measured, loss=loss)
        yield look | state | _test(net, data, state["w"], running)
        if t >= steps:
            return
        seen.clear()
        k = min(every, steps - t)


def _check(net, data, resume, options):
    """Refuse what cannot be trained, or gone on from."""
    for name in {"grad", "start", "keep", "losses", "diverged"} & options.keys():
        refuse(name, options[name], "left out: a training sets it itself")
    if not all(hasattr(data, part) for part in ("X", "y", "X_test", "y_test")):
        refuse("data", data, "a Data, with X, y, X_test and y_test")
    if resume is not None and not {"t", "w", "running", "diverged"} <= made("resume", resume, dict, "a look").keys():
        refuse("resume", resume, "a look at a training, as `training` gives it")
    made("net", net, Network, "a Network")


@one_thread()
def _test(net, data, w, running):
    """Loss and accuracy on the test part, in evaluation mode."""
    if numbers("X_test", data.X_test).size == 0:
        return dict(test_loss=None, test_accuracy=None)
    try:
        task = net.on(data.X_test, data.y_test, train=False, running=running)
    except ValueError as error:
        raise ValueError(f"test part: {error}") from None
    return dict(test_loss=task.loss(w), test_accuracy=task.accuracy(w) if task.classifies else None)


def _choose(yes, new, old):
    """Run by run what is new where `yes`, else what was before: for arrays with runs first, in dicts and lists."""
    if isinstance(new, dict):
        return {name: _choose(yes, new[name], old[name]) for name in new}
    if isinstance(new, list):
        return [_choose(yes, *pair) for pair in zip(new, old, strict=True)]
    return np.where(np.asarray(yes)[..., None], new, old)


def train(net, data, step, *, patience=None, progress=True, **how):
    """Train to the end, or until the held-out loss stops falling, or until you interrupt it (stop button, Ctrl-C).

        result = train(net, digits(), adam, lr=0.01, epochs=20)
        result["w"], result["test_accuracy"][-1]

    how: all that `training` takes. patience: a run stops once its test_loss has not fallen for so many looks in a row,
    and the training once all runs have (None: never). progress: a bar, if it takes longer than a second.

    Returns the last look, with the whole history in it: loss, shape (steps, …), of every mini-batch; at, test_loss and
    test_accuracy, a row for each look; best, a dict of t, w, running and test_loss where each run's test_loss was
    lowest; stopped: "steps", "patience" or "interrupted". An interrupted training keeps its last look.

    >>> from optim_core import data, losses, network, optimizers
    >>> net = network.Network([network.Linear(1, 1)], losses.mse)
    >>> result = train(net, data.line(noise=0.0), optimizers.gd, lr=0.1, epochs=20, batch=10)  # y = 2x − 1
    >>> result["w"].round(3), int(result["t"]), result["stopped"]
    (array([ 2., -1.]), 100, 'steps')
    """
    from tqdm import tqdm

    if patience is not None and whole("patience", patience, 1) and np.size(getattr(data, "X_test", 0)) == 0:
        refuse("patience", patience, "None for data without a test part, whose loss it watches")
    looks, best, stopped = [], None, "steps"
    tqdm.monitor_interval = 0  # no thread that watches the bar: Python in a page has none, and would warn
    try:
        with tqdm(delay=1, disable=not flag("progress", progress), unit="step") as bar:
            for now in training(net, data, step, **how):
                bar.total = now["steps"]
                bar.update(now["t"] - bar.n)
                looks.append({name: now[name] for name in ("t", "loss", "test_loss", "test_accuracy")})
                best = _best(best, now, patience)
                if patience and (best["waited"] >= patience).all():
                    stopped = "patience"
                    break
    except KeyboardInterrupt:
        if not looks:
            raise
        stopped = "interrupted"
    names = [name for name in ("t", "test_loss", "test_accuracy") if now[name] is not None]
    rows = {name: np.array([look[name] for look in looks]) for name in names}
    loss = np.concatenate([look["loss"] for look in looks if len(look["loss"])] or [[]])
    return now | rows | dict(t=now["t"], at=rows["t"], loss=loss, best=best, stopped=stopped)


def _best(best, now, patience):
    """What each run was at its lowest test_loss so far; a run whose patience has run out keeps what it has."""
    if now["test_loss"] is None:
        return None
    if best is None:
        none = 0 * now["diverged"]
        return {name: now[name] for name in ("w", "running", "test_loss")} | dict(t=none + now["t"], waited=none)
    better = (now["test_loss"] < best["test_loss"]) & (best["waited"] < (patience or np.inf))
    kept = {name: _choose(better, now[name], best[name]) for name in ("w", "running")}
    kept |= {name: np.where(better, now[name], best[name]) for name in ("t", "test_loss")}
    return kept | dict(waited=np.where(better, 0, best["waited"] + 1))
