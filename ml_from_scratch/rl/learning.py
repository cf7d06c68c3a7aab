"""The best policy of a world that can only be tried.

Q-learning and SARSA keep a table of what each action is worth and move one entry a
step. They differ in one word: what the next state is worth. REINFORCE has no table of
values; it moves the policy itself towards what went well.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats
from ml_from_scratch.linear import softmax
from ml_from_scratch.rl.mdp import MDP
from ml_from_scratch.rl.planning import policy_evaluation
from ml_from_scratch.stats._checks import whole


class Learned(NamedTuple):
    """What was learnt from episodes.

    Parameters
    ----------
    q
        What each action is thought to be worth, shape (s, a).
    returns
        Sum of the rewards of each episode, shape (n_episodes,).

    Notes
    -----
    Taught in: domains/q-learning.

    Examples
    --------
    >>> Learned(np.zeros((2, 1)), np.array([-3.0])).returns
    array([-3.])
    """

    q: Floats
    returns: Floats


def q_learning(
    mdp: MDP,
    *,
    start: int,
    n_episodes: int,
    rng: np.random.Generator,
    discount: float = 0.99,
    rate: float = 0.5,
    epsilon: float = 0.1,
    max_steps: int = 10_000,
) -> Learned:
    """Learn what the best policy is worth, while following another one.

    After a step the value of the action taken moves towards the reward plus the
    discounted value of the best next action, whether that is taken or not.

    Parameters
    ----------
    mdp : MDP
        The world; only steps in it are used.
    start : int
        State in which every episode begins.
    n_episodes : int
        How many episodes.
    rng : numpy.random.Generator
        Where randomness comes from.
    discount : float, default 0.99
        Worth now of a reward of 1 that comes a step later.
    rate : float, default 0.5
        How far an entry moves: 1 replaces it, right where nothing is random. For a
        random world lower it.
    epsilon : float, default 0.1
        Share of steps in a random direction.
    max_steps : int, default 10_000
        End an episode after so many.

    Returns
    -------
    Learned
        The table of values, and what each episode earned.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(a) a step. Values converge to those of value iteration if every action is tried
    for ever in every state that can be reached and the rate falls slowly to 0.

    Taught in: domains/q-learning.

    References
    ----------
    Watkins and Dayan (1992), "Q-learning", Machine Learning 8. Sutton and Barto (2018),
    Reinforcement Learning: An Introduction, 2nd edition, section 6.5.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> rng = np.random.default_rng(0)
    >>> world = cliff_world(3, 4)
    >>> found = q_learning(world, start=8, n_episodes=500, discount=1.0, rng=rng)
    >>> round(float(found.q[8].max()), 2)
    -5.0
    """
    _check(mdp, start, n_episodes, discount, rate, epsilon, max_steps)
    steps = _Steps(mdp, rng, epsilon)
    q = np.zeros((mdp.n_states, mdp.n_actions)).tolist()
    returns = np.zeros(n_episodes)
    for episode in range(n_episodes):
        state = start
        for _ in range(max_steps):
            if steps.over[state]:
                break
            action = steps.choose(q[state])
            reward, after = steps.take(state, action)
            target = reward + discount * max(q[after])
            q[state][action] += rate * (target - q[state][action])
            state = after
            returns[episode] += reward
    return Learned(np.array(q), returns)


def sarsa(
    mdp: MDP,
    *,
    start: int,
    n_episodes: int,
    rng: np.random.Generator,
    discount: float = 0.99,
    rate: float = 0.5,
    epsilon: float = 0.1,
    max_steps: int = 10_000,
) -> Learned:
    """Learn what the policy that is followed is worth, random steps included.

    As `q_learning`, but the value moves towards that of the next action really taken
    (state, action, reward, state, action). On the cliff it learns the safe way, since
    it knows that it will stumble.

    Parameters
    ----------
    mdp, start, n_episodes, rng, discount, rate, epsilon, max_steps
        As for `q_learning`.

    Returns
    -------
    Learned
        The table of values, and what each episode earned.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(a) a step. Taught in: domains/q-learning.

    References
    ----------
    Sutton and Barto (2018), as for `q_learning`, section 6.4.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> rng = np.random.default_rng(0)
    >>> found = sarsa(cliff_world(3, 4), start=8, n_episodes=50, rng=rng)
    >>> found.q.shape
    (12, 4)
    """
    _check(mdp, start, n_episodes, discount, rate, epsilon, max_steps)
    steps = _Steps(mdp, rng, epsilon)
    q = np.zeros((mdp.n_states, mdp.n_actions)).tolist()
    returns = np.zeros(n_episodes)
    for episode in range(n_episodes):
        state, action = start, steps.choose(q[start])
        for _ in range(max_steps):
            if steps.over[state]:
                break
            reward, after = steps.take(state, action)
            next_action = steps.choose(q[after])
            target = reward + discount * q[after][next_action]
            q[state][action] += rate * (target - q[state][action])
            state, action = after, next_action
            returns[episode] += reward
    return Learned(np.array(q), returns)


class _Steps:
    """Steps in a world, one at a time. Plain lists: a step is too small for arrays."""

    def __init__(self, mdp: MDP, rng: np.random.Generator, epsilon: float) -> None:
        reached = np.cumsum(mdp.transitions, axis=2)
        reached[..., -1] = 1.0  # whatever the sum rounds to
        self.reached: list[list[list[float]]] = reached.tolist()
        self.pay: list[list[float]] = mdp.rewards.tolist()
        self.over: list[bool] = mdp.terminal.tolist()
        self.n_actions, self.epsilon, self.rng = mdp.n_actions, epsilon, rng
        self._draws: list[float] = []

    def draw(self) -> float:
        """Return a number from 0 to 1; a thousand are drawn at once."""
        if not self._draws:
            self._draws = self.rng.random(1000).tolist()
        return self._draws.pop()

    def choose(self, values: list[float]) -> int:
        """Return the best action, the first among equals, or now and then any."""
        if self.draw() < self.epsilon:
            return int(self.draw() * self.n_actions)
        return values.index(max(values))

    def take(self, state: int, action: int) -> tuple[float, int]:
        """Return the reward of an action and the state that it leads to."""
        after = bisect_right(self.reached[state][action], self.draw())
        return self.pay[state][action], after


def _check(
    mdp: MDP,
    start: int,
    n_episodes: int,
    discount: float,
    rate: float,
    epsilon: float,
    max_steps: int,
) -> None:
    if whole(start, "start") >= mdp.n_states or mdp.terminal[start]:
        raise ValueError(
            f"start is {start}; expected a state from 0 to {mdp.n_states - 1} that is "
            "not terminal."
        )
    whole(n_episodes, "n_episodes", least=1)
    whole(max_steps, "max_steps", least=1)
    for name, value in (("discount", discount), ("epsilon", epsilon)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value!r}; expected a number from 0 to 1.")
    if not 0 < rate <= 1:
        raise ValueError(f"rate is {rate!r}; expected above 0 and at most 1.")


# --------------------------------------------------------------- moving the policy


class ReinforceResult(NamedTuple):
    """What moving the policy led to.

    Parameters
    ----------
    preferences
        Logits of the actions, shape (s, a); their softmax is the policy.
    returns
        Sum of the rewards of each episode, shape (n_episodes,).

    Notes
    -----
    Taught in: domains/q-learning.

    Examples
    --------
    >>> ReinforceResult(np.zeros((2, 2)), np.array([1.0])).preferences.shape
    (2, 2)
    """

    preferences: Floats
    returns: Floats


def reinforce(
    mdp: MDP,
    *,
    start: int,
    n_episodes: int,
    rng: np.random.Generator,
    discount: float = 0.99,
    rate: float = 0.1,
    max_steps: int = 1000,
) -> ReinforceResult:
    """Make actions more likely that were followed by more than usual.

    The gradient of the expected return in the logits is the mean, over episodes, of
    discount^t * (return from t on) * (1 for the action taken - its probability). What
    is usual in a state is learnt alongside and taken off, which changes nothing on
    average and steadies much.

    Parameters
    ----------
    mdp : MDP
        The world; only steps in it are used.
    start : int
        State in which every episode begins.
    n_episodes : int
        How many episodes.
    rng : numpy.random.Generator
        Where randomness comes from.
    discount : float, default 0.99
        Worth now of a reward of 1 that comes a step later.
    rate : float, default 0.1
        Step size, of the policy and of what is usual.
    max_steps : int, default 1000
        End an episode after so many.

    Returns
    -------
    ReinforceResult
        The logits, and what each episode earned.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(a) a step. Taught in: domains/q-learning.

    References
    ----------
    Williams (1992), "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning", Machine Learning 8. Sutton and Barto (2018), as for
    `q_learning`, section 13.4.

    Examples
    --------
    >>> one = np.ones((2, 2, 1)) * np.array([0.0, 1.0])
    >>> world = MDP(one, np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([False, True]))
    >>> rng = np.random.default_rng(0)
    >>> found = reinforce(world, start=0, n_episodes=300, rng=rng)
    >>> bool(found.preferences[0, 1] > found.preferences[0, 0] + 1)
    True
    """
    _check(mdp, start, n_episodes, discount, rate, 0.0, max_steps)
    steps = _Steps(mdp, rng, 0.0)
    preferences, usual = np.zeros(mdp.rewards.shape), np.zeros(mdp.n_states)
    returns = np.zeros(n_episodes)
    for episode in range(n_episodes):
        path = _episode(steps, preferences, start, max_steps)
        returns[episode] = sum(reward for _, _, reward in path)
        slope, earned, expected = np.zeros_like(preferences), 0.0, usual.copy()
        for t, (state, action, reward) in reversed(list(enumerate(path))):
            earned = reward + discount * earned
            surprise = discount**t * (earned - expected[state])
            slope[state] -= surprise * softmax(preferences[state])
            slope[state, action] += surprise
            usual[state] += rate * (earned - usual[state])
        preferences += rate * slope
    return ReinforceResult(preferences, returns)


def _episode(
    steps: _Steps, preferences: Floats, start: int, max_steps: int
) -> list[tuple[int, int, float]]:
    path, state = [], start
    for _ in range(max_steps):
        if steps.over[state]:
            break
        reached = np.cumsum(softmax(preferences[state]))
        action = int(np.searchsorted(reached[:-1], steps.draw(), side="right"))
        reward, after = steps.take(state, action)
        path.append((state, action, reward))
        state = after
    return path


def expected_return_gradient(
    mdp: MDP, preferences: ArrayLike, *, start: int, discount: float = 0.99
) -> Floats:
    """Return the slope that REINFORCE estimates, computed from the tables.

    Parameters
    ----------
    mdp : MDP
        The world.
    preferences : array-like of shape (s, a)
        Logits of the actions.
    start : int
        State in which episodes begin.
    discount : float, default 0.99
        As for `reinforce`; below 1, or every policy comes to an end.

    Returns
    -------
    numpy.ndarray of shape (s, a)
        Discounted number of visits to a state, times the probability of the action,
        times how much better it is than the state (the policy gradient theorem).

    Raises
    ------
    ValueError
        As for `policy_evaluation`.

    Notes
    -----
    O(s^3). Taught in: domains/q-learning.

    References
    ----------
    Sutton, McAllester, Singh and Mansour (2000), "Policy gradient methods for
    reinforcement learning with function approximation", NeurIPS.

    Examples
    --------
    >>> one = np.ones((2, 2, 1)) * np.array([0.0, 1.0])
    >>> world = MDP(one, np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([False, True]))
    >>> expected_return_gradient(world, np.zeros((2, 2)), start=0)[0].tolist()
    [-0.25, 0.25]
    """
    logits = np.asarray(preferences, dtype=np.float64)
    chances = softmax(logits)
    values = policy_evaluation(mdp, chances, discount=discount)
    step = np.einsum("sa,sat->st", chances, mdp.transitions)
    step[mdp.terminal] = 0.0
    begin = np.eye(mdp.n_states)[start]
    visits = np.linalg.solve(np.eye(mdp.n_states) - discount * step.T, begin)
    advantage = mdp.action_values(values, discount) - values[:, None]
    advantage[mdp.terminal] = 0.0
    return np.asarray(visits[:, None] * chances * advantage)
