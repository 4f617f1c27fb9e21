"""The schedules are torch's, and say in every step what their formula says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_optimizers import DATA, GOLDEN, schedule_of

from optim_core import descent, optimizers, schedules, surfaces

quick = settings(max_examples=50, deadline=None)
EXACT = 6e-16  # what is left of rounding


def rates(schedule, steps, *losses):
    return np.array([np.squeeze(schedule(k, *losses)) for k in range(steps)])


# ---- references -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spec", range(len(GOLDEN["schedules"])), ids=lambda i: "-".join(map(str, GOLDEN["schedules"][i]))
)
def test_a_schedule_is_torchs(spec):
    ours = rates(schedule_of(0.1, GOLDEN["schedules"][spec]), GOLDEN["steps"])
    np.testing.assert_allclose(ours, DATA["rates"][spec], rtol=0, atol=EXACT)


@pytest.mark.parametrize("spec", range(len(GOLDEN["plateaus"])))
def test_on_plateau_makes_of_the_same_losses_what_torch_makes(spec):
    name, *arguments = GOLDEN["plateaus"][spec]
    losses = DATA["plateau_losses"][spec]
    ours = rates(schedules.on_plateau(0.1, *arguments), GOLDEN["steps"], losses)
    np.testing.assert_allclose(ours, DATA["plateau_rates"][spec], rtol=0, atol=EXACT)


def test_the_references_contain_every_schedule():
    covered = {name for spec in GOLDEN["schedules"] for name in spec if isinstance(name, str)} - {"sequence"}
    odd = (covered | {"on_plateau"}) ^ schedules.SCHEDULES.keys()
    assert not odd, f"SCHEDULES here and in tests/golden/optimizers.py, which is to be run, do not agree on {odd}"
    assert (np.ptp(DATA["plateau_rates"], axis=1) > 0).sum() >= 8


# ---- formulas -------------------------------------------------------------------------------------------------------


@quick
@given(k=st.integers(0, 200) | st.integers(0, 10**6), lr=st.floats(1e-6, 10))  # the first: where most of them bend
def test_the_formulas(k, lr):
    for ours, formula in (
        (schedules.constant(lr), lr),
        (schedules.inverse_time(lr, 0.3), lr / (1 + 0.3 * k)),
        (schedules.exponential(lr, 0.96), lr * 0.96**k),
        (schedules.natural_exponential(lr, 0.04), lr * np.exp(-0.04 * k)),
        (schedules.step(lr, 7, 0.5), lr * 0.5 ** (k // 7)),
        (schedules.linear(lr, 50, lr / 3), lr + (lr / 3 - lr) * min(k / 50, 1)),
        (schedules.cosine(lr, 90, lr / 9), lr / 9 + (lr - lr / 9) * (1 + np.cos(np.pi * min(k / 90, 1))) / 2),
        (schedules.wsd(lr, 90, 0.3), lr * max(min((90 - k) / 27, 1), 0)),
        (schedules.inverse_sqrt(lr), lr / np.sqrt(k + 1)),
    ):
        assert ours(k) == pytest.approx(formula, rel=1e-12, abs=1e-300)


@quick
@given(k=st.integers(0, 10**6), steps=st.integers(1, 10**4))
def test_no_schedule_ever_goes_below_its_end_or_above_its_beginning(k, steps):
    for schedule, end in (
        (schedules.linear, 0.0),
        (schedules.linear, 0.02),
        (schedules.cosine, 0.0),
        (schedules.cosine, 0.02),
    ):
        rate = schedule(0.1, steps, end=end)(k)
        assert end - 1e-17 <= rate <= 0.1
        assert k < steps or rate == pytest.approx(end, abs=1e-17)


def test_beta_096_is_for_the_exponential_and_kills_the_natural_one():
    assert schedules.exponential(1.0)(100) == pytest.approx(0.0169, abs=1e-4)  # β = .96 unless given
    assert schedules.natural_exponential(1.0)(100) == pytest.approx(0.0169, abs=1e-4)  # β = .0408 unless given
    assert schedules.natural_exponential(1.0, 0.96)(100) == pytest.approx(2e-42, rel=0.1)
    assert schedules.inverse_time(1.0, 0.96)(100) == pytest.approx(0.0103, abs=1e-4)


def test_a_warm_up_is_a_stair_of_equal_steps_that_ends_where_the_schedule_begins():
    warm = rates(schedules.warmup(0.1, 9), 15)
    np.testing.assert_allclose(np.diff(warm[:10]), 0.01, atol=1e-16)
    assert warm[0] == pytest.approx(0.01) and warm[8] == pytest.approx(0.09) and (warm[9:] == 0.1).all()
    cooling = schedules.cosine(0.1, 50)
    np.testing.assert_array_equal(rates(schedules.warmup(cooling, 9), 40)[9:], rates(cooling, 31))
    np.testing.assert_array_equal(rates(schedules.warmup(cooling, 0), 40), rates(cooling, 40))
    assert schedules.warmup(0.1, 5, start=0.0)(0) == 0


def test_piecewise_counts_each_schedule_from_where_it_begins():
    schedule = schedules.piecewise([0.3, schedules.linear(0.1, 4), 0.7], [2, 8])
    np.testing.assert_allclose(rates(schedule, 10), [0.3, 0.3, 0.1, 0.075, 0.05, 0.025, 0, 0, 0.7, 0.7], atol=1e-16)


def test_a_schedule_in_pieces_or_warmed_up_hands_the_losses_on():
    flat = np.ones(12)
    plateau = schedules.on_plateau(0.4, 0.5, patience=1)  # 0.4, 0.4, 0.2, 0.2, 0.1, …
    late = rates(schedules.piecewise([0.9, plateau], [3]), 9, flat)
    np.testing.assert_allclose(late, [0.9, 0.9, 0.9, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1])
    np.testing.assert_allclose(
        rates(schedules.warmup(plateau, 3), 9, flat), [0.1, 0.2, 0.3, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]
    )


def test_the_pieces_may_come_in_any_sequence():
    for kind in (tuple, np.array, iter):
        assert schedules.piecewise(kind([0.3, 0.2]), kind([5]))(5) == 0.2


@quick
@given(steps=st.integers(1, 400), fall=st.integers(1, 400), lr=st.floats(1e-6, 10))
def test_wsd_is_a_constant_and_then_a_line_bit_for_bit(steps, fall, lr):
    fall = min(fall, steps)
    k, share = np.arange(2 * steps), fall / steps
    if steps * share == fall:  # where rounding leaves the cool-down a whole number of steps
        pieces = [lr, schedules.linear(lr, fall)] if fall < steps else []
        expected = schedules.piecewise(pieces, [steps - fall]) if pieces else schedules.linear(lr, steps)
        np.testing.assert_array_equal(schedules.wsd(lr, steps, share)(k), expected(k))


def test_a_cool_down_shorter_than_a_step_is_none():
    for share in (0.0, 0.01, 0.1):
        assert rates(schedules.wsd(0.3, 10, share), 13).tolist() == [0.3] * 10 + [0.0] * 3


def test_until_it_falls_wsd_does_not_know_how_long_it_will_be():
    short, long = (rates(schedules.wsd(0.3, steps), steps) for steps in (100, 1000))
    np.testing.assert_array_equal(short[:81], long[:81])
    assert (np.diff(short[80:]) < 0).all() and short[90] == pytest.approx(0.15)


def test_a_triangle_wave_comes_back():
    np.testing.assert_array_equal(rates(schedules.cyclic(0.0, 1.0, 1), 4), [0, 1, 0, 1])
    np.testing.assert_array_equal(rates(schedules.cyclic(0.0, 1.0, 2, 1), 4), [0, 0.5, 1, 0])
    wave = rates(schedules.cyclic(0.1, 0.3, 3, 5), 33)
    np.testing.assert_allclose(wave[:9], [0.1, 0.5 / 3, 0.7 / 3, 0.3, 0.26, 0.22, 0.18, 0.14, 0.1], atol=1e-15)
    np.testing.assert_array_equal(wave[:16], wave[16:32])


@quick
@given(seed=st.integers(0, 1000), k=st.integers(0, 300))
def test_a_schedule_over_runs_is_each_run_alone_bit_for_bit(seed, k):
    rng = np.random.default_rng(seed)
    lr, beta = rng.uniform(0.01, 1, (5, 1)), rng.uniform(0.5, 1, (5, 1))
    for maker in (
        schedules.inverse_time, schedules.exponential, schedules.natural_exponential,
        lambda lr, beta: schedules.step(lr, 7, beta), lambda lr, beta: schedules.linear(lr, 99, beta),
        lambda lr, beta: schedules.warmup(schedules.exponential(lr, beta), 20),
        lambda lr, beta: schedules.cyclic(lr, beta, 5), lambda lr, beta: schedules.wsd(lr, 200, 0.3),
        lambda lr, beta: schedules.piecewise([lr, beta], [50]),
    ):  # fmt: skip
        np.testing.assert_array_equal(maker(lr, beta)(k)[:, 0], [maker(lr[i, 0], beta[i, 0])(k) for i in range(5)])


RATES = np.array([[0.1], [0.3]])
ONES = {
    "constant": schedules.constant(RATES),
    "inverse_time": schedules.inverse_time(0.1, RATES),
    "exponential": schedules.exponential(RATES),
    "natural_exponential": schedules.natural_exponential(RATES),
    "step": schedules.step(0.1, 3),
    "linear": schedules.linear(RATES, 7),
    "cosine": schedules.cosine(0.1, 7),
    "wsd": schedules.wsd(RATES, 9, 0.5),
    "inverse_sqrt": schedules.inverse_sqrt(RATES),
    "cyclic": schedules.cyclic(0.1, 0.3, 2, 3),
    "piecewise": schedules.piecewise([3 * RATES, schedules.linear(RATES, 4), RATES], [2, 8]),
    "warmup": schedules.warmup(schedules.cosine(0.1, 9), 4),
    "on_plateau": schedules.on_plateau(0.1, patience=0),
}


def test_every_schedule_has_its_row_here():
    missing = schedules.SCHEDULES.keys() - ONES.keys()
    assert not missing, f"ONES in this file has no row for {missing}"


@pytest.mark.parametrize("name", ONES)
def test_a_schedule_answers_an_array_of_steps_with_the_rate_of_each(name):
    k, losses = np.arange(12)[::-1].reshape(3, 4), [np.ones(12)] * (name == "on_plateau")
    together, alone = ONES[name](k, *losses), [ONES[name](int(one), *losses) for one in k.flat]
    np.testing.assert_array_equal(together, np.reshape(alone, (*k.shape, *np.shape(alone[0]))))
    assert np.array_equal(ONES[name](np.array(3), *losses), alone[8])


@pytest.mark.parametrize("k", [np.array([0.5]), np.array([1, -1]), np.empty(0, int), [0, 1], np.array([True]), "1"])
@pytest.mark.parametrize("name", ONES)
def test_what_is_no_number_of_steps_is_refused(name, k):
    losses = [np.ones(12)] * (name == "on_plateau")
    with pytest.raises(ValueError, match=r"^k = .*: must be a whole number ≥ 0$"):
        ONES[name](k, *losses)


def test_any_hyper_parameter_follows_a_schedule():
    ramp = schedules.linear(0.5, 20, end=0.9)
    path = descent.descend(optimizers.momentum, [0.0], lambda w: 0 * w - 1, 40, lr=0.1, mu=ramp)
    v = 0.0
    for k in range(40):
        v = ramp(k) * v + 0.1
        assert path["v"][k + 1, 0] == v


# ---- on_plateau -----------------------------------------------------------------------------------------------------


def test_patience_counts_more_than_so_many_bad_losses():
    flat = np.ones(30)
    np.testing.assert_allclose(
        rates(schedules.on_plateau(1.0, 0.5, patience=3), 13, flat), [1] * 4 + [0.5] * 4 + [0.25] * 4 + [0.125]
    )


def test_the_rate_rises_again_when_the_loss_falls_but_never_above_its_beginning():
    losses = np.concatenate([[1.0] * 4, 0.9 ** np.arange(1, 13)])
    rate = rates(schedules.on_plateau(0.8, 0.5, patience=0, raise_after=3), 16, losses)
    np.testing.assert_allclose(rate, [0.8, 0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.4, 0.4, 0.4, 0.8, 0.8, 0.8, 0.8])
    never = rates(schedules.on_plateau(0.8, 0.5, patience=0), 16, losses)
    assert never[-1] == 0.1
    at_once = rates(schedules.on_plateau(0.8, 0.5, patience=0, raise_after=1), 7, losses)
    np.testing.assert_allclose(at_once, [0.8, 0.4, 0.2, 0.1, 0.2, 0.4, 0.8])


def test_the_rate_stops_falling_at_its_low_end_or_where_it_would_hardly_change():
    flat = np.ones(40)
    assert rates(schedules.on_plateau(0.1, 0.5, patience=0, low=0.03), 40, flat)[-1] == 0.03
    np.testing.assert_allclose(rates(schedules.on_plateau(0.1, 0.1, patience=0), 40, flat)[6:], [1e-7] + [1e-8] * 33)


@quick
@given(seed=st.integers(0, 1000), order=st.permutations(range(12)))
def test_the_rate_depends_on_the_losses_alone_and_not_on_what_was_asked_before(seed, order):
    rng = np.random.default_rng(seed)
    losses, others = np.round(rng.random((12, 3)), 1), rng.random((12, 3))
    schedule = schedules.on_plateau(0.1, 0.5, patience=1, raise_after=2)
    first = [schedules.on_plateau(0.1, 0.5, patience=1, raise_after=2)(k, losses) for k in range(12)]
    for k in order:
        schedule(k, others)
        np.testing.assert_array_equal(schedule(k, losses), first[k])
        np.testing.assert_array_equal(schedule(k, losses[: k + 1]), first[k])
    for run in range(3):
        alone = rates(schedules.on_plateau(0.1, 0.5, patience=1, raise_after=2), 12, losses[:, run])
        np.testing.assert_array_equal(alone, [rate[run, 0] for rate in first])


def test_on_plateau_stops_a_run_from_bouncing():
    surface = surfaces.bowl(1.0)
    go = lambda lr: descent.descend(optimizers.gd, [1.0, 1.0], surface.grad, 80, lr=lr, loss=surface.loss)  # noqa: E731
    assert go(2.0)["loss"][-1] == pytest.approx(1)
    assert go(schedules.on_plateau(2.0, 0.5, patience=2))["loss"][-1] < 1e-30
    assert go(schedules.warmup(schedules.on_plateau(2.0, 0.5, patience=2), 5))["loss"][-1] < 1e-30
    assert go(schedules.piecewise([2.0, schedules.on_plateau(2.0, 0.5, patience=2)], [40]))["loss"][-1] < 1e-15


# ---- bad arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: schedules.constant(-0.1), "lr = .*must be ≥ 0"),
        (lambda: schedules.constant(np.nan), "lr"),
        (lambda: schedules.constant("0.1"), "lr"),
        (lambda: schedules.constant(None), "lr"),
        (lambda: schedules.exponential(0.1, -0.5), "beta"),
        (lambda: schedules.inverse_time(0.1, [1.0, "a"]), "beta"),
        (lambda: schedules.natural_exponential(0.1, np.inf), "beta"),
        (lambda: schedules.step(0.1, 0), "every = 0: must be a whole number ≥ 1"),
        (lambda: schedules.step(0.1, 2.5), "every"),
        (lambda: schedules.step(0.1, 10, factor=-1), "factor"),
        (lambda: schedules.linear(0.1, 0), "tau"),
        (lambda: schedules.linear(0.1, 10, end=-0.1), "end"),
        (lambda: schedules.cosine(0.1, -5), "steps"),
        (lambda: schedules.cosine(0.1, "many"), "steps"),
        (lambda: schedules.wsd(0.1, 0), "steps"),
        (lambda: schedules.wsd(0.1, 100, 20), r"cooldown = 20: must be in \[0, 1\]"),
        (lambda: schedules.inverse_sqrt(1j), "lr"),
        (lambda: schedules.cyclic(0.1, 0.2, 0), "up"),
        (lambda: schedules.cyclic(0.1, 0.2, 5, 0), "down"),
        (lambda: schedules.cyclic(-0.1, 0.2, 5), "low"),
        (lambda: schedules.piecewise([0.1], [5]), "boundaries"),
        (lambda: schedules.piecewise([0.1, 0.2, 0.3], [5, 5]), "boundaries = .*rising"),
        (lambda: schedules.piecewise([0.1, 0.2], [-3]), "boundaries"),
        (lambda: schedules.piecewise([0.1, -0.2], [3]), "values"),
        (lambda: schedules.piecewise([0.1, "a"], [3]), "values"),
        (lambda: schedules.piecewise(0.1, 3), "values"),
        (lambda: schedules.warmup(0.1, -1), "steps"),
        (lambda: schedules.warmup(0.1, 5, start=1.5), "start"),
        (lambda: schedules.warmup("cosine", 5), "schedule"),
        (lambda: schedules.warmup(lambda a, b, c: 0.1, 5), "schedule"),
        (lambda: schedules.on_plateau(0.1, factor=1.0), "factor"),
        (lambda: schedules.on_plateau(0.1, factor=0.0), "factor"),
        (lambda: schedules.on_plateau(0.1, patience=-1), "patience"),
        (lambda: schedules.on_plateau(0.1, threshold=-1), "threshold"),
        (lambda: schedules.on_plateau(0.1, low=-1), "low"),
        (lambda: schedules.on_plateau(0.1, raise_after=0), "raise_after"),
        (lambda: schedules.on_plateau(0.1)(3, [1.0, 2.0, 3.0]), "the losses of w₀ … w_3, 4 of them"),
        (lambda: schedules.on_plateau(0.1)(0, None), "losses"),
        (lambda: optimizers.gd(np.ones(1), lambda w: w, 1, lr=schedules.on_plateau(0.1)), "losses"),
    ],
)
def test_bad_arguments_get_one_clear_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
