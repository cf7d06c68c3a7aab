"""Maps to probabilities: against scikit-learn, SciPy and exact optima, properties."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sklearn.calibration as sklearn_calibration
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.isotonic import IsotonicRegression as TheirIsotonic
from sklearn.linear_model import LogisticRegression

from ml_from_scratch.calibration import (
    IsotonicRegression,
    PlattScaling,
    TemperatureScaling,
)
from ml_from_scratch.metrics import log_loss

SEEDS = st.integers(0, 2**32 - 1)


@cache
def scored(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, outcomes and weights; "separated" scores make no mistake."""
    rng = np.random.default_rng(0)
    if name == "synthetic":
        z = rng.normal(size=2000)
        return (
            50 + 10 * z,
            (rng.random(2000) < expit(1.5 * z - 1)).astype(int),
            _w(2000),
        )
    if name == "digits":
        X, digit = load_digits(return_X_y=True)
        y = (digit % 2).astype(int)
        return X[:, 20].round(), y, _w(len(y))  # whole numbers: ties
    X, y = load_breast_cancer(return_X_y=True)
    score = -X[:, 0] if name == "cancer" else y * 2.0 - 1 + 0.1 * rng.random(len(y))
    return score, y, _w(len(y))


def _w(n: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, n) / 2


NAMES = ["synthetic", "digits", "cancer", "separated"]


# --- Platt -------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_platt_finds_the_minimum_of_its_loss_and_scikit_learns_to_1e_4(
    name: str, weighted: bool
) -> None:
    score, y, w = scored(name)
    weights = w if weighted else None
    ours = PlattScaling().fit(score, y, weights)
    theirs = sklearn_calibration._SigmoidCalibration().fit(
        score.astype(float), y, weights
    )
    np.testing.assert_allclose(ours.predict(score), theirs.predict(score), atol=1e-4)
    w = w if weighted else np.ones(len(y))
    ones, zeros = w @ y, w @ (1 - y)
    target = np.where(y == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    slopes = w * (ours.predict(score) - target)  # of the log loss, by the logit
    assert slopes.sum() == pytest.approx(0, abs=1e-6)
    assert slopes @ ((score - score.mean()) / score.std()) == pytest.approx(0, abs=1e-6)


@settings(max_examples=25)
@given(SEEDS, st.floats(0.01, 100), st.floats(-50, 50))
def test_platt_knows_neither_scale_nor_place_of_the_scores(
    seed: int, scale: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    score, y = rng.normal(size=30), rng.integers(2, size=30)
    found = PlattScaling().fit(score, y).predict(score)
    moved = scale * score + shift
    again = PlattScaling().fit(moved, y).predict(moved)
    np.testing.assert_allclose(again, found, atol=1e-7)


def test_platt_answers_one_score_and_one_class() -> None:
    same = PlattScaling().fit([3.0] * 10, [1] * 4 + [0] * 6)
    mean = (4 * 5 / 6 + 6 * 1 / 8) / 10  # of the softened outcomes
    assert same.predict([3.0])[0] == pytest.approx(mean, abs=1e-9)
    only = PlattScaling().fit([1.0, 2.0, 3.0], [1, 1, 1])
    assert only.predict([2.0])[0] == pytest.approx(4 / 5, abs=1e-7)


# --- isotonic ----------------------------------------------------------------------


def _columns(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
        return X[:, 2].round(2), y, _w(len(y))  # rounded: ties
    return scored(name)


@pytest.mark.parametrize("name", [*NAMES, "diabetes"])
@pytest.mark.parametrize("increasing", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_isotonic_is_scikit_learns_to_1e_10(
    name: str, increasing: bool, weighted: bool
) -> None:
    x, y, w = _columns(name)
    new = np.linspace(x.min() - 1, x.max() + 1, 501)
    weights = w if weighted else None
    options: Any = {"increasing": increasing, "out_of_bounds": "clip"}
    ours = IsotonicRegression(**options).fit(x, y, weights)
    theirs = TheirIsotonic(**options).fit(x, y, weights)
    for places in (x, new):
        np.testing.assert_allclose(
            ours.predict(places), theirs.predict(places), rtol=1e-10, atol=1e-12
        )


@given(SEEDS, st.booleans())
def test_isotonic_of_few_tied_rows_is_scikit_learns(
    seed: int, increasing: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12)) + 1
    x, y, w = rng.integers(0, 5, n), rng.integers(0, 4, n), rng.integers(1, 4, n)
    x[0] = 5  # of one place theirs makes a constant that knows no bounds
    options: Any = {"increasing": increasing, "y_min": 0.5, "y_max": 2.5}
    options["out_of_bounds"] = "nan"
    places = np.arange(-1, 7) / 1.3
    ours = IsotonicRegression(**options).fit(x, y, w).predict(places)
    theirs = TheirIsotonic(**options).fit(x, y.astype(float), w).predict(places)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@given(SEEDS)
def test_isotonic_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, w = rng.normal(size=40), rng.random(40) + 0.1
    ours = IsotonicRegression().fit(np.arange(40), y, w).predict(np.arange(40))
    np.testing.assert_allclose(
        ours, optimize.isotonic_regression(y, weights=w).x, atol=1e-12
    )


@given(SEEDS)
def test_isotonic_keeps_the_mean_and_rises_and_is_its_own_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 20, 40).astype(float), rng.normal(size=40)
    model = IsotonicRegression().fit(x, y)
    fitted = model.predict(x)
    assert fitted.mean() == pytest.approx(y.mean(), abs=1e-12)
    assert (np.diff(fitted[np.argsort(x)]) >= 0).all()
    again = IsotonicRegression().fit(x, fitted).predict(x)
    np.testing.assert_allclose(again, fitted, atol=1e-12)
    order = rng.permutation(40)
    moved = IsotonicRegression().fit(3 * x[order] - 7, y[order]).predict(3 * x - 7)
    np.testing.assert_allclose(moved, fitted, atol=1e-12)


def test_isotonic_takes_a_column_and_one_row() -> None:
    assert IsotonicRegression().fit([[2.0]], [5.0]).transform([1.0, 3.0]).tolist() == [
        5.0,
        5.0,
    ]


# --- temperature -------------------------------------------------------------------


@cache
def logits(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return logits of rows that the model did not see, and their class numbers."""
    rng = np.random.default_rng(2)
    if name == "synthetic":
        z = rng.normal(size=(4000, 4))
        y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
        return 3 * z, y  # the truth is a temperature of 3
    load = load_digits if name == "digits" else load_breast_cancer
    X, y = load(return_X_y=True)
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    model = LogisticRegression(C=1e3, max_iter=5000).fit(X[::2], y[::2])
    return model.decision_function(X[1::2]), y[1::2]


@pytest.mark.parametrize("name", ["synthetic", "digits", "cancer"])
def test_temperature_is_scikit_learns_to_1e_6(name: str) -> None:
    z, y = logits(name)
    ours = TemperatureScaling().fit(z, y)
    theirs = sklearn_calibration._TemperatureScaling().fit(z, y)
    np.testing.assert_allclose(ours.predict(z), theirs.predict(z), atol=1e-6)


def test_temperature_finds_the_truth() -> None:
    z, y = logits("synthetic")
    assert TemperatureScaling().fit(z, y).temperature_ == pytest.approx(3.0, rel=0.04)


@pytest.mark.parametrize("name", ["synthetic", "digits", "cancer"])
def test_no_other_temperature_has_a_lower_log_loss(name: str) -> None:
    z, y = logits(name)
    w = _w(len(y))
    model = TemperatureScaling().fit(z, y, w)
    options = {"labels": range(model.predict(z).shape[1]), "sample_weight": w}
    best = log_loss(y, model.predict(z), **options)
    for factor in (0.5, 0.99, 1.01, 2.0):
        other = TemperatureScaling()
        other.temperature_ = model.temperature_ * factor
        assert log_loss(y, other.predict(z), **options) > best


@given(SEEDS)
def test_temperature_keeps_every_decision_and_undoes_a_factor(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(30, 3)), rng.integers(3, size=30)
    one = TemperatureScaling().fit(z, y)
    assert (one.predict(z).argmax(axis=1) == z.argmax(axis=1)).all()
    if 1e-3 < one.temperature_ < 1e3:
        two = TemperatureScaling().fit(7 * z, y)
        np.testing.assert_allclose(two.predict(7 * z), one.predict(z), atol=1e-9)


def test_temperature_stops_at_the_ends_if_all_or_nothing_is_right() -> None:
    z = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert TemperatureScaling().fit(z, [0, 1]).temperature_ == pytest.approx(
        np.exp(-10)
    )
    assert TemperatureScaling().fit(z, [1, 0]).temperature_ == pytest.approx(np.exp(10))


# --- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PlattScaling().fit([1.0, 2.0], [0, 2]), "must be 0 or 1"),
        (lambda: PlattScaling().fit([1.0, np.inf], [0, 1]), "scores contains NaN"),
        (lambda: PlattScaling().fit([1.0], [0, 1]), r"\(1,\) and \(2,\)"),
        (lambda: PlattScaling().predict([1.0]), "not fitted"),
        (lambda: TemperatureScaling().predict([1.0]), "not fitted"),
        (lambda: TemperatureScaling().fit([[1.0], [2.0]], [0, 0]), "has one column"),
        (lambda: TemperatureScaling().fit([[1.0, 2.0]], [2]), "from 0 to 1"),
        (lambda: TemperatureScaling().fit([[1.0, 2.0]], ["a"]), r"found \['a'\]"),
        (lambda: IsotonicRegression().fit(np.ones((3, 2)), [1, 2, 3]), "2 features"),
        (lambda: IsotonicRegression().fit([1.0, np.nan], [1, 2]), "X contains NaN"),
        (lambda: IsotonicRegression().fit([1.0], [1, 2]), "X has 1 and y has 2"),
        (lambda: IsotonicRegression(y_min=2, y_max=1).fit([1.0], [1]), "y_min must be"),
        (lambda: IsotonicRegression(increasing="x").fit([1.0], [1]), "increasing must"),
        (lambda: IsotonicRegression(out_of_bounds="x").fit([1.0], [1]), "got 'x'"),
        (
            lambda: (
                IsotonicRegression(out_of_bounds="raise")
                .fit([1.0, 2.0], [1, 2])
                .predict([3.0])
            ),
            "X has 3.0, out of the bounds 1.0 to 2.0",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
