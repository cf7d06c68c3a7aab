"""Recommenders: ridge regressions, finite differences, dense sums, scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from ml_from_scratch.numeric import numerical_gradient
from ml_from_scratch.recommend import (
    ALS,
    BPR,
    ColdStart,
    ContentBased,
    Factors,
    ImplicitALS,
    ItemKNN,
    MatrixFactorization,
    Popularity,
    bpr_loss_and_gradient,
    check_interactions,
    debiased_click_rates,
    leave_last_out,
    make_interactions,
    not_taken,
    position_propensities,
    rating_loss_and_gradient,
    solve_side,
)

SEEDS = st.integers(0, 2**32 - 1)


def tables() -> dict[str, np.ndarray]:
    """Return tables with known, real and awkward content."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 20)) + 5
    given = np.where(rng.random((30, 20)) < 0.4, truth.clip(0.5), 0)
    awkward = np.zeros((8, 6))  # users and items with nothing, equal lines, one entry
    awkward[1:4, 1:3], awkward[4, 4], awkward[5] = 3.0, 1e-3, 2.0
    wine = load_wine().data[:40]
    wine = np.where(wine > np.median(wine, axis=0), np.round(1 + wine / wine.max(0)), 0)
    return {
        "synthetic": given,
        "digits": load_digits().data[:40],
        "wine": wine,
        "awkward": awkward,
    }


TABLES = tables()


def liked(seed: int = 0, n_users: int = 80, n_items: int = 40) -> np.ndarray:
    """Return who took what, in two groups of taste."""
    rng = np.random.default_rng(seed)
    same = (np.arange(n_users)[:, None] % 2) == (np.arange(n_items) % 2)
    return (rng.random((n_users, n_items)) < np.where(same, 0.35, 0.03)).astype(float)


# --- alternating least squares -----------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_one_turn_of_als_is_scikit_learns_ridge_for_each_user_to_1e_8(
    name: str,
) -> None:
    R = TABLES[name]
    table = check_interactions(R)
    rng = np.random.default_rng(1)
    V = rng.normal(size=(R.shape[1], 3))
    ones, target = table.copy(), table.copy()
    ones.data[:] = 1.0
    target.data -= 2.5
    found = solve_side(ones, target, V, 0.7 * np.eye(3))
    for user, line in enumerate(R):
        if not line.any():
            np.testing.assert_array_equal(found[user], 0)
            continue
        ridge = Ridge(alpha=0.7, fit_intercept=False, solver="cholesky")
        ridge.fit(V[line > 0], line[line > 0] - 2.5)
        np.testing.assert_allclose(found[user], ridge.coef_, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", TABLES)
def test_one_turn_of_implicit_als_is_the_dense_weighted_ridge_to_1e_8(
    name: str,
) -> None:
    R = TABLES[name]
    model = ImplicitALS(3, l2=0.7, n_iter=1, alpha=2.0, random_state=5).fit(R)
    V = np.random.default_rng(5).normal(scale=3**-0.5, size=(R.shape[1], 3))
    confidence, preference = 1 + 2.0 * R, (R > 0).astype(float)
    for user in range(len(R)):
        weights = confidence[user][:, None] * V
        expected = np.linalg.solve(
            V.T @ weights + 0.7 * np.eye(3), weights.T @ preference[user]
        )
        np.testing.assert_allclose(
            model.user_factors_[user], expected, rtol=1e-8, atol=1e-10
        )
    U = model.user_factors_
    for item in range(R.shape[1]):
        weights = confidence[:, item][:, None] * U
        expected = np.linalg.solve(
            U.T @ weights + 0.7 * np.eye(3), weights.T @ preference[:, item]
        )
        np.testing.assert_allclose(
            model.item_factors_[item], expected, rtol=1e-8, atol=1e-10
        )


@pytest.mark.parametrize("name", TABLES)
def test_the_objectives_are_their_dense_sums_and_never_rise(name: str) -> None:
    R = TABLES[name]
    for kind in (ALS, ImplicitALS):
        model = kind(3, l2=0.3, n_iter=12, random_state=0).fit(R)
        scores = model.user_factors_ @ model.item_factors_.T
        if kind is ALS:
            errors = np.where(R > 0, R - R[R > 0].mean() - scores, 0)
            fit = np.sum(errors**2)
        else:
            fit = np.sum((1 + 40 * R) * ((R > 0) - scores) ** 2)
        lengths = np.sum(model.user_factors_**2) + np.sum(model.item_factors_**2)
        expected = fit + 0.3 * lengths
        assert model.objective_[-1] == pytest.approx(expected, rel=1e-8)
        steps = np.diff(model.objective_)
        assert (steps <= 1e-9 * model.objective_[:-1]).all()


def test_als_ends_where_the_slope_of_its_objective_vanishes() -> None:
    R = TABLES["synthetic"][:8, :7]
    model = ALS(2, l2=0.5, n_iter=400, random_state=0).fit(R)
    u, given = len(R), R > 0

    def objective(theta: np.ndarray) -> float:
        factors = theta.reshape(-1, 2)
        errors = np.where(given, R - model.mean_ - factors[:u] @ factors[u:].T, 0)
        return float(np.sum(errors**2) + 0.5 * np.sum(factors**2))

    theta = np.concatenate([model.user_factors_, model.item_factors_]).ravel()
    slope = numerical_gradient(objective, theta)
    assert np.abs(slope).max() < 1e-4 * objective(theta)


def test_als_finds_ratings_that_were_left_out() -> None:
    rng = np.random.default_rng(3)
    truth = 5 + rng.normal(size=(80, 2)) @ rng.normal(size=(2, 60))
    truth = truth.clip(0.1)
    given = rng.random(truth.shape) < 0.5
    model = ALS(2, l2=0.1, n_iter=40, random_state=0).fit(np.where(given, truth, 0))
    users, items = np.nonzero(~given)
    error = np.sqrt(np.mean((model.predict(users, items) - truth[users, items]) ** 2))
    assert error < 0.25 * truth.std()


@settings(max_examples=10)
@given(SEEDS)
def test_batches_of_rows_do_not_change_the_solution(seed: int) -> None:
    import ml_from_scratch.recommend.als as module

    rng = np.random.default_rng(seed)
    R = sparse.random_array((23, 9), density=0.4, rng=rng, format="csr")
    V = rng.normal(size=(9, 4))
    whole = solve_side(R, R, V, np.eye(4))
    before, module._AT_ONCE = module._AT_ONCE, 5 * 16
    try:
        np.testing.assert_allclose(solve_side(R, R, V, np.eye(4)), whole, rtol=1e-12)
    finally:
        module._AT_ONCE = before


# --- descent -----------------------------------------------------------------------


def factors(seed: int, n_users: int = 4, n_items: int = 5, k: int = 2) -> Factors:
    rng = np.random.default_rng(seed)
    return Factors(
        rng.normal(size=(n_users, k)),
        rng.normal(size=(n_items, k)),
        rng.normal(size=n_users),
        rng.normal(size=n_items),
    )


def measured(loss: Any, at: Factors) -> list[np.ndarray]:
    slopes = []
    for i in range(4):

        def moved(x: np.ndarray, i: int = i) -> float:
            parts = list(at)
            parts[i] = x
            return loss(Factors(*parts))

        slopes.append(numerical_gradient(moved, at[i]))
    return slopes


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([0.0, 0.3]))
def test_the_gradients_are_the_slopes_of_the_losses(seed: int, l2: float) -> None:
    at, rng = factors(seed), np.random.default_rng(seed)
    users, items, other = rng.integers(0, 4, size=(3, 9))  # some meet twice
    targets = rng.normal(size=9)
    _, slope = rating_loss_and_gradient(at, users, items, targets, l2)
    expected = measured(
        lambda f: rating_loss_and_gradient(f, users, items, targets, l2)[0], at
    )
    for mine, theirs in zip(slope, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)
    _, slope = bpr_loss_and_gradient(at, users, items, other, l2)
    expected = measured(
        lambda f: bpr_loss_and_gradient(f, users, items, other, l2)[0], at
    )
    for mine, theirs in zip(slope, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)


def test_huge_gaps_overflow_nothing() -> None:
    at = Factors(*(1e3 * part for part in factors(0)))
    users, items = np.arange(4), np.arange(4)
    loss, slope = bpr_loss_and_gradient(at, users, items, items + 1, 0.0)
    assert np.isfinite(loss)
    assert all(np.isfinite(part).all() for part in slope)


@pytest.mark.parametrize("name", ["synthetic", "wine"])
def test_descent_lowers_its_loss_and_beats_the_mean(name: str) -> None:
    R = TABLES[name]
    model = MatrixFactorization(
        4, n_epochs=150, rate=0.02, batch_size=32, random_state=0
    ).fit(R)
    assert model.losses_[-1] < 0.5 * model.losses_[0]
    users, items = np.nonzero(R)
    errors = model.predict(users, items) - R[users, items]
    assert np.mean(errors**2) < 0.5 * R[R > 0].var()


def test_with_a_full_batch_a_step_is_gradient_descent_from_the_start() -> None:
    R = TABLES["synthetic"]
    table = check_interactions(R)
    options = {"rate": 0.001, "batch_size": 10**6, "random_state": 3, "l2": 0.1}
    one = MatrixFactorization(2, n_epochs=1, **options).fit(R)
    rng = np.random.default_rng(3)
    start = Factors(
        rng.normal(scale=0.1, size=(30, 2)),
        rng.normal(scale=0.1, size=(20, 2)),
        np.zeros(30),
        np.zeros(20),
    )
    users, items = np.nonzero(R)
    targets = R[users, items] - table.data.mean()
    loss, slope = rating_loss_and_gradient(start, users, items, targets, 0.1)
    for mine, begin, down in zip(one.factors_, start, slope, strict=True):
        np.testing.assert_allclose(mine, begin - 0.001 * down, atol=1e-12)
    assert one.losses_[0] == pytest.approx(loss / table.nnz)


def mean_auc(model: Any, train: np.ndarray, test: np.ndarray) -> float:
    scores = model.score_items(np.arange(len(train)))
    found = []
    for user in range(len(train)):
        unseen = train[user] == 0
        truth = test[user][unseen]
        if 0 < truth.sum() < len(truth):
            found.append(roc_auc_score(truth, scores[user][unseen]))
    return float(np.mean(found))


def test_bpr_raises_the_auc_of_what_was_left_out() -> None:
    full, rng = liked(), np.random.default_rng(1)
    out = (rng.random(full.shape) < 0.25) & (full > 0)
    train, test = np.where(out, 0, full), out.astype(float)
    options = {"rate": 0.05, "batch_size": 64, "random_state": 0, "l2": 0.1}
    aucs = [
        mean_auc(BPR(4, n_epochs=n, **options).fit(train), train, test) for n in (1, 60)
    ]
    assert aucs[1] > aucs[0] + 0.15
    assert aucs[1] > 0.7  # knowing the groups gives about 0.77
    for model in (ItemKNN(), ImplicitALS(4, random_state=0, alpha=5.0)):
        assert mean_auc(model.fit(train), train, test) > 0.65
    assert mean_auc(Popularity().fit(train), train, test) < 0.6


@settings(max_examples=15)
@given(SEEDS)
def test_items_not_taken_are_not_taken_and_all_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    R = (rng.random((5, 6)) < 0.5).astype(float)
    R[:, 0], R[:, 1] = 0, 1
    users = np.repeat(np.arange(5), 2000)
    found = not_taken(check_interactions(R), users, rng)
    assert (R[users, found] == 0).all()
    for user in range(5):
        counts = np.bincount(found[users == user], minlength=6)[R[user] == 0]
        np.testing.assert_allclose(counts / 2000, 1 / len(counts), atol=0.06)


# --- counts, neighbours, contents --------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_item_similarities_are_scikit_learns_cosines(name: str) -> None:
    R = TABLES[name]
    expected = cosine_similarity(R.T)
    np.fill_diagonal(expected, 0)
    model = ItemKNN(n_neighbors=R.shape[1]).fit(R)
    np.testing.assert_allclose(model.similarity_.toarray(), expected, atol=1e-12)
    scores = model.score_items(np.arange(len(R)))
    np.testing.assert_allclose(scores, R @ expected.T, rtol=1e-9, atol=1e-9)
    few = ItemKNN(n_neighbors=3).fit(R).similarity_.toarray()
    kept = np.sort(expected, axis=1)[:, ::-1][:, :3]
    np.testing.assert_allclose(np.sort(few, axis=1)[:, ::-1][:, :3], kept, atol=1e-12)
    assert ((few > 0).sum(axis=1) <= 3).all()


def test_shrinkage_is_added_to_the_lengths() -> None:
    R = TABLES["wine"]
    found = ItemKNN(R.shape[1], shrinkage=7.0).fit(R).similarity_.toarray()
    lengths = np.linalg.norm(R, axis=0)
    expected = R.T @ R / (np.outer(lengths, lengths) + 7)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_popularity_counts_users_not_events() -> None:
    model = Popularity().fit([[9, 0, 1], [0, 0, 1], [0, 2, 0]])
    assert model.counts_.tolist() == [1, 1, 2]


def test_contents_know_new_items_and_new_users_get_the_popular_ones() -> None:
    R = np.array([[2, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    X = np.array([[3.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 0.0]])
    model = ContentBased().fit(R, X)
    scores = model.score_items([0, 1, 2])
    np.testing.assert_allclose(scores[0], [1, 0, 1, 0])
    np.testing.assert_allclose(scores[1], cosine_similarity([[1, 1]], X)[0])
    assert scores[2].argmax() == 0
    assert model.recommend([0], k=1).items.tolist() == [[2]]


def test_a_cold_start_asks_the_one_who_knows() -> None:
    R = np.vstack([liked(n_users=20, n_items=10), np.zeros((1, 10))])
    warm, cold = ItemKNN().fit(R), Popularity().fit(R)
    least = int(np.median((R > 0).sum(axis=1)))
    found = ColdStart(warm, cold, least=least).score_items(np.arange(21))
    for user in range(21):
        asked = warm if (R[user] > 0).sum() >= least else cold
        np.testing.assert_array_equal(found[user], asked.score_items([user])[0])


MODELS = [
    Popularity(),
    ItemKNN(),
    ALS(3, random_state=0),
    ImplicitALS(3, random_state=0),
    MatrixFactorization(3, random_state=0),
    BPR(3, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_the_best_items_are_the_best_scores_and_nothing_seen(model: Any) -> None:
    R = liked(n_users=15, n_items=12)
    model.fit(R)
    scores = model.score_items(np.arange(15))
    found = model.recommend(np.arange(15), k=4)
    for user in range(15):
        unseen = np.flatnonzero(R[user] == 0)
        order = unseen[np.argsort(-scores[user][unseen], kind="stable")][:4]
        np.testing.assert_array_equal(found.items[user][: len(order)], order)
        np.testing.assert_array_equal(
            found.scores[user][: len(order)], scores[user][order]
        )
    everything = model.recommend([0], k=12, exclude_seen=False)
    assert sorted(everything.items[0].tolist()) == list(range(12))
    assert (np.diff(everything.scores[0]) <= 0).all()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_sparse_and_dense_and_renamed_tables_give_the_same(model: Any) -> None:
    R = liked(n_users=12, n_items=9)
    dense = model.fit(R).score_items([0, 3])
    before = sparse.coo_array(R)
    np.testing.assert_array_equal(model.fit(before).score_items([0, 3]), dense)
    assert (before.toarray() == R).all()


def test_a_user_who_took_all_gets_nothing_and_bpr_learns_without_them() -> None:
    R = np.array([[1.0, 1.0], [1.0, 0.0]])
    for model in (Popularity(), BPR(2, random_state=0)):
        found = model.fit(R).recommend([0, 1], k=1)
        assert found.items.tolist() == [[-1], [1]]
        assert found.scores[0, 0] == -np.inf


# --- logs, splits, positions -------------------------------------------------------


@settings(max_examples=25)
@given(SEEDS)
def test_a_log_becomes_the_pivot_table_of_pandas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    log = pd.DataFrame(
        {
            "user": rng.choice(list("abcd"), 15),
            "item": rng.integers(0, 4, 15) * 10,
            "n": rng.integers(1, 5, 15),
        }
    )
    found = make_interactions(log.user, log.item, log.n)
    expected = log.pivot_table("n", "user", "item", aggfunc="sum", fill_value=0)
    np.testing.assert_array_equal(found.matrix.toarray(), expected.to_numpy())
    assert found.users.tolist() == expected.index.tolist()
    assert found.items.tolist() == expected.columns.tolist()
    back = found.user_rows(expected.index[::-1])
    np.testing.assert_array_equal(back, np.arange(len(expected))[::-1])


@settings(max_examples=25)
@given(SEEDS)
def test_the_last_event_of_each_user_is_put_aside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    users, times = rng.integers(0, 6, 20), rng.permutation(20)
    split = leave_last_out(users, times)
    both = np.sort(np.concatenate(split))
    np.testing.assert_array_equal(both, np.arange(20))
    log = pd.DataFrame({"user": users, "time": times})
    many = log.groupby("user").filter(lambda g: len(g) > 1)
    last = many.sort_values("time").groupby("user").tail(1).index
    np.testing.assert_array_equal(split.test, np.sort(last))
    dates = pd.to_datetime("2026-01-01") + pd.to_timedelta(times, "D")
    np.testing.assert_array_equal(leave_last_out(users, dates).test, split.test)


def test_position_bias_is_found_and_taken_out_again() -> None:
    rng = np.random.default_rng(4)
    looks, liking = np.array([1.0, 0.5, 0.2]), np.array([0.6, 0.3, 0.8])
    items = rng.permuted(np.tile(np.arange(3), (40_000, 1)), axis=1).ravel()
    places = np.tile(np.arange(3), 40_000)
    clicks = rng.random(len(items)) < looks[places] * liking[items]
    found = position_propensities(clicks.astype(int), places)
    np.testing.assert_allclose(found, looks, atol=0.02)
    # a live system always shows item 0 first and the best item last
    shown = np.tile([0, 1, 2], 40_000)
    clicks = (rng.random(len(shown)) < looks[places] * liking[shown]).astype(float)
    naive = [clicks[shown == item].mean() for item in range(3)]
    assert np.argmax(naive) == 0
    fair = debiased_click_rates(clicks, shown, places, found)
    np.testing.assert_allclose(fair, liking, atol=0.04)
    assert np.isnan(debiased_click_rates([1], [1], [0], [1.0])[0])


# --- bad input ---------------------------------------------------------------------

GOOD = [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Popularity().fit([[1, -1]]), "hold -1"),
        (lambda: Popularity().fit([[0, 0]]), "hold nothing"),
        (lambda: Popularity().fit([[np.nan, 1]]), "contains NaN"),
        (lambda: Popularity().fit([1, 2]), "users by items"),
        (lambda: Popularity().fit([["a"]]), "expected numbers"),
        (lambda: Popularity().fit(GOOD).recommend([2], k=1), "user 2 is unknown"),
        (lambda: Popularity().fit(GOOD).recommend([-1], k=1), "user -1 is unknown"),
        (lambda: Popularity().fit(GOOD).recommend([0.5], k=1), "whole numbers"),
        (lambda: Popularity().fit(GOOD).recommend([0], k=3), "there are 2 items"),
        (lambda: Popularity().fit(GOOD).recommend([0], k=0), "k is 0"),
        (lambda: Popularity().recommend([0], k=1), "not fitted yet"),
        (lambda: ALS(1).fit(GOOD).predict([0], [2]), "item 2 is unknown"),
        (lambda: ALS(0).fit(GOOD), "n_factors is 0"),
        (lambda: ALS(1, l2=0).fit(GOOD), "l2 is 0"),
        (lambda: ALS(1, n_iter=0).fit(GOOD), "n_iter is 0"),
        (lambda: ImplicitALS(1, alpha=0).fit(GOOD), "alpha is 0"),
        (lambda: MatrixFactorization(1, rate=0).fit(GOOD), "rate is 0"),
        (lambda: MatrixFactorization(1, l2=-1).fit(GOOD), "l2 is -1"),
        (lambda: MatrixFactorization(2, rate=1e9).fit(TABLES["digits"]), "Diverged"),
        (lambda: BPR(1, batch_size=0).fit(GOOD), "batch_size is 0"),
        (lambda: BPR(1).fit([[1, 1]]), "Every user took every item"),
        (lambda: ItemKNN(0).fit(GOOD), "n_neighbors is 0"),
        (lambda: ItemKNN(shrinkage=-1).fit(GOOD), "shrinkage is -1"),
        (lambda: ContentBased().fit(GOOD, [[1.0]]), "line an item"),
        (lambda: ContentBased().fit(GOOD, [[1.0], [np.inf]]), "features contains"),
        (
            lambda: ColdStart(Popularity().fit(GOOD), Popularity().fit([[1]])),
            "one shape",
        ),
        (lambda: make_interactions(["a"], ["b", "c"]), "expected \\(n,\\) for each"),
        (lambda: make_interactions(["a"], ["b"], [-1.0]), "hold -1"),
        (lambda: make_interactions(["a"], ["b"]).item_columns(["z"]), "item 'z'"),
        (lambda: leave_last_out(["a"], [1, 2]), "expected \\(n,\\) each"),
        (lambda: leave_last_out(["a", "a"], [1.0, np.nan]), "1 of the times"),
        (lambda: position_propensities([1, 0], [0, 1]), "Place 1 was shown 1"),
        (lambda: position_propensities([2], [0]), "neither 0 nor 1"),
        (lambda: position_propensities([1], [-1]), "0 or more"),
        (lambda: debiased_click_rates([1], [0], [1], [1.0]), "places 0 to 1"),
    ],
)
def test_bad_input_gets_a_sentence(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
