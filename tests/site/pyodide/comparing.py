"""What two runs of a cell must have in common, though their Pythons differ.

The book runs on CPython with one set of packages, the page on Pyodide with newer ones.
Numbers are read out of the text and compared as numbers; what is written around them
must be the same up to spaces.
"""

import math
import re

# The last digits differ with the order of sums; more than this is another result.
RTOL = 1e-6
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d[\d_,]*\d|\d)(?:\.\d*)?(?:[eE][-+]?\d+)?(?![\w])"
)
# pandas 3 has a dtype for text; the names of things differ and the things do not.
_SAME = [
    (re.compile(r"\bdtype: (object|str)\b"), "dtype: text"),
    (re.compile(r"np\.float64\(([^()]*)\)"), r"\1"),
    (re.compile(r"[-─]{3,}"), "---"),
]


def summary(outputs):
    """Reduce outputs, of the book or of the page, to what is compared."""
    found = {"text": "", "error": None, "pictures": 0, "tables": 0}
    for output in outputs:
        kind = output.get("output_type") or output["kind"]
        data = output.get("data", {})
        if kind == "stream" and output["name"] == "stdout":
            found["text"] += output["text"]
        elif kind == "error":
            found["error"] = output.get("ename") or output["name"]
        elif any(name.startswith("image/") for name in data):
            found["pictures"] += 1
        elif "text/html" in data:
            found["tables"] += 1
            found["text"] += f"{cells_of(data['text/html'])}\n"
        elif "text/plain" in data:
            found["text"] += f"{data['text/plain']}\n"
    return found


def cells_of(html):
    """Return the cells of a table as text: the form does not count."""
    if isinstance(html, list):
        html = "".join(html)
    html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"(<[^>]*>|\s)+", " ", html).strip()


def differences(book, page, *, varies=False):
    """Say how two summaries differ, in a list that is empty where they do not.

    Where a cell `varies` (it measures time, say), only its errors and pictures count.
    """
    kinds = ["error", "pictures", "tables"]
    found = [
        f"{kind}: the book has {book[kind]!r}, the page {page[kind]!r}"
        for kind in kinds
        if book[kind] != page[kind]
    ]
    return found if varies else found + _texts(book["text"], page["text"])


def _texts(book, page):
    (book_words, book_numbers), (page_words, page_numbers) = split(book), split(page)
    if book_words != page_words:
        at = next(
            (
                i
                for i, (a, b) in enumerate(zip(book_words, page_words, strict=False))
                if a != b
            ),
            min(len(book_words), len(page_words)),
        )
        near = slice(max(at - 60, 0), at + 60)
        told = f"the book says {book_words[near]!r}, the page {page_words[near]!r}"
        return [told]
    return [
        f"the book has {a}, the page {b}"
        for a, b in zip(book_numbers, page_numbers, strict=True)
        if not same(a, b)
    ]


def split(text):
    """Part a text into its words, with # for each number, and its numbers.

    >>> split("error  13.2 minutes")
    ('error # minutes', ['13.2'])
    """
    for pattern, plain in _SAME:
        text = pattern.sub(plain, text)
    numbers = _NUMBER.findall(text)
    words = " ".join(_NUMBER.sub("#", text).split())
    return words, numbers


def same(book, page):
    """Whether two numbers agree, as far as they are written out."""
    a, b = (float(re.sub("[_,]", "", one)) for one in (book, page))
    return math.isclose(a, b, rel_tol=RTOL, abs_tol=1e-12)
