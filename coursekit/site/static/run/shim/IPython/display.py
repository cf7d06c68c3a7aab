"""`IPython.display`, as far as pages and common notebooks use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_display import Handle as DisplayHandle
from course_display import clear_output, display

__all__ = [
    "HTML",
    "JSON",
    "SVG",
    "Code",
    "DisplayHandle",
    "Image",
    "Latex",
    "Markdown",
    "Math",
    "Pretty",
    "clear_output",
    "display",
    "display_html",
    "display_markdown",
    "publish_display_data",
    "set_matplotlib_formats",
    "update_display",
]


class DisplayObject:
    """Something that is shown in one form, as it stands."""

    _kind = "text/plain"

    def __init__(
        self,
        data: Any = None,
        url: str | None = None,
        filename: str | None = None,
        metadata: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        if url is not None:
            raise ValueError("Nothing can be fetched from an address in the page.")
        self.data = self._read(filename) if filename is not None else data
        self.metadata = (metadata or {}) | options

    def _read(self, filename: str) -> Any:
        return Path(filename).read_text(encoding="utf-8")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return {self._kind: self.data}, (
            {self._kind: self.metadata} if self.metadata else {}
        )

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"


class Pretty(DisplayObject):
    """Plain text."""

    def __repr__(self) -> str:
        return str(self.data)


class HTML(DisplayObject):
    """HTML."""

    _kind = "text/html"


class Markdown(DisplayObject):
    """Markdown."""

    _kind = "text/markdown"


class Latex(DisplayObject):
    """LaTeX."""

    _kind = "text/latex"


class Math(Latex):
    """A formula."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return {self._kind: f"$\\displaystyle {str(self.data).strip('$')}$"}


class SVG(DisplayObject):
    """A drawing."""

    _kind = "image/svg+xml"


class JSON(DisplayObject):
    """JSON."""

    _kind = "application/json"


class Code(DisplayObject):
    """Code of some language."""

    def __init__(self, data: Any = None, language: str = "", **options: Any) -> None:
        super().__init__(data, **options)
        self.language = language
        self.metadata = {}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return {"text/markdown": f"```{self.language}\n{self.data}\n```"}


class Image(DisplayObject):
    """A picture: its bytes, or the name of its file."""

    def __init__(self, data: Any = None, **options: Any) -> None:
        if isinstance(data, str | Path):
            data, options["filename"] = None, str(data)
        wanted = {key: options.pop(key, None) for key in ("width", "height", "alt")}
        options.pop("format", None)
        options.pop("embed", None)
        super().__init__(data, **options)
        self.metadata |= {key: value for key, value in wanted.items() if value}

    @property
    def _kind(self) -> str:  # type: ignore[override]
        return "image/png" if bytes(self.data[:4]) == b"\x89PNG" else "image/jpeg"

    def _read(self, filename: str) -> bytes:
        return Path(filename).read_bytes()


def display_html(*values: Any, raw: bool = False) -> None:
    """Show HTML: of values, or as it stands."""
    display(*(HTML(value) if raw else value for value in values))


def display_markdown(*values: Any, raw: bool = False) -> None:
    """Show Markdown: of values, or as it stands."""
    display(*(Markdown(value) if raw else value for value in values))


def publish_display_data(data: Any, metadata: Any = None, **options: Any) -> None:
    """Show what is already in its forms."""
    display(data, raw=True, metadata=metadata)


def update_display(value: Any, *, display_id: str, **options: Any) -> None:
    """Show another value in place of one that was shown."""
    display(value, display_id=display_id, update=True, **options)


def set_matplotlib_formats(*formats: str, **options: Any) -> None:
    """Figures always have twice the pixels in the page: nothing to set."""
