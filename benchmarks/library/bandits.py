"""Bandits: how the price of a step grows."""

from __future__ import annotations

import numpy as np

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.bandits import UCB1, BernoulliThompson, simulate


def _games(n: int) -> Work:
    means = np.linspace(0.2, 0.8, 10)

    def play() -> None:
        policy = BernoulliThompson(10, n_games=n, random_state=0)
        simulate(policy, means, n_steps=20, rng=np.random.default_rng(0))

    return play


def _steps(n: int) -> Work:
    def play() -> None:
        policy = UCB1(3, n_games=50)
        simulate(policy, [0.2, 0.5, 0.8], n_steps=n, rng=np.random.default_rng(0))

    return play


CASES: list[Case] = []
GROWTH = [
    Growth("Thompson sampling, games", _games, (2000, 4000, 8000, 16_000), 1.0),
    Growth("UCB1, 50 games, steps", _steps, (1000, 2000, 4000, 8000), 1.0),
]
