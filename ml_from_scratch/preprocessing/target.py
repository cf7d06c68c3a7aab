"""Target encoding: a category as the mean of the target over its rows.

A row's own target is in the mean of its category. Encode the training rows with it and
the model sees the answer, most clearly in rare categories. So ``fit_transform``, which
is what a pipeline calls on training rows, encodes each fold with the means of the other
folds; ``fit`` then ``transform``, which is for new rows, uses them all.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    TransformerMixin,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_targets,
)
from ml_from_scratch.model_selection.splitting import KFold, StratifiedKFold
from ml_from_scratch.preprocessing.columns import (
    Categorical,
    columns_of,
    feature_names,
    learn_categories,
    look_up,
)


class TargetEncoder(Categorical, TransformerMixin, BaseEstimator):
    """Replace each category by its mean target, shrunk towards the mean of all.

    Parameters
    ----------
    target_type : {"auto", "continuous", "binary", "multiclass"}
        What the target is. "auto" takes floats with fractions as continuous, and
        everything else as classes, of which two are binary.
    smooth : "auto" or float
        How many rows' worth of the overall mean each category is mixed with. "auto"
        mixes in more where a category's targets vary much within it, by an empirical
        Bayes estimate.
    cv : int or splitter
        Folds of ``fit_transform``: their number, or what makes them.
    shuffle : bool
        Whether folds of a number are drawn at random.
    random_state : int, Generator, RandomState or None
        Draws them.

    Attributes
    ----------
    categories_ : list of arrays
        The categories of each column, sorted.
    encodings_ : list of arrays
        Their encodings; for k > 2 classes k arrays a column, one a class.
    target_mean_ : float or array of shape (k,)
        Mean of the target, which unseen categories get.
    classes_ : array of shape (k,) or None
        The classes, sorted, unless the target is continuous.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    ``fit(X, y).transform(X)`` is not ``fit_transform(X, y)``: the first leaks.

    A missing value is refused. O(cv n d) time.

    Taught in: classical/encoding-and-pipelines.

    References
    ----------
    Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical
    attributes in classification and prediction problems", ACM SIGKDD Explorations 3.

    Examples
    --------
    >>> carrier = [["AA"], ["AA"], ["UA"], ["UA"]]
    >>> delay = [10.5, 20.5, 30.5, 40.5]
    >>> encoder = TargetEncoder(smooth=0.0, cv=2, shuffle=False)
    >>> encoder.fit(carrier, delay).transform([["AA"], ["UA"], ["B6"]]).ravel().tolist()
    [15.5, 35.5, 25.5]
    >>> cross = [["AA"], ["UA"], ["AA"], ["UA"]]
    >>> encoder.fit_transform(cross, delay).ravel().tolist()  # of the other fold
    [30.5, 40.5, 10.5, 20.5]
    """

    def __init__(
        self,
        *,
        target_type: Literal["auto", "continuous", "binary", "multiclass"] = "auto",
        smooth: Literal["auto"] | float = "auto",
        cv: Any = 5,
        shuffle: bool = True,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.target_type = target_type
        self.smooth = smooth
        self.cv = cv
        self.shuffle = shuffle
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Learn the encoding of each category from all rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Columns of strings or of numbers, none missing.
        y : array-like of shape (n,)
            Targets.

        Returns
        -------
        TargetEncoder
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or a column mixes strings and numbers.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._learn(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Floats:
        """Learn from all rows, and encode each fold of them by the others.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Columns of strings or of numbers, none missing.
        y : array-like of shape (n,)
            Targets.
        **fit_params
            None: there so that pipelines may pass none.

        Returns
        -------
        numpy.ndarray of shape (n, d) or (n, d * k)
            Encodings to train on.
        """
        del fit_params
        codes, targets = self._learn(X, y)
        found = np.full((len(codes), codes.shape[1] * targets.shape[1]), np.nan)
        for train, test in self._splitter().split(codes, y):
            mean = targets[train].mean(axis=0)
            encodings = self._encodings(codes[train], targets[train], mean)
            found[test] = _encoded(codes[test], encodings, mean)
        if np.isnan(found).any():
            raise ValueError(f"cv={self.cv!r} must test every row, but left some out.")
        return found

    def _splitter(self) -> Any:
        if hasattr(self.cv, "split"):
            return self.cv
        kind: Any = KFold if self.classes_ is None else StratifiedKFold
        state = self.random_state if self.shuffle else None
        return kind(self.cv, shuffle=self.shuffle, random_state=state)

    def _learn(self, X: Any, y: Any) -> tuple[Integers, Floats]:
        """Set what is learned; return the codes (n, d) and targets (n, 1 or k)."""
        self._check_settings()
        columns = columns_of(self, X, fitting=True)
        targets = self._targets(y, len(columns[0]))
        names = feature_names(self)
        learned = [learn_categories(c, n) for c, n in zip(columns, names, strict=True)]
        self.categories_ = [categories for categories, _ in learned]
        codes = np.column_stack([codes for _, codes in learned])
        mean = targets.mean(axis=0)
        self._mean, self._tables = mean, self._encodings(codes, targets, mean)
        self.target_mean_ = float(mean[0]) if len(mean) == 1 else mean
        self.encodings_ = [column for table in self._tables for column in table.T]
        return codes, targets

    def _check_settings(self) -> None:
        types = ("auto", "continuous", "binary", "multiclass")
        smooth = self.smooth
        fine = smooth == "auto" if isinstance(smooth, str) else 0 <= smooth < np.inf
        check_parameters(
            self,
            target_type=(self.target_type in types, f"one of {types}"),
            smooth=(fine, "'auto' or a number of at least 0"),
            cv=(
                hasattr(self.cv, "split") or self.cv >= 2,
                "a number from 2 or a splitter",
            ),
        )

    def _targets(self, y: Any, n_rows: int) -> Floats:
        """Return the target, or a column of zeros and ones for each class."""
        wanted = self.target_type
        if wanted == "continuous" or (wanted == "auto" and _has_fractions(y)):
            self.classes_ = None
            return check_targets(y, n_rows)[:, None]
        self.classes_, codes = check_labels(y, n_rows)
        k = len(self.classes_)
        if wanted == "binary" and k > 2:
            raise ValueError(f"target_type is 'binary', but y has {k} classes.")
        if k <= 2 and wanted != "multiclass":
            return codes[:, None].astype(np.float64)
        return np.eye(k)[codes]

    def _encodings(
        self, codes: Integers, targets: Floats, mean: Floats
    ) -> list[Floats]:
        """Return for each column a table (categories, targets) of shrunk means."""
        spread = targets.var(axis=0)
        return [
            self._shrunk(column, len(categories), targets, mean, spread)
            for column, categories in zip(codes.T, self.categories_, strict=True)
        ]

    def _shrunk(
        self, codes: Integers, k: int, targets: Floats, mean: Floats, spread: Floats
    ) -> Floats:
        counts = np.bincount(codes, minlength=k)[:, None].astype(float)
        rows = np.maximum(counts, 1.0)
        means = _sums(codes, k, targets) / rows
        if self.smooth == "auto":
            within = _sums(codes, k, (targets - means[codes]) ** 2) / rows
            total = spread * counts + within
            share = spread * counts / np.where(total > 0, total, 1.0)
        else:
            total = counts + float(self.smooth)
            share = counts / np.where(total > 0, total, 1.0)
        shrunk: Floats = share * means + (1.0 - share) * mean
        return shrunk

    def transform(self, X: Any) -> Floats:
        """Return the encodings learned from all rows; for rows not trained on.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``. An unseen category gets the mean target.

        Returns
        -------
        numpy.ndarray of shape (n, d) or (n, d * k)
            One column for each of `X`; one a class for more than two classes.
        """
        check_is_fitted(self, "encodings_")
        columns = columns_of(self, X, fitting=False)
        names = feature_names(self)
        triples = zip(self.categories_, columns, names, strict=True)
        codes = np.column_stack([look_up(*triple)[0] for triple in triples])
        return _encoded(codes, self._tables, self._mean)

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
            The same names, with the class behind where there are more than two.
        """
        check_is_fitted(self, "encodings_")
        names = feature_names(self, input_features)
        if self.classes_ is None or len(self._mean) == 1:
            return names
        joined = [f"{name}_{label}" for name in names for label in self.classes_]
        return np.asarray(joined, dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a transformer that needs a target."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _encoded(codes: Integers, tables: list[Floats], mean: Floats) -> Floats:
    """Look the codes up; -1, an unseen category, finds the mean at the end."""
    blocks = [
        np.vstack([table, mean])[column]
        for column, table in zip(codes.T, tables, strict=True)
    ]
    return np.hstack(blocks)


def _sums(codes: Integers, k: int, values: Floats) -> Floats:
    """Return the sums of each column of values over the rows of each code, (k, m)."""
    return np.column_stack([np.bincount(codes, column, k) for column in values.T])


def _has_fractions(y: Any) -> bool:
    values = np.asarray(y)
    return values.dtype.kind == "f" and bool((values != np.floor(values)).any())
