"""Forecasts of a series from its own past, tested as they would be used.

Every forecaster has two methods, ``fit(y)`` and ``forecast(horizon)``. None takes
another table of features, so they are no scikit-learn estimators: `make_lags` turns a
series into a table for those.
"""

from ml_from_scratch.forecast.autoregression import AutoRegression, Lagged, make_lags
from ml_from_scratch.forecast.backtest import BacktestResult, backtest, rolling_origin
from ml_from_scratch.forecast.baselines import (
    DriftForecast,
    MeanForecast,
    SeasonalNaive,
)
from ml_from_scratch.forecast.conformal import (
    AdaptiveIntervals,
    PredictionIntervals,
    adaptive_conformal,
    conformal_quantile,
    conformal_quantile_regression,
    split_conformal,
)
from ml_from_scratch.forecast.errors import (
    interval_coverage,
    interval_width,
    mase,
    smape,
    winkler_score,
)
from ml_from_scratch.forecast.series import check_series
from ml_from_scratch.forecast.smoothing import (
    Holt,
    HoltWinters,
    InitialState,
    SimpleExpSmoothing,
    Smoothing,
)

__all__ = [
    "AdaptiveIntervals",
    "AutoRegression",
    "BacktestResult",
    "DriftForecast",
    "Holt",
    "HoltWinters",
    "InitialState",
    "Lagged",
    "MeanForecast",
    "PredictionIntervals",
    "SeasonalNaive",
    "SimpleExpSmoothing",
    "Smoothing",
    "adaptive_conformal",
    "backtest",
    "check_series",
    "conformal_quantile",
    "conformal_quantile_regression",
    "interval_coverage",
    "interval_width",
    "make_lags",
    "mase",
    "rolling_origin",
    "smape",
    "split_conformal",
    "winkler_score",
]
