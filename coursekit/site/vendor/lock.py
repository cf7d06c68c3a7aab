"""What of Pyodide the site needs, and what each file must be: `pyodide.json`.

The hashes of the packages are those that the release's own `pyodide-lock.json` states,
those of the runtime are taken from npm's package of the same release. Of the release's
350 packages only those that the book uses are kept, so that nothing else can be loaded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK = Path(__file__).parents[1] / "pyodide.json"
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
# What the pages that run in the browser import; what these need comes with them.
WANTED = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "pillow")


@dataclass(frozen=True)
class File:
    """What one file must be.

    Attributes
    ----------
    sha256, size
        Its digest, and its length in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class Lock:
    """One release of Pyodide, as far as the site needs it.

    Attributes
    ----------
    release
        Its number.
    about
        What Pyodide checks before it starts: the Python and the platform it is for.
    files
        Each file by its name in the release.
    packages
        Entries of the release's lock by package, without their hashes.
    """

    release: str
    about: dict[str, str]
    files: dict[str, File]
    packages: dict[str, dict[str, Any]]

    @property
    def size(self) -> int:
        """How many bytes all files have."""
        return sum(file.size for file in self.files.values())

    def text(self) -> str:
        """Return it as JSON."""
        values = {
            "release": self.release,
            "about": self.about,
            "files": {name: vars(file) for name, file in sorted(self.files.items())},
            "packages": self.packages,
        }
        return json.dumps(values, indent=1, sort_keys=True) + "\n"

    def for_pyodide(self, made: Mapping[str, str] | None = None) -> str:
        """Return the `pyodide-lock.json` that stands beside the runtime.

        Parameters
        ----------
        made
            Digests of files that are not the release's own any more, by name.
        """
        sums = {name: file.sha256 for name, file in self.files.items()}
        sums.update(made or {})
        packages = {
            name: entry | {"sha256": sums[entry["file_name"]]}
            for name, entry in sorted(self.packages.items())
        }
        values = {"info": self.about, "packages": packages}
        return json.dumps(values, indent=1, sort_keys=True) + "\n"

    def package_of(self, name: str) -> str | None:
        """Return the package that brings what is imported under a name, if any does.

        Parameters
        ----------
        name
            A top-level name, such as `sklearn`.
        """
        return next(
            (key for key, entry in self.packages.items() if name in entry["imports"]),
            None,
        )


def read(path: Path = LOCK) -> Lock:
    """Read a lock.

    Parameters
    ----------
    path
        The file.
    """
    values = json.loads(path.read_text(encoding="utf-8"))
    files = {name: File(**file) for name, file in values.pop("files").items()}
    return Lock(files=files, **values)


def packages_for(
    wanted: tuple[str, ...], known: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the entries of some packages and of all that they need.

    Parameters
    ----------
    wanted
        Names of packages.
    known
        The `packages` of a release's lock.

    Examples
    --------
    >>> known = {"a": {"depends": ["b"]}, "b": {"depends": []}, "c": {"depends": []}}
    >>> sorted(packages_for(("a",), known))
    ['a', 'b']
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = known[name]
            waiting += known[name]["depends"]
    return dict(sorted(found.items()))
