"""Recommending items to users, from what they and others did.

Every recommender is fitted to a sparse table, users by items, and has two methods:
``score_items`` for all items and ``recommend`` for the best. Lines and columns are
numbers; `make_interactions` makes them from names.
"""

from ml_from_scratch.recommend.als import ALS, ImplicitALS, solve_side
from ml_from_scratch.recommend.base import Recommendations, Recommender
from ml_from_scratch.recommend.descent import (
    BPR,
    Factors,
    MatrixFactorization,
    bpr_loss_and_gradient,
    not_taken,
    rating_loss_and_gradient,
)
from ml_from_scratch.recommend.interactions import (
    EventSplit,
    Interactions,
    check_interactions,
    leave_last_out,
    make_interactions,
)
from ml_from_scratch.recommend.position import (
    debiased_click_rates,
    position_propensities,
)
from ml_from_scratch.recommend.simple import (
    ColdStart,
    ContentBased,
    ItemKNN,
    Popularity,
)

__all__ = [
    "ALS",
    "BPR",
    "ColdStart",
    "ContentBased",
    "EventSplit",
    "Factors",
    "ImplicitALS",
    "Interactions",
    "ItemKNN",
    "MatrixFactorization",
    "Popularity",
    "Recommendations",
    "Recommender",
    "bpr_loss_and_gradient",
    "check_interactions",
    "debiased_click_rates",
    "leave_last_out",
    "make_interactions",
    "not_taken",
    "position_propensities",
    "rating_loss_and_gradient",
    "solve_side",
]
