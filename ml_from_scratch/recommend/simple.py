"""Recommenders without anything learnt by descent: counts, neighbours, contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ml_from_scratch.base import Floats, check_finite, check_is_fitted
from ml_from_scratch.recommend.base import Recommender
from ml_from_scratch.recommend.interactions import Matrix, check_interactions
from ml_from_scratch.stats._checks import whole


@dataclass
class Popularity(Recommender):
    """Recommend to everyone what most have: the floor to beat.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    counts_ : numpy.ndarray of shape (i,)
        How many users had each item.

    Notes
    -----
    O(number of interactions). Taught in: domains/recommenders.

    Examples
    --------
    >>> model = Popularity().fit([[1, 0, 1], [0, 0, 1], [1, 1, 0]])
    >>> model.recommend([1], k=2).items
    array([[0, 1]])
    """

    interactions_: Matrix = field(init=False, repr=False)
    counts_: Floats = field(init=False, repr=False)

    def fit(self, interactions: Any) -> Self:
        """Count users.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Ratings or counts, 0 or more.

        Returns
        -------
        Popularity
            Itself.
        """
        self.interactions_ = check_interactions(interactions)
        n_items = self.interactions_.shape[1]
        users = np.bincount(self.interactions_.indices, minlength=n_items)
        self.counts_ = users.astype(np.float64)
        return self

    def score_items(self, users: ArrayLike) -> Floats:
        """Return the counts, the same for everyone.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Users of each item.
        """
        return np.tile(self.counts_, (len(self._users(users)), 1))


@dataclass
class ItemKNN(Recommender):
    """Recommend what is liked by those who like the same: cosine between items.

    Parameters
    ----------
    n_neighbors : int, default 50
        For each item only so many of the most similar ones count.
    shrinkage : float, default 0.0
        Added to the product of lengths: keeps items with few users from looking
        alike by chance.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    similarity_ : scipy.sparse.csr_array of shape (i, i)
        Line j holds the neighbours of item j.

    Notes
    -----
    O(sum over users of their items squared) for the products and O(i^2 log i) for the
    neighbours. Taught in: domains/recommenders.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl (2001), "Item-based collaborative filtering
    recommendation algorithms", WWW.

    Examples
    --------
    >>> model = ItemKNN().fit([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]])
    >>> model.recommend([3], k=2).items
    array([[1, 2]])
    """

    n_neighbors: int = 50
    shrinkage: float = 0.0
    interactions_: Matrix = field(init=False, repr=False)
    similarity_: Matrix = field(init=False, repr=False)

    def fit(self, interactions: Any) -> Self:
        """Compute the similarities.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Ratings or counts, 0 or more.

        Returns
        -------
        ItemKNN
            Itself.
        """
        k = whole(self.n_neighbors, "n_neighbors", least=1)
        if not 0 <= self.shrinkage < np.inf:
            raise ValueError(f"shrinkage is {self.shrinkage}; expected 0 or more.")
        table = self.interactions_ = check_interactions(interactions)
        products = (table.T @ table).toarray()  # (i, i)
        lengths = np.sqrt(np.diag(products))
        scale = np.outer(lengths, lengths) + self.shrinkage
        cosines = products / np.where(scale > 0, scale, 1.0)  # items nobody has: 0
        np.fill_diagonal(cosines, 0.0)
        order = np.argsort(-cosines, axis=1, kind="stable")
        np.put_along_axis(cosines, order[:, k:], 0.0, axis=1)
        self.similarity_ = sparse.csr_array(cosines)
        return self

    def score_items(self, users: ArrayLike) -> Floats:
        """Return for each item how similar it is to what the user has, summed up.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Similarities weighted by the user's values.
        """
        chosen = self._users(users)
        return np.asarray((self.interactions_[chosen] @ self.similarity_.T).toarray())


@dataclass
class ContentBased(Recommender):
    """Recommend what is made like the things that a user has.

    Items that nobody has yet are scored as well as any, from what is known of them;
    users who have nothing yet get what most have.

    Attributes
    ----------
    interactions_ : scipy.sparse.csr_array of shape (u, i)
        What was learnt from.
    features_ : numpy.ndarray of shape (i, d)
        Features of the items, each line of length 1 (or 0).
    popularity_ : numpy.ndarray of shape (i,)
        Share of the users that have each item.

    Notes
    -----
    O(number of interactions * d). Taught in: domains/recommenders.

    References
    ----------
    Pazzani and Billsus (2007), "Content-based recommendation systems", in The Adaptive
    Web.

    Examples
    --------
    The last item is new; it is made like the first.

    >>> features = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]]
    >>> model = ContentBased().fit([[1, 0, 0], [0, 1, 0], [0, 0, 0]], features)
    >>> model.recommend([0, 2], k=1).items.tolist()
    [[2], [0]]
    """

    interactions_: Matrix = field(init=False, repr=False)
    features_: Floats = field(init=False, repr=False)
    popularity_: Floats = field(init=False, repr=False)

    def fit(self, interactions: Any, features: ArrayLike) -> Self:
        """Keep the features, each of length 1.

        Parameters
        ----------
        interactions : sparse or dense array of shape (u, i)
            Ratings or counts, 0 or more.
        features : array-like of shape (i, d)
            What is known of each item.

        Returns
        -------
        ContentBased
            Itself.

        Raises
        ------
        ValueError
            If there is not one line of finite features an item.
        """
        table = check_interactions(interactions)
        known = np.asarray(features, dtype=np.float64)
        if known.ndim != 2 or len(known) != table.shape[1]:
            raise ValueError(
                f"features has shape {known.shape}; expected ({table.shape[1]}, d), "
                "one line an item."
            )
        check_finite(known, "features")
        lengths = np.linalg.norm(known, axis=1, keepdims=True)
        self.interactions_ = table
        self.features_ = known / np.where(lengths > 0, lengths, 1.0)
        self.popularity_ = np.bincount(table.indices, minlength=len(known)) / len(
            table.indptr
        )
        return self

    def score_items(self, users: ArrayLike) -> Floats:
        """Return the cosine between each item and the mean of what the user has.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            From -1 to 1; popularity for users who have nothing.
        """
        chosen = self._users(users)
        profiles = self.interactions_[chosen] @ self.features_
        lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
        scores = profiles / np.where(lengths > 0, lengths, 1.0) @ self.features_.T
        return np.where(lengths > 0, scores, self.popularity_)


@dataclass
class ColdStart(Recommender):
    """Ask one recommender about users whom it knows well, another about the others.

    Parameters
    ----------
    warm, cold : Recommender
        Both fitted, on the same users and items.
    least : int, default 1
        Items that a user must have to count as known.

    Notes
    -----
    As the two it asks. Taught in: domains/recommenders.

    Examples
    --------
    >>> table = [[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]]
    >>> model = ColdStart(ItemKNN().fit(table), Popularity().fit(table))
    >>> model.recommend([2, 3], k=1).items.tolist()
    [[0], [1]]
    """

    warm: Recommender
    cold: Recommender
    least: int = 1

    def __post_init__(self) -> None:
        """Refuse recommenders of different tables."""
        check_is_fitted(self.warm, "interactions_")
        check_is_fitted(self.cold, "interactions_")
        whole(self.least, "least")
        shapes = self.warm.interactions_.shape, self.cold.interactions_.shape
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"The tables have shapes {shapes[0]} and {shapes[1]}; expected one "
                "shape."
            )
        self.interactions_ = self.warm.interactions_

    def score_items(self, users: ArrayLike) -> Floats:
        """Return the scores of the recommender that knows the user best.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Scores, in the units of the one asked.
        """
        chosen = self._users(users)
        counts = np.diff(self.interactions_.indptr)[chosen]
        known = (counts >= self.least)[:, None]
        warm, cold = self.warm.score_items(chosen), self.cold.score_items(chosen)
        return np.where(known, warm, cold)
