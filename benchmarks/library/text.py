"""Tokenizers against Hugging Face's in Rust, vectorisers against scikit-learn's.

The text is the documentation of the installed packages: a megabyte of English.
"""

from __future__ import annotations

import json
import os
import pydoc_data.topics
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import scipy.signal
import scipy.stats
from sklearn.feature_extraction.text import TfidfVectorizer as TheirTfidf
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.text import ByteLevelBPE, TfidfVectorizer, edit_distance

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one thread on both sides
VOCAB = 1000  # 256 bytes and 744 merges


@cache
def _documents() -> list[str]:
    """Return a megabyte of documentation."""
    found = list(pydoc_data.topics.topics.values())
    for module in (np, scipy.stats, scipy.signal, pd):
        docs = (getattr(module, name).__doc__ for name in sorted(dir(module)))
        found += [doc for doc in docs if isinstance(doc, str)]
    ends = np.cumsum([len(doc) for doc in found])
    return found[: int(np.searchsorted(ends, 1_000_000))]


@cache
def _lines() -> list[str]:
    return [line for doc in _documents() for line in doc.splitlines(keepends=True)]


def _theirs() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_lines(), trainer)
    return tokenizer


def _training() -> tuple[Work, Work]:
    lines = _lines()
    return lambda: ByteLevelBPE.train(lines, VOCAB), _theirs


def _same_merges(ours: ByteLevelBPE, theirs: Tokenizer) -> None:
    merges = json.loads(theirs.to_str())["model"]["merges"]
    assert ours.merges == [tuple(m) for m in merges]


def _encoding() -> tuple[Work, Work]:
    text = "\n".join(_documents())
    ours, theirs = ByteLevelBPE.train(_lines(), VOCAB), _theirs()
    return lambda: ours.encode(text), lambda: theirs.encode(text).ids


def _equal(ours: Any, theirs: Any) -> None:
    assert ours == theirs


def _weighing() -> tuple[Work, Work]:
    texts = _documents()
    return (
        lambda: TfidfVectorizer(ngram_range=(1, 2)).fit_transform(texts),
        lambda: TheirTfidf(ngram_range=(1, 2)).fit_transform(texts),
    )


def _same_weights(ours: Any, theirs: Any) -> None:
    assert abs(ours - theirs).max() < 1e-12


def _bpe_on(n: int) -> Work:
    lines = _lines()[:n]
    return lambda: ByteLevelBPE.train(lines, VOCAB)


def _distance_on(n: int) -> Work:
    rng = np.random.default_rng(0)
    a, b = ("".join(rng.choice(list("abcd"), size=n)) for _ in range(2))
    return lambda: edit_distance(a, b)


CASES = [
    Case(
        "BPE, 1 MB, 744 merges",
        "HF tokenizers (Rust)",
        _training,
        _same_merges,
        goal=3.0,
        memory=True,
    ),
    Case("BPE, encoding 1 MB", "HF tokenizers (Rust)", _encoding, _equal),
    Case(
        "TF-IDF of words and pairs, 1 MB",
        "scikit-learn",
        _weighing,
        _same_weights,
        goal=1.2,
    ),
]
GROWTH = [
    Growth("BPE, training, lines", _bpe_on, (3000, 6000, 12_000), expected=1.0),
    Growth("edit distance, length", _distance_on, (2000, 4000, 8000), expected=2.0),
]
