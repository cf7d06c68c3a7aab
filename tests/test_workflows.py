"""The workflows pass a linter, and run what the README promises."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def zizmor(*paths):
    program = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    assert program, "zizmor is not in the environment"
    command = [program, "--offline", "--no-progress", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_linter_has_nothing_to_say():
    result = zizmor(*WORKFLOWS, *ROOT.glob("projects/*/.github/workflows/*.yml"))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_linter_would_speak(tmp_path):
    unsafe = tmp_path / ".github" / "workflows" / "unsafe.yml"
    unsafe.parent.mkdir(parents=True)
    unsafe.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
        "    steps:\n      - run: echo ${{ github.event.issue.title }}\n"
    )
    said = zizmor(unsafe)
    assert said.returncode != 0
    assert "template-injection" in said.stdout


def test_three_systems_and_two_pythons_are_tested():
    text = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["test"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {
        "ubuntu",
        "macos",
        "windows",
    }
    assert len(matrix["python"]) >= 2


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_says_what_it_may_do_and_nothing_more(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


def test_the_script_of_ci_calls_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "\nmake test\n" in script
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
