"""The good exercise of the fixtures, and a batch of it in which everything happens."""

from pathlib import Path

import pytest

from coursekit.exercises.model import load
from coursekit.grading import policy

from .builders import eventful_batch

GOOD = Path(__file__).resolve().parents[3] / "fixtures" / "exercises" / "good.md"


@pytest.fixture(scope="session")
def good():
    """The exercise: three questions with items, and a written one."""
    return load(GOOD)


@pytest.fixture
def eventful(good):
    """A batch with every kind of event, marked by its policy."""
    return policy.apply(eventful_batch(good))
