"""Queues against closed forms, a slow simulation by events, and bad input."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ml_from_scratch.systems import queueing as q

N = 200_000


def poisson(rate, n, rng):
    return np.cumsum(rng.exponential(1 / rate, n))


@st.composite
def workloads(draw):
    """Times in eighths, so that sums are exact and ties are frequent."""
    n = draw(st.integers(1, 25))
    eighths = hnp.arrays(np.int64, n, elements=st.integers(0, 40))
    return np.cumsum(draw(eighths)) / 8, draw(eighths) / 8


def by_events(arrivals, service, servers):
    """An independent simulation: step through time from event to event."""
    waiting, busy, starts = [], [], [math.nan] * len(arrivals)
    events = sorted({*arrivals})
    while events:
        now = events.pop(0)
        busy = [end for end in busy if end > now]
        waiting += [i for i, arrival in enumerate(arrivals) if arrival == now]
        while waiting and len(busy) < servers:
            i = waiting.pop(0)
            starts[i] = now
            if service[i] > 0:
                busy.append(now + service[i])
                events = sorted({*events, now + service[i]})
    return np.array(starts)


@given(workloads(), st.integers(1, 4))
def test_starts_agree_with_a_simulation_by_events(workload, servers):
    arrivals, service = workload
    queue = q.simulate_queue(arrivals, service, servers=servers)
    np.testing.assert_allclose(queue.starts, by_events(arrivals, service, servers))


@given(workloads())
def test_one_server_follows_lindleys_recursion(workload):
    arrivals, service = workload
    waits = q.simulate_queue(arrivals, service).waits
    expected = 0.0
    for i in range(1, len(arrivals)):
        gap = arrivals[i] - arrivals[i - 1]
        expected = max(0.0, expected + service[i - 1] - gap)
        assert waits[i] == pytest.approx(expected, abs=1e-9)


@given(workloads(), st.integers(1, 3))
def test_another_server_makes_nobody_wait_longer(workload, servers):
    few = q.simulate_queue(*workload, servers=servers).waits
    more = q.simulate_queue(*workload, servers=servers + 1).waits
    assert (more <= few + 1e-9).all()


@given(workloads(), st.floats(0.1, 10))
def test_the_unit_of_time_does_not_matter(workload, factor):
    arrivals, service = workload
    queue = q.simulate_queue(arrivals, service)
    scaled = q.simulate_queue(factor * arrivals, factor * service)
    np.testing.assert_allclose(scaled.waits, factor * queue.waits, atol=1e-9)
    assert scaled.utilisation == pytest.approx(queue.utilisation)


@given(workloads(), st.sampled_from(q.POLICIES), st.integers(0, 99))
def test_one_server_makes_every_policy_the_same(workload, policy, seed):
    rng = np.random.default_rng(seed)
    balanced = q.simulate_balanced(*workload, servers=1, policy=policy, rng=rng)
    np.testing.assert_allclose(balanced.starts, q.simulate_queue(*workload).starts)


@settings(max_examples=50)
@given(workloads(), st.sampled_from(q.POLICIES), st.integers(2, 4))
def test_lines_of_their_own_never_overlap_on_a_server(workload, policy, servers):
    rng = np.random.default_rng(0)
    queue = q.simulate_balanced(*workload, servers=servers, policy=policy, rng=rng)
    ends = queue.starts + queue.service
    for start in queue.starts:
        assert ((queue.starts <= start) & (start < ends)).sum() <= servers
    assert (queue.waits >= -1e-9).all()


@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (0.8, 1), (3.2, 4), (7.0, 10)])
def test_simulated_waits_agree_with_erlang(rate, servers):
    rng = np.random.default_rng(1)
    queue = q.simulate_queue(
        poisson(rate, N, rng), rng.exponential(1.0, N), servers=servers
    )
    expected = q.mmc_mean_wait(rate, 1.0, servers=servers)
    assert queue.waits.mean() == pytest.approx(expected, rel=0.06)
    waited = (queue.waits > 1e-12).mean()
    assert waited == pytest.approx(q.erlang_c(rate, servers), rel=0.03)
    tail = q.mmc_wait_percentile(rate, 1.0, 99, servers=servers)
    assert np.percentile(queue.waits, 99) == pytest.approx(tail, rel=0.1)
    assert queue.utilisation == pytest.approx(rate / servers, rel=0.02)


@pytest.mark.parametrize("shape", [0.5, 1.0, 4.0])
def test_simulated_waits_agree_with_pollaczek_and_khinchine(shape):
    rng = np.random.default_rng(2)
    service = rng.gamma(shape, 1 / shape, N)  # mean 1, variance 1 / shape
    queue = q.simulate_queue(poisson(0.7, N, rng), service)
    expected = q.mg1_mean_wait(0.7, 1.0, 1 / shape)
    assert queue.waits.mean() == pytest.approx(expected, rel=0.06)


def test_littles_law_holds_in_every_run():
    rng = np.random.default_rng(3)
    queue = q.simulate_queue(
        poisson(3.0, 5000, rng), rng.exponential(1, 5000), servers=4
    )
    ends = queue.starts + queue.service
    span = ends.max() - queue.arrivals[0]
    moments = np.sort(np.concatenate([queue.arrivals, ends]))
    middles = (moments[1:] + moments[:-1]) / 2
    inside = np.searchsorted(queue.arrivals, middles, side="right") - np.searchsorted(
        np.sort(ends), middles, side="right"
    )
    area = (inside * np.diff(moments)).sum()
    assert queue.mean_in_system == pytest.approx(area / span)


def direct_erlang_c(load, servers):
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(
    ("load", "servers"), [(0.3, 1), (1.5, 2), (9.0, 12), (90, 100)]
)
def test_erlang_agrees_with_its_sum_of_factorials(load, servers):
    assert q.erlang_c(load, servers) == pytest.approx(direct_erlang_c(load, servers))


def test_erlang_survives_where_factorials_overflow():
    assert 0 < q.erlang_c(4900.0, 5000) < 1


@given(st.floats(0.01, 0.99), st.floats(0.01, 10))
def test_exponential_service_is_one_case_of_the_general_formula(busy, mean):
    rate = busy / mean
    general = q.mg1_mean_wait(rate, mean, variance=mean**2)
    assert general == pytest.approx(q.mmc_mean_wait(rate, mean))


@given(st.floats(1, 5000), st.floats(0.001, 0.1), st.floats(0, 0.2))
def test_servers_needed_suffice_and_one_less_does_not(rate, mean, within):
    servers = q.servers_needed(rate, mean, within=within)
    assert q.mmc_wait_percentile(rate, mean, 99, servers=servers) <= within
    if servers - 1 > rate * mean:
        assert q.mmc_wait_percentile(rate, mean, 99, servers=servers - 1) > within


def test_better_policies_shorten_the_tail():
    rng = np.random.default_rng(4)
    work = poisson(9.0, 50_000, rng), rng.exponential(1.0, 50_000)
    tails = [
        np.percentile(
            q.simulate_balanced(*work, servers=10, policy=policy, rng=rng).waits, 99
        )
        for policy in q.POLICIES
    ]
    assert tails == sorted(tails, reverse=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: q.simulate_queue([], []), "n at least 1"),
        (lambda: q.simulate_queue([0.0], [1.0, 2.0]), r"\(1,\) and \(2,\)"),
        (lambda: q.simulate_queue([[0.0]], [[1.0]]), "expected two equal"),
        (lambda: q.simulate_queue([1.0, 0.5], [1.0, 1.0]), "before the one ahead"),
        (lambda: q.simulate_queue([0.0], [-1.0]), "found -1"),
        (lambda: q.simulate_queue([math.nan], [1.0]), "NaN"),
        (lambda: q.simulate_queue([0.0], [math.inf]), "inf"),
        (lambda: q.simulate_queue([0.0], [1.0], servers=0), "servers: found 0"),
        (lambda: q.erlang_c(2.0, 2), "grows without end"),
        (lambda: q.mmc_mean_wait(-1.0, 1.0), "positive"),
        (lambda: q.mmc_mean_wait(math.inf, 1.0), "positive"),
        (lambda: q.mmc_wait_percentile(0.5, 1.0, 100), "found 100"),
        (lambda: q.mg1_mean_wait(0.5, 1.0, -1.0), "variance"),
        (lambda: q.mg1_mean_wait(1.0, 1.0, 1.0), "grows without end"),
        (lambda: q.servers_needed(1.0, 1.0, within=-1.0), "within"),
        (lambda: q.servers_needed(0.0, 1.0, within=1.0), "positive"),
        (
            lambda: q.simulate_balanced(
                [0.0], [1.0], servers=2, policy="best", rng=np.random.default_rng()
            ),
            "'best'",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
