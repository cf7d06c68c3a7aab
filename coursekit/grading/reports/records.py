"""`results.json`, from which everything else can be made again, and its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coursekit.grading.model import Batch

__all__ = ["read", "results", "schema"]


def results(batch: Batch) -> str:
    """Return the text of `results.json`: the same for the same batch."""
    return _text(batch.model_dump(mode="json"))


def schema() -> str:
    """Return the text of `results.schema.json`, by which others can check the file."""
    made = Batch.model_json_schema(mode="serialization")
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return _text(made)


def read(path: Path) -> Batch:
    """Read a batch from its `results.json`.

    Raises
    ------
    pydantic.ValidationError
        If the file is none.
    """
    return Batch.model_validate_json(path.read_bytes())


def _text(value: dict[str, Any]) -> str:
    text = json.dumps(
        value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
    )
    return f"{text}\n"
