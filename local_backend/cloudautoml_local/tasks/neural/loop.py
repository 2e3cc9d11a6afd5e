"""Loop: a Keras model with the graph of its training steps, over examples that lie in memory.

One traced graph runs many steps, which are gathered from the examples by their places; for small networks this takes
a third of the time of `Model.fit`, and a model that its user has compiled keeps its own loss and optimiser.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cloudautoml_local.spaces.neural import Recipe
    from cloudautoml_local.tasks.neural.examples import Examples
    from cloudautoml_local.tasks.neural.problem import Floats, Problem

_PREDICTED = 512
_LARGEST_NORM = 5.0
_TIMED, _WARMED = 25, 3
_TIMING_SECONDS = 0.5


class Loop:
    """Trains one model and predicts with it.

    Args:
        model: A Keras model; compiled, or to be trained by a recipe.
        problem: What is to be learned.
        recipe: How to train it; None to use what it was compiled with.
        batch: Examples a step, where the recipe does not say it.
    """

    def __init__(self, model: Any, problem: Problem, recipe: Recipe | None, *, batch: int = 32) -> None:
        import tensorflow as tf

        self.model, self.problem = model, problem
        self.shape: tuple[int, ...] = tuple(model.input_shape[1:])
        self.batch = recipe.batch_size if recipe else batch
        self.highest_rate = recipe.learning_rate if recipe else None
        self._inputs = _Inputs(model, problem)
        self._forward = tf.function(
            lambda x: model(self._inputs.read(x), training=False), input_signature=[self._inputs.spec]
        )
        self.logits = _gives_logits(model, self._outputs(np.zeros((2, *self.shape), self._inputs.dtype)))
        self._optimiser = _adam(model, recipe) if recipe else model.optimizer
        self._loss = _loss(problem, logits=self.logits) if recipe else _compiled_loss(model)
        self._one_hot = not recipe and _wants_one_hot(model)
        self._steps: Any = None
        self._held: tuple[Examples, tuple[Any, Any, Any]] | None = None

    @property
    def weights(self) -> list[npt.NDArray[Any]]:
        """The weights as they are now, in Keras's order."""
        # by TensorFlow's own way: Keras's goes through a protocol that numpy 2 warns of
        return [np.array(variable.value.numpy()) for variable in self.model.weights]

    @weights.setter
    def weights(self, arrays: list[npt.NDArray[Any]]) -> None:
        for variable, array in zip(self.model.weights, arrays, strict=True):
            variable.assign(array)

    def steps_of(self, examples: Examples) -> int:
        """Steps of an epoch."""
        return self._count(len(examples))

    def train(self, examples: Examples, order: npt.NDArray[np.int64], rates: npt.NDArray[np.float32] | None) -> float:
        """Take some steps.

        Args:
            examples: The examples; they are kept in memory as long as the same ones come.
            order: Places of the examples to see, in order.
            rates: Learning rate of each step; None where the optimiser has its own.

        Returns:
            The mean loss.
        """
        import tensorflow as tf

        graph, held = self._ready(examples)
        planned = np.zeros(self._count(len(order)), np.float32) if rates is None else rates
        return float(graph(*held, tf.constant(order.astype(np.int32)), tf.constant(planned)).numpy())

    def trace(self, examples: Examples) -> None:
        """Build the graph without taking a step."""
        self.train(examples, np.zeros(0, np.int64), None)

    def _ready(self, examples: Examples) -> tuple[Any, tuple[Any, Any, Any]]:
        if self._held is None or self._held[0] is not examples:
            self._held = (examples, self._tensors(examples))
        if self._steps is None:
            self._optimiser.build(self.model.trainable_variables)
            self._steps = self._graph(self._held[1], weighted=examples.weight is not None)
        return self._steps, self._held[1]

    def _count(self, examples: int) -> int:
        return -(-examples // self.batch)

    def predict(self, x: npt.NDArray[Any]) -> Floats:
        """Probabilities (n x classes), or n numbers on the scale of the user's target."""
        parts = [self._outputs(x[start : start + _PREDICTED]) for start in range(0, len(x), _PREDICTED)]
        return self.problem.predictions(np.concatenate(parts), logits=self.logits)

    def latency(self) -> float:
        """Milliseconds to predict one example alone: the median of some runs."""
        one = np.zeros((1, *self.shape), self._inputs.dtype)
        for _ in range(_WARMED):
            self._outputs(one)
        taken: list[float] = []
        begin = time.perf_counter()
        while len(taken) < _TIMED and time.perf_counter() - begin < _TIMING_SECONDS:
            start = time.perf_counter()
            self._outputs(one)
            taken.append(1000 * (time.perf_counter() - start))
        return statistics.median(taken)

    def _outputs(self, x: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        import tensorflow as tf

        found = self._forward(tf.constant(np.ascontiguousarray(x))).numpy()
        return cast("npt.NDArray[np.float32]", np.asarray(found, np.float32).reshape(len(x), -1))

    def _tensors(self, examples: Examples) -> tuple[Any, Any, Any]:
        import tensorflow as tf

        wanted = self.problem.wanted(examples.target)
        if self._one_hot:
            wanted = np.eye(len(self.problem.classes), dtype=np.float32)[wanted]
        elif self.problem.classes and self.model.output_shape[-1] == 1:
            wanted = wanted.astype(np.float32)[:, None]
        weight = np.zeros(0, np.float32)  # all are equal
        if examples.weight is not None:
            weight = (examples.weight / examples.weight.mean()).astype(np.float32)
        return tf.constant(np.ascontiguousarray(examples.x)), tf.constant(wanted), tf.constant(weight)

    def _graph(self, held: tuple[Any, Any, Any], *, weighted: bool) -> Any:
        import tensorflow as tf

        model, optimiser, batch, loss_of, inputs = self.model, self._optimiser, self.batch, self._loss, self._inputs
        variables, scheduled = model.trainable_variables, self.highest_rate is not None

        # of any length, lest each length be traced anew
        specs = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in held]
        specs += [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)]

        @tf.function(input_signature=specs)  # type: ignore[untyped-decorator]
        def steps(x: Any, wanted: Any, weight: Any, order: Any, rates: Any) -> Any:
            total = tf.constant(0.0)
            count = tf.shape(rates)[0]
            for step in tf.range(count):
                rows = order[step * batch : (step + 1) * batch]
                seen, truth = inputs.read(tf.gather(x, rows)), tf.gather(wanted, rows)
                each = tf.gather(weight, rows) if weighted else None
                if scheduled:
                    optimiser.learning_rate.assign(rates[step])
                with tf.GradientTape() as tape:
                    loss = loss_of(seen, truth, model(seen, training=True), each)
                    scaled = optimiser.scale_loss(loss)
                optimiser.apply(tape.gradient(scaled, variables), variables)
                total += tf.cast(loss, tf.float32)
            return total / tf.cast(count, tf.float32)

        return steps


class _Inputs:
    """How examples become what a model takes."""

    def __init__(self, model: Any, problem: Problem) -> None:
        import tensorflow as tf

        kind = problem.signature.kind
        dtypes: dict[str, Any] = {"image": np.uint8, "table": np.float32, "sequence": np.int32}
        self.dtype = dtypes[kind]
        self.spec = tf.TensorSpec([None, *model.input_shape[1:]], self.dtype)
        self._pixels = kind == "image"

    def read(self, x: Any) -> Any:
        """Pixels between 0 and 1; anything else as it is."""
        import tensorflow as tf

        return tf.cast(x, tf.float32) * (1 / 255) if self._pixels else x


def _gives_logits(model: Any, outputs: npt.NDArray[np.float32]) -> bool:
    """Whether outputs are yet to become probabilities: said by the loss of a compiled model, else seen."""
    loss = getattr(model, "loss", None)
    if loss is not None and hasattr(loss, "from_logits"):
        return bool(loss.from_logits)
    between = outputs.min() >= 0 and outputs.max() <= 1
    return not (between and (outputs.shape[1] == 1 or np.allclose(outputs.sum(axis=1), 1, atol=1e-3)))


def _adam(model: Any, recipe: Recipe) -> Any:
    import keras

    optimiser: Any = keras.optimizers.AdamW(
        recipe.learning_rate, weight_decay=recipe.weight_decay, global_clipnorm=_LARGEST_NORM
    )
    optimiser.exclude_from_weight_decay(var_list=[v for v in model.trainable_variables if len(v.shape) < 2])
    return optimiser


def _loss(problem: Problem, *, logits: bool) -> Any:
    import keras

    losses: Any = keras.losses
    if problem.loss == "log":
        several = losses.SparseCategoricalCrossentropy(from_logits=logits)
        single = losses.BinaryCrossentropy(from_logits=logits)
    else:
        several = single = losses.MeanAbsoluteError() if problem.loss == "absolute" else losses.MeanSquaredError()

    def loss(_seen: Any, truth: Any, found: Any, weight: Any) -> Any:
        return (single if found.shape[-1] == 1 else several)(truth, found, sample_weight=weight)

    return loss


def _compiled_loss(model: Any) -> Any:
    def loss(seen: Any, truth: Any, found: Any, weight: Any) -> Any:
        return model.compute_loss(x=seen, y=truth, y_pred=found, sample_weight=weight, training=True)

    return loss


def _wants_one_hot(model: Any) -> bool:
    loss = getattr(model, "loss", None)
    name = str(loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", "")))
    sparse = "sparse" in name.lower()
    return "crossentropy" in name.lower() and not sparse and model.output_shape[-1] > 1
