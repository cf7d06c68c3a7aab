"""Ways through the book: ordered pages with their hours, from `roadmap/pathways.toml`.

Hours are the front matter's where a page is there. For one still to come they are the
median of its part's pages, or, where the part has none, a figure that the file states.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from coursekit.site import roadmap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from coursekit.site.manifest import PageFacts

_FILE = "pathways.toml"
_TASK = "task:"
# The parts of which nobody is examined before they leave them out.
_NOT_SKIPPED = ("orientation", "projects", "career")


class PathwayError(ValueError):
    """A pathway that names what the book does not plan."""


@dataclass(frozen=True)
class Item:
    """A page or a task of a pathway.

    Attributes
    ----------
    name
        `part/slug`, or `task:id`.
    title
        What it is called.
    page
        The page that it is, or that the task belongs to.
    minutes
        What it takes: reading, exercise and work.
    known
        Whether its page is there, so that the minutes are not an estimate.
    """

    name: str
    title: str
    page: str
    minutes: int
    known: bool

    @property
    def is_task(self) -> bool:
        """Whether it is a task rather than a page."""
        return self.name.startswith(_TASK)


@dataclass(frozen=True)
class Stage:
    """A stretch of a pathway, and what holds at its end."""

    title: str
    items: tuple[Item, ...]
    can: tuple[str, ...]


@dataclass(frozen=True)
class Pathway:
    """A way through the book.

    Attributes
    ----------
    id, title
        Its name in addresses and for people.
    whom, rhythm, after
        Whom it is for, how long it is meant to take, and what follows it.
    hours
        Hours a week, unless the reader says otherwise.
    stages
        In order.
    """

    id: str
    title: str
    whom: str
    rhythm: str
    after: str
    hours: float
    stages: tuple[Stage, ...]

    @property
    def items(self) -> list[Item]:
        """Everything in order."""
        return [item for stage in self.stages for item in stage.items]

    @property
    def pages(self) -> list[str]:
        """Its pages in order."""
        return [item.page for item in self.items if not item.is_task]

    def skipped(self) -> list[str]:
        """Return the parts that it leaves out, wholly or mostly, career apart.

        Their diagnostic quizzes come first: who passes one can leave the part out.
        """
        here = set(self.pages)
        found = []
        for part in roadmap.PARTS:
            of_part = roadmap.contents_of(part)
            taken = sum(page.name in here for page in of_part)
            if part not in _NOT_SKIPPED and 2 * taken < len(of_part):
                found.append(part)
        return found


class Hours:
    """Minutes of pages, there or to come.

    Parameters
    ----------
    pages
        What the build knows of the pages that are there.
    """

    def __init__(self, pages: Mapping[str, PageFacts]) -> None:
        self._pages = pages
        self._stated: dict[str, int] = _raw()["minutes"]
        self._work: dict[str, float] = _raw()["work"]

    def reading(self, page: str) -> tuple[int, bool]:
        """Return a page's minutes with its exercise, and whether it is there."""
        facts = self._pages.get(page)
        if facts is not None:
            return facts.minutes + facts.exercise_minutes, True
        return self._guess(page.partition("/")[0]), False

    def whole(self, page: str) -> tuple[int, bool]:
        """Return its minutes with the work that it asks for; as `reading`."""
        minutes, known = self.reading(page)
        return minutes + round(60 * self._work.get(page, 0)), known

    def _guess(self, part: str) -> int:
        of_part = [
            facts.minutes + facts.exercise_minutes
            for name, facts in self._pages.items()
            if name.startswith(f"{part}/")
        ]
        if of_part:
            return round(median(of_part) / 5) * 5
        return self._stated.get(part, self._stated["default"])


@cache
def _raw(folder: Path = roadmap.FOLDER) -> dict[str, Any]:
    return tomllib.loads((folder / _FILE).read_text(encoding="utf-8"))


def pathways(pages: Mapping[str, PageFacts]) -> list[Pathway]:
    """Return the pathways, with hours as the pages have them now.

    Parameters
    ----------
    pages
        What the build knows of the pages that are there.

    Raises
    ------
    PathwayError
        If one names a page, part or task that there is not, or a page twice.
    """
    hours = Hours(pages)
    return [_pathway(entry, hours) for entry in _raw()["pathway"]]


def _pathway(entry: dict[str, Any], hours: Hours) -> Pathway:
    named = {
        name
        for stage in entry["stage"]
        for name in [*stage["pages"], *stage.get("beside", [])]
        if "/" in name
    }
    seen: set[str] = set()
    stages = tuple(_stage(stage, named, seen, hours) for stage in entry["stage"])
    return Pathway(
        id=entry["id"],
        title=entry["title"],
        whom=entry["whom"],
        rhythm=entry["rhythm"],
        after=entry.get("after", ""),
        hours=entry["hours"],
        stages=stages,
    )


def _stage(
    entry: dict[str, Any], named: set[str], seen: set[str], hours: Hours
) -> Stage:
    tracks = []
    for key in ("pages", "beside"):
        names = [
            one for name in entry.get(key, []) for one in _expanded(name, named, seen)
        ]
        tracks.append([_item(name, hours) for name in names])
    return Stage(entry["title"], tuple(woven(*tracks)), tuple(entry["can"]))


def _expanded(name: str, named: set[str], seen: set[str]) -> list[str]:
    """Return the pages or the task that an entry means, each once in a pathway."""
    if name in roadmap.PARTS:
        of_part = (page.name for page in roadmap.contents_of(name))
        found = [page for page in of_part if page not in named | seen]
    elif name in seen:
        raise PathwayError(f"{_FILE}: {name} stands twice in one pathway.")
    else:
        found = [name]
    seen.update(found)
    return found


def _item(name: str, hours: Hours) -> Item:
    if name.startswith(_TASK):
        return _task(name)
    titles = {page.name: page.title for page in roadmap.contents()}
    if name not in titles:
        raise PathwayError(f"{_FILE}: the plan has no page or part {name!r}.")
    minutes, known = hours.whole(name)
    return Item(name, titles[name], name, minutes, known)


def _task(name: str) -> Item:
    task = _raw()["task"].get(name.removeprefix(_TASK))
    if task is None:
        raise PathwayError(f"{_FILE}: there is no {name!r}.")
    return Item(name, task["title"], task["page"], round(60 * task["hours"]), True)


def woven(first: Sequence[Item], second: Sequence[Item]) -> list[Item]:
    """Merge two sequences so that both move on at the same pace, by their minutes.

    Parameters
    ----------
    first, second
        What is done side by side; each keeps its order.
    """
    marked = [(_middle(first, k), k, 0) for k in range(len(first))]
    marked += [(_middle(second, k), k, 1) for k in range(len(second))]
    return [(first, second)[side][k] for _, k, side in sorted(marked)]


def _middle(items: Sequence[Item], k: int) -> float:
    """Return how far through a sequence the middle of its item k lies, of 1."""
    return (_sum(items[:k]) + items[k].minutes / 2) / _sum(items)


def _sum(items: Iterable[Item]) -> int:
    return sum(item.minutes for item in items)


def spoken(minutes: float) -> str:
    """Return a duration for people.

    Examples
    --------
    >>> spoken(45), spoken(120), spoken(105)
    ('45 min', '2 h', '1 h 45 min')
    """
    hours, rest = divmod(round(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
