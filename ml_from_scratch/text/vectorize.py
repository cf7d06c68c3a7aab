"""Texts as rows of numbers: counts of terms, TF-IDF weights, and hashed counts.

A row has a column for each term of the vocabulary and is almost all zeros, so rows are
kept as a sparse matrix: which columns, and what stands there. Counting is one pass of
`collections.Counter` a document, over column numbers that a dictionary hands out.
"""

from __future__ import annotations

import re
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    TransformerMixin,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.text.words import check_texts

Texts = Sequence[str]
Analyzer = Literal["word", "char"]
TOKEN = r"(?u)\b\w\w+\b"  # words of two letters or more


class _TextTransformer(TransformerMixin, BaseEstimator):
    """How a text becomes terms, and what scikit-learn should know about the input."""

    lowercase: bool
    analyzer: Analyzer
    token_pattern: str
    tokenizer: Callable[[str], list[str]] | None
    stop_words: Iterable[str] | None
    ngram_range: tuple[int, int]

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a transformer whose input is a list of texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _check_analysis(self) -> None:
        low, high = self.ngram_range
        check_parameters(
            self,
            analyzer=(self.analyzer in ("word", "char"), "'word' or 'char'"),
            ngram_range=(1 <= low <= high, "two whole numbers from 1, rising"),
            stop_words=(not isinstance(self.stop_words, str), "a list of words"),
        )

    def _analysis(self) -> Callable[[str], list[str]]:
        """Return the function from a text to its terms."""
        low, high = self.ngram_range
        cut = self.tokenizer or re.compile(self.token_pattern).findall
        stops = frozenset(self.stop_words or ())

        def terms(text: str) -> list[str]:
            if self.lowercase:
                text = text.lower()
            if self.analyzer == "char":
                text = re.sub(r"\s\s+", " ", text)
                return _joined(text, low, high, "")
            words = [w for w in cut(text) if w not in stops] if stops else cut(text)
            return words if high == 1 else _joined(words, low, high, " ")

        return terms


def _joined(parts: Sequence[str], low: int, high: int, glue: str) -> list[str]:
    """Return all runs of `low` to `high` parts."""
    return [
        glue.join(parts[i : i + n])
        for n in range(low, high + 1)
        for i in range(len(parts) - n + 1)
    ]


class CountVectorizer(_TextTransformer):
    """Count how often each term stands in each text.

    Parameters
    ----------
    lowercase : bool
        Whether capitals are made small first.
    analyzer : {"word", "char"}
        Whether terms are made of words or of characters.
    token_pattern : str
        A regular expression for a word.
    tokenizer : callable, optional
        Cuts a text into words, instead of the pattern.
    stop_words : iterable of str, optional
        Words that are left out.
    ngram_range : (int, int)
        The smallest and the largest number of words, or characters, in a term.
    max_df, min_df : int or float
        Terms in more, or in fewer, texts than this are left out; a float is a share of
        the texts.
    max_features : int, optional
        Keep only so many terms, the most frequent ones; of equals the first in the
        alphabet.
    binary : bool
        Whether to say only if a term is there.

    Attributes
    ----------
    vocabulary_ : dict
        From term to column; columns are in the order of the alphabet.

    Notes
    -----
    O(length of the texts) time and memory, and a sort of the vocabulary.

    Taught in: domains/nlp-classification.

    References
    ----------
    Manning, Raghavan and Schütze (2008), Introduction to Information Retrieval,
    Cambridge University Press, section 6.2.

    Examples
    --------
    >>> vectorizer = CountVectorizer()
    >>> counts = vectorizer.fit_transform(["the cat", "the cat sees the dog"])
    >>> vectorizer.get_feature_names_out().tolist()
    ['cat', 'dog', 'sees', 'the']
    >>> counts.toarray()
    array([[1, 0, 0, 1],
           [1, 1, 1, 2]])
    """

    def __init__(
        self,
        *,
        lowercase: bool = True,
        analyzer: Analyzer = "word",
        token_pattern: str = TOKEN,
        tokenizer: Callable[[str], list[str]] | None = None,
        stop_words: Iterable[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        binary: bool = False,
    ) -> None:
        self.lowercase = lowercase
        self.analyzer = analyzer
        self.token_pattern = token_pattern
        self.tokenizer = tokenizer
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.binary = binary

    def fit(self, X: Texts, y: Any = None) -> Self:
        """Learn the vocabulary.

        Parameters
        ----------
        X : sequence of str
            The texts.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        CountVectorizer
            The vectoriser itself.

        Raises
        ------
        TypeError
            If `X` is one string, or holds something else than strings.
        ValueError
            If a setting is out of its range, or no term is left.
        """
        del y  # pipelines pass it
        self._learn(X)
        return self

    def fit_transform(self, X: Texts, y: Any = None, **fit_params: Any) -> Any:
        """Learn the vocabulary and count, in one pass.

        Parameters
        ----------
        X : sequence of str
            The texts.
        y : ignored
            There so that pipelines may pass it.
        **fit_params
            None are known.

        Returns
        -------
        scipy.sparse.csr_matrix of int64, shape (n, terms)
            The counts.
        """
        del y, fit_params  # pipelines pass them
        return self._learn(X)

    def transform(self, X: Texts) -> Any:
        """Count the terms of the vocabulary; others are passed over.

        Parameters
        ----------
        X : sequence of str
            The texts.

        Returns
        -------
        scipy.sparse.csr_matrix of int64, shape (n, terms)
            The counts.

        Raises
        ------
        TypeError
            If `X` is one string, or holds something else than strings.
        """
        check_is_fitted(self, "vocabulary_")
        check_texts(X)
        return self._count(X, self.vocabulary_.get, len(self.vocabulary_))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the terms in the order of the columns.

        Parameters
        ----------
        input_features : ignored
            There so that pipelines may pass it.

        Returns
        -------
        array of str, shape (terms,)
            The names.
        """
        del input_features  # a text has no columns before
        check_is_fitted(self, "vocabulary_")
        return np.array(sorted(self.vocabulary_), dtype=object)

    def _learn(self, X: Texts) -> sparse.csr_matrix:
        self._check_settings()
        check_texts(X)
        columns: defaultdict[str, int] = defaultdict()
        columns.default_factory = columns.__len__  # a new term gets the next column
        counts = self._count(X, columns.__getitem__, None)
        if not columns:
            raise ValueError(
                "empty vocabulary: the texts hold no term; perhaps there are only stop "
                "words, or words of one letter."
            )
        terms = sorted(columns)
        counts = counts[:, [columns[term] for term in terms]]
        kept = self._kept(counts)
        self.vocabulary_ = {terms[column]: i for i, column in enumerate(kept)}
        if len(kept) < len(terms):
            counts = counts[:, kept]
        counts.sort_indices()
        return counts

    def _count(
        self, X: Texts, column_of: Callable[[str], int | None], n_columns: int | None
    ) -> sparse.csr_matrix:
        terms_of = self._analysis()
        columns, values, ends = array("q"), array("q"), [0]
        for text in X:
            counter = Counter(map(column_of, terms_of(text)))
            counter.pop(None, None)  # the terms that are not in the vocabulary
            columns.extend(counter)  # type: ignore[arg-type]  # no None is left
            values.extend(counter.values())
            ends.append(len(columns))
        if n_columns is None:
            n_columns = max(columns, default=-1) + 1
        data = np.array(values, dtype=np.int64)
        if self.binary:
            data[:] = 1
        where = np.array(columns, dtype=np.int64)
        shape = (len(ends) - 1, n_columns)
        matrix = sparse.csr_matrix((data, where, ends), shape=shape, dtype=np.int64)
        matrix.sort_indices()
        return matrix

    def _kept(self, counts: sparse.csr_matrix) -> NDArray[np.intp]:
        """Return the columns of terms that are neither too rare nor too common."""
        n_texts, n_terms = counts.shape
        least, most = (
            limit if isinstance(limit, int | np.integer) else limit * n_texts
            for limit in (self.min_df, self.max_df)
        )
        if most < least:
            raise ValueError(
                f"max_df is {self.max_df}, {most:g} texts, and min_df is "
                f"{self.min_df}, {least:g} texts: no term can be in between."
            )
        df = np.bincount(counts.indices, minlength=n_terms)
        kept = np.flatnonzero((df >= least) & (df <= most))
        if self.max_features is not None:
            totals = np.asarray(counts.sum(axis=0)).ravel()[kept]
            kept = np.sort(kept[(-totals).argsort(kind="stable")[: self.max_features]])
        if not len(kept):
            raise ValueError(
                "After pruning, no terms remain: lower min_df or raise max_df."
            )
        return kept

    def _check_settings(self) -> None:
        self._check_analysis()
        few = "a whole number from 1, or a share from 0 to 1"
        check_parameters(
            self,
            min_df=(_is_limit(self.min_df), few),
            max_df=(_is_limit(self.max_df), few),
            max_features=(
                self.max_features is None or self.max_features >= 1,
                "a whole number from 1, or None",
            ),
        )


class TfidfVectorizer(CountVectorizer):
    """Weigh each term by how often it stands in a text and in how few texts at all.

    Parameters
    ----------
    lowercase : bool
        Whether capitals are made small first.
    analyzer : {"word", "char"}
        Whether terms are made of words or of characters.
    token_pattern : str
        A regular expression for a word.
    tokenizer : callable, optional
        Cuts a text into words, instead of the pattern.
    stop_words : iterable of str, optional
        Words that are left out.
    ngram_range : (int, int)
        The smallest and the largest number of words, or characters, in a term.
    max_df, min_df : int or float
        Terms in more, or in fewer, texts than this are left out; a float is a share of
        the texts.
    max_features : int, optional
        Keep only so many terms, the most frequent ones.
    binary : bool
        Whether a term counts once a text at most.
    norm : {"l2", "l1", None}
        What each row is divided by, so that long texts do not weigh more.
    use_idf : bool
        Whether rare terms weigh more.
    smooth_idf : bool
        Whether to count as if one more text held every term.
    sublinear_tf : bool
        Whether a count becomes 1 + log(count): ten times is not ten times as much.

    Attributes
    ----------
    vocabulary_ : dict
        From term to column.
    idf_ : array of shape (terms,)
        The factor of each term, 1 + log((1 + n) / (1 + df)); without `smooth_idf`
        1 + log(n / df).

    Notes
    -----
    O(length of the texts) time and memory, and a sort of the vocabulary.

    Taught in: domains/nlp-classification.

    References
    ----------
    Spärck Jones (1972), "A statistical interpretation of term specificity and its
    application in retrieval", Journal of Documentation 28. Manning, Raghavan and
    Schütze (2008), Introduction to Information Retrieval, section 6.2.

    Examples
    --------
    >>> vectorizer = TfidfVectorizer()
    >>> rows = vectorizer.fit_transform(["the cat", "the cat sees the dog"])
    >>> rows.toarray().round(2)
    array([[0.71, 0.  , 0.  , 0.71],
           [0.33, 0.47, 0.47, 0.67]])
    """

    def __init__(
        self,
        *,
        lowercase: bool = True,
        analyzer: Analyzer = "word",
        token_pattern: str = TOKEN,
        tokenizer: Callable[[str], list[str]] | None = None,
        stop_words: Iterable[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        binary: bool = False,
        norm: Literal["l2", "l1"] | None = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
    ) -> None:
        super().__init__(
            lowercase=lowercase,
            analyzer=analyzer,
            token_pattern=token_pattern,
            tokenizer=tokenizer,
            stop_words=stop_words,
            ngram_range=ngram_range,
            max_df=max_df,
            min_df=min_df,
            max_features=max_features,
            binary=binary,
        )
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf

    def fit(self, X: Texts, y: Any = None) -> Self:
        """Learn the vocabulary and in how many texts each term stands.

        Parameters
        ----------
        X : sequence of str
            The texts.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        TfidfVectorizer
            The vectoriser itself.
        """
        del y  # pipelines pass it
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Texts, y: Any = None, **fit_params: Any) -> Any:
        """Learn and weigh, in one pass.

        Parameters
        ----------
        X : sequence of str
            The texts.
        y : ignored
            There so that pipelines may pass it.
        **fit_params
            None are known.

        Returns
        -------
        scipy.sparse.csr_matrix of float64, shape (n, terms)
            The weights.
        """
        del y, fit_params  # pipelines pass them
        counts = self._learn(X)
        n, extra = counts.shape[0], int(self.smooth_idf)
        df = np.bincount(counts.indices, minlength=counts.shape[1])
        factors: Floats = np.log((n + extra) / (df + extra)) + 1.0
        self.idf_ = factors if self.use_idf else np.ones(len(df))
        return self._weigh(counts)

    def transform(self, X: Texts) -> Any:
        """Weigh the terms of the vocabulary; others are passed over.

        Parameters
        ----------
        X : sequence of str
            The texts.

        Returns
        -------
        scipy.sparse.csr_matrix of float64, shape (n, terms)
            The weights; a text without any known term is a row of zeros.
        """
        return self._weigh(super().transform(X))

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        weights = counts.astype(np.float64)
        if self.sublinear_tf:
            weights.data = 1.0 + np.log(weights.data)
        weights.data *= self.idf_[weights.indices]
        return _normalised(weights, self.norm)

    def _check_settings(self) -> None:
        super()._check_settings()
        fine = self.norm in ("l1", "l2", None)
        check_parameters(self, norm=(fine, "'l1', 'l2' or None"))


class HashingVectorizer(_TextTransformer):
    """Count terms without a vocabulary: the column of a term is a hash of it.

    Nothing is learned and nothing kept, so that a stream of texts without end will do;
    but two terms may share a column, and no column can be named.

    Parameters
    ----------
    n_features : int
        How many columns.
    lowercase : bool
        Whether capitals are made small first.
    analyzer : {"word", "char"}
        Whether terms are made of words or of characters.
    token_pattern : str
        A regular expression for a word.
    tokenizer : callable, optional
        Cuts a text into words, instead of the pattern.
    stop_words : iterable of str, optional
        Words that are left out.
    ngram_range : (int, int)
        The smallest and the largest number of words, or characters, in a term.
    alternate_sign : bool
        Whether another bit of the hash decides if a term adds or takes away: terms that
        share a column then cancel on average instead of adding up.
    norm : {"l2", "l1", None}
        What each row is divided by.

    Notes
    -----
    The hash is CRC-32, so columns differ from scikit-learn's.

    Taught in: domains/text-and-image-features.

    References
    ----------
    Weinberger, Dasgupta, Langford, Smola and Attenberg (2009), "Feature hashing for
    large scale multitask learning", ICML.

    Examples
    --------
    >>> rows = HashingVectorizer(n_features=8, norm=None).transform(["a cat, a dog"])
    >>> rows.shape, int(abs(rows).sum())
    ((1, 8), 2)
    """

    def __init__(
        self,
        n_features: int = 2**20,
        *,
        lowercase: bool = True,
        analyzer: Analyzer = "word",
        token_pattern: str = TOKEN,
        tokenizer: Callable[[str], list[str]] | None = None,
        stop_words: Iterable[str] | None = None,
        ngram_range: tuple[int, int] = (1, 1),
        alternate_sign: bool = True,
        norm: Literal["l2", "l1"] | None = "l2",
    ) -> None:
        self.n_features = n_features
        self.lowercase = lowercase
        self.analyzer = analyzer
        self.token_pattern = token_pattern
        self.tokenizer = tokenizer
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.alternate_sign = alternate_sign
        self.norm = norm

    def __sklearn_tags__(self) -> Any:
        """Return the tags: nothing is learned."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags

    def fit(self, X: Texts, y: Any = None) -> Self:
        """Check the settings and the texts; there is nothing to learn.

        Parameters
        ----------
        X : sequence of str
            The texts.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        HashingVectorizer
            The vectoriser itself.
        """
        del y  # pipelines pass it
        check_texts(X)
        self._check_analysis()
        return self

    def transform(self, X: Texts) -> Any:
        """Count the hashes of terms.

        Parameters
        ----------
        X : sequence of str
            The texts.

        Returns
        -------
        scipy.sparse.csr_matrix of float64, shape (n, n_features)
            The counts, with signs, divided by the norm.

        Raises
        ------
        TypeError
            If `X` is one string, or holds something else than strings.
        ValueError
            If a setting is out of its range.
        """
        self.fit(X)
        fine = self.norm in ("l1", "l2", None)
        check_parameters(
            self,
            n_features=(self.n_features >= 1, "a whole number from 1"),
            norm=(fine, "'l1', 'l2' or None"),
        )
        terms_of = self._analysis()
        hashes, ends = array("q"), [0]
        for text in X:
            hashes.extend(zlib.crc32(term.encode()) for term in terms_of(text))
            ends.append(len(hashes))
        codes = np.array(hashes, dtype=np.int64)
        # The highest bit is the sign, so that it does not depend on the column.
        signs = (
            np.where(codes >> 31, -1.0, 1.0) if self.alternate_sign else codes * 0 + 1.0
        )
        shape = (len(ends) - 1, self.n_features)
        where = (codes & 0x7FFFFFFF) % self.n_features
        rows = sparse.csr_matrix((signs, where, ends), shape=shape)
        rows.sum_duplicates()
        return _normalised(rows, self.norm)


def _normalised(rows: sparse.csr_matrix, norm: str | None) -> sparse.csr_matrix:
    """Divide each row by its norm, in place; rows of zeros stay."""
    if norm is None:
        return rows
    lengths = np.diff(rows.indptr)
    sizes = np.abs(rows.data) if norm == "l1" else rows.data**2
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    totals = np.bincount(row_of, weights=sizes, minlength=len(lengths))
    if norm == "l2":
        totals = np.sqrt(totals)
    totals[totals == 0] = 1.0
    rows.data /= totals[row_of]
    return rows


def _is_limit(value: float) -> bool:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return bool(value >= 1)
    return isinstance(value, float) and 0 <= value <= 1
