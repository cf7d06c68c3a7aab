"""What the scores ask of their inputs, and the sentences that refuse the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, Integers, check_finite, check_sample_weight


def same_length(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Return truth (n,) and predictions (n, ...) as arrays with at least one row."""
    one, two = np.asarray(first), np.asarray(second)
    if one.ndim != 1 or two.ndim == 0 or len(one) != len(two):
        raise ValueError(
            "Expected as many predictions as true labels, in a 1d array, but their "
            f"shapes are {two.shape} and {one.shape}."
        )
    if len(one) == 0:
        raise ValueError("A score needs at least one row, but both inputs are empty.")
    return one, two


def plain_labels(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return labels as all numbers or all strings, or say which ones are neither."""
    if values.ndim != 1:
        raise ValueError(f"{name} must be a 1d array, but its shape is {values.shape}.")
    if values.dtype.kind == "f":
        check_finite(values, name)
    if values.dtype.kind != "O":
        return values
    labels = values.tolist()
    are_text = {isinstance(label, str) for label in labels}
    packed = np.array(labels) if len(are_text) == 1 else values
    if packed.dtype.kind not in "biufU" or packed.ndim != 1:
        kinds = sorted({type(label).__name__ for label in labels})
        raise ValueError(
            f"{name} must hold labels of one kind, all strings or all numbers, with "
            f"none missing, but it mixes {kinds}."
        )
    return plain_labels(packed, name)


def label_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Return true and predicted labels as two arrays that can be compared."""
    true, predicted = same_length(y_true, y_pred)
    true = plain_labels(true, "y_true")
    predicted = plain_labels(predicted, "y_pred")
    if (true.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        raise ValueError(
            "Labels can only be compared with labels of their kind, but y_true has "
            f"such as {true[0]!r} and y_pred such as {predicted[0]!r}."
        )
    return true, predicted


def encode(values: NDArray[Any], classes: NDArray[Any]) -> Integers:
    """Return for each value its position in `classes`, or name one that has none."""
    order = np.argsort(classes)
    places = np.searchsorted(classes, values, sorter=order).clip(max=len(classes) - 1)
    codes: Integers = order[places]
    unknown = classes[codes] != values
    if unknown.any():
        raise ValueError(
            f"Found the label {values[unknown][0]!r}, which is not among the classes "
            f"{classes.tolist()}."
        )
    return codes


def outcomes(true: NDArray[Any]) -> Floats:
    """Return what happened as 0.0 and 1.0."""
    if not np.isin(true, [0, 1]).all():
        wrong = true[~np.isin(true, [0, 1])][0]
        raise ValueError(f"Outcomes must be 0 or 1, but {wrong!r} is among them.")
    return true.astype(np.float64)


def positives(true: NDArray[Any], pos_label: Any) -> NDArray[np.bool_]:
    """Return which rows are of the class looked for, with both classes present.

    Without `pos_label` it is 1, where the labels are 0 and 1 or -1 and 1.
    """
    labels = plain_labels(true, "y_true")
    classes = np.unique(labels)
    known = classes.tolist()
    if len(classes) != 2:
        raise ValueError(
            "The order of scores is judged by rows of two classes, but y_true has "
            f"{len(classes)}: {known[:5]}."
        )
    if pos_label is None and known not in ([0, 1], [-1, 1]):
        raise ValueError(f"Say by pos_label which class of {known} is looked for.")
    wanted = 1 if pos_label is None else pos_label
    if wanted not in known:
        raise ValueError(f"pos_label is {wanted!r}, which is not among {known}.")
    return np.asarray(labels == wanted)


def probability_table(proba: NDArray[Any], tolerance: float = 1e-6) -> Floats:
    """Return probabilities as (n, k); one column becomes two."""
    table = np.asarray(proba, dtype=np.float64)
    check_finite(table, "y_proba")
    if table.min() < 0 or table.max() > 1:
        raise ValueError(
            "Probabilities must lie between 0 and 1, but they run from "
            f"{table.min()} to {table.max()}: were logits passed?"
        )
    if table.ndim == 1:
        return np.column_stack([1 - table, table])
    off = np.abs(table.sum(axis=1) - 1)
    if off.max() > tolerance:
        row = int(off.argmax())
        raise ValueError(
            "The probabilities of a row must sum to one, but those of row "
            f"{row} sum to {table[row].sum()}."
        )
    return table


def floats(values: ArrayLike, name: str, *, ndim: int) -> Floats:
    """Return finite numbers in an array of so many axes, or say what is wrong."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} must hold numbers, but its type is {array.dtype}."
            ) from None
    if array.ndim != ndim or array.size == 0:
        raise ValueError(
            f"{name} must be a {ndim}d array and not empty, but its shape is "
            f"{array.shape}."
        )
    array = array.astype(np.float64, copy=False)
    check_finite(array, name)
    return array


def target_pair(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Return true and predicted numbers, and what each row weighs."""
    same_length(y_true, y_pred)
    true = floats(y_true, "y_true", ndim=1)
    predicted = floats(y_pred, "y_pred", ndim=1)
    return true, predicted, check_sample_weight(sample_weight, len(true))
