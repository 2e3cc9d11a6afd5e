"""Resources: what Google keeps of one kind, with its filters and its pages."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

from cloudautoml_vertexai.emulator.errors import invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    Query = Mapping[str, list[str]]

PROJECT, NUMBER = "cloudautoml-emulated", "123456789012"
"""The project that everything is in, by its id and by its number, which Google's own answers use."""
_USUAL, _MOST = 100, 100
_TERM = re.compile(r'(?P<field>[A-Za-z_][\w.-]*)\s*(?P<sign>=|!=|:)\s*(?P<value>"[^"]*"|[^\s"]+)')
_numbers = count(1001)
_lock = threading.Lock()


def new_number() -> str:
    """A number that nothing else has."""
    with _lock:
        return str(next(_numbers))


def stamp(time: datetime) -> str:
    """A time as Google writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Shelf:
    """The resources of one kind in one project and region.

    Args:
        kind: Google's word for many of them, such as `datasets`.
        location: The region.
    """

    def __init__(self, kind: str, location: str) -> None:
        self._kind = kind
        self._location = location
        self._items: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    @property
    def parent(self) -> str:
        """Name of what they are below; by the project's number, whoever asks by its id."""
        return f"projects/{NUMBER}/locations/{self._location}"

    def check_place(self, name: str) -> None:
        """Refuse a name of another project or region.

        Raises:
            VendorError: It is of another.
        """
        _, project, _, location = name.split("/")[:4]
        if project not in {PROJECT, NUMBER} or location != self._location:
            raise not_found(f"{name}: this is {PROJECT} in {self._location}; it")

    def add(self, item: Mapping[str, Any], *, number: str | None = None) -> dict[str, Any]:
        """Keep a resource under a name of its own."""
        key = number or new_number()
        kept = {**item, "name": f"{self.parent}/{self._kind}/{key}"}
        with self._lock:
            self._items[key] = kept
        return kept

    def get(self, name: str) -> dict[str, Any]:
        """A resource by its name.

        Raises:
            VendorError: There is none.
        """
        self.check_place(name)
        with self._lock:
            found = self._items.get(name.rpartition("/")[2].partition("@")[0])
        if found is None:
            raise not_found(name)
        return found

    def put(self, item: Mapping[str, Any]) -> None:
        """Keep the new state of a resource."""
        with self._lock:
            self._items[str(item["name"]).rpartition("/")[2]] = dict(item)

    def remove(self, name: str) -> None:
        """Forget a resource."""
        found = self.get(name)
        with self._lock:
            del self._items[str(found["name"]).rpartition("/")[2]]

    def all(self) -> list[dict[str, Any]]:
        """Every resource, oldest first."""
        with self._lock:
            return list(self._items.values())


def listed(kind: str, items: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    """One page of a list.

    Args:
        kind: The answer's name for the entries.
        items: All of them, in order.
        query: `filter`, `pageSize` and `pageToken`.

    Raises:
        VendorError: The filter or the token makes no sense.
    """
    wanted = _filter(query.get("filter", [""])[0])
    found = [item for item in items if wanted(item)]
    start = _position(query)
    end = start + min(int(query.get("pageSize", ["0"])[0]) or _USUAL, _MOST)
    token = base64.urlsafe_b64encode(json.dumps(end).encode()).decode() if end < len(found) else ""
    return {kind: found[start:end], **({"nextPageToken": token} if token else {})}


def _position(query: Query) -> int:
    token = query.get("pageToken", [""])[0]
    try:
        return int(json.loads(base64.urlsafe_b64decode(token))) if token else 0
    except (binascii.Error, ValueError, TypeError):
        raise invalid("page_token is invalid.") from None


def _filter(text: str) -> Callable[[Mapping[str, Any]], bool]:
    terms = [part.strip() for part in re.split(r"\s+AND\s+", text.strip())] if text.strip() else []
    parsed: list[tuple[str, str, str]] = []
    for term in terms:
        match = _TERM.fullmatch(term)
        if match is None:
            raise invalid(f"filter is invalid: {term}")
        parsed.append((match["field"], match["sign"], match["value"].strip('"')))
    return lambda item: all(_holds(item, *term) for term in parsed)


def _holds(item: Mapping[str, Any], field: str, sign: str, value: str) -> bool:
    top, _, key = field.partition(".")
    if top == "labels":  # a label's key is taken as it is: it is the user's, and no field
        found = item.get("labels", {}).get(key)
    else:
        head, *rest = top.split("_")
        found = item.get(head + "".join(part.capitalize() for part in rest))
    if sign == ":":
        return found is not None and value in {"*", str(found)}
    return (str(found) == value) is (sign == "=")
