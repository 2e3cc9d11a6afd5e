"""Text classification on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Part
from cloudautoml_local.parts import space_of
from cloudautoml_local.spaces.text import FAMILIES, TextOptions, TextSpace
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources
from cloudautoml_local.tasks.neural.task import KERAS
from cloudautoml_local.tasks.text.model import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, Trainer, Trial

LINEAR = Preload(
    "linear",
    (
        "numpy",
        "pandas",
        "pyarrow.parquet",
        "scipy.optimize",
        "scipy.sparse",
        "scipy.special",
        "sklearn.feature_extraction.text",
        "sklearn.linear_model",
        "sklearn.svm",
        "cloudautoml_local.tasks.text.trainer",
    ),
)
NETWORKS = Preload("networks", (*KERAS.modules, "cloudautoml_local.tasks.text.trainer"), dict(KERAS.environment))
_THREADS = 2


class TextTask(LocalTask):
    """Trains classifiers of texts, by cross-validation, and combines the best."""

    types: ClassVar[frozenset[str]] = frozenset({"text_classification"})

    @override
    def preloads(self) -> Sequence[Preload]:
        space, spec = self.space(), self.spec
        reached = set(space.families)
        if spec.search.warm_start and spec.budget.max_trials is not None:
            first = space.defaults()[: spec.budget.max_trials]
            if len(first) == spec.budget.max_trials:  # nothing else will be tried
                reached = {str(architecture["family"]) for architecture in first}
        needed = ((LINEAR, reached - {"network"}), (NETWORKS, reached & {"network"}))
        return [group for group, families in needed if families]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return NETWORKS.name if architecture["family"] == "network" else LINEAR.name

    @override
    def prepare(self, data: PreparedData, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.text.data import write_texts
        from cloudautoml_local.tasks.text.embedder import find_embedder

        progress(f"preparing {len(data.train):,} texts of {len(data.schema.classes or ())} classes")
        embedder = find_embedder(self._options().embeddings) if "embedding" in self.space().families else None
        written = write_texts(
            data, self.spec, self.directory / "task", embedder=embedder, threads=_THREADS, progress=progress
        )
        progress(f"{written.plan.folds} folds, {written.problem.signature.shape[0]} words a text")

    def _part(self) -> Part:
        part = self.spec.search.space or Part(type=TextSpace.name)
        families = self.spec.search.families or part.options.get("families")
        if self._too_slow_to_embed and set(families or ()) != {"embedding"}:
            families = tuple(name for name in families or FAMILIES if name != "embedding")
        return (
            part if families is None else Part.model_validate({"type": part.type, **part.options, "families": families})
        )

    @property
    def _too_slow_to_embed(self) -> bool:
        """Whether the texts have been prepared, and their embeddings were not ready in time."""
        folder = self.directory / "task"
        return (folder / "text.json").exists() and not (folder / EMBEDDED).exists()

    def _options(self) -> TextOptions:
        return TextOptions.model_validate(self._part().options)

    @override
    def space(self) -> TextSpace:
        part = self._part()
        search = self.spec.search.model_copy(update={"space": part})
        spec = self.spec.model_copy(update={"search": search})
        space = space_of(spec, Signature("sequence"), default=part)
        if not isinstance(space, TextSpace):
            raise SpecError(
                f"the candidates of the space {part.type!r} are neither families of text classifiers nor networks",
                where="search.space.type",
                hint="derive it from TextSpace or NeuralSpace, or bring a LocalTask that trains them",
            )
        return space

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.ROWS, Trait.FOLDS, Trait.CURVE})

    @override
    def trainer(self, number: int, resources: Resources) -> Trainer:
        from cloudautoml_local.tasks.text.trainer import TextTrainer

        return TextTrainer(self.trial_dir(number), self.directory / "task", resources, self.space())

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from cloudautoml_local.tasks.text.finish import Finisher

        with threadpool_limits(threads):
            return Finisher(self.spec, self.directory, seconds=seconds, progress=progress).run(trials)

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.tabular.rows import trial_candidate

        return [trial_candidate(trial, self.spec, self.directory.name) for trial in trials if trial.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml_local.tasks.text.model import open_text_model

        return open_text_model(candidate, self.directory)
