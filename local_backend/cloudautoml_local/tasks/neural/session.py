"""Session: TensorFlow as a trial is to use it: so many threads, one seed, the same result each time."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from cloudautoml_local.tasks.base import Resources

_NATIVE_BFLOAT16 = (8, 0)
"""The first compute capability of GPUs that multiply in bfloat16."""


def begin_session(resources: Resources) -> None:
    """Set TensorFlow up; to be called before anything runs, and once more before each candidate.

    Args:
        resources: Threads and seed; threads are as they are where TensorFlow has run already.
    """
    import keras
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # it has run already in this process
        tf.config.threading.set_intra_op_parallelism_threads(resources.threads)
        tf.config.threading.set_inter_op_parallelism_threads(min(2, resources.threads))
        for device in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(device, enable=True)  # trials share it
    tf.config.experimental.enable_op_determinism()
    keras.utils.clear_session(free_memory=False)  # layers are counted from 1 again
    keras.utils.set_random_seed(resources.seed % 2**32)


@contextlib.contextmanager
def arithmetic(resources: Resources) -> Generator[None]:
    """Layers that are made inside compute as the resources say; their weights are float32 in any case."""
    import keras

    policy = resources.precision
    if policy == "auto":
        policy = "mixed_bfloat16" if _has_native_bfloat16() else "float32"
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _has_native_bfloat16() -> bool:
    import tensorflow as tf

    found = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return bool(found) and all(gpu.get("compute_capability", (0, 0)) >= _NATIVE_BFLOAT16 for gpu in found)


def in_full_precision(model: Any) -> None:
    """Let a model's layers compute in float32, as whoever loads it expects who may have no GPU."""
    for layer in [model, *model._flatten_layers(include_self=False)]:  # noqa: SLF001 - there is no public way down
        if layer.compute_dtype == "bfloat16":
            layer.dtype_policy = "float32"


@contextlib.contextmanager
def keras_reads_arrays() -> Generator[None]:
    """Silence what numpy says of the way in which Keras turns its variables into arrays; nobody here can change it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning)
        yield
