"""The same as `IPython.display`, under its older address."""

from __future__ import annotations

from IPython.display import *  # noqa: F403
