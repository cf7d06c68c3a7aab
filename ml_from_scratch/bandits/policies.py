"""Policies that learn which arm is best while they pay for pulling the others.

Every policy plays many games side by side: ``select`` returns one arm a game and
``update`` takes one reward a game, so that a step of a thousand games is a handful of
array operations.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ml_from_scratch.bandits._checks import check_arms, check_rewards
from ml_from_scratch.base import Floats, Integers, random_generator
from ml_from_scratch.stats._checks import positive, whole

Seed = int | np.random.Generator | None


class Policy(Protocol):
    """What every bandit can do.

    Notes
    -----
    Taught in: domains/bandits.

    Examples
    --------
    >>> policy: Policy = UCB1(3)
    >>> policy.select()
    array([0])
    """

    n_arms: int
    n_games: int

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            From 0 to n_arms - 1.
        """

    def update(self, arms: Integers, rewards: Floats) -> None:
        """Learn from what was earned.

        Parameters
        ----------
        arms : numpy.ndarray of shape (n_games,)
            The arms that were pulled.
        rewards : numpy.ndarray of shape (n_games,)
            What each paid.
        """


class _Means:
    """Counts and mean rewards of every arm in every game."""

    def __init__(self, n_arms: int, n_games: int, random_state: Seed) -> None:
        self.n_arms = whole(n_arms, "n_arms", least=2)
        self.n_games = whole(n_games, "n_games", least=1)
        self.counts = np.zeros((n_games, n_arms))
        self.means = np.zeros((n_games, n_arms))
        self.rng = random_generator(random_state)
        self._games = np.arange(n_games)

    def update(self, arms: Integers, rewards: Floats) -> None:
        """Move the mean of each pulled arm towards its reward.

        Parameters
        ----------
        arms : numpy.ndarray of shape (n_games,)
            The arms that were pulled.
        rewards : numpy.ndarray of shape (n_games,)
            What each paid.

        Raises
        ------
        ValueError
            If an arm is unknown or a reward is not finite.
        """
        pulled = self._games, check_arms(arms, self.n_arms, self.n_games)
        paid = check_rewards(rewards, self.n_games)
        self.counts[pulled] += 1
        self.means[pulled] += (paid - self.means[pulled]) / self.counts[pulled]

    def _best(self, values: Floats) -> Integers:
        """Return the largest of each line; the first arm never pulled goes first."""
        return np.asarray(np.where(self.counts == 0, np.inf, values).argmax(axis=1))


class EpsilonGreedy(_Means):
    """Pull the arm with the best mean so far, and now and then any arm.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    epsilon : float, default 0.1
        Share of steps at which the arm is drawn at random.
    n_games : int, default 1
        Games played side by side.
    random_state : int, Generator or None
        Where randomness comes from.

    Attributes
    ----------
    counts, means : numpy.ndarray of shape (n_games, n_arms)
        Pulls and mean reward of each arm.

    Notes
    -----
    O(n_games * n_arms) a step. Regret grows in proportion to time, since exploring
    never ends.

    Taught in: domains/bandits.

    References
    ----------
    Sutton and Barto (2018), Reinforcement Learning: An Introduction, 2nd edition,
    section 2.2.

    Examples
    --------
    >>> policy = EpsilonGreedy(2, epsilon=0.0)
    >>> for reward in (0.0, 1.0):
    ...     policy.update(policy.select(), np.array([reward]))
    >>> policy.select()
    array([1])
    """

    def __init__(
        self,
        n_arms: int,
        epsilon: float = 0.1,
        *,
        n_games: int = 1,
        random_state: Seed = None,
    ) -> None:
        super().__init__(n_arms, n_games, random_state)
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon is {epsilon}; expected a share from 0 to 1.")
        self.epsilon = epsilon

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            The best so far, or any.
        """
        explore = self.rng.random(self.n_games) < self.epsilon
        any_arm = self.rng.integers(self.n_arms, size=self.n_games)
        return np.where(explore, any_arm, self._best(self.means))


class UCB1(_Means):
    """Pull the arm that could be the best: mean plus a bonus for having seen little.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    scale : float, default 1.0
        Width of the bonus, `scale * sqrt(2 ln t / pulls)`: 1 for rewards from 0 to 1,
        and the range of the rewards in general.
    n_games : int, default 1
        Games played side by side.

    Attributes
    ----------
    counts, means : numpy.ndarray of shape (n_games, n_arms)
        Pulls and mean reward of each arm.

    Notes
    -----
    O(n_games * n_arms) a step. With gaps d between the best arm and the others, the
    expected regret after t steps is at most `8 ln(t) sum(1 / d) + 4.3 sum(d)`.

    Taught in: domains/bandits.

    References
    ----------
    Auer, Cesa-Bianchi and Fischer (2002), "Finite-time analysis of the multiarmed
    bandit problem", Machine Learning 47, theorem 1.

    Examples
    --------
    >>> policy = UCB1(2)
    >>> for reward in (0.0, 1.0):
    ...     policy.update(policy.select(), np.array([reward]))
    >>> policy.select()
    array([1])
    """

    def __init__(self, n_arms: int, scale: float = 1.0, *, n_games: int = 1) -> None:
        super().__init__(n_arms, n_games, None)
        self.scale = positive(scale, "scale")

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            The arm with the highest upper bound.
        """
        steps = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        pulls = np.maximum(self.counts, 1)
        bonus = self.scale * np.sqrt(2 * np.log(steps) / pulls)
        return self._best(self.means + bonus)


class BernoulliThompson:
    """Pull each arm as often as one believes it is the best, of rewards 0 and 1.

    The belief in each arm's share of successes is a beta distribution. Draw one share
    from each and pull the arm with the largest: arms that may be good are tried, arms
    known to be worse are left alone.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    prior : (float, float), default (1, 1)
        Beta distribution believed of every arm at first; flat by default.
    n_games : int, default 1
        Games played side by side.
    random_state : int, Generator or None
        Where randomness comes from.

    Attributes
    ----------
    a, b : numpy.ndarray of shape (n_games, n_arms)
        The beliefs.

    Notes
    -----
    O(n_games * n_arms) a step. Taught in: domains/bandits.

    References
    ----------
    Thompson (1933), "On the likelihood that one unknown probability exceeds another in
    view of the evidence of two samples", Biometrika 25. Agrawal and Goyal (2012),
    "Analysis of Thompson sampling for the multi-armed bandit problem", COLT.

    Examples
    --------
    >>> policy = BernoulliThompson(2, random_state=0)
    >>> policy.update(np.array([1]), np.array([1.0]))
    >>> policy.a
    array([[1., 2.]])
    """

    def __init__(
        self,
        n_arms: int,
        *,
        prior: tuple[float, float] = (1.0, 1.0),
        n_games: int = 1,
        random_state: Seed = None,
    ) -> None:
        self.n_arms = whole(n_arms, "n_arms", least=2)
        self.n_games = whole(n_games, "n_games", least=1)
        self.a = np.full((n_games, n_arms), positive(prior[0], "prior a"))
        self.b = np.full((n_games, n_arms), positive(prior[1], "prior b"))
        self.rng = random_generator(random_state)

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            The best of one draw from each belief.
        """
        return np.asarray(self.rng.beta(self.a, self.b).argmax(axis=1))

    def update(self, arms: Integers, rewards: Floats) -> None:
        """Count successes and failures.

        Parameters
        ----------
        arms : numpy.ndarray of shape (n_games,)
            The arms that were pulled.
        rewards : numpy.ndarray of shape (n_games,)
            0 or 1 each.

        Raises
        ------
        ValueError
            If an arm is unknown or a reward is neither 0 nor 1.
        """
        pulled = np.arange(self.n_games), check_arms(arms, self.n_arms, self.n_games)
        paid = check_rewards(rewards, self.n_games)
        if not np.isin(paid, (0, 1)).all():
            wrong = paid[~np.isin(paid, (0, 1))][0]
            raise ValueError(f"A reward is {wrong:g}; expected 0 or 1.")
        self.a[pulled] += paid
        self.b[pulled] += 1 - paid


class GaussianThompson(_Means):
    """Pull each arm as often as one believes it is the best, of rewards with noise.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    noise : float, default 1.0
        Standard deviation of a reward around its arm's mean, known.
    prior : (float, float), default (0, 1)
        Mean and standard deviation of the arms' means, believed at first.
    n_games : int, default 1
        Games played side by side.
    random_state : int, Generator or None
        Where randomness comes from.

    Attributes
    ----------
    counts, means : numpy.ndarray of shape (n_games, n_arms)
        Pulls and mean reward of each arm.

    Notes
    -----
    O(n_games * n_arms) a step. Taught in: domains/bandits.

    References
    ----------
    Agrawal and Goyal (2013), "Further optimal regret bounds for Thompson sampling",
    AISTATS.

    Examples
    --------
    >>> policy = GaussianThompson(2, noise=1.0, prior=(0.0, 1.0))
    >>> policy.update(np.array([0]), np.array([4.0]))
    >>> mean, deviation = policy.belief()
    >>> mean, deviation.round(2)
    (array([[2., 0.]]), array([[0.71, 1.  ]]))
    """

    def __init__(
        self,
        n_arms: int,
        *,
        noise: float = 1.0,
        prior: tuple[float, float] = (0.0, 1.0),
        n_games: int = 1,
        random_state: Seed = None,
    ) -> None:
        super().__init__(n_arms, n_games, random_state)
        self.noise = positive(noise, "noise")
        self.prior = float(prior[0]), positive(prior[1], "prior deviation")

    def belief(self) -> tuple[Floats, Floats]:
        """Return what is believed of the mean of each arm.

        Returns
        -------
        mean, deviation : numpy.ndarray of shape (n_games, n_arms)
            Of normal distributions. Precisions (one over variance) add up.
        """
        before, each = 1 / self.prior[1] ** 2, 1 / self.noise**2
        precision = before + self.counts * each
        mean = (before * self.prior[0] + self.counts * each * self.means) / precision
        return mean, 1 / np.sqrt(precision)

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            The best of one draw from each belief.
        """
        return np.asarray(self.rng.normal(*self.belief()).argmax(axis=1))


class Exp3:
    """Pull arms with weights that grow by what they earned, against any opponent.

    No distribution of rewards is supposed: an adversary may set them. Dividing each
    reward by the probability of having seen it makes up for those not seen.

    Parameters
    ----------
    n_arms : int
        Arms, 2 or more.
    rate : float, default 0.1
        Share of steps at random, and how fast weights grow; from 0 to 1.
    n_games : int, default 1
        Games played side by side.
    random_state : int, Generator or None
        Where randomness comes from.

    Attributes
    ----------
    log_weights : numpy.ndarray of shape (n_games, n_arms)
        The weights; as logarithms they never overflow.

    Notes
    -----
    O(n_games * n_arms) a step. For rewards from 0 to 1, the expected regret is at most
    (e - 1) * rate * T + K ln(K) / rate.

    Taught in: domains/bandits.

    References
    ----------
    Auer, Cesa-Bianchi, Freund and Schapire (2002), "The nonstochastic multiarmed bandit
    problem", SIAM Journal on Computing 32(1), theorem 3.1.

    Examples
    --------
    >>> policy = Exp3(2, rate=0.2)
    >>> policy.update(np.array([1]), np.array([1.0]))
    >>> policy.probabilities().round(3)
    array([[0.46, 0.54]])
    """

    def __init__(
        self,
        n_arms: int,
        rate: float = 0.1,
        *,
        n_games: int = 1,
        random_state: Seed = None,
    ) -> None:
        self.n_arms = whole(n_arms, "n_arms", least=2)
        self.n_games = whole(n_games, "n_games", least=1)
        if not 0 < rate <= 1:
            raise ValueError(f"rate is {rate}; expected above 0 and at most 1.")
        self.rate = rate
        self.log_weights = np.zeros((n_games, n_arms))
        self.rng = random_generator(random_state)

    def probabilities(self) -> Floats:
        """Return how likely each arm is to be pulled.

        Returns
        -------
        numpy.ndarray of shape (n_games, n_arms)
            Lines that sum to 1.
        """
        shifted = self.log_weights - self.log_weights.max(axis=1, keepdims=True)
        weights = np.exp(shifted)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((1 - self.rate) * weights + self.rate / self.n_arms)

    def select(self) -> Integers:
        """Return the arm to pull in each game.

        Returns
        -------
        numpy.ndarray of shape (n_games,)
            Drawn with the probabilities.
        """
        return draw(self.probabilities(), self.rng)

    def update(self, arms: Integers, rewards: Floats) -> None:
        """Let the weight of each pulled arm grow by its reward over its probability.

        Parameters
        ----------
        arms : numpy.ndarray of shape (n_games,)
            The arms that were pulled.
        rewards : numpy.ndarray of shape (n_games,)
            From 0 to 1.

        Raises
        ------
        ValueError
            If an arm is unknown or a reward is not from 0 to 1.
        """
        pulled = np.arange(self.n_games), check_arms(arms, self.n_arms, self.n_games)
        paid = check_rewards(rewards, self.n_games)
        if paid.min() < 0 or paid.max() > 1:
            raise ValueError(
                f"Rewards go from {paid.min():g} to {paid.max():g}; expected 0 to 1."
            )
        gain = paid / self.probabilities()[pulled]
        self.log_weights[pulled] += self.rate * gain / self.n_arms


def draw(probabilities: Floats, rng: np.random.Generator) -> Integers:
    """Draw one column a line, with the line's probabilities.

    Parameters
    ----------
    probabilities : numpy.ndarray of shape (n, k)
        Lines that sum to 1.
    rng : numpy.random.Generator
        Where randomness comes from.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Columns, never one of probability 0.

    Notes
    -----
    O(nk). Taught in: domains/bandits.

    Examples
    --------
    >>> draw(np.array([[0.0, 1.0], [1.0, 0.0]]), np.random.default_rng(0))
    array([1, 0])
    """
    reached = np.cumsum(probabilities, axis=1)
    # the last sum may round below 1: scale, so that no draw falls beyond it
    levels = rng.random((len(reached), 1)) * reached[:, -1:]
    return np.asarray((reached <= levels).sum(axis=1))
