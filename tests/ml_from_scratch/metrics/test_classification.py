"""Scores of labels and probabilities: against scikit-learn, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import metrics

SEEDS = st.integers(0, 2**32 - 1)


def _labels(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 60), rng.integers(2, 6)
    true, predicted = rng.integers(k, size=(2, n))
    return true, predicted, rng.uniform(0.1, 3.0, n)


def _forecasts(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, a probability table with exact zeros, and weights."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 60)), int(rng.integers(2, 6))
    table = rng.dirichlet(np.full(k, 0.3), size=n)
    table[rng.random((n, k)) < 0.1] = 0.0
    table[table.sum(axis=1) == 0, 0] = 1.0
    table /= table.sum(axis=1, keepdims=True)
    return rng.integers(k, size=n), table, rng.uniform(0.1, 3.0, n)


@given(SEEDS)
def test_accuracy_is_scikit_learns(seed: int) -> None:
    true, predicted, weights = _labels(seed)
    found = metrics.accuracy_score(true, predicted, sample_weight=weights)
    expected = oracle.accuracy_score(true, predicted, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS)
def test_the_confusion_matrix_is_scikit_learns(seed: int) -> None:
    true, predicted, _ = _labels(seed)
    found = metrics.confusion_matrix(true, predicted)
    np.testing.assert_array_equal(found, oracle.confusion_matrix(true, predicted))


@given(SEEDS)
def test_the_confusion_matrix_counts_every_row_once(seed: int) -> None:
    true, predicted, _ = _labels(seed)
    found = metrics.confusion_matrix(true, predicted, labels=range(6))
    assert found.sum() == len(true)
    assert found.sum(axis=1).tolist() == np.bincount(true, minlength=6).tolist()
    share = np.trace(found) / len(true)
    assert share == pytest.approx(metrics.accuracy_score(true, predicted))


def test_the_confusion_matrix_takes_labels_in_the_order_asked_for() -> None:
    true, predicted = ["late", "ok", "late"], ["late", "late", "ok"]
    found = metrics.confusion_matrix(true, predicted, labels=["ok", "late"])
    assert found.tolist() == [[0, 1], [1, 1]]


@given(SEEDS)
def test_log_loss_is_scikit_learns(seed: int) -> None:
    true, table, weights = _forecasts(seed)
    labels = range(table.shape[1])
    found = metrics.log_loss(true, table, labels=labels, sample_weight=weights)
    expected = oracle.log_loss(true, table, labels=labels, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_log_loss_of_a_vector_is_that_of_both_classes() -> None:
    true, late = [0, 1, 1], np.array([0.2, 0.7, 1.0])
    both = metrics.log_loss(true, np.column_stack([1 - late, late]))
    assert metrics.log_loss(true, late) == both


def test_log_loss_of_an_impossible_event_is_finite() -> None:
    assert metrics.log_loss([0, 1], [0.0, 0.0]) == pytest.approx(36.04 / 2, abs=1e-2)


@given(st.integers(2, 8))
def test_log_loss_of_saying_nothing_is_log_k(k: int) -> None:
    table = np.full((k, k), 1 / k)
    assert metrics.log_loss(np.arange(k), table) == pytest.approx(np.log(k))


@given(SEEDS)
def test_the_brier_score_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 60)
    happened, forecast = rng.integers(2, size=n), rng.random(n)
    weights = rng.uniform(0.1, 3.0, n)
    found = metrics.brier_score_loss(happened, forecast, sample_weight=weights)
    expected = oracle.brier_score_loss(happened, forecast, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_brier_score_is_best_at_the_base_rate(zeros: int, ones: int) -> None:
    happened = np.repeat([False, True], [zeros, ones])
    rate = ones / (zeros + ones)

    def score(p: float) -> float:
        return metrics.brier_score_loss(happened, np.full(len(happened), p))

    assert score(rate) == pytest.approx(rate * (1 - rate))
    assert all(score(p) >= score(rate) - 1e-12 for p in np.linspace(0, 1, 11))


AVERAGES = ["macro", "micro", "weighted", None]


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 2.0, np.inf])
def test_precision_recall_and_f_are_scikit_learns_to_1e_12(
    forecast: Any, average: Any, weighted: bool, beta: float
) -> None:
    options = {"average": average, "beta": beta, "zero_division": 0.0}
    options["sample_weight"] = forecast.weights if weighted else None
    both = forecast.true, forecast.predicted
    found = metrics.precision_recall_fscore_support(*both, **options)
    expected = oracle.precision_recall_fscore_support(*both, **options)
    for ours, theirs in zip(found, expected, strict=True):
        _close(ours, theirs)


def _close(ours: Any, theirs: Any) -> None:
    assert (ours is None) == (theirs is None)
    if ours is not None:
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("zero_division", [0.0, 1.0, np.nan])
@pytest.mark.parametrize("average", AVERAGES)
@given(seed=SEEDS)
@settings(max_examples=25)
def test_what_0_over_0_is_goes_as_in_scikit_learn(
    zero_division: float, average: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 6)
    both = rng.integers(4, size=(2, n))  # of few rows many classes lack some
    options = {"average": average, "zero_division": zero_division, "labels": [3, 1, 5]}
    found = metrics.precision_recall_fscore_support(*both, **options)
    expected = oracle.precision_recall_fscore_support(*both, **options)
    for ours, theirs in zip(found, expected, strict=True):
        _close(ours, theirs)


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "fbeta"])
@pytest.mark.parametrize("pos_label", ["ill", "well"])
def test_the_scores_of_one_class_are_scikit_learns(
    two_classes: Any, name: str, pos_label: str
) -> None:
    names = np.array(["ill", "well"])
    both = names[two_classes.true], names[two_classes.predicted].astype(object)
    options: dict[str, Any] = {"pos_label": pos_label}
    if name == "fbeta":
        options["beta"] = 3.0
    found = getattr(metrics, f"{name}_score")(*both, **options)
    assert found == pytest.approx(
        getattr(oracle, f"{name}_score")(*both, **options), rel=1e-12
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["balanced_accuracy_score", "matthews_corrcoef"])
def test_scores_of_the_whole_table_are_scikit_learns_to_1e_12(
    forecast: Any, name: str, weighted: bool
) -> None:
    weights = forecast.weights if weighted else None
    both = forecast.true, forecast.predicted
    found = getattr(metrics, name)(*both, sample_weight=weights)
    expected = getattr(oracle, name)(*both, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


def test_adjusted_balanced_accuracy_is_scikit_learns(forecast: Any) -> None:
    both = forecast.true, forecast.predicted
    found = metrics.balanced_accuracy_score(*both, adjusted=True)
    expected = oracle.balanced_accuracy_score(*both, adjusted=True)
    assert found == pytest.approx(expected, rel=1e-12)
    same = metrics.balanced_accuracy_score(forecast.true, np.zeros(len(forecast.true)))
    assert same == pytest.approx(1 / len(np.unique(forecast.true)))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@pytest.mark.parametrize("weighted", [False, True])
def test_kappa_is_scikit_learns_to_1e_12(
    forecast: Any, weights: Any, weighted: bool
) -> None:
    options: dict[str, Any] = {"weights": weights}
    options["sample_weight"] = forecast.weights if weighted else None
    both = forecast.true, forecast.predicted
    found = metrics.cohen_kappa_score(*both, **options)
    assert found == pytest.approx(
        oracle.cohen_kappa_score(*both, **options), rel=1e-11, abs=1e-12
    )


@given(SEEDS)
def test_scores_of_labels_do_not_know_the_order_of_rows_nor_names(seed: int) -> None:
    true, predicted, weights = _labels(seed)
    order = np.random.default_rng(seed).permutation(len(true))
    names = np.array(list("fdbaec"))
    for score in (metrics.matthews_corrcoef, metrics.balanced_accuracy_score):
        found = score(true, predicted, sample_weight=weights)
        again = score(
            names[true][order], names[predicted][order], sample_weight=weights[order]
        )
        assert again == pytest.approx(found, abs=1e-12)


@given(SEEDS)
def test_the_correlation_of_labels_is_pearsons_for_two_classes(seed: int) -> None:
    true, predicted = np.random.default_rng(seed).integers(2, size=(2, 30))
    if min(np.ptp(true), np.ptp(predicted)) > 0:
        pearson = np.corrcoef(true, predicted)[0, 1]
        found = metrics.matthews_corrcoef(true, predicted)
        assert found == pytest.approx(pearson, abs=1e-12)


def test_a_class_that_is_only_predicted_has_no_recall_to_average() -> None:
    assert metrics.balanced_accuracy_score([0, 0, 1], [0, 2, 1]) == 0.75


def test_labels_that_never_change_correlate_with_nothing() -> None:
    assert metrics.matthews_corrcoef([1, 1, 1], [0, 1, 0]) == 0.0
    assert metrics.matthews_corrcoef([0, 1, 0], [1, 1, 1]) == 0.0
    assert np.isnan(metrics.cohen_kappa_score(["a", "a"], ["a", "a"]))


def test_the_weighted_confusion_matrix_is_scikit_learns(forecast: Any) -> None:
    both = forecast.true, forecast.predicted
    found = metrics.confusion_matrix(*both, sample_weight=forecast.weights)
    expected = oracle.confusion_matrix(*both, sample_weight=forecast.weights)
    np.testing.assert_array_equal(found, expected)


@given(SEEDS)
def test_weight_two_is_the_row_twice(seed: int) -> None:
    true, table, _ = _forecasts(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(true))
    twice = {"y_true": true.repeat(counts), "y_proba": table.repeat(counts, axis=0)}
    labels = range(table.shape[1])
    weighted = metrics.log_loss(true, table, labels=labels, sample_weight=counts)
    assert weighted == pytest.approx(metrics.log_loss(**twice, labels=labels))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.accuracy_score([0, 1], [0]), r"shapes are \(1,\) and \(2,\)"),
        (lambda: metrics.accuracy_score([], []), "at least one row"),
        (lambda: metrics.accuracy_score([[0], [1]], [0, 1]), r"\(2, 1\)"),
        (lambda: metrics.accuracy_score([0, np.nan], [0, 1]), "y_true contains NaN"),
        (lambda: metrics.accuracy_score([0, 1], ["0", "1"]), "labels of their kind"),
        (lambda: metrics.f1_score([0, "a"], [None, "a"]), "labels of their kind|mixes"),
        (lambda: metrics.f1_score(["a", None], ["a", "b"]), r"mixes \['NoneType'"),
        (lambda: metrics.f1_score(["a", "b"], ["a", "b"]), "pos_label is 1, which"),
        (lambda: metrics.f1_score([0, 2], [0, 2]), r"not among \[0, 2\]"),
        (lambda: metrics.f1_score([0, 1], [1, 2]), r"but there are 3: \[0, 1, 2\]"),
        (lambda: metrics.f1_score([0], [1], labels=[0]), "labels cannot be chosen"),
        (lambda: metrics.f1_score([0], [1], average="all"), "average must be one of"),
        (lambda: metrics.fbeta_score([0], [1], beta=-1), "beta must be a number from"),
        (lambda: metrics.f1_score([0], [1], zero_division=2), "0, 1 or nan, got 2"),
        (
            lambda: metrics.balanced_accuracy_score([0, 0], [0, 0], adjusted=True),
            "adjusted needs two",
        ),
        (lambda: metrics.cohen_kappa_score([0], [1], weights="x"), "weights must be"),
        (lambda: metrics.log_loss([0, 1], [0.1, 1.5]), r"0.1 to 1.5: were logits"),
        (lambda: metrics.log_loss([0, 1], [-0.1, 1.0]), "between 0 and 1"),
        (lambda: metrics.log_loss([0, 1], [np.nan, 1.0]), "y_proba contains NaN"),
        (lambda: metrics.log_loss([0, 1], [[0.5, 0.4], [0, 1]]), "row 0 sum to 0.9"),
        (lambda: metrics.log_loss([0, 0], [0.1, 0.2]), "2 columns.*1 classes"),
        (lambda: metrics.log_loss([0, 2], [0.1, 0.2], labels=[0, 1]), "label 2|.2."),
        (lambda: metrics.brier_score_loss([1, 2], [0.1, 0.2]), "must be 0 or 1"),
        (lambda: metrics.brier_score_loss([0, 1], [0.1, 7.0]), "run from 0.1 to 7.0"),
        (
            lambda: metrics.confusion_matrix(["a"], ["c"], labels=["a", "b"]),
            r"the label .*c.*, which is not among the classes \['a', 'b'\]",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
