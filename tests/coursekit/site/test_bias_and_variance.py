"""The figure of bias and variance: held against NumPy, and against a simulation."""

import numpy as np
import pytest
from numpy.polynomial.legendre import legvander

GRID = np.linspace(0, 1, 81)
STATES = [(0, 20), (1, 30), (3, 30), (7, 50), (12, 20), (12, 200)]


def truth(x):
    return np.sin(8 * x) + x


def smoother(degree, rows, at):
    x = (np.arange(rows) + 0.5) / rows
    return legvander(2 * at - 1, degree) @ np.linalg.pinv(legvander(2 * x - 1, degree))


@pytest.mark.parametrize(("degree", "rows"), STATES)
def test_the_bars_are_the_closed_forms(figures, degree, rows):
    found = figures.model("bias-and-variance", degree=degree, rows=rows, sd=0.3)
    x = (np.arange(rows) + 0.5) / rows
    S = smoother(degree, rows, x)
    bias = np.mean((S @ truth(x) - truth(x)) ** 2)
    assert found["bias"] == pytest.approx(bias, rel=1e-6, abs=1e-14)
    assert found["variance"] == pytest.approx(0.09 * np.mean((S**2).sum(axis=1)))
    assert found["noise"] == pytest.approx(0.09)


@pytest.mark.parametrize(("degree", "rows"), STATES)
def test_the_curves_are_numpys_fits_to_the_same_noise(figures, degree, rows):
    found = figures.model("bias-and-variance", degree=degree, rows=rows, sd=0.4)
    x = (np.arange(rows) + 0.5) / rows
    S = smoother(degree, rows, GRID)
    np.testing.assert_allclose(found["mean"], S @ truth(x), atol=1e-9)
    for number, fitted in enumerate(found["fits"]):
        noise = np.array(figures.call("bias-and-variance", "normals", rows, 1 + number))
        np.testing.assert_allclose(fitted, S @ (truth(x) + 0.4 * noise), atol=1e-9)
    assert len(found["fits"]) == 12


def test_the_noise_is_normal_and_differs_between_fits(figures):
    drawn = [figures.call("bias-and-variance", "normals", 200, s) for s in range(1, 13)]
    table = np.array(drawn)
    assert abs(table.mean()) < 4 / np.sqrt(table.size)
    assert table.std() == pytest.approx(1, abs=0.06)
    np.testing.assert_allclose(np.corrcoef(table), np.eye(12), atol=0.28)


def test_a_fits_spread_over_many_draws_is_the_bar(figures):
    found = figures.model("bias-and-variance", degree=5, rows=30, sd=0.3)
    x = (np.arange(30) + 0.5) / 30
    rng = np.random.default_rng(1)
    y = truth(x) + rng.normal(scale=0.3, size=(20_000, 30))
    table = y @ smoother(5, 30, x).T
    assert found["variance"] == pytest.approx(table.var(axis=0).mean(), rel=0.02)


def test_what_the_page_says_of_rows_and_degrees_holds(figures):
    def at(degree, rows):
        return figures.model("bias-and-variance", degree=degree, rows=rows, sd=0.3)

    stiff, more = at(1, 30), at(1, 200)
    assert more["bias"] == pytest.approx(stiff["bias"], rel=0.01)
    assert more["variance"] < stiff["variance"] / 6
    wild, tamed = at(12, 20), at(12, 200)
    assert wild["variance"] > 10 * wild["bias"]
    assert tamed["variance"] == pytest.approx(wild["variance"] / 10)
