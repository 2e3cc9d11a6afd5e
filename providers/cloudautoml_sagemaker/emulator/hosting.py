"""Hosting: models, endpoints and their predictions, by the very models that were trained."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import Reply, StateMachine
from cloudautoml_sagemaker.emulator.errors import VendorError, invalid
from cloudautoml_sagemaker.emulator.pages import page
from cloudautoml_sagemaker.emulator.predictions import predict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudautoml.emulation import Request, SettableClock
    from cloudautoml_sagemaker.emulator.predictions import Servable
    from cloudautoml_sagemaker.emulator.tags import Tags

_STEPS: dict[str, set[str]] = {"Creating": {"InService", "Failed"}, "InService": set(), "Failed": set()}
_LARGEST = 6_291_456  # bytes of a body: "InvokeEndpoint", developer guide


class Hosting:
    """Models, endpoint configurations and endpoints.

    Args:
        servables: The trained models by the address that their containers name.
        clock: The emulator's time of day.
        tags: Tags of all resources.
        prefix: What resource names start with, up to the kind.
        start_seconds: How long an endpoint takes to come up, by the clock.
    """

    def __init__(
        self,
        servables: Callable[[str], Servable | None],
        *,
        clock: SettableClock,
        tags: Tags,
        prefix: str,
        start_seconds: float = 0.0,
    ) -> None:
        self._servables = servables
        self._clock = clock
        self._tags = tags
        self._prefix = prefix
        self._start_seconds = start_seconds
        self._lock = threading.RLock()
        self._things: dict[str, dict[str, dict[str, Any]]] = {"model": {}, "endpoint-config": {}, "endpoint": {}}
        self._machines: dict[str, StateMachine] = {}

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations, by name."""
        return {
            "CreateModel": self._create_model,
            "DescribeModel": lambda request: dict(self._find("model", request["ModelName"])),
            "DeleteModel": lambda request: self._delete("model", request["ModelName"]),
            "ListModels": lambda request: self._listed("model", "ListModels", request, "Models"),
            "CreateEndpointConfig": self._create_config,
            "DescribeEndpointConfig": lambda request: dict(
                self._find("endpoint-config", request["EndpointConfigName"])
            ),
            "DeleteEndpointConfig": lambda request: self._delete("endpoint-config", request["EndpointConfigName"]),
            "ListEndpointConfigs": lambda request: self._listed(
                "endpoint-config", "ListEndpointConfigs", request, "EndpointConfigs"
            ),
            "CreateEndpoint": self._create_endpoint,
            "DescribeEndpoint": lambda request: self._endpoint(request["EndpointName"]),
            "DeleteEndpoint": lambda request: self._delete("endpoint", request["EndpointName"]),
            "ListEndpoints": lambda request: self._listed("endpoint", "ListEndpoints", request, "Endpoints"),
        }

    def _create(self, kind: str, field: str, request: dict[str, Any], **more: Any) -> str:
        name, arn = str(request[field]), f"{self._prefix}{kind}/{str(request[field]).lower()}"
        with self._lock:
            if name in self._things[kind]:
                raise invalid(f"Cannot create already existing {kind} {arn}")
            stem = "".join(part.capitalize() for part in kind.split("-"))
            rest = {key: value for key, value in request.items() if key != "Tags"}
            self._things[kind][name] = {**rest, f"{stem}Arn": arn, "CreationTime": self._clock.now(), **more}
            self._tags.set(arn, request.get("Tags", []))
        return arn

    def _find(self, kind: str, name: str) -> dict[str, Any]:
        with self._lock:
            if name not in self._things[kind]:
                raise invalid(f'Could not find {kind} "{self._prefix}{kind}/{name.lower()}".')
            return self._things[kind][name]

    def _delete(self, kind: str, name: str) -> dict[str, Any]:
        with self._lock:
            self._find(kind, name)
            del self._things[kind][name]
            self._tags.forget(f"{self._prefix}{kind}/{name.lower()}")
        return {}

    def _listed(self, kind: str, operation: str, request: dict[str, Any], field: str) -> dict[str, Any]:
        stem = "".join(part.capitalize() for part in kind.split("-"))
        with self._lock:
            names = [name for name in self._things[kind] if request.get("NameContains", "").lower() in name.lower()]
            whole = [self._endpoint(name) if kind == "endpoint" else self._find(kind, name) for name in names]
        shown = {f"{stem}Name", f"{stem}Arn", "CreationTime", "LastModifiedTime", "EndpointStatus"}
        entries = [{key: value for key, value in thing.items() if key in shown} for thing in whole]
        entries.sort(
            key=lambda entry: (entry["CreationTime"], entry[f"{stem}Name"]),
            reverse=request.get("SortOrder", "Descending") == "Descending",
        )
        return page(operation, request, entries, field)

    def _create_model(self, request: dict[str, Any]) -> dict[str, Any]:
        containers = request.get("Containers") or [request[key] for key in ("PrimaryContainer",) if key in request]
        if not containers:
            raise invalid("a model has a PrimaryContainer or Containers")
        for container in containers:
            if self._servables(container.get("ModelDataUrl", "")) is None:
                raise invalid(f"Could not find model data at {container.get('ModelDataUrl')}.")
        return {"ModelArn": self._create("model", "ModelName", request)}

    def _create_config(self, request: dict[str, Any]) -> dict[str, Any]:
        for variant in request["ProductionVariants"]:
            if "ModelName" in variant:
                self._find("model", variant["ModelName"])
        return {"EndpointConfigArn": self._create("endpoint-config", "EndpointConfigName", request)}

    def _create_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        self._find("endpoint-config", request["EndpointConfigName"])
        arn = self._create("endpoint", "EndpointName", request)
        with self._lock:
            self._machines[request["EndpointName"]] = StateMachine(_STEPS, "Creating")
        return {"EndpointArn": arn}

    def _endpoint(self, name: str) -> dict[str, Any]:
        thing, machine = self._find("endpoint", name), self._machines[name]
        created: datetime = thing["CreationTime"]
        if (self._clock.now() - created).total_seconds() >= self._start_seconds:
            machine.move("InService")
        return {**thing, "EndpointStatus": machine.state, "LastModifiedTime": created}

    def model(self, name: str) -> tuple[Servable, dict[str, str]]:
        """What a model predicts with, and its environment.

        Raises:
            VendorError: There is no such model.
        """
        found = self._find("model", name)
        container: dict[str, Any] = (found.get("Containers") or [found.get("PrimaryContainer", {})])[0]
        servable = self._servables(container.get("ModelDataUrl", ""))
        if servable is None:
            raise invalid(f"Could not find model data at {container.get('ModelDataUrl')}.")
        return servable, container.get("Environment", {})

    def invoke(self, endpoint: str, request: Request) -> Reply:
        """Answer a call of the runtime to an endpoint.

        Raises:
            VendorError: There is no such endpoint, or its model cannot make sense of the body.
        """
        try:
            found = self._endpoint(endpoint)
        except VendorError as exc:
            raise VendorError("ValidationError", f"Endpoint {endpoint} not found.") from exc
        if found["EndpointStatus"] != "InService":
            raise VendorError("ValidationError", f"Endpoint {endpoint} is {found['EndpointStatus']}.")
        if len(request.body) > _LARGEST:
            raise VendorError("ValidationError", f"the body is larger than {_LARGEST} bytes", status=413)
        config = self._find("endpoint-config", found["EndpointConfigName"])
        variant = config["ProductionVariants"][0]
        servable, environment = self.model(variant["ModelName"])
        body = predict(servable, request.body, request.headers.get("content-type", "text/csv"), environment)
        return Reply(
            200, body, {"Content-Type": "text/csv", "x-Amzn-Invoked-Production-Variant": str(variant["VariantName"])}
        )
