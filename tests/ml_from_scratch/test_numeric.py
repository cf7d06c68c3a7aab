"""`numerical_gradient` against derivatives known in closed form and against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import approx_fprime, rosen, rosen_der

from ml_from_scratch.numeric import numerical_gradient

entries = st.floats(-1e3, 1e3)
vectors = arrays(np.float64, st.integers(1, 6), elements=entries)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scipys_exact_gradient_of_the_rosenbrock_function(seed):
    x = np.random.default_rng(seed).normal(size=6)
    np.testing.assert_allclose(
        numerical_gradient(rosen, x), rosen_der(x), rtol=1e-7, atol=1e-7
    )


def test_is_closer_than_scipys_forward_differences():
    x = np.random.default_rng(0).normal(size=6)
    ours = np.abs(numerical_gradient(rosen, x) - rosen_der(x)).max()
    theirs = np.abs(approx_fprime(x, rosen) - rosen_der(x)).max()
    assert ours < theirs / 10


@given(vectors)
def test_is_exact_on_quadratics_up_to_rounding(x):
    found = numerical_gradient(lambda v: float(v @ v) / 2, x)
    # Each value is known to eps times x'x; the step is at least 6e-6.
    noise = np.finfo(float).eps * (x @ x + 1) / 6e-6
    np.testing.assert_allclose(found, x, rtol=1e-9, atol=4 * noise)


@given(vectors, st.floats(-5, 5))
def test_is_linear_in_the_function(x, factor):
    def wave(v):
        return float(np.sin(v / 100).sum())

    found = numerical_gradient(lambda v: factor * wave(v), x)
    np.testing.assert_allclose(
        found, factor * numerical_gradient(wave, x), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8, 1e150])
def test_an_entry_of_any_size_moves_by_a_step_that_fits_it(scale):
    found = numerical_gradient(
        lambda v: float(np.sqrt(1 + (v[0] / scale) ** 2)), [scale]
    )
    expected = 1 / (scale * np.sqrt(2))
    # An entry far below 1 is moved by more than its size: that is the default's price.
    tolerance = 1e-8 if scale >= 1 else 1.0
    np.testing.assert_allclose(found, [expected], rtol=tolerance)


def test_a_step_of_ones_own_suits_a_function_on_a_small_scale():
    found = numerical_gradient(lambda v: float(np.sin(v[0] * 1e8)), [0.0], step=1e-13)
    np.testing.assert_allclose(found, [1e8], rtol=1e-8)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 1, 3)])
def test_keeps_any_shape(shape):
    x = np.random.default_rng(1).normal(size=shape)
    found = numerical_gradient(lambda v: float((v**3).sum()), x)
    assert found.shape == shape
    np.testing.assert_allclose(found, 3 * x**2, rtol=1e-8, atol=1e-8)


def test_gives_the_mean_slope_at_a_kink():
    assert numerical_gradient(lambda v: abs(v[0]), [0.0]) == pytest.approx([0.0])


def test_takes_integers_and_lists():
    np.testing.assert_allclose(
        numerical_gradient(lambda v: v[0] * v[1], [2, 3]), [3, 2]
    )


def test_leaves_x_alone_even_when_the_function_writes_into_its_argument():
    def rude(v):
        total = float(v.sum())
        v[:] = 0
        return total

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(rude, x), [1, 1])
    np.testing.assert_array_equal(x, [1, 2])


def test_calls_the_function_twice_for_each_entry():
    calls = []
    numerical_gradient(lambda v: calls.append(1) or 0.0, np.zeros(7))
    assert len(calls) == 14


@pytest.mark.parametrize(
    ("x", "step", "function", "said"),
    [
        ([], None, np.sum, "x is empty"),
        ([1.0, np.nan], None, np.sum, r"x is nan at index \(1,\)"),
        ([[1.0, np.inf]], None, np.sum, r"x is inf at index \(0, 1\)"),
        ([1.0], 0.0, np.sum, "step is 0.0; expected a positive"),
        ([1.0], -1e-6, np.sum, "step is -1e-06"),
        ([1.0], np.nan, np.sum, "step is nan"),
        ([1.0, 1e12], 1e-6, np.sum, r"too small to move an entry of size 1e\+12"),
        ([1.0, 2.0], None, lambda v: v, r"returned shape \(2,\); expected one number"),
        ([0.0], None, lambda v: np.log(v[0]), "one step from x in entry"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in log")
def test_bad_input_is_named(x, step, function, said):
    with pytest.raises(ValueError, match=said):
        numerical_gradient(function, x, step=step)
