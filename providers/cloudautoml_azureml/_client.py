"""Client: the calls to Azure, the one place where its SDK is imported; every failure leaves it as an error of ours."""

from __future__ import annotations

import contextlib
import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    ConfigError,
    DataError,
    JobNotFoundError,
    MissingExtraError,
    ServiceUnavailableError,
)
from cloudautoml_azureml._errors import error_of
from cloudautoml_azureml._names import workspace_path

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from cloudautoml_azureml.config import AzuremlConfig

API_VERSION = "2024-04-01"
"""Version of the workspace API that requests are written for."""
_SCOPE = "https://management.azure.com/.default"
_ATTEMPTS = 4
_MLFLOW = "api/2.0/mlflow"


class Client:
    """Calls to Azure Resource Manager, to the workspace's run history and to its datastores.

    Nothing is imported and nobody is asked for credentials before the first call.

    Args:
        config: Where.
    """

    def __init__(self, config: AzuremlConfig) -> None:
        self._config = config
        self._containers: dict[str, Any] = {}

    @cached_property
    def _credential(self) -> Any:
        try:
            from azure.identity import DefaultAzureCredential
        except ModuleNotFoundError as exc:
            raise MissingExtraError("azureml", "azure-identity") from exc
        return DefaultAzureCredential()

    @cached_property
    def _pipeline(self) -> Any:
        credential = self._credential
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy, UserAgentPolicy

        policies = [
            UserAgentPolicy("cloudautoml"),
            RetryPolicy(retry_total=_ATTEMPTS, retry_connect=_ATTEMPTS, retry_read=_ATTEMPTS, retry_status=_ATTEMPTS),
            BearerTokenCredentialPolicy(credential, _SCOPE),
        ]
        return PipelineClient(self._config.endpoint_url, policies=policies)

    @property
    def emulated(self) -> bool:
        """Whether what answers is on this machine, and so is not Azure."""
        host = urlsplit(self._config.endpoint_url).hostname or ""
        if host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return False

    def _send(self, method: str, url: str, *, body: Any = None, params: Mapping[str, str] | None = None) -> Any:
        pipeline = self._pipeline
        from azure.core.rest import HttpRequest

        operation = f"{method} {urlsplit(url).path.rpartition('/workspaces/')[2]}"
        with _translated(operation):
            request = HttpRequest(method, pipeline.format_url(url), json=body, params=dict(params or {}))
            answer = pipeline.send_request(request)
            text = answer.text()
        found = _read(text)
        if answer.status_code >= 400:
            raise error_of(answer.status_code, found, operation=operation)
        return found

    def call(self, method: str, path: str, body: Any = None, **params: str) -> dict[str, Any]:
        """Call the workspace's part of Azure Resource Manager.

        Args:
            method: HTTP method.
            path: Under the workspace, such as `jobs/churn-abcdefgh`; empty for the workspace itself.
            body: What is sent.
            params: More of the query, beside the API's version.

        Raises:
            CloudAutoMLError: The subclass says what went wrong, after azure-core's own retries.
        """
        url = workspace_path(self._config) + (f"/{path}" if path else "")
        found = self._send(method, url, body=body, params={"api-version": API_VERSION, **params})
        return cast("dict[str, Any]", found or {})

    # run history, which has a host of its own

    @cached_property
    def _history(self) -> str:
        address = self.call("GET", "")["properties"]["discoveryUrl"]
        hosts = self._send("GET", str(address))
        return str(hosts["history"]).rstrip("/")

    def run(self, name: str) -> dict[str, Any]:
        """What run history says of a run, the reason of a failure included."""
        url = f"{self._history}/history/v1.0{workspace_path(self._config)}/runs/{name}"
        return cast("dict[str, Any]", self._send("GET", url))

    def children(self, name: str) -> Iterator[dict[str, Any]]:
        """The child runs of a run, whatever the number of pages: both ways in which a page names the next one."""
        url = f"{self._history}/history/v1.0{workspace_path(self._config)}/runs/{name}/children"
        params: dict[str, str] = {}
        while True:
            page = self._send("GET", url, params=params)
            yield from page.get("value", [])
            if page.get("nextLink"):
                url, params = str(page["nextLink"]), {}
            elif page.get("continuationToken"):
                params = {"$continuationtoken": str(page["continuationToken"])}
            else:
                return

    def metrics(self, experiment: str, parent: str) -> dict[str, dict[str, float]]:
        """The last value of each metric of each child run, by the run's name."""
        url = f"{self._history}/mlflow/v2.0{workspace_path(self._config)}/{_MLFLOW}/runs/search"
        body: dict[str, Any] = {
            "experiment_ids": [experiment],
            "filter": f"tags.mlflow.parentRunId = '{parent}'",
            "max_results": 1000,
        }
        found: dict[str, dict[str, float]] = {}
        while True:
            page = self._send("POST", url, body=body)
            for run in page.get("runs", []):
                values = {item["key"]: float(item["value"]) for item in run.get("data", {}).get("metrics", [])}
                found[str(run["info"]["run_id"])] = values
            if not page.get("next_page_token"):
                return found
            body = {**body, "page_token": page["next_page_token"]}

    # blobs

    def _container(self, datastore: str) -> Any:
        if datastore not in self._containers:
            try:
                store: Mapping[str, Any] = self.call("GET", f"datastores/{datastore}")["properties"]
            except JobNotFoundError as exc:
                raise ConfigError(
                    f"the workspace has no datastore {datastore!r}", where="providers.azureml.datastore"
                ) from exc
            if store.get("datastoreType") != "AzureBlob":
                raise ConfigError(
                    f"datastore {datastore!r} is of type {store.get('datastoreType')}, and files go to blobs",
                    where="providers.azureml.datastore",
                )
            own = f"{store.get('protocol', 'https')}://{store['accountName']}.blob.{store['endpoint']}"
            try:
                from azure.storage.blob import BlobServiceClient
            except ModuleNotFoundError as exc:
                raise MissingExtraError("azureml", "azure-storage-blob") from exc
            service = BlobServiceClient(self._config.storage_url or own, credential=self._credential)
            self._containers[datastore] = service.get_container_client(store["containerName"])
        return self._containers[datastore]

    def size(self, datastore: str, path: str) -> int | None:
        """The size of a file in a datastore in bytes; None where there is none."""
        blob = self._container(datastore).get_blob_client(path)
        try:
            with _translated("Get Blob Properties"):
                return int(blob.get_blob_properties().size)
        except DataError:
            return None

    def upload(self, file: Path, datastore: str, path: str) -> None:
        """Write a file to a datastore, in blocks where it is large."""
        blob = self._container(datastore).get_blob_client(path)
        with _translated("Put Blob"), file.open("rb") as content:
            blob.upload_blob(content, overwrite=True)

    def read(self, datastore: str, path: str) -> bytes:
        """The content of a file in a datastore."""
        blob = self._container(datastore).get_blob_client(path)
        with _translated("Get Blob"):
            return cast("bytes", blob.download_blob().readall())

    def files(self, datastore: str, folder: str) -> list[str]:
        """The paths of the files under a folder of a datastore, sorted."""
        container = self._container(datastore)
        with _translated("List Blobs"):
            return sorted(container.list_blob_names(name_starts_with=f"{folder.rstrip('/')}/"))

    # the vendor's own SDK

    def sdk_job(self, name: str) -> Any:
        """The job as an object of azure-ai-ml."""
        from azure.ai.ml import MLClient

        client = MLClient(
            self._credential, self._config.subscription, self._config.resource_group, self._config.workspace
        )
        with _translated("jobs.get"):
            return client.jobs.get(name)


def _read(text: str) -> Any:
    import json

    with contextlib.suppress(ValueError):
        return json.loads(text)
    return text


@contextlib.contextmanager
def _translated(operation: str) -> Generator[None]:
    """Turn what Azure's packages raise into errors of ours."""
    from azure.core import exceptions as azure

    try:
        yield
    except azure.ClientAuthenticationError as exc:
        status = exc.status_code
        if status is not None and status != 401:  # storage says 403 of a role that is missing
            raise error_of(status, str(exc.message), operation=operation) from exc
        raise AuthenticationError(str(exc.message), hint="az login, or the variables of a service principal") from exc
    except azure.ResourceNotFoundError as exc:
        raise DataError(f"{operation}: there is no such file ({exc.message})") from exc
    except azure.HttpResponseError as exc:
        status = exc.status_code or 500
        raise error_of(status, {"code": getattr(exc, "error_code", ""), "message": exc.message or ""},
                       operation=operation) from exc  # fmt: skip
    except (azure.ServiceRequestError, azure.ServiceResponseError) as exc:
        raise ServiceUnavailableError(f"Azure cannot be reached: {exc.message}") from exc
    except azure.AzureError as exc:
        raise CloudAutoMLError(f"{operation}: {exc.message}") from exc
