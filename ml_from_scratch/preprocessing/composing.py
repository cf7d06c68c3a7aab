"""Composing: several steps that are fitted, cross-validated and tuned as one.

Whatever is learned from data has to be learned anew from each training part, scaling
and encoding included. A pipeline is one estimator, so that nobody can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ml_from_scratch.base import (
    BaseEstimator,
    TransformerMixin,
    check_is_fitted,
    clone,
)
from ml_from_scratch.model_selection.delegating import delegated
from ml_from_scratch.preprocessing.columns import feature_names, table_of


class _Composition(BaseEstimator):
    """Parameters of named parts: ``part`` is a part, ``part__C`` one of its own."""

    def _parts(self) -> list[tuple[str, Any]]:
        raise NotImplementedError

    def _replace(self, name: str, part: Any) -> None:
        raise NotImplementedError

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyperparameters by name, with ``deep`` those of the parts too.

        Parameters
        ----------
        deep : bool
            Also return the parts, by name, and their parameters, under
            ``<part>__<parameter>``.

        Returns
        -------
        dict
            Names and values.
        """
        found = super().get_params(deep=deep)
        if deep:
            for name, part in self._parts():
                found[name] = part
                if hasattr(part, "get_params"):
                    inner = part.get_params()
                    found.update({f"{name}__{key}": inner[key] for key in inner})
        return found

    def set_params(self, **params: Any) -> Self:
        """Set hyperparameters by name; ``part=`` replaces a part.

        Parameters
        ----------
        **params
            Names as ``get_params`` gives them, with their new values.

        Returns
        -------
        BaseEstimator
            The estimator itself.

        Raises
        ------
        ValueError
            If a name is neither a hyperparameter nor a part.
        """
        for key, value in params.items():
            name, _, inner = key.partition("__")
            parts = dict(self._parts())
            if name in self._get_param_names() or name not in parts:
                super().set_params(**{key: value})
            elif inner:
                parts[name].set_params(**{inner: value})
            else:
                self._replace(name, value)
        return self

    def _check_names(self) -> None:
        names = [name for name, _ in self._parts()]
        for name in names:
            if names.count(name) > 1 or "__" in name or name in self._get_param_names():
                raise ValueError(
                    f"Names must differ, hold no '__' and be no argument of "
                    f"{type(self).__name__}, but found {name!r} in {names}."
                )


def _named(held: Any, size: int) -> list[tuple[str, Any]]:
    """Return name and part of each tuple of a list; nothing for what is none."""
    tuples = held if isinstance(held, list) else []
    return [
        (each[0], each[1])
        for each in tuples
        if isinstance(each, tuple) and len(each) == size and isinstance(each[0], str)
    ]


def _passes(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


class _Passthrough:
    """What stands for a last step that leaves the rows as they are."""

    def fit_transform(self, X: Any) -> Any:
        return X

    transform = inverse_transform = fit_transform


def _last(pipeline: Pipeline) -> Any:
    step = pipeline._now()[-1][1]
    return _Passthrough() if _passes(step) else step


class Pipeline(_Composition):
    """Transformers in a row, and a model behind them, as one estimator.

    Parameters
    ----------
    steps : list of (str, estimator)
        Names and steps. All but the last transform; "passthrough" stands for none.

    Attributes
    ----------
    steps_ : list of (str, estimator)
        The same names, with copies of the steps that ``fit`` has fitted.

    Notes
    -----
    Training rows go through each step's ``fit_transform`` and later ones through its
    ``transform``. Copies are fitted, where scikit-learn fits the steps themselves;
    `named_steps` and ``pipeline["name"]`` give these. The methods ``predict``,
    ``predict_proba``, ``decision_function``, ``transform`` and so on are there where
    the last step has them.

    Taught in: classical/encoding-and-pipelines.

    References
    ----------
    Buitinck et al. (2013), "API design for machine learning software: experiences
    from the scikit-learn project", ECML PKDD workshop.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> from ml_from_scratch.preprocessing import StandardScaler
    >>> model = Pipeline([("scale", StandardScaler()), ("ridge", Ridge())])
    >>> model.set_params(ridge__alpha=0.0).fit([[1.0], [2.0]], [10.0, 20.0])
    Pipeline(steps=[('scale', StandardScaler()), ('ridge', Ridge(alpha=0.0))])
    >>> model.predict([[3.0]]).round(6).tolist()
    [30.0]
    """

    def __init__(self, steps: list[tuple[str, Any]]) -> None:
        self.steps = steps

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit the steps, each to what the one before makes of the rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from.
        y : array-like of shape (n,), optional
            Targets.
        **params
            What a step's ``fit`` takes besides, as ``<step>__<argument>``.

        Returns
        -------
        Pipeline
            The estimator itself.

        Raises
        ------
        TypeError
            If a step but the last does not transform.
        ValueError
            If there is no step, or names are not as they must be.
        """
        self._check_steps()
        arguments = self._sorted_out(params)
        steps = [(name, s if _passes(s) else clone(s)) for name, s in self.steps]
        X = _through(steps[:-1], X, y, arguments)
        name, last = steps[-1]
        if not _passes(last):
            last.fit(X, y, **arguments[name])
        self.steps_ = steps
        return self

    @delegated(_last)
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit the steps and return the rows as the last one leaves them.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from.
        y : array-like of shape (n,), optional
            Targets.
        **params
            What a step's ``fit`` takes besides, as ``<step>__<argument>``.

        Returns
        -------
        array of shape (n, k)
            Transformed rows.
        """
        self._check_steps()
        arguments = self._sorted_out(params)
        steps = [(name, s if _passes(s) else clone(s)) for name, s in self.steps]
        X = _through(steps, X, y, arguments)
        self.steps_ = steps
        return X

    def _transformed(self, X: Any) -> Any:
        """Return the rows as they come to the last step."""
        check_is_fitted(self, "steps_")
        for _, step in self.steps_[:-1]:
            if not _passes(step):
                X = step.transform(X)
        return X

    def _check_steps(self) -> None:
        if not self._parts() or len(self._parts()) != len(self.steps):
            raise ValueError(
                "steps must be a list of names and estimators, at least one, got "
                f"{self.steps!r}."
            )
        self._check_names()
        for name, step in self.steps[:-1]:
            if not _passes(step) and not hasattr(step, "transform"):
                raise TypeError(
                    f"Every step but the last must transform, but {name!r} is {step!r}."
                )

    def _sorted_out(self, params: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the arguments of each step's fit."""
        sorted_out: dict[str, dict[str, Any]] = {name: {} for name, _ in self.steps}
        for key, value in params.items():
            name, _, argument = key.partition("__")
            if name not in sorted_out or not argument:
                raise ValueError(
                    f"Pipeline.fit got {key!r}; expected <step>__<argument>, with a "
                    f"step of {list(sorted_out)}."
                )
            sorted_out[name][argument] = value
        return sorted_out

    @delegated(_last)
    def predict(self, X: Any) -> Any:
        """Transform the rows and return the last step's predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Predictions.
        """
        return _last(self).predict(self._transformed(X))

    @delegated(_last)
    def predict_proba(self, X: Any) -> Any:
        """Transform the rows and return the last step's probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Probabilities of the classes.
        """
        return _last(self).predict_proba(self._transformed(X))

    @delegated(_last)
    def predict_log_proba(self, X: Any) -> Any:
        """Transform the rows and return the logarithms of probabilities.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Their logarithms.
        """
        return _last(self).predict_log_proba(self._transformed(X))

    @delegated(_last)
    def decision_function(self, X: Any) -> Any:
        """Transform the rows and return the last step's scores.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,) or (n, k)
            Scores of the classes.
        """
        return _last(self).decision_function(self._transformed(X))

    @delegated(_last)
    def transform(self, X: Any) -> Any:
        """Send the rows through every step, the last one included.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, k)
            Transformed rows.
        """
        return _last(self).transform(self._transformed(X))

    @delegated(_last)
    def inverse_transform(self, X: Any) -> Any:
        """Send transformed rows back through every step.

        Parameters
        ----------
        X : array-like of shape (n, k)
            What ``transform`` gave.

        Returns
        -------
        array of shape (n, d)
            Rows as they came.
        """
        check_is_fitted(self, "steps_")
        for _, step in reversed(self.steps_):
            if not _passes(step):
                X = step.inverse_transform(X)
        return X

    @delegated(_last)
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Transform the rows and return the last step's score.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.
        y : array-like of shape (n,), optional
            Targets.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        float
            Accuracy, R2 or what else the last step has.
        """
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(_last(self).score(self._transformed(X), y, **weights))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Return the names of the columns that come out of the last transformer.

        Parameters
        ----------
        input_features : array-like of shape (d,), optional
            Names of the input.

        Returns
        -------
        numpy.ndarray of shape (k,)
            Names.
        """
        check_is_fitted(self, "steps_")
        names: Any = input_features
        for _, step in self.steps_:
            if hasattr(step, "get_feature_names_out"):
                names = step.get_feature_names_out(names)
        return names

    @property
    def named_steps(self) -> dict[str, Any]:
        """The steps by name, fitted ones after ``fit``."""
        return dict(self._now())

    def _now(self) -> list[tuple[str, Any]]:
        """Return the fitted steps if there are any, else those to be fitted."""
        steps: list[tuple[str, Any]] = getattr(self, "steps_", self.steps)
        return steps

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes of the last step."""
        classes: NDArray[Any] = _last(self).classes_
        return classes

    @property
    def n_features_in_(self) -> int:
        """The number of columns that the first step has seen."""
        return int(self._now()[0][1].n_features_in_)

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.steps)

    def __getitem__(self, which: int | str | slice) -> Any:
        """Return a step by name or position, or a pipeline of a slice of them."""
        if isinstance(which, slice):
            part = Pipeline(self.steps[which])
            if hasattr(self, "steps_"):
                part.steps_ = self.steps_[which]
            return part
        if isinstance(which, str):
            return self.named_steps[which]
        return self._now()[which][1]

    def _parts(self) -> list[tuple[str, Any]]:
        return _named(self.steps, 2)

    def _replace(self, name: str, part: Any) -> None:
        self.steps = [(n, part if n == name else step) for n, step in self.steps]

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the last step: a pipeline is what it ends in."""
        if self.steps and hasattr(self.steps[-1][1], "__sklearn_tags__"):
            return self.steps[-1][1].__sklearn_tags__()
        return super().__sklearn_tags__()


def _through(
    steps: list[tuple[str, Any]], X: Any, y: Any, arguments: dict[str, dict[str, Any]]
) -> Any:
    """Fit transformers in a row, and return the rows as they leave the last."""
    for name, step in steps:
        if not _passes(step):
            X = step.fit_transform(X, y, **arguments[name])
    return X


def make_pipeline(*steps: Any) -> Pipeline:
    """Return a pipeline whose steps are named after their classes.

    Parameters
    ----------
    *steps
        Transformers, and a model at the end.

    Returns
    -------
    Pipeline
        With names in small letters; of several steps of one class the second is called
        name-2, and so on.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> from ml_from_scratch.linear import Ridge
    >>> from ml_from_scratch.preprocessing import StandardScaler
    >>> list(make_pipeline(StandardScaler(), Ridge()).named_steps)
    ['standardscaler', 'ridge']
    """
    kinds = [s if isinstance(s, str) else type(s).__name__.lower() for s in steps]
    named = []
    for i, (kind, step) in enumerate(zip(kinds, steps, strict=True)):
        number = f"-{kinds[: i + 1].count(kind)}" if kinds.count(kind) > 1 else ""
        named.append((kind + number, step))
    return Pipeline(named)


# Names, positions, a slice, a mask, or a function of the table that returns these.
Columns = str | int | slice | Sequence[Any] | NDArray[Any] | Callable[[Any], Any]


class ColumnTransformer(TransformerMixin, _Composition):
    """Give each group of columns its own transformer, and put the results together.

    Parameters
    ----------
    transformers : list of (str, transformer, columns)
        Names, transformers ("drop" and "passthrough" included) and columns: names or
        positions, a slice, a mask, or a function of the table that returns these. A
        single name or position hands over the column alone, one-dimensional.
    remainder : {"drop", "passthrough"} or transformer
        What becomes of columns that no transformer takes. They come last.
    verbose_feature_names_out : bool
        Whether the names of output columns begin with that of their transformer.

    Attributes
    ----------
    transformers_ : list of (str, transformer, positions)
        The fitted transformers, which are copies, with the positions of their columns.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    The result is sparse if that of any transformer is. O(n d) besides the transformers.

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> from ml_from_scratch.preprocessing import OneHotEncoder, StandardScaler
    >>> flights = pd.DataFrame({"hour": [6.0, 8.0], "carrier": ["AA", "UA"]})
    >>> prepare = ColumnTransformer([
    ...     ("numbers", StandardScaler(), ["hour"]),
    ...     ("words", OneHotEncoder(), ["carrier"]),
    ... ])
    >>> prepare.fit_transform(flights).tolist()
    [[-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> prepare.get_feature_names_out().tolist()
    ['numbers__hour', 'words__carrier_AA', 'words__carrier_UA']
    """

    def __init__(
        self,
        transformers: list[tuple[str, Any, Columns]],
        *,
        remainder: Any = "drop",
        verbose_feature_names_out: bool = True,
    ) -> None:
        self.transformers = transformers
        self.remainder = remainder
        self.verbose_feature_names_out = verbose_feature_names_out

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit a copy of each transformer to its columns.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from.
        y : array-like of shape (n,), optional
            Targets.

        Returns
        -------
        ColumnTransformer
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse.
        ValueError
            If a column that is asked for is not there, or if names are not as they must
            be.
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit a copy of each transformer and return the rows transformed.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from.
        y : array-like of shape (n,), optional
            Targets.
        **fit_params
            None: there so that pipelines may pass none.

        Returns
        -------
        array or sparse matrix of shape (n, k)
            What the transformers make of their columns, side by side.
        """
        del fit_params
        parts = self._parts()
        if not parts or len(parts) != len(self.transformers):
            raise ValueError(
                "transformers must be a list of names, transformers and columns, at "
                f"least one, got {self.transformers!r}."
            )
        self._check_names()
        table = table_of(self, X, fitting=True)
        fitted, blocks = [], []
        for name, part, positions in self._assigned(table):
            copy = part if isinstance(part, str) else clone(part)
            if copy != "drop" and np.size(positions):
                blocks.append(_fit_transformed(copy, _selected(table, positions), y))
            fitted.append((name, copy, positions))
        self.transformers_ = fitted
        return _side_by_side(blocks, len(table))

    def _assigned(self, table: Any) -> list[tuple[str, Any, Any]]:
        """Return name, transformer and positions, the remainder's at the end."""
        assigned = [(n, t, _positions(c, table)) for n, t, c in self.transformers]
        taken = [np.atleast_1d(positions) for _, _, positions in assigned]
        used = np.concatenate([np.empty(0, dtype=np.intp), *taken])
        left = np.setdiff1d(np.arange(table.shape[1]), used)
        return [*assigned, ("remainder", self.remainder, left)]

    def transform(self, X: Any) -> Any:
        """Return what the fitted transformers make of their columns.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array or sparse matrix of shape (n, k)
            The blocks of the transformers, side by side.
        """
        check_is_fitted(self, "transformers_")
        table = table_of(self, X, fitting=False)
        blocks = [
            _block(part if _passes(part) else part.transform(chosen), chosen)
            for _, part, chosen in self._in_use(table)
        ]
        return _side_by_side(blocks, len(table))

    def _in_use(self, table: Any) -> list[tuple[str, Any, Any]]:
        """Return name, fitted transformer and its part of the table."""
        return [
            (name, part, _selected(table, positions))
            for name, part, positions in self.transformers_
            if not (isinstance(part, str) and part == "drop") and np.size(positions)
        ]

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features : array-like of shape (d,), optional
            Names of the input; by default those seen by ``fit``, or x0, x1 and so on.

        Returns
        -------
        numpy.ndarray of shape (k,)
            Names from the transformers, with theirs and "__" before them.
        """
        check_is_fitted(self, "transformers_")
        table = feature_names(self, input_features)[None, :]
        names = []
        for name, part, chosen in self._in_use(table):
            inner = np.atleast_1d(chosen.squeeze(axis=0))
            made = inner if _passes(part) else part.get_feature_names_out(inner)
            lead = f"{name}__" if self.verbose_feature_names_out else ""
            names += [f"{lead}{each}" for each in made]
        return np.asarray(names, dtype=object)

    @property
    def named_transformers_(self) -> dict[str, Any]:
        """The fitted transformers by name."""
        check_is_fitted(self, "transformers_")
        return {name: part for name, part, _ in self.transformers_}

    def _parts(self) -> list[tuple[str, Any]]:
        return _named(self.transformers, 3)

    def _replace(self, name: str, part: Any) -> None:
        self.transformers = [
            (n, part if n == name else old, columns)
            for n, old, columns in self.transformers
        ]


def _positions(columns: Any, table: pd.DataFrame | NDArray[Any]) -> Any:
    """Return positions for what may name columns; one alone stays one alone."""
    if callable(columns):
        columns = columns(table)
    if isinstance(columns, slice):
        return np.arange(table.shape[1])[columns]
    if isinstance(columns, str | int | np.integer):
        return int(_positions([columns], table)[0])
    wanted = list(columns)
    if wanted and all(isinstance(each, bool | np.bool_) for each in wanted):
        if len(wanted) != table.shape[1]:
            raise ValueError(
                f"A mask of {len(wanted)} entries was given for {table.shape[1]} "
                "columns."
            )
        return np.flatnonzero(wanted)
    return np.array([_position(each, table) for each in wanted], dtype=np.intp)


def _position(column: Any, table: pd.DataFrame | NDArray[Any]) -> int:
    if isinstance(column, str):
        names = list(table.columns) if isinstance(table, pd.DataFrame) else []
        if column not in names:
            raise ValueError(f"There is no column {column!r}; there are {names}.")
        return [str(name) for name in names].index(column)
    d = table.shape[1]
    if not -d <= column < d:
        raise ValueError(f"There is no column {column}: X has {d} feature(s).")
    return int(column % d)


def _selected(table: pd.DataFrame | NDArray[Any], positions: Any) -> Any:
    if isinstance(table, pd.DataFrame):
        return table.iloc[:, positions]
    return table[:, positions]


def _fit_transformed(part: Any, chosen: Any, y: Any) -> Any:
    return _block(part if _passes(part) else part.fit_transform(chosen, y), chosen)


def _block(made: Any, chosen: Any) -> Any:
    """Return what a transformer made, or for "passthrough" what it was given."""
    if isinstance(made, str):
        made = chosen
    if hasattr(made, "tocsr"):
        return made
    block = np.asarray(made)
    return block[:, None] if block.ndim == 1 else block


def _side_by_side(blocks: list[Any], n_rows: int) -> Any:
    if not blocks:
        return np.empty((n_rows, 0))
    if any(hasattr(block, "tocsr") for block in blocks):
        return sparse.csr_array(sparse.hstack(blocks, format="csr"))
    return np.hstack(blocks)
