"""Decision trees, exact and fast.

`models` holds the estimators, `growth` how a tree is grown (every feature is sorted
once, and all nodes of a level split at once), `targets` how splits of classes and of
numbers are judged, `structure` the finished tree and its pruning, `show` a tree in
words and the slow search that the fast one is measured against.

Taught in: classical/trees-and-forests.
"""

from ml_from_scratch.tree.models import DecisionTreeClassifier, DecisionTreeRegressor
from ml_from_scratch.tree.show import Split, best_split, export_text
from ml_from_scratch.tree.structure import PruningPath, Tree

__all__ = [
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "PruningPath",
    "Split",
    "Tree",
    "best_split",
    "export_text",
]
