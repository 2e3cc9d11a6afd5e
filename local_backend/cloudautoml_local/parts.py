"""The parts that a spec names: its task's class, its strategy and its estimator, with checked options."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from cloudautoml import registry
from cloudautoml.errors import ConfigError, SpecError, UnknownNameError
from cloudautoml.search import Trait
from cloudautoml.spec.search import Part

if TYPE_CHECKING:
    from cloudautoml.search import (
        EstimatorOptions,
        PerformanceEstimator,
        SearchSpace,
        SearchStrategy,
        Signature,
        StrategyOptions,
    )
    from cloudautoml.spec import JobSpec
    from cloudautoml.spec.base import SpecModel
    from cloudautoml_local.tasks.base import LocalTask

OptionsT = TypeVar("OptionsT", bound="SpecModel")

TASKS = {
    "forecasting": "cloudautoml_local.tasks.forecasting:ForecastingTask",
    "tabular_classification": "cloudautoml_local.tasks.tabular:TabularTask",
    "tabular_regression": "cloudautoml_local.tasks.tabular:TabularTask",
    "image_classification": "cloudautoml_local.tasks.image:ImageTask",
    "named_entity_recognition": "cloudautoml_local.tasks.entities:EntityTask",
    "object_detection": "cloudautoml_local.tasks.detection:DetectionTask",
    "text_classification": "cloudautoml_local.tasks.text:TextTask",
}
"""Where the class of each kind of task is."""

NETWORKS_ON_TABLES = "cloudautoml_local.tasks.neural.table:NeuralTableTask"
"""Serves a tabular task whose spec names a space of networks."""

NETWORKS_ON_TEXTS = "cloudautoml_local.tasks.text.neural_task:NeuralTextTask"
"""Serves a text classification whose spec names a space of networks."""

PRETRAINED_ON_IMAGES = "cloudautoml_local.tasks.image.pretrained:PretrainedImageTask"
"""Serves image classification where the spec names a pretrained network."""

DEFAULT_STRATEGY = Part(type="bayesian")
DEFAULT_STRATEGY_FOR_FRONTS = Part(type="evolution")
DEFAULT_ESTIMATOR = Part(type="full_training")


def strategy_of(spec: JobSpec) -> tuple[type[SearchStrategy], StrategyOptions]:
    """The strategy of a spec with its options.

    Raises:
        UnknownNameError: There is none of that name.
        SpecError: An option is unknown or out of range.
    """
    part = spec.search.strategy or (DEFAULT_STRATEGY_FOR_FRONTS if spec.minimize else DEFAULT_STRATEGY)
    strategy = registry.strategy_type(part.type, where="search.strategy")
    return strategy, check_options(part, strategy.options_type, where="search.strategy")


def estimator_of(spec: JobSpec) -> tuple[type[PerformanceEstimator], EstimatorOptions]:
    """The estimator of a spec with its options.

    Raises:
        UnknownNameError: There is none of that name.
        SpecError: An option is unknown or out of range.
    """
    part = spec.search.estimator or DEFAULT_ESTIMATOR
    estimator = registry.estimator_type(part.type, where="search.estimator")
    return estimator, check_options(part, estimator.options_type, where="search.estimator")


def space_of(spec: JobSpec, signature: Signature, *, default: Part) -> SearchSpace:
    """The space of a job.

    Args:
        spec: The job.
        signature: What its models take and give, as far as it is known.
        default: The space of a spec that names none.

    Raises:
        UnknownNameError: There is none of that name.
        SpecError: It does not fit the task, or an option is unknown or out of range.
    """
    part = spec.search.space or default
    space = registry.space_type(part.type, where="search.space")
    if signature.kind not in space.inputs:
        fitting = [name for name in registry.names("spaces") if signature.kind in registry.space_type(name).inputs]
        raise SpecError(
            f"the space {part.type!r} is for {' and '.join(sorted(space.inputs)) or 'nothing'}, "
            f"and a {spec.task.type} job learns from a {signature.kind}",
            where="search.space.type",
            hint=f"spaces that fit: {', '.join(fitting)}",
        )
    return space.create(signature, check_options(part, space.options_type, where="search.space"))


def combination_of(task: LocalTask) -> tuple[SearchSpace, SearchStrategy, PerformanceEstimator]:
    """The space, the strategy and the estimator of a task's spec, made to work together.

    Raises:
        UnknownNameError: There is none of a name.
        SpecError: An option is wrong, or one part needs what the others do not offer.
    """
    spec = task.spec
    space = task.space()
    space.limits = spec.search.constraints.limits()
    strategy_class, strategy_options = strategy_of(spec)
    estimator_class, estimator_options = estimator_of(spec)
    strategy = strategy_class(space, seed=spec.search_seed, options=strategy_options)
    estimator = estimator_class(estimator_options)
    check_combination(task, strategy, estimator)
    return space, strategy, estimator


def check_combination(task: LocalTask, strategy: SearchStrategy, estimator: PerformanceEstimator) -> None:
    """Refuse parts that do not go together.

    Raises:
        SpecError: One of them needs what the others do not offer.
    """
    spec = task.spec
    offered = task.traits | strategy.gives
    for part, needs, where in (
        (f"the strategy {strategy.name!r}", strategy.needs, "search.strategy"),
        (f"the estimator {estimator.name!r}", estimator.needs, "search.estimator"),
    ):
        if lacking := needs - offered:
            raise SpecError(f"{part} needs {_who_lacks(lacking, spec, strategy)}", where=where)
    if (estimator.options.epochs or estimator.options.patience) and Trait.EPOCHS not in offered:
        raise SpecError(f"a {spec.task.type} job here does not train in epochs", where="search.estimator")
    if spec.search.constraints.limits() and Trait.EPOCHS not in offered:
        raise SpecError(
            f"what a candidate of a {spec.task.type} job in this space takes is not known before it is trained",
            where="search.constraints",
            hint="weigh it afterwards (objective.minimize), or search a space of networks",
        )
    if (minimize := spec.minimize) and not strategy.multi_objective:
        names = [n for n in registry.names("strategies") if registry.strategy_type(n).multi_objective]
        raise SpecError(
            f"the strategy {strategy.name!r} looks for one best score, and cannot weigh it against {minimize[0]}",
            where="search.strategy",
            hint=f"strategies that can: {', '.join(names)}",
        )


def _who_lacks(lacking: frozenset[Trait], spec: JobSpec, strategy: SearchStrategy) -> str:
    """What is not there, and whose fault that is."""
    space = f"the space {spec.search.space.type!r}" if spec.search.space else "its usual space"
    clauses: list[str] = []
    if Trait.PARENTS in lacking:
        givers = "evolution or local_search"
        clauses.append(f"{Trait.PARENTS.meaning}, such as {givers}, and {strategy.name!r} is none")
    if of_task := sorted(lacking - {Trait.PARENTS}):
        what = " and ".join(trait.meaning for trait in of_task)
        clauses.append(f"{what}, which a {spec.task.type} job in {space} does not offer")
    return "; and ".join(clauses)


def check_options(part: Part, options: type[OptionsT], *, where: str) -> OptionsT:
    """Read a part's options.

    Args:
        part: The part.
        options: Model of its options.
        where: Path of the part in the spec, for the error.

    Raises:
        SpecError: One is unknown or out of range; all that is wrong is in the message.
    """
    try:
        return options.model_validate(part.options)
    except ValidationError as exc:
        wrong = exc.errors()
        field = ".".join(map(str, wrong[0]["loc"]))
        unknown = [str(error["loc"][-1]) for error in wrong if error["type"] == "extra_forbidden"]
        known = list(options.model_fields)
        hint = f"options of {part.type}: {', '.join(known) or 'none'}"
        if unknown:
            guess = UnknownNameError("option", unknown[0], known).hint or ""
            hint = guess.replace("known:", f"options of {part.type}:")
        lines = [
            f"unknown option {error['loc'][-1]!r} of {part.type!r}"
            if error["type"] == "extra_forbidden"
            else f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
            for error in wrong
        ]
        raise SpecError("; ".join(lines), where=f"{where}.{field}", hint=hint) from exc


def import_path(kind: type) -> str:
    """Where a class is, as `load_path` reads it."""
    return f"{kind.__module__}:{kind.__qualname__}"


def load_path(path: str) -> Any:
    """What `package.module:name` names.

    Raises:
        ConfigError: There is no such module or name.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as exc:
        raise ConfigError(f"{path!r} names nothing that can be imported: {exc}") from exc


def task_path(spec: JobSpec, own: str | None) -> str:
    """Where the class is that serves a spec's task.

    Args:
        spec: The job.
        own: The class that the user has given, if any.
    """
    if own is not None:
        return own
    if spec.task.type == "image_classification" and spec.search.space and spec.search.space.type == "pretrained":
        return PRETRAINED_ON_IMAGES
    networks = {
        "tabular_classification": NETWORKS_ON_TABLES,
        "tabular_regression": NETWORKS_ON_TABLES,
        "text_classification": NETWORKS_ON_TEXTS,
    }.get(spec.task.type)
    if networks is not None and spec.search.space is not None:
        from cloudautoml_local.spaces.neural import NeuralSpace

        if issubclass(registry.space_type(spec.search.space.type, where="search.space"), NeuralSpace):
            return networks
    return TASKS[spec.task.type]


def task_type(path: str) -> type[LocalTask]:
    """The class at a path.

    Raises:
        ConfigError: It is not a `LocalTask`.
        MissingExtraError: A library that it needs is not installed.
    """
    from cloudautoml.errors import MissingExtraError
    from cloudautoml_local.tasks.base import LocalTask

    try:
        found = load_path(path)
    except ConfigError as exc:
        cause = exc.__cause__
        if isinstance(cause, ModuleNotFoundError) and path in TASKS.values() and cause.name:
            raise MissingExtraError("local", cause.name.partition(".")[0]) from exc
        raise
    if not (isinstance(found, type) and issubclass(found, LocalTask)):
        raise ConfigError(f"{path!r} is not a LocalTask")
    return found
