"""What a treatment did, from data in which nobody was assigned by lot.

If treatment and outcome have a common cause, their correlation is not the effect. When
all common causes were measured there are three ways to take them out: compare like
with like and average (standardisation), weight rows until the groups are alike
(inverse propensity), or both at once, which survives one of two models being wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.stats._checks import (
    Estimate,
    normal_estimate,
    same_length,
    sample,
)


def standardized_effect(
    outcome: ArrayLike,
    treated: ArrayLike,
    strata: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return the mean effect of a treatment, compared within strata.

    Within a stratum the groups differ by the treatment only. The differences are
    averaged with the shares of the strata among all rows, not with their shares among
    the treated: that is what turns Simpson's paradox the right way round.

    Parameters
    ----------
    outcome : array-like of shape (n,)
        Numbers.
    treated : array-like of shape (n,)
        1 or True where a row was treated.
    strata : array-like of shape (n,)
        Groups of rows that are alike in every common cause.
    confidence : float, default 0.95
        For the interval, given the shares of the strata.

    Returns
    -------
    Estimate
        Mean of the outcome had all been treated less its mean had none.

    Raises
    ------
    ValueError
        If the columns do not match, or a stratum has fewer than two treated or two
        untreated rows: there is nothing to compare, and no formula replaces it.

    Notes
    -----
    O(n log n). Taught in: mathematics/causality.

    References
    ----------
    Hernán and Robins (2020), Causal Inference: What If, section 2.3.

    Examples
    --------
    >>> outcome, treated = [1, 2, 5, 5, 3, 3, 6, 8], [0, 0, 1, 1, 0, 0, 1, 1]
    >>> strata = ["mild"] * 4 + ["grave"] * 4
    >>> standardized_effect(outcome, treated, strata).value
    3.75
    """
    y, t = _columns(outcome, treated)
    groups = np.asarray(strata)
    if groups.shape != y.shape:
        raise ValueError(f"strata has shape {groups.shape}; expected {y.shape}.")
    names, codes = np.unique(groups, return_inverse=True)
    cells = 2 * codes + t
    counts = np.bincount(cells, minlength=2 * len(names)).reshape(-1, 2)
    _refuse_thin(counts, names)
    sums = np.bincount(cells, weights=y, minlength=counts.size).reshape(-1, 2)
    means = sums / counts
    gaps = y - means[codes, t]
    squares = np.bincount(cells, weights=gaps**2, minlength=counts.size)
    variances = squares.reshape(-1, 2) / (counts - 1) / counts
    shares = counts.sum(axis=1) / len(y)
    effect = float(shares @ (means[:, 1] - means[:, 0]))
    error = float(np.sqrt(shares**2 @ variances.sum(axis=1)))
    return normal_estimate(effect, error, confidence)


def _refuse_thin(counts: Integers, names: NDArray[np.generic]) -> None:
    thin = counts.min(axis=1) < 2
    if thin.any():
        where = int(np.argmax(thin))
        raise ValueError(
            f"Stratum {names[where]!s} has {counts[where, 1]} treated and "
            f"{counts[where, 0]} untreated rows; expected 2 or more of each. Merge it "
            "with its like, or leave it out and say so."
        )


def inverse_propensity_effect(
    outcome: ArrayLike,
    treated: ArrayLike,
    propensity: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return the mean effect of a treatment, rows weighted until the groups are alike.

    A treated row that had a chance of one in five stands for five rows. Weights are
    normalised within each group (Hájek's form), so that adding a constant to all
    outcomes changes nothing.

    Parameters
    ----------
    outcome : array-like of shape (n,)
        Numbers.
    treated : array-like of shape (n,)
        1 or True where a row was treated.
    propensity : array-like of shape (n,)
        Probability of treatment given all common causes, above 0 and below 1.
    confidence : float, default 0.95
        For the interval, which takes the propensities as known.

    Returns
    -------
    Estimate
        Mean of the outcome had all been treated less its mean had none.

    Raises
    ------
    ValueError
        If the columns do not match, no row or every row was treated, or a propensity
        is 0, 1 or beyond.

    Notes
    -----
    O(n). Propensities near 0 or 1 make a few rows speak for all.

    Taught in: mathematics/causality.

    References
    ----------
    Lunceford and Davidian (2004), "Stratification and weighting via the propensity
    score in estimation of causal treatment effects", Statistics in Medicine 23(19).

    Examples
    --------
    >>> found = inverse_propensity_effect(
    ...     [1, 2, 5, 7], [0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5]
    ... )
    >>> found.value
    4.5
    """
    y, t = _columns(outcome, treated)
    e = _propensities(propensity, y)
    with_it, without = t / e, (1 - t) / (1 - e)
    mean_1 = float(with_it @ y / with_it.sum())
    mean_0 = float(without @ y / without.sum())
    n = len(y)
    influence = n * with_it / with_it.sum() * (y - mean_1)
    influence -= n * without / without.sum() * (y - mean_0)
    error = float(influence.std() / np.sqrt(n))
    return normal_estimate(mean_1 - mean_0, error, confidence)


def doubly_robust_effect(
    outcome: ArrayLike,
    treated: ArrayLike,
    propensity: ArrayLike,
    predicted_treated: ArrayLike,
    predicted_untreated: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return the mean effect of a treatment from two models, one of which may be wrong.

    A model of the outcome predicts both fates of every row; what it gets wrong is
    weighed by inverse propensity and added. The outcome's model right: nothing is
    left to weigh. The propensities right: the correction is right on average.

    Parameters
    ----------
    outcome : array-like of shape (n,)
        Numbers.
    treated : array-like of shape (n,)
        1 or True where a row was treated.
    propensity : array-like of shape (n,)
        Probability of treatment given all common causes, above 0 and below 1.
    predicted_treated, predicted_untreated : array-like of shape (n,)
        Outcome expected of each row with and without treatment. Have both models
        fitted on other rows (cross-fitting) if they are flexible.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        Mean of the outcome had all been treated less its mean had none.

    Raises
    ------
    ValueError
        As for `inverse_propensity_effect`.

    Notes
    -----
    O(n). Taught in: mathematics/causality.

    References
    ----------
    Robins, Rotnitzky and Zhao (1994), "Estimation of regression coefficients when some
    regressors are not always observed", Journal of the American Statistical
    Association 89. Chernozhukov et al. (2018), "Double/debiased machine learning for
    treatment and structural parameters", Econometrics Journal 21(1).

    Examples
    --------
    >>> found = doubly_robust_effect(
    ...     [1, 2, 5, 7], [0, 0, 1, 1], [0.5] * 4, [5, 5, 5, 7], [1, 2, 2, 2]
    ... )
    >>> found.value
    3.75
    """
    y, t = _columns(outcome, treated)
    e = _propensities(propensity, y)
    y_1 = sample(predicted_treated, "predicted_treated")
    y_0 = sample(predicted_untreated, "predicted_untreated")
    same_length(outcome=y, predicted_treated=y_1, predicted_untreated=y_0)
    effects = y_1 - y_0 + t / e * (y - y_1) - (1 - t) / (1 - e) * (y - y_0)
    error = float(effects.std(ddof=1) / np.sqrt(len(y)))
    return normal_estimate(float(effects.mean()), error, confidence)


def _columns(outcome: ArrayLike, treated: ArrayLike) -> tuple[Floats, Integers]:
    y, t = sample(outcome, "outcome", least=2), sample(treated, "treated", least=2)
    same_length(outcome=y, treated=t)
    if not np.isin(t, (0, 1)).all():
        wrong = t[~np.isin(t, (0, 1))][0]
        raise ValueError(f"treated holds {wrong:g}; expected 0 and 1.")
    if t.min() == t.max():
        raise ValueError(f"All rows have treated = {t[0]:g}; expected both groups.")
    return y, t.astype(np.intp)


def _propensities(propensity: ArrayLike, y: Floats) -> Floats:
    e = sample(propensity, "propensity")
    same_length(outcome=y, propensity=e)
    if not ((e > 0) & (e < 1)).all():
        raise ValueError(
            f"propensity goes from {e.min():g} to {e.max():g}; expected probabilities "
            "above 0 and below 1: rows that are always or never treated have no "
            "counterpart."
        )
    return e
