"""Support vector machines: the boundary that keeps the widest distance to all rows.

- `linear`: a plane in the columns themselves, by Newton's method or from inside.
- `machines`: curved boundaries through kernels; classes, numbers and outliers.
- `smo`: the solver behind those, which changes two coefficients at a time.
- `kernels`: what makes them curve.
"""

from ml_from_scratch.svm.kernels import Kernel
from ml_from_scratch.svm.linear import LinearSVC
from ml_from_scratch.svm.machines import SVC, SVR, OneClassSVM
from ml_from_scratch.svm.smo import DualSolution, minimise_by_smo

__all__ = [
    "SVC",
    "SVR",
    "DualSolution",
    "Kernel",
    "LinearSVC",
    "OneClassSVM",
    "minimise_by_smo",
]
