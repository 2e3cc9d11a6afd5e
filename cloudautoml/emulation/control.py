"""Control: the emulator's own paths, by which other processes script faults and set the clock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from cloudautoml.emulation.faults import Fault
from cloudautoml.emulation.service import Reply

if TYPE_CHECKING:
    from cloudautoml.emulation.clock import SettableClock
    from cloudautoml.emulation.faults import FaultScript
    from cloudautoml.emulation.service import Request

PREFIX = "/_emulator/"
"""Where the control paths start: `health`, `faults` (GET, POST, DELETE), `clock` (GET, POST `{"advance": seconds}`)."""


class _Advance(BaseModel):
    advance: float


_FAULTS = TypeAdapter(list[Fault])


def control(request: Request, *, faults: FaultScript, clock: SettableClock) -> Reply:
    """Carry out a call to one of the emulator's own paths."""
    try:
        return _json(_called(request, faults=faults, clock=clock))
    except LookupError as exc:
        return _json({"error": str(exc)}, status=404)
    except (ValidationError, ValueError, TypeError) as exc:
        return _json({"error": str(exc)}, status=400)


def _called(request: Request, *, faults: FaultScript, clock: SettableClock) -> Any:
    match request.method, request.path.removeprefix(PREFIX):
        case "GET", "health":
            return {"emulated": True}
        case "GET" | "POST" | "DELETE" as method, "faults":
            if method == "DELETE":
                faults.clear()
            if method == "POST":
                given = json.loads(request.body)
                faults.add(*_FAULTS.validate_python(given if isinstance(given, list) else [given]))
            return [fault.model_dump(mode="json") for fault in faults.left()]
        case "GET", "clock":
            return {"now": clock.now().isoformat()}
        case "POST", "clock":
            return {"now": clock.advance(_Advance.model_validate_json(request.body).advance).isoformat()}
        case _:
            msg = f"no {request.method} {request.path} here"
            raise LookupError(msg)


def _json(value: Any, *, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode())
