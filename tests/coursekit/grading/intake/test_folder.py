"""A folder as LMSs export it becomes one counting submission a learner."""

import os
import stat
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.grading.intake import archives, read_folder, take_in, uploads
from coursekit.grading.intake.reading import Unreadable
from coursekit.grading.model import Learner


def zipped(files):
    """Return a zip file of names, or of what zipfile knows of a file, and bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def put(tmp_path):
    """Write files into a folder, by path; a number sets when one was changed."""

    def write(files, times=()):
        for name, content in files.items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, seconds in dict(times).items():
            os.utime(tmp_path / "in" / name, (seconds, seconds))
        return tmp_path / "in"

    return write


@pytest.fixture
def whole(answered):
    return answered.bytes


def keys(submissions):
    return [one.learner.key for one in submissions]


def counting(submissions):
    return {one.learner.key: one.file for one in submissions if not one.superseded}


def problems(submissions):
    return {one.file: one.problem for one in submissions if one.problem}


# --- where things lie ---

LAYOUTS = {
    "plain": ["ada.ipynb", "bob.ipynb"],
    "folders": ["ada/x.ipynb", "bob/y/z.ipynb"],
    "canvas": ["ada_1_1000_hw.ipynb", "bob_LATE_2_1001_hw.ipynb"],
    "moodle": [
        "ada_1_assignsubmission_file_/hw.ipynb",
        "bob_2_assignsubmission_file_/hw.ipynb",
    ],
    "moodle-flat": [
        "ada_1_assignsubmission_file_hw.ipynb",
        "bob_2_assignsubmission_file_hw.ipynb",
    ],
    "nbgrader": ["submitted/ada/hw/x.ipynb", "submitted/bob/hw/x.ipynb"],
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("packed", ["folder", "zip", "zip-in-folder"])
def test_every_layout_is_read_packed_or_not(put, good, whole, layout, packed):
    folder = put(dict.fromkeys(layout, whole))
    if packed != "folder":
        content = zipped((name, whole) for name in layout)
        folder = put({"../out/export.zip": content}).parent / "out"
        folder = folder / "export.zip" if packed == "zip" else folder
    found = read_folder(folder, good)
    assert [one.learner.name for one in found] == ["ada", "bob"]
    assert all(len(one.pieces) == 3 and not one.problem for one in found)
    assert not any(one.superseded for one in found)


def test_what_the_lms_says_is_kept(put, good, whole):
    folder = put(
        {"ada_LATE_1_1000_hw.ipynb": whole, "bob_2_1001_hw.ipynb": whole},
        {"ada_LATE_1_1000_hw.ipynb": 1_000_000_000},
    )
    ada, bob = read_folder(folder, good)
    assert (ada.late, ada.learner.id, ada.learner.key) == (True, "1", "ada_1")
    assert bob.late is False
    assert ada.submitted.isoformat() == "2001-09-09T01:46:40+00:00"
    assert ada.digest == bob.digest != ""


def test_one_notebook_alone(put, good, whole):
    folder = put({"ada.ipynb": whole})
    assert keys(read_folder(folder / "ada.ipynb", good)) == ["ada"]


def test_a_zip_file_that_is_named_itself_is_no_part_of_the_names_in_it(
    put, good, whole
):
    inner = zipped([("x.ipynb", whole)])
    export = [("ada_1_1000_hw.ipynb", whole), ("bob_2_1001_hw.zip", inner)]
    folder = put({"all.zip": zipped(export), "cyd.zip": inner, "dan.zip": b"PK"})
    assert [one.file for one in read_folder(folder / "all.zip", good)] == [
        "ada_1_1000_hw.ipynb",
        "bob_2_1001_hw.zip/x.ipynb",
    ]
    (alone,) = read_folder(folder / "cyd.zip", good)
    assert (alone.file, alone.learner.key) == ("x.ipynb", "cyd")
    (broken,) = read_folder(folder / "dan.zip", good)
    assert (broken.file, bool(broken.problem)) == ("dan.zip", True)


def test_a_learners_zip_file_is_the_learners(put, good, whole):
    forged = "ada_1_9999_hw.ipynb"
    folder = put(
        {
            "ada_1_1000_hw.ipynb": whole,
            "mallory_2_1001_hw.zip": zipped([(forged, whole)]),
        }
    )
    found = read_folder(folder, good)
    assert counting(found) == {
        "ada_1": "ada_1_1000_hw.ipynb",
        "mallory_2": f"mallory_2_1001_hw.zip/{forged}",
    }


def test_plain_zip_files_beside_each_other_are_learners(put, good, whole):
    forged = zipped([("ada_1_9999_hw.ipynb", whole)])
    folder = put({"ada.zip": zipped([("x.ipynb", whole)]), "mallory.zip": forged})
    assert keys(read_folder(folder, good)) == ["ada", "mallory"]


def test_two_notebooks_in_each_of_several_plain_zip_files_are_not_learners(
    put, good, whole
):
    both = zipped([("final.ipynb", whole), ("draft.ipynb", whole)])
    found = read_folder(put({"ada.zip": both, "bob.zip": both}), good)
    assert keys(found) == ["ada", "ada", "bob", "bob"]


def test_exports_of_two_sections_beside_each_other(put, good, whole):
    folder = put(
        {
            "one.zip": zipped([("ada_1_1000_hw.ipynb", whole)]),
            "two.zip": zipped([("bob_2_1001_hw.zip", zipped([("x.ipynb", whole)]))]),
        }
    )
    assert counting(read_folder(folder, good)) == {
        "ada_1": "one.zip/ada_1_1000_hw.ipynb",
        "bob_2": "two.zip/bob_2_1001_hw.zip/x.ipynb",
    }


def test_what_programs_leave_behind_is_not_seen(put, good, whole):
    folder = put(
        {
            "ada/x.ipynb": whole,
            "ada/.ipynb_checkpoints/x-checkpoint.ipynb": whole,
            "ada/.hidden.ipynb": b"",
            "__MACOSX/ada/._x.ipynb": b"",
            "bob.zip": zipped([("x.ipynb", whole), ("__MACOSX/._x.ipynb", b"")]),
        }
    )
    found = read_folder(folder, good)
    assert keys(found) == ["ada", "bob"]
    assert not any(one.notes[1:] for one in found)


def test_browsers_endings_do_no_harm(put, good, whole):
    folder = put({"ada.ipynb.txt": whole, "bob.IPYNB": whole, "eve.ipynb.json": whole})
    found = read_folder(folder, good)
    assert keys(found) == ["ada", "bob", "eve"]
    assert not problems(found)


def test_a_path_that_is_nothing_is_refused(tmp_path, good):
    (tmp_path / "essay.txt").write_text("x")
    with pytest.raises(Unreadable, match="there is no such file"):
        read_folder(tmp_path / "nowhere", good)
    with pytest.raises(Unreadable, match="it is neither"):
        read_folder(tmp_path / "essay.txt", good)


def test_an_empty_folder_has_nothing(tmp_path, good):
    assert read_folder(tmp_path, good) == []


# --- several uploads of one learner ---


@pytest.mark.parametrize(
    ("files", "last"),
    [
        (["ada_1_1000_hw.ipynb", "ada_1_1002_hw-1.ipynb", "ada_1_999_hw-2.ipynb"], 1),
        (["ada/hw.ipynb", "ada/hw-2.ipynb", "ada/hw-10.ipynb"], 2),
        (["ada/hw (1).ipynb", "ada/hw.ipynb"], 0),
    ],
    ids=["canvas", "suffix", "browser"],
)
def test_the_last_upload_counts_and_all_are_kept(put, good, whole, files, last):
    same_time = dict.fromkeys(files, 1_000_000_000)
    found = read_folder(put(dict.fromkeys(files, whole), same_time), good)
    assert [one.attempt for one in found] == [*range(1, len(files) + 1)]
    assert list(counting(found).values()) == [files[last]]
    assert not found[-1].superseded
    assert any("uploads were found" in note for note in found[-1].notes)


def test_without_numbers_the_time_decides(put, good, whole):
    files = {"ada/homework-2.ipynb": whole, "ada/solution.ipynb": whole}
    times = {"ada/homework-2.ipynb": 1_000_000_000, "ada/solution.ipynb": 1_000_000_001}
    found = read_folder(put(files, times), good)
    assert counting(found) == {"ada": "ada/solution.ipynb"}


def test_of_two_at_once_the_one_of_this_exercise_counts(put, good, whole):
    scratch = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}'
    folder = put({"ada_1_1000_hw.ipynb": whole, "ada_1_1001_notes.ipynb": scratch})
    found = read_folder(folder, good)
    assert counting(found) == {"ada_1": "ada_1_1000_hw.ipynb"}
    assert "No cell of this exercise" in found[0].flags[0]


def test_a_broken_later_upload_does_not_undo_a_good_one(put, good, whole):
    folder = put({"ada_1_1000_hw.ipynb": whole, "ada_1_1001_hw-1.ipynb": whole[:99]})
    first, second = read_folder(folder, good)
    assert (first.superseded, second.superseded) == (False, True)
    assert "ends too early" in second.problem
    assert "A later upload" in first.flags[0]


def test_of_broken_uploads_the_last_counts(put, good):
    folder = put({"ada_1_1000_hw.ipynb": b"", "ada_1_1001_hw-1.ipynb": b"{"})
    assert [one.superseded for one in read_folder(folder, good)] == [True, False]


def test_another_exercises_notebook_is_told_by_its_name(put, good, answered):
    answered.raw["metadata"]["course"]["exercise"] = "classical/other"
    (found,) = read_folder(put({"ada.ipynb": answered.bytes}), good)
    assert found.problem == "The notebook is of another exercise, `classical/other`."
    assert found.pieces == ()


@pytest.mark.parametrize("name", [None, 3, "", "<script>", "a/b/c", "a" * 999])
def test_what_is_no_exercises_name_says_nothing(put, good, answered, name):
    answered.raw["metadata"]["course"]["exercise"] = name
    assert not problems(read_folder(put({"ada.ipynb": answered.bytes}), good))


# --- other files ---


def test_other_files_are_told_and_only_they_are_a_problem(put, good, whole):
    folder = put(
        {
            "ada_1_1000_hw.ipynb": whole,
            "ada_1_1001_plot.png": b"x",
            "bob_2_1002_essay.docx": b"x",
            "dan_3_text.html": b"x",
            "eve/a.py": b"x",
            "eve/b.py": b"x",
        }
    )
    ada, bob, dan, eve = read_folder(folder, good)
    assert dan.problem == "There is no notebook, only `dan_3_text.html`."
    assert "no notebook: `ada_1_1001_plot.png`" in ada.notes[-1]
    assert bob.problem == "There is no notebook, only `bob_2_1002_essay.docx`."
    assert eve.problem == "There is no notebook, only `a.py`, `b.py`."


def test_an_instructors_own_files_are_nobodys(put, good, whole):
    folder = put({"ada.ipynb": whole, "roster.csv": b"", "bob.docx": b""})
    found = take_in(folder, good)
    assert keys(found.submissions) == ["ada"]
    assert found.ignored == ["bob.docx", "roster.csv"]
    found = take_in(folder, good, [Learner(key="bob")])
    assert keys(found.submissions) == ["ada", "bob"]


def test_learners_of_the_roster_keep_their_keys_and_others_are_flagged(
    put, good, whole
):
    roster = [Learner(key="al", name="Ada Lovelace", id="1")]
    folder = put({"lovelaceada_1_1000_x.ipynb": whole, "bob_2_1001_x.ipynb": whole})
    ada, bob = read_folder(folder, good, roster)
    assert ada.learner is roster[0]
    assert ada.flags == ()
    assert bob.flags == ("Not on the roster.",)


# --- what is no ordinary file ---


POSIX = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@POSIX
def test_what_is_no_ordinary_file_gets_a_sentence_and_the_rest_goes_on(
    put, good, whole, tmp_path
):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(whole)
    folder = put({"ada.ipynb": whole, "eve.ipynb": b""})
    (folder / "bob.ipynb").symlink_to(secret)
    (folder / "dan").symlink_to(tmp_path)
    (folder / "fay.ipynb").mkdir()
    os.mkfifo(folder / "gil.ipynb")
    os.mkfifo(folder / "hal.zip")
    (folder / "ivy.ipynb").symlink_to("ivy.ipynb")
    found = read_folder(folder, good)
    told = {one.learner.key: one.problem for one in found}
    assert told.pop("ada") == ""
    assert told.pop("eve") == "The file is empty."
    assert "named as a file" in told.pop("fay")
    assert told.pop("gil") == told.pop("hal") != ""
    assert {key for key, text in told.items() if "link" in text} == {
        "bob",
        "dan",
        "ivy",
    }
    assert len(told) == 3


@pytest.mark.parametrize("seconds", [1e13, -1e13, 1e300, float("nan")])
def test_a_time_of_no_calendar_is_no_time(put, good, whole, monkeypatch, seconds):
    folder = put({"ada.ipynb": whole})
    found = SimpleNamespace(st_mode=stat.S_IFREG, st_mtime=seconds)
    monkeypatch.setattr(Path, "lstat", lambda self: found)
    (upload,) = uploads.uploads(folder)
    assert upload.time is None


@POSIX
def test_a_file_that_becomes_a_link_between_looking_and_reading_is_not_followed(
    put, whole, tmp_path
):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(whole)
    folder = put({"ada.ipynb": whole})
    (upload,) = uploads.uploads(folder)
    (folder / "ada.ipynb").unlink()
    (folder / "ada.ipynb").symlink_to(secret)
    with pytest.raises(Unreadable, match="cannot be opened"):
        upload.content()
    (folder / "ada.ipynb").unlink()
    os.mkfifo(folder / "ada.ipynb")
    with pytest.raises(Unreadable, match="not an ordinary file"):
        upload.content()


def test_what_may_not_be_opened_gets_a_sentence(put, good, whole, monkeypatch):
    folder = put({"ada.ipynb": whole, "bob.ipynb": whole, "eve/x.ipynb": whole})
    to_open, to_list = os.open, uploads._children

    def refuse(path, *args, **kwargs):
        if str(path).endswith("ada.ipynb"):
            raise PermissionError(13, "Permission denied")
        return to_open(path, *args, **kwargs)

    def refuse_folder(path):
        if path.name == "eve":
            raise PermissionError(13, "Permission denied")
        return to_list(path)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(uploads, "_children", refuse_folder)
    found = read_folder(folder, good)
    assert problems(found) == {
        "ada.ipynb": "The file cannot be opened (Permission denied).",
        "eve": "The folder cannot be opened (Permission denied).",
    }


def test_a_large_file_is_not_read_whole(put, good, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    (found,) = read_folder(put({"ada.ipynb": b"x" * 50_000}), good)
    assert found.problem == "The file has 0.1 MB; at most 0.0 MB are read."
    assert found.digest == ""


def test_folders_too_deep_are_told(put, good, whole):
    deep = "/".join("abcdefghijklmnopqrstuvwxyz")
    (found,) = read_folder(put({f"{deep}/x.ipynb": whole}), good)
    assert "20 folders deep" in found.problem


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_can_be_written_down(put, good, whole):
    folder = put({"ada.ipynb": whole})
    (folder / os.fsdecode(b"b\xffb\n.ipynb")).write_bytes(whole)
    bob = read_folder(folder, good)[1]
    assert bob.file == "b\ufffdb\ufffd.ipynb"
    bob.learner.model_dump_json().encode()


# --- zip files ---


def info(name, mode=0):
    made = zipfile.ZipInfo(name, date_time=(2024, 5, 6, 7, 8, 10))
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = mode << 16
    return made


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../x.ipynb", "leads out"),
        ("a/../../x.ipynb", "leads out"),
        ("/etc/x.ipynb", "leads out"),
        ("C:\\x.ipynb", "leads out"),
        ("..\\x.ipynb", "leads out"),
        (info("x.ipynb", stat.S_IFLNK | 0o777), "a link"),
    ],
    ids=str,
)
def test_members_that_lead_elsewhere_are_refused(put, good, whole, name, told):
    alone = put({"ada.zip": zipped([(name, whole)])})
    (found,) = read_folder(alone, good)
    assert told in found.problem
    beside = put({"ada.zip": zipped([(name, whole), ("ok.ipynb", whole)])})
    assert counting(read_folder(beside, good)) == {"ada": "ada.zip/ok.ipynb"}


def test_a_locked_member_is_refused(put, good, whole):
    content = bytearray(zipped([("x.ipynb", whole)]))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + at] |= 1
    (found,) = read_folder(put({"ada.zip": bytes(content)}), good)
    assert "locked with a password" in found.problem


def test_other_ways_of_packing_are_refused(put, good, whole):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.ipynb", whole)
    (found,) = read_folder(put({"ada.zip": packed.getvalue()}), good)
    assert "use an ordinary zip file" in found.problem


@pytest.mark.parametrize(
    "name", [".ipynb" * 10_000, ".zip" * 16_000 + "x", "/" * 65_000]
)
def test_names_of_great_length_are_refused_at_once(put, good, whole, name):
    content = zipped([(name + "x", whole), ("ok.ipynb", whole)])
    found = read_folder(put({"ada/ada.zip": content}), good)
    assert counting(found) == {"ada": "ada/ada.zip/ok.ipynb"}
    assert all(len(one.file) < 1_100 for one in found)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_one_is_read(put, good, whole):
    content = zipped([("x.ipynb", whole), ("x.ipynb", whole)])
    found = read_folder(put({"ada.zip": content}), good)
    assert len({one.file for one in found}) == 2
    assert len(counting(found)) == 1
    assert ["two files of the same name" in one.problem for one in found].count(
        True
    ) == 1


def test_the_time_in_a_zip_file_is_kept_where_it_is_one(put, good, whole):
    content = zipped([(info("x.ipynb"), whole)])
    (found,) = read_folder(put({"ada.zip": content}), good)
    assert found.submitted.isoformat() == "2024-05-06T07:08:10+00:00"


def test_zip_files_in_zip_files_are_read_to_a_depth(put, good, whole):
    once = zipped([("x.ipynb", whole)])
    twice = zipped([("once.zip", once)])
    thrice = zipped([("twice.zip", twice)])
    folder = put({"ada.zip": once, "bob.zip": twice, "eve.zip": thrice})
    ada, bob, eve = read_folder(folder, good)
    assert not ada.problem
    assert bob.file == "bob.zip/once.zip/x.ipynb"
    assert not bob.problem
    assert "zip file inside of a zip file" in eve.problem


def test_a_bomb_is_not_unpacked(put, good, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 100_000)
    content = zipped([("x.ipynb", b" " * 10_000_000)])
    assert len(content) < 20_000
    (found,) = read_folder(put({"ada.zip": content}), good)
    assert found.problem == "It has more than 0.1 MB when it is unpacked."


def test_all_of_a_zip_file_has_one_budget(put, good, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_ZIP", 1_000_000)
    files = [(f"{n}.ipynb", b" " * 600_000) for n in range(4)]
    found = read_folder(put({"ada/ada.zip": zipped(files)}), good)
    assert [one.problem for one in found] == [
        "The file is empty.",
        *["All of the zip file together is too large."] * 3,
    ]


def test_zip_files_inside_share_the_budget(put, good, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_ZIP", 1_000_000)
    inner = zipped([("x.ipynb", b" " * 600_000)])
    folder = put({"ada/ada.zip": zipped([("a.zip", inner), ("b.zip", inner)])})
    told = [one.problem for one in read_folder(folder, good)]
    assert sorted(told) == [
        "All of the zip file together is too large.",
        "The file is empty.",
    ]


def test_a_large_directory_is_seen_in_the_format_of_large_files_too(
    put, good, monkeypatch
):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)
    content = zipped((f"{n}.ipynb", b"") for n in range(9))
    assert b"PK\x06\x06" in content
    folder = put({"ada/ada.zip": content})
    assert {one.problem for one in read_folder(folder, good)} == {"The file is empty."}
    content = bytearray(content)
    at = content.index(b"PK\x05\x06") + 12
    content[at : at + 4] = bytes(4)
    monkeypatch.setattr(archives, "_LARGEST_DIRECTORY", 100)
    (found,) = read_folder(put({"ada/ada.zip": bytes(content)}), good)
    assert "too many files" in found.problem


def test_locked_pictures_beside_a_notebook_do_no_harm(put, good, whole):
    link = info("x.png", stat.S_IFLNK | 0o777)
    folder = put({"ada/ada.zip": zipped([("x.ipynb", whole), (link, b"/etc/passwd")])})
    (found,) = read_folder(folder, good)
    assert not found.problem
    assert "`x.png`" in found.notes[-1]


def test_a_size_that_the_zip_file_lies_about_is_not_believed(put, good, whole):
    content = bytearray(zipped([("x.ipynb", whole)]))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    (found,) = read_folder(put({"ada.zip": bytes(content)}), good)
    assert found.problem


def test_too_many_entries_and_too_many_notebooks_are_refused(put, good, monkeypatch):
    many = zipped((f"{n}.ipynb", b"") for n in range(uploads.MOST_INSIDE + 1))
    (found,) = read_folder(put({"ada/ada.zip": many}), good)
    assert "51 notebooks and zip files; at most 50" in found.problem
    monkeypatch.setattr(archives, "MOST_ENTRIES", 10)
    (found,) = read_folder(put({"ada/ada.zip": many}), good)
    assert "51 files; at most 10" in found.problem
    monkeypatch.setattr(archives, "_LARGEST_DIRECTORY", 100)
    (found,) = read_folder(put({"ada/ada.zip": many}), good)
    assert "too many files" in found.problem


def test_a_file_without_a_name_is_a_file(put, good, whole):
    content = bytearray(zipped([("x", b""), ("y.ipynb", whole)]))
    at = content.index(b"PK\x01\x02") + 46
    content[at] = 0  # zipfile ends a name there
    found = read_folder(put({"ada/ada.zip": bytes(content)}), good)
    assert "`unnamed`" in found[0].notes[-1]


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"x" * 99, b"PK\x03\x04" * 9])
def test_what_is_no_zip_file_gets_a_sentence(put, good, content):
    (found,) = read_folder(put({"ada.zip": content}), good)
    assert "not a zip file" in found.problem


def test_an_empty_zip_file_gets_a_sentence(put, good):
    (found,) = read_folder(put({"ada.zip": zipped([])}), good)
    assert found.problem == "The zip file is empty."


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=5
    ),
    cut=st.floats(0.5, 1),
)
def test_a_zip_file_with_bytes_changed_gives_submissions(put, good, changes, cut):
    tiny = b'{"nbformat": 4, "cells": []}'
    content = bytearray(zipped([("x.ipynb", tiny), ("y/z.ipynb", tiny), ("w", b"")]))
    for share, byte in changes:
        content[int(share * len(content))] = byte
    content = bytes(content[: int(cut * len(content))])
    found = read_folder(put({"ada.zip": content, "bob.ipynb": tiny}), good)
    assert set(keys(found)) == {"ada", "bob"}
    assert [one.superseded for one in found].count(False) == 2


# --- much of it ---


def test_a_submission_keeps_no_outputs(put, good, answered):
    answered.cell("q1-answer")["outputs"] = [{"text": "o" * 100_000}]
    (found,) = read_folder(put({"ada.ipynb": answered.bytes}), good)
    assert len(repr(found)) < 5_000


def test_the_same_folder_gives_the_same_submissions(put, good, whole):
    folder = put({"b/x.ipynb": whole, "a.ipynb": whole, "c_1_1000_x.ipynb": b""})
    assert read_folder(folder, good) == read_folder(folder, good)
    assert keys(read_folder(folder, good)) == ["a", "b", "c_1"]
