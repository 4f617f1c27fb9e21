"""A bad argument is answered by one sentence that names it, shows it and says what is allowed."""

import numpy as np
import pytest

from optim_core.refuse import asks, generator, number, numbers, refuse, whole, window


def test_a_refusal_names_the_argument_shows_the_value_and_says_what_is_allowed():
    with pytest.raises(ValueError) as caught:
        refuse("lr", -0.1, "a number ≥ 0")
    assert str(caught.value) == "lr = -0.1: must be a number ≥ 0"


@pytest.mark.parametrize(
    "value", [np.eye(50), [list(range(100))] * 100, "word " * 500, {"a": ["b\nc"] * 99}, "two\nlines"]
)
def test_a_refusal_is_one_line_of_readable_length(value):
    with pytest.raises(ValueError) as caught:
        refuse("w", value, "short")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 150


def test_a_refusal_hides_the_error_that_led_to_it():
    try:
        numbers("w", [[1, 2], [3]])
    except ValueError as error:
        assert error.__suppress_context__ and error.__cause__ is None


@pytest.mark.parametrize(
    "value", ["text", b"1", None, object(), {1: 2}, [[1, 2], [3]], ["1", 2], np.datetime64("2020-01-01")]
)
def test_what_is_not_numbers_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^lr = .*: must be numbers"):
        numbers("lr", value)


@pytest.mark.parametrize(
    "value", [True, 1, 1.5, [1, 2], np.int8(3), np.float16(0.5), np.float32(0.5), np.arange(3, dtype=np.uint8)]
)
def test_real_numbers_of_any_type_become_floats_of_full_precision(value):
    array = numbers("w", value)
    assert array.dtype == np.float64 and np.array_equal(array, np.asarray(value, dtype=float))


@pytest.mark.parametrize("value", [1j, np.complex64(1 + 2j), [1, 2j]])
def test_complex_numbers_stay_complex_unless_only_real_ones_make_sense(value):
    assert numbers("w", value).dtype == np.complex128
    with pytest.raises(ValueError, match=r"^w = .*: must be real numbers$"):
        numbers("w", value, real=True)


@pytest.mark.parametrize("value", [np.nan, np.inf, [1.0, -np.inf], complex(0, np.nan)])
def test_only_where_asked_are_infinity_and_nan_refused(value):
    assert np.array_equal(numbers("w", value), np.asarray(value), equal_nan=True)
    with pytest.raises(ValueError, match=r"^w = .*: must be finite numbers$"):
        numbers("w", value, finite=True)


@pytest.mark.parametrize("value", [1.0, [], [1.0], [[1.0, 2.0, 3.0]]])
def test_a_last_axis_of_another_length_is_refused_with_the_shape(value):
    with pytest.raises(ValueError, match=r"^w\.shape = \(.*\): must be \(…, 2\)$"):
        numbers("w", value, last=2)


def test_one_number_may_come_as_any_kind_of_number():
    assert [number("x", v) for v in (2, 2.0, np.float32(2), np.array(2), np.int64(2))] == [2.0] * 5
    assert all(type(number("x", v)) is float for v in (2, np.float32(2), np.array(2)))


@pytest.mark.parametrize("value", ["2", None, [2], np.array([2]), 2j, np.nan, np.inf, -1, [], object()])
def test_one_number_that_is_not_allowed_is_refused_in_the_arguments_own_words(value):
    with pytest.raises(ValueError, match=r"^kappa = .*: must be a number ≥ 1$"):
        number("kappa", value, "a number ≥ 1", lambda v: v >= 1)


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True, np.float64(2), [1], 1j])
def test_a_count_is_a_whole_number_that_is_large_enough(value):
    with pytest.raises(ValueError, match=r"^runs = .*: must be a whole number ≥ 1$"):
        whole("runs", value, 1)


def test_a_count_may_be_numpys():
    assert whole("runs", np.int32(3), 1) == 3 and type(whole("runs", np.int32(3), 1)) is int


@pytest.mark.parametrize("value", [(-1, 1, -2, 2), [-1, 1, -2, 2], np.array([-1, 1, -2, 2])])
def test_a_window_is_four_numbers_in_order(value):
    assert window(value) == (-1.0, 1.0, -2.0, 2.0)


BAD_WINDOWS = [
    None,
    3,
    "1234",
    (1, 2, 3),
    (0, 1, 0, 1, 2),
    (1, 0, 0, 1),
    (0, 1, 1, 1),
    (0, np.nan, 0, 1),
    (0, np.inf, 0, 1),
]
BAD_WINDOWS += [
    (0, 1j, 0, 1),
    [[0, 1, 0, 1]],
    [[0, 1, 0, 1]] * 4,
    ("0", 1, 0, 1),
    (-1e308, 1e308, 0, 1),
    ((0,), 1, 0, 1),
]


@pytest.mark.parametrize("value", BAD_WINDOWS)
def test_anything_else_is_not_a_window(value):
    with pytest.raises(ValueError, match=r"^window = .*: must be \(w1_min, w1_max, w2_min, w2_max\) with min < max$"):
        window(value)


def test_a_seed_is_a_whole_number_or_a_generator():
    rng = np.random.default_rng(3)
    assert generator(rng) is rng and generator(3).integers(1000) == np.random.default_rng(3).integers(1000)


@pytest.mark.parametrize("value", [None, "a", -1, 1.5, object(), [1, -2], [None], [0.5]])
def test_anything_else_is_not_a_seed(value):
    with pytest.raises(ValueError, match=r"^seed = .*: must be a whole number ≥ 0, or a numpy Generator$"):
        generator(value)


def test_a_function_tells_how_many_arguments_it_asks_for():
    class Grad:
        def __call__(self, w, t):
            return w

    functions = [lambda w: w, lambda w, t: w, lambda w, t=0: w, lambda w, *more, k=1: w, np.sin, Grad(), lambda *w: w]
    assert [asks("grad", f) for f in functions] == [1, 2, 1, 1, 1, 2, 1]


@pytest.mark.parametrize("value", [None, 3, "grad", [1], lambda a, b, c: a])
def test_what_is_no_function_or_asks_for_too_much_is_refused(value):
    with pytest.raises(ValueError, match=r"^grad = .*: must be a function"):
        asks("grad", value)
