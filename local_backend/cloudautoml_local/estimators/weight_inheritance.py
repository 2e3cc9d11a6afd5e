"""Weight inheritance: a child starts from its parent's weights, and needs fewer epochs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Trait
from cloudautoml_local.estimators.history import parent_of
from cloudautoml_local.estimators.wrapping import HandingOn, Wrapper, WrapperOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.search import Architecture, EstimatorOptions, Fidelity, Measurement, Proposal, Trainer, Trial


class WeightInheritanceOptions(WrapperOptions):
    """Options of the weight inheritance."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Share of a whole training's epochs that a child is given."""


class WeightInheritance(Wrapper):
    """Trains the first generation whole, and children for a share of that from their parents' weights.

    As many weights are carried over as fit; where the child is a function-preserving morphism of its parent, it begins
    by computing what the parent does (`networks.morph.inherit`). A child's score has all of its ancestors' epochs in
    it, which favours small changes of well-trained parents: compare it with its siblings' rather than with that of a
    candidate trained from the start. What is best in the end is trained from the start by the task.
    """

    name: ClassVar[str] = "weight_inheritance"
    paper: ClassVar[str] = "Elsken et al. 2017, Simple and Efficient Architecture Search for CNNs, arXiv:1711.04528"
    options_type: ClassVar[type[EstimatorOptions]] = WeightInheritanceOptions

    @property
    def _options(self) -> WeightInheritanceOptions:
        assert isinstance(self.options, WeightInheritanceOptions)
        return self.options

    @property
    @override
    def own_needs(self) -> frozenset[Trait]:
        return frozenset({Trait.EPOCHS, Trait.PARENTS, Trait.WEIGHTS})

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        parent = parent_of(proposal, history)
        if parent is None or parent.architecture == proposal.architecture:
            return self.base.estimate(proposal, trainer, history)
        shorter = replace(proposal, fidelity=proposal.fidelity.cut(epochs=self._options.share))
        return self.base.estimate(shorter, _Inheriting(trainer, parent.number), history)


class _Inheriting(HandingOn):
    """Starts every training from one trial's weights."""

    def __init__(self, trainer: Trainer, parent: int) -> None:
        super().__init__(trainer)
        self._parent = parent

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        return super().train(architecture, fidelity=fidelity, parent=self._parent, on_step=on_step)
