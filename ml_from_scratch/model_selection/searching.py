"""Search over hyperparameters: try, score by cross-validation, keep the best.

Which settings are tried is all that distinguishes the searches: every one of a grid,
some drawn at random, or, in halving, a grid of which fewer are left each time that
there are more rows. A score that was used to choose is too good to be reported; see
`nested_cross_val_score`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    check_is_fitted,
    check_parameters,
    clone,
    is_classifier,
    random_generator,
)
from ml_from_scratch.model_selection.delegating import delegated
from ml_from_scratch.model_selection.scoring import ScorerFunction, check_scoring
from ml_from_scratch.model_selection.splitting import (
    RandomState,
    Split,
    StratifiedKFold,
    as_vector,
    check_cv,
    count_rows,
    take_rows,
)
from ml_from_scratch.model_selection.validating import cross_validate

Params = dict[str, Any]
Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]


def _held(search: _Search) -> Any:
    return getattr(search, "best_estimator_", search.estimator)


class _Search(BaseEstimator):
    """Try settings, keep the best, and be the model with those settings."""

    estimator: Any
    scoring: str | ScorerFunction | None
    cv: Any
    refit: bool
    return_train_score: bool

    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Score every setting, then fit the best one to all rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows.
        y : array-like of shape (n,), optional
            Targets.
        groups : array-like of shape (n,), optional
            Groups, for splitters that use them.
        **params
            What the model's ``fit`` takes besides; what has a row for each row is split
            too.

        Returns
        -------
        estimator
            The search itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described, or if a score is NaN.
            What a model raises is not caught.
        """
        self.scorer_ = check_scoring(self.estimator, self.scoring)
        y = as_vector(y)
        count_rows(X, y, groups)
        splitter = check_cv(self.cv, classifier=is_classifier(self.estimator))
        splits = list(splitter.split(X, y, groups))
        self.n_splits_ = len(splits)
        self._search(X, y, splits, params)
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.best_score_ = float(self.cv_results_["mean_test_score"][self.best_index_])
        if self.refit:
            model = clone(self.estimator).set_params(**self.best_params_)
            self.best_estimator_ = model.fit(X, y, **params)
        return self

    def _candidates(self) -> Iterator[Params]:
        raise NotImplementedError

    def _search(self, X: Any, y: Any, splits: list[Split], params: Params) -> None:
        """Set the table of results and the row of the best."""
        tried = list(self._candidates())
        results = self._results(tried, X, y, splits, params)
        self.cv_results_ = results
        self.best_index_ = int(results["rank_test_score"].argmin())

    def _results(
        self, tried: list[Params], X: Any, y: Any, splits: list[Split], params: Params
    ) -> dict[str, Any]:
        records = [self._scored(p, X, y, splits, params) for p in tried]
        return _table(tried, records, train=self.return_train_score)

    def _scored(
        self, setting: Params, X: Any, y: Any, splits: list[Split], params: Params
    ) -> dict[str, Floats]:
        model = clone(self.estimator).set_params(**setting)
        found = cross_validate(
            model,
            X,
            y,
            scoring=self.scorer_,
            cv=splits,
            params=params,
            return_train_score=self.return_train_score,
        )
        if np.isnan(found["test_score"]).any():
            raise ValueError(
                f"The scores of {setting} are {found['test_score'].tolist()}; expected "
                "numbers."
            )
        return found

    @delegated(_held)
    def predict(self, X: Any) -> Any:
        """Predict with the best setting, fitted to all rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Predictions.
        """
        return self._best().predict(X)

    @delegated(_held)
    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes by the best setting.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Probabilities.
        """
        return self._best().predict_proba(X)

    @delegated(_held)
    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithms of the probabilities by the best setting.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Their logarithms.
        """
        return self._best().predict_log_proba(X)

    @delegated(_held)
    def decision_function(self, X: Any) -> Any:
        """Return the scores of the classes by the best setting.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            Scores.
        """
        return self._best().decision_function(X)

    @delegated(_held)
    def transform(self, X: Any) -> Any:
        """Transform rows with the best setting, fitted to all rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, k)
            Transformed rows.
        """
        return self._best().transform(X)

    def score(self, X: Any, y: ArrayLike | None = None) -> float:
        """Return the score, by `scoring`, of the best setting on these rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.
        y : array-like of shape (n,), optional
            Targets.

        Returns
        -------
        float
            The score.
        """
        return float(self.scorer_(self._best(), X, y))

    def _best(self) -> Any:
        check_is_fitted(self, "best_index_")
        if not self.refit:
            raise AttributeError(
                "The search was made with refit=False, so that no model is fitted: "
                "use best_params_."
            )
        return self.best_estimator_

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes of the best model."""
        classes: NDArray[Any] = self._best().classes_
        return classes

    @property
    def n_features_in_(self) -> int:
        """The number of columns that the best model has seen."""
        if not hasattr(self, "best_estimator_"):
            raise AttributeError("The search is not fitted, or was made to not refit.")
        return int(self.best_estimator_.n_features_in_)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the model that is tuned."""
        if hasattr(self.estimator, "__sklearn_tags__"):
            return self.estimator.__sklearn_tags__()
        return super().__sklearn_tags__()


def _table(
    tried: list[Params], records: list[dict[str, Floats]], *, train: bool
) -> dict[str, Any]:
    """Return the columns of `cv_results_`, one entry a setting."""
    table: dict[str, Any] = {"params": tried}
    for name in sorted({name for setting in tried for name in setting}):
        column = np.empty(len(tried), dtype=object)
        column[:] = [setting.get(name) for setting in tried]
        table[f"param_{name}"] = column
    for part in ("test", "train") if train else ("test",):
        scores = np.array([record[f"{part}_score"] for record in records])
        table.update({f"split{j}_{part}_score": s for j, s in enumerate(scores.T)})
        table[f"mean_{part}_score"] = scores.mean(axis=1)
        table[f"std_{part}_score"] = scores.std(axis=1)
    for name in ("fit_time", "score_time"):
        table[f"mean_{name}"] = np.array([record[name].mean() for record in records])
    ranks = stats.rankdata(-table["mean_test_score"], method="min")
    table["rank_test_score"] = ranks.astype(np.intp)
    return table


def _grid(param_grid: Grid) -> Iterator[Params]:
    """Yield every combination, the last parameter (by name) changing fastest."""
    grids = [param_grid] if isinstance(param_grid, Mapping) else param_grid
    for grid in grids:
        for name, values in grid.items():
            _check_values(name, values)
        names = sorted(grid)
        for values in itertools.product(*(grid[name] for name in names)):
            yield dict(zip(names, values, strict=True))


def _check_values(name: str, values: Any) -> None:
    if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
        raise ValueError(
            f"The grid needs a sequence of values for {name!r}, at least one, got "
            f"{values!r}."
        )


class GridSearchCV(_Search):
    """Try every combination of a grid by cross-validation, and be the best model.

    Parameters
    ----------
    estimator : estimator
        The model, of this library or of scikit-learn.
    param_grid : dict or list of dicts
        For each hyperparameter its values; of several grids each is gone through.
    scoring : str, callable or None
        The score; None is the model's own ``score``.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    refit : bool
        Whether to fit the best setting to all rows in the end.
    return_train_score : bool
        Whether to score the training rows as well.

    Attributes
    ----------
    cv_results_ : dict
        A column a key, an entry a setting: "params", "param_<name>",
        "mean_test_score", "std_test_score", "split0_test_score" and so on,
        "rank_test_score", times.
    best_index_ : int
        Where the best setting stands there; the first of equals.
    best_params_ : dict
        The best setting.
    best_score_ : float
        Its mean score, which is too good: it was chosen for it.
    best_estimator_ : estimator
        The model with that setting, fitted to all rows.
    scorer_ : callable
        The score.
    n_splits_ : int
        Number of splits.

    Notes
    -----
    As many fits as there are settings times splits. scikit-learn fills in NaN for a
    setting that fails; here the error is raised.

    Taught in: classical/tuning.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> X = np.arange(12.0)[:, None]
    >>> search = GridSearchCV(Ridge(), {"alpha": [0.0, 1.0, 100.0]}, cv=3)
    >>> search.fit(X, X[:, 0]).best_params_
    {'alpha': 0.0}
    >>> search.cv_results_["rank_test_score"].tolist()
    [1, 2, 3]
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Grid,
        *,
        scoring: str | ScorerFunction | None = None,
        cv: Any = 5,
        refit: bool = True,
        return_train_score: bool = False,
    ) -> None:
        self.estimator = estimator
        self.param_grid = param_grid
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.return_train_score = return_train_score

    def _candidates(self) -> Iterator[Params]:
        return _grid(self.param_grid)


class RandomizedSearchCV(_Search):
    """Try settings that are drawn at random, by cross-validation, and be the best.

    Parameters
    ----------
    estimator : estimator
        The model, of this library or of scikit-learn.
    param_distributions : dict
        For each hyperparameter a sequence of values, or a distribution with ``rvs``
        such as those of ``scipy.stats``.
    n_iter : int
        How many settings to draw.
    scoring : str, callable or None
        The score; None is the model's own ``score``.
    cv : int, splitter or iterable of splits
        See `check_cv`.
    refit : bool
        Whether to fit the best setting to all rows in the end.
    return_train_score : bool
        Whether to score the training rows as well.
    random_state : int, Generator, RandomState or None
        Draws the settings.

    Attributes
    ----------
    cv_results_ : dict
        See `GridSearchCV`.
    best_index_ : int
        Where the best setting stands there; the first of equals.
    best_params_ : dict
        The best setting.
    best_score_ : float
        Its mean score, which is too good: it was chosen for it.
    best_estimator_ : estimator
        The model with that setting, fitted to all rows.
    scorer_ : callable
        The score.
    n_splits_ : int
        Number of splits.

    Notes
    -----
    Where few hyperparameters matter, n_iter draws try n_iter values of each of these,
    and a grid of as many settings far fewer. Where all values are sequences no setting
    is drawn twice.

    As many fits as settings times splits. Taught in: classical/tuning.

    References
    ----------
    Bergstra and Bengio (2012), "Random search for hyper-parameter optimization",
    Journal of Machine Learning Research 13.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> X = np.arange(12.0)[:, None]
    >>> values = {"alpha": stats.loguniform(1e-3, 1e3)}
    >>> search = RandomizedSearchCV(Ridge(), values, n_iter=20, cv=3, random_state=0)
    >>> bool(search.fit(X, X[:, 0]).best_params_["alpha"] < 0.01)
    True
    """

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any],
        *,
        n_iter: int = 10,
        scoring: str | ScorerFunction | None = None,
        cv: Any = 5,
        refit: bool = True,
        return_train_score: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.return_train_score = return_train_score
        self.random_state = random_state

    def _candidates(self) -> Iterator[Params]:
        check_parameters(self, n_iter=(self.n_iter >= 1, "a whole number from 1"))
        rng = random_generator(self.random_state)
        given = self.param_distributions
        if all(not hasattr(values, "rvs") for values in given.values()):
            everything = list(_grid(given))
            count = min(self.n_iter, len(everything))
            for i in rng.choice(len(everything), count, replace=False):
                yield everything[i]
            return
        for _ in range(self.n_iter):
            yield {name: _drawn(name, given[name], rng) for name in sorted(given)}


def _drawn(name: str, values: Any, rng: np.random.Generator) -> Any:
    if hasattr(values, "rvs"):
        return values.rvs(random_state=rng)
    _check_values(name, values)
    return values[int(rng.integers(len(values)))]


class HalvingGridSearchCV(_Search):
    """Try a grid on few rows, keep the better part, and again on more rows.

    Parameters
    ----------
    estimator : estimator
        The model, of this library or of scikit-learn.
    param_grid : dict or list of dicts
        For each hyperparameter its values; of several grids each is gone through.
    factor : int
        Of how many settings one is kept, and by how much the rows grow.
    scoring : str, callable or None
        The score; None is the model's own ``score``.
    cv : int
        Number of folds.
    refit : bool
        Whether to fit the best setting to all rows in the end.
    return_train_score : bool
        Whether to score the training rows as well.
    random_state : int, Generator, RandomState or None
        Draws the rows of each round.

    Attributes
    ----------
    cv_results_ : dict
        See `GridSearchCV`; of all rounds, with "iter" and "n_resources", the rows.
    best_index_ : int
        Where the one setting of the last round stands there.
    best_params_ : dict
        The best setting.
    best_score_ : float
        Its mean score in the last round.
    best_estimator_ : estimator
        The model with that setting, fitted to all rows.
    scorer_ : callable
        The score.
    n_splits_ : int
        Number of splits.

    Notes
    -----
    The last round has all rows, and each before it 1 / factor as many, so that a round
    costs about the same where time grows with rows, and rounds are few: the logarithm
    of the number of settings. A setting that is good only with many rows is lost early.

    Taught in: classical/tuning.

    References
    ----------
    Jamieson and Talwalkar (2016), "Non-stochastic best arm identification and
    hyperparameter optimization", AISTATS.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> X = np.arange(90.0)[:, None]
    >>> grid = {"alpha": [0.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]}
    >>> search = HalvingGridSearchCV(Ridge(), grid, cv=3, random_state=0)
    >>> search.fit(X, X[:, 0]).best_params_
    {'alpha': 0.0}
    >>> search.cv_results_["n_resources"].tolist()
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 30, 30, 30, 90]
    """

    def __init__(
        self,
        estimator: Any,
        param_grid: Grid,
        *,
        factor: int = 3,
        scoring: str | ScorerFunction | None = None,
        cv: int = 5,
        refit: bool = True,
        return_train_score: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.param_grid = param_grid
        self.factor = factor
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.return_train_score = return_train_score
        self.random_state = random_state

    def _candidates(self) -> Iterator[Params]:
        return _grid(self.param_grid)

    def _search(self, X: Any, y: Any, splits: list[Split], params: Params) -> None:
        del splits
        check_parameters(
            self,
            factor=(self.factor >= 2, "a whole number from 2"),
            cv=(isinstance(self.cv, int), "a number of folds"),
        )
        rng = random_generator(self.random_state)
        tried = list(self._candidates())
        rounds = 1 + math.ceil(math.log(len(tried)) / math.log(self.factor) - 1e-9)
        tables = []
        for i in range(rounds):
            share = self.factor ** (rounds - 1 - i)
            rows = self._some_rows(X, y, share, rng)
            table = self._round(tried, X, y, rows, params)
            table["iter"] = np.full(len(tried), i)
            tables.append(table)
            keep = math.ceil(len(tried) / self.factor)
            best = np.argsort(-table["mean_test_score"], kind="stable")[:keep]
            tried = [tried[j] for j in best]
        self.cv_results_ = _stacked(tables)
        self.best_index_ = len(self.cv_results_["params"]) - 1  # alone in its round

    def _some_rows(
        self, X: Any, y: Any, share: int, rng: np.random.Generator
    ) -> Integers:
        """Return one row of `share`, with the shares of the classes."""
        n = count_rows(X)
        if share == 1:
            return np.arange(n)
        if n // share < self.cv:
            raise ValueError(
                f"The first round would have {n // share} of {n} rows, fewer than its "
                f"cv={self.cv} folds: try fewer settings, or a larger factor."
            )
        if is_classifier(self.estimator):
            folds = StratifiedKFold(share, shuffle=True, random_state=rng)
            return next(folds.split(X, y))[1]
        return np.sort(rng.choice(n, n // share, replace=False))

    def _round(
        self, tried: list[Params], X: Any, y: Any, rows: Integers, params: Params
    ) -> dict[str, Any]:
        n, part, truth = count_rows(X), take_rows(X, rows), take_rows(y, rows)
        splitter = check_cv(self.cv, classifier=is_classifier(self.estimator))
        splits = list(splitter.split(part, truth))
        chosen = {
            name: take_rows(value, rows) if np.shape(value)[:1] == (n,) else value
            for name, value in params.items()
        }
        table = self._results(tried, part, truth, splits, chosen)
        table["n_resources"] = np.full(len(tried), len(rows))
        return table


def _stacked(tables: list[dict[str, Any]]) -> dict[str, Any]:
    stacked: dict[str, Any] = {
        name: np.concatenate([table[name] for table in tables])
        for name in tables[0]
        if name != "params"
    }
    stacked["params"] = [setting for table in tables for setting in table["params"]]
    return stacked
