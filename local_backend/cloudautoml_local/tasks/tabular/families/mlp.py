"""Neural network by Keras, on the dense view: numbers are embedded one by one, then dense layers with a skip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml_local.tasks.tabular.families.base import (
        Deadline,
        Fitted,
        Floats,
        Matrix,
        Params,
        Problem,
        Rows,
        View,
    )
    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

NAME: Final = "mlp"
VIEWS: Final[tuple[View, ...]] = ("dense",)
PARAMETERS: Final = (
    Decision("units", (64, 128, 256, 384), ordered=True),
    Decision("layers", (1, 2, 3), ordered=True),
    Decision("dropout", (0.0, 0.1, 0.25, 0.4), ordered=True),
    Decision("learning_rate", (0.0005, 0.001, 0.002, 0.004), ordered=True),
    Decision("weight_decay", (0.0, 0.001, 0.02, 0.1), ordered=True),
    Decision("embedding", (0, 8, 16), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"units": 128, "layers": 2, "dropout": 0.1, "learning_rate": 0.002, "weight_decay": 0.02, "embedding": 8},
    {"units": 256, "layers": 2, "dropout": 0.25, "learning_rate": 0.001, "weight_decay": 0.02, "embedding": 0},
)
_MODEL, _ARRAYS = "mlp.keras", "mlp.npz"
_EPOCHS, _PATIENCE = 60, 12
_ENCODE_FROM = 25
_EMBEDDED_COLUMNS = 200


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """A network, and how its target was scaled."""

    model: Any
    encoder: TargetEncoder
    target: npt.NDArray[np.float64]
    rounds: int

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:
        """Probabilities or numbers."""
        import numpy as np

        x = _inputs(self.encoder, tree, dense)
        parts = [np.asarray(self.model(x[i : i + 4096], training=False)) for i in range(0, len(x), 4096)]
        found = np.concatenate(parts).astype(np.float64) if parts else np.zeros((0, self.model.output_shape[1]))
        if found.shape[1] > 1:
            return np.asarray(found / found.sum(axis=1, keepdims=True))
        if np.isnan(self.target).any():
            return np.hstack([1 - found, found])
        return np.asarray(found[:, 0] * self.target[1] + self.target[0])

    def save(self, directory: Path) -> None:
        """Write Keras's own format, and the arrays."""
        import numpy as np

        self.model.save(directory / _MODEL)
        np.savez(directory / _ARRAYS, allow_pickle=False, target=self.target, **self.encoder.arrays())


def fit(
    params: Params, train: Rows, valid: Rows | None, problem: Problem, *, deadline: Deadline, rounds: int | None = None
) -> Fitted:
    """Train until the validation loss stops falling or the time is up; the best epoch's weights are kept."""
    import keras
    import numpy as np

    from cloudautoml_local.tasks.tabular.target_encoding import fit_encode

    _settle(problem)
    encoder, encoded = fit_encode(train, problem, levels_from=_ENCODE_FROM)
    x = np.hstack([train.dense, encoded])
    target = np.array([np.nan, np.nan])
    if problem.kind == "regression":
        target = np.array([train.target.mean(), train.target.std() or 1.0])
    batch = int(np.clip(2 ** np.round(np.log2(len(x) / 40)), 32, 512))
    epochs = rounds or _EPOCHS
    model = _network(params, problem, x, steps=epochs * -(-len(x) // batch))

    def scaled(rows: Rows) -> Floats:
        return (rows.target - target[0]) / target[1] if problem.kind == "regression" else rows.target

    watch: Any = _watch(keras.callbacks.Callback, deadline, patient=valid is not None)
    validation = None
    if valid is not None:
        validation = (_inputs(encoder, valid.tree, valid.dense), scaled(valid))
        validation = validation if valid.weight is None else (*validation, valid.weight)
    model.fit(
        x, scaled(train), sample_weight=train.weight, batch_size=batch, epochs=epochs, verbose=0,
        validation_data=validation, validation_batch_size=4096, callbacks=[watch],
    )  # fmt: skip
    if watch.best_weights is not None:
        model.set_weights(watch.best_weights)
    return FittedNetwork(model, encoder, target, watch.best_epoch)


def load(directory: Path) -> Fitted:
    """Read the network; code in the file is refused."""
    import keras
    import numpy as np

    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

    model = keras.saving.load_model(directory / _MODEL, compile=False, safe_mode=True)
    with np.load(directory / _ARRAYS, allow_pickle=False) as file:
        encoder = TargetEncoder(file["te_positions"], file["te_offsets"], file["te_means"])
        return FittedNetwork(model, encoder, file["target"], 0)


def _settle(problem: Problem) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(problem.seed % 2**32)
    tf.config.experimental.enable_op_determinism()
    try:
        tf.config.threading.set_intra_op_parallelism_threads(problem.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # already running in this process, with the threads it was given then
        return


def _inputs(encoder: TargetEncoder, tree: Matrix, dense: Matrix) -> Matrix:
    import numpy as np

    return np.hstack([dense, encoder.transform(tree)])


def _network(params: Params, problem: Problem, x: Matrix, *, steps: int) -> Any:
    import keras
    import numpy as np
    from keras import layers

    width, embedding = x.shape[1], int(params["embedding"] or 0)
    given = keras.Input((width,))
    # what was target-encoded is on the target's scale: bring all columns to mean 0 and spread 1
    centre, spread = x.mean(axis=0), x.std(axis=0)
    inputs = layers.Normalization(mean=centre, variance=np.where(spread > 1e-6, spread, 1.0) ** 2)(given)
    hidden = inputs
    if embedding and 0 < width <= _EMBEDDED_COLUMNS:
        each = layers.EinsumDense("bd,dk->bdk", output_shape=(width, embedding), bias_axes="dk")(inputs)
        each = layers.Activation("silu")(each)
        hidden = layers.Concatenate()([inputs, layers.Flatten()(each)])
    for i in range(int(params["layers"] or 1)):
        units = int(params["units"] or 64)
        after = layers.Dense(units, kernel_initializer="he_normal")(hidden)
        after = layers.Dropout(float(params["dropout"] or 0.0))(layers.Activation("silu")(after))
        hidden = layers.Add()([hidden, after]) if i else after
    outputs, activation, loss = 1, "linear", "mse" if problem.loss == "squared" else "mae"
    if problem.kind == "binary":
        activation, loss = "sigmoid", "binary_crossentropy"
    elif problem.kind == "multiclass":
        outputs, activation, loss = problem.classes, "softmax", "sparse_categorical_crossentropy"
    model = keras.Model(given, layers.Dense(outputs, activation=activation)(hidden))
    rate = keras.optimizers.schedules.CosineDecay(float(params["learning_rate"] or 0.001), steps, alpha=0.02)
    optimiser = keras.optimizers.AdamW(rate, weight_decay=float(params["weight_decay"] or 0.0), global_clipnorm=5.0)
    model.compile(optimizer=optimiser, loss=loss, jit_compile=False, steps_per_execution=8)
    return model


def _watch(base: Any, deadline: Deadline, *, patient: bool) -> Any:
    """A callback that keeps the best weights and ends the training in time."""

    class Watch(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.best_loss, self.best_epoch, self.best_weights = float("inf"), 0, None

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if not patient:
                self.best_epoch = epoch + 1
            elif (loss := (logs or {}).get("val_loss", float("nan"))) < self.best_loss:
                self.best_loss, self.best_epoch, self.best_weights = loss, epoch + 1, self.model.get_weights()
            if deadline.passed or (patient and epoch + 1 - self.best_epoch >= _PATIENCE):
                self.model.stop_training = True

    return Watch()
