"""Measure the built site: `python -m benchmarks.site`.

Every page: bytes over the wire and files from a server that compresses, layout shift,
axe in four settings, Lighthouse's mobile profile. With `--keep` the figures go into
`site.json`, from which the book's page is drawn. Run it on a quiet machine:
Lighthouse's speed is the only figure here that depends on one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
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
from tests.site.measuring import SETTINGS, hosted, lighthouse, load, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from selenium.webdriver import Chrome

KEPT = Path(__file__).with_name("site.json")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
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
    measures = {measure for row in rows.values() for measure in row}
    return {measure: _extremes(measure, rows) for measure in sorted(measures)}


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


def measure(names: list[str] | None = None) -> dict[str, Any]:
    """Measure the site of this checkout.

    Parameters
    ----------
    names
        Pages, as files from the site's root; all if None.
    """
    site = here().html
    every = [path.relative_to(site).as_posix() for path in pages(site)]
    with (
        hosted(site) as address,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        place = Place(address, tuple(names or every))
        browser = start(profile)
        version = browser.capabilities["browserVersion"]
        try:
            rows = measure_loads(browser, place)
        finally:
            browser.quit()
        for name, marks in measure_lighthouse(place, place.names).items():
            rows[name] |= marks
    return {"machine": about(version), "summary": summary(rows), "pages": rows}


def about(browser: str) -> dict[str, Any]:
    """Return what a reader must know to compare these figures with their own."""
    told = json.loads((site_tools.TOOLS / "package.json").read_text(encoding="utf-8"))
    processor = {key: machine()[key] for key in ("processor", "cores")}
    return {**processor, "Chromium": browser, **told["dependencies"]}


def main() -> None:
    """Measure, print the worst and the middle, and keep them where that is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="such as index.html; all if none")
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.name}")
    wanted = parser.parse_args()
    site_tools.ensure()
    found = measure(wanted.pages)
    for name, row in found["summary"].items():
        worst = f"worst {row['worst']} ({row['page']})"
        print(f"{name:20} {worst}, median {row['median']}, {row['pages']} pages")
    if wanted.keep:
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
