"""Gaussian mixtures: clusters that overlap, and have a shape and a share each.

Rows come from one of k normal distributions, and nobody knows from which. Two steps in
turn: say for each row how probable each component is (its responsibility), then fit
each component to all rows, weighted by that. Neither step can lower the likelihood.

All of it happens in logarithms, where the density of a far-off row is -10,000 and not
zero, and with the Cholesky factor of each covariance, which gives the distance of all
rows in one product and the determinant as a product of its diagonal.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from ml_from_scratch.base import (
    BaseEstimator,
    ConvergenceWarning,
    Floats,
    Integers,
    check_features,
    check_finite,
    check_is_fitted,
    check_parameters,
    is_whole,
    random_generator,
)
from ml_from_scratch.cluster.kmeans import KMeans

CovarianceType = Literal["full", "tied", "diag", "spherical"]
COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


@dataclass(frozen=True)
class Components:
    """The k normal distributions of a mixture and their shares.

    Parameters
    ----------
    weights : array of shape (k,)
        Shares; they sum to one.
    means : array of shape (k, d)
        Centres.
    covariances : array
        Of shape (k, d, d) for "full", (d, d) for "tied", (k, d) for "diag" and (k,) for
        "spherical".
    kind : {"full", "tied", "diag", "spherical"}
        Whether each component has a covariance matrix of its own, all share one, or
        each has variances along the axes only, or one variance in all directions.

    Notes
    -----
    Taught in: classical/clustering.

    Examples
    --------
    >>> two = Components(np.array([0.5, 0.5]), np.array([[0.0], [9.0]]),
    ...                  np.array([1.0, 4.0]), "spherical")
    >>> two.log_densities(np.array([[0.0]])).round(2).tolist()
    [[-1.61, -12.43]]
    """

    weights: Floats
    means: Floats
    covariances: Floats
    kind: CovarianceType

    def log_densities(self, X: Floats) -> Floats:
        """Return log(weight * density) of each row under each component.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.

        Returns
        -------
        array of shape (n, k)
            Logarithms; -inf for components of weight zero.
        """
        d = X.shape[1]
        logs = np.empty((len(X), len(self.means)))
        for j, mean in enumerate(self.means):
            whitened, log_det = self._whitened(X - mean, j)
            squared = np.einsum("ij,ij->i", whitened, whitened)  # Mahalanobis
            logs[:, j] = -0.5 * (d * math.log(2 * math.pi) + squared) - log_det
        with np.errstate(divide="ignore"):  # a share of zero is a density of zero
            logs += np.log(self.weights)
        return logs

    def _whitened(self, differences: Floats, j: int) -> tuple[Floats, float]:
        """Return rows divided by the root of a covariance, and log of its determinant.

        The root is the Cholesky factor L of the covariance, L L' = C, and dividing is
        solving L z = x: the squared length of z is then x' C^-1 x.
        """
        if self.kind in ("diag", "spherical"):
            scales = np.sqrt(self.covariances[j] * np.ones(differences.shape[1]))
            return differences / scales, float(np.log(scales).sum())
        L = self.cholesky(j)
        whitened: Floats = linalg.solve_triangular(
            L, differences.T, lower=True, check_finite=False
        ).T
        return whitened, float(np.log(np.diag(L)).sum())

    def cholesky(self, j: int) -> Floats:
        """Return the lower Cholesky factor of the covariance of a component.

        Parameters
        ----------
        j : int
            Which component.

        Returns
        -------
        array of shape (d, d)
            L, with L L' the covariance.

        Raises
        ------
        ValueError
            If the component has no variance in some direction.
        """
        C = self.covariances if self.kind == "tied" else self.covariances[j]
        if self.kind in ("diag", "spherical"):
            return np.diag(np.sqrt(C * np.ones(self.means.shape[1])))
        try:
            L: Floats = np.linalg.cholesky(C)
        except np.linalg.LinAlgError:
            raise _collapsed(j) from None
        return L

    @property
    def n_parameters(self) -> int:
        """How many numbers are free to be fitted."""
        k, d = self.means.shape
        full = d * (d + 1) // 2
        by_kind = {"full": k * full, "tied": full, "diag": k * d, "spherical": k}
        return int(by_kind[self.kind] + k * d + k - 1)


def responsibilities(components: Components, X: Floats) -> tuple[Floats, Floats]:
    """Say how probable each component is for each row: the E step.

    Parameters
    ----------
    components : Components
        The distributions as they are.
    X : array of shape (n, d)
        Rows.

    Returns
    -------
    log_density : array of shape (n,)
        Logarithm of the density of the mixture at each row.
    responsibility : array of shape (n, k)
        Probabilities; rows sum to one.

    Notes
    -----
    O(nkd^2) time for full and tied covariances, O(nkd) for the others.

    Taught in: classical/clustering.

    Examples
    --------
    >>> two = Components(np.array([0.5, 0.5]), np.array([[-1.0], [1.0]]), np.ones(2),
    ...                  "spherical")
    >>> _, shares = responsibilities(two, np.array([[0.0], [50.0]]))
    >>> shares.round(3).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    logs = components.log_densities(X)
    highest = logs.max(axis=1, keepdims=True)
    powers = np.exp(logs - highest)
    totals = powers.sum(axis=1, keepdims=True)
    return (highest + np.log(totals))[:, 0], powers / totals


def fitted_components(
    X: Floats, responsibility: Floats, kind: CovarianceType, reg_covar: float = 1e-6
) -> Components:
    """Fit each component to all rows, weighted by responsibility: the M step.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    responsibility : array of shape (n, k)
        How much each row belongs to each component.
    kind : {"full", "tied", "diag", "spherical"}
        See `Components`.
    reg_covar : float
        Added to every variance, so that none gets to zero.

    Returns
    -------
    Components
        Weighted shares, means and covariances.

    Raises
    ------
    ValueError
        If a component has no variance left in some direction.

    Notes
    -----
    O(nkd^2) time for full and tied covariances, O(nkd) for the others. Covariances are
    sums of squared differences from the mean, never differences of squares, which
    would cancel for rows far from zero.

    Taught in: classical/clustering.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 9.2.

    Examples
    --------
    >>> X, sure = np.array([[0.0], [2.0], [9.0], [9.0]]), np.eye(2)[[0, 0, 1, 1]]
    >>> one = fitted_components(X, sure, "spherical")
    >>> one.means.ravel().round(3).tolist(), one.covariances.round(3).tolist()
    ([1.0, 9.0], [1.0, 0.0])
    """
    # A component that no row belongs to divides by this instead of by zero.
    mass = responsibility.sum(axis=0) + 10 * np.finfo(np.float64).eps
    origin = X.mean(axis=0)
    means = responsibility.T @ (X - origin) / mass[:, None] + origin
    spreads = [
        _spread(X - mean, share, kind)
        for mean, share in zip(means, responsibility.T, strict=True)
    ]
    covariances = _covariances(np.array(spreads), mass, kind, reg_covar)
    return Components(mass / mass.sum(), means, covariances, kind)


def _spread(differences: Floats, share: Floats, kind: CovarianceType) -> Floats:
    """Return the weighted sum of squares, or of outer products, of one component."""
    weighted = share[:, None] * differences
    if kind in ("full", "tied"):
        outer: Floats = weighted.T @ differences
        return outer
    squares: Floats = np.einsum("ij,ij->j", weighted, differences)
    return squares


def _covariances(
    spreads: Floats, mass: Floats, kind: CovarianceType, reg_covar: float
) -> Floats:
    if kind == "full":
        covariances: Floats = spreads / mass[:, None, None]
    elif kind == "tied":
        covariances = spreads.sum(axis=0) / mass.sum()
    else:
        covariances = spreads / mass[:, None]
    if kind in ("full", "tied"):
        covariances += reg_covar * np.eye(covariances.shape[-1])
        return covariances
    if kind == "spherical":
        covariances = covariances.mean(axis=1)
    covariances = covariances + reg_covar
    flat = np.argwhere(covariances <= 0)
    if len(flat):
        raise _collapsed(int(flat[0, 0]))
    return covariances


def _collapsed(j: int) -> ValueError:
    return ValueError(
        f"Component {j} has collapsed: its rows have no variance in some direction, so "
        "its likelihood has no limit. Lower n_components, raise reg_covar, or drop "
        "columns that follow from others."
    )


class GaussianMixture(BaseEstimator):
    """Describe rows as drawn from several normal distributions.

    Parameters
    ----------
    n_components : int
        How many.
    covariance_type : {"full", "tied", "diag", "spherical"}
        What shape they may have; see `Components`.
    tol : float
        Stop when a step raises the mean log-likelihood a row by less.
    reg_covar : float
        Added to every variance, so that no component can collapse onto a row.
    max_iter : int
        Most steps a start.
    n_init : int
        How many starts, of which the likeliest end is kept.
    init_params : {"kmeans", "random"}
        Where the first responsibilities come from: the clusters of k-means, or chance.
    weights_init : array of shape (n_components,), optional
        First shares.
    means_init : array of shape (n_components, d), optional
        First means.
    precisions_init : array, optional
        Inverses of the first covariances, of the shape of ``covariances_``.
    random_state : int, Generator, RandomState or None
        Draws the starts.

    Attributes
    ----------
    weights_ : array of shape (n_components,)
        Shares.
    means_ : array of shape (n_components, d)
        Centres.
    covariances_ : array
        Shape depends on `covariance_type`; see `Components`.
    lower_bound_ : float
        Mean log-likelihood a row, of the best start.
    lower_bounds_ : list of float
        The same after each step.
    n_iter_ : int
        Steps of the best start.
    converged_ : bool
        Whether it got to `tol`.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(nkd^2) time a step for full and tied covariances, O(nkd) for the others. The end
    is a local maximum. `reg_covar` is in squared units of the columns: scale these
    first.

    Taught in: classical/clustering.

    References
    ----------
    Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the
    EM algorithm", Journal of the Royal Statistical Society B 39. Bishop (2006), Pattern
    Recognition and Machine Learning, section 9.2.

    Examples
    --------
    >>> X = [[1.0], [1.2], [0.8], [7.0], [7.5], [6.5]]
    >>> model = GaussianMixture(2, random_state=0).fit(X)
    >>> np.sort(model.means_.ravel()).round(3).tolist()
    [1.0, 7.0]
    >>> model.predict_proba([[1.1]]).max().round(3)
    np.float64(1.0)
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: CovarianceType = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: Literal["kmeans", "random"] = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the likeliest components.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows, two at least and no fewer than components.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        GaussianMixture
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described, or a component
            collapses.

        Warns
        -----
        ConvergenceWarning
            If the best start took `max_iter` steps and was still climbing.
        """
        del y
        self._check_settings()
        X = _squarable(check_features(self, X, fitting=True, least_rows=2))
        if len(X) < self.n_components:
            raise ValueError(
                f"n_samples={len(X)} should be >= n_components={self.n_components}: "
                "a component needs a row."
            )
        rng = random_generator(self.random_state)
        ends = [self._climb(X, self._start(X, rng)) for _ in range(self.n_init)]
        best, bounds, converged = max(ends, key=lambda end: end[1][-1])
        self._keep(best)
        self.lower_bounds_, self.lower_bound_ = bounds, bounds[-1]
        self.n_iter_, self.converged_ = len(bounds), converged
        if not converged:
            self._warn()
        return self

    def _climb(
        self, X: Floats, components: Components
    ) -> tuple[Components, list[float], bool]:
        """Take E and M steps in turn until the likelihood stands still."""
        bounds: list[float] = []
        before = -math.inf
        while len(bounds) < self.max_iter:
            log_density, shares = responsibilities(components, X)
            components = fitted_components(
                X, shares, self.covariance_type, self.reg_covar
            )
            bounds.append(float(log_density.mean()))
            if abs(bounds[-1] - before) < self.tol:
                return components, bounds, True
            before = bounds[-1]
        return components, bounds, False

    def _start(self, X: Floats, rng: np.random.Generator) -> Components:
        start = self._given_start(X)
        missing = [name for name, value in start.items() if value is None]
        if missing:
            shares = self._first_shares(X, rng)
            fitted = fitted_components(X, shares, self.covariance_type, self.reg_covar)
            start |= {name: getattr(fitted, name) for name in missing}
        return Components(**start, kind=self.covariance_type)

    def _first_shares(self, X: Floats, rng: np.random.Generator) -> Floats:
        if self.init_params == "random":
            drawn = rng.random((len(X), self.n_components))
            shares: Floats = drawn / drawn.sum(axis=1, keepdims=True)
            return shares
        with warnings.catch_warnings():  # twins may leave a cluster empty: fine here
            warnings.simplefilter("ignore", ConvergenceWarning)
            means = KMeans(self.n_components, random_state=rng).fit(X)
        return np.eye(self.n_components)[means.labels_]

    def _given_start(self, X: Floats) -> dict[str, Any]:
        """Return what the user gave, checked, and None for the rest."""
        k, d = self.n_components, X.shape[1]
        shape = {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}
        weights = self._given("weights_init", (k,))
        if weights is not None and not (
            weights.min() >= 0 and math.isclose(weights.sum(), 1.0, rel_tol=1e-6)
        ):
            raise ValueError(f"weights_init must be shares of 1, got {weights}.")
        precisions = self._given("precisions_init", shape[self.covariance_type])
        if precisions is not None:
            precisions = _inverse(precisions, self.covariance_type)
        means = self._given("means_init", (k, d))
        return {"weights": weights, "means": means, "covariances": precisions}

    def _given(self, name: str, shape: tuple[int, ...]) -> Floats | None:
        value = getattr(self, name)
        if value is None:
            return None
        array = np.array(value, dtype=np.float64)
        if array.shape != shape:
            raise ValueError(
                f"{name} must have shape {shape}, but it has {array.shape}."
            )
        check_finite(array, name)
        return array

    def _keep(self, components: Components) -> None:
        self.weights_ = components.weights
        self.means_ = components.means
        self.covariances_ = components.covariances

    def _warn(self) -> None:
        warnings.warn(
            f"EM stopped after max_iter={self.max_iter} steps and was still climbing. "
            "Raise max_iter or tol, or start it elsewhere.",
            ConvergenceWarning,
            stacklevel=3,
        )

    def _check_settings(self) -> None:
        kinds, starts = COVARIANCE_TYPES, ("kmeans", "random")
        number = {
            name: isinstance(getattr(self, name), Real) and getattr(self, name) >= 0
            for name in ("tol", "reg_covar")
        }
        whole = {
            name: is_whole(getattr(self, name))
            for name in ("n_components", "max_iter", "n_init")
        }
        check_parameters(
            self,
            **{name: (fine, "a whole number from 1") for name, fine in whole.items()},
            **{name: (fine, "a number from 0") for name, fine in number.items()},
            covariance_type=(self.covariance_type in kinds, f"one of {kinds}"),
            init_params=(self.init_params in starts, f"one of {starts}"),
        )

    @property
    def components(self) -> Components:
        """The fitted distributions."""
        check_is_fitted(self, "means_")
        return Components(
            self.weights_, self.means_, self.covariances_, self.covariance_type
        )

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return the log-density of the mixture at each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n,)
            Low for rows unlike all components.
        """
        components = self.components
        X = _squarable(check_features(self, X, fitting=False))
        return responsibilities(components, X)[0]

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the mean log-likelihood of a row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        float
            More is better.
        """
        del y
        return float(self.score_samples(X).mean())

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return how probable each component is for each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, n_components)
            Rows sum to one.
        """
        components = self.components
        X = _squarable(check_features(self, X, fitting=False))
        return responsibilities(components, X)[1]

    def predict(self, X: ArrayLike) -> Integers:
        """Return the most probable component of each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n,)
            Numbers of components.
        """
        components = self.components
        X = _squarable(check_features(self, X, fitting=False))
        labels: Integers = components.log_densities(X).argmax(axis=1)
        return labels

    def fit_predict(self, X: ArrayLike, y: Any = None) -> Integers:
        """Fit, and return the most probable component of each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        array of shape (n,)
            Numbers of components.
        """
        return self.fit(X, y).predict(X)

    def sample(self, n_samples: int = 1) -> tuple[Floats, Integers]:
        """Draw new rows from the fitted mixture.

        Parameters
        ----------
        n_samples : int
            How many.

        Returns
        -------
        X : array of shape (n_samples, d)
            Rows, those of the first component first.
        labels : array of shape (n_samples,)
            Which component each is from.

        Raises
        ------
        ValueError
            If `n_samples` is not a whole number from 1.
        """
        components = self.components
        if not is_whole(n_samples):
            raise ValueError(
                f"n_samples must be a whole number from 1, got {n_samples!r}."
            )
        rng = random_generator(self.random_state)
        counts = rng.multinomial(n_samples, self.weights_ / self.weights_.sum())
        d = self.means_.shape[1]
        X = [
            mean + rng.standard_normal((count, d)) @ components.cholesky(j).T
            for j, (mean, count) in enumerate(zip(self.means_, counts, strict=True))
        ]
        return np.vstack(X), np.repeat(np.arange(len(counts)), counts)

    def bic(self, X: ArrayLike) -> float:
        """Return the Bayesian information criterion: lower is better.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        float
            Minus twice the log-likelihood, plus log(n) for each free parameter.
        """
        log_density = self.score_samples(X)
        penalty = self.components.n_parameters * math.log(len(log_density))
        return float(penalty - 2 * log_density.sum())

    def aic(self, X: ArrayLike) -> float:
        """Return Akaike's information criterion: lower is better.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        float
            Minus twice the log-likelihood, plus 2 for each free parameter.
        """
        log_density = self.score_samples(X)
        return float(2 * self.components.n_parameters - 2 * log_density.sum())


def _squarable(X: Floats) -> Floats:
    largest = float(np.abs(X).max())
    if largest > 1e150:
        raise ValueError(
            f"X has a value of size {largest:.3g}, whose square float64 cannot hold: "
            "scale the columns first."
        )
    return X


def _inverse(precisions: Floats, kind: CovarianceType) -> Floats:
    """Turn precisions into covariances."""
    if kind in ("diag", "spherical"):
        if not (precisions > 0).all():
            raise ValueError("precisions_init must be above 0, but one is not.")
        variances: Floats = 1.0 / precisions
        return variances
    if not (np.linalg.eigvalsh(precisions) > 0).all():
        raise ValueError("precisions_init must be positive definite, but one is not.")
    return np.linalg.inv(precisions).astype(np.float64)
