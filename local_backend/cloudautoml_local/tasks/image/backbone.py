"""Backbone: a pretrained network from local files, whose features of an image are computed once and kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.errors import SpecError
from cloudautoml_local.spaces.pretrained import APPLICATIONS, PretrainedOptions, find_weights

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

BACKBONE_FILE = "backbone.keras"
_BATCH = 32


def open_backbone(options: PretrainedOptions) -> Any:
    """The backbone of a job: a Keras model of pixels from 0 to 255 that gives one row of features an image.

    Raises:
        SpecError: The weights cannot be read, or are of another network.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow tells at its import is no news of the job
    import keras

    path = find_weights(options)
    try:
        model = _read(path, options)
    except SpecError:
        raise
    except Exception as exc:  # files of others raise whatever the reading stumbles over
        raise SpecError(
            f"{path.name} cannot be read as a network: {type(exc).__name__}: {str(exc)[:300]}",
            where="search.space.weights",
            hint="is search.space.network what the weights are of, and without its last layer?",
        ) from exc
    model.trainable = False
    if len(model.output_shape) == 4:
        model = keras.Model(model.inputs, keras.layers.GlobalAveragePooling2D()(model.outputs[0]))
    if len(model.output_shape) != 2:
        raise SpecError(f"{path.name} gives {model.output_shape}, no row of features", where="search.space.weights")
    return model


def _read(path: Path, options: PretrainedOptions) -> Any:
    import keras

    from cloudautoml_local.spaces.hypermodel_builder import load_function
    from cloudautoml_local.tasks.neural.model import load_network

    if path.name.endswith(".keras"):
        return load_network(path)
    shape = (options.size, options.size, 3)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        import inspect

        function = load_function(str(options.network), where="search.space.network")
        asked = inspect.signature(function).parameters
        return function(arrays, **{k: v for k, v in {"size": options.size, "top": False}.items() if k in asked})
    inner = getattr(keras.applications, str(options.network))(
        include_top=False, weights=None, input_shape=shape, pooling="avg"
    )
    inner.load_weights(path)
    scaling = APPLICATIONS[str(options.network)]
    if scaling is None:
        return inner
    pixels = keras.Input(shape)
    return keras.Model(pixels, inner(keras.layers.Rescaling(scaling[0], scaling[1])(pixels)))


def features_of(model: Any, batches: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """Features of images: n x features.

    Args:
        model: As `open_backbone` gives it.
        batches: Pixels, a few hundred images at a time.
    """
    from cloudautoml_local.tasks.neural.session import keras_reads_arrays

    parts: list[npt.NDArray[np.float32]] = []
    with keras_reads_arrays():
        parts.extend(
            np.asarray(model.predict(pixels.astype(np.float32), batch_size=_BATCH, verbose=0)) for pixels in batches
        )
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), np.float32)
