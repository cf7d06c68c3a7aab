"""The library is read from its text: what is public, how it is called, how long."""

import textwrap

import pytest

from coursekit.book import api
from coursekit.source import SourceError


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "lib"
    write(folder, "__init__.py", '"""A library."""\n')
    write(
        folder,
        "lone.py",
        '''
        """About one thing.

        More of it.
        """
        from dataclasses import dataclass

        LIMIT = 3

        def visible(x: int, /, y: float = 2.0, *rest: int, z: str = "a") -> int:
            """Do it.

            Notes
            -----
            Cheap. Taught in: mlops/drift.
            """
            first = x

            # a comment
            return first

        def _hidden():
            return 0

        @dataclass(frozen=True)
        class Point:
            """Two numbers."""

            x: float
            y: float = 0.0
            _z: float = 1.0

            @property
            def norm(self) -> float:
                """How far out."""
                return 0.0

            def moved(self, by: float) -> "Point":
                """Go there."""
                return self

            def _secret(self) -> None: ...

        class OddError(ValueError):
            """It is odd."""

            def __init__(self, found: int) -> None:
                super().__init__(found)
        ''',
    )
    return folder


def test_public_names_come_in_the_order_of_the_text(library):
    (module,) = api.read(library)
    assert module.name == "lib.lone"
    assert module.about == "About one thing.\n\nMore of it."
    assert [(e.name, e.kind) for e in module.entries] == [
        ("visible", "function"),
        ("Point", "class"),
        ("OddError", "exception"),
    ]


def test_signatures_have_defaults_and_no_types(library):
    visible, point, odd = api.read(library)[0].entries
    assert visible.signature == "(x, /, y=2.0, *rest, z='a')"
    assert point.signature == "(x, y=0.0)"
    assert odd.signature == "(found)"


def test_methods_and_properties_come_without_self(library):
    point = api.read(library)[0].entries[1]
    assert [(m.name, m.kind, m.signature) for m in point.methods] == [
        ("norm", "property", ""),
        ("moved", "method", "(by)"),
    ]


def test_the_page_that_teaches_a_name_is_found(library):
    visible, point, _ = api.read(library)[0].entries
    assert (visible.page, point.page) == ("mlops/drift", "")


def test_docstrings_comments_and_blank_lines_are_no_code(library):
    size = api.read(library)[0].size
    # import, LIMIT; def, 2 lines; def, 1; decorator, class, 3 fields; decorator and
    # property, 1; moved, 1; _secret; class, def, 1
    assert size.lines == 2 + 3 + 2 + 5 + 3 + 2 + 1 + 3
    assert (size.functions, size.longest) == (6, 4)


def test_a_package_with_all_is_one_module_and_one_without_is_several(library):
    write(library, "one/__init__.py", '"""One."""\n__all__ = ["b", "WIDTH"]\n')
    write(library, "one/first.py", "def a():\n    return 1\nWIDTH = 2\n")
    write(library, "one/second.py", "def b():\n    return 1\n")
    write(library, "many/__init__.py", '"""Many."""\n')
    write(library, "many/x.py", "def c():\n    return 1\n")
    found = {m.name: [e.name for e in m.entries] for m in api.read(library)}
    del found["lib.lone"]
    assert found == {"lib.one": ["b"], "lib.many.x": ["c"]}


def test_an_export_that_nothing_defines_is_named_with_its_file(library):
    path = write(library, "one/__init__.py", '__all__ = ["ghost"]\n')
    said = r"'ghost', which no file of lib\.one defines"
    with pytest.raises(SourceError, match=said):
        api.read(library)
    assert path.is_file()


def test_a_file_that_is_no_python_is_named_with_its_line(library):
    write(library, "broken.py", "x = 1\ndef (\n")
    with pytest.raises(SourceError, match=r"broken\.py:2: "):
        api.read(library)
