"""The linear support vector machine, solved to the last digit by Newton's method.

The squared hinge loss is smooth, so Newton's method goes straight for its minimum. The
plain hinge has a corner, where a slope jumps; there the dual problem is walked through
the inside of its box, with Newton steps that keep off the walls. Both come down to a
few linear systems of the size of a row.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassWeight,
    ConvergenceWarning,
    Floats,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    class_weights,
)

Loss = Literal["squared_hinge", "hinge"]
LOSSES = ("squared_hinge", "hinge")


class _Plane(NamedTuple):
    weights: Floats
    n_iter: int
    converged: bool


def _by_newton(signed: Floats, costs: Floats, tol: float, max_iter: int) -> _Plane:
    """Minimise |w|^2 / 2 + sum of cost * max(0, 1 - margin)^2.

    Between two steps only the rows inside the margin count, and for those the
    objective is a parabola: once the right rows are found, one step ends it.

    `signed` holds the rows times their side, -1 or 1, so that margins are signed @ w.
    """
    w = np.zeros(signed.shape[1])
    value, gradient, inside = _squared_hinge(w, signed, costs)
    enough = tol * np.abs(gradient).max()
    for step in range(max_iter):
        if np.abs(gradient).max() <= enough:
            return _Plane(w, step, converged=True)
        jump = _to_the_bottom(w, gradient, signed[inside], costs[inside])
        length = 1.0  # halved while the jump overshoots
        while length > 1e-10:
            ahead = _squared_hinge(w + length * jump, signed, costs)
            if ahead[0] <= value + 1e-4 * length * (gradient @ jump):
                break
            length /= 2
        else:  # rounding error is all that is left to gain
            return _Plane(w, step, converged=True)
        w = w + length * jump
        value, gradient, inside = ahead
    return _Plane(w, max_iter, bool(np.abs(gradient).max() <= enough))


def _to_the_bottom(w: Floats, gradient: Floats, rows: Floats, costs: Floats) -> Floats:
    """Return the step from `w` to the bottom of the parabola of these rows.

    The normal equations are quick, and square the condition number: columns far from
    zero, or of very different units, leave them no digit. Least squares then answers.
    """
    hessian = 2.0 * (rows.T * costs) @ rows + np.eye(len(w))
    with warnings.catch_warnings():
        warnings.simplefilter("error", linalg.LinAlgWarning)
        try:
            jump = linalg.solve(hessian, -gradient, assume_a="pos")
        except (linalg.LinAlgError, linalg.LinAlgWarning):
            roots = np.sqrt(2.0 * costs)
            tall = np.vstack([roots[:, None] * rows, np.eye(len(w))])
            bottom = linalg.lstsq(tall, np.append(roots, np.zeros(len(w))))[0]
            jump = bottom - w
    return np.asarray(jump, dtype=np.float64)


def _squared_hinge(
    w: Floats, signed: Floats, costs: Floats
) -> tuple[float, Floats, NDArray[np.bool_]]:
    """Return the objective, its gradient and which rows are inside the margin."""
    slips = np.maximum(1.0 - signed @ w, 0.0)
    value = 0.5 * (w @ w) + costs @ slips**2
    return value, w - 2.0 * (costs * slips) @ signed, slips > 0


def _from_inside(signed: Floats, costs: Floats, tol: float, max_iter: int) -> _Plane:
    """Minimise |w|^2 / 2 + sum of cost * max(0, 1 - margin), through its dual.

    The dual has a coefficient a for each row, from 0 to its cost, and w = a @ signed.
    Each wall has a multiplier; at the optimum one of distance and multiplier is zero
    at every wall. The method aims at a small positive product for all, and lowers it.
    """
    a, room = costs / 2.0, costs / 2.0
    surplus, slip = np.ones_like(a), np.ones_like(a)  # multipliers at 0 and at cost
    for step in range(max_iter):
        w = a @ signed
        lacking = 1.0 - signed @ w
        primal = 0.5 * (w @ w) + costs @ np.maximum(lacking, 0.0)
        if primal - (a.sum() - 0.5 * (w @ w)) <= tol * primal:  # less the dual: >= 0
            return _Plane(w, step, converged=True)
        aim = 0.1 * (a @ surplus + room @ slip) / (2 * len(a))
        stiffness = surplus / a + slip / room
        da = _woodbury(signed, stiffness, lacking + aim / a - aim / room)
        dsurplus = aim / a - surplus - surplus / a * da
        dslip = aim / room - slip + slip / room * da
        moves = ((a, da), (room, -da), (surplus, dsurplus), (slip, dslip))
        length = min(1.0, 0.99 * min(_to_zero(x, dx) for x, dx in moves))
        for x, dx in moves:
            x += length * dx
    return _Plane(a @ signed, max_iter, converged=False)


def _woodbury(Z: Floats, stiffness: Floats, right: Floats) -> Floats:
    """Solve (Z Z' + diag(stiffness)) x = right by a system with a column a feature."""
    first = right / stiffness
    scaled = Z / stiffness[:, None]
    core = Z.T @ scaled + np.eye(Z.shape[1])
    solution: Floats = first - scaled @ linalg.solve(core, Z.T @ first, assume_a="pos")
    return solution


def _to_zero(x: Floats, dx: Floats) -> float:
    """Return the length of the step at which the first of x becomes zero."""
    falling = dx < 0
    return float((-x[falling] / dx[falling]).min(initial=np.inf))


class LinearSVC(ClassifierMixin, BaseEstimator):
    """Classifier by a plane, as far from both classes as slips at cost C allow.

    Parameters
    ----------
    C : float, default 1.0
        Cost of a slip: of a row inside the margin or on its wrong side.
    loss : {"squared_hinge", "hinge"}
        Whether a slip costs its square or itself.
    fit_intercept : bool, default True
        Whether to add an intercept.
    intercept_scaling : float, default 1.0
        The intercept is the weight of a column of this value, penalised as all weights
        are, in scikit-learn too; a larger value frees it.
    class_weight : dict, "balanced" or None
        Factors of `C` by class.
    tol : float, default 1e-6
        For "squared_hinge" the largest entry of the gradient, as a share of that at
        the start; for "hinge" the gap to the dual objective, as a share.
    max_iter : int, default 100
        Most steps for each class.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    coef_ : array of shape (1, d) or (k, d)
        Weights, one row for two classes and one a class for more.
    intercept_ : array of shape (1,) or (k,)
        Intercepts.
    n_iter_ : int
        Most steps that any class took.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n m^2) a step with m the smaller of n and d, and some ten or twenty steps, so
    that the default `tol` is far below scikit-learn's. With more than two classes a
    row keeps the weight of its class among the rest, too; LIBLINEAR gives the rest
    weight 1.
    Taught in: classical/svm.

    References
    ----------
    Keerthi and DeCoste (2005), "A modified finite Newton method for fast solution of
    large scale linear SVMs", Journal of Machine Learning Research 6. Ferris and Munson
    (2002), "Interior-point methods for massive support vector machines", SIAM Journal
    on Optimization 13.

    Examples
    --------
    >>> X = [[0.0, 1.0], [1.0, 1.0], [3.0, 0.0], [4.0, 0.0]]
    >>> model = LinearSVC(C=10.0).fit(X, ["left", "left", "right", "right"])
    >>> model.predict([[1.5, 1.0], [2.8, 0.5]]).tolist()
    ['left', 'right']
    """

    n_features_in_: int

    def __init__(
        self,
        C: float = 1.0,
        *,
        loss: Loss = "squared_hinge",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: ClassWeight = None,
        tol: float = 1e-6,
        max_iter: int = 100,
    ) -> None:
        self.C = C
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the plane, or one plane a class against the rest.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : array-like of shape (n,)
            Class labels, of two classes or more.
        sample_weight : array-like of shape (n,), optional
            Factors of `C` by row; rows of weight 0 are left out.

        Returns
        -------
        LinearSVC
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described, or if only one class
            is there.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` was reached.
        """
        self._check_settings()
        rows = check_features(self, X, fitting=True)
        classes, codes = check_labels(y, len(rows))
        weights = check_sample_weight(sample_weight, len(rows))
        kept = weights > 0
        rows, weights = rows[kept], weights[kept]
        present, codes = np.unique(codes[kept], return_inverse=True)
        self.classes_ = classes[present]
        if len(present) < 2:
            raise ValueError(
                "LinearSVC needs rows of at least two classes, but there is only 1 "
                f"class: {self.classes_[0]} in all {len(rows)} rows of weight above 0."
            )
        factors = class_weights(self.class_weight, self.classes_, codes, weights)
        if self.fit_intercept:
            constant = np.full(len(rows), float(self.intercept_scaling))
            rows = np.column_stack([rows, constant])
        self._fit_planes(rows, codes, self.C * weights * factors)
        return self

    def _check_settings(self) -> None:
        scaling = 0 < self.intercept_scaling < np.inf
        check_parameters(
            self,
            C=(0 < self.C < np.inf, "a number above 0"),
            loss=(self.loss in LOSSES, f"one of {LOSSES}"),
            intercept_scaling=(scaling, "a number above 0"),
            tol=(self.tol > 0, "a number above 0"),
            max_iter=(self.max_iter >= 1, "a whole number from 1"),
        )

    def _fit_planes(self, rows: Floats, codes: Any, costs: Floats) -> None:
        basis = None
        if rows.shape[1] > len(rows):
            # Weights outside the span of the rows cost and do nothing, so the plane is
            # sought in coordinates of that span, of which there are but n.
            basis, triangle = linalg.qr(rows.T, mode="economic")
            rows = np.asarray(triangle.T, dtype=np.float64)
        solve = _by_newton if self.loss == "squared_hinge" else _from_inside
        positive = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        sides = [np.where(codes == code, 1.0, -1.0) for code in positive]
        found = [
            solve(side[:, None] * rows, costs, self.tol, self.max_iter)
            for side in sides
        ]
        self._warn(found)
        self.n_iter_ = max(plane.n_iter for plane in found)
        table = np.array([plane.weights for plane in found])
        if basis is not None:
            table = np.asarray(table @ basis.T, dtype=np.float64)
        d = self.n_features_in_
        self.coef_, self.intercept_ = table[:, :d].copy(), np.zeros(len(table))
        if self.fit_intercept:
            self.intercept_ = self.intercept_scaling * table[:, d]

    def _warn(self, found: list[_Plane]) -> None:
        if not all(plane.converged for plane in found):
            warnings.warn(
                f"LinearSVC stopped after {self.max_iter} iterations (max_iter) short "
                f"of tol={self.tol}: standardise the columns, or raise max_iter.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return how far, in units of the margin, and on which side each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            For two classes positive where the second is predicted; for more one column
            a class, of which the largest is predicted.
        """
        check_is_fitted(self, "coef_")
        rows = check_features(self, X, fitting=False)
        Z: Floats = rows @ self.coef_.T + self.intercept_
        return Z[:, 0] if Z.shape[1] == 1 else Z

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class on whose side each row is.

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
