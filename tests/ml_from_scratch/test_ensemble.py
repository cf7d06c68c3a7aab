"""Ensembles: stage by stage against scikit-learn, and what must hold."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets as bundled
from sklearn import ensemble as oracle
from sklearn import linear_model, neighbors
from sklearn import tree as their_tree
from sklearn.model_selection import StratifiedKFold

from ml_from_scratch import ensemble
from ml_from_scratch.ensemble.binned import BinnedRules, Bins, Rows, grow_binned
from ml_from_scratch.ensemble.losses import LogLoss, QuantileLoss, SquaredError
from ml_from_scratch.linear import LogisticRegression, Ridge
from ml_from_scratch.numeric import numerical_gradient
from ml_from_scratch.tree import DecisionTreeClassifier, DecisionTreeRegressor

SEEDS = st.integers(0, 2**32 - 1)

# scikit-learn rounds features to float32 first; so do we here, to give both the same.
# Noise on features and labels leaves no two splits equally good.


def single(X: np.ndarray) -> np.ndarray:
    return X.astype(np.float32).astype(np.float64)


@cache
def numbers(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    if name == "friedman":
        X, y = bundled.make_friedman1(801, 8, noise=2.0, random_state=0)
        return single(X), y
    X, y = getattr(bundled, f"load_{name}")(return_X_y=True)
    X = X[:801] + 0.3 * X[:801].std(axis=0) * rng.normal(size=X[:801].shape)
    return single(X), y[:801] + rng.normal(size=len(X))


@cache
def classes(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    if name == "synthetic":
        X = rng.normal(size=(900, 5))
        noisy = X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=900)
        return single(X), np.digitize(noisy, [-1.0, 1.0])
    X, y = getattr(bundled, f"load_{name}")(return_X_y=True)
    X, y = X[:800], y[:800]
    X = X + 0.3 * X.std(axis=0) * rng.normal(size=X.shape)
    return single(X), np.where(rng.random(len(y)) < 0.15, rng.permutation(y), y)


def _whole_weights(n: int) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 1000, n).astype(float)


def _stages_agree(ours: Any, theirs: Any, tolerance: float) -> None:
    pairs = list(zip(ours, theirs, strict=True))
    assert len(pairs) >= 10
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
    assert np.abs(pairs[0][0] - pairs[-1][0]).max() > 1000 * tolerance


# --- exact boosting ----------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "quantile"])
@pytest.mark.parametrize("name", ["friedman", "diabetes", "digits"])
def test_each_stage_of_a_boosted_regressor_is_scikit_learns_to_1e_8(
    name: str, loss: Any, weighted: bool
) -> None:
    X, y = numbers(name)
    X = X[:, :30]
    weights = _whole_weights(len(y)) if weighted else None
    options: dict[str, Any] = {"loss": loss, "n_estimators": 15, "alpha": 0.8}
    options |= {"min_samples_leaf": 25, "learning_rate": 0.2}
    if not weighted and loss != "squared_error":
        weights = _whole_weights(len(y))[::-1]  # residuals of two values tie without
    ours = ensemble.GradientBoostingRegressor(**options).fit(X, y, weights)
    theirs = oracle.GradientBoostingRegressor(random_state=0, **options)
    theirs.fit(X, y, weights)
    _stages_agree(ours.staged_predict(X), theirs.staged_predict(X), 1e-8)
    np.testing.assert_array_equal(ours.predict(X), [*ours.staged_predict(X)][-1])
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, atol=1e-8
    )


@pytest.mark.parametrize(
    ("name", "weighted"),
    [
        ("synthetic", False),
        ("breast_cancer", False),
        ("synthetic", True),
        ("wine", True),
    ],
)
def test_each_stage_of_a_boosted_classifier_is_scikit_learns_to_1e_8(
    name: str, weighted: bool
) -> None:
    X, y = classes(name)
    weights = _whole_weights(len(y)) if weighted else None
    options: dict[str, Any] = {"n_estimators": 15, "min_samples_leaf": 20}
    ours = ensemble.GradientBoostingClassifier(**options).fit(X, y, weights)
    theirs = oracle.GradientBoostingClassifier(random_state=0, **options)
    theirs.fit(X, y, weights)
    _stages_agree(ours.staged_predict_proba(X), theirs.staged_predict_proba(X), 1e-8)
    np.testing.assert_allclose(
        ours.decision_function(X), theirs.decision_function(X), atol=1e-8
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("depth", [1, 3, None])
@settings(max_examples=15)
@given(seed=SEEDS)
def test_squared_error_on_training_rows_never_rises(depth: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, 5, (30, 2)).astype(float), rng.normal(size=30)
    for model in (
        ensemble.GradientBoostingRegressor(n_estimators=10, max_depth=depth),
        ensemble.HistGradientBoostingRegressor(
            max_iter=10, max_depth=depth, min_samples_leaf=1
        ),
    ):
        falls = np.diff(np.append(np.var(y), model.fit(X, y).train_score_))
        assert (falls <= 1e-12).all()


def test_boosting_starts_from_the_mean_and_a_stage_does_not_depend_on_n() -> None:
    X, y = np.array([[0.0], [1.0]]), np.array([100.0, 110.0])
    for copies in (1, 50):
        model = ensemble.GradientBoostingRegressor(n_estimators=1, learning_rate=0.1)
        model.fit(X.repeat(copies, axis=0), y.repeat(copies))
        assert model.start_.tolist() == [105.0]
        np.testing.assert_allclose(model.predict(X), [104.5, 105.5], rtol=1e-12)


def test_quantile_boosting_covers_the_share_that_it_should() -> None:
    rng = np.random.default_rng(0)
    X = rng.random((3000, 1))
    y = X[:, 0] + (0.2 + X[:, 0]) * rng.normal(size=3000)
    for kind, name in (
        (ensemble.GradientBoostingRegressor, "alpha"),
        (ensemble.HistGradientBoostingRegressor, "quantile"),
    ):
        for q in (0.1, 0.5, 0.9):
            model: Any = kind(loss="quantile", **{name: q}, min_samples_leaf=50)
            below = y[2000:] <= model.fit(X[:2000], y[:2000]).predict(X[2000:])
            assert below.mean() == pytest.approx(
                q, abs=0.05
            )  # 4 errors of 0.0126 at most


def test_a_random_half_of_the_rows_a_stage_still_learns_the_whole() -> None:
    X, y = numbers("friedman")
    model = ensemble.GradientBoostingRegressor(subsample=0.5, random_state=0)
    theirs = oracle.GradientBoostingRegressor(subsample=0.5, random_state=0)
    ours, other = model.fit(X[:600], y[:600]), theirs.fit(X[:600], y[:600])
    assert [t[0].n_node_samples[0] for t in ours.estimators_] == [300] * 100
    assert ours.score(X[600:], y[600:]) == pytest.approx(
        other.score(X[600:], y[600:]), abs=0.03
    )


@pytest.mark.parametrize(
    "kind",
    [ensemble.GradientBoostingClassifier, ensemble.HistGradientBoostingClassifier],
)
def test_early_stopping_stops_when_rows_held_out_gain_nothing(kind: Any) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    model = kind(n_iter_no_change=3, random_state=0).fit(X, y)
    held = model.validation_score_
    assert model.n_iter_ == len(held) == len(model.estimators_) < 30
    assert held[-3:].min() > held[:-3].min() - model.tol
    for end in range(4, len(held)):
        assert held[end - 3 : end].min() <= held[: end - 3].min() - model.tol


# --- losses ------------------------------------------------------------------------

LOSSES: dict[str, tuple[Any, int]] = {
    "squared": (SquaredError(), 1),
    "quantile": (QuantileLoss(0.3), 1),
    "absolute": (QuantileLoss(0.5, scale=2.0), 1),
    "two classes": (LogLoss(2), 1),
    "four classes": (LogLoss(4), 4),
}


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=15)
@given(seed=SEEDS)
def test_residuals_are_minus_the_slope_and_curvatures_its_slope(
    name: str, seed: int
) -> None:
    loss, k = LOSSES[name]
    rng = np.random.default_rng(seed)
    y = (
        rng.integers(0, max(k, 2), 6).astype(float)
        + (name[0] in "sqa" and k == 1) * 0.3
    )
    y = np.floor(y) if "classes" in name else y
    raw, weights = rng.normal(size=(6, k)), rng.uniform(1, 2, 6)
    factor = 0.5 if name == "squared" else 1.0  # half the square is what is walked down
    measured = numerical_gradient(lambda r: factor * loss.mean(y, r, weights), raw)
    expected = -loss.residuals(y, raw) * (weights / weights.sum())[:, None]
    np.testing.assert_allclose(measured, expected, atol=1e-7)
    if not loss.flat:
        h = 1e-6
        for j in range(k):
            step = h * (np.arange(k) == j)
            up, down = loss.residuals(y, raw + step), loss.residuals(y, raw - step)
            bend = (down - up)[:, j] / (2 * h)
            np.testing.assert_allclose(loss.curvatures(raw)[:, j], bend, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_no_constant_is_better_than_the_start(name: str) -> None:
    loss, k = LOSSES[name]
    rng = np.random.default_rng(0)
    y = rng.integers(0, max(k, 2), 41).astype(float)
    weights = rng.uniform(1, 2, 41)
    start = loss.start(y, weights)
    best = loss.mean(y, np.tile(start, (41, 1)), weights)
    for _ in range(50):
        other = start + rng.normal(scale=0.3, size=k)
        assert loss.mean(y, np.tile(other, (41, 1)), weights) >= best - 1e-12


# --- binned boosting ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "weighted"),
    [
        *[("synthetic", False), ("breast_cancer", False), ("wine", False)],
        *[("synthetic", True), ("breast_cancer", True)],
    ],
)
def test_the_first_binned_stages_are_scikit_learns_to_float32_of_its_gradients(
    name: str, weighted: bool
) -> None:
    X, y = classes(name)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    options: dict[str, Any] = {"max_iter": 2, "max_depth": 3, "l2_regularization": 0.7}
    # with weights its leaves still count rows, where ours weigh them
    options["min_samples_leaf"] = 1 if weighted else 20
    ours = ensemble.HistGradientBoostingClassifier(**options).fit(X, y, weights)
    theirs = oracle.HistGradientBoostingClassifier(
        max_leaf_nodes=None, early_stopping=False, **options
    ).fit(X, y, weights)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-6
    )


def test_binned_boosting_of_squared_error_is_scikit_learns_to_1e_6() -> None:
    X, y = bundled.make_friedman1(3001, 10, noise=2, random_state=0)
    options: dict[str, Any] = {"max_iter": 30, "max_depth": 3}
    ours = ensemble.HistGradientBoostingRegressor(**options).fit(single(X), y)
    theirs = oracle.HistGradientBoostingRegressor(
        max_leaf_nodes=None, early_stopping=False, **options
    ).fit(single(X), y)
    _stages_agree(
        ours.staged_predict(single(X)), theirs.staged_predict(single(X)), 1e-6
    )


@settings(max_examples=20)
@given(SEEDS)
def test_with_few_values_bins_lose_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, 9, (80, 3)).astype(float), rng.normal(size=80)
    rows = Rows(Bins.of(X, np.ones(80), 255), -y, np.ones(80), np.ones(80))
    tree, leaf = grow_binned(rows, BinnedRules(3, 1, 0.0))
    exact = DecisionTreeRegressor(max_depth=3).fit(X, y)
    np.testing.assert_allclose(tree.predict(X)[:, 0], exact.predict(X), atol=1e-9)
    np.testing.assert_array_equal(leaf, tree.apply(X))


def test_bins_hold_the_same_weight_and_part_the_rows_where_thresholds_say() -> None:
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(2000, 2)), rng.uniform(0.5, 1.5, 2000)
    bins = Bins.of(X, weights, 10)
    for f, cuts in enumerate(bins.thresholds):
        inside = bins.cells[f] - f * bins.size
        np.testing.assert_array_equal(inside, (X[:, f, None] > cuts).sum(axis=1))
        mass = np.bincount(inside, weights, 10)
        np.testing.assert_allclose(mass, weights.sum() / 10, atol=1.6)


# --- forests and bagging -----------------------------------------------------------


@pytest.mark.parametrize("name", ["synthetic", "breast_cancer", "digits"])
def test_without_any_draw_a_forest_is_its_tree_and_scikit_learns(name: str) -> None:
    X, y = classes(name)
    options: dict[str, Any] = {"n_estimators": 2, "bootstrap": False}
    options |= {"max_features": None, "min_samples_leaf": 30, "random_state": 0}
    weights = _whole_weights(len(y))
    ours = ensemble.RandomForestClassifier(**options).fit(X, y, weights)
    theirs = oracle.RandomForestClassifier(**options).fit(X, y, weights)
    proba = ours.predict_proba(X)
    np.testing.assert_allclose(proba, theirs.predict_proba(X), atol=1e-12)
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, atol=1e-10
    )
    tree = DecisionTreeClassifier(min_samples_leaf=30).fit(X, y, weights)
    np.testing.assert_array_equal(proba, tree.predict_proba(X))
    ours = ensemble.RandomForestRegressor(**options).fit(X, y**1.5, weights)
    theirs = oracle.RandomForestRegressor(**options).fit(X, y**1.5, weights)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-10)


FORESTS = ["RandomForestClassifier", "ExtraTreesClassifier", "RandomForestRegressor"]


@pytest.mark.parametrize("name", ["synthetic", "breast_cancer", "wine"])
@pytest.mark.parametrize("kind", FORESTS)
def test_forests_score_and_grow_as_scikit_learns_within_four_standard_errors(
    kind: str, name: str
) -> None:
    X, y = classes(name)
    options: dict[str, Any] = {"n_estimators": 12, "max_features": "sqrt"}
    options |= {"bootstrap": True, "oob_score": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some rows are never out of bag
        found = [
            [
                (m.oob_score_, np.mean([_tree(e).node_count for e in m.estimators_]))
                for seed in range(8)
                for m in [getattr(module, kind)(random_state=seed, **options).fit(X, y)]
            ]
            for module in (ensemble, oracle)
        ]
    ours, theirs = np.array(found)
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / 8)
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error).all()


def _tree(model: Any) -> Any:
    return model.tree_


def test_growing_several_trees_at_once_is_growing_each_alone() -> None:
    X, y = classes("breast_cancer")
    forest = ensemble.RandomForestClassifier(
        5, max_features=None, random_state=0, min_samples_leaf=5
    ).fit(X, y)
    rng = np.random.default_rng(0)
    from ml_from_scratch.ensemble.draws import Urn

    urn = Urn(X, y, np.ones(len(y)))
    for member in forest.estimators_:
        counts = np.bincount(urn.draw(len(y), rng), minlength=len(y))
        alone = DecisionTreeClassifier(min_samples_leaf=5).fit(X, y, counts)
        np.testing.assert_array_equal(member.tree_.feature, alone.tree_.feature)
        np.testing.assert_array_equal(member.tree_.value, alone.tree_.value)


def test_rows_are_drawn_in_proportion_to_their_weights() -> None:
    from ml_from_scratch.ensemble.draws import Urn

    weights = np.array([1.0, 0.0, 3.0, 6.0])
    urn = Urn(np.arange(4.0)[:, None], np.zeros(4), weights)
    counts = np.bincount(urn.draw(10_000, np.random.default_rng(0)), minlength=4)
    np.testing.assert_allclose(counts / 1000, weights, atol=0.2)
    assert counts[1] == 0


@pytest.mark.parametrize(
    "kind", ["RandomForestClassifier", "BaggingClassifier", "ExtraTreesClassifier"]
)
@settings(max_examples=10)
@given(seed=SEEDS)
def test_the_order_of_the_rows_does_not_matter(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, 6, (40, 3)).astype(float), rng.integers(0, 3, 40)
    order = rng.permutation(40)
    one = getattr(ensemble, kind)(n_estimators=4, random_state=0).fit(X, y)
    other = getattr(ensemble, kind)(n_estimators=4, random_state=0)
    other.fit(X[order], y[order])
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X), atol=1e-12)


def test_out_of_bag_scores_come_from_trees_that_have_not_seen_the_row() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)  # nothing to learn
    for kind in (ensemble.RandomForestClassifier, ensemble.BaggingClassifier):
        model = kind(n_estimators=60, oob_score=True, random_state=0).fit(X, y)
        assert model.score(X, y) > 0.97
        assert model.oob_score_ == pytest.approx(0.5, abs=0.1)  # 4 standard errors


def test_few_trees_leave_rows_unscored_and_say_so() -> None:
    X, y = classes("wine")
    with pytest.warns(UserWarning, match="rows are in every tree's sample"):
        model = ensemble.RandomForestClassifier(1, oob_score=True, random_state=0).fit(
            X, y
        )
    share = np.isnan(model.oob_decision_function_[:, 0]).mean()
    assert share == pytest.approx(1 - np.exp(-1), abs=0.1)


@pytest.mark.parametrize("base", ["tree", "neighbours", "logit"])
def test_bagging_takes_any_estimator_and_matches_scikit_learns_bagging(
    base: str,
) -> None:
    X, y = classes("breast_cancer")
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    pairs: dict[str, tuple[Any, Any]] = {
        "tree": (None, None),
        "neighbours": (neighbors.KNeighborsClassifier(),) * 2,
        "logit": (LogisticRegression(0.1), linear_model.LogisticRegression(C=0.1)),
    }
    ours, theirs = pairs[base]
    found = [
        [
            module.BaggingClassifier(
                model, n_estimators=10, max_features=0.5, random_state=seed
            )
            .fit(X[:400], y[:400])
            .score(X[400:], y[400:])
            for seed in range(6)
        ]
        for module, model in ((ensemble, ours), (oracle, theirs))
    ]
    error = np.sqrt(sum(np.var(scores, ddof=1) for scores in found) / 6)
    assert abs(np.mean(found[0]) - np.mean(found[1])) < 4 * error + 1e-3


# --- AdaBoost ----------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("name", ["synthetic", "breast_cancer", "digits"])
def test_adaboost_is_scikit_learns_samme_to_1e_9(name: str, depth: int) -> None:
    X, y = classes(name)
    stump = {"max_depth": depth, "min_samples_leaf": 10}
    ours = ensemble.AdaBoostClassifier(
        DecisionTreeClassifier(**stump), n_estimators=12, learning_rate=0.7
    ).fit(X, y)
    theirs = oracle.AdaBoostClassifier(
        their_tree.DecisionTreeClassifier(**stump),
        n_estimators=12,
        learning_rate=0.7,
        random_state=0,
    ).fit(X, y)
    np.testing.assert_allclose(
        ours.estimator_weights_, theirs.estimator_weights_, atol=1e-9
    )
    np.testing.assert_allclose(
        ours.estimator_errors_, theirs.estimator_errors_, atol=1e-9
    )
    for method in ("decision_function", "predict_proba"):
        np.testing.assert_allclose(
            getattr(ours, method)(X), getattr(theirs, method)(X), atol=1e-9
        )
    stages = zip(ours.staged_predict(X), theirs.staged_predict(X), strict=True)
    for one, other in stages:
        np.testing.assert_array_equal(one, other)


def test_adaboost_stops_at_perfection_and_refuses_guessing() -> None:
    X, y = [[0.0], [1.0], [2.0]], [0, 1, 1]
    model = ensemble.AdaBoostClassifier().fit(X, y)
    assert (len(model.estimators_), model.score(X, y)) == (1, 1.0)
    with pytest.raises(ValueError, match="no better than guessing among 2 classes"):
        ensemble.AdaBoostClassifier().fit([[0.0], [0.0]], [0, 1])
    with pytest.raises(ValueError, match="fit takes sample_weight"):
        ensemble.AdaBoostClassifier(neighbors.KNeighborsClassifier()).fit(X, y)


# --- voting and stacking -----------------------------------------------------------


def _members(theirs: bool) -> list[tuple[str, Any]]:
    """Return three members: also ours may hold models of scikit-learn."""
    tree = their_tree.DecisionTreeClassifier
    logit: Any = linear_model.LogisticRegression if theirs else LogisticRegression
    options = {"max_depth": 3, "min_samples_leaf": 20, "random_state": 0}
    return [
        ("tree", tree(**options)),
        ("logit", logit(C=0.01, tol=1e-8, max_iter=2000)),
        ("nearest", neighbors.KNeighborsClassifier(7)),
    ]


@pytest.mark.parametrize("voting", ["hard", "soft"])
@pytest.mark.parametrize("weights", [None, [1, 2, 3.5]])
@pytest.mark.parametrize("name", ["synthetic", "breast_cancer", "wine"])
def test_votes_are_scikit_learns(name: str, weights: Any, voting: Any) -> None:
    X, y = classes(name)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    options: dict[str, Any] = {"voting": voting, "weights": weights}
    ours = ensemble.VotingClassifier(_members(False), **options).fit(X, y)
    theirs = oracle.VotingClassifier(_members(True), **options).fit(X, y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    if voting == "soft":
        np.testing.assert_allclose(
            ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6
        )


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("name", ["synthetic", "breast_cancer", "wine"])
def test_stacks_are_scikit_learns_to_1e_4(name: str, passthrough: bool) -> None:
    X, y = classes(name)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    final = {"C": 0.5, "tol": 1e-8, "max_iter": 2000}
    cv = list(StratifiedKFold(5).split(X, y))
    ours = ensemble.StackingClassifier(
        _members(False), LogisticRegression(**final), cv=cv, passthrough=passthrough
    ).fit(X, y)
    theirs = oracle.StackingClassifier(
        _members(True),
        linear_model.LogisticRegression(**final),
        cv=cv,
        passthrough=passthrough,
    ).fit(X, y)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-5)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4
    )


def test_regressors_vote_and_stack_as_scikit_learns() -> None:
    X, y = numbers("friedman")
    ours = [("a", Ridge(2.0)), ("b", DecisionTreeRegressor(min_samples_leaf=25))]
    tree = their_tree.DecisionTreeRegressor(min_samples_leaf=25, random_state=0)
    theirs = [("a", linear_model.Ridge(2.0)), ("b", tree)]
    for one, other in (
        (
            ensemble.VotingRegressor(ours, weights=[1, 3]),
            oracle.VotingRegressor(theirs, weights=[1, 3]),
        ),
        (
            ensemble.StackingRegressor(ours, Ridge(1.0)),
            oracle.StackingRegressor(theirs, linear_model.Ridge(1.0)),
        ),
    ):
        np.testing.assert_allclose(
            one.fit(X, y).predict(X), other.fit(X, y).predict(X), rtol=1e-8
        )


def test_stacking_distrusts_a_member_that_only_remembers() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] + rng.normal(scale=0.7, size=300) > 0).astype(int)
    members = [("memory", DecisionTreeClassifier()), ("logit", LogisticRegression())]
    for holdout in (None, 0.5):
        model = ensemble.StackingClassifier(members, holdout=holdout, random_state=0)
        memory, logit = model.fit(X, y).final_estimator_.coef_[0]
        assert logit > 2 * abs(memory)


def test_members_are_reached_by_name() -> None:
    model = ensemble.VotingClassifier(_members(False))
    model.set_params(tree__max_depth=1, logit=LogisticRegression(3.0))
    assert model.get_params()["tree__max_depth"] == 1
    assert model.get_params()["logit__C"] == 3.0


# --- degenerate and bad input ------------------------------------------------------


@pytest.mark.parametrize(
    "name", [n for n in ensemble.__all__ if n[:2] not in ("St", "Vo")]
)
def test_huge_and_tiny_features_and_constant_columns_are_fine(name: str) -> None:
    X = np.column_stack([np.arange(40.0), np.full(40, 7.0)])
    y = np.arange(40) // 20
    for scale in (1e-300, 1.0, 1e300):
        model: Any = getattr(ensemble, name)()
        assert model.fit(X * scale, y).score(X * scale, y) > 0.95


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (ensemble.RandomForestClassifier(0), "n_estimators must be a whole number"),
        (ensemble.RandomForestClassifier(criterion="x"), "criterion must be one of"),
        (ensemble.RandomForestRegressor(max_samples=1.5), "max_samples must be"),
        (
            ensemble.ExtraTreesClassifier(oob_score=True),
            "oob_score must be False without bootstrap",
        ),
        (ensemble.BaggingClassifier(max_features=0), "max_features must be a whole"),
        (ensemble.BaggingClassifier(estimator=3), "estimator must be an estimator"),
        (ensemble.AdaBoostClassifier(learning_rate=0), "learning_rate must be"),
        (ensemble.GradientBoostingRegressor(loss="l2"), "loss must be one of"),
        (ensemble.GradientBoostingRegressor(alpha=1.0), "alpha must be a number"),
        (ensemble.GradientBoostingClassifier(subsample=0.0), "subsample must be"),
        (ensemble.GradientBoostingClassifier(tol="x"), "tol must be a number"),
        (ensemble.HistGradientBoostingClassifier(max_bins=256), "max_bins must be"),
        (ensemble.HistGradientBoostingRegressor(quantile=0.5), "quantile must be"),
        (ensemble.VotingClassifier([]), "estimators must be a list of"),
        (ensemble.VotingClassifier([("a__b", 3)]), "estimators must be a list of"),
        (ensemble.VotingRegressor([("a", Ridge())], weights=[1, 2]), "weights must be"),
        (ensemble.StackingRegressor([("a", Ridge())], holdout=2), "holdout must be"),
        (
            ensemble.StackingClassifier([("a", linear_model.Perceptron().predict)]),
            "clone needs an estimator",
        ),
    ],
    ids=repr,
)
def test_bad_settings_are_named(model: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        model.fit(np.arange(12.0)[:, None], np.arange(12) % 2)


@pytest.mark.parametrize(
    "kind",
    [ensemble.GradientBoostingClassifier, ensemble.HistGradientBoostingClassifier],
)
def test_boosters_name_the_only_class(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"at least two classes.*only 1 class: a"):
        kind().fit([[1.0], [2.0]], ["a", "a"])
