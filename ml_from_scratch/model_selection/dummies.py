"""Floors: models that do not look at the features, and that every model must beat."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    RegressorMixin,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    check_targets,
    random_generator,
)
from ml_from_scratch.model_selection.splitting import RandomState, count_rows


class _Blind:
    """Takes anything for features, and looks only at how many rows there are."""

    def __sklearn_tags__(self) -> Any:
        """Return the tags of an estimator that does not check its features."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.no_validation = True
        for kind in (tags.classifier_tags, tags.regressor_tags):
            if kind is not None:
                kind.poor_score = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


class DummyClassifier(_Blind, ClassifierMixin, BaseEstimator):
    """Predict classes from their shares alone.

    Parameters
    ----------
    strategy : {"prior", "most_frequent", "stratified", "uniform", "constant"}
        "prior" and "most_frequent" predict the largest class, with the classes' shares
        or with certainty for probabilities; "stratified" draws labels by their shares,
        "uniform" with equal ones; "constant" predicts `constant`.
    constant : label, optional
        The class that "constant" predicts.
    random_state : int, Generator, RandomState or None
        Draws labels.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    class_prior_ : array of shape (k,)
        Their shares.

    Notes
    -----
    O(n). Taught in: classical/splits.

    Examples
    --------
    >>> floor = DummyClassifier().fit(np.zeros((4, 1)), ["ok", "ok", "ok", "late"])
    >>> floor.predict([[0.0]]).tolist(), floor.predict_proba([[0.0]]).tolist()
    (['ok'], [[0.25, 0.75]])
    """

    def __init__(
        self,
        *,
        strategy: Literal[
            "prior", "most_frequent", "stratified", "uniform", "constant"
        ] = "prior",
        constant: Any = None,
        random_state: RandomState = None,
    ) -> None:
        self.strategy = strategy
        self.constant = constant
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Count the classes.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Anything with n rows.
        y : array-like of shape (n,)
            Class labels.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        DummyClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        ways = ("prior", "most_frequent", "stratified", "uniform", "constant")
        check_parameters(self, strategy=(self.strategy in ways, f"one of {ways}"))
        n = count_rows(X)
        self.classes_, codes = check_labels(y, n)
        counts = np.bincount(codes, check_sample_weight(sample_weight, n))
        self.class_prior_: Floats = counts / counts.sum()
        known = self.strategy != "constant" or self.constant in self.classes_.tolist()
        words = f"one of the classes {self.classes_.tolist()}"
        check_parameters(self, constant=(known, words))
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return a label a row, whatever the row is.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Anything with n rows.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels.
        """
        check_is_fitted(self, "classes_")
        if self.strategy == "uniform":
            rng = random_generator(self.random_state)
            codes = rng.integers(len(self.classes_), size=count_rows(X))
        else:
            codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the probabilities of the classes, whatever the rows are.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Anything with n rows.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self, "classes_")
        n, k = count_rows(X), len(self.classes_)
        if self.strategy == "prior":
            return np.tile(self.class_prior_, (n, 1))
        if self.strategy == "uniform":
            return np.full((n, k), 1.0 / k)
        if self.strategy == "stratified":
            rng = random_generator(self.random_state)
            return np.eye(k)[rng.choice(k, size=n, p=self.class_prior_)]
        code = int(self.class_prior_.argmax())
        if self.strategy == "constant":
            code = self.classes_.tolist().index(self.constant)
        return np.tile(np.eye(k)[code], (n, 1))


class DummyRegressor(_Blind, RegressorMixin, BaseEstimator):
    """Predict one number for all rows.

    Parameters
    ----------
    strategy : {"mean", "median", "quantile", "constant"}
        Which number: the mean is best by squares, the median by sizes of errors.
    quantile : float, optional
        Which quantile of the targets "quantile" predicts, from 0 to 1.
    constant : float, optional
        What "constant" predicts.

    Attributes
    ----------
    constant_ : float
        The number.

    Notes
    -----
    With weights, a quantile is the smallest target at which the weights up to it reach
    their share; without, it lies between two targets in proportion, as usual.

    O(n log n). Taught in: classical/splits.

    Examples
    --------
    >>> DummyRegressor(strategy="median").fit([[0]] * 3, [1, 2, 9]).predict([[0], [0]])
    array([2., 2.])
    """

    def __init__(
        self,
        *,
        strategy: Literal["mean", "median", "quantile", "constant"] = "mean",
        quantile: float | None = None,
        constant: float | None = None,
    ) -> None:
        self.strategy = strategy
        self.quantile = quantile
        self.constant = constant

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the number.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Anything with n rows.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        DummyRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._check_settings()
        n = count_rows(X)
        y = check_targets(y, n)
        weights = check_sample_weight(sample_weight, n)
        if self.strategy == "mean":
            self.constant_ = float(np.average(y, weights=weights))
        elif self.strategy == "constant" and self.constant is not None:
            self.constant_ = float(self.constant)
        else:
            share = 0.5 if self.strategy == "median" else float(self.quantile or 0.0)
            self.constant_ = _quantile(y, weights, share)
        return self

    def _check_settings(self) -> None:
        ways = ("mean", "median", "quantile", "constant")
        share, number = self.quantile, self.constant
        within = share is not None and 0 <= share <= 1
        there = number is not None and bool(np.isfinite(number))
        check_parameters(
            self,
            strategy=(self.strategy in ways, f"one of {ways}"),
            quantile=(self.strategy != "quantile" or within, "a number from 0 to 1"),
            constant=(self.strategy != "constant" or there, "a finite number"),
        )

    def predict(self, X: Any) -> Floats:
        """Return the same number for every row.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Anything with n rows.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Predictions.
        """
        check_is_fitted(self, "constant_")
        return np.full(count_rows(X), self.constant_)


def _quantile(y: Floats, weights: Floats, share: float) -> float:
    if (weights == weights[0]).all():
        return float(np.quantile(y, share))
    order = np.argsort(y)
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order])
    place = np.searchsorted(reached, share * reached[-1] * (1 - 1e-12))
    return float(y[order[place]])
