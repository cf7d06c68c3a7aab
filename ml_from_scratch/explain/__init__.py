"""Why did the model say that? Importances, dependence, Shapley values, TreeSHAP, LIME.

`importance` asks what a column is worth to the model's score, `dependence` how the
prediction moves with it, `shapley` how a prediction is shared out among the columns of
a row (for any function), `trees` the same for trees in polynomial time, `lime` what a
linear model looks like near one row.

A model is a function of rows here, such as ``model.predict``: nothing else is asked of
it, except of trees, whose boxes are read. All explain the model, not the world: columns
that go together share or steal each other's credit, each method in its own way.
"""

from ml_from_scratch.explain.dependence import PartialDependence, partial_dependence
from ml_from_scratch.explain.importance import (
    Importances,
    drop_column_importance,
    permutation_importance,
)
from ml_from_scratch.explain.lime import LimeExplanation, lime_tabular
from ml_from_scratch.explain.shapley import (
    SampledShapley,
    interventional_value,
    kernel_shap,
    sampled_shapley,
    shapley_values,
)
from ml_from_scratch.explain.trees import TreeShap, tree_shap

__all__ = [
    "Importances",
    "LimeExplanation",
    "PartialDependence",
    "SampledShapley",
    "TreeShap",
    "drop_column_importance",
    "interventional_value",
    "kernel_shap",
    "lime_tabular",
    "partial_dependence",
    "permutation_importance",
    "sampled_shapley",
    "shapley_values",
    "tree_shap",
]
