"""Factors found by stochastic gradient descent: for ratings, and for the order.

A step takes a small batch of events. Two events of one user add to the same line of
factors; a product with a sparse table of ones adds them up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ml_from_scratch.base import Floats, Integers, random_generator
from ml_from_scratch.linear import sigmoid
from ml_from_scratch.recommend.base import Recommender, known_places
from ml_from_scratch.recommend.interactions import Matrix, check_interactions, rows_of
from ml_from_scratch.stats._checks import positive, whole


class Factors(NamedTuple):
    """Everything that a factor model learns; also the shape of its gradients.

    Parameters
    ----------
    users, items
        Factors, shapes (u, k) and (i, k).
    user_bias, item_bias
        What is usual for each, shapes (u,) and (i,).

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> zero = np.zeros((1, 2))
    >>> Factors(zero, zero, np.zeros(1), np.zeros(1)).users.shape
    (1, 2)
    """

    users: Floats
    items: Floats
    user_bias: Floats
    item_bias: Floats

    def scores(self, users: Integers, items: Integers) -> Floats:
        """Return biases plus product of factors of each pair.

        Parameters
        ----------
        users, items : numpy.ndarray of int of shape (n,)
            Lines and columns.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Scores.
        """
        products = np.sum(self.users[users] * self.items[items], axis=1)
        return np.asarray(self.user_bias[users] + self.item_bias[items] + products)


def rating_loss_and_gradient(
    factors: Factors, users: Integers, items: Integers, targets: Floats, l2: float
) -> tuple[float, Factors]:
    """Return half the squared error of some ratings, penalised, and its gradient.

    Parameters
    ----------
    factors : Factors
        The model.
    users, items : numpy.ndarray of int of shape (n,)
        Who rated what.
    targets : numpy.ndarray of shape (n,)
        Rating less the mean of all.
    l2 : float
        Penalty of l2 / 2 times the squares of what a rating uses, once a rating.

    Returns
    -------
    loss : float
        Sum over the ratings.
    gradient : Factors
        Slopes, of the shapes of the factors.

    Notes
    -----
    O(n k + (u + i) k). Taught in: domains/recommenders.

    References
    ----------
    Koren, Bell and Volinsky (2009), "Matrix factorization techniques for recommender
    systems", IEEE Computer 42(8).

    Examples
    --------
    >>> model = Factors(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    >>> one = np.array([0])
    >>> rating_loss_and_gradient(model, one, one, np.array([3.0]), 0.0)[0]
    2.0
    """
    u, v = factors.users[users], factors.items[items]
    b, c = factors.user_bias[users], factors.item_bias[items]
    error = factors.scores(users, items) - targets
    used = np.sum(u**2, axis=1) + np.sum(v**2, axis=1) + b**2 + c**2
    loss = float(np.sum(error**2) + l2 * np.sum(used)) / 2
    to_user = _adder(users, len(factors.users))
    to_item = _adder(items, len(factors.items))
    return loss, Factors(
        users=to_user @ (error[:, None] * v + l2 * u),
        items=to_item @ (error[:, None] * u + l2 * v),
        user_bias=to_user @ (error + l2 * b),
        item_bias=to_item @ (error + l2 * c),
    )


def bpr_loss_and_gradient(
    factors: Factors, users: Integers, liked: Integers, other: Integers, l2: float
) -> tuple[float, Factors]:
    """Return how unlikely it is that users prefer what they took, and its gradient.

    Parameters
    ----------
    factors : Factors
        The model; the users' biases play no part.
    users : numpy.ndarray of int of shape (n,)
        Who it was.
    liked, other : numpy.ndarray of int of shape (n,)
        An item that the user took, and one not taken.
    l2 : float
        Penalty of l2 / 2 times the squares of what a triple uses, once a triple.

    Returns
    -------
    loss : float
        Sum of -log sigmoid(score of liked - score of other), and penalties.
    gradient : Factors
        Slopes, of the shapes of the factors.

    Notes
    -----
    O(n k + (u + i) k). Taught in: domains/recommenders.

    References
    ----------
    Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), "BPR: Bayesian
    personalized ranking from implicit feedback", UAI.

    Examples
    --------
    >>> zero = Factors(np.zeros((1, 1)), np.zeros((2, 1)), np.zeros(1), np.zeros(2))
    >>> one = np.array([0])
    >>> loss, slope = bpr_loss_and_gradient(zero, one, one, one + 1, 0.0)
    >>> round(loss, 4), slope.item_bias.tolist()
    (0.6931, [-0.5, 0.5])
    """
    u, v, w = factors.users[users], factors.items[liked], factors.items[other]
    b, c = factors.item_bias[liked], factors.item_bias[other]
    gap = factors.scores(users, liked) - factors.scores(users, other)
    squares = np.sum(u**2 + v**2 + w**2, axis=1) + b**2 + c**2
    loss = float(np.sum(np.logaddexp(0, -gap)) + l2 / 2 * np.sum(squares))
    push = -sigmoid(-gap)  # slope of the loss in the gap: -1 where the order is wrong
    to_user = _adder(users, len(factors.users))
    to_liked = _adder(liked, len(factors.items))
    to_other = _adder(other, len(factors.items))
    return loss, Factors(
        users=to_user @ (push[:, None] * (v - w) + l2 * u),
        items=to_liked @ (push[:, None] * u + l2 * v)
        + to_other @ (-push[:, None] * u + l2 * w),
        user_bias=np.zeros_like(factors.user_bias),
        item_bias=to_liked @ (push + l2 * b) + to_other @ (-push + l2 * c),
    )


def _adder(places: Integers, count: int) -> Matrix:
    """Return the table of ones that adds row j of anything to line places[j]."""
    n = len(places)
    return sparse.csc_array(
        (np.ones(n), places, np.arange(n + 1)), shape=(count, n)
    ).tocsr()


@dataclass
class _Descent(Recommender):
    """What both models share: steps, batches and scores."""

    n_factors: int = 16
    l2: float = 0.02
    rate: float = 0.05
    n_epochs: int = 20
    batch_size: int = 256
    random_state: int | np.random.Generator | None = None
    interactions_: Matrix = field(init=False, repr=False)
    factors_: Factors = field(init=False, repr=False)
    losses_: Floats = field(init=False, repr=False)

    def _begin(self, interactions: Any) -> tuple[Matrix, np.random.Generator]:
        k = whole(self.n_factors, "n_factors", least=1)
        whole(self.n_epochs, "n_epochs", least=1)
        whole(self.batch_size, "batch_size", least=1)
        positive(self.rate, "rate")
        if not 0 <= self.l2 < np.inf:
            raise ValueError(f"l2 is {self.l2!r}; expected a finite number, 0 or more.")
        table = self.interactions_ = check_interactions(interactions)
        rng = random_generator(self.random_state)
        n_users, n_items = table.shape
        self.factors_ = Factors(
            users=rng.normal(scale=0.1, size=(n_users, k)),
            items=rng.normal(scale=0.1, size=(n_items, k)),
            user_bias=np.zeros(n_users),
            item_bias=np.zeros(n_items),
        )
        return table, rng

    def _batches(self, n: int, rng: np.random.Generator) -> list[Integers]:
        """Return all events in a new order, cut into batches."""
        cuts = range(self.batch_size, n, self.batch_size)
        return np.split(rng.permutation(n), list(cuts))

    def _step(self, gradient: Factors) -> None:
        for mine, slope in zip(self.factors_, gradient, strict=True):
            mine -= self.rate * slope
        if not np.isfinite(self.factors_.items).all():
            raise ValueError(f"Diverged: the rate {self.rate} is too high; lower it.")

    def score_items(self, users: ArrayLike) -> Floats:
        """Return biases plus product of factors, for every item.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Scores.
        """
        chosen = self._users(users)
        f = self.factors_
        products = f.users[chosen] @ f.items.T
        return np.asarray(f.user_bias[chosen, None] + f.item_bias + products)


@dataclass
class MatrixFactorization(_Descent):
    """Predict ratings: mean, bias of user and item, and a product of factors.

    Parameters
    ----------
    n_factors : int, default 16
        Length of the factors.
    l2 : float, default 0.02
        Strength of the penalty, 0 or more.
    rate : float, default 0.05
        Step size for the gradient of a batch's sum.
    n_epochs : int, default 20
        Passes over the ratings.
    batch_size : int, default 256
        Ratings a step. Large batches need a smaller rate where many ratings of one
        user or item meet in a batch.
    random_state : int, Generator or None
        For the first factors and the order of the ratings.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    mean_ : float
        Mean rating.
    factors_ : Factors
        Factors and biases.
    losses_ : numpy.ndarray of shape (n_epochs,)
        Mean loss of a rating in each pass, as it went.

    Notes
    -----
    O(ratings * k + batches * (u + i) * k) a pass. Taught in: domains/recommenders.

    References
    ----------
    Koren, Bell and Volinsky (2009), "Matrix factorization techniques for recommender
    systems", IEEE Computer 42(8).

    Examples
    --------
    >>> ratings = [[5, 4, 0], [4, 5, 1], [1, 0, 5]]
    >>> model = MatrixFactorization(2, n_epochs=200, random_state=0).fit(ratings)
    >>> model.predict([0, 1], [0, 2]).round()
    array([5., 1.])
    """

    mean_: float = field(init=False, repr=False)

    def fit(self, interactions: Any) -> Self:
        """Descend.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Ratings, above 0 where given.

        Returns
        -------
        MatrixFactorization
            Itself.

        Raises
        ------
        ValueError
            If the factors grow beyond all bounds.
        """
        table, rng = self._begin(interactions)
        self.mean_ = float(table.data.mean())
        users, items = rows_of(table), table.indices.astype(np.intp)
        targets = table.data - self.mean_
        losses = np.zeros(self.n_epochs)
        with np.errstate(over="ignore", invalid="ignore"):  # found by the step, named
            for epoch in range(self.n_epochs):
                for some in self._batches(table.nnz, rng):
                    loss, slope = rating_loss_and_gradient(
                        self.factors_, users[some], items[some], targets[some], self.l2
                    )
                    self._step(slope)
                    losses[epoch] += loss / table.nnz
        self.losses_ = losses
        return self

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
        i = known_places(items, len(self.factors_.items), "item")
        return np.asarray(self.mean_ + self.factors_.scores(u, i))


@dataclass
class BPR(_Descent):
    """Put what a user took above what the user did not take.

    Parameters
    ----------
    n_factors : int, default 16
        Length of the factors.
    l2 : float, default 0.02
        Strength of the penalty, 0 or more.
    rate : float, default 0.05
        Step size for the gradient of a batch's sum.
    n_epochs : int, default 20
        Passes over the events.
    batch_size : int, default 256
        Events a step.
    random_state : int, Generator or None
        For the first factors, the order, and the items not taken.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    factors_ : Factors
        Factors and the items' biases.
    losses_ : numpy.ndarray of shape (n_epochs,)
        Mean loss of a triple in each pass, as it went.

    Notes
    -----
    O(events * k + batches * (u + i) * k) a pass. An item not taken is drawn from all
    items and drawn again if it was taken after all.

    Taught in: domains/recommenders.

    References
    ----------
    Rendle et al. (2009), as for `bpr_loss_and_gradient`.

    Examples
    --------
    >>> plays = [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0]]
    >>> model = BPR(4, n_epochs=400, random_state=0).fit(plays)
    >>> model.recommend([1, 3], k=1).items.tolist()
    [[1], [3]]
    """

    def fit(self, interactions: Any) -> Self:
        """Descend.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Counts, 0 or more.

        Returns
        -------
        BPR
            Itself.

        Raises
        ------
        ValueError
            If every user took everything, or the factors grow beyond all bounds.
        """
        table, rng = self._begin(interactions)
        users, liked = rows_of(table), table.indices.astype(np.intp)
        # Who took everything has nothing to compare with.
        useful = np.flatnonzero(np.diff(table.indptr)[users] < table.shape[1])
        if not len(useful):
            raise ValueError("Every user took every item; expected some not taken.")
        users, liked = users[useful], liked[useful]
        losses = np.zeros(self.n_epochs)
        with np.errstate(over="ignore", invalid="ignore"):  # found by the step, named
            for epoch in range(self.n_epochs):
                other = not_taken(table, users, rng)
                for some in self._batches(len(users), rng):
                    loss, slope = bpr_loss_and_gradient(
                        self.factors_, users[some], liked[some], other[some], self.l2
                    )
                    self._step(slope)
                    losses[epoch] += loss / len(users)
        self.losses_ = losses
        return self


def not_taken(table: Matrix, users: Integers, rng: np.random.Generator) -> Integers:
    """Draw for each user an item that the user did not take.

    Parameters
    ----------
    table : scipy.sparse.csr_array of shape (u, i)
        Who took what, sorted.
    users : numpy.ndarray of int of shape (n,)
        None of whom took everything.
    rng : numpy.random.Generator
        Where randomness comes from.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Items, each of those not taken as likely as any other.

    Notes
    -----
    O(n log n) where users took a small share. Taught in: domains/recommenders.

    Examples
    --------
    >>> from ml_from_scratch.recommend import check_interactions
    >>> taken = check_interactions([[1, 0, 1]])
    >>> not_taken(taken, np.array([0, 0]), np.random.default_rng(0))
    array([1, 1])
    """
    n_items = table.shape[1]
    taken = rows_of(table) * n_items + table.indices  # one sorted number a pair
    items = rng.integers(n_items, size=len(users))
    wrong = np.arange(len(users))
    while len(wrong):
        pairs = users[wrong] * n_items + items[wrong]
        found = np.searchsorted(taken, pairs).clip(max=len(taken) - 1)
        wrong = wrong[taken[found] == pairs]
        items[wrong] = rng.integers(n_items, size=len(wrong))
    return items
