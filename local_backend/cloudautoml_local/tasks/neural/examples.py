"""Examples: inputs and targets of one part of the data, as files that trials map into memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array

if TYPE_CHECKING:
    from pathlib import Path

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs with their truth.

    Attributes:
        x: n inputs: uint8 pixels, float32 numbers or int32 token ids.
        target: n codes (-1 for an unknown class), n x k zeros and ones (labels), or n numbers.
        weight: n weights; None when all are equal.
    """

    x: npt.NDArray[Any]
    target: npt.NDArray[Any]
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.target)

    def take(self, which: npt.NDArray[np.int64]) -> Examples:
        """Some of them, copied."""
        return Examples(
            np.asarray(self.x[which]), self.target[which], None if self.weight is None else self.weight[which]
        )

    def save(self, directory: Path, part: str) -> None:
        """Write `<part>_x.npy`, `<part>_target.npy` and, where there are weights, `<part>_weight.npy`."""
        write_array(directory / f"{part}_x.npy", self.x)
        if self.weight is None:
            (directory / f"{part}_weight.npy").unlink(missing_ok=True)
        else:
            write_array(directory / f"{part}_weight.npy", self.weight)
        write_array(directory / f"{part}_target.npy", self.target)  # last: with it the part is whole

    @classmethod
    def open(cls, directory: Path, part: str) -> Examples:
        """Map what `save` wrote."""
        weight = directory / f"{part}_weight.npy"
        return cls(
            read_array(directory / f"{part}_x.npy", mmap_mode="r"),
            np.asarray(read_array(directory / f"{part}_target.npy")),
            np.asarray(read_array(weight)) if weight.exists() else None,
        )

    @classmethod
    def exist(cls, directory: Path, part: str) -> bool:
        """Whether there is such a part."""
        return (directory / f"{part}_target.npy").exists()


def joined(first: Examples, second: Examples) -> Examples:
    """Both, one after the other."""
    weight = None
    if first.weight is not None and second.weight is not None:
        weight = np.concatenate([first.weight, second.weight])
    return Examples(np.concatenate([first.x, second.x]), np.concatenate([first.target, second.target]), weight)
