"""A label that an evidence cell still holds when it calls an answer is found."""

import numpy as np
import pytest

from coursekit.exercises.impostors import Recorder

FAULTS = ["slow", "blind", "none"]
ANSWER = "def diagnose(log):\n    return FAULTS[int(log[0]) % 3]"
HELPER = "def spoilt(fault, rng):\n    return np.append(fault, rng.normal(size=3))"
LEAKS = {
    "the variable of a loop": (
        "names = []\nfor fault in planted:\n"
        "    log = spoilt(FAULTS.index(fault), rng)\n    names.append(diagnose(log))"
    ),
    "a number that stands for the label": (
        "names = []\nfor number in order:\n"
        "    log = spoilt(number, rng)\n    names.append(diagnose(log))"
    ),
    "the list of what is to come": (
        "logs = [np.append(FAULTS.index(fault), 0.5) for fault in planted]\n"
        "names = [diagnose(log) for log in logs]"
    ),
    "what a given helper was told": (
        "def sealed(rng):\n"
        "    return [helper(fault, rng) for fault in rng.permutation(FAULTS * 3)]\n\n"
        "names = [diagnose(log) for log in sealed(rng)]"
    ),
    "a local variable of the caller": (
        "def ask(fault):\n    return diagnose(spoilt(FAULTS.index(fault), rng))\n\n"
        "names = [ask(str(fault)) for fault in rng.permutation(FAULTS * 3)]"
    ),
}
SEALED = (
    "def sealed(rng):\n"
    "    return [spoilt(n, rng) for n in rng.permutation([0, 1, 2, 0, 1, 2])]\n\n"
    "names = [diagnose(log) for log in sealed(rng)]"
)
GIVEN = (
    "def helper(fault, rng):\n"
    "    return np.append(FAULTS.index(str(fault)), rng.normal(size=3))"
)


def heard(cell):
    """Run an answer and an evidence cell; return what the listener found."""
    rng = np.random.default_rng(3)
    order = [0, 1, 2, 1, 0, 2, 2]
    names = {"np": np, "FAULTS": FAULTS, "rng": rng}
    if "planted" in cell:
        names["planted"] = [FAULTS[number] for number in order]
    if "in order" in cell:
        names["order"] = order
    recorder = Recorder(names)
    exec(GIVEN, names)
    recorder.listener.tap(["helper"])
    exec(ANSWER, names)
    recorder.watch("q1", ["diagnose"])
    recorder.begin("q1.names")
    exec(HELPER, names)
    exec(cell, names)
    assert len(set(names["names"])) == 3
    return recorder.listener.findings()


@pytest.mark.parametrize("leak", LEAKS)
def test_a_place_that_tells_the_result_is_found(leak):
    found = heard(LEAKS[leak])
    assert found
    assert {(item, function) for item, function, _ in found} == {
        ("q1.names", "diagnose")
    }


def test_inputs_that_are_made_before_the_first_call_tell_nothing():
    assert heard(SEALED) == []


def test_an_argument_of_the_call_itself_is_no_leak():
    cell = "names = [diagnose(log) for log in ([0], [1], [2], [0])]"
    assert heard(cell) == []
