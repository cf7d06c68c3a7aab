"""Cutting, edit distance and the n-gram model: closed forms and what must hold."""

from __future__ import annotations

import math
import pydoc_data.topics
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import text
from ml_from_scratch.text.language_model import END, START, UNKNOWN

short = st.text(alphabet="abc", max_size=8)


def slow_distance(a: str, b: str) -> int:
    """The definition, by recursion."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(a) or j == len(b):
            return max(len(a) - i, len(b) - j)
        same = rest(i + 1, j + 1) + (a[i] != b[j])
        return min(same, rest(i + 1, j) + 1, rest(i, j + 1) + 1)

    return rest(0, 0)


@given(short, short)
@settings(max_examples=100)
def test_edit_distance_is_its_definition(a: str, b: str) -> None:
    found = text.edit_distance(a, b)
    assert found == slow_distance(a, b)
    assert found == text.edit_distance(b, a)
    assert (found == 0) == (a == b)


@given(short, short, short)
@settings(max_examples=50)
def test_no_way_round_is_shorter(a: str, b: str, c: str) -> None:
    d = text.edit_distance
    assert d(a, c) <= d(a, b) + d(b, c)


def test_distance_counts_words_too_and_survives_length() -> None:
    assert text.edit_distance(["the", "cat"], ["a", "cat", "sat"]) == 2
    assert text.edit_distance("a" * 2000, "b" * 1500) == 2000
    assert text.edit_distance("", "") == 0


@given(st.text(alphabet="ab \n", max_size=60), st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=60)
def test_pieces_cover_the_text_and_overlap_as_asked(
    document: str, size: int, overlap: int
) -> None:
    overlap = min(overlap, size - 1)
    words = document.split()
    pieces = text.split_into_chunks(document, size, overlap=overlap)
    cut = [piece.split() for piece in pieces]
    assert all(piece in document for piece in pieces)
    assert all(len(piece) == size for piece in cut[:-1])
    rebuilt = cut[0] if cut else []
    for before, after in pairwise(cut):
        assert before[size - overlap :] == after[:overlap]
        assert len(after) > overlap  # no piece that says nothing new
        rebuilt = rebuilt + after[overlap:]
    assert rebuilt == words


# --- the n-gram model --------------------------------------------------------------

LETTERS = [list(w) for w in ("abba", "abc", "cab", "bac", "aaa", "b")]
MANUAL = [
    line.lower().split()
    for topic in list(pydoc_data.topics.topics.values())[:30]
    for line in topic.splitlines()
    if line.strip()
]
REPEATED = [["same"]] * 5
DATA = {"letters": LETTERS, "manual": MANUAL, "repeated": REPEATED}


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("smoothing", ["kneser-ney", "add-k"])
@pytest.mark.parametrize("name", DATA)
def test_probabilities_add_up_after_any_context(
    name: str, smoothing: Any, order: int
) -> None:
    model = text.NGramModel(order, smoothing=smoothing).fit(DATA[name])
    some = DATA[name][0]
    for context in ([], some[:1], some[:3], ["never", "seen"], [some[0], "never"]):
        p = [model.probability(word, context) for word in model.vocabulary_]
        assert min(p) > 0
        assert math.fsum(p) == pytest.approx(1, abs=1e-12)


def kneser_ney(
    word: str, context: tuple[str, ...], runs: Any, d: float, v: int
) -> float:
    """The recursion of Chen and Goodman, equation 27, over sets of n-grams."""
    n = len(context)
    counts = runs[n]
    after = {run[-1]: c for run, c in counts.items() if run[:-1] == context}
    lower = kneser_ney(word, context[1:], runs, d, v) if n else 1 / v
    if not after:
        return lower
    total = sum(after.values())
    return max(after.get(word, 0) - d, 0) / total + d * len(after) / total * lower


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("discount", [0.2, 0.75])
def test_kneser_ney_is_the_formula(order: int, discount: float) -> None:
    model = text.NGramModel(order, discount=discount).fit(LETTERS)
    padded = [[START] * (order - 1) + s + [END] for s in LETTERS]
    every = [run for s in padded for run in text.ngrams(s, order)]
    runs: dict[int, Any] = {order - 1: Counter(every)}
    for n in range(order - 1, 0, -1):  # how many words come before each shorter run
        runs[n - 1] = Counter(run[1:] for run in set(runs[n]))
    v = len(model.vocabulary_)
    assert v == 5
    for context in ([], ["a"], ["a", "b"], ["b", "b"], ["c", "c"], ["a", "x"]):
        known = [w if w in "abc" else UNKNOWN for w in context]
        last = tuple(([START] * (order - 1) + known)[len(context) :])
        for word in ("a", "b", "c", END, UNKNOWN):
            expected = kneser_ney(word, last, runs, discount, v)
            assert model.probability(word, context) == pytest.approx(
                expected, abs=1e-14
            )


@pytest.mark.parametrize("k", [0.01, 1.0])
def test_add_k_is_the_formula(k: float) -> None:
    model = text.NGramModel(2, smoothing="add-k", k=k).fit(LETTERS)
    pairs = Counter(pair for s in LETTERS for pair in text.ngrams([START, *s, END], 2))
    for before in ("a", "b", "c"):
        total = sum(c for pair, c in pairs.items() if pair[0] == before)
        for word in ("a", "b", "c", END, "new"):
            expected = (pairs[before, word] + k) / (total + k * 5)
            assert model.probability(word, [before]) == pytest.approx(expected)


def test_perplexity_is_that_of_equal_choices_and_falls_with_the_order() -> None:
    even = text.NGramModel(1, smoothing="add-k", k=1e9).fit(LETTERS)
    assert even.perplexity(LETTERS) == pytest.approx(5, rel=1e-6)
    train, held_out = MANUAL[:-200:1], MANUAL[-200:]
    found = [text.NGramModel(n).fit(train).perplexity(held_out) for n in (1, 2, 3)]
    assert found[1] < 0.7 * found[0]
    assert found[2] < found[0]
    add = text.NGramModel(3, smoothing="add-k").fit(train).perplexity(held_out)
    assert found[2] < 0.5 * add
    sentence = held_out[0]
    alone = text.NGramModel(2).fit(train)
    by_hand = math.fsum(
        math.log(alone.probability(word, sentence[:i]))
        for i, word in enumerate([*sentence, END])
    )
    assert alone.log_probability(sentence) == pytest.approx(by_hand)


def test_sentences_can_be_drawn() -> None:
    model = text.NGramModel(2, discount=0.01).fit([list("abab")] * 50)
    drawn = model.generate(rng=np.random.default_rng(0))
    assert drawn[:2] == ["a", "b"]
    same = model.generate(rng=np.random.default_rng(0))
    assert drawn == same
    assert len(model.generate(max_words=3, rng=np.random.default_rng(1))) <= 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: text.split_words(3), TypeError, "takes a str, found int"),
        (
            lambda: text.split_into_chunks(["a"], 2),
            TypeError,
            "takes a str, found list",
        ),
        (
            lambda: text.split_into_chunks("a", 2, overlap=2),
            ValueError,
            "0 <= overlap < size",
        ),
        (lambda: text.split_into_chunks("a", 0), ValueError, "size is 0"),
        (lambda: text.ngrams(["a"], 0), ValueError, "n is 0"),
        (lambda: text.NGramModel(0), ValueError, "order is 0"),
        (lambda: text.NGramModel(2.5), ValueError, "order is 2.5"),
        (lambda: text.NGramModel(discount=1.0), ValueError, "discount is 1.0"),
        (lambda: text.NGramModel(smoothing="none"), ValueError, "smoothing is 'none'"),
        (lambda: text.NGramModel().fit([]), ValueError, "at least one sentence"),
        (lambda: text.NGramModel().fit(["abc"]), TypeError, "a single str"),
        (lambda: text.NGramModel().fit([[END]]), ValueError, "holds '</s>'"),
        (lambda: text.NGramModel().probability("a"), RuntimeError, "not fitted yet"),
        (
            lambda: text.NGramModel().fit([["a"]]).perplexity([]),
            ValueError,
            "at least one sentence",
        ),
    ],
)
def test_nonsense_is_named(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
