"""What libraries ask of matplotlib in notebooks; the back end is `course_backend`."""

from __future__ import annotations

from course_backend import (
    FigureCanvas,
    flush_figures,
    set_matplotlib_formats,
    show,
)

__all__ = ["FigureCanvas", "flush_figures", "set_matplotlib_formats", "show"]
