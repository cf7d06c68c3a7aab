"""A class that hands in the good exercise, and an executor that runs in this process.

The executor is for tests of what is around it: quick, and as trusting as a test of our
own code may be. What the real one does is tested where it is.
"""

import functools
import hashlib
import tempfile
import threading
from pathlib import Path

import nbformat
import numpy as np

from coursekit.exercises import runs
from coursekit.exercises.evidence import Writer
from coursekit.exercises.starter import starter
from coursekit.grading import judging, stages
from coursekit.grading.courtroom import hear
from coursekit.grading.execute import SandboxError
from coursekit.grading.model import CellOutcome, Execution, Piece, Usage
from coursekit.grading.paper import paper
from coursekit.grading.sitting import Verdict


def notebook(exercise, **codes):
    """A learner's notebook: the reference's answers, or those given; None: none."""
    made = starter(exercise)
    answers = runs.answers(exercise) | codes
    for cell in made.cells:
        question = cell.id.removesuffix("-answer")
        if question != cell.id and answers[question] is not None:
            cell.source = answers[question]
    return made


def hand_in(folder, exercise, **learners):
    """Write one notebook a learner; a learner is a dictionary of answers."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, codes in learners.items():
        nbformat.write(notebook(exercise, **codes), folder / f"{name}.ipynb")
    return folder


def variant(exercise, question, name):
    """The code of one of the exercise's wrong or right answers."""
    found = [v for v in exercise.question(question).variants if v.name == name]
    return found[0].cell.source


def pieces(codes):
    """The pieces of a submission with these answers."""
    return tuple(Piece("answer", code, question=name) for name, code in codes.items())


class FakeExecutor:
    """Executes in this process, and counts."""

    level = "bubblewrap"
    lock = threading.Lock()

    def __init__(self, exercise, log, before=lambda pieces: None):
        self._exercise, self._log = exercise, log
        self._before = before

    def __enter__(self):
        self._log.append("start")
        return self

    def __exit__(self, *_):
        self._log.append("end")

    def run(self, submission_pieces, seed):
        with self.lock:  # evidence cells draw from NumPy's shared state
            self._log.append("run")
            self._before(submission_pieces)
            with tempfile.TemporaryDirectory() as folder:
                return self._run(submission_pieces, seed, Path(folder))

    def _run(self, submission_pieces, seed, folder):
        evidence, errors = {}, []
        for run in runs.runs(self._exercise):
            place = folder / run.name
            names = {"evidence": Writer(place), "np": np}
            for cell in paper(self._exercise, run, submission_pieces, seed).cells:
                errors += self._cell(cell, names, seed, run.name)
            for question in run.gathers:
                files = sorted((place / question).glob("*"))
                if files:
                    evidence[question] = {f.name: f.read_bytes() for f in files}
        return Execution(
            evidence=evidence,
            errors=tuple(errors),
            level=self.level,
            usage=Usage(wall_seconds=0.1),
        )

    def _cell(self, cell, names, seed, run):
        about = cell.metadata["course"]
        try:
            exec(compile(cell.source, "<cell>", "exec"), names)
        except Exception as error:  # noqa: BLE001 (whatever a learner wrote)
            kind, question = about.get("kind", "given"), about.get("question", "")
            name = type(error).__name__
            yield CellOutcome(run=run, question=question, kind=kind, error=name)
        if about.get("kind") == "parameters":
            names["seed"] = seed


def judge_here(docket, _limits, on_progress):
    """Judge in this process: what the process of its own is for has its own tests."""
    found = {}
    for said in hear(docket):
        pair = said["case"], said["item"]
        found[pair] = Verdict(said["earned"] > 0, said["why"], said["misconception"])
        on_progress(len(found), len(docket.work))
    return found


def judge_quickly(monkeypatch):
    """Judge here, without nbval, under a digest that no edit elsewhere changes."""
    quick = functools.partial(stages.judge_batch, nbval=False)
    monkeypatch.setattr(stages, "judge_batch", quick)
    monkeypatch.setattr(judging, "verdicts", judge_here)
    monkeypatch.setattr(
        stages.keys,
        "grader",
        lambda path: hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def failing(times):
    """Something to do before a run: fail as a sandbox would, so many times."""
    left = iter(range(times))

    def before(_pieces):
        if next(left, None) is not None:
            raise SandboxError("the sandbox did not start: no reason was given")

    return before
