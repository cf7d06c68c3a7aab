"""Writing: everything, the same every time, and never over somebody's work."""

import csv
import random
from pathlib import Path

import pytest

from coursekit.grading import policy, reports
from coursekit.grading.policy import merge_manual
from coursekit.grading.safe import file_name

from .builders import HOSTILE, batch, learner_result

FILES = {
    "results.json",
    "results.schema.json",
    "grades.csv",
    "canvas.csv",
    "moodle.csv",
    "junit.xml",
    "index.html",
    "manual.csv",
}


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_everything_is_written_and_named(eventful, good, tmp_path):
    written = reports.write(eventful, good, tmp_path / "new" / "out")
    found = contents(tmp_path / "new" / "out")
    assert {str(path.relative_to(tmp_path / "new" / "out")) for path in written} == set(
        found
    )
    pages = {f"learners/{file_name(one.learner.key)}.html" for one in eventful.results}
    assert set(found) == FILES | pages


def test_the_same_batch_gives_the_same_bytes_in_whatever_order(
    eventful, good, tmp_path
):
    reports.write(eventful, good, tmp_path / "a")
    shuffled = list(eventful.results)
    random.Random(1).shuffle(shuffled)
    again = eventful.model_copy(update={"results": shuffled})
    for _ in range(2):
        reports.write(again, good, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_report_can_be_made_again_from_its_results(eventful, good, tmp_path):
    reports.write(eventful, good, tmp_path / "a")
    read = reports.read(tmp_path / "a" / "results.json")
    reports.write(read, good, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_nothing_is_written_outside_and_nobody_overwrites_anybody(good, tmp_path):
    given = policy.apply(batch(*(learner_result(good, key) for key in HOSTILE)))
    out = tmp_path / "deep" / "out"
    reports.write(given, good, out)
    assert set(tmp_path.rglob("*.html")) == set(out.rglob("*.html"))
    names = [path.name.lower() for path in (out / "learners").iterdir()]
    assert len(set(names)) == len(HOSTILE)
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]


def test_a_table_that_somebody_filled_in_is_left_alone(good, tmp_path):
    given = policy.apply(batch(learner_result(good, "ada")))
    reports.write(given, good, tmp_path)
    path = tmp_path / "manual.csv"
    filled = path.read_text(encoding="utf-8").replace('"q4",""', '"q4","2"')
    path.write_text(filled, encoding="utf-8", newline="")
    before = path.read_bytes()
    written = reports.write(merge_manual(given, path), good, tmp_path)
    assert path not in written
    assert path.read_bytes() == before
    with (tmp_path / "grades.csv").open(encoding="utf-8-sig") as file:
        assert next(csv.DictReader(file))["final"] == "8"


def test_a_table_that_nobody_touched_follows_the_class(good, tmp_path):
    reports.write(batch(learner_result(good, "ada")), good, tmp_path)
    reports.write(batch(learner_result(good, "bea")), good, tmp_path)
    text = (tmp_path / "manual.csv").read_text(encoding="utf-8")
    assert "bea" in text
    assert "ada" not in text


def test_a_table_in_another_encoding_is_somebodys_work(good, tmp_path):
    (tmp_path / "manual.csv").write_bytes(b"learner;gr\xfc\xdfe")
    reports.write(batch(learner_result(good, "ada")), good, tmp_path)
    assert (tmp_path / "manual.csv").read_bytes() == b"learner;gr\xfc\xdfe"


def test_pages_of_who_left_go_and_files_of_others_stay(good, tmp_path):
    reports.write(batch(learner_result(good, "ada")), good, tmp_path)
    (tmp_path / "learners" / "notes.html").write_text("mine")
    reports.write(batch(learner_result(good, "bea")), good, tmp_path)
    names = {path.name for path in (tmp_path / "learners").iterdir()}
    assert names == {"notes.html", f"{file_name('bea')}.html"}


def test_a_write_that_fails_leaves_the_old_file_whole(good, tmp_path, monkeypatch):
    reports.write(batch(learner_result(good, "ada", 0.5)), good, tmp_path)
    before = contents(tmp_path)

    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        reports.write(batch(learner_result(good, "ada", 1.0)), good, tmp_path)
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_an_exercise_without_written_answers_has_no_table_to_fill_in(good, tmp_path):
    one = learner_result(good, "ada")
    one.manual = []
    reports.write(batch(one), good, tmp_path)
    assert not (tmp_path / "manual.csv").exists()
    assert "manual.csv" not in (tmp_path / "index.html").read_text(encoding="utf-8")
