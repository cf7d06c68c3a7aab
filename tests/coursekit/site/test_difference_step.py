"""The figure of the best step of a finite difference, held against NumPy."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

Q, CONSTANT = 2.7331977, 0.0245
SLOPE = 1 - Q
WAYS = ["forward", "central"]
KINDS = {"double": np.float64, "single": np.float32}
POWERS = [-15, -12.25, -10, -8, -5.25, -3, -1.5, 0]


def loss(t, number):
    t = number(t)
    power = number(np.exp(np.float64(number(-2 * t))))
    return number(number(number(CONSTANT) + t) + number(number(Q / 2) * power))


def found(figures, power, way, kind):
    return figures.model("difference-step", power=power, way=way, kind=kind)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("power", POWERS)
def test_the_slope_is_what_numpy_measures(figures, power, way, kind):
    said = found(figures, power, way, kind)
    h = KINDS[kind](10.0**power)
    back, width = (0.0, h) if way == "forward" else (-h, 2 * h)
    measured = (loss(h, KINDS[kind]) - loss(back, KINDS[kind])) / width
    # Two exponentials may differ in their last digit, and the step magnifies that.
    last_digits = 8 * np.finfo(KINDS[kind]).eps / h
    np.testing.assert_allclose(said["measured"], measured, rtol=1e-6, atol=last_digits)
    assert said["error"] == abs(said["measured"] - SLOPE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_error_stays_below_what_theory_says(figures, way, kind):
    for power in np.arange(-12, -1.75, 0.25):
        said = found(figures, float(power), way, kind)
        assert said["error"] <= 4 * (said["formula"] + said["rounding"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_best_step_is_where_the_sum_is_smallest(figures, way, kind):
    def total(power):
        said = found(figures, float(power), way, kind)
        return np.log(said["formula"] + said["rounding"])

    lowest = minimize_scalar(total, bounds=(-15, 0), method="bounded").x
    best = found(figures, -1, way, kind)["best"]
    np.testing.assert_allclose(np.log10(best), lowest, atol=1e-3)


def test_too_small_a_step_measures_zero(figures):
    assert found(figures, -15, "central", "single")["measured"] == 0
    said = figures.call(
        "difference-step",
        "figure.says",
        {"power": -15},
        found(figures, -15, "central", "single"),
    )
    assert "round to the same number" in said
