"""What the grader asks of the warm process, as one message."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from coursekit.grading.sandbox.limits import Limits

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """What a run is to be given.

    Attributes
    ----------
    questions
        Whose evidence is wanted.
    forbid
        Modules that cannot be imported.
    limits
        What it may take.
    isolate
        Whether it gets a sandbox; otherwise a process of its own is all.
    """

    questions: tuple[str, ...]
    forbid: tuple[str, ...]
    limits: Limits
    isolate: bool

    def as_json(self) -> bytes:
        """One message for a socket."""
        return json.dumps(asdict(self)).encode("ascii")

    @staticmethod
    def read(message: bytes) -> Request:
        """Read a message back."""
        raw = json.loads(message)
        limits = Limits(**raw["limits"])
        names = tuple(raw["questions"]), tuple(raw["forbid"])
        return Request(*names, limits, bool(raw["isolate"]))
