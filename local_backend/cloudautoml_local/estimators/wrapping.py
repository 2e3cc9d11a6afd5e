"""Wrapping: estimators that leave the training to another one, and trainers that hand on to another."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator
from typing_extensions import override

from cloudautoml.search import EstimatorOptions, PerformanceEstimator, Trainer
from cloudautoml.spec.search import Part
from cloudautoml_local.estimators.full_training import FullTraining

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, Fidelity, Measurement, SearchSpace, Trait


def _said_once(base: Part) -> Part:
    if both := sorted({"epochs", "patience"} & set(base.options)):
        msg = f"{' and '.join(both)} of the whole training are said beside the outermost estimator, not in its base"
        raise ValueError(msg)
    return base


class WrapperOptions(EstimatorOptions):
    """Options of an estimator that leaves the training to another one."""

    base: Annotated[Part, AfterValidator(_said_once)] = Part(type=FullTraining.name)
    """The estimator that does the training, written as an estimator is, with its own options."""


class Wrapper(PerformanceEstimator):
    """An estimator that leaves the training to another one."""

    @cached_property
    def base(self) -> PerformanceEstimator:
        """The estimator that does the training.

        Raises:
            UnknownNameError: There is none of that name.
            SpecError: One of its options is unknown or out of range.
        """
        assert isinstance(self.options, WrapperOptions)
        part = self.options.base
        if part == Part(type=FullTraining.name):
            return FullTraining()
        # not at the top: finding estimators by name reads the metadata of every installed package
        from cloudautoml import registry
        from cloudautoml_local.parts import check_options

        where = "search.estimator.base"
        estimator = registry.estimator_type(part.type, where=where)
        return estimator(check_options(part, estimator.options_type, where=where))

    @property
    @abstractmethod
    def own_needs(self) -> frozenset[Trait]:
        """What it relies on itself."""

    @property
    @override
    def needs(self) -> frozenset[Trait]:
        return self.own_needs | self.base.needs


class HandingOn(Trainer):
    """A trainer that hands on to another.

    Args:
        trainer: The other one.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    @property
    @override
    def directory(self) -> Path:
        return self._trainer.directory

    @property
    @override
    def space(self) -> SearchSpace:
        return self._trainer.space

    @override
    def curve_length(self, fidelity: Fidelity) -> int:
        return self._trainer.curve_length(fidelity)

    @override
    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        return self._trainer.proxies(architecture)

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        return self._trainer.train(architecture, fidelity=fidelity, parent=parent, on_step=on_step)
