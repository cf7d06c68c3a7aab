"""How much a page's code has a reader's browser fetch, told before the first run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from coursekit.site.static.run.kernel import needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coursekit.site.runtime import Runtime

# What Python itself is, whatever a cell imports.
_PYTHON = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")


def megabytes(sources: Iterable[str], runtime: Runtime) -> int:
    """Return the megabytes that running some cells fetches the first time, less data.

    Parameters
    ----------
    sources
        The cells' code.
    runtime
        What the site has in `_run/`.
    """
    manifest: dict[str, Any] = json.loads(runtime.made["manifest.json"])
    lock: dict[str, Any] = json.loads(runtime.made["pyodide/pyodide-lock.json"])
    names = needs("\n".join(sources))
    files = {f"pyodide/{name}" for name in _PYTHON}
    for package in _closure(_asked(names, manifest, lock), lock):
        files.add(f"pyodide/{lock['packages'][package]['file_name']}")
    if any(name.partition(".")[0] in manifest["imports"] for name in names):
        files.update(manifest["wheels"])
    return round(sum(_size(file, runtime) for file in files) / 1e6)


def _asked(
    names: Iterable[str], manifest: dict[str, Any], lock: dict[str, Any]
) -> Iterator[str]:
    """Give the packages that bring what is imported, or what our modules need."""
    packages = lock["packages"].items()
    owner = {top: name for name, facts in packages for top in facts["imports"]}
    for name in names:
        if (top := name.partition(".")[0]) in owner:
            yield owner[top]
        yield from manifest["imports"].get(name, [])


def _closure(packages: Iterable[str], lock: dict[str, Any]) -> set[str]:
    waiting, found = list(packages), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found and name in lock["packages"]:
            found.add(name)
            waiting += lock["packages"][name]["depends"]
    return found


def _size(file: str, runtime: Runtime) -> int:
    if file in runtime.kept:
        return runtime.kept[file].stat().st_size
    return len(runtime.made.get(file, b""))
