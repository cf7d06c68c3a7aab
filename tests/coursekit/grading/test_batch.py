"""A batch is graded once, goes on where it was cut off, and never loses a mark."""

import json
import os
import signal
import stat
import threading
from datetime import UTC, datetime

import pytest

from coursekit.exercises import runs
from coursekit.grading import stages
from coursekit.grading.batch import Order, UsageError, run
from coursekit.grading.execute import SandboxError
from coursekit.grading.judging import JudgingError
from coursekit.grading.model import Learner
from coursekit.grading.policy import Late, Points, Policy
from coursekit.grading.store import StoreError

from . import classroom
from .classroom import FakeExecutor, hand_in, variant

SEED = 4_711


@pytest.fixture
def fast(monkeypatch):
    """Judged in this process."""
    classroom.judge_quickly(monkeypatch)


class Class:
    """Folders, an exercise, and what was executed."""

    def __init__(self, exercise, folder):
        self.exercise = exercise
        self.submissions = folder / "submissions"
        self.out = folder / "out"
        self.log = []
        self.before = lambda pieces: None
        self.on_stop = lambda: None
        self.folder = folder
        self.kept = threading.Event()  # whether one of a grading is done and kept

    def hand_in(self, **learners):
        hand_in(self.submissions, self.exercise, **learners)

    def make_executor(self, exercise, trust):
        return FakeExecutor(exercise, self.log, self._begin)

    def _begin(self, pieces):
        if "own" not in self.log:
            self.before(pieces)

    def tell(self, stage, done, _total):
        if stage == "executing the solution":
            self.log.append("own")  # what follows is no submission
        elif stage == "executing" and done:
            self.kept.set()

    def grade(self, **options):
        order = Order(
            self.submissions,
            options.pop("exercise", self.exercise.source.path),
            self.out,
            **({"workers": 1, "seed": SEED} | options),
        )
        self.kept.clear()
        options = {"on_progress": self.tell, "on_stop": self.on_stop}
        return run(order, make_executor=self.make_executor, **options)

    @property
    def executed(self):
        """How many submissions were executed since this was last asked."""
        own = self.log.index("own") if "own" in self.log else len(self.log)
        number = self.log[:own].count("run")
        self.log.clear()
        return number

    def earned(self, outcome):
        return {r.learner.key: r.earned for r in outcome.batch.results}


@pytest.fixture
def school(good, tmp_path, fast):
    made = Class(good, tmp_path)
    made.hand_in(
        ada={},
        bob={"q1": variant(good, "q1", "whole-table")},
        cyd=dict.fromkeys(runs.answers(good)),
        dan={},  # the same code as ada's
    )
    return made


def results_of(outcome):
    """The results less what differs from run to run."""
    volatile = {"usage", "cached"}
    return [r.model_dump(mode="json", exclude=volatile) for r in outcome.batch.results]


def test_each_gets_what_the_code_earns_and_the_same_code_runs_once(school):
    outcome = school.grade()
    assert outcome.batch.complete
    assert school.earned(outcome) == {"ada": 6, "bob": 3, "cyd": 0, "dan": 6}
    assert school.executed == 3
    bob = outcome.batch.results[1]
    lost = [item for item in bob.items if not item.earned]
    assert {item.item for item in lost} == {"q1.values", "q1.edges"}
    assert lost[0].misconception == "whole-table"
    assert "mean of the whole table" in lost[0].feedback
    cyd = outcome.batch.results[2]
    assert cyd.items[0].feedback.startswith("q1 is not answered")
    assert [m.question for m in cyd.manual] == ["q4"]


def test_what_was_graded_is_not_executed_again(school):
    first = school.grade()
    school.log.clear()
    again = school.grade(seed=None)
    assert school.log == []  # not even started
    assert results_of(again) == results_of(first)
    assert not any(r.cached for r in first.batch.results)
    assert all(r.cached for r in again.batch.results)


def test_another_policy_gives_other_marks_and_executes_nothing(school):
    school.grade()
    school.log.clear()
    outcome = school.grade(policy=Policy(points=Points(total=60.0)))
    assert school.log == []
    assert {r.learner.key: r.final for r in outcome.batch.results}["bob"] < 30
    assert outcome.batch.policy


@pytest.mark.parametrize("change", ["code", "seed", "exercise"])
def test_what_has_changed_is_executed_again_and_nothing_else(school, change):
    school.grade()
    assert school.executed == 3
    options = {}
    if change == "code":
        school.hand_in(bob={"q3": "widest = 1.0"})
        left = 1
    elif change == "seed":
        options = {"seed": SEED + 1}
        left = 3
    else:
        path = school.folder / "solutions" / "exercises" / "good.md"
        path.parent.mkdir(parents=True)
        text = school.exercise.source.text
        path.write_text(text.replace("rtol=1e-6", "rtol=1e-7"), encoding="utf-8")
        options = {"exercise": path}
        left = 3
    outcome = school.grade(**options)
    assert school.executed == left
    assert outcome.batch.results[0].earned == 6


def test_the_seed_is_drawn_once_and_is_the_instructors_alone(school):
    first = school.grade(seed=None)
    record = school.out / "batch.json"
    assert json.loads(record.read_text())["seed"] == first.batch.seed
    assert 0 <= first.batch.seed < 2**31
    if os.name != "nt":
        assert stat.S_IMODE(record.stat().st_mode) == 0o600
        assert stat.S_IMODE(school.out.stat().st_mode) == 0o700
    school.hand_in(eve={"q3": "widest = 2.0"})
    assert school.grade(seed=None).batch.seed == first.batch.seed
    other = Class(school.exercise, school.folder / "other")
    other.submissions = school.submissions
    other.folder.mkdir()
    assert other.grade(seed=None).batch.seed != first.batch.seed


def test_an_interrupt_keeps_what_is_done_and_the_next_grading_goes_on(school):
    school.before = lambda pieces: os.kill(os.getpid(), signal.SIGINT)
    handler = signal.getsignal(signal.SIGINT)
    outcome = school.grade()
    assert signal.getsignal(signal.SIGINT) is handler
    assert outcome.interrupted
    assert not outcome.batch.complete
    done = school.executed
    assert 1 <= done < 3
    assert json.loads((school.out / "results.json").read_text())["complete"] is False
    school.before = lambda pieces: None
    whole = school.grade()
    assert school.executed == 3 - done
    assert whole.batch.complete
    assert school.earned(whole) == {"ada": 6, "bob": 3, "cyd": 0, "dan": 6}


def test_a_second_interrupt_stops_at_once_and_loses_only_what_ran(school):
    asked = threading.Event()
    school.on_stop = asked.set

    def twice(_pieces):
        if school.log.count("run") == 2:
            assert school.kept.wait(10), "the first was not kept"
            os.kill(os.getpid(), signal.SIGINT)
            assert asked.wait(10), "nobody was told of the first"
            os.kill(os.getpid(), signal.SIGINT)

    school.before = twice
    with pytest.raises(KeyboardInterrupt):
        school.grade()
    assert "end" in school.log
    school.log.clear()
    school.before = lambda pieces: None
    assert school.grade().batch.complete
    assert school.executed == 2


def test_an_error_while_judging_keeps_what_was_executed(school, monkeypatch):
    true = stages.judge_batch

    def broken(*_args, **_options):
        raise JudgingError("The judge did not begin: silent")

    monkeypatch.setattr(stages, "judge_batch", broken)
    with pytest.raises(JudgingError):
        school.grade()
    assert school.executed == 3
    monkeypatch.setattr(stages, "judge_batch", true)
    assert school.grade().batch.complete
    assert school.executed == 0
    assert not (school.out / ".work" / "judging").exists()


def test_a_sandbox_that_fails_for_good_is_never_a_zero(school):
    bob = variant(school.exercise, "q1", "whole-table")

    def fails(pieces):
        if any(piece.source == bob for piece in pieces):
            raise SandboxError("no reason was given")

    school.before = fails
    outcome = school.grade()
    assert outcome.failures == ("bob.ipynb: SandboxError: no reason was given",)
    assert not outcome.batch.complete
    assert school.earned(outcome) == {"ada": 6, "cyd": 0, "dan": 6}
    school.before = lambda pieces: None
    assert school.earned(school.grade())["bob"] == 3


def test_a_sandbox_that_fails_twice_costs_nothing(school):
    school.before = classroom.failing(2)
    outcome = school.grade()
    assert outcome.failures == ()
    assert school.earned(outcome) == {"ada": 6, "bob": 3, "cyd": 0, "dan": 6}


def test_code_that_was_not_isolated_is_not_graded_without_trust(school, monkeypatch):
    monkeypatch.setattr(FakeExecutor, "level", "none")
    outcome = school.grade()
    assert len(outcome.failures) == 4
    assert school.earned(outcome) == {}


def test_the_unreadable_and_the_missing_are_listed(school):
    (school.submissions / "eve.ipynb").write_text("{")
    roster = [Learner(key="ada"), Learner(key="fay", name="Fay")]
    outcome = school.grade(roster=roster)
    found = {
        r.learner.key: (r.state, r.earned, r.problem) for r in outcome.batch.results
    }
    assert found["eve"][:2] == ("unreadable", 0)
    assert found["eve"][2]
    assert found["fay"] == ("missing", 0, "Nothing was handed in.")
    assert found["ada"] == ("graded", 6, "")
    assert outcome.batch.complete


def test_marks_of_a_person_are_merged_from_the_out_folder(school):
    school.grade()
    table = school.out / "manual.csv"
    table.write_text("learner,question,points,comment\nada,q4,2,well put\n")
    found = {r.learner.key: r.earned for r in school.grade().batch.results}
    assert found["ada"] == 8


def test_late_marks_come_of_the_policy(school):
    due = datetime(2020, 1, 1, tzinfo=UTC)
    outcome = school.grade(policy=Policy(due=due, late=Late(per_day=50.0)))
    ada = outcome.batch.results[0]
    assert ada.earned == 6
    assert ada.final == 0
    assert ada.penalty_reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 0}, "Found 0 workers"),
        ({"seed": -1}, "Found the seed -1"),
        ({"seed": 2**31}, "expected 0 to 2147483647"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(school, options, words):
    with pytest.raises(UsageError, match=words):
        school.grade(**options)
    assert not school.out.exists()


def test_folders_that_cannot_be_used_are_refused(school):
    true = school.submissions
    school.submissions = school.folder / "nowhere"
    with pytest.raises(UsageError, match="There are no submissions at"):
        school.grade()
    school.submissions = school.folder / "empty"
    school.submissions.mkdir()
    with pytest.raises(UsageError, match="There is no notebook in"):
        school.grade()
    school.submissions, school.out = true, true / "deep" / "out"
    with pytest.raises(UsageError, match="lies among the submissions"):
        school.grade()
    school.out = school.folder / "file"
    school.out.write_text("")
    with pytest.raises(UsageError, match="is a file"):
        school.grade()
    assert school.log == []


def test_the_folder_of_another_exercise_is_left_alone(school):
    school.out.mkdir()
    record = {"exercise": "x/y", "source": "", "submissions": "", "seed": 1}
    (school.out / "batch.json").write_text(json.dumps(record))
    with pytest.raises(UsageError, match="holds the grading of x/y, not of"):
        school.grade()
    assert json.loads((school.out / "batch.json").read_text()) == record


def test_a_damaged_store_is_told_and_nothing_is_lost(school):
    school.grade()
    store = school.out / ".work" / "work.sqlite"
    store.write_bytes(b"nothing" * 1000)
    with pytest.raises(StoreError, match="is damaged"):
        school.grade()
    store.unlink()
    assert school.grade().batch.complete


def test_progress_is_told_to_its_end(school):
    told = []
    order = Order(school.submissions, school.exercise.source.path, school.out)
    run(
        order,
        make_executor=school.make_executor,
        on_progress=lambda *step: told.append(step),
    )
    mistakes = max(
        sum(one.wrong for one in q.variants) for q in school.exercise.questions
    )
    stages_told = {
        "executing": 3,
        "executing the solution": 1,
        "executing the known mistakes": 1 + mistakes,
        "judging": 16,
        "judging again with nbval": 1,
        "comparing": 1,
    }
    assert list(dict.fromkeys(step[0] for step in told)) == list(stages_told)
    for stage, last in stages_told.items():
        steps = [step[1:] for step in told if step[0] == stage]
        assert steps[-1] == (last, last)
        assert steps == sorted(steps)


def test_of_nbval_nobody_knows_how_far_it_is(school):
    told = []
    order = Order(school.submissions, school.exercise.source.path, school.out)
    run(
        order,
        make_executor=school.make_executor,
        on_progress=lambda *step: told.append(step),
    )
    at = told.index(("judging", 16, 16))
    assert told[at + 1 : at + 3] == [
        ("judging again with nbval", 0, 0),
        ("judging again with nbval", 1, 1),
    ]


def test_files_of_nobody_and_groups_of_copies_are_in_the_results(school):
    (school.submissions / "class-list.xlsx").write_bytes(b"PK")
    school.hand_in(eve={}, fay={})
    batch = school.grade().batch
    assert batch.ignored == ["class-list.xlsx"]
    kept = json.loads((school.out / "results.json").read_text(encoding="utf-8"))
    assert kept["ignored"] == ["class-list.xlsx"]
    assert [one["learners"] for one in kept["groups"]] == [
        one.learners for one in batch.groups
    ]
    assert ["ada", "dan", "eve", "fay"] in [one.learners for one in batch.groups]
