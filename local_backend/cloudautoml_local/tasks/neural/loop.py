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

from cloudautoml_local.tasks.neural.inputs import Inputs
from cloudautoml_local.tasks.neural.losses import compiled_loss, gives_logits, loss_for, wants_one_hot
from cloudautoml_local.tasks.neural.optimiser import adam_for, fused

if TYPE_CHECKING:
    from cloudautoml_local.spaces.neural import Recipe
    from cloudautoml_local.tasks.neural.examples import Examples
    from cloudautoml_local.tasks.neural.problem import Floats, Problem

_PREDICTED = 512
_TIMED, _WARMED = 25, 3
_TIMING_SECONDS = 0.5


class Loop:
    """Trains one model and predicts with it.

    Args:
        model: A Keras model; compiled, or to be trained by a recipe.
        problem: What is to be learned.
        recipe: How to train it; None to use what it was compiled with.
        shape: Shape of one example; the problem's unless given.
        batch: Examples a step, where the recipe does not say it.

    Raises:
        ValueError: The model takes something else.
    """

    def __init__(
        self,
        model: Any,
        problem: Problem,
        recipe: Recipe | None,
        *,
        shape: tuple[int, ...] | None = None,
        batch: int = 32,
    ) -> None:
        import tensorflow as tf

        self.model, self.problem = model, problem
        self.shape = problem.signature.shape if shape is None else shape
        self.batch = recipe.batch_size if recipe else batch
        self.highest_rate = recipe.learning_rate if recipe else None
        self._inputs = Inputs(model, problem.signature.kind, self.shape)

        def forward(x: Any) -> Any:
            return model(self._inputs.read(x), training=False)

        self._forward: Any = tf.function(forward, input_signature=[self._inputs.spec])
        seen = self._outputs(self._inputs.some())
        several = problem.kind == "multi_label"
        self.logits = gives_logits(model, seen, several=several)
        self._outputs_each = seen.shape[1]
        self._optimiser = fused(adam_for(model, recipe) if recipe else model.optimizer)
        self._loss = loss_for(problem, logits=self.logits) if recipe else compiled_loss(model)
        self._one_hot = not recipe and not several and wants_one_hot(model, seen.shape[1])
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
        elif self.problem.classes and self._outputs_each == 1 and wanted.ndim == 1:
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
                    found = tf.cast(model(seen, training=True), tf.float32)  # layers may compute in less
                    loss = loss_of(seen, truth, found, each)
                    scaled = optimiser.scale_loss(loss)
                optimiser.apply(tape.gradient(scaled, variables), variables)
                total += tf.cast(loss, tf.float32)
            return total / tf.cast(count, tf.float32)

        return steps
