"""Wire: which operation a path means, and bodies and answers held against Google's own messages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cloudautoml.emulation import Reply
from cloudautoml.errors import MissingExtraError
from cloudautoml_vertexai.emulator.errors import VendorError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.emulation import Request


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    Attributes:
        operation: Google's name of it.
        method: HTTP method.
        path: Pattern of the path below the version, with a resource name in the group `name`.
        body: Name of the message that the body is; empty where there is none to speak of.
        answer: Name of the message that is answered; empty for operations and for nothing.
    """

    operation: str
    method: str
    path: re.Pattern[str]
    body: str = ""
    answer: str = ""


_PLACE = r"projects/[^/]+/locations/[^/]+"


def _route(operation: str, method: str, path: str, body: str = "", answer: str = "") -> Route:
    pattern = (
        path.replace("{place}", f"(?P<name>{_PLACE})").replace("{of}", f"(?P<name>{_PLACE}/").replace("*", "[^/:]+")
    )
    return Route(operation, method, re.compile(pattern), body, answer)


ROUTES: tuple[Route, ...] = (
    _route("CreateDataset", "POST", "{place}/datasets", "Dataset"),
    _route("ListDatasets", "GET", "{place}/datasets", answer="ListDatasetsResponse"),
    _route("GetDataset", "GET", "{of}datasets/*)", answer="Dataset"),
    _route("DeleteDataset", "DELETE", "{of}datasets/*)"),
    _route("CreateTrainingPipeline", "POST", "{place}/trainingPipelines", "TrainingPipeline", "TrainingPipeline"),
    _route("ListTrainingPipelines", "GET", "{place}/trainingPipelines", answer="ListTrainingPipelinesResponse"),
    _route("GetTrainingPipeline", "GET", "{of}trainingPipelines/*)", answer="TrainingPipeline"),
    _route("CancelTrainingPipeline", "POST", "{of}trainingPipelines/*):cancel"),
    _route("DeleteTrainingPipeline", "DELETE", "{of}trainingPipelines/*)"),
    _route("ListModels", "GET", "{place}/models", answer="ListModelsResponse"),
    _route("GetModel", "GET", "{of}models/*)", answer="Model"),
    _route("DeleteModel", "DELETE", "{of}models/*)"),
    _route("ExportModel", "POST", "{of}models/*):export", "ExportModelRequest"),
    _route("ListModelEvaluations", "GET", "{of}models/*)/evaluations", answer="ListModelEvaluationsResponse"),
    _route("GetModelEvaluation", "GET", "{of}models/*/evaluations/*)", answer="ModelEvaluation"),
    _route("CreateEndpoint", "POST", "{place}/endpoints", "Endpoint"),
    _route("ListEndpoints", "GET", "{place}/endpoints", answer="ListEndpointsResponse"),
    _route("GetEndpoint", "GET", "{of}endpoints/*)", answer="Endpoint"),
    _route("DeleteEndpoint", "DELETE", "{of}endpoints/*)"),
    _route("DeployModel", "POST", "{of}endpoints/*):deployModel", "DeployModelRequest"),
    _route("UndeployModel", "POST", "{of}endpoints/*):undeployModel", "UndeployModelRequest"),
    _route("Predict", "POST", "{of}endpoints/*):predict", "PredictRequest", "PredictResponse"),
    _route("CreateBatchPredictionJob", "POST", "{place}/batchPredictionJobs", "BatchPredictionJob",
           "BatchPredictionJob"),
    _route("ListBatchPredictionJobs", "GET", "{place}/batchPredictionJobs",
           answer="ListBatchPredictionJobsResponse"),
    _route("GetBatchPredictionJob", "GET", "{of}batchPredictionJobs/*)", answer="BatchPredictionJob"),
    _route("CancelBatchPredictionJob", "POST", "{of}batchPredictionJobs/*):cancel"),
    _route("DeleteBatchPredictionJob", "DELETE", "{of}batchPredictionJobs/*)"),
    _route("GetOperation", "GET", "{of}(?:[A-Za-z]+/[^/]+/)?operations/*)"),
)  # fmt: skip
"""Every operation that is emulated."""

# the REST client looks operations up below /ui, everything else below its own version
_VERSION = re.compile(r"/(?:v1|v1beta1|ui)/(?P<rest>.+)")


def route_of(request: Request) -> tuple[Route, str] | None:
    """The operation that a call means, and the resource that it names; None where it means none.

    The `@` before a version arrives encoded.
    """
    match = _VERSION.fullmatch(unquote(request.path))
    if match is None:
        return None
    for route in ROUTES:
        if route.method == request.method and (found := route.path.fullmatch(match["rest"])):
            return route, found["name"]
    return None


@cache
def _message(name: str) -> Any:
    try:
        from google.cloud import aiplatform_v1
    except ModuleNotFoundError as exc:
        raise MissingExtraError("vertexai", "google-cloud-aiplatform") from exc
    return getattr(aiplatform_v1, name)


def decode(route: Route, request: Request) -> dict[str, Any]:
    """The body of a call, as Google's own message writes it.

    Raises:
        VendorError: It is not such a message.
    """
    try:
        body: object = json.loads(request.body or b"{}")
    except ValueError as exc:
        raise invalid(f"Invalid JSON payload received: {exc}") from exc
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received: not an object.")
    return conform(route.body, body) if route.body else {}


def conform(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """A message, read by its own class and written out again: camel case, counts as text, nothing that is not set.

    Raises:
        VendorError: The class knows no such message.
    """
    from google.protobuf import json_format

    kind = _message(name)
    message = kind.pb(kind())
    try:
        json_format.ParseDict(dict(value), message)
    except json_format.ParseError as exc:
        raise invalid(f"Invalid JSON payload received: {exc}") from exc
    found: dict[str, Any] = json_format.MessageToDict(message)
    return found


def encode(route: Route, result: Mapping[str, Any]) -> Reply:
    """The answer to a call.

    Raises:
        ValueError: Google's own class would not read it: a mistake of the emulator's.
    """
    if route.answer:
        try:
            conform(route.answer, result)
        except VendorError as exc:
            msg = f"not an answer of {route.operation}: {exc.message}"
            raise ValueError(msg) from exc
    return Reply(200, json.dumps(result).encode())
