"""Errors: what Google answers when it refuses, as the error that says what to do about it."""

from __future__ import annotations

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

_STATUSES: dict[str, type[CloudAutoMLError]] = {
    **dict.fromkeys(("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"), SpecError),
    **dict.fromkeys(("ALREADY_EXISTS", "ABORTED"), ConflictError),
    "NOT_FOUND": JobNotFoundError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "UNAUTHENTICATED": AuthenticationError,
    "RESOURCE_EXHAUSTED": ThrottledError,
    **dict.fromkeys(("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "UNKNOWN"), ServiceUnavailableError),
}
_HTTP: dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
}
_HINTS: dict[type[CloudAutoMLError], str] = {
    AuthenticationError: "gcloud auth application-default login",
    PermissionDeniedError: "the roles needed are aiplatform.user, and storage.objectAdmin on the bucket",
    QuotaExceededError: "wait until another job has ended, or ask for a higher quota",
}


def status_of_http(code: int) -> str:
    """Google's word for an HTTP status, where the answer itself does not have it."""
    return _HTTP.get(code, "UNAVAILABLE" if code >= 500 else "INVALID_ARGUMENT")


def error_of(status: str, message: str, *, operation: str, reason: str = "") -> CloudAutoMLError:
    """The error that a refusal stands for.

    Args:
        status: Name of the canonical code, such as `RESOURCE_EXHAUSTED`.
        message: For people.
        operation: What was called.
        reason: `ErrorInfo.reason` of the details, such as `RATE_LIMIT_EXCEEDED`.
    """
    kind = _STATUSES.get(status, CloudAutoMLError)
    if kind is ThrottledError and is_quota(message, reason):
        kind = QuotaExceededError
    return kind(f"{message or 'no reason given'} ({status} from {operation})", hint=_HINTS.get(kind))


def is_quota(message: str, reason: str = "") -> bool:
    """Whether something has to end first, or be raised: a limit on calls a minute is gone a minute later."""
    text = message.lower()
    return reason != "RATE_LIMIT_EXCEEDED" and "quota" in text and "per minute" not in text and "per_minute" not in text
