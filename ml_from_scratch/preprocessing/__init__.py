"""Preparing tables for models: scaling, imputing, encoding, and all of it as one.

Every transformer learns from training rows in ``fit`` and only applies in
``transform``; `composing` makes them one estimator, so that cross-validation learns
them anew from each training part. `resampling` has what imbalance calls for.

What makes them fast: categories are hashed and only the distinct ones are sorted, and
everything else is a few passes over whole columns.
"""

from ml_from_scratch.preprocessing.composing import (
    ColumnTransformer,
    Pipeline,
    make_pipeline,
)
from ml_from_scratch.preprocessing.encoding import OneHotEncoder, OrdinalEncoder
from ml_from_scratch.preprocessing.expanding import (
    KBinsDiscretizer,
    PolynomialFeatures,
)
from ml_from_scratch.preprocessing.imputing import KNNImputer, SimpleImputer
from ml_from_scratch.preprocessing.resampling import (
    random_oversample,
    random_undersample,
    smote,
)
from ml_from_scratch.preprocessing.scaling import (
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from ml_from_scratch.preprocessing.target import TargetEncoder

__all__ = [
    "ColumnTransformer",
    "KBinsDiscretizer",
    "KNNImputer",
    "MinMaxScaler",
    "OneHotEncoder",
    "OrdinalEncoder",
    "Pipeline",
    "PolynomialFeatures",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
    "make_pipeline",
    "random_oversample",
    "random_undersample",
    "smote",
]
