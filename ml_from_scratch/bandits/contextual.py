"""Rewards that depend on what is known before the choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.bandits._checks import check_arms, check_rewards
from ml_from_scratch.base import Floats, check_finite
from ml_from_scratch.stats._checks import positive, whole


class LinUCB:
    """Pull the arm that could be the best for this context; rewards are linear in it.

    Each arm has a ridge regression of its own. Its uncertainty about a context is what
    the ellipsoid of the data seen leaves open in that direction.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    n_features : int
        Length of a context.
    alpha : float, default 1.0
        How many standard errors the bonus is.
    l2 : float, default 1.0
        Strength of the ridge penalty, above 0.

    Attributes
    ----------
    inverse : numpy.ndarray of shape (n_arms, n_features, n_features)
        One over (l2 * I + sum of x x') of each arm.
    moment : numpy.ndarray of shape (n_arms, n_features)
        Sum of reward * x of each arm.

    Notes
    -----
    O(n_arms * d^2) a step: the inverse of a matrix that grows by x x' is updated in
    O(d^2) (Sherman and Morrison), not computed anew. One game at a time.

    Taught in: domains/bandits.

    References
    ----------
    Li, Chu, Langford and Schapire (2010), "A contextual-bandit approach to personalized
    news article recommendation", WWW, algorithm 1.

    Examples
    --------
    >>> policy = LinUCB(2, 1)
    >>> policy.update(0, [1.0], 1.0)
    >>> policy.coef()
    array([[0.5],
           [0. ]])
    """

    def __init__(
        self, n_arms: int, n_features: int, *, alpha: float = 1.0, l2: float = 1.0
    ) -> None:
        self.n_arms = whole(n_arms, "n_arms", least=2)
        self.n_features = whole(n_features, "n_features", least=1)
        if not 0 <= alpha < np.inf:
            raise ValueError(f"alpha is {alpha}; expected a finite number, 0 or more.")
        self.alpha = alpha
        self.inverse = np.tile(np.eye(n_features) / positive(l2, "l2"), (n_arms, 1, 1))
        self.moment = np.zeros((n_arms, n_features))

    def coef(self) -> Floats:
        """Return the weights of each arm's regression.

        Returns
        -------
        numpy.ndarray of shape (n_arms, n_features)
            One line an arm.
        """
        return np.asarray(np.einsum("aij,aj->ai", self.inverse, self.moment))

    def select(self, context: ArrayLike) -> int:
        """Return the arm with the highest upper bound for a context.

        Parameters
        ----------
        context : array-like of shape (n_features,)
            What is known before the choice.

        Returns
        -------
        int
            From 0 to n_arms - 1.
        """
        x = self._context(context)
        spread = np.einsum("i,aij,j->a", x, self.inverse, x)
        return int((self.coef() @ x + self.alpha * np.sqrt(spread)).argmax())

    def update(self, arm: int, context: ArrayLike, reward: float) -> None:
        """Add one row to the regression of an arm.

        Parameters
        ----------
        arm : int
            The arm that was pulled.
        context : array-like of shape (n_features,)
            What was known before.
        reward : float
            What it paid.

        Raises
        ------
        ValueError
            If the arm is unknown, or context or reward are not finite.
        """
        x = self._context(context)
        chosen = int(check_arms(np.array([arm]), self.n_arms, 1)[0])
        paid = float(check_rewards(np.array([reward]), 1)[0])
        shadow = self.inverse[chosen] @ x
        self.inverse[chosen] -= np.outer(shadow, shadow) / (1 + x @ shadow)
        self.moment[chosen] += paid * x

    def _context(self, context: ArrayLike) -> Floats:
        x = np.asarray(context, dtype=np.float64)
        if x.shape != (self.n_features,):
            raise ValueError(
                f"context has shape {x.shape}; expected ({self.n_features},)."
            )
        check_finite(x, "context")
        return x
