"""Meaning: what the output of a child's layer is in terms of its parent's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cloudautoml_local.networks.carry import Channels


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What a child's tensor is.

    Attributes:
        source: The parent's layer whose output it stands for.
        channels: For each of its channels, which of the source's it is a copy of; -1 for one without a counterpart.
        exact: Whether it is that, and not merely in its place.
        zero: Whether it is nothing but zeros, as a branch that begins at zero is; then it stands for nothing.
    """

    source: str
    channels: Channels
    exact: bool = True
    zero: bool = False

    def covers(self, before: int) -> bool:
        """Whether every channel of the source is there."""
        return len(np.unique(self.channels[self.channels >= 0])) == before

    def same(self, before: int) -> bool:
        """Whether it is the source itself, channel by channel."""
        return len(self.channels) == before and bool(np.all(self.channels == np.arange(before)))

    def evenly(self, before: int) -> bool:
        """Whether it is made of copies alone, equally many of each channel."""
        if np.any(self.channels < 0):
            return False
        return len(set(np.bincount(self.channels, minlength=before).tolist())) == 1


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a layer must be for a later one to mean what it did.

    Attributes:
        layer: The child's layer.
        channels: Which of its former channels its outputs are to copy; None for it to begin at zero.
    """

    layer: str
    channels: Channels | None = None
