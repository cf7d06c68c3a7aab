"""Read the book's sources: MyST notebooks in, cells with roles and lines out.

The only reader of the format. A page (`chapters/<part>/<slug>.md` with a kernelspec)
has `course` in its front matter, an exercise (`solutions/<part>/<slug>.md`) has
`exercise`; any other Markdown file is plain text to us. Every cell knows the line on
which its content begins, so that whoever complains about it can say where.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

Place = Literal["page", "colab", "local"]
Role = Literal[
    "parameters",
    "answer",
    "check",
    "evidence",
    "judge",
    "hint",
    "manual",
    "wrong-answer",
    "right-answer",
]
Model = TypeVar("Model", bound=BaseModel)
_SLUG = r"^[a-z0-9-]+/[a-z0-9-]+$"


class SourceError(ValueError):
    """A source that cannot be read: file, line and what to do, in one sentence."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Course(_Strict):
    """Front matter of a page, under `course`.

    Attributes
    ----------
    skills
        Ids of `roadmap/skills.tsv` that the page teaches; a gate asks for one.
    needs
        Pages to have read, as `part/slug`; planned ones too.
    minutes
        Minutes to read and do, without the exercise.
    exercise
        The page's exercise as `part/slug`, or None.
    runs
        Where its cells run as they stand.
    extra
        The extra of the distribution that it needs beyond the usual, or None.
    data
        Data sets that it loads.
    waive
        Gate by name, and the reason why the page leaves it.
    """

    skills: list[str]
    needs: list[str] = Field(default_factory=list)
    minutes: int = Field(gt=0, le=600)
    exercise: str | None = Field(default=None, pattern=_SLUG)
    runs: list[Place] = Field(min_length=1)
    extra: str | None = None
    data: list[str] = Field(default_factory=list)
    waive: dict[str, str] = Field(default_factory=dict)


class ExerciseMeta(_Strict):
    """Front matter of an exercise, under `exercise`.

    Attributes
    ----------
    title, chapter
        What it is called, and the page that it belongs to, as `part/slug`.
    skills
        Ids of `roadmap/skills.tsv` that it lets a learner build.
    minutes
        Minutes that it takes a learner.
    forbid
        Modules that are not in the sandbox when it is graded.
    runs, extra, data
        As for pages.
    """

    title: str
    chapter: str = Field(pattern=_SLUG)
    skills: list[str] = Field(min_length=1)
    minutes: int = Field(ge=20, le=60)
    forbid: list[str] = Field(default_factory=list)
    runs: list[Place] = Field(min_length=1)
    extra: str | None = None
    data: list[str] = Field(default_factory=list)


class CellRole(_Strict):
    """What a cell of an exercise is for, under `course` in its metadata."""

    role: Role
    question: str | None = Field(default=None, pattern=r"^q[0-9]+$")
    item: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$")
    points: int | None = Field(default=None, gt=0)
    level: Literal[1, 2, 3] | None = None
    title: str | None = None
    name: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$")
    caught_by: str | None = Field(default=None, pattern=r"^q[0-9]+\.[a-z0-9-]+$")
    says: str | None = None
    needs: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Cell:
    """One cell of a source.

    Attributes
    ----------
    kind
        `code`, `markdown` or `raw`.
    source
        Its text.
    line
        Line of the file (from 1) on which that text begins.
    index
        Position in the notebook, from 0.
    metadata
        What the source says about it.
    role
        Its role in an exercise; None for given cells and in pages.
    """

    kind: Literal["code", "markdown", "raw"]
    source: str
    line: int
    index: int
    metadata: dict[str, Any] = field(default_factory=dict)
    role: CellRole | None = None

    @property
    def tags(self) -> list[str]:
        """The cell's tags."""
        return list(self.metadata.get("tags", []))

    @property
    def alt(self) -> str | None:
        """Alt text of the figure that the cell draws, if it has one."""
        alt = self.metadata.get("mystnb", {}).get("image", {}).get("alt")
        return None if alt is None else str(alt)


@dataclass(frozen=True)
class Source:
    """One source file: its front matter, its cells and its text."""

    path: Path
    text: str
    cells: tuple[Cell, ...]
    front: dict[str, Any]
    course: Course | None = None
    exercise: ExerciseMeta | None = None

    @property
    def name(self) -> str:
        """`part/slug`, the name by which everything else calls it."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def title(self) -> str:
        """Text of the first heading of level one; the name where there is none."""
        for cell in self.markdown:
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
        return self.name

    @property
    def code(self) -> list[Cell]:
        """The code cells, in order."""
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def markdown(self) -> list[Cell]:
        """The Markdown cells, in order."""
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines; line 1 is `lines[0]`."""
        return self.text.splitlines()

    def front_line(self, key: str) -> int:
        """Return the line of a key of the front matter; 1 where it is not found."""
        for number, line in enumerate(self.lines, start=1):
            if line.strip().startswith(f"{key}:"):
                return number
        return 1


def is_notebook(text: str) -> bool:
    """Tell whether a Markdown file is a notebook: its front matter has a kernelspec."""
    if not text.startswith("---\n"):
        return False
    head, found, _ = text[4:].partition("\n---")
    return bool(found) and "\nkernelspec:" in f"\n{head}"


def read(path: Path) -> Source:
    """Read one page or exercise.

    Parameters
    ----------
    path
        A MyST notebook.

    Returns
    -------
    Source
        Its front matter and cells.

    Raises
    ------
    SourceError
        If the file is missing, not UTF-8 text, not a notebook, or its front matter or
        a cell's metadata is malformed; the message names file and line.
    """
    text = _read_text(path)
    if not is_notebook(text):
        raise SourceError(
            path, 1, "this is not a MyST notebook: its front matter has no kernelspec."
        )
    notebook = _parse(path, text)
    lines = text.splitlines()
    starts = notebook.metadata.pop("source_map")
    cells = tuple(
        _cell(path, lines, index, raw, start)
        for index, (raw, start) in enumerate(zip(notebook.cells, starts, strict=True))
    )
    front = dict(notebook.metadata)
    source = Source(path=path, text=text, cells=cells, front=front)
    return Source(
        path=path,
        text=text,
        cells=cells,
        front=front,
        course=_validated(Course, source, "course"),
        exercise=_validated(ExerciseMeta, source, "exercise"),
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError(path, 1, "there is no such file.") from None
    except UnicodeDecodeError as error:
        raise SourceError(path, 1, f"the file is not UTF-8 text ({error}).") from None


def _parse(path: Path, text: str) -> NotebookNode:
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook

    try:
        notebook: NotebookNode = myst_to_notebook(text, add_source_map=True)
    except (MystMetadataParsingError, yaml.YAMLError) as error:
        sentence = " ".join(str(error).split())
        raise SourceError(path, 1, f"metadata is malformed: {sentence}.") from None
    return notebook


def _cell(
    path: Path, lines: list[str], index: int, raw: NotebookNode, start: int
) -> Cell:
    line = _content_line(lines, raw, start)
    metadata = dict(raw.metadata)
    return Cell(
        kind=raw.cell_type,
        source=raw.source,
        line=line,
        index=index,
        metadata=metadata,
        role=_role(path, line, metadata),
    )


def _content_line(lines: list[str], raw: NotebookNode, start: int) -> int:
    """Return the line on which a cell's text begins, past its fence and options."""
    first = raw.source.split("\n", 1)[0]
    for number in range(max(start, 0), len(lines)):
        if lines[number] == first and not _in_options(lines, start, number):
            return number + 1
    return start + 1


def _in_options(lines: list[str], start: int, number: int) -> bool:
    """Tell whether line `number` belongs to the YAML block after a cell's fence."""
    if start >= len(lines) or lines[start].strip() != "---":
        return False
    end = next(i for i in range(start + 1, len(lines)) if lines[i].strip() == "---")
    return number <= end


def _role(path: Path, line: int, metadata: dict[str, Any]) -> CellRole | None:
    if "course" not in metadata:
        return None
    try:
        return CellRole.model_validate(metadata["course"])
    except ValidationError as error:
        raise SourceError(path, line, _sentence(error, "course")) from None


def _validated(model: type[Model], source: Source, key: str) -> Model | None:
    if key not in source.front:
        return None
    _refuse_nulls(source, key)
    try:
        return model.model_validate(source.front[key])
    except ValidationError as error:
        keys = [str(fault["loc"][0]) for fault in error.errors() if fault["loc"]]
        line = max(map(source.front_line, keys), default=1)
        raise SourceError(source.path, line, _sentence(error, key)) from None


def _refuse_nulls(source: Source, key: str) -> None:
    """Refuse `name: null`, on which jupytext fails when JupyterLab opens the file."""
    for name, value in (source.front[key] or {}).items():
        if value is None:
            message = f"{key}.{name} is null; leave the line out instead."
            raise SourceError(source.path, source.front_line(name), message)


def _sentence(error: ValidationError, key: str) -> str:
    """Say every fault that pydantic found, with the value that it found."""
    faults = []
    for fault in error.errors():
        where = ".".join([key, *(str(part) for part in fault["loc"])])
        found = "" if fault["type"] == "missing" else f" (found {fault['input']!r})"
        faults.append(f"{where}: {fault['msg']}{found}")
    return "; ".join(faults) + "."
