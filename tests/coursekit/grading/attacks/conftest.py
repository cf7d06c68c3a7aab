"""One sandbox for all attacks: what one of them spoilt, the next would show."""

from __future__ import annotations

import os
import site
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.exercises import model, runs
from coursekit.exercises.model import Exercise
from coursekit.exercises.starter import starter
from coursekit.grading.execute import Executor, reference
from coursekit.grading.model import Execution, Piece
from coursekit.grading.sandbox import bubblewrap
from coursekit.grading.sandbox.limits import Limits

from .base import Scene
from .grading import Bench, write_evidence
from .world import SECRET, SECRET_NAME, World, children, host, settled

_HERE = Path(__file__).resolve().parent
SMALL = _HERE / "small.md"
_MIB = 2**20
_SPACES = ("pid", "mnt", "user", "net", "ipc", "uts")
SEED = 918_273
# Small, so that each is met soon; the bounds of the attacks lie far above.
LIMITS = Limits(
    cell_seconds=30.0,
    run_seconds=60.0,
    cpu_seconds=20.0,
    memory=600 * _MIB,
    processes=40,
    file_bytes=32 * _MIB,
    disk_bytes=64 * _MIB,
    files=2_000,
)
FOLDER = replace(LIMITS, cell_seconds=5.0, run_seconds=10.0)
IMPATIENT = replace(LIMITS, cell_seconds=2.0, run_seconds=4.0)


@pytest.fixture(scope="session")
def exercise() -> Exercise:
    return model.load(SMALL)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with (
        pytest.MonkeyPatch.context() as patch,
        host(tmp_path_factory.mktemp("world")) as world,
    ):
        patch.setenv(SECRET_NAME, SECRET)
        yield world


@pytest.fixture(scope="session")
def executor(exercise: Exercise, world: World) -> Iterator[Executor]:
    with _sandbox(exercise, LIMITS) as executor:
        yield executor


@pytest.fixture(scope="session")
def impatient(exercise: Exercise, world: World) -> Iterator[Executor]:
    with _sandbox(exercise, IMPATIENT) as executor:
        yield executor


@contextmanager
def _sandbox(exercise: Exercise, limits: Limits) -> Iterator[Executor]:
    """Give a sandbox; where there can be none, nothing hostile runs at all.

    One that is installed and does not open is a failure, not a reason to test less.
    """
    before = children()
    if not bubblewrap.found():
        pytest.skip("nothing hostile runs without a sandbox, and bubblewrap is missing")
    with Executor(exercise, limits=limits) as executor:
        assert executor.level == "bubblewrap"
        _assert_apart(executor)
        yield executor
    assert settled(before) == set(), "the sandbox left processes"


def _assert_apart(executor: Executor) -> None:
    """What would end the machine must not be able to, before it is tried."""
    look = "import os\nevidence('q1.spaces', **{name: os.readlink("
    look += f"'/proc/self/ns/' + name) for name in {_SPACES}}})"
    done = executor.run([Piece("added", look, "given-1")], SEED)
    told = done.evidence["q1"]["manifest.json"].decode()
    for name in _SPACES:
        assert f"{name}:[" in told
        assert str(Path(f"/proc/self/ns/{name}").readlink()) not in told


@pytest.fixture(scope="session")
def expected(executor: Executor, exercise: Exercise, world: World) -> Execution:
    """The reference's evidence, which also lies where attacks look for it."""
    done = reference(executor, exercise, SEED)
    write_evidence(done, world.folder / "expected")
    for path in (world.folder / "expected").rglob("*"):
        path.chmod(0o777)
    return done


@pytest.fixture(scope="session")
def bench(
    exercise: Exercise,
    executor: Executor,
    impatient: Executor,
    expected: Execution,
    world: World,
) -> Bench:
    at = world.folder / "expected"
    return Bench(exercise, executor, impatient, expected, at, SEED)


@pytest.fixture
def scene(exercise: Exercise, world: World, expected: Execution) -> Scene:
    names = {
        "WORLD": str(world.folder),
        "TOKEN": world.token,
        "PORT": str(world.port),
        "PID": str(os.getpid()),
        "REPO": str(_HERE.parents[3]),
        "PATH": repr(site.getsitepackages()),
    }
    notebook = dict(starter(exercise))
    for cell in notebook["cells"]:
        if cell["id"] == "q2-check":
            names["CHECK"] = cell["source"]
    return Scene(notebook, runs.answers(exercise), names)
