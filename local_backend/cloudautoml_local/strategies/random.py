"""Random search: draws without replacement until nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions
from cloudautoml_local.strategies.draws import draw_unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Architecture, SearchSpace, Trial


class RandomSearch(SearchStrategy):
    """Draws candidates that have not been tried; small spaces are exhausted, each candidate tried once."""

    name: ClassVar[str] = "random"
    paper: ClassVar[str] = "Bergstra and Bengio, 2012, JMLR 13"
    multi_objective: bool = True

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._seen: set[Architecture] = set()

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            architecture = draw_unseen(self.space, self._seen, self.next_rng())
            if architecture is None:
                break
            self._seen.add(self.space.canonical(architecture))
            proposals.append(Proposal(architecture))
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        self._seen.update(self.space.canonical(trial.architecture) for trial in trials)
