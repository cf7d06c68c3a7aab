"""A release has what learners need, and nothing that is the grader's."""

import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from coursekit.exercises.commands import ROOT, sources
from coursekit.exercises.model import load
from coursekit.exercises.starter import path_of, starter, text_of
from coursekit.exercises.strip import BEGIN, END
from coursekit.grading.assign import assign
from coursekit.grading.assign.files import zipped
from coursekit.grading.assign.release import Kit, file_of, for_instructor, solution

GOOD = Path(__file__).resolve().parents[3] / "fixtures" / "exercises" / "good.md"
EXERCISES = {f"{one.parent.name}/{one.stem}": load(one) for one in [GOOD, *sources()]}
SECRET_ROLES = ("evidence", "judge", "wrong-answer", "right-answer")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Everything that there is, with solutions, as one folder."""
    out = tmp_path_factory.mktemp("release") / "class"
    assert assign([], out=out, answers=True) == 0
    return out


def unpacked(folder):
    """Every text under a folder, zip files opened."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.name}/{name}", archive.read(name).decode()
        elif path.is_file():
            yield str(path.relative_to(folder)), path.read_text(encoding="utf-8")


def lines_of(text, name):
    """Lines as a reader sees them: of a notebook, those of its cells."""
    if not name.endswith(".ipynb"):
        return {line.strip() for line in text.splitlines()}
    # The first cell is made from the imports, not from the source.
    cells = [one for one in json.loads(text)["cells"] if one["id"] != "bootstrap"]
    return {
        line.strip() for cell in cells for line in "".join(cell["source"]).splitlines()
    }


def private_lines(exercise):
    """Lines of a source that no learner may see, by the cells' roles alone."""
    secret, public = set(), {""}
    for cell in exercise.source.cells:
        role = cell.role.role if cell.role else "given"
        inside = role in SECRET_ROLES
        for line in map(str.strip, cell.source.splitlines()):
            if line in (BEGIN, END):
                inside = line == BEGIN
            else:
                (secret if inside else public).add(line)
    return secret - public


def test_nothing_of_the_graders_is_in_what_is_handed_out(real, tmp_path):
    assert assign([], out=tmp_path, zip=True, force=True) == 0
    packed = dict(unpacked(tmp_path))
    packed.pop("instructor/README.md")
    for texts in (dict(unpacked(real / "learners")), packed):
        assert len(texts) == len(sources()) + 1
        for name, text in texts.items():
            for word in (BEGIN, "evidence(", "caught_by", '"judge"', "wrong-answer"):
                assert word not in text, name
        for exercise in map(load, sources()):
            # A line may be one exercise's secret and stand in another's given cell.
            mine = [n for n in texts if file_of(exercise) in n or ".ipynb" not in n]
            assert len(mine) == 2
            seen = set().union(*(lines_of(texts[name], name) for name in mine))
            secret = private_lines(exercise)
            assert min(len(seen), len(secret)) > 50
            # The skeleton's own lines are nobody's secret.
            assert not {
                one for one in secret & seen if "NotImplementedError" not in one
            }


def test_starters_come_from_the_sources_byte_for_byte(real):
    for path in sources():
        exercise = load(path)
        given = (real / "learners" / file_of(exercise)).read_text(encoding="utf-8")
        assert given == text_of(starter(exercise))
        assert given == path_of(exercise, ROOT).read_text(encoding="utf-8")


def test_a_release_is_made_anew_where_the_committed_starter_is_stale(tmp_path):
    root = tmp_path / "root"
    source = root / "solutions" / "classical" / "scaling.md"
    source.parent.mkdir(parents=True)
    text = GOOD.read_text(encoding="utf-8")
    source.write_text(text.replace("## 1. Standardise", "## 1. Today's title"))
    stale = root / "exercises" / "classical" / "scaling.ipynb"
    stale.parent.mkdir(parents=True)
    stale.write_text(text_of(starter(load(GOOD))))
    assert assign(["classical/scaling"], out=tmp_path / "out", root=root) == 0
    given = tmp_path / "out" / "learners" / "classical-scaling.ipynb"
    assert "## 1. Today's title" in given.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXERCISES)
def test_a_solution_is_the_starter_with_answers_between_nbgraders_markers(name):
    exercise = EXERCISES[name]
    solved = solution(exercise)
    nbformat.validate(solved)
    for ours, theirs in zip(solved.cells, starter(exercise).cells, strict=True):
        about = ours.metadata.get("course", {})
        if about.get("role") not in ("answer", "manual"):
            assert ours == theirs
            continue
        assert ours.metadata == theirs.metadata
        assert ours.source.count(BEGIN) == ours.source.count(END) > 0
        if about["role"] == "answer":
            question = exercise.question(about["question"])
            assert ours.source == question.answer.source


def test_a_written_question_has_its_rubric_in_the_solution_alone():
    exercise = load(GOOD)
    rubric = next(c for c in solution(exercise).cells if c.id == "q4-written").source
    assert "2 points: names one and gives the reason" in rubric
    whole = b"".join(Kit.of([exercise]).files().values())
    assert b"gives the reason" not in whole


def test_solutions_are_there_only_if_asked_for_and_only_for_the_instructor(real):
    assert sorted(path.name for path in (real / "instructor" / "solutions").iterdir())
    without = for_instructor([load(GOOD)], answers=False)
    assert set(without) == {"README.md"}
    assert b"solutions/` has" not in without["README.md"]


def test_the_page_for_learners_says_what_to_do(real):
    told = (real / "learners" / "README.md").read_text(encoding="utf-8")
    for exercise in map(load, sources()):
        meta = exercise.meta
        assert (
            f"| `{file_of(exercise)}` | {meta.title} | about {meta.minutes} |" in told
        )
        for module in meta.forbid:
            assert f"`{module}`" in told
    assert "The mark is given on other inputs" in told
    assert "Upload notebook" in told
    assert 'pip install "ml-engineer-course[lab,pages] @ git+https://' in told
    assert "{{" not in told
    assert "\n\n\n" not in told


def test_colab_is_not_offered_for_an_exercise_that_does_not_run_there(tmp_path):
    text = GOOD.read_text(encoding="utf-8")
    path = tmp_path / "solutions" / "classical" / "scaling.md"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("runs: [page, colab, local]", "runs: [local]"))
    told = Kit.of([load(path)]).files()["README.md"].decode()
    assert "Upload notebook" not in told
    assert "pip install" in told


def test_a_packed_release_holds_the_same_files_and_is_always_the_same(tmp_path):
    files = Kit.of([load(GOOD)]).files()
    assert zipped(files) == zipped(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
