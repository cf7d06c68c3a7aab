"""`gradcheck` passes what is right and names the entry of what is wrong."""

import numpy as np
import pytest

from ml_from_scratch.autograd import (
    GradientError,
    Tensor,
    gradcheck,
    record,
    softmax,
)

X = np.random.default_rng(0).normal(size=(2, 3))


def wrong_at(index, factor):
    """The identity, with one entry of its gradient scaled."""

    def f(t):
        def skewed(g):
            out = g.copy()
            out[index] *= factor
            return out

        return record(t.data.copy(), (t, skewed))

    return f


def test_says_nothing_of_a_right_gradient():
    assert gradcheck(lambda a, b: (a @ b).tanh(), [X, X.T]) is None


@pytest.mark.parametrize("index", [(0, 0), (1, 2)])
@pytest.mark.parametrize("factor", [0.0, 1.0001, -1.0, 2.0, np.nan])
def test_names_the_entry_that_is_wrong(index, factor):
    with pytest.raises(GradientError, match=rf"input 0\[{index[0]}, {index[1]}\]") as e:
        gradcheck(wrong_at(index, factor), [X])
    assert (e.value.argument, e.value.index) == (0, index)
    np.testing.assert_allclose(e.value.found, e.value.expected * factor, rtol=1e-6)


def test_names_the_input_that_is_wrong():
    with pytest.raises(GradientError, match="input 1: backward gives 0, central"):
        gradcheck(lambda a, b: a * b.detach(), [X, np.array(2.0)])


def test_sees_what_a_plain_sum_would_not():
    """A softmax whose gradient is zero everywhere: its entries still sum to 1."""

    def dead(t):
        return record(softmax(t.detach()).data, (t, np.zeros_like))

    with pytest.raises(GradientError):
        gradcheck(dead, [X])


def test_an_input_that_does_not_matter_may_have_no_gradient():
    gradcheck(lambda a, b: a * 2.0, [X, X])
    gradcheck(lambda a: Tensor(X), [X])


def test_empty_inputs_have_nothing_to_check():
    gradcheck(lambda a, b: a @ b, [np.zeros((2, 0)), np.zeros((0, 3))])


def test_the_inputs_are_left_as_they_were():
    x = X.copy()
    gradcheck(lambda a: a.exp(), [x])
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_types_than_float64_are_refused(dtype):
    with pytest.raises(TypeError, match=f"input 0 is {np.dtype(dtype)}"):
        gradcheck(lambda a: a * 2.0, [X.astype(dtype)])


def test_a_larger_tolerance_lets_a_small_error_pass():
    gradcheck(wrong_at((0, 0), 1.0001), [X], rtol=1e-3)
