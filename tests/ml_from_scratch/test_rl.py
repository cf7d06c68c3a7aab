"""Reinforcement learning: linear programs, finite differences, known worlds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from ml_from_scratch.numeric import numerical_gradient
from ml_from_scratch.rl import (
    MDP,
    cliff_world,
    expected_return_gradient,
    greedy_policy,
    policy_evaluation,
    policy_iteration,
    q_learning,
    reinforce,
    sarsa,
    value_iteration,
)

SEEDS = st.integers(0, 2**32 - 1)
UP, RIGHT, DOWN, LEFT = range(4)


def world(seed: int, n: int = 6, k: int = 3) -> MDP:
    """Return a random world whose last state is terminal."""
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.full(n, 0.4), size=(n, k))
    return MDP(moves, rng.normal(size=(n, k)), np.arange(n) == n - 1)


def endless(seed: int, n: int = 4, k: int = 2) -> MDP:
    """Return a random world without an end."""
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.ones(n), size=(n, k))
    return MDP(moves, rng.normal(size=(n, k)), np.zeros(n, dtype=bool))


def by_linear_program(mdp: MDP, discount: float) -> np.ndarray:
    """Return optimal values: the smallest that no action improves on."""
    n, k = mdp.n_states, mdp.n_actions
    moves, pay = mdp.transitions.copy(), mdp.rewards.copy()
    moves[mdp.terminal], pay[mdp.terminal] = 0.0, 0.0
    constraints = discount * moves.reshape(-1, n) - np.repeat(np.eye(n), k, axis=0)
    found = optimize.linprog(
        np.ones(n), constraints, -pay.ravel(), bounds=(None, None), method="highs"
    )
    return np.asarray(found.x)


WORLDS = {
    "random": lambda: world(0),
    "cliff": cliff_world,
    "slippery cliff": lambda: cliff_world(3, 5, slip=0.2),
    "ties": lambda: MDP(
        np.tile(np.eye(3)[[1, 2, 2]][:, None], (1, 2, 1)),
        np.ones((3, 2)),
        np.array([False, False, True]),
    ),
}

# --- planning ----------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("discount", [0.0, 0.5, 0.95])
def test_both_iterations_find_the_values_of_the_linear_program_to_1e_7(
    name: str, discount: float
) -> None:
    mdp = WORLDS[name]()
    expected = by_linear_program(mdp, discount)
    for plan in (
        value_iteration(mdp, discount=discount),
        policy_iteration(mdp, discount=discount),
    ):
        np.testing.assert_allclose(plan.values, expected, atol=1e-7)
        worth = policy_evaluation(mdp, plan.policy, discount=discount)
        np.testing.assert_allclose(worth, expected, atol=1e-7)


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([0.3, 0.9]))
def test_no_policy_is_worth_more_than_the_plan_in_any_state(
    seed: int, discount: float
) -> None:
    mdp = world(seed)
    best = policy_iteration(mdp, discount=discount)
    rng = np.random.default_rng(seed)
    for policy in (rng.integers(0, 3, 6), rng.dirichlet(np.ones(3), size=6)):
        worth = policy_evaluation(mdp, policy, discount=discount)
        assert (worth <= best.values + 1e-9).all()


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([1e-2, 1e-6]))
def test_value_iteration_is_within_its_tolerance_of_the_answer(
    seed: int, tol: float
) -> None:
    mdp = world(seed)
    exact = policy_iteration(mdp, discount=0.9).values
    found = value_iteration(mdp, discount=0.9, tol=tol).values
    assert np.abs(found - exact).max() <= tol


@settings(max_examples=15)
@given(SEEDS)
def test_evaluation_is_the_mean_return_of_simulated_episodes(seed: int) -> None:
    mdp, rng = world(seed % 7), np.random.default_rng(seed)
    policy = rng.dirichlet(np.ones(3), size=6)
    expected = policy_evaluation(mdp, policy, discount=0.7)
    moved = np.einsum("sa,sat->st", policy, mdp.transitions)
    pay = (policy * mdp.rewards).sum(axis=1)
    moved[mdp.terminal], pay[mdp.terminal] = np.eye(6)[-1], 0.0
    total, reach = np.zeros(6), np.eye(6)
    for step in range(120):  # the distribution of states after each step
        total += 0.7**step * reach @ pay
        reach = reach @ moved
    np.testing.assert_allclose(expected, total, atol=1e-9)


def test_renaming_states_and_actions_renames_the_plan() -> None:
    mdp, rng = world(3), np.random.default_rng(1)
    states, actions = rng.permutation(6), rng.permutation(3)
    renamed = MDP(
        mdp.transitions[states][:, actions][:, :, states],
        mdp.rewards[states][:, actions],
        mdp.terminal[states],
    )
    one, other = (policy_iteration(m, discount=0.9) for m in (mdp, renamed))
    np.testing.assert_allclose(other.values, one.values[states])
    alive = ~renamed.terminal
    np.testing.assert_array_equal(
        actions[other.policy][alive], one.policy[states][alive]
    )


@settings(max_examples=20)
@given(SEEDS, st.floats(0.01, 100), st.floats(-5, 5))
def test_the_best_policy_does_not_change_with_the_unit_of_reward(
    seed: int, scale: float, shift: float
) -> None:
    n = 5
    rng = np.random.default_rng(seed)
    moves, pay = rng.dirichlet(np.ones(n), size=(n, 2)), rng.normal(size=(n, 2))
    never = np.zeros(n, dtype=bool)
    one = policy_iteration(MDP(moves, pay, never), discount=0.8)
    other = policy_iteration(MDP(moves, scale * pay + shift, never), discount=0.8)
    np.testing.assert_array_equal(one.policy, other.policy)
    np.testing.assert_allclose(
        other.values, scale * one.values + shift / 0.2, rtol=1e-6
    )


def test_the_best_way_along_the_cliff_is_the_edge() -> None:
    plan = value_iteration(cliff_world(), discount=1.0)
    state = 36
    for action in [UP] + [RIGHT] * 11 + [DOWN]:
        assert plan.policy[state] == action
        state += {UP: -12, RIGHT: 1, DOWN: 12}[action]
    assert state == 47
    assert plan.values[36] == -13


def test_the_cliff_world_moves_as_described() -> None:
    mdp = cliff_world(4, 12)
    lead = mdp.transitions.argmax(axis=2)
    assert lead[36].tolist() == [24, 36, 36, 36]  # up; off the cliff; walls
    assert lead[30].tolist() == [18, 31, 36, 29]  # down is over the edge
    assert mdp.rewards[30].tolist() == [-1, -1, -100, -1]
    assert lead[35].tolist() == [23, 35, 47, 34]  # down is the goal
    assert mdp.rewards[35].tolist() == [-1, -1, -1, -1]
    assert mdp.terminal.nonzero()[0].tolist() == [47]
    slippery = cliff_world(4, 12, slip=0.4)
    assert slippery.transitions[30, RIGHT, 31] == pytest.approx(0.6 + 0.1)
    assert slippery.rewards[30, RIGHT] == pytest.approx(0.6 * -1 + 0.1 * (-103))


# --- learning ----------------------------------------------------------------------


def test_q_learning_on_the_cliff_finds_value_iterations_values_to_1e_6() -> None:
    mdp = cliff_world(3, 5)
    found = q_learning(
        mdp,
        start=10,
        n_episodes=3000,
        rng=np.random.default_rng(0),
        discount=1.0,
        epsilon=0.3,
    )
    plan = value_iteration(mdp, discount=1.0)
    reached = [10, 5, 6, 7, 8, 9]  # the edge: visited in almost every episode
    np.testing.assert_allclose(
        found.q.max(axis=1)[reached], plan.values[reached], atol=1e-6
    )
    np.testing.assert_array_equal(found.q.argmax(axis=1)[reached], plan.policy[reached])


@pytest.mark.parametrize("seed", [1, 2])
def test_q_learning_in_a_random_world_comes_within_a_tenth(seed: int) -> None:
    mdp = endless(seed)
    expected = mdp.action_values(value_iteration(mdp, discount=0.8).values, 0.8)
    found = q_learning(
        mdp,
        start=0,
        n_episodes=400,
        rng=np.random.default_rng(0),
        discount=0.8,
        rate=0.003,
        epsilon=1.0,
        max_steps=300,
    )
    np.testing.assert_allclose(found.q, expected, atol=0.1)


def test_sarsa_learns_what_its_own_stumbling_policy_is_worth() -> None:
    # With epsilon 1 the policy is known: all actions alike.
    mdp = endless(1)
    values = policy_evaluation(mdp, np.full((4, 2), 0.5), discount=0.8)
    expected = mdp.action_values(values, 0.8)
    found = sarsa(
        mdp,
        start=0,
        n_episodes=400,
        rng=np.random.default_rng(0),
        discount=0.8,
        rate=0.003,
        epsilon=1.0,
        max_steps=300,
    )
    np.testing.assert_allclose(found.q, expected, atol=0.1)
    best = value_iteration(mdp, discount=0.8).values
    assert (found.q.max(axis=1) < best - 0.15).all()


def test_on_the_cliff_sarsa_falls_less_often_and_q_learning_knows_a_shorter_way() -> (
    None
):
    options: dict[str, Any] = {"start": 36, "n_episodes": 600, "discount": 1.0}
    careful = [
        sarsa(cliff_world(), rng=np.random.default_rng(s), **options) for s in range(4)
    ]
    bold = [
        q_learning(cliff_world(), rng=np.random.default_rng(s), **options)
        for s in range(4)
    ]
    late = [
        np.mean([run.returns[300:].mean() for run in runs]) for runs in (careful, bold)
    ]
    assert late[0] > late[1] + 5
    assert np.mean([run.q[36].max() for run in bold]) == pytest.approx(-13, abs=0.5)
    assert np.mean([run.q[36].max() for run in careful]) < -15


@settings(max_examples=10)
@given(SEEDS)
def test_the_policy_gradient_is_the_slope_of_the_expected_return(seed: int) -> None:
    mdp = world(seed, n=4, k=3)
    logits = np.random.default_rng(seed).normal(size=(4, 3))

    def worth(moved: np.ndarray) -> float:
        powers = np.exp(moved.reshape(4, 3))
        policy = powers / powers.sum(axis=1, keepdims=True)
        return float(policy_evaluation(mdp, policy, discount=0.9)[0])

    slope = expected_return_gradient(mdp, logits, start=0, discount=0.9)
    measured = numerical_gradient(worth, logits.ravel()).reshape(4, 3)
    np.testing.assert_allclose(slope, measured, rtol=1e-6, atol=1e-8)


def test_one_episode_of_reinforce_moves_along_the_gradient_on_average() -> None:
    mdp, steps = world(5, n=4, k=2), []
    for seed in range(1200):
        found = reinforce(
            mdp,
            start=0,
            n_episodes=1,
            rng=np.random.default_rng(seed),
            discount=0.8,
            rate=0.5,
            max_steps=60,
        )
        steps.append(found.preferences / 0.5)
    expected = expected_return_gradient(mdp, np.zeros((4, 2)), start=0, discount=0.8)
    error = np.std(steps, axis=0) / np.sqrt(len(steps))
    assert (np.abs(np.mean(steps, axis=0) - expected) <= 4 * error + 1e-9).all()


def test_a_second_episode_with_a_baseline_still_moves_along_the_gradient() -> None:
    # After one update by hand what is usual is not 0; its mean effect must be.
    mdp, rng = world(6, n=3, k=2), np.random.default_rng(0)
    plain = []
    for _ in range(500):
        found = reinforce(
            mdp, start=0, n_episodes=2, rng=rng, discount=0.5, rate=1e-3, max_steps=15
        )
        plain.append(found.preferences / 1e-3)
    expected = 2 * expected_return_gradient(
        mdp, np.zeros((3, 2)), start=0, discount=0.5
    )
    error = np.std(plain, axis=0) / np.sqrt(len(plain))
    assert (np.abs(np.mean(plain, axis=0) - expected) <= 4 * error + 2e-3).all()


def test_reinforce_learns_to_wait_for_the_larger_reward() -> None:
    # Action 0 ends with 0.5 at once; action 1 goes on, and pays 1 at the second step.
    moves = np.zeros((3, 2, 3))
    moves[:, 0, 2] = moves[0, 1, 1] = moves[1, 1, 2] = moves[2, 1, 2] = 1.0
    pay = np.array([[0.5, 0.0], [0.5, 1.0], [0.0, 0.0]])
    mdp = MDP(moves, pay, np.array([False, False, True]))
    rng = np.random.default_rng(0)
    found = reinforce(mdp, start=0, n_episodes=1500, rng=rng, discount=0.9, rate=0.2)
    np.testing.assert_array_equal(found.preferences.argmax(axis=1)[:2], [1, 1])
    assert found.returns[-200:].mean() > 0.9


@pytest.mark.parametrize("learn", [q_learning, sarsa, reinforce])
def test_the_same_seed_gives_the_same(learn: Any) -> None:
    options: dict[str, Any] = {"start": 8, "n_episodes": 20, "max_steps": 50}
    one, other = (
        learn(cliff_world(3, 4), rng=np.random.default_rng(4), **options)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one.returns, other.returns)


# --- bad input ---------------------------------------------------------------------

RNG = np.random.default_rng(0)
HERE = np.ones((1, 1, 1))
NEVER = np.array([False])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: MDP(np.ones((2, 1, 2)), np.ones((2, 1)), NEVER), "2 booleans"),
        (
            lambda: MDP(np.ones((2, 1, 2)), np.ones((2, 1)), np.array([True, False])),
            "state 0, action 0 sum to 2",
        ),
        (lambda: MDP(HERE, np.ones((2, 1)), NEVER), "expected \\(s, a, s\\)"),
        (lambda: MDP(HERE, np.full((1, 1), np.nan), NEVER), "rewards contains"),
        (lambda: MDP(HERE, np.ones((1, 1)), np.array([0])), "booleans"),
        (lambda: cliff_world(1, 5), "height is 1"),
        (lambda: cliff_world(slip=2), "slip is 2"),
        (lambda: value_iteration(cliff_world(), discount=1.1), "discount is 1.1"),
        (lambda: value_iteration(cliff_world(), tol=0), "tol is 0"),
        (
            lambda: value_iteration(
                MDP(HERE, np.ones((1, 1)), NEVER), discount=1, max_iter=9
            ),
            "is there a way out",
        ),
        (lambda: policy_iteration(cliff_world(), discount=1), "below 1"),
        (lambda: policy_evaluation(cliff_world(), [0, 1]), "expected \\(48,\\)"),
        (lambda: policy_evaluation(cliff_world(), [9] * 48), "from 0 to 3"),
        (lambda: policy_evaluation(cliff_world(), np.ones((48, 4))), "sum to 1"),
        (
            lambda: policy_evaluation(cliff_world(), [LEFT] * 48, discount=1.0),
            "never ends",
        ),
        (lambda: greedy_policy(cliff_world(), [1.0]), "expected 48 finite"),
        (
            lambda: q_learning(cliff_world(), start=47, n_episodes=1, rng=RNG),
            "terminal",
        ),
        (lambda: sarsa(cliff_world(), start=99, n_episodes=1, rng=RNG), "start is 99"),
        (lambda: sarsa(cliff_world(), start=1, n_episodes=0, rng=RNG), "n_episodes is"),
        (
            lambda: q_learning(cliff_world(), start=1, n_episodes=1, rng=RNG, rate=0),
            "rate is 0",
        ),
        (
            lambda: q_learning(
                cliff_world(), start=1, n_episodes=1, rng=RNG, epsilon=2
            ),
            "epsilon is 2",
        ),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
