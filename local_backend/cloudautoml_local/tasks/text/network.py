"""Networks of texts: word vectors, one layer that reads them in order, and what it sees of the whole text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.store.files import atomic_path
from cloudautoml_local.spaces.chain import ChainSpace
from cloudautoml_local.spaces.macro import closest
from cloudautoml_local.spaces.neural import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.search import Option
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.neural.problem import Floats, Problem
    from cloudautoml_local.tasks.tabular.families.base import Deadline
    from cloudautoml_local.tasks.text.data import TextData

    Places = npt.NDArray[np.int64]
    Tokens = npt.NDArray[np.int32]

EPOCHS = 14
_PATIENCE = 3
_LEAST = 3
_BATCH = 256


def train(
    params: Mapping[str, Option],
    data: TextData,
    learned: Places,
    valid: Places,
    *,
    resources: Resources,
    deadline: Deadline,
    place: Path,
) -> tuple[Floats, float]:
    """Train one network and write it to a file.

    Args:
        params: The family's decisions by their plain names.
        data: The job's texts.
        learned: Places of the texts to learn from.
        valid: Places of the texts to predict afterwards.
        resources: Threads and seed.
        deadline: When to end.
        place: The file.

    Returns:
        Probabilities of the texts at `valid`, and the seconds that predicting them took.
    """
    from cloudautoml_local.tasks.neural.examples import Examples
    from cloudautoml_local.tasks.neural.loop import Loop
    from cloudautoml_local.tasks.neural.session import begin_session, keras_reads_arrays
    from cloudautoml_local.tasks.neural.training import fit

    begin_session(resources)
    texts = Examples(data.tokens("train"), data.target)
    loop = Loop(build(params, data.problem), data.problem, Recipe(learning_rate=2e-3, batch_size=32))
    # the best epoch is chosen by texts of those to learn from: what is validated is predicted once, at the end
    rng = np.random.default_rng(resources.seed)
    apart = np.sort(rng.permutation(learned)[: max(_LEAST, len(learned) // 10)])
    fit(
        loop,
        texts.take(np.setdiff1d(learned, apart)),
        texts.take(apart),
        epochs=EPOCHS,
        patience=_PATIENCE,
        seed=resources.seed,
        deadline=deadline,
    )
    begin = time.perf_counter()
    found = loop.predict(texts.x[valid])
    seconds = time.perf_counter() - begin
    with atomic_path(place) as beside, keras_reads_arrays():
        loop.model.save(beside)
    return found, seconds


def build(params: Mapping[str, Option], problem: Problem) -> Any:
    """The Keras model of the family's decisions."""
    space = ChainSpace(problem.signature)
    layer = str(params["layer"])
    wanted: dict[str, Option] = {
        "activation": "relu",
        "normalisation": "layer" if layer == "attention" else "none",
        "dropout": params["dropout"],
        "embedding": params["embedding"],
        "depth": 2 if layer == "attention" else 1,
        "layer1.type": "conv" if layer == "attention" else layer,
        "layer1.kernel": 3,
        "layer1.width": params["width"],
        "layer2.type": "attention",
        "layer2.width": params["width"],
        "head.pool": "max",
        "head.dropout": params["dropout"],
    }
    architecture = closest(space, wanted)
    return space.build(architecture, problem.signature)


def predict(network: Any, problem: Problem, x: Tokens) -> Floats:
    """Probabilities that a network gives: n x classes."""
    from cloudautoml_local.tasks.neural.session import keras_reads_arrays

    with keras_reads_arrays():
        outputs = np.asarray(network.predict(x, batch_size=_BATCH, verbose=0))
    return problem.predictions(outputs, logits=False)
