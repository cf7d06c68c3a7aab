"""Finding the bottom of a function: by walking, by curvature, and in batches.

`descent` walks downhill and says what theory promises; `curvature` uses second
derivatives; `constrained` stays inside a region; `optimizers` move the parameters of a
network as PyTorch's do, with `schedules` for their rates and `clipping` for gradients
that are too long; `stochastic` runs them on functions without a network.
"""

from ml_from_scratch.optim.clipping import clip_grad_norm_, clip_grad_value_
from ml_from_scratch.optim.constrained import (
    project_to_ball,
    project_to_box,
    project_to_simplex,
    projected_gradient,
)
from ml_from_scratch.optim.curvature import (
    LineSearchError,
    armijo_step,
    lbfgs,
    newton_method,
    wolfe_step,
)
from ml_from_scratch.optim.descent import (
    DivergedError,
    Trace,
    best_momentum,
    best_rate,
    condition_number,
    convergence_factor,
    curvatures,
    gradient_descent,
    largest_stable_rate,
)
from ml_from_scratch.optim.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
)
from ml_from_scratch.optim.schedules import (
    CosineAnnealingLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from ml_from_scratch.optim.stochastic import stochastic_descent
from ml_from_scratch.optim.training import (
    EarlyStopping,
    RangeTest,
    find_learning_rate,
)

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "DivergedError",
    "EarlyStopping",
    "LRScheduler",
    "LambdaLR",
    "LineSearchError",
    "LinearLR",
    "OneCycleLR",
    "Optimizer",
    "RMSprop",
    "RangeTest",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "Trace",
    "armijo_step",
    "best_momentum",
    "best_rate",
    "clip_grad_norm_",
    "clip_grad_value_",
    "condition_number",
    "convergence_factor",
    "curvatures",
    "find_learning_rate",
    "gradient_descent",
    "largest_stable_rate",
    "lbfgs",
    "newton_method",
    "project_to_ball",
    "project_to_box",
    "project_to_simplex",
    "projected_gradient",
    "stochastic_descent",
    "wolfe_step",
]
