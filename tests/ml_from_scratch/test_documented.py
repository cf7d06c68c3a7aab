"""Every public name says what it takes, gives and costs, and shows itself at work."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from numpydoc.validate import validate

import ml_from_scratch

ROOT = Path(ml_from_scratch.__file__).parent
# numpydoc's codes: no docstring, parameters missing or unknown or in another order,
# nothing said of what is returned, sections misplaced or unknown.
WRONG = {"GL06", "GL07", "GL08", "PR01", "PR02", "PR03", "RT01", "SS01"}


def modules(package: Any = ml_from_scratch) -> list[str]:
    """Return what users import: files, and packages that list their names."""
    names = []
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if found.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(found.name)
        inside = found.ispkg and not hasattr(module, "__all__")
        names += modules(module) if inside else [found.name]
    return names


def public(module: str) -> dict[str, Any]:
    """Return the public classes and functions of a module or package."""
    loaded = importlib.import_module(module)
    own = [n for n, t in vars(loaded).items() if _defined_there(n, t, module)]
    things = {n: getattr(loaded, n) for n in getattr(loaded, "__all__", own)}
    return {f"{module}.{n}": t for n, t in things.items() if _has_docstring(t)}


def _defined_there(name: str, thing: Any, module: str) -> bool:
    return name[0] != "_" and getattr(thing, "__module__", None) == module


def _has_docstring(thing: Any) -> bool:
    return inspect.isclass(thing) or inspect.isfunction(thing)


def faults(name: str, thing: Any) -> list[tuple[str, str]]:
    """What an exception is made with is our affair; what it holds, the reader's."""
    is_error = inspect.isclass(thing) and issubclass(thing, Exception)
    wrong = WRONG - {"PR01"} if is_error else WRONG
    return [fault for fault in validate(name)["errors"] if fault[0] in wrong]


def needs_an_example(thing: Any) -> bool:
    """Errors, warnings and protocols are not called by a reader."""
    if not inspect.isclass(thing):
        return True
    return not (issubclass(thing, Exception) or getattr(thing, "_is_protocol", False))


@pytest.mark.parametrize("module", modules())
def test_functions_and_classes_are_documented_in_full(module: str) -> None:
    found = {name: faults(name, thing) for name, thing in public(module).items()}
    assert {name: f for name, f in found.items() if f} == {}


@pytest.mark.parametrize("module", modules())
def test_functions_and_classes_show_an_example(module: str) -> None:
    silent = [
        name
        for name, thing in public(module).items()
        if needs_an_example(thing) and ">>>" not in (thing.__doc__ or "")
    ]
    assert silent == []


@pytest.mark.parametrize("module", modules())
def test_methods_are_documented_in_full(module: str) -> None:
    found = {}
    for name, thing in public(module).items():
        if inspect.isclass(thing):
            for method in own_methods(thing):
                path = f"{name}.{method}"
                found[path] = faults(path, getattr(thing, method))
    assert {name: f for name, f in found.items() if f} == {}


def own_methods(kind: type) -> list[str]:
    return [
        name
        for name, thing in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(thing)
    ]


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/*.py")), ids=lambda p: p.stem)
def test_modules_say_what_they_are_about(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
