"""Leftovers: what jobs have made at a vendor and is still there, to be shown and to be deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing at a vendor that carries our mark.

    Attributes:
        kind: The vendor's word for it: `endpoint`, `model`, `files`.
        name: The vendor's name for it, or its address.
        job: The vendor's name of the job that it belongs to.
        costs: Whether it is paid for by the hour while it is there; storage does not count.
        created: When it was made, where that is told.
        expires: When its time is over; None where none was set.
        size: Bytes that it takes, where that is told.
    """

    kind: str
    name: str
    job: str
    costs: bool = False
    created: datetime | None = None
    expires: datetime | None = None
    size: int | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time was set, and is over."""
        return self.expires is not None and self.expires <= now

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "kind": self.kind,
            "name": self.name,
            "job": self.job,
            "costs": self.costs,
            "created": self.created.isoformat() if self.created else None,
            "expires": self.expires.isoformat() if self.expires else None,
            "size": self.size,
        }
