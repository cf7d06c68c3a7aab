"""What must run: each page's key, from everything that its results depend on.

jupyter-cache knows a notebook by its code alone. Here a page's key also covers the
modules of ours that it reaches, the data that it names, the versions of the packages
that it or those modules import, Python's version and how pages are run. Prose, figure
descriptions and modules that it does not reach are left out, so that editing them
costs no execution.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from coursekit import source as sources
from coursekit.book.imports import Resolver, Uses, parse
from coursekit.book.worker import HOW_PAGES_RUN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from coursekit.book.layout import Layout

# The tags that nbclient acts upon; any other metadata only changes how a cell looks.
_EXECUTION_TAGS = frozenset({"raises-exception", "skip-execution"})
# What draws figures and runs cells changes outputs though no page imports it.
_ALWAYS = ("ipykernel", "IPython", "matplotlib_inline")


@dataclass(frozen=True)
class Page:
    """A page that is executed.

    Attributes
    ----------
    source
        Its front matter and cells.
    key
        SHA-256 of everything that its results depend on.
    versions
        Version of each distribution that it or our modules under it import.
    direct
        The distributions that the page's own cells import.
    uses
        The modules of ours and the other packages that it reaches.
    """

    source: sources.Source
    key: str
    versions: dict[str, str]
    direct: tuple[str, ...]
    uses: Uses

    @property
    def name(self) -> str:
        """`part/slug`."""
        return self.source.name


def find_pages(layout: Layout) -> list[Path]:
    """Return the pages that have cells, in the order of their paths.

    Parameters
    ----------
    layout
        The checkout.
    """
    return [
        path
        for path in sorted(layout.chapters.glob("**/*.md"))
        if sources.is_notebook(path.read_text(encoding="utf-8"))
    ]


def plan(layout: Layout, paths: Iterable[Path] | None = None) -> list[Page]:
    """Read pages and compute their keys.

    Parameters
    ----------
    layout
        The checkout.
    paths
        The pages; all of them if None.

    Returns
    -------
    list of Page
        In the order given.

    Raises
    ------
    coursekit.source.SourceError
        If a page cannot be read or names data that the registry does not have.
    """
    resolver = Resolver(layout.packages)
    registry = _registry(layout)
    chosen = find_pages(layout) if paths is None else list(paths)
    return [_page(sources.read(path), resolver, registry) for path in chosen]


def _page(source: sources.Source, resolver: Resolver, registry: dict[str, Any]) -> Page:
    code = [cell.source for cell in source.code]
    uses = resolver.uses(code)
    versions = versions_of([*uses.others, *_ALWAYS])
    ingredients = {
        "cells": _executed_form(source),
        "modules": uses.modules,
        "data": _checksums(source, registry),
        "versions": versions,
        "python": platform.python_version(),
        "run": HOW_PAGES_RUN,
    }
    text = json.dumps(ingredients, sort_keys=True)
    return Page(
        source=source,
        key=hashlib.sha256(text.encode()).hexdigest(),
        versions=versions,
        direct=_direct(code, versions),
        uses=uses,
    )


def _direct(code: list[str], versions: dict[str, str]) -> tuple[str, ...]:
    """Return the distributions, ours apart, that the cells themselves import."""
    names: set[str] = set()
    for node in (n for source in code for n in ast.walk(parse(source))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    known = distributions_of()
    direct = {dist for name in names for dist in known.get(name, [])}
    return tuple(sorted(direct.intersection(versions)))


def _executed_form(source: sources.Source) -> list[list[Any]]:
    """Return what of the cells changes what a run gives."""
    return [
        [cell.source, sorted(_EXECUTION_TAGS.intersection(cell.tags))]
        for cell in source.code
    ]


def _checksums(source: sources.Source, registry: dict[str, Any]) -> dict[str, Any]:
    names = source.course.data if source.course else []
    for name in names:
        if name not in registry:
            known = ", ".join(sorted(registry)) or "none"
            raise sources.SourceError(
                source.path,
                source.front_line("data"),
                f"data: there is no data set {name!r}; the registry has: {known}.",
            )
    return {name: registry[name] for name in names}


def _registry(layout: Layout) -> dict[str, Any]:
    if not layout.registry.is_file():
        return {}
    found: dict[str, Any] = json.loads(layout.registry.read_text(encoding="utf-8"))
    return found


def versions_of(names: Iterable[str]) -> dict[str, str]:
    """Return the version of each distribution behind the given import names.

    Parameters
    ----------
    names
        Top-level import names, such as `sklearn`.

    Returns
    -------
    dict
        Version by distribution; `absent` for what is not installed.

    Examples
    --------
    >>> sorted(versions_of(["sklearn", "no_such_package"]))
    ['no_such_package', 'scikit-learn']
    """
    from importlib.metadata import version

    found = {}
    for name in set(names):
        for distribution in distributions_of().get(name, []):
            found[distribution] = version(distribution)
        if name not in distributions_of():
            found[name] = "absent"
    return dict(sorted(found.items()))


@cache
def distributions_of() -> dict[str, list[str]]:
    """Return the installed distributions that provide each top-level import name."""
    from importlib.metadata import packages_distributions

    return {name: sorted(set(of)) for name, of in packages_distributions().items()}
