"""Bootstrap, jackknife, permutation: against SciPy, closed forms and simulation."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.datasets import load_breast_cancer, load_diabetes

from ml_from_scratch.stats import (
    bootstrap,
    jackknife,
    mean_difference,
    permutation_test,
)

SEEDS = st.integers(0, 2**32 - 1)
EXACT = 1e-10  # relative, to SciPy from the same draws

METHODS = {"percentile": "percentile", "basic": "basic", "bca": "BCa"}


def samples() -> dict[str, np.ndarray]:
    """One with known truth, two real ones, and one with many ties."""
    rng = np.random.default_rng(0)
    return {
        "lognormal": rng.lognormal(size=60),
        "cancer": load_breast_cancer().data[:90, 3],
        "diabetes": load_diabetes().target[:80],
        "ties": rng.integers(0, 4, 50).astype(float),
    }


SAMPLES = samples()


def generator() -> np.random.Generator:
    return np.random.default_rng(11)


def loop_mean(x: np.ndarray) -> float:
    return float(np.mean(x))


def loop_correlation(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def correlation(x: np.ndarray, y: np.ndarray, axis: int = -1) -> Any:
    x = x - x.mean(axis=axis, keepdims=True)
    y = y - y.mean(axis=axis, keepdims=True)
    top = (x * y).sum(axis=axis)
    return top / np.sqrt((x**2).sum(axis=axis) * (y**2).sum(axis=axis))


def distinct(x: np.ndarray) -> int:
    return len(set(x))


# --- against SciPy -----------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("statistic", [np.mean, np.std])
def test_one_sample_gives_scipys_interval_from_the_same_draws_to_1e_10(
    name: str, method: Any, statistic: Any
) -> None:
    x = SAMPLES[name]
    ours = bootstrap(x, statistic, rng=generator(), method=method, n_resamples=2500)
    theirs = scipy_stats.bootstrap(
        (x,), statistic, rng=generator(), method=METHODS[method], n_resamples=2500
    )
    np.testing.assert_allclose(
        [ours.low, ours.high, ours.standard_error],
        [*theirs.confidence_interval, theirs.standard_error],
        rtol=EXACT,
    )
    assert ours.value == pytest.approx(statistic(x), rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sizes", [(40, 40), (25, 60)])
def test_two_samples_give_scipys_interval_to_1e_10(
    method: Any, sizes: tuple[int, int]
) -> None:
    x, y = SAMPLES["cancer"][: sizes[0]], SAMPLES["diabetes"][: sizes[1]]
    options = {"n_resamples": 500, "rng": np.random.default_rng(3)}
    ours = bootstrap((x, y), mean_difference, method=method, **options)
    options["rng"] = np.random.default_rng(3)
    # SciPy draws all of x, then all of y; ours in tables of 65,536, here one of each
    theirs = scipy_stats.bootstrap(
        (x, y), mean_difference, method=METHODS[method], **options
    )
    np.testing.assert_allclose(
        [ours.low, ours.high], theirs.confidence_interval, rtol=EXACT
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("statistic", [correlation, loop_correlation])
def test_pairs_give_scipys_interval_to_1e_10(method: Any, statistic: Any) -> None:
    x, y = load_diabetes().data[:70, 2], load_diabetes().target[:70]
    options = {"paired": True, "n_resamples": 300, "confidence_level": 0.9}
    theirs = scipy_stats.bootstrap(
        (x, y), correlation, method=METHODS[method], rng=generator(), **options
    )
    ours = bootstrap(
        (x, y),
        statistic,
        paired=True,
        n_resamples=300,
        confidence=0.9,
        method=method,
        rng=generator(),
    )
    np.testing.assert_allclose(
        [ours.low, ours.high], theirs.confidence_interval, rtol=EXACT
    )


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("ties", [False, True])
def test_exact_permutation_tests_are_scipys(
    paired: bool, alternative: str, ties: bool
) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=7), rng.normal(0.8, 1, size=7 if paired else 6)
    if ties:
        x, y = np.round(x), np.round(y)
    ours = permutation_test(x, y, rng=rng, paired=paired, alternative=alternative)
    theirs = scipy_stats.permutation_test(
        (x, y),
        mean_difference,
        permutation_type="samples" if paired else "independent",
        alternative=alternative,
        n_resamples=np.inf,
    )
    assert ours.exact
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-12)
    np.testing.assert_allclose(
        np.sort(ours.null), np.sort(theirs.null_distribution), atol=1e-12
    )


@pytest.mark.parametrize("paired", [False, True])
def test_random_permutations_come_near_the_exact_p_value(paired: bool) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=9), rng.normal(1, 1, size=9)
    options = {"paired": paired, "rng": rng}
    exact = permutation_test(x, y, n_permutations=100_000, **options)
    drawn = permutation_test(
        x, y, n_permutations=20_000 if not paired else 500, **options
    )
    assert exact.exact
    assert not drawn.exact
    error = np.sqrt(exact.p_value * (1 - exact.p_value) / len(drawn.null))
    assert abs(drawn.p_value - exact.p_value) < 8 * error


def test_a_statistic_called_in_a_loop_gives_what_the_fast_one_gives() -> None:
    x, y = SAMPLES["lognormal"][:30], SAMPLES["ties"][:20]
    for paired in (False, True):
        other = x[::-1] if paired else y
        fast, slow = (
            permutation_test(
                x,
                other,
                rng=generator(),
                n_permutations=200,
                paired=paired,
                vectorized=vectorized,
            )
            for vectorized in (True, False)
        )
        assert fast.p_value == pytest.approx(slow.p_value)
    fast = bootstrap(x, np.mean, rng=generator(), n_resamples=300)
    slow = bootstrap(x, loop_mean, rng=generator(), n_resamples=300)
    np.testing.assert_allclose(fast.replicates, slow.replicates, rtol=1e-14)
    assert slow.low == pytest.approx(fast.low, rel=1e-12)


# --- closed forms ------------------------------------------------------------------


@settings(max_examples=25)
@given(SEEDS, st.integers(2, 40))
def test_the_jackknife_of_a_mean_is_the_usual_standard_error(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    found = jackknife(x, np.mean)
    assert found.standard_error == pytest.approx(scipy_stats.sem(x), rel=1e-9)
    assert found.bias == pytest.approx(0, abs=1e-12)


@settings(max_examples=25)
@given(SEEDS, st.integers(2, 40))
def test_the_jackknife_takes_exactly_the_bias_from_the_variance(
    seed: int, n: int
) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    found = jackknife(x, np.var)
    assert found.value - found.bias == pytest.approx(x.var(ddof=1), rel=1e-9)


def test_the_bootstrap_standard_error_of_a_mean_is_the_closed_form() -> None:
    x = SAMPLES["diabetes"]
    found = bootstrap(x, np.mean, rng=generator(), n_resamples=20_000)
    assert found.standard_error == pytest.approx(x.std() / np.sqrt(len(x)), rel=0.02)


def test_all_splits_and_all_swaps_are_dealt_once() -> None:
    rng = generator()
    x, y = np.array([1.0, 2.0, 4.0]), np.array([8.0, 16.0])  # sums tell them apart
    sums = permutation_test(x, y, lambda a, b: a.sum() - b.sum(), rng=rng).null
    assert len(sums) == len(set(sums)) == comb(5, 3)
    pairs = permutation_test(x, 8 * x, mean_difference, rng=rng, paired=True).null
    assert len(pairs) == len(set(pairs.round(9))) == 2**3


# --- simulated truth ---------------------------------------------------------------


def covered(simulate: Any, truth: float, rounds: int = 300) -> float:
    rng = np.random.default_rng(8)
    found = [simulate(rng) for _ in range(rounds)]
    return float(np.mean([f.low <= truth <= f.high for f in found]))


@pytest.mark.parametrize("method", METHODS)
def test_intervals_of_a_mean_hold_the_truth_as_often_as_promised(method: Any) -> None:
    share = covered(
        lambda rng: bootstrap(
            rng.normal(3, 2, 50), np.mean, rng=rng, method=method, n_resamples=400
        ),
        3.0,
    )
    assert 0.90 <= share <= 0.98  # 0.95, within three standard errors and small n


def test_clusters_hold_the_truth_where_single_rows_do_not() -> None:
    ids = np.repeat(np.arange(30), 8)

    def simulate(rng: np.random.Generator, clusters: Any) -> Any:
        x = rng.normal(size=30)[ids] + rng.normal(size=len(ids))
        options = {"rng": rng, "method": "percentile", "n_resamples": 150}
        return bootstrap(x, np.mean, clusters=clusters, **options)

    assert covered(lambda rng: simulate(rng, ids), 0.0) > 0.89
    assert covered(lambda rng: simulate(rng, None), 0.0) < 0.75


def test_blocks_hold_the_truth_of_a_time_series_where_single_rows_do_not() -> None:
    def simulate(rng: np.random.Generator, block: int | None) -> Any:
        noise, x = rng.normal(size=400), np.zeros(400)
        for t in range(1, 400):
            x[t] = 0.8 * x[t - 1] + noise[t]
        options = {"rng": rng, "method": "basic", "n_resamples": 200}
        return bootstrap(x, np.mean, block_length=block, **options)

    assert covered(lambda rng: simulate(rng, 40), 0.0, 150) > 0.82
    assert covered(lambda rng: simulate(rng, None), 0.0, 150) < 0.60


def test_clusters_of_one_row_have_the_interval_of_rows() -> None:
    x = SAMPLES["lognormal"]
    rows = bootstrap(x, np.mean, rng=generator(), n_resamples=400)
    ids = np.arange(len(x))
    clusters = bootstrap(x, np.mean, rng=generator(), n_resamples=400, clusters=ids)
    assert clusters.high == pytest.approx(rows.high, rel=0.05)
    assert clusters.standard_error == pytest.approx(rows.standard_error, rel=0.15)


@pytest.mark.parametrize("method", METHODS)
def test_equal_clusters_give_scipys_interval_of_their_means_to_1e_10(
    method: Any,
) -> None:
    rng = np.random.default_rng(9)
    means, size = rng.lognormal(size=15), 4
    x = np.repeat(means, size) + rng.normal(size=15 * size)
    ids = np.repeat(rng.permutation(15), size)
    of_each = np.array([x[ids == c].mean() for c in range(15)])
    options = {"rng": generator(), "n_resamples": 300}
    ours = bootstrap(x, np.mean, clusters=ids, method=method, **options)
    options["rng"] = generator()
    theirs = scipy_stats.bootstrap(
        (of_each,), np.mean, method=METHODS[method], **options
    )
    np.testing.assert_allclose(
        [ours.low, ours.high], theirs.confidence_interval, rtol=EXACT
    )


def test_blocks_are_of_neighbours_and_go_round_the_end() -> None:
    x = np.arange(10.0)
    seen: list[np.ndarray] = []

    def keep(sample: np.ndarray) -> float:
        seen.append(sample)
        return float(sample.mean())

    bootstrap(x, keep, rng=generator(), method="basic", block_length=4, n_resamples=50)
    for sample in seen[1:]:
        assert len(sample) == 10
        for start in (0, 4, 8):
            assert (np.diff(sample[start : start + 4]) % 10 == 1).all()
    assert any((np.diff(sample) == -9).any() for sample in seen)


# --- properties --------------------------------------------------------------------


@settings(max_examples=20)
@given(SEEDS, st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
def test_an_affine_map_of_the_data_maps_the_interval(
    seed: int, shift: float, scale: float
) -> None:
    x = np.random.default_rng(seed).exponential(size=30)
    one = bootstrap(x, np.mean, rng=generator(), n_resamples=200)
    other = bootstrap(scale * x + shift, np.mean, rng=generator(), n_resamples=200)
    expected = [scale * one.low + shift, scale * one.high + shift]
    np.testing.assert_allclose(
        [other.low, other.high], expected, rtol=1e-6, atol=1e-6 * (scale + abs(shift))
    )


def test_a_percentile_interval_moves_with_every_increasing_map() -> None:
    x = np.random.default_rng(2).exponential(size=41)
    options = {"method": "percentile", "n_resamples": 999, "confidence": 0.9}

    def log_median(x: np.ndarray, axis: int = -1) -> Any:
        return np.log(np.median(x, axis=axis))

    plain = bootstrap(x, np.median, rng=generator(), **options)
    logs = bootstrap(x, log_median, rng=generator(), **options)
    np.testing.assert_allclose(np.log(plain.replicates), logs.replicates)
    # 0.05 * 998 falls between two replicates: interpolation is not quite monotone
    assert np.log(plain.low) == pytest.approx(logs.low, abs=0.01)


def test_a_constant_sample_has_an_interval_of_one_point() -> None:
    for method in METHODS:
        found = bootstrap([2.0] * 5, np.mean, rng=generator(), method=method)
        assert (found.low, found.value, found.high) == (2.0, 2.0, 2.0)


@settings(max_examples=20)
@given(SEEDS)
def test_p_values_are_the_same_whichever_group_comes_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=5), rng.normal(size=4)
    one = permutation_test(x, y, rng=rng)
    other = permutation_test(y, x, rng=rng)
    assert one.p_value == pytest.approx(other.p_value)
    less = permutation_test(x, y, rng=rng, alternative="less").p_value
    assert less == permutation_test(y, x, rng=rng, alternative="greater").p_value


def test_a_permutation_p_value_is_never_0_and_is_1_for_equal_rows() -> None:
    rng = generator()
    far = permutation_test(np.zeros(30), np.ones(30), rng=rng, n_permutations=99)
    assert far.p_value == pytest.approx(0.02)  # twice 1 / 100
    assert permutation_test([1.0, 1.0], [1.0], rng=rng).p_value == 1.0


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda r: bootstrap([1.0], np.mean, rng=r), "n at least 2"),
        (lambda r: bootstrap([1.0, np.nan], np.mean, rng=r), "contains NaN"),
        (lambda r: bootstrap(["a", "b"], np.mean, rng=r), "expected numbers"),
        (lambda r: bootstrap([[1.0], [2.0]], np.mean, rng=r), "expected \\(n,\\)"),
        (lambda r: bootstrap((), np.mean, rng=r), "empty tuple"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, method="t"), "method is 't'"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, confidence=95), "confidence is"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, n_resamples=1.5), "n_resamples"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, clusters=[1, 1]), "1 cluster"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, clusters=[1]), "one cluster a"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, block_length=3), "at most 2"),
        (lambda r: bootstrap([1, 2], np.mean, rng=r, block_length=2), "no jackknife"),
        (
            lambda r: bootstrap(
                [1, 2], np.mean, rng=r, block_length=1, clusters=[1, 2]
            ),
            "expected one",
        ),
        (
            lambda r: bootstrap(
                ([1, 2], [1, 2, 3]), loop_correlation, rng=r, paired=True
            ),
            "one length",
        ),
        (lambda r: bootstrap([1, 2, 3], lambda x: x, rng=r), "expected one number"),
        (lambda r: bootstrap(range(30), distinct, rng=r), "one side of the estimate"),
        (
            lambda r: bootstrap(
                [1, 2], lambda x: np.inf if x[0] == x[1] else 1.0, rng=r
            ),
            "not finite on",
        ),
        (lambda r: jackknife([1, 2], lambda x: np.nan), "expected one number"),
        (lambda r: permutation_test([], [1], rng=r), "n at least 1"),
        (lambda r: permutation_test([1, 2], [3], rng=r, alternative="x"), "two-sided"),
        (lambda r: permutation_test([1, 2], [3, 4, 5], rng=r, paired=True), "length"),
        (lambda r: permutation_test([1], [3], rng=r, n_permutations=0), "1 or more"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call(generator())
