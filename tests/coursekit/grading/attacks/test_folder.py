"""A whole folder of hostile and broken work, graded at once as an instructor would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coursekit.exercises.model import Exercise
from coursekit.grading.batch import Order, run
from coursekit.grading.execute import Executor
from coursekit.grading.model import Batch, Execution, Result

from .base import Attack, Scene
from .catalogue import ATTACKS, NO_SENTENCE
from .conftest import FOLDER, SEED, SMALL
from .world import SECRET, World, children, settled

# Without --audit: a part of the hostile ones, and all that only the intake meets.
PART = 9
HONEST = "honest"


@pytest.fixture(scope="module")
def attacks(audit: bool) -> list[Attack]:
    running = [one for one in ATTACKS if one.kind != "breaking"]
    broken = [one for one in ATTACKS if one.kind == "breaking"]
    return [*(running if audit else running[::PART]), *broken]


def test_a_folder_of_attacks_is_graded_to_its_end_and_each_for_itself(
    attacks: list[Attack],
    scene: Scene,
    exercise: Exercise,
    expected: Execution,
    world: World,
    tmp_path: Path,
):
    folder, out = tmp_path / "submissions", tmp_path / "out"
    upload(attacks, folder, scene)
    before, running = world.state(), children()

    outcome = run(
        Order(folder, SMALL, out, seed=SEED, workers=2),
        make_executor=lambda exercise, trust: Executor(
            exercise, trust=trust, limits=FOLDER
        ),
    )

    assert outcome.failures == ()
    batch = outcome.batch
    assert (batch.complete, batch.level) == (True, "bubblewrap")
    results = {one.learner.key: one for one in batch.results if not one.superseded}
    for attack in attacks:
        marks_are_true(attack, results[key_of(attack)], exercise)
    assert results[HONEST].earned == exercise.points
    plain_words(batch)
    pages_keep_secrets(out, world)
    assert settled(running) == set()
    assert (world.processes(), world.traces(), world.callers) == ([], [], [])
    assert world.state() == before


def key_of(attack: Attack) -> str:
    return f"{attack.kind}-{attack.name}"


def upload(attacks: list[Attack], folder: Path, scene: Scene) -> None:
    """Give each attack the folder of a learner, and put honest work among them."""
    for attack in attacks:
        place = folder / key_of(attack)
        place.mkdir(parents=True)
        attack.put(place, scene)
    (folder / HONEST).mkdir()
    (folder / HONEST / "work.ipynb").write_bytes(scene.honest().bytes())


def marks_are_true(attack: Attack, result: Result, exercise: Exercise) -> None:
    """Judge and JUnit agree, and both give what was earned and no more."""
    assert all(mark.agreed for mark in result.items), result
    if attack.problem:
        assert (result.state, result.earned) == ("unreadable", 0.0)
        assert result.problem
        return
    assert result.problem == ""
    assert [mark.item for mark in result.items] == [one.id for one in exercise.items]
    for mark in result.items:
        honest = mark.question in attack.earns
        if not (honest and attack.spoils):
            assert mark.earned == (mark.points if honest else 0), (attack.name, mark)


def plain_words(batch: Batch) -> None:
    for result in batch.results:
        feedback = [mark.feedback for mark in result.items]
        told = [result.problem, *result.notes, *result.flags, *result.limits, *feedback]
        for sentence in told:
            assert not NO_SENTENCE.search(sentence), sentence


def pages_keep_secrets(out: Path, world: World) -> None:
    """No page shows a secret or the seed, or runs what a learner wrote."""
    pages = list((out / "learners").glob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert str(SEED) not in text
        assert f"{world.token}_" not in text
        assert not re.search(r"<script>(alert|document)", text)
    for path in out.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
