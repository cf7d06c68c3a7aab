"""Singular vectors without a full decomposition: by repetition and by chance.

Multiply a vector by a matrix again and again, and its part along the dominant
eigenvector outgrows all others. That is power iteration. The randomised SVD does the
same with a handful of random vectors at once, kept at right angles: after a few rounds
they span nearly the same space as the first singular vectors, and what is left to
decompose is small.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from ml_from_scratch.base import (
    BaseEstimator,
    ConvergenceWarning,
    Floats,
    TransformerMixin,
    check_features,
    check_finite,
    check_is_fitted,
    check_parameters,
    check_table,
    is_whole,
    power_of_two,
    random_generator,
)


class PowerIteration(NamedTuple):
    """What `power_iteration` found.

    Parameters
    ----------
    value : float
        The eigenvalue of largest size.
    vector : array of shape (n,)
        Its eigenvector, of length one; the entry of largest size is positive.
    residuals : array of shape (n_iter,)
        Length of A v - value v at each step, as a share of the size of the value.

    Notes
    -----
    Taught in: mathematics/eigen-and-svd.

    Examples
    --------
    >>> found = power_iteration(np.diag([4.0, 1.0]), rng=np.random.default_rng(0))
    >>> round(found.rate, 3)
    0.25
    """

    value: float
    vector: Floats
    residuals: Floats

    @property
    def rate(self) -> float:
        """By what factor the residual shrank a step: |second eigenvalue / first|."""
        known = self.residuals[self.residuals > 0]
        half = len(known) // 2
        steps = len(known) - 1 - half
        return float((known[-1] / known[half]) ** (1 / steps)) if steps > 0 else 0.0


def power_iteration(
    A: ArrayLike,
    *,
    tol: float = 1e-12,
    max_iter: int = 10_000,
    rng: np.random.Generator,
) -> PowerIteration:
    """Find the dominant eigenpair of a matrix by multiplying with it.

    Parameters
    ----------
    A : array of shape (n, n)
        A matrix whose eigenvalue of largest size is real and alone in its size.
    tol : float
        Stop when |A v - value v| is at most this share of |value|.
    max_iter : int
        Most products.
    rng : numpy.random.Generator
        Draws the first vector.

    Returns
    -------
    PowerIteration
        The eigenvalue, its eigenvector and the residuals on the way.

    Raises
    ------
    ValueError
        If `A` is not square or holds NaN or infinity.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached: two eigenvalues are about the same size.

    Notes
    -----
    O(n^2) a step. Each step shrinks the error by |second eigenvalue / first|, which
    ``rate`` measures.

    Taught in: mathematics/eigen-and-svd.

    References
    ----------
    Trefethen and Bau (1997), Numerical Linear Algebra, lecture 27.

    Examples
    --------
    >>> A = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> found = power_iteration(A, rng=np.random.default_rng(0))
    >>> round(found.value, 9), found.vector.round(4).tolist(), round(found.rate, 3)
    (3.0, [0.7071, 0.7071], 0.333)
    """
    A = check_table(A)
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square, but its shape is {A.shape}.")
    unit = power_of_two(A)
    A = A / unit
    v = rng.standard_normal(len(A))
    v /= np.linalg.norm(v)
    value, residuals = 0.0, list[float]()
    while len(residuals) < max_iter:
        product = A @ v
        value = float(v @ product)  # Rayleigh's quotient
        length = float(np.linalg.norm(product))
        residuals.append(float(np.linalg.norm(product - value * v)) / (length or 1.0))
        if residuals[-1] <= tol or length == 0:
            break
        v = product / length
    if residuals[-1] > tol:
        _warn_tied(residuals[-1], max_iter)
    return PowerIteration(value * unit, _point_up(v[None, :])[0], np.array(residuals))


def _warn_tied(residual: float, max_iter: int) -> None:
    warnings.warn(
        f"After {max_iter} products the vector is still off by {residual:.3g}: two "
        "eigenvalues are about the same size (or a complex pair), so that neither "
        "outgrows the other.",
        ConvergenceWarning,
        stacklevel=3,
    )


def randomized_svd(
    M: Any,
    n_components: int,
    *,
    n_oversamples: int = 10,
    n_iter: int = 4,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Approximate the first singular vectors from a random sample of the range.

    Parameters
    ----------
    M : array or SciPy sparse array of shape (m, n)
        The matrix. It is only multiplied with, and never changed.
    n_components : int
        How many singular triplets, k.
    n_oversamples : int
        How many more random vectors, p, to be on the safe side.
    n_iter : int
        Rounds of multiplying by M'M, q: each makes large singular values larger beside
        the small ones.
    rng : numpy.random.Generator
        Draws the vectors.

    Returns
    -------
    U : array of shape (m, k)
        Left singular vectors.
    values : array of shape (k,)
        Singular values, falling.
    Vt : array of shape (k, n)
        Right singular vectors; the entry of largest size in each is positive.

    Raises
    ------
    ValueError
        If there are fewer rows or columns than components, or `M` holds NaN or
        infinity.

    Notes
    -----
    O(mn (k + p) (q + 1)) time, O((m + n)(k + p)) memory. With s the first singular
    value left out, the expected error in the spectral norm of projecting M onto the
    space sampled is at most

        [1 + sqrt(k / (p - 1)) + e sqrt(k + p) / p sqrt(min(m, n) - k)]^(1 / (2q + 1)) s

    for p from 2: theorem 10.6 and corollary 10.10 of the reference.

    Taught in: mathematics/eigen-and-svd.

    References
    ----------
    Halko, Martinsson and Tropp (2011), "Finding structure with randomness:
    probabilistic algorithms for constructing approximate matrix decompositions", SIAM
    Review 53.

    Examples
    --------
    >>> M = np.outer([1.0, 2.0, 2.0], [3.0, 4.0])
    >>> U, values, Vt = randomized_svd(M, 1, rng=np.random.default_rng(0))
    >>> values.round(9).tolist(), Vt.round(3).tolist()
    ([15.0], [[0.6, 0.8]])
    """
    M = _dense_or_sparse(M)
    _check_components(n_components, min(M.shape))
    size = min(n_components + n_oversamples, *M.shape)
    unit = power_of_two(M)
    M = M / unit
    Q: Floats = rng.standard_normal((M.shape[1], size))
    for _ in range(n_iter):
        Q = _orthonormal(M @ Q)  # without this, all columns become the first vector
        Q = _orthonormal(M.T @ Q)
    Q = _orthonormal(M @ Q)
    sample: Floats = np.asarray(M.T @ Q).T
    small, values, Vt = np.linalg.svd(sample, full_matrices=False)
    U, signs, kept = Q @ small, _signs(Vt), slice(n_components)
    return (U * signs)[:, kept], (values * unit)[kept], (Vt * signs[:, None])[kept]


def _orthonormal(columns: Floats) -> Floats:
    Q, _ = linalg.qr(columns, mode="economic")
    return np.asarray(Q, dtype=np.float64)


class TruncatedSVD(TransformerMixin, BaseEstimator):
    """Keep the first singular vectors of rows that are not centred, sparse ones too.

    Centring would fill a sparse table; without it, this is what is called latent
    semantic analysis where the rows are TF-IDF vectors of texts.

    Parameters
    ----------
    n_components : int
        How many.
    algorithm : {"randomized", "arpack"}
        `randomized_svd`, or SciPy's Lanczos solver, which is exact.
    n_iter : int
        Rounds of "randomized".
    n_oversamples : int
        Further random vectors of "randomized".
    random_state : int, Generator, RandomState or None
        Draws the vectors.

    Attributes
    ----------
    components_ : array of shape (n_components, d)
        Right singular vectors; the entry of largest size in each is positive.
    singular_values_ : array of shape (n_components,)
        Lengths of the columns of the transformed training rows.
    explained_variance_ : array of shape (n_components,)
        Variances of these columns.
    explained_variance_ratio_ : array of shape (n_components,)
        As shares of the variance of all columns; zero if none varies.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Costs two products with the table a round; those of a sparse one take as much time
    as it has entries.

    Taught in: classical/dimensionality.

    References
    ----------
    Deerwester et al. (1990), "Indexing by latent semantic analysis", Journal of the
    American Society for Information Science 41.

    Examples
    --------
    >>> counts = sparse.csr_array([[2.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    >>> model = TruncatedSVD(2, random_state=0).fit(counts)
    >>> abs(model.transform(counts)).round(3).tolist()
    [[2.828, 0.0], [1.414, 0.0], [0.0, 3.0]]
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        algorithm: Literal["randomized", "arpack"] = "randomized",
        n_iter: int = 5,
        n_oversamples: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.algorithm = algorithm
        self.n_iter = n_iter
        self.n_oversamples = n_oversamples
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a transformer that takes sparse input."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the singular vectors.

        Parameters
        ----------
        X : array or SciPy sparse array of shape (n, d)
            Rows.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        TruncatedSVD
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        self._check_settings()
        X = _features(self, X, fitting=True)
        _check_components(self.n_components, X.shape[1], "n_features")
        k = min(self.n_components, *X.shape)
        self.components_, self.singular_values_ = self._decompose(X, k)
        along = np.asarray(X @ self.components_.T)
        self.explained_variance_ = along.var(axis=0)
        total = _total_variance(X)
        self.explained_variance_ratio_ = self.explained_variance_ / (total or 1.0)
        return self

    def _decompose(self, X: Any, k: int) -> tuple[Floats, Floats]:
        rng = random_generator(self.random_state)
        if self.algorithm == "arpack" and k < min(X.shape):
            start = rng.standard_normal(min(X.shape))
            _, values, Vt = sparse_linalg.svds(X, k, v0=start)
            return _point_up(Vt[::-1]), np.asarray(values[::-1], dtype=np.float64)
        _, values, Vt = randomized_svd(
            X, k, n_oversamples=self.n_oversamples, n_iter=self.n_iter, rng=rng
        )
        return Vt, values

    def _check_settings(self) -> None:
        kinds = ("randomized", "arpack")
        check_parameters(
            self,
            n_components=(is_whole(self.n_components), "a whole number from 1"),
            algorithm=(self.algorithm in kinds, f"one of {kinds}"),
            n_iter=(is_whole(self.n_iter, 0), "a whole number from 0"),
            n_oversamples=(is_whole(self.n_oversamples, 0), "a whole number from 0"),
        )

    def transform(self, X: Any) -> Floats:
        """Return rows along the singular vectors.

        Parameters
        ----------
        X : array or SciPy sparse array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, n_components)
            Coordinates, dense.
        """
        check_is_fitted(self, "components_")
        along: Floats = np.asarray(
            _features(self, X, fitting=False) @ self.components_.T
        )
        return along

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return the rows that have these coordinates.

        Parameters
        ----------
        X : array of shape (n, n_components)
            What ``transform`` gives.

        Returns
        -------
        array of shape (n, d)
            Rows, dense.
        """
        check_is_fitted(self, "components_")
        rows: Floats = check_table(X) @ self.components_
        return rows


def _features(estimator: Any, X: Any, *, fitting: bool) -> Any:
    """Check features as usual, and sparse ones in as many words."""
    if not _is_sparse(X):
        return check_features(estimator, X, fitting=fitting)
    X = _dense_or_sparse(X)
    if fitting:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
    return X


def _is_sparse(M: Any) -> bool:
    return bool(sparse.issparse(M))


def _dense_or_sparse(M: Any) -> Any:
    if not _is_sparse(M):
        return check_table(M)
    if M.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X has dtype {M.dtype}.")
    M = sparse.csr_array(M).astype(np.float64)
    if 0 in M.shape:
        raise ValueError(
            f"Found array with {M.shape[0]} sample(s) and {M.shape[1]} feature(s) "
            f"(shape={M.shape}) while a minimum of 1 is required."
        )
    check_finite(M.data, "X")
    return M


def _total_variance(X: Any) -> float:
    if not _is_sparse(X):
        return float(X.var(axis=0).sum())
    means = np.asarray(X.mean(axis=0)).ravel()
    squares = np.asarray(X.power(2).mean(axis=0)).ravel()
    return float((squares - means**2).sum())


def _signs(rows: Floats) -> Floats:
    """Return the sign of the entry of largest size in each row."""
    largest = np.abs(rows).argmax(axis=1)
    signs: Floats = np.where(rows[np.arange(len(rows)), largest] < 0, -1.0, 1.0)
    return signs


def _point_up(rows: Floats) -> Floats:
    """Turn rows round so that their entries of largest size are positive."""
    turned: Floats = rows * _signs(rows)[:, None]
    return turned


def _check_components(
    n_components: Any, most: int, name: str = "min(rows, columns)"
) -> None:
    if not is_whole(n_components) or n_components > most:
        raise ValueError(
            f"n_components must be a whole number from 1 to {name}={most}, got "
            f"{n_components!r}."
        )
