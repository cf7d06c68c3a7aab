"""Byte-pair encoding: the pieces of text that language models read.

Text is cut into chunks (words with their space, numbers, punctuation), each chunk into
bytes, and the most frequent pair of neighbours is merged into a new token, again and
again. What makes it fast: equal chunks are counted once and merged once; a heap whose
outdated entries are mended only when they come up finds the most frequent pair; and a
chunk is a Python string whose characters are token numbers, so that a merge is
``split`` and ``join``.

Cuts, ties and numbering are those of Hugging Face's tokenizers with its byte-level
settings, so that merges and tokens are the same.
"""

from __future__ import annotations

import heapq
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Self

from ml_from_scratch.text.words import check_texts

Merges = list[tuple[str, str]]


class ByteLevelBPE:
    """A tokenizer whose tokens are frequent sequences of bytes.

    Parameters
    ----------
    merges : sequence of (str, str)
        Pairs of tokens, in the order in which they are merged, each byte written as one
        visible character (GPT-2's alphabet: a space is Ġ).
    special_tokens : sequence of str
        Texts that are one token each, such as "<|end|>". They have the first numbers.

    Attributes
    ----------
    vocab : dict
        From token to its number: special tokens, bytes, then merged tokens.

    Raises
    ------
    ValueError
        If a merge uses a token that no earlier merge has made, or a special token is
        empty or there twice.

    Notes
    -----
    Any text, and any bytes, come back from their tokens as they were.

    Taught in: domains/nlp-tokens.

    References
    ----------
    Sennrich, Haddow and Birch (2016), "Neural machine translation of rare words with
    subword units", ACL. Radford et al. (2019), "Language models are unsupervised
    multitask learners", OpenAI, section 2.2 (bytes).

    Examples
    --------
    >>> tokenizer = ByteLevelBPE.train(["low lower lowest"] * 3, vocab_size=259)
    >>> tokenizer.tokens("lower and lower")
    ['low', 'e', 'r', 'Ġ', 'a', 'n', 'd', 'Ġlow', 'e', 'r']
    >>> tokenizer.decode(tokenizer.encode("über 🙂"))
    'über 🙂'
    """

    def __init__(
        self, merges: Iterable[tuple[str, str]], special_tokens: Sequence[str] = ()
    ) -> None:
        self.merges: Merges = [(a, b) for a, b in merges]
        self.special_tokens = _checked_specials(special_tokens)
        self.vocab = _first_vocab(self.special_tokens)
        # Inside, a token is chr(its number) and a pair is a string of two.
        self._rules: dict[str, _Rule] = {}
        for rank, (a, b) in enumerate(self.merges):
            if a not in self.vocab or b not in self.vocab:
                raise ValueError(
                    f"Merge {rank} is of {a!r} and {b!r}, but one of them is no token "
                    "yet."
                )
            is_new = a + b not in self.vocab
            number = self.vocab.setdefault(a + b, len(self.vocab))
            pair = chr(self.vocab[a]) + chr(self.vocab[b])
            self._rules.setdefault(pair, _Rule(rank, chr(number), is_new))
        self._names = list(self.vocab)
        self._letters = _letters(len(self.special_tokens))

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        vocab_size: int,
        *,
        special_tokens: Sequence[str] = (),
        min_frequency: int = 0,
    ) -> Self:
        """Learn merges from texts.

        Parameters
        ----------
        texts : sequence of str
            What to learn from.
        vocab_size : int
            How many tokens there will be: special ones, 256 bytes, and the rest.
            Fewer, if no pair is left.
        special_tokens : sequence of str
            See the class.
        min_frequency : int
            A pair that is rarer is not merged.

        Returns
        -------
        ByteLevelBPE
            The tokenizer.

        Raises
        ------
        TypeError
            If `texts` is a single string or holds something else.
        ValueError
            If `vocab_size` has no room for the bytes.
        """
        check_texts(texts, "texts")
        tokenizer = cls([], special_tokens)
        first = tokenizer.vocab
        if vocab_size < len(first):
            raise ValueError(
                f"vocab_size is {vocab_size}; expected at least {len(first)}: 256 "
                "bytes and the special tokens."
            )
        counts = Counter(chunk for text in texts for chunk in chunks(text))
        words = {
            _as_bytes(chunk).decode("latin-1").translate(tokenizer._letters): n
            for chunk, n in counts.items()
        }
        merges = _learn(words, list(first), vocab_size, min_frequency)
        return cls(merges, special_tokens)

    @property
    def vocab_size(self) -> int:
        """The number of tokens."""
        return len(self.vocab)

    def encode(self, text: str | bytes) -> list[int]:
        """Return the numbers of the tokens of a text.

        Parameters
        ----------
        text : str or bytes
            Bytes need not be valid UTF-8.

        Returns
        -------
        list of int
            One number a token.

        Raises
        ------
        TypeError
            If it is neither.
        ValueError
            If a str holds half a surrogate pair, which no encoding can write.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        if not isinstance(text, str):
            raise TypeError(
                f"encode takes a str or bytes, found {type(text).__name__}."
            )
        known: dict[str, list[int]] = {}  # most chunks of a text come again
        numbers: list[int] = []
        for part in self._split_specials(text):
            if part in self.special_tokens:
                numbers.append(self.vocab[part])
                continue
            for chunk in chunks(part):
                if chunk not in known:
                    known[chunk] = [ord(letter) for letter in self._merge(chunk)]
                numbers += known[chunk]
        return numbers

    def tokens(self, text: str | bytes) -> list[str]:
        """Return the tokens of a text as they are written in `vocab`.

        Parameters
        ----------
        text : str or bytes
            What to cut.

        Returns
        -------
        list of str
            One name a token.
        """
        return [self._names[number] for number in self.encode(text)]

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of tokens.

        Parameters
        ----------
        numbers : iterable of int
            As `encode` gave them.

        Returns
        -------
        str
            Bytes that are no valid UTF-8, such as half a character, become U+FFFD.

        Raises
        ------
        ValueError
            If there is no such token.
        """
        return self.decode_bytes(numbers).decode("utf-8", "replace")

    def decode_bytes(self, numbers: Iterable[int]) -> bytes:
        """Return the bytes of tokens: exactly those that were encoded.

        Parameters
        ----------
        numbers : iterable of int
            As `encode` gave them.

        Returns
        -------
        bytes
            The text in UTF-8, or whatever bytes it was.

        Raises
        ------
        ValueError
            If there is no such token.
        """
        parts = []
        for number in numbers:
            if not 0 <= number < len(self._names):
                raise ValueError(
                    f"There is no token {number}; expected 0 to {len(self._names) - 1}."
                )
            name = self._names[number]
            special = number < len(self.special_tokens)
            parts.append(name.encode() if special else _bytes_of(name))
        return b"".join(parts)

    def save(self, path: str | Path) -> None:
        """Write the tokenizer to a file, as JSON.

        Parameters
        ----------
        path : str or Path
            Where to.
        """
        state = {"special_tokens": self.special_tokens, "merges": self.merges}
        text = json.dumps(state, ensure_ascii=False, indent=0)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a tokenizer that `save` has written.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        ByteLevelBPE
            The tokenizer.
        """
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls(state["merges"], state["special_tokens"])

    def _merge(self, chunk: str) -> str:
        """Apply the merges to one chunk, the earliest learnt first."""
        word = _as_bytes(chunk).decode("latin-1").translate(self._letters)
        while True:
            found = [
                (self._rules[pair].rank, pair)
                for pair in set(map("".join, pairwise(word)))
                if pair in self._rules
            ]
            if not found:
                return word
            _, pair = min(found)
            rule = self._rules[pair]
            # A token made by an earlier merge too may be the start of a merge that is
            # earlier than this one, and then has to come before the next place.
            word = word.replace(pair, rule.made, -1 if rule.is_first else 1)

    def _split_specials(self, text: str) -> list[str]:
        if not self.special_tokens:
            return [text]
        longest_first = sorted(self.special_tokens, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        return re.split(f"({pattern})", text)


class _Rule(NamedTuple):
    """A merge: how early it was learnt, what it makes, and whether it is the first."""

    rank: int
    made: str
    is_first: bool


def _learn(
    words: dict[str, int], names: list[str], vocab_size: int, min_frequency: int
) -> Merges:
    """Merge the most frequent pair of neighbours until there are enough tokens."""
    spelled, weights = list(words), list(words.values())
    numbers = {name: i for i, name in enumerate(names)}
    counts: dict[str, int] = defaultdict(int)
    where: dict[str, set[int]] = defaultdict(set)
    for i, word in enumerate(spelled):
        for pair in map("".join, pairwise(word)):
            counts[pair] += weights[i]
            where[pair].add(i)
    # The most frequent first; of equals, the pair with the lower numbers.
    heap = [(-counts[pair], pair, i) for i, pair in enumerate(where)]
    places = list(where.values())
    heapq.heapify(heap)
    merges: Merges = []
    while heap and len(numbers) < vocab_size:
        count, pair, entry = heap[0]
        if -count != counts[pair]:  # outdated: put it where it belongs by now
            heapq.heapreplace(heap, (-counts[pair], pair, entry))
            continue
        if -count < max(1, min_frequency):
            break
        heapq.heappop(heap)
        a, b = (names[ord(letter)] for letter in pair)
        merges.append((a, b))
        if a + b not in numbers:
            numbers[a + b] = len(names)
            names.append(a + b)
        made = chr(numbers[a + b])
        for new, at in _replace(spelled, weights, places[entry], pair, made, counts):
            heapq.heappush(heap, (-counts[new], new, len(places)))
            places.append(at)
    return merges


def _replace(
    spelled: list[str],
    weights: list[int],
    at: set[int],
    pair: str,
    made: str,
    counts: dict[str, int],
) -> Iterator[tuple[str, set[int]]]:
    """Merge a pair in some words; give the new pairs and the words that have them."""
    a, b = pair[0], pair[1]
    where: dict[str, set[int]] = defaultdict(set)
    for i in at:
        n = weights[i]
        parts = spelled[i].split(pair)
        spelled[i] = made.join(parts)
        for j in range(len(parts) - 1):
            before, after = parts[j], parts[j + 1]
            if before:
                counts[before[-1] + a] -= n
                counts[before[-1] + made] += n
                where[before[-1] + made].add(i)
            elif j:  # two of them next to each other
                counts[b + a] -= n
                counts[made + made] += n
                where[made + made].add(i)
            if after:
                counts[b + after[0]] -= n
                counts[made + after[0]] += n
                where[made + after[0]].add(i)
    return ((new, words) for new, words in where.items() if counts[new] > 0)


# The alphabet -----------------------------------------------------------------------


@cache
def _visible() -> list[str]:
    """Return one visible character for each byte: itself, or one from U+0100 on."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in plain)
    shown = {byte: chr(byte) for byte in plain}
    shown |= {byte: chr(256 + i) for i, byte in enumerate(others)}
    return [shown[byte] for byte in range(256)]


@cache
def _byte_of() -> dict[str, int]:
    return {character: byte for byte, character in enumerate(_visible())}


def _bytes_of(name: str) -> bytes:
    table = _byte_of()
    return bytes(table[character] for character in name)


def _letters(n_special: int) -> dict[int, int]:
    """Return the table from bytes to token numbers, for ``str.translate``."""
    numbers = {name: n_special + i for i, name in enumerate(sorted(_visible()))}
    return {byte: numbers[name] for byte, name in enumerate(_visible())}


def _first_vocab(special_tokens: list[str]) -> dict[str, int]:
    return {name: i for i, name in enumerate([*special_tokens, *sorted(_visible())])}


def _as_bytes(chunk: str) -> bytes:
    try:
        return chunk.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"The text holds half a surrogate pair, {chunk[error.start]!r}, which no "
            "encoding can write."
        ) from None


def _checked_specials(special_tokens: Sequence[str]) -> list[str]:
    check_texts(special_tokens, "special_tokens")
    known = {*special_tokens, ""} | set(_visible())
    if len(known) != len(special_tokens) + 257:
        raise ValueError(
            f"special_tokens is {list(special_tokens)}; expected texts that differ, "
            "none of them empty or a single byte."
        )
    return list(special_tokens)


# Cutting ----------------------------------------------------------------------------


def chunks(text: str) -> list[str]:
    """Cut a text where no token may reach across: GPT-2's rule.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        Words, numbers and runs of other signs, each with the space before it, English
        endings such as 've, and runs of white space. Joined they are the text again.

    Notes
    -----
    O(n). The first call builds the tables of letters and digits, a quarter of a second.

    Taught in: domains/nlp-tokens.

    References
    ----------
    Radford et al. (2019), "Language models are unsupervised multitask learners",
    OpenAI, section 2.2.

    Examples
    --------
    >>> chunks("We've 2 cats  now!")
    ['We', "'ve", ' 2', ' cats', ' ', ' now', '!']
    """
    return _pattern().findall(text)


# Unicode's white space. Python's \s also has U+001C to U+001F.
_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@cache
def _pattern() -> re.Pattern[str]:
    letters, digits = _ranges("L"), _ranges("N")
    other = f"[^{_SPACE}{letters}{digits}]"
    return re.compile(
        f"'s|'t|'re|'ve|'m|'ll|'d| ?[{letters}]+| ?[{digits}]+| ?{other}+"
        f"|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
    )


@cache
def _ranges(kind: str) -> str:
    """Return all characters of a kind as the inside of a regular expression's [...]."""
    runs: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] == kind:
            if runs and runs[-1][1] == code - 1:
                runs[-1][1] = code
            else:
                runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)
