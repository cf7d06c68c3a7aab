"""Work is filed under what it depends on, and under nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.grading import keys
from coursekit.grading.model import Piece

PIECE = Piece("answer", "x = 1", question="q1")
LIKE_IT = [
    Piece("added", "x = 1", question="q1"),
    Piece("answer", "x = 2", question="q1"),
    Piece("answer", "x = 1", question="q2"),
    Piece("answer", "x = 1", after="q1", question=""),
]


def test_all_that_work_depends_on_is_in_its_key():
    found = {
        keys.work([PIECE], 1, "a", "bubblewrap"),
        keys.work([PIECE], 2, "a", "bubblewrap"),
        keys.work([PIECE], 1, "b", "bubblewrap"),
        keys.work([PIECE], 1, "a", "none"),
        keys.work([], 1, "a", "bubblewrap"),
        keys.work([PIECE, PIECE], 1, "a", "bubblewrap"),
        *(keys.work([one], 1, "a", "bubblewrap") for one in LIKE_IT),
    }
    assert len(found) == 6 + len(LIKE_IT)


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_code_cannot_be_moved_between_pieces_under_one_key(sources):
    together = [Piece("added", "".join(sources)), Piece("added", "")]
    apart = [Piece("added", source) for source in sources]
    same = [piece.source for piece in together] == sources
    assert (keys.work(together, 1, "a", "b") == keys.work(apart, 1, "a", "b")) is same


def test_the_order_of_code_counts():
    two = [Piece("added", "a"), Piece("added", "b")]
    assert keys.work(two, 1, "a", "b") != keys.work(two[::-1], 1, "a", "b")


@pytest.mark.parametrize("old", ["X.mean(axis=0)", "rtol=1e-8", "seed + 1"])
def test_the_grader_is_another_once_the_exercise_is(good, tmp_path, old):
    path = tmp_path / "good.md"
    path.write_text(good.source.text, encoding="utf-8")
    before = keys.grader(path)
    assert keys.grader(path) == before
    path.write_text(good.source.text.replace(old, f"{old} "), encoding="utf-8")
    assert keys.grader(path) != before
