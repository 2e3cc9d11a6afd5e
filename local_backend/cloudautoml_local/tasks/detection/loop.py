"""Loop of a detector: the graph of its training steps, on images seen through windows or on what its trunk saw."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml_local.tasks.detection.aims import loss_of
from cloudautoml_local.tasks.detection.decode import decoded
from cloudautoml_local.tasks.detection.windows import VARIATIONS, varied, whole
from cloudautoml_local.tasks.neural.optimiser import adam_for, fused

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.networks.detector import Detector
    from cloudautoml_local.spaces.neural import Recipe
    from cloudautoml_local.tasks.detection.problem import DetectionProblem, Floats
    from cloudautoml_local.tasks.neural.examples import Examples

_PREDICTED = 32
_VIEWS = 8
"""Windows through which a trunk sees each image."""
_TIMED, _WARMED = 15, 2
_TIMING_SECONDS = 0.5


class DetectionLoop:
    """Trains one detector and predicts with it; `tasks.neural.training.fit` drives it.

    A trunk that is not trained sees each image through a few windows, once, and what it saw is kept.

    Args:
        detector: The networks.
        problem: What is to be found.
        recipe: How to train.
        augment: How images are varied: a key of `VARIATIONS`.
        kept: Folder for what trunks saw, for later trials; None to keep nothing.
        seed: Seed of the windows of a trunk.
    """

    def __init__(
        self,
        detector: Detector,
        problem: DetectionProblem,
        recipe: Recipe,
        *,
        augment: str,
        kept: Path | None = None,
        seed: int = 0,
    ) -> None:
        import tensorflow as tf

        self.detector, self.problem, self.batch = detector, problem, recipe.batch_size
        self.highest_rate: float | None = recipe.learning_rate
        self.model = detector.whole
        self._augment, self._kept, self._seed = augment, kept, seed
        self._optimiser: Any = fused(adam_for(detector.rest, recipe))
        self._rng = np.random.default_rng(seed)
        self._steps: Any = None
        self._held: tuple[Examples, tuple[Any, Any], int] | None = None
        self._seen: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None = None
        side, network, trunk = detector.side, detector.rest, detector.trunk

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def grids(pixels: Any) -> Any:
            seen = whole(pixels, side)
            return network(seen if trunk is None else trunk(seen, training=False), training=False)

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def grids_from_seen(seen: Any) -> Any:
            return network(tf.cast(seen, tf.float32), training=False)

        self._grids, self._grids_from_seen = grids, grids_from_seen

    @property
    def weights(self) -> list[npt.NDArray[Any]]:
        """The weights of what is trained, in Keras's order."""
        return [np.array(variable.value.numpy()) for variable in self.detector.rest.weights]

    @weights.setter
    def weights(self, arrays: list[npt.NDArray[Any]]) -> None:
        for variable, array in zip(self.detector.rest.weights, arrays, strict=True):
            variable.assign(array)

    def steps_of(self, examples: Examples) -> int:
        """Steps of an epoch."""
        return -(-len(examples) // self.batch)

    def trace(self, examples: Examples) -> None:
        """Build the graph without taking a step."""
        self.train(examples, np.zeros(0, np.int64), None)

    def train(self, examples: Examples, order: npt.NDArray[np.int64], rates: npt.NDArray[np.float32] | None) -> float:
        """Take some steps.

        Args:
            examples: The examples; they are kept in memory as long as the same ones come.
            order: Places of the examples to see, in order.
            rates: Learning rate of each step.

        Returns:
            The mean loss.
        """
        import tensorflow as tf

        held, views = self._holding(examples)
        if self._steps is None:
            self._optimiser.build(self.detector.rest.trainable_variables)
            self._steps = self._graph(held)
        planned = np.zeros(-(-len(order) // self.batch), np.float32) if rates is None else rates
        if views > 1:  # each time through another window, in turn
            order = order + len(examples) * self._turns(len(order), views)
        return float(self._steps(*held, tf.constant(order.astype(np.int32)), tf.constant(planned)).numpy())

    def predict(self, x: npt.NDArray[Any]) -> Floats:
        """Boxes of images that are kept in squares, as `decoded` gives them."""
        import tensorflow as tf

        if self.detector.trunk is None:
            seen, graph = x, self._grids
        else:
            if self._seen is None or self._seen[0] is not x:
                self._seen = (x, self._trunk_saw(x, None)[0])
            seen, graph = self._seen[1], self._grids_from_seen
        parts = [
            graph(tf.constant(np.ascontiguousarray(seen[start : start + _PREDICTED]))).numpy()
            for start in range(0, len(seen), _PREDICTED)
        ]
        return decoded(np.concatenate(parts), classes=len(self.problem.classes))

    def latency(self) -> float:
        """Milliseconds to find the boxes of one image alone: the median of some runs."""
        import tensorflow as tf

        side = self.problem.side
        one = tf.constant(np.zeros((1, side, side, 3), np.uint8))
        for _ in range(_WARMED):
            self._grids(one)
        taken: list[float] = []
        begin = time.perf_counter()
        while len(taken) < _TIMED and time.perf_counter() - begin < _TIMING_SECONDS:
            start = time.perf_counter()
            decoded(self._grids(one).numpy(), classes=len(self.problem.classes))
            taken.append(1000 * (time.perf_counter() - start))
        return statistics.median(taken)

    def _turns(self, count: int, views: int) -> npt.NDArray[np.int64]:
        return self._rng.integers(views, size=count)

    def _holding(self, examples: Examples) -> tuple[tuple[Any, Any], int]:
        import tensorflow as tf

        if self._held is None or self._held[0] is not examples:
            x, boxes, views = examples.x, examples.target, 1
            if self.detector.trunk is not None:
                x, boxes, views = self._views(examples)
            self._held = (examples, (tf.constant(np.ascontiguousarray(x)), tf.constant(boxes)), views)
        return self._held[1], self._held[2]

    def _views(self, examples: Examples) -> tuple[npt.NDArray[Any], npt.NDArray[Any], int]:
        """What the trunk saw of the examples through some windows, one after the other, and the boxes in them."""
        views = 1 if self._augment == "none" else 2 if self._augment == "flip" else _VIEWS
        name = f"{self.detector.side}_{self._augment}_{views}_{len(examples)}_{self._seed}"
        files = None if self._kept is None else (self._kept / f"seen_{name}.npy", self._kept / f"boxes_{name}.npy")
        if files is not None and all(file.exists() for file in files):
            seen, boxes = (read_array(file) for file in files)
            return seen, boxes, views
        made = [self._trunk_saw(examples.x, examples.target, view=view) for view in range(views)]
        seen, boxes = (np.concatenate([part[place] for part in made]) for place in (0, 1))
        if files is not None:
            for file, array in zip(files, (seen, boxes), strict=True):
                write_array(file, array)
        return seen, boxes, views

    def _trunk_saw(
        self, x: npt.NDArray[Any], target: npt.NDArray[Any] | None, *, view: int = 0
    ) -> tuple[npt.NDArray[np.float16], npt.NDArray[Any]]:
        import tensorflow as tf

        trunk, side, variation = self.detector.trunk, self.detector.side, VARIATIONS[self._augment]
        if target is not None and self._augment == "flip":
            variation = VARIATIONS["none"]

        @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
        def look(pixels: Any, boxes: Any) -> Any:
            shown, moved = (whole(pixels, side), boxes) if target is None else varied(pixels, boxes, variation, side)
            return tf.cast(trunk(shown, training=False), tf.float16), moved

        tf.random.set_seed((self._seed + 7919 * view) % 2**31)
        boxes = np.zeros((len(x), 1, 5), np.float32) if target is None else target
        if target is not None and self._augment == "flip" and view == 1:
            x, boxes = x[:, :, ::-1], _mirrored(boxes)
        parts: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
        for start in range(0, len(x), _PREDICTED):
            some = slice(start, start + _PREDICTED)
            saw, moved = look(tf.constant(np.ascontiguousarray(x[some])), tf.constant(boxes[some]))
            parts.append((saw.numpy(), moved.numpy()))
        return np.concatenate([saw for saw, _ in parts]), np.concatenate([moved for _, moved in parts])

    def _graph(self, held: tuple[Any, Any]) -> Any:
        import tensorflow as tf

        network, optimiser, batch, side = self.detector.rest, self._optimiser, self.batch, self.detector.side
        varies = self.detector.trunk is None
        variation, classes = VARIATIONS[self._augment], len(self.problem.classes)
        variables = network.trainable_variables
        specs = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in held]
        specs += [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)]

        @tf.function(input_signature=specs)  # type: ignore[untyped-decorator]
        def steps(x: Any, target: Any, order: Any, rates: Any) -> Any:
            total = tf.constant(0.0)
            count = tf.shape(rates)[0]
            for step in tf.range(count):
                rows = order[step * batch : (step + 1) * batch]
                seen, boxes = tf.gather(x, rows), tf.gather(target, rows)
                if varies:
                    seen, boxes = varied(seen, boxes, variation, side)
                optimiser.learning_rate.assign(rates[step])
                with tf.GradientTape() as tape:
                    loss = loss_of(boxes, network(tf.cast(seen, tf.float32), training=True), classes=classes)
                optimiser.apply(tape.gradient(loss, variables), variables)
                total += loss
            return total / tf.cast(count, tf.float32)

        return steps


def _mirrored(boxes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    turned = boxes.copy()
    turned[..., 0], turned[..., 2] = 1 - boxes[..., 2], 1 - boxes[..., 0]
    return turned
