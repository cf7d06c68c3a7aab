"""Every page was executed as it stands and passes every gate."""

from pathlib import Path

import pytest

from coursekit.book import results
from coursekit.book.layout import here
from coursekit.book.plan import find_pages, plan
from coursekit.gates import examine, load_book
from coursekit.gates.commands import last_run

LAYOUT = here()
PAGES = [f"{path.parent.name}/{path.stem}" for path in find_pages(LAYOUT)]


@pytest.fixture(scope="module")
def book():
    return load_book(LAYOUT.root, last_run(LAYOUT))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_was_executed_as_it_stands(name):
    (page,) = plan(LAYOUT, [LAYOUT.chapters / f"{name}.md"])
    record = results.load(LAYOUT, name)
    assert record is not None, f"{name} never ran: coursekit run {name}"
    assert record.error is None, record.error
    assert results.is_fresh(LAYOUT, page), f"{name} changed: coursekit run {name}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_passes_every_gate(name, book):
    assert book.unreadable == ()
    assert book.pages[name].executed is not None, f"coursekit run {name} first"
    found = [str(finding) for finding in examine(book, [name])]
    assert found == []


def test_seven_pages_or_more_each_with_what_it_promises():
    sources = [page.source for page in plan(LAYOUT)]
    with_exercise = [s for s in sources if s.course and s.course.exercise]
    assert len(sources) >= 7
    assert len(with_exercise) >= 6
    for source in with_exercise:
        solution = Path("solutions") / f"{source.course.exercise}.md"
        assert (LAYOUT.root / solution).is_file()
