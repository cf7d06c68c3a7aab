"""Do events happen as often as they were forecast? Bins, gaps, and their noise."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.metrics.inputs import floats, plain_labels, same_length

Strategy = Literal["uniform", "quantile"]


class CalibrationCurve(NamedTuple):
    """What happened and what was forecast, bin by bin; empty bins are left out.

    Parameters
    ----------
    prob_true : numpy.ndarray of shape (b,)
        Share of the rows of each bin where the event happened.
    prob_pred : numpy.ndarray of shape (b,)
        Mean forecast of the rows of each bin.
    counts : numpy.ndarray of shape (b,)
        Rows of each bin: a point of few rows is mostly noise.

    Notes
    -----
    Taught in: classical/calibration-and-thresholds.

    Examples
    --------
    >>> calibration_curve([0, 1], [0.1, 0.9]).counts.tolist()
    [1, 1]
    """

    prob_true: Floats
    prob_pred: Floats
    counts: Integers


def calibration_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    n_bins: int = 5,
    strategy: Strategy = "uniform",
) -> CalibrationCurve:
    """Compare the share of events with their forecast, bin by bin.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of at most two classes.
    y_prob : array-like of shape (n,)
        Forecast probability of `pos_label`.
    pos_label : label, optional
        The event; by default the greater of two labels, or 1.
    n_bins : int, default 5
        Bins to divide 0 to 1 into.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of about equally many rows.

    Returns
    -------
    CalibrationCurve
        ``prob_true``, ``prob_pred`` and ``counts``, one entry a bin that has rows.
        scikit-learn returns the first two; without the counts nobody can tell how
        much of a gap is noise.

    Raises
    ------
    ValueError
        If there are more than two classes, a forecast is no probability, or a setting
        is not as described.

    Notes
    -----
    O(n log n). A forecast on an edge belongs to the bin below it.

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    DeGroot and Fienberg (1983), "The comparison and evaluation of forecasters", The
    Statistician 32.

    Examples
    --------
    >>> happened = [0, 0, 0, 1, 1, 1]
    >>> curve = calibration_curve(happened, [0.1, 0.2, 0.3, 0.2, 0.8, 0.9], n_bins=2)
    >>> curve.prob_true.tolist(), curve.prob_pred.round(2).tolist()
    ([0.25, 1.0], [0.2, 0.85])
    """
    happened, forecast = _events(y_true, y_prob, pos_label)
    bins = _bins(forecast, n_bins, strategy)
    counts = np.bincount(bins, minlength=n_bins)
    used = counts > 0
    true = np.bincount(bins, happened, n_bins)[used] / counts[used]
    predicted = np.bincount(bins, forecast, n_bins)[used] / counts[used]
    return CalibrationCurve(true, predicted, counts[used])


def expected_calibration_error(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Any = None,
    n_bins: int = 10,
    strategy: Strategy = "uniform",
) -> float:
    """Return the mean gap between forecast and event over the bins (ECE).

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of at most two classes.
    y_prob : array-like of shape (n,)
        Forecast probability of `pos_label`.
    pos_label : label, optional
        The event; by default the greater of two labels, or 1.
    n_bins : int, default 10
        Bins to divide 0 to 1 into.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of about equally many rows.

    Returns
    -------
    float
        Between 0 and 1; bins count by their rows.

    Raises
    ------
    ValueError
        As for `calibration_curve`.

    Notes
    -----
    Biased both ways. Too low, because opposite gaps within a bin cancel: with one bin
    always saying the base rate is perfect. Too high, because the gap of a bin is taken
    in absolute value, so that noise does not cancel: a perfect forecaster does not
    earn 0 but about `calibration_error_floor`, which grows with the number of bins.

    O(n log n). Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities
    using Bayesian binning", AAAI. Kumar, Liang and Ma (2019), "Verified uncertainty
    calibration", Advances in Neural Information Processing Systems 32.

    Examples
    --------
    >>> round(expected_calibration_error([0, 1, 1, 1], [0.2, 0.6, 0.6, 0.9]), 3)
    0.275
    """
    true, predicted, counts = calibration_curve(
        y_true, y_prob, pos_label=pos_label, n_bins=n_bins, strategy=strategy
    )
    return float(np.average(np.abs(true - predicted), weights=counts))


def calibration_error_floor(
    y_prob: ArrayLike, *, n_bins: int = 10, strategy: Strategy = "uniform"
) -> float:
    """Return the calibration error that these forecasts would show if all were true.

    Parameters
    ----------
    y_prob : array-like of shape (n,)
        Forecast probabilities.
    n_bins : int, default 10
        Bins to divide 0 to 1 into.
    strategy : {"uniform", "quantile"}, default "uniform"
        Bins of equal width, or of about equally many rows.

    Returns
    -------
    float
        About the mean `expected_calibration_error` of outcomes drawn with exactly
        these probabilities. An error near it is no sign of bad calibration.

    Raises
    ------
    ValueError
        As for `calibration_curve`.

    Notes
    -----
    The gap of a bin has mean zero and variance sum(p (1 - p)) / rows^2; as a normal
    variable it is sqrt(2 / pi) standard deviations from zero on average.

    O(n log n). Taught in: classical/calibration-and-thresholds.

    Examples
    --------
    >>> round(calibration_error_floor([0.5] * 100), 3)
    0.04
    """
    forecast = _probabilities(y_prob)
    bins = _bins(forecast, n_bins, strategy)
    variance = np.bincount(bins, forecast * (1 - forecast), n_bins)  # of the sums
    return float(np.sqrt(2 / np.pi) * np.sqrt(variance).sum() / len(forecast))


def _bins(forecast: Floats, n_bins: int, strategy: Strategy) -> Integers:
    """Return the bin of each forecast: edge below < forecast <= edge above."""
    if not (isinstance(n_bins, int | np.integer) and n_bins >= 1):
        raise ValueError(f"n_bins must be a whole number from 1, got {n_bins!r}.")
    if strategy not in ("uniform", "quantile"):
        raise ValueError(f"strategy must be 'uniform' or 'quantile', got {strategy!r}.")
    edges = np.linspace(0, 1, n_bins + 1)
    if strategy == "quantile":
        edges = np.quantile(forecast, edges)
    return np.searchsorted(edges[1:-1], forecast)


def _probabilities(y_prob: ArrayLike) -> Floats:
    forecast = floats(y_prob, "y_prob", ndim=1)
    if forecast.min() < 0 or forecast.max() > 1:
        raise ValueError(
            "Probabilities must lie between 0 and 1, but y_prob runs from "
            f"{forecast.min()} to {forecast.max()}: calibrate scores first."
        )
    return forecast


def _events(
    y_true: ArrayLike, y_prob: ArrayLike, pos_label: Any
) -> tuple[NDArray[np.bool_], Floats]:
    true, _ = same_length(y_true, y_prob)
    true = plain_labels(true, "y_true")
    classes = np.unique(true).tolist()
    if len(classes) > 2:
        raise ValueError(f"Expected two classes, but y_true has {len(classes)}.")
    if pos_label is None:
        only_zeros = classes[-1] in (0, -1) and len(classes) == 1
        pos_label = 1 if only_zeros else classes[-1]
    elif len(classes) == 2 and pos_label not in classes:
        raise ValueError(f"pos_label is {pos_label!r}, which is not among {classes}.")
    return np.asarray(true == pos_label), _probabilities(y_prob)
