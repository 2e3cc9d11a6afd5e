"""Endpoints: models that answer at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml_vertexai.emulator.errors import VendorError, invalid, not_found
from cloudautoml_vertexai.emulator.predictions import predict
from cloudautoml_vertexai.emulator.resources import Shelf, listed, new_number, stamp

if TYPE_CHECKING:
    from cloudautoml.emulation import SettableClock
    from cloudautoml_vertexai.emulator.models import Models
    from cloudautoml_vertexai.emulator.operations import Operations
    from cloudautoml_vertexai.emulator.resources import Query


class Endpoints:
    """The endpoints of one project and region.

    Args:
        shelf: Where they are kept.
        models: Who predicts.
        operations: Where work goes on.
        clock: The emulator's time of day.
    """

    def __init__(self, shelf: Shelf, *, models: Models, operations: Operations, clock: SettableClock) -> None:
        self._shelf = shelf
        self._models = models
        self._operations = operations
        self._clock = clock
        self._lock = threading.Lock()

    def create(self, name: str, body: dict[str, Any], query: Query) -> dict[str, Any]:
        """`CreateEndpoint`; its number may be chosen."""
        self._shelf.check_place(name)
        wanted = query.get("endpointId", [""])[0]
        if wanted and any(item["name"].endswith(f"/{wanted}") for item in self._shelf.all()):
            raise VendorError("ALREADY_EXISTS", f"endpoint {wanted} exists already.")
        now = stamp(self._clock.now())
        made = self._shelf.add({**body, "createTime": now, "updateTime": now}, number=wanted or None)
        return self._operations.begin(made["name"], "CreateEndpointOperationMetadata", made, answer="Endpoint")

    def get(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetEndpoint`."""
        return self._shelf.get(name)

    def list_all(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListEndpoints`."""
        self._shelf.check_place(name)
        return listed("endpoints", self._shelf.all(), query)

    def delete(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`DeleteEndpoint`; one with a model stays."""
        if self._shelf.get(name).get("deployedModels"):
            raise VendorError(
                "FAILED_PRECONDITION", "The Endpoint has deployed models, which must be undeployed first."
            )
        self._shelf.remove(name)
        return self._operations.begin(name, "DeleteOperationMetadata", {})

    def deploy(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`DeployModel`."""
        asked: dict[str, Any] = body.get("deployedModel", {})
        if "dedicatedResources" not in asked:
            raise invalid("dedicated_resources is required: the model supports no automatic ones.")
        model = str(asked.get("model"))
        self._models.trained(model)
        made = {**asked, "id": new_number(), "createTime": stamp(self._clock.now())}
        with self._lock:
            endpoint = self._shelf.get(name)
            asked_split: dict[str, int] = body.get("trafficSplit") or {"0": 100}
            split = {made["id"] if key == "0" else key: share for key, share in asked_split.items()}
            self._shelf.put(
                {**endpoint, "deployedModels": [*endpoint.get("deployedModels", []), made], "trafficSplit": split}
            )
        self._models.deployed(model, [{"endpoint": str(endpoint["name"]), "deployedModelId": made["id"]}])
        told = {"deployedModel": made}
        return self._operations.begin(
            str(endpoint["name"]), "DeployModelOperationMetadata", told, answer="DeployModelResponse"
        )

    def undeploy(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`UndeployModel`."""
        wanted = body.get("deployedModelId")
        with self._lock:
            endpoint = self._shelf.get(name)
            gone = [item for item in endpoint.get("deployedModels", []) if item["id"] == wanted]
            if not gone:
                raise not_found(f"deployed model {wanted}")
            left = [item for item in endpoint["deployedModels"] if item["id"] != wanted]
            self._shelf.put({**endpoint, "deployedModels": left, "trafficSplit": body.get("trafficSplit", {})})
        self._models.deployed(str(gone[0]["model"]), [])
        return self._operations.begin(
            str(endpoint["name"]), "UndeployModelOperationMetadata", {}, answer="UndeployModelResponse"
        )

    def predict(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`Predict`; by the first of the deployed models."""
        endpoint = self._shelf.get(name)
        serving: list[dict[str, Any]] = endpoint.get("deployedModels", [])
        if not serving:
            raise VendorError("FAILED_PRECONDITION", "The Endpoint has no deployed model.")
        chosen = serving[0]
        found = predict(self._models.trained(str(chosen["model"])), body.get("instances", []))
        return {
            "predictions": found,
            "deployedModelId": chosen["id"],
            "model": str(chosen["model"]).partition("@")[0],
            "modelVersionId": "1",
            "modelDisplayName": chosen.get("displayName", ""),
        }
