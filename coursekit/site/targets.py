"""Keeps pages right that did not change when something that they point at did.

Sphinx writes a page again when its own source changes. Its links, its sidebar and its
citations come from other pages: so when any target, title or order of the book
changes, every page is written again, and a link that now leads nowhere is reported.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _digest(env: BuildEnvironment) -> str:
    """Digest everything that one page shows of another."""
    standard = env.domaindata["std"]
    shown = [
        sorted((name, repr(value)) for name, value in standard[kind].items())
        for kind in ("objects", "labels", "anonlabels", "terms")
    ]
    shown.append(sorted((page, title.astext()) for page, title in env.titles.items()))
    shown.append(sorted((page, repr(of)) for page, of in env.toctree_includes.items()))
    citations = env.domaindata.get("cite", {}).get("citations", [])
    shown.append(sorted(("citation", repr(citation)) for citation in citations))
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def write_all_again(_app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Have every page written when a target of the book changed."""
    digest = _digest(env)
    if getattr(env, "coursekit_targets", None) == digest:
        return []
    env.coursekit_targets = digest  # type: ignore[attr-defined]
    return sorted(env.found_docs)


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("env-updated", write_all_again)
