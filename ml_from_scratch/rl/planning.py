"""The best policy of a world whose tables are known.

Bellman's equation says that a state is worth the best of reward plus discounted worth
of what follows. Value iteration uses it as an assignment until nothing moves; policy
iteration solves the linear equations of one policy and then improves it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.rl.mdp import MDP
from ml_from_scratch.stats._checks import positive, whole

_TIE = 1e-9  # an action must be better by this share to replace another


class Plan(NamedTuple):
    """The best policy, and what it is worth.

    Parameters
    ----------
    policy
        The action to take in each state, shape (s,).
    values
        What each state is worth under the best policy, shape (s,).
    n_iter
        How many rounds it took.

    Notes
    -----
    Taught in: domains/q-learning.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> value_iteration(cliff_world(2, 3), discount=1.0).values[3]  # from the start
    np.float64(-4.0)
    """

    policy: Integers
    values: Floats
    n_iter: int


def value_iteration(
    mdp: MDP, *, discount: float = 0.99, tol: float = 1e-9, max_iter: int = 100_000
) -> Plan:
    """Return the best policy by repeating Bellman's equation.

    Parameters
    ----------
    mdp : MDP
        The world.
    discount : float, default 0.99
        Worth now of a reward of 1 that comes a step later, from 0 to 1; at 1 every
        policy worth having must come to an end.
    tol : float, default 1e-9
        The values are off by at most this (where the discount is below 1).
    max_iter : int, default 100_000
        Give up after so many rounds.

    Returns
    -------
    Plan
        Policy, values and rounds.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `max_iter` rounds were not enough.

    Notes
    -----
    O(s^2 a) a round; the error shrinks by `discount` each round, so that a digit takes
    2.3 / (1 - discount) rounds.

    Taught in: domains/q-learning.

    References
    ----------
    Sutton and Barto (2018), Reinforcement Learning: An Introduction, 2nd edition,
    section 4.4. Bellman (1957), Dynamic Programming.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> plan = value_iteration(cliff_world(), discount=1.0)
    >>> float(plan.values[36])  # one up, eleven right, one down
    -13.0
    """
    _check_discount(discount)
    # A change of c this round means a distance of at most c * d / (1 - d) to the end.
    enough = positive(tol, "tol")
    enough *= (1 - discount) / discount if 0 < discount < 1 else 1.0
    values = np.zeros(mdp.n_states)
    for n_iter in range(1, whole(max_iter, "max_iter", least=1) + 1):
        before, values = values, mdp.action_values(values, discount).max(axis=1)
        if np.abs(values - before).max() <= enough:
            return Plan(greedy_policy(mdp, values, discount=discount), values, n_iter)
    raise ValueError(
        f"The values still moved by {np.abs(values - before).max():.3g} after "
        f"{max_iter} rounds; expected them to settle. With a discount of 1, is there a "
        "way out?"
    )


def greedy_policy(mdp: MDP, values: ArrayLike, *, discount: float = 0.99) -> Integers:
    """Return the best action in each state, if states are worth this much.

    Parameters
    ----------
    mdp : MDP
        The world.
    values : array-like of shape (s,)
        Worth of each state.
    discount : float, default 0.99
        As for `value_iteration`.

    Returns
    -------
    numpy.ndarray of shape (s,)
        Actions; the first of those that are equally good up to rounding.

    Notes
    -----
    O(s^2 a). Taught in: domains/q-learning.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> greedy_policy(cliff_world(2, 3), np.zeros(6), discount=1.0).tolist()
    [0, 0, 0, 0, 0, 0]
    """
    q = mdp.action_values(_values(values, mdp.n_states), discount)
    best = q.max(axis=1, keepdims=True)
    return np.asarray((q >= best - _TIE * (1 + np.abs(best))).argmax(axis=1))


def policy_evaluation(mdp: MDP, policy: ArrayLike, *, discount: float = 0.99) -> Floats:
    """Return what each state is worth under a policy, by solving linear equations.

    Parameters
    ----------
    mdp : MDP
        The world.
    policy : array-like of shape (s,) or (s, a)
        An action for each state, or the probability of each action.
    discount : float, default 0.99
        As for `value_iteration`.

    Returns
    -------
    numpy.ndarray of shape (s,)
        Values; 0 in terminal states.

    Raises
    ------
    ValueError
        If the policy is none for this world, or it never ends and the discount is 1.

    Notes
    -----
    O(s^3 + s^2 a). Taught in: domains/q-learning.

    References
    ----------
    Sutton and Barto (2018), as for `value_iteration`, section 4.1.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> right, down = 1, 2
    >>> policy = [right, right, down, 0, 0, 0]
    >>> policy_evaluation(cliff_world(2, 3), policy, discount=1.0).round(6).tolist()
    [-3.0, -2.0, -1.0, -4.0, -3.0, 0.0]
    """
    _check_discount(discount)
    chances = _as_probabilities(policy, mdp)
    step = np.einsum("sa,sat->st", chances, mdp.transitions)
    pay = np.sum(chances * mdp.rewards, axis=1)
    step[mdp.terminal], pay[mdp.terminal] = 0.0, 0.0
    step[:, mdp.terminal] = 0.0  # worth nothing, whatever is written there
    system = np.eye(mdp.n_states) - discount * step
    if discount == 1 and np.linalg.cond(system) > 1e14:  # below 1 it is never so
        raise ValueError(
            "With a discount of 1 this policy never ends in some state, and is worth "
            "no finite number there; expected a discount below 1 or a way out."
        )
    return np.asarray(np.linalg.solve(system, pay))


def policy_iteration(mdp: MDP, *, discount: float = 0.99) -> Plan:
    """Return the best policy by improving one until no action is better.

    Parameters
    ----------
    mdp : MDP
        The world.
    discount : float, default 0.99
        As for `value_iteration`, but below 1: the first policy may never end.

    Returns
    -------
    Plan
        Policy, values and rounds.

    Raises
    ------
    ValueError
        If the discount is not below 1.

    Notes
    -----
    O(s^3 + s^2 a) a round, and few rounds: each policy is better than the last, and
    there are finitely many.

    Taught in: domains/q-learning.

    References
    ----------
    Howard (1960), Dynamic Programming and Markov Processes. Sutton and Barto (2018),
    as for `value_iteration`, section 4.3.

    Examples
    --------
    >>> from ml_from_scratch.rl import cliff_world
    >>> policy_iteration(cliff_world(), discount=0.9).n_iter < 20
    True
    """
    if discount == 1:
        raise ValueError("discount is 1; expected below 1 for policy iteration.")
    policy, n_iter = np.zeros(mdp.n_states, dtype=np.intp), 0
    while True:  # each policy is better than the last, and there are finitely many
        n_iter += 1
        values = policy_evaluation(mdp, policy, discount=discount)
        q = mdp.action_values(values, discount)
        kept = q[np.arange(mdp.n_states), policy]
        better = q.max(axis=1) > kept + _TIE * (1 + np.abs(kept))
        if not better.any():
            return Plan(policy, values, n_iter)
        policy = np.where(better, q.argmax(axis=1), policy)


def _as_probabilities(policy: ArrayLike, mdp: MDP) -> Floats:
    given = np.asarray(policy)
    n, k = mdp.n_states, mdp.n_actions
    if given.shape == (n,) and given.dtype.kind in "iu":
        if given.min() < 0 or given.max() >= k:
            raise ValueError(
                f"policy goes from {given.min()} to {given.max()}; expected actions "
                f"from 0 to {k - 1}."
            )
        return np.asarray(np.eye(k)[given])
    chances = given.astype(np.float64)
    if chances.shape != (n, k) or not (chances >= 0).all():
        raise ValueError(
            f"policy has shape {chances.shape}; expected ({n},) actions or ({n}, {k}) "
            "probabilities."
        )
    if np.abs(chances.sum(axis=1) - 1).max() > 1e-9:
        raise ValueError("A line of policy does not sum to 1; expected probabilities.")
    return chances


def _values(values: ArrayLike, n_states: int) -> Floats:
    worth = np.asarray(values, dtype=np.float64)
    if worth.shape != (n_states,) or not np.isfinite(worth).all():
        raise ValueError(f"values is {values!r}; expected {n_states} finite numbers.")
    return worth


def _check_discount(discount: float) -> None:
    if not 0 <= discount <= 1:
        raise ValueError(f"discount is {discount!r}; expected a number from 0 to 1.")
