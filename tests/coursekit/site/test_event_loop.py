"""The figure's schedule, held against SimPy and against a real event loop."""

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import simpy

TURN = 0.5
ROUNDS = 20
FIRST = {"clients": 8, "length": 50, "share": 100, "threads": 0}
rng = np.random.default_rng(0)
STATES = [
    {
        "clients": int(rng.integers(1, 13)),
        "length": float(rng.uniform(10, 200)),
        "share": float(rng.uniform(1, 99)),
        "threads": int(rng.integers(0, 6)),
    }
    for _ in range(40)
]


class World:
    """Clients, one loop and a pool, as processes and resources of SimPy."""

    def __init__(self, clients, length, share, threads):
        self.block = length * share / 100
        self.wait = length - self.block
        self.goal = ROUNDS * clients
        self.clock = simpy.Environment()
        self.loop = simpy.Resource(self.clock, capacity=1)
        self.pool = simpy.Resource(self.clock, capacity=threads) if threads else None
        self.latencies = []
        self.held = []
        for _ in range(clients):
            self.clock.process(self.client())
        while len(self.latencies) < self.goal:
            self.clock.step()
        self.until = self.latencies[-1][0]
        self.clock.run(until=self.until + 20 * clients * length)  # who waits, comes up

    def hold(self, resource, span):
        joined = self.clock.now
        with resource.request() as turn:
            yield turn
            start = self.clock.now
            yield self.clock.timeout(span)
            if resource is self.loop:
                self.held.append((joined, start, self.clock.now))

    def client(self):
        while True:
            born = self.clock.now
            yield from self.request()
            self.latencies.append((self.clock.now, self.clock.now - born))

    def request(self):
        in_pool = self.block if self.pool else 0
        on_loop = TURN + self.block - in_pool
        if not self.wait and not in_pool:
            yield from self.hold(self.loop, TURN + on_loop)
            return
        yield from self.hold(self.loop, TURN)
        if self.wait:
            yield self.clock.timeout(self.wait)
        if in_pool:
            yield from self.hold(self.pool, in_pool)
        yield from self.hold(self.loop, on_loop)


def expected_of(state):
    world = World(**state)
    times = np.sort([span for _, span in world.latencies[: world.goal]])
    until, held = world.until, world.held
    return {
        "throughput": 1000 * len(times) / until,
        "p95": times[math.ceil(0.95 * len(times)) - 1],
        "busy": sum(min(b, until) - a for _, a, b in held if a < until) / until,
    }


def health_of(world, moments):
    """The unfinished work for the loop of all who came before each moment."""
    ahead = np.zeros_like(moments)
    for joined, start, end in world.held:
        left = np.minimum(end - start, end - moments)
        ahead += np.where(joined < moments, np.maximum(left, 0), 0)
    return ahead


def compare(figures, state, rel):
    found, expected = figures.model("event-loop", **state), expected_of(state)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=rel)


@pytest.mark.parametrize("state", [{**s, "threads": 0} for s in STATES])
def test_the_schedule_is_the_one_of_simpy(figures, state):
    compare(figures, state, rel=1e-9)


@pytest.mark.parametrize("state", [{**s, "clients": 1, "threads": 1} for s in STATES])
def test_a_single_client_goes_through_its_stages(figures, state):
    compare(figures, state, rel=1e-9)


@pytest.mark.parametrize("state", [s for s in STATES if s["threads"]])
def test_with_threads_it_is_simpys_but_for_ties(figures, state):
    """Clients who do the same get to the loop at the same time; who is first is open.

    That moves single answers by one or two turns of the loop.
    """
    compare(figures, state, rel=0.04)


def test_blocking_calls_follow_each_other(figures):
    found = figures.model("event-loop", **FIRST)
    assert found["throughput"] == pytest.approx(1000 / 51)  # one after the other
    assert found["p95"] == pytest.approx(8 * 51)  # behind all the others
    assert found["busy"] == pytest.approx(1)


def test_awaited_calls_overlap(figures):
    found = figures.model("event-loop", **FIRST | {"share": 0})
    assert found["throughput"] == pytest.approx(8 * 1000 / 51, rel=0.02)
    assert found["p95"] < 60


def test_a_pool_with_a_thread_for_each_is_as_good_as_awaiting(figures):
    awaited = figures.model("event-loop", **FIRST | {"share": 0})
    pooled = figures.model("event-loop", **FIRST | {"threads": 8})
    assert pooled["throughput"] == pytest.approx(awaited["throughput"], rel=1e-9)


def test_one_thread_frees_the_loop_and_nothing_else(figures):
    blocked = figures.model("event-loop", **FIRST)
    pooled = figures.model("event-loop", **FIRST | {"threads": 1})
    assert pooled["throughput"] == pytest.approx(blocked["throughput"], rel=0.03)
    assert blocked["health"] > 350
    assert pooled["health"] < 1


@pytest.mark.parametrize("state", [FIRST, *STATES[:8]])
def test_a_health_check_waits_for_the_work_ahead_of_it(figures, state):
    found, world = figures.model("event-loop", **state), World(**state)
    ahead = health_of(world, np.linspace(0, world.until, 20_001)[1:])
    ties = 4 * TURN if state["threads"] else 0.05
    assert found["health"] == pytest.approx(ahead.mean(), rel=0.01, abs=ties / 10)
    assert found["worst"] == pytest.approx(ahead.max(), rel=0.01, abs=ties)


@pytest.mark.parametrize("state", STATES[:8])
def test_nothing_has_more_hands_than_it_has(figures, state):
    found = figures.model("event-loop", **state)
    for where, hands in (("loop", 1), ("thread", state["threads"])):
        spans = [span for span in found["spans"] if span["where"] == where]
        for span in spans:
            assert span["start"] >= span["at"]
            middle = (span["start"] + span["end"]) / 2
            assert sum(s["start"] < middle < s["end"] for s in spans) <= hands


async def real(clients, length, share, threads, rounds=6):
    """The same with a real loop and real sleeps; answers a second."""
    block, wait = length * share / 1e5, length * (100 - share) / 1e5
    pool = ThreadPoolExecutor(threads) if threads else None
    loop = asyncio.get_running_loop()

    async def client():
        for _ in range(rounds):
            if wait:
                await asyncio.sleep(wait)
            if pool and block:
                await loop.run_in_executor(pool, time.sleep, block)
            else:
                time.sleep(block)
                await asyncio.sleep(0)  # the next request is another turn

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = time.perf_counter() - begun
    return clients * rounds / seconds


@pytest.mark.audit
@pytest.mark.parametrize(
    "changes", [{}, {"threads": 8}, {"threads": 2}, {"share": 0}, {"share": 40}]
)
def test_a_real_event_loop_answers_as_many(figures, changes):
    state = FIRST | changes
    found = figures.model("event-loop", **state)["throughput"]
    measured = max(asyncio.run(real(**state)) for _ in range(3))
    assert measured == pytest.approx(found, rel=0.15)
