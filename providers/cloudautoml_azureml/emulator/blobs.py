"""Blobs: as much of Azure's blob service as its unmodified client needs to write, read, look at and list files."""

from __future__ import annotations

import base64
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cloudautoml.emulation import Reply

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cloudautoml.emulation import Request, SettableClock

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PAGE = 5000
_META = "x-ms-meta-"


class BlobError(Exception):
    """A call that is refused.

    Args:
        status: HTTP status.
        code: The service's word for it.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Blob:
    """One file.

    Attributes:
        path: Where its content is.
        size: Bytes.
        changed: When it was written.
        kind: Content type.
        metadata: What the client wrote beside it.
        tag: Changes with each writing.
    """

    path: Path
    size: int
    changed: datetime
    kind: str = "application/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    tag: str = ""


class Blobs:
    """The containers of one storage account, in a folder.

    Args:
        folder: Where contents are kept.
        clock: The emulator's time of day.
    """

    def __init__(self, folder: Path, *, clock: SettableClock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._containers: dict[str, dict[str, Blob]] = {}
        self._blocks: dict[tuple[str, str], dict[str, bytes]] = {}

    # for the emulator itself

    def create(self, container: str) -> None:
        """Make a container, unless it is there."""
        with self._lock:
            self._containers.setdefault(container, {})

    def write(self, container: str, name: str, content: bytes, **about: str) -> Blob:
        """Write a blob.

        Args:
            container: Its container.
            name: Its name.
            content: Its bytes.
            about: Its metadata.
        """
        path = self._folder / uuid.uuid4().hex
        path.write_bytes(content)
        tag = f'"{uuid.uuid4().hex[:16]}"'
        blob = Blob(path, len(content), self._clock.now(), metadata=dict(about), tag=tag)
        with self._lock:
            old = self._container(container).get(name)
            self._container(container)[name] = blob
            if old is not None:
                old.path.unlink(missing_ok=True)
        return blob

    def read(self, container: str, name: str) -> bytes:
        """The content of a blob.

        Raises:
            BlobError: There is none of that name.
        """
        with self._lock:
            return self._blob(container, name).path.read_bytes()

    def names(self, container: str, prefix: str = "") -> list[str]:
        """The names of the blobs under a prefix, sorted."""
        with self._lock:
            return sorted(name for name in self._container(container) if name.startswith(prefix))

    # for clients

    def operation(self, request: Request) -> str:
        """The service's name of what is called."""
        comp, restype = _one(request, "comp"), _one(request, "restype")
        if restype == "container":
            return {"list": "ListBlobs"}.get(comp, f"{request.method.capitalize()}Container")
        named = {
            ("PUT", ""): "PutBlob", ("PUT", "block"): "PutBlock", ("PUT", "blocklist"): "PutBlockList",
            ("PUT", "metadata"): "SetBlobMetadata", ("GET", ""): "GetBlob", ("HEAD", ""): "GetBlobProperties",
            ("DELETE", ""): "DeleteBlob",
        }  # fmt: skip
        return named.get((request.method, comp), "")

    def handle(self, request: Request, path: str) -> Reply:
        """Carry a call out.

        Args:
            request: The call.
            path: What stands behind the account: `container`, or `container/name`.
        """
        container, _, name = unquote(path).partition("/")
        try:
            with self._lock:
                return self._carried_out(self.operation(request), request, container, name)
        except BlobError as exc:
            return failure(exc)

    def _carried_out(self, operation: str, request: Request, container: str, name: str) -> Reply:
        if operation == "PutContainer":
            if container in self._containers:
                raise BlobError(409, "ContainerAlreadyExists")
            self.create(container)
            return _reply(201)
        self._container(container)
        match operation:
            case "GetContainer" | "HeadContainer":
                return _reply(200, headers={"Last-Modified": _stamp(self._clock.now()), "ETag": '"0"'})
            case "ListBlobs":
                return self._listed(request, container)
            case "GetBlob" | "GetBlobProperties":
                return self._got(request, self._blob(container, name))
            case _:
                return self._changed(operation, request, container, name)

    def _changed(self, operation: str, request: Request, container: str, name: str) -> Reply:
        match operation:
            case "PutBlob":
                return self._put(request, container, name, request.body)
            case "PutBlock":
                self._blocks.setdefault((container, name), {})[_one(request, "blockid")] = request.body
                return _reply(201)
            case "PutBlockList":
                return self._put(request, container, name, self._joined(container, name, request.body))
            case "SetBlobMetadata":
                blob = self.write(container, name, self.read(container, name), **_metadata(request))
                return _reply(200, headers=_about(blob))
            case "DeleteBlob":
                self._blob(container, name).path.unlink(missing_ok=True)
                del self._containers[container][name]
                return _reply(202)
            case _:
                raise BlobError(400, "UnsupportedOperation")

    def _container(self, name: str) -> dict[str, Blob]:
        if name not in self._containers:
            raise BlobError(404, "ContainerNotFound")
        return self._containers[name]

    def _blob(self, container: str, name: str) -> Blob:
        blob = self._container(container).get(name)
        if blob is None:
            raise BlobError(404, "BlobNotFound")
        return blob

    def _put(self, request: Request, container: str, name: str, content: bytes) -> Reply:
        if request.headers.get("if-none-match") == "*" and name in self._container(container):
            raise BlobError(409, "BlobAlreadyExists")
        if request.headers.get("x-ms-blob-type", "BlockBlob") != "BlockBlob":
            raise BlobError(400, "UnsupportedBlobType")
        blob = self.write(container, name, content, **_metadata(request))
        return _reply(201, headers={**_about(blob), "x-ms-request-server-encrypted": "true"})

    def _joined(self, container: str, name: str, wanted: bytes) -> bytes:
        staged = self._blocks.pop((container, name), {})
        try:
            return b"".join(staged[str(entry.text)] for entry in ET.fromstring(wanted))  # noqa: S314 - loopback
        except (KeyError, ET.ParseError) as exc:
            raise BlobError(400, "InvalidBlockList") from exc

    def _got(self, request: Request, blob: Blob) -> Reply:
        content, headers = blob.path.read_bytes(), _about(blob)
        match = _RANGE.fullmatch(request.headers.get("x-ms-range") or request.headers.get("range") or "")
        if match is None or request.method == "HEAD":
            return _reply(200, content, headers=headers)
        start = int(match[1])
        if start >= blob.size:
            raise BlobError(416, "InvalidRange")
        end = min(int(match[2] or blob.size), blob.size - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{blob.size}"
        return _reply(206, content[start : end + 1], headers=headers)

    def _listed(self, request: Request, container: str) -> Reply:
        prefix, marker = _one(request, "prefix"), _one(request, "marker")
        names = [name for name in self.names(container, prefix) if name >= marker]
        most = int(_one(request, "maxresults") or _PAGE)
        root = ET.Element("EnumerationResults", {"ContainerName": container})
        ET.SubElement(root, "Prefix").text = prefix
        entries = ET.SubElement(root, "Blobs")
        for name in names[:most]:
            blob, entry = self._blob(container, name), ET.SubElement(entries, "Blob")
            ET.SubElement(entry, "Name").text = name
            about = ET.SubElement(entry, "Properties")
            for field_, value in {
                "Last-Modified": _stamp(blob.changed), "Etag": blob.tag.strip('"'), "Content-Length": str(blob.size),
                "Content-Type": blob.kind, "BlobType": "BlockBlob",
            }.items():  # fmt: skip
                ET.SubElement(about, field_).text = value
        ET.SubElement(root, "NextMarker").text = names[most] if len(names) > most else None
        return _reply(200, ET.tostring(root, encoding="utf-8", xml_declaration=True), kind="application/xml")


def failure(error: BlobError, *, retry_after: str = "") -> Reply:
    """The answer to a call that is refused."""
    root = ET.Element("Error")
    ET.SubElement(root, "Code").text = error.code
    ET.SubElement(root, "Message").text = f"{error.code}, says the emulator"
    headers = {"x-ms-error-code": error.code, **({"Retry-After": retry_after} if retry_after else {})}
    return _reply(error.status, ET.tostring(root, encoding="utf-8"), headers=headers, kind="application/xml")


def _reply(
    status: int, body: bytes = b"", *, headers: dict[str, str] | None = None, kind: str = "application/octet-stream"
) -> Reply:
    usual = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": "2023-11-03", "Content-Type": kind}
    return Reply(status, body, {**usual, **(headers or {})})


def _one(request: Request, name: str) -> str:
    return request.query.get(name, [""])[0]


def _metadata(request: Request) -> dict[str, str]:
    return {name.removeprefix(_META): value for name, value in request.headers.items() if name.startswith(_META)}


def _about(blob: Blob) -> dict[str, str]:
    own = {f"{_META}{name}": value for name, value in blob.metadata.items()}
    return {
        **own, "ETag": blob.tag, "Last-Modified": _stamp(blob.changed), "Content-Type": blob.kind,
        "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes",
        "x-ms-creation-time": _stamp(blob.changed),
    }  # fmt: skip


def _stamp(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


def account_key() -> str:
    """A key that a storage account could have, and that opens nothing."""
    return base64.b64encode(b"emulated" * 8).decode()
