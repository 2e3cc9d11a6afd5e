"""Parents: what a network takes over from an earlier trial, and how much of its training is left then."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.errors import StorageError
from cloudautoml.search import Architecture, Fidelity
from cloudautoml.store.files import read_json
from cloudautoml_local.spaces.neural import NetworkSpace
from cloudautoml_local.tasks.neural.fidelity import signature_at
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE, Weights, fitting, read_weights, weights_of
from cloudautoml_local.tasks.neural.plan import epochs_left

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.search import Signature
    from cloudautoml_local.spaces.neural import NeuralSpace


Look = tuple[Architecture, Fidelity]
"""A candidate, and what was or is to be cut of it."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a training begins.

    Attributes:
        epochs: Epochs that are left of it.
        before: Epochs that count as trained already.
        details: What was taken over, for the measurement.
    """

    epochs: int
    before: int = 0
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=lambda: MappingProxyType({}))


def start_from(
    place: Path,
    model: Any,
    wanted: Look,
    *,
    space: NeuralSpace,
    signature: Signature,
    epochs: int,
    seed: int,
) -> Start:
    """Give a model the weights of an earlier trial, as far as they fit.

    The same candidate is continued: what it has been trained already is not trained again. Another one is a parent:
    its weights are carried over so that the child computes what the parent does, and the training is a whole one. A
    trial that left nothing leaves the model as it is.

    Args:
        place: Folder of the earlier trial.
        model: The model, just built.
        wanted: Its candidate, and what is cut of it.
        space: The space of both.
        signature: What the networks of the job take and give.
        epochs: Epochs of a whole training at that fidelity.
        seed: Seed of what is drawn in carrying over.
    """
    weights = read_weights(place / WEIGHTS_FILE)
    if weights is None:
        return Start(epochs)
    try:
        left = read_json(place / "trial.json")
        earlier = Architecture(tuple((str(name), option) for name, option in left["architecture"]))
        done = Fidelity.of(**left["fidelity"])
    except (StorageError, KeyError, TypeError, ValueError):
        return Start(epochs)
    number = int(place.name) if place.name.isdigit() else -1
    architecture, fidelity = wanted
    if space.canonical(earlier) == space.canonical(architecture):
        arrays = fitting(weights, weights_of(model))
        if arrays is not None:
            _assign(model, arrays)
            remaining = epochs_left(epochs, done, fidelity)
            before = epochs - remaining
            return Start(remaining, before, {"continued": number, "epochs_before": before})
    share = _carry_over(model, weights, (earlier, done), wanted, space=space, signature=signature, seed=seed)
    return Start(epochs) if share is None else Start(epochs, 0, {"inherited": number, "inherited_share": share})


def _carry_over(
    model: Any,
    weights: Weights,
    parent: Look,
    child: Look,
    *,
    space: NeuralSpace,
    signature: Signature,
    seed: int,
) -> float | None:
    """The share of a child's weights that come from its parent; None where the space knows no layers."""
    if not isinstance(space, NetworkSpace):
        return None
    from cloudautoml_local.networks.morph import inherit

    first, second = (
        space.network(
            architecture,
            signature_at(signature, fidelity),
            width=fidelity.share("width"),
            cells=fidelity.share("cells"),
        )
        for architecture, fidelity in (parent, child)
    )
    fresh = weights_of(model)
    carried, report = inherit(
        first, weights, second, fresh, signature_at(signature, child[1]), rng=np.random.default_rng(seed)
    )
    _assign(model, [carried[name] for name in fresh])
    return float(report.share)


def _assign(model: Any, arrays: Any) -> None:
    for variable, array in zip(model.weights, arrays, strict=True):
        variable.assign(array)
