"""Linear models: least squares, its penalised forms, and logistic regression.

`least_squares` has the two with a formula (plain and ridge), `lasso` those that set
weights to zero (coordinate descent), `logistic` the classifier, `solvers` its objective
with three ways down it, and `links` what turns logits into probabilities.

What makes them fast is where the rows go: least squares, ridge and the lasso need the
rows only inside a d x d matrix of products, made once by one matrix product.
"""

from ml_from_scratch.linear.lasso import (
    ElasticNet,
    Lasso,
    coordinate_descent,
    lasso_path,
)
from ml_from_scratch.linear.least_squares import LinearRegression, Ridge, ridge_weights
from ml_from_scratch.linear.links import log_softmax, sigmoid, softmax
from ml_from_scratch.linear.logistic import LogisticRegression
from ml_from_scratch.linear.solvers import (
    LogisticObjective,
    Solution,
    minimise_by_lbfgs,
    minimise_by_newton,
    minimise_by_sgd,
)

__all__ = [
    "ElasticNet",
    "Lasso",
    "LinearRegression",
    "LogisticObjective",
    "LogisticRegression",
    "Ridge",
    "Solution",
    "coordinate_descent",
    "lasso_path",
    "log_softmax",
    "minimise_by_lbfgs",
    "minimise_by_newton",
    "minimise_by_sgd",
    "ridge_weights",
    "sigmoid",
    "softmax",
]
