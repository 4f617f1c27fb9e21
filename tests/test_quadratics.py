"""Momentum on a quadratic: theory against runs, the map of all pairs, restarts; and what the chapter's figures say."""

from fractions import Fraction

import numpy as np
import pytest

from optim_core import descent, gradients, quadratics, schedules, surfaces
from optim_core.optimizers import gd, momentum, nesterov
from optim_core.quadratics import boundary, critical_damping, fates, optimum, phases, restarting, roots

METHODS = {"heavy ball": momentum, "Nesterov": nesterov}
each_method = pytest.mark.parametrize("method", METHODS)


def radius(method, eta, mu, curvatures):
    """The largest |σ| over directions: the spectral radius of (w_t, w_{t−1}) → (w_{t+1}, w_t)."""
    look = 1 if method == "heavy ball" else 1 - eta * curvatures  # Nesterov's memory is μ(1 − ηλ)
    matrices = [
        [[1 + m - eta * c, -m], [1, 0]] for m, c in zip(mu * look * np.ones_like(curvatures), curvatures, strict=True)
    ]
    return np.abs(np.linalg.eigvals(matrices)).max()


# What theory says ---------------------------------------------------------------------------------------------------


@each_method
@pytest.mark.parametrize("mu", [0.0, 0.3, 0.9, 0.99])
def test_runs_come_to_rest_below_the_boundary_and_not_above_it(method, mu):
    edge = boundary(method, mu)
    rates = edge * np.array([[0.999], [1.001]])
    early = descent.descend(METHODS[method], [1.0], lambda w: w, 3000, keep="last", lr=rates, mu=mu)
    late = descent.descend(
        METHODS[method], **early, grad=lambda w: w, steps=3000, start=3000, keep="last", lr=rates, mu=mu
    )
    below, above = (np.abs(late["w"]) < np.abs(early["w"]))[:, 0] & (late["diverged"] == 0)
    assert below and not above


def test_the_boundaries_at_usual_momentum():
    assert boundary("heavy ball", 0.9) == 3.8 and boundary("Nesterov", 0.9) == pytest.approx(1.357, abs=5e-4)
    assert boundary("heavy ball", 0.0) == boundary("Nesterov", 0.0) == 2  # gradient descent


def test_polyaks_numbers_for_a_condition_number_of_100():
    eta, mu = optimum("heavy ball", 100.0)
    assert mu == pytest.approx(0.6694, abs=5e-5)
    measured = radius("heavy ball", eta, mu, np.geomspace(0.01, 1, 30))
    assert measured == pytest.approx(9 / 11, abs=1e-6) == pytest.approx(0.8182, abs=5e-5)


@each_method
@pytest.mark.parametrize("kappa", [2.0, 30.0, 1000.0])
def test_no_pair_nearby_is_faster_than_the_optimum(method, kappa):
    curvatures = np.geomspace(1 / kappa, 1, 40)
    eta, mu = optimum(method, kappa)
    best = radius(method, eta, mu, curvatures)
    assert best == pytest.approx(
        (kappa**0.5 - 1) / (kappa**0.5 + 1) if method == "heavy ball" else 1 - 2 / (3 * kappa + 1) ** 0.5, abs=1e-6
    )
    for other in [(eta * 1.02, mu), (eta * 0.98, mu), (eta, mu + 0.02 * (1 - mu)), (eta, mu - 0.02 * (1 - mu))]:
        assert radius(method, *other, curvatures) > best + 1e-5


def test_in_a_round_bowl_the_optimum_is_one_step_without_memory():
    assert optimum("heavy ball", 1.0) == optimum("Nesterov", 1.0) == (1.0, 0.0)


def test_the_roots_multiply_to_the_momentum_and_swing_at_its_root():
    eta, mu = np.random.default_rng(1).uniform(0.01, 1, (2, 400)) * [[4], [1]]
    sigma = np.array([roots(e, m) for e, m in zip(eta, mu, strict=True)])
    assert np.allclose(sigma.prod(-1), mu) and np.allclose(sigma.sum(-1), 1 + mu - eta)
    assert (np.abs(sigma[:, 0]) >= np.abs(sigma[:, 1]) - 1e-12).all()
    swings = np.abs(sigma[:, 0].imag) > 1e-9
    assert 100 < swings.sum() < 400 and np.allclose(np.abs(sigma[swings]), np.sqrt(mu[swings])[:, None])
    assert np.array_equal(swings, mu > critical_damping("heavy ball", eta))


@each_method
@pytest.mark.parametrize("eta", [0.01, 0.2, 0.7])
def test_critical_damping_is_the_fastest_momentum_for_one_direction(method, eta):
    mus = np.linspace(0, 1, 2001)
    sizes = [radius(method, eta, mu, np.ones(1)) for mu in mus]
    assert mus[np.argmin(sizes)] == pytest.approx(critical_damping(method, eta), abs=1e-3)


def test_above_one_the_heavy_ball_rests_fastest_jumping_from_side_to_side():
    for eta in (1.5, 2.5, 3.5):
        mu, mus = critical_damping("heavy ball", eta), np.linspace(0, 1, 1001)
        assert np.allclose(roots(eta, mu), 1 - np.sqrt(eta), atol=1e-6)
        assert np.abs(roots(eta, mus)[:, 0]).min() >= np.sqrt(eta) - 1 - 1e-6
    assert critical_damping("Nesterov", 1.5) < 0 and critical_damping("heavy ball", 4.5) > 1


@each_method
@pytest.mark.parametrize("eta, mu", [(0.3, 0.7), (1.2, 0.4), (0.01, 0.95)])
def test_a_run_along_one_direction_is_the_recursion_over_two_steps(method, eta, mu):
    middle, last = (1 + mu - eta, mu) if method == "heavy ball" else ((1 + mu) * (1 - eta), mu * (1 - eta))
    w = descent.descend(METHODS[method], [1.0], lambda w: w, 30, lr=eta, mu=mu)["w"][:, 0]
    assert np.allclose(w[2:], middle * w[1:-1] - last * w[:-2], atol=1e-12)


# What runs of all pairs say -----------------------------------------------------------------------------------------


@each_method
@pytest.mark.parametrize("kappa", [1.0, 100.0])
def test_the_map_converges_inside_theorys_boundary_and_diverges_outside(method, kappa):
    etas, mus, far = phases(METHODS[method], kappa)
    words, _ = fates(far, 200)
    edge = boundary(method, mus[:, None])
    assert set(words[etas < 0.99 * edge].tolist()) <= {"converged", "bounded"}
    assert set(words[etas > 1.01 * edge].tolist()) == {"growing", "diverged"}
    assert {"converged", "bounded"} <= set(words.ravel().tolist()) or kappa == 1


def test_the_pace_on_the_map_is_that_of_the_spectral_radius():
    etas, mus, far = phases(momentum, 30.0)
    words, pace = fates(far, 200)
    curvatures = np.array([1 / 30.0, 1.0])
    for i, j in [(50, 60), (80, 80), (70, 30), (10, 50)]:
        assert words[i, j] == "converged"
        theory = -1 / np.log10(radius("heavy ball", etas[j], mus[i], curvatures))
        assert pace[i, j] == pytest.approx(theory, rel=0.12)


def test_a_cell_of_the_map_is_the_run_of_that_pair():
    etas, mus, far = phases(nesterov, 100.0)
    w = descent.descend(nesterov, (-8.0, 4.0), surfaces.bowl(100.0).grad, 200, lr=etas[20], mu=mus[70])["w"]
    quarters = [np.abs(w[k : k + 51]).max() for k in (0, 50, 100, 150)]
    assert np.allclose(far[:, 70, 20], quarters, rtol=1e-12)


# Restarts -----------------------------------------------------------------------------------------------------------


def test_without_restarts_and_with_one_momentum_it_is_nesterovs_method():
    grad = surfaces.bowl(50.0, 0.3).grad
    one = descent.descend(restarting, [-8.0, 4.0], grad, 60, lr=0.9, low=0.7, high=0.7, restart=0)
    other = descent.descend(nesterov, [-8.0, 4.0], grad, 60, lr=0.9, mu=0.7)
    assert np.allclose(one["w"], other["w"], atol=1e-12)
    plain = descent.descend(restarting, [-8.0, 4.0], grad, 60, lr=0.9, high=0.0)
    assert np.allclose(plain["w"], descent.descend(gd, [-8.0, 4.0], grad, 60, lr=0.9)["w"], atol=1e-12)


def test_it_forgets_exactly_when_the_velocity_points_uphill():
    curvatures = np.geomspace(1e-3, 1, 20)
    path = descent.descend(restarting, np.ones(20), lambda w: curvatures * w, 300)
    for t in range(300):
        k = path["k"][t, 0]
        mu = k / (k + 3)
        g = curvatures * (path["w"][t] + mu * path["v"][t])
        step = path["w"][t + 1] - path["w"][t]
        assert (g @ step > 0) == (path["k"][t + 1, 0] == 0)
        assert np.allclose(path["v"][t + 1], 0 if g @ step > 0 else step, atol=1e-15)


def test_restarting_comes_near_to_knowing_the_condition_number():
    kappa = 1e4
    c, best = np.geomspace(1 / kappa, 1, 50), (kappa**0.5 - 1) / (kappa**0.5 + 1)
    low, high, restart = np.array([[0, best, 0, 0], [0, best, 1, 1], [0, 0, 0, 1]])[..., None]
    path = descent.descend(restarting, np.ones(50), lambda w: c * w, 3000, low=low, high=high, restart=restart)
    below = 0.5 * (c * path["w"] ** 2).sum(-1) < 1e-8
    assert not below[:, 0].any()
    assert below[:, 1:].argmax(0) == pytest.approx([658, 2594, 1011], abs=3)


# A ball that never comes to rest ------------------------------------------------------------------------------------


def test_the_heavy_ball_has_an_exact_cycle_of_three_points():
    def slope(x):
        return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24

    cycle = [Fraction(n, 1225) for n in (792, -2208, 2592)]
    for k in range(3):
        before, now, after = cycle[k - 2], cycle[k - 1], cycle[k]
        assert now - slope(now) / Fraction(9) + Fraction(4, 9) * (now - before) == after


# Noise, and a rate that falls ---------------------------------------------------------------------------------------

RIVER = dict(curvatures=np.array([1 / 300, 1.0]), squares=[80.0**2, 4.0**2], noise=np.sqrt([1 / 300, 1.0]))


def on_the_river(schedule, **more):
    return quadratics.expected(schedule(np.arange(1000)), **RIVER, **more)


def test_without_noise_the_mean_loss_is_the_loss():
    etas, w, lam = np.random.default_rng(0).uniform(0, 2, 40), np.array([3.0, -1.0, 0.5]), np.array([1.0, 0.3, 0.01])
    path = descent.descend(gd, w, lambda w: lam * w, 40, lr=lambda k: etas[k])["w"]
    assert np.allclose(quadratics.expected(etas, lam, w**2, 0.0), (lam * path**2).sum(-1) / 2, rtol=1e-12)


def test_under_a_constant_rate_the_mean_loss_ends_at_the_noise_floor():
    eta, lam, sigma = 0.4, np.array([1.0, 3.0]), np.array([0.5, 2.0])
    end = quadratics.expected(np.full(500, eta), lam, 9.0, sigma, split=True)[-1]
    assert np.allclose(end, eta * sigma**2 / (2 * (2 - eta * lam)), rtol=1e-12)


def test_the_rate_one_over_k_makes_of_noise_a_mean_of_so_many():
    loss = quadratics.expected(1 / np.arange(1, 101), [1.0], 25.0, 2.0)  # w after k steps: the mean of k targets
    assert np.allclose(loss[1:], 2.0**2 / np.arange(1, 101) / 2, rtol=1e-12)


def test_noisy_runs_scatter_about_the_mean_loss():
    cooling = schedules.wsd(1.5, 200, 0.3)
    lam, start, sigma = np.array([0.05, 1.0]), np.array([8.0, 4.0]), np.array([0.2, 1.0])
    grad = gradients.noisy(lambda w: lam * w, sigma, seed=np.arange(400))
    w = descent.descend(gd, np.tile(start, (400, 1)), grad, 200, lr=cooling)["w"]
    runs = (lam * w**2).sum(-1) / 2
    mean = quadratics.expected(cooling(np.arange(200)), lam, start**2, sigma)
    error = runs.std(1) / np.sqrt(400)
    assert (np.abs(runs.mean(1) - mean)[1:] < 5 * error[1:]).all() and mean[0] == runs[0, 0]


def test_a_rate_that_is_too_large_for_long_is_ahead_once_it_has_cooled_down():
    steady, wild = on_the_river(schedules.constant(0.7)), on_the_river(schedules.wsd(1.5, 1000))
    assert wild[800] > 2.5 * steady[800] and wild[1000] < steady[1000] / 15
    assert [round(float(x), 3) for x in (steady[1000], wild[1000])] == [0.37, 0.022]


def test_many_schedules_at_once_are_each_alone_and_directions_add_up():
    rates = np.stack([schedules.cosine(lr, 1000)(np.arange(1000)) for lr in (0.3, 1.9)], axis=-1)
    together = quadratics.expected(rates, **RIVER)
    assert together.shape == (1001, 2)
    assert np.array_equal(together[:, 1], on_the_river(schedules.cosine(1.9, 1000)))
    parts = quadratics.expected(rates, **RIVER, split=True)
    assert parts.shape == (1001, 2, 2) and np.array_equal(parts.sum(-1), together)


def test_a_rate_beyond_the_edge_ends_in_an_infinite_mean_and_no_warning():
    assert quadratics.expected(np.full(3000, 5.0), [1.0], 1.0, 1.0)[-1] == np.inf


@pytest.mark.parametrize(
    "given, words",
    [
        (dict(etas=0.1), "etas = 0.1: must be the rates"),
        (dict(etas=[-0.1]), "etas = .*must be ≥ 0"),
        (dict(curvatures=[-1.0, 1.0]), "curvatures"),
        (dict(squares="far"), "squares"),
        (dict(noise=[-1.0]), "noise"),
        (dict(noise=np.ones(3)), "shapes = .*broadcast"),
    ],
)
def test_bad_arguments_of_the_mean_loss_get_one_clear_error(given, words):
    with pytest.raises(ValueError, match=words):
        quadratics.expected(**dict(etas=[0.1, 0.1], **RIVER) | given)


def test_everything_public_is_documented():
    public = [
        thing
        for name, thing in vars(quadratics).items()
        if getattr(thing, "__module__", "") == quadratics.__name__ and not name.startswith("_")
    ]
    assert len(public) == 8 and all(thing.__doc__ for thing in public)
