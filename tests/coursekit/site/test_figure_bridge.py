import math

import numpy as np
import pytest

from .figure_bridge import FigureError, Figures, Undefined

MODULE = """
export const figure = {
  controls: [{ name: "rate", min: 0 }],
  model: (state) => ({ doubled: 2 * state.x, none: undefined }),
  self() { return this.controls.length; },
};
export const same = (value) => value;
export const spread = () => Float64Array.of(1, NaN);
export const fail = () => { throw new RangeError("too far"); };
"""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    folder.joinpath("a-figure.js").write_text(MODULE)
    folder.joinpath("kit.js").write_text("export const n = 1;")
    made = Figures(folder)
    yield made
    made.close()


def test_a_model_gets_a_state_and_gives_numbers(bridge):
    assert bridge.model("a-figure", x=1.5)["doubled"] == 3.0


def test_undefined_is_seen(bridge):
    assert isinstance(bridge.model("a-figure", x=1)["none"], Undefined)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 0.1, 1e-300, [1, [2.5]], "ü"])
def test_values_come_back_as_they_went(bridge, value):
    assert bridge.call("a-figure", "same", value) == value


def test_nan_comes_back_as_nan(bridge):
    assert math.isnan(bridge.call("a-figure", "same", {"deep": [math.nan]})["deep"][0])


def test_arrays_go_and_come_as_lists(bridge):
    assert bridge.call("a-figure", "same", np.arange(3.0)) == [0, 1, 2]
    assert bridge.call("a-figure", "same", np.float64(0.5)) == 0.5
    found = bridge.call("a-figure", "spread")
    assert found[0] == 1
    assert math.isnan(found[1])


def test_data_are_read_and_methods_know_their_figure(bridge):
    assert bridge.call("a-figure", "figure.controls") == [{"name": "rate", "min": 0}]
    assert bridge.call("a-figure", "figure.self") == 1


def test_functions_and_data_can_be_looked_for(bridge):
    assert bridge.has("a-figure", "figure.self")
    assert bridge.has("a-figure", "figure.controls")
    assert not bridge.has("a-figure", "figure.steps")


def test_what_is_thrown_is_told_and_the_process_goes_on(bridge):
    with pytest.raises(FigureError, match="RangeError: too far"):
        bridge.call("a-figure", "fail")
    with pytest.raises(FigureError, match="nothing at figure"):
        bridge.call("a-figure", "figure.nowhere")
    with pytest.raises(FigureError, match="b-figure"):
        bridge.model("b-figure")
    assert bridge.call("a-figure", "same", 1) == 1


def test_the_kit_is_not_a_figure(bridge):
    assert bridge.names() == ["a-figure"]
