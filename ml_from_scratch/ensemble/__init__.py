"""Ensembles: many models that err less together than each alone.

`forest` and `bagging` average models that differ by chance, `adaboost`, `boosting` and
`histogram` add models that each mend what the last left wrong, `combine` joins models
of different kinds. `losses` says what boosters walk down, `binned` how their fast form
grows trees, `draws` how rows are drawn.

Taught in: classical/trees-and-forests, classical/boosting, classical/ensembles.
"""

from ml_from_scratch.ensemble.adaboost import AdaBoostClassifier
from ml_from_scratch.ensemble.bagging import BaggingClassifier, BaggingRegressor
from ml_from_scratch.ensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from ml_from_scratch.ensemble.combine import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from ml_from_scratch.ensemble.forest import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from ml_from_scratch.ensemble.histogram import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

__all__ = [
    "AdaBoostClassifier",
    "BaggingClassifier",
    "BaggingRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "StackingClassifier",
    "StackingRegressor",
    "VotingClassifier",
    "VotingRegressor",
]
