"""Hierarchical clustering: against SciPy's tree, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster import hierarchy as scipy_hierarchy
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering as Oracle
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from ml_from_scratch.cluster import AgglomerativeClustering, cut_tree, linkage

SEEDS = st.integers(0, 2**32 - 1)
METHODS = ("ward", "complete", "average", "single")


def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 10 * np.eye(4)[np.arange(300) % 4] + rng.normal(size=(300, 4))


UNTIED: dict[str, Any] = {
    "blobs": blobs,
    "wine, columns of very different size": lambda: load_wine().data,
    "cancer": lambda: load_breast_cancer().data[:400],
}
TIED: dict[str, Any] = {
    "iris, with twins": lambda: load_iris().data,
    "digits, whole numbers": lambda: load_digits().data[:400],
}


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


@pytest.mark.parametrize("name", UNTIED)
@pytest.mark.parametrize("method", METHODS)
def test_the_tree_is_scipys_with_distances_to_1e_12(name: str, method: Any) -> None:
    X = UNTIED[name]()
    ours, theirs = linkage(X, method), scipy_hierarchy.linkage(X, method)
    np.testing.assert_array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-12)


@pytest.mark.parametrize("name", TIED)
def test_where_distances_tie_single_linkage_still_has_scipys_distances(
    name: str,
) -> None:
    X = TIED[name]()
    ours, theirs = linkage(X, "single"), scipy_hierarchy.linkage(X, "single")
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-12)


@pytest.mark.parametrize("name", [*UNTIED, "digits, whole numbers"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 6])
def test_the_clusters_are_scikit_learns(name: str, method: Any, k: int) -> None:
    X = {**UNTIED, **TIED}[name]()
    ours = AgglomerativeClustering(k, linkage=method).fit(X)
    theirs = Oracle(k, linkage=method, compute_distances=True).fit(X)
    assert same_partition(ours.labels_, theirs.labels_)
    assert ours.n_clusters_ == k
    assert ours.n_leaves_ == theirs.n_leaves_
    if name in UNTIED:
        np.testing.assert_array_equal(
            np.sort(ours.children_), np.sort(theirs.children_)
        )
    np.testing.assert_allclose(ours.distances_, theirs.distances_, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_threshold_cuts_where_scikit_learn_cuts(method: Any) -> None:
    X = load_wine().data
    tree = linkage(X, method)
    for threshold in (tree[-3, 2], np.mean(tree[-6:-4, 2]), 0.0, 1e9):
        ours = AgglomerativeClustering(
            None, linkage=method, distance_threshold=threshold
        ).fit(X)
        theirs = Oracle(None, linkage=method, distance_threshold=threshold).fit(X)
        assert ours.n_clusters_ == theirs.n_clusters_
        assert same_partition(ours.labels_, theirs.labels_)


def test_cutting_gives_scipys_clusters_numbered_by_their_first_rows() -> None:
    tree = linkage(load_wine().data)
    for k in (1, 2, 7, 50, 178):
        ours = cut_tree(tree, k)
        assert same_partition(ours, scipy_hierarchy.cut_tree(tree, k).ravel())
        _, first = np.unique(ours, return_index=True)
        assert (np.diff(first) > 0).all()


def test_known_clusters_are_found_by_every_method() -> None:
    for method in METHODS:
        labels = cut_tree(linkage(blobs(), method), 4)
        assert same_partition(labels, np.arange(300) % 4)


@st.composite
def tables(draw: Any) -> np.ndarray:
    rng = np.random.default_rng(draw(SEEDS))
    X = rng.normal(size=(draw(st.integers(2, 40)), draw(st.integers(1, 3))))
    return X if draw(st.booleans()) else np.round(X)


@settings(max_examples=40)
@given(tables(), st.sampled_from(METHODS))
def test_a_tree_joins_everything_once_in_rising_order(
    X: np.ndarray, method: Any
) -> None:
    tree = linkage(X, method)
    n = len(X)
    assert sorted(tree[:, :2].ravel()) == list(range(2 * n - 2))
    assert (tree[:, 0] < tree[:, 1]).all()
    assert (tree[:, :2].max(axis=1) < n + np.arange(n - 1)).all()
    assert (np.diff(tree[:, 2]) >= 0).all()
    assert tree[-1, 3] == n
    assert scipy_hierarchy.is_valid_linkage(tree)


@settings(max_examples=40)
@given(tables())
def test_wards_joins_add_up_to_the_total_sum_of_squares(X: np.ndarray) -> None:
    total = ((X - X.mean(axis=0)) ** 2).sum()
    assert (linkage(X)[:, 2] ** 2).sum() / 2 == pytest.approx(total, abs=1e-9)


@settings(max_examples=40)
@given(tables())
def test_single_linkage_walks_the_minimum_spanning_tree(X: np.ndarray) -> None:
    X = np.unique(X, axis=0)  # a distance of zero is no edge to SciPy
    if len(X) < 2:
        return
    expected = minimum_spanning_tree(cdist(X, X)).data
    np.testing.assert_allclose(linkage(X, "single")[:, 2], np.sort(expected))


@settings(max_examples=40)
@given(tables(), st.sampled_from(["complete", "average", "single", "ward"]))
def test_a_join_is_as_far_as_its_two_clusters_are_apart(
    X: np.ndarray, method: str
) -> None:
    members = [np.array([i]) for i in range(len(X))]
    D = cdist(X, X)
    of = {"complete": np.max, "average": np.mean, "single": np.min}
    for a, b, height, size in linkage(X, method):  # type: ignore[arg-type]
        left, right = members[int(a)], members[int(b)]
        if method == "ward":
            gap = np.linalg.norm(X[left].mean(axis=0) - X[right].mean(axis=0))
            share = len(left) * len(right) / (len(left) + len(right))
            expected = gap * np.sqrt(2 * share)
        else:
            expected = of[method](D[np.ix_(left, right)])
        assert height == pytest.approx(expected, rel=1e-9, abs=1e-7)
        members.append(np.concatenate([left, right]))
        assert size == len(members[-1])


@settings(max_examples=20)
@given(SEEDS, st.sampled_from(METHODS))
def test_order_turning_and_shifting_keep_the_distances(seed: int, method: Any) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    moved = (X @ turn + 5)[rng.permutation(40)]
    np.testing.assert_allclose(
        linkage(moved, method)[:, 2], linkage(X, method)[:, 2], rtol=1e-10
    )


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**600])
@pytest.mark.parametrize("method", METHODS)
def test_huge_and_tiny_values_change_nothing_but_the_unit(
    unit: float, method: Any
) -> None:
    X = load_wine().data
    plain, scaled = linkage(X, method), linkage(X * unit, method)
    np.testing.assert_array_equal(scaled[:, 2] / unit, plain[:, 2])
    np.testing.assert_array_equal(scaled[:, [0, 1, 3]], plain[:, [0, 1, 3]])


def test_equal_rows_are_joined_at_no_distance() -> None:
    for method in METHODS:
        tree = linkage(np.ones((6, 2)), method)  # type: ignore[arg-type]
        assert (tree[:, 2] == 0).all()
        assert tree[-1, 3] == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"linkage": "median"}, r"linkage must be one of .*'ward'.*got 'median'"),
        ({"n_clusters": 0}, "n_clusters must be"),
        ({"n_clusters": None}, "exactly where distance_threshold is given"),
        ({"distance_threshold": 1.0}, "None exactly where distance_threshold"),
        ({"n_clusters": None, "distance_threshold": -1.0}, "a number from 0, got -1.0"),
        ({"n_clusters": 4}, "from 1 to the number of rows, 3, got 4"),
        ({"n_clusters": "2"}, "n_clusters must be"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AgglomerativeClustering(**options).fit([[0.0], [1.0], [2.0]])


def test_bad_data_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="1 sample"):
        AgglomerativeClustering().fit([[1.0]])
    with pytest.raises(ValueError, match="1 sample"):
        linkage([[1.0]])
    with pytest.raises(ValueError, match="NaN"):
        linkage([[1.0], [np.nan]])
    with pytest.raises(ValueError, match="method must be one of"):
        linkage([[1.0], [2.0]], "median")  # type: ignore[arg-type]
