"""Bandits: regret against theory, beliefs against closed forms, logs by enumeration."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.linear_model import Ridge

from ml_from_scratch.bandits import (
    UCB1,
    BernoulliThompson,
    EpsilonGreedy,
    Exp3,
    GaussianThompson,
    LinUCB,
    doubly_robust_value,
    draw,
    effective_sample_size,
    ips_value,
    simulate,
    snips_value,
)
from ml_from_scratch.stats import update_beta, update_normal

SEEDS = st.integers(0, 2**32 - 1)
MEANS = np.array([0.9, 0.6, 0.5])
POLICIES = {
    "greedy": lambda **how: EpsilonGreedy(3, 0.1, random_state=1, **how),
    "ucb": lambda **how: UCB1(3, **how),
    "thompson": lambda **how: BernoulliThompson(3, random_state=1, **how),
    "gaussian": lambda **how: GaussianThompson(3, noise=0.5, random_state=1, **how),
    "exp3": lambda **how: Exp3(3, 0.1, random_state=1, **how),
}


def mean_regret(policy: Any, n_steps: int, means: np.ndarray = MEANS) -> np.ndarray:
    rng = np.random.default_rng(0)
    return simulate(policy, means, n_steps=n_steps, rng=rng).regret.mean(axis=1)


# --- regret ------------------------------------------------------------------------


def test_the_regret_of_ucb_stays_below_auers_bound_at_every_step() -> None:
    regret = mean_regret(UCB1(3, n_games=300), 4000)
    gaps = MEANS.max() - MEANS[1:]
    steps = np.arange(1, 4001)
    bound = 8 * np.log(steps) * (1 / gaps).sum() + (1 + np.pi**2 / 3) * gaps.sum()
    assert (regret <= bound).all()


def test_the_regret_of_ucb_and_thompson_grows_like_a_logarithm() -> None:
    for policy in (
        UCB1(3, n_games=300),
        BernoulliThompson(3, n_games=300, random_state=0),
    ):
        regret = mean_regret(policy, 4096)
        by_doubling = np.diff(regret[np.array([512, 1024, 2048, 4096]) - 1])
        # a logarithm adds as much at each doubling; a line twice as much each time
        assert by_doubling[2] < 1.35 * by_doubling[0]


def test_thompson_comes_near_lai_and_robbins_lower_bound() -> None:
    regret = mean_regret(BernoulliThompson(3, n_games=400, random_state=0), 4096)
    best = MEANS.max()
    divergence = [scipy_stats.entropy([p, 1 - p], [best, 1 - best]) for p in MEANS[1:]]
    slope = ((best - MEANS[1:]) / np.array(divergence)).sum()
    found = (regret[4095] - regret[511]) / np.log(8)
    assert 0.5 * slope < found < 2 * slope


def test_epsilon_greedy_loses_its_share_of_every_step_in_the_end() -> None:
    regret = mean_regret(EpsilonGreedy(3, 0.1, n_games=300, random_state=0), 4000)
    per_step = (regret[-1] - regret[1999]) / 2000
    assert per_step == pytest.approx(0.1 * (MEANS.max() - MEANS).mean(), rel=0.1)


def test_exp3_stays_below_its_bound_where_rewards_turn_around() -> None:
    rate, steps, games = 0.1, 2000, 100
    policy, rng = Exp3(2, rate, n_games=games, random_state=0), np.random.default_rng(0)
    earned, best = np.zeros(games), np.zeros((games, 2))
    for step in range(steps):
        shares = np.array([0.8, 0.2]) if step < steps // 3 else np.array([0.2, 0.8])
        paid = (rng.random((games, 2)) < shares).astype(float)
        arms = policy.select()
        rewards = paid[np.arange(games), arms]
        policy.update(arms, rewards)
        earned, best = earned + rewards, best + paid
    regret = (best.max(axis=1) - earned).mean()
    assert regret < (np.e - 1) * rate * steps + 2 * np.log(2) / rate
    assert earned.mean() > 0.55 * steps


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_finds_the_best_arm(name: str) -> None:
    policy = POLICIES[name](n_games=60)
    rng = np.random.default_rng(0)
    found = simulate(policy, MEANS, n_steps=1500, rng=rng)
    late = found.arms[-200:]
    assert np.mean(late == 0) > (0.75 if name == "exp3" else 0.85)
    assert (np.diff(found.regret, axis=0) >= 0).all()


@pytest.mark.parametrize("name", POLICIES)
def test_games_do_not_hear_of_one_another(name: str) -> None:
    policy = POLICIES[name](n_games=2)
    for _ in range(5):
        policy.select()
        policy.update(np.array([0, 1]), np.array([1.0, 0.0]))
    one, other = (
        {k: v[g] for k, v in vars(policy).items() if np.ndim(v) == 2} for g in (0, 1)
    )
    assert any((one[k] != other[k]).any() for k in one)
    alone = POLICIES[name](n_games=1)
    for _ in range(5):
        alone.update(np.array([0]), np.array([1.0]))
    for k, value in one.items():
        np.testing.assert_allclose(value, vars(alone)[k][0])


def test_counts_and_means_are_those_of_the_rewards() -> None:
    policy = EpsilonGreedy(3, 1.0, n_games=4, random_state=0)
    rng = np.random.default_rng(1)
    arms, rewards = [], []
    for _ in range(50):
        arms.append(policy.select())
        rewards.append(rng.normal(size=4))
        policy.update(arms[-1], rewards[-1])
    a, r = np.array(arms), np.array(rewards)
    for game, arm in product(range(4), range(3)):
        mine = r[a[:, game] == arm, game]
        assert policy.counts[game, arm] == len(mine)
        assert policy.means[game, arm] == pytest.approx(mean_or_zero(mine))
    shares = np.bincount(a.ravel(), minlength=3) / a.size
    np.testing.assert_allclose(shares, 1 / 3, atol=0.13)  # all at random


def mean_or_zero(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0


def test_ucb_pulls_the_arm_with_the_largest_bound_of_its_formula() -> None:
    rng = np.random.default_rng(0)
    policy = UCB1(3, 2.0, n_games=500)
    policy.counts[:] = rng.integers(1, 20, size=(500, 3))
    policy.means[:] = rng.normal(size=(500, 3))
    steps = policy.counts.sum(axis=1, keepdims=True)
    bounds = policy.means + 2 * np.sqrt(2 * np.log(steps) / policy.counts)
    np.testing.assert_array_equal(policy.select(), bounds.argmax(axis=1))
    assert UCB1(3).select()[0] == 0  # each arm once, first to last


def test_beliefs_are_the_conjugate_updates() -> None:
    rng = np.random.default_rng(2)
    coins, bells = (
        BernoulliThompson(2, prior=(2, 3)),
        GaussianThompson(2, noise=1.5, prior=(0.5, 2.0)),
    )
    tossed, rung = rng.integers(0, 2, 12), rng.normal(size=12)
    for toss, ring in zip(tossed, rung, strict=True):
        coins.update(np.array([1]), np.array([float(toss)]))
        bells.update(np.array([1]), np.array([ring]))
    assert (coins.a[0, 1], coins.b[0, 1]) == update_beta((2, 3), tossed)
    mean, deviation = bells.belief()
    expected = update_normal((0.5, 4.0), rung, noise=2.25)
    assert (mean[0, 1], deviation[0, 1] ** 2) == pytest.approx(expected)
    assert (mean[0, 0], deviation[0, 0]) == (0.5, 2.0)


def test_thompson_pulls_an_arm_as_often_as_it_believes_it_is_the_best() -> None:
    policy = BernoulliThompson(2, n_games=20_000, random_state=0)
    policy.a[:], policy.b[:] = [[3.0, 5.0]], [[4.0, 4.0]]
    grid = np.linspace(0, 1, 20_001)
    best = np.trapezoid(
        scipy_stats.beta.pdf(grid, 5, 4) * scipy_stats.beta.cdf(grid, 3, 4), grid
    )
    assert policy.select().mean() == pytest.approx(best, abs=4 * 0.5 / np.sqrt(20_000))


@pytest.mark.parametrize("scale", [1.0, 1e300])
def test_exp3_weights_never_overflow(scale: float) -> None:
    policy = Exp3(2, 1.0)
    policy.log_weights[:] = [[scale, 0.0]]
    probabilities = policy.probabilities()
    assert probabilities.sum() == pytest.approx(1.0)
    assert np.isfinite(probabilities).all()


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 6))
def test_draws_have_their_probabilities_and_never_pick_what_has_none(
    seed: int, k: int
) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(k))
    p[rng.integers(k)] = 0 if k > 1 else 1
    p /= p.sum()
    found = np.bincount(draw(np.tile(p, (4000, 1)), rng), minlength=k) / 4000
    np.testing.assert_allclose(found, p, atol=0.05)
    assert (found[p == 0] == 0).all()


# --- contexts ----------------------------------------------------------------------


def contexts(name: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    return {
        "synthetic": rng.normal(size=(60, 4)),
        "wine": load_wine().data[:60, :5],
        "digits": load_digits().data[:60, :12],  # with columns that never change
        "diabetes": load_diabetes().data[:60],
    }[name]


@pytest.mark.parametrize("name", ["synthetic", "wine", "digits", "diabetes"])
def test_lin_ucb_is_scikit_learns_ridge_and_the_inverse_of_its_matrix(
    name: str,
) -> None:
    X, rng = contexts(name), np.random.default_rng(4)
    policy = LinUCB(2, X.shape[1], alpha=0.7, l2=1.3)
    arms, rewards = rng.integers(0, 2, len(X)), rng.normal(size=len(X))
    for x, arm, reward in zip(X, arms, rewards, strict=True):
        policy.update(int(arm), x, reward)
    bounds = []
    for arm in (0, 1):
        mine = arms == arm
        ridge = Ridge(alpha=1.3, fit_intercept=False, solver="svd")
        ridge.fit(X[mine], rewards[mine])
        np.testing.assert_allclose(
            policy.coef()[arm], ridge.coef_, rtol=1e-6, atol=1e-8
        )
        inverse = np.linalg.inv(1.3 * np.eye(X.shape[1]) + X[mine].T @ X[mine])
        np.testing.assert_allclose(policy.inverse[arm], inverse, rtol=1e-6, atol=1e-8)
        spread = np.sqrt(np.einsum("ij,jk,ik->i", X, inverse, X))
        bounds.append(X @ ridge.coef_ + 0.7 * spread)
    expected = np.argmax(bounds, axis=0)
    assert len(set(expected)) == 2
    assert [policy.select(x) for x in X] == expected.tolist()


def test_lin_ucb_learns_who_likes_what() -> None:
    rng = np.random.default_rng(5)
    truth = np.array([[1.0, -1.0], [-1.0, 1.0]])
    policy, lost = LinUCB(2, 2), []
    for _ in range(800):
        x = rng.normal(size=2)
        arm = policy.select(x)
        policy.update(arm, x, truth[arm] @ x + rng.normal(scale=0.5))
        lost.append((truth @ x).max() - truth[arm] @ x)
    assert np.mean(lost[400:]) < 0.1 * np.mean(np.abs(rng.normal(0, 2, 9999)))
    np.testing.assert_allclose(policy.coef(), truth, atol=0.25)


# --- logs --------------------------------------------------------------------------

LOGGING, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
WORTH = np.array([0.2, 0.5, 0.7])


def test_ips_and_doubly_robust_are_unbiased_by_enumeration() -> None:
    # Every log of two rows, with its probability: the mean must be the truth exactly.
    model = np.array([0.9, 0.1, 0.4])  # wrong
    ips = double = 0.0
    for arms in product(range(3), repeat=2):
        for rewards in product((0.0, 1.0), repeat=2):
            a, r = np.array(arms), np.array(rewards)
            chance = np.prod(LOGGING[a] * np.where(r == 1, WORTH[a], 1 - WORTH[a]))
            ips += chance * ips_value(r, TARGET[a], LOGGING[a]).value
            double += (
                chance
                * doubly_robust_value(
                    r, a, np.tile(TARGET, (2, 1)), LOGGING[a], np.tile(model, (2, 1))
                ).value
            )
    assert ips == pytest.approx(TARGET @ WORTH, rel=1e-12)
    assert double == pytest.approx(TARGET @ WORTH, rel=1e-12)


def log(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    arms = rng.choice(3, n, p=LOGGING)
    return arms, (rng.random(n) < WORTH[arms]).astype(float)


def estimates(rng: np.random.Generator, n: int, model: np.ndarray) -> list[Any]:
    arms, rewards = log(rng, n)
    return [
        ips_value(rewards, TARGET[arms], LOGGING[arms]),
        snips_value(rewards, TARGET[arms], LOGGING[arms]),
        doubly_robust_value(
            rewards,
            arms,
            np.tile(TARGET, (n, 1)),
            LOGGING[arms],
            np.tile(model, (n, 1)),
        ),
    ]


def test_intervals_hold_the_truth_as_often_as_promised() -> None:
    rng = np.random.default_rng(6)
    found = [estimates(rng, 400, WORTH) for _ in range(800)]
    truth, error = TARGET @ WORTH, 4 * np.sqrt(0.0475 / 800)
    for kind in zip(*found, strict=True):
        hits = np.mean([f.low <= truth <= f.high for f in kind])
        assert hits == pytest.approx(0.95, abs=error)
        values = [f.value for f in kind]
        assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(800)
        claimed = np.mean([f.standard_error for f in kind])
        assert claimed == pytest.approx(np.std(values), rel=0.12)


def test_a_good_model_makes_doubly_robust_steadier_and_a_bad_one_does_no_harm() -> None:
    rng = np.random.default_rng(7)
    good = np.array([estimates(rng, 100, WORTH)[2].value for _ in range(400)])
    bad = np.array([estimates(rng, 100, 5 * WORTH[::-1])[2].value for _ in range(400)])
    plain = np.array([estimates(rng, 100, WORTH)[0].value for _ in range(400)])
    assert good.std() < 0.9 * plain.std()
    assert abs(bad.mean() - TARGET @ WORTH) < 4 * bad.std() / 20


def test_doubly_robust_without_a_model_is_ips_and_the_same_policy_is_the_mean() -> None:
    arms, rewards = log(np.random.default_rng(8), 60)
    chances, none = np.tile(TARGET, (60, 1)), np.zeros((60, 3))
    double = doubly_robust_value(rewards, arms, chances, LOGGING[arms], none)
    plain = ips_value(rewards, TARGET[arms], LOGGING[arms])
    assert tuple(double) == pytest.approx(tuple(plain))
    for value in (ips_value, snips_value):
        same = value(rewards, LOGGING[arms], LOGGING[arms])
        assert same.value == pytest.approx(rewards.mean())


@pytest.mark.parametrize("n", [20, 500])
def test_snips_is_statsmodels_weighted_mean_with_its_robust_error(n: int) -> None:
    arms, rewards = log(np.random.default_rng(9), n)
    weights = TARGET[arms] / LOGGING[arms]
    theirs = sm.WLS(rewards, np.ones(n), weights=weights).fit(cov_type="HC1")
    found = snips_value(rewards, TARGET[arms], LOGGING[arms])
    assert found.value == pytest.approx(theirs.params[0], rel=1e-10)
    assert found.standard_error == pytest.approx(theirs.bse[0], rel=1e-10)


@settings(max_examples=30)
@given(SEEDS, st.floats(-100, 100))
def test_snips_moves_with_the_rewards_and_stays_in_their_range(
    seed: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    rewards, new, old = rng.normal(size=20), rng.random(20), rng.uniform(0.1, 1, 20)
    found = snips_value(rewards, new, old)
    assert rewards.min() - 1e-12 <= found.value <= rewards.max() + 1e-12
    moved = snips_value(rewards + shift, new, old)
    assert moved.value == pytest.approx(found.value + shift, abs=1e-9)
    assert moved.standard_error == pytest.approx(found.standard_error, rel=1e-6)


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=30).filter(any))
def test_the_effective_sample_size_is_between_1_and_n(weights: list[float]) -> None:
    found = effective_sample_size(weights)
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    assert effective_sample_size(np.ones(7)) == 7


# --- bad input ---------------------------------------------------------------------

HALF = [0.5, 0.5]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: UCB1(1), "n_arms is 1"),
        (lambda: UCB1(2.0), "n_arms is 2.0"),
        (lambda: UCB1(2, scale=0), "scale is 0"),
        (lambda: EpsilonGreedy(2, 1.5), "epsilon is 1.5"),
        (lambda: Exp3(2, 0.0), "rate is 0.0"),
        (lambda: BernoulliThompson(2, prior=(0, 1)), "prior a is 0"),
        (lambda: GaussianThompson(2, noise=np.nan), "noise is nan"),
        (lambda: UCB1(2).update(np.array([2]), np.array([1.0])), "expected 0 to 1"),
        (lambda: UCB1(2).update(np.array([0.5]), np.array([1.0])), "whole number"),
        (lambda: UCB1(2).update(np.array([0]), np.array([np.nan])), "contains NaN"),
        (lambda: UCB1(2).update(np.array([0]), np.array([1.0, 2.0])), "rewards has"),
        (lambda: BernoulliThompson(2).update(np.array([0]), np.array([0.5])), "0 or 1"),
        (lambda: Exp3(2).update(np.array([0]), np.array([2.0])), "expected 0 to 1"),
        (lambda: LinUCB(2, 3).select([1.0]), "expected \\(3,\\)"),
        (lambda: LinUCB(2, 1).update(5, [1.0], 1.0), "arms go from 5"),
        (lambda: LinUCB(2, 1, l2=0), "l2 is 0"),
        (lambda: LinUCB(2, 1, alpha=-1), "alpha is -1"),
        (
            lambda: simulate(UCB1(2), [0.5], n_steps=1, rng=np.random.default_rng(0)),
            "one an arm",
        ),
        (
            lambda: simulate(UCB1(2), [0, 2], n_steps=1, rng=np.random.default_rng(0)),
            "not from 0 to 1",
        ),
        (
            lambda: simulate(UCB1(2), HALF, n_steps=0, rng=np.random.default_rng(0)),
            "n_steps is 0",
        ),
        (lambda: ips_value([1, 0], HALF, [0.0, 0.5]), "logging above 0"),
        (lambda: ips_value([1, 0], HALF, [0.5]), "2, 2 and 1 rows"),
        (lambda: ips_value([1, 0], [0.5, 1.5], HALF), "expected probabilities"),
        (lambda: ips_value([1, np.nan], HALF, HALF), "rewards contains"),
        (lambda: snips_value([1, 0], [0, 0], HALF), "none of the logged"),
        (
            lambda: doubly_robust_value([1, 0], [0, 1], [HALF], HALF, [HALF]),
            "expected \\(2, k\\)",
        ),
        (
            lambda: doubly_robust_value(
                [1, 0], [0, 1], [HALF, [1, 1]], HALF, [HALF] * 2
            ),
            "expected sum 1",
        ),
        (
            lambda: doubly_robust_value([1, 0], [0, 2], [HALF] * 2, HALF, [HALF] * 2),
            "arms go from 0 to 2",
        ),
        (lambda: effective_sample_size([-1.0]), "weights go from -1"),
        (lambda: effective_sample_size([0.0]), "not all 0"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
