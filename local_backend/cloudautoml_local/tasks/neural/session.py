"""Session: TensorFlow as a trial is to use it: so many threads, one seed, the same result each time."""

from __future__ import annotations

import contextlib
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from cloudautoml_local.tasks.base import Resources


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
def keras_reads_arrays() -> Generator[None]:
    """Silence what numpy says of the way in which Keras turns its variables into arrays; nobody here can change it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning)
        yield
