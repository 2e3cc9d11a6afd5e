"""The contract of an executor: calls go in by number, outcomes come out in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    Attributes:
        number: The call's number.
        value: What it returned; None when it failed.
        reason: Why it failed, in a word: `error`, `nan`, `oom`, `crash`, `timeout`, `cancelled`, `disk`, or
            `lost` when its host died, for which it is not to blame.
        message: Why it failed, in a sentence.
        seconds: Wall-clock seconds from its start to its end.
    """

    number: int
    value: Mapping[str, Any] | None = None
    reason: str = ""
    message: str = ""
    seconds: float = 0.0


class Executor(ABC):
    """Runs calls. Not safe to share between threads.

    A call is `package.module:function` with JSON arguments: the function takes them as one mapping and
    returns a mapping that JSON can hold. Nothing else crosses the border, so it does not matter where it runs.
    """

    @abstractmethod
    def start(
        self, number: int, call: str, arguments: Mapping[str, Any], *, group: str, seconds: float | None = None
    ) -> None:
        """Start a call.

        Args:
            number: Tells it apart from the others that run; may be used again after it has ended.
            call: What to call.
            arguments: Its arguments.
            group: Name of the `Preload` group it needs.
            seconds: Kill it when it has run for so long.
        """

    @abstractmethod
    def wait(self, timeout: float) -> Sequence[Outcome]:
        """The calls that have ended since the last look.

        Args:
            timeout: Seconds to wait for the first one when there is none yet.
        """

    @abstractmethod
    def kill(self, number: int) -> None:
        """End a call at once, with all that it has started; its outcome, `cancelled`, follows."""

    def is_ready(self, group: str) -> bool:  # noqa: ARG002 - for executors that load libraries
        """Whether a call of a group would start at once."""
        return True

    def warm_up(self) -> None:  # noqa: B027 - most executors have nothing to prepare
        """Begin to load libraries."""

    @abstractmethod
    def close(self) -> None:
        """End everything; no process is left behind."""
