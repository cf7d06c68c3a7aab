"""Retries, the circuit breaker and fallbacks, with a clock that the test moves."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.resilience import (
    CircuitBreaker,
    CircuitOpenError,
    backoff_delays,
    retry,
    with_fallback,
)


class Service:
    """Gives what it is told to, one thing a call; exceptions are raised."""

    def __init__(self, *answers):
        self.answers, self.calls = list(answers), 0

    def __call__(self):
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


DOWN = ConnectionError("down")


@settings(max_examples=30)
@given(
    st.integers(0, 12), st.floats(0.01, 10), st.floats(0.01, 100), st.integers(0, 99)
)
def test_pauses_stay_under_a_bound_that_doubles_up_to_the_cap(n, base, cap, seed):
    pauses = backoff_delays(n, base=base, cap=cap, rng=np.random.default_rng(seed))
    assert len(pauses) == n
    for i, pause in enumerate(pauses):
        assert 0 <= pause <= min(cap, base * 2**i)


def test_pauses_are_spread_evenly_below_their_bound():
    rng = np.random.default_rng(0)
    third = [backoff_delays(3, base=1.0, cap=60.0, rng=rng)[2] for _ in range(4000)]
    assert np.mean(third) == pytest.approx(2.0, abs=4 * 4 / np.sqrt(12 * 4000))


@pytest.mark.parametrize(("n", "base", "cap"), [(-1, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_pauses_that_make_no_sense_are_refused(n, base, cap):
    with pytest.raises(ValueError, match="expected 0 or more"):
        backoff_delays(n, base=base, cap=cap, rng=np.random.default_rng(0))


def test_it_asks_again_after_each_pause_until_it_is_answered():
    service, slept = Service(DOWN, TimeoutError("slow"), "up"), []
    assert retry(service, delays=[0.1, 0.2, 0.4], sleep=slept.append) == "up"
    assert (service.calls, slept) == (3, [0.1, 0.2])


def test_the_last_failure_comes_out_when_no_pause_is_left():
    service, slept = Service(DOWN, TimeoutError("slow")), []
    with pytest.raises(TimeoutError, match="slow"):
        retry(service, delays=[0.1], sleep=slept.append)
    assert (service.calls, slept) == (2, [0.1])


def test_an_error_that_will_not_pass_is_not_tried_again():
    service = Service(ValueError("no such airport"), "never")
    with pytest.raises(ValueError, match="no such airport"):
        retry(service, delays=[0.1], sleep=pytest.fail)
    assert service.calls == 1


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def broken(threshold=2, cooldown=10.0):
    """A breaker that has just opened, and its clock."""
    clock = Clock()
    breaker = CircuitBreaker(threshold=threshold, cooldown=cooldown, clock=clock)
    for _ in range(threshold):
        with pytest.raises(ConnectionError):
            breaker.call(Service(DOWN))
    return breaker, clock


def test_it_opens_after_failures_in_a_row_and_then_does_not_ask():
    breaker, _ = broken()
    service = Service("up")
    with pytest.raises(CircuitOpenError, match="2 calls in a row failed"):
        breaker.call(service)
    assert (service.calls, breaker.state) == (0, "open")


def test_an_answer_in_between_starts_the_count_again():
    breaker = CircuitBreaker(threshold=2, cooldown=10.0, clock=Clock())
    for service in (Service(DOWN), Service("up"), Service(DOWN)):
        with contextlib.suppress(ConnectionError):
            breaker.call(service)
    assert breaker.state == "closed"


def test_after_the_cooldown_one_good_answer_closes_it():
    breaker, clock = broken()
    clock.now = 10.0
    assert breaker.state == "half open"
    assert breaker.call(Service("up")) == "up"
    assert breaker.state == "closed"


def test_after_the_cooldown_one_failure_opens_it_again_for_as_long():
    breaker, clock = broken()
    clock.now = 10.0
    with pytest.raises(ConnectionError):
        breaker.call(Service(DOWN))
    clock.now = 19.9
    assert breaker.state == "open"
    clock.now = 20.0
    assert breaker.state == "half open"


@pytest.mark.parametrize(("threshold", "cooldown"), [(0, 1.0), (1, -1.0)])
def test_a_breaker_that_makes_no_sense_is_refused(threshold, cooldown):
    with pytest.raises(ValueError, match="expected 1 or more, and seconds"):
        CircuitBreaker(threshold=threshold, cooldown=cooldown)


def test_the_fallback_answers_for_an_open_breaker_and_says_so():
    breaker, _ = broken()
    asked = with_fallback(lambda: breaker.call(Service("up")), lambda: 0.24)
    assert asked == (0.24, True)


def test_the_good_answer_needs_no_fallback():
    assert with_fallback(Service(0.7), pytest.fail) == (0.7, False)


def test_a_defect_is_not_hidden_by_the_fallback():
    with pytest.raises(KeyError):
        with_fallback(Service(KeyError("origin")), lambda: 0.24)
