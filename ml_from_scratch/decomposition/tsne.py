"""t-SNE: a map on which near rows are near; and far ones merely not near.

How near two rows are is said by probabilities: each row draws its neighbours from a
bell curve around it, as wide as it takes to have about `perplexity` of them. On the
map, the same is said by a curve with heavier tails. The positions are moved until the
second table of probabilities is as like the first one as it gets, down the slope of
the Kullback-Leibler divergence between them.
"""

from __future__ import annotations

import math
import warnings
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    check_features,
    check_parameters,
    check_table,
    is_whole,
    power_of_two,
    random_generator,
)
from ml_from_scratch.decomposition.pca import PCA

_EXAGGERATED = 250  # steps in which near rows attract each other more than they ought
_EVERY = 50  # steps from one look at the divergence to the next
_TINY = float(np.finfo(np.float64).tiny)


def joint_probabilities(X: ArrayLike, perplexity: float = 30.0) -> Floats:
    """Say of each two rows how likely they are neighbours.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    perplexity : float
        How many neighbours a row has, as the exponential of the entropy of their
        probabilities; above 0 and below n - 1.

    Returns
    -------
    array of shape (n, n)
        Symmetric, zero on the diagonal, with the sum 1.

    Raises
    ------
    ValueError
        If `perplexity` is not between 0 and n - 1.

    Notes
    -----
    O(n^2) time for each of 20 or so halvings, in which all rows are searched at once;
    a row is done when its entropy is right to 1e-5. Where more twins than `perplexity`
    surround a row, they share its probability evenly.

    Taught in: classical/dimensionality.

    References
    ----------
    van der Maaten and Hinton (2008), "Visualizing data using t-SNE", Journal of Machine
    Learning Research 9.

    Examples
    --------
    >>> P = joint_probabilities([[0.0], [1.0], [10.0], [11.0]], perplexity=1.5)
    >>> float(P.sum().round(9)), bool(P[0, 1] > P[0, 2])
    (1.0, True)
    """
    X = check_table(X)
    n = len(X)
    if not 0 < perplexity < n - 1:
        raise ValueError(
            f"perplexity must be above 0 and below the number of other rows, {n - 1}, "
            f"got {perplexity!r}."
        )
    X = X / power_of_two(X)
    distances = cdist(X, X, "sqeuclidean")
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(axis=1, keepdims=True)  # changes no probability
    conditional = _with_entropy(distances, math.log(perplexity))
    joint: Floats = (conditional + conditional.T) / (2 * n)
    return joint


def _with_entropy(distances: Floats, wanted: float, tol: float = 1e-5) -> Floats:
    """Return exp(-b distance), normed, with that b for each row that gives the entropy.

    The entropy falls as b grows: halve the interval it lies in, in all rows at once.
    """
    n = len(distances)
    P = np.zeros_like(distances)
    low, high = np.zeros(n), np.full(n, np.inf)
    typical = np.median(np.where(np.isinf(distances), 0.0, distances), axis=1)
    b = 1.0 / np.maximum(typical, 1e-12)
    searching = np.arange(n)
    for _ in range(200):
        P[searching], entropy = _bells(distances[searching], b[searching])
        gap = entropy - wanted
        wide = searching[gap > 0]  # too many neighbours: b must grow
        narrow = searching[gap <= 0]
        low[wide], high[narrow] = b[wide], b[narrow]
        b = np.where(np.isinf(high), 2 * low, (low + high) / 2)
        searching = searching[np.abs(gap) > tol]
        if len(searching) == 0:
            break
    return P


def _bells(distances: Floats, b: Floats) -> tuple[Floats, Floats]:
    powers = np.exp(-distances * b[:, None])
    totals = powers.sum(axis=1)
    # b * distance * power is 0 at the row itself, where the distance is infinite.
    finite = np.where(np.isinf(distances), 0.0, distances)
    entropy = np.log(totals) + b * (finite * powers).sum(axis=1) / totals
    return powers / totals[:, None], entropy


def kl_and_gradient(P: Floats, Y: Floats) -> tuple[float, Floats]:
    """Return how unlike a map is to the probabilities, and the slope of that.

    Parameters
    ----------
    P : array of shape (n, n)
        What `joint_probabilities` gives.
    Y : array of shape (n, k)
        Positions on the map.

    Returns
    -------
    kl : float
        Kullback-Leibler divergence of the map's probabilities from `P`.
    gradient : array of shape (n, k)
        Its derivatives by `Y`: each pair of points is a spring that pulls where P is
        larger than on the map, and pushes where it is smaller.

    Notes
    -----
    O(n^2 k) time, O(n^2) memory.

    Taught in: classical/dimensionality.

    References
    ----------
    van der Maaten and Hinton (2008), "Visualizing data using t-SNE", Journal of Machine
    Learning Research 9, appendix A.

    Examples
    --------
    >>> P = joint_probabilities([[0.0], [1.0], [10.0], [11.0]], perplexity=1.5)
    >>> kl, gradient = kl_and_gradient(P, np.array([[0.0], [1.0], [2.0], [3.0]]))
    >>> round(kl, 3), bool(abs(gradient.sum()) < 1e-12)
    (0.364, True)
    """
    tails, Q = _map_probabilities(Y)
    kl = float((P * np.log(np.maximum(P, _TINY) / np.maximum(Q, _TINY))).sum())
    return kl, _gradient(P, Y, tails, Q)


def _map_probabilities(Y: Floats) -> tuple[Floats, Floats]:
    """Return 1 / (1 + |y_i - y_j|^2), and the same as probabilities."""
    squares = np.einsum("ij,ij->i", Y, Y)
    tails = Y @ Y.T
    tails *= -2.0
    tails += squares[:, None]
    tails += squares
    np.maximum(tails, 0.0, out=tails)  # rounding may take a distance below zero
    tails += 1.0
    np.reciprocal(tails, out=tails)
    np.fill_diagonal(tails, 0.0)
    return tails, tails / tails.sum()


def _gradient(P: Floats, Y: Floats, tails: Floats, Q: Floats) -> Floats:
    springs = P - Q
    springs *= tails
    slope: Floats = 4.0 * (springs.sum(axis=1)[:, None] * Y - springs @ Y)
    return slope


class TSNE(BaseEstimator):
    """Draw a map of rows on which neighbours are neighbours.

    Sizes of clusters and distances between them mean nothing on such a map.

    Parameters
    ----------
    n_components : int
        Dimensions of the map.
    perplexity : float
        How many neighbours a row has, roughly; with fewer than three times as many
        rows it is lowered.
    early_exaggeration : float
        What the probabilities are multiplied with in the first 250 steps, so that
        clusters form.
    learning_rate : float or "auto"
        Length of the steps; "auto" is n / early_exaggeration / 4, and 50 at least.
    max_iter : int
        Most steps.
    min_grad_norm : float
        Stop when the gradient is shorter.
    init : {"pca", "random"} or array of shape (n, n_components)
        Where the points start: "pca" makes the same map each time.
    random_state : int, Generator, RandomState or None
        For "random".

    Attributes
    ----------
    embedding_ : array of shape (n, n_components)
        The map.
    kl_divergence_ : float
        How unlike it is to the probabilities; see `kl_and_gradient`.
    kl_path_ : array
        The divergence after every 50 steps.
    learning_rate_ : float
        Length of the steps.
    n_iter_ : int
        Steps taken.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^2) time a step, 40 n^2 bytes: for some thousand rows. There is no map for new
    rows.

    Taught in: classical/dimensionality.

    References
    ----------
    van der Maaten and Hinton (2008), "Visualizing data using t-SNE", Journal of Machine
    Learning Research 9. Kobak and Berens (2019), "The art of using t-SNE for
    single-cell transcriptomics", Nature Communications 10, for the start and the rate.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> X[30:] += 20
    >>> Y = TSNE(perplexity=10).fit_transform(X)
    >>> nearest = np.argsort(cdist(Y, Y), axis=1)[:, 1]
    >>> bool(((nearest < 30) == (np.arange(60) < 30)).all())
    True
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        early_exaggeration: float = 12.0,
        learning_rate: float | Literal["auto"] = "auto",
        max_iter: int = 1000,
        min_grad_norm: float = 1e-7,
        init: Literal["pca", "random"] | ArrayLike = "pca",
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.min_grad_norm = min_grad_norm
        self.init = init
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Draw the map.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows, four at least.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        TSNE
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        UserWarning
            If `perplexity` was lowered for want of rows.
        """
        del y
        self._check_settings()
        X = check_features(self, X, fitting=True, least_rows=4)
        perplexity = min(float(self.perplexity), (len(X) - 1) / 3)
        if perplexity < self.perplexity:
            warnings.warn(
                f"perplexity={self.perplexity} is too much for {len(X)} rows: "
                f"(n - 1) / 3 = {perplexity:.3g} is used.",
                stacklevel=2,
            )
        P = joint_probabilities(X, perplexity)
        if isinstance(self.learning_rate, str):
            self.learning_rate_ = max(len(X) / self.early_exaggeration / 4, 50.0)
        else:
            self.learning_rate_ = float(self.learning_rate)
        self._descend(P, self._start(X))
        return self

    def _descend(self, P: Floats, Y: Floats) -> None:
        first = min(_EXAGGERATED, self.max_iter)
        exaggerated = P * self.early_exaggeration
        Y, taken, _ = self._steps(exaggerated, Y, first, 0.5)
        more = self.max_iter - first
        Y, further, path = self._steps(P, Y, more, 0.8)
        self.embedding_, self.n_iter_ = Y, taken + further
        self.kl_divergence_, _ = kl_and_gradient(P, Y)
        self.kl_path_ = np.array([*path, self.kl_divergence_])

    def _steps(
        self, P: Floats, Y: Floats, n_steps: int, momentum: float
    ) -> tuple[Floats, int, list[float]]:
        """Step down with momentum; each coordinate has a gain of its own.

        The gain grows while the slope goes on in the direction of the last move, and
        shrinks when it turns.
        """
        move, gains = np.zeros_like(Y), np.ones_like(Y)
        path: list[float] = []
        for step in range(n_steps):
            if step % _EVERY == 0:
                kl, slope = kl_and_gradient(P, Y)
                path.append(kl)
                if np.linalg.norm(slope) <= self.min_grad_norm:
                    return Y, step, path
            else:
                slope = _gradient(P, Y, *_map_probabilities(Y))
            onward = move * slope < 0
            gains = np.maximum(np.where(onward, gains + 0.2, gains * 0.8), 0.01)
            move = momentum * move - self.learning_rate_ * gains * slope
            Y = Y + move
        return Y, n_steps, path

    def _start(self, X: Floats) -> Floats:
        shape = (len(X), self.n_components)
        if not isinstance(self.init, str):
            start = check_table(self.init)
            if start.shape != shape:
                raise ValueError(
                    f"init must have shape {shape}, but it has {start.shape}."
                )
            return start
        if self.init == "random" or min(X.shape) < self.n_components:
            return 1e-4 * random_generator(self.random_state).standard_normal(shape)
        Y = PCA(self.n_components).fit_transform(X / power_of_two(X))
        spread = float(Y[:, 0].std())
        start = Y / spread * 1e-4 if spread > 0 else Y
        return np.asarray(start, dtype=np.float64)

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Floats:
        """Draw the map and return it.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows, four at least.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        array of shape (n, n_components)
            The attribute ``embedding_``.
        """
        return self.fit(X, y).embedding_

    def _check_settings(self) -> None:
        named = not isinstance(self.init, str) or self.init in ("pca", "random")
        rate = self.learning_rate
        auto = isinstance(rate, str) and rate == "auto"
        positive = {
            name: (_is_positive(getattr(self, name)), "a number above 0")
            for name in ("perplexity", "early_exaggeration", "min_grad_norm")
        }
        whole = {
            name: (is_whole(getattr(self, name)), "a whole number from 1")
            for name in ("n_components", "max_iter")
        }
        check_parameters(
            self,
            **positive,
            **whole,
            learning_rate=(auto or _is_positive(rate), "'auto' or a number above 0"),
            init=(named, "'pca', 'random' or an array of positions"),
        )


def _is_positive(value: Any) -> bool:
    return isinstance(value, Real) and float(value) > 0
