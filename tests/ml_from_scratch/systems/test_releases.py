"""Who sees a new version, what its errors say, and when it is taken back."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from ml_from_scratch.systems.releases import (
    CanaryController,
    Router,
    bucket,
    error_rate_p_value,
)

USERS = [f"user-{i}" for i in range(4000)]


def test_buckets_are_spread_evenly_and_two_releases_do_not_agree():
    one = [bucket(user, "r1") for user in USERS]
    two = [bucket(user, "r2") for user in USERS]
    assert stats.kstest(one, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(len(USERS))


@settings(max_examples=50)
@given(st.text(), st.text())
def test_a_bucket_is_a_number_from_0_to_below_1(unit, salt):
    assert 0 <= bucket(unit, salt) < 1


def test_unit_and_salt_cannot_run_into_each_other():
    assert bucket("ab", "c") != bucket("b", "ca")


def router(**how):
    settings = {"share": 0.3, "salt": "r1"} | how
    return Router(lambda x: ("old", x), lambda x: ("new", x), **settings)


def test_a_user_keeps_the_version_and_a_larger_share_only_adds_users():
    small, large = router(share=0.1), router(share=0.4)
    on_small = {user for user in USERS if small.version(user) == "canary"}
    on_large = {user for user in USERS if large.version(user) == "canary"}
    assert on_small < on_large
    assert len(on_small) / len(USERS) == pytest.approx(0.1, abs=0.02)
    assert small.route(USERS[0], 1) == small.route(USERS[0], 1)


def test_share_0_is_nobody_and_share_1_is_everybody():
    assert {router(share=0.0).version(user) for user in USERS} == {"stable"}
    assert {router(share=1.0).version(user) for user in USERS} == {"canary"}


def fails(_):
    raise OSError("no weights")


def test_a_canary_that_fails_is_counted_and_its_users_get_the_stable_answer():
    made = Router(lambda x: x, fails, share=0.5, salt="r1")
    assert [made.route(user, 7) for user in USERS[:100]] == [7] * 100
    requests, failures = made.counts["canary"]
    assert requests == failures > 0
    assert made.counts["stable"] == [100, 0]


def test_a_stable_version_that_fails_is_counted_and_raises():
    made = Router(fails, fails, share=0.0, salt="r1")
    with pytest.raises(OSError, match="no weights"):
        made.route("u", 1)
    assert made.counts["stable"] == [1, 1]


def test_a_shadow_sees_everything_and_is_heard_by_nobody():
    made = router(share=0.0, shadow=lambda x: ("old", abs(x)))
    assert [made.route("u", x) for x in (1, -2)] == [("old", 1), ("old", -2)]
    assert made.counts["shadow"] == [2, 0]
    assert made.differences == [(("old", -2), ("old", 2))]


def test_a_shadow_that_fails_costs_nothing():
    made = router(share=0.0, shadow=fails)
    assert made.route("u", 1) == ("old", 1)
    assert made.counts["shadow"] == [1, 1]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        router(share=share)


@settings(max_examples=50)
@given(st.integers(1, 10_000), st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
def test_the_p_value_is_that_of_statsmodels(n, m, p, q):
    a, b = int(p * n), int(q * m)
    if 0 < a + b < n + m:
        _, expected = proportions_ztest([b, a], [m, n], alternative="larger")
        assert error_rate_p_value((n, a), (m, b)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "counts", [((0, 0), (9, 3)), ((9, 3), (0, 0)), ((9, 0), (9, 0)), ((9, 9), (9, 9))]
)
def test_where_nothing_can_be_compared_the_p_value_is_1(counts):
    assert error_rate_p_value(*counts) == 1.0


@pytest.mark.parametrize("counts", [((3, 4), (1, 0)), ((3, 1), (1, -1))])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="failures of"):
        error_rate_p_value(*counts)


def simulated(rng, stable_rate, canary_rate, *, looks=20):
    """One release: looks of 200 canary requests; the last decision."""
    control = CanaryController(steps=(0.1, 0.5, 1.0), requests=400, looks=looks)
    counts = {"stable": [0, 0], "canary": [0, 0]}
    for _ in range(looks):
        for name, requests, rate in (
            ("stable", 1800, stable_rate),
            ("canary", 200, canary_rate),
        ):
            counts[name][0] += requests
            counts[name][1] += int(rng.binomial(requests, rate))
        decision = control.look(counts)
        if decision in ("roll back", "done"):
            return decision
        if decision == "raise":
            counts = {"stable": [0, 0], "canary": [0, 0]}
    return "wait"


def test_harmless_releases_are_seldom_taken_back_and_bad_ones_nearly_always():
    rng = np.random.default_rng(0)
    harmless = Counter(simulated(rng, 0.02, 0.02) for _ in range(400))
    bad = Counter(simulated(rng, 0.02, 0.10) for _ in range(100))
    # At most 5 % by design; 400 releases would show 7 % with probability 0.04.
    assert harmless["roll back"] <= 28
    assert harmless["done"] >= 372
    assert bad["roll back"] >= 99


def test_a_step_waits_for_its_requests_and_the_last_one_is_the_end():
    control = CanaryController(steps=(0.5, 1.0), requests=10)
    fine = {"stable": (10, 0), "canary": (10, 0)}
    few = {"stable": (10, 0), "canary": (9, 0)}
    decisions = [control.look(counts) for counts in (few, fine, few, fine)]
    assert decisions == ["wait", "raise", "wait", "done"]
    assert [entry[0] for entry in control.history] == [0.5, 0.5, 1.0, 1.0]
    assert control.share == 1.0


def test_after_a_rollback_the_share_is_0_and_no_look_is_taken():
    control = CanaryController(steps=(1.0,), requests=10)
    control.look({"stable": (100, 0), "canary": (100, 50)})
    assert control.share == 0.0
    with pytest.raises(RuntimeError, match="was rolled back"):
        control.look({"stable": (1, 0), "canary": (1, 0)})


def test_no_more_looks_are_taken_than_were_planned():
    control = CanaryController(steps=(1.0,), requests=10, looks=1)
    control.look({"stable": (1, 0), "canary": (1, 0)})
    with pytest.raises(RuntimeError, match="had its 1 looks"):
        control.look({"stable": (1, 0), "canary": (1, 0)})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": ()}, "shares rising to 1.0"),
        ({"steps": (0.5, 0.2, 1.0)}, "shares rising to 1.0"),
        ({"steps": (0.0, 1.0)}, "shares rising to 1.0"),
        ({"steps": (0.5,)}, "shares rising to 1.0"),
        ({"requests": 0}, "requests is 0"),
        ({"looks": 0}, "looks 0"),
        ({"alpha": 1.0}, "alpha 1.0"),
    ],
)
def test_a_plan_that_is_none_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        CanaryController(**wrong)
