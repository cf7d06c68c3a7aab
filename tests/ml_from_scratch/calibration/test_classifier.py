"""Calibrated classifiers: against scikit-learn, and what they are for."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from ml_from_scratch.calibration import (
    CalibratedClassifier,
    expected_calibration_error,
)
from ml_from_scratch.linear import LogisticRegression
from ml_from_scratch.metrics import log_loss


@cache
def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X[:500] / 16, y[:500]
    if name == "cancer":
        X, y = load_breast_cancer(return_X_y=True)
        return (X - X.mean(axis=0)) / X.std(axis=0), np.array(["bad", "good"])[y]
    rng = np.random.default_rng(0)  # five columns that say the same: never that sure
    X = rng.normal(size=(600, 1)) + 0.1 * rng.normal(size=(600, 5))
    return X, (rng.random(600) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)


def _models() -> dict[str, Any]:
    return {
        "votes": KNeighborsClassifier(10),
        "margins": LinearSVC(dual=False),
        "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    }


@pytest.mark.parametrize("name", ["digits", "cancer", "copies"])
@pytest.mark.parametrize("model", ["votes", "margins", "tree"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_cross_fitting_is_scikit_learns_to_1e_4(
    name: str, model: str, method: Any
) -> None:
    if method == "temperature" and model != "margins":
        return  # theirs adds 1e-12 to probabilities before the logarithm
    X, y = data(name)
    splits = list(StratifiedKFold(3).split(X, y))
    base = _models()[model]
    ours = CalibratedClassifier(base, method=method, cv=splits).fit(X, y)
    theirs = CalibratedClassifierCV(base, method=method, cv=splits, ensemble=False)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.fit(X, y).predict_proba(X), atol=1e-4
    )


@pytest.mark.filterwarnings("ignore:Since FrozenEstimator")
@pytest.mark.parametrize("name", ["digits", "cancer", "copies"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_fitted_model_is_corrected_as_in_scikit_learn(name: str, method: Any) -> None:
    X, y = data(name)
    base = KNeighborsClassifier(10).fit(X[::2], y[::2])
    weights = np.random.default_rng(0).random(len(y[1::2]))
    ours = CalibratedClassifier(base, method=method, cv="prefit")
    ours.fit(X[1::2], y[1::2], sample_weight=weights)
    theirs = CalibratedClassifierCV(FrozenEstimator(base), method=method)
    theirs.fit(X[1::2], y[1::2], sample_weight=weights)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4
    )
    assert ours.estimator_ is base


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_a_model_that_is_too_sure_becomes_honest(method: Any) -> None:
    X, y = data("copies")
    raw = GaussianNB().fit(X[:400], y[:400])
    ours = CalibratedClassifier(GaussianNB(), method=method).fit(X[:400], y[:400])
    before, after = (m.predict_proba(X[400:]) for m in (raw, ours))
    assert log_loss(y[400:], after) < log_loss(y[400:], before) - 0.2
    assert expected_calibration_error(y[400:], before[:, 1]) > 0.2
    assert expected_calibration_error(y[400:], after[:, 1]) < 0.12


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(["sigmoid", "isotonic", "temperature"]))
def test_rows_are_probabilities_and_follow_the_names(seed: int, method: Any) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 2)), np.arange(40) % 3
    names = np.array(["a", "b", "c"])
    model = CalibratedClassifier(GaussianNB(), method=method, cv=2)
    proba = model.fit(X, y).predict_proba(X)
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-12)
    named = model.fit(X, names[y])
    np.testing.assert_allclose(named.predict_proba(X), proba, atol=1e-12)
    assert (named.predict(X) == names[proba.argmax(axis=1)]).all()


def test_scores_come_from_models_that_have_not_seen_the_row() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 3)), rng.integers(2, size=400)  # nothing to learn
    tree = DecisionTreeClassifier(random_state=0)  # on its own rows it is always right
    proba = CalibratedClassifier(tree).fit(X, y).predict_proba(rng.normal(size=(50, 3)))
    assert np.abs(proba - 0.5).max() < 0.1


def test_the_default_model_and_folds_of_our_own_work() -> None:
    X, y = data("cancer")
    model = CalibratedClassifier().fit(X, y)
    assert isinstance(model.estimator_, LogisticRegression)
    assert model.score(X, y) > 0.95


@pytest.mark.parametrize(
    ("make", "y", "words"),
    [
        (lambda: CalibratedClassifier(method="x"), [0, 1] * 4, "method must be one of"),
        (lambda: CalibratedClassifier(cv=1), [0, 1] * 4, "cv must be a whole number"),
        (lambda: CalibratedClassifier(cv="x"), [0, 1] * 4, "or 'prefit', got 'x'"),
        (lambda: CalibratedClassifier(), [1] * 8, "only 1 class: 1"),
        (
            lambda: CalibratedClassifier(),
            [0] * 7 + [1],
            "two rows at least.* 1 has one",
        ),
        (
            lambda: CalibratedClassifier(cv=[(np.arange(4), np.arange(4, 8))]),
            [0] * 4 + [1] * 4,
            "missing from the training rows",
        ),
        (
            lambda: CalibratedClassifier(
                GaussianNB().fit([[0.0], [1.0]], ["a", "b"]), cv="prefit"
            ),
            ["a", "c"] * 4,
            r"y has \['c'\], but the estimator knows \['a', 'b'\]",
        ),
    ],
)
def test_bad_input_is_refused_in_words(make: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make().fit(np.arange(8.0)[:, None], y)
