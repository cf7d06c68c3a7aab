import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from coursekit.book.layout import Layout
from coursekit.book.run import run

ROOT = Path(__file__).parents[3]
FIXTURE = ROOT / "tests" / "fixtures" / "book"


@pytest.fixture(scope="session", autouse=True)
def without_run():
    """Small books need no Python for the browser: tests/coursekit/site has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_RUN", "off")
        yield


def make_book(folder):
    """A small book in a folder of its own, with the real configuration."""
    shutil.copytree(FIXTURE, folder, ignore=shutil.ignore_patterns("conftest.py"))
    shutil.copy(ROOT / "_config.yml", folder)
    return Layout(folder)


def quietly(layout, **how):
    """Run pages; give the report and what was printed."""
    screen = io.StringIO()
    console = Console(file=screen, width=300, no_color=True)
    return run(layout, console=console, **how), screen.getvalue()


def page_text(*cells, front=""):
    """A page with the given code cells."""
    fences = "\n\n".join(f"```{{code-cell}} ipython3\n{cell}\n```" for cell in cells)
    return (
        "---\n"
        "jupytext: {text_representation: {extension: .md, format_name: myst}}\n"
        "kernelspec: {name: python3, display_name: Python 3}\n"
        "course: {skills: [math.loss-surfaces], minutes: 5, runs: [local]}\n"
        f"{front}---\n# A page\n\nProse.\n\n{fences}\n"
    )


def add_page(layout, name, *cells):
    """Write a page; give its path."""
    path = layout.chapters / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page_text(*cells), encoding="utf-8")
    return path


@pytest.fixture
def book(tmp_path):
    """A book that was never run, to be changed at will."""
    return make_book(tmp_path / "book")


@pytest.fixture
def empty_book(tmp_path):
    """A book without pages."""
    layout = Layout(tmp_path / "book")
    layout.chapters.mkdir(parents=True)
    return layout


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """A book whose pages have been run: copy it before changing it."""
    layout = make_book(tmp_path_factory.mktemp("executed") / "book")
    report, said = quietly(layout)
    assert not report.failed, said
    return layout
