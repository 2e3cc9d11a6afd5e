"""EstimatorSuite: what every performance estimator must do, whatever trains."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from cloudautoml.search import (
    FULL,
    Architecture,
    Fidelity,
    Measurement,
    PerformanceEstimator,
    Proposal,
    SearchSpace,
    Trait,
    Trial,
    TrialFailedError,
    TrialSkippedError,
    TrialState,
)
from cloudautoml.testing.simulation import SimulatedTrainer, every_architecture, judge, small_spaces
from cloudautoml.testing.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    def trainer(self, space: SearchSpace, tmp_path: Path) -> SimulatedTrainer:
        """Trains at once."""
        return SimulatedTrainer(tmp_path, candidates=space)

    @pytest.fixture
    def history(self, space: SearchSpace, trainer: SimulatedTrainer) -> tuple[Trial, ...]:
        """Some trials that have ended: most well, one failed, one skipped, one at a low fidelity, one predicted."""
        proposals = [Proposal(architecture) for architecture in every_architecture(space)]
        trials = [judge(proposal, number, trainer) for number, proposal in enumerate(proposals)]
        number = len(trials)
        trials.append(Trial(number, proposals[0], TrialState.FAILED, error="oom: too large"))
        trials.append(Trial(number + 1, proposals[0], TrialState.SKIPPED, error="the budget ended"))
        trials.append(judge(Proposal(proposals[0].architecture, _THIRD), number + 2, trainer))
        trials.append(Trial(number + 3, proposals[0], TrialState.SUCCEEDED, Measurement(0.1, predicted=True)))
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
        """A measurement is finite, no more faithful than was asked for, and tells what it took; a refusal tells why."""
        proposal = Proposal(every_architecture(space)[-1], fidelity)
        before = repr(history)
        try:
            measured = estimator.estimate(proposal, trainer, history if known else ())
        except TrialSkippedError as skipped:
            assert len(str(skipped)) > len("skipped: "), "it says why"
            assert not trainer.calls, "what is skipped is not trained"
            return
        assert math.isfinite(measured.score)
        assert measured.fidelity.cost <= fidelity.cost
        assert all(call.cost <= fidelity.cost for call in trainer.calls), "no more is spent than was asked for"
        assert measured.seconds >= 0
        assert all(math.isfinite(score) for score in measured.curve)
        assert measured.predicted == (not trainer.calls), "what was not trained is a prediction, and says so"
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
        chosen = estimator_type.options_type.model_validate(options)
        for architecture in every_architecture(space)[:3]:
            first, second = (_outcome(estimator_type(chosen), architecture, trainer, history) for _ in range(2))
            assert first == second

    def test_predictions_are_no_knowledge(
        self,
        estimator_type: type[PerformanceEstimator],
        options: dict[str, Any],
        space: SearchSpace,
        trainer: SimulatedTrainer,
        history: tuple[Trial, ...],
    ) -> None:
        """What was only predicted is not learnt from: the outcome is as without it."""
        chosen = estimator_type.options_type.model_validate(options)
        without = [trial for trial in history if trial.measurement is None or not trial.measurement.predicted]
        assert len(without) < len(history)
        for architecture in every_architecture(space)[:3]:
            outcomes = [_outcome(estimator_type(chosen), architecture, trainer, told) for told in (history, without)]
            assert outcomes[0] == outcomes[1]

    def test_needs_are_traits(self, estimator: PerformanceEstimator) -> None:
        """What it relies on is said in words that a spec can be checked with."""
        assert isinstance(estimator.needs, frozenset)
        assert all(isinstance(trait, Trait) for trait in estimator.needs)

    def test_parent_may_be_any_trial(
        self,
        estimator: PerformanceEstimator,
        space: SearchSpace,
        trainer: SimulatedTrainer,
        history: tuple[Trial, ...],
    ) -> None:
        """A parent that succeeded, one that failed and one that nobody knows are all no reason to stop."""
        for parent in (0, len(history) - 4, 10_000):
            proposal = Proposal(every_architecture(space)[0], FULL, parent)
            with contextlib.suppress(TrialSkippedError):
                assert math.isfinite(estimator.estimate(proposal, trainer, history).score)

    def test_failure_is_passed_on(self, estimator: PerformanceEstimator, space: SearchSpace, tmp_path: Path) -> None:
        """A candidate that cannot be trained has no score: the failure is not made into one."""
        broken = SimulatedTrainer(tmp_path, broken=lambda _: True)
        with pytest.raises(TrialFailedError, match="simulated"):
            estimator.estimate(Proposal(every_architecture(space)[0]), broken, ())

    def test_unknown_option_is_refused(self, estimator_type: type[PerformanceEstimator]) -> None:
        """A misspelt option is an error that names it, and every known one is described."""
        with pytest.raises(ValidationError, match="no_such_option"):
            estimator_type.options_type.model_validate({"no_such_option": 1})
        assert all(field.description for field in estimator_type.options_type.model_fields.values())
        assert estimator_type.name


def _outcome(
    estimator: PerformanceEstimator, architecture: Architecture, trainer: SimulatedTrainer, history: Sequence[Trial]
) -> tuple[float, bool] | str:
    try:
        measured = estimator.estimate(Proposal(architecture), trainer, history)
    except TrialSkippedError as skipped:
        return str(skipped)
    return measured.score, measured.predicted
