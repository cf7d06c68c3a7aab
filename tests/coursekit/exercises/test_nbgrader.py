"""nbgrader itself takes our starters: empty earns 0, the solution everything.

The environment is made by `nbgrader_venv.py`, before the suite: no test asks a network.
"""

import json
import os
import subprocess

import pytest

from coursekit.exercises.commands import ROOT
from coursekit.exercises.model import load
from coursekit.exercises.starter import starter, text_of
from coursekit.grading.assign.release import for_instructor, solution

from . import nbgrader_venv

NAMES = ("mathematics/gradient-descent", "system-design/capacity-and-scaling")
EXERCISES = {name.split("/")[1]: load(ROOT / f"solutions/{name}.md") for name in NAMES}
PYTHON = nbgrader_venv.find()
pytestmark = pytest.mark.skipif(
    PYTHON is None,
    reason="nbgrader is not there: run tests/coursekit/exercises/nbgrader_venv.py",
)

# Points by learner and notebook, from nbgrader's own gradebook.
POINTS = """
import json
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({
        one.student.id: {n.name: [n.score, n.max_score] for n in one.notebooks}
        for one in book.assignment_submissions("class")
    }))
"""


class Course:
    """A course of nbgrader's in a folder, with nothing of this machine's settings."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        told = 'c = get_config()\nc.CourseDirectory.course_id = "ml"\n'
        (folder / "nbgrader_config.py").write_text(told)
        search = os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]])
        self.environment = {
            "PATH": search,
            "HOME": str(folder / "home"),
            "IPYTHONDIR": str(folder / "home" / "ipython"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "agg",
        }

    def put(self, place, notebook, name):
        path = self.folder / place / "class" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(notebook), encoding="utf-8")

    def python(self, *arguments):
        run = subprocess.run(
            [PYTHON, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def nbgrader(self, *arguments):
        return self.python("-m", "nbgrader", *arguments)

    def answers(self):
        """The answer cells of the released notebooks."""
        found = {}
        for path in (self.folder / "release" / "class").glob("*.ipynb"):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            for cell in cells:
                if cell["id"].endswith("-answer"):
                    found[path.stem, cell["id"]] = "".join(cell["source"])
        return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course whose source is our starters, with an empty and a solved submission."""
    course = Course(tmp_path_factory.mktemp("nbgrader") / "course")
    for name, exercise in EXERCISES.items():
        course.put("source", starter(exercise), name)
        course.put("submitted/empty", starter(exercise), name)
        course.put("submitted/solved", solution(exercise), name)
    keep = "--ClearSolutions.enabled=False"
    course.nbgrader("generate_assignment", "class", "--create", keep)
    course.nbgrader("autograde", "class", "--create")
    return course


@pytest.fixture(scope="module")
def points(graded):
    return json.loads(graded.python("-c", POINTS).splitlines()[-1])


@pytest.mark.parametrize("name", EXERCISES)
def test_an_empty_starter_earns_nothing(points, name):
    assert points["empty"][name] == [0.0, EXERCISES[name].points]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_earns_everything(points, name):
    whole = EXERCISES[name].points
    assert points["solved"][name] == [whole, whole]


def skeletons():
    return {
        (name, cell.id): cell.source
        for name, exercise in EXERCISES.items()
        for cell in starter(exercise).cells
        if cell.id.endswith("-answer")
    }


def test_the_released_notebooks_keep_our_skeletons(graded):
    assert graded.answers() == skeletons()


def test_nothing_but_the_answer_cells_can_be_changed(graded):
    """What a learner makes of a locked cell is put back before it is run."""
    forged = starter(EXERCISES["gradient-descent"])
    for cell in forged.cells:
        if cell.id.endswith("-check"):
            cell.source = "pass"
    graded.put("submitted/forger", forged, "gradient-descent")
    graded.nbgrader("autograde", "class", "--create", "--student", "forger")
    found = json.loads(graded.python("-c", POINTS).splitlines()[-1])
    assert found["forger"]["gradient-descent"][0] == 0.0


def test_solution_notebooks_as_the_source_give_the_skeletons_too(tmp_path):
    course = Course(tmp_path / "course")
    for name, exercise in EXERCISES.items():
        course.put("source", solution(exercise), name)
    course.nbgrader("generate_assignment", "class", "--create")
    found = course.answers()
    assert found.keys() == skeletons().keys()
    for place, ours in skeletons().items():
        question = place[1].removesuffix("-answer")
        told = f'NotImplementedError("{question}")'
        assert found[place] == ours.replace(told, "NotImplementedError()")


def test_the_starters_without_that_option_lose_their_skeletons(tmp_path):
    """Why the guide for instructors names the option."""
    course = Course(tmp_path / "course")
    for name, exercise in EXERCISES.items():
        course.put("source", starter(exercise), name)
    course.nbgrader("generate_assignment", "class", "--create")
    assert not any("def " in text for text in course.answers().values())


def test_the_guide_names_the_option():
    told = for_instructor([*EXERCISES.values()], answers=True)["README.md"].decode()
    assert "generate_assignment NAME --create --ClearSolutions.enabled=False" in told
