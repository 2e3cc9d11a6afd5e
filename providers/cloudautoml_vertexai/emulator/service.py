"""Service: Vertex AI's REST protocol, and Cloud Storage's beside it, as far as AutoML jobs need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.emulation import FaultKind, Reply, Request, Service
from cloudautoml_vertexai.emulator.errors import VendorError, refusal
from cloudautoml_vertexai.emulator.gcs import operation_of
from cloudautoml_vertexai.emulator.wire import decode, encode, route_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.emulation import Fault
    from cloudautoml_vertexai.emulator.gcs import Gcs
    from cloudautoml_vertexai.emulator.resources import Query

    Handler = Callable[[str, dict[str, Any], Query], dict[str, Any]]

_FAULTS = {
    FaultKind.THROTTLE: VendorError(
        "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute.", reason="RATE_LIMIT_EXCEEDED"
    ),
    FaultKind.SERVER_ERROR: VendorError("UNAVAILABLE", "The service is currently unavailable."),
    FaultKind.ACCESS_DENIED: VendorError(
        "PERMISSION_DENIED", "Permission 'aiplatform' denied on the resource, or it may not exist."
    ),
    FaultKind.EXPIRED_TOKEN: VendorError(
        "UNAUTHENTICATED", "Request had invalid authentication credentials.", reason="ACCESS_TOKEN_EXPIRED"
    ),
    FaultKind.QUOTA: VendorError(
        "RESOURCE_EXHAUSTED", "The following quotas are exceeded: ConcurrentTrainingPipelinesPerProjectPerRegion"
    ),
}
UNHEARD = 99
"""A state that Vertex AI does not have, so far."""


class VertexaiService(Service):
    """Carries out calls.

    Args:
        handlers: By operation.
        gcs: Cloud Storage.
    """

    def __init__(self, handlers: Mapping[str, Handler], gcs: Gcs) -> None:
        self._handlers = handlers
        self._gcs = gcs

    @override
    def operation(self, request: Request) -> str:
        if (stored := operation_of(request)) is not None:
            return stored
        found = route_of(request)
        return found[0].operation if found else ""

    @override
    def handle(self, request: Request) -> Reply:
        if operation_of(request) is not None:
            return self._gcs.handle(request)
        try:
            return self._call(request)
        except VendorError as exc:
            return refusal(exc)

    def _call(self, request: Request) -> Reply:
        found = route_of(request)
        if found is None:
            raise VendorError("UNIMPLEMENTED", f"{request.method} {request.path} is not emulated")
        route, name = found
        result = self._handlers[route.operation](name, decode(route, request), request.query)
        if request.fault is not None and "state" in result:
            result = {**result, "state": UNHEARD}
        return encode(route, result)

    @override
    def refuse(self, request: Request, fault: Fault) -> Reply:
        return refusal(_FAULTS[fault.kind])
