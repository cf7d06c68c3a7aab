"""Texts as words: cutting them, comparing them, and passages that overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def check_texts(texts: Any, name: str = "X") -> None:
    """Refuse what is no list of texts; a single text most of all.

    Parameters
    ----------
    texts : sequence of str
        A list, an array or a column of texts.
    name : str
        What to call it in the message.

    Raises
    ------
    TypeError
        If it is one string, or something in it is no string.

    Notes
    -----
    A string is a sequence of strings, too: its characters would pass for documents.

    Taught in: domains/nlp-classification.

    Examples
    --------
    >>> check_texts(["a text", "another"])
    """
    if isinstance(texts, str | bytes):
        raise TypeError(
            f"{name} must be a list of texts, but it is a single "
            f"{type(texts).__name__}: put it in a list."
        )
    if not hasattr(texts, "__iter__"):
        raise TypeError(
            f"{name} must be a list of texts, but it is a {type(texts).__name__}."
        )
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"{name} must hold texts, but number {i} is a "
                f"{type(text).__name__}: {text!r:.40}."
            )


def split_words(text: str, pattern: str = r"\w+|[^\w\s]") -> list[str]:
    r"""Cut a text into words and signs.

    Parameters
    ----------
    text : str
        Any text.
    pattern : str
        A regular expression for one piece; ``\S+`` cuts at white space only.

    Returns
    -------
    list of str
        The pieces, in order; what the pattern leaves out is lost.

    Raises
    ------
    TypeError
        If `text` is no string.

    Notes
    -----
    O(n). Taught in: domains/nlp-tokens.

    Examples
    --------
    >>> split_words("Don't stop!")
    ['Don', "'", 't', 'stop', '!']
    >>> split_words("Don't stop!", r"\S+")
    ["Don't", 'stop!']
    """
    if not isinstance(text, str):
        raise TypeError(f"split_words takes a str, found {type(text).__name__}.")
    return [match.group() for match in re.finditer(pattern, text)]


def ngrams(tokens: Sequence[str], n: int) -> list[tuple[str, ...]]:
    """Return all runs of n tokens.

    Parameters
    ----------
    tokens : sequence of str
        A text in pieces.
    n : int
        How many tokens a run has.

    Returns
    -------
    list of tuple of str
        In order; none if the text is shorter than n.

    Raises
    ------
    ValueError
        If n is below 1.

    Notes
    -----
    Taught in: domains/nlp-classification.

    Examples
    --------
    >>> ngrams(["a", "b", "c"], 2)
    [('a', 'b'), ('b', 'c')]
    """
    if n < 1:
        raise ValueError(f"n is {n}; expected a whole number from 1.")
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def edit_distance(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Return how many insertions, deletions and substitutions turn one into the other.

    Parameters
    ----------
    a, b : sequences
        Texts, or lists of tokens.

    Returns
    -------
    int
        0 if they are equal, at most the length of the longer one.

    Notes
    -----
    O(len(a) * len(b)) time and O(len(b)) memory. A row of the table is one pass of
    NumPy: insertions run along the row, and what they cost is a running minimum.

    Taught in: domains/nlp-tokens.

    References
    ----------
    Wagner and Fischer (1974), "The string-to-string correction problem", Journal of
    the ACM 21.

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    """
    numbers: dict[Any, int] = {}
    first, second = (
        np.array([numbers.setdefault(x, len(numbers)) for x in s], dtype=np.intp)
        for s in (a, b)
    )
    steps = np.arange(len(second) + 1)
    row = steps.copy()  # from nothing to each beginning of b: insertions only
    for i, symbol in enumerate(first, start=1):
        best = np.empty_like(row)
        best[0] = i
        best[1:] = np.minimum(row[:-1] + (second != symbol), row[1:] + 1)
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def split_into_chunks(
    text: str, size: int, *, overlap: int = 0, pattern: str = r"\S+"
) -> list[str]:
    """Cut a document into pieces of so many words, which share some with the next.

    Parameters
    ----------
    text : str
        The document.
    size : int
        Words a piece; the last may have fewer.
    overlap : int
        How many words at the end of a piece begin the next one too, so that a sentence
        across the cut is whole in one of them.
    pattern : str
        A regular expression for a word.

    Returns
    -------
    list of str
        The pieces as they stand in the text, white space between words included. None
        for a text without words.

    Raises
    ------
    TypeError
        If `text` is no string.
    ValueError
        If `size` is below 1, or `overlap` is not below `size`.

    Notes
    -----
    O(n). Taught in: domains/nlp-rag.

    Examples
    --------
    >>> split_into_chunks("one two three four five", 3, overlap=1)
    ['one two three', 'three four five']
    """
    if not isinstance(text, str):
        raise TypeError(f"split_into_chunks takes a str, found {type(text).__name__}.")
    if not 0 <= overlap < size:
        raise ValueError(
            f"size is {size} and overlap is {overlap}; expected 0 <= overlap < size."
        )
    spans = [match.span() for match in re.finditer(pattern, text)]
    return [
        text[spans[first][0] : spans[last - 1][1]]
        for first, last in _windows(len(spans), size, overlap)
    ]


def _windows(n: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Give the ends of each window, up to the first that reaches the end."""
    for first in range(0, n, size - overlap):
        yield first, min(first + size, n)
        if first + size >= n:
            return
