"""Errors: what AWS answers when it refuses, as the error that says what to do about it."""

from __future__ import annotations

import re

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    ConflictError,
    DataError,
    JobNotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    ServiceUnavailableError,
    SpecError,
    ThrottledError,
)

_CODES: dict[str, type[CloudAutoMLError]] = {
    **dict.fromkeys(("ValidationException", "ValidationError"), SpecError),
    "ResourceInUse": ConflictError,
    "ConflictException": ConflictError,
    "ResourceLimitExceeded": QuotaExceededError,
    **dict.fromkeys(("ResourceNotFound", "ResourceNotFoundException"), JobNotFoundError),
    "ModelError": DataError,
    **dict.fromkeys(("NoSuchKey", "NoSuchBucket", "NotFound", "404"), DataError),
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
        ThrottledError,
    ),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "403", "Forbidden"), PermissionDeniedError),
    **dict.fromkeys(
        (
            "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidSignatureException",
            "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "MissingAuthenticationToken",
            "MissingAuthenticationTokenException", "IncompleteSignature",
        ),
        AuthenticationError,
    ),
    **dict.fromkeys(("InternalFailure", "InternalError", "ServiceUnavailable", "RequestTimeout"),
                    ServiceUnavailableError),
}  # fmt: skip

_HINTS: dict[type[CloudAutoMLError], str] = {
    AuthenticationError: "aws sts get-caller-identity says who AWS takes you for",
    PermissionDeniedError: "least_privilege.json, beside this provider, lists the actions it needs",
    QuotaExceededError: "wait until another Autopilot job has ended, or ask for a higher quota",
}


def error_of(code: str, message: str, *, operation: str, http_status: int = 400) -> CloudAutoMLError:
    """The error that a refusal stands for.

    Args:
        code: `Error.Code` of the answer.
        message: `Error.Message` of the answer.
        operation: What was called.
        http_status: Status of the answer: whatever the code, one of 500 and above may succeed later.
    """
    kind = _CODES.get(code, CloudAutoMLError)
    if kind is CloudAutoMLError and http_status >= 500:
        kind = ServiceUnavailableError
    if code.startswith("Validation") and re.search("could not find|endpoint .* not found", message.lower()):
        kind = JobNotFoundError  # SageMaker says so of models, endpoints and transforms that there are not
    return kind(f"{message or 'no reason given'} ({code} from {operation})", hint=_HINTS.get(kind))
