"""The way of a submission through the real grader, with everything looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from coursekit.exercises.branches import branch
from coursekit.exercises.court import Court
from coursekit.exercises.judge import judge
from coursekit.exercises.model import Exercise
from coursekit.grading import intake
from coursekit.grading.execute import Executor
from coursekit.grading.model import Execution, Piece, Submission

__all__ = ["Bench", "Outcome", "write_evidence"]


@dataclass(frozen=True)
class Outcome:
    """What became of one upload.

    Attributes
    ----------
    submission, execution
        As the grader has them; the latter is empty where nothing could be read.
    earned
        Points by item.
    """

    submission: Submission
    execution: Execution = field(default_factory=Execution)
    earned: dict[str, float] = field(default_factory=dict)

    @property
    def sentences(self) -> list[str]:
        """All that anybody would be told."""
        one = self.submission
        told = [one.problem, *one.notes, *one.flags, *self.execution.limits]
        return [sentence for sentence in told if sentence]

    def own_errors(self) -> set[str]:
        """Names of the errors of the learner's own cells, in the main run."""
        own = ("answer", "added", "edited")
        return {
            one.error
            for one in self.execution.errors
            if one.kind in own and one.run == "main"
        }


@dataclass(frozen=True)
class Bench:
    """Intake, sandbox and judge, ready for a folder of submissions."""

    exercise: Exercise
    executor: Executor
    impatient: Executor
    expected: Execution
    expected_at: Path
    seed: int

    def grade(
        self, folder: Path, scratch: Path, *, impatient: bool = False
    ) -> list[Outcome]:
        """Grade a folder, one upload after the other."""
        executor = self.impatient if impatient else self.executor
        found = intake.read_folder(folder, self.exercise)
        return [
            self._one(one, scratch / str(number), executor)
            for number, one in enumerate(found)
        ]

    def _one(
        self, submission: Submission, scratch: Path, executor: Executor
    ) -> Outcome:
        if submission.problem:
            return Outcome(submission, earned=dict.fromkeys(self.items(), 0.0))
        execution = executor.run(submission.pieces, self.seed)
        return Outcome(submission, execution, self.judged(execution, scratch))

    def items(self) -> list[str]:
        """Return the names of all items."""
        return [item.id for item in self.exercise.items]

    def judged(self, execution: Execution, scratch: Path) -> dict[str, float]:
        """Judge evidence in a process that ran nothing of a learner's."""
        write_evidence(execution, scratch / "evidence")
        result = scratch / "verdicts.json"
        court = Court(scratch / "evidence", self.expected_at, self.seed)
        ended = branch(_judge, self.exercise, court, result, seconds=60)
        assert not ended, f"the judge did not come to its end: {ended}"
        verdicts = json.loads(result.read_text(encoding="utf-8"))
        return {one["item"]: one["earned"] for one in verdicts}

    def run_code(self, code: str) -> Execution:
        """Execute a cell of a learner's who answers nothing."""
        return self.executor.run([Piece("added", code, "given-1")], self.seed)

    def run_honestly(self, *, impatient: bool = False) -> Execution:
        """Execute the reference as a learner would hand it in."""
        executor = self.impatient if impatient else self.executor
        return executor.run(self.honest(), self.seed)

    def honest(self) -> Sequence[Piece]:
        """Return the reference's answers as a learner's pieces."""
        return [
            Piece("answer", question.answer.source, question=question.name)
            for question in self.exercise.questions
            if question.answer
        ]


def _judge(exercise: Exercise, court: Court, result: Path) -> None:
    verdicts = [asdict(verdict) for verdict in judge(exercise.items, court)]
    result.write_text(json.dumps(verdicts), encoding="utf-8")


def write_evidence(execution: Execution, folder: Path) -> None:
    """Write evidence as the batch does."""
    folder.mkdir(parents=True, exist_ok=True)
    for question, files in execution.evidence.items():
        (folder / question).mkdir(exist_ok=True)
        for name, content in files.items():
            (folder / question / name).write_bytes(content)
