"""Splitting rows into those to learn from and those to be judged by.

A split is honest if nothing that will be unknown in use is known in training: not the
row itself, not another row of the same group, not the future. Each splitter keeps one
of these promises. They number the fold of each row, all rows at once, and a split is
then a comparison.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    DataConversionWarning,
    Integers,
    check_labels,
    random_generator,
)

RandomState = int | np.random.Generator | np.random.RandomState | None
Split = tuple[Integers, Integers]


def take_rows(table: Any, rows: Integers) -> Any:
    """Return some rows of a table of any kind, in the order asked for.

    Parameters
    ----------
    table : array, data frame, series, sparse matrix, list or None
        What to take from.
    rows : array of shape (m,)
        Positions, which may repeat.

    Returns
    -------
    array, data frame, series, sparse matrix, list or None
        Of the same kind.

    Notes
    -----
    Taught in: classical/splits.

    Examples
    --------
    >>> take_rows(["a", "b", "c"], np.array([2, 0]))
    ['c', 'a']
    """
    if table is None:
        return None
    if hasattr(table, "iloc"):
        return table.iloc[rows]
    if hasattr(table, "tocsr"):
        return table.tocsr()[rows]
    if isinstance(table, list | tuple):
        return [table[row] for row in rows]
    return np.asarray(table)[rows]


def count_rows(*tables: Any) -> int:
    """Return how many rows tables have, or say that their numbers differ.

    Parameters
    ----------
    *tables
        Arrays, data frames, series, sparse matrices or lists; None is skipped.

    Returns
    -------
    int
        The number, at least 1.

    Raises
    ------
    ValueError
        If the numbers differ or there is no row.

    Notes
    -----
    Taught in: classical/splits.

    Examples
    --------
    >>> count_rows([[1], [2]], None, ["a", "b"])
    2
    """
    counts = [_height(table) for table in tables if table is not None]
    if len(set(counts)) != 1 or counts[0] == 0:
        raise ValueError(
            f"Found tables of {counts} rows; expected the same number, at least 1."
        )
    return counts[0]


def _height(table: Any) -> int:
    sized = table if hasattr(table, "shape") else np.asarray(table, dtype=object)
    if not sized.shape:
        raise TypeError(f"Expected a table or a list of rows, got {table!r}.")
    return int(sized.shape[0])


def as_vector(y: Any) -> Any:
    """Return targets as they are, but a column of them as a vector, with a warning.

    Parameters
    ----------
    y : array-like or None
        Targets.

    Returns
    -------
    array-like or None
        The same; of shape (n,) where it was (n, 1).

    Warns
    -----
    DataConversionWarning
        If it was.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> as_vector([1, 2])
    [1, 2]
    """
    shape: tuple[int, ...] = getattr(y, "shape", ())
    if len(shape) == 2 and shape[1] == 1:
        message = (
            "A column-vector y was passed when a 1d array was expected: it has shape "
            f"{shape}, and y.ravel() would give ({shape[0]},)."
        )
        warnings.warn(message, DataConversionWarning, stacklevel=3)
        return np.asarray(y).ravel()
    return y


def train_test_split(
    *arrays: Any,
    test_size: float | None = None,
    train_size: float | None = None,
    shuffle: bool = True,
    stratify: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    random_state: RandomState = None,
) -> list[Any]:
    """Split tables of the same rows into training and test rows.

    Parameters
    ----------
    *arrays
        Arrays, data frames, series, sparse matrices or lists, all of n rows.
    test_size : float or int, optional
        Share or number of test rows; by default what `train_size` leaves, or a quarter.
    train_size : float or int, optional
        Share or number of training rows; by default what `test_size` leaves.
    shuffle : bool
        Whether rows are drawn at random; if not, the last ones are the test.
    stratify : array-like of shape (n,), optional
        Labels whose shares both parts keep, to within one row a class.
    groups : array-like of shape (n,), optional
        Labels that may stand on one side only. Sizes then count groups, not rows.
    random_state : int, Generator, RandomState or None
        Draws the rows.

    Returns
    -------
    list
        Training part and test part of each table, in the order given.

    Raises
    ------
    ValueError
        If sizes leave a part empty or do not fit together, if tables differ in their
        number of rows, or if a class has one row only.

    Notes
    -----
    O(n). Taught in: classical/splits.

    Examples
    --------
    >>> X, y = np.arange(8).reshape(4, 2), ["late", "late", "ok", "ok"]
    >>> train, test, y_train, y_test = train_test_split(
    ...     X, y, test_size=0.5, stratify=y, random_state=0)
    >>> sorted(y_train), sorted(y_test)
    (['late', 'ok'], ['late', 'ok'])
    """
    if not arrays:
        raise ValueError("train_test_split needs at least one table, got none.")
    n = count_rows(*arrays, stratify, groups)
    if stratify is not None and (groups is not None or not shuffle):
        raise ValueError("stratify goes neither with groups nor without shuffle.")
    units = np.arange(n)
    if groups is not None:
        _, units = np.unique(_labels_of_groups(groups, n), return_inverse=True)
    sizes = _sizes(int(units.max()) + 1, test_size, train_size)
    rng = random_generator(random_state)
    if stratify is not None:
        train, test = _stratified(stratify, sizes, rng)
    else:
        order = rng.permutation(units.max() + 1) if shuffle else np.unique(units)
        end = len(order) if shuffle else sum(sizes)
        train, test = order[: sizes[0]], order[end - sizes[1] : end]
        if groups is not None:
            train, test = (
                np.flatnonzero(np.isin(units, part)) for part in (train, test)
            )
    return [take_rows(array, rows) for array in arrays for rows in (train, test)]


def _sizes(n: int, test: float | None, train: float | None) -> tuple[int, int]:
    """Return the numbers of training and test rows."""
    if test is None and train is None:
        test = 0.25
    if test is not None:
        n_test = _size(test, n, math.ceil, "test_size")
        n_train = n - n_test
        if train is not None:
            n_train = _size(train, n, math.floor, "train_size")
    elif train is not None:
        n_train = _size(train, n, math.floor, "train_size")
        n_test = n - n_train
    if n_train < 1 or n_test < 1 or n_train + n_test > n:
        raise ValueError(
            f"test_size={test} and train_size={train} make {n_test} test and {n_train} "
            f"training rows (or groups) of {n}: expected at least 1 each, and no more."
        )
    return n_train, n_test


def _size(size: float, n: int, rounded: Any, name: str) -> int:
    if isinstance(size, int | np.integer) and not isinstance(size, bool):
        return int(size)
    if not 0 < size < 1:
        raise ValueError(
            f"{name} must be a whole number of rows, or a share between 0 and 1, got "
            f"{size!r}."
        )
    return int(rounded(size * n))


def _stratified(
    labels: ArrayLike, sizes: tuple[int, int], rng: np.random.Generator
) -> Split:
    classes, codes = check_labels(labels, sum(np.shape(labels)))
    counts = np.bincount(codes)
    if counts.min() < 2 or min(sizes) < len(classes):
        raise ValueError(
            f"Every class needs a row on either side, but the {len(classes)} classes "
            f"have from {counts.min()} rows, for {sizes[0]} training and {sizes[1]} "
            "test rows."
        )
    n_test = _shares(counts, sizes[1], rng)
    n_train = _shares(counts - n_test, sizes[0], rng)
    train, test = [], []
    for code in range(len(classes)):
        members = rng.permutation(np.flatnonzero(codes == code))
        test.append(members[: n_test[code]])
        train.append(members[n_test[code] : n_test[code] + n_train[code]])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _shares(counts: Integers, total: int, rng: np.random.Generator) -> Integers:
    """Share a total out in proportion to counts, the largest remainders rounded up."""
    exact = counts * (total / counts.sum())
    shares: Integers = np.floor(exact).astype(np.intp)
    tie = rng.random(len(counts))
    first = np.lexsort((tie, -(exact - shares)))
    shares[first[: total - shares.sum()]] += 1
    return shares


class _Splitter(BaseEstimator):
    """Folds of rows; each is the test once. A subclass numbers the fold of each row."""

    n_splits: int

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[Split]:
        """Yield the positions of training and test rows, a pair for each fold.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows; only their number matters.
        y : array-like of shape (n,), optional
            Labels, for splitters that use them.
        groups : array-like of shape (n,), optional
            Groups, for splitters that use them.

        Yields
        ------
        train : numpy.ndarray of shape (m,)
            Positions of training rows, rising.
        test : numpy.ndarray of shape (n - m,)
            Positions of test rows, rising.

        Raises
        ------
        ValueError
            If there are fewer rows (or groups) than folds.
        """
        n = count_rows(X, y, groups)
        _check_n_splits(self.n_splits, n, "sample(s)")
        folds = self._folds(n, y, groups)
        for fold in range(self.n_splits):
            yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)

    def _folds(self, n: int, y: ArrayLike | None, groups: ArrayLike | None) -> Integers:
        raise NotImplementedError

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X : ignored
            There so that all splitters can be asked alike.
        y : ignored
            There so that all splitters can be asked alike.
        groups : ignored
            There so that all splitters can be asked alike.

        Returns
        -------
        int
            How many pairs ``split`` yields.
        """
        del X, y, groups
        return self.n_splits


def _check_n_splits(n_splits: Any, n: int, what: str) -> None:
    if not isinstance(n_splits, int | np.integer) or n_splits < 2:
        raise ValueError(f"n_splits must be a whole number from 2, got {n_splits!r}.")
    if n_splits > n:
        raise ValueError(f"n_splits={n_splits} folds cannot be made of {n} {what}.")


class KFold(_Splitter):
    """Cut the rows into k parts of the same size; each is the test once.

    Parameters
    ----------
    n_splits : int
        Number of parts.
    shuffle : bool
        Whether rows are dealt at random; if not, each part is a run of rows.
    random_state : int, Generator, RandomState or None
        Deals them.

    Notes
    -----
    O(n) a split. Taught in: classical/cross-validation.

    References
    ----------
    Stone (1974), "Cross-validatory choice and assessment of statistical predictions",
    Journal of the Royal Statistical Society B 36.

    Examples
    --------
    >>> [test.tolist() for _, test in KFold(3).split(np.zeros((7, 1)))]
    [[0, 1, 2], [3, 4], [5, 6]]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def _folds(self, n: int, y: ArrayLike | None, groups: ArrayLike | None) -> Integers:
        del y, groups
        order = np.arange(n)
        if self.shuffle:
            order = random_generator(self.random_state).permutation(n)
        folds = np.empty(n, dtype=np.intp)
        for fold, part in enumerate(np.array_split(order, self.n_splits)):
            folds[part] = fold
        return folds


class StratifiedKFold(_Splitter):
    """Cut the rows into k parts that have the same shares of the classes.

    Parameters
    ----------
    n_splits : int
        Number of parts.
    shuffle : bool
        Whether the rows of a class are dealt at random; if not, in their order.
    random_state : int, Generator, RandomState or None
        Deals them.

    Notes
    -----
    The labels, sorted, are dealt out like cards, so that no part has more than one row
    of a class more than another, nor one row in total.

    O(n log n). Taught in: classical/cross-validation.

    References
    ----------
    Kohavi (1995), "A study of cross-validation and bootstrap for accuracy estimation
    and model selection", IJCAI.

    Examples
    --------
    >>> y = ["late", "ok", "ok", "ok", "late", "ok"]
    >>> [test.tolist() for _, test in StratifiedKFold(2).split(y, y)]
    [[0, 1, 2], [3, 4, 5]]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def _folds(self, n: int, y: ArrayLike | None, groups: ArrayLike | None) -> Integers:
        del groups
        codes = _codes_by_appearance(y, n)
        self._check_counts(np.bincount(codes))
        order = np.arange(n)
        if self.shuffle:
            order = random_generator(self.random_state).permutation(n)
        order = order[np.argsort(codes[order], kind="stable")]  # class after class
        cards = np.arange(n) % self.n_splits
        # Sorted, a class's cards rise; class and card make one number to sort by.
        cards = np.sort(codes[order] * self.n_splits + cards) % self.n_splits
        folds = np.empty(n, dtype=np.intp)
        folds[order] = cards
        return folds

    def _check_counts(self, counts: Integers) -> None:
        if self.n_splits > counts.max():
            raise ValueError(
                f"n_splits={self.n_splits} is more than the rows of every class: the "
                f"largest has {counts.max()}."
            )
        if self.n_splits > counts.min():
            message = (
                f"The smallest class has {counts.min()} rows, fewer than the "
                f"n_splits={self.n_splits} folds: some folds have none of it."
            )
            warnings.warn(message, UserWarning, stacklevel=4)


def _codes_by_appearance(y: ArrayLike | None, n: int) -> Integers:
    """Return class codes, numbered in the order in which classes first appear."""
    classes, codes = check_labels(y, n)
    first = np.empty(len(classes), dtype=np.intp)
    first[codes[::-1]] = np.arange(n)[::-1]  # of several writes the last one stays
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[codes]


class GroupKFold(_Splitter):
    """Cut the rows into k parts so that no group stands in two of them.

    Parameters
    ----------
    n_splits : int
        Number of parts.

    Notes
    -----
    The largest group goes first, each to the part with the fewest rows so far, which
    keeps the parts of about the same size.

    O(n log n). Taught in: classical/cross-validation.

    Examples
    --------
    >>> patient = ["a", "a", "a", "b", "b", "c"]
    >>> [test.tolist() for _, test in GroupKFold(2).split(patient, groups=patient)]
    [[0, 1, 2], [3, 4, 5]]
    """

    def __init__(self, n_splits: int = 5) -> None:
        self.n_splits = n_splits

    def _folds(self, n: int, y: ArrayLike | None, groups: ArrayLike | None) -> Integers:
        del y
        names, codes = np.unique(_labels_of_groups(groups, n), return_inverse=True)
        _check_n_splits(self.n_splits, len(names), "groups")
        counts = np.bincount(codes)
        load = np.zeros(self.n_splits, dtype=np.intp)
        fold_of = np.empty(len(names), dtype=np.intp)
        for group in np.argsort(counts, kind="stable")[::-1]:
            fold_of[group] = lightest = load.argmin()
            load[lightest] += counts[group]
        return fold_of[codes]


def _labels_of_groups(groups: ArrayLike | None, n: int) -> NDArray[Any]:
    if groups is None:
        raise ValueError("This splitter needs groups, one label a row, but got None.")
    labels = np.asarray(groups)
    missing = labels != labels if labels.dtype.kind in "Of" else np.zeros(n, dtype=bool)
    if labels.shape != (n,) or np.any(missing) or any(g is None for g in labels):
        raise ValueError(
            f"groups must be {n} labels, none missing, got shape {labels.shape}."
        )
    return labels


class TimeSeriesSplit(_Splitter):
    """Test on runs of rows at the end, each time training on what came before.

    Parameters
    ----------
    n_splits : int
        Number of tests.
    max_train_size : int, optional
        Most training rows; the oldest are left out.
    test_size : int, optional
        Rows of each test; by default n // (n_splits + 1).
    gap : int
        Rows left out between training and test, where labels of the last rows would not
        be known yet.

    Notes
    -----
    Rows must be in the order of time. Rows before the first test are never tested.

    O(n) a split. Taught in: classical/cross-validation.

    References
    ----------
    Tashman (2000), "Out-of-sample tests of forecasting accuracy: an analysis and
    review", International Journal of Forecasting 16.

    Examples
    --------
    >>> for train, test in TimeSeriesSplit(2, gap=1).split(np.zeros((6, 1))):
    ...     print(train, test)
    [0] [2 3]
    [0 1 2] [4 5]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        max_train_size: int | None = None,
        test_size: int | None = None,
        gap: int = 0,
    ) -> None:
        self.n_splits = n_splits
        self.max_train_size = max_train_size
        self.test_size = test_size
        self.gap = gap

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[Split]:
        """Yield the positions of training and test rows, the earliest test first.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows in the order of time; only their number matters.
        y : ignored
            There so that all splitters can be called alike.
        groups : ignored
            There so that all splitters can be called alike.

        Yields
        ------
        train : numpy.ndarray of shape (m,)
            Positions of training rows, rising.
        test : numpy.ndarray of shape (test_size,)
            Positions of test rows, rising, all after those.

        Raises
        ------
        ValueError
            If a hyperparameter is not as described, or if the rows do not suffice.
        """
        n = count_rows(X, y, groups)
        _check_n_splits(self.n_splits, n - 1, "rows before the last")
        size = n // (self.n_splits + 1) if self.test_size is None else self.test_size
        self._check_room(n, size)
        rows = np.arange(n)
        for start in range(n - self.n_splits * size, n, size):
            end = start - self.gap
            first = 0
            if self.max_train_size is not None:
                first = max(0, end - self.max_train_size)
            yield rows[first:end], rows[start : start + size]

    def _check_room(self, n: int, size: int) -> None:
        most = self.max_train_size
        if size < 1 or self.gap < 0 or (most is not None and most < 1):
            raise ValueError(
                "test_size and max_train_size must be whole numbers from 1 and gap one "
                f"from 0, got {self.test_size}, {most} and {self.gap}."
            )
        if n - self.gap - size * self.n_splits <= 0:
            raise ValueError(
                f"{self.n_splits} tests of {size} rows and a gap of {self.gap} leave "
                f"nothing of {n} rows to train on."
            )


class _Listed(BaseEstimator):
    """Splits that somebody made already."""

    def __init__(self, splits: list[Split]) -> None:
        self.splits = splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Split]:
        """Yield them."""
        del X, y, groups
        yield from self.splits

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return how many there are."""
        del X, y, groups
        return len(self.splits)


def check_cv(cv: Any = 5, *, classifier: bool = False) -> Any:
    """Return a splitter for what may stand for one.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, test) or None
        A number of folds, a splitter of this library or of scikit-learn, or the splits
        themselves. None is 5.
    classifier : bool
        Whether folds of a number keep the shares of the classes.

    Returns
    -------
    splitter
        Something with ``split`` and ``get_n_splits``.

    Raises
    ------
    ValueError
        If `cv` is none of these.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> check_cv(3, classifier=True)
    StratifiedKFold(n_splits=3)
    """
    cv = 5 if cv is None else cv
    if isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        return StratifiedKFold(int(cv)) if classifier else KFold(int(cv))
    if hasattr(cv, "split") and not isinstance(cv, str):
        return cv
    if isinstance(cv, Iterable) and not isinstance(cv, str):
        return _Listed([(np.asarray(a), np.asarray(b)) for a, b in cv])
    raise ValueError(
        "cv must be a number of folds, a splitter or an iterable of splits, got "
        f"{cv!r}."
    )
