"""The space of a KerasTuner hypermodel: any `build_model(hp)` or `HyperModel`, as it is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, SpaceOptions, TrialFailedError
from cloudautoml_local.spaces.hypermodel_builder import find_builder, load_builder
from cloudautoml_local.spaces.neural import NeuralSpace, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import Decision, InputKind, Option, Signature
    from cloudautoml_local.spaces.hypermodel_builder import Builder
    from cloudautoml_local.spaces.hypermodel_runs import Structure

_COMBINATIONS = 300
_RANDOM_WALKS = 100


class HypermodelOptions(SpaceOptions):
    """Options of a hypermodel."""

    builder: Annotated[str, Field(min_length=1)]
    """The user's function of `hp`, or `HyperModel`: `my_models:build_model` or `path/to/my_models.py:build_model`."""
    batch_size: Annotated[int, Field(ge=1)] = 32
    """Examples a step, of models that the builder has compiled; Keras' own default."""


class HypermodelSpace(NeuralSpace):
    """Whatever a KerasTuner model builder can build, the builder as it is.

    The builder is run to learn what it asks for; `Int`, `Float`, `Choice`, `Boolean`, `Fixed`, scopes, and plain
    `if` and `for` around them work as they do in KerasTuner. A range without steps is searched at 16 values. The
    model is trained as the builder compiled it, with the batch size of the options; one that is not compiled is
    trained by the usual recipe. A builder that trains its models itself (`HyperModel.fit`) is refused.
    """

    name: ClassVar[str] = "hypermodel"
    paper: ClassVar[str] = "O'Malley et al., 2019, https://github.com/keras-team/keras-tuner"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"image", "table", "sequence"})
    options_type: ClassVar[type[SpaceOptions]] = HypermodelOptions
    modules: ClassVar[tuple[str, ...]] = ("keras_tuner",)

    def __init__(self, signature: Signature, options: SpaceOptions) -> None:
        super().__init__(signature, options)
        assert isinstance(options, HypermodelOptions)
        find_builder(options.builder)
        self.batch_size = options.batch_size
        self._compiled: dict[Architecture, bool] = {}

    @cached_property
    def _builder(self) -> Builder:
        assert isinstance(self.options, HypermodelOptions)
        return load_builder(self.options.builder)

    @cached_property
    def _structure(self) -> Structure:
        from cloudautoml_local.spaces.hypermodel_runs import Structure

        structure = Structure(self._builder)
        errors = [run.error for run in structure.runs]
        if all(errors):
            assert isinstance(self.options, HypermodelOptions)
            raise SpecError(
                f"{self.options.builder} builds no model: {type(errors[0]).__name__}: {errors[0]}",
                where="search.space.builder",
            ) from errors[0]
        return structure

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        asked = self._structure.next(prefix)
        return None if asked is None else asked.decision

    @override
    def defaults(self) -> Sequence[Architecture]:
        made: dict[str, Option] = {}
        given = False
        while (asked := self._structure.next(made)) is not None:
            made[asked.decision.name] = asked.default
            given = given or asked.given
        return (Architecture(tuple(made.items())),) if given else ()  # a default nobody chose recommends nothing

    @cached_property
    @override
    def decisions(self) -> tuple[Decision, ...]:
        import random

        found = {repr(asked.decision): asked.decision for asked in self._structure.walk(_COMBINATIONS)}
        rng = random.Random(0)  # noqa: S311 - the same walks in every process
        for _ in range(_RANDOM_WALKS):
            found.update((repr(decision), decision) for decision, _ in self.path(self.sample(rng)))
        return tuple(found.values())

    @override
    def size(self) -> None:
        """Only running the builder would tell."""

    @override
    def build(self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0) -> Any:
        """The user's model; a hyperparameter that the candidate does not know takes its default.

        Raises:
            TrialFailedError: The builder fails on this candidate, or returns no Keras model.
        """
        import keras
        from keras_tuner import HyperParameters

        values = HyperParameters()
        values.values = architecture.as_dict()
        try:
            model = self._builder(values)
        except Exception as exc:  # whatever the user's function raises
            raise TrialFailedError("error", f"the builder raised {type(exc).__name__}: {exc}") from exc
        if not isinstance(model, keras.Model):
            raise TrialFailedError("error", f"the builder returned a {type(model).__name__}, not a Keras model")
        self._compiled[architecture] = bool(model.compiled)
        return model

    @override
    def recipe(self, architecture: Architecture) -> Recipe | None:
        if architecture not in self._compiled:
            self.build(architecture, self.signature)
        return None if self._compiled[architecture] else Recipe(batch_size=self.batch_size)
