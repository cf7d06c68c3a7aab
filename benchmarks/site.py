"""Measure the built site: `python -m benchmarks.site`.

Every page: bytes over the wire and files from a server that compresses, layout shift,
axe in four settings, Lighthouse's mobile profile; where cells run in the page, the
seconds from a click to the first result, in a new browser, and to the second. With
`--keep` the figures go into `site.json`, from which the book's page is drawn, after
every few pages: what was measured before a run ended is not lost. Run it on a quiet
machine: seconds and Lighthouse's speed depend on one. All pages take about an hour.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import track

from benchmarks.report import machine
from coursekit.book.layout import here
from tests.site import site_tools
from tests.site.browser import start
from tests.site.checking import pages
from tests.site.measuring import (
    SETTINGS,
    first_run,
    hosted,
    lighthouse,
    load,
    runs_here,
    violations,
)

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

KEPT = Path(__file__).with_name("site.json")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
AT_ONCE = 8  # pages between two times of keeping
console = Console(stderr=True)


@dataclass(frozen=True)
class Place:
    """A served site: its address, and the names of its pages."""

    address: str
    names: tuple[str, ...]

    def of(self, name: str) -> str:
        """Return a page's address."""
        return f"{self.address}/{name}"


def measure_loads(browser: Chrome, place: Place) -> dict[str, dict[str, Any]]:
    """Measure bytes, files and shift of every page on a phone, and what axe finds."""
    measured = {}
    for name in track(place.names, "Loading, axe", console=console):
        loaded = load(browser, place.of(name))
        measured[name] = {
            "kilobytes": round((loaded.bytes - loaded.picture_bytes) / 1000, 1),
            "picture_kilobytes": round(loaded.picture_bytes / 1000, 1),
            "requests": loaded.requests,
            "shift": round(loaded.shift, 4),
            "axe": sum(
                len(violations(browser, place.of(name), *setting))
                for setting in SETTINGS
            ),
        }
    return measured


def measure_lighthouse(place: Place, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Run Lighthouse on pages, one after the other."""
    measured = {}
    for name in track(list(names), "Lighthouse", console=console):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            (found,) = lighthouse([place.of(name)], Path(profile))
        measured[name] = {key: round(found["scores"][key]) for key in CATEGORIES}
    return measured


def measure_runs(place: Place, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Run the first cell of pages, each in a browser that has fetched nothing."""
    measured = {}
    for name in track(list(names), "First results", console=console):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = start(profile)
            try:
                first, again = first_run(browser, place.of(name))
            finally:
                browser.quit()
        measured[name] = {"first_seconds": round(first, 2), "rerun": round(again, 3)}
    return measured


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return worst and median of every measure, and the page that is worst.

    Parameters
    ----------
    rows
        Measures by page; a measure may be missing on some.

    Examples
    --------
    >>> summary({"a": {"axe": 0}, "b": {"axe": 2}})["axe"]
    {'worst': 2, 'median': 1.0, 'page': 'b', 'pages': 2}
    """
    measures = dict.fromkeys(measure for row in rows.values() for measure in row)
    return {measure: _extremes(measure, rows) for measure in measures}


def _extremes(measure: str, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = {name: row[measure] for name, row in rows.items() if measure in row}
    # Of marks the lowest is the worst, of costs the highest.
    worst_of: Callable[..., str] = min if measure in CATEGORIES else max
    page = worst_of(found, key=found.__getitem__)
    median = statistics.median(found.values())
    return {
        "worst": found[page],
        "median": round(median, 3),
        "page": page,
        "pages": len(found),
    }


def measure(names: list[str], kinds: list[str]) -> dict[str, Any]:
    """Measure the site of this checkout.

    Parameters
    ----------
    names
        Pages, as files from the site's root.
    kinds
        What to measure, of `KINDS`.
    """
    site = here().html
    rows: dict[str, dict[str, Any]] = {name: {} for name in names}
    with hosted(site) as address:
        place = Place(address, tuple(rows))
        for kind in kinds:
            for name, measures in KINDS[kind](site, place).items():
                rows[name] |= measures
    return {"machine": about(), "summary": summary(rows), "pages": rows}


def _loads(_site: Path, place: Place) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = start(profile)
        try:
            return measure_loads(browser, place)
        finally:
            browser.quit()


def _lighthouse(_site: Path, place: Place) -> dict[str, dict[str, Any]]:
    return measure_lighthouse(place, place.names)


def _runs(site: Path, place: Place) -> dict[str, dict[str, Any]]:
    return measure_runs(place, [n for n in place.names if runs_here(site / n)])


KINDS: dict[str, Callable[[Path, Place], dict[str, dict[str, Any]]]] = {
    "loads": _loads,
    "lighthouse": _lighthouse,
    "runs": _runs,
}


def put_into(kept: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return kept figures with those that were found now in their place.

    Parameters
    ----------
    kept, found
        As `measure` gives them. Pages that are no longer there are left out.
    """
    rows = {name: dict(row) for name, row in kept["pages"].items()}
    for name, row in found["pages"].items():
        rows[name] = rows.get(name, {}) | row
    there = here().html
    rows = {name: row for name, row in sorted(rows.items()) if (there / name).is_file()}
    return {"machine": found["machine"], "summary": summary(rows), "pages": rows}


def about() -> dict[str, Any]:
    """Return what a reader must know to compare these figures with their own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chrome = start(profile)
        browser = chrome.capabilities["browserVersion"]
        chrome.quit()
    told = json.loads((site_tools.TOOLS / "package.json").read_text(encoding="utf-8"))
    processor = {key: machine()[key] for key in ("processor", "cores")}
    return {**processor, "Chromium": browser, **told["dependencies"]}


def _wanted() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="such as index.html; all if none")
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.name}")
    parser.add_argument(
        "--only", choices=KINDS, action="append", help="measure this alone"
    )
    return parser.parse_args()


def main() -> None:
    """Measure, print the worst and the middle, and keep them where that is asked."""
    wanted = _wanted()
    site_tools.ensure()
    site = here().html
    names = wanted.pages or [p.relative_to(site).as_posix() for p in pages(site)]
    found: dict[str, Any] = {"pages": {}}
    if wanted.keep and KEPT.is_file():
        found = json.loads(KEPT.read_text(encoding="utf-8"))
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        console.print(f"{some[0]} and on: {first} of {len(names)} pages are done")
        found = put_into(found, measure(some, wanted.only or list(KINDS)))
        if wanted.keep:
            KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, row in found["summary"].items():
        worst = f"worst {row['worst']} ({row['page']})"
        print(f"{name:20} {worst}, median {row['median']}, {row['pages']} pages")


if __name__ == "__main__":
    main()
