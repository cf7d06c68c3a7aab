"""AdaBoost: weak classifiers in turn, each on rows weighted by past mistakes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    clone,
    is_real,
    is_whole,
    random_generator,
)
from ml_from_scratch.linear import softmax
from ml_from_scratch.tree import DecisionTreeClassifier
from ml_from_scratch.tree.models import RandomState


def takes_weights(estimator: Any) -> bool:
    """Say whether an estimator's fit has an argument `sample_weight`."""
    return "sample_weight" in inspect.signature(estimator.fit).parameters


class AdaBoostClassifier(ClassifierMixin, BaseEstimator):
    """Vote among weak classifiers, each trained harder on what the last got wrong.

    Parameters
    ----------
    estimator : classifier, optional
        What is trained at each stage; it must take sample weights. By default a tree
        of one question.
    n_estimators : int
        Most stages.
    learning_rate : float
        Factor of each stage's say.
    random_state : int, Generator, RandomState or None
        Seeds stages that draw.

    Attributes
    ----------
    estimators_ : list of classifier
        The stages.
    estimator_weights_ : array of shape (n_stages,)
        The say of each.
    estimator_errors_ : array of shape (n_stages,)
        The weighted error of each.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_classes_ : int
        How many they are.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    SAMME: a stage with error e says log((1 - e) / e) + log(k - 1), and the weights of
    the rows it got wrong grow by the exponential of that. Stops at a perfect stage, and
    before one that is no better than guessing. Costs n_estimators fits.

    Taught in: classical/boosting.

    References
    ----------
    Freund and Schapire (1997), "A decision-theoretic generalization of on-line learning
    and an application to boosting", Journal of Computer and System Sciences 55. Zhu,
    Zou, Rosset and Hastie (2009), "Multi-class AdaBoost", Statistics and Its Interface
    2.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]
    >>> y = ["in", "out", "out", "out", "in", "in"]
    >>> model = AdaBoostClassifier(n_estimators=20).fit(X, y)
    >>> model.predict(X).tolist()
    ['in', 'out', 'out', 'out', 'in', 'in']
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train one stage after another.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Class labels.
        sample_weight : array-like of shape (n,), optional
            How much each row counts at first.

        Returns
        -------
        AdaBoostClassifier
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described, or if the first stage
            is no better than guessing.
        """
        base = DecisionTreeClassifier(max_depth=1)
        base = base if self.estimator is None else self.estimator
        self._check_settings(base)
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        classes, codes = check_labels(y, len(X))
        kept = weights > 0  # a row of weight zero is no row
        X, labels, weights = X[kept], classes[codes[kept]], weights[kept]
        self.classes_ = np.unique(labels)
        self.n_classes_ = len(self.classes_)
        self._boost(base, X, labels, weights / weights.sum())
        return self

    def _boost(
        self, base: Any, X: Floats, labels: NDArray[Any], weights: Floats
    ) -> None:
        rng = random_generator(self.random_state)
        stages: list[Any] = []
        says: list[float] = []
        errors: list[float] = []
        for _ in range(self.n_estimators):
            stage = clone(base)
            if "random_state" in stage.get_params():
                stage.set_params(random_state=int(rng.integers(2**31)))
            stage.fit(X, labels, sample_weight=weights)
            wrong = stage.predict(X) != labels
            error = float(weights[wrong].sum())
            if error >= 1 - 1 / self.n_classes_ and error > 0:
                break  # no better than guessing
            stages, errors = [*stages, stage], [*errors, error]
            says.append(self._say(error))
            if error <= 0:
                break  # nothing left to learn
            weights = weights * np.exp(np.where(wrong, says[-1], 0.0))
            weights /= weights.sum()
        if not stages:
            raise ValueError(
                f"The first {type(base).__name__} has a weighted error of {error:.3g}, "
                f"no better than guessing among {self.n_classes_} classes: "
                "AdaBoost needs a stronger estimator."
            )
        self.estimators_ = stages
        self.estimator_weights_, self.estimator_errors_ = map(np.array, (says, errors))

    def _say(self, error: float) -> float:
        if error <= 0:
            return 1.0
        odds = np.log((1 - error) / error)
        return float(self.learning_rate * (odds + np.log(self.n_classes_ - 1)))

    def _check_settings(self, base: Any) -> None:
        rate = self.learning_rate
        if (
            isinstance(base, type)
            or not hasattr(base, "fit")
            or not takes_weights(base)
        ):
            raise ValueError(
                f"estimator must be a classifier whose fit takes sample_weight, got "
                f"{base!r}."
            )
        check_parameters(
            self,
            n_estimators=(is_whole(self.n_estimators, 1), "a whole number from 1"),
            learning_rate=(is_real(rate, 0, 1e300) and rate > 0, "a number above 0"),
        )

    def _staged_votes(self, X: ArrayLike) -> Iterator[Floats]:
        """Yield each class's votes less the mean of the others', scaled, (n, k)."""
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        k = self.n_classes_
        votes, total = np.zeros((len(rows), k)), 0.0
        for stage, say in zip(self.estimators_, self.estimator_weights_, strict=True):
            chosen = stage.predict(rows)[:, None] == self.classes_
            votes += say * np.where(chosen, 1.0, -1.0 / max(k - 1, 1))
            total += say
            yield votes / total

    def _votes(self, X: ArrayLike) -> Floats:
        *_, votes = self._staged_votes(X)
        return votes

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the weighted votes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            For two classes from -2 (all for the first) to 2 (all for the second).
        """
        votes = self._votes(X)
        return votes[:, 1] - votes[:, 0] if self.n_classes_ == 2 else votes

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class with the most weighted votes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        codes = self._votes(X).argmax(axis=1)
        return np.asarray(self.classes_[codes])

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[Any]]:
        """Yield the predictions after each stage.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Yields
        ------
        numpy.ndarray of shape (n,)
            As `predict` would give if that stage were the last.
        """
        for votes in self._staged_votes(X):
            yield np.asarray(self.classes_[votes.argmax(axis=1)])

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the votes turned into probabilities by a softmax.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one. Not calibrated.
        """
        votes = self._votes(X)
        if self.n_classes_ == 1:
            return np.ones((len(votes), 1))
        return softmax(votes / (self.n_classes_ - 1))  # Zhu et al. (2009), equation 15
