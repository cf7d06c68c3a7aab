"""Neighbours: predict from the rows that are most alike.

- `search`: the nearest rows, exactly, at the speed of one matrix product.
- `models`: a classifier and a regressor that let those rows vote.
- `kdtree`: a tree that skips most rows where columns are few, and none where many.
- `lsh`: an index that finds most of the nearest, for vectors by the million.
"""

from ml_from_scratch.neighbors.kdtree import KDTree, TreeSearch
from ml_from_scratch.neighbors.lsh import HyperplaneIndex
from ml_from_scratch.neighbors.models import KNeighborsClassifier, KNeighborsRegressor
from ml_from_scratch.neighbors.search import (
    nearest_neighbors,
    pairwise_distances,
    radius_neighbors,
)

__all__ = [
    "HyperplaneIndex",
    "KDTree",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "TreeSearch",
    "nearest_neighbors",
    "pairwise_distances",
    "radius_neighbors",
]
