"""The three parts of a search that combine freely: space, strategy and performance estimator.

After Elsken, Metzen and Hutter, "Neural Architecture Search: A Survey" (JMLR 2019).
"""

from cloudautoml.search.estimator import EstimatorOptions, PerformanceEstimator, Trainer
from cloudautoml.search.space import Architecture, Decision, Option, SearchSpace
from cloudautoml.search.strategy import SearchStrategy, StrategyOptions
from cloudautoml.search.trial import (
    FULL,
    Fidelity,
    Measurement,
    Proposal,
    Trial,
    TrialFailedError,
    TrialState,
)

__all__ = [
    "FULL",
    "Architecture",
    "Decision",
    "EstimatorOptions",
    "Fidelity",
    "Measurement",
    "Option",
    "PerformanceEstimator",
    "Proposal",
    "SearchSpace",
    "SearchStrategy",
    "StrategyOptions",
    "Trainer",
    "Trial",
    "TrialFailedError",
    "TrialState",
]
