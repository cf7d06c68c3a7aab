"""Statistics for people who have to decide: intervals, tests, experiments, causes.

What can be computed in closed form is; what cannot is simulated, thousands of samples
at once as the lines of one table. Results are named tuples: an `Estimate` is a number
with its interval, a `Difference` has a p-value besides.
"""

from ml_from_scratch.stats._checks import Difference, Estimate
from ml_from_scratch.stats.causal import (
    doubly_robust_effect,
    inverse_propensity_effect,
    standardized_effect,
)
from ml_from_scratch.stats.experiments import (
    ABTest,
    CupedResult,
    ShareTest,
    ab_test,
    cuped,
    ratio_metric,
    ratio_test,
    relative_lift,
    sample_ratio_mismatch,
)
from ml_from_scratch.stats.inference import (
    mean_interval,
    proportion_interval,
    proportion_test,
    t_test,
    welch_test,
)
from ml_from_scratch.stats.information import (
    bayes_rule,
    cross_entropy_between,
    entropy,
    kl_divergence,
    mutual_information,
)
from ml_from_scratch.stats.likelihood import (
    Beta,
    Gamma,
    Gaussian,
    fit_bernoulli,
    fit_beta,
    fit_binomial,
    fit_dirichlet,
    fit_exponential,
    fit_gaussian,
    fit_poisson,
    update_beta,
    update_gamma,
    update_normal,
)
from ml_from_scratch.stats.multiple import benjamini_hochberg, bonferroni, holm
from ml_from_scratch.stats.power import (
    minimum_detectable_effect,
    power_of_means,
    power_of_proportions,
    sample_size_for_means,
    sample_size_for_proportions,
    simulate_power,
)
from ml_from_scratch.stats.resampling import (
    BootstrapResult,
    JackknifeResult,
    PermutationResult,
    bootstrap,
    jackknife,
    mean_difference,
    permutation_test,
)
from ml_from_scratch.stats.sequential import (
    ConfidenceSequence,
    always_valid_p_values,
    confidence_sequence,
    crossing_probabilities,
    group_sequential_bounds,
)
from ml_from_scratch.stats.variability import BiasVariance, bias_variance

__all__ = [
    "ABTest",
    "Beta",
    "BiasVariance",
    "BootstrapResult",
    "ConfidenceSequence",
    "CupedResult",
    "Difference",
    "Estimate",
    "Gamma",
    "Gaussian",
    "JackknifeResult",
    "PermutationResult",
    "ShareTest",
    "ab_test",
    "always_valid_p_values",
    "bayes_rule",
    "benjamini_hochberg",
    "bias_variance",
    "bonferroni",
    "bootstrap",
    "confidence_sequence",
    "cross_entropy_between",
    "crossing_probabilities",
    "cuped",
    "doubly_robust_effect",
    "entropy",
    "fit_bernoulli",
    "fit_beta",
    "fit_binomial",
    "fit_dirichlet",
    "fit_exponential",
    "fit_gaussian",
    "fit_poisson",
    "group_sequential_bounds",
    "holm",
    "inverse_propensity_effect",
    "jackknife",
    "kl_divergence",
    "mean_difference",
    "mean_interval",
    "minimum_detectable_effect",
    "mutual_information",
    "permutation_test",
    "power_of_means",
    "power_of_proportions",
    "proportion_interval",
    "proportion_test",
    "ratio_metric",
    "ratio_test",
    "relative_lift",
    "sample_ratio_mismatch",
    "sample_size_for_means",
    "sample_size_for_proportions",
    "simulate_power",
    "standardized_effect",
    "t_test",
    "update_beta",
    "update_gamma",
    "update_normal",
    "welch_test",
]
