"""Scores of lists: against scikit-learn, against all orders of ties, properties."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier

from ml_from_scratch import metrics

SEEDS = st.integers(0, 2**32 - 1)
AT_K = ["precision_at_k", "recall_at_k", "hit_rate_at_k"]
ALL = [*AT_K, "mean_reciprocal_rank", "mean_average_precision", "dcg_score"]


def _lists(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the worth of items for each query, and scores for them."""
    rng = np.random.default_rng(0)
    if name == "synthetic":
        worth = rng.integers(0, 5, size=(80, 30))
        return worth, worth + rng.normal(scale=2, size=worth.shape)
    X, y = (load_digits if name == "digits" else load_wine)(return_X_y=True)
    order = rng.permutation(len(X))
    known, new = order[::2], order[1::2]
    votes = KNeighborsClassifier(5).fit(X[known], y[known]).predict_proba(X[new])
    return np.eye(len(np.unique(y)))[y[new]], votes  # one right item, many ties


@pytest.mark.parametrize("data", ["synthetic", "digits", "wine"])
@pytest.mark.parametrize("k", [None, 1, 2, 3])
@pytest.mark.parametrize("name", ["dcg_score", "ndcg_score"])
def test_graded_scores_are_scikit_learns_to_1e_12(data: str, k: Any, name: str) -> None:
    worth, score = _lists(data)
    weights = np.random.default_rng(1).random(len(worth))
    for sample_weight in (None, weights):
        found = getattr(metrics, name)(worth, score, k=k, sample_weight=sample_weight)
        expected = getattr(oracle, name)(worth, score, k=k, sample_weight=sample_weight)
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("data", ["synthetic", "digits", "wine"])
def test_mean_average_precision_is_scikit_learns_without_ties(data: str) -> None:
    worth, score = _lists(data)
    relevant = (worth > 0).astype(int)
    relevant[:, 0] = 1
    score = score + np.random.default_rng(2).random(score.shape) * 1e-6
    found = metrics.mean_average_precision(relevant, score)
    expected = oracle.label_ranking_average_precision_score(relevant, score)
    assert found == pytest.approx(expected, rel=1e-12)


def _plain(name: str, listed: tuple[int, ...], k: int) -> float:
    """Score one list in a given order, straight from the definition."""
    total = sum(listed)
    top = listed[:k]
    if name == "precision_at_k":
        return sum(top) / k
    if name == "recall_at_k":
        return sum(top) / total
    if name == "hit_rate_at_k":
        return float(any(top))
    if name == "mean_reciprocal_rank":
        return 1 / (top.index(1) + 1) if 1 in top else 0.0
    if name == "dcg_score":
        return sum(worth / np.log2(i + 2) for i, worth in enumerate(top))
    precisions = [sum(top[: i + 1]) / (i + 1) for i in range(len(top)) if top[i]]
    return sum(precisions) / min(total, k)


def _over_all_orders(name: str, true: np.ndarray, score: np.ndarray, k: int) -> float:
    orders = [
        order
        for order in permutations(range(len(true)))
        if (np.diff(score[list(order)]) <= 0).all()
    ]
    return float(np.mean([_plain(name, tuple(true[list(o)]), k) for o in orders]))


@settings(max_examples=40)
@given(SEEDS, st.sampled_from(ALL))
def test_ties_count_as_the_mean_over_all_their_orders(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    m = int(rng.integers(2, 7))
    true, score = rng.integers(2, size=m), rng.integers(0, 3, m)
    true[0] = 1
    k = int(rng.integers(1, m + 1))
    found = getattr(metrics, name)([true], [score], k=k)
    assert found == pytest.approx(_over_all_orders(name, true, score, k), abs=1e-12)


@settings(max_examples=30)
@given(SEEDS, st.sampled_from([*ALL, "ndcg_score"]))
def test_the_order_of_items_and_a_rising_map_change_nothing(
    seed: int, name: str
) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(2, size=(5, 8))
    true[:, 3] = 1
    score = rng.integers(0, 4, size=(5, 8)).astype(float)
    order = rng.permutation(8)
    measure = getattr(metrics, name)
    found = measure(true, score, k=3)
    assert measure(true[:, order], np.exp(score[:, order]), k=3) == pytest.approx(found)
    perfect = measure(true, true, k=1)
    assert perfect == pytest.approx(1.0) or name == "recall_at_k"
    assert found <= measure(true, true, k=3) + 1e-12


def test_queries_are_averaged_by_their_weights() -> None:
    true, score = [[1, 0], [0, 1]], [[2.0, 1.0], [2.0, 1.0]]
    for name in [*ALL, "ndcg_score"]:
        measure = getattr(metrics, name)
        first, second = (
            measure(true[:1], score[:1], k=1),
            measure(true[1:], score[1:], k=1),
        )
        both = measure(true, score, k=1, sample_weight=[3, 1])
        assert both == pytest.approx(0.75 * first + 0.25 * second)


def test_a_query_without_worth_earns_nothing_as_in_scikit_learn() -> None:
    worth, score = [[0, 0], [1, 0]], [[2.0, 1.0], [2.0, 1.0]]
    assert metrics.ndcg_score(worth, score) == oracle.ndcg_score(worth, score) == 0.5
    assert metrics.hit_rate_at_k(worth, score, k=1) == 0.5
    assert metrics.mean_reciprocal_rank(worth, score) == 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.ndcg_score([[1, -1]], [[1, 2]]), "worth 0 or more.*-1"),
        (lambda: metrics.ndcg_score([[1, 0]], [[1, 2, 3]]), r"\(1, 2\).*\(1, 3\)"),
        (lambda: metrics.ndcg_score([1, 0], [1, 2]), "2d array"),
        (lambda: metrics.ndcg_score([[1, 0]], [[1, np.nan]]), "y_score contains NaN"),
        (lambda: metrics.dcg_score([[1, 0]], [[1, 2]], k=0), "k must be a whole"),
        (
            lambda: metrics.dcg_score([[1, 0]], [[1, 2]], k=1.5),
            "number from 1, got 1.5",
        ),
        (
            lambda: metrics.recall_at_k([[1, 3]], [[1, 2]], k=1),
            r"relevant \(1\) or not",
        ),
        (lambda: metrics.recall_at_k([[1, 0]], [[1, 2]], k=3), "only 2 items"),
        (lambda: metrics.recall_at_k([[0, 0]], [[1, 2]], k=1), "Query 0 .*no relevant"),
        (lambda: metrics.mean_average_precision([[0, 0]], [[1, 2]]), "0 / 0"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
