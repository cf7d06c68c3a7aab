"""A proof in a process of its own is followed, and its end is told, whatever it is."""

import os
import sys
import textwrap

import pytest

from coursekit.exercises import commands, proving
from coursekit.exercises.proofs import steps_of


@pytest.fixture
def told():
    return []


def follow(lines, told, exercises=1):
    followed = proving._Followed(exercises, lambda *what: told.append(what))
    followed.read(lines)
    return followed.proofs


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Put a script in the place of the proofs."""

    def put(code):
        script = tmp_path / "worker.py"
        script.write_text(textwrap.dedent(code), encoding="utf-8")
        begin = proving.subprocess.Popen
        monkeypatch.setattr(
            proving.subprocess,
            "Popen",
            lambda _, **how: begin([sys.executable, str(script)], **how),
        )

    return put


def prove(tmp_path):
    (proof,) = proving.in_a_process([tmp_path / "a.md"], (5, "full", 1), tmp_path)
    return proof["findings"]


def test_every_step_of_a_real_proof_is_told_once_and_nbval_last(changed, told):
    path = changed()
    proof = commands.prove_one(
        path,
        root=path.parents[2],
        seeds=2,
        force=True,
        on_progress=lambda *what: told.append(what),
    )
    assert proof["findings"] == []
    steps = steps_of(2, full=True)
    assert told == [
        *(("proving", done, steps) for done in range(steps + 1)),
        ("judging by nbval", 0, 0),
    ]


def test_steps_of_several_exercises_are_counted_together(told):
    lines = ['{"steps": 2}', '{"step": "a/a"}', '{"step": "b/b"}', '{"ended": "b/b"}']
    assert follow(lines, told, exercises=2) == []
    assert [done for _, done, _ in told] == [0, 1, 2, 3]
    assert {total for *_, total in told} == {4}


def test_an_exercise_that_ends_early_has_no_steps_left(told):
    follow(['{"steps": 9}', '{"step": "a/a"}', '{"ended": "a/a"}'], told)
    assert told[-1] == ("proving", 9, 9)


def test_what_is_no_word_of_the_proofs_is_passed_over(told):
    lines = ["a library says hello", "3", '{"proof": {"name": "a/a"}}', "[]"]
    assert follow(lines, told) == [{"name": "a/a"}]
    assert told == []


def test_a_process_that_stops_is_a_finding_with_its_last_words(worker, tmp_path):
    worker("raise SystemExit('out of luck')")
    (finding,) = prove(tmp_path)
    assert finding["what"] == "the proof itself stopped: out of luck\n"


def test_a_process_without_end_is_ended_and_that_is_a_finding(
    worker, tmp_path, monkeypatch
):
    worker(
        """
        import os, time
        open("pid", "w").write(str(os.getpid()))
        time.sleep(600)
        """
    )
    monkeypatch.setattr(proving, "_SECONDS", 5.0)
    (finding,) = prove(tmp_path)
    assert finding["what"] == "the proofs took longer than 5 seconds"
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
