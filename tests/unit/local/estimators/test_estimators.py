"""What each estimator does beyond the contract, with a simulated trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from typing_extensions import override

from cloudautoml.errors import SpecError, UnknownNameError
from cloudautoml.search import (
    FULL,
    Architecture,
    Fidelity,
    Measurement,
    PerformanceEstimator,
    Proposal,
    Trait,
    Trial,
    TrialSkippedError,
    TrialState,
    rank_correlations,
)
from cloudautoml.testing.simulation import SimulatedTrainer, TableSpace, large_space, quality
from cloudautoml_local.estimators.full_training import FullTraining
from cloudautoml_local.estimators.learning_curve import LearningCurve
from cloudautoml_local.estimators.low_fidelity import LowFidelity
from cloudautoml_local.estimators.surrogate import Surrogate
from cloudautoml_local.estimators.weight_inheritance import WeightInheritance
from cloudautoml_local.estimators.zero_cost import ZeroCost

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SPACE = large_space()


class Priced(TableSpace):
    """A space whose costs are known."""

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return {"parameters": 1000 * quality(architecture, salt="size")}


class Recording(SimulatedTrainer):
    """Remembers from which trial each training started."""

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        self.parents = [*getattr(self, "parents", []), parent]
        return super().train(architecture, fidelity=fidelity, parent=parent, on_step=on_step)


@pytest.fixture
def trainer(tmp_path: Path) -> Recording:
    return Recording(tmp_path, steps=20)


def made(kind: type[PerformanceEstimator], **options: Any) -> PerformanceEstimator:
    return kind(kind.options_type.model_validate(options))


def drawn(count: int, seed: int = 0) -> list[Architecture]:
    import random

    rng: random.Random = random.Random(seed)
    return list(dict.fromkeys(SPACE.sample(rng) for _ in range(count)))


def search(
    estimator: PerformanceEstimator, trainer: SimulatedTrainer, architectures: Sequence[Architecture]
) -> list[Trial]:
    """Judge candidates one after the other."""
    trials: list[Trial] = []
    for number, architecture in enumerate(architectures):
        proposal = Proposal(architecture)
        try:
            measured = estimator.estimate(proposal, trainer, tuple(trials))
        except TrialSkippedError as skipped:
            trials.append(Trial(number, proposal, TrialState.SKIPPED, error=str(skipped)))
        else:
            trials.append(Trial(number, proposal, TrialState.SUCCEEDED, measured))
    return trials


def trial(number: int, architecture: Architecture, score: float, fidelity: Fidelity = FULL, **more: Any) -> Trial:
    measured = Measurement(score, fidelity=fidelity, **more)
    return Trial(number, Proposal(architecture, fidelity), TrialState.SUCCEEDED, measured)


def number(measured: Measurement, name: str) -> float:
    value = measured.details[name]
    assert isinstance(value, float)
    return value


class TestFullTraining:
    def test_goes_on_from_the_same_candidate(self, trainer: Recording) -> None:
        one, other = drawn(2)
        history = [trial(0, one, 0.1, Fidelity.of(epochs=0.3)), trial(1, other, 0.2)]
        FullTraining().estimate(Proposal(one, FULL, 0), trainer, history)
        FullTraining().estimate(Proposal(one, FULL, 1), trainer, history)
        FullTraining().estimate(Proposal(one, FULL, 7), trainer, history)
        assert trainer.parents == [0, None, None]


class TestLowFidelity:
    def test_cuts_what_was_asked_for(self, trainer: Recording) -> None:
        estimator = made(LowFidelity, cut={"rows": 0.25, "epochs": 0.5}, verify=0)
        measured = estimator.estimate(Proposal(drawn(1)[0], Fidelity.of(epochs=0.5)), trainer, ())
        assert trainer.calls == [Fidelity.of(rows=0.25, epochs=0.25)]
        assert measured.fidelity.share("rows") == 0.25
        assert estimator.needs == {Trait.ROWS, Trait.EPOCHS}

    def test_first_candidates_tell_whether_it_can_be_trusted(self, trainer: Recording) -> None:
        trials = search(made(LowFidelity, verify=8), trainer, drawn(12))
        assert [len(t.measurement.details) for t in trials if t.measurement] == [3] * 8 + [0] * 4
        (found,) = rank_correlations(trials)
        assert (found.pairs, found.verdict) == (8, "trust")
        assert found.correlation == pytest.approx(1)
        assert found.speed_up == pytest.approx(1 / 0.3, rel=0.1)
        assert found.cheap == Fidelity.of(epochs=0.3)

    def test_what_a_strategy_has_cut_is_not_verified(self, trainer: Recording) -> None:
        estimator = made(LowFidelity)
        measured = estimator.estimate(Proposal(drawn(1)[0], Fidelity.of(epochs=1 / 3)), trainer, ())
        assert "full_score" not in measured.details
        assert len(trainer.calls) == 1

    @pytest.mark.parametrize("cut", [{}, {"epochs": 1.0}, {"epochs": 0}, {"curve": 0.5}])
    def test_senseless_cuts_are_refused(self, cut: dict[str, float]) -> None:
        with pytest.raises(ValidationError):
            made(LowFidelity, cut=cut)


class TestLearningCurve:
    def test_ends_what_will_not_win_and_says_how_sure_it_is(self, trainer: Recording) -> None:
        trials = search(made(LearningCurve), trainer, drawn(40))
        measured = [t.measurement for t in trials if t.measurement]
        ended = [m for m in measured if "chance" in m.details]
        assert len(ended) > 15
        assert all("chance" not in m.details for m in measured[:5])
        best = max(quality(t.architecture) for t in trials)
        assert max(m.score for m in measured) == pytest.approx(best * 0.95, rel=0.01)
        for one in ended:
            assert one.fidelity.cost < 1
            assert one.score == one.curve[-1]
            low, level, high = (number(one, name) for name in ("predicted_low", "predicted", "predicted_high"))
            assert low < level < high
            assert number(one, "chance") < 0.05
            assert one.details["step"] == len(one.curve)

    def test_ended_curves_are_not_compared_with(self, trainer: Recording) -> None:
        """Nothing is ended where all that is known are curves that were cut."""
        short = [trial(n, a, 0.9, Fidelity.of(epochs=0.5), curve=(0.1,) * 10) for n, a in enumerate(drawn(10))]
        measured = made(LearningCurve).estimate(Proposal(drawn(1, seed=9)[0]), trainer, short)
        assert len(measured.curve) == 20

    def test_curves_that_lost_patience_count_and_continued_ones_do_not(self, trainer: Recording) -> None:
        """The same ten curves, once of trainings that ended by themselves, once of those that had gone on."""
        architectures = drawn(11)
        ended = [trial(n, a, 0.99, curve=(0.5, 0.9, 0.99)) for n, a in enumerate(architectures[:10])]
        measured = made(LearningCurve).estimate(Proposal(architectures[10]), trainer, ended)
        assert "chance" in measured.details
        again = [replace(t, number=20 + t.number, proposal=replace(t.proposal, parent=t.number)) for t in ended]
        low = [replace(t, measurement=Measurement(0.1, fidelity=Fidelity.of(epochs=0.1))) for t in ended]
        measured = made(LearningCurve).estimate(Proposal(architectures[10]), trainer, [*low, *again])
        assert "chance" not in measured.details

    def test_works_at_the_fidelity_that_its_base_cuts_to(self, trainer: Recording) -> None:
        base = {"type": "low_fidelity", "cut": {"epochs": 0.5}, "verify": 0}
        trials = search(made(LearningCurve, base=base, checks=20, min_epochs=2), trainer, drawn(40))
        measured = [t.measurement for t in trials if t.measurement]
        assert any("chance" in m.details for m in measured)
        assert max(len(m.curve) for m in measured) == 10


class TestSurrogate:
    def test_hopeless_candidates_are_not_trained(self, trainer: Recording) -> None:
        architectures = drawn(120)
        trials = search(made(Surrogate), trainer, architectures)
        measured = [t.measurement for t in trials if t.measurement]
        predicted = [m for m in measured if m.predicted]
        assert not any(m.predicted for m in measured[:16])
        assert len(predicted) > 40
        assert len(trainer.calls) == len(architectures) - len(predicted)
        found = max(
            trials, key=lambda t: -1.0 if t.measurement is None or t.measurement.predicted else t.measurement.score
        )
        assert quality(found.architecture) == max(map(quality, architectures))
        for one in predicted:
            assert one.score + 1.5 * number(one, "deviation") < number(one, "best")


class TestWeightInheritance:
    def test_children_start_from_their_parents_and_train_less(self, trainer: Recording) -> None:
        parent, child = drawn(2)
        history = [trial(3, parent, 0.5)]
        estimator = made(WeightInheritance, share=0.25)
        estimator.estimate(Proposal(parent), trainer, ())
        estimator.estimate(Proposal(child, FULL, 3), trainer, history)
        estimator.estimate(Proposal(child, FULL, 4), trainer, history)
        assert trainer.parents == [None, 3, None]
        assert trainer.calls == [FULL, Fidelity.of(epochs=0.25), FULL]
        assert estimator.needs == {Trait.EPOCHS, Trait.WEIGHTS, Trait.PARENTS}

    def test_parent_that_was_only_predicted_has_no_weights(self, trainer: Recording) -> None:
        parent, child = drawn(2)
        made(WeightInheritance).estimate(Proposal(child, FULL, 3), trainer, [trial(3, parent, 0.5, predicted=True)])
        assert trainer.parents == [None]

    def test_promoted_candidate_is_continued_whole(self, trainer: Recording) -> None:
        (one,) = drawn(1)
        history = [trial(0, one, 0.1, Fidelity.of(epochs=0.3))]
        made(WeightInheritance).estimate(Proposal(one, FULL, 0), trainer, history)
        assert (trainer.parents, trainer.calls) == ([0], [FULL])


class TestZeroCost:
    def test_costs_are_compared_with_the_space(self, tmp_path: Path) -> None:
        """Half of the candidates pass from the first on, and it is the larger half."""
        trainer = Recording(tmp_path, candidates=Priced(*SPACE.branches))
        trials = search(made(ZeroCost), trainer, drawn(200))
        kept = [quality(t.architecture, salt="size") for t in trials if t.measurement]
        skipped = [quality(t.architecture, salt="size") for t in trials if not t.measurement]
        assert 70 < len(kept) < 130
        assert min(kept) > max(skipped)
        assert all("parameters" in (t.error or "") for t in trials if not t.measurement)

    def test_proxies_are_compared_with_those_seen(self, trainer: Recording) -> None:
        trials = search(made(ZeroCost, proxy="synflow", keep=0.25), trainer, drawn(200))
        states = [t.state for t in trials]
        assert TrialState.SKIPPED not in states[:10]
        assert 25 < states[10:].count(TrialState.SUCCEEDED) < 75

    def test_untrained_score_may_be_all(self, trainer: Recording) -> None:
        measured = made(ZeroCost, train=False, proxy="naswot").estimate(Proposal(drawn(1)[0]), trainer, ())
        assert measured.predicted
        assert measured.score == trainer.proxies(drawn(1)[0])["naswot"]
        assert not trainer.calls

    def test_promoted_candidate_is_not_skipped(self, trainer: Recording) -> None:
        estimator = made(ZeroCost, keep=0.01)
        trials = search(estimator, trainer, drawn(60))
        skipped = next(t.architecture for t in trials if t.state is TrialState.SKIPPED)
        with pytest.raises(TrialSkippedError):
            estimator.estimate(Proposal(skipped), trainer, trials)
        trained = trial(99, skipped, 0.1, Fidelity.of(epochs=0.3))
        assert estimator.estimate(Proposal(skipped, FULL, 99), trainer, [*trials, trained]).score > 0


class TestComposition:
    def test_wrappers_compose(self, trainer: Recording) -> None:
        """A filter in front of a surrogate in front of short trainings that are ended early."""
        base = {
            "type": "low_fidelity",
            "cut": {"rows": 0.5},
            "verify": 0,
            "base": {"type": "learning_curve", "checks": 20},
        }
        estimator = made(ZeroCost, keep=0.7, proxy="synflow", base={"type": "surrogate", "base": base})
        assert estimator.needs == {Trait.PROXIES, Trait.ROWS, Trait.CURVE}
        trials = search(estimator, trainer, drawn(150))
        measured = [t.measurement for t in trials if t.measurement]
        assert any(t.state is TrialState.SKIPPED for t in trials)
        assert any(m.predicted for m in measured)
        assert any("chance" in m.details for m in measured)
        assert all(m.fidelity.share("rows") == 0.5 for m in measured if not m.predicted)

    def test_unknown_base_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="surogate"):
            _ = made(ZeroCost, base="surogate").needs

    def test_unknown_option_of_a_base_is_refused(self) -> None:
        with pytest.raises(SpecError, match="optimsm"):
            _ = made(ZeroCost, base={"type": "surrogate", "optimsm": 1}).needs

    def test_epochs_are_said_once(self) -> None:
        with pytest.raises(ValidationError, match="outermost"):
            made(ZeroCost, base={"type": "full_training", "epochs": 3})
