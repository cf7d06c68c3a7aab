"""The small exercise that the grader's tests execute, and a warm sandbox for it."""

from pathlib import Path

import pytest

from coursekit.exercises.model import load
from coursekit.grading.execute import Executor
from coursekit.grading.sandbox.limits import Limits

GOOD = Path(__file__).resolve().parents[2] / "fixtures" / "exercises" / "good.md"
MIB = 2**20


@pytest.fixture(scope="session")
def good():
    """An exercise that keeps to every rule."""
    return load(GOOD)


@pytest.fixture(scope="session")
def tight():
    """Limits of space that are met soon; time is long enough for a busy machine."""
    return Limits(
        cell_seconds=30.0,
        run_seconds=60.0,
        cpu_seconds=30.0,
        memory=512 * MIB,
        processes=32,
        disk_bytes=32 * MIB,
        files=2_000,
    )


@pytest.fixture(scope="session")
def executor(good, tight):
    """An isolated executor of the good exercise."""
    with Executor(good, limits=tight) as one:
        yield one
