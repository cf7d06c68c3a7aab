import json

import pytest

from coursekit.book import plan as planning
from coursekit.book.plan import find_pages, plan
from coursekit.source import SourceError

FIRST = "alpha/first-page"


def key(layout, name=FIRST):
    (page,) = [page for page in plan(layout) if page.name == name]
    return page.key


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_pages_are_the_files_with_a_kernel(book):
    names = [path.stem for path in find_pages(book)]
    assert names == ["first-page", "second-page"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("chapters/alpha/first-page.md", "rate=0.5", "rate=0.4"),
        ("toybox/steps.py", "rate * 2", "2 * rate"),
        ("datasets/registry.json", '"sha256": "0"', '"sha256": "1"'),
    ],
    ids=["its code", "a module that it uses", "its data"],
)
def test_what_changes_results_changes_the_key(book, file, old, new):
    before = key(book)
    change(book.root / file, old, new)
    assert key(book) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("chapters/alpha/first-page.md", "halves nothing", "halves little"),
        ("chapters/alpha/first-page.md", "A straight line", "A line"),
        ("chapters/alpha/first-page.md", "minutes: 20", "minutes: 25"),
        ("toybox/other.py", "Wait for nothing", "Wait"),
        ("chapters/beta/second-page.md", "import time", "import time, os"),
    ],
    ids=["prose", "alt text", "minutes", "an unused module", "another page"],
)
def test_what_does_not_change_results_does_not_change_the_key(book, file, old, new):
    before = key(book)
    change(book.root / file, old, new)
    assert key(book) == before


def test_permission_to_raise_changes_the_key(book):
    before = key(book, "beta/second-page")
    change(book.chapters / "beta/second-page.md", "raises-exception", "other-tag")
    assert key(book, "beta/second-page") != before


def test_a_new_version_of_an_imported_package_changes_the_key(book, monkeypatch):
    first, second = key(book), key(book, "beta/second-page")
    actual = planning.versions_of
    monkeypatch.setattr(
        planning,
        "versions_of",
        lambda names: {
            name: "99" if name == "numpy" else version
            for name, version in actual(names).items()
        },
    )
    assert key(book) != first
    assert key(book, "beta/second-page") == second


def test_another_python_changes_the_key(book, monkeypatch):
    before = key(book)
    monkeypatch.setattr(planning.platform, "python_version", lambda: "3.99.0")
    assert key(book) != before


def test_a_page_knows_what_its_cells_import_and_what_they_reach(book):
    page = plan(book)[0]
    assert "numpy" in page.direct
    assert set(page.direct) <= set(page.versions)


def test_unknown_data_is_named_with_its_line(book):
    book.registry.write_text(json.dumps({"other": {}}))
    with pytest.raises(SourceError, match=r"first-page\.md:10: .*'tiny'.*other"):
        plan(book)
