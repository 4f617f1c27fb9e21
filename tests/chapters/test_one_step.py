"""Chapter 01: what its captions and questions say holds over the whole range of the sliders."""

import doctest
import importlib
import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import notebooks
from optim_core.chapters.one_step import exercises, experiments, scenes
from optim_core.chapters.one_step.experiments import CURVES, LATE, LONG, RATES, cycle, drifts, fate, safe, steps_until
from optim_core.descent import descend
from optim_core.live import control
from optim_core.losses import mse
from optim_core.network import Linear, Network, Tanh
from optim_core.optimizers import gd
from optim_core.scenes.board import number

ETAS = control("eta", 0.1).stops
LAMS = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 30.0]
KINDS = ["float16", "float32", "float64"]
SMALL = [1e-9, 1e-8, 2e-8, 3e-8, 1e-7, 1e-6, 1e-5, 1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 1e-3]
LARGE = [0.01, 0.1, 0.5, 1.0, 1.5, 1.9, 2.0, 2.1, 2.5, 3.0, 3.5]


@pytest.mark.parametrize("name", ["exercises", "experiments", "scenes"])
def test_the_examples_in_the_docstrings_run(name):
    module = importlib.import_module(f"optim_core.chapters.one_step.{name}")
    ran = doctest.testmod(module)
    assert ran.attempted >= 4 and not ran.failed


# The factor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lam", LAMS)
def test_fate_and_steps_are_those_of_a_run_in_exact_fractions(lam):
    for eta in ETAS:
        exact = 1 - Fraction(str(eta)) * Fraction(str(lam))
        word, steps = fate(1 - eta * lam), steps_until(1e-6, 1 - eta * lam)
        after_one, after_two = exact, exact**2
        if exact == 0:
            assert (word, steps) == ("arrives", 1)
        elif after_two == 1:
            assert (word, steps) == ("swings for ever", math.inf)
        elif after_two > 1:
            assert (word, steps) == ("diverges", math.inf)
        else:
            assert word == ("creeps" if after_one > 0 else "zig-zags")
            left = Fraction(1, 10**6)
            # the logarithm of an exact power, far from rounding: |factor|ᵗ and |factor|ᵗ⁻¹ lie on two sides of it
            if steps <= 400:
                assert abs(exact) ** steps <= left < abs(exact) ** (steps - 1)
            else:
                size = abs(float(exact))
                assert steps * math.log(size) <= math.log(1e-6) < (steps - 1) * math.log(size)


def test_the_caption_of_the_factor_names_the_sliders_and_the_part_that_a_step_takes():
    def show(eta, lam, start=1.5):
        scene = scenes.Factor()
        path = descend(gd, [start], lambda w: lam * w, 60, lr=eta)
        scene.show((lam, eta, {"gradient descent": path["w"][:, 0]}))
        scene.at(60)
        return scene.caption

    assert "η = 0.1, λ = 1: the factor 1 − ηλ is 0.9. A step takes away 10 % of the distance: it creeps" in show(
        0.1, 1.0
    )
    assert "A step takes away 1 % of the distance" in show(0.1, 0.1)
    assert "takes away 250 % of the distance, more than twice what there is: it diverges" in show(0.1, 25.0)
    assert "swings for ever" in show(2.0, 1.0) and "arrives in one step" in show(0.2, 5.0)
    assert "no step moves it" in show(0.2, 5.0, start=0.0)


@pytest.mark.parametrize("lam", LAMS)
def test_what_is_said_of_the_part_and_of_the_growth_is_what_powers_of_the_factor_do(lam):
    for eta in ETAS:
        exact = 1 - Fraction(str(eta)) * Fraction(str(lam))
        said, size = scenes.part(eta, lam, 1.5), float(abs(exact))
        assert said == scenes.part(eta, lam, -3.0) and scenes.part(eta, lam, 0.0).endswith("no step moves it.")
        taken = said.split("takes away ")[1].split(" %")[0]
        assert float(taken.replace(",", "")) == pytest.approx(float(100 * (1 - exact)), rel=5e-3)
        assert ("more than twice what there is" in said) == (exact < -1)
        assert ("more than there is" in said) == (-1 < exact < 0) and ("swings for ever" in said) == (exact == -1)
        if exact < -1:  # how long until it is a hundred million times as far
            steps = next(k for k in itertools.count() if size**k >= 1e8)
            if "tenfold every" in said:
                every = float(said.split("tenfold every ")[1].split(" ")[0])
                assert 8 * every == pytest.approx(steps, rel=0.04, abs=1.5)
            else:
                assert float(said.split("diverges, ")[1].split("-fold")[0]) == pytest.approx(size, rel=5e-3)


# One step ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CURVES)
def test_slopes_and_curvatures_are_derivatives(name):
    f, h = CURVES[name], 1e-5
    w = np.linspace(-2.5, 2.5, 38)  # no point at 0
    assert np.allclose((f.loss(w + h) - f.loss(w - h)) / (2 * h), f.slope(w), atol=1e-8)
    assert np.allclose((f.slope(w + h) - f.slope(w - h)) / (2 * h), f.bend(w), atol=1e-6)
    if name != "V":
        minimum = 1.0 if name == "double well" else 0.0
        assert f.slope(minimum) == 0 and f.bend(minimum) == pytest.approx(1)


def first_rise(name, w):
    """Where a step from w lowers the loss no more, on paper."""
    slope = abs(CURVES[name].slope(w))
    if name == "double well" and abs(w) < math.sqrt(2):
        other = math.sqrt(2 - w * w)  # as high as w in the same well
        return abs(abs(w) - other) / slope
    return 2 * abs(w) / slope  # −w is as high


@pytest.mark.parametrize("name", CURVES)
def test_up_to_where_a_step_gains_is_what_it_is_on_paper(name):
    for w in control("w", 1.5).stops:
        if CURVES[name].slope(w) == 0:
            assert safe(CURVES[name], w) == 0
            assert scenes.verdict(CURVES[name], w, 1.0) == "The slope is 0: whatever η is, the step is 0."
        elif first_rise(name, w) < 100:
            assert safe(CURVES[name], w) == pytest.approx(first_rise(name, w), rel=1e-6)
        else:
            assert safe(CURVES[name], w) == math.inf


def exactly(name, w):
    """The loss at a fraction, in fractions, or in forty digits."""
    if name == "soft V":
        return mpmath.log(mpmath.cosh(mpmath.mpf(w.numerator) / w.denominator))
    return {"parabola": w * w / 2, "double well": (w * w - 1) ** 2 / 8, "V": abs(w)}[name]


@pytest.mark.parametrize("name", CURVES)
@mpmath.workdps(40)
def test_what_is_said_of_a_step_is_so_in_exact_arithmetic(name):
    for w, eta in itertools.product(control("w", 1.5).stops[::10], [*ETAS[::8], 2.0, ETAS[-1]]):
        at, said, curve = Fraction(str(w)), scenes.verdict(CURVES[name], w, eta), CURVES[name]
        slope = Fraction(float(curve.slope(w))) if name == "soft V" else Fraction(str(round(float(curve.slope(w)), 12)))
        if slope == 0:
            assert said == "The slope is 0: whatever η is, the step is 0."
            continue
        promise = Fraction(str(eta)) * slope**2
        fall = exactly(name, at) - exactly(name, at - Fraction(str(eta)) * slope)
        kept = float(fall / (mpmath.mpf(promise.numerator) / promise.denominator if name == "soft V" else promise))
        assert ("stays as it is" in said) == (abs(kept) < 1e-9) and ("rises by" in said) == (kept < -1e-9)
        assert ("more than promised" in said) == (kept > 1 + 1e-9)
        if "a little more than promised" in said:
            assert 1 < kept < 1.005
        elif kept > 1e-9:
            assert notebooks.parse_number(said.split(", ")[2].split(" %")[0])[0] == pytest.approx(100 * kept, rel=6e-3)
        most = first_rise(name, w)
        limit = "up to 100" if most > 100 else f"below {number(most)}"
        assert said.endswith(f"One step with any η {limit} lowers the loss.")
        assert kept > 0 or eta >= most * (1 - 1e-9)


def test_on_a_parabola_half_of_the_promise_is_kept_at_1_over_the_curvature():
    for w in (-2.0, 0.3, 1.5):
        fall, promise = experiments.gain(CURVES["parabola"], w, 1.0)
        assert fall == pytest.approx(promise / 2)
        assert "the loss stays as it is" in scenes.verdict(CURVES["parabola"], w, 2.0)


# In the long run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CURVES)
def test_what_is_said_after_a_thousand_steps_holds_after_ten_thousand(name):
    rates, starts = np.array(ETAS)[:, None], np.array([-2.4, -1.6, -1, -0.5, -0.02, 0, 0.02, 0.4, 1, 1.5, 2, 2.4])
    begin = np.broadcast_to(starts[:, None, None], (len(starts), *rates.shape))
    path = descend(gd, begin, CURVES[name].slope, LONG, lr=rates)
    last = np.where(path["diverged"][..., None] > 0, 0.0, path["w"][-1])
    far = descend(gd, last, CURVES[name].slope, 10_000, keep="last", lr=rates)
    assert not far["diverged"].any()
    late = descend(gd, far["w"], CURVES[name].slope, LATE, lr=rates)["w"][1:, ..., 0]
    for i, j in np.ndindex(path["diverged"].shape):
        w, gone, ends = path["w"][:, i, j, 0], int(path["diverged"][i, j]), late[:, i, j]
        said = scenes.outcome({"w": w[:, None], "diverged": gone})
        if gone:
            assert said.startswith(f"it diverges; at step {gone}") and abs(w[gone]) > 1e6
        elif "comes to rest" in said:
            assert np.ptp(ends) < 1e-6 and abs(CURVES[name].slope(ends[-1])) < 1e-6
            assert float(said.rstrip(".").split("w = ")[1].replace("−", "-")) == pytest.approx(ends[-1], abs=6e-3)
        elif "in a cycle" in said:
            assert cycle(ends) == cycle(w[-LATE:]) > 1
            assert said.split("cycle of ")[1].split(" ")[0] == str(cycle(ends))
            assert cycle(ends) == len(np.unique(np.round(ends, 5))) or name == "double well"  # points come close there
            if name == "soft V":  # between a and −a
                assert ends[-1] == pytest.approx(-ends[-2], abs=1e-5)
        elif "still on its way" in said:  # the border itself, or a start near the top of the hill
            jumps = np.abs(w[-LATE + 1 :] - w[-LATE:-1])
            assert drifts(w[-LATE:]) and (all(np.diff(jumps) < 0) or all(np.diff(jumps) > 0)) and ETAS[j] in (0.02, 2.0)
        elif "no step moves it" in said:
            assert CURVES[name].slope(starts[i]) == 0
        else:
            assert cycle(ends) is None and name == "double well" and ETAS[j] > 2.6


def test_a_cycle_is_found_in_what_goes_round_and_in_nothing_else():
    dice = np.random.default_rng(0)
    for length in (1, 2, 3, 5, 8, 32):
        points = np.tile(dice.normal(size=length), 128)[:LATE]
        assert cycle(points) == length and not drifts(points)
    assert cycle(np.tile(dice.normal(size=33), 10)[:LATE]) is None
    with pytest.raises(ValueError, match="at least 64"):
        cycle(np.zeros(63))


def test_the_diagram_has_what_single_runs_give():
    late = experiments.diagram("double well", 0.5)
    for k in (0, 150, 218, 300, 398):
        run = descend(gd, [0.5], CURVES["double well"].slope, LONG, lr=float(RATES[k, 0]))
        assert np.array_equal(late[:, k], run["w"][-LATE:, 0])
    assert np.isnan(experiments.diagram("double well", 2.4)[:, -1]).all()


def test_the_cycles_double_where_newton_says():
    edges = experiments.doublings(6)
    assert edges[:2] == pytest.approx([2, 2 * (math.sqrt(5) - 1)], rel=1e-12)  # on paper
    for k, edge in enumerate(edges[:3]):
        for lr, points in ((edge - 2e-3 / 4**k, 2**k), (edge + 2e-3 / 4**k, 2 ** (k + 1))):
            end = descend(gd, [0.5], CURVES["double well"].slope, 20_000, keep="last", lr=lr)["w"]
            assert cycle(descend(gd, end, CURVES["double well"].slope, LATE, lr=lr)["w"][1:, 0]) == points
    ratios = np.diff(edges)[:-1] / np.diff(edges)[1:]
    assert np.all(np.diff(np.abs(ratios - 4.669201609)) < 0) and ratios[-1] == pytest.approx(4.6692, abs=2e-3)


def test_the_soft_v_never_runs_away_and_its_cycle_is_the_one_on_paper():
    for eta in (2.5, 3.0, 4.0):
        w = descend(gd, [1.5], np.tanh, 2000, lr=eta)["w"][:, 0]
        a = abs(w[-1])
        assert (
            np.abs(w).max() <= 1.5 + eta and w[-1] == pytest.approx(-w[-2]) and 2 * a == pytest.approx(eta * np.tanh(a))
        )


def test_from_where_on_a_run_crosses_from_one_well_to_the_other():
    edge = 3 * math.sqrt(3) - 2
    w = descend(gd, [[0.5], [0.5]], CURVES["double well"].slope, 20_000, lr=np.array([[edge - 0.01], [edge + 0.01]]))[
        "w"
    ]
    assert w[:, 0].min() > 0 > w[:, 1].min()


def test_short_cycles_come_back_within_the_chaos():
    assert {cycle(column) for column in experiments.diagram("double well", 0.5)[:, RATES[:, 0] > 2.65].T} > {None, 6}


@pytest.mark.parametrize("eta", [2.2, 3.0, 4.0])
def test_from_where_the_double_well_lets_go(eta):
    edge = math.sqrt(1 + 4 / eta)
    starts = np.array([[edge - 1e-3], [edge + 1e-3]])
    assert (descend(gd, starts, CURVES["double well"].slope, 20_000, lr=eta)["diverged"] > 0).tolist() == [False, True]


def test_on_the_v_every_rate_ends_between_two_points_a_step_apart_unless_the_corner_is_hit():
    rates = np.array(ETAS)
    last = descend(gd, np.full((len(ETAS), 1), 1.55), np.sign, LONG, lr=rates[:, None])["w"][-2:, :, 0]
    hops = np.abs(last[1] - last[0])
    assert (np.isclose(hops, rates) | (np.abs(last) < 1e-12).all(axis=0)).all() and np.isclose(hops, rates).any()


# Units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize("unit", experiments.UNITS)
def test_the_same_run_in_every_unit(unit, total):
    size, (lam, loss, slope) = experiments.UNITS[unit], experiments.fares(unit, total)
    reference = experiments.fares("kilometres")
    rate = exercises.new_rate.reference(0.02, size) / (len(experiments.FARES) if total else 1)
    path = descend(gd, [0.0], slope, 10, lr=rate, loss=loss, limit=1e300)
    kilometres = descend(gd, [0.0], reference[2], 10, lr=0.02, loss=reference[1])
    assert np.allclose(path["w"] * size, kilometres["w"], rtol=1e-12)
    assert np.allclose(path["loss"], kilometres["loss"] * (40 if total else 1), rtol=1e-12)
    assert lam == pytest.approx(reference[0] * size**2 * (40 if total else 1))
    h = 1e-4 / size
    w = np.array([[1.3 / size]])
    assert slope(w)[0, 0] == pytest.approx((loss(w + h) - loss(w - h))[0] / (2 * h), rel=1e-6)


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize("unit", experiments.UNITS)
def test_what_is_said_of_the_line_is_what_the_run_does_at_every_stop(unit, total):
    lam, loss, slope = experiments.fares(unit, total)
    best = scenes.best(lam)
    rates = np.array([float(f"{m}e{d}") for d in range(-10, 6) for m in (1, 2, 5)] + [1e6, best, 2 * best])
    x, y = experiments.KILOMETRES * experiments.UNITS[unit], experiments.FARES
    goal = np.linalg.lstsq(x[:, None], y, rcond=None)[0]
    w = descend(gd, np.zeros((len(rates), 1)), slope, 10, lr=rates[:, None], limit=1e300)["w"][..., 0]
    for rate, off in zip(rates, (w / goal - 1).T, strict=True):
        said, size = scenes.becomes(rate * lam), np.abs(off)
        assert ("hardly" in said) == (-1 < off[10] < -0.99 and off[1] < 0) or 0.0009 < rate * lam < 0.0011
        assert ("after one step" in said) == (size[1] < 1e-9)
        assert ("thrown out" in said) == (size[1] > 1 + 1e-9)
        assert ("for ever" in said) == (abs(size[1] - 1) < 1e-9 < off[1])
        assert ("swings into" in said) == (1e-9 < off[1] < 1 - 1e-9) and ("creeps" in said) <= (-1 < off[1] < -1e-9)
    one = loss(descend(gd, np.zeros((201, 1)), slope, 1, lr=best * np.linspace(0, 2, 201)[:, None])["w"][-1])
    assert one.argmin() == 100


# Numbers that end ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lr", SMALL + LARGE)
def test_how_numbers_end_is_what_the_run_does_when_it_goes_on(kind, lr):
    w, loss = experiments.keeps(kind, lr)
    said = scenes.ending(kind, lr, w, loss)
    assert w.dtype == loss.dtype == kind
    number = getattr(np, kind)
    if "stands still" in said:
        step = int(said.split("from step ")[1].split(" ")[0])
        now = w[step]
        assert step == 0 or w[step - 1] != now
        for _ in range(3):
            assert now - number(lr) * now == now != 0
        asked = float(number(lr)) * (abs(float(now)) / experiments.gap(now))
        assert (asked == 0) == ("η itself is 0" in said) and (asked > 0.5) == (f"as a {kind} half of one" in said)
        assert asked <= 0.5 or float(number(lr) * abs(now)) == experiments.gap(now) / 2
    elif "infinite from step" in said:
        first = {"loss": int(np.argmax(~np.isfinite(loss))), "w": int(np.argmax(np.isinf(w)))}
        assert f"The loss is infinite from step {first['loss']} on" in said
        assert np.isinf(w).any() == ("w is not a number any more" in said)
        growth = abs(1 - lr)
        digits = math.log(float(np.finfo(kind).max)) / math.log(growth)  # on paper
        assert abs(first["loss"] - (digits + math.log(2) / math.log(growth)) / 2) < 2 + 0.01 * first["loss"]
    elif "exactly 0" in said:
        assert w[int(said.split("step ")[1].split(" ")[0])] == 0
    else:
        assert w[-1] != w[-2] and np.isfinite(loss).all()
        two_later = w[-1]
        for _ in range(2):
            two_later = two_later - number(lr) * two_later
        assert ("for ever" in said) == (two_later == w[-1])


def test_the_numbers_are_named_by_the_type_that_is_shown_after_their_end_too():
    scene = scenes.Ends()
    for kind in KINDS:
        scene.show((kind, 3.0, *experiments.keeps(kind, 3.0)))
        scene.at(scene.steps)
        names = [text.get_text() for text in scene.near.axes.get_legend().get_texts()]
        assert f"numbers of {kind}" in names and "not a number" in scene.caption


def test_a_step_that_is_too_small_is_never_said_to_be_half_a_gap():
    for kind, lr in itertools.product(KINDS, SMALL):
        said = scenes.ending(kind, lr, *experiments.keeps(kind, lr))
        assert "is 0.5 of a gap" not in said


def test_the_lowest_point_of_the_parabola_is_in_the_picture_up_to_the_border():
    scene = scenes.Apart()
    for w, eta in itertools.product((-2.5, 0.4, 1.5), (0.1, 1.0, 2.0)):
        scene.show((CURVES["parabola"], w, eta))
        low, here = scene.curve.fixed["y"][0], w * w / 2
        assert low < here - eta * w * w / 2 and scene.fall.fixed["y"][0] == low


@pytest.mark.parametrize("kind", KINDS)
def test_the_gap_and_the_neighbours_are_those_of_the_type(kind):
    one = getattr(np, kind)(1)
    digits = {"float16": 11, "float32": 24, "float64": 53}[kind]
    assert experiments.gap(one) == 2.0**-digits and experiments.gap(-one) == 2.0**-digits
    assert (scenes.neighbours(one) == scenes.neighbours(-one)).all()
    points, _ = scenes.around(one, getattr(np, kind)(2.0**-digits))
    assert points["what it becomes"][0] == points["w − ηw"][0] == [-1.0]


# Exercises ----------------------------------------------------------------------------------------------------------


def by_recursion(w, grad, lr, steps):
    return [w] if steps == 0 else [w, *by_recursion(w - lr * grad(w), grad, lr, steps - 1)]


def in_an_array(w, grad, lr, steps):
    path = np.zeros(steps + 1)
    path[0] = w
    for t in range(steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


def by_counting(part, lr, lam):
    if abs(1 - lr * lam) >= 1:
        return float("inf")
    left, steps = 1.0, 0
    while left > part:
        left, steps = left * abs(1 - lr * lam), steps + 1
    return steps


def by_a_run(lr, lam):
    w = [1.0]
    for _ in range(2):
        w.append(w[-1] - lr * lam * w[-1])
    if w[1] == 0:
        return "arrives"
    if abs(w[2]) > 1:
        return "diverges"
    if abs(w[2]) == 1:
        return "swings for ever"
    return "zig-zags" if w[1] < 0 else "creeps"


OTHER_WAYS = [
    (exercises.walk, by_recursion),
    (exercises.walk, in_an_array),
    (exercises.walk, lambda w, grad, lr, steps: tuple(by_recursion(float(w), grad, lr, steps))),
    (exercises.part_left, lambda lr, lam, steps: math.prod([1 - lr * lam] * steps)),
    (exercises.part_left, lambda lr, lam, steps: np.float64(1 - lam * lr) ** steps),
    (exercises.fate, by_a_run),
    (exercises.fate, lambda lr, lam: str(np.select(
        [np.isclose(lr * lam, 1), np.isclose(lr * lam, 2), lr * lam < 1, lr * lam < 2],
        ["arrives", "swings for ever", "creeps", "zig-zags"], "diverges"))),
    (exercises.steps_to, by_counting),
    (exercises.steps_to, lambda part, lr, lam: float(steps_until(part, 1 - lr * lam))),
    (exercises.new_rate, lambda lr, factor: lr / (factor * factor)),
]  # fmt: skip


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct", ex.check(answer)


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3, 1.5e-4])
def test_a_border_that_is_too_wide_is_not_taken_for_the_border(tolerance):
    def wide(lr, lam):
        if abs(lr * lam - 1) <= tolerance:
            return "arrives"
        if abs(lr * lam - 2) <= tolerance:
            return "swings for ever"
        return "creeps" if lr * lam < 1 else "zig-zags" if lr * lam < 2 else "diverges"

    assert exercises.fate.check(wide).outcome == "incorrect"


# The student's walk in the figure -------------------------------------------------------------------------------------


def late_typo(w, grad, lr, steps):
    path = [w]
    for _ in range(steps):
        w = w - lr * grad(w)
        path.append(w if abs(w) < 1e3 else wo)  # noqa: F821
    return path


@pytest.mark.parametrize(
    ("walk", "said"),
    [
        (exercises.walk.reference, "Yours is on ours."),
        (late_typo, "Yours stopped with NameError and is not shown."),
        (lambda w, grad, lr, steps: None, "Yours returns no list of numbers and is not shown."),
        (lambda w, grad, lr, steps: [], "Yours returns no list of numbers and is not shown."),
        (lambda w, grad, lr, steps: [w], "Yours has 1 points, ours 61."),
        (lambda w, grad, lr, steps: w, "Yours returns no list of numbers and is not shown."),
        (lambda w, grad, lr, steps: [w, *[np.nan] * steps], "At step 1 yours is at no finite number, ours at"),
        (lambda w, grad, lr, steps: [w + 1j] * (steps + 1), "Yours returns no list of numbers and is not shown."),
        (lambda w, grad, lr, steps: grad * w, "Yours stopped with TypeError and is not shown."),
        (lambda: [], "Yours stopped with TypeError and is not shown."),
    ],
)
def test_what_a_student_writes_is_drawn_or_it_is_said_why_not(walk, said):
    for eta, lam in ((2.1, 25.0), (4.0, 30.0)):
        result = exercises.beside(walk)(eta, lam, 1.5)
        assert said in result[3]
        scene = scenes.Factor()
        scene.show(result)
        for t in (0, 1, scene.steps):
            assert scene.at(t) and said in scene.caption and "nan" not in scene.caption


def test_every_known_mistake_can_be_drawn_beside_ours():
    for what, wrong, _ in exercises.walk.mistakes:
        result = exercises.beside(wrong)(1.7, 1.0, 1.5)
        scene = scenes.Factor()
        scene.show(result)
        assert scene.at(scene.steps)
        if what not in ("w itself takes the place of the slope",):  # right on this parabola, as its message says
            assert result[3] != "Yours is on ours.", what


# What the questions say -----------------------------------------------------------------------------------------------


def test_the_numbers_in_the_questions_are_measured():
    steps = exercises.steps_on_the_parabola
    assert steps(0.1) == steps(1.9) == exercises.nineteen_times.measure() == 132
    assert (steps(1.7), steps(1.5), steps(0.5)) == (39, 20, 20)
    assert "after 132 steps" in exercises.nineteen_times.question
    assert "needs 39 steps" in exercises.oscillation.explanations["c"]
    assert "needs 20 steps" in exercises.oscillation.explanations["d"]
    assert 1 / experiments.fares("metres")[0] < 1e-7 and 1 / experiments.fares("thousands of km")[0] > 1e4
    assert round(1 - (1 - 0.1) ** 2, 9) == 0.19


def test_in_a_cycle_and_in_chaos_the_loss_rises_and_falls():
    for name, eta in (("double well", 2.2), ("double well", 3.6)):
        w = descend(gd, [0.5], CURVES[name].slope, LONG, lr=eta)["w"][-LATE:, 0]
        changes = np.diff(CURVES[name].loss(w))
        assert (changes > 0).any() and (changes < 0).any()


# Is the slope right? --------------------------------------------------------------------------------------------------


def test_the_way_back_is_the_gradient_that_the_package_computes():
    X, y = experiments.hundred_digits()
    weights = experiments.small_network(3)
    net = Network([Linear(64, 16), Tanh(), Linear(16, 10)], mse)
    task, w = net.on(X, y), np.concatenate([part.ravel() for part in weights])
    for forget in (False, True):
        loss, slopes = experiments.backpropagated(X, y, *weights, forget)
        ours = np.concatenate([slope.ravel() for slope in slopes])
        scale = 5.0  # ours is half the sum over ten outputs, mse their mean
        assert np.isclose(loss, scale * task.loss(w), rtol=1e-12)
        assert np.allclose(ours, scale * task.grad(w), rtol=1e-9, atol=1e-12) == (not forget)


def test_a_difference_is_best_neither_coarse_nor_fine_and_shows_the_mistake_at_every_h():
    def middle(h, **how):
        return np.median([experiments.slopes_differ(h, seed=seed, **how) for seed in range(10)])

    coarse, less = middle(1e-1), middle(1e-2)
    assert 90 < coarse / less < 110 and middle(1e-5) < 1e-9 and middle(1e-12) > 1e-3
    assert middle(1e-5, kind="float32") > 0.05
    assert all(middle(h, forget=True) > 0.04 for h in (1e-1, 1e-2, 1e-3, 1e-5, 1e-8, 1e-12))
    right, wrong = experiments.learned_by(False), experiments.learned_by(True)
    assert right[-1] < wrong[-1] < right[0] / 5


def test_newtons_step_arrives_on_a_parabola_and_climbs_where_it_bends_down():
    parabola, well = CURVES["parabola"], CURVES["double well"]
    assert 1.5 - parabola.slope(1.5) / parabola.bend(1.5) == 0
    w = 0.4 - well.slope(0.4) / well.bend(0.4)
    assert well.loss(w) > well.loss(0.4) and well.bend(0.4) < 0
