"""TreeSHAP: against shap, against all coalitions, and the axioms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml_from_scratch import ensemble
from ml_from_scratch.explain import interventional_value, shapley_values, tree_shap
from ml_from_scratch.tree import DecisionTreeClassifier as OurClassifier
from ml_from_scratch.tree import DecisionTreeRegressor as OurRegressor

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def shap() -> Any:
    return pytest.importorskip("shap", exc_type=ImportError)  # not on all platforms


@cache
def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "diabetes":
        return load_diabetes(return_X_y=True)
    if name == "cancer":
        return load_breast_cancer(return_X_y=True)
    if name == "wine":
        return load_wine(return_X_y=True)
    rng = np.random.default_rng(0)  # awkward: ties, a constant and a copied column
    X = rng.integers(0, 4, size=(300, 5)).astype(float)
    X[:, 3], X[:, 4] = 7.0, X[:, 0]
    return X, X[:, 0] * X[:, 1] + (X[:, 2] > 1) + rng.normal(size=300) / 10


REGRESSORS = {
    "tree": DecisionTreeRegressor(random_state=0),
    "stump": DecisionTreeRegressor(max_depth=1),
    "forest": RandomForestRegressor(10, max_depth=6, random_state=0),
    "random splits": ExtraTreesRegressor(5, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=30, random_state=0),
}
CLASSIFIERS = {
    "tree": DecisionTreeClassifier(random_state=0, class_weight="balanced"),
    "forest": RandomForestClassifier(10, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=30, random_state=0),
}


@pytest.mark.parametrize("name", ["diabetes", "awkward"])
@pytest.mark.parametrize("kind", REGRESSORS)
def test_regressors_are_explained_as_by_shap_to_1e_8(
    shap: Any, name: str, kind: str
) -> None:
    X, y = data(name)
    model = REGRESSORS[kind].fit(X, y, sample_weight=np.linspace(0.5, 2, len(y)))
    _as_shap(shap, model, X[::4])


@pytest.mark.parametrize("name", ["cancer", "wine"])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_classifiers_are_explained_as_by_shap_to_1e_8(
    shap: Any, name: str, kind: str
) -> None:
    X, y = data(name)
    if kind == "boosting":
        y = (y == 1).astype(int)  # shap reads boosting of two classes only
    _as_shap(shap, CLASSIFIERS[kind].fit(X, y), X[::5])


def _as_shap(shap: Any, model: Any, rows: np.ndarray) -> None:
    found, explainer = tree_shap(model, rows), shap.TreeExplainer(model)
    expected = explainer.shap_values(rows)
    np.testing.assert_allclose(found.values, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.expected, explainer.expected_value, rtol=1e-8)


def _path_dependent_game(tree: Any, x: np.ndarray) -> Any:
    """Return the game by its definition: go down, both ways where not known."""

    def down(node: int, known: np.ndarray) -> float:
        left, right = tree.children_left[node], tree.children_right[node]
        if left == -1:
            return float(tree.value[node, 0, 0])
        j = tree.feature[node]
        if known[j]:
            goes_left = np.float32(x[j]) <= tree.threshold[node]
            return down(left if goes_left else right, known)
        cover = tree.weighted_n_node_samples
        parts = [cover[side] * down(side, known) for side in (left, right)]
        return float(sum(parts) / cover[node])

    return lambda coalitions: [down(0, known) for known in coalitions]


@pytest.mark.parametrize("name", ["diabetes", "awkward"])
@pytest.mark.parametrize("depth", [1, 3, 6])
def test_a_tree_has_the_shapley_values_of_its_game_to_1e_10(
    name: str, depth: int
) -> None:
    X, y = data(name)
    X = X[:, :6]
    model = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X, y)
    found = tree_shap(model, X[:4]).values
    for x, ours in zip(X[:4], found, strict=True):
        game = _path_dependent_game(model.tree_, x)
        np.testing.assert_allclose(ours, shapley_values(game, X.shape[1]), atol=1e-10)


@pytest.mark.parametrize("name", ["diabetes", "awkward", "wine"])
@pytest.mark.parametrize("kind", ["tree", "forest", "boosting"])
def test_with_a_background_all_coalitions_agree_to_1e_9(name: str, kind: str) -> None:
    X, y = data(name)
    X = X[:, :7]
    model = REGRESSORS[kind].fit(X, y)
    rows, background = X[:5], X[50:70]
    found = tree_shap(model, rows, background=background)
    for x, ours in zip(rows, found.values, strict=True):
        game = interventional_value(model.predict, x, background)
        np.testing.assert_allclose(ours, shapley_values(game, X.shape[1]), atol=1e-9)
    assert found.expected == pytest.approx(model.predict(background).mean(), abs=1e-9)


def test_boosting_of_many_classes_adds_up_to_its_log_odds() -> None:
    X, y = data("wine")
    model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X, y)
    for background in (None, X[:20]):
        found = tree_shap(model, X[::3], background=background)
        total = found.values.sum(axis=1) + found.expected
        np.testing.assert_allclose(total, model.decision_function(X[::3]), atol=1e-10)


@settings(max_examples=20)
@given(SEEDS, st.booleans())
def test_our_own_trees_are_read_too_and_values_add_up(seed: int, known: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 5, size=(60, 4)) * 10.0 ** rng.integers(-9, 10)
    background = X[:10] if known else None
    y = rng.normal(size=60)
    model = OurRegressor(max_depth=5).fit(X, y)
    found = tree_shap(model, X, background=background)
    total = found.values.sum(axis=1) + found.expected
    np.testing.assert_allclose(total, model.predict(X), atol=1e-10)
    classes = (y > 0).astype(int) + (y > 1)
    both = OurClassifier(max_depth=4).fit(X, classes)
    shares = tree_shap(both, X, background=background)
    total = shares.values.sum(axis=1) + shares.expected
    np.testing.assert_allclose(total, both.predict_proba(X), atol=1e-10)
    np.testing.assert_allclose(shares.values.sum(axis=2), 0, atol=1e-10)


@pytest.mark.parametrize("kind", ["forest", "boosting"])
def test_our_own_sums_of_trees_are_read_too(kind: str) -> None:
    X, y = data("wine")
    makers: Any = {
        "forest": (ensemble.RandomForestRegressor, ensemble.RandomForestClassifier),
        "boosting": (
            ensemble.GradientBoostingRegressor,
            ensemble.GradientBoostingClassifier,
        ),
    }
    for make, target in zip(makers[kind], (X[:, 0], y), strict=True):
        model = make(n_estimators=4, random_state=0).fit(X[:, 1:], target)
        for background in (None, X[:20, 1:]):
            found = tree_shap(model, X[::3, 1:], background=background)
            total = found.values.sum(axis=1) + found.expected
            name = "decision_function" if kind == "boosting" else "predict_proba"
            predict = getattr(model, name, model.predict)
            np.testing.assert_allclose(total, predict(X[::3, 1:]), atol=1e-9)


@pytest.mark.parametrize(
    "model",
    [
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5),
        BaggingRegressor(max_features=0.5, n_estimators=5, random_state=0),
        GradientBoostingRegressor(
            n_estimators=3, init=DecisionTreeRegressor(max_depth=2)
        ),
        BaggingClassifier(KNeighborsClassifier(), n_estimators=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_that_are_no_plain_sum_of_trees_are_refused(model: Any) -> None:
    X, y = data("wine")
    with pytest.raises(TypeError, match=r"does not predict the mean|a tree to read"):
        tree_shap(model.fit(X, y), X)


@settings(max_examples=20)
@given(SEEDS)
def test_unused_columns_get_nothing_and_rows_are_explained_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 4))
    X[:, 2] = 0.0
    model = OurRegressor(max_depth=4).fit(X, X[:, 0] * X[:, 1])
    for background in (None, X[:7]):
        found = tree_shap(model, X, background=background).values
        assert (found[:, 2] == 0).all()
        order = rng.permutation(80)[:3]  # few rows go another way than many
        again = tree_shap(model, X[order], background=background).values
        np.testing.assert_allclose(again, found[order], atol=1e-12)


def test_copies_of_one_tree_and_a_scaled_target_are_explained_alike() -> None:
    X, y = data("diabetes")
    one = OurRegressor(max_depth=5).fit(X, y)
    ten = OurRegressor(max_depth=5).fit(X, 10 * y + 3)
    a, b = tree_shap(one, X[:20]), tree_shap(ten, X[:20])
    np.testing.assert_allclose(b.values, 10 * a.values, atol=1e-9)
    assert b.expected == pytest.approx(10 * a.expected + 3)


def test_a_tree_of_one_leaf_explains_nothing() -> None:
    model = OurRegressor().fit([[1.0], [2.0]], [5.0, 5.0])
    for background in (None, [[1.0]]):
        found = tree_shap(model, [[9.0]], background=background)
        assert found.values.tolist() == [[0.0]]
        assert found.expected == 5.0


def test_deep_chains_of_splits_lose_no_digits() -> None:
    X = np.arange(60.0)[:, None] * np.ones(12) + np.arange(12) * 100
    rng = np.random.default_rng(0)
    model = DecisionTreeRegressor(splitter="random", random_state=0)
    model.fit(X, 2.0 ** np.arange(60) * rng.choice([-1, 1], 60))
    found = tree_shap(model, X)
    total = found.values.sum(axis=1) + found.expected
    np.testing.assert_allclose(total, model.predict(X), rtol=1e-10, atol=1e-10 * 2**59)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: tree_shap(m, [[1.0]]), ValueError, "has 1 features, .* 2 features"),
        (lambda m: tree_shap(m, [[1.0, np.nan]]), ValueError, "X contains NaN"),
        (lambda m: tree_shap(m, [1.0, 2.0]), ValueError, "2d array"),
        (
            lambda m: tree_shap(m, [[1.0, 2.0]], background=[[1.0]]),
            ValueError,
            "has 1 features",
        ),
        (lambda m: tree_shap(OurRegressor(), [[1.0, 2.0]]), ValueError, "not fitted"),
        (
            lambda m: tree_shap(
                DecisionTreeRegressor().fit([[0.0], [1.0]], [[0, 1], [1, 0]]), [[0.0]]
            ),
            ValueError,
            "the trees predict 2",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, error: Any, words: str) -> None:
    model = OurRegressor().fit([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0])
    with pytest.raises(error, match=words):
        call(model)
