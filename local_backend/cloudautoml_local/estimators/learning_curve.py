"""Learning curve: a training ends early once its curve will not get above the best score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Trait
from cloudautoml_local.estimators.history import parent_of, trained
from cloudautoml_local.estimators.wrapping import HandingOn, Wrapper, WrapperOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.search import Architecture, EstimatorOptions, Fidelity, Measurement, Proposal, Trainer, Trial
    from cloudautoml_local.estimators.curves import Forecast


class LearningCurveOptions(WrapperOptions):
    """Options of the learning curve."""

    probability: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """A training ends when the probability that it beats the best score is below this."""
    min_epochs: Annotated[int, Field(ge=2)] = 3
    """Steps of the curve that every candidate is given."""
    checks: Annotated[int, Field(ge=1, le=100)] = 10
    """How often a whole training is looked at, at most."""


class LearningCurve(Wrapper):
    """Trains a candidate for as long as it may still beat the best one.

    The end of a curve is predicted from the finished curves of the same job that were trained alike and from
    parametric forms (`curves.forecast`), and never names a winner: the score of a training that was ended is what it
    had come to, its fidelity is cut, and its details say what was predicted: `predicted`, `predicted_low` and
    `predicted_high` (90 %), `chance` to beat `best`, and the `step`. Nothing is ended before five trainings have
    finished. Where the learning rate follows a schedule the forms alone would be far off; they count as much as they
    deserve by the finished curves.
    """

    name: ClassVar[str] = "learning_curve"
    paper: ClassVar[str] = "Domhan et al. 2015, Speeding up Automatic Hyperparameter Optimization, IJCAI"
    options_type: ClassVar[type[EstimatorOptions]] = LearningCurveOptions

    @property
    def _options(self) -> LearningCurveOptions:
        assert isinstance(self.options, LearningCurveOptions)
        return self.options

    @property
    @override
    def own_needs(self) -> frozenset[Trait]:
        return frozenset({Trait.CURVE})

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        return self.base.estimate(proposal, _Ending(trainer, self._options, history), history)


class _Ending(HandingOn):
    """Ends trainings that will not beat the best one."""

    def __init__(self, trainer: Trainer, options: LearningCurveOptions, history: Sequence[Trial]) -> None:
        super().__init__(trainer)
        self._options = options
        self._history = history

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        watch = _Watch(self._options, self._history, fidelity, self.curve_length(fidelity))

        def both(step: int, score: float) -> bool:
            wanted = on_step is None or on_step(step, score)
            return watch(score) and wanted

        measured = super().train(architecture, fidelity=fidelity, parent=parent, on_step=both)
        forecast = watch.forecast
        if forecast is None:
            return measured
        low, high = forecast.interval()
        said = {
            "predicted": forecast.level,
            "predicted_low": low,
            "predicted_high": high,
            "chance": forecast.chance_to_beat(watch.best),
            "best": watch.best,
            "step": len(watch.seen),
        }
        return replace(measured, details={**measured.details, **said})


class _Watch:
    """Looks at one curve as it grows.

    Attributes:
        seen: The curve so far.
        best: The score to beat.
        forecast: Where the curve would have ended, once it was ended.
    """

    def __init__(
        self, options: LearningCurveOptions, history: Sequence[Trial], fidelity: Fidelity, length: int
    ) -> None:
        self.seen: list[float] = []
        self.forecast: Forecast | None = None
        self._options = options
        self._every = max(1, round(length / options.checks))
        self._length = length
        self._finished = [
            # a training that lost its patience stays at its best
            [*measured.curve, *[max(measured.curve)] * (length - len(measured.curve))]
            for trial, measured in trained(history)
            if measured.fidelity == fidelity and 0 < len(measured.curve) <= length and not _went_on(trial, history)
        ]
        scores = [m.score for _, m in trained(history) if m.fidelity.cost <= fidelity.cost]
        self.best = max(scores, default=float("-inf"))

    def __call__(self, score: float) -> bool:
        """Take the next score; whether to go on."""
        from cloudautoml_local.estimators.curves import forecast

        self.seen.append(score)
        step = len(self.seen)
        if not self._options.min_epochs <= step < self._length or step % self._every or not self._finished:
            return True
        predicted = forecast(self.seen, self._finished)
        if predicted is None or predicted.chance_to_beat(self.best) >= self._options.probability:
            return True
        self.forecast = predicted
        return False


def _went_on(trial: Trial, history: Sequence[Trial]) -> bool:
    """Whether a trial continued an earlier one, so that its curve has no beginning."""
    parent = parent_of(trial.proposal, history)
    return parent is not None and parent.architecture == trial.architecture
