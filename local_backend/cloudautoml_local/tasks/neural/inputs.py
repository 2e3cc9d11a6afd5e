"""Inputs: how examples in memory become what a model takes, in the graph of its steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cloudautoml.search import InputKind

_DTYPES: dict[str, Any] = {"image": np.uint8, "table": np.float32, "sequence": np.int32}
_SOME = 8


class Inputs:
    """Pixels become numbers between 0 and 1; a model that leaves out an axis of length 1 gets it left out.

    Args:
        model: A Keras model.
        kind: What an example is.
        shape: Its shape.

    Raises:
        ValueError: The model takes something else.
    """

    def __init__(self, model: Any, kind: InputKind, shape: tuple[int, ...]) -> None:
        import tensorflow as tf

        if not model.built:
            model.build((None, *shape))
        self.dtype, self.shape = _DTYPES[kind], shape
        self.spec = tf.TensorSpec([None, *shape], self.dtype)
        self._pixels = kind == "image"
        self._taken = taken_shape(model, shape)
        self._same = self._taken == shape

    def some(self) -> npt.NDArray[Any]:
        """A few examples, the same each time, to see what a model makes of them."""
        rng = np.random.default_rng(0)
        many = rng.random((_SOME, *self.shape)) * (255 if self._pixels else 1)  # as token ids, all of them 0
        return many.astype(self.dtype)

    def read(self, x: Any) -> Any:
        """What the model takes, of some examples."""
        import tensorflow as tf

        taken = tf.cast(x, tf.float32) * (1 / 255) if self._pixels else x
        return taken if self._same else tf.reshape(taken, [-1, *self._taken])


def taken_shape(model: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which a model takes examples of a shape.

    Raises:
        ValueError: It takes something else.
    """
    wanted = getattr(model, "input_shape", None)
    if not isinstance(wanted, tuple) or (
        len(wanted) == len(shape) + 1 and all(side in {None, own} for side, own in zip(wanted[1:], shape, strict=True))
    ):
        return shape
    if None not in wanted[1:] and math.prod(wanted[1:]) == math.prod(shape):
        return tuple(int(side) for side in wanted[1:])
    msg = f"the model takes examples of shape {wanted[1:]}, and these are of shape {shape}"
    raise ValueError(msg)
