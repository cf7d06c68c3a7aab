"""Vectorisers against scikit-learn's, BM25 against its formula."""

from __future__ import annotations

import math
import pickle
import pydoc_data.topics
import zlib
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction import text as theirs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from ml_from_scratch import text

TOLERANCE = 1e-12

TOY = ["The cat sat on the mat.", "The dog, the cat: and a DOG!", "no cats; 3 dogs"]
AWKWARD = [
    "",
    "  \n ",
    "a b c",
    "same same same",
    "same same same",
    "Grüße naïve ½ 12_3 ÄÖ",
    "x" * 200,
]
MANUAL = [t[:3000] for t in list(pydoc_data.topics.topics.values())[:40]]
DOCS = [
    doc[:2000]
    for doc in (getattr(scipy.stats, n).__doc__ for n in sorted(dir(scipy.stats)))
    if isinstance(doc, str)
][:40]
DATA = {"toy": TOY, "awkward": AWKWARD, "manual": MANUAL, "docs": DOCS}

OPTIONS: list[dict[str, Any]] = [
    {},
    {"ngram_range": (1, 2)},
    {"ngram_range": (2, 3), "lowercase": False},
    {"analyzer": "char", "ngram_range": (2, 3)},
    {"binary": True},
    {"min_df": 2},
    {"max_df": 0.5},
    {"min_df": 0.05, "max_df": 0.9},
    {"stop_words": ["the", "cat", "and"]},
    {"token_pattern": r"\S+"},
    {"tokenizer": str.split, "token_pattern": None},
]
WEIGHTS: list[dict[str, Any]] = [
    {},
    {"norm": "l1"},
    {"norm": None},
    {"smooth_idf": False},
    {"sublinear_tf": True},
    {"use_idf": False},
    {"sublinear_tf": True, "smooth_idf": False, "norm": None, "ngram_range": (1, 2)},
]


def same(found: Any, expected: Any) -> None:
    assert sparse.issparse(found)
    assert found.format == "csr"
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.has_sorted_indices
    np.testing.assert_allclose(
        found.toarray(), expected.toarray(), rtol=TOLERANCE, atol=TOLERANCE
    )


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_counts_are_scikit_learns(options: dict[str, Any], name: str) -> None:
    ours, oracle = text.CountVectorizer(**options), theirs.CountVectorizer(**options)
    same(ours.fit_transform(DATA[name]), oracle.fit_transform(DATA[name]))
    assert ours.vocabulary_ == oracle.vocabulary_
    names = oracle.get_feature_names_out()
    np.testing.assert_array_equal(ours.get_feature_names_out(), names)
    other = [*TOY, *AWKWARD, "completely unknown words"]
    same(ours.transform(other), oracle.transform(other))
    same(
        text.CountVectorizer(**options).fit(DATA[name]).transform(other),
        oracle.transform(other),
    )


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("options", WEIGHTS, ids=str)
def test_weights_are_scikit_learns(options: dict[str, Any], name: str) -> None:
    ours, oracle = text.TfidfVectorizer(**options), theirs.TfidfVectorizer(**options)
    same(ours.fit_transform(DATA[name]), oracle.fit_transform(DATA[name]))
    if options.get("use_idf", True):
        np.testing.assert_allclose(ours.idf_, oracle.idf_, rtol=TOLERANCE)
    other = [*TOY, *AWKWARD]
    same(ours.transform(other), oracle.transform(other))


@pytest.mark.parametrize("most", [1, 5, 30, 100_000])
def test_the_most_frequent_terms_are_kept(most: int) -> None:
    counts = text.CountVectorizer().fit(MANUAL)
    totals = np.asarray(counts.transform(MANUAL).sum(axis=0)).ravel()
    names = counts.get_feature_names_out()
    best = sorted(zip(-totals, names, strict=True))[:most]
    kept = text.CountVectorizer(max_features=most).fit(MANUAL)
    assert kept.get_feature_names_out().tolist() == sorted(name for _, name in best)
    assert kept.transform(MANUAL).shape == (40, len(best))


@given(st.lists(st.text(alphabet="ab ", max_size=12), min_size=1, max_size=8))
@settings(max_examples=40)
def test_any_texts_are_counted_as_there(texts: list[str]) -> None:
    texts = [*texts, "ab"]
    ours, oracle = text.TfidfVectorizer(), theirs.TfidfVectorizer()
    same(ours.fit_transform(texts), oracle.fit_transform(texts))


@given(st.integers(0, 999))
@settings(max_examples=15)
def test_the_order_of_the_texts_orders_the_rows_and_nothing_else(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(DOCS))
    straight = text.TfidfVectorizer().fit_transform(DOCS)
    mixed = text.TfidfVectorizer().fit_transform([DOCS[i] for i in order])
    np.testing.assert_allclose(mixed.toarray(), straight[order].toarray(), atol=1e-14)


def test_a_text_without_known_terms_is_a_row_of_zeros() -> None:
    model = text.TfidfVectorizer().fit(TOY)
    assert model.transform(["zzz", ""]).nnz == 0


def test_hashes_spread_the_counts_and_keep_inner_products() -> None:
    plain = text.CountVectorizer().fit_transform(DOCS).toarray().astype(float)
    wide = text.HashingVectorizer(2**22, norm=None).transform(DOCS)
    np.testing.assert_allclose((wide @ wide.T).toarray(), plain @ plain.T)
    gaps: dict[bool, list[float]] = {True: [], False: []}
    for sign in (True, False):
        for columns in range(450, 550, 7):
            hasher = text.HashingVectorizer(columns, norm=None, alternate_sign=sign)
            rows = hasher.transform(DOCS)
            gaps[sign].append(((rows @ rows.T).toarray() - plain @ plain.T).mean())
    # Terms that share a column cancel on average, or add up.
    assert min(gaps[False]) > 10
    assert abs(np.mean(gaps[True])) < 0.2 * np.mean(gaps[False])
    assert rows.sum() == plain.sum()


def test_hashes_do_not_change_between_runs() -> None:
    row = text.HashingVectorizer(1000, norm=None).transform(["hello world"])
    assert row.indices.tolist() == sorted(
        [0x3610A686 % 1000, (zlib.crc32(b"world") & 0x7FFFFFFF) % 1000]
    )
    lengths = text.HashingVectorizer().transform(MANUAL).power(2).sum(axis=1)
    np.testing.assert_allclose(lengths, 1)


def test_in_a_pipeline_they_classify_as_scikit_learns_do() -> None:
    X, y = [*MANUAL, *DOCS], [0] * len(MANUAL) + [1] * len(DOCS)
    scores = [
        cross_val_score(make_pipeline(vectorizer, LogisticRegression()), X, y, cv=4)
        for vectorizer in (text.TfidfVectorizer(), theirs.TfidfVectorizer())
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(
    "kind", [text.CountVectorizer, text.TfidfVectorizer, text.BM25]
)
def test_a_pickle_gives_the_same(kind: Any) -> None:
    model = kind().fit(TOY)
    again = pickle.loads(pickle.dumps(model))
    method = "score" if kind is text.BM25 else "transform"
    argument = "the cat" if kind is text.BM25 else TOY
    found, expected = (getattr(m, method)(argument) for m in (again, model))
    assert abs(found - expected).sum() == 0


@pytest.mark.parametrize(
    ("options", "texts", "error", "words"),
    [
        ({}, "one text", TypeError, "X must be a list of texts, .* a single str"),
        ({}, b"one text", TypeError, "a single bytes"),
        ({}, 3, TypeError, "it is a int"),
        ({}, ["a text", None], TypeError, "number 1 is a NoneType: None"),
        ({}, [np.nan], TypeError, "number 0 is a float"),
        ({}, [["a", "b"]], TypeError, "number 0 is a list"),
        ({}, np.eye(2), TypeError, "number 0 is a ndarray"),
        ({}, [], ValueError, "empty vocabulary"),
        ({}, ["", "a b"], ValueError, "empty vocabulary"),
        ({"min_df": 3}, TOY[:2], ValueError, "no term can be in between"),
        ({"min_df": 2, "max_df": 2}, TOY[:1] * 3, ValueError, "no terms remain"),
        ({"min_df": 0}, TOY, ValueError, "min_df must be"),
        ({"max_df": 1.5}, TOY, ValueError, "max_df must be .* got 1.5"),
        ({"max_features": 0}, TOY, ValueError, "max_features must be"),
        ({"ngram_range": (2, 1)}, TOY, ValueError, "ngram_range must be"),
        ({"analyzer": "line"}, TOY, ValueError, "analyzer must be 'word' or 'char'"),
        ({"stop_words": "english"}, TOY, ValueError, "stop_words must be a list"),
    ],
)
def test_nonsense_is_named(
    options: dict[str, Any], texts: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        text.CountVectorizer(**options).fit(texts)


def test_other_nonsense_is_named() -> None:
    with pytest.raises(ValueError, match="norm must be 'l1', 'l2' or None"):
        text.TfidfVectorizer(norm="max").fit(TOY)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_features must be"):
        text.HashingVectorizer(0).transform(TOY)
    with pytest.raises(TypeError, match="a single str"):
        text.CountVectorizer().fit(TOY).transform("the cat")
    with pytest.raises(Exception, match="not fitted yet"):
        text.TfidfVectorizer().transform(TOY)
    with pytest.raises(TypeError, match="A query is a str"):
        text.BM25().fit(TOY).score(["cat"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k is 0"):
        text.BM25().fit(TOY).search("cat", 0)
    with pytest.raises(ValueError, match="b must be a share"):
        text.BM25(b=2).fit(TOY)


# --- BM25 --------------------------------------------------------------------------


def formula(
    query: list[str], texts: list[list[str]], k1: float, b: float
) -> list[float]:
    n, mean = len(texts), sum(map(len, texts)) / len(texts)
    scores = []
    for words in texts:
        score = 0.0
        for word in query:
            df = sum(word in other for other in texts)
            tf = words.count(word)
            idf = math.log(1 + (n - df + 0.5) / (df + 0.5))
            half = k1 * (1 - b + b * len(words) / mean)
            score += idf * tf * (k1 + 1) / (tf + half) if tf else 0.0
        scores.append(score)
    return scores


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.0, 0.5), (2.0, 0.0), (1.2, 1.0)])
@pytest.mark.parametrize("name", DATA)
def test_scores_are_those_of_the_formula(name: str, k1: float, b: float) -> None:
    index = text.BM25(k1=k1, b=b, tokenizer=str.split).fit(DATA[name])
    words = [document.lower().split() for document in DATA[name]]
    for query in ("the cat", "same same thing", "function of the the value"):
        expected = formula(query.split(), words, k1, b)
        np.testing.assert_allclose(index.score(query), expected, rtol=1e-10, atol=1e-12)
        hits = index.search(query, k=3)
        found = index.score(query)  # rounding decides among what is equal
        order = sorted(range(len(words)), key=lambda i: (-found[i], i))[:3]
        assert hits.documents.tolist() == [i for i in order if found[i] > 0]
        np.testing.assert_array_equal(hits.scores, found[hits.documents])


def test_a_document_finds_itself() -> None:
    index = text.BM25().fit(MANUAL)
    for i, document in enumerate(MANUAL):
        assert i in index.search(document[:500], k=2).documents
    assert len(index.search("zzzz").documents) == 0
