"""Full training: a candidate is as good as it is after training it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.search import PerformanceEstimator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Measurement, Proposal, Trainer, Trial


class FullTraining(PerformanceEstimator):
    """Trains every candidate at the fidelity that was asked for, and takes its validation score."""

    name: ClassVar[str] = "full_training"

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        return trainer.train(proposal.architecture, fidelity=proposal.fidelity)
