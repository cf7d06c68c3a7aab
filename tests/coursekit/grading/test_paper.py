"""Where a learner's cells stand among ours."""

from coursekit.exercises.runs import answers, runs
from coursekit.grading.model import Piece
from coursekit.grading.paper import paper

SEED = 4_242


def kinds(exercise, pieces, run=0):
    made = paper(exercise, runs(exercise)[run], pieces, SEED)
    return [
        (cell.metadata["course"]["kind"], cell.metadata["course"]["question"])
        for cell in made.cells
    ]


def sources(exercise, pieces, run=0):
    return [
        cell.source for cell in paper(exercise, runs(exercise)[run], pieces, SEED).cells
    ]


def test_without_a_learners_cells_there_are_parameters_given_and_evidence(good):
    assert kinds(good, [])[:2] == [("parameters", ""), ("given", "")]
    assert {kind for kind, _ in kinds(good, [])} == {"parameters", "given", "evidence"}


def test_checks_judges_and_variants_are_never_executed(good):
    text = "\n".join(sources(good, []) + sources(good, [], run=1))
    for cell in good.source.code:
        role = cell.role.role if cell.role else "given"
        if role in ("check", "judge", "wrong-answer", "right-answer"):
            assert cell.source not in text


def test_an_answer_runs_in_its_own_place_before_its_evidence(good):
    pieces = [
        Piece("answer", "b = 2", question="q3"),
        Piece("answer", "a = 1", question="q1"),
    ]
    order = [one for one in kinds(good, pieces) if one[0] in ("answer", "evidence")]
    assert order[:2] == [("answer", "q1"), ("evidence", "q1")]
    assert order.index(("answer", "q3")) < order.index(("evidence", "q3"))


def test_an_answer_in_parts_runs_in_the_learners_order(good):
    pieces = [
        Piece("answer", "first", question="q1"),
        Piece("answer", "then", question="q1"),
    ]
    found = sources(good, pieces)
    assert found.index("first") + 1 == found.index("then")


def test_added_cells_run_after_the_cell_of_ours_that_they_followed(good):
    pieces = [
        Piece("added", "very first", after=""),
        Piece("added", "after parameters", after="parameters"),
        Piece("answer", "answer", question="q1"),
        Piece("added", "helper", after="q1-answer"),
    ]
    found = sources(good, pieces)
    assert found[0] == "very first"
    assert found[2] == "after parameters"
    assert found[found.index("answer") + 1] == "helper"
    assert kinds(good, pieces)[found.index("helper")] == ("added", "q1")


def test_a_given_cell_that_was_changed_runs_after_ours(good):
    found = sources(good, [Piece("edited", "changed", after="given-1")])
    given = [cell.source for cell in good.source.code if cell.role is None]
    assert found[found.index("changed") - 1] == given[0]


def test_where_the_reference_stands_in_the_learners_answer_is_left_out(good):
    pieces = [
        Piece("answer", "mine to q1", question="q1"),
        Piece("answer", "mine to q2", question="q2"),
    ]
    found = sources(good, pieces, run=1)
    assert "mine to q1" not in found
    assert answers(good)["q1"] in found
    assert "mine to q2" in found
    assert {q for kind, q in kinds(good, pieces, run=1) if kind == "evidence"} == {"q2"}


def test_a_piece_that_follows_no_cell_of_ours_runs_nowhere(good):
    assert "lost" not in sources(good, [Piece("added", "lost", after="q9-answer")])
