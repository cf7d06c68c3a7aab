"""The exercise that `coursekit exercises new` writes: complete, so that it runs."""

from pathlib import Path

__all__ = ["TEMPLATE"]

TEMPLATE = Path(__file__).with_name("template.md").read_text(encoding="utf-8")
