"""Client: the calls to Google, the one place where its libraries are imported; every failure leaves it as ours."""

from __future__ import annotations

import contextlib
import ipaddress
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    ConfigError,
    DataError,
    JobFailedError,
    JobNotFinishedError,
    JobNotFoundError,
    MissingExtraError,
    ServiceUnavailableError,
    SpecError,
)
from cloudautoml.polling import poll_until
from cloudautoml_vertexai._errors import error_of, is_quota, status_of_http
from cloudautoml_vertexai._names import parent_of, split_uri

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from cloudautoml.polling import Clock
    from cloudautoml_vertexai.config import VertexaiConfig

_SECONDS = 60.0  # one call
_PATIENCE = 180.0  # one call and its repetitions
_LONG = 1800.0  # an operation that goes on after the call

# service and message of each call: the method is the operation's own name in snake case
_SERVICES = {
    "CreateDataset": "Dataset", "ListDatasets": "Dataset", "GetDataset": "Dataset", "DeleteDataset": "Dataset",
    "CreateTrainingPipeline": "Pipeline", "GetTrainingPipeline": "Pipeline", "ListTrainingPipelines": "Pipeline",
    "CancelTrainingPipeline": "Pipeline", "DeleteTrainingPipeline": "Pipeline",
    "GetModel": "Model", "ListModelEvaluations": "Model", "ExportModel": "Model", "DeleteModel": "Model",
    "CreateBatchPredictionJob": "Job", "GetBatchPredictionJob": "Job", "ListBatchPredictionJobs": "Job",
    "DeleteBatchPredictionJob": "Job",
}  # fmt: skip


class Client:
    """Calls to Vertex AI and Cloud Storage, by the names that Google gives them; bodies and answers are plain JSON.

    Nothing is imported and nobody is asked for credentials before the first call.

    Args:
        config: Where.
    """

    def __init__(self, config: VertexaiConfig) -> None:
        self._config = config
        self._made: dict[str, Any] = {}

    @property
    def parent(self) -> str:
        """The resource that all others are below."""
        return parent_of(self._config)

    @cached_property
    def _types(self) -> Any:
        try:
            from google.cloud import aiplatform_v1
        except ModuleNotFoundError as exc:
            raise MissingExtraError("vertexai", "google-cloud-aiplatform") from exc
        return aiplatform_v1

    @property
    def emulated(self) -> bool:
        """Whether what answers is on this machine, and so is not Google."""
        host = urlsplit(self._config.endpoint or "").hostname or ""
        if host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return False

    def _credentials(self) -> Any:
        """None has the libraries look for Google's application default credentials."""
        if not self.emulated:
            return None
        from google.auth.credentials import AnonymousCredentials

        return AnonymousCredentials()  # type: ignore[no-untyped-call]

    def _service(self, name: str) -> Any:
        if name not in self._made:
            kind = getattr(self._types, f"{name}ServiceClient")
            address = self._config.endpoint or f"{self._config.location}-aiplatform.googleapis.com"
            with _translated(name):
                self._made[name] = kind(
                    credentials=self._credentials(),
                    transport="rest" if address.startswith("http") else "grpc",
                    client_options={"api_endpoint": address},
                )
        return self._made[name]

    def _send(self, operation: str, body: Mapping[str, Any]) -> Any:
        """Call, and give what the library answers; of a list the page that was asked for."""
        service = self._service(_SERVICES[operation])
        kind = getattr(self._types, f"{operation}Request")
        with _translated(operation):
            try:
                message = kind.from_json(json.dumps(body), ignore_unknown_fields=False)
            except ValueError as exc:  # json_format.ParseError
                raise SpecError(f"not a {operation}Request: {exc}", hint="look at `raw`") from exc
            answer = getattr(service, _snake(operation))(
                request=message, retry=_retry(repeatable=operation.startswith(("Get", "List"))), timeout=_SECONDS
            )
            return next(iter(answer.pages)) if operation.startswith("List") else answer

    def call(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call Vertex AI.

        A call that reads is repeated while the service is down or asks to slow down; one that changes something is
        repeated only where it was turned away: after a lost reply the caller has to look what has come of it.

        Args:
            operation: Such as `CreateTrainingPipeline`.
            body: What is sent.

        Raises:
            CloudAutoMLError: The subclass says what went wrong.
        """
        return _plain(self._send(operation, body))

    def native(self, operation: str, body: Mapping[str, Any]) -> Any:
        """Call Vertex AI, and give the library's own message."""
        return self._send(operation, body)

    def long(self, operation: str, body: Mapping[str, Any], clock: Clock) -> tuple[dict[str, Any], dict[str, Any]]:
        """Call Vertex AI for what goes on after the call, and wait for its end.

        Returns:
            What came out, and what the operation tells about itself.

        Raises:
            JobNotFinishedError: It took more than half an hour.
            JobFailedError: It failed.
        """
        future = self._send(operation, body)

        def done() -> bool:
            with _translated(operation):
                return bool(future.done(retry=_retry(repeatable=True)))

        if not poll_until(
            done, done=bool, clock=clock, timeout=_LONG, first_delay=min(1.0, self._config.poll_seconds), max_delay=15.0
        ):
            raise JobNotFinishedError(f"{operation} has been going for half an hour: {future.operation.name}")
        if future.operation.HasField("error"):
            raise JobFailedError(f"{operation} failed: {future.operation.error.message}")
        return _plain(future.result()), _plain(future.metadata)

    def pages(self, operation: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Call Vertex AI for a list, page by page."""
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, {**body, **token})
            yield page
            if not page.get("nextPageToken"):
                return
            token = {"pageToken": page["nextPageToken"]}

    # Cloud Storage

    @cached_property
    def _storage(self) -> Any:
        try:
            from google.cloud import storage
        except ModuleNotFoundError as exc:
            raise MissingExtraError("vertexai", "google-cloud-storage") from exc
        address = self._config.storage_endpoint
        with _translated("storage"):
            return storage.Client(
                project=self._config.project,
                credentials=self._credentials(),
                client_options={"api_endpoint": address} if address else None,
            )

    def check_bucket(self) -> None:
        """Refuse a bucket that is somebody else's, or in another region than the job.

        Raises:
            ConfigError: It is.
        """
        name, where = str(self._config.bucket), "providers.vertexai.bucket"
        try:
            with _translated("buckets.get"):
                bucket = self._storage.get_bucket(name, timeout=_SECONDS, retry=_retry(repeatable=True))
        except JobNotFoundError as exc:
            raise ConfigError(f"there is no bucket {name!r}", where=where) from exc
        wanted = str(self._config.location)
        if not _holds(str(bucket.location).lower(), wanted):
            raise ConfigError(
                f"bucket {name!r} is in {str(bucket.location).lower()}, and the job would run in {wanted}",
                where=where,
                hint="Vertex AI reads from its own region alone",
            )
        owner = self._config.bucket_project_number or self._project_number()
        if str(bucket.project_number) != owner:
            raise ConfigError(
                f"bucket {name!r} belongs to project {bucket.project_number}, not to {owner}",
                where=where,
                hint="set providers.vertexai.bucket_project_number where that is meant",
            )

    def _project_number(self) -> str:
        """The number of the job's project: a part of the name of its storage agent."""
        with _translated("projects.serviceAccount.get"):
            agent = self._storage.get_service_account_email(
                self._config.project, timeout=_SECONDS, retry=_retry(repeatable=True)
            )
        return str(agent).partition("@")[0].removeprefix("service-")

    def _blob(self, address: str) -> Any:
        bucket, name = split_uri(address)
        return self._storage.bucket(bucket).blob(name)

    def size(self, address: str) -> int | None:
        """The size of an object in bytes; None where there is none."""
        blob = self._blob(address)
        try:
            with _translated("objects.get"):
                blob.reload(timeout=_SECONDS, retry=_retry(repeatable=True))
        except JobNotFoundError:
            return None
        return int(blob.size)

    def upload(self, path: Path, address: str) -> None:
        """Write a file to Cloud Storage, in parts where it is large, unless the object is there already."""
        from google.api_core.exceptions import PreconditionFailed

        with _translated("objects.insert"), contextlib.suppress(PreconditionFailed):
            self._blob(address).upload_from_filename(
                str(path), if_generation_match=0, timeout=_SECONDS, retry=_retry(repeatable=True)
            )

    def read(self, address: str) -> bytes:
        """The content of an object.

        Raises:
            DataError: There is none.
        """
        try:
            with _translated("objects.get"):
                content: bytes = self._blob(address).download_as_bytes(timeout=_SECONDS, retry=_retry(repeatable=True))
        except JobNotFoundError as exc:
            raise DataError("there is no such object", where=address) from exc
        return content

    def addresses(self, folder: str) -> list[str]:
        """The addresses of the objects under a folder, sorted."""
        bucket, start = split_uri(f"{folder.rstrip('/')}/")
        with _translated("objects.list"):
            found = self._storage.list_blobs(bucket, prefix=start, timeout=_SECONDS, retry=_retry(repeatable=True))
            return sorted(f"gs://{bucket}/{blob.name}" for blob in found)


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def _holds(place: str, region: str) -> bool:
    """Whether a bucket's place is the region, or a continent that the region is in."""
    continents = {"us": "us-", "eu": "europe-", "asia": "asia-"}
    return place == region or (place in continents and region.startswith(continents[place]))


def _plain(message: Any) -> dict[str, Any]:
    """A message as plain JSON: fields in camel case, states by name, nothing that is not set."""
    if message is None:
        return {}
    from google.protobuf import json_format

    found: dict[str, Any] = json_format.MessageToDict(getattr(message, "_pb", message))
    return found


def _retry(*, repeatable: bool) -> Any:
    """When a call is repeated: one that changes something only where it was turned away."""
    import requests
    from google.api_core import exceptions as google
    from google.api_core.retry import Retry

    def again(exc: Exception) -> bool:
        if isinstance(exc, google.TooManyRequests):
            return not is_quota(exc.message, exc.reason or "")  # which waiting for a minute would not change
        return repeatable and isinstance(exc, (google.ServerError, requests.ConnectionError, requests.Timeout))

    return Retry(again, initial=0.5, maximum=20.0, multiplier=2.0, timeout=_PATIENCE)


@contextlib.contextmanager
def _translated(operation: str) -> Generator[None]:
    """Turn what Google's libraries raise into errors of ours."""
    import requests
    from google.api_core import exceptions as google
    from google.auth import exceptions as auth

    try:
        yield
    except google.RetryError as exc:
        raise _retried(exc, operation) from exc
    except google.PreconditionFailed:
        raise
    except google.GoogleAPICallError as exc:
        raise _refusal(exc, operation) from exc
    except (auth.DefaultCredentialsError, auth.RefreshError) as exc:
        raise AuthenticationError(str(exc), hint="gcloud auth application-default login") from exc
    except (auth.TransportError, requests.RequestException) as exc:
        raise ServiceUnavailableError(f"Google cannot be reached: {exc}") from exc


def _retried(exc: Any, operation: str) -> CloudAutoMLError:
    from google.api_core import exceptions as google

    if isinstance(exc.cause, google.GoogleAPICallError):
        return _refusal(exc.cause, operation)
    return ServiceUnavailableError(f"Google cannot be reached: {exc.cause}")


def _refusal(exc: Any, operation: str) -> CloudAutoMLError:
    """The error of ours: REST and gRPC raise different types for one status, so the status itself decides."""
    status = exc.grpc_status_code.name if exc.grpc_status_code is not None else ""
    if not status and exc.response is not None:
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError):
            status = str(exc.response.json()["error"]["status"])
    status = status or status_of_http(int(exc.code or 500))
    return error_of(status, exc.message, operation=operation, reason=exc.reason or "")
