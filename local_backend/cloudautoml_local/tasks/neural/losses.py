"""Losses: what a training minimises, and what the outputs of a model are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cloudautoml_local.tasks.neural.problem import Problem


def gives_logits(model: Any, outputs: npt.NDArray[np.float32], *, several: bool = False) -> bool:
    """Whether outputs are yet to become probabilities: said by the loss of a compiled model, else seen.

    Args:
        model: A Keras model.
        outputs: What it makes of a few examples.
        several: Whether probabilities of an example need not sum to 1: those of labels, each by itself.
    """
    loss: Any = getattr(model, "loss", None)
    if isinstance(loss, str) and "crossentropy" in loss:
        return False
    if loss is not None and hasattr(loss, "from_logits"):
        return bool(getattr(loss, "from_logits", False))
    between = outputs.min() >= 0 and outputs.max() <= 1
    alone = several or outputs.shape[1] == 1
    return not (between and (alone or np.allclose(outputs.sum(axis=1), 1, atol=1e-3)))


def loss_for(problem: Problem, *, logits: bool) -> Any:
    """The loss of a model that is trained by a recipe: of inputs, truth, outputs and weights (None when all are equal).

    Args:
        problem: What is to be learned.
        logits: Whether the outputs are yet to become probabilities.
    """
    import keras

    losses: Any = keras.losses
    if problem.loss == "log":
        several = losses.SparseCategoricalCrossentropy(from_logits=logits)
        single = losses.BinaryCrossentropy(from_logits=logits)
        if problem.kind == "multi_label":
            several = single  # the mean over labels
    else:
        several = single = losses.MeanAbsoluteError() if problem.loss == "absolute" else losses.MeanSquaredError()

    def loss(_seen: Any, truth: Any, found: Any, weight: Any) -> Any:
        return (single if found.shape[-1] == 1 else several)(truth, found, sample_weight=weight)

    return loss


def compiled_loss(model: Any) -> Any:
    """The loss that a model was compiled with, its regularisation included; arguments as for `loss_for`."""

    def loss(seen: Any, truth: Any, found: Any, weight: Any) -> Any:
        return model.compute_loss(x=seen, y=truth, y_pred=found, sample_weight=weight, training=True)

    return loss


def wants_one_hot(model: Any, outputs: int) -> bool:
    """Whether the loss that a model was compiled with compares its outputs with one column a class."""
    loss = getattr(model, "loss", None)
    name = str(loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", "")))
    sparse = "sparse" in name.lower()
    return "crossentropy" in name.lower() and not sparse and outputs > 1
