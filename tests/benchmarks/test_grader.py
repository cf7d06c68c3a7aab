"""The grader's benchmark counts all the work that was done, and fits what it says."""

import sys

import pytest

from benchmarks import grader
from benchmarks.grader import Sample, Spent, Unfair

# Starts a process that works on after its parent has ended, and is then an orphan.
_LEAVES_AN_ORPHAN = """
import os, time
if os.fork() == 0:
    while time.process_time() < 0.3:
        pass
    os._exit(0)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="adopts orphans on Linux")


@linux
def test_the_work_of_orphans_counts(tmp_path):
    spent = grader.spend([sys.executable, "-c", _LEAVES_AN_ORPHAN], tmp_path)
    assert spent.cpu >= 0.3


@linux
def test_a_command_that_fails_is_not_measured(tmp_path):
    with pytest.raises(Unfair, match="ended with 3"):
        grader.spend([sys.executable, "-c", "print('why'); exit(3)"], tmp_path)


def test_start_up_and_each_notebook_are_told_apart():
    start, each, size = 2.0, 0.5, 21
    one = Spent(start + each, start + each)
    share = Spent(start + size * each, start + size * each)
    found = grader._speeds([(one, share)] * 3, size)["cpu"]
    assert found["seconds_each"] == pytest.approx(each)
    assert found["start_up_seconds"] == pytest.approx(start)
    assert found["a_minute"] == pytest.approx(60 * size / share.cpu, abs=0.1)
    assert found["a_minute_once_started"] == pytest.approx(120)


def test_growth_is_of_the_middle_of_each_phase_and_for_a_thousand():
    # 100 seconds for 500 submissions that grow by 3 MiB a second, so by 600 for 1,000;
    # then a step up, and judging that does not grow. Starts and ends do not count.
    executing = [Sample(float(t), 50 + 3.0 * t, 10.0, False) for t in range(101)]
    executing[0] = Sample(0.0, 9e3, 1.0, False)
    judging = [Sample(101.0 + t, 700.0, 20.0, True) for t in range(50)]
    found = grader._grown(executing + judging, 500)
    assert found["executing_growth_mib_a_thousand"] == pytest.approx(600, rel=0.01)
    assert found["judging_growth_mib_a_thousand"] == 0
    assert found["peak_mib"] == 9e3
    assert found["grader_peak_mib"] == 20


def test_a_phase_that_is_too_short_says_so():
    short = [Sample(0.1 * t, 1.0, 1.0, t > 40) for t in range(50)]
    with pytest.raises(Unfair, match="too short"):
        grader._grown(short, 5)
