"""Policies played against arms that we know, to see what they lose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.bandits.policies import Policy
from ml_from_scratch.base import Floats, Integers, check_finite
from ml_from_scratch.stats._checks import whole


class Simulation(NamedTuple):
    """What happened when a policy played.

    Parameters
    ----------
    arms
        The arm pulled at each step of each game, shape (n_steps, n_games).
    regret
        Expected reward lost so far against the best arm, shape (n_steps, n_games).

    Notes
    -----
    Taught in: domains/bandits.

    Examples
    --------
    >>> from ml_from_scratch.bandits import UCB1
    >>> rng = np.random.default_rng(0)
    >>> simulate(UCB1(2, n_games=5), [0.2, 0.8], n_steps=3, rng=rng).regret.shape
    (3, 5)
    """

    arms: Integers
    regret: Floats


def simulate(
    policy: Policy,
    means: ArrayLike,
    *,
    n_steps: int,
    rng: np.random.Generator,
    reward: Callable[[Floats, np.random.Generator], Any] | None = None,
) -> Simulation:
    """Let a policy play against arms that are known to us, not to it.

    Parameters
    ----------
    policy : Policy
        Learns as it plays; a used one goes on from where it was.
    means : array-like of shape (n_arms,)
        Expected reward of each arm.
    n_steps : int
        How long.
    rng : numpy.random.Generator
        Where rewards come from.
    reward : callable, optional
        Takes the means of the pulled arms, one a game, and the generator, and returns
        rewards; by default 1 with that probability, else 0.

    Returns
    -------
    Simulation
        Arms and regret. Regret counts expected rewards, so that luck is left out.

    Raises
    ------
    ValueError
        If there is not one mean an arm, or a mean is no probability where the rewards
        are 0 and 1.

    Notes
    -----
    O(n_steps * n_games * n_arms). Taught in: domains/bandits.

    References
    ----------
    Lattimore and Szepesvári (2020), Bandit Algorithms, section 4.4.

    Examples
    --------
    >>> from ml_from_scratch.bandits import BernoulliThompson
    >>> rng = np.random.default_rng(0)
    >>> policy = BernoulliThompson(2, n_games=50, random_state=1)
    >>> found = simulate(policy, [0.2, 0.8], n_steps=100, rng=rng)
    >>> float(found.regret[-1].mean()) < 3
    True
    """
    expected = np.asarray(means, dtype=np.float64)
    if expected.shape != (policy.n_arms,):
        raise ValueError(f"means has shape {expected.shape}; expected one an arm.")
    check_finite(expected, "means")
    if reward is None and (expected.min() < 0 or expected.max() > 1):
        raise ValueError("A mean is not from 0 to 1, and rewards are 0 or 1.")
    pay = _flip if reward is None else reward
    steps = whole(n_steps, "n_steps", least=1)
    arms = np.empty((steps, policy.n_games), dtype=np.intp)
    for step in range(steps):
        arms[step] = policy.select()
        policy.update(arms[step], pay(expected[arms[step]], rng))
    return Simulation(arms, np.cumsum(expected.max() - expected[arms], axis=0))


def _flip(shares: Floats, rng: np.random.Generator) -> Floats:
    return (rng.random(shares.shape) < shares).astype(np.float64)
