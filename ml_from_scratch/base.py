"""What every estimator of this library shares.

The contract is scikit-learn's: hyperparameters are stored untouched by ``__init__``,
``fit`` returns ``self``, what is learned ends in an underscore, and bad input is
refused in one clear sentence. Whoever keeps it gets pipelines, cross-validation and
grid search for nothing.

scikit-learn itself is imported only inside the functions that need it: for the
estimator tags of each kind and for ``NotFittedError``. ``Pipeline`` and
``check_estimator`` insist on its own types there.
"""

from __future__ import annotations

import copy
import inspect
import math
import warnings
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
ClassWeight = Literal["balanced"] | Mapping[Any, float] | None

_PLAIN_NUMBERS = "biuf"  # NumPy's kinds: bool, int, unsigned int, float


class ConvergenceWarning(UserWarning):
    """A solver stopped before it reached what it was asked for.

    Notes
    -----
    Taught in: classical/logistic-regression.
    """


class DataConversionWarning(UserWarning):
    """An input was taken in another shape than the one it came in.

    Notes
    -----
    Taught in: classical/logistic-regression.
    """


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

    Examples
    --------
    >>> class AlwaysLate(ClassifierMixin, BaseEstimator):
    ...     def predict(self, X):
    ...         return np.full(len(X), "late")
    >>> AlwaysLate().score([[1.0], [2.0]], ["late", "on time"])
    0.5
    """

    _estimator_type = "classifier"

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


class RegressorMixin:
    """What a regressor adds: its kind, and R2 as its score.

    Stands to the left of `BaseEstimator` in the list of bases.

    Notes
    -----
    Taught in: classical/linear-regression.

    Examples
    --------
    >>> class Echo(RegressorMixin, BaseEstimator):
    ...     def predict(self, X):
    ...         return np.asarray(X)[:, 0]
    >>> Echo().score([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0])
    0.5
    """

    _estimator_type = "regressor"

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked as a regressor's."""
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        tags.target_tags.required = True
        return tags

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the share of the variance of `y` that the predictions explain.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to predict.
        y : array of shape (n,)
            Their true values.
        sample_weight : array of shape (n,), optional
            How much each row counts.

        Returns
        -------
        float
            R2: 1 for perfect predictions, 0 for those no better than the mean of `y`.
        """
        from ml_from_scratch.metrics import r2_score

        predicted = self.predict(X)  # type: ignore[attr-defined]
        return r2_score(y, predicted, sample_weight=sample_weight)


class TransformerMixin:
    """What a transformer adds: its kind, and `fit_transform`.

    Stands to the left of `BaseEstimator` in the list of bases.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> class Centred(TransformerMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.mean_ = np.mean(X, axis=0)
    ...         return self
    ...     def transform(self, X):
    ...         return X - self.mean_
    >>> Centred().fit_transform(np.array([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked as a transformer's."""
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.transformer_tags = TransformerTags()
        return tags

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Learn from `X` and return it transformed.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to learn from.
        y : array of shape (n,), optional
            Targets, for transformers that use them.
        **fit_params
            What else ``fit`` takes.

        Returns
        -------
        array of shape (n, k)
            What ``transform`` gives for the same rows.
        """
        fitted = self.fit(X, y, **fit_params)  # type: ignore[attr-defined]
        return fitted.transform(X)


class ClusterMixin:
    """What a clusterer adds: its kind, and `fit_predict`.

    Stands to the left of `BaseEstimator` in the list of bases.

    Notes
    -----
    Taught in: classical/clustering.

    Examples
    --------
    >>> class BySign(ClusterMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.labels_ = (np.asarray(X)[:, 0] > 0).astype(int)
    ...         return self
    >>> BySign().fit_predict([[-1.0], [2.0]]).tolist()
    [0, 1]
    """

    _estimator_type = "clusterer"

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked as a clusterer's."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "clusterer"
        return tags

    def fit_predict(self, X: ArrayLike, y: Any = None) -> Integers:
        """Learn from `X` and return the cluster of each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to group.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        array of shape (n,)
            The attribute ``labels_``.
        """
        labels: Integers = self.fit(X, y).labels_  # type: ignore[attr-defined]
        return labels


class OutlierMixin:
    """What an outlier detector adds: its kind, and `fit_predict`.

    Stands to the left of `BaseEstimator` in the list of bases.

    Notes
    -----
    Taught in: classical/anomalies.

    Examples
    --------
    >>> class FarFromZero(OutlierMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         return self
    ...     def predict(self, X):
    ...         return np.where(np.abs(np.asarray(X)[:, 0]) > 3, -1, 1)
    >>> FarFromZero().fit_predict([[0.1], [9.0]]).tolist()
    [1, -1]
    """

    _estimator_type = "outlier_detector"

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked as an outlier detector's."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "outlier_detector"
        return tags

    def fit_predict(self, X: ArrayLike, y: Any = None) -> Integers:
        """Learn from `X` and say of each row whether it is an outlier.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to judge.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        array of shape (n,)
            -1 for outliers, 1 for the others.
        """
        found: Integers = self.fit(X, y).predict(X)  # type: ignore[attr-defined]
        return found


def clone(estimator: Any) -> Any:
    """Return an unfitted copy with the same hyperparameters.

    Parameters
    ----------
    estimator : estimator
        Anything with ``get_params``, of this library or of scikit-learn. It is left
        as it is.

    Returns
    -------
    estimator
        Of the same class; what it holds (an inner estimator, a list of them) is
        copied as well.

    Raises
    ------
    TypeError
        If it has no ``get_params``.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> from ml_from_scratch.linear import LogisticRegression
    >>> clone(LogisticRegression(C=0.1))
    LogisticRegression(C=0.1)
    """
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        raise TypeError(
            f"clone needs an estimator with get_params, but found {estimator!r}."
        )
    params = estimator.get_params(deep=False)
    return type(estimator)(**{key: _copied(value) for key, value in params.items()})


def _copied(value: Any) -> Any:
    """Copy a hyperparameter; estimators inside it are cloned, unfitted."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        return clone(value)
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return copy.deepcopy(value)


def is_classifier(estimator: Any) -> bool:
    """Say whether an estimator predicts classes.

    Parameters
    ----------
    estimator : estimator
        Of this library or of scikit-learn.

    Returns
    -------
    bool
        True for classifiers, also for pipelines that end in one.

    Notes
    -----
    Taught in: classical/cross-validation.

    Examples
    --------
    >>> from ml_from_scratch.linear import LogisticRegression
    >>> is_classifier(LogisticRegression())
    True
    """
    kind = getattr(estimator, "_estimator_type", None)
    if kind is None and hasattr(estimator, "__sklearn_tags__"):
        kind = estimator.__sklearn_tags__().estimator_type
    return bool(kind == "classifier")


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


def check_parameters(estimator: object, /, **rules: tuple[bool, str]) -> None:
    """Refuse a hyperparameter that is not what it may be.

    Parameters
    ----------
    estimator : object
        Whose hyperparameters they are.
    **rules : (bool, str)
        For each hyperparameter whether it is fine, and what it must be in words.

    Raises
    ------
    ValueError
        For the first that is not fine; the sentence names the value found.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> from ml_from_scratch.linear import LogisticRegression
    >>> model = LogisticRegression(C=-1)
    >>> check_parameters(model, C=(model.C > 0, "a number above 0"))
    Traceback (most recent call last):
    ValueError: C must be a number above 0, got -1.
    """
    for name, (fine, words) in rules.items():
        if not fine:
            raise ValueError(
                f"{name} must be {words}, got {getattr(estimator, name)!r}."
            )


def check_features(
    estimator: object, X: ArrayLike, *, fitting: bool, least_rows: int = 1
) -> Floats:
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
    least_rows : int, default 1
        How many rows the method needs.

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
    array = _two_dimensional_floats(X, least_rows)
    check_columns(estimator, X, array.shape[1], fitting=fitting)
    check_finite(array, "X")
    return array


def _two_dimensional_floats(X: ArrayLike, least_rows: int) -> Floats:
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
    needs = (("sample", least_rows), ("feature", 1))
    for size, (what, least) in zip(array.shape, needs, strict=True):
        if size < least:
            raise ValueError(
                f"Found array with {size} {what}(s) (shape={array.shape}) while a "
                f"minimum of {least} is required."
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


def check_columns(estimator: Any, X: ArrayLike, n_found: int, *, fitting: bool) -> None:
    """Keep the number and names of the columns in ``fit``, compare them later.

    Parameters
    ----------
    estimator : object
        Receives, or already has, ``n_features_in_`` and ``feature_names_in_``.
    X : array-like
        What was passed; a data frame has names.
    n_found : int
        How many columns it has.
    fitting : bool
        True in ``fit``, False in every later method.

    Raises
    ------
    TypeError
        If some names are strings and others are not.
    ValueError
        If number, names or their order differ from ``fit``.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> model = BaseEstimator()
    >>> check_columns(model, [[1, 2]], 2, fitting=True)
    >>> model.n_features_in_
    2
    """
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


def check_table(X: ArrayLike) -> Floats:
    """Turn rows into a finite float array where no estimator remembers their columns.

    Parameters
    ----------
    X : array-like of shape (n, d)
        An array, a list of lists or a data frame.

    Returns
    -------
    numpy.ndarray of shape (n, d)
        float64.

    Raises
    ------
    TypeError, ValueError
        As `check_features`.

    Notes
    -----
    Costs one pass over `X`. Taught in: classical/clustering.

    Examples
    --------
    >>> check_table([[1, 2]])
    array([[1., 2.]])
    """
    return check_features(BaseEstimator(), X, fitting=True)


def is_whole(value: object, least: float = 1) -> bool:
    """Say whether a value is a whole number of at least so much.

    Parameters
    ----------
    value : object
        Anything; booleans are no numbers here.
    least : float
        The smallest that will do.

    Returns
    -------
    bool
        Whether it is.

    Notes
    -----
    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> is_whole(3), is_whole(0), is_whole(3.0), is_whole(True)
    (True, False, False, False)
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
    return whole and value >= least  # type: ignore[operator]


def is_real(value: object, least: float, most: float = math.inf) -> bool:
    """Say whether a value is a number between two others, these included.

    Parameters
    ----------
    value : object
        Anything; booleans are no numbers here, and NaN is between no two.
    least, most : float
        The bounds.

    Returns
    -------
    bool
        Whether it is.

    Notes
    -----
    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> is_real(0.5, 0, 1), is_real(float("nan"), 0), is_real("1", 0)
    (True, False, False)
    """
    real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return real and least <= value <= most  # type: ignore[operator]


def is_share(value: object) -> bool:
    """Say whether a value is a float above 0, and at most 1.

    Parameters
    ----------
    value : object
        Anything; a whole number is not a share, but a count.

    Returns
    -------
    bool
        Whether it is.

    Notes
    -----
    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> is_share(0.3), is_share(1.0), is_share(1)
    (True, True, False)
    """
    return isinstance(value, float) and 0 < value <= 1


def power_of_two(*arrays: NDArray[Any]) -> float:
    """Return a power of two near the largest magnitude: dividing by it is exact.

    Parameters
    ----------
    *arrays : numpy.ndarray
        At least one, none of them empty.

    Returns
    -------
    float
        The largest magnitude, divided by it, is at least 1 and below 2; 1 if all
        entries are zero.

    Notes
    -----
    Squares of numbers beyond 1e154 overflow, and those below 1e-154 vanish; in such
    units neither happens, and no digit is lost. Taught in: classical/clustering.

    Examples
    --------
    >>> power_of_two(np.array([3.0, -5.0]))
    4.0
    """
    largest = float(max(max(A.max(), -A.min()) for A in arrays))
    return float(np.ldexp(1.0, np.frexp(largest)[1] - 1)) if largest else 1.0


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
    _check_length(labels, n_rows)
    if labels.dtype.kind == "O":
        _refuse_mixed(labels)
    if labels.dtype.kind == "f":
        check_finite(labels.astype(np.float64), "y")
        _refuse_continuous(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes


def check_targets(y: ArrayLike | None, n_rows: int) -> Floats:
    """Turn the targets of a regression into finite floats, or say what is wrong.

    Parameters
    ----------
    y : array-like of shape (n,)
        Numbers.
    n_rows : int
        How many rows the features have.

    Returns
    -------
    numpy.ndarray of shape (n,)
        float64.

    Raises
    ------
    ValueError
        If `y` is missing, is not one-dimensional, has another length than the
        features, or holds something that is no finite number.

    Notes
    -----
    Taught in: classical/linear-regression.

    Examples
    --------
    >>> check_targets([1, 2, 3], 3)
    array([1., 2., 3.])
    """
    targets = _as_floats(_one_dimensional(y), "y")
    _check_length(targets, n_rows)
    check_finite(targets, "y")
    return targets


def _check_length(y: NDArray[Any], n_rows: int) -> None:
    if len(y) != n_rows:
        raise ValueError(
            f"X and y must have the same number of rows, but X has {n_rows} and y "
            f"has {len(y)}."
        )


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


def class_weights(
    class_weight: ClassWeight, classes: NDArray[Any], codes: Integers, weights: Floats
) -> Floats:
    """Return the factor of each row that its class calls for.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        Factors by label (1 for labels not named); "balanced" for factors that give
        all classes the same total weight; None for 1 everywhere.
    classes : numpy.ndarray of shape (k,)
        The labels.
    codes : numpy.ndarray of shape (n,)
        For each row the position of its label in `classes`.
    weights : numpy.ndarray of shape (n,)
        What the rows weigh already.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Factors, to be multiplied with `weights`.

    Raises
    ------
    ValueError
        If a label is unknown or a factor is not above 0.

    Notes
    -----
    O(n). Taught in: classical/imbalance.

    Examples
    --------
    >>> codes = np.array([0, 0, 0, 1])
    >>> class_weights("balanced", np.array(["ok", "late"]), codes, np.ones(4)).round(2)
    array([0.67, 0.67, 0.67, 2.  ])
    """
    if class_weight is None:
        return np.ones(len(codes))
    if isinstance(class_weight, Mapping):
        by_class = _listed_weights(class_weight, classes)
    elif class_weight == "balanced":
        totals = np.bincount(codes, weights=weights)
        by_class = weights.sum() / (len(classes) * totals)
    else:
        raise ValueError(
            f"class_weight must be a dict, 'balanced' or None, got {class_weight!r}."
        )
    factors: Floats = by_class[codes]
    return factors


def _listed_weights(listed: Mapping[Any, float], classes: NDArray[Any]) -> Floats:
    unknown = [label for label in listed if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            f"class_weight names {unknown}, but the classes are {classes.tolist()}."
        )
    by_class = np.array([listed.get(label, 1.0) for label in classes.tolist()])
    if not (by_class > 0).all():
        raise ValueError(f"Every class_weight must be above 0, got {dict(listed)}.")
    return by_class


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
