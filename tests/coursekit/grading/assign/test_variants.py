"""Data of each learner's own: reproducible, not guessable, and right for every seed."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.exercises import cache
from coursekit.exercises.commands import ROOT, sources
from coursekit.exercises.model import load
from coursekit.exercises.starter import starter
from coursekit.grading.assign import assign
from coursekit.grading.assign.variants import (
    folder_of,
    manifest,
    new_secret,
    seed_of,
    with_seed,
)
from coursekit.grading.model import Learner

GOOD = Path(__file__).resolve().parents[3] / "fixtures" / "exercises" / "good.md"
SECRET = "5a" * 32
NAMES = [f"{path.parent.name}/{path.stem}" for path in sources()]


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(
        "key,name,id\nada,Ada Lovelace,17\nC:\\x/..,=cmd(),9\n", encoding="utf-8"
    )
    return path


@given(st.text(), st.text(), st.text())
def test_a_seed_is_the_same_again_and_fits_every_generator(exercise, key, other):
    seed = seed_of(SECRET, exercise, key)
    assert seed == seed_of(SECRET, exercise, key)
    assert 1 <= seed < 2**31
    if other != key:
        assert seed_of(SECRET, exercise, other) != seed


def test_a_seed_cannot_be_worked_out_without_the_classs_secret():
    secrets = [new_secret() for _ in range(50)]
    assert len(set(secrets)) == 50
    assert len({seed_of(one, "a/b", "ada") for one in secrets}) == 50
    assert seed_of(SECRET, "a/b", "ada") != seed_of(SECRET, "a/c", "ada")


def test_seeds_are_spread_over_their_range():
    seeds = [seed_of(SECRET, "a/b", f"learner-{n}") for n in range(400)]
    assert len(set(seeds)) == 400
    halves = [sum(seed >> bit & 1 for seed in seeds) for bit in range(30)]
    assert all(130 < half < 270 for half in halves)  # seven standard deviations


@pytest.mark.parametrize("name", NAMES)
def test_only_the_seed_differs_from_the_starter(name):
    exercise = load(ROOT / "solutions" / f"{name}.md")
    before = starter(exercise)
    after = with_seed(before, 123_456)
    assert before == starter(exercise)
    for ours, theirs in zip(after.cells, before.cells, strict=True):
        if ours.id == "parameters":
            assert ours.source == theirs.source.replace("seed = 0", "seed = 123456")
            assert ours.source != theirs.source
        else:
            assert ours == theirs


def test_each_learner_gets_a_folder_and_the_instructor_a_list(roster, tmp_path):
    out = tmp_path / "out"
    names = ["mathematics/gradient-descent"]
    assert assign(names, out=out, variants=True, roster=roster) == 0
    text = (out / "instructor" / "manifest.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["key"] for row in rows] == ["ada", "C:\\x/.."]
    assert rows[1]["name"] == "'=cmd()"
    for row in rows:
        notebook = json.loads((out / "learners" / row["file"]).read_text())
        cell = next(one for one in notebook["cells"] if one["id"] == "parameters")
        assert f"seed = {row['seed']}" in "".join(cell["source"]).splitlines()
        readme = (out / "learners" / row["file"]).with_name("README.md")
        assert "data in your notebooks are yours" in readme.read_text()
    assert len({row["seed"] for row in rows}) == 2
    assert {path.parent.parent for path in (out / "learners").glob("*/*.ipynb")} == {
        out / "learners"
    }


def test_no_learner_is_told_the_secret_or_anothers_seed(roster, tmp_path):
    out = tmp_path / "out"
    names = ["mathematics/gradient-descent"]
    assert assign(names, out=out, variants=True, roster=roster, zip=True) == 0
    secret = (out / "instructor" / "class-secret.txt").read_text().strip()
    text = (out / "instructor" / "manifest.csv").read_text(encoding="utf-8-sig")
    seeds = {row["file"]: row["seed"] for row in csv.DictReader(io.StringIO(text))}
    packed = sorted((out / "learners").glob("*.zip"))
    assert len(packed) == len(seeds) == 2
    for path in packed:
        with zipfile.ZipFile(path) as archive:
            whole = b"".join(map(archive.read, archive.namelist())).decode()
        mine = next(seed for file, seed in seeds.items() if file.startswith(path.stem))
        assert mine in whole
        assert secret not in whole
        assert not any(seed in whole for seed in seeds.values() if seed != mine)


def test_a_release_is_reproducible_from_its_secret(roster, tmp_path):
    def made(name, **options):
        out = tmp_path / name
        names = ["mathematics/gradient-descent"]
        assert assign(names, out=out, variants=True, roster=roster, **options) == 0
        return (out / "instructor" / "manifest.csv").read_bytes()

    first = made("first")
    assert made("first", force=True) == first
    assert made("second") != first
    kept = tmp_path / "first" / "instructor" / "class-secret.txt"
    assert made("third", secret=kept) == first
    if os.name == "posix":
        assert kept.stat().st_mode & 0o077 == 0


@given(st.lists(st.text(min_size=1), unique=True, max_size=5))
def test_folders_are_names_that_every_system_takes_and_nobody_shares(keys):
    folders = [folder_of(Learner(key=key)) for key in keys]
    assert len({folder.lower() for folder in folders}) == len(keys)
    for folder in folders:
        assert folder.isascii()
        assert all(c.isalnum() or c in "-_" for c in folder)


def test_names_cannot_begin_a_formula_in_the_list():
    learner = Learner(key="a", name="+1", id="@x")
    row = manifest([(learner, "a/b", "a/b.ipynb", 5)]).decode("utf-8-sig")
    assert row.splitlines()[1] == "a,'+1,'@x,a/b,a/b.ipynb,5"


WALK = """
import json, sys, tempfile
from pathlib import Path
from coursekit.exercises.branches import branch
from coursekit.exercises.model import load
from coursekit.exercises.walk import Walk, read_report, walk

path = Path(sys.argv[1])
exercise = load(path)
faults = []
for seed in map(int, sys.argv[2:]):
    with tempfile.TemporaryDirectory() as folder:
        plan = Walk(path, Path(folder), "checks", seed)
        ended = branch(walk, plan, exercise, seconds=120)
        report = read_report(Path(folder) / "reference")
        said = "".join(report.said.values())
        if ended or report.errors or " not yet" in said or said.count(" passed") < 5:
            faults.append([seed, ended, report.errors, said])
print(json.dumps(faults))
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_hold_for_the_reference_with_five_learners_seeds(name):
    """Remembered like a proof, for as long as nothing that it rests on changes."""
    path = ROOT / "solutions" / f"{name}.md"
    seeds = [str(seed_of(SECRET, name, f"learner-{n}")) for n in range(5)]
    key = cache.key(path, f"learners' seeds {' '.join(seeds)}", ROOT)
    if cache.get(key, ROOT):
        return
    search = [str(ROOT), *map(str, ROOT.glob("projects/*/src"))]
    run = subprocess.run(
        [sys.executable, "-c", WALK, str(path), *seeds],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(search), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == []
    cache.put(key, {"seeds": seeds}, ROOT)
