"""A world of finitely many states, as two tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import Floats, check_finite
from ml_from_scratch.stats._checks import whole

_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left


@dataclass(frozen=True)
class MDP:
    """A Markov decision process: where actions lead, and what they pay.

    Parameters
    ----------
    transitions : array of shape (s, a, s)
        ``transitions[i, j, k]`` is the probability of coming to state k by action j
        in state i.
    rewards : array of shape (s, a)
        Expected reward of each action in each state.
    terminal : array of bool of shape (s,)
        States in which everything is over: no more steps, no more rewards.

    Raises
    ------
    ValueError
        If the shapes do not match, a line of probabilities does not sum to 1, or a
        reward is not finite.

    Notes
    -----
    Memory O(s^2 a). Taught in: domains/q-learning.

    References
    ----------
    Sutton and Barto (2018), Reinforcement Learning: An Introduction, 2nd edition,
    chapter 3.

    Examples
    --------
    Stay and earn 1, or leave and earn 5, once.

    >>> stay, leave = [1.0, 0.0], [0.0, 1.0]
    >>> world = MDP(
    ...     transitions=np.array([[stay, leave], [leave, leave]]),
    ...     rewards=np.array([[1.0, 5.0], [0.0, 0.0]]),
    ...     terminal=np.array([False, True]),
    ... )
    >>> world.n_states, world.n_actions
    (2, 2)
    """

    transitions: Floats
    rewards: Floats
    terminal: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Refuse tables that are no world."""
        n, k = self.rewards.shape if self.rewards.ndim == 2 else (0, 0)
        if n * k == 0 or self.transitions.shape != (n, k, n):
            raise ValueError(
                f"transitions has shape {self.transitions.shape} and rewards "
                f"{self.rewards.shape}; expected (s, a, s) and (s, a)."
            )
        if self.terminal.shape != (n,) or self.terminal.dtype != np.bool_:
            raise ValueError(
                f"terminal is {self.terminal!r}; expected {n} booleans, one a state."
            )
        check_finite(self.rewards, "rewards")
        check_finite(self.transitions, "transitions")
        off = np.abs(self.transitions.sum(axis=2) - 1)
        if self.transitions.min() < 0 or off.max() > 1e-9:
            state, action = np.unravel_index(off.argmax(), off.shape)
            raise ValueError(
                f"The probabilities of state {state}, action {action} sum to "
                f"{self.transitions[state, action].sum():.6g} and the smallest of all "
                f"is {self.transitions.min():.3g}; expected probabilities."
            )

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.rewards.shape[0])

    @property
    def n_actions(self) -> int:
        """Number of actions, the same in every state."""
        return int(self.rewards.shape[1])

    def action_values(self, values: Floats, discount: float) -> Floats:
        """Return what each action is worth if states are worth this much.

        Parameters
        ----------
        values : array of shape (s,)
            Worth of each state.
        discount : float
            Worth now of a reward of 1 that comes a step later.

        Returns
        -------
        numpy.ndarray of shape (s, a)
            Reward plus discounted worth of what follows; 0 in terminal states.
        """
        after = self.transitions.reshape(-1, self.n_states) @ values
        q = self.rewards + discount * after.reshape(self.rewards.shape)
        q[self.terminal] = 0.0
        return q


def cliff_world(height: int = 4, width: int = 12, *, slip: float = 0.0) -> MDP:
    """Return the grid with a cliff: a short way along the edge, a safe one above it.

    One starts at the bottom left and wants to the bottom right. Each step costs 1;
    stepping off the cliff between the two costs 100 and leads back to the start.

    Parameters
    ----------
    height, width : int
        Size of the grid, at least 2 by 3. State ``row * width + column``; actions are
        up, right, down, left; walls stop.
    slip : float, default 0.0
        Probability of going in a random direction instead.

    Returns
    -------
    MDP
        The start is state (height - 1) * width, the goal the last state.

    Raises
    ------
    ValueError
        If the grid is too small or `slip` is not from 0 to 1.

    Notes
    -----
    Taught in: domains/q-learning.

    References
    ----------
    Sutton and Barto (2018), as for `MDP`, example 6.6.

    Examples
    --------
    >>> world = cliff_world()
    >>> world.rewards[36].tolist()  # right of the start is the cliff
    [-1.0, -100.0, -1.0, -1.0]
    """
    whole(height, "height", least=2)
    whole(width, "width", least=3)
    if not 0 <= slip <= 1:
        raise ValueError(f"slip is {slip!r}; expected a probability.")
    rows, columns = np.divmod(np.arange(height * width), width)
    start = (height - 1) * width
    n, states = height * width, np.arange(height * width)
    moves, pay = np.zeros((n, 4, n)), np.full((n, 4), -1.0)
    for action, (down, right) in enumerate(_MOVES):
        row = np.clip(rows + down, 0, height - 1)
        column = np.clip(columns + right, 0, width - 1)
        off = (row == height - 1) & (column > 0) & (column < width - 1)
        moves[states, action, np.where(off, start, row * width + column)] = 1.0
        pay[off, action] = -100.0
    moves = (1 - slip) * moves + slip * moves.mean(axis=1, keepdims=True)
    pay = (1 - slip) * pay + slip * pay.mean(axis=1, keepdims=True)
    goal = states == n - 1
    moves[goal], pay[goal] = np.eye(n)[n - 1], 0.0
    return MDP(moves, pay, goal)
