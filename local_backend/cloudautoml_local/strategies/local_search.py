"""Local search: climbs from neighbour to neighbour, and starts anew on every summit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions, Trait
from cloudautoml_local.strategies.draws import draw_unseen, is_worth_trying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Architecture, SearchSpace, Trial


class LocalSearchOptions(StrategyOptions):
    """Options of the local search."""

    start: Annotated[int, Field(ge=1)] = 10
    """Candidates that are drawn by chance before the first climb, which sets out from the best; warm starts count."""
    restart: Annotated[int, Field(ge=1)] = 1
    """Candidates that are drawn by chance before each further climb."""


class LocalSearch(SearchStrategy):
    """Moves to the first neighbour that is better, in random order; where none is, it starts again elsewhere.

    Hill climbing with first improvement and random restarts. Several neighbours may be under way at once: the first
    better one that is told wins, and while the last answers of a neighbourhood are awaited, candidates for the next
    start are drawn.
    """

    name: ClassVar[str] = "local_search"
    paper: ClassVar[str] = "White et al., 2020, arXiv:2005.02960"
    options_type: ClassVar[type[StrategyOptions]] = LocalSearchOptions

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._seen: set[Architecture] = set()
        self._place: Trial | None = None  # where the climb is
        self._untried: list[Architecture] = []  # neighbours of it, the next one last
        self._awaited: set[Architecture] = set()  # neighbours without an answer
        self._starts: list[Trial] = []  # where the next climb may set out from
        self._climbs = 0

    @property
    @override
    def gives(self) -> frozenset[Trait]:
        return frozenset({Trait.PARENTS})

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            proposal = self._step()
            if proposal is None:
                break
            self._seen.add(self.space.canonical(proposal.architecture))
            proposals.append(proposal)
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self._seen.add(self.space.canonical(trial.architecture))
            climbs = trial.architecture in self._awaited
            self._awaited.discard(trial.architecture)
            if climbs and _better(trial, self._place):
                self._move(trial)
            elif not climbs and trial.score is not None:
                self._starts.append(trial)

    def _step(self) -> Proposal | None:
        if not self._has_neighbours() and not self._awaited and len(self._starts) >= self._wanted:
            self._climb()
        if self._has_neighbours():
            assert self._place is not None
            neighbour = self._untried.pop()
            self._awaited.add(neighbour)
            return Proposal(neighbour, parent=self._place.number)
        drawn = draw_unseen(self.space, self._seen, self.next_rng())
        if drawn is not None:
            return Proposal(drawn)
        if self._starts and not self._awaited:  # chance finds nothing new, but there may be neighbours left
            self._climb()
            return self._step()
        return None

    @property
    def _wanted(self) -> int:
        assert isinstance(self.options, LocalSearchOptions)
        return self.options.restart if self._climbs else self.options.start

    def _has_neighbours(self) -> bool:
        """Whether a neighbour is left to try; the known ones are dropped."""
        while self._untried and not is_worth_trying(self.space, self._seen, self._untried[-1]):
            self._untried.pop()
        return bool(self._untried)

    def _climb(self) -> None:
        """Set out from the best start."""
        best = self._starts[0]
        for trial in self._starts[1:]:
            best = trial if _better(trial, best) else best
        self._starts.clear()
        self._climbs += 1
        self._move(best)

    def _move(self, trial: Trial) -> None:
        self._place = trial
        self._untried = list(self.space.neighbours(trial.architecture))
        self.next_rng().shuffle(self._untried)


def _better(trial: Trial, place: Trial | None) -> bool:
    if trial.score is None:
        return False
    return place is None or place.score is None or trial.score > place.score
