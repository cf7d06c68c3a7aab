"""Decision trees as estimators: for classes and for numbers."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassWeight,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    check_targets,
    class_weights,
    clone,
    is_real,
    is_share,
    is_whole,
    random_generator,
)
from ml_from_scratch.tree.growth import Columns, Rules, grow
from ml_from_scratch.tree.structure import PruningPath, Tree, prune, weakest_links
from ml_from_scratch.tree.targets import (
    ClassTargets,
    NumberTargets,
    Targets,
    whole_if_possible,
)

MaxFeatures = Literal["sqrt", "log2"] | int | float | None
RandomState = int | np.random.Generator | np.random.RandomState | None


def check_growth_settings(estimator: Any, **more: tuple[bool, str]) -> None:
    """Refuse settings of a tree that are not what they may be."""
    e = estimator
    named = e.max_features is None or (
        isinstance(e.max_features, str) and e.max_features in ("sqrt", "log2")
    )
    check_parameters(
        e,
        max_depth=(
            e.max_depth is None or is_whole(e.max_depth, 1),
            "a whole number from 1, or None",
        ),
        min_samples_split=(
            is_whole(e.min_samples_split, 2) or is_share(e.min_samples_split),
            "a whole number from 2, or a share in (0.0, 1.0]",
        ),
        min_samples_leaf=(
            is_whole(e.min_samples_leaf, 1) or is_share(e.min_samples_leaf),
            "a whole number from 1, or a share in (0.0, 1.0]",
        ),
        max_features=(
            named or is_whole(e.max_features, 1) or is_share(e.max_features),
            "'sqrt', 'log2', None, a whole number from 1 or a share in (0.0, 1.0]",
        ),
        min_weight_fraction_leaf=(
            is_real(e.min_weight_fraction_leaf, 0, 0.5),
            "a number from 0 to 0.5",
        ),
        min_impurity_decrease=(
            is_real(e.min_impurity_decrease, 0),
            "a number of at least 0",
        ),
        # boosting has no such setting: its trees are too small to prune
        ccp_alpha=(is_real(getattr(e, "ccp_alpha", 0.0), 0), "a number of at least 0"),
        **more,
    )


def rules_of(estimator: Any, n_rows: int, n_features: int) -> Rules:
    """Turn the settings of an estimator into rules for so many rows and features."""
    wanted = estimator.max_features
    if wanted is None:
        m = n_features
    elif isinstance(wanted, str):
        m = int(math.sqrt(n_features) if wanted == "sqrt" else math.log2(n_features))
    else:
        m = int(wanted * n_features) if isinstance(wanted, float) else int(wanted)
    return Rules(
        estimator.max_depth,
        max(2, _rows(estimator.min_samples_split, n_rows)),
        _rows(estimator.min_samples_leaf, n_rows),
        float(estimator.min_weight_fraction_leaf),
        float(estimator.min_impurity_decrease),
        min(max(1, m), n_features),
        getattr(estimator, "splitter", "best") == "random",
    )


def _rows(wanted: float, n_rows: int) -> int:
    """Return a number of rows that may be given as a share of all."""
    return math.ceil(wanted * n_rows) if isinstance(wanted, float) else int(wanted)


def class_targets(
    y: ArrayLike, weights: Floats, class_weight: ClassWeight, criterion: str
) -> tuple[NDArray[Any], ClassTargets]:
    """Return the classes, and labels with weights as growing takes them."""
    classes, codes = check_labels(y, len(weights))
    kept = np.flatnonzero(weights)
    present, inside = np.unique(codes[kept], return_inverse=True)
    weights = weights.copy()
    weights[kept] *= class_weights(
        class_weight, classes[present], inside, weights[kept]
    )
    whole = whole_if_possible(weights)
    return classes, ClassTargets(codes, len(classes), whole, criterion)


class _DecisionTree(BaseEstimator):
    """What both trees share: everything but the kind of target."""

    criterion: str
    splitter: str
    random_state: RandomState
    ccp_alpha: float
    tree_: Tree
    n_features_in_: int

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        raise NotImplementedError

    def _grow(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> Tree:
        """Check everything and return the whole tree."""
        self._check_settings()
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        targets = self._targets(y, weights)
        kept = np.asarray(targets.weights) > 0
        rules = rules_of(self, int(kept.sum()), X.shape[1])
        rng = random_generator(self.random_state)
        columns = Columns.of(X)
        if not kept.all():  # a row of weight zero is no row
            columns = columns.where(kept)
        return grow(columns, np.array([kept.sum()]), targets, rules, rng)[0]

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Grow the tree, and prune it if `ccp_alpha` is above 0.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        DecisionTreeClassifier or DecisionTreeRegressor
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        tree = self._grow(X, y, sample_weight)
        self.tree_ = prune(tree, self.ccp_alpha) if self.ccp_alpha > 0 else tree
        return self

    def cost_complexity_pruning_path(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> PruningPath:
        """Return the prices of a leaf at which pruning removes the next branch.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        PruningPath
            Prices, ascending, each a sensible `ccp_alpha`, with the mean impurity of
            the leaves that remain.
        """
        links = weakest_links(clone(self)._grow(X, y, sample_weight))
        return PruningPath(np.array(links.alphas), np.array(links.impurities))

    def _check_settings(self) -> None:
        kinds = self._criteria
        check_growth_settings(
            self,
            criterion=(
                isinstance(self.criterion, str) and self.criterion in kinds,
                f"one of {kinds}",
            ),
            splitter=(
                isinstance(self.splitter, str) and self.splitter in ("best", "random"),
                "'best' or 'random'",
            ),
        )

    _criteria: tuple[str, ...] = ()

    def _rows(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "tree_")
        return check_features(self, X, fitting=False)

    def apply(self, X: ArrayLike) -> Integers:
        """Return the leaf in which each row ends.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers of nodes in ``tree_``.
        """
        rows = self._rows(X)
        return self.tree_.apply(rows)

    def decision_path(self, X: ArrayLike) -> sparse.csr_matrix:
        """Return which nodes each row passes, its leaf included.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n, n_nodes)
            1 where a row passes a node.
        """
        rows = self._rows(X)
        return self.tree_.decision_path(rows)

    def get_depth(self) -> int:
        """Return the number of questions on the longest way down.

        Returns
        -------
        int
            0 for a tree that is one leaf.
        """
        check_is_fitted(self, "tree_")
        return self.tree_.max_depth

    def get_n_leaves(self) -> int:
        """Return the number of leaves.

        Returns
        -------
        int
            At least 1.
        """
        check_is_fitted(self, "tree_")
        return self.tree_.n_leaves

    @property
    def feature_importances_(self) -> Floats:
        """Share of the lost impurity that each feature's splits account for."""
        check_is_fitted(self, "tree_")
        return self.tree_.feature_importances()


class DecisionTreeClassifier(ClassifierMixin, _DecisionTree):
    """Classify by a sequence of questions, "is this feature at most so much?".

    Each question is the one that leaves the two sides purest; it is asked again within
    each side until every leaf is pure or a limit is reached.

    Parameters
    ----------
    criterion : {"gini", "entropy"}
        What impurity is.
    splitter : {"best", "random"}
        Try all thresholds, or one at random for each feature.
    max_depth : int, optional
        Most questions that a row is asked.
    min_samples_split : int or float
        Fewest rows (or share of the rows) that are still split.
    min_samples_leaf : int or float
        Fewest rows (or share of the rows) of a leaf.
    min_weight_fraction_leaf : float
        Least share of the weight in a leaf.
    max_features : int, float, "sqrt", "log2" or None
        How many features each node looks at, drawn anew; None for all.
    random_state : int, Generator, RandomState or None
        Draws features and thresholds; without either, nothing is random.
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    class_weight : dict, "balanced" or None
        Factor of each class's weight.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.

    Attributes
    ----------
    tree_ : Tree
        The arrays of the tree.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_classes_ : int
        How many they are.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Splits are exact: all midpoints between neighbouring values are tried. O(nd log n)
    to sort once and O(nd) a level (O(ndk) for k classes), O(nd) memory. Predicting
    costs O(depth) a row. Of splits that are equally good the first feature's lowest
    wins, where scikit-learn draws one.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees,
    chapters 2 to 4. Mehta, Agrawal and Rissanen (1996), "SLIQ: a fast scalable
    classifier for data mining", EDBT: sorting once.

    Examples
    --------
    >>> X = [[1.0, 5.0], [2.0, 3.0], [3.0, 4.0], [4.0, 1.0]]
    >>> model = DecisionTreeClassifier().fit(X, ["no", "no", "yes", "yes"])
    >>> model.predict([[2.4, 9.0], [2.6, 9.0]]).tolist()
    ['no', 'yes']
    >>> float(model.tree_.threshold[0])
    2.5
    """

    _criteria = ("gini", "entropy")

    def __init__(
        self,
        *,
        criterion: Literal["gini", "entropy"] = "gini",
        splitter: Literal["best", "random"] = "best",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = None,
        random_state: RandomState = None,
        min_impurity_decrease: float = 0.0,
        class_weight: ClassWeight = None,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion = criterion
        self.splitter = splitter
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.min_impurity_decrease = min_impurity_decrease
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        self.classes_, targets = class_targets(
            y, weights, self.class_weight, self.criterion
        )
        self.n_classes_ = len(self.classes_)
        return targets

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the share of each class in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        rows = self._rows(X)
        return self.tree_.predict(rows)

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return the logarithm of each probability.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; -inf for classes not in the leaf.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most frequent class in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        codes = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels


class DecisionTreeRegressor(RegressorMixin, _DecisionTree):
    """Predict the mean target of the training rows that answer all questions alike.

    Each question, "is this feature at most so much?", is the one that leaves the least
    squared error around the means of the two sides.

    Parameters
    ----------
    criterion : {"squared_error"}
        What impurity is: the variance of the targets.
    splitter : {"best", "random"}
        Try all thresholds, or one at random for each feature.
    max_depth : int, optional
        Most questions that a row is asked.
    min_samples_split : int or float
        Fewest rows (or share of the rows) that are still split.
    min_samples_leaf : int or float
        Fewest rows (or share of the rows) of a leaf.
    min_weight_fraction_leaf : float
        Least share of the weight in a leaf.
    max_features : int, float, "sqrt", "log2" or None
        How many features each node looks at, drawn anew; None for all.
    random_state : int, Generator, RandomState or None
        Draws features and thresholds; without either, nothing is random.
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.

    Attributes
    ----------
    tree_ : Tree
        The arrays of the tree.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(nd log n) to sort once and O(nd) a level, O(nd) memory. Splits and ties as in
    `DecisionTreeClassifier`.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees,
    chapter 8.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [4.0]]
    >>> model = DecisionTreeRegressor(max_depth=1).fit(X, [1.0, 2.0, 7.0, 8.0])
    >>> model.predict([[0.0], [9.0]]).tolist()
    [1.5, 7.5]
    """

    _criteria = ("squared_error",)

    def __init__(
        self,
        *,
        criterion: Literal["squared_error"] = "squared_error",
        splitter: Literal["best", "random"] = "best",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = None,
        random_state: RandomState = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
    ) -> None:
        self.criterion = criterion
        self.splitter = splitter
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.min_impurity_decrease = min_impurity_decrease
        self.ccp_alpha = ccp_alpha

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        return NumberTargets.of(check_targets(y, len(weights)), weights)

    def predict(self, X: ArrayLike) -> Floats:
        """Return the mean target in the leaf of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        rows = self._rows(X)
        return self.tree_.predict(rows)[:, 0]
