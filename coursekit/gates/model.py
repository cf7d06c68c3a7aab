"""What gates read, and what they say."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from coursekit import source as sources

_ROADMAP = Path(__file__).resolve().parents[1] / "roadmap"


@dataclass(frozen=True, order=True)
class Finding:
    """One fault: where it is and what to do about it."""

    path: Path
    line: int
    gate: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.gate}] {self.message}"


@dataclass(frozen=True)
class Executed:
    """What the last run of a page left.

    Attributes
    ----------
    outputs
        Outputs by index of the code cell, as nbformat has them.
    seconds
        Run time.
    peak_bytes
        Most memory that the kernel and its children held.
    """

    outputs: dict[int, list[dict[str, Any]]]
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Directive:
    """A fenced directive in a page's prose: its name, argument, body and line."""

    name: str
    argument: str
    body: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page under examination, with the views of it that several gates need."""

    source: sources.Source
    executed: Executed | None = None

    @property
    def path(self) -> Path:
        """The page's file."""
        return self.source.path

    @property
    def course(self) -> sources.Course:
        """The page's front matter; loading a book refuses pages without it."""
        assert self.source.course is not None
        return self.source.course

    @cached_property
    def prose_lines(self) -> list[tuple[int, str]]:
        """Line number and text of every line of Markdown, directives included."""
        return [
            (cell.line + offset, text)
            for cell in self.source.markdown
            for offset, text in enumerate(cell.source.splitlines())
        ]

    @cached_property
    def headings(self) -> list[tuple[int, int, str]]:
        """Line, level and text of every heading outside fences."""
        found = []
        for line, text in unfenced(self.prose_lines):
            if match := re.match(r"(#{1,6}) +(.*)", text):
                found.append((line, len(match[1]), match[2].strip()))
        return found

    @cached_property
    def directives(self) -> list[Directive]:
        """Every fenced directive of the prose, outermost fences only."""
        return list(_directives(self.prose_lines))


@dataclass(frozen=True)
class Book:
    """All pages, and the lists that they are held against.

    Attributes
    ----------
    pages
        Pages by name, `part/slug`.
    skills
        Ids of the roadmap's skills.
    planned
        Skills by planned page, `part/slug`.
    exercises
        Names of the exercises that exist, with the chapter that each names.
    datasets
        Names of the data sets.
    terms
        Terms of the glossary, lower case.
    keys
        Keys of the bibliography.
    extras
        Extras of the distribution.
    unreadable
        What could not be read at all.
    """

    pages: dict[str, Page]
    skills: frozenset[str] = frozenset()
    planned: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exercises: dict[str, str] = field(default_factory=dict)
    datasets: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    unreadable: tuple[Finding, ...] = ()


Gate = Callable[[Page, Book], Iterator[Finding]]


def unfenced(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines that stand outside fenced blocks."""
    fence = ""
    for line, text in lines:
        match = re.match(r"\s*(`{3,}|~{3,}|:{3,})", text)
        if not fence and match:
            fence = match[1]
        elif (
            fence and match and text.strip() == match[1] and len(match[1]) >= len(fence)
        ):
            fence = ""
        elif not fence:
            yield line, text


def prose_only(text: str) -> str:
    """Blank out what is not prose: code, mathematics, roles, links, targets.

    Examples
    --------
    >>> prose_only("a {term}`slope <gradient>` of `f` at $x$ {cite:p}`key`").split()
    ['a', 'slope', 'of', 'at']
    """
    for pattern, left in _NOT_PROSE:
        text = re.sub(pattern, left, text, flags=re.DOTALL | re.MULTILINE)
    return text


# In this order: what each leaves is seen by those that follow.
_NOT_PROSE = (
    (r"\$\$.*?\$\$", " "),
    (r"\$[^$\n]+\$", " "),
    (r"\{(?:glue:\w+|glue|cite:\w+|cite|ref|numref|eq|doc|download)\}`[^`]*`", " "),
    (r"\{[a-z:]+\}`([^`<]*)(?:<[^>`]*>)?`", r"\1"),  # other roles show their words
    (r"`[^`\n]*`", " "),
    (r"\]\([^)]*\)", " "),
    (r"https?://\S+", " "),
    (r"^\([\w:.-]+\)=$", " "),
    (r"<[^>\n]+>", " "),
    (r"\{[a-z:]+\}", " "),
)


def _directives(lines: list[tuple[int, str]]) -> Iterator[Directive]:
    opening: tuple[str, str, str, int] | None = None
    body: list[str] = []
    for line, text in lines:
        if opening is None:
            match = re.match(r"(`{3,}|:{3,})\{([\w:-]+)\}\s*(.*)", text)
            if match:
                opening, body = (match[1], match[2], match[3].strip(), line), []
        elif text.strip() == opening[0]:
            yield Directive(opening[1], opening[2], "\n".join(body), opening[3])
            opening = None
        else:
            body.append(text)


def load_book(
    root: Path, executed: Callable[[sources.Source], Executed | None] | None = None
) -> Book:
    """Read everything under one root.

    Parameters
    ----------
    root
        A checkout, or a fixture laid out like one.
    executed
        What the last run of a page left; no outputs are examined without it.

    Returns
    -------
    Book
        The pages and lists; what could not be read is in `unreadable`.
    """
    pages: dict[str, Page] = {}
    unreadable: list[Finding] = []
    for path in sorted((root / "chapters").glob("**/*.md")):
        if not sources.is_notebook(path.read_text(encoding="utf-8")):
            continue
        try:
            source = sources.read(path)
        except sources.SourceError as error:
            message = str(error).split(": ", 1)[1]
            unreadable.append(Finding(path, error.line, "front-matter", message))
            continue
        if source.course is None:
            message = "the front matter has no `course`; see CONTRIBUTING."
            unreadable.append(Finding(path, 1, "front-matter", message))
            continue
        outputs = executed(source) if executed else None
        pages[source.name] = Page(source, outputs)
    return Book(pages=pages, unreadable=tuple(unreadable), **_lists(root))


def _lists(root: Path) -> dict[str, Any]:
    return {
        "skills": frozenset(row["id"] for row in _table("skills.tsv")),
        "planned": {
            f"{row['part']}/{row['slug']}": tuple(row["skills"].split())
            for row in _table("contents.tsv")
        },
        "exercises": _exercises(root / "solutions"),
        "datasets": frozenset(
            path.parent.name for path in root.glob("datasets/*/DATASHEET.md")
        ),
        "terms": _terms(root / "chapters" / "career" / "glossary.md"),
        "keys": _keys(root / "chapters" / "references.bib"),
        "extras": _extras(root / "pyproject.toml"),
    }


def _table(name: str) -> list[dict[str, str]]:
    with (_ROADMAP / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def _exercises(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("*/*.md")):
        text = path.read_text(encoding="utf-8")
        front = yaml.safe_load(text[4:].partition("\n---")[0]) if text else None
        exercise = (front or {}).get("exercise") or {}
        found[f"{path.parent.name}/{path.stem}"] = str(exercise.get("chapter"))
    return found


def _terms(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    text = path.read_text(encoding="utf-8")
    bodies = re.findall(r"```\{glossary\}\n(.*?)\n```", text, flags=re.DOTALL)
    lines = (line for body in bodies for line in body.splitlines())
    return frozenset(
        line.strip().lower()
        for line in lines
        if line and not line.startswith((" ", ":"))
    )


def _keys(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    text = path.read_text(encoding="utf-8")
    return frozenset(re.findall(r"^@\w+\{([^,\s]+),", text, flags=re.MULTILINE))


def _extras(path: Path) -> frozenset[str]:
    import tomllib

    if not path.is_file():
        return frozenset()
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return frozenset(project["optional-dependencies"])
