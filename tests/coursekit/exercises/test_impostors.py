"""Made-up answers have the right form and know nothing."""

import numpy as np
import pandas as pd
import pytest

from coursekit.exercises.impostors import LIES, Recorder, Recording, install, like


def double(x, scale=1):
    return np.asarray(x) * 2 * scale


class Model:
    def fit(self, x):
        self.mean = float(np.mean(x))
        return self

    def predict(self, n):
        return np.full(n, self.mean)

    @property
    def known(self):
        return hasattr(self, "mean")


def fresh():
    kind = type("Model", (), dict(vars(Model)))
    return {"double": double, "Model": kind, "threshold": 0.5, "other": len}


def recorded(scale):
    names = fresh() | {"threshold": 0.5 * scale}
    recorder = Recorder(names)
    recorder.watch("q1", ["double", "Model", "threshold"])
    recorder.begin("q1.a")
    names["double"]([scale, scale])
    names["double"](np.ones((2, 2)) * scale)
    names["Model"]().fit([scale]).predict(3)
    return recorder.recording


def lying(lie):
    names = fresh()
    begin = install(
        names, "q1", ["double", "Model", "threshold"], lie, recorded(3), recorded(5)
    )
    begin("q1.a")
    return names


def test_what_the_reference_returned_is_recorded_call_by_call():
    found = recorded(3)
    assert [v.tolist() for v in found.calls["q1.a"]["double"]] == [
        [6, 6],
        [[6, 6], [6, 6]],
    ]
    assert found.calls["q1.a"]["Model.predict"][0].tolist() == [3, 3, 3]
    assert found.values["q1"] == {"threshold": 1.5}


@pytest.mark.parametrize(
    ("lie", "first", "second", "threshold"),
    [
        ("zeros", [0, 0], [[0, 0], [0, 0]], 0.0),
        ("ones", [1, 1], [[1, 1], [1, 1]], 1.0),
        ("other-seed", [10, 10], [[10, 10], [10, 10]], 2.5),
    ],
)
def test_lies_have_the_shape_of_the_truth(lie, first, second, threshold):
    names = lying(lie)
    assert names["double"]([9]).tolist() == first
    assert names["double"]([9]).tolist() == second
    assert names["double"]([9]).tolist() == second  # beyond the record: the last
    assert names["threshold"] == threshold


def test_none_input_and_raise():
    assert lying("none")["double"](4) is None
    assert lying("none")["threshold"] is None
    assert lying("input")["double"](4) == 4
    assert lying("input")["double"](x=4) == 4
    names = lying("raise")
    with pytest.raises(RuntimeError):
        names["double"](4)
    assert "threshold" not in names


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_keeps_the_signature(lie):
    names = lying(lie)
    with pytest.raises(TypeError):
        names["double"](1, 2, 3)
    assert names["other"] is len


def test_every_public_method_and_property_lies():
    names = lying("zeros")
    model = names["Model"]()
    assert model.predict(2).tolist() == [0, 0, 0]
    assert not hasattr(names["Model"](), "mean")
    assert lying("input")["Model"]().predict(4) == 4


@pytest.mark.parametrize(
    ("value", "zeros", "ones"),
    [
        (True, False, True),
        (3, 0, 1),
        (2.5, 0.0, 1.0),
        ("a", "", "1"),
        ([1, (2.5, "x")], [0, (0.0, "")], [1, (1.0, "1")]),
        ({"a": 2}, {"a": 0}, {"a": 1}),
        (None, None, None),
    ],
)
def test_like_keeps_type_and_form(value, zeros, ones):
    assert like(value, ones=False) == zeros
    assert like(value, ones=True) == ones


def test_like_of_arrays_tables_and_objects():
    assert like(np.array([[1.5]]), ones=True).tolist() == [[1.0]]
    table = pd.DataFrame({"a": [2, 3], "b": ["x", "y"]})
    assert like(table, ones=False).to_dict("list") == {"a": [0, 0], "b": ["", ""]}
    model = Model().fit([4])
    assert like(model, ones=False).mean == 0
    assert model.mean == 4


def test_an_unrecorded_call_gives_nothing():
    names = fresh()
    install(names, "q1", ["double"], "zeros", Recording(), Recording())("q1.a")
    assert names["double"](1) is None
