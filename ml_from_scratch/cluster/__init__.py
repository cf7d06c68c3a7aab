"""Clustering: find groups that nobody has named.

- `kmeans`: round groups, by their means.
- `gap`: how many of them.
- `density`: groups of any shape, where rows lie densely, with noise between them.
- `hierarchy`: a tree of groups within groups.
- `spectral`: groups of any shape, where a graph of likenesses is thin between them.
"""

from ml_from_scratch.cluster.density import DBSCAN
from ml_from_scratch.cluster.gap import Gap, gap_statistic
from ml_from_scratch.cluster.hierarchy import (
    AgglomerativeClustering,
    cut_tree,
    linkage,
)
from ml_from_scratch.cluster.kmeans import (
    Clustering,
    KMeans,
    kmeans_plusplus,
    lloyd,
    nearest_center,
)
from ml_from_scratch.cluster.spectral import SpectralClustering, spectral_embedding

__all__ = [
    "DBSCAN",
    "AgglomerativeClustering",
    "Clustering",
    "Gap",
    "KMeans",
    "SpectralClustering",
    "cut_tree",
    "gap_statistic",
    "kmeans_plusplus",
    "linkage",
    "lloyd",
    "nearest_center",
    "spectral_embedding",
]
