"""Executors work side by side, are replaced when they fail, and end when told."""

import threading
import time

import pytest

from coursekit.grading.execute import SandboxError
from coursekit.grading.model import Execution, Piece, Usage
from coursekit.grading.pool import ATTEMPTS, Job, LocalPool, patiently


class Echo:
    """Gives back how many pieces it was given; fails or waits where it is told to."""

    level = "bubblewrap"

    def __init__(self, log, fails=(), wait=None):
        self.log, self.fails, self.wait = log, list(fails), wait
        self.ended = threading.Event()

    def __enter__(self):
        self.log.append(self)
        return self

    def __exit__(self, *_):
        assert not self.ended.is_set(), "ended twice"
        self.ended.set()

    def run(self, pieces, seed):
        if self.wait:
            self.wait(self)
        if pieces[0].source in self.fails:
            raise SandboxError("no reason was given")
        if pieces[0].source == "bug":
            raise ZeroDivisionError("a bug of ours")
        return Execution(usage=Usage(processes=len(pieces) + seed))


def job(name, size=1):
    return Job(name, (Piece("added", name),) * size)


def run(pool, jobs, stop=None):
    return {d.key: d for d in pool.run(jobs, 100, stop or threading.Event())}


def test_every_job_gives_its_own_execution():
    log = []
    with LocalPool(lambda: Echo(log), 3, SandboxError) as pool:
        assert pool.isolation == "bubblewrap"
        done = run(pool, (job(f"j{n}", n) for n in range(1, 30)))
    assert {k: d.execution.usage.processes for k, d in done.items()} == {
        f"j{n}": 100 + n for n in range(1, 30)
    }
    assert 1 <= len(log) <= 3
    assert all(one.ended.is_set() for one in log)


def test_a_sandbox_that_fails_is_replaced_and_the_job_tried_again():
    log = []
    with LocalPool(
        lambda: Echo(log, fails=["j1"] if len(log) < 2 else []), 1, SandboxError
    ) as pool:
        done = run(pool, [job("j1"), job("j2")])
    assert all(d.execution for d in done.values())
    assert len(log) == 3
    assert all(one.ended.is_set() for one in log)


def test_a_job_on_which_every_sandbox_fails_is_told_and_the_others_go_on():
    log = []
    with LocalPool(lambda: Echo(log, fails=["j1"]), 1, SandboxError) as pool:
        done = run(pool, [job("j1"), job("j2")])
    assert done["j1"].execution is None
    assert done["j1"].failure == "SandboxError: no reason was given"
    assert done["j2"].execution is not None
    assert len(log) == ATTEMPTS + 1


def test_an_error_of_ours_is_told_and_not_tried_again():
    log = []
    with LocalPool(lambda: Echo(log), 1, SandboxError) as pool:
        done = run(pool, [job("bug"), job("j2")])
    assert done["bug"].failure == "ZeroDivisionError: a bug of ours"
    assert done["j2"].execution is not None
    assert len(log) == 2


def test_never_more_jobs_are_taken_than_there_is_room_for():
    taken, given = [], []

    def jobs():
        for number in range(50):
            taken.append(number)
            assert len(taken) - len(given) <= 4
            yield job(f"j{number}")

    with LocalPool(lambda: Echo([]), 2, SandboxError) as pool:
        for number, done in enumerate(pool.run(jobs(), 0, threading.Event()), 1):
            given.append(done)
            assert len(given) == number
    assert len(given) == 50


def test_once_it_is_to_stop_no_job_is_begun_and_those_that_run_are_given():
    stop, go = threading.Event(), threading.Event()
    log = []

    def wait(_echo):
        stop.set()
        go.wait(10)

    threading.Timer(0.3, go.set).start()
    with LocalPool(lambda: Echo(log, wait=wait), 2, SandboxError) as pool:
        done = run(pool, (job(f"j{n}") for n in range(50)), stop)
    assert 1 <= len(done) <= 2
    assert all(d.execution for d in done.values())


def test_an_error_where_results_are_taken_ends_what_runs():
    log = []

    def wait(echo):
        if len(log) > 1:
            assert echo.ended.wait(10), "nobody ended it"
            raise SandboxError("ended")

    began = time.monotonic()
    with LocalPool(lambda: Echo(log, wait=wait), 2, SandboxError) as pool:
        results = pool.run((job(f"j{n}") for n in range(50)), 0, threading.Event())
        next(results)
        with pytest.raises(KeyboardInterrupt):
            results.throw(KeyboardInterrupt())
    assert time.monotonic() - began < 5
    assert all(one.ended.is_set() for one in log)


def test_after_it_is_to_stop_nothing_is_tried_again():
    stop = threading.Event()
    tried = []

    def attempt():
        tried.append(1)
        stop.set()
        raise SandboxError("ended")

    with pytest.raises(SandboxError):
        patiently(attempt, SandboxError, stop)
    assert len(tried) == 1
