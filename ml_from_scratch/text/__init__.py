"""Texts as tokens, as rows of numbers, and as something to guess and to find.

`bpe` cuts texts into the tokens of language models, `words` into words; `vectorize`
turns them into sparse rows, `language_model` guesses the next word by counting, and
`retrieval` finds the documents that answer a query.
"""

from ml_from_scratch.text.bpe import ByteLevelBPE, chunks
from ml_from_scratch.text.language_model import NGramModel
from ml_from_scratch.text.retrieval import BM25, Hits
from ml_from_scratch.text.vectorize import (
    CountVectorizer,
    HashingVectorizer,
    TfidfVectorizer,
)
from ml_from_scratch.text.words import (
    check_texts,
    edit_distance,
    ngrams,
    split_into_chunks,
    split_words,
)

__all__ = [
    "BM25",
    "ByteLevelBPE",
    "CountVectorizer",
    "HashingVectorizer",
    "Hits",
    "NGramModel",
    "TfidfVectorizer",
    "check_texts",
    "chunks",
    "edit_distance",
    "ngrams",
    "split_into_chunks",
    "split_words",
]
