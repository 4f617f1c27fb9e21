"""Chapter 05: what is particular to its exercises; what its questions and figures say is true."""

import itertools
import math

import normalise
import numpy as np
import pytest

import notebooks
from optim_core import descent, optimizers, quadratics, surfaces
from optim_core.chapters.momentum import exercises as chapter
from optim_core.chapters.momentum import experiments, scenes
from optim_core.chapters.momentum.exercises import from_torch, heavy_ball, nesterov_step, to_average
from optim_core.exercises.steps import Slope, beside
from optim_core.live import Live, control
from optim_core.optimizers import gd, momentum, nesterov
from optim_core.quadratics import optimum, phases

METHODS = {"heavy ball": momentum, "Nesterov": nesterov}
STEPS = [(heavy_ball, optimizers.momentum), (nesterov_step, optimizers.nesterov)]


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
    (heavy_ball, in_place, "changes its arguments `w` and `v` in place"),
    (heavy_ball, lambda w, v, grad, lr, mu: None, "returns nothing. Is there a `return`"),
    (heavy_ball, lambda w, v, grad, lr, mu: (w, v), "exactly `w`. The term `mu·v` is missing"),
    (heavy_ball, lambda w, v, grad, lr: (w, v), "takes `(w, v, grad, lr)`; it is called with `(w, v, grad, lr, mu)`"),
    (heavy_ball, lambda v, w, grad, lr, mu: (w, v), "it is called in the order `(w, v, grad, lr, mu)`"),
    (heavy_ball, lambda w, v, grad, lr, mu: np.stack(heavy_ball.reference(w, v, grad, lr, mu)).T, "rows and columns"),
    (heavy_ball, lambda w, v, grad, lr, mu: 2 * np.stack(heavy_ball.reference(w, v, grad, lr, mu)), "exactly twice"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w, mu * v - lr * grad(w + mu * v)), "the velocity is right, and"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + v, v - lr * grad(w)), "exactly `v − lr·grad(w)`"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + v, mu * v - grad(w + lr * v)), "exactly `w + v`"),
    (nesterov_step, lambda w, v, grad, lr, mu: (w + mu * v, mu * v), "the velocity: your numbers are exactly `mu·v`"),
    (to_average, lambda lr, mu: (2 * lr / (1 - mu), mu), "Here beta is right, and alpha is not."),
    (to_average, lambda lr, mu: (lr / (1 - mu), mu**2), "Here alpha is right, and beta is not."),
    (to_average, lambda lr, mu: (lr + mu, mu), "Under a gradient of 1, 50 steps of ours go to"),
    (to_average, lambda lr, mu: (lr, mu, 1.0), "3 things; asked for are, in this order, alpha and beta"),
    (to_average, lambda lr, mu: lr, "the number `0.1`; asked for are, in this order, alpha and beta"),
    (from_torch, lambda theta, buf, lr, mu: (theta + lr * buf / mu, -lr * buf), "the velocity is right"),
    (from_torch, lambda theta, buf, lr, mu: (theta + mu * lr * buf, -2 * lr * buf), "the point is right"),
    (
        from_torch,
        lambda theta, buf, lr, mu: (theta, 0 * buf),
        "the velocity: all numbers of your answer are `0`, in every case",
    ),
]


@pytest.mark.parametrize("ex, answer, expected", UNLISTED, ids=lambda x: getattr(x, "name", x))
def test_a_wrong_answer_that_is_not_in_the_list_is_told_how_it_is_off(ex, answer, expected):
    result = ex.check(answer)
    assert result.outcome == "incorrect"
    assert expected in result.text


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


def with_a_typo_in_a_branch(w, v, grad, lr, mu):
    if mu > 0.85:
        v = mu * v - lr * grd(w)  # noqa: F821
    else:
        v = mu * v - lr * grad(w)
    return w + v, v


@pytest.mark.parametrize(
    "unfit, said",
    [
        (blank, ""),
        (None, ""),
        (3.0, ""),
        (lambda w, v, grad, lr, mu: w, "it returned an array of shape (2,), not the point and the velocity"),
        (lambda w, v, grad, lr, mu: None, "it returned nothing (`None`), not the point"),
        (lambda w, v, grad, lr, mu: (w, v + 1j), "not the point and the velocity"),
        (lambda w, v, grad, lr, mu: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda w, v: (w, v), "TypeError"),
    ],
)
def test_a_function_that_cannot_run_is_not_shown_and_it_is_said_why(unfit, said):
    experiment = beside(optimizers.momentum, unfit)
    surface, runs, *_ = experiment(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert list(runs) == ["ours"]
    assert said in experiment.trouble and bool(said) == bool(experiment.trouble)


def test_an_error_that_comes_later_is_said_under_the_figure_which_stays_usable():
    start = ((-8.0, 2.0), (-10, 10), (-6, 6))
    experiment = beside(optimizers.momentum, with_a_typo_in_a_branch)
    live = Live(scenes.Ravine(), experiment, lr=(1.0, 0.01, 4), mu=0.8, start=start)
    assert "yours" in live.result[1] and "Yours is not shown" not in live.caption
    live.set(mu=0.9)
    assert "NameError: name 'grd' is not defined, in the line “v = mu * v - lr * grd(w)" in live.caption
    assert "Yours is not shown" in live._words.value and list(live.result[1]) == ["ours"] and not live.errors
    live.time = 3
    assert "Yours is not shown" in live.caption
    live.set(mu=0.5)
    assert "yours" in live.result[1] and "Yours is not shown" not in live.caption
    broken = Live(scenes.Ravine(), beside(optimizers.momentum, lambda *args: 1 / 0), lr=1.0, mu=0.8, start=start)
    assert "ZeroDivisionError" in broken.caption and not broken.errors


def test_a_step_with_names_behind_a_star_runs_too():
    def step(w, v, grad, *, lr, mu):
        v = mu * v - lr * grad(list(w))
        return [list(w + v), v]

    _, runs, *_ = beside(optimizers.momentum, step)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert np.allclose(runs["yours"]["w"], runs["ours"]["w"], atol=1e-13)


@pytest.mark.parametrize("ex, step", STEPS, ids=["heavy_ball", "nesterov_step"])
def test_a_right_step_runs_where_ours_does_and_a_wrong_one_elsewhere(ex, step):
    _, runs, *_ = beside(step, ex.reference)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert np.allclose(runs["yours"]["w"], runs["ours"]["w"], atol=1e-13)
    same = []
    for what, wrong, _ in ex.mistakes:
        _, runs, *_ = beside(step, wrong)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
        same += [what] * ("yours" in runs and np.allclose(runs["yours"]["w"], runs["ours"]["w"]))
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
    _, runs, *_ = beside(optimizers.momentum, in_place)(lr=0.5, mu=0.8, start=(-8.0, 2.0))
    assert runs["yours"]["w"][0].tolist() == [-8.0, 2.0]
    assert np.allclose(runs["yours"]["w"], runs["ours"]["w"], atol=1e-13)


def test_a_step_that_runs_away_is_frozen_and_not_an_error():
    _, runs, *_ = beside(optimizers.momentum, lambda w, v, grad, lr, mu: (w * 1e200, v))(0.5, 0.8, (-8.0, 2.0))
    assert runs["yours"]["diverged"] > 0


def test_a_slope_can_be_scaled_compared_and_read():
    slope = Slope((1.0, 4.0), 0.5)
    assert 2.0 * slope == Slope((1.0, 4.0), 0.5, 2.0) != slope
    assert np.array_equal((2.0 * slope)(np.ones(2)), 2 * slope(np.ones(2)))
    assert repr(slope) == "w ↦ [1, 4]·w + 0.5·w³"


# What the questions say ---------------------------------------------------------------------------------------------


def test_under_a_constant_gradient_the_velocity_comes_to_the_answer_of_the_choice():
    path = descent.descend(optimizers.momentum, [0.0], np.ones_like, 400, lr=0.1, mu=0.9)
    assert math.isclose(path["v"][-1, 0], -0.1 / (1 - 0.9))
    assert chapter.average.options[chapter.average.correct] == "−ηg/(1 − μ)"


def test_the_ranges_that_a_choice_quotes():
    assert "from 3.8/λ to 3.98/λ" in chapter.knobs.explanations["b"]
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
    assert "267 steps" in chapter.best_settings.question
    assert experiments.fewest_steps(optimizers.gd, 300, lr=rates) == 267
    assert chapter.best_settings.measure() == experiments.fewest_steps(optimizers.momentum, 100, lr=rates, mu=mus) == 40


# What the figures say -----------------------------------------------------------------------------------------------


def phase_map(method="heavy ball", kappa=100.0, eta=1.0, mu=0.5):
    scene, step = scenes.PhaseMap(), METHODS[method]
    path = descent.descend(step, (-8.0, 4.0), surfaces.bowl(kappa).grad, 200, lr=eta, mu=mu)
    scene.show((surfaces.bowl(kappa), method, eta, mu, path, phases(step, kappa)))
    scene.at(200)
    return scene


@pytest.mark.parametrize(
    "chosen, words",
    [
        (
            dict(eta=1.0, mu=0.5),
            "bounded, neither at rest nor growing: over the last 50 steps at most 4.6 % of its first distance away",
        ),
        (dict(eta=3.18, mu=0.6), "the steep direction lags behind"),
        (dict(eta=3.3, mu=0.67), "converged, "),
        (dict(eta=3.9, mu=0.5), "diverged at step "),
        (dict(eta=3.01, mu=0.5), "growing"),
        (dict(method="Nesterov", eta=1.0, mu=0.9), "theory allows η below 1.357"),
    ],
)
def test_the_caption_of_the_map_says_what_became_of_the_pair(chosen, words):
    assert words in phase_map(**chosen).caption


def test_a_click_on_the_map_chooses_the_pair_and_one_on_the_star_the_optimum():
    scene = phase_map()
    assert scene.clicked(scene.pairs.axes, 2.5, 0.3) == dict(eta=2.5, mu=0.3)
    assert scene.clicked(scene.pairs.axes, 3.29, 0.66) == dict(
        zip(("eta", "mu"), optimum("heavy ball", 100.0), strict=True)
    )
    assert scene.clicked(scene.map.axes, 1.0, 1.0) == {}


def test_a_preset_may_be_a_function_of_the_present_values():
    live = pytest.importorskip("optim_core.live")

    def experiment(method, kappa, eta, mu):
        path = descent.descend(METHODS[method], (-8.0, 4.0), surfaces.bowl(kappa).grad, 200, lr=eta, mu=mu)
        return surfaces.bowl(kappa), method, eta, mu, path, phases(METHODS[method], kappa)

    presets = {
        "best": lambda method, kappa, **_: dict(zip(("eta", "mu"), optimum(method, kappa), strict=True)),
        "odd": lambda **values: {"momentum": 1},
    }
    figure = live.Live(
        scenes.PhaseMap(), experiment, presets=presets, method=list(METHODS), kappa=100.0, eta=1.0, mu=0.5
    )
    for method, kappa in [("heavy ball", 100.0), ("Nesterov", 30.0)]:
        figure.set(method=method, kappa=kappa)
        figure._menu.value = "best"
        assert figure.values == dict(
            method=method, kappa=kappa, **dict(zip(("eta", "mu"), optimum(method, kappa), strict=True))
        )
    with pytest.raises(ValueError, match=r"presets\['odd'\] = 'momentum'"):
        figure._menu.value = "odd"


def test_at_the_optimum_neither_direction_lags_behind():
    eta, mu = optimum("heavy ball", 100.0)
    assert "neither direction lags behind" in phase_map(eta=eta, mu=mu).caption


@pytest.mark.parametrize(
    "eta, mu, words",
    [
        (0.04, 0.0, "over-damped"),
        (0.04, 0.64, "critically damped"),
        (0.04, 0.95, "under-damped"),
        (0.04, 1.0, "undamped"),
        (1.9, 0.05, "over-damped, jumping"),
        (3.9, 0.9, "unstable"),
    ],
)
def test_the_oscillator_is_named_by_its_damping(eta, mu, words):
    scene = scenes.Oscillator()
    scene.show((eta, mu, descent.descend(momentum, [1.5], lambda w: w, 60, lr=eta, mu=mu)))
    scene.at(60)
    assert f": {words}; " in scene.caption


def test_a_run_that_starts_at_the_minimum_has_arrived():
    bowl, scene = surfaces.bowl(10.0), scenes.Ravine()
    scene.show((bowl, {"gradient descent": descent.descend(gd, (0.0, 0.0), bowl.grad, 10, lr=0.5)}))
    scene.at(10)
    assert "starts at the minimum" in scene.caption


# What captions say, against something that does not know how they say it --------------------------------------------


def sigma(method, eta, mu):
    """The eigenvalues of one step of (w_t, w_{t−1}) on ½w², largest first: the definition, and none of its formulas."""
    eta, mu = np.broadcast_arrays(eta, mu)
    first, second = (1 + mu - eta, -mu) if method == "heavy ball" else ((1 + mu) * (1 - eta), -mu * (1 - eta))
    step = np.stack([np.stack([first, second], -1), np.stack([np.ones_like(mu), 0 * mu], -1)], -2)
    both = np.linalg.eigvals(step).astype(complex)
    return np.take_along_axis(both, np.argsort(-np.abs(both), axis=-1), -1)


def said_number(text, before):
    return float(text.split(before)[0].split()[-1].strip("(").replace(",", ""))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kappa", [1.0, 10.0, 100.0, 1000.0])
def test_what_became_of_a_pair_is_what_its_run_and_its_eigenvalues_say(method, kappa):
    etas, mus, lam = np.linspace(0.02, 4, 25)[:, None], np.linspace(0, 0.99, 21)[:, None, None], [1 / kappa, 1.0]
    path = descent.descend(METHODS[method], (-8.0, 4.0), surfaces.bowl(kappa).grad, 200, lr=etas, mu=mus)
    size = np.max([np.abs(sigma(method, etas[:, 0] * one, mus[..., 0]))[..., 0] for one in lam], axis=0)
    for i, j in np.ndindex(size.shape):
        w = path["w"][:, i, j]
        said, far, gone = scenes.became(np.abs(w).max(-1), int(path["diverged"][i, j])), np.abs(w).max(-1), size[i, j]
        if path["diverged"][i, j]:
            assert gone > 1 and said == f"diverged at step {path['diverged'][i, j]}"
        elif said.startswith("converged"):
            assert gone < 1 and far[150:].max() < 0.01 * far[:51].max()
            asked = -np.log(10) / np.log(max(gone, 1e-300))  # the pace of the first 200 steps, and that for ever
            assert asked / 2 - 2 <= said_number(said, " steps for every") <= 2 * asked + 2, said
        elif said.startswith("growing"):
            assert far[150:].max() > far[50:101].max()
        else:
            assert gone < 1.01 and 0.01 * far[:51].max() <= far[150:].max() <= far[50:101].max()
            assert said_number(said, " %") == pytest.approx(100 * far[150:].max() / 8, rel=0.06)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kappa", [1.0, 2.0, 10.0, 100.0, 1000.0])
def test_the_direction_that_lags_behind_has_the_larger_eigenvalue(method, kappa):
    for eta, mu in itertools.product(np.linspace(0.02, 4, 25), np.linspace(0, 0.99, 21)):
        assert scenes.lags(method, eta, mu, 1.0) == "neither direction lags behind"  # both are one, growing or not
        flat, steep = (float(np.abs(sigma(method, eta * lam, mu)[0])) for lam in (1 / kappa, 1.0))
        words = scenes.lags(method, eta, mu, kappa)
        assert scenes.rate(method, eta, mu) == pytest.approx(steep, abs=1e-7)
        if max(flat, steep) < 1 - 1e-9:  # who needs half as many steps again for a factor of ten
            steps, other = (-1 / np.log(max(size, 1e-300)) for size in (flat, steep))
            lagging = "the flat" if steps > 1.5 * other else "the steep" if other > 1.5 * steps else "neither"
            assert words.startswith(lagging) or min(abs(steps / other - 1.5), abs(other / steps - 1.5)) < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_the_direction_that_lags_behind_is_the_one_that_takes_longer(method):
    etas, mus = np.linspace(0.05, 3.95, 14)[:, None, None], np.linspace(0, 0.95, 9)[:, None]
    curvatures = np.array([1 / 10, 1.0])
    path = descent.descend(METHODS[method], np.ones(2), lambda w: curvatures * w, 1000, lr=etas, mu=mus)
    swing = np.hypot(path["w"], path["v"])  # (T + 1, η, μ, direction): does not vanish while the run swings
    needed = swing.shape[0] - np.argmax((swing > 1e-12)[::-1], axis=0)
    for i, j in np.ndindex(needed.shape[:2]):
        (flat, steep), eta, mu = needed[i, j], float(etas[i, 0, 0]), float(mus[j, 0])
        if not path["diverged"][i, j] and max(flat, steep) < 1000 and (flat > 2 * steep + 40 or steep > 2 * flat + 40):
            said = scenes.lags(method, eta, mu, 10.0)
            assert said.startswith("the flat" if flat > steep else "the steep"), (eta, mu, said, flat, steep)


def test_the_word_for_the_damping_is_what_a_long_run_does():
    etas, mus = np.array([*np.linspace(0.02, 4, 34), 1.0])[:, None, None], np.linspace(0, 1, 26)[:, None]
    path, both = descent.descend(momentum, [1.0], lambda w: w, 3000, lr=etas, mu=mus), sigma("heavy ball", etas, mus)
    for i, j in np.ndindex(path["w"].shape[1:3]):
        w, eta, mu, first = path["w"][:, i, j, 0], float(etas[i, 0, 0]), float(mus[j, 0]), both[i, j, 0, 0]
        word, why = scenes.damping(eta, mu)
        early, late = np.abs(w[:750]).max(), np.abs(w[2250:]).max()
        if word in ("undamped", "at the edge"):
            assert 0.5 < late / early < 2, (eta, mu)
        else:
            grows = late > early or path["diverged"][i, j] > 0
            assert grows == (word == "unstable"), (eta, mu, word, early, late)
        signs = np.sign(w[np.abs(w) > 1e-9])
        if word == "over-damped":
            assert np.count_nonzero(np.diff(signs)) <= 1, (eta, mu)
        if word in ("over-damped, jumping", "at the edge") and len(signs) > 12:
            assert (np.diff(signs[-5:]) != 0).all(), (eta, mu)
        if "period" in why:
            assert said_number(why.replace(" in ", " "), " steps") == pytest.approx(
                2 * np.pi / abs(np.angle(first)), rel=6e-3
            )
            seen = np.flatnonzero(np.abs(w) > 1e-280)
            crossings = np.count_nonzero(np.diff(np.sign(w[seen])))  # two to a period
            assert abs(crossings - 2 * (seen[-1] + 1) / said_number(why, " steps")) < 3 + crossings / 99
        if "√μ" in why:
            assert abs(first) == pytest.approx(mu**0.5, abs=1e-7)
        text = scenes.shrinks(eta, mu)
        assert float(text.split("= ")[1].split(" ")[0]) == pytest.approx(abs(first), rel=1e-3, abs=1e-6)
        if "factor of ten" in text:
            tenfold = -np.log(10) / np.log(abs(first))
            assert said_number(text, " steps") == pytest.approx(tenfold, rel=6e-3)
        else:
            assert abs(first) >= 1 - 1e-6 or abs(first) < 1e-6


def test_no_momentum_rests_faster_than_the_critical_one():
    mus = np.linspace(0, 1, 201)
    for eta in control("eta", 0.04).stops:
        said, sizes = scenes.quickest(eta), np.abs(sigma("heavy ball", eta, mus)[:, 0])
        if "no μ brings it to rest" in said:
            assert sizes.min() >= 1 - 1e-6
        else:
            mu = notebooks.parse_number(said.split("² = ")[1])[0]
            best = np.abs(sigma("heavy ball", eta, mu)[0])
            assert best < 1 and (sizes >= best - 0.015).all(), eta  # μ has four digits
            assert scenes.damping(eta, float(quadratics.critical_damping("heavy ball", eta)))[0] == "critically damped"


@pytest.mark.parametrize("start", [(-10.0, -6.0), (-8.0, -4.36), (-8.0, 2.0), (0.02, 0.0), (3.0, 5.0), (10.0, 6.0)])
def test_on_a_convex_quadratic_the_look_ahead_brakes_by_lr_times_the_curvature_along_the_velocity(start):
    surface = surfaces.bowl(10.0, 0.5)
    H = surface.hessian([0.0, 0.0])
    for lr, mu in itertools.product([0.01, 0.05, 0.1, 0.4, 0.8, 1.0, 1.35, 1.6, 2.0], [0.0, 0.01, 0.3, 0.6, 0.9, 0.99]):
        path = descent.descend(nesterov, start, surface.grad, 60, lr=lr, mu=mu)
        for t in (0, 1, 2, 6, 30, 59):
            w, v = path["w"][t], path["v"][t]
            if 0 < path["diverged"] <= t + 1 or np.linalg.norm(v) < 1e-12:
                assert not t or mu == 0.0 or path["diverged"] or np.linalg.norm(v) < 1e-12
                continue
            said = scenes.pushes(mu * v, -lr * surface.grad(w + mu * v), -lr * surface.grad(w))
            if mu == 0:
                assert said.startswith("There is no carried velocity")
            else:
                assert "The look-ahead gradient brakes: along the velocity the step is shorter by" in said
                assert said_number(said, " %") == pytest.approx(100 * lr * (v @ H @ v) / (v @ v), rel=0.06)


def test_without_a_velocity_both_pushes_are_one_and_on_a_hill_the_look_ahead_pushes_on():
    here, hill = np.array([0.3, -0.1]), np.diag([-1.0, -0.2])
    assert scenes.pushes(0 * here, here, here).startswith("There is no carried velocity")
    for carry in np.random.default_rng(0).normal(size=(20, 2)):
        there = here - 0.5 * hill @ carry
        said, brake = scenes.pushes(carry, there, here), 0.5 * (carry @ hill @ carry) / (carry @ carry)
        assert "pushes on: along the velocity the step is longer by" in said
        assert said_number(said, " %") == pytest.approx(-100 * brake, rel=0.06)


def bends(x):
    return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))


def many_cycles():
    """Runs on the function of the cycles, (2001, μ, η, starts): the ends of all three sliders, and between them."""
    starts, momenta = np.linspace(-5, 5, 26)[:, None], [0, 0.1, 0.2, 0.3, 0.38, 0.39, 0.42, 0.6, 0.8, 0.9, 0.99]
    rates = np.array([0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 1 / 9, 0.13, 0.14, 0.16])[:, None, None]
    path = descent.descend(momentum, starts, bends, 2000, lr=rates, mu=np.append(momenta, 4 / 9)[:, None, None, None])
    return path["w"][..., 0], path["v"][..., 0], path["diverged"]


def test_a_run_that_is_said_to_go_round_or_to_be_near_still_is_after_many_more_steps():
    (x, _, diverged), seen = many_cycles(), set()
    alone = [descent.descend(gd, np.linspace(-5, 5, 101)[:, None], bends, 2000, lr=1 / 13)]
    alone += [descent.descend(nesterov, np.linspace(-5, 5, 101)[:, None], bends, 2000, lr=1 / 25, mu=2 / 3)]
    x = np.concatenate([x.reshape(2001, -1), *(path["w"][..., 0] for path in alone)], axis=1)
    gone = np.concatenate([diverged.ravel(), *(path["diverged"] for path in alone)])
    for run, when in zip(x.T, gone, strict=True):
        said, far = scenes.ending("heavy ball", run[:81], int(when) if when <= 80 else 0), np.abs(run) >= 0.01
        word = [word for word in ("within 0.01", "goes round", "still moving", "diverged at") if word in said]
        seen.add(*word)
        if word == ["within 0.01"]:
            first = int(said.split("step ")[1].split()[0])
            assert not far[first:].any() and not when and (first == 0 or far[first - 1]), said
        elif word == ["goes round"]:
            period = said.count(",") + 1
            assert np.allclose(run[81 : 2001 - period], run[81 + period :], atol=1e-6) and not when, said
        elif word == ["still moving"]:
            assert far[76:81].any() and np.ptp(run[72:81]) > 1e-9
        else:
            assert 0 < when <= 80 and f"step {when}." in said
    assert len(seen) == 4


def test_whoever_is_said_to_rest_after_a_thousand_steps_does_not_leave():
    x, v, diverged = (each.reshape(-1, 3120) for each in many_cycles())
    moves = scenes.restless(dict(w=x[1000][:, None], v=v[1000][:, None]))
    assert (np.abs(x[1000:, ~moves]) < 0.01).all() and not diverged[0, ~moves].any()
    assert (np.abs(x[990:1200, moves]).max(axis=0) > 1e-3).all() and 0 < moves.sum() < moves.size


@pytest.mark.parametrize("kappa", np.geomspace(10, 1e4, 11).round())
def test_where_losses_arrive_and_when_the_momentum_began_anew_is_what_the_method_says_of_itself(kappa):
    c, best, steps = np.geomspace(1 / kappa, 1, 50), (kappa**0.5 - 1) / (kappa**0.5 + 1), round(30 * kappa**0.5)
    low, high, restart = np.array([[0, best, 0, 0], [0, best, 1, 1], [0, 0, 0, 1]])[..., None]
    four = dict(low=low, high=high, restart=restart, loss=lambda w: 0.5 * (c * w**2).sum(axis=-1))
    path = descent.descend(quadratics.restarting, np.ones(50), lambda w: c * w, steps, **four)
    mu = np.clip(path["k"] / (path["k"] + 3), low, high)[..., 0]
    assert scenes.restarts(mu[:, 3]).tolist() == [t for t in range(1, steps + 1) if path["k"][t, 3, 0] == 0]
    assert not len(scenes.restarts(mu[:, 1])) and not len(scenes.restarts(mu[:, 2]))
    for loss in path["loss"].T:
        said, t = scenes.arrives(loss, 1e-8), steps
        while t >= 0 and loss[t] <= 1e-8:
            t -= 1
        assert said == (f"more than {steps}" if t == steps else str(t + 1))


def test_the_map_of_the_ramp_is_as_narrow_as_its_runs():
    (path,) = (p for p in notebooks.NOTEBOOKS if p.stem.startswith("05"))
    cells = normalise.read(path).cells
    (figure,) = (i for i, cell in enumerate(cells) if "ramp=(" in cell.source)
    first = next(i for i, cell in enumerate(cells) if cell.cell_type == "code")
    ((_, shown),) = notebooks.run(path, [first, figure]).figures
    for values in ({}, dict(lr=2.0), dict(mu=0.5), dict(lr=0.01, ramp=400)):
        shown.set(**(shown.initial | values))
        surface, runs, *_ = shown.result
        reach = max(np.abs(run["w"][:, 1]).max() for run in runs.values())
        assert reach <= surface.window[3] < 2.5 * reach
