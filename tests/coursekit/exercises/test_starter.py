"""A starter is what a learner opens: nothing of the grader's, and always the same."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from coursekit.exercises import commands
from coursekit.exercises.model import load
from coursekit.exercises.starter import starter, text_of

GOOD = Path(__file__).resolve().parents[2] / "fixtures" / "exercises" / "good.md"
SOLUTIONS = [GOOD, *commands.sources()]


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


def test_ids_come_from_question_and_role(good):
    ids = [one.id for one in starter(good).cells]
    assert ids == [
        "text-1",
        "off-limits",
        "bootstrap",
        "parameters",
        "given-1",
        "text-2",
        "q1-answer",
        "q1-check",
        "q1-hints",
        "text-3",
        "q2-answer",
        "q2-check",
        "q2-hints",
        "text-4",
        "given-2",
        "q3-answer",
        "q3-check",
        "q3-hints",
        "text-5",
        "q4-written-prompt",
        "q4-written",
        "summary",
    ]


@pytest.mark.parametrize(
    ("forbid", "said"),
    [
        ("[sklearn]", "Do without `sklearn`: "),
        ("[sklearn, scipy.stats, torch]", "`sklearn`, `scipy.stats` and `torch`: "),
    ],
)
def test_what_cannot_be_imported_when_marked_is_said_before(tmp_path, forbid, said):
    path = tmp_path / "solutions" / "classical" / GOOD.name
    path.parent.mkdir(parents=True)
    text = GOOD.read_text(encoding="utf-8")
    path.write_text(text.replace("[sklearn]", forbid), encoding="utf-8")
    assert said in cell(starter(load(path)), "off-limits").source


def test_the_same_source_gives_the_same_text(good):
    assert text_of(starter(good)) == text_of(starter(load(good.source.path)))


def test_answers_are_skeletons_with_nbgraders_names(good):
    answer = cell(starter(good), "q1-answer")
    assert answer.source.endswith(
        '    # YOUR CODE HERE\n    raise NotImplementedError("q1")'
    )
    assert '"""Subtract each column' in answer.source
    assert answer.metadata.nbgrader == {
        "schema_version": 3,
        "grade_id": "q1-answer",
        "grade": False,
        "solution": True,
        "locked": False,
        "task": False,
    }
    assert answer.metadata.course == {"role": "answer", "question": "q1", "points": 3}


def test_checks_carry_nbgraders_points_and_written_answers_are_graded(good):
    notebook = starter(good)
    assert cell(notebook, "q1-check").metadata.nbgrader.points == 3
    assert cell(notebook, "q1-check").metadata.nbgrader.locked
    written = cell(notebook, "q4-written")
    assert written.metadata.nbgrader.points == 2
    assert written.metadata.nbgrader.grade
    assert "points:" not in cell(notebook, "q4-written-prompt").source


def test_hints_are_folded_in_order(good):
    hints = cell(starter(good), "q1-hints").source
    assert hints.count("<details>") == hints.count("</details>") == 3
    assert re.findall(r"Hint (\d) of 3: (\w+ \w+)", hints) == [
        ("1", "a nudge"),
        ("2", "an approach"),
        ("3", "a skeleton"),
    ]


def test_a_starter_is_a_valid_notebook_for_python(good, tmp_path):
    path = tmp_path / "starter.ipynb"
    path.write_text(text_of(starter(good)), encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert cell(notebook, "parameters").metadata.tags == ["parameters"]
    assert "google.colab" in cell(notebook, "bootstrap").source


def private_lines(text):
    """Lines of a source that no learner may see, found without the code under test."""
    secret, public = [], []
    role, inside = None, False
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith(("```", "+++")):
            role, inside = None, False
        named = re.search(r'"?role"?: "?([a-z-]+)', line)
        if named:
            role = named.group(1)
            continue
        if bare in ("### BEGIN SOLUTION", "### END SOLUTION"):
            inside = bare == "### BEGIN SOLUTION"
            continue
        hidden = role in ("evidence", "judge", "wrong-answer", "right-answer")
        (secret if hidden or inside else public).append(bare)
    return set(secret) - set(public) - {""}


def test_every_committed_starter_is_searched():
    committed = (commands.ROOT / "exercises").glob("*/*.ipynb")
    assert {name_of(path) for path in committed} == set(map(name_of, SOLUTIONS[1:]))
    assert len(SOLUTIONS) > 5


@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_no_line_of_the_graders_is_left_in_a_starter(path):
    shown = json.loads(text_of(starter(load(path))))
    lines = {
        line.strip()
        for one in shown["cells"]
        if one["id"] != "bootstrap"  # made from the imports, not from the source
        for line in "".join(one["source"]).splitlines()
    }
    secret = private_lines(path.read_text(encoding="utf-8"))
    assert len(secret) > 20
    # The skeleton's own two lines are nobody's secret.
    assert not {line for line in lines & secret if "NotImplementedError" not in line}
    whole = json.dumps(shown)
    for word in ("evidence(", "caught_by", "BEGIN SOLUTION", '"judge"', "wrong-answer"):
        assert word not in whole


@pytest.mark.parametrize("path", SOLUTIONS[1:], ids=name_of)
def test_every_committed_starter_is_in_step_with_its_source(path):
    stale = [
        str(one.relative_to(commands.ROOT))
        for one in commands.out_of_step([name_of(path)])
    ]
    assert not stale, f"{stale} out of step. Run: coursekit exercises sync"


def test_sync_writes_checks_and_removes(changed, capsys):
    path = changed()
    root = path.parents[2]
    orphan = root / "exercises" / "classical" / "gone.ipynb"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("{}")
    assert commands.sync(check=True, root=root) == 1
    told = capsys.readouterr().out
    assert "exercises/classical/scaling.ipynb is out of step" in told
    assert "Run: coursekit exercises sync" in told
    assert orphan.exists()
    assert commands.sync(root=root) == 0
    assert not orphan.exists()
    assert (root / "exercises" / "classical" / "scaling.ipynb").is_file()
    assert commands.sync(check=True, root=root) == 0


def test_sync_says_what_is_wrong_with_a_source(changed, capsys):
    path = changed(("caught_by: q1.edges", "caught_by: q1.x"))
    assert commands.sync(root=path.parents[2]) == 1
    assert "there is no item q1.x" in capsys.readouterr().out
