"""Naive Bayes: against scikit-learn and closed forms, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import norm
from sklearn import naive_bayes as theirs
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from ml_from_scratch.naive_bayes import (
    BernoulliNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)

SEEDS = st.integers(0, 2**32 - 1)
COUNTERS = {
    "MultinomialNB": MultinomialNB,
    "ComplementNB": ComplementNB,
    "BernoulliNB": BernoulliNB,
}
ALL = COUNTERS | {"GaussianNB": GaussianNB}

# --- data sets ---------------------------------------------------------------------

CENTRES = np.array([[0.0, 3.0, -1.0], [2.0, 3.0, 1.0], [0.0, -3.0, 0.0]])
WIDTHS = np.array([[1.0, 0.5, 2.0], [0.3, 0.5, 1.0], [1.0, 2.0, 0.2]])
SHARES = np.array([0.6, 0.3, 0.1])


@cache
def bells() -> tuple[np.ndarray, np.ndarray]:
    """Return 5,000 rows of three classes, drawn from the constants above."""
    rng = np.random.default_rng(0)
    y = rng.choice(3, size=5000, p=SHARES)
    return CENTRES[y] + WIDTHS[y] * rng.normal(size=(5000, 3)), y


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    return load_breast_cancer(return_X_y=True)


@cache
def wine() -> tuple[np.ndarray, np.ndarray]:
    return load_wine(return_X_y=True)


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scans whose corners never change: variances of zero."""
    X, y = load_digits(return_X_y=True)
    return X[:900], y[:900]


MEASURED = {"bells": bells, "cancer": cancer, "wine": wine, "digits": digits}


@cache
def texts() -> tuple[np.ndarray, np.ndarray]:
    """Return word counts of three urns, one class rare, one word never drawn."""
    rng = np.random.default_rng(1)
    urns = np.column_stack([rng.dirichlet(np.full(40, 0.3), size=3), np.zeros(3)])
    y = rng.choice(3, size=600, p=[0.55, 0.42, 0.03])
    return np.array([rng.multinomial(rng.integers(1, 30), urns[c]) for c in y]), y


@cache
def fractions() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_iris(return_X_y=True)
    return X / X.sum(axis=1, keepdims=True), y


COUNTED = {"texts": texts, "digits": digits, "fractions": fractions}


def assert_same(ours: Any, oracle: Any, X: Any, tolerance: float = 1e-10) -> None:
    joint, expected = ours.predict_joint_log_proba(X), oracle.predict_joint_log_proba(X)
    np.testing.assert_allclose(joint, expected, rtol=tolerance, atol=tolerance)
    # Normalising subtracts the best, so that rounding counts relative to that.
    scale = 1 + np.abs(expected) + np.abs(expected.max(axis=1, keepdims=True))
    gaps = ours.predict_log_proba(X) - oracle.predict_log_proba(X)
    assert np.abs(gaps / scale).max() < tolerance
    np.testing.assert_array_equal(ours.predict(X), oracle.predict(X))


# --- Gaussian ----------------------------------------------------------------------


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("smoothing", [1e-9, 1e-2])
def test_gaussian_log_probabilities_are_scikit_learns_to_1e_10(
    name: str, smoothing: float
) -> None:
    X, y = MEASURED[name]()
    ours = GaussianNB(var_smoothing=smoothing).fit(X[::2], y[::2])
    oracle = theirs.GaussianNB(var_smoothing=smoothing).fit(X[::2], y[::2])
    assert_same(ours, oracle, X[1::2])
    for learned in ("theta_", "var_", "class_prior_", "class_count_", "epsilon_"):
        np.testing.assert_allclose(
            getattr(ours, learned), getattr(oracle, learned), rtol=1e-10, atol=1e-13
        )


@pytest.mark.parametrize("name", MEASURED)
def test_gaussian_priors_are_scikit_learns_to_1e_10(name: str) -> None:
    X, y = MEASURED[name]()
    priors = np.arange(1.0, 1.0 + len(np.unique(y)))
    priors /= priors.sum()
    ours, oracle = GaussianNB(priors=priors), theirs.GaussianNB(priors=priors)
    assert_same(ours.fit(X, y), oracle.fit(X, y), X)


@pytest.mark.parametrize("name", MEASURED)
def test_gaussian_weights_are_scikit_learns_with_rows_repeated_to_1e_10(
    name: str,
) -> None:
    X, y = MEASURED[name]()
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    ours = GaussianNB().fit(X, y, sample_weight=counts)
    oracle = theirs.GaussianNB().fit(X.repeat(counts, axis=0), y.repeat(counts))
    assert_same(ours, oracle, X)


@pytest.mark.parametrize("name", MEASURED)
def test_gaussian_batches_give_what_one_fit_gives_to_1e_9(name: str) -> None:
    X, y = MEASURED[name]()
    order = np.argsort(y, kind="stable")  # the first batches lack most classes
    model = GaussianNB()
    for rows in np.array_split(order, 7):
        model.partial_fit(X[rows], y[rows], classes=np.unique(y))
    assert_same(model, theirs.GaussianNB().fit(X, y), X, 1e-9)


def test_the_bells_that_were_drawn_from_are_found_within_four_standard_errors() -> None:
    X, y = bells()
    model = GaussianNB().fit(X, y)
    n = model.class_count_[:, None]
    assert (np.abs(model.theta_ - CENTRES) < 4 * WIDTHS / np.sqrt(n)).all()
    ratio = model.var_ / WIDTHS**2
    assert (np.abs(ratio - 1) < 4 * np.sqrt(2 / n)).all()


def test_one_row_is_as_likely_as_scipys_normal_densities_say() -> None:
    X, y = bells()
    model = GaussianNB().fit(X, y)
    density = norm(model.theta_, np.sqrt(model.var_)).logpdf(X[7]).sum(axis=1)
    np.testing.assert_allclose(
        model.predict_joint_log_proba(X[7:8])[0],
        density + np.log(np.bincount(y) / len(y)),
        rtol=1e-12,
    )


@settings(max_examples=30)
@given(SEEDS, st.sampled_from([1e-6, 1.0, 1e8]), st.sampled_from([0.0, 1e6]))
def test_gaussian_probabilities_know_no_units(
    seed: int, unit: float, offset: float
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 3)), np.append([0, 1, 2], rng.integers(3, size=37))
    plain = GaussianNB().fit(X, y).predict_log_proba(X)
    moved = unit * (X + offset)
    found = GaussianNB().fit(moved, y).predict_log_proba(moved)
    np.testing.assert_allclose(found, plain, rtol=1e-4 if offset else 1e-7, atol=1e-7)


def test_a_class_announced_and_never_seen_is_never_predicted() -> None:
    X, y = wine()
    model = GaussianNB().partial_fit(X, y, classes=[0, 1, 2, 3])
    proba = model.predict_proba(X)
    assert (proba[:, 3] == 0).all()
    np.testing.assert_allclose(proba[:, :3], GaussianNB().fit(X, y).predict_proba(X))
    hoped = GaussianNB(priors=[0.1, 0.1, 0.1, 0.7])
    hoped.partial_fit(X, y, classes=[0, 1, 2, 3])
    assert (hoped.predict_proba(0 * X)[:, 3] == 0).all()


# --- counts ------------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("kind", COUNTERS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.coo_matrix])
@pytest.mark.parametrize(
    "options", [{}, {"alpha": 0.01}, {"fit_prior": False, "alpha": 3.0}]
)
def test_count_log_probabilities_are_scikit_learns_to_1e_10(
    name: str, kind: str, form: Any, options: dict[str, Any]
) -> None:
    X, y = COUNTED[name]()
    if kind == "BernoulliNB":
        options = options | {"binarize": float(np.median(X))}
    ours = COUNTERS[kind](**options).fit(form(X[::2]), y[::2])
    oracle = getattr(theirs, kind)(**options).fit(X[::2], y[::2])
    np.testing.assert_allclose(
        ours.feature_log_prob_, oracle.feature_log_prob_, rtol=1e-10, atol=1e-14
    )
    np.testing.assert_allclose(ours.feature_count_, oracle.feature_count_, rtol=1e-12)
    assert_same(ours, oracle, form(X[1::2]))


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("kind", COUNTERS)
def test_count_weights_and_priors_are_scikit_learns_to_1e_10(
    name: str, kind: str
) -> None:
    X, y = COUNTED[name]()
    k = len(np.unique(y))
    prior = np.arange(1.0, k + 1) / np.arange(1.0, k + 1).sum()
    weights = np.random.default_rng(0).uniform(0.1, 3.0, len(y))
    ours = COUNTERS[kind](class_prior=prior).fit(X, y, sample_weight=weights)
    oracle = getattr(theirs, kind)(class_prior=prior).fit(X, y, sample_weight=weights)
    assert_same(ours, oracle, X)


@pytest.mark.parametrize("name", COUNTED)
def test_normed_complements_are_scikit_learns_to_1e_10(name: str) -> None:
    X, y = COUNTED[name]()
    ours, oracle = ComplementNB(norm=True), theirs.ComplementNB(norm=True)
    assert_same(ours.fit(X, y), oracle.fit(X, y), X)


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("kind", COUNTERS)
def test_count_batches_give_what_one_fit_gives(name: str, kind: str) -> None:
    X, y = COUNTED[name]()
    model = COUNTERS[kind]()
    for rows in np.array_split(np.argsort(y, kind="stable"), 5):
        model.partial_fit(X[rows], y[rows], classes=np.unique(y))
    whole = COUNTERS[kind]().fit(X, y)
    np.testing.assert_allclose(
        model.predict_joint_log_proba(X), whole.predict_joint_log_proba(X), rtol=1e-12
    )


def test_bernoulli_takes_zeros_and_ones_as_they_are() -> None:
    X, y = texts()
    ready = (X > 0).astype(int)
    one = BernoulliNB(binarize=None).fit(ready, y).predict_log_proba(ready)
    np.testing.assert_array_equal(
        one, BernoulliNB().fit(X, y).predict_log_proba(sparse.csr_array(X))
    )


def test_the_number_of_a_words_repetitions_is_nothing_to_bernoulli() -> None:
    X, y = texts()
    one, other = BernoulliNB().fit(X, y), BernoulliNB().fit(9 * X, y)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(9 * X))


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(["MultinomialNB", "BernoulliNB"]))
def test_the_learned_distributions_are_distributions(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    X = rng.poisson(1.5, size=(30, 6))
    model = COUNTERS[kind](alpha=0.3).fit(X, rng.integers(3, size=30))
    shares = np.exp(model.feature_log_prob_)
    if kind == "MultinomialNB":
        np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    else:
        absent = np.exp(model._log_absent)
        np.testing.assert_allclose(shares + absent, 1.0, rtol=1e-12)


@settings(max_examples=25)
@given(SEEDS)
def test_mixing_the_counts_of_a_text_adds_its_evidence(seed: int) -> None:
    X, y = texts()
    model = MultinomialNB().fit(X, y)
    a, b = np.random.default_rng(seed).integers(len(X), size=2)
    evidence = model.predict_joint_log_proba(X[[a, b]]) - model.class_log_prior_
    both = model.predict_joint_log_proba(X[[a]] + X[[b]]) - model.class_log_prior_
    np.testing.assert_allclose(both[0], evidence.sum(axis=0), rtol=1e-11)


# --- all of them -------------------------------------------------------------------


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(sorted(ALL)))
def test_probabilities_are_probabilities_and_rows_have_no_order(
    seed: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.poisson(2.0, size=(40, 5)), rng.integers(3, size=40)
    model = ALL[kind]().fit(X, y)
    proba = model.predict_proba(100 * X)
    assert proba.min() >= 0
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    order = rng.permutation(40)
    again = ALL[kind]().fit(X[order], y[order])
    np.testing.assert_allclose(
        again.predict_proba(X), model.predict_proba(X), rtol=1e-6
    )


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(sorted(ALL)))
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(
    seed: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.poisson(2.0, size=(40, 5)), np.append(rng.integers(2, size=38), [7, 7])
    counts = np.append(rng.integers(0, 3, size=38), [0, 0])  # no row of class 7 counts
    weighted = ALL[kind]().fit(X, y, sample_weight=counts)
    repeated = ALL[kind]().fit(X.repeat(counts, axis=0), y.repeat(counts))
    assert weighted.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(
        weighted.predict_joint_log_proba(X),
        repeated.predict_joint_log_proba(X),
        rtol=1e-9,
    )


@pytest.mark.parametrize("kind", ALL)
def test_a_second_fit_forgets_the_first(kind: str) -> None:
    X, y = texts()
    model = ALL[kind]().fit(X, y).fit(X[:300], y[:300])
    np.testing.assert_array_equal(
        model.predict_proba(X), ALL[kind]().fit(X[:300], y[:300]).predict_proba(X)
    )


@pytest.mark.parametrize("kind", ALL)
def test_one_class_is_always_predicted(kind: str) -> None:
    model = ALL[kind]().fit([[1, 0], [2, 1], [0, 3]], ["only"] * 3)
    assert model.predict([[5, 5]]).tolist() == ["only"]
    assert model.predict_proba([[5, 5]]).tolist() == [[1.0]]


def test_one_column_and_one_row_a_class_are_enough_for_counts() -> None:
    for kind in COUNTERS:
        model = COUNTERS[kind]().fit([[3], [0]], ["a", "b"])
        assert np.isfinite(model.predict_log_proba([[1], [0]])).all()
    normed = ComplementNB(norm=True).fit([[3], [0]], ["a", "b"])
    assert normed.predict_proba([[1]]).tolist() == [[0.5, 0.5]]


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "X", "words"),
    [
        (MultinomialNB(), [[1, -2], [0, 1]], "Negative values.*MultinomialNB.*is -2"),
        (ComplementNB(), sparse.csr_array([[1.0, -3.0], [0, 1]]), "Negative.*is -3"),
        (MultinomialNB(alpha=0), [[1], [2]], "alpha must be a number above 0.*got 0"),
        (BernoulliNB(alpha=np.nan), [[1], [2]], "alpha must be .*got nan"),
        (MultinomialNB(), sparse.csr_array([[np.nan], [1]]), "NaN"),
        (BernoulliNB(binarize=None), [[1], [2]], "must be 0 or 1, but one is 2"),
        (BernoulliNB(binarize=-1.0), sparse.csr_array([[1], [2]]), "binarize must"),
        (MultinomialNB(class_prior=[1.0]), [[1], [2]], "class_prior must hold one"),
        (GaussianNB(priors=[0.5, 0.6]), [[1], [2]], "priors must hold probabilities"),
        (GaussianNB(priors=[-0.5, 1.5]), [[1], [2]], "sum to 1, got"),
        (GaussianNB(var_smoothing=-1), [[1], [2]], "var_smoothing must be .*got -1"),
        (GaussianNB(var_smoothing=0), [[1], [2]], "Column 0 has variance 0 in class 0"),
        (GaussianNB(), [[3, 1], [3, 1]], "Column 0 has variance 0.*constant columns"),
        (GaussianNB(), [[1e200], [-1e200]], "Column 0 has variance (inf|nan)"),
        (GaussianNB(), [[1e-200], [-1e-200]], "Column 0 has variance 0.*the unit"),
    ],
)
def test_bad_input_is_refused_in_words(model: Any, X: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.fit(X, [0, 1])


def test_batches_must_agree_on_the_classes() -> None:
    X = [[1.0], [2.0]]
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MultinomialNB().partial_fit(X, [0, 1])
    model = MultinomialNB().partial_fit(X, [0, 1], classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"\[0, 1, 2\] before, \[0, 1\] now"):
        model.partial_fit(X, [0, 1], classes=[0, 1])
    with pytest.raises(ValueError, match=r"labels \[5\], which are not among"):
        model.partial_fit(X, [0, 5])
    with pytest.raises(ValueError, match="2 features, but MultinomialNB is"):
        model.partial_fit([[1.0, 2.0]], [0])


def test_a_row_beyond_all_numbers_is_refused_rather_than_guessed() -> None:
    model = GaussianNB().fit([[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1])
    assert model.predict([[1e7]]).tolist() == [1]
    with pytest.raises(ValueError, match="Row 1 is so far from every class"):
        model.predict([[0.0], [1e200]])
