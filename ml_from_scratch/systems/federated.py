"""Learn from data that stay where they are: federated averaging.

Each round, some clients start from the shared parameters, train on their own rows and
send back what they ended with; the server averages, weighted by rows. What moves is
parameters, never rows. `masked` shows why the server need not even see the parameters
of a single client: masks that cancel in the sum hide them (secure aggregation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import Floats

# Takes parameters and rows with their targets, returns the gradient of the mean loss.
Gradient = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Client:
    """Rows that never leave their owner.

    Parameters
    ----------
    X : array of shape (n, d)
        Features.
    y : array of shape (n,)
        Targets.

    Raises
    ------
    ValueError
        If there is no row, or the two differ in length.

    Notes
    -----
    Taught in: mlops/federated.

    Examples
    --------
    >>> len(Client(np.ones((3, 2)), np.zeros(3)).y)
    3
    """

    X: Floats
    y: Floats

    def __post_init__(self) -> None:
        """Check that there is something to learn from."""
        if self.X.ndim != 2 or len(self.X) != len(self.y) or not len(self.y):
            raise ValueError(
                f"X has shape {self.X.shape} and y {self.y.shape}: expected (n, d) and "
                "(n,) with n >= 1."
            )


def weighted_average(vectors: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Average parameter vectors by weight.

    Parameters
    ----------
    vectors : sequence of arrays of one shape
        What the clients sent.
    weights : sequence of float
        Rows of each, above 0.

    Returns
    -------
    numpy.ndarray
        Of the vectors' shape.

    Raises
    ------
    ValueError
        If there is none, shapes differ, or a weight is not above 0.

    Notes
    -----
    O(clients x parameters). Taught in: mlops/federated.

    Examples
    --------
    >>> weighted_average([np.array([0.0]), np.array([4.0])], [1, 3])
    array([3.])
    """
    if not vectors or len(vectors) != len(weights) or min(weights) <= 0:
        raise ValueError(
            f"{len(vectors)} vectors and the weights {list(weights)}: expected one "
            "weight above 0 each, and at least one."
        )
    shapes = {np.shape(vector) for vector in vectors}
    if len(shapes) > 1:
        raise ValueError(f"The vectors have the shapes {shapes}: expected one shape.")
    return np.average(np.asarray(vectors, np.float64), axis=0, weights=weights)


def local_training(
    start: Floats,
    client: Client,
    gradient: Gradient,
    *,
    rate: float,
    epochs: int,
    batch_size: int | None,
    rng: np.random.Generator,
) -> Floats:
    """Train on a client's rows by mini-batches, from the shared parameters.

    Parameters
    ----------
    start : array of shape (p,)
        The shared parameters; they are not changed.
    client : Client
        Whose rows.
    gradient : callable
        Takes parameters, features and targets, returns the gradient of the mean loss.
    rate : float
        Learning rate.
    epochs : int
        Passes over the rows, 1 or more.
    batch_size : int or None
        Rows a step; None for all at once.
    rng : numpy.random.Generator
        Order of the rows.

    Returns
    -------
    numpy.ndarray of shape (p,)
        Where the training ended.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    O(epochs x rows) gradients of a row. Taught in: mlops/federated.

    Examples
    --------
    >>> slope = lambda w, X, y: X.T @ (X @ w - y) / len(y)
    >>> client = Client(np.array([[1.0], [2.0]]), np.array([2.0, 4.0]))
    >>> rng = np.random.default_rng(0)
    >>> local_training(np.zeros(1), client, slope, rate=0.2, epochs=50,
    ...                batch_size=None, rng=rng).round(3)
    array([2.])
    """
    n = len(client.y)
    size = n if batch_size is None else batch_size
    if epochs < 1 or size < 1 or rate <= 0:
        raise ValueError(
            f"epochs is {epochs}, batch_size {batch_size}, rate {rate}: expected 1 or "
            "more, 1 or more (or None), and a number above 0."
        )
    w = np.array(start, dtype=np.float64)
    for _ in range(epochs):
        order = rng.permutation(n)
        for rows in (order[i : i + size] for i in range(0, n, size)):
            w -= rate * gradient(w, client.X[rows], client.y[rows])
    return w


def federated_averaging(
    clients: Sequence[Client],
    gradient: Gradient,
    start: Floats,
    *,
    rounds: int,
    rate: float,
    epochs: int = 1,
    batch_size: int | None = None,
    fraction: float = 1.0,
    rng: np.random.Generator,
) -> list[Floats]:
    """Train a shared model without collecting the rows (FedAvg).

    With one epoch of one batch (``epochs=1, batch_size=None``) and all clients, a
    round is exactly a step of gradient descent on all rows together. More local work
    saves rounds, and lets clients with different data pull apart (client drift).

    Parameters
    ----------
    clients : sequence of Client
        The owners of the rows.
    gradient : callable
        As for `local_training`.
    start : array of shape (p,)
        First shared parameters.
    rounds : int
        How often parameters go out and come back.
    rate, epochs, batch_size
        As for `local_training`.
    fraction : float
        Share of the clients that takes part in a round, above 0, up to 1; at least
        one does.
    rng : numpy.random.Generator
        Chooses clients and orders rows.

    Returns
    -------
    list of numpy.ndarray
        The shared parameters at the start and after each round, `rounds` + 1 of them.

    Raises
    ------
    ValueError
        If there is no client, or a number is out of range.

    Notes
    -----
    A round moves 2 x parameters x clients taking part numbers.
    Taught in: mlops/federated.

    References
    ----------
    McMahan, Moore, Ramage, Hampson and Agüera y Arcas (2017), "Communication-efficient
    learning of deep networks from decentralized data", AISTATS, algorithm 1.

    Examples
    --------
    >>> slope = lambda w, X, y: X.T @ (X @ w - y) / len(y)
    >>> one = Client(np.array([[1.0]]), np.array([2.0]))
    >>> other = Client(np.array([[2.0]]), np.array([4.0]))
    >>> path = federated_averaging([one, other], slope, np.zeros(1), rounds=30,
    ...                            rate=0.3, rng=np.random.default_rng(0))
    >>> path[-1].round(3)
    array([2.])
    """
    if not clients or rounds < 0 or not 0 < fraction <= 1:
        raise ValueError(
            f"{len(clients)} clients, {rounds} rounds, fraction {fraction}: expected 1 "
            "or more, 0 or more, and a number above 0 up to 1."
        )
    path = [np.array(start, dtype=np.float64)]
    taking_part = max(1, round(fraction * len(clients)))
    for _ in range(rounds):
        chosen = rng.choice(len(clients), taking_part, replace=False)
        sent = [
            local_training(
                path[-1],
                clients[i],
                gradient,
                rate=rate,
                epochs=epochs,
                batch_size=batch_size,
                rng=rng,
            )
            for i in sorted(chosen)
        ]
        rows = [len(clients[i].y) for i in sorted(chosen)]
        path.append(weighted_average(sent, rows))
    return path


def masked(
    vectors: Sequence[NDArray[np.uint64]], *, rng: np.random.Generator
) -> list[NDArray[np.uint64]]:
    """Hide each vector behind masks that cancel in the sum (secure aggregation).

    Every pair of clients agrees on a random vector, which one adds and the other
    subtracts, modulo 2**64. What a client sends then looks random; the sum of all does
    not change.

    Parameters
    ----------
    vectors : sequence of arrays of unsigned 64-bit integers
        What the clients hold, in fixed point (see `to_fixed_point`).
    rng : numpy.random.Generator
        Stands for the secrets that pairs would agree on. It is not a cryptographic
        generator: this shows the idea, and protects nothing.

    Returns
    -------
    list of numpy.ndarray
        What the clients send.

    Notes
    -----
    O(clients**2 x parameters). If one client falls silent, its masks stay in the sum;
    the real protocol shares secrets so that they can be removed.
    Taught in: mlops/federated.

    References
    ----------
    Bonawitz et al. (2017), "Practical secure aggregation for privacy-preserving machine
    learning", CCS, section 4.

    Examples
    --------
    >>> held = [to_fixed_point(np.array([x])) for x in (1.5, -0.25)]
    >>> sent = masked(held, rng=np.random.default_rng(0))
    >>> from_fixed_point(sent[0] + sent[1])
    array([1.25])
    """
    sent = [np.array(vector, dtype=np.uint64) for vector in vectors]
    for i in range(len(sent)):
        for j in range(i + 1, len(sent)):
            mask = rng.integers(0, 2**64, size=sent[i].shape, dtype=np.uint64)
            sent[i] += mask
            sent[j] -= mask
    return sent


_SCALE = 2.0**24


def to_fixed_point(values: Floats) -> NDArray[np.uint64]:
    """Return numbers as integers modulo 2**64, with 24 bits after the point.

    Parameters
    ----------
    values : array
        Between -2**38 and 2**38.

    Returns
    -------
    numpy.ndarray of unsigned 64-bit integers
        Of the same shape; sums of them are exact.

    Raises
    ------
    ValueError
        If a value is out of range or not finite.

    Notes
    -----
    Taught in: mlops/federated.

    Examples
    --------
    >>> from_fixed_point(to_fixed_point(np.array([-0.5])))
    array([-0.5])
    """
    if not (np.abs(values) < 2.0**38).all():  # also refuses NaN
        raise ValueError("A value is 2**38 or more in size, or not a number.")
    return np.rint(np.asarray(values) * _SCALE).astype(np.int64).view(np.uint64)


def from_fixed_point(values: NDArray[np.uint64]) -> Floats:
    """Return what `to_fixed_point` was given, to the nearest 2**-24.

    Parameters
    ----------
    values : array of unsigned 64-bit integers
        A vector in fixed point, or a sum of them.

    Returns
    -------
    numpy.ndarray
        Of the same shape.

    Notes
    -----
    Taught in: mlops/federated.

    Examples
    --------
    >>> from_fixed_point(np.array([2**23], dtype=np.uint64))
    array([0.5])
    """
    return np.asarray(values, dtype=np.uint64).view(np.int64) / _SCALE
