"""An environment of nbgrader's own: it asks for versions that the course's cannot have.

    python tests/coursekit/exercises/nbgrader_venv.py

makes it once, in `_build/nbgrader`, from `requirements/nbgrader.txt`. With `--lock`
that file is resolved anew, with the course's own versions where both need a package.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# nbgrader, and what the starters import that it is tried with.
NEEDS = ("nbgrader==0.9.6", "numpy", "pandas", "scipy")
_UV = (sys.executable, "-m", "uv")


def find(root: Path = ROOT) -> Path | None:
    """Return the Python of nbgrader's environment, or None where there is none.

    `COURSEKIT_NBGRADER` names another than ours. Ours counts only while it is what the
    lock says.
    """
    if named := os.environ.get("COURSEKIT_NBGRADER"):
        return Path(named)
    made = _folder(root) / "made-from"
    if made.is_file() and made.read_text(encoding="ascii") == _digest(root):
        return _python(root)
    return None


def ensure(root: Path = ROOT) -> Path:
    """Return the Python of nbgrader's environment; make it where there is none."""
    if found := find(root):
        return found
    folder = _folder(root)
    shutil.rmtree(folder, ignore_errors=True)
    python = str(_python(root))
    lock = str(_lock(root))
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", python, "--requirement", lock],
    ):
        subprocess.run([*_UV, *command], check=True)
    (folder / "made-from").write_text(_digest(root), encoding="ascii")
    return _python(root)


def lock(root: Path = ROOT) -> None:
    """Resolve what the environment holds, for every system and Python."""
    command = [*_UV, "pip", "compile", "--quiet", "--universal", "--no-annotate"]
    command += ["--no-header", "--python-version", "3.11", "--output-file"]
    command += [str(_lock(root)), "--constraint", "requirements/lock.txt", "-"]
    needs = "\n".join(NEEDS)
    subprocess.run(
        command, input=needs, text=True, cwd=root, stdout=subprocess.DEVNULL, check=True
    )


def _folder(root: Path) -> Path:
    return root / "_build" / "nbgrader"


def _lock(root: Path) -> Path:
    return root / "requirements" / "nbgrader.txt"


def _python(root: Path) -> Path:
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return _folder(root) / inside


def _digest(root: Path) -> str:
    told = _lock(root).read_bytes() + sys.version.encode()
    return hashlib.sha256(told).hexdigest()


if __name__ == "__main__":
    if "--lock" in sys.argv:
        lock()
    print(ensure())
