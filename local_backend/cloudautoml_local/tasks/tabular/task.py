"""Tabular classification and regression on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Part
from cloudautoml_local.parts import space_of
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, Trainer, Trial
    from cloudautoml_local.spaces.tabular import TabularSpace

TREES = Preload(
    "trees",
    (
        "numpy",
        "pandas",
        "pyarrow",
        "scipy.sparse",
        "scipy.special",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "sklearn.neighbors",
        "lightgbm",
        "xgboost",
        "catboost",
        "cloudautoml_local.tasks.tabular.trainer",
    ),
)
KERAS = Preload(
    "keras",
    ("keras", "tensorflow", "cloudautoml_local.tasks.tabular.trainer"),
    {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
)


class TabularTask(LocalTask):
    """Trains model families on a table, by cross-validation, and combines the best."""

    types: ClassVar[frozenset[str]] = frozenset({"tabular_classification", "tabular_regression"})

    @override
    def preloads(self) -> Sequence[Preload]:
        families = set(self.space().families)
        return [group for group, needed in ((TREES, families - {"mlp"}), (KERAS, families & {"mlp"})) if needed]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return KERAS.name if architecture["family"] == "mlp" else TREES.name

    @override
    def prepare(self, data: PreparedData, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.tabular.table import write_table

        progress(f"preparing {len(data.train):,} rows and {len(data.schema.features)} features")
        info = write_table(data, self.spec, self.directory / "task")
        limit = "" if info.plan.trial_seconds is None else f", {info.plan.trial_seconds:.0f} s a trial at most"
        progress(f"{len(info.levels)} columns, {info.plan.folds} folds{limit}")

    @override
    def space(self) -> TabularSpace:
        from cloudautoml_local.spaces.tabular import TabularSpace

        signature = Signature("table", target="value" if self.spec.task.type == "tabular_regression" else "classes")
        spec, part = self.spec, self.spec.search.space or Part(type=TabularSpace.name)
        if spec.search.families is not None:
            part = Part.model_validate({"type": part.type, **part.options, "families": spec.search.families})
            spec = spec.model_copy(update={"search": spec.search.model_copy(update={"space": part})})
        space = space_of(spec, signature, default=part)
        if not isinstance(space, TabularSpace):
            raise SpecError(
                f"the candidates of the space {part.type!r} are neither families of models for a table nor networks",
                where="search.space.type",
                hint="derive it from TabularSpace or NeuralSpace, or bring a LocalTask that trains them",
            )
        return space

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.ROWS, Trait.FOLDS, Trait.CURVE})

    @override
    def trainer(self, number: int, resources: Resources) -> Trainer:
        from cloudautoml_local.tasks.tabular.trainer import TabularTrainer

        return TabularTrainer(self.trial_dir(number), self.directory / "task", resources, self.space())

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from cloudautoml_local.tasks.tabular.finish import Finisher

        with threadpool_limits(threads):
            return Finisher(self.spec, self.directory, threads=threads, seconds=seconds, progress=progress).run(trials)

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.tabular.rows import trial_candidate

        return [trial_candidate(trial, self.spec, self.directory.name) for trial in trials if trial.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml_local.tasks.tabular.finish import model_of

        return model_of(candidate, self.spec, self.directory)
