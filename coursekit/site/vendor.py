"""Fetches KaTeX's style sheet and fonts again: `python -m coursekit.site.vendor`.

They are kept in `static/katex`, so that no build needs a registry. This is for moving
to another version of KaTeX, or for showing that the files are what npm has: each is
compared with the SHA-256 in `static/katex.json`, and nothing is written unless all
agree. `--lock` writes new hashes, after `sphinxcontrib-katex` moved to a new KaTeX.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).with_name("static")
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
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"katex@{version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            return {
                name: content
                for member in package.getmembers()
                if (name := _wanted(member.name))
                and (stream := package.extractfile(member)) is not None
                and (content := _as_kept(name, stream.read()))
            }


def _wanted(member: str) -> str:
    if member == "package/LICENSE":
        return "LICENSE"
    found = re.fullmatch(r"package/dist/(katex\.min\.css|fonts/[\w-]+\.woff2)", member)
    return found[1] if found else ""


def _as_kept(name: str, content: bytes) -> bytes:
    if name.endswith(".css"):
        return without_fallbacks(content.decode("utf-8")).encode("utf-8")
    return content


def digests(files: dict[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file.

    Parameters
    ----------
    files
        Contents by path.
    """
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in sorted(files.items())
    }


def main(arguments: list[str]) -> None:
    """Fetch, compare, and only then write."""
    from sphinxcontrib.katex import katex_version

    files = fetch(katex_version)
    found = {"version": katex_version, "files": digests(files)}
    if "--lock" in arguments:
        LOCK.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    expected = json.loads(LOCK.read_text(encoding="utf-8"))
    if found != expected:
        raise SystemExit(
            f"KaTeX {katex_version} as fetched is not what {LOCK.name} says: nothing "
            "was written. With --lock its hashes are taken over."
        )
    for name, content in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files)} files of KaTeX {katex_version} are as they should be.")


if __name__ == "__main__":
    main(sys.argv[1:])
