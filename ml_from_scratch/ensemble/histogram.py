"""Gradient boosting on binned features: a few hundred sums instead of all rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ml_from_scratch.base import Floats, check_parameters, is_real, is_whole
from ml_from_scratch.ensemble.binned import BinnedRules, Bins, Rows, grow_binned
from ml_from_scratch.ensemble.boosting import (
    REGRESSION_LOSSES,
    BoostedClassifier,
    BoostedRegressor,
    Booster,
    Data,
    check_loss,
    check_walk,
)
from ml_from_scratch.ensemble.losses import Loss, QuantileLoss
from ml_from_scratch.tree import Tree
from ml_from_scratch.tree.models import RandomState


class _BinnedBooster(Booster):
    max_iter: int
    max_depth: int | None
    min_samples_leaf: int
    l2_regularization: float
    max_bins: int

    def _n_stages(self) -> int:
        return self.max_iter

    def _prepared(self, data: Data, _: int) -> Bins:
        return Bins.of(data.X, data.weights, self.max_bins)

    def _stage(
        self, kit: Bins, loss: Loss, data: Data, raw: Floats, _: np.random.Generator
    ) -> tuple[list[Tree], Floats]:
        """Grow a tree for each output on the first two derivatives of the loss."""
        rules = BinnedRules(
            self.max_depth, self.min_samples_leaf, float(self.l2_regularization)
        )
        w = data.weights
        slopes = -loss.residuals(data.y, raw) * w[:, None]
        bends = None if loss.flat else loss.curvatures(raw) * w[:, None]
        trees, step = [], np.empty_like(raw)
        for k in range(raw.shape[1]):
            bend = w if bends is None else bends[:, k]
            tree, leaf = grow_binned(Rows(kit, slopes[:, k], bend, w), rules)
            if isinstance(loss, QuantileLoss):
                best = loss.steps(data.y, raw, w, leaf, tree.node_count, k)
                tree = replace(tree, value=best[:, None, None])
            trees.append(tree)
            step[:, k] = tree.value[leaf, 0, 0]
        return trees, step

    def _check_settings(self) -> None:
        depth = self.max_depth
        check_parameters(
            self,
            max_iter=(is_whole(self.max_iter, 1), "a whole number from 1"),
            max_depth=(
                depth is None or is_whole(depth, 1),
                "a whole number from 1, or None",
            ),
            min_samples_leaf=(
                is_whole(self.min_samples_leaf, 1),
                "a whole number from 1",
            ),
            l2_regularization=(
                is_real(self.l2_regularization, 0),
                "a number of at least 0",
            ),
            max_bins=(
                is_whole(self.max_bins, 2) and self.max_bins <= 255,
                "a whole number from 2 to 255",
            ),
        )
        check_walk(self)


class HistGradientBoostingClassifier(BoostedClassifier, _BinnedBooster):
    """Classify by a sum of small trees that are grown on binned features.

    Parameters
    ----------
    loss : {"log_loss"}
        What is walked down.
    learning_rate : float
        How much of each step is taken.
    max_iter : int
        Stages.
    max_depth : int, optional
        Most questions of a tree (scikit-learn limits the leaves instead, to 31).
    min_samples_leaf : int
        Least weight of a leaf: rows, each counted as often as its weight says.
    l2_regularization : float
        Added to the curvature of each leaf: shorter steps.
    max_bins : int
        Most bins of a feature, at most 255.
    validation_fraction : float
        Share of the rows held out to judge when to stop.
    n_iter_no_change : int, optional
        Stop when so many stages in a row bring nothing; None never stops early.
    tol : float
        What counts as nothing.
    random_state : int, Generator, RandomState or None
        Draws what is held out.

    Attributes
    ----------
    estimators_ : list of list of Tree
        For each stage its trees, one a logit.
    start_ : array of shape (1,) or (k,)
        The constant that the stages build on.
    train_score_ : array of shape (n_iter_,)
        Mean loss on the training rows after each stage.
    validation_score_ : array of shape (n_iter_,)
        The same on rows held out; empty if none are.
    n_iter_ : int
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
    O(n d) a level to count plus O(d max_bins) a node to choose; only the smaller child
    of a node is counted. Trees are grown level by level, not best leaf first.

    Taught in: classical/boosting.

    References
    ----------
    Chen and Guestrin (2016), "XGBoost: a scalable tree boosting system", KDD, section
    2.
    Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree",
    NeurIPS.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = ["no", "no", "no", "yes", "yes", "yes"]
    >>> model = HistGradientBoostingClassifier(min_samples_leaf=1).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        loss: Literal["log_loss"] = "log_loss",
        *,
        learning_rate: float = 0.1,
        max_iter: int = 100,
        max_depth: int | None = 6,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_bins: int = 255,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 1e-7,
        random_state: RandomState = None,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_bins = max_bins
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.random_state = random_state

    _shrinks = False

    def _check_settings(self) -> None:
        check_loss(self, ("log_loss",))
        super()._check_settings()


class HistGradientBoostingRegressor(BoostedRegressor, _BinnedBooster):
    """Predict by a sum of small trees that are grown on binned features.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "quantile"}
        What is walked down: for the mean, the median or another quantile.
    quantile : float, optional
        Which quantile, for that loss.
    learning_rate : float
        How much of each step is taken.
    max_iter : int
        Stages.
    max_depth : int, optional
        Most questions of a tree (scikit-learn limits the leaves instead, to 31).
    min_samples_leaf : int
        Least weight of a leaf: rows, each counted as often as its weight says.
    l2_regularization : float
        Added to the curvature of each leaf: shorter steps.
    max_bins : int
        Most bins of a feature, at most 255.
    validation_fraction : float
        Share of the rows held out to judge when to stop.
    n_iter_no_change : int, optional
        Stop when so many stages in a row bring nothing; None never stops early.
    tol : float
        What counts as nothing.
    random_state : int, Generator, RandomState or None
        Draws what is held out.

    Attributes
    ----------
    estimators_ : list of list of Tree
        For each stage its trees, one a logit.
    start_ : array of shape (1,) or (k,)
        The constant that the stages build on.
    train_score_ : array of shape (n_iter_,)
        Mean loss on the training rows after each stage.
    validation_score_ : array of shape (n_iter_,)
        The same on rows held out; empty if none are.
    n_iter_ : int
        Stages, which early stopping may have made fewer.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n d) a level to count plus O(d max_bins) a node to choose; only the smaller child
    of a node is counted. Trees are grown level by level, not best leaf first.

    Taught in: classical/boosting.

    References
    ----------
    Chen and Guestrin (2016), "XGBoost: a scalable tree boosting system", KDD, section
    2.
    Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree",
    NeurIPS.

    Examples
    --------
    >>> X = [[1.0], [2.0], [3.0], [7.0], [8.0], [9.0]]
    >>> y = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0]
    >>> model = HistGradientBoostingRegressor(min_samples_leaf=1).fit(X, y)
    >>> model.predict([[0.0], [10.0]]).round(2).tolist()
    [1.0, 5.0]
    """

    def __init__(
        self,
        loss: Literal["squared_error", "absolute_error", "quantile"] = "squared_error",
        *,
        quantile: float | None = None,
        learning_rate: float = 0.1,
        max_iter: int = 100,
        max_depth: int | None = 6,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_bins: int = 255,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float = 1e-7,
        random_state: RandomState = None,
    ) -> None:
        self.loss = loss
        self.quantile = quantile
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_bins = max_bins
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.random_state = random_state

    def _check_settings(self) -> None:
        check_loss(self, REGRESSION_LOSSES)
        q = self.quantile
        between = q is not None and is_real(q, 0, 1) and 0 < q < 1
        needed = self.loss == "quantile"
        words = "a number between 0 and 1 for the quantile loss, else None"
        check_parameters(self, quantile=(between if needed else q is None, words))
        super()._check_settings()
