"""A starter to be changed as learners and programs change it, and folders of them."""

import copy
import json
from pathlib import Path

import pytest

from coursekit.exercises.model import load
from coursekit.exercises.starter import starter, text_of
from coursekit.grading import intake

ROOT = Path(__file__).resolve().parents[4]
GOOD = ROOT / "tests" / "fixtures" / "exercises" / "good.md"


class Book:
    """A notebook made of the good exercise's starter, and what is done to it."""

    def __init__(self, exercise, content=None):
        self.raw = json.loads(content or text_of(starter(exercise)))
        self.exercise = exercise

    @property
    def cells(self):
        return self.raw["cells"]

    def at(self, name):
        return next(i for i, c in enumerate(self.cells) if c.get("id") == name)

    def cell(self, name):
        return self.cells[self.at(name)]

    def write(self, **sources):
        """Write into cells; `q1` stands for `q1-answer`, `given_1` for `given-1`."""
        for name, source in sources.items():
            name = f"{name}-answer" if name.startswith("q") else name.replace("_", "-")
            self.cell(name)["source"] = source
        return self

    def add(self, source, after=None, kind="code", **more):
        """Put a cell of the learner's own after one of ours, or first."""
        new = {"cell_type": kind, "metadata": {}, "source": source, **more}
        self.cells.insert(0 if after is None else self.at(after) + 1, new)
        return self

    def drop(self, *names):
        for name in names:
            del self.cells[self.at(name)]
        return self

    def copy_of(self, name, **changes):
        return copy.deepcopy(self.cell(name)) | changes

    def forget(self, *keys):
        """Take `id`, `nbgrader` or `course` from every cell."""
        for cell in self.cells:
            for key in keys:
                cell.pop(key, None)
                cell["metadata"].pop(key, None)
        return self

    @property
    def bytes(self):
        return json.dumps(self.raw).encode()

    def found(self):
        return intake.pieces_of(intake.read_notebook(self.bytes), self.exercise)


@pytest.fixture(scope="session")
def good():
    """An exercise with three answers and a text to be written."""
    return load(GOOD)


@pytest.fixture
def book(good, starter_bytes):
    return Book(good, starter_bytes)


@pytest.fixture(scope="session")
def book_of():
    """Make the notebook of an exercise."""
    return Book


@pytest.fixture
def answered(book):
    return book.write(
        q1="def standardise(X):\n    return X - X.mean(0)",
        q2="class Scaler:\n    pass",
        q3="widest = 3.0",
    )


@pytest.fixture(scope="session")
def starter_bytes(good):
    """The file that learners of the good exercise open."""
    return text_of(starter(good)).encode()
