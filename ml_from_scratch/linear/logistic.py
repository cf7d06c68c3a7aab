"""Logistic regression for two classes and for many.

`solvers` has the objective and the ways down it; here they become an estimator.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassWeight,
    ConvergenceWarning,
    Floats,
    Integers,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    class_weights,
    random_generator,
)
from ml_from_scratch.linear.links import log_softmax, sigmoid, softmax
from ml_from_scratch.linear.solvers import (
    LogisticObjective,
    Solution,
    minimise_by_lbfgs,
    minimise_by_newton,
    minimise_by_sgd,
)

Solver = Literal["lbfgs", "newton", "sgd"]


class LogisticRegression(ClassifierMixin, BaseEstimator):
    """Linear classifier whose probabilities fit the labels best, with an L2 penalty.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty, as scikit-learn has it: the objective is
        C * sum(log loss) + sum(W ** 2) / 2. Small is strong; ``np.inf`` is none.
    fit_intercept : bool
        Whether to add an intercept a row of weights. It is not penalised.
    class_weight : dict, "balanced" or None
        How much each class counts; "balanced" gives every class the same total.
    solver : {"lbfgs", "newton", "sgd"}
        See `minimise_by_lbfgs`, `minimise_by_newton` and `minimise_by_sgd`.
    tol : float
        Stop when no entry of the gradient of the mean loss is larger.
    max_iter : int
        Most steps; for "sgd", most passes over the rows.
    learning_rate : float
        First step length of "sgd"; the other solvers find their own.
    batch_size : int
        Rows a step of "sgd".
    random_state : int, Generator, RandomState or None
        Order of the rows in "sgd".

    Attributes
    ----------
    coef_ : array of shape (1, d) or (k, d)
        Weights, one row for two classes and one a class for more.
    intercept_ : array of shape (1,) or (k,)
        Intercepts.
    classes_ : array of shape (k,)
        The classes, sorted; probabilities have their columns in this order.
    n_iter_ : int
        Steps (epochs) taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Rows of weight zero are left out before anything else, so that a weight of zero is
    the same as no row and a weight of two the same as the row twice.

    Taught in: classical/logistic-regression.

    References
    ----------
    Cox (1958), "The regression analysis of binary sequences", Journal of the Royal
    Statistical Society B 20. Hastie, Tibshirani and Friedman (2009), The Elements of
    Statistical Learning, 2nd edition, section 4.4.

    Examples
    --------
    >>> hours = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    >>> passed = np.array(["no", "no", "yes", "no", "yes", "yes"])
    >>> model = LogisticRegression(C=10.0).fit(hours, passed)
    >>> model.predict([[2.5], [5.5]]).tolist()
    ['no', 'yes']
    >>> model.predict_proba([[3.5]]).round(3).tolist()
    [[0.5, 0.5]]
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        fit_intercept: bool = True,
        class_weight: ClassWeight = None,
        solver: Solver = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        batch_size: int = 32,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.C = C
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the weights and intercepts that minimise the penalised log loss.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers; best on similar scales.
        y : array-like of shape (n,)
            Class labels, of two classes or more.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        LogisticRegression
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described, or if only one class
            is there.

        Warns
        -----
        ConvergenceWarning
            If the solver stopped short of `tol`, or if there is no penalty and the
            classes can be separated, so that no minimum exists.
        """
        self._check_settings()
        X = check_features(self, X, fitting=True)
        classes, codes = check_labels(y, len(X))
        weights = check_sample_weight(sample_weight, len(X))
        if not weights.all():
            kept = weights > 0
            X, weights = X[kept], weights[kept]
            present, codes = np.unique(codes[kept], return_inverse=True)
            classes = classes[present]
        _refuse_one_class(classes, len(X))
        self.classes_ = classes
        weights = weights * class_weights(self.class_weight, classes, codes, weights)
        self._minimise(X, codes, weights)
        return self

    def _minimise(self, X: Floats, codes: Integers, weights: Floats) -> None:
        total = weights.sum()
        k = 1 if len(self.classes_) == 2 else len(self.classes_)
        objective = LogisticObjective(
            X, codes, weights / total, k, 1.0 / (self.C * total), self.fit_intercept
        )
        found = self._solve(objective)
        self.n_iter_ = found.n_iter
        table = found.theta.reshape(k, -1)
        if k > 1:  # the same number added to all logits changes nothing: make it zero
            table = table - table.mean(axis=0)
        W, b = objective.unpack(table)
        self.coef_, self.intercept_ = W.copy(), b.copy()
        self._warn(found, objective)

    def _solve(self, objective: LogisticObjective) -> Solution:
        if self.solver == "lbfgs":
            return minimise_by_lbfgs(objective, tol=self.tol, max_iter=self.max_iter)
        if self.solver == "newton":
            return minimise_by_newton(objective, tol=self.tol, max_iter=self.max_iter)
        return minimise_by_sgd(
            objective,
            tol=self.tol,
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            rng=random_generator(self.random_state),
        )

    def _check_settings(self) -> None:
        solvers = ("lbfgs", "newton", "sgd")
        check_parameters(
            self,
            solver=(self.solver in solvers, f"one of {solvers}"),
            C=(self.C > 0, "a number above 0 (np.inf for no penalty)"),
            tol=(self.tol > 0, "a number above 0"),
            max_iter=(self.max_iter >= 1, "a whole number from 1"),
            learning_rate=(self.learning_rate > 0, "a number above 0"),
            batch_size=(self.batch_size >= 1, "a whole number from 1"),
        )

    def _warn(self, found: Solution, objective: LogisticObjective) -> None:
        problem = None
        if objective.l2 == 0.0 and _separates(objective, found.theta):
            problem = (
                "Every training row is classified right and there is no penalty, so "
                "larger weights always fit better and no minimum exists: the largest "
                f"coefficient, {np.abs(self.coef_).max():.3g}, tells only where the "
                "solver stopped. Choose a finite C."
            )
        elif not found.converged:
            spread = objective.X.std(axis=0)
            stalled = found.n_iter < self.max_iter
            why = "the loss no longer changes in float64" if stalled else "max_iter"
            remedy = "ask for a larger tol" if stalled else "raise max_iter, or lower C"
            problem = (
                f"{self.solver} stopped after {found.n_iter} iterations ({why}), "
                f"with a gradient entry of {found.slope:.3g} above tol={self.tol:.3g}. "
                f"The columns' standard deviations run from {spread.min():.3g} to "
                f"{spread.max():.3g}: scale them if these differ much, or {remedy}."
            )
        if problem:
            warnings.warn(problem, ConvergenceWarning, stacklevel=4)

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the log-odds: how far, and on which side, each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            For two classes the log-odds of the second; for more one logit a class.
        """
        check_is_fitted(self, "coef_")
        Z = check_features(self, X, fitting=False) @ self.coef_.T + self.intercept_
        return Z[:, 0] if Z.shape[1] == 1 else Z

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
        Z = self.decision_function(X)
        codes = (Z > 0).astype(np.intp) if Z.ndim == 1 else Z.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        Z = self.decision_function(X)
        if Z.ndim == 1:
            return np.column_stack([sigmoid(-Z), sigmoid(Z)])
        return softmax(Z)

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return the logarithm of each probability, finite where that rounds to zero.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``.
        """
        Z = self.decision_function(X)
        if Z.ndim == 1:
            Z = np.column_stack([np.zeros_like(Z), Z])
        return log_softmax(Z)


def _refuse_one_class(classes: NDArray[Any], n_rows: int) -> None:
    if len(classes) < 2:
        raise ValueError(
            "LogisticRegression needs rows of at least two classes, but there is only "
            f"1 class: {classes[0]} in all {n_rows} rows of weight above zero."
        )


def _separates(objective: LogisticObjective, theta: Floats) -> bool:
    """Say whether these parameters classify every row right: proof of separability."""
    W, b = objective.unpack(theta)
    Z = W @ objective.X.T + b[:, None]
    if objective.k == 1:
        return bool((Z[0] * (2 * objective.codes - 1) > 0).all())
    rows = np.arange(len(objective.codes))
    rivals = Z.copy()
    rivals[objective.codes, rows] = -np.inf
    return bool((Z[objective.codes, rows] > rivals.max(axis=0)).all())
