"""Prove that exercises judge rightly.

    python -m coursekit.exercises.proofs 5 full 2 solutions/*/*.md

The starter runs and earns nothing, the reference earns everything, each wrong answer
loses what it should and is told why, each right one earns everything, and no made-up
answer earns anything. Answers are tried in forks of one walk through the exercise;
one pass through papermill and one through nbval show that this short cut is honest.

One process imports what all proofs need and forks one child an exercise; one run of
nbval judges what all of them executed, since most of its time is its start. What it
prints are lines of JSON, which `proving` reads: how many `steps` an exercise takes,
each `step` and when one has `ended`, that `nbval` has begun, and each `proof`.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # jsonschema imports this for a check that notebooks do not use; it takes a second.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat

from coursekit.exercises import gate, runs
from coursekit.exercises.branches import branch, can_fork
from coursekit.exercises.court import Court
from coursekit.exercises.impostors import LIES
from coursekit.exercises.judge import (
    Case,
    Verdict,
    judge,
    judging_notebook,
    run_nbval,
)
from coursekit.exercises.model import Exercise, ExerciseError, Variant, load
from coursekit.exercises.starter import starter
from coursekit.exercises.walk import (
    REFERENCE,
    Report,
    Try,
    Walk,
    read_report,
    run_cells,
    walk,
)
from coursekit.exercises.warm import Warmth
from coursekit.source import SourceError

__all__ = ["Finding", "Proof", "prove_all"]

_WALK_SECONDS = 300.0
_OTHER_SEED = 5_003


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold, and what to do about it."""

    proof: str
    what: str

    def __str__(self) -> str:
        """`proof: sentence`."""
        return f"{self.proof}: {self.what}"


@dataclass
class Proof:
    """What came of proving one exercise.

    Attributes
    ----------
    name
        `part/slug`.
    findings
        What does not hold; empty when it is proven.
    tried
        How many answers were judged.
    seconds
        Time of each part; the run of nbval is shared among the exercises.
    executed
        What papermill executed, as the judge marked it: by case and item, whether the
        points were given. nbval has to say the same.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    tried: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    executed: dict[str, dict[str, bool]] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything was proven."""
        return not self.findings

    def find(self, proof: str, what: str) -> None:
        """Add a finding, once."""
        finding = Finding(proof, what)
        if finding not in self.findings:
            self.findings.append(finding)


def steps_of(seeds: int, *, full: bool) -> int:
    """Return how many steps a proof has that comes to its end.

    Examples
    --------
    >>> steps_of(5, full=True)
    8
    """
    return 2 + seeds + full


def seeds_of(number: int) -> list[int]:
    """Return the secret seeds of a proof.

    Examples
    --------
    >>> seeds_of(2)
    [7001, 7098]
    """
    return [7_001 + 97 * step for step in range(number)]


def prove_all(
    paths: Sequence[Path], *, seeds: int = 5, full: bool = True, jobs: int = 1
) -> Iterator[Proof]:
    """Prove exercises, in a process started for that.

    Parameters
    ----------
    paths : sequence of Path
        Sources of the exercises.
    seeds : int
        Seeds for the reference. Wrong and right answers are tried with the first
        three, what is made up with the first; where there are more than five, all are
        tried with each, and wrong answers are followed by the questions after them.
    full : bool
        Whether the pass through papermill and nbval is made.
    jobs : int
        Exercises at a time, where processes can be forked.

    Yields
    ------
    Proof
        With a finding for each thing that does not hold.
    """
    with tempfile.TemporaryDirectory(prefix="proof-") as name:
        folders = [Path(name) / f"{number:03}" for number in range(len(paths))]
        _in_turn(
            [
                (path, folder, seeds, full)
                for path, folder in zip(paths, folders, strict=True)
            ],
            jobs,
        )
        proofs = [
            _read(path, folder) for path, folder in zip(paths, folders, strict=True)
        ]
        if full:
            _compare_with_nbval(proofs, folders, Path(name))
        yield from proofs


def _in_turn(tasks: Sequence[tuple[Path, Path, int, bool]], jobs: int) -> None:
    """Do `_prove_into` for each task, some at a time, in forks where there are any."""
    if not can_fork():
        for task in tasks:
            _prove_into(*task)
        return
    gc.freeze()  # so that collecting in a fork does not copy this memory
    context = multiprocessing.get_context("fork")
    running: list[BaseProcess] = []
    for task in tasks:
        if len(running) >= max(jobs, 1):
            running = _wait_for_one(running)
        child = context.Process(target=_prove_into, args=task)
        child.start()
        running.append(child)
    while running:
        running = _wait_for_one(running)


def _wait_for_one(running: list[BaseProcess]) -> list[BaseProcess]:
    """Return those that still run, as soon as one does not."""
    ended = wait([child.sentinel for child in running])
    left = [child for child in running if child.sentinel not in ended]
    for child in running:
        if child not in left:
            child.join()
    return left


def _prove_into(path: Path, folder: Path, seeds: int, full: bool) -> None:
    """Prove one exercise, but for nbval, and write what came of it."""
    folder.mkdir()
    proof = Proof(_title(path))
    exercise = _loaded(path, proof)
    if exercise:
        _Prover(exercise, folder, proof, seeds_of(seeds)).prove(full=full)
    draft = folder / "proof.draft"
    draft.write_text(json.dumps(asdict(proof)), encoding="utf-8")
    draft.replace(folder / "proof.json")
    _say(ended=proof.name)


def _say(**what: object) -> None:
    """Print a line for whoever asked; at once, since a fork would print it again."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _loaded(path: Path, proof: Proof) -> Exercise | None:
    try:
        return load(path)
    except SourceError as error:
        proof.find("source", str(error))
    except ExerciseError as error:
        for line in str(error).splitlines():
            proof.find("source", line)
    return None


def _read(path: Path, folder: Path) -> Proof:
    file = folder / "proof.json"
    if not file.is_file():
        proof = Proof(_title(path))
        proof.find("proof", "its process ended before the proof was done.")
        return proof
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    raw["findings"] = [Finding(**one) for one in raw["findings"]]
    return Proof(**raw)


def _title(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _compare_with_nbval(
    proofs: Sequence[Proof], folders: Sequence[Path], place: Path
) -> None:
    """Judge by nbval, in one run, what papermill executed of all exercises."""
    there = [
        (proof, folder / "judging.ipynb")
        for proof, folder in zip(proofs, folders, strict=True)
        if (folder / "judging.ipynb").is_file()
    ]
    if not there:
        return
    begun = time.perf_counter()
    _say(nbval=len(there))
    agreed: Mapping[str, Mapping[str, bool]] = {}
    paper = place / "judging.ipynb"
    nbformat.write(_joined([file for _, file in there]), paper)
    try:
        agreed = run_nbval([paper], place / "junit.xml")
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        for proof, _ in there:
            proof.find("nbval", str(error))
        return
    for proof, _ in there:
        share = (time.perf_counter() - begun) / len(there)
        proof.seconds["nbval"] = round(share, 2)
        agree(proof, agreed)


def _joined(papers: Sequence[Path]) -> nbformat.NotebookNode:
    """Join judging notebooks; each begins with a cell that makes its own courts."""
    first, *others = [nbformat.read(paper, as_version=4) for paper in papers]
    for number, other in enumerate(others):
        other.cells[0].id += f"-{number}"  # ids are unique in a notebook
        first.cells += other.cells
    joined: nbformat.NotebookNode = first
    return joined


def agree(proof: Proof, agreed: Mapping[str, Mapping[str, bool]]) -> None:
    """Find each item on which nbval did not say what the judge said.

    Parameters
    ----------
    proof : Proof
        What was executed and how the judge marked it; findings are added.
    agreed : mapping
        By case and item, whether nbval's cell passed.
    """
    for case, items in proof.executed.items():
        for item, passed in items.items():
            if agreed.get(case, {}).get(item) != passed:
                told = f"nbval and the judge differ on {item} of {case}."
                proof.find("nbval", told)


class _Prover:
    """The parts of one exercise's proof, in order."""

    def __init__(
        self, exercise: Exercise, folder: Path, proof: Proof, seeds: list[int]
    ) -> None:
        self.exercise = exercise
        self.folder = folder
        self.proof = proof
        self.find = proof.find
        self.seeds = seeds
        self.thorough = len(seeds) > 5
        self.deep = seeds if self.thorough else seeds[:1]
        self.wide = seeds if self.thorough else seeds[:3]
        self.kept: dict[tuple[str, str], list[int]] = {}  # by wrong answer and item
        self.warmth = Warmth(folder / "warm")

    def prove(self, *, full: bool) -> None:
        if can_fork():
            self.warmth.install()
        try:
            self._parts(full=full)
        finally:
            self.warmth.remove()

    def _parts(self, *, full: bool) -> None:
        parts = [self.imports, self.starter, self.checks, self.evidence]
        if full:
            parts.append(self.full_pass)
        for part in parts:
            begun = time.perf_counter()
            part()
            self.proof.seconds[part.__name__] = round(time.perf_counter() - begun, 2)
            if part not in (self.imports, self.evidence):  # this one says it of seeds
                _say(step=self.proof.name)
            if any(finding.proof == "reference" for finding in self.proof.findings):
                return  # nothing else can be told from a reference that fails

    def _branch(self, work: Callable[..., None], *args: Any) -> str:
        """Branch, and begin the next branch with what this one had to load."""
        if not can_fork():
            return branch(work, *args, seconds=_limit())
        ended = branch(self.warmth.leave, work, *args, seconds=_limit())
        self.warmth.take()
        return ended

    def imports(self) -> None:
        """Import once what the cells import, so that each fork has it already."""
        code = "\n".join(cell.source for cell in self.exercise.source.code)
        for name in sorted(gate.imported(code)):
            try:
                importlib.import_module(name)
            except ImportError:
                continue  # the cell that needs it says so in its own words
        gc.freeze()  # so that collecting in a fork does not copy this memory

    # The starter, as a learner opens it -----------------------------------------

    def starter(self) -> None:
        sources = [
            c.source for c in starter(self.exercise).cells if c.cell_type == "code"
        ]
        folder = self.folder / "starter"
        ended = self._branch(run_cells, sources, folder)
        report = read_report(folder)
        if ended or report.ended:
            self.find("starter", f"it did not run to its end: {ended or report.ended}")
            return
        for _, number, words in report.errors:
            first = sources[number].strip().split("\n")[0]
            self.find("starter", f"the cell that begins `{first}` stops: {words}")
        said = "\n".join(report.said.values())
        for question in self.exercise.questions:
            if question.answer and f"{question.name} not answered yet" not in said:
                told = f"no check of {question.name} says 'not answered yet' of it."
                self.find("starter", told)
            if f"{question.name} passed" in said:
                told = f"a check of {question.name} passes without an answer."
                self.find("starter", f"{told} Let it use what the answer makes.")

    # What the visible checks say ------------------------------------------------

    def checks(self) -> None:
        folder = self.folder / "checks"
        tries = [
            _try_of(variant)
            for question in self.exercise.questions
            for variant in question.variants
        ]
        plan = Walk(self.exercise.source.path, folder, "checks", tries=tuple(tries))
        if not self._walk(plan):
            return
        reference = read_report(folder / REFERENCE)
        for question in self.exercise.questions:
            self._no_alarm("reference", "the reference", question.name, reference)
            for variant in question.variants:
                report = read_report(folder / _name_of(variant))
                if variant.wrong:
                    self._told(variant, report)
                else:
                    what = f"the right answer {variant.name} to {question.name}"
                    self._no_alarm("right-answer", what, question.name, report)

    def _walk(self, plan: Walk) -> bool:
        """Go a way and report on the reference; False where that failed."""
        ended = self._branch(walk, plan, self.exercise)
        report = Report(ended=ended) if ended else read_report(plan.folder / REFERENCE)
        if report.ended:
            self.find(
                "reference", f"the exercise did not run to its end: {report.ended}"
            )
            return False
        for role, line, words in report.errors:
            told = f"the {role} cell on line {line} stops: {words}"
            self.find("reference", f"{told} ({plan.mode}, seed {plan.seed})")
        return not report.errors

    def _no_alarm(self, proof: str, what: str, question: str, report: Report) -> None:
        if report.ended:
            self.find(proof, f"{what} did not come to its end: {report.ended}")
            return
        stopped = report.error_in("answer", "check")
        if stopped:
            self.find(proof, f"{what} stops at {stopped}")
        said = report.said.get(question, "")
        for line in (f"{question} not yet", f"{question} not answered yet"):
            if line in said:
                told = said[said.index(line) :].strip()
                self.find(proof, f"the check refuses {what}: {told}")
                return

    def _told(self, variant: Variant, report: Report) -> None:
        what = f"the wrong answer {variant.name} to {variant.question}"
        if report.ended:
            self.find("wrong-answer", f"{what} did not come to its end: {report.ended}")
            return
        stopped = report.error_in("answer")
        if stopped:
            told = f"{what} stops before any check ({stopped}): let it be a mistake"
            self.find("wrong-answer", f"{told} that runs, or says nothing.")
            return
        said = report.said.get(variant.question, "")
        refused = _refusals(said)
        if not refused:
            self.find(
                "wrong-answer",
                f"{what} passes every check: add a check that it fails.",
            )
        elif str(variant.says) not in " ".join(refused.split()) + refused:
            told = (
                f"{what}: the check does not say {variant.says!r}. It says: {refused}"
            )
            self.find("wrong-answer", told)

    # What the judge gives -------------------------------------------------------

    def evidence(self) -> None:
        for seed in self.seeds:
            folder = self.folder / f"seed-{seed}"
            tries = self._tries_with(seed)
            path = self.exercise.source.path
            plan = Walk(path, folder, "evidence", seed, _OTHER_SEED, tuple(tries))
            if not self._walk(plan):
                return
            if not self._judge(plan):
                return
            _say(step=self.proof.name)
        self._tell_kept()
        self._varies()

    def _tries_with(self, seed: int) -> list[Try]:
        if seed in self.deep:
            return self._tries()
        return self._variants() if seed in self.wide else self._again()

    def _again(self) -> list[Try]:
        """Try the reference's answers again, from where the first question begins."""
        first = next(iter(runs.answers(self.exercise)))
        return [Try("again", first, rest=True)]

    def _variants(self) -> list[Try]:
        """Try those, and each wrong and each right answer."""
        rest = self.thorough
        return [
            *self._again(),
            *(
                _try_of(variant, rest=variant.wrong and rest)
                for question in self.exercise.questions
                for variant in question.variants
            ),
        ]

    def _tries(self) -> list[Try]:
        """Try those, and what is empty or made up."""
        tries = self._variants()
        empty = runs.answers(self.exercise, stripped=True)
        first = next(iter(empty))
        tries.append(Try("starter", first, codes=empty, rest=True))
        for question in self.exercise.questions:
            if not question.answer:
                continue
            name = question.name
            others = {
                q: empty[q]
                for q in empty
                if q != name and q not in runs.closure(self.exercise, name)
            }
            tries.append(
                Try(f"alone-{name}", first, codes=others, rest=True, only=name)
            )
            tries += [Try(f"lie-{name}-{lie}", name, lie=lie) for lie in LIES]
        return tries

    def _judge(self, plan: Walk) -> bool:
        """Judge all tries of a walk in one clean process; False if it failed."""
        results = plan.folder / "verdicts.json"
        ended = self._branch(_judge_all, self.exercise, plan, results)
        if ended:
            self.find("reference", f"the judge did not come to its end: {ended}")
            return False
        verdicts: dict[str, list[Verdict]] = {
            name: [Verdict(**one) for one in found]
            for name, found in json.loads(results.read_text(encoding="utf-8")).items()
        }
        self.proof.tried += len(verdicts)
        for item, name, place in read_report(plan.folder / REFERENCE).overheard:
            told = (
                f"an answer could read what {name} returns from `{place}` of {item}: "
                "make all inputs in a function, before the first call, and with "
                "helpers of the evidence cell's own."
            )
            self.find("made-up", told)
        for one in plan.tries:
            report = read_report(plan.folder / one.name)
            given = {v.item: v for v in verdicts[one.name]}
            self._conclude(plan, one, report, given)
        return True

    def _conclude(
        self, plan: Walk, one: Try, report: Report, given: dict[str, Verdict]
    ) -> None:
        kind = one.name.split("-")[0]
        own = [v for v in given.values() if v.item.startswith(f"{one.question}.")]
        if kind == "again":
            what = f"the reference, run again with seed {plan.seed},"
            self._full("reference", what, list(given.values()), report)
        elif kind == "right":
            what = f"the right answer {one.name.split('-', 2)[2]} to {one.question}"
            what += f" with seed {plan.seed}"
            self._full("right-answer", what, own, report)
        elif kind == "wrong":
            self._loses(plan, one, report, given)
            if one.rest:
                what = f"the wrong answer {one.name.split('-', 2)[2]}"
                self._rest_full(one, what, given)
        elif kind == "alone":
            self._alone(str(one.only), report, given)
        elif kind == "starter":
            self._nothing("starter", "an unanswered notebook", list(given.values()))
        elif kind == "lie" and one.lie and not self._same_constant(one):
            what = f"an answer to {one.question} that {LIES[one.lie]}"
            self._nothing("made-up", what, own)

    def _same_constant(self, one: Try) -> bool:
        """Whether an answer only names values that are right with every seed."""
        question = self.exercise.question(one.question)
        if one.lie != "other-seed" or question.answer is None:
            return False
        tree = ast.parse(question.answer.source)
        return all(
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for node in tree.body
        )

    def _full(
        self, proof: str, what: str, own: list[Verdict], report: Report | None = None
    ) -> None:
        if report and report.ended:
            self.find(proof, f"{what} did not come to its end: {report.ended}")
            return
        for verdict in own:
            if not verdict.passed:
                stopped = report.error_in("answer", "evidence") if report else ""
                why = stopped or verdict.why
                self.find(proof, f"{what} loses {verdict.item}: {why}")

    def _loses(
        self, plan: Walk, one: Try, report: Report, given: dict[str, Verdict]
    ) -> None:
        name = one.name.split("-", 2)[2]
        variants = self.exercise.question(one.question).variants
        variant = next(v for v in variants if v.name == name and v.wrong)
        if report.ended:
            told = f"{name} did not come to its end: {report.ended}"
            self.find("wrong-answer", told)
        elif given[str(variant.caught_by)].passed and plan.seed is not None:
            at = (name, str(variant.caught_by))
            self.kept.setdefault(at, []).append(plan.seed)

    def _tell_kept(self) -> None:
        """Name the wrong answers that kept what they should lose, and with which seeds.

        Some seeds are enough: the one with which a class is marked may be like them.
        """
        for (name, item), kept in self.kept.items():
            listed = ", ".join(map(str, kept[:5])) + ", ..." * (len(kept) > 5)
            self.find(
                "wrong-answer",
                f"{name} keeps the points of {item} with {len(kept)} of "
                f"{len(self.wide)} seeds ({listed}): make its evidence or its judge "
                "show the mistake, whatever the seed.",
            )

    def _alone(self, name: str, report: Report, given: dict[str, Verdict]) -> None:
        """Check that a question loses nothing when the others are not answered."""
        for verdict in given.values():
            if verdict.item.startswith(f"{name}.") and not verdict.passed:
                why = report.error_in("evidence") or verdict.why
                self.find(
                    "independence",
                    f"{verdict.item} is lost where the other questions are empty "
                    f"({why}): give {name} data from a given cell, or name the "
                    "question that it calls in `needs` on its answer.",
                )

    def _rest_full(self, one: Try, what: str, given: dict[str, Verdict]) -> None:
        """No question after it may lose points, unless its `needs` names this one."""
        names = [question.name for question in self.exercise.questions]
        for later in names[names.index(one.question) + 1 :]:
            if one.question in runs.closure(self.exercise, later):
                continue
            for verdict in given.values():
                if verdict.item.startswith(f"{later}.") and not verdict.passed:
                    self.find(
                        "independence",
                        f"{what} costs {verdict.item}: give {later} data from a given "
                        f"cell, or write `needs: [{one.question}]` on its answer.",
                    )

    def _nothing(self, proof: str, what: str, own: list[Verdict]) -> None:
        for verdict in own:
            if verdict.earned:
                self.find(
                    proof,
                    f"{what} earns {verdict.item}: let its evidence vary with the seed "
                    "and show more of what the answer does.",
                )

    def _varies(self) -> None:
        """Find items whose evidence is the same with every seed."""
        folders = [self.folder / f"seed-{seed}" / REFERENCE for seed in self.seeds]
        if len(folders) < 2:
            return
        same = self.folder / "same.json"
        ended = self._branch(_write_same, self.exercise, folders, same)
        if ended:
            self.find("reference", f"its evidence could not be compared: {ended}")
            return
        for item, problem in json.loads(same.read_text(encoding="utf-8")):
            self.find("evidence", f"{item}: {problem}")

    # The whole way, once --------------------------------------------------------

    def full_pass(self) -> None:
        """Papermill must say what the forks said; what nbval says is asked later."""
        seed = self.seeds[0]
        folder = self.folder / "full"
        expected = self.folder / f"seed-{seed}" / REFERENCE
        cases = []
        for name, stripped in (("reference", False), ("starter", True)):
            given = runs.answers(self.exercise, stripped=stripped)
            places = runs.execute(self.exercise, given, seed, folder / name)
            case = f"{self.exercise.name.replace('/', '-')}-{name}"
            results = self._judged(places, expected, seed, folder / name)
            self.proof.executed[case] = results
            cases.append(Case(case, places, expected, seed))
            for item, passed in results.items():
                if passed == stripped:
                    verb = "earns" if passed else "loses"
                    told = f"executed by papermill the {name} {verb} {item}."
                    self.find("papermill", told)
        paper = self.folder / "judging.ipynb"
        nbformat.write(judging_notebook(self.exercise, cases), paper)

    def _judged(
        self, places: dict[str, Path], expected: Path, seed: int, folder: Path
    ) -> dict[str, bool]:
        file = folder / "verdicts.json"

        court = Court(places, expected, seed)
        ended = self._branch(_judge_one, self.exercise, court, file)
        if ended:
            self.find("papermill", f"its evidence could not be judged: {ended}")
            return {}
        found: dict[str, bool] = json.loads(file.read_text(encoding="utf-8"))
        return found


def _limit() -> float:
    """Seconds for one walk; without fork each try on the way walks it again."""
    return _WALK_SECONDS * (1 if can_fork() else 10)


def _judge_all(exercise: Exercise, plan: Walk, results: Path) -> None:
    """Write the verdicts on all tries of a walk."""
    seed = plan.seed if plan.seed is not None else 0
    found = {}
    for one in plan.tries:
        court = Court(plan.folder / one.name, plan.folder / REFERENCE, seed)
        found[one.name] = [asdict(verdict) for verdict in judge(exercise.items, court)]
    results.write_text(json.dumps(found), encoding="utf-8")


def _judge_one(exercise: Exercise, court: Court, file: Path) -> None:
    """Write which items of one submission passed."""
    found = {verdict.item: verdict.passed for verdict in judge(exercise.items, court)}
    file.write_text(json.dumps(found), encoding="utf-8")


def _write_same(exercise: Exercise, folders: list[Path], file: Path) -> None:
    """Write which items do not vary, and which hold a value that cannot be carried."""
    from coursekit import compare
    from coursekit.exercises import evidence

    found = []
    for item in exercise.items:
        values = [
            evidence.read(folder, item.question).items.get(item.name)
            for folder in folders
        ]
        if any(_unfit(value) for value in values):
            told = "the reference gives a value that evidence cannot carry: "
            found.append((item.id, told + ", ".join(sorted(set(_unfit(values[0]))))))
        elif all(compare.equal(value, values[0]) is None for value in values[1:]):
            told = "it is the same with every seed: make its inputs with `seed`."
            found.append((item.id, told))
    file.write_text(json.dumps(found), encoding="utf-8")


def _unfit(value: object) -> list[str]:
    from coursekit.exercises.evidence import Unfit

    if isinstance(value, Unfit):
        return [value.why]
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return [why for one in inner for why in _unfit(one)]


def _try_of(variant: Variant, *, rest: bool = False) -> Try:
    codes = {variant.question: variant.cell.source}
    return Try(_name_of(variant), variant.question, codes=codes, rest=rest)


def _name_of(variant: Variant) -> str:
    kind = "wrong" if variant.wrong else "right"
    return f"{kind}-{variant.question}-{variant.name}"


def _refusals(said: str) -> str:
    """Keep the lines of checks that did not pass."""
    kept: list[str] = []
    refused = False
    for line in said.splitlines():
        if not line.startswith(" "):
            refused = " not yet: " in line or " not answered yet: " in line
        if refused:
            kept.append(line)
    return "\n".join(kept)


def main(arguments: list[str]) -> int:
    """Prove the exercises that are named; print how far that is, and each proof."""
    seeds, full, jobs, *names = arguments
    paths = [Path(name) for name in names]
    _say(steps=steps_of(int(seeds), full=full == "full"))
    found = prove_all(paths, seeds=int(seeds), full=full == "full", jobs=int(jobs))
    for proof in found:
        _say(proof=asdict(proof))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "agg")
    sys.exit(main(sys.argv[1:]))
