"""Zero cost: a score of the untrained candidate decides whether it is worth training."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Measurement, Trait, TrialFailedError, TrialSkippedError
from cloudautoml_local.estimators.history import trained
from cloudautoml_local.estimators.wrapping import Wrapper, WrapperOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import EstimatorOptions, Proposal, Trainer, Trial

_SAMPLE = 64
"""Candidates drawn to learn how a proxy that costs nothing is spread over a space."""
_STARTUP = 10
"""Candidates whose proxies must be known before one is skipped for a proxy that takes a model."""
_TRIES = 1000


class ZeroCostOptions(WrapperOptions):
    """Options of the zero-cost filter."""

    proxy: Literal["parameters", "flops", "synflow", "naswot"] = "parameters"
    """What is higher for candidates that are worth training."""
    keep: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the candidates that is worth training."""
    train: bool = True
    """Whether what passes is trained; if not, nothing is skipped, and the proxy itself is the score."""


class ZeroCost(Wrapper):
    """Skips the candidates that an untrained score puts below the best share, and trains the others.

    `parameters` and `flops` need no model: what a candidate is compared with are candidates drawn from the space, the
    same ones in every trial, so that the threshold stands from the beginning. For `synflow` and `naswot` it is compared
    with those seen so far, and the first ten are all trained. What was trained once is not skipped at another fidelity.
    """

    name: ClassVar[str] = "zero_cost"
    paper: ClassVar[str] = "Abdelfattah et al. 2021, Zero-Cost Proxies for Lightweight NAS, arXiv:2101.08134"
    options_type: ClassVar[type[EstimatorOptions]] = ZeroCostOptions

    @property
    def _options(self) -> ZeroCostOptions:
        assert isinstance(self.options, ZeroCostOptions)
        return self.options

    @property
    @override
    def own_needs(self) -> frozenset[Trait]:
        return frozenset({Trait.PROXIES})

    @override
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        name = self._options.proxy
        costs = trainer.space.costs(proposal.architecture)
        known = costs if name in costs else trainer.proxies(proposal.architecture)
        if name not in known:
            raise TrialFailedError("error", f"candidates of the space {trainer.space.name} have no {name}")
        value = float(known[name])
        if not self._options.train:
            return Measurement(value, costs=costs, predicted=True, details={name: value})
        others = self._drawn(trainer) if name in costs else self._seen(history)
        threshold = _quantile(others, 1 - self._options.keep) if others else value
        promoted = any(trial.architecture == proposal.architecture for trial, _ in trained(history))
        if value < threshold and not promoted:
            raise TrialSkippedError(
                f"{name} {value!r} is below {threshold:.6g}, where the best {self._options.keep:.0%} begin"
            )
        measured = self.base.estimate(proposal, trainer, history)
        return replace(measured, details={**measured.details, name: value})

    def _drawn(self, trainer: Trainer) -> list[float]:
        """The proxy of candidates drawn from the space, of those that no constraint forbids."""
        rng = random.Random(0)  # noqa: S311 - the same candidates in every trial
        space = trainer.space
        drawn: list[float] = []
        for _ in range(_TRIES):
            architecture = space.sample(rng)
            if space.refusal(architecture) is None:
                drawn.append(float(space.costs(architecture)[self._options.proxy]))
            if len(drawn) == _SAMPLE:
                break
        return drawn

    def _seen(self, history: Sequence[Trial]) -> list[float]:
        """The proxies so far: in the details of the trials that were trained, in the reasons of the others."""
        name = self._options.proxy
        said = re.compile(rf"{name} (\S+) is below ")
        seen: dict[str, float] = {}
        for trial in history:
            if trial.measurement is not None:
                value = trial.measurement.details.get(name)
            else:
                found = said.search(trial.error or "")
                value = float(found[1]) if found else None
            if isinstance(value, (int, float)):
                seen[trial.architecture.key] = float(value)
        return list(seen.values()) if len(seen) >= _STARTUP else []


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
