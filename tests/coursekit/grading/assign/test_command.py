"""What cannot be assigned is said in one sentence, and nothing is overwritten."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from coursekit.cli import app
from coursekit.grading.assign import assign

GOOD = Path(__file__).resolve().parents[3] / "fixtures" / "exercises" / "good.md"


@pytest.fixture
def root(tmp_path):
    """A checkout with one exercise and its page."""
    folder = tmp_path / "root"
    for place in ("solutions", "chapters"):
        (folder / place / "classical").mkdir(parents=True)
    text = GOOD.read_text(encoding="utf-8")
    (folder / "solutions/classical/scaling.md").write_text(text, encoding="utf-8")
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"names": ["no/such"]}, "There is no exercise no/such. There are: classical"),
        ({"start": "next week"}, "'next week' is no date of a course; write year-"),
        ({"start": "2026-02-30"}, "'2026-02-30' is no date"),
        ({"start": "9999-12-31"}, "'9999-12-31' is no date"),
        ({"weeks": 0}, "Give a number of weeks above 0, 1000 at most; found 0."),
        ({"weeks": 1001}, "above 0, 1000 at most; found 1001."),
        ({"hours": -2.5}, "Give a number of hours above 0, 1000 at most; found -2.5."),
        (
            {"hours": float("nan")},
            "Give a number of hours above 0, 1000 at most; found nan.",
        ),
        ({"hours": 0.25}, "0.25 hours a week are too few: the longest page or"),
        ({"variants": True}, "Variants need a roster: a CSV file"),
        ({"roster": Path("x.csv")}, "A roster is read only with variants"),
        (
            {"variants": True, "roster": Path("no.csv")},
            "no.csv cannot be read (No such file",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    root, tmp_path, capsys, options, said
):
    options = {"names": []} | options
    out = tmp_path / "out"
    assert assign(options.pop("names"), out=out, root=root, **options) == 2
    told = capsys.readouterr().out
    assert said in told
    assert len(told.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,id\nAda,1\n", "expected the columns key, name and id; found name, id"),
        ("key;name;id\nada;Ada;1\n", "found key;name;id"),
        ("key,name,id\n", "lists no learner"),
        ("key\nada\nada\n", "'ada' for the second time"),
        ("key,name\n,Ada\n", "found no key"),
    ],
)
def test_a_roster_that_is_none_is_refused(root, tmp_path, capsys, text, said):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    assert assign([], out=out, root=root, variants=True, roster=path) == 2
    assert said in capsys.readouterr().out
    assert not out.exists()


@pytest.mark.parametrize("text", ["", "5a", "not hexadecimal" * 5, "é"])
def test_a_secret_that_is_none_is_refused(root, tmp_path, capsys, text):
    roster, secret = tmp_path / "roster.csv", tmp_path / "secret.txt"
    roster.write_text("key\nada\n")
    secret.write_text(text, encoding="utf-8")
    options = {"variants": True, "roster": roster, "secret": secret}
    assert assign([], out=tmp_path / "out", root=root, **options) == 2
    assert "secret.txt" in capsys.readouterr().out


def test_a_folder_with_something_in_it_is_left_as_it_is(root, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    assert assign([], out=out, root=root) == 2
    told = capsys.readouterr().out
    assert "is not empty (it holds thesis.txt)" in told
    assert contents(out) == {"thesis.txt": b"years of work"}


def test_force_replaces_what_is_made_and_deletes_nothing(root, tmp_path):
    out = tmp_path / "out"
    assert assign([], out=out, root=root) == 0
    made = contents(out)
    (out / "learners" / "README.md").write_text("scribbled over")
    (out / "learners" / "mine.txt").write_text("kept")
    assert assign([], out=out, root=root, force=True) == 0
    assert contents(out) == made | {"learners/mine.txt": b"kept"}


def test_a_file_in_the_way_is_said(root, tmp_path, capsys):
    out = tmp_path / "out"
    out.write_text("a file")
    assert assign([], out=out, root=root, force=True) == 2
    assert "is a file; give a folder" in capsys.readouterr().out
    out.unlink()
    out.mkdir()
    (out / "learners").write_text("a file")
    assert assign([], out=out, root=root, force=True) == 2
    assert "learners" in capsys.readouterr().out
    assert (out / "learners").read_text() == "a file"


def test_the_same_release_is_the_same_to_the_byte(root, tmp_path):
    for name in ("one", "two"):
        options = {"answers": True, "start": "2026-09-07", "zip": True}
        assert assign([], out=tmp_path / name, root=root, **options) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_an_exercise_named_twice_is_given_once(root, tmp_path):
    out = tmp_path / "out"
    assert assign(["classical/scaling"] * 2, out=out, root=root) == 0
    assert [path.name for path in (out / "learners").glob("*.ipynb")] == [
        "classical-scaling.ipynb"
    ]


def test_a_broken_source_is_said_with_its_line(root, tmp_path, capsys):
    path = root / "solutions/classical/scaling.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("caught_by: q1.edges", "caught_by: q1.x"))
    assert assign([], out=tmp_path / "out", root=root) == 2
    assert "there is no item q1.x" in capsys.readouterr().out


def test_one_exercise_and_one_learner_are_said_in_the_singular(root, tmp_path, capsys):
    roster = tmp_path / "roster.csv"
    roster.write_text("key\nada\n")
    options = {"variants": True, "roster": roster}
    assert assign([], out=tmp_path / "out", root=root, **options) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert ": 1 exercise, " in told
    assert "1 learner has data of their own" in told


def test_the_commands_that_the_instructor_is_told_can_be_given(root, tmp_path):
    """They are taken apart as the program itself does it."""
    out = tmp_path / "out"
    assert assign([], out=out, root=root) == 0
    text = (out / "instructor" / "README.md").read_text(encoding="utf-8")
    found = re.findall("^coursekit (.+)$", text, re.MULTILINE)
    assert len(found) == 1
    name, *words = shlex.split(found[0])
    command = get_command(app).commands[name]
    with command.make_context(name, words) as context:
        assert context.params["exercise"] == "classical/scaling"
        assert context.params["out"] == Path("graded/classical/scaling")
