"""The benchmarks measure what they say, and the kept figures are of these cases."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from benchmarks import measure, report
from benchmarks.case import Case, Growth

# shap draws, and its import of matplotlib is behind matplotlib's times.
pytestmark = pytest.mark.filterwarnings("ignore:The set_.* function will be deprecated")

# The goals of the library's design: task, and ratio to the tool that people use.
GOALS = {
    "logistic regression, 20k x 50, to convergence": 1.0,
    "k-means, 20k x 20, k = 10": 1.8,
    "kNN predict, 5k against 5k x 20": 1.3,
    "PCA 5k x 200 to 10": 1.0,
    "SVM, RBF, 1k x 20, same dual": 3.0,
    "tree, 10k x 20, depth 10": 1.6,
    "tree, digits": 2.5,
    "forest of 50, 10k x 20": 4.0,
    "forest of 50, digits": 8.0,
    "boosting, 100 x depth 3, 10k x 20": 5.0,
    "MLP 784-128-10, an epoch of 10k": 0.6,
    "two convolutions, forward + backward": 1.8,
    "LSTM 32 x 50 x 64, forward + backward": 1.5,
    "attention 8 x 128 x 64, forward + backward": 2.0,
    "autograd, 900 small ops": 0.6,
    "BPE, 1 MB, 744 merges": 3.0,
}


class Stopwatch:
    """Gives the times that it is told to, and keeps what was run."""

    def __init__(self, times):
        self.times, self.ran = iter(times), []

    def __call__(self, work):
        self.ran.append(work())
        return next(self.times)


def same(ours, theirs):
    assert ours == theirs


def case(**how):
    def prepare():
        return (lambda: "ours"), (lambda: "theirs")

    how = {"agree": lambda *_: None, "rounds": 3} | how
    return Case("a task", "a tool", prepare, **how)


def test_the_two_sides_take_turns_and_the_ratio_is_the_median_of_the_turns(monkeypatch):
    watch = Stopwatch([1.0, 2.0, 9.0, 3.0, 4.0, 4.0])
    monkeypatch.setattr(measure, "seconds", watch)
    row = measure.compare(case(goal=2.0))
    assert watch.ran == ["ours", "theirs"] * 3
    assert (row["ours_seconds"], row["theirs_seconds"]) == (4.0, 3.0)
    assert (row["ratio"], row["spread"]) == (1.0, [0.5, 3.0])


def test_nothing_is_timed_before_both_sides_agree(monkeypatch):
    monkeypatch.setattr(measure, "seconds", pytest.fail)
    with pytest.raises(AssertionError, match="ours"):
        measure.compare(case(agree=same))


def test_time_that_grows_with_the_square_has_an_exponent_of_2(monkeypatch):
    sizes = (100, 200, 400)
    times = [t for n in sizes for t in (3e-6 * n**2, 5e-6 * n**2)]  # the faster counts
    monkeypatch.setattr(measure, "seconds", Stopwatch(times))
    curve = Growth("growth", lambda n: lambda: n, sizes, expected=2.0, rounds=2)
    found = measure.growth(curve)
    assert found["exponent"] == pytest.approx(2.0)
    assert found["seconds"] == pytest.approx([0.03, 0.12, 0.48])


def test_memory_is_what_the_work_adds_to_the_peak():
    def prepare():
        held = np.ones(20 * 2**17)  # 20 MiB that do not count
        return (lambda: np.ones(50 * 2**17).sum() + held[0]), (lambda: held[0])

    np.ones(80 * 2**17).sum()  # freed before: must not hide what is used later
    ours = measure.memory(Case("a", "b", prepare, same), 0)
    theirs = measure.memory(Case("a", "b", prepare, same), 1)
    assert 45 <= ours <= 60
    assert theirs <= 5


def test_a_missed_goal_is_an_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(report, "everything", lambda: iter([case(goal=0.1)]))
    monkeypatch.setattr(measure, "seconds", lambda work: 1.0)
    assert report.main(["task"]) == 1
    assert "a task" in capsys.readouterr().out


def test_a_name_that_no_benchmark_has_is_said(capsys):
    assert report.main(["no", "such", "thing"]) == 1
    assert "No benchmark has 'no such thing' in its name" in capsys.readouterr().out


def test_a_run_of_all_is_kept_and_a_run_of_some_replaces_their_rows(
    monkeypatch, tmp_path
):
    others = [case(), dataclasses.replace(case(), name="another")]
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "everything", lambda: iter(others))
    assert report.main(["another"]) == 0
    assert not report.RESULTS.exists()
    monkeypatch.setattr(measure, "seconds", lambda work: 1.0)
    assert report.main([]) == 0
    monkeypatch.setattr(measure, "seconds", lambda work: 2.0)
    assert report.main(["another"]) == 0
    kept = json.loads(report.RESULTS.read_text(encoding="utf-8"))
    found = [(row["name"], row["ours_seconds"]) for row in kept["times"]]
    assert found == [("a task", 1.0), ("another", 2.0)]
    assert kept["machine"]["threads"] == 1


def test_figures_of_another_machine_are_not_mixed_in(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "everything", lambda: iter([case()]))
    report.main([])
    before = report.RESULTS.read_text(encoding="utf-8")
    monkeypatch.setattr(report, "machine", lambda: {"processor": "another"})
    assert report.main(["task"]) == 0
    assert "of another machine" in capsys.readouterr().out
    assert report.RESULTS.read_text(encoding="utf-8") == before


def test_names_are_unique_and_sizes_double():
    cases = list(report.everything())
    names = [each.name for each in cases]
    assert len(names) == len(set(names))
    for curve in cases:
        if isinstance(curve, Growth):
            pairs = zip(curve.sizes, curve.sizes[1:], strict=False)
            assert all(b == 2 * a for a, b in pairs)
            assert len(curve.sizes) >= 3


def test_every_goal_of_the_design_is_measured_and_none_was_softened():
    goals = {c.name: c.goal for c in report.everything() if isinstance(c, Case)}
    assert {name: goals.get(name) for name in GOALS} == GOALS


def test_the_kept_figures_are_of_these_cases():
    kept = json.loads(report.RESULTS.read_text(encoding="utf-8"))
    found = {row["name"] for row in kept["times"] + kept["growth"]}
    assert found == {each.name for each in report.everything()}
    goals = {row["name"]: row["goal"] for row in kept["times"]}
    wanted = {c.name: c.goal for c in report.everything() if isinstance(c, Case)}
    assert goals == wanted
