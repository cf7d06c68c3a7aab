"""A/B tests, CUPED, sequential looks, causes: closed forms, statsmodels, simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from ml_from_scratch.stats import (
    ab_test,
    always_valid_p_values,
    bias_variance,
    bootstrap,
    confidence_sequence,
    crossing_probabilities,
    cuped,
    doubly_robust_effect,
    group_sequential_bounds,
    inverse_propensity_effect,
    power_of_means,
    ratio_metric,
    ratio_test,
    relative_lift,
    sample_ratio_mismatch,
    standardized_effect,
    t_test,
    welch_test,
)

EXACT = 1e-9  # relative
SEEDS = st.integers(0, 2**32 - 1)


def users(seed: int = 0, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return clicks and views: users differ in how much they view and click."""
    rng = np.random.default_rng(seed)
    views = 1 + rng.poisson(rng.gamma(2, 4, size=n))
    return rng.binomial(views, rng.beta(2, 18, size=n)), views


# --- lift and ratios ---------------------------------------------------------------


def test_an_ab_test_is_welchs_test_with_a_lift_beside_it() -> None:
    x, y = load_diabetes().target[:200], load_diabetes().target[200:]
    found = ab_test(x, y, confidence=0.9)
    assert found.difference == welch_test(x, y, confidence=0.9)
    assert found.lift == relative_lift(x, y, confidence=0.9)
    assert (found.control, found.treatment) == (x.mean(), y.mean())
    assert found.lift.value == pytest.approx(y.mean() / x.mean() - 1)


@pytest.mark.parametrize("name", ["cancer", "diabetes", "lognormal"])
def test_the_delta_methods_error_of_a_lift_is_the_bootstraps_to_5_percent(
    name: str,
) -> None:
    rng = np.random.default_rng(1)
    pool = {
        "cancer": load_breast_cancer().data[:, 0],
        "diabetes": load_diabetes().target,
        "lognormal": rng.lognormal(size=600),
    }[name]
    x, y = pool[::2], pool[1::2] * 1.2

    def lift(x: np.ndarray, y: np.ndarray, axis: int = -1) -> Any:
        return np.mean(y, axis=axis) / np.mean(x, axis=axis) - 1

    replicated = bootstrap((x, y), lift, rng=rng, n_resamples=6000)
    found = relative_lift(x, y)
    assert found.standard_error == pytest.approx(replicated.standard_error, rel=0.05)


def test_intervals_of_a_lift_hold_the_truth_as_often_as_promised() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(2000):
        found = relative_lift(rng.exponential(5, 300), rng.exponential(6, 300))
        hits += found.low <= 0.2 <= found.high
    assert hits / 2000 == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 2000))


@pytest.mark.parametrize("seed", range(3))
def test_a_ratios_error_is_statsmodels_clustered_by_user_to_1e_9(seed: int) -> None:
    clicks, views = users(seed)
    ids = np.repeat(np.arange(len(views)), views)
    clicked = np.concatenate(
        [np.arange(v) < c for c, v in zip(clicks, views, strict=True)]
    )
    regression = sm.OLS(clicked.astype(float), np.ones((len(ids), 1))).fit(
        cov_type="cluster", cov_kwds={"groups": ids, "use_correction": False}
    )
    found = ratio_metric(clicks, views)
    n = len(views)
    assert found.value == pytest.approx(regression.params[0], rel=EXACT)
    expected = regression.bse[0] * np.sqrt(n / (n - 1))
    assert found.standard_error == pytest.approx(expected, rel=EXACT)


def test_a_ratio_with_one_view_a_user_is_a_mean() -> None:
    x = load_diabetes().target[:50]
    found = ratio_metric(x, np.ones(50))
    assert found.value == pytest.approx(x.mean())
    assert found.standard_error == pytest.approx(scipy_stats.sem(x))


def test_the_ratio_test_alarms_at_its_level_and_a_test_of_views_far_more_often() -> (
    None
):
    rng = np.random.default_rng(3)
    by_user, by_view = [], []
    for seed in rng.integers(0, 2**31, 1500):
        (clicks, views), (more, other) = users(seed, 150), users(seed + 1, 150)
        by_user.append(ratio_test((clicks, views), (more, other)).p_value <= 0.05)
        share, pooled = more.sum() / other.sum(), clicks.sum() / views.sum()
        both = (clicks.sum() + more.sum()) / (views.sum() + other.sum())
        error = np.sqrt(both * (1 - both) * (1 / views.sum() + 1 / other.sum()))
        by_view.append(abs(share - pooled) > 1.96 * error)
    assert np.mean(by_user) == pytest.approx(0.05, abs=4 * np.sqrt(0.0475 / 1500))
    assert np.mean(by_view) > 0.08


# --- CUPED -------------------------------------------------------------------------


def experiment(seed: int, k: int = 1, n: int = 300) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    before = rng.normal(5, 2, size=(2 * n + 50, k))
    y = before @ np.linspace(1, 2, k) + rng.normal(size=len(before))
    y[n:] += 0.3
    return y[:n], y[n:], before[:n], before[n:]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_cuped_is_the_regression_on_treatment_and_covariates_to_1e_9(
    k: int, seed: int
) -> None:
    x, y, before_x, before_y = experiment(seed, k)
    found = cuped(x, y, before_x, before_y)
    arm = np.repeat([0.0, 1.0], [len(x), len(y)])
    design = np.column_stack([np.ones(len(arm)), arm, np.vstack([before_x, before_y])])
    fitted = sm.OLS(np.concatenate([x, y]), design).fit(cov_type="HC2")
    assert found.difference.difference == pytest.approx(fitted.params[1], rel=EXACT)
    np.testing.assert_allclose(found.theta, fitted.params[2:], rtol=EXACT)
    # its error, which knows that theta was fitted, is a little larger
    assert found.difference.standard_error == pytest.approx(fitted.bse[1], rel=0.01)


def test_cuped_on_real_measurements_is_the_regression_too() -> None:
    data = load_diabetes()
    arm = (data.data[:, 1] > 0).astype(float)
    y, before = data.target, data.data[:, [2, 3, 3]]  # one column stands twice
    found = cuped(y[arm == 0], y[arm == 1], before[arm == 0], before[arm == 1])
    design = np.column_stack([np.ones(len(y)), arm, before[:, :2]])
    expected = np.linalg.lstsq(design, y)[0][1]
    assert found.difference.difference == pytest.approx(expected, rel=EXACT)
    assert found.variance_reduction > 0.3


def test_the_variance_falls_by_the_squared_correlation() -> None:
    x, y, before_x, before_y = experiment(4, n=20_000)
    found = cuped(x, y, before_x, before_y)
    expected = np.corrcoef(x, before_x[:, 0])[0, 1] ** 2
    assert found.variance_reduction == pytest.approx(expected, abs=0.01)


def test_a_covariate_that_says_nothing_changes_nothing() -> None:
    x, y, before_x, before_y = experiment(5)
    found = cuped(x, y, np.ones_like(before_x), np.ones_like(before_y))
    plain = welch_test(x, y)
    assert found.difference.difference == pytest.approx(plain.difference)
    assert found.difference.p_value == pytest.approx(plain.p_value)
    assert found.variance_reduction == pytest.approx(0.0, abs=1e-12)


def test_cuped_alarms_at_its_level_and_finds_what_the_plain_test_misses() -> None:
    rng = np.random.default_rng(6)
    false, found, plain = [], [], []
    for _ in range(800):
        before = rng.normal(size=(2, 60))
        x, y = before + rng.normal(scale=0.5, size=(2, 60))
        false.append(cuped(x, y, *before).difference.p_value <= 0.05)
        found.append(cuped(x, y + 0.3, *before).difference.p_value <= 0.05)
        plain.append(welch_test(x, y + 0.3).p_value <= 0.05)
    assert np.mean(false) == pytest.approx(0.05, abs=4 * np.sqrt(0.0475 / 800))
    assert np.mean(found) > 2 * np.mean(plain)


# --- the split ---------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 10_000), min_size=2, max_size=6).filter(any),
    st.sampled_from([None, "uneven"]),
)
def test_a_sample_ratio_mismatch_is_scipys_chi_squared_test(
    counts: list[int], shares: str | None
) -> None:
    planned = np.arange(1, len(counts) + 1) / sum(range(len(counts) + 1))
    ours = sample_ratio_mismatch(counts, planned if shares else None)
    expected = planned * sum(counts) if shares else None
    theirs = scipy_stats.chisquare(counts, expected)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-300)


# --- looking more than once --------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien_fleming"),
    [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040)],
)
def test_bounds_are_those_of_jennison_and_turnbulls_tables(
    looks: int, pocock: float, obrien_fleming: float
) -> None:
    flat = group_sequential_bounds(looks, kind="pocock")
    np.testing.assert_allclose(flat, pocock, atol=6e-4)
    falling = group_sequential_bounds(looks)
    steps = np.sqrt(looks / np.arange(1, looks + 1))
    np.testing.assert_allclose(falling, obrien_fleming * steps, atol=1.2e-3)


@pytest.mark.parametrize("times", [[0.5, 1.0], [0.2, 0.6], [0.3, 0.5, 1.0]])
@pytest.mark.parametrize("drift", [0.0, 2.8])
def test_crossing_probabilities_are_scipys_multivariate_normal(
    times: list[float], drift: float
) -> None:
    t, bounds = np.array(times), np.linspace(2.4, 2.0, len(times))
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    within = scipy_stats.multivariate_normal(
        drift * np.sqrt(t), covariance, abseps=1e-9, releps=1e-9, maxpts=10**6
    ).cdf(bounds, lower_limit=-bounds)
    found = crossing_probabilities(bounds, t, drift=drift)
    assert found.sum() == pytest.approx(1 - within, abs=1e-6)


def test_one_look_is_a_z_test() -> None:
    assert group_sequential_bounds(1)[0] == pytest.approx(scipy_stats.norm.isf(0.025))
    power = crossing_probabilities([1.96], drift=2.8).sum()
    expected = scipy_stats.norm.sf([1.96 - 2.8, 1.96 + 2.8]).sum()
    assert power == pytest.approx(expected, rel=1e-12)
    effect = 2.8 * np.sqrt(2 / 5000)  # a large sample: t is normal
    assert power == pytest.approx(power_of_means(effect, 5000), abs=1e-3)


@settings(max_examples=5)
@given(st.integers(2, 20), st.sampled_from(["pocock", "obrien-fleming"]))
def test_the_bounds_spend_exactly_alpha_at_any_number_of_looks(
    looks: int, kind: Any
) -> None:
    for alpha in (0.001, 0.05, 0.3):
        bounds = group_sequential_bounds(looks, kind=kind, alpha=alpha)
        found = crossing_probabilities(bounds)
        assert found.min() >= 0
        assert found.sum() == pytest.approx(alpha, abs=1e-9)


def walks(n: int = 20_000, looks: int = 5, drift: float = 0.0) -> np.ndarray:
    """Return z statistics at evenly spaced looks, one experiment a line."""
    steps = np.random.default_rng(7).normal(
        drift / looks, np.sqrt(1 / looks), (n, looks)
    )
    return np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, looks + 1) / looks)


def test_peeking_fools_as_often_as_computed_and_the_bounds_prevent_it() -> None:
    z = np.abs(walks())
    error = np.sqrt(0.142 * 0.858 / len(z))
    peeking = crossing_probabilities([1.96] * 5).sum()
    assert (z > 1.96).any(axis=1).mean() == pytest.approx(peeking, abs=4 * error)
    for kind in ("pocock", "obrien-fleming"):
        stopped = (z >= group_sequential_bounds(5, kind=kind)).any(axis=1).mean()
        assert stopped == pytest.approx(0.05, abs=4 * np.sqrt(0.0475 / len(z)))


def test_the_power_of_each_look_is_the_simulated_one() -> None:
    bounds = group_sequential_bounds(5)
    crossed = np.abs(walks(drift=3.0)) >= bounds
    first = np.where(crossed.any(axis=1), crossed.argmax(axis=1), 5)
    found = np.bincount(first, minlength=6)[:5] / len(crossed)
    expected = crossing_probabilities(bounds, drift=3.0)
    np.testing.assert_allclose(found, expected, atol=4 * 0.5 / np.sqrt(len(crossed)))


def test_always_valid_p_values_are_valid_at_every_look() -> None:
    rng = np.random.default_rng(8)
    least, naive = [], []
    for _ in range(1500):
        x = rng.normal(scale=2.0, size=400)
        least.append(always_valid_p_values(x, sigma=2.0, tau=0.5)[-1])
        z = np.cumsum(x) / 2 / np.sqrt(np.arange(1, 401))
        naive.append((np.abs(z[9:]) > 1.96).any())
    for alpha in (0.01, 0.05, 0.2):
        error = np.sqrt(alpha * (1 - alpha) / 1500)
        assert np.mean(np.array(least) <= alpha) <= alpha + 3 * error
    assert np.mean(naive) > 0.3


def test_the_mixture_is_the_integral_over_normal_effects() -> None:
    x, sigma, tau = np.array([2.4, 3.1, -0.2, 2.2]), 1.3, 0.7
    effects = np.linspace(-9, 9, 200_001)
    prior = scipy_stats.norm.pdf(effects, 0, tau)
    ratios = []
    for n in (1, 2, 3, 4):
        log_ratio = (x[:n].sum() * effects - n * effects**2 / 2) / sigma**2
        ratios.append(np.trapezoid(np.exp(log_ratio) * prior, effects))
    assert min(ratios) > 1.2
    expected = 1 / np.maximum.accumulate(ratios)
    found = always_valid_p_values(x, sigma=sigma, tau=tau)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@settings(max_examples=25)
@given(SEEDS)
def test_a_mean_is_outside_the_sequence_just_when_its_ratio_refutes_it(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    x, null = rng.normal(1, 1, size=60), rng.normal()
    sequence = confidence_sequence(x, sigma=1.0, tau=0.8, confidence=0.9)
    outside = (null < sequence.low) | (null > sequence.high)
    p = always_valid_p_values(x, sigma=1.0, tau=0.8, null=null)
    np.testing.assert_array_equal(np.logical_or.accumulate(outside), p < 0.1)
    assert (np.diff(p) <= 0).all()


# --- causes ------------------------------------------------------------------------


def confounded(seed: int = 0, n: int = 4000) -> tuple[np.ndarray, ...]:
    """Return outcome, treatment, stratum and propensity; the effect is 1 + stratum."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 3, n)
    propensity = np.array([0.15, 0.4, 0.85])[stratum]
    treated = (rng.random(n) < propensity).astype(int)
    outcome = 4.0 * stratum + (1 + stratum) * treated + rng.normal(size=n)
    return outcome, treated, stratum, propensity


def observed_propensity(treated: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    shares = np.bincount(stratum, weights=treated) / np.bincount(stratum)
    return shares[stratum]


def test_the_effect_is_found_where_the_plain_difference_is_far_off() -> None:
    y, t, s, e = confounded()
    truth = np.mean(1 + s)
    plain = y[t == 1].mean() - y[t == 0].mean()
    assert abs(plain - truth) > 2
    for found in (
        standardized_effect(y, t, s),
        inverse_propensity_effect(y, t, e),
        doubly_robust_effect(y, t, e, 5.0 * s + 1, 4.0 * s),
    ):
        assert abs(found.value - truth) < 4 * found.standard_error


@pytest.mark.parametrize("seed", range(3))
def test_all_three_are_one_estimate_where_the_models_are_saturated(seed: int) -> None:
    y, t, s, _ = confounded(seed, 300)
    e = observed_propensity(t, s)
    means = {
        k: (np.bincount(s, y * (t == k)) / np.bincount(s, t == k))[s] for k in (0, 1)
    }
    expected = standardized_effect(y, t, s).value
    assert inverse_propensity_effect(y, t, e).value == pytest.approx(
        expected, rel=EXACT
    )
    double = doubly_robust_effect(y, t, e, means[1], means[0])
    assert double.value == pytest.approx(expected, rel=EXACT)


def test_standardisation_is_the_saturated_regression_with_its_error() -> None:
    y, t, s, _ = confounded(4, 500)
    cells = np.column_stack([(s == k) & (t == a) for k in range(3) for a in (0, 1)])
    fitted = sm.OLS(y, cells.astype(float)).fit(cov_type="HC2")
    contrast = np.repeat(np.bincount(s) / len(s), 2) * np.tile([-1, 1], 3)
    theirs = fitted.t_test(contrast)
    found = standardized_effect(y, t, s)
    assert found.value == pytest.approx(theirs.effect.item(), rel=EXACT)
    assert found.standard_error == pytest.approx(theirs.sd.item(), rel=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_the_weighted_effect_is_statsmodels_robust_one(seed: int) -> None:
    y, t, _, e = confounded(seed, 300)
    design = np.column_stack([np.ones(300), t])
    weights = t / e + (1 - t) / (1 - e)
    theirs = sm.WLS(y, design, weights=weights).fit(cov_type="HC0")
    found = inverse_propensity_effect(y, t, e)
    assert found.value == pytest.approx(theirs.params[1], rel=EXACT)
    assert found.standard_error == pytest.approx(theirs.bse[1], rel=EXACT)


def test_on_real_rows_strata_and_weights_agree() -> None:
    data = load_breast_cancer()
    t = data.target
    s = np.digitize(data.data[:, 4], np.quantile(data.data[:, 4], [0.33, 0.67]))
    expected = standardized_effect(data.data[:, 9], t, s).value
    found = inverse_propensity_effect(data.data[:, 9], t, observed_propensity(t, s))
    assert found.value == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("wrong", ["outcome", "propensity", "both"])
def test_two_models_survive_one_of_them_being_wrong_and_not_both(wrong: str) -> None:
    gaps = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=800)
        e = expit(x)
        t = (rng.random(800) < e).astype(int)
        y = 2 * x + t + rng.normal(size=800)
        y_1, y_0 = (2 * x + 1, 2 * x)
        if wrong in ("outcome", "both"):
            y_1, y_0 = np.full(800, y[t == 1].mean()), np.full(800, y[t == 0].mean())
        if wrong in ("propensity", "both"):
            e = np.full(800, t.mean())
        gaps.append(doubly_robust_effect(y, t, e, y_1, y_0).value - 1)
    error = np.std(gaps) / np.sqrt(len(gaps))
    assert (abs(np.mean(gaps)) < 4 * error) == (wrong != "both")


@pytest.mark.parametrize("estimate", ["strata", "weights", "double"])
def test_causal_intervals_hold_the_effect_as_often_as_promised(estimate: str) -> None:
    hits = 0
    for seed in range(400):
        y, t, s, e = confounded(seed + 100, 400)
        if estimate == "strata":
            found = standardized_effect(y, t, s)
        elif estimate == "weights":
            found = inverse_propensity_effect(y, t, e)
        else:
            found = doubly_robust_effect(y, t, e, 5.0 * s + 1, 4.0 * s)
        truth = np.mean(1 + s) if estimate == "strata" else 2.0
        hits += found.low <= truth <= found.high
    assert hits / 400 == pytest.approx(0.95, abs=4 * np.sqrt(0.0475 / 400))


@settings(max_examples=25)
@given(SEEDS, st.floats(-100, 100))
def test_a_constant_added_to_all_outcomes_changes_no_effect(
    seed: int, shift: float
) -> None:
    y, t, s, e = confounded(seed % 1000, 120)
    one = inverse_propensity_effect(y, t, e)
    other = inverse_propensity_effect(y + shift, t, e)
    assert other.value == pytest.approx(one.value, abs=1e-9)
    assert standardized_effect(y + shift, t, s).value == pytest.approx(
        standardized_effect(y, t, s).value, abs=1e-9
    )


# --- bias and variance -------------------------------------------------------------


def sine(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = rng.uniform(-1, 1, size=(30, 1))
    return X, np.sin(3 * X[:, 0]) + rng.normal(scale=0.3, size=30)


def test_bias_and_variance_sum_to_the_error_exactly() -> None:
    X = np.linspace(-1, 1, 9)[:, None]
    truth = np.sin(3 * X[:, 0])
    rng = np.random.default_rng(0)
    for model in (LinearRegression(), DummyRegressor()):
        found = bias_variance(model, sine, X, truth, rng=rng, repeats=20)
        assert found.bias_squared + found.variance == pytest.approx(found.error)
        expected = np.mean((found.predictions - truth) ** 2)
        assert found.error == pytest.approx(expected)


def test_least_squares_has_the_variance_of_its_formula_and_no_bias() -> None:
    rng = np.random.default_rng(1)
    design, points = rng.normal(size=(40, 3)), rng.normal(size=(15, 3))
    weights = np.array([1.0, -2.0, 0.5])

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return design, design @ weights + rng.normal(size=40)

    model = LinearRegression(fit_intercept=False)
    found = bias_variance(model, draw, points, points @ weights, rng=rng, repeats=400)
    inverse = np.linalg.inv(design.T @ design)
    expected = np.einsum("ij,jk,ik->i", points, inverse, points).mean()
    assert found.variance == pytest.approx(expected, rel=0.12)
    assert abs(found.bias_squared) < 4 * expected / np.sqrt(400)


def test_a_mean_has_the_bias_and_variance_of_its_formula() -> None:
    found = bias_variance(
        DummyRegressor(),
        lambda rng: (np.zeros((10, 1)), rng.normal(1.0, 2.0, size=10)),
        [[0.0], [0.0]],
        [1.0, 4.0],
        rng=np.random.default_rng(2),
        repeats=1000,
    )
    assert found.variance == pytest.approx(4 / 10, rel=0.2)
    assert found.bias_squared == pytest.approx(9 / 2, rel=0.04)


# --- bad input ---------------------------------------------------------------------

ARMS = [1.0, 2.0], [3.0, 5.0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ab_test([1.0], [1.0, 2.0]), "control has shape"),
        (lambda: relative_lift([-1.0, 1.0], [1.0, 2.0]), "well away from 0"),
        (lambda: ratio_metric([1, 2], [0, 0]), "sum above 0"),
        (lambda: ratio_metric([1, 2], [1]), "denominator has shape"),
        (lambda: ratio_metric([1, 2], [1, 2, 3]), "lengths"),
        (lambda: ratio_metric([1, 2], [-1, 2]), "none below 0"),
        (lambda: ratio_test(([1, 2], [2, 4]), ([1, 1], [1, 1])), "same ratio"),
        (lambda: cuped(*ARMS, [1.0], [1.0, 2.0]), "lengths"),
        (lambda: cuped(*ARMS, [1.0, 2.0], [[1.0, 2.0]] * 2), "same covariates"),
        (lambda: cuped(*ARMS, [1.0, np.nan], [1.0, 2.0]), "control_before contains"),
        (lambda: sample_ratio_mismatch([0, 0]), "not all 0"),
        (lambda: sample_ratio_mismatch([1.5, 2]), "whole numbers"),
        (lambda: sample_ratio_mismatch([1, 2], [0.5, 0.6]), "sum to 1"),
        (lambda: sample_ratio_mismatch([5]), "n at least 2"),
        (lambda: crossing_probabilities([2.0, -2.0]), "above 0"),
        (lambda: crossing_probabilities([2.0, 2.0], [0.5, 0.5]), "increase"),
        (lambda: crossing_probabilities([2.0], [0.5, 1.0]), "2 shares for 1 looks"),
        (lambda: crossing_probabilities([2.0], drift=np.nan), "drift is nan"),
        (lambda: group_sequential_bounds(0), "looks is 0"),
        (lambda: group_sequential_bounds(3, kind="haybittle"), "kind is"),
        (lambda: always_valid_p_values([1.0], sigma=0, tau=1), "sigma is 0"),
        (lambda: confidence_sequence([], sigma=1, tau=1), "n at least 1"),
        (lambda: standardized_effect([1, 2, 3], [0, 1, 1], "abb"), "strata has shape"),
        (
            lambda: standardized_effect([1, 2, 3, 4], [0, 0, 1, 1], list("aaab")),
            "Stratum a has 1 treated and 2 untreated",
        ),
        (lambda: standardized_effect([1, 2], [0, 2], [0, 0]), "treated holds 2"),
        (lambda: inverse_propensity_effect([1, 2], [1, 1], [0.5, 0.5]), "both groups"),
        (lambda: inverse_propensity_effect([1, 2], [0, 1], [0.5, 1.0]), "below 1"),
        (
            lambda: doubly_robust_effect([1, 2], [0, 1], [0.5, 0.5], [1], [1, 2]),
            "lengths",
        ),
        (
            lambda: bias_variance(
                DummyRegressor(),
                sine,
                [[0.0]],
                [0.0, 1.0],
                rng=np.random.default_rng(0),
            ),
            "lengths",
        ),
        (
            lambda: bias_variance(
                DummyRegressor(),
                sine,
                [[0.0]],
                [0.0],
                rng=np.random.default_rng(0),
                repeats=1,
            ),
            "repeats is 1",
        ),
        (lambda: t_test([1.0, 1.0], 1.0), "All values are equal"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
