"""What a static site must not have: requests to others, links that lead nowhere."""

import re
from functools import cache
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# Links of these kinds are followed by people or search engines, not by the browser.
_FOLLOWED = {"canonical", "alternate", "license", "author", "next", "prev", "search"}
_LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}
_ELSEWHERE = re.compile(r"""(?:https?:)?//[\w-]+\.[\w.-]+[^\s"'()\\]*""")
_CSS_URL = re.compile(
    r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']"""
)


# By how much a page is wider than what is seen of it; a scroll bar takes its own room.
TOO_WIDE = """
    const {scrollWidth, clientWidth} = document.documentElement;
    return scrollWidth - clientWidth;
"""


@cache
def page(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def pages(folder):
    """The site's pages; theme fragments below _static are none."""
    return [p for p in sorted(folder.rglob("*.html")) if "_static" not in p.parts]


def loaded(path):
    """Every address that a browser fetches by itself for a page."""
    soup = page(path)
    for tag, attribute in _LOADED.items():
        for element in soup.find_all(tag):
            if address := element.get(attribute):
                yield address
            yield from re.findall(r"\S+(?=\s+[\d.]+[wx])", element.get("srcset", ""))
    for element in soup.find_all("link"):
        if not _FOLLOWED.intersection(element.get("rel", [])):
            yield element["href"]
    for element in soup.select("[style]"):
        yield from (a or b for a, b in _CSS_URL.findall(element["style"]))
    for element in soup.find_all("style"):
        yield from (a or b for a, b in _CSS_URL.findall(element.get_text()))


def third_party(folder):
    """Addresses of other servers that a page or a style sheet loads from."""
    found = []
    for path in pages(folder):
        found += [f"{path}: {a}" for a in loaded(path) if _ELSEWHERE.match(a)]
        for script in page(path).find_all("script", src=None):
            text = script.get_text()
            found += [f"{path}: in a script: {a}" for a in _ELSEWHERE.findall(text)]
    for path in sorted(folder.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        for a, b in _CSS_URL.findall(text):
            if _ELSEWHERE.match(a or b):
                found.append(f"{path}: {a or b}")
    return found


def missing(folder):
    """Files of ours that a page or a style sheet loads and that are not there."""
    found = []
    for path in pages(folder):
        found += [f"{path}: {a}" for a in loaded(path) if not _there(folder, path, a)]
    for path in sorted(folder.rglob("*.css")):
        for a, b in _CSS_URL.findall(path.read_text(encoding="utf-8")):
            if not _there(folder, path, a or b):
                found.append(f"{path}: {a or b}")
    return found


def dead_links(folder):
    """Links within the site whose page or anchor is not there."""
    found = []
    for path in pages(folder):
        for link in page(path).find_all("a", href=True):
            address = link["href"]
            target = _target(folder, path, address)
            if target is None:
                continue
            fragment = unquote(urlsplit(address).fragment)
            if not target.is_file():
                found.append(f"{path}: {address}: no such file")
            elif (
                fragment and target.suffix == ".html" and not _anchor(target, fragment)
            ):
                found.append(f"{path}: {address}: no such anchor")
    return found


def _anchor(path, fragment):
    return fragment in _anchors(path)


@cache
def _anchors(path):
    return {element["id"] for element in page(path).select("[id]")} | {
        element["name"] for element in page(path).select("a[name]")
    }


def _target(folder, path, address):
    """The file that an address means; None for one that is not of this site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return path
    base = folder if parts.path.startswith("/") else path.parent
    target = (base / unquote(parts.path).lstrip("/")).resolve()
    return target / "index.html" if target.is_dir() else target


def _there(folder, path, address):
    target = _target(folder, path, address)
    return target is None or target.is_file()
