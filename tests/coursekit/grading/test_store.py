"""What was done is there after a crash, and never half of it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from coursekit.grading.model import Execution, ItemMark, Usage
from coursekit.grading.store import Store, StoreError

EXECUTION = Execution(
    evidence={"q1": {"manifest.json": b"{}", "0.npy": bytes(1000)}},
    level="bubblewrap",
    usage=Usage(wall_seconds=1.5),
)
MARKS = [ItemMark(item="q1.a", question="q1", points=2, earned=1, why="x")]


def test_work_is_filed_under_its_key(tmp_path):
    with Store(tmp_path / "work.sqlite") as store:
        assert store.execution("a") is None
        assert not store.executed("a")
        store.keep("a", EXECUTION)
        assert store.executed("a")
        assert store.execution("a") == EXECUTION
        assert store.marks("a") is None
        assert store.execution("b") is None


def test_evidence_is_given_up_once_it_is_judged(tmp_path):
    path = tmp_path / "work.sqlite"
    with Store(path) as store:
        store.keep("a", EXECUTION)
        store.settle("a", MARKS)
    with Store(path) as store:
        assert store.marks("a") == MARKS
        assert store.judged("a")
        assert store.execution("a").evidence == {}
        assert store.execution("a").usage == EXECUTION.usage


def test_an_execution_that_is_done_again_has_no_marks_of_the_last(tmp_path):
    with Store(tmp_path / "work.sqlite") as store:
        store.keep("a", EXECUTION)
        store.settle("a", MARKS)
        store.keep("a", EXECUTION)
        assert store.marks("a") is None


def test_marks_without_an_execution_are_refused(tmp_path):
    with (
        Store(tmp_path / "work.sqlite") as store,
        pytest.raises(StoreError, match="no execution b"),
    ):
        store.settle("b", MARKS)


def test_two_gradings_do_not_share_a_store(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.grading.store._PATIENCE", 0.05)
    with Store(tmp_path / "work.sqlite") as store:
        store.keep("a", EXECUTION)
        with pytest.raises(StoreError, match="another grading is at work there"):
            Store(tmp_path / "work.sqlite")


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format"])
def test_a_damaged_store_is_told_in_a_sentence(tmp_path, content):
    path = tmp_path / "work.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged .* Remove it"):
        Store(path)


def test_a_store_of_another_format_is_refused(tmp_path):
    path = tmp_path / "work.sqlite"
    data = sqlite3.connect(path)
    data.execute("PRAGMA user_version = 9")
    data.close()
    with pytest.raises(StoreError, match="format 9, not 1"):
        Store(path)


def test_a_folder_that_is_not_there_is_told_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match="cannot be written or read"):
        Store(tmp_path / "nowhere" / "work.sqlite")


def test_a_full_disk_is_told_in_a_sentence_and_costs_nothing_else(tmp_path):
    path = tmp_path / "work.sqlite"
    with Store(path) as store:
        store.keep("a", EXECUTION)
        store._data.execute("PRAGMA max_page_count = 4")
        big = Execution(evidence={"q1": {"0.npy": os.urandom(50_000)}})
        with pytest.raises(StoreError, match="disk is full"):
            store.keep("b", big)
    with Store(path) as store:
        assert store.execution("a") == EXECUTION
        assert not store.executed("b")


_WRITES_FOR_EVER = """\
import sys
from pathlib import Path
from coursekit.grading.model import Execution
from coursekit.grading.store import Store

with Store(Path(sys.argv[1])) as store:
    for number in range(1_000_000):
        content = number.to_bytes(4, "big") * 5_000
        store.keep(str(number), Execution(evidence={"q1": {"0.npy": content}}))
        print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_was_kept_survives_the_end_of_the_process(tmp_path):
    path = tmp_path / "work.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITES_FOR_EVER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(5):
            kept = int(process.stdout.readline())
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    with Store(path) as store:
        for number in range(kept + 1):
            content = store.execution(str(number)).evidence["q1"]["0.npy"]
            assert content == number.to_bytes(4, "big") * 5_000
