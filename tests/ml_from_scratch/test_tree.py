"""Decision trees: node by node against scikit-learn, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import datasets as bundled
from sklearn import tree as oracle

from ml_from_scratch.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    Tree,
    best_split,
    export_text,
)
from ml_from_scratch.tree.targets import ClassTargets, NumberTargets, Places

SEEDS = st.integers(0, 2**32 - 1)
WHOLE = (
    "children_left",
    "children_right",
    "feature",
    "n_node_samples",
)
REAL = ("threshold", "value", "impurity", "weighted_n_node_samples")

# scikit-learn rounds features to float32 first; so do we here, to give both the same.


def single(X: np.ndarray) -> np.ndarray:
    return X.astype(np.float32).astype(np.float64)


@cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return 3,000 rows whose mean is 3 where x0 > 0.3 and x1 <= 0.6, else -1."""
    rng = np.random.default_rng(0)
    X = single(rng.random((3000, 6)))
    y = np.where((X[:, 0] > 0.3) & (X[:, 1] <= 0.6), 3.0, -1.0)
    return X, y + rng.normal(scale=0.5, size=3000)


@cache
def loaded(name: str) -> tuple[np.ndarray, np.ndarray]:
    X, y = getattr(bundled, f"load_{name}")(return_X_y=True)
    return single(X), y


@cache
def awkward() -> tuple[np.ndarray, np.ndarray]:
    """Return ties, a constant column, a copied column and 3 % of one class."""
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 6, size=(2, 800))
    X = np.column_stack([a, b, np.full(800, 7), a, rng.integers(0, 2, 800)])
    return X.astype(float), np.where((a + b > 9) ^ (rng.random(800) < 0.02), "z", "a")


def _same_nodes(ours: Tree, theirs: Any, tolerance: float = 1e-9) -> None:
    assert ours.node_count == theirs.node_count
    assert (ours.max_depth, ours.n_leaves) == (theirs.max_depth, theirs.n_leaves)
    for name in WHOLE:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    for name in REAL:
        scale = np.abs(getattr(theirs, name)).max()
        np.testing.assert_allclose(
            getattr(ours, name),
            getattr(theirs, name),
            rtol=tolerance,
            atol=tolerance * scale,
            err_msg=name,
        )


# --- against scikit-learn ----------------------------------------------------------

LIMITS = [
    {"max_depth": 5},
    {"max_depth": None},
    {"min_samples_split": 150},
    {"min_samples_split": 0.1},
    {"min_weight_fraction_leaf": 0.04},
    {"min_impurity_decrease": 0.004},
]


def _continuous(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return data in which no two splits are equally good, thanks to some noise."""
    X, y = synthetic() if name == "synthetic" else loaded(name)
    rng = np.random.default_rng(2)
    X = single(X + 0.3 * X.std(axis=0) * rng.normal(size=X.shape))
    return X, np.where(rng.random(len(y)) < 0.2, rng.permutation(y), y)


def _weights(y: np.ndarray) -> np.ndarray:
    """Return whole weights: with others, scikit-learn's rounding splits pure nodes."""
    return np.random.default_rng(3).integers(1, 1000, len(y)).astype(float)


@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("name", ["synthetic", "diabetes"])
def test_a_regression_tree_is_scikit_learns_node_by_node_to_1e_9(
    name: str, limit: dict[str, Any]
) -> None:
    X, y = _continuous(name)
    weights = _weights(y)
    options = {"min_samples_leaf": 15, **limit}
    ours = DecisionTreeRegressor(**options).fit(X, y, weights)
    theirs = oracle.DecisionTreeRegressor(random_state=0, **options)
    theirs.fit(X, y, weights)
    _same_nodes(ours.tree_, theirs.tree_)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, atol=1e-12
    )


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("limit", LIMITS, ids=str)
@pytest.mark.parametrize("name", ["breast_cancer", "digits", "wine"])
def test_a_classification_tree_is_scikit_learns_node_by_node_to_1e_9(
    name: str, limit: dict[str, Any], criterion: Any
) -> None:
    X, y = _continuous(name)
    weights = _weights(y)
    options = {"criterion": criterion, "min_samples_leaf": 30, **limit}
    ours = DecisionTreeClassifier(**options).fit(X, y, weights)
    theirs = oracle.DecisionTreeClassifier(random_state=0, **options)
    theirs.fit(X, y, weights)
    _same_nodes(ours.tree_, theirs.tree_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, atol=1e-12
    )


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0, 1: 0.3}, {2: 9.0}])
def test_class_weights_mean_what_they_mean_in_scikit_learn(class_weight: Any) -> None:
    X, y = _continuous("wine")
    options = {"class_weight": class_weight, "min_samples_leaf": 15}
    # scikit-learn balances rows, not weights; without weights the two agree
    weights = None if class_weight == "balanced" else _weights(y)
    ours = DecisionTreeClassifier(**options).fit(X, y, weights)
    theirs = oracle.DecisionTreeClassifier(random_state=0, **options)
    theirs.fit(X, y, weights)
    _same_nodes(ours.tree_, theirs.tree_)


def _all_data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    names = ("digits", "iris", "wine", "breast_cancer", "diabetes")
    found = {name: loaded(name) for name in names}
    return {**found, "synthetic": synthetic(), "awkward": awkward()}


@pytest.mark.parametrize("criterion", ["gini", "entropy", "squared_error"])
@pytest.mark.parametrize("name", _all_data())
def test_with_ties_every_node_gains_what_scikit_learns_stump_gains_there_to_1e_10(
    name: str, criterion: Any
) -> None:
    X, y = _all_data()[name]
    X, y = X[:600], y[:600]
    if criterion == "squared_error":
        ours: Any = DecisionTreeRegressor()
        stump: Any = oracle.DecisionTreeRegressor(max_depth=1)
        y = np.unique(y, return_inverse=True)[1] ** 1.5
    elif name in ("synthetic", "diabetes"):
        y = np.floor(y / y.std())
    if criterion != "squared_error":
        ours = DecisionTreeClassifier(criterion=criterion)
        stump = oracle.DecisionTreeClassifier(criterion=criterion, max_depth=1)
    tree = ours.fit(X, y).tree_
    passes = ours.decision_path(X).toarray().astype(bool)
    mass = tree.weighted_n_node_samples * tree.impurity
    largest = 0.0
    for node in range(tree.node_count):
        rows = passes[:, node]
        theirs = stump.set_params(random_state=0).fit(X[rows], y[rows]).tree_
        done = len(np.unique(y[rows])) == 1 or (X[rows] == X[rows][0]).all()
        assert tree.is_leaf[node] == done
        if not tree.is_leaf[node]:
            pair = [tree.children_left[node], tree.children_right[node]]
            left = (theirs.weighted_n_node_samples * theirs.impurity)[1:].sum()
            assert mass[pair].sum() == pytest.approx(left, abs=1e-10 * (1 + mass[0]))
            largest = max(largest, mass[node] - left)
    assert largest > 0


def test_the_truth_is_found_to_a_hundredth() -> None:
    X, y = synthetic()
    model = DecisionTreeRegressor(max_depth=2).fit(X, y)
    inner = ~model.tree_.is_leaf
    cuts = dict(
        zip(model.tree_.feature[inner], model.tree_.threshold[inner], strict=True)
    )
    assert cuts[0] == pytest.approx(0.3, abs=0.01)
    assert cuts[1] == pytest.approx(0.6, abs=0.01)
    found = model.predict([[0.9, 0.1, 0, 0, 0, 0], [0.9, 0.9, 0, 0, 0, 0]])
    np.testing.assert_allclose(found, [3.0, -1.0], atol=0.2)


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "wine"])
def test_the_pruning_path_and_the_pruned_trees_are_scikit_learns(name: str) -> None:
    X, y = _continuous(name)
    options: dict[str, Any] = {"min_samples_leaf": 30, "criterion": "entropy"}
    weights = _weights(y)
    theirs = oracle.DecisionTreeClassifier(random_state=0, **options)
    expected = theirs.cost_complexity_pruning_path(X, y, weights)
    path = DecisionTreeClassifier(**options).cost_complexity_pruning_path(X, y, weights)
    np.testing.assert_allclose(path.ccp_alphas, expected.ccp_alphas, atol=1e-10)
    np.testing.assert_allclose(path.impurities, expected.impurities, atol=1e-10)
    for alpha in (path.ccp_alphas[1:] + path.ccp_alphas[:-1]) / 2:
        ours = DecisionTreeClassifier(ccp_alpha=alpha, **options).fit(X, y, weights)
        theirs.set_params(ccp_alpha=alpha).fit(X, y, weights)
        _same_nodes(ours.tree_, theirs.tree_)


def test_text_paths_and_leaves_are_scikit_learns() -> None:
    X, y = _continuous("breast_cancer")
    ours = DecisionTreeClassifier(min_samples_leaf=15).fit(X, y, _weights(y))
    theirs = oracle.DecisionTreeClassifier(min_samples_leaf=15, random_state=0)
    theirs.fit(X, y, _weights(y))
    np.testing.assert_array_equal(ours.apply(X), theirs.apply(X))
    ways = ours.decision_path(X), theirs.decision_path(X)
    np.testing.assert_array_equal(*[way.toarray() for way in ways])
    names = [f"f{i}" for i in range(X.shape[1])]
    for options in (
        {},
        {"feature_names": names, "class_names": ["x", "y"], "decimals": 4},
        {"max_depth": 1, "spacing": 2},
        {"max_depth": 0},
    ):
        assert export_text(ours, **options) == oracle.export_text(theirs, **options)
    X, y = synthetic()
    tree = DecisionTreeRegressor(max_depth=3).fit(X, y)
    expected = oracle.DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)
    assert export_text(tree) == oracle.export_text(expected)


def test_text_takes_one_feature_with_any_name() -> None:
    X, y = [[0.0], [1.0]], [0, 1]
    ours = DecisionTreeClassifier().fit(X, y)
    theirs = oracle.DecisionTreeClassifier().fit(X, y)
    for name in ("x", "{}", "a {0} b", "%s"):
        expected = oracle.export_text(theirs, feature_names=[name])
        assert export_text(ours, feature_names=[name]) == expected


# --- the definition ----------------------------------------------------------------


@settings(max_examples=40)
@given(SEEDS, st.sampled_from(["gini", "entropy", "squared_error"]))
def test_the_first_split_is_what_the_loop_over_all_thresholds_finds(
    seed: int, criterion: Any
) -> None:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 30)), int(rng.integers(1, 5))
    X, y = rng.integers(0, 8, (n, d)).astype(float), rng.integers(0, 4, n)
    kind: Any = DecisionTreeRegressor if criterion[0] == "s" else DecisionTreeClassifier
    tree = kind(criterion=criterion, max_depth=1).fit(X, y).tree_
    split = best_split(X, y, criterion=criterion)
    if split is None or len(set(y)) == 1:
        assert tree.node_count == 1
        return
    assert (tree.feature[0], tree.threshold[0]) == (split.feature, split.threshold)
    mass = tree.weighted_n_node_samples * tree.impurity
    assert (mass[0] - mass[1:].sum()) / n == pytest.approx(split.gain, abs=1e-12)


# --- what is drawn -----------------------------------------------------------------


def test_each_node_looks_at_features_drawn_evenly_and_takes_the_best_cut() -> None:
    X, y = synthetic()
    X, y = X[:60], y[:60]
    stumps = [
        DecisionTreeRegressor(max_features=1, max_depth=1, random_state=seed).fit(X, y)
        for seed in range(600)
    ]
    drawn = np.array([stump.tree_.feature[0] for stump in stumps])
    assert stats.chisquare(np.bincount(drawn, minlength=6)).pvalue > 1e-3
    for stump, feature in zip(stumps[:20], drawn[:20], strict=True):
        split = best_split(X[:, [feature]], y, criterion="squared_error")
        assert split is not None
        assert stump.tree_.threshold[0] == split.threshold


def test_of_two_features_drawn_the_better_is_taken() -> None:
    X, y = synthetic()
    X, y = X[:200], y[:200]
    gains = [best_split(X[:, [f]], y, criterion="squared_error") for f in range(6)]
    order = np.argsort([-split.gain for split in gains if split])
    drawn = [
        DecisionTreeRegressor(max_features=2, max_depth=1, random_state=seed)
        .fit(X, y)
        .tree_.feature[0]
        for seed in range(900)
    ]
    counts = np.bincount(drawn, minlength=6)[order]
    pairs = np.array([5, 4, 3, 2, 1, 0])  # of 15: those in which it is the better
    assert counts[5] == 0
    assert stats.chisquare(counts[:5], 900 * pairs[:5] / 15).pvalue > 1e-3


def test_a_node_whose_drawn_features_are_constant_takes_one_that_is_not() -> None:
    X = np.zeros((40, 30))
    X[:, 17] = np.arange(40)
    y = np.arange(40) >= 20
    for seed in range(20):
        model = DecisionTreeClassifier(max_features=1, random_state=seed).fit(X, y)
        assert model.tree_.feature.tolist() == [17, -2, -2]


def test_random_thresholds_are_even_over_the_range_of_the_node() -> None:
    X, y = np.array([[2.0], [2.1], [6.0]]), [0, 1, 0]
    cuts = [
        DecisionTreeRegressor(splitter="random", max_depth=1, random_state=seed)
        .fit(X, y)
        .tree_.threshold[0]
        for seed in range(500)
    ]
    assert stats.kstest(cuts, stats.uniform(2, 4).cdf).pvalue > 1e-3
    X, y = synthetic()
    model = DecisionTreeRegressor(splitter="random", random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, rtol=1e-12)


# --- what must hold ----------------------------------------------------------------


def _problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with ties, of one to four classes."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 60)), int(rng.integers(1, 5))
    return rng.integers(-4, 5, (n, d)).astype(float), rng.integers(0, 4, n)


KINDS = [DecisionTreeClassifier, DecisionTreeRegressor]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(seed=SEEDS)
def test_the_order_of_the_rows_does_not_matter(kind: Any, seed: int) -> None:
    X, y = _problem(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    one, other = kind().fit(X, y), kind().fit(X[order], y[order])
    np.testing.assert_array_equal(one.tree_.feature, other.tree_.feature)
    np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)
    np.testing.assert_allclose(one.tree_.value, other.tree_.value, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(seed=SEEDS)
def test_a_rising_function_of_a_feature_changes_no_split(kind: Any, seed: int) -> None:
    X, y = _problem(seed)
    bent = np.exp(X) + X**3
    one, other = kind().fit(X, y), kind().fit(bent, y)
    np.testing.assert_array_equal(one.tree_.feature, other.tree_.feature)
    np.testing.assert_array_equal(one.apply(X), other.apply(bent))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(seed=SEEDS)
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(
    kind: Any, seed: int
) -> None:
    X, y = _problem(seed)
    counts = np.random.default_rng(seed).integers(0, 4, len(y))
    counts[0] = 1
    one = kind().fit(X, y, sample_weight=counts)
    other = kind().fit(X.repeat(counts, axis=0), y.repeat(counts))
    np.testing.assert_array_equal(one.tree_.feature, other.tree_.feature)
    np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)
    np.testing.assert_allclose(one.tree_.impurity, other.tree_.impurity, atol=1e-12)
    np.testing.assert_array_equal(
        one.predict(X[counts > 0]), other.predict(X[counts > 0])
    )


@settings(max_examples=30)
@given(SEEDS, st.sampled_from(["gini", "entropy"]))
def test_a_whole_tree_fits_as_well_as_equal_rows_allow(
    seed: int, criterion: Any
) -> None:
    X, y = _problem(seed)
    model = DecisionTreeClassifier(criterion=criterion).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    for row, shares in zip(X, proba, strict=True):
        labels = y[(row == X).all(axis=1)]
        expected = (labels[:, None] == model.classes_).mean(axis=0)
        np.testing.assert_allclose(shares, expected, atol=1e-12)


def test_two_equal_rows_with_different_labels_make_one_leaf() -> None:
    X = [[1.0, 2.0], [1.0, 2.0]]
    model = DecisionTreeClassifier().fit(X, ["a", "b"])
    assert model.tree_.node_count == 1
    assert model.predict_proba(X).tolist() == [[0.5, 0.5]] * 2
    assert DecisionTreeRegressor().fit(X, [1.0, 2.0]).predict(X).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_constant_columns_and_equal_targets_make_a_root(kind: Any) -> None:
    for X, y in (([[3.0]], [7]), ([[1.0]] * 5, [0, 1, 1, 0, 1]), ([[1], [2]], [4, 4])):
        model = kind().fit(X, y)
        assert (model.get_depth(), model.get_n_leaves()) == (0, 1)
        assert model.feature_importances_.tolist() == [0.0]
        assert len(model.cost_complexity_pruning_path(X, y).ccp_alphas) == 1
        assert model.decision_path(X).toarray().tolist() == [[1]] * len(X)


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e-9, 1.0, 1e300, 1.7e308 / 3])
def test_features_may_be_huge_or_tiny(scale: float) -> None:
    X = np.array([[-3.0], [-1.0], [1.0], [3.0]]) * scale
    y = [0, 1, 0, 1]
    for kind in KINDS:
        for splitter in ("best", "random"):
            model = kind(splitter=splitter, random_state=0).fit(X, y)
            assert model.predict(X).tolist() == y


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-9, 1.0, 1e9, 1e150, 1e305])
def test_targets_may_be_huge_or_tiny(scale: float) -> None:
    X = np.arange(6.0)[:, None]
    y = np.array([1.0, 2.0, 1.0, 9.0, 9.5, 9.0])
    plain = DecisionTreeRegressor().fit(X, y)
    model = DecisionTreeRegressor().fit(X, y * scale)
    np.testing.assert_array_equal(model.apply(X), plain.apply(X))
    np.testing.assert_allclose(model.predict(X), y * scale, rtol=1e-12)
    far = DecisionTreeRegressor().fit(X, y + 1e9)
    np.testing.assert_array_equal(far.apply(X), plain.apply(X))


def test_a_threshold_between_neighbouring_floats_parts_them() -> None:
    low = 1.0 + np.finfo(float).eps  # its last bit is odd: the midpoint rounds up
    X = np.array([[low], [np.nextafter(low, 2.0)]])
    assert (X[0] / 2 + X[1] / 2 == X[1]).all()
    for splitter in ("best", "random"):
        model = DecisionTreeClassifier(splitter=splitter, random_state=0).fit(X, [0, 1])
        assert model.predict(X).tolist() == [0, 1]


def test_single_precision_gives_the_tree_of_double_precision() -> None:
    X, y = loaded("breast_cancer")
    one = DecisionTreeClassifier().fit(X, y)
    other = DecisionTreeClassifier().fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)
    np.testing.assert_array_equal(one.predict(X), other.predict(X.astype(np.float32)))


@pytest.mark.parametrize("kind", ["gini", "entropy", "squared_error"])
def test_a_light_node_is_not_drowned_by_the_heavy_one_beside_it(kind: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 120)
    weights = rng.uniform(1, 2, 120) * np.repeat([1.0, 1e-12], 60)
    targets: Any = ClassTargets(y, 3, weights, kind)
    if kind == "squared_error":
        targets = NumberTargets.of(y * np.repeat([1.0, 1e-9], 60), weights)
    rows = np.array([rng.permutation(60), rng.permutation(60)])
    both = np.concatenate([rows, rows + 60], axis=1)
    beside = targets.gains(both, Places.of_sizes(np.array([60, 60])))[:, 60:-1]
    alone = targets.gains(rows + 60, Places.of_sizes(np.array([60])))[:, :-1]
    np.testing.assert_allclose(beside, alone, rtol=1e-9)


def test_a_split_without_gain_is_made_where_the_next_ones_gain() -> None:
    X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    assert DecisionTreeClassifier().fit(X, y).score(X, y) == 1.0
    assert DecisionTreeRegressor().fit(X, y).score(X, y) == 1.0


@settings(max_examples=30)
@given(SEEDS)
def test_a_higher_price_of_a_leaf_gives_a_tree_inside_the_tree(seed: int) -> None:
    X, y = _problem(seed)
    leaves = []
    for alpha in (0.0, 0.01, 0.05, 0.2, 10.0):
        model = DecisionTreeClassifier(ccp_alpha=alpha).fit(X, y)
        leaves.append(model.get_n_leaves())
    assert leaves == sorted(leaves, reverse=True)
    assert leaves[-1] == 1


def test_a_log_probability_of_zero_is_minus_infinity_without_a_warning() -> None:
    model = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1])
    assert model.predict_log_proba([[0.0]]).tolist() == [[0.0, -np.inf]]


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"criterion": "mse"}, "criterion must be one of"),
        ({"splitter": 1}, "splitter must be 'best' or 'random', got 1"),
        ({"max_depth": 0}, "max_depth must be a whole number from 1"),
        ({"max_depth": "deep"}, "max_depth must be a whole number from 1"),
        ({"min_samples_split": 1}, "min_samples_split must be a whole number from 2"),
        ({"min_samples_leaf": 0.0}, "min_samples_leaf must be a whole number from 1"),
        ({"min_samples_leaf": True}, "min_samples_leaf must be a whole number from 1"),
        ({"max_features": "all"}, "max_features must be 'sqrt', 'log2', None"),
        ({"max_features": 0}, "max_features must be 'sqrt', 'log2', None"),
        ({"min_impurity_decrease": -1}, "min_impurity_decrease must be a number"),
        ({"min_weight_fraction_leaf": 0.7}, "min_weight_fraction_leaf must be a num"),
        ({"ccp_alpha": "none"}, "ccp_alpha must be a number of at least 0"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_settings_are_named(kind: Any, options: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        kind(**options).fit([[0.0], [1.0]], [0, 1])


def test_bad_data_are_named() -> None:
    X = [[0.0], [1.0]]
    with pytest.raises(ValueError, match="NaN or inf"):
        DecisionTreeRegressor().fit([[np.nan], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="NaN or inf"):
        DecisionTreeRegressor().fit(X, [0, np.inf])
    with pytest.raises(ValueError, match="same number of rows"):
        DecisionTreeClassifier().fit(X, [0, 1, 1])
    with pytest.raises(ValueError, match="one sample_weight must not be zero"):
        DecisionTreeClassifier().fit(X, [0, 1], [0, 0])
    with pytest.raises(ValueError, match="feature_names must have 1 names"):
        export_text(DecisionTreeClassifier().fit(X, [0, 1]), feature_names=["a", "b"])
