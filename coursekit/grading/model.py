"""What the parts of the grader hand to each other.

Intake gives a `Submission`; executing it in a sandbox gives an `Execution`; judging
that gives a `Result`; all results of a batch are the `Batch` that reports are written
from. The last two are pydantic models, because `results.json` is a public format with
a schema; the others stay within this program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "LEVELS",
    "PUBLISHED",
    "TOLD_ERRORS",
    "Batch",
    "CellOutcome",
    "Execution",
    "Group",
    "ItemMark",
    "Learner",
    "Level",
    "ManualMark",
    "Piece",
    "Result",
    "Runner",
    "Similar",
    "State",
    "Submission",
    "Usage",
]

# How far learners' code was kept from everything else, weakest first.
Level = Literal["none", "bubblewrap"]
LEVELS: dict[str, str] = {
    "none": "a process of its own, which could read and change whatever you can",
    "bubblewrap": (
        "bubblewrap: own file tree, processes, user and network; limits on memory, "
        "time, processes, files and output"
    ),
}
PUBLISHED = "the published solution"
State = Literal["graded", "unreadable", "missing"]
# How many different errors a learner is told of, sorted: more of them, in an order of
# the learner's choosing, could spell hidden inputs.
TOLD_ERRORS = 3


@dataclass(frozen=True)
class Piece:
    """A learner's code that runs when graded.

    Attributes
    ----------
    kind
        `answer`: the cell, or a part of it, that answers `question`. `added`: a code
        cell of the learner's own. `edited`: a given cell that was changed; it runs
        after ours.
    source
        The code as it was written, cell magics and all.
    after
        The cell of ours that it runs after: `parameters`, `given-2`, `q1-answer`, or
        nothing for the very beginning. An answer runs in its own place.
    question
        Of an answer: the question's name.
    """

    kind: Literal["answer", "added", "edited"]
    source: str
    after: str = ""
    question: str = ""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Learner(_Record):
    """Whose submission it is, as far as the name of its file tells.

    Attributes
    ----------
    key
        What marks are filed under; the same for two uploads of one learner.
    name
        To be shown; the key where nothing better is known.
    id
        The id that the LMS uses, where the file's name has one.
    """

    key: str
    name: str = ""
    id: str = ""


@dataclass(frozen=True)
class Submission:
    """One upload of one learner, read.

    Attributes
    ----------
    learner
        Whose it is.
    file
        Where it was found, relative to the folder: `late/ada_123.zip/hw.ipynb`.
    digest
        SHA-256 of the bytes of the file.
    pieces
        What runs, in the learner's order.
    written
        Texts of manual questions, by question.
    notes
        What was noticed, in plain sentences that the learner may read.
    flags
        What an instructor should look at, such as a copied check.
    problem
        Why it cannot be read, one plain sentence; empty where it can.
    attempt
        1 for the learner's first upload.
    submitted
        When, as far as the LMS's name of the file or the file's time tells.
    late
        Whether the LMS marked it late; None where it does not say.
    superseded
        Whether a later upload of the same learner counts instead.
    """

    learner: Learner
    file: str
    digest: str = ""
    pieces: tuple[Piece, ...] = ()
    written: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    problem: str = ""
    attempt: int = 1
    submitted: datetime | None = None
    late: bool | None = None
    superseded: bool = False


class Runner(Protocol):
    """What executes pieces: an executor, or what stands in for one."""

    def run(self, submission_pieces: tuple[Piece, ...], seed: int, /) -> Execution:
        """Execute one submission."""


class CellOutcome(_Record):
    """An error of one executed cell of a submission.

    Attributes
    ----------
    run
        In which run: `main`, or the name of a question that was gathered apart.
    question
        To which question the cell belongs; empty where to none.
    kind
        `answer`, `added`, `edited`, `given` or `evidence`.
    error
        Name of the exception where it is one of Python's own or NumPy's, otherwise
        `an error of its own`. Never its message: that could carry hidden inputs.
    """

    run: str
    question: str
    kind: str
    error: str


class Usage(_Record):
    """What an execution took, all its runs together; `memory` is the largest."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_mib: float = 0.0
    processes: int = 0


@dataclass(frozen=True)
class Execution:
    """What came out of the sandbox.

    Attributes
    ----------
    evidence
        By question: the files of its folder, `manifest.json` and `0.npy` and so on,
        as bytes from a stranger. A question without evidence is absent.
    errors
        Cells that stopped.
    limits
        Limits that were met, each a sentence: "wall time: more than 60 seconds".
    level
        How it was isolated.
    usage
        What it took.
    """

    evidence: dict[str, dict[str, bytes]] = field(default_factory=dict)
    errors: tuple[CellOutcome, ...] = ()
    limits: tuple[str, ...] = ()
    level: Level = "none"
    usage: Usage = field(default_factory=Usage)


class ItemMark(_Record):
    """Points of one item.

    Attributes
    ----------
    item, question
        `q1.gradient` and `q1`.
    points, earned
        What it is worth and what was given.
    why
        Why nothing was given, for the instructor: it may name expected values.
    feedback
        The same for the learner: no hidden input, no expected value.
    misconception
        Name of the exercise's wrong answer whose evidence this is, or None.
    agreed
        Whether the judge and nbval's report said the same. Where they did not, the
        lower mark stands.
    """

    item: str
    question: str
    points: float
    earned: float
    why: str = ""
    feedback: str = ""
    misconception: str | None = None
    agreed: bool = True


class ManualMark(_Record):
    """Points that a person gives; `earned` is None until somebody has."""

    question: str
    title: str
    points: float
    earned: float | None = None
    comment: str = ""
    written: str = ""


class Similar(_Record):
    """Another submission, or the published solution, that this one resembles.

    Attributes
    ----------
    other
        Key of the other learner, or `the published solution`. Of a group of mutual
        copies the nearest alone is listed.
    share
        Share of this one's fingerprints that the other has too, 0 to 1.
    questions
        Where.
    """

    other: str
    share: float
    questions: list[str] = Field(default_factory=list)


class Group(_Record):
    """Learners whose answers are nearly the same, copied or not.

    Attributes
    ----------
    learners
        Their keys, sorted; three at least.
    share
        Each has this share of fingerprints or more, both ways, in common with another
        one of them.
    questions
        Where.
    """

    learners: list[str]
    share: float
    questions: list[str] = Field(default_factory=list)


class Result(_Record):
    """What became of one submission.

    Attributes
    ----------
    learner, file, digest, attempt, submitted, late, superseded
        As for `Submission`.
    state
        `unreadable` ones have no points and a `problem`; `missing` ones are on the
        roster and sent nothing.
    problem
        One plain sentence.
    notes, flags
        For the learner, and for the instructor alone.
    items, manual
        Marks by item, in the exercise's order; by written question.
    earned, possible
        Sums of `items` and of the manual marks that were given, before `final`.
    penalty, final
        What the policy takes off and why; the mark after policy.
    limits, errors, level, usage
        As for `Execution`.
    similar
        What it resembles.
    cached
        Whether an earlier grading was used again.
    """

    learner: Learner
    file: str
    digest: str = ""
    attempt: int = 1
    submitted: datetime | None = None
    late: bool | None = None
    superseded: bool = False
    state: State = "graded"
    problem: str = ""
    notes: list[str] = Field(default_factory=list)
    flags: list[str] = Field(default_factory=list)
    items: list[ItemMark] = Field(default_factory=list)
    manual: list[ManualMark] = Field(default_factory=list)
    earned: float = 0.0
    possible: float = 0.0
    penalty: float = 0.0
    penalty_reason: str = ""
    final: float = 0.0
    limits: list[str] = Field(default_factory=list)
    errors: list[CellOutcome] = Field(default_factory=list)
    level: Level = "none"
    usage: Usage = Field(default_factory=Usage)
    similar: list[Similar] = Field(default_factory=list)
    cached: bool = False


class Batch(_Record):
    """All results of one grading: what `results.json` holds.

    Attributes
    ----------
    format
        Version of this format.
    exercise, title
        `part/slug`, and what people call it.
    seed
        The secret seed. The file is the instructor's.
    grader
        Digest of the grader, its environment and the exercise's source.
    level
        The weakest isolation of any execution.
    policy
        The policy as it was read.
    graded_at
        When the batch ended.
    seconds
        Wall time of the batch.
    complete
        False where the grading was interrupted.
    results
        One a submission, superseded ones among them, sorted by learner and attempt.
    groups
        Learners whose answers are nearly the same, the largest group first.
    ignored
        Files beside the uploads that belong to nobody.
    """

    format: Literal[1] = 1
    exercise: str
    title: str
    seed: int
    grader: str
    level: Level
    policy: dict[str, object] = Field(default_factory=dict)
    graded_at: datetime
    seconds: float = 0.0
    complete: bool = True
    results: list[Result] = Field(default_factory=list)
    groups: list[Group] = Field(default_factory=list)
    ignored: list[str] = Field(default_factory=list)
