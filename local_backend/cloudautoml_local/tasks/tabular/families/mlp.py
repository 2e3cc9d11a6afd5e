"""Neural network trained by Keras on the dense view; kept as arrays, so that predicting needs no TensorFlow."""

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
    )
    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

NAME: Final = "mlp"
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
_FILE = "mlp.npz"
_ENCODE_FROM = 25


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """A network as arrays.

    Attributes:
        encoder: Adds target-encoded categories behind the dense view's columns.
        scaling: Mean and spread of each input column: 2 x d.
        target: Mean and spread of the target, for a number.
        weights: Kernel and bias of each layer, in order; the embedding's first, where there is one.
        classes: 1 for a number; with 2 there is one output.
        rounds: Epochs.
    """

    encoder: TargetEncoder
    scaling: Matrix
    target: npt.NDArray[np.float64]
    weights: tuple[Matrix, ...]
    classes: int
    rounds: int
    rate: float = 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:
        """Probabilities or numbers."""
        import numpy as np
        from scipy.special import expit, softmax

        from cloudautoml_local.tasks.tabular.network import forward

        x = (np.hstack([dense, self.encoder.transform(tree)]) - self.scaling[0]) / self.scaling[1]
        parts = [forward(self.weights, x[i : i + 4096]) for i in range(0, len(x), 4096)]
        found = np.concatenate(parts).astype(np.float64) if parts else np.zeros((0, len(self.weights[-1])))
        if self.classes == 1:
            return np.asarray(found[:, 0] * self.target[1] + self.target[0])
        if self.classes == 2:
            return np.hstack([expit(-found), expit(found)])
        return np.asarray(softmax(found, axis=1))

    def save(self, directory: Path) -> None:
        """Write the arrays."""
        import numpy as np

        arrays: dict[str, npt.NDArray[Any]] = {f"weights_{i}": array for i, array in enumerate(self.weights)}
        arrays |= {"scaling": self.scaling, "target": self.target, "shape": np.array([self.classes, self.rounds])}
        np.savez(directory / _FILE, allow_pickle=False, **arrays, **self.encoder.arrays())


def fit(
    params: Params, train: Rows, valid: Rows | None, problem: Problem, *, deadline: Deadline, rounds: int | None = None
) -> Fitted:
    """Train until the validation loss stops falling or the time is up; the best epoch's weights are kept."""
    import numpy as np

    from cloudautoml_local.tasks.tabular.network import Sample, train_network
    from cloudautoml_local.tasks.tabular.target_encoding import fit_encode

    encoder, encoded = fit_encode(train, problem, levels_from=_ENCODE_FROM)
    x = np.hstack([train.dense, encoded])
    spread = x.std(axis=0)
    scaling = np.stack([x.mean(axis=0), np.where(spread > 1e-6, spread, 1.0)]).astype(np.float32)
    target = np.array([0.0, 1.0])
    if problem.kind == "regression":
        target = np.array([train.target.mean(), train.target.std() or 1.0])

    def sample(rows: Rows, inputs: Matrix) -> Sample:
        wanted = ((rows.target - target[0]) / target[1]).astype(np.float32)
        weight = np.ones(len(rows), np.float32) if rows.weight is None else rows.weight.astype(np.float32)
        return Sample((inputs - scaling[0]) / scaling[1], wanted, weight / weight.mean())

    judged = None
    if valid is not None:
        judged = sample(valid, np.hstack([valid.dense, encoder.transform(valid.tree)]))
    weights, epochs = train_network(params, sample(train, x), judged, problem, deadline=deadline, epochs=rounds)
    return FittedNetwork(encoder, scaling, target, weights, problem.classes, epochs)


def load(directory: Path) -> Fitted:
    """Read the arrays."""
    import numpy as np

    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

    with np.load(directory / _FILE, allow_pickle=False) as file:
        encoder = TargetEncoder(file["te_positions"], file["te_offsets"], file["te_means"])
        weights = tuple(file[f"weights_{i}"] for i in range(sum(name.startswith("weights_") for name in file.files)))
        classes, rounds = file["shape"].tolist()
        return FittedNetwork(encoder, file["scaling"], file["target"], weights, int(classes), int(rounds))
