"""What is asked of an executor, and what it answers, as bytes.

The same bytes go to a Dask cluster and into the store. They are JSON, never pickle:
what came out of a sandbox is read as what a stranger wrote.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    ValidationError,
)
from pydantic_core import PydanticSerializationError

from coursekit.grading.model import CellOutcome, Execution, Level, Piece, Usage

__all__ = [
    "BadParcel",
    "canonical",
    "pack",
    "pack_pieces",
    "unpack",
    "unpack_pieces",
    "write_evidence",
]

# A question gives 8 MB of arrays and 1 MB of manifest at most; base64 adds a third.
_LARGEST_QUESTION = 12_500_000
_MOST_QUESTIONS = 20
_FILE = re.compile(r"manifest\.json|(0|[1-9][0-9]{0,3})\.npy")

_Name = Annotated[str, Field(max_length=100)]
_Sentence = Annotated[str, Field(max_length=500)]


class BadParcel(ValueError):  # noqa: N818 (says what it is)
    """Bytes that are no execution's result; said in one sentence."""


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


class _Error(_Strict):
    run: _Name
    question: _Name
    kind: _Name
    error: _Name


class _Spent(_Strict):
    wall_seconds: NonNegativeFloat
    cpu_seconds: NonNegativeFloat
    memory_mib: NonNegativeFloat
    processes: NonNegativeInt


class _Parcel(_Strict):
    evidence: dict[_Name, dict[_Name, bytes]]
    errors: Annotated[list[_Error], Field(max_length=5_000)]
    limits: Annotated[list[_Sentence], Field(max_length=100)]
    level: Level
    usage: _Spent


def pack(execution: Execution) -> bytes:
    """Turn the result of an execution into JSON.

    Raises
    ------
    BadParcel
        If it is beyond what `unpack` takes.
    """
    try:
        parcel = _Parcel(
            evidence=execution.evidence,
            errors=[_Error(**error.model_dump()) for error in execution.errors],
            limits=list(execution.limits),
            level=execution.level,
            usage=_Spent(**execution.usage.model_dump()),
        )
        return parcel.model_dump_json().encode()
    except ValidationError as error:
        raise BadParcel(_malformed(error)) from None
    except PydanticSerializationError:
        raise BadParcel(
            "The result of an execution has a name in it that is no text."
        ) from None


def unpack(content: bytes) -> Execution:
    """Read the result of an execution as hostile input.

    Raises
    ------
    BadParcel
        If it is too large, or anything but what `pack` writes.
    """
    if len(content) > _LARGEST_QUESTION * _MOST_QUESTIONS:
        raise BadParcel(f"The result of an execution has {len(content)} bytes.")
    try:
        parcel = _Parcel.model_validate_json(content)
    except ValidationError as error:
        raise BadParcel(_malformed(error)) from None
    return Execution(
        evidence=parcel.evidence,
        errors=tuple(CellOutcome(**one.model_dump()) for one in parcel.errors),
        limits=tuple(parcel.limits),
        level=parcel.level,
        usage=Usage(**parcel.usage.model_dump()),
    )


def _malformed(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "the whole"
    what = first["msg"].rstrip(".")
    return f"The result of an execution is malformed at {where[:200]!r}: {what}."


def pack_pieces(pieces: Sequence[Piece]) -> list[dict[str, str]]:
    """Turn pieces into plain data, the same for the same code in the same order."""
    return [
        {
            "kind": piece.kind,
            "source": piece.source,
            "after": piece.after,
            "question": piece.question,
        }
        for piece in pieces
    ]


def unpack_pieces(plain: Sequence[Mapping[str, Any]]) -> tuple[Piece, ...]:
    """Turn what `pack_pieces` gave back into pieces."""
    return tuple(Piece(**one) for one in plain)


def canonical(value: object) -> bytes:
    """Write plain data as JSON, the same bytes for the same data.

    Code may hold halves of surrogate pairs, which UTF-8 has no bytes for; so only
    ASCII is written.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def write_evidence(
    evidence: Mapping[str, Mapping[str, bytes]], folder: Path, questions: Sequence[str]
) -> None:
    """Lay the evidence of one execution out for the judge.

    Parameters
    ----------
    evidence : mapping
        Files by question, as an execution gave them.
    folder : Path
        Where the folders of the questions go; it is made.
    questions : sequence of str
        The exercise's questions. Other folders, and files with other names than
        evidence has, are left out: no name from a sandbox becomes a path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for question in questions:
        files = evidence.get(question, {})
        if files:
            (folder / question).mkdir()
        for name, content in files.items():
            if _FILE.fullmatch(name):
                (folder / question / name).write_bytes(content)
