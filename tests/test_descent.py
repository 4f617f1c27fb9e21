"""descend: a path is exact, can be replayed and forked, and nothing that one run does disturbs another."""

import functools
import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim_core import descent, fast, gradients, optimizers, schedules, surfaces

quick = settings(max_examples=15, deadline=None)


@pytest.fixture(autouse=True)
def no_warning_is_printed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def explode(w):
    """A gradient that is finite only near the origin: from |w| > 1 on it grows without bound."""
    return -(w**5) * 10


# ---- what a path is -------------------------------------------------------------------------------------------------


def test_a_path_has_time_first_and_starts_where_it_was_told():
    w0 = np.arange(12.0).reshape(3, 2, 2)
    path = descent.descend(optimizers.adam, w0, lambda w: w, 7, lr=np.array([0.1, 0.2])[:, None])
    assert {name: value.shape for name, value in path.items()} == {
        "w": (8, 3, 2, 2), "m": (8, 3, 2, 2), "v": (8, 3, 2, 2), "diverged": (3, 2)}  # fmt: skip
    np.testing.assert_array_equal(path["w"][0], w0)


def test_hyper_parameters_and_state_make_runs_too():
    path = descent.descend(
        optimizers.momentum, [1.0, 2.0], lambda w: w, 3, lr=np.full((4, 1, 1), 0.1), mu=np.full((5, 1), 0.9)
    )
    assert path["w"].shape == (4, 4, 5, 2)
    assert descent.descend(optimizers.momentum, [1.0, 2.0], lambda w: w, 3, v=np.zeros((6, 2)))["w"].shape == (4, 6, 2)


def test_no_steps_give_the_start():
    path = descent.descend(optimizers.gd, [1, 2], lambda w: w, 0)
    np.testing.assert_array_equal(path["w"], [[1.0, 2.0]])
    assert path["w"].dtype == float and path["diverged"] == 0


def test_what_is_given_stays_untouched_and_the_path_is_ones_own():
    w0, v0, lr = np.array([1.0, 2.0]), np.array([0.5, 0.5]), np.array([[0.1], [1e9]])
    path = descent.descend(optimizers.momentum, w0, lambda w: w, 5, v=v0, lr=lr)
    path["w"][:] = 7
    assert w0.tolist() == [1, 2] and v0.tolist() == [0.5, 0.5] and lr.tolist() == [[0.1], [1e9]]
    last = descent.descend(optimizers.gd, w0, lambda w: w, 0, keep="last")
    last["w"][:] = 7
    assert w0.tolist() == [1, 2]


def test_keep_last_is_the_end_of_the_whole_path():
    chosen = dict(lr=np.geomspace(1e-4, 1.5, 9)[:, None, None], mu=np.linspace(0, 0.9, 4)[:, None])
    for surface in (surfaces.product(), surfaces.rosenbrock(), surfaces.from_formula("exp(w1) * sin(w2) + w1^8 / 90")):
        path = descent.descend(optimizers.momentum, [-1.0, 1.3], surface.grad, 60, **chosen)
        last = descent.descend(optimizers.momentum, [-1.0, 1.3], surface.grad, 60, keep="last", **chosen)
        assert 0 < (path["diverged"] > 0).mean() < 1
        for name in path:
            np.testing.assert_array_equal(last[name], path[name] if name == "diverged" else path[name][-1])


class Apart:
    """A gradient that says that runs do not depend on one another, and remembers how many it was asked for."""

    pointwise = True

    def __init__(self):
        self.asked = []

    def grad(self, w):
        self.asked.append(w.shape[:-1])
        return explode(w)


@quick
@given(seed=st.integers(0, 10**6))
def test_runs_that_left_are_dropped_from_a_map_and_nothing_else_changes(seed):
    rng, apart = np.random.default_rng(seed), Apart()
    w, lr = rng.uniform(-1.5, 1.5, (20, 5, 2)), rng.uniform(0.001, 0.3, (5, 1))
    frozen = descent.descend(optimizers.momentum, w, explode, 25, keep="last", lr=lr)
    dropped = descent.descend(optimizers.momentum, w, apart.grad, 25, keep="last", lr=lr)
    for name in frozen:
        np.testing.assert_array_equal(dropped[name], frozen[name])
    left = frozen["diverged"]
    for t, shape in enumerate(apart.asked, start=1):
        assert shape == (((left == 0) | (left >= t)).sum(),)


# ---- hyper-parameters as functions of the steps taken ---------------------------------------------------------------


def test_the_first_step_uses_the_schedule_at_zero():
    asked = []
    path = descent.descend(optimizers.gd, [0.0], lambda w: 0 * w - 1, 4, lr=lambda k: asked.append(k) or 10.0**-k)
    np.testing.assert_allclose(np.diff(path["w"][:, 0]), [1, 0.1, 0.01, 0.001])
    assert sorted(set(asked)) == [0, 1, 2, 3]


def test_a_gradient_of_w_and_t_is_asked_with_the_step():
    path = descent.descend(optimizers.gd, [0.0], lambda w, t: 0 * w - t, 4, start=2, lr=1.0)
    np.testing.assert_array_equal(path["w"][:, 0], [0, 3, 7, 12, 18])


def test_a_second_argument_with_a_default_is_not_the_step():
    path = descent.descend(optimizers.gd, [1.0], lambda w, scale=2.0: scale * w, 1, lr=0.25)
    assert path["w"][1, 0] == 0.5


def test_a_step_function_of_ones_own_needs_nothing_but_its_signature():
    def restarted(w, grad, t, v=0.0, *, lr, every=10, loud=False):
        v = np.where(t % every == 0, 0, 0.9 * v) - lr * grad(w)
        return dict(w=w + v, v=v)

    path = descent.descend(restarted, [1.0, 2.0], lambda w: w, 30, lr=0.1)
    np.testing.assert_array_equal(path["v"][10], -0.1 * path["w"][9])
    counting = functools.wraps(optimizers.gd)(lambda *a, **k: calls.append(1) or optimizers.gd(*a, **k))
    calls = []
    descent.descend(counting, [1.0], lambda w: w, 3)
    assert len(calls) == 3  # wrapped by somebody else: that wrapper is not skipped
    partial = functools.partial(optimizers.momentum, mu=0.0)
    np.testing.assert_array_equal(
        descent.descend(partial, [1.0], lambda w: w, 9)["w"], descent.descend(optimizers.gd, [1.0], lambda w: w, 9)["w"]
    )


def test_a_step_function_may_answer_with_a_list():
    path = descent.descend(lambda w, grad, t, *, lr=0.5: dict(w=list(w - lr * grad(w))), [1.0, 2.0], lambda w: w, 2)
    assert path["w"].tolist() == [[1, 2], [0.5, 1], [0.25, 0.5]]


# ---- divergence -----------------------------------------------------------------------------------------------------


def test_a_diverged_run_stays_at_its_last_finite_state_and_says_when_it_left():
    path = descent.descend(optimizers.gd, [1.0], lambda w: w, 40, lr=3.0, limit=1000.0)  # w: 1, −2, 4, −8, …
    assert path["diverged"] == 10
    np.testing.assert_array_equal(path["w"][:, 0], [(-2.0) ** min(t, 10) for t in range(41)])


def test_a_step_into_infinity_or_nan_is_not_taken():
    for lr in (1e300, 1e308):
        path = descent.descend(optimizers.momentum, [3.0, 1e5], lambda w: w**3, 5, lr=lr)
        assert path["diverged"] == 1
        np.testing.assert_array_equal(path["w"], np.tile([3.0, 1e5], (6, 1)))
        np.testing.assert_array_equal(path["v"], np.zeros((6, 2)))
    path = descent.descend(optimizers.gd, [1.0], lambda w, t: w * np.nan if t == 3 else w, 6, lr=0.5)
    assert path["diverged"] == 3 and path["w"][:, 0].tolist() == [1, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]


def test_a_state_that_overflows_is_a_divergence_although_w_stays():
    path = descent.descend(optimizers.adam, [1.0], lambda w: 0 * w + 1e200, 4)
    assert path["diverged"] == 1 and path["v"].max() == 0


def test_the_limit_is_inclusive_and_may_be_raised():
    assert descent.descend(optimizers.gd, [1e6], lambda w: 0 * w, 2)["diverged"] == 0
    path = descent.descend(optimizers.gd, [1e7], lambda w: 0 * w, 2, limit=np.inf)
    assert path["diverged"] == 0 and path["w"][-1] == 1e7


@pytest.mark.parametrize("runs", [(), (3,), (4, 5), (9000,)], ids=str)
@pytest.mark.parametrize("limit", [0.3, 1e6, 1e200, descent.LARGEST])
def test_the_quick_look_sees_what_the_close_look_sees(runs, limit):
    rng, beyond = np.random.default_rng(0), limit * (1 + 2**-52) if limit < descent.LARGEST else np.inf
    for value in (0.0, limit / 2, limit, -limit, beyond, -beyond, 1e199, -np.inf, np.nan):
        for name in ("w", "v"):
            state = {part: rng.uniform(-1, 1, (*runs, 2)) * min(limit, 1.0) / 2 for part in ("w", "v")}
            state[name][..., 1].flat[-1:] = value
            with np.errstate(all="ignore"):
                assert fast.well(state, limit) == (not descent._gone(state, limit).any())


@quick
@given(seed=st.integers(0, 10**6), name=st.sampled_from(["gd", "momentum", "nesterov", "adam"]))
def test_a_run_that_diverges_does_not_disturb_the_others(seed, name):
    rng = np.random.default_rng(seed)
    w, lr = rng.uniform(-1.3, 1.3, (30, 2)), rng.uniform(0.01, 0.6, (30, 1))
    path = descent.descend(getattr(optimizers, name), w, explode, 30, lr=lr)
    for i in range(0, 30, 3):
        alone = descent.descend(getattr(optimizers, name), w[i], explode, 30, lr=lr[i, 0])
        np.testing.assert_array_equal(path["w"][:, i], alone["w"])
        assert path["diverged"][i] == alone["diverged"]


@quick
@given(seed=st.integers(0, 10**6))
def test_everything_on_a_path_is_finite(seed):
    rng = np.random.default_rng(seed)
    surface = list(surfaces.SURFACES.values())[seed % len(surfaces.SURFACES)]()
    w, lr = rng.uniform(-1e3, 1e3, (20, 2)), 10.0 ** rng.uniform(-3, 300, (20, 1))
    for name, step in optimizers.OPTIMIZERS.items():
        path = descent.descend(step, w, surface.grad, 10, lr=lr, limit=1e100)
        assert all(np.isfinite(value).all() for value in path.values()), name
        left = path["diverged"]
        for i in np.flatnonzero(left):
            assert (path["w"][left[i] :, i] == path["w"][left[i], i]).all(), name


# ---- replay and fork ------------------------------------------------------------------------------------------------


@quick
@given(k=st.integers(0, 60), seed=st.integers(0, 100))
def test_a_fork_goes_on_bit_for_bit_whatever_stands_around_the_gradient(k, seed):
    surface = surfaces.rosenbrock()
    rng = np.random.default_rng(seed)
    w, lr = rng.uniform(-1.5, 1.5, (7, 2)), rng.uniform(1e-4, 4e-3, (7, 1))
    rate = schedules.on_plateau(lr, factor=0.5, patience=1, raise_after=3)
    grad = gradients.clip_norm(gradients.noisy(surface.grad, 3.0, seed=np.arange(7)), gradients.running(1.5))
    go = functools.partial(descent.descend, optimizers.momentum, grad=grad, lr=rate, loss=surface.loss)
    path, replay = (go(w, steps=60) for _ in range(2))
    fork = go(path["w"][k], steps=60 - k, start=k, v=path["v"][k], losses=path["loss"], diverged=path["diverged"])
    for name in path:
        np.testing.assert_array_equal(path[name], replay[name])
        np.testing.assert_array_equal(path[name] if name == "diverged" else path[name][k:], fork[name])


def test_a_run_that_had_left_stays_left_in_a_fork():
    grad = lambda w, t: w * (np.inf if t == 3 else 1)  # noqa: E731
    w0 = np.array([[1.0], [0.0]])
    path = descent.descend(optimizers.gd, w0 + 1, lambda w, t: np.where(w > 1.9, grad(w, t), w), 8, lr=0.01)
    path = descent.descend(optimizers.gd, w0, lambda w, t: np.where(w != 0, grad(w, t), w), 8, lr=0.5)
    assert path["diverged"].tolist() == [3, 0]
    fork = descent.descend(
        optimizers.gd,
        path["w"][5],
        lambda w, t: np.where(w != 0, grad(w, t), w),
        3,
        start=5,
        lr=0.5,
        diverged=path["diverged"],
    )
    np.testing.assert_array_equal(fork["w"], path["w"][5:])
    assert fork["diverged"].tolist() == [3, 0]


def test_a_fork_beyond_the_limit_stays_where_it_is():
    path = descent.descend(optimizers.gd, [1.0], lambda w: w, 30, lr=3.0, limit=1000.0)
    fork = descent.descend(optimizers.gd, path["w"][20], lambda w: w, 10, lr=3.0, start=20, limit=1000.0)
    np.testing.assert_array_equal(fork["w"], path["w"][20:])
    assert fork["diverged"] == 20


# ---- losses ---------------------------------------------------------------------------------------------------------


def test_losses_are_measured_at_every_state():
    surface = surfaces.himmelblau()
    w = np.array([[0.0, 1.0], [2.0, 2.0]])
    path = descent.descend(optimizers.gd, w, surface.grad, 20, lr=0.01, loss=surface.loss)
    np.testing.assert_array_equal(path["loss"], surface.loss(path["w"]))
    last = descent.descend(optimizers.gd, w, surface.grad, 20, lr=0.01, loss=surface.loss, keep="last")
    np.testing.assert_array_equal(last["loss"], path["loss"][-1])
    surface.pointwise = True  # a map whose runs that left are dropped
    last = descent.descend(optimizers.gd, w, surface.grad, 20, lr=0.01, loss=surface.loss, keep="last")
    np.testing.assert_array_equal(last["loss"], path["loss"][-1])


def test_a_schedule_that_looks_at_the_losses_gets_those_of_the_states_so_far():
    seen = []
    rate = lambda k, losses: seen.append((k, losses.copy())) or 0.1  # noqa: E731
    path = descent.descend(optimizers.gd, [3.0], lambda w: w, 5, lr=rate, loss=lambda w: w[..., 0] ** 2)
    for k, losses in seen:
        np.testing.assert_array_equal(losses, path["loss"][: k + 1])
    assert [k for k, _ in seen][-1] == 4


# ---- bad arguments --------------------------------------------------------------------------------------------------

GOOD = dict(step=optimizers.momentum, w=[1.0, 2.0], grad=lambda w: w, steps=3)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(steps=-1), "steps = -1: must be a whole number ≥ 0"),
        (dict(steps=2.5), "steps = 2.5"),
        (dict(steps="3"), "steps"),
        (dict(steps=None), "steps"),
        (dict(steps=True), "steps"),
        (dict(start=-1), "start = -1"),
        (dict(start=0.5), "start"),
        (dict(keep="some"), 'keep = .some.: must be "all" or "last"'),
        (dict(keep=np.array([1, 2])), "keep"),
        (dict(limit=0), "limit"),
        (dict(limit=-1.0), "limit"),
        (dict(limit=np.nan), "limit"),
        (dict(limit="far"), "limit"),
        (dict(limit=[1.0, 2.0]), "limit"),
        (dict(w=[1.0, np.nan]), "w = .*nan.*: must be finite numbers"),
        (dict(w=[1.0, np.inf]), "w"),
        (dict(w=[2e6, 0.0]), "w = .*within the limit"),
        (dict(w=3.0), r"w.shape = \(\): must be"),
        (dict(w=[]), "w.shape"),
        (dict(w=np.zeros((0, 2))), "w.shape"),
        (dict(w="12"), "w"),
        (dict(w=[[1.0, 2.0], [3.0]]), "w"),
        (dict(w=[1j, 2.0]), "w"),
        (dict(w=None), "w"),
        (dict(v=[1.0, np.nan]), "v"),
        (dict(v="a"), "v"),
        (dict(v=[1.0, 2.0, 3.0]), "shapes"),
        (dict(lr=np.ones(5)), "shapes"),
        (dict(lr=np.ones((5, 1)), mu=np.full((4, 1), 0.5)), "shapes"),
        (dict(w=[1.0], lr=np.ones(50)), "shapes"),
        (dict(lr=np.ones((0, 1))), "shapes"),
        (dict(learning_rate=0.1), "learning_rate = 0.1: must be left out: momentum takes lr, mu"),
        (dict(step="momentum"), "step"),
        (dict(step=None), "step"),
        (dict(step=lambda w: w), "step"),
        (dict(grad=[1.0, 2.0]), "grad"),
        (dict(grad=lambda w, t, u: w), "grad"),
        (dict(grad=lambda w: w[:1]), r"grad\(w\)"),
        (dict(grad=lambda w: w * 1j), r"grad\(w\)"),
        (dict(loss=3), "loss"),
        (dict(loss=lambda w: w), r"loss\(w\).shape = \(2,\): must be that of the runs, \(\)"),
        (dict(loss=lambda w: "low"), r"loss\(w\)"),
        (dict(lr=schedules.on_plateau(0.1)), "loss = None: must be a function of w, since the schedule of lr"),
        (dict(lr=schedules.on_plateau(0.1), loss=lambda w: w[0], start=4), "losses"),
        (dict(start=4, loss=lambda w: w[0], losses=[1.0, 2.0]), "losses"),
        (dict(start=4, diverged=np.zeros(3)), "diverged"),
    ],
)  # fmt: skip
def test_bad_arguments_get_one_clear_error(wrong, words):
    with pytest.raises(ValueError, match=words):
        descent.descend(**GOOD | wrong)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda w, v: w, "the step's answer"),
        (lambda w, v: None, "the step's answer"),
        (lambda w, v: dict(w=w), "a dict of w, v"),
        (lambda w, v: dict(w=w, v=v, u=v), "the step's answer"),
        (lambda w, v: dict(w=np.ones((5, 2)), v=v), r"w after the step.shape = \(5, 2\): must be"),
        (lambda w, v: dict(w=w, v=np.ones(3)), "v after the step.shape"),
    ],
)
def test_a_step_function_that_answers_in_another_shape_is_refused(answer, words):
    def step(w, grad, t, v=0.0, *, lr=0.1):
        return answer(w, v)

    with pytest.raises(ValueError, match=words):
        descent.descend(step, [1.0, 2.0], lambda w: w, 2)


def test_a_required_hyper_parameter_that_is_missing_is_named():
    def step(w, grad, t, v, *, lr):
        return dict(w=w - lr * grad(w), v=v)

    for given_, name in (({}, "v"), (dict(v=0.0), "lr")):
        with pytest.raises(ValueError, match=f"{name} = 'nothing': must be given"):
            descent.descend(step, [1.0], lambda w: w, 2, **given_)


def test_the_signature_can_be_read():
    assert list(inspect.signature(descent.descend).parameters)[:4] == ["step", "w", "grad", "steps"]
