"""Decisions whose consequences come later: planning with a model, learning without.

`mdp` holds the world as two tables, `planning` solves it when the tables are known,
`learning` finds the same answer from steps alone.
"""

from ml_from_scratch.rl.learning import (
    Learned,
    ReinforceResult,
    expected_return_gradient,
    q_learning,
    reinforce,
    sarsa,
)
from ml_from_scratch.rl.mdp import MDP, cliff_world
from ml_from_scratch.rl.planning import (
    Plan,
    greedy_policy,
    policy_evaluation,
    policy_iteration,
    value_iteration,
)

__all__ = [
    "MDP",
    "Learned",
    "Plan",
    "ReinforceResult",
    "cliff_world",
    "expected_return_gradient",
    "greedy_policy",
    "policy_evaluation",
    "policy_iteration",
    "q_learning",
    "reinforce",
    "sarsa",
    "value_iteration",
]
