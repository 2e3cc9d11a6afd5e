"""Tags: on whatever has a resource name."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml_sagemaker.emulator.errors import invalid
from cloudautoml_sagemaker.emulator.pages import page

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 50


class Tags:
    """The tags of all resources, by resource name."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def set(self, arn: str, tags: Sequence[dict[str, str]]) -> None:
        """Tag a resource that is being made."""
        with self._lock:
            self._tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}

    def forget(self, arn: str) -> None:
        """Drop the tags of a resource that is deleted."""
        with self._lock:
            self._tags.pop(arn, None)

    def _of(self, request: dict[str, Any]) -> dict[str, str]:
        found = self._tags.get(request["ResourceArn"])
        if found is None:
            raise invalid(f"{request['ResourceArn']} does not exist")
        return found

    def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """`AddTags`."""
        with self._lock:
            found = self._of(request)
            merged = {**found, **{tag["Key"]: tag["Value"] for tag in request["Tags"]}}
            if len(merged) > _MOST:
                raise invalid(f"a resource has {_MOST} tags at most")
            found.update(merged)
            return {"Tags": _listed(found)}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """`DeleteTags`."""
        with self._lock:
            found = self._of(request)
            for key in request["TagKeys"]:
                found.pop(key, None)
            return {}

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """`ListTags`."""
        with self._lock:
            return page("ListTags", {"MaxResults": _MOST, **request}, _listed(self._of(request)), "Tags")


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
