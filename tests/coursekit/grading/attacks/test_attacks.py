"""Nothing hostile or broken earns what it did not, does harm, or costs anybody else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coursekit.exercises.model import Exercise
from coursekit.grading import intake
from coursekit.grading.execute import Executor

from .base import BREACH, Attack, Scene
from .catalogue import ATTACKS, NO_SENTENCE
from .cheating import ACCOMPLICES
from .grading import Bench, Outcome
from .harming import BESIDE
from .world import SECRET, World, children, settled

LONGEST = 150.0  # seconds for all runs of one; what hangs takes longer


def named(attacks: list[Attack]) -> list[object]:
    return [pytest.param(one, id=f"{one.kind}-{one.name}") for one in attacks]


def test_attacks_are_many_and_each_has_a_name():
    names = Counter((one.kind, one.name) for one in ATTACKS)
    assert [name for name, times in names.items() if times > 1] == []
    assert len(ATTACKS) >= 75


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_attack_gets_what_it_earned_and_nothing_else(
    attack: Attack, scene: Scene, bench: Bench, world: World, tmp_path: Path
):
    folder = tmp_path / "submissions"
    folder.mkdir()
    attack.put(folder, scene)
    before, running = world.state(), children()

    scratch = tmp_path / "scratch"
    begun = time.monotonic()
    outcomes = bench.grade(folder, scratch, impatient=attack.impatient)
    assert time.monotonic() - begun < LONGEST

    assert outcomes, "the submission is not even listed"
    for outcome in outcomes:
        nothing_came_out(outcome)
        said_in_plain_words(outcome)
    if attack.problem:
        assert all(one.submission.problem for one in outcomes)
        assert all(sum(one.earned.values()) == 0 for one in outcomes)
    else:
        (outcome,) = outcomes
        assert outcome.submission.problem == ""
        earned_exactly(attack, outcome, bench)
        ended_as_foreseen(attack, outcome)
    nothing_changed(world, before, running)
    if attack.kind == "harming" or attack.spoils:
        # The next learner finds everything as it was. (Honest parts say so elsewhere.)
        honest = bench.run_honestly(impatient=attack.impatient)
        assert honest.evidence == bench.expected.evidence


@pytest.mark.parametrize("name", ACCOMPLICES)
def test_a_submission_finds_nothing_of_the_one_before(
    name: str, scene: Scene, bench: Bench, world: World
):
    first, second = map(scene.fill, ACCOMPLICES[name])
    before, running = world.state(), children()
    tell = f'def breach(what):\n    evidence("q1.{BREACH}", value=str(what))\n'
    for code in (first, second):
        found = bench.run_code(tell + code).evidence.get("q1", {})
        assert b'"breach"' not in found.get("manifest.json", b""), found
    nothing_changed(world, before, running)
    assert bench.run_honestly().evidence == bench.expected.evidence


@pytest.mark.parametrize("name", BESIDE)
def test_who_is_graded_beside_an_attack_keeps_every_mark(
    name: str, scene: Scene, bench: Bench, world: World
):
    before, running = world.state(), children()
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(bench.run_code, scene.fill(BESIDE[name]))
        found = []
        while not other.done():
            found.append(bench.run_honestly(impatient=True))
    assert len(found) > 1
    for honest in found:
        assert (honest.errors, honest.limits) == ((), ())
        assert honest.evidence == bench.expected.evidence
    nothing_changed(world, before, running)


@pytest.fixture(scope="module")
def bare(exercise: Exercise, world: World) -> Iterator[Executor]:
    """No sandbox at all: for attacks that only look."""
    with Executor(exercise, trust=True, isolate=False) as executor:
        yield executor


@pytest.mark.parametrize(
    "name",
    [
        "other-submissions",
        "expected-values",
        "the-checkout",
        "home",
        "host-by-loopback",
    ],
)
def test_without_a_sandbox_the_same_attack_is_seen_to_succeed(
    name: str,
    scene: Scene,
    bench: Bench,
    bare: Executor,
    world: World,
    tmp_path: Path,
):
    """So a sandbox that let it through would be noticed. (These do no harm.)"""
    attack = next(one for one in ATTACKS if one.name == name)
    attack.put(tmp_path, scene)
    (found,) = intake.read_folder(tmp_path, bench.exercise)
    outcome = Outcome(found, bare.run(found.pieces, bench.seed))
    world.callers.clear()
    with pytest.raises(AssertionError):
        nothing_came_out(outcome)


def nothing_came_out(outcome: Outcome) -> None:
    """Neither a secret of the host nor the sign of an attack that worked."""
    for files in outcome.execution.evidence.values():
        for content in files.values():
            assert SECRET.encode() not in content
    manifest = outcome.execution.evidence.get("q1", {}).get("manifest.json", b"")
    assert f'"{BREACH}"'.encode() not in manifest, manifest[-2_000:]


def said_in_plain_words(outcome: Outcome) -> None:
    for sentence in outcome.sentences:
        assert not NO_SENTENCE.search(sentence), sentence
        assert len(sentence) < 400
        assert sentence.isprintable()


def earned_exactly(attack: Attack, outcome: Outcome, bench: Bench) -> None:
    """All points of what is honest (or, where it spoils them, some), no others."""
    for item in bench.exercise.items:
        earned = outcome.earned[item.id]
        if item.question not in attack.earns:
            assert earned == 0, f"{item.id} was earned for nothing"
        elif not attack.spoils:
            assert earned == item.points, f"{item.id} was lost: {outcome.execution}"


def ended_as_foreseen(attack: Attack, outcome: Outcome) -> None:
    """It did what it says: it ran to its end, or was stopped as it should be."""
    told = outcome.execution
    errors = outcome.own_errors() - {"NotImplementedError"}
    if told.limits:
        errors -= {"WorkerEnded"}
    assert errors <= attack.stops, told
    assert all(attack.limits and attack.limits in one for one in told.limits), told
    if (attack.limits or attack.stops) and not attack.spoils:
        assert errors or told.limits, told
    if attack.says:
        assert any(attack.says in one for one in outcome.sentences), outcome


def nothing_changed(world: World, before: dict[str, str], running: set[int]) -> None:
    assert settled(running) == set(), "processes are left"
    assert world.processes() == []
    assert world.state() == before
    assert world.traces() == []
    assert world.callers == []
