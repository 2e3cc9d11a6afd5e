"""Low fidelity: a cheaper training stands for the whole one, and some candidates tell whether it may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import FULL, Trait
from cloudautoml_local.estimators.history import trained
from cloudautoml_local.estimators.wrapping import Wrapper, WrapperOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import EstimatorOptions, Measurement, Proposal, Trainer, Trial

Cut = Literal["epochs", "rows", "folds", "resolution", "width", "cells"]
"""What may be cut; the fidelities among the traits."""


class LowFidelityOptions(WrapperOptions):
    """Options of the low fidelity."""

    cut: Annotated[dict[Cut, Annotated[float, Field(gt=0, lt=1)]], Field(min_length=1)] = Field({"epochs": 0.3})
    """Shares to cut to: `epochs`, `rows`, `folds`, `resolution`, `width`, `cells`."""
    verify: Annotated[int, Field(ge=0)] = 8
    """First candidates that are trained at both fidelities, to learn whether the low one orders them as the whole
    training does; fewer than 6 cannot tell."""


class LowFidelity(Wrapper):
    """Trains every candidate at a lower fidelity than was asked for.

    The schedule of the learning rate is planned for the epochs that there are: a whole training that is cut short ranks
    candidates worse than a short one of its own. Each of the first candidates is trained whole as well, before; its
    measurement keeps that score as the detail `full_score`, with `full_seconds` and `low_seconds`, from which
    `cloudautoml.search.rank_correlations` tells whether the low fidelity can be trusted. Proposals that a strategy has
    cut itself are cut further, and none of them verified.
    """

    name: ClassVar[str] = "low_fidelity"
    paper: ClassVar[str] = "Zela et al. 2018, Towards Automated Deep Learning, arXiv:1807.06906"
    options_type: ClassVar[type[EstimatorOptions]] = LowFidelityOptions

    @property
    def _options(self) -> LowFidelityOptions:
        assert isinstance(self.options, LowFidelityOptions)
        return self.options

    @property
    @override
    def own_needs(self) -> frozenset[Trait]:
        return frozenset(Trait(name) for name in self._options.cut)

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        verified = sum("full_score" in measured.details for _, measured in trained(history))
        full = None
        if proposal.fidelity == FULL and verified < self._options.verify:
            # before the low one, whose files are what is left of the trial
            full = self.base.estimate(proposal, trainer, history)
        cheaper = replace(proposal, fidelity=proposal.fidelity.cut(**self._options.cut))
        low = self.base.estimate(cheaper, trainer, history)
        if full is None:
            return low
        both = {"full_score": full.score, "full_seconds": full.seconds, "low_seconds": low.seconds}
        return replace(low, seconds=low.seconds + full.seconds, details={**low.details, **both})
