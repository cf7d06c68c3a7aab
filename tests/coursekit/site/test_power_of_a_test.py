"""The figure of power: its mathematics against SciPy, the library and a simulation."""

import numpy as np
import pytest
from scipy.stats import norm

from ml_from_scratch import stats

SD = 100 * np.sqrt(0.181 * 0.819)  # percentage points
LEVELS = {"ten": 0.1, "five": 0.05, "one": 0.01}


@pytest.mark.parametrize("z", [-9.0, -3.0, -0.4, 0.0, 1.0, 2.999, 3.0, 5.5, 20.0])
def test_the_tail_is_scipys(figures, z):
    found = figures.call("power-of-a-test", "above", z)
    assert found == pytest.approx(norm.sf(z), rel=1e-11)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("rows", [3.0, 3.3, 4.17, 5.0])
@pytest.mark.parametrize("effect", [0.0, 0.3, 2.0, 4.0])
def test_the_power_is_the_librarys(figures, effect, rows, level):
    found = figures.model("power-of-a-test", effect=effect, rows=rows, level=level)
    n = round(10**rows)
    assert found["n"] == n
    error = SD * np.sqrt(2 / n)
    bar = norm.isf(LEVELS[level] / 2) * error
    assert found["bar"] == pytest.approx(bar, rel=1e-12)
    exact = norm.sf(bar, effect, error) + norm.cdf(-bar, effect, error)
    assert found["power"] == pytest.approx(exact, rel=1e-9)
    # The library's is Student's: nearly the same with so many rows.
    library = stats.power_of_means(effect, n, sd=SD, alpha=LEVELS[level])
    assert found["power"] == pytest.approx(library, abs=1e-3)


@pytest.mark.parametrize(("effect", "rows"), [(0.0, 3.3), (1.0, 3.3), (3.0, 3.5)])
def test_what_wins_is_exaggerated_as_much_as_it_says(figures, effect, rows):
    found = figures.model("power-of-a-test", effect=effect, rows=rows, level="five")
    seen = np.random.default_rng(1).normal(effect, found["error"], 2_000_000)
    won = np.abs(seen[np.abs(seen) > found["bar"]])
    assert found["mean"] == pytest.approx(won.mean(), rel=2e-3)


def test_what_the_page_says_of_rows_and_effects_holds(figures):
    first = figures.model("power-of-a-test", effect=2.0, rows=3.3, level="five")
    assert 0.36 < first["power"] < 0.38
    rows = figures.model("power-of-a-test", effect=2.0, rows=3.6, level="five")
    effect = figures.model("power-of-a-test", effect=4.0, rows=3.3, level="five")
    assert effect["power"] > rows["power"] > first["power"]
    four = figures.model("power-of-a-test", effect=1.0, rows=3.9, level="five")
    assert four["power"] == pytest.approx(first["power"], abs=0.01)
