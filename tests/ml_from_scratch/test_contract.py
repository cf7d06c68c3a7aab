"""Every estimator of the library keeps scikit-learn's contract; none can be missed."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone as their_clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import ml_from_scratch
from ml_from_scratch import linear, preprocessing
from ml_from_scratch.base import BaseEstimator, clone

# Checks of scikit-learn that an estimator is excused from, each with its reason. At
# most a handful in the whole library: mend the estimator first.
EXCUSED: dict[str, dict[str, str]] = {}

# Arguments for estimators that cannot be made without any.
_RIDGES = {"estimator": linear.Ridge(), "cv": 2}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "ColumnTransformer": {
        "transformers": [("scale", preprocessing.StandardScaler(), [0])],
        "remainder": preprocessing.MinMaxScaler(),
    },
    "GridSearchCV": {**_RIDGES, "param_grid": {"alpha": [0.1, 1.0]}},
    "HalvingGridSearchCV": {**_RIDGES, "param_grid": {"alpha": [0.1, 1.0]}},
    "Pipeline": {
        "steps": [("scale", preprocessing.StandardScaler()), ("ridge", linear.Ridge())]
    },
    "RandomizedSearchCV": {**_RIDGES, "param_distributions": {"alpha": [0.1, 1.0]}},
    "StackingClassifier": {"estimators": [("logit", linear.LogisticRegression())]},
    "VotingClassifier": {"estimators": [("logit", linear.LogisticRegression())]},
    "StackingRegressor": {"estimators": [("ridge", linear.Ridge())]},
    "VotingRegressor": {"estimators": [("ridge", linear.Ridge())]},
}

# A hyperparameter and two values of it, for the grid search of each estimator that
# predicts; one is found by itself where "max_depth", "C" or the like is there.
KNOBS: dict[str, list[Any]] = {
    "C": [0.5, 1.0],
    "alpha": [0.5, 1.0],
    "max_depth": [1, 2],
    "n_neighbors": [1, 3],
    "n_estimators": [3, 5],
    "n_clusters": [2, 3],
    "n_components": [1, 2],
    "var_smoothing": [1e-9, 1e-3],
}


def estimators() -> list[Any]:
    """Return every estimator class that a module or package of the library offers."""
    seen = set()
    for found in pkgutil.iter_modules(ml_from_scratch.__path__, "ml_from_scratch."):
        module = importlib.import_module(found.name)
        for name in getattr(module, "__all__", vars(module)):
            thing = getattr(module, name)
            is_class = isinstance(thing, type) and issubclass(thing, BaseEstimator)
            if is_class and not name.startswith("_") and hasattr(thing, "fit"):
                seen.add(thing)
    return sorted(seen, key=lambda each: each.__name__)


def made(kind: Any) -> Any:
    return kind(**ARGUMENTS.get(kind.__name__, {}))


@pytest.mark.filterwarnings("default::ml_from_scratch.base.DataConversionWarning")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", estimators(), ids=lambda kind: kind.__name__)
def test_check_estimator_passes(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # else one check is skipped
    excused = EXCUSED.get(kind.__name__, {})
    results = check_estimator(
        made(kind), on_fail=None, on_skip=None, expected_failed_checks=excused
    )
    outcome = {r["check_name"]: (r["status"], str(r["exception"])) for r in results}
    expected = {name: ("passed", "None") for name in outcome if name not in excused}
    assert {name: outcome[name] for name in expected} == expected
    assert len(results) == len(list(estimator_checks_generator(made(kind))))


def test_few_checks_are_excused_and_all_excuses_are_needed() -> None:
    assert sum(map(len, EXCUSED.values())) <= 5
    for name, excused in EXCUSED.items():
        kind = next(k for k in estimators() if k.__name__ == name)
        results = check_estimator(
            made(kind), on_fail=None, on_skip=None, expected_failed_checks=excused
        )
        failed = {r["check_name"] for r in results if r["status"] == "xfail"}
        assert failed == set(excused)


@pytest.mark.parametrize("kind", estimators(), ids=lambda kind: kind.__name__)
def test_a_clone_has_the_same_parameters_and_is_not_fitted(kind: Any) -> None:
    ours, theirs = clone(made(kind)), their_clone(made(kind))
    assert repr(ours) == repr(theirs) == repr(made(kind))
    learned = [name for name in vars(ours) if name.endswith("_") and name[0] != "_"]
    assert learned == []


def rows(kind: Any) -> tuple[Any, np.ndarray]:
    """Return 60 rows in two clumps, and which clump each is of.

    Three columns, or one for what fits functions of one column and says so, or texts
    for what reads texts and says so.
    """
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    X = rng.normal(size=(60, 3)) + 3 * y[:, None] + 4
    tags = made(kind).__sklearn_tags__().input_tags
    if tags.string:
        return [" ".join(f"word{round(value)}" for value in row) for row in X], y
    return (X if tags.two_d_array else X[:, :1]), y


def fitted(kind: Any) -> Any:
    X, y = rows(kind)
    return made(kind).fit(X, y)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", estimators(), ids=lambda kind: kind.__name__)
def test_a_pickled_estimator_gives_the_same(kind: Any) -> None:
    X, _ = rows(kind)
    model = fitted(kind)
    again = pickle.loads(pickle.dumps(model))
    for method in ("predict", "predict_proba", "transform", "score_samples"):
        if hasattr(model, method):
            found, expected = (getattr(m, method)(X) for m in (again, model))
            if sparse.issparse(expected):
                found, expected = found.toarray(), expected.toarray()
            np.testing.assert_array_equal(found, expected)


def predicting() -> list[Any]:
    return [k for k in estimators() if hasattr(k, "predict") and hasattr(k, "score")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", predicting(), ids=lambda kind: kind.__name__)
def test_it_works_in_a_pipeline_a_grid_and_cross_validation(kind: Any) -> None:
    X, y = rows(kind)
    model = made(kind)
    counts = model.__sklearn_tags__().input_tags.positive_only
    scaler = MinMaxScaler(clip=True) if counts else StandardScaler()
    scores = cross_val_score(make_pipeline(scaler, model), X, y, cv=3)
    assert np.isfinite(scores).all()
    knob = next((name for name in KNOBS if name in model.get_params()), None)
    if knob is None:
        return
    step = kind.__name__.lower()
    grid = {f"{step}__{knob}": KNOBS[knob]}
    search = GridSearchCV(make_pipeline(scaler, model), grid, cv=3)
    search.fit(X, y)
    assert search.best_params_[f"{step}__{knob}"] in KNOBS[knob]
