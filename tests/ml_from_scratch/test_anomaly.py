"""Anomalies: against scikit-learn and closed forms, and what must hold."""

from __future__ import annotations

import math
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import mahalanobis
from scipy.stats import median_abs_deviation, spearmanr, zscore
from sklearn.covariance import EmpiricalCovariance, MinCovDet
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import IsolationForest as TheirForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor as TheirFactor
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ml_from_scratch.anomaly import (
    EllipticEnvelope,
    IsolationForest,
    LocalOutlierFactor,
    average_path_length,
    z_scores,
)
from ml_from_scratch.anomaly import spread as spread_module

SEEDS = st.integers(0, 2**32 - 1)


# --- data sets ---------------------------------------------------------------------


@cache
def planted() -> tuple[np.ndarray, np.ndarray]:
    """Return 400 correlated normal rows and 20 far out, and which are which."""
    rng = np.random.default_rng(0)
    inside = rng.normal(size=(400, 3)) @ [[2.0, 1, 0], [0, 1, 0.5], [0, 0, 0.3]]
    outside = rng.normal([9.0, -8.0, 3.0], size=(20, 3))
    return np.vstack([inside, outside]), np.repeat([0, 1], [400, 20])


@cache
def cancer() -> np.ndarray:
    X, _ = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X)


@cache
def wine() -> np.ndarray:
    X, _ = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(X)


@cache
def iris() -> np.ndarray:
    """Return flowers in tenths of a centimetre, of which some are equal."""
    X, _ = load_iris(return_X_y=True)
    return X


@cache
def digits() -> np.ndarray:
    """Return scans with columns that never change."""
    X, _ = load_digits(return_X_y=True)
    return X[:400]


DATA = {
    "planted": lambda: planted()[0],
    "cancer": cancer,
    "wine": wine,
    "iris": iris,
    "digits": digits,
}


# --- isolation forest --------------------------------------------------------------


@pytest.mark.parametrize("name", ["planted", "cancer", "iris", "digits"])
def test_mean_scores_are_scikit_learns_within_monte_carlo_error(name: str) -> None:
    X = DATA[name]()[-250:]
    ours, theirs = (
        np.array([kind(random_state=s).fit(X).score_samples(X) for s in range(10)])
        for kind in (IsolationForest, TheirForest)
    )
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / 10)
    z = (ours.mean(axis=0) - theirs.mean(axis=0)) / error
    # Of variance 1.1, like t with 18 degrees; rows share the trees of a forest.
    assert abs(z.mean()) < 1.5
    assert z.std() < 1.5
    assert np.abs(z).max() < 6.5
    spread = np.sort(ours.std(axis=0)).mean() / np.sort(theirs.std(axis=0)).mean()
    assert 0.75 < spread < 1.33
    assert spearmanr(ours.mean(axis=0), theirs.mean(axis=0)).statistic > 0.98


@pytest.mark.parametrize("contamination", [0.02, 0.3])
def test_a_share_of_the_training_rows_is_called_outliers(contamination: float) -> None:
    X = cancer()
    for kind in (IsolationForest, EllipticEnvelope, LocalOutlierFactor):
        found = kind(contamination=contamination).fit_predict(X)
        assert abs((found == -1).mean() - contamination) <= 2 / len(X)


def test_path_lengths_are_those_of_random_search_trees() -> None:
    for n in (3, 10, 256, 100_000):
        harmonic = math.fsum(1 / i for i in range(1, n))
        exact = 2 * harmonic - 2 * (n - 1) / n
        assert average_path_length(n) == pytest.approx(exact, abs=1.1 / (n - 1))
    assert average_path_length([0, 1, 2]).tolist() == [0.0, 0.0, 1.0]


def test_fully_grown_trees_isolate_rows_at_the_depth_that_the_formula_says() -> None:
    X = np.random.default_rng(0).normal(size=(64, 1))
    rng = np.random.default_rng(1)
    lengths = []
    for _ in range(10):
        order = np.array([rng.permutation(64) for _ in range(100)])
        from ml_from_scratch.anomaly.forest import _grow

        trees = _grow(np.argsort(np.argsort(X, axis=0), axis=0) + 0.0, order, 63, rng)
        leaf = np.isinf(trees.threshold)
        assert leaf.sum() == 6400  # each row of each tree has a leaf of its own
        lengths.append(trees.length[leaf].mean())
    # Of rows at equal distances every cut is equally likely: a random search tree,
    # whose mean depth of leaves is 2 (H(n) - 1).
    expected = 2 * (math.fsum(1 / i for i in range(1, 65)) - 1)
    error = np.std(lengths) / np.sqrt(10)
    assert abs(np.mean(lengths) - expected) < 4 * error + 1e-9
    assert error < 0.1


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([1, 2, 5, 33]), st.booleans())
def test_every_tree_splits_its_sample_into_boxes(seed: int, n: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(3, size=(n, 2)) + 0.0 if tied else rng.normal(size=(n, 2))
    model = IsolationForest(n_estimators=7, max_samples=n, random_state=seed).fit(X)
    trees = model._trees
    leaf = np.isinf(trees.threshold)
    assert (trees.left[leaf] == np.flatnonzero(leaf)).all()
    inner = np.flatnonzero(~leaf)
    children = np.concatenate([trees.left[inner], trees.left[inner] + 1])
    expected = np.arange(7, len(leaf))  # every node but the roots has one parent
    np.testing.assert_array_equal(np.sort(children), expected)
    if n > 1 and not tied:
        assert (model.score_samples(X) > -1).all()
        assert (model.score_samples(X) < 0).all()


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([2.0**-900, 0.5, 2.0**900]))
def test_the_forest_knows_no_units(seed: int, factor: float) -> None:
    X = np.random.default_rng(seed).normal(size=(60, 3))
    one = IsolationForest(n_estimators=10, random_state=seed).fit(X)
    other = IsolationForest(n_estimators=10, random_state=seed).fit(factor * X)
    np.testing.assert_array_equal(one.score_samples(X), other.score_samples(factor * X))


def test_neighbouring_numbers_and_constant_columns_are_split_as_far_as_they_can() -> (
    None
):
    X = np.array(
        [[1.0, 5.0], [np.nextafter(1.0, 2.0), 5.0], [-1e308, 5.0], [1e308, 5.0]]
    )
    model = IsolationForest(n_estimators=50, random_state=0).fit(X)
    scores = model.score_samples(X)
    assert np.isfinite(scores).all()
    assert scores[2:].max() < scores[:2].min()
    same = IsolationForest(random_state=0).fit(np.ones((20, 2))).score_samples([[1, 1]])
    assert same == pytest.approx(-0.5)


def test_numbers_with_nothing_between_them_are_still_parted() -> None:
    X = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    trees = IsolationForest(n_estimators=50, random_state=0).fit(X)._trees
    assert len(trees.left) == 150  # a root and two leaves each
    assert (trees.threshold[:50] == 1.0).all()
    X = X[[0, 0, 1]]  # a row at the threshold itself belongs to the left
    scores = IsolationForest(n_estimators=9, random_state=0).fit(X).score_samples(X)
    assert scores[0] == scores[1] > scores[2]


def test_a_forest_of_single_rows_finds_nothing_unusual() -> None:
    model = IsolationForest(random_state=0).fit([[1.0, 2.0]])
    assert model.score_samples([[1.0, 2.0], [9.0, 9.0]]).tolist() == [-0.5, -0.5]
    assert model.predict([[9.0, 9.0]]).tolist() == [1]


def test_max_samples_may_be_a_number_or_a_share() -> None:
    X = cancer()
    sizes = [
        IsolationForest(n_estimators=2, max_samples=m).fit(X).max_samples_
        for m in ("auto", 100, 0.5, 1.0)
    ]
    assert sizes == [256, 100, 284, 569]


# --- local outlier factor ----------------------------------------------------------


def in_unit_reach(X: np.ndarray, k: int) -> np.ndarray:
    """Scale rows so that the largest distance to a k-th neighbour is 1.

    There the 1e-10 that scikit-learn adds to a reach is the same as ours.
    """
    distances, _ = NearestNeighbors(n_neighbors=k).fit(X).kneighbors()
    return X / distances[:, -1].max()


@pytest.mark.parametrize("name", ["planted", "cancer", "wine"])
@pytest.mark.parametrize("k", [1, 5, 20])
def test_factors_are_scikit_learns_to_1e_10(name: str, k: int) -> None:
    X = in_unit_reach(DATA[name](), k)
    ours, theirs = LocalOutlierFactor(k), TheirFactor(n_neighbors=k)
    np.testing.assert_array_equal(ours.fit_predict(X), theirs.fit_predict(X))
    np.testing.assert_allclose(
        ours.negative_outlier_factor_, theirs.negative_outlier_factor_, rtol=1e-10
    )
    assert ours.offset_ == theirs.offset_


@pytest.mark.parametrize("name", ["planted", "cancer", "wine"])
def test_factors_of_new_rows_are_scikit_learns_to_1e_9(name: str) -> None:
    X = in_unit_reach(DATA[name](), 10)
    options = {"n_neighbors": 10, "novelty": True, "contamination": 0.1}
    ours = LocalOutlierFactor(**options).fit(X[::2])
    theirs = TheirFactor(**options).fit(X[::2])
    np.testing.assert_allclose(
        ours.score_samples(X[1::2]), theirs.score_samples(X[1::2]), rtol=1e-9
    )
    np.testing.assert_array_equal(ours.predict(X[1::2]), theirs.predict(X[1::2]))
    assert ours.offset_ == pytest.approx(theirs.offset_, rel=1e-9)


@pytest.mark.parametrize("metric", ["manhattan", "cosine"])
def test_factors_in_other_metrics_are_scikit_learns_to_1e_6(metric: Any) -> None:
    X = np.abs(cancer()) + 0.1
    ours = LocalOutlierFactor(7, metric=metric).fit(X)
    theirs = TheirFactor(n_neighbors=7, metric=metric).fit(X)
    np.testing.assert_allclose(
        ours.negative_outlier_factor_, theirs.negative_outlier_factor_, rtol=1e-6
    )


def test_duplicates_have_scikit_learns_factors_to_1e_8_and_are_named() -> None:
    rng = np.random.default_rng(0)
    # Twins by the dozen: among them all reaches are zero, whichever is nearest.
    X = np.vstack([np.repeat(rng.normal(size=(6, 2)), 12, axis=0), [[0.05, 0.0]]])
    X = in_unit_reach(X, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = TheirFactor(n_neighbors=4).fit(X).negative_outlier_factor_
    with pytest.warns(UserWarning, match="more than 4 copies.*drop duplicates"):
        ours = LocalOutlierFactor(4).fit(X).negative_outlier_factor_
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    assert (ours[:-1] == -1).all()


def test_rows_that_are_all_equal_are_all_usual() -> None:
    model = LocalOutlierFactor(3).fit(np.full((8, 2), 4.0))
    assert model.negative_outlier_factor_.tolist() == [-1.0] * 8


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([2.0**-500, 1e-12, 1e9]))
def test_factors_know_no_units(seed: int, factor: float) -> None:
    X = np.random.default_rng(seed).normal(size=(50, 2))
    one = LocalOutlierFactor(5).fit(X).negative_outlier_factor_
    other = LocalOutlierFactor(5).fit(factor * X).negative_outlier_factor_
    np.testing.assert_allclose(other, one, rtol=1e-9)


def test_methods_for_new_rows_need_novelty() -> None:
    model = LocalOutlierFactor(2).fit([[0.0], [1.0], [2.0]])
    for method in ("predict", "decision_function", "score_samples"):
        assert not hasattr(model, method)
        with pytest.raises(AttributeError, match=f"{method} is for new rows"):
            getattr(model, method)


# --- ellipses ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["planted", "cancer", "wine", "iris"])
def test_plain_distances_are_scikit_learns_to_1e_9(name: str) -> None:
    X = DATA[name]()
    model = EllipticEnvelope(robust=False).fit(X)
    theirs = EmpiricalCovariance().fit(X)
    np.testing.assert_allclose(
        -model.score_samples(X), theirs.mahalanobis(X), rtol=1e-9
    )
    np.testing.assert_allclose(model.covariance_, theirs.covariance_, atol=1e-10)
    inverse = np.linalg.inv(np.cov(X.T, ddof=0))
    one = mahalanobis(X[3], X.mean(axis=0), inverse) ** 2
    assert -model.score_samples(X[3:4])[0] == pytest.approx(one, rel=1e-8)


@pytest.mark.parametrize("name", ["planted", "wine", "iris"])
def test_the_smallest_ellipse_is_no_larger_than_scikit_learns(name: str) -> None:
    X = DATA[name]()
    n, d = X.shape
    h = (n + d + 1) // 2
    best = spread_module._smallest_ellipse(X, h, np.random.default_rng(0))
    theirs = min(
        np.linalg.slogdet(MinCovDet(random_state=s).fit(X).raw_covariance_)[1]
        for s in range(3)
    )
    raw = MinCovDet(random_state=0).fit(X)
    covariance = np.cov(X[raw.raw_support_].T, ddof=0)
    assert best.log_det <= np.linalg.slogdet(covariance)[1] + 1e-9
    assert best.log_det <= theirs + 1e-9 or name != "planted"


def test_the_robust_envelope_is_scikit_learns_to_1e_10_where_the_data_are_clear() -> (
    None
):
    X, _ = planted()
    model = EllipticEnvelope(random_state=0).fit(X)
    theirs = MinCovDet(random_state=0).fit(X)
    np.testing.assert_array_equal(model.support_, theirs.support_)
    np.testing.assert_allclose(model.location_, theirs.location_, atol=1e-10)
    np.testing.assert_allclose(model.covariance_, theirs.covariance_, rtol=1e-10)
    np.testing.assert_allclose(-model.score_samples(X), theirs.dist_, rtol=1e-9)


def test_robust_distances_unmask_what_plain_ones_hide() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(70, 2)), rng.normal(8, 0.3, size=(30, 2))])
    truth = np.repeat([0, 1], [70, 30])
    scores = {
        robust: -EllipticEnvelope(robust=robust, random_state=0).fit(X).score_samples(X)
        for robust in (True, False)
    }
    assert roc_auc_score(truth, scores[True]) == 1.0
    assert roc_auc_score(truth, scores[False]) < 0.9


@settings(max_examples=15)
@given(SEEDS)
def test_steps_never_enlarge_the_ellipse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_t(2, size=(40, 2))
    ellipse = spread_module._start(X, rng)
    sizes = [
        spread_module._nearer(X, ellipse, 22, most=most).log_det for most in range(1, 8)
    ]
    assert (np.diff(sizes) <= 1e-9).all()


@settings(max_examples=15)
@given(SEEDS, st.booleans())
def test_distances_know_neither_units_nor_axes(seed: int, robust: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3))
    mixing = np.linalg.qr(rng.normal(size=(3, 3)))[0] * [1.0, 100.0, 1e-3]
    one = EllipticEnvelope(robust=False).fit(X).score_samples(X)
    moved = X @ mixing + [5.0, -1e4, 0.1]
    other = EllipticEnvelope(robust=False).fit(moved).score_samples(moved)
    np.testing.assert_allclose(other, one, rtol=1e-6)
    if robust:  # distances of normal rows have mean d, whatever their covariance
        model = EllipticEnvelope(random_state=0).fit(X)
        assert 1.5 < -model.score_samples(X[model.support_]).mean() <= 3.0 + 1e-9


# --- deviations --------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
def test_deviations_are_scipys_to_1e_12(name: str) -> None:
    X = DATA[name]() if name != "digits" else digits()[:, 20:30]
    mad = median_abs_deviation(X, scale="normal")
    moved = mad > 0
    expected = (X - np.median(X, axis=0))[:, moved] / mad[moved]
    np.testing.assert_allclose(z_scores(X)[:, moved], expected, rtol=1e-12)
    found = z_scores(X, robust=False)
    np.testing.assert_allclose(found, zscore(X), rtol=1e-10, atol=1e-12)


def test_where_half_of_a_column_is_one_value_the_mean_deviation_stands_in() -> None:
    X = np.array([0.0] * 8 + [1.0, -3.0])[:, None]
    z = z_scores([[1.0], [-3.0]], reference=X)
    np.testing.assert_allclose(z[:, 0], [1.994711, -5.984134], rtol=1e-6)
    normal = np.random.default_rng(0).normal(size=(200_000, 1))  # both say the same
    away = np.abs(normal - np.median(normal)).mean() * np.sqrt(np.pi / 2)
    unit = (normal[0] - np.median(normal)) / z_scores(normal)[0]
    assert away == pytest.approx(unit[0], rel=0.01)


def test_a_constant_column_makes_any_other_value_infinitely_unusual() -> None:
    for robust in (True, False):
        column = [[0.1], [0.1], [0.1]]
        z = z_scores([[0.1], [0.2], [-1.0]], reference=column, robust=robust)
        assert z[1:, 0].tolist() == [np.inf, -np.inf]
        assert z_scores(column, robust=robust).tolist() == [[0.0]] * 3


@settings(max_examples=20)
@given(SEEDS, st.integers(2, 40))
def test_no_plain_z_score_exceeds_the_root_of_n_less_one(seed: int, n: int) -> None:
    X = np.random.default_rng(seed).standard_cauchy(size=(n, 1))
    assert np.abs(z_scores(X, robust=False)).max() <= np.sqrt(n - 1) * (1 + 1e-12)


@pytest.mark.parametrize("robust", [True, False])
def test_columns_that_follow_from_others_change_no_distance(robust: bool) -> None:
    X = wine()[:, :5]
    more = np.column_stack([X, X @ [1.0, -2, 0, 3, 1], X[:, 0], np.full(len(X), 7.0)])
    models = [EllipticEnvelope(robust=robust, random_state=0) for _ in range(2)]
    one = models[0].fit(X).score_samples(X)
    other = models[1].fit(more).score_samples(more)
    np.testing.assert_allclose(other, one, rtol=1e-6)
    np.testing.assert_allclose(models[1].location_[:5], models[0].location_, atol=1e-9)
    np.testing.assert_allclose(
        models[1].covariance_[:5, :5], models[0].covariance_, atol=1e-9
    )


# --- all of them -------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        IsolationForest(random_state=0),
        LocalOutlierFactor(novelty=True),
        EllipticEnvelope(random_state=0),
    ],
)
def test_planted_outliers_are_ranked_last_and_decisions_follow_scores(
    model: Any,
) -> None:
    X, truth = planted()
    model = model.fit(X[::2])
    scores = model.score_samples(X[1::2])
    assert roc_auc_score(truth[1::2], -scores) > 0.9
    decisions = model.decision_function(X[1::2])
    np.testing.assert_array_equal(decisions, scores - model.offset_)
    np.testing.assert_array_equal(
        model.predict(X[1::2]), np.where(decisions < 0, -1, 1)
    )


FEW = [[0.0, 1.0], [1.0, 2.5], [2.0, 0.0]]


@pytest.mark.parametrize(
    ("model", "X", "words"),
    [
        (IsolationForest(n_estimators=0), FEW, "n_estimators must be .*got 0"),
        (IsolationForest(max_samples=9), FEW, "max_samples must be .* 1 to 3 .*got 9"),
        (IsolationForest(max_samples=0.1), FEW, "max_samples must be .*got 0.1"),
        (IsolationForest(max_samples="all"), FEW, "max_samples must be .*got 'all'"),  # type: ignore[arg-type]
        (IsolationForest(contamination=0.6), FEW, "contamination must be .*got 0.6"),
        (IsolationForest(contamination="some"), FEW, "contamination must be 'auto'"),  # type: ignore[arg-type]
        (IsolationForest(), [[np.nan]], "NaN"),
        (LocalOutlierFactor(0), FEW, "n_neighbors must be .*got 0"),
        (LocalOutlierFactor(metric="x"), FEW, "metric must be .*got 'x'"),  # type: ignore[arg-type]
        (LocalOutlierFactor(contamination=0.0), FEW, "contamination must be .*got 0.0"),
        (LocalOutlierFactor(), FEW[:1], r"1 sample\(s\)"),
        (EllipticEnvelope(contamination=0), FEW, "contamination must be .*got 0"),
        (EllipticEnvelope(contamination="auto"), FEW, "contamination must be a share"),  # type: ignore[arg-type]
        (EllipticEnvelope(support_fraction=2.0), FEW, "support_fraction .*got 2.0"),
        (EllipticEnvelope(), [[1, 2]] * 4, "n_samples = 4 rows that are all the same"),
        (EllipticEnvelope(), [[1, 2]] * 9 + FEW, "half of the rows or more lie in a"),
    ],
)
def test_bad_input_is_refused_in_words(model: Any, X: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.fit(X)
