"""Naive Bayes: turn "how likely is this row, given the class" around.

Bayes' rule needs the probability of a row within each class. Treating the columns as
independent within a class, which is naive, makes that a product over columns, so that
one pass of counting or averaging is all there is to learn. The product is a sum of
logarithms, and for counts that sum is a single product of matrices.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    check_features,
    check_finite,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_sample_weight,
)
from ml_from_scratch.linear import log_softmax


class _NaiveBayes(ClassifierMixin, BaseEstimator):
    """Bayes' rule; a subclass says how likely a row is, and what it learns for that.

    It provides `_check_settings`, `_start` (set all counts to zero), `_learn` (add some
    rows), `_finish` (turn counts into parameters) and `_joint_log_likelihood`.
    """

    n_features_in_: int

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from all rows at once, and forget what was learned before.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Class labels.
        sample_weight : array-like of shape (n,), optional
            How much each row counts; rows of weight 0 are left out.

        Returns
        -------
        NaiveBayes
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        self._check_settings()
        rows = self._check(X, fitting=True)
        classes, codes = check_labels(y, rows.shape[0])
        weights = check_sample_weight(sample_weight, rows.shape[0])
        present = np.unique(codes[weights > 0])
        self._begin(classes[present])
        # Rows of weight 0 add nothing, whatever class their code says.
        codes = np.searchsorted(present, codes).clip(max=len(present) - 1)
        self._add(rows, codes, weights)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from some more rows: batch after batch gives what ``fit`` gives.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features.
        y : array-like of shape (n,)
            Class labels.
        classes : array-like of shape (k,), optional
            All labels that any batch may hold; needed in the first call.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        NaiveBayes
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described, a label is not among
            the classes, or `classes` is missing in the first call.
        """
        self._check_settings()
        first = not hasattr(self, "classes_")
        rows = self._check(X, fitting=first)
        found, codes = check_labels(y, rows.shape[0])
        weights = check_sample_weight(sample_weight, rows.shape[0])
        self._agree_on(classes)
        codes = _positions(found, self.classes_)[codes]
        self._add(rows, codes, weights)
        return self

    def _agree_on(self, classes: ArrayLike | None) -> None:
        if classes is None:
            if not hasattr(self, "classes_"):
                raise ValueError(
                    "classes must be passed on the first call to partial_fit: a later "
                    "batch may hold labels that this one lacks."
                )
            return
        listed, _ = check_labels(classes, len(np.asarray(classes)))
        if not hasattr(self, "classes_"):
            self._begin(listed)
        elif listed.tolist() != self.classes_.tolist():
            raise ValueError(
                f"classes must be the same in every call: {self.classes_.tolist()} "
                f"before, {listed.tolist()} now."
            )

    def _begin(self, classes: NDArray[Any]) -> None:
        self.classes_ = classes
        self.class_count_ = np.zeros(len(classes))
        self._start(len(classes), self.n_features_in_)

    def _add(self, X: Any, codes: Integers, weights: Floats) -> None:
        members = np.zeros((len(codes), len(self.classes_)))
        members[np.arange(len(codes)), codes] = weights
        self._learn(X, members)
        self.class_count_ += members.sum(axis=0)
        self._finish()

    def _check(self, X: ArrayLike, *, fitting: bool) -> Any:
        return check_features(self, X, fitting=fitting)

    def _check_settings(self) -> None:
        raise NotImplementedError

    def _start(self, k: int, d: int) -> None:
        raise NotImplementedError

    def _learn(self, X: Any, members: Floats) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        raise NotImplementedError

    def _joint_log_likelihood(self, X: Any) -> Floats:
        raise NotImplementedError

    def _log_prior(self) -> Floats:
        raise NotImplementedError

    def _log_shares(self) -> Floats:
        """Return the logarithm of each class's share of the rows."""
        with np.errstate(divide="ignore"):  # a class not yet seen has probability 0
            logs: Floats = np.log(self.class_count_ / self.class_count_.sum())
        return logs

    def predict_joint_log_proba(self, X: ArrayLike) -> Floats:
        """Return log P(class) + log P(row | class), before Bayes' rule normalises.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; -inf for a class of probability 0.

        Raises
        ------
        ValueError
            If a row is so far from all classes that its likelihoods are not numbers.
        """
        check_is_fitted(self, "classes_")
        rows = self._check(X, fitting=False)
        with np.errstate(over="ignore", invalid="ignore"):
            joint = self._joint_log_likelihood(rows)
        hopeless = ~np.isfinite(joint.max(axis=1))
        if hopeless.any():
            raise ValueError(
                f"Row {int(hopeless.argmax())} is so far from every class that its "
                "likelihoods overflow: look for a wrong unit or a typing error in it."
            )
        return joint

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Labels of the kind that ``fit`` was given.
        """
        joint = self.predict_joint_log_proba(X)
        labels: NDArray[Any] = self.classes_[joint.argmax(axis=1)]
        return labels

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``.
        """
        return log_softmax(self.predict_joint_log_proba(X))

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Columns in the order of ``classes_``; rows sum to one. Columns that say the
            same are counted twice, so these probabilities are too near 0 and 1.
        """
        return np.exp(self.predict_log_proba(X))


def _positions(found: NDArray[Any], classes: NDArray[Any]) -> Integers:
    unknown = [label for label in found.tolist() if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            f"y holds the labels {unknown}, which are not among the classes of the "
            f"first call: {classes.tolist()}."
        )
    return np.searchsorted(classes, found)


def _checked_prior(prior: ArrayLike, classes: NDArray[Any], name: str) -> Floats:
    """Return the logarithms of given class probabilities."""
    given = np.asarray(prior, dtype=np.float64)
    if given.shape != classes.shape:
        raise ValueError(
            f"{name} must hold one number for each of the {len(classes)} classes, but "
            f"it has shape {given.shape}."
        )
    if not (given >= 0).all() or not np.isclose(given.sum(), 1.0):
        raise ValueError(
            f"{name} must hold probabilities that sum to 1, got {given.tolist()}."
        )
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(given)
    return logs


class GaussianNB(_NaiveBayes):
    """Naive Bayes for measurements: in each class every column is a bell curve.

    Parameters
    ----------
    priors : array-like of shape (k,), optional
        Probability of each class; their shares of the rows if None.
    var_smoothing : float, default 1e-9
        Share of the largest variance of all columns that is added to every variance,
        so that a column that never changes within a class does not decide alone.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    class_count_ : array of shape (k,)
        Rows, or their weight, of each class.
    class_prior_ : array of shape (k,)
        Probability of each class.
    theta_ : array of shape (k, d)
        Mean of each column in each class.
    var_ : array of shape (k, d)
        Variance of each column in each class, `epsilon_` included.
    epsilon_ : float
        What was added to the variances.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(ndk) time and O(dk) memory. `epsilon_` is taken from all rows seen so far, by
    weight; scikit-learn takes it from the last batch, unweighted. The difference is a
    billionth of a variance, and batches then give exactly what ``fit`` gives.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance:
    analysis and recommendations", The American Statistician 37. Hastie, Tibshirani and
    Friedman (2009), The Elements of Statistical Learning, 2nd edition, section 6.6.3.

    Examples
    --------
    >>> grams = [[4.0], [5.0], [6.0], [20.0], [24.0], [28.0]]
    >>> model = GaussianNB().fit(grams, ["mouse"] * 3 + ["rat"] * 3)
    >>> model.theta_.ravel().tolist()
    [5.0, 24.0]
    >>> model.predict([[7.0], [16.0]]).tolist()
    ['mouse', 'rat']
    """

    def __init__(
        self, *, priors: ArrayLike | None = None, var_smoothing: float = 1e-9
    ) -> None:
        self.priors = priors
        self.var_smoothing = var_smoothing

    def _check_settings(self) -> None:
        fine = 0 <= self.var_smoothing < np.inf
        check_parameters(self, var_smoothing=(fine, "a number from 0"))

    def _start(self, k: int, d: int) -> None:
        self.theta_ = np.zeros((k, d))
        self._squares = np.zeros((k, d))  # squared deviations from the mean, summed
        if self.priors is not None:
            _checked_prior(self.priors, self.classes_, "priors")

    def _learn(self, X: Floats, members: Floats) -> None:
        """Join the batch's means and deviations with those of all rows before it."""
        added, before = members.sum(axis=0)[:, None], self.class_count_[:, None]
        total = np.where(added > 0, before + added, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):  # refused in `_finish`
            means = members.T @ X / np.where(added > 0, added, 1.0)
            for j, mean in enumerate(means):
                self._squares[j] += members[:, j] @ (X - mean) ** 2
            shift = np.where(added > 0, means - self.theta_, 0.0)
            self._squares += shift**2 * before * added / total
            self.theta_ += shift * added / total

    def _finish(self) -> None:
        seen = self.class_count_ > 0
        counts = np.where(seen, self.class_count_, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            variances = self._squares / counts[:, None]
            self.epsilon_ = self.var_smoothing * self._largest_variance()
            self.var_ = variances + self.epsilon_
        self.var_[~seen] = 1.0  # never used, but a number
        self._refuse_bad_variances()
        self.class_prior_ = np.exp(self._log_prior())

    def _largest_variance(self) -> float:
        """Return the largest variance of a column over all classes together."""
        shares = self.class_count_ / self.class_count_.sum()
        between = shares @ (self.theta_ - shares @ self.theta_) ** 2
        within = self._squares.sum(axis=0) / self.class_count_.sum()
        return float((between + within).max())

    def _refuse_bad_variances(self) -> None:
        bad = ~((self.var_ > 0) & np.isfinite(self.var_))
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise ValueError(
                f"Column {j} has variance {self.var_[i, j]:.3g} in class "
                f"{self.classes_[i]} (class_count_ = {self.class_count_[i]:g}), "
                "smoothing included, which is the width of no bell curve: raise "
                "var_smoothing, drop constant columns, or change the unit. "
                f"One sample is never enough, and there are n_samples = "
                f"{self.class_count_.sum():g}."
            )

    def _log_prior(self) -> Floats:
        if self.priors is not None:
            return _checked_prior(self.priors, self.classes_, "priors")
        return self._log_shares()

    def _joint_log_likelihood(self, X: Floats) -> Floats:
        logs = np.empty((len(X), len(self.classes_)))
        for j, (mean, variance) in enumerate(zip(self.theta_, self.var_, strict=True)):
            heights = np.log(2.0 * np.pi * variance).sum()
            deviations = (X - mean) / np.sqrt(variance)
            logs[:, j] = -0.5 * (
                heights + np.einsum("ij,ij->i", deviations, deviations)
            )
        logs[:, self.class_count_ == 0] = -np.inf
        return logs + self._log_prior()


class _CountNaiveBayes(_NaiveBayes):
    """What the models of counts share: sums of columns by class, and smoothing."""

    alpha: float
    fit_prior: bool
    class_prior: ArrayLike | None

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a classifier that takes sparse, non-negative features."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.classifier_tags.poor_score = True  # on the measurements that checks use
        return tags

    def _check_settings(self) -> None:
        rule = (
            "a number above 0, since without smoothing one unseen word rules out a "
            "class whatever the others say"
        )
        check_parameters(self, alpha=(0 < self.alpha < np.inf, rule))

    def _check(self, X: Any, *, fitting: bool) -> Any:
        counts = _dense_or_rows(self, X, fitting=fitting)
        values = counts.data if _is_sparse(counts) else counts
        if values.size and values.min() < 0:
            raise ValueError(
                f"Negative values in data passed to {type(self).__name__}: counts "
                f"cannot be below 0, but the smallest is {values.min():g}."
            )
        return counts

    def _start(self, k: int, d: int) -> None:
        self.feature_count_ = np.zeros((k, d))
        if self.class_prior is not None:
            _checked_prior(self.class_prior, self.classes_, "class_prior")

    def _learn(self, X: Any, members: Floats) -> None:
        self.feature_count_ += (X.T @ members).T

    def _finish(self) -> None:
        self.class_log_prior_ = self._log_prior()
        self._smooth()

    def _smooth(self) -> None:
        raise NotImplementedError

    def _log_prior(self) -> Floats:
        if self.class_prior is not None:
            return _checked_prior(self.class_prior, self.classes_, "class_prior")
        if not self.fit_prior:
            return np.full(len(self.classes_), -np.log(len(self.classes_)))
        return self._log_shares()


def _is_sparse(X: Any) -> bool:
    return bool(sparse.issparse(X))


def _dense_or_rows(estimator: object, X: Any, *, fitting: bool) -> Any:
    """Check features that may be sparse; of those only what is stored is looked at."""
    if not _is_sparse(X):
        return check_features(estimator, X, fitting=fitting)
    counts = X.tocsr()
    check_features(estimator, counts[:1].toarray(), fitting=fitting)
    check_finite(counts.data.astype(np.float64), "X")
    return counts.astype(np.float64)


class MultinomialNB(_CountNaiveBayes):
    """Naive Bayes for counts: every word of a text is drawn from its class's urn.

    Parameters
    ----------
    alpha : float, default 1.0
        What is added to every count (Laplace for 1, Lidstone below).
    fit_prior : bool, default True
        Whether classes are as probable as they are frequent, or all alike.
    class_prior : array-like of shape (k,), optional
        Probability of each class; goes before `fit_prior`.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    class_count_ : array of shape (k,)
        Rows, or their weight, of each class.
    class_log_prior_ : array of shape (k,)
        Logarithm of each class's probability.
    feature_count_ : array of shape (k, d)
        Sum of each column in each class.
    feature_log_prob_ : array of shape (k, d)
        Logarithm of each column's share in each class, smoothed.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(ndk) time, for sparse features O(k) a stored number; O(dk) memory. Counts may be
    fractions, as TF-IDF gives them.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval,
    section 13.2.

    Examples
    --------
    >>> words = ["refund", "thanks"]
    >>> counts = [[3, 0], [2, 1], [0, 2], [0, 1]]
    >>> model = MultinomialNB().fit(counts, ["complaint"] * 2 + ["praise"] * 2)
    >>> np.exp(model.feature_log_prob_).round(2).tolist()
    [[0.75, 0.25], [0.2, 0.8]]
    >>> model.predict([[1, 1], [0, 1]]).tolist()
    ['complaint', 'praise']
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_prior = fit_prior
        self.class_prior = class_prior

    def _smooth(self) -> None:
        smoothed = self.feature_count_ + self.alpha
        totals = smoothed.sum(axis=1, keepdims=True)
        self.feature_log_prob_ = np.log(smoothed) - np.log(totals)

    def _joint_log_likelihood(self, X: Any) -> Floats:
        logs: Floats = X @ self.feature_log_prob_.T + self.class_log_prior_
        return logs


class ComplementNB(_CountNaiveBayes):
    """Naive Bayes for counts of uneven classes: how little do the others explain a row.

    Parameters
    ----------
    alpha : float, default 1.0
        What is added to every count.
    fit_prior : bool, default True
        Only matters with a single class: the method uses no probabilities of classes.
    class_prior : array-like of shape (k,), optional
        As `fit_prior`.
    norm : bool, default False
        Whether each class's weights are divided by their sum.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    class_count_ : array of shape (k,)
        Rows, or their weight, of each class.
    class_log_prior_ : array of shape (k,)
        Logarithm of each class's probability.
    feature_count_ : array of shape (k, d)
        Sum of each column in each class.
    feature_log_prob_ : array of shape (k, d)
        Weights: minus the logarithm of each column's share outside the class.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(ndk) time, for sparse features O(k) a stored number; O(dk) memory. A rare class
    has few words, but its complement has many, so that its estimates are steadier.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Rennie, Shih, Teevan and Karger (2003), "Tackling the poor assumptions of naive
    Bayes text classifiers", ICML.

    Examples
    --------
    >>> counts = [[3, 0], [2, 1], [4, 1], [0, 1]]
    >>> model = ComplementNB().fit(counts, ["complaint"] * 3 + ["praise"])
    >>> model.predict([[2, 1], [0, 2]]).tolist()
    ['complaint', 'praise']
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
        norm: bool = False,
    ) -> None:
        self.alpha = alpha
        self.fit_prior = fit_prior
        self.class_prior = class_prior
        self.norm = norm

    def _smooth(self) -> None:
        others = 1.0 - np.eye(len(self.classes_))
        smoothed = others @ self.feature_count_ + self.alpha
        totals = smoothed.sum(axis=1, keepdims=True)
        weights = np.log(totals) - np.log(smoothed)
        if self.norm:
            sums = weights.sum(axis=1, keepdims=True)
            weights = np.divide(
                weights, sums, out=np.zeros_like(weights), where=sums > 0
            )
        self.feature_log_prob_ = weights

    def _joint_log_likelihood(self, X: Any) -> Floats:
        logs: Floats = X @ self.feature_log_prob_.T
        if len(self.classes_) == 1:
            return logs + self.class_log_prior_
        return logs


class BernoulliNB(_CountNaiveBayes):
    """Naive Bayes for presence and absence: words that are missing count as well.

    Parameters
    ----------
    alpha : float, default 1.0
        What is added to the rows of a class that have a word, and to those that have
        not.
    binarize : float or None, default 0.0
        Values above it are present; None if the features are 0 and 1 already.
    fit_prior : bool, default True
        Whether classes are as probable as they are frequent, or all alike.
    class_prior : array-like of shape (k,), optional
        Probability of each class; goes before `fit_prior`.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    class_count_ : array of shape (k,)
        Rows, or their weight, of each class.
    class_log_prior_ : array of shape (k,)
        Logarithm of each class's probability.
    feature_count_ : array of shape (k, d)
        Rows of each class that have the word.
    feature_log_prob_ : array of shape (k, d)
        Logarithm of the probability that a row of the class has the word.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(ndk) time, for sparse features O(k) a stored number; O(dk) memory.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval,
    section 13.3.

    Examples
    --------
    >>> has_link = [[1], [1], [0], [0], [0]]
    >>> model = BernoulliNB().fit(has_link, ["spam", "spam", "ham", "ham", "ham"])
    >>> np.exp(model.feature_log_prob_).round(2).tolist()
    [[0.2], [0.75]]
    >>> model.predict([[0], [1]]).tolist()
    ['ham', 'spam']
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        binarize: float | None = 0.0,
        fit_prior: bool = True,
        class_prior: ArrayLike | None = None,
    ) -> None:
        self.alpha = alpha
        self.binarize = binarize
        self.fit_prior = fit_prior
        self.class_prior = class_prior

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the models of counts; negative values are absences."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = False
        return tags

    def _check(self, X: Any, *, fitting: bool) -> Any:
        features = _dense_or_rows(self, X, fitting=fitting)
        values = features.data if _is_sparse(features) else features
        if self.binarize is None:
            _refuse_other_than_0_and_1(values)
            return features
        if not _is_sparse(features):
            return (features > self.binarize).astype(np.float64)
        if self.binarize < 0:
            raise ValueError(
                f"binarize must be at least 0 for sparse features, got {self.binarize}:"
                " everything that is not stored would be present."
            )
        present = features.copy()
        present.data = (values > self.binarize).astype(np.float64)
        return present

    def _smooth(self) -> None:
        totals = self.class_count_[:, None]
        logs = np.log(totals + 2.0 * self.alpha)
        absent = np.maximum(totals - self.feature_count_, 0.0)  # rounding is no row
        self.feature_log_prob_ = np.log(self.feature_count_ + self.alpha) - logs
        self._log_absent = np.log(absent + self.alpha) - logs

    def _joint_log_likelihood(self, X: Any) -> Floats:
        # As if nothing were there, and then corrected for what is.
        if_absent = self._log_absent.sum(axis=1)
        logs: Floats = X @ (self.feature_log_prob_ - self._log_absent).T + if_absent
        return logs + self.class_log_prior_


def _refuse_other_than_0_and_1(values: Floats) -> None:
    other = values[(values != 0) & (values != 1)]
    if len(other):
        raise ValueError(
            f"With binarize=None the features must be 0 or 1, but one is {other[0]:g}."
        )
