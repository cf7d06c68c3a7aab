"""Pictures as a page should carry them: compact, of known size, fetched when needed.

Notebooks give PNG, twice as many pixels as are shown. As lossless WebP the same pixels
take less than half of the bytes. With width and height in the page nothing moves when
they arrive, and those further down are fetched when the reader comes near.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PICTURE = re.compile(
    r'<img(?P<before>[^>]*?) src="(?P<src>[^"]+\.png)"(?P<rest>[^>]*)>'
)
# Sphinx links a picture that it shows smaller to the file itself.
_LINK = re.compile(r'(<a class="reference internal image-reference" href="[^"]+)\.png"')
# How Sphinx writes the size at which a picture is shown.
_STYLE = re.compile(r' style="width: (\d+)px;[^"]*"')


def lighten(app: Sphinx, body: str, folder: Path) -> str:
    """Point a page's pictures at lighter files, and say their size.

    Parameters
    ----------
    app
        Sphinx's application, whose builder knows where the pictures come from.
    body
        The page's HTML.
    folder
        The folder of the built site that pictures go to.

    Returns
    -------
    str
        The same page; every PNG that the builder was to copy is a WebP now.
    """
    sources = {
        name: Path(app.srcdir) / path for path, name in app.builder.images.items()
    }
    seen = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal seen
        name = found["src"].rpartition("/")[2]
        if name not in sources:
            return found[0]
        seen += 1
        size = _convert(sources[name], folder / f"{Path(name).stem}.webp")
        address = f"{found['src'].removesuffix('.png')}.webp"
        rest = found["before"] + found["rest"]
        return f'<img src="{address}"{_attributes(rest, size, first=seen == 1)}>'

    return _LINK.sub(r'\1.webp"', _PICTURE.sub(replaced, body))


def _attributes(text: str, size: tuple[int, int], *, first: bool) -> str:
    """Return an image's attributes with its size as it is shown, in CSS pixels."""
    shown = _STYLE.search(text)
    width = int(shown[1]) if shown else size[0]
    height = round(width * size[1] / size[0])
    text = _STYLE.sub("", text).rstrip(" /")
    # What is seen at once must not wait until its place has been computed.
    when = "" if first else ' loading="lazy"'
    return f'{text} width="{width}" height="{height}"{when} decoding="async"'


def _convert(source: Path, target: Path) -> tuple[int, int]:
    """Write a picture as lossless WebP, once: its name is a digest of what it shows."""
    with Image.open(source) as picture:
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.save(target, "WEBP", lossless=True, method=4)
        return picture.size


def lighten_page(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Lighten the pictures of a page that is being written."""
    if body := context.get("body"):
        folder = Path(app.outdir) / app.builder.imagedir
        context["body"] = lighten(app, body, folder)


def drop_originals(app: Sphinx, error: Exception | None) -> None:
    """Remove the pictures that no page shows any more: the heavy forms."""
    folder = Path(app.outdir) / "_images"
    if error is None and folder.is_dir():
        for heavy in folder.glob("*.png"):
            if heavy.with_suffix(".webp").is_file():
                heavy.unlink()


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("html-page-context", lighten_page)
    app.connect("build-finished", drop_originals)
