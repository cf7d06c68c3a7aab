"""The library is read from its text: what is public, how it is called, how long."""

import ast
import importlib
import inspect
import textwrap

import pytest

from coursekit.book import api
from coursekit.book.layout import here
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


def parameters(signature):
    """Names and kinds of the parameters that a text shows."""
    (shown,) = ast.parse(f"def f{signature or '()'}: pass").body
    kinds = inspect.Parameter
    each = shown.args
    found = [(a.arg, kinds.POSITIONAL_ONLY) for a in each.posonlyargs]
    found += [(a.arg, kinds.POSITIONAL_OR_KEYWORD) for a in each.args]
    found += [(a.arg, kinds.VAR_POSITIONAL) for a in [each.vararg] if a]
    found += [(a.arg, kinds.KEYWORD_ONLY) for a in each.kwonlyargs]
    return found + [(a.arg, kinds.VAR_KEYWORD) for a in [each.kwarg] if a]


@pytest.mark.parametrize("module", api.read(here().library), ids=lambda m: m.name)
def test_what_is_shown_of_the_library_is_how_python_calls_it(module):
    imported = importlib.import_module(module.name)
    for entry in module.entries:
        named = getattr(imported, entry.name)
        if getattr(named, "_is_protocol", False) or entry.kind == "exception":
            continue  # what is inherited from Python itself has no signature
        called = inspect.signature(named).parameters.values()
        meant = [(p.name, p.kind) for p in called if not p.name.startswith("_")]
        assert parameters(entry.signature) == meant, entry.name


def test_a_data_class_is_called_with_what_it_inherits_and_not_with_what_it_learns(
    tmp_path,
):
    write(
        tmp_path / "lib",
        "lone.py",
        """
        from dataclasses import dataclass, field

        @dataclass
        class _Base:
            rate: float
            given: int | None = field(default=None, kw_only=True)
            learned_: float = field(init=False, repr=False)

        @dataclass
        class Model(_Base):
            names: dict = field(default_factory=dict)
            at: float = field(default_factory=lambda: 1.0)

        class Same(Model):
            pass

        class Older:
            def __init__(self, x, *, y=1):
                pass

        class Younger(Older):
            pass
        """,
    )
    shown = {e.name: e.signature for e in api.read(tmp_path / "lib")[0].entries}
    assert shown["Model"] == "(rate, names=dict(), at=..., *, given=None)"
    assert shown["Same"] == shown["Model"]
    assert shown["Younger"] == shown["Older"] == "(x, *, y=1)"


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
