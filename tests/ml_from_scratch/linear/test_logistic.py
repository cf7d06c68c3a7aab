"""Logistic regression: against scikit-learn, finite differences, and what must hold."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.special import log_softmax as scipy_log_softmax
from scipy.special import softmax as scipy_softmax
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression as Oracle
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimator,
    estimator_checks_generator,
)

from ml_from_scratch import linear
from ml_from_scratch.base import ConvergenceWarning
from ml_from_scratch.linear import LogisticObjective, LogisticRegression
from ml_from_scratch.numeric import numerical_gradient

SEEDS = st.integers(0, 2**32 - 1)
SOLVERS = ("lbfgs", "newton", "sgd")


# --- data sets ---------------------------------------------------------------------


@cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return 4,000 rows drawn from a logistic model whose weights are `TRUTH`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, len(TRUTH) - 1))
    return X, (rng.random(4000) < expit(X @ TRUTH[:-1] + TRUTH[-1])).astype(int)


TRUTH = np.array([1.5, -2.0, 0.0, 0.5, -1.0])  # four weights and an intercept


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 600 scanned digits: ten classes, three columns that never change."""
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


@cache
def awkward() -> tuple[np.ndarray, np.ndarray]:
    """Return collinear, constant and ill-scaled columns, and 3 % of one class."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 800))
    X = np.column_stack([a, b, a + b, 2 * a, np.full(800, 3.0), np.zeros(800), 100 * b])
    return X, np.where(rng.random(800) < expit(2 * a - 4.5), "late", "ok")


DATA = {"synthetic": synthetic, "cancer": cancer, "digits": digits, "awkward": awkward}


def _close_to_oracle(
    ours: LogisticRegression, theirs: Any, X: np.ndarray, atol: float
) -> None:
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=atol)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=atol)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=atol
    )
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)


def _oracle(**settings: Any) -> Any:
    return Oracle(solver="newton-cholesky", tol=1e-12, max_iter=200, **settings)


# --- against scikit-learn ----------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("C", [0.01, 1.0, 30.0])
def test_newton_finds_scikit_learns_coefficients_to_1e_9(name: str, C: float) -> None:
    X, y = DATA[name]()
    ours = LogisticRegression(C, solver="newton", tol=1e-12).fit(X, y)
    _close_to_oracle(ours, _oracle(C=C).fit(X, y), X, 1e-9)


@pytest.mark.parametrize("name", DATA)
def test_lbfgs_finds_scikit_learns_coefficients_to_3e_4(name: str) -> None:
    X, y = DATA[name]()
    ours = LogisticRegression(tol=1e-7, max_iter=2000).fit(X, y)
    _close_to_oracle(ours, _oracle().fit(X, y), X, 3e-4)


@pytest.mark.parametrize("name", ["synthetic", "digits"])
def test_lbfgs_with_defaults_takes_scikit_learns_own_path(name: str) -> None:
    X, y = DATA[name]()
    ours, theirs = LogisticRegression().fit(X, y), Oracle().fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_[0]
    _close_to_oracle(ours, theirs, X, 1e-9)


def test_sgd_predicts_what_scikit_learn_predicts_to_two_hundredths() -> None:
    X, y = synthetic()
    ours = LogisticRegression(solver="sgd", tol=1e-3, random_state=0).fit(X, y)
    theirs = _oracle().fit(X, y)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=0.02
    )


@pytest.mark.parametrize("C", [0.003, 1e-9])
def test_sgd_shrinks_as_far_as_the_penalty_asks_and_never_diverges(C: float) -> None:
    X, y = synthetic()
    ours = LogisticRegression(C, solver="sgd", tol=1e-3, random_state=0).fit(X, y)
    theirs = _oracle(C=C).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=0.005)


def test_newton_halves_jumps_that_overshoot() -> None:
    X = np.array([[1, -174, -2, 140, 1, -1, 0, 0, 0], [0, -1, 0, -6, 7, 1, 1, -4, 1]])
    codes = np.array([1, 1, 1, 1, 0, 1, 0, 1, 1])
    share = np.full(9, 1 / 9)
    objective = LogisticObjective(X.T.astype(float), codes, share, 1, 1e-4, True)
    theta, values = np.zeros(3), []
    for _ in range(8):  # full jumps: the eighth value is thousands of times the first
        value, gradient = objective.value_and_gradient(theta)
        values.append(value)
        theta = theta - np.linalg.lstsq(objective.hessian(theta), gradient)[0]
    assert values[-1] > 1000 * values[0]
    assert linear.minimise_by_newton(objective, tol=1e-8, max_iter=50).converged


@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
@pytest.mark.parametrize(
    "options",
    [
        {"class_weight": "balanced"},
        {"class_weight": {"late": 7.0, "ok": 0.5}},
        {"class_weight": {"late": 7.0}},
        {"fit_intercept": False},
    ],
)
def test_options_mean_what_they_mean_in_scikit_learn(
    solver: Any, options: dict[str, Any]
) -> None:
    X, y = awkward()
    X = X / np.maximum(X.std(axis=0), 1)
    weights = np.random.default_rng(2).uniform(0.2, 3.0, len(y))
    ours = LogisticRegression(solver=solver, tol=1e-8, max_iter=2000, **options)
    theirs = _oracle(**options).fit(X, y, sample_weight=weights)
    _close_to_oracle(ours.fit(X, y, sample_weight=weights), theirs, X, 1e-5)


def test_without_penalty_it_is_scikit_learns_maximum_of_likelihood() -> None:
    X, y = synthetic()
    ours = LogisticRegression(np.inf, solver="newton", tol=1e-12).fit(X, y)
    _close_to_oracle(ours, _oracle(C=np.inf).fit(X, y), X, 1e-9)


def test_the_truth_is_found_within_four_standard_errors() -> None:
    X, y = synthetic()
    model = LogisticRegression(np.inf, tol=1e-8, max_iter=1000).fit(X, y)
    found = np.append(model.coef_[0], model.intercept_)
    share = np.full(len(y), 1.0)  # weights of one: the Hessian is the information
    information = LogisticObjective(X, y, share, 1, 0.0, True).hessian(found)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert (np.abs(found - TRUTH) < 4 * errors).all()
    assert (errors < 0.1).all()


# --- derivatives -------------------------------------------------------------------


def _random_objective(seed: int, k: int, fit_intercept: bool) -> LogisticObjective:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(1, 30)), int(rng.integers(1, 5))
    weights = rng.uniform(0.1, 1.0, n)
    codes = rng.integers(max(k, 2), size=n)
    X, l2 = rng.normal(size=(n, d)), rng.uniform(0, 2)
    return LogisticObjective(X, codes, weights / weights.sum(), k, l2, fit_intercept)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1, 3, 4]), st.booleans())
def test_the_gradient_is_the_slope_of_the_value(
    seed: int, k: int, fit_intercept: bool
) -> None:
    objective = _random_objective(seed, k, fit_intercept)
    theta = np.random.default_rng(seed).normal(scale=2, size=objective.n_parameters)
    measured = numerical_gradient(lambda t: objective.value_and_gradient(t)[0], theta)
    _, gradient = objective.value_and_gradient(theta)
    np.testing.assert_allclose(gradient, measured, rtol=1e-6, atol=1e-8)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.sampled_from([1, 3]), st.booleans())
def test_the_hessian_is_the_slope_of_the_gradient(
    seed: int, k: int, fit_intercept: bool
) -> None:
    objective = _random_objective(seed, k, fit_intercept)
    theta = np.random.default_rng(seed).normal(size=objective.n_parameters)
    measured = [
        numerical_gradient(lambda t, i=i: objective.value_and_gradient(t)[1][i], theta)
        for i in range(len(theta))
    ]
    np.testing.assert_allclose(objective.hessian(theta), measured, rtol=1e-5, atol=1e-7)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1, 3]))
def test_the_objective_is_convex_between_any_two_points(seed: int, k: int) -> None:
    objective = _random_objective(seed, k, True)
    rng = np.random.default_rng(seed)
    a, b = rng.normal(scale=5, size=(2, objective.n_parameters))
    ends = [objective.value_and_gradient(t)[0] for t in (a, b)]
    middle, _ = objective.value_and_gradient((a + b) / 2)
    assert middle <= np.mean(ends) + 1e-12


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from([1, 3]), st.integers(1, 7))
def test_batches_of_an_epoch_average_to_the_full_gradient(
    seed: int, k: int, size: int
) -> None:
    objective = _random_objective(seed, k, True)
    theta = np.random.default_rng(seed).normal(size=objective.n_parameters)
    n = len(objective.X)
    order = np.random.default_rng(seed).permutation(n)
    total = np.zeros_like(theta)
    for start in range(0, n, size):
        rows = order[start : start + size]
        total += len(rows) / n * objective.batch(rows).value_and_gradient(theta)[1]
    W, _ = objective.unpack(theta)
    dW, _ = objective.unpack(total)  # a view: adds the penalty, which batches lack
    dW += objective.l2 * W
    _, full = objective.value_and_gradient(theta)
    np.testing.assert_allclose(total, full, atol=1e-12)


def test_values_and_gradients_survive_huge_logits() -> None:
    X = np.array([[1e4], [-1e4], [1e4]])
    for k, codes in ((1, [0, 1, 1]), (3, [0, 1, 2])):
        objective = LogisticObjective(X, np.array(codes), np.full(3, 1 / 3), k, 0, True)
        theta = np.linspace(-1, 1, objective.n_parameters) * 10
        value, gradient = objective.value_and_gradient(theta)
        assert np.isfinite(value)
        assert value > 1e3
        assert np.isfinite(gradient).all()


# --- sigmoid and softmax -----------------------------------------------------------


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=20))
def test_sigmoid_is_scipys_to_the_last_digits(z: list[float]) -> None:
    np.testing.assert_allclose(linear.sigmoid(z), expit(z), rtol=1e-14, atol=1e-300)


def test_sigmoid_keeps_the_digits_of_small_probabilities() -> None:
    assert linear.sigmoid(-700.0) == pytest.approx(np.exp(-700), rel=1e-12, abs=0)


@pytest.mark.parametrize("axis", [0, 1, -1])
@given(seed=SEEDS, scale=st.sampled_from([1.0, 100.0, 1e6]))
def test_softmax_and_its_logarithm_are_scipys(
    axis: int, seed: int, scale: float
) -> None:
    z = np.random.default_rng(seed).normal(scale=scale, size=(3, 4))
    np.testing.assert_allclose(
        linear.softmax(z, axis), scipy_softmax(z, axis), rtol=1e-12, atol=1e-300
    )
    np.testing.assert_allclose(
        linear.log_softmax(z, axis), scipy_log_softmax(z, axis), rtol=1e-12, atol=1e-12
    )


@given(SEEDS, st.floats(-1e3, 1e3))
def test_shifting_all_logits_changes_no_probability(seed: int, shift: float) -> None:
    z = np.random.default_rng(seed).normal(scale=5, size=(4, 6))
    np.testing.assert_allclose(
        linear.softmax(z + shift), linear.softmax(z), rtol=1e-9, atol=1e-15
    )


def test_softmax_of_two_classes_is_the_sigmoid_of_the_difference() -> None:
    z = np.random.default_rng(0).normal(scale=10, size=(50, 2))
    np.testing.assert_allclose(
        linear.softmax(z)[:, 1], linear.sigmoid(z[:, 1] - z[:, 0]), rtol=1e-12
    )


def test_logits_of_a_thousand_overflow_nothing() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert linear.softmax([1000.0, 0.0]).tolist() == [1.0, 0.0]
        assert linear.log_softmax([1000.0, 0.0]).tolist() == [0.0, -1000.0]
        assert linear.sigmoid([-1000.0, 1000.0]).tolist() == [0.0, 1.0]


# --- what must hold ----------------------------------------------------------------


def _problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of two to four classes, each of which is there."""
    rng = np.random.default_rng(seed)
    n, d, k = int(rng.integers(8, 40)), int(rng.integers(1, 5)), int(rng.integers(2, 5))
    y = np.append(np.arange(k), rng.integers(k, size=n - k))
    return rng.normal(size=(n, d)) + 0.5 * y[:, None], y


def _exact(**options: Any) -> LogisticRegression:
    return LogisticRegression(solver="newton", tol=1e-10, **options)


@settings(deadline=None)
@given(SEEDS)
def test_probabilities_are_probabilities(seed: int) -> None:
    X, y = _problem(seed)
    model = _exact().fit(X, y)
    far = np.random.default_rng(seed).normal(scale=1e5, size=X.shape)
    for rows in (X, far):
        proba = model.predict_proba(rows)
        assert proba.min() >= 0
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(
            model.predict(rows), model.classes_[proba.argmax(axis=1)]
        )
        logs = model.predict_log_proba(rows)
        assert np.isfinite(logs).all()
        np.testing.assert_allclose(np.exp(logs), proba, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    X, y = _problem(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    one, other = _exact().fit(X, y), _exact().fit(X[order], y[order])
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-8)


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_the_names_of_two_classes_turn_the_signs_around(seed: int) -> None:
    X, y = _problem(seed)
    y = (y > 0).astype(int)
    one, other = _exact().fit(X, y), _exact().fit(X, 1 - y)
    np.testing.assert_allclose(one.coef_, -other.coef_, atol=1e-8)
    np.testing.assert_allclose(one.intercept_, -other.intercept_, atol=1e-8)


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(seed: int) -> None:
    X, y = _problem(seed)
    counts = np.random.default_rng(seed).integers(0, 3, len(y))
    counts[: y.max() + 1] = 1  # every class stays
    weighted = _exact().fit(X, y, sample_weight=counts)
    repeated = _exact().fit(X.repeat(counts, axis=0), y.repeat(counts))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-8)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-8)


@settings(deadline=None, max_examples=50)
@given(SEEDS, st.floats(-50, 50))
def test_the_intercept_is_not_penalised(seed: int, shift: float) -> None:
    X, y = _problem(seed)
    one, moved = _exact(C=0.1).fit(X, y), _exact(C=0.1).fit(X + shift, y)
    np.testing.assert_allclose(one.coef_, moved.coef_, atol=1e-6)
    np.testing.assert_allclose(
        one.predict_proba(X), moved.predict_proba(X + shift), atol=1e-6
    )


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_mean_probabilities_are_the_shares_of_the_classes(seed: int) -> None:
    X, y = _problem(seed)
    model = _exact(C=0.5).fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X).mean(axis=0), np.bincount(y) / len(y), atol=1e-8
    )


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_a_stronger_penalty_makes_smaller_weights(seed: int) -> None:
    X, y = _problem(seed)
    sizes = [np.linalg.norm(_exact(C=C).fit(X, y).coef_) for C in (10, 1, 0.1, 0.01)]
    assert (np.diff(sizes) < 1e-9).all()


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_balanced_classes_weigh_the_same_in_total(seed: int) -> None:
    X, y = _problem(seed)
    model = _exact(class_weight="balanced").fit(X, y)
    factors = 1 / np.bincount(y)[y]
    mean = np.average(model.predict_proba(X), axis=0, weights=factors)
    np.testing.assert_allclose(mean, 1 / len(model.classes_), atol=1e-8)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_classes_sum_to_zero_where_there_are_more_than_two(seed: int) -> None:
    X, y = _problem(seed)
    model = LogisticRegression().fit(X, y)
    if len(model.classes_) > 2:
        np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)
        assert model.intercept_.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_seed_gives_the_same_model(solver: Any) -> None:
    X, y = synthetic()
    models = [
        LogisticRegression(solver=solver, tol=0.05, random_state=3).fit(X, y)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(models[0].coef_, models[1].coef_)


def test_fitting_changes_neither_the_data_nor_the_settings() -> None:
    X, y = (part.copy() for part in digits())
    model = LogisticRegression(class_weight={3: 2.0})
    before = model.get_params()
    model.fit(X, y, sample_weight=np.ones(len(y)))
    np.testing.assert_array_equal(X, digits()[0])
    np.testing.assert_array_equal(y, digits()[1])
    assert model.get_params() == before


# --- edges -------------------------------------------------------------------------


def test_one_row_a_class_is_enough() -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], ["a", "b"])
    assert model.predict([[-5.0], [5.0]]).tolist() == ["a", "b"]


def test_features_that_never_change_leave_the_base_rate() -> None:
    y = np.repeat([0, 1], [30, 10])
    model = LogisticRegression(tol=1e-8).fit(np.full((40, 2), 7.0), y)
    np.testing.assert_allclose(model.predict_proba([[7.0, 7.0]]), [[0.75, 0.25]])
    np.testing.assert_allclose(model.coef_, 0.0, atol=1e-7)


def test_collinear_columns_share_the_weight_without_a_penalty() -> None:
    X, y = synthetic()
    once = LogisticRegression(np.inf, solver="newton", tol=1e-10).fit(X, y)
    twice = clone(once).fit(np.column_stack([X, X]), y)
    both = twice.coef_[0, :4] + twice.coef_[0, 4:]
    np.testing.assert_allclose(both, once.coef_[0], atol=1e-7)
    np.testing.assert_allclose(twice.coef_[0, :4], twice.coef_[0, 4:], atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, bool, object])
def test_features_of_any_type_of_number_work(dtype: type) -> None:
    X, y = synthetic()
    rough = X[:300].round()
    expected = LogisticRegression().fit(rough.astype(dtype).astype(float), y[:300])
    found = LogisticRegression().fit(rough.astype(dtype), y[:300])
    np.testing.assert_array_equal(found.coef_, expected.coef_)


# --- warnings and errors -----------------------------------------------------------


def test_separable_classes_without_a_penalty_are_named() -> None:
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    for y in ([0, 0, 1, 1], [0, 0, 1, 2]):
        with pytest.warns(ConvergenceWarning, match="no minimum exists.*finite C"):
            LogisticRegression(np.inf).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegression(1.0).fit(X, [0, 0, 1, 1])


def test_too_few_steps_are_warned_about_with_what_was_found() -> None:
    X, y = awkward()
    words = r"lbfgs stopped after 3 iterations \(max_iter\).*deviations run from 0 to"
    with pytest.warns(ConvergenceWarning, match=words) as seen:
        LogisticRegression(max_iter=3).fit(X, y)
    assert seen[0].filename == __file__


def test_a_tolerance_below_rounding_is_said_to_be_one() -> None:
    X, y = synthetic()
    with pytest.warns(ConvergenceWarning, match="no longer changes in float64"):
        LogisticRegression(tol=1e-300).fit(X, y)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_that_arrived_says_nothing(solver: Any) -> None:
    X, y = synthetic()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(solver=solver, tol=0.01, random_state=0).fit(X, y)
    assert 1 <= model.n_iter_ <= 100


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"C": 0.0}, "C must be a number above 0.*got 0.0"),
        ({"C": -1.0}, "C must be"),
        ({"C": np.nan}, "C must be.*got nan"),
        ({"solver": "adam"}, r"solver must be one of .*'sgd'.*got 'adam'"),
        ({"tol": 0}, "tol must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"learning_rate": 0.0}, "learning_rate must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"class_weight": "even"}, "dict, 'balanced' or None, got 'even'"),
        ({"class_weight": {0: 2, 5: 1}}, r"names \[5\], but the classes are \[0, 1\]"),
        ({"class_weight": {0: 0.0}}, "above 0"),
    ],
)
def test_bad_settings_are_refused_by_fit_in_words(
    options: dict[str, Any], words: str
) -> None:
    model = LogisticRegression(**options)  # not here: scikit-learn's contract
    with pytest.raises(ValueError, match=words):
        model.fit([[0.0], [1.0], [2.0]], [0, 1, 0])


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[0.0], [1.0]], [1, 1], "only 1 class: 1 in all 2 rows"),
        ([[0.0], [np.nan]], [0, 1], "NaN"),
        ([[0.0], [np.inf]], [0, 1], "inf"),
        (np.empty((0, 2)), [], r"0 sample\(s\)"),
        ([[0.0], [1.0]], [0, 1, 1], "X has 2 and y has 3"),
        ([0.0, 1.0], [0, 1], "2D array"),
        ([["fog"], ["rain"]], [0, 1], "Encode text"),
        ([[0.0], [1.0]], [0.3, 0.7], "continuous"),
    ],
)
def test_bad_data_is_refused_in_words(X: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LogisticRegression().fit(X, y)


def test_weights_that_leave_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="only 1 class: b in all 2 rows of weight"):
        LogisticRegression().fit(
            [[0.0], [1.0], [2.0]], ["a", "b", "b"], sample_weight=[0, 1, 1]
        )


# --- inside scikit-learn: test_contract.py has the default solver -------------------


@pytest.mark.parametrize("solver", ["newton", "sgd"])
@pytest.mark.filterwarnings("default::ml_from_scratch.base.DataConversionWarning")
@pytest.mark.filterwarnings("ignore::ml_from_scratch.base.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Estimator LogisticRegression does not inherit")
def test_check_estimator_passes(solver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # else one check is skipped
    model = LogisticRegression(solver=solver)
    results = check_estimator(model, on_fail=None, on_skip=None)
    outcome = {r["check_name"]: (r["status"], str(r["exception"])) for r in results}
    assert outcome == dict.fromkeys(outcome, ("passed", "None"))
    assert len(results) == len(list(estimator_checks_generator(model)))


@pytest.mark.filterwarnings("ignore")
def test_the_names_of_columns_are_handled_as_scikit_learn_asks() -> None:
    check_dataframe_column_names_consistency("Logistic", LogisticRegression())
