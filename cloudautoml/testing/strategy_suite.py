"""StrategySuite: what every search strategy must do, whatever the space."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from cloudautoml.search import (
    FIDELITIES,
    FULL,
    Measurement,
    Proposal,
    SearchSpace,
    SearchStrategy,
    Trait,
    Trial,
    TrialState,
)
from cloudautoml.testing.simulation import (
    SimulatedTrainer,
    asked,
    every_architecture,
    judge,
    large_space,
    limited_spaces,
    quality,
    simulate,
    small_spaces,
)
from cloudautoml.testing.suite import Suite

if TYPE_CHECKING:
    from pathlib import Path

_SMALL = small_spaces()
_LIMITED = limited_spaces()

_ELSEWHERE = """
import json, pathlib, sys
from importlib import import_module
from cloudautoml.testing.simulation import SimulatedTrainer, asked, large_space, simulate
module, name, options = sys.argv[1:]
kind = getattr(import_module(module), name)
strategy = kind(large_space(), seed=3, options=kind.options_type.model_validate_json(options))
print(json.dumps(asked(simulate(strategy, SimulatedTrainer(pathlib.Path()), rounds=12, batch=2))))
"""


class StrategySuite(Suite):
    """The contract of `SearchStrategy`, run over small spaces and a simulated trainer.

    A subclass overrides the fixture `strategy_type`, and `options` where the defaults suit no small space.
    """

    @pytest.fixture
    def strategy_type(self) -> type[SearchStrategy]:
        """The class under test."""
        pytest.fail("override the fixture `strategy_type`")

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Its options, as a spec would write them."""
        return {}

    @pytest.fixture(params=list(_SMALL))
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        """Each of the small spaces."""
        return _SMALL[request.param]

    @pytest.fixture
    def trainer(self, tmp_path: Path) -> SimulatedTrainer:
        """Trains at once."""
        return SimulatedTrainer(tmp_path)

    @staticmethod
    def _make(kind: type[SearchStrategy], options: dict[str, Any], space: SearchSpace, seed: int = 3) -> SearchStrategy:
        return kind(space, seed=seed, options=kind.options_type.model_validate(options))

    def test_proposals_are_of_the_space(
        self,
        strategy_type: type[SearchStrategy],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
    ) -> None:
        """Only candidates that exist are proposed, with parents that exist."""
        trials = simulate(self._make(strategy_type, options, space), trainer, rounds=15, batch=2)
        assert trials
        for trial in trials:
            assert trial.architecture in space
            assert trial.proposal.parent is None or 0 <= trial.proposal.parent < trial.number

    def test_small_space_is_exhausted_without_duplicates(
        self,
        strategy_type: type[SearchStrategy],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
    ) -> None:
        """Every candidate is tried once a fidelity; then there is nothing left, however often one asks."""
        strategy = self._make(strategy_type, options, space)
        trials = simulate(strategy, trainer, rounds=50 * len(every_architecture(space)), batch=3)
        tried = [(trial.architecture.key, trial.proposal.fidelity.cost) for trial in trials]
        assert len(set(tried)) == len(tried), "no candidate is tried twice at the same fidelity"
        assert {trial.architecture for trial in trials} == set(every_architecture(space))
        assert list(strategy.ask(3)) == []
        assert list(strategy.ask(1)) == []

    def test_seed_decides(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """Equal seeds make equal searches, whatever the global generator has been used for, and leave it alone."""
        space = large_space()
        random.seed(1)
        first = asked(simulate(self._make(strategy_type, options, space), trainer, rounds=10, batch=2))
        random.seed(2)
        before = random.getstate()
        again = asked(simulate(self._make(strategy_type, options, space), trainer, rounds=10, batch=2))
        assert random.getstate() == before
        assert first == again

    def test_search_is_the_same_in_another_process(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """Nothing depends on the order of sets or on addresses, which differ between processes."""
        here = asked(simulate(self._make(strategy_type, options, large_space()), trainer, rounds=12, batch=2))
        command = [sys.executable, "-c", _ELSEWHERE, strategy_type.__module__, strategy_type.__qualname__]
        there = subprocess.run(  # noqa: S603 - this interpreter
            [*command, json.dumps(options)], capture_output=True, text=True, check=False, env=_environment(hash_seed=5)
        )
        assert there.returncode == 0, there.stderr
        assert [tuple(row) for row in json.loads(there.stdout)] == here

    @pytest.mark.parametrize("killed_after", [1, 4, 9])
    def test_replay_of_the_calls_resumes(
        self,
        strategy_type: type[SearchStrategy],
        options: dict[str, Any],
        trainer: SimulatedTrainer,
        killed_after: int,
    ) -> None:
        """A search that was killed goes on as if it had not been, once the same calls are made again."""
        space = large_space()
        unbroken = simulate(self._make(strategy_type, options, space), trainer, rounds=14, batch=2)
        killed = simulate(self._make(strategy_type, options, space), trainer, rounds=killed_after, batch=2)
        resumed = self._make(strategy_type, options, space)
        told = 0
        while told < len(killed):
            count = len(resumed.ask(2))
            resumed.tell(killed[told : told + count])
            told += count
        rest = simulate(resumed, trainer, rounds=14 - killed_after, batch=2, first=told)
        assert asked(killed) + asked(rest) == asked(unbroken)

    def test_batches_need_no_answers(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """Trials run in parallel: asking again before anything was told gives other candidates, never too many."""
        strategy = self._make(strategy_type, options, large_space())
        assert list(strategy.ask(0)) == []
        batches = [list(strategy.ask(count)) for count in (1, 4, 3)]
        assert all(len(batch) <= count for batch, count in zip(batches, (1, 4, 3), strict=True))
        proposals = [proposal for batch in batches for proposal in batch]
        assert proposals
        known = [(proposal.architecture.key, proposal.fidelity.cost) for proposal in proposals]
        assert len(set(known)) == len(known)
        strategy.tell([])
        strategy.tell([judge(proposal, number, trainer) for number, proposal in enumerate(proposals)])
        assert strategy.ask(1)

    def test_late_answers_out_of_step(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """An answer may come after younger trials have been asked for; a parent is a trial that has been told."""
        strategy = self._make(strategy_type, options, large_space())
        waiting: list[Trial] = []
        told: dict[int, Trial] = {}
        parents: list[Trial] = []
        number = 0
        while number < 60:
            proposals = strategy.ask(1)
            for proposal in proposals:
                if proposal.parent is not None:
                    parents.append(told[proposal.parent])
                    again = proposal.architecture == parents[-1].architecture
                    assert again or Trait.PARENTS in strategy.gives
                    assert not again or parents[-1].proposal.fidelity.cost < proposal.fidelity.cost
                waiting.append(judge(proposal, number, trainer))
                number += 1
            if len(waiting) > 3 or not proposals:
                told[waiting[0].number] = waiting[0]
                strategy.tell([waiting.pop(0)])
        assert parents or Trait.PARENTS not in strategy.gives, "what is given must come"

    def test_it_cuts_what_it_says(
        self,
        strategy_type: type[SearchStrategy],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
    ) -> None:
        """`needs` tells which fidelities it cuts; however low it starts, some candidates are judged in full."""
        strategy = self._make(strategy_type, options, space)
        assert strategy.needs <= {*FIDELITIES, Trait.PROXIES}
        trials = simulate(strategy, trainer, rounds=50 * len(every_architecture(space)), batch=2)
        cut = {name for trial in trials for name in trial.proposal.fidelity.settings}
        assert cut == {trait.value for trait in strategy.needs & {*FIDELITIES}}
        assert any(trial.proposal.fidelity == FULL for trial in trials)

    @pytest.mark.parametrize("name", list(_LIMITED))
    def test_limits_of_the_space_are_kept(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer, name: str
    ) -> None:
        """No candidate is proposed that the space's limits refuse, and in a small space every other one is."""
        space = _LIMITED[name]
        strategy = self._make(strategy_type, options, space)
        rounds = 30 if name == "large" else 20 * len(every_architecture(space))
        trials = simulate(strategy, trainer, rounds=rounds, batch=2)
        assert [space.refusal(trial.architecture) for trial in trials] == [None] * len(trials)
        if name == "large":
            assert len(trials) >= 30
        else:
            allowed = {each for each in every_architecture(space) if space.refusal(each) is None}
            assert {trial.architecture for trial in trials} == allowed
            assert list(strategy.ask(1)) == []

    def test_costs_are_weighed_or_left_alone(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """Told costs, also of some trials alone, stop no search; one that is not `multi_objective` ignores them."""
        space = large_space()
        plain = simulate(self._make(strategy_type, options, space), trainer, rounds=40)
        trainer.minimize = ("parameters", "latency_ms")
        weighed = simulate(self._make(strategy_type, options, space), trainer, rounds=40)
        again = simulate(self._make(strategy_type, options, space), trainer, rounds=40)
        assert len(weighed) == len(plain)
        assert asked(weighed) == asked(again)
        assert strategy_type.multi_objective or asked(weighed) == asked(plain)
        late = self._make(strategy_type, options, space)
        trainer.minimize = ()
        known = simulate(late, trainer, rounds=20)
        trainer.minimize = ("parameters",)
        assert simulate(late, trainer, rounds=10, first=len(known))

    @pytest.mark.parametrize("state", [TrialState.FAILED, TrialState.SKIPPED])
    def test_goes_on_when_nothing_works(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], state: TrialState
    ) -> None:
        """Trials that fail or never start do not stop the search, even when all of them do."""
        strategy = self._make(strategy_type, options, large_space())
        number = 0
        for _ in range(8):
            proposals = strategy.ask(2)
            assert proposals, "there is something left to try"
            strategy.tell([Trial(number + i, p, state, error="why") for i, p in enumerate(proposals)])
            number += len(proposals)

    def test_foreign_trials_are_knowledge(
        self,
        strategy_type: type[SearchStrategy],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
    ) -> None:
        """Warm starts may be told before anything was asked; they are not tried again."""
        strategy = self._make(strategy_type, options, space)
        everything = every_architecture(space)
        warm = everything[: max(1, len(everything) // 2)]
        told = [judge(Proposal(architecture), number, trainer) for number, architecture in enumerate(warm)]
        told[0] = Trial(0, Proposal(warm[0]), TrialState.FAILED, error="why")
        strategy.tell(told)
        number = len(told)
        for _ in range(50 * len(everything)):
            proposals = strategy.ask(2)
            if not proposals:
                break
            again = [p.architecture for p in proposals if p.fidelity == FULL and p.architecture in warm]
            assert again == []
            answers = [judge(proposal, number + i, trainer) for i, proposal in enumerate(proposals)]
            number += len(answers)
            strategy.tell(answers)

    @pytest.mark.parametrize("score", [0.0, -1e308, 1e308])
    def test_any_finite_score_will_do(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], score: float
    ) -> None:
        """Scores that are all equal, huge or below zero do not stop the search."""
        strategy = self._make(strategy_type, options, large_space())
        number = 0
        for _ in range(10):
            for proposal in strategy.ask(2):
                sign = -1 if number == 7 else 1
                measurement = Measurement(sign * score, fidelity=proposal.fidelity)
                strategy.tell([Trial(number, proposal, TrialState.SUCCEEDED, measurement)])
                number += 1
        assert number >= 8

    def test_finds_something_good(
        self, strategy_type: type[SearchStrategy], options: dict[str, Any], trainer: SimulatedTrainer
    ) -> None:
        """Sixty trials on a smooth landscape of 180 candidates find one of its best tenth."""
        from cloudautoml.search import Decision
        from cloudautoml.testing.simulation import Branch, TableSpace

        space = TableSpace(
            *(Branch(Decision(name, tuple(range(6)), ordered=True)) for name in ("x", "y")),
            Branch(Decision("kind", ("a", "b", "c", "d", "e"))),
        )
        trials = simulate(self._make(strategy_type, options, space), trainer, rounds=60)
        ranked = sorted(map(quality, every_architecture(space)), reverse=True)
        assert max(quality(trial.architecture) for trial in trials) >= ranked[len(ranked) // 10]

    def test_unknown_option_is_refused(self, strategy_type: type[SearchStrategy]) -> None:
        """A misspelt option is an error that names it, and every known one is described."""
        with pytest.raises(ValidationError, match="no_such_option"):
            strategy_type.options_type.model_validate({"no_such_option": 1})
        assert all(field.description for field in strategy_type.options_type.model_fields.values())
        assert strategy_type.name


def _environment(*, hash_seed: int) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
