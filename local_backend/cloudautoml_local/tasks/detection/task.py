"""Object detection on this machine: the space of detectors, trained in processes of Keras."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.data import PreparedBoxes
from cloudautoml.errors import DataError, SpecError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Part
from cloudautoml.store.files import atomic_path, read_json
from cloudautoml_local.parts import estimator_of, space_of
from cloudautoml_local.spaces.detector import DetectorSpace
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources
from cloudautoml_local.tasks.neural.task import KERAS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.data import Prepared
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, Trial
    from cloudautoml_local.tasks.detection.trainer import DetectionTrainer

DEFAULT_SPACE = Part(type="detector")
BACKBONE_FILE = "backbone.npz"
"""The weights of the backbone, beside the examples."""
_PROBLEM_FILE = "problem.json"
_LARGEST_SHARE = 0.45
_STARTING_SECONDS = 20.0  # to import Keras and to build the final models
_LEAST_SECONDS = 2.0


class DetectionTask(LocalTask):
    """Finds the boxes of objects by the detector that a search finds."""

    types: ClassVar[frozenset[str]] = frozenset({"object_detection"})

    @property
    def signature(self) -> Signature:
        """What goes into the networks and how many classes there are, as far as it is known."""
        path = self.directory / "task" / _PROBLEM_FILE
        if not path.exists():
            return Signature("scene")
        saved = read_json(path)
        return Signature("scene", (saved["side"], saved["side"], 3), len(saved["classes"]))

    @override
    def preloads(self) -> Sequence[Preload]:
        own = ("pycocotools.cocoeval", "cloudautoml_local.tasks.detection.trainer")
        return [replace(KERAS, modules=(*KERAS.modules, *own))]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return KERAS.name

    @override
    def space(self) -> DetectorSpace:
        space = space_of(self.spec, self.signature, default=DEFAULT_SPACE)
        if not isinstance(space, DetectorSpace):
            raise SpecError(f"the space {space.name!r} has no detectors", where="search.space.type")
        weights = space.options.weights
        kept = (self.directory / "task" / BACKBONE_FILE).exists()
        if weights is not None and not kept and not _path(weights).is_file():
            raise SpecError(
                f"there is no file {weights!r}",
                where="search.space.weights",
                hint="give the path of a file with the weights of EfficientNet-Lite0 (.npz), or leave it out to train "
                "from scratch; nothing is downloaded",
            )
        return space

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.EPOCHS, Trait.ROWS, Trait.CURVE})

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.networks.lite import read_backbone
        from cloudautoml_local.tasks.detection.data import write_scenes

        if not isinstance(data, PreparedBoxes):  # a spec of this task is prepared as boxes
            raise DataError("these are not images with boxes", where=str(self.directory / "data"))
        options = self.space().options
        folder = self.directory / "task"
        if options.weights is not None and not (folder / BACKBONE_FILE).exists():
            read_backbone(_path(options.weights))  # what is wrong with it is said now
            with atomic_path(folder / BACKBONE_FILE) as beside:
                shutil.copyfile(_path(options.weights), beside)
        count = f"{data.count('train'):,} images with {len(data.boxes):,} boxes of {len(data.classes)} classes"
        progress(f"preparing {count}")
        side = options.side or data.schema.side
        problem = write_scenes(data, self.spec, folder, side=-(-side // 32) * 32)
        progress(f"fitted into {problem.side} x {problem.side} pixels")

    @override
    def trainer(self, number: int, resources: Resources) -> DetectionTrainer:
        from cloudautoml_local.tasks.detection.trainer import DetectionTrainer

        space = self.space()
        space.limits = self.spec.search.constraints.limits()
        _, options = estimator_of(self.spec)
        resources = replace(resources, seconds=self._seconds(resources.seconds))
        return DetectionTrainer(
            self.trial_dir(number), self.directory / "task", resources, space, options, data_seed=self.spec.seed
        )

    def _seconds(self, given: float | None) -> float | None:
        """Seconds of a trial: of a job with little time none may take most of it."""
        budget = self.spec.budget
        if budget.max_time is None or budget.max_trials == 1:
            return given
        total = budget.max_time.total_seconds()
        most = max(_LEAST_SECONDS, _LARGEST_SHARE * max(total * _LARGEST_SHARE, total - _STARTING_SECONDS))
        return most if given is None else min(given, most)

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        from cloudautoml_local.tasks.detection.finish import finish

        resources = Resources(threads=threads, seed=self.spec.search_seed, seconds=seconds)
        return finish(self, trials, resources, progress=progress)

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.neural.rows import trial_candidate

        space = self.space().name
        return [trial_candidate(t, self.spec, space, self.directory.name) for t in trials if t.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml_local.tasks.detection.model import open_detector

        return open_detector(candidate, self.directory / "models" / candidate.model)


def _path(weights: str) -> Path:
    return Path(weights).expanduser()
