"""HTML elements as document nodes, so that links inside them are resolved as others.

docutils has no node for a control, a `<details>` or a class of our own with data on it.
`tag` makes one; anything may stand inside, references included.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

_EMPTY = frozenset({"input"})


class TagNode(nodes.General, nodes.TextElement):  # type: ignore[misc]
    """An HTML element, with its name under `tag` and its attributes under `given`."""


def tag(
    name: str, /, *children: nodes.Node | str, **attributes: str | int | bool
) -> TagNode:
    """Make an element.

    Parameters
    ----------
    name
        Its name in HTML.
    *children
        What stands inside; strings are text.
    **attributes
        Its attributes, `_` standing for `-`, `kind` for `class`, and `of` for `for`;
        True gives one without a value, False none.

    Examples
    --------
    >>> tag("p", "5 < 6", kind="ck-x", data_page="a/b").astext()
    '5 < 6'
    """
    inside = [nodes.Text(one) if isinstance(one, str) else one for one in children]
    made: TagNode = TagNode("", "", *inside, tag=name, given=opening(name, attributes))
    return made


def opening(name: str, attributes: dict[str, str | int | bool]) -> str:
    """Return an element's opening tag; attributes as in `tag`.

    Examples
    --------
    >>> opening("p", {"kind": "a", "hidden": True, "open": False})
    '<p class="a" hidden>'
    """
    names = {"kind": "class", "of": "for"}
    parts = [name]
    for key, value in attributes.items():
        word = names.get(key, key.replace("_", "-"))
        if value is True:
            parts.append(word)
        elif value is not False:
            parts.append(f'{word}="{escape(str(value))}"')
    return f"<{' '.join(parts)}>"


def _visit(self: HTML5Translator, node: TagNode) -> None:
    self.body.append(node["given"])


def _depart(self: HTML5Translator, node: TagNode) -> None:
    if node["tag"] not in _EMPTY:
        self.body.append(f"</{node['tag']}>")


def setup(app: Sphinx) -> None:
    """Register how it is written."""
    app.add_node(TagNode, html=(_visit, _depart))
