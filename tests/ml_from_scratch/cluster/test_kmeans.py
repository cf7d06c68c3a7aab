"""k-means: against scikit-learn from the same start, and what must hold."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans as Oracle
from sklearn.cluster import kmeans_plusplus as their_kmeans_plusplus
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.preprocessing import scale

from ml_from_scratch.base import ConvergenceWarning
from ml_from_scratch.cluster import (
    KMeans,
    gap_statistic,
    kmeans_plusplus,
    lloyd,
    nearest_center,
)

SEEDS = st.integers(0, 2**32 - 1)


@cache
def blobs() -> np.ndarray:
    """Return 1,500 rows around five known centres, 10 apart."""
    rng = np.random.default_rng(0)
    return 10 * np.eye(5)[np.arange(1500) % 5] + rng.normal(size=(1500, 5))


DATA: dict[str, Any] = {
    "blobs": blobs,
    "iris, with twins and ties": lambda: load_iris().data,
    "wine, columns of very different size": lambda: load_wine().data,
    "digits, with columns that never change": lambda: load_digits().data,
    "cancer": lambda: load_breast_cancer().data,
}


def start(X: np.ndarray, k: int, seed: int = 0) -> np.ndarray:
    return X[np.random.default_rng(seed).choice(len(X), k, replace=False)]


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    """Say whether two labellings differ by names only."""
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


# --- against scikit-learn ----------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("k", [2, 5, 12])
@pytest.mark.parametrize("weighted", [False, True])
def test_lloyd_goes_scikit_learns_way_to_1e_10(
    name: str, k: int, weighted: bool
) -> None:
    X = DATA[name]()
    w = np.random.default_rng(1).integers(1, 4, len(X)) if weighted else None
    tol = 0.0 if weighted else 1e-4  # their variance for tol leaves the weights out
    C = np.array([start(X, 9, seed).mean(axis=0) for seed in range(k)])  # no exact ties
    theirs = Oracle(k, init=C, n_init=1, tol=tol).fit(X, sample_weight=w)
    ours = lloyd(X, C, sample_weight=w, tol=tol)
    close = 1e-10 * np.abs(X).max()
    np.testing.assert_allclose(ours.centers, theirs.cluster_centers_, atol=close)
    np.testing.assert_array_equal(ours.labels, theirs.labels_)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-10)
    assert ours.n_iter == theirs.n_iter_


class ReplayedDraws:
    """What `rng.random` gives, from the legacy generator that scikit-learn uses."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed).random_sample


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("trials", [None, 1])
def test_the_same_random_numbers_draw_the_starts_that_scikit_learn_draws(
    name: str, seed: int, trials: int | None
) -> None:
    X = DATA[name]()
    w = np.random.default_rng(1).random(len(X)) + 0.1
    _, theirs = their_kmeans_plusplus(
        X, 7, sample_weight=w, random_state=seed, n_local_trials=trials
    )
    replayed: Any = ReplayedDraws(seed)
    centers, ours = kmeans_plusplus(
        X, 7, sample_weight=w, n_local_trials=trials, rng=replayed
    )
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(centers, X[ours])


@pytest.mark.parametrize("name", DATA)
def test_the_best_of_ten_starts_is_within_a_hundredth_of_scikit_learns(
    name: str,
) -> None:
    X = DATA[name]()[:600]
    ours = KMeans(5, n_init=10, random_state=0).fit(X)
    theirs = Oracle(5, n_init=10, random_state=0).fit(X)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=0.01)


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_known_clusters_are_found(init: Any) -> None:
    model = KMeans(5, init=init, n_init=10, random_state=0).fit(blobs())
    assert same_partition(model.labels_, np.arange(1500) % 5)
    nearest = cdist(10 * np.eye(5), model.cluster_centers_).min(axis=1)
    assert nearest.max() < 5 / np.sqrt(300)  # five standard errors of a mean in 5-D


def test_a_prediction_a_distance_and_a_score_are_scikit_learns_to_1e_10() -> None:
    X = load_wine().data
    C = start(X, 4)
    ours, theirs = KMeans(4, init=C).fit(X), Oracle(4, init=C, n_init=1).fit(X)
    new = X[::3] + 0.5
    np.testing.assert_array_equal(ours.predict(new), theirs.predict(new))
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-10)
    w = np.arange(1.0, len(new) + 1)
    expected = theirs.score(new, sample_weight=w)
    assert ours.score(new, sample_weight=w) == pytest.approx(expected, rel=1e-10)


# --- empty clusters and duplicate rows ---------------------------------------------


@pytest.mark.parametrize("name", ["blobs", "digits, with columns that never change"])
def test_empty_clusters_get_the_farthest_rows_as_in_scikit_learn(name: str) -> None:
    X = DATA[name]()
    C = np.vstack([start(X, 3), np.full((3, X.shape[1]), 1e3)])  # three get no row
    ours, theirs = lloyd(X, C), Oracle(6, init=C, n_init=1, tol=0).fit(X)
    assert len(np.unique(ours.labels)) == 6
    np.testing.assert_allclose(ours.centers, theirs.cluster_centers_, atol=1e-9)


def test_filling_an_empty_cluster_never_empties_another() -> None:
    X = np.array([[0.0], [0.0], [100.0]])
    found = lloyd(X, [[0.0], [90.0], [1e3]])  # the farthest row is alone in its cluster
    assert found.centers[1, 0] == 100.0
    assert found.inertia == 0.0


def test_rows_of_weight_zero_fill_no_cluster() -> None:
    found = lloyd(
        [[0.0], [1.0], [50.0]], [[0.0], [1e3]], sample_weight=[1, 1, 0], max_iter=9
    )
    assert sorted(found.centers.ravel()) == [0.0, 1.0]


def test_fewer_distinct_rows_than_clusters_are_warned_about() -> None:
    X = np.repeat([[0.0, 1.0], [5.0, 5.0]], 10, axis=0)
    with pytest.warns(ConvergenceWarning, match="Only 2 of 4 clusters have") as seen:
        model = KMeans(4, random_state=0).fit(X)
    assert seen[0].filename == __file__
    assert model.inertia_ == 0.0
    assert same_partition(model.labels_, np.repeat([0, 1], 10))


def test_one_row_and_one_cluster_are_enough() -> None:
    model = KMeans(1).fit([[3.0, 4.0]])
    assert model.cluster_centers_.tolist() == [[3.0, 4.0]]
    assert model.inertia_ == 0.0


# --- precision ---------------------------------------------------------------------


def test_rows_far_from_zero_are_split_as_near_it() -> None:
    X = np.random.default_rng(0).integers(0, 2**10, size=(400, 3)) / 2**10
    C = start(X, 6)
    near, far = lloyd(X, C), lloyd(X + 2.0**30, C + 2.0**30)  # exact in float64
    np.testing.assert_array_equal(far.labels, near.labels)
    np.testing.assert_allclose(far.centers - 2.0**30, near.centers, atol=1e-6)
    assert far.inertia == pytest.approx(near.inertia, rel=1e-6)


def test_rows_beside_a_far_outlier_still_go_to_their_nearest_centre() -> None:
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(500, 3)), [[3e8, 0, 0]]])
    C = np.vstack([start(X[:500], 4), X[500:]])
    np.testing.assert_array_equal(nearest_center(X, C), cdist(X, C).argmin(axis=1))
    found = lloyd(X, C, max_iter=5)
    exact = cdist(X, found.centers).argmin(axis=1)
    np.testing.assert_array_equal(found.labels, exact)


@pytest.mark.parametrize("exponent", [-600, 600])
def test_huge_and_tiny_values_change_nothing_but_the_unit(exponent: int) -> None:
    X, unit = load_iris().data, 2.0**exponent
    C = start(X, 3)
    plain, scaled = KMeans(3, init=C).fit(X), KMeans(3, init=C * unit).fit(X * unit)
    np.testing.assert_array_equal(
        scaled.cluster_centers_ / unit, plain.cluster_centers_
    )
    np.testing.assert_array_equal(scaled.labels_, plain.labels_)
    np.testing.assert_array_equal(scaled.transform(X * unit) / unit, plain.transform(X))
    drawn = KMeans(3, random_state=0).fit(X * unit)
    np.testing.assert_array_equal(
        drawn.labels_, KMeans(3, random_state=0).fit(X).labels_
    )


def test_of_several_nearest_centres_the_first_is_taken() -> None:
    X = np.argwhere(np.ones((9, 9))) + 1e6
    C = X[::2][np.random.default_rng(0).permutation(41)]
    exact = cdist(X, C).argmin(axis=1)  # of whole numbers: no rounding
    np.testing.assert_array_equal(nearest_center(X, C), exact)


# --- properties --------------------------------------------------------------------


@st.composite
def tables(draw: Any) -> np.ndarray:
    """Draw rows, half of them from a coarse grid so that twins and ties are there."""
    rng = np.random.default_rng(draw(SEEDS))
    X = rng.normal(size=(draw(st.integers(8, 60)), draw(st.integers(1, 4))))
    X = X * 10.0 ** draw(st.integers(-3, 3))
    return X if draw(st.booleans()) else np.round(X * 2)


@settings(max_examples=25)
@given(tables(), st.integers(1, 4), SEEDS)
def test_no_move_raises_the_inertia(X: np.ndarray, k: int, seed: int) -> None:
    C = start(X, k, seed)
    runs = [lloyd(X, C, max_iter=m) for m in range(1, 6)]
    inertias = [run.inertia for run in [*runs, lloyd(X, C)]]
    rounding = 1e-12 * (X**2).sum()
    assert all(b <= a + rounding for a, b in pairwise(inertias))


@settings(max_examples=25)
@given(tables(), st.integers(1, 4), SEEDS)
def test_at_rest_centres_are_means_and_labels_are_nearest(
    X: np.ndarray, k: int, seed: int
) -> None:
    found = lloyd(X, start(X, k, seed))
    for j in range(k):
        if (found.labels == j).any():
            mean = X[found.labels == j].mean(axis=0)
            np.testing.assert_allclose(found.centers[j], mean, rtol=1e-9, atol=1e-12)
    distances = cdist(X, found.centers)
    chosen = distances[np.arange(len(X)), found.labels]
    np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=1e-12, atol=1e-12)
    assert found.inertia == pytest.approx((chosen**2).sum(), rel=1e-12)
    np.testing.assert_array_equal(found.labels, nearest_center(X, found.centers))


@settings(max_examples=25)
@given(SEEDS, st.integers(2, 5))
def test_the_order_of_the_rows_does_not_matter(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 2)) if seed % 2 else rng.integers(0, 30, (50, 2)) * 1.0
    order = rng.permutation(50)
    plain, mixed = (
        KMeans(k, random_state=3).fit(X),
        KMeans(k, random_state=3).fit(X[order]),
    )
    np.testing.assert_allclose(mixed.cluster_centers_, plain.cluster_centers_)
    np.testing.assert_array_equal(mixed.predict(X), plain.predict(X))


@settings(max_examples=25)
@given(SEEDS)
def test_turning_and_shifting_the_rows_turns_and_shifts_the_centres(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    shift = rng.normal(size=3) * 10
    C = start(X, 4, seed)
    plain, turned = lloyd(X, C), lloyd(X @ turn + shift, C @ turn + shift)
    np.testing.assert_array_equal(turned.labels, plain.labels)
    np.testing.assert_allclose(turned.centers, plain.centers @ turn + shift, atol=1e-9)


@settings(max_examples=25)
@given(SEEDS)
def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(40, 2)), rng.integers(0, 4, 40)
    weighted = KMeans(3, random_state=1).fit(X, sample_weight=w)
    repeated = KMeans(3, random_state=1).fit(np.repeat(X, w, axis=0))
    np.testing.assert_allclose(
        weighted.cluster_centers_, repeated.cluster_centers_, atol=1e-12
    )
    assert weighted.inertia_ == pytest.approx(repeated.inertia_)


def test_rows_of_weight_zero_are_never_drawn() -> None:
    X, w = np.arange(40.0)[:, None], np.arange(40) % 2
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, drawn = kmeans_plusplus(X, 20, sample_weight=w, rng=rng)
        assert sorted(drawn) == list(range(1, 40, 2))  # all others, each once


def test_the_same_seed_gives_the_same_model() -> None:
    X = load_wine().data
    models = [KMeans(4, random_state=5).fit(X) for _ in range(2)]
    np.testing.assert_array_equal(models[0].labels_, models[1].labels_)


# --- how many clusters -------------------------------------------------------------


@pytest.mark.parametrize("true_k", [1, 2, 4])
def test_the_gap_statistic_finds_how_many_clusters_there_are(true_k: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) + 12 * np.eye(4, 3)[np.arange(200) % true_k]
    found = gap_statistic(X, 6, n_references=10, rng=rng)
    assert found.n_clusters == true_k
    assert (np.diff(found.inertia) < 0).all()


def test_the_gap_statistic_finds_the_three_cultivars_of_the_wines() -> None:
    X = scale(load_wine().data)
    rng = np.random.default_rng(0)
    found = gap_statistic(X, 5, n_references=10, rng=rng)
    assert found.n_clusters == 3
    best = Oracle(3, n_init=10, random_state=0).fit(X).inertia_
    assert found.inertia[2] == pytest.approx(best, rel=0.01)


def test_the_gap_statistic_needs_more_distinct_rows_than_clusters() -> None:
    X = np.repeat([[0.0], [1.0], [2.0]], 10, axis=0)
    with pytest.raises(ValueError, match="distinct rows, but X has 3"):
        gap_statistic(X, 3, rng=np.random.default_rng(0))


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_clusters": 0}, "n_clusters must be a whole number from 1, got 0"),
        ({"n_clusters": 2.5}, "n_clusters must be"),
        ({"n_clusters": "2"}, "n_clusters must be.*got '2'"),
        ({"n_clusters": 9}, "n_samples=3 should be >= n_clusters=9"),
        ({"init": "best"}, "init must be 'k-means\\+\\+', 'random' or an array"),
        ({"init": [[0.0], [1.0], [2.0]]}, r"init must have shape \(2, 1\).*\(3, 1\)"),
        ({"n_init": 0}, "n_init must be 'auto' or"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"tol": -1.0}, "tol must be a number from 0"),
        ({"tol": "low"}, "tol must be"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    model = KMeans(**{"n_clusters": 2, **options})
    with pytest.raises(ValueError, match=words):
        model.fit([[0.0], [1.0], [2.0]])


@pytest.mark.parametrize(
    ("X", "weights", "words"),
    [
        ([[0.0], [np.nan]], None, "NaN"),
        ([[0.0], [np.inf]], None, "inf"),
        (np.empty((0, 2)), None, r"0 sample\(s\)"),
        ([0.0, 1.0], None, "2D array"),
        ([["fog"], ["sun"]], None, "Encode text"),
        ([[0.0], [1.0]], [1.0, -1.0], "negative"),
        ([[0.0], [1.0]], [0.0, 0.0], "not be zero"),
        ([[0.0], [1.0]], [1.0], r"shape \(2,\)"),
    ],
)
def test_bad_data_is_refused_in_words(X: Any, weights: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KMeans(1).fit(X, sample_weight=weights)


def test_centres_with_other_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="X has 2 columns and the centres have 1"):
        lloyd([[0.0, 1.0]], [[0.0]])
    with pytest.raises(ValueError, match="X has 1 columns and the centres have 2"):
        nearest_center([[0.0]], [[0.0, 1.0]])


def test_a_random_start_with_too_few_weighted_rows_still_starts() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(3, init="random", random_state=0)
        model.fit([[0.0], [1.0], [2.0], [3.0]], sample_weight=[1, 1, 0, 0])
    assert model.inertia_ == 0.0
