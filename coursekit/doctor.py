"""Say in plain words what this machine lacks, and how to mend it.

Runs with the machine's own Python, before there is an environment, so it uses the
standard library only: `python coursekit/doctor.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BIN = "Scripts/python.exe" if os.name == "nt" else "bin/python"
PYTHON = ROOT / ".venv" / _BIN
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
FREE_GIB = 5


@dataclass(frozen=True)
class Finding:
    """What one examination found: whether it is well, and what to do if not."""

    well: bool
    what: str
    mend: str = ""
    needed: bool = True


def python() -> Finding:
    """Examine the version of Python."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(
        sys.version_info >= (3, 11),
        f"Python {version}",
        "The course needs 3.11 or newer. Install one, then say which to use: "
        "make book PYTHON=python3.12",
    )


def environments() -> Finding:
    """Examine venv and pip, which Debian packs apart from Python."""
    code = "import ensurepip, venv"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    return Finding(
        run.returncode == 0,
        "virtual environments can be made",
        "This Python lacks venv or pip. On Debian and Ubuntu: apt install python3-venv",
    )


def disk() -> Finding:
    """Examine the room for the environment and the site."""
    free = shutil.disk_usage(ROOT).free / 2**30
    return Finding(
        free >= FREE_GIB or PYTHON.is_file(),
        f"{free:.0f} GiB of disk free",
        f"The environment takes about 3 GiB: free {FREE_GIB} GiB first.",
    )


def git() -> Finding:
    """Look for git, which the tests and contributing need."""
    return Finding(
        shutil.which("git") is not None,
        "git",
        "Install git to contribute, and to restore a damaged file.",
        needed=False,
    )


def loopback() -> Finding:
    """Ask for a local port, which the site and some pages need."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        return Finding(
            False,
            f"no local port can be had ({error})",
            "A firewall or sandbox forbids servers on this machine: allow 127.0.0.1.",
        )
    return Finding(True, "local ports can be had")


def data() -> Finding:
    """Compare the data files with the registry."""
    registry = ROOT / "datasets" / "registry.json"
    if not registry.is_file():
        return Finding(False, "datasets/registry.json is missing", "Clone again.")
    bad = _damaged(json.loads(registry.read_text(encoding="utf-8")))
    return Finding(
        not bad,
        f"damaged or missing: {', '.join(bad)}" if bad else "data files are whole",
        f"Restore: git checkout -- {' '.join(bad)}",
    )


def _damaged(registry: dict[str, dict[str, dict[str, dict[str, str]]]]) -> list[str]:
    bad = []
    for name, entry in registry.items():
        for table in entry["tables"].values():
            file = ROOT / "datasets" / name / table["file"]
            content = file.read_bytes() if file.is_file() else b""
            if hashlib.sha256(content).hexdigest() != table["sha256"]:
                bad.append(file.relative_to(ROOT).as_posix())
    return bad


def environment() -> Finding:
    """Try whether the environment imports what pages import."""
    if not PYTHON.is_file():
        return Finding(
            False,
            "the environment (.venv) is not there yet",
            "`make book` makes it; that needs the internet once.",
            needed=False,
        )
    code = "import numpy, pandas, sklearn, jupyter_book, ml_from_scratch, delay_desk"
    run = subprocess.run(
        [PYTHON, "-c", code], capture_output=True, text=True, check=False
    )
    said = run.stderr.strip().splitlines()[-1] if run.returncode else ""
    return Finding(
        run.returncode == 0,
        f"the environment is broken: {said}" if said else "the environment imports",
        "Delete the folder .venv and run `make book` again.",
    )


def torch() -> Finding:
    """Look for PyTorch, which some pages need."""
    if not PYTHON.is_file():
        return Finding(True, "PyTorch comes with the environment")
    code = "import torch"
    run = subprocess.run([PYTHON, "-c", code], capture_output=True, check=False)
    return Finding(
        run.returncode == 0,
        "PyTorch",
        f"Pages on deep learning need it: {PYTHON} -m pip install "
        "-r requirements/torch.txt",
    )


def browser() -> Finding:
    """Look for a browser that tests can drive."""
    found = next((name for name in BROWSERS if shutil.which(name)), None)
    return Finding(
        found is not None,
        f"a browser for the site's tests ({found})" if found else "no browser found",
        "The browser tests are left out without one; install Chromium or Chrome.",
        needed=False,
    )


def sandbox() -> Finding:
    """Look for what keeps learners' code apart when an instructor grades."""
    there = shutil.which("bwrap") is not None
    return Finding(
        there,
        "bubblewrap, for grading"
        if there
        else "no bubblewrap, which only grading needs",
        "Strangers' notebooks are not graded without it: apt install bubblewrap, or "
        "on Macs and Windows use a Linux machine.",
        needed=False,
    )


def memory() -> Finding:
    """Examine the memory: two pages run at once."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding(True, "memory not measured on this system")
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return Finding(
        gib >= 3.5,
        f"{gib:.0f} GiB of memory",
        "Two pages at 1.5 GB each run at a time: close other programs.",
        needed=False,
    )


EXAMINATIONS = (
    python,
    environments,
    disk,
    memory,
    git,
    loopback,
    data,
    environment,
    torch,
    browser,
    sandbox,
)


def main() -> int:
    """Examine and report; 1 where something that is needed is not well."""
    findings = [examine() for examine in EXAMINATIONS]
    for finding in findings:
        mark = "ok  " if finding.well else ("MEND" if finding.needed else "note")
        print(f"{mark}  {finding.what}")
        if not finding.well:
            print(f"      {finding.mend}")
    ill = [f for f in findings if f.needed and not f.well]
    print("All that is needed is there." if not ill else f"{len(ill)} to mend.")
    return 1 if ill else 0


if __name__ == "__main__":
    sys.exit(main())
