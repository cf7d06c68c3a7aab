"""Byte-pair encoding against Hugging Face's tokenizers: merges, numbers and tokens."""

from __future__ import annotations

import json
import pydoc_data.topics
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from ml_from_scratch.text import ByteLevelBPE, chunks

AWKWARD = [
    "aaaaaaaa aaa aa a aaaa",
    "ababab abab bababa cabab",
    "Grüße, naïve café! 🙂🙃 ½ Ⅷ 一二三 ١٢٣ ²x_y",
    "  \t\n\r\n  \x1c \x85 \u2003 end  ",
    "we've I'm you'll he'd it's don't 'S 'LL",
    "",
    "e\u0301 \u200b \ufeff \U0001f468\u200d\U0001f469 \x00\x01",
]


@cache
def manual() -> tuple[str, ...]:
    return tuple(pydoc_data.topics.topics.values())[:25]


@cache
def docstrings() -> tuple[str, ...]:
    found = (getattr(scipy.stats, name).__doc__ for name in sorted(dir(scipy.stats)))
    return tuple(doc for doc in found if isinstance(doc, str))[:60]


def synthetic() -> tuple[str, ...]:
    """Return words over three letters: ties everywhere, and tokens made twice."""
    rng = np.random.default_rng(0)
    words = [
        "".join(rng.choice(list("abc"), size=rng.integers(1, 9))) for _ in range(80)
    ]
    return tuple(" ".join(rng.choice(words, size=40)) for _ in range(10))


TEXTS: dict[str, Any] = {
    "manual": manual,
    "docstrings": docstrings,
    "synthetic": synthetic,
    "awkward": lambda: tuple(AWKWARD),
}


def oracle(texts: Any, vocab_size: int, **options: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        **options,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def merges_of(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    found = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in found]


@pytest.mark.parametrize("vocab_size", [256, 300, 700])
@pytest.mark.parametrize("name", TEXTS)
def test_merges_numbers_and_tokens_are_hugging_faces(
    name: str, vocab_size: int
) -> None:
    texts = TEXTS[name]()
    ours = ByteLevelBPE.train(texts, vocab_size)
    theirs = oracle(texts, vocab_size)
    assert ours.merges == merges_of(theirs)
    assert ours.vocab == theirs.get_vocab()
    for text in [*AWKWARD, *manual()[:5], *synthetic()]:
        found = theirs.encode(text)
        assert ours.encode(text) == found.ids
        assert ours.tokens(text) == found.tokens
        assert ours.decode(found.ids) == theirs.decode(found.ids) == text


@given(st.lists(st.text(alphabet="abc ", max_size=30), min_size=1, max_size=6))
@settings(max_examples=50)
def test_ties_and_tokens_made_twice_are_answered_alike(texts: list[str]) -> None:
    ours, theirs = ByteLevelBPE.train(texts, 290), oracle(texts, 290)
    assert ours.merges == merges_of(theirs)
    for text in texts:
        assert ours.encode(text) == theirs.encode(text).ids


def test_a_merge_that_was_learnt_earlier_comes_before_the_next_place() -> None:
    # "xyz" is made twice: the second way makes a pair that has to go first.
    merges = [("y", "z"), ("x", "y"), ("xy", "z"), ("xyz", "x"), ("x", "yz")]
    ours = ByteLevelBPE(merges)
    theirs = Tokenizer(models.BPE(vocab=ours.vocab, merges=merges))
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for text in ("xyzxyz", "xyzxyzxyzxyzx", "yzxyz"):
        assert ours.tokens(text) == theirs.encode(text).tokens
    assert ours.tokens("xyzxyz") == ["xyzx", "yz"]


@pytest.mark.parametrize("least", [2, 5, 50])
def test_rare_pairs_are_left_alone(least: int) -> None:
    texts = manual()
    ours = ByteLevelBPE.train(texts, 600, min_frequency=least)
    assert ours.merges == merges_of(oracle(texts, 600, min_frequency=least))


def test_special_tokens_are_one_token_each() -> None:
    special = ["<|end|>", "<|end|>>", "<pad>"]
    ours = ByteLevelBPE.train(manual(), 400, special_tokens=special)
    theirs = oracle(manual(), 400, special_tokens=special)
    assert ours.vocab == theirs.get_vocab()
    for text in ["a<|end|>>b", "<pad><pad> <|end|>", "<|end", "x <pad> y<|end|>"]:
        assert ours.encode(text) == theirs.encode(text).ids
        assert ours.decode(ours.encode(text)) == text
    assert ours.encode("<pad>") == [2]


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_text_is_cut_as_there_and_comes_back(text: str) -> None:
    cutter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    spans = [text[a:b] for _, (a, b) in cutter.pre_tokenize_str(text)]
    assert "".join(chunks(text)) == text
    assert chunks(text) == spans
    tokenizer = trained()
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(st.binary(max_size=40))
@settings(max_examples=100)
def test_any_bytes_come_back(data: bytes) -> None:
    tokenizer = trained()
    assert tokenizer.decode_bytes(tokenizer.encode(data)) == data


@cache
def trained() -> ByteLevelBPE:
    return ByteLevelBPE.train(manual(), 500, special_tokens=["<|end|>"])


def test_what_was_saved_is_plain_json_and_gives_the_same(tmp_path: Path) -> None:
    tokenizer = trained()
    tokenizer.save(tmp_path / "bpe.json")
    state = json.loads((tmp_path / "bpe.json").read_text(encoding="utf-8"))
    assert state["special_tokens"] == ["<|end|>"]
    again = ByteLevelBPE.load(tmp_path / "bpe.json")
    assert again.vocab == tokenizer.vocab
    text = manual()[0] + "<|end|>" + AWKWARD[2]
    assert again.encode(text) == tokenizer.encode(text)


def test_more_merges_make_fewer_tokens() -> None:
    text = manual()[0]
    lengths = [
        len(ByteLevelBPE.train([text], size).encode(text)) for size in (256, 300, 400)
    ]
    assert lengths[0] == len(text.encode())
    assert lengths[0] > lengths[1] > lengths[2]


def test_training_ends_where_no_pair_is_left() -> None:
    tokenizer = ByteLevelBPE.train(["ab"], 1000)
    assert tokenizer.merges == [("a", "b")]
    assert tokenizer.vocab_size == 257
    assert ByteLevelBPE.train([], 1000).merges == []
    assert ByteLevelBPE.train([""], 1000).encode("") == []


def test_a_very_long_word_is_no_problem() -> None:
    tokenizer = ByteLevelBPE.train(["a" * 10_000], 270)
    assert tokenizer.decode(tokenizer.encode("a" * 20_001)) == "a" * 20_001
    assert tokenizer.merges == merges_of(oracle(["a" * 10_000], 270))


def test_half_a_character_is_shown_as_such() -> None:
    tokenizer = ByteLevelBPE([])
    assert tokenizer.decode(tokenizer.encode("é")[:1]) == "\ufffd"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ByteLevelBPE.train("one text", 300), TypeError, "a single str"),
        (lambda: ByteLevelBPE.train([1], 300), TypeError, "number 0 is a int"),
        (lambda: ByteLevelBPE.train(["a"], 10), ValueError, "expected at least 256"),
        (lambda: ByteLevelBPE([("ab", "c")]), ValueError, "is no token yet"),
        (lambda: ByteLevelBPE([], ["x", "xx", "xx"]), ValueError, "special_tokens is"),
        (lambda: ByteLevelBPE([], [""]), ValueError, "none of them empty"),
        (lambda: ByteLevelBPE([]).encode(3), TypeError, "str or bytes, found int"),
        (lambda: ByteLevelBPE([]).encode("\ud800"), ValueError, "half a surrogate"),
        (lambda: ByteLevelBPE([]).decode([256]), ValueError, "no token 256; .* 255"),
        (lambda: ByteLevelBPE([]).decode([-1]), ValueError, "There is no token -1"),
    ],
)
def test_nonsense_is_named(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
