"""Which pages are measured: one of each kind always, the others in turn, a day each."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KIND = re.compile(r'<body[^>]* data-kind="([^"]*)"')


def kind_of(path: Path) -> str:
    """Say what kind a built page is, as its frame says."""
    found = _KIND.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{path} has no kind: it is not in the site's frame")
    return found[1]


def sample(paths: Sequence[Path], folder: Path, day: dt.date, share: int) -> list[Path]:
    """Return a share of the pages, another on every day, and one of each kind.

    Parameters
    ----------
    paths
        All pages.
    folder
        The site: names are relative to it.
    day
        The day; over `share` days every page has its turn.
    share
        One page in so many.
    """
    turn = day.toordinal() % share
    chosen = [path for path in paths if _slot(path, folder, share) == turn]
    kinds = {kind_of(path) for path in chosen}
    for path in paths:
        if (kind := kind_of(path)) not in kinds:
            kinds.add(kind)
            chosen.append(path)
    return sorted(chosen)


def _slot(path: Path, folder: Path, share: int) -> int:
    name = path.relative_to(folder).as_posix()
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % share
