"""Which trial comes next: a function of earlier results alone, so that a search can be repeated and resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml.search import Proposal, Trial, TrialState
from cloudautoml.store.records import fidelity_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cloudautoml.search import Architecture, SearchSpace, SearchStrategy

_MOST_IDLE = 100
"""Known or refused candidates in a row after which a strategy is taken to have nothing new."""


class Schedule:
    """Numbers the trials of a search and speaks with its strategy.

    Before trial k is chosen, the strategy has been told the results of exactly the trials up to k - window,
    in the order of their numbers. So the candidates do not depend on which trial happens to end first, and
    making the same calls again with recorded results brings a killed search back to where it was.

    Args:
        space: Where the candidates come from.
        strategy: Chooses among them.
        warm_start: Candidates to try first.
        window: Trials that may be under way or untold at the same time.
        minimize: Costs that are told beside the score.
        recorded: Finished trials of an earlier process, by number; they are not run again.
    """

    def __init__(
        self,
        space: SearchSpace,
        strategy: SearchStrategy,
        *,
        warm_start: Sequence[Architecture] = (),
        window: int,
        minimize: Collection[str] = (),
        recorded: Mapping[int, Trial] | None = None,
    ) -> None:
        self._space = space
        self._strategy = strategy
        self._warm_start = list(warm_start)
        self._window = window
        self._minimize = frozenset(minimize)
        self._recorded = dict(recorded or {})
        self._trials: list[Trial] = []
        self._originals: dict[tuple[str, str], int] = {}
        self._copies: dict[int, int] = {}
        self._horizon = 0  # trials below it have to be told before the next one is chosen
        self._told = 0
        self._idle = 0
        self.exhausted = False
        self.diverged = False

    @property
    def trials(self) -> Sequence[Trial]:
        """Every trial so far, by number."""
        return self._trials

    @property
    def told(self) -> int:
        """The strategy knows the results of the trials below this number."""
        return self._told

    @property
    def ready(self) -> bool:
        """Whether `propose` has the results that it needs."""
        return not self.exhausted and all(t.state.is_finished for t in self._trials[self._told : self._horizon])

    def propose(self) -> Trial | None:
        """The next trial; only to be called when `ready`.

        Returns:
            A running trial, to be run; a finished one, which was recorded, equals an earlier one or breaks a limit of
            the space; or None, when first more results are needed or nothing is left to try.
        """
        self._tell()
        number = len(self._trials)
        proposal = self._next_proposal()
        if proposal is None:
            if self._told == number:
                self.exhausted = True
            else:  # a strategy may wait for the end of a rung before it goes on
                self._horizon = self._told + 1
            return None
        trial = self._number(number, proposal)
        self._trials.append(trial)
        self._horizon = max(self._horizon, number + 2 - self._window)
        return trial

    def _next_proposal(self) -> Proposal | None:
        if len(self._trials) < len(self._warm_start):
            return Proposal(self._warm_start[len(self._trials)])
        if self._idle >= _MOST_IDLE:
            return None
        return next(iter(self._strategy.ask(1)), None)

    def _number(self, number: int, proposal: Proposal) -> Trial:
        recorded = self._recorded.get(number)
        if recorded is not None and recorded.proposal != proposal:
            self.diverged = True  # another version chose it: what has happened counts
            proposal = recorded.proposal
        key = (self._space.canonical(proposal.architecture).to_json(), fidelity_json(proposal.fidelity))
        original = self._originals.setdefault(key, number)
        refusal = self._space.refusal(proposal.architecture)
        self._idle = 0 if original == number and refusal is None else self._idle + 1
        if original != number:
            self._copies[number] = original
        if recorded is not None:
            return recorded
        if refusal is not None:
            return Trial(number, proposal, TrialState.SKIPPED, error=refusal)
        if original == number:
            return Trial(number, proposal, TrialState.RUNNING)
        return Trial(number, proposal, TrialState.SKIPPED, error=f"the same model as trial {original}")

    def finish(self, trial: Trial) -> None:
        """Take the outcome of a trial that `propose` gave out."""
        self._trials[trial.number] = trial

    def _tell(self) -> None:
        while self._told < self._horizon:
            trial = self._trials[self._told]
            if trial.number in self._copies:  # to the strategy it ended as the trial that it equals
                original = self._trials[self._copies[trial.number]]
                trial = replace(trial, state=original.state, measurement=original.measurement, error=original.error)
            if trial.measurement is not None:  # a strategy sees no cost that nobody wants minimised
                told = {name: cost for name, cost in trial.measurement.costs.items() if name in self._minimize}
                trial = replace(trial, measurement=replace(trial.measurement, costs=told))
            self._strategy.tell([trial])
            self._told += 1
