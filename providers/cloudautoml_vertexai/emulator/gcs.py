"""GCS: the JSON API of Cloud Storage, as far as Google's own client needs it to send, read and list objects."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cloudautoml.emulation import Reply
from cloudautoml_vertexai.emulator.resources import NUMBER, new_number, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.emulation import Request
    from cloudautoml_vertexai.emulator.storage import Bucket, Storage, Stored

_ROUTES = (
    ("storage.buckets.insert", "POST", r"/storage/v1/b"),
    ("storage.buckets.list", "GET", r"/storage/v1/b"),
    ("storage.buckets.get", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)"),
    ("storage.projects.serviceAccount.get", "GET", r"/storage/v1/projects/(?P<project>[^/]+)/serviceAccount"),
    ("storage.objects.list", "GET", r"/storage/v1/b/(?P<bucket>[^/]+)/o"),
    ("storage.objects.get", "GET", r"(?:/download)?/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<object>[^/]+)"),
    ("storage.objects.delete", "DELETE", r"/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<object>[^/]+)"),
    ("storage.objects.insert", "POST", r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o"),
    ("storage.objects.insert", "PUT", r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o"),
)
_ROUTES_COMPILED = tuple((name, method, re.compile(path)) for name, method, path in _ROUTES)
_PAGE = 1000


def operation_of(request: Request) -> str | None:
    """Google's name of what is called; None where it is not Cloud Storage."""
    found = _match(request)
    return None if found is None else found[0]


def _match(request: Request) -> tuple[str, dict[str, str]] | None:
    for name, method, path in _ROUTES_COMPILED:
        if request.method == method and (found := path.fullmatch(request.path)):
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return None


class Gcs:
    """Answers calls to Cloud Storage.

    Args:
        storage: The objects.
        url: Tells the address of the server.
    """

    def __init__(self, storage: Storage, url: Callable[[], str]) -> None:
        self._storage = storage
        self._url = url
        self._sessions: dict[str, tuple[str, dict[str, Any], bytes, bool]] = {}  # uploads in parts

    def handle(self, request: Request) -> Reply:
        """Carry a call out."""
        found = _match(request)
        if found is None:
            return _failed(404, "not emulated")
        operation, parts = found
        bucket = parts.get("bucket")
        if bucket is not None and bucket not in self._storage.buckets:
            return _failed(404, f"The specified bucket does not exist: {bucket}")
        match operation:
            case "storage.objects.list":
                return self._list(str(bucket), request)
            case "storage.objects.insert":
                return self._insert(str(bucket), request)
            case "storage.objects.get" | "storage.objects.delete":
                return self._object(operation, str(bucket), parts["object"], request)
            case _:
                return _json(self._place(operation, str(bucket), request))

    def _place(self, operation: str, bucket: str, request: Request) -> dict[str, Any]:
        """What is told of buckets, and of the project."""
        match operation:
            case "storage.buckets.insert":
                asked = json.loads(request.body)
                made = self._storage.add_bucket(asked["name"], location=asked.get("location", "US"), owner=NUMBER)
                return _bucket(asked["name"], made)
            case "storage.buckets.list":
                return {"items": [_bucket(name, known) for name, known in self._storage.buckets.items()]}
            case "storage.buckets.get":
                return _bucket(bucket, self._storage.buckets[bucket])
            case _:
                address = f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
                return {"kind": "storage#serviceAccount", "email_address": address}

    def _list(self, bucket: str, request: Request) -> Reply:
        names = self._storage.names(bucket, request.query.get("prefix", [""])[0])
        start = int(request.query.get("pageToken", ["0"])[0])
        page = names[start : start + _PAGE]
        items = [_described(bucket, name, found) for name in page if (found := self._storage.find(bucket, name))]
        more = {"nextPageToken": str(start + _PAGE)} if start + _PAGE < len(names) else {}
        return _json({"kind": "storage#objects", "items": items, **more})

    def _object(self, operation: str, bucket: str, name: str, request: Request) -> Reply:
        found = self._storage.find(bucket, name)
        if found is None:
            return _failed(404, f"No such object: {bucket}/{name}")
        if operation == "storage.objects.delete":
            self._storage.remove(bucket, name)
            return Reply(204)
        if request.query.get("alt") == ["media"]:
            return _content(found, request.headers.get("range", ""))
        return _json(_described(bucket, name, found))

    def _insert(self, bucket: str, request: Request) -> Reply:
        only_new = request.query.get("ifGenerationMatch") == ["0"]
        if request.method == "PUT":
            return self._part(request)
        match request.query.get("uploadType", [""])[0]:
            case "resumable":
                number = new_number()
                self._sessions[number] = (bucket, json.loads(request.body or b"{}"), b"", only_new)
                place = f"{self._url()}{request.path}?uploadType=resumable&upload_id={number}"
                return Reply(200, b"", {"Location": place, "X-GUploader-UploadID": number})
            case "multipart":
                about, content, kind = _two_parts(request)
                return self._put(bucket, about, content, kind, only_new=only_new)
            case _:
                about = {"name": request.query.get("name", [""])[0]}
                kind = request.headers.get("content-type", "application/octet-stream")
                return self._put(bucket, about, request.body, kind, only_new=only_new)

    def _part(self, request: Request) -> Reply:
        number = request.query.get("upload_id", [""])[0]
        if number not in self._sessions:
            return _failed(404, "no such upload")
        bucket, about, before, only_new = self._sessions[number]
        whole = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers.get("content-range", ""))
        content = before + request.body
        if whole is None or whole[3] == "*" or len(content) < int(whole[3]):
            self._sessions[number] = (bucket, about, content, only_new)
            return Reply(308, b"", {"Range": f"bytes=0-{len(content) - 1}"} if content else {})
        del self._sessions[number]
        kind = about.get("contentType", "application/octet-stream")
        return self._put(bucket, about, content, kind, only_new=only_new)

    def _put(self, bucket: str, about: dict[str, Any], content: bytes, kind: str, *, only_new: bool) -> Reply:
        name = str(about["name"])
        stored = self._storage.put(bucket, name, content, content_type=kind, only_new=only_new)
        if stored is None:
            return _failed(412, "At least one of the pre-conditions you specified did not hold.")
        if about.get("crc32c", stored.crc32c) != stored.crc32c:
            self._storage.remove(bucket, name)
            return _failed(400, "the content has another checksum than it was said to have")
        return _json(_described(bucket, name, stored))


def _two_parts(request: Request) -> tuple[dict[str, Any], bytes, str]:
    """What is said of an object, its content and its type, from a body of two parts."""
    found = re.search(r'boundary="?([^";]+)"?', request.headers["content-type"])
    assert found is not None, "a body of parts tells what stands between them"
    between = b"--" + found[1].encode()
    _, about, rest = request.body.split(between, 2)
    head, _, content = rest.partition(b"\r\n\r\n")
    kind = re.search(rb"content-type:\s*([^\r\n;]+)", head, re.IGNORECASE)
    content = content[: content.rindex(b"\r\n" + between)]
    told = json.loads(about.partition(b"\r\n\r\n")[2])
    return told, content, "application/octet-stream" if kind is None else kind[1].decode()


def _content(found: Stored, wanted: str) -> Reply:
    content = found.place.read_bytes()
    headers = {"Content-Type": found.content_type, "X-Goog-Hash": f"crc32c={found.crc32c},md5={found.md5}",
               "X-Goog-Generation": str(found.generation)}  # fmt: skip
    span = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
    if span is None or not content:
        return Reply(200, content, headers)
    start, end = int(span[1]), min(int(span[2] or len(content) - 1), len(content) - 1)
    return Reply(206, content[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(content)}"})


def _bucket(name: str, bucket: Bucket) -> dict[str, Any]:
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "projectNumber": bucket.owner,
        "location": bucket.location.upper(),
        "storageClass": "STANDARD",
        "timeCreated": stamp(bucket.created),
    }


def _described(bucket: str, name: str, stored: Stored) -> dict[str, Any]:
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{stored.generation}",
        "name": name,
        "bucket": bucket,
        "generation": str(stored.generation),
        "metageneration": "1",
        "contentType": stored.content_type,
        "size": str(stored.size),
        "md5Hash": stored.md5,
        "crc32c": stored.crc32c,
        "updated": stamp(stored.updated),
        "timeCreated": stamp(stored.updated),
    }


def _json(value: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(value).encode())


def _failed(code: int, message: str) -> Reply:
    return Reply(code, json.dumps({"error": {"code": code, "message": message, "errors": []}}).encode())
