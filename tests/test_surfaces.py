"""What is true of every error surface, and of each one."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optim_core import critical, surfaces
from optim_core.surfaces import SURFACES, Surface, from_formula

STEP = 1e-20  # of complex-step derivatives: they have no subtraction, so it can be this small
GOLDEN = json.loads((Path(__file__).parent / "golden" / "surfaces.json").read_text())
PARAMETERS = {
    "product": [dict(x=1.0, y=1.0), dict(x=-2.0, y=0.5), dict(x=0.3, y=-4.0), dict(x=1.0, y=0.0), dict(x=0.0, y=2.0)],
    "bowl": [dict(kappa=1.0), dict(kappa=10.0), dict(kappa=100.0, angle=0.7), dict(kappa=1e6, angle=-2.0)],
}
TABLE = [(name, values) for name in SURFACES for values in PARAMETERS.get(name, [{}])]
FORMULAS = [case["name"] for case in GOLDEN if case["name"] not in SURFACES]
FORMULAS += ["w1**3*w2^2 - w2/(2 + w1^2)", "0.5*w1", "7", "e^(-w1²) + cos(pi·w₂)", "sqrt(2 + tanh(w1 − w2)) × w2³"]
EVERY = [*TABLE, *((text, None) for text in FORMULAS)]
every_surface = pytest.mark.parametrize("name, values", EVERY, ids=str)
table_surface = pytest.mark.parametrize("name, values", TABLE, ids=str)

reals = st.floats(-3, 3).filter(lambda v: v == 0 or abs(v) > 1e-100)
points = st.tuples(st.floats(-5, 5), st.floats(-5, 5))


def make(name, values):
    return from_formula(name) if values is None else SURFACES[name](**values)


def some_points(*shape, seed=0, scale=1.5):
    return np.random.default_rng(seed).normal(scale=scale, size=(*shape, 2))


def by_complex_step(f, w):
    """Derivatives of f at w (…, 2), on a new last axis."""
    return np.stack([f(w + 1j * STEP * axis).imag / STEP for axis in np.eye(2)], -1)


# ---- every surface --------------------------------------------------------------------------------------------------


@every_surface
def test_the_gradient_is_the_derivative_of_the_loss(name, values):
    surface, w = make(name, values), some_points(200)
    expected = by_complex_step(surface.loss, w)
    np.testing.assert_allclose(surface.grad(w), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@every_surface
def test_the_hessian_is_the_derivative_of_the_gradient(name, values):
    surface, w = make(name, values), some_points(200)
    expected = by_complex_step(surface.grad, w)
    np.testing.assert_allclose(surface.hessian(w), expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['name']} {case['parameters']}")
def test_loss_gradient_hessian_and_eigenvalues_are_those_of_torch(case):
    surface = make(case["name"], case["parameters"] if case["name"] in SURFACES else None)
    H = surface.hessian(case["w"])
    ours = dict(loss=surface.loss(case["w"]), grad=surface.grad(case["w"]), hessian=H, eigenvalues=critical.eigen(H)[0])
    for quantity, value in ours.items():
        np.testing.assert_allclose(value, case[quantity], rtol=1e-12, err_msg=quantity)


def test_the_golden_data_cover_every_surface_of_the_table():
    missing = SURFACES.keys() - {case["name"] for case in GOLDEN}
    assert not missing, f"add {missing} to tests/golden/surfaces.py and run it (it needs torch)"


@every_surface
def test_the_hessian_is_symmetric_to_the_last_bit(name, values):
    H = make(name, values).hessian(some_points(50))
    assert np.array_equal(H, H.swapaxes(-1, -2))


@every_surface
def test_a_batch_of_points_equals_each_point_alone(name, values):
    surface, w = make(name, values), some_points(4, 7)
    for f in (surface.loss, surface.grad, surface.hessian):
        alone = np.array([[f(point) for point in row] for row in w])
        if values is None:  # the last bit of numpy's exp may depend on the length of the array
            np.testing.assert_allclose(f(w), alone, rtol=1e-13, atol=1e-15)
        else:
            assert np.array_equal(f(w), alone)


@every_surface
@pytest.mark.parametrize("runs", [(), (1,), (5,), (0,), (3, 4), (2, 1, 3)], ids=str)
def test_shapes_follow_the_rule(name, values, runs):
    surface, w = make(name, values), some_points(*runs)
    shapes = [np.shape(f(w)) for f in (surface.loss, surface.grad, surface.hessian)]
    assert shapes == [runs, (*runs, 2), (*runs, 2, 2)]


@every_surface
def test_each_derivative_lies_contiguous_in_memory(name, values):
    surface, w = make(name, values), some_points(30, 20)
    g, H = surface.grad(w), surface.hessian(w)
    assert all(g[..., i].flags.c_contiguous and H[..., i, j].flags.c_contiguous for i in (0, 1) for j in (0, 1))


@every_surface
def test_whole_numbers_lists_and_single_precision_give_double_precision(name, values):
    surface = make(name, values)
    for w in (
        [1, -2],
        (1, -2),
        np.array([1, -2], np.int8),
        np.array([1, -2], np.float32),
        np.array([1, -2], np.float16),
    ):
        for f in (surface.loss, surface.grad, surface.hessian):
            assert f(w).dtype == np.float64 and np.array_equal(f(w), f([1.0, -2.0]))


@every_surface
def test_a_point_is_left_as_it_was_and_no_two_answers_share_memory(name, values):
    surface, w = make(name, values), some_points(6)
    before = w.copy()
    for f in (surface.loss, surface.grad, surface.hessian):
        first = f(w)
        kept = first.copy()
        f(w + 1)[...] = 0.0
        assert np.array_equal(first, kept) and not np.shares_memory(first, w)
    assert np.array_equal(w, before)


@table_surface
def test_far_out_the_loss_overflows_to_infinity_and_nothing_warns(name, values):
    surface, w = make(name, values), np.array([[1e200, -1e200], [1e300, 1e10]])
    with np.errstate(all="raise"):  # ours is the inner one: it must hold
        surface.grad(w), surface.hessian(w)
        assert not np.isfinite(surface.loss(w)).all() or values in (dict(x=0.0, y=2.0),) or name == "bowl"


@table_surface
def test_a_point_that_is_not_a_number_spoils_only_itself(name, values):
    surface, w = make(name, values), some_points(3)
    w[1] = np.nan
    with np.errstate(all="raise"):
        L, g = surface.loss(w), surface.grad(w)
    good = [0, 2]
    assert (
        np.isnan(L[1])
        and np.array_equal(L[good], surface.loss(w[good]))
        and np.array_equal(g[good], surface.grad(w[good]))
    )


@every_surface
def test_no_surface_answers_minus_zero(name, values):
    surface, w = make(name, values), np.array([[0, 0], [1, 1], [-1, -1], [0, 1], [1, 0], [-0.0, -0.0]])
    for f in (surface.loss, surface.grad, surface.hessian):
        assert not (np.signbit(f(w)) & (f(w) == 0)).any()


@table_surface
def test_a_surface_knows_its_name_window_and_start(name, values):
    surface = make(name, values)
    left, right, bottom, top = surface.window
    assert surface.name == name and left < right and bottom < top
    assert left <= surface.start[0] <= right and bottom <= surface.start[1] <= top and surface.start.dtype == float


@table_surface
def test_a_start_is_not_a_critical_point(name, values):
    surface = make(name, values)
    assert np.abs(surface.grad(surface.start)).max() > 1e-3 or values == dict(x=0.0, y=2.0)  # x = 0: flat everywhere


@table_surface
def test_known_critical_points_are_critical_and_of_the_kind_they_are_said_to_be(name, values):
    surface = make(name, values)
    grid = np.stack(np.meshgrid(np.linspace(*surface.window[:2], 30), np.linspace(*surface.window[2:], 30)), -1)
    steepest = np.abs(surface.grad(grid)).max()
    assert surface.critical_points
    for point in surface.critical_points:
        assert np.abs(surface.grad(point["w"])).max() <= 1e-14 * steepest
        assert critical.classify(surface.hessian(point["w"])) == point["kind"]


@table_surface
def test_valleys_are_critical_curves_with_no_loss_that_go_on_beyond_the_window(name, values):
    surface = make(name, values)
    left, right, bottom, top = surface.window
    for curve in surface.valleys:
        assert curve.ndim == 2 and curve.shape[1] == 2
        assert np.abs(surface.loss(curve)).max() < 1e-24 and np.abs(surface.grad(curve)).max() < 1e-12
        assert ((curve[[0, -1]] < [left, bottom]) | (curve[[0, -1]] > [right, top])).any(-1).all()


@table_surface
def test_a_surface_is_typeset(name, values):
    surface = make(name, values)
    assert surface.latex in surface._repr_latex_() and "w_{1}" in surface.latex
    assert surface.gradient_latex.count(r"\\") == 1 and surface.hessian_latex.count("&") == 2
    for symbol, said in dict(x=" x", y="y", kappa=r"\kappa", angle=r"\theta").items():
        assert (said in surface.latex) == (symbol in dict(product="x y", bowl="kappa angle").get(name, "").split())


@table_surface
def test_the_representation_tells_one_parameter_from_another(name, values):
    surface = make(name, values)
    assert name in repr(surface)
    others = [repr(make(name, other)) for other in PARAMETERS.get(name, []) if other != values]
    assert repr(surface) not in others


def test_turning_a_slider_compiles_nothing():
    surfaces.product(), surfaces.bowl()
    before = surfaces._compile.cache_info().misses
    for value in np.linspace(1, 5, 20):
        surfaces.product(x=value, y=-value), surfaces.bowl(kappa=value, angle=value)
    assert surfaces._compile.cache_info().misses == before


# ---- each surface ---------------------------------------------------------------------------------------------------


@given(points, reals, reals)
def test_product_is_the_squared_error_of_two_weights_in_a_row(w, x, y):
    assert np.isclose(surfaces.product(x, y).loss(w), (y - w[1] * (w[0] * x)) ** 2, rtol=1e-12, atol=1e-12)


def test_at_the_origin_of_the_product_the_eigenvalues_are_plus_and_minus_two():
    assert np.array_equal(critical.eigen(surfaces.product().hessian([0, 0]))[0], [-2, 2])


@given(st.floats(0.1, 3), reals, st.floats(0.1, 3), st.sampled_from([-1, 1]))
def test_along_its_minima_the_products_eigenvalues_are_zero_and_2x2_w1w1_plus_w2w2(x, y, w1, side):
    w = np.array([side * w1, y / (side * w1 * x)])
    surface = surfaces.product(x, y)
    values, scale = critical.eigen(surface.hessian(w))[0], 2 * x**2 * (w @ w)
    assert surface.loss(w) < 1e-24
    np.testing.assert_allclose(values, [0, scale], rtol=1e-12, atol=1e-13 * scale)
    assert critical.classify(surface.hessian(w)) == "degenerate"


@given(reals, reals)
def test_the_all_positive_rule_never_fires_at_a_critical_point_of_the_product(x, y):
    surface = surfaces.product(x, y)
    places = [point["w"] for point in surface.critical_points] + [w for curve in surface.valleys for w in curve]
    assert "minimum" not in critical.classify(surface.hessian(places)) and len(places)


@given(reals, reals)
def test_the_products_origin_is_a_saddle_exactly_when_neither_input_nor_target_is_zero(x, y):
    kind = surfaces.product(x, y).critical_points[0]["kind"]
    assert kind == ("saddle" if x * y != 0 else "degenerate")
    assert kind == critical.classify(surfaces.product(x, y).hessian([0, 0]))


def test_the_products_valley_has_two_branches_or_is_the_two_axes_or_lies_far_outside():
    cases = [(1, 1), (1, -1), (1, 0), (0.05, 2), (1, 101), (0, 1), (1e-300, 1)]
    assert [len(surfaces.product(x, y).valleys) for x, y in cases] == [2, 2, 2, 2, 0, 0, 0]
    assert (np.prod(surfaces.product(1, -1).valleys[0], -1) < 0).all()


@given(st.floats(1, 1e6), st.floats(-7, 7), points)
def test_a_bowl_has_the_eigenvalues_one_and_one_over_kappa_everywhere(kappa, angle, w):
    values = critical.eigen(surfaces.bowl(kappa, angle).hessian(w))[0]
    np.testing.assert_allclose(values, [1 / kappa, 1], rtol=1e-9)


@given(st.floats(1, 1e3), st.floats(-7, 7), points)
def test_turning_the_bowl_and_the_point_together_changes_nothing(kappa, angle, w):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned, straight, w = surfaces.bowl(kappa, angle), surfaces.bowl(kappa), np.array(w)
    np.testing.assert_allclose(turned.loss(turn @ w), straight.loss(w), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(turned.grad(turn @ w), turn @ straight.grad(w), rtol=1e-12, atol=1e-13)


def test_the_bowls_valley_points_along_its_angle():
    angle = 0.6
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    surface = surfaces.bowl(kappa=50, angle=angle)
    assert np.isclose(surface.loss(along), 0.5 / 50) and np.isclose(surface.loss(across), 0.5)


def test_rosenbrocks_minimum_has_the_eigenvalues_0_3994_and_1001_6():
    surface = surfaces.rosenbrock()
    assert surface.loss([1, 1]) == 0
    np.testing.assert_allclose(critical.eigen(surface.hessian([1, 1]))[0], [0.3994, 1001.6], rtol=1e-4)


def test_beales_three_critical_points_are_one_minimum_of_zero_loss_and_two_saddles():
    surface = surfaces.beale()
    assert [p["kind"] for p in surface.critical_points] == ["minimum", "saddle", "saddle"]
    assert surface.loss([3, 0.5]) == 0 and surface.loss([0, 1]) == 14.203125
    assert (surface.grad([[3, 0.5], [0, 1]]) == 0).all()


def test_himmelblau_has_four_equal_minima_four_saddles_and_one_maximum():
    surface = surfaces.himmelblau()
    kinds = [p["kind"] for p in surface.critical_points]
    assert [kinds.count(kind) for kind in critical.KINDS] == [4, 1, 4, 0]
    assert all(surface.loss(p["w"]) < 1e-24 for p in surface.critical_points if p["kind"] == "minimum")
    top = next(p["w"] for p in surface.critical_points if p["kind"] == "maximum")
    np.testing.assert_allclose(top, [-0.270845, -0.923039], atol=5e-7)


def test_styblinski_tang_has_four_minima_of_which_one_is_global_four_saddles_and_one_maximum():
    surface = surfaces.styblinski_tang()
    kinds = [p["kind"] for p in surface.critical_points]
    assert [kinds.count(kind) for kind in critical.KINDS] == [4, 1, 4, 0]
    lowest = min(surface.critical_points, key=lambda p: surface.loss(p["w"]))
    np.testing.assert_allclose(lowest["w"], [-2.903534, -2.903534], atol=5e-7)
    losses = sorted(surface.loss(p["w"]) for p in surface.critical_points)
    np.testing.assert_allclose(losses[:2], [-78.332331, -64.195612], atol=5e-7)


def test_the_monkey_saddle_is_degenerate_with_three_ways_down_and_three_ways_up():
    surface = surfaces.monkey_saddle()
    assert (surface.hessian([0, 0]) == 0).all() and critical.classify(surface.hessian([0, 0])) == "degenerate"
    angles = np.arange(6) * np.pi / 3
    circle = np.stack([np.cos(angles), np.sin(angles)], -1)
    np.testing.assert_allclose(surface.loss(circle), [1, -1] * 3, atol=1e-12)


def test_the_product_is_typeset_as_it_is_written():
    surface = surfaces.product()
    assert surface.latex == r"\left(y - w_{1} w_{2} x\right)^{2}"
    assert r"2 w_{2}^{2} x^{2} & 4 w_{1} w_{2} x^{2} - 2 x y" in surface.hessian_latex


# ---- a formula that somebody types ----------------------------------------------------------------------------------

ONE_FUNCTION = [("tan", np.tan), ("atan", np.arctan)]
ONE_FUNCTION += [(name, getattr(np, name)) for name in ("sin", "cos", "exp", "log", "sqrt", "sinh", "cosh", "tanh")]


@pytest.mark.parametrize("name, function", ONE_FUNCTION)
def test_every_function_that_may_be_typed_means_what_numpy_means(name, function):
    w = np.random.default_rng(1).uniform(0.1, 1.4, (50, 2))
    surface = from_formula(f"{name}(w1)*w2 + {name}(1)")
    np.testing.assert_allclose(surface.loss(w), function(w[:, 0]) * w[:, 1] + function(1.0), rtol=1e-14)
    np.testing.assert_allclose(surface.hessian(w), by_complex_step(surface.grad, w), rtol=1e-11, atol=1e-13)


def test_the_functions_that_may_be_typed_are_tested():
    assert {name for name, _ in ONE_FUNCTION} == set(surfaces.FUNCTIONS)


SAME = [
    ("w1^2", "w1**2"),
    ("w1² · w2³", "w1**2 * w2**3"),
    ("w₁ − w₂×2", "w1 - w2*2"),
    ("  ( w1 )\t+ w2 ", "w1+w2"),
    ("-w1^2", "-(w1*w1)"),
    ("2^-1*w1", "w1/2"),
    ("w1^2^3", "w1^8"),
    ("w1/w2/2", "w1/(2*w2)"),
    ("w1-w2-1", "w1-(w2+1)"),
    ("1e-3*w1 + .5 + 1_000", "0.001*w1 + 1000.5"),
    ("e^w1", "exp(w1)"),
    ("sqrt(w1^2 + 1)", "(1 + w1*w1)^0.5"),
    ("+--w1", "w1"),
    ("-" * 100 + "w1", "w1"),
    ("ｗ1 + w2", "w1 + w2"),  # full-width letters are the same letters
    ("(" * 90 + "w1" + ")" * 90, "w1"),
    ("w1" + "+w2" * 90, "w1 + 90*w2"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_two_spellings_of_a_formula_are_the_same_surface(one, other):
    w = np.abs(some_points(20)) + 0.1
    np.testing.assert_allclose(from_formula(one).loss(w), from_formula(other).loss(w), rtol=1e-13)
    np.testing.assert_allclose(from_formula(one).grad(w), from_formula(other).grad(w), rtol=1e-12)


def test_a_power_binds_its_minus_sign_as_in_mathematics():
    assert from_formula("-w1^2").loss([3.0, 0.0]) == -9 and from_formula("2^-w1").loss([1.0, 0.0]) == 0.5


@pytest.mark.parametrize(
    "text, value", [("3", 3.0), ("pi", np.pi), ("e", np.e), ("w1-w1", 0.0), ("w1^0", 1.0), ("0^0", 1.0)]
)
def test_a_constant_is_a_flat_surface(text, value):
    surface, w = from_formula(text), some_points(3, 4)
    assert np.allclose(surface.loss(w), value, rtol=1e-15) and surface.loss(w).shape == (3, 4)
    assert not surface.grad(w).any() and not surface.hessian(w).any()


def test_decimals_are_read_exactly():
    assert from_formula("0.1").loss([0, 0]) == 0.1
    assert from_formula("0.12345678901234567*w1").loss([1, 0]) == 0.12345678901234567
    assert from_formula("999999999999*w1").loss([1, 0]) == 999999999999


def test_where_a_formula_has_no_real_value_the_surface_is_not_a_number_and_nothing_warns():
    surface = from_formula("log(w1) + sqrt(w2)")
    with np.errstate(all="raise"):
        L, g, H = (f([[-1.0, 1.0], [1.0, 4.0]]) for f in (surface.loss, surface.grad, surface.hessian))
    assert np.isnan(L[0]) and L[1] == 2 and L.dtype == g.dtype == H.dtype == float
    np.testing.assert_allclose(g[1], [1, 0.25])


def test_a_kink_has_slopes_beside_it_and_none_on_it():
    surface = from_formula("sqrt(w1^2)")
    assert np.array_equal(surface.loss([[-2.0, 0], [0, 0], [3, 0]]), [2, 0, 3])
    assert np.array_equal(surface.grad([[-2.0, 0], [3, 0]])[:, 0], [-1, 1]) and np.isnan(surface.grad([0.0, 0])[0])


def test_window_and_start_of_a_formula_are_kept():
    surface = from_formula("w1*w2", window=[-1, 3, 0, 5], start=[2, 4])
    assert (
        surface.window == (-1.0, 3.0, 0.0, 5.0)
        and np.array_equal(surface.start, [2.0, 4.0])
        and surface.name == "formula"
    )


NOT_TEXT = [None, 3, 2.5, b"w1", ["w1"], ("w1", "w2"), {"w1": 1}, ..., np.array(["w1"]), surfaces.W1]
NO_FORMULA = r"""
__import__('os').system('true') ¦ w1.__class__ ¦ ().__class__.__bases__[0].__subclasses__() ¦ eval('1') ¦ exec('x=1')
open('/etc/hosts') ¦ lambda: w1 ¦ w1.real ¦ w1[0] ¦ [w1] ¦ {w1} ¦ {w1: w2} ¦ (w1, w2) ¦ w1, ¦ *w1 ¦ (w1 := 3) ¦ w1; w2
w1 = 3 ¦ import os ¦ f'{w1}' ¦ 'w1' ¦ b'w1' ¦ True ¦ None ¦ ... ¦ 1j ¦ 2j*w1 ¦ w1 if w2 else 3 ¦ w1 and w2 ¦ not w1
~w1 ¦ w1 < w2 ¦ w1 == w2 ¦ w1 @ w2 ¦ w1 // w2 ¦ w1 % w2 ¦ w1 << 3 ¦ w1 | w2 ¦ yield w1 ¦ await w1 ¦ [w1 for _ in (1,)]
sin ¦ sin + w1 ¦ sin() ¦ sin(w1, w2) ¦ sin(x=w1) ¦ sin(*w1) ¦ sin(**w1) ¦ sin(w1)(w2) ¦ foo(w1) ¦ lambdify(w1) ¦ x + y
W1 ¦ w3 ¦ w_1 ¦ w ¦ w1w2 ¦ 2w1 ¦ 2 w1 ¦ w1 w2 ¦ (w1)(w2) ¦ 3(w1) ¦ 01*w1 ¦ ( ¦ ((w1 ¦ w1) ¦ w1 + ¦ + ¦ ** ¦ w1 ** ** w2
1..2 ¦ 0x ¦ 1e ¦ ''' ¦ " ¦ $w1$ ¦ \frac{w1}{w2} ¦ %s ¦ {} ¦ √w1 ¦ π*w1 ¦ w1 ÷ w2 ¦ sіn(w1) ¦ ѡ1 ¦ 0or w1 ¦ 1if 2else 3
w1 is w2 ¦ w1 is 3 ¦ self ¦ __builtins__ ¦ w1.__init__.__globals__ ¦ "".join(w1) ¦ w1 \
"""
NO_FORMULA = NO_FORMULA.strip("\n").replace("\n", " ¦ ").split(" ¦ ")
NO_FORMULA += ["", "  ", "\n", "w1\nw2", "\0", "w1\0", "w1 + \0 w2", "\ud800", "w1 \ud800", "\u202ew1", "w1\u00a0+ w2"]
NOT_FINITE = "1/0 w1/0 0/0 w1/(w1-w1) 1/(2-2) 0^-1 0^w1 0^(-w1) log(0) log(w1*0) 1/(1/0) exp(log(0)) 1e400 -1e400"
NOT_REAL = (
    "log(-1) sqrt(-1) sqrt(-1)^2 (-8)^(1/3) (-2)^w1 (-1)^w1*(-1)^w1 sqrt(-w1^2) log(-w1^2) log(w1-99) sqrt(cos(3))"
)
TOO_LARGE = """
1e13 9999999999999 exp(1000) exp(exp(exp(10))) exp(-exp(exp(5))) (2^20)^20 tan(pi/2) 1/(sin(1)^2+cos(1)^2-1) 9^9^9^9
9^(9^9) 2^1000000 w1^21 w1^-21 w1^20.5 w1^1e12 ((((3*w1)^20)^20)^20)^20 (((((3*exp(w1))^20)^20)^20)^20)^20
"""
TOO_LONG = [
    "9" * 299,
    "w1+" * 100 + "w2",
    "w1" * 500,
    "(" * 150 + "w1" + ")" * 149,
    "w1" + "^w2" * 90,
    "exp(" * 60,
]
TOO_LONG += [f"{f}(" * 50 + "w1" + ")" * 50 for f in ("sin", "tan", "exp", "sinh", "tanh", "atan", "sqrt", "log")]
TOO_LONG += [
    "*".join(f"sin(w1+{i}*w2)" for i in range(20)),
    "1/(w1+" * 30 + "w2" + ")" * 30,
    "sqrt(w1+" * 30 + "w2" + ")" * 30,
]
BAD = NOT_TEXT + NO_FORMULA + TOO_LONG + " ".join([NOT_FINITE, NOT_REAL, TOO_LARGE]).split()


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text)[:40])
def test_whatever_is_no_formula_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^formula = .+: must be ") as caught:
        from_formula(text)
    assert "\n" not in str(caught.value) and caught.value.__suppress_context__ and len(str(caught.value)) < 400


WRONG_PART = [
    ("sin(w1)^2 + w3*w2", r"^formula = 'w3': must be a formula of w1 and w2 .*\(2\*w1, not 2w1\).* sin, .*pi and e$")
]
WRONG_PART += [
    ("w2 + 1/0*w1", "^formula = '1 / 0': must be free of divisions by zero$"),
    ("w2 + w1^99", "powers of at most 20"),
]
WRONG_PART += [
    ("w1 + sqrt(-2)", r"^formula = 'sqrt\(-2\)': must be real"),
    ("w1 * 1e20", "must be made of numbers up to 1e12$"),
]
WRONG_PART += [
    ("log(-w1^2)", r"a finite real number somewhere in the window \(-2"),
    ("w1" * 200, "at most 300 characters long$"),
]


@pytest.mark.parametrize("text, said", WRONG_PART)
def test_a_refusal_names_the_part_that_is_wrong_and_says_why(text, said):
    with pytest.raises(ValueError, match=said):
        from_formula(text)


INJECTED = [
    "SEEN",
    "exp(SEEN)",
    'f"{SEEN}"',
    "[SEEN for _ in (1,)]",
    "w1 + (lambda: SEEN)()",
    "w1 if SEEN else w2",
    "w1\nSEEN",
]


@pytest.mark.parametrize("text", INJECTED)
def test_typed_text_is_never_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for attack in ("open('seen', 'w')", "__import__('os').mkdir('seen')"):
        with pytest.raises(ValueError):
            from_formula(text.replace("SEEN", attack))
        with pytest.raises(ValueError):
            Surface("typed", text.replace("SEEN", attack))
    assert not list(tmp_path.iterdir())


HARMLESS = [
    "((((w1^20)^20)^20)^20)^20",
    "((((0.1^20)^20)^20)^20)^20*w1",
    "exp(exp(exp(exp(w1))))",
    "w1**w2**w1",
    "w1^w2^w1^w2",
]
HARMLESS += [
    "(w1+w2+1)^20*(w1-w2+2)^20*(2*w1+w2)^20",
    "1e-300*w1",
    "sin(1)^2+cos(1)^2-1 + w1",
    "cos(10^12)*w2",
    "2^w1^2",
]
HARMLESS += [
    "tanh((2*w1)^cos(w2) - w1/sinh(w1))",
    "tan(w1 + pi/2)",
    "log(exp(sin(w1*w2)))",
    "0.123456789012345^w1",
    "w1 # comment",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_an_odd_formula_is_still_a_surface(text):
    surface, w = from_formula(text), np.array([[0.4, 0.7], [0.9, 0.2], [1.1, 1.3]])
    with np.errstate(all="raise"):
        L, g, H = surface.loss(w), surface.grad(w), surface.hessian(w)
    assert L.dtype == g.dtype == H.dtype == float and np.isfinite(L).any()
    assert surface.latex and surface.gradient_latex and surface.hessian_latex


numerals = st.sampled_from(["2", "3", "0.5", "1.25", "10", "pi", "e", "0", "1"])
formulas = st.recursive(
    st.sampled_from(["w1", "w2"]) | numerals,
    lambda part: (
        st.builds("{}({})".format, st.sampled_from(sorted(surfaces.FUNCTIONS)), part)
        | st.builds("({}){}({})".format, part, st.sampled_from(["+", "-", "*", "/"]), part)
        | st.builds("({})^{}".format, part, st.sampled_from(["2", "3", "-1", "0.5", "w2", "(w1-1)"]))
        | st.builds("-({})".format, part)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(formulas)
def test_any_formula_is_refused_in_one_sentence_or_has_true_derivatives(text):
    try:
        surface = from_formula(text)
    except ValueError as error:
        assert str(error).startswith("formula = ") and "\n" not in str(error)
        return
    w = np.random.default_rng(0).uniform(0.2, 1.2, (40, 2))
    for f, derivative in ((surface.loss, surface.grad), (surface.grad, surface.hessian)):
        with np.errstate(all="ignore"):
            expected = by_complex_step(f, w)
        ours = derivative(w)
        assert ours.dtype == float
        tame = np.isfinite(expected) & np.isfinite(ours) & (np.abs(expected) < 1e6)
        np.testing.assert_allclose(ours[tame], expected[tame], rtol=1e-6, atol=1e-6)


# ---- bad arguments --------------------------------------------------------------------------------------------------

BAD_POINTS = [
    None,
    "text",
    "12",
    1.0,
    [],
    [1.0],
    [1.0, 2.0, 3.0],
    [[1.0, 2.0], [3.0]],
    [None, 1.0],
    {"w": 1},
    ...,
    ["1", "2"],
]


@pytest.mark.parametrize("w", BAD_POINTS, ids=str)
@pytest.mark.parametrize("method", ["loss", "grad", "hessian"])
def test_a_point_that_is_not_two_numbers_is_refused(method, w):
    with pytest.raises(ValueError, match=r"^w(\.shape)? = .*: must be (numbers|\(…, 2\))"):
        getattr(surfaces.himmelblau(), method)(w)


@pytest.mark.parametrize("value", ["a", None, np.nan, np.inf, [1.0, 2.0], 1j, ...], ids=str)
@pytest.mark.parametrize(
    "maker, argument", [(surfaces.product, "x"), (surfaces.product, "y"), (surfaces.bowl, "angle")]
)
def test_a_parameter_that_is_not_a_finite_number_is_refused_by_its_name(maker, argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} = .*: must be a finite number$"):
        maker(**{argument: value})


@pytest.mark.parametrize("kappa", [0.5, 0, -1, "a", None, np.nan, np.inf, [10.0], 10j])
def test_a_condition_number_below_one_is_refused(kappa):
    with pytest.raises(ValueError, match=r"^kappa = .*: must be a finite number ≥ 1$"):
        surfaces.bowl(kappa=kappa)


@pytest.mark.parametrize("window", [None, "abcd", (1, 2, 3), (1, 0, 0, 1), (0, 1, 0, np.nan), 5, (0, 1, 2, 2)])
def test_a_bad_window_is_refused(window):
    with pytest.raises(ValueError, match=r"^window = .*: must be \(w1_min, w1_max, w2_min, w2_max\)"):
        from_formula("w1*w2", window=window)


@pytest.mark.parametrize(
    "start", [None, "ab", 1.0, (1, 2, 3), (np.nan, 1), (1, np.inf), (1j, 0), [[1, 2]], [[1], [2, 3]]]
)
def test_a_bad_start_is_refused(start):
    with pytest.raises(ValueError, match=r"^start(\.shape)? = .*: must be "):
        from_formula("w1*w2", start=start)


@pytest.mark.parametrize("formula", ["w1**2", None, 3, surfaces.X * surfaces.W1, [surfaces.W1]], ids=str)
def test_a_surface_of_ones_own_is_a_sympy_expression_of_its_symbols(formula):
    with pytest.raises(ValueError, match=r"^formula = .*: must be a SymPy expression in .*w1"):
        Surface("mine", formula)


def test_a_surface_of_ones_own_takes_parameters():
    surface = Surface("mine", surfaces.X * surfaces.W1**2 + surfaces.W2, {surfaces.X: 3})
    assert surface.loss([2, 1]) == 13 and np.array_equal(surface.grad([2, 1]), [12, 1])
    with pytest.raises(ValueError, match=r"^x = 'a': must be a finite number$"):
        Surface("mine", surfaces.X * surfaces.W1, {surfaces.X: "a"})
