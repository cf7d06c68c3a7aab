"""Backtests, errors, conformal intervals: against scikit-learn, and by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, QuantileRegressor
from sklearn.model_selection import TimeSeriesSplit

from ml_from_scratch.forecast import (
    AutoRegression,
    DriftForecast,
    MeanForecast,
    SeasonalNaive,
    adaptive_conformal,
    backtest,
    conformal_quantile,
    conformal_quantile_regression,
    interval_coverage,
    interval_width,
    mase,
    rolling_origin,
    smape,
    split_conformal,
    winkler_score,
)

SEEDS = st.integers(0, 2**32 - 1)

# --- splits ------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(2, 5), st.integers(1, 5), st.integers(0, 3), st.integers(1, 30))
def test_splits_are_scikit_learns(
    splits: int, horizon: int, gap: int, window: int
) -> None:
    n = 60
    initial = n - splits * horizon - gap
    for size in (None, min(window, initial)):
        theirs = TimeSeriesSplit(
            splits, test_size=horizon, gap=gap, max_train_size=size
        ).split(np.zeros(n))
        ours = rolling_origin(
            n, initial=initial, horizon=horizon, step=horizon, gap=gap, window=size
        )
        for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(train, their_train)
            np.testing.assert_array_equal(test, their_test)


@settings(max_examples=50)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 6), st.integers(0, 4))
def test_no_split_trains_on_its_future_and_none_is_left_out(
    initial: int, horizon: int, step: int, gap: int
) -> None:
    n = initial + gap + horizon + 13
    splits = list(
        rolling_origin(n, initial=initial, horizon=horizon, step=step, gap=gap)
    )
    for train, test in splits:
        assert test[0] == train[-1] + 1 + gap
        assert len(test) == horizon
    assert len(splits) == 13 // step + 1
    assert splits[-1][1][-1] > n - 1 - step


@settings(max_examples=20)
@given(SEEDS, st.integers(5, 39))
def test_no_forecast_changes_with_what_comes_after_its_origin(
    seed: int, changed: int
) -> None:
    y = np.random.default_rng(seed).normal(size=40)
    other = y.copy()
    other[changed:] += 100
    for model in (SeasonalNaive(3), MeanForecast(), DriftForecast(), AutoRegression(2)):
        one, two = (
            backtest(model, series, initial=8, horizon=3, step=2)
            for series in (y, other)
        )
        before = one.origins <= changed
        np.testing.assert_array_equal(one.forecasts[before], two.forecasts[before])


def test_a_backtest_is_what_a_loop_by_hand_gives() -> None:
    y = np.random.default_rng(0).normal(size=30).cumsum()
    found = backtest(MeanForecast(4), y, initial=10, horizon=3, step=5, window=6)
    assert found.origins.tolist() == [10, 15, 20, 25]
    for line, origin in enumerate(found.origins):
        np.testing.assert_allclose(found.forecasts[line], y[origin - 4 : origin].mean())
        np.testing.assert_array_equal(found.actual[line], y[origin : origin + 3])
    np.testing.assert_array_equal(found.errors, found.actual - found.forecasts)


# --- errors ------------------------------------------------------------------------


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4), st.floats(0.001, 1000))
def test_mase_is_its_definition_and_has_no_unit(
    seed: int, period: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    train, true, predicted = rng.normal(size=20), rng.normal(size=5), rng.normal(size=5)
    naive = [abs(train[t] - train[t - period]) for t in range(period, 20)]
    expected = np.mean(np.abs(true - predicted)) / np.mean(naive)
    found = mase(true, predicted, train, period=period)
    assert found == pytest.approx(expected)
    scaled = mase(scale * true + 3, scale * predicted + 3, scale * train, period=period)
    assert scaled == pytest.approx(expected)


def test_the_naive_forecast_has_a_mase_of_one_on_its_own_series() -> None:
    y = np.random.default_rng(0).normal(size=50)
    assert mase(y[3:], y[:-3], y, period=3) == pytest.approx(1.0)


@settings(max_examples=30)
@given(SEEDS)
def test_smape_is_symmetric_between_0_and_200(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(-3, 4, size=(2, 12)).astype(float)
    found = smape(true, predicted)
    assert 0 <= found <= 200
    assert found == pytest.approx(smape(predicted, true))
    terms = [
        0 if a == b else 200 * abs(a - b) / (abs(a) + abs(b))
        for a, b in zip(true, predicted, strict=True)
    ]
    assert found == pytest.approx(np.mean(terms))


def test_the_true_quantiles_have_the_best_winkler_score() -> None:
    y = np.random.default_rng(1).gamma(2, size=100_000)
    ends = scipy_stats.gamma.ppf([0.1, 0.9], 2)
    best = winkler_score(
        y, np.full(y.shape, ends[0]), np.full(y.shape, ends[1]), confidence=0.8
    )
    for shift in (-0.2, 0.2):
        for moves in ((shift, 0), (0, shift), (shift, shift)):
            moved = ends + np.array(moves)
            low, high = (np.full(y.shape, end) for end in moved)
            assert winkler_score(y, low, high, confidence=0.8) > best


@settings(max_examples=30)
@given(SEEDS, st.sampled_from([0.5, 0.8, 0.95]))
def test_the_winkler_score_is_two_pinball_losses(seed: int, confidence: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30)
    low, high = np.sort(rng.normal(size=(2, 30)), axis=0)
    alpha = 1 - confidence
    lower = np.where(y >= low, alpha / 2 * (y - low), (1 - alpha / 2) * (low - y))
    upper = np.where(y >= high, (1 - alpha / 2) * (y - high), alpha / 2 * (high - y))
    expected = 2 / alpha * np.mean(lower + upper)
    found = winkler_score(y, low, high, confidence=confidence)
    assert found == pytest.approx(expected)


def test_coverage_counts_the_ends_and_empty_intervals_have_no_width() -> None:
    assert interval_coverage([1.0, 2.0, 3.0], [1.0, 0.0, 4.0], [1.0, 2.0, 5.0]) == 2 / 3
    assert interval_width([1.0, np.inf], [3.0, -np.inf]) == 1.0
    assert interval_width([-np.inf], [np.inf]) == np.inf


# --- conformal ---------------------------------------------------------------------


@pytest.mark.parametrize("n", [5, 19, 20, 99])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_the_quantile_covers_by_enumeration_exactly_as_counted(
    n: int, confidence: float
) -> None:
    # Of n + 1 scores in any order, let each in turn be the new one.
    scores = np.arange(n + 1.0)
    covered = [
        new <= conformal_quantile(np.delete(scores, int(new)), confidence=confidence)
        for new in scores
    ]
    rank = int(np.ceil((n + 1) * confidence - 1e-9))
    assert np.sum(covered) == (n + 1 if rank > n else rank)
    assert confidence - 1e-12 <= np.mean(covered)
    assert rank > n or np.mean(covered) < confidence + 1 / (n + 1)


def rows(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    X = rng.uniform(0, 4, size=(n, 1))
    return X, X[:, 0] ** 2 + (0.2 + X[:, 0]) * rng.normal(size=n)


def monte_carlo(confidence: float, calibration: int, rounds: int, test: int) -> float:
    """Return four standard errors of a coverage that varies with the calibration."""
    spread = confidence * (1 - confidence)
    return 4 * float(np.sqrt(spread / calibration / rounds + spread / rounds / test))


def test_split_intervals_hold_as_often_as_promised_however_bad_the_model() -> None:
    rng = np.random.default_rng(2)
    model = LinearRegression().fit(*rows(rng, 30))
    found = []
    for _ in range(300):
        X, y = rows(rng, 40)
        new_X, new_y = rows(rng, 50)
        intervals = split_conformal(
            y, model.predict(X), model.predict(new_X), confidence=0.9
        )
        found.append(interval_coverage(new_y, *intervals))
    expected = np.ceil(41 * 0.9) / 41
    assert np.mean(found) == pytest.approx(expected, abs=monte_carlo(0.9, 40, 300, 50))


def test_quantile_intervals_hold_as_often_and_adapt_their_width() -> None:
    rng = np.random.default_rng(3)
    X, y = rows(rng, 200)
    models = [
        QuantileRegressor(quantile=q, alpha=0, solver="highs").fit(X, y)
        for q in (0.2, 0.8)  # too narrow for 90 %: the correction must mend that
    ]

    def quantiles(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return models[0].predict(X), models[1].predict(X)

    found, near, far = [], [], []
    for _ in range(300):
        X, y = rows(rng, 40)
        new_X, new_y = rows(rng, 50)
        intervals = conformal_quantile_regression(
            y, quantiles(X), quantiles(new_X), confidence=0.9
        )
        found.append(interval_coverage(new_y, *intervals))
        widths = intervals.high - intervals.low
        near.append(widths[new_X[:, 0] < 1].mean())
        far.append(widths[new_X[:, 0] > 3].mean())
    expected = np.ceil(41 * 0.9) / 41
    assert np.mean(found) == pytest.approx(expected, abs=monte_carlo(0.9, 40, 300, 50))
    assert np.mean(far) > 1.3 * np.mean(near)


def test_on_real_rows_both_kinds_hold_what_they_promise() -> None:
    data = load_diabetes()
    X, y = data.data[:, [2, 8]], data.target
    found = []
    for seed in range(60):
        order = np.random.default_rng(seed).permutation(len(y))
        fit, calibrate, new = order[:150], order[150:249], order[249:]
        model = LinearRegression().fit(X[fit], y[fit])
        guess = model.predict(X)
        intervals = split_conformal(
            y[calibrate], guess[calibrate], guess[new], confidence=0.8
        )
        found.append(interval_coverage(y[new], *intervals))
    # the splits share their rows: the band is wider than a simulation's
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)


@settings(max_examples=25)
@given(
    SEEDS,
    st.sampled_from([0.005, 0.05, 0.5]),
    st.sampled_from([0.5, 0.9]),
    st.sampled_from([None, 20]),
)
def test_steered_intervals_keep_gibbs_and_candes_bound_on_any_stream(
    seed: int, rate: float, confidence: float, window: int | None
) -> None:
    rng = np.random.default_rng(seed)
    n = 600
    y = rng.normal(size=n) * np.exp(rng.normal(scale=0.1, size=n).cumsum())
    found = adaptive_conformal(
        y, np.zeros(n), confidence=confidence, rate=rate, window=window
    )
    share = interval_coverage(y, found.low, found.high)
    assert abs(share - confidence) <= (max(confidence, 1 - confidence) + rate) / (
        rate * n
    )
    assert found.levels.min() >= -rate
    assert found.levels.max() <= 1 + rate


def test_steering_keeps_the_promise_under_drift_where_a_fixed_level_breaks_it() -> None:
    rng = np.random.default_rng(4)
    y = rng.normal(size=4000) * np.linspace(1, 8, 4000)
    options = {"confidence": 0.9}
    fixed = adaptive_conformal(y, np.zeros(4000), rate=0.0, **options)
    steered = adaptive_conformal(y, np.zeros(4000), rate=0.02, **options)
    assert interval_coverage(y, fixed.low, fixed.high) < 0.85
    assert interval_coverage(y, steered.low, steered.high) == pytest.approx(
        0.9, abs=0.015
    )


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 99))
def test_no_steered_interval_knows_its_value_or_later_ones(seed: int, t: int) -> None:
    y = np.random.default_rng(seed).normal(size=100)
    other = y.copy()
    other[t:] += 50
    one = adaptive_conformal(y, np.zeros(100), confidence=0.8)
    two = adaptive_conformal(other, np.zeros(100), confidence=0.8)
    np.testing.assert_array_equal(one.low[: t + 1], two.low[: t + 1])


def test_a_rate_of_0_is_split_conformal_on_all_before() -> None:
    y = np.random.default_rng(5).normal(size=60)
    found = adaptive_conformal(y, np.zeros(60), confidence=0.8, rate=0.0)
    for t in range(1, 60):
        expected = conformal_quantile(np.abs(y[:t]), confidence=0.8)
        assert found.high[t] == expected


def test_a_window_forgets() -> None:
    y = np.array([9.0, 1.0, 2.0, 3.0, 4.0])
    found = adaptive_conformal(y, np.zeros(5), confidence=0.5, rate=0.0, window=2)
    assert found.high.tolist() == [np.inf, 9.0, 9.0, 2.0, 3.0]


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: list(rolling_origin(5, initial=5)), "too short"),
        (lambda: list(rolling_origin(5, initial=0)), "initial is 0"),
        (lambda: list(rolling_origin(5, initial=2, step=0)), "step is 0"),
        (lambda: list(rolling_origin(5, initial=2, window=3)), "at most initial"),
        (lambda: list(rolling_origin(5, initial=2, gap=-1)), "gap is -1"),
        (lambda: backtest(SeasonalNaive(), [1.0, np.nan], initial=1), "contains NaN"),
        (lambda: mase([1.0], [1.0, 2.0], [1.0, 2.0]), "shapes are"),
        (lambda: mase([1.0], [1.0], [2.0, 2.0]), "makes no error"),
        (lambda: mase([1.0], [1.0], [2.0]), "n at least 2"),
        (lambda: smape([], []), "not empty"),
        (lambda: smape([np.inf], [1.0]), "contains NaN or inf"),
        (lambda: interval_coverage([np.nan], [0.0], [1.0]), "y_true contains"),
        (lambda: interval_coverage([1.0], [np.nan], [1.0]), "low contains"),
        (lambda: winkler_score([1.0], [2.0], [1.0]), "above its high end"),
        (lambda: winkler_score([1.0], [0.0], [1.0], confidence=1), "confidence is 1"),
        (lambda: conformal_quantile([]), "n above 0"),
        (lambda: conformal_quantile([np.nan]), "contains NaN"),
        (lambda: conformal_quantile([1.0], confidence=95), "confidence is 95"),
        (lambda: split_conformal([1, 2], [1], [1]), "expected \\(2,\\)"),
        (
            lambda: conformal_quantile_regression([1], ([0], [2]), ([0, 1], [2])),
            "upper predicted quantile has shape",
        ),
        (lambda: adaptive_conformal([1.0], [1.0], rate=-1), "rate is -1"),
        (lambda: adaptive_conformal([1.0], [1.0], window=0), "window is 0"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


class Broken:
    def fit(self, y: Any) -> Broken:
        return self

    def forecast(self, horizon: int) -> Any:
        return np.full(horizon, np.nan)


def test_a_forecast_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 finite numbers"):
        backtest(Broken(), [1.0, 2.0, 3.0], initial=1, horizon=2)
