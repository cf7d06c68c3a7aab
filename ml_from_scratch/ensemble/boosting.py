"""Gradient boosting: small trees in turn, each fitted to what is still wrong.

The residuals of the present predictions say in which direction the loss falls; a tree
fitted to them turns that direction into a function of the features, and a step in it
is added to the predictions. The boosters here try all thresholds; those of
`histogram` try at most 255 a feature: several times faster, and rarely worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    check_targets,
    is_real,
    is_share,
    is_whole,
    random_generator,
)
from ml_from_scratch.ensemble.losses import LogLoss, Loss, QuantileLoss, SquaredError
from ml_from_scratch.linear import sigmoid, softmax
from ml_from_scratch.tree import Tree
from ml_from_scratch.tree.growth import Columns, grow
from ml_from_scratch.tree.models import (
    MaxFeatures,
    RandomState,
    check_growth_settings,
    rules_of,
)
from ml_from_scratch.tree.targets import NumberTargets


class Booster(BaseEstimator):
    """What all boosters share: the loop over stages, and its end."""

    learning_rate: float
    n_iter_no_change: int | None
    validation_fraction: float
    tol: float
    random_state: RandomState
    n_features_in_: int
    start_: Floats
    estimators_: list[list[Tree]]

    # What each kind of booster fills in.

    def _check_settings(self) -> None:
        raise NotImplementedError

    def _loss_and_targets(self, y: ArrayLike, weights: Floats) -> tuple[Loss, Floats]:
        """Return the loss, and the targets as numbers or codes."""
        raise NotImplementedError

    def _n_stages(self) -> int:
        raise NotImplementedError

    def _prepared(self, data: Data, k: int, /) -> Any:
        """Return what stages need of the features: sorted columns, or bins."""
        raise NotImplementedError

    def _stage(
        self, kit: Any, loss: Loss, data: Data, raw: Floats, rng: np.random.Generator, /
    ) -> tuple[list[Tree], Floats]:
        """Return the trees of a stage, and what they add to `raw`."""
        raise NotImplementedError

    # What they all do.

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Add one stage of trees after another.

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
        BaseEstimator
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described, or if there is only
            one class to learn.
        """
        self._check_settings()
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        loss, targets = self._loss_and_targets(y, weights)
        kept = weights > 0  # a row of weight zero is no row
        data = Data(X[kept], targets[kept], weights[kept])
        rng = random_generator(self.random_state)
        data, held_out = self._split(data, rng)
        self.start_ = loss.start(data.y, data.weights)
        self.estimators_ = []
        self._walk(loss, data, held_out, rng)
        self.n_estimators_ = self.n_iter_ = len(self.estimators_)
        return self

    def _split(self, data: Data, rng: np.random.Generator) -> tuple[Data, Data | None]:
        """Hold rows out to judge when to stop, if that is asked for."""
        if self.n_iter_no_change is None:
            return data, None
        n = len(data.X)
        n_out = int(np.ceil(self.validation_fraction * n))
        if n_out >= n:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of {n} samples leaves "
                "none to learn from: give more rows, or n_iter_no_change=None."
            )
        order = rng.permutation(n)
        return data.some(order[n_out:]), data.some(order[:n_out])

    def _walk(
        self, loss: Loss, data: Data, held_out: Data | None, rng: np.random.Generator
    ) -> None:
        kit = self._prepared(data, len(self.start_))
        raw = np.tile(self.start_, (len(data.X), 1))
        train, held = [], []
        out_raw = np.tile(self.start_, (0 if held_out is None else len(held_out.X), 1))
        for _ in range(self._n_stages()):
            trees, step = self._stage(kit, loss, data, raw, rng)
            raw += self.learning_rate * step
            self.estimators_.append(trees)
            train.append(loss.mean(data.y, raw, data.weights))
            if held_out is not None:
                self._add(trees, held_out.X, out_raw)
                held.append(loss.mean(held_out.y, out_raw, held_out.weights))
                if self._has_stalled(held):
                    break
        self.train_score_, self.validation_score_ = np.array(train), np.array(held)

    def _has_stalled(self, losses: list[float]) -> bool:
        """Say whether no recent loss is below all earlier ones by `tol`."""
        recent = self.n_iter_no_change
        if recent is None or len(losses) <= recent:
            return False
        return min(losses[-recent:]) > min(losses[:-recent]) - self.tol

    def _add(self, trees: list[Tree], X: Floats, raw: Floats) -> None:
        for k, tree in enumerate(trees):
            raw[:, k] += self.learning_rate * tree.predict(X)[:, 0]

    def _staged_raw(self, X: ArrayLike) -> Iterator[Floats]:
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        raw = np.tile(self.start_, (len(rows), 1))
        for trees in self.estimators_:
            self._add(trees, rows, raw)
            yield raw.copy()

    def _raw(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "estimators_")
        rows = check_features(self, X, fitting=False)
        raw = np.tile(self.start_, (len(rows), 1))
        for trees in self.estimators_:
            self._add(trees, rows, raw)
        return raw

    @property
    def feature_importances_(self) -> Floats:
        """Each feature's share of what all splits together gained."""
        check_is_fitted(self, "estimators_")
        trees = [tree for stage in self.estimators_ for tree in stage]
        lost = np.sum([tree.impurity_lost() for tree in trees], axis=0)
        return np.asarray(lost / lost.sum() if lost.sum() > 0 else np.zeros_like(lost))


class Data:
    """Rows that a booster learns from, or is judged on."""

    def __init__(self, X: Floats, y: Floats, weights: Floats) -> None:
        self.X, self.y, self.weights = X, y, weights

    def some(self, rows: Integers) -> Data:
        """Return some of the rows."""
        return Data(self.X[rows], self.y[rows], self.weights[rows])


class BoostedClassifier(ClassifierMixin, Booster):
    """Predicting classes from logits."""

    def _codes(self, y: ArrayLike, weights: Floats) -> Integers:
        """Keep the classes of rows that count; code those of others as -1."""
        classes, codes = check_labels(y, len(weights))
        present = np.unique(codes[weights > 0])
        if len(present) < 2:
            raise ValueError(
                f"{type(self).__name__} needs rows of at least two classes, but there "
                f"is only 1 class: {classes[present[0]]}."
            )
        self.classes_ = classes[present]
        self.n_classes_ = len(present)
        position = np.full(len(classes), -1)
        position[present] = np.arange(len(present))
        return np.asarray(position[codes])

    def _loss_and_targets(self, y: ArrayLike, weights: Floats) -> tuple[Loss, Floats]:
        codes = self._codes(y, weights).astype(np.float64)
        return LogLoss(self.n_classes_, shrink=self._shrinks), codes

    _shrinks = True

    def _proba(self, raw: Floats) -> Floats:
        if raw.shape[1] > 1:
            return softmax(raw)
        return np.column_stack([sigmoid(-raw[:, 0]), sigmoid(raw[:, 0])])

    def _labels(self, raw: Floats) -> NDArray[Any]:
        one = raw.shape[1] == 1
        codes = (raw[:, 0] > 0).astype(np.intp) if one else raw.argmax(axis=1)
        return np.asarray(self.classes_[codes])

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the logits.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            For two classes the log-odds of the second; for more one logit a class.
        """
        raw = self._raw(X)
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        return self._proba(self._raw(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        return self._labels(self._raw(X))

    def staged_predict_proba(self, X: ArrayLike) -> Iterator[Floats]:
        """Yield the probabilities after each stage.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Yields
        ------
        numpy.ndarray of shape (n, k)
            As `predict_proba` would give if that stage were the last.
        """
        for raw in self._staged_raw(X):
            yield self._proba(raw)

    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[Any]]:
        """Yield the predictions after each stage.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Yields
        ------
        numpy.ndarray of shape (n,)
            As `predict` would give if that stage were the last.
        """
        for raw in self._staged_raw(X):
            yield self._labels(raw)


class BoostedRegressor(RegressorMixin, Booster):
    """Predicting numbers."""

    loss: str
    _quantile_name = "quantile"

    def _loss_and_targets(self, y: ArrayLike, weights: Floats) -> tuple[Loss, Floats]:
        targets = check_targets(y, len(weights))
        if self.loss == "absolute_error":
            return QuantileLoss(0.5, scale=2.0), targets
        if self.loss == "quantile":
            return QuantileLoss(float(getattr(self, self._quantile_name))), targets
        return SquaredError(), targets

    def predict(self, X: ArrayLike) -> Floats:
        """Return the sum of the start and all steps.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Numbers.
        """
        return self._raw(X)[:, 0]

    def staged_predict(self, X: ArrayLike) -> Iterator[Floats]:
        """Yield the predictions after each stage.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Yields
        ------
        numpy.ndarray of shape (n,)
            As `predict` would give if that stage were the last.
        """
        for raw in self._staged_raw(X):
            yield raw[:, 0]


# --- exact ---------------------------------------------------------------------------


class _ExactBooster(Booster):
    n_estimators: int
    subsample: float

    def _n_stages(self) -> int:
        return self.n_estimators

    def _prepared(self, data: Data, k: int) -> Columns:
        columns, n = Columns.of(data.X), len(data.X)
        every = np.ones(n, dtype=bool)
        shifts = [columns.renumbered(i * n, every) for i in range(k)]
        return Columns.side_by_side(shifts)

    def _stage(
        self,
        kit: Columns,
        loss: Loss,
        data: Data,
        raw: Floats,
        rng: np.random.Generator,
    ) -> tuple[list[Tree], Floats]:
        """Grow a tree for each output, all at once, and step in their leaves."""
        n, k = raw.shape
        chosen = np.arange(n)
        if self.subsample < 1:
            chosen = np.sort(rng.permutation(n)[: max(1, int(self.subsample * n))])
            seen = np.zeros(n, dtype=bool)
            seen[chosen] = True
            kit = kit.where(np.tile(seen, k))
        residuals = loss.residuals(data.y, raw)
        targets = NumberTargets.of(residuals.T.ravel(), np.tile(data.weights, k))
        rules = rules_of(self, n, data.X.shape[1])
        grown = grow(kit, np.full(k, len(chosen)), targets, rules, rng)
        trees, step, some = [], np.empty_like(raw), data.some(chosen)
        for i, tree in enumerate(grown):
            leaf = tree.apply(data.X)
            best = loss.steps(
                some.y, raw[chosen], some.weights, leaf[chosen], tree.node_count, i
            )
            value = np.where(tree.is_leaf, best, tree.value[:, 0, 0])
            trees.append(replace(tree, value=value[:, None, None]))
            step[:, i] = value[leaf]
        return trees, step

    def _check_settings(self) -> None:
        check_growth_settings(self)
        check_parameters(
            self,
            n_estimators=(is_whole(self.n_estimators, 1), "a whole number from 1"),
            subsample=(
                is_real(self.subsample, 1e-12, 1),
                "a share above 0, and at most 1",
            ),
        )
        check_walk(self)


def check_walk(estimator: Any) -> None:
    """Refuse settings of the loop over stages that are not what they may be."""
    e = estimator
    check_parameters(
        e,
        learning_rate=(
            is_real(e.learning_rate, 0, 1e300) and e.learning_rate > 0,
            "a number above 0",
        ),
        n_iter_no_change=(
            e.n_iter_no_change is None or is_whole(e.n_iter_no_change, 1),
            "a whole number from 1, or None",
        ),
        validation_fraction=(
            is_share(e.validation_fraction) and e.validation_fraction < 1,
            "a share between 0.0 and 1.0",
        ),
        tol=(is_real(e.tol, 0), "a number of at least 0"),
    )


def check_loss(estimator: Any, losses: tuple[str, ...]) -> None:
    """Refuse a loss that is not one of these."""
    named = isinstance(estimator.loss, str) and estimator.loss in losses
    check_parameters(estimator, loss=(named, f"one of {losses}"))


REGRESSION_LOSSES = ("squared_error", "absolute_error", "quantile")


class GradientBoostingClassifier(BoostedClassifier, _ExactBooster):
    """Classify by a sum of small trees, each fitted to the residuals of the last ones.

    Parameters
    ----------
    loss : {"log_loss"}
        What is walked down.
    learning_rate : float
        How much of each step is taken.
    n_estimators : int
        Stages.
    subsample : float
        Share of the rows that each stage is fitted to, drawn anew.
    min_samples_split : int or float
        Fewest rows (or share of the rows) that are still split.
    min_samples_leaf : int or float
        Fewest rows (or share of the rows) of a leaf.
    min_weight_fraction_leaf : float
        Least share of the weight in a leaf.
    max_depth : int, optional
        Most questions of a tree.
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    random_state : int, Generator, RandomState or None
        Draws rows, features and what is held out.
    max_features : int, float, "sqrt", "log2" or None
        How many features each node looks at, drawn anew; None for all.
    validation_fraction : float
        Share of the rows held out to judge when to stop.
    n_iter_no_change : int, optional
        Stop when so many stages in a row bring nothing; None never stops early.
    tol : float
        What counts as nothing.

    Attributes
    ----------
    estimators_ : list of list of Tree
        For each stage its trees, one a logit.
    start_ : array of shape (1,) or (k,)
        The constant that the stages build on.
    train_score_ : array of shape (n_estimators_,)
        Mean loss on the training rows after each stage.
    validation_score_ : array of shape (n_estimators_,)
        The same on rows held out; empty if none are.
    n_estimators_ : int
        Stages, which early stopping may have made fewer.
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
    One Newton step in each leaf. Multi-class trees of a stage, one a class, are grown
    together. O(n d) a level of a tree, after one sort; the same predictions as
    scikit-learn's where no two splits are equally good.

    Taught in: classical/boosting.

    References
    ----------
    Friedman (2001), "Greedy function approximation: a gradient boosting machine",
    Annals of Statistics 29. Friedman (2002), "Stochastic gradient boosting",
    Computational Statistics and Data Analysis 38.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = ["no", "no", "no", "yes", "yes", "yes"]
    >>> model = GradientBoostingClassifier().fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        *,
        loss: Literal["log_loss"] = "log_loss",
        learning_rate: float = 0.1,
        n_estimators: int = 100,
        subsample: float = 1.0,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_depth: int | None = 3,
        min_impurity_decrease: float = 0.0,
        random_state: RandomState = None,
        max_features: MaxFeatures = None,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 1e-4,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_depth = max_depth
        self.min_impurity_decrease = min_impurity_decrease
        self.random_state = random_state
        self.max_features = max_features
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol

    def _check_settings(self) -> None:
        check_loss(self, ("log_loss",))
        super()._check_settings()


class GradientBoostingRegressor(BoostedRegressor, _ExactBooster):
    """Predict by a sum of small trees, each fitted to the residuals of the last ones.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "quantile"}
        What is walked down: for the mean, the median or another quantile.
    learning_rate : float
        How much of each step is taken.
    n_estimators : int
        Stages.
    subsample : float
        Share of the rows that each stage is fitted to, drawn anew.
    min_samples_split : int or float
        Fewest rows (or share of the rows) that are still split.
    min_samples_leaf : int or float
        Fewest rows (or share of the rows) of a leaf.
    min_weight_fraction_leaf : float
        Least share of the weight in a leaf.
    max_depth : int, optional
        Most questions of a tree.
    min_impurity_decrease : float
        Least impurity, times the share of the rows, that a split must lose.
    random_state : int, Generator, RandomState or None
        Draws rows, features and what is held out.
    max_features : int, float, "sqrt", "log2" or None
        How many features each node looks at, drawn anew; None for all.
    alpha : float
        Which quantile, for that loss.
    validation_fraction : float
        Share of the rows held out to judge when to stop.
    n_iter_no_change : int, optional
        Stop when so many stages in a row bring nothing; None never stops early.
    tol : float
        What counts as nothing.

    Attributes
    ----------
    estimators_ : list of list of Tree
        For each stage its trees, one a logit.
    start_ : array of shape (1,) or (k,)
        The constant that the stages build on.
    train_score_ : array of shape (n_estimators_,)
        Mean loss on the training rows after each stage.
    validation_score_ : array of shape (n_estimators_,)
        The same on rows held out; empty if none are.
    n_estimators_ : int
        Stages, which early stopping may have made fewer.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Leaves of the quantile losses take the quantile of their residuals. O(n d) a level
    of a tree, after one sort; the same predictions as scikit-learn's where no two
    splits are equally good.

    Taught in: classical/boosting.

    References
    ----------
    Friedman (2001), "Greedy function approximation: a gradient boosting machine",
    Annals of Statistics 29. Friedman (2002), "Stochastic gradient boosting",
    Computational Statistics and Data Analysis 38.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
    >>> model = GradientBoostingRegressor().fit(X, y)
    >>> model.predict([[0.0], [10.0]]).round(2).tolist()
    [1.0, 5.0]
    """

    def __init__(
        self,
        *,
        loss: Literal["squared_error", "absolute_error", "quantile"] = "squared_error",
        learning_rate: float = 0.1,
        n_estimators: int = 100,
        subsample: float = 1.0,
        min_samples_split: float = 2,
        min_samples_leaf: float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_depth: int | None = 3,
        min_impurity_decrease: float = 0.0,
        random_state: RandomState = None,
        max_features: MaxFeatures = None,
        alpha: float = 0.9,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 1e-4,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_depth = max_depth
        self.min_impurity_decrease = min_impurity_decrease
        self.random_state = random_state
        self.max_features = max_features
        self.alpha = alpha
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol

    _quantile_name = "alpha"

    def _check_settings(self) -> None:
        check_loss(self, REGRESSION_LOSSES)
        between = is_real(self.alpha, 0, 1) and 0 < self.alpha < 1
        check_parameters(self, alpha=(between, "a number between 0 and 1"))
        super()._check_settings()
