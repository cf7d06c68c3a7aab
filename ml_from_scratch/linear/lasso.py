"""The lasso and the elastic net: penalties that set weights to exactly zero.

One weight at a time has a formula, so the descent goes from weight to weight. Two ideas
make it fast. The rows are needed only for the products of columns, X'X, made once by
one matrix product; a step then costs d operations and not n. And most weights stay at
zero, so only those products are made that belong to the columns in play.

When is it done? A feasible point of the dual problem gives a lower bound on the
minimum, and the distance to it, the duality gap, an upper bound on what is left to
gain.
"""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import (
    BaseEstimator,
    ConvergenceWarning,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_sample_weight,
    check_targets,
)
from ml_from_scratch.linear.least_squares import centred, ridge_weights

_COLUMNS_IN_PLAY = 100  # at first; the products of so many columns cost next to nothing


class Descent(NamedTuple):
    """Where a coordinate descent ended.

    Notes
    -----
    Taught in: classical/linear-regression.
    """

    coef: Floats
    gap: float  # how far, at most, the objective is above its minimum
    n_iter: int  # sweeps over the weights in play
    converged: bool


def coordinate_descent(
    X: Floats,
    y: Floats,
    l1: float,
    l2: float,
    *,
    tol: float,
    max_iter: int,
    start: Floats | None = None,
) -> Descent:
    """Minimise sum((y - Xw) ** 2) / 2 + l1 * sum(abs(w)) + l2 / 2 * sum(w ** 2).

    Parameters
    ----------
    X : array of shape (n, d)
        Columns.
    y : array of shape (n,)
        Target.
    l1 : float
        Strength of the penalty that makes zeros, above 0.
    l2 : float
        Strength of the penalty that only shrinks, at least 0.
    tol : float
        Stop when the duality gap is at most this share of sum(y ** 2).
    max_iter : int
        Sweeps after which to stop in any case.
    start : array of shape (d,), optional
        Weights to begin with, by default zeros.

    Returns
    -------
    Descent
        The weights, their duality gap and the number of sweeps.

    Raises
    ------
    ValueError
        If squares of `X` or `y` are too large for float64.

    Notes
    -----
    A round solves the problem for the columns in play: those with a weight, and those
    that pull hardest to get one. With m of them it costs O(n m^2 + n d) time, O(m^2)
    memory, and O(m^2) more a sweep. Then every column is looked at, and the round is
    the last if the gap over all of them is small enough.

    Taught in: classical/linear-regression.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization paths for generalized linear
    models via coordinate descent", Journal of Statistical Software 33. Massias,
    Gramfort and Salmon (2018), "Celer: a fast solver for the lasso with dual
    extrapolation", ICML.

    Examples
    --------
    >>> X, y = np.eye(3), np.array([3.0, -2.0, 0.5])
    >>> found = coordinate_descent(X, y, 1.0, 0.0, tol=1e-9, max_iter=10)
    >>> found.coef.tolist(), found.n_iter
    ([2.0, -1.0, 0.0], 1)
    """
    _refuse_huge(X, y)
    w = np.zeros(X.shape[1]) if start is None else start.copy()
    pull, power = X.T @ y, float(y @ y)
    sweeps = 0
    while True:
        residual = y - X @ w
        slope = -(X.T @ residual)
        left, along = float(residual @ residual), float(y @ residual)
        gap = _duality_gap(left, along, slope, w, l1, l2)
        if gap <= tol * power or sweeps >= max_iter:
            return Descent(w, gap, sweeps, gap <= tol * power)
        some = _columns_in_play(w, slope)
        columns = X if len(some) == len(w) else X[:, some]
        problem = _Products(columns.T @ columns, pull[some], power, l1, l2)
        w[some], more = _swept(problem, w[some], tol / 2, max_iter - sweeps)
        sweeps += more


def _refuse_huge(X: Floats, y: Floats) -> None:
    with np.errstate(over="ignore", under="ignore"):
        squares = float(np.vdot(X, X)), float(y @ y)
    if not np.isfinite(squares).all():
        raise ValueError(
            f"The squares of X and y add up to {squares[0]:.3g} and {squares[1]:.3g}: "
            "scale both, so that float64 can hold them."
        )


def _columns_in_play(w: Floats, slope: Floats) -> Integers:
    """Return the columns with a weight and as many more, those of steepest slope."""
    size = max(_COLUMNS_IN_PLAY, 2 * int(np.count_nonzero(w)))
    if size >= len(w):
        return np.arange(len(w))
    steepness = np.where(w != 0, np.inf, np.abs(slope))
    return np.sort(np.argpartition(steepness, -size)[-size:])


class _Products(NamedTuple):
    """All that the objective needs to know of the rows."""

    gram: Floats  # X'X, (m, m)
    pull: Floats  # X'y, (m,)
    power: float  # y'y
    l1: float
    l2: float

    def gap(self, w: Floats, slope: Floats) -> float:
        """Return the duality gap at w, where the squares have this slope."""
        along = self.power - float(self.pull @ w)  # y'(y - Xw)
        left = max(along + float(slope @ w), 0.0)  # the sum of squared residuals
        return _duality_gap(left, along, slope, w, self.l1, self.l2)


def _swept(
    problem: _Products, w: Floats, tol: float, max_iter: int
) -> tuple[Floats, int]:
    """Sweep over the weights until the duality gap is small; at least once."""
    slope = problem.gram @ w - problem.pull  # of the squares alone, at w
    for sweeps in range(1, max_iter + 1):
        _sweep(problem, w, slope)
        if problem.gap(w, slope) <= tol * problem.power:
            return w, sweeps
    return w, max_iter


def _sweep(problem: _Products, w: Floats, slope: Floats) -> None:
    """Move each weight in turn to its best value, given the others; w and slope change.

    Alone, a weight would minimise curvature / 2 * w ** 2 - pull * w + l1 * abs(w). That
    is pull / curvature without the last term, which takes l1 off the pull: a pull of
    less is not enough for any weight.
    """
    gram, _, _, l1, l2 = problem
    moving = np.flatnonzero((w != 0) | (np.abs(slope) > l1))
    for j in moving.tolist():
        old, curvature = w.item(j), gram.item(j, j)
        pull = curvature * old - slope.item(j)
        enough = abs(pull) - l1
        new = math.copysign(enough / (curvature + l2), pull) if enough > 0 else 0.0
        if new != old:
            slope += (new - old) * gram[j]
            w[j] = new


def _duality_gap(
    left: float, along: float, slope: Floats, w: Floats, l1: float, l2: float
) -> float:
    """Return the objective at w less a lower bound on every value of it.

    The L2 penalty counts as rows of sqrt(l2) with target 0, so that this is the gap of
    a lasso. Its dual takes any point at which no column pulls harder than l1; the
    residual, shrunk until that holds, is one.
    """
    left = left + l2 * float(w @ w)
    if left == 0.0:
        return l1 * float(np.abs(w).sum())
    steepest = float(np.abs(slope + l2 * w).max())
    scale = along / left
    if steepest * abs(scale) > l1:
        scale = math.copysign(l1 / steepest, along)
    objective = left / 2 + l1 * float(np.abs(w).sum())
    bound = scale * along - scale**2 * left / 2
    return objective - bound


class ElasticNet(RegressorMixin, BaseEstimator):
    """Least squares with penalties on the sizes and on the squares of the weights.

    Parameters
    ----------
    alpha : float
        Strength of both penalties: the objective is mean(residual ** 2) / 2
        + alpha * (l1_ratio * sum(abs(coef)) + (1 - l1_ratio) / 2 * sum(coef ** 2)).
        0 is least squares.
    l1_ratio : float
        Share of the first, which sets weights to zero: 1 is the lasso, 0 is ridge.
    fit_intercept : bool
        Whether to add an intercept. It is not penalised.
    max_iter : int
        Most sweeps over the weights.
    tol : float
        Stop when the duality gap is at most this share of the mean square of `y` (of
        its variance, with an intercept).

    Attributes
    ----------
    coef_ : array of shape (d,)
        Weights, in units of `y` per unit of the column; many are exactly 0.
    intercept_ : float
        Intercept; 0 without one.
    dual_gap_ : float
        How far the objective is above its minimum, at most.
    n_iter_ : int
        Sweeps taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    See `coordinate_descent` for the cost. Without a penalty on sizes (`alpha` or
    `l1_ratio` of 0) nothing is set to zero, and `ridge_weights` has the formula.

    Taught in: classical/linear-regression.

    References
    ----------
    Zou and Hastie (2005), "Regularization and variable selection via the elastic net",
    Journal of the Royal Statistical Society B 67.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> model = ElasticNet(alpha=0.1, l1_ratio=0.5, tol=1e-9).fit(X, y)
    >>> model.coef_.round(4).tolist()  # two equal columns share their weight
    [0.4706, 0.4706]
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the weights that minimise the penalised mean of squares.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers; best on similar scales.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much the square of each row counts in the mean.

        Returns
        -------
        ElasticNet
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        ConvergenceWarning
            If the duality gap is still above `tol` after `max_iter` sweeps.
        """
        self._check_settings()
        X = check_features(self, X, fitting=True)
        y = check_targets(y, len(X))
        weights = check_sample_weight(sample_weight, len(X))
        rows = centred(X, y, weights, fit_intercept=self.fit_intercept)
        found = self._descend(rows.X, rows.y, float(weights.sum()))
        self.coef_, self.intercept_ = found.coef, rows.intercept(found.coef)
        self.dual_gap_, self.n_iter_ = found.gap / weights.sum(), max(1, found.n_iter)
        if not found.converged:
            _warn(found, self.tol * float(rows.y @ rows.y))
        return self

    def _descend(self, X: Floats, y: Floats, total: float) -> Descent:
        # The mean times `total` is a sum, whose penalties are larger by as much.
        l1 = float(self.alpha * self.l1_ratio) * total
        l2 = float(self.alpha * (1.0 - self.l1_ratio)) * total
        if l1 == 0.0:
            return Descent(ridge_weights(X, y, l2), 0.0, 1, converged=True)
        return coordinate_descent(X, y, l1, l2, tol=self.tol, max_iter=self.max_iter)

    def _check_settings(self) -> None:
        fine = 0 <= self.alpha < np.inf
        check_parameters(
            self,
            alpha=(fine, "a finite number of at least 0"),
            l1_ratio=(0 <= self.l1_ratio <= 1, "a number from 0 to 1"),
            max_iter=(self.max_iter >= 1, "a whole number from 1"),
            tol=(self.tol > 0, "a number above 0"),
        )

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
        check_is_fitted(self, "coef_")
        rows = check_features(self, X, fitting=False)
        predicted: Floats = rows @ self.coef_ + self.intercept_
        return predicted


class Lasso(ElasticNet):
    """Least squares with a penalty on the sizes of the weights, which sets some to 0.

    Parameters
    ----------
    alpha : float
        Strength of the penalty: the objective is
        mean(residual ** 2) / 2 + alpha * sum(abs(coef)). 0 is least squares.
    fit_intercept : bool
        Whether to add an intercept. It is not penalised.
    max_iter : int
        Most sweeps over the weights.
    tol : float
        Stop when the duality gap is at most this share of the mean square of `y` (of
        its variance, with an intercept).

    Attributes
    ----------
    coef_ : array of shape (d,)
        Weights, in units of `y` per unit of the column; many are exactly 0.
    intercept_ : float
        Intercept; 0 without one.
    dual_gap_ : float
        How far the objective is above its minimum, at most.
    n_iter_ : int
        Sweeps taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    See `coordinate_descent` for the cost. Of two columns that say the same, the lasso
    may choose either; `ElasticNet` shares the weight between them.

    Taught in: classical/linear-regression.

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso", Journal of
    the Royal Statistical Society B 58.

    Examples
    --------
    >>> X = np.array([[1.0, 0.3], [2.0, -0.1], [3.0, 0.2], [4.0, -0.4]])
    >>> Lasso(alpha=0.5, tol=1e-9).fit(X, [1.0, 2.0, 3.0, 4.0]).coef_.round(4).tolist()
    [0.6, 0.0]
    """

    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol


def lasso_path(
    X: ArrayLike,
    y: ArrayLike,
    *,
    alphas: ArrayLike | None = None,
    n_alphas: int = 100,
    eps: float = 1e-3,
    max_iter: int = 1000,
    tol: float = 1e-4,
) -> tuple[Floats, Floats, Floats]:
    """Fit lassos from strong penalties to weak ones, each starting at the last.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Features. They are taken as they are, without an intercept: centre them, and
        `y`, first.
    y : array-like of shape (n,)
        Targets.
    alphas : array-like of shape (k,), optional
        Penalties, above 0. By default a geometric series that starts where the first
        weight leaves zero.
    n_alphas : int
        Length of that series.
    eps : float
        Its last member as a share of its first.
    max_iter : int
        Most sweeps over the weights, for each penalty.
    tol : float
        See `Lasso`.

    Returns
    -------
    alphas : numpy.ndarray of shape (k,)
        The penalties, strongest first.
    coefs : numpy.ndarray of shape (d, k)
        Weights, a column for each penalty.
    gaps : numpy.ndarray of shape (k,)
        Duality gaps.

    Raises
    ------
    TypeError
        If `X` is sparse or holds what is no number.
    ValueError
        If an input is not as described, or if no column is correlated with `y`.

    Warns
    -----
    ConvergenceWarning
        If a duality gap is still above `tol` after `max_iter` sweeps.

    Notes
    -----
    The sum of `coordinate_descent` over the penalties; starting near the solution,
    each takes only a few sweeps.

    Taught in: classical/linear-regression.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization paths for generalized linear
    models via coordinate descent", Journal of Statistical Software 33.

    Examples
    --------
    >>> X, y = np.eye(2), np.array([2.0, 1.0])
    >>> alphas, coefs, _ = lasso_path(X, y, n_alphas=3, eps=0.25)
    >>> alphas.round(4).tolist(), coefs.round(4).tolist()
    ([1.0, 0.5, 0.25], [[0.0, 1.0, 1.5], [0.0, 0.0, 0.5]])
    """
    rows = check_features(BaseEstimator(), X, fitting=True) / np.sqrt(np.shape(X)[0])
    target = check_targets(y, len(rows)) / np.sqrt(len(rows))
    if alphas is None:
        penalties = _series(float(np.abs(rows.T @ target).max()), n_alphas, eps)
    else:
        penalties = np.sort(_checked_penalties(alphas))[::-1]
    found = Descent(np.zeros(rows.shape[1]), 0.0, 0, converged=True)
    coefs, gaps = [], []
    for alpha in penalties.tolist():
        found = coordinate_descent(
            rows, target, alpha, 0.0, tol=tol, max_iter=max_iter, start=found.coef
        )
        if not found.converged:
            _warn(found, tol * float(target @ target))
        coefs.append(found.coef)
        gaps.append(found.gap)
    return penalties, np.array(coefs).T, np.array(gaps)


def _series(largest: float, n_alphas: int, eps: float) -> Floats:
    if n_alphas < 1 or not 0 < eps < 1:
        raise ValueError(
            "n_alphas must be a whole number from 1, and eps between 0 and 1, got "
            f"{n_alphas} and {eps}."
        )
    if largest == 0.0:
        raise ValueError(
            "Every column's product with y is 0, so that every weight is 0 at any "
            "penalty: give alphas, or look at y."
        )
    return np.geomspace(largest, largest * eps, n_alphas)


def _checked_penalties(alphas: ArrayLike) -> Floats:
    penalties = np.asarray(alphas, dtype=np.float64)
    if penalties.ndim != 1 or not len(penalties) or not (penalties > 0).all():
        raise ValueError(
            f"alphas must be a sequence of numbers above 0, got {alphas!r}."
        )
    return penalties


def _warn(found: Descent, allowed: float) -> None:
    message = (
        f"Coordinate descent stopped after {found.n_iter} sweeps with a duality gap of "
        f"{found.gap:.3g}, above {allowed:.3g}. Scale the columns, or raise max_iter, "
        "alpha or tol."
    )
    warnings.warn(message, ConvergenceWarning, stacklevel=3)
