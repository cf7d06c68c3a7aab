"""A roster is read as spreadsheets write it; faults are told with their line."""

import pytest

from coursekit.grading.roster import RosterError, read_roster


def test_a_roster_is_read_as_spreadsheets_write_it(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes('\ufeffkey,name,id\r\nada,"Lovelace, Ada",7\r\n'.encode())
    found = read_roster(path)
    assert [(one.key, one.name, one.id) for one in found] == [
        ("ada", "Lovelace, Ada", "7")
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("key\nada\nada\n", "line 3: found 'ada' for the second time"),
        ("key,name\n,Ada\n", "line 2: found no key"),
        ("", "found nothing"),
    ],
)
def test_a_roster_with_a_fault_is_refused_with_its_line(tmp_path, text, words):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(RosterError, match=words):
        read_roster(path)


def test_further_columns_are_left_alone_and_name_and_id_may_be_missing(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("group,key\nA, ada \nB,bob\n")
    found = [(one.key, one.name, one.id) for one in read_roster(path)]
    assert found == [("ada", "", ""), ("bob", "", "")]


def test_a_roster_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(RosterError, match=r"cannot be read \(No such file"):
        read_roster(tmp_path / "roster.csv")
    (tmp_path / "roster.csv").write_bytes("key\nJürgen\n".encode("latin-1"))
    with pytest.raises(RosterError, match="is not UTF-8"):
        read_roster(tmp_path / "roster.csv")
