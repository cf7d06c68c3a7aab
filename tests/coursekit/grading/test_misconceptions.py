"""A lost item is recognised by the evidence of the exercise's own wrong answers."""

import contextlib
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest

from coursekit.exercises import runs
from coursekit.exercises.evidence import Writer
from coursekit.exercises.model import load
from coursekit.grading.misconceptions import catalogue
from coursekit.grading.model import Execution

ROOT = Path(__file__).resolve().parents[3]
GOOD = load(ROOT / "tests/fixtures/exercises/good.md")
REAL = load(ROOT / "solutions/mathematics/gradient-descent.md")


class Here:
    """Executes the author's own answers in this process, run by run, as graded."""

    def __init__(self, exercise):
        self.exercise = exercise
        self.executed = []

    def run(self, pieces, seed):
        answers = {piece.question: piece.source for piece in pieces}
        self.executed.append(answers)
        with tempfile.TemporaryDirectory() as folder:
            self.gather(answers, seed, Path(folder))
            return Execution(
                evidence={
                    place.name: {f.name: f.read_bytes() for f in place.iterdir()}
                    for place in Path(folder).iterdir()
                }
            )

    def gather(self, answers, seed, folder):
        writer = Writer(folder)
        for run in runs.runs(self.exercise):
            names = {"evidence": writer, "__name__": "__main__"}
            for cell in runs.notebook(self.exercise, run, answers).cells:
                with contextlib.suppress(Exception):
                    exec(cell.source, names)
                if "parameters" in cell.metadata.get("tags", []):
                    names["seed"] = seed


class Nobody:
    """An executor that must not be asked."""

    def run(self, pieces, seed):
        raise AssertionError("executed again")


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return catalogue(GOOD, 11, Here(GOOD), tmp_path_factory.mktemp("catalogue"))


def evidence_of(answers, folder, exercise=GOOD, seed=11):
    folder.mkdir()
    Here(exercise).gather(runs.answers(exercise) | answers, seed, folder)
    return folder


def mistakes(exercise):
    return [v for q in exercise.questions for v in q.variants if v.wrong]


def executions(exercise):
    """How many a catalogue takes: the reference, and one wrong answer a question."""
    return 1 + max(sum(v.wrong for v in q.variants) for q in exercise.questions)


def telling(exercise):
    """Wrong answers that return something; one that stops leaves no evidence."""
    return [one for one in mistakes(exercise) if one.name != "forgets-self"]


@pytest.mark.parametrize("mistake", telling(GOOD), ids=lambda one: one.name)
def test_each_wrong_answer_is_recognised_where_it_loses(known, tmp_path, mistake):
    code = {mistake.question: mistake.cell.source}
    found = known.match(mistake.caught_by, evidence_of(code, tmp_path / "found"))
    assert mistake.name in found.split(" or ")


def test_another_way_of_writing_the_mistake_is_recognised_too(known, tmp_path):
    code = "def standardise(X):\n    m = np.mean(X)\n    return (X - m) / np.std(X)"
    folder = evidence_of({"q1": code}, tmp_path / "found")
    assert known.match("q1.values", folder) == "whole-table"


def test_the_reference_and_a_new_mistake_are_no_known_ones(known, tmp_path):
    right = evidence_of({}, tmp_path / "right")
    new = evidence_of(
        {"q1": "def standardise(X):\n    return X + 17"}, tmp_path / "new"
    )
    for item in GOOD.items:
        assert known.match(item.id, right) is None
    assert known.match("q1.values", new) is None


def test_an_item_that_a_wrong_answer_gets_right_is_not_its_mistake(known, tmp_path):
    mistake = next(one for one in mistakes(GOOD) if one.name == "in-place")
    folder = evidence_of({"q1": mistake.cell.source}, tmp_path / "found")
    assert known.match("q1.edges", folder) == "in-place"
    assert known.match("q1.values", folder) is None


def test_answers_that_only_stop_are_not_called_the_same_mistake(known, tmp_path):
    for name in ("forgets-self", "another"):
        mistake = next(one for one in mistakes(GOOD) if one.name == "forgets-self")
        code = {"q2": mistake.cell.source if name == "forgets-self" else "1 / 0"}
        folder = evidence_of(code, tmp_path / name)
        assert known.match("q2.scaler", folder) is None


def test_missing_and_hostile_evidence_is_no_mistake(known, tmp_path):
    assert known.match("q1.values", tmp_path / "nowhere") is None
    place = tmp_path / "q1"
    place.mkdir()
    (place / "manifest.json").write_text('{"format": 1, "items": {"values": 3}}')
    assert known.match("q1.values", tmp_path) is None
    (place / "manifest.json").write_text("[" * 100_000)
    assert known.match("q1.values", tmp_path) is None


def test_mistakes_with_the_same_evidence_are_named_together(tmp_path):
    text = GOOD.source.path.read_text(encoding="utf-8")
    path = tmp_path / "solutions" / "classical" / "scaling.md"
    path.parent.mkdir(parents=True)
    at = text.index("```{code-cell} ipython3\n---\ncourse: {role: wrong-answer")
    cell = text[at : text.index("```\n", at + 5) + 4]
    name = mistakes(GOOD)[0].name
    twin = cell.replace(f"name: {name}", "name: its-twin")
    path.write_text(text[:at] + twin + "\n" + text[at:], encoding="utf-8")
    exercise = load(path)
    known = catalogue(exercise, 3, Here(exercise), tmp_path / "catalogue")
    code = {"q1": mistakes(GOOD)[0].cell.source}
    folder = evidence_of(code, tmp_path / "found", seed=3)
    said = known.match(mistakes(GOOD)[0].caught_by, folder)
    assert set(said.split(" or ")) == {name, "its-twin"}


def test_what_was_executed_once_is_not_executed_again(tmp_path):
    first = Here(GOOD)
    catalogue(GOOD, 5, first, tmp_path)
    assert len(first.executed) == executions(GOOD)
    catalogue(GOOD, 5, Nobody(), tmp_path)
    other = Here(GOOD)
    catalogue(GOOD, 6, other, tmp_path)
    assert len(other.executed) == len(first.executed)


def test_an_interrupted_catalogue_is_not_taken_for_a_whole_one(tmp_path):
    class Interrupted(Here):
        def run(self, pieces, seed):
            if len(self.executed) == 2:
                raise KeyboardInterrupt
            return super().run(pieces, seed)

    with pytest.raises(KeyboardInterrupt):
        catalogue(GOOD, 5, Interrupted(GOOD), tmp_path)
    assert list(tmp_path.iterdir()) == []
    whole = Here(GOOD)
    catalogue(GOOD, 5, whole, tmp_path)
    assert len(whole.executed) == executions(GOOD)


def test_it_travels_to_the_process_that_judges(known, tmp_path):
    mistake = mistakes(GOOD)[0]
    code = {mistake.question: mistake.cell.source}
    folder = evidence_of(code, tmp_path / "found")
    there = pickle.loads(pickle.dumps(known))
    assert there.match(mistake.caught_by, folder) == mistake.name


def test_without_a_folder_nothing_is_left_behind():
    known = catalogue(GOOD, 5, Here(GOOD))
    place = known.folder.parent
    assert known.folder.is_dir()
    del known
    assert not place.exists()


def test_last_digits_do_not_hide_a_mistake(known, tmp_path):
    mistake = next(m for m in mistakes(GOOD) if m.caught_by == "q1.values")
    code = {mistake.question: mistake.cell.source}
    folder = evidence_of(code, tmp_path / "found")
    for file in (folder / "q1").glob("*.npy"):
        array = np.load(file)
        if array.dtype.kind == "f":
            np.save(file, array * (1 + 1e-9))
    assert known.match("q1.values", folder) == mistake.name


def test_a_real_exercise_recognises_all_of_its_mistakes(tmp_path):
    own = Here(REAL)
    known = catalogue(REAL, 7001, own, tmp_path / "known")
    assert len(own.executed) == executions(REAL)
    for mistake in mistakes(REAL):  # each alone, where the catalogue had several
        answer = {mistake.question: mistake.cell.source}
        folder = evidence_of(answer, tmp_path / mistake.name, REAL, 7001)
        found = known.match(mistake.caught_by, folder)
        assert mistake.name in found.split(" or "), mistake.name
