"""Finding the documents that answer a query, by the words that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.text.vectorize import TOKEN, CountVectorizer


class Hits(NamedTuple):
    """Documents that were found, the best first.

    Parameters
    ----------
    documents : array of int, shape (k,)
        Their numbers in the collection.
    scores : array of shape (k,)
        How well each fits.

    Notes
    -----
    Taught in: domains/nlp-rag.

    Examples
    --------
    >>> hits = Hits(np.array([3, 0]), np.array([1.5, 0.2]))
    >>> int(hits.documents[0])
    3
    """

    documents: NDArray[np.intp]
    scores: Floats


class BM25(BaseEstimator):
    """Rank documents by the rare words that they share with a query.

    Parameters
    ----------
    k1 : float
        How much a second and third occurrence of a word still add; with 0 nothing.
    b : float
        How much long documents are held back, 0 to 1.
    token_pattern : str
        A regular expression for a word.
    tokenizer : callable, optional
        Cuts a text into words, instead of the pattern.

    Attributes
    ----------
    vocabulary_ : dict
        From word to column.
    idf_ : array of shape (words,)
        log(1 + (n - df + 0.5) / (df + 0.5)): how much a word says. Never below 0.
    weights_ : scipy.sparse.csc_matrix of shape (n, words)
        What each word of a query adds to the score of each document.

    Notes
    -----
    Fitting costs one pass over the texts; a query touches only documents that hold one
    of its words.

    Taught in: domains/nlp-rag.

    References
    ----------
    Robertson and Zaragoza (2009), "The probabilistic relevance framework: BM25 and
    beyond", Foundations and Trends in Information Retrieval 3.

    Examples
    --------
    >>> index = BM25().fit(["the late train", "the early bus", "a train of thought"])
    >>> index.search("late trains or a late train", k=2).documents.tolist()
    [0, 2]
    """

    def __init__(
        self,
        *,
        k1: float = 1.5,
        b: float = 0.75,
        token_pattern: str = TOKEN,
        tokenizer: Callable[[str], list[str]] | None = None,
    ) -> None:
        self.k1 = k1
        self.b = b
        self.token_pattern = token_pattern
        self.tokenizer = tokenizer

    def __sklearn_tags__(self) -> Any:
        """Return the tags of an estimator whose input is a list of texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, X: Sequence[str], y: Any = None) -> Self:
        """Take in the documents.

        Parameters
        ----------
        X : sequence of str
            The documents.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        BM25
            The index itself.

        Raises
        ------
        TypeError
            If `X` is one string, or holds something else than strings.
        ValueError
            If a setting is out of its range, or no document holds a word.
        """
        del y  # pipelines pass it
        check_parameters(
            self,
            k1=(0 <= self.k1 < np.inf, "a number from 0"),
            b=(0 <= self.b <= 1, "a share from 0 to 1"),
        )
        self._counter = CountVectorizer(
            token_pattern=self.token_pattern, tokenizer=self.tokenizer
        )
        weights = self._counter.fit_transform(X).astype(np.float64)
        self.vocabulary_ = self._counter.vocabulary_
        n, n_words = weights.shape
        df = np.bincount(weights.indices, minlength=n_words)
        self.idf_ = np.log1p((n - df + 0.5) / (df + 0.5))
        lengths = np.asarray(weights.sum(axis=1)).ravel()
        # How many occurrences make half of what any number of them can add.
        half = self.k1 * (1 - self.b + self.b * lengths / lengths.mean())
        tf = weights.data
        row_of = np.repeat(np.arange(n), np.diff(weights.indptr))
        weights.data = self.idf_[weights.indices] * tf * (self.k1 + 1)
        weights.data /= tf + half[row_of]
        self.weights_ = weights.tocsc()
        return self

    def score(self, query: str) -> Floats:
        """Return how well each document fits a query.

        Parameters
        ----------
        query : str
            Words; one that comes twice counts twice, unknown ones not at all.

        Returns
        -------
        array of shape (n,)
            At least 0; 0 for documents that share no word.

        Raises
        ------
        TypeError
            If the query is no string.
        """
        check_is_fitted(self, "weights_")
        if not isinstance(query, str):
            raise TypeError(f"A query is a str, found {type(query).__name__}.")
        wanted = self._counter.transform([query]).toarray()[0]
        words = np.flatnonzero(wanted)
        scores: Floats = self.weights_[:, words] @ wanted[words].astype(np.float64)
        return scores

    def search(self, query: str, k: int = 10) -> Hits:
        """Return the documents that fit best.

        Parameters
        ----------
        query : str
            Words.
        k : int
            How many at most; documents that share no word are not among them.

        Returns
        -------
        Hits
            Numbers and scores, the best first; of equals the one that was first.

        Raises
        ------
        ValueError
            If `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}; expected a whole number from 1.")
        scores = self.score(query)
        best = np.argsort(-scores, kind="stable")[:k]
        best = best[scores[best] > 0]
        return Hits(best, scores[best])
