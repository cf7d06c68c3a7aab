"""What is in the sandbox's files, and above all what is not."""

from pathlib import Path

import pytest

from coursekit.exercises.model import load
from coursekit.grading.sandbox import tree
from coursekit.source import ExerciseMeta

ROOT = Path(__file__).resolve().parents[4]
SOURCES = sorted((ROOT / "solutions").glob("*/*.md"))


def meta(**fields):
    known = {"title": "t", "chapter": "a/b", "skills": ["x"], "minutes": 20}
    return ExerciseMeta(**known, runs=["local"], **fields)


def covers(files, path):
    """Whether a path is among the files, or in a folder among them."""
    return any(path == one or one in path.parents for one in files)


def module_file(name):
    import importlib.util

    return Path(importlib.util.find_spec(name).origin)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_exercise_sees_solutions_exercises_tests_or_history(source):
    files = tree.allowed(load(source).meta, ["numpy"], ROOT)
    for name in ("solutions", "exercises", "tests", ".git", "chapters", "projects"):
        assert not covers(files, ROOT / name)
    assert not any(one in ROOT.parents or one == ROOT for one in files)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_no_exercise_sees_what_it_forbids(source):
    exercise = load(source)
    files = tree.allowed(exercise.meta, ["numpy"], ROOT)
    installed = [name for name in exercise.meta.forbid if _installed(name)]
    assert installed, "a list of what is not installed anyway would prove nothing"
    for name in installed:
        assert not covers(files, module_file(name)), name


def _installed(name):
    import importlib.util

    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def test_a_forbidden_part_takes_neither_its_package_nor_its_neighbours_with_it():
    files = tree.allowed(meta(forbid=["ml_from_scratch.optim"]), [], ROOT)
    package = ROOT / "ml_from_scratch"
    assert covers(files, package / "linear" / "__init__.py")
    assert covers(files, package / "__init__.py")
    assert not covers(files, package / "optim" / "__init__.py")
    assert not covers(files, package / "__pycache__")


def test_bytecode_of_a_forbidden_part_is_not_there_either():
    files = tree.allowed(meta(forbid=["ml_from_scratch.numeric"]), [], ROOT)
    assert not covers(files, ROOT / "ml_from_scratch" / "numeric.py")
    cached = ROOT / "ml_from_scratch" / "__pycache__" / "numeric.cpython-311.pyc"
    assert not covers(files, cached)


def test_what_cannot_work_without_a_forbidden_package_is_left_out_with_it():
    free = tree.allowed(meta(), [], ROOT)
    bound = tree.allowed(meta(forbid=["sklearn"]), [], ROOT)
    assert covers(free, module_file("evidently"))
    assert not covers(bound, module_file("evidently"))
    assert covers(bound, module_file("numpy"))


def test_packages_that_learners_are_not_asked_to_install_are_not_there():
    files = tree.allowed(meta(), ["numpy"], ROOT)
    for name in ("pytest", "shap", "hypothesis", "papermill", "selenium"):
        assert not covers(files, module_file(name)), name


def test_only_the_data_that_an_exercise_names_is_there():
    files = tree.allowed(meta(data=["digits"]), [], ROOT)
    assert covers(files, ROOT / "datasets" / "digits" / "digits.csv.xz")
    assert covers(files, ROOT / "datasets" / "registry.json")
    assert not covers(files, ROOT / "datasets" / "nycflights13" / "flights.csv.xz")


def test_a_module_of_the_checkout_that_cells_import_is_there():
    files = tree.allowed(meta(), ["coursekit.check"], ROOT)
    assert covers(files, ROOT / "coursekit" / "check.py")
