"""Curves and the areas under them: against scikit-learn, pairs of rows, properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import metrics

SEEDS = st.integers(0, 2**32 - 1)


def _scores(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels of two classes, scores full of ties, and weights with zeros."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 50))
    true = rng.permutation(np.arange(n) % 2)
    weights = rng.integers(0, 3, n) + 0.25
    return true, rng.integers(-3, 4, n) / 2, weights


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("drop", [False, True])
def test_curves_are_scikit_learns_to_1e_12(
    two_classes: Any, weighted: bool, drop: bool
) -> None:
    options: dict[str, Any] = {"drop_intermediate": drop}
    options["sample_weight"] = two_classes.weights if weighted else None
    data = two_classes.true, two_classes.proba[:, 1]
    for name in ("roc_curve", "precision_recall_curve"):
        found = getattr(metrics, name)(*data, **options)
        expected = getattr(oracle, name)(*data, **options)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@given(SEEDS, st.booleans(), st.booleans())
def test_curves_of_ties_are_scikit_learns(
    seed: int, weighted: bool, drop: bool
) -> None:
    true, score, weights = _scores(seed)
    options: dict[str, Any] = {"sample_weight": weights if weighted else None}
    for name in ("roc_curve", "precision_recall_curve"):
        found = getattr(metrics, name)(true, score, drop_intermediate=drop, **options)
        expected = getattr(oracle, name)(true, score, drop_intermediate=drop, **options)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)
    for name in ("roc_auc_score", "average_precision_score"):
        found = getattr(metrics, name)(true, score, **options)
        expected = getattr(oracle, name)(true, score, **options)
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["roc_auc_score", "average_precision_score"])
def test_areas_for_two_classes_are_scikit_learns_to_1e_12(
    two_classes: Any, name: str, weighted: bool
) -> None:
    options = {"sample_weight": two_classes.weights if weighted else None}
    data = two_classes.true, two_classes.proba[:, 1]
    found = getattr(metrics, name)(*data, **options)
    assert found == pytest.approx(getattr(oracle, name)(*data, **options), rel=1e-12)


@pytest.mark.parametrize("average", ["macro", "weighted", None])
@pytest.mark.parametrize("weighted", [False, True])
def test_areas_of_each_class_are_scikit_learns_to_1e_12(
    many_classes: Any, average: Any, weighted: bool
) -> None:
    options: dict[str, Any] = {"average": average}
    options["sample_weight"] = many_classes.weights if weighted else None
    data = many_classes.true, many_classes.proba
    for name, more in (
        ("roc_auc_score", {"multi_class": "ovr"}),
        ("average_precision_score", {}),
    ):
        found = getattr(metrics, name)(*data, **options, **more)
        expected = getattr(oracle, name)(*data, **options, **more)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_area_over_pairs_of_classes_is_scikit_learns_to_1e_12(
    many_classes: Any, average: Any
) -> None:
    data = many_classes.true, many_classes.proba
    found = metrics.roc_auc_score(*data, average=average, multi_class="ovo")
    expected = oracle.roc_auc_score(*data, average=average, multi_class="ovo")
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS)
def test_the_area_is_the_share_of_pairs_in_the_right_order(seed: int) -> None:
    true, score, _ = _scores(seed)
    ones, zeros = score[true == 1], score[true == 0]
    pairs = np.sign(np.subtract.outer(ones, zeros))
    expected = (pairs.mean() + 1) / 2
    assert metrics.roc_auc_score(true, score) == pytest.approx(expected, abs=1e-14)


@given(SEEDS)
def test_the_area_knows_only_the_order_and_reverses_with_it(seed: int) -> None:
    true, score, weights = _scores(seed)
    order = np.random.default_rng(seed).permutation(len(true))
    found = metrics.roc_auc_score(true, score, sample_weight=weights)
    moved = metrics.roc_auc_score(
        true[order], np.exp(score[order]), sample_weight=weights[order]
    )
    reverse = metrics.roc_auc_score(true, -score, sample_weight=weights)
    assert moved == pytest.approx(found, abs=1e-14)
    assert found + reverse == pytest.approx(1.0, abs=1e-14)
    points = metrics.roc_curve(true, score, sample_weight=weights)
    assert metrics.auc(points.fpr, points.tpr) == pytest.approx(found, abs=1e-12)


@settings(max_examples=25)
@given(SEEDS)
def test_a_weight_is_that_many_rows(seed: int) -> None:
    true, score, _ = _scores(seed)
    counts = np.random.default_rng(seed).integers(0, 3, len(true))
    counts[:2] = 1
    counts[[true.argmax(), true.argmin()]] = 1
    for name in ("roc_auc_score", "average_precision_score"):
        measure = getattr(metrics, name)
        weighted = measure(true, score, sample_weight=counts)
        repeated = measure(true.repeat(counts), score.repeat(counts))
        assert weighted == pytest.approx(repeated, rel=1e-12)


@given(st.integers(1, 30), st.integers(1, 30))
def test_scores_that_tell_nothing_earn_a_half_and_the_base_rate(
    zeros: int, ones: int
) -> None:
    true = np.repeat([0, 1], [zeros, ones])
    same = np.full(len(true), 0.3)
    assert metrics.roc_auc_score(true, same) == 0.5
    rate = metrics.average_precision_score(true, same)
    assert rate == pytest.approx(ones / (zeros + ones), rel=1e-14)


def test_names_of_classes_choose_the_greater_or_the_one_asked_for() -> None:
    names, score = np.array(["no", "yes", "no", "yes"]), [0.1, 0.4, 0.5, 0.9]
    assert metrics.roc_auc_score(names, score) == 0.75
    found = metrics.average_precision_score(names, score, pos_label="no")
    expected = oracle.average_precision_score(names, score, pos_label="no")
    assert found == pytest.approx(expected)
    assert metrics.roc_curve(names, score, pos_label="yes").tpr[-1] == 1.0


def test_the_area_under_a_falling_line_is_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    x, y = -np.sort(rng.random(20)), rng.random(20)
    assert metrics.auc(x, y) == pytest.approx(oracle.auc(x, y), rel=1e-12)
    assert metrics.auc(x[::-1], y) == pytest.approx(oracle.auc(x[::-1], y), rel=1e-12)


THREE = np.eye(3)[[0, 1, 2, 0]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.roc_auc_score([1, 1], [0.1, 0.2]), r"y_true has 1: \[1\]"),
        (lambda: metrics.roc_auc_score([0, 1, 2], [1, 2, 3]), r"has 3: \[0, 1, 2\]"),
        (lambda: metrics.roc_auc_score([0, 1], [0.1, np.nan]), "y_score contains NaN"),
        (lambda: metrics.roc_auc_score([0, 1], ["a", "b"]), "must hold numbers"),
        (lambda: metrics.roc_auc_score([0, 1], [0.1]), r"shapes are \(1,\) and \(2,\)"),
        (lambda: metrics.roc_auc_score([], []), "at least one row"),
        (
            lambda: metrics.roc_auc_score([0, 1], [1, 2], sample_weight=[1, 0]),
            "y_true has 1",
        ),
        (
            lambda: metrics.roc_auc_score([0, 1, 2, 0], THREE),
            r"multi_class must be one of \('ovr', 'ovo'\), got 'raise'",
        ),
        (
            lambda: metrics.roc_auc_score([0, 1, 1, 0], THREE, multi_class="ovr"),
            "3 columns for 2 classes",
        ),
        (
            lambda: metrics.roc_auc_score(
                [0, 1, 1, 0], THREE, multi_class="ovr", labels=[0, 1, 2]
            ),
            "Class number 2 has no rows",
        ),
        (
            lambda: metrics.roc_auc_score(
                [0, 1, 1, 0], THREE, multi_class="ovo", labels=[0, 1, 2]
            ),
            "has no rows",
        ),
        (
            lambda: metrics.roc_auc_score(
                [0, 1, 2, 0], THREE, multi_class="ovo", sample_weight=[1, 1, 1, 1]
            ),
            "takes no sample_weight",
        ),
        (lambda: metrics.roc_curve([1, 2], [1, 2]), r"Say by pos_label .* \[1, 2\]"),
        (lambda: metrics.roc_curve([1, 2], [1, 2], pos_label=3), "pos_label is 3"),
        (
            lambda: metrics.average_precision_score([0, 1, 2, 0], THREE, average="all"),
            "'macro', 'weighted' or None, got 'all'",
        ),
        (lambda: metrics.auc([0, 1, 0.5], [0, 1, 1]), "rising or falling"),
        (lambda: metrics.auc([0], [1]), "two places or more"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
