"""Bagging: the same estimator on many draws of the rows, averaged."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    check_targets,
    clone,
    is_share,
    is_whole,
    random_generator,
)
from ml_from_scratch.ensemble.draws import Urn, check_draws, n_draws
from ml_from_scratch.tree import DecisionTreeClassifier, DecisionTreeRegressor
from ml_from_scratch.tree.models import RandomState


def class_shares(model: Any, X: Floats, classes: NDArray[Any]) -> Floats:
    """Return a classifier's probabilities with a column for each of `classes`.

    A classifier without probabilities gives all to the class that it predicts, and
    classes that it has never seen get nothing.
    """
    if not hasattr(model, "predict_proba"):
        return np.asarray(model.predict(X)[:, None] == classes, dtype=np.float64)
    shares = np.zeros((len(X), len(classes)))
    shares[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(X)
    return shares


class _Bagging(BaseEstimator):
    estimator: Any
    n_estimators: int
    max_samples: float
    max_features: float
    bootstrap: bool
    oob_score: bool
    random_state: RandomState
    n_features_in_: int

    def _checked(self, y: ArrayLike, n: int) -> NDArray[Any]:
        """Return the targets as the members are to see them."""
        raise NotImplementedError

    def _base(self) -> Any:
        raise NotImplementedError

    def _answers(self, model: Any, X: Floats) -> Floats:
        """Return what is averaged, (n, k)."""
        raise NotImplementedError

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit a copy of the estimator to each draw.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How often each row is drawn, in proportion.

        Returns
        -------
        BaseEstimator
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        base = self._base()
        self._check_settings(base)
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        y = self._checked(y, len(X))
        rng = random_generator(self.random_state)
        urn, d = Urn(X, y, weights), X.shape[1]
        n_features = n_draws(self.max_features, d)
        self.estimators_, self.estimators_features_, drawn = [], [], []
        for _ in range(self.n_estimators):
            rows = self._rows(urn, rng)
            columns = np.sort(rng.permutation(d)[:n_features])
            model = clone(base)
            if "random_state" in model.get_params():
                model.set_params(random_state=int(rng.integers(2**31)))
            self.estimators_.append(model.fit(X[np.ix_(rows, columns)], y[rows]))
            self.estimators_features_.append(columns)
            drawn.append(rows)
        if self.oob_score:
            self._score_out_of_bag(X, y, drawn)
        return self

    def _rows(self, urn: Urn, rng: np.random.Generator) -> Integers:
        if self.bootstrap:
            return urn.draw(n_draws(self.max_samples, urn.size), rng)
        order = urn.order
        return order[
            rng.permutation(len(order))[: n_draws(self.max_samples, len(order))]
        ]

    def _check_settings(self, base: Any) -> None:
        check_draws(self, self.n_estimators, self.max_samples)
        fine = is_whole(self.max_features, 1) or is_share(self.max_features)
        if isinstance(base, type) or not hasattr(base, "fit"):
            raise ValueError(
                f"estimator must be an estimator with fit and predict, got {base!r}."
            )
        check_parameters(
            self,
            max_features=(fine, "a whole number from 1, or a share in (0.0, 1.0]"),
            oob_score=(
                self.bootstrap or not self.oob_score,
                "False without bootstrap, for then no row is out of bag",
            ),
        )

    def _means(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        pairs = zip(self.estimators_, self.estimators_features_, strict=True)
        answers = [self._answers(model, rows[:, columns]) for model, columns in pairs]
        return np.asarray(np.mean(answers, axis=0))

    def _score_out_of_bag(
        self, X: Floats, y: NDArray[Any], drawn: list[Integers]
    ) -> None:
        """Score the rows by the members that have not seen them."""
        votes = np.zeros(len(X))
        total: Any = 0.0
        members = zip(self.estimators_, self.estimators_features_, drawn, strict=True)
        for model, columns, rows in members:
            unseen = np.bincount(rows, minlength=len(X)) == 0
            total = total + unseen[:, None] * self._answers(model, X[:, columns])
            votes += unseen
        has = votes > 0
        means = total[has] / votes[has, None]
        self.oob_score_ = self._score(y[has], means) if has.any() else np.nan

    def _score(self, y: NDArray[Any], means: Floats) -> float:
        raise NotImplementedError


class BaggingClassifier(ClassifierMixin, _Bagging):
    """Average a classifier's probabilities over many draws of the rows.

    Parameters
    ----------
    estimator : classifier, optional
        What is copied and fitted; a whole decision tree by default.
    n_estimators : int
        Number of copies.
    max_samples : int or float
        Draws a copy, as a number or a share of the rows.
    max_features : int or float
        Features a copy, drawn without replacement.
    bootstrap : bool
        Whether rows are drawn with replacement.
    oob_score : bool
        Whether to score each row by the copies that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows and features, and seeds the copies.

    Attributes
    ----------
    estimators_ : list of classifier
        The fitted copies.
    estimators_features_ : list of array
        The columns that each has seen.
    classes_ : array of shape (k,)
        The classes, sorted.
    oob_score_ : float
        Accuracy on rows out of bag, where `oob_score` is set.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    n_estimators fits. With n draws from n rows, each copy leaves about 37 % of the rows
    unseen.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman (1996), "Bagging predictors", Machine Learning 24.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = ["no", "no", "no", "yes", "yes", "yes"]
    >>> model = BaggingClassifier(n_estimators=25, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def _base(self) -> Any:
        return DecisionTreeClassifier() if self.estimator is None else self.estimator

    def _checked(self, y: ArrayLike, n: int) -> NDArray[Any]:
        self.classes_, codes = check_labels(y, n)
        return np.asarray(self.classes_[codes])

    def _answers(self, model: Any, X: Floats) -> Floats:
        return class_shares(model, X, self.classes_)

    def _score(self, y: NDArray[Any], means: Floats) -> float:
        return float((self.classes_[means.argmax(axis=1)] == y).mean())

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the mean of the copies' probabilities, or of their votes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        return self._means(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class with the largest mean.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        codes = self._means(X).argmax(axis=1)
        return np.asarray(self.classes_[codes])


class BaggingRegressor(RegressorMixin, _Bagging):
    """Average a regressor's predictions over many draws of the rows.

    Parameters
    ----------
    estimator : regressor, optional
        What is copied and fitted; a whole decision tree by default.
    n_estimators : int
        Number of copies.
    max_samples : int or float
        Draws a copy, as a number or a share of the rows.
    max_features : int or float
        Features a copy, drawn without replacement.
    bootstrap : bool
        Whether rows are drawn with replacement.
    oob_score : bool
        Whether to score each row by the copies that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows and features, and seeds the copies.

    Attributes
    ----------
    estimators_ : list of regressor
        The fitted copies.
    estimators_features_ : list of array
        The columns that each has seen.
    oob_score_ : float
        R2 on rows out of bag, where `oob_score` is set.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    n_estimators fits.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman (1996), "Bagging predictors", Machine Learning 24.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
    >>> model = BaggingRegressor(n_estimators=25, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).round(0).tolist()
    [1.0, 5.0]
    """

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        max_samples: float = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def _base(self) -> Any:
        return DecisionTreeRegressor() if self.estimator is None else self.estimator

    def _checked(self, y: ArrayLike, n: int) -> NDArray[Any]:
        return check_targets(y, n)

    def _answers(self, model: Any, X: Floats) -> Floats:
        return np.asarray(model.predict(X)[:, None], dtype=np.float64)

    def _score(self, y: NDArray[Any], means: Floats) -> float:
        from ml_from_scratch.metrics import r2_score

        return r2_score(y, means[:, 0]) if len(y) > 1 else np.nan

    def predict(self, X: ArrayLike) -> Floats:
        """Return the mean of the copies' predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        return self._means(X)[:, 0]
