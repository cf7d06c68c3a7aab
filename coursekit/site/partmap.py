"""`part-map`: a part's pages from top to bottom, with lines to those that need them.

Pages are cards in a grid of a few columns, which a phone has room for; the lines stand
behind them. Everything follows from what the pages' front matter says that they need.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx.util import logging

from coursekit.site import roadmap
from coursekit.site.drawn import Drawn
from coursekit.site.tags import tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sphinx.application import Sphinx

    from coursekit.site.tags import TagNode

logger = logging.getLogger(__name__)
COLUMNS = 3
# Of a row's height, what is free above a card and below it.
_MARGIN = 0.15
# A line behind a card looks like one to the card: worth four columns of detour.
_HIDDEN_LINE = 4.0


class Cell(NamedTuple):
    """Where a card stands, from 0."""

    row: int
    column: int


Needs = dict[str, list[str]]


def direct(needs: Mapping[str, Sequence[str]]) -> Needs:
    """Leave out what is needed already by something else that is needed.

    Parameters
    ----------
    needs
        What each page needs, without circles.

    Examples
    --------
    >>> direct({"a": [], "b": ["a"], "c": ["a", "b"]})["c"]
    ['b']
    """

    def behind(page: str) -> set[str]:
        return {page}.union(*(behind(one) for one in needs[page]))

    return {
        page: [
            one
            for one in wanted
            if not any(one in behind(other) for other in wanted if other != one)
        ]
        for page, wanted in needs.items()
    }


def rows(needs: Mapping[str, Sequence[str]], width: int = COLUMNS) -> list[list[str]]:
    """Put pages into rows, each below all that it needs.

    Parameters
    ----------
    needs
        What each page needs, in the order of reading, without circles.
    width
        How many pages a row has at most.

    Examples
    --------
    >>> rows({"a": [], "b": ["a"], "c": [], "d": ["b", "c"]})
    [['a', 'c'], ['b'], ['d']]
    """
    found: list[list[str]] = []
    row_of: dict[str, int] = {}
    for page, wanted in needs.items():
        row = max((row_of[one] + 1 for one in wanted), default=0)
        while row < len(found) and len(found[row]) == width:
            row += 1
        found += [[] for _ in range(row + 1 - len(found))]
        found[row].append(page)
        row_of[page] = row
    return found


def placed(needs: Mapping[str, Sequence[str]], width: int = COLUMNS) -> dict[str, Cell]:
    """Give each page its cell, row by row, so that lines are short and seen.

    Parameters
    ----------
    needs
        What each page needs directly, in the order of reading.
    width
        How many columns there are.

    Returns
    -------
    dict
        The cell of each page. No two pages share one.
    """
    cells: dict[str, Cell] = {}
    for row, pages in enumerate(rows(needs, width)):
        tried = (
            cells | {page: Cell(row, at) for page, at in zip(pages, order, strict=True)}
            for order in permutations(range(width), len(pages))
        )
        cells = min(tried, key=lambda one: _cost(one, needs, pages, width))
    return cells


def _cost(
    cells: dict[str, Cell],
    needs: Mapping[str, Sequence[str]],
    pages: Sequence[str],
    width: int,
) -> float:
    """Say how far lines lead sideways and how many cards they pass behind."""
    taken = set(cells.values())
    cost = 0.0
    for page in pages:
        middle = abs(cells[page].column - (width - 1) / 2)
        cost += 0.1 * middle
        for one in needs[page]:
            cost += abs(cells[one].column - cells[page].column)
            cost += _HIDDEN_LINE * sum(
                cell in taken for cell in _between(cells[one], cells[page])
            )
    return cost


def _between(first: Cell, second: Cell) -> Iterator[Cell]:
    """Give the cells that a line from one card down to another passes."""
    span = second.row - first.row
    for row in range(first.row + 1, second.row):
        share = (row - first.row) / span
        column = first.column + share * (second.column - first.column)
        yield Cell(row, round(column))


class PartMap(Drawn):
    """`part-map`: every page of a part below those that it needs."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the cards and, behind them, the lines."""
        part = self.arguments[0]
        titles = {page.name: page.title for page in roadmap.contents_of(part)}
        here = [name for name in titles if name in self.manifest().pages]
        if not here:
            logger.warning(
                f"part-map: no page of a part {part!r} is here.",
                location=(self.env.docname, self.lineno),
                type="coursekit",
                subtype="part-map",
            )
            return []
        needs = direct(self._needs(here))
        cells = placed(needs)
        cards = [self._card(name, titles[name], cells[name]) for name in here]
        height = 1 + max(cell.row for cell in cells.values())
        lines = _lines(needs, cells, height)
        label = "Map: each page below those that it needs"
        return [tag("nav", lines, *cards, kind="ck-part-map", aria_label=label)]

    def _needs(self, here: Sequence[str]) -> Needs:
        """Keep what stands earlier in the part: no line leads up or in a circle."""
        pages = self.manifest().pages
        return {
            name: [one for one in here[:at] if one in pages[name].needs]
            for at, name in enumerate(here)
        }

    def _card(self, name: str, title: str, cell: Cell) -> TagNode:
        place = f"grid-area: {cell.row + 1} / {cell.column + 1}"
        tick = tag("span", kind="ck-tick")
        link = self.link(name, title)
        return tag("div", tick, link, kind="ck-stop", style=place, data_page=name)


def _lines(needs: Needs, cells: dict[str, Cell], height: int) -> nodes.raw:
    paths = "".join(
        _line(cells[one], cells[page])
        for page, wanted in needs.items()
        for one in wanted
    )
    box = f'viewBox="0 0 {COLUMNS} {height}" preserveAspectRatio="none"'
    return nodes.raw("", f'<svg {box} aria-hidden="true">{paths}</svg>', format="html")


def _line(first: Cell, second: Cell) -> str:
    x, left = first.column + 0.5, second.column + 0.5
    top, bottom = first.row + 1 - _MARGIN, second.row + _MARGIN
    bend = min(0.3, (bottom - top) / 2)
    start, end = f"{x} {top:.2f}", f"{left} {bottom:.2f}"
    return f'<path d="M{start}C{x} {top + bend:.2f} {left} {bottom - bend:.2f} {end}"/>'


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("part-map", PartMap)
