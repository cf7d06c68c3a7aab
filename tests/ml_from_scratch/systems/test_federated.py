"""Federated averaging: against training on all rows, and masks that cancel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes

from ml_from_scratch.systems.federated import (
    Client,
    federated_averaging,
    from_fixed_point,
    local_training,
    masked,
    to_fixed_point,
    weighted_average,
)


def squared(w, X, y):
    return X.T @ (X @ w - y) / len(y)


def logistic(w, X, y):
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


def synthetic():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    return X, X @ np.array([1.0, -2.0, 0.0, 3.0]) + 0.1 * rng.normal(size=300), squared


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return X / X.std(axis=0), (y - y.mean()) / y.std(), squared


def cancer():
    """Ten columns, one constant, sorted by label: most owners have one class."""
    X, y = load_breast_cancer(return_X_y=True)
    X = (X[:, :10] - X[:, :10].mean(axis=0)) / X[:, :10].std(axis=0)
    X[:, 3] = 1.0
    order = np.argsort(y, kind="stable")
    return X[order], y[order].astype(float), logistic


DATA = pytest.mark.parametrize("data", [synthetic, diabetes, cancer])


def split(X, y, sizes):
    ends = np.cumsum(sizes)
    assert ends[-1] == len(y)
    parts = zip(np.split(X, ends[:-1]), np.split(y, ends[:-1]), strict=True)
    return [Client(*part) for part in parts]


def uneven(n, clients=5):
    sizes = [n // 2 // 2**i for i in range(clients - 1)]
    return [*sizes, n - sum(sizes)]


@DATA
def test_one_local_step_of_all_rows_is_gradient_descent_on_everything_to_1e_12(data):
    X, y, gradient = data()
    path = federated_averaging(
        split(X, y, uneven(len(y))),
        gradient,
        np.zeros(X.shape[1]),
        rounds=40,
        rate=0.1,
        rng=np.random.default_rng(0),
    )
    w = np.zeros(X.shape[1])
    for shared in path[1:]:
        w = w - 0.1 * gradient(w, X, y)
        np.testing.assert_allclose(shared, w, rtol=0, atol=1e-12)


@DATA
def test_one_client_alone_does_plain_mini_batch_training(data):
    X, y, gradient = data()
    how = {"rate": 0.05, "epochs": 2, "batch_size": 16}
    path = federated_averaging(
        [Client(X, y)],
        gradient,
        np.zeros(X.shape[1]),
        rounds=1,
        rng=np.random.default_rng(3),
        **how,
    )
    rng = np.random.default_rng(3)
    rng.choice(1, 1, replace=False)  # the choice of the only client
    alone = local_training(np.zeros(X.shape[1]), Client(X, y), gradient, rng=rng, **how)
    # The average of one, (n w) / n, may round the last bit.
    np.testing.assert_allclose(path[-1], alone, rtol=1e-14)


def test_more_local_work_on_different_data_ends_elsewhere():
    """Client drift: the fixed point of many local steps is not the pooled optimum."""
    one = Client(np.array([[1.0]]), np.array([0.0]))
    other = Client(np.array([[3.0]]), np.array([3.0]))
    pooled = 9.0 / 10.0  # least squares over both rows
    ends = {}
    for epochs in (1, 50):
        path = federated_averaging(
            [one, other],
            squared,
            np.zeros(1),
            rounds=200,
            rate=0.05,
            epochs=epochs,
            rng=np.random.default_rng(0),
        )
        ends[epochs] = path[-1][0]
    assert ends[1] == pytest.approx(pooled, abs=1e-9)
    # k steps at rate r shrink a client's error by (1 - r x^2)^k; at the fixed point
    # the pulls 1 - that, towards 0 and towards 1, balance.
    pull = 1 - (1 - 0.05) ** 50, 1 - (1 - 0.45) ** 50
    assert ends[50] == pytest.approx(pull[1] / (pull[0] + pull[1]), abs=1e-9)


def test_a_fraction_of_the_clients_takes_part():
    clients = [Client(np.ones((1, 1)), np.array([float(i)])) for i in range(10)]
    path = federated_averaging(
        clients,
        squared,
        np.zeros(1),
        rounds=1,
        rate=1.0,  # one step lands on the client's own answer
        fraction=0.2,
        rng=np.random.default_rng(0),
    )
    chosen = np.random.default_rng(0).choice(10, 2, replace=False)
    assert path[-1][0] == pytest.approx(chosen.mean())


def test_what_is_shared_is_not_changed_by_a_client():
    start = np.zeros(1)
    client = Client(np.ones((4, 1)), np.ones(4))
    rng = np.random.default_rng(0)
    local_training(start, client, squared, rate=0.1, epochs=1, batch_size=2, rng=rng)
    assert start.tolist() == [0.0]


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), min_size=1, max_size=6
    ),
    st.integers(0, 99),
)
def test_masks_cancel_in_the_sum_to_the_last_bit(vectors, seed):
    held = [to_fixed_point(np.array(vector)) for vector in vectors]
    sent = masked(held, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sum(sent, axis=0), np.sum(held, axis=0))
    found = from_fixed_point(np.sum(sent, axis=0, dtype=np.uint64))
    off = len(vectors) * 2.0**-24  # each number is rounded once
    np.testing.assert_allclose(found, np.sum(vectors, axis=0), rtol=1e-15, atol=off)


def test_what_a_client_sends_looks_random_and_what_it_holds_stays():
    held = [np.zeros(20_000, dtype=np.uint64) for _ in range(3)]
    sent = masked(held, rng=np.random.default_rng(0))
    assert not held[0].any()
    for vector in sent:
        assert (vector / 2.0**64).mean() == pytest.approx(0.5, abs=4 / 12**0.5 / 141)


W = np.zeros(1)
ONE = Client(np.ones((1, 1)), np.ones(1))


def fed(clients=(ONE,), **how):
    how = {"rounds": 1, "rate": 0.1, "rng": np.random.default_rng(0)} | how
    return federated_averaging(list(clients), squared, W, **how)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: Client(np.ones((0, 2)), np.ones(0)), "with n >= 1"),
        (lambda: Client(np.ones((2, 2)), np.ones(3)), r"y \(3,\)"),
        (lambda: weighted_average([], []), "at least one"),
        (lambda: weighted_average([W], [0]), "weight above 0"),
        (lambda: weighted_average([W, np.zeros(2)], [1, 1]), "expected one shape"),
        (lambda: fed(clients=()), "0 clients"),
        (lambda: fed(rounds=-1), "-1 rounds"),
        (lambda: fed(fraction=0.0), "fraction 0.0"),
        (lambda: fed(rate=0.0), "rate 0.0"),
        (lambda: fed(epochs=0), "epochs is 0"),
        (lambda: fed(batch_size=0), "batch_size 0"),
        (lambda: to_fixed_point(np.array([np.nan])), "not a number"),
        (lambda: to_fixed_point(np.array([2.0**38])), r"2\*\*38 or more"),
    ],
)
def test_wrong_input_is_refused(act, said):
    with pytest.raises(ValueError, match=said):
        act()
