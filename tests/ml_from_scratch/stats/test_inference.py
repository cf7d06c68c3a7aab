"""Intervals, tests, power, many p-values: against SciPy and statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats as scipy_stats
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportion_confint,
    proportions_ztest,
)

from ml_from_scratch.stats import (
    benjamini_hochberg,
    bonferroni,
    holm,
    mean_interval,
    minimum_detectable_effect,
    power_of_means,
    power_of_proportions,
    proportion_interval,
    proportion_test,
    sample_size_for_means,
    sample_size_for_proportions,
    simulate_power,
    t_test,
    welch_test,
)

EXACT = 1e-10  # relative
ALTERNATIVES = ["two-sided", "less", "greater"]
SEEDS = st.integers(0, 2**32 - 1)


def pairs() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    cancer, wine = load_breast_cancer(), load_wine()
    return {
        "synthetic": (rng.normal(size=30), rng.normal(0.5, 3, size=12)),
        "cancer": tuple(cancer.data[cancer.target == k, 0] for k in (0, 1)),
        "wine": tuple(wine.data[wine.target == k, 0] for k in (0, 2)),
        "one is constant": (np.full(5, 2.0), np.array([1.0, 4.0, 2.0])),
        "huge": (rng.normal(1e9, 1e8, size=9), rng.normal(2e9, 1e3, size=9)),
    }


PAIRS = pairs()


# --- means -------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Precision loss")  # SciPy's, of a constant group
@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("name", PAIRS)
def test_welchs_test_is_scipys_to_1e_10(name: str, alternative: str) -> None:
    x, y = PAIRS[name]
    ours = welch_test(x, y, alternative=alternative, confidence=0.9)
    theirs = scipy_stats.ttest_ind(y, x, equal_var=False, alternative=alternative)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=EXACT)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=EXACT)
    both = scipy_stats.ttest_ind(y, x, equal_var=False).confidence_interval(0.9)
    np.testing.assert_allclose([ours.low, ours.high], both, rtol=EXACT)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("null", [0.0, 160.0])
def test_the_test_of_one_mean_is_scipys_to_1e_10(null: float, alternative: str) -> None:
    x = load_diabetes().target[:40]
    ours = t_test(x, null, alternative=alternative)
    theirs = scipy_stats.ttest_1samp(x, null, alternative=alternative)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=EXACT)
    two_sided = scipy_stats.ttest_1samp(x, null).confidence_interval(0.95)
    np.testing.assert_allclose(
        [ours.low + null, ours.high + null], two_sided, rtol=EXACT
    )
    found = mean_interval(x)
    np.testing.assert_allclose([found.low, found.high], two_sided, rtol=EXACT)


def test_a_known_spread_gives_the_normal_interval() -> None:
    found = mean_interval([1.0, 2.0, 6.0], sigma=2.0, confidence=0.8)
    expected = scipy_stats.norm.interval(0.8, 3.0, 2 / np.sqrt(3))
    np.testing.assert_allclose([found.low, found.high], expected, rtol=EXACT)


@settings(max_examples=30)
@given(SEEDS, st.floats(-1e6, 1e6), st.sampled_from([1e-120, 1e-3, 1.0, 1e120]))
def test_shift_and_scale_do_not_change_a_p_value(
    seed: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-50, 50, size=(2, 8)).astype(float)
    y[0] += 0.5  # never constant
    plain = welch_test(x, y)
    moved = welch_test(scale * (x + round(shift)), scale * (y + round(shift)))
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6)
    assert welch_test(y, x).difference == pytest.approx(-plain.difference)
    assert welch_test(y, x).p_value == pytest.approx(plain.p_value)


@given(SEEDS, st.floats(0.01, 0.99))
def test_the_interval_leaves_out_0_just_when_the_test_is_significant(
    seed: int, confidence: float
) -> None:
    rng = np.random.default_rng(seed)
    found = welch_test(
        rng.normal(size=5), rng.normal(1, 2, size=6), confidence=confidence
    )
    assert (found.low > 0 or found.high < 0) == (found.p_value < 1 - confidence)


# --- shares ------------------------------------------------------------------------

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
THEIRS = {"wilson": "wilson", "clopper-pearson": "beta", "wald": "normal"}


@pytest.mark.parametrize("method", THEIRS)
@given(counts=COUNTS, confidence=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_intervals_of_a_share_are_statsmodels_to_1e_10(
    method: Any, counts: tuple[int, int], confidence: float
) -> None:
    ours = proportion_interval(*counts, confidence=confidence, method=method)
    theirs = proportion_confint(*counts, alpha=1 - confidence, method=THEIRS[method])
    found = np.array([ours.low, ours.high])
    if method == "wald":
        found = found.clip(0, 1)  # statsmodels cuts off what lies beyond
    np.testing.assert_allclose(found, theirs, rtol=EXACT, atol=1e-12)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@settings(max_examples=40)
@given(x=COUNTS, y=COUNTS)
def test_two_shares_are_tested_as_by_statsmodels_to_1e_10(
    alternative: str, x: tuple[int, int], y: tuple[int, int]
) -> None:
    ours = proportion_test(*x, *y, alternative=alternative)
    counts, n = [y[0], x[0]], [y[1], x[1]]
    low, high = confint_proportions_2indep(
        counts[0], n[0], counts[1], n[1], method="newcomb", compare="diff"
    )
    np.testing.assert_allclose([ours.low, ours.high], [low, high], atol=1e-9)
    if sum(counts) in (0, sum(n)):
        assert ours.statistic == 0
        return
    direction = {"less": "smaller", "greater": "larger"}.get(alternative, alternative)
    z, p = proportions_ztest(counts, n, alternative=direction)
    assert ours.statistic == pytest.approx(z, rel=EXACT, abs=1e-12)
    assert ours.p_value == pytest.approx(p, rel=1e-9)


def coverage(method: Any, share: float, n: int) -> float:
    """Add up the probabilities of all counts whose interval holds the share."""
    counts = np.arange(n + 1)
    found = [proportion_interval(int(k), n, method=method) for k in counts]
    holds = np.array([f.low <= share <= f.high for f in found])
    return float(scipy_stats.binom.pmf(counts, n, share)[holds].sum())


def test_coverage_by_enumeration_is_what_each_interval_promises() -> None:
    shares = np.linspace(0.01, 0.99, 99)
    exact = [coverage("clopper-pearson", share, 25) for share in shares]
    wilson = [coverage("wilson", share, 25) for share in shares]
    assert min(exact) >= 0.95
    assert np.mean(wilson) == pytest.approx(0.95, abs=0.01)
    assert coverage("wald", 0.03, 25) < 0.6


# --- power -------------------------------------------------------------------------


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("effect", [-0.4, 0.0, 0.2, 1.1])
def test_power_of_means_is_statsmodels_to_1e_6(
    effect: float, ratio: float, alternative: str
) -> None:
    direction = {"less": "smaller", "greater": "larger"}.get(alternative, alternative)
    for n in (6, 50, 400):
        ours = power_of_means(effect, n, ratio=ratio, alternative=alternative, sd=1.0)
        theirs = TTestIndPower().power(effect, n, 0.05, ratio, alternative=direction)
        # far out in the wrong tail statsmodels has no number
        assert ours == pytest.approx(0 if np.isnan(theirs) else theirs, abs=1e-6)


def test_power_is_a_number_however_large_the_sample_and_the_effect() -> None:
    for effect in (1e-3, 0.1, 10.0, 1e4):
        for n in (2, 1e3, 1e9):
            for alternative in ALTERNATIVES:
                power = power_of_means(effect, n, alternative=alternative)
                opposite = power_of_means(-effect, n, alternative=alternative)
                assert 0 <= power <= 1
                if alternative == "two-sided":
                    assert opposite == pytest.approx(power)
                assert 0 <= opposite <= 1


@pytest.mark.parametrize("effect", [0.02, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.99])
def test_sample_sizes_for_means_are_statsmodels_rounded_up(
    effect: float, power: float
) -> None:
    ours = sample_size_for_means(3 * effect, sd=3.0, power=power)
    theirs = TTestIndPower().solve_power(effect, power=power, alpha=0.05)
    assert ours == int(np.ceil(theirs))
    assert power_of_means(effect, ours) >= power > power_of_means(effect, ours - 1)


def test_no_sample_smaller_by_one_has_enough_power_for_any_effect() -> None:
    sizes = set()
    for effect in np.linspace(0.6, 2.5, 200):
        n = sample_size_for_means(effect)
        assert power_of_means(effect, n) >= 0.8
        assert n == 2 or power_of_means(effect, n - 1) < 0.8
        sizes.add(n)
    assert {4, 5, 8, 9, 16, 17, 32, 33} <= sizes  # where the doubling could slip


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("shares", [(0.1, 0.12), (0.5, 0.3), (0.01, 0.011)])
def test_power_of_shares_is_statsmodels_to_1e_10(
    shares: tuple[float, float], ratio: float, alternative: str
) -> None:
    # statsmodels' diff is of its first group, which has n rows, from its second
    p_x, p_y = shares
    direction = {"less": "larger", "greater": "smaller"}.get(alternative, alternative)
    ours = power_of_proportions(p_x, p_y, 900, ratio=ratio, alternative=alternative)
    theirs = power_proportions_2indep(
        p_x - p_y, p_y, 900, ratio=ratio, alternative=direction, return_results=False
    )
    assert ours == pytest.approx(theirs, abs=1e-10)


def test_sample_sizes_for_shares_are_the_smallest_with_enough_power() -> None:
    for p_x, p_y in [(0.1, 0.12), (0.5, 0.9), (0.2, 0.1)]:
        n = sample_size_for_proportions(p_x, p_y, power=0.9)
        enough, lacking = (power_of_proportions(p_x, p_y, m) for m in (n, n - 1))
        assert enough >= 0.9 > lacking


def test_the_detectable_effect_needs_the_sample_it_came_from() -> None:
    for n in (10, 300):
        effect = minimum_detectable_effect(n, sd=2.0, ratio=2.0)
        assert power_of_means(effect, n, sd=2.0, ratio=2.0) == pytest.approx(0.8)
        assert sample_size_for_means(effect * (1 + 1e-9), sd=2.0, ratio=2.0) == n


def test_simulated_power_is_the_formula_within_four_monte_carlo_errors() -> None:
    found = simulate_power(
        lambda rng: (rng.normal(size=40), rng.normal(0.6, 1, size=40)),
        lambda data: welch_test(*data).p_value,
        rng=np.random.default_rng(0),
        n_simulations=2000,
    )
    gap = abs(found.value - power_of_means(0.6, 40))
    assert gap < 4 * found.standard_error


# --- many p-values -----------------------------------------------------------------

p_value_lists = hnp.arrays(
    float, st.integers(1, 30), elements=st.floats(0, 1, allow_subnormal=False)
)


@pytest.mark.parametrize(
    ("adjust", "name"),
    [(bonferroni, "bonferroni"), (holm, "holm"), (benjamini_hochberg, "fdr_bh")],
)
@settings(max_examples=8)  # statsmodels takes its time
@given(p=p_value_lists)
def test_adjusted_p_values_are_statsmodels_to_1e_10(
    adjust: Any, name: str, p: np.ndarray
) -> None:
    np.testing.assert_allclose(adjust(p), multipletests(p, method=name)[1], rtol=EXACT)


@given(p_value_lists)
def test_benjamini_hochberg_is_scipys(p: np.ndarray) -> None:
    expected = scipy_stats.false_discovery_control(p, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-12)


@given(p_value_lists, st.floats(0.001, 0.5))
def test_benjamini_hochberg_alarms_on_the_step_up_set(
    p: np.ndarray, alpha: float
) -> None:
    ranked = np.sort(p)
    below = np.flatnonzero(ranked <= alpha * np.arange(1, len(p) + 1) / len(p))
    expected = p <= ranked[below[-1]] if len(below) else np.zeros(len(p), dtype=bool)
    gap = np.abs(benjamini_hochberg(p) - alpha) < 1e-12  # on the edge: rounding decides
    np.testing.assert_array_equal(
        (benjamini_hochberg(p) <= alpha) | gap, expected | gap
    )


@given(p_value_lists)
def test_each_correction_is_milder_than_the_next_and_all_keep_the_order(
    p: np.ndarray,
) -> None:
    mild, middle, strict = benjamini_hochberg(p), holm(p), bonferroni(p)
    slack = 1 + 1e-12
    assert (p <= mild * slack).all()
    assert (mild <= middle * slack).all()
    assert (middle <= strict * slack).all()
    order = np.argsort(p, kind="stable")
    for adjusted in (mild, middle, strict):
        assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_finds_more_and_lets_through_no_more_false_alarms() -> None:
    rng = np.random.default_rng(4)
    p = rng.random((4000, 10))
    p[:, :5] = scipy_stats.norm.sf(rng.normal(3, 1, size=(4000, 5)))  # real effects
    false = {f: np.mean([(f(row)[5:] <= 0.05).any() for row in p]) for f in (holm,)}
    found = [
        np.mean([(f(row)[:5] <= 0.05).sum() for row in p[:500]])
        for f in (holm, bonferroni)
    ]
    assert false[holm] < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4000)
    assert found[0] > found[1]


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_interval([1.0]), "n at least 2"),
        (lambda: mean_interval([1.0, 2.0], confidence=1.0), "confidence is 1.0"),
        (lambda: welch_test([1.0, 1.0], [2.0, 2.0]), "All values are equal"),
        (lambda: welch_test([1.0, np.inf], [2.0, 2.0]), "contains NaN or inf"),
        (lambda: t_test([1.0, 2.0], alternative="both"), "two-sided, less, greater"),
        (lambda: t_test(np.array(["1", "2"])), "expected numbers"),
        (lambda: proportion_interval(3, 2), "at most n, which is 2"),
        (lambda: proportion_interval(-1, 2), "0 or more"),
        (lambda: proportion_interval(1.5, 2), "successes is 1.5"),
        (lambda: proportion_interval(0, 0), "n is 0"),
        (lambda: proportion_interval(1, 2, method="exact"), "method is 'exact'"),
        (lambda: proportion_test(1, 2, 3, 2), "at most n"),
        (lambda: power_of_means(1.0, 1), "at least 2 rows"),
        (lambda: power_of_means(1.0, 9, sd=0), "sd is 0"),
        (lambda: power_of_proportions(0.0, 0.5, 9), "p_x is 0.0"),
        (lambda: sample_size_for_means(0.0), "no two-sided test can find"),
        (lambda: sample_size_for_means(1.0, alternative="less"), "no less test"),
        (lambda: sample_size_for_means(1.0, power=0.01), "power is 0.01"),
        (lambda: sample_size_for_means(1e-9), "1e15 rows"),
        (lambda: sample_size_for_proportions(0.5, 0.5), "no two-sided"),
        (lambda: minimum_detectable_effect(1), "n is 1"),
        (
            lambda: simulate_power(
                lambda rng: 0, lambda x: 2.0, rng=np.random.default_rng(0)
            ),
            "not from 0 to 1",
        ),
        (lambda: benjamini_hochberg([0.1, np.nan]), "none missing"),
        (lambda: bonferroni([0.1, 1.2]), "from 0 to 1"),
        (lambda: holm([]), "from 0 to 1"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
