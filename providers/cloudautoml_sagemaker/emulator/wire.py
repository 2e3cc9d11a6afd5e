"""Wire: bodies of calls and answers, both held against botocore's model of the service."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.emulation import Reply
from cloudautoml_sagemaker._model import service_model, violations
from cloudautoml_sagemaker.emulator.errors import VendorError, invalid

if TYPE_CHECKING:
    from cloudautoml.emulation import Request

TARGET = "SageMaker."
_JSON = "application/x-amz-json-1.1"


def decode(operation: str, request: Request) -> dict[str, Any]:
    """The parameters of a call.

    Raises:
        VendorError: The model has no such operation, or the body breaks one of its rules.
    """
    if operation not in service_model().operation_names:
        raise VendorError("UnknownOperationException", f"SageMaker has no operation {operation!r}")
    if request.headers.get("content-type") != _JSON:
        raise VendorError("SerializationException", f"the content type is {_JSON}")
    try:
        body: object = json.loads(request.body or b"{}")
    except ValueError as exc:
        raise VendorError("SerializationException", f"the body is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise VendorError("SerializationException", "the body is not an object")
    parameters = cast("dict[str, Any]", body)
    found = list(violations(operation, parameters)) if service_model().operation_model(operation).input_shape else []
    if found:
        told = "; ".join(f"Value at '{path}' failed to satisfy constraint: {message}" for path, message in found)
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
        raise invalid(f"{count}: {told}")
    return parameters


def encode(operation: str, result: dict[str, Any]) -> Reply:
    """The answer to a call.

    Raises:
        ValueError: The model would not know it: a mistake of the emulator's.
    """
    shape = service_model().operation_model(operation).output_shape
    if shape is not None:
        from botocore.validate import ParamValidator

        report = ParamValidator().validate(result, shape)
        if report.has_errors():
            msg = f"not an answer of {operation}: {report.generate_report()}"
            raise ValueError(msg)
    return Reply(200, json.dumps(result, default=_plain).encode(), {"Content-Type": _JSON})


def refusal(error: VendorError) -> Reply:
    """The answer to a call that is refused; in a header too, which is where the runtime's clients look."""
    body = {"__type": error.code, "message": error.message, "Message": error.message}
    headers = {"Content-Type": _JSON, "x-amzn-ErrorType": error.code}
    return Reply(error.status, json.dumps(body).encode(), headers)


def _plain(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
