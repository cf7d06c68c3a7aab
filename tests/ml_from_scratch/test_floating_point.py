"""Stable arithmetic against SciPy, `math.fsum`, exact fractions and PyTorch."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from ml_from_scratch.floating_point import (
    Moments,
    compensated_sum,
    log_sigmoid,
    logsumexp,
    round_to_bfloat16,
)

EPS = np.finfo(np.float64).eps
anything = st.floats(allow_nan=False, allow_infinity=False)
logits = st.floats(-1e4, 1e4)
tables = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=logits
)
AWKWARD = np.array(
    [
        [-np.inf, -np.inf, -np.inf],
        [0.0, -40.0, -np.inf],
        [1e300, 1e300, 0.0],
        [-1e300, -1e300, -1e300],
        [np.inf, 0.0, 1000.0],
        [np.nan, 0.0, np.inf],
        [0.0, -0.0, -800.0],
    ]
)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e-6])
def test_logsumexp_agrees_with_scipy_over_any_axis(axis, scale):
    x = np.random.default_rng(0).normal(size=(7, 5)) * scale
    for keepdims in (False, True):
        ours = logsumexp(x, axis, keepdims=keepdims)
        theirs = special.logsumexp(x, axis=axis, keepdims=keepdims)
        assert ours.shape == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=4 * EPS)


def test_logsumexp_agrees_with_scipy_where_entries_are_infinite_or_missing():
    np.testing.assert_allclose(
        logsumexp(AWKWARD, axis=1), special.logsumexp(AWKWARD, axis=1), rtol=4 * EPS
    )


def test_logsumexp_keeps_the_digits_of_a_sum_barely_above_one():
    assert logsumexp([0.0, -40.0]) == math.log1p(math.exp(-40.0))
    found = logsumexp([-math.log(2.0), -math.log(2.0), -50.0])
    exact = math.log1p(math.exp(-50.0))
    assert abs(found - exact) < EPS  # beside the rounding of log 2 itself


@given(tables, logits)
def test_logsumexp_shifts_with_its_input_and_is_bounded(x, shift):
    found = logsumexp(x, axis=1)
    tolerance = 8 * EPS * (np.abs(x).max() + abs(shift) + 3)
    np.testing.assert_allclose(logsumexp(x + shift, 1), found + shift, atol=tolerance)
    assert (found >= x.max(axis=1)).all()
    assert (found <= x.max(axis=1) + math.log(x.shape[1]) + tolerance).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_logsumexp_keeps_the_precision_that_it_is_given(dtype):
    x = np.array([[80.0, 79.0], [-90.0, -91.0]], dtype=dtype) * dtype(4)
    found = logsumexp(x, axis=1)
    assert found.dtype == dtype
    exact = special.logsumexp(x.astype(np.float64), axis=1)
    np.testing.assert_allclose(found, exact, rtol=np.finfo(dtype).eps)


def test_logsumexp_counts_more_equal_float16_entries_than_float16_can():
    found = logsumexp(np.zeros(100_000, dtype=np.float16))
    assert found == np.float16(math.log(100_000))


def test_logsumexp_leaves_its_input_alone_and_takes_whole_numbers():
    x = np.array([1.0, 2.0])
    logsumexp(x)
    assert x.tolist() == [1.0, 2.0]
    assert logsumexp([0, 0]) == math.log(2)


@pytest.mark.parametrize("function", [logsumexp, compensated_sum])
def test_nothing_to_add_is_refused(function):
    with pytest.raises(ValueError, match="x is empty; expected at least one number"):
        function([])


@pytest.mark.parametrize(
    "function", [logsumexp, log_sigmoid, compensated_sum, round_to_bfloat16]
)
def test_what_is_no_real_number_is_refused(function):
    with pytest.raises(TypeError, match="complex128; expected real numbers"):
        function([1j])
    with pytest.raises(TypeError, match="<U1; expected real numbers"):
        function(["a"])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 30.0, 1e3, 1e300])
def test_log_sigmoid_agrees_with_scipy(scale):
    z = np.random.default_rng(1).normal(size=50) * scale
    np.testing.assert_allclose(log_sigmoid(z), special.log_expit(z), rtol=4 * EPS)


def test_log_sigmoid_at_the_ends_and_in_float32():
    assert log_sigmoid([-np.inf, np.inf]).tolist() == [-np.inf, 0.0]
    assert np.isnan(log_sigmoid(np.nan))
    z = np.array([-200.0, 0.5, 20.0], dtype=np.float32)
    assert log_sigmoid(z).dtype == np.float32
    np.testing.assert_allclose(log_sigmoid(z), special.log_expit(z), rtol=3e-7)
    assert log_sigmoid([]).shape == (0,)


@given(st.floats(-700, 700))
def test_log_sigmoid_of_both_signs_differ_by_the_log_odds(z):
    found = log_sigmoid(z) - log_sigmoid(-z)
    np.testing.assert_allclose(found, z, rtol=1e-14, atol=1e-15)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e12, 1e12)))
def test_compensated_sum_is_fsum_up_to_one_rounding(x):
    exact = math.fsum(x)
    bound = EPS * abs(exact) + 2 * (len(x) * EPS) ** 2 * np.abs(x).sum()
    assert abs(compensated_sum(x) - exact) <= bound


def test_compensated_sum_where_a_plain_one_keeps_no_digit():
    rng = np.random.default_rng(2)
    x = rng.normal(size=5_001) * 10.0 ** rng.integers(-8, 8, 5_001)
    x = rng.permutation(np.concatenate([x, -x, [0.1]]))
    assert math.fsum(x) == 0.1
    assert abs(compensated_sum(x) - 0.1) < 1e-15
    assert abs(x.sum() - 0.1) > 1e-10


def test_compensated_sum_in_float32():
    x = np.full(1_000_003, 0.1, dtype=np.float32)
    exact = np.float32(math.fsum(x))
    assert compensated_sum(x) == exact
    assert np.cumsum(x)[-1] != exact


@pytest.mark.parametrize("x", [[np.inf, 1.0], [1.0, -np.inf, 2.0]])
def test_compensated_sum_of_infinity_is_infinity(x):
    assert compensated_sum(x) == sum(x)


def test_compensated_sum_of_nan_is_nan_and_a_table_is_refused():
    assert math.isnan(compensated_sum([np.nan, 1.0]))
    with pytest.raises(ValueError, match=r"shape \(1, 2\); expected one dimension"):
        compensated_sum([[1.0, 2.0]])


def exact_variance(x):
    fractions = [Fraction(float(value)) for value in x]
    mean = sum(fractions) / len(fractions)
    return float(sum((f - mean) ** 2 for f in fractions) / len(fractions))


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (1.4e9, 10.0), (1e15, 1.0)])
def test_moments_have_the_exact_variance_however_the_rows_are_cut(mean, spread):
    rng = np.random.default_rng(3)
    x = mean + spread * rng.normal(size=400)
    exact = exact_variance(x)
    # What rounding the mean costs: the condition number of a variance, times eps.
    rtol = 1e-13 + EPS * math.hypot(1, mean / spread)
    for cuts in ([], [1], [100, 101, 399], list(range(1, 400))):
        parts = [Moments.of(part) for part in np.split(x, cuts)]
        found = Moments()
        for part in rng.permutation(np.array(parts, dtype=object)):
            found = found.merge(part)
        assert found.n == 400
        np.testing.assert_allclose(found.variance(), exact, rtol=rtol)
        np.testing.assert_allclose(found.mean, x.mean(), rtol=1e-14, atol=1e-15)


def test_a_batch_whose_mean_is_rounded_keeps_its_variance():
    x = 1e15 + np.random.default_rng(6).normal(size=401)
    np.testing.assert_allclose(Moments.of(x).variance(), exact_variance(x), rtol=1e-12)


def test_constant_rows_have_no_negative_variance():
    found = [
        Moments.of(np.full(n, value)).variance()
        for n in range(1, 60)
        for value in (0.1, 1 / 3, 1.4e9 + 0.1, 1e-5)
    ]
    assert min(found) >= 0


def test_moments_of_columns_agree_with_numpy():
    X = np.random.default_rng(4).normal(size=(60, 3)) * [1, 1e6, 1e-6] + [1e3, 0, 1]
    found = Moments.of(X[:20]).merge(Moments.of(X[20:]))
    np.testing.assert_allclose(found.variance(), X.var(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.variance(1), X.var(axis=0, ddof=1), rtol=1e-10)


@given(arrays(np.float64, st.integers(2, 20), elements=st.floats(-1e100, 1e100)))
def test_the_variance_of_moments_is_never_negative(x):
    assert Moments.of(x[:1]).merge(Moments.of(x[1:])).variance() >= 0
    assert Moments.of(x).variance() >= 0


def test_moments_of_nothing_leave_others_as_they_are():
    some = Moments.of([1.0, 2.0])
    assert Moments().merge(some) == some == some.merge(Moments())


def test_moments_refuse_what_has_no_spread():
    with pytest.raises(ValueError, match=r"shape \(0,\); expected \(n,\) or \(n, d\)"):
        Moments.of([])
    with pytest.raises(ValueError, match="nan or infinity; expected all finite"):
        Moments.of([1.0, np.nan])
    with pytest.raises(ValueError, match="1 rows seen; expected more than ddof = 1"):
        Moments.of([1.0]).variance(1)


def test_bfloat16_agrees_with_pytorch_on_every_kind_of_number():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**32, 100_000, dtype=np.uint32)
    halfway = bits & np.uint32(0xFFFF0000) | np.uint32(0x8000)
    x = np.concatenate([bits, halfway]).view(np.float32)
    theirs = torch.from_numpy(x).to(torch.bfloat16).to(torch.float32).numpy()
    np.testing.assert_array_equal(round_to_bfloat16(x), theirs)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_bfloat16_is_within_half_a_unit_and_rounding_twice_changes_nothing(x):
    once = round_to_bfloat16(x)
    assert once.shape == ()
    assert once == round_to_bfloat16(once)
    if np.isfinite(once) and abs(x) >= np.finfo(np.float32).tiny:
        assert abs(float(once) - x) <= 2**-8 * abs(x)


def test_bfloat16_of_the_ends():
    ends = [np.inf, -np.inf, 3.4e38, 1e39]
    assert round_to_bfloat16(ends).tolist() == [np.inf, -np.inf, np.inf, np.inf]
    assert np.isnan(round_to_bfloat16(np.nan))
