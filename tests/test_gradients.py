"""What stands around a gradient: clipping, L2, noise; and second derivatives by complex step."""

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_optimizers import DATA

from optim_core import descent, gradients, optimizers, surfaces

quick = settings(max_examples=50, deadline=None)
vectors = arrays(float, 3, elements=st.floats(-1e6, 1e6))
sizes = st.floats(1e-3, 1e3)


@pytest.fixture(autouse=True)
def no_warning_is_printed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def of(g):
    """A gradient that is g everywhere."""
    return lambda w: np.asarray(g, float) + 0 * w


# ---- clipping -------------------------------------------------------------------------------------------------------


def test_clipping_is_torchs():
    for (g, by_norm, by_value), (theta, size) in zip(DATA["gradients"], DATA["limits"], strict=True):
        ours = gradients.clip_norm(of(g), theta, eps=1e-6)(np.zeros(5))
        np.testing.assert_allclose(ours, by_norm, rtol=1e-14, atol=0)
        np.testing.assert_array_equal(gradients.clip_value(of(g), -size, size)(np.zeros(5)), by_value)


@quick
@given(g=vectors, theta=sizes)
def test_a_clipped_gradient_is_no_longer_than_theta_and_points_the_same_way(g, theta):
    clipped = gradients.clip_norm(of(g), theta)(np.zeros(3))
    norm = np.linalg.norm(g)
    assert np.linalg.norm(clipped) <= theta * (1 + 1e-14)
    np.testing.assert_allclose(clipped * norm, g * np.linalg.norm(clipped), rtol=1e-12, atol=1e-300)
    if norm <= theta * (1 - 1e-14):
        np.testing.assert_array_equal(clipped, g)
    else:
        assert np.linalg.norm(clipped) == pytest.approx(theta, rel=1e-12)


def test_the_norm_counts_and_not_its_square():
    g = of([2.1, 0.0])  # longer than 4 only if squared
    np.testing.assert_array_equal(gradients.clip_norm(g, 4.0)(np.zeros(2)), [2.1, 0.0])
    np.testing.assert_allclose(gradients.clip_norm(of([0.5, 0.0]), 0.3)(np.zeros(2)), [0.3, 0.0])


def test_the_norm_is_over_the_parameters_of_one_run():
    g = np.array([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    theta = np.array([[1.0], [1.0], [1.0]])
    np.testing.assert_allclose(gradients.clip_norm(of(g), theta)(np.zeros((3, 2))), [[0.6, 0.8], [0.3, 0.4], [0, 0]])


def test_a_gradient_of_any_size_is_clipped_without_overflow():
    np.testing.assert_allclose(gradients.clip_norm(of([3e300, 4e300]), 1.0)(np.zeros(2)), [0.6, 0.8])
    np.testing.assert_array_equal(gradients.clip_norm(of([0.0, 0.0]), 1.0)(np.zeros(2)), [0.0, 0.0])
    assert np.isnan(gradients.clip_norm(of([np.nan, 1.0]), 1.0)(np.zeros(2))).all()


@quick
@given(g=vectors, a=st.floats(-10, 10), length=st.floats(0, 10))
def test_clipping_by_value_cuts_each_component_to_its_interval(g, a, length):
    clipped = gradients.clip_value(of(g), a, a + length)(np.zeros(3))
    assert ((clipped >= a) & (clipped <= a + length)).all()
    inside = (g >= a) & (g <= a + length)
    np.testing.assert_array_equal(clipped[inside], g[inside])


def test_every_component_may_have_its_own_interval():
    clipped = gradients.clip_value(
        of([5.0, 5.0, -5.0]), np.array([-1.0, -2.0, -3.0]), [[1.0, 2.0, 3.0], [6.0, 6.0, 6.0]]
    )
    np.testing.assert_array_equal(clipped(np.zeros((2, 3))), [[1.0, 2.0, -3.0], [5.0, 5.0, -3.0]])


def test_clipping_by_value_turns_the_gradient_and_clipping_by_norm_does_not():
    g = np.array([10.0, 1.0])
    by_value = gradients.clip_value(of(g), -1.0, 1.0)(np.zeros(2))
    assert by_value.tolist() == [1.0, 1.0]
    assert np.cross([*gradients.clip_norm(of(g), 1.0)(np.zeros(2)), 0], [*g, 0])[2] == pytest.approx(0, abs=1e-15)


def test_a_moving_threshold_is_a_multiple_of_the_mean_norm_before_the_step():
    norms = [1.0, 5.0, 3.0, 100.0, 2.0]
    gradient = gradients.clip_norm(lambda w, t: 0 * w + norms[t - 1], gradients.running(1.5))
    seen = [gradient(np.zeros(1), t)[0] for t in range(1, 6)]
    theta = [np.inf, 1.5 * 1, 1.5 * 3, 1.5 * 3, 1.5 * 109 / 4]
    np.testing.assert_allclose(seen, np.minimum(norms, theta))
    for replay in ((4, 4, 5), (2, 3, 4, 5), (1, 2, 3)):  # from any step of the run just made
        assert [gradient(np.zeros(1), t)[0] for t in replay] == [seen[t - 1] for t in replay]
    with pytest.raises(ValueError, match="t = 5"):
        gradient(np.zeros(1), 5)


def test_a_moving_threshold_after_a_flat_start_does_not_stop_the_run():
    gradient = gradients.clip_norm(lambda w, t: w * 0 + (t > 2), gradients.running(1.0))
    assert [gradient(np.zeros(1), t)[0] for t in range(1, 6)] == pytest.approx([0, 0, 1, 1 / 3, 1 / 2])


# ---- L2 and noise ---------------------------------------------------------------------------------------------------


@quick
@given(w=vectors, lam=st.floats(0, 10))
def test_l2_adds_the_gradient_of_its_penalty(w, lam):
    penalty = lambda w: lam / 2 * (w**2).sum()  # noqa: E731
    step = penalty(w + 1e-20j * np.eye(3)[0]).imag / 1e-20 if np.any(w) else 0.0
    g = gradients.l2(lambda w: 0 * w, lam)(w)
    np.testing.assert_allclose(g, lam * w)
    assert g[0] == pytest.approx(step)


def test_l2_spares_what_the_mask_leaves_out():
    g = gradients.l2(of([1.0, 1.0, 1.0]), 0.5, only=np.array([True, True, False]))(np.array([2.0, 4.0, 6.0]))
    np.testing.assert_array_equal(g, [2.0, 3.0, 1.0])


def test_l2_makes_a_ravine_rounder():
    bowl = surfaces.bowl(1000.0)
    H = gradients.hessian(gradients.l2(bowl.grad, 0.01), np.zeros(2))
    assert np.linalg.cond(H) == pytest.approx((1 + 0.01) / (0.001 + 0.01), rel=1e-9)  # 1000 → 91.8


def test_noise_is_normal_with_its_sigma_and_new_at_every_step():
    gradient = gradients.noisy(lambda w: w, np.array([0.5, 2.0]).repeat(5000), seed=4)
    first, second = (gradient(np.ones(10_000), t) - 1 for t in (1, 2))
    for noise in (first, second):
        assert noise[:5000].std() == pytest.approx(0.5, rel=0.03) and noise[5000:].std() == pytest.approx(2, rel=0.03)
        assert abs(noise[:5000].mean()) < 0.03 and abs(noise[5000:].mean()) < 0.12
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_noise_follows_from_seed_and_step_alone():
    w = np.zeros((4, 3))
    one, same, other = (gradients.noisy(of(w), 1.0, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one(w, 7), same(w, 7))
    assert (one(w, 7) != other(w, 7)).all() and (one(w, 7) != one(w, 8)).all()
    assert (one(w, 7) == one(w[0], 7)).all()  # all runs see the same
    each = gradients.noisy(of(w), 1.0, seed=np.arange(4))(w, 7)
    for seed in range(4):
        np.testing.assert_array_equal(each[seed], gradients.noisy(of(w[0]), 1.0, seed=seed)(w[0], 7))


@pytest.mark.parametrize("lr, variance", [(0.1, 0.0526), (0.5, 0.333), (1.0, 1.0), (1.5, 3.0)])
def test_sgd_with_noise_settles_at_its_noise_floor(lr, variance):
    path = descent.descend(
        optimizers.gd, np.zeros(20_000), gradients.noisy(lambda w: w, 1.0, seed=0), 60, lr=lr, keep="last"
    )
    assert path["w"].var() == pytest.approx(variance, rel=0.04)  # η/(λ(2 − ηλ))


# ---- sharpness ------------------------------------------------------------------------------------------------------


def test_sam_asks_a_step_of_length_rho_uphill():
    asked = []

    def grad(w):
        asked.append(w)
        return w * np.array([1.0, 3.0])

    g = gradients.sam(grad, 0.5)(np.array([4.0, 1.0]))
    np.testing.assert_allclose(asked[1], np.array([4.0, 1.0]) + 0.5 * np.array([4.0, 3.0]) / 5)
    np.testing.assert_array_equal(g, grad(asked[1]))


@quick
@given(w=vectors, size=st.floats(1e-3, 1e3))
def test_sam_does_not_know_the_scale_of_the_loss_and_stays_at_a_minimum(w, size):
    grad, here = surfaces.bowl(10.0).grad, w[:2] / 1e5
    assume(not 0 < np.hypot(*here) < 1e-100)  # squares of such numbers are 0, and of the smallest digits are missing
    scaled = gradients.sam(lambda w: size * grad(w), 0.3)(here)
    np.testing.assert_allclose(scaled, size * gradients.sam(grad, 0.3)(here), rtol=1e-9, atol=1e-12)
    assert (gradients.sam(grad, 0.3)(np.zeros(2)) == 0).all()
    np.testing.assert_array_equal(gradients.sam(grad, 0.0)(here), grad(here))


def test_a_minimum_narrower_than_rho_does_not_hold_sam():
    slope = lambda w: w * (w + 3) * (w - 0.2) * np.where(w > 0, 5, 1)  # noqa: E731  minima at .2 and −3, between them 0
    grad = gradients.sam(slope, np.array([[0.0], [0.01], [0.4]]))
    ends = descent.descend(optimizers.gd, np.full((3, 1), 0.15), grad, 3000, lr=0.01)
    plain, short, long = ends["w"][-1, :, 0]
    assert plain == pytest.approx(0.2) and short == pytest.approx(0.2, abs=0.02) and long < 0


# ---- a wrapper is a gradient ----------------------------------------------------------------------------------------

WRAPPERS = {
    "clip_value": lambda grad: gradients.clip_value(grad, -1.0, 2.0),
    "clip_norm": lambda grad: gradients.clip_norm(grad, 0.5),
    "l2": lambda grad: gradients.l2(grad, 0.1),
    "sam": lambda grad: gradients.sam(grad, 0.1),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_gradient_of_w_stays_one_and_a_gradient_of_w_and_t_stays_one(name):
    wrap, w = WRAPPERS[name], np.array([1.0, -3.0])
    for grad in (surfaces.product().grad, lambda w: w, np.sin, lambda w, scale=2.0: scale * w):
        assert wrap(grad)(w).shape == (2,)
        with pytest.raises(TypeError):
            wrap(grad)(w, 1)
    assert len(inspect.signature(wrap(lambda w, t: w * t)).parameters) == 2
    np.testing.assert_array_equal(wrap(lambda w, t: w * t)(w, 3), wrap(lambda w: w * 3)(w))


def test_noise_and_moving_thresholds_need_the_step():
    for wrapped in (gradients.noisy(lambda w: w, 1.0, 0), gradients.clip_norm(lambda w: w, gradients.running(2.0))):
        assert len(inspect.signature(wrapped).parameters) == 2
        descent.descend(optimizers.gd, [1.0], gradients.l2(wrapped, 0.1), 3)


def test_wrappers_work_from_the_inside_out():
    g, w = (lambda w: 0 * w + [30.0, 40.0]), np.array([1.0, 1.0])
    np.testing.assert_allclose(gradients.l2(gradients.clip_norm(g, 1.0), 1.0)(w), [1.6, 1.8])
    both = gradients.clip_norm(gradients.l2(g, 1.0), 1.0)(w)
    np.testing.assert_allclose(both, np.array([31.0, 41.0]) / np.hypot(31, 41))


def test_a_gradient_may_answer_with_a_list():
    one, two = (lambda w: [3 * w[0], 4.0]), (lambda w, t: [3 * w[0], 4.0 * t])
    for wrap in WRAPPERS.values():
        np.testing.assert_array_equal(wrap(one)([2.0, 5.0]), wrap(two)([2.0, 5.0], 1))
    np.testing.assert_allclose(gradients.clip_norm(one, 1.0)([1.0, 0.0]), [0.6, 0.8])
    np.testing.assert_array_equal(gradients.l2(one, 1.0)([1.0, 2.0]), [4.0, 6.0])
    np.testing.assert_array_equal(gradients.noisy(one, 0.0, 0)([1.0, 2.0], 7), [3.0, 4.0])
    np.testing.assert_array_equal(gradients.clip_norm(one, gradients.running(1.0))([1.0, 2.0], 1), [3.0, 4.0])


def test_a_wrapper_does_not_touch_what_the_gradient_gave_it():
    g = np.array([30.0, 40.0])
    for wrap in WRAPPERS.values():
        wrap(lambda w: g)(np.ones(2))
    gradients.noisy(lambda w: g, 1.0, 0)(np.ones(2), 1)
    assert g.tolist() == [30.0, 40.0]


@quick
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40))
def test_a_batch_of_runs_is_wrapped_like_each_run_alone_bit_for_bit(seed, n):
    rng = np.random.default_rng(seed)
    w, theta = rng.standard_normal((60, n)) * 3, rng.uniform(0.1, 5, (60, 1))
    for layout in (w, np.asfortranarray(w)):
        batch = gradients.clip_norm(gradients.noisy(lambda w: w**3, 0.1, seed), theta)(layout, 5)
        for i in range(0, 60, 13):
            alone = gradients.clip_norm(gradients.noisy(lambda w: w**3, 0.1, seed), theta[i])(w[i], 5)
            np.testing.assert_array_equal(batch[i], alone)


# ---- second derivatives ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", surfaces.SURFACES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_hessian_of_a_surface_by_complex_step_is_its_own(name, seed):
    surface, rng = surfaces.SURFACES[name](), np.random.default_rng(seed)
    w, u = rng.uniform(-2, 2, (2, 4, 3, 2))
    H = surface.hessian(w)
    np.testing.assert_allclose(gradients.hessian(surface.grad, w), H, rtol=1e-12, atol=1e-12 * np.abs(H).max())
    np.testing.assert_allclose(gradients.hvp(surface.grad, w, u), (H @ u[..., None])[..., 0], rtol=1e-10, atol=1e-10)


def test_many_directions_at_one_point_and_one_direction_at_many_points():
    grad, w, u = surfaces.beale().grad, np.array([1.0, 0.4]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -2.0]])
    H = surfaces.beale().hessian(w)
    np.testing.assert_allclose(gradients.hvp(grad, w, u), u @ H)
    np.testing.assert_allclose(gradients.hvp(grad, u, w), (surfaces.beale().hessian(u) @ w[:, None])[..., 0])
    np.testing.assert_array_equal(gradients.hessian(lambda w: [w[0] * w[1], 5 * w[0]], [2.0, 3.0]), [[3, 2], [5, 0]])


def test_rows_are_components_of_the_gradient_and_columns_are_parameters():
    def grad(w):  # not the gradient of anything, so that the two differ
        return np.stack([w[..., 0] * w[..., 1], 5 * w[..., 0]], -1)

    np.testing.assert_array_equal(gradients.hessian(grad, np.array([2.0, 3.0])), [[3.0, 2.0], [5.0, 0.0]])


def test_a_gradient_that_drops_the_imaginary_part_is_refused_and_not_believed():
    for drops in (lambda w: np.abs(w), lambda w: w.real, lambda w: np.zeros(2)):
        with pytest.raises(ValueError, match="drop the imaginary part"):
            gradients.hessian(drops, np.ones(2))


# ---- bad arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: gradients.clip_value(np.ones(2), -1, 1), "grad"),
        (lambda: gradients.clip_value(lambda w: w, 1.0, -1.0), "low = .*must be ≤ high"),
        (lambda: gradients.clip_value(lambda w: w, np.nan, 1.0), "low"),
        (lambda: gradients.clip_value(lambda w: w, "a", 1.0), "low"),
        (lambda: gradients.sam(lambda w: w, -0.1), "rho"),
        (lambda: gradients.sam(lambda w: w, np.ones(3))(np.zeros(2)), "rho"),
        (lambda: gradients.sam(None, 0.1), "grad"),
        (lambda: gradients.clip_norm(None, 1.0), "grad"),
        (lambda: gradients.clip_norm(lambda w: w, 0.0), "theta = .*must be > 0"),
        (lambda: gradients.clip_norm(lambda w: w, -1.0), "theta"),
        (lambda: gradients.clip_norm(lambda w: w, np.nan), "theta"),
        (lambda: gradients.clip_norm(lambda w: w, "1"), "theta"),
        (lambda: gradients.clip_norm(lambda w: w, 1.0, eps=-1e-6), "eps"),
        (lambda: gradients.clip_norm(lambda w, t, s: w, 1.0), "grad"),
        (lambda: gradients.running(0.0), "multiple"),
        (lambda: gradients.running(None), "multiple"),
        (lambda: gradients.l2(lambda w: w, -0.1), "lam"),
        (lambda: gradients.l2(lambda w: w, np.nan), "lam"),
        (lambda: gradients.l2(lambda w: w, 0.1, only="weights"), "only"),
        (lambda: gradients.l2("w", 0.1), "grad"),
        (lambda: gradients.noisy(lambda w: w, -1.0, 0), "sigma"),
        (lambda: gradients.noisy(lambda w: w, "a", 0), "sigma"),
        (lambda: gradients.noisy(lambda w: w, 1.0, -1), "seed"),
        (lambda: gradients.noisy(lambda w: w, 1.0, 0.5), "seed"),
        (lambda: gradients.noisy(lambda w: w, 1.0, None), "seed"),
        (lambda: gradients.noisy(lambda w: w, 1.0, np.arange(3))(np.zeros(2), 1), r"seed.shape = \(3,\)"),
        (lambda: gradients.hvp(lambda w, t: w, np.ones(2), np.ones(2)), "grad"),
        (lambda: gradients.hvp(lambda w: w, np.ones(2), "a"), "u"),
        (lambda: gradients.hvp(lambda w: w, np.ones(2), np.ones(3)), "u"),
        (lambda: gradients.hvp(lambda w: w[:1], np.ones(2), np.ones(2)), "grad"),
        (lambda: gradients.hessian(lambda w: w, [1.0, np.nan]), "w"),
        (lambda: gradients.hvp(lambda w: w, 1.0, 1.0), "w"),
        (lambda: gradients.hessian(None, np.ones(2)), "grad"),
    ],
)
def test_bad_arguments_get_one_clear_error(call, words):
    with pytest.raises(ValueError, match=words):
        call()
