"""The site's part of the build: a Sphinx extension with its styles and scripts."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

_HERE = Path(__file__).parent
# The modules that Sphinx is told of; each has a `setup` of its own. They are imported
# when the site is built, and not when somebody asks for the roadmap.
ROOMS = (
    "accessible",
    "breaks",
    "cells",
    "diagnosis",
    "exercises",
    "figures",
    "frame",
    "maps",
    "maths",
    "notices",
    "pages",
    "partmap",
    "pictures",
    "plans",
    "quizzes",
    "review",
    "search",
    "skills",
    "snippets",
    "tags",
    "targets",
    "terms",
)


def add_folders(_app: Sphinx, config: Config) -> None:
    """Let Sphinx find our templates and static files."""
    config.templates_path.append(str(_HERE / "templates"))
    config.html_static_path.append(str(_HERE / "static"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything; called by Sphinx.

    Parameters
    ----------
    app
        Sphinx's application.

    Returns
    -------
    dict
        The extension's metadata.
    """
    for room in ROOMS:
        import_module(f"coursekit.site.{room}").setup(app)
    app.connect("config-inited", add_folders)
    return {"env_version": _version(), "parallel_read_safe": False}


def _version() -> int:
    """Return a number for this code: Sphinx reads every page again when it changes."""
    digest = hashlib.sha256()
    code = (*_HERE.glob("*.py"), *_HERE.glob("*.mjs"), *_HERE.glob("static/figures/*"))
    for path in sorted(code):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:6])
