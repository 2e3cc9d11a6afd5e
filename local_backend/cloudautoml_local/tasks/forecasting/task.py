"""Forecasting on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml import registry
from cloudautoml.errors import DataError, SpecError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Forecasting, Part
from cloudautoml_local.parts import space_of
from cloudautoml_local.spaces.neural import NeuralSpace
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import Prepared
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, SearchSpace, Trainer, Trial

FORECASTERS = Preload(
    "forecasters",
    ("numpy", "pandas", "pyarrow", "lightgbm", "cloudautoml_local.tasks.forecasting.trainer"),
)
_INFO = "info.json"
KERAS = Preload(
    "keras",
    ("keras", "tensorflow", "cloudautoml_local.networks.build", "cloudautoml_local.tasks.forecasting.trainer"),
    {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
)


class ForecastingTask(LocalTask):
    """Trains families of forecasters, judges them from moments of the past, and combines the best."""

    types: ClassVar[frozenset[str]] = frozenset({"forecasting"})

    @override
    def preloads(self) -> Sequence[Preload]:
        from cloudautoml_local.spaces.forecasting import ForecastingSpace

        space = self.space()
        if not isinstance(space, ForecastingSpace):
            return [replace(KERAS, modules=(*KERAS.modules, *getattr(space, "modules", ())))]
        families = set(space.families)
        both = ((FORECASTERS, families - {"network"}), (KERAS, families & {"network"}))
        return [group for group, needed in both if needed]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        from cloudautoml_local.spaces.forecasting import family_of

        return KERAS.name if family_of(architecture)[0] == "network" else FORECASTERS.name

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml.data import PreparedSeries
        from cloudautoml_local.tasks.forecasting.known import write_known

        if not isinstance(data, PreparedSeries) or not isinstance(self.spec.task, Forecasting):
            raise DataError("these are not series", where=str(self.directory / "data"))
        info = write_known(data, self.spec, self.spec.task, self.directory / "task")
        described = data.profile["series"]
        progress(f"{described['count']:,} series, one step every {described['frequency']}")
        season = f"a season of {info.season} steps" if info.season > 1 else "no season"
        progress(f"{season}, candidates are judged from {info.windows} moments of the past")

    @override
    def space(self) -> SearchSpace:
        from cloudautoml_local.spaces.forecasting import ForecastingSpace

        spec, part = self.spec, self.spec.search.space or Part(type=ForecastingSpace.name)
        kind = registry.space_type(part.type, where="search.space")
        if issubclass(kind, NeuralSpace) and spec.search.families is None:
            return space_of(spec, self._stretches(), default=part)
        if spec.search.families is not None:
            part = Part.model_validate({"type": part.type, **part.options, "families": spec.search.families})
            spec = spec.model_copy(update={"search": spec.search.model_copy(update={"space": part})})
        space = space_of(spec, Signature("series", target="value"), default=part)
        if not isinstance(space, ForecastingSpace):
            raise SpecError(
                f"the candidates of the space {part.type!r} are neither families of forecasters nor networks",
                where="search.space.type",
                hint="derive it from ForecastingSpace or NeuralSpace, or bring a LocalTask that trains them",
            )
        return space

    def _stretches(self) -> Signature:
        """What networks take and give, as far as it is known."""
        task = self.spec.task
        horizon = task.horizon if isinstance(task, Forecasting) else 0
        if not (self.directory / "task" / _INFO).exists():
            return Signature("sequence", outputs=horizon, target="value")
        from cloudautoml_local.tasks.forecasting.candidates import lags_of, series_signature
        from cloudautoml_local.tasks.forecasting.info import Info

        return series_signature(lags_of(Info.load(self.directory / "task").context()), horizon)

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.ROWS, Trait.FOLDS, Trait.CURVE})

    @override
    def trainer(self, number: int, resources: Resources) -> Trainer:
        from cloudautoml_local.tasks.forecasting.trainer import ForecastTrainer

        return ForecastTrainer(self.trial_dir(number), self.directory, resources, self.space())

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from cloudautoml_local.tasks.forecasting.finish import Finisher

        with threadpool_limits(threads):
            return Finisher(self.spec, self.directory, seconds=seconds, progress=progress).run(trials)

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.forecasting.rows import trial_candidate

        return [trial_candidate(trial, self.spec, self.directory.name) for trial in trials if trial.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml.store.files import read_json
        from cloudautoml_local.tasks.forecasting.model import ForecastModel, Recipe

        written = self.directory / "models" / candidate.model / "model.json"
        recipe = Recipe.from_dict(read_json(written), where=str(written))
        return ForecastModel(candidate, root=self.directory, shared=self.directory / "task", recipe=recipe)
