"""Resampling against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.stats import (
    bootstrap,
    crossing_probabilities,
    mean_difference,
    permutation_test,
)


def _sample(n: int) -> np.ndarray:
    return np.random.default_rng(0).lognormal(size=n)


def _bootstrap(method: str, their_method: str) -> tuple[Work, Work]:
    x = _sample(1000)
    return (
        lambda: bootstrap(
            x, np.mean, rng=np.random.default_rng(1), method=method, n_resamples=9999
        )[2:4],
        lambda: tuple(
            stats.bootstrap(
                (x,),
                np.mean,
                rng=np.random.default_rng(1),
                method=their_method,
                n_resamples=9999,
            ).confidence_interval
        ),
    )


def _same_interval(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def _permutation() -> tuple[Work, Work]:
    x, y = _sample(300), _sample(250) + 0.1
    options = {"n_resamples": 9999, "rng": 1}
    return (
        lambda: permutation_test(x, y, rng=np.random.default_rng(1)).p_value,
        lambda: (
            (
                stats.permutation_test(
                    (x, y), mean_difference, **options, vectorized=True
                )
            ).pvalue
        ),
    )


def _near(ours: float, theirs: float) -> None:
    assert abs(ours - theirs) < 0.03


def _resamples(n: int) -> Work:
    x = _sample(1000)
    return lambda: bootstrap(
        x, np.mean, rng=np.random.default_rng(1), method="basic", n_resamples=n
    )


CASES = [
    Case(
        "bootstrap, BCa, mean of 1k, 9,999 samples",
        "SciPy",
        lambda: _bootstrap("bca", "BCa"),
        _same_interval,
        goal=1.0,
    ),
    Case(
        "bootstrap, percentile, mean of 1k, 9,999 samples",
        "SciPy",
        lambda: _bootstrap("percentile", "percentile"),
        _same_interval,
        goal=1.0,
    ),
    Case(
        "permutation test, 300 against 250, 9,999 splits",
        "SciPy",
        _permutation,
        _near,
        goal=1.0,
    ),
]
GROWTH = [
    Growth("bootstrap, resamples", _resamples, (2000, 4000, 8000, 16_000), 1.0),
    Growth(
        "crossing probabilities, looks",
        lambda looks: lambda: crossing_probabilities([2.5] * looks),
        (10, 20, 40, 80),
        expected=1.0,
    ),
]
