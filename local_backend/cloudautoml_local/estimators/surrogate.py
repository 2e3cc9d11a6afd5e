"""Surrogate: candidates that a model of the earlier ones finds hopeless are not trained."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Measurement
from cloudautoml_local.estimators.history import trained
from cloudautoml_local.estimators.wrapping import Wrapper, WrapperOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import Architecture, EstimatorOptions, Proposal, SearchSpace, Trainer, Trait, Trial


class SurrogateOptions(WrapperOptions):
    """Options of the surrogate."""

    startup: Annotated[int, Field(ge=2)] = 16
    """Trainings before any is spared."""
    optimism: Annotated[float, Field(ge=0)] = 1.5
    """Standard deviations above its predicted score at which a candidate still has to reach the best one."""
    members: Annotated[int, Field(ge=2, le=100)] = 10
    """Models in the ensemble."""


class Surrogate(Wrapper):
    """Trains the candidates that may be better than the best, and predicts the scores of the others.

    The model is an ensemble of ridge regressions on the candidate's encoding, its costs and their products in pairs,
    each learnt from another resample of the trainings so far at the fidelity that was asked for; their disagreement and
    their errors on what they have not seen are its uncertainty. Predictions are told as such and never learnt from.
    """

    name: ClassVar[str] = "surrogate"
    paper: ClassVar[str] = "Liu et al. 2018, Progressive Neural Architecture Search, arXiv:1712.00559"
    options_type: ClassVar[type[EstimatorOptions]] = SurrogateOptions

    @property
    def _options(self) -> SurrogateOptions:
        assert isinstance(self.options, SurrogateOptions)
        return self.options

    @property
    @override
    def own_needs(self) -> frozenset[Trait]:
        return frozenset()

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        space = trainer.space
        known = {
            trial.architecture: measured.score
            for trial, measured in trained(history)
            if trial.proposal.fidelity == proposal.fidelity and trial.architecture in space
        }
        if len(known) < self._options.startup or proposal.architecture in known:
            return self.base.estimate(proposal, trainer, history)
        mean, deviation = _predict(space, known, proposal.architecture, self._options.members)
        best = max(known.values())
        if mean + self._options.optimism * deviation >= best:
            return self.base.estimate(proposal, trainer, history)
        return Measurement(
            mean,
            fidelity=proposal.fidelity,
            costs=space.costs(proposal.architecture),
            predicted=True,
            details={"deviation": deviation, "best": best, "learnt_from": len(known)},
        )


def _predict(
    space: SearchSpace, known: Mapping[Architecture, float], asked: Architecture, members: int
) -> tuple[float, float]:
    """The predicted score of a candidate and its standard deviation."""
    import numpy as np

    from cloudautoml_local.estimators.regression import predict

    rows = np.array([_features(space, architecture) for architecture in (*known, asked)])
    mean, deviation = predict(rows[:-1], np.array(list(known.values())), rows[-1:], members=members)
    return float(mean[0]), float(deviation[0])


def _features(space: SearchSpace, architecture: Architecture) -> list[float]:
    costs = space.costs(architecture)
    return [*space.encode(architecture), *(math.log1p(costs[name]) for name in sorted(costs))]
