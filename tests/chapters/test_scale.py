"""Chapter 09: what its captions and questions say holds over the whole range of the sliders."""

import doctest
import functools
import importlib
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad

import notebooks
from optim_core.chapters.scale import exercises, experiments, scenes
from optim_core.chapters.scale.experiments import FORMATS, RULES, learned, rms, rounded, signals, spread, unit
from optim_core.data import digits
from optim_core.live import control
from optim_core.network import SCHEMES, Linear, Network, Tanh
from optim_core.optimizers import gd
from optim_core.scenes.board import number
from optim_core.training import train

GAINS, THREE = control("gain", 1.0).stops, ["linear", "tanh", "relu"]
NUMPYS = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


@pytest.mark.parametrize("name", ["exercises", "experiments", "scenes"])
def test_the_examples_in_the_docstrings_run(name):
    ran = doctest.testmod(importlib.import_module(f"optim_core.chapters.scale.{name}"))
    assert ran.attempted >= 2 and not ran.failed


# Signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", THREE)
def test_signals_are_those_of_a_network_and_its_gradients(activation):
    flow = signals("He", activation, 0.7, depth=3, width=8, inputs=5)
    rng = np.random.default_rng([0, 8])
    rng.standard_normal((5, 8))
    W = [0.7 * RULES["He"](rng, 8, 8)[0] for _ in range(3)]
    phi = experiments.ACTIVATIONS[activation][0]
    out = functools.reduce(lambda x, w: phi(x @ w), W, flow["x"][0])
    assert np.allclose(out, flow["x"][-1], atol=1e-12)
    step = 1e-6 * np.eye(8)[3]  # the gradient of Σ dx[-1] · output, by differences
    high, low = (functools.reduce(lambda x, w: phi(x @ w), W, flow["x"][0] + d) for d in (step, -step))
    assert np.allclose(((high - low) * flow["dx"][-1]).sum(-1) / 2e-6, flow["dx"][0][:, 3], atol=1e-5)


THEORY = {  # by what a linear layer, and one with relu, multiplies the root mean square
    "N(0, 1)": lambda n: n**0.5,
    "N(0, 0.01²)": lambda n: 0.01 * n**0.5,
    "std 1/n": lambda n: n**-0.5,
    "PyTorch, no biases": lambda n: 3**-0.5,
    "std 1/√n": lambda n: 1,
    "Xavier": lambda n: 1,
    "He": lambda n: 2**0.5,
    "orthogonal": lambda n: 1,
}


@pytest.mark.parametrize("rule", THEORY)
def test_each_rule_multiplies_sizes_by_what_it_should(rule):
    for width in (32, 128):
        linear, relu = (experiments.factors(rule, a, width, 5, seeds=8).mean() for a in ("linear", "relu"))
        assert linear == pytest.approx(THEORY[rule](width), rel=0.03)
        assert relu == pytest.approx(THEORY[rule](width) / 2**0.5, rel=0.09)


def test_the_default_is_torchs_and_its_biases_are_of_the_same_law():
    W, b = RULES["PyTorch"](np.random.default_rng(0), 64, 4000)
    assert np.abs(W).max() <= 1 / 8 and np.abs(b).max() <= 1 / 8
    assert W.std() == pytest.approx(1 / (8 * 3**0.5), rel=0.01) and b.std() == pytest.approx(W.std(), rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_what_the_default_leaves_of_a_thousand_digits(seed):
    x = experiments.through_the_default(300, seed=seed)
    assert 0.04 < rms(x) < 0.05 and 1e-13 < spread(x) < 1e-12


def test_the_prediction_is_answered_by_its_own_measurement():
    assert exercises._what_is_left() == "c"


@pytest.mark.parametrize("seed", range(3))
def test_saturated_units_and_a_gradient_that_grows_go_together(seed):
    flow = signals("N(0, 1)", "tanh", seed=seed)
    assert 0.85 < experiments.idle(flow["x"][-1], "tanh") < 0.89
    assert rms(flow["dx"][0]) > 1e7


@pytest.mark.parametrize("seed", range(3))
def test_relu_with_hes_rule_makes_inputs_alike(seed):
    flow = signals("He", "relu", depth=50, seed=seed)
    assert experiments.alikeness(flow["x"][-1]) > 0.95 and experiments.idle(flow["x"][-1], "relu") > 0.15


def test_without_biases_a_tanh_signal_fades_up_to_gain_1_and_the_gradient_grows_above():
    for gain in (g for g in GAINS if g <= 0.2 or 0.8 <= g <= 1.2 or g >= 2.9):
        q = 1.0
        for _ in range(1200):
            q, factor = experiments.layer_in_theory("tanh", gain, 0.0, q)
        assert q < 1e-3 if gain <= 1 else factor > 1.0005, gain
    for gain, fades, grows in ((0.9, True, False), (1.15, False, False), (2.0, False, True)):  # after fifty layers
        flow = signals("std 1/√n", "tanh", gain, depth=50)
        assert (rms(flow["x"][-1]) < 0.1, rms(flow["dx"][0]) > 3) == (fades, grows)


def told(text, before, after):
    """The number that stands in a text between two words."""
    return notebooks.parse_number(text.split(before)[1].split(after)[0].rstrip("."))[0]


@pytest.mark.parametrize("activation", THREE)
def test_what_is_said_of_the_depth_and_of_a_layer_is_what_its_numbers_say(activation):
    """All rules at ten gains and both ends of depth and width, over layers at both ends and in between; any seed."""
    gains = [0.1, 0.3, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0]
    assert set(gains) <= set(GAINS) and gains[-1] == GAINS[-1] and gains[0] == GAINS[0]
    for k, (rule, gain) in enumerate(itertools.product(RULES, gains)):
        depth, width = [(50, 8), (1, 8), (20, 16), (50, 64)][k % 4 if gain in (0.1, 1.0, 3.0) else 0]
        flow = signals(rule, activation, gain, depth, width, inputs=12, seed=k)
        x, dx = flow["x"], flow["dx"]
        sizes = [np.sqrt((x**2).mean((1, 2))), np.sqrt(x.var(1).mean(-1)), np.sqrt((dx**2).mean((1, 2)))[::-1]]
        said = scenes.of_the_depth(rms(x), scenes.differing(x), rms(dx))
        blind = any(not layer.any() for layer in x)
        assert ("between inputs: nothing at the end" in said) == blind
        for what, size in zip(("Signal: ", "between inputs: ", "going back: "), sizes, strict=True):
            ended = said.split(what)[1].split(". ")[0].removesuffix(".")
            if ended.startswith("multiplied by "):
                assert told(ended, "multiplied by ", ";") == pytest.approx(size[-1] / size[0], rel=0.06)
            else:
                assert ended in ("nothing at the end", "in the end less than float64 can hold")
                assert size[-1] == 0 or (what == "between inputs: " and size[-1] < 1e-14 * sizes[0][-1])
        for t in {0, 1, depth // 2, depth}:
            said = scenes.of_the_layer(t, x[t], activation, experiments.alikeness(x[t]))
            rows = [row / np.linalg.norm(row) for row in x[t] if row.any()]
            pairs = [a @ b for a, b in itertools.combinations(rows, 2)]
            if pairs and (close := np.mean(pairs)) > 0.9999:
                assert said.endswith(" above 0.9999.")
            elif pairs:
                assert notebooks.parse_number(said.split()[-1].rstrip("."))[0] == pytest.approx(close, abs=0.0051)
            assert ("become 0" in said) == (len(rows) < 2) and (f"{len(rows)} inputs that are left" in said) == (
                2 <= len(rows) < 12
            )
            flat = np.abs(x[t]) > 0.95 if activation == "tanh" else (x[t] == 0).all(0)
            if t and activation != "linear":
                share = said.split("95: " if activation == "tanh" else "12 inputs: ")[1].split(";")[0]
                assert share == scenes.percent(np.count_nonzero(flat) / flat.size)
            assert t == 0 or told(said, "square ", ";") == pytest.approx(
                np.linalg.norm(x[t]) / x[t].size ** 0.5, rel=0.06
            )


def test_a_change_of_size_is_told_as_a_factor_or_as_nothing():
    for before, after in itertools.product(np.geomspace(1e-3, 1e3, 13), [0.0, *np.geomspace(1e-120, 1e80, 41)]):
        said = scenes.times(before, after)
        assert (said == "nothing at the end") == (after == 0)
        assert after == 0 or told(said, "multiplied by ", ";") == pytest.approx(after / before, rel=0.06)


def test_what_differs_between_inputs_is_the_networks_or_said_to_be_lost_in_rounding():
    for gain, depth in itertools.product((0.1, 0.3, 1.0, 3.0), (5, 50)):
        x = signals("PyTorch", "tanh", gain, depth, 8, inputs=8)["x"]
        rng, exact = np.random.default_rng([0, 8]), [x[0].astype(np.longdouble)]  # digits beyond float64's
        rng.standard_normal((8, 8))
        for _ in range(depth):
            W, b = RULES["PyTorch"](rng, 8, 8)
            exact.append(np.tanh(exact[-1] @ (gain * W).astype(np.longdouble) + gain * b))
        true, shown = spread(np.array(exact)), scenes.differing(x)
        seen = np.isfinite(shown)
        assert np.allclose(shown[seen], true[seen].astype(float), rtol=0.1, atol=0)
        assert (true[~seen] < 1.1e-14 * rms(x)[~seen]).all()


def test_inputs_that_only_rounding_makes_alike_are_not_said_to_have_become_one():
    """Saturated units that are ±1 for every input, to the last digit; and a layer that is 0, with biases after it."""
    z = np.array([[[0.1, -0.3], [0.4, 0.2]], [[30.0, -25.0], [27.0, -50.0]], [[1.0, 2.0], [1.0, 2.0]]])
    lost = scenes.differing(np.tanh(z))
    assert lost[0] > 0 and np.isnan(lost[1:]).all()
    x = signals("PyTorch", "relu", 0.1, 50, 8, seed=33)["x"]
    first = next(k for k, layer in enumerate(x) if not layer.any())
    assert (scenes.differing(x)[:first] > 0).all() and not scenes.differing(x)[first:].any() and x[-1].any()


def test_shares_are_none_or_all_only_if_they_are():
    for share in (0, 1e-9, 0.005, 0.01, 0.5, 0.99, 0.995, 1 - 1e-9, 1):
        assert (scenes.percent(share) == "none") == (share == 0) and (scenes.percent(share) == "all") == (share == 1)


# Initial weights that train ----------------------------------------------------------------------------------------


def test_symmetry_stays_and_random_weights_break_it():
    assert experiments.symmetric("zeros", 100)[1] == 0
    assert experiments.symmetric("constant", 100)[1] == 1
    accuracy, rank = experiments.symmetric("xavier", 100)
    assert rank == 32 and accuracy > 0.9


def test_orthogonal_weights_win_in_a_deep_tanh_network_on_every_seed():
    assert experiments.duel("orthogonal", seeds=2).min() > experiments.duel("xavier", seeds=2).max() + 0.02


def test_a_shallow_network_forgives_the_default():
    net = Network([Linear(64, 32), Tanh(), Linear(32, 32), Tanh(), Linear(32, 10)])
    w = np.stack([net.init(0, scheme) for scheme in ("torch", "xavier", "he")])
    how = dict(lr=0.3, steps=400, batch=64, w=w, every=400, progress=False)
    assert np.ptp(train(net, digits(), gd, **how)["test_accuracy"][-1]) < 0.02


@pytest.mark.parametrize(("width", "most"), [(8, 1e-6), (16, 1e-2), (64, 0.5)])
def test_a_typical_narrow_deep_network_loses_what_the_mean_keeps(width, most):
    found = experiments.lengths(width, 50, 100 if width < 64 else 30)
    assert np.median(found) < most and (width > 8 or 0.08 < (found == 0).mean() < 0.32)
    one = experiments.lengths(width, 1, 1000)  # the mean of one layer is 1, and layers multiply
    assert one.mean() == pytest.approx(1, abs=4 * one.std() / 1000**0.5)


# A circle ---------------------------------------------------------------------------------------------------------

CIRCLE_GAINS = [0.5, 0.58, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.4142, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0]


@pytest.mark.parametrize("gain", CIRCLE_GAINS)
def test_one_layer_of_theory_is_what_integration_gives(gain):
    for bias, q in ((0.0, 0.3), (0.5, 0.02), (0.1, 1.0)):
        p = gain**2 * q + bias**2

        def mean(f, p=p):
            return quad(lambda z: f(p**0.5 * z) * math.exp(-z * z / 2), -12, 12, limit=200)[0] / math.sqrt(2 * math.pi)

        after, factor = experiments.layer_in_theory("tanh", gain, bias, q)
        assert after == pytest.approx(mean(lambda z: math.tanh(z) ** 2), rel=1e-6)
        assert factor == pytest.approx(gain * mean(lambda z: math.cosh(z) ** -4) ** 0.5, rel=1e-6)


def test_order_edge_and_chaos_are_where_the_fixed_point_of_infinite_width_says():
    """All gains, biases at both ends and between: Gauss–Legendre quadrature, and the largest root by bisection."""
    z, weights = (10 * half for half in np.polynomial.legendre.leggauss(200))  # from −10 to 10
    weights = weights * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    biases = [0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.29, 0.3, 0.35, 0.4, 0.45, 0.5]
    g, b = (grid.ravel() for grid in np.meshgrid(CIRCLE_GAINS, biases))
    low, high = np.full(g.shape, 1e-12), np.ones(g.shape)  # q = E tanh²(√(g²q + b²) z): above it the right side is less
    for _ in range(60):
        q = (low + high) / 2
        above = np.tanh(np.sqrt(g**2 * q + b**2)[:, None] * z) ** 2 @ weights > q
        low, high = np.where(above, q, low), np.where(above, high, q)
    factor = g * np.sqrt(np.cosh(np.sqrt(g**2 * low + b**2)[:, None] * z) ** -4.0 @ weights)
    for gain, bias, theory in zip(g, b, factor, strict=True):
        said = scenes.regime("tanh", float(gain), float(bias))
        word = "The edge" if abs(theory - 1) < 5e-4 else "Order" if theory < 1 else "Chaos"
        assert said.startswith(word), (gain, bias, theory)
        if word != "The edge":
            assert told(said, "multiplied by ", " in") == pytest.approx(
                theory, abs=6e-3 if abs(theory - 1) > 5e-3 else 6e-4
            )
        assert bias or word.startswith("Order" if gain < 1 else "Chaos" if gain > 1 else "The edge")
        assert f"g/√2 = {gain / 2**0.5:.3g}" in scenes.regime("relu", float(gain), float(bias))


@pytest.mark.parametrize(("gain", "bias"), [(0.5, 0.0), (0.9, 0.0), (2.0, 0.0), (3.0, 0.0), (0.58, 0.05), (1.5, 0.5)])
def test_wide_networks_do_what_theory_says(gain, bias):
    stretch = rms(experiments.circle("tanh", gain, bias, depth=30, width=500, points=12)["dx"])
    measured = (stretch[-1] / stretch[10]) ** (1 / 20)
    assert measured == pytest.approx(experiments.in_the_long_run("tanh", gain, bias), rel=0.02)


def test_the_tangent_is_the_derivative_along_the_circle():
    flow = experiments.circle("tanh", 1.5, 0.2, depth=4, width=20, points=3600)
    turned = (np.roll(flow["x"], -1, axis=1) - np.roll(flow["x"], 1, axis=1)) / (4 * np.pi / 3600)
    assert np.allclose(turned, flow["dx"], atol=2e-4 * np.abs(flow["dx"]).max())


def test_angles_close_under_relu_and_open_in_chaos():
    relu, chaos = (scenes.cosines(experiments.circle(a, g)["x"]) for a, g in (("relu", 1.4142), ("tanh", 2.0)))
    assert relu[0] == pytest.approx(math.cos(math.pi / 6)) and relu[-1] > 0.98 and abs(chaos[-1]) < 0.15


def test_an_angle_is_told_to_a_degree_and_small_ones_to_a_tenth():
    for angle in [*np.linspace(0, 180, 3601), *np.geomspace(1e-3, 10, 300)]:
        said = scenes.degrees(math.cos(math.radians(angle)))
        if said == "less than 0.1°":
            assert angle < 0.0501
        else:
            assert abs(float(said.removesuffix("°")) - angle) <= (0.0501 if angle < 9.94 else 0.501)


@pytest.mark.parametrize("gain", [0.5, 1.4142, 3.0])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_circle_is_drawn_as_wide_as_it_lies(activation, gain):
    for bias in (0.0, 0.5):
        x = experiments.circle(activation, gain, bias, depth=20, width=32)["x"]
        for layer in x[::5]:
            seen, centred = scenes.widest(layer), layer - layer.mean(0)
            values = np.linalg.svd(centred, compute_uv=False)
            assert (seen**2).sum() == pytest.approx((values[:2] ** 2).sum() / 32, rel=1e-6)


# Directions --------------------------------------------------------------------------------------------------------


def test_jacobians_are_derivatives():
    J = experiments.jacobians("PyTorch", "tanh", 1.3, depth=3, width=6)
    rng = np.random.default_rng([0, 6])
    x = rng.standard_normal(6)
    layers = [RULES["PyTorch"](rng, 6, 6) for _ in range(3)]

    def out(x):
        return functools.reduce(lambda x, layer: np.tanh(1.3 * (x @ layer[0] + layer[1])), layers, x)

    slopes = [(out(x + 1e-6 * e) - out(x - 1e-6 * e)) / 2e-6 for e in np.eye(6)]
    assert np.allclose(slopes, J[-1], atol=1e-8)


def test_gaussian_weights_keep_sizes_and_few_directions_and_orthogonal_ones_keep_all():
    gaussian, orthogonal = (
        np.linalg.svd([experiments.jacobians(rule, "linear", seed=s)[-1] for s in range(5)], compute_uv=False)
        for rule in ("std 1/√n", "orthogonal")
    )
    assert np.allclose(orthogonal, 1) and 0.5 < rms(gaussian) < 2 and np.median(gaussian) < 1e-6
    assert "as if 64 directions were left" in scenes.of_the_stretches(orthogonal[0])
    relu = np.linalg.svd(experiments.jacobians("orthogonal", "relu", depth=1)[-1], compute_uv=False)
    assert 20 <= (relu < 1e-12).sum() <= 44  # relu drops half of the directions at once
    for seed in range(2):
        J = [experiments.jacobians("orthogonal", "tanh", g, seed=seed)[-1] for g in (0.8, 1.0, 1.5)]
        s = experiments.stretches(J)
        left = [(one**2).sum() ** 2 / (one**4).sum() for one in s]
        assert left == sorted(left, reverse=True) and [rms(one, -1) for one in s] == sorted(rms(one, -1) for one in s)


def test_how_many_directions_are_left_is_said_over_all_rules_and_gains():
    """With A = JᵀJ: the largest stretch is √λ_max(A), their mean square tr A/n, and what counts is (tr A)²/tr A²."""
    gains = [0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5]
    for rule, activation in itertools.product(["std 1/√n", "orthogonal", "He", "PyTorch, no biases"], THREE):
        for seed, gain in enumerate(gains):
            J = experiments.jacobians(rule, activation, gain, depth=50, width=12, seed=seed)[[0, 1, 5, 20, 50]]
            for one, s in zip(J, experiments.stretches(J), strict=True):
                said = scenes.of_the_stretches(s)
                if not one.any():
                    assert said.startswith("No direction comes through")
                    continue
                A = one.T @ one / (most := np.linalg.norm(one, 2)) ** 2
                assert told(said, "direction: × ", ";") == pytest.approx(most, rel=0.06)
                assert told(said, "square: × ", ";") == pytest.approx(most * (np.trace(A) / 12) ** 0.5, rel=0.06)
                assert told(said, "largest: ", " of 12") == (np.linalg.eigvalsh(A) > 0.01).sum()
                left = np.trace(A) ** 2 / np.trace(A @ A)
                assert told(said, "as if ", " direction") == pytest.approx(left, abs=0.051 if left < 9.95 else 0.51)


# Inputs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pixel", experiments.PIXELS)
def test_the_surface_of_one_input_is_what_its_caption_says(pixel):
    raw = experiments.ink(pixel)
    for c, s in ((0.0, 1.0), (8.0, 8.0), (16.0, 16.0), (10.5, 6.0), (16.0, 1.0)):
        x = (raw - c) / s
        high, low = experiments.curvatures(x)
        surface = experiments.plane(x)
        assert np.allclose(np.linalg.eigvalsh(surface.hessian([0, 0])), [low, high])
        w = np.array([0.3, -0.8])
        assert surface.loss(w) == pytest.approx(np.mean((w[0] + w[1] * x) ** 2) / 2)


@pytest.mark.parametrize("pixel", experiments.PIXELS)
def test_where_descent_diverges_and_how_long_it_takes_is_said_at_every_stop(pixel):
    raw = experiments.ink(pixel)
    for c, s in itertools.product(control("subtract", 0.0).stops, control("divide", 1.0).stops[::3]):
        mean, square = (raw.mean() - c) / s, ((raw - c) ** 2).mean() / s**2
        high = (1 + square) / 2 + np.hypot((1 - square) / 2, mean)  # of [[1, m], [m, q]]
        low = (square - mean**2) / high
        said = scenes.shape(*experiments.curvatures((raw - c) / s))
        assert told(said, "λ_max = ", ",") == pytest.approx(high, rel=0.006)
        assert told(said, "λ_min = ", ":") == pytest.approx(low, rel=0.006)
        assert told(said, "κ = ", ". ") == pytest.approx(high / low, rel=0.006)
        rate, steps = told(said, "diverges above η = ", ";"), told(said, "direction needs ", " step")
        assert abs(1 - 1.06 * rate * high) > 1 > abs(1 - 0.94 * rate * high)
        assert (1 - low / high) ** steps <= 0.01 * (1 + 1e-9) and (1 - low / high) ** (steps - 1) > 0.01 * (1 - 1e-9)


@pytest.mark.parametrize("pixel", experiments.PIXELS)
def test_kappa_is_lowest_where_the_mean_is_zero_whatever_the_scale(pixel):
    raw, shifts = experiments.ink(pixel), np.linspace(0, 16, 161)
    for s in (1.0, 6.0, 16.0):
        kappa = [np.divide(*experiments.curvatures((raw - c) / s)) for c in shifts]
        assert abs(shifts[np.argmin(kappa)] - raw.mean()) <= 0.05 + 1e-9
        products = [np.prod(experiments.curvatures((raw - c) / s)) for c in shifts[::20]]
        assert np.allclose(products, raw.var() / s**2)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_said_of_five_preparations_of_the_digits(seed):
    spectra = {how: experiments.spectrum(experiments.prepared(how, seed).X) for how in experiments.PREPARED}
    ratio = {how: values[0] / values[29] for how, values in spectra.items()}
    assert 2 < spectra["[−1, 1]"][0] / spectra["[0, 1]"][0] < 3  # the largest curvature grows,
    assert 3.5 < spectra["[−1, 1]"][9] / spectra["[0, 1]"][9] < 4.5  # the others grow fourfold,
    assert ratio["[−1, 1]"] < 0.7 * ratio["[0, 1]"]  # so it is better conditioned, and centring does more
    assert ratio["standardised"] < ratio["centred, /16"] < 0.2 * ratio["[−1, 1]"]
    assert experiments.prepared("[−1, 1]", seed).X.mean() < -0.3
    assert experiments.saturated(experiments.prepared("0 … 16", seed).X, seed) > 0.6
    best = {how: experiments.accuracies(how, seed, 100) for how in ("0 … 16", "[0, 1]", "centred, /16")}
    rate = {how: experiments.RATES[found > 0.85].max() for how, found in best.items()}
    assert rate["0 … 16"] < rate["[0, 1]"] < rate["centred, /16"]


# Numbers that are rounded -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMPYS)
def test_rounding_and_the_last_digit_are_numpys(kind):
    rng, its = np.random.default_rng(3), NUMPYS[kind]
    w = rng.standard_normal(4000) * 10.0 ** rng.uniform(-9, 6, 4000)
    w = np.concatenate([w, [0.0, 1.0, -2.0, 65504.0, 65519.9, 65520.0, 2.0**-24, 2.0**-25, 2.0**-26, 3 * 2.0**-25]])
    with np.errstate(over="ignore"):
        assert np.array_equal(rounded(w, kind), w.astype(its).astype(float))
    inside = np.abs(rounded(np.abs(w), kind))
    inside = inside[(inside < 60000) & (inside > 0)]
    assert np.array_equal(unit(inside, kind), np.spacing(inside.astype(its)).astype(float))


def test_bfloat16_is_float32_without_its_last_sixteen_digits():
    w = np.random.default_rng(4).standard_normal(4000).astype(np.float32)
    pieces = w.view(np.uint32).astype(np.uint64)
    even = ((pieces + 0x7FFF + ((pieces >> 16) & 1)) >> 16) << 16
    assert np.array_equal(rounded(w.astype(float), "bfloat16"), even.astype(np.uint32).view(np.float32).astype(float))


def test_rounding_at_random_is_right_on_average_and_goes_to_a_neighbour():
    rng = np.random.default_rng(5)
    for value in (1.0001, -3.3, 0.02):
        got = rounded(np.full(20_000, value), "bfloat16", rng)
        assert len(np.unique(got)) == 2 and got.mean() == pytest.approx(value, abs=4 * got.std() / 20_000**0.5)


FIRST, SECOND = control("first", 1.0).stops, control("second", 1.0).stops


@pytest.mark.parametrize("kind", FORMATS)
def test_sums_and_what_is_said_of_them_are_those_of_exact_fractions(kind):
    """Both numbers at a dozen stops, ends included; the first addition, one in between and the last of 4,000."""
    for i, j in itertools.product(
        {*range(0, len(FIRST), 5), len(FIRST) - 1}, {*range(0, len(SECOND), 4), len(SECOND) - 1}
    ):
        a, b = FIRST[i], SECOND[j]
        if kind in NUMPYS:
            with np.errstate(over="ignore"):
                row = np.add.accumulate(np.array([a] + [b] * 4000).astype(NUMPYS[kind])).astype(float)
            assert np.array_equal(row[:41], experiments.added(a, b, kind, 40))
        else:
            row = experiments.added(a, b, kind, 200)
        step = float(rounded(b, kind))
        for k in (0, 37, len(row) - 2):
            w, after = row[k], row[k + 1]
            text = scenes.of_the_sum(w, step, after, kind)
            if not np.isfinite(after):
                assert "infinite" in text and (a + (k + 1) * b > 0.9 * FORMATS[kind][2])
                continue
            if step == 0:
                assert "it is 0" in text and b < 2.0 ** FORMATS[kind][1]
                continue
            error = Fraction(after) - Fraction(w) - Fraction(step)
            assert ("is exact" in text) == (error == 0) and ("all of b is lost" in text) == (after == w)
            assert abs(error) * 2 <= Fraction(float(unit(after, kind)))
            if kind in NUMPYS and error:
                away = np.nextafter(NUMPYS[kind](w), NUMPYS[kind](np.inf)) - NUMPYS[kind](w)
                assert told(text, "above w is ", " away") == pytest.approx(float(away), rel=0.01)
                assert told(text, "b is ", " times that") == pytest.approx(step / float(away), rel=0.06)
            if error and after != w:
                large = f"too {'large' if error > 0 else 'small'} by "
                part, share = float(abs(error) / Fraction(step)), text.split(large)[1].removesuffix(" of b.")
                assert (
                    share == "less than 0.01 %"
                    if part < 1e-4
                    else notebooks.parse_number(share.removesuffix(" %"))[0] == pytest.approx(100 * part, rel=0.06)
                )
        said, moves = scenes.of_the_way(row, step), row[1:] != row[:-1]
        if not np.isfinite(row[-1]) or step == 0:
            assert said == ""
        elif moves.all():
            assert said == f"After {len(row) - 1:,} additions it still moves."
        else:  # a sum that does not move once never does: b is at most half of the last digit
            last = int(np.flatnonzero(moves)[-1]) + 1 if moves.any() else 0
            assert said == (
                f"After addition {last:,} w stands still at {number(row[-1], 6)}." if last else "No addition moves w."
            )
            assert 2 * step <= float(unit(row[-1], kind)) and moves[:last].all()


def test_a_thousandth_in_float16_is_right_then_doubled_then_lost():
    row = experiments.added(1e-4, 1e-3, "float16")
    assert row[1000] == pytest.approx(1.0, rel=0.03)
    between = row[(row >= 2) & (row < 4)]
    assert np.allclose(np.diff(between), 2 * 0.001, rtol=0.03) and row[-1] == 4 == row[3070] != row[3069]


@pytest.mark.parametrize(("kind", "a", "b"), [("float64", 1e10, 1e-10), ("float16", 1e16, 1.0), ("bfloat16", 1.0, 0.1)])
def test_the_digits_that_are_drawn_are_the_numbers(kind, a, b):
    scene = scenes.Sum()
    row = experiments.added(a, b, kind, 20)
    scene.show((kind, a, b, row))
    words = scene.bits.written(row[7], scene.step, row[8], kind)
    if np.isfinite(row).all():
        places = [Fraction(2) ** k for k in range(scene.bits.top, scene.bits.bottom - 1, -1)]
        ones = [[word not in ("0", "no digit") for word in line] for line in words]
        numbers = [sum(p for p, one in zip(places, line, strict=True) if one) for line in ones]
        w, after, step = Fraction(row[7]), Fraction(row[8]), Fraction(float(rounded(b, kind)))
        assert numbers == [w, step, w + step, after]
    else:
        assert (words == "no digit").all()


RATES = control("lr", (0.2, 0.01, 5.0)).stops


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32"])
def test_a_training_that_is_said_to_stand_still_does_so_for_ever(kind):
    """At a dozen rates at once, in the short numbers of numpy (bfloat16: float32 without its last digits)."""
    lr = np.array(RATES[:: len(RATES) // 11] + RATES[-1:])
    X, y = experiments._three_or_eight()
    w, ws, losses = np.zeros((len(lr), 65), np.float32), [], []

    def short(v):
        if kind != "bfloat16":
            return v.astype(NUMPYS[kind])
        pieces = v.astype(np.float32).view(np.uint32).astype(np.uint64)
        return ((pieces + 0x7FFF + (pieces >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)

    for _ in range(1002):
        z = w.astype(float) @ X.T
        ws.append(w)
        losses.append(np.logaddexp(0, np.where(y, -z, z)).mean(1))
        step = -lr[:, None] * ((1 / (1 + np.exp(-z)) - y) @ X) / len(y)
        w = short(w + step)
    for k, moved in enumerate((np.diff(ws, axis=0) != 0).any(-1).T):  # (rates, steps)
        run, loss = np.array(ws)[:, k].astype(float), np.array(losses)[:1001, k]
        still = experiments.stands_from(run)
        since = int(np.flatnonzero(moved)[-1]) + 1 if moved.any() else 0
        for t in (0, since - 1, since, 1000):
            said = scenes.of_the_rest(still, loss, t)
            assert ("no weight moves" in said) == (since <= t < 1001) and ("still moves" in said) == (since > 1000 == t)
            if "no weight moves" in said:
                assert f"From step {since} on" in said and said.endswith(f" {number(float(loss[since]))}.")
        if (
            since <= 1000
        ):  # its loss no longer changes, so neither does its step; half of a last digit is as good as none
            g = ((1 / (1 + np.exp(-(X @ run[-1]))) - y) @ X) / len(y)
            assert (np.abs(lr[k] * g) <= unit(run[-1], kind) / 2 * (1 + 1e-9)).all()


@pytest.mark.parametrize("lr", [0.01, 5.0])
def test_rounding_at_random_never_seems_to_stand_still_and_the_cures_are_what_they_say(lr):
    for kind in FORMATS:
        plain = learned(kind, lr, steps=120)
        assert experiments.stands_from(learned("bfloat16", lr, experiments.CURES[2])["w"]) is None
        for cure in experiments.CURES:
            run = learned(kind, lr, cure, steps=120)
            assert bool(scenes.of_no_use(cure, kind)) == (cure != "none" and np.array_equal(run["w"], plain["w"]))
            for t in (0, 10, 120):
                moved = run["step"][t] != 0
                stay = np.count_nonzero(moved & (run["w"][t + 1] == run["w"][t]))
                said = scenes.of_the_step(int(moved.sum()), stay, run["kept"], kind, 7)
                copies = cure == "a copy in float32" and kind in ("bfloat16", "float16")
                assert f"Of {moved.sum()} {'copies' if copies else 'weights'} with a gradient, {stay} stay" in said
                assert said.endswith("made from them 7.") == copies
                if cure == "none" and kind in NUMPYS:
                    new = (run["w"][t] + run["step"][t]).astype(NUMPYS[kind])
                    assert stay == np.count_nonzero(moved & (new == run["w"][t].astype(NUMPYS[kind])))


def test_the_smaller_the_rate_the_higher_bfloat16_stands_and_both_cures_cure():
    losses = [learned("bfloat16", lr)["loss"][-1] for lr in (0.01, 0.05, 0.2, 1.0, 5.0)]
    assert losses == sorted(losses, reverse=True)
    for lr in (0.01, 5.0):
        exact = learned("float64", lr)["loss"][-1]
        for cure in experiments.CURES[1:]:
            assert learned("bfloat16", lr, cure)["loss"][-1] == pytest.approx(exact, rel=0.06)


def test_of_a_copy_the_caption_counts_the_short_weights_too():
    run, scene = learned("float16", 0.2, "a copy in float32"), scenes.Rounded()
    scene.show(("float16", 0.2, "a copy in float32", run, learned("float64", 0.2)))
    for t in (0, 300, 1000):
        scene.at(t)
        short, moved = run["w"][t : t + 2].astype(np.float16), run["step"][t] != 0
        stay = (short[0] == short[1])[moved].sum()
        assert f"copies with a gradient, 0 stay as they are, and of the float16 weights made from them {stay}." in (
            scene.caption
        )


# Exercises ---------------------------------------------------------------------------------------------------------


def test_the_rules_of_the_exercises_are_those_of_the_package():
    rng = np.random.default_rng(0)
    for n, m in ((64, 64), (200, 50)):
        he, xavier = (SCHEMES[s](rng, (n, 20 * m) if s == "he" else (n, m), n, m) for s in ("he", "xavier"))
        assert he.std() == pytest.approx(exercises.init_std.reference(n, True), rel=0.02)
        limit = exercises.uniform_limit.reference(n, m)
        assert 0.99 * limit < np.abs(xavier).max() <= limit
        assert np.mean(exercises.ratios.reference(n, m, limit**2 / 3, False)) == pytest.approx(1)
        assert exercises.ratios.reference(n, m, 2 / n, True)[0] == pytest.approx(1)


def test_the_ratios_are_measured_ones():
    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((4000, 64)), rng.standard_normal((4000, 16))
    W = rng.standard_normal((64, 16)) * 0.1
    z = x @ W
    forwards, backwards = exercises.ratios.reference(64, 16, 0.01, True)
    assert np.mean(np.maximum(z, 0) ** 2) == pytest.approx(forwards, rel=0.1)
    assert np.mean(((dy * (z > 0)) @ W.T) ** 2) == pytest.approx(backwards, rel=0.1)


def test_spacing_is_numpys():
    for a in (1.0, 3.0, -7.5, 1e10, 0.3):
        assert exercises.spacing.reference(a, 53) == np.spacing(abs(a))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda n, relu: 1 / 0, "stopped with ZeroDivisionError"),
        (lambda n, relu: "one", "no number"),
        (lambda n, relu: -1.0, "no number"),
        (lambda n, relu: 1.0, "Yours draws with std 1, ours with 0.125."),
        (exercises.init_std.reference, "as ours does"),
    ],
)
def test_a_students_rule_runs_beside_ours_whatever_it_does(function, said):
    scene = scenes.Compared()
    scene.show(exercises.beside(function)("relu", 3, 128, 0))
    scene.at(0)
    assert said in scene.caption
