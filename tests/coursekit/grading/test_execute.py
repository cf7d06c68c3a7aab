"""A submission through papermill and the sandbox: evidence, errors, isolation."""

import os
import subprocess
import sys

import pytest

from coursekit.exercises.court import Court
from coursekit.exercises.judge import judge
from coursekit.exercises.runs import answers
from coursekit.grading import execute
from coursekit.grading.execute import Executor, UnisolatedError, reference
from coursekit.grading.model import Piece
from coursekit.grading.tasks import pack, unpack

pytestmark = pytest.mark.sandbox
SEED = 4_242


def pieces_of(exercise, **changed):
    codes = answers(exercise) | changed
    return [Piece("answer", code, question=name) for name, code in codes.items()]


def write(execution, folder):
    for question, files in execution.evidence.items():
        place = folder / question
        place.mkdir(parents=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def expected(executor, good, tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    return write(reference(executor, good, SEED), folder)


def marks(good, executor, expected, pieces, folder):
    found = write(executor.run(pieces, SEED), folder / "found")
    found.mkdir(exist_ok=True)
    return {v.item: v.earned for v in judge(good.items, Court(found, expected, SEED))}


def test_the_solution_earns_everything(good, executor, expected, tmp_path):
    found = marks(good, executor, expected, pieces_of(good), tmp_path)
    assert found == {item.id: item.points for item in good.items}


def test_a_notebook_without_answers_earns_nothing(good, executor, expected, tmp_path):
    assert set(marks(good, executor, expected, [], tmp_path).values()) == {0}


def test_a_wrong_first_answer_costs_its_own_points_alone(
    good, executor, expected, tmp_path
):
    pieces = pieces_of(good, q1="def standardise(X):\n    return X")
    found = marks(good, executor, expected, pieces, tmp_path)
    lost = {item.question for item in good.items if not found[item.id]}
    assert lost == {"q1"}


def test_names_that_a_learner_uses_too_cost_nothing(good, executor, expected, tmp_path):
    own = Piece("added", "seed = 1\nevidence = 0.25\nevidence", after="q1-answer")
    found = marks(good, executor, expected, [*pieces_of(good), own], tmp_path)
    assert found == {item.id: item.points for item in good.items}


def test_errors_are_told_by_cell_and_class_and_never_by_message(good, executor):
    code = "def standardise(X):\n    raise ValueError(f'hidden {X}')"
    done = executor.run(pieces_of(good, q1=code), SEED)
    told = {(one.question, one.kind, one.error) for one in done.errors}
    assert ("q1", "evidence", "ValueError") in told
    assert "hidden" not in str(done.errors)


def test_thousands_of_errors_are_a_result_that_can_be_carried(good, executor):
    wrong = [Piece("added", "1 / 0", after="parameters")] * 1_900
    done = executor.run([*pieces_of(good), *wrong], SEED)
    assert 0 < len(done.errors) <= 1_000
    assert unpack(pack(done)).errors == done.errors


def test_an_error_class_of_a_learners_own_is_not_named(good, executor):
    code = "class Secret123(Exception): pass\nraise Secret123"
    done = executor.run(pieces_of(good, q1=code), SEED)
    assert ("q1", "answer", "an error of its own") in {
        (one.question, one.kind, one.error) for one in done.errors
    }


def test_the_same_submission_gives_the_same_evidence_twice(good, executor):
    first = executor.run(pieces_of(good), SEED)
    second = executor.run(pieces_of(good), SEED)
    assert first.evidence == second.evidence
    assert first.evidence != executor.run(pieces_of(good), SEED + 1).evidence


def test_the_solution_that_stands_in_cannot_be_carried_into_another_run(good, executor):
    """What q2's run shows of q1's solution never becomes evidence of q1."""
    steal = (
        "import inspect\n"
        "def standardise(X):\n    return X\n"
        "evidence('q1.values', value=1)\n"
    )
    done = executor.run(pieces_of(good, q2=steal), SEED)
    assert set(done.evidence) <= {"q1", "q2", "q3"}
    honest = executor.run(pieces_of(good), SEED)
    assert done.evidence["q3"] == honest.evidence["q3"]


def test_the_level_of_isolation_is_told(executor, good):
    assert executor.level == "bubblewrap"
    assert executor.run([], SEED).level == "bubblewrap"


def test_a_system_that_cannot_fork_is_told_so_trust_or_no_trust(good, monkeypatch):
    monkeypatch.delattr(execute.os, "fork")
    with pytest.raises(UnisolatedError, match="use WSL 2"):
        Executor(good, trust=True)


def test_the_commands_are_there_where_the_system_has_no_limits_module():
    """As on Windows, where a sentence has to say what cannot be done."""
    code = "import sys; sys.modules['resource'] = None\n"
    code += "from coursekit.grading import commands"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_bubblewrap_strangers_are_not_graded(good, monkeypatch):
    monkeypatch.setattr(execute.bubblewrap, "found", lambda: False)
    with pytest.raises(UnisolatedError, match="bubblewrap is not installed"):
        Executor(good)


def test_where_the_system_forbids_a_sandbox_its_words_are_passed_on(
    good, tmp_path, monkeypatch
):
    broken = tmp_path / "bwrap"
    words = "bwrap: setting up uid map: Permission denied"
    broken.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="ascii")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UnisolatedError, match="uid map: Permission denied"):
        Executor(good)


def test_trusted_submissions_are_graded_without_a_sandbox_and_it_is_said(
    good, expected, monkeypatch, tmp_path
):
    monkeypatch.setattr(execute.bubblewrap, "found", lambda: False)
    with Executor(good, trust=True) as plain:
        assert plain.level == "none"
        found = marks(good, plain, expected, pieces_of(good), tmp_path)
    assert found == {item.id: item.points for item in good.items}


def test_a_sandbox_is_never_left_out_without_trust(good):
    with Executor(good, isolate=False) as one:
        assert one.level == "bubblewrap"
