"""The three parts of a search that combine freely: space, strategy and performance estimator.

After Elsken, Metzen and Hutter, "Neural Architecture Search: A Survey" (JMLR 2019).
"""

from cloudautoml.search.correlation import RankCorrelation, rank_correlations
from cloudautoml.search.estimator import EstimatorOptions, PerformanceEstimator, Trainer
from cloudautoml.search.space import Architecture, Decision, Option, SearchSpace, SpaceOptions
from cloudautoml.search.strategy import SearchStrategy, StrategyOptions
from cloudautoml.search.traits import FIDELITIES, InputKind, Signature, Trait
from cloudautoml.search.trial import (
    FULL,
    Fidelity,
    Measurement,
    Proposal,
    Trial,
    TrialFailedError,
    TrialSkippedError,
    TrialState,
)

__all__ = [
    "FIDELITIES",
    "FULL",
    "Architecture",
    "Decision",
    "EstimatorOptions",
    "Fidelity",
    "InputKind",
    "Measurement",
    "Option",
    "PerformanceEstimator",
    "Proposal",
    "RankCorrelation",
    "SearchSpace",
    "SearchStrategy",
    "Signature",
    "SpaceOptions",
    "StrategyOptions",
    "Trainer",
    "Trait",
    "Trial",
    "TrialFailedError",
    "TrialSkippedError",
    "TrialState",
    "rank_correlations",
]
