"""Service: what a vendor's emulator fulfils so that the shared server can speak for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.emulation.faults import Fault


@dataclass(frozen=True, slots=True)
class Request:
    """One call, as it came in.

    Attributes:
        method: HTTP method.
        target: Path and query, as sent.
        headers: By lower-case name.
        body: Bytes of the body.
        fault: What the service itself has to get wrong in its answer (an unknown status); None is the rule.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    fault: Fault | None = None

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's values by name."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered.

    Attributes:
        status: HTTP status.
        body: Bytes of the body.
        headers: Beside `Content-Length`, which the server adds.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Service(ABC):
    """A vendor's API: names the operations, carries them out, and fails in the vendor's words."""

    @abstractmethod
    def operation(self, request: Request) -> str:
        """The vendor's name of what is called; fault scripts use it."""

    @abstractmethod
    def handle(self, request: Request) -> Reply:
        """Carry a call out; an error of the caller's is a reply, too."""

    @abstractmethod
    def refuse(self, request: Request, fault: Fault) -> Reply:
        """The vendor's answer when a call fails in that way."""
