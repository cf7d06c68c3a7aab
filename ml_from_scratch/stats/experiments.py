"""What an A/B test found: lifts, ratios, less noise, and whether it was a fair split.

The delta method carries most of this: a smooth function of means is nearly linear
where the means are known well, so its variance is that of a sum over users.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ml_from_scratch.base import Floats
from ml_from_scratch.stats._checks import (
    Difference,
    Estimate,
    normal_estimate,
    normal_test,
    same_length,
    sample,
    table,
)
from ml_from_scratch.stats.inference import welch_error, welch_test


class ABTest(NamedTuple):
    """What an A/B test on one metric found.

    Parameters
    ----------
    control, treatment
        The means of the two groups.
    difference
        Treatment less control, with interval and Welch's p-value.
    lift
        The same relative to control, with its own interval.

    Notes
    -----
    Taught in: mlops/ab-testing.

    Examples
    --------
    >>> ab_test([4.0, 5.0, 6.0], [5.0, 6.0, 7.0]).treatment
    6.0
    """

    control: float
    treatment: float
    difference: Difference
    lift: Estimate


def ab_test(
    control: ArrayLike, treatment: ArrayLike, *, confidence: float = 0.95
) -> ABTest:
    """Compare a metric between the two groups of an experiment.

    Parameters
    ----------
    control, treatment : array-like of shapes (n,) and (m,)
        One value a user: the unit that was assigned, not its clicks or sessions.
    confidence : float, default 0.95
        For both intervals.

    Returns
    -------
    ABTest
        Means, difference and relative lift.

    Raises
    ------
    ValueError
        As for `welch_test` and `relative_lift`.

    Notes
    -----
    O(n + m). Taught in: mlops/ab-testing.

    References
    ----------
    Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 17.

    Examples
    --------
    >>> found = ab_test([9.0, 10.0, 11.0, 10.0], [11.0, 12.0, 13.0, 12.0])
    >>> found.difference.difference, found.lift.value
    (2.0, 0.2)
    """
    x, y = sample(control, "control", least=2), sample(treatment, "treatment", least=2)
    return ABTest(
        float(x.mean()),
        float(y.mean()),
        welch_test(x, y, confidence=confidence),
        relative_lift(x, y, confidence=confidence),
    )


def relative_lift(
    control: ArrayLike, treatment: ArrayLike, *, confidence: float = 0.95
) -> Estimate:
    """Return by what share the treatment's mean lies above the control's.

    Control is in the denominator and known with error too; the delta method counts
    both: Var(lift) = Var(mean_t) / mean_c^2 + mean_t^2 Var(mean_c) / mean_c^4.

    Parameters
    ----------
    control, treatment : array-like of shapes (n,) and (m,)
        One value a user; the mean of `control` must not be 0.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        The lift (0.1 for ten percent more), its standard error and interval.

    Raises
    ------
    ValueError
        If a group has fewer than two values, some are not finite, or the mean of
        `control` is within two standard errors of 0: a ratio to it means nothing.

    Notes
    -----
    O(n + m). Taught in: mlops/ab-testing.

    References
    ----------
    Deng, Knoblich and Lu (2018), "Applying the delta method in metric analytics: a
    practical guide with novel ideas", KDD, section 2.

    Examples
    --------
    >>> round(relative_lift([9.0, 10.0, 11.0], [11.0, 12.0, 13.0]).low, 3)
    0.023
    """
    x, y = sample(control, "control", least=2), sample(treatment, "treatment", least=2)
    mean_x, mean_y = float(x.mean()), float(y.mean())
    error_x, error_y = (float(g.std(ddof=1) / np.sqrt(len(g))) for g in (x, y))
    if abs(mean_x) <= 2 * error_x:
        raise ValueError(
            f"The mean of control is {mean_x:g} with a standard error of {error_x:g}; "
            "expected a mean well away from 0, or a lift means nothing."
        )
    lift = (mean_y - mean_x) / mean_x
    error = np.hypot(error_y, mean_y / mean_x * error_x) / abs(mean_x)
    return normal_estimate(lift, float(error), confidence)


def ratio_metric(
    numerator: ArrayLike, denominator: ArrayLike, *, confidence: float = 0.95
) -> Estimate:
    """Return a ratio of sums, such as clicks per view, with the users' variance.

    Users were assigned, views were not, and the views of one user are alike; so the
    variance is taken over users: that of numerator - ratio * denominator.

    Parameters
    ----------
    numerator, denominator : array-like of shape (n,)
        The two sums of each user, such as clicks and views; n at least 2.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        The ratio, its standard error by the delta method, and the interval.

    Raises
    ------
    ValueError
        If the columns differ in length, values are not finite, or the denominator
        has a negative value or none above 0.

    Notes
    -----
    O(n). Taught in: mlops/ab-testing.

    References
    ----------
    Deng, Knoblich and Lu (2018), as for `relative_lift`, section 3.

    Examples
    --------
    >>> clicks, views = [1, 0, 2, 1], [10, 10, 10, 10]
    >>> found = ratio_metric(clicks, views)
    >>> found.value, round(found.standard_error, 4)
    (0.1, 0.0408)
    """
    top = sample(numerator, "numerator", least=2)
    bottom = sample(denominator, "denominator", least=2)
    same_length(numerator=top, denominator=bottom)
    if bottom.min() < 0 or not bottom.any():
        raise ValueError(
            f"The denominator's smallest value is {bottom.min():g} and its sum "
            f"{bottom.sum():g}; expected none below 0 and a sum above 0."
        )
    ratio = float(top.sum() / bottom.sum())
    residuals = (top - ratio * bottom) / bottom.mean()  # they sum to 0
    error = float(residuals.std(ddof=1) / np.sqrt(len(top)))
    return normal_estimate(ratio, error, confidence)


def ratio_test(
    control: tuple[ArrayLike, ArrayLike],
    treatment: tuple[ArrayLike, ArrayLike],
    *,
    confidence: float = 0.95,
) -> Difference:
    """Test whether a ratio metric differs between two groups.

    Parameters
    ----------
    control, treatment : pair of array-like of shape (n,)
        Numerators and denominators of each user, as `ratio_metric` takes them.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Difference
        The treatment's ratio less the control's, with interval, z statistic and
        p-value.

    Raises
    ------
    ValueError
        As for `ratio_metric`, or if no group varies.

    Notes
    -----
    O(n + m). Taught in: mlops/ab-testing.

    References
    ----------
    Deng, Knoblich and Lu (2018), as for `relative_lift`, section 3.

    Examples
    --------
    >>> found = ratio_test(([1, 0, 2], [9, 8, 9]), ([3, 2, 4], [9, 9, 8]))
    >>> round(found.difference, 3)
    0.231
    """
    x, y = ratio_metric(*control), ratio_metric(*treatment)
    error = float(np.hypot(x.standard_error, y.standard_error))
    if error == 0:
        raise ValueError("Every user has the same ratio; expected some spread.")
    return normal_test(y.value - x.value, error, confidence)


class CupedResult(NamedTuple):
    """What an A/B test found once the noise known beforehand was taken out.

    Parameters
    ----------
    difference
        Treatment less control, with interval and p-value.
    theta
        By how much the metric moves with each covariate, shape (k,).
    variance_reduction
        Share of the variance of the plain difference that is gone.

    Notes
    -----
    Taught in: mlops/ab-testing.

    Examples
    --------
    >>> found = cuped([1.0, 2.1, 3.0], [2.0, 3.0, 4.1], [1, 2, 3], [1, 2, 3])
    >>> found.theta.round(3)
    array([1.025])
    """

    difference: Difference
    theta: Floats
    variance_reduction: float


def cuped(
    control: ArrayLike,
    treatment: ArrayLike,
    control_before: ArrayLike,
    treatment_before: ArrayLike,
    *,
    confidence: float = 0.95,
) -> CupedResult:
    """Compare two groups after taking out what was known before the experiment.

    The metric less theta times the covariate has the same difference of means on
    average, since the covariate's means differ only by chance, and less variance. The
    theta that leaves least is the slope of a regression within the groups.

    Parameters
    ----------
    control, treatment : array-like of shapes (n,) and (m,)
        The metric, one value a user.
    control_before, treatment_before : array-like of shapes (n,) or (n, k), and (m, ...)
        Covariates of the same users from before the experiment: what the treatment
        can change must not be among them.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    CupedResult
        The adjusted difference, theta, and how much variance it saved.

    Raises
    ------
    ValueError
        If the shapes do not match, there are too few users, values are not finite, or
        the metric does not vary once it is adjusted.

    Notes
    -----
    O((n + m) k^2). The difference is exactly the coefficient of the treatment in a
    least-squares regression on treatment and covariates. Among collinear covariates
    theta is shared out: it is the shortest solution.

    Taught in: mlops/ab-testing.

    References
    ----------
    Deng, Xu, Kohavi and Walker (2013), "Improving the sensitivity of online controlled
    experiments by utilizing pre-experiment data", WSDM.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = rng.normal(size=(2, 500))
    >>> x, y = before + rng.normal(scale=0.5, size=(2, 500)) + [[0.0], [0.1]]
    >>> round(cuped(x, y, *before).variance_reduction, 1)
    0.8
    """
    x, y = sample(control, "control", least=2), sample(treatment, "treatment", least=2)
    before_x = table(control_before, "control_before")
    before_y = table(treatment_before, "treatment_before")
    same_length(control=x, control_before=before_x)
    same_length(treatment=y, treatment_before=before_y)
    if before_x.shape[1] != before_y.shape[1]:
        raise ValueError(
            f"control_before has {before_x.shape[1]} columns and treatment_before "
            f"{before_y.shape[1]}; expected the same covariates."
        )
    theta = _slope_within(x, y, before_x, before_y)
    adjusted_x, adjusted_y = x - before_x @ theta, y - before_y @ theta
    plain, _ = welch_error(x, y)
    left, _ = welch_error(adjusted_x, adjusted_y)
    saved = 1 - (left / plain) ** 2 if plain > 0 else 0.0
    found = welch_test(adjusted_x, adjusted_y, confidence=confidence)
    return CupedResult(found, theta, float(saved))


def _slope_within(x: Floats, y: Floats, before_x: Floats, before_y: Floats) -> Floats:
    """Regress the metric on the covariates, both less the means of their group."""
    covariates = np.vstack([before_x - before_x.mean(0), before_y - before_y.mean(0)])
    metric = np.concatenate([x - x.mean(), y - y.mean()])
    return np.asarray(np.linalg.lstsq(covariates, metric, rcond=None)[0])


class ShareTest(NamedTuple):
    """Whether counts fit the shares that were planned.

    Parameters
    ----------
    statistic
        Chi-squared: the squared gaps in units of their variance.
    p_value
        How often chance alone leaves gaps as large.

    Notes
    -----
    Taught in: mlops/ab-testing.

    Examples
    --------
    >>> sample_ratio_mismatch([50, 50]).statistic
    0.0
    """

    statistic: float
    p_value: float


def sample_ratio_mismatch(
    counts: ArrayLike, shares: ArrayLike | None = None
) -> ShareTest:
    """Test whether users were split as planned; if not, trust nothing else.

    Parameters
    ----------
    counts : array-like of shape (k,)
        Users in each group, k at least 2.
    shares : array-like of shape (k,), optional
        The planned split, above 0 and summing to 1; even by default.

    Returns
    -------
    ShareTest
        Chi-squared statistic and p-value. An alarm at 0.001 or below is usual: the
        test is run on every experiment.

    Raises
    ------
    ValueError
        If counts are no whole numbers, all are 0, or shares do not sum to 1.

    Notes
    -----
    O(k). Expect at least 5 users in each group.

    Taught in: mlops/ab-testing.

    References
    ----------
    Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled
    experiments", KDD.

    Examples
    --------
    >>> round(sample_ratio_mismatch([50_500, 49_500]).p_value, 4)
    0.0016
    """
    observed = sample(counts, "counts", least=2)
    if observed.min() < 0 or (observed % 1).any() or not observed.any():
        raise ValueError(f"counts is {counts!r}; expected whole numbers, not all 0.")
    k = len(observed)
    planned = np.full(k, 1 / k) if shares is None else sample(shares, "shares")
    same_length(counts=observed, shares=planned)
    if planned.min() <= 0 or abs(planned.sum() - 1) > 1e-9:
        raise ValueError(
            f"shares is {shares!r}; expected shares above 0 that sum to 1."
        )
    expected = observed.sum() * planned
    statistic = float(np.sum((observed - expected) ** 2 / expected))
    return ShareTest(statistic, float(special.chdtrc(k - 1, statistic)))
