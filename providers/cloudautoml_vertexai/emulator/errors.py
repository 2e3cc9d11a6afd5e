"""Errors: what the emulator answers in place of a result, in Google's words."""

from __future__ import annotations

import json

from cloudautoml.emulation import Reply

_CODES = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
}  # fmt: skip


class VendorError(Exception):
    """A call that is refused.

    Args:
        status: Google's word for it.
        message: For people.
        reason: `ErrorInfo.reason` of its details, where it has one.
    """

    def __init__(self, status: str, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


def invalid(message: str) -> VendorError:
    """A request that makes no sense."""
    return VendorError("INVALID_ARGUMENT", message)


def not_found(what: str) -> VendorError:
    """A resource that there is not."""
    return VendorError("NOT_FOUND", f"{what} does not exist.")


def refusal(error: VendorError) -> Reply:
    """The answer to a call that is refused."""
    code = _CODES[error.status]
    told: dict[str, object] = {"code": code, "message": error.message, "status": error.status}
    if error.reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        told["details"] = [{"@type": kind, "reason": error.reason, "domain": "googleapis.com"}]
    return Reply(code, json.dumps({"error": told}).encode())
