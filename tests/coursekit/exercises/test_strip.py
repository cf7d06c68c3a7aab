"""One function takes the reference out, and refuses what it cannot take out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.exercises.strip import MarkerError, blocks, has_marker, strip

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r#"), max_size=20)


def test_a_block_in_a_function_raises_and_one_at_the_top_only_leaves_the_place():
    text = (
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
        "x = None\n### BEGIN SOLUTION\nx = 2\n### END SOLUTION"
    )
    assert strip(text, "q3") == (
        'def f():\n    # YOUR CODE HERE\n    raise NotImplementedError("q3")\n'
        "x = None\n# YOUR CODE HERE"
    )


@given(st.lists(LINES), st.lists(LINES, min_size=1), st.lists(LINES))
def test_nothing_between_the_markers_is_left(before, inside, after):
    secret = [f"secret {line}" for line in inside]
    text = "\n".join(
        [*before, "### BEGIN SOLUTION", *secret, "### END SOLUTION", *after]
    )
    assert strip(text, "q1").split("\n") == [*before, "# YOUR CODE HERE", *after]


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
ALMOST = st.sampled_from(
    ["## BEGIN SOLUTION", "### Begin Solution", "#### END SOLUTION", "# end-solution"]
)


@given(st.lists(st.sampled_from([BEGIN, END, "secret"]), max_size=8))
def test_markers_are_taken_out_in_pairs_or_refused(lines):
    markers = [line for line in lines if line != "secret"]
    if markers == [BEGIN, END] * (len(markers) // 2):
        assert not has_marker(strip("\n".join(lines), "q1"))
        return
    with pytest.raises(MarkerError) as caught:
        strip("\n".join(lines), "q1")
    assert lines[caught.value.line] in (BEGIN, END)


@given(st.lists(LINES, max_size=5), ALMOST, st.lists(LINES, max_size=5))
def test_a_misspelt_marker_is_refused_wherever_it_stands(before, marker, after):
    text = "\n".join([*before, marker, *after])
    with pytest.raises(MarkerError, match="write the marker as") as caught:
        strip(text, "q1")
    assert caught.value.line == len(before)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a\n### BEGIN SOLUTION\nb", "without `### END SOLUTION` after it", 1),
        ("a\n### END SOLUTION", "without `### BEGIN SOLUTION` before it", 1),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION", "a second", 1),
        ("    ### BEGIN SOLUTION\n### END SOLUTION", "indent", 1),
        ("## BEGIN SOLUTION", "write the marker as", 0),
        ("###BEGIN SOLUTION", "write the marker as", 0),
        ("### begin solution", "write the marker as", 0),
        ("### END_SOLUTION", "write the marker as", 0),
        ("### BEGIN SOLUTION please", "write the marker as", 0),
    ],
)
def test_a_malformed_marker_stops_everything(text, message, line):
    with pytest.raises(MarkerError, match=message) as caught:
        strip(text, "q1")
    assert caught.value.line == line
    assert has_marker(text)


def test_text_without_markers_is_left_alone():
    assert blocks("x = 1  # BEGIN") == []
    assert strip("x = 1", "q1") == "x = 1"
