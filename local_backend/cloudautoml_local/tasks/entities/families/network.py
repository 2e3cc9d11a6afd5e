"""Network of words and characters trained by Keras; kept as arrays, so that predicting needs no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.data.tokens import Sentences
    from cloudautoml_local.tasks.entities.encoding import Encoder
    from cloudautoml_local.tasks.entities.families.base import Fitted, Floats, Params, Problem
    from cloudautoml_local.tasks.tabular.families.base import Deadline

    Arrays = Mapping[str, npt.NDArray[np.float32]]

NAME: Final = "network"
PARAMETERS: Final = (
    Decision("encoder", ("convolution", "lstm")),
    Decision("layers", (1, 2, 3), ordered=True),
    Decision("units", (48, 96, 144), ordered=True),
    Decision("word_size", (32, 64, 96), ordered=True),
    Decision("filters", (0, 24, 48), ordered=True),
    Decision("dropout", (0.2, 0.35, 0.5), ordered=True),
    Decision("word_dropout", (0.0, 0.1, 0.25), ordered=True),
    Decision("learning_rate", (0.001, 0.002, 0.004), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "encoder": "convolution", "layers": 2, "units": 96, "word_size": 64, "filters": 24, "dropout": 0.35,
        "word_dropout": 0.1, "learning_rate": 0.002,
    },
    {
        "encoder": "lstm", "layers": 1, "units": 96, "word_size": 64, "filters": 48, "dropout": 0.5,
        "word_dropout": 0.25, "learning_rate": 0.002,
    },
)  # fmt: skip
_WEIGHTS, _ENCODER = "network.npz", "encoder.json"


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """A network as arrays.

    Attributes:
        encoder: Turns tokens into ids.
        weights: Its arrays by name.
        tags: Columns of its probabilities.
        rounds: Epochs of its training.
    """

    encoder: Encoder
    weights: Arrays
    tags: tuple[str, ...]
    rounds: int

    def predict(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """Probabilities of the tags of each token."""
        import numpy as np

        from cloudautoml_local.tasks.entities.encoding import batches
        from cloudautoml_local.tasks.entities.forward import probabilities

        lengths = [len(sentence) for sentence in tokens]
        ends = np.cumsum([0, *lengths])
        found = np.zeros((int(ends[-1]), len(self.tags)))
        for which in batches(lengths, tokens_each=8192):
            chosen = [tokens[int(number)] for number in which]
            batch = self.encoder.encode(chosen)
            outputs = probabilities(self.weights, batch)
            for row, number in enumerate(which):
                found[ends[number] : ends[number + 1]] = outputs[row, : lengths[number]]
        return found

    def save(self, directory: Path) -> None:
        """Write the arrays and what turns tokens into ids."""
        import numpy as np

        from cloudautoml.store.files import write_json

        np.savez(directory / _WEIGHTS, allow_pickle=False, **self.weights)
        write_json(directory / _ENCODER, {**self.encoder.to_dict(), "rounds": self.rounds})


def fit(
    params: Params,
    train: Sentences,
    valid: Sentences | None,
    problem: Problem,
    *,
    deadline: Deadline,
    rounds: int | None = None,
) -> Fitted:
    """Train until the loss of the sentences held out stops falling or the time is up; the best epoch is kept."""
    from cloudautoml_local.tasks.entities.encoding import Encoder
    from cloudautoml_local.tasks.entities.training import train_network

    encoder = Encoder.of(train.tokens)
    weights, epochs = train_network(params, encoder, train, valid, problem, deadline=deadline, epochs=rounds)
    return FittedNetwork(encoder, weights, problem.tags, epochs)


def load(directory: Path, tags: tuple[str, ...]) -> Fitted:
    """Read the arrays and what turns tokens into ids."""
    import numpy as np

    from cloudautoml.store.files import read_json
    from cloudautoml_local.tasks.entities.encoding import Encoder

    saved = read_json(directory / _ENCODER)
    with np.load(directory / _WEIGHTS, allow_pickle=False) as file:
        weights = {name: file[name] for name in file.files}
    return FittedNetwork(Encoder.from_dict(saved), weights, tags, int(saved["rounds"]))
