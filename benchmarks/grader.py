"""Measure the grader: `python -m benchmarks.grader --nbgrader PATH/TO/bin/python`.

The same made-up notebooks go through nbgrader and through `coursekit grade` in turns,
one worker and one thread each, ours in its sandbox and nbgrader, which has none, in
none. Then: what the sandbox costs a submission, and the memory of the whole process
tree while a large class is graded. With `--keep` the figures go into `grader.json`.
Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from benchmarks.report import machine
from coursekit.exercises.model import Exercise, load
from coursekit.exercises.starter import starter, text_of
from coursekit.grading.execute import Executor
from coursekit.grading.intake import read_folder
from coursekit.grading.model import Batch
from coursekit.suite import ONE_THREAD
from tests.coursekit.grading.made_up import class_of

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).with_name("grader.json")
SEED = 20260309
console = Console(stderr=True)


class Unfair(RuntimeError):  # noqa: N818 (says what it is)
    """A run that did not do the work that is measured."""


@dataclass(frozen=True)
class Spent:
    """What a command took: seconds of the clock, and of all its processes' work."""

    wall: float
    cpu: float


def spend(command: Sequence[str], folder: Path, **settings: str) -> Spent:
    """Run a command and say what it took.

    Raises
    ------
    Unfair
        If it ended with an error.
    """
    receiver, sender = _FORK.Pipe(duplex=False)
    watcher = _FORK.Process(target=_watch, args=(command, folder, settings, sender))
    watcher.start()
    sender.close()
    try:
        status, spent = receiver.recv()
    finally:
        watcher.join()
    if status:
        told = (folder / _LOG).read_text(encoding="utf-8", errors="replace")[-2000:]
        raise Unfair(f"{' '.join(command)} ended with {status}:\n{told}")
    return Spent(*spent)


_FORK = multiprocessing.get_context("fork")
_LOG = "log.txt"
_PR_SET_CHILD_SUBREAPER = 36


def _watch(
    command: Sequence[str], folder: Path, settings: dict[str, str], sender: Any
) -> None:
    """Run a command in a process that adopts its orphans: their work counts too.

    What a sandbox ran is ended with it, without being waited for by its parent.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    start = time.perf_counter()
    child = _begun(command, folder, settings)
    code, wall, cpu = 0, 0.0, 0.0
    for pid, status, used in _ended():
        cpu += used.ru_utime + used.ru_stime
        if pid == child.pid:
            wall = time.perf_counter() - start
            code = child.returncode = os.waitstatus_to_exitcode(status)
    sender.send((code, (wall, cpu)))


def _begun(
    command: Sequence[str], folder: Path, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    with (folder / _LOG).open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)} | settings,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _ended() -> Iterator[tuple[int, int, resource.struct_rusage]]:
    """Yield children as they end, until there is none."""
    while True:
        try:
            yield os.wait4(-1, 0)
        except ChildProcessError:
            return


def ours(submissions: Path, exercise: Exercise, folder: Path) -> Spent:
    """Grade a folder with `coursekit grade`, isolated, one worker."""
    spent = spend(_our_command(submissions, exercise, folder / "out"), folder)
    text = (folder / "out" / "results.json").read_text(encoding="utf-8")
    batch = Batch.model_validate_json(text)
    graded = [r for r in batch.results if r.state == "graded" and not r.cached]
    if len(graded) != len(list(submissions.iterdir())):
        raise Unfair(f"only {len(graded)} submissions were executed.")
    if batch.level != "bubblewrap":
        raise Unfair(f"the level of isolation was {batch.level!r}.")
    return spent


def _our_command(submissions: Path, exercise: Exercise, out: Path) -> list[str]:
    command = [sys.executable, "-m", "coursekit", "grade", str(submissions)]
    command += ["--exercise", exercise.name, "--out", str(out)]
    return [*command, "--workers", "1", "--seed", str(SEED)]


class Course:
    """A course of nbgrader with one assignment, released from our starter."""

    def __init__(self, python: Path, exercise: Exercise, folder: Path) -> None:
        self._python = python
        self._folder = folder
        self._file = f"{exercise.name.partition('/')[2]}.ipynb"
        source = folder / "source" / "assignment"
        source.mkdir(parents=True)
        text = text_of(starter(exercise))
        (source / self._file).write_text(text, encoding="utf-8")
        settings = 'get_config().CourseDirectory.course_id = "benchmark"\n'
        (folder / "nbgrader_config.py").write_text(settings, encoding="ascii")
        self._run("generate_assignment", folder, "--ClearSolutions.enabled=False")

    def grade(self, submissions: Path, folder: Path) -> Spent:
        """Grade a folder, with one folder a learner, in a fresh copy of the course."""
        shutil.copytree(self._folder, folder, dirs_exist_ok=True)
        learners = sorted(submissions.iterdir())
        for learner in learners:
            place = folder / "submitted" / learner.name / "assignment"
            shutil.copytree(learner, place)
        spent = self._run("autograde", folder)
        done = list((folder / "autograded").glob(f"*/assignment/{self._file}"))
        if len(done) != len(learners):
            raise Unfair(f"nbgrader graded {len(done)} of {len(learners)}.")
        return spent

    def _run(self, verb: str, folder: Path, *more: str) -> Spent:
        # nbgrader calls a program of its environment by name.
        path = os.pathsep.join([str(self._python.parent), os.environ["PATH"]])
        command = [str(self._python), "-m", "nbgrader", verb, "assignment", *more]
        return spend(command, folder, PATH=path)


def throughput(
    exercise: Exercise, python: Path, number: int, rounds: int, folder: Path
) -> dict[str, Any]:
    """Compare the two graders on the same notebooks, in turns.

    Each turn grades one notebook, which is mostly start-up, and then a share of the
    class; the difference is what the further notebooks cost.
    """
    (folder / "course").mkdir()
    course = Course(python, exercise, folder / "course")
    sides: dict[str, Callable[[Path, Path], Spent]] = {
        "ours": lambda given, place: ours(given, exercise, place),
        "nbgrader": course.grade,
    }
    class_of(exercise, number, SEED, folder / "class", tame=True)
    shares = list(_shares(folder / "class", rounds, folder))
    turns: dict[str, list[tuple[Spent, Spent]]] = {side: [] for side in sides}
    for at, (one, share) in enumerate(shares):
        for side in list(sides)[:: -1 if at % 2 else 1]:
            console.print(f"round {at + 1} of {rounds}: {side}")
            spent = [_fresh(sides[side], given, folder) for given in (one, share)]
            turns[side].append((spent[0], spent[1]))
    size = number // rounds
    found = {side: _speeds(several, size) for side, several in turns.items()}
    ratios = {
        figure: round(
            found["ours"]["cpu"][figure] / found["nbgrader"]["cpu"][figure], 2
        )
        for figure in ("a_minute", "a_minute_once_started")
    }
    return {"notebooks": number, "rounds": rounds, **found, "ratio": ratios}


def _fresh(
    grade: Callable[[Path, Path], Spent], submissions: Path, folder: Path
) -> Spent:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        return grade(submissions, Path(place))


def _shares(folder: Path, rounds: int, place: Path) -> Iterator[tuple[Path, Path]]:
    """Deal the class out: for each round one learner, and as many as fit."""
    learners = sorted(folder.iterdir())
    size = len(learners) // rounds
    for at in range(rounds):
        one, share = place / f"one-{at}", place / f"share-{at}"
        for learner in learners[at * size : (at + 1) * size]:
            shutil.copytree(learner, share / learner.name)
        first = learners[at * size]
        shutil.copytree(first, one / first.name)
        yield one, share


def _speeds(turns: list[tuple[Spent, Spent]], size: int) -> dict[str, Any]:
    """Return notebooks a minute, and what start-up and one notebook take."""
    found = {}
    for clock in ("wall", "cpu"):
        ones = [getattr(one, clock) for one, _ in turns]
        shares = [getattr(share, clock) for _, share in turns]
        each = statistics.median(
            (share - one) / (size - 1) for one, share in zip(ones, shares, strict=True)
        )
        found[clock] = {
            "a_minute": round(60 * size / statistics.median(shares), 1),
            "a_minute_once_started": round(60 / each, 1),
            "seconds_each": round(each, 4),
            "start_up_seconds": round(statistics.median(ones) - each, 3),
        }
    return found


def isolation(exercise: Exercise, number: int, folder: Path) -> dict[str, Any]:
    """Compare a submission in the sandbox with the same one in a plain process."""
    console.print("isolation")
    class_of(exercise, number, SEED, folder / "isolation", tame=True)
    submissions = read_folder(folder / "isolation", exercise)
    with (
        _started(exercise, isolate=True) as (boxed, boxed_start),
        _started(exercise, isolate=False) as (plain, plain_start),
    ):
        if (boxed.level, plain.level) != ("bubblewrap", "none"):
            raise Unfair(f"the levels were {boxed.level} and {plain.level}.")
        pairs = [
            (_timed(boxed, one.pieces), _timed(plain, one.pieces))
            for one in submissions
        ]
    return {
        "submissions": len(pairs),
        "isolated_seconds": round(statistics.median(a for a, _ in pairs), 4),
        "plain_seconds": round(statistics.median(b for _, b in pairs), 4),
        "cost_seconds": round(statistics.median(a - b for a, b in pairs), 4),
        "isolated_start_seconds": round(boxed_start, 3),
        "plain_start_seconds": round(plain_start, 3),
    }


@contextmanager
def _started(exercise: Exercise, *, isolate: bool) -> Iterator[tuple[Executor, float]]:
    start = time.perf_counter()
    with Executor(exercise, trust=not isolate, isolate=isolate) as executor:
        yield executor, time.perf_counter() - start


def _timed(executor: Executor, pieces: Sequence[Any]) -> float:
    start = time.perf_counter()
    executor.run(pieces, SEED)
    return time.perf_counter() - start


def memory(exercise: Exercise, number: int, folder: Path) -> dict[str, Any]:
    """Watch the memory of the grader's processes while it grades a large class."""
    console.print(f"memory over {number:,} submissions")
    class_of(exercise, number, SEED, folder / "large", tame=True)
    command = _our_command(folder / "large", exercise, folder / "large-out")
    child = _begun(command, folder, {})
    samples = list(_samples(child))
    if child.returncode:
        told = (folder / _LOG).read_text(encoding="utf-8", errors="replace")
        raise Unfair(f"the grader ended with {child.returncode}:\n{told[-2000:]}")
    return {"submissions": number, **_grown(samples, number)}


@dataclass(frozen=True)
class Sample:
    """MiB at one moment: of all the grader's processes, and of the grader's own."""

    seconds: float
    tree: float
    root: float
    judging: bool  # whether nbval is at work, which comes after all executions


def _samples(child: subprocess.Popen[bytes]) -> Iterator[Sample]:
    """Look again and again, until it ends."""
    start = time.perf_counter()
    root = psutil.Process(child.pid)
    while child.poll() is None:
        processes = _tree(root)
        held = [_held(process) for process in processes]
        if held:
            judging = any(map(_is_nbval, processes))
            yield Sample(time.perf_counter() - start, sum(held), held[0], judging)
        time.sleep(0.5)


def _is_nbval(process: psutil.Process) -> bool:
    try:
        return "nbval.plugin" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _held(process: psutil.Process) -> float:
    """Return the MiB that a process holds, its share of what it shares included."""
    try:
        return float(process.memory_full_info().pss) / 2**20
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0.0


def _grown(samples: list[Sample], number: int) -> dict[str, Any]:
    """Return peaks, and growth over a thousand submissions in either phase."""
    judging = [sample for sample in samples if sample.judging]
    executing = list(takewhile(lambda sample: not sample.judging, samples))
    return {
        "seconds": round(samples[-1].seconds, 1),
        "peak_mib": round(max(sample.tree for sample in samples), 1),
        "grader_peak_mib": round(max(sample.root for sample in samples), 1),
        "executing_growth_mib_a_thousand": _growth(executing, number),
        "judging_growth_mib_a_thousand": _growth(judging, number),
        "samples": [
            [round(one.seconds, 1), round(one.tree, 1), one.judging]
            for one in samples[:: len(samples) // 50 or 1]
        ],
    }


def _growth(samples: list[Sample], number: int) -> float:
    """Return the slope over the middle of a phase: its start and end are not growth."""
    first, last = samples[0].seconds, samples[-1].seconds
    share = [(sample.seconds - first) / (last - first or 1) for sample in samples]
    middle = [s for s, at in zip(samples, share, strict=True) if 0.2 < at < 0.8]
    if len(middle) < 10:
        raise Unfair(f"{last - first:.0f} seconds are too short to see memory grow.")
    line = statistics.linear_regression(
        [sample.seconds for sample in middle], [sample.tree for sample in middle]
    )
    return round(line.slope * (last - first) / number * 1000, 2)


def main(arguments: list[str]) -> int:
    """Measure what was asked for, print it, and keep it where that was asked for."""
    asked = _parser().parse_args(arguments)
    exercise = load(ROOT / "solutions" / f"{asked.exercise}.md")
    found: dict[str, Any] = {"machine": _machine(asked.nbgrader)}
    found |= {"exercise": exercise.name}
    with tempfile.TemporaryDirectory() as name:
        for part, figures in _parts(asked, exercise, Path(name)):
            print(json.dumps({part: figures}, indent=1), flush=True)
            found[part] = figures
    if asked.keep:
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _parts(
    asked: argparse.Namespace, exercise: Exercise, folder: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure one thing after the other."""
    if asked.nbgrader:
        compared = asked.number, asked.rounds
        yield "throughput", throughput(exercise, asked.nbgrader, *compared, folder)
    yield "isolation", isolation(exercise, min(asked.number, 20), folder)
    if asked.large:
        yield "memory", memory(exercise, asked.large, folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grader")
    add = parser.add_argument
    add("--nbgrader", type=lambda text: Path(text).absolute(), help="its python")
    add("--exercise", default="mathematics/gradient-descent")
    add("--number", type=int, default=60, help="notebooks for the comparison")
    add("--rounds", type=int, default=3, help="turns that they are dealt out to")
    add(
        "--large", type=int, default=2000, help="submissions for the memory; 0 for none"
    )
    add("--keep", action="store_true", help=f"write {KEPT.name}")
    return parser


def _machine(nbgrader: Path | None) -> dict[str, Any]:
    about = machine()
    found = {name: about[name] for name in ("processor", "cores", "threads", "python")}
    found |= {name: version(name) for name in ("numpy", "papermill", "nbval")}
    found["bubblewrap"] = _told("bwrap", "--version").split()[-1]
    if nbgrader:
        code = "import nbgrader; print(nbgrader.__version__)"
        found["nbgrader"] = _told(str(nbgrader), "-c", code)
    return found


def _told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
