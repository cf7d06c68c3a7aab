"""Every cell of a learner's notebook finds its place, whatever happened to it."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.exercises import commands, runs
from coursekit.exercises.model import load
from coursekit.grading.intake import Unreadable, cells, pieces_of, read_notebook
from coursekit.grading.intake.code import Code, same
from coursekit.grading.model import Piece

STANDARDISE = "def standardise(X):\n    return X - X.mean(0)"
SCALER = "class Scaler:\n    pass"
WIDEST = "widest = 3.0"


def answers(found):
    """The sources that answer, by question."""
    told = {}
    for piece in found.pieces:
        if piece.kind == "answer":
            told.setdefault(piece.question, []).append(piece.source)
    return told


def others(found):
    return [(p.kind, p.source, p.after) for p in found.pieces if p.kind != "answer"]


def has(found, *words):
    return any(all(word in note for word in words) for note in found.notes)


ALL = {"q1": [STANDARDISE], "q2": [SCALER], "q3": [WIDEST]}


def test_answers_run_in_the_learners_order_and_nothing_is_said(answered):
    answered.cell("q4-written")["source"] = "A tree."
    found = answered.found()
    assert found.pieces == (
        Piece("answer", STANDARDISE, question="q1"),
        Piece("answer", SCALER, question="q2"),
        Piece("answer", WIDEST, question="q3"),
    )
    assert found.written == {"q4": "A tree."}
    assert found.notes == found.flags == ()
    assert found.recognised


def test_the_starter_as_it_is_says_that_nothing_is_answered(book):
    found = book.found()
    assert found.notes == tuple(f"q{n} is not answered." for n in (1, 2, 3, 4))
    assert set(answers(found)) == {"q1", "q2", "q3"}
    assert others(found) == []


def test_a_skeleton_without_its_comment_is_still_a_skeleton(book):
    kept = book.cell("q1-answer")["source"].replace("# YOUR CODE HERE", "")
    assert has(book.write(q1=kept).found(), "q1 is not answered")


# --- found by what? ---


@pytest.mark.parametrize(
    "lost",
    [
        ["id"],
        ["id", "course"],
        ["id", "nbgrader"],
        ["id", "nbgrader", "course"],
        ["nbgrader", "course"],
    ],
    ids="-".join,
)
def test_answers_are_found_whatever_marks_a_program_dropped(answered, lost):
    found = answered.forget(*lost).found()
    assert answers(found) == ALL
    assert others(found) == []


def test_an_id_that_a_program_made_anew_does_no_harm(answered):
    for number, cell in enumerate(answered.cells):
        cell["id"] = f"{number:08x}"
    assert answers(answered.found()) == ALL


def test_marks_of_wrong_types_are_no_marks(answered):
    for cell in answered.cells:
        cell["metadata"] = {
            "nbgrader": {"grade_id": ["q1-answer"]},
            "course": {"role": {}, "question": 3},
        }
        cell["id"] = 7
    assert answers(answered.found()) == ALL


def test_ids_swapped_between_two_answers(answered):
    answered.write(q1=SCALER, q2=STANDARDISE)
    found = answered.found()
    assert answers(found) == ALL
    assert has(found, "answer to q2 stood in the cell of q1")
    assert has(found, "do not stand in the order")


def test_a_wrong_paste_leaves_the_other_question_unanswered(answered):
    found = answered.write(q1=SCALER).found()
    assert answers(found) == {"q2": [SCALER], "q3": [WIDEST]}
    assert has(found, "There is no answer to q1")


def test_all_answers_in_one_cell(answered):
    together = f"{STANDARDISE}\n\n{SCALER}"
    found = answered.write(q1=together).drop("q2-answer").found()
    assert answers(found) == {"q1": [together], "q2": [together], "q3": [WIDEST]}
    assert has(found, "answer to q2 stood in the cell of q1")


def test_an_answer_begun_in_its_cell_is_the_answer(book):
    begun = "def standardise(X):\n    X = X - 1\n    raise NotImplementedError('q1')"
    found = book.write(q1=begun).add(STANDARDISE, after="summary").found()
    assert answers(found)["q1"] == [begun]
    assert others(found) == [("added", STANDARDISE, "q3-answer")]


@pytest.mark.parametrize("tidied", [True, False])
def test_a_skeleton_gives_way_to_the_name_in_an_added_cell(book, tidied):
    if tidied:
        bare = 'def standardise(X):\n    raise NotImplementedError("q1")'
        book.write(q1=bare)
    book.add(STANDARDISE, after="summary")
    found = book.found()
    assert answers(found)["q1"] == [STANDARDISE]
    assert others(found) == []
    assert has(found, "q1 was found by its name in another cell")


def test_an_answer_that_does_not_define_its_name_runs_and_is_told(answered):
    found = answered.write(q1="def standardize(X):\n    return X").found()
    assert answers(found)["q1"] == ["def standardize(X):\n    return X"]
    assert has(found, "cell of q1 does not define `standardise`")


@pytest.mark.parametrize("where", ["given-2", "q1-check", "text-3"])
def test_an_answer_written_over_another_cell_is_found(answered, where):
    answered.drop("q1-answer").cell(where).update(cell_type="code", source=STANDARDISE)
    found = answered.found()
    assert sorted(answers(found).items()) == sorted(ALL.items())
    assert others(found) == []


# --- doubled, split, moved, deleted, converted ---


def test_of_an_answer_given_twice_the_last_counts(answered):
    again = answered.copy_of("q1-answer", source="def standardise(X):\n    return 2")
    answered.cells.append(again)
    found = answered.found()
    assert answers(found)["q1"] == [again["source"]]
    assert has(found, "q1 is answered more than once; the last")


def test_the_same_answer_twice_runs_once(answered):
    answered.cells.append(answered.copy_of("q3-answer"))
    assert answers(answered.found()) == ALL


def test_a_skeleton_after_the_answer_does_not_undo_it(answered, starter_bytes):
    cells_ = json.loads(starter_bytes)["cells"]
    answered.cells.append(next(c for c in cells_ if c["id"] == "q1-answer"))
    found = answered.found()
    assert answers(found) == ALL
    assert not has(found, "q1")


@pytest.mark.parametrize("marks", [True, False], ids=["copied-marks", "no-marks"])
def test_a_split_answer_runs_whole_and_in_order(answered, marks):
    first, second = "import math\n\ndef mean(X):\n    return X.mean(0)", STANDARDISE
    answered.write(q1=first)
    at = answered.at("q1-answer") + 1
    part = answered.copy_of("q1-answer", source=second, id="new")
    if not marks:
        part["metadata"] = {}
    answered.cells.insert(at, part)
    found = answered.found()
    assert answers(found)["q1"] == [first, second]
    assert not has(found, "more than once")


def test_a_split_whose_first_part_has_the_name(answered):
    answered.write(q1="def standardise(X):\n    return shift(X)")
    answered.add("def shift(X):\n    return X - X.mean(0)", after="q1-answer")
    found = answered.found()
    assert answers(found)["q1"] == ["def standardise(X):\n    return shift(X)"]
    assert others(found)[0][0::2] == ("added", "q1-answer")


def test_a_moved_answer_keeps_its_question_and_is_told(answered):
    answered.cells.append(answered.cells.pop(answered.at("q1-answer")))
    found = answered.found()
    assert answers(found) == ALL
    assert has(found, "do not stand in the order")


def test_text_moved_around_is_not_worth_a_note(answered):
    answered.cells.append(answered.cells.pop(answered.at("text-1")))
    answered.cells.append(answered.cells.pop(answered.at("q1-check")))
    assert answered.found().notes == ("q4 is not answered.",)


def test_a_deleted_answer_is_told(answered):
    found = answered.drop("q2-answer").found()
    assert answers(found) == {"q1": [STANDARDISE], "q3": [WIDEST]}
    assert has(found, "There is no answer to q2.")


@pytest.mark.parametrize("kind", ["markdown", "raw", "strange"])
def test_an_answer_that_is_no_code_cell_any_more_is_not_run(answered, kind):
    answered.cell("q2-answer")["cell_type"] = kind
    found = answered.found()
    assert "q2" not in answers(found)
    assert has(found, "answer to q2 is not in a code cell")


def test_an_emptied_answer_is_not_answered(answered):
    assert has(answered.write(q1="\n# later\n").found(), "q1 is not answered")


def test_two_cells_with_one_id_and_other_content_lose_nothing(answered):
    helper = {"cell_type": "code", "id": "given-1", "metadata": {}, "source": "k = 2"}
    answered.cells.insert(answered.at("q2-answer"), helper)
    found = answered.found()
    assert answers(found) == ALL
    assert others(found) == [("added", "k = 2", "q1-answer")]


# --- what else runs ---


def test_a_given_cell_that_was_changed_runs_after_ours(answered):
    source = answered.cell("given-1")["source"] + "\nnp.seterr(all='raise')"
    found = answered.write(given_1=source).found()
    assert others(found) == [("edited", source, "given-1")]


def test_blanks_at_line_ends_are_no_change(answered):
    source = answered.cell("given-1")["source"].replace("\n", "  \r\n") + "\n\n"
    assert others(answered.write(given_1=source).found()) == []


def test_added_cells_run_after_the_cell_of_ours_that_they_follow(answered):
    answered.add("a = 1").add("b = 2", after="parameters")
    answered.add("c = 3", after="q1-check").add("d = 4", after="given-2")
    assert others(answered.found()) == [
        ("added", "a = 1", ""),
        ("added", "b = 2", "parameters"),
        ("added", "c = 3", "q1-answer"),
        ("added", "d = 4", "given-2"),
    ]


def test_cells_in_which_nothing_runs_are_no_pieces(answered):
    answered.add("# a thought", after="given-1").add("", after="given-1")
    answered.add("x = 1", after="given-1", kind="markdown")
    assert others(answered.found()) == []


def test_changed_parameters_are_told_and_not_run(answered):
    source = answered.cell("parameters")["source"]
    for text in (f"{source}\nrows = 7", "seed = int(7)", "size = 7"):
        found = answered.write(parameters=text).found()
        assert others(found) == []
        assert has(found, "changes to the parameters were not used")


@pytest.mark.parametrize("number", ["7", "1_000_000", "  2147483647  "])
def test_a_seed_of_ones_own_is_not_spoken_of(answered, number):
    """Whoever was given data of their own has another number there."""
    source = answered.cell("parameters")["source"]
    own, count = re.subn(r"(?m)^seed = .*$", f"seed = {number}", source)
    assert count == 1
    found = answered.write(parameters=own).found()
    assert others(found) == []
    assert not has(found, "parameters")


@pytest.mark.parametrize("name", ["q1-check", "summary", "bootstrap"])
def test_what_never_runs_does_not_run_when_it_is_changed(answered, name):
    answered.cell(name)["source"] = "print('mine')"
    found = answered.found()
    assert others(found) == []
    assert has(found, name, "never runs")


@pytest.mark.parametrize("name", ["q1-check", "summary", "bootstrap"])
@pytest.mark.parametrize("claim", ["q3-answer", "given-1", "new"])
def test_what_never_runs_does_not_run_under_another_id(answered, name, claim):
    copied = answered.copy_of(name, id=claim, metadata={})
    answered.cells.append(copied)
    found = answered.found()
    assert copied["source"] not in [piece.source for piece in found.pieces]
    assert answers(found) == ALL


def test_an_added_check_is_left_out_and_told(answered):
    answered.add("with check('q1', 'mine') as c:\n    c.true(True)", after="q1-check")
    answered.add("check.summary(q1=3)", after="summary")
    found = answered.found()
    assert others(found) == []
    assert has(found, "call `check` were left out: 2")


def test_a_helper_beside_an_added_check_is_not_lost(answered):
    answered.write(q1="def standardise(X):\n    return shift(X)")
    both = "def shift(X):\n    return X\nwith check('q1', 'mine') as c:\n    shift(1)"
    answered.add(both, after="given-1")
    assert others(answered.found()) == [("added", both, "given-1")]


def test_a_function_of_the_learners_that_is_called_check_is_not_ours(answered):
    own = "def check(x):\n    return x\ncheck(1)"
    assert others(answered.add(own, after="given-1").found())[0][1] == own


def test_a_copy_of_a_check_used_for_other_code_is_an_added_cell(answered):
    mine = answered.copy_of("q1-check", id="new", source="k = 2")
    answered.cells.insert(answered.at("q1-check") + 1, mine)
    assert others(answered.found()) == [("added", "k = 2", "q1-answer")]


def test_an_answer_that_needs_a_name_of_a_check_is_told_so(answered):
    answered.write(q1="def standardise(X):\n    return X - before")
    found = answered.found()
    assert has(found, "answer to q1 uses `before`", "only a check defines")
    answered.write(q1="def standardise(X):\n    before = X\n    return before")
    assert not has(answered.found(), "before")
    answered.write(q1="def standardise(X):\n    return X - before")
    assert not has(answered.add("before = 1").found(), "before")


def test_magics_do_not_hide_names_and_stay_in_the_source(answered):
    source = f"%%time\n%matplotlib inline\n!ls\n{STANDARDISE}\nstandardise?"
    at = [cell["id"] for cell in answered.cells].index("q1-answer")
    answered.forget("id", "course", "nbgrader").cells[at]["source"] = source
    assert answers(answered.found())["q1"] == [source]


def test_broken_code_stays_the_answer(answered):
    broken = "def standardise(X):\nreturn X"
    found = answered.write(q1=broken).found()
    assert answers(found)["q1"] == [broken]
    assert not has(found, "q1")


def test_a_notebook_of_something_else_is_told(good):
    strange = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}
    found = pieces_of(read_notebook(json.dumps(strange).encode()), good)
    assert not found.recognised
    assert "is it the right one?" in found.notes[0]


# --- written answers ---


def test_a_written_answer_is_kept_as_it_is(answered):
    text = "A tree \u202eeert A\u202c <b>\x07"
    answered.cell("q4-written")["source"] = text
    assert answered.found().written == {"q4": text}


def test_a_long_text_is_cut_and_told(answered):
    answered.cell("q4-written")["source"] = "x" * (cells.LONGEST_WRITTEN + 1)
    found = answered.found()
    assert len(found.written["q4"]) == cells.LONGEST_WRITTEN
    assert has(found, "20,001 characters")


def test_a_text_is_found_by_other_marks_and_the_last_counts(answered):
    answered.forget("id", "course")
    cell = next(c for c in answered.cells if "*Write your" in c["source"])
    again = json.loads(json.dumps(cell)) | {"source": "second"}
    cell["source"] = "first"
    answered.cells.append(again)
    assert answered.found().written == {"q4": "second"}


def test_a_text_without_a_cell_is_told(answered):
    found = answered.drop("q4-written").found()
    assert found.written == {"q4": ""}
    assert has(found, "q4 has no cell")


# --- flags ---

ORACLE = """
def slow(table, k=2):
    total = []
    for row in table:
        total.append(sum(value * k for value in row) / len(row))
    return total
"""
RENAMED = '''
def standardise(X: list, factor=2) -> list:
    """Mine."""
    out = []
    for r in X:  # each
        out.append(sum(v * factor for v in r) / len(r))
    return out
'''


def test_a_function_is_known_again_whatever_its_names():
    assert Code(ORACLE).functions == Code(RENAMED).functions != frozenset()
    assert Code(RENAMED.replace("* factor", "+ factor")).functions != (
        Code(ORACLE).functions
    )


def test_short_functions_are_nobodys():
    assert not Code("def f(x):\n    return x + 1").functions


def test_a_copied_oracle_is_flagged_and_the_learner_not_told(good, book_of, tmp_path):
    check = 'with check("q1", "columns have'
    path = tmp_path / "solutions" / "classical" / "scaling.md"
    path.parent.mkdir(parents=True)
    path.write_text(
        good.source.text.replace(check, f"{ORACLE}\n{check}"), encoding="utf-8"
    )
    found = book_of(load(path)).write(q1=RENAMED).found()
    assert found.flags == ("The answer to q1 has a function of a check, names aside.",)
    assert not any("names aside" in note for note in found.notes)


def test_code_that_does_not_read_as_it_runs_is_flagged(answered):
    answered.write(q1=f"{STANDARDISE}  # \u202e")
    answered.add("x = 1" + " " * 320 + "; y = 2", after="given-1")
    answered.add("z = [" + "1, " * 200 + "]", after="given-1")
    flags = answered.found().flags
    assert len(flags) == 2
    assert "The answer to q1" in flags[1]
    assert "direction of writing" in flags[1]
    assert "beyond column 300" in flags[0]


@pytest.mark.parametrize("path", commands.sources(), ids=lambda path: path.stem)
def test_answers_to_our_exercises_come_through_and_nothing_is_flagged(
    path, book_of, audit
):
    exercise = load(path)
    whole = json.dumps(book_of(exercise).raw)
    reference = runs.answers(exercise)
    for question in exercise.questions:
        for variant in (v for v in question.variants if not v.wrong or audit):
            sent = reference | {question.name: variant.cell.source}
            found = book_of(exercise, whole).write(**sent).found()
            assert answers(found) == {name: [code] for name, code in sent.items()}
            assert found.flags == ()
            assert not any("answer" in note or "uses" in note for note in found.notes)


# --- whatever comes ---


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("x=1", "x = 1  # one", True),
        ("x = (", "x = ( ", True),
        ("x = (", "x = [", False),
        ("x = 1", "y = 1", False),
    ],
)
def test_sources_are_the_same_but_for_layout_and_comments(one, other, equal):
    assert same(Code(one), Code(other)) is equal


HOSTILE = {
    "brackets": "(" * 9999,
    "signs": "-" * 49_000 + "1",
    "attributes": "x" + ".a" * 24_000,
    "targets": "a=" * 24_000 + "1",
    "branches": "if a:pass\n" + "elif a:pass\n" * 4_000,
    "null": "x\x00y",
    "escape": "'\\d'",
    "magic": "%",
    "long": "x" * 10**6,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_code_made_to_break_a_parser_is_an_answer_like_another(answered, source):
    found = answered.write(q1=source).found()
    assert source in [piece.source for piece in found.pieces]


def test_much_code_is_not_all_parsed_but_runs_and_answers(answered, monkeypatch):
    monkeypatch.setattr(cells, "LOOKED_INTO", 1)
    found = answered.add("k = 1", after="given-1").found()
    assert answers(found) == ALL
    assert others(found) == [("added", "k = 1", "given-1")]


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_starter_changed_at_random_never_fails(good, starter_bytes, data):
    raw = json.loads(starter_bytes)
    ids = [cell["id"] for cell in raw["cells"]]
    sources = [cell["source"] for cell in raw["cells"]] + [STANDARDISE, "1 +"]
    for _ in range(data.draw(st.integers(1, 8))):
        cell = raw["cells"][data.draw(st.integers(0, len(raw["cells"]) - 1))]
        key = data.draw(st.sampled_from(["id", "source", "cell_type", "metadata"]))
        values = {
            "id": st.sampled_from(ids) | st.none(),
            "source": st.sampled_from(sources),
            "cell_type": st.sampled_from(["code", "markdown", "raw"]),
            "metadata": st.sampled_from([c["metadata"] for c in raw["cells"]]),
        }
        cell[key] = data.draw(values[key])
    order = data.draw(st.permutations(raw["cells"]))
    try:
        found = pieces_of(
            read_notebook(json.dumps(raw | {"cells": order}).encode()), good
        )
    except Unreadable:
        pytest.fail("a notebook of the right form was refused")
    kept = {cell["source"] for cell in order if cell["cell_type"] == "code"}
    never = {
        cell["source"]
        for cell in json.loads(starter_bytes)["cells"]
        if cell["id"] in ("q1-check", "q2-check", "q3-check", "summary", "bootstrap")
    }
    for piece in found.pieces:
        assert piece.source in kept
        assert piece.source not in never
        assert (piece.kind == "answer") == bool(piece.question)
