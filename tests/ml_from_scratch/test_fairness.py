"""Fairness: against fairlearn, closed forms, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import fairlearn.metrics as oracle
import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression

from ml_from_scratch import fairness
from ml_from_scratch.fairness import FairThresholds

SEEDS = st.integers(0, 2**32 - 1)
GAPS = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equal_opportunity_difference",
]


@cache
def data(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcomes, scores between 0 and 1, and groups of unequal size."""
    rng = np.random.default_rng(0)
    if name == "synthetic":
        g = rng.choice(["a", "b", "c"], p=[0.6, 0.3, 0.1], size=3000)
        z = rng.normal(size=3000) + np.where(g == "a", 0.5, -0.5)
        y = (rng.random(3000) < 1 / (1 + np.exp(-z))).astype(int)
        return y, 1 / (1 + np.exp(-z - (g == "b") * rng.normal(size=3000))), g
    X, y = (load_breast_cancer if name == "cancer" else load_digits)(return_X_y=True)
    y = (y % 2).astype(int)
    told_by = X[:, 2 if name == "digits" else 1]
    group = np.where(told_by > np.median(told_by), "more", "less")
    X = X[:, [1, 4, 5]] if name == "cancer" else X[:, 20:30]
    score = LogisticRegression(max_iter=5000).fit(X, y).predict_proba(X)[:, 1]
    return y, score.round(2), group  # rounded: ties


NAMES = ["synthetic", "cancer", "digits"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("weighted", [False, True])
def test_gaps_are_fairlearns_to_1e_12(name: str, gap: str, weighted: bool) -> None:
    y, score, group = data(name)
    w = np.random.default_rng(1).random(len(y)) if weighted else None
    options: Any = {"sensitive_features": group, "sample_weight": w}
    found = getattr(fairness, gap)(y, score > 0.4, **options)
    expected = getattr(oracle, gap)(y, (score > 0.4).astype(int), **options)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_rates_by_group_are_fairlearns(name: str) -> None:
    y, score, group = data(name)
    chosen = (score > 0.4).astype(int)
    frame = oracle.MetricFrame(
        metrics={
            "selection_rate": oracle.selection_rate,
            "tpr": oracle.true_positive_rate,
            "fpr": oracle.false_positive_rate,
            "rows": oracle.count,
        },
        y_true=y,
        y_pred=chosen,
        sensitive_features=group,
    ).by_group
    found = fairness.group_rates(y, chosen, sensitive_features=group)
    for column in frame.columns:
        np.testing.assert_allclose(found[column], frame[column], rtol=1e-12)
        if column != "rows":
            assert (found[f"{column}_low"] <= found[column]).all()
            assert (found[column] <= found[f"{column}_high"]).all()
    assert (found.positives + found.negatives == found.rows).all()


def test_the_intervals_hold_the_truth_as_often_as_they_say_also_in_small_groups() -> (
    None
):
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(1500), 12)  # many groups of twelve
    y = rng.integers(2, size=len(group))
    chosen = (rng.random(len(group)) < 0.3).astype(int)
    table = fairness.group_rates(y, chosen, sensitive_features=group)
    held = (table.selection_rate_low <= 0.3) & (table.selection_rate_high >= 0.3)
    assert held.mean() == pytest.approx(0.95, abs=0.03)
    gap = fairness.demographic_parity_difference(y, chosen, sensitive_features=group)
    assert gap > 0.6  # though every group is treated alike: small groups deceive


@given(SEEDS, st.sampled_from(GAPS))
def test_names_of_groups_and_order_of_rows_do_not_matter(seed: int, gap: str) -> None:
    rng = np.random.default_rng(seed)
    group = np.arange(40) % 3
    y, chosen = (np.arange(40) // 3) % 2, rng.integers(2, size=40)
    order, names = rng.permutation(40), np.array(["x", "b", "k"])
    found = getattr(fairness, gap)(y, chosen, sensitive_features=group)
    again = getattr(fairness, gap)(
        y[order], chosen[order], sensitive_features=names[group[order]]
    )
    assert again == pytest.approx(found, abs=1e-12, nan_ok=True)
    assert 0 <= found <= 1


def test_one_group_and_nobody_selected_are_answered() -> None:
    one: Any = {"sensitive_features": ["a", "a"]}
    assert fairness.demographic_parity_difference([0, 1], [0, 1], **one) == 0.0
    assert np.isnan(fairness.demographic_parity_ratio([0, 1], [0, 0], **one))
    table = fairness.group_rates([0, 0], [0, 1], **one)
    assert np.isnan(table.tpr["a"])
    assert table.fpr["a"] == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_calibration_within_groups_is_that_of_their_rows(name: str) -> None:
    y, score, group = data(name)
    table = fairness.group_calibration(y, score, sensitive_features=group)
    for g, row in table.iterrows():
        inside = group == g
        assert row.base_rate == pytest.approx(y[inside].mean())
        assert row.mean_forecast == pytest.approx(score[inside].mean())
        assert row.calibration_error >= abs(row.base_rate - row.mean_forecast) - 1e-12


# --- remedies ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_reweighed_labels_do_not_depend_on_the_group(name: str) -> None:
    y, _, group = data(name)
    weights = fairness.reweighing(y, sensitive_features=group)
    rates = [np.average(y[group == g], weights=weights[group == g]) for g in set(group)]
    np.testing.assert_allclose(rates, y.mean(), rtol=1e-12)
    for g in set(group):
        assert weights[group == g].sum() == pytest.approx((group == g).sum())
    gap = fairness.demographic_parity_difference(
        y, y, sensitive_features=group, sample_weight=weights
    )
    assert gap == pytest.approx(0, abs=1e-12)


class Passed(ClassifierMixin, BaseEstimator):
    """Hands the score on, as fairlearn wants an estimator."""

    def fit(self, X: Any, y: Any) -> Passed:
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X)[:, 0]

    def __sklearn_is_fitted__(self) -> bool:
        return True


THEIRS = {
    "demographic_parity": "demographic_parity",
    "equal_opportunity": "true_positive_rate_parity",
    "equalized_odds": "equalized_odds",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("constraint", THEIRS)
def test_thresholds_keep_parity_and_are_at_least_as_accurate_as_fairlearns(
    name: str, constraint: Any
) -> None:
    y, score, group = data(name)
    ours = FairThresholds(constraint).fit(y, score, sensitive_features=group)
    chance = ours.probability(score, sensitive_features=group)
    assert np.mean(np.where(y == 1, chance, 1 - chance)) == pytest.approx(
        ours.accuracy_
    )
    _assert_parity(constraint, y, chance, group)
    theirs = ThresholdOptimizer(
        estimator=Passed(),
        constraints=THEIRS[constraint],
        objective="accuracy_score",
        predict_method="predict",
        prefit=True,
        grid_size=1000,
    ).fit(score[:, None], y, sensitive_features=group)
    p = theirs._pmf_predict(score[:, None], sensitive_features=group)[:, 1]
    accuracy = np.mean(np.where(y == 1, p, 1 - p))
    assert accuracy - 1e-3 <= ours.accuracy_ <= accuracy + 0.01


def _assert_parity(
    constraint: str, y: np.ndarray, chance: np.ndarray, group: np.ndarray
) -> None:
    among = {
        "demographic_parity": [y >= 0],
        "equal_opportunity": [y == 1],
        "equalized_odds": [y == 1, y == 0],
    }[constraint]
    for rows in among:
        rates = [chance[rows & (group == g)].mean() for g in set(group)]
        assert np.ptp(rates) < 1e-9


@settings(max_examples=20)
@given(SEEDS, st.sampled_from(list(THEIRS)))
def test_thresholds_are_never_worse_than_treating_all_alike(
    seed: int, constraint: Any
) -> None:
    rng = np.random.default_rng(seed)
    group, y = np.arange(40) % 2, (np.arange(40) // 2) % 2
    score = rng.integers(0, 6, 40) / 5 + 0.2 * y
    rules = FairThresholds(constraint).fit(y, score, sensitive_features=group)
    chance = rules.probability(score, sensitive_features=group)
    _assert_parity(constraint, y, chance, group)
    assert rules.accuracy_ >= max(y.mean(), 1 - y.mean()) - 1e-12
    for g, rule in enumerate(rules.rules_):
        assert sum(p for _, p in rule) == pytest.approx(1.0)
        assert rules.rates_[g, 1] == pytest.approx(
            chance[(group == g) & (y == 1)].mean()
        )


def test_decisions_by_dice_come_as_often_as_they_should() -> None:
    y, score, group = data("cancer")
    rules = FairThresholds().fit(y, score, sensitive_features=group)
    chance = rules.probability(score, sensitive_features=group)
    rng = np.random.default_rng(0)
    drawn = [
        rules.predict(score, sensitive_features=group, rng=rng) for _ in range(400)
    ]
    np.testing.assert_allclose(np.mean(drawn, axis=0), chance, atol=0.12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda g: fairness.equalized_odds_difference(
                [1, 1, 0], [0, 1, 1], sensitive_features=g
            ),
            r"\['b'\] have no positive rows, so that their tpr is 0 / 0",
        ),
        (
            lambda g: fairness.demographic_parity_ratio(
                [0, 2, 1], [0, 1, 1], sensitive_features=g
            ),
            "must be 0 or 1",
        ),
        (
            lambda g: fairness.group_rates([0, 1], [0, 1], sensitive_features=g),
            "a group for each of 2 rows, but 3",
        ),
        (
            lambda g: fairness.group_rates(
                [0, 1], [0, 1], sensitive_features=["a", None]
            ),
            "mixes",
        ),
        (
            lambda g: fairness.reweighing([0, 1, 1], sensitive_features=g),
            "'b' has no rows of class 0",
        ),
        (
            lambda g: FairThresholds().fit([0, 1, 1], [1, 2, 3], sensitive_features=g),
            "'b' has rows of one outcome",
        ),
        (
            lambda g: FairThresholds("all").fit(
                [0, 1, 1, 0], [1, 2, 3, 4], sensitive_features=[*g, "b"]
            ),
            "constraint must be one of",
        ),
        (
            lambda g: (
                FairThresholds()
                .fit([0, 1], [1, 2], sensitive_features=["a", "a"])
                .probability([1.0], sensitive_features=["b"])
            ),
            r"'b' is not among \['a'\]",
        ),
        (
            lambda g: FairThresholds().probability([1.0], sensitive_features=["b"]),
            "not fitted",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(["a", "a", "b"])
