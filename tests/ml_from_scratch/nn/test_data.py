"""Batches: every row once a pass, in an order that its generator decides."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor


class Squares:
    """A dataset that can only be asked for one row at a time."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError
        return np.full(2, index), {"square": index**2, "name": str(index)}


@given(st.integers(0, 20), st.integers(1, 7), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_batches_are_those_of_torch(n, batch_size, drop_last, shuffle):
    X, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    ours = nn.DataLoader(
        nn.TensorDataset(X, y),
        batch_size,
        shuffle,
        drop_last,
        rng=np.random.default_rng(n),
    )
    theirs = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y)),
        batch_size,
        drop_last=drop_last,
    )
    batches = list(ours)
    assert len(ours) == len(theirs) == len(batches)
    assert [len(b) for _, b in batches] == [len(b) for _, b in theirs]
    rows = [row for _, b in batches for row in b.tolist()]
    if shuffle:
        assert len(set(rows)) == len(rows)
    else:
        assert rows == [row for _, b in theirs for row in b.tolist()]
    for many, b in batches:
        np.testing.assert_array_equal(many, X[b])


def test_each_pass_has_its_own_order_and_a_seed_brings_it_back():
    data = nn.TensorDataset(np.arange(50))

    def passes():
        loader = nn.DataLoader(data, 7, shuffle=True, rng=np.random.default_rng(3))
        return [
            [row for (batch,) in loader for row in batch.tolist()] for _ in range(2)
        ]

    first, second = passes()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert passes() == [first, second]


def test_rows_one_by_one_are_collated_like_torchs():
    ours = list(nn.DataLoader(Squares(5), 2))
    theirs = list(torch.utils.data.DataLoader(Squares(5), 2))
    for (x, y), (their_x, their_y) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(x, their_x.numpy())
        np.testing.assert_array_equal(y["square"], their_y["square"].numpy())
        assert y["name"] == their_y["name"]


def test_a_dataset_that_fetches_whole_batches_is_asked_once_a_batch():
    asked = []

    class Counting(nn.TensorDataset):
        def __getitems__(self, indices):
            asked.append(len(indices))
            return super().__getitems__(indices)

    list(nn.DataLoader(Counting(np.arange(10)), 4))
    assert asked == [4, 4, 2]


def test_a_collate_function_of_ones_own():
    loader = nn.DataLoader(["a", "bb", "ccc"], 2, collate_fn="-".join)
    assert list(loader) == ["a-bb", "ccc"]


def test_collate_keeps_the_form_of_rows():
    rows = [{"x": [np.ones(2), 3], "t": Tensor([1.0])} for _ in range(3)]
    out = nn.default_collate(rows)
    assert out["x"][0].shape == (3, 2)
    assert out["x"][1].tolist() == [3, 3, 3]
    assert out["t"].shape == (3, 1)
    assert isinstance(out["t"], np.ndarray)


def test_splits_are_disjoint_and_complete(rng):
    parts = nn.random_split(nn.TensorDataset(np.arange(10)), [6, 0, 4], rng=rng)
    assert [len(part) for part in parts] == [6, 0, 4]
    rows = [int(row) for part in parts for (row,) in part]
    assert sorted(rows) == list(range(10))
    assert rows != list(range(10))
    batches = list(nn.DataLoader(parts[0], 4))
    assert [len(batch) for (batch,) in batches] == [4, 2]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: nn.DataLoader(d, 0), "batch_size is 0; expected an integer"),
        (lambda d: nn.DataLoader(d, shuffle=True), "shuffle needs an rng"),
        (lambda d: nn.TensorDataset(), "arrays of one length, found"),
        (lambda d: nn.TensorDataset([1, 2], [1]), r"one length, found \[2, 1\]"),
        (lambda d: nn.TensorDataset(3), r"one length, found \[None\]"),
        (lambda d: nn.Subset(d, [0, 3]), "lie in 0 to 2, found 0 to 3"),
        (lambda d: nn.Subset(d, [-1]), "lie in 0 to 2"),
        (lambda d: nn.Subset(d, [[0]]), "one row of integers"),
        (lambda d: nn.Subset(d, [0.5]), "one row of integers"),
        (
            lambda d: nn.random_split(d, [1, 1], rng=np.random.default_rng(0)),
            "add up to 3 rows",
        ),
        (lambda d: nn.default_collate([]), "at least one row"),
        (
            lambda d: nn.default_collate([np.ones(2), np.ones(3)]),
            "differ in their shapes",
        ),
        (
            lambda d: nn.default_collate([(1, 2), (1,)]),
            "differ in their lengths: 2 and 1",
        ),
        (lambda d: nn.default_collate([{"a": 1}, {"b": 1}]), "differ in their keys"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask(nn.TensorDataset([1, 2, 3]))
