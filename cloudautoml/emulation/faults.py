"""Faults: what goes wrong in an emulator, scripted by operation and by count."""

from __future__ import annotations

import threading
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable


class FaultKind(StrEnum):
    """A way in which a service fails."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    LOST_REPLY = "lost_reply"  # the call is carried out, and the connection closed before the reply
    REFUSED = "refused"  # the connection is closed before the call is carried out
    SLOW = "slow"
    ACCESS_DENIED = "access_denied"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - the name of a fault
    QUOTA = "quota"
    UNKNOWN_STATUS = "unknown_status"  # the answer is well formed and says a status that nobody has heard of


class Fault(BaseModel):
    """One thing that goes wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: FaultKind
    """How it fails."""
    operation: str = "*"
    """The vendor's name of the operation that fails; `*` is any."""
    count: int = Field(default=1, ge=1)
    """Calls that fail."""
    after: int = Field(default=0, ge=0)
    """Calls that go well before."""
    seconds: float = Field(default=1.0, ge=0)
    """How long a slow call is held back."""


class FaultScript:
    """The faults that are still to come; safe to change while a server runs.

    Args:
        faults: In order: of several that fit a call, the first one happens.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._left: list[Fault] = list(faults)

    def add(self, *faults: Fault) -> None:
        """Have more go wrong, after what is scripted already."""
        with self._lock:
            self._left.extend(faults)

    def clear(self) -> None:
        """Have nothing go wrong any more."""
        with self._lock:
            self._left.clear()

    def left(self) -> tuple[Fault, ...]:
        """What is still to come."""
        with self._lock:
            return tuple(self._left)

    def take(self, operation: str) -> Fault | None:
        """What goes wrong with a call, which is counted by this; None where it goes well."""
        with self._lock:
            for index, fault in enumerate(self._left):
                if fault.operation not in {"*", operation}:
                    continue
                if fault.after:
                    self._left[index] = fault.model_copy(update={"after": fault.after - 1})
                    continue
                if fault.count == 1:
                    del self._left[index]
                else:
                    self._left[index] = fault.model_copy(update={"count": fault.count - 1})
                return fault
        return None
