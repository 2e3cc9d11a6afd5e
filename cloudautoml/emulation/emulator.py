"""Emulator: what starts and closes a vendor on this machine, and tells how it is reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.provider import Provider


class Emulator(ABC):
    """A vendor on this machine, whose jobs a provider trains. What an entry point of `cloudautoml.emulators` names.

    Use it as a context manager, or call `start` and `close`.

    Args:
        provider: Who trains.
        port: Where the vendor's API listens; 0 takes a free port.
    """

    @abstractmethod
    def __init__(self, provider: Provider[Any], *, port: int = 0) -> None: ...

    @abstractmethod
    def start(self) -> Self:
        """Serve; returns when calls are answered."""

    @abstractmethod
    def close(self) -> None:
        """Stop serving, and have what is still being trained stopped."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Variables that make the vendor's own clients call the emulator, and nobody else."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Settings that make our provider of the same name use it."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
