"""Model selection: honest splits, cross-validation, search, and floors to beat.

`splitting` numbers the fold of each row, `scoring` turns metrics into scores,
`validating` has the loop that fits and scores, `searching` tries hyperparameters with
it, and `dummies` are the models that do not look. Models of this library and of
scikit-learn are taken alike: all that is asked of them is ``fit``, ``predict`` and
``get_params``.

Time goes into fitting; what is added to it is a copy of each part's rows.
"""

from ml_from_scratch.model_selection.dummies import DummyClassifier, DummyRegressor
from ml_from_scratch.model_selection.scoring import Scorer, get_scorer, make_scorer
from ml_from_scratch.model_selection.searching import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from ml_from_scratch.model_selection.splitting import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
    take_rows,
    train_test_split,
)
from ml_from_scratch.model_selection.validating import (
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    nested_cross_val_score,
    validation_curve,
)

__all__ = [
    "DummyClassifier",
    "DummyRegressor",
    "GridSearchCV",
    "GroupKFold",
    "HalvingGridSearchCV",
    "KFold",
    "RandomizedSearchCV",
    "Scorer",
    "StratifiedKFold",
    "TimeSeriesSplit",
    "check_cv",
    "cross_val_predict",
    "cross_val_score",
    "cross_validate",
    "get_scorer",
    "learning_curve",
    "make_scorer",
    "nested_cross_val_score",
    "take_rows",
    "train_test_split",
    "validation_curve",
]
