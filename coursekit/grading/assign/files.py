"""Files that are made in memory first and written when all of them are right."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["AssignError", "Files", "put", "refuse_filled", "zipped"]

Files = dict[str, bytes]
_PRIVATE = "class-secret.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows


class AssignError(ValueError):
    """What cannot be assigned, and why; one sentence."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files; the same files give the same bytes.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by path, with slashes.

    Returns
    -------
    bytes
        A zip file.

    Examples
    --------
    >>> zipped({"a": b"1", "b": b"2"}) == zipped({"b": b"2", "a": b"1"})
    True
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def refuse_filled(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds something, unless that was asked for.

    Parameters
    ----------
    out : Path
        The folder; it need not be there.
    force : bool
        Whether it may hold something.

    Raises
    ------
    AssignError
        If it may not be written to.
    """
    if out.exists() and not out.is_dir():
        raise AssignError(f"{out} is a file; give a folder that is empty or not there.")
    if not force and out.is_dir() and (there := sorted(out.iterdir())):
        raise AssignError(
            f"{out} is not empty (it holds {there[0].name}); give another folder, or "
            "ask with --force to overwrite what is made anew."
        )


def put(files: Mapping[str, bytes], out: Path) -> None:
    """Write files into a folder, which is made; nothing is ever deleted.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by path, with slashes.
    out : Path
        The folder.

    Raises
    ------
    AssignError
        If it cannot be written to.
    """
    try:
        for name, content in files.items():
            _write(out / name, content)
    except OSError as error:
        raise AssignError(f"{error.filename}: {error.strerror}.") from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name == _PRIVATE:
        path.touch(mode=0o600)
    path.write_bytes(content)
