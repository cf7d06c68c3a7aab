"""Gates: what a program can hold a page to, one file a gate.

Each gate is a function from a page and the book around it to findings; each finding
says file, line and what to do. A page that has a reason to leave a gate names gate and
reason under `waive` in its front matter.
"""

from coursekit.gates.model import Book, Finding, Gate, load_book
from coursekit.gates.registry import GATES, examine

__all__ = ["GATES", "Book", "Finding", "Gate", "examine", "load_book"]
