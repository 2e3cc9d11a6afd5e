"""Cheaper data: fewer rows and smaller images, as a fidelity asks for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.split import fewer

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.search import Fidelity, Signature
    from cloudautoml_local.tasks.neural.problem import Problem

LEAST_SIDE = 8
"""Pixels that an image is not made smaller than."""


def signature_at(signature: Signature, fidelity: Fidelity) -> Signature:
    """What networks take at a fidelity: smaller images where the resolution is cut."""
    share = fidelity.share("resolution")
    if share >= 1 or signature.kind != "image":
        return signature
    *sides, channels = signature.shape
    smaller = (max(min(side, LEAST_SIDE), round(side * share)) for side in sides)
    return replace(signature, shape=(*smaller, channels))


def examples_at(directory: Path, part: str, signature: Signature) -> Examples:
    """Examples of a part with images of the signature's size; those are kept, so that it is done once.

    Args:
        directory: The task's folder.
        part: `train`, `valid` or `holdout`.
        signature: What the network takes.
    """
    examples = Examples.open(directory, part)
    if signature.kind != "image" or examples.x.shape[1:] == signature.shape:
        return examples
    height, width, _ = signature.shape
    kept = directory / f"{part}_x_{height}x{width}.npy"
    if not kept.exists():
        write_array(kept, shrunk(examples.x, height, width))
    return replace(examples, x=read_array(kept, mmap_mode="r"))


def rows_at(examples: Examples, problem: Problem, fidelity: Fidelity, *, seed: int) -> Examples:
    """As many of the examples as a fidelity allows; the same ones for every candidate of a job."""
    share = fidelity.share("rows")
    if share >= 1:
        return examples
    return examples.take(fewer(examples.target, share, classes=len(problem.classes), seed=seed))


def shrunk(pixels: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[np.uint8]:
    """Images made smaller: each new pixel is the mean of the area that it covers.

    Args:
        pixels: uint8, (n, rows, columns, channels).
        height: New rows, at most as many as there are.
        width: New columns.
    """
    down, across = _areas(pixels.shape[1], height), _areas(pixels.shape[2], width)
    made = np.empty((len(pixels), height, width, pixels.shape[3]), np.uint8)
    for start in range(0, len(pixels), 1024):  # as floats, all of them at once would not fit
        part = np.asarray(pixels[start : start + 1024], np.float32)
        part = np.einsum("hi,nijc->nhjc", down, part, optimize=True)
        made[start : start + 1024] = np.rint(np.einsum("wj,nhjc->nhwc", across, part, optimize=True))
    return made


def _areas(old: int, new: int) -> npt.NDArray[np.float32]:
    """How much each old pixel counts in each new one: (new, old), rows that sum to 1."""
    edges = np.arange(new + 1) * (old / new)
    starts, ends = edges[:-1, None], edges[1:, None]
    places = np.arange(old)[None]
    overlap = np.clip(np.minimum(ends, places + 1) - np.maximum(starts, places), 0, None)
    return np.asarray(overlap / overlap.sum(axis=1, keepdims=True), np.float32)
