"""Operations: work that goes on after a call, told by a name that is asked for again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml_vertexai.emulator.errors import not_found
from cloudautoml_vertexai.emulator.resources import new_number, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.emulation import SettableClock

_TYPES = "type.googleapis.com/google.cloud.aiplatform.v1."
EMPTY = "type.googleapis.com/google.protobuf.Empty"
"""Type of the answer of a deletion."""


class Operations:
    """The operations of one project and region; each is done at the first look after it was begun.

    Args:
        clock: The emulator's time of day.
    """

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._done: dict[str, dict[str, Any]] = {}

    def begin(
        self,
        resource: str,
        kind: str,
        response: Mapping[str, Any],
        *,
        answer: str = "",
        told: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """An operation that has begun.

        Args:
            resource: What it is about.
            kind: Name of the message that it tells about itself with.
            response: What comes out.
            answer: Name of the message that comes out; nothing comes out of a deletion.
            told: What else it tells about itself.
        """
        now = stamp(self._clock.now())
        about = {"@type": f"{_TYPES}{kind}", "genericMetadata": {"createTime": now, "updateTime": now}, **(told or {})}
        name = f"{resource}/operations/{new_number()}"
        kind_of = f"{_TYPES}{answer}" if answer else EMPTY
        with self._lock:
            self._done[name] = {
                "name": name, "metadata": about, "done": True, "response": {"@type": kind_of, **response}
            }  # fmt: skip
        return {"name": name, "metadata": about, "done": False}

    def look(self, name: str, _: dict[str, Any], __: Mapping[str, list[str]]) -> dict[str, Any]:
        """`GetOperation`."""
        with self._lock:
            if name not in self._done:
                raise not_found(name)
            return self._done[name]
