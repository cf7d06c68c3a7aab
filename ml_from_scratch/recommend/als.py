"""Matrix factorisation by alternating least squares.

With the items' factors held fast, each user's factors are a ridge regression of their
own; then the items' turn. All regressions of a side are solved at once: the matrices
sum of v v' over a user's items, for all users together, are one product of the sparse
table with the table of all v v', and a batched solve does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, random_generator
from ml_from_scratch.recommend.base import Recommender, known_places
from ml_from_scratch.recommend.interactions import Matrix, check_interactions, rows_of
from ml_from_scratch.stats._checks import positive, whole

_AT_ONCE = 2**22  # numbers in the normal matrices of one batch: 32 MiB


def solve_side(
    weights: Matrix, targets: Matrix, factors: Floats, ridge: Floats
) -> Floats:
    """Solve the ridge regressions of all rows on the factors of the columns.

    Parameters
    ----------
    weights : scipy.sparse.csr_array of shape (n, m)
        Weight of each entry in the normal matrices.
    targets : scipy.sparse.csr_array of shape (n, m)
        Weight times target of each entry.
    factors : array of shape (m, k)
        The other side's factors.
    ridge : array of shape (k, k)
        Added to every normal matrix.

    Returns
    -------
    numpy.ndarray of shape (n, k)
        For each row the x that solves (sum of w v v' + ridge) x = sum of t v.

    Notes
    -----
    O(entries * k^2 + n * k^3) time, and memory for the normal matrices of one batch of
    rows. They are symmetric, so only one triangle is summed.

    Taught in: domains/recommenders.

    Examples
    --------
    >>> from ml_from_scratch.recommend import check_interactions
    >>> ones = check_interactions([[1.0, 1.0]])
    >>> solve_side(ones, 2 * ones, np.array([[1.0], [1.0]]), np.zeros((1, 1)))
    array([[2.]])
    """
    k = factors.shape[1]
    upper = np.triu_indices(k)
    products = factors[:, upper[0]] * factors[:, upper[1]]  # (m, k (k + 1) / 2)
    right = targets @ factors
    solved = np.empty_like(right)
    at_once = max(1, _AT_ONCE // k**2)
    for start in range(0, weights.shape[0], at_once):
        batch = slice(start, start + at_once)
        sums = weights[batch] @ products
        normal = np.empty((len(sums), k, k))
        normal[:, upper[0], upper[1]] = sums
        normal[:, upper[1], upper[0]] = sums
        solved[batch] = np.linalg.solve(normal + ridge, right[batch, :, None])[..., 0]
    return solved


@dataclass
class _Alternating(Recommender):
    """What both kinds share: whose turn it is."""

    n_factors: int = 16
    l2: float = 1.0
    n_iter: int = 15
    random_state: int | np.random.Generator | None = None
    interactions_: Matrix = field(init=False, repr=False)
    user_factors_: Floats = field(init=False, repr=False)
    item_factors_: Floats = field(init=False, repr=False)
    objective_: Floats = field(init=False, repr=False)

    def _begin(self, interactions: Any) -> Matrix:
        k = whole(self.n_factors, "n_factors", least=1)
        positive(self.l2, "l2")
        whole(self.n_iter, "n_iter", least=1)
        table = self.interactions_ = check_interactions(interactions)
        rng = random_generator(self.random_state)
        # Items only: the users' turn comes first and needs no start of its own.
        self.item_factors_ = rng.normal(scale=k**-0.5, size=(table.shape[1], k))
        return table

    def score_items(self, users: ArrayLike) -> Floats:
        """Return the product of the user's factors with those of every item.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Predicted ratings, or preferences.
        """
        return np.asarray(self.user_factors_[self._users(users)] @ self.item_factors_.T)


@dataclass
class ALS(_Alternating):
    """Predict ratings that were not given, from those that were.

    Minimises the sum, over ratings given, of (r - mean - u'v)^2, plus l2 times the
    squared length of all factors. What was not rated says nothing.

    Parameters
    ----------
    n_factors : int, default 16
        Length of the factors.
    l2 : float, default 1.0
        Strength of the penalty, above 0.
    n_iter : int, default 15
        Turns of each side.
    random_state : int, Generator or None
        For the first factors.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    mean_ : float
        Mean rating, which is taken off first.
    user_factors_, item_factors_ : numpy.ndarray of shapes (u, k) and (i, k)
        The factors.
    objective_ : numpy.ndarray of shape (n_iter,)
        What is minimised, after each pair of turns; it never rises.

    Notes
    -----
    O(ratings * k^2 + (u + i) * k^3) a turn. Users and items without a rating get
    factors of 0: the mean. A rating of 0 counts as not given: shift the scale if it
    has a 0.

    Taught in: domains/recommenders.

    References
    ----------
    Koren, Bell and Volinsky (2009), "Matrix factorization techniques for recommender
    systems", IEEE Computer 42(8).

    Examples
    --------
    >>> ratings = [[5, 4, 0], [4, 5, 1], [1, 0, 5]]
    >>> model = ALS(n_factors=1, l2=0.1, random_state=0).fit(ratings)
    >>> predicted = model.predict([0, 2], [2, 1])
    >>> bool(predicted.max() < 3)
    True
    """

    mean_: float = field(init=False, repr=False)

    def fit(self, interactions: Any) -> Self:
        """Alternate.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Ratings, above 0 where given.

        Returns
        -------
        ALS
            Itself.
        """
        table = self._begin(interactions)
        self.mean_ = float(table.data.mean())
        given, centred = table.copy(), table.copy()
        given.data[:] = 1.0
        centred.data -= self.mean_
        their_given, their_centred = given.T.tocsr(), centred.T.tocsr()
        ridge = self.l2 * np.eye(self.n_factors)
        objective = []
        for _ in range(self.n_iter):
            self.user_factors_ = solve_side(given, centred, self.item_factors_, ridge)
            self.item_factors_ = solve_side(
                their_given, their_centred, self.user_factors_, ridge
            )
            objective.append(self._objective(centred))
        self.objective_ = np.array(objective)
        return self

    def _objective(self, centred: Matrix) -> float:
        users, items = self.user_factors_[rows_of(centred)], self.item_factors_
        errors = centred.data - np.sum(users * items[centred.indices], axis=1)
        lengths = np.sum(self.user_factors_**2) + np.sum(items**2)
        return float(errors @ errors + self.l2 * lengths)

    def predict(self, users: ArrayLike, items: ArrayLike) -> Floats:
        """Return the rating expected of each pair.

        Parameters
        ----------
        users, items : array-like of int of shape (n,)
            Lines and columns of the table.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Ratings.

        Raises
        ------
        ValueError
            If a user or an item is unknown.
        """
        u = self._users(users)
        i = known_places(items, len(self.item_factors_), "item")
        return np.asarray(
            self.mean_ + np.sum(self.user_factors_[u] * self.item_factors_[i], axis=1)
        )


@dataclass
class ImplicitALS(_Alternating):
    """Learn what people prefer from how often they did something.

    Every pair counts: those that happened with preference 1 and a confidence of
    1 + alpha * count, those that did not with preference 0 and confidence 1.

    Parameters
    ----------
    n_factors : int, default 16
        Length of the factors.
    l2 : float, default 1.0
        Strength of the penalty, above 0.
    n_iter : int, default 15
        Turns of each side.
    random_state : int, Generator or None
        For the first factors.
    alpha : float, default 40.0
        How much an event says, above 0.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    user_factors_, item_factors_ : numpy.ndarray of shapes (u, k) and (i, k)
        The factors.
    objective_ : numpy.ndarray of shape (n_iter,)
        What is minimised, after each pair of turns; it never rises.

    Notes
    -----
    O(events * k^2 + (u + i) * k^3) a turn, although all u * i pairs count: what they
    have in common, V'V, is computed once, and only events add to it.

    Taught in: domains/recommenders.

    References
    ----------
    Hu, Koren and Volinsky (2008), "Collaborative filtering for implicit feedback
    datasets", ICDM.

    Examples
    --------
    >>> plays = [[9, 8, 0, 0], [7, 0, 0, 0], [0, 0, 6, 9], [0, 0, 7, 0]]
    >>> model = ImplicitALS(n_factors=2, n_iter=200, random_state=0).fit(plays)
    >>> model.recommend([1, 3], k=1).items.tolist()
    [[1], [3]]
    """

    alpha: float = 40.0

    def fit(self, interactions: Any) -> Self:
        """Alternate.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Counts, 0 or more.

        Returns
        -------
        ImplicitALS
            Itself.
        """
        table = self._begin(interactions)
        extra, target = table.copy(), table.copy()
        extra.data = positive(self.alpha, "alpha") * table.data  # confidence beyond 1
        target.data = 1.0 + extra.data  # confidence times preference
        their_extra, their_target = extra.T.tocsr(), target.T.tocsr()
        ridge = self.l2 * np.eye(self.n_factors)
        objective = []
        for _ in range(self.n_iter):
            common = self.item_factors_.T @ self.item_factors_ + ridge
            self.user_factors_ = solve_side(extra, target, self.item_factors_, common)
            common = self.user_factors_.T @ self.user_factors_ + ridge
            self.item_factors_ = solve_side(
                their_extra, their_target, self.user_factors_, common
            )
            objective.append(self._objective(extra))
        self.objective_ = np.array(objective)
        return self

    def _objective(self, extra: Matrix) -> float:
        users, items = self.user_factors_, self.item_factors_
        scores = np.sum(users[rows_of(extra)] * items[extra.indices], axis=1)
        # All pairs as if nothing had happened, then the difference at the events.
        nothing = np.vdot(users.T @ users, items.T @ items)
        events = (1 + extra.data) @ (1 - scores) ** 2 - scores @ scores
        lengths = np.sum(users**2) + np.sum(items**2)
        return float(nothing + events + self.l2 * lengths)
