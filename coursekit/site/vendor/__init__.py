"""Other people's files that the site serves from its own origin, each with its hash.

`katex` keeps KaTeX's style sheet and fonts in the repository; `pyodide` fetches Python
for the browser, which is too large for that, when the site is built. What each must be
is in a lock (`static/katex.json`, `pyodide.json`); bytes that differ are never used.
`compiled` makes bytecode of Pyodide's modules, so that browsers need not.
`python -m coursekit.site.vendor` compares the locks with what npm has.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path


class LockError(RuntimeError):
    """Bytes that are not what a lock says, in one sentence."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes.

    Parameters
    ----------
    content
        The bytes.

    Examples
    --------
    >>> digest(b"")[:12]
    'e3b0c44298fc'
    """
    return hashlib.sha256(content).hexdigest()


def npm_package(requirement: str) -> dict[str, bytes]:
    """Return the files of a package, as npm has it.

    Parameters
    ----------
    requirement
        The package with its version, `name@1.2.3`.

    Returns
    -------
    dict
        Contents by path inside the package.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", requirement]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            return {
                member.name.removeprefix("package/"): stream.read()
                for member in package.getmembers()
                if (stream := package.extractfile(member)) is not None
            }
