"""Combining different models: by vote, or by a model on top of their predictions."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    RegressorMixin,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_targets,
    clone,
    is_share,
    random_generator,
)
from ml_from_scratch.ensemble.bagging import class_shares
from ml_from_scratch.linear import LogisticRegression, Ridge
from ml_from_scratch.model_selection import cross_val_predict
from ml_from_scratch.tree.models import RandomState

Named = list[tuple[str, Any]]


class _Combination(BaseEstimator):
    """Several named estimators, whose hyperparameters are `name__parameter`."""

    estimators: Named

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyperparameters by name, those of the members included.

        Parameters
        ----------
        deep : bool
            Also return the members by their names, and their hyperparameters.

        Returns
        -------
        dict
            Names and values.
        """
        found = super().get_params(deep)
        if deep:
            for name, member in self._pairs():
                found[name] = member
                inner = member.get_params()
                found.update({f"{name}__{key}": inner[key] for key in inner})
        return found

    def set_params(self, **params: Any) -> Self:
        """Set hyperparameters by name, those of the members included.

        Parameters
        ----------
        **params
            Names as ``get_params`` gives them, with their new values.

        Returns
        -------
        BaseEstimator
            The estimator itself.
        """
        if "estimators" in params:
            self.estimators = params.pop("estimators")
        names = [name for name, _ in self._pairs()]
        for key in [key for key in params if key.partition("__")[0] in names]:
            name, _, inner = key.partition("__")
            value = params.pop(key)
            if inner:
                dict(self.estimators)[name].set_params(**{inner: value})
            else:
                self.estimators = [
                    (n, value if n == name else member) for n, member in self.estimators
                ]
        return super().set_params(**params)

    def _pairs(self) -> Named:
        """Return the members, or none while `estimators` is no list of them."""
        members = self.estimators
        if not isinstance(members, list | tuple):
            return []
        return [m for m in members if isinstance(m, tuple | list) and len(m) == 2]

    def _check_members(self) -> None:
        names = [name for name, _ in self._pairs()]
        fine = bool(names) and len(names) == len(self.estimators)
        fine = fine and all(
            isinstance(n, str) and "__" not in n and n not in self._get_param_names()
            for n in names
        )
        words = "a list of (name, estimator) with different names, without '__'"
        check_parameters(
            self, estimators=(fine and len(set(names)) == len(names), words)
        )

    def _clones(self) -> list[Any]:
        return [clone(member) for _, member in self.estimators]


def _normalised(estimator: Any) -> Floats:
    """Return the weights of the members, which sum to one."""
    n = len(estimator.estimators)
    if estimator.weights is None:
        return np.full(n, 1 / n)
    weights = np.asarray(estimator.weights, dtype=np.float64)
    fine = weights.shape == (n,) and (weights >= 0).all() and 0 < weights.sum() < np.inf
    check_parameters(
        estimator, weights=(bool(fine), f"None or {n} numbers from 0, one a member")
    )
    return np.asarray(weights / weights.sum())


class VotingClassifier(ClassifierMixin, _Combination):
    """Let different classifiers vote.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members, each with a name.
    voting : {"hard", "soft"}
        Count the classes that they predict, or average their probabilities.
    weights : sequence of float, optional
        The say of each member; equal by default.

    Attributes
    ----------
    estimators_ : list of classifier
        The fitted members.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One fit a member. Of classes with equally many votes the first in ``classes_`` wins.

    Taught in: classical/ensembles.

    References
    ----------
    Kuncheva (2014), Combining Pattern Classifiers, 2nd edition, chapters 4 and 5.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeClassifier
    >>> members = [("logit", LogisticRegression()), ("tree", DecisionTreeClassifier())]
    >>> model = VotingClassifier(members, voting="soft")
    >>> X, y = [[1.0], [2.0], [3.0], [4.0]], ["no", "no", "yes", "yes"]
    >>> model.fit(X, y).predict([[0.0], [5.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        estimators: Named,
        *,
        voting: Literal["hard", "soft"] = "hard",
        weights: Any = None,
    ) -> None:
        self.estimators = estimators
        self.voting = voting
        self.weights = weights

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit every member.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        VotingClassifier
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._check_members()
        named = isinstance(self.voting, str) and self.voting in ("hard", "soft")
        check_parameters(self, voting=(named, "'hard' or 'soft'"))
        self._say = _normalised(self)
        X = check_features(self, X, fitting=True)
        self.classes_, codes = check_labels(y, len(X))
        labels = self.classes_[codes]
        self.estimators_ = [member.fit(X, labels) for member in self._clones()]
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the mean of the members' probabilities, or their shares of votes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        total = np.zeros((len(rows), len(self.classes_)))
        for member, say in zip(self.estimators_, self._say, strict=True):
            if self.voting == "soft":
                total += say * class_shares(member, rows, self.classes_)
            else:
                total += say * (member.predict(rows)[:, None] == self.classes_)
        return total

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class with the most votes, or the largest mean probability.

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
        return np.asarray(self.classes_[codes])


class VotingRegressor(RegressorMixin, _Combination):
    """Average the predictions of different regressors.

    Parameters
    ----------
    estimators : list of (str, regressor)
        The members, each with a name.
    weights : sequence of float, optional
        The say of each member; equal by default.

    Attributes
    ----------
    estimators_ : list of regressor
        The fitted members.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One fit a member. The squared error of a mean is at most the mean of the squared
    errors: by as much as the members differ.

    Taught in: classical/ensembles.

    References
    ----------
    Krogh and Vedelsby (1995), "Neural network ensembles, cross validation, and active
    learning", NeurIPS 7: the identity behind that.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeRegressor
    >>> members = [("a", DecisionTreeRegressor()), ("b", DecisionTreeRegressor())]
    >>> model = VotingRegressor(members).fit([[1.0], [2.0]], [1.0, 3.0])
    >>> model.predict([[0.0], [9.0]]).tolist()
    [1.0, 3.0]
    """

    def __init__(self, estimators: Named, *, weights: Any = None) -> None:
        self.estimators = estimators
        self.weights = weights

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit every member.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Numbers.

        Returns
        -------
        VotingRegressor
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._check_members()
        self._say = _normalised(self)
        X = check_features(self, X, fitting=True)
        targets = check_targets(y, len(X))
        self.estimators_ = [member.fit(X, targets) for member in self._clones()]
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the weighted mean of the members' predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        columns = [member.predict(rows) for member in self.estimators_]
        return np.asarray(np.column_stack(columns) @ self._say)


class _Stacking(TransformerMixin, _Combination):
    """A final estimator that learns from predictions of rows unseen by the members."""

    final_estimator: Any
    cv: Any
    passthrough: bool
    holdout: float | None
    random_state: RandomState

    def _default(self) -> Any:
        raise NotImplementedError

    def _method(self, member: Any) -> Any:
        """Return the name of the method that a member answers with."""
        raise NotImplementedError

    def _stack(self, X: Floats, y: NDArray[Any]) -> None:
        self._check_members()
        whole = self.holdout is None
        fine = whole or (is_share(self.holdout) and self.holdout != 1.0)
        check_parameters(self, holdout=(fine, "None, or a share between 0.0 and 1.0"))
        members = self._clones()
        if whole:
            answers = [
                cross_val_predict(m, X, y, cv=self.cv, method=self._method(m))
                for m in members
            ]
            self.estimators_ = [member.fit(X, y) for member in members]
        else:
            early, late = self._blend_rows(y)
            self.estimators_ = [member.fit(X[early], y[early]) for member in members]
            X, y = X[late], y[late]
            answers = self._answers(X)
        final = self.final_estimator
        final = clone(self._default() if final is None else final)
        self.final_estimator_ = final.fit(self._table(answers, X), y)

    def _blend_rows(self, y: NDArray[Any]) -> tuple[Integers, Integers]:
        """Return rows for the members and, a random share, for the final estimator."""
        n_late = round(float(self.holdout or 0) * len(y))
        if not 0 < n_late < len(y):
            raise ValueError(
                f"holdout={self.holdout} of {len(y)} samples leaves {n_late} for the "
                f"final estimator and {len(y) - n_late} for the others: both need some."
            )
        order = random_generator(self.random_state).permutation(len(y))
        return order[n_late:], order[:n_late]

    def _answers(self, X: Floats) -> list[NDArray[Any]]:
        return [getattr(m, self._method(m))(X) for m in self.estimators_]

    def _table(self, answers: list[NDArray[Any]], X: Floats) -> Floats:
        """Put the members' answers side by side, as the final estimator's features."""
        columns = [a[:, 1:] if a.ndim == 2 and a.shape[1] == 2 else a for a in answers]
        return np.column_stack([*columns, X] if self.passthrough else columns)

    def transform(self, X: ArrayLike) -> Floats:
        """Return what the final estimator sees of some rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, m)
            The members' answers side by side; of two probabilities only the second.
        """
        check_is_fitted(self, "final_estimator_")
        rows = check_features(self, X, fitting=False)
        return self._table(self._answers(rows), rows)


class StackingClassifier(ClassifierMixin, _Stacking):
    """Let a model learn how far to trust classifiers, from predictions of unseen rows.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members, each with a name.
    final_estimator : classifier, optional
        Learns from their predictions; `LogisticRegression` by default.
    cv : int, splitter or iterable of splits
        How rows are kept unseen: each is predicted by members fitted to other folds.
    passthrough : bool
        Whether the final estimator also sees the features.
    holdout : float, optional
        Blend instead: fit the members once, without this share of the rows, from which
        the final estimator learns. Cheaper, and wasteful of data.
    random_state : int, Generator, RandomState or None
        Draws the rows of `holdout`.

    Attributes
    ----------
    estimators_ : list of classifier
        The members, fitted to all rows (to those not held out, with `holdout`).
    final_estimator_ : classifier
        The model on top.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One fit a member and fold, and one more a member. Learning from predictions of rows
    that the members have seen would trust the member that overfits most.

    Taught in: classical/ensembles.

    References
    ----------
    Wolpert (1992), "Stacked generalization", Neural Networks 5. Breiman (1996),
    "Stacked regressions", Machine Learning 24.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeClassifier
    >>> members = [("stump", DecisionTreeClassifier(max_depth=1))]
    >>> X, y = np.arange(20.0)[:, None], np.repeat(["no", "yes"], 10)
    >>> StackingClassifier(members, cv=2).fit(X, y).predict([[0.0], [19.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        estimators: Named,
        final_estimator: Any = None,
        *,
        cv: Any = 5,
        passthrough: bool = False,
        holdout: float | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.passthrough = passthrough
        self.holdout = holdout
        self.random_state = random_state

    def _default(self) -> Any:
        return LogisticRegression(max_iter=1000)

    def _method(self, member: Any) -> Any:
        for method in ("predict_proba", "decision_function"):
            if hasattr(member, method):
                return method
        raise ValueError(
            f"StackingClassifier needs members with predict_proba or "
            f"decision_function, but {type(member).__name__} has neither."
        )

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the members, and the final estimator to their predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        StackingClassifier
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        X = check_features(self, X, fitting=True)
        self.classes_, codes = check_labels(y, len(X))
        if len(self.classes_) < 2:
            raise ValueError(
                "StackingClassifier needs rows of at least two classes, but there is "
                f"only 1 class: {self.classes_[0]}."
            )
        self._stack(X, self.classes_[codes])
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return what the final estimator predicts.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        table = self.transform(X)
        return np.asarray(self.final_estimator_.predict(table))

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the final estimator's probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        table = self.transform(X)
        return np.asarray(self.final_estimator_.predict_proba(table))


class StackingRegressor(RegressorMixin, _Stacking):
    """Let a model learn how far to trust regressors, from predictions of unseen rows.

    Parameters
    ----------
    estimators : list of (str, regressor)
        The members, each with a name.
    final_estimator : regressor, optional
        Learns from their predictions; `Ridge` by default.
    cv : int, splitter or iterable of splits
        How rows are kept unseen: each is predicted by members fitted to other folds.
    passthrough : bool
        Whether the final estimator also sees the features.
    holdout : float, optional
        Blend instead: fit the members once, without this share of the rows, from which
        the final estimator learns. Cheaper, and wasteful of data.
    random_state : int, Generator, RandomState or None
        Draws the rows of `holdout`.

    Attributes
    ----------
    estimators_ : list of regressor
        The members, fitted to all rows (to those not held out, with `holdout`).
    final_estimator_ : regressor
        The model on top.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One fit a member and fold, and one more a member. Learning from predictions of rows
    that the members have seen would trust the member that overfits most.

    Taught in: classical/ensembles.

    References
    ----------
    Wolpert (1992), "Stacked generalization", Neural Networks 5. Breiman (1996),
    "Stacked regressions", Machine Learning 24.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeRegressor
    >>> members = [("tree", DecisionTreeRegressor(max_depth=1))]
    >>> X, y = np.arange(20.0)[:, None], np.repeat([1.0, 3.0], 10)
    >>> model = StackingRegressor(members, holdout=0.5, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [19.0]]).round(0).tolist()
    [1.0, 3.0]
    """

    def __init__(
        self,
        estimators: Named,
        final_estimator: Any = None,
        *,
        cv: Any = 5,
        passthrough: bool = False,
        holdout: float | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.passthrough = passthrough
        self.holdout = holdout
        self.random_state = random_state

    def _default(self) -> Any:
        return Ridge()

    def _method(self, _: Any) -> Any:
        return "predict"

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the members, and the final estimator to their predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Numbers.

        Returns
        -------
        StackingRegressor
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        X = check_features(self, X, fitting=True)
        self._stack(X, check_targets(y, len(X)))
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return what the final estimator predicts.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        table = self.transform(X)
        return np.asarray(self.final_estimator_.predict(table))
