"""Every exercise is proven, and each proof fires where something does not hold."""

import os
import time

import pytest

from coursekit.exercises import cache, commands, evidence, walk
from coursekit.exercises.branches import branch
from coursekit.exercises.proofs import Proof, agree, seeds_of

SOLUTIONS = commands.sources()


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def test_every_exercise_is_proven(audit):
    """One call for all of them: what is slow to start is started once."""
    found = list(commands.prove_many(SOLUTIONS, jobs=2, seeds=50 if audit else 5))
    assert {proof["name"] for proof in found} == {name_of(path) for path in SOLUTIONS}
    lines = [
        f"{proof['name']}: {one['proof']}: {one['what']}"
        for proof in found
        for one in proof["findings"]
    ]
    assert not lines, "\n".join(lines)
    assert all(proof["tried"] > 20 for proof in found)


def test_the_good_exercise_is_proven_the_whole_way(changed):
    path = changed()
    proof = commands.prove_one(path, root=path.parents[2], force=True)
    assert proof["findings"] == []
    assert {"full_pass", "nbval"} <= proof["seconds"].keys()
    assert proof["executed"]["classical-scaling-reference"]["q1.values"]


def findings(path, **options):
    """Prove without papermill and nbval, on two seeds: `proof: what` of each."""
    options = {"seeds": 2, "full": False, "force": True} | options
    proof = commands.prove_one(path, root=path.parents[2], **options)
    return [f"{one['proof']}: {one['what']}" for one in proof["findings"]]


JUDGE = 'close(found["value"], expected["value"], rtol=1e-6)'
ONE_IS_ONE = 'with check("q3", "one is one") as c:\n    c.equal(1, 1)\n'
Q3_CHECK = 'with check("q3", "the largest'
# Defects that do not hide each other are proven together, to save the time.
DEFECTS = {
    "starter and answers": {
        "a starter that stops": (
            "## 4. In your own words",
            "```{code-cell}\nround(widest, 1)\n```\n\n## 4. In your own words",
            "starter: the cell that begins `round(widest, 1)` stops: TypeError",
        ),
        "a check that passes without an answer": (
            Q3_CHECK,
            ONE_IS_ONE + Q3_CHECK,
            "starter: a check of q3 passes without an answer.",
        ),
        "a wrong answer that is not told why": (
            'says: "mean of the whole table"',
            'says: "one value a row"',
            "the check does not say 'one value a row'. It says: q1 not yet",
        ),
        "a wrong answer that is right": (
            "X.std(axis=0, ddof=1)",
            "X.std(axis=0)",
            "the wrong answer sample-deviation to q1 passes every check",
        ),
        "a wrong answer that keeps its points": (
            "ddof=0",
            "ddof=0",
            "wrong-answer: sample-deviation keeps the points of q1.values with 2 of 2",
        ),
        "a wrong answer that only stops": (
            "widest = float(lengths.var(",
            "widest = float(lengths.rav(",
            "wrong-answer: the wrong answer variance to q3 stops before any check",
        ),
        "a right answer that is refused": (
            "return np.array(columns).T",
            "return np.array(columns)",
            "right-answer: the right answer with-a-loop to q1 with seed 7001 loses q1",
        ),
    },
    "items": {
        "points for made-up answers": (
            JUDGE,
            "pass",
            "made-up: an answer to q3 that returns ones of the right shape earns q3",
        ),
        "points for nothing": (
            "rtol=1e-8",
            "rtol=1e-8",
            "starter: an unanswered notebook earns q3.widest",
        ),
        "a first answer that costs a later one": (
            "points: 2, needs: [q1]",
            "points: 2",
            "independence: q2.scaler is lost where the other questions are empty",
        ),
        "evidence that is the same with every seed": (
            "default_rng(seed + 9)",
            "default_rng(9)",
            "evidence: q3.widest: it is the same with every seed",
        ),
        "evidence that cannot be carried": (
            "value=standardise(X))",
            "value=standardise(X), by=object())",
            "evidence: q1.values: the reference gives a value that evidence cannot",
        ),
    },
    "a reference that stops": {
        "": (
            "X[:, 1] = 3.0",
            "X[:, 9] = 3.0",
            "reference: the evidence cell on line",
        )
    },
    "a reference that is not the same twice": {
        "": (
            "default_rng(seed + 2)",
            "default_rng()",
            "reference: the reference, run again with seed 7001, loses q2.scaler",
        )
    },
    "a check that refuses the reference": {
        "": (
            "c.between(widest, 5, 20)",
            "c.between(widest, 50, 200)",
            "reference: the check refuses the reference: q3 not yet",
        )
    },
    "an oracle that a given cell reaches for": {
        "": (
            "lengths = table(",
            'import importlib\nimportlib.import_module("sklearn")\nlengths = table(',
            "sklearn is not there when this exercise is graded",
        )
    },
    "a source that breaks the format": {
        "": (
            "caught_by: q1.edges",
            "caught_by: q1.corner",
            "there is no item q1.corner",
        )
    },
}


@pytest.mark.parametrize("group", DEFECTS)
def test_each_proof_fires_and_says_what_to_do(changed, group):
    defects = DEFECTS[group]
    found = findings(changed(*[(old, new) for old, new, _ in defects.values()]))
    silent = [
        defect
        for defect, (_, _, message) in defects.items()
        if not any(message in one for one in found)
    ]
    assert not silent, "\n".join(found)


def test_what_goes_wrong_with_one_seed_only_is_found(changed):
    first, second = seeds_of(2)
    path = changed(
        ("X.std(axis=0, ddof=1)", f"X.std(axis=0, ddof=int(seed != {second}))"),
        ("np.array(columns).T", f"np.array(columns).T * (1 + (seed == {second}))"),
    )
    found = findings(path)
    assert {one.partition(":")[0] for one in found} == {"wrong-answer", "right-answer"}
    told = "\n".join(found)
    kept = (
        f"sample-deviation keeps the points of q1.values with 1 of 2 seeds ({second})"
    )
    assert kept in told
    lost = f"the right answer with-a-loop to q1 with seed {second} loses q1.values: "
    assert lost in told
    assert str(first) not in told
    assert findings(path, seeds=1) == []


def test_without_fork_a_walk_leaves_the_same(good, tmp_path, monkeypatch):
    variant = next(v for v in good.question("q3").variants if v.wrong)
    tries = (
        walk.Try("wrong", "q3", codes={"q3": variant.cell.source}),
        walk.Try("lie", "q3", lie="other-seed"),
    )
    found = {}
    for fork in ("", "1"):
        monkeypatch.setenv("COURSEKIT_NO_FORK", fork)
        folder = tmp_path / f"fork-{fork}"
        plan = walk.Walk(good.source.path, folder, "evidence", 11, 12, tries)
        assert branch(walk.walk, plan, good, seconds=300) == ""
        found[fork] = {
            one: evidence.read(folder / one, "q3").items
            for one in ("wrong", "lie", "reference")
        }
        assert not walk.read_report(folder / "wrong").errors
    assert found[""] == found["1"]
    assert len({str(items) for items in found[""].values()}) == 3


def nothing():
    """Come to an end."""


def fail():
    raise ZeroDivisionError


def leave():
    os._exit(3)


def stay(mark):
    mark.write_text(str(os.getpid()))
    time.sleep(600)


@pytest.mark.parametrize("fork", ["", "1"])
def test_a_branch_says_how_it_ended_and_leaves_nothing(tmp_path, monkeypatch, fork):
    monkeypatch.setenv("COURSEKIT_NO_FORK", fork)
    assert branch(nothing, seconds=1) == ""  # a new interpreter takes longer to start
    assert "ZeroDivisionError" in branch(fail, seconds=60)
    assert branch(leave, seconds=60) == "its process ended on its own"
    mark = tmp_path / "pid"
    assert branch(stay, mark, seconds=2) == "it ran for more than 2 seconds"
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_where_nbval_says_otherwise_it_is_a_finding():
    proof = Proof("a/b", executed={"a-b-starter": {"q1.x": False, "q1.y": False}})
    agree(proof, {"a-b-starter": {"q1.x": True}})
    assert [one.what for one in proof.findings] == [
        "nbval and the judge differ on q1.x of a-b-starter.",
        "nbval and the judge differ on q1.y of a-b-starter.",
    ]


def test_seeds_are_as_many_as_asked_for_and_differ():
    assert len(set(seeds_of(50))) == 50


def test_what_is_proven_is_remembered_until_something_changes(changed, monkeypatch):
    path = changed()
    root = path.parents[2]
    first = cache.key(path, "5 True", root)
    assert cache.get(first, root) is None
    cache.put(first, {"name": "x", "findings": []}, root)
    assert cache.get(cache.key(path, "5 True", root), root) is not None
    assert cache.key(path, "50 True", root) != first
    package = root / "ml_from_scratch"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "optim.py").write_text("rate = 1\n")
    text = path.read_text().replace(
        "import numpy as np\n",
        "import numpy as np\nfrom ml_from_scratch import optim\n",
    )
    path.write_text(text)
    second = cache.key(path, "5 True", root)
    assert second != first
    (package / "optim.py").write_text("rate = 2\n")
    assert cache.key(path, "5 True", root) != second


def test_a_proof_with_findings_is_not_remembered(changed):
    path = changed(("caught_by: q1.edges", "caught_by: q1.corner"))
    root = path.parents[2]
    for _ in range(2):
        proof = commands.prove_one(path, root=root, full=False)
        assert proof["findings"]
        assert "cached" not in proof


def test_the_command_prints_what_does_not_hold_and_fails(changed, capsys):
    path = changed(("caught_by: q1.edges", "caught_by: q1.corner"))
    assert commands.prove(["classical/scaling"], root=path.parents[2]) == 1
    out = capsys.readouterr().out
    assert "classical/scaling: 1 things do not hold" in out
    assert "there is no item q1.corner" in out
    assert commands.prove(["classical/nothing"], root=path.parents[2]) == 2
    assert "There are: classical/scaling." in capsys.readouterr().out


def test_a_new_exercise_is_complete_and_proven(tmp_path, capsys):
    assert commands.new("classical/new-one", root=tmp_path) == 0
    assert commands.new("classical/new-one", root=tmp_path) == 2
    assert commands.new("New One", root=tmp_path) == 2
    path = tmp_path / "solutions" / "classical" / "new-one.md"
    assert "chapter: classical/new-one" in path.read_text()
    assert findings(path) == []
    capsys.readouterr()
