"""The site's Markdown as plain Markdown, for notebooks.

Only what the book uses is known; a directive or role that is not known is an error
with file and line, so that none reaches a reader as markup.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coursekit.site.questions import Question, QuestionError, parse
from coursekit.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_FENCE = re.compile(r"^(?P<ticks>`{3,}|:{3,})\{(?P<name>[\w-]+)\} *(?P<argument>.*)$")
_TARGET = re.compile(r"^\((?P<name>[^()\s]+)\)=\s*$", re.MULTILINE)
_ROLE = re.compile(r"\{(?P<name>[\w:-]+)\}`(?P<text>[^`]+)`")
_LINK = re.compile(r"\]\((?!\w+:)(?P<path>[^()\s#]+)\.md(?P<anchor>#[^()\s]*)?\)")
_CODE = re.compile(r"(^`{3,}[^{\n]*\n.*?^`{3,} *$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_ADMONITIONS = frozenset(
    ["admonition", "note", "warning", "tip", "important", "caution", "seealso", "hint"]
)


@dataclass(frozen=True)
class Book:
    """What a notebook quotes from the rest of the book.

    Attributes
    ----------
    address
        Where the site is published, without a slash at its end.
    works
        Author and year of each cited work, by key.
    targets
        The page and title of each target's section, by name.
    """

    address: str
    works: dict[str, str] = field(default_factory=dict)
    targets: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, address: str, bibliography: Path, sources: Iterable[Source]) -> Book:
        """Read the bibliography and the pages' targets.

        Parameters
        ----------
        address
            Where the site is published.
        bibliography
            A BibTeX file; one that is not there has no works.
        sources
            The pages.
        """
        targets = {}
        for source in sources:
            pattern = re.compile(r"^\(([^()\s]+)\)=\n+#+ (.+)$", re.MULTILINE)
            for name, title in pattern.findall(source.text):
                targets[name] = (source.name, title)
        return cls(address, read_works(bibliography), targets)


def read_works(path: Path) -> dict[str, str]:
    """Return "Author (year)" by key from a BibTeX file.

    Parameters
    ----------
    path
        The file; none is read as one without entries.
    """
    if not path.is_file():
        return {}
    from pybtex.database import parse_file

    works = {}
    for key, entry in parse_file(str(path)).entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join(person.last_names).strip("{}") for person in people]
        who = names[0] if names else entry.fields.get("title", key).strip("{}")
        if len(names) == 2:
            who = f"{who} and {names[1]}"
        elif len(names) > 2:
            who = f"{who} and others"
        works[key] = f"{who} ({entry.fields.get('year', 'undated')})"
    return works


class Converter:
    """Turns the Markdown of one page into plain Markdown.

    Parameters
    ----------
    book
        What the page may quote.
    source
        The page, for addresses and messages.
    glued
        Values for `{glue:text}` by name.
    """

    def __init__(self, book: Book, source: Source, glued: dict[str, str]) -> None:
        self._book = book
        self._source = source
        self._glued = glued
        self._questions: dict[str, Question] = {}
        self._line = 1

    def convert(self, text: str, line: int = 1) -> str:
        """Convert one Markdown cell.

        Parameters
        ----------
        text
            The cell's Markdown.
        line
            Line of the page on which it begins, for messages.

        Returns
        -------
        str
            Plain Markdown, with HTML where Markdown has no form of its own.

        Raises
        ------
        coursekit.source.SourceError
            If something has no plain form, or quotes what is not there.
        """
        self._line = line
        return "\n".join(self._blocks(text.splitlines())).strip()

    def _blocks(self, lines: list[str]) -> list[str]:
        done: list[str] = []
        prose: list[str] = []
        number = 0
        while number < len(lines):
            found = _FENCE.match(lines[number])
            if found is None:
                prose.append(lines[number])
                number += 1
                continue
            end = _end_of_fence(lines, number, found["ticks"])
            done += [
                self._prose(prose),
                *self._directive(found, lines[number + 1 : end]),
            ]
            prose = []
            number = end + 1
        return [*done, self._prose(prose)]

    def _prose(self, lines: list[str]) -> str:
        """Convert what stands outside directives, leaving code as it is."""
        pieces = _split_code(_TARGET.sub("", "\n".join(lines)))
        return "".join(
            piece if is_code else self._links(piece) for piece, is_code in pieces
        )

    def _links(self, text: str) -> str:
        text = _ROLE.sub(self._role, text)
        return _LINK.sub(self._link, text)

    def _link(self, found: re.Match[str]) -> str:
        folder = self._source.path.parent.name
        page = posixpath.normpath(posixpath.join(folder, found["path"]))
        return f"]({self._address(page)}{found['anchor'] or ''})"

    def _address(self, page: str) -> str:
        return f"{self._book.address}/{page}.html"

    def _role(self, found: re.Match[str]) -> str:
        name, text = found["name"], found["text"]
        if name == "glue:text":
            return self._quoted(text.partition(":")[0])
        if name == "term":
            return _label(text)
        if name.startswith("cite"):
            return self._cited(text, narrative=name == "cite:t")
        if name in ("ref", "doc"):
            return self._reference(name, text)
        if name == "math":
            return f"${text}$"
        raise self._error(f"the role {{{name}}} has no plain form.")

    def _quoted(self, name: str) -> str:
        if name not in self._glued:
            raise self._error(f"no cell glues {name!r}, which the prose quotes.")
        return self._glued[name]

    def _cited(self, keys: str, *, narrative: bool) -> str:
        works = []
        for key in (part.strip() for part in keys.split(",")):
            if key not in self._book.works:
                raise self._error(f"the bibliography has no work {key!r}.")
            works.append(self._book.works[key])
        if not narrative:
            works = [re.sub(r" \((\w+)\)$", r", \1", work) for work in works]
        address = self._address("about/references")
        text = f"[{'; '.join(works)}]({address})"
        return text if narrative else f"({text})"

    def _reference(self, kind: str, text: str) -> str:
        label = _label(text)
        target = text.partition("<")[2].rstrip(">") or text
        if kind == "doc":
            page = target.lstrip("/")
            return f"[{label}]({self._address(page)})"
        if target not in self._book.targets:
            raise self._error(f"there is no target {target!r}.")
        page, title = self._book.targets[target]
        anchor = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")
        shown = title if label == target else label
        return f"[{shown}]({self._address(page)}#{anchor})"

    def _directive(self, found: re.Match[str], body: list[str]) -> list[str]:
        name, argument = found["name"], found["argument"].strip()
        options, content = _split_options(body)
        if name in _ADMONITIONS:
            return self._admonition(name, argument, content)
        known: dict[str, Callable[[str, dict[str, str], list[str]], list[str]]] = {
            "quiz": self._quiz,
            "predict": self._predict,
            "predicted": self._predicted,
            "live-figure": self._live_figure,
            "math": lambda _argument, _options, lines: ["$$", *lines, "$$"],
            "dropdown": self._dropdown,
        }
        if name not in known:
            raise self._error(f"the directive {{{name}}} has no plain form.")
        return ["", *known[name](argument, options, content), ""]

    def _admonition(self, name: str, title: str, content: list[str]) -> list[str]:
        head = self._prose([title]) if name == "admonition" else name.capitalize()
        if name != "admonition" and title:
            content = [title, *content]
        lines = "\n".join(self._blocks(content)).strip().splitlines()
        return ["", f"> **{head}**", ">", *(f"> {line}".rstrip() for line in lines), ""]

    def _dropdown(self, title: str, _: dict[str, str], content: list[str]) -> list[str]:
        return _details(title, "\n".join(self._blocks(content)).strip())

    def _question(self, name: str, content: list[str]) -> Question:
        try:
            question = parse("\n".join(content))
        except QuestionError as error:
            raise self._error(f"{name}: {error}") from None
        self._questions[name] = question
        return question

    def _quiz(self, name: str, _: dict[str, str], content: list[str]) -> list[str]:
        question = self._question(name, content)
        return [*self._asked(question), "", *self._answered(question)]

    def _predict(self, name: str, _: dict[str, str], content: list[str]) -> list[str]:
        return self._asked(self._question(name, content))

    def _predicted(self, name: str, _: dict[str, str], _lines: list[str]) -> list[str]:
        if name not in self._questions:
            raise self._error(f"no {{predict}} {name} stands before its {{predicted}}.")
        question = self._questions[name]
        prompt = self._prose(question.prompt.splitlines())
        asked = f"**You were asked:** {prompt}"
        return [asked, "", *self._answered(question)]

    def _asked(self, question: Question) -> list[str]:
        prompt = self._prose(question.prompt.splitlines())
        labels = [self._prose([option.text]) for option in question.options]
        numbered = [f"{n}. {label}" for n, label in enumerate(labels, start=1)]
        return [
            f"**{'Pick all that hold.' if question.many else 'Pick one.'}** {prompt}",
            "",
            *numbered,
        ]

    def _answered(self, question: Question) -> list[str]:
        lines = []
        for option in question.options:
            label, reason = self._prose([option.text]), self._prose([option.reason])
            verdict = "Right" if option.right else "Not so"
            lines.append(f"- {label}\n  **{verdict}:** {reason}")
        return _details("Which is right, and why", "\n".join(lines))

    def _live_figure(
        self, _name: str, options: dict[str, str], _content: list[str]
    ) -> list[str]:
        shows = options.get("alt", "").rstrip(".")
        address = self._address(self._source.name)
        return [f"*A figure that moves stands in [the page]({address}): {shows}.*"]

    def _error(self, message: str) -> SourceError:
        return SourceError(self._source.path, self._line, message)


def _label(text: str) -> str:
    return text.partition("<")[0].strip() or text.strip("<>")


def _details(summary: str, text: str) -> list[str]:
    return ["<details>", f"<summary>{summary}</summary>", "", text, "", "</details>"]


def _end_of_fence(lines: list[str], start: int, ticks: str) -> int:
    """Return the line that closes a fence; the end where nothing does."""
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == ticks:
            return number
    return len(lines)


def _split_options(body: list[str]) -> tuple[dict[str, str], list[str]]:
    options = {}
    number = 0
    while number < len(body):
        found = re.match(r"^:(?P<name>[\w-]+): ?(?P<value>.*)$", body[number])
        if found is None:
            break
        options[found["name"]] = found["value"]
        number += 1
    return options, body[number:]


def _split_code(text: str) -> list[tuple[str, bool]]:
    """Cut text into prose and code; a role's back-ticks are prose.

    Examples
    --------
    >>> _split_code("see `x` and {term}`loss`")
    [('see ', False), ('`x`', True), (' and {term}`loss`', False)]
    """
    pieces: list[tuple[str, bool]] = []
    start = 0
    for found in _CODE.finditer(text):
        if found.start() and text[found.start() - 1] == "}":
            continue
        pieces.append((text[start : found.start()], False))
        pieces.append((found[0], True))
        start = found.end()
    return [piece for piece in [*pieces, (text[start:], False)] if piece[0]]
