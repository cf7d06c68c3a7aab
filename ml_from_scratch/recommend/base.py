"""What all recommenders share: scores for every item, and the best of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_is_fitted
from ml_from_scratch.recommend.interactions import Matrix, rows_of
from ml_from_scratch.stats._checks import whole


class Recommendations(NamedTuple):
    """The best items of some users, best first.

    Parameters
    ----------
    items
        Columns, shape (n, k); -1 where fewer than k items were left.
    scores
        Their scores, shape (n, k); minus infinity there.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> Recommendations(np.array([[3]]), np.array([[0.5]])).items
    array([[3]])
    """

    items: Integers
    scores: Floats


class Recommender:
    """A recommender gives a score to every item for a user, and lists the best.

    Subclasses set ``interactions_`` in ``fit`` and define ``score_items``.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> from ml_from_scratch.recommend import Popularity
    >>> isinstance(Popularity(), Recommender)
    True
    """

    interactions_: Matrix

    def score_items(self, users: ArrayLike) -> Floats:
        """Return a score for every item.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.

        Returns
        -------
        numpy.ndarray of shape (n, i)
            Larger is better.

        Raises
        ------
        NotImplementedError
            Always: subclasses say how.
        """
        raise NotImplementedError(f"{type(self).__name__} has no score_items.")

    def recommend(
        self, users: ArrayLike, k: int = 10, *, exclude_seen: bool = True
    ) -> Recommendations:
        """Return the best items of each user.

        Parameters
        ----------
        users : array-like of int of shape (n,)
            Lines of the table.
        k : int, default 10
            How many items.
        exclude_seen : bool, default True
            Leave out what the user had in training.

        Returns
        -------
        Recommendations
            Items and scores, best first; among equals the first column goes first.

        Raises
        ------
        ValueError
            If a user is unknown or `k` is more than there are items.
        """
        chosen = self._users(users)
        n_items = self.interactions_.shape[1]
        if whole(k, "k", least=1) > n_items:
            raise ValueError(f"k is {k}, but there are {n_items} items.")
        scores = self.score_items(chosen).copy()
        if exclude_seen:
            seen = self.interactions_[chosen]
            scores[rows_of(seen), seen.indices] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        top = np.take_along_axis(scores, best, axis=1)
        return Recommendations(np.where(np.isneginf(top), -1, best), top)

    def _users(self, users: ArrayLike) -> Integers:
        """Return lines of the table, or name the user who is not in it."""
        check_is_fitted(self, "interactions_")
        return known_places(users, self.interactions_.shape[0], "user")


def known_places(places: Any, count: int, what: str) -> Integers:
    """Return whole numbers from 0 to count - 1, or name the one that is not.

    Parameters
    ----------
    places : array-like of int
        Lines or columns.
    count : int
        How many there are.
    what : str
        What they are, for the message.

    Returns
    -------
    numpy.ndarray of shape (n,)
        The same.

    Raises
    ------
    ValueError
        If one is unknown, or they are no whole numbers.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> known_places([0, 5], 3, "user")
    Traceback (most recent call last):
    ValueError: The user 5 is unknown; expected 0 to 2.
    """
    found = np.atleast_1d(np.asarray(places))
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise ValueError(
            f"The {what}s are {places!r}; expected a list of whole numbers."
        )
    unknown = (found < 0) | (found >= count)
    if unknown.any():
        raise ValueError(
            f"The {what} {found[unknown][0]} is unknown; expected 0 to {count - 1}."
        )
    return found.astype(np.intp)
