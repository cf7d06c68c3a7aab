"""What a column is worth to a model's score: shuffle it, or leave it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, clone
from ml_from_scratch.metrics.inputs import floats

# Takes a fitted estimator, rows and targets; higher is better.
Scorer = Callable[[Any, Floats, Any], float]


class Importances(NamedTuple):
    """How much the score falls for each column.

    Parameters
    ----------
    importances_mean : numpy.ndarray of shape (d,)
        The mean over the repeats.
    importances_std : numpy.ndarray of shape (d,)
        Their standard deviation: what one shuffle more or less would change.
    importances : numpy.ndarray of shape (d, n_repeats)
        Every repeat.

    Notes
    -----
    Taught in: features/importance.

    Examples
    --------
    >>> Importances(np.array([0.5]), np.array([0.0]), np.array([[0.5]])).importances
    array([[0.5]])
    """

    importances_mean: Floats
    importances_std: Floats
    importances: Floats


def permutation_importance(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    rng: np.random.Generator,
    scoring: Scorer | None = None,
    n_repeats: int = 5,
) -> Importances:
    """Return how much the score falls when a column is shuffled.

    Parameters
    ----------
    estimator : fitted estimator
        With ``score``, or whatever `scoring` needs.
    X : array-like of shape (n, d)
        Rows that the model was not trained on: on training rows a column that was
        learned by heart looks important.
    y : array-like of shape (n,)
        Their targets.
    rng : numpy.random.Generator
        Shuffles.
    scoring : callable, optional
        Takes (estimator, X, y) and returns a score, higher is better; by default
        ``estimator.score``.
    n_repeats : int, default 5
        Shuffles a column.

    Returns
    -------
    Importances
        Means, standard deviations and single repeats; below zero where the model did
        better by chance.

    Raises
    ------
    ValueError
        If lengths differ, `X` has fewer than two rows, or `n_repeats` is below 1.

    Notes
    -----
    Of two columns that say the same, each looks unimportant, since the other stays. And
    shuffling makes rows that cannot exist, where nobody knows what the model does.

    d * n_repeats + 1 scores. Taught in: features/importance.

    References
    ----------
    Breiman (2001), "Random forests", Machine Learning 45. Fisher, Rudin and Dominici
    (2019), "All models are wrong, but many are useful", Journal of Machine Learning
    Research 20.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> model = LinearRegression().fit(X, X[:, 0])
    >>> found = permutation_importance(model, X, X[:, 0], rng=rng)
    >>> found.importances_mean.round(1).tolist()
    [2.0, 0.0]
    """
    rows = _rows(X, y, least=2)
    if not n_repeats >= 1:
        raise ValueError(f"n_repeats must be a whole number from 1, got {n_repeats!r}.")
    score = _own_score if scoring is None else scoring
    before = score(estimator, rows, y)
    falls = np.empty((rows.shape[1], n_repeats))
    for j in range(rows.shape[1]):
        shuffled = rows.copy()
        for repeat in range(n_repeats):
            shuffled[:, j] = rng.permutation(rows[:, j])
            falls[j, repeat] = before - score(estimator, shuffled, y)
    return Importances(falls.mean(axis=1), falls.std(axis=1), falls)


def drop_column_importance(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
    *,
    scoring: Scorer | None = None,
) -> Floats:
    """Return how much the score falls when the model must do without a column.

    Parameters
    ----------
    estimator : estimator
        Is cloned and fitted once with all columns and once without each.
    X : array-like of shape (n, d)
        Training rows, of two columns at least.
    y : array-like of shape (n,)
        Their targets.
    X_test : array-like of shape (m, d)
        Rows to score on.
    y_test : array-like of shape (m,)
        Their targets.
    scoring : callable, optional
        As for `permutation_importance`.

    Returns
    -------
    numpy.ndarray of shape (d,)
        Score with all columns less the score without this one.

    Raises
    ------
    ValueError
        If lengths or numbers of columns differ, or there is only one column.

    Notes
    -----
    The honest answer to "do we need this column?", at the price of d fits. Of two that
    say the same, either can go: both earn zero, but not both can go.

    d + 1 fits. Taught in: features/importance.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = X[:, 0]
    >>> found = drop_column_importance(LinearRegression(), X, y, X, y)
    >>> found.round(1).tolist()
    [1.0, 0.0]
    """
    train, test = _rows(X, y, least=1), _rows(X_test, y_test, least=1)
    if train.shape[1] != test.shape[1] or train.shape[1] < 2:
        raise ValueError(
            "Expected the same columns in training and test rows, two at least, but "
            f"their shapes are {train.shape} and {test.shape}."
        )
    score = _own_score if scoring is None else scoring
    full = score(clone(estimator).fit(train, y), test, y_test)
    falls = np.empty(train.shape[1])
    for j in range(train.shape[1]):
        without = clone(estimator).fit(np.delete(train, j, axis=1), y)
        falls[j] = full - score(without, np.delete(test, j, axis=1), y_test)
    return falls


def _own_score(estimator: Any, X: Floats, y: Any) -> float:
    return float(estimator.score(X, y))


def _rows(X: ArrayLike, y: ArrayLike, *, least: int) -> Floats:
    rows = floats(X, "X", ndim=2)
    if len(rows) != len(np.asarray(y)) or len(rows) < least:
        raise ValueError(
            f"Expected at least {least} rows with a target each, but X has "
            f"{len(rows)} and y has {len(np.asarray(y))}."
        )
    return rows
