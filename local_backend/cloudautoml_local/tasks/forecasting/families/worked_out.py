"""A forecaster that learns nothing beforehand: it works each series out from its history when it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel


@dataclass(frozen=True, slots=True, eq=False)
class WorkedOut:
    """Forecasts by a rule.

    Attributes:
        rule: Forecasts the series of a panel: s x h.
        params: What was chosen.
        context: Seasons, seed and threads.
    """

    rule: Callable[[Panel, Params, Context], Floats]
    params: Params
    context: Context

    def forecast(self, panel: Panel) -> Floats:
        """The next h steps of each series."""
        return self.rule(panel, self.params, self.context)

    def save(self, directory: Path) -> None:
        """Nothing: there is nothing to keep beside what was chosen."""
