"""The exercises of chapter 05: solutions pass, mistakes are told apart, and what the questions say is true."""

import inspect
import math

import numpy as np
import pytest
from cells import define, is_told_by_its_own_message, mistakes_are_apart, positions, source_of

from optim_core import descent, optimizers, quadratics, surfaces
from optim_core.chapters.momentum import exercises as momentum
from optim_core.chapters.momentum import experiments
from optim_core.chapters.momentum.exercises import from_torch, heavy_ball, nesterov_step, to_average
from optim_core.exercises import Choice, Exercise
from optim_core.exercises.running import run
from optim_core.exercises.steps import Slope, beside, yours

EXERCISES = {name: thing for name, thing in vars(momentum).items() if isinstance(thing, Exercise)}
CHOICES = {name: thing for name, thing in vars(momentum).items() if isinstance(thing, Choice)}
MISTAKES = [(ex, mistake) for ex in EXERCISES.values() for mistake in ex.mistakes]
STEPS = [(heavy_ball, optimizers.momentum), (nesterov_step, optimizers.nesterov)]
each_exercise = pytest.mark.parametrize("ex", EXERCISES.values(), ids=lambda ex: ex.name)


# Solutions and known mistakes -------------------------------------------------------------------------------------


def test_the_chapter_has_four_exercises_and_five_choices():
    assert [ex.name for ex in EXERCISES.values()] == ["heavy_ball", "nesterov_step", "to_average", "from_torch"]
    assert len(CHOICES) == 5


@each_exercise
def test_the_solution_is_correct_as_it_stands_and_as_it_is_printed(ex, capsys):
    assert ex.check(ex.reference).outcome == "correct"
    source = source_of(ex, capsys)
    assert ex.check(define(source, ex.name)).outcome == "correct"
    assert not any(run(ex.reference, args).error or run(ex.reference, args).warned for args in ex.cases)


@pytest.mark.parametrize("ex, mistake", MISTAKES, ids=lambda x: x.name if isinstance(x, Exercise) else x[0])
def test_every_known_mistake_is_told_by_its_own_message(ex, mistake):
    is_told_by_its_own_message(ex, mistake)


@each_exercise
def test_no_two_mistakes_give_the_same_numbers_and_none_gives_the_right_ones(ex):
    mistakes_are_apart(ex, least=14)


@each_exercise
def test_no_message_shows_the_solution(ex, capsys):
    answers = [line.split(" = ")[1] for line in source_of(ex, capsys).splitlines() if " = " in line]
    messages = [ex.check(wrong).text for _, wrong, _ in ex.mistakes] + [ex.check(lambda *args: args[0]).text]
    assert not any(max(answers, key=len) in text for text in messages)


@each_exercise
def test_a_blank_in_any_position_is_not_attempted_yet(ex, capsys):
    blanked = list(positions(source_of(ex, capsys)))
    assert len(blanked) >= 5
    for source in blanked:
        assert ex.check(define(source, ex.name)).outcome == "not attempted yet", source


# Right in another way ---------------------------------------------------------------------------------------------


def by_entries(w, v, grad, lr, mu):
    g = grad(w)
    v = np.array([mu * a - lr * b for a, b in zip(v, g, strict=True)])
    return [a + b for a, b in zip(w, v, strict=True)], v


def by_two_points(w, v, grad, lr, mu):
    ahead = w + mu * v
    new = ahead - lr * grad(ahead)
    return np.stack([new, new - w])


OTHER_WAYS = [
    (heavy_ball, by_entries),
    (heavy_ball, lambda w, v, grad, lr, mu: (w - lr * grad(w) + mu * v, mu * v - lr * grad(w))),
    (nesterov_step, by_two_points),
    (to_average, lambda lr, mu: [lr * sum(mu**k for k in range(20_000)), mu]),
    (to_average, lambda lr, mu: np.array([-lr / (mu - 1), 1 - (1 - mu)])),
    (from_torch, lambda theta, buf, lr, mu: (theta + mu * lr * buf, -lr * buf)),
]


@pytest.mark.parametrize("ex, answer", OTHER_WAYS, ids=lambda x: getattr(x, "name", ""))
def test_a_right_answer_written_in_another_way_is_correct(ex, answer):
    assert ex.check(answer).outcome == "correct"


# Wrong answers that nobody listed ---------------------------------------------------------------------------------


def in_place(w, v, grad, lr, mu):
    v *= mu
    v -= lr * grad(w)
    w += v
    return w, v


def as_the_package_does(w, v, grad, lr, mu):
    return dict(w=w + mu * v - lr * grad(w), v=mu * v - lr * grad(w))


UNLISTED = [  # exercise, answer, what the message must contain
    (heavy_ball, lambda w, v, grad, lr, mu: (w, mu * v - lr * grad(w)), "the velocity is right, and the point is not"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w + mu * v - lr * grad(w), 0 * v), "the point is right, and the velocity"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w + v - lr * grad(w), mu * v - lr * grad(w)), "the velocity is right"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w, mu * v - lr * grad), "call it, as in grad(w)"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w, mu * v - grad * lr), "call it, as in grad(w)"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w, mu * v - lr * grad()), "missing 1 required positional argument"),
    (heavy_ball, as_the_package_does, "returns a dict"),
    (heavy_ball, in_place, "changes its argument `w` in place"),
    (heavy_ball, lambda w, v, grad, lr, mu: None, "returns nothing. Is there a `return`"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w, v), "does not change when `grad` changes"),
    (heavy_ball, lambda w, v, grad, lr: (w, v), "takes `(w, v, grad, lr)`; it is called with `(w, v, grad, lr, mu)`"),
    (heavy_ball, lambda v, w, grad, lr, mu: (w, v), "it is called in the order `(w, v, grad, lr, mu)`"),
    (heavy_ball, lambda w, v, grad, lr, mu: np.stack(heavy_ball.reference(w, v, grad, lr, mu)).T, "their shape is"),
    (heavy_ball, lambda w, v, grad, lr, mu: 2 * np.stack(heavy_ball.reference(w, v, grad, lr, mu)), "exactly twice"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w, mu * v - lr * grad(w + mu * v)), "the velocity is right, and"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + v, v - lr * grad(w)), "does not change when `mu` changes"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + v, mu * v - grad(w + lr * v)), "wrong in all cases"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + mu * v, mu * v), "does not change when `grad` changes"),
    (to_average, lambda lr, mu: (2 * lr / (1 - mu), mu), "Here beta is right, and alpha is not."),
    (to_average, lambda lr, mu: (lr / (1 - mu), mu**2), "Here alpha is right, and beta is not."),
    (to_average, lambda lr, mu: (lr + mu, mu), "Under a gradient of 1, 50 steps of ours go to"),
    (to_average, lambda lr, mu: (lr, mu, 1.0), "shape (3,) where the shape (2,) is asked for"),
    (to_average, lambda lr, mu: lr, "where the shape (2,) is asked for"),
    (from_torch, lambda theta, buf, lr, mu: (theta + lr * buf / mu, -lr * buf), "the velocity is right"),
    (from_torch, lambda theta, buf, lr, mu: (theta + mu * lr * buf, -2 * lr * buf), "the point is right"),
    (from_torch, lambda theta, buf, lr, mu: (theta, 0 * buf), "does not change when `buf` changes"),
]


@pytest.mark.parametrize("ex, answer, expected", UNLISTED, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected):
    result = ex.check(answer)
    assert result.outcome == "incorrect"
    assert expected in result.text


@pytest.mark.parametrize("value", [1e308, -1.0, np.inf, np.nan, "v", (1, 2), {1}, len, [[1.0], [2.0, 3.0]]])
@each_exercise
def test_whatever_is_returned_the_check_answers(ex, value):
    result = ex.check(lambda *args: value)
    assert result.outcome == "incorrect" and result.text


# The steps are those of the package, and what is said about other conventions is true ---------------------------------


@pytest.mark.parametrize("ex, step", STEPS, ids=["heavy_ball", "nesterov_step"])
def test_the_exercise_is_the_step_of_the_package(ex, step):
    for w, v, grad, lr, mu in ex.cases:
        new = step(w, grad, 1, v, lr=lr, mu=mu)
        assert np.allclose(ex.reference(w, v, grad, lr, mu), (new["w"], new["v"]), rtol=1e-15)


@pytest.mark.parametrize("lr, mu", to_average.cases)
def test_the_average_with_these_settings_walks_the_same_path(lr, mu):
    grad = surfaces.rosenbrock().grad if lr < 2e-3 else surfaces.bowl(10.0, 0.3).grad
    alpha, beta = to_average.reference(lr, mu)
    ours = descent.descend(optimizers.momentum, [-1.2, 1.0], grad, 100, lr=lr, mu=mu)["w"]
    theirs = descent.descend(optimizers.ema_momentum, [-1.2, 1.0], grad, 100, lr=alpha, beta=beta)["w"]
    assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_torchs_variables_lead_to_ours():
    lr, mu, grad = 0.05, 0.9, surfaces.bowl(10.0, 0.3).grad
    path = descent.descend(optimizers.nesterov, [-3.0, 2.0], grad, 50, lr=lr, mu=mu)
    theta, buf = np.array([-3.0, 2.0]), np.zeros(2)
    for t in range(51):
        assert np.allclose(from_torch.reference(theta, buf, lr, mu), (path["w"][t], path["v"][t]), atol=1e-13)
        g = grad(theta)
        buf = mu * buf + g
        theta = theta - lr * (g + mu * buf)


def test_torchs_form_is_a_mistake_in_our_variables_and_the_same_method_in_its_own():
    what, torchs, _ = next(m for m in nesterov_step.mistakes if m[0].startswith("torch"))
    grad, lr, mu = surfaces.bowl(10.0, 0.3).grad, 0.1, 0.8
    path = descent.descend(optimizers.nesterov, [-3.0, 2.0], grad, 20, lr=lr, mu=mu)
    w, v = np.array([-3.0, 2.0]), np.zeros(2)
    for t in range(1, 21):
        w, v = torchs(w, v, grad, lr, mu)
        assert np.allclose(w, path["w"][t] + mu * path["v"][t]) and np.allclose(v, path["v"][t])


# The student's step in the figure -----------------------------------------------------------------------------------


def blank(w, v, grad, lr, mu):
    v = ____  # noqa: F821
    return w, v


@pytest.mark.parametrize(
    "unfit",
    [
        blank,
        None,
        3.0,
        lambda w, v, grad, lr, mu: w,
        lambda w, v, grad, lr, mu: None,
        lambda w, v, grad, lr, mu: (w, v + 1j),
        lambda w, v, grad, lr, mu: 1 / 0,
        lambda w, v: (w, v),
    ],
)
def test_a_function_that_cannot_run_is_not_shown(unfit):
    assert yours(unfit) == {}
    surface, runs = beside(optimizers.momentum, unfit)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert list(runs) == ["ours"]


@pytest.mark.parametrize("ex, step", STEPS, ids=["heavy_ball", "nesterov_step"])
def test_a_right_step_runs_where_ours_does_and_a_wrong_one_elsewhere(ex, step):
    _, runs = beside(step, ex.reference)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert np.allclose(runs["yours"]["w"], runs["ours"]["w"], atol=1e-13)
    same = []
    for what, wrong, _ in ex.mistakes[:12]:
        _, runs = beside(step, wrong)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
        same += [what] * np.allclose(runs["yours"]["w"], runs["ours"]["w"])
    # these three are other conventions, with another v and the same path; their messages say so
    conventions = [
        "a velocity that points uphill",
        "the learning rate outside",
        "the learning rate multiplies the whole",
    ]
    assert all(what.startswith(c) for what, c in zip(same, conventions, strict=False))
    assert len(same) == (3 if step is optimizers.momentum else 1)
    assert all("the path is the same" in look for what, _, look in ex.mistakes if what in same)


def test_a_step_that_works_in_place_spoils_nothing():
    _, runs = beside(optimizers.momentum, in_place)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert runs["yours"]["w"][0].tolist() == [-8.0, 2.0]
    assert np.allclose(runs["yours"]["w"], runs["ours"]["w"], atol=1e-13)


def test_a_step_that_runs_away_is_frozen_and_not_an_error():
    _, runs = beside(optimizers.momentum, lambda w, v, grad, lr, mu: (w * 1e200, v))(0.5, 0.8, (-8.0, 2.0))
    assert runs["yours"]["diverged"] > 0


def test_a_slope_can_be_scaled_compared_and_read():
    slope = Slope((1.0, 4.0), 0.5)
    assert 2.0 * slope == Slope((1.0, 4.0), 0.5, 2.0) != slope
    assert np.array_equal((2.0 * slope)(np.ones(2)), 2 * slope(np.ones(2)))
    assert repr(slope) == "w ↦ [1, 4]·w + 0.5·w³"


# What the questions say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHOICES)
def test_every_option_has_its_own_explanation_and_only_one_is_right(name):
    q = CHOICES[name]
    results = {key: q.answer(key) for key in q.options}
    assert [key for key, r in results.items() if r.outcome == "correct"] == [q.correct]
    assert len({*q.explanations.values()}) == len({*q.options.values()}) == len(q.options) >= 4


def test_under_a_constant_gradient_the_velocity_comes_to_the_answer_of_the_choice():
    path = descent.descend(optimizers.momentum, [0.0], np.ones_like, 400, lr=0.1, mu=0.9)
    assert math.isclose(path["v"][-1, 0], -0.1 / (1 - 0.9))
    assert momentum.average.options[momentum.average.correct] == "−ηg/(1 − μ)"


def test_the_ranges_that_a_choice_quotes():
    assert "from 3.8/λ to 3.98/λ" in momentum.knobs.explanations["b"]
    assert [round(quadratics.boundary("heavy ball", mu), 9) for mu in (0.9, 0.99)] == [3.8, 3.98]


@pytest.mark.parametrize("eta", [0.01, 1.0, 3.9])
def test_without_friction_the_ball_swings_for_ever(eta):
    w = descent.descend(optimizers.momentum, [1.0], lambda w: w, 4000, lr=eta, mu=1.0)["w"][:, 0]
    assert np.abs(w[3000:]).max() == pytest.approx(np.abs(w[:1000]).max(), rel=1e-2)


def test_a_ball_may_leave_a_shallow_minimum_and_stay_in_a_deep_one():
    double = surfaces.from_formula("w1^4 - 2*w1^2 + 0.3*w1 + w2^2", window=(-2, 2, -1, 1))
    ends = descent.descend(optimizers.momentum, [1.9, 0.0], double.grad, 2000, lr=0.01, mu=np.array([[0.0], [0.9]]))
    assert ends["w"][-1, 0, 0] > 0.5 and ends["w"][-1, 1, 0] < -0.5  # the deeper one is on the left


def test_the_predictions_numbers_are_the_fewest_steps_of_all_settings_tried():
    rates, mus = np.arange(1, 101)[:, None] / 25, np.arange(50)[:, None, None] / 50
    assert "267 steps" in momentum.best_settings.question
    assert experiments.fewest_steps(optimizers.gd, 300, lr=rates) == 267
    assert (
        momentum.best_settings.measure() == experiments.fewest_steps(optimizers.momentum, 100, lr=rates, mu=mus) == 40
    )


def test_everything_public_is_documented():
    assert all(inspect.getdoc(ex.reference).count("\n") >= 2 for ex in EXERCISES.values())
    assert all(inspect.getdoc(thing) for thing in (beside, yours, experiments.fewest_steps, momentum.travelled))
