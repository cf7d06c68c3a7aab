"""The figure of flights that are late together, held against SciPy and a simulation."""

import numpy as np
import pytest
from scipy import stats

CASES = [(24, 22, 0.16), (5, 5, 0.01), (40, 50, 0.5), (12, 30, 0.0), (31, 7, 0.33)]


def expected(n, chance, rho):
    p = chance / 100
    if rho == 0:
        return stats.binom(n, p)
    return stats.betabinom(n, p * (1 / rho - 1), (1 - p) * (1 / rho - 1))


@pytest.mark.parametrize(("n", "chance", "rho"), CASES)
@pytest.mark.parametrize("agents", [0, 4, 11, 40])
def test_the_distribution_is_scipys(figures, n, chance, rho, agents):
    state = {"flights": n, "chance": chance, "rho": rho, "agents": agents}
    found = figures.model("late-together", **state)
    for name, place, true in (
        ("together", 0, expected(n, chance, rho)),
        ("alone", 1, expected(n, chance, 0)),
    ):
        np.testing.assert_allclose(
            found[name], true.pmf(np.arange(n + 1)), rtol=1e-8, atol=1e-15
        )
        short = true.sf(agents)
        assert found["short"][place] == pytest.approx(short, rel=1e-6, abs=1e-12)
        assert found["enough"][place] == true.ppf(0.99)


@pytest.mark.parametrize(("n", "chance", "rho"), CASES)
def test_mean_and_spread_are_those_of_the_distribution(figures, n, chance, rho):
    state = {"flights": n, "chance": chance, "rho": rho, "agents": 3}
    found = figures.model("late-together", **state)
    k, p = np.arange(n + 1), np.array(found["together"])
    assert found["mean"] == pytest.approx(k @ p, rel=1e-9)
    assert found["sd"] ** 2 == pytest.approx((k - k @ p) ** 2 @ p, rel=1e-8)


def test_two_flights_have_the_correlation_that_the_slider_says(figures):
    rng = np.random.default_rng(0)
    own = rng.beta(0.22 * (1 / 0.16 - 1), 0.78 * (1 / 0.16 - 1), size=400_000)
    late = rng.random((2, 400_000)) < own
    assert np.corrcoef(late)[0, 1] == pytest.approx(0.16, abs=0.006)
    state = {"flights": 24, "chance": 22, "rho": 0.16, "agents": 11}
    found = figures.model("late-together", **state)
    assert found["factor"] == pytest.approx(1 + 23 * 0.16)


def test_the_first_sentence_says_what_the_page_says(figures):
    state = {"flights": 24, "chance": 22, "rho": 0.16, "agents": 11}
    said = figures.drawn("late-together", **state)
    assert "variance 4.7 times" in str(said)
