"""Scores of groupings: against scikit-learn, the definitions, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits, load_iris, load_wine

from ml_from_scratch import metrics
from ml_from_scratch.metrics import clustering

SEEDS = st.integers(0, 2**32 - 1)
BY_DISTANCE = ["silhouette_score", "davies_bouldin_score", "calinski_harabasz_score"]


def _grouped(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, their true groups, and clusters found."""
    rng = np.random.default_rng(0)
    if name == "blobs":
        true = rng.integers(4, size=300)
        X = rng.normal(size=(300, 3)) + 6 * rng.normal(size=(4, 3))[true]
    else:
        load = {"iris": load_iris, "wine": load_wine, "digits": load_digits}[name]
        X, true = load(return_X_y=True)
        X, true = X[:600], true[:600]
    return X, true, KMeans(5, n_init=1, random_state=0).fit_predict(X)


DATA = ["blobs", "iris", "wine", "digits"]


@pytest.mark.parametrize("data", DATA)
def test_scores_against_known_groups_are_scikit_learns_to_1e_12(data: str) -> None:
    _, true, found = _grouped(data)
    assert metrics.adjusted_rand_score(true, found) == pytest.approx(
        oracle.adjusted_rand_score(true, found), rel=1e-12
    )
    for method in ("min", "geometric", "arithmetic", "max"):
        ours, theirs = (
            source.normalized_mutual_info_score(true, found, average_method=method)
            for source in (metrics, oracle)
        )
        assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", BY_DISTANCE)
def test_scores_by_distance_are_scikit_learns_to_1e_9(data: str, name: str) -> None:
    X, _, found = _grouped(data)  # theirs loses digits: it expands (a - b)^2
    ours, theirs = (getattr(source, name)(X, found) for source in (metrics, oracle))
    assert ours == pytest.approx(theirs, rel=1e-9)


@given(SEEDS)
@settings(max_examples=30)
def test_silhouettes_are_their_definition_to_1e_12(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 14))
    X = rng.integers(0, 4, size=(n, 2)).astype(float)  # duplicates are the rule
    labels = rng.permutation(np.arange(n) % 3)
    apart = np.linalg.norm(X[:, None] - X, axis=2)
    for i, found in enumerate(metrics.silhouette_samples(X, labels)):
        own = (labels == labels[i]) & (np.arange(n) != i)
        if not own.any():
            assert found == 0.0
            continue
        a = apart[i, own].mean()
        b = min(apart[i, labels == c].mean() for c in set(labels) - {labels[i]})
        expected = 0.0 if a == b == 0 else (b - a) / max(a, b)
        assert found == pytest.approx(expected, abs=1e-12)


def test_silhouettes_do_not_depend_on_the_size_of_the_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, _, labels = _grouped("iris")
    whole = metrics.silhouette_samples(X, labels)
    monkeypatch.setattr(clustering, "_BLOCK", 7 * len(X))
    np.testing.assert_allclose(metrics.silhouette_samples(X, labels), whole, rtol=1e-12)


@given(SEEDS)
def test_groupings_are_compared_without_their_names(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    one, two = rng.integers(4, size=(2, n))
    names, order = np.array(list("zyxw")), rng.permutation(n)
    for score in (metrics.adjusted_rand_score, metrics.normalized_mutual_info_score):
        found = score(one, two)
        assert score(two, one) == pytest.approx(found, abs=1e-12)
        assert score(names[one][order], two[order]) == pytest.approx(found, abs=1e-12)
        assert score(one, one) == pytest.approx(1.0)
    theirs = oracle.adjusted_rand_score(one, two)
    assert metrics.adjusted_rand_score(one, two) == pytest.approx(theirs, abs=1e-12)
    theirs = oracle.normalized_mutual_info_score(one, two)
    ours = metrics.normalized_mutual_info_score(one, two)
    assert ours == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=20)
@given(SEEDS, st.floats(0.001, 1000.0), st.floats(-100, 100))
def test_scores_by_distance_know_neither_scale_nor_place(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(20, 3)), np.arange(20) % 3
    for name in BY_DISTANCE:
        score = getattr(metrics, name)
        moved = score(scale * (X + shift), labels)
        assert moved == pytest.approx(score(X, labels), rel=1e-6)


def test_clusters_that_coincide_or_have_no_spread_are_answered() -> None:
    labels = [0, 0, 1, 1]
    assert metrics.davies_bouldin_score([[0.0], [2.0], [0.0], [2.0]], labels) == np.inf
    assert metrics.davies_bouldin_score(np.ones((4, 1)), labels) == 0.0
    assert metrics.calinski_harabasz_score([[0.0], [0.0], [2.0], [2.0]], labels) == 1.0
    assert metrics.silhouette_score(np.ones((4, 2)), labels) == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.silhouette_score([[1.0], [2.0]], [0, 0]), "there are 1"),
        (lambda: metrics.silhouette_score([[1.0], [2.0]], [0, 1]), "expected 2 to 1"),
        (
            lambda: metrics.silhouette_score([[1.0], [2.0]], [0]),
            "2 rows, but.* 1 label",
        ),
        (lambda: metrics.silhouette_score([1.0, 2.0], [0, 1]), "2d array"),
        (lambda: metrics.silhouette_score([[np.nan], [2.0]], [0, 1]), "X contains NaN"),
        (lambda: metrics.adjusted_rand_score([0, 1], [0]), r"\(1,\) and \(2,\)"),
        (lambda: metrics.adjusted_rand_score([], []), "at least one row"),
        (lambda: metrics.adjusted_rand_score([0.0, np.nan], [0, 1]), "contains NaN"),
        (
            lambda: metrics.normalized_mutual_info_score([0], [0], average_method="x"),
            "average_method must be one of",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
