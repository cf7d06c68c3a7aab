"""Fits, beliefs, information: against SciPy, scikit-learn and integrals on a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats as scipy_stats
from scipy.special import digamma
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.metrics import mutual_info_score

from ml_from_scratch.numeric import numerical_gradient
from ml_from_scratch.stats import (
    Beta,
    bayes_rule,
    cross_entropy_between,
    entropy,
    fit_bernoulli,
    fit_beta,
    fit_binomial,
    fit_dirichlet,
    fit_exponential,
    fit_gaussian,
    fit_poisson,
    kl_divergence,
    mutual_information,
    update_beta,
    update_gamma,
    update_normal,
)

EXACT = 1e-10  # relative
SEEDS = st.integers(0, 2**32 - 1)


def positives() -> dict[str, np.ndarray]:
    return {
        "synthetic": np.random.default_rng(0).gamma(2.0, 3.0, size=400),
        "cancer": load_breast_cancer().data[:, 0],
        "wine": load_wine().data[:, 9],
        "ties": np.array([0.0, 1.0, 1.0, 5.0]),
    }


POSITIVES = positives()

# --- maximum likelihood ------------------------------------------------------------


@pytest.mark.parametrize("name", POSITIVES)
def test_gaussian_and_exponential_fits_are_scipys_to_1e_10(name: str) -> None:
    x = POSITIVES[name]
    mean, deviation = scipy_stats.norm.fit(x)
    assert fit_gaussian(x) == pytest.approx((mean, deviation**2), rel=EXACT)
    _, scale = scipy_stats.expon.fit(x, floc=0)
    assert fit_exponential(x) == pytest.approx(1 / scale, rel=EXACT)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=30))
def test_fits_of_counts_are_the_tops_of_their_log_likelihoods(
    counts: list[int],
) -> None:
    x = np.array(counts)
    grid = np.linspace(0.001, 0.999, 999)
    binomial = scipy_stats.binom.logpmf(x[:, None], 7, grid).sum(axis=0)
    assert fit_binomial(x, 7) == pytest.approx(grid[binomial.argmax()], abs=0.0011)
    bernoulli = scipy_stats.bernoulli.logpmf((x > 3)[:, None], grid).sum(axis=0)
    assert fit_bernoulli(x > 3) == pytest.approx(grid[bernoulli.argmax()], abs=0.0011)
    poisson = scipy_stats.poisson.logpmf(x[:, None], 8 * grid).sum(axis=0)
    assert fit_poisson(x) == pytest.approx(8 * grid[poisson.argmax()], abs=0.009)


def shares() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    iris, wine = load_iris().data, load_wine().data[:, :4]
    return {
        "synthetic": rng.dirichlet([0.3, 2.0, 5.0], size=2000),
        "iris": iris / iris.sum(axis=1, keepdims=True),
        "wine": wine / wine.sum(axis=1, keepdims=True),
        "two rows": np.array([[0.2, 0.8], [0.21, 0.79]]),
    }


def mean_log_likelihood(alpha: np.ndarray, rows: np.ndarray) -> float:
    return float(
        np.mean([scipy_stats.dirichlet.logpdf(r / r.sum(), alpha) for r in rows])
    )


@pytest.mark.parametrize("name", ["synthetic", "iris", "wine", "two rows"])
def test_the_slope_of_scipys_likelihood_vanishes_at_the_dirichlet_fit(
    name: str,
) -> None:
    rows = shares()[name][:200]
    alpha = fit_dirichlet(rows)
    # along log(alpha), so that large and small parameters count alike
    slope = numerical_gradient(
        lambda t: mean_log_likelihood(np.exp(t), rows), np.log(alpha)
    )
    np.testing.assert_allclose(slope, 0, atol=1e-5)


def test_the_dirichlet_fit_finds_the_truth_of_many_rows() -> None:
    found = fit_dirichlet(shares()["synthetic"])
    np.testing.assert_allclose(found, [0.3, 2.0, 5.0], rtol=0.1)


@pytest.mark.parametrize("parameters", [(2.0, 5.0), (0.2, 0.3), (50.0, 3.0)])
def test_beta_fits_are_scipys_to_1e_4(parameters: tuple[float, float]) -> None:
    x = np.random.default_rng(2).beta(*parameters, size=300).clip(1e-9, 1 - 1e-9)
    a, b, *_ = scipy_stats.beta.fit(x, floc=0, fscale=1)
    assert fit_beta(x) == pytest.approx((a, b), rel=1e-4)  # as far as SciPy iterates


@settings(max_examples=30)
@given(SEEDS, st.floats(0.02, 100), st.floats(0.02, 100))
def test_the_beta_fit_converges_wherever_it_starts(
    seed: int, a: float, b: float
) -> None:
    x = np.random.default_rng(seed).beta(a, b, size=20).clip(1e-12, 1 - 1e-12)
    if x.std() < 1e-8:
        return
    found = fit_beta(x)
    mean_log = np.array([np.log(x).mean(), np.log1p(-x).mean()])
    expected = np.array(found)
    np.testing.assert_allclose(
        digamma(expected) - digamma(expected.sum()), mean_log, rtol=1e-6
    )
    mirrored = fit_beta(1 - x)
    assert mirrored == pytest.approx(found[::-1], rel=1e-5)


# --- beliefs -----------------------------------------------------------------------


def on_a_grid(
    grid: np.ndarray, prior: np.ndarray, likelihood: np.ndarray
) -> np.ndarray:
    posterior = prior * likelihood
    return posterior / np.trapezoid(posterior, grid)


def test_a_beta_posterior_is_prior_times_likelihood() -> None:
    grid, x = np.linspace(1e-6, 1 - 1e-6, 200_001), np.array([1, 0, 1, 1])
    likelihood = np.prod(scipy_stats.bernoulli.pmf(x[:, None], grid), axis=0)
    expected = on_a_grid(grid, scipy_stats.beta.pdf(grid, 2, 3), likelihood)
    found = update_beta((2, 3), x)
    np.testing.assert_allclose(scipy_stats.beta.pdf(grid, *found), expected, atol=1e-6)
    assert found.mean == pytest.approx(np.trapezoid(grid * expected, grid), abs=1e-6)
    low, high = found.interval(0.9)
    assert (low, high) == pytest.approx(scipy_stats.beta.interval(0.9, *found))


def test_a_gamma_posterior_is_prior_times_likelihood() -> None:
    grid, x = np.linspace(1e-6, 40, 400_001), np.array([3, 0, 7])
    likelihood = np.prod(scipy_stats.poisson.pmf(x[:, None], grid), axis=0)
    prior = scipy_stats.gamma.pdf(grid, 2.5, scale=1 / 1.5)
    found = update_gamma((2.5, 1.5), x)
    expected = on_a_grid(grid, prior, likelihood)
    pdf = scipy_stats.gamma.pdf(grid, found.shape, scale=1 / found.rate)
    np.testing.assert_allclose(pdf, expected, atol=1e-7)
    assert found.mean == pytest.approx(np.trapezoid(grid * expected, grid), abs=1e-6)


def test_a_normal_posterior_is_prior_times_likelihood() -> None:
    grid, x = np.linspace(-20, 20, 200_001), np.array([3.0, 1.0, 2.5])
    likelihood = np.prod(scipy_stats.norm.pdf(x[:, None], grid, 1.7), axis=0)
    expected = on_a_grid(grid, scipy_stats.norm.pdf(grid, -1, 0.8), likelihood)
    found = update_normal((-1, 0.64), x, noise=1.7**2)
    pdf = scipy_stats.norm.pdf(grid, found.mean, np.sqrt(found.variance))
    np.testing.assert_allclose(pdf, expected, atol=1e-8)


@given(st.lists(st.integers(0, 1), max_size=20), st.integers(0, 20))
def test_updating_twice_is_updating_once_with_both(x: list[int], cut: int) -> None:
    head, tail = x[:cut], x[cut:]
    assert update_beta(update_beta((1, 2), head), tail) == update_beta((1, 2), x)
    assert update_gamma(update_gamma((1, 2), head), tail) == update_gamma((1, 2), x)
    once = update_normal((0, 1), np.array(x, dtype=float), noise=2.0)
    half = update_normal((0, 1), np.array(head, dtype=float), noise=2.0)
    both = update_normal(half, np.array(tail, dtype=float), noise=2.0)
    assert both == pytest.approx(once, rel=1e-12)


@settings(max_examples=25)
@given(SEEDS, st.integers(1, 5), st.integers(1, 6))
def test_bayes_rule_is_its_formula_and_does_not_care_for_the_order(
    seed: int, k: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    prior, likelihood = rng.dirichlet(np.ones(k)), rng.random((n, k))
    expected = prior * likelihood.prod(axis=0)
    found = bayes_rule(prior, likelihood)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-9)
    step_by_step = prior
    for line in likelihood[::-1]:
        step_by_step = bayes_rule(step_by_step, line)
    np.testing.assert_allclose(step_by_step, found, rtol=1e-9)


def test_ten_thousand_pieces_of_evidence_do_not_vanish() -> None:
    found = bayes_rule([0.5, 0.5], np.tile([0.01, 0.0099], (10_000, 1)))
    assert found.tolist() == pytest.approx([1.0, 0.0], abs=1e-12)
    assert bayes_rule([0.5, 0.5], [0.0, 1e-300]).tolist() == [0.0, 1.0]


# --- information -------------------------------------------------------------------


def distributions(seed: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(k, 0.5), size=2)
    p[rng.random(k) < 0.3] = 0
    return (p / p.sum() if p.any() else np.eye(k)[0]), q


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 20), st.sampled_from([None, 2, 10.0]))
def test_entropies_are_scipys_to_1e_10(seed: int, k: int, base: float | None) -> None:
    p, q = distributions(seed, k)
    assert entropy(p, base=base) == pytest.approx(
        scipy_stats.entropy(p, base=base), rel=EXACT, abs=1e-12
    )
    divergence = scipy_stats.entropy(p, q, base=base)
    assert kl_divergence(p, q, base=base) == pytest.approx(
        divergence, rel=1e-9, abs=1e-9
    )
    both = cross_entropy_between(p, q, base=base) - entropy(p, base=base)
    assert both == pytest.approx(divergence, rel=1e-9, abs=1e-9)
    assert kl_divergence(p, q) >= 0
    assert kl_divergence(p, p) == 0
    assert 0 <= entropy(p) <= np.log(k) + 1e-12


def test_what_is_ruled_out_is_infinitely_surprising() -> None:
    assert cross_entropy_between([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert kl_divergence([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert kl_divergence([1.0, 0.0], [0.5, 0.5], base=2) == pytest.approx(1.0)


@settings(max_examples=40)
@given(
    hnp.arrays(
        int,
        st.tuples(st.integers(1, 5), st.integers(1, 5)),
        elements=st.integers(0, 30),
    )
)
def test_mutual_information_is_scikit_learns_to_1e_10(counts: np.ndarray) -> None:
    if not counts.any():
        return
    found = mutual_information(counts)
    theirs = mutual_info_score(None, None, contingency=counts)
    assert found == pytest.approx(theirs, rel=1e-9, abs=1e-12)
    assert mutual_information(counts.T) == pytest.approx(found, abs=1e-12)
    p = counts / counts.sum()
    together = entropy(p.sum(axis=0)) + entropy(p.sum(axis=1)) - entropy(p.ravel())
    assert found == pytest.approx(together, abs=1e-9)


def test_mutual_information_of_real_columns_is_scikit_learns() -> None:
    data = load_wine()
    binned = np.digitize(data.data[:, 6], np.quantile(data.data[:, 6], [0.3, 0.6]))
    joint = np.zeros((3, 3))
    np.add.at(joint, (binned, data.target), 1)
    expected = mutual_info_score(binned, data.target)
    assert mutual_information(joint) == pytest.approx(expected, rel=EXACT)


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: fit_bernoulli([0, 2]), "at most 1"),
        (lambda: fit_bernoulli([]), "n at least 1"),
        (lambda: fit_binomial([1.5], 3), "holds 1.5"),
        (lambda: fit_binomial([1], 0), "trials is 0"),
        (lambda: fit_poisson([-1]), "holds -1"),
        (lambda: fit_gaussian([np.nan]), "contains NaN"),
        (lambda: fit_exponential([-1.0]), "expected times"),
        (lambda: fit_exponential([0.0]), "not all of them 0"),
        (lambda: fit_beta([0.0, 0.5]), "smallest value of 0"),
        (lambda: fit_beta([0.5, 0.5]), "All rows are equal"),
        (lambda: fit_dirichlet([[0.5, 0.4], [0.5, 0.5]]), "sum of 1"),
        (lambda: fit_dirichlet([[1.0], [1.0]]), "two columns"),
        (lambda: update_beta((0, 1), [1]), "prior a is 0"),
        (lambda: update_beta((1, 1), [2]), "at most 1"),
        (lambda: update_gamma((1, -1), [1]), "prior rate is -1"),
        (lambda: update_gamma((1, 1), [0.5]), "holds 0.5"),
        (lambda: update_normal((0, 1), [1.0], noise=0), "noise is 0"),
        (lambda: bayes_rule([0.5, 0.6], [1, 1]), "sum to 1"),
        (lambda: bayes_rule([0.5, 0.5], [1, 1, 1]), "expected 2 columns"),
        (lambda: bayes_rule([0.5, 0.5], [-1, 1]), "negative"),
        (lambda: bayes_rule([0.5, 0.5], [0, 0]), "impossible under every"),
        (lambda: entropy([0.5, 0.6]), "sum to 1"),
        (lambda: entropy([1.0], base=1), "base is 1"),
        (lambda: kl_divergence([1.0], [0.5, 0.5]), "lengths"),
        (
            lambda: cross_entropy_between([-0.5, 1.5], [0.5, 0.5]),
            "smallest value of -0.5",
        ),
        (lambda: mutual_information([[-1, 2]]), "counts of"),
        (lambda: mutual_information([[0, 0]]), "not all of them 0"),
        (lambda: Beta(*fit_beta([0.5])), "n at least 2"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
