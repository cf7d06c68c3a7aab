"""Common misspellings, found by codespell.

The defect: a typo on the first screen, which costs the trust in everything below it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "spelling"
# Names and terms of the field that codespell takes for mistakes.
WORDS = (
    "arange",
    "fo",
    "ist",
    "nd",
    "te",
    "ot",
    "mape",
    "ser",
    "fpr",
    "sting",
    "simpy",
)


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield words that codespell knows a correction for."""
    command = [sys.executable, "-m", "codespell_lib", "--ignore-words-list"]
    command += [",".join(WORDS), str(page.path)]
    result = subprocess.run(command, text=True, capture_output=True, check=False)
    for line in result.stdout.splitlines():
        if match := re.match(r".*?:(\d+): (.*)", line.removeprefix(str(page.path))):
            message = f"misspelt: {match[2].strip()}."
            yield Finding(page.path, int(match[1]), GATE, message)
