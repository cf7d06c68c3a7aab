"""Cross-validation, searches, curves, floors: scikit-learn's scores, and no peeking."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.dummy as their_dummy
import sklearn.model_selection as theirs
from scipy import stats
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler as TheirScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml_from_scratch import model_selection as ours
from ml_from_scratch.linear import LogisticRegression, Ridge
from ml_from_scratch.model_selection.scoring import _SCORERS
from ml_from_scratch.preprocessing import StandardScaler, make_pipeline

TOLERANCE = 1e-12


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return TheirScaler().fit_transform(X), y


@cache
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    return load_diabetes(return_X_y=True)


def _tree() -> Any:
    return DecisionTreeClassifier(max_depth=3, random_state=0)


MODELS = [
    (LogisticRegression(), cancer),
    (TheirLogisticRegression(), cancer),
    (_tree(), lambda: load_wine(return_X_y=True)),
    (KNeighborsClassifier(3), lambda: load_iris(return_X_y=True)),
    (Ridge(), diabetes),
    (TheirRidge(), diabetes),
    (make_pipeline(StandardScaler(), Ridge()), diabetes),
]
CASES = pytest.mark.parametrize(
    ("model", "load"), MODELS, ids=[f"{type(m).__module__}" for m, _ in MODELS]
)


# --- cross-validation --------------------------------------------------------------


@CASES
@pytest.mark.parametrize("cv", [3, theirs.ShuffleSplit(2, random_state=0)], ids=repr)
def test_scores_are_scikit_learns(model: Any, load: Any, cv: Any) -> None:
    X, y = load()
    found = ours.cross_validate(model, X, y, cv=cv, return_train_score=True)
    expected = theirs.cross_validate(model, X, y, cv=cv, return_train_score=True)
    for name in ("test_score", "train_score"):
        np.testing.assert_allclose(found[name], expected[name], atol=TOLERANCE)
    assert (found["fit_time"] > 0).all()
    np.testing.assert_array_equal(
        ours.cross_val_score(model, X, y, cv=cv), found["test_score"]
    )


@pytest.mark.parametrize("name", sorted(_SCORERS))
def test_scores_by_name_are_scikit_learns_to_1e_9(name: str) -> None:
    of_numbers = name == "r2" or "error" in name
    many = name.endswith(("_macro", "_micro", "_weighted"))
    load = load_wine if many else load_breast_cancer
    X, y = (load_diabetes if of_numbers else load)(return_X_y=True)
    kind = DecisionTreeRegressor if of_numbers else DecisionTreeClassifier
    model = kind(max_depth=3, random_state=0)
    found = ours.cross_val_score(model, X, y, cv=3, scoring=name)
    expected = theirs.cross_val_score(model, X, y, cv=3, scoring=name)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_labels_that_are_words_are_scored_by_probability_too() -> None:
    X, y = cancer()
    words = np.array(["bad", "good"])[y]
    for name in ("neg_log_loss", "neg_brier_score"):
        by_word = ours.cross_val_score(_tree(), X, words, cv=3, scoring=name)
        by_number = ours.cross_val_score(_tree(), X, y, cv=3, scoring=name)
        np.testing.assert_allclose(by_word, by_number)
    with pytest.raises(ValueError, match="for two classes, but the model has"):
        ours.cross_val_score(_tree(), *load_wine(return_X_y=True), scoring="roc_auc")


def test_a_test_part_of_one_class_is_scored_by_its_probability() -> None:
    X, y = cancer()
    rows, ones = np.arange(len(y)), np.flatnonzero(y)
    found = ours.cross_val_score(
        _tree(), X, y, cv=[(rows, ones)], scoring="neg_log_loss"
    )
    proba = _tree().fit(X, y).predict_proba(X)[ones, 1]
    assert found[0] == pytest.approx(np.log(proba.clip(1e-15)).mean())


def test_every_scorer_names_a_metric_and_asks_for_the_right_prediction() -> None:
    def ranked(truth: np.ndarray, score: np.ndarray) -> float:
        return float(np.mean(score[truth == 1]) - np.mean(score[truth == 0]))

    X, y = cancer()
    for model in (TheirLogisticRegression().fit(X, y), _tree().fit(X, y)):
        scorer = ours.make_scorer(ranked, response="score")
        decision = getattr(model, "decision_function", None)
        by_hand = decision(X) if decision else model.predict_proba(X)[:, 1]
        assert scorer(model, X, y) == pytest.approx(ranked(y, by_hand))
        probable = ours.make_scorer(ranked, response="positive")
        proba = model.predict_proba(X)[:, 1]
        assert probable(model, X, y) == pytest.approx(ranked(y, proba))
    with pytest.raises(ValueError, match="no scorer 'exactness'; there are: accuracy"):
        ours.get_scorer("exactness")
    with pytest.raises(ValueError, match="metrics has no such_score"):
        ours.Scorer("such_score")(model, X, y)


def test_several_scores_are_returned_by_name() -> None:
    X, y = cancer()
    mine = {"right": "accuracy", "first": lambda model, X, y: float(y[0])}
    found = ours.cross_validate(_tree(), X, y, cv=3, scoring=mine)
    assert found["test_first"].tolist() == [y[t[0]] for _, t in _folds(X, y)]
    listed = ours.cross_validate(_tree(), X, y, cv=3, scoring=["accuracy"])
    np.testing.assert_array_equal(found["test_right"], listed["test_accuracy"])


def _folds(X: Any, y: Any) -> Any:
    return theirs.StratifiedKFold(3).split(X, y)


def test_arguments_of_fit_are_split_with_the_rows() -> None:
    X, y = diabetes()
    weights = np.random.default_rng(0).uniform(0, 2, len(y))
    params = {"sample_weight": weights}
    found = ours.cross_val_score(Ridge(0.1), X, y, cv=3, params=params)
    expected = theirs.cross_val_score(TheirRidge(0.1), X, y, cv=3, params=params)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert not np.allclose(found, ours.cross_val_score(Ridge(0.1), X, y, cv=3))


def test_groups_reach_the_splitter_and_frames_stay_frames() -> None:
    X, y = diabetes()
    groups = np.arange(len(y)) // 40
    found = ours.cross_validate(
        Ridge(),
        pd.DataFrame(X).add_prefix("column "),
        y,
        groups=groups,
        cv=ours.GroupKFold(3),
        return_estimator=True,
    )
    expected = theirs.cross_val_score(
        TheirRidge(), X, y, groups=groups, cv=theirs.GroupKFold(3)
    )
    np.testing.assert_allclose(found["test_score"], expected, rtol=1e-9)
    assert found["estimator"][0].feature_names_in_[3] == "column 3"


def test_models_without_targets_are_scored_by_themselves() -> None:
    X, _ = load_iris(return_X_y=True)
    model = KMeans(2, n_init=1, random_state=0)
    found = ours.cross_val_score(model, X, cv=2)
    np.testing.assert_allclose(found, theirs.cross_val_score(model, X, cv=2))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_predictions_of_unseen_rows_are_scikit_learns(method: Any) -> None:
    for X, y in (cancer(), load_iris(return_X_y=True)):
        model = TheirLogisticRegression(max_iter=1000)
        found = ours.cross_val_predict(model, X, y, cv=3, method=method)
        expected = theirs.cross_val_predict(model, X, y, cv=3, method=method)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)


def test_a_row_is_never_predicted_by_a_model_that_saw_it() -> None:
    y = np.random.default_rng(0).integers(0, 2, 60)
    X = np.arange(60.0)[:, None]  # one neighbour: a row that is seen is always right
    found = ours.cross_val_predict(
        KNeighborsClassifier(1), X, y, cv=ours.KFold(5, shuffle=True, random_state=0)
    )
    assert 0.2 < np.mean(found == y) < 0.8


# --- searches ----------------------------------------------------------------------


@CASES
def test_a_grid_search_finds_what_scikit_learns_finds(model: Any, load: Any) -> None:
    X, y = load()
    knob = next(
        k
        for k in ("C", "alpha", "n_neighbors", "max_depth", "ridge__alpha")
        if k in model.get_params()
    )
    grid = {knob: [1, 2, 5]}
    mine = ours.GridSearchCV(model, grid, cv=3, return_train_score=True).fit(X, y)
    other = theirs.GridSearchCV(model, grid, cv=3, return_train_score=True).fit(X, y)
    assert mine.best_params_ == other.best_params_
    assert mine.n_splits_ == other.n_splits_
    for name in ("mean_test_score", "std_test_score", "split1_test_score"):
        found, expected = mine.cv_results_[name], other.cv_results_[name]
        np.testing.assert_allclose(found, expected, atol=1e-9)
    for name in ("mean_train_score", "rank_test_score", f"param_{knob}"):
        found, expected = mine.cv_results_[name], other.cv_results_[name]
        np.testing.assert_allclose(found.astype(float), np.asarray(expected, float))
    np.testing.assert_allclose(mine.predict(X), other.predict(X), atol=1e-9)
    assert mine.score(X, y) == pytest.approx(other.score(X, y))
    assert mine.n_features_in_ == X.shape[1]


def test_several_grids_are_gone_through_in_scikit_learns_order() -> None:
    grids = [{"alpha": [2.0, 1.0], "fit_intercept": [True, False]}, {"alpha": [5.0]}]
    search = ours.GridSearchCV(Ridge(), grids, cv=2).fit(*diabetes())
    assert search.cv_results_["params"] == list(theirs.ParameterGrid(grids))


def test_the_first_of_equals_is_the_best() -> None:
    X, y = cancer()
    dummy = ours.DummyClassifier(strategy="constant")
    search = ours.GridSearchCV(
        dummy, {"constant": [0, 1], "random_state": [3, 4]}, cv=2
    )
    assert search.fit(X, y).best_params_ == {"constant": 1, "random_state": 3}
    assert search.cv_results_["rank_test_score"].tolist() == [3, 3, 1, 1]


def test_methods_of_a_search_are_those_of_its_model() -> None:
    X, y = cancer()
    grid = {"C": [1.0]}
    search = ours.GridSearchCV(TheirLogisticRegression(), grid, scoring="neg_log_loss")
    search.fit(X, y)
    best = search.best_estimator_
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        expected = getattr(best, method)(X)
        np.testing.assert_array_equal(getattr(search, method)(X), expected)
    assert search.score(X, y) < 0  # by the scorer, not by accuracy
    assert search.classes_.tolist() == [0, 1]
    scaling = ours.GridSearchCV(Ridge(), {"alpha": [1.0]})
    assert not hasattr(scaling, "predict_proba")
    assert not hasattr(scaling, "transform")


def test_without_refit_there_is_a_best_setting_but_no_model() -> None:
    X, y = diabetes()
    search = ours.GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, refit=False).fit(X, y)
    assert search.best_params_ == {"alpha": 0.1}
    with pytest.raises(AttributeError, match="made with refit=False"):
        search.predict(X)


def test_a_random_search_draws_each_setting_of_lists_once() -> None:
    values = {"alpha": [1.0, 2.0, 3.0], "fit_intercept": [True, False]}
    search = ours.RandomizedSearchCV(Ridge(), values, n_iter=99, cv=2, random_state=0)
    tried = search.fit(*diabetes()).cv_results_["params"]
    assert len(tried) == 6
    assert len({tuple(sorted(setting.items())) for setting in tried}) == 6


def test_a_random_search_draws_from_distributions_and_repeats_itself() -> None:
    values = {"alpha": stats.loguniform(1e-3, 1e3), "fit_intercept": [True, False]}
    drawn = [
        ours.RandomizedSearchCV(Ridge(), values, n_iter=40, cv=2, random_state=seed)
        .fit(*diabetes())
        .cv_results_["param_alpha"]
        .astype(float)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    shares = stats.loguniform(1e-3, 1e3).cdf(drawn[0])
    assert stats.kstest(shares, "uniform").pvalue > 0.01


def test_halving_keeps_the_better_third_on_three_times_the_rows() -> None:
    X, y = cancer()
    grid = {"max_depth": list(range(1, 10))}
    search = ours.HalvingGridSearchCV(
        DecisionTreeClassifier(random_state=0), grid, cv=3, random_state=0
    ).fit(X, y)
    results = search.cv_results_
    assert np.bincount(results["iter"]).tolist() == [9, 3, 1]
    rows = [results["n_resources"][results["iter"] == i][0] for i in range(3)]
    assert rows[2] == len(y)
    assert abs(rows[1] - len(y) / 3) <= 1
    assert abs(rows[0] - len(y) / 9) <= 1
    first = results["iter"] == 0
    best = np.argsort(-results["mean_test_score"][first], kind="stable")[:3]
    kept = [results["params"][i] for i in best]
    assert [
        s for s, i in zip(results["params"], results["iter"], strict=True) if i == 1
    ] == kept
    last = ours.cross_val_score(
        DecisionTreeClassifier(random_state=0, **search.best_params_), X, y, cv=3
    )
    assert search.best_score_ == pytest.approx(last.mean())


def test_nested_scores_are_scikit_learns_and_lower_than_chosen_ones() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 30)), rng.integers(0, 2, 60)  # nothing to learn
    grid = {
        "max_depth": [1, 2, 4, 8],
        "min_samples_leaf": [1, 3, 9],
        "max_features": [5, 9],
    }
    tree = DecisionTreeClassifier(random_state=0)
    mine = ours.nested_cross_val_score(ours.GridSearchCV(tree, grid, cv=3), X, y, cv=3)
    other = theirs.cross_val_score(theirs.GridSearchCV(tree, grid, cv=3), X, y, cv=3)
    np.testing.assert_allclose(mine["test_score"], other)
    assert mine["best_score"].mean() > mine["test_score"].mean() + 0.05
    assert len(mine["best_params"]) == 3


# --- curves ------------------------------------------------------------------------


@CASES
def test_curves_are_scikit_learns(model: Any, load: Any) -> None:
    X, y = load()
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order], y[order]
    sizes = [0.3, 0.6, 1.0]
    found = ours.learning_curve(model, X, y, train_sizes=sizes, cv=3)
    expected = theirs.learning_curve(model, X, y, train_sizes=sizes, cv=3)
    for mine, its in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-9)


def test_a_validation_curve_is_scikit_learns() -> None:
    X, y = diabetes()
    options = {"param_name": "alpha", "param_range": [0.01, 1.0, 100.0], "cv": 4}
    found = ours.validation_curve(Ridge(), X, y, **options)
    expected = theirs.validation_curve(TheirRidge(), X, y, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_shuffled_learning_curve_repeats_itself() -> None:
    X, y = cancer()
    curves = [
        ours.learning_curve(_tree(), X, y, shuffle=True, random_state=seed, cv=3)[2]
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(curves[0], curves[1])
    assert not np.array_equal(curves[0], curves[2])


# --- floors ------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("strategy", ["prior", "most_frequent", "uniform", "constant"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine])
def test_the_floor_for_classes_is_scikit_learns(
    load: Any, strategy: Any, weighted: bool
) -> None:
    X, y = load(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0, 2, len(y)) if weighted else None
    options = {"strategy": strategy, "random_state": 0}
    if strategy == "constant":
        options["constant"] = 1
    mine = ours.DummyClassifier(**options).fit(X, y, weights)
    other = their_dummy.DummyClassifier(**options).fit(X, y, weights)
    np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X))
    np.testing.assert_allclose(mine.class_prior_, other.class_prior_)
    if strategy != "uniform":
        np.testing.assert_array_equal(mine.predict(X), other.predict(X))


def test_drawn_labels_have_the_shares_asked_for() -> None:
    y = np.repeat(["a", "b"], [900, 100])
    X = np.zeros((20_000, 1))
    for strategy, share in (("stratified", 0.1), ("uniform", 0.5)):
        model = ours.DummyClassifier(strategy=strategy, random_state=0)
        drawn = model.fit(X[:1000], y).predict(X)
        assert np.mean(drawn == "b") == pytest.approx(share, abs=0.015)
        np.testing.assert_array_equal(drawn, model.predict(X))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strategy": "median"},
        {"strategy": "quantile", "quantile": 0.8},
        {"strategy": "constant", "constant": 7.0},
    ],
    ids=str,
)
def test_the_floor_for_numbers_is_scikit_learns(
    options: dict[str, Any], weighted: bool
) -> None:
    X, y = diabetes()
    weights = np.random.default_rng(0).uniform(0, 2, len(y)) if weighted else None
    mine = ours.DummyRegressor(**options).fit(X, y, weights)
    other = their_dummy.DummyRegressor(**options).fit(X, y, weights)
    np.testing.assert_allclose(mine.predict(X), other.predict(X))


def test_floors_take_rows_of_anything() -> None:
    frame = pd.DataFrame({"sky": ["fog", None, "rain"]})
    assert (
        ours.DummyRegressor().fit(frame, [1, 2, 6]).predict(frame).tolist() == [3.0] * 3
    )
    assert ours.DummyClassifier().fit(frame, [1, 0, 1]).score(frame, [1, 0, 1]) == 2 / 3


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (lambda X, y: ours.cross_val_score(Ridge(), X, y[:-1]), ValueError, "442, 441"),
        (
            lambda X, y: ours.cross_val_score(Ridge(), X, y, cv=[]),
            ValueError,
            "no split",
        ),
        (
            lambda X, y: ours.cross_val_score(StandardScaler(), X, y),
            TypeError,
            "'score'",
        ),
        (
            lambda X, y: ours.cross_val_predict(
                Ridge(), X, y, cv=ours.TimeSeriesSplit()
            ),
            ValueError,
            "exactly once.*tests 365 of 442",
        ),
        (
            lambda X, y: ours.cross_val_predict(
                _tree(),
                X,
                np.repeat([0, 1], 221),
                cv=ours.KFold(2),
                method="predict_proba",
            ),
            ValueError,
            r"\[1, 1\] classes",
        ),
        (
            lambda X, y: ours.learning_curve(Ridge(), X, y, train_sizes=[0.0, 1.0]),
            ValueError,
            "train_sizes must be shares above 0",
        ),
        (
            lambda X, y: ours.learning_curve(Ridge(), X, y, train_sizes=[5, 999]),
            ValueError,
            "numbers from 1 to 353",
        ),
        (
            lambda X, y: ours.GridSearchCV(Ridge(), {"alpha": []}).fit(X, y),
            ValueError,
            "at least one, got",
        ),
        (
            lambda X, y: ours.GridSearchCV(Ridge(), {"alpha": 1.0}).fit(X, y),
            ValueError,
            "sequence of values for 'alpha'",
        ),
        (
            lambda X, y: ours.GridSearchCV(Ridge(), {"beta": [1]}).fit(X, y),
            ValueError,
            "Invalid parameter 'beta'",
        ),
        (
            lambda X, y: ours.GridSearchCV(
                Ridge(), {"alpha": [1]}, scoring=lambda m, X, y: np.nan
            ).fit(X, y),
            ValueError,
            r"scores of {'alpha': 1} are \[nan",
        ),
        (
            lambda X, y: ours.RandomizedSearchCV(Ridge(), {}, n_iter=0).fit(X, y),
            ValueError,
            "n_iter must be",
        ),
        (
            lambda X, y: ours.HalvingGridSearchCV(
                Ridge(), {"alpha": list(range(1, 900))}
            ).fit(X, y),
            ValueError,
            "first round would have 0 of 442 rows",
        ),
        (
            lambda X, y: ours.HalvingGridSearchCV(Ridge(), {}, factor=1).fit(X, y),
            ValueError,
            "factor must be",
        ),
        (
            lambda X, y: ours.DummyRegressor(strategy="mode").fit(X, y),
            ValueError,
            "strategy must be one of",
        ),
        (
            lambda X, y: ours.DummyRegressor(strategy="quantile").fit(X, y),
            ValueError,
            "quantile must be a number from 0 to 1, got None",
        ),
        (
            lambda X, y: ours.DummyRegressor(strategy="constant").fit(X, y),
            ValueError,
            "constant must be a finite number, got None",
        ),
        (
            lambda X, y: ours.DummyClassifier(strategy="constant", constant=9).fit(
                X, y > 100
            ),
            ValueError,
            r"one of the classes \[False, True\], got 9",
        ),
        (
            lambda X, y: ours.DummyClassifier(strategy="best").fit(X, y > 100),
            ValueError,
            "strategy must be one of",
        ),
        (lambda X, y: ours.DummyRegressor().fit(3, y), TypeError, "a list of rows"),
    ],
)
def test_bad_input_is_refused_in_words(work: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        work(*diabetes())
