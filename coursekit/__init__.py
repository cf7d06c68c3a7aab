"""Tools of the course: what notebooks import, and what builds and checks the book.

Notebooks meet three light modules only, `check`, `data` and `pages`; they need
NumPy and pandas. Everything else needs the extras of this distribution.
"""
