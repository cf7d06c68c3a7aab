"""Unusual by distance: from the middle, in standard deviations.

Outliers pull the mean towards themselves and widen the spread, so that they hide. The
robust variants take both from the more central half of the rows only.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg
from scipy.special import ndtri
from scipy.stats import chi2

from ml_from_scratch.anomaly.detector import Detector, contamination_rule, offset_for
from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    check_features,
    check_is_fitted,
    check_parameters,
    random_generator,
)

_STARTS, _FINALISTS = 100, 10
_CENTRAL = 0.975  # share of normal rows that count in the end


class _Ellipse(NamedTuple):
    location: Floats
    covariance: Floats
    log_det: float  # -inf for rows in a plane, which have no ellipse

    def squared_distances(self, X: Floats) -> Floats:
        """Return the squared Mahalanobis distance of each row."""
        factor = linalg.cholesky(self.covariance, lower=True)
        whitened = linalg.solve_triangular(factor, (X - self.location).T, lower=True)
        squares: Floats = np.einsum("dn,dn->n", whitened, whitened)
        return squares


def _ellipse(X: Floats) -> _Ellipse:
    """Return the mean and the covariance of some rows."""
    location = X.mean(axis=0)
    centred = X - location
    covariance = centred.T @ centred / len(X)
    scale = np.sqrt(np.diag(covariance))
    if (scale <= 1e-12 * np.abs(X).max(axis=0)).any():
        return _Ellipse(location, covariance, -np.inf)
    # Correlations, so that the units of the columns do not make it look flat.
    eigenvalues = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    if eigenvalues[0] <= 1e-12 * eigenvalues[-1]:
        return _Ellipse(location, covariance, -np.inf)
    log_det = np.log(eigenvalues).sum() + 2.0 * np.log(scale).sum()
    return _Ellipse(location, covariance, float(log_det))


def _smallest_ellipse(X: Floats, h: int, rng: np.random.Generator) -> _Ellipse:
    """Find the `h` rows whose covariance has the least determinant (FastMCD).

    Replacing `h` rows by those nearest to their ellipse never enlarges it. That walk
    ends in one of many valleys, so it is begun at many random places, most of which
    give themselves away as poor after two steps.
    """
    begun = [_nearer(X, _start(X, rng), h, most=2) for _ in range(_STARTS)]
    finalists = sorted(begun, key=lambda ellipse: ellipse.log_det)[:_FINALISTS]
    ended = [_nearer(X, ellipse, h, most=1000) for ellipse in finalists]
    return min(ended, key=lambda ellipse: ellipse.log_det)


def _start(X: Floats, rng: np.random.Generator) -> _Ellipse:
    """Return the ellipse of as few random rows as have one."""
    order, size = rng.permutation(len(X)), X.shape[1] + 1
    ellipse = _ellipse(X[order[:size]])
    while ellipse.log_det == -np.inf and size < len(X):
        size += 1
        ellipse = _ellipse(X[order[:size]])
    return ellipse


def _nearer(X: Floats, ellipse: _Ellipse, h: int, most: int) -> _Ellipse:
    """Go from an ellipse to that of the `h` nearest rows until these stay the same."""
    before = np.empty(0, dtype=np.intp)
    for _ in range(most):
        if ellipse.log_det == -np.inf:
            break
        nearest = np.sort(np.argpartition(ellipse.squared_distances(X), h - 1)[:h])
        if np.array_equal(nearest, before):
            break
        ellipse, before = _ellipse(X[nearest]), nearest
    return ellipse


class EllipticEnvelope(Detector):
    """Outlier detector by Mahalanobis distance from a centre that outliers do not move.

    Parameters
    ----------
    robust : bool, default True
        Whether centre and covariance come from the rows whose ellipse is smallest, or
        from all.
    support_fraction : float, optional
        Share of the rows in that ellipse, from about 0.5 to 1; about half if None,
        which stands the most outliers.
    contamination : float, default 0.1
        Share of the training rows that are called outliers.
    random_state : int, Generator, RandomState or None
        Draws the starts of the search.

    Attributes
    ----------
    location_ : array of shape (d,)
        The centre.
    covariance_ : array of shape (d, d)
        The covariance.
    support_ : array of shape (n,)
        Whether each training row counted for both.
    offset_ : float
        Where `score_samples` separates the two.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Robust: 100 starts with two steps of O(n d^2) each, ten of which go on to the end;
    then both are taken again from all rows within the 97.5 % of a normal distribution.
    Each time the covariance is widened by what the rows left out would have added.
    Rows in a plane are measured within it.
    Taught in: classical/anomalies.

    References
    ----------
    Rousseeuw and Van Driessen (1999), "A fast algorithm for the minimum covariance
    determinant estimator", Technometrics 41. Croux and Haesbroeck (1999), "Influence
    function and efficiency of the minimum covariance determinant scatter matrix
    estimator", Journal of Multivariate Analysis 71.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(80, 2)), rng.normal(9.0, 0.5, size=(20, 2))])
    >>> for robust in (False, True):
    ...     model = EllipticEnvelope(robust=robust, contamination=0.2, random_state=0)
    ...     print(int((model.fit_predict(X)[80:] == -1).sum()), "of 20 found")
    13 of 20 found
    20 of 20 found
    """

    def __init__(
        self,
        *,
        robust: bool = True,
        support_fraction: float | None = None,
        contamination: float = 0.1,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.robust = robust
        self.support_fraction = support_fraction
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the centre and the covariance.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers. Columns that follow from others do no harm.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        EllipticEnvelope
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        share = self.support_fraction
        check_parameters(
            self,
            contamination=contamination_rule(self.contamination, auto=False),
            support_fraction=(share is None or 0 < share <= 1, "a share up to 1"),
        )
        rows = check_features(self, X, fitting=True, least_rows=2)
        self.support_ = np.ones(len(rows), dtype=bool)
        self._plane = plane = _plane_of(rows)
        inner = plane.coordinates(rows)
        found = self._reweighted(inner) if self.robust else _sound(_ellipse(inner))
        self._ellipse = found
        self.location_ = plane.origin + found.location @ plane.back
        self.covariance_ = plane.back.T @ found.covariance @ plane.back
        scores = -found.squared_distances(inner)
        self.offset_ = offset_for(self.contamination, scores, auto=0.0)
        return self

    def _reweighted(self, X: Floats) -> _Ellipse:
        n, d = X.shape
        h = (n + d + 1) // 2
        if self.support_fraction is not None:
            h = max(d + 1, int(self.support_fraction * n))
        h = min(h, n)
        rng = random_generator(self.random_state)
        raw = _sound(_smallest_ellipse(X, h, rng))
        squares = raw.squared_distances(X) / _inflation(d, h / n)
        self.support_ = squares < chi2(d).ppf(_CENTRAL)
        found = _sound(_ellipse(X[self.support_]))
        wider = found.covariance * _inflation(d, _CENTRAL)
        return found._replace(covariance=wider)

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return minus the squared Mahalanobis distance of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            At most 0; the lower, the more unusual.
        """
        check_is_fitted(self, "offset_")
        rows = check_features(self, X, fitting=False)
        return -self._ellipse.squared_distances(self._plane.coordinates(rows))


def _inflation(d: int, share: float) -> float:
    """Return by how much the nearest share of normal rows shows too small a spread."""
    if share == 1.0:
        return 1.0
    return float(share / chi2(d + 2).cdf(chi2(d).ppf(share)))


def _sound(ellipse: _Ellipse) -> _Ellipse:
    if ellipse.log_det == -np.inf:
        raise ValueError(
            "No ellipse can be drawn: half of the rows or more lie in a plane that the "
            "others are not in. Drop columns that are constant but for a few rows, or "
            "rows that are repeated."
        )
    return ellipse


class _Plane(NamedTuple):
    """Coordinates in which no column is constant or follows from others."""

    origin: Floats  # (d,)
    ahead: Floats  # (d, r): to the coordinates
    back: Floats  # (r, d): and back

    def coordinates(self, X: Floats) -> Floats:
        """Return rows as r coordinates of spread 1; what is off the plane is lost."""
        moved: Floats = (X - self.origin) @ self.ahead
        return moved


def _plane_of(X: Floats) -> _Plane:
    """Find the plane that all rows lie in; mostly it is the whole space."""
    origin = X.mean(axis=0)
    scale = X.std(axis=0)
    flat = scale <= 1e-12 * np.abs(X).max(axis=0)
    scale[flat] = 1.0
    standard = np.where(flat, 0.0, (X - origin) / scale)
    _, widths, axes = linalg.svd(standard, full_matrices=False)
    kept = widths > 1e-7 * widths[0] if widths[0] > 0 else widths > 0
    if not kept.any():
        raise ValueError(
            f"No ellipse can be drawn around n_samples = {len(X)} rows that are all "
            "the same."
        )
    axes, widths = axes[kept], widths[kept, None] / np.sqrt(len(X))
    return _Plane(origin, (axes / widths / scale).T, axes * widths * scale)


def z_scores(
    X: ArrayLike, *, reference: ArrayLike | None = None, robust: bool = True
) -> Floats:
    """Return how many deviations each value is from the middle of its column.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Values to judge.
    reference : array-like of shape (m, d), optional
        Rows that middle and deviation are taken from; `X` itself if None.
    robust : bool, default True
        Whether to use the median and the median absolute deviation (MAD) divided by
        0.6745, or the mean and the standard deviation.

    Returns
    -------
    numpy.ndarray of shape (n, d)
        Signed deviations; beyond 3.5 is the usual rule for outliers.

    Raises
    ------
    ValueError
        If an input is not as described.

    Notes
    -----
    O(n d). Among n rows no z-score by mean and standard deviation exceeds the root of
    n - 1, so that a rule of 3.5 finds nothing among fewer than 14: outliers hide
    behind the spread that they make. Where more than half of a column is one value its
    MAD is 0, and the mean absolute deviation, divided by 0.7979, stands in; a column
    that never changes makes any other value infinitely unusual.
    Taught in: classical/anomalies.

    References
    ----------
    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers, ASQC Quality Press.

    Examples
    --------
    >>> delays = [[3.0], [4.0], [5.0], [4.0], [3.0], [60.0]]
    >>> z_scores(delays).ravel().round(1).tolist()
    [-0.7, 0.0, 0.7, 0.0, -0.7, 37.8]
    >>> z_scores(delays, robust=False).ravel().round(1).tolist()
    [-0.5, -0.4, -0.4, -0.4, -0.5, 2.2]
    """
    table = BaseEstimator()
    known = check_features(table, X if reference is None else reference, fitting=True)
    rows = check_features(table, X, fitting=False)
    middle = np.median(known, axis=0) if robust else known.mean(axis=0)
    constant = known.max(axis=0) == known.min(axis=0)
    middle = np.where(constant, known[0], middle)  # which a rounded mean may miss
    away = np.abs(known - middle)
    if robust:
        typical = np.median(away, axis=0) / ndtri(0.75)
        mean = away.mean(axis=0) * np.sqrt(np.pi / 2.0)
        scale = np.where(typical > 0, typical, mean)
    else:
        scale = known.std(axis=0)
    scale = np.where(constant, 0.0, scale)
    moved = rows - middle
    z = np.where(moved == 0, 0.0, np.copysign(np.inf, moved))
    return np.divide(moved, scale, out=z, where=np.broadcast_to(scale > 0, z.shape))
