"""Watch the desk: have its inputs moved, and how good were its answers?

Two reports, for two clocks. `drift_report` compares inputs (or scores) at once, with
no label. `performance_report` waits until the labels of a window have come in.
Neither takes an action: what to do on an alarm stands in the runbook.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

__all__ = ["drift_report", "performance_report"]

REPORT_COLUMNS = ["column", "kind", "statistic", "value", "p_value", "alarm"]


def drift_report(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    columns: list[str] | None = None,
    alpha: float = 0.01,
    min_size: float = 0.1,
) -> pd.DataFrame:
    """Compare two samples column by column and say which columns moved.

    Each value is a share of rows between 0 and 1, so that one limit fits all kinds:
    numbers are compared by the Kolmogorov-Smirnov distance, categories by the total
    variation distance, and missing values by the difference of their shares (one
    more line for each column in which either sample has any).

    An alarm needs both: a p-value that survives Benjamini-Hochberg over all lines at
    `alpha`, and a value of at least `min_size`. With thousands of rows the p-value
    alone would alarm on differences that nobody cares about; with few rows the size
    alone would alarm on noise.

    Parameters
    ----------
    reference : DataFrame of shape (n, d)
        Rows that stand for "as usual": in most cases the training rows.
    current : DataFrame of shape (m, d)
        Rows of the window that is watched.
    columns : list of str, optional
        Columns to compare. By default all of them, and both frames must then have
        the same ones.
    alpha : float, default 0.01
        Share of false discoveries to accept among the lines of one report.
    min_size : float, default 0.1
        Smallest distance worth waking somebody, as a share of rows.

    Returns
    -------
    DataFrame
        One line per comparison: ``column``, ``kind`` (numeric, categorical or
        missing), ``statistic`` (ks, total_variation or missing_share), ``value``,
        ``p_value`` (before the correction) and ``alarm``. Where one side has no
        value at all, value and p-value are NaN and the missing line tells.

    Raises
    ------
    ValueError
        If a frame is empty, columns do not match, or a limit is not between 0 and 1.
    TypeError
        If a column is neither numeric nor categorical, or changes its kind.

    Notes
    -----
    KS p-values are asymptotic (SciPy's ``method="asymp"``); categories that are
    expected fewer than five times are pooled for the chi-square p-value only.

    Examples
    --------
    >>> import pandas as pd
    >>> january = pd.DataFrame({"temp": range(30, 50), "origin": ["EWR", "JFK"] * 10})
    >>> july = pd.DataFrame({"temp": range(70, 90), "origin": ["EWR", "JFK"] * 10})
    >>> drift_report(january, july)[["column", "statistic", "value", "alarm"]]
       column        statistic  value  alarm
    0    temp               ks    1.0   True
    1  origin  total_variation    0.0  False
    """
    for name, limit in (("alpha", alpha), ("min_size", min_size)):
        if not 0 <= limit <= 1:
            raise ValueError(f"{name} is {limit}: expected a number from 0 to 1")
    lines: list[dict[str, Any]] = []
    for column in _shared_columns(reference, current, columns):
        lines += _compare(column, reference[column], current[column])
    report = pd.DataFrame(lines, columns=REPORT_COLUMNS[:-1])
    significant = _adjusted(report["p_value"].to_numpy()) <= alpha
    report["alarm"] = significant & (report["value"] >= min_size).to_numpy()
    return report


def _shared_columns(
    reference: pd.DataFrame, current: pd.DataFrame, columns: list[str] | None
) -> list[str]:
    for name, frame in (("reference", reference), ("current", current)):
        if frame.empty:
            raise ValueError(f"{name} has shape {frame.shape}: expected rows")
    wanted = list(reference.columns) if columns is None else list(columns)
    for name, frame in (("reference", reference), ("current", current)):
        absent = [column for column in wanted if column not in frame]
        if absent:
            raise ValueError(f"{name} lacks the columns {absent}")
    extra = [column for column in current if column not in wanted]
    if columns is None and extra:
        raise ValueError(f"current has columns that reference lacks: {extra}")
    return wanted


def _compare(column: str, before: pd.Series, now: pd.Series) -> list[dict[str, Any]]:
    kind = _kind(column, before, now)
    measure = _ks if kind == "numeric" else _total_variation
    found = measure(before.dropna(), now.dropna())
    lines = [_line(column, kind, *found)]
    if before.isna().any() or now.isna().any():
        lines.append(_line(column, "missing", *_missing_share(before, now)))
    return lines


def _line(
    column: str, kind: str, statistic: str, value: float, p_value: float
) -> dict[str, Any]:
    return dict(zip(REPORT_COLUMNS, (column, kind, statistic, value, p_value)))


def _kind(column: str, before: pd.Series, now: pd.Series) -> str:
    """Tell the kind from the samples that hold values: an empty one has no kind."""
    filled = [side for side in (before.dropna(), now.dropna()) if len(side)]
    kinds = {_kind_of_one(column, side) for side in filled}
    if len(kinds) > 1:
        raise TypeError(f"column {column!r} holds numbers on one side only")
    return kinds.pop() if kinds else "numeric"


def _kind_of_one(column: str, values: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise TypeError(f"column {column!r} holds dates: compare what they stand for")
    is_bool = pd.api.types.is_bool_dtype(values)
    numeric = pd.api.types.is_numeric_dtype(values) and not is_bool
    return "numeric" if numeric else "categorical"


def _ks(before: pd.Series, now: pd.Series) -> tuple[str, float, float]:
    if before.empty or now.empty:
        return "ks", np.nan, np.nan
    x, y = before.to_numpy(dtype=float), now.to_numpy(dtype=float)
    found = stats.ks_2samp(x, y, method="asymp")
    return "ks", float(found.statistic), float(found.pvalue)


def _total_variation(before: pd.Series, now: pd.Series) -> tuple[str, float, float]:
    if before.empty or now.empty:
        return "total_variation", np.nan, np.nan
    sides = [side.astype(object).value_counts() for side in (before, now)]
    table = pd.concat(sides, axis=1).fillna(0).to_numpy(dtype=float).T  # (2, k)
    shares = table / table.sum(axis=1, keepdims=True)
    distance = 0.5 * np.abs(shares[0] - shares[1]).sum()
    return "total_variation", float(distance), _chi_square_p(table)


def _missing_share(before: pd.Series, now: pd.Series) -> tuple[str, float, float]:
    missing = np.array([before.isna().sum(), now.isna().sum()], dtype=float)
    rows = np.array([len(before), len(now)], dtype=float)
    shares = missing / rows
    p_value = _chi_square_p(np.column_stack([missing, rows - missing]))
    return "missing_share", float(abs(shares[1] - shares[0])), p_value


def _chi_square_p(table: np.ndarray) -> float:
    """P-value of homogeneity for counts (2, k); too rare categories are pooled."""
    share = table.sum(axis=0) / table.sum()
    rare = share * table.sum(axis=1).min() < 5
    pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return 1.0
    return float(stats.chi2_contingency(pooled, correction=False).pvalue)


def _adjusted(p_values: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg over the comparisons that could be made; 1 for the rest."""
    adjusted = np.ones(len(p_values))
    made = ~np.isnan(p_values)
    if made.any():
        adjusted[made] = stats.false_discovery_control(p_values[made], method="bh")
    return adjusted


def performance_report(
    log: pd.DataFrame,
    *,
    now: pd.Timestamp,
    maturity: pd.Timedelta,
    window: str = "7D",
) -> pd.DataFrame:
    """Measure the answers window by window, once their labels have come in.

    Labels do not arrive at random: a cancelled flight is known hours before a late
    one, so the early labels of a window have another positive rate than the window.
    Windows that are younger than `maturity` are therefore counted but not measured.

    Parameters
    ----------
    log : DataFrame of shape (n, >= 3)
        One row per answer: ``departs`` (datetime), ``score`` (probability of being
        late) and ``late`` (bool, missing while unknown).
    now : Timestamp
        When the report is made.
    maturity : Timedelta
        How long after the end of a window its labels are taken to be complete.
    window : str, default "7D"
        A fixed pandas frequency, such as ``"1D"``.

    Returns
    -------
    DataFrame
        Indexed by window start: ``rows``, ``labelled`` (share of rows), ``complete``,
        and, NaN where the window is not complete, ``rate`` (share late), ``score``
        (mean), ``brier`` and ``auc`` (NaN also where only one class occurred).

    Raises
    ------
    ValueError
        If the log is empty, lacks a column, or has scores outside 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> log = pd.DataFrame({
    ...     "departs": pd.to_datetime(["2013-07-01 08:00", "2013-07-01 09:00",
    ...                                "2013-07-02 08:00"]),
    ...     "score": [0.8, 0.2, 0.5],
    ...     "late": [True, False, None],
    ... })
    >>> day, now = pd.Timedelta("1D"), pd.Timestamp("2013-07-03 12:00")
    >>> found = performance_report(log, now=now, maturity=day, window="1D")
    >>> found.reset_index()[["departs", "rows", "complete", "auc", "brier"]]
         departs  rows  complete  auc  brier
    0 2013-07-01     2      True  1.0   0.04
    1 2013-07-02     1     False  NaN    NaN
    """
    absent = [name for name in ("departs", "score", "late") if name not in log]
    if absent or log.empty:
        found = f"log has shape {log.shape} and lacks {absent}"
        raise ValueError(f"{found}: expected rows with departs, score and late")
    if not log["score"].between(0, 1).all():
        raise ValueError("log has scores that are missing or outside 0 to 1")
    lines = {}
    for start, rows in log.groupby(log["departs"].dt.floor(window)):
        end = pd.Timestamp(start) + pd.Timedelta(window)
        lines[start] = _performance(rows, complete=end + maturity <= now)
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("departs")


def _performance(rows: pd.DataFrame, *, complete: bool) -> dict[str, Any]:
    known = rows[rows["late"].notna()]
    late = known["late"].to_numpy(dtype=float)
    score = known["score"].to_numpy(dtype=float)
    measured = complete and len(known) > 0
    both = measured and 0 < late.sum() < len(late)
    return {
        "rows": len(rows),
        "labelled": len(known) / len(rows),
        "complete": complete,
        "rate": late.mean() if measured else np.nan,
        "score": score.mean() if measured else np.nan,
        "brier": np.mean((score - late) ** 2) if measured else np.nan,
        "auc": roc_auc_score(late, score) if both else np.nan,
    }
