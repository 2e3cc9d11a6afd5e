"""Errors: what Azure answers when it refuses, as the error that says what to do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    ConflictError,
    JobNotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    ServiceUnavailableError,
    SpecError,
    ThrottledError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUS: dict[int, type[CloudAutoMLError]] = {
    400: SpecError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: JobNotFoundError,
    408: ServiceUnavailableError,
    409: ConflictError,
    412: ConflictError,
    429: ThrottledError,
}
_HINTS: dict[type[CloudAutoMLError], str] = {
    AuthenticationError: "az login, or set the variables of a service principal; `az account show` says who you are",
    PermissionDeniedError: "the role AzureML Data Scientist on the workspace, and Storage Blob Data Contributor on its "
    "storage account, are what is needed",
    QuotaExceededError: "wait until another job has ended, or ask for a higher quota",
}
_IMMUTABLE = re.compile(r"immutable", re.IGNORECASE)
_QUOTA = re.compile(r"quota", re.IGNORECASE)


def error_of(status: int, answer: object, *, operation: str) -> CloudAutoMLError:
    """The error that a refusal stands for.

    Azure's code is often no more than `UserError`, so the status of the answer decides, and the message with it.

    Args:
        status: HTTP status.
        answer: The body, read as JSON where it is.
        operation: What was called.
    """
    code, message = _told(answer)
    kind = _STATUS.get(status, ServiceUnavailableError if status >= 500 else CloudAutoMLError)
    if kind is SpecError and (code == "JobPropertyImmutable" or _IMMUTABLE.search(message)):
        kind = ConflictError  # a job of that name asks for something else
    elif kind in {SpecError, ConflictError} and _QUOTA.search(f"{code} {message}"):
        kind = QuotaExceededError
    return kind(f"{message or 'no reason given'} ({code or status} from {operation})", hint=_HINTS.get(kind))


def _told(answer: object) -> tuple[str, str]:
    if not isinstance(answer, dict):
        return "", str(answer or "")[:500]
    body: Mapping[str, Any] = answer
    error: Mapping[str, Any] = body.get("error") or body
    return _innermost(error), str(error.get("message", ""))


def _innermost(error: Mapping[str, Any]) -> str:
    """The most telling code: the innermost one."""
    inner = error.get("innerError") or error.get("innererror")
    return _innermost(inner) if isinstance(inner, dict) and inner.get("code") else str(error.get("code", ""))
