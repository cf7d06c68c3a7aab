"""`coursekit test`: bring the book up to date, then run the whole test-suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from coursekit.doctor import BROWSERS

ROOT = Path(__file__).resolve().parent.parent
# Two processes; within each, libraries keep to one thread.
WORKERS = "2"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"),
    "1",
)


def run(arguments: list[str]) -> int:
    """Execute what changed, build, test.

    Parameters
    ----------
    arguments
        For pytest, `--audit` among them; the suite's own are added.

    Returns
    -------
    int
        0 where the book was built and every test passed.
    """
    from coursekit.book import commands

    code = commands.book(port=0, answers=True, serve=False)
    command = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal"]
    if not any(shutil.which(name) for name in BROWSERS):
        print("No browser here: the site's browser tests are left out (make doctor).")
    tested = subprocess.call(
        [*command, *arguments], cwd=ROOT, env=os.environ | ONE_THREAD
    )
    if code:
        print("The book could not be built; its message stands above the tests.")
    return tested or code
