"""Drift statistics: against SciPy, closed forms, invariances and their own null."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import spatial, stats
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

from ml_from_scratch import drift
from ml_from_scratch.drift import (
    chi_square,
    classifier_test,
    ks_2samp,
    median_distance,
    mmd,
    psi,
    psi_categories,
    psi_limit,
    quantile_edges,
)

# Few different values, so that ties within and between samples are the rule.
tied = st.lists(st.integers(-4, 4), min_size=2, max_size=40)
tied_that_vary = tied.filter(lambda values: len(set(values)) > 1)
labels = st.lists(st.sampled_from("abcde"), min_size=1, max_size=40)


# ------------------------------------------------------------------------- PSI


def psi_by_hand(p: list[float], q: list[float]) -> float:
    return sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True))


def test_psi_is_its_definition_on_bins_that_hold_equal_shares_of_the_reference():
    reference = np.arange(100)
    current = np.concatenate([np.arange(0, 50, 5), np.arange(50, 100, 2.5)])  # 10, 20
    expected = psi_by_hand([0.5, 0.5], [1 / 3, 2 / 3])
    assert psi(reference, current, bins=2) == pytest.approx(expected, rel=1e-12)


def test_an_empty_bin_counts_as_half_a_row():
    found = psi([1, 2, 3, 4], [1, 1, 2, 2], bins=2)  # second bin: 2 rows, then none
    assert found == pytest.approx(psi_by_hand([0.5, 0.5], [4 / 4.5, 0.5 / 4.5]))


def test_psi_of_normals_tends_to_the_symmetric_divergence_of_the_binned_normals():
    rng = np.random.default_rng(0)
    found = psi(rng.normal(size=400_000), rng.normal(0.3, 1.2, size=400_000))
    edges = stats.norm.ppf(np.arange(1, 10) / 10)
    q = np.diff(stats.norm.cdf(edges, 0.3, 1.2), prepend=0, append=1)
    assert found == pytest.approx(psi_by_hand([0.1] * 10, q), rel=0.02)


@given(tied_that_vary, tied, st.integers(2, 12))
def test_psi_is_not_negative_and_zero_on_equal_samples(reference, current, bins):
    assert psi(reference, current, bins=bins) >= 0
    assert psi(reference, reference, bins=bins) == 0


@given(tied_that_vary, tied, st.integers(2, 12))
def test_psi_is_unchanged_by_increasing_maps_and_by_the_order_of_rows(
    reference, current, bins
):
    found = psi(reference, current, bins=bins)
    x, y = np.array(reference), np.array(current)
    for stretch in (np.exp, lambda v: 3.0 * v + 7, lambda v: v**3):
        assert psi(stretch(x), stretch(y), bins=bins) == pytest.approx(found)
    assert psi(x[::-1], np.sort(y), bins=bins) == pytest.approx(found)


@given(tied_that_vary, st.integers(2, 12))
def test_every_bin_of_the_reference_holds_rows(reference, bins):
    edges = quantile_edges(reference, bins)
    counts = np.bincount(np.searchsorted(edges, reference), minlength=len(edges) + 1)
    assert (np.diff(edges) > 0).all()
    assert (counts > 0).all()
    assert len(counts) <= bins


@pytest.mark.parametrize("n", [10, 37, 1000])
def test_edges_of_distinct_values_cut_equal_shares(n):
    values = np.random.default_rng(n).permutation(n) ** 2.0
    edges = quantile_edges(values, 10)
    counts = np.bincount(np.searchsorted(edges, values))
    assert counts.max() - counts.min() <= 1


@given(labels, labels)
def test_psi_of_categories_is_symmetric_and_does_not_know_names(reference, current):
    found = psi_categories(reference, current)
    assert found >= 0
    assert psi_categories(current, reference) == pytest.approx(found)
    renamed = {letter: 10 - i for i, letter in enumerate("abcde")}
    other = psi_categories(
        [renamed[v] for v in reference], [renamed[v] for v in current]
    )
    assert other == pytest.approx(found)
    assert psi_categories(reference, reference) == 0


def test_an_unseen_category_counts_in_psi():
    found = psi_categories(["a"] * 10, ["a"] * 5 + ["b"] * 5)
    assert found == pytest.approx(psi_by_hand([10 / 10.5, 0.5 / 10.5], [0.5, 0.5]))


@pytest.mark.parametrize(("n", "m"), [(300, 300), (2000, 400)])
def test_psi_limit_is_exceeded_as_often_as_it_says(n, m):
    rng = np.random.default_rng(n + m)
    found = [psi(rng.gamma(2, size=n), rng.gamma(2, size=m)) for _ in range(1500)]
    assert np.mean(found) == pytest.approx(9 * (1 / n + 1 / m), rel=0.1)
    above = np.mean(np.array(found) > psi_limit(n, m, alpha=0.1))
    assert above == pytest.approx(0.1, abs=3 * np.sqrt(0.09 / 1500))


# -------------------------------------------------------------------------- KS


@given(tied, tied)
def test_ks_statistic_is_scipys_also_with_ties(x, y):
    expected = stats.ks_2samp(x, y, method="asymp").statistic
    assert ks_2samp(x, y).statistic == pytest.approx(expected, abs=1e-15)


@given(tied, tied)
def test_exact_ks_p_value_is_scipys(x, y):
    try:
        expected = stats.ks_2samp(x, y, method="exact").pvalue
    except RuntimeWarning:  # at the smallest gap SciPy gives its exact method up
        expected = 1.0
    assert ks_2samp(x, y).p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m", "shift"), [(700, 900, 0.0), (40, 3000, 0.4)])
def test_exact_ks_p_value_is_scipys_on_larger_samples(n, m, shift):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=n), rng.normal(shift, 1, size=m)
    expected = stats.ks_2samp(x, y, method="exact").pvalue
    assert ks_2samp(x, y).p_value == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 3), (4, 4), (3, 5)])
def test_exact_ks_p_value_is_the_count_over_all_interleavings(n, m):
    statistics = []
    for chosen in itertools.combinations(range(n + m), n):
        rest = sorted(set(range(n + m)) - set(chosen))
        statistics.append(ks_2samp(chosen, rest).statistic)
    statistics = np.array(statistics)
    for chosen in itertools.combinations(range(n + m), n):
        found = ks_2samp(chosen, sorted(set(range(n + m)) - set(chosen)))
        share = np.mean(statistics >= found.statistic - 1e-12)
        assert found.p_value == pytest.approx(share, rel=1e-12)


def test_a_tiny_exact_p_value_keeps_its_digits():
    x, y = np.arange(60), np.arange(60) + 100
    expected = 2 / np.exp(
        stats.binom.logpmf(60, 120, 0.5) + 120 * np.log(2)
    )  # two orders of the blocks among all choices of 60 in 120
    assert ks_2samp(x, y).p_value == pytest.approx(expected, rel=1e-9)


def test_large_sample_ks_p_value_is_kolmogorovs_and_near_scipys():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=8000), rng.normal(0.03, 1, size=6000)
    found = ks_2samp(x, y)
    scaled = found.statistic * np.sqrt(8000 * 6000 / 14000)
    assert found.p_value == pytest.approx(stats.kstwobign.sf(scaled), rel=1e-9)
    assert found.p_value == pytest.approx(stats.ks_2samp(x, y).pvalue, abs=0.01)


@given(tied, tied)
def test_ks_is_symmetric_and_unchanged_by_increasing_maps(x, y):
    found = ks_2samp(x, y)
    assert ks_2samp(y, x) == pytest.approx(found)
    assert ks_2samp(np.exp(x), np.exp(y)) == pytest.approx(found)
    assert ks_2samp(x, x) == (0, 1)


def test_ks_takes_one_value_against_many():
    assert ks_2samp([5.0], np.arange(9)).statistic == pytest.approx(5 / 9)
    assert ks_2samp([5.0], [5.0]) == (0, 1)


# ------------------------------------------------------------------ chi-square


@given(labels, labels)
def test_chi_square_is_scipys_on_the_same_table(reference, current):
    table = pd.crosstab(
        np.repeat([0, 1], [len(reference), len(current)]), np.array(reference + current)
    )
    found = chi_square(reference, current, pool_below=0)
    if table.shape[1] == 1:
        assert found == (0, 1)
    else:
        expected = stats.chi2_contingency(table, correction=False)
        assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
        assert found.p_value == pytest.approx(expected.pvalue)


@given(labels, labels)
def test_chi_square_is_symmetric_and_zero_on_equal_shares(reference, current):
    found = chi_square(reference, current)
    assert chi_square(current, reference) == pytest.approx(found)
    assert chi_square(reference, reference * 3, pool_below=0).statistic < 1e-12


def test_rare_categories_are_pooled():
    reference = ["a"] * 60 + ["b"] * 36 + ["c"] * 4
    current = ["a"] * 50 + ["b"] * 46 + ["d"] * 4
    pooled = [[60, 36, 4], [50, 46, 4]]
    expected = stats.chi2_contingency(pooled, correction=False)
    assert chi_square(reference, current) == pytest.approx(expected[:2])


def test_an_unseen_category_that_is_common_is_found():
    found = chi_square(["a"] * 100, ["a"] * 80 + ["new"] * 20)
    expected = stats.chi2_contingency([[100, 0], [80, 20]], correction=False)
    assert found == pytest.approx(expected[:2])


def test_nothing_but_rare_categories_leaves_nothing_to_test():
    assert chi_square(list("abc"), list("def")) == (0, 1)


@pytest.mark.parametrize("kind", [object, "category", "string"])
def test_categories_may_come_in_any_column_type(kind):
    x, y = pd.Series(list("aabbb") * 9), pd.Series(list("aaabc") * 9)
    expected = chi_square(list(x), list(y))
    assert chi_square(x.astype(kind), y.astype(kind)) == expected
    assert psi_categories(x.astype(kind), y.astype(kind)) == psi_categories(x, y)


# ------------------------------------------------------------------------- MMD


def mmd_by_loops(x: np.ndarray, y: np.ndarray, h: float) -> float:
    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.sum((a - b) ** 2) / (2 * h**2)))

    n, m = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    within_y = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    across = sum(k(a, b) for a in x for b in y)
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * across / (n * m)


@pytest.mark.parametrize(("n", "m", "d", "h"), [(2, 2, 1, 1.0), (7, 4, 3, 0.5)])
def test_mmd_is_its_double_sum(n, m, d, h):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, d)), rng.normal(1, 2, size=(m, d))
    found = mmd(x, y, rng=rng, bandwidth=h, permutations=3)
    assert found.statistic == pytest.approx(mmd_by_loops(x, y, h), rel=1e-10)


def test_mmd_estimates_the_closed_form_for_two_normals_without_bias():
    h, shift = 1.3, 0.8
    # E k(a, b) for a - b normal with variance 2 and mean 0 or the shift.
    scale = h / np.sqrt(h**2 + 2)
    true = 2 * scale * (1 - np.exp(-(shift**2) / (2 * (h**2 + 2))))
    rng = np.random.default_rng(3)
    found = [
        mmd(
            rng.normal(size=40),
            rng.normal(shift, 1, 30),
            rng=rng,
            bandwidth=h,
            permutations=0,
        ).statistic
        for _ in range(800)
    ]
    error = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(true, abs=4 * error)
    assert error < 0.03 * true  # a biased estimate is 0.02 above: it would show


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(2, 9))
def test_mmd_is_symmetric_and_knows_neither_place_nor_scale(seed, n, m):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))

    def estimate(a: np.ndarray, b: np.ndarray) -> float:
        return mmd(a, b, rng=rng, permutations=1).statistic

    found = estimate(x, y)
    assert estimate(y, x) == pytest.approx(found, abs=1e-12)
    assert estimate(100 * x + 1e4, 100 * y + 1e4) == pytest.approx(found, abs=1e-8)
    assert estimate(x[::-1], y[::-1]) == pytest.approx(found, abs=1e-12)
    assert estimate(x, x) <= 1e-12  # unbiased: below zero where nothing differs


def test_median_distance_is_that_of_all_pairs():
    rows = np.random.default_rng(4).normal(1e6, 1, size=(50, 3))
    expected = np.median(spatial.distance.pdist(rows))
    assert median_distance(rows) == pytest.approx(expected, rel=1e-6)


def test_mmd_sees_a_change_of_dependence_that_no_column_shows():
    rng = np.random.default_rng(5)
    x = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=300)
    y = rng.multivariate_normal([0, 0], [[1, -0.8], [-0.8, 1]], size=300)
    assert min(ks_2samp(x[:, i], y[:, i]).p_value for i in range(2)) > 0.05
    assert mmd(x, y, rng=rng).p_value == pytest.approx(1 / 201)


# --------------------------------------------------- classifier two-sample test


def test_classifier_test_tends_to_the_closed_form_of_two_shifted_normals():
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(4000, 1)), rng.normal(1, 1, size=(4000, 1))
    found = classifier_test(x, y, rng=rng, permutations=1)
    assert found.statistic == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.02)


def test_classifier_test_scores_only_rows_that_it_did_not_train_on():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(30, 40)), rng.normal(size=(30, 40))  # 40 columns of noise
    found = classifier_test(x, y, rng=rng, permutations=20)
    assert found.statistic < 0.7  # on its training rows the model would reach 1
    assert found.p_value > 0.05


class Reciter:
    """Remembers how many rows it was fitted on; ranks by the first column."""

    fitted: int | None = None

    def fit(self, X: np.ndarray, y: np.ndarray) -> Reciter:
        assert self.fitted is None
        assert set(y) == {0, 1}
        self.fitted = len(X)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([-X[:, 0], X[:, 0]])


def test_classifier_test_takes_any_model_and_leaves_it_as_it_was():
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(11, 2)), rng.normal(3, 1, size=(14, 2))
    model = Reciter()
    found = classifier_test(x, y, rng=rng, model=model, permutations=20)
    assert model.fitted is None
    assert found.statistic > 0.9
    same = classifier_test(
        x, y, rng=rng, model=SklearnLogisticRegression(), permutations=20
    )
    ours = classifier_test(x, y, rng=rng, permutations=20)
    assert ours.statistic == pytest.approx(same.statistic, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_classifier_test_knows_neither_place_nor_scale_of_a_column(seed):
    data = np.random.default_rng(seed)
    x, y = data.normal(size=(12, 2)), data.normal(size=(15, 2))
    scale = np.array([1000.0, 0.001])
    found, moved = (
        classifier_test(a, b, rng=np.random.default_rng(1), permutations=2)
        for a, b in ((x, y), (x * scale + 5, y * scale + 5))
    )
    assert moved.statistic == pytest.approx(found.statistic, abs=0.03)


def test_a_constant_column_is_no_obstacle():
    rng = np.random.default_rng(9)
    x = np.column_stack([np.ones(20), rng.normal(size=20)])
    found = classifier_test(x, x + np.array([0, 5]), rng=rng, permutations=20)
    assert found.statistic == 1
    assert found.p_value == pytest.approx(1 / 21)


# -------------------------------------------------- p-values where nothing moved


class MeanDifference:
    """A fast model: the p-value of `classifier_test` must be right for every one."""

    direction: np.ndarray

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self.direction = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        score = X @ self.direction
        return np.column_stack([-score, score])


def uniform(p_values: list[float]) -> float:
    """P-value of the hypothesis that these are uniform."""
    return float(stats.kstest(p_values, "uniform").pvalue)


NULLS: dict[str, Callable[[np.random.Generator], float]] = {
    "ks": lambda rng: ks_2samp(rng.normal(size=300), rng.normal(size=450)).p_value,
    "chi-square": lambda rng: (
        chi_square(rng.choice(5, size=400), rng.choice(5, size=300)).p_value
    ),
    "mmd": lambda rng: (
        mmd(
            rng.normal(size=(25, 2)), rng.normal(size=(15, 2)), rng=rng, permutations=99
        ).p_value
    ),
    "classifier": lambda rng: (
        classifier_test(
            rng.normal(size=(25, 2)),
            rng.normal(size=(25, 2)),
            rng=rng,
            model=MeanDifference(),
            folds=3,
            permutations=19,
        ).p_value
    ),
}


@pytest.mark.parametrize("name", NULLS)
def test_p_values_are_uniform_where_nothing_moved(name):
    rng = np.random.default_rng(10)
    found = np.array([NULLS[name](rng) for _ in range(300)])
    steps = {"mmd": 100, "classifier": 20}.get(name, 0)
    if steps:  # a permutation p-value is uniform on k / steps: spread it out
        found = found - rng.random(300) / steps
    assert uniform(found) > 0.01


def test_small_ks_samples_alarm_at_most_as_often_as_alpha():
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(2000, 12)), rng.normal(size=(2000, 9))
    found = [ks_2samp(a, b).p_value <= 0.05 for a, b in zip(x, y, strict=True)]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_fold_aucs_are_not_independent_so_a_normal_p_value_alarms_too_often():
    rng = np.random.default_rng(12)
    y = np.repeat([0, 1], 50)
    model = MeanDifference()
    found = np.array(
        [
            drift._cross_fitted_auc(model, rng.normal(size=(100, 3)), y, 5)
            for _ in range(500)
        ]
    )
    spread_if_independent = np.sqrt((10 + 10 + 1) / (12 * 10 * 10) / 5)
    alarms = np.mean(found > 0.5 + 1.645 * spread_if_independent)
    assert alarms > 0.07


# ------------------------------------------------------------------ bad input


ROWS = np.arange(12.0).reshape(6, 2)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("measure", [psi, ks_2samp])
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], r"current has shape \(0,\)"),
        ([[1.0, 2.0]], r"current has shape \(1, 2\)"),
        ([1.0, np.nan, 3.0], "1 of 3 values of current are missing"),
        (["1", "2"], "expected numbers"),
        ([1, "two", None], "expected numbers"),
    ],
)
def test_numbers_that_are_none_get_a_named_error(measure, values, says):
    with pytest.raises(ValueError, match=says):
        measure([1.0, 2.0, 3.0], values)


@pytest.mark.parametrize("measure", [psi_categories, chi_square])
@pytest.mark.parametrize(
    ("values", "says"),
    [([], "reference has no rows"), (["a", None, "b"], "1 of 3 values of reference")],
)
def test_labels_that_are_none_get_a_named_error(measure, values, says):
    with pytest.raises(ValueError, match=says):
        measure(values, ["a", "b"])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: psi([3, 3, 3], [1, 2]), "All 3 values of reference are 3"),
        (lambda: psi([1, 2], [1, 2], bins=1), "bins is 1"),
        (lambda: psi_limit(0, 10), "found n=0"),
        (
            lambda: mmd(ROWS, ROWS[:, :1], rng=RNG),
            "reference has 2 columns and current 1",
        ),
        (lambda: mmd(ROWS[:1], ROWS, rng=RNG), "expected .* n >= 2"),
        (lambda: mmd(ROWS, ROWS * np.inf, rng=RNG), "missing or infinite"),
        (lambda: mmd(ROWS, ROWS, rng=RNG, bandwidth=0), "bandwidth is 0"),
        (lambda: mmd(ROWS * 0, ROWS * 0, rng=RNG), "median distance is 0"),
        (lambda: classifier_test(ROWS[:3], ROWS, rng=RNG), "n >= 5"),
        (lambda: classifier_test(ROWS, ROWS, rng=RNG, folds=1), "folds is 1"),
    ],
)
def test_input_that_cannot_be_right_gets_a_named_error(call, says):
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=says):
        call()


def test_inputs_are_left_as_they_were():
    x, y = np.array([3.0, 1.0, 2.0]), np.array([2.0, 5.0, 4.0])
    table = np.column_stack([x, y])
    copies = x.copy(), y.copy(), table.copy()
    psi(x, y)
    ks_2samp(x, y)
    mmd(table, table + 1, rng=np.random.default_rng(0), permutations=1)
    classifier_test(
        table, table + 1, rng=np.random.default_rng(0), folds=2, permutations=1
    )
    for before, after in zip(copies, (x, y, table), strict=True):
        np.testing.assert_array_equal(before, after)
