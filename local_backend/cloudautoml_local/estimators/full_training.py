"""Full training: a candidate is as good as it is after training it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.search import PerformanceEstimator
from cloudautoml_local.estimators.history import parent_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Measurement, Proposal, Trainer, Trial


class FullTraining(PerformanceEstimator):
    """Trains every candidate at the fidelity that was asked for, and takes its validation score.

    A candidate that was trained at a lower fidelity before, as Hyperband's promoted ones were, is trained on from
    there; the weights of other candidates are not used.
    """

    name: ClassVar[str] = "full_training"

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        parent = parent_of(proposal, history)
        continued = parent is not None and parent.architecture == proposal.architecture
        return trainer.train(
            proposal.architecture,
            fidelity=proposal.fidelity,
            parent=parent.number if continued and parent is not None else None,
        )
