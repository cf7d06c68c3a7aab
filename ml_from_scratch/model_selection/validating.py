"""Cross-validation: fit on some rows, judge on others, in turns.

Everything here is one loop, over splits, around one step: fit a fresh copy to the
training rows and score it on the test rows. The rest is what is done with the scores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    Floats,
    Integers,
    clone,
    is_classifier,
    random_generator,
)
from ml_from_scratch.model_selection.scoring import (
    ScorerFunction,
    check_scoring,
    get_scorer,
)
from ml_from_scratch.model_selection.splitting import (
    RandomState,
    Split,
    as_vector,
    check_cv,
    count_rows,
    take_rows,
)

Scoring = str | ScorerFunction | Sequence[str] | Mapping[str, Any] | None


def cross_validate(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    scoring: Scoring = None,
    cv: Any = 5,
    params: Mapping[str, Any] | None = None,
    return_train_score: bool = False,
    return_estimator: bool = False,
) -> dict[str, Any]:
    """Fit a copy of a model to each split's training rows, and score it on the others.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn. It is left as it is.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    groups : array-like of shape (n,), optional
        Groups, for splitters that use them.
    scoring : str, callable, list of str, dict or None
        One score, or several by name; None is the model's own ``score``.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    params : dict, optional
        What ``fit`` takes besides; what has a row for each row is split too.
    return_train_score : bool
        Whether to score the training rows as well.
    return_estimator : bool
        Whether to return the fitted models.

    Returns
    -------
    dict
        Arrays with an entry for each split: "test_score" (or "test_<name>" for each of
        several), "train_score" likewise, "fit_time" and "score_time" in seconds, and
        the list "estimator".

    Raises
    ------
    ValueError
        If an input is not as described. What a model raises is not caught.

    Notes
    -----
    One fit a split. Taught in: classical/cross-validation.

    References
    ----------
    Stone (1974), "Cross-validatory choice and assessment of statistical predictions",
    Journal of the Royal Statistical Society B 36.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> X = np.arange(6.0)[:, None]
    >>> found = cross_validate(LinearRegression(), X, 2 * X[:, 0], cv=3)
    >>> found["test_score"].round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    y = as_vector(y)
    scorers = _scorers(estimator, scoring)
    records = []
    for train, test in _splits(estimator, X, y, groups, cv):
        started = time.perf_counter()
        model = _fitted(estimator, X, y, train, params)
        fitted = time.perf_counter()
        record = {f"test_{name}": s for name, s in _scores(model, X, y, test, scorers)}
        record["fit_time"] = fitted - started
        record["score_time"] = time.perf_counter() - fitted
        if return_train_score:
            named = _scores(model, X, y, train, scorers)
            record.update({f"train_{name}": score for name, score in named})
        records.append((record, model))
    names = records[0][0]
    found: dict[str, Any] = {k: np.array([r[k] for r, _ in records]) for k in names}
    if return_estimator:
        found["estimator"] = [model for _, model in records]
    return found


def _scorers(estimator: Any, scoring: Scoring) -> dict[str, ScorerFunction]:
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        return {"score": check_scoring(estimator, scoring)}
    if isinstance(scoring, Mapping):
        return {name: get_scorer(each) for name, each in scoring.items()}
    return {name: get_scorer(name) for name in scoring}


def _splits(estimator: Any, X: Any, y: Any, groups: Any, cv: Any) -> list[Split]:
    count_rows(X, y, groups)
    splitter = check_cv(cv, classifier=is_classifier(estimator))
    splits = list(splitter.split(X, y, groups))
    if not splits:
        raise ValueError(f"cv={cv!r} makes no split at all.")
    return splits


def _fitted(
    estimator: Any, X: Any, y: Any, rows: Integers, params: Mapping[str, Any] | None
) -> Any:
    """Return a copy that is fitted to some rows."""
    n, model = count_rows(X), clone(estimator)
    chosen = {k: _if_rowwise(v, n, rows) for k, v in (params or {}).items()}
    model.fit(take_rows(X, rows), take_rows(y, rows), **chosen)
    return model


def _if_rowwise(value: Any, n: int, rows: Integers) -> Any:
    sized = hasattr(value, "__len__") and not isinstance(value, str)
    return take_rows(value, rows) if sized and len(value) == n else value


def _scores(
    model: Any, X: Any, y: Any, rows: Integers, scorers: dict[str, ScorerFunction]
) -> list[tuple[str, float]]:
    part, truth = take_rows(X, rows), take_rows(y, rows)
    return [(name, scorer(model, part, truth)) for name, scorer in scorers.items()]


def cross_val_score(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    scoring: str | ScorerFunction | None = None,
    cv: Any = 5,
    params: Mapping[str, Any] | None = None,
) -> Floats:
    """Return the test score of each split; see `cross_validate`.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn. It is left as it is.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    groups : array-like of shape (n,), optional
        Groups, for splitters that use them.
    scoring : str, callable or None
        The score; None is the model's own ``score``.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    params : dict, optional
        What ``fit`` takes besides; what has a row for each row is split too.

    Returns
    -------
    numpy.ndarray of shape (k,)
        One score a split.

    Notes
    -----
    The scores share training rows: their spread over the root of k is too small a
    standard error.

    One fit a split. Taught in: classical/cross-validation.

    References
    ----------
    Bengio and Grandvalet (2004), "No unbiased estimator of the variance of k-fold
    cross-validation", Journal of Machine Learning Research 5.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> X = np.arange(6.0)[:, None]
    >>> cross_val_score(LinearRegression(), X, X[:, 0], cv=3).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    found = cross_validate(
        estimator, X, y, groups=groups, scoring=scoring, cv=cv, params=params
    )
    scores: Floats = found["test_score"]
    return scores


def cross_val_predict(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    cv: Any = 5,
    method: Literal[
        "predict", "predict_proba", "predict_log_proba", "decision_function"
    ] = "predict",
    params: Mapping[str, Any] | None = None,
) -> NDArray[Any]:
    """Predict each row by the model that did not see it.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn. It is left as it is.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    groups : array-like of shape (n,), optional
        Groups, for splitters that use them.
    cv : int, splitter or iterable of splits
        See `check_cv`; every row must be tested exactly once.
    method : {"predict", "predict_proba", "predict_log_proba", "decision_function"}
        What the models are asked for.
    params : dict, optional
        What ``fit`` takes besides; what has a row for each row is split too.

    Returns
    -------
    numpy.ndarray of shape (n,) or (n, k)
        Predictions, in the order of the rows.

    Raises
    ------
    ValueError
        If a row is tested never or twice, or if a split's training rows lack a class
        and `method` needs a column for it.

    Notes
    -----
    One fit a split. A score of all these predictions at once is not the mean of the
    splits' scores.

    Taught in: classical/cross-validation.

    Examples
    --------
    >>> from ml_from_scratch.model_selection import DummyRegressor
    >>> X, y = np.zeros((4, 1)), [1.0, 1.0, 3.0, 3.0]
    >>> cross_val_predict(DummyRegressor(), X, y, cv=2).tolist()
    [3.0, 3.0, 1.0, 1.0]
    """
    splits = _splits(estimator, X, y, groups, cv)
    tested = np.concatenate([test for _, test in splits])
    if not np.array_equal(np.sort(tested), np.arange(count_rows(X))):
        raise ValueError(
            "cross_val_predict needs splits that test every row exactly once, but "
            f"cv={cv!r} tests {len(np.unique(tested))} of {count_rows(X)} rows, in "
            f"{len(tested)} predictions."
        )
    blocks, known = [], []
    for train, test in splits:
        model = _fitted(estimator, X, y, train, params)
        blocks.append(np.asarray(getattr(model, method)(take_rows(X, test))))
        known.append(getattr(model, "classes_", None))
    if method != "predict":
        _refuse_different_classes(known, method)
    made = np.concatenate(blocks)
    found = np.empty_like(made)
    found[tested] = made
    return found


def _refuse_different_classes(known: list[Any], method: str) -> None:
    if any(not np.array_equal(known[0], classes) for classes in known):
        sizes = [len(classes) for classes in known]
        raise ValueError(
            f"The training rows of the splits have {sizes} classes, so that the "
            f"columns of {method} differ: use StratifiedKFold, or fewer splits."
        )


def nested_cross_val_score(
    search: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    scoring: str | ScorerFunction | None = None,
    cv: Any = 5,
) -> dict[str, Any]:
    """Score a search: choose inside each training part, judge on its test part.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV or the like
        Of this library or of scikit-learn, with its own inner splits.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    groups : array-like of shape (n,), optional
        Groups, for the outer splitter.
    scoring : str, callable or None
        The outer score; None is that of the search.
    cv : int, splitter or iterable of splits
        The outer splits; see `check_cv`.

    Returns
    -------
    dict
        "test_score", the outer scores; "best_score", the inner ones of the choices,
        which are too good; "best_params", a list of the choices. If these differ much,
        the data do not say which is best.

    Notes
    -----
    As many searches as there are outer splits.

    Taught in: classical/honest-evaluation.

    References
    ----------
    Cawley and Talbot (2010), "On over-fitting in model selection and subsequent
    selection bias in performance evaluation", Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> from ml_from_scratch.model_selection import GridSearchCV
    >>> X = np.arange(12.0)[:, None]
    >>> search = GridSearchCV(Ridge(), {"alpha": [0.0, 100.0]}, cv=2)
    >>> found = nested_cross_val_score(search, X, X[:, 0], cv=2)
    >>> found["best_params"]
    [{'alpha': 0.0}, {'alpha': 0.0}]
    """
    found = cross_validate(
        search, X, y, groups=groups, scoring=scoring, cv=cv, return_estimator=True
    )
    searches = found["estimator"]
    return {
        "test_score": found["test_score"],
        "best_score": np.array([each.best_score_ for each in searches]),
        "best_params": [each.best_params_ for each in searches],
    }


def learning_curve(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    train_sizes: ArrayLike = (0.1, 0.325, 0.55, 0.775, 1.0),
    cv: Any = 5,
    scoring: str | ScorerFunction | None = None,
    shuffle: bool = False,
    random_state: RandomState = None,
) -> tuple[Integers, Floats, Floats]:
    """Return the scores of models that were trained on more and more rows.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn. It is left as it is.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    groups : array-like of shape (n,), optional
        Groups, for splitters that use them.
    train_sizes : array-like of shape (s,)
        Numbers of training rows, or shares of the smallest training part.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    scoring : str, callable or None
        The score; None is the model's own ``score``.
    shuffle : bool
        Whether the first rows are taken of a training part in random order.
    random_state : int, Generator, RandomState or None
        Shuffles.

    Returns
    -------
    sizes : numpy.ndarray of shape (s,)
        Numbers of training rows, rising, each once.
    train_scores : numpy.ndarray of shape (s, k)
        Scores of the rows trained on, a column a split.
    test_scores : numpy.ndarray of shape (s, k)
        Scores of the test rows.

    Raises
    ------
    ValueError
        If a size is out of range.

    Notes
    -----
    One fit for each size and split. Taught in: classical/diagnosis.

    Examples
    --------
    >>> from ml_from_scratch.linear import LinearRegression
    >>> X = np.arange(12.0)[:, None]
    >>> sizes, _, scores = learning_curve(
    ...     LinearRegression(), X, X[:, 0], train_sizes=[3, 6], cv=2)
    >>> sizes.tolist(), scores.round(6).tolist()
    ([3, 6], [[1.0, 1.0], [1.0, 1.0]])
    """
    scorers = {"score": check_scoring(estimator, scoring)}
    splits = _splits(estimator, X, y, groups, cv)
    sizes = _train_sizes(train_sizes, min(len(train) for train, _ in splits))
    if shuffle:
        rng = random_generator(random_state)
        splits = [(rng.permutation(train), test) for train, test in splits]
    curves = np.empty((2, len(sizes), len(splits)))
    for j, (train, test) in enumerate(splits):
        for i, size in enumerate(sizes):
            rows = train[:size]
            model = _fitted(estimator, X, y, rows, None)
            curves[0, i, j] = _scores(model, X, y, rows, scorers)[0][1]
            curves[1, i, j] = _scores(model, X, y, test, scorers)[0][1]
    return sizes, curves[0], curves[1]


def _train_sizes(train_sizes: ArrayLike, most: int) -> Integers:
    asked = np.asarray(train_sizes)
    sizes = asked
    if asked.dtype.kind == "f":
        fine = ((asked > 0) & (asked <= 1)).all()
        sizes = np.floor(asked * most) if fine else -np.ones(1)
    if asked.ndim != 1 or not len(sizes) or sizes.min() < 1 or sizes.max() > most:
        raise ValueError(
            f"train_sizes must be shares above 0 up to 1, or numbers from 1 to {most}, "
            f"the rows of the smallest training part, got {asked.tolist()}."
        )
    return np.unique(sizes.astype(np.intp))


def validation_curve(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    param_name: str,
    param_range: Sequence[Any],
    groups: ArrayLike | None = None,
    cv: Any = 5,
    scoring: str | ScorerFunction | None = None,
) -> tuple[Floats, Floats]:
    """Return the scores of models with more and more of one hyperparameter.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn. It is left as it is.
    X : array-like of shape (n, d)
        Rows.
    y : array-like of shape (n,), optional
        Targets.
    param_name : str
        The hyperparameter, as ``set_params`` takes it.
    param_range : sequence
        Its p values.
    groups : array-like of shape (n,), optional
        Groups, for splitters that use them.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    scoring : str, callable or None
        The score; None is the model's own ``score``.

    Returns
    -------
    train_scores : numpy.ndarray of shape (p, k)
        Scores of the rows trained on, a column a split.
    test_scores : numpy.ndarray of shape (p, k)
        Scores of the test rows.

    Notes
    -----
    One fit for each value and split. Taught in: classical/diagnosis.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> X = np.arange(12.0)[:, None]
    >>> _, scores = validation_curve(
    ...     Ridge(), X, X[:, 0], param_name="alpha", param_range=[0.0, 1e9], cv=2)
    >>> scores.round(2).tolist()
    [[1.0, 1.0], [-12.34, -12.34]]
    """
    scorer: Callable[..., float] = check_scoring(estimator, scoring)
    splits = _splits(estimator, X, y, groups, cv)
    curves = np.empty((2, len(param_range), len(splits)))
    for i, value in enumerate(param_range):
        model = clone(estimator).set_params(**{param_name: value})
        found = cross_validate(
            model, X, y, scoring=scorer, cv=splits, return_train_score=True
        )
        curves[0, i], curves[1, i] = found["train_score"], found["test_score"]
    return curves[0], curves[1]
