"""The host as an attack may find it: things to steal, to spoil and to call."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

__all__ = ["SECRET", "SECRET_NAME", "World", "children", "host", "settled"]

SECRET = "secret-of-the-host-7291"
SECRET_NAME = "COURSEKIT_ATTACK_SECRET"


@dataclass
class World:
    """A folder of the host, and who listens there.

    Attributes
    ----------
    folder
        All may read and write in it, so that only the sandbox protects it.
    token
        A word that nothing else on this machine has; short enough to be the name of a
        process.
    port
        Where the host listens.
    callers
        Who called there, or at one of its other sockets.
    """

    folder: Path
    token: str
    port: int
    callers: list[str] = field(default_factory=list)

    def state(self) -> dict[str, str]:
        """Return a digest of every file, by name; folders and sockets by kind."""
        return {
            str(path.relative_to(self.folder)): _digest(path)
            for path in sorted(self.folder.rglob("*"))
        }

    def traces(self) -> list[str]:
        """Return files of the host that an attack left behind under its own name."""
        places = [Path(), Path.home(), Path(tempfile.gettempdir()), Path("/dev/shm")]
        return [
            str(entry)
            for place in places
            if place.is_dir()
            for entry in place.iterdir()
            if self.token in entry.name
        ]

    def processes(self) -> list[str]:
        """Return processes of the host that carry the name of an attack."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                words = [one.name(), *one.cmdline()[-1:]]
                if any(self.token == word for word in words):
                    found.append(f"{one.pid}: {words}")
        return found


def _digest(path: Path) -> str:
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return "folder" if path.is_dir() else "socket"


def children() -> set[int]:
    """Return this process's descendants; what a sandbox loses comes back to them."""
    return {one.pid for one in psutil.Process().children(recursive=True)}


def settled(before: set[int], seconds: float = 5.0) -> set[int]:
    """Wait until there are no more descendants than before; return those there are."""
    until = time.monotonic() + seconds
    while (more := children() - before) and time.monotonic() < until:
        time.sleep(0.01)
    return more


@contextmanager
def host(folder: Path) -> Iterator[World]:
    """Fill a folder with things to steal, and listen; afterwards listen no more."""
    token = f"mal{os.getpid():x}z"
    files = {
        "secret.txt": SECRET,
        "home/.ssh/id_rsa": SECRET,
        "others/ada.ipynb": f'{{"cells": ["{SECRET}"]}}',
    }
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="ascii")
    with socket.socket() as tcp, _unix(f"\0{token}-host") as abstract:
        tcp.bind(("127.0.0.1", 0))
        with _unix(str(folder / "socket")) as named:
            world = World(folder, token, tcp.getsockname()[1])
            _open_to_all(folder)
            for one in (tcp, abstract, named):
                one.listen()
                _listen(one, world)
            yield world


def _unix(address: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(address)
    return made


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777)


def _listen(listening: socket.socket, world: World) -> None:
    """Write down everyone who calls, until the socket is closed."""

    def wait() -> None:
        with suppress(OSError):
            while True:
                _, address = listening.accept()
                world.callers.append(str(address))

    threading.Thread(target=wait, daemon=True).start()
