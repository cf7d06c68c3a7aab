"""A load generator is right when it reports what a passenger waited."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml_from_scratch.systems.loadtest import (
    NO_ANSWER,
    HttpTarget,
    LoadResult,
    closed_loop,
    open_loop,
    percentile,
    poisson_arrivals,
)

T = TypeVar("T")


# --- simulated time ----------------------------------------------------------


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
    """Instead of waiting for a file, moves the loop's clock to the next timer."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose sleeps take no time and last exactly as long as asked."""

    def __init__(self) -> None:
        self._simulated = _Selector()
        super().__init__(self._simulated)

    def time(self) -> float:
        return self._simulated.now


def simulated(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main)


def one_worker(service: Callable[[int], float]) -> Callable[[int], Awaitable[int]]:
    """A server that answers one request at a time, in the order of arrival."""
    busy = asyncio.Lock()

    async def send(i: int) -> int:
        async with busy:
            await asyncio.sleep(service(i))
        return 200

    return send


def lindley(arrivals: np.ndarray, service: np.ndarray) -> np.ndarray:
    """Time in the system of each customer of a queue with one server."""
    waited = np.zeros(len(arrivals))
    for k in range(1, len(arrivals)):
        gap = arrivals[k] - arrivals[k - 1]
        waited[k] = max(0.0, waited[k - 1] + service[k - 1] - gap)
    return waited + service


# --- percentiles -------------------------------------------------------------


@given(
    values=st.lists(st.floats(0, 1e6), min_size=1, max_size=200),
    q=st.integers(1, 100),
)
def test_percentile_is_numpys_inverted_cdf(values: list[float], q: int) -> None:
    # Where q n / 100 is whole, binary rounding moves NumPy's rank: left to the next.
    if (q * len(values)) % 100:
        expected = np.percentile(values, q, method="inverted_cdf")
        assert percentile(values, q) == expected


@given(
    values=st.lists(st.floats(0, 9) | st.just(math.inf), min_size=1, max_size=200),
    q=st.integers(1, 100),
)
def test_percentile_is_the_value_of_the_rank_also_with_requests_unanswered(
    values: list[float], q: int
) -> None:
    rank = -(-q * len(values) // 100)
    assert percentile(values, q) == sorted(values)[rank - 1]


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_percentile_is_a_value_that_occurred_and_rises_with_q(
    values: list[float],
) -> None:
    found = [percentile(values, q) for q in (1, 25, 50, 99, 99.9, 100)]
    assert set(found) <= set(values)
    assert found == sorted(found)
    assert found[-1] == max(values)


@pytest.mark.parametrize(
    ("n", "q", "rank"), [(1000, 99.9, 999), (1000, 99, 990), (10, 10, 1), (3, 0.1, 1)]
)
def test_percentile_rank_is_not_moved_by_binary_rounding(
    n: int, q: float, rank: int
) -> None:
    assert percentile(np.arange(1, n + 1), q) == rank


@pytest.mark.parametrize("q", [0, -1, 100.1, math.nan])
def test_percentile_refuses_a_q_out_of_range(q: float) -> None:
    with pytest.raises(ValueError, match="q: found"):
        percentile([1.0], q)


def test_percentile_refuses_nothing_and_nan() -> None:
    with pytest.raises(ValueError, match="found none"):
        percentile([], 50)
    with pytest.raises(ValueError, match="found NaN"):
        percentile([1.0, math.nan], 50)


# --- loops -------------------------------------------------------------------


@pytest.mark.parametrize("clients", [1, 2, 4])
def test_closed_loop_of_c_clients_on_one_worker_takes_c_service_times(
    clients: int,
) -> None:
    async def main() -> LoadResult:
        send = one_worker(lambda i: 0.010)
        return await closed_loop(send, clients=clients, requests=100)

    run = simulated(main())
    # Steady from the first round on: each waits for the others before it.
    np.testing.assert_allclose(run.latencies[clients:], 0.010 * clients)
    assert run.throughput == pytest.approx(100.0)
    assert run.errors == 0


@pytest.mark.parametrize("rate", [30.0, 80.0, 120.0])
def test_open_loop_on_one_worker_is_lindleys_recursion(rate: float) -> None:
    service = np.random.default_rng(7).exponential(0.010, size=400)

    async def main() -> LoadResult:
        send = one_worker(lambda i: float(service[i]))
        return await open_loop(send, rate=rate, requests=400, seed=3)

    run = simulated(main())
    arrivals = poisson_arrivals(rate, 400, seed=3)
    np.testing.assert_array_equal(run.intended, arrivals)
    np.testing.assert_allclose(run.latencies, lindley(arrivals, service), atol=1e-9)


def test_a_stall_is_one_request_to_a_closed_loop_and_a_crowd_to_an_open_one() -> None:
    def service(i: int) -> float:
        return 2.0 if i == 500 else 0.010

    async def closed() -> LoadResult:
        return await closed_loop(one_worker(service), clients=1, requests=1000)

    async def opened() -> LoadResult:
        send = one_worker(service)
        return await open_loop(send, rate=50.0, requests=1000, seed=0)

    omitted, honest = simulated(closed()), simulated(opened())
    assert omitted.percentile(99) == pytest.approx(0.010)
    assert honest.percentile(99) > 1.5
    assert (omitted.latencies > 0.1).sum() == 1
    assert (honest.latencies > 0.1).sum() > 100


def test_latency_counts_the_wait_for_a_connection_and_service_time_does_not() -> None:
    async def main() -> LoadResult:
        send = one_worker(lambda i: 1.0 if i == 0 else 0.001)
        return await open_loop(send, rate=100.0, requests=100, connections=1)

    run = simulated(main())
    np.testing.assert_allclose(run.service_times[1:], 0.001)
    arrivals = poisson_arrivals(100.0, 100, seed=0)
    service = np.r_[1.0, np.full(99, 0.001)]
    np.testing.assert_allclose(run.latencies, lindley(arrivals, service), atol=1e-9)


def test_arrivals_are_poisson_of_the_stated_rate() -> None:
    times = poisson_arrivals(rate=40.0, requests=5000, seed=1)
    gaps = np.diff(times, prepend=0.0)
    assert stats.kstest(gaps, stats.expon(scale=1 / 40).cdf).pvalue > 0.01
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 0.05


def test_an_error_is_an_answer_that_never_came() -> None:
    async def main() -> LoadResult:
        async def send(i: int) -> int:
            return 500 if i % 50 == 0 else 200

        return await closed_loop(send, clients=1, requests=100)

    run = simulated(main())
    assert run.errors == 2
    assert run.percentile(98) == 0.0
    assert run.percentile(99) == math.inf
    assert run.summary()["p99_ms"] == math.inf


def test_a_bug_in_send_is_not_swallowed() -> None:
    async def main() -> LoadResult:
        async def send(i: int) -> int:
            raise KeyError(i)

        return await open_loop(send, rate=10.0, requests=3)

    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        simulated(main())


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (lambda s: closed_loop(s, clients=0, requests=1), "clients: found 0"),
        (lambda s: closed_loop(s, clients=1, requests=0), "requests: found 0"),
        (lambda s: open_loop(s, rate=0.0, requests=1), "rate: found 0.0"),
        (lambda s: open_loop(s, rate=math.nan, requests=1), "rate: found nan"),
        (lambda s: open_loop(s, rate=1.0, requests=0), "found 0"),
        (lambda s: open_loop(s, rate=1.0, requests=1, connections=0), "connections"),
    ],
)
def test_impossible_loads_are_refused(start: Any, message: str) -> None:
    async def send(i: int) -> int:
        return 200

    with pytest.raises(ValueError, match=message):
        simulated(start(send))


# --- over real sockets -------------------------------------------------------

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    ended: list[asyncio.Task[Any]] = []

    async def watched(r: asyncio.StreamReader, w: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ended.append(task)
        await handler(r, w)

    server = await asyncio.start_server(watched, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}/predict?x=1"
    await asyncio.gather(*ended)


async def read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
    return head, await reader.readexactly(length)


def replying(reply: bytes, log: list[tuple[str, bytes]], *, keep: bool) -> Handler:
    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                log.append(await read_request(reader))
                writer.write(reply)
                if not keep:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    return handler


async def statuses(handler: Handler, requests: int, **options: Any) -> list[int]:
    async with serving(handler) as url, HttpTarget(url, **options) as send:
        run = await closed_loop(send, clients=1, requests=requests)
        return run.status.tolist()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_target_posts_the_bodies_in_turn_to_the_path() -> None:
    log: list[tuple[str, bytes]] = []
    handler = replying(OK, log, keep=True)
    found = asyncio.run(statuses(handler, 4, bodies=[b"[1]", b"[2, 2]"]))
    assert found == [200] * 4
    assert [body for _, body in log] == [b"[1]", b"[2, 2]", b"[1]", b"[2, 2]"]
    assert log[0][0].startswith("POST /predict?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", NO_ANSWER),
        (b"", NO_ANSWER),
    ],
)
def test_target_reads_replies_that_end_with_the_connection(
    reply: bytes, status: int
) -> None:
    handler = replying(reply, [], keep=False)
    assert asyncio.run(statuses(handler, 3)) == [status] * 3


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "found 'SSH-2.0-OpenSSH'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "in chunks"),
    ],
)
def test_target_says_what_it_cannot_read(reply: bytes, message: str) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(statuses(replying(reply, [], keep=True), 1))
    assert message in str(caught.value.exceptions[0])


def test_target_counts_no_answer_within_the_timeout_as_none() -> None:
    handler = replying(b"", [], keep=True)
    assert asyncio.run(statuses(handler, 1, timeout=0.05)) == [NO_ANSWER]


def test_target_counts_a_refused_connection_as_no_answer() -> None:
    async def main() -> int:
        async with serving(replying(OK, [], keep=True)) as url:
            pass
        async with HttpTarget(url) as send:
            return await send(0)

    assert asyncio.run(main()) == NO_ANSWER


@pytest.mark.parametrize("url", ["https://example.org/", "localhost:8000", "http:///x"])
def test_target_refuses_what_is_not_plain_http(url: str) -> None:
    with pytest.raises(ValueError, match="url: found"):
        HttpTarget(url)
