"""A pytest plug-in: nbval's report says of each cell whose item it judges.

nbval counts cells; a judging notebook is matched by what its cells say of themselves,
never by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursekit import quick  # noqa: F401 (before nbval imports nbformat)


def pytest_collection_modifyitems(items: Sequence[Any]) -> None:
    """Give the entries of the JUnit report the properties `case`, `item` and `cell`."""
    for item in items:
        cell = getattr(item, "cell", None)
        if cell is None:
            continue
        item.user_properties.append(("cell", cell["id"]))
        for name, value in cell["metadata"].get("course", {}).items():
            item.user_properties.append((name, value))
