"""The optimizers take the paths of torch and optax, and behave as their papers say.

A new optimizer is a row in TABLE here; if torch or optax has it, one in tests/golden/optimizers.py, too, else one in
NO_LIBRARY.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim_core import descent, gradients, optimizers, schedules, surfaces

DATA = np.load(Path(__file__).parent / "golden" / "optimizers.npz")
GOLDEN = json.loads(str(DATA["spec"]))
CASES = list(zip(GOLDEN["cases"], DATA["paths"], strict=True))

quick = settings(max_examples=25, deadline=None)
numbers = functools.partial(st.floats, allow_nan=False, allow_infinity=False)
points = st.lists(numbers(-3, 3), min_size=2, max_size=2).map(np.array)


def run(name, w, grad, steps, **chosen):
    """Every w on the path of the optimizer called `name`."""
    return descent.descend(getattr(optimizers, name), w, grad, steps, **chosen)["w"]


def quadratic(*eigenvalues):
    return lambda w: w * np.array(eigenvalues)


# ---- reference paths ------------------------------------------------------------------------------------------------


def schedule_of(lr, spec):
    """Our schedule for torch's, as tests/golden/optimizers.py writes them down."""
    match spec:
        case ["cyclic", high, up, down]:
            return schedules.cyclic(lr, high, up, down)
        case ["piecewise", factor, *boundaries]:
            return schedules.piecewise([lr * factor**i for i in range(len(boundaries) + 1)], boundaries)
        case ["warmup", steps, start, *then]:
            return schedules.warmup(schedule_of(lr, then), steps, start)
        case ["sequence", boundary, first, second]:
            return schedules.piecewise([schedule_of(lr, first), schedule_of(lr, second)], [boundary])
        case [name, *arguments]:
            return getattr(schedules, name)(lr, *arguments)


def path_of(case):
    """Our path for a case, in the variables of the library it was made with."""
    name, chosen = case["optimizer"], {k: np.array(v) if isinstance(v, list) else v for k, v in case["hyper"].items()}
    grad = getattr(surfaces, case["surface"])().grad
    match case["clip"]:
        case ["norm", theta]:
            grad = gradients.clip_norm(grad, theta, eps=1e-6 if case["library"] == "torch" else 0.0)
        case ["sam", rho]:
            grad = gradients.sam(grad, rho)
        case ["value", size]:
            grad = gradients.clip_value(grad, -size, size)
    if case["l2"]:
        grad = gradients.l2(grad, case["l2"])
    if case["schedule"]:
        lr = chosen["lr"] = schedule_of(chosen["lr"], case["schedule"])
        if (name, case["library"]) == ("momentum", "torch"):  # its learning rate stands outside the velocity
            mu = chosen["mu"]
            chosen["mu"] = lambda k: mu * lr(k) / lr(k - 1) if k else mu
    path = descent.descend(getattr(optimizers, name), case["start"], grad, GOLDEN["steps"], **chosen)
    look_ahead = chosen["mu"] * path["v"] if name == "nesterov" else 0  # the libraries' w is the look-ahead point
    return (path["w"] + look_ahead)[GOLDEN["kept"]]


def cases(name, library):
    return [pair for pair in CASES if (pair[0]["optimizer"], pair[0]["library"]) == (name, library)]


NO_LIBRARY = ()  # names of optimizers without a reference
LIBRARY = dict.fromkeys(optimizers.OPTIMIZERS.keys() - NO_LIBRARY, "torch") | dict(schedule_free="optax", lion="optax")
every_reference = pytest.mark.parametrize("name", sorted(LIBRARY))


def check_paths(name, library=None):
    for case, reference in cases(name, library or LIBRARY[name]):
        error = np.abs(path_of(case) - reference) / np.maximum(1, np.abs(reference))
        assert error.max() <= 1e-12, case


@every_reference
def test_an_optimizer_takes_the_path_of_torch_or_of_optax_where_torch_has_none(name):
    check_paths(name)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam", "adamw", "nadam", "adamax", "gd"])
def test_an_optimizer_takes_the_path_of_optax_where_the_two_agree(name):
    check_paths(name, "optax")


@every_reference
def test_the_reference_covers_surfaces_schedules_and_clipping(name):
    settings = [case for case, _ in cases(name, LIBRARY[name])]
    assert len(settings) >= 8, f"make paths of {name} in tests/golden/optimizers.py, or put its name in NO_LIBRARY"
    assert len({case["surface"] for case in settings}) >= 4
    assert name in ("nesterov", "schedule_free") or sum(case["schedule"] is not None for case in settings) >= 2
    assert sum(case["clip"] is not None for case in settings) >= 2


def test_values_near_zero_are_right_in_their_leading_digits():
    small = 0
    for case, reference in CASES:
        if case["surface"] == "bowl" and case["optimizer"] in ("gd", "momentum", "ema_momentum"):
            tiny = (np.abs(reference) < 1e-3) & (reference != 0)
            small += tiny.sum()
            np.testing.assert_allclose(path_of(case)[tiny], reference[tiny], rtol=1e-9, atol=0)
    assert small >= 10


# ---- what every optimizer does --------------------------------------------------------------------------------------

# name → its defaults, and what its first step is with them and a learning rate η, for a gradient g ≫ ε
TABLE = {
    "gd": (dict(lr=0.01), lambda lr, g: -lr * g),
    "momentum": (dict(lr=0.01, mu=0.9), lambda lr, g: -lr * g),
    "nesterov": (dict(lr=0.01, mu=0.9), lambda lr, g: -lr * g),
    "ema_momentum": (dict(lr=0.01, beta=0.9), lambda lr, g: -lr * g * (1 - 0.9)),
    "normalized_gd": (dict(lr=0.01), lambda lr, g: -lr * g / np.sqrt((g**2).sum())),
    "adagrad": (dict(lr=0.01, eps=1e-10), lambda lr, g: -lr * np.sign(g)),
    "mean_square_adagrad": (dict(lr=0.01, eps=1e-10), lambda lr, g: -lr * np.sign(g)),
    "rmsprop": (dict(lr=0.01, beta=0.99, mu=0.0, eps=1e-8), lambda lr, g: -lr * np.sign(g) / np.sqrt(1 - 0.99)),
    "centered_rmsprop": (
        dict(lr=0.01, beta=0.99, mu=0.0, eps=1e-8),
        lambda lr, g: -lr * np.sign(g) / np.sqrt(0.01 - 0.01**2),
    ),
    "adadelta": (dict(lr=1.0, rho=0.9, eps=1e-6), lambda lr, g: -lr * np.sign(g) * np.sqrt(1e-6 / (1 - 0.9))),
    "adam": (dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8), lambda lr, g: -lr * np.sign(g)),
    "uncorrected_adam": (
        dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8),
        lambda lr, g: -lr * np.sign(g) * 0.1 / np.sqrt(0.001),
    ),
    "adamw": (
        dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01),
        lambda lr, g: -lr * (np.sign(g) + 0.01 * W0),
    ),
    "amsgrad": (dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8), lambda lr, g: -lr * np.sign(g)),
    "nadam": (
        dict(lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=None),
        lambda lr, g: -lr * np.sign(g) * (0.9 * 0.1 / (1 - 0.9**2) + 0.1 / (1 - 0.9)),
    ),
    "radam": (dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8), lambda lr, g: -lr * g),
    "adamax": (dict(lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8), lambda lr, g: -lr * np.sign(g)),
    "schedule_free": (dict(lr=1.0, beta=0.9), lambda lr, g: -lr * g),
    "sign_gd": (dict(lr=0.01), lambda lr, g: -lr * np.sign(g)),
    "lion": (dict(lr=0.0001, beta1=0.9, beta2=0.99, decay=0.0), lambda lr, g: -lr * np.sign(g)),
}
DEFAULTS = {name: defaults for name, (defaults, _) in TABLE.items()}
W0 = np.array([0.5, -2.0])
every_optimizer = pytest.mark.parametrize("name", [name for name in optimizers.OPTIMIZERS if name in TABLE])


def test_every_optimizer_has_its_row_here():
    odd = ", ".join(TABLE.keys() ^ optimizers.OPTIMIZERS.keys())
    assert not odd, f"TABLE in this file and OPTIMIZERS in optim_core/optimizers.py do not agree on {odd}"


@every_optimizer
def test_the_defaults_are_those_of_the_source(name):
    assert optimizers.anatomy(optimizers.OPTIMIZERS[name])[1] == DEFAULTS[name]


@every_optimizer
def test_the_first_step_is_what_the_equation_says(name):
    for g in (np.array([300.0, -2.0]), np.array([-5.0, 4.0]), np.array([1.0, 1.0])):
        step = getattr(optimizers, name)(W0, lambda w, g=g: g, t=1, lr=0.1)["w"] - W0
        np.testing.assert_allclose(step, TABLE[name][1](0.1, g), rtol=3e-4 if name == "adadelta" else 1e-5)


@every_optimizer
def test_the_docstring_is_complete(name):
    step = optimizers.OPTIMIZERS[name]
    for keyword in optimizers.anatomy(step)[1]:
        assert f"= {keyword}" in step.__doc__, keyword
    for part in ("←", "Source:", ">>>", "hape"):
        assert part in step.__doc__, part


@every_optimizer
def test_a_step_leaves_what_it_is_given_untouched(name):
    state = {"w": np.array([0.5, 2.0])} | {
        n: np.full(2, 0.25) for n in optimizers.anatomy(optimizers.OPTIMIZERS[name])[0]
    }
    before = {n: value.copy() for n, value in state.items()}
    g = np.array([1.0, -3.0])
    new = getattr(optimizers, name)(**state, grad=lambda w: g, t=3, lr=0.1)
    assert all(np.array_equal(state[n], before[n]) for n in state) and np.array_equal(g, [1.0, -3.0])
    assert new.keys() == state.keys() and not any(np.shares_memory(new[n], state[n]) for n in state if n != "p")


@every_optimizer
def test_a_learning_rate_of_zero_stays(name):
    assert (run(name, [1.0, 2.0], quadratic(1, 3), 20, lr=0.0) == [1.0, 2.0]).all()


@every_optimizer
def test_descend_takes_the_steps_that_a_loop_of_ones_own_takes(name):
    step, state = getattr(optimizers, name), {"w": np.array([1.0, 2.0])}
    path = descent.descend(step, state["w"], quadratic(1, 3), 12, lr=lambda k: 0.2 / (1 + k))
    for t in range(1, 13):
        state = step(**state, grad=quadratic(1, 3), t=t, lr=0.2 / t)
        for part, value in state.items():
            np.testing.assert_array_equal(path[part][t], np.broadcast_to(value, 2))


# Hyper-parameters that a map may go over, beside the learning rate.
AXES = dict(mu=(0.0, 0.95), beta=(0.5, 0.99), rho=(0.5, 0.99), beta1=(0.0, 0.95), beta2=(0.8, 0.999), eps=(1e-8, 0.1),
            decay=(0.0, 0.5), momentum_decay=(0.001, 0.1))  # fmt: skip


@every_optimizer
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), schedule=st.booleans())
def test_a_batch_of_runs_equals_each_run_alone_bit_for_bit(name, seed, schedule):
    rng = np.random.default_rng(seed)
    surface = surfaces.rosenbrock() if seed % 2 else surfaces.product()
    chosen = {key: rng.uniform(*AXES[key], 6) for key in DEFAULTS[name] if key in AXES} | {
        "lr": rng.uniform(1e-4, 0.3, 6)
    }
    w = rng.uniform(-2, 2, (6, 2))

    def at(i):
        h = {key: value[i] for key, value in chosen.items()}
        return h | {"lr": schedules.exponential(h["lr"], 0.97)} if schedule else h

    every = (slice(None), None)
    batch = descent.descend(getattr(optimizers, name), w, surface.grad, 40, **at(every))
    for i in range(6):
        alone = descent.descend(getattr(optimizers, name), w[i], surface.grad, 40, **at(i))
        for part in alone:
            np.testing.assert_array_equal(batch[part][i] if part == "diverged" else batch[part][:, i], alone[part])


@every_optimizer
def test_replay_and_fork_are_bit_equal(name):
    grad = gradients.clip_norm(gradients.noisy(surfaces.rosenbrock().grad, 0.5, seed=3), 20.0)
    step, lr, k = getattr(optimizers, name), schedules.warmup(schedules.cosine(0.05, 60), 10), 23
    go = functools.partial(descent.descend, step, grad=grad, lr=lr)
    path = go(np.array([[-1.0, 1.0], [0.3, 2.0]]), steps=50)
    replay = go(np.array([[-1.0, 1.0], [0.3, 2.0]]), steps=50)
    state = {part: path[part][k] for part in path if part != "diverged"}
    fork = go(state.pop("w"), steps=50 - k, start=k, **state)
    for part in path:
        np.testing.assert_array_equal(path[part], replay[part])
        if part != "diverged":
            np.testing.assert_array_equal(path[part][k:], fork[part])


@every_optimizer
def test_a_learning_rate_for_each_parameter_is_each_parameter_by_itself(name):
    if name == "normalized_gd":
        pytest.skip("its norm is over all parameters")
    lr, both = np.array([0.01, 0.2]), quadratic(1.0, 3.0)
    path = run(name, [1.0, 2.0], both, 30, lr=lr)
    for i in range(2):
        alone = run(name, [[1.0, 2.0][i]], lambda w, i=i: both(np.array([0.0, 0.0]) + w)[i : i + 1], 30, lr=lr[i])
        np.testing.assert_array_equal(path[:, i], alone[:, 0])


@every_optimizer
@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(lr=-0.1), "lr = -0.1: must be a number ≥ 0"),
        (dict(lr=np.nan), "lr"),
        (dict(lr=np.inf), "lr"),
        (dict(lr="fast"), "lr = 'fast': must be"),
        (dict(lr="0.1"), "lr"),
        (dict(lr=None), "lr"),
        (dict(lr=True), "lr"),
        (dict(lr=1j), "lr"),
        (dict(lr=[[1.0], [2.0, 3.0]]), "lr"),
        (dict(lr=np.array([0.1, -0.1])), "lr"),
        (dict(lr=lambda k: -1.0), "lr = .*-1.*: must be a number ≥ 0"),
        (dict(lr=lambda k, losses, more: 0.1), "lr"),
        (dict(gamma=0.5), "gamma = 0.5: must be left out: .* takes lr"),
        (dict(grad=None), "grad"),
        (dict(grad=lambda w: w[..., :1]), r"grad\(w\)"),
        (dict(grad=lambda w: 1.0), r"grad\(w\)"),
        (dict(grad=lambda w: np.zeros((3, 2))), r"grad\(w\)"),
        (dict(grad=lambda w: None), r"grad\(w\)"),
        (dict(grad=lambda w, t, seed: w), "grad"),
        (dict(w=[1.0, "a"]), "w"),
        (dict(w=1.0), "w"),
    ],
)
def test_bad_arguments_get_one_clear_error(name, wrong, words):
    w, grad = np.array([1.0, 2.0]), lambda w: w
    given = dict(w=w, grad=grad) | wrong
    with pytest.raises(ValueError, match=words):
        getattr(optimizers, name)(**given, t=1)
    with pytest.raises(ValueError, match=words):
        descent.descend(getattr(optimizers, name), steps=3, **given)
    assert np.array_equal(w, [1.0, 2.0])


@pytest.mark.parametrize("key", ["beta", "rho", "beta1", "beta2", "mu", "eps", "decay", "momentum_decay"])
def test_hyper_parameters_out_of_range_are_refused_by_name(key):
    bad = {"mu": [-0.1, 1.1], "eps": [-1e-9], "decay": [-0.1], "momentum_decay": [-1.0]}.get(key, [-0.1, 1.0, 1.5])
    for name in (name for name, defaults in DEFAULTS.items() if key in defaults):
        for value in [*bad, np.nan, np.inf, "a", np.array([[0.5], [-1.0]])]:
            with pytest.raises(ValueError, match=f"{key} = .*must be"):
                run(name, [1.0], quadratic(1.0), 2, **{key: value})


@pytest.mark.parametrize("t", [0, -1, 1.5, "1", None])
def test_steps_are_counted_from_one(t):
    with pytest.raises(ValueError, match="t = "):
        optimizers.adam(np.array([1.0]), quadratic(1.0), t=t)


def test_a_function_of_another_shape_is_no_step_function():
    for wrong in (lambda x, grad, t: {}, lambda w: {}, None, "adam", 3):
        with pytest.raises(ValueError, match="step"):
            optimizers.anatomy(wrong)


# ---- gradient descent and momentum ----------------------------------------------------------------------------------


@quick
@given(lr=numbers(0, 1.9), curvature=numbers(0.1, 1))
def test_a_gd_step_multiplies_the_distance_by_one_minus_eta_lambda(lr, curvature):
    w = run("gd", [1.0], quadratic(curvature), 20, lr=lr)[:, 0]
    np.testing.assert_allclose(w, (1 - lr * curvature) ** np.arange(21), rtol=1e-9, atol=1e-13)


@quick
@given(w=points, lr=numbers(0, 0.05))
def test_momentum_and_nesterov_with_mu_zero_are_gd(w, lr):
    grad = surfaces.himmelblau().grad
    for name in ("momentum", "nesterov"):
        np.testing.assert_array_equal(run(name, w, grad, 30, lr=lr, mu=0.0), run("gd", w, grad, 30, lr=lr))


@quick
@given(w=points, lr=numbers(0, 0.1), beta=numbers(0, 0.99))
def test_ema_momentum_is_momentum_with_the_rate_divided_by_the_sum_of_its_weights(w, lr, beta):
    grad = surfaces.bowl(5.0, 0.3).grad
    ema = run("ema_momentum", w, grad, 60, lr=lr, beta=beta)
    np.testing.assert_allclose(ema, run("momentum", w, grad, 60, lr=(1 - beta) * lr, mu=beta), atol=1e-12)


def test_under_a_constant_gradient_momentum_grows_to_lr_over_one_minus_mu():
    steps = np.diff(run("momentum", [0.0], lambda w: 0 * w - 1, 400, lr=0.1, mu=0.9)[:, 0])
    assert steps[0] == pytest.approx(0.1) and steps[-1] == pytest.approx(0.1 / (1 - 0.9))


@pytest.mark.parametrize(
    "name, limit",
    [
        ("gd", lambda mu: 2 + 0 * mu),
        ("momentum", lambda mu: 2 + 2 * mu),
        ("nesterov", lambda mu: (2 + 2 * mu) / (1 + 2 * mu)),
    ],
)
def test_the_range_of_stable_learning_rates_on_a_quadratic(name, limit):
    mu = np.array([[0.0], [0.5], [0.9]])
    chosen = {} if name == "gd" else {"mu": mu}
    ends = [np.abs(run(name, np.ones((3, 1)), quadratic(1.0), 9000, keep="last", lr=f * limit(mu), **chosen)).max(-1)
            for f in (0.999, 1.001)]  # fmt: skip
    assert (ends[0] < 0.1).all() and (ends[1] > 10).all()


def test_polyaks_numbers_give_the_heavy_ball_its_best_rate():
    kappa = 100.0
    lr, mu = (2 / (1 + kappa**-0.5)) ** 2, ((kappa**0.5 - 1) / (kappa**0.5 + 1)) ** 2  # λ from 1/κ to 1
    radii = []
    for curvature in (1.0, 0.1, 1 / kappa):
        unit = [
            optimizers.momentum(np.array([w]), quadratic(curvature), 1, np.array([v]), lr=lr, mu=mu)
            for w, v in ((1, 0), (0, 1))
        ]
        radii.append(np.abs(np.linalg.eigvals([[float(new[part][0]) for new in unit] for part in ("w", "v")])).max())
    np.testing.assert_allclose(radii, 0.81818181818, atol=1e-6)  # (√κ − 1)/(√κ + 1)
    assert mu == pytest.approx(0.6694, abs=1e-4)


def test_lessards_counterexample_the_heavy_ball_cycles_where_gd_and_nesterov_converge():
    def slope(x):
        return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))

    cycle = np.array([792, -2208, 2592]) / 1225
    ball = run("momentum", [3.3], slope, 300, lr=1 / 9, mu=4 / 9)[-3:, 0]
    np.testing.assert_allclose(np.sort(ball), np.sort(cycle), atol=1e-9)
    assert abs(run("gd", [3.3], slope, 300, lr=1 / 25)[-1, 0]) < 1e-3
    assert abs(run("nesterov", [3.3], slope, 300, lr=1 / 25, mu=2 / 3)[-1, 0]) < 1e-9
    for start in (3.0, 3.6):
        assert abs(run("momentum", [start], slope, 300, lr=1 / 9, mu=4 / 9)[-1, 0]) < 1e-9


def test_nesterov_looks_where_the_velocity_leads():
    asked = []
    optimizers.nesterov(np.array([1.0]), lambda w: asked.append(w) or w, 2, np.array([0.5]), lr=0.1, mu=0.8)
    np.testing.assert_array_equal(asked, [[1.0 + 0.8 * 0.5]])


@quick
@given(w=points, angle=numbers(0, 6))
def test_momentum_turns_with_the_coordinates_and_adam_does_not(w, angle):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    H = np.diag([1.0, 8.0])
    turned = dict(w=turn @ w, grad=lambda w: w @ turn @ H @ turn.T)
    for name in ("gd", "momentum", "nesterov", "normalized_gd"):
        path = run(name, w, lambda w: w @ H, 30, lr=0.02)
        if name != "normalized_gd":
            np.testing.assert_allclose(run(name, **turned, steps=30, lr=0.02), path @ turn.T, atol=1e-12)
    start, eighth = np.array([1.0, 1.0]), np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    straight = run("adam", start, lambda w: w @ H, 30, lr=0.02)
    oblique = run("adam", eighth @ start, lambda w: w @ eighth @ H @ eighth.T, 30, lr=0.02)
    assert np.abs(oblique - straight @ eighth.T).max() > 0.1


@quick
@given(scale=numbers(1e-3, 1e3), w=points)
def test_adam_ignores_the_scale_of_the_loss_and_momentum_does_not(scale, w):
    grad = surfaces.product().grad
    for name in ("adam", "adagrad", "rmsprop", "amsgrad", "nadam", "normalized_gd", "adamax"):
        chosen = dict(lr=0.05) | (dict(eps=0.0) if "eps" in DEFAULTS[name] else {})
        w = w + 0.01  # not where a gradient is exactly 0: 0/0
        path = run(name, w, grad, 20, **chosen)
        np.testing.assert_allclose(run(name, w, lambda w: scale * grad(w), 20, **chosen), path, atol=1e-7)
    one, other = (run("momentum", [1.0, 2.0], lambda w, c=c: c * w, 20, lr=0.05) for c in (1, 2))
    assert np.abs(one - other).max() > 0.1


@quick
@given(w=points, lr=numbers(0, 1))
def test_every_normalized_step_is_as_long_as_the_learning_rate(w, lr):
    steps = np.diff(run("normalized_gd", w + 4, surfaces.bowl(7.0, 0.4).grad, 10, lr=lr), axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=-1), lr, atol=1e-12)


def test_a_normalized_step_survives_gradients_of_any_size_and_stays_where_there_is_none():
    for size in (1e-200, 1e200, 5e-324):
        step = optimizers.normalized_gd(np.zeros(2), lambda w, s=size: np.array([0.0, s]), t=1, lr=1.0)["w"]
        np.testing.assert_allclose(step, [0, -1])
    assert (optimizers.normalized_gd(np.ones(2), lambda w: 0 * w, t=1, lr=1.0)["w"] == 1).all()


# ---- AdaGrad, RMSProp, AdaDelta -------------------------------------------------------------------------------------


@quick
@given(g=st.lists(numbers(-1e6, 1e6), min_size=1, max_size=30), lr=numbers(1e-3, 10))
def test_adagrads_step_never_exceeds_the_learning_rate(g, lr):
    w = run("adagrad", [0.0], lambda w, t: 0 * w + g[t - 1], len(g), lr=lr)[:, 0]
    assert np.abs(np.diff(w)).max() <= lr * (1 + 1e-9)


def test_adagrad_under_a_constant_gradient_travels_twice_the_root_of_the_time():
    way = -run("adagrad", [0.0], lambda w: 0 * w + 7.0, 10_000, keep="last", lr=1.0, limit=1e9)[0]
    assert way == pytest.approx((1 / np.sqrt(np.arange(1, 10_001))).sum(), rel=1e-9)
    assert way == pytest.approx(198.5, abs=0.1)


def test_adagrad_stalls_on_the_way_to_a_far_minimum():
    assert run("adagrad", [-100.0], quadratic(1.0), 10_000, keep="last", lr=0.1)[0] == pytest.approx(-80.9, abs=0.1)


@quick
@given(w=points, lr=numbers(0.01, 0.5))
def test_mean_square_adagrad_is_adagrad_with_a_rate_that_grows_like_the_root_of_t(w, lr):
    grad = surfaces.bowl(20.0, 0.5).grad
    mean = run("mean_square_adagrad", w, grad, 50, lr=lr, eps=0.0)
    total = run("adagrad", w, grad, 50, lr=lambda k: lr * np.sqrt(k + 1), eps=0.0)
    both = np.isfinite(mean) & (np.abs(w) > 1e-3).all()  # 0/0 where a gradient is exactly 0
    np.testing.assert_allclose(mean[both], total[both], atol=1e-9)


def test_the_mean_form_bursts_after_a_flat_stretch_and_the_sum_form_does_not():
    valley, start = quadratic(0.005, 1.0), [-100.0, 3.0]
    y = run("mean_square_adagrad", start, valley, 2000, lr=1.0)[:, 1]
    bursts = np.flatnonzero((np.abs(y[1:]) > 1) & (np.abs(y[:-1]) <= 1))
    assert len([t for t in bursts if t > 100]) >= 5
    for calm in (run("mean_square_adagrad", start, valley, 2000, lr=0.3), run("adagrad", start, valley, 2000, lr=1.0),
                 run("mean_square_adagrad", start, valley, 2000, lr=schedules.inverse_sqrt(1.0))):  # fmt: skip
        assert np.abs(calm[100:, 1]).max() < 1


def test_steep_coordinates_get_small_learning_rates():
    for name in ("adagrad", "rmsprop", "adadelta", "adam", "amsgrad", "adamax"):
        after = getattr(optimizers, name)(np.ones(2), lambda w: np.array([100.0, 0.01]), t=1, lr=0.01, eps=1e-12)
        part = next(after[part] for part in ("s", "v_max", "v", "u") if part in after)
        assert part[0] > part[1]
        step = np.abs(after["w"] - 1)
        assert step[0] == pytest.approx(step[1], rel=1e-3)  # ∝ g · (rate ∝ 1/g)


@pytest.mark.parametrize("beta", [0.9, 0.99])
def test_rmsprop_ends_in_a_cycle_of_half_the_learning_rate(beta):
    w = run("rmsprop", [3.0], quadratic(1.0), 6000, lr=0.01, beta=beta)[-200:, 0]
    assert np.abs(w).max() == pytest.approx(0.005, rel=0.01)
    assert (np.sign(w[1:]) == -np.sign(w[:-1])).all()


def test_rmsprop_forgets_a_steep_place_and_adagrad_does_not():
    g = [1000.0] + [1.0] * 600
    for name, last in (("rmsprop", 0.1), ("adagrad", 0.1 / np.sqrt(1e6 + 600))):
        w = run(
            name, [0.0], lambda w, t: 0 * w + g[t - 1], 601, lr=0.1, **(dict(beta=0.9) if name == "rmsprop" else {})
        )
        assert -np.diff(w[:, 0])[-1] == pytest.approx(last, rel=1e-4)


def test_centered_rmsprop_takes_longer_steps_where_the_gradient_is_steady():
    grad = lambda w, t: 0 * w + 1.0 + 0.1 * (-1) ** t  # noqa: E731
    plain, centered = (
        np.diff(run(name, [0.0], grad, 900, lr=0.01)[:, 0])[-1] for name in ("rmsprop", "centered_rmsprop")
    )
    assert centered / plain == pytest.approx(np.sqrt(1.01) / 0.1, rel=0.02)


def test_centered_rmsprop_averages_the_gradient_beside_its_square():
    path = descent.descend(optimizers.centered_rmsprop, [0.0], lambda w, t: 0 * w + t, 9, beta=0.5)
    for part, power in (("m", 1), ("s", 2)):
        average = [sum(0.5 ** (t - i + 1) * i**power for i in range(1, t + 1)) for t in range(10)]
        np.testing.assert_allclose(path[part][:, 0], average)


def test_centered_rmsprop_stays_finite_under_a_constant_gradient():
    g = np.linspace(0.01, 3, 400)
    path = descent.descend(
        optimizers.centered_rmsprop, np.zeros((400, 1)), lambda w: 0 * w + g[:, None], 4000, lr=1e-9, keep="last"
    )
    assert np.isfinite(path["w"]).all() and not path["diverged"].any()


@pytest.mark.parametrize("eps, first", [(1e-8, 3.16e-4), (1e-6, 3.16e-3), (1e-4, 3.16e-2)])
def test_epsilon_is_the_hidden_learning_rate_of_adadelta(eps, first):
    for g in (10.0, 1000.0):
        assert optimizers.adadelta(np.zeros(1), lambda w, g=g: 0 * w - g, t=1, eps=eps)["w"][0] == pytest.approx(
            first, rel=1e-3
        )


def test_adadelta_accumulates_its_steps_before_the_learning_rate():
    one, ten = (optimizers.adadelta(np.zeros(1), lambda w: w - 5, t=1, lr=lr) for lr in (1.0, 10.0))
    assert ten["X"] == one["X"] and ten["w"] == 10 * one["w"]


# ---- Adam and its family --------------------------------------------------------------------------------------------


@quick
@given(
    g=st.lists(numbers(1e-2, 1e6) | numbers(-1e6, -1e-2), min_size=2, max_size=2),
    lr=numbers(1e-3, 1),
    b=numbers(0, 0.999),
)
def test_the_first_step_of_adam_is_the_learning_rate_in_every_coordinate(g, lr, b):
    for name in ("adam", "amsgrad", "adamax"):
        step = getattr(optimizers, name)(np.zeros(2), lambda w: np.array(g), t=1, lr=lr, beta1=b)["w"]
        np.testing.assert_allclose(step, -lr * np.sign(g), rtol=1e-5)


def test_without_correction_adams_steps_start_at_three_and_peak_at_six_and_a_half_learning_rates():
    steps = -np.diff(run("uncorrected_adam", [0.0], lambda w: 0 * w + 5.0, 40, lr=1.0)[:, 0])
    assert steps[0] == pytest.approx(3.162, abs=1e-3)
    assert np.argmax(steps) + 1 == 12 and steps.max() == pytest.approx(6.57, abs=0.01)


def test_with_correction_adams_steps_are_one_learning_rate_under_a_constant_gradient():
    for name in ("adam", "amsgrad", "adamax"):
        steps = -np.diff(run(name, [0.0], lambda w: 0 * w + 5.0, 100, lr=1.0)[:, 0])
        np.testing.assert_allclose(steps[:1] if name == "amsgrad" else steps, 1, rtol=1e-6)


def test_a_rare_gradient_moves_adam_by_at_most_three_learning_rates():
    w = run("adam", [0.0], lambda w, t: 0 * w + (t == 5000), 5001, lr=1.0)[:, 0]
    assert np.abs(np.diff(w)).max() == pytest.approx(3.15, abs=0.01)
    assert np.abs(np.diff(w)).max() < (1 - 0.9) / np.sqrt(1 - 0.999)


@pytest.mark.parametrize("beta, half, window", [(0.9, 6.58, 10), (0.99, 69.0, 100), (0.999, 693, 1000)])
def test_an_average_forgets_half_in_its_half_life(beta, half, window):
    m = descent.descend(optimizers.ema_momentum, [0.0], lambda w, t: 0 * w + (t == 1), 9000, lr=0.0, beta=beta)["m"][
        1:, 0
    ]
    assert np.interp(-m[0] / 2, -m, np.arange(9000)) == pytest.approx(half, rel=0.01)
    assert (m * np.arange(1, 9001)).sum() / m.sum() == pytest.approx(window, rel=0.01)


def test_amsgrad_mends_the_example_in_which_adam_walks_to_the_worst_point():
    slope = lambda w, t: 0 * w + (3 if t % 3 == 1 else -1)  # noqa: E731  losses 3x, −x, −x on [−1, 1]: −1 is best
    end = {}
    for name in ("adam", "amsgrad"):
        step = optimizers.projected(getattr(optimizers, name), -1.0, 1.0)
        path = descent.descend(step, [0.0], slope, 3000, lr=schedules.inverse_sqrt(0.5), beta1=0.0, beta2=0.1)
        end[name] = float(path["w"][-1, 0])
    assert end["adam"] == pytest.approx(0.996, abs=0.01) and end["amsgrad"] == pytest.approx(-0.997, abs=0.01)


@quick
@given(g=st.lists(numbers(-1e3, 1e3), min_size=1, max_size=25))
def test_amsgrad_never_forgets_its_largest_v(g):
    path = descent.descend(optimizers.amsgrad, [0.0], lambda w, t: 0 * w + g[t - 1], len(g))
    assert (np.diff(path["v_max"], axis=0) >= 0).all() and (path["v_max"] >= path["v"]).all()


def test_the_bias_correction_lets_amsgrads_effective_learning_rate_rise_all_the_same():
    path = descent.descend(optimizers.amsgrad, [0.0], lambda w, t: 0 * w + (1.0 if t == 1 else 1e-6), 100, lr=1.0)
    assert (path["v_max"][1:] == path["v_max"][1]).all()  # the largest v is the first
    effective = -np.diff(path["w"][:, 0]) / (path["m"][1:, 0] / (1 - 0.9 ** np.arange(1, 101)))  # of each step
    assert (np.diff(effective) > 0).all()
    assert effective[-1] / effective[0] == pytest.approx(np.sqrt((1 - 0.999**100) / (1 - 0.999)), rel=1e-6)


@pytest.mark.parametrize("beta", [0.3, 0.5, 0.9])
def test_nadams_first_step_is_longer_than_adams(beta):
    w = optimizers.nadam(np.zeros(2), lambda w: w + [3.0, -50.0], t=1, lr=0.1, beta1=beta)["w"]
    np.testing.assert_allclose(w, [-0.1 * (1 + 2 * beta) / (1 + beta), 0.1 * (1 + 2 * beta) / (1 + beta)], rtol=1e-7)


def test_nadams_constant_form_is_the_limit_of_its_schedule():
    grad = surfaces.beale().grad
    constant, limit = (run("nadam", [1.0, 1.5], grad, 60, lr=0.01, momentum_decay=psi) for psi in (None, 1e9))
    np.testing.assert_allclose(constant, limit, atol=1e-12)
    half = run("nadam", [1.0, 1.5], grad, 60, lr=0.01, momentum_decay=0.0)  # what torch's 0 means
    assert np.abs(half - constant).max() > 1e-3


def test_radam_is_momentum_until_five_gradients_stand_behind_the_average():
    grad, lr = (lambda w: 0 * w + 3.0), 0.1
    steps = -np.diff(run("radam", [0.0], grad, 2000, lr=lr)[:, 0])
    np.testing.assert_allclose(steps[:5], lr * 3.0, rtol=1e-12)
    assert steps[5] < 0.1 * lr and (np.diff(steps[5:]) > 0).all() and 0.7 * lr < steps[-1] < lr
    for beta2 in (0.6, 2 / 3):
        plain = run("radam", [0.0], grad, 50, lr=lr, beta2=beta2)
        np.testing.assert_allclose(-np.diff(plain[:, 0]), lr * 3.0, rtol=1e-12)
    assert (-np.diff(run("radam", [0.0], grad, 50, lr=lr, beta2=0.67)[:, 0]) < lr).any()


# ---- without a schedule, and the sign alone --------------------------------------------------------------------------


@quick
@given(w=points, lr=numbers(0.01, 0.3))
def test_schedule_free_without_interpolation_is_gd_with_the_mean_of_its_points(w, lr):
    grad = surfaces.bowl(5.0, 0.3).grad
    path = descent.descend(optimizers.schedule_free, w, grad, 40, lr=lr, beta=0.0)
    plain = run("gd", w, grad, 40, lr=lr)
    np.testing.assert_allclose(path["z"][1:], plain[1:], atol=1e-12)
    np.testing.assert_allclose(path["w"][1:], np.cumsum(plain[1:], 0) / np.arange(1, 41)[:, None], atol=1e-12)


def test_schedule_free_asks_between_the_fast_point_and_the_mean():
    asked = []
    optimizers.schedule_free(np.array([1.0]), lambda w: asked.append(w) or w, 5, np.array([3.0]), lr=0.1, beta=0.75)
    np.testing.assert_array_equal(asked, [[0.25 * 3.0 + 0.75 * 1.0]])


def test_schedule_free_goes_on_falling_where_a_constant_rate_stays_in_its_noise():
    grad = gradients.noisy(lambda w: w, 1.0, seed=np.arange(200))
    for name, low, high in (("gd", 0.2, 0.4), ("schedule_free", 0.0, 0.03)):
        w = run(name, np.full((200, 1), 3.0), grad, 400, lr=0.4, keep="last")
        assert low <= (w**2).mean() < high


@quick
@given(w=points, lr=numbers(0.01, 0.3))
def test_sign_descent_is_adam_and_lion_without_a_memory(w, lr):
    grad = surfaces.bowl(7.0, 0.4).grad
    path = run("sign_gd", w, grad, 30, lr=lr)
    np.testing.assert_array_equal(run("lion", w, grad, 30, lr=lr, beta1=0.0), path)
    np.testing.assert_array_equal(run("lion", w, grad, 30, lr=lr, beta1=0.0, beta2=0.0), path)
    still = (np.abs([grad(one) for one in path]) < 1e-3).any()  # there ε shows
    assert still or np.abs(run("adam", w, grad, 30, lr=lr, beta1=0.0, beta2=0.0) - path).max() < 1e-3


def test_lion_moves_by_the_old_mixture_and_remembers_by_another():
    g = lambda w, t: np.array([1.0 if t == 1 else -0.05])  # noqa: E731
    path = descent.descend(optimizers.lion, [0.0], g, 3, lr=1.0, beta1=0.5, beta2=0.9)
    np.testing.assert_allclose(path["m"][:, 0], [0, 0.1, 0.085, 0.0715])
    np.testing.assert_allclose(path["w"][:, 0], [0, -1, -2, -3])  # ½ · 0.1 − ½ · 0.05 > 0: it goes on


@pytest.mark.parametrize("decay, edge", [(1.0, 1.0), (10.0, 0.1)])
def test_lions_decay_is_a_box(decay, edge):
    far = lambda w: 0 * w - np.array([5.0, -0.01])  # noqa: E731  a slope without an end
    w = run("lion", np.array([30.0, 0.0]), far, 20_000, lr=0.002, decay=decay, keep="last")
    np.testing.assert_allclose(w, [edge, -edge], rtol=1e-6)


# ---- decay: in the gradient, or around the step ---------------------------------------------------------------------


@quick
@given(w=points, lr=numbers(0, 0.3), decay=numbers(0, 1))
def test_l2_and_decoupled_decay_are_the_same_for_gd_and_not_for_adam(w, lr, decay):
    grad = surfaces.bowl(4.0, 0.2).grad
    for shrunk in (optimizers.decoupled(optimizers.gd),):
        both = [
            descent.descend(shrunk, w, grad, 40, lr=lr, decay=decay)["w"],
            run("gd", w, gradients.l2(grad, decay), 40, lr=lr),
        ]
        np.testing.assert_allclose(*both, atol=1e-12)
    inside = run("adam", [2.0, 1.0], gradients.l2(grad, 0.5), 40, lr=0.1)
    assert np.abs(inside - run("adamw", [2.0, 1.0], grad, 40, lr=0.1, decay=0.5)).max() > 0.05


@quick
@given(w=points, lr=numbers(0, 0.3), decay=numbers(0, 1))
def test_adamw_is_adam_with_decay_around_the_step(w, lr, decay):
    grad, wrapped = surfaces.product().grad, optimizers.decoupled(optimizers.adam)
    path = descent.descend(wrapped, w, grad, 40, lr=lr, decay=decay)
    np.testing.assert_allclose(path["w"], run("adamw", w, grad, 40, lr=lr, decay=decay), atol=1e-12)
    np.testing.assert_allclose(run("adamw", w, grad, 40, lr=lr, decay=0.0), run("adam", w, grad, 40, lr=lr), atol=1e-12)


def test_decoupled_decay_shrinks_every_weight_alike_and_l2_in_adam_does_not():
    noise = gradients.noisy(lambda w: 0 * w, np.repeat([0.1, 10.0], 200), seed=1)
    eta, lam, steps = 1e-3, 0.1, 3000  # e^(−ηλT) = 0.741
    for name, grad, chosen, low, high in (
        ("adamw", noise, dict(decay=lam), (0.70, 0.78), (0.70, 0.78)),
        ("adam", gradients.l2(noise, lam), {}, (0.0, 0.3), (0.9, 1.05)),
    ):
        w = run(name, np.ones(400), grad, steps, lr=eta, keep="last", **chosen)
        assert low[0] < w[:200].mean() < low[1] and high[0] < w[200:].mean() < high[1]


def test_decay_of_zero_for_the_biases_spares_them():
    w = run("adamw", np.ones(3), lambda w: 0 * w, 10, lr=0.1, decay=np.array([0.5, 0.5, 0.0]))[-1]
    np.testing.assert_allclose(w, [0.95**10, 0.95**10, 1.0])


def test_a_decoupled_step_is_an_optimizer_like_any_other():
    step = optimizers.decoupled(optimizers.momentum)
    assert optimizers.anatomy(step) == ({"v": 0.0}, {"lr": 0.01, "mu": 0.9, "decay": 0.01})
    w, v = np.array([2.0]), np.array([1.0])
    np.testing.assert_array_equal(
        step(w, quadratic(3.0), 1, v, lr=0.1, mu=0.5, decay=0.2)["w"], 2 + (0.5 - 0.6) - 0.1 * 0.2 * w
    )
    lr = np.array([[0.1], [0.2]])
    fields = descent.descend(step, w, quadratic(3.0), 20, lr=lr, decay=lambda k: 0.1)
    alone = descent.descend(step, w, quadratic(3.0), 20, lr=0.2, decay=0.1)
    np.testing.assert_array_equal(fields["w"][:, 1], alone["w"])
    for wrong in (optimizers.adamw, lambda w, grad, t: {}, None):
        with pytest.raises(ValueError, match="step"):
            optimizers.decoupled(wrong)


# ---- a box around the steps -----------------------------------------------------------------------------------------


@quick
@given(w=points, lr=numbers(0.01, 0.5))
def test_a_projected_step_is_the_step_as_long_as_it_stays_in_the_box(w, lr):
    step, grad = optimizers.projected(optimizers.momentum, -1.0, [2.0, 3.0]), surfaces.himmelblau().grad
    path = descent.descend(step, w, grad, 30, lr=lr)
    assert (path["w"][1:] >= -1).all() and (path["w"][1:] <= [2.0, 3.0]).all() and not path["diverged"]
    for t in range(30):
        free = optimizers.momentum(path["w"][t], grad, t + 1, path["v"][t], lr=lr)
        np.testing.assert_array_equal(path["w"][t + 1], np.clip(free["w"], -1, [2.0, 3.0]))
        np.testing.assert_array_equal(path["v"][t + 1], free["v"])


def test_a_projected_step_is_an_optimizer_like_any_other():
    step = optimizers.projected(optimizers.decoupled(optimizers.adam), -1.0, np.inf)
    assert optimizers.anatomy(step) == optimizers.anatomy(optimizers.decoupled(optimizers.adam))
    one = step(np.array([2.0]), quadratic(1.0), 1, lr=0.1)
    assert step(**one, grad=quadratic(1.0), t=2, lr=5.0)["w"] == -1
    for wrong, words in ((3, "step"), (optimizers.gd, "low = .*must be ≤ high")):
        with pytest.raises(ValueError, match=words):
            optimizers.projected(wrong, 1.0, -1.0)
