"""What is recorded of a batch: its seed, and what it was made from.

`batch.json` in the out-folder is the instructor's alone: who knows the seed knows the
inputs on which submissions are graded.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coursekit.grading.model import Learner

__all__ = ["NAME", "Ticket", "TicketError", "new_seed"]

NAME = "batch.json"


class TicketError(ValueError):
    """A record that is missing or not one; said in one sentence."""


class Ticket(BaseModel):
    """The record of a batch.

    Attributes
    ----------
    exercise, source
        `part/slug`, and where its source was read.
    submissions
        Where submissions were read.
    seed
        The secret seed.
    isolation
        How learners' code was kept apart.
    roster
        The learners who were expected.
    cases
        Names of submissions in `junit-judge.xml`, by file.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    exercise: str
    source: str
    submissions: str
    seed: int = Field(ge=0, lt=2**31)
    isolation: str = ""
    roster: list[Learner] = Field(default_factory=list)
    cases: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def read(cls, out: Path) -> Ticket | None:
        """Read the record of an out-folder; None where there is none.

        Raises
        ------
        TicketError
            If the file is not what `write` writes.
        """
        path = out / NAME
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise TicketError(
                f"{path} is not the record of a grading; name another out-folder."
            ) from None

    def write(self, out: Path) -> None:
        """Write the record, readable by its owner alone, as a whole or not at all."""
        path = out / NAME
        draft = path.with_name(f".{NAME}.new")
        draft.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1) + "\n")
        draft.replace(path)


def new_seed() -> int:
    """Draw a seed that nobody can guess, of a size that NumPy's old functions take."""
    return secrets.randbelow(2**31)
