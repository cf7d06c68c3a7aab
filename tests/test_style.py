"""The code keeps to the house's style: linter, formatter, types, docstrings, sizes."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "ml_from_scratch").glob("**/*.py"))
LONGEST = 40


def run(*command):
    result = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_the_linter_has_nothing_to_say():
    code, said = run("ruff", "check", "--no-cache", ".")
    assert code == 0, said


def test_the_code_is_formatted():
    code, said = run("ruff", "format", "--no-cache", "--check", ".")
    assert code == 0, said


def test_types_hold_under_the_strict_checker():
    code, said = run("mypy", "--cache-dir", "_build/mypy")
    assert code == 0, said


@pytest.mark.parametrize("package", ["ml_from_scratch", "coursekit"])
def test_every_public_name_has_a_docstring(package):
    private = ["--ignore-private", "--ignore-semiprivate", "--ignore-magic"]
    nested = ["--ignore-nested-functions", "--ignore-init-method", "--fail-under=100"]
    code, said = run("interrogate", "-v", *private, *nested, package)
    assert code == 0, said


def test_the_code_is_spelt_right():
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.toml", "*.yml", "*.js", "*.css"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    # Pages have a gate of their own; tests misspell on purpose.
    others = ("chapters/", "solutions/", "tests/")
    files = [f for f in tracked if not f.startswith(others)]
    code, said = run("codespell_lib", *[ROOT / f for f in files if "gates" not in f])
    assert code == 0, said


def functions(path):
    """Yield name and length of each function, its docstring not counted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def test_functions_of_the_library_are_short_enough_to_read():
    lengths = dict(pair for path in LIBRARY for pair in functions(path))
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
    assert statistics.median(lengths.values()) <= 8
    assert sum(n <= 20 for n in lengths.values()) >= 0.9 * len(lengths)


def test_functions_of_the_tools_are_short_too():
    paths = sorted((ROOT / "coursekit").glob("**/*.py"))
    lengths = dict(pair for path in paths for pair in functions(path))
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


def imported(path):
    """Yield the names of the modules that a file imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_knows_numpy_scipy_and_pandas_and_nothing_above_it(path):
    allowed = {"numpy", "scipy", "pandas", "ml_from_scratch"}
    if path.name == "base.py":
        allowed.add("sklearn")  # tags and NotFittedError, which pipelines insist on
    known = {name.split(".")[0] for name in imported(path)}
    assert known - allowed - sys.stdlib_module_names == set()


@pytest.mark.parametrize("name", ["check", "compare", "data", "pages", "settings"])
def test_what_notebooks_import_is_light(name):
    """Only NumPy and pandas come with the import; the rest is asked for when used."""
    path = ROOT / "coursekit" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        a.name.split(".")[0] for n in top if isinstance(n, ast.Import) for a in n.names
    }
    names |= {n.module.split(".")[0] for n in top if isinstance(n, ast.ImportFrom)}
    assert names - {"numpy", "pandas", "coursekit"} - sys.stdlib_module_names == set()


def test_the_delay_desk_stands_alone():
    paths = sorted((ROOT / "projects").glob("*/src/**/*.py"))
    known = {name.split(".")[0] for path in paths for name in imported(path)}
    assert "ml_from_scratch" not in known
