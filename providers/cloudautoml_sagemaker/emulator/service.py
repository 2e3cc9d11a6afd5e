"""Service: SageMaker's JSON 1.1 protocol and its runtime, as far as Autopilot jobs need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.emulation import FaultKind, Reply, Request, Service
from cloudautoml_sagemaker.emulator.errors import VendorError
from cloudautoml_sagemaker.emulator.signature import check_signature
from cloudautoml_sagemaker.emulator.wire import TARGET, decode, encode, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.emulation import Fault

    Handler = Callable[[dict[str, Any]], dict[str, Any]]

_FAULTS = {
    FaultKind.THROTTLE: VendorError("ThrottlingException", "Rate exceeded"),
    FaultKind.SERVER_ERROR: VendorError("InternalFailure", "an internal error has occurred", status=500),
    FaultKind.ACCESS_DENIED: VendorError("AccessDeniedException", "the user is not authorized to perform this"),
    FaultKind.EXPIRED_TOKEN: VendorError("ExpiredTokenException", "the security token in the request is expired"),
    FaultKind.QUOTA: VendorError("ResourceLimitExceeded", "the account-level service limit is reached"),
}
UNHEARD = "Rebalancing"
"""A status that SageMaker does not have, so far."""


class SagemakerService(Service):
    """Carries out signed calls.

    Args:
        handlers: By operation.
        invoke: Answers a call to an endpoint, given its name.
        secrets: Secret keys by access key.
        region: AWS region.
        url: Tells the address of the server.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        *,
        invoke: Callable[[str, Request], Reply],
        secrets: Mapping[str, str],
        region: str,
        url: Callable[[], str],
    ) -> None:
        self._handlers = handlers
        self._invoke = invoke
        self._secrets = secrets
        self._region = region
        self._url = url

    @override
    def operation(self, request: Request) -> str:
        if _endpoint(request) is not None:
            return "InvokeEndpoint"
        return request.headers.get("x-amz-target", "").removeprefix(TARGET)

    @override
    def handle(self, request: Request) -> Reply:
        try:
            check_signature(request, url=self._url(), secrets=self._secrets, region=self._region)
            if (endpoint := _endpoint(request)) is not None:
                return self._invoke(endpoint, request)
            return self._call(self.operation(request), request)
        except VendorError as exc:
            return refusal(exc)

    def _call(self, operation: str, request: Request) -> Reply:
        parameters = decode(operation, request)
        handler = self._handlers.get(operation)
        if handler is None:
            raise VendorError("UnknownOperationException", f"{operation} is not emulated")
        result = handler(parameters)
        if request.fault is not None and "AutoMLJobStatus" in result:
            result = {**result, "AutoMLJobStatus": UNHEARD, "AutoMLJobSecondaryStatus": UNHEARD}
        return encode(operation, result)

    @override
    def refuse(self, request: Request, fault: Fault) -> Reply:
        return refusal(_FAULTS[fault.kind])


def _endpoint(request: Request) -> str | None:
    """The endpoint that a call to the runtime names; None for a call to SageMaker itself."""
    parts = request.path.strip("/").split("/")
    return parts[1] if len(parts) == 3 and (parts[0], parts[2]) == ("endpoints", "invocations") else None
