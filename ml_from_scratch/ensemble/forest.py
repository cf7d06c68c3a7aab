"""Forests: the mean of many trees, each of which sees the data a little differently.

One tree's errors are large but its own; where trees err independently, their mean errs
less. Two draws make them differ: each tree gets its own sample of the rows, and each
node looks at its own few features. Small trees are grown several at a time, as several
roots of one level-wise growth, which shares the fixed cost of a level among them.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassWeight,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_sample_weight,
    check_targets,
    random_generator,
)
from ml_from_scratch.ensemble.draws import Urn, check_draws, n_draws
from ml_from_scratch.tree import DecisionTreeClassifier, DecisionTreeRegressor, Tree
from ml_from_scratch.tree.growth import Columns, grow
from ml_from_scratch.tree.models import (
    MaxFeatures,
    RandomState,
    check_growth_settings,
    class_targets,
    rules_of,
)
from ml_from_scratch.tree.structure import prune
from ml_from_scratch.tree.targets import NumberTargets, Targets

CELLS_AT_ONCE = 2**18  # rows times features that grow together: what caches hold


class _Forest(BaseEstimator):
    """What all forests share: draw, grow, average."""

    n_estimators: int
    criterion: str
    bootstrap: bool
    oob_score: bool
    max_samples: float | None
    random_state: RandomState
    ccp_alpha: float
    n_features_in_: int
    estimators_: list[Any]
    _criteria: tuple[str, ...] = ()
    _tree: type[DecisionTreeClassifier] | type[DecisionTreeRegressor]

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        raise NotImplementedError

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts: with bootstrap, how often it is drawn.

        Returns
        -------
        BaseEstimator
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._check_settings()
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        targets = self._targets(y, weights)
        rng = random_generator(self.random_state)
        weighed = np.broadcast_to(
            np.asarray(targets.weights), (self.n_estimators, len(X))
        )
        if self.bootstrap:
            counts = self._counts(Urn(X, y, weights), len(X), rng)
            factors = np.divide(
                targets.weights, weights, out=np.ones(len(X)), where=weights > 0
            )
            weighed = counts * factors
        self.estimators_ = [
            self._dressed(tree) for tree in self._trees(X, targets, weighed, rng)
        ]
        if self.oob_score:
            self._set_oob_score(X, y, weighed == 0)
        return self

    def _counts(self, urn: Urn, n: int, rng: np.random.Generator) -> Integers:
        """Draw how often each tree sees each row, (n_estimators, n)."""
        size = n_draws(self.max_samples, urn.size)
        draws = [urn.draw(size, rng) for _ in range(self.n_estimators)]
        return np.array([np.bincount(drawn, minlength=n) for drawn in draws])

    def _trees(
        self, X: Floats, targets: Targets, weighed: Floats, rng: np.random.Generator
    ) -> list[Tree]:
        """Grow a tree for each row of weights, several at a time."""
        n, d = X.shape
        columns, rules = Columns.of(X), rules_of(self, n, d)
        at_once = max(1, CELLS_AT_ONCE // (n * d))
        trees: list[Tree] = []
        for start in range(0, len(weighed), at_once):
            batch = weighed[start : start + at_once].astype(np.float64)
            parts = [columns.renumbered(i * n, w > 0) for i, w in enumerate(batch)]
            sizes = (batch > 0).sum(axis=1)
            rows = np.tile(np.arange(n), len(batch))
            joined = targets.select(rows, batch.ravel())
            trees += grow(Columns.side_by_side(parts), sizes, joined, rules, rng)
        return [prune(t, self.ccp_alpha) if self.ccp_alpha > 0 else t for t in trees]

    def _dressed(self, tree: Tree) -> DecisionTreeClassifier | DecisionTreeRegressor:
        """Return a tree as an estimator with this forest's settings."""
        own = self.get_params()
        names = self._tree().get_params().keys() & own.keys()
        model = self._tree(**{name: own[name] for name in names})
        model.tree_, model.n_features_in_ = tree, self.n_features_in_
        if isinstance(self, ClassifierMixin):
            model.classes_ = self.classes_  # type: ignore[union-attr,attr-defined]
        return model

    def _check_settings(self) -> None:
        check_growth_settings(
            self,
            criterion=(
                isinstance(self.criterion, str) and self.criterion in self._criteria,
                f"one of {self._criteria}",
            ),
        )
        check_draws(self, self.n_estimators, self.max_samples)
        check_parameters(
            self,
            oob_score=(
                self.bootstrap or not self.oob_score,
                "False without bootstrap, for then no row is out of bag",
            ),
            max_samples=(
                self.bootstrap or self.max_samples is None,
                "None without bootstrap",
            ),
        )

    def _means(self, X: ArrayLike) -> Floats:
        """Return the mean of the trees' values, (n, k)."""
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        total = self.estimators_[0].tree_.predict(rows)
        for model in self.estimators_[1:]:
            total += model.tree_.predict(rows)
        return np.asarray(total / len(self.estimators_))

    def _oob_means(self, X: Floats, out: NDArray[np.bool_]) -> Floats:
        """Return each row's mean over the trees that did not see it, (n, k)."""
        totals = np.zeros((len(X), self.estimators_[0].tree_.value.shape[2]))
        for model, unseen in zip(self.estimators_, out, strict=True):
            totals[unseen] += model.tree_.predict(X[unseen])
        votes = out.sum(axis=0)[:, None]
        if not votes.all():
            warnings.warn(
                f"{int((votes == 0).sum())} of {len(X)} rows are in every tree's "
                "sample: they have no out-of-bag prediction and do not count. "
                "Use more trees.",
                UserWarning,
                stacklevel=4,
            )
        mean = np.full_like(totals, np.nan)
        return np.asarray(np.divide(totals, votes, out=mean, where=votes > 0))

    def _set_oob_score(self, X: Floats, y: ArrayLike, out: NDArray[np.bool_]) -> None:
        raise NotImplementedError

    def apply(self, X: ArrayLike) -> Integers:
        """Return the leaf in which each row ends, in each tree.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, n_estimators)
            Numbers of nodes.
        """
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        return np.column_stack([model.tree_.apply(rows) for model in self.estimators_])

    @property
    def feature_importances_(self) -> Floats:
        """Mean of the trees' importances, of those that have a split at all."""
        check_is_fitted(self, "estimators_")
        trees = [model.tree_ for model in self.estimators_]
        split = [t.feature_importances() for t in trees if t.node_count > 1]
        if not split:
            return np.zeros(self.n_features_in_)
        mean = np.mean(split, axis=0)
        return np.asarray(mean / mean.sum()) if mean.sum() > 0 else mean


class _ForestClassifier(ClassifierMixin, _Forest):
    _criteria = ("gini", "entropy")
    _tree = DecisionTreeClassifier
    class_weight: ClassWeight

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        self.classes_, targets = class_targets(
            y, weights, self.class_weight, self.criterion
        )
        self.n_classes_ = len(self.classes_)
        return targets

    def _set_oob_score(self, X: Floats, y: ArrayLike, out: NDArray[np.bool_]) -> None:
        shares = self._oob_means(X, out)
        self.oob_decision_function_ = shares
        has = np.isfinite(shares[:, 0])
        right = self.classes_[shares[has].argmax(axis=1)] == np.asarray(y).ravel()[has]
        self.oob_score_ = float(right.mean()) if has.any() else np.nan

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the mean over the trees of each class's share.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        return self._means(X)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class with the largest mean share.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        codes = self._means(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes]
        return labels


class _ForestRegressor(RegressorMixin, _Forest):
    _criteria = ("squared_error",)
    _tree = DecisionTreeRegressor

    def _targets(self, y: ArrayLike, weights: Floats) -> Targets:
        return NumberTargets.of(check_targets(y, len(weights)), weights)

    def _set_oob_score(self, X: Floats, y: ArrayLike, out: NDArray[np.bool_]) -> None:
        from ml_from_scratch.metrics import r2_score

        self.oob_prediction_ = self._oob_means(X, out)[:, 0]
        has = np.isfinite(self.oob_prediction_)
        enough = has.sum() > 1
        true = np.asarray(y, dtype=np.float64).ravel()[has]
        self.oob_score_ = (
            r2_score(true, self.oob_prediction_[has]) if enough else np.nan
        )

    def predict(self, X: ArrayLike) -> Floats:
        """Return the mean of the trees' predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        return self._means(X)[:, 0]


class RandomForestClassifier(_ForestClassifier):
    """Average the class shares of many randomised trees.

    Each tree is grown on a bootstrap sample of the rows, and each of its nodes looks at
    a few features drawn at random.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"gini", "entropy"}
        What impurity is.
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
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    bootstrap : bool
        Whether each tree gets its own draw of the rows, with replacement.
    oob_score : bool
        Whether to score each row by the trees that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows, features and thresholds.
    class_weight : dict, "balanced" or None
        Factor of each class's weight.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.
    max_samples : int, float or None
        Draws a tree, as a number or a share; None for as many as there are rows.

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
        The trees.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_classes_ : int
        How many they are.
    oob_score_ : float
        Accuracy on rows out of bag, where `oob_score` is set.
    oob_decision_function_ : array of shape (n, k)
        Their mean shares; NaN for rows that every tree has seen.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n m log n) a tree for n rows and m features looked at, plus O(n d) a level to keep
    all features' orders.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman (2001), "Random forests", Machine Learning 45.


    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = ["no", "no", "no", "yes", "yes", "yes"]
    >>> model = RandomForestClassifier(50, bootstrap=False, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["gini", "entropy"] = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = "sqrt",
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: RandomState = None,
        class_weight: ClassWeight = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples


class RandomForestRegressor(_ForestRegressor):
    """Average the predictions of many randomised trees.

    Each tree is grown on a bootstrap sample of the rows; its nodes look at
    all features unless `max_features` says otherwise.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"squared_error"}
        What impurity is.
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
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    bootstrap : bool
        Whether each tree gets its own draw of the rows, with replacement.
    oob_score : bool
        Whether to score each row by the trees that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows, features and thresholds.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.
    max_samples : int, float or None
        Draws a tree, as a number or a share; None for as many as there are rows.

    Attributes
    ----------
    estimators_ : list of DecisionTreeRegressor
        The trees.
    oob_score_ : float
        R2 on rows out of bag, where `oob_score` is set.
    oob_prediction_ : array of shape (n,)
        Their mean predictions; NaN for rows that every tree has seen.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n m log n) a tree for n rows and m features looked at, plus O(n d) a level to keep
    all features' orders.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Breiman (2001), "Random forests", Machine Learning 45.


    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
    >>> model = RandomForestRegressor(50, bootstrap=False, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    [1.0, 5.0]
    """

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["squared_error"] = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = 1.0,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: bool = False,
        random_state: RandomState = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples


class ExtraTreesClassifier(_ForestClassifier):
    """Average the class shares of trees with random thresholds.

    Each node draws a threshold for each of a few features and takes the best of these:
    faster to grow, and the trees differ more from one another.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"gini", "entropy"}
        What impurity is.
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
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    bootstrap : bool
        Whether each tree gets its own draw of the rows, with replacement.
    oob_score : bool
        Whether to score each row by the trees that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows, features and thresholds.
    class_weight : dict, "balanced" or None
        Factor of each class's weight.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.
    max_samples : int, float or None
        Draws a tree, as a number or a share; None for as many as there are rows.

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
        The trees.
    classes_ : array of shape (k,)
        The classes, sorted.
    n_classes_ : int
        How many they are.
    oob_score_ : float
        Accuracy on rows out of bag, where `oob_score` is set.
    oob_decision_function_ : array of shape (n, k)
        Their mean shares; NaN for rows that every tree has seen.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n m log n) a tree for n rows and m features looked at, plus O(n d) a level to keep
    all features' orders.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Geurts, Ernst and Wehenkel (2006), "Extremely randomized trees", Machine
    Learning 63.


    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = ["no", "no", "no", "yes", "yes", "yes"]
    >>> model = ExtraTreesClassifier(50, bootstrap=False, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    ['no', 'yes']
    """

    splitter = "random"  # a rule of this kind of forest, not a choice

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["gini", "entropy"] = "gini",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = "sqrt",
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = False,
        oob_score: bool = False,
        random_state: RandomState = None,
        class_weight: ClassWeight = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples


class ExtraTreesRegressor(_ForestRegressor):
    """Average the predictions of trees with random thresholds.

    Each node draws a threshold for each of a few features and takes the best of these:
    faster to grow, and the trees differ more from one another.

    Parameters
    ----------
    n_estimators : int
        Number of trees.
    criterion : {"squared_error"}
        What impurity is.
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
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    bootstrap : bool
        Whether each tree gets its own draw of the rows, with replacement.
    oob_score : bool
        Whether to score each row by the trees that have not seen it.
    random_state : int, Generator, RandomState or None
        Draws rows, features and thresholds.
    ccp_alpha : float
        Price of a leaf; branches that are not worth theirs are cut.
    max_samples : int, float or None
        Draws a tree, as a number or a share; None for as many as there are rows.

    Attributes
    ----------
    estimators_ : list of DecisionTreeRegressor
        The trees.
    oob_score_ : float
        R2 on rows out of bag, where `oob_score` is set.
    oob_prediction_ : array of shape (n,)
        Their mean predictions; NaN for rows that every tree has seen.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n m log n) a tree for n rows and m features looked at, plus O(n d) a level to keep
    all features' orders.

    Taught in: classical/trees-and-forests.

    References
    ----------
    Geurts, Ernst and Wehenkel (2006), "Extremely randomized trees", Machine
    Learning 63.


    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
    >>> model = ExtraTreesRegressor(50, bootstrap=False, random_state=0).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    [1.0, 5.0]
    """

    splitter = "random"  # a rule of this kind of forest, not a choice

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: Literal["squared_error"] = "squared_error",
        max_depth: int | None = None,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: MaxFeatures = 1.0,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = False,
        oob_score: bool = False,
        random_state: RandomState = None,
        ccp_alpha: float = 0.0,
        max_samples: float | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
