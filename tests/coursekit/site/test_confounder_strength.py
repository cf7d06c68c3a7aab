"""The figure of a confounder, held against least squares."""

import numpy as np
import pytest

STATES = [
    {"drives": 0.0, "costs": 8, "reliability": 0.7},
    {"drives": 0.7, "costs": 8, "reliability": 0.0},
    {"drives": 0.7, "costs": 8, "reliability": 0.7},
    {"drives": 0.95, "costs": 12, "reliability": 0.9},
    {"drives": 0.4, "costs": 3, "reliability": 1.0},
]


def coefficient(S, names, on, target):
    """Least squares in the population: from covariances, without a sample."""
    inside = [names.index(name) for name in on]
    against = S[inside, names.index(target)]
    return np.linalg.solve(S[np.ix_(inside, inside)], against)[0]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_the_estimates_are_those_of_least_squares(figures, state):
    a, b, r = state["drives"], state["costs"], state["reliability"]
    # Rows: treatment, confounder, measurement, outcome, as sums of four free noises.
    treatment = np.array([a, np.sqrt(1 - a**2), 0, 0])
    confounder = np.array([1.0, 0, 0, 0])
    measured = np.sqrt(r) * confounder + np.sqrt(1 - r) * np.array([0, 0, 1.0, 0])
    outcome = -4 * treatment + b * confounder + np.array([0, 0, 0, 1.0])
    rows = np.array([treatment, confounder, measured, outcome])
    names = ["treatment", "confounder", "measured", "outcome"]
    S = rows @ rows.T
    found = figures.model("confounder-strength", **state)
    crude = coefficient(S, names, ["treatment"], "outcome")
    adjusted = coefficient(S, names, ["treatment", "measured"], "outcome")
    assert found["crude"] == pytest.approx(crude)
    assert found["adjusted"] == pytest.approx(adjusted)
    full = coefficient(S, names, ["treatment", "confounder"], "outcome")
    assert found["truth"] == pytest.approx(full)


def test_a_sample_gives_the_same_within_its_error(figures):
    rng = np.random.default_rng(0)
    confounder, own, noise, luck = rng.normal(size=(4, 200_000))
    treatment = 0.6 * confounder + 0.8 * own
    measured = np.sqrt(0.7) * confounder + np.sqrt(0.3) * noise
    outcome = -4 * treatment + 8 * confounder + luck
    X = np.column_stack([treatment, measured])
    state = {"drives": 0.6, "costs": 8, "reliability": 0.7}
    found = figures.model("confounder-strength", **state)
    slope = np.linalg.lstsq(X, outcome, rcond=None)[0][0]
    assert found["adjusted"] == pytest.approx(slope, abs=0.05)


def test_what_the_page_says_of_the_figure_holds(figures):
    strong = {"drives": 0.95, "costs": 8, "reliability": 0.9}
    assert figures.model("confounder-strength", **strong)["adjusted"] > 0
    first = figures.model("confounder-strength", **strong | {"reliability": 0.7})
    assert first["turns"] == pytest.approx(0.5)
    measured = figures.model("confounder-strength", **strong | {"reliability": 1})
    assert measured["adjusted"] == pytest.approx(-4)
