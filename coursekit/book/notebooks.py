"""The pages as notebooks, for download and for Colab.

A notebook is made from the page's source, without outputs. It begins with a cell that
installs what Colab lacks and does nothing anywhere else. What only the site understands
becomes plain Markdown or HTML: nothing is lost, and nothing is left that a reader would
see as markup.
"""

from __future__ import annotations

import ast
import json
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coursekit import settings
from coursekit.book import results
from coursekit.book.markdown import Book, Converter
from coursekit.book.plan import distributions_of
from coursekit.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from coursekit.book.layout import Layout
    from coursekit.book.plan import Page
    from coursekit.settings import Settings

# What Colab preloads of the things that pages import, or what comes with it, by import
# name. None of it is installed or pinned: other versions would mean a restart.
PRELOADED = frozenset(
    {
        "IPython",
        "cycler",
        "flask",
        "httpx",
        "ipykernel",
        "joblib",
        "matplotlib",
        "matplotlib_inline",
        "numpy",
        "pandas",
        "pooch",
        "psutil",
        "pydantic",
        "requests",
        "scipy",
        "sklearn",
        "starlette",
        "statsmodels",
        "sympy",
        "torch",
        "tqdm",
        "yaml",
    }
)
# What a package needs that pip does not bring with it: FastAPI's test client.
_BESIDE = {"fastapi": ["httpx2"]}
_PROJECTS = {"delay_desk": "projects/delay-desk"}


def bootstrap_cell(imports: Iterable[str], site: Settings | None = None) -> str:
    """Return the first cell of a notebook: in Colab it installs what is needed.

    Parameters
    ----------
    imports
        Top-level names that the notebook imports, directly or through our packages.
    site
        Where the packages are published; the book's settings if None.

    Returns
    -------
    str
        Python code. Outside Colab it does nothing. Nothing that Colab preloads is
        asked for, so none of it changes its version.

    Examples
    --------
    >>> "--no-deps" in bootstrap_cell(["numpy"])
    True
    >>> "evidently" in bootstrap_cell(["numpy"])
    False
    """
    site = site or settings.load()
    names = set(imports)
    repository = f"git+{site.repository_url}@{site.tag}"
    ours = [f"ml-engineer-course @ {repository}"]
    ours += [
        f"{name.replace('_', '-')} @ {repository}#subdirectory={folder}"
        for name, folder in _PROJECTS.items()
        if name in names
    ]
    lacking = _lacking(names)
    lines = [
        "# In Colab: installs the course's own packages. Elsewhere: does nothing.",
        "try:",
        "    import google.colab",
        "except ImportError:",
        "    pass",
        "else:",
        "    import subprocess",
        "    import sys",
        "",
        '    pip = [sys.executable, "-m", "pip", "install", "--quiet"]',
        *(_call(["--no-deps", package]) for package in ours),
        *([_call(lacking)] if lacking else []),
    ]
    return "\n".join(lines)


def _lacking(names: set[str]) -> list[str]:
    """Return what has to be installed in Colab for the given imports to work."""
    ours = {"coursekit", "ml_from_scratch", *_PROJECTS}
    missing = names - ours - PRELOADED - sys.stdlib_module_names
    known = distributions_of()
    found = {name for top in missing for name in known.get(top, [top])[:1]}
    found |= {extra for top in missing for extra in _BESIDE.get(top, [])}
    return sorted(found)


def _call(arguments: list[str]) -> str:
    listed = ", ".join(json.dumps(argument) for argument in arguments)
    return f"    subprocess.run([*pip, {listed}], check=True)"


@dataclass
class Published:
    """What was written, and what could not be.

    Attributes
    ----------
    made
        The notebooks.
    faults
        Each in one line that begins with the file.
    """

    made: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def publish(layout: Layout, pages: list[Page]) -> Published:
    """Write every page's notebook, and put them and the starters into the site.

    Parameters
    ----------
    layout
        The checkout.
    pages
        The pages, as planned.

    Returns
    -------
    Published
        The notebooks, and what of the pages has no plain form.
    """
    book = read_book(layout, pages)
    published = Published()
    shutil.rmtree(layout.notebooks, ignore_errors=True)
    for page in pages:
        try:
            made = notebook(layout, page, book)
        except SourceError as error:
            published.faults.append(_relative(layout, error))
            continue
        path = layout.notebooks / f"{page.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(made, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        published.made.append(path)
    if layout.html.is_dir():
        _mirror(layout.notebooks, layout.html / "notebooks")
        _mirror(layout.root / "exercises", layout.html / "exercises")
    return published


def _relative(layout: Layout, error: SourceError) -> str:
    return str(error).removeprefix(f"{layout.root}/")


def _mirror(folder: Path, target: Path) -> None:
    """Copy the notebooks of a folder, and leave no other notebook in the target."""
    for stale in target.rglob("*.ipynb"):
        stale.unlink()
    for path in sorted(folder.glob("*/*.ipynb")):
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def read_book(layout: Layout, pages: list[Page]) -> Book:
    """Collect what notebooks quote from the book: titles, targets, references.

    Parameters
    ----------
    layout
        The checkout.
    pages
        The pages, as planned.
    """
    return Book.read(
        address=settings.load().base_url,
        bibliography=layout.chapters / "references.bib",
        sources=[page.source for page in pages],
    )


def notebook(layout: Layout, page: Page, book: Book) -> dict[str, Any]:
    """Return one page as a notebook without outputs.

    Parameters
    ----------
    layout
        The checkout.
    page
        The page.
    book
        What it may quote.

    Returns
    -------
    dict
        The notebook, format 4.5.
    """
    converter = Converter(book, page.source, glued(layout, page))
    ours = {name.partition("/")[0] for name in page.uses.modules}
    imports = ours | page.uses.others
    cells = [_code(bootstrap_cell(imports), "bootstrap", ["bootstrap"])]
    for cell in page.source.cells:
        name = f"cell-{cell.index}"
        if cell.kind == "code":
            cells.append(_code(cell.source, name, cell.tags))
        elif text := converter.convert(cell.source, cell.line):
            cells.append({"cell_type": "markdown", "id": name, "source": text})
            cells[-1]["metadata"] = {}
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "colab": {"name": f"{page.name.replace('/', '-')}.ipynb"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _code(source: str, name: str, tags: list[str]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": tags} if tags else {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def glued(layout: Layout, page: Page) -> dict[str, str]:
    """Return the values that a page's cells kept for its prose, by name.

    Parameters
    ----------
    layout
        The checkout.
    page
        An executed page; one that is not has none.
    """
    values = {}
    for output in (o for cell in results.outputs(layout, page) or [] for o in cell):
        name = output.get("metadata", {}).get("scrapbook", {}).get("name")
        if name is not None:
            text = output["data"]["application/papermill.record/text/plain"]
            values[name] = _shown(text)
    return values


def _shown(text: str) -> str:
    """Return a glued value as the site shows it: a string without its quotes."""
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text  # the form of an object, such as a frame's
