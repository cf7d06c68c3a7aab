"""A source that breaks the format is refused with file, line and what to do."""

import pytest

from coursekit.exercises.model import ExerciseError, load
from coursekit.source import SourceError

ROLE = "course: {role: answer, question: q1, points: 3}"
HINT = '+++ {"course": {"role": "hint", "question": "q1", "level": 1}}'


def test_a_good_source_becomes_questions_and_items(good):
    assert [q.name for q in good.questions] == ["q1", "q2", "q3", "q4"]
    assert [item.id for item in good.items] == [
        "q1.values",
        "q1.edges",
        "q2.scaler",
        "q3.widest",
    ]
    assert [q.points for q in good.questions] == [3, 2, 1, 0]
    assert good.points == 6
    assert good.question("q4").manual_points == 2
    assert good.question("q2").needs == ("q1",)
    assert [len(q.hints) for q in good.questions] == [3, 3, 3, 0]
    assert [v.name for v in good.question("q1").variants if not v.wrong] == [
        "with-a-loop"
    ]


DEFECTS = {
    "answer without points": (
        (ROLE, "course: {role: answer, question: q1}"),
        "give a cell with the role `answer` `points`.",
    ),
    "field that the role has not": (
        (ROLE, "course: {role: answer, question: q1, points: 3, level: 1}"),
        "remove `level`",
    ),
    "points that do not add up": (
        (ROLE, "course: {role: answer, question: q1, points: 4}"),
        "the items of q1 have 3 points in all and its answer says 4",
    ),
    "two items of one name": (
        ("question: q1, item: edges, points", "question: q1, item: values, points"),
        "q1.values has 2 evidence cells: keep one.",
    ),
    "evidence under another name": (
        ('evidence("q1.edges"', 'evidence("q1.edge"'),
        'call evidence("q1.edges", ...) once here',
    ),
    "judge without evidence": (
        (
            "role: judge, question: q1, item: edges",
            "role: judge, question: q1, item: e",
        ),
        "write a judge cell for q1.edges.",
    ),
    "unmatched marker": (
        ("spread > 0, spread, 1.0)\n    ### END SOLUTION", "spread > 0, spread, 1.0)"),
        "without `### END SOLUTION` after it",
    ),
    "misspelt marker": (
        ("    ### BEGIN SOLUTION\n    centred", "    ## BEGIN SOLUTION\n    centred"),
        "write the marker as",
    ),
    "marker in a given cell": (
        ("def table(rng, rows):", "### BEGIN SOLUTION\ndef table(rng, rows):"),
        "take the solution markers out of this given cell.",
    ),
    "wrong answer that names an unknown item": (
        ("caught_by: q1.edges", "caught_by: q1.corners"),
        "there is no item q1.corners: name one of",
    ),
    "wrong answer twice": (
        ("name: sample-deviation", "name: whole-table"),
        "whole-table stands twice: rename one.",
    ),
    "a hint that is missing": (
        (HINT + "\n\nAlong which axis do you go to get one mean a column?\n", ""),
        "give q1 hints of level 1, 2 and 3, found [2, 3].",
    ),
    "parameters without a seed": (
        ("\nseed = 0\n", "\nsize = 0\n"),
        "let the parameters cell say `seed = 0`.",
    ),
    "parameters without papermill's tag": (
        ("tags: [parameters]\n", ""),
        "tag the parameters cell",
    ),
    "summary with other points": (
        ("check.summary(q1=3, q2=2, q3=1)", "check.summary(q1=3, q2=2)"),
        "write check.summary(q1=3, q2=2, q3=1) here.",
    ),
    "check of another question": (
        ('with check("q3"', 'with check("q2"'),
        'let every check here begin `with check("q3", ...)`.',
    ),
    "needs a later question": (
        ("needs: [q1]", "needs: [q3]"),
        "`needs` may name only an earlier question, not q3.",
    ),
    "needs itself": (
        ("needs: [q1]", "needs: [q2]"),
        "`needs` may name only an earlier question, not q2.",
    ),
    "skeleton that leaves a name without value": (
        ("widest = None  # the largest deviation of a column of `lengths`\n", ""),
        "give widest a value (such as None) before BEGIN SOLUTION.",
    ),
    "code that is not Python": (
        ("lengths = table(", "lengths == = table("),
        "this is not Python",
    ),
    "an oracle in a given cell": (
        ("import numpy as np\n", "import numpy as np\nfrom sklearn import svm\n"),
        "do not import sklearn here: `forbid` keeps it from learners.",
    ),
    "an oracle in an evidence cell": (
        ('evidence("q3.widest"', 'import sklearn.svm\nevidence("q3.widest"'),
        "do not import sklearn.svm here",
    ),
    "a comparison as evidence": (
        ("value=widest)", "value=widest > 3)"),
        "not a verdict on it",
    ),
    "a comparison behind a name": (
        (
            'evidence("q3.widest", value=',
            'w = bool(widest > 3)\nevidence("q3.widest", value=w, x=',
        ),
        "not a verdict on it",
    ),
    "a score as evidence": (
        ("value=widest)", "value=np.allclose(widest, 3))"),
        "not a verdict on it",
    ),
    "questions out of order": (
        ("question: q3", "question: q5"),
        "name the questions q1, q2, q3, q4 in order",
    ),
    "cells out of order": (
        (
            "course: {role: judge, question: q3, item: widest}",
            "course: {role: check, question: q3}",
        ),
        "write a judge cell for q3.widest.",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_refused_with_its_place_and_what_to_do(changed, defect):
    edit, message = DEFECTS[defect]
    path = changed(edit)
    with pytest.raises(ExerciseError) as caught:
        load(path)
    lines = [line for line in str(caught.value).splitlines() if message in line]
    assert lines, str(caught.value)
    number = lines[0].removeprefix(f"{path}:").partition(":")[0]
    assert 1 <= int(number) <= len(path.read_text().splitlines())


def test_the_line_of_a_fault_is_that_of_the_file(changed):
    path = changed(("lengths = table(", "lengths == = table("))
    wanted = (
        path.read_text()
        .splitlines()
        .index("lengths == = table(np.random.default_rng(seed + 9), 50)")
    )
    with pytest.raises(ExerciseError, match=f"md:{wanted + 1}: this is not Python"):
        load(path)


def test_every_fault_is_listed(changed):
    path = changed(
        ("caught_by: q1.edges", "caught_by: q1.x"), ("needs: [q1]", "needs: [q3]")
    )
    with pytest.raises(ExerciseError) as caught:
        load(path)
    assert len(caught.value.faults) == 2


def test_a_malformed_role_is_refused_by_the_reader(changed):
    path = changed((ROLE, "course: {role: anwser, question: q1, points: 3}"))
    with pytest.raises(SourceError, match="role"):
        load(path)


def test_a_comparison_inside_a_call_of_the_learners_code_is_allowed(changed):
    path = changed(("value=standardise(X))", "value=standardise(X * (X > 0)))"))
    assert load(path).points == 6


def test_a_page_is_no_exercise(changed, tmp_path):
    text = changed().read_text()
    head = text.split("---\n")[1]
    kept = head.split("exercise:")[0]
    path = tmp_path / "page.md"
    path.write_text(text.replace(head, kept))
    with pytest.raises(ExerciseError, match="add `exercise:`"):
        load(path)
