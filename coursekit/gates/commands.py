"""`coursekit gates`: walk the pages through the gates and print what was found."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from coursekit.book import plan, results
from coursekit.book.layout import Layout, here
from coursekit.gates.model import Executed, load_book
from coursekit.gates.registry import GATES, examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from coursekit.source import Source


def last_run(layout: Layout) -> Callable[[Source], Executed | None]:
    """Return a function from a page to what its last run left, if it still stands."""

    def executed(source: Source) -> Executed | None:
        (page,) = plan.plan(layout, [source.path])
        record = results.load(layout, source.name)
        outputs = results.outputs(layout, page)
        if record is None or record.key != page.key or outputs is None:
            return None
        cells = (cell.index for cell in source.code)
        return Executed(
            outputs=dict(zip(cells, outputs, strict=True)),
            seconds=record.seconds,
            peak_bytes=record.peak_bytes,
        )

    return executed


def report(names: list[str]) -> int:
    """Print findings; 1 where there are any.

    Parameters
    ----------
    names
        Pages as `part/slug`; all if empty.
    """
    layout = here()
    book = load_book(layout.root, last_run(layout))
    if unknown := sorted(set(names) - set(book.pages)):
        known = ", ".join(sorted(book.pages))
        print(f"There is no page {', '.join(unknown)}; there are: {known}.")
        return 2
    found = examine(book, names or None)
    for finding in found:
        print(finding)
    for name in names or sorted(book.pages):
        if book.pages[name].executed is None:
            print(f"{name} was not run as it stands: `coursekit run {name}` first.")
    print(
        f"{len(names or book.pages)} pages, {len(GATES)} gates, {len(found)} findings."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(report(sys.argv[1:]))
