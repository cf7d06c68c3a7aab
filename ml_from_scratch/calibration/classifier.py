"""A classifier with a map from its scores to honest probabilities on top."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    clone,
)
from ml_from_scratch.calibration.maps import (
    IsotonicRegression,
    PlattScaling,
    TemperatureScaling,
)
from ml_from_scratch.linear import LogisticRegression

Splits = Iterable[tuple[Integers, Integers]]


class CalibratedClassifier(ClassifierMixin, BaseEstimator):
    """Correct a classifier's probabilities on rows that it was not trained on.

    Parameters
    ----------
    estimator : classifier, optional
        With ``decision_function`` or ``predict_proba``; by default a
        `LogisticRegression`.
    method : {"sigmoid", "isotonic", "temperature"}, default "sigmoid"
        `PlattScaling` or `IsotonicRegression` of the score of each class, or one
        `TemperatureScaling` of all.
    cv : int, iterable of splits, or "prefit", default 5
        Folds whose rows get their score from a model trained on the other folds;
        or pairs of (training rows, held-out rows); or "prefit", if `estimator` is
        fitted already and ``fit`` is given rows that it has not seen.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    estimator_ : classifier
        The model whose scores are corrected, trained on all rows (or the given one).
    calibrators_ : list
        The fitted map of each class (of the second alone, if there are two).
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    The map must be learned on scores of unseen rows: on its training rows a model is
    surer than it deserves. Cross-fitting gives every row such a score, and all rows
    serve twice. The scores come from models on part of the rows, the final model has
    seen all: so the map is a little too modest. scikit-learn's
    ``CalibratedClassifierCV(ensemble=False)`` does the same.

    Rows are dealt to the folds in turn, class by class. Rows that belong together (a
    person, a day) need splits that keep them together.

    With more than two classes, "sigmoid" and "isotonic" treat each class against the
    rest and divide by the sum. One fit a fold, and one more.

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", Advances in Large Margin Classifiers. Zadrozny and
    Elkan (2002), "Transforming classifier scores into accurate multiclass probability
    estimates", KDD.

    Examples
    --------
    >>> X = np.arange(20.0)[:, None]
    >>> y = np.repeat(["no", "yes"], 10)
    >>> model = CalibratedClassifier(cv=2).fit(X, y)
    >>> model.predict([[0.0], [19.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        method: Literal["sigmoid", "isotonic", "temperature"] = "sigmoid",
        cv: int | Splits | Literal["prefit"] = 5,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.cv = cv

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train the classifier and learn the map of its scores.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Labels of two classes or more.
        sample_weight : array-like of shape (n,), optional
            How much each row counts, for the map and, if it takes weights, for the
            classifier.

        Returns
        -------
        CalibratedClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a setting is not as described, if there is one class only,
            or if a class has a single row.
        """
        self._check_settings()
        rows = check_features(self, X, fitting=True)
        classes, codes = check_labels(y, len(rows))
        weights = check_sample_weight(sample_weight, len(rows))
        given = None if sample_weight is None else weights
        if len(np.unique(codes[weights > 0])) < 2:
            raise ValueError(
                "CalibratedClassifier needs rows of at least two classes, but there is "
                f"only 1 class: {classes[codes[weights.argmax()]]}."
            )
        model = LogisticRegression() if self.estimator is None else self.estimator
        self.classes_ = classes
        if self.cv == "prefit":
            self.estimator_ = model
            self.classes_ = np.asarray(model.classes_)
            codes = self._codes_of_the_model(classes)[codes]
            scores, seen = _scores(model, rows, self.method), np.arange(len(rows))
        else:
            scores, seen = self._cross_fitted(model, rows, codes, given)
            self.estimator_ = _fitted(clone(model), rows, classes[codes], given)
        self.calibrators_ = _maps(self.method, scores[seen], codes[seen], weights[seen])
        return self

    def _check_settings(self) -> None:
        methods = ("sigmoid", "isotonic", "temperature")
        known = self.cv == "prefit" or not isinstance(self.cv, str)
        if isinstance(self.cv, int | np.integer):
            known = self.cv >= 2
        check_parameters(
            self,
            method=(self.method in methods, f"one of {methods}"),
            cv=(
                known,
                "a whole number from 2, pairs of row numbers, or 'prefit'",
            ),
        )

    def _codes_of_the_model(self, classes: NDArray[Any]) -> Integers:
        known = self.classes_.tolist()
        unknown = [label for label in classes.tolist() if label not in known]
        if unknown:
            raise ValueError(f"y has {unknown}, but the estimator knows {known}.")
        return np.array([known.index(label) for label in classes.tolist()])

    def _cross_fitted(
        self, model: Any, rows: Floats, codes: Integers, weights: Floats | None
    ) -> tuple[Floats, Integers]:
        """Return a score for each row from a model that has not seen it, and which."""
        k = len(self.classes_)
        shape = (len(rows),) if k == 2 else (len(rows), k)
        scores, seen = np.zeros(shape), np.zeros(len(rows), dtype=bool)
        for train, held_out in self._splits(codes):
            part = None if weights is None else weights[train]
            if len(np.unique(codes[train])) < k:
                raise ValueError(
                    "A class is missing from the training rows of a split: "
                    "CalibratedClassifier needs each class in each."
                )
            labels = self.classes_[codes[train]]
            fold_model = _fitted(clone(model), rows[train], labels, part)
            scores[held_out] = _scores(fold_model, rows[held_out], self.method)
            seen[held_out] = True
        return scores, np.flatnonzero(seen)

    def _splits(self, codes: Integers) -> Splits:
        if not isinstance(self.cv, int | np.integer):
            return self.cv  # type: ignore[return-value]  # "prefit" went elsewhere
        counts = np.bincount(codes)
        if counts.min() < 2:
            raise ValueError(
                "Each class needs two rows at least, one to train on and one to hold "
                f"out, but {self.classes_[counts.argmin()]} has one."
            )
        fold = np.empty(len(codes), dtype=np.intp)
        fold[np.argsort(codes, kind="stable")] = np.arange(len(codes)) % self.cv
        return [
            (np.flatnonzero(fold != f), np.flatnonzero(fold == f))
            for f in range(self.cv)
        ]

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the corrected probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        check_is_fitted(self, "calibrators_")
        rows = check_features(self, X, fitting=False)
        scores = _scores(self.estimator_, rows, self.method)
        if self.method == "temperature":
            proba: Floats = self.calibrators_[0].predict(scores)
            return proba
        if scores.ndim == 1:
            second = self.calibrators_[0].predict(scores)
            return np.column_stack([1 - second, second])
        pairs = zip(self.calibrators_, scores.T, strict=True)
        each = np.column_stack([one.predict(column) for one, column in pairs])
        total = each.sum(axis=1, keepdims=True)
        even = 1 / each.shape[1]  # where every class was given zero
        return np.where(total > 0, each / np.where(total > 0, total, 1.0), even)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels


def _fitted(
    model: Any, rows: Floats, labels: NDArray[Any], weights: Floats | None
) -> Any:
    if (
        weights is None
        or "sample_weight" not in inspect.signature(model.fit).parameters
    ):
        return model.fit(rows, labels)
    return model.fit(rows, labels, sample_weight=weights)


def _scores(model: Any, rows: Floats, method: str) -> Floats:
    """Return one score a row for two classes, else one a class."""
    if hasattr(model, "decision_function"):
        scores = np.asarray(model.decision_function(rows), dtype=np.float64)
        return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores
    proba = np.asarray(model.predict_proba(rows), dtype=np.float64)
    if method == "temperature":
        logs = np.log(np.maximum(proba, np.finfo(np.float64).tiny))
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs
    return proba[:, 1] if proba.shape[1] == 2 else proba


def _maps(method: str, scores: Floats, codes: Integers, weights: Floats) -> list[Any]:
    if method == "temperature":
        return [TemperatureScaling().fit(scores, codes, weights)]
    kind: Any = PlattScaling if method == "sigmoid" else IsotonicRegression
    if scores.ndim == 1:
        return [kind().fit(scores, (codes == 1).astype(float), weights)]
    return [
        kind().fit(column, (codes == c).astype(float), weights)
        for c, column in enumerate(scores.T)
    ]
