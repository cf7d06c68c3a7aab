"""The figure's queue, held against `ml_from_scratch.systems.queueing`."""

import math

import numpy as np
import pytest

from ml_from_scratch.systems import queueing

COUNT = 40_000
VARIATION = {"same": 0.0, "exponential": 1.0, "heavy": 4.75}
FIRST = {"rate": 50, "service": 10, "servers": 1, "seed": 1, "kind": "exponential"}


def simulated(figures, **changes):
    """What the figure drew: its history and what it makes of it."""
    state = FIRST | changes
    history = figures.call("queue-simulator", "simulate", state)
    return {name: np.array(values) for name, values in history.items()}, figures.model(
        "queue-simulator", **state
    )


@pytest.mark.parametrize("load", [0.01, 0.5, 0.9, 1.7, 3.2, 7.9])
@pytest.mark.parametrize("servers", [1, 2, 4, 8])
def test_erlang_c_is_the_librarys(figures, load, servers):
    if load < servers:
        found = figures.call("queue-simulator", "erlangC", load, servers)
        assert found == pytest.approx(queueing.erlang_c(load, servers), rel=1e-12)


@pytest.mark.parametrize(("rate", "servers"), [(30, 1), (95, 1), (150, 2), (390, 4)])
def test_exponential_service_waits_by_erlangs_formula(figures, rate, servers):
    _, found = simulated(figures, rate=rate, servers=servers)
    expected = 1000 * queueing.mmc_mean_wait(rate, 0.010, servers=servers)
    assert found["formula"] == pytest.approx(expected, rel=1e-12)
    assert found["exact"]


@pytest.mark.parametrize("kind", VARIATION)
@pytest.mark.parametrize("rate", [20, 60, 95])
def test_one_server_waits_by_pollaczek_and_khinchine(figures, kind, rate):
    _, found = simulated(figures, rate=rate, kind=kind)
    variance = VARIATION[kind] * 0.010**2
    expected = 1000 * queueing.mg1_mean_wait(rate, 0.010, variance)
    assert found["formula"] == pytest.approx(expected, rel=1e-12)
    assert found["exact"]


def test_several_servers_with_other_service_times_are_called_an_approximation(figures):
    _, found = simulated(figures, servers=3, kind="heavy", rate=200)
    assert not found["exact"]


@pytest.mark.parametrize("kind", VARIATION)
@pytest.mark.parametrize("servers", [1, 3, 8])
def test_every_request_starts_when_the_library_says(figures, kind, servers):
    history, found = simulated(figures, kind=kind, servers=servers, rate=80 * servers)
    theirs = queueing.simulate_queue(
        history["arrivals"], history["lengths"], servers=servers
    )
    np.testing.assert_allclose(history["starts"], theirs.starts, rtol=0, atol=1e-9)
    assert found["mean"] == pytest.approx(1000 * theirs.waits.mean(), rel=1e-9)
    p95 = np.sort(1000 * theirs.waits)[math.ceil(0.95 * COUNT) - 1]
    assert found["p95"] == pytest.approx(p95, rel=1e-9)


@pytest.mark.parametrize("kind", VARIATION)
def test_the_draws_have_the_mean_and_variation_that_they_claim(figures, kind):
    history, _ = simulated(figures, kind=kind)
    gaps = np.diff(history["arrivals"], prepend=0)
    lengths = history["lengths"]
    assert gaps.mean() == pytest.approx(1 / 50, rel=4 / math.sqrt(COUNT))
    assert gaps.std() == pytest.approx(1 / 50, rel=0.03)
    assert lengths.mean() == pytest.approx(0.010, rel=0.05)
    variation = lengths.var() / lengths.mean() ** 2
    assert variation == pytest.approx(VARIATION[kind], rel=0.05, abs=1e-12)
    # gaps are independent of each other and of the service times
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4 / math.sqrt(COUNT)
    if kind != "same":
        assert abs(np.corrcoef(gaps, lengths)[0, 1]) < 4 / math.sqrt(COUNT)


@pytest.mark.parametrize("kind", VARIATION)
@pytest.mark.parametrize("rate", [30, 60, 80])
def test_the_simulation_is_within_its_standard_error(figures, kind, rate):
    """Nine draws each: their errors, in standard errors, are those of chance."""
    scores = []
    for seed in range(1, 10):
        _, found = simulated(figures, kind=kind, rate=rate, seed=seed)
        scores.append((found["mean"] - found["formula"]) / found["error"])
    scores = np.array(scores)
    assert np.abs(scores).max() < 4.5
    assert np.sqrt((scores**2).mean()) < 2
    assert np.sqrt((scores**2).mean()) > 0.3  # nor are the errors claimed too large


@pytest.mark.parametrize(("rate", "servers"), [(70, 1), (240, 3), (320, 4)])
def test_the_95th_percentile_is_near_its_closed_form(figures, rate, servers):
    _, found = simulated(figures, rate=rate, servers=servers)
    expected = 1000 * queueing.mmc_wait_percentile(rate, 0.010, 95, servers=servers)
    assert found["p95"] == pytest.approx(expected, rel=0.15)


def test_the_line_that_is_drawn_is_who_waits(figures):
    history, found = simulated(figures, rate=90)
    moments = np.array([time for time, _ in found["line"]])
    assert moments.size > 50
    assert (np.diff(moments) >= 0).all()
    assert moments[-1] < 2
    between = (moments[:-1] + moments[1:]) / 2
    arrived = np.searchsorted(history["arrivals"], between)
    begun = np.searchsorted(np.sort(history["starts"]), between)
    # a moment between two that coincide has no width
    wide = np.diff(moments) > 1e-12
    drawn = np.array([n for _, n in found["line"]])[:-1]
    np.testing.assert_array_equal(drawn[wide], (arrived - begun)[wide])


def test_a_slider_stretches_one_history(figures):
    slow, _ = simulated(figures, rate=25)
    quick, _ = simulated(figures, rate=50)
    np.testing.assert_allclose(slow["arrivals"], 2 * quick["arrivals"])


def test_another_draw_is_another_history(figures):
    one, _ = simulated(figures, seed=1)
    two, _ = simulated(figures, seed=2)
    assert abs(np.corrcoef(one["lengths"], two["lengths"])[0, 1]) < 0.03


def test_overload_has_no_mean_and_says_so(figures):
    _, found = simulated(figures, rate=120)
    assert found["formula"] == math.inf
    state = FIRST | {"rate": 120}
    said = figures.call("queue-simulator", "figure.says", state, found)
    assert said == (
        "120 % busy: there is no mean wait, since the line grows without end, "
        "by about 20 requests a second."
    )
