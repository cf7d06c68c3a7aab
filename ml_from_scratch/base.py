"""What every estimator of this library shares.

The contract is scikit-learn's: hyperparameters are stored untouched by ``__init__``,
``fit`` returns ``self``, what is learned ends in an underscore, and bad input is
refused in one clear sentence. Whoever keeps it gets pipelines, cross-validation and
grid search for nothing.

scikit-learn itself is imported in three places, each time inside the function that
needs it: for the estimator tags (two) and for ``NotFittedError``. ``Pipeline`` and
``check_estimator`` insist on its own types there.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_PLAIN_NUMBERS = "biuf"  # NumPy's kinds: bool, int, unsigned int, float


class ConvergenceWarning(UserWarning):
    """A solver stopped before it reached what it was asked for."""


class DataConversionWarning(UserWarning):
    """An input was taken in another shape than the one it came in."""


class BaseEstimator:
    """Parameters by name, a readable ``repr`` and scikit-learn's tags.

    A subclass lists its hyperparameters as keyword arguments of ``__init__`` and
    stores each one, unchanged, under its own name. Everything here follows from that:
    cloning, grid search, pickling and printing.

    Notes
    -----
    Taught in: classical/logistic-regression.

    References
    ----------
    Buitinck et al. (2013), "API design for machine learning software: experiences
    from the scikit-learn project", ECML PKDD workshop.

    Examples
    --------
    >>> class Threshold(BaseEstimator):
    ...     def __init__(self, *, at=0.5, strict=False):
    ...         self.at = at
    ...         self.strict = strict
    >>> Threshold(at=0.2)
    Threshold(at=0.2)
    >>> Threshold().set_params(strict=True).get_params()
    {'at': 0.5, 'strict': True}
    """

    @classmethod
    def _get_param_names(cls) -> list[str]:
        parameters = inspect.signature(cls).parameters.values()
        named = {
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        }
        loose = [p.name for p in parameters if p.kind not in named]
        if loose:
            raise TypeError(
                f"{cls.__name__}.__init__ must name its hyperparameters one by one, "
                f"but it takes *{loose[0]}."
            )
        return sorted(p.name for p in parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyperparameters by name.

        Parameters
        ----------
        deep : bool
            Also return the parameters of estimators held as parameters, under
            ``<name>__<parameter>``.

        Returns
        -------
        dict
            Names and values, sorted by name.
        """
        found: dict[str, Any] = {}
        for name in self._get_param_names():
            value = getattr(self, name)
            found[name] = value
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                inner = value.get_params()
                found.update({f"{name}__{key}": inner[key] for key in inner})
        return found

    def set_params(self, **params: Any) -> Self:
        """Set hyperparameters by name; ``inner__name`` reaches into a held estimator.

        Parameters
        ----------
        **params
            Names as ``get_params`` gives them, with their new values.

        Returns
        -------
        BaseEstimator
            The estimator itself.

        Raises
        ------
        ValueError
            If a name is not a hyperparameter.
        """
        names = self._get_param_names()
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in names:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}: "
                    f"valid parameters are {names}."
                )
            if inner:
                getattr(self, name).set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Return the call that makes this estimator, without defaults."""
        parameters = inspect.signature(type(self)).parameters
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, parameter in parameters.items()
            if repr(getattr(self, name)) != repr(parameter.default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator, in scikit-learn's type."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(sparse=False, allow_nan=False),
        )


class ClassifierMixin:
    """What a classifier adds: its kind, and accuracy as its score.

    Stands to the left of `BaseEstimator` in the list of bases.

    Notes
    -----
    Taught in: classical/logistic-regression.
    """

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked as a classifier's."""
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        tags.target_tags.required = True
        return tags

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the share of rows that are predicted right.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to predict.
        y : array of shape (n,)
            Their true labels.
        sample_weight : array of shape (n,), optional
            How much each row counts.

        Returns
        -------
        float
            Accuracy, between 0 and 1.
        """
        from ml_from_scratch.metrics import accuracy_score

        predicted = self.predict(X)  # type: ignore[attr-defined]
        return accuracy_score(y, predicted, sample_weight=sample_weight)


def check_is_fitted(estimator: object, attribute: str) -> None:
    """Refuse an estimator that has not been fitted.

    Parameters
    ----------
    estimator : object
        The estimator that is about to be used.
    attribute : str
        Something that only ``fit`` sets, such as ``"coef_"``.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the attribute is missing; a plain ``RuntimeError`` where scikit-learn is
        not installed.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> check_is_fitted(np.float64(1.0), "real")
    """
    if hasattr(estimator, attribute):
        return
    message = (
        f"This {type(estimator).__name__} instance is not fitted yet: "
        "call fit with training data before using it."
    )
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        raise RuntimeError(message) from None
    raise NotFittedError(message)


def check_features(estimator: object, X: ArrayLike, *, fitting: bool) -> Floats:
    """Turn features into a finite float array, or say what is wrong with them.

    In ``fit`` the number and the names of the columns are kept on the estimator;
    later they are compared.

    Parameters
    ----------
    estimator : object
        Receives, or already has, ``n_features_in_`` and ``feature_names_in_``.
    X : array-like of shape (n, d)
        An array, a list of lists or a data frame.
    fitting : bool
        True in ``fit``, False in every later method.

    Returns
    -------
    numpy.ndarray of shape (n, d)
        float64, and the same memory as `X` where it had that type already.

    Raises
    ------
    TypeError
        If `X` is sparse or holds something that is no number.
    ValueError
        If `X` is not two-dimensional, is empty, holds NaN or infinity, or has other
        columns than in ``fit``.

    Notes
    -----
    Costs one pass over `X`. Taught in: classical/logistic-regression.

    Examples
    --------
    >>> model = BaseEstimator()
    >>> check_features(model, [[1, 2], [3, 4]], fitting=True).dtype
    dtype('float64')
    >>> model.n_features_in_
    2
    """
    array = _two_dimensional_floats(X)
    _check_columns(estimator, X, array.shape[1], fitting=fitting)
    check_finite(array, "X")
    return array


def _two_dimensional_floats(X: ArrayLike) -> Floats:
    if hasattr(X, "tocsr"):
        raise TypeError(
            f"Dense data is required, but X is a sparse {type(X).__name__}: "
            "call X.toarray() if it fits in memory."
        )
    array = _as_floats(np.asarray(X), "X")
    if array.ndim != 2:
        raise ValueError(
            f"Expected a 2D array of shape (rows, columns), but X has shape "
            f"{array.shape}. Reshape your data with X.reshape(-1, 1) if it has one "
            "column, or X.reshape(1, -1) if it has one row."
        )
    for size, what in zip(array.shape, ("sample", "feature"), strict=True):
        if size == 0:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={array.shape}) while a minimum "
                "of 1 is required."
            )
    return array


def _as_floats(array: NDArray[Any], name: str) -> Floats:
    if array.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} has dtype {array.dtype}, "
            "and real numbers are expected."
        )
    if array.dtype.kind in _PLAIN_NUMBERS:
        return np.asarray(array, dtype=np.float64)
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{name} must hold numbers, but it has dtype {array.dtype} and a value "
            f"could not be converted ({error}). Encode text and categories first."
        ) from None


def check_finite(array: Floats, name: str) -> None:
    """Refuse NaN and infinity, naming the first place where one stands.

    Parameters
    ----------
    array : numpy.ndarray
        Floats of any shape.
    name : str
        What to call the array in the message.

    Raises
    ------
    ValueError
        If a value is NaN or infinite.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> check_finite(np.array([1.0, np.nan]), "y")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: Input y contains NaN or inf: 1 of 2 values, the first is nan at (1,)...
    """
    finite = np.isfinite(array)
    if finite.all():
        return
    first = tuple(int(index) for index in np.argwhere(~finite)[0])
    raise ValueError(
        f"Input {name} contains NaN or inf: {int((~finite).sum())} of {array.size} "
        f"values, the first is {array[first]} at {first}. "
        "Drop or impute them before fitting."
    )


def _column_names(X: ArrayLike) -> NDArray[Any] | None:
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = list(columns)
    kinds = sorted({type(name).__name__ for name in names})
    if not any(isinstance(name, str) for name in names):
        return None
    if kinds != ["str"]:
        raise TypeError(
            "Feature names are only supported if all input features have string "
            f"names, but your input has {kinds} as feature name / column name types. "
            "Convert them with X.columns = X.columns.astype(str)."
        )
    return np.asarray(names, dtype=object)


def _check_columns(
    estimator: Any, X: ArrayLike, n_found: int, *, fitting: bool
) -> None:
    names = _column_names(X)
    if fitting:
        estimator.n_features_in_ = n_found
        if names is not None:
            estimator.feature_names_in_ = names
        elif hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
        return
    _check_names(estimator, names)
    if n_found != estimator.n_features_in_:
        raise ValueError(
            f"X has {n_found} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )


def _check_names(estimator: Any, names: NDArray[Any] | None) -> None:
    fitted = getattr(estimator, "feature_names_in_", None)
    if names is not None and fitted is not None:
        if list(names) != list(fitted):
            raise ValueError(_name_difference(set(fitted), set(names)))
        return
    if names is None and fitted is None:
        return
    kind = type(estimator).__name__
    message = f"X has feature names, but {kind} was fitted without feature names"
    if names is None:
        message = (
            f"X does not have valid feature names, but {kind} was fitted with "
            "feature names"
        )
    warnings.warn(message, UserWarning, stacklevel=5)


def _name_difference(fitted: set[str], found: set[str]) -> str:
    lines = ["The feature names should match those that were passed during fit."]
    if found - fitted:
        lines += ["Feature names unseen at fit time:", _listed(found - fitted)]
    if fitted - found:
        lines += ["Feature names seen at fit time, yet now missing:"]
        lines += [_listed(fitted - found)]
    if found == fitted:
        lines += ["Feature names must be in the same order as they were in fit."]
    return "\n".join(lines) + "\n"


def _listed(names: Iterable[str], most: int = 5) -> str:
    ordered = sorted(names)
    shown = [f"- {name}" for name in ordered[:most]]
    return "\n".join(shown + ["- ..."] * (len(ordered) > most))


def check_labels(y: ArrayLike | None, n_rows: int) -> tuple[NDArray[Any], Integers]:
    """Turn class labels into codes, or say what is wrong with them.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels: whole numbers, booleans or strings.
    n_rows : int
        How many rows the features have.

    Returns
    -------
    classes : numpy.ndarray of shape (k,)
        The distinct labels, sorted.
    codes : numpy.ndarray of shape (n,)
        For each row the position of its label in `classes`.

    Raises
    ------
    ValueError
        If `y` is missing, is not one-dimensional, has another length than the
        features, or holds numbers that are no class labels.

    Notes
    -----
    Sorts, so O(n log n). Taught in: classical/logistic-regression.

    Examples
    --------
    >>> classes, codes = check_labels(["late", "on time", "late"], 3)
    >>> classes.tolist(), codes.tolist()
    (['late', 'on time'], [0, 1, 0])
    """
    labels = _one_dimensional(y)
    if len(labels) != n_rows:
        raise ValueError(
            f"X and y must have the same number of rows, but X has {n_rows} and y "
            f"has {len(labels)}."
        )
    if labels.dtype.kind == "f":
        check_finite(labels.astype(np.float64), "y")
        _refuse_continuous(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes


def _one_dimensional(y: ArrayLike | None) -> NDArray[Any]:
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        message = (
            "A column-vector y was passed when a 1d array was expected: it has shape "
            f"{labels.shape}, and y.ravel() would give ({len(labels)},)."
        )
        warnings.warn(message, DataConversionWarning, stacklevel=4)
        labels = labels.ravel()
    if labels.ndim != 1:
        raise ValueError(f"y should be a 1d array, but it has shape {labels.shape}.")
    if labels.dtype.kind == "O":
        _refuse_mixed(labels)
    return labels


def _refuse_mixed(labels: NDArray[Any]) -> None:
    """Refuse labels that cannot be sorted, and missing ones among strings."""
    kinds = sorted({type(label).__name__ for label in labels})
    if len(kinds) > 1 or kinds == ["NoneType"]:
        raise ValueError(
            f"Unknown label type: y mixes values of type {kinds}; labels must be all "
            "strings or all whole numbers, with none missing."
        )


def _refuse_continuous(labels: NDArray[Any]) -> None:
    broken = labels[labels != np.floor(labels)]
    if len(broken):
        raise ValueError(
            "Unknown label type: continuous. A classifier needs class labels, but y "
            f"holds numbers such as {broken[0]}; bin them, or use a regressor."
        )


def check_sample_weight(sample_weight: ArrayLike | None, n_rows: int) -> Floats:
    """Return one finite weight of at least zero a row.

    Parameters
    ----------
    sample_weight : array-like of shape (n,), optional
        How much each row counts; None counts each once.
    n_rows : int
        How many rows the features have.

    Returns
    -------
    numpy.ndarray of shape (n,)
        The weights as float64.

    Raises
    ------
    ValueError
        If the shape is wrong, a weight is negative or not finite, or all are zero.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> check_sample_weight(None, 3)
    array([1., 1., 1.])
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weights = _as_floats(np.asarray(sample_weight), "sample_weight")
    if weights.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must have shape ({n_rows},), one weight a row, but it has "
            f"shape {weights.shape}."
        )
    check_finite(weights, "sample_weight")
    if (weights < 0).any():
        raise ValueError(
            f"sample_weight must not be negative, but its smallest is {weights.min()}."
        )
    if not weights.any():
        raise ValueError("At least one sample_weight must not be zero, but all are.")
    return weights


def random_generator(
    random_state: int | np.random.Generator | np.random.RandomState | None,
) -> np.random.Generator:
    """Return a generator for what scikit-learn calls a random state.

    Parameters
    ----------
    random_state : int, Generator, RandomState or None
        A seed, something to draw from, or None for fresh entropy.

    Returns
    -------
    numpy.random.Generator
        The generator given, or a new one.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> random_generator(0).integers(10, size=3).tolist()
    [8, 6, 5]
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(random_state)
