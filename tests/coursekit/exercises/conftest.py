"""The good exercise of the fixtures, and copies of it with one thing changed."""

from pathlib import Path

import pytest

from coursekit.exercises.model import load

GOOD = Path(__file__).resolve().parents[2] / "fixtures" / "exercises" / "good.md"


@pytest.fixture(scope="session")
def good():
    """The exercise that keeps to every rule."""
    return load(GOOD)


@pytest.fixture
def changed(tmp_path):
    """Write the good exercise with texts replaced; each must stand in it."""

    def write(*edits):
        text = GOOD.read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text, f"the fixture has no {old!r}"
            text = text.replace(old, new)
        path = tmp_path / "solutions" / "classical" / "scaling.md"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
