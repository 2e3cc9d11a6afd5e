"""Service: what Azure's hosts answer, all of them on one: resource manager, run history, identity and blobs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from typing_extensions import override

from cloudautoml.emulation import FaultKind, Reply, Request, Service
from cloudautoml_azureml.emulator import identity
from cloudautoml_azureml.emulator.blobs import BlobError, failure
from cloudautoml_azureml.emulator.errors import VendorError, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.emulation import Fault
    from cloudautoml_azureml.emulator.blobs import Blobs
    from cloudautoml_azureml.emulator.identity import Identity
    from cloudautoml_azureml.emulator.jobs import Jobs
    from cloudautoml_azureml.emulator.resources import Resources

    Handler = Callable[[Request, tuple[str, ...]], Reply]

_FAULTS = {
    FaultKind.THROTTLE: VendorError(429, "TooManyRequests", "Too many requests; try again later"),
    FaultKind.SERVER_ERROR: VendorError(500, "ServiceError", "An internal error has occurred"),
    FaultKind.ACCESS_DENIED: VendorError(403, "AuthorizationFailed", "The client is not authorized to do this"),
    FaultKind.EXPIRED_TOKEN: VendorError(401, "ExpiredAuthenticationToken", "The access token has expired"),
    FaultKind.QUOTA: VendorError(400, "UserError", "The quota of cores is used up", inner="QuotaExceeded"),
}
_BLOB_FAULTS = {
    FaultKind.THROTTLE: BlobError(503, "ServerBusy"),
    FaultKind.SERVER_ERROR: BlobError(500, "InternalError"),
    FaultKind.ACCESS_DENIED: BlobError(403, "AuthorizationPermissionMismatch"),
    FaultKind.EXPIRED_TOKEN: BlobError(401, "InvalidAuthenticationInfo"),
    FaultKind.QUOTA: BlobError(409, "AccountBeingCreated"),
}
UNHEARD = "Rebalancing"
"""A status that Azure does not have, so far."""
_PAGE = 50


class AzuremlService(Service):
    """Carries calls out.

    Args:
        jobs: The jobs.
        resources: What else there is in the workspace.
        blobs: The storage account.
        identity: Who gives tokens out.
        account: The storage account's name, under which blobs are.
        workspace: The workspace's path.
        url: Tells the address of the server.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        resources: Resources,
        blobs: Blobs,
        identity: Identity,
        account: str,
        workspace: str,
        url: Callable[[], str],
    ) -> None:
        self._jobs = jobs
        self._resources = resources
        self._blobs = blobs
        self._identity = identity
        self._account = f"/{account}/"
        self._workspace = workspace
        self._url = url
        ours = re.escape(workspace)
        history, mlflow = f"/history/v1.0{ours}", f"/mlflow/v[12].0{ours}/api/2.0/mlflow"
        self._routes: list[tuple[str, str, re.Pattern[str], Handler]] = [
            (operation, method, re.compile(f"{start}{rest}", re.IGNORECASE), handler)
            for operation, method, start, rest, handler in (
                ("Jobs_CreateOrUpdate", "PUT", ours, "/jobs/([^/]+)", self._put_job),
                ("Jobs_Get", "GET", ours, "/jobs/([^/]+)", self._get_job),
                ("Jobs_List", "GET", ours, "/jobs", self._list_jobs),
                ("Jobs_Delete", "DELETE", ours, "/jobs/([^/]+)", self._delete_job),
                ("Jobs_Cancel", "POST", ours, "/jobs/([^/]+)/cancel", self._cancel_job),
                ("Jobs_CancelResult", "GET", ours, "/cancellations/([^/]+)", self._cancelled),
                ("Runs_Get", "GET", history, "/runs/([^/]+)", self._get_run),
                ("Runs_GetDetails", "GET", history, "/runs/([^/]+)/details", self._get_run),
                ("Runs_GetChild", "GET", history, "/runs/([^/]+)/children", self._children),
                ("Metrics_Search", "POST", mlflow, "/runs/search", self._search),
                ("Metrics_Get", "GET", mlflow, "/runs/get", self._mlflow_run),
                ("Resources", "", ours, "(?:/(.*))?", self._resource),
            )
        ]

    @override
    def operation(self, request: Request) -> str:
        if request.path == identity.PATH:
            return "Token"
        if request.path.startswith(self._account):
            return self._blobs.operation(request)
        found = self._route(request)
        return found[0] if found else ""

    @override
    def handle(self, request: Request) -> Reply:
        try:
            if request.path == identity.PATH:
                return _json(200, self._identity.token(request))
            if request.path == "/metadata/endpoints":
                return _json(200, self._resources.clouds())
            if request.path == "/discovery":
                return _json(200, {"api": self._url(), "history": self._url(), "mlflow": self._url()})
            self._identity.check(request)
            if request.path.startswith(self._account):
                return self._blobs.handle(request, request.path.removeprefix(self._account))
            found = self._route(request)
            if found is None:
                raise not_found(f"{request.method} {request.path}")
            return found[1](request, found[2])
        except VendorError as exc:
            return _refusal(exc)

    def _route(self, request: Request) -> tuple[str, Handler, tuple[str, ...]] | None:
        for operation, method, pattern, handler in self._routes:
            match = pattern.fullmatch(unquote(request.path))
            if match and method in {"", request.method}:
                return operation, handler, tuple(match.groups(default=""))
        return None

    @override
    def refuse(self, request: Request, fault: Fault) -> Reply:
        again = "1" if fault.kind is FaultKind.THROTTLE else ""
        if request.path.startswith(self._account):
            return failure(_BLOB_FAULTS[fault.kind], retry_after=again)
        return _refusal(_FAULTS[fault.kind], retry_after=again)

    # jobs

    def _put_job(self, request: Request, found: tuple[str, ...]) -> Reply:
        return _json(*self._jobs.put(found[0], _body(request)))

    def _get_job(self, request: Request, found: tuple[str, ...]) -> Reply:
        job = self._jobs.get(found[0])
        if request.fault is not None:
            job = {**job, "properties": {**job["properties"], "status": UNHEARD}}
        return _json(200, job)

    def _list_jobs(self, request: Request, _: tuple[str, ...]) -> Reply:
        skip = int(request.query.get("$skip", ["0"])[0])
        jobs = self._jobs.all()
        page: dict[str, Any] = {"value": jobs[skip : skip + _PAGE]}
        if len(jobs) > skip + _PAGE:
            rest = urlencode({"api-version": request.query.get("api-version", [""])[0], "$skip": skip + _PAGE})
            page["nextLink"] = f"{self._url()}{request.path}?{rest}"
        return _json(200, page)

    def _delete_job(self, _: Request, found: tuple[str, ...]) -> Reply:
        self._jobs.delete(found[0])
        return Reply(200)

    def _cancel_job(self, _: Request, found: tuple[str, ...]) -> Reply:
        self._jobs.cancel(found[0])
        place = f"{self._url()}{self._workspace}/cancellations/{found[0]}"
        return Reply(202, headers={"Location": place, "Retry-After": "1"})

    def _cancelled(self, request: Request, found: tuple[str, ...]) -> Reply:
        if self._jobs.run(found[0]).machine.is_over:
            return Reply(200)
        return Reply(202, headers={"Location": f"{self._url()}{request.target}", "Retry-After": "1"})

    # run history

    def _get_run(self, _: Request, found: tuple[str, ...]) -> Reply:
        return _json(200, self._jobs.child(found[0]) or self._jobs.run(found[0]).history())

    def _children(self, request: Request, found: tuple[str, ...]) -> Reply:
        start = int(request.query.get("$continuationtoken", ["0"])[0])
        children = self._jobs.run(found[0]).children
        page: dict[str, Any] = {"value": children[start : start + _PAGE]}
        if len(children) > start + _PAGE:
            page["continuationToken"] = str(start + _PAGE)
        return _json(200, page)

    def _search(self, request: Request, _: tuple[str, ...]) -> Reply:
        body = _body(request)
        match = re.search(r"tags\.`?mlflow\.parentRunId`?\s*=\s*'([^']+)'", str(body.get("filter", "")))
        if match is None:
            raise invalid("the emulator searches runs by `tags.mlflow.parentRunId = '...'` alone")
        parent, most, start = self._jobs.run(match[1]), int(body.get("max_results", 1000)), body.get("page_token", "0")
        found = [_mlflow(run, parent.metrics.get(run["runId"], {})) for run in parent.children]
        answer: dict[str, Any] = {"runs": found[int(start) : int(start) + most]}
        if len(found) > int(start) + most:
            answer["next_page_token"] = str(int(start) + most)
        return _json(200, answer)

    def _mlflow_run(self, request: Request, _: tuple[str, ...]) -> Reply:
        name = request.query.get("run_id", [""])[0]
        child = self._jobs.child(name)
        if child is None:
            return _json(200, {"run": _mlflow(self._jobs.run(name).history(), {})})
        return _json(200, {"run": _mlflow(child, self._jobs.run(child["parentRunId"]).metrics.get(name, {}))})

    def _resource(self, request: Request, found: tuple[str, ...]) -> Reply:
        body = _body(request) if request.method in {"PUT", "PATCH"} else {}
        return _json(*self._resources.call(request.method, found[0], body))


def _mlflow(run: Mapping[str, Any], metrics: Mapping[str, float]) -> dict[str, Any]:
    tags = [{"key": key, "value": value} for key, value in run["tags"].items()]
    values = [{"key": key, "value": value, "timestamp": 0, "step": 0} for key, value in metrics.items()]
    status = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}.get(run["status"], "RUNNING")
    about = {"run_id": run["runId"], "experiment_id": run["experimentId"], "status": status}
    return {"info": about, "data": {"metrics": values, "params": [], "tags": tags}}


def _body(request: Request) -> dict[str, Any]:
    try:
        body: object = json.loads(request.body or b"{}")
    except ValueError as exc:
        raise invalid(f"the body is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise invalid("the body is not an object")
    return body


def _json(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})


def _refusal(error: VendorError, *, retry_after: str = "") -> Reply:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.inner:
        told["innererror"] = {"code": error.inner}
    headers = {"Content-Type": "application/json", **({"Retry-After": retry_after} if retry_after else {})}
    return Reply(error.status, json.dumps({"error": told}).encode(), headers)
