"""The micro-batcher: every request gets its own answer, few calls, a bounded queue."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.batching import MicroBatcher, OverloadedError


def squares(rows):
    return [row * row for row in rows]


async def ask_all(batcher, rows):
    return await asyncio.gather(*map(batcher.submit, rows), return_exceptions=True)


@settings(max_examples=20)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 8))
def test_every_request_gets_its_own_answer_in_batches_within_the_limit(rows, limit):
    async def scene():
        async with MicroBatcher(squares, max_batch=limit, max_wait=0.0) as batcher:
            answers = await ask_all(batcher, rows)
        return answers, batcher.batch_sizes

    answers, sizes = asyncio.run(scene())
    assert answers == squares(rows)
    assert sum(sizes) == len(rows)
    assert all(1 <= size <= limit for size in sizes)


def test_requests_that_come_together_are_answered_by_full_batches():
    async def scene():
        async with MicroBatcher(squares, max_batch=4, max_wait=30.0) as batcher:
            await ask_all(batcher, range(8))
        return batcher.batch_sizes

    assert asyncio.run(scene()) == [4, 4]


def test_a_lone_request_is_answered_when_the_time_is_up():
    async def scene():
        async with MicroBatcher(squares, max_batch=64, max_wait=0.01) as batcher:
            return await batcher.submit(3)

    assert asyncio.run(scene()) == 9


def test_the_event_loop_is_free_while_the_model_works():
    """The model waits for something that only the loop can do."""
    released = threading.Event()

    def slow(rows):
        assert released.wait(20)
        return rows

    async def scene():
        async with MicroBatcher(slow, max_wait=0.0) as batcher:
            answer = asyncio.create_task(batcher.submit("x"))
            await asyncio.sleep(0)
            released.set()
            return await answer

    assert asyncio.run(scene()) == "x"


def test_a_full_queue_refuses_at_once_and_what_waits_is_answered():
    gate = threading.Event()

    def held(rows):
        assert gate.wait(20)
        return rows

    async def scene():
        async with MicroBatcher(
            held, max_batch=1, max_wait=0.0, max_queue=2
        ) as batcher:
            first = asyncio.create_task(batcher.submit(0))
            while not batcher.batch_sizes:  # until the model has it
                await asyncio.sleep(0.001)
            waiting = [asyncio.create_task(batcher.submit(i)) for i in (1, 2)]
            await asyncio.sleep(0)
            with pytest.raises(OverloadedError, match="2 requests are waiting"):
                await batcher.submit(3)
            gate.set()
            return await asyncio.gather(first, *waiting)

    assert asyncio.run(scene()) == [0, 1, 2]


def test_a_failing_call_fails_its_own_batch_only():
    def picky(rows):
        if -1 in rows:
            raise ArithmeticError("negative")
        return rows

    async def scene():
        async with MicroBatcher(picky, max_batch=2, max_wait=30.0) as batcher:
            return await ask_all(batcher, [1, -1, 3, 4])

    answers = asyncio.run(scene())
    assert [type(answer) for answer in answers[:2]] == [ArithmeticError] * 2
    assert answers[2:] == [3, 4]


def test_a_model_that_loses_rows_is_caught():
    async def scene():
        async with MicroBatcher(lambda rows: rows[:1], max_batch=2, max_wait=30.0) as b:
            return await ask_all(b, [1, 2])

    answers = asyncio.run(scene())
    assert [str(answer) for answer in answers] == ["predict gave 1 for 2 rows."] * 2


def test_who_has_gone_away_is_not_predicted_for():
    async def scene():
        async with MicroBatcher(squares, max_batch=2, max_wait=30.0) as batcher:
            gone = asyncio.create_task(batcher.submit(1))
            await asyncio.sleep(0)
            gone.cancel()
            answer = await batcher.submit(2)
        return answer, batcher.batch_sizes

    assert asyncio.run(scene()) == (4, [1])


def test_leaving_the_block_answers_what_waits_and_then_refuses():
    async def scene():
        async with MicroBatcher(squares, max_batch=8, max_wait=30.0) as batcher:
            waiting = asyncio.create_task(batcher.submit(5))
            await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="not running"):
            await batcher.submit(1)
        return await waiting

    assert asyncio.run(scene()) == 25


@pytest.mark.parametrize(
    "wrong", [{"max_batch": 0}, {"max_queue": 0}, {"max_wait": -1.0}]
)
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="expected 1 or more, 1 or more, and seconds"):
        MicroBatcher(squares, **wrong)
