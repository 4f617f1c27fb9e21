"""What the eigenvalues say about a critical point, and where the critical points are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim_core import surfaces
from optim_core.critical import (
    KINDS,
    LinearAutoencoder,
    classify,
    eigen,
    escape_direction,
    find,
    goe,
    signs,
)

eigenvalues = st.lists(st.floats(-100, 100).filter(lambda v: v == 0 or abs(v) > 1e-3), min_size=1, max_size=8)
seeds = st.integers(0, 2**32 - 1)
opposite = dict(minimum="maximum", maximum="minimum", saddle="saddle", degenerate="degenerate")


def kind_of(values):
    """The rule, once more: what the signs of the eigenvalues say."""
    if all(v > 0 for v in values):
        return "minimum"
    if all(v < 0 for v in values):
        return "maximum"
    return "saddle" if min(values) < 0 < max(values) else "degenerate"


def rotation(n, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]


def with_eigenvalues(values, seed):
    V = rotation(len(values), seed)
    H = V * values @ V.T
    return (H + H.T) / 2


# ---- the classifier -------------------------------------------------------------------------------------------------


@given(eigenvalues)
def test_the_signs_of_the_eigenvalues_decide(values):
    assert classify(np.diag(values)) == kind_of(values)


@given(eigenvalues, seeds)
def test_turning_the_coordinates_does_not_change_the_kind(values, seed):
    assert classify(with_eigenvalues(values, seed)) == kind_of(values)


@given(eigenvalues, seeds)
def test_renaming_the_weights_does_not_change_the_kind(values, seed):
    H = with_eigenvalues(values, seed)
    order = np.random.default_rng(seed).permutation(len(values))
    assert classify(H[np.ix_(order, order)]) == classify(H)


@given(eigenvalues, seeds, st.integers(-280, 280))
def test_the_scale_of_the_loss_does_not_change_the_kind(values, seed, exponent):
    assert classify(with_eigenvalues(values, seed) * 10.0**exponent) == kind_of(values)


@given(eigenvalues, seeds)
def test_turning_the_loss_upside_down_swaps_minimum_and_maximum(values, seed):
    H = with_eigenvalues(values, seed)
    assert classify(-H) == opposite[classify(H)]


@given(eigenvalues, seeds)
def test_one_more_zero_eigenvalue_leaves_a_saddle_a_saddle_and_everything_else_degenerate(values, seed):
    kind = classify(with_eigenvalues([*values, 0.0], seed))
    assert kind == ("saddle" if kind_of(values) == "saddle" else "degenerate")


@given(st.integers(1, 5), st.integers(0, 12), seeds)
def test_a_stack_is_classified_as_each_matrix_alone(n, many, seed):
    H = goe(n, max(many, 1), seed)[:many]
    kinds = classify(H)
    assert kinds.shape == (many,) and list(kinds) == [classify(matrix) for matrix in H]
    assert classify(H[None, :, None]).shape == (1, many, 1)


def test_one_matrix_gives_a_word_and_a_stack_an_array_of_words():
    assert type(classify(np.eye(3))) is str
    assert classify(np.stack([np.eye(2), -np.eye(2)])).tolist() == ["minimum", "maximum"]


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_a_zero_hessian_is_degenerate(n):
    assert classify(np.zeros((n, n))) == "degenerate"


def test_there_are_four_answers():
    diagonals = [(1, 2), (-1, -2), (1, -2), (1, 0), (-1, 0), (0, 0)]
    assert [classify(np.diag(d)) for d in diagonals] == [*KINDS, "degenerate", "degenerate"]


def test_zero_means_small_beside_the_largest_eigenvalue():
    assert [classify(np.diag([1.0, small])) for small in (1e-8, 1e-10, -1e-8)] == ["minimum", "degenerate", "saddle"]
    assert classify(np.diag([1.0, -1e-8]), tol=1e-7) == "degenerate"
    assert classify(np.diag([1.0, 1e-300]), tol=0) == "minimum"
    assert classify(np.diag([1e-12, 1e-12])) == "minimum"  # small, but beside nothing larger


def test_whole_numbers_and_lists_are_welcome():
    assert (
        classify([[2, 1], [1, 2]])
        == classify(((2, 1), (1, 2)))
        == classify(np.array([[2, 1], [1, 2]], np.int8))
        == "minimum"
    )


def test_rounding_may_leave_a_hessian_a_little_asymmetric():
    assert classify([[1.0, 1e-9], [0.0, 1.0]]) == "minimum"


@given(eigenvalues)
def test_signs_are_those_of_the_eigenvalues(values):
    assert signs(values).tolist() == [int(np.sign(v)) for v in values]


# ---- eigenvectors and the way out -----------------------------------------------------------------------------------


@given(st.integers(1, 8), seeds)
def test_eigenvectors_are_stretched_by_their_eigenvalues_and_perpendicular(n, seed):
    H = goe(n, 3, seed)
    values, V = eigen(H)
    assert values.shape == (3, n) and V.shape == (3, n, n) and (np.diff(values) >= 0).all()
    np.testing.assert_allclose(H @ V, V * values[:, None], atol=1e-12)
    np.testing.assert_allclose(V.swapaxes(-1, -2) @ V, np.broadcast_to(np.eye(n), V.shape), atol=1e-12)


@given(eigenvalues.filter(lambda values: min(values) < 0), seeds)
def test_the_escape_direction_is_a_unit_vector_of_least_curvature(values, seed):
    H = with_eigenvalues(values, seed)
    v = escape_direction(H)
    scale = np.abs(values).max()
    assert v.shape == (len(values),) and np.isclose(v @ v, 1)
    np.testing.assert_allclose(v @ H @ v, min(values), atol=1e-11 * scale)
    np.testing.assert_allclose(H @ v, min(values) * v, atol=1e-11 * scale)


@given(eigenvalues.filter(lambda values: min(values) >= 0), seeds)
def test_without_negative_curvature_there_is_no_escape_direction(values, seed):
    with pytest.raises(ValueError, match=r"^hessian = .*: must be one with a negative eigenvalue"):
        escape_direction(with_eigenvalues(values, seed))


@given(st.integers(2, 6), seeds)
def test_of_the_two_escape_directions_the_one_with_its_largest_component_positive_is_returned(n, seed):
    H = goe(n, 20, seed)
    H = H[eigen(H)[0][:, 0] < -1e-3]
    if len(H):
        v = escape_direction(H)
        assert (v.max(-1) >= -v.min(-1) - 1e-8).all()
        np.testing.assert_allclose(v, [escape_direction(matrix) for matrix in H], atol=1e-12)


def test_of_equally_large_components_the_first_is_positive():
    half = np.sqrt(0.5)
    np.testing.assert_allclose(escape_direction([[0, -2], [-2, 0]]), [half, half])
    np.testing.assert_allclose(escape_direction([[0, 2], [2, 0]]), [half, -half])


SADDLES = [
    (name, p["w"])
    for name in surfaces.SURFACES
    for p in surfaces.SURFACES[name]().critical_points
    if p["kind"] == "saddle"
]


@pytest.mark.parametrize("name, w", SADDLES, ids=str)
@pytest.mark.parametrize("step", [-0.02, 0.02])
def test_a_step_along_the_escape_direction_lowers_the_loss_as_the_curvature_says(name, w, step):
    surface = surfaces.SURFACES[name]()
    H = surface.hessian(w)
    v, least = escape_direction(H), eigen(H)[0][0]
    change = surface.loss(w + step * v) - surface.loss(w)
    assert change < 0
    np.testing.assert_allclose(change, 0.5 * least * step**2, rtol=0.05)


# ---- finding them ---------------------------------------------------------------------------------------------------

ALL = [(name, {}) for name in surfaces.SURFACES if name != "product"]
ALL += [("bowl", dict(kappa=1e4, angle=0.5)), ("bowl", dict(kappa=1)), ("bowl", dict(kappa=1e7, angle=2))]


def inside(surface, window=None):
    left, right, bottom, top = window or surface.window
    points = [p for p in surface.critical_points if left <= p["w"][0] <= right and bottom <= p["w"][1] <= top]
    return sorted(points, key=lambda p: tuple(p["w"].round(6)))


def assert_all_found(surface, window=None):
    found = sorted(find(surface, window), key=lambda p: tuple(p["w"].round(6) + 0.0))
    known = inside(surface, window)
    assert [p["kind"] for p in found] == [p["kind"] for p in known]
    np.testing.assert_allclose([p["w"] for p in found], [p["w"] for p in known], atol=1e-7)


@pytest.mark.parametrize("name, values", ALL, ids=str)
def test_find_finds_what_is_known_and_nothing_else(name, values):
    assert_all_found(surfaces.SURFACES[name](**values))


WINDOWS = [
    ("himmelblau", (0, 5, 0, 5)),
    ("himmelblau", (3, 4, 2, 3)),  # the minimum (3, 2) is its corner
    ("himmelblau", (-20, 15, -12, 25)),
    ("beale", (-10, 10, -10, 10)),  # with the second saddle
    ("beale", (-1, 0.5, -4, -2)),
    ("styblinski_tang", (-4, 1, -1, 4)),
    ("rosenbrock", (2, 3, 0, 1)),  # nothing there
    ("rosenbrock", (-50, 100, -20, 80)),
    ("monkey_saddle", (-1, 3, -0.7, 2.9)),
    ("bowl", (-1000, 10, -0.5, 3000)),
]


@pytest.mark.parametrize("name, window", WINDOWS, ids=str)
def test_find_looks_in_the_window_it_is_given(name, window):
    assert_all_found(surfaces.SURFACES[name](), window)


@pytest.mark.parametrize("x, y", [(1, 1), (2, -1), (-0.5, 1.5)])
def test_find_returns_a_curve_of_minima_as_a_row_of_points(x, y):
    found = find(surfaces.product(x, y))
    kinds = [p["kind"] for p in found]
    assert kinds.count("saddle") == 1 and kinds.count("degenerate") == len(found) - 1 > 8
    curve = np.array([p["w"] for p in found if p["kind"] == "degenerate"])
    np.testing.assert_allclose(x * curve.prod(-1), y, atol=1e-9)
    assert (curve[:, 0] > 0).any() and (curve[:, 0] < 0).any()
    apart = np.linalg.norm((curve[:, None] - curve) / 5, axis=-1) + np.eye(len(curve))
    assert apart.min() > 0.05 and apart.min(-1).max() < 0.2


def test_find_sorts_by_loss_and_tells_each_points_eigenvalues():
    surface = surfaces.styblinski_tang()
    found = find(surface)
    assert [p["loss"] for p in found] == sorted(p["loss"] for p in found)
    for p in found:
        assert p["loss"] == surface.loss(p["w"]) and np.abs(surface.grad(p["w"])).max() < 1e-10
        assert np.array_equal(p["eigenvalues"], eigen(surface.hessian(p["w"]))[0])
        assert p["kind"] == kind_of(p["eigenvalues"]) and type(p["kind"]) is str


def test_a_hessian_that_counts_as_zero_has_the_eigenvalues_zero():
    (found,) = find(surfaces.monkey_saddle())
    assert found["kind"] == "degenerate" and found["eigenvalues"].tolist() == [0.0, 0.0]


FORMULAS = [
    ("cos(w1) + cos(w2)", 6, [4, 1, 4, 0]),
    ("sin(w1)*cos(w2)", 6, [6, 6, 12, 0]),
    ("exp(-w1^2 - w2^2)", 10, [0, 1, 0, 0]),  # a narrow hill on a wide plain, which is not critical, only very flat
    ("w1*exp(-w1^2 - w2^2)", 2, [1, 1, 0, 0]),
    ("(w1^2 - 1)^2 + w2^2", 2, [2, 0, 1, 0]),
    ("1/w1 + w1 + w2^2", 2, [1, 0, 1, 0]),
    ("tanh(w1)*w2", 2, [0, 0, 1, 0]),
    ("log(1 + w1^2 + w2^2)", 2, [1, 0, 0, 0]),
    ("1e-9*(w1^2 - w2^2)", 2, [0, 0, 1, 0]),
    ("1e9*(w1^2 + w2^2)", 2, [1, 0, 0, 0]),
    ("w1^4 + w2^4", 2, [0, 0, 0, 1]),
    ("w1^4 - w2^2", 2, [0, 0, 0, 1]),
    ("w1^3 + w2^2", 2, [0, 0, 0, 1]),
    ("w1 + w2", 2, [0, 0, 0, 0]),
    ("w1^2 + 1e-9*w2", 2, [0, 0, 0, 0]),  # nearly, but nowhere, level
    ("sqrt(w1^2 + w2^2)", 2, [0, 0, 0, 0]),  # a tip has no gradient
    ("log(w1) + w1^2*w2^2", 2, [0, 0, 0, 0]),
]


@pytest.mark.parametrize("text, edge, counts", FORMULAS)
def test_find_counts_the_critical_points_of_a_typed_formula(text, edge, counts):
    found = find(surfaces.from_formula(text, window=(-edge, edge, -edge, edge)))
    kinds = [p["kind"] for p in found]
    assert [kinds.count(kind) for kind in KINDS] == counts


def test_find_returns_a_circle_of_minima_around_a_maximum():
    found = find(surfaces.from_formula("(w1^2 + w2^2 - 1)^2"))
    circle = np.array([p["w"] for p in found if p["kind"] == "degenerate"])
    assert [p["w"].round(9).tolist() for p in found if p["kind"] == "maximum"] == [[0, 0]] and len(circle) == len(
        found
    ) - 1
    np.testing.assert_allclose((circle**2).sum(-1), 1, atol=1e-7)
    assert len({(a > 0, b > 0) for a, b in circle}) == 4


def test_find_needs_no_surface_of_ours():
    class Cup:
        window = (-1, 1, -1, 1)

        def loss(self, w):
            return (w * w).sum(-1)

        def grad(self, w):
            return 2 * w

        def hessian(self, w):
            return np.broadcast_to(2 * np.eye(2), (*w.shape, 2)).copy()

    assert [p["kind"] for p in find(Cup())] == ["minimum"]


# ---- high dimension: random Hessians and the linear autoencoder -----------------------------------------------------

ALL_POSITIVE = {1: 1 / 2, 2: (2 - np.sqrt(2)) / 4, 3: (np.pi - 2 * np.sqrt(2)) / (4 * np.pi)}


@pytest.mark.parametrize("n, probability", ALL_POSITIVE.items())
def test_a_random_hessian_is_a_minimum_with_the_known_probability(n, probability):
    runs = 40_000
    kinds = classify(goe(n, runs, seed=n))
    error = np.sqrt(probability * (1 - probability) / runs)
    for kind in ("minimum", "maximum"):
        assert abs(np.mean(kinds == kind) - probability) < 4 * error


def test_independent_signs_would_make_minima_far_more_frequent():
    assert [round(p, 4) for p in ALL_POSITIVE.values()] == [0.5, 0.1464, 0.0249]
    assert ALL_POSITIVE[2] < 0.5**2 and ALL_POSITIVE[3] < 0.5**3 / 4
    assert np.mean(classify(goe(5, 20_000)) == "minimum") < 0.5**5 / 50


def test_random_hessians_have_variance_two_on_the_diagonal_and_one_beside_it():
    H = goe(4, 20_000, seed=1)
    assert np.array_equal(H, H.swapaxes(-1, -2))
    np.testing.assert_allclose(H.mean(0), np.zeros((4, 4)), atol=0.05)
    np.testing.assert_allclose(H.var(0), 1 + np.eye(4), rtol=0.05)


def test_random_hessians_look_the_same_in_turned_coordinates():
    H, V = goe(3, 40_000, seed=2), rotation(3, 0)
    turned = V.T @ H @ V
    np.testing.assert_allclose(turned.var(0), 1 + np.eye(3), rtol=0.05)


def test_eigenvalues_of_a_random_hessian_repel_each_other():
    gaps = np.diff(eigen(goe(2, 20_000, seed=3))[0])[:, 0]
    independent = np.abs(np.diff(np.random.default_rng(3).normal(scale=np.sqrt(2), size=(20_000, 2))))[:, 0]
    assert np.mean(gaps < 0.2) < 0.2 * np.mean(independent < 0.2)


def test_the_same_seed_gives_the_same_hessians():
    assert np.array_equal(goe(3, 5, seed=7), goe(3, 5, seed=7)) and not np.array_equal(goe(3, 5, 7), goe(3, 5, 8))
    rng = np.random.default_rng(0)
    assert not np.array_equal(goe(3, 5, rng), goe(3, 5, rng))


NETS = [((4, 2, 1, 0.5), 2, 11, 0.94), ((8, 4, 2, 1, 0.5), 3, 26, 0.90)]
every_net = pytest.mark.parametrize("variances, hidden, families, pearson", NETS, ids=["d=4, p=2", "d=5, p=3"])


@every_net
def test_the_linear_autoencoders_higher_critical_points_have_more_ways_down(variances, hidden, families, pearson):
    net = LinearAutoencoder(variances, hidden)
    points = net.critical_points()
    w = np.array([w for _, w in points])
    index = (signs(eigen(net.hessian(w))[0]) < 0).sum(-1)
    assert len(points) == families and (index == 0).sum() == 1
    assert round(np.corrcoef(net.loss(w), index)[0, 1], 2) == pearson


@every_net
def test_the_loss_at_a_critical_point_is_half_of_what_its_directions_leave_out(variances, hidden, families, pearson):
    net = LinearAutoencoder(variances, hidden)
    losses = [float(net.loss(w)) for _, w in net.critical_points()]
    expected = [sum(v for i, v in enumerate(variances) if i not in S) / 2 for S, _ in net.critical_points()]
    assert losses == sorted(losses) and np.allclose(losses, expected, rtol=1e-14)
    assert len({S for S, _ in net.critical_points()}) == families


@every_net
def test_the_gradient_is_zero_at_every_critical_point_of_the_autoencoder(variances, hidden, families, pearson):
    net = LinearAutoencoder(variances, hidden)
    assert all(not net.grad(w).any() for _, w in net.critical_points())


@every_net
def test_only_the_largest_directions_are_a_minimum_and_all_others_are_saddles(variances, hidden, families, pearson):
    net = LinearAutoencoder(variances, hidden)
    (best, w), *others = net.critical_points()
    assert best == tuple(range(hidden))
    assert (signs(eigen(net.hessian(w))[0]) >= 0).all() and classify(net.hessian(w)) == "degenerate"
    assert set(classify(net.hessian([w for _, w in others]))) == {"saddle"}


@every_net
def test_the_autoencoders_derivatives_are_exact(variances, hidden, families, pearson):
    net = LinearAutoencoder(variances, hidden)
    w = np.random.default_rng(0).normal(size=(4, 2 * net.d * net.p))
    axes = 1e-20j * np.eye(w.shape[-1])
    np.testing.assert_allclose(
        net.grad(w), np.moveaxis([net.loss(w + a).imag / 1e-20 for a in axes], 0, -1), rtol=1e-11
    )
    H, h = net.hessian(w), 1e-5
    differences = np.moveaxis(
        [(net.grad(w + h * a.imag / 1e-20) - net.grad(w - h * a.imag / 1e-20)) / (2 * h) for a in axes], 0, -1
    )
    np.testing.assert_allclose(H, H.swapaxes(-1, -2), atol=1e-13)
    np.testing.assert_allclose(H, differences, atol=1e-7)


def test_the_autoencoders_loss_is_half_the_mean_squared_error_on_data_of_that_covariance():
    net, rng = LinearAutoencoder([3.0, 1.0, 0.5], 2), np.random.default_rng(1)
    w = rng.normal(size=12)
    A, B = w[:6].reshape(3, 2), w[6:].reshape(2, 3)
    X = np.concatenate(
        [np.diag(np.sqrt(3 * net.lam)), -np.diag(np.sqrt(3 * net.lam))]
    )  # six points of covariance diag(λ)
    np.testing.assert_allclose(net.loss(w), 0.5 * ((X - X @ B.T @ A.T) ** 2).sum(-1).mean(), rtol=1e-13)


@settings(max_examples=25)
@given(seeds)
def test_the_autoencoder_is_the_same_map_in_any_hidden_coordinates(seed):
    net, rng = LinearAutoencoder([4.0, 2.0, 1.0, 0.5], 2), np.random.default_rng(seed)
    A, B, C = rng.normal(size=(4, 2)), rng.normal(size=(2, 4)), rotation(2, seed) * rng.uniform(0.5, 2, 2)
    mixed = np.concatenate([(A @ C).ravel(), (np.linalg.inv(C) @ B).ravel()])
    np.testing.assert_allclose(net.loss(mixed), net.loss(np.concatenate([A.ravel(), B.ravel()])), rtol=1e-10)


def test_a_batch_of_autoencoders_equals_each_alone():
    net = LinearAutoencoder([4.0, 2.0, 1.0], 2)
    w = np.random.default_rng(2).normal(size=(3, 5, 12))
    for f, shape in ((net.loss, ()), (net.grad, (12,)), (net.hessian, (12, 12))):
        assert f(w).shape == (3, 5, *shape)
        np.testing.assert_allclose(f(w), [[f(one) for one in row] for row in w], rtol=1e-12, atol=1e-13)


# ---- bad arguments --------------------------------------------------------------------------------------------------

BAD_MATRICES = [
    None,
    "text",
    3.0,
    [],
    [1.0, 2.0],
    [[1.0, 2.0]],
    [[1.0, 2.0], [3.0]],
    np.zeros((0, 0)),
    np.zeros((2, 3, 2)),
    ...,
]
BAD_MATRICES += [
    [[1.0, 2.0], [0.0, 1.0]],
    [[np.nan, 0], [0, 1.0]],
    [[np.inf, 0], [0, 1.0]],
    [[1, 1j], [-1j, 1]],
    [[None]],
    [["1"]],
]
BAD_MATRICES += [[[1e308, 1e308], [-1e308, 1e308]], [np.eye(2), [[0, 1], [0, 0]]]]


@pytest.mark.parametrize("function", [classify, eigen, escape_direction])
@pytest.mark.parametrize("hessian", BAD_MATRICES, ids=lambda value: " ".join(repr(value).split()))
def test_what_is_no_symmetric_matrix_of_finite_numbers_is_refused(function, hessian):
    with pytest.raises(ValueError, match=r"^hessian(\.shape)? = .*: must be ") as caught, np.errstate(all="raise"):
        function(hessian)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tol", [-1e-9, 1, 2.5, np.nan, "small", None, [1e-9], 1j])
def test_a_tolerance_outside_zero_to_one_is_refused(tol):
    for call in (classify, escape_direction, find):
        argument = surfaces.bowl() if call is find else np.diag([1.0, -1.0])
        with pytest.raises(ValueError, match=r"^tol = .*: must be in \[0, 1\)$"):
            call(argument, tol=tol)
    with pytest.raises(ValueError, match=r"^tol = .*: must be in \[0, 1\)$"):
        signs([1.0], tol)


@pytest.mark.parametrize("values", [None, "ab", 3.0, [], [np.nan, 1], [np.inf], [1j], [[1], [1, 2]], ...], ids=str)
def test_signs_of_what_are_no_eigenvalues_are_refused(values):
    with pytest.raises(ValueError, match=r"^eigenvalues(\.shape)? = .*: must be "):
        signs(values)


@pytest.mark.parametrize("surface", [None, "bowl", 3, len, ..., np.eye(2)], ids=str)
def test_find_refuses_what_is_no_surface(surface):
    with pytest.raises(ValueError, match=r"^surface = .*: must be a surface, with loss, grad and hessian$"):
        find(surface)


@pytest.mark.parametrize("window", ["abcd", (1, 2, 3), (1, 0, 0, 1), (0, 1, 1, 1), (0, np.inf, 0, 1), 3])
def test_find_refuses_an_empty_window(window):
    with pytest.raises(ValueError, match=r"^window = .*: must be \(w1_min"):
        find(surfaces.bowl(), window)


@pytest.mark.parametrize("grid", [1, 0, -3, 2.5, "24", None])
def test_find_refuses_a_grid_that_is_no_number_of_starts(grid):
    with pytest.raises(ValueError, match=r"^grid = .*: must be a whole number ≥ 2$"):
        find(surfaces.bowl(), grid=grid)


@pytest.mark.parametrize(
    "argument, value", [("n", 0), ("n", 2.5), ("n", "3"), ("runs", 0), ("runs", -1), ("seed", -1), ("seed", "a")]
)
def test_goe_refuses_what_is_no_count(argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} = .*: must be a whole number ≥"):
        goe(**({"n": 2} | {argument: value}))


@pytest.mark.parametrize(
    "variances", [None, "ab", 3.0, [], [1, -1], [1, 0], [1, np.nan], [[1, 2]], [1j, 2], [[1], [2, 3]]], ids=str
)
def test_an_autoencoder_of_variances_that_are_not_positive_is_refused(variances):
    with pytest.raises(ValueError, match=r"^eigenvalues = .*: must be "):
        LinearAutoencoder(variances, 1)


@pytest.mark.parametrize("hidden", [0, -1, 4, 1.5, "2", None, True])
def test_an_autoencoder_has_between_one_and_d_hidden_units(hidden):
    with pytest.raises(ValueError, match=r"^hidden = .*: must be (a whole number ≥ 1|at most 3)"):
        LinearAutoencoder([3.0, 2.0, 1.0], hidden)


@pytest.mark.parametrize("w", [None, "text", 1.0, [1.0, 2.0], np.zeros(13), [[1], [1, 2]]], ids=str)
@pytest.mark.parametrize("method", ["loss", "grad", "hessian"])
def test_an_autoencoder_refuses_weights_of_another_length(method, w):
    with pytest.raises(ValueError, match=r"^w(\.shape)? = .*: must be "):
        getattr(LinearAutoencoder([3.0, 2.0, 1.0], 2), method)(w)
