"""The contract of a family of forecasters: what it is fitted on, what it gives back, and what its module offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.search import Decision
    from cloudautoml.search.space import Option
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

Params: TypeAlias = "Mapping[str, Option]"


@dataclass(frozen=True, slots=True)
class Context:
    """What a family knows beside the series.

    Attributes:
        season: Steps of a season, 1 for none.
        long_season: Steps of a longer one that is a multiple of it; equal to `season` where there is none.
        seed: Seed of everything that is drawn.
        threads: CPU threads.
    """

    season: int
    long_season: int
    seed: int = 0
    threads: int = 1

    def season_of(self, params: Params) -> int:
        """The season that a candidate goes by."""
        return self.long_season if params.get("season") == "long" else self.season


class Fitted(Protocol):
    """A trained forecaster."""

    def forecast(self, panel: Panel) -> Floats:
        """The next h steps of each series: s x h. The series need not be those it was trained on."""
        ...

    def save(self, directory: Path) -> None:
        """Write what it has learned into a folder that exists."""
        ...


class Family(Protocol):
    """A module under `families/`, as the trainer sees it."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """Its name in specs and leaderboards."""
        ...

    @property
    def PARAMETERS(self) -> tuple[Decision, ...]:  # noqa: N802 - a module's constant
        """What can be chosen."""
        ...

    @property
    def DEFAULTS(self) -> tuple[dict[str, Any], ...]:  # noqa: N802 - a module's constant
        """Choices that are known to do well."""
        ...

    def fit(self, params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:
        """Train one forecaster.

        Args:
            params: Options of `PARAMETERS`, by name.
            panel: The series to learn from.
            context: Seasons, seed and threads.
            deadline: When to stop, whatever has been reached.
        """
        ...

    def load(self, directory: Path, params: Params, context: Context) -> Fitted:
        """Read what `Fitted.save` wrote."""
        ...
