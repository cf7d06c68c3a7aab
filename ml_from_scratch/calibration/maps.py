"""Three maps from scores to probabilities, from the stiffest to the most supple.

Temperature divides all logits by one number, Platt scaling fits a sigmoid (two
numbers), isotonic regression any rising step function. The stiffer the map, the fewer
rows it needs, and the more it takes for granted.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    RegressorMixin,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
    check_targets,
)
from ml_from_scratch.linear import LogisticRegression, log_softmax, sigmoid, softmax
from ml_from_scratch.metrics.inputs import floats, outcomes, same_length


class PlattScaling:
    """Turn scores into probabilities by a sigmoid: sigmoid(slope * score + intercept).

    Attributes
    ----------
    slope_ : float
        How fast the log-odds rise with the score.
    intercept_ : float
        The log-odds at score zero.

    Notes
    -----
    This is logistic regression on one column, with one turn: outcomes are softened to
    (n1 + 1) / (n1 + 2) and 1 / (n0 + 2), as if two more rows had been seen, one of each
    class. So slope and intercept are finite even if the scores separate the classes.
    A row with a softened outcome t is the same as two rows, an event of weight t and
    none of weight 1 - t: with these rows any logistic regression will do.

    O(n) per Newton step, of about five.

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", Advances in Large Margin Classifiers. Lin, Lin and
    Weng (2007), "A note on Platt's probabilistic outputs for support vector machines",
    Machine Learning 68.

    Examples
    --------
    >>> platt = PlattScaling().fit([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    >>> platt.predict([-2.0, 0.0, 2.0]).round(2).tolist()
    [0.21, 0.5, 0.79]
    """

    slope_: float
    intercept_: float

    def fit(
        self,
        scores: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Find slope and intercept.

        Parameters
        ----------
        scores : array-like of shape (n,)
            The higher, the surer of the event; on rows that the model has not seen.
        y : array-like of shape (n,)
            Whether it happened: 0 or 1.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        PlattScaling
            The map itself.

        Raises
        ------
        ValueError
            If the inputs are not as described.
        """
        happened = outcomes(same_length(y, scores)[0])
        values = floats(scores, "scores", ndim=1)
        weights = check_sample_weight(sample_weight, len(values))
        softened = _softened(happened, weights)
        centre, spread = np.mean(values), np.std(values) or 1.0
        column = np.tile((values - centre) / spread, 2)[:, None]
        event = np.repeat([1, 0], len(values))
        parts = np.concatenate([weights * softened, weights * (1 - softened)])
        line = LogisticRegression(np.inf, solver="newton", tol=1e-9)
        line.fit(column, event, sample_weight=parts)
        self.slope_ = float(line.coef_[0, 0] / spread)
        self.intercept_ = float(line.intercept_[0] - self.slope_ * centre)
        return self

    def predict(self, scores: ArrayLike) -> Floats:
        """Return the probability of the event.

        Parameters
        ----------
        scores : array-like of shape (n,)
            Scores as in ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Probabilities, in the order of the scores.
        """
        check_is_fitted(self, "slope_")
        values = floats(scores, "scores", ndim=1)
        return sigmoid(self.slope_ * values + self.intercept_)


def _softened(happened: Floats, weights: Floats) -> Floats:
    ones, zeros = weights @ happened, weights @ (1 - happened)
    return np.where(happened == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))


class IsotonicRegression(RegressorMixin, TransformerMixin, BaseEstimator):
    """Fit the rising (or falling) function of one column nearest to the targets.

    Parameters
    ----------
    y_min, y_max : float, optional
        Bounds that fitted values are clipped to.
    increasing : bool, default True
        Whether the function rises; if False it falls.
    out_of_bounds : {"clip", "nan", "raise"}, default "clip"
        What lies beyond the values of ``fit``: the value at the nearest end, NaN, or
        an error. scikit-learn's default is "nan".

    Attributes
    ----------
    X_thresholds_ : array of shape (t,)
        Rising places between which the function is a straight line.
    y_thresholds_ : array of shape (t,)
        Its values there.
    X_min_, X_max_ : float
        The range of ``fit``.
    n_features_in_ : int
        1.
    feature_names_in_ : array of shape (1,)
        The column's name, where it had one.

    Notes
    -----
    Rows with equal `X` are first replaced by their mean. Then neighbours that stand in
    the wrong order are pooled: see `_pooled_means`. The sort is O(n log n), the
    pooling O(n).

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Ayer, Brunk, Ewing, Reid and Silverman (1955), "An empirical distribution function
    for sampling with incomplete information", Annals of Mathematical Statistics 26.
    Zadrozny and Elkan (2002), "Transforming classifier scores into accurate multiclass
    probability estimates", KDD.

    Examples
    --------
    >>> rising = IsotonicRegression().fit([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0])
    >>> rising.predict([1.0, 2.0, 3.0, 3.5, 9.0]).tolist()
    [1.0, 2.5, 2.5, 3.25, 4.0]
    """

    def __init__(
        self,
        *,
        y_min: float | None = None,
        y_max: float | None = None,
        increasing: bool = True,
        out_of_bounds: Literal["clip", "nan", "raise"] = "clip",
    ) -> None:
        self.y_min = y_min
        self.y_max = y_max
        self.increasing = increasing
        self.out_of_bounds = out_of_bounds

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the function.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1)
            Places.
        y : array-like of shape (n,)
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        IsotonicRegression
            The estimator itself.

        Raises
        ------
        ValueError
            If `X` has several columns, or an input or a setting is not as described.
        """
        self._check_settings()
        x = self._column(X, fitting=True)
        targets = check_targets(y, len(x))
        weights = check_sample_weight(sample_weight, len(x))
        kept = weights > 0
        x, targets, weights = x[kept], targets[kept], weights[kept]
        places, codes = np.unique(x, return_inverse=True)
        mass = np.bincount(codes, weights).astype(np.float64)
        means = np.bincount(codes, weights * targets) / mass
        sign = 1.0 if self.increasing else -1.0
        fitted = sign * _pooled_means(sign * means, mass)
        fitted = np.clip(fitted, self.y_min, self.y_max)
        bends = _needed_points(fitted)
        self.X_min_, self.X_max_ = float(places[0]), float(places[-1])
        self.X_thresholds_, self.y_thresholds_ = places[bends], fitted[bends]
        return self

    def _check_settings(self) -> None:
        ways = ("clip", "nan", "raise")
        low = -np.inf if self.y_min is None else self.y_min
        high = np.inf if self.y_max is None else self.y_max
        check_parameters(
            self,
            y_min=(low <= high, f"a number of at most y_max={self.y_max!r}"),
            increasing=(self.increasing in (True, False), "True or False"),
            out_of_bounds=(self.out_of_bounds in ways, f"one of {ways}"),
        )

    def _column(self, X: ArrayLike, *, fitting: bool) -> Floats:
        table = X if np.ndim(X) != 1 else np.asarray(X).reshape(-1, 1)
        rows = check_features(self, table, fitting=fitting)
        if rows.shape[1] != 1:
            raise ValueError(
                "IsotonicRegression is a function of one column, but X has "
                f"{rows.shape[1]} features: its shape is {rows.shape}."
            )
        return rows[:, 0]

    def predict(self, X: ArrayLike) -> Floats:
        """Return the value of the function, on straight lines between its thresholds.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1)
            Places.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Values.

        Raises
        ------
        ValueError
            If a place lies out of bounds and `out_of_bounds` is "raise".
        """
        check_is_fitted(self, "X_thresholds_")
        x = self._column(X, fitting=False)
        outside = (x < self.X_min_) | (x > self.X_max_)
        if self.out_of_bounds == "raise" and outside.any():
            raise ValueError(
                f"X has {x[outside][0]}, out of the bounds {self.X_min_} to "
                f"{self.X_max_} of fit."
            )
        values = np.interp(x, self.X_thresholds_, self.y_thresholds_)
        return (
            np.where(outside, np.nan, values) if self.out_of_bounds == "nan" else values
        )

    def transform(self, X: ArrayLike) -> Floats:
        """Return the same as ``predict``.

        Parameters
        ----------
        X : array-like of shape (n,) or (n, 1)
            Places.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Values.
        """
        return self.predict(X)

    def __sklearn_tags__(self) -> object:
        """Return the tags of a regressor that takes one column."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


def _pooled_means(means: Floats, weights: Floats) -> Floats:
    """Return the rising sequence nearest to `means`, in weighted squares (O(n)).

    Pool adjacent violators: go from left to right and keep blocks of equal value. A new
    point is a block of its own; while it lies below the block before it, the two become
    one block with their common mean. Every merge removes a block, and only n were ever
    made, so that all the merges together take n steps.
    """
    values: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, mass in zip(means.tolist(), weights.tolist(), strict=True):
        size = 1
        while values and values[-1] >= value:
            before = masses.pop()
            value = (before * values.pop() + mass * value) / (before + mass)
            mass += before
            size += sizes.pop()
        values.append(value)
        masses.append(mass)
        sizes.append(size)
    return np.repeat(values, sizes)


def _needed_points(fitted: Floats) -> NDArray[np.bool_]:
    """Say which points a straight line from end to end of each flat part needs."""
    change = np.diff(fitted) != 0
    needed: NDArray[np.bool_] = np.append(True, change) | np.append(change, True)
    return needed


class TemperatureScaling:
    """Divide all logits by one number, so that sure becomes as sure as it should be.

    Attributes
    ----------
    temperature_ : float
        Above 1 for a model that was too sure, below 1 for one not sure enough; between
        exp(-10) and exp(10).

    Notes
    -----
    The order of the classes of a row, and so every decision, stays as it was. The log
    loss is convex in 1 / temperature, so its slope crosses zero once: a bracketing
    search finds where. If every row is right the loss falls for ever as the
    temperature falls, if the logits tell nothing as it rises: the search stops at
    the ends.

    O(nk) an evaluation, of about twenty.

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks",
    International Conference on Machine Learning.

    Examples
    --------
    >>> logits = [[4.0, 0.0], [4.0, 0.0], [4.0, 0.0], [0.0, 4.0]]
    >>> cooled = TemperatureScaling().fit(logits, [0, 0, 1, 1])
    >>> cooled.predict([[4.0, 0.0]]).round(2).tolist()
    [[0.75, 0.25]]
    """

    temperature_: float

    def fit(
        self,
        logits: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Find the temperature of lowest log loss.

        Parameters
        ----------
        logits : array-like of shape (n, k) or (n,)
            A logit a class, or the log-odds of the second of two; logarithms of
            probabilities will do. On rows that the model has not seen.
        y : array-like of shape (n,)
            The class of each row, counted from 0.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        TemperatureScaling
            The map itself.

        Raises
        ------
        ValueError
            If the inputs are not as described.
        """
        z = _logits(logits)
        codes = _class_numbers(y, *z.shape)
        weights = check_sample_weight(sample_weight, len(z))
        chosen = z[np.arange(len(z)), codes]

        def slope(log_beta: float) -> float:
            """Return the derivative of the log loss by 1 / temperature."""
            mean_logit = np.sum(softmax(np.exp(log_beta) * z) * z, axis=1)
            return float(weights @ (mean_logit - chosen))

        ends = -10.0, 10.0
        if slope(ends[0]) >= 0:
            log_beta = ends[0]
        elif slope(ends[1]) <= 0:
            log_beta = ends[1]
        else:
            log_beta = optimize.brentq(slope, *ends, xtol=1e-13, rtol=1e-14)
        self.temperature_ = float(np.exp(-log_beta))
        return self

    def predict(self, logits: ArrayLike) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        logits : array-like of shape (n, k) or (n,)
            As in ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Rows sum to one.
        """
        check_is_fitted(self, "temperature_")
        return np.exp(log_softmax(_logits(logits) / self.temperature_))


def _logits(logits: ArrayLike) -> Floats:
    if np.ndim(logits) == 1:
        z = floats(logits, "logits", ndim=1)
        return np.column_stack([np.zeros_like(z), z])
    table = floats(logits, "logits", ndim=2)
    if table.shape[1] < 2:
        raise ValueError("Expected a logit a class, but logits has one column.")
    return table


def _class_numbers(y: ArrayLike, n: int, k: int) -> Integers:
    classes, codes = check_labels(y, n)
    if classes.dtype.kind not in "biuf" or classes[0] < 0 or classes[-1] >= k:
        raise ValueError(
            f"Expected class numbers from 0 to {k - 1}, as there are {k} columns of "
            f"logits, but found {classes.tolist()[:5]}."
        )
    numbers: Integers = classes.astype(np.intp)[codes]
    return numbers
