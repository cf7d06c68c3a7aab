"""The tree that Sphinx reads: executed notebooks, plain pages, answers, contents.

Everything is written only where it changed, so that Sphinx reads again what did, and
what is no longer made is removed.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from coursekit import settings
from coursekit import source as sources
from coursekit.book import api, reference, results
from coursekit.book.answers import answer_page
from coursekit.book.exercise_pages import exercise_facts, exercise_page, read_starter
from coursekit.site import fetched, notices
from coursekit.site.manifest import BENCHMARKS, GRADER, SITE, Manifest, PageFacts
from coursekit.site.manifest import NAME as MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursekit.book.layout import Layout
    from coursekit.book.plan import Page
    from coursekit.site.runtime import Runtime

_LINK = re.compile(r"(\]\()(?!\w+:)([^()\s#]+)\.md((?:#[^()\s]*)?\))")


@dataclass
class Tree:
    """The source tree as it is being written.

    Attributes
    ----------
    folder
        Where it stands.
    kept
        Files that belong to it, relative to the folder.
    origins
        The source of each file of it, relative to the checkout's root, for messages.
    """

    folder: Path
    kept: set[str] = field(default_factory=set)
    origins: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes, origin: str = "") -> None:
        """Write one file, unless it is there already with this content."""
        path = self.folder / name
        raw = content.encode("utf-8") if isinstance(content, str) else content
        if not path.is_file() or path.read_bytes() != raw:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        self.kept.add(name)
        self.origins[name] = origin

    def sweep(self) -> list[str]:
        """Remove the files that were not written this time; give their names."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        stale = [
            path
            for path in files
            if path.relative_to(self.folder).as_posix() not in self.kept
        ]
        for path in stale:
            path.unlink()
        return [path.relative_to(self.folder).as_posix() for path in stale]


def make(
    layout: Layout,
    pages: list[Page],
    *,
    answers: bool,
    draft: bool,
    runtime: Runtime | None = None,
) -> Tree:
    """Write the source tree.

    Parameters
    ----------
    layout
        The checkout.
    pages
        The pages that have cells, as planned.
    answers
        Whether the exercises' answers are published.
    draft
        Whether pages that were not executed are let through, without outputs.
    runtime
        What runs pages in the reader's browser, if they can run there.

    Returns
    -------
    Tree
        What was written.
    """
    tree = Tree(layout.source)
    executed = {page.source.path for page in pages}
    exercises = _exercises(layout)
    manifest = _manifest(layout, pages, exercises, answers=answers, runtime=runtime)
    for page in pages:
        outputs = results.outputs(layout, page)
        facts = manifest.pages[page.name]
        text = _notebook(page.source, outputs, executed, facts)
        tree.write(f"{page.name}.ipynb", text, _origin(layout, page.source.path))
    for path in _plain_files(layout, executed):
        name = path.relative_to(layout.chapters).as_posix()
        content = path.read_bytes()
        if path.suffix == ".md":
            text = content.decode("utf-8")
            content = link_to_notebooks(text, path, executed).encode("utf-8")
        tree.write(name, content, _origin(layout, path))
    if answers:
        for exercise in exercises.values():
            text = answer_page(exercise)
            name = f"answers/{exercise.name}.md"
            tree.write(name, text, _origin(layout, exercise.path))
    _write_exercises(tree, layout, manifest, exercises)
    works = [notices.of_katex(), *notices.of_tools()]
    works += runtime.notices if runtime else []
    tree.write(f"{notices.PAGE}.md", notices.page(works))
    modules = _write_reference(tree, layout, {page.name for page in pages})
    contents = _contents(layout, tree if draft else None, modules)
    tree.write("_toc.yml", contents)
    tree.write(MANIFEST, manifest.text())
    _copy_measures(tree, layout)
    return tree


def _write_exercises(
    tree: Tree,
    layout: Layout,
    manifest: Manifest,
    exercises: dict[str, sources.Source],
) -> None:
    """Write the page of each exercise that has a starter."""
    for name, facts in manifest.exercises.items():
        starter = read_starter(layout, name)
        if starter is not None:
            origin = _origin(layout, exercises[name].path)
            tree.write(f"exercises/{name}.ipynb", exercise_page(starter, facts), origin)


def _copy_measures(tree: Tree, layout: Layout) -> None:
    """Put what was measured where the site's tables are drawn from."""
    for name, path in (
        (BENCHMARKS, layout.benchmarks),
        (GRADER, layout.grader_benchmarks),
        (SITE, layout.site_benchmarks),
    ):
        if path.is_file():
            tree.write(name, path.read_bytes())


def _write_reference(tree: Tree, layout: Layout, here: set[str]) -> list[str]:
    """Write the library's reference; give its pages, the index first."""
    if not layout.library.is_dir():
        return []
    made = reference.pages(api.read(layout.library), here)
    for name, text in made.items():
        tree.write(name, text)
    return [name.removesuffix(".rst") for name in made]


def _origin(layout: Layout, path: Path) -> str:
    return path.relative_to(layout.root).as_posix()


def _plain_files(layout: Layout, executed: set[Path]) -> Iterator[Path]:
    for path in sorted(layout.chapters.rglob("*")):
        if path.is_file() and path not in executed:
            yield path


def link_to_notebooks(text: str, path: Path, executed: set[Path]) -> str:
    """Point links at pages to the notebooks that stand for them in the tree.

    Parameters
    ----------
    text
        Markdown.
    path
        The file that it is from.
    executed
        The pages that are notebooks in the tree.

    Returns
    -------
    str
        The same Markdown, `.md` replaced by `.ipynb` where that is the file's name.
    """

    def replaced(found: re.Match[str]) -> str:
        opening, target, rest = found.groups()
        place = posixpath.normpath((path.parent / f"{target}.md").as_posix())
        suffix = "ipynb" if Path(place) in executed else "md"
        return f"{opening}{target}.{suffix}{rest}"

    return _LINK.sub(replaced, text)


def _notebook(
    source: sources.Source,
    outputs: list[list[Any]] | None,
    executed: set[Path],
    facts: PageFacts,
) -> str:
    """Put a page together: its cells as they are now, the outputs of its run."""
    waiting = iter(outputs or [[] for _ in source.code])
    cells: list[dict[str, Any]] = []
    for cell in source.cells:
        made: dict[str, Any] = {
            "cell_type": cell.kind,
            "id": f"cell-{cell.index}",
            "metadata": dict(cell.metadata),
            "source": cell.source,
        }
        if cell.kind == "code":
            found = next(waiting)
            made |= {"outputs": found, "execution_count": None}
            _size_pictures(made)
        elif cell.kind == "markdown":
            made["source"] = link_to_notebooks(cell.source, source.path, executed)
        cells.append(made)
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        # myst-nb adds this to the lines of its messages: so they are the page's lines.
        "source_map": [cell.line - 1 for cell in source.cells],
        # What stands at the page's foot: where it changes, Sphinx reads it again.
        "course_facts": hashlib.sha256(repr(facts).encode()).hexdigest(),
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4}
    return json.dumps(notebook | {"nbformat_minor": 5}, indent=1, sort_keys=True)


def _size_pictures(cell: dict[str, Any]) -> None:
    """Show a picture at the size it was drawn for, not at its number of pixels."""
    for output in cell["outputs"]:
        width = output.get("metadata", {}).get("image/png", {}).get("width")
        if width is not None:
            options = dict(cell["metadata"].get("mystnb", {}))
            options["image"] = {"width": f"{width}px"} | dict(options.get("image", {}))
            cell["metadata"]["mystnb"] = options


def _exercises(layout: Layout) -> dict[str, sources.Source]:
    """Read the exercises, by name."""
    paths = sorted(layout.solutions.glob("*/*.md"))
    read = [sources.read(path) for path in paths]
    return {source.name: source for source in read if source.exercise}


def _contents(layout: Layout, tree: Tree | None, modules: list[str]) -> str:
    """Return `_toc.yml` for the tree, in which pages stand at the top.

    A draft leaves out the entries whose page is not there yet. The library's reference
    stands before the last entry, which is about the book itself.
    """
    text = (layout.root / "_toc.yml").read_text(encoding="utf-8")
    contents: dict[str, Any] = yaml.safe_load(text.replace("chapters/", ""))
    if modules:
        sections = [{"file": name} for name in modules[1:]]
        contents["chapters"].insert(-1, {"file": modules[0], "sections": sections})
    about = contents["chapters"][-1]  # about the book itself
    about.setdefault("sections", []).append({"file": notices.PAGE})
    if tree is not None:
        names = {name.rsplit(".", 1)[0] for name in tree.kept}
        _prune(contents, names)
    return yaml.safe_dump(contents, sort_keys=False)


def _prune(entry: dict[str, Any], names: set[str]) -> None:
    for key in ("parts", "chapters", "sections"):
        if key in entry:
            entry[key] = [
                child
                for child in entry[key]
                if "file" not in child or child["file"] in names
            ]
            for child in entry[key]:
                _prune(child, names)
            if not entry[key]:
                del entry[key]


def _manifest(
    layout: Layout,
    pages: list[Page],
    exercises: dict[str, sources.Source],
    *,
    answers: bool,
    runtime: Runtime | None,
) -> Manifest:
    site = settings.load()
    facts = {page.name: _facts(layout, page, exercises, answers) for page in pages}
    if runtime is not None:
        for page in pages:
            facts[page.name] = _with_fetches(facts[page.name], page, runtime)
    return Manifest(
        pages=facts,
        repository=site.repository,
        repository_url=site.repository_url,
        tag=site.tag,
        notebooks_branch=site.notebooks_branch,
        exercises=exercise_facts(layout, exercises.values(), answers=answers),
        run=runtime is not None,
    )


def _with_fetches(facts: PageFacts, page: Page, runtime: Runtime) -> PageFacts:
    """Say what running a page's first cell, and all of them, fetches."""
    if "page" not in facts.runs:
        return facts
    code = [cell.source for cell in page.source.code]
    sizes = [fetched.megabytes(cells, runtime) for cells in (code[:1], code)]
    return replace(facts, fetches=sizes)


def _facts(
    layout: Layout, page: Page, exercises: dict[str, sources.Source], answers: bool
) -> PageFacts:
    course = page.source.course
    if course is None:
        raise sources.SourceError(
            page.source.path, 1, "the front matter has no 'course': a page needs it."
        )
    record = results.load(layout, page.name)
    starter = layout.root / "exercises" / f"{course.exercise}.ipynb"
    exercise = exercises.get(course.exercise or "")
    meta = exercise.exercise if exercise else None
    return PageFacts(
        name=page.name,
        title=page.source.title,
        skills=course.skills,
        minutes=course.minutes,
        data=course.data,
        runs=list(course.runs),
        needs=course.needs,
        exercise=course.exercise if starter.is_file() else None,
        exercise_minutes=meta.minutes if meta else 0,
        exercise_questions=_questions(exercise) if exercise else [],
        has_answers=answers and exercise is not None,
        versions={name: page.versions[name] for name in page.direct},
        python=record.python if record else "",
        seconds=record.seconds if record else 0.0,
        peak_bytes=record.peak_bytes if record else 0,
    )


def _questions(exercise: sources.Source) -> list[str]:
    """Return the ids of an exercise's questions, in its order."""
    roles = (cell.role for cell in exercise.cells)
    return list(
        dict.fromkeys(role.question for role in roles if role and role.question)
    )
