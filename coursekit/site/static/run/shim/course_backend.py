"""matplotlib's back end in the page: draws without a screen, `show` shows at once."""

from __future__ import annotations

from typing import Any

from course_display import show_figures
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

__all__ = ["FigureCanvas", "FigureManager", "set_matplotlib_formats", "show"]


class FigureManager(FigureManagerBase):
    """The manager of a figure that has no window."""

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Show what is open; called by `plt.show()`."""
        show_figures()

    def show(self) -> None:
        """Do nothing: a figure is shown by `plt.show()` or at the end of its cell."""


class FigureCanvas(FigureCanvasAgg):
    """A canvas in memory."""

    manager_class = FigureManager


def show(close: bool | None = None, block: bool | None = None) -> None:
    """Show what is open."""
    show_figures()


def flush_figures() -> None:
    """Show what is open."""
    show_figures()


def set_matplotlib_formats(*formats: str, **options: Any) -> None:
    """Figures always have twice the pixels in the page: nothing to set."""
