"""Bandits: choosing under uncertainty, and judging a choice that was never made.

A bandit sees the reward of the arm that it pulled and of no other. `policies` and
`contextual` learn while they play, `simulation` measures what they lose, `offline` says
what another policy would have earned in the same place.
"""

from ml_from_scratch.bandits.contextual import LinUCB
from ml_from_scratch.bandits.offline import (
    doubly_robust_value,
    effective_sample_size,
    ips_value,
    snips_value,
)
from ml_from_scratch.bandits.policies import (
    UCB1,
    BernoulliThompson,
    EpsilonGreedy,
    Exp3,
    GaussianThompson,
    draw,
)
from ml_from_scratch.bandits.simulation import Simulation, simulate

__all__ = [
    "UCB1",
    "BernoulliThompson",
    "EpsilonGreedy",
    "Exp3",
    "GaussianThompson",
    "LinUCB",
    "Simulation",
    "doubly_robust_value",
    "draw",
    "effective_sample_size",
    "ips_value",
    "simulate",
    "snips_value",
]
