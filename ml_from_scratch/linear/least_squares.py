"""Least squares, plain and with ridge's penalty: the two regressions with a formula.

Both first move the rows so that their mean is zero. That takes the intercept out of
the problem, so that no penalty can touch it, and brings it back at the end.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_sample_weight,
    check_targets,
)

# Squaring a matrix squares its condition number. Where the penalty is smaller than
# this share of the squares, X'X + alpha loses too many digits, and X itself is solved.
_SAFE_SHARE = 1e-8


class LinearRegression(RegressorMixin, BaseEstimator):
    """Fit a weighted sum of the columns to the target by least squares.

    Parameters
    ----------
    fit_intercept : bool
        Whether to add an intercept.

    Attributes
    ----------
    coef_ : array of shape (d,)
        Weights, in units of `y` per unit of the column.
    intercept_ : float
        Intercept; 0 without one.
    rank_ : int
        How many directions of the (centred) columns carry information.
    singular_ : array of shape (min(n, d),)
        Singular values of the (centred) columns, largest first.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Where columns repeat one another, many weights fit equally well, and the smallest
    (in the Euclidean norm) are given. Singular values below max(n, d) * 2.2e-16 of the
    largest count as zero. scikit-learn draws that line at 1e-6, where a column in small
    units can be lost.

    O(n d^2) time for n > d and a copy of `X` in memory.

    Taught in: classical/linear-regression.

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, 4th edition, section 5.5. Hastie,
    Tibshirani and Friedman (2009), The Elements of Statistical Learning, 2nd edition,
    section 3.2.

    Examples
    --------
    >>> metres, price = [[50.0], [60.0], [80.0]], [200.0, 230.0, 290.0]
    >>> model = LinearRegression().fit(metres, price)
    >>> model.coef_.round(6).tolist(), round(model.intercept_, 6)
    ([3.0], 50.0)
    >>> model.predict([[100.0]]).round(6).tolist()
    [350.0]
    """

    def __init__(self, *, fit_intercept: bool = True) -> None:
        self.fit_intercept = fit_intercept

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the weights with the least sum of squared residuals.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much the square of each row counts.

        Returns
        -------
        LinearRegression
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input is not as described.
        """
        X = check_features(self, X, fitting=True)
        y = check_targets(y, len(X))
        weights = check_sample_weight(sample_weight, len(X))
        rows = centred(X, y, weights, fit_intercept=self.fit_intercept)
        cut = max(X.shape) * np.finfo(np.float64).eps
        self.coef_, _, rank, self.singular_ = linalg.lstsq(rows.X, rows.y, cond=cut)
        self.rank_ = int(rank)
        self.intercept_ = rows.intercept(self.coef_)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the weighted sum of the columns, plus the intercept.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            In units of the target.
        """
        return _predictions(self, X)


class Ridge(RegressorMixin, BaseEstimator):
    """Least squares with a penalty on the squares of the weights.

    Parameters
    ----------
    alpha : float
        Strength of the penalty: the objective is
        sum(residual ** 2) + alpha * sum(coef ** 2). 0 is least squares.
    fit_intercept : bool
        Whether to add an intercept. It is not penalised.

    Attributes
    ----------
    coef_ : array of shape (d,)
        Weights, in units of `y` per unit of the column.
    intercept_ : float
        Intercept; 0 without one.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    The penalty is in units of the columns: scale them first, or it falls on those in
    small units. See `ridge_weights` for the cost.

    Taught in: classical/linear-regression.

    References
    ----------
    Hoerl and Kennard (1970), "Ridge regression: biased estimation for nonorthogonal
    problems", Technometrics 12.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> [round(float(Ridge(alpha).fit(X, y).coef_[0]), 6) for alpha in (0, 2, 6)]
    [2.0, 1.0, 0.5]
    """

    def __init__(self, alpha: float = 1.0, *, fit_intercept: bool = True) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the weights that minimise the penalised sum of squares.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers; best on similar scales.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much the square of each row counts.

        Returns
        -------
        Ridge
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or `alpha` is not as described.
        """
        fine = 0 <= self.alpha < np.inf
        check_parameters(self, alpha=(fine, "a finite number of at least 0"))
        X = check_features(self, X, fitting=True)
        y = check_targets(y, len(X))
        weights = check_sample_weight(sample_weight, len(X))
        rows = centred(X, y, weights, fit_intercept=self.fit_intercept)
        self.coef_ = ridge_weights(rows.X, rows.y, self.alpha)
        self.intercept_ = rows.intercept(self.coef_)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the weighted sum of the columns, plus the intercept.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            In units of the target.
        """
        return _predictions(self, X)


def ridge_weights(X: Floats, y: Floats, alpha: float) -> Floats:
    """Minimise sum((y - X @ w) ** 2) + alpha * sum(w ** 2), without an intercept.

    Parameters
    ----------
    X : array of shape (n, d)
        Columns.
    y : array of shape (n,)
        Target.
    alpha : float
        Strength of the penalty, at least 0.

    Returns
    -------
    numpy.ndarray of shape (d,)
        The weights; the smallest that minimise, if `alpha` is 0 and there are many.

    Notes
    -----
    With more rows than columns a system of d equations, else one of n: O(n d min(n, d))
    time and O(min(n, d)^2) memory. Both systems hold squares of the data. Where `alpha`
    is too small to keep them well conditioned, d rows of sqrt(alpha) with target 0
    are appended to the data instead and least squares does the rest: some ten times
    slower, and right to the last digits.

    Taught in: classical/linear-regression.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
    2nd edition, sections 3.4.1 and 18.3.5.

    Examples
    --------
    >>> X, y = np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([2.0, 4.0])
    >>> ridge_weights(X, y, 0.0).round(6).tolist()
    [1.0, 1.0]
    """
    n, d = X.shape
    with np.errstate(over="ignore", under="ignore"):
        squares = np.vdot(X, X)  # the sum of the eigenvalues of X'X: a bound on each
    if alpha <= _SAFE_SHARE * squares:
        return _ridge_weights_by_more_rows(X, y, alpha)
    if d <= n:
        return _solved(X.T @ X, alpha, X.T @ y)
    return X.T @ _solved(X @ X.T, alpha, y)


def _solved(squares: Floats, alpha: float, target: Floats) -> Floats:
    squares.flat[:: len(squares) + 1] += alpha  # the diagonal
    found: Floats = linalg.solve(squares, target, assume_a="pos", overwrite_a=True)
    return found


def _ridge_weights_by_more_rows(X: Floats, y: Floats, alpha: float) -> Floats:
    if alpha > 0:
        d = X.shape[1]
        X = np.vstack([X, np.sqrt(alpha) * np.eye(d)])
        y = np.append(y, np.zeros(d))
    cut = max(X.shape) * np.finfo(np.float64).eps
    found: Floats = linalg.lstsq(X, y, cond=cut)[0]
    return found


class Centred(NamedTuple):
    """Rows without their mean, each times the root of its weight.

    Plain least squares on them is weighted least squares with an intercept on what
    they were made from.

    Notes
    -----
    Taught in: classical/linear-regression.
    """

    X: Floats
    y: Floats
    x_mean: Floats
    y_mean: float

    def intercept(self, coef: Floats) -> float:
        """Return the intercept that goes with these weights."""
        return float(self.y_mean - self.x_mean @ coef)


def centred(
    X: Floats, y: Floats, weights: Floats, *, fit_intercept: bool = True
) -> Centred:
    """Take means out of rows and weights into them.

    Parameters
    ----------
    X : array of shape (n, d)
        Features.
    y : array of shape (n,)
        Targets.
    weights : array of shape (n,)
        How much the square of each row counts.
    fit_intercept : bool
        Whether to take the (weighted) means out at all.

    Returns
    -------
    Centred
        The new rows and the means; `X` and `y` are left alone.

    Notes
    -----
    The first row is subtracted before the mean is: a column that never changes is then
    exactly zero, and not the rounding error of a mean.

    O(n d) time and memory. Taught in: classical/linear-regression.

    Examples
    --------
    >>> rows = centred(np.array([[1.0, 0.1], [3.0, 0.1]]), np.ones(2), np.ones(2))
    >>> rows.X.tolist(), rows.x_mean.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [2.0, 0.1])
    """
    x_mean, y_mean = np.zeros(X.shape[1]), 0.0
    if fit_intercept:
        shares = weights / weights.sum()
        x_mean, y_mean = X[0].copy(), float(y[0])
        X, y = X - x_mean, y - y_mean
        x_rest, y_rest = shares @ X, float(shares @ y)
        X -= x_rest
        y -= y_rest
        x_mean, y_mean = x_mean + x_rest, y_mean + y_rest
    if (weights != 1.0).any():
        roots = np.sqrt(weights)
        X, y = X * roots[:, None], y * roots
    return Centred(X, y, x_mean, y_mean)


def _predictions(model: LinearRegression | Ridge, X: ArrayLike) -> Floats:
    check_is_fitted(model, "coef_")
    rows = check_features(model, X, fitting=False)
    predicted: Floats = rows @ model.coef_ + model.intercept_
    return predicted
