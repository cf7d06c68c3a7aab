"""Say whose answers resemble each other more than the task explains.

Winnowing of fingerprints (Schleimer, Wilkerson and Aiken, 2003): an answer becomes a
row of tokens from which names, numbers, strings, comments, layout, parentheses and
commas are gone, so that a formatter changes nothing; every run of six is hashed; of
every five neighbouring hashes the smallest is kept. Two answers that share ten tokens
in a row then share a fingerprint, whatever was renamed, reordered or commented.

What learners were given does not count: the starter, skeletons in the hints among it.
Between learners, where there are more than ten different answers to a question, what
more than half of them have does not count either: the task dictates it. Identical
answers are one answer there, so that many copies do not become "what everybody
writes". Against the published solution everything counts. An answer with few
fingerprints left is never listed: there are not many ways to write it.

Answers that are nearly the same both ways make a group, however many they are: whoever
copied from whom, all of them are in it. Everybody is told of ten others, and of a group
of its nearest alone, so that no crowd of copies hides what they were copied from.

A resemblance is a reason to look, not a proof, and no mark depends on it.
"""

from __future__ import annotations

import builtins
import io
import keyword
import re
import tokenize
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from coursekit.exercises import runs
from coursekit.exercises.model import Exercise
from coursekit.grading.model import (
    PUBLISHED,
    Group,
    Learner,
    Piece,
    Similar,
    Submission,
)

__all__ = ["PUBLISHED", "Comparison", "compare", "fingerprints"]

_RUN = 6  # tokens that are hashed together
_WINDOW = 5  # neighbouring hashes of which the smallest is kept
_FEWEST = 8  # fingerprints of an answer that can be listed
_SHARE = 0.7  # of an answer's fingerprints, found in another submission
_NEAR = 0.9  # of the fingerprints of both, for two answers of one group
_GROUP = 3  # learners, at least
_DIFFERENT = 10  # answers, above which common fingerprints are left out
_MOST = 10  # learners that one is told to resemble, one of each group
_LONGEST = 200_000  # characters of one cell that are looked at
_ROWS = 200  # submissions compared with all others at a time

Prints = NDArray[np.uint64]
_NOTHING: Final = np.empty(0, dtype=np.uint64)
_GONE = np.uint64(2**64 - 1)  # a hash of what was given: larger than any other


@dataclass(frozen=True)
class Comparison:
    """Whose answers resemble each other.

    Attributes
    ----------
    similar
        By `submission.file`, for each of them: at most ten that it resembles, the
        most alike first, by the larger share of both directions, and of each group
        only the nearest.
    groups
        Of mutual copies, three learners or more each, the largest first.
    """

    similar: dict[str, list[Similar]]
    groups: list[Group]


def compare(submissions: Sequence[Submission], exercise: Exercise) -> Comparison:
    """Compare every submission with all others and with the published solution.

    Parameters
    ----------
    submissions : sequence of Submission
        Of one exercise; several of one learner are not compared with each other.
    exercise : Exercise
        Whose starter does not count, and whose answers are public.

    Returns
    -------
    Comparison
        Where one is listed for another, so is the other for it, as long as there are
        not ten that are nearer, or one of the same group that is.
    """
    given = _given(exercise)
    answers = [_document(one, given) for one in submissions]
    published = [_document(one, given) for one in _published(exercise)]
    names = sorted({name for one in answers + published for name in one.parts})
    columns = _joined(one.whole for one in answers + published)
    people = [one.learner.key for one in submissions]
    learners = _Table.of(answers, people, names, columns)
    solution = _Table.of(published, [PUBLISHED] * len(published), names, columns)
    own = learners.without_common()
    circles = _Circles.of(own)
    known = _resembling(learners, solution, _Circles({}, {}))
    alike = _resembling(own, own, circles)
    return Comparison(
        {
            one.file: [*first, *others]
            for one, first, others in zip(submissions, known, alike, strict=True)
        },
        circles.groups(),
    )


# Texts ------------------------------------------------------------------------------


def _published(exercise: Exercise) -> Iterator[Submission]:
    """Give the reference, and every right answer, as a submission of its own."""
    answers = [(q.name, q.answer.source) for q in exercise.questions if q.answer]
    texts = [answers] + [
        [(variant.question, variant.cell.source)]
        for question in exercise.questions
        for variant in question.variants
        if not variant.wrong
    ]
    for number, parts in enumerate(texts):
        pieces = tuple(Piece("answer", code, question=q) for q, code in parts)
        yield Submission(Learner(key=PUBLISHED), f"published-{number}", pieces=pieces)


_FENCE = re.compile(r"^```(?:python)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _given(exercise: Exercise) -> Prints:
    """Hash every run of tokens that learners are shown, in hints and prose too."""
    texts = [*runs.answers(exercise, stripped=True).values()]
    for cell in exercise.source.cells:
        role = cell.role.role if cell.role else "given"
        if cell.kind == "code" and role in ("given", "parameters", "check"):
            texts.append(cell.source)
        elif cell.kind == "markdown" and role in ("given", "hint"):
            texts += _FENCE.findall(cell.source)
    return np.unique(np.concatenate([_NOTHING, *map(_hashes, texts)]))


@dataclass(frozen=True)
class _Document:
    """Fingerprints of one submission: by question, and all of them."""

    parts: Mapping[str, Prints]
    whole: Prints


def _document(submission: Submission, given: Prints) -> _Document:
    texts: dict[str, list[str]] = {}
    for piece in submission.pieces:
        texts.setdefault(_belongs_to(piece), []).append(piece.source)
    parts = {
        question: _joined(_kept(code, given) for code in codes)
        for question, codes in texts.items()
    }
    return _Document(parts, _joined(parts.values()))


def _belongs_to(piece: Piece) -> str:
    """Return the question of a piece; nothing for code that stands elsewhere."""
    if piece.kind == "answer":
        return piece.question
    question, dash, _ = piece.after.partition("-")
    return question if dash and re.fullmatch("q[0-9]+", question) else ""


def _joined(prints: Iterable[Prints]) -> Prints:
    return np.unique(np.concatenate([_NOTHING, *prints]))


# Fingerprints -----------------------------------------------------------------------


def fingerprints(code: str) -> frozenset[int]:
    r"""Return the fingerprints of a piece of code, in any state.

    Parameters
    ----------
    code : str
        What a learner wrote: Python, with magics perhaps, or with errors.

    Returns
    -------
    frozenset of int
        Hashes, the same in every process; empty for fewer than six tokens.

    Examples
    --------
    >>> one = "def area(w, h):\n    return w * h  # in metres"
    >>> two = "def f(x,y): return x*y"
    >>> fingerprints(one) == fingerprints(two) != frozenset()
    True
    """
    return frozenset(int(one) for one in _kept(code, _NOTHING))


def _kept(code: str, given: Prints) -> Prints:
    """Winnow: keep the smallest hash of each window, given ones never."""
    hashes = _hashes(code)
    if given.size:
        nearest = given[np.searchsorted(given, hashes).clip(max=given.size - 1)]
        hashes = np.where(hashes == nearest, _GONE, hashes)
    if not hashes.size:
        return _NOTHING
    window = min(_WINDOW, hashes.size)
    smallest = np.lib.stride_tricks.sliding_window_view(hashes, window).min(axis=1)
    return np.unique(smallest[smallest != _GONE])


_STEPS = (np.uint64(0x9E3779B97F4A7C15) ** np.arange(_RUN, dtype=np.uint64))[::-1]


@lru_cache(maxsize=4096)
def _hashes(code: str) -> Prints:
    """Hash every run of tokens, with the same numbers in every process."""
    tokens = [zlib.crc32(token.encode()) for token in _tokens(code)]
    if len(tokens) < _RUN:
        return _NOTHING
    row = np.array(tokens, dtype=np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(row, _RUN)
    return _mixed((runs * _STEPS).sum(axis=1, dtype=np.uint64))


def _mixed(hashes: Prints) -> Prints:
    """Spread the bits, so that the smallest is any of them (SplitMix64's last step)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


# Tokens -----------------------------------------------------------------------------

_MAGIC = re.compile(r"^[ \t]*(?:%%.*|!.*|\?.*|%\w+)", re.MULTILINE)
_LONG_STRING = re.compile(r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''")
_BUILTINS = frozenset(dir(builtins))
_LAYOUT = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ERRORTOKEN,
    }
)
_FREE = frozenset("(),;")  # where a formatter, or a taste, puts them or leaves them out
_BREAKS = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})
_F_BEGIN = getattr(tokenize, "FSTRING_START", -1)  # since Python 3.12
_F_END = getattr(tokenize, "FSTRING_END", -1)
_Token = tuple[int, str]


def _tokens(code: str) -> list[str]:
    """Turn code into what is left of it when the author's taste is taken away."""
    text = code[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", " ")
    raw = _without_loose_strings(_whole_strings(_raw_tokens(_MAGIC.sub("", text))))
    own = _own_attributes(raw)
    before = ["", *(string for _, string in raw)][: len(raw)]
    return [
        _plain(kind, string, previous, own)
        for (kind, string), previous in zip(raw, before, strict=True)
        if string not in _FREE
    ]


def _raw_tokens(text: str) -> list[_Token]:
    """Tokenise; where that fails, line by line, as far as each line goes."""
    try:
        return list(_tokenised(text))
    except (tokenize.TokenError, SyntaxError):
        found: list[_Token] = []
        for line in _LONG_STRING.sub("", text).splitlines():
            found += _until_error(line.strip())
        return found


def _until_error(line: str) -> Iterator[_Token]:
    try:
        yield from _tokenised(line)
    except (tokenize.TokenError, SyntaxError):
        yield tokenize.NEWLINE, ""


def _tokenised(text: str) -> Iterator[_Token]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        yield token.type, token.string


def _whole_strings(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """Make an f-string one token, as it was before Python 3.12."""
    depth = 0
    for kind, string in tokens:
        if kind == _F_BEGIN:
            if not depth:
                yield tokenize.STRING, ""
            depth += 1
        elif kind == _F_END:
            depth -= 1
        elif not depth:
            yield kind, string


def _without_loose_strings(tokens: Iterable[_Token]) -> list[_Token]:
    """Drop layout, and strings that are a statement of their own: docstrings."""
    kept: list[_Token] = []
    fresh = True  # whether a statement begins here
    loose = False  # whether the last token kept is such a string
    for kind, string in tokens:
        if loose and kind == tokenize.NEWLINE:
            kept.pop()
        if kind in _BREAKS:
            fresh, loose = True, False
        elif kind not in _LAYOUT:
            kept.append((kind, string))
            loose = fresh and kind == tokenize.STRING
            fresh = False
    return kept


def _own_attributes(tokens: Sequence[_Token]) -> frozenset[str]:
    """Return the attributes that the code itself defines: those can be renamed."""
    words = [string for _, string in tokens]
    stored = {
        name
        for dot, name, sign in zip(words, words[1:], words[2:], strict=False)
        if dot == "." and sign in ("=", ":", "+=", "-=", "*=", "/=")
    }
    defined = {name for word, name in pairwise(words) if word == "def"}
    return frozenset(stored | defined)


def _plain(kind: int, string: str, previous: str, own: frozenset[str]) -> str:
    """Keep what cannot be renamed: keywords, built-ins, methods of libraries."""
    if kind == tokenize.NUMBER:
        return "0"
    if kind == tokenize.STRING:
        return "''"
    if kind != tokenize.NAME or keyword.iskeyword(string):
        return string
    kept = string not in own if previous == "." else string in _BUILTINS
    return string if kept else "name"


# Comparing --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """Which document has which fingerprint, as sparse matrices of ones.

    One row a document and one column a fingerprint, in `parts` a matrix a question.
    """

    keys: NDArray[np.object_]
    parts: Mapping[str, sparse.csr_array[Any]]
    wholes: sparse.csr_array[Any]

    @classmethod
    def of(
        cls,
        documents: Sequence[_Document],
        keys: Sequence[str],
        names: Iterable[str],
        columns: Prints,
    ) -> _Table:
        parts = {
            name: _matrix([one.parts.get(name, _NOTHING) for one in documents], columns)
            for name in names
        }
        wholes = _matrix([one.whole for one in documents], columns)
        return cls(np.array(keys, dtype=object), parts, wholes)

    def without_common(self) -> _Table:
        """Leave out of each question what most of its different answers have."""
        parts = {name: _without_common(matrix) for name, matrix in self.parts.items()}
        return replace(self, parts=parts)

    def rows(self, first: int, last: int) -> _Table:
        """Return some of the documents."""
        parts = {name: matrix[first:last] for name, matrix in self.parts.items()}
        return _Table(self.keys[first:last], parts, self.wholes[first:last])

    def sizes(self, name: str) -> NDArray[np.float64]:
        """Count the fingerprints that each document has in a question."""
        return np.asarray(self.parts[name].sum(axis=1), dtype=float)


def _matrix(rows: Sequence[Prints], columns: Prints) -> sparse.csr_array[Any]:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    places = np.searchsorted(columns, np.concatenate([_NOTHING, *rows]))
    ones = np.ones(len(places), dtype=np.int32)
    return sparse.csr_array((ones, places, ends), shape=(len(rows), len(columns)))


def _without_common(matrix: sparse.csr_array[Any]) -> sparse.csr_array[Any]:
    rows = np.split(matrix.indices, matrix.indptr[1:-1])
    different = {row.tobytes(): row for row in rows if row.size}
    if len(different) <= _DIFFERENT:
        return matrix
    written = np.concatenate([*different.values()])
    counts = np.bincount(written, minlength=matrix.shape[1])
    kept = matrix.copy()
    kept.data[counts[kept.indices] > len(different) / 2] = 0
    kept.eliminate_zeros()
    return kept


@dataclass(frozen=True)
class _Met:
    """Some documents, held against others: matrices with a row for each of them.

    Attributes
    ----------
    keys, others
        Whose the documents are.
    where
        By question, whether two are alike; either direction can call them so.
    share, back
        Of a document's fingerprints in these questions, what the other has too; of
        the other's, what the document has.
    near
        By question, the smaller of both directions' shares; 0 where not alike.
    """

    keys: NDArray[np.object_]
    others: NDArray[np.object_]
    where: Mapping[str, NDArray[np.bool_]]
    share: NDArray[np.float64]
    back: NDArray[np.float64]
    near: Mapping[str, NDArray[np.float64]]


def _meetings(table: _Table, others: _Table) -> Iterator[_Met]:
    """Compare some documents at a time with all others."""
    for first in range(0, len(table.keys), _ROWS):
        yield _met(table.rows(first, first + _ROWS), others)


def _met(rows: _Table, others: _Table) -> _Met:
    strangers = rows.keys[:, None] != others.keys[None, :]
    shared, asked, given, held = np.zeros((4, *strangers.shape))
    where: dict[str, NDArray[np.bool_]] = {}
    near: dict[str, NDArray[np.float64]] = {}
    for name, part in rows.parts.items():
        sizes, theirs = rows.sizes(name)[:, None], others.sizes(name)[None, :]
        here = (part @ others.wholes.T).toarray()
        there = (rows.wholes @ others.parts[name].T).toarray()
        alike = _alike(here, sizes) | _alike(there, theirs)
        where[name] = alike & strangers
        both = np.minimum(_part(here, sizes), _part(there, theirs))
        near[name] = np.where(where[name], both, 0)
        shared += np.where(where[name], here, 0)
        asked += np.where(where[name], sizes, 0)
        given += np.where(where[name], there, 0)
        held += np.where(where[name], theirs, 0)
    share, back = _part(shared, asked), _part(given, held)
    return _Met(rows.keys, others.keys, where, share, back, near)


def _alike(shared: NDArray[Any], sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    enough: NDArray[np.bool_] = (sizes >= _FEWEST) & (shared >= _SHARE * sizes)
    return enough


def _part(shared: NDArray[Any], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; what has no fingerprints shares none."""
    found = np.zeros(shared.shape)
    some = np.broadcast_to(sizes, shared.shape) > 0
    np.divide(shared, sizes, out=found, where=some)
    return found


_Around = tuple[tuple[str, str], ...]  # questions, and the circle in each


@dataclass(frozen=True)
class _Circles:
    """Learners whose answers to a question are nearly the same, both ways.

    Attributes
    ----------
    of_learner
        By question and learner's key, the circle's first member.
    nearest
        By question and learner's key, how near the nearest of the circle is.
    """

    of_learner: Mapping[str, Mapping[str, str]]
    nearest: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, table: _Table) -> _Circles:
        """Find them: whoever is near a member is a member."""
        people = sorted(set(table.keys))
        place = {key: at for at, key in enumerate(people)}
        who = np.array([place[key] for key in table.keys], dtype=int)
        first = {name: np.arange(len(people)) for name in table.parts}
        nearest = {name: np.zeros(len(people)) for name in table.parts}
        for met in _meetings(table, table):
            rows = np.array([place[key] for key in met.keys])
            for name, near in met.near.items():
                one, other = np.nonzero(near >= _NEAR)
                first[name] = _connected(first[name], rows[one], who[other])
                np.maximum.at(nearest[name], rows[one], near[one, other])
        return cls(
            {name: _large(first[name], people) for name in first},
            {name: dict(zip(people, nearest[name], strict=True)) for name in nearest},
        )

    def around(self, key: str, questions: Sequence[str]) -> _Around | None:
        """Return a learner's circles in some questions; None if it lacks one."""
        own = {name: self.of_learner.get(name, {}).get(key) for name in questions}
        found = tuple((name, one) for name, one in own.items() if one is not None)
        return found if len(found) == len(questions) else None

    def groups(self) -> list[Group]:
        """Return them for the report: one for all questions with the same members."""
        groups: dict[tuple[str, ...], Group] = {}
        for name, circles in self.of_learner.items():
            for circle in sorted(set(circles.values())):
                members = sorted(key for key, one in circles.items() if one == circle)
                share = min(self.nearest[name][key] for key in members)
                group = groups.setdefault(
                    tuple(members), Group(learners=members, share=1.0)
                )
                group.share = min(group.share, round(float(share), 3))
                group.questions += [name] if name else []
        return sorted(
            groups.values(), key=lambda one: (-len(one.learners), one.learners)
        )


def _connected(
    first: NDArray[np.int_], one: NDArray[np.int_], other: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Join circles by further ties; each is called by its first member."""
    size = len(first)
    ends = np.concatenate([np.arange(size), one]), np.concatenate([first, other])
    ties = sparse.coo_array((np.ones(len(ends[0])), ends), shape=(size, size))
    _, labels = csgraph.connected_components(ties, directed=False)
    _, begins, member = np.unique(labels, return_index=True, return_inverse=True)
    joined: NDArray[np.int_] = begins[member]
    return joined


def _large(first: NDArray[np.int_], people: Sequence[str]) -> dict[str, str]:
    """Name the circle of everybody who is in one that is large enough."""
    sizes = np.bincount(first, minlength=len(people))
    return {
        people[at]: people[circle]
        for at, circle in enumerate(first)
        if sizes[circle] >= _GROUP
    }


def _resembling(
    table: _Table, others: _Table, circles: _Circles
) -> Iterator[list[Similar]]:
    """Give for each document of a table in order what of the others it resembles."""
    for met in _meetings(table, others):
        for at in range(len(met.keys)):
            yield _listed(met, at, circles)


def _listed(met: _Met, at: int, circles: _Circles) -> list[Similar]:
    """List the most alike, one entry a person and one a circle; equal ones in order.

    What counts is the larger share of both: what many have copied, each with additions,
    is wholly in all of them, and so comes before the other copies.
    """
    share, nearest = met.share[at], np.maximum(met.share[at], met.back[at])
    alike = np.flatnonzero(np.any([one[at] for one in met.where.values()], axis=0))
    found: dict[str, Similar] = {}
    told: set[_Around] = set()
    for other in alike[np.lexsort((-share[alike], -nearest[alike]))]:
        key = met.others[other]
        names = [name for name in met.where if met.where[name][at, other]]
        circle = circles.around(key, names)
        if key not in found:
            if circle in told:
                continue
            if len(found) == _MOST:
                break
            found[key] = Similar(other=key, share=0)
            told |= {circle} if circle else set()
        known = found[key]
        known.share = max(known.share, round(float(share[other]), 3))
        known.questions = sorted({*known.questions, *filter(None, names)})
    return list(found.values())
