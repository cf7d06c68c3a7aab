"""Compile the modules of an archive, in the Python whose bytecode it has to be.

`compile.mjs` runs this inside Pyodide, so it needs nothing but the standard library.
"""

from __future__ import annotations

import importlib.util
import marshal
import zipfile

# PEP 552: the code goes with its source by a hash, and nobody has to compare it, since
# the source does not come along.
_UNCHECKED = (1).to_bytes(4, "little")


def bytecode(source: bytes, path: str) -> bytes:
    """Return what Python would keep in a `.pyc` file.

    Parameters
    ----------
    source
        A module's text, as its file has it.
    path
        What tracebacks call the file.

    Examples
    --------
    >>> bytecode(b"x = 1", "a.py")[:4] == importlib.util.MAGIC_NUMBER
    True
    """
    code = compile(source, path, "exec", dont_inherit=True)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


def compile_archive(archive: str, target: str, root: str) -> int:
    """Write the bytecode of an archive's modules into another archive.

    Parameters
    ----------
    archive
        A zip, such as a wheel.
    target
        A zip to write, which holds the bytecode alone, `a/b.pyc` for `a/b.py`.
    root
        The folder into which the archive will be unpacked, with its slash.

    Returns
    -------
    int
        How many modules there were.
    """
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as out:
        names = [name for name in source.namelist() if name.endswith(".py")]
        for name in names:
            out.writestr(f"{name}c", bytecode(source.read(name), f"{root}{name}"))
    return len(names)
