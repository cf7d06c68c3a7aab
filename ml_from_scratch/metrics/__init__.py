"""Scores: what a prediction, a ranking or a grouping is worth.

`classification` scores labels and probabilities, `curves` the order in which scores
put rows, `regression` numbers, `ranking` lists of recommended items, `clustering`
groups. Names, argument order and defaults are scikit-learn's wherever it has the same
score, so that one can stand in for the other.

Nearly everything here is a sum over counts, and the counts come from one sort or one
`bincount`: that is why no score needs a loop over rows. Ties are never broken by the
order of the rows.
"""

from ml_from_scratch.metrics.classification import (
    PrecisionRecallFscore,
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    fbeta_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
)
from ml_from_scratch.metrics.clustering import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    normalized_mutual_info_score,
    silhouette_samples,
    silhouette_score,
)
from ml_from_scratch.metrics.curves import (
    PrecisionRecallCurve,
    RocCurve,
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from ml_from_scratch.metrics.ranking import (
    dcg_score,
    hit_rate_at_k,
    mean_average_precision,
    mean_reciprocal_rank,
    ndcg_score,
    precision_at_k,
    recall_at_k,
)
from ml_from_scratch.metrics.regression import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_huber_loss,
    mean_pinball_loss,
    mean_squared_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)

__all__ = [
    "PrecisionRecallCurve",
    "PrecisionRecallFscore",
    "RocCurve",
    "accuracy_score",
    "adjusted_rand_score",
    "auc",
    "average_precision_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "calinski_harabasz_score",
    "cohen_kappa_score",
    "confusion_matrix",
    "davies_bouldin_score",
    "dcg_score",
    "f1_score",
    "fbeta_score",
    "hit_rate_at_k",
    "log_loss",
    "matthews_corrcoef",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_average_precision",
    "mean_huber_loss",
    "mean_pinball_loss",
    "mean_reciprocal_rank",
    "mean_squared_error",
    "median_absolute_error",
    "ndcg_score",
    "normalized_mutual_info_score",
    "precision_at_k",
    "precision_recall_curve",
    "precision_recall_fscore_support",
    "precision_score",
    "r2_score",
    "recall_at_k",
    "recall_score",
    "roc_auc_score",
    "roc_curve",
    "root_mean_squared_error",
    "silhouette_samples",
    "silhouette_score",
]
