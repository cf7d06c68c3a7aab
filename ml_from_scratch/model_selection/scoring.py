"""Scorers: one number for a fitted model on some rows, the higher the better.

A metric compares labels with predictions. Which kind of prediction it wants, and
whether less of it is better, is what a scorer adds.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Response = Literal["predict", "score", "positive", "proba"]
ScorerFunction = Callable[[Any, Any, Any], float]


@dataclass(frozen=True)
class Scorer:
    """A metric, and how to ask a model for what the metric compares.

    Parameters
    ----------
    metric : callable or str
        Takes true values and predictions. A name is looked up in
        ``ml_from_scratch.metrics`` when the scorer is used.
    response : {"predict", "score", "positive", "proba"}
        What the model is asked for: predictions; a ranking of two classes, by
        ``decision_function`` or the probability of the second; that probability; or the
        probabilities of all classes.
    sign : int
        1, or -1 where less of the metric is better.
    options : mapping
        What else the metric is given.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> Scorer("r2_score")(model, [[2.0], [3.0]], [2.0, 3.0])
    1.0
    """

    metric: Callable[..., Any] | str
    response: Response = "predict"
    sign: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Return the score of a fitted model on these rows."""
        metric = self.metric if callable(self.metric) else _metric(self.metric)
        options = dict(self.options)
        if self.response == "predict":
            predicted = estimator.predict(X)
        elif self.response == "proba":
            predicted, options["labels"] = (
                estimator.predict_proba(X),
                estimator.classes_,
            )
        else:
            y = np.asarray(y) == _second_class(estimator)
            predicted = _ranking(estimator, X, probability=self.response == "positive")
            y = y.astype(np.intp)
        return self.sign * float(metric(y, predicted, **options))


def _metric(name: str) -> Callable[..., Any]:
    found = getattr(importlib.import_module("ml_from_scratch.metrics"), name, None)
    if found is None:
        raise ValueError(f"ml_from_scratch.metrics has no {name}.")
    metric: Callable[..., Any] = found
    return metric


def _second_class(estimator: Any) -> Any:
    if len(estimator.classes_) != 2:
        raise ValueError(
            f"This score is for two classes, but the model has {estimator.classes_}."
        )
    return estimator.classes_[1]


def _ranking(estimator: Any, X: Any, *, probability: bool) -> NDArray[Any]:
    if hasattr(estimator, "decision_function") and not probability:
        return np.asarray(estimator.decision_function(X))
    return np.asarray(estimator.predict_proba(X))[:, 1]


_SCORERS: dict[str, Scorer] = {
    "accuracy": Scorer("accuracy_score"),
    "balanced_accuracy": Scorer("balanced_accuracy_score"),
    "matthews_corrcoef": Scorer("matthews_corrcoef"),
    "roc_auc": Scorer("roc_auc_score", "score"),
    "average_precision": Scorer("average_precision_score", "score"),
    "neg_log_loss": Scorer("log_loss", "proba", -1),
    "neg_brier_score": Scorer("brier_score_loss", "positive", -1),
    "r2": Scorer("r2_score"),
    "neg_mean_squared_error": Scorer("mean_squared_error", sign=-1),
    "neg_root_mean_squared_error": Scorer("root_mean_squared_error", sign=-1),
    "neg_mean_absolute_error": Scorer("mean_absolute_error", sign=-1),
    "neg_median_absolute_error": Scorer("median_absolute_error", sign=-1),
    "neg_mean_absolute_percentage_error": Scorer(
        "mean_absolute_percentage_error", sign=-1
    ),
    **{name: Scorer(f"{name}_score") for name in ("precision", "recall", "f1")},
    **{
        f"{name}_{average}": Scorer(f"{name}_score", options={"average": average})
        for name in ("precision", "recall", "f1")
        for average in ("macro", "micro", "weighted")
    },
}


def make_scorer(
    metric: Callable[..., Any],
    *,
    response: Response = "predict",
    greater_is_better: bool = True,
    **options: Any,
) -> Scorer:
    """Return a scorer for a metric of your own.

    Parameters
    ----------
    metric : callable
        Takes true values and predictions, returns a number.
    response : {"predict", "score", "positive", "proba"}
        Which predictions it wants; see `Scorer`.
    greater_is_better : bool
        If not, the score is the metric's negative.
    **options
        What else the metric is given.

    Returns
    -------
    Scorer
        Takes a fitted model, rows and true values.

    Notes
    -----
    Taught in: classical/calibration-and-thresholds.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> worst = make_scorer(lambda y, p: abs(y - p).max(), greater_is_better=False)
    >>> round(worst(model, [[2.0], [3.0]], [2.0, 5.0]), 6)
    -2.0
    """
    return Scorer(metric, response, 1 if greater_is_better else -1, options)


def get_scorer(scoring: str | ScorerFunction) -> ScorerFunction:
    """Return the scorer of a name, or the function itself.

    Parameters
    ----------
    scoring : str or callable
        A name such as "roc_auc", or something that takes a fitted model, rows and true
        values.

    Returns
    -------
    callable
        The scorer.

    Raises
    ------
    ValueError
        If there is no scorer of that name.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> get_scorer("neg_log_loss").sign
    -1
    """
    if callable(scoring):
        return scoring
    if scoring not in _SCORERS:
        raise ValueError(
            f"There is no scorer {scoring!r}; there are: {', '.join(sorted(_SCORERS))}."
        )
    return _SCORERS[scoring]


def check_scoring(estimator: Any, scoring: Any = None) -> ScorerFunction:
    """Return the scorer to use for a model: its own ``score`` if none is named.

    Parameters
    ----------
    estimator : estimator
        The model.
    scoring : str, callable or None
        See `get_scorer`.

    Returns
    -------
    callable
        Takes a fitted model, rows and true values.

    Raises
    ------
    TypeError
        If no scorer is named and the model has no ``score``.
    ValueError
        If there is no scorer of that name.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> check_scoring(LinearRegression(), "r2").metric
    'r2_score'
    """
    if scoring is not None:
        return get_scorer(scoring)
    if not hasattr(estimator, "score"):
        raise TypeError(
            f"If no scoring is specified, the estimator passed should have a 'score' "
            f"method, but {estimator!r} has none."
        )
    return _own_score


def _own_score(estimator: Any, X: Any, y: Any) -> float:
    return float(estimator.score(X) if y is None else estimator.score(X, y))
