"""The objective of logistic regression, and three ways down it.

The objective is the mean log loss plus an L2 penalty on the weights, not on the
intercepts; it is convex, so all three solvers end at the same place, and differ in
what they need to know on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import linalg, optimize

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.linear.links import sigmoid, softmax


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
        """Split the flat vector into weights (k, d) and intercepts (k,).

        Parameters
        ----------
        theta : array of shape (n_parameters,)
            The flat vector of parameters.

        Returns
        -------
        W : numpy.ndarray of shape (k, d)
            Weights, a view of `theta`.
        b : numpy.ndarray of shape (k,)
            Intercepts, a view too where there are any.
        """
        table = theta.reshape(self.k, -1)
        if not self.fit_intercept:
            return table, np.zeros(self.k)
        return table[:, :-1], table[:, -1]

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the objective and its gradient, of the shape of `theta`.

        Parameters
        ----------
        theta : array of shape (n_parameters,)
            The flat vector of parameters.

        Returns
        -------
        value : float
            The objective.
        gradient : numpy.ndarray of shape (n_parameters,)
            Its slope in each parameter.
        """
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
        """Return (k, n) probabilities: of the second class if k is 1.

        Parameters
        ----------
        theta : array of shape (n_parameters,)
            The flat vector of parameters.

        Returns
        -------
        numpy.ndarray of shape (k, n)
            Probabilities.
        """
        W, b = self.unpack(theta)
        Z = W @ self.X.T + b[:, None]
        return sigmoid(Z) if self.k == 1 else softmax(Z, axis=0)

    def hessian(self, theta: Floats) -> Floats:
        """Return the matrix of second derivatives, (n_parameters, n_parameters).

        Parameters
        ----------
        theta : array of shape (n_parameters,)
            The flat vector of parameters.

        Returns
        -------
        numpy.ndarray of shape (n_parameters, n_parameters)
            Symmetric, with no curvature below 0.
        """
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

        Parameters
        ----------
        chosen : array of shape (m,)
            Positions of the rows.

        Returns
        -------
        LogisticObjective
            Of these rows alone.
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

    Parameters
    ----------
    theta : array of shape (n_parameters,)
        The parameters.
    n_iter : int
        Steps (epochs) taken.
    slope : float
        Largest entry of the gradient there, in absolute value.
    converged : bool
        Whether that is within the tolerance.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> Solution(np.zeros(2), 3, 1e-9, converged=True).n_iter
    3
    """

    theta: Floats
    n_iter: int
    slope: float
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
