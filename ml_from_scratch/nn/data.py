"""Batches: from rows that can be looked up to arrays that a network takes.

A loader shuffles row numbers, never rows, and a dataset that can fetch many rows at
once (`__getitems__`, PyTorch's name for it) is asked once a batch: one indexing
operation instead of one for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.nn.layers import check_sizes

__all__ = [
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
]

Rows: TypeAlias = NDArray[np.intp]


class Dataset(Protocol):
    """Anything with a length whose rows can be looked up by number.

    Parameters
    ----------
    *args, **kwargs
        Whatever an implementation takes.

    Notes
    -----
    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> class Squares:
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> [batch.tolist() for batch in DataLoader(Squares(), batch_size=2)]
    [[0, 1], [4]]
    """

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...


class TensorDataset:
    """Arrays of equal length, row by row.

    Parameters
    ----------
    *arrays : array_like of shape (n, ...)
        At least one.

    Notes
    -----
    A batch costs one indexing operation an array.

    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> pairs = TensorDataset([[1.0], [2.0]], [0, 1])
    >>> len(pairs), pairs[1]
    (2, (array([2.]), np.int64(1)))
    """

    def __init__(self, *arrays: ArrayLike) -> None:
        self.arrays = tuple(np.asarray(array) for array in arrays)
        lengths = [len(a) if a.ndim else None for a in self.arrays]
        if not lengths or None in lengths or len(set(lengths)) > 1:
            raise ValueError(f"expected arrays of one length, found {lengths}.")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(array[index] for array in self.arrays)

    def __getitems__(self, indices: Rows) -> tuple[NDArray[Any], ...]:
        """Return a whole batch."""
        return tuple(array[indices] for array in self.arrays)


class Subset:
    """Some rows of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The whole.
    indices : array_like of int
        Which rows, in which order.

    Notes
    -----
    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> list(Subset("abcd", [3, 0]))
    ['d', 'a']
    """

    def __init__(self, dataset: Dataset, indices: ArrayLike) -> None:
        rows = np.asarray(indices)
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise ValueError(f"indices must be one row of integers, found {indices!r}.")
        n = len(dataset)
        if rows.size and (rows.min() < 0 or rows.max() >= n):
            raise ValueError(
                f"indices must lie in 0 to {n - 1}, found {rows.min()} to {rows.max()}."
            )
        self.dataset, self.indices = dataset, rows.astype(np.intp)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]


def random_split(
    dataset: Dataset, lengths: Sequence[int], *, rng: np.random.Generator
) -> list[Subset]:
    """Deal the rows of a dataset out at random.

    Parameters
    ----------
    dataset : Dataset
        The whole.
    lengths : sequence of int
        How many rows each part gets; they add up to all.
    rng : numpy.random.Generator
        Shuffles.

    Returns
    -------
    list of Subset
        Without a row in common.

    Raises
    ------
    ValueError
        If the lengths do not add up.

    Notes
    -----
    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> parts = random_split("abcde", [3, 2], rng=np.random.default_rng(0))
    >>> sorted([*parts[0], *parts[1]])
    ['a', 'b', 'c', 'd', 'e']
    """
    if min(lengths, default=0) < 0 or sum(lengths) != len(dataset):
        raise ValueError(
            f"lengths must add up to {len(dataset)} rows, found {list(lengths)}."
        )
    order = rng.permutation(len(dataset))
    parts = np.split(order, np.cumsum(lengths)[:-1])
    return [Subset(dataset, part) for part in parts]


class DataLoader:
    """Go through a dataset in batches, once each time it is iterated over.

    Parameters
    ----------
    dataset : Dataset
        What to go through.
    batch_size : int
        Rows a batch; the last may have fewer.
    shuffle : bool
        Whether each pass has its own random order.
    drop_last : bool
        Leave out a last batch that is not full.
    collate_fn : callable, optional
        Makes a batch of a list of rows; by default `default_collate`.
    rng : numpy.random.Generator, optional
        Shuffles; needed only for that.

    Notes
    -----
    O(n) memory for the order, one batch at a time for the rest.

    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> rows = TensorDataset([10, 20, 30])
    >>> [batch.tolist() for (batch,) in DataLoader(rows, batch_size=2)]
    [[10, 20], [30]]
    >>> len(DataLoader(rows, batch_size=2, drop_last=True))
    1
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        check_sizes(batch_size=batch_size)
        if shuffle and rng is None:
            raise ValueError("shuffle needs an rng, such as np.random.default_rng(0).")
        self.dataset, self.batch_size = dataset, batch_size
        self.shuffle, self.drop_last = shuffle, drop_last
        self.collate_fn, self.rng = collate_fn, rng

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = np.arange(len(self.dataset))
        if self.shuffle and self.rng is not None:
            self.rng.shuffle(order)
        for batch in range(len(self)):
            start = batch * self.batch_size
            yield self._fetch(order[start : start + self.batch_size])

    def _fetch(self, rows: Rows) -> Any:
        if self.collate_fn is None and hasattr(self.dataset, "__getitems__"):
            return self.dataset.__getitems__(rows)
        collate = self.collate_fn or default_collate
        return collate([self.dataset[i] for i in rows.tolist()])


def default_collate(rows: Sequence[Any]) -> Any:
    """Stack rows of one kind into a batch.

    Parameters
    ----------
    rows : sequence
        Numbers, arrays, tensors, text, or tuples or dicts of these; all alike.

    Returns
    -------
    array, list, tuple or dict
        Numbers, arrays and tensors become one array with a new first axis, text a
        list; tuples and dicts keep their form.

    Raises
    ------
    ValueError
        If there is no row, or rows differ in shape, length or keys.

    Notes
    -----
    Taught in: deep-learning/training-loop.

    Examples
    --------
    >>> X, y = default_collate([(np.zeros(3), 0), (np.ones(3), 1)])
    >>> X.shape, y.tolist()
    ((2, 3), [0, 1])
    """
    if not rows:
        raise ValueError("a batch needs at least one row, found none.")
    first = rows[0]
    if isinstance(first, Mapping):
        _check_alike("keys", [sorted(row) for row in rows])
        return {key: default_collate([row[key] for row in rows]) for key in first}
    if isinstance(first, tuple | list):
        _check_alike("lengths", [len(row) for row in rows])
        return tuple(default_collate(field) for field in zip(*rows, strict=True))
    if isinstance(first, str | bytes):
        return list(rows)
    arrays = [row.data if isinstance(row, Tensor) else np.asarray(row) for row in rows]
    _check_alike("shapes", [array.shape for array in arrays])
    return np.stack(arrays)


def _check_alike(what: str, found: list[Any]) -> None:
    others = [each for each in found if each != found[0]]
    if others:
        raise ValueError(
            f"rows of a batch differ in their {what}: {found[0]} and {others[0]}."
        )
