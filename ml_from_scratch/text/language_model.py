"""Guessing the next word from the last few, by counting.

The trouble is what was never counted. Add-k gives every continuation a little; Kneser
and Ney take a fixed amount from everything that was seen and spread it as a shorter
context would, asking there not how often a word came but after how many different
words.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from ml_from_scratch.text.words import check_texts, ngrams

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
Context = tuple[str, ...]


class NGramModel:
    """A language model that knows how often short runs of words came.

    Parameters
    ----------
    order : int
        Length of the runs: 3 guesses a word from the two before.
    smoothing : {"kneser-ney", "add-k"}
        What unseen continuations get.
    discount : float
        What Kneser-Ney takes from each count, above 0 and below 1.
    k : float
        What add-k adds to each count, above 0.

    Attributes
    ----------
    vocabulary_ : tuple of str
        All that can come next: the words, the end and the unknown word.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Fitting costs O(order * words) time and memory; a probability O(order). Words that
    were not there in training are all the same unknown word.

    Taught in: domains/nlp-language-model.

    References
    ----------
    Kneser and Ney (1995), "Improved backing-off for m-gram language modeling", ICASSP.
    Chen and Goodman (1999), "An empirical study of smoothing techniques for language
    modeling", Computer Speech and Language 13 (the interpolated form).

    Examples
    --------
    >>> model = NGramModel(order=2).fit([["a", "b"], ["a", "c"], ["a", "b", "a"]])
    >>> model.probability("b", ["a"]) > model.probability("c", ["a"])
    True
    >>> round(sum(model.probability(w, ["a"]) for w in model.vocabulary_), 12)
    1.0
    """

    def __init__(
        self,
        order: int = 3,
        *,
        smoothing: Literal["kneser-ney", "add-k"] = "kneser-ney",
        discount: float = 0.75,
        k: float = 0.1,
    ) -> None:
        if isinstance(order, bool) or not isinstance(order, int) or order < 1:
            raise ValueError(f"order is {order!r}; expected a whole number from 1.")
        if smoothing not in ("kneser-ney", "add-k"):
            raise ValueError(
                f"smoothing is {smoothing!r}; expected 'kneser-ney' or 'add-k'."
            )
        if not 0 < discount < 1 or not 0 < k < math.inf:
            raise ValueError(
                f"discount is {discount} and k is {k}; expected above 0 and below 1, "
                "and above 0."
            )
        self.order, self.smoothing = order, smoothing
        self.discount, self.k = discount, k

    def fit(self, sentences: Sequence[Sequence[str]]) -> Self:
        """Count.

        Parameters
        ----------
        sentences : sequence of sequence of str
            Sentences in words.

        Returns
        -------
        NGramModel
            The model itself.

        Raises
        ------
        TypeError
            If a sentence is not in words.
        ValueError
            If there is no sentence, or a word is one of the model's own signs.
        """
        padded = [self._padded(sentence) for sentence in sentences]
        if not padded:
            raise ValueError("NGramModel needs at least one sentence, found none.")
        words = {word for sentence in padded for word in sentence}
        self.vocabulary_ = tuple(sorted((words | {END, UNKNOWN}) - {START}))
        self._known = frozenset(self.vocabulary_)
        runs = Counter(run for s in padded for run in ngrams(s, self.order))
        # From a context to what followed it, for contexts of 0 to order - 1 words.
        self._after: list[dict[Context, Counter[str]]] = []
        for _ in range(self.order):
            self._after.insert(0, _by_context(runs))
            # One word shorter, a run counts once for each word that came before it.
            runs = Counter(run[1:] for run in runs)
        return self

    def probability(self, word: str, context: Sequence[str] = ()) -> float:
        """Return the probability of a word after others.

        Parameters
        ----------
        word : str
            What comes next; "</s>" for the end.
        context : sequence of str
            The words of the sentence so far.

        Returns
        -------
        float
            Above 0. Over `vocabulary_` they add up to 1.

        Raises
        ------
        RuntimeError
            If the model was not fitted.
        """
        if not hasattr(self, "_after"):
            raise RuntimeError("This NGramModel is not fitted yet: call fit first.")
        check_texts(context, "context")
        word = word if word in self._known else UNKNOWN
        padded = [*[START] * (self.order - 1), *context]
        known = self._known | {START}
        last = tuple(w if w in known else UNKNOWN for w in padded[len(context) :])
        if self.smoothing == "add-k":
            seen = self._after[-1].get(last, Counter())
            size = len(self.vocabulary_)
            return (seen[word] + self.k) / (seen.total() + self.k * size)
        return self._kneser_ney(word, last)

    def _kneser_ney(self, word: str, context: Context) -> float:
        """Start from equal chances and refine them by longer and longer contexts."""
        p = 1.0 / len(self.vocabulary_)
        for length, after in enumerate(self._after):
            seen = after.get(context[len(context) - length :])
            if not seen:
                break  # a longer context was not seen either
            left = max(seen[word] - self.discount, 0.0)
            p = (left + self.discount * len(seen) * p) / seen.total()
        return p

    def log_probability(self, sentence: Sequence[str]) -> float:
        """Return the natural logarithm of a sentence's probability, end included.

        Parameters
        ----------
        sentence : sequence of str
            A sentence in words.

        Returns
        -------
        float
            Below 0.
        """
        check_texts(sentence, "sentence")
        words = [*sentence, END]
        starts = [max(0, i - self.order) for i in range(len(words))]
        return math.fsum(
            math.log(self.probability(word, words[starts[i] : i]))
            for i, word in enumerate(words)
        )

    def perplexity(self, sentences: Sequence[Sequence[str]]) -> float:
        """Return among how many equal choices the model hesitates, on average.

        Parameters
        ----------
        sentences : sequence of sequence of str
            Sentences that were not trained on.

        Returns
        -------
        float
            exp(-mean log probability of a word), ends included; at least 1.

        Raises
        ------
        ValueError
            If there is no sentence.
        """
        if not len(sentences):
            raise ValueError("perplexity needs at least one sentence, found none.")
        n_words = sum(len(sentence) + 1 for sentence in sentences)
        return math.exp(-math.fsum(map(self.log_probability, sentences)) / n_words)

    def generate(self, *, max_words: int = 50, rng: np.random.Generator) -> list[str]:
        """Draw a sentence.

        Parameters
        ----------
        max_words : int
            Where to stop if no end comes.
        rng : numpy.random.Generator
            Draws the words.

        Returns
        -------
        list of str
            The words, without the end.
        """
        words: list[str] = []
        for _ in range(max_words):
            p = np.array([self.probability(word, words) for word in self.vocabulary_])
            word = self.vocabulary_[rng.choice(len(p), p=p / p.sum())]
            if word == END:
                break
            words.append(word)
        return words

    def _padded(self, sentence: Sequence[str]) -> list[str]:
        check_texts(sentence, "a sentence")
        own = {START, END, UNKNOWN}.intersection(sentence)
        if own:
            raise ValueError(f"A sentence holds {min(own)!r}, which the model uses.")
        return [*[START] * (self.order - 1), *sentence, END]


def _by_context(runs: Counter[Context]) -> dict[Context, Counter[str]]:
    after: dict[Context, Counter[str]] = defaultdict(Counter)
    for run, count in runs.items():
        after[run[:-1]][run[-1]] += count
    return dict(after)
