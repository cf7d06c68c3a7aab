"""The repository holds what it should: sources, no traces of a machine, true words."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")[:-1]
TEXT = [
    name
    for name in TRACKED
    if not name.endswith((".xz", ".woff2", ".png")) and (ROOT / name).is_file()
]
# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of a machine": r"/" + r"(?:root|work)/[a-z.]",
    "a package registry's host": r"(?:files\.|)pyth"
    r"onhosted\.org|pypi\."
    "org/simple",
    "unfinished words": r"\b(?:TO" + r"DO|FIX" + r"ME|lorem " + r"ipsum)\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for name in TEXT:
        text = (ROOT / name).read_text(encoding="utf-8")
        if match := pattern.search(text):
            line = text[: match.start()].count("\n") + 1
            found.append(f"{name}:{line}: {match[0]}")
    assert found == []


def test_notebooks_in_git_are_starters_only():
    notebooks = [name for name in TRACKED if name.endswith(".ipynb")]
    assert [n for n in notebooks if not n.startswith(("exercises/", "tests/"))] == []


def test_nothing_is_large():
    sizes = {name: (ROOT / name).stat().st_size for name in TEXT + TRACKED}
    assert {n: s for n, s in sizes.items() if s > 6e6} == {}
    assert sum(sizes.values()) < 60e6


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_path_that_a_document_names_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`|\]\(([\w./-]+)\)", text)
    paths = {first or second for first, second in named}
    tops = {name.split("/")[0] for name in TRACKED}
    real = {p for p in paths if (p.split("/")[0] in tops and "/" in p) or p in tops}
    assert len(real) > 5
    assert sorted(p for p in real if not (ROOT / p).exists()) == []


def test_every_make_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    documents.append(ROOT / "chapters" / "about" / "troubleshooting.md")
    text = "\n".join(path.read_text(encoding="utf-8") for path in documents)
    named = set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", text, re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_the_history_speaks_of_the_project_alone():
    log = subprocess.run(
        ["git", "log", "--format=%B"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.search(r"/" + r"(?:root|work)/", log) is None
