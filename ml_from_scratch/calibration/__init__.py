"""Probabilities that mean what they say, and the decisions that follow from them.

`reliability` measures whether events forecast with 30 % happen in 30 % of the cases,
`maps` holds the three maps from scores to probabilities (Platt, isotonic,
temperature), `classifier` puts one on top of a classifier, and `costs` turns
probabilities and a table of costs into thresholds.

The ideas that keep it fast: bins are counted with `bincount`, the isotonic fit pools
neighbours in one pass, and every threshold is tried in one sort.
"""

from ml_from_scratch.calibration.classifier import CalibratedClassifier
from ml_from_scratch.calibration.costs import (
    BestThreshold,
    best_threshold,
    cheapest_class,
    cost_threshold,
    expected_cost,
)
from ml_from_scratch.calibration.maps import (
    IsotonicRegression,
    PlattScaling,
    TemperatureScaling,
)
from ml_from_scratch.calibration.reliability import (
    CalibrationCurve,
    calibration_curve,
    calibration_error_floor,
    expected_calibration_error,
)

__all__ = [
    "BestThreshold",
    "CalibratedClassifier",
    "CalibrationCurve",
    "IsotonicRegression",
    "PlattScaling",
    "TemperatureScaling",
    "best_threshold",
    "calibration_curve",
    "calibration_error_floor",
    "cheapest_class",
    "cost_threshold",
    "expected_calibration_error",
    "expected_cost",
]
