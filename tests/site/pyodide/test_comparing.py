"""The comparison of the book's outputs with the page's sees what it must see."""

import pytest

from .comparing import differences, summary


def stream(text, name="stdout"):
    return [{"output_type": "stream", "name": name, "text": text}]


def result(text):
    return [{"kind": "result", "data": {"text/plain": text}}]


def compare(book, page, **how):
    return differences(summary(book), summary(page), **how)


@pytest.mark.parametrize(
    ("book", "page"),
    [
        ("loss 0.5772156649", "loss 0.5772156650"),  # the last digit
        ("a   1\nb  22", "a 1\nb 22"),  # columns of another width
        ("12,345 rows", "12,345 rows"),
        ("dtype: object", "dtype: str"),  # pandas 3
        ("np.float64(0.25)", "0.25"),
        ("1e-08", "1.0000000001e-08"),
    ],
)
def test_what_may_differ_is_no_difference(book, page):
    assert compare(stream(book), stream(page)) == []


@pytest.mark.parametrize(
    ("book", "page"),
    [
        ("loss 0.57721", "loss 0.57722"),
        ("12,345 rows", "12,346 rows"),
        ("-1.5", "1.5"),
        ("3 rows", "3 columns"),
        ("1 2 3", "1 2"),
        ("value 1.0", "value nan"),
        ("1e-08", "1e-07"),
        ("", "something"),
    ],
)
def test_what_must_not_differ_is_one(book, page):
    assert compare(stream(book), stream(page)) != []


def test_streams_in_pieces_are_one_text():
    assert compare(stream("a\n1\n"), stream("a\n") + stream("1\n")) == []


def test_tables_are_compared_by_their_cells():
    book = "<table><tr><td>1.5</td><td>x</td></tr></table>"
    page = "<style>td {}</style><table class='a'><tr><td>1.5<td>x</tr></table>"
    other = page.replace("1.5", "1.6")
    shown = [[{"kind": "result", "data": {"text/html": t}}] for t in (page, other)]
    ours = [{"output_type": "execute_result", "data": {"text/html": book}}]
    assert compare(ours, shown[0]) == []
    assert compare(ours, shown[1]) == ["the book has 1.5, the page 1.6"]


def test_errors_and_pictures_count_also_where_numbers_vary():
    picture = [{"kind": "display", "data": {"image/png": ""}}]
    error = [{"kind": "error", "name": "ValueError"}]
    assert compare(stream("1 s"), stream("2 s"), varies=True) == []
    assert compare(picture, [], varies=True) == ["pictures: the book has 1, the page 0"]
    assert compare([], error, varies=True) != []
    assert compare(result("1"), result("1") + error) != []
