"""Builds the site: the source tree, then Sphinx, in which every warning is a fault."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit import settings
from coursekit.book import results, tree
from coursekit.book.plan import Page, plan
from coursekit.book.worker import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursekit.book.layout import Layout

_SITE = Path(__file__).parents[1] / "site"
_TOOLS = (
    "Sphinx",
    "jupyter-book",
    "myst-nb",
    "sphinxcontrib-katex",
)


# What Sphinx says around an error, which is no error of its own.
_NOISE = (
    "Warning, treated as error",
    "Exception occurred:",
    "Please also report this",
    "A bug report can be filed",
)


@dataclass
class Built:
    """What a build did.

    Attributes
    ----------
    faults
        Each in one line that begins with the file, as an editor can open it.
    skipped
        Whether nothing had changed since the last build that went well.
    pages
        Number of pages with cells.
    """

    faults: list[str] = field(default_factory=list)
    skipped: bool = False
    pages: int = 0


def build(
    layout: Layout,
    pages: list[Page] | None = None,
    *,
    answers: bool = True,
    draft: bool = False,
) -> Built:
    """Build the site from executed pages.

    Parameters
    ----------
    layout
        The checkout.
    pages
        The pages as planned, if the caller has them.
    answers
        Whether the exercises' answers are published.
    draft
        Build in spite of faults, and show pages that were not executed without their
        outputs: for authors, never for publishing.

    Returns
    -------
    Built
        What was done; with `faults`, the site is not to be used.

    Raises
    ------
    coursekit.source.SourceError
        If a source cannot be read.
    """
    from coursekit.book import notebooks
    from coursekit.site import runtime as runtimes
    from coursekit.site.vendor import LockError
    from coursekit.site.vendor.compiled import CompileError

    pages = plan(layout) if pages is None else pages
    built = Built(pages=len(pages))
    faults = [fault for page in pages if (fault := _not_executed(layout, page))]
    if faults and not draft:
        built.faults = faults
        return built
    try:
        runtime = runtimes.runtime_of(layout)
    except (LockError, CompileError) as error:
        built.faults = [str(error)]
        return built
    made = tree.make(layout, pages, answers=answers, draft=draft, runtime=runtime)
    gone = made.sweep()
    state = _fingerprint(layout)
    built.skipped = not draft and _was_built_from(layout, state)
    if built.skipped:
        runtimes.place(runtime, layout.html / runtimes.FOLDER)
        return built
    layout.site_state.unlink(missing_ok=True)
    # Sphinx keeps the pages of sources that are no longer there, and those that an
    # earlier configuration asked for. (It is asked in any case, for it remembers.)
    if _reconfigured(layout, run=runtime is not None) or gone:
        _forget(layout)
    said = _sphinx(layout, made)
    runtimes.place(runtime, layout.html / runtimes.FOLDER)
    if draft:  # a page without outputs has no numbers to quote, which is known
        said = [fault for fault in said if "mystnb.glue" not in fault]
    built.faults = faults + said + notebooks.publish(layout, pages).faults
    if not built.faults:
        layout.site_state.write_text(state, encoding="utf-8")
    return built


def _not_executed(layout: Layout, page: Page) -> str:
    """Say why a page has no outputs to show; empty when it has."""
    from coursekit.book.run import explain

    record = results.load(layout, page.name)
    if record is not None and record.error and record.key == page.key:
        return explain(layout, record)
    if results.is_fresh(layout, page):
        return ""
    path = page.source.path.relative_to(layout.root)
    return f"{path}:1: not executed since it changed: coursekit run {page.name}"


def _was_built_from(layout: Layout, state: str) -> bool:
    remembered = layout.site_state
    return remembered.is_file() and remembered.read_text(encoding="utf-8") == state


def _reconfigured(layout: Layout, *, run: bool) -> bool:
    """Say whether the configuration is another than at the last build; remember it."""
    remembered = layout.build / "config.state"
    found = (layout.root / "_config.yml").read_text(encoding="utf-8")
    found += f"# Pages run in the browser: {run}\n"
    same = remembered.is_file() and remembered.read_text(encoding="utf-8") == found
    remembered.write_text(found, encoding="utf-8")
    return not same


def _forget(layout: Layout) -> None:
    for folder in (layout.html, layout.build / "doctrees"):
        shutil.rmtree(folder, ignore_errors=True)


def _fingerprint(layout: Layout) -> str:
    """Digest everything that Sphinx reads, and its version."""
    digest = hashlib.sha256()
    files = [*_files(layout.source), *_files(_SITE), *_files(layout.root / "exercises")]
    for path in [layout.root / "_config.yml", *files]:
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes())
    about = {"settings": vars(settings.load()), "tools": [version(t) for t in _TOOLS]}
    digest.update(json.dumps(about, sort_keys=True).encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"
    )


def _sphinx(layout: Layout, made: tree.Tree) -> list[str]:
    """Run Sphinx as jupyter-book configures it; give its warnings and errors."""
    from jupyter_book.sphinx import build_sphinx

    site = settings.load()
    overrides = {
        "html_baseurl": f"{site.base_url}/",
        "html_title": site.title,
        "project": site.title,
        "latex_individualpages": False,
    }
    said = io.StringIO()
    with contextlib.redirect_stderr(said), _quiet_python():
        outcome = build_sphinx(
            layout.source,
            layout.html,
            noconfig=True,
            path_config=layout.root / "_config.yml",
            confoverrides=overrides,
            doctreedir=layout.build / "doctrees",
            quiet=True,
            warningiserror=True,
            keep_going=True,
        )
    faults = _faults(layout, made, plain(said.getvalue()))
    if outcome and not faults:
        faults = [f"Sphinx failed: {outcome!r}"]
    return faults


@contextlib.contextmanager
def _quiet_python() -> Iterator[None]:
    """Keep the deprecations of other people's extensions out of our faults."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _faults(layout: Layout, made: tree.Tree, said: str) -> list[str]:
    """Turn what Sphinx said into faults of our sources.

    Sphinx warns about a page when it reads it, and not again while it is unchanged: so
    the pages that have faults are touched, for the next build to read them again.
    """
    faults = []
    place = re.compile(
        rf"^{re.escape(str(layout.source))}/(?P<name>[^:]+)(?P<rest>.*)$"
    )
    for line in said.splitlines():
        if line.startswith(_NOISE) or not line.strip():
            continue
        found = place.match(line)
        if log := re.search(r"traceback has been saved in (\S+),", line):
            line = _take_log(Path(log[1]))
        if found is None:
            faults.append(line)
            continue
        name = found["name"]
        with contextlib.suppress(FileNotFoundError):
            os.utime(layout.source / name)
        faults.append(f"{made.origins.get(name) or name}{found['rest']}")
    if any(not place.match(line) for line in said.splitlines() if line.strip()):
        shutil.rmtree(layout.build / "doctrees", ignore_errors=True)
    return faults


def _take_log(path: Path) -> str:
    """Return the end of the traceback that Sphinx left in a temporary file."""
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    path.unlink()
    return "\n".join(lines[-8:])
