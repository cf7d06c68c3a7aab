"""First values: torch's bounds and spreads, and signals that keep their size."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor

SHAPES = [(300, 200), (60, 40, 3, 5)]
CASES = {
    "xavier_uniform_": [{}, {"gain": 2.0}],
    "xavier_normal_": [{}, {"gain": 2.0}],
    "kaiming_uniform_": [{}, {"a": math.sqrt(5)}, {"mode": "fan_out"}],
    "kaiming_normal_": [{"nonlinearity": "relu"}, {"nonlinearity": "tanh"}],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", CASES)
def test_the_distribution_is_that_of_torch(rng, name, shape):
    for options in CASES[name]:
        weight = Tensor(np.empty(shape))
        assert getattr(nn, name)(weight, **options, rng=rng) is weight
        theirs = getattr(torch.nn.init, name)(torch.empty(shape), **options).numpy()
        ours = weight.data.ravel()
        assert ours.std() == pytest.approx(theirs.std(), rel=0.03)
        assert np.abs(ours.mean()) < 4 * ours.std() / math.sqrt(ours.size)
        kind = stats.norm if "normal" in name else stats.uniform(-math.sqrt(3), 12**0.5)
        assert stats.kstest(ours / theirs.std(), kind.cdf).statistic < 0.02
        if "uniform" in name:
            assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu"])
def test_gains_are_those_of_torch(name):
    assert nn.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    if name == "leaky_relu":
        assert nn.calculate_gain(name, 0.3) == torch.nn.init.calculate_gain(name, 0.3)


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (7, 5, 3, 2)])
def test_fans_are_those_of_torch(shape):
    expected = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
    assert nn.fans(shape) == expected


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda rng: nn.Linear(200, 300, rng=rng),
            lambda: torch.nn.Linear(200, 300),
        ),
        (
            lambda rng: nn.Conv2d(20, 300, 3, rng=rng),
            lambda: torch.nn.Conv2d(20, 300, 3),
        ),
    ],
)
def test_layers_start_in_torchs_ranges(rng, ours, theirs):
    mine, twin = ours(rng).state_dict(), theirs().state_dict()
    for name, value in twin.items():
        largest = float(value.abs().max())
        assert np.abs(mine[name]).max() == pytest.approx(largest, rel=0.03)
        assert mine[name].std() == pytest.approx(float(value.std()), rel=0.1)
        assert mine[name].dtype == np.float32


def test_thirty_layers_keep_the_size_of_a_signal_and_too_small_weights_do_not(rng):
    def last(fill):
        x = Tensor(rng.normal(size=(64, 256)))
        for _ in range(30):
            x = nn.linear(x, fill(Tensor(np.empty((256, 256))))).relu()
        return float(np.sqrt((x.data**2).mean()))

    assert 0.3 < last(lambda w: nn.kaiming_normal_(w, rng=rng)) < 3
    assert (
        last(lambda w: nn.xavier_normal_(w, rng=rng)) < 1e-3
    )  # half is lost each time


def test_the_same_seed_gives_the_same_layer():
    one, two = (nn.Linear(4, 3, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.weight.data, two.weight.data)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda w, rng: nn.xavier_normal_(Tensor([1.0]), rng=rng), "two axes or more"),
        (lambda w, rng: nn.kaiming_normal_(w, mode="in", rng=rng), "mode is 'in'"),
        (
            lambda w, rng: nn.kaiming_uniform_(w, nonlinearity="selu", rng=rng),
            "nonlinearity is 'selu'; expected one of linear",
        ),
    ],
)
def test_bad_input_is_refused(rng, ask, words):
    with pytest.raises(ValueError, match=words):
        ask(Tensor(np.empty((2, 2))), rng)
