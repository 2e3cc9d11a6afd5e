"""Grid search: every candidate in order, without a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions
from cloudautoml_local.strategies.draws import first_unseen, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Architecture, Decision, Option, SearchSpace, Trial


class GridOptions(StrategyOptions):
    """Options of the grid search."""

    points: Annotated[int, Field(ge=1)] | None = None
    """Options to try of each ordered decision at most, evenly spaced with both ends; all unless given."""


class GridSearch(SearchStrategy):
    """Tries every candidate in the order of the decisions, the last of which changes first.

    The seed makes no difference. What is known already, or beyond the space's limits, is left out.
    """

    name: ClassVar[str] = "grid"
    paper: ClassVar[str] = "Bergstra and Bengio, 2012, JMLR 13"
    options_type: ClassVar[type[StrategyOptions]] = GridOptions
    multi_objective: bool = True

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._seen: set[Architecture] = set()
        self._rest = walk(space, self._points)

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            architecture = first_unseen(self.space, self._seen, self._rest)
            if architecture is None:
                break
            self._seen.add(self.space.canonical(architecture))
            proposals.append(Proposal(architecture))
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        self._seen.update(self.space.canonical(trial.architecture) for trial in trials)

    def _points(self, decision: Decision) -> Sequence[Option]:
        options, points = decision.options, self.options
        assert isinstance(points, GridOptions)
        if not decision.ordered or points.points is None or points.points >= len(options):
            return options
        if points.points == 1:
            return (options[len(options) // 2],)
        last = len(options) - 1
        return [options[round(point * last / (points.points - 1))] for point in range(points.points)]
