"""Resources: what a workspace has beside jobs: itself, datastores, computes, and versions of data and models."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from cloudautoml_azureml.emulator.blobs import account_key
from cloudautoml_azureml.emulator.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEPT = re.compile(r"(data|models|environments|codes)/[^/]+(/versions/[^/]+)?|computes/[^/]+|datastores/[^/]+")
_CPU = "cpu-cluster"


class Resources:
    """The workspace and what is in it.

    Args:
        workspace: Its path.
        account: Its storage account.
        containers: The container of each datastore.
        url: Tells the address of the server.
    """

    def __init__(self, *, workspace: str, account: str, containers: Mapping[str, str], url: Callable[[], str]) -> None:
        self._workspace = workspace
        self._url = url
        self._lock = threading.Lock()
        self._things: dict[str, dict[str, Any]] = {
            f"datastores/{name}": {
                "datastoreType": "AzureBlob",
                "accountName": account,
                "containerName": container,
                "endpoint": "core.windows.net",
                "protocol": "https",
                "credentials": {"credentialsType": "None"},
                "isDefault": name == "workspaceblobstore",
            }
            for name, container in containers.items()
        }
        self._things[f"computes/{_CPU}"] = {
            "computeType": "AmlCompute",
            "provisioningState": "Succeeded",
            "properties": {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}},
        }

    def clouds(self) -> list[dict[str, Any]]:
        """The metadata of the one cloud that there is, by which the SDK finds its hosts."""
        return [
            {
                "name": "EmulatedCloud",
                "portal": self._url(),
                "resourceManager": f"{self._url()}/",
                "authentication": {"loginEndpoint": self._url(), "audiences": [self._url()]},
                "suffixes": {"storage": "core.windows.net"},
            }
        ]

    def call(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Carry a call out.

        Args:
            method: HTTP method.
            path: Under the workspace; empty for itself.
            body: What was sent.

        Returns:
            The status and the answer.

        Raises:
            VendorError: There is no such thing.
        """
        if method == "GET" and not path:
            return 200, self._itself()
        if method == "POST" and re.fullmatch(r"datastores/[^/]+/listSecrets", path, re.IGNORECASE):
            self._thing(path.rpartition("/")[0])
            return 200, {"secretsType": "AccountKey", "key": account_key()}
        if method == "PUT" and _KEPT.fullmatch(path):
            with self._lock:
                status = 200 if path in self._things else 201
                self._things[path] = dict(body.get("properties") or {})
            return status, self._described(path)
        if method == "GET" and _KEPT.fullmatch(path):
            self._thing(path)
            return 200, self._described(path)
        if method == "GET" and (listed := self._under(path)) is not None:
            return 200, {"value": listed}
        raise not_found(f"{method} {path}")

    def _thing(self, path: str) -> dict[str, Any]:
        with self._lock:
            if path not in self._things:
                raise not_found(path)
            return self._things[path]

    def _under(self, path: str) -> list[dict[str, Any]] | None:
        if not re.fullmatch(r"datastores|computes|(data|models|environments|codes)(/[^/]+/versions)?", path):
            return None
        with self._lock:
            names = [name for name in self._things if name.rpartition("/")[0] == path]
        return [self._described(name) for name in names]

    def _described(self, path: str) -> dict[str, Any]:
        return {
            "id": f"{self._workspace}/{path}",
            "name": path.rpartition("/")[2],
            "type": f"Microsoft.MachineLearningServices/workspaces/{'/'.join(path.split('/')[::2])}",
            "location": "emulated",
            "properties": self._thing(path),
            "systemData": {"createdAt": "2026-01-01T00:00:00+00:00", "createdBy": "emulated", "createdByType": "User"},
        }

    def _itself(self) -> dict[str, Any]:
        return {
            "id": self._workspace,
            "name": self._workspace.rpartition("/")[2],
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": "emulated",
            "identity": {"type": "SystemAssigned"},
            "tags": {"source": "emulated"},
            "properties": {
                "workspaceId": "00000000-0000-0000-0000-000000000000",
                "friendlyName": "emulated",
                "discoveryUrl": f"{self._url()}/discovery",
                "mlFlowTrackingUri": f"{self._url()}/mlflow/v1.0{self._workspace}".replace("https:", "azureml:"),
                "provisioningState": "Succeeded",
            },
        }
