"""Training loop of the tabular network: one traced graph an epoch, reused for every fold of a trial."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml_local.tasks.tabular.families.base import Deadline, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml_local.tasks.tabular.families.base import Matrix, Params, Problem

_EPOCHS = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
_PATIENCE = 12
_EMBEDDED_COLUMNS = 200
_loops: dict[object, _Loop] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows for the network.

    Attributes:
        x: n x d, each column about 0 with spread 1.
        y: n class codes, or n numbers about 0 with spread 1.
        weight: n weights about 1.
    """

    x: Matrix
    y: Matrix
    weight: Matrix


def forward(weights: Sequence[Matrix], x: Matrix) -> Matrix:
    """The outputs of a network before any activation, by numpy alone: n x outputs."""
    rest = list(weights)
    hidden = x
    if rest[0].shape == rest[1].shape:  # only the embedding has a bias for each weight
        kernel, bias = rest[0], rest[1]
        hidden = np.hstack([x, _silu(x[:, :, None] * kernel + bias).reshape(len(x), -1)])
        rest = rest[2:]
    for i in range(0, len(rest) - 2, 2):
        after = _silu(hidden @ rest[i] + rest[i + 1])
        hidden = hidden + after if i else after
    return np.asarray(hidden @ rest[-2] + rest[-1], np.float32)


def train_network(
    params: Params,
    train: Sample,
    valid: Sample | None,
    problem: Problem,
    *,
    deadline: Deadline,
    epochs: int | None,
) -> tuple[tuple[Matrix, ...], int]:
    """Train one network.

    Args:
        params: Of the family `mlp`.
        train: Rows to learn from.
        valid: Rows to stop early on; None to train `epochs` epochs.
        problem: What is to be learned.
        deadline: When to stop; the learning rate is planned to reach its end by then.
        epochs: Epochs to train; None for as many as fit.

    Returns:
        The weights, as `forward` takes them, and the epochs they took.
    """
    batch = int(np.clip(2 ** round(math.log2(max(1, len(train.x)) / 16)), 32, 512))
    batch = min(batch, len(train.x))
    seconds = deadline.left
    key = (train.x.shape[1], tuple(params.items()), problem.kind, problem.classes, problem.loss, batch)
    if key not in _loops:
        _loops.clear()
        _settle(problem)
        _loops[key] = _Loop(params, problem, train.x.shape[1], batch)
        _loops[key].epoch(train, np.arange(batch), 0.0)
        # building the graph happens once for all folds, so it is not taken from this one's time
        deadline = Deadline(seconds)
    loop = _loops[key]
    loop.restart(problem.seed)
    planned = epochs or _EPOCHS[0]
    rng = np.random.default_rng(problem.seed)
    rate = float(params["learning_rate"] or 1e-3)
    patience, best, began = Patience(_PATIENCE, 0.0), loop.weights(), time.monotonic()
    epoch = 0
    while epoch < planned:
        loop.epoch(
            train, rng.permutation(len(train.x)), rate * (0.02 + 0.49 * (1 + math.cos(math.pi * epoch / planned)))
        )
        epoch += 1
        if epoch == 2 and epochs is None:
            each = max(1e-4, (time.monotonic() - began) / epoch)
            # from a coarse list, so that small differences in speed change nothing
            planned = max(epoch + 1, next((n for n in _EPOCHS if n * each <= deadline.left + epoch * each), 1))
        if valid is not None:
            stop = patience.over(epoch, _loss(forward(loop.weights(), valid.x), valid, problem))
            if patience.best_round == epoch:
                best = loop.weights()
            if stop:
                break
        if deadline.passed:
            break
    return (best, patience.best_round) if valid is not None and patience.best_round else (loop.weights(), epoch)


def _silu(x: Matrix) -> Matrix:
    return np.asarray(x / (1.0 + np.exp(-np.clip(x, -60.0, None))), np.float32)


def _loss(found: Matrix, rows: Sample, problem: Problem) -> float:
    if problem.kind == "binary":
        losses = np.logaddexp(0.0, np.where(rows.y > 0.5, -1.0, 1.0) * found[:, 0])
    elif problem.kind == "multiclass":
        shifted = found - found.max(axis=1, keepdims=True)
        losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(found)), rows.y.astype(np.int64)]
    else:
        error = found[:, 0] - rows.y
        losses = np.abs(error) if problem.loss == "absolute" else error**2
    return float(np.average(losses, weights=rows.weight))


class _Loop:
    """A Keras model with its optimiser and the graph of an epoch."""

    def __init__(self, params: Params, problem: Problem, width: int, batch: int) -> None:
        import keras
        import tensorflow as tf

        self._build: Callable[[], Any] = lambda: _network(params, problem, width)
        self._model = self._build()
        self._optimiser: Any = keras.optimizers.AdamW(
            1e-3, weight_decay=float(params["weight_decay"] or 0.0), global_clipnorm=5.0
        )
        self._optimiser.build(self._model.trainable_variables)
        model, optimiser = self._model, self._optimiser
        vector = tf.TensorSpec([None], tf.float32)

        def losses(y: Any, found: Any) -> Any:
            if problem.kind == "binary":
                return tf.nn.sigmoid_cross_entropy_with_logits(y, found[:, 0])
            if problem.kind == "multiclass":
                return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(y, tf.int32), found)
            error = found[:, 0] - y
            return tf.abs(error) if problem.loss == "absolute" else tf.square(error)

        @tf.function(
            input_signature=[tf.TensorSpec([None, width], tf.float32), vector, vector, tf.TensorSpec([None], tf.int32)]
        )  # type: ignore[untyped-decorator]
        def epoch(x: Any, y: Any, weight: Any, order: Any) -> None:
            for step in tf.range(tf.shape(order)[0] // batch):
                rows = order[step * batch : (step + 1) * batch]
                with tf.GradientTape() as tape:
                    found = model(tf.gather(x, rows), training=True)
                    loss = tf.reduce_mean(tf.gather(weight, rows) * losses(tf.gather(y, rows), found))
                optimiser.apply_gradients(
                    zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
                )

        self._epoch = epoch

    def restart(self, seed: int) -> None:
        """Forget everything that was learned."""
        import keras

        keras.utils.set_random_seed(seed % 2**32)
        for variable, fresh in zip(self._model.variables, self._build().variables, strict=True):
            variable.assign(fresh)
        for variable in self._optimiser.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def epoch(self, rows: Sample, order: npt.NDArray[np.int64], rate: float) -> None:
        """Go through the rows once."""
        self._optimiser.learning_rate.assign(rate)
        self._epoch(rows.x, rows.y, rows.weight, order.astype(np.int32))

    def weights(self) -> tuple[Matrix, ...]:
        """The weights as they are now."""
        # by TensorFlow's own way: Keras's goes through a protocol that numpy 2 warns of
        return tuple(np.array(variable.value.numpy(), np.float32) for variable in self._model.trainable_variables)


def _settle(problem: Problem) -> None:
    import contextlib

    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with contextlib.suppress(RuntimeError):  # already running in this process, with the threads it was given then
        tf.config.threading.set_intra_op_parallelism_threads(problem.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def _network(params: Params, problem: Problem, width: int) -> Any:
    import keras
    from keras import layers

    embedding = int(params["embedding"] or 0)
    inputs = hidden = keras.Input((width,))
    if embedding and width <= _EMBEDDED_COLUMNS:
        each = layers.EinsumDense("bd,dk->bdk", output_shape=(width, embedding), bias_axes="dk", name="embedding")
        hidden = layers.Concatenate()([inputs, layers.Flatten()(layers.Activation("silu")(each(inputs)))])
    for i in range(int(params["layers"] or 1)):
        after = layers.Dense(int(params["units"] or 64), kernel_initializer="he_normal")(hidden)
        after = layers.Activation("silu")(after)
        after = layers.Dropout(float(params["dropout"] or 0.0))(after)
        hidden = layers.Add()([hidden, after]) if i else after
    outputs = problem.classes if problem.kind == "multiclass" else 1
    return keras.Model(inputs, layers.Dense(outputs)(hidden))
