"""What notebooks use of IPython, where IPython is not: in the page.

Showing is done by `course_display` beside this package; the rest answers questions
such as "is this a notebook?" in the way that other libraries expect.
"""

from __future__ import annotations

from .core.getipython import get_ipython
from .display import display

__all__ = ["display", "get_ipython", "version_info"]
__version__ = "9.0.0"
version_info = (9, 0, 0, "")
