"""The environment's list and what is made from it, the settings and the doctor."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from coursekit import dependencies, doctor, settings

ROOT = Path(__file__).resolve().parents[2]


def test_lock_environment_file_and_extras_are_in_step():
    assert dependencies.faults() == []


def test_a_need_without_a_pin_is_named_for_every_platform(monkeypatch):
    listed = {"pages": ["no-such-package>=1"]}
    monkeypatch.setattr(dependencies, "extras", lambda: listed)
    found = dependencies.faults()
    assert len(found) == len(dependencies.PLATFORMS) * len(dependencies.PYTHONS)
    assert all("no-such-package" in sentence for sentence in found)


def test_a_floor_above_the_pin_is_named(monkeypatch):
    monkeypatch.setattr(dependencies, "extras", lambda: {"pages": ["numpy>=99"]})
    assert "numpy>=99" in dependencies.faults()[0]


def test_an_edited_environment_file_is_named(monkeypatch, tmp_path):
    edited = tmp_path / "environment.yml"
    edited.write_text("name: other\n")
    monkeypatch.setattr(dependencies, "CONDA", edited)
    assert "environment.yml is out of step" in dependencies.faults()[0]


def test_the_version_is_the_same_wherever_it_is_written():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version}" in (ROOT / "chapters" / "about" / "changelog.md").read_text()


def test_settings_can_be_overridden_by_a_fork(monkeypatch):
    monkeypatch.setenv("COURSE_REPOSITORY", "someone/else")
    monkeypatch.setenv("COURSE_BASE_URL", "https://someone.example/book/")
    loaded = settings.load()
    assert loaded.repository_url.endswith("/someone/else")
    assert loaded.base_url == "https://someone.example/book"


def test_the_citation_names_the_same_repository_as_the_settings(monkeypatch):
    monkeypatch.delenv("COURSE_REPOSITORY", raising=False)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"repository-code: {settings.load().repository_url}\n" in citation


def test_the_doctor_finds_this_machine_well(capsys):
    assert doctor.main() == 0, capsys.readouterr().out


def test_the_doctor_names_a_damaged_file_and_how_to_mend_it(monkeypatch, tmp_path):
    (tmp_path / "datasets" / "digits").mkdir(parents=True)
    registry = (ROOT / "datasets" / "registry.json").read_text(encoding="utf-8")
    (tmp_path / "datasets" / "registry.json").write_text(registry)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    finding = doctor.data()
    assert not finding.well
    assert "datasets/digits/digits.csv.xz" in finding.what
    assert "git checkout" in finding.mend


@pytest.mark.parametrize("script", ["coursekit/doctor.py", "bootstrap.py"])
def test_what_runs_before_the_environment_needs_the_standard_library_only(script):
    code = f"import runpy; runpy.run_path({str(ROOT / script)!r}, run_name='imported')"
    isolated = [sys.executable, "-I", "-S", "-c", code]
    assert subprocess.run(isolated, check=False).returncode == 0
