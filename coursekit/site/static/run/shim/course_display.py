"""How values are shown: as IPython does it, with nothing but the standard library.

`bundle` gives a value in every form that it has; `publish` hands a bundle to whoever
runs the cell. IPython's own names for this are in `IPython.display` beside this file.
"""

from __future__ import annotations

import base64
import inspect
import io
import re
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Bundle = tuple[dict[str, Any], dict[str, Any]]
Sink = Callable[[str, dict[str, Any]], None]

_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "text/latex": "_repr_latex_",
    "application/json": "_repr_json_",
}
_WIDTH = 79
_MOST_ITEMS = 1000
# What opens and closes a container when it is written.
_CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    dict: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
_sinks: list[Sink] = []


def listen(sink: Sink) -> None:
    """Hand what is shown from now on to `sink`."""
    _sinks.append(sink)


def unlisten() -> None:
    """Hand what is shown to whoever listened before."""
    _sinks.pop()


def publish(kind: str, payload: dict[str, Any]) -> None:
    """Hand on something that is shown; without a listener its text is printed."""
    if _sinks:
        _sinks[-1](kind, payload)
    elif "text/plain" in payload.get("data", {}):
        print(payload["data"]["text/plain"])


def bundle(value: object) -> Bundle:
    """Return a value in every form that it has, by media type, and their metadata.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    tuple of dict
        Data (bytes as base64 text) and metadata.

    Examples
    --------
    >>> bundle([1, "two"])
    ({'text/plain': "[1, 'two']"}, {})
    """
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if is_figure(value):
        data, metadata = picture(value)
    elif not isinstance(value, type):
        data, metadata = _own_forms(value)
    data.setdefault("text/plain", pretty(value))
    return {kind: _text(form) for kind, form in data.items()}, metadata


def _own_forms(value: object) -> Bundle:
    """Collect what the methods of IPython's protocol give."""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    whole, about = _call(value, "_repr_mimebundle_", include=None, exclude=None)
    data.update(whole or {})
    metadata.update(about)
    for kind, method in _METHODS.items():
        if kind not in data:
            form, about = _call(value, method)
            if form is not None:
                data[kind] = form
                metadata.update({kind: about} if about else {})
    return data, metadata


def _call(value: object, name: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """Call a method of the protocol; a broken one is as good as none."""
    try:
        method = getattr(value, name, None)
        form = method(**options) if callable(method) else None
    except Exception:  # noqa: BLE001 (there is always the plain text)
        return None, {}
    if isinstance(form, tuple) and len(form) == 2:
        return form[0], form[1] or {}
    return form, {}


def _text(form: Any) -> Any:
    if isinstance(form, bytes | bytearray):
        return base64.b64encode(form).decode()
    return form


def is_figure(value: object) -> bool:
    """Tell whether a value is a matplotlib figure, without importing matplotlib."""
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(value, module.Figure)


def picture(figure: Any) -> Bundle:
    """Draw a figure with twice the pixels of its size; nothing if it is empty."""
    if not figure.axes and not figure.lines:
        return {}, {}
    stream = io.BytesIO()
    figure.canvas.print_figure(
        stream,
        format="png",
        dpi=2 * figure.dpi,
        bbox_inches="tight",
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
    )
    raw = stream.getvalue()
    width, height = struct.unpack(">II", raw[16:24])
    size = {"width": width // 2, "height": height // 2}
    return {"image/png": raw}, {"image/png": size}


def show_figures() -> None:
    """Show the figures that are open, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    for figure in figures:
        data, metadata = bundle(figure)
        if "image/png" in data:
            publish("display", {"data": data, "metadata": metadata})


def pretty(value: object) -> str:
    """Write a value as IPython does: a container over 79 columns has a line an item.

    Examples
    --------
    >>> print(pretty({"a": list(range(3))}))
    {'a': [0, 1, 2]}
    """
    return _written(value, 0, set(), _WIDTH)


def _written(value: object, depth: int, above: set[int], room: int) -> str:
    kind = type(value)
    if kind not in _CONTAINERS:
        return _leaf(value).replace("\n", "\n" + " " * depth)
    opening, closing = _CONTAINERS[kind]
    if id(value) in above:
        return f"{opening}...{closing}"
    if not value and kind in (set, frozenset):
        return f"{kind.__name__}()"
    inner = depth + len(opening)
    items = list(_items(value, inner, above | {id(value)}))
    ending = "," if kind is tuple and len(items) == 1 else ""
    line = f"{opening}{', '.join(items)}{ending}{closing}"
    if len(line) <= room - depth and "\n" not in line:
        return line
    separator = ",\n" + " " * inner
    return f"{opening}{separator.join(items)}{ending}{closing}"


def _items(value: Any, depth: int, above: set[int]) -> Iterator[str]:
    for number, item in enumerate(_in_order(value)):
        if number == _MOST_ITEMS:
            yield "..."
            return
        if isinstance(value, dict):
            key = _written(item, depth, above, _WIDTH)
            yield f"{key}: {_written(value[item], depth, above, _WIDTH - len(key) - 2)}"
        else:
            yield _written(item, depth, above, _WIDTH)


def _in_order(value: Any) -> Any:
    """Sort a set where its items can be."""
    if isinstance(value, set | frozenset):
        try:
            return sorted(value)
        except Exception:  # noqa: BLE001 (any comparison may raise anything)
            return value
    return value


def _leaf(value: object) -> str:
    if isinstance(value, type) and type(value).__repr__ is type.__repr__:
        return _named(value.__module__, value.__qualname__)
    if inspect.isfunction(value):
        return f"<function {_signature(value)}>"
    if type(value).__repr__ is object.__repr__:
        kind = _named(type(value).__module__, type(value).__qualname__)
        return f"<{kind} at {hex(id(value))}>"
    return repr(value)


def _signature(function: Any) -> str:
    name = _named(function.__module__, function.__qualname__)
    try:
        return f"{name}{inspect.signature(function)}"
    except (TypeError, ValueError):
        return name


def _named(module: str | None, name: str) -> str:
    return name if module in (None, "builtins") else f"{module}.{name}"


def display(
    *values: object,
    raw: bool = False,
    metadata: Mapping[str, Any] | None = None,
    display_id: str | bool | None = None,
    update: bool = False,
    **_options: Any,
) -> Any:
    """Show values where the cell stands; as `IPython.display.display`."""
    name = _display_name(display_id)
    for value in values:
        data, about = (dict(value), {}) if raw else bundle(value)  # type: ignore[call-overload]
        payload = {"data": data, "metadata": about | dict(metadata or {})}
        if name is not None:
            payload |= {"id": name, "update": update}
        publish("display", payload)
    return None if name is None else Handle(name)


def _display_name(display_id: str | bool | None) -> str | None:
    if display_id is True:
        return f"display-{next(_numbers)}"
    return display_id or None


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield (number := number + 1)


_numbers = _count()


class Handle:
    """A place in the output, where another value can be shown later."""

    def __init__(self, display_id: str) -> None:
        self.display_id = display_id

    def display(self, value: object, **options: Any) -> None:
        """Show the value here, again."""
        display(value, display_id=self.display_id, **options)

    def update(self, value: object, **options: Any) -> None:
        """Show another value in place of the last one."""
        display(value, display_id=self.display_id, update=True, **options)


def clear_output(wait: bool = False) -> None:
    """Remove what the cell has shown so far; with `wait`, when something comes."""
    publish("clear", {"wait": wait})


def without_colours(text: str) -> str:
    r"""Remove a terminal's colours.

    Examples
    --------
    >>> without_colours("\x1b[31mred\x1b[0m")
    'red'
    """
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
