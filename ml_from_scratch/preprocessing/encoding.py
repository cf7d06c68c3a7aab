"""Encoding: categories as numbers that a model can add up.

Each column's categories are sorted and numbered once, in ``fit``; a later row is looked
up. Looking up is hashing, so that neither step depends on how long the strings are or
how many categories there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    TransformerMixin,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.preprocessing.columns import (
    Categorical,
    OneToOne,
    check_width,
    columns_of,
    feature_names,
    learn_categories,
    look_up,
    refuse_missing,
    refuse_unseen,
)

Categories = Literal["auto"] | Sequence[ArrayLike]


class OneHotEncoder(Categorical, TransformerMixin, BaseEstimator):
    """Give each category a column of its own, 1 where the row has it and 0 elsewhere.

    Parameters
    ----------
    categories : "auto" or list of arrays
        The categories of each column, in the order wanted; "auto" learns them.
    drop : {"first", "if_binary"} or None
        Leave out each column's first category, or only that of columns with two. Needed
        where the columns must not add up to one, as in least squares.
    sparse_output : bool
        Whether ``transform`` gives a sparse matrix. scikit-learn's default is True;
        the models of this library take arrays.
    handle_unknown : {"error", "ignore", "infrequent_if_exist"}
        What ``transform`` does with a category that ``fit`` did not see: refuse it,
        make all its columns 0, or count it as an infrequent one.
    min_frequency : int or float, optional
        Categories with fewer rows (or a smaller share of them) are infrequent, and get
        one column together.
    max_categories : int, optional
        Most columns that one column may become. One of them is for the infrequent, so
        that at most max_categories - 1 categories keep their own.

    Attributes
    ----------
    categories_ : list of arrays
        The categories of each column, sorted.
    infrequent_categories_ : list of arrays or None
        The infrequent ones of each column.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    A missing value is refused; scikit-learn makes it a category of its own, which a
    `SimpleImputer` with a constant does in the open.

    O(n d) time; n times the number of output columns in memory, or O(n d) sparse.

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> encoder = OneHotEncoder(handle_unknown="ignore").fit([["fog"], ["rain"]])
    >>> encoder.transform([["rain"], ["hail"]]).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    >>> encoder.get_feature_names_out(["sky"]).tolist()
    ['sky_fog', 'sky_rain']
    """

    def __init__(
        self,
        *,
        categories: Categories = "auto",
        drop: Literal["first", "if_binary"] | None = None,
        sparse_output: bool = False,
        handle_unknown: Literal["error", "ignore", "infrequent_if_exist"] = "error",
        min_frequency: float | None = None,
        max_categories: int | None = None,
    ) -> None:
        self.categories = categories
        self.drop = drop
        self.sparse_output = sparse_output
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the categories of each column, and which output column each gets.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Columns of strings or of numbers, none missing.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        OneHotEncoder
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or a column mixes strings and numbers.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        self._check_settings()
        columns = columns_of(self, X, fitting=True)
        names = feature_names(self)
        learned = _learned(columns, names, self.categories, self.handle_unknown)
        self.categories_ = [categories for categories, _ in learned]
        self._rare = [self._infrequent(c, codes) for c, codes in learned]
        self._slots = [self._numbered(rare) for rare in self._rare]
        widths = [int(slots.max(initial=-1)) + 1 for slots in self._slots]
        self._edges = np.concatenate([[0], np.cumsum(widths)])
        return self

    def _check_settings(self) -> None:
        unknown = ("error", "ignore", "infrequent_if_exist")
        most, least = self.max_categories, self.min_frequency
        check_parameters(
            self,
            drop=(self.drop in (None, "first", "if_binary"), "first or if_binary"),
            handle_unknown=(self.handle_unknown in unknown, f"one of {unknown}"),
            max_categories=(most is None or most >= 1, "a whole number from 1"),
            min_frequency=(least is None or least > 0, "a number above 0"),
        )

    def _infrequent(
        self, categories: NDArray[Any], codes: Integers
    ) -> NDArray[np.bool_]:
        """Say of each category whether it is one of the infrequent."""
        counts = np.bincount(codes[codes >= 0], minlength=len(categories))
        rare = np.zeros(len(counts), dtype=bool)
        least = self.min_frequency
        if least is not None:
            rare = counts < (least if least >= 1 else least * len(codes))
        most = self.max_categories
        if most is not None and most < (~rare).sum() + 1:
            ascending = np.argsort(counts, kind="stable")
            rare[ascending[: len(counts) - (most - 1)]] = True
        return rare

    def _numbered(self, rare: NDArray[np.bool_]) -> Integers:
        """Return the output column of each category, and -1 for the one dropped."""
        slots = np.where(rare, (~rare).sum(), np.cumsum(~rare) - 1)
        width = slots.max() + 1
        if self.drop == "first" or (self.drop == "if_binary" and width == 2):
            slots -= 1
        return slots.astype(np.intp)

    def transform(self, X: Any) -> Any:
        """Return the rows as zeros and ones.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray or scipy.sparse.csr_array of shape (n, k)
            float64, the columns of each input column side by side.

        Raises
        ------
        ValueError
            If a value is missing, or unseen and `handle_unknown` is "error".
        """
        check_is_fitted(self, "categories_")
        columns = columns_of(self, X, fitting=False)
        names = feature_names(self)
        places = np.empty((len(columns[0]), len(columns)), dtype=np.intp)
        for j, (column, name) in enumerate(zip(columns, names, strict=True)):
            places[:, j] = self._places(column, j, name)
        ones = places >= 0
        places += self._edges[:-1]
        if self.sparse_output:
            return _sparse_ones(places, ones, int(self._edges[-1]))
        rows, _ = np.nonzero(ones)
        table = np.zeros((len(places), int(self._edges[-1])))
        table[rows, places[ones]] = 1.0
        return table

    def _places(self, column: NDArray[Any], j: int, name: str) -> Integers:
        """Return for each row the output column within its block, or -1 for none."""
        codes, unseen = look_up(self.categories_[j], column, name)
        if self.handle_unknown == "error":
            refuse_unseen(unseen, column, self.categories_[j], name)
        fallback = -1
        if self.handle_unknown == "infrequent_if_exist" and self._rare[j].any():
            fallback = int(self._slots[j][self._rare[j]][0])
        found: Integers = np.append(self._slots[j], fallback)[codes]
        return found

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Return the categories that rows of zeros and ones stand for.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, k)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            Categories, "infrequent" for those with a column together, and None where
            all columns are 0 and none was dropped.

        Raises
        ------
        ValueError
            If `X` has another number of columns than ``transform`` gives.
        """
        check_is_fitted(self, "categories_")
        dense = X.toarray() if hasattr(X, "toarray") else X
        table = check_width(dense, int(self._edges[-1]), "OneHotEncoder")
        back = np.empty((len(table), self.n_features_in_), dtype=object)
        for j, labels in enumerate(self._labels()):
            block = table[:, self._edges[j] : self._edges[j + 1]]
            back[:, j] = self._dropped(j)
            if block.shape[1]:
                hot = block.any(axis=1)
                best = np.asarray(labels, dtype=object)[block.argmax(axis=1)]
                back[hot, j] = best[hot]
        return back

    def _dropped(self, j: int) -> Any:
        """Return what zeros in all columns of a block stand for."""
        out = self._slots[j] < 0
        if not out.any():
            return None
        return "infrequent" if self._rare[j][out].any() else self.categories_[j][out][0]

    def _labels(self) -> list[list[Any]]:
        """Return what each output column stands for, block by block."""
        blocks = []
        for categories, slots, rare in zip(
            self.categories_, self._slots, self._rare, strict=True
        ):
            kept = [
                c
                for c, s, r in zip(categories, slots, rare, strict=True)
                if s >= 0 and not r
            ]
            tail = ["infrequent"] if (rare & (slots >= 0)).any() else []
            blocks.append(kept + tail)
        return blocks

    @property
    def infrequent_categories_(self) -> list[NDArray[Any] | None]:
        """The categories of each column that share one output column."""
        check_is_fitted(self, "categories_")
        pairs = zip(self.categories_, self._rare, strict=True)
        return [c[rare] if rare.any() else None for c, rare in pairs]

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
            Name of the column and category, joined by an underscore.
        """
        check_is_fitted(self, "categories_")
        names = feature_names(self, input_features)
        blocks = zip(names, self._labels(), strict=True)
        joined = [f"{name}_{label}" for name, labels in blocks for label in labels]
        return np.asarray(joined, dtype=object)

    n_features_in_: int


def _learned(
    columns: list[NDArray[Any]], names: NDArray[Any], given: Any, unknown: str
) -> list[tuple[NDArray[Any], Integers]]:
    """Return categories and codes of each column, learned or looked up in those given.

    Codes are -1 where a row's value is not among the given ones.
    """
    if isinstance(given, str) and given == "auto":
        return [learn_categories(c, n) for c, n in zip(columns, names, strict=True)]
    if isinstance(given, str) or len(given) != len(columns):
        raise ValueError(
            "categories must be 'auto' or a list with one array for each of the "
            f"{len(columns)} columns, got {given!r}."
        )
    found = []
    for column, name, listed in zip(columns, names, given, strict=True):
        categories = _one_array(listed)
        refuse_missing(column, name)
        codes, unseen = look_up(categories, column, name)
        if unknown == "error":
            refuse_unseen(unseen, column, categories, name)
        found.append((categories, codes))
    return found


def _one_array(listed: ArrayLike) -> NDArray[Any]:
    array = np.asarray(listed)
    array = array.astype(object) if array.dtype.kind == "U" else array
    if array.ndim != 1 or not len(array) or len(set(array.tolist())) < len(array):
        raise ValueError(
            f"categories must be lists without repetition, got {array.tolist()}."
        )
    return array


def _sparse_ones(places: Integers, ones: NDArray[np.bool_], width: int) -> Any:
    ends = np.concatenate([[0], np.cumsum(ones.sum(axis=1))])
    indices = places[ones]
    ones_there = np.ones(len(indices))
    return sparse.csr_array((ones_there, indices, ends), shape=(len(places), width))


class OrdinalEncoder(Categorical, OneToOne, TransformerMixin, BaseEstimator):
    """Give each category its number in the sorted order, or in an order given.

    Parameters
    ----------
    categories : "auto" or list of arrays
        The categories of each column, in the order wanted; "auto" sorts them.
    handle_unknown : {"error", "use_encoded_value"}
        What ``transform`` does with a category that ``fit`` did not see: refuse it, or
        give it `unknown_value`.
    unknown_value : float, optional
        The number of unseen categories, np.nan included; not one of the others'.

    Attributes
    ----------
    categories_ : list of arrays
        The categories of each column; their positions are their numbers.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Trees can take numbers in any order apart again; a linear model believes them.

    A missing value is refused. O(n d) time.

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> sizes = [["small", "medium", "large"]]
    >>> encoder = OrdinalEncoder(categories=sizes)
    >>> encoder.fit_transform([["large"], ["small"]]).tolist()
    [[2.0], [0.0]]
    """

    def __init__(
        self,
        *,
        categories: Categories = "auto",
        handle_unknown: Literal["error", "use_encoded_value"] = "error",
        unknown_value: float | None = None,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the categories of each column.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Columns of strings or of numbers, none missing.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        OrdinalEncoder
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or a column mixes strings and numbers.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        unknown, value = ("error", "use_encoded_value"), self.unknown_value
        needed = self.handle_unknown == "use_encoded_value"
        words = "a number if handle_unknown is 'use_encoded_value', and else None"
        check_parameters(
            self,
            handle_unknown=(self.handle_unknown in unknown, f"one of {unknown}"),
            unknown_value=((value is not None) == needed, words),
        )
        columns = columns_of(self, X, fitting=True)
        names = feature_names(self)
        learned = _learned(columns, names, self.categories, self.handle_unknown)
        self.categories_ = [categories for categories, _ in learned]
        most = max(map(len, self.categories_))
        clear = value is None or value not in range(most)
        check_parameters(self, unknown_value=(clear, f"outside 0 to {most - 1}"))
        return self

    def transform(self, X: Any) -> Floats:
        """Return the number of each row's category.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            float64.

        Raises
        ------
        ValueError
            If a value is missing, or unseen and `handle_unknown` is "error".
        """
        check_is_fitted(self, "categories_")
        columns = columns_of(self, X, fitting=False)
        numbers = np.empty((len(columns[0]), len(columns)))
        for j, name in enumerate(feature_names(self)):
            codes, unseen = look_up(self.categories_[j], columns[j], name)
            if self.handle_unknown == "error":
                refuse_unseen(unseen, columns[j], self.categories_[j], name)
            numbers[:, j] = codes
            numbers[unseen, j] = self.unknown_value
        return numbers

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return the categories that numbers stand for.

        Parameters
        ----------
        X : array-like of shape (n, d)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            Categories, and None for `unknown_value`.

        Raises
        ------
        ValueError
            If a number is no category's.
        """
        check_is_fitted(self, "categories_")
        numbers = check_width(X, self.n_features_in_, "OrdinalEncoder")
        back = np.full(numbers.shape, None, dtype=object)
        for j, categories in enumerate(self.categories_):
            known = np.isin(numbers[:, j], np.arange(len(categories)))
            if self.handle_unknown == "error" and not known.all():
                raise ValueError(
                    f"Column {j} holds {numbers[~known, j][0]}, but its categories "
                    f"have the numbers 0 to {len(categories) - 1}."
                )
            back[known, j] = categories[numbers[known, j].astype(np.intp)]
        return back

    n_features_in_: int
