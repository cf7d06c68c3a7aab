"""Neighbours: against scikit-learn and SciPy, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.neighbors import KNeighborsClassifier as TheirClassifier
from sklearn.neighbors import KNeighborsRegressor as TheirRegressor
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ml_from_scratch.neighbors import (
    HyperplaneIndex,
    KDTree,
    KNeighborsClassifier,
    KNeighborsRegressor,
    nearest_neighbors,
    pairwise_distances,
    radius_neighbors,
    search,
)

SEEDS = st.integers(0, 2**32 - 1)
METRICS = ("euclidean", "manhattan", "cosine")
THEIR_NAMES = {"euclidean": "euclidean", "manhattan": "cityblock", "cosine": "cosine"}


# --- data sets ---------------------------------------------------------------------


@cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return rows around three known centres, and which centre each is of."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=900)
    return rng.normal(size=(900, 6)) + 2.5 * np.eye(6)[y], y


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scans in whole numbers, where many distances are equal."""
    X, y = load_digits(return_X_y=True)
    return X[:700], y[:700]


@cache
def twins() -> tuple[np.ndarray, np.ndarray]:
    """Return iris with every row there up to four times, and a constant column."""
    X, y = load_iris(return_X_y=True)
    counts = np.random.default_rng(1).integers(1, 5, len(X))
    X = np.column_stack([(10 * X).round(), np.ones(len(X))])
    return X.repeat(counts, axis=0), y.repeat(counts)


DATA = {"synthetic": synthetic, "cancer": cancer, "digits": digits, "twins": twins}


def halves(name: str) -> tuple[np.ndarray, ...]:
    """Return every second row to learn from, the others to ask about."""
    X, y = DATA[name]()
    return X[::2], y[::2], X[1::2], y[1::2]


def by_the_book(
    X: np.ndarray, queries: np.ndarray, k: int, metric: str = "euclidean"
) -> tuple[np.ndarray, np.ndarray]:
    """Measure everything and sort it, ties in the order of `X`."""
    distances = cdist(queries, X, THEIR_NAMES[metric])
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


# --- the search --------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [1, 5, 60])
def test_distances_are_scikit_learns_brute_force_to_1e_12(
    name: str, metric: Any, k: int
) -> None:
    X, _, queries, _ = halves(name)
    distances, indices = nearest_neighbors(X, queries, k, metric=metric)
    theirs = NearestNeighbors(
        n_neighbors=k,
        metric=metric,
        algorithm="brute" if metric == "cosine" else "auto",
    )
    expected, _ = theirs.fit(X).kneighbors(queries)
    # 1 - cos has lost digits where it is near 0, and no metric of theirs more than this
    np.testing.assert_allclose(distances, expected, rtol=1e-12, atol=1e-12)
    measured = cdist(queries, X, THEIR_NAMES[metric])
    np.testing.assert_allclose(
        np.take_along_axis(measured, indices, axis=1), distances, atol=1e-12
    )


@pytest.mark.parametrize("name", ["synthetic", "cancer"])
@pytest.mark.parametrize("metric", METRICS)
def test_where_nothing_ties_the_rows_are_scikit_learns(name: str, metric: Any) -> None:
    X, _, queries, _ = halves(name)
    _, indices = nearest_neighbors(X, queries, 7, metric=metric)
    theirs = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute")
    np.testing.assert_array_equal(
        indices, theirs.fit(X).kneighbors(queries, return_distance=False)
    )


@settings(max_examples=50)
@given(SEEDS, st.sampled_from([(30, 2), (200, 3), (1000, 1)]), st.integers(1, 25))
def test_ties_are_resolved_in_the_order_of_the_rows(
    seed: int, shape: tuple[int, int], k: int
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(4, size=shape).astype(float)  # few places, many rows at each
    queries = rng.integers(-1, 5, size=(20, shape[1])).astype(float)
    for metric in ("euclidean", "manhattan"):
        found = nearest_neighbors(X, queries, k, metric=metric)
        expected = by_the_book(X, queries, k, metric)
        np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-15)


@settings(max_examples=40)
@given(
    SEEDS,
    st.sampled_from([0.0, 1.0, 1e6, -1e9, 1e13]),
    st.sampled_from([1e-12, 1.0, 1e7]),
)
def test_data_far_from_zero_lose_no_neighbours(
    seed: int, offset: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    X = offset + spread * rng.normal(size=(400, 3))
    queries = offset + spread * rng.normal(size=(20, 3))
    found, expected = nearest_neighbors(X, queries, 3), by_the_book(X, queries, 3)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12, atol=0)
    gaps = np.diff(by_the_book(X, queries, 4)[0], axis=1).min(axis=1)
    apart = gaps > 1e-12 * expected[0][:, -1]
    np.testing.assert_array_equal(found[1][apart], expected[1][apart])


@settings(max_examples=40)
@given(SEEDS, st.sampled_from([1e-3, 1e-6, 1e-9, 1e-12, 0.0]))
def test_crowds_closer_than_float32_can_tell_are_still_told_apart(
    seed: int, width: float
) -> None:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, 4))
    X = centres[rng.integers(5, size=300)] + width * rng.normal(size=(300, 4))
    X[0] = 1e6  # one row far away makes the bound on the rounding useless in float32
    found, expected = nearest_neighbors(X, X[:50], 6), by_the_book(X, X[:50], 6)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)


def test_the_bound_on_the_rounding_holds_and_is_not_idle() -> None:
    rng = np.random.default_rng(0)
    X, queries = rng.normal(size=(2, 500, 12)) * rng.lognormal(size=(2, 500, 1))
    for dtype in (np.float32, np.float64):
        ranking = search._Ranking(X, queries, 5, dtype)
        scores, lengths = ranking.scores(queries)
        a, b = (ranking.space.map(T).astype(np.longdouble) for T in (queries, X))
        exact = ((a[:, None] - b[None]) ** 2).sum(axis=2)
        errors = np.abs(scores[:, :500] + lengths[:, None] ** 2 - exact).max(axis=1)
        bound = ranking.rounding(lengths)
        assert (errors < bound).all()
        assert (errors > 1e-3 * bound).mean() > 0.5


def test_most_queries_are_settled_by_the_first_ranking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exactly: list[int] = []
    theirs = search._by_every_distance

    def counting(X: Any, queries: Any, k: int, metric: Any) -> Any:
        exactly.append(len(queries))
        return theirs(X, queries, k, metric)

    monkeypatch.setattr(search, "_by_every_distance", counting)
    rng = np.random.default_rng(0)
    X, queries = rng.normal(size=(2000, 20)), rng.normal(size=(500, 20))
    nearest_neighbors(X, queries, 5)
    nearest_neighbors(X + 1e8, queries + 1e8, 5)  # as quick far from zero
    assert exactly == [0, 0]


def test_huge_and_tiny_values_keep_their_distances() -> None:
    X, _ = synthetic()
    plain, order = nearest_neighbors(X, X[:40], 4)
    for exponent in (-1000, -300, 300, 1000):
        scaled = np.ldexp(X, exponent)
        distances, indices = nearest_neighbors(scaled, scaled[:40], 4)
        np.testing.assert_array_equal(indices, order)
        np.testing.assert_array_equal(np.ldexp(distances, -exponent), plain)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X, _, queries, _ = halves("synthetic")
    whole = [nearest_neighbors(X, queries, 3, metric=metric) for metric in METRICS]
    monkeypatch.setattr(search, "_BLOCK", 1)
    for metric, expected in zip(METRICS, whole, strict=True):
        found = nearest_neighbors(X, queries, 3, metric=metric)
        np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)


@pytest.mark.parametrize("name", ["synthetic", "cancer", "digits"])
def test_without_queries_rows_are_not_their_own_neighbours(name: str) -> None:
    X, _ = DATA[name]()
    distances, indices = nearest_neighbors(X, None, 4)
    assert not (indices == np.arange(len(X))[:, None]).any()
    expected, _ = NearestNeighbors(n_neighbors=4).fit(X).kneighbors()
    np.testing.assert_allclose(distances, expected, rtol=1e-12)


def test_of_many_twins_none_is_its_own_neighbour() -> None:
    distances, indices = nearest_neighbors(np.zeros((9, 2)), None, 3)
    assert (distances == 0).all()
    assert indices.tolist()[:5] == [
        [1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2],
    ]  # fmt: skip
    assert all(i not in row for i, row in enumerate(indices.tolist()))


@settings(max_examples=30)
@given(SEEDS, st.sampled_from(METRICS), st.integers(1, 40))
def test_neighbours_follow_the_rows_when_these_are_shuffled(
    seed: int, metric: Any, k: int
) -> None:
    rng = np.random.default_rng(seed)
    X, queries = rng.normal(size=(60, 4)), rng.normal(size=(10, 4))
    order = rng.permutation(60)
    one = nearest_neighbors(X, queries, k, metric=metric)
    other = nearest_neighbors(X[order], queries, k, metric=metric)
    np.testing.assert_array_equal(order[other[1]], one[1])
    assert (np.diff(one[0], axis=1) >= 0).all()


def test_small_angles_keep_their_digits() -> None:
    angles = np.array([1e-3, 1e-5, 1e-7])
    rays = np.column_stack([np.cos(angles), np.sin(angles)]) * [
        [1.0],
        [1e-200],
        [1e200],
    ]
    distances = pairwise_distances([[2.0, 0.0]], rays, metric="cosine")[0]
    np.testing.assert_allclose(distances, angles**2 / 2, rtol=1e-6)


# --- all within a radius -----------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("metric", METRICS)
def test_rows_within_a_radius_are_those_that_scipy_measures(
    name: str, metric: Any
) -> None:
    X, _, queries, _ = halves(name)
    distances = cdist(queries, X, THEIR_NAMES[metric])
    for share in (0.0, 0.001, 0.1, 1.0):
        radius = np.quantile(distances, share) * (1 + 1e-9) + 1e-14
        found = radius_neighbors(X, queries, radius, metric=metric)
        assert len(found) == len(queries)
        for row, indices in zip(distances, found, strict=True):
            np.testing.assert_array_equal(indices, np.flatnonzero(row <= radius))


def test_rows_exactly_at_the_radius_are_within_it() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(12.0)] * 2), axis=-1).reshape(-1, 2)
    for offset in (0.0, 1e9):
        for radius, metric in ((5.0, "euclidean"), (3.0, "manhattan")):
            found = radius_neighbors(
                grid + offset, grid + offset, radius, metric=metric
            )
            expected = cdist(grid, grid, THEIR_NAMES[metric]) <= radius
            assert [rows.tolist() for rows in found] == [
                np.flatnonzero(row).tolist() for row in expected
            ]


@settings(max_examples=40)
@given(SEEDS, st.floats(0.0, 3.0), st.sampled_from([0.0, 1e5]))
def test_a_distance_that_was_found_is_a_radius_that_finds(
    seed: int, factor: float, offset: float
) -> None:
    rng = np.random.default_rng(seed)
    X = offset + rng.normal(size=(80, 3))
    distances, indices = nearest_neighbors(X, X[:5], 9)
    radius = float(distances[0, -1])
    found = radius_neighbors(X, X[:1], radius)[0]
    assert found.tolist() == sorted(indices[0].tolist())
    wide = radius_neighbors(X, X[:5], factor * radius)
    for row, near in zip(cdist(X[:5], X), wide, strict=True):
        assert abs(len(near) - (row <= factor * radius).sum()) == 0


def test_a_radius_of_nothing_and_of_everything() -> None:
    X = np.array([[0.0], [0.0], [1e-100], [5.0]])
    assert [r.tolist() for r in radius_neighbors(X, X[:1], 0.0)] == [[0, 1]]
    assert [r.tolist() for r in radius_neighbors(X, X[:1], np.inf)] == [[0, 1, 2, 3]]
    assert [r.tolist() for r in radius_neighbors(1e-300 * X, X[:1], 1e300)] == [
        [0, 1, 2, 3]
    ]


# --- all distances -----------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("metric", METRICS)
def test_pairwise_distances_are_scipys_to_1e_13(name: str, metric: Any) -> None:
    X, _, Y, _ = halves(name)
    expected = cdist(X[:100], Y[:90], THEIR_NAMES[metric])
    found = pairwise_distances(X[:100], Y[:90], metric=metric)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@settings(max_examples=30)
@given(SEEDS, st.sampled_from(["euclidean", "manhattan"]))
def test_distances_are_a_metric(seed: int, metric: Any) -> None:
    X = np.random.default_rng(seed).standard_cauchy(size=(12, 3))
    D = pairwise_distances(X, metric=metric)
    np.testing.assert_array_equal(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0.0)
    detours = (D[:, :, None] + D[None, :, :]).min(axis=1)
    assert (detours >= D * (1 - 1e-12)).all()


# --- the models --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["synthetic", "cancer", "digits"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", METRICS)
def test_the_classifiers_shares_are_scikit_learns_to_1e_10(
    name: str, weights: Any, metric: Any
) -> None:
    X, y, queries, _ = halves(name)
    settings = {"n_neighbors": 6, "weights": weights, "metric": metric}
    ours = KNeighborsClassifier(**settings).fit(X, y)
    theirs = TheirClassifier(**settings).fit(X, y)
    shares = ours.predict_proba(queries)
    # Where the sixth and the seventh are equally far, either may vote.
    edge = nearest_neighbors(X, queries, 7, metric=metric)[0][:, -2:]
    clear = np.diff(edge, axis=1)[:, 0] > 1e-9
    assert clear.mean() > 0.85
    np.testing.assert_allclose(
        shares[clear], theirs.predict_proba(queries)[clear], atol=1e-10
    )
    np.testing.assert_array_equal(
        ours.predict(queries)[clear], theirs.predict(queries)[clear]
    )


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["diabetes", "cancer", "synthetic"])
def test_the_regressors_means_are_scikit_learns_to_1e_10(
    name: str, weights: Any, metric: Any
) -> None:
    X, y = load_diabetes(return_X_y=True) if name == "diabetes" else DATA[name]()
    target = X @ np.arange(X.shape[1]) + y
    settings = {"n_neighbors": 4, "weights": weights, "metric": metric}
    ours = KNeighborsRegressor(**settings).fit(X[::2], target[::2]).predict(X[1::2])
    theirs = TheirRegressor(**settings).fit(X[::2], target[::2]).predict(X[1::2])
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("kind", [KNeighborsClassifier, KNeighborsRegressor])
def test_rows_at_distance_zero_outvote_all_others(kind: Any) -> None:
    X, y = [[0.0], [0.0], [1e-9], [1.0], [1.0]], [0, 1, 5, 5, 5]
    model = kind(5, weights="distance").fit(X, y)
    if kind is KNeighborsRegressor:
        assert model.predict([[0.0]]).tolist() == [0.5]
    else:
        assert model.predict_proba([[0.0]]).tolist() == [[0.5, 0.5, 0.0]]


def test_tiny_distances_weigh_without_overflow() -> None:
    model = KNeighborsRegressor(2, weights="distance").fit([[0.0], [4e-320]], [0, 9])
    assert model.predict([[1e-320]])[0] == pytest.approx(9 / 4, rel=1e-2)


def test_one_neighbour_knows_every_row_it_was_shown() -> None:
    X, y = digits()
    assert KNeighborsClassifier(1).fit(X, y).score(X, y) == 1.0
    assert KNeighborsRegressor(1).fit(X, y).score(X, y) == 1.0


def test_as_many_neighbours_as_rows_predict_the_shares_of_the_classes() -> None:
    X, y = synthetic()
    model = KNeighborsClassifier(len(y)).fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X[:5]), np.tile(np.bincount(y) / len(y), (5, 1))
    )


@settings(max_examples=20)
@given(SEEDS, st.sampled_from(["uniform", "distance"]), st.sampled_from(METRICS))
def test_shares_are_probabilities_and_means_stay_within_the_targets(
    seed: int, weights: Any, metric: Any
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(30, 2)), rng.integers(4, size=30)
    queries = np.vstack([X, 1e3 * rng.normal(size=(30, 2))])
    settings = {"n_neighbors": 7, "weights": weights, "metric": metric}
    shares = KNeighborsClassifier(**settings).fit(X, y).predict_proba(queries)
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    means = KNeighborsRegressor(**settings).fit(X, y).predict(queries)
    assert means.min() >= y.min() - 1e-12
    assert means.max() <= y.max() + 1e-12


def test_what_was_learned_does_not_change_with_the_callers_data() -> None:
    X, y = np.array([[0.0], [1.0]]), np.array([0.0, 1.0])
    model = KNeighborsRegressor(1).fit(X, y)
    X[:], y[:] = 1 - X, 7.0
    assert model.predict([[0.1]]).tolist() == [0.0]


# --- the tree ----------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("k", [1, 9])
@pytest.mark.parametrize("leaf_size", [1, 16])
def test_the_tree_finds_what_scipys_tree_finds_to_1e_12(
    name: str, k: int, leaf_size: int
) -> None:
    X, _, queries, _ = halves(name)
    found = KDTree(X, leaf_size).query(queries[:60], k)
    expected, _ = cKDTree(X).query(queries[:60], k)
    np.testing.assert_allclose(found.distances, expected.reshape(-1, k), rtol=1e-12)
    np.testing.assert_array_equal(
        found.indices, nearest_neighbors(X, queries[:60], k)[1]
    )


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 5), st.integers(1, 12))
def test_the_tree_resolves_ties_in_the_order_of_the_rows(
    seed: int, d: int, k: int
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(3, size=(60, d)).astype(float)
    queries = rng.integers(3, size=(10, d)).astype(float)
    np.testing.assert_array_equal(
        KDTree(X, 4).query(queries, k).indices, by_the_book(X, queries, k)[1]
    )


def test_the_tree_looks_at_few_rows_in_two_columns_and_at_all_in_thirty() -> None:
    rng = np.random.default_rng(0)
    shares = []
    for d in (2, 8, 30):
        X, queries = rng.normal(size=(2000, d)), rng.normal(size=(10, d))
        shares.append(KDTree(X).query(queries).n_compared.mean() / 2000)
    assert shares[0] < 0.03
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.9


# --- the approximate index ---------------------------------------------------------


def test_the_index_recalls_as_often_as_its_angle_says() -> None:
    rng = np.random.default_rng(0)
    n_bits, n_tables, angle, n = 8, 4, 0.25, 3000
    u = rng.normal(size=(n, 16))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = rng.normal(size=u.shape)
    v -= (u * v).sum(axis=1, keepdims=True) * u
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    hits = []
    for part in range(0, n, 100):  # planes of their own: hits are then independent
        rows = slice(part, part + 100)
        index = HyperplaneIndex(u[rows], n_bits=n_bits, n_tables=n_tables, rng=rng)
        turned = np.cos(angle) * u[rows] + np.sin(angle) * v[rows]
        met = index._candidates(turned)
        hits.append(np.mean([i in rows for i, rows in enumerate(met)]))
    expected = 1 - (1 - (1 - angle / np.pi) ** n_bits) ** n_tables
    error = np.std(hits) / np.sqrt(len(hits))
    assert abs(np.mean(hits) - expected) < 4 * error
    assert error < 0.01


def test_the_index_gives_the_exact_answer_among_what_it_met() -> None:
    X, _, queries, _ = halves("digits")
    index = HyperplaneIndex(X, n_bits=1, n_tables=12, rng=np.random.default_rng(0))
    distances, indices = index.query(queries, 5)
    expected, order = nearest_neighbors(X, queries, 5, metric="cosine")
    same = (indices == order).all(axis=1)
    assert same.mean() > 0.98
    np.testing.assert_allclose(distances[same], expected[same], atol=1e-14)


def test_what_the_index_does_not_find_is_marked() -> None:
    index = HyperplaneIndex([[1.0, 0.0]], n_bits=20, rng=np.random.default_rng(0))
    distances, indices = index.query([[1.0, 0.0], [-1.0, 0.0]], 2)
    assert indices.tolist() == [[0, -1], [-1, -1]]
    assert distances.tolist() == [[0.0, np.inf], [np.inf, np.inf]]


def test_the_length_of_a_vector_is_nothing_to_the_index() -> None:
    X, _, queries, _ = halves("synthetic")
    answers = [
        HyperplaneIndex(a * X, rng=np.random.default_rng(5)).query(b * queries, 3)
        for a, b in ((1.0, 1.0), (2.0**400, 2.0**-400))
    ]
    np.testing.assert_array_equal(answers[0][1], answers[1][1])
    np.testing.assert_array_equal(answers[0][0], answers[1][0])


# --- bad input ---------------------------------------------------------------------

ROWS = [[0.0, 1.0], [1.0, 2.0], [2.0, 4.0]]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nearest_neighbors(ROWS, ROWS, 4), "k must be .* from 1 to 3.*got 4"),
        (lambda: nearest_neighbors(ROWS, None, 3), "k must be .* from 1 to 2.*got 3"),
        (lambda: nearest_neighbors(ROWS, ROWS, 0), "k must be .*got 0"),
        (lambda: nearest_neighbors(ROWS, ROWS, 1.5), "k must be .*got 1.5"),
        (lambda: nearest_neighbors(ROWS, [[1.0]], 1), "one has 2 and the other 1"),
        (lambda: nearest_neighbors(ROWS, [[1.0, np.nan]], 1), "NaN"),
        (
            lambda: nearest_neighbors(ROWS, ROWS, 1, metric="hamming"),
            "metric must be one of .*got 'hamming'",
        ),
        (
            lambda: nearest_neighbors(ROWS, [[1, 0], [0, 0]], 1, metric="cosine"),
            "no direction: row 1 is one",
        ),
        (lambda: radius_neighbors(ROWS, ROWS, -1.0), "radius must be .*got -1.0"),
        (lambda: radius_neighbors(ROWS, ROWS, np.nan), "radius must be .*got nan"),
        (lambda: pairwise_distances(np.empty((0, 2))), r"0 sample\(s\)"),
        (lambda: KDTree(ROWS, 0), "leaf_size must be .*got 0"),
        (lambda: KDTree(ROWS).query([[1.0]]), "2 columns, as the tree has"),
        (lambda: KDTree(ROWS).query(ROWS, 4), "k must be .* from 1 to 3, got 4"),
        (lambda: KDTree([[1e200]]), "between 1e-150 and 1e150 .* is 1e.200"),
        (lambda: KDTree([[1e-200]]), "change the unit"),
        (lambda: HyperplaneIndex(ROWS, n_bits=63, rng=RNG), "n_bits .*got 63"),
        (lambda: HyperplaneIndex(ROWS, n_tables=0, rng=RNG), "n_tables .*got 0"),
        (lambda: HyperplaneIndex([[0.0]], rng=RNG), "no direction"),
        (lambda: HyperplaneIndex(ROWS, rng=RNG).query([[1.0]]), "must have 2 columns"),
        (lambda: HyperplaneIndex(ROWS, rng=RNG).query(ROWS, 0), "k must be .*got 0"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("kind", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_neighbors": 0}, "n_neighbors must be a whole number from 1, got 0"),
        ({"n_neighbors": 2.5}, "n_neighbors must be .*got 2.5"),
        ({"n_neighbors": 4}, "at most the number of rows, n_samples = 3, got 4"),
        ({"weights": "heavy"}, "weights must be .*got 'heavy'"),
        ({"metric": "hamming"}, "metric must be .*got 'hamming'"),
    ],
)
def test_bad_settings_are_refused_by_fit_in_words(
    kind: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        kind(**{"n_neighbors": 1} | options).fit(ROWS, [0, 1, 1])
