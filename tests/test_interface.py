"""The whole public interface, one spoiled argument at a time: an answer, or one sentence, and nothing is changed.

ROWS has for every public function, class and method of the mathematics a call with good arguments, and beside each
argument what else it may be.  Hypothesis spoils one argument at a time, in every way of SPOILS.  What is not welcome
must be refused by one ValueError that names the argument, shows the value and says what is allowed; what is welcome
must be taken without a warning.  Either way the arrays passed in, the network, its running statistics and the surface
stay as they are, to the last bit.  A public name without a row fails here, and so does an argument without a place.
"""

import functools
import importlib
import inspect
import math
import re
import types
import warnings
from typing import NamedTuple

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_imports import MATHS

from optim_core import critical, data, gradients, layers, muon, optimizers, schedules, show, slices, surfaces
from optim_core import training as trainings
from optim_core.losses import cross_entropy, mse
from optim_core.network import BatchNorm, Dropout, Linear, Network, Parallel, Residual, Tanh

# ---- how an argument can be wrong ------------------------------------------------------------------------------------


class Details(NamedTuple):
    """What hypothesis chooses: where and by how much an argument is spoiled."""

    place: int
    by: int
    size: float
    text: str


TEXTS = st.sampled_from(["", "0.1", "nan", "adam", "shuffle", "two\nlines"]) | st.text(max_size=200)
DETAILS = st.builds(Details, st.integers(0, 999), st.integers(1, 3), st.floats(0.3, 0.45), TEXTS)


def is_number(good):
    return isinstance(good, (int, float)) and not isinstance(good, bool)


def is_array(good):
    try:
        array = np.asarray(good if type(good) in (list, tuple, np.ndarray) else None)
    except ValueError:  # a list of things of many kinds
        return False
    return array.size > 0 and array.dtype.kind in "if"


def is_table(good):
    return is_array(good) and np.ndim(good) > 1


def entry(new):
    """Another number, or another entry in an array; new: (what stood there, details) → what stands there now."""

    def spoil(good, d):
        bad = np.array(good if is_number(good) or is_array(good) else 0.5)
        value = new(bad.flat[d.place % bad.size].item(), d)
        bad = bad.astype(np.result_type(bad, type(value)))
        bad.flat[d.place % bad.size] = value
        return bad.item() if bad.ndim == 0 else bad

    return spoil


def filled(value):
    return lambda good, d: np.full(np.shape(good) if is_array(good) else 2, value)


def longer(good, d):
    return np.concatenate([good, np.asarray(good)[..., : d.by]], axis=-1)


SPOILS = {  # in words: the good value and the details → what is passed in its place
    "text": lambda good, d: d.text,
    "None": lambda good, d: None,
    "bool": lambda good, d: bool(d.place % 2),
    "complex": entry(lambda old, d: old + 1j * d.size),
    "NaN": entry(lambda old, d: math.nan),
    "inf": entry(lambda old, d: math.inf),
    "-inf": entry(lambda old, d: -math.inf),
    "huge": lambda good, d: 10 ** (400 + d.place),
    "empty": lambda good, d: [] if d.place % 2 else np.empty(0),
    "ragged": lambda good, d: [[d.size] * d.by, [d.size] * (d.by + 1)],
    "words": filled("word"),
    "dates": filled(np.datetime64("2020-01-01")),
    "objects": filled(None),
    "object": lambda good, d: object(),
    "dict": lambda good, d: {"w": d.size},
    "function": lambda good, d: lambda x: d.size,
    "greedy function": lambda good, d: lambda a, b, c, e, f: a,
    "number": lambda good, d: d.size,
    "negative": entry(lambda old, d: -1 - d.by * abs(old)),
    "fraction": entry(lambda old, d: old + d.size),
    "large": entry(lambda old, d: old + 10**9),
    "zero": lambda good, d: 0 * good,
    "list": lambda good, d: [good] * 13,
    "longer": longer,
    "deeper": lambda good, d: np.stack([good] * (1 + d.by)),
    "no rows": lambda good, d: np.asarray(good)[:0],
    "one row": lambda good, d: np.asarray(good)[:1],
}
APPLIES = {  # where a spoil makes sense: by default, everywhere
    "greedy function": callable,
    "number": lambda good: not is_number(good),
    "negative": lambda good: is_number(good) or is_array(good),
    "fraction": lambda good: is_number(good) or is_array(good),
    "large": lambda good: is_number(good) or is_array(good),
    "zero": is_number,
    "list": is_number,
    "longer": is_array,
    "deeper": is_array,
    "no rows": is_table,
    "one row": is_table,
}

# ---- what an argument may be -----------------------------------------------------------------------------------------


class Given(NamedTuple):
    """A good argument, what else is welcome in its place, what is not asked, and other names it is refused by."""

    good: object
    welcome: frozenset
    skip: frozenset
    names: tuple


def kind(*welcome, skip=()):
    """A kind of argument: a function from a good one, and what else this one may be, to all that is known of it."""

    def given(good, *also, never=(), unasked=(), says=()):
        return Given(good, frozenset((*welcome, *also)) - {*never}, frozenset((*skip, *unasked)), (*says,))

    return given


OTHER_NUMBERS = ("negative", "fraction", "large")
thing = kind()  # this, and nothing else
number = kind("bool", "zero", *OTHER_NUMBERS)
not_negative = kind("bool", "zero", "fraction", "large")
positive = kind("fraction", "large", skip=["bool"])  # True is 1, but False is 0
share = kind("bool", "zero")  # from 0 to 1
below_one = kind("zero", skip=["bool"])
count = kind("zero", skip=["huge", "large"])  # more of them would only take longer
some = kind(skip=["huge", "large"])  # a count ≥ 1
seed = kind("zero", "large", "huge")
flag = kind("bool")
function = kind(skip=["function"])  # what a function answers is another question
vector = kind(*OTHER_NUMBERS)  # finite numbers, shape (n,)
points = kind(*OTHER_NUMBERS, "deeper", "no rows", "one row")  # finite numbers, shape (…, n)
anywhere = kind(
    *OTHER_NUMBERS, "NaN", "inf", "-inf", "complex", "deeper", "no rows", "one row"
)  # where a run that diverges may lead
window = kind("fraction", skip=["negative", "large"])  # the left edge may come to stand right of the right one
rate = kind("bool", "zero", "fraction", "large", "list")  # or an array of them
schedule = kind("zero", "fraction", "large", "function")  # a hyper-parameter: or a function of the steps taken
state = kind(*OTHER_NUMBERS, "zero", "bool", "number", "NaN", "inf", "-inf", "deeper")  # or one number for all
places = kind("longer", skip=["negative"])

# ---- the rows --------------------------------------------------------------------------------------------------------

ROWS = {}  # name, or name/of what it returns → a function that makes (call, {argument: Given})


def of(name):
    """The thing of this name itself."""
    module, *path = name.split(".")
    return functools.reduce(getattr, path, importlib.import_module("optim_core." + module))


def rows(names, make=of, /, **arguments):
    """A row for each name; make(name) → what is called, built anew each time; arguments: those that are spoiled."""
    for name in names.split():
        ROWS[name] = lambda name=name: (make(name), arguments)


def method(make):
    """make() → an object; the row's call is its method."""
    return lambda name: getattr(make(), name.split(".")[-1])


RNG = np.random.default_rng(0)
X, LABELS, W = RNG.standard_normal((6, 3)), np.array([0, 1, 1, 0, 1, 0]), np.array([0.5, -1.0])
PAIRS, FLOOR = X[:, :2].copy(), X[0].copy()


# -- surfaces
rows("surfaces.product", x=number(1.0), y=number(1.0))
rows("surfaces.bowl", kappa=positive(2.0), angle=number(1.0))
rows(" ".join(f"surfaces.{name}" for name, made in surfaces.SURFACES.items() if not inspect.signature(made).parameters))
frame = dict(window=window((-1, 1, -1, 1)), start=vector((0.0, 0.5)))
rows("surfaces.from_formula", text=thing("w1^2 + w2", unasked=["text"], says=["formula"]), **frame)
rows(
    "surfaces.Surface",
    name=thing("mine", "text"),
    formula=thing(surfaces.W1**2 * surfaces.X),
    parameters=thing({surfaces.X: 1.0}, says=["formula"]),
    critical_points=thing((), "empty", unasked=["text"]),
    valleys=thing((), "empty", unasked=["text"]),
    **frame,
)
rows("surfaces.Surface.loss surfaces.Surface.grad surfaces.Surface.hessian", method(surfaces.beale), w=anywhere(PAIRS))

# -- critical
H = np.array([[[0.0, 2.0], [2.0, 0.0]], [[-1.0, 0.5], [0.5, 1.0]]])
matrix = kind("no rows", "one row", "deeper", skip=OTHER_NUMBERS)  # one that stays symmetric
rows("critical.eigen", hessian=matrix(H))
rows("critical.classify critical.escape_direction", hessian=matrix(H), tol=below_one(0.75))
rows("critical.signs", eigenvalues=points(H, "longer"), tol=below_one(0.75))
rows("critical.goe", n=some(3), runs=some(2), seed=seed(0, "bool", "list", "empty"))
rows(
    "critical.find",
    surface=thing(surfaces.bowl()),
    window=window((-1, 1, -1, 1), "None"),
    grid=some(3),
    tol=below_one(0.75),
)
rows("critical.LinearAutoencoder", eigenvalues=vector([2.0, 1.0], "longer", never=["negative"]), hidden=some(1))
AUTOENCODER = method(lambda: critical.LinearAutoencoder([2.0, 1.0], hidden=1))
rows("critical.LinearAutoencoder.critical_points", AUTOENCODER)
rows("critical.LinearAutoencoder.loss critical.LinearAutoencoder.grad", AUTOENCODER, w=anywhere(np.eye(4)))
rows("critical.LinearAutoencoder.hessian", AUTOENCODER, w=anywhere(np.eye(4), never=["complex"]))

# -- data
rows("data.digits", train=some(3), seed=seed(0), scale=flag(True), noise=share(0.75))
sample = dict(n=some(4), noise=not_negative(0.1), seed=seed(0))
rows("data.moons data.circles", **sample | dict(seed=seed(0, never=["huge"])))
rows("data.blobs", **sample | dict(seed=seed(0, never=["huge"]), classes=some(3)))
rows("data.line", **sample, slope=number(2.0), intercept=number(1.0))
rows("data.words", **sample, features=some(3), exponent=not_negative(1.0))
rows("data.wilson", n=some(4), share=share(0.75), seed=seed(0))
rows("data.chebyshev", n=some(4), degree=count(4))

# -- schedules
rows("schedules.constant schedules.inverse_sqrt", lr=rate(0.1))
rows("schedules.inverse_time schedules.exponential schedules.natural_exponential", lr=rate(0.1), beta=rate(0.5))
rows("schedules.step", lr=rate(0.1), every=some(3), factor=rate(0.5))
rows("schedules.linear", lr=rate(0.1), tau=some(3), end=rate(0.5))
rows("schedules.cosine", lr=rate(0.1), steps=some(3), end=rate(0.5))
rows("schedules.wsd", lr=rate(0.1), steps=some(3), cooldown=share(0.75))
rows("schedules.cyclic", low=rate(0.1), high=rate(0.2), up=some(3), down=some(3, "None"))
pieces = thing([0.1, 0.2], "ragged", "fraction", "large", says=["boundaries"], unasked=["deeper"])
rows("schedules.piecewise", values=pieces, boundaries=thing([3], unasked=["large"]))
rows("schedules.warmup", schedule=rate(0.1, "function"), steps=count(3), start=share(0.75, "None"))
plateau = dict(factor=thing(0.75), patience=count(3), threshold=below_one(0.75), raise_after=some(3, "None"))
rows("schedules.on_plateau", lr=rate(0.1), low=rate(0.1), **plateau)
OF_STEPS = {
    "constant": schedules.constant(0.1),
    "inverse_time": schedules.inverse_time(0.1, 1.0),
    "exponential": schedules.exponential(0.1),
    "natural_exponential": schedules.natural_exponential(0.1),
    "step": schedules.step(0.1, 5),
    "linear": schedules.linear(0.1, 5),
    "cosine": schedules.cosine(0.1, 5),
    "wsd": schedules.wsd(0.1, 5),
    "inverse_sqrt": schedules.inverse_sqrt(0.1),
    "cyclic": schedules.cyclic(0.1, 0.2, 5),
    "piecewise": schedules.piecewise([0.1, 0.2], [3]),
    "warmup": schedules.warmup(0.1, 3),
}
for name, of_steps in OF_STEPS.items():
    rows(f"schedules.{name}/schedule", lambda name, of_steps=of_steps: of_steps, k=count(3))
seen = vector([3.0, 2.0, 1.0, 1.0], "longer", "NaN", "inf", "-inf", unasked=["deeper"])
rows("schedules.on_plateau/schedule", lambda name: schedules.on_plateau(0.1), k=count(3), losses=seen)

# -- optimizers
HYPERS = {
    "lr": schedule(0.75),
    "lr_rest": schedule(0.75),
    "mu": schedule(0.75, never=["fraction", "large"]),
    "eps": schedule(0.75),
    "decay": schedule(0.75),
    "momentum_decay": schedule(0.75, "None"),
} | dict.fromkeys(["beta", "rho", "beta1", "beta2"], schedule(0.75, never=["fraction", "large"]))

UNNAMED = schedule(0.75, "negative", unasked=["text", "None", "bool"])  # not in optimizers.ALLOWED: these are switches


def arguments_of(step, **known):
    """Those of a step function."""
    evolves, chosen = optimizers.anatomy(step)
    first = dict(
        w=vector(W, "NaN", "inf", "-inf", unasked=["longer", "deeper"]), grad=function(lambda w: 2 * w), t=some(2)
    )
    hypers = {name: (HYPERS | known).get(name, UNNAMED) for name in chosen}
    return first | {name: state(W / 2) for name in evolves} | hypers


for name, step in optimizers.OPTIMIZERS.items():
    rows(f"optimizers.{name}", **arguments_of(step))
of_own = optimizers.decoupled(optimizers.momentum)
rows("optimizers.decoupled/step", lambda name: of_own, **arguments_of(of_own))
rows("optimizers.decoupled optimizers.anatomy", step=thing(optimizers.adam))
kept = optimizers.projected(optimizers.momentum, -1.0, 1.0)
rows("optimizers.projected/step", lambda name: kept, **arguments_of(kept))
low, high = number(-1.0, "-inf", "list", unasked=["large"]), number(1.0, "inf", "list", unasked=["negative", "-inf"])
rows("optimizers.projected", step=thing(optimizers.adam), low=low, high=high)
rows("optimizers.optimizer", step=thing(lambda w, grad, t, *, lr: {"w": w}))

# -- gradients
slope = function(lambda w: w**3)
rows("gradients.clip_value", grad=slope, low=low, high=high)
rows("gradients.clip_norm", grad=slope, theta=positive(1.0, "inf", "function", "list"), eps=not_negative(0.5, "list"))
rows("gradients.running", multiple=positive(1.0, "list"))
rows("gradients.l2", grad=slope, lam=not_negative(0.5, "list"), only=not_negative(1.0, "list"))
rows("gradients.sam", grad=slope, rho=not_negative(0.5, "list"))
rows("gradients.noisy", grad=slope, sigma=not_negative(0.5, "list"), seed=seed(1, "bool", "list", never=["huge"]))
rows("gradients.hvp", grad=slope, w=vector(W, "deeper"), u=vector(W, "deeper"))
rows("gradients.hessian", grad=slope, w=vector(W, "deeper", "longer", "number", "bool"))
at = points(PAIRS, "NaN", "inf", "-inf", "longer", never=["no rows"])
one = at._replace(welcome=at.welcome | {"number", "bool"})
either = at._replace(welcome=one.welcome | {"complex"})
power = {1: lambda w: w**3, 2: lambda w, t: t * w**3}  # a gradient of w, one of (w, t)
rows("gradients.clip_value/gradient", lambda name: gradients.clip_value(power[1], -1, 1), w=either)
rows("gradients.clip_value/step", lambda name: gradients.clip_value(power[2], -1, 1), w=either, t=some(1))
rows("gradients.l2/gradient", lambda name: gradients.l2(power[1], 0.1), w=either)
rows("gradients.l2/step", lambda name: gradients.l2(power[2], 0.1), w=either, t=some(1))
rows("gradients.sam/gradient", lambda name: gradients.sam(power[1], 0.1), w=one)
rows("gradients.sam/step", lambda name: gradients.sam(power[2], 0.1), w=one, t=some(1))
rows("gradients.clip_norm/gradient", lambda name: gradients.clip_norm(power[1], 1.0), w=one)
rows("gradients.clip_norm/step", lambda name: gradients.clip_norm(power[2], 1.0), w=one, t=some(1))
rows("gradients.running/step", lambda name: gradients.clip_norm(power[1], gradients.running(1.0)), w=at, t=some(1))
rows("gradients.noisy/step", lambda name: gradients.noisy(power[1], 1.0, 0), w=at, t=some(1))

# -- descent
rows(
    "descent.descend",
    step=thing(optimizers.momentum),
    w=vector(W, "longer", unasked=["large", "deeper"]),
    grad=function(lambda w: 0.5 * w),
    steps=count(3),
    start=count(0),
    limit=positive(1e6, "bool", "inf", unasked=["bool"]),
    keep=thing("all"),
    loss=function(lambda w: (w * w).sum(-1), "None"),
    losses=thing(np.empty(0), "None", "empty"),
    diverged=count(0, "None", "bool", unasked=["large"]),
    v=state(np.zeros(1), never=["NaN", "inf", "-inf"], unasked=["longer"]),
    lr=HYPERS["lr"],
    mu=HYPERS["mu"],
)

# -- losses
Z = RNG.standard_normal((6, 2))
rows("losses.softmax losses.log_softmax", z=anywhere(Z, "longer"))
rows("losses.sigmoid", z=anywhere(Z, "longer", "number", "bool", "empty"))
fitting = anywhere(Z, unasked=["no rows", "one row", "deeper"])  # of the other's shape
rows("losses.softmax_grad", z=fitting, dp=fitting)
of_any = anywhere(Z, "number", "bool", unasked=["no rows", "one row", "deeper"])
rows("losses.sigmoid_grad", z=of_any, ds=of_any)
rows("losses.one_hot", y=thing(LABELS, "longer", "deeper"), classes=some(2))
logits = anywhere(Z, "longer", never=["NaN", "inf", "-inf", "no rows"], unasked=["one row"])
rows("losses.cross_entropy", z=logits, y=thing(LABELS), smoothing=share(0.75))
fixed = logits._replace(welcome=logits.welcome - {"longer"})
rows("losses.binary_cross_entropy", z=fixed, y=thing(np.eye(2)[LABELS], unasked=["fraction", "deeper"]))
rows("losses.mse", z=fixed, y=vector(Z, unasked=["deeper"]), half=flag(False))

# -- layers
x = anywhere(X, never=["no rows"])
rows("layers.relu layers.tanh layers.sigmoid layers.softmax", x=x._replace(welcome=x.welcome | {"longer"}))
BACK = ("NaN", "inf", "-inf", "complex", "deeper", *OTHER_NUMBERS)
per_feature = kind(*BACK, "number", "bool")  # shape (…, features), or one for all
matrices = kind(*BACK)
scales = dict(gamma=per_feature(X[0]), beta=per_feature(X[1]))
statistics = dict(mean=per_feature(X[0]), var=per_feature(X[0] ** 2, unasked=["negative", "complex"]))
eps = not_negative(0.5)
rows("layers.linear", x=x, W=matrices(X[:3, :2]), b=per_feature(Z[0]))
rows("layers.standardise", x=anywhere(X, "longer"), axis=thing(-1, "zero", unasked=["negative"]), eps=eps)
normalising = dict(x=x, **scales, eps=eps)
at_least_two = x._replace(welcome=x.welcome - {"one row"})
rows("layers.batch_norm", **normalising | dict(x=at_least_two), **statistics, momentum=share(0.75), train=flag(True))
evaluation = functools.partial(layers.batch_norm, train=False)
rows("layers.batch_norm/evaluation", lambda name: evaluation, **normalising, **statistics, momentum=share(0.75))
rows("layers.layer_norm", **normalising)
channels = {name: per_feature(given.good, never=["number", "bool"]) for name, given in scales.items()}
rows("layers.instance_norm", x=x._replace(skip={"longer"}), gamma=channels["gamma"], beta=scales["beta"], eps=eps)
rows("layers.weight_norm", x=x, V=matrices(X[:3, :2]), g=per_feature(Z[0]), b=per_feature(Z[0]))
recurrent = dict(U=matrices(X[:3, :2], "one row"), W=matrices(X[:2, :2]), b=per_feature(Z[0]))
rows("layers.rnn", x=x._replace(skip={"longer"}), **recurrent)
mask = dict(seed=count(1, "list", "empty"), step=count(1))
longest = x._replace(welcome=x.welcome | {"longer"})
rows("layers.dropout", x=longest, p=below_one(0.75), train=flag(True), **mask)
rows("layers.residual", x=longest, block=function(layers.tanh))
BACKWARDS = {
    "linear": layers.linear(X, X[:3, :2]),
    "weight_norm": layers.weight_norm(X, X[:3, :2], Z[0]),
    "instance_norm": layers.instance_norm(X, X[0], X[1]),
    "residual": layers.residual(X, layers.tanh),
    "rnn": layers.rnn(X, X[:1, :2], X[:2, :2]),
} | {
    name: of(f"layers.{name}")(X)
    for name in ("relu", "tanh", "sigmoid", "softmax", "batch_norm", "layer_norm", "dropout")
}
for name, (y, backward, *_) in BACKWARDS.items():
    rows(f"layers.{name}/backward", lambda name, backward=backward: backward, dy=kind(*BACK)(np.ones_like(y)))

# -- network


def net():
    return Network([Linear(3, 4), BatchNorm(4), Tanh(), Dropout(0.3), Residual(Linear(4, 4)), Linear(4, 2)])


def task():
    return net().on(X, LABELS)


N = net().n
WEIGHTS = np.linspace(-1, 1, 2 * N).reshape(2, N)
RUNNING = task().value_and_grad(WEIGHTS[0])[2]
more = thing({}, "None", says=["w"])  # {"w": 0.3}: of which the equation knows nothing
of_layer = dict(size=thing((3, 3), "None"), running=more, options=more)
rows("network.Layer", equation=function(layers.tanh, "greedy function"), **of_layer)
rows("network.Relu network.Tanh network.Sigmoid network.Softmax", **of_layer)
rows("network.Linear network.WeightNorm", n=some(3), m=some(2))
rows("network.Rnn", inputs=some(3), units=some(2), steps=some(4))
rows("network.BatchNorm", n=some(3), momentum=share(0.75), eps=eps)
rows("network.LayerNorm", n=some(3), eps=eps)
rows("network.InstanceNorm", channels=some(3), eps=eps)
rows("network.Dropout", p=below_one(0.75))
parts = thing([Linear(3, 3), Tanh()], says=["layers"])
rows("network.Chain", parts=parts._replace(skip={"empty"}))
rows(
    "network.Residual",
    lambda name: lambda parts, scale: Residual(parts, scale=scale),
    parts=parts._replace(good=Linear(3, 3)),
    scale=number(0.5),
)
rows("network.Parallel", lambda name: lambda branches: Parallel(branches), branches=parts._replace(skip={"empty"}))
rows("network.Network", parts=parts, loss=function(cross_entropy))
rows(
    "network.Network/options",
    lambda name: lambda smoothing: Network([Linear(3, 2)], smoothing=smoothing).loss(np.ones(8), X, LABELS),
    smoothing=share(0.75),
)
rows(
    "network.Network.init",
    method(net),
    seed=seed(0, "bool", "list", "empty"),
    scheme=thing("he"),
    scale=number(1.0),
)
on = dict(
    X=vector(X, unasked=["deeper"], says=["y"]),
    y=thing(LABELS, unasked=["deeper"]),
    train=flag(True),
    running=thing(RUNNING, "None"),
)
on |= dict(seed=seed(0), step=count(0))
rows("network.Network.on", method(net), **on)
rows(
    "network.Network/batch",
    lambda name: lambda X: net().loss(WEIGHTS, X, LABELS[: len(X)]),
    X=vector(X, unasked=set(SPOILS) - {"one row", "no rows"}, says=["x"]),
)
anyw = anywhere(WEIGHTS)
there = points(WEIGHTS)
along = points(WEIGHTS, unasked=["no rows", "one row", "deeper"])
rows("network.Network.loss network.Network.grad network.Network.accuracy", method(net), w=anyw, **on)
rows("network.Network.hessian", method(net), w=there, **on)
rows("network.Network.hvp", method(net), w=along, u=along, **on)
rows(
    " ".join(f"network.Task.{name}" for name in ("loss", "grad", "accuracy", "forward", "value_and_grad", "layers_at")),
    method(task),
    w=anyw,
)
rows("network.Task.hessian", method(task), w=there)
rows("network.Task.hvp", method(task), w=along, u=along)
rows("network.Task.__getitem__", method(task), examples=places([1, 2, 4]))
a_task = thing(task())
rows("network.top_eigenvalues", task=a_task, w=vector(WEIGHTS[0]), k=some(1))

# -- muon
a_matrix = anywhere(X, never=["complex", "no rows"])
rows("muon.orthogonalise", G=a_matrix._replace(welcome=a_matrix.welcome | {"longer"}))
steps_of_it = dict(steps=count(3), coefficients=vector((1.0, -0.5, 0.25)), eps=not_negative(0.5))
rows("muon.newton_schulz", G=a_matrix._replace(welcome=a_matrix.welcome | {"longer"}), **steps_of_it)
rows("muon.muon", net=thing(net()), direction=function(np.sign))
by_muon = muon.muon(Network([Linear(1, 1)]))
rows("muon.muon/step", lambda name: by_muon, **arguments_of(by_muon))

# -- slices
direction = vector(WEIGHTS[0])
rows("slices.slice2d", task=a_task, w=direction, d1=direction, d2=direction, name=thing("slice", "text"), **frame)
edges = window((-1, 1, -1, 1), "None")
rows("slices.over_two_weights", task=a_task, w=direction, i=count(0), j=some(1), window=edges)
rows("slices.filter_normalised", net=thing(net()), w=direction, seed=seed(0, "bool", "list", "empty"))
rows(
    "slices.two_weights",
    X=vector(X[:, :1], says=["y"]),
    y=vector(X[:, 1:2], unasked=["deeper"]),
    loss=function(mse),
    window=edges,
)


def plane():
    return slices.slice2d(task(), WEIGHTS[0], WEIGHTS[0], WEIGHTS[1])


rows("slices.Slice.loss slices.Slice.grad slices.Slice.weights", method(plane), s=anywhere(PAIRS))
rows("slices.Slice.hessian", method(plane), s=points(PAIRS))
rows("slices.Slice.__getitem__", method(plane), examples=places([1, 2, 4]))

# -- quadratics
rows("quadratics.boundary", method=thing("heavy ball"), mu=not_negative(0.5, "list"))
rows("quadratics.optimum", method=thing("Nesterov"), kappa=positive(2.0, "list"))
rows("quadratics.critical_damping", method=thing("Nesterov"), eta=not_negative(0.75, "list"))
per_direction = kind("bool", "number", "fraction", "large", "longer", "deeper")(np.array([0.5, 1.0]))
rates = per_direction._replace(good=np.array([0.1, 0.2, 0.1]), welcome=per_direction.welcome - {"bool", "number"})
alike = per_direction._replace(skip={"longer"})
rows("quadratics.expected", etas=rates, curvatures=alike, squares=alike, noise=alike, split=flag(False))
rows("quadratics.roots", eta=not_negative(0.1, "list"), mu=not_negative(0.5, "list"))
rows(
    "quadratics.phases",
    step=thing(optimizers.momentum),
    kappa=positive(10.0),
    start=vector((-8.0, 4.0), unasked=["large"]),
    steps=some(40),
)
rows("quadratics.fates", far=vector(np.ones((4, 3)), "longer", never=["negative"], unasked=["deeper"]), steps=some(200))
own = kind("bool", "None", "text", "zero", *OTHER_NUMBERS, "function")(0.75)
low = schedule(0.75, "negative")
rows("quadratics.restarting", **arguments_of(of("quadratics.restarting"), low=low, high=low, restart=low))

# -- training
DATA = data.moons(n=12)


def small():
    return Network([Linear(2, 4), BatchNorm(4), Tanh(), Linear(4, 2)])


batches = dict(size=some(2, "None"), seed=seed(0), order=thing("fixed"))
rows("training.batch_at", t=some(1), n=some(6), **batches)
rows("training.minibatches", task=a_task, **batches)
rows("training.minibatches/gradient", lambda name: trainings.minibatches(task(), 2), w=anyw, t=some(1))
rows("training.averaged", step=thing(optimizers.adam), beta=below_one(0.75, "None"), after=count(0))
how = dict(
    net=thing(small()),
    data=thing(DATA),
    step=thing(optimizers.adam),
    epochs=count(1),
    steps=count(2, "None"),
    batch=some(4, "None"),
    order=thing("fixed"),
    seed=seed(0),
    w=vector(small().init(0), "None", "deeper"),
    wrap=function(lambda grad: grad, "None"),
    every=some(2, "None"),
    resume=thing(None, "None"),
    lr=HYPERS["lr"],
    beta1=HYPERS["beta1"],
    limit=positive(1e12, "bool", "inf", unasked=["bool"]),
)
rows("training.training", lambda name: lambda **how: list(trainings.training(**how)), **how)
rows("training.train", patience=some(2, "None"), progress=flag(False), **how)


def train_on(**parts):
    return trainings.train(small(), data.Data(**parts), optimizers.gd, steps=2, batch=4, progress=False)


held_out = dict(
    X_test=vector(DATA.X, "empty", "no rows", unasked=["deeper"], says=["X", "part"]),
    y_test=thing(DATA.y, says=["y", "part"]),
)
rows(
    "training.train/data",
    lambda name: train_on,
    X=vector(DATA.X, unasked=["deeper"], says=["y"]),
    y=thing(DATA.y),
    **held_out,
)
rows(
    "show.source",
    lambda name: lambda functions: show.source(functions),
    functions=thing(optimizers.gd, unasked=["function", "greedy function"]),
)


# ---- judging ---------------------------------------------------------------------------------------------------------

SENTENCE = re.compile(r"(?P<name>\S[^=]*?) = (?P<value>.*): must be (?P<allowed>\S.*)")
OF_TWO = {"longer", "deeper", "empty", "no rows", "one row", "bool", "number"}  # shapes that do not go together


def picture(thing, seen):
    """What a thing holds, as something to compare: arrays by their bytes, functions by what they remember."""
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return thing.shape, str(thing.dtype), thing.strides, thing.tobytes()
    if isinstance(thing, np.random.Generator):
        return str(thing.bit_generator.state)
    if isinstance(thing, (str, int, float, complex, type(None), type, np.generic, sympy.Basic, types.ModuleType)):
        return repr(thing)
    if id(thing) in seen:
        return seen[id(thing)][0]
    seen[id(thing)] = len(seen), thing  # kept, so that no other thing gets its id
    parts = [type(thing).__name__]
    if isinstance(thing, dict):
        parts += [*thing.keys(), *thing.values()]
    elif isinstance(thing, (list, tuple, set, np.ndarray)):
        parts += [*thing]
    elif isinstance(thing, functools.partial):
        parts += [thing.func, thing.args, thing.keywords]
    elif inspect.ismethod(thing):
        parts += [thing.__self__, thing.__name__]
    elif inspect.isfunction(thing):
        parts += [cell.cell_contents for cell in thing.__closure__ or ()]
    else:
        parts.append(getattr(thing, "__dict__", None))
    return [picture(part, seen) for part in parts]


def complaint(error, argument, names, spoil):
    """What is wrong with a refusal, in words, or None."""
    sentence = SENTENCE.fullmatch(str(error))  # one line
    if type(error) is not ValueError or not sentence or len(str(error)) > 500:
        return f"{type(error).__name__}: {error}"
    either = spoil in OF_TWO or sentence["name"] == "shapes"  # told of one of two, or of all, if it names the other too
    told = str(error) if either else sentence["name"]
    return None if {argument, *names} & {*re.findall(r"\w+", told)} else f"not named: {error}"


def judged(row, argument, spoil, details, remembers=False):
    """What is wrong with the answer to one spoiled call, in words, or None; remembers: whether the call may."""
    call, arguments = row()
    good, welcome, skip, names = arguments[argument]
    if spoil in skip or not APPLIES.get(spoil, lambda good: True)(good):
        return None
    values = {key: known.good for key, known in arguments.items()} | {argument: SPOILS[spoil](good, details)}
    before = picture(values, {}), picture(call, {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(**values)
    except Exception as error:
        said = f"refused: {error}" if spoil in welcome else complaint(error, argument, names, spoil)
        remembers = False
    else:
        said = None if spoil in welcome else "accepted"
    after = picture(values, {}), before[1] if remembers else picture(call, {})
    return said or (None if after == before else "something was changed")


# ---- the tests -------------------------------------------------------------------------------------------------------

REMEMBER = {"schedules.on_plateau/schedule", "gradients.running/step"}  # the losses, the norms that they saw
MADE = "a record, checked by what makes it or takes it"
SPEED = "called by `descend` alone, whose arguments are checked"
INNER = "called by a Task, whose arguments are checked"
NO_ROW = {  # what is public and has no row, and why
    "optimizers.hyper": "checks the arguments of step functions",
    "optimizers.check_given": "checks the arguments of step functions",
    "optimizers.check_names": "checks the arguments of step functions",
    "optimizers.check_shapes": "checks the arguments of step functions",
    "optimizers.by_step": "checks the arguments of step functions",
    "fast.one_thread": "takes no arguments",
    "fast.kept": "decorates functions",
    "fast.room": SPEED,
    "fast.well": SPEED,
    "fast.independent": SPEED,
    "fast.last_of_each": SPEED,
    "schedules.reader": "reads the arguments of schedules",
    "losses.loss": "decorates losses, which have rows",
    "layers.layer": "decorates layers, which have rows",
    "network.in_parts": "cuts up what is checked already",
    "network.Task": MADE,
    "slices.Slice": MADE,
    "data.Data": MADE,
    "network.Residual.forward": INNER,
    "network.Parallel.forward": INNER,
    "network.Parallel.joined": INNER,
    "network.Chain.joined": INNER,
    "network.orthogonal": "one of SCHEMES, called by Network.init, whose arguments are checked",
} | {
    f"network.{name}": INNER
    for name in ("Layer.arrays", "Layer.draw", "Layer.forward", "Chain.draw", "Chain.forward", "Chain.through")
}


def public():
    """Every public function, class and method of the mathematics but refuse's, by its name, as the modules have it."""
    for module in sorted({*MATHS} - {"refuse"}):  # test_refuse.py is about nothing else
        home = importlib.import_module(f"optim_core.{module}")
        for name, found in vars(home).items():
            own = getattr(found, "__module__", None) == home.__name__ or isinstance(found, functools.partial)
            if name.startswith("_") or not callable(found) or not own:
                continue
            yield f"{module}.{name}", found
            for key, part in vars(found).items() if inspect.isclass(found) else ():
                if inspect.isfunction(part) and (not key.startswith("_") or key == "__getitem__"):
                    yield f"{module}.{name}.{key}", functools.partial(part, None)


PUBLIC = {name: found for name, found in public() if name not in NO_ROW}


def test_every_public_name_has_a_row_and_every_argument_a_place_in_it():
    called = {name for name in ROWS if "/" not in name}
    odd = called ^ PUBLIC.keys()
    assert not odd, f"rows(…) in this file and the package's public names do not agree on {odd}"
    assert len(called) > 140
    for name, found in PUBLIC.items():
        asked = inspect.signature(found).parameters.values()
        keywords = {p.name for p in asked if p.kind is p.VAR_KEYWORD}
        named = {p.name for p in asked} - keywords
        has = ROWS[name]()[1].keys()
        assert has >= named and (keywords or has == named), f"{name}: {named ^ has}"
    assert {*NO_ROW} <= {name for name, _ in public()}


def test_every_public_function_has_an_example_that_names_it():
    functions = {name: found for name, found in PUBLIC.items() if name.count(".") == 1 and inspect.isfunction(found)}
    assert len(functions) > 90
    bare = [name for name, found in functions.items() if not example(found.__doc__, name.split(".")[1])]
    assert not bare, f"no >>> of its docstring calls {bare}"


def example(words, name):
    """Whether a line that doctest runs uses the name."""
    return any(re.match(rf" *(>>>|\.\.\.) .*\b{name}\b", line) for line in (words or "").splitlines())


@pytest.mark.parametrize("name", ROWS)
@settings(max_examples=4, deadline=None, derandomize=True, database=None)
@given(details=DETAILS)
def test_a_spoiled_argument_gets_an_answer_or_one_clear_sentence(name, details):
    call, arguments = ROWS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(**{key: known.good for key, known in arguments.items()})
    wrong = {}
    for argument in arguments:
        for spoil in SPOILS:
            said = judged(ROWS[name], argument, spoil, details, remembers=name in REMEMBER)
            if said:
                wrong[f"{argument}: {spoil}"] = said
    assert not wrong


UNKNOWN = {  # where the hyper-parameters' names are the step function's own
    "a step": lambda **more: optimizers.adam(W, lambda w: w, t=1, **more),
    "a decoupled step": lambda **more: optimizers.decoupled(optimizers.gd)(W, lambda w: w, t=1, **more),
    "descend": lambda **more: of("descent.descend")(optimizers.adam, W, lambda w: w, 3, **more),
    "train": lambda **more: trainings.train(small(), DATA, optimizers.adam, steps=1, **more),
    "a network's loss": lambda **more: Network([Linear(3, 2)], **more),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_keyword_is_refused_by_name(call):
    with pytest.raises(ValueError, match=r"^learning_rate = 0.1: must be left out: .+ (takes|does not take) \w+"):
        call(learning_rate=0.1)


@pytest.mark.parametrize("missing", ["lr", "v"])
def test_what_a_step_function_of_ones_own_has_no_default_for_must_be_given(missing):
    @optimizers.optimizer
    def own(w, grad, t, v, *, lr):
        return dict(w=w - lr * grad(w), v=v)

    given = dict(v=0.0, lr=0.1)
    assert own(W, lambda w: w, 1, **given)["w"].tolist() == (0.9 * W).tolist()
    del given[missing]
    with pytest.raises(ValueError, match=f"^{missing} = 'nothing': must be given"):
        own(W, lambda w: w, 1, **given)
    with pytest.raises(ValueError, match=f"^{missing} = 'nothing': must be given"):
        of("descent.descend")(own, W, lambda w: w, 1, **given)


# ---- the judge -------------------------------------------------------------------------------------------------------


def changes(w):
    w[0] = 7.0
    raise ValueError("w = 3: must be good")


def says(text, error=ValueError):
    def refuses(w):
        raise error(text)

    return refuses


BAD = {
    "takes everything": (lambda w: None, "accepted"),
    "another error": (says("w = 3: must be good", TypeError), "TypeError"),
    "numpy's own words": (lambda w: np.ones(2) + np.ones(3), "ValueError: operands"),
    "a warning": (lambda w: np.float64(1.0) / 0.0, "RuntimeWarning"),
    "two lines": (says("w = 3: must\nbe good"), "ValueError"),
    "another name": (says("v = 3: must be good"), "not named"),
    "no value": (says("w must be good"), "ValueError: w must"),
    "nothing allowed": (says("w = 3"), "ValueError: w = 3"),
    "a page": (says(f"w = {'3' * 500}: must be good"), "ValueError"),
    "an argument changed": (changes, "something was changed"),
    "another refusal": (says("w = 3: must be good"), "None"),
}


@pytest.mark.parametrize("call, said", BAD.values(), ids=BAD)
def test_the_judge_finds_what_is_wrong_with_an_answer(call, said):
    good = thing(np.ones(2))
    answer = judged(lambda: (call, dict(w=good)), "w", "NaN", Details(0, 1, 0.3, ""))
    assert str(answer).startswith(said)
