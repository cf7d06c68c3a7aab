"""The files that are in the sandbox: an allow-list, and nothing else.

The interpreter with its standard library, the distributions that the course asks a
learner to install, less what the exercise forbids (and what needs it), the course's
own two packages less the same, and the exercise's data.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from coursekit.source import ExerciseMeta

__all__ = ["allowed", "search_path"]

_OURS = "ml-engineer-course"
_PACKAGES = ("coursekit", "ml_from_scratch")
# What every exercise may use, whatever it imports itself: the cells' shell too.
_USUAL = (f"{_OURS}[pages]", "ipython")
# Parts of the standard library that no exercise needs, and that are large.
_LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3"}
_LEFT_OUT |= {"ensurepip", "turtledemo", "__pycache__"}


def allowed(meta: ExerciseMeta, modules: Iterable[str], root: Path) -> list[Path]:
    """Return the files and folders that a learner's code of an exercise may see.

    Parameters
    ----------
    meta : ExerciseMeta
        Front matter: what is forbidden, which data it needs.
    modules : iterable of str
        What its cells import.
    root : Path
        Where the course's packages and data are.

    Returns
    -------
    list of Path
        Absolute; each is seen under its own name, read-only.
    """
    forbid = tuple(meta.forbid)
    found = {*_interpreter(), *_libraries(), *_system()}
    found |= set(_distributions(_wanted(meta), forbid))
    for name in {*_PACKAGES, *(module.partition(".")[0] for module in modules)}:
        found |= set(_package(name, forbid))
    found |= set(_data(meta.data, root))
    return sorted(path for path in found if os.access(path, os.R_OK))


def search_path() -> list[str]:
    """Return the folders in which the warm process looks for modules."""
    stdlib = sysconfig.get_path("stdlib")
    kept = [place for place in sys.path if place and Path(place).is_dir()]
    return [stdlib, *(place for place in kept if place != stdlib)]


def _wanted(meta: ExerciseMeta) -> Iterator[Requirement]:
    for text in _USUAL:
        yield Requirement(text)
    if meta.extra:
        yield Requirement(f"{_OURS}[{meta.extra}]")


def _interpreter() -> Iterator[Path]:
    """Give the executable and the standard library, part by part."""
    yield Path(os.path.realpath(sys.executable))
    for name in ("stdlib", "platstdlib"):
        folder = Path(sysconfig.get_path(name))
        yield from (one for one in folder.iterdir() if one.name not in _LEFT_OUT)
    if sys.base_prefix != "/usr":  # whose libraries `_libraries` gives
        yield from Path(sys.base_prefix, "lib").glob("lib*.so*")


def _libraries() -> Iterator[Path]:
    """Give where the system keeps the libraries that extension modules load."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    for place in ("/lib", "/usr/lib"):
        if triplet:
            yield Path(place, triplet)
    yield from map(Path, ("/lib64", "/usr/lib64"))


def _system() -> Iterator[Path]:
    names = (
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/usr/share/zoneinfo",
        "/usr/bin/bwrap",
        "/usr/bin/cat",
    )
    return map(Path, names)


def _distributions(
    wanted: Iterable[Requirement], forbid: tuple[str, ...]
) -> Iterator[Path]:
    """Give what the wanted distributions, and those that they need, installed."""
    waiting = list(wanted)
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        asked = waiting.pop()
        mark = (_canonical(asked.name), frozenset(asked.extras))
        if mark in seen:
            continue
        seen.add(mark)
        try:
            one = metadata.distribution(asked.name)
        except metadata.PackageNotFoundError:
            continue
        needs = _needs(one, asked)
        if _refused(one, needs, forbid):
            continue
        waiting += needs
        for top in _tops(one):
            yield from _less(top, forbid)


def _needs(one: metadata.Distribution, asked: Requirement) -> list[Requirement]:
    extras = sorted(asked.extras) or [""]
    needs = [Requirement(text) for text in one.requires or []]
    return [
        need
        for need in needs
        if need.marker is None
        or any(need.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def _refused(
    one: metadata.Distribution, needs: list[Requirement], forbid: tuple[str, ...]
) -> bool:
    """Whether it is forbidden, or of no use without what is: ours is looked into."""
    name = _canonical(one.metadata["Name"])
    if name == _OURS:
        return False
    banned = {_canonical(_distribution_of(module)) for module in forbid}
    return name in banned or any(_canonical(need.name) in banned for need in needs)


def _distribution_of(module: str) -> str:
    """Name of the distribution of a forbidden module, where it is not the module's."""
    return {"sklearn": "scikit-learn"}.get(module, module)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _tops(one: metadata.Distribution) -> Iterator[Path]:
    """Give the entries of site-packages that belong to a distribution."""
    if _canonical(one.metadata["Name"]) == _OURS:
        return
    names = {file.parts[0] for file in one.files or [] if file.parts[0] != ".."}
    for name in names - {"__pycache__"}:
        if not name.endswith(".pth"):
            yield Path(str(one.locate_file(name)))


def _package(name: str, forbid: tuple[str, ...]) -> Iterator[Path]:
    """Give a package that is found on the path, less what is forbidden of it."""
    if name in forbid or name in sys.stdlib_module_names:
        return
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return
    if spec is None or spec.origin is None or spec.origin in ("built-in", "frozen"):
        return
    origin = Path(spec.origin)
    place = origin.parent if spec.submodule_search_locations else origin
    yield from _less(place, forbid)


def _less(place: Path, forbid: tuple[str, ...]) -> Iterator[Path]:
    """Give a module or package, or what is left of it without what is forbidden."""
    name = place.name.partition(".")[0]
    if name in forbid:
        return
    inner = tuple(one for one in forbid if one.startswith(f"{name}."))
    if inner and place.is_dir():
        yield from _parts(place, name, inner)
    else:
        yield place


def _parts(folder: Path, name: str, forbid: tuple[str, ...]) -> Iterator[Path]:
    """Give the entries of a package, less the forbidden ones and their bytecode."""
    for entry in folder.iterdir():
        module = f"{name}.{entry.name.partition('.')[0]}"
        if entry.name == "__pycache__" or module in forbid:
            continue
        inner = tuple(one for one in forbid if one.startswith(f"{module}."))
        if inner and entry.is_dir():
            yield from _parts(entry, module, inner)
        else:
            yield entry


def _data(names: Iterable[str], root: Path) -> Iterator[Path]:
    for home in (root / "datasets", root / "coursekit" / "_datasets"):
        yield home / "registry.json"
        yield from (home / name for name in names)
