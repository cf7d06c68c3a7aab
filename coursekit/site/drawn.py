"""What directives that draw from the build's manifest have in common."""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from coursekit.site.manifest import NAME, Manifest
from coursekit.site.pages import manifest_of


class Drawn(SphinxDirective):
    """A directive whose result comes from the manifest."""

    def manifest(self) -> Manifest:
        """Return the manifest; the page is drawn again whenever it changes."""
        self.env.note_dependency(str(self.env.srcdir / NAME))
        return manifest_of(self.env.app)

    def link(self, page: str, text: str) -> nodes.Node:
        """Link to a page of the book."""
        return self._reference("doc", f"/{page}", text)

    def label(self, name: str, text: str) -> nodes.Node:
        """Link to a target of the book."""
        return self._reference("ref", name.lower(), text)

    def _reference(self, kind: str, target: str, text: str) -> nodes.Node:
        return addnodes.pending_xref(
            "",
            nodes.inline("", text),
            refdomain="std",
            reftype=kind,
            reftarget=target,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )
