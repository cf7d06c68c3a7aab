"""Fewer columns: directions, factors and maps.

- `pca`: the directions of largest variance.
- `svd`: the first singular vectors, by repetition and by chance; of sparse tables too.
- `kernel`: maps from products and from distances.
- `tsne`: a map on which neighbours are neighbours.
"""

from ml_from_scratch.decomposition.kernel import KernelPCA, classical_mds
from ml_from_scratch.decomposition.pca import PCA
from ml_from_scratch.decomposition.svd import (
    PowerIteration,
    TruncatedSVD,
    power_iteration,
    randomized_svd,
)
from ml_from_scratch.decomposition.tsne import (
    TSNE,
    joint_probabilities,
    kl_and_gradient,
)

__all__ = [
    "PCA",
    "TSNE",
    "KernelPCA",
    "PowerIteration",
    "TruncatedSVD",
    "classical_mds",
    "joint_probabilities",
    "kl_and_gradient",
    "power_iteration",
    "randomized_svd",
]
