"""The verbs of the book, as the command line calls them: each gives an exit status."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from coursekit.book.layout import Layout
    from coursekit.book.plan import Page

Parameters = ParamSpec("Parameters")


def _spoken(verb: Callable[Parameters, int]) -> Callable[Parameters, int]:
    """Turn what a person can mend into its one sentence and an exit status."""

    @wraps(verb)
    def spoken(*args: Parameters.args, **kwargs: Parameters.kwargs) -> int:
        from coursekit.settings import SettingsError
        from coursekit.source import SourceError

        try:
            return verb(*args, **kwargs)
        except (SourceError, SettingsError) as error:
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("Stopped; nothing was left running.", file=sys.stderr)
            return 130

    return spoken


@_spoken
def run(pages: list[str], *, force: bool = False) -> int:
    """Execute what must run; 1 when a page failed.

    Parameters
    ----------
    pages
        Pages as `part/slug` or as paths; all if empty.
    force
        Execute them even where their results are there.
    """
    from coursekit.book.layout import here
    from coursekit.book.run import run as run_pages

    layout = here()
    paths = [find(layout, page) for page in pages]
    report = run_pages(layout, paths or None, force=force)
    print(
        f"{len(report.ran)} executed, {len(report.kept)} unchanged, "
        f"{len(report.failed)} failed."
    )
    return 1 if report.failed else 0


def find(layout: Layout, page: str) -> Path:
    """Return the file of a page that is named as `part/slug` or by its path.

    Parameters
    ----------
    layout
        The checkout.
    page
        What was typed.
    """
    named = Path(page)
    return named.resolve() if named.is_file() else layout.chapters / f"{page}.md"


@_spoken
def build(*, answers: bool = True, draft: bool = False) -> int:
    """Build the site from the executed pages; 1 when anything is wrong with it.

    Parameters
    ----------
    answers
        Whether the exercises' answers are published.
    draft
        Build in spite of faults, for authors.
    """
    from coursekit.book.layout import here

    return _build(here(), None, answers=answers, draft=draft)


def _build(
    layout: Layout, pages: list[Page] | None, *, answers: bool, draft: bool = False
) -> int:
    from coursekit.book.build import build as build_site

    built = build_site(layout, pages, answers=answers, draft=draft)
    for fault in built.faults:
        print(fault, file=sys.stderr)
    where = f"{layout.html}/index.html"
    if built.faults:
        print(f"The site has {len(built.faults)} faults.", file=sys.stderr)
        return 0 if draft else 1
    done = "is up to date" if built.skipped else "is built"
    print(f"The site {done}: {built.pages} pages, {where}")
    return 0


@_spoken
def book(
    *, port: int = 0, answers: bool = True, serve: bool = True, draft: bool = False
) -> int:
    """Execute what changed, build the site, serve it.

    Parameters
    ----------
    port
        Port to serve on; a free one if 0.
    answers
        Whether the exercises' answers are published.
    serve
        Whether to serve the site, until interrupted.
    draft
        Build in spite of faults, for authors.
    """
    from coursekit.book import inputs
    from coursekit.book.layout import here

    layout = here()
    if inputs.unchanged(layout, answers=answers):
        print("Nothing has changed since the site was built.")
    elif status := _run_and_build(layout, answers=answers, draft=draft):
        return status
    if serve:
        from coursekit.book.serve import serve as serve_site

        serve_site(layout.html, port)
    return 0


def _run_and_build(layout: Layout, *, answers: bool, draft: bool) -> int:
    from coursekit.book import inputs
    from coursekit.book.plan import plan
    from coursekit.book.run import run_planned

    state = inputs.digest(layout, answers=answers)  # before, lest an edit slip by
    pages = plan(layout)
    report = run_planned(layout, pages)
    if report.failed and not draft:
        print(f"{len(report.failed)} pages failed.", file=sys.stderr)
        return 1
    status = _build(layout, pages, answers=answers, draft=draft)
    if status == 0 and not draft:
        inputs.remember(layout, state)
    return status


@_spoken
def bundle(out: Path | None = None) -> int:
    """Pack the built site for where there is no internet; 1 when there is no site.

    Parameters
    ----------
    out
        The file; one below `dist` if None.
    """
    from coursekit.book import bundle as packing
    from coursekit.book.layout import here

    try:
        made = packing.bundle(here(), out)
    except packing.BundleError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB. Its README.txt says the rest.")
    return 0


@_spoken
def notebooks() -> int:
    """Write the notebooks for download and Colab."""
    from coursekit.book.layout import here
    from coursekit.book.notebooks import publish
    from coursekit.book.plan import plan

    layout = here()
    published = publish(layout, plan(layout))
    for fault in published.faults:
        print(fault, file=sys.stderr)
    print(f"{len(published.made)} notebooks in {layout.notebooks}")
    return 1 if published.faults else 0
