"""Shapley values: share out what a team earned among its players.

A game says what each coalition of players earns. A player's Shapley value is the mean
of what it adds when the players come in one after the other, over all orders. To
explain a prediction, the columns are the players, and a coalition earns the mean
prediction if its columns have the values of the row and the others come from a
background.

A game is a function here that takes many coalitions at once, an array (c, d) of
booleans, and returns their c values: so that one call of the model serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.metrics.inputs import floats

Coalitions = NDArray[np.bool_]
Game = Callable[[Coalitions], ArrayLike]
Predict = Callable[[Floats], ArrayLike]

_MOST_PLAYERS = 20  # a million coalitions
_ROWS_AT_ONCE = 100_000  # rows handed to a model in one call


def interventional_value(
    predict: Predict, x: ArrayLike, background: ArrayLike
) -> Callable[[Coalitions], Floats]:
    """Return the game whose players are the columns of a row.

    Parameters
    ----------
    predict : callable
        Takes rows (m, d) and returns a number each, such as ``model.predict``.
    x : array-like of shape (d,)
        The row to explain.
    background : array-like of shape (b, d)
        Rows that stand for "not known": a coalition earns the mean prediction over
        them, once its columns are set to those of `x`.

    Returns
    -------
    callable
        Takes coalitions (c, d) of booleans, returns their values (c,).

    Raises
    ------
    ValueError
        If the shapes do not fit or a number is not finite.

    Notes
    -----
    "Interventional", because columns are set, whatever the others are: rows can arise
    that never occur. c * b predictions for c coalitions.

    Taught in: features/shapley-and-lime.

    References
    ----------
    Janzing, Minorics and Bloebaum (2020), "Feature relevance quantification in
    explainable AI: a causal problem", AISTATS.

    Examples
    --------
    >>> game = interventional_value(lambda X: X.sum(axis=1), [3.0, 5.0], [[1.0, 1.0]])
    >>> game(np.array([[False, False], [True, False], [True, True]])).tolist()
    [2.0, 4.0, 8.0]
    """
    row, rows = floats(x, "x", ndim=1), floats(background, "background", ndim=2)
    if rows.shape[1] != len(row):
        raise ValueError(
            f"x has {len(row)} columns, but background has {rows.shape[1]}."
        )
    step = max(1, _ROWS_AT_ONCE // len(rows))

    def value(coalitions: Coalitions) -> Floats:
        parts = []
        for start in range(0, len(coalitions), step):
            known = coalitions[start : start + step, None]  # (c, 1, d)
            mixed = np.where(known, row, rows).reshape(-1, len(row))
            predicted = floats(predict(mixed), "predict(X)", ndim=1)
            parts.append(predicted.reshape(-1, len(rows)).mean(axis=1))
        return np.concatenate(parts)

    return value


def shapley_values(value: Game, n_players: int) -> Floats:
    """Return the Shapley values of a game, from all its coalitions.

    Parameters
    ----------
    value : callable
        Takes coalitions (c, d) of booleans, returns their values (c,).
    n_players : int
        d, at most 20.

    Returns
    -------
    numpy.ndarray of shape (d,)
        They add up to what all players earn more than none.

    Raises
    ------
    ValueError
        If there are too many players, or the game returns something else than a
        finite number a coalition.

    Notes
    -----
    A player is added to a coalition of s others with weight s! (d - s - 1)! / d!: the
    share of the orders in which just these others come before.

    2^d values of the game, O(d 2^d) time. Taught in: features/shapley-and-lime.

    References
    ----------
    Shapley (1953), "A value for n-person games", Contributions to the Theory of Games
    II.

    Examples
    --------
    A left glove and two right ones; a pair earns 1.

    >>> def pairs(coalitions):
    ...     left, right_1, right_2 = coalitions.T
    ...     return left & (right_1 | right_2)
    >>> shapley_values(pairs, 3).round(3).tolist()
    [0.667, 0.167, 0.167]
    """
    if not 1 <= n_players <= _MOST_PLAYERS:
        raise ValueError(
            f"n_players is {n_players}: expected 1 to {_MOST_PLAYERS}, as there are "
            "2^n_players coalitions. Use sampled_shapley or kernel_shap for more."
        )
    codes = np.arange(2**n_players)
    coalitions = _members(codes, n_players)
    values = _values(value, coalitions)
    sizes = coalitions.sum(axis=1)
    weights = 1 / (n_players * special.binom(n_players - 1, np.arange(n_players)))
    shares = np.empty(n_players)
    for player in range(n_players):
        without = codes[~coalitions[:, player]]
        added = values[without | (1 << player)] - values[without]
        shares[player] = weights[sizes[without]] @ added
    return shares


def _members(codes: Integers, n_players: int) -> Coalitions:
    """Return coalitions as booleans: bit j of the code is player j."""
    members: Coalitions = (codes[:, None] >> np.arange(n_players)) & 1 == 1
    return members


def _values(value: Game, coalitions: Coalitions) -> Floats:
    values = floats(value(coalitions), "value(coalitions)", ndim=1)
    if len(values) != len(coalitions):
        raise ValueError(
            f"The game returned {len(values)} values for {len(coalitions)} coalitions."
        )
    return values


class SampledShapley(NamedTuple):
    """Shapley values from some orders, and how far off they may be.

    Parameters
    ----------
    values : numpy.ndarray of shape (d,)
        The estimates.
    standard_error : numpy.ndarray of shape (d,)
        Of each.

    Notes
    -----
    Taught in: features/shapley-and-lime.

    Examples
    --------
    >>> SampledShapley(np.array([1.0]), np.array([0.0])).values.tolist()
    [1.0]
    """

    values: Floats
    standard_error: Floats


def sampled_shapley(
    value: Game, n_players: int, *, n_permutations: int, rng: np.random.Generator
) -> SampledShapley:
    """Estimate Shapley values: let the players come in, in some random orders.

    Parameters
    ----------
    value : callable
        Takes coalitions (c, d) of booleans, returns their values (c,).
    n_players : int
        d.
    n_permutations : int
        Pairs of an order and its reverse, from 2. A player early in one is late in
        the other, so that the pair's mean is steadier than two orders of their own.
    rng : numpy.random.Generator
        Draws the orders.

    Returns
    -------
    SampledShapley
        ``values``, which add up exactly, and their ``standard_error``.

    Raises
    ------
    ValueError
        If a number is too small, or the game returns something else than a finite
        number a coalition.

    Notes
    -----
    2 (d + 1) values of the game an order; the error falls with the root of their
    number. Taught in: features/shapley-and-lime.

    References
    ----------
    Castro, Gomez and Tejada (2009), "Polynomial calculation of the Shapley value based
    on sampling", Computers and Operations Research 36. Mitchell, Cooper, Frank and
    Holmes (2022), "Sampling permutations for Shapley value estimation", Journal of
    Machine Learning Research 23.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> game = lambda coalitions: coalitions @ np.array([1.0, 2.0, 3.0])
    >>> sampled_shapley(game, 3, n_permutations=5, rng=rng).values.round(6).tolist()
    [1.0, 2.0, 3.0]
    """
    if n_players < 1 or n_permutations < 2:
        raise ValueError(
            "Expected at least 1 player and 2 permutations (one has no standard "
            f"error), got {n_players} and {n_permutations}."
        )
    orders = np.array([rng.permutation(n_players) for _ in range(n_permutations)])
    both = (_added(value, orders) + _added(value, orders[:, ::-1])) / 2
    error = both.std(axis=0, ddof=1) / np.sqrt(n_permutations)
    return SampledShapley(both.mean(axis=0), error)


def _added(value: Game, orders: Integers) -> Floats:
    """Return what each player added in each order, (orders, players)."""
    n, d = orders.shape
    place = np.argsort(orders, axis=1)  # when each player comes
    here = place[:, None, :] < np.arange(d + 1)[:, None]  # (n, d + 1, d)
    steps = _values(value, here.reshape(-1, d)).reshape(n, d + 1)
    return np.take_along_axis(np.diff(steps, axis=1), place, axis=1)


def kernel_shap(
    value: Game,
    n_players: int,
    *,
    n_coalitions: int | None = None,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Return Shapley values as the solution of a least-squares problem.

    Fit values of coalitions by sums over their members. With the right weights of the
    coalitions, and the sum over all players held at what they all earn, the
    coefficients are the Shapley values: exactly so for all coalitions, and nearly for a
    sample of them.

    Parameters
    ----------
    value : callable
        Takes coalitions (c, d) of booleans, returns their values (c,).
    n_players : int
        d, at least 2.
    n_coalitions : int, optional
        How many to draw; by default all of them, for at most 20 players.
    rng : numpy.random.Generator, optional
        Draws them; needed if there is something to draw.

    Returns
    -------
    numpy.ndarray of shape (d,)
        They add up to what all players earn more than none.

    Raises
    ------
    ValueError
        If the players are too few or too many, if too few coalitions were drawn to
        tell the players apart, or the game returns something else than a finite
        number a coalition.

    Notes
    -----
    A coalition of s of d players weighs (d - 1) / (C(d, s) s (d - s)): the smallest and
    the largest weigh most, as they show a player alone. Drawn are sizes with these
    weights, then members at random, each coalition with its complement.

    O(c d^2 + d^3) beside c values of the game. Taught in: features/shapley-and-lime.

    References
    ----------
    Lundberg and Lee (2017), "A unified approach to interpreting model predictions",
    Advances in Neural Information Processing Systems 30. Covert and Lee (2021),
    "Improving KernelSHAP: practical Shapley value estimation using linear regression",
    AISTATS.

    Examples
    --------
    >>> game = lambda coalitions: coalitions[:, 0] & coalitions[:, 1]
    >>> abs(kernel_shap(game, 3)).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    if n_players < 2:
        raise ValueError(f"n_players is {n_players}: one player alone earns it all.")
    coalitions, weights = _some_coalitions(n_players, n_coalitions, rng)
    ends = np.array([[False] * n_players, [True] * n_players])
    nothing, everything = _values(value, ends)
    gains = _values(value, coalitions) - nothing
    return _constrained_fit(coalitions, weights, gains, everything - nothing)


def _some_coalitions(
    d: int, n_coalitions: int | None, rng: np.random.Generator | None
) -> tuple[Coalitions, Floats]:
    """Return coalitions between none and all, and what they weigh."""
    sizes = np.arange(1, d)
    of_a_size = (d - 1) / (sizes * (d - sizes))  # all coalitions of it together
    if n_coalitions is None or (d <= _MOST_PLAYERS and n_coalitions >= 2**d - 2):
        if d > _MOST_PLAYERS:
            raise ValueError(f"{d} players have too many coalitions: say how many.")
        coalitions = _members(np.arange(1, 2**d - 1), d)
        each = of_a_size / special.binom(d, sizes)
        return coalitions, each[coalitions.sum(axis=1) - 1]
    if rng is None or n_coalitions < 2:
        raise ValueError(
            f"To draw coalitions, give an rng and at least 2, got {rng} and "
            f"{n_coalitions}."
        )
    drawn = rng.choice(sizes, size=n_coalitions // 2, p=of_a_size / of_a_size.sum())
    rank = rng.random((len(drawn), d)).argsort(axis=1).argsort(axis=1)
    chosen = rank < drawn[:, None]
    return np.concatenate([chosen, ~chosen]), np.ones(2 * len(chosen))


def _constrained_fit(
    coalitions: Coalitions, weights: Floats, gains: Floats, total: float
) -> Floats:
    """Return the coefficients of least weighted squares that sum to `total`.

    The last player gets what the others leave. With that put in, its column is
    subtracted from the others', and the constraint is gone.
    """
    Z = coalitions.astype(np.float64)
    left = Z[:, :-1] - Z[:, -1:]
    target = gains - Z[:, -1] * total
    scale = np.sqrt(weights)
    found, _, rank, _ = np.linalg.lstsq(
        left * scale[:, None], target * scale, rcond=None
    )
    if rank < left.shape[1]:
        raise ValueError(
            f"{len(Z)} coalitions do not tell {Z.shape[1]} players apart: draw more."
        )
    return np.append(found, total - found.sum())
