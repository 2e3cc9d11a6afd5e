"""Candidates: what an architecture of a space of forecasters, or of a space of networks, is to be trained as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml.search import Signature, TrialFailedError
from cloudautoml_local.spaces.forecasting import family_of
from cloudautoml_local.spaces.neural import NeuralSpace
from cloudautoml_local.tasks.forecasting.families import FAMILIES

if TYPE_CHECKING:
    from cloudautoml.search import Architecture, SearchSpace
    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted
    from cloudautoml_local.tasks.forecasting.panel import Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

EPOCHS = 20
"""Times that a network of a space goes through what it learns from."""


def lags_of(context: Context) -> int:
    """Values that networks of a space go by: two seasons, or the long one."""
    return max(8, 2 * context.season, context.long_season)


def series_signature(lags: int, horizon: int) -> Signature:
    """What networks of a space take and give: stretches of numbers, and the next ones."""
    return Signature("sequence", (lags, 1), horizon, "value")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An architecture that can be trained.

    Attributes:
        architecture: What was chosen.
        space: Where from.
    """

    architecture: Architecture
    space: SearchSpace

    @property
    def family(self) -> str:
        """Its family."""
        return family_of(self.architecture)[0]

    def fit(self, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:
        """Train it.

        Raises:
            TrialFailedError: It is a network that brings its own training.
        """
        family, params = family_of(self.architecture)
        if not isinstance(self.space, NeuralSpace):
            return FAMILIES[family].fit(params, panel, context, deadline=deadline)
        from cloudautoml_local.tasks.forecasting.training import fit_network, usable_lags

        space, architecture = self.space, self.architecture
        lags = usable_lags(panel, lags_of(context))
        signature = series_signature(lags, panel.horizon)
        recipe = space.recipe(architecture)
        if recipe is None:
            raise TrialFailedError("error", "a compiled model cannot be trained to forecast; leave out compile()")
        return fit_network(
            panel,
            lambda: space.build(architecture, signature),
            recipe,
            context,
            lags=lags,
            log=False,
            epochs=EPOCHS,
            deadline=deadline,
        )
