"""Losses: equal to torch's, with exact gradients, and unharmed by large numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import cases, close, slope

from optim_core import losses

quick = settings(max_examples=40, deadline=None)
logits = arrays(float, st.tuples(st.integers(1, 4), st.integers(2, 5)), elements=st.floats(-50, 50))


@pytest.mark.parametrize(
    "name, options, a", [pytest.param(*case, id=f"{case[0]}-{k}") for k, case in enumerate(cases("losses"))]
)
def test_value_and_gradient_are_those_of_torch(name, options, a):
    L, dz = getattr(losses, name)(a["z"], a["y"], **options)
    assert abs(L - a["L"]) <= 1e-12 * max(1, abs(a["L"]))
    close(dz, a["dz"])


LOSSES = [
    (losses.cross_entropy, [2, 0], {}),
    (losses.cross_entropy, [2, 0], {"smoothing": 0.3}),
    (losses.cross_entropy, [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], {"smoothing": 0.1}),
    (losses.binary_cross_entropy, [[0.0, 1.0, 0.3], [0.7, 0.0, 1.0]], {}),
    (losses.mse, [[0.0, 1.0, 0.3], [0.7, -2.0, 1.0]], {}),
    (losses.mse, [[0.0, 1.0, 0.3], [0.7, -2.0, 1.0]], {"half": True}),
]


def test_every_loss_has_its_row_here():
    made = {loss for loss in vars(losses).values() if hasattr(loss, "targets")}
    missing = {loss.__name__ for loss in made - {row[0] for row in LOSSES}}
    assert not missing and len(made) >= 3, f"LOSSES in this file has no row for {missing}"


@pytest.mark.parametrize("loss, y, options", LOSSES)
def test_gradient_is_the_slope_of_the_value(loss, y, options):
    z = np.array([[0.5, -1.0, 2.0], [3.0, 0.1, -0.2]])
    close(loss(z, y, **options)[1], slope(lambda z: loss(z, y, **options)[0], z))


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_softmax_and_its_kin_carry_gradients_back(name):
    f, grad = getattr(losses, name), getattr(losses, f"{name}_grad")
    z, d = np.array([[0.5, -1.0, 2.0], [3.0, 0.1, -0.2]]), np.array([[1.0, -2.0, 0.5], [0.1, 3.0, 1.0]])
    close(grad(z, d), slope(lambda z: (d * f(z)).sum(), z))


@quick
@given(logits, st.floats(-1e3, 1e3))
def test_softmax_and_cross_entropy_ignore_a_shift(z, shift):
    close(losses.softmax(z + shift), losses.softmax(z), 1e-10)
    y = np.zeros(len(z), dtype=int)
    close(losses.cross_entropy(z + shift, y)[0], losses.cross_entropy(z, y)[0], 1e-10)


@quick
@given(logits)
def test_softmax_gives_probabilities_and_log_softmax_their_logarithms(z):
    p = losses.softmax(z)
    assert (p >= 0).all()
    close(p.sum(-1), np.ones(len(z)))
    close(np.exp(losses.log_softmax(z)), p)


@quick
@given(logits)
def test_the_gradient_of_cross_entropy_sums_to_zero_for_each_example(z):
    assert np.abs(losses.cross_entropy(z, np.zeros(len(z), dtype=int))[1].sum(-1)).max() < 1e-14


@quick
@given(arrays(float, (3, 1), elements=st.floats(-700, 700)), st.lists(st.integers(0, 1), min_size=3, max_size=3))
def test_two_classes_are_one_sigmoid(z, y):
    close(losses.softmax(np.hstack([z, 0 * z]))[:, :1], losses.sigmoid(z))
    two = losses.cross_entropy(np.hstack([0 * z, z]), y)[0]
    close(two, losses.binary_cross_entropy(z, np.array(y)[:, None])[0])


def test_large_logits_are_exact():
    assert losses.softmax([1e4, 0.0]).tolist() == [1.0, 0.0]
    assert losses.log_softmax([1e4, -1e4]).tolist() == [0.0, -2e4]
    assert losses.sigmoid([1e4, -1e4]).tolist() == [1.0, 0.0]
    L, dz = losses.cross_entropy([[1e4, -1e4]], [1])
    assert L == 2e4 and dz.tolist() == [[1.0, -1.0]]
    L, dz = losses.binary_cross_entropy([[1e4], [-1e4]], [[0.0], [0.0]])
    assert L == 5e3 and dz.tolist() == [[0.5], [0.0]]


@pytest.mark.parametrize("huge", [1e4, 1e154, 1e300])
def test_no_logit_overflows(huge):
    z = np.array([[huge, -huge, 0.0], [-huge, -huge, huge]])
    with np.errstate(all="raise", under="ignore"):
        for f in (losses.softmax, losses.log_softmax, losses.sigmoid):
            assert np.isfinite(f(z)).all()
        for y in ([1, 0], losses.softmax(z), [[0.2, 0.3, 0.5]] * 2):
            for smoothing in (0.0, 0.1):
                assert all(np.isfinite(part).all() for part in losses.cross_entropy(z, y, smoothing=smoothing))
        assert all(np.isfinite(part).all() for part in losses.binary_cross_entropy(z, np.full((2, 3), 0.5)))


def test_a_mean_over_the_batch_and_for_mse_over_the_outputs_too():
    z, y = np.array([[1.0, 0.0], [0.0, 3.0]]), np.zeros((2, 2))
    assert losses.mse(z, y)[0] == 10 / 4 and losses.mse(z, y, half=True)[0] == 10 / 8
    twice = losses.cross_entropy(np.vstack([z, z]), [0, 1, 0, 1])
    assert np.isclose(twice[0], losses.cross_entropy(z, [0, 1])[0], rtol=1e-15)
    close(twice[1][:2], losses.cross_entropy(z, [0, 1])[1] / 2)


def test_smoothing_is_a_mixture_of_targets():
    z, s = np.array([[0.3, -1.0, 2.0]]), 0.25
    plain, flat = losses.cross_entropy(z, [1])[0], losses.cross_entropy(z, np.full((1, 3), 1 / 3))[0]
    assert np.isclose(losses.cross_entropy(z, [1], smoothing=s)[0], (1 - s) * plain + s * flat, rtol=1e-14)


@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.binary_cross_entropy, losses.mse])
def test_each_run_has_the_loss_that_it_has_alone(loss):
    z = np.random.default_rng(0).standard_normal((2, 3, 5, 4))
    y = losses.one_hot([0, 1, 2, 3, 0], 4)
    L, dz = loss(z, y)
    assert L.shape == (2, 3) and dz.shape == z.shape
    for run in np.ndindex(2, 3):
        alone = loss(z[run], y)
        assert L[run] == alone[0] and (dz[run] == alone[1]).all()


def test_labels_one_hot_rows_and_runs_of_labels_say_the_same():
    z = np.random.default_rng(0).standard_normal((2, 3, 4))
    labels = np.array([[0, 3, 1], [2, 2, 0]])
    close(losses.cross_entropy(z, labels)[0], losses.cross_entropy(z, losses.one_hot(labels, 4))[0])
    close(losses.cross_entropy(z, labels)[0][1], losses.cross_entropy(z[1], labels[1])[0])


def test_cross_entropy_still_pulls_where_mse_is_flat():  # a sigmoid at −10, whose answer should be 1
    z = np.array([[-10.0]])
    assert round(float(losses.binary_cross_entropy(z, [[1.0]])[1][0, 0]), 5) == -0.99995
    p = losses.sigmoid(z)
    assert round(float(losses.sigmoid_grad(z, losses.mse(p, [[1.0]])[1])[0, 0]), 6) == -9.1e-5


def test_softmax_applied_twice_cannot_get_below_a_floor():
    best = losses.softmax(np.array([[1e4] + [0.0] * 9]))  # all its mass on the right one of ten classes
    assert round(float(losses.cross_entropy(best, [0])[0]), 3) == 1.461
    z = np.array([[10.0, 0.0, 0.0]])
    once = np.linalg.norm(losses.cross_entropy(z, [1])[1])
    twice = np.linalg.norm(losses.softmax_grad(z, losses.cross_entropy(losses.softmax(z), [1])[1]))
    assert round(float(once), 2) == 1.41 and round(float(twice), 5) == 1.0e-4


BAD = {
    "a label too high": (losses.cross_entropy, [[0.0, 1.0]], [2]),
    "a negative label": (losses.cross_entropy, [[0.0, 1.0]], [-1]),
    "labels that are not whole": (losses.cross_entropy, [[0.0, 1.0]], [0.5]),
    "a label too many": (losses.cross_entropy, [[0.0, 1.0]], [0, 1]),
    "rows that sum to 2": (losses.cross_entropy, [[0.0, 1.0]], [[1.0, 1.0]]),
    "a negative probability": (losses.cross_entropy, [[0.0, 1.0]], [[1.5, -0.5]]),
    "NaN in the logits": (losses.cross_entropy, [[0.0, np.nan]], [0]),
    "inf in the logits": (losses.cross_entropy, [[0.0, np.inf]], [0]),
    "NaN in the targets": (losses.mse, [[0.0, 1.0]], [[np.nan, 1.0]]),
    "strings for labels": (losses.cross_entropy, [[0.0, 1.0]], ["a"]),
    "strings for logits": (losses.cross_entropy, [["a", "b"]], [0]),
    "no label at all": (losses.cross_entropy, [[0.0, 1.0]], None),
    "an empty batch": (losses.cross_entropy, np.empty((0, 2)), []),
    "no classes": (losses.cross_entropy, np.empty((2, 0)), [0, 0]),
    "logits without a batch": (losses.cross_entropy, [0.0, 1.0], [0]),
    "a target that is no probability": (losses.binary_cross_entropy, [[0.0]], [[2.0]]),
    "labels where outputs are meant": (losses.mse, [[0.0], [1.0]], [0.0, 1.0]),
    "targets of another width": (losses.mse, [[0.0, 1.0]], [[0.0]]),
    "targets with runs that the outputs lack": (losses.mse, [[0.0]], [[[0.0]], [[1.0]]]),
    "ragged targets": (losses.mse, [[0.0, 1.0], [0.0, 1.0]], [[0.0], [0.0, 1.0]]),
}


@pytest.mark.parametrize("loss, z, y", BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_in_one_sentence(loss, z, y):
    with pytest.raises(ValueError, match=r"^(z|y|z\.shape|y\.shape) = .*: must be .+"):
        loss(z, y)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, "a", None, np.nan])
def test_smoothing_is_between_nothing_and_everything(smoothing):
    with pytest.raises(ValueError, match="^smoothing = "):
        losses.cross_entropy([[0.0, 1.0]], [0], smoothing=smoothing)


def test_sigmoid_takes_numbers_of_any_shape_and_nothing_else():
    assert losses.sigmoid(0.0) == 0.5 and losses.sigmoid(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    for z in ["a", None, [[1.0], [1.0, 2.0]]]:
        with pytest.raises(ValueError, match="^z = "):
            losses.sigmoid(z)


@pytest.mark.parametrize("f", [losses.softmax, losses.log_softmax])
@pytest.mark.parametrize("z", ["a", 3.0, [], [[1.0], [1.0, 2.0]], None])
def test_functions_of_logits_refuse_what_has_no_classes(f, z):
    with pytest.raises(ValueError, match=r"^z(\.shape)? = "):
        f(z)
