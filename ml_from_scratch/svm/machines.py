"""Kernel machines for classes, for numbers and for telling the usual from the rest."""

from __future__ import annotations

import warnings
from itertools import combinations
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
    OutlierMixin,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_targets,
    class_weights,
)
from ml_from_scratch.svm.kernels import KERNELS, Kernel, KernelName
from ml_from_scratch.svm.smo import DualSolution, minimise_by_smo

Gamma = Literal["scale", "auto"] | float
_BLOCK = 2**21  # similarities at a time in predictions: 16 MiB


class _KernelMachine(BaseEstimator):
    """What the three machines share: the kernel, the solver's settings, the sums."""

    kernel: KernelName
    degree: int
    gamma: Gamma
    coef0: float
    tol: float
    max_iter: int
    cache_size: float
    n_features_in_: int
    intercept_: Floats

    def _check_kernel(self) -> None:
        named = isinstance(self.gamma, str)
        gamma = self.gamma in ("scale", "auto") if named else 0 < self.gamma < np.inf  # type: ignore[operator]
        check_parameters(
            self,
            kernel=(self.kernel in KERNELS, f"one of {KERNELS}"),
            degree=(self.degree >= 1 and self.degree % 1 == 0, "a whole number from 1"),
            gamma=(gamma, "'scale', 'auto' or a number above 0"),
            coef0=(np.isfinite(self.coef0), "a number"),
            tol=(self.tol > 0, "a number above 0"),
            max_iter=(self.max_iter == -1 or self.max_iter >= 1, "-1 or from 1"),
            cache_size=(self.cache_size > 0, "a number above 0, in MiB"),
        )

    def _kernel_around(self, rows: Floats) -> Kernel:
        return Kernel(self.kernel, rows, self._gamma, self.degree, self.coef0)

    def _set_gamma(self, X: Floats) -> None:
        if self.gamma == "auto":
            self._gamma = 1.0 / X.shape[1]
        elif self.gamma == "scale":
            with np.errstate(all="ignore"):  # refused below
                scaled = float(1.0 / (X.shape[1] * X.var()))
            self._gamma = scaled if X.max() > X.min() else 1.0
        else:
            self._gamma = float(self.gamma)
        if not 0 < self._gamma < np.inf:
            raise ValueError(
                f"gamma={self.gamma!r} comes out as {self._gamma} for data whose "
                f"largest size is {np.abs(X).max():.3g}: standardise the columns."
            )

    def _solve(self, X: Floats, *problem: Floats, **start: Floats) -> DualSolution:
        found = minimise_by_smo(
            self._kernel_around(X),
            *problem,
            **start,
            tol=self.tol,
            max_iter=self.max_iter,
            cache_mib=self.cache_size,
        )
        if not found.converged:
            warnings.warn(
                f"{type(self).__name__} stopped after {found.n_iter} iterations "
                f"(max_iter) short of tol={self.tol}: raise max_iter, standardise the "
                "columns, or lower C.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return found

    def _keep_support(self, X: Floats, support: Integers, coefficients: Floats) -> None:
        """Keep the rows that count and forget the others."""
        self.support_ = support
        self.support_vectors_ = X[support]
        self.dual_coef_ = coefficients

    @property
    def coef_(self) -> Floats:
        """Weights of the columns, a row a pair of classes; linear kernel only."""
        if self.kernel != "linear":
            raise AttributeError(
                f"coef_ is only available with a linear kernel, not with {self.kernel}:"
                " the weights live in another space."
            )
        return self._by_pair() @ self.support_vectors_

    def _by_pair(self) -> Floats:
        """Return one coefficient for each sum (rows) and support vector (columns)."""
        return self.dual_coef_

    def _sums(self, X: ArrayLike) -> Floats:
        """Return sum of coefficient times similarity plus intercept, (n, sums)."""
        check_is_fitted(self, "support_")
        X = check_features(self, X, fitting=False)
        coefficients = self._by_pair().T
        sums = np.tile(self.intercept_, (len(X), 1))
        if len(self.support_) == 0:  # a constant: nothing ever was outside the tube
            return sums
        kernel = self._kernel_around(self.support_vectors_)
        size = max(1, _BLOCK // len(self.support_))
        for start in range(0, len(X), size):
            part = slice(start, start + size)
            sums[part] += kernel.table(X[part]) @ coefficients
        return sums


class SVC(ClassifierMixin, _KernelMachine):
    """Classifier whose boundary is as far from both classes as slips at cost C allow.

    Parameters
    ----------
    C : float, default 1.0
        Cost of a slip: of a row inside the margin or on its wrong side, by how far.
        Small is smooth.
    kernel : {"linear", "poly", "rbf"}
        See `Kernel`.
    degree : int, default 3
        Power of "poly".
    gamma : {"scale", "auto"} or float
        Of "rbf" and "poly"; "scale" is 1 / (d * variance of all values), "auto" 1 / d.
    coef0 : float, default 0.0
        Of "poly".
    class_weight : dict, "balanced" or None
        Factors of `C` by class.
    tol : float, default 1e-3
        Largest violation of the optimality conditions.
    max_iter : int, default -1
        Most steps for each pair of classes; -1 for no limit.
    cache_size : float, default 200
        Memory for similarities in MiB.
    decision_function_shape : {"ovr", "ovo"}
        Whether `decision_function` has a column a class or one a pair of classes.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    support_ : array of shape (n_support,)
        Positions of the support vectors, class by class.
    support_vectors_ : array of shape (n_support, d)
        Those rows.
    n_support_ : array of shape (k,)
        How many there are of each class.
    dual_coef_ : array of shape (k - 1, n_support)
        Their signed coefficients: column by column those against each other class.
    intercept_ : array of shape (k (k - 1) / 2,)
        Intercept of each pair of classes.
    n_iter_ : array of shape (k (k - 1) / 2,)
        Steps for each pair.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One machine is trained for each pair of classes, and they vote. Training costs from
    O(n^2 d) to O(n^3); beyond some ten thousand rows take `LinearSVC` or a tree. There
    is no ``predict_proba``: calibrate `decision_function` on rows held out instead.
    Signs and order of all attributes are scikit-learn's.
    Taught in: classical/svm.

    References
    ----------
    Cortes and Vapnik (1995), "Support-vector networks", Machine Learning 20. Chang and
    Lin (2011), "LIBSVM: a library for support vector machines", ACM Transactions on
    Intelligent Systems and Technology 2.

    Examples
    --------
    >>> X = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    >>> model = SVC(C=10.0, gamma=1.0).fit(X, ["same", "same", "other", "other"])
    >>> model.predict([[0.1, 0.1], [0.9, 0.2]]).tolist()
    ['same', 'other']
    >>> len(model.support_)
    4
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        kernel: KernelName = "rbf",
        degree: int = 3,
        gamma: Gamma = "scale",
        coef0: float = 0.0,
        class_weight: ClassWeight = None,
        tol: float = 1e-3,
        max_iter: int = -1,
        cache_size: float = 200.0,
        decision_function_shape: Literal["ovr", "ovo"] = "ovr",
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.cache_size = cache_size
        self.decision_function_shape = decision_function_shape

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the boundary between each two classes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : array-like of shape (n,)
            Class labels, of two classes or more.

        Returns
        -------
        SVC
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
        shapes = ("ovr", "ovo")
        check_parameters(
            self,
            C=(0 < self.C < np.inf, "a number above 0"),
            decision_function_shape=(
                self.decision_function_shape in shapes,
                f"one of {shapes}",
            ),
        )
        self._check_kernel()
        rows = check_features(self, X, fitting=True)
        self.classes_, codes = check_labels(y, len(rows))
        if len(self.classes_) < 2:
            raise ValueError(
                "SVC needs rows of at least two classes, but there is only 1 class: "
                f"{self.classes_[0]} in all {len(rows)} rows."
            )
        self._set_gamma(rows)
        ones = np.ones(len(rows))
        costs = self.C * class_weights(self.class_weight, self.classes_, codes, ones)
        self._fit_pairs(rows, codes, costs)
        return self

    def _fit_pairs(self, X: Floats, codes: Integers, costs: Floats) -> None:
        pairs = list(combinations(range(len(self.classes_)), 2))
        coefficients = np.zeros((len(pairs), len(X)))
        intercepts, steps = [], []
        for pair, (first, second) in enumerate(pairs):
            members = np.flatnonzero((codes == first) | (codes == second))
            sides = np.where(codes[members] == first, 1.0, -1.0)
            bounds = sides * costs[members]
            found = self._solve(
                X[members], sides, np.minimum(bounds, 0.0), np.maximum(bounds, 0.0)
            )
            coefficients[pair, members] = found.coefficients
            intercepts.append(found.intercept)
            steps.append(found.n_iter)
        used = np.flatnonzero(coefficients.any(axis=0))
        support = used[np.argsort(codes[used], kind="stable")]
        # Of two classes the second is the positive one, as everywhere; of more, the
        # first of each pair, as in LIBSVM.
        self._sign = -1.0 if len(pairs) == 1 else 1.0
        self.n_support_ = np.bincount(codes[support], minlength=len(self.classes_))
        self.intercept_ = self._sign * np.array(intercepts)
        self.n_iter_ = np.array(steps)
        table = self._sign * coefficients[:, support]
        self._keep_support(X, support, _against_others(table, codes[support], pairs))

    def _by_pair(self) -> Floats:
        """Undo `_against_others`."""
        k = len(self.classes_)
        codes = np.repeat(np.arange(k), self.n_support_)
        pairs = list(combinations(range(k), 2))
        table = np.zeros((len(pairs), len(codes)))
        for row, (first, second) in zip(table, pairs, strict=True):
            row[codes == first] = self.dual_coef_[second - 1, codes == first]
            row[codes == second] = self.dual_coef_[first, codes == second]
        return table

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return how far, and on which side, each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,), (n, k) or (n, k (k - 1) / 2)
            For two classes positive where the second is predicted. For more the votes
            of each class, ties broken by a part below one half; or, with the shape
            "ovo", one column a pair, positive where its first class is predicted.
        """
        sums = self._sums(X)
        if len(self.classes_) == 2:
            return sums[:, 0]
        if self.decision_function_shape == "ovo":
            return sums
        votes, confidence = _counted(sums, len(self.classes_))
        # Squeezed into less than half a vote, confidence only decides between ties.
        decisions: Floats = votes + confidence / (3.0 * (np.abs(confidence) + 1.0))
        return decisions

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class that wins most of its pairs, the first where some tie.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        sums = self._sums(X)
        if len(self.classes_) == 2:
            codes = (sums[:, 0] > 0).astype(np.intp)
        else:
            codes = _counted(sums, len(self.classes_))[0].argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels


def _against_others(
    table: Floats, codes: Integers, pairs: list[tuple[int, int]]
) -> Floats:
    """Fold a row a pair into k - 1 rows: a vector is in no more pairs than that."""
    folded = np.zeros((pairs[-1][1], len(codes)))
    for row, (first, second) in zip(table, pairs, strict=True):
        folded[second - 1, codes == first] = row[codes == first]
        folded[first, codes == second] = row[codes == second]
    return folded


def _counted(sums: Floats, k: int) -> tuple[Floats, Floats]:
    """Return each class's wins against the others, and by how much in total."""
    votes, confidence = np.zeros((len(sums), k)), np.zeros((len(sums), k))
    for column, (first, second) in zip(sums.T, combinations(range(k), 2), strict=True):
        votes[:, first] += column > 0
        votes[:, second] += column <= 0
        confidence[:, first] += column
        confidence[:, second] -= column
    return votes, confidence


class SVR(RegressorMixin, _KernelMachine):
    """Regressor that ignores errors up to epsilon, and is as flat as the rest allow.

    Parameters
    ----------
    C : float, default 1.0
        Cost of an error, by how far it exceeds `epsilon`.
    kernel : {"linear", "poly", "rbf"}
        See `Kernel`.
    degree : int, default 3
        Power of "poly".
    gamma : {"scale", "auto"} or float
        As in `SVC`.
    coef0 : float, default 0.0
        Of "poly".
    epsilon : float, default 0.1
        Errors up to this, in the unit of the target, cost nothing.
    tol : float, default 1e-3
        Largest violation of the optimality conditions.
    max_iter : int, default -1
        Most steps; -1 for no limit.
    cache_size : float, default 200
        Memory for similarities in MiB.

    Attributes
    ----------
    support_ : array of shape (n_support,)
        Positions of the support vectors: rows at or outside the tube.
    support_vectors_ : array of shape (n_support, d)
        Those rows.
    dual_coef_ : array of shape (1, n_support)
        Their signed coefficients.
    intercept_ : array of shape (1,)
        The intercept.
    n_iter_ : int
        Steps taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    From O(n^2 d) to O(n^3). Taught in: classical/svm.

    References
    ----------
    Smola and Schoelkopf (2004), "A tutorial on support vector regression", Statistics
    and Computing 14.

    Examples
    --------
    >>> hours = np.arange(10.0)[:, None]
    >>> model = SVR(C=10.0, kernel="linear").fit(hours, 2.0 * hours[:, 0] + 1.0)
    >>> model.predict([[4.5]]).round(1).tolist()
    [10.0]
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        kernel: KernelName = "rbf",
        degree: int = 3,
        gamma: Gamma = "scale",
        coef0: float = 0.0,
        epsilon: float = 0.1,
        tol: float = 1e-3,
        max_iter: int = -1,
        cache_size: float = 200.0,
    ) -> None:
        self.C = C
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.epsilon = epsilon
        self.tol = tol
        self.max_iter = max_iter
        self.cache_size = cache_size

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the flattest function through a tube around the targets.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : array-like of shape (n,)
            Targets.

        Returns
        -------
        SVR
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` was reached.
        """
        check_parameters(
            self,
            C=(0 < self.C < np.inf, "a number above 0"),
            epsilon=(0 <= self.epsilon < np.inf, "a number from 0"),
        )
        self._check_kernel()
        rows = check_features(self, X, fitting=True)
        targets, n = check_targets(y, len(rows)), len(rows)
        self._set_gamma(rows)
        # Each row is there twice: once it pulls up from the lower wall of the tube,
        # once down from the upper one.
        walls = np.append(targets - self.epsilon, targets + self.epsilon)
        lower, upper = np.repeat([0.0, -self.C], n), np.repeat([self.C, 0.0], n)
        found = self._solve(rows, walls, lower, upper)
        pulls = found.coefficients[:n] + found.coefficients[n:]
        support = np.flatnonzero(pulls)
        self._keep_support(rows, support, pulls[None, support])
        self.intercept_, self.n_iter_ = np.array([found.intercept]), found.n_iter
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the value of the function at each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Predictions.
        """
        return self._sums(X)[:, 0]


class OneClassSVM(OutlierMixin, _KernelMachine):
    """Outlier detector: a boundary around all but about a share nu of the rows.

    Parameters
    ----------
    nu : float, default 0.5
        At most this share of the training rows is outside, and at least this share
        are support vectors; above 0, at most 1.
    kernel : {"linear", "poly", "rbf"}
        See `Kernel`.
    degree : int, default 3
        Power of "poly".
    gamma : {"scale", "auto"} or float
        As in `SVC`.
    coef0 : float, default 0.0
        Of "poly".
    tol : float, default 1e-3
        Largest violation of the optimality conditions.
    max_iter : int, default -1
        Most steps; -1 for no limit.
    cache_size : float, default 200
        Memory for similarities in MiB.

    Attributes
    ----------
    support_ : array of shape (n_support,)
        Positions of the support vectors: rows at the boundary or outside.
    support_vectors_ : array of shape (n_support, d)
        Those rows.
    dual_coef_ : array of shape (1, n_support)
        Their coefficients.
    intercept_ : array of shape (1,)
        The intercept, minus `offset_`.
    offset_ : float
        Where `score_samples` separates the two.
    n_iter_ : int
        Steps taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    From O(n^2 d) to O(n^3). Taught in: classical/anomalies.

    References
    ----------
    Schoelkopf, Platt, Shawe-Taylor, Smola and Williamson (2001), "Estimating the
    support of a high-dimensional distribution", Neural Computation 13.

    Examples
    --------
    >>> X = np.append(np.linspace(-1.0, 1.0, 20), 8.0)[:, None]
    >>> model = OneClassSVM(nu=0.2, gamma=0.5).fit(X)
    >>> model.predict([[0.0], [8.0]]).tolist()
    [1, -1]
    """

    def __init__(
        self,
        *,
        nu: float = 0.5,
        kernel: KernelName = "rbf",
        degree: int = 3,
        gamma: Gamma = "scale",
        coef0: float = 0.0,
        tol: float = 1e-3,
        max_iter: int = -1,
        cache_size: float = 200.0,
    ) -> None:
        self.nu = nu
        self.kernel = kernel
        self.degree = degree
        self.gamma = gamma
        self.coef0 = coef0
        self.tol = tol
        self.max_iter = max_iter
        self.cache_size = cache_size

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the boundary.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        OneClassSVM
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` was reached.
        """
        del y
        check_parameters(self, nu=(0 < self.nu <= 1, "a number above 0, at most 1"))
        self._check_kernel()
        rows = check_features(self, X, fitting=True)
        self._set_gamma(rows)
        n = len(rows)
        # The coefficients sum to nu * n with none above 1, so at least that many rows
        # have one. Any such start will do.
        start = np.clip(self.nu * n - np.arange(n), 0.0, 1.0)
        found = self._solve(rows, np.zeros(n), np.zeros(n), np.ones(n), start=start)
        support = np.flatnonzero(found.coefficients)
        self._keep_support(rows, support, found.coefficients[None, support])
        self.intercept_, self.n_iter_ = np.array([found.intercept]), found.n_iter
        self.offset_ = -found.intercept
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return how far inside the boundary each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Negative outside.
        """
        return self._sums(X)[:, 0]

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return how usual each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            `decision_function` plus `offset_`: the weighted similarity to the support
            vectors.
        """
        return self.decision_function(X) + self.offset_

    def predict(self, X: ArrayLike) -> Integers:
        """Say of each row whether it is an outlier.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            -1 for outliers, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)
