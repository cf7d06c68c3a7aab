"""KaTeX's style sheet and fonts: kept in `static/katex`, so no build fetches them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from coursekit.site.vendor import LockError, digest, npm_package

STATIC = Path(__file__).parents[1] / "static"
FOLDER = STATIC / "katex"
LOCK = STATIC / "katex.json"
_FALLBACKS = re.compile(r',url\(fonts/[\w-]+\.(?:woff|ttf)\) format\("[a-z]+"\)')


def without_fallbacks(style: str) -> str:
    """Return KaTeX's style sheet without the fonts for browsers of before 2016.

    Parameters
    ----------
    style
        The style sheet.

    Examples
    --------
    >>> without_fallbacks('src:url(fonts/A.woff2),url(fonts/A.ttf) format("truetype")')
    'src:url(fonts/A.woff2)'
    """
    return _FALLBACKS.sub("", style)


def fetch(version: str) -> dict[str, bytes]:
    """Return the files of one version of KaTeX that the site needs, from npm.

    Parameters
    ----------
    version
        KaTeX's version.

    Returns
    -------
    dict
        Contents by path below `static/katex`.
    """
    files = npm_package(f"katex@{version}")
    return {
        name: _as_kept(name, content)
        for member, content in files.items()
        if (name := _wanted(member))
    }


def _wanted(member: str) -> str:
    if member == "LICENSE":
        return "LICENSE"
    found = re.fullmatch(r"dist/(katex\.min\.css|fonts/[\w-]+\.woff2)", member)
    return found[1] if found else ""


def _as_kept(name: str, content: bytes) -> bytes:
    if name.endswith(".css"):
        return without_fallbacks(content.decode("utf-8")).encode("utf-8")
    return content


def compare(*, lock: bool = False) -> str:
    """Compare what is kept with npm's package, and write it again; say so.

    Parameters
    ----------
    lock
        Whether to take over npm's hashes first.

    Raises
    ------
    LockError
        If npm has something else than the lock says; nothing was written.
    """
    from sphinxcontrib.katex import katex_version

    files = fetch(katex_version)
    digests = {name: digest(content) for name, content in sorted(files.items())}
    found = {"version": katex_version, "files": digests}
    if lock:
        LOCK.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if found != json.loads(LOCK.read_text(encoding="utf-8")):
        raise LockError(
            f"KaTeX {katex_version} as fetched is not what {LOCK.name} says: nothing "
            "was written. With --lock its hashes are taken over."
        )
    for name, content in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return f"{len(files)} files of KaTeX {katex_version} are as they should be."
