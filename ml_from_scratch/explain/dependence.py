"""How a prediction moves with one column or two, the others left as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats
from ml_from_scratch.metrics.inputs import floats

Predict = Callable[[Floats], ArrayLike]


class PartialDependence(NamedTuple):
    """Curves of predictions over a grid.

    Parameters
    ----------
    average : numpy.ndarray of shape (g,) or (g1, g2)
        Mean prediction over the rows: partial dependence.
    individual : numpy.ndarray of shape (n, g) or (n, g1, g2)
        Prediction of each row: individual conditional expectation (ICE). Curves that
        cross are interactions, which the average hides.
    grid : list of numpy.ndarray
        The values of each column.

    Notes
    -----
    Taught in: features/importance.

    Examples
    --------
    >>> found = partial_dependence(lambda X: X[:, 0], [[1.0], [2.0]], [0])
    >>> found.average.tolist()
    [1.0, 2.0]
    """

    average: Floats
    individual: Floats
    grid: list[Floats]


def partial_dependence(
    predict: Predict,
    X: ArrayLike,
    features: Sequence[int],
    *,
    grid_resolution: int = 100,
    percentiles: tuple[float, float] = (0.05, 0.95),
) -> PartialDependence:
    """Set a column (or two) to each value of a grid in all rows, and predict.

    Parameters
    ----------
    predict : callable
        Takes rows (m, d) and returns a number each, such as ``model.predict``.
    X : array-like of shape (n, d)
        Rows to average over.
    features : sequence of int
        One or two columns.
    grid_resolution : int, default 100
        Values of the grid a column; a column with fewer values is taken at each of
        them.
    percentiles : tuple of two floats, default (0.05, 0.95)
        Shares of the rows where the grid starts and ends.

    Returns
    -------
    PartialDependence
        ``average``, ``individual`` and ``grid``.

    Raises
    ------
    ValueError
        If an input or a setting is not as described.

    Notes
    -----
    The other columns stay, also where the pair cannot occur: read the curve only where
    there are data.

    A prediction for n * g rows, in parts of one grid point.

    Taught in: features/importance.

    References
    ----------
    Friedman (2001), "Greedy function approximation: a gradient boosting machine",
    Annals of Statistics 29. Goldstein, Kapelner, Bleich and Pitkin (2015), "Peeking
    inside the black box: visualizing statistical learning with plots of individual
    conditional expectation", Journal of Computational and Graphical Statistics 24.

    Examples
    --------
    >>> X = [[0.0, 1.0], [1.0, 5.0], [2.0, 3.0]]
    >>> found = partial_dependence(lambda X: X[:, 0] * X[:, 1], X, [0])
    >>> found.grid[0].tolist(), found.average.tolist()
    ([0.0, 1.0, 2.0], [0.0, 3.0, 6.0])
    """
    rows = floats(X, "X", ndim=2)
    columns = _columns(features, rows.shape[1])
    grid = [_grid(rows[:, j], grid_resolution, percentiles) for j in columns]
    shape = tuple(len(values) for values in grid)
    individual = np.empty((len(rows), *shape))
    moved = rows.copy()
    for place in np.ndindex(shape):
        moved[:, columns] = [values[i] for values, i in zip(grid, place, strict=True)]
        individual[(slice(None), *place)] = floats(predict(moved), "predict(X)", ndim=1)
    return PartialDependence(individual.mean(axis=0), individual, grid)


def _columns(features: Sequence[int], d: int) -> list[int]:
    columns = [int(j) for j in features]
    if len(columns) not in (1, 2) or not all(0 <= j < d for j in columns):
        raise ValueError(
            f"features must be one or two columns from 0 to {d - 1}, got {features!r}."
        )
    return columns


def _grid(column: Floats, size: int, percentiles: tuple[float, float]) -> Floats:
    low, high = percentiles
    if not 0 <= low < high <= 1 or size < 2:
        raise ValueError(
            "Expected percentiles from 0 to 1, the lower first, and a grid_resolution "
            f"from 2, got {percentiles} and {size}."
        )
    values = np.unique(column)
    if len(values) <= size:
        return values
    first, last = np.quantile(column, [low, high]).tolist()
    return np.linspace(first, last, size)
