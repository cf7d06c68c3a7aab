"""Anomalies: three ways to say how unusual a row is, without being told what to seek.

- `forest`: unusual is what random cuts separate from the rest early.
- `density`: unusual is what lies more thinly than its own neighbours do.
- `spread`: unusual is what is many standard deviations from the middle.
"""

from ml_from_scratch.anomaly.density import LocalOutlierFactor
from ml_from_scratch.anomaly.forest import IsolationForest, average_path_length
from ml_from_scratch.anomaly.spread import EllipticEnvelope, z_scores

__all__ = [
    "EllipticEnvelope",
    "IsolationForest",
    "LocalOutlierFactor",
    "average_path_length",
    "z_scores",
]
