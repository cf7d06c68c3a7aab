"""The ring: everybody ends with the sum, having sent no more than theory says."""

from __future__ import annotations

import queue
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.allreduce import all_reduce_in_processes, ring_all_reduce


def in_threads(vectors):
    """Run a ring of threads joined by queues; give the sums and the numbers sent."""
    n = len(vectors)
    links = [queue.Queue() for _ in range(n)]
    sums, sent = [None] * n, [0] * n

    def work(rank):
        def send(part):
            sent[rank] += len(part)
            links[(rank + 1) % n].put(part.copy())

        receive = lambda: links[rank].get(timeout=20)  # noqa: E731
        sums[rank] = ring_all_reduce(vectors[rank], rank, n, send=send, receive=receive)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sums, sent


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(0, 23), st.integers(0, 999))
def test_everybody_ends_with_the_same_sum(workers, length, seed):
    """Also where the vector has fewer numbers than there are workers, or none."""
    rng = np.random.default_rng(seed)
    vectors = list(rng.normal(size=(workers, length)))
    before = [vector.copy() for vector in vectors]
    sums, sent = in_threads(vectors)
    for total in sums:
        np.testing.assert_allclose(total, np.sum(vectors, axis=0), atol=1e-12)
        np.testing.assert_array_equal(total, sums[0])
    np.testing.assert_array_equal(vectors, before)
    # 2 (W - 1) / W of the vector each, up to the rounding of the parts' sizes
    expected = 2 * (workers - 1) * length / workers
    assert all(abs(count - expected) <= 2 * (workers - 1) for count in sent)
    assert sum(sent) == 2 * (workers - 1) * length


def test_processes_with_vectors_larger_than_a_pipe_end_with_the_sum():
    rng = np.random.default_rng(0)
    vectors = list(rng.normal(size=(3, 100_000)))
    sums = all_reduce_in_processes(vectors)
    for total in sums:
        np.testing.assert_allclose(total, np.sum(vectors, axis=0), atol=1e-12)


@pytest.mark.parametrize(
    "vectors", [[], [np.ones(2), np.ones(3)], [np.ones((2, 2))]], ids=str
)
def test_vectors_that_cannot_be_summed_are_refused(vectors):
    with pytest.raises(ValueError, match="expected one"):
        all_reduce_in_processes(vectors)


@pytest.mark.parametrize(("rank", "workers"), [(-1, 2), (2, 2), (0, 0)])
def test_a_rank_that_is_none_is_refused(rank, workers):
    with pytest.raises(ValueError, match="expected a rank from 0"):
        ring_all_reduce(np.ones(2), rank, workers, send=print, receive=print)


def test_a_neighbour_with_another_length_is_noticed():
    with pytest.raises(ValueError, match="sent 5 numbers where this one has 1"):
        ring_all_reduce(
            np.ones(2), 0, 2, send=lambda _: None, receive=lambda: np.ones(5)
        )
