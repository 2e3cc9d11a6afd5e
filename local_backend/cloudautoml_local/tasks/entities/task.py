"""Named-entity recognition on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import DataError, SpecError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Part
from cloudautoml_local.parts import space_of
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import Prepared
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, Trainer, Trial
    from cloudautoml_local.spaces.entities import EntitySpace

FIELDS = Preload("fields", ("numpy", "pyarrow.parquet", "pycrfsuite", "cloudautoml_local.tasks.entities.trainer"))
KERAS = Preload(
    "keras",
    ("keras", "tensorflow", "cloudautoml_local.tasks.entities.trainer"),
    {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
)


class EntityTask(LocalTask):
    """Trains taggers on sentences, by cross-validation, and combines the best."""

    types: ClassVar[frozenset[str]] = frozenset({"named_entity_recognition"})

    @override
    def preloads(self) -> Sequence[Preload]:
        families = set(self.space().families)
        needed = ((FIELDS, families - {"network"}), (KERAS, families & {"network"}))
        return [group for group, those in needed if those]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return KERAS.name if architecture["family"] == "network" else FIELDS.name

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml.data import PreparedTokens
        from cloudautoml_local.tasks.entities.corpus import write_corpus

        if not isinstance(data, PreparedTokens):
            raise DataError(f"{type(data).__name__} holds no sentences with tags", where="data")
        info = write_corpus(data, self.spec, self.directory / "task")
        limit = "" if info.trial_seconds is None else f", {info.trial_seconds:.0f} s a trial at most"
        progress(f"{len(data.train):,} sentences, {len(info.types)} types, {info.folds} folds{limit}")

    @override
    def space(self) -> EntitySpace:
        from cloudautoml_local.spaces.entities import EntitySpace

        spec, part = self.spec, self.spec.search.space or Part(type=EntitySpace.name)
        if spec.search.families is not None:
            part = Part.model_validate({"type": part.type, **part.options, "families": spec.search.families})
            spec = spec.model_copy(update={"search": spec.search.model_copy(update={"space": part})})
        space = space_of(spec, Signature("tokens"), default=part)
        if not isinstance(space, EntitySpace):
            raise SpecError(
                f"the candidates of the space {part.type!r} do not tag tokens",
                where="search.space.type",
                hint="derive it from EntitySpace, or bring a LocalTask that trains them",
            )
        return space

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.ROWS, Trait.FOLDS, Trait.CURVE})

    @override
    def trainer(self, number: int, resources: Resources) -> Trainer:
        from cloudautoml_local.tasks.entities.trainer import EntityTrainer

        return EntityTrainer(self.trial_dir(number), self.directory / "task", resources, self.space())

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from cloudautoml_local.tasks.entities.finish import Finisher

        with threadpool_limits(threads):
            return Finisher(self.spec, self.directory, threads=threads, seconds=seconds, progress=progress).run(trials)

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.tabular.rows import trial_candidate

        return [trial_candidate(trial, self.spec, self.directory.name) for trial in trials if trial.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml_local.tasks.entities.finish import model_of

        return model_of(candidate, self.directory)
