"""Forward pass of the network of words and characters, by numpy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_local.tasks.entities.encoding import Batch

Matrix = npt.NDArray[np.float32]


def probabilities(weights: Mapping[str, Matrix], batch: Batch) -> Matrix:
    """Probabilities of the tags of each token.

    Args:
        weights: Arrays by name, as `training.weights_of` gives them.
        batch: n sentences of up to T tokens.

    Returns:
        n x T x tags; what stands at places without a token means nothing.
    """
    mask = (batch.words > 0).astype(np.float32)[..., None]
    parts = [weights["words"][batch.words], batch.looks]
    if "characters" in weights:
        parts.append(_characters(weights, batch))
    hidden = np.concatenate(parts, axis=-1).astype(np.float32) * mask
    if "lstm_0_kernel" in weights:
        for layer in range(_count(weights, "lstm")):
            ahead = _lstm(hidden, mask, weights, f"lstm_{layer}")
            lengths = mask[..., 0].sum(axis=1).astype(np.int64)
            back = _reversed(_lstm(_reversed(hidden, lengths), mask, weights, f"back_{layer}"), lengths)
            hidden = np.concatenate([ahead, back], axis=-1)
    else:
        for layer in range(_count(weights, "convolution")):
            after = _silu(_convolution(hidden, weights, f"convolution_{layer}", dilation=2**layer)) * mask
            hidden = hidden + after if layer else after
    logits = hidden @ weights["output_kernel"] + weights["output_bias"]
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def _count(weights: Mapping[str, Matrix], name: str) -> int:
    return sum(key.startswith(f"{name}_") and key.endswith("_kernel") for key in weights)


def _characters(weights: Mapping[str, Matrix], batch: Batch) -> Matrix:
    """The largest answer of each filter along the characters of a word; each different word is read once."""
    n, longest, width = batch.characters.shape
    unique, place = np.unique(batch.characters.reshape(-1, width), axis=0, return_inverse=True)
    embedded = weights["characters"][unique] * (unique > 0)[..., None].astype(np.float32)
    read = np.maximum(_convolution(embedded, weights, "read", dilation=1), 0.0).max(axis=1)
    return np.asarray(read[place.reshape(-1)].reshape(n, longest, -1), np.float32)


def _convolution(x: Matrix, weights: Mapping[str, Matrix], name: str, *, dilation: int) -> Matrix:
    """A convolution of width 3 along the second axis that keeps its length."""
    kernel = weights[f"{name}_kernel"]
    padded = np.pad(x, ((0, 0), (dilation, dilation), (0, 0)))
    length = x.shape[1]
    total = sum(padded[:, step * dilation : step * dilation + length] @ kernel[step] for step in range(len(kernel)))
    return np.asarray(total + weights[f"{name}_bias"], np.float32)


def _lstm(x: Matrix, mask: Matrix, weights: Mapping[str, Matrix], name: str) -> Matrix:
    """A recurrent layer that stands still where there is no token."""
    kernel, recurrent, bias = (weights[f"{name}_{part}"] for part in ("kernel", "recurrent", "bias"))
    units = recurrent.shape[0]
    fed = x @ kernel + bias
    state = memory = np.zeros((len(x), units), np.float32)
    outputs = np.zeros((*x.shape[:2], units), np.float32)
    for step in range(x.shape[1]):
        gates = fed[:, step] + state @ recurrent
        enter, forget, leave = (_sigmoid(gates[:, i * units : (i + 1) * units]) for i in (0, 1, 3))
        fresh = forget * memory + enter * np.tanh(gates[:, 2 * units : 3 * units])
        here = mask[:, step]
        memory = here * fresh + (1 - here) * memory
        state = here * (leave * np.tanh(fresh)) + (1 - here) * state
        outputs[:, step] = state
    return outputs * mask


def _reversed(x: Matrix, lengths: npt.NDArray[np.int64]) -> Matrix:
    """Each sentence from its end; the padding stays behind."""
    places = np.arange(x.shape[1])[None, :]
    source = np.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)
    return np.asarray(np.take_along_axis(x, source[..., None], axis=1), np.float32)


def _sigmoid(x: Matrix) -> Matrix:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))), np.float32)


def _silu(x: Matrix) -> Matrix:
    return x * _sigmoid(x)
