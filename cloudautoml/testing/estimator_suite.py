"""EstimatorSuite: what every performance estimator must do, whatever trains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from cloudautoml.search import (
    FULL,
    Fidelity,
    PerformanceEstimator,
    Proposal,
    SearchSpace,
    Trial,
    TrialFailedError,
    TrialState,
)
from cloudautoml.testing.simulation import SimulatedTrainer, every_architecture, judge, small_spaces
from cloudautoml.testing.suite import Suite

if TYPE_CHECKING:
    from pathlib import Path

_SMALL = small_spaces()
_THIRD = Fidelity.of(epochs=1 / 3)


class EstimatorSuite(Suite):
    """The contract of `PerformanceEstimator`, run with a simulated trainer.

    A subclass overrides the fixture `estimator_type`, and `options` where the defaults do not suit.
    """

    @pytest.fixture
    def estimator_type(self) -> type[PerformanceEstimator]:
        """The class under test."""
        pytest.fail("override the fixture `estimator_type`")

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Its options, as a spec would write them."""
        return {}

    @pytest.fixture
    def estimator(self, estimator_type: type[PerformanceEstimator], options: dict[str, Any]) -> PerformanceEstimator:
        """The estimator under test."""
        return estimator_type(estimator_type.options_type.model_validate(options))

    @pytest.fixture(params=list(_SMALL))
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        """Each of the small spaces."""
        return _SMALL[request.param]

    @pytest.fixture
    def trainer(self, tmp_path: Path) -> SimulatedTrainer:
        """Trains at once."""
        return SimulatedTrainer(tmp_path)

    @pytest.fixture
    def history(self, space: SearchSpace, trainer: SimulatedTrainer) -> tuple[Trial, ...]:
        """Some trials that have ended: most well, one failed, one skipped, one at a low fidelity."""
        proposals = [Proposal(architecture) for architecture in every_architecture(space)]
        trials = [judge(proposal, number, trainer) for number, proposal in enumerate(proposals)]
        number = len(trials)
        trials.append(Trial(number, proposals[0], TrialState.FAILED, error="oom: too large"))
        trials.append(Trial(number + 1, proposals[0], TrialState.SKIPPED, error="the budget ended"))
        trials.append(judge(Proposal(proposals[0].architecture, _THIRD), number + 2, trainer))
        trainer.calls.clear()
        return tuple(trials)

    @pytest.mark.parametrize("fidelity", [FULL, _THIRD], ids=["full", "third"])
    @pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
    def test_measures(
        self,
        *,
        estimator: PerformanceEstimator,
        space: SearchSpace,
        trainer: SimulatedTrainer,
        history: tuple[Trial, ...],
        fidelity: Fidelity,
        known: bool,
    ) -> None:
        """A measurement is finite, no more faithful than was asked for, and tells what it took."""
        proposal = Proposal(every_architecture(space)[-1], fidelity)
        before = repr(history)
        measured = estimator.estimate(proposal, trainer, history if known else ())
        assert math.isfinite(measured.score)
        assert measured.fidelity.cost <= fidelity.cost
        assert all(call.cost <= fidelity.cost for call in trainer.calls), "no more is spent than was asked for"
        assert measured.seconds >= 0
        assert all(math.isfinite(score) for score in measured.curve)
        assert repr(history) == before

    def test_is_deterministic(
        self,
        estimator_type: type[PerformanceEstimator],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
        history: tuple[Trial, ...],
    ) -> None:
        """The same proposal and the same history give the same score, from an estimator made anew."""
        proposal = Proposal(every_architecture(space)[0])
        chosen = estimator_type.options_type.model_validate(options)
        scores = [estimator_type(chosen).estimate(proposal, trainer, history).score for _ in range(2)]
        assert scores[0] == scores[1]

    def test_parent_may_be_any_trial(
        self,
        estimator: PerformanceEstimator,
        space: SearchSpace,
        trainer: SimulatedTrainer,
        history: tuple[Trial, ...],
    ) -> None:
        """A parent that succeeded, one that failed and one that nobody knows are all no reason to stop."""
        for parent in (0, len(history) - 3, 10_000):
            proposal = Proposal(every_architecture(space)[0], FULL, parent)
            assert math.isfinite(estimator.estimate(proposal, trainer, history).score)

    def test_failure_is_passed_on(self, estimator: PerformanceEstimator, space: SearchSpace, tmp_path: Path) -> None:
        """A candidate that cannot be trained has no score: the failure is not made into one."""
        broken = SimulatedTrainer(tmp_path, broken=lambda _: True)
        with pytest.raises(TrialFailedError, match="nan"):
            estimator.estimate(Proposal(every_architecture(space)[0]), broken, ())

    def test_unknown_option_is_refused(self, estimator_type: type[PerformanceEstimator]) -> None:
        """A misspelt option is an error that names it, and every known one is described."""
        with pytest.raises(ValidationError, match="no_such_option"):
            estimator_type.options_type.model_validate({"no_such_option": 1})
        assert all(field.description for field in estimator_type.options_type.model_fields.values())
        assert estimator_type.name
