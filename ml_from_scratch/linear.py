"""Linear models: logistic regression for two classes and for many.

One objective, three ways down it. The objective is the mean log loss plus an L2
penalty on the weights, not on the intercepts; it is convex, so all three solvers end
at the same place, and differ in what they need to know on the way.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, optimize

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

Solver = Literal["lbfgs", "newton", "sgd"]


def sigmoid(z: ArrayLike) -> Floats:
    """Turn log-odds into probabilities, 1 / (1 + exp(-z)), without overflow.

    Parameters
    ----------
    z : array-like of any shape
        Log-odds.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Probabilities. exp is only taken of numbers below zero, so that nothing
        overflows, and small probabilities keep all their digits.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    z = np.asarray(z, dtype=np.float64)
    shrunk = np.exp(-np.abs(z))  # in (0, 1]
    probabilities: Floats = np.where(z >= 0, 1.0, shrunk) / (1.0 + shrunk)
    return probabilities


def log_softmax(z: ArrayLike, axis: int = -1) -> Floats:
    """Return the logarithms of `softmax`, without passing through a rounded zero.

    Parameters
    ----------
    z : array-like of any shape
        One logit a class along `axis`.
    axis : int
        The axis of the classes.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Log-probabilities, at most 0.

    Notes
    -----
    Adding one number to all logits changes nothing, so the largest is subtracted
    first: then no exponent is above zero and at least one is zero.

    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0]).tolist()
    [-1000.0, 0.0]
    """
    z = np.asarray(z, dtype=np.float64)
    shifted = z - z.max(axis=axis, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return logs


def softmax(z: ArrayLike, axis: int = -1) -> Floats:
    """Turn logits into probabilities that sum to one along an axis.

    Parameters
    ----------
    z : array-like of any shape
        One logit a class along `axis`.
    axis : int
        The axis of the classes.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Probabilities.

    Notes
    -----
    Taught in: classical/logistic-regression.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network
    outputs", Neurocomputing, NATO ASI Series 68.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 1000.0]]).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    z = np.asarray(z, dtype=np.float64)
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities


@dataclass(frozen=True)
class LogisticObjective:
    """Mean log loss plus L2 penalty, with its gradient and Hessian.

    Two classes have one row of weights (k = 1) and a sigmoid; more have a row each and
    a softmax. Parameters travel as one flat vector, because that is what optimisers
    take: k rows of d weights, each followed by its intercept.

    Parameters
    ----------
    X : array of shape (n, d)
        Features.
    codes : array of shape (n,)
        Class of each row, from 0.
    weights : array of shape (n,)
        What each row counts; they sum to one, so the loss is a mean.
    k : int
        Rows of weights: 1 for two classes, else the number of classes.
    l2 : float
        Strength of the penalty l2 / 2 * sum(W ** 2).
    fit_intercept : bool
        Whether there are intercepts at all; they are never penalised.

    Notes
    -----
    `value_and_gradient` costs O(ndk), `hessian` O(n d^2 k^2) time and O(d^2 k^2)
    memory.

    Taught in: classical/logistic-regression.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
    2nd edition, section 4.4. Boehning (1992), "Multinomial logistic regression
    algorithm", Annals of the Institute of Statistical Mathematics 44.

    Examples
    --------
    >>> X, codes = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> objective = LogisticObjective(X, codes, np.array([0.5, 0.5]), 1, 0.0, True)
    >>> value, gradient = objective.value_and_gradient(np.zeros(2))
    >>> round(value, 4), gradient.tolist()
    (0.6931, [-0.25, 0.0])
    """

    X: Floats
    codes: Integers
    weights: Floats
    k: int
    l2: float
    fit_intercept: bool

    @property
    def n_parameters(self) -> int:
        """Length of the flat vector."""
        return int(self.k * (self.X.shape[1] + self.fit_intercept))

    def unpack(self, theta: Floats) -> tuple[Floats, Floats]:
        """Split the flat vector into weights (k, d) and intercepts (k,)."""
        table = theta.reshape(self.k, -1)
        if not self.fit_intercept:
            return table, np.zeros(self.k)
        return table[:, :-1], table[:, -1]

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the objective and its gradient, of the shape of `theta`."""
        W, b = self.unpack(theta)
        Z = W @ self.X.T + b[:, None]  # (k, n)
        losses, residuals = self._losses_and_residuals(Z)
        residuals *= self.weights  # (k, n): weight * (probability - truth)
        gradient = np.empty_like(theta)
        dW, db = self.unpack(gradient)  # views: filling them fills the gradient
        dW[:] = residuals @ self.X + self.l2 * W
        db[:] = residuals.sum(axis=1)
        value = self.weights @ losses + 0.5 * self.l2 * np.vdot(W, W)
        return float(value), gradient

    def _losses_and_residuals(self, Z: Floats) -> tuple[Floats, Floats]:
        if self.k == 1:
            return _binary_losses_and_residuals(Z, self.codes)
        return _multinomial_losses_and_residuals(Z, self.codes)

    def probabilities(self, theta: Floats) -> Floats:
        """Return (k, n) probabilities: of the second class if k is 1."""
        W, b = self.unpack(theta)
        Z = W @ self.X.T + b[:, None]
        return sigmoid(Z) if self.k == 1 else softmax(Z, axis=0)

    def hessian(self, theta: Floats) -> Floats:
        """Return the matrix of second derivatives, (n_parameters, n_parameters)."""
        P = self.probabilities(theta)  # (k, n)
        X = self.X
        if self.fit_intercept:
            X = np.column_stack([X, np.ones(len(X))])
        size = X.shape[1]
        H = np.empty((self.k, size, self.k, size))
        for i in range(self.k):
            for j in range(i + 1):
                curvature = self.weights * P[i] * (float(i == j) - P[j])  # (n,)
                H[i, :, j] = H[j, :, i] = X.T @ (curvature[:, None] * X)
        penalised = np.arange(self.X.shape[1])
        for i in range(self.k):
            H[i, penalised, i, penalised] += self.l2
        return H.reshape(self.n_parameters, self.n_parameters)

    def batch(self, chosen: Integers) -> LogisticObjective:
        """Return the loss on some rows, without penalty, as an estimate of the whole.

        Weights grow by n / len(chosen), so that over random batches the mean gradient
        is the full one.
        """
        weights = self.weights[chosen] * (len(self.X) / len(chosen))
        X, codes = self.X[chosen], self.codes[chosen]
        return replace(self, X=X, codes=codes, weights=weights, l2=0.0)


def _binary_losses_and_residuals(Z: Floats, codes: Integers) -> tuple[Floats, Floats]:
    z = Z[0]
    shrunk = np.exp(-np.abs(z))  # one exp serves the loss and the probability
    losses = np.maximum(z, 0.0) - codes * z + np.log1p(shrunk)
    probabilities = np.where(z >= 0, 1.0, shrunk) / (1.0 + shrunk)
    return losses, (probabilities - codes)[None, :]


def _multinomial_losses_and_residuals(
    Z: Floats, codes: Integers
) -> tuple[Floats, Floats]:
    truth = codes, np.arange(len(codes))
    shifted = Z - Z.max(axis=0)
    powers = np.exp(shifted)
    totals = powers.sum(axis=0)
    losses = np.log(totals) - shifted[truth]
    residuals = powers / totals
    residuals[truth] -= 1.0
    return losses, residuals


class Solution(NamedTuple):
    """Where a solver stopped, and whether that is the minimum.

    Notes
    -----
    Taught in: classical/logistic-regression.
    """

    theta: Floats
    n_iter: int
    slope: float  # largest entry of the gradient, in absolute value
    converged: bool


def _solution(
    objective: LogisticObjective, theta: Floats, n: int, tol: float
) -> Solution:
    slope = float(np.abs(objective.value_and_gradient(theta)[1]).max())
    return Solution(theta, n, slope, slope <= tol)


def minimise_by_lbfgs(
    objective: LogisticObjective, *, tol: float, max_iter: int
) -> Solution:
    """Walk down with gradients and a curvature guessed from the last ten of them.

    Parameters
    ----------
    objective : LogisticObjective
        What to minimise.
    tol : float
        Stop when no entry of the gradient is larger.
    max_iter : int
        Stop after so many steps in any case.

    Returns
    -------
    Solution
        Where it stopped.

    Notes
    -----
    O(ndk) a step; ten pairs of vectors in memory.

    Taught in: classical/logistic-regression.

    References
    ----------
    Liu and Nocedal (1989), "On the limited memory BFGS method for large scale
    optimization", Mathematical Programming 45.

    Examples
    --------
    >>> X, codes = np.array([[0.0], [1.0], [1.0]]), np.array([0, 1, 0])
    >>> objective = LogisticObjective(X, codes, np.full(3, 1 / 3), 1, 0.1, True)
    >>> minimise_by_lbfgs(objective, tol=1e-6, max_iter=50).converged
    True
    """
    found = optimize.minimize(
        objective.value_and_gradient,
        np.zeros(objective.n_parameters),
        method="L-BFGS-B",
        jac=True,
        options={"maxiter": max_iter, "gtol": tol, "maxls": 50, "ftol": 1e-15},
    )
    slope = float(np.abs(found.jac).max())
    return Solution(found.x, int(found.nit), slope, slope <= tol)


def minimise_by_newton(
    objective: LogisticObjective, *, tol: float, max_iter: int
) -> Solution:
    """Jump to the minimum of the parabola that fits here, and repeat (IRLS).

    Parameters
    ----------
    objective : LogisticObjective
        What to minimise.
    tol : float
        Stop when no entry of the gradient is larger.
    max_iter : int
        Stop after so many steps in any case.

    Returns
    -------
    Solution
        Where it stopped.

    Notes
    -----
    O(n d^2 k^2 + d^3 k^3) a step, but few steps: near the minimum the number of right
    digits doubles with each. A jump that does not lower the objective is halved until
    it does, without which the first jumps can overshoot. Least squares stands in for
    the solution of the linear system because columns may be collinear, and because the
    logits of several classes can all be shifted by one number.

    Taught in: classical/logistic-regression.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
    2nd edition, section 4.4.1.

    Examples
    --------
    >>> X, codes = np.array([[0.0], [1.0], [1.0]]), np.array([0, 1, 0])
    >>> objective = LogisticObjective(X, codes, np.full(3, 1 / 3), 1, 0.1, True)
    >>> minimise_by_newton(objective, tol=1e-6, max_iter=50).n_iter
    3
    """
    theta = np.zeros(objective.n_parameters)
    value, gradient = objective.value_and_gradient(theta)
    for step in range(max_iter):
        if np.abs(gradient).max() <= tol:
            return _solution(objective, theta, step, tol)
        jump = linalg.lstsq(objective.hessian(theta), -gradient)[0]
        length = _length_that_helps(objective, theta, jump, value, gradient)
        if length == 0.0:  # rounding error is all that is left to gain
            return _solution(objective, theta, step, tol)
        theta = theta + length * jump
        value, gradient = objective.value_and_gradient(theta)
    return _solution(objective, theta, max_iter, tol)


def _length_that_helps(
    objective: LogisticObjective,
    theta: Floats,
    jump: Floats,
    value: float,
    gradient: Floats,
) -> float:
    """Halve the jump until it gains a ten-thousandth of what its slope promised.

    Close to the minimum the gain is smaller than the rounding error of the value, so
    that much is forgiven.
    """
    promised = gradient @ jump
    rounding = 4.0 * np.finfo(np.float64).eps * abs(value)
    length = 1.0
    while length > 1e-10:
        ahead, _ = objective.value_and_gradient(theta + length * jump)
        if ahead <= value + 1e-4 * length * promised + rounding:
            return length
        length /= 2
    return 0.0


def minimise_by_sgd(
    objective: LogisticObjective,
    *,
    tol: float,
    max_iter: int,
    learning_rate: float,
    batch_size: int,
    rng: np.random.Generator,
) -> Solution:
    """Step down the slope of a few rows at a time, with steps that shrink.

    Parameters
    ----------
    objective : LogisticObjective
        What to minimise.
    tol : float
        Stop when no entry of the full gradient is larger after an epoch.
    max_iter : int
        Epochs: passes over as many rows as there are.
    learning_rate : float
        Length of the first epoch's steps; epoch e has learning_rate / sqrt(e).
    batch_size : int
        Rows a step.
    rng : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    Solution
        The mean of the last epoch's positions, whose noise is smaller than that of the
        last position alone.

    Notes
    -----
    O(ndk) an epoch, and only a batch in use at a time. The penalty is stepped
    implicitly (divide by 1 + rate * l2), which no rate can make diverge.

    Taught in: classical/logistic-regression.

    References
    ----------
    Robbins and Monro (1951), "A stochastic approximation method", Annals of
    Mathematical Statistics 22. Polyak and Juditsky (1992), "Acceleration of stochastic
    approximation by averaging", SIAM Journal on Control and Optimization 30.

    Examples
    --------
    >>> X, codes = np.array([[0.0], [1.0], [1.0]]), np.array([0, 1, 0])
    >>> objective = LogisticObjective(X, codes, np.full(3, 1 / 3), 1, 0.1, True)
    >>> rng = np.random.default_rng(0)
    >>> found = minimise_by_sgd(objective, tol=1e-2, max_iter=500,
    ...                         learning_rate=1.0, batch_size=1, rng=rng)
    >>> found.converged
    True
    """
    theta = np.zeros(objective.n_parameters)
    for epoch in range(1, max_iter + 1):
        rate = learning_rate / np.sqrt(epoch)
        order = rng.permutation(len(objective.X))
        batches = np.split(order, range(batch_size, len(order), batch_size))
        theta, mean = _one_epoch(objective, theta, rate, batches)
        found = _solution(objective, mean, epoch, tol)
        if found.converged:
            break
    return found


def _one_epoch(
    objective: LogisticObjective, theta: Floats, rate: float, batches: list[Integers]
) -> tuple[Floats, Floats]:
    """Return the last position of an epoch and the mean of all of them."""
    total = np.zeros_like(theta)
    for rows in batches:
        _, gradient = objective.batch(rows).value_and_gradient(theta)
        theta = theta - rate * gradient
        W, _ = objective.unpack(theta)  # a view: the next line shrinks theta itself
        W /= 1.0 + rate * objective.l2
        total += theta
    return theta, total / len(batches)


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
