"""Weights on disk: arrays by the names of their layers and variables, and nothing that is executed when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.store.files import atomic_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Weights = dict[str, npt.NDArray[Any]]

WEIGHTS_FILE = "weights.npz"


def names_of(model: Any) -> list[str]:
    """A name for each weight of a Keras model, in its order: the layer's, a slash and the variable's path in it."""
    names: list[str] = []
    for variable in model.weights:
        path = str(variable.path)
        names.append(path if path not in names else f"{path}#{len(names)}")
    return names


def weights_of(model: Any) -> Weights:
    """The weights of a Keras model by name."""
    # by TensorFlow's own way: Keras's goes through a protocol that numpy 2 warns of
    values = (np.array(variable.value.numpy()) for variable in model.weights)
    return dict(zip(names_of(model), values, strict=True))


def write_weights(path: Path, weights: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write weights, in their order.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    with atomic_path(path) as beside, beside.open("wb") as file:
        np.savez(file, allow_pickle=False, **weights)


def read_weights(path: Path) -> Weights | None:
    """Read what `write_weights` wrote; None where it is not there or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError):
        return None


def fitting(weights: Weights, wanted: Mapping[str, npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]] | None:
    """Weights in the order of another model of the same candidate; None where their shapes differ.

    By name, or by order where a library has counted its layers on.
    """
    if weights.keys() == wanted.keys():
        weights = {name: weights[name] for name in wanted}
    shapes = [value.shape for value in wanted.values()]
    return list(weights.values()) if [value.shape for value in weights.values()] == shapes else None
