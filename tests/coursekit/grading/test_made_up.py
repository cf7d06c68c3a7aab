"""The made-up class: the same every time, with everything in it, and its marks true."""

import json
import random
import zipfile
from collections import Counter

import pytest

from coursekit.exercises.branches import branch
from coursekit.exercises.commands import sources
from coursekit.exercises.court import Court
from coursekit.exercises.judge import judge
from coursekit.exercises.model import load
from coursekit.exercises.walk import Try, Walk, walk
from coursekit.grading.batch import grade

from ..exercises.conftest import GOOD  # noqa: TID252
from .made_up import (
    AROUND,
    CELLS,
    CLIENTS,
    FILES,
    _disguised,
    _name,
    class_of,
    every_answer,
    rename,
)


@pytest.fixture(scope="module")
def exercise():
    return load(GOOD)


@pytest.fixture(scope="module")
def large(exercise, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    return folder, class_of(exercise, 400, 7, folder)


def everything_in(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime)
        for path in files
    }


def content_of(folder, upload):
    outer, found, inner = upload.file.rpartition(".zip/")
    if not found:
        return (folder / upload.file).read_bytes()
    with zipfile.ZipFile(folder / f"{outer}.zip") as archive:
        return archive.read(inner)


def test_the_same_seed_writes_the_same_bytes(exercise, tmp_path):
    uploads = [class_of(exercise, 25, 3, tmp_path / name) for name in "ab"]
    assert uploads[0] == uploads[1]
    assert everything_in(tmp_path / "a") == everything_in(tmp_path / "b")


def test_another_seed_writes_another_class(exercise, tmp_path):
    one, other = (class_of(exercise, 25, seed, tmp_path / str(seed)) for seed in (3, 4))
    assert [u.answers for u in one] != [u.answers for u in other]


def test_a_larger_class_begins_with_the_smaller_one(exercise, large, tmp_path):
    folder, uploads = large
    class_of(exercise, 40, 7, tmp_path)
    assert everything_in(tmp_path).items() <= everything_in(folder).items()
    assert len({upload.file for upload in uploads}) == len(uploads)


def test_each_readable_upload_is_a_notebook_and_no_other_is(large):
    folder, uploads = large
    for upload in uploads:
        content = content_of(folder, upload)
        codec = "utf-16" if "utf-16" in upload.traits else "utf-8-sig"
        if upload.readable:
            assert json.loads(content.decode(codec))["cells"]
        else:
            with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
                json.loads(content.decode(codec))
            assert set(upload.marks.values()) == {0}
    assert 0 < sum(not upload.readable for upload in uploads) < 80


def test_nothing_that_learners_do_is_left_out(exercise, large):
    _, uploads = large
    seen = Counter(trait for upload in uploads for trait in upload.traits)
    assert set(seen) == {*CELLS, *CLIENTS, *FILES}
    for question in exercise.questions:
        if question.answer:
            kinds = {upload.answers[question.name] for upload in uploads}
            assert kinds == {answer.kind for answer in every_answer(question)}
    assert any(upload.late for upload in uploads)
    assert any(upload.superseded for upload in uploads)


def test_no_two_learners_share_a_name():
    assert len({_name(at) for at in range(4000)}) == 4000


def test_no_two_learners_hand_in_the_same_bytes(large):
    folder, uploads = large
    contents = {content_of(folder, u) for u in uploads if u.readable}
    assert len(contents) == sum(u.readable for u in uploads)


def test_copies_earn_what_the_originals_earn(large):
    _, uploads = large
    by_file = {upload.file: upload for upload in uploads}
    copies = [u for u in uploads if u.copied_from and u.readable]
    assert len(copies) > 10
    for copy in copies:
        original = by_file[copy.copied_from]
        assert (copy.answers, copy.marks) == (original.answers, original.marks)
        assert copy.name != original.name


def test_a_tame_class_has_one_plain_notebook_a_learner(exercise, tmp_path):
    uploads = class_of(exercise, 12, 1, tmp_path, tame=True)
    assert len({upload.file.split("/")[0] for upload in uploads}) == 12
    for upload in uploads:
        json.loads((tmp_path / upload.file).read_text(encoding="utf-8"))
        assert set(upload.traits) <= {*AROUND, *CLIENTS}


def test_renaming_spares_what_others_may_call():
    source = (
        "from math import sqrt as root\n"
        "LIMIT = 3\n"
        "def walk(start, rate=1):\n"
        "    here = start  # where we are\n"
        "    for step in range(LIMIT):\n"
        "        here = root(here) * rate\n"
        "    return here\n"
    )
    found = rename(source, random.Random(1))
    names = {}
    exec(found, names)
    halved = 2 * (2 * (2 * 16**0.5) ** 0.5) ** 0.5
    assert names["walk"](start=16.0, rate=2) == pytest.approx(halved)
    for kept in ("walk", "start", "rate", "LIMIT", "root"):
        assert kept in found
    assert "here" not in found
    assert "step" not in found


REAL = [pytest.param(path, marks=pytest.mark.audit) for path in sources()]


@pytest.mark.parametrize("path", [GOOD, *REAL], ids=lambda path: path.stem)
def test_the_marks_are_true(path, tmp_path):
    """Every answer of the class, tried alone and judged, and disguised as a copy."""
    exercise = load(path)
    tried = {
        f"{question.name}-{at}-{how}": (question, answer, source)
        for question in exercise.questions
        if question.answer
        for at, answer in enumerate(every_answer(question))
        for how, source in (
            ("plain", answer.source),
            ("copied", _disguised(answer.source, 5, random.Random(at))),
        )
    }
    tries = tuple(
        Try(name, question.name, {question.name: source or ""}, only=question.name)
        for name, (question, _, source) in tried.items()
    )
    plan = Walk(path, tmp_path, "evidence", 20260309, tries=tries)
    assert branch(walk, plan, exercise, seconds=300) == ""
    for name, (question, answer, _) in tried.items():
        court = Court(tmp_path / name, tmp_path / "reference", plan.seed)
        for verdict in judge(question.items, court):
            expected = answer.marks[verdict.item]
            assert expected in (None, verdict.earned), (name, answer.kind, verdict)


def test_the_grader_gives_these_marks(exercise, tmp_path):
    """From files to marks: whatever was done to a notebook, the marks are the same."""
    uploads = class_of(exercise, 24, 11, tmp_path / "in")
    batch = grade(tmp_path / "in", GOOD, tmp_path / "out", seed=5, trust=True)
    results = {result.file: result for result in batch.results}
    assert set(results) == {upload.file for upload in uploads}
    for upload in uploads:
        result = results[upload.file]
        assert (result.state == "graded") == upload.readable
        assert result.superseded == upload.superseded
        for mark in result.items:
            expected = upload.marks[mark.item]
            assert expected in (None, mark.earned), (upload, mark)
