"""Real forecasts that the scores are tried on: ties, imbalance, many classes."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier


class Forecast(NamedTuple):
    true: np.ndarray
    proba: np.ndarray
    weights: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        return self.proba.argmax(axis=1)


@cache
def forecasts() -> dict[str, Forecast]:
    """Return forecasts for rows that the model did not see, by data set.

    "digits" are votes of five neighbours, so that probabilities are full of ties;
    "cancer" is told from one rounded column; "rare" has 3 % of one class.
    """
    return {
        "digits": _forecast(*load_digits(return_X_y=True), KNeighborsClassifier(5)),
        "wine": _forecast(*load_wine(return_X_y=True), GaussianNB()),
        "cancer": _forecast(*_one_column(), KNeighborsClassifier(7)),
        "rare": _forecast(*_rare(), GaussianNB()),
    }


def _forecast(X: np.ndarray, y: np.ndarray, model: Any) -> Forecast:
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    known, new = np.split(order, 2) if len(X) % 2 == 0 else np.split(order[1:], 2)
    proba = model.fit(X[known], y[known]).predict_proba(X[new])
    return Forecast(y[new], proba, rng.integers(0, 4, len(new)) / 2)


def _one_column() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return X[:, :1].round(), y


def _rare() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    y = (rng.random(2000) < 0.03).astype(int)
    return rng.normal(size=(2000, 2)) + 1.5 * y[:, None], y


NAMES = ("digits", "wine", "cancer", "rare")


@pytest.fixture(params=NAMES)
def forecast(request: pytest.FixtureRequest) -> Forecast:
    return forecasts()[request.param]


@pytest.fixture(params=["cancer", "rare"])
def two_classes(request: pytest.FixtureRequest) -> Forecast:
    return forecasts()[request.param]


@pytest.fixture(params=["digits", "wine"])
def many_classes(request: pytest.FixtureRequest) -> Forecast:
    return forecasts()[request.param]
