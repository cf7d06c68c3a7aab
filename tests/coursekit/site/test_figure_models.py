"""The mathematics of five figures, held against the library, SciPy and scikit-learn."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as theirs
from sklearn.linear_model import LogisticRegression

from ml_from_scratch import drift, linear, optim
from ml_from_scratch.stats import bayes_rule

CURVATURE = np.array([1.0, 25.0])


@pytest.mark.parametrize("rate", [0.01, 0.07, 0.0801, 0.12])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.95])
def test_the_descent_is_the_librarys(figures, rate, momentum):
    start = [-9, 2]
    found = figures.model("loss-surface", rate=rate, momentum=momentum, start=start)
    steps = len(found["path"]) - 1
    trace = optim.gradient_descent(
        lambda x: 0.5 * CURVATURE @ x**2,
        lambda x: CURVATURE * x,
        start,
        rate=rate,
        momentum=momentum,
        steps=steps,
    )
    np.testing.assert_allclose(found["path"], trace.path, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["losses"], trace.losses, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_edge_of_the_rate_is_where_the_figure_says(figures, momentum):
    state = {"momentum": momentum, "start": [0, 2]}
    edge = figures.model("loss-surface", rate=0.1, **state)["edge"]
    # The steep axis alone: the spectral radius of one step passes 1 there.
    for rate, grows in ((0.99 * edge, False), (1.01 * edge, True)):
        step = [[momentum, 25.0], [-rate * momentum, 1 - rate * 25]]
        assert (max(abs(np.linalg.eigvals(step))) > 1) == grows
        assert figures.model("loss-surface", rate=rate, **state)["beyond"] == grows


def points(figures, **moved):
    listed = figures.call("decision-boundary", "figure.points")
    at = {point["name"]: [point["x"], point["y"]] for point in listed} | moved
    labels = [name.startswith("square") for name in at]
    return at, np.array(list(at.values())), np.array(labels, dtype=int)


@pytest.mark.parametrize("log_c", [-3, 0, 2, 4])
@pytest.mark.parametrize("stray", [[1.6, 1.4], [-2.0, -2.0], [3.0, 3.0]])
def test_the_boundary_is_the_librarys_and_scikit_learns(figures, log_c, stray):
    at, X, y = points(figures, round5=stray)
    found = figures.model("decision-boundary", c=log_c, **at)
    how = {"C": 10.0**log_c, "tol": 1e-10, "max_iter": 500}
    ours = linear.LogisticRegression(solver="newton", **how).fit(X, y)
    sklearns = LogisticRegression(solver="newton-cholesky", **how).fit(X, y)
    for model in (ours, sklearns):
        np.testing.assert_allclose(found["weights"], model.coef_[0], rtol=1e-4)
        np.testing.assert_allclose(found["intercept"], model.intercept_, rtol=1e-4)
    assert found["wrong"] == np.sum(sklearns.predict(X) != y)


def test_the_weights_settle_with_the_stray_circle_and_never_without(figures):
    def norms(**moved):
        at, *_ = points(figures, **moved)
        return [
            figures.model("decision-boundary", c=c, **at)["norm"] for c in (2, 3, 4, 5)
        ]

    settled, growing = norms(), norms(round5=[-2, -2])
    assert settled[-1] == pytest.approx(settled[1], rel=1e-2)
    assert np.all(np.diff(growing) > 2)


def test_the_band_from_one_in_ten_to_nine_in_ten_is_as_wide_as_said(figures):
    at, *_ = points(figures)
    found = figures.model("decision-boundary", c=0, **at)
    weights = np.array(found["weights"])
    across = weights / np.linalg.norm(weights) * found["width"] / 2
    middle = -found["intercept"] * weights / (weights @ weights)
    ends = [(middle + way * across) @ weights + found["intercept"] for way in (-1, 1)]
    np.testing.assert_allclose(1 / (1 + np.exp(-np.array(ends))), [0.1, 0.9])


COSTS = {"miss": 300, "alarm": 75, "world": "same"}


@pytest.mark.parametrize("world", ["same", "rare"])
@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.9])
def test_counts_and_rates_are_scikit_learns(figures, threshold, world):
    odds = {"same": 1, "rare": 0.5}[world]
    rows = figures.call("threshold-cost", "flights", odds)
    scores = np.tile(figures.call("threshold-cost", "scores"), 2)
    y = np.repeat([1, 0], len(scores) // 2)
    weight = np.concatenate([rows["late"], rows["punctual"]])
    advised = scores >= threshold
    state = COSTS | {"threshold": threshold, "world": world}
    found = figures.model("threshold-cost", **state)
    table = theirs.confusion_matrix(y, advised, sample_weight=weight)
    names = ["spared", "needless", "missed", "caught"]
    np.testing.assert_allclose([found[name] for name in names], table.ravel())
    for name, score in (
        ("precision", theirs.precision_score),
        ("recall", theirs.recall_score),
    ):
        assert found[name] == pytest.approx(score(y, advised, sample_weight=weight))
    cost = np.average(300 * (y & ~advised) + 75 * (1 - y) * advised, weights=weight)
    assert found["cost"] == pytest.approx(cost)
    assert found["costs"][round(100 * threshold)] == pytest.approx(cost)


@pytest.mark.parametrize(("miss", "alarm"), [(300, 75), (100, 100), (600, 25)])
def test_honest_scores_make_the_formulas_threshold_the_cheapest(figures, miss, alarm):
    costs = {"miss": miss, "alarm": alarm, "threshold": 0.5}
    honest = figures.model("threshold-cost", **costs, world="same")
    assert honest["formula"] == pytest.approx(alarm / (alarm + miss))
    assert honest["best"] == pytest.approx(honest["formula"], abs=0.01)
    rarer = figures.model("threshold-cost", **costs, world="rare")
    # A score s now means s / (2 - s); it reaches the break-even t at 2 t / (1 + t).
    assert rarer["best"] == pytest.approx(
        2 * honest["formula"] / (1 + honest["formula"]), abs=0.01
    )
    assert rarer["formula"] == honest["formula"]


def test_nobody_advised_leaves_precision_without_a_value(figures):
    found = figures.model("threshold-cost", **COSTS, threshold=1)
    assert np.isnan(found["precision"])
    assert found["recall"] == 0
    said = figures.call("threshold-cost", "figure.says", COSTS, found)
    assert "precision undefined" in said


DRIFTS = [
    {"rows": 1.5, "shift": 0.0, "spread": 1.0, "seed": 1},
    {"rows": 2.5, "shift": 0.15, "spread": 1.0, "seed": 3},
    {"rows": 3.25, "shift": 0.3, "spread": 0.7, "seed": 20},
    {"rows": 4.0, "shift": 0.05, "spread": 1.5, "seed": 7},
]


@pytest.mark.parametrize("state", DRIFTS, ids=str)
def test_drift_is_measured_as_the_library_does(figures, state):
    found = figures.model("drift-slider", **state)
    drawn = figures.call("drift-slider", "samples", state)
    before, now = drawn["before"], drawn["now"]
    n = found["n"]
    assert len(before) == len(now) == n == round(10 ** state["rows"])
    assert found["psi"] == pytest.approx(drift.psi(before, now), rel=1e-9)
    assert found["psiLimit"] == pytest.approx(drift.psi_limit(n, n), rel=1e-9)
    assert found["ks"] == pytest.approx(stats.ks_2samp(before, now).statistic)
    limit = stats.kstwobign.sf(found["ks"] * np.sqrt(n / 2))
    assert found["p"] == pytest.approx(limit, rel=1e-6, abs=1e-15)
    if n > 1000:  # where the library takes the same limit
        p_value = drift.ks_2samp(before, now).p_value
        assert found["p"] == pytest.approx(p_value, rel=1e-6, abs=1e-15)


def test_the_draws_are_normal_and_moved_as_the_sliders_say(figures):
    state = {"rows": 4.0, "shift": 0.8, "spread": 1.5, "seed": 4}
    drawn = figures.call("drift-slider", "samples", state)
    assert stats.kstest(drawn["before"], "norm").pvalue > 0.01
    assert stats.kstest(drawn["now"], "norm", args=(0.8, 1.5)).pvalue > 0.01


def test_what_the_page_says_of_draws_and_gaps_holds(figures):
    still = {"shift": 0, "spread": 1, "rows": 1.5}
    small = [
        figures.model("drift-slider", **still, seed=s)["psi"] for s in range(1, 21)
    ]
    assert min(small) > 0.1
    many = {"rows": 4, "seed": 1}
    moved = figures.model("drift-slider", shift=0.25, spread=1, **many)
    wider = figures.model("drift-slider", shift=0, spread=1.5, **many)
    assert moved["ks"] == pytest.approx(wider["ks"], abs=0.01)
    assert wider["psi"] > 3 * moved["psi"]


@pytest.mark.parametrize("base", [0, 0.67, 2.7])
@pytest.mark.parametrize("sensitivity", [50, 99])
@pytest.mark.parametrize("specificity", [90, 99.5])
def test_a_ring_means_what_bayes_rule_says(figures, base, sensitivity, specificity):
    state = {"base": base, "sensitivity": sensitivity, "specificity": specificity}
    found = figures.model("alarm-icons", **state)
    prior = 10**base / 1000
    rings = [sensitivity / 100, 1 - specificity / 100]
    posterior = bayes_rule([prior, 1 - prior], rings)
    np.testing.assert_allclose(found["precision"], posterior[0], rtol=1e-9)
    kinds = [found[kind] for kind in ("right", "missed", "needless", "spared")]
    np.testing.assert_allclose(sum(kinds), 1000, rtol=1e-12)
    assert min(kinds) >= 0
