"""What strategies of other libraries have in common here: nothing twice, nothing lost, never stuck."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import override

from cloudautoml.search import Architecture, Proposal, SearchStrategy, StrategyOptions
from cloudautoml_local.strategies.draws import draw_unseen, is_worth_trying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import SearchSpace, Trial

HandleT = TypeVar("HandleT")


class AdaptedSearch(SearchStrategy, Generic[HandleT]):
    """A search by another library's method, which suggests and is answered.

    Such methods repeat themselves and stop early. What is known already is answered at once, and they are asked
    again; when that does not help, a candidate is drawn that has not been tried, and told to the library later as
    somebody else's. So each candidate is tried once, and a small space to its end.
    """

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._tries = 20
        """Known candidates that the library may suggest in a row before one is drawn by chance."""
        self._seen: set[Architecture] = set()
        self._pending: dict[Architecture, HandleT] = {}
        self._outcomes: dict[Architecture, Trial] = {}

    @abstractmethod
    def _suggest(self) -> tuple[Architecture, HandleT] | None:
        """A candidate, with what the library knows it by; None when it has none."""

    @abstractmethod
    def _answer(self, handle: HandleT, trial: Trial | None) -> None:
        """Tell how a suggestion has ended; None when it is not tried, or its outcome is not known yet."""

    @abstractmethod
    def _learn(self, trial: Trial) -> None:
        """Tell of a trial that the library has not suggested."""

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            rng = self.next_rng()
            architecture = self._fresh() or draw_unseen(self.space, self._seen, rng)
            if architecture is None:
                break
            self._seen.add(self.space.canonical(architecture))
            proposals.append(Proposal(architecture))
        return proposals

    def _fresh(self) -> Architecture | None:
        for _ in range(self._tries):
            suggestion = self._suggest()
            if suggestion is None:
                return None
            architecture, handle = suggestion
            if is_worth_trying(self.space, self._seen, architecture):
                self._pending[architecture] = handle
                return architecture
            self._answer(handle, self._outcomes.get(self.space.canonical(architecture)))
        return None

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            representative = self.space.canonical(trial.architecture)
            self._seen.add(representative)
            self._outcomes[representative] = trial
            if trial.architecture in self._pending:
                self._answer(self._pending.pop(trial.architecture), trial)
            else:
                self._learn(trial)
