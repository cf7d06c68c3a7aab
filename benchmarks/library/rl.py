"""Planning: growth with the number of states, and two ways to one answer."""

from __future__ import annotations

import numpy as np

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.rl import MDP, cliff_world, q_learning, value_iteration


def _world(n: int) -> MDP:
    rng = np.random.default_rng(0)
    moves = rng.random((n, 4, n))
    moves /= moves.sum(axis=2, keepdims=True)
    return MDP(moves, rng.normal(size=(n, 4)), np.zeros(n, dtype=bool))


def _iterate(n: int) -> Work:
    # Random worlds of all these sizes take the same number of rounds.
    world = _world(n)
    return lambda: value_iteration(world, discount=0.8)


def _episodes(n: int) -> Work:
    world = cliff_world()
    return lambda: q_learning(
        world,
        start=36,
        n_episodes=n,
        max_steps=50,
        epsilon=1.0,
        rng=np.random.default_rng(0),
    )


CASES: list[Case] = []
GROWTH = [
    # Tables of 12 to 184 MB: the smallest is held by the cache in part.
    Growth("value iteration, states", _iterate, (600, 1200, 2400), expected=2.0),
    Growth("Q-learning, episodes", _episodes, (500, 1000, 2000, 4000), expected=1.0),
]
