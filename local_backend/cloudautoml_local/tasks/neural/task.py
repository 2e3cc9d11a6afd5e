"""What all tasks share that networks learn: they are trained in epochs, on examples in files, in processes of Keras."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.search import Trait
from cloudautoml.store.files import read_json
from cloudautoml_local.parts import estimator_of, space_of
from cloudautoml_local.spaces.neural import NeuralSpace
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, SearchSpace, Signature, Trial
    from cloudautoml.spec import Part
    from cloudautoml_local.tasks.neural.problem import Floats, Problem
    from cloudautoml_local.tasks.neural.trainer import NeuralTrainer

KERAS = Preload(
    "keras",
    (
        "keras",
        "tensorflow",
        "scipy.special",
        "cloudautoml_local.networks.build",
        "cloudautoml_local.networks.morph",
        "cloudautoml_local.tasks.neural.trainer",
    ),
    {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
)

_STARTING_SECONDS = 15.0  # to import Keras and to build the final models
_LARGEST_SHARE = 0.3
_LEAST_SECONDS = 2.0


class NeuralTask(LocalTask):
    """Trains networks of a space; a subclass brings the data.

    `prepare` of a subclass writes, into `task/`, the examples of the parts `train` and `valid`, and `holdout` where
    rows are sealed, and at last the `Problem`.
    """

    accelerated: ClassVar[bool] = True
    default_space: ClassVar[Part]
    """The space of a spec that names none."""
    model_kind: ClassVar[str]
    """How rows become inputs of its models: a key of `kinds.MODELS`."""

    @property
    @abstractmethod
    def expected(self) -> Signature:
        """What is known of the signature before the data is read."""

    @property
    def signature(self) -> Signature:
        """What goes into the networks and what comes out, as far as it is known."""
        from cloudautoml_local.tasks.neural.problem import SIGNATURE_FILE, signature_from

        path = self.directory / "task" / SIGNATURE_FILE
        return signature_from(read_json(path)) if path.exists() else self.expected

    @override
    def preloads(self) -> Sequence[Preload]:
        space = self.space()
        more = space.modules if isinstance(space, NeuralSpace) else ()
        return [replace(KERAS, modules=(*KERAS.modules, *more))]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return KERAS.name

    @override
    def space(self) -> SearchSpace:
        return space_of(self.spec, self.signature, default=self.default_space)

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset({Trait.EPOCHS, Trait.ROWS, Trait.CURVE}) | self.space().traits

    @override
    def trainer(self, number: int, resources: Resources) -> NeuralTrainer:
        from cloudautoml_local.tasks.neural.trainer import NeuralTrainer

        space = self.space()
        assert isinstance(space, NeuralSpace), f"{space.name} has no networks"
        space.limits = self.spec.search.constraints.limits()
        _, options = estimator_of(self.spec)
        resources = replace(resources, seconds=self._seconds(resources.seconds))
        return NeuralTrainer(
            self.trial_dir(number),
            self.directory / "task",
            resources,
            space,
            options,
            data_seed=self.spec.seed,
            measured_costs=frozenset(self.spec.minimize),
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
        from cloudautoml_local.tasks.neural.closing import Closing
        from cloudautoml_local.tasks.neural.finish import finish

        resources = Resources(threads=threads, seed=self.spec.search_seed, seconds=seconds)
        return finish(trials, Closing(self, resources, progress=progress))

    def mistakes(
        self,
        part: str,  # noqa: ARG002 - for subclasses, as the others are
        target: npt.NDArray[Any],  # noqa: ARG002
        found: Floats,  # noqa: ARG002
        problem: Problem,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Examples that the best model gets wrong, worst first, as the report's `errors` wants them.

        Args:
            part: `valid` or `holdout`.
            target: Its n codes, or n x k zeros and ones.
            found: n x k probabilities.
            problem: What was to be learned.

        Returns:
            Nothing, unless a subclass can show its examples.
        """
        return []

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        from cloudautoml_local.tasks.neural.rows import trial_candidate

        space = self.space().name
        return [trial_candidate(t, self.spec, space, self.directory.name) for t in trials if t.state.is_finished]

    @override
    def model(self, candidate: Candidate) -> Model:
        from cloudautoml_local.tasks.neural.kinds import open_model

        return open_model(candidate, root=self.directory, shared=self.directory / "task", place=candidate.model)
