"""Commands say in a sentence what is wrong, and in their status what came of it."""

import errno
from pathlib import Path

import pytest

from coursekit.exercises import runs
from coursekit.grading import commands, reports, stages
from coursekit.grading.execute import SandboxError, UnisolatedError
from coursekit.grading.judging import JudgingError

from .classroom import FakeExecutor, hand_in, judge_quickly, variant


@pytest.fixture
def grade(good, tmp_path, monkeypatch, capsys):
    """Grade two learners; gives the status and what was said."""
    judge_quickly(monkeypatch)
    monkeypatch.setattr(stages, "_executor", lambda ex, _trust: FakeExecutor(ex, []))
    folder = hand_in(
        tmp_path / "submissions",
        good,
        ada={},
        bob={"q1": variant(good, "q1", "whole-table")},
    )

    def run(exercise=str(good.source.path), out=tmp_path / "out", **options):
        status = commands.grade(folder, exercise, out, **options)
        return status, capsys.readouterr().out

    return run


def test_a_batch_that_is_graded_gives_0_and_says_where_the_reports_are(grade, tmp_path):
    status, said = grade()
    assert status == 0
    assert "2 graded, 0 of them before" in said
    assert str(tmp_path / "out" / "index.html") in said
    assert (tmp_path / "out" / "index.html").is_file()
    assert "2 graded, 2 of them before" in grade()[1]


def test_reports_in_this_folder_are_named_as_they_are_called_here(
    grade, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for out in (Path("out"), tmp_path / "out"):
        assert (
            f"Reports: {Path('out') / 'index.html'}" in grade(out=out)[1].splitlines()
        )


def test_a_submission_that_cannot_be_read_gives_1(grade, tmp_path):
    (tmp_path / "submissions" / "eve.ipynb").write_text("{")
    status, said = grade()
    assert status == commands.UNREADABLE
    assert "1 unreadable" in said
    assert "eve.ipynb: " in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"exercise": "no/such"}, "There is no exercise no/such"),
        ({"workers": 0}, "Found 0 workers"),
        ({"policy": "bad.toml"}, "bad.toml"),
        ({"policy": "none.toml"}, "none.toml"),
        ({"roster": "none.csv"}, "none.csv"),
        ({"roster": "bad.csv"}, "expected the columns key, name and id; found who"),
        ({"manual": "none.csv"}, "none.csv"),
    ],
)
def test_what_cannot_be_done_gives_2_and_a_sentence(grade, tmp_path, options, words):
    (tmp_path / "bad.toml").write_text("colour = 3")
    (tmp_path / "bad.csv").write_text("who\nada\n")
    files = {"policy", "roster", "manual"}
    status, said = grade(
        **{k: tmp_path / v if k in files else v for k, v in options.items()}
    )
    assert status == commands.USAGE
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnisolatedError("There is no sandbox here"), commands.USAGE),
        (SandboxError("the sandbox did not start"), commands.FAILED),
        (JudgingError("The judge did not begin"), commands.FAILED),
        (OSError(errno.ENOSPC, "No space left on device"), commands.FAILED),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), commands.FAILED),
        (KeyboardInterrupt(), commands.INTERRUPTED),
    ],
)
def test_what_fails_gives_its_status_and_a_sentence(grade, monkeypatch, error, status):
    def fails(*_args, **_options):
        raise error

    refused = isinstance(error, UnisolatedError)
    monkeypatch.setattr(stages, "_executor" if refused else "judge_batch", fails)
    found, said = grade()
    assert found == status
    assert said.strip().endswith(".") or str(error) in said
    assert "Traceback" not in said


def test_a_sandbox_that_fails_on_one_gives_3_and_names_it(grade, monkeypatch, good):
    bob = runs.answers(good) | {"q1": variant(good, "q1", "whole-table")}

    def fails(pieces):  # of the known mistakes, none has this one alone
        if {piece.question: piece.source for piece in pieces} == bob:
            raise SandboxError("no reason was given")

    def make(exercise, _trust):
        return FakeExecutor(exercise, [], fails)

    monkeypatch.setattr(stages, "_executor", make)
    status, said = grade()
    assert status == commands.FAILED
    assert "The grader failed on bob.ipynb: SandboxError: no reason was given" in said
    assert "1 graded" in said


def test_grading_again_keeps_seed_roster_and_policy(grade, tmp_path, capsys):
    (tmp_path / "policy.toml").write_text("[points]\ntotal = 60\n")
    (tmp_path / "roster.csv").write_text("key,name,id\nada,Ada,1\nfay,Fay,2\n")
    grade(policy=tmp_path / "policy.toml", roster=tmp_path / "roster.csv")
    first = reports.read(tmp_path / "out" / "results.json")
    assert commands.regrade(tmp_path / "out") == 0
    assert "2 graded, 2 of them before, 1 missing" in capsys.readouterr().out
    again = reports.read(tmp_path / "out" / "results.json")
    assert [r.final for r in again.results] == [r.final for r in first.results]
    assert again.results[0].final == 45  # 6 of 8 points; 2 are a person's to give
    assert again.seed == first.seed
    assert again.policy == first.policy


def test_reports_are_written_again_without_executing(grade, tmp_path, monkeypatch):
    grade()
    first = reports.read(tmp_path / "out" / "results.json")
    monkeypatch.setattr(stages, "_executor", None)
    (tmp_path / "policy.toml").write_text("[points]\ntotal = 60\n")
    (tmp_path / "marks.csv").write_text("learner,question,points,comment\nada,q4,2,\n")
    (tmp_path / "out" / "index.html").unlink()
    status = commands.report(
        tmp_path / "out", policy=tmp_path / "policy.toml", manual=tmp_path / "marks.csv"
    )
    assert status == 0
    again = reports.read(tmp_path / "out" / "results.json")
    assert (tmp_path / "out" / "index.html").is_file()
    assert again.results[0].final == 60
    assert again.results[0].earned == first.results[0].earned + 2
    assert commands.report(tmp_path / "out") == 0
    kept = reports.read(tmp_path / "out" / "results.json")
    assert kept.policy == again.policy


@pytest.mark.parametrize("command", [commands.regrade, commands.report])
def test_a_folder_without_a_grading_gives_2(command, tmp_path, capsys):
    assert command(tmp_path) == commands.USAGE
    assert "There is no grading in" in capsys.readouterr().out


def test_results_that_are_none_give_2(grade, tmp_path, capsys):
    grade()
    (tmp_path / "out" / "results.json").write_text("{}")
    assert commands.report(tmp_path / "out") == commands.USAGE
    assert "does not hold the results of a batch" in capsys.readouterr().out
