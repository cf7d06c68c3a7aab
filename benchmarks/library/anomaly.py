"""Anomaly detectors against scikit-learn."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr
from sklearn.covariance import EllipticEnvelope as TheirEnvelope
from sklearn.ensemble import IsolationForest as TheirForest
from sklearn.neighbors import LocalOutlierFactor as TheirFactor

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.anomaly import (
    EllipticEnvelope,
    IsolationForest,
    LocalOutlierFactor,
)


def _rows(n: int, d: int = 10) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)) * rng.lognormal(sigma=0.5, size=(n, 1))


def _forest() -> tuple[Work, Work]:
    X = _rows(10_000)
    return (
        lambda: IsolationForest(random_state=0).fit(X).score_samples(X),
        lambda: TheirForest(random_state=0).fit(X).score_samples(X),
    )


def _same_ranks(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert abs(ours.mean() - theirs.mean()) < 0.02
    assert spearmanr(ours, theirs).statistic > 0.95  # two of theirs agree no better


def _factor() -> tuple[Work, Work]:
    X = _rows(5_000, 20)
    return (
        lambda: LocalOutlierFactor().fit(X).negative_outlier_factor_,
        lambda: TheirFactor(algorithm="brute").fit(X).negative_outlier_factor_,
    )


def _envelope() -> tuple[Work, Work]:
    X = _rows(400, 5)
    return (
        lambda: EllipticEnvelope(random_state=0).fit(X).score_samples(X),
        lambda: TheirEnvelope(random_state=0).fit(X).score_samples(X),
    )


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def _both_rank(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert spearmanr(ours, theirs).statistic > 0.99  # theirs has fewer starts


def _fit_on(n: int) -> Work:
    X = _rows(n)
    return lambda: IsolationForest(random_state=0).fit(X)


def _score_on(n: int) -> Work:
    X = _rows(n)
    model = IsolationForest(random_state=0).fit(X)
    return lambda: model.score_samples(X)


CASES = [
    Case(
        "isolation forest, 10k x 10, fit + score",
        "scikit-learn",
        _forest,
        _same_ranks,
        goal=1.5,
    ),
    Case("local outlier factor, 5k x 20", "scikit-learn", _factor, _same, goal=1.3),
    Case("robust ellipse, 400 x 5", "scikit-learn", _envelope, _both_rank, goal=1.5),
]
GROWTH = [
    Growth(
        "isolation forest, fit, rows",
        _fit_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=0.0,
    ),
    Growth(
        "isolation forest, score, rows",
        _score_on,
        (5_000, 10_000, 20_000, 40_000),
        expected=1.0,
    ),
]
