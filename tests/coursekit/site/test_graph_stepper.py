"""The figure's gradients, held against the library's engine."""

import math

import numpy as np
import pytest

from ml_from_scratch.autograd import Tensor

PAGE = {"w": 0.5, "x": 2.0, "b": -0.4, "y": 1.0}
FORWARD, LAST = 5, 12  # values computed forward; the last step
rng = np.random.default_rng(0)
STATES = [PAGE] + [
    dict(zip(PAGE, map(float, rng.uniform(-2, 2, 4)), strict=True)) for _ in range(20)
]


def engine(state):
    """Values and gradients of every node, by `ml_from_scratch.autograd`."""
    nodes = {name: Tensor(v, requires_grad=True) for name, v in state.items()}
    nodes["a"] = nodes["w"] * nodes["x"]
    nodes["z"] = nodes["a"] + nodes["b"]
    nodes["h"] = nodes["z"].tanh()
    nodes["e"] = nodes["h"] - nodes["y"]
    nodes["L"] = nodes["e"] * nodes["e"]
    values = {name: node.item() for name, node in nodes.items()}
    grads = {"L": 1.0}
    for name in "wxby":  # the engine keeps the leaves' gradients
        nodes[name].zero_grad()
    nodes["L"].backward()
    grads |= {name: float(nodes[name].grad) for name in "wxby"}
    return values, grads


@pytest.mark.parametrize("state", STATES)
def test_values_and_gradients_are_the_engines(figures, state):
    found = figures.model("graph-stepper", step=LAST, **state)
    values, grads = engine(state)
    assert found["values"] == pytest.approx(values, rel=1e-13)
    leaves = {name: found["grads"][name] for name in grads}
    assert leaves == pytest.approx(grads, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("state", STATES[:5])
def test_gradients_inside_the_graph_are_central_differences(figures, state):
    found = figures.model("graph-stepper", step=LAST, **state)
    values, grads = found["values"], found["grads"]
    hair = 1e-6

    def slope(function, at):
        return (function(at + hair) - function(at - hair)) / (2 * hair)

    def from_z(z):
        return (math.tanh(z) - values["y"]) ** 2

    expected = {
        "a": slope(lambda a: from_z(a + values["b"]), values["a"]),
        "z": slope(from_z, values["z"]),
        "h": slope(lambda h: (h - values["y"]) ** 2, values["h"]),
        "e": slope(lambda e: e * e, values["e"]),
    }
    assert {name: grads[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_each_step_forward_makes_one_value_known(figures):
    known = [
        len(figures.model("graph-stepper", step=step, **PAGE)["values"])
        for step in range(FORWARD + 1)
    ]
    assert known == [4, 5, 6, 7, 8, 9]


def test_no_gradient_is_shown_before_the_way_back(figures):
    for step in range(FORWARD + 1):
        assert figures.model("graph-stepper", step=step, **PAGE)["grads"] == {}


def test_a_value_used_twice_adds_up_what_comes_back(figures):
    error = math.tanh(0.6) - 1
    once = figures.model("graph-stepper", step=FORWARD + 2, **PAGE)["grads"]
    twice = figures.model("graph-stepper", step=FORWARD + 3, **PAGE)["grads"]
    assert once == pytest.approx({"L": 1, "e": error})
    assert twice == pytest.approx({"L": 1, "e": 2 * error})


def test_what_goes_along_an_arrow_is_gradient_times_slope(figures):
    found = figures.model("graph-stepper", step=LAST, **PAGE)
    assert len(found["edges"]) == 9
    for edge in found["edges"]:
        expected = found["grads"][edge["to"]] * edge["slope"]
        assert edge["sent"] == pytest.approx(expected)


def test_a_gradient_goes_on_only_when_all_of_its_uses_have_reported(figures):
    final = figures.model("graph-stepper", step=LAST, **PAGE)["grads"]
    for step in range(LAST + 1):
        found = figures.model("graph-stepper", step=step, **PAGE)
        for edge in found["edges"]:
            if edge["sent"] is not None:
                assert found["grads"][edge["to"]] == final[edge["to"]]


def test_the_sentence_names_what_is_computed(figures):
    def said(step):
        state = PAGE | {"step": step}
        result = figures.model("graph-stepper", **state)
        text = figures.call("graph-stepper", "figure.says", state, result)
        return text.replace("\N{MINUS SIGN}", "-").replace(
            "\N{MULTIPLICATION SIGN}", "*"
        )

    assert said(3) == "Forward: h = tanh z = 0.537."
    assert said(8) == (
        "Back: e gets 1.000 * -0.463 = -0.463, added to what it had: -0.926."
    )
    assert said(LAST).startswith("Back: w gets -0.659 * 2 = -1.318, x gets ")
