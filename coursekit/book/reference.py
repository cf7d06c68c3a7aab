"""The reference of the library: a page for each module, an index by page of the book.

Docstrings are turned into reStructuredText by numpydoc and written as text, so that
Sphinx reads a module's page again when, and only when, its docstrings changed.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from numpydoc.docscrape_sphinx import SphinxDocString

from coursekit.book.api import TAUGHT, Entry, Module
from coursekit.site import roadmap

FOLDER = "reference"
# A backtick in a docstring names code; reST would set it in italics.
_PREAMBLE = ".. default-role:: code\n"
_ABOUT = (
    "Everything that the pages build, as they leave it: ``ml_from_scratch``, in NumPy "
    "and SciPy, each algorithm tested against the library that people use. Each name "
    "stands under the page that teaches it."
)
_BLANKS = re.compile(r"\n{3,}")
# In plain text these are no markup: |x|, shape (n, *size), coef_.
_CODE = re.compile(r"(:[\w:]+:`[^`]+`|``.+?``|`[^`]+`)", re.DOTALL)
_BARE = re.compile(r"(?<!\\)(\||(?<![*\w])\*(?=\w)|(?<=\w)_(?![\w*]))")
_LATEX_ONLY = re.compile(r"^\.\. only:: latex\n(\s*\n)*", re.MULTILINE)


def pages(modules: Sequence[Module], here: set[str]) -> dict[str, str]:
    """Return the text of every page of the reference, by its file's name.

    Parameters
    ----------
    modules
        The library, as `coursekit.book.api.read` gives it.
    here
        The pages that the book has already, as `part/slug`.

    Returns
    -------
    dict
        reStructuredText; `reference/index.rst` and a file for each module.
    """
    made = {f"{FOLDER}/index.rst": _index(modules, here)}
    for module in modules:
        made[f"{file_of(module)}.rst"] = _module_page(module, here)
    return made


def file_of(module: Module) -> str:
    """Return the page of a module, without suffix.

    Parameters
    ----------
    module
        A module of the library.
    """
    return f"{FOLDER}/{short(module)}"


def short(module: Module) -> str:
    """Return a module's name without that of the library.

    Parameters
    ----------
    module
        A module of the library.
    """
    return module.name.partition(".")[2]


# ------------------------------------------------------------------- a module's page


def _module_page(module: Module, here: set[str]) -> str:
    blocks = [
        _PREAMBLE,
        _title(f"``{short(module)}``", "="),
        module.about,
        f"Import from ``{module.name}``.",
        f".. py:module:: {module.name}",
    ]
    blocks += [_described(entry, here) for entry in module.entries]
    return _joined(blocks)


def _described(entry: Entry, here: set[str]) -> str:
    head = f".. py:{entry.kind}:: {entry.name}{entry.signature}"
    inner = [
        _docstring(entry, here),
        *(_described(each, here) for each in entry.methods),
    ]
    return f"{head}\n\n{textwrap.indent(_joined(inner), '   ')}"


def _docstring(entry: Entry, here: set[str]) -> str:
    text = TAUGHT.sub(lambda found: _taught(found["page"], here), entry.docstring)
    rest = _LATEX_ONLY.sub("", str(SphinxDocString(inspect.cleandoc(text))))
    return "\n\n".join(map(_escaped, rest.strip().split("\n\n")))


def _escaped(block: str) -> str:
    """Keep reStructuredText from seeing markup in a paragraph that has none."""
    if block.lstrip().startswith((">>>", "..")):
        return block
    parts = _CODE.split(block)  # every other one is code or mathematics
    plain = [_BARE.sub(r"\\\1", part) for part in parts[::2]]
    parts[::2] = plain
    return "".join(parts)


def _taught(page: str, here: set[str]) -> str:
    """Link to the page that teaches a name, or give the title that it will have."""
    return f"Taught in {_page_link(page, here)}."


def _page_link(page: str, here: set[str]) -> str:
    title = _titles().get(page, page)
    if page in here:
        return f":doc:`{title} </{page}>`"
    return f":emphasis:`{title}` (to come)"


def _titles() -> dict[str, str]:
    return {page.name: page.title for page in roadmap.contents()}


# ----------------------------------------------------------------------- the index


def _index(modules: Sequence[Module], here: set[str]) -> str:
    blocks = [
        _PREAMBLE,
        _title("The library", "="),
        _ABOUT,
        _title("By page of the book", "-"),
        *_by_page(modules, here),
        _title("By module", "-"),
        _sizes(modules),
    ]
    return _joined(blocks)


def _by_page(modules: Sequence[Module], here: set[str]) -> Iterator[str]:
    taught = defaultdict(list)
    for module in modules:
        for entry in module.entries:
            taught[entry.page].append(_entry_link(module, entry))
    for part, title in roadmap.PARTS.items():
        names = [page.name for page in roadmap.contents() if page.part == part]
        lines = [
            f"* {_page_link(name, here)}: {', '.join(taught[name])}"
            for name in names
            if name in taught
        ]
        if lines:
            yield _title(title, "~")
            yield "\n".join(lines)


def _entry_link(module: Module, entry: Entry) -> str:
    role = {"exception": "exc", "class": "class", "function": "func"}[entry.kind]
    return f":py:{role}:`{entry.name} <{module.name}.{entry.name}>`"


def _sizes(modules: Sequence[Module]) -> str:
    """Make a table of what there is to read, so that nobody has to count."""
    heads = ["Module", "What it is about", "Lines", "Functions", "Median", "Longest"]
    rows = [
        [
            f":doc:`{short(module)} </{file_of(module)}>`",
            " ".join(module.about.split("\n\n")[0].split()),
            f"{module.size.lines:,}",
            str(module.size.functions),
            f"{module.size.median:g}",
            str(module.size.longest),
        ]
        for module in modules
    ]
    options = (
        "   :header-rows: 1\n   :widths: 18 50 8 8 8 8\n   :class: ck-table ck-sizes\n"
    )
    cells = "\n".join(map(_row, [heads, *rows]))
    note = (
        "Lines hold code (docstrings, comments and blank lines are left out); the "
        "last two columns are lines of a function."
    )
    return f".. list-table::\n{options}\n{textwrap.indent(cells, '   ')}\n\n{note}"


def _row(cells: Sequence[str]) -> str:
    return "\n".join(
        f"{'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)
    )


# --------------------------------------------------------------------------- text


def _title(text: str, underline: str) -> str:
    return f"{text}\n{underline * max(len(text), 3)}"


def _joined(blocks: Iterable[str]) -> str:
    text = "\n\n".join(block.strip("\n") for block in blocks if block.strip())
    return _BLANKS.sub("\n\n", text) + "\n"
