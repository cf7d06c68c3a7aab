"""Reliability: against scikit-learn, against simulation, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sklearn.calibration as oracle
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from ml_from_scratch.calibration import (
    calibration_curve,
    calibration_error_floor,
    expected_calibration_error,
)

SEEDS = st.integers(0, 2**32 - 1)


@cache
def forecasts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return outcomes and forecasts: true ones, too sure ones, and votes (ties)."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 2, size=3000)
    X, y = load_breast_cancer(return_X_y=True)
    sure = GaussianNB().fit(X[::2], y[::2]).predict_proba(X[1::2])[:, 1]
    digits, digit = load_digits(return_X_y=True)
    is_eight = (digit == 8).astype(int)
    model = KNeighborsClassifier(10).fit(digits[::2], is_eight[::2])
    votes = model.predict_proba(digits[1::2])[:, 1]
    return {
        "true": ((rng.random(3000) < p).astype(int), p),
        "sure": (y[1::2], sure),
        "votes": (is_eight[1::2], votes),
    }


@pytest.mark.parametrize("name", ["true", "sure", "votes"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("n_bins", [1, 5, 15])
def test_the_curve_is_scikit_learns_to_1e_12(
    name: str, strategy: Any, n_bins: int
) -> None:
    y, p = forecasts()[name]
    found = calibration_curve(y, p, n_bins=n_bins, strategy=strategy)
    expected = oracle.calibration_curve(y, p, n_bins=n_bins, strategy=strategy)
    np.testing.assert_allclose(found.prob_true, expected[0], rtol=1e-12)
    np.testing.assert_allclose(found.prob_pred, expected[1], rtol=1e-12)
    assert found.counts.sum() == len(y)


@pytest.mark.parametrize("name", ["true", "sure", "votes"])
def test_the_error_is_its_definition_row_by_row(name: str) -> None:
    y, p = forecasts()[name]
    expected = 0.0
    for b in range(10):
        inside = (p > b / 10) & (p <= (b + 1) / 10) | ((b == 0) & (p == 0))
        if inside.any():
            expected += inside.mean() * abs(y[inside].mean() - p[inside].mean())
    assert expected_calibration_error(y, p) == pytest.approx(expected, abs=1e-12)


def test_the_floor_is_what_true_forecasts_show_on_average() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, size=1000)
    for strategy in ("uniform", "quantile"):
        options: Any = {"n_bins": 20, "strategy": strategy}
        errors = [
            expected_calibration_error(rng.random(1000) < p, p, **options)
            for _ in range(300)
        ]
        floor = calibration_error_floor(p, **options)
        assert floor == pytest.approx(np.mean(errors), rel=0.03)


def test_more_bins_raise_the_floor_and_one_bin_hides_everything() -> None:
    y, p = forecasts()["true"]
    floors = [calibration_error_floor(p, n_bins=n) for n in (1, 5, 25, 125)]
    assert np.all(np.diff(floors) > 0)
    base = np.full(len(y), y.mean())
    assert expected_calibration_error(y, base, n_bins=1) == pytest.approx(0, abs=1e-12)
    reverse = np.where(y == 1, 0.0, y.mean() / (1 - y.mean()))  # wrong for each row
    assert expected_calibration_error(y, reverse, n_bins=1) == pytest.approx(0)
    assert expected_calibration_error(y, reverse, n_bins=10) > 0.2


@given(SEEDS)
def test_the_error_lies_between_0_and_1_and_knows_no_order_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    y, p = rng.integers(2, size=n), rng.integers(0, 11, n) / 10
    order = rng.permutation(n)
    found = expected_calibration_error(y, p, pos_label=1)
    assert 0 <= found <= 1
    again = expected_calibration_error(y[order], p[order], pos_label=1)
    assert again == pytest.approx(found, abs=1e-12)
    assert expected_calibration_error(y, y.astype(float), pos_label=1) == 0.0


def test_names_of_classes_choose_the_event() -> None:
    y, p = np.array(["ok", "late", "ok"]), [0.9, 0.1, 0.8]
    greater = calibration_curve(y, p, n_bins=2)
    assert greater.prob_true.tolist() == [0.0, 1.0]
    other = calibration_curve(y, p, n_bins=2, pos_label="late")
    assert other.prob_true.tolist() == [1.0, 0.0]
    assert calibration_curve([0, 0], [0.1, 0.2]).prob_true.tolist() == [0.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: calibration_curve([0, 1], [0.1, 1.2]), "runs from 0.1 to 1.2"),
        (lambda: calibration_curve([0, 1, 2], [0.1, 0.2, 0.3]), "y_true has 3"),
        (lambda: calibration_curve([0, 1], [0.1]), r"\(1,\) and \(2,\)"),
        (lambda: calibration_curve([], []), "at least one row"),
        (lambda: calibration_curve([0, 1], [0.1, np.nan]), "contains NaN"),
        (lambda: calibration_curve([0, 1], [0, 1], n_bins=0), "from 1, got 0"),
        (lambda: calibration_curve([0, 1], [0, 1], strategy="x"), "got 'x'"),
        (lambda: calibration_curve([0, 1], [0, 1], pos_label=7), "pos_label is 7"),
        (lambda: calibration_error_floor([0.1, 2.0]), "between 0 and 1"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
