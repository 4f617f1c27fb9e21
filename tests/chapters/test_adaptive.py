"""Chapter 06: what is particular to its exercises; what its captions and sentences say is true."""

import itertools
import re

import numpy as np
import pytest

import notebooks
from optim_core import optimizers
from optim_core.chapters.adaptive import exercises as chapter
from optim_core.chapters.adaptive import experiments, scenes
from optim_core.chapters.adaptive.exercises import adadelta_step, adagrad_step, first_step, half_life, rmsprop_step
from optim_core.chapters.adaptive.experiments import METHODS, bursts, longest_step, rates, rotation, seen, settings
from optim_core.descent import descend
from optim_core.exercises import ____
from optim_core.live.controls import CONTROLS, stops
from optim_core.scenes.ravine import arrival

WITHOUT_MEMORY = scenes.WITHOUT_MEMORY
ANGLES = [0.0, 1.0, 30.0, 45.0, 60.0, 89.0, 90.0]


def ends(name, low=None, high=None):
    values = stops(CONTROLS[name], low or CONTROLS[name].low, high or CONTROLS[name].high)
    return [values[0], values[len(values) // 2], values[-1]]


# Exercises --------------------------------------------------------------------------------------------------------


def by_entries(w, s, g, lr, eps):
    s = [a + b * b for a, b in zip(s, g, strict=True)]
    return [a - lr / (r**0.5 + eps) * b for a, b, r in zip(w, g, s, strict=True)], s


OTHER_WAYS = [
    (adagrad_step, by_entries),
    (adagrad_step, lambda w, s, g, lr, eps: np.stack([w - lr * g / (eps + (s + g * g) ** 0.5), s + g * g])),
    (rmsprop_step, lambda w, s, g, lr, beta, eps: by_entries(w, beta * s, (1 - beta) ** 0.5 * g, lr, 0)[1:] * 0
     or rmsprop_step.reference(w, s, g, lr, beta, eps)),
    (rmsprop_step, lambda w, s, g, lr, beta, eps: (
        w - g * (lr / (np.sqrt(s + (1 - beta) * (g**2 - s)) + eps)), s + (1 - beta) * (g**2 - s))),
    (adadelta_step, lambda w, s, X, g, rho, eps: [*adadelta_step.reference(w, s, X, g, rho, eps)]),
    (half_life, lambda beta: -np.log2(beta) ** -1),
    (half_life, lambda beta: 1 / np.emath.logn(0.5, beta)),
    (first_step, lambda g, lr, method: (
        -lr * g / np.sqrt(np.sum(g * g)) if method == "normalised" else -lr * g / (np.abs(g) + 1e-12))),
]  # fmt: skip


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


def test_the_steps_are_the_packages_own():
    rng = np.random.default_rng(0)
    w, s, X, g = rng.standard_normal(3), rng.random(3), rng.random(3), rng.standard_normal(3)
    grad = lambda w: g  # noqa: E731
    for ex, step, state, given in [
        (adagrad_step, optimizers.adagrad, dict(s=s), dict(lr=0.3, eps=1e-3)),
        (rmsprop_step, optimizers.rmsprop, dict(s=s), dict(lr=0.3, beta=0.8, eps=1e-3)),
        (adadelta_step, optimizers.adadelta, dict(s=s, X=X), dict(rho=0.7, eps=1e-3)),
    ]:
        ours = step(w, grad, 5, **state, **given)
        theirs = ex.reference(w, *state.values(), g, *given.values())
        assert all(
            np.allclose(ours[name], value, rtol=1e-15) for name, value in zip(["w", *state], theirs, strict=True)
        )


@pytest.mark.parametrize("method, name", [("normalised", "normalised gradient"), ("adagrad", "AdaGrad")])
def test_the_first_step_is_that_of_the_method(method, name):
    g = np.array([0.3, -2.0, 0.7])
    w = descend(METHODS[name], np.zeros(3), lambda w: g, 1, **settings(name, lr=0.4))["w"][1]
    assert np.allclose(w, first_step.reference(g, 0.4, method), atol=1e-9)


def test_the_prediction_is_measured_and_the_text_says_so():
    assert chapter.turned.measure() == 393


def test_a_students_adagrad_runs_beside_ours_and_what_goes_wrong_is_said():
    run = experiments.beside(adagrad_step.reference)(lr=6.0, kappa=100.0, angle=45)
    assert np.allclose(run[2]["yours"]["w"], run[2]["AdaGrad"]["w"]) and run[3] == ""
    assert np.allclose(run[2]["yours"]["rate"][:5], run[2]["AdaGrad"]["rate"][:5])
    assert "yours" not in experiments.beside(lambda w, s, g, lr, eps: (____, s))(6.0, 100.0, 0)[2]
    for broken, words in [
        (lambda w, s, g, lr, eps: w - lr * g, "the point and the sum"),
        (lambda w, s, g, lr, eps: (w - nothing, s), "NameError: name 'nothing'"),  # noqa: F821
        (lambda w, s, g, lr, eps: (w, s, g), "the point and the sum"),
        (lambda w, s, g, lr, eps: ("w", s), "yours"),
    ]:
        scene = scenes.Race(sets=None)
        scene.show(experiments.beside(broken)(6.0, 100.0, 0))
        scene.at(10)
        assert words.lower() in scene.caption.lower() and "AdaGrad is below" in scene.caption


# The rates, and what they mean ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITHOUT_MEMORY)
@pytest.mark.parametrize("angle", ANGLES)
def test_without_memory_a_step_is_the_rate_times_the_gradient(name, angle):
    valley = experiments.valleys(30.0, angle)
    given = settings(name, lr=0.5, beta=0.9)
    path = descend(METHODS[name], valley.start, valley.grad, 30, **given)
    g = valley.grad(path["w"])
    assert np.allclose(np.diff(path["w"], axis=0), -rates(name, path, g, **given) * g[:-1], rtol=1e-9, atol=1e-12)


def test_momentum_multiplies_its_memory_by_the_rate():
    valley = experiments.valleys(30.0, 20.0)
    path = descend(optimizers.adam, valley.start, valley.grad, 30, lr=0.5)
    m = path["m"][1:] / (1 - 0.9 ** np.arange(1, 31))[:, None, None]
    assert np.allclose(np.diff(path["w"], axis=0), -rates("Adam", path, valley.grad(path["w"]), lr=0.5) * m, atol=1e-12)
    path = descend(optimizers.rmsprop, valley.start, valley.grad, 30, lr=0.5, beta=0.9, mu=0.9)
    rate = rates("RMSProp, μ = 0.9", path, valley.grad(path["w"]), lr=0.5, beta=0.9)
    b = np.zeros_like(path["w"][0])
    for t in range(30):
        b = 0.9 * b + rate[t] * valley.grad(path["w"][t])
        assert np.allclose(path["w"][t] - path["w"][t + 1], b, atol=1e-9)


def check_arrival(part, diverged, steps):
    """What `arrival` says of a run after so many steps, counted by a loop, and against how it goes on."""
    said, below = arrival("x", part[: steps + 1], dict(diverged=diverged if diverged <= steps else 0)), steps + 1
    while below > 0 and part[below - 1] <= 1e-6:
        below -= 1
    if 0 < diverged <= steps:
        assert said == f"X diverged at step {diverged}."
    elif below <= steps:
        assert said == f"X is below a millionth from step {below} to the end."
    elif "climbs" in said:
        assert part[steps] > 1 and (diverged or part[steps + 1 :].max() > part[: steps + 1].max())
    else:
        first = next((t for t in range(steps + 1) if part[t] <= 1e-6), None)
        dips = f"dips below a millionth at step {first}, but has not stayed there yet."
        assert said == f"X {dips if first is not None else f'has not reached a millionth after {steps} steps.'}"
        assert not diverged or part[steps] < 1e12


def test_below_two_no_step_raises_the_loss_and_above_two_some_step_does():
    rng, round_ = np.random.default_rng(1), rotation(np.arange(0.0, 180.0, 0.5)) @ [1.0, 0.0]
    for kappa, angle in [*itertools.product((1.0, 1e4), (0, 45, 90)), *rng.uniform((1, 0), (4, 90), (200, 2))]:
        H = experiments.valleys(kappa if kappa in (1.0, 1e4) else 10**kappa, angle).H[0]
        rate = 10 ** rng.uniform(-2, 2, 2)
        rate *= 10 ** rng.uniform(-0.3, 0.3) * 2 / seen(rate, H)
        before = (round_ * (round_ @ H)).sum(-1)
        after = round_ - rate * (round_ @ H)
        rises = (after * (after @ H)).sum(-1) > before * (1 + 1e-12)
        value, vectors = np.linalg.eig(np.diag(rate) @ H)
        assert seen(rate, H) == pytest.approx(value.max())
        if seen(rate, H) < 2:
            assert not rises.any()
        else:  # in the eigenvector it does
            w = vectors[:, value.argmax()]
            new = w - rate * (H @ w)
            assert new @ H @ new > w @ H @ w


def test_a_rotation_is_one_and_right_angles_are_exact():
    assert np.allclose(rotation(30.0) @ rotation(60.0), rotation(90.0))
    assert rotation(180.0).tolist() == [[-1, 0], [0, -1]] and rotation(270.0).tolist() == [[0, 1], [-1, 0]]
    surface, start = experiments.turned(100.0, 90.0, (-8.0, 4.0))
    valley = experiments.valleys(100.0, 90.0)
    assert np.allclose(surface.hessian(start), valley.H[0]) and np.allclose(start, valley.start[0])


def test_steps_until_counts_from_the_last_step_above():
    loss = np.array([1.0, 0.5, 1e-7, 0.2, 1e-7, 1e-8])[:, None]
    assert experiments.steps_until(loss, 1e-6) == [4]
    assert np.isinf(experiments.steps_until(loss[:4], 1e-6))


@pytest.mark.parametrize("kappa, angle", [(1.0, 0), (100.0, 0), (100.0, 45), (1e4, 10)])
def test_the_star_chooses_no_rate_that_diverges_and_the_soonest_of_the_others(kappa, angle):
    surface, start = experiments.turned(kappa, angle, (-8.0, 4.0))
    for name in ("gradient descent", "momentum", "AdaGrad"):
        needed = {}
        for lr in (0.2, 0.8, 1.96, 6.0, 60.0, experiments.best_rate(name, kappa, angle, (-8.0, 4.0))):
            path = experiments.race(surface, start, {name: lr}, 400)[name]
            loss = surface.loss(path["w"])
            needed[lr] = np.inf if path["diverged"] else float(experiments.steps_until(loss[:, None], 1e-6)[0])
        assert not path["diverged"] and needed[lr] <= min(needed.values()) + 1, name  # lr: the star's


def test_a_burst_that_is_over_is_not_called_a_climb():
    surface, start = experiments.turned(1.0, 0, (-8.0, 4.0))
    path = experiments.race(surface, start, {"mean-square AdaGrad": 2.5}, 400)["mean-square AdaGrad"]
    part = surface.loss(path["w"]) / surface.loss(path["w"][0])
    assert part[200:].max() > part[:200].max() == 1 > part[-1] > 1e-6
    assert "climbs" not in arrival("mean-square AdaGrad", part, path)
    far = experiments.race(surface, start, {"gradient descent": 2.001}, 400)["gradient descent"]
    part = surface.loss(far["w"]) / surface.loss(far["w"][0])
    assert arrival("gradient descent", part, far) == "Gradient descent climbs."


# What a method cares about ----------------------------------------------------------------------------------------

TURNS = {"AdaGrad", "mean-square AdaGrad", "RMSProp", "RMSProp, μ = 0.9", "AdaDelta", "Adam"}
SCALES = {"gradient descent", "momentum"}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kappa", [10.0, 100.0])
def test_who_cares_about_a_turn_and_who_about_the_scale(name, kappa):
    given = settings(name, lr=1.0 if name == "AdaDelta" else 0.1, beta=0.9)
    turn, start = rotation(30.0), np.array([-8.0, 4.0])
    H = np.diag([1 / kappa, 1.0])
    plain = descend(METHODS[name], start, lambda w: w @ H, 60, **given)["w"]
    turned = descend(METHODS[name], turn @ start, lambda w: w @ (turn @ H @ turn.T), 60, **given)["w"] @ turn
    scaled = descend(METHODS[name], start, lambda w: 0.1 * (w @ H), 60, **given)["w"]
    gap, other = (np.abs(path - plain).max() for path in (turned, scaled))
    assert gap > 0.05 if name in TURNS else gap < 1e-9
    assert other > 0.05 if name in SCALES else other < 0.02


@pytest.mark.parametrize("step, given", [(optimizers.adagrad, {}), (optimizers.rmsprop, dict(beta=0.9))])
def test_along_an_axis_the_curvature_cancels(step, given):
    one, other = (
        descend(step, [-8.0, 4.0], lambda w, c=c: c * w, 100, lr=1.0, eps=0.0, **given)["w"]
        for c in (np.array([1e-6, 1.0]), np.array([1.0, 37.0]))
    )
    assert np.abs(one - other).max() < 1e-10


def test_the_care_of_fixed_rates_is_what_the_figure_says():
    tuned = {"gradient descent": dict(lr=1.8), "momentum": dict(lr=0.7, mu=0.9), "AdaGrad": dict(lr=5.0)}
    for angle, scale in itertools.product((0.0, 45.0), (0.1, 1.0, 3.0)):
        care = experiments.care(tuned, 100.0, angle, scale)
        for name in ("gradient descent", "momentum"):
            assert len(set(care.turned[name])) == 1
        assert len(set(care.scaled["AdaGrad"])) == 1 and np.ptp(care.turned["AdaGrad"]) > 100


def test_where_the_numbers_of_rmsprop_differ_over_factors_so_they_do_over_starts_that_are_hardly_apart():
    """A factor is not the reason: with none at all, starts that differ in a far digit give different numbers."""
    rmsprop, said = dict(lr=0.056, beta=0.9), []
    for kappa, angle in itertools.product([2.0, 10.0, 100.0, 1000.0], [10.0, 30.0, 50.0, 80.0]):
        words = scenes.by_rounding(experiments.care({"RMSProp": rmsprop}, kappa, angle, 1.0).scaled)
        ravine = experiments.valleys(kappa, np.full(66, angle), np.ones(66))
        apart = np.outer([1e-13, 1e-8], np.arange(-16, 17)).reshape(-1, 1)
        path = descend(METHODS["RMSProp"], ravine.start * (1 + apart), ravine.grad, 300, **rmsprop)
        last_digits, many = (
            len(set(some)) for some in np.split(experiments.steps_until(ravine.loss(path["w"]), 1e-4), 2)
        )
        assert words == "" if last_digits == many == 1 else last_digits == 1 or words, (kappa, angle)
        said.append(words)
    along_an_axis = [experiments.care({"RMSProp": rmsprop | dict(eps=eps)}, 10.0, 0.0, 1.0) for eps in (1e-8, 0.0)]
    assert [bool(scenes.by_rounding(one.scaled)) for one in along_an_axis] == [True, False]  # there ε does it
    assert "" in said and any("the step of RMSProp; jumps to and fro make its numbers differ" in one for one in said)


def test_the_range_of_steps_is_that_of_the_angles_and_factors_that_the_caption_names():
    """Between them a curve may go a step further: the caption says where it was asked."""
    scene, care = scenes.Care(), experiments.care({"AdaGrad": dict(lr=5.0)}, 100.0, 0, 1.0)
    scene.show(care)
    scene.at(0)
    assert "over angles 3° apart: AdaGrad 4 to 220. At 0°, over 33 factors c: AdaGrad 4." in scene.caption
    assert (np.diff(care.degrees) == 3).all() and len(care.scaled["AdaGrad"]) == 33
    every = experiments.valleys(100.0, np.arange(91.0))
    w = descend(optimizers.adagrad, every.start, every.grad, 300, lr=5.0)["w"]
    assert experiments.steps_until(every.loss(w), 1e-4).max() == 221


def test_the_steps_over_all_angles_and_over_all_factors_are_those_on_paper():
    """Of gradient descent at η = 1.8: on ½cλw² what is left of the loss after k steps is (1 − ηcλ)²ᵏ."""
    k = np.arange(301)[:, None]

    def on_paper(kappa, c):
        lam = np.array([1 / kappa, 1.0])
        logs = np.log(lam * np.array([64.0, 16.0])) + 2 * k * np.log(np.abs(1 - 1.8 * c * lam) + 1e-300)
        above = np.flatnonzero(np.logaddexp(*logs.T) > np.logaddexp(*logs[0]) + np.log(1e-4))
        return f"{above[-1] + 1}" if above[-1] < 300 else "more than 300"

    for kappa, angle in zip(stops(CONTROLS["kappa"], 1.0, 1000.0)[::6], itertools.cycle((0, 10, 33, 45, 90))):
        for c in stops(CONTROLS["factor"], 1e-2, 1e2)[::12]:
            care = experiments.care({"gradient descent": dict(lr=1.8)}, kappa, angle, c)
            steps = sorted({on_paper(kappa, each) for each in care.scales}, key=lambda n: (len(n), n))
            said, over = scenes.extent(care.scaled["gradient descent"], 300), f"{steps[0]} to {steps[-1]}"
            assert scenes.extent(care.turned["gradient descent"], 300) == on_paper(kappa, c)
            assert said == (over if len(steps) > 1 else steps[0])


@pytest.mark.parametrize("name", METHODS)
def test_when_a_run_of_a_race_arrives_is_what_one_counts_and_who_climbs_goes_on_to(name):
    """`arrival` after 400 steps, against the same runs after 800."""
    lrs = np.array([*experiments.ETAS[::8], 1.96, 2.0, 100.0])[:, None]
    valleys, starts = [(1.0, 45), (100.0, 0), (100.0, 45), (1e4, 90)], [(-8, 4), (0, 0.5)]
    for (kappa, angle), u in itertools.product(valleys, starts):
        valley = experiments.valleys(kappa, angle, start=u)
        path = descend(METHODS[name], valley.start, valley.grad, 800, **settings(name, lr=lrs, beta=0.9))
        part, gone = valley.loss(path["w"]) / valley.loss(valley.start), path["diverged"]
        for run, when in zip(part.T, gone, strict=True):
            check_arrival(run, int(when), 400)


# Denominators -----------------------------------------------------------------------------------------------------


def step_lengths(g, beta):
    """What three methods make of gradients g, (streams, T), by their sums alone: {"name": steps in η, (streams, T)}."""
    t, s, mean = np.arange(1, g.shape[-1] + 1), np.cumsum(g * g, -1), np.zeros_like(g)
    mean[:, 0] = (1 - beta) * g[:, 0] ** 2
    for k in range(1, len(t)):
        mean[:, k] = beta * mean[:, k - 1] + (1 - beta) * g[:, k] ** 2
    with np.errstate(all="ignore"):
        parts = {"AdaGrad": g / np.sqrt(s), "mean-square AdaGrad": g / np.sqrt(s / t), "RMSProp": g / np.sqrt(mean)}
    return {name: np.nan_to_num(part) for name, part in parts.items()}


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999])
def test_the_longest_of_all_steps_is_the_first_of_them_and_no_stream_gets_beyond_the_law(beta):
    heights, rng = stops(CONTROLS["height"], 1, 1000), np.random.default_rng(0)
    of_the_menu = [experiments.stream(kind, height) for kind in experiments.STREAMS for height in heights]
    wild = rng.standard_normal((300, 300)) * 10 ** rng.uniform(-3, 3, (300, 300)) * (rng.random((300, 300)) < 0.3)
    for name, lengths in step_lengths(np.array([*of_the_menu, *wild]), beta).items():
        assert np.abs(lengths).max() <= longest_step(name, beta, 300) * (1 + 1e-9)
        for steps in lengths[: len(of_the_menu)]:
            size, k = scenes.longest(steps)
            assert size == pytest.approx(max(abs(step) for step in steps), rel=1e-6)
            assert k == 1 + next(i for i, step in enumerate(steps) if abs(step) >= size * (1 - 1e-6))
    shown = experiments.denominators(of_the_menu[0], beta)
    for name, lengths in step_lengths(of_the_menu[0][None], beta).items():
        assert shown[name]["step"] == pytest.approx(lengths[0], rel=1e-6)


@pytest.mark.parametrize("kind", experiments.STREAMS)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99, 0.999])
def test_no_step_is_longer_than_its_law_allows(kind, beta):
    for height in (1.0, 7.0, 1000.0):
        answer = experiments.denominators(experiments.stream(kind, height), beta)
        for name, one in answer.items():
            bound = longest_step(name, beta, np.arange(1, experiments.STREAM + 1))
            assert (np.abs(one["step"]) <= bound * (1 + 1e-9)).all()
            if name == "RMSProp" and kind != "one in fifty":
                assert abs(one["step"][0]) == pytest.approx(bound, rel=1e-4)  # the first is the longest


def test_the_mean_form_reaches_its_bound_at_a_high_wall():
    late = experiments.denominators(experiments.stream("flat, then a wall", 1e4), 0.9)["mean-square AdaGrad"]
    assert late["step"].max() == pytest.approx(151**0.5, rel=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_on_a_constant_slope_rmsprops_step_is_too_long_by_its_correction(beta):
    t = np.arange(1, 301)
    steps = experiments.denominators(experiments.stream("constant", 100.0), beta)["RMSProp"]["step"]
    assert np.abs(steps) == pytest.approx((1 - beta**t) ** -0.5, rel=1e-6)


def test_rare_news_meets_the_bound_each_time_at_a_short_memory_and_once_at_a_long_one():
    g = experiments.stream("one in fifty", 100.0)
    for beta, often in ((0.9, len(np.flatnonzero(g))), (0.999, 1)):
        steps = np.abs(experiments.denominators(g, beta)["RMSProp"]["step"][np.flatnonzero(g)])
        assert (steps > 0.99 * (1 - beta) ** -0.5).sum() == often and steps[0] == steps.max()


def test_a_caption_of_400_steps_promises_no_more_than_400():
    ravine = experiments.valleys(1.0)
    for name, lr in (("Adam", 1.6), ("mean-square AdaGrad", 0.6)):
        path = descend(METHODS[name], ravine.start, ravine.grad, 4000, **settings(name, lr=lr, beta=0.9))
        part = (ravine.loss(path["w"]) / ravine.loss(ravine.start))[:, 0]
        said = arrival(name, part[:401], dict(diverged=0))
        begin = int(re.search(r"from step (\d+) to the end", said)[1])
        assert part[begin - 1] > 1e-6 >= part[begin:401].max()
        assert part[401:].max() > 1e-3  # a burst that is still to come


# Stall, burst, cycle ----------------------------------------------------------------------------------------------


def peaks(distance):
    """The bursts of a path, without its rates: a hundredfold of the nearest, then the farthest before a rest."""
    found, nearest, t = [], np.inf, 0
    while t < len(distance):
        nearest, top = min(nearest, distance[t]), t
        if distance[t] > max(100 * nearest, 1e-3 * distance[0]):
            while t < len(distance) and distance[t] > distance[top] / 100:
                top, t = (t if distance[t] > distance[top] else top), t + 1
            found.append(top)
            nearest = np.inf
        else:
            t += 1
    return found


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999])
def test_the_bursts_are_those_of_the_path_and_told_as_far_as_it_has_come(beta):
    for lr in [0.01, 0.03, 0.1, 0.2, 0.4, 0.5, 1.0, 2.5, 5.0, 10.0]:
        for name, path in experiments.long_valley(lr, beta, steps=1000).items():
            if name == "AdaGrad" and beta:
                continue  # it has no β
            found = peaks(np.abs(path["w"][:, 1]))
            assert [step for step, _ in bursts(path["rate"][:, 1], np.abs(path["w"][:, 1]))] == found
            for t in (0, *found[:2], 500, 1000):
                by = [step for step in found if step <= t]
                some = f"at step{'s' * (len(by) > 1)} {', '.join(map(str, by[:5]))}{' …' * (len(by) > 5)}"
                none = "no burst in 1,000 steps" if t == 1000 else "no burst yet"
                assert scenes.told(path, t) == (f"{len(by)} burst{'s' * (len(by) > 1)}, {some}" if by else none)


@pytest.mark.parametrize("lr", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("beta", [0.01, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("curvature", [0.01, 1.0, 50.0])
def test_rmsprop_ends_in_a_jump_of_half_its_rate(lr, beta, curvature):
    w = descend(optimizers.rmsprop, [3 * lr], lambda w: curvature * w, 5000, lr=lr, beta=beta, eps=0.0)["w"][-2:, 0]
    assert w[0] * w[1] < 0 and np.abs(w) == pytest.approx([lr / 2, lr / 2], rel=1e-2)


def test_without_memory_every_jump_is_the_rate_and_a_very_long_memory_may_rest():
    w = descend(optimizers.rmsprop, [3.3], lambda w: 2 * w, 200, lr=0.5, beta=0.0, eps=0.0)["w"][-3:, 0]
    assert np.abs(np.diff(w)) == pytest.approx(0.5) and abs(w[-1]) != pytest.approx(0.25, rel=0.1)
    assert experiments.long_valley(1.0, 0.999)["RMSProp"]["w"][-1, 1] == 0


@pytest.mark.parametrize("lr", [0.01, 0.1, 1.0, 10.0])
def test_in_the_long_valley_the_jump_is_half_the_rate_wherever_the_slider_stands(lr):
    assert abs(experiments.long_valley(lr, 0.9)["RMSProp"]["w"][-1, 1]) == pytest.approx(lr / 2, rel=0.02)


def test_the_second_burst_ends_a_long_rest_of_the_loss():
    w = experiments.long_valley(1.0, 0.99)["mean-square AdaGrad"]["w"]
    loss = 0.5 * (experiments.LONG * w**2).sum(-1) / 29.5
    assert loss[300:450].max() < 1e-4 and loss[478] > 0.2


def test_a_mean_bursts_and_a_sum_does_not():
    runs = experiments.long_valley(1.0, 0.99, steps=1000)
    mean = runs["mean-square AdaGrad"]
    assert [step for step, _ in bursts(mean["rate"][:, 1], np.abs(mean["w"][:, 1]))] == [175, 478, 870]
    for lr in ends("lr", 0.01, 10):
        runs = experiments.long_valley(lr, 0.99, steps=1000)["AdaGrad"]
        assert (np.diff(runs["rate"], axis=0) <= 0).all() and not bursts(runs["rate"][:, 1], np.abs(runs["w"][:, 1]))


@pytest.mark.parametrize("lr, beta", [(1.0, 0.99), (10.0, 0.9)])
def test_the_caption_counts_the_bursts_that_have_been(lr, beta):
    scene, runs = scenes.LongRun(), experiments.long_valley(lr, beta, steps=1000)
    scene.show((lr, runs))
    for t in (0, 174, 175, 400, 1000):
        scene.at(t)
        told = [int(n) for list_ in re.findall(r"at steps? ([\d, ]*\d)", scene.caption) for n in list_.split(", ")]
        peaks = [step for path in runs.values() for step, _ in bursts(path["rate"][:, 1], np.abs(path["w"][:, 1]))]
        assert told == [step for step in peaks if step <= t]


# Rare words, and ε ------------------------------------------------------------------------------------------------


def test_the_excess_loss_is_that_above_the_noise():
    learnt = experiments.learn_words("AdaGrad", exponent=1.0, noise=0.0)
    data = experiments.words(exponent=1.0, noise=0.0)
    loss = 0.5 * np.mean((data.X_test @ learnt.w[learnt.best] - data.y_test[:, 0]) ** 2)
    assert learnt.excess[learnt.best] == pytest.approx(loss) == learnt.excess.min()


def read(text):
    return notebooks.parse_number(text)[0]


def plainly_learnt(name, exponent, noise, seed):
    """The excess loss of each rate, by the formulas of the method and a loop over the mini-batches."""
    data, truth = experiments.words(exponent=exponent, noise=noise, seed=seed), np.resize([1.0, -1.0], 30)
    lr, order = experiments.WORD_RATES[:, None], np.random.default_rng([seed, 1]).permutation(len(data.y))
    w = first = second = np.zeros((31, 30))
    for t, now in enumerate(np.split(order, 100), 1):
        g = (w @ data.X[now].T - data.y[now, 0]) @ data.X[now] / 10
        if name == "Adam":
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
            step = first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        elif name == "AdaGrad":
            second = second + g * g
            step = g / (np.sqrt(second) + 1e-10)
        else:
            step = g
        w = np.clip(w - lr * step, -1e9, 1e9)
    return 0.5 * (((w - truth) @ data.X_test.T) ** 2).mean(-1)


@pytest.mark.parametrize("seed, noise", [(0, 0.0), (0, 0.3), (99, 2.0)])
def test_the_best_excess_loss_and_how_many_times_anothers_it_is_are_recounted(seed, noise):
    for exponent in (0.0, 0.7, 1.5, 2.0):
        _, learnt = experiments.rare_words(exponent, noise, seed)
        least, at = {}, {}
        for name in experiments.WORD_METHODS:
            losses = plainly_learnt(name, exponent, noise, seed).tolist()
            least[name], at[name] = min(losses), experiments.WORD_RATES[losses.index(min(losses))]
        said = scenes.compared(learnt)
        for name, loss in least.items():
            told, eta = (read(text) for text in re.search(rf"{name} (\S+) at η = (\S+)[;.] ", said).groups())
            assert told == pytest.approx(loss, rel=0.06) and eta == pytest.approx(at[name], rel=0.06)
        for name in ("AdaGrad", "Adam"):
            times = re.search(rf"(?:about as large as|(\S+) times) {name}'s", said)[1]
            assert times != "1"
            times = read(times) if times else 1
            assert times == pytest.approx(least["gradient descent"] / least[name], rel=0.06)


def test_one_rate_is_too_small_for_the_rare_words_and_too_large_for_the_common_ones():
    common, rare, off = slice(0, 3), slice(20, 30), {}
    for seed in range(6):
        sgd, ada = (experiments.learn_words(name, 1.5, 0.3, seed) for name in ("gradient descent", "AdaGrad"))
        for name, w in dict(best=sgd.w[sgd.best], larger=sgd.w[sgd.best + 1], smaller=sgd.w[sgd.best - 6],
                            ada=ada.w[ada.best]).items():  # fmt: skip
            for part in (common, rare):
                error = np.sqrt(((w - experiments.word_weights())[part] ** 2).mean())
                off.setdefault((name, part is rare), []).append(error)
    middle = {key: np.median(np.array(values) / off["best", key[1]]) for key, values in off.items()}
    assert middle["larger", True] < 1 < middle["smaller", True]  # the rare ones want more
    assert middle["smaller", False] < 1  # the common ones less
    assert middle["ada", True] < 0.8 and middle["ada", False] < 0.8


@pytest.mark.parametrize("eps", [1e-12, 1e-6, 1e-2, 1.0])
def test_on_a_slope_epsilon_is_the_learning_rate_and_the_slope_is_none(eps):
    steep, steeper = (experiments.hidden_rate(eps, slope) for slope in (100 * eps**0.5, 1e4 * eps**0.5))
    assert steep.walked == pytest.approx(steeper.walked, rel=1e-2)
    assert steep.walked[1] == pytest.approx((eps / 0.1) ** 0.5, rel=1e-2)
    gentle = experiments.hidden_rate(eps, 1e-3 * eps**0.5)
    assert gentle.walked == pytest.approx(gentle.plain, rel=1e-2)


def test_with_a_large_epsilon_adadelta_is_gradient_descent():
    hidden = experiments.hidden_rate(1.0, 1.0)
    assert hidden.left[-1] == pytest.approx(hidden.left_plain, rel=0.2)
    assert hidden.left[:13].min() > 1e10 * hidden.left_plain


# Every picture ----------------------------------------------------------------------------------------------------


def drawn(scene, result):
    scene.show(result)
    for t in {0, 1, scene.steps // 2, scene.steps}:
        scene.at(t)
        words = [scene.caption, *(text.get_text() for axes in scene.figure.axes for text in axes.texts)]
        assert not any(bad in word.split() for word in words for bad in ("nan", "inf", "-inf", "nan.", "inf.")), words


@pytest.mark.parametrize("first", METHODS)
def test_a_race_can_be_drawn_wherever_the_sliders_stand(first):
    scene, names = scenes.Race(), list(METHODS)
    second = names[(names.index(first) + 3) % len(names)]
    for kappa, angle, u in [(1.0, 0, (0, 0)), (1e4, 45, (-10, 6)), (100.0, 90, (0.5, 0)), (1e4, 0, (10, -6))]:
        for lr in (0.001, 1.96, 100.0):
            for beta in (0.0, 0.999):
                surface, start = experiments.turned(kappa, angle, u)
                runs = experiments.race(surface, start, {first: lr, second: lr}, 60, beta=beta)
                scene.show((surface, angle, runs, ""))
                for t in (0, 60):
                    scene.at(t)
                    assert "nan" not in scene.caption and "inf" not in scene.caption
        drawn(scene, (surface, angle, runs, ""))


def test_every_other_picture_can_be_drawn():
    tuned = {"gradient descent": dict(lr=1.8), "AdaGrad": dict(lr=5.0), "RMSProp": dict(lr=0.056, beta=0.9)}
    care, long, hidden, rare, den = (
        scenes.Care(), scenes.LongRun(), scenes.HiddenRate(), scenes.RareWords(), scenes.Denominators(),
    )  # fmt: skip
    for kappa, angle, factor in itertools.product((1.0, 1000.0), (0, 45, 90), ends("factor")):
        drawn(care, experiments.care(tuned, kappa, angle, factor))
    for lr, beta in itertools.product((0.01, 10.0), (0.0, 0.999)):
        drawn(long, (lr, experiments.long_valley(lr, beta, steps=200)))
    for eps, slope in itertools.product((1e-12, 1.0), ends("slope")):
        drawn(hidden, experiments.hidden_rate(eps, slope))
    for exponent, sigma in itertools.product((0.0, 2.0), (0.0, 2.0)):
        drawn(rare, (exponent, experiments.rare_words(exponent, sigma, 99)))
    for kind, beta, height in itertools.product(experiments.STREAMS, (0.0, 0.999), ends("height")):
        g = experiments.stream(kind, height)
        drawn(den, (kind, beta, g, experiments.denominators(g, beta)))


def test_the_first_steps_are_off_by_the_angle_to_the_nearest_diagonal_or_by_nothing_at_every_stop():
    degrees = np.array(stops(CONTROLS["angle"], 0, 350))
    g = rotation(degrees) @ np.array([1.0, 0.0])
    for name in ("gradient descent", "normalised gradient", "AdaGrad", "RMSProp", "Adam"):
        first = descend(METHODS[name], 0 * g, lambda w: g, 1, **settings(name, lr=1.0, beta=0.9))["w"][1]
        for angle, step, downhill in zip(degrees.tolist(), first, g, strict=True):
            nearest = min(abs((angle - diagonal + 180) % 360 - 180) for diagonal in (45, 135, 225, 315))
            off = nearest if name in ("AdaGrad", "RMSProp", "Adam") and angle % 90 else 0
            assert scenes.off_downhill(step, downhill) == f"{off}°", (name, angle)
